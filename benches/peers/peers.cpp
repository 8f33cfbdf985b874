// Times hyla, through its C header, against plain C loops: same buffers, one run, ratios.
//
// Each row alternates its two sides for many rounds and takes the best of each, so that a busy
// machine disturbs both alike; results are compared before anything is timed. A ratio above 1 says
// that hyla is faster. Absolute times are of this machine and this moment only.

#include "loops.h"
#include "timing.hpp"

#include <cmath>
#include <cstring>

namespace {

using timing::Random, timing::checked, timing::mebi, timing::pin, timing::require, timing::rounds, timing::seconds;

struct Best {
    double ours;
    double theirs;
};

Best alternate(const timing::Side &ours, const timing::Side &theirs) {
    const std::vector<double> best = timing::alternate({ours, theirs});
    return {best[0], best[1]};
}

void row(const std::string &what, double pixels, const Best &best) {
    std::printf("%-58s %8.3f %8.3f   %5.2f\n", what.c_str(), best.ours / pixels * 1e9,
                best.theirs / pixels * 1e9, best.theirs / best.ours);
}

struct Data {
    std::vector<float> scores;
    std::vector<std::uint8_t> targets, decisions;
    std::vector<float> gradient;

    Data(std::size_t n, float range) : scores(n), targets(n), decisions(n), gradient(n) {
        Random random;
        for (std::size_t i = 0; i < n; i++) {
            scores[i] = random.uniform(-range, range);
            targets[i] = random.next() % 10 == 0;
            decisions[i] = random.next() % 8 == 0;
        }
    }

