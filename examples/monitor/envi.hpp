// Reads an ENVI pair: a text header (.hdr) and a raw file beside it.
// Every mistake in a file becomes an std::runtime_error that names the file and the numbers.
#pragma once

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "scene.hpp"

namespace monitor {

namespace envi {

inline std::string trimmed(const std::string &text) {
    const char *blanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string::npos) return "";
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

inline std::string lower(std::string text) {
    for (char &letter : text) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    return text;
}

inline double number(const std::string &text, const std::string &where) {
    char *end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0') throw std::runtime_error(where + " is '" + text + "', which is not a number");
    return value;
}

// The header as a map from lower-case key to value; the braces of a list are taken off.
class Header {
  public:
    explicit Header(const std::filesystem::path &path) : name_(path.string()) {
        std::error_code error;
        if (!std::filesystem::is_regular_file(path, error)) throw std::runtime_error(name_ + ": no such file");
        std::ifstream file(path, std::ios::binary);
        std::string line;
        if (!std::getline(file, line)) throw std::runtime_error(name_ + ": the file is empty or cannot be read");
        if (lower(trimmed(line)) != "envi") {
            throw std::runtime_error(name_ + ": not an ENVI header, its first line is not 'ENVI'");
        }
        while (std::getline(file, line)) {
            const std::size_t equals = line.find('=');
            if (trimmed(line).substr(0, 1) == ";" || equals == std::string::npos) continue;
            const std::string key = lower(trimmed(line.substr(0, equals)));
            std::string value = trimmed(line.substr(equals + 1));
            if (value.substr(0, 1) == "{") {
                while (value.find('}') == std::string::npos) {
                    if (!std::getline(file, line))
                        throw std::runtime_error(name_ + ": '" + key + "' has no closing '}'");
                    value += '\n' + line;
                }
                value = trimmed(value.substr(1, value.find('}') - 1));
            }
            entries_[key] = value;
        }
    }

    // Empty if the header does not have it.
    std::string text(const std::string &key) const {
        const auto found = entries_.find(key);
        return found == entries_.end() ? "" : found->second;
    }

    std::uint64_t count(const std::string &key) const {
        const std::string value = text(key);
        if (value.empty()) throw std::runtime_error(name_ + ": the header has no '" + key + "'");
        return count(key, value);
    }

    std::uint64_t count(const std::string &key, std::uint64_t otherwise) const {
        const std::string value = text(key);
        return value.empty() ? otherwise : count(key, value);
    }

    std::vector<double> list(const std::string &key) const {
        std::vector<double> numbers;
        const std::string all = text(key);
        for (std::size_t start = 0; start < all.size();) {
            const std::size_t comma = std::min(all.find(',', start), all.size());
            const std::string item = trimmed(all.substr(start, comma - start));
            if (!item.empty()) numbers.push_back(number(item, name_ + ": an entry of '" + key + "'"));
            start = comma + 1;
        }
        return numbers;
    }

    const std::string &name() const { return name_; }

  private:
    std::uint64_t count(const std::string &key, const std::string &value) const {
        errno = 0;
        const bool digits = value.find_first_not_of("0123456789") == std::string::npos;
        const std::uint64_t result = digits ? std::strtoull(value.c_str(), nullptr, 10) : 0;
        if (!digits || errno == ERANGE) {
            throw std::runtime_error(name_ + ": '" + key + "' is '" + value + "', which is not a count");
        }
        return result;
    }

    std::string name_;
    std::map<std::string, std::string> entries_;
};

struct DataType {
    std::uint64_t code;
    const char *name;
    std::size_t bytes;
};

inline DataType data_type(const Header &header) {
    for (const DataType &type : {DataType{1, "uint8", 1}, DataType{2, "int16", 2}, DataType{4, "float32", 4},
                                 DataType{12, "uint16", 2}}) {
        if (header.count("data type") == type.code) return type;
    }
    throw std::runtime_error(header.name() + ": data type " + header.text("data type") +
                             " is not supported (1 uint8, 2 int16, 4 float32 and 12 uint16 are)");
}

// The bytes are put together by shifts, so that the byte order of this machine plays no part.
inline float decode(const unsigned char *bytes, const DataType &type, bool big_endian) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < type.bytes; ++i) bits = bits << 8 | bytes[big_endian ? i : type.bytes - 1 - i];
    if (type.code == 2)
        return static_cast<float>(bits < 0x8000 ? static_cast<int>(bits) : static_cast<int>(bits) - 0x10000);
    if (type.code != 4) return static_cast<float>(bits);
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

inline std::filesystem::path raw_file_of(const std::filesystem::path &header) {
    std::error_code error;
    for (const char *extension : {".img", ".dat", ".raw", ".bin", ""}) {
        std::filesystem::path candidate = header;
        candidate.replace_extension(extension);
        if (candidate != header && std::filesystem::is_regular_file(candidate, error)) return candidate;
    }
    throw std::runtime_error(header.string() + ": no raw file beside it (.img, .dat, .raw, .bin or no extension)");
}

inline std::uint64_t product(const Header &header, std::initializer_list<std::uint64_t> factors) {
    std::uint64_t result = 1;
    for (const std::uint64_t factor : factors) {
        if (factor != 0 && result > INT64_MAX / factor) {
            throw std::runtime_error(header.name() + ": " + header.text("lines") + " lines x " +
                                     header.text("samples") + " samples x " + header.text("bands") +
                                     " bands cannot be the size of a file");
        }
        result *= factor;
    }
    return result;
}

inline std::vector<double> wavelengths_in_nanometres(const Header &header, std::size_t bands) {
    std::vector<double> wavelengths = header.list("wavelength");
    if (wavelengths.size() != bands) return {};
    const std::string units = lower(header.text("wavelength units"));
    // Headers without units are common; no hyperspectral camera works below 100 nm or above 100 um.
    const bool micrometres =
        units.rfind("micro", 0) == 0 || (units.rfind("nano", 0) != 0 && wavelengths.back() < 100.0);
    if (micrometres) {
        for (double &wavelength : wavelengths) wavelength *= 1000.0;
    }
    return wavelengths;
}

inline std::vector<std::size_t> default_bands(const Header &header, std::size_t bands) {
    std::vector<std::size_t> chosen;
    for (const double band : header.list("default bands")) {
        if (!(band >= 1.0 && band <= static_cast<double>(bands))) return {};
        chosen.push_back(static_cast<std::size_t>(band) - 1);
    }
    return chosen.size() == 3 ? chosen : std::vector<std::size_t>{};
}

}  // namespace envi

