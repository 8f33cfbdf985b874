/* Everything that hyla says of some pixels, in one struct: two runs that must agree bit by bit are two
 * of these structs that must be equal. */
#ifndef OUTCOME_H
#define OUTCOME_H

#include <stdint.h>

#include "check.h"

enum { LONGEST = 4096 };

/* Where the floats that hyla writes go: `n` each, at any address. */
struct outputs {
    float *map, *stored, *added, *at_once;
};

struct outcome {
    hyla_bce_totals bce, bce_at_once;
    hyla_sum_totals sum;
    hyla_range range;
    hyla_confusion_totals confusion;
    hyla_pixel_statistics_totals statistics;
    hyla_detection_totals detection;
    hyla_range_report range_report;
    hyla_confusion_report confusion_report;
    hyla_pixel_statistics_report statistics_report;
    double losses[3], losses_at_once[3], total, mean;
    hyla_status statuses[16];
    float map[LONGEST], stored[LONGEST], added[LONGEST], at_once[LONGEST];
};

/* A NaN is a NaN: its sign and payload are not promised. No float operation, because programs call
 * this in foreign floating-point environments. */
static inline void copy_floats(float *to, const float *from, size_t n) {
    for (size_t i = 0; i < n; ++i) {
        uint32_t bits;
        memcpy(&bits, &from[i], sizeof bits);
        if ((bits & 0x7fffffffu) > 0x7f800000u) bits = 0x7fc00000u;
        memcpy(&to[i], &bits, sizeof bits);
    }
}

static inline void plain_nan(double *values, size_t n) {
    for (size_t i = 0; i < n; ++i) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        if ((bits & INT64_MAX) > 0x7ff0000000000000u) bits = 0x7ff8000000000000u;
        memcpy(&values[i], &bits, sizeof bits);
    }
}

/* Adds pixels to all totals. */
static inline void update_all(const hyla_bce_params *params, const hyla_pixels *pixels, struct outcome *outcome) {
    hyla_pixels counted = *pixels;
    counted.weights = hyla_f32(NULL); /* only losses can use them */
    const hyla_detection_params lines = HYLA_DETECTION_PARAMS_DEFAULT;
    CHECK_STATUS(HYLA_OK, hyla_bce_update(params, pixels, &outcome->bce));
    CHECK_STATUS(HYLA_OK, hyla_sum_update(&counted, &outcome->sum));
    CHECK_STATUS(HYLA_OK, hyla_range_update(&counted, &outcome->range));
    CHECK_STATUS(HYLA_OK, hyla_confusion_update(&counted, &outcome->confusion));
    CHECK_STATUS(HYLA_OK, hyla_pixel_statistics_update(&counted, &outcome->statistics));
    CHECK_STATUS(HYLA_OK, hyla_detection_update(&lines, &counted, &outcome->detection, NULL, NULL, 0));
}

static inline void merge_all(const struct outcome *other, struct outcome *outcome) {
    CHECK_STATUS(HYLA_OK, hyla_bce_merge(&other->bce, &outcome->bce));
    CHECK_STATUS(HYLA_OK, hyla_sum_merge(&other->sum, &outcome->sum));
    CHECK_STATUS(HYLA_OK, hyla_range_merge(&other->range, &outcome->range));
    CHECK_STATUS(HYLA_OK, hyla_confusion_merge(&other->confusion, &outcome->confusion));
    CHECK_STATUS(HYLA_OK, hyla_pixel_statistics_merge(&other->statistics, &outcome->statistics));
    CHECK_STATUS(HYLA_OK, hyla_detection_merge(&other->detection, &outcome->detection));
}

/* What the totals say, and the floats of all pixels. */
static inline void conclude(hyla_bce_params params, const hyla_pixels *pixels, struct outputs to,
                            struct outcome *outcome) {
    hyla_status *status = outcome->statuses;
    static const uint32_t reductions[3] = {HYLA_REDUCTION_MEAN, HYLA_REDUCTION_SUM, HYLA_REDUCTION_WEIGHTED_MEAN};
    const size_t bytes = pixels->n * sizeof(float);
    *status++ = hyla_sum_value(&outcome->sum, &outcome->total);
    *status++ = hyla_sum_mean(&outcome->sum, &outcome->mean);
    *status++ = hyla_range_values(&outcome->range, &outcome->range_report);
    *status++ = hyla_confusion_values(&outcome->confusion, &outcome->confusion_report);
    *status++ = hyla_pixel_statistics_values(&outcome->statistics, &outcome->statistics_report);
    *status++ = hyla_bce_map(&params, pixels, to.map);
    for (int i = 0; i < 3; ++i) {
        params.reduction = reductions[i];
        *status++ = hyla_bce_loss(&params, &outcome->bce, &outcome->losses[i]);
        if (bytes > 0) memset(to.at_once, 0xff, bytes); /* NaN: stored over, never read */
        *status++ = hyla_bce_loss_and_gradient(&params, pixels, 0.7, HYLA_STORE, &outcome->bce_at_once,
                                               &outcome->losses_at_once[i], to.at_once);
    }
    if (bytes > 0) memset(to.stored, 0xff, bytes);
    *status++ = hyla_bce_gradient(&params, &outcome->bce, pixels, 0.7, HYLA_STORE, to.stored);
    if (bytes > 0) memcpy(to.added, pixels->scores.data, bytes);
    *status++ = hyla_bce_gradient(&params, &outcome->bce, pixels, -3.0, HYLA_ADD, to.added);
    for (hyla_status *one = outcome->statuses; one < status; ++one) CHECK(!HYLA_FAILED(*one));
    copy_floats(outcome->map, to.map, pixels->n);
    copy_floats(outcome->stored, to.stored, pixels->n);
    copy_floats(outcome->added, to.added, pixels->n);
    copy_floats(outcome->at_once, to.at_once, pixels->n);
    plain_nan(outcome->losses, 3);
    plain_nan(outcome->losses_at_once, 3);
    plain_nan(&outcome->total, 1);
    plain_nan(&outcome->mean, 1);
    plain_nan(&outcome->range_report.min, 1);
    plain_nan(&outcome->range_report.max, 1);
}