    hyla_pixels pixels() const {
        hyla_pixels pixels{};
        pixels.scores = hyla_f32(scores.data());
        pixels.targets = hyla_mask_u8(targets.data());
        pixels.decisions = hyla_mask_u8(decisions.data());
        pixels.n = scores.size();
        return pixels;
    }
};

using Loss = double (*)(const float *, const std::uint8_t *, std::size_t, float, float);
using LossAndGradient = double (*)(const float *, const std::uint8_t *, std::size_t, float, float,
                                   float *);

void bce(const std::string &name, Data &data, Loss loop, LossAndGradient loop_gradient) {
    const hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    const hyla_pixels pixels = data.pixels();
    const std::size_t n = pixels.n;
    double ours = 0, theirs = 0;

    const auto loss = [&] {
        hyla_bce_totals totals{};
        checked(hyla_bce_update(&params, &pixels, &totals));
        checked(hyla_bce_loss(&params, &totals, &ours));
    };
    const auto loop_loss = [&] { theirs = loop(data.scores.data(), data.targets.data(), n, 1, 1); };
    loss();
    loop_loss();
    require(std::fabs(ours - theirs) < 1e-5 * theirs, "bce loss");
    row(name + " loss", static_cast<double>(n), alternate(loss, loop_loss));

    std::vector<float> their_gradient(n);
    const auto gradient = [&] {
        checked(hyla_bce_loss_and_gradient(&params, &pixels, 1.0, HYLA_STORE, nullptr, &ours,
                                           data.gradient.data()));
    };
    const auto their = [&] {
        theirs = loop_gradient(data.scores.data(), data.targets.data(), n, 1, 1, their_gradient.data());
    };
    gradient();
    their();
    require(std::fabs(ours - theirs) < 1e-5 * theirs, "bce loss of loss and gradient");
    for (std::size_t i = 0; i < n; i++) {
        const float error = std::fabs(data.gradient[i] - their_gradient[i]);
        require(error <= 1e-5f * std::fabs(their_gradient[i]) + 1e-37f, "bce gradient");
    }
    row(name + " loss + gradient", static_cast<double>(n), alternate(gradient, their));
}

void bytes(Data &data) {
    const hyla_pixels pixels = data.pixels();
    const std::size_t n = pixels.n;
    hyla_confusion_totals totals{};
    std::int64_t counts[3] = {};
    volatile std::uint64_t sink = 0;

    const auto confusion = [&] {
        totals = hyla_confusion_totals{};
        checked(hyla_confusion_update(&pixels, &totals));
    };
    confusion();
    confusion_native(data.decisions.data(), data.targets.data(), n, counts);
    require(totals.pixels.true_positives == counts[0], "confusion");
    const double size = static_cast<double>(n);
    row("confusion, against the C loop", size,
        alternate(confusion, [&] { confusion_native(data.decisions.data(), data.targets.data(), n, counts); }));
    row("confusion, against a plain read of its 2 bytes a pixel", size, alternate(confusion, [&] {
            sink = read_bytes_native(data.decisions.data(), n) ^ read_bytes_native(data.targets.data(), n);
        }));

    hyla_pixel_statistics_totals statistics{};
    const auto pixel_statistics = [&] {
        statistics = hyla_pixel_statistics_totals{};
        checked(hyla_pixel_statistics_update(&pixels, &statistics));
    };
    pixel_statistics();
    require(statistics.anomalous == pixel_statistics_native(data.decisions.data(), n), "statistics");
    row("pixel statistics, against a plain read of its 1 byte", size,
        alternate(pixel_statistics, [&] { sink = read_bytes_native(data.decisions.data(), n); }));

    hyla_sum_totals sum{};
    double ours = 0, theirs = 0;
    const auto exact_sum = [&] {
        sum = hyla_sum_totals{};
        checked(hyla_sum_update(&pixels, &sum));
        checked(hyla_sum_value(&sum, &ours));
    };
    row("exact sum, against a plain sum in double", size,
        alternate(exact_sum, [&] { theirs = sum_native(data.scores.data(), n); }));
    row("exact sum, against a plain read of its 4 bytes", size,
        alternate(exact_sum, [&] { sink = read_bytes_native(data.scores.data(), 4 * n); }));
    require(std::fabs(ours - theirs) < 1e-6 * size, "sum");

    hyla_range range{};
    row("range, against a plain read of its 4 bytes", size, alternate([&] {
            range = hyla_range{};
            checked(hyla_range_update(&pixels, &range));
        }, [&] { sink = read_bytes_native(data.scores.data(), 4 * n); }));
    (void)sink;
}

// All of AnomalyDetectionMetrics over one frame, with 200 thresholds.
void detection(const std::string &name, const Data &data) {
    constexpr std::uint32_t thresholds = 200;
    constexpr std::size_t rows = 1024;
    hyla_pixels pixels = data.pixels();
    pixels.rows = rows;
    const hyla_detection_params params = HYLA_DETECTION_PARAMS_DEFAULT;
    hyla_binning_params rule = HYLA_BINNING_PARAMS_DEFAULT;
    rule.rule = HYLA_BINNING_THRESHOLDS;
    rule.bins = thresholds;
    std::size_t table_words = 0, words = 0;
    hyla_binning binning;
    checked(hyla_binning_words(&rule, &table_words));
    std::vector<std::uint32_t> table(table_words);
    checked(hyla_binning_build(&rule, table.data(), table.size(), &binning));
    checked(hyla_ranking_words(&binning, &words));
    std::vector<std::int64_t> ours(words), theirs(2 * thresholds);
    std::vector<float> edges;
    for (std::uint32_t k = 0; k < thresholds; k++) {
        const float step = 1.0f / 199.0f;
        edges.push_back(k < thresholds / 2 ? step * static_cast<float>(k)
                                           : std::fma(-step, static_cast<float>(199 - k), 1.0f));
    }
    hyla_detection_totals totals{};
    std::int64_t counts[3] = {};
    const auto node = [&] {
        totals = hyla_detection_totals{};
        std::fill(ours.begin(), ours.end(), 0);
        checked(hyla_detection_update_frame(&params, &pixels, &totals, &binning, ours.data(), words));
    };
    const auto loop = [&] {
        std::fill(theirs.begin(), theirs.end(), 0);
        detection_native(data.scores.data(), data.decisions.data(), data.targets.data(), pixels.n, counts, edges.data(),
                         thresholds, theirs.data());
    };
    node();
    loop();
    require(totals.confusion.pixels.true_positives == counts[0], "detection");
    // A sigmoid that is off by an ulp moves some scores over a threshold, most of them near 17, where it becomes 1.
    std::int64_t moved = 0;
    for (std::size_t k = 0; k < thresholds; k++) {
        moved += std::abs(ours[k] - theirs[k]) + std::abs(ours[k + thresholds + 1] - theirs[k + thresholds]);
    }
    require(moved < static_cast<std::int64_t>(pixels.n / 50), "detection histograms");
    row(name, static_cast<double>(pixels.n), alternate(node, loop));
}

void detections(Data &data) {
    const auto tiers = [&](const std::string &what) {
        if (pin(HYLA_TIER_AVX512)) detection("AVX-512, " + what, data);
        if (pin(HYLA_TIER_AVX2)) detection("AVX2, " + what, data);
        if (pin(HYLA_TIER_PORTABLE)) detection("portable, " + what, data);
        checked(hyla_tier_pin(HYLA_TIER_BEST));
    };
    tiers("logits within 6");
    for (float &score : data.scores) score *= 10.0f;
    tiers("logits within 60");
    for (float &score : data.scores) score = 1.0f;
    tiers("all logits equal");
}

// What a call costs beside its pixels, for the lines of a push-broom camera.
void calls() {
    const hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    constexpr std::size_t line = 640;
    Data data(line, 6.0f);
    hyla_pixels pixels = data.pixels();
    hyla_bce_totals totals{};
    const auto time = [&](std::size_t n) {
        pixels.n = n;
        const auto call = [&] { checked(hyla_bce_update(&params, &pixels, &totals)); };
        return alternate(call, call).ours * 1e9;
    };
    const double empty = time(0), whole = time(line), twice = time(line / 2);
    std::printf("\nhyla_bce_update, a line of 640 pixels: %.0f ns; beside its pixels %.0f ns; "
                "without pixels %.0f ns\n", whole, 2 * twice - whole, empty);
}

void heading(const char *text) {
    std::printf("\n%s\n%-58s %8s %8s   %5s\n", text, "", "hyla", "other", "ratio");
}

} // namespace

