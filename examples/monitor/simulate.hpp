// A scene to try the monitor on when no file is at hand: four background materials that mix smoothly,
// uneven light, sensor noise, a gap of lost pixels, and a dozen painted objects as anomalies.
// Own random numbers and no function of the math library but sqrt, so it is the same scene everywhere
// (where the compiler fuses multiplication and addition, a count may differ by one).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "scene.hpp"

namespace monitor {

namespace simulation {

// splitmix64 (Steele, Lea, Flood 2014).
class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    double uniform() {
        state_ += 0x9e3779b97f4a7c15u;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
        mixed ^= mixed >> 31;
        return static_cast<double>(mixed >> 11) * 0x1p-53;
    }

    // Twelve uniform numbers have the variance 1 and a sum that is close enough to normal.
    double normal() {
        double sum = -6.0;
        for (int i = 0; i < 12; ++i) sum += uniform();
        return sum;
    }

  private:
    std::uint64_t state_;
};

// A random surface in [0, 1]: random values on a coarse grid, joined by smooth steps.
class Surface {
  public:
    Surface(Random &random, std::size_t lines, std::size_t samples, double spacing)
        : spacing_(spacing), columns_(static_cast<std::size_t>(static_cast<double>(samples) / spacing) + 2) {
        const std::size_t rows = static_cast<std::size_t>(static_cast<double>(lines) / spacing) + 2;
        for (std::size_t i = 0; i < rows * columns_; ++i) knots_.push_back(random.uniform());
    }

    double at(std::size_t line, std::size_t sample) const {
        const double y = static_cast<double>(line) / spacing_, x = static_cast<double>(sample) / spacing_;
        const std::size_t row = static_cast<std::size_t>(y), column = static_cast<std::size_t>(x);
        const double *upper = knots_.data() + row * columns_ + column, *lower = upper + columns_;
        const double right = smooth(x - static_cast<double>(column)), down = smooth(y - static_cast<double>(row));
        const double top = upper[0] + right * (upper[1] - upper[0]);
        const double bottom = lower[0] + right * (lower[1] - lower[0]);
        return top + down * (bottom - top);
    }

  private:
    static double smooth(double t) { return t * t * (3.0 - 2.0 * t); }

    double spacing_;
    std::size_t columns_;
    std::vector<double> knots_;
};

inline double bump(double wavelength, double centre, double width) {
    const double t = (wavelength - centre) / width;
    return 1.0 / (1.0 + t * t);
}

inline double step(double wavelength, double centre, double width) {
    const double t = (wavelength - centre) / width;
    return 0.5 + 0.5 * t / std::sqrt(1.0 + t * t);
}

constexpr std::size_t materials = 4;

// Reflectance of soil, grass, water and concrete.
inline std::array<double, materials> background_reflectance(double nm) {
    return {0.08 + 0.26 * step(nm, 650.0, 180.0), 0.03 + 0.07 * bump(nm, 552.0, 32.0) + 0.42 * step(nm, 718.0, 16.0),
            0.02 + 0.07 * bump(nm, 470.0, 90.0), 0.24 + 0.06 * step(nm, 560.0, 140.0)};
}

inline std::array<double, 2> paint_reflectance(double nm) {
    return {0.10 + 0.30 * bump(nm, 455.0, 45.0) + 0.22 * step(nm, 800.0, 30.0),
            0.08 + 0.40 * step(nm, 606.0, 12.0) - 0.15 * bump(nm, 870.0, 40.0)};
}

// A painted rectangle; `cover` is the share of each pixel that the paint fills.
struct Object {
    std::size_t line, sample, height, width, paint;
    double cover;

    bool holds(std::size_t at_line, std::size_t at_sample) const {
        return at_line - line < height && at_sample - sample < width;  // unsigned: smaller ones wrap and fail
    }
};

inline const std::vector<Object> &objects() {
    static const std::vector<Object> all = {
        {14, 22, 4, 7, 0, 0.90}, {14, 34, 4, 7, 0, 0.80},  {31, 120, 3, 3, 1, 0.85}, {52, 61, 5, 5, 1, 0.60},
        {68, 141, 2, 6, 0, 0.70}, {83, 15, 3, 8, 1, 0.90}, {97, 96, 1, 1, 0, 1.00},  {112, 38, 4, 4, 0, 0.16},
        {133, 128, 6, 3, 1, 0.50}, {149, 70, 2, 2, 1, 0.30}, {166, 24, 5, 6, 0, 0.75}, {182, 110, 3, 5, 1, 0.20}};
    return all;
}

}  // namespace simulation

inline Scene simulate_scene() {
    using namespace simulation;
    Scene scene;
    scene.name = "Simulated scene";
    scene.origin = "made by the monitor itself, 12-bit counts";
    scene.description = "Soil, grass, water and concrete with twelve painted objects and a gap of lost pixels";
    scene.mask_origin = "known from the simulation";
    scene.lines = 200;
    scene.samples = 160;
    scene.bands = 60;
    scene.ignore_value = 0.0f;
    for (std::size_t band = 0; band < scene.bands; ++band)
        scene.wavelengths.push_back(400.0 + 10.0 * static_cast<double>(band));

    Random random(2024);
    std::vector<Surface> coarse, medium, fine;
    for (std::size_t material = 0; material < materials; ++material) {
        coarse.emplace_back(random, scene.lines, scene.samples, 43.0);
        medium.emplace_back(random, scene.lines, scene.samples, 17.3);
        fine.emplace_back(random, scene.lines, scene.samples, 4.1);
    }
    const Surface light(random, scene.lines, scene.samples, 70.0);

    std::vector<std::array<double, materials>> background;
    std::vector<std::array<double, 2>> paints;
    for (const double nm : scene.wavelengths) {
        background.push_back(background_reflectance(nm));
        paints.push_back(paint_reflectance(nm));
    }

    scene.values.reserve(scene.pixels() * scene.bands);
    for (std::size_t line = 0; line < scene.lines; ++line) {
        for (std::size_t sample = 0; sample < scene.samples; ++sample) {
            std::array<double, materials> share{};
            double total = 0.0;
            for (std::size_t material = 0; material < materials; ++material) {
                const double height = coarse[material].at(line, sample) + 0.35 * medium[material].at(line, sample) +
                                      0.10 * fine[material].at(line, sample);
                const double squared = height * height;
                share[material] = squared * squared + 1e-3;  // a high power: mostly one material, with mixed borders
                total += share[material];
            }
            const Object *object = nullptr;
            for (const Object &candidate : objects()) {
                if (candidate.holds(line, sample)) object = &candidate;
            }
            const double cover = object ? object->cover : 0.0;
            const double brightness = 3600.0 * (0.80 + 0.35 * light.at(line, sample));
            const bool lost = line >= 120 && line < 123 && sample >= 52 && sample < 100;
            for (std::size_t band = 0; band < scene.bands; ++band) {
                double reflectance = 0.0;
                for (std::size_t material = 0; material < materials; ++material) {
                    reflectance += share[material] / total * background[band][material];
                }
                if (object) reflectance += cover * (paints[band][object->paint] - reflectance);
                const double signal = brightness * reflectance;
                const double noise = (8.0 + 0.25 * std::sqrt(std::max(signal, 0.0))) * random.normal();
                const double counts = std::min(std::max(std::floor(signal + noise + 0.5), 1.0), 4095.0);
                scene.values.push_back(lost ? *scene.ignore_value : static_cast<float>(counts));
            }
            scene.mask.push_back(object ? 1 : 0);
        }
    }
    return scene;
}

}  // namespace monitor
