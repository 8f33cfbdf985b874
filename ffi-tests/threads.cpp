// Parts of the pixels on several threads, merged in the order in which the threads happen to end: the
// same words as one call on one thread.
#include <atomic>
#include <cmath>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "check.h"
#include "hyla.hpp"

namespace {

constexpr std::size_t pixel_count = 100003;
constexpr std::size_t part_size = 997;

struct Totals {
    hyla::bce bce;
    hyla::sum sum;
    hyla::range range;
    hyla::confusion confusion;
    hyla::pixel_statistics statistics;

    // CHECK counts in a plain variable, so threads only say whether all went well.
    bool update(const hyla::pixels &pixels) {
        hyla::pixels counted = pixels;
        counted.weights = hyla_f32(nullptr); // only losses can use them
        const hyla::status statuses[] = {bce.update(hyla::bce::params(), pixels), sum.update(counted),
                                         range.update(counted), confusion.update(counted), statistics.update(counted)};
        for (const hyla::status &status : statuses) {
            if (status.code() != HYLA_OK) return false;
        }
        return true;
    }

    bool merge(const Totals &other) {
        const hyla::status statuses[] = {bce.merge(other.bce), sum.merge(other.sum), range.merge(other.range),
                                         confusion.merge(other.confusion), statistics.merge(other.statistics)};
        for (const hyla::status &status : statuses) {
            if (status.code() != HYLA_OK) return false;
        }
        return true;
    }
};
static_assert(std::is_trivially_copyable_v<Totals>, "totals are words");

struct Data {
    std::vector<float> scores = std::vector<float>(pixel_count), weights = scores;
    std::vector<std::uint8_t> targets = std::vector<std::uint8_t>(pixel_count), decisions = targets, valid = targets;

    Data() {
        for (std::size_t i = 0; i < pixel_count; ++i) {
            scores[i] = 40.0f * std::sin(static_cast<float>(i));
            weights[i] = static_cast<float>(i % 11) * 0.1f;
            targets[i] = i % 17 == 0;
            decisions[i] = scores[i] > 20.0f;
            valid[i] = i % 23 != 0;
        }
    }

    hyla::pixels part(std::size_t start, std::size_t count) const {
        return hyla::pixels(count)
            .with_scores(scores.data() + start)
            .with_targets(targets.data() + start)
            .with_decisions(decisions.data() + start)
            .with_valid(valid.data() + start)
            .with_weights(weights.data() + start);
    }
};

// Threads take parts as they come; another thread changes the tier all the time.
bool on_threads(const Data &data, unsigned thread_count, Totals &whole, std::vector<float> &gradient,
                const Totals &batch) {
    std::atomic<std::size_t> next = 0;
    std::atomic<bool> good = true, done = false;
    std::mutex lock;
    std::thread pinning([&] {
        for (std::uint32_t tier = 0; !done; tier = (tier + 1) % (TIERS + 1)) {
            const hyla::status status = hyla_tier_pin(tier);
            if (status.failed() && (tier == HYLA_TIER_BEST || status.error() != HYLA_ERROR_TIER_UNAVAILABLE))
                good = false;
            std::this_thread::yield();
        }
    });
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < thread_count; ++i) {
        threads.emplace_back([&] {
            Totals own;
            for (std::size_t start = next.fetch_add(part_size); start < pixel_count;
                 start = next.fetch_add(part_size)) {
                const std::size_t count = start + part_size < pixel_count ? part_size : pixel_count - start;
                const hyla::pixels pixels = data.part(start, count);
                if (!own.update(pixels)) good = false;
                const hyla::status status =
                    batch.bce.gradient(hyla::bce::params(), pixels, 1.0, HYLA_STORE, {gradient.data() + start, count});
                if (status.code() != HYLA_OK) good = false;
            }
            const std::lock_guard<std::mutex> guard(lock);
            if (!whole.merge(own)) good = false;
        });
    }
    for (std::thread &thread : threads) thread.join();
    done = true;
    pinning.join();
    return good;
}

}  // namespace

int main() {
    const Data data;
    const hyla::pixels all = data.part(0, pixel_count);
    Totals expected;
    std::vector<float> expected_gradient(pixel_count), gradient(pixel_count);
    CHECK(expected.update(all));
    CHECK_STATUS(HYLA_OK, expected.bce.gradient(hyla::bce::params(), all, 1.0, HYLA_STORE, expected_gradient).code());
    for (unsigned thread_count = 1; thread_count <= 8; ++thread_count) {
        for (int round = 0; round < 5; ++round) {
            Totals whole;
            gradient.assign(pixel_count, NAN);
            CHECK(on_threads(data, thread_count, whole, gradient, expected));
            CHECK(std::memcmp(&whole, &expected, sizeof whole) == 0);
            CHECK(std::memcmp(gradient.data(), expected_gradient.data(), pixel_count * sizeof(float)) == 0);
        }
    }
    CHECK_STATUS(HYLA_OK, hyla_tier_pin(HYLA_TIER_BEST));
    return finish("threads");
}
