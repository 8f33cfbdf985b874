// Threads that write beside each other: parts of one buffer with ragged boundaries, planes and interleaved channels of
// one cube, halves of the rows of a matrix, totals and workspaces that are neighbours; while another thread changes the
// tier. Nothing orders the threads among each other, so that the thread sanitizer (`make tsan`) sees any two that touch
// the same place; and what they write is what one thread writes.
//
// With the argument `overlap` two threads write the same part: the sanitizer must say so, or it sees nothing.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <thread>
#include <vector>

#include "check.h"
#include "hyla.h"

namespace {

constexpr std::size_t pixel_count = 1201, channels = 6, value_count = pixel_count * channels;
constexpr std::size_t rows = 5, columns = 53;
constexpr unsigned thread_count = 4;
constexpr std::size_t word_count = 520;  // hyla_ranking_words of the binning below.
constexpr hyla_binning binning = {nullptr, 0, HYLA_BINNING_KEY, 8, 0.0f, 0.0f, {nullptr, nullptr}};

struct Inputs {
    std::vector<float> scores, weights, values, other;
    std::vector<std::uint8_t> targets, decisions, valid;
    std::vector<std::int32_t> labels;

    Inputs() {
        for (std::size_t i = 0; i < pixel_count; ++i) {
            scores.push_back(9.0f * std::sin(static_cast<float>(i)));
            weights.push_back(static_cast<float>(i % 11) * 0.1f);
            targets.push_back(i % 5 == 0);
            decisions.push_back(i % 7 == 0);
            valid.push_back(i % 13 != 0);
            labels.push_back(static_cast<std::int32_t>(i % 2));
        }
        for (std::size_t i = 0; i < value_count; ++i) {
            values.push_back(0.5f + 0.5f * std::sin(0.7f * static_cast<float>(i)));
            other.push_back(std::cos(static_cast<float>(i)));
        }
    }

    hyla_pixels pixels(std::size_t start, std::size_t count) const {
        hyla_pixels part{};
        part.scores = hyla_f32(scores.data() + start);
        part.targets = hyla_mask_u8(targets.data() + start);
        part.valid = hyla_mask_u8(valid.data() + start);
        part.n = count;
        return part;
    }
};

// What a task writes beside its part of the maps. Those of different tasks are neighbours in memory, too.
struct Own {
    hyla_bce_totals bce;
    hyla_focal_totals focal;
    hyla_iou_totals iou;
    hyla_tversky_totals tversky;
    hyla_range range;
    hyla_sum_totals sum;
    hyla_confusion_totals confusion;
    hyla_pixel_statistics_totals statistics;
    hyla_score_statistics_totals scores;
    hyla_mse_totals mse;
    hyla_svdd_totals svdd;
    hyla_cross_entropy_totals cross_entropy;
    hyla_dice_totals dice[3];
    hyla_foreground_contrast_totals contrast;
    std::int64_t words[word_count];
    std::int32_t labels[5];
    double losses[8];
};

struct Outputs {
    static constexpr std::size_t pixel_maps = 6, cube_maps = 5;
    std::vector<float> pixels = std::vector<float>(pixel_maps * pixel_count, 0.25f);
    std::vector<float> cubes = std::vector<float>(2 * cube_maps * value_count, 0.25f);
    std::vector<float> matrices = std::vector<float>(2 * rows * 2 * columns, 0.25f);
    std::vector<double> rooms;
    std::vector<std::uint32_t> sorting;
    std::vector<Own> own;
    std::vector<hyla_status> statuses;

    explicit Outputs(std::size_t tasks)
        : rooms(tasks * room_size()), sorting(tasks * sorting_size()), own(tasks),
          statuses(tasks, HYLA_ERROR_NULL_POINTER) {}

    static std::size_t room_size() {
        return std::max(hyla_orthogonality_workspace(rows, columns), hyla_distinctness_workspace(rows, columns)) | 1;
    }
    static std::size_t sorting_size() { return hyla_score_statistics_workspace() | 1; }

