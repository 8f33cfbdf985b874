// Small pictures for the report: a PNG without compression, as a data URI that needs no file beside it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace monitor {

struct Colour {
    std::uint8_t red = 0, green = 0, blue = 0;
};

// The colour between two others; `part` is in [0, 1].
inline Colour blend(Colour from, Colour to, double part) {
    const auto channel = [part](std::uint8_t a, std::uint8_t b) {
        return static_cast<std::uint8_t>(a + part * (static_cast<double>(b) - a) + 0.5);
    };
    return {channel(from.red, to.red), channel(from.green, to.green), channel(from.blue, to.blue)};
}

inline std::string css(Colour colour) {
    const char *digits = "0123456789abcdef";
    std::string text = "#";
    for (const std::uint8_t channel : {colour.red, colour.green, colour.blue}) {
        text += digits[channel >> 4];
        text += digits[channel & 15];
    }
    return text;
}

// Ten stops of viridis: even steps in lightness, readable with every kind of colour vision and in grey.
inline const std::array<Colour, 10> &viridis_stops() {
    static const std::array<Colour, 10> stops = {{{68, 1, 84},
                                                  {72, 40, 120},
                                                  {62, 73, 137},
                                                  {49, 104, 142},
                                                  {38, 130, 142},
                                                  {31, 158, 137},
                                                  {53, 183, 121},
                                                  {110, 206, 88},
                                                  {181, 222, 43},
                                                  {253, 231, 37}}};
    return stops;
}

inline Colour viridis(double position) {
    const auto &stops = viridis_stops();
    const double place = std::min(std::max(position, 0.0), 1.0) * static_cast<double>(stops.size() - 1);
    const std::size_t below = std::min(static_cast<std::size_t>(place), stops.size() - 2);
    return blend(stops[below], stops[below + 1], place - static_cast<double>(below));
}

namespace png {

inline void append_word(std::string &bytes, std::uint32_t word) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(word >> shift & 255);
}

inline std::uint32_t checksum(const std::string &bytes) {
    std::uint32_t crc = 0xffffffffu;
    for (const char byte : bytes) {
        crc ^= static_cast<unsigned char>(byte);
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0u);
    }
    return ~crc;
}

inline void append_chunk(std::string &file, const std::string &name, const std::string &content) {
    append_word(file, static_cast<std::uint32_t>(content.size()));
    file += name + content;
    append_word(file, checksum(name + content));
}

// A zlib stream of stored blocks: no compression, and no code for it.
inline std::string stored(const std::string &bytes) {
    std::string stream = "\x78\x01";
    for (std::size_t start = 0; start < bytes.size(); start += 65535) {
        const std::size_t length = std::min<std::size_t>(bytes.size() - start, 65535);
        stream += start + length == bytes.size() ? '\1' : '\0';
        for (const std::size_t word : {length, ~length}) {
            stream += static_cast<char>(word & 255);
            stream += static_cast<char>(word >> 8 & 255);
        }
        stream.append(bytes, start, length);
    }
    std::uint32_t low = 1, high = 0;
    for (const char byte : bytes) {
        low = (low + static_cast<unsigned char>(byte)) % 65521;
        high = (high + low) % 65521;
    }
    append_word(stream, high << 16 | low);
    return stream;
}

inline std::string base64(const std::string &bytes) {
    const char *alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t start = 0; start < bytes.size(); start += 3) {
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            group = group << 8 | (start + i < bytes.size() ? static_cast<unsigned char>(bytes[start + i]) : 0u);
        }
        for (std::size_t i = 0; i < 4; ++i)
            text += start + i <= bytes.size() ? alphabet[group >> (18 - 6 * i) & 63] : '=';
    }
    return text;
}

}  // namespace png

// `pixels` holds width colours per row, from the top.
inline std::string png_data_uri(std::size_t width, const std::vector<Colour> &pixels) {
    std::string rows;
    for (std::size_t index = 0; index < pixels.size(); ++index) {
        if (index % width == 0) rows += '\0';  // the filter of the row: none
        rows += static_cast<char>(pixels[index].red);
        rows += static_cast<char>(pixels[index].green);
        rows += static_cast<char>(pixels[index].blue);
    }
    std::string header;
    png::append_word(header, static_cast<std::uint32_t>(width));
    png::append_word(header, static_cast<std::uint32_t>(pixels.size() / width));
    header += std::string("\x08\x02\0\0\0", 5);  // 8 bits, RGB

    std::string file = "\x89PNG\r\n\x1a\n";
    png::append_chunk(file, "IHDR", header);
    png::append_chunk(file, "IDAT", png::stored(rows));
    png::append_chunk(file, "IEND", "");
    return "data:image/png;base64," + png::base64(file);
}

}  // namespace monitor
