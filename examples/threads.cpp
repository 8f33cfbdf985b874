// One metric over many threads: every thread takes frames as they come and adds them to words of its
// own; at the end these are merged, in whatever order the threads end. No lock is held while frames are
// added, and the result has the same bits as that of one thread.
//
//     c++ -std=c++17 -O2 -pthread -Iinclude examples/threads.cpp build/lib/libhyla.a -o threads
//     ./threads [THREADS]

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "merging/stream.h"

namespace {

void merge(const state &other, state &to) {
    must(hyla_bce_merge(&other.words.bce, &to.words.bce), "bce");
    must(hyla_iou_merge(&other.words.iou, &to.words.iou), "iou");
    must(hyla_confusion_merge(&other.words.confusion, &to.words.confusion), "confusion");
    must(hyla_score_statistics_merge(&other.words.scores, &to.words.scores), "scores");
    const hyla_binning binning = ranking_binning();
    must(hyla_ranking_merge(&binning, other.words.ranking, to.words.ranking, RANKING_WORDS), "ranking");
    must(hyla_range_merge(&other.range, &to.range), "range");
}

std::unique_ptr<state> on_threads(unsigned count) {
    auto whole = std::make_unique<state>();
    std::atomic<std::uint32_t> next = 0;
    std::mutex lock;
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < count; ++i) {
        threads.emplace_back([&] {
            auto own = std::make_unique<state>();
            for (std::uint32_t frame = next++; frame < FRAMES; frame = next++) add_frame(frame, own.get());
            const std::lock_guard<std::mutex> guard(lock);
            merge(*own, *whole);
        });
    }
    for (std::thread &thread : threads) thread.join();
    return whole;
}

}  // namespace

int main(int count, char **words) {
    const unsigned threads =
        count > 1 ? static_cast<unsigned>(std::stoul(words[1])) : std::max(2u, std::thread::hardware_concurrency());
    const auto expected = on_threads(1), whole = on_threads(threads);
    print(whole.get());
    const bool same = std::memcmp(whole.get(), expected.get(), sizeof(state)) == 0;
    std::printf(same ? "%u threads have the words of one\n" : "FAILED: the words of %u threads differ\n", threads);
    return same ? 0 : 1;
}