inline Scene read_envi(const std::filesystem::path &path) {
    const envi::Header header(path);
    const std::uint64_t lines = header.count("lines");
    const std::uint64_t samples = header.count("samples");
    const std::uint64_t bands = header.count("bands");
    const std::uint64_t offset = header.count("header offset", 0);
    const std::uint64_t byte_order = header.count("byte order", 0);
    const envi::DataType type = envi::data_type(header);
    const std::string interleave = envi::lower(header.text("interleave"));
    if (lines == 0 || samples == 0 || bands == 0) {
        throw std::runtime_error(header.name() + ": " + std::to_string(lines) + " lines x " + std::to_string(samples) +
                                 " samples x " + std::to_string(bands) + " bands is an empty scene");
    }
    if (byte_order > 1)
        throw std::runtime_error(header.name() + ": byte order " + std::to_string(byte_order) + " is neither 0 nor 1");
    if (interleave != "bip" && interleave != "bil" && interleave != "bsq") {
        throw std::runtime_error(header.name() + ": interleave '" + interleave +
                                 "' is not supported (bip, bil and bsq are)");
    }

    // The size is compared before anything is allocated: a wrong header must not ask for all memory.
    const std::filesystem::path raw_path = envi::raw_file_of(path);
    const std::uint64_t data_bytes = envi::product(header, {lines, samples, bands, type.bytes});
    std::error_code error;
    const std::uint64_t found = std::filesystem::file_size(raw_path, error);
    if (error || found < offset || found - offset != data_bytes) {
        throw std::runtime_error(
            raw_path.string() + ": the file has " + (error ? "an unknown number of" : std::to_string(found)) +
            " bytes, the header asks for " + std::to_string(data_bytes) + " (" + std::to_string(lines) + " lines x " +
            std::to_string(samples) + " samples x " + std::to_string(bands) + " bands of " + type.name +
            ") after an offset of " + std::to_string(offset));
    }
    std::vector<unsigned char> raw(static_cast<std::size_t>(data_bytes));
    std::ifstream file(raw_path, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    if (!file.read(reinterpret_cast<char *>(raw.data()), static_cast<std::streamsize>(raw.size()))) {
        throw std::runtime_error(raw_path.string() + ": cannot be read");
    }

    Scene scene;
    scene.name = path.stem().string();
    scene.origin = raw_path.filename().string() + ", " + type.name + ", " + interleave;
    scene.description = header.text("description");
    scene.lines = static_cast<std::size_t>(lines);
    scene.samples = static_cast<std::size_t>(samples);
    scene.bands = static_cast<std::size_t>(bands);
    scene.wavelengths = envi::wavelengths_in_nanometres(header, scene.bands);
    scene.default_bands = envi::default_bands(header, scene.bands);
    if (!header.text("data ignore value").empty()) {
        scene.ignore_value =
            static_cast<float>(envi::number(header.text("data ignore value"), header.name() + ": 'data ignore value'"));
    }

    std::size_t line_step = scene.samples * scene.bands, sample_step = scene.bands, band_step = 1;  // bip
    if (interleave == "bil") sample_step = 1, band_step = scene.samples;
    if (interleave == "bsq") line_step = scene.samples, sample_step = 1, band_step = scene.lines * scene.samples;
    scene.values.reserve(scene.pixels() * scene.bands);
    for (std::size_t line = 0; line < scene.lines; ++line) {
        for (std::size_t sample = 0; sample < scene.samples; ++sample) {
            for (std::size_t band = 0; band < scene.bands; ++band) {
                const std::size_t index = line * line_step + sample * sample_step + band * band_step;
                scene.values.push_back(envi::decode(raw.data() + index * type.bytes, type, byte_order == 1));
            }
        }
    }
    return scene;
}

// A mask is a scene of one band: every value other than zero is an anomaly.
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
    for (const float value : mask.values) {
        if (!std::isfinite(value))
            throw std::runtime_error(path.string() + ": the mask holds a value that is not finite");
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
