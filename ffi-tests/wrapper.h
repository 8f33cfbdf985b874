// What the tests of the C++ classes share: a few pixels, and how a class is compared with the struct of C.
#ifndef WRAPPER_H
#define WRAPPER_H

#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "check.h"
#include "hyla.hpp"

namespace {

constexpr std::size_t n = 6;
const std::array<float, n> scores = {0.5f, -1.0f, 3.0f, NAN, -0.25f, 2.0f};
const std::array<float, n> weights = {1.0f, 0.5f, 2.0f, 1.0f, 1.0f, -1.0f};
const std::array<std::uint8_t, n> targets = {1, 0, 1, 0, 1, 0};
const std::array<std::uint8_t, n> decisions = {1, 0, 1, 1, 0, 1};
const std::array<std::uint8_t, n> valid = {1, 1, 1, 0, 1, 1};
constexpr hyla::context context(hyla::stage::val, 1, 2);

hyla::pixels all() {
    return hyla::pixels(n)
        .with_scores(scores.data())
        .with_targets(targets.data())
        .with_decisions(decisions.data())
        .with_valid(valid.data())
        .with_weights(weights.data());
}

// The same without weights, which only losses can use.
hyla::pixels counted() { return all().with_weights(nullptr); }

template <class Class, class Struct>
bool equal(const Class &found, const Struct &expected) {
    static_assert(sizeof found == sizeof expected);
    return std::memcmp(&found, &expected, sizeof found) == 0;
}

}  // namespace

#endif
