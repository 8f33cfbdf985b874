/* What nodes say of one set of buffers, as hashes: two runs that must agree bit by bit are two lists of hashes that
 * must be equal. No float operation, because programs call this in foreign floating-point environments. */
#ifndef HASHES_H
#define HASHES_H

#include "outcome.h"

enum { CHANNELS = 3, ROWS = 5, MOST_HASHES = 1024 };

/* What the losses read and write: `n` items each, `CHANNELS` times as many where it says so. */
struct buffers {
    size_t n;
    const float *scores, *soft_targets, *weights;
    const float *values, *other;  /* times CHANNELS, pixel by pixel */
    const float *center;          /* CHANNELS floats */
    const uint8_t *targets, *valid;
    const int32_t *labels;
    float *written;     /* times CHANNELS */
    double *workspace;  /* workspace_doubles() */
};

/* The pixels from `start` to `end`; bit 0 of `options` gives a mask, bit 1 weights. */
static inline hyla_pixels pixels_between(const struct buffers *on, unsigned options, size_t start, size_t end) {
    return (hyla_pixels){.scores = hyla_f32(on->scores + start),
                         .targets = hyla_mask_u8(on->targets + start),
                         .valid = hyla_mask_u8(options & 1 ? on->valid + start : NULL),
                         .weights = hyla_f32(options & 2 ? on->weights + start : NULL),
                         .n = end - start};
}

/* Such pixels as a cube of CHANNELS values each. */
static inline hyla_cube cube_between(const struct buffers *on, unsigned options, size_t start, size_t end) {
    return (hyla_cube){.values = hyla_bip(hyla_f32(on->values + CHANNELS * start), CHANNELS),
                       .n = end - start,
                       .channels = CHANNELS,
                       .targets = hyla_mask_u8(on->targets + start),
                       .labels = hyla_i32(on->labels + start),
                       .valid = hyla_mask_u8(options & 1 ? on->valid + start : NULL),
                       .weights = hyla_f32(options & 2 ? on->weights + start : NULL)};
}

struct hashes {
    size_t count;
    const char *names[MOST_HASHES];
    uint64_t hashes[MOST_HASHES];
};

/* Items of `size` bytes each, from the lowest byte to the highest wherever the machine has them (FNV-1a). */
static inline void take_items(struct hashes *to, const char *name, const void *items, size_t bytes, size_t size) {
    static const uint16_t one = 1;
    const size_t mirror = *(const unsigned char *)&one == 1 ? 0 : size - 1;
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < bytes; ++i) hash = (hash ^ ((const unsigned char *)items)[i ^ mirror]) * 0x100000001b3u;
    if (!CHECK(to->count < MOST_HASHES)) return;
    to->names[to->count] = name;
    to->hashes[to->count++] = hash;
}

/* Totals, words and reports: integers and doubles of 64 bits. */
static inline void take(struct hashes *to, const char *name, const void *words, size_t bytes) {
    take_items(to, name, words, bytes, 8);
}

static inline void take_status(struct hashes *to, const char *name, hyla_status status) {
    CHECK_STATUS(status < 0 ? 0 : status, status);
    take_items(to, name, &status, sizeof status, 4);
}

static inline void take_value(struct hashes *to, const char *name, double value) {
    plain_nan(&value, 1);
    take(to, name, &value, sizeof value);
}

static inline void take_floats(struct hashes *to, const char *name, float *floats, size_t n) {
    if (n == 0) return;
    copy_floats(floats, floats, n);
    take_items(to, name, floats, n * sizeof *floats, 4);
}

/* What an output holds before it is stored: all bits set is a NaN. (uninitialised.c has something else.) */
#ifndef FORGET
#define FORGET(memory, bytes) memset(memory, 0xff, bytes)
#endif

static inline float *clean(const struct buffers *on, size_t n) {
    if (n > 0) FORGET(on->written, n * sizeof(float));
    return on->written;
}

/* The first bytes of the workspace, so many. */
static inline double *workspace(const struct buffers *on, size_t bytes) {
    if (bytes > 0) FORGET(on->workspace, bytes);
    return on->workspace;
}

/* A gradient is added to zeros, which are the same in every environment. */
static inline float *zeros(const struct buffers *on, size_t n) {
    if (n > 0) memset(on->written, 0, n * sizeof(float));
    return on->written;
}

/* Whether two runs said the same; names what differs. */
static inline bool same_hashes(const struct hashes *found, const struct hashes *expected) {
    bool same = CHECK(found->count == expected->count && found->count > 0);
    for (size_t i = 0; same && i < found->count; ++i) {
        same = CHECK(found->hashes[i] == expected->hashes[i]);
        if (!same) note_failure(found->names[i]);
    }
    return same;
}

#endif
