// The scene that the monitor watches: a cube of pixels in memory, with its mask if it has one.
// It does not matter here whether it came from a file (envi.hpp) or was simulated (simulate.hpp).
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace monitor {

enum class PixelState : std::uint8_t { usable, ignored, not_finite };

struct Scene {
    std::string name;
    std::string origin;  // one line for people: file, data type, interleave
    std::string description;
    std::size_t lines = 0;
    std::size_t samples = 0;
    std::size_t bands = 0;
    std::vector<float> values;              // line by line, pixel by pixel, all bands of a pixel together
    std::vector<double> wavelengths;        // in nanometres; empty if unknown
    std::vector<std::size_t> default_bands;  // red, green, blue, counted from 0; empty if not given
    std::optional<float> ignore_value;
    std::vector<std::uint8_t> counts;  // 0 = a file says that the pixel does not count; empty: none says so
    std::vector<std::uint8_t> mask;  // 1 = anomaly; empty if the scene is not labelled
    std::string mask_origin;

    std::size_t pixels() const { return lines * samples; }
    bool labelled() const { return !mask.empty(); }

    const float *pixel(std::size_t index) const { return values.data() + index * bands; }

    // One missing band is enough: a distance over all bands cannot be computed without it.
    PixelState state(std::size_t index) const {
        if (!counts.empty() && counts[index] == 0) return PixelState::ignored;
        PixelState result = PixelState::usable;
        const float *spectrum = pixel(index);
        for (std::size_t band = 0; band < bands; ++band) {
            if (ignore_value && spectrum[band] == *ignore_value) return PixelState::ignored;
            if (!std::isfinite(spectrum[band])) result = PixelState::not_finite;
        }
        return result;
    }
};

}  // namespace monitor
