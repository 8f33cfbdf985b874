// Times the statistics of channels against plain integer loops, line by line of a camera of 640 columns and 100
// channels, in each order in memory. This file is compiled with -O3 -march=native -ffast-math: the loops are its own.

#include "rows.hpp"

#include <cmath>

namespace {

using timing::Random, timing::checked;

constexpr std::size_t columns = 640, channels = 100;
constexpr std::uint16_t level = 4095;

// What a program has for each channel.
struct Band {
    std::uint64_t sum = 0, squares = 0;
    std::uint32_t zero = 0, saturated = 0;
    std::uint16_t least = 65535, greatest = 0;
};

// The sums of a line fit into 32 bits: gcc makes vectors of this loop, and of none that adds to the band itself.
void channels_by_line(const std::uint16_t *__restrict line, Band *__restrict bands) {
    for (std::size_t k = 0; k < channels; k++, line += columns) {
        std::uint64_t squares = 0;
        std::uint32_t sum = 0, zero = 0, saturated = 0, least = 65535, greatest = 0;
        for (std::size_t i = 0; i < columns; i++) {
            const std::uint32_t x = line[i];
            sum += x;
            squares += x * x;
            zero += x == 0;
            saturated += x >= level;
            least = std::min(least, x);
            greatest = std::max(greatest, x);
        }
        Band &band = bands[k];
        band.sum += sum;
        band.squares += squares;
        band.zero += zero;
        band.saturated += saturated;
        band.least = std::min(band.least, static_cast<std::uint16_t>(least));
        band.greatest = std::max(band.greatest, static_cast<std::uint16_t>(greatest));
    }
}

void channels_by_pixel(const std::uint16_t *__restrict line, Band *__restrict bands) {
    for (std::size_t i = 0; i < columns; i++, line += channels) {
        for (std::size_t k = 0; k < channels; k++) {
            const std::uint32_t x = line[k];
            bands[k].sum += x;
            bands[k].squares += x * x;
            bands[k].zero += x == 0;
            bands[k].saturated += x >= level;
            bands[k].least = std::min(bands[k].least, line[k]);
            bands[k].greatest = std::max(bands[k].greatest, line[k]);
        }
    }
}

void lines(bool by_pixel, bool with_columns) {
    Random random;
    std::vector<std::uint16_t> line(columns * channels);
    const std::vector<float> any = random.floats(line.size(), 0.0f, 4200.0f);
    for (std::size_t i = 0; i < line.size(); i++) line[i] = static_cast<std::uint16_t>(any[i]);
    hyla_band_statistics_params params = HYLA_BAND_STATISTICS_PARAMS_DEFAULT;
    params.has_saturation = 1;
    params.saturation = level;
    std::vector<hyla_band_statistics_totals> totals(channels);
    std::vector<hyla_band_statistics_column> cells(columns * channels);
    std::vector<Band> bands(channels);
    hyla_cube cube{};
    cube.values = by_pixel ? hyla_bip(hyla_u16(line.data()), channels) : hyla_bsq(hyla_u16(line.data()), columns);
    cube.n = columns;
    cube.channels = channels;
    const std::string name = std::string("u16 line, ") + (by_pixel ? "by pixel (BIP)" : "by line (BIL)");
    // The mean is the same after any number of lines.
    row({name + (with_columns ? ", with columns" : ""), static_cast<double>(line.size()),
         [&] {
             checked(hyla_band_statistics_update(&params, &cube, totals.data(), with_columns ? cells.data() : nullptr));
             return static_cast<double>(totals[3].integer_sum) / static_cast<double>(totals[3].count);
         },
         [&, counted = 0.0]() mutable {
             (by_pixel ? channels_by_pixel : channels_by_line)(line.data(), bands.data());
             counted += static_cast<double>(columns);
             return static_cast<double>(bands[3].sum) / counted;
         },
         {}});
}

}  // namespace

int main() {
    for (const std::uint32_t tier : {HYLA_TIER_AVX512, HYLA_TIER_AVX2}) {
        if (!timing::pin(tier)) continue;
        heading(std::string("640 columns, 100 channels, ") + hyla_tier_name(tier), "ns per value");
        for (const bool by_pixel : {false, true}) {
            for (const bool with_columns : {false, true}) lines(by_pixel, with_columns);
        }
    }
}
