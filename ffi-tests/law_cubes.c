/* What the arrays of a cube may not say: every function that takes cubes refuses it, and writes nothing. */
#include "cubes.h"

enum { ROWS = 3, COLUMNS = 5, N = ROWS * COLUMNS };

static uint16_t values[BANDS * N + 64], others[BANDS * N + 64];
static _Alignas(8) uint8_t targets[N + 16], valid[N + 16], labels[8 * N];
static float weights[N];

/* Lines of uint16, all other arrays side by side. */
static struct inputs_of_cube good(void) {
    struct inputs_of_cube in = {.cube = {.values = hyla_bil(hyla_u16(values), COLUMNS, BANDS),
                                         .channels = BANDS,
                                         .targets = hyla_mask_u8(targets),
                                         .valid = hyla_mask_u8(valid),
                                         .labels = hyla_u8(labels),
                                         .weights = hyla_f32(weights),
                                         .n = N,
                                         .rows = ROWS},
                                .original = hyla_bsq(hyla_u16(others), N)};
    return in;
}

static void refused(hyla_status expected, const struct cube_function *function, struct inputs_of_cube in,
                    const char *what) {
    static struct cube_outputs before, found;
    reset_cube(&before);
    reset_cube(&found);
    bool passed = CHECK_STATUS(expected, function->call(&in, &found));
    passed &= CHECK(memcmp(&found, &before, sizeof found) == 0);
    if (!passed) {
        note_failure(function->name);
        note_failure(what);
    }
}

static void taken(const struct cube_function *function, struct inputs_of_cube in, const char *what) {
    static struct cube_outputs found;
    reset_cube(&found);
    if (!CHECK(!HYLA_FAILED(function->call(&in, &found)))) {
        note_failure(function->name);
        note_failure(what);
    }
}

