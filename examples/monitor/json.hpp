// values.json: the final values for programs. It holds nothing that changes from run to run.
#pragma once

#include <cmath>
#include <cstdio>
#include <string>

#include "record.hpp"
#include "scene.hpp"

namespace monitor {

namespace json {

inline std::string string(const std::string &text) {
    std::string result = "\"";
    for (const char letter : text) {
        char code[8];
        if (letter == '"' || letter == '\\') {
            result += '\\';
            result += letter;
        } else if (static_cast<unsigned char>(letter) < 0x20) {
            std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(letter));
            result += code;
        } else {
            result += letter;
        }
    }
    return result + '"';
}

// All digits of the double. JSON has no NaN and no infinity: NaN becomes null, infinity a string.
inline std::string number(double value) {
    if (std::isnan(value)) return "null";
    if (std::isinf(value)) return value > 0.0 ? "\"Infinity\"" : "\"-Infinity\"";
    char text[32];
    std::snprintf(text, sizeof text, "%.17g", value);
    return text;
}

}  // namespace json

inline std::string values_json(const Scene &scene, const Record &record) {
    std::string out =
        "{\n  \"scene\": " + json::string(scene.name) + ",\n  \"lines\": " + std::to_string(scene.lines) +
        ",\n  \"samples\": " + std::to_string(scene.samples) + ",\n  \"bands\": " + std::to_string(scene.bands) +
        ",\n  \"labelled\": " + (scene.labelled() ? "true" : "false") +
        ",\n  \"threshold\": " + json::number(record.threshold) + ",\n  \"scale\": " + json::number(record.scale) +
        ",\n  \"ridge\": " + json::number(record.ridge) + ",\n  \"hyla\": " + json::string(library_version()) +
        ",\n  \"values\": [";
    const char *separator = "\n";
    for (const Value &value : record.values) {
        out += separator + std::string("    {\"name\": ") + json::string(value.name) +
               ", \"value\": " + json::number(value.number) + ", \"status\": " + std::to_string(value.status) +
               ", \"notice\": " + json::string(value.notice) + "}";
        separator = ",\n";
    }
    return out + "\n  ]\n}\n";
}

}  // namespace monitor
