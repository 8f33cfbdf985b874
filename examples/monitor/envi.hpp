// A scene from an ENVI image, and its mask from another one; envi.h says what is read.
// Every mistake in a file becomes an std::runtime_error that names the file.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "../envi.h"
#include "scene.hpp"

namespace monitor {

namespace envi_text {

// What is no UTF-8 becomes the replacement character: the text goes into a page.
inline std::string valid(const std::string &text) {
    std::string result;
    for (std::size_t i = 0; i < text.size();) {
        const auto at = [&](std::size_t index) {
            return index < text.size() ? static_cast<unsigned char>(text[index]) : 0u;
        };
        const unsigned first = at(i), second = at(i + 1);
        const bool in_range = (first != 0xe0 || second >= 0xa0) && (first != 0xed || second < 0xa0) &&
                              (first != 0xf0 || second >= 0x90) && (first != 0xf4 || second < 0x90);
        const std::size_t length = first < 0x80                    ? 1
                                   : first >= 0xc2 && first < 0xe0 ? 2
                                   : first >= 0xe0 && first < 0xf0 ? 3
                                   : first >= 0xf0 && first < 0xf5 ? 4
                                                                   : 0;
        bool is_valid = length > 0 && in_range;
        for (std::size_t next = 1; next < length; ++next) is_valid = is_valid && (at(i + next) & 0xc0) == 0x80;
        result += is_valid ? text.substr(i, length) : "\xef\xbf\xbd";
        i += is_valid ? length : 1;
    }
    return result;
}

inline std::string field(const struct envi &image, const char *key) {
    const struct envi_field found = envi_get(&image, key);
    std::string text(found.text ? found.text : "", found.length);
    if (text.size() < 2 || text.front() != '{') return valid(text);
    const struct envi_field inner = envi_trim(text.data() + 1, text.size() - 2);
    return valid(std::string(inner.text, inner.length));
}

// The numbers of a list, or none if it cannot be read as one of as many.
inline std::vector<double> list(const struct envi &image, const char *key, std::size_t count) {
    std::vector<double> numbers(count);
    const struct envi_field found = envi_get(&image, key);
    if (!found.text) return {};
    if (envi_list(found, numbers.data(), static_cast<long>(count)) == static_cast<long>(count)) return numbers;
    std::fprintf(stderr, "%s: '%s' is no list of %zu numbers and was dropped\n", image.raw_path, key, count);
    return {};
}

}  // namespace envi_text

// Of the bands that are not bad, in nanometres.
inline std::vector<double> wavelengths_in_nanometres(const struct envi &image) {
    const std::vector<double> all = envi_text::list(image, "wavelength", image.all_bands);
    std::vector<double> wavelengths;
    for (std::size_t band = 0; !all.empty() && band < image.bands; ++band) wavelengths.push_back(all[image.good[band]]);
    if (wavelengths.empty()) return {};
    std::string units = envi_text::field(image, "wavelength units");
    for (char &letter : units) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    // Headers without units are common; no hyperspectral camera works below 100 nm or above 100 um.
    const bool micrometres =
        units.rfind("micro", 0) == 0 || (units.rfind("nano", 0) != 0 && wavelengths.back() < 100.0);
    if (micrometres) {
        for (double &wavelength : wavelengths) wavelength *= 1000.0;
    }
    return wavelengths;
}

// Three bands among those that are not bad, counted from 0; none if one of them is not there.
inline std::vector<std::size_t> default_bands(const struct envi &image) {
    std::vector<std::size_t> chosen;
    for (const double wanted : envi_text::list(image, "default bands", 3)) {
        for (std::size_t band = 0; band < image.bands; ++band) {
            if (static_cast<double>(image.good[band] + 1) == std::floor(wanted)) chosen.push_back(band);
        }
    }
    return chosen.size() == 3 ? chosen : std::vector<std::size_t>{};
}

inline Scene read_envi(const std::filesystem::path &path) {
    struct Closed {
        struct envi image;
        ~Closed() { envi_close(&image); }
    } closed;
    struct envi &image = closed.image;
    if (!envi_open(&image, path.string().c_str())) throw std::runtime_error(image.error);
    std::fputs(image.notes, stderr);
    Scene scene;
    scene.name = envi_text::valid(path.stem().string());
    static const char *const types[16] = {"",  "uint8", "int16", "int32", "float32", "float64", "",      "",
                                          "",  "",      "",      "",      "uint16",  "uint32",  "int64", "uint64"};
    scene.origin = envi_text::valid(std::filesystem::path(image.raw_path).filename().string()) + ", " +
                   types[image.type] + ", " +
                   (image.interleave == 'p' ? "bip" : image.interleave == 'l' ? "bil" : "bsq");
    scene.description = envi_text::field(image, "description");
    scene.lines = image.lines;
    scene.samples = image.samples;
    scene.bands = image.bands;
    scene.wavelengths = wavelengths_in_nanometres(image);
    scene.default_bands = default_bands(image);
    if (image.has_ignored) scene.ignore_value = static_cast<float>(image.ignored);
    scene.values.resize(scene.pixels() * scene.bands);
    scene.counts.assign(scene.pixels(), 1);
    for (std::size_t line = 0; line < scene.lines; ++line) {
        float *values = scene.values.data() + line * scene.samples * scene.bands;
        if (!envi_read_line(&image, line, values, scene.counts.data() + line * scene.samples))
            throw std::runtime_error(image.error);
    }
    return scene;
}

// A mask is a scene of one band: every value other than zero is an anomaly. Pixels that it ignores do not count.
inline void read_mask(const std::filesystem::path &path, Scene &scene) {
    const Scene mask = read_envi(path);
    if (mask.lines != scene.lines || mask.samples != scene.samples || mask.bands != 1) {
        const auto shape = [](const Scene &of) {
            return std::to_string(of.lines) + " lines x " + std::to_string(of.samples) + " samples";
        };
        throw std::runtime_error(path.string() + ": the mask has " + shape(mask) + " and " +
                                 std::to_string(mask.bands) + " band(s), the scene " + scene.name + " needs " +
                                 shape(scene) + " and 1 band");
    }
    scene.mask.reserve(mask.values.size());
    for (std::size_t pixel = 0; pixel < mask.values.size(); ++pixel) {
        const float value = mask.values[pixel];
        if (mask.counts[pixel] != 0 && !std::isfinite(value))
            throw std::runtime_error(path.string() + ": the mask holds a value that is not finite");
        if (mask.counts[pixel] == 0) scene.counts[pixel] = 0;
        scene.mask.push_back(value != 0.0f ? 1 : 0);
    }
    scene.mask_origin = mask.origin;
}

// The scene with the mask `<stem>_gt.hdr` beside it, or with the mask that was asked for.
inline Scene read_scene(const std::filesystem::path &path, const std::filesystem::path &mask) {
    Scene scene = read_envi(path);
    std::filesystem::path beside = path;
    beside.replace_filename(path.stem().string() + "_gt.hdr");
    std::error_code error;
    if (!mask.empty()) {
        read_mask(mask, scene);
    } else if (std::filesystem::exists(beside, error)) {
        read_mask(beside, scene);
    }
    return scene;
}

}  // namespace monitor
