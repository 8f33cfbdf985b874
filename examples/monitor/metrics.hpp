// What the monitor measures: totals on the side of the stream, fed with one line at a time, asked for
// their values whenever somebody wants to see them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "hyla.h"
#include "ranking.hpp"
#include "value.hpp"

namespace monitor {

// One line of the detector's output. `targets` is null when the scene is not labelled.
struct Line {
    const float *scores;
    const float *logits;
    const std::uint8_t *decisions;
    const std::uint8_t *valid;
    const std::uint8_t *targets;
    std::size_t samples;
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
        const hyla_binning_params rule = {sizeof rule, HYLA_BINNING_THRESHOLDS, detection_params_.ap_thresholds, 0.0f,
                                          0.0f};
        std::size_t count;
        check(hyla_binning_words(&rule, &count));
        table_.resize(count);
        check(hyla_binning_build(&rule, table_.data(), table_.size(), &binning_));
        check(hyla_ranking_words(&binning_, &count));
        words_.resize(count);
    }

    void add(const Line &line) {
        hyla_pixels pixels = {};
        pixels.n = line.samples;
        // A masked pixel may hold anything, NaN too: it is as if it were not there.
        pixels.valid = hyla_mask_u8(line.valid);
        pixels.decisions = hyla_mask_u8(line.decisions);
        pixels.targets = hyla_mask_u8(line.targets);
        pixels.scores = hyla_f32(line.logits);
        if (labelled_) {
            line_bce_ = {};
            check(hyla_bce_update(&bce_params_, &pixels, &line_bce_));
            check(hyla_bce_merge(&line_bce_, &bce_));
            check(hyla_detection_update(&detection_params_, &pixels, &detection_, &binning_, words_.data(),
                                        words_.size()));
        }
        check(hyla_pixel_statistics_update(&pixels, &statistics_));

        pixels.scores = hyla_f32(line.scores);
        check(hyla_sum_update(&pixels, &sum_));
        check(hyla_range_update(&pixels, &range_));
        ranking_.add(pixels, 2 * seen_++ >= lines_);
    }

    // The scene is one frame: did it hold an anomaly, and did the monitor report one?
    void end_scene() {
        if (labelled_) check(hyla_detection_end_frame(&detection_));
    }

    Running running() const {
        const double unknown = std::numeric_limits<double>::quiet_NaN();
        Running now = {unknown, unknown, unknown, unknown, unknown, unknown};
        if (labelled_) {
            check(hyla_bce_loss(&bce_params_, &line_bce_, &now.line_loss));
            check(hyla_bce_loss(&bce_params_, &bce_, &now.loss));
            hyla_confusion_report report;
            check(hyla_confusion_values(&detection_.confusion, &report));
            // hyla returns a documented number for 0/0; on a chart a gap is the better picture of it.
            const hyla_counts &pixel = report.pixel.counts;
            if (pixel.true_positives + pixel.false_positives > 0) now.precision = report.pixel.precision;
            if (pixel.true_positives + pixel.false_negatives > 0) now.recall = report.pixel.recall;
        }
        check(hyla_sum_mean(&sum_, &now.score_mean));
        hyla_pixel_statistics_report statistics;
        check(hyla_pixel_statistics_values(&statistics_, &statistics));
        if (statistics.total > 0) now.anomalous_percentage = statistics.percentage;
        return now;
    }

    std::vector<Value> values() const {
        std::vector<Value> all;
        const auto put = [&all](const std::string &name, double number, hyla_status status) {
            all.push_back(value(name, number, status));
        };
        const auto put_count = [&put](const std::string &name, std::int64_t count, hyla_status status) {
            put(name, static_cast<double>(count), status);
        };

        if (labelled_) {
            double loss;
            const hyla_status loss_status = check(hyla_bce_loss(&bce_params_, &bce_, &loss));
            put("bce_loss", loss, loss_status);

            hyla_confusion_report report;
            check(hyla_confusion_values(&detection_.confusion, &report));
            const hyla_context context = {HYLA_STAGE_TEST, 0, 0, 0};
            hyla_metric metrics[16];
            std::size_t count;
            check(hyla_detection_metrics(&detection_params_, &detection_, &binning_, words_.data(), words_.size(),
                                         &context, metrics, 16, &count));
            for (std::size_t i = 0; i < count; ++i) put(metrics[i].name, metrics[i].value, metrics[i].status);
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

        hyla_pixel_statistics_report statistics;
        const hyla_status statistics_status = check(hyla_pixel_statistics_values(&statistics_, &statistics));
        put_count("anomaly/total_pixels", statistics.total, statistics_status);
        put_count("anomaly/anomalous_pixels", statistics.anomalous, statistics_status);
        put("anomaly/anomaly_percentage", statistics.percentage, statistics_status);

        double sum, mean;
        const hyla_status sum_status = check(hyla_sum_value(&sum_, &sum));
        const hyla_status mean_status = check(hyla_sum_mean(&sum_, &mean));
        put("score/sum", sum, sum_status);
        put("score/mean", mean, mean_status);

        hyla_range_report range;
        const hyla_status range_status = check(hyla_range_values(&range_, &range));
        put("score/min", range.min, range_status);
        put("score/max", range.max, range_status);
        ranking_.put(all, labelled_);
        ranking_.put_drift(all, range);
        return all;
    }

    const Ranking &ranking() const { return ranking_; }

  private:
    // The counts of pixels or of frames, with their own notices.
    struct Level {
        const char *name;
        hyla_counts counts;
        hyla_status status;
    };

    bool labelled_;
    std::size_t lines_, seen_ = 0;
    hyla_bce_params bce_params_ = HYLA_BCE_PARAMS_DEFAULT;
    hyla_bce_totals line_bce_ = {};
    hyla_bce_totals bce_ = {};
    hyla_detection_params detection_params_ = HYLA_DETECTION_PARAMS_DEFAULT;
    hyla_detection_totals detection_ = {};
    std::vector<std::uint32_t> table_;
    hyla_binning binning_ = {};
    std::vector<std::int64_t> words_;
    hyla_pixel_statistics_totals statistics_ = {};
    hyla_sum_totals sum_ = {};
    hyla_range range_ = {};
    Ranking ranking_;
};

}  // namespace monitor
