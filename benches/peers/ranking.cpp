// Times the rankings of hyla, through its C header, against what one writes without a library: histograms against the
// same histograms in a plain loop, exact ranking against a sort of pairs. As peers.cpp does it: the same buffers, sides
// in turn, the best of many rounds, results compared before they are timed; a ratio above 1 says that hyla is faster.

#include "timing.hpp"

#include <cmath>
#include <cstring>
#include <iterator>
#include <utility>

namespace {

using timing::Random, timing::checked, timing::mebi, timing::pin, timing::require, timing::rounds;

void row(const std::string &what, double pixels, const timing::Side &ours, const timing::Side &theirs) {
    const std::vector<double> best = timing::alternate({ours, theirs});
    std::printf("%-66s %8.3f %8.3f   %5.2f\n", what.c_str(), best[0] / pixels * 1e9, best[1] / pixels * 1e9,
                best[1] / best[0]);
}

struct Data {
    std::vector<float> scores;
    std::vector<std::uint8_t> targets;

    explicit Data(std::size_t n) : scores(n), targets(n) {}

    hyla_pixels pixels() const {
        hyla_pixels pixels{};
        pixels.scores = hyla_f32(scores.data());
        pixels.targets = hyla_mask_u8(targets.data());
        pixels.n = scores.size();
        return pixels;
    }
};

const char *const distributions[] = {"normal", "constant", "two humps", "heavy tail"};

// 2 % anomalies, which lie higher.
Data distributed(std::size_t which) {
    Data data(mebi);
    Random random;
    const auto normal = [&] {
        float sum = -6.0f;
        for (int i = 0; i < 12; i++) sum += random.uniform(0.0f, 1.0f);
        return sum;
    };
    for (std::size_t i = 0; i < mebi; i++) {
        data.targets[i] = random.next() % 50 == 0;
        const float shift = data.targets[i] != 0 ? 3.0f : 0.0f;
        switch (which) {
        case 0: data.scores[i] = normal() + shift; break;
        case 1: data.scores[i] = 1.25f; break;
        case 2: data.scores[i] = 0.5f * normal() + shift + (random.next() % 2 == 0 ? 4.0f : -4.0f); break;
        default: data.scores[i] = std::exp(2.0f * normal() + shift);
        }
    }
    return data;
}

// The leading 16 bits of the float, in an order that makes them an integer.
struct Leading {
    std::size_t operator()(float score) const {
        std::uint32_t bits;
        score += 0.0f;
        std::memcpy(&bits, &score, sizeof bits);
        return (bits ^ ((0u - (bits >> 31)) | 0x80000000u)) >> 16;
    }
};

// How many of the logits of 1/199, 2/199, ... are not above the score; a sigmoid is 1 where it rounds to it.
struct Search {
    std::vector<float> edges;