    // Workspaces have no meaning afterwards.
    bool same(const Outputs &other) const {
        return alike(pixels, other.pixels) && alike(cubes, other.cubes) && alike(matrices, other.matrices) &&
               alike(own, other.own) && statuses == other.statuses;
    }

private:
    template <class T> static bool alike(const std::vector<T> &a, const std::vector<T> &b) {
        return std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
    }
};

// Task number i writes own[i] and its part of the maps; it returns the first error that there is, or 0.
using Task = std::function<hyla_status(const Inputs &, Outputs &, std::size_t)>;

hyla_status first_error(std::initializer_list<hyla_status> statuses) {
    for (const hyla_status status : statuses) {
        if (HYLA_FAILED(status)) return status;
    }
    return HYLA_OK;
}

// Every second map is added to: the neighbour's values must not be read either.
std::uint32_t write_mode(std::size_t map) { return map % 2 == 0 ? HYLA_STORE : HYLA_ADD; }

hyla_status pixel_task(const Inputs &inputs, Outputs &outputs, std::size_t task, std::size_t start, std::size_t count) {
    const hyla_bce_params bce = HYLA_BCE_PARAMS_DEFAULT;
    const hyla_focal_params focal = HYLA_FOCAL_PARAMS_DEFAULT;
    hyla_iou_params iou = HYLA_IOU_PARAMS_DEFAULT;
    iou.normalization = HYLA_NORMALIZATION_MINMAX;
    const hyla_tversky_params tversky = HYLA_TVERSKY_PARAMS_DEFAULT;
    hyla_pixels part = inputs.pixels(start, count), weighted = part;
    weighted.weights = hyla_f32(inputs.weights.data() + start);
    part.decisions = hyla_mask_u8(inputs.decisions.data() + start);
    Own &own = outputs.own[task];
    const auto map = [&](std::size_t number) { return outputs.pixels.data() + number * pixel_count + start; };
    std::uint32_t *room = outputs.sorting.data() + task * Outputs::sorting_size();
    hyla_score_statistics_report report;
    return first_error({
        hyla_bce_loss_and_gradient(&bce, &weighted, 1.0, write_mode(0), &own.bce, &own.losses[0], map(0)),
        hyla_focal_loss_and_gradient(&focal, &weighted, 1.0, write_mode(1), &own.focal, &own.losses[1], map(1)),
        hyla_iou_loss_and_gradient(&iou, &weighted, 1.0, write_mode(2), &own.iou, &own.range, &own.losses[2], map(2)),
        hyla_tversky_loss_and_gradient(&tversky, &weighted, 1.0, write_mode(3), &own.tversky, nullptr, &own.losses[3],
                                       map(3)),
        hyla_bce_map(&bce, &weighted, map(4)),
        hyla_focal_map(&focal, &weighted, map(5)),
        hyla_sum_update(&part, &own.sum),
        hyla_confusion_update(&part, &own.confusion),
        hyla_pixel_statistics_update(&part, &own.statistics),
        hyla_score_statistics_update(&part, &own.scores),
        hyla_ranking_update(&binning, &part, own.words, word_count),
        hyla_distinct_label_count_update(inputs.labels.data() + start, inputs.valid.data() + start, count, own.labels,
                                         5),
        hyla_score_statistics_frame(&part, room, Outputs::sorting_size(), &report),
        hyla_topk_mean_value(0.1, &part, room, Outputs::sorting_size(), &own.losses[4]),
    });
}

// Some pixels and some channels of a cube; one channel of three has the squares, two the classes, three the colours.
hyla_status cube_task(const Inputs &inputs, Outputs &outputs, std::size_t task, bool planes, std::size_t start,
                      std::size_t count, std::size_t channel, std::size_t width) {
    const hyla_mse_params mse = HYLA_MSE_PARAMS_DEFAULT;
    const hyla_svdd_params svdd = HYLA_SVDD_PARAMS_DEFAULT;
    const hyla_cross_entropy_params cross_entropy = HYLA_CROSS_ENTROPY_PARAMS_DEFAULT;
    const hyla_dice_params dice = HYLA_DICE_PARAMS_DEFAULT;
    const hyla_foreground_contrast_params contrast = HYLA_FOREGROUND_CONTRAST_PARAMS_DEFAULT;
    const std::size_t pixel_stride = planes ? 1 : channels, channel_stride = planes ? pixel_count : 1;
    const std::size_t place = start * pixel_stride + channel * channel_stride;
    hyla_cube cube{};
    const auto lie = [&](const float *items) {
        return hyla_values{hyla_plane_every(hyla_f32(items + place), pixel_stride), channel_stride};
    };
    cube.values = lie(inputs.values.data());
    cube.n = count;
    cube.channels = width;
    cube.labels = hyla_i32(inputs.labels.data() + start);
    cube.targets = hyla_mask_u8(inputs.targets.data() + start);
    cube.valid = hyla_mask_u8(inputs.valid.data() + start);
    Own &own = outputs.own[task];
    const auto map = [&](std::size_t number) {
        return outputs.cubes.data() + ((planes ? Outputs::cube_maps : 0) + number) * value_count + place;
    };
    if (width == 1) {
        const hyla_values target = lie(inputs.other.data());
        return hyla_mse_loss_and_gradient(&mse, &cube, &target, 1.0, write_mode(task), &own.mse, &own.losses[0],
                                          map(0));
    }
    if (width == 2) {
        return first_error({
            hyla_cross_entropy_loss_and_gradient(&cross_entropy, &cube, nullptr, 1.0, write_mode(task),
                                                 &own.cross_entropy, &own.losses[0], map(1)),
            hyla_dice_loss_and_gradient(&dice, &cube, 1.0, write_mode(task), nullptr, own.dice, &own.losses[1], map(2)),
        });
    }
    return first_error({
        hyla_svdd_loss_and_gradient(&svdd, &cube, inputs.other.data(), 1.0, write_mode(task), &own.svdd, &own.losses[0],
                                    map(3)),
        hyla_foreground_contrast_loss_and_gradient(&contrast, &cube, 1.0, write_mode(task), &own.contrast,
                                                   &own.losses[1], map(4)),
    });
}

// Two matrices whose rows take turns in memory.
hyla_status matrix_task(const Inputs &inputs, Outputs &outputs, std::size_t task, std::size_t half) {
    const hyla_orthogonality_params orthogonality = HYLA_ORTHOGONALITY_PARAMS_DEFAULT;
    const hyla_distinctness_params distinctness = HYLA_DISTINCTNESS_PARAMS_DEFAULT;
    hyla_matrix matrix{};
    matrix.values = inputs.other.data() + half * columns;
    matrix.rows = rows;
    matrix.columns = columns;
    matrix.row_stride = 2 * columns;
    double *room = outputs.rooms.data() + task * Outputs::room_size(), *losses = outputs.own[task].losses;
    float *first = outputs.matrices.data() + half * columns, *second = first + 2 * rows * columns;
    return first_error({
        hyla_orthogonality_loss_and_gradient(&orthogonality, &matrix, 1.0, HYLA_STORE, room, Outputs::room_size(),
                                             &losses[0], first),
        hyla_distinctness_loss_and_gradient(&distinctness, &matrix, 1.0, HYLA_ADD, room, Outputs::room_size(),
                                            &losses[1], second),
    });
}

// Neighbours follow each other here, and so are of different threads.
std::vector<Task> all_tasks() {
    std::vector<Task> tasks;
    std::size_t start = 0;
    for (std::size_t length = 1; start < pixel_count; start += length, length = length % 67 + 5) {
        const std::size_t count = std::min(length, pixel_count - start);
        tasks.push_back(
            [=](const Inputs &in, Outputs &out, std::size_t task) { return pixel_task(in, out, task, start, count); });
    }
    for (const bool planes : {false, true}) {
        for (std::size_t width = 1; width <= 3; ++width) {
            for (std::size_t begin = 0; begin < pixel_count; begin += 301) {
                const std::size_t count = std::min<std::size_t>(301, pixel_count - begin);
                for (std::size_t channel = 0; channel < channels; channel += width) {
                    tasks.push_back([=](const Inputs &in, Outputs &out, std::size_t task) {
                        return cube_task(in, out, task, planes, begin, count, channel, width);
                    });
                }
            }
        }
    }
    for (std::size_t half = 0; half < 2; ++half) {
        tasks.push_back(
            [=](const Inputs &in, Outputs &out, std::size_t task) { return matrix_task(in, out, task, half); });
    }
    return tasks;
}

void on_threads(const std::vector<Task> &tasks, const Inputs &inputs, Outputs &outputs, unsigned count) {
    std::vector<std::thread> threads;
    for (unsigned thread = 0; thread < count; ++thread) {
        threads.emplace_back([&, thread] {
            for (std::size_t task = thread; task < tasks.size(); task += count)
                outputs.statuses[task] = tasks[task](inputs, outputs, task);
        });
    }
    for (std::thread &thread : threads) thread.join();
}

// Changes the tier until it is told to end; relaxed, so that it orders nothing.
class Pinning {
public:
    Pinning() : thread([this] {
        for (std::uint32_t tier = 0; !done.load(std::memory_order_relaxed); tier = (tier + 1) % (TIERS + 1)) {
            const hyla_status status = hyla_tier_pin(tier);
            const bool is_there = HYLA_ERROR_OF(status) != HYLA_ERROR_TIER_UNAVAILABLE;
            if (HYLA_FAILED(status) && (tier == HYLA_TIER_BEST || is_there)) good = false;
            std::this_thread::yield();
        }
    }) {}

