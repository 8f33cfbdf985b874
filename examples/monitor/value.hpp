// The one way in which the monitor calls hyla, and a value that it reports.
#pragma once

#include <stdexcept>
#include <string>

#include "hyla.h"

namespace monitor {

// Only a mistake in the arguments is an error, so this is a bug in the monitor, not in the data.
inline hyla_status check(hyla_status status) {
    if (!HYLA_FAILED(status)) return status;
    throw std::runtime_error(std::string("hyla: ") + hyla_status_subject(status) + ": " + hyla_status_message(status));
}

// A status above 0 is a notice: the number stands, and `notice` says what is special about it.
struct Value {
    std::string name;
    double number;
    hyla_status status;
    std::string notice;
};

inline Value value(const std::string &name, double number, hyla_status status) {
    return {name, number, status, status > 0 ? hyla_status_message(status) : ""};
}

}  // namespace monitor
