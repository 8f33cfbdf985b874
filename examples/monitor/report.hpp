// report.html: one page with pictures, charts and values that needs no other file and no network.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "chart.hpp"
#include "image.hpp"
#include "pictures.hpp"
#include "record.hpp"
#include "scene.hpp"

namespace monitor {

inline std::string readable(double number) {
    if (std::isnan(number)) return "not a number";
    const bool whole = std::fabs(number) < 1e15 && number == std::floor(number);
    return formatted(whole ? "%.0f" : "%.8g", number);
}

namespace page {

constexpr const char *style = R"(
:root { --ink: #1c2430; --soft: #5c6675; --line: #e1e5ea; --paper: #ffffff; --back: #f4f6f8; --accent: #1f6f8b; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 40px 28px 32px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0; letter-spacing: -0.02em; }
h2 { font-size: 17px; margin: 40px 0 14px; }
h3 { font-size: 14px; margin: 0 0 12px; }
.kicker { color: var(--accent); font-size: 12px; font-weight: 600; letter-spacing: 0.09em; text-transform: uppercase;
  margin: 0 0 6px; }
.lead, footer { color: var(--soft); margin: 6px 0 0; }
.panel { background: var(--paper); border: 1px solid var(--line); border-radius: 12px; padding: 18px; min-width: 0; }
.grid { display: grid; gap: 18px; }
.cards { grid-template-columns: repeat(auto-fit, minmax(126px, 1fr)); margin-top: 26px; }
.cards .panel { padding: 14px 16px; }
.cards b { display: block; font-size: 25px; font-weight: 600; letter-spacing: -0.01em;
  font-variant-numeric: tabular-nums; }
.cards span { color: var(--soft); font-size: 13px; }
.pictures { grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); }
.charts { grid-template-columns: repeat(auto-fit, minmax(480px, 1fr)); }
.tables { grid-template-columns: 3fr 2fr; align-items: start; }
img { display: block; width: 100%; max-height: 720px; object-fit: contain; border-radius: 6px;
  image-rendering: pixelated; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 12px 0 0; font-size: 13px; color: var(--soft); }
.legend i { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px;
  vertical-align: -1px; }
.legend i.pale { border: 1px solid #b9c0c9; }
.bar { position: relative; height: 12px; border-radius: 3px; margin: 15px 0 5px; }
.bar i { position: absolute; top: -4px; bottom: -4px; width: 2px; background: var(--ink); }
.ends { display: flex; justify-content: space-between; font-size: 13px; color: var(--soft);
  font-variant-numeric: tabular-nums; }
svg { display: block; width: 100%; height: auto; font-size: 13px; }
svg .level { stroke: #e8ebef; } svg .axis { stroke: #8b95a3; }
svg text { fill: var(--soft); } svg .label { fill: var(--ink); }
svg .end { text-anchor: end; } svg .middle { text-anchor: middle; }
table { width: 100%; border-collapse: collapse; }
td, th { padding: 6px 10px 6px 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
tr:first-child td, tr:first-child th { border-top: 0; }
th { font-weight: 600; font-size: 13px; line-height: 22px; color: var(--soft); white-space: nowrap;
  padding-right: 16px; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; padding-right: 22px; }
.note { color: #8a4b00; font-size: 13px; }
code { font: 13px ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
footer { margin-top: 34px; font-size: 13px; }
@media (max-width: 900px) { .tables, .charts { grid-template-columns: 1fr; } }
)";

using Facts = std::vector<std::pair<std::string, std::string>>;

inline std::string panel(const std::string &title, const std::string &content) {
    return "<section class=\"panel\"><h3>" + escaped(title) + "</h3>\n" + content + "</section>\n";
}

inline std::string swatch(Colour colour, const std::string &label) {
    const bool pale = colour.red > 220 && colour.green > 220;
    return "<span><i" + std::string(pale ? " class=\"pale\"" : "") + " style=\"background:" + css(colour) + "\"></i>" +
           escaped(label) + "</span>";
}

inline std::string image(std::size_t width, const std::vector<Colour> &pixels, const std::string &description) {
    return "<img alt=\"" + escaped(description) + "\" src=\"" + png_data_uri(width, pixels) + "\">\n";
}

inline std::string colour_bar(const ScoreMap &map) {
    std::string gradient;
    for (const Colour &stop : viridis_stops()) gradient += "," + css(stop);
    const double place = map.high > map.low ? (map.threshold - map.low) / (map.high - map.low) : 0.0;
    return "<div class=\"bar\" style=\"background:linear-gradient(90deg" + gradient +
           ")\"><i style=\"left:" + formatted("%.1f", 100.0 * std::min(std::max(place, 0.0), 1.0)) +
           "%\"></i></div>\n<div class=\"ends\"><span>" + formatted("%.1f", map.low) + "</span><span>mark: threshold " +
           formatted("%.1f", map.threshold) + "</span><span>" + formatted("%.1f", map.high) + "</span></div>\n";
}

inline std::string pictures(const Scene &scene, const Record &record) {
    const std::vector<Colour> coloured = false_colour(scene, record);
    const ScoreMap map = score_map(record);
    const bool gaps = std::any_of(record.states.begin(), record.states.end(),
                                  [](PixelState state) { return state != PixelState::usable; });
    const std::string unusable = gaps ? swatch(unusable_colour, "not usable") : "";

    std::string bands = "<p class=\"legend\"><span>Red, green, blue: ";
    const char *separator = "";
    for (const std::size_t band : picture_bands(scene)) {
        bands += separator + (scene.wavelengths.empty() ? "band " + std::to_string(band + 1)
                                                        : formatted("%.0f nm", scene.wavelengths[band]));
        separator = ", ";
    }
    bands += "</span>" + unusable + "</p>\n";

    std::string found = "<p class=\"legend\">";
    if (scene.labelled()) {
        found += swatch(hit_colour, "hit (TP)") + swatch(false_alarm_colour, "false alarm (FP)") +
                 swatch(miss_colour, "miss (FN)");
    } else {
        found += swatch(hit_colour, "reported as anomalous");
    }
    found += unusable + "</p>\n";

    return "<div class=\"grid pictures\">\n" +
           panel("False colour", image(scene.samples, coloured, "The scene in false colour") + bands) +
           panel("Distance to the background",
                 image(scene.samples, map.picture, "Map of the distance to the background") + colour_bar(map)) +
           panel(scene.labelled() ? "Decisions against the mask" : "Decisions",
                 image(scene.samples, findings(scene, record, coloured), "Decisions drawn over the scene") + found) +
           "</div>\n";
}

inline Series series(const Record &record, const char *label, const char *colour, double width,
                     double Running::*field) {
    Series result = {label, colour, width, {}};
    for (const Running &line : record.history) result.values.push_back(line.*field);
    return result;
}

inline std::string charts(const Scene &scene, const Record &record) {
    Chart first, second;
    if (scene.labelled()) {
        first = {"Binary cross-entropy", "lines seen", "loss per pixel",
                 {series(record, "this line", "#9fc3cf", 1.2, &Running::line_loss),
                  series(record, "all lines so far", "#1f6f8b", 2.4, &Running::loss)}};
        second = {"Running precision and recall", "lines seen", "share of pixels",
                  {series(record, "precision", "#0072b2", 2.4, &Running::precision),
                   series(record, "recall", "#d55e00", 2.4, &Running::recall)}, 1.0};
    } else {
        first = {"Running mean of the score", "lines seen", "squared distance",
                 {series(record, "all lines so far", "#1f6f8b", 2.4, &Running::score_mean)}};
        second = {"Share of anomalous pixels", "lines seen", "percent",
                  {series(record, "all lines so far", "#d55e00", 2.4, &Running::anomalous_percentage)}};
    }
    return "<div class=\"grid charts\">\n" + panel(first.title, svg(first)) + panel(second.title, svg(second)) +
           "</div>\n";
}

inline double number_of(const Record &record, const std::string &name) {
    for (const Value &value : record.values) {
        if (value.name == name) return value.number;
    }
    return std::numeric_limits<double>::quiet_NaN();
}

// What every threshold would be worth. Precision is drawn in steps: average precision is the area below.
inline std::string curves(const Record &record) {
    Series precision = {"precision", "#0072b2", 2.4, {}}, chance = {"chance", "#b9c0c9", 1.2, {}, {0.0, 1.0}};
    Series best = {"best F1", "#d55e00", 9.0, {}}, roc = {"recall", "#0072b2", 2.4, {0.0}, {0.0}}, diagonal = chance;
    double recall = 0.0;
    for (const hyla::ranking::point &point : record.curve) {
        for (const double place : {recall, point.recall}) {
            precision.places.push_back(place);
            precision.values.push_back(point.precision);
        }
        recall = point.recall;
        roc.places.push_back(point.false_positive_rate);
        roc.values.push_back(point.recall);
        if (point.threshold == number_of(record, "ranking/f1_max_threshold")) {
            best.values = {point.precision};
            best.places = {point.recall};
        }
    }
    const double share = record.curve.empty() ? 0.0 : record.curve.back().precision;
    chance.values = {share, share};
    diagonal.values = {0.0, 1.0};
    const auto bounds = [&record](const std::string &name) {
        return formatted("%.4f", number_of(record, "ranking/" + name + "_lo")) + " to " +
               formatted("%.4f", number_of(record, "ranking/" + name + "_hi")) + ", exactly " +
               formatted("%.4f", number_of(record, "exact/" + name));
    };
    const Chart of_precision = {"Precision and recall", "recall", "precision", {chance, precision, best}, 1.0, 1.0};
    const Chart of_roc = {"ROC", "false positive rate", "recall", {diagonal, roc}, 1.0, 1.0};
    return "<div class=\"grid charts\">\n" +
           panel("Precision and recall: area " + bounds("average_precision"), svg(of_precision)) +
           panel("ROC: area " + bounds("roc_auc"), svg(of_roc)) + "</div>\n";
}

inline std::string cards(const Scene &scene, const Record &record) {
    const Facts wanted = scene.labelled() ? Facts{{"bce_loss", "BCE loss"},
                                                  {"precision", "precision"},
                                                  {"recall", "recall"},
                                                  {"f1_score", "F1 score"},
                                                  {"iou", "IoU"},
                                                  {"ranking/average_precision", "average precision"},
                                                  {"ranking/roc_auc", "ROC-AUC"},
                                                  {"drift/ks", "drift (KS)"}}
                                          : Facts{{"anomaly/anomaly_percentage", "% anomalous"},
                                                  {"anomaly/anomalous_pixels", "anomalous pixels"},
                                                  {"score/mean", "mean score"},
                                                  {"score/max", "greatest score"},
                                                  {"drift/ks", "drift (KS)"},
                                                  {"unusable_percentage", "% unusable"}};
    std::string out = "<div class=\"grid cards\">\n";
    const auto card = [&out](const std::string &number, const std::string &label) {
        out += "<div class=\"panel\"><b>" + number + "</b><span>" + escaped(label) + "</span></div>\n";
    };
    for (const auto &[name, label] : wanted) {
        const double number = number_of(record, name);
        card(std::isnan(number) ? "n/a" : formatted("%.4g", number), label);
    }
    card(formatted("%.0f", record.lines_per_second()), "lines per second");
    return out + "</div>\n";
}

inline std::string value_table(const Record &record) {
    std::string rows = "<table><tr><th>name</th><th class=\"number\">value</th><th>notice</th></tr>\n";
    for (const Value &value : record.values) {
        rows += "<tr><td><code>" + escaped(value.name) + "</code></td><td class=\"number\">" + readable(value.number) +
                "</td><td class=\"note\">" + escaped(value.notice) + "</td></tr>\n";
    }
    return rows + "</table>\n";
}

inline std::string fact_table(const Scene &scene, const Record &record) {
    Facts facts = {{"Source", scene.origin}};
    if (!scene.description.empty()) facts.push_back({"Description", scene.description});
    facts.push_back({"Size", std::to_string(scene.lines) + " lines × " + std::to_string(scene.samples) + " samples × " +
                                 std::to_string(scene.bands) + " bands"});
    if (!scene.wavelengths.empty()) {
        facts.push_back({"Wavelengths", formatted("%.0f", scene.wavelengths.front()) + " to " +
                                            formatted("%.0f nm", scene.wavelengths.back())});
    }
    if (scene.ignore_value)
        facts.push_back({"Ignored value", formatted("%g", static_cast<double>(*scene.ignore_value))});
    facts.push_back({"Mask", scene.labelled() ? scene.mask_origin : "none: the scene is not labelled"});
    const std::string ridge =
        record.ridge > 0.0 ? formatted("ridge of %.3g: the covariance is singular", record.ridge) : "no ridge";
    facts.push_back({"Detector", "global RX, " + ridge});
    facts.push_back({"Threshold", formatted("%.6g", record.threshold) + " (99 % quantile of the scores)"});
    facts.push_back({"Logit", "(score − threshold) / " + formatted("%.6g", record.scale) + " (interquartile range)"});
    facts.push_back(
        {"Streaming", formatted("%.3g s in all, ", record.stream_seconds) +
                          formatted("%.2f µs of it per line in hyla",
                                    1e6 * record.hyla_seconds / static_cast<double>(record.history.size()))});
    facts.push_back({"Library", std::string("hyla ") + library_version() + ", tier " + library_tier()});
    std::string rows = "<table>\n";
    for (const auto &[name, fact] : facts)
        rows += "<tr><th>" + escaped(name) + "</th><td>" + escaped(fact) + "</td></tr>\n";
    return rows + "</table>\n";
}

}  // namespace page

inline std::string report_html(const Scene &scene, const Record &record) {
    const std::string title = escaped(scene.name);
    return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
           title + " – hyla monitor</title>\n<style>" + page::style +
           "</style>\n</head>\n<body>\n<main>\n"
           "<p class=\"kicker\">hyla monitor</p>\n<h1>" +
           title + "</h1>\n<p class=\"lead\">" + std::to_string(scene.lines) + " lines of " +
           std::to_string(scene.samples) + " pixels in " + std::to_string(scene.bands) +
           " bands, streamed line by line through a global RX detector" +
           (scene.labelled() ? " and compared with its mask" : "; not labelled") + ".</p>\n" +
           page::cards(scene, record) + "<h2>What the monitor saw</h2>\n" + page::pictures(scene, record) +
           "<h2>Line by line</h2>\n" + page::charts(scene, record) +
           (scene.labelled() ? "<h2>Every threshold</h2>\n" + page::curves(record) : "") +
           "<h2>At the end of the scene</h2>\n<div class=\"grid tables\">\n" +
           page::panel("Values", page::value_table(record)) +
           page::panel("Scene and run", page::fact_table(scene, record)) +
           "</div>\n<footer>Written by the monitor example of hyla. The same values are in values.json.</footer>\n"
           "</main>\n</body>\n</html>\n";
}

}  // namespace monitor
