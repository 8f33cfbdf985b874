// How the peers are timed: sides in turn, the best of many rounds, on the same data in one run.
#ifndef HYLA_PEERS_TIMING_HPP
#define HYLA_PEERS_TIMING_HPP

#include "../../include/hyla.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace timing {

constexpr std::size_t mebi = std::size_t{1} << 20;
constexpr int rounds = 25;

inline double seconds() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
}

using Side = std::function<void()>;

// The best time of each side, in seconds; a side repeats until it took long enough to be timed.
inline std::vector<double> alternate(const std::vector<Side> &sides) {
    std::vector<int> repeats;
    for (const Side &side : sides) {
        side();
        const double start = seconds();
        side();
        const double once = seconds() - start;
        repeats.push_back(once > 2e-3 ? 1 : static_cast<int>(2e-3 / (once + 1e-9)) + 1);
    }
    std::vector<double> best(sides.size(), 1e9);
    for (int round = 0; round < rounds; round++) {
        for (std::size_t side = 0; side < sides.size(); side++) {
            const double start = seconds();
            for (int i = 0; i < repeats[side]; i++) sides[side]();
            best[side] = std::min(best[side], (seconds() - start) / repeats[side]);
        }
    }
    return best;
}

inline void require(bool right, const std::string &what) {
    if (right) return;
    std::fprintf(stderr, "peers: wrong result: %s\n", what.c_str());
    std::exit(1);
}

inline void checked(hyla_status status) { require(!HYLA_FAILED(status), hyla_status_message(status)); }

inline bool pin(std::uint32_t tier) {
    if (hyla_tier_pin(tier) == HYLA_OK) return true;
    std::printf("skipped: this machine lacks the tier %s\n", hyla_tier_name(tier));
    return false;
}

// A small generator of its own, so that every run has the same data.
struct Random {
    std::uint64_t state = 1;
    std::uint32_t next() {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return static_cast<std::uint32_t>(state >> 32);
    }
    float uniform(float low, float high) {
        return low + (high - low) * static_cast<float>(next() >> 8) * 0x1p-24f;
    }
    std::vector<float> floats(std::size_t n, float low, float high) {
        std::vector<float> values(n);
        for (float &value : values) value = uniform(low, high);
        return values;
    }
};

} // namespace timing

#endif