#define REFUSED(expected, ...)                                                                                         \
    do {                                                                                                               \
        struct inputs_of_cube in = good();                                                                             \
        __VA_ARGS__;                                                                                                   \
        refused(HYLA_ERROR_##expected, function, in, #__VA_ARGS__);                                                    \
    } while (0)
#define TAKEN(...)                                                                                                     \
    do {                                                                                                               \
        struct inputs_of_cube in = good();                                                                             \
        __VA_ARGS__;                                                                                                   \
        taken(function, in, #__VA_ARGS__);                                                                             \
    } while (0)

/* Of values, and of what they are compared with. */
static void errors_of_values(const struct cube_function *function) {
    REFUSED(DTYPE, in.cube.values.plane.dtype = 0);
    REFUSED(DTYPE, in.cube.values.plane.dtype = HYLA_I32);
    REFUSED(DTYPE, in.cube.values.plane.dtype = HYLA_BITS_LSB);
    REFUSED(SCALE, in.cube.values.plane.scale = NAN);
    REFUSED(SCALE, in.cube.values.plane.scale = INFINITY);
    REFUSED(SCALE, in.cube.values = hyla_bip(hyla_f16(values), BANDS); in.cube.values.plane.zero_point = 1);
    REFUSED(RESERVED, in.cube.values.plane.reserved = 1);
    REFUSED(NULL_POINTER, in.cube.values.plane.data = NULL);
    REFUSED(MISALIGNED, in.cube.values.plane.data = (const char *)values + 1);
    REFUSED(MISALIGNED, in.cube.values.plane.row_pitch += 1);
    REFUSED(FRAME_SHAPE, in.cube.rows = 2);
    REFUSED(FRAME_SHAPE, in.cube.values.plane.row_pitch = 2 * COLUMNS - 2);
    /* Lines that overlap, channels of a pixel that do, and pixels of a channel. */
    REFUSED(STRIDES, in.cube.values.plane.row_pitch = 2 * (COLUMNS * BANDS - 1));
    REFUSED(STRIDES, in.cube.values.channel_stride = COLUMNS - 1);
    REFUSED(STRIDES, in.cube.values.channel_stride = 0);
    REFUSED(STRIDES, in.cube.values = hyla_bip(hyla_u16(values), BANDS - 1));
    REFUSED(STRIDES, in.cube.values = hyla_bip(hyla_mono12p((const uint8_t *)values), BANDS));
    REFUSED(TOO_LARGE, in.cube.values.channel_stride = SIZE_MAX / 2);
    REFUSED(TOO_LARGE, in.cube.values.plane.row_pitch = SIZE_MAX - 1);
    REFUSED(RESERVED, in.cube.reserved[4] = 1);
    REFUSED(MISALIGNED, in.cube.output_pitch = 2);
    if (!(function->arrays & BIT(ORIGINAL))) return;
    REFUSED(DTYPE, in.original.plane.dtype = 0);
    REFUSED(SCALE, in.original.plane.scale = NAN);
    REFUSED(RESERVED, in.original.plane.reserved = 1);
    REFUSED(NULL_POINTER, in.original.plane.data = NULL);
    REFUSED(MISALIGNED, in.original.plane.data = (const char *)others + 1);
    REFUSED(STRIDES, in.original.channel_stride = N - 1);
    REFUSED(TOO_LARGE, in.original.channel_stride = SIZE_MAX / 2);
}

/* Of what there is once a pixel. */
static void errors_of_pixels(const struct cube_function *function) {
    REFUSED(DTYPE, in.cube.valid.dtype = HYLA_F32);
    if (function->call != call_bands) { /* which has none */
        REFUSED(DTYPE, in.cube.weights.dtype = 0);
        REFUSED(SCALE, in.cube.weights.scale = 2.0f);
        REFUSED(FRAME_SHAPE, in.cube.weights.row_pitch = sizeof(float));
    }
    REFUSED(FRAME_SHAPE, in.cube.valid.row_pitch = COLUMNS - 1);
    REFUSED(STRIDES, in.cube.valid.first_bit = 1);
    REFUSED(UNSUPPORTED_INPUT, in.cube.valid = hyla_mask_ignore(hyla_mask_bits_lsb(valid), 1));
    if ((function->arrays & BIT(OF_TARGETS)) != 0) {
        REFUSED(DTYPE, in.cube.targets.dtype = HYLA_I16);
        REFUSED(NULL_POINTER, in.cube.targets.data = NULL);
        REFUSED(UNSUPPORTED_INPUT, in.cube.targets.has_ignore = 2);
    } else {
        TAKEN(in.cube.targets.dtype = 0);
    }
    if ((function->arrays & BIT(OF_LABELS)) != 0) {
        REFUSED(DTYPE, in.cube.labels.dtype = HYLA_I8);
        REFUSED(DTYPE, in.cube.labels.dtype = HYLA_F32);
        REFUSED(SCALE, in.cube.labels.scale = 1.0f);
        REFUSED(SCALE, in.cube.labels.zero_point = 1);
        REFUSED(RESERVED, in.cube.labels.reserved = 1);
        REFUSED(NULL_POINTER, in.cube.labels.data = NULL);
        REFUSED(MISALIGNED, in.cube.labels = hyla_i32((const int32_t *)(const void *)(labels + 2)));
        REFUSED(FRAME_SHAPE, in.cube.labels.row_pitch = COLUMNS - 1);
    } else {
        TAKEN(in.cube.labels.dtype = 0);
    }
    TAKEN(in.cube.valid.data = NULL; in.cube.valid.dtype = 0; in.cube.weights.data = NULL);
    TAKEN(in.cube.n = 0; in.cube.values.plane.data = NULL);
}

/* Of outputs: a pitch that is too short, and floats in the layout of packed pixels. */
static void errors_of_outputs(const struct cube_function *function) {
    if (function->writes_values && function->call != call_contrast) {
        REFUSED(FRAME_SHAPE, in.cube.output_pitch = (COLUMNS * BANDS - 1) * sizeof(float));
        REFUSED(UNSUPPORTED_INPUT, in.cube.values = hyla_bil(hyla_mono12p((const uint8_t *)values), COLUMNS, BANDS));
    }
    if (function->writes_pixels) REFUSED(FRAME_SHAPE, in.cube.output_pitch = (COLUMNS - 1) * sizeof(float));
}

/* More channels than there is room for, where they are converted. */
static void too_many_channels(void) {
    static uint16_t many[5000];
    static float floats[5000];
    const hyla_mse_params params = HYLA_MSE_PARAMS_DEFAULT;
#ifdef HYLA_SMALL /* a library for a microcontroller, but on a workstation */
    const size_t most = 256;
#else
    const size_t most = sizeof(void *) == 8 ? 4096 : 256;
#endif
    hyla_mse_totals totals = {0}, empty = {0};
    hyla_cube cube = {.values = hyla_bip(hyla_u16(many), most + 1), .channels = most + 1, .n = 1};
    hyla_values original = hyla_bip(hyla_f32(floats), most + 1);
    CHECK_STATUS(HYLA_ERROR_CHANNELS, hyla_mse_update(&params, &cube, &original, &totals));
    CHECK(memcmp(&totals, &empty, sizeof totals) == 0);
    cube.channels = most;
    CHECK_STATUS(HYLA_OK, hyla_mse_update(&params, &cube, &original, &totals));
    cube.values = hyla_bip(hyla_f32(floats), most + 1);
    cube.channels = most + 1;
    CHECK_STATUS(HYLA_OK, hyla_mse_update(&params, &cube, &original, &totals));
    CHECK_STATUS(HYLA_ERROR_NULL_POINTER, hyla_mse_update(&params, &cube, NULL, &totals));
    const hyla_values *const odd = (const hyla_values *)(const void *)((const char *)&original + 1);
    CHECK_STATUS(HYLA_ERROR_MISALIGNED, hyla_mse_update(&params, &cube, odd, &totals));
}

/* Lines of camera pixels: of two bytes, and packed. */
static void lines(void) {
    hyla_values of_lines = hyla_bil(hyla_u16(values), 5, 7);
    CHECK(of_lines.channel_stride == 5 && of_lines.plane.row_pitch == 70 && of_lines.plane.stride == 0);
    of_lines = hyla_bil(hyla_mono12p(labels), 5, 7);
    CHECK(of_lines.channel_stride == 8 && of_lines.plane.row_pitch == 56);
    of_lines = hyla_bil(hyla_mono10p(labels), 4, 3);
    CHECK(of_lines.channel_stride == 5 && of_lines.plane.row_pitch == 15);
    of_lines = hyla_bip(hyla_f32(weights), 3);
    CHECK(of_lines.channel_stride == 1 && of_lines.plane.stride == 3);
    of_lines = hyla_bsq(hyla_f32(weights), 9);
    CHECK(of_lines.channel_stride == 9 && of_lines.plane.stride == 0);
}

/* Of no pixel any array may be NULL, whatever the type of the values. */
static void nothing(const struct cube_function *function) {
    struct inputs_of_cube in = good();
    in.cube.n = in.cube.rows = 0;
    in.cube.targets.data = in.cube.labels.data = NULL;
    taken(function, in, "no pixel");
}

int main(void) {
    for (size_t i = 0; i < N; ++i) {
        targets[i] = (uint8_t)(i % 2);
        valid[i] = 1;
        weights[i] = 0.5f;
    }
    for (size_t i = 0; i < CUBE_FUNCTIONS; ++i) {
        taken(&cube_functions[i], good(), "good");
        nothing(&cube_functions[i]);
        errors_of_values(&cube_functions[i]);
        errors_of_pixels(&cube_functions[i]);
        errors_of_outputs(&cube_functions[i]);
    }
    too_many_channels();
    lines();
    return finish("law_cubes");
}
