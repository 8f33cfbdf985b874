// How well the scores rank anomalies, in memory that does not grow with the stream: histograms of 1 MiB, one for
// each half of the scene. Their sum, word by word, is that of the whole scene. (The default of 64 KiB has eight
// bins for each doubling of the score; these scores all lie within a few doublings, so 128 are better.)
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "hyla.h"
#include "value.hpp"

namespace monitor {

class Ranking {
  public:
    Ranking() {
        hyla_binning_params params = HYLA_BINNING_PARAMS_DEFAULT;
        params.bins = 16;
        check(hyla_binning_build(&params, nullptr, 0, &binning_));
        std::size_t count;
        check(hyla_ranking_words(&binning_, &count));
        for (std::vector<std::int64_t> &half : halves_) half.resize(count);
    }

    void add(const hyla_pixels &pixels, bool in_second_half) {
        std::vector<std::int64_t> &half = halves_[in_second_half];
        check(hyla_ranking_update(&binning_, &pixels, half.data(), half.size()));
    }

    // From the histograms: numbers with the bounds of what the exact ones can be.
    void put(std::vector<Value> &all, bool labelled) const {
        const std::vector<std::int64_t> words = whole();
        if (labelled) {
            hyla_ranking_report report;
            const hyla_status status = check(hyla_ranking_values(&binning_, words.data(), words.size(), &report));
            all.push_back(value("ranking/average_precision", report.average_precision, status));
            all.push_back(value("ranking/average_precision_lo", report.average_precision_lo, status));
            all.push_back(value("ranking/average_precision_hi", report.average_precision_hi, status));
            all.push_back(value("ranking/roc_auc", report.roc_auc, status));
            all.push_back(value("ranking/roc_auc_lo", report.roc_auc_lo, status));
            all.push_back(value("ranking/roc_auc_hi", report.roc_auc_hi, status));
            all.push_back(value("ranking/f1_max", report.f1_max, status));
            all.push_back(value("ranking/f1_max_threshold", report.f1_max_threshold, status));
        }
        double threshold;
        const hyla_status status =
            check(hyla_ranking_threshold(&binning_, words.data(), words.size(), 0.001, &threshold));
        all.push_back(value("ranking/threshold_for_0.1_percent", threshold, status));
    }

    // Does the second half of the scene look like the first? It needs no labels: this is what a monitor asks all day,
    // of a stored histogram and that of the last hour.
    void put_drift(std::vector<Value> &all, const hyla_range_report &range) const {
        hyla_drift_params params = HYLA_DRIFT_PARAMS_DEFAULT;
        if (range.min <= range.max) {
            params.has_range = 1;
            params.low = static_cast<float>(range.min);
            params.high = static_cast<float>(range.max);
        }
        hyla_drift_report report;
        check(hyla_drift_values(&params, &binning_, halves_[0].data(), halves_[1].data(), halves_[0].size(), &report));
        const hyla_context context = {HYLA_STAGE_INFERENCE, 0, 0, 0};
        hyla_metric metrics[16];
        std::size_t count;
        check(hyla_drift_metrics(&report, &context, metrics, 16, &count));
        for (std::size_t i = 0; i < count; ++i)
            all.push_back(value(metrics[i].name, metrics[i].value, metrics[i].status));
    }

    // The points of the curves, from the highest threshold down.
    std::vector<hyla_ranking_point> curve() const {
        const std::vector<std::int64_t> words = whole();
        std::vector<hyla_ranking_point> points(words.size());
        std::size_t count;
        check(hyla_ranking_curve(&binning_, words.data(), words.size(), points.data(), points.size(), &count));
        points.resize(count);
        return points;
    }

    // The exact numbers, from all scores at once: for a scene that was kept, beside those of a stream that was not.
    static void put_exact(std::vector<Value> &all, const hyla_pixels &pixels) {
        std::vector<std::uint32_t> workspace(hyla_ranking_exact_workspace(pixels.n));
        hyla_ranking_exact_report report;
        const hyla_status status =
            check(hyla_ranking_exact_values(&pixels, workspace.data(), workspace.size(), &report));
        all.push_back(value("exact/average_precision", report.average_precision, status));
        all.push_back(value("exact/roc_auc", report.roc_auc, status));
        all.push_back(value("exact/f1_max", report.f1_max, status));
        all.push_back(value("exact/f1_max_threshold", report.f1_max_threshold, status));
    }

  private:
    std::vector<std::int64_t> whole() const {
        std::vector<std::int64_t> words = halves_[0];
        check(hyla_ranking_merge(&binning_, halves_[1].data(), words.data(), words.size()));
        return words;
    }

    hyla_binning binning_;
    std::array<std::vector<std::int64_t>, 2> halves_;
};

}  // namespace monitor
