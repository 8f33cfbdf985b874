/* A test framework of one page. A program is a list of CHECKs and ends with `return finish("name");`,
 * which prints "name: N checks, M failed" and is the exit status. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyla.h"

static long check_count;
static long check_failures;

/* Long tables fail in many rows at once: the first ones say enough. */
enum { CHECK_SHOWN = 20 };

static inline bool check_report(bool passed, const char *file, int line, const char *text) {
    ++check_count;
    if (!passed && ++check_failures <= CHECK_SHOWN) fprintf(stderr, "%s:%d: failed: %s\n", file, line, text);
    return passed;
}

/* Of an error that is expected the number, whatever it is about. */
static inline bool check_status(hyla_status found, hyla_status expected, const char *file, int line, const char *text) {
    const hyla_status number = HYLA_FAILED(expected) ? HYLA_ERROR_OF(found) : found;
    const bool passed = check_report(number == expected, file, line, text);
    if (!passed && check_failures <= CHECK_SHOWN) {
        fprintf(stderr, "    status %d (%s), expected %d (%s)\n", (int)found, hyla_status_message(found), (int)expected,
                hyla_status_message(expected));
    }
    return passed;
}

/* True if the condition holds, so that a caller can say more about a failure. */
#define CHECK(condition) check_report((condition), __FILE__, __LINE__, #condition)
#define CHECK_STATUS(expected, call) check_status((call), (expected), __FILE__, __LINE__, #call)

static inline void note_failure(const char *what) {
    if (check_failures <= CHECK_SHOWN) fprintf(stderr, "    %s\n", what);
}

static inline int finish(const char *name) {
    printf("%s: %ld checks, %ld failed\n", name, check_count, check_failures);
    return check_failures == 0 && check_count > 0 ? 0 : 1;
}

enum { TIERS = 4 };

/* Pins a tier. One that is not there, because the machine or the build lacks it, is named as skipped;
 * it is a failure when the environment variable HYLA_REQUIRE_TIER names it. */
static inline bool pin_tier(const char *name, uint32_t tier) {
    const char *required = getenv("HYLA_REQUIRE_TIER");
    if (hyla_tier_pin(tier) == HYLA_OK) return CHECK(hyla_tier() == tier);
    if (required != NULL && strcmp(required, hyla_tier_name(tier)) == 0) {
        CHECK_STATUS(HYLA_OK, hyla_tier_pin(tier)); /* the one that HYLA_REQUIRE_TIER names */
    } else {
        printf("%s: skipped: tier %s, which is not there\n", name, hyla_tier_name(tier));
    }
    return false;
}

/* Pins the lowest tier that is there: what it says is what every tier must say. */
static inline void pin_lowest_tier(void) {
    uint32_t tier = 1;
    while (tier < TIERS && hyla_tier_pin(tier) != HYLA_OK) ++tier;
    CHECK(hyla_tier() == tier);
}

/* A frame of such floats and bytes: `n` pixels in so many rows, `pitch` items from a row to the next; 0: no gap. */
static inline hyla_pixels in_rows(const hyla_pixels *pixels, size_t rows, size_t n, size_t pitch) {
    hyla_pixels frame = *pixels;
    frame.n = n;
    frame.rows = rows;
    frame.scores = hyla_plane_rows(frame.scores, pitch * sizeof(float));
    frame.targets = hyla_mask_rows(frame.targets, pitch);
    frame.decisions = hyla_mask_rows(frame.decisions, pitch);
    frame.valid = hyla_mask_rows(frame.valid, pitch);
    return frame;
}

#endif