    bool end() {
        done.store(true, std::memory_order_relaxed);
        thread.join();
        return good;
    }

private:
    std::atomic<bool> done = false;
    bool good = true;
    std::thread thread;
};

// Two threads, one part: only the library writes there.
int overlap() {
    const Inputs inputs;
    const std::vector<Task> tasks(
        2, [](const Inputs &in, Outputs &out, std::size_t task) { return pixel_task(in, out, task, 3, 100); });
    Outputs outputs(tasks.size());
    CHECK_STATUS(HYLA_OK, hyla_tier_pin(HYLA_TIER_PORTABLE));
    on_threads(tasks, inputs, outputs, 2);
    return finish("neighbours overlap");
}

}  // namespace

int main(int count, char **words) {
    if (count > 1 && std::strcmp(words[1], "overlap") == 0) return overlap();
    const Inputs inputs;
    const std::vector<Task> tasks = all_tasks();
    Outputs expected(tasks.size());
    pin_lowest_tier();
    on_threads(tasks, inputs, expected, 1);
    for (const hyla_status status : expected.statuses) CHECK_STATUS(HYLA_OK, status);

    for (std::uint32_t tier = HYLA_TIER_SCALAR; tier <= TIERS; ++tier) {
        if (!pin_tier("neighbours", tier)) continue;
        Outputs outputs(tasks.size());
        on_threads(tasks, inputs, outputs, thread_count);
        CHECK(outputs.same(expected));
    }
    for (int round = 0; round < 5; ++round) {
        Outputs outputs(tasks.size());
        Pinning pinning;
        on_threads(tasks, inputs, outputs, thread_count);
        CHECK(pinning.end());
        CHECK(outputs.same(expected));
    }
    CHECK_STATUS(HYLA_OK, hyla_tier_pin(HYLA_TIER_BEST));
    return finish("neighbours");
}
