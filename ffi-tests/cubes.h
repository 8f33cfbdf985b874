/* A function of each kind that takes cubes, with all its outputs in one place, and cubes of every type, layout, stride
 * and pitch with the plain floats, bytes and labels that they say. */
#ifndef CUBES_H
#define CUBES_H

#include "planes.h"

enum { BANDS = 3, MOST_CUBE_FLOATS = 6000 };

/* The arrays of a cube, and what its values are compared with. */
enum cube_array { VALUES, ORIGINAL, OF_TARGETS, OF_VALID, OF_LABELS, OF_WEIGHTS, CUBE_ARRAYS };

struct inputs_of_cube {
    hyla_cube cube;
    hyla_values original;
};

struct cube_outputs {
    hyla_mse_totals mse;
    hyla_spectral_angle_totals angle;
    hyla_svdd_totals svdd;
    hyla_exact_sum center[BANDS];
    hyla_cross_entropy_totals entropy;
    hyla_dice_totals dice[BANDS], dice_of_batch[BANDS];
    hyla_foreground_contrast_frame frame;
    hyla_foreground_contrast_totals contrast;
    hyla_band_statistics_report bands[BANDS];
    double loss;
    float map[MOST_CUBE_FLOATS], gradient[MOST_CUBE_FLOATS];
};

static const float center[BANDS] = {0.25f, -1.5f, 3.0f};
static uint32_t cube_way = HYLA_STORE;

static inline hyla_status call_mse(const struct inputs_of_cube *in, struct cube_outputs *out) {
    const hyla_mse_params params = HYLA_MSE_PARAMS_DEFAULT;
    return hyla_mse_loss_and_gradient(&params, &in->cube, &in->original, 1.5, cube_way, &out->mse, &out->loss,
                                      out->gradient);
}

static inline hyla_status call_mse_update(const struct inputs_of_cube *in, struct cube_outputs *out) {
    const hyla_mse_params params = HYLA_MSE_PARAMS_DEFAULT;
    return hyla_mse_update(&params, &in->cube, &in->original, &out->mse);
}

static inline hyla_status call_angle_map(const struct inputs_of_cube *in, struct cube_outputs *out) {
    const hyla_spectral_angle_params params = HYLA_SPECTRAL_ANGLE_PARAMS_DEFAULT;
    return hyla_spectral_angle_map(&params, &in->cube, &in->original, out->map);
}

static inline hyla_status call_angle(const struct inputs_of_cube *in, struct cube_outputs *out) {
    const hyla_spectral_angle_params params = {sizeof params, HYLA_SPECTRAL_ANGLE, HYLA_REDUCTION_SUM, 0.5f};
    return hyla_spectral_angle_gradient(&params, &out->angle, &in->cube, &in->original, 1.5, cube_way, out->gradient);
}

static inline hyla_status call_svdd(const struct inputs_of_cube *in, struct cube_outputs *out) {
    const hyla_svdd_params params = HYLA_SVDD_PARAMS_DEFAULT;
    return hyla_svdd_loss_and_gradient(&params, &in->cube, center, 1.5, cube_way, &out->svdd, &out->loss,
                                       out->gradient);
}

static inline hyla_status call_svdd_center(const struct inputs_of_cube *in, struct cube_outputs *out) {
    const hyla_svdd_params params = HYLA_SVDD_PARAMS_DEFAULT;
    return hyla_svdd_center_update(&params, &in->cube, center, out->center);
}

static inline hyla_status call_svdd_map(const struct inputs_of_cube *in, struct cube_outputs *out) {
    const hyla_svdd_params params = HYLA_SVDD_PARAMS_DEFAULT;
    return hyla_svdd_map(&params, &in->cube, center, out->map);
}

static inline hyla_status call_entropy(const struct inputs_of_cube *in, struct cube_outputs *out) {
    const hyla_cross_entropy_params params = HYLA_CROSS_ENTROPY_PARAMS_DEFAULT;
    return hyla_cross_entropy_loss_and_gradient(&params, &in->cube, NULL, 1.5, cube_way, &out->entropy, &out->loss,
                                                out->gradient);
}

static inline hyla_status call_dice(const struct inputs_of_cube *in, struct cube_outputs *out) {
    const hyla_dice_params params = HYLA_DICE_PARAMS_DEFAULT;
    return hyla_dice_loss_and_gradient(&params, &in->cube, 1.5, cube_way, out->dice, out->dice_of_batch, &out->loss,
                                       out->gradient);
}

static inline hyla_status call_contrast(const struct inputs_of_cube *in, struct cube_outputs *out) {
    const hyla_foreground_contrast_params params = HYLA_FOREGROUND_CONTRAST_PARAMS_DEFAULT;
    const hyla_status status = hyla_foreground_contrast_frame_update(&params, &in->cube, &out->frame);
    if (HYLA_FAILED(status)) return status;
    return hyla_foreground_contrast_loss_and_gradient(&params, &in->cube, 1.5, cube_way, &out->contrast, &out->loss,
                                                      out->gradient);
}

/* Integers have words of their own, and columns are those of a row: what is compared are the reports. */
static inline hyla_status call_bands(const struct inputs_of_cube *in, struct cube_outputs *out) {
    static hyla_band_statistics_column columns[MOST_CUBE_FLOATS];
    const hyla_band_statistics_params params = {sizeof params, 1, 0.5f};
    hyla_band_statistics_totals totals[BANDS] = {0};
    hyla_cube cube = in->cube;
    cube.weights = hyla_f32(NULL);
    const hyla_status status = hyla_band_statistics_update(&params, &cube, totals, columns);
    return HYLA_FAILED(status) ? status : hyla_band_statistics_values(&params, totals, BANDS, out->bands);
}