static inline void compute(hyla_bce_params params, const hyla_pixels *pixels, struct outputs to,
                           struct outcome *outcome) {
    memset(outcome, 0, sizeof *outcome);
    update_all(&params, pixels, outcome);
    conclude(params, pixels, to, outcome);
}

/* Names the part that differs, because "they differ" helps nobody. */
static inline bool same(const struct outcome *found, const struct outcome *expected) {
#define SAME(part) (CHECK(memcmp(&found->part, &expected->part, sizeof found->part) == 0))
    if (memcmp(found, expected, sizeof *found) == 0) return CHECK(true);
    SAME(bce), SAME(bce_at_once), SAME(sum), SAME(range), SAME(confusion), SAME(statistics), SAME(detection);
    SAME(range_report), SAME(confusion_report), SAME(statistics_report), SAME(losses), SAME(losses_at_once);
    SAME(total), SAME(mean), SAME(statuses), SAME(map), SAME(stored), SAME(added), SAME(at_once);
#undef SAME
    return false;
}

/* Pixels of every kind. Small numbers of a generator that is the same everywhere. */
struct data {
    float scores[LONGEST], weights[LONGEST];
    uint8_t targets[LONGEST], decisions[LONGEST], valid[LONGEST];
};

enum kind { ORDINARY, WIDE, HOSTILE, KINDS };

static inline uint32_t next_random(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

static inline void make_data(enum kind kind, uint64_t seed, struct data *data) {
    static const uint32_t special[] = {0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007fffff,
                                       0x00800000, 0x80800000, 0x7f7fffff, 0xff7fffff, 0x7f800000,
                                       0xff800000, 0x7fc00000, 0xffc00001, 0x7f800001, 0x42ae0000,
                                       0xc2ae0000, 0x42d00000, 0xc2d00000, 0x41880000, 0xc1880000};
    uint64_t state = seed;
    for (int i = 0; i < LONGEST; ++i) {
        const float unit = (float)next_random(&state) / 1073741824.0f - 1.0f;
        uint32_t bits;
        data->scores[i] = unit * (kind == ORDINARY ? 6.0f : 120.0f);
        data->weights[i] = (float)(next_random(&state) % 9) * 0.375f;
        data->targets[i] = next_random(&state) % 3 == 0 ? (uint8_t)(1 + next_random(&state) % 255) : 0;
        data->decisions[i] = next_random(&state) % 3 == 0 ? (uint8_t)(1 + next_random(&state) % 255) : 0;
        data->valid[i] = next_random(&state) % 4 != 0 ? (uint8_t)(1 + next_random(&state) % 255) : 0;
        if (kind != HOSTILE) continue;
        bits = next_random(&state) % 4 == 0 ? special[next_random(&state) % (sizeof special / sizeof *special)]
                                            : next_random(&state) << 1 ^ next_random(&state) >> 7;
        memcpy(&data->scores[i], &bits, sizeof bits);
        if (next_random(&state) % 8 != 0) continue;
        bits = special[next_random(&state) % (sizeof special / sizeof *special)];
        memcpy(&data->weights[i], &bits, sizeof bits);
    }
}

/* Pixels of the data from `start` on; bit 0 of `options` gives them a mask, bit 1 weights. */
static inline hyla_pixels part(const struct data *data, size_t start, size_t n, unsigned options) {
    return (hyla_pixels){.scores = hyla_f32(data->scores + start),
                         .targets = hyla_mask_u8(data->targets + start),
                         .decisions = hyla_mask_u8(data->decisions + start),
                         .valid = hyla_mask_u8(options & 1 ? data->valid + start : NULL),
                         .weights = hyla_f32(options & 2 ? data->weights + start : NULL),
                         .n = n};
}

enum { OPTIONS = 4 };

static inline hyla_bce_params some_params(unsigned which) {
    hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    if (which % 2 == 1) {
        params.weight = -0.3f;
        params.pos_weight = 17.5f;
    }
    return params;
}

#endif
