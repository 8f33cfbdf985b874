/* A function of each kind that takes pixels, with all its outputs in one place, and arrays of pixels of every type with
 * the floats and bytes that they say. The conversions here share nothing with those of the library. */
#ifndef PLANES_H
#define PLANES_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "check.h"

enum { THRESHOLDS = 5, MOST_PIXELS = 9003, MOST_FLOATS = 12000, WORKSPACE = 1 << 17 };

/* The inputs of a function: numbers, then truth values. */
enum input { SCORES, WEIGHTS, SOFT_TARGETS, TARGETS, DECISIONS, VALID, INPUTS, FIRST_MASK = TARGETS };
#define BIT(input) (1u << (input))

static inline hyla_plane *plane_of(hyla_pixels *pixels, int input) {
    hyla_plane *const planes[] = {&pixels->scores, &pixels->weights, &pixels->soft_targets};
    return planes[input];
}

static inline hyla_mask *mask_of(hyla_pixels *pixels, int input) {
    hyla_mask *const masks[] = {&pixels->targets, &pixels->decisions, &pixels->valid};
    return masks[input - FIRST_MASK];
}

struct outputs {
    hyla_sum_totals sum;
    hyla_bce_totals bce;
    double loss;
    hyla_confusion_totals confusion;
    hyla_detection_totals detection;
    int64_t words[2 * THRESHOLDS + 8];
    hyla_ranking_exact_report report;
    float floats[MOST_FLOATS];
};

static uint32_t workspace[WORKSPACE], table[4 * THRESHOLDS];
static hyla_binning binning;
static uint32_t way = HYLA_STORE;

static inline hyla_status call_sum(const hyla_pixels *pixels, struct outputs *out) {
    return hyla_sum_update(pixels, &out->sum);
}

static inline hyla_status call_update(const hyla_pixels *pixels, struct outputs *out) {
    const hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    return hyla_bce_update(&params, pixels, &out->bce);
}

static inline hyla_status call_map(const hyla_pixels *pixels, struct outputs *out) {
    const hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    return hyla_bce_map(&params, pixels, out->floats);
}

static inline hyla_status call_gradient(const hyla_pixels *pixels, struct outputs *out) {
    const hyla_bce_params params = {sizeof params, HYLA_REDUCTION_SUM, 0.5f, 2.0f, 0.1f};
    const hyla_bce_totals totals = {0};
    return hyla_bce_gradient(&params, &totals, pixels, 1.5, way, out->floats);
}

static inline hyla_status call_at_once(const hyla_pixels *pixels, struct outputs *out) {
    const hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    return hyla_bce_loss_and_gradient(&params, pixels, 1.5, way, &out->bce, &out->loss, out->floats);
}

static inline hyla_status call_confusion(const hyla_pixels *pixels, struct outputs *out) {
    return hyla_confusion_update(pixels, &out->confusion);
}

static inline hyla_status call_ranking(const hyla_pixels *pixels, struct outputs *out) {
    return hyla_ranking_update(&binning, pixels, out->words, sizeof out->words / sizeof *out->words);
}

static inline hyla_status call_exact(const hyla_pixels *pixels, struct outputs *out) {
    return hyla_ranking_exact_values(pixels, workspace, WORKSPACE, &out->report);
}

static inline hyla_status frame(const hyla_pixels *pixels, struct outputs *out, uint32_t stride) {
    const hyla_detection_params params = {sizeof params, stride, THRESHOLDS};
    return hyla_detection_update_frame(&params, pixels, &out->detection, &binning, out->words,
                                       sizeof out->words / sizeof *out->words);
}

static inline hyla_status call_frame(const hyla_pixels *pixels, struct outputs *out) { return frame(pixels, out, 1); }

static inline hyla_status call_strided_frame(const hyla_pixels *pixels, struct outputs *out) {
    return frame(pixels, out, 3);
}

#define LABELLED (BIT(SCORES) | BIT(TARGETS) | BIT(VALID))
#define WEIGHTED (LABELLED | BIT(WEIGHTS))
#define SOFT (BIT(SCORES) | BIT(SOFT_TARGETS) | BIT(VALID) | BIT(WEIGHTS))
#define DECIDED (BIT(DECISIONS) | BIT(TARGETS) | BIT(VALID))

