// Line charts as inline SVG: axes with round ticks, a title, a legend, gaps where a value is not known.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

namespace monitor {

inline std::string formatted(const char *format, double value) {
    char text[64];
    std::snprintf(text, sizeof text, format, value);
    return text;
}

// For text between tags and inside quoted attributes.
inline std::string escaped(const std::string &text) {
    std::string result;
    for (const char letter : text) {
        switch (letter) {
            case '&': result += "&amp;"; break;
            case '<': result += "&lt;"; break;
            case '>': result += "&gt;"; break;
            case '"': result += "&quot;"; break;
            default: result += letter;
        }
    }
    return result;
}

struct Series {
    std::string label;
    std::string colour;
    double width;
    std::vector<double> values;       // NaN makes a gap; a value alone is a dot
    std::vector<double> places = {};  // on the x axis; without: 1, 2, 3 and so on
};

struct Chart {
    std::string title;
    std::string x_title;
    std::string y_title;
    std::vector<Series> series;
    double top = 0.0;  // the upper end of the y axis, which starts at 0; 0 = from the values
    double end = 0.0;  // that of the x axis; 0 = the number of values
};

namespace chart {

constexpr double width = 640.0, height = 300.0, left = 64.0, right = 16.0, above = 34.0, below = 48.0;

// The step of 1, 2 or 5 times a power of ten that gives about `count` ticks.
inline double tick_step(double range, double count) {
    const double power = std::pow(10.0, std::floor(std::log10(range / count)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (range / (factor * power) <= count) return factor * power;
    }
    return 10.0 * power;
}

inline std::string text(double x, double y, const char *style, const std::string &content) {
    return "<text x=\"" + formatted("%.1f", x) + "\" y=\"" + formatted("%.1f", y) + "\" class=\"" + style + "\">" +
           escaped(content) + "</text>\n";
}

inline std::string rule(double x1, double y1, double x2, double y2, const char *style) {
    return "<line x1=\"" + formatted("%.1f", x1) + "\" y1=\"" + formatted("%.1f", y1) + "\" x2=\"" +
           formatted("%.1f", x2) + "\" y2=\"" + formatted("%.1f", y2) + "\" class=\"" + style + "\"/>\n";
}

}  // namespace chart

inline std::string svg(const Chart &of) {
    using namespace chart;
    double last = of.end == 0.0 ? 1.0 : of.end, top = of.top;
    for (const Series &series : of.series) {
        if (of.end == 0.0) last = std::max(last, static_cast<double>(series.values.size()));
        for (const double value : series.values) {
            if (of.top == 0.0 && std::isfinite(value)) top = std::max(top, value);
        }
    }
    if (!(top > 0.0)) top = 1.0;
    const double y_step = tick_step(top, 6.0), x_step = std::max(of.end == 0.0 ? 1.0 : 0.0, tick_step(last, 10.0));
    if (of.top == 0.0) top = y_step * std::ceil(top / y_step);
    const double floor_y = height - below, ceiling_y = above, end_x = width - right;
    const auto x_of = [&](double line) { return left + (end_x - left) * line / last; };
    const auto y_of = [&](double value) { return floor_y - (floor_y - ceiling_y) * value / top; };

    std::string out = "<svg viewBox=\"0 0 " + formatted("%.0f", width) + " " + formatted("%.0f", height) +
                      "\" role=\"img\" aria-label=\"" + escaped(of.title) + "\">\n";
    for (double tick = 0.0; tick <= top * 1.0001; tick += y_step) {
        out += rule(left, y_of(tick), end_x, y_of(tick), tick == 0.0 ? "axis" : "level");
        out += text(left - 8.0, y_of(tick) + 4.0, "tick end", formatted("%.4g", tick));
    }
    for (double tick = 0.0; tick <= last * 1.0001; tick += x_step) {
        out += rule(x_of(tick), floor_y, x_of(tick), floor_y + 5.0, "axis");
        out += text(x_of(tick), floor_y + 19.0, "tick middle", formatted("%.4g", tick));
    }
    out += rule(left, ceiling_y, left, floor_y, "axis");
    out += text(left + (end_x - left) / 2.0, height - 8.0, "label middle", of.x_title);
    out += "<text transform=\"translate(15," + formatted("%.1f", (floor_y + ceiling_y) / 2.0) +
           ") rotate(-90)\" class=\"label middle\">" + escaped(of.y_title) + "</text>\n";

    double legend_x = left;
    for (const Series &series : of.series) {
        // More points than screen pixels help nobody.
        const std::size_t stride = std::max<std::size_t>(1, series.values.size() / 1200);
        std::string path;
        bool pen_down = false;
        for (std::size_t index = 0; index < series.values.size(); index += stride) {
            const double value = series.values[index];
            const double place = series.places.empty() ? static_cast<double>(index + 1) : series.places[index];
            if (std::isfinite(value)) {
                path += (pen_down ? "L" : "M") + formatted("%.1f", x_of(place)) + " " +
                        formatted("%.1f", y_of(std::min(std::max(value, 0.0), top)));
            }
            pen_down = std::isfinite(value);
        }
        if (series.values.size() == 1) path += "h0";  // its round ends are the dot
        const std::string stroke =
            "stroke=\"" + series.colour + "\" stroke-width=\"" + formatted("%.1f", series.width) + "\"";
        out += "<path d=\"" + path + "\" fill=\"none\" stroke-linejoin=\"round\" stroke-linecap=\"round\" " + stroke +
               "/>\n";
        const char *sample = series.values.size() == 1 ? " 14m11 0h0\" stroke-linecap=\"round\" " : " 14h22\" ";
        out += "<path d=\"M" + formatted("%.1f", legend_x) + sample + stroke + "/>\n";
        out += text(legend_x + 28.0, 18.0, "label", series.label);
        legend_x += 48.0 + 7.0 * static_cast<double>(series.label.size());
    }
    return out + "</svg>\n";
}

}  // namespace monitor
