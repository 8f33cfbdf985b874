// The three pictures of the report: the scene in false colour, the score map, and what was found.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "image.hpp"
#include "record.hpp"
#include "rx.hpp"
#include "scene.hpp"

namespace monitor {

// Blue, orange and magenta after Okabe and Ito: they stay apart with every kind of colour vision.
constexpr Colour hit_colour = {70, 185, 255}, false_alarm_colour = {255, 165, 0}, miss_colour = {226, 60, 160};
constexpr Colour unusable_colour = {236, 238, 241};

// Red, green and blue: what the header names, else what the eye would see, else spread over all bands.
inline std::array<std::size_t, 3> picture_bands(const Scene &scene) {
    if (!scene.default_bands.empty()) return {scene.default_bands[0], scene.default_bands[1], scene.default_bands[2]};
    std::array<std::size_t, 3> bands = {scene.bands * 5 / 6, scene.bands / 2, scene.bands / 6};
    if (!scene.wavelengths.empty()) {
        const std::array<double, 3> wanted = {650.0, 550.0, 470.0};
        const auto nearest = [&scene](double wavelength) {
            std::size_t best = 0;
            for (std::size_t band = 1; band < scene.bands; ++band) {
                if (std::fabs(scene.wavelengths[band] - wavelength) < std::fabs(scene.wavelengths[best] - wavelength))
                    best = band;
            }
            return best;
        };
        const std::array<std::size_t, 3> visible = {nearest(wanted[0]), nearest(wanted[1]), nearest(wanted[2])};
        // An infrared camera has no visible bands; then the three would be one and the same.
        if (visible[0] != visible[1] && visible[1] != visible[2]) bands = visible;
    }
    return bands;
}

// The values of the usable pixels in order, never empty: a scene without any was refused before.
inline std::vector<float> sorted_usable(const Record &record, const std::vector<float> &values) {
    std::vector<float> kept;
    for (std::size_t index = 0; index < values.size(); ++index) {
        if (record.states[index] == PixelState::usable) kept.push_back(values[index]);
    }
    std::sort(kept.begin(), kept.end());
    return kept;
}

// Each channel is stretched between its own 1 % and 99 % quantiles.
inline std::vector<Colour> false_colour(const Scene &scene, const Record &record) {
    std::vector<Colour> picture(scene.pixels(), unusable_colour);
    const std::array<std::size_t, 3> bands = picture_bands(scene);
    const std::array<std::uint8_t Colour::*, 3> channels = {&Colour::red, &Colour::green, &Colour::blue};
    std::vector<float> values(scene.pixels());
    for (std::size_t channel = 0; channel < 3; ++channel) {
        for (std::size_t index = 0; index < values.size(); ++index) values[index] = scene.pixel(index)[bands[channel]];
        const std::vector<float> sorted = sorted_usable(record, values);
        const double dark = quantile(sorted, 0.01), bright = quantile(sorted, 0.99);
        for (std::size_t index = 0; index < values.size(); ++index) {
            if (record.states[index] != PixelState::usable) continue;
            const double level = bright > dark ? (static_cast<double>(values[index]) - dark) / (bright - dark) : 0.5;
            picture[index].*channels[channel] =
                static_cast<std::uint8_t>(255.0 * std::min(std::max(level, 0.0), 1.0) + 0.5);
        }
    }
    return picture;
}

// The score is a squared distance; the map shows the distance, which has less of a tail.
struct ScoreMap {
    std::vector<Colour> picture;
    double low = 0.0, high = 0.0, threshold = 0.0;  // distances
};

inline ScoreMap score_map(const Record &record) {
    ScoreMap map;
    const std::vector<float> sorted = sorted_usable(record, record.scores);
    map.low = std::sqrt(quantile(sorted, 0.005));
    map.high = std::sqrt(quantile(sorted, 0.998));
    map.threshold = std::sqrt(record.threshold);
    for (std::size_t index = 0; index < record.scores.size(); ++index) {
        const double distance = std::sqrt(static_cast<double>(record.scores[index]));
        const bool usable = record.states[index] == PixelState::usable;
        const double level = map.high > map.low ? (distance - map.low) / (map.high - map.low) : 0.0;
        map.picture.push_back(usable ? viridis(level) : unusable_colour);
    }
    return map;
}

// Decisions over a dark grey copy of the scene; without a mask every decision has the colour of a hit.
inline std::vector<Colour> findings(const Scene &scene, const Record &record,
                                    const std::vector<Colour> &scene_picture) {
    std::vector<Colour> picture;
    for (std::size_t index = 0; index < scene.pixels(); ++index) {
        const Colour from = scene_picture[index];
        const auto grey = static_cast<std::uint8_t>(20 + (from.red + 2 * from.green + from.blue) / 10);
        const bool reported = record.decisions[index] != 0;
        const bool anomaly = scene.labelled() ? scene.mask[index] != 0 : reported;
        Colour colour = {grey, grey, grey};
        if (record.states[index] != PixelState::usable) {
            colour = unusable_colour;
        } else if (reported) {
            colour = anomaly ? hit_colour : false_alarm_colour;
        } else if (anomaly) {
            colour = miss_colour;
        }
        picture.push_back(colour);
    }
    return picture;
}

}  // namespace monitor
