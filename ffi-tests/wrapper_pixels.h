// The setters of hyla::pixels: what they take, what they refuse, and how long it must be.
#ifndef WRAPPER_PIXELS_H
#define WRAPPER_PIXELS_H

#include <type_traits>
#include <utility>
#include <vector>

#include "wrapper.h"

#if __cplusplus >= 202002L
#include <span>
#endif

namespace {

// Whether the setter of an input takes an argument.
template <class T>
constexpr bool are_numbers = std::is_convertible_v<T, hyla::numbers>;
template <class T>
constexpr bool are_truths = std::is_convertible_v<T, hyla::truths>;

static_assert(are_numbers<float *> && are_numbers<const double *> && are_numbers<std::uint8_t *>);
static_assert(are_numbers<const std::int8_t *> && are_numbers<std::uint16_t *> && are_numbers<const std::int16_t *>);
static_assert(are_numbers<hyla_plane> && are_numbers<std::nullptr_t> && are_numbers<std::vector<double>>);
static_assert(are_numbers<float[3]> && are_numbers<std::array<std::uint16_t, 2>>);
static_assert(!are_numbers<hyla_mask> && !are_numbers<bool *> && !are_numbers<std::int32_t *> && !are_numbers<char *>);
static_assert(!are_numbers<void *> && !are_numbers<std::vector<std::int32_t>> && !are_numbers<std::int64_t[3]>);
static_assert(are_truths<std::uint8_t *> && are_truths<const std::uint16_t *> && are_truths<std::int32_t *>);
static_assert(are_truths<const bool *> && are_truths<hyla_mask> && are_truths<std::array<bool, 2>>);
static_assert(!are_truths<hyla_plane> && !are_truths<float *> && !are_truths<double[3]> && !are_truths<std::int8_t *>);
static_assert(!are_truths<std::vector<float>> && !are_truths<void *> && !are_truths<std::vector<bool>>);

// Setters change a copy, and need no running program.
constexpr float constant_scores[2] = {1.0f, 2.0f};
constexpr hyla::pixels two(2), scored = two.with_scores(constant_scores);
static_assert(two.scores.data == nullptr && scored.scores.data == constant_scores && scored.n == 2);
constexpr hyla::cube no_cube, valid_cube = no_cube.with_valid(nullptr).with_targets(nullptr).with_labels(nullptr);
static_assert(valid_cube.n == 0);

bool is(const hyla_plane &found, const void *data, std::uint32_t dtype) {
    hyla_plane expected{};
    expected.data = data;
    expected.dtype = dtype;
    return equal(found, expected);
}

bool is(const hyla_mask &found, const void *data, std::uint32_t dtype) {
    hyla_mask expected{};
    expected.data = data;
    expected.dtype = dtype;
    return equal(found, expected);
}

void setters() {
    const double doubles[n] = {};
    const std::vector<std::int16_t> shorts(n);
    std::array<std::uint16_t, n> words{};
    const std::int8_t bytes[n] = {};
    const std::int32_t labels[n] = {};
    const bool truths[n] = {};
    CHECK(is(hyla::pixels(n).with_scores(scores).scores, scores.data(), HYLA_F32));
    CHECK(is(hyla::pixels(n).with_scores(doubles).scores, doubles, HYLA_F64));
    CHECK(is(hyla::pixels(n).with_weights(shorts).weights, shorts.data(), HYLA_I16));
    CHECK(is(hyla::pixels(n).with_soft_targets(words).soft_targets, words.data(), HYLA_U16));
    CHECK(is(hyla::pixels(n).with_scores(bytes).scores, bytes, HYLA_I8));
    CHECK(is(hyla::pixels(n).with_scores(targets.data()).scores, targets.data(), HYLA_U8));
    CHECK(is(hyla::pixels(n).with_targets(labels).targets, labels, HYLA_I32));
    CHECK(is(hyla::pixels(n).with_targets(words.data()).targets, words.data(), HYLA_U16));
    CHECK(is(hyla::pixels(n).with_valid(truths).valid, truths, HYLA_BOOL));
    CHECK(is(hyla::pixels(n).with_decisions(decisions).decisions, decisions.data(), HYLA_U8));
    const hyla_mask ignoring = hyla_mask_ignore(hyla::mask(labels), 255);
    CHECK(equal(hyla::pixels(n).with_targets(ignoring).targets, ignoring));
    CHECK(equal(hyla::pixels(n).with_scores(hyla_f16(words.data())).scores, hyla_f16(words.data())));

    const hyla::pixels pixels = hyla::pixels(n)
                                    .with_scores(scores)
                                    .with_targets(targets)
                                    .with_decisions(decisions)
                                    .with_valid(valid)
                                    .with_weights(weights);
    CHECK(equal(pixels, all()));
    CHECK(pixels.with_valid(nullptr).valid.data == nullptr && pixels.valid.data == valid.data());
#if __cplusplus >= 202002L
    CHECK(equal(pixels.with_scores(std::span(scores)).with_valid(std::span<const std::uint8_t>(valid)), pixels));
    CHECK(pixels.with_scores(std::span(scores).first(n - 1)).n == SIZE_MAX);
#endif

    const hyla::bce::params params;
    hyla::bce totals, other;
    std::array<float, n> found{}, expected{};
    CHECK(static_cast<bool>(totals.loss_and_gradient(params, pixels, 1.0, HYLA_STORE, found)));
    CHECK(static_cast<bool>(other.loss_and_gradient(params, pixels, 1.0, HYLA_STORE, {expected.data(), n})));
    CHECK(equal(found, expected) && equal(totals, other));
}

// Items of another number are an error, whichever input it is, whatever a function reads and whatever follows.
void lengths() {
    const std::vector<float> shorter(n - 1, 1.0f), longer(n + 1, 1.0f);
    const std::vector<std::uint8_t> few(n - 1), many(n + 1);
    const std::uint8_t bits[1] = {0x2a};
    const hyla::pixels good = counted()
                                  .with_targets(hyla_mask_bits_lsb(bits))
                                  .with_decisions(hyla_mask_bits_lsb(bits))
                                  .with_valid(hyla_mask_bits_lsb(bits));
    const hyla::pixels counted_rows = hyla::pixels(2, n / 2)
                                          .with_targets(hyla_mask_bits_lsb(bits))
                                          .with_decisions(hyla_mask_bits_lsb(bits));
    const hyla::pixels bad[] = {
        good.with_scores(shorter),
        good.with_scores(longer),
        good.with_targets(few),
        good.with_targets(many),
        good.with_decisions(few),
        good.with_decisions(many),
        good.with_valid(few),
        good.with_valid(many),
        good.with_weights(shorter).with_weights(nullptr),
        good.with_soft_targets(longer).with_soft_targets(nullptr),
        counted_rows.with_scores(shorter),
        good.with_scores(shorter).with_scores(scores),
        good.with_scores(shorter).with_targets(hyla_mask_bits_lsb(bits)),
    };
    const hyla::bce::params params;
    const hyla::detection::params lines;
    hyla::bce totals;
    hyla::confusion confusion;
    hyla::detection detection;
    hyla::pixel_statistics statistics;
    std::array<float, n> found{};
    CHECK_STATUS(HYLA_OK, confusion.update(good).code());
    const hyla::confusion before = confusion;
    for (const hyla::pixels &pixels : bad) {
        CHECK_STATUS(HYLA_ERROR_FRAME_SHAPE, totals.update(params, pixels).code());
        CHECK_STATUS(HYLA_ERROR_FRAME_SHAPE, confusion.update(pixels).code());
        CHECK_STATUS(HYLA_ERROR_FRAME_SHAPE, statistics.update(pixels).code());
        CHECK_STATUS(HYLA_ERROR_FRAME_SHAPE, detection.update(lines, pixels).code());
        CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla::bce::map(params, pixels, found).code());
    }
    CHECK(equal(totals, hyla_bce_totals{}) && equal(confusion, before) && equal(detection, hyla_detection_totals{}));
}

