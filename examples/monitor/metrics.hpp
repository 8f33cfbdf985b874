// What the monitor measures: totals on the side of the stream, fed with one line at a time, asked for
// their values whenever somebody wants to see them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "hyla.hpp"
#include "ranking.hpp"
#include "value.hpp"

namespace monitor {

// One line of the detector's output. `targets` is null when the scene is not labelled.
struct Line {
    const std::vector<float> &scores, &logits;
    const std::vector<std::uint8_t> &decisions, &valid;
    const std::uint8_t *targets;
};

// What is known after so many lines; NaN where there is nothing to say yet.
struct Running {
    double line_loss, loss, precision, recall;  // labelled scenes
    double score_mean, anomalous_percentage;
};

inline std::string library_version() { return hyla_version_string(); }

inline std::string library_tier() { return hyla_tier_name(hyla_tier()); }

class Metrics {
  public:
    Metrics(bool labelled, std::size_t lines) : labelled_(labelled), lines_(lines) {
        // cuvis-ai's average precision: 200 thresholds of the sigmoid of the logit.
        hyla::binning::params rule;
        rule.rule = HYLA_BINNING_THRESHOLDS;
        rule.bins = detection_params_.ap_thresholds;
        table_.resize(checked(hyla::binning::words(rule)));
        check(binning_.build(rule, table_));
        words_.resize(checked(hyla::ranking::words(binning_)));
    }

    void add(const Line &line) {
        // A masked pixel may hold anything, NaN too: it is as if it were not there.
        const auto scored = hyla::pixels(line.scores.size())
                                .with_scores(line.scores)
                                .with_decisions(line.decisions)
                                .with_targets(line.targets)
                                .with_valid(line.valid);
        if (labelled_) {
            const hyla::pixels pixels = scored.with_scores(line.logits);
            line_bce_ = {};
            check(line_bce_.update(bce_params_, pixels));
            check(bce_.merge(line_bce_));
            check(detection_.update(detection_params_, pixels, &binning_, words_));
        }
        check(statistics_.update(scored));
        check(sum_.update(scored));
        check(range_.update(scored));
        ranking_.add(scored, 2 * seen_++ >= lines_);
    }

    // The scene is one frame: did it hold an anomaly, and did the monitor report one?
    void end_scene() {
        if (labelled_) check(detection_.end_frame());
    }

    Running running() const {
        const double unknown = std::numeric_limits<double>::quiet_NaN();
        Running now = {unknown, unknown, unknown, unknown, unknown, unknown};
        if (labelled_) {
            now.line_loss = checked(line_bce_.loss(bce_params_));
            now.loss = checked(bce_.loss(bce_params_));
            const auto report = checked(confusion().values());
            // hyla returns a documented number for 0/0; on a chart a gap is the better picture of it.
            const hyla_counts &pixel = report.pixel.counts;
            if (pixel.true_positives + pixel.false_positives > 0) now.precision = report.pixel.precision;
            if (pixel.true_positives + pixel.false_negatives > 0) now.recall = report.pixel.recall;
        }
        now.score_mean = checked(sum_.mean());
        const auto statistics = checked(statistics_.values());
        if (statistics.total > 0) now.anomalous_percentage = statistics.percentage;
        return now;
    }

    std::vector<Value> values() const {
        std::vector<Value> all;
        const auto put = [&all](const auto &...told) { all.push_back(value(told...)); };
        const auto put_count = [&put](const std::string &name, std::int64_t count, hyla::status status) {
            put(name, static_cast<double>(count), status);
        };

        if (labelled_) {
            put("bce_loss", bce_.loss(bce_params_));
            put_metrics(all, [this](auto out) {
                return detection_.metrics(detection_params_, hyla::stage::test, out, &binning_, words_);
            });
            const auto report = checked(confusion().values());
            for (const auto &[level, counts, of] :
                 {Level{"pixel", report.pixel.counts, report.pixel.status},
                  Level{"frame", report.frame.counts, report.frame.status}}) {
                const std::string prefix = std::string(level) + "/";
                put_count(prefix + "true_positives", counts.true_positives, of);
                put_count(prefix + "false_positives", counts.false_positives, of);
                put_count(prefix + "false_negatives", counts.false_negatives, of);
                put_count(prefix + "true_negatives", counts.true_negatives, of);
            }
        }

        const auto [statistics, statistics_status] = statistics_.values();
        put_count("anomaly/total_pixels", statistics.total, statistics_status);
        put_count("anomaly/anomalous_pixels", statistics.anomalous, statistics_status);
        put("anomaly/anomaly_percentage", statistics.percentage, statistics_status);
        put("score/sum", sum_.value());
        put("score/mean", sum_.mean());

        const auto [range, range_status] = range_.values();
        put("score/min", range.min, range_status);
        put("score/max", range.max, range_status);
        ranking_.put(all, labelled_);
        ranking_.put_drift(all, range);
        return all;
    }

    const Ranking &ranking() const { return ranking_; }

  private:
    hyla::confusion confusion() const { return {detection_.totals.confusion}; }

    // The counts of pixels or of frames, with their own notices.
    struct Level {
        const char *name;
        hyla_counts counts;
        hyla_status status;
    };

    bool labelled_;
    std::size_t lines_, seen_ = 0;
    hyla::bce::params bce_params_;
    hyla::bce line_bce_, bce_;
    hyla::detection::params detection_params_;
    hyla::detection detection_;
    std::vector<std::uint32_t> table_;
    hyla::binning binning_;
    std::vector<std::int64_t> words_;
    hyla::pixel_statistics statistics_;
    hyla::sum sum_;
    hyla::range range_;
    Ranking ranking_;
};

}  // namespace monitor