    Search() {
        for (int k = 1; k < 199; k++) edges.push_back(static_cast<float>(std::log(k / (199.0 - k))));
        edges.push_back(static_cast<float>(25.0 * std::log(2.0)));
    }
    std::size_t operator()(float score) const {
        return static_cast<std::size_t>(std::upper_bound(edges.begin(), edges.end(), score) - edges.begin());
    }
};

template <class Bin>
void histogram(const std::string &name, const hyla_binning &binning, std::size_t bins, const Bin &bin,
               const hyla_pixels &pixels) {
    const std::size_t half = bins + 1;
    std::vector<std::int64_t> words(2 * half + 6), counts(2 * half);
    const auto ours = [&] { checked(hyla_ranking_update(&binning, &pixels, words.data(), words.size())); };
    const auto theirs = [&] {
        const auto scores = static_cast<const float *>(pixels.scores.data);
        const auto targets = static_cast<const std::uint8_t *>(pixels.targets.data);
        for (std::size_t i = 0; i < pixels.n; i++) {
            counts[bin(scores[i]) + (targets != nullptr ? half * (targets[i] != 0) : 0)]++;
        }
    };
    ours();
    theirs();
    // Thresholds of linspace differ from k/199 in their last bit.
    std::int64_t different = 0;
    for (std::size_t i = 0; i < counts.size(); i++) different += std::abs(counts[i] - words[i]);
    require(different <= static_cast<std::int64_t>(pixels.n / 1000), "histogram");
    row(name, static_cast<double>(pixels.n), ours, theirs);
}

void histograms(const char *tier) {
    const hyla_binning_params key = {sizeof key, HYLA_BINNING_KEY, 16, 0.0f, 1.0f};
    const hyla_binning_params thresholds = {sizeof thresholds, HYLA_BINNING_THRESHOLDS, 200, 0.0f, 1.0f};
    const Search search;
    std::vector<std::uint32_t> table(1024);
    hyla_binning keys{}, edges{};
    checked(hyla_binning_build(&key, nullptr, 0, &keys));
    checked(hyla_binning_build(&thresholds, table.data(), table.size(), &edges));
    for (std::size_t which = 0; which < std::size(distributions); which++) {
        const Data data = distributed(which);
        hyla_pixels pixels = data.pixels();
        for (const char *labels : {"with labels", "without labels"}) {
            const std::string end = std::string(", ") + distributions[which] + ", " + labels + ", " + tier;
            histogram("KEY 16" + end, keys, 1 << 16, Leading(), pixels);
            histogram("THRESHOLDS 200" + end, edges, 200, search, pixels);
            pixels.targets = hyla_mask_u8(nullptr);
        }
    }
}

// Exact ranking beside a sort of pairs, which is what one writes without a library: highest score first, equal scores
// as one step.
double average_precision_of_pairs(const Data &data, std::vector<std::pair<float, std::uint8_t>> &pairs) {
    for (std::size_t i = 0; i < pairs.size(); i++) pairs[i] = {data.scores[i], data.targets[i]};
    std::sort(pairs.begin(), pairs.end(), [](const auto &a, const auto &b) { return a.first > b.first; });
    double hits = 0, sum = 0;
    for (std::size_t i = 0; i < pairs.size();) {
        const float score = pairs[i].first;
        double found = 0;
        for (; i < pairs.size() && pairs[i].first == score; i++) found += pairs[i].second;
        hits += found;
        sum += found * hits / static_cast<double>(i);
    }
    return sum / hits;
}

void exact_ranking(const std::string &name, const Data &data) {
    const hyla_pixels pixels = data.pixels();
    std::vector<std::uint32_t> space(hyla_ranking_exact_workspace(pixels.n));
    std::vector<std::pair<float, std::uint8_t>> pairs(pixels.n);
    hyla_ranking_exact_report report{};
    double theirs = 0;
    const auto ours = [&] { checked(hyla_ranking_exact_values(&pixels, space.data(), space.size(), &report)); };
    const auto their = [&] { theirs = average_precision_of_pairs(data, pairs); };
    ours();
    their();
    require(std::fabs(report.average_precision - theirs) < 1e-9 * theirs, "exact ranking");
    row(name, static_cast<double>(pixels.n), ours, their);
}

// Scores that mean something, because anomalies lie higher; and ones that say nothing, with many ties.
void exact_rankings() {
    Data data(mebi);
    Random random;
    for (std::size_t i = 0; i < mebi; i++) {
        data.scores[i] = random.uniform(-6.0f, 6.0f);
        data.targets[i] = random.next() % 10 == 0;
    }
    exact_ranking("exact ranking, 10 % anomalies, labels at random", data);
    for (std::size_t i = 0; i < mebi; i++) data.scores[i] += data.targets[i] != 0 ? 5.0f : 0.0f;
    exact_ranking("exact ranking, 10 % anomalies, higher by 5 of 12", data);
    for (std::size_t i = 0; i < mebi; i++) data.targets[i] = random.next() % 8 == 0;
    for (float &score : data.scores) score = std::floor(score * 16.0f);
    exact_ranking("exact ranking, 272 different scores", data);
    data.scores.resize(640);
    data.targets.resize(640);
    exact_ranking("exact ranking, 640 pixels", data);
}

void heading(const char *text) { std::printf("\n%s\n%-66s %8s %8s   %5s\n", text, "", "hyla", "other", "ratio"); }

} // namespace

int main() {
    std::printf("ns per pixel, one thread, best of %d alternating rounds\n", rounds);
    heading("1 Mi pixels, histograms, against a plain loop (of thresholds: a binary search)");
    for (const std::uint32_t tier : {HYLA_TIER_AVX512, HYLA_TIER_AVX2, HYLA_TIER_PORTABLE}) {
        if (pin(tier)) histograms(hyla_tier_name(tier));
    }
    checked(hyla_tier_pin(HYLA_TIER_BEST));
    heading("1 Mi pixels, against std::sort of (score, label)");
    exact_rankings();
}