// Rows with gaps, of inputs and outputs.
void rows() {
    enum { ROWS = 2, COLUMNS = 3, PITCH = 5 };
    std::array<float, ROWS * PITCH> wide{}, found{};
    std::array<std::uint8_t, ROWS * PITCH> wide_targets{};
    std::array<float, n> expected{};
    for (std::size_t i = 0; i < n; ++i) {
        wide[i / COLUMNS * PITCH + i % COLUMNS] = scores[i];
        wide_targets[i / COLUMNS * PITCH + i % COLUMNS] = targets[i];
    }
    const hyla::pixels plain = hyla::pixels(n).with_scores(scores).with_targets(targets),
                       frame = hyla::pixels(ROWS, COLUMNS)
                                   .with_output_pitch(PITCH * sizeof(float))
                                   .with_scores(hyla_plane_rows(hyla::plane(wide.data()), PITCH * sizeof(float)))
                                   .with_targets(hyla_mask_rows(hyla::mask(wide_targets.data()), PITCH));
    const hyla::bce::params params;
    hyla::bce totals, same;
    found.fill(42.0f);
    const auto one = totals.loss_and_gradient(params, plain, 1.0, HYLA_STORE, expected);
    const auto other = same.loss_and_gradient(params, frame, 1.0, HYLA_STORE, {found.data(), PITCH + COLUMNS});
    CHECK(one.status.code() == other.status.code() && equal(same, totals));
    for (std::size_t i = 0; i < found.size(); ++i) {
        const std::size_t row = i / PITCH, column = i % PITCH;
        const float value = column < COLUMNS ? expected[row * COLUMNS + column] : 42.0f;
        CHECK(std::memcmp(&found[i], &value, sizeof value) == 0);
    }
    const hyla::floats small = {found.data(), PITCH + COLUMNS - 1};
    CHECK_STATUS(HYLA_ERROR_CAPACITY, same.gradient(params, frame, 1.0, HYLA_STORE, small).code());
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla::bce::map(params, frame, small).code());
    hyla::iou overlap;
    CHECK_STATUS(HYLA_ERROR_CAPACITY, overlap.gradient(hyla::iou::params(), frame, 1.0, HYLA_STORE, small).code());
    CHECK(std::isnan(overlap.loss_and_gradient(hyla::iou::params(), frame, 1.0, HYLA_STORE, small).value));
}

}  // namespace

#endif
