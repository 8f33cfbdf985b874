// Rows of a table: one thing by hyla, by a plain loop and by Eigen.
#ifndef HYLA_PEERS_ROWS_HPP
#define HYLA_PEERS_ROWS_HPP

#include "timing.hpp"

#include <cmath>

// One thing done three ways; a way that does not exist is empty. Each leaves its value behind.
struct Ways {
    std::string name;
    double items; // what the times are given per
    std::function<double()> hyla, loop, eigen;
    double tolerance = 1e-4;
};

inline void row(const Ways &ways) {
    const double value = ways.hyla();
    std::vector<timing::Side> sides{[&] { ways.hyla(); }};
    for (const auto *other : {&ways.loop, &ways.eigen}) {
        if (!*other) continue;
        const double theirs = (*other)();
        timing::require(std::isinf(ways.tolerance) ||
                            std::fabs(value - theirs) <= ways.tolerance * std::fabs(theirs) + 1e-6,
                        ways.name + ": " + std::to_string(value) + " is not " + std::to_string(theirs));
        sides.push_back([other] { (*other)(); });
    }
    const std::vector<double> best = timing::alternate(sides);
    const auto column = [&](const std::function<double()> &way, std::size_t &next) {
        if (!way) return std::printf(" %9s", "-");
        return std::printf(" %9.3f", best[next++] / ways.items * 1e9);
    };
    std::printf("%-44s", ways.name.c_str());
    std::size_t next = 0;
    column(ways.hyla, next);
    column(ways.loop, next);
    column(ways.eigen, next);
    const double better = sides.size() > 1 ? *std::min_element(best.begin() + 1, best.end()) : 0.0;
    std::printf("   %6.2f\n", better / best[0]);
}

inline void heading(const std::string &text, const char *unit) {
    std::printf("\n%s (%s)\n%-44s %9s %9s %9s   %6s\n", text.c_str(), unit, "", "hyla", "C loop", "Eigen", "ratio");
}

#endif