int main() {
    std::printf("ns per pixel, one thread, best of %d alternating rounds\n", rounds);
    for (const float range : {6.0f, 30.0f, 60.0f, 120.0f}) {
        Data data(mebi, range);
        const std::string limit = "logits within " + std::to_string(static_cast<int>(range));
        heading(("1 Mi pixels, " + limit).c_str());
        if (pin(HYLA_TIER_AVX512)) {
            bce("AVX-512, against gcc's 512 bits:", data, bce_loss_native,
                bce_loss_and_gradient_native);
        }
        if (pin(HYLA_TIER_AVX2)) {
            bce("AVX2, against gcc's 512 bits:", data, bce_loss_native,
                bce_loss_and_gradient_native);
            bce("AVX2, against gcc's AVX2 + FMA:", data, bce_loss_avx2, bce_loss_and_gradient_avx2);
        }
        if (pin(HYLA_TIER_PORTABLE)) {
            bce("portable, against gcc's AVX2 + FMA:", data, bce_loss_avx2,
                bce_loss_and_gradient_avx2);
        }
        checked(hyla_tier_pin(HYLA_TIER_BEST));
    }
    heading("1 Mi pixels, AnomalyDetectionMetrics with 200 thresholds, against gcc's 512 bits");
    Data frame(mebi, 6.0f);
    detections(frame);
    calls();
    heading("16 Mi pixels, from memory");
    Data large(16 * mebi, 6.0f);
    bytes(large);
    std::vector<char> copy(16 * mebi * sizeof(float));
    const double start = seconds();
    std::memcpy(copy.data(), large.scores.data(), copy.size());
    std::printf("memcpy of 64 MiB: %.1f GB/s written\n", static_cast<double>(copy.size()) / (seconds() - start) / 1e9);
}
