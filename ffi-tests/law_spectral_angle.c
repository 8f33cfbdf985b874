/* hyla_spectral_angle_...: the whole law, parameters out of range, notices, layouts and values. */
#include <math.h>

#include "law.h"

static void fill(struct arguments *arguments) {
    const hyla_spectral_angle_params params = HYLA_SPECTRAL_ANGLE_PARAMS_DEFAULT;
    const hyla_cube *cube = cube_of(arguments);
    *(hyla_spectral_angle_params *)arguments->at[PARAMS] = params;
    CHECK_STATUS(HYLA_OK, hyla_spectral_angle_update(&params, cube, arguments->at[MORE], arguments->at[TOTALS]));
    CHECK_STATUS(HYLA_OK, hyla_spectral_angle_update(&params, cube, arguments->at[MORE], arguments->at[OTHER]));
}

/* The original lies where other functions have a second gradient. */
static const struct family spectral_angle = {
    .sizes[PARAMS] = sizeof(hyla_spectral_angle_params), .sizes[TOTALS] = sizeof(hyla_spectral_angle_totals), .sizes[VALUE] = sizeof(double),
    .fill = fill, .sizes[FLOATS] = LAW_PIXELS * LAW_CHANNELS * sizeof(float), .sizes[MORE] = LAW_PIXELS * LAW_CHANNELS * sizeof(float),
};

static hyla_status update(const struct arguments *a) { return hyla_spectral_angle_update(a->at[PARAMS], a->at[CUBE], a->at[MORE], a->at[TOTALS]); }
static hyla_status merge(const struct arguments *a) { return hyla_spectral_angle_merge(a->at[OTHER], a->at[TOTALS]); }
static hyla_status normalize(const struct arguments *a) { return hyla_spectral_angle_normalize(a->at[TOTALS]); }
static hyla_status loss(const struct arguments *a) { return hyla_spectral_angle_loss(a->at[PARAMS], a->at[TOTALS], a->at[VALUE]); }
static hyla_status map(const struct arguments *a) { return hyla_spectral_angle_map(a->at[PARAMS], a->at[CUBE], a->at[MORE], a->at[MAP]); }
static hyla_status gradient(const struct arguments *a) {
    return hyla_spectral_angle_gradient(a->at[PARAMS], a->at[TOTALS], a->at[CUBE], a->at[MORE], 1.0, a->write, a->at[FLOATS]);
}
static hyla_status loss_and_gradient(const struct arguments *a) {
    return hyla_spectral_angle_loss_and_gradient(a->at[PARAMS], a->at[CUBE], a->at[MORE], 1.0, a->write, a->at[TOTALS], a->at[VALUE], a->at[FLOATS]);
}

#define INPUTS (BIT(PARAMS) | BIT(CUBE) | BIT(VALUES) | BIT(VALID) | BIT(WEIGHTS) | BIT(MORE))
#define OPTIONAL (BIT(VALID) | BIT(WEIGHTS))
static const struct function functions[] = {
    {"hyla_spectral_angle_update", update, &spectral_angle, INPUTS, OPTIONAL, BIT(TOTALS)},
    {"hyla_spectral_angle_merge", merge, &spectral_angle, BIT(OTHER), 0, BIT(TOTALS)},
    {"hyla_spectral_angle_normalize", normalize, &spectral_angle, 0, 0, BIT(TOTALS)},
    {"hyla_spectral_angle_loss", loss, &spectral_angle, BIT(PARAMS) | BIT(TOTALS), 0, BIT(VALUE)},
    {"hyla_spectral_angle_map", map, &spectral_angle, INPUTS, OPTIONAL, BIT(MAP)},
    {"hyla_spectral_angle_gradient", gradient, &spectral_angle, INPUTS | BIT(TOTALS), OPTIONAL, BIT(FLOATS)},
    {"hyla_spectral_angle_loss_and_gradient", loss_and_gradient, &spectral_angle, INPUTS, OPTIONAL | BIT(TOTALS), BIT(TOTALS) | BIT(VALUE) | BIT(FLOATS)},
};

/* Two pixels of three channels: at a right angle, and opposite. */
static const float values[6] = {1.0f, 0.0f, 0.0f, 1.0f, 2.0f, 3.0f}, original[6] = {0.0f, 2.0f, 0.0f, -2.0f, -4.0f, -6.0f};
static const double right_angle = 1.57079637050628662, straight_angle = 3.14159274101257324; /* as float32 */
static const float pixel_weights[2] = {2.0f, 0.5f};

