/* What is said of pixels of every type, as hashes. */
#ifndef NODE_PLANES_H
#define NODE_PLANES_H

#include "hashes.h"

struct type {
    const char *title;
    uint32_t dtype;
    /* Bytes of an item, or 0 if items are not whole bytes. */
    size_t size;
};

/* Items of any of the given bits, the same numbers on every machine. Of packed ones as many bytes as they may take. */
static inline const void *items_of(const struct buffers *on, struct type type, uint64_t bits) {
    static uint64_t items[LONGEST / CHANNELS];
    const size_t size = type.size == 0 ? 1 : type.size, count = type.size == 0 ? 2 * on->n : on->n;
    uint32_t random = type.dtype;
    for (size_t i = 0; i < count; ++i) {
        uint64_t item = 0;
        for (size_t byte = 0; byte < size; ++byte) {
            random = (random ^ on->targets[i / 2]) * 1664525u + 1013904223u;
            item = item << 8 | random >> 24;
        }
        item &= bits;
        const uint8_t small = (uint8_t)item;
        const uint16_t half = (uint16_t)item;
        const uint32_t word = (uint32_t)item;
        const void *const from[] = {&small, &half, &word, &item};
        memcpy((unsigned char *)items + i * size, from[size == 8 ? 3 : size / 2], size);
    }
    return items;
}

/* A loss with its gradient, and a sum, of scores of each type; decisions of each type of truth values. */
static inline void take_planes(const struct buffers *on, unsigned options, struct hashes *to) {
    static const struct type planes[] = {
        {"scores of f64", HYLA_F64, 8},       {"scores of f16", HYLA_F16, 2},
        {"scores of bf16", HYLA_BF16, 2},     {"scores of u8", HYLA_U8, 1},
        {"scores of i8", HYLA_I8, 1},         {"scores of u16", HYLA_U16, 2},
        {"scores of i16", HYLA_I16, 2},       {"scores of mono10p", HYLA_MONO10P, 0},
        {"scores of mono12p", HYLA_MONO12P, 0}, {"scores of mono12packed", HYLA_MONO12_PACKED, 0}};
    static const struct type masks[] = {{"decisions of u8", HYLA_U8, 1},
                                        {"decisions of u16", HYLA_U16, 2},
                                        {"decisions of i32", HYLA_I32, 4},
                                        {"decisions of bits, lowest first", HYLA_BITS_LSB, 0},
                                        {"decisions of bits, highest first", HYLA_BITS_MSB, 0}};
    const hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    hyla_pixels pixels = pixels_between(on, options, 0, on->n);
    for (size_t i = 0; i < sizeof planes / sizeof *planes; ++i) {
        const struct type type = planes[i];
        const bool is_affine = type.dtype == HYLA_U8 || type.dtype == HYLA_I8 || type.dtype == HYLA_U16;
        hyla_bce_totals totals = {0};
        double loss = 0.0;
        pixels.scores = (hyla_plane){.data = items_of(on, type, UINT64_MAX), .dtype = type.dtype};
        if (is_affine) pixels.scores = hyla_plane_affine(pixels.scores, 0.0625f, 7);
        take_status(to, type.title, hyla_bce_loss_and_gradient(&params, &pixels, 0.75, HYLA_STORE, &totals, &loss,
                                                               clean(on, on->n)));
        take(to, type.title, &totals, sizeof totals);
        take_value(to, type.title, loss);
        take_floats(to, type.title, on->written, on->n);
    }
    for (size_t i = 0; i < sizeof masks / sizeof *masks; ++i) {
        const struct type type = masks[i];
        const bool has_labels = type.size != 0;
        hyla_confusion_totals totals = {0};
        pixels.weights = hyla_f32(NULL);
        pixels.decisions = (hyla_mask){.data = items_of(on, type, has_labels ? 3 : UINT64_MAX), .dtype = type.dtype};
        if (has_labels) pixels.decisions = hyla_mask_ignore(pixels.decisions, 2);
        else pixels.decisions = hyla_mask_from_bit(pixels.decisions, 3);
        take_status(to, type.title, hyla_confusion_update(&pixels, &totals));
        take(to, type.title, &totals, sizeof totals);
    }
}

#endif
