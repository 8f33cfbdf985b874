// What a run leaves behind for the terminal, the report and values.json.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metrics.hpp"
#include "rx.hpp"
#include "scene.hpp"

namespace monitor {

struct Record {
    std::vector<float> scores;  // one per pixel, as are the next two; NaN where the pixel is not usable
    std::vector<std::uint8_t> decisions;
    std::vector<PixelState> states;
    std::vector<Running> history;  // one per line
    std::vector<Value> values;
    std::vector<hyla::ranking::point> curve;  // of a labelled scene, from the highest threshold down
    double threshold = 0.0;
    double scale = 1.0;
    double ridge = 0.0;
    double stream_seconds = 0.0;
    double hyla_seconds = 0.0;  // the part of stream_seconds that hyla took

    double lines_per_second() const {
        return stream_seconds > 0.0 ? static_cast<double>(history.size()) / stream_seconds : 0.0;
    }
};

}  // namespace monitor
