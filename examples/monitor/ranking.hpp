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

#include "hyla.hpp"
#include "value.hpp"

namespace monitor {

class Ranking {
  public:
    Ranking() {
        hyla::binning::params params;
        params.bins = 16;
        check(binning_.build(params, {}));
        for (std::vector<std::int64_t> &half : halves_) half.resize(checked(hyla::ranking::words(binning_)));
    }

    void add(const hyla::pixels &pixels, bool in_second_half) {
        check(hyla::ranking::update(binning_, pixels, halves_[in_second_half]));
    }

    // From the histograms: numbers with the bounds of what the exact ones can be.
    void put(std::vector<Value> &all, bool labelled) const {
        const std::vector<std::int64_t> words = whole();
        if (labelled) {
            const auto [report, status] = hyla::ranking::values(binning_, words);
            all.push_back(value("ranking/average_precision", report.average_precision, status));
            all.push_back(value("ranking/average_precision_lo", report.average_precision_lo, status));
            all.push_back(value("ranking/average_precision_hi", report.average_precision_hi, status));
            all.push_back(value("ranking/roc_auc", report.roc_auc, status));
            all.push_back(value("ranking/roc_auc_lo", report.roc_auc_lo, status));
            all.push_back(value("ranking/roc_auc_hi", report.roc_auc_hi, status));
            all.push_back(value("ranking/f1_max", report.f1_max, status));
            all.push_back(value("ranking/f1_max_threshold", report.f1_max_threshold, status));
        }
        all.push_back(value("ranking/threshold_for_0.1_percent", hyla::ranking::threshold(binning_, words, 0.001)));
    }

    // Does the second half of the scene look like the first? It needs no labels: this is what a monitor asks all day,
    // of a stored histogram and that of the last hour.
    void put_drift(std::vector<Value> &all, const hyla::range::report &range) const {
        hyla::drift::params params;
        if (range.min <= range.max) {
            params.has_range = 1;
            params.low = static_cast<float>(range.min);
            params.high = static_cast<float>(range.max);
        }
        const auto report = checked(hyla::drift::values(params, binning_, halves_[0], halves_[1]));
        put_metrics(all, [&](auto out) { return hyla::drift::metrics(report, hyla::stage::inference, out); });
    }

    // The points of the curves, from the highest threshold down.
    std::vector<hyla::ranking::point> curve() const {
        const std::vector<std::int64_t> words = whole();
        std::vector<hyla::ranking::point> points(words.size());
        points.resize(checked(hyla::ranking::curve(binning_, words, points)));
        return points;
    }

    // The exact numbers, from all scores at once: for a scene that was kept, beside those of a stream that was not.
    static void put_exact(std::vector<Value> &all, const hyla::pixels &pixels) {
        std::vector<std::uint32_t> workspace(hyla::ranking_exact::workspace_size(pixels.n));
        const auto [report, status] = hyla::ranking_exact::values(pixels, workspace);
        all.push_back(value("exact/average_precision", report.average_precision, status));
        all.push_back(value("exact/roc_auc", report.roc_auc, status));
        all.push_back(value("exact/f1_max", report.f1_max, status));
        all.push_back(value("exact/f1_max_threshold", report.f1_max_threshold, status));
    }

  private:
    std::vector<std::int64_t> whole() const {
        std::vector<std::int64_t> words = halves_[0];
        check(hyla::ranking::merge(binning_, halves_[1], words));
        return words;
    }

    hyla::binning binning_;
    std::array<std::vector<std::int64_t>, 2> halves_;
};

}  // namespace monitor
