// Views of hyla.hpp with lengths that are known: cubes in every layout, pitch and stride, what they are compared with,
// and pixels with gaps, halves and bits.
#ifndef WRAPPER_CUBES_H
#define WRAPPER_CUBES_H

#include <vector>

#include "wrapper.h"

#if __cplusplus >= 202002L
#include <span>
#endif

namespace {

enum { LINES = 3, SAMPLES = 5, BANDS = 4, VALUES = LINES * SAMPLES * BANDS };
constexpr hyla::shape frame_shape(LINES, SAMPLES);

std::uint16_t value_at(std::size_t line, std::size_t sample, std::size_t band) {
    return static_cast<std::uint16_t>(1 + 900 * line + 70 * sample + 7 * band * band);
}

// Where the values lie: items from a line, a sample and a band to the next.
struct strides {
    std::size_t line, sample, band;

    std::size_t reach() const { return (LINES - 1) * line + (SAMPLES - 1) * sample + (BANDS - 1) * band + 1; }
};

// As many items as they reach over and `more`; those between them are no values.
std::vector<std::uint16_t> laid(const strides &by, int more) {
    std::vector<std::uint16_t> items(by.reach() + static_cast<std::size_t>(more + 1), 65535);
    for (std::size_t line = 0; line < LINES; ++line)
        for (std::size_t sample = 0; sample < SAMPLES; ++sample)
            for (std::size_t band = 0; band < BANDS; ++band)
                items[line * by.line + sample * by.sample + band * by.band] = value_at(line, sample, band);
    items.pop_back();
    return items;
}

// The squares of values beside their targets tell every value's place.
hyla_mse_totals told(const hyla::cube &cube, const hyla::values &target, hyla_status expected) {
    hyla::mse totals;
    const hyla::status status = totals.update(hyla::mse::params(), cube, target);
    CHECK_STATUS(expected, status.error());
    return totals.totals;
}

// A cube of a layout is what C says of it, and has the values; one item less is refused, and one more without gaps.
template <class Make>
void layout(const strides &by, bool has_gaps, const hyla_values &in_c, Make make) {
    std::vector<float> target(VALUES);
    for (std::size_t i = 0; i < VALUES; ++i) target[i] = static_cast<float>(i * i % 31);
    const hyla::values of_target = hyla::values::interleaved(target, BANDS);
    std::vector<float> plain(VALUES);
    for (std::size_t i = 0; i < VALUES; ++i)
        plain[i] = value_at(i / BANDS / SAMPLES, i / BANDS % SAMPLES, i % BANDS);
    const hyla_mse_totals expected = told(hyla::cube::interleaved(plain, VALUES / BANDS, BANDS), of_target, HYLA_OK);

    const std::vector<std::uint16_t> items = laid(by, 0), fewer = laid(by, -1), more = laid(by, 1);
    const hyla::cube cube = make(hyla::numbers(items));
    hyla_values same = in_c;
    same.plane.data = items.data();
    CHECK(equal(cube.values, same) && cube.n == LINES * SAMPLES && cube.rows == LINES && cube.channels == BANDS);
    CHECK(equal(told(cube, of_target, HYLA_OK), expected));
    told(make(hyla::numbers(fewer)), of_target, HYLA_ERROR_FRAME_SHAPE);
    told(make(hyla::numbers(more)), of_target, has_gaps ? HYLA_OK : HYLA_ERROR_FRAME_SHAPE);
}

void layouts() {
    const hyla_plane plane = hyla_u16(nullptr);
    constexpr std::size_t size = sizeof(std::uint16_t);
    layout({SAMPLES * BANDS, BANDS, 1}, false, hyla_bip(plane, BANDS),
           [](const hyla::numbers &in) { return hyla::cube::interleaved(in, frame_shape, BANDS); });
    layout({SAMPLES, 1, LINES * SAMPLES}, false, hyla_bsq(plane, LINES * SAMPLES),
           [](const hyla::numbers &in) { return hyla::cube::planar(in, frame_shape, BANDS); });
    layout({SAMPLES * BANDS, 1, SAMPLES}, false, hyla_bil(plane, SAMPLES, BANDS),
           [](const hyla::numbers &in) { return hyla::cube::by_line(in, frame_shape, BANDS); });

    // With a gap behind each line.
    layout({SAMPLES * BANDS + 3, BANDS, 1}, true, hyla_bip(hyla_plane_rows(plane, (SAMPLES * BANDS + 3) * size), BANDS),
           [](const hyla::numbers &in) {
               return hyla::cube::interleaved(in.with_row_pitch((SAMPLES * BANDS + 3) * size), frame_shape, BANDS);
           });
    layout({SAMPLES + 2, 1, LINES * (SAMPLES + 2)}, true,
           hyla_bsq(hyla_plane_rows(plane, (SAMPLES + 2) * size), LINES * (SAMPLES + 2)),
           [](const hyla::numbers &in) {
               return hyla::cube::planar(in.with_row_pitch((SAMPLES + 2) * size), frame_shape, BANDS);
           });
    layout({SAMPLES * BANDS + 1, 1, SAMPLES}, true,
           {hyla_plane_rows(plane, (SAMPLES * BANDS + 1) * size), SAMPLES},
           [](const hyla::numbers &in) {
               return hyla::cube::by_line(in.with_row_pitch((SAMPLES * BANDS + 1) * size), frame_shape, BANDS);
           });
    // A gap behind each band of a line; planes with a gap between them; and the first bands of more.
    layout({(SAMPLES + 1) * BANDS, 1, SAMPLES + 1}, true,
           {hyla_plane_rows(plane, (SAMPLES + 1) * BANDS * size), SAMPLES + 1}, [](const hyla::numbers &in) {
               const hyla::values lines(in.with_row_pitch((SAMPLES + 1) * BANDS * size), SAMPLES + 1);
               return hyla::cube(lines, frame_shape, BANDS);
           });
    layout({SAMPLES, 1, LINES * SAMPLES + 4}, true, hyla_bsq(plane, LINES * SAMPLES + 4), [](const hyla::numbers &in) {
        return hyla::cube(hyla::values::planar(in, LINES * SAMPLES + 4), frame_shape, BANDS);
    });
    layout({SAMPLES * 2 * BANDS, 2 * BANDS, 1}, true, hyla_bip(plane, 2 * BANDS), [](const hyla::numbers &in) {
        return hyla::cube::interleaved(in.with_stride(2 * BANDS), frame_shape, BANDS);
    });
}

// Packed pixels lie in bytes: rows of 5 pixels of 12 bits in 8 of them.
void packed_cubes() {
    std::vector<std::uint8_t> bytes(LINES * BANDS * 8, 0x5a);
    std::vector<float> zeros(VALUES);
    const hyla::values target = hyla::values::interleaved(zeros, BANDS);
    const auto packed = [&bytes] { return hyla::numbers(bytes, HYLA_MONO12P); };
    CHECK(equal(hyla::cube::by_line(packed(), frame_shape, BANDS).values,
                hyla_bil(hyla_mono12p(bytes.data()), SAMPLES, BANDS)));
    CHECK(equal(hyla::cube::planar(packed(), frame_shape, BANDS).values,
                hyla_bsq(hyla_mono12p(bytes.data()), LINES * 8)));
    const hyla_mse_totals by_line = told(hyla::cube::by_line(packed(), frame_shape, BANDS), target, HYLA_OK);
    CHECK(equal(told(hyla::cube::planar(packed(), frame_shape, BANDS), target, HYLA_OK), by_line));
    bytes.pop_back();
    told(hyla::cube::by_line(packed(), frame_shape, BANDS), target, HYLA_ERROR_FRAME_SHAPE);
    told(hyla::cube::planar(packed(), frame_shape, BANDS), target, HYLA_ERROR_FRAME_SHAPE);
}

// What a cube is compared with has as many values, and one float a channel is as many floats.
void companions() {
    const std::vector<float> spectra(VALUES, 0.5f), few(VALUES - 1), many(VALUES + 1);
    const hyla::cube cube = hyla::cube::interleaved(spectra, frame_shape, BANDS);
    std::array<float, VALUES> out{};
    for (const std::vector<float> *wrong : {&few, &many}) {
        const hyla::values target = hyla::values::interleaved(*wrong, BANDS);
        hyla::mse mse;
        hyla::spectral_angle angle;
        CHECK_STATUS(HYLA_ERROR_FRAME_SHAPE, mse.update({}, cube, target).code());
        CHECK_STATUS(HYLA_ERROR_FRAME_SHAPE, mse.gradient({}, cube, target, 1.0, HYLA_STORE, out).code());
        CHECK(std::isnan(mse.loss_and_gradient({}, cube, target, 1.0, HYLA_STORE, out).value));
        CHECK_STATUS(HYLA_ERROR_FRAME_SHAPE, hyla::mse::map({}, cube, target, out).code());
        CHECK_STATUS(HYLA_ERROR_FRAME_SHAPE, hyla::spectral_angle::map({}, cube, target, out).code());
        CHECK_STATUS(HYLA_ERROR_FRAME_SHAPE, angle.update({}, cube, target).code());
    }
    // Another layout is no matter, but for its length.
    hyla::mse mse;
    CHECK_STATUS(HYLA_OK, mse.update({}, cube, hyla::values::by_line(spectra, SAMPLES, BANDS)).code());
    const hyla::values more_bands = hyla::values::by_line(spectra, SAMPLES, BANDS + 1);
    CHECK_STATUS(HYLA_ERROR_FRAME_SHAPE, mse.update({}, cube, more_bands).code());

    const float center[BANDS] = {}, shorter[BANDS - 1] = {};
    const std::vector<float> longer(BANDS + 1);
    std::array<hyla_exact_sum, BANDS> sums{};
    hyla::svdd svdd;
    CHECK_STATUS(HYLA_OK, svdd.update({}, cube, center).code());
    CHECK_STATUS(HYLA_ERROR_CHANNELS, svdd.update({}, cube, shorter).code());
    CHECK_STATUS(HYLA_ERROR_CHANNELS, svdd.update({}, cube, longer).code());
    CHECK_STATUS(HYLA_ERROR_CHANNELS, hyla::svdd::map({}, cube, shorter, out).code());
    CHECK_STATUS(HYLA_ERROR_CHANNELS, hyla::svdd::center_update({}, cube, shorter, sums).code());
    CHECK(hyla::svdd().update({}, cube, nullptr).error() == HYLA_ERROR_NULL_POINTER);

    const std::vector<std::int32_t> labels(LINES * SAMPLES, 1), few_labels(LINES * SAMPLES - 1);
    const std::array<std::uint8_t, LINES * SAMPLES> small_labels{};
    hyla::cross_entropy entropy;
    const hyla::cube labelled = cube.with_labels(labels);
    CHECK_STATUS(HYLA_OK, entropy.update({}, labelled, nullptr).code());
    CHECK_STATUS(HYLA_OK, entropy.update({}, labelled.with_labels(small_labels), center).code());
    CHECK_STATUS(HYLA_ERROR_CHANNELS, entropy.update({}, labelled, longer).code());
    CHECK_STATUS(HYLA_ERROR_CHANNELS, hyla::cross_entropy::map({}, labelled, shorter, out).code());
    CHECK_STATUS(HYLA_ERROR_FRAME_SHAPE, entropy.update({}, cube.with_labels(few_labels), nullptr).code());
    CHECK_STATUS(HYLA_ERROR_FRAME_SHAPE, entropy.update({}, labelled.with_weights(few), nullptr).code());
}

// A gradient has the strides of the values, in floats, and between its rows what lies between theirs, or a pitch.
void gradients() {
    enum { GAP = 3, PITCH = SAMPLES * BANDS + GAP, OWN_PITCH = PITCH + 2 };
    const std::vector<std::uint16_t> items = laid({PITCH, BANDS, 1}, GAP);
    const std::vector<float> zeros(VALUES);
    const hyla::numbers in = hyla::numbers(items).with_row_pitch(PITCH * sizeof(std::uint16_t));
    const hyla::cube cube = hyla::cube::interleaved(in, frame_shape, BANDS);
    const hyla::values target = hyla::values::interleaved(zeros, BANDS);
    const auto written = [&target](const hyla::cube &values, std::size_t pitch) {
        hyla::mse mse;
        std::vector<float> out((LINES - 1) * pitch + SAMPLES * BANDS, -1.0f);
        CHECK(static_cast<bool>(mse.loss_and_gradient({}, values, target, 1.0, HYLA_STORE, out)));
        CHECK(out[SAMPLES * BANDS] == -1.0f && out[pitch] > 0.0f && out[pitch - 1] == -1.0f && out.back() > 0.0f);
        out.pop_back();
        CHECK_STATUS(HYLA_ERROR_CAPACITY, mse.gradient({}, values, target, 1.0, HYLA_STORE, out).code());
    };
    written(cube, PITCH);
    written(cube.with_output_pitch(OWN_PITCH * sizeof(float)), OWN_PITCH);
}

// Pixels with gaps, of which it is known how many items there are.
void gaps() {
    enum { PITCH = 7 };
    std::vector<std::uint16_t> wide((LINES - 1) * PITCH + SAMPLES, 9000);
    for (std::size_t i = 0; i < LINES * SAMPLES; ++i)
        wide[i / SAMPLES * PITCH + i % SAMPLES] = static_cast<std::uint16_t>(i);
    const auto summed = [](const hyla::pixels &pixels, hyla_status expected) {
        hyla::sum sum;
        const hyla::status status = sum.update(pixels);
        CHECK_STATUS(expected, status.error());
        return sum.value().value;
    };
    const hyla::pixels lines(LINES, SAMPLES);
    const hyla::numbers pitched = hyla::numbers(wide).with_row_pitch(PITCH * sizeof(std::uint16_t)).with_scale(0.5f, 1);
    CHECK(summed(lines.with_scores(pitched), HYLA_OK) == 0.5 * (14 * 15 / 2 - 15));
    // As many items, but other rows.
    summed(hyla::pixels(LINES + 2, LINES).with_scores(pitched), HYLA_ERROR_FRAME_SHAPE);
    summed(hyla::pixels(SAMPLES, LINES).with_scores(pitched), HYLA_ERROR_FRAME_SHAPE);
    wide.pop_back();
    const hyla::numbers shorter = hyla::numbers(wide).with_row_pitch(PITCH * sizeof(std::uint16_t));
    summed(lines.with_scores(shorter), HYLA_ERROR_FRAME_SHAPE);

    // Every third item, which need not end with two that are not looked at.
    std::vector<float> mixed = {1.0f, 90.0f, 90.0f, 2.0f, 90.0f, 90.0f, 4.0f};
    CHECK(summed(hyla::pixels(3).with_scores(hyla::numbers(mixed).with_stride(3)), HYLA_OK) == 7.0);
    summed(hyla::pixels(4).with_scores(hyla::numbers(mixed).with_stride(3)), HYLA_ERROR_FRAME_SHAPE);

    // Types that a pointer does not tell. Items of another size are none of them.
    const std::uint16_t halves[3] = {0x3c00, 0x4000, 0x4400};
    const std::array<std::uint8_t, 5> packed = {0x01, 0x20, 0x00, 0x03, 0x00};
    CHECK(summed(hyla::pixels(3).with_scores(hyla::numbers(halves, HYLA_F16)), HYLA_OK) == 7.0);
    CHECK(summed(hyla::pixels(3).with_scores(hyla::numbers(packed, HYLA_MONO12P)), HYLA_OK) == 6.0);
    summed(hyla::pixels(4).with_scores(hyla::numbers(packed, HYLA_MONO12P)), HYLA_ERROR_FRAME_SHAPE);
    summed(hyla::pixels(3).with_scores(hyla::numbers(halves, HYLA_F32)), HYLA_ERROR_DTYPE);
    summed(hyla::pixels(3).with_scores(hyla::numbers(mixed.data(), HYLA_F16)), HYLA_ERROR_DTYPE);

    // Bits and labels.
    const std::array<std::uint8_t, 2> bits = {0xc0, 0x05};
    const std::array<float, 6> ones = {1.0f, 2.0f, 4.0f, 8.0f, 16.0f, 32.0f};
    const hyla::truths usable = hyla::truths(bits, HYLA_BITS_LSB).with_first_bit(6);
    CHECK(summed(hyla::pixels(6).with_scores(ones).with_valid(usable), HYLA_OK) == 1.0 + 2.0 + 4.0 + 16.0);
    summed(hyla::pixels(6).with_scores(ones).with_valid(usable.with_first_bit(0)), HYLA_ERROR_FRAME_SHAPE);
    const std::array<std::int32_t, 6> labels = {1, -1, 0, 255, 255, 1};
    hyla::pixel_statistics counted;
    const auto labelled = hyla::pixels(6).with_decisions(hyla::truths(labels).with_ignored(255));
    CHECK_STATUS(HYLA_OK, counted.update(labelled).code());
    CHECK(counted.values().value.total == 4 && counted.values().value.anomalous == 3);

    // Too many pixels to count.
    constexpr std::size_t half = SIZE_MAX / 2 + 1;
    CHECK(hyla::sum().update(hyla::pixels(half, 2).with_scores(mixed)).failed());
    CHECK(hyla::sum().update(hyla::pixels(half, 2).with_scores(mixed.data())).failed());
    CHECK(hyla::sum().update(hyla::pixels(half, 2)).failed());
}

// A matrix of floats of which it is known how many there are.
void matrices() {
    const std::array<float, 6> items = {1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f};
    std::array<double, 4096> workspace{};
    const auto loss = [&workspace](const hyla::matrix &matrix) {
        CHECK(hyla::orthogonality::workspace_size(matrix) <= workspace.size());
        return hyla::orthogonality::loss({}, matrix, workspace);
    };
    const auto plain = loss({items.data(), 2, 3}), cut = loss({items, 2, 2, 4});
    CHECK(plain && loss({items, 2, 3}).value == plain.value && loss({items.data(), 2, 2, 4}).value == cut.value);
    CHECK(loss({items, 3, 2}).value != plain.value && cut && cut.value != plain.value);
    CHECK(loss({items, 2, 2}).status.error() == HYLA_ERROR_NULL_POINTER);
    CHECK(loss({items, 2, 4}).status.error() == HYLA_ERROR_NULL_POINTER);
    CHECK(loss({items, 2, 3, 4}).status.error() == HYLA_ERROR_NULL_POINTER);
}

void views() {
    float written[3] = {};
    const float read[2] = {};
    CHECK(hyla::floats(written).size() == 3 && hyla::view<const float>(written).data() == written);
    CHECK(hyla::view<const float>(read).size() == 2);
    static_assert(!std::is_constructible_v<hyla::floats, const float (&)[2]>, "no output is constant");
    static_assert(!std::is_convertible_v<std::vector<double>, hyla::float_items>);
#if __cplusplus >= 202002L
    const std::vector<std::uint16_t> items(VALUES);
    const std::span<const std::uint16_t> all(items);
    CHECK(hyla::cube::planar(all, frame_shape, BANDS).n == LINES * SAMPLES);
    CHECK(hyla::cube::planar(all.first(VALUES - 1), frame_shape, BANDS).n == SIZE_MAX);
    CHECK(hyla::cube::planar(std::span(items), {LINES, SAMPLES}, BANDS).rows == LINES);
#endif
}

}  // namespace

#endif