static hyla_cube two_pixels(void) {
    return (hyla_cube){.values = values, .n = 2, .channels = 3, .pixel_stride = 3, .channel_stride = 1};
}

/* All functions refuse these in the same way, without writing anything. */
static void refused(hyla_status expected, const hyla_spectral_angle_params *params, const hyla_cube *cube, uint32_t write) {
    static const hyla_spectral_angle_totals empty;
    hyla_spectral_angle_totals totals = {0};
    double value = 42.0;
    float out[6] = {42.0f, 42.0f, 42.0f, 42.0f, 42.0f, 42.0f};
    if (write == HYLA_STORE) {
        CHECK_STATUS(expected, hyla_spectral_angle_update(params, cube, original, &totals));
        CHECK_STATUS(expected, hyla_spectral_angle_map(params, cube, original, out));
    }
    CHECK_STATUS(expected, hyla_spectral_angle_gradient(params, &totals, cube, original, 1.0, write, out));
    CHECK_STATUS(expected, hyla_spectral_angle_loss_and_gradient(params, cube, original, 1.0, write, &totals, &value, out));
    CHECK(value == 42.0 && memcmp(&totals, &empty, sizeof totals) == 0);
    for (int i = 0; i < 6; ++i) CHECK(out[i] == 42.0f);
}

static void parameters(void) {
    const hyla_cube cube = two_pixels();
    const float not_finite[] = {NAN, INFINITY, -INFINITY};
    double value = 42.0;
    hyla_spectral_angle_totals totals = {0};
    hyla_spectral_angle_params params = HYLA_SPECTRAL_ANGLE_PARAMS_DEFAULT, made;
    CHECK_STATUS(HYLA_OK, hyla_spectral_angle_params_init(&made, sizeof made));
    CHECK(memcmp(&made, &params, sizeof made) == 0 && hyla_spectral_angle_totals_size() == sizeof totals);
    for (int i = 0; i < 3; ++i) {
        params.weight = not_finite[i];
        refused(HYLA_ERROR_WEIGHT, &params, &cube, HYLA_STORE);
        CHECK_STATUS(HYLA_ERROR_WEIGHT, hyla_spectral_angle_loss(&params, &totals, &value));
    }
    params = hyla_spectral_angle_params_default();
    params.reduction = 4;
    refused(HYLA_ERROR_UNKNOWN_REDUCTION, &params, &cube, HYLA_STORE);
    params = hyla_spectral_angle_params_default();
    params.measure = 2;
    refused(HYLA_ERROR_UNKNOWN_OPTION, &params, &cube, HYLA_STORE);
    CHECK_STATUS(HYLA_ERROR_UNKNOWN_OPTION, hyla_spectral_angle_loss(&params, &totals, &value));
    params = hyla_spectral_angle_params_default();
    refused(HYLA_ERROR_UNKNOWN_WRITE, &params, &cube, 2);
    params.reduction = HYLA_REDUCTION_NONE;
    CHECK_STATUS(HYLA_ERROR_NO_SCALAR, hyla_spectral_angle_loss(&params, &totals, &value));
    params = hyla_spectral_angle_params_default();
    CHECK_STATUS(HYLA_OK, hyla_spectral_angle_update(&params, &cube, original, &totals));
    params.measure = HYLA_SPECTRAL_COSINE;
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_spectral_angle_loss(&params, &totals, &value));
    params = hyla_spectral_angle_params_default();
    params.weight = 2.0f;
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_spectral_angle_loss(&params, &totals, &value));
    CHECK(value == 42.0);

    /* Two values at one place. */
    const size_t strides[][2] = {{2, 1}, {1, 1}, {0, 1}, {3, 0}, {1, 0}};
    for (size_t i = 0; i < sizeof strides / sizeof *strides; ++i) {
        hyla_cube wrong = two_pixels();
        wrong.pixel_stride = strides[i][0];
        wrong.channel_stride = strides[i][1];
        params = hyla_spectral_angle_params_default();
        refused(HYLA_ERROR_STRIDES, &params, &wrong, HYLA_STORE);
    }
}

