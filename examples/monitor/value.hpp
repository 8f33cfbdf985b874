// The one way in which the monitor calls hyla, and a value that it reports.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include "hyla.hpp"

namespace monitor {

// Only a mistake in the arguments is an error, so this is a bug in the monitor, not in the data.
inline void check(hyla::status status) {
    if (status.failed()) throw std::runtime_error(std::string("hyla: ") + status.subject() + ": " + status.message());
}

template <class T>
T checked(const hyla::result<T> &result) {
    check(result.status);
    return result.value;
}

// A status above 0 is a notice: the number stands, and `notice` says what is special about it.
struct Value {
    std::string name;
    double number;
    hyla_status status;
    std::string notice;
};

inline Value value(const std::string &name, double number, hyla::status status) {
    check(status);
    return {name, number, status.code(), status.code() != HYLA_OK ? status.message() : ""};
}

inline Value value(const std::string &name, const hyla::result<double> &result) {
    return value(name, result.value, result.status);
}

// Puts the values that a node has under its own names: `metrics_of(hyla::view<hyla::metric>)` writes them.
template <class Metrics>
void put_metrics(std::vector<Value> &all, Metrics metrics_of) {
    hyla::metric metrics[16];
    const std::size_t count = checked(metrics_of(hyla::view<hyla::metric>(metrics)));
    for (std::size_t i = 0; i < count; ++i) all.push_back(value(metrics[i].name, metrics[i].value, metrics[i].status));
}

}  // namespace monitor