struct function {
    const char *name;
    hyla_status (*call)(const hyla_pixels *pixels, struct outputs *out);
    unsigned inputs;
    bool writes_floats;
};

static const struct function functions[] = {
    {"sum_update", call_sum, BIT(SCORES) | BIT(VALID), false},
    {"bce_update", call_update, WEIGHTED, false},
    {"bce_update, soft", call_update, SOFT, false},
    {"bce_map", call_map, WEIGHTED, true},
    {"bce_gradient", call_gradient, WEIGHTED, true},
    {"bce_gradient, soft", call_gradient, SOFT, true},
    {"bce_loss_and_gradient", call_at_once, WEIGHTED, true},
    {"bce_loss_and_gradient, soft", call_at_once, SOFT, true},
    {"confusion_update", call_confusion, DECIDED, false},
    {"ranking_update", call_ranking, LABELLED, false},
    {"ranking_exact_values", call_exact, LABELLED, false},
    {"detection_update_frame", call_frame, DECIDED | BIT(SCORES), false},
    {"detection_update_frame, stride 3", call_strided_frame, DECIDED | BIT(SCORES), false},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

static inline void build_binning(void) {
    const hyla_binning_params rule = {sizeof rule, HYLA_BINNING_THRESHOLDS, THRESHOLDS, 0.0f, 0.0f};
    CHECK_STATUS(HYLA_OK, hyla_binning_build(&rule, table, sizeof table / sizeof *table, &binning));
}

/* Empty totals, and floats that tell their place. */
static inline void reset(struct outputs *out) {
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < MOST_FLOATS; ++i) out->floats[i] = (float)i * 0.375f - 100.0f;
}

/* The pixels without the inputs that a function does not use. */
static inline hyla_pixels only(hyla_pixels pixels, unsigned inputs) {
    for (int input = 0; input < FIRST_MASK; ++input) {
        if (!(inputs & BIT(input))) plane_of(&pixels, input)->data = NULL;
    }
    for (int input = FIRST_MASK; input < INPUTS; ++input) {
        if (!(inputs & BIT(input))) mask_of(&pixels, input)->data = NULL;
    }
    return pixels;
}