struct cube_function {
    const char *name;
    hyla_status (*call)(const struct inputs_of_cube *in, struct cube_outputs *out);
    unsigned arrays; /* beside values, valid and weights */
    bool writes_values, writes_pixels;
};

static const struct cube_function cube_functions[] = {
    {"mse_loss_and_gradient", call_mse, BIT(ORIGINAL), true, false},
    {"mse_update", call_mse_update, BIT(ORIGINAL), false, false},
    {"spectral_angle_map", call_angle_map, BIT(ORIGINAL), false, true},
    {"spectral_angle_gradient", call_angle, BIT(ORIGINAL), true, false},
    {"svdd_loss_and_gradient", call_svdd, 0, true, false},
    {"svdd_center_update", call_svdd_center, 0, false, false},
    {"svdd_map", call_svdd_map, 0, false, true},
    {"cross_entropy_loss_and_gradient", call_entropy, BIT(OF_LABELS), true, false},
    {"dice_loss_and_gradient", call_dice, BIT(OF_LABELS), true, false},
    {"foreground_contrast", call_contrast, BIT(OF_TARGETS), true, false},
    {"band_statistics", call_bands, 0, false, false},
};
enum { CUBE_FUNCTIONS = sizeof cube_functions / sizeof *cube_functions };

/* Empty totals, and floats that tell their place. */
static inline void reset_cube(struct cube_outputs *out) {
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < MOST_CUBE_FLOATS; ++i) {
        out->map[i] = (float)i * 0.375f - 100.0f;
        out->gradient[i] = (float)i * 0.25f - 50.0f;
    }
}

enum nesting { BIP, BIL, BSQ, NESTINGS };

/* How the rows of values lie in memory: pixels of channels, or rows of pixels. */
static inline struct lie lie_of_values(struct lie lie, enum nesting nesting) {
    if (nesting == BIP) return (struct lie){lie.rows * lie.columns, BANDS, lie.stride, 0, lie.gap};
    return (struct lie){lie.rows * BANDS, lie.columns, lie.stride, 0, lie.gap};
}

/* Fills the rows with any values, which are written to `said` pixel by pixel. */
static inline hyla_values put_values(uint32_t dtype, struct lie lie, enum nesting nesting, unsigned char *to,
                                     float *said, uint64_t *random) {
    static float nested[MOST_CUBE_FLOATS];
    const struct lie inner = lie_of(dtype, lie_of_values(lie, nesting));
    const size_t pitch = pitch_of(dtype, inner), size = item_size(dtype);
    hyla_values values = {put_plane(dtype, inner, false, true, to, nested, random), 0};
    for (size_t row = 0; row < lie.rows; ++row) {
        for (size_t column = 0; column < lie.columns; ++column) {
            for (size_t band = 0; band < BANDS; ++band) {
                const size_t place = nesting == BIP   ? (row * lie.columns + column) * BANDS + band
                                     : nesting == BIL ? (row * BANDS + band) * lie.columns + column
                                                      : (band * lie.rows + row) * lie.columns + column;
                *said++ = nested[place];
            }
        }
    }
    if (nesting == BIP) {
        values.channel_stride = inner.stride;
        values.plane.stride = pitch / size;
        values.plane.row_pitch = lie.gap == 0 ? 0 : lie.columns * pitch;
    } else {
        values.channel_stride = nesting == BIL ? pitch / size : lie.rows * pitch / size;
        values.plane.row_pitch = nesting == BIL ? BANDS * pitch : pitch;
    }
    return values;
}

/* Fills `span_bytes` with any labels. */
static inline hyla_plane put_labels(uint32_t dtype, struct lie lie, unsigned char *to, int32_t *said,
                                    uint64_t *random) {
    hyla_plane labels = {.data = to, .row_pitch = lie.gap == 0 ? 0 : pitch_of(dtype, lie), .dtype = dtype};
    labels.stride = lie.stride == 1 ? 0 : lie.stride;
    memset(to, 0x5a, span_bytes(dtype, lie));
    for (size_t row = 0; row < lie.rows; ++row) {
        for (size_t column = 0; column < lie.columns; ++column) {
            const int32_t label = (int32_t)(any(random) % (BANDS + 1));
            const uint16_t u16 = (uint16_t)label;
            unsigned char *const place = to + row * pitch_of(dtype, lie) + column * lie.stride * item_size(dtype);
            if (dtype == HYLA_I32) {
                memcpy(place, &label, sizeof label);
            } else if (dtype == HYLA_U16) {
                memcpy(place, &u16, sizeof u16);
            } else {
                *place = (unsigned char)label;
            }
            *said++ = label;
        }
    }
    return labels;
}

/* The cube without the arrays that a function does not use. */
static inline struct inputs_of_cube only_of_cube(struct inputs_of_cube in, unsigned arrays) {
    if (!(arrays & BIT(ORIGINAL))) in.original.plane.data = NULL;
    if (!(arrays & BIT(OF_TARGETS))) in.cube.targets.data = NULL;
    if (!(arrays & BIT(OF_LABELS))) in.cube.labels.data = NULL;
    return in;
}

#endif