static void known_values(void) {
    const hyla_spectral_angle_params params = HYLA_SPECTRAL_ANGLE_PARAMS_DEFAULT;
    hyla_spectral_angle_params other = params;
    hyla_cube cube = two_pixels();
    hyla_spectral_angle_totals totals = {0};
    double value = 0.0;
    float out[6] = {1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f};
    CHECK_STATUS(HYLA_OK, hyla_spectral_angle_loss_and_gradient(&params, &cube, original, 6.0, HYLA_ADD, &totals, &value, out));
    CHECK(value == (right_angle + straight_angle) / 2.0 && totals.pixels == 2 && totals.rejected == 0 && totals.dark == 0);
    CHECK(out[0] == 1.0f && out[1] == -2.0f && out[2] == 1.0f && out[3] == 1.0f && out[4] == 1.0f && out[5] == 1.0f);
    CHECK_STATUS(HYLA_OK, hyla_spectral_angle_map(&params, &cube, original, out));
    CHECK(out[0] == (float)right_angle && out[1] == (float)straight_angle && out[2] == 1.0f);
    /* (2 * 1 + 0.5 * 2) / 2.5 */
    cube.weights = pixel_weights;
    other.measure = HYLA_SPECTRAL_COSINE;
    other.reduction = HYLA_REDUCTION_WEIGHTED_MEAN;
    CHECK_STATUS(HYLA_OK, hyla_spectral_angle_loss_and_gradient(&other, &cube, original, 1.0, HYLA_STORE, NULL, &value, out));
    CHECK(value == 3.0 / 2.5 && out[0] == 0.0f && out[1] == -2.0f / 2.5f && out[2] == 0.0f);
    /* A spectrum of zeros is told; masked, it is as if it were not there. */
    const float dark[6] = {0.0f, 0.0f, 0.0f, 1.0f, 2.0f, 3.0f};
    const uint8_t valid[2] = {0, 1};
    const float bad[2] = {1.0f, -1.0f};
    cube.values = dark;
    totals = (hyla_spectral_angle_totals){0};
    CHECK_STATUS(HYLA_NOTICE_DEGENERATE,
                 hyla_spectral_angle_loss_and_gradient(&params, &cube, original, 1.0, HYLA_STORE, &totals, &value, out));
    CHECK(totals.dark == 1 && out[0] == 0.0f && out[1] == 0.0f);
    totals.dark = 3;
    CHECK_STATUS(HYLA_ERROR_TOTALS, hyla_spectral_angle_loss(&params, &totals, &value));
    cube.valid = valid;
    CHECK_STATUS(HYLA_OK, hyla_spectral_angle_loss_and_gradient(&params, &cube, original, 1.0, HYLA_STORE, NULL, &value, out));
    CHECK(value == 0.5 * straight_angle && out[0] == 0.0f && out[1] == 0.0f);
    cube.weights = bad;
    totals = (hyla_spectral_angle_totals){0};
    CHECK_STATUS(HYLA_NOTICE_EMPTY | HYLA_NOTICE_REJECTED,
                 hyla_spectral_angle_loss_and_gradient(&params, &cube, original, 1.0, HYLA_STORE, &totals, &value, out));
    CHECK(isnan(value) && totals.rejected == 1 && totals.pixels == 0);
}

/* Adding words anywhere, then normalize, is merging. */
static void addition_of_words(void) {
    const hyla_spectral_angle_params params = HYLA_SPECTRAL_ANGLE_PARAMS_DEFAULT;
    const hyla_cube cube = two_pixels();
    hyla_spectral_angle_totals one = {0}, sum = {0}, merged = {0};
    CHECK_STATUS(HYLA_OK, hyla_spectral_angle_update(&params, &cube, original, &one));
    int64_t *const words = (int64_t *)(void *)&sum;
    const int64_t *const more = (const int64_t *)(const void *)&one;
    for (int time = 0; time < 100; ++time) {
        for (size_t word = 0; word < sizeof one / sizeof *words; ++word) words[word] = (int64_t)((uint64_t)words[word] + (uint64_t)more[word]);
        CHECK_STATUS(HYLA_OK, hyla_spectral_angle_merge(&one, &merged));
    }
    CHECK_STATUS(HYLA_OK, hyla_spectral_angle_normalize(&sum));
    CHECK(memcmp(&sum, &merged, sizeof sum) == 0);
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    parameters();
    known_values();
    addition_of_words();
    return finish("law_spectral_angle");
}