static inline uint32_t any(uint64_t *state) { /* SplitMix64 */
    uint64_t bits = *state += UINT64_C(0x9e3779b97f4a7c15);
    bits = (bits ^ bits >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(bits >> 32);
}

static const uint32_t plane_types[] = {HYLA_F32, HYLA_F64, HYLA_F16,     HYLA_BF16,    HYLA_U8,           HYLA_I8,
                                       HYLA_U16, HYLA_I16, HYLA_MONO10P, HYLA_MONO12P, HYLA_MONO12_PACKED},
                      mask_types[] = {HYLA_U8, HYLA_BOOL, HYLA_U16, HYLA_I32, HYLA_BITS_LSB, HYLA_BITS_MSB};
enum { PLANE_TYPES = sizeof plane_types / sizeof *plane_types, MASK_TYPES = sizeof mask_types / sizeof *mask_types };

/* How many bits a pixel has, if pixels have no items of their own; or else 0. */
static inline size_t packed_bits(uint32_t dtype) {
    switch (dtype) {
    case HYLA_BITS_LSB:
    case HYLA_BITS_MSB: return 1;
    case HYLA_MONO10P: return 10;
    case HYLA_MONO12P:
    case HYLA_MONO12_PACKED: return 12;
    default: return 0;
    }
}

static inline size_t item_size(uint32_t dtype) { return packed_bits(dtype) != 0 ? 1 : (dtype >> 8 & 0xff) / 8; }

/* How pixels lie. */
struct lie {
    size_t rows, columns, stride, first_bit;
    size_t gap; /* items from the end of a row to the next; 0: no pitch is said */
};

/* Packed pixels are neighbours, and only bits have a first one. */
static inline struct lie lie_of(uint32_t dtype, struct lie lie) {
    if (packed_bits(dtype) != 0) lie.stride = 1;
    if (packed_bits(dtype) != 1) lie.first_bit = 0;
    return lie;
}

/* Bytes from the first pixel of a row to the end of its last one. */
static inline size_t row_bytes(uint32_t dtype, struct lie lie) {
    const size_t bits = packed_bits(dtype);
    if (bits == 0) return ((lie.columns - 1) * lie.stride + 1) * item_size(dtype);
    if (dtype == HYLA_MONO12_PACKED) return lie.columns / 2 * 3 + lie.columns % 2 * 2;
    return (lie.first_bit + lie.columns * bits + 7) / 8;
}

static inline size_t pitch_of(uint32_t dtype, struct lie lie) {
    const size_t row = packed_bits(dtype) != 0 ? row_bytes(dtype, lie) : lie.columns * lie.stride * item_size(dtype);
    return row + lie.gap * item_size(dtype);
}

static inline size_t span_bytes(uint32_t dtype, struct lie lie) {
    return (lie.rows - 1) * pitch_of(dtype, lie) + row_bytes(dtype, lie);
}

/* Sets some bits, from one of the bytes on, the lowest first. */
static inline void put_bits(unsigned char *bytes, size_t first, size_t count, uint32_t value) {
    for (size_t bit = first; bit < first + count; ++bit, value >>= 1) {
        const unsigned char mask = (unsigned char)(1u << bit % 8);
        bytes[bit / 8] = (unsigned char)((bytes[bit / 8] & ~mask) | ((value & 1) != 0 ? mask : 0));
    }
}

static inline void put_packed(uint32_t dtype, unsigned char *row, size_t pixel, uint32_t value) {
    if (dtype != HYLA_MONO12_PACKED) {
        put_bits(row, pixel * packed_bits(dtype), packed_bits(dtype), value);
        return;
    }
    unsigned char *const group = row + pixel / 2 * 3;
    group[pixel % 2 * 2] = (unsigned char)(value >> 4);
    put_bits(group + 1, pixel % 2 * 4, 4, value & 15);
}

static inline bool is_float(uint32_t dtype) {
    return dtype == HYLA_F32 || dtype == HYLA_F64 || dtype == HYLA_F16 || dtype == HYLA_BF16;
}

/* Puts any float of a type into a row, and says which it is. */
static inline float put_float(uint32_t dtype, unsigned char *item, bool is_share, uint64_t *random) {
    const double unit = (double)any(random) / 4294967296.0, value = is_share ? unit : 16.0 * unit - 8.0;
    float number = (float)value;
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    if (dtype == HYLA_F64) {
        memcpy(item, &value, sizeof value);
    } else if (dtype == HYLA_F32) {
        memcpy(item, &number, sizeof number);
    } else if (dtype == HYLA_BF16) {
        const uint16_t half = (uint16_t)(bits >> 16);
        memcpy(item, &half, sizeof half);
        bits &= 0xffff0000;
        memcpy(&number, &bits, sizeof number);
    } else {
        const uint32_t exponent = any(random) % (is_share ? 15 : 19), fraction = any(random) % 1024;
        const uint32_t sign = is_share ? 0 : any(random) % 2;
        const uint16_t half = (uint16_t)(sign << 15 | exponent << 10 | fraction);
        memcpy(item, &half, sizeof half);
        number = ldexpf((float)(exponent == 0 ? fraction : fraction + 1024), (int)(exponent == 0 ? 1 : exponent) - 25);
        if (sign != 0) number = -number;
    }
    return number;
}

/* Puts any integer of a type into a row, and says which it is. */
static inline int32_t put_integer(uint32_t dtype, unsigned char *row, size_t pixel, size_t stride, uint64_t *random) {
    const uint32_t bits = any(random);
    unsigned char *const item = row + pixel * stride * item_size(dtype);
    const uint8_t u8 = (uint8_t)bits;
    const int8_t i8 = (int8_t)((int)(bits & 0xff) - 128);
    const uint16_t u16 = (uint16_t)bits;
    const int16_t i16 = (int16_t)((int32_t)(bits & 0xffff) - 32768);
    switch (dtype) {
    case HYLA_U8: memcpy(item, &u8, sizeof u8); return u8;
    case HYLA_I8: memcpy(item, &i8, sizeof i8); return i8;
    case HYLA_U16: memcpy(item, &u16, sizeof u16); return u16;
    case HYLA_I16: memcpy(item, &i16, sizeof i16); return i16;
    default: put_packed(dtype, row, pixel, bits & ((1u << packed_bits(dtype)) - 1));
        return (int32_t)(bits & ((1u << packed_bits(dtype)) - 1));
    }
}

/* Fills `span_bytes` of memory with any numbers, which are written to `said` as floats. Without a meaning integers are
 * as they are. */
static inline hyla_plane put_plane(uint32_t dtype, struct lie lie, bool is_share, bool has_meaning, unsigned char *to,
                                   float *said, uint64_t *random) {
    lie = lie_of(dtype, lie);
    hyla_plane plane = {.data = to, .row_pitch = lie.gap == 0 ? 0 : pitch_of(dtype, lie), .dtype = dtype};
    plane.stride = lie.stride == 1 ? 0 : lie.stride;
    if (!is_float(dtype) && has_meaning) {
        const uint32_t bits = packed_bits(dtype) != 0 ? (uint32_t)packed_bits(dtype) : dtype >> 8 & 0xff;
        const bool is_signed = dtype == HYLA_I8 || dtype == HYLA_I16;
        const int32_t least = is_signed ? -(1 << (bits - 1)) : 0;
        plane.scale = (is_share ? 1.0f : 16.0f) / (float)((1 << bits) - 1);
        plane.zero_point = is_share ? least : least + (1 << (bits - 1));
    }
    memset(to, 0xa5, span_bytes(dtype, lie));
    for (size_t row = 0; row < lie.rows; ++row) {
        unsigned char *const bytes = to + row * pitch_of(dtype, lie);
        for (size_t column = 0; column < lie.columns; ++column) {
            if (is_float(dtype)) {
                *said++ = put_float(dtype, bytes + column * lie.stride * item_size(dtype), is_share, random);
            } else {
                const int32_t item = put_integer(dtype, bytes, column, lie.stride, random);
                const float difference = (float)(item - plane.zero_point);
                *said++ = plane.scale == 0.0f ? difference : difference * plane.scale;
            }
        }
    }
    return plane;
}

/* The same with any truth values. With a label, the pixels that have it are cleared in `live`. */
static inline hyla_mask put_mask(uint32_t dtype, struct lie lie, const int32_t *label, unsigned char *to, uint8_t *said,
                                 uint8_t *live, uint64_t *random) {
    static const int32_t labels[] = {0, 0, 0, 1, 255, 7, 256, 0x7f00, 65536, -1, INT32_MIN};
    lie = lie_of(dtype, lie);
    const size_t size = item_size(dtype);
    hyla_mask mask = {.data = to, .row_pitch = lie.gap == 0 ? 0 : pitch_of(dtype, lie), .dtype = dtype};
    mask.stride = lie.stride == 1 ? 0 : lie.stride;
    mask.first_bit = (uint32_t)lie.first_bit;
    if (label != NULL && packed_bits(dtype) == 0) mask = hyla_mask_ignore(mask, *label);
    const uint32_t kinds = dtype == HYLA_I32 ? 11 : dtype == HYLA_U16 ? 8 : dtype == HYLA_U8 ? 6 : 4;
    memset(to, 0xa5, span_bytes(dtype, lie));
    for (size_t row = 0; row < lie.rows; ++row) {
        unsigned char *const bytes = to + row * pitch_of(dtype, lie);
        for (size_t column = 0; column < lie.columns; ++column, ++said, ++live) {
            const int32_t item = labels[any(random) % kinds];
            const uint16_t u16 = (uint16_t)item;
            const uint8_t u8 = (uint8_t)item;
            unsigned char *const place = bytes + column * lie.stride * size;
            const size_t bit = lie.first_bit + column;
            switch (dtype) {
            case HYLA_BITS_LSB: put_bits(bytes, bit, 1, item != 0); break;
            case HYLA_BITS_MSB: put_bits(bytes, bit ^ 7, 1, item != 0); break;
            case HYLA_I32: memcpy(place, &item, sizeof item); break;
            case HYLA_U16: memcpy(place, &u16, sizeof u16); break;
            default: *place = u8;
            }
            *said = item != 0;
            if (mask.has_ignore != 0 && item == *label) *live = 0;
        }
    }
    return mask;
}

#endif
