/* hyla_mse_...: the whole law, parameters out of range, notices, layouts and values. */
#include <math.h>

#include "law.h"

static void fill(struct arguments *arguments) {
    const hyla_mse_params params = HYLA_MSE_PARAMS_DEFAULT;
    const hyla_cube *cube = cube_of(arguments);
    *(hyla_mse_params *)arguments->at[PARAMS] = params;
    CHECK_STATUS(HYLA_OK, hyla_mse_update(&params, cube, arguments->at[MORE], arguments->at[TOTALS]));
    CHECK_STATUS(HYLA_OK, hyla_mse_update(&params, cube, arguments->at[MORE], arguments->at[OTHER]));
}

/* The target lies where other functions have a second gradient. */
static const struct family mse = {
    .sizes[PARAMS] = sizeof(hyla_mse_params),
    .sizes[TOTALS] = sizeof(hyla_mse_totals),
    .sizes[VALUE] = sizeof(double),
    .fill = fill,
    .sizes[FLOATS] = LAW_PIXELS * LAW_CHANNELS * sizeof(float),
    .sizes[MORE] = LAW_PIXELS * LAW_CHANNELS * sizeof(float),
};

static hyla_status update(const struct arguments *a) {
    return hyla_mse_update(a->at[PARAMS], a->at[CUBE], a->at[MORE], a->at[TOTALS]);
}
static hyla_status merge(const struct arguments *a) { return hyla_mse_merge(a->at[OTHER], a->at[TOTALS]); }
static hyla_status normalize(const struct arguments *a) { return hyla_mse_normalize(a->at[TOTALS]); }
static hyla_status loss(const struct arguments *a) { return hyla_mse_loss(a->at[PARAMS], a->at[TOTALS], a->at[VALUE]); }
static hyla_status map(const struct arguments *a) {
    return hyla_mse_map(a->at[PARAMS], a->at[CUBE], a->at[MORE], a->at[FLOATS]);
}
static hyla_status gradient(const struct arguments *a) {
    return hyla_mse_gradient(a->at[PARAMS], a->at[TOTALS], a->at[CUBE], a->at[MORE], 1.0, a->write, a->at[FLOATS]);
}
static hyla_status loss_and_gradient(const struct arguments *a) {
    return hyla_mse_loss_and_gradient(a->at[PARAMS], a->at[CUBE], a->at[MORE], 1.0, a->write, a->at[TOTALS],
                                      a->at[VALUE], a->at[FLOATS]);
}

#define INPUTS (BIT(PARAMS) | BIT(CUBE) | BIT(VALUES) | BIT(VALID) | BIT(WEIGHTS) | BIT(MORE))
#define OPTIONAL (BIT(VALID) | BIT(WEIGHTS))
static const struct function functions[] = {
    {"hyla_mse_update", update, &mse, INPUTS, OPTIONAL, BIT(TOTALS)},
    {"hyla_mse_merge", merge, &mse, BIT(OTHER), 0, BIT(TOTALS)},
    {"hyla_mse_normalize", normalize, &mse, 0, 0, BIT(TOTALS)},
    {"hyla_mse_loss", loss, &mse, BIT(PARAMS) | BIT(TOTALS), 0, BIT(VALUE)},
    {"hyla_mse_map", map, &mse, INPUTS, OPTIONAL, BIT(FLOATS)},
    {"hyla_mse_gradient", gradient, &mse, INPUTS | BIT(TOTALS), OPTIONAL, BIT(FLOATS)},
    {"hyla_mse_loss_and_gradient", loss_and_gradient, &mse, INPUTS, OPTIONAL | BIT(TOTALS),
     BIT(TOTALS) | BIT(VALUE) | BIT(FLOATS)},
};

/* Two pixels of three channels. */
static const float values[6] = {1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f}, target[6] = {0.0f, 0.0f, 3.0f, 4.0f, 7.0f, 6.0f};
static const float pixel_weights[2] = {2.0f, 0.5f};

static hyla_cube two_pixels(void) {
    return (hyla_cube){.values = values, .n = 2, .channels = 3, .pixel_stride = 3, .channel_stride = 1};
}

/* All functions refuse these in the same way, without writing anything. */
static void refused(hyla_status expected, const hyla_mse_params *params, const hyla_cube *cube, uint32_t write) {
    static const hyla_mse_totals empty;
    hyla_mse_totals totals = {0};
    double value = 42.0;
    float out[6] = {42.0f, 42.0f, 42.0f, 42.0f, 42.0f, 42.0f};
    if (write == HYLA_STORE) {
        CHECK_STATUS(expected, hyla_mse_update(params, cube, target, &totals));
        CHECK_STATUS(expected, hyla_mse_map(params, cube, target, out));
    }
    CHECK_STATUS(expected, hyla_mse_gradient(params, &totals, cube, target, 1.0, write, out));
    CHECK_STATUS(expected, hyla_mse_loss_and_gradient(params, cube, target, 1.0, write, &totals, &value, out));
    CHECK(value == 42.0 && memcmp(&totals, &empty, sizeof totals) == 0);
    for (int i = 0; i < 6; ++i) CHECK(out[i] == 42.0f);
}

static void parameters(void) {
    const hyla_cube cube = two_pixels();
    const float not_finite[] = {NAN, INFINITY, -INFINITY};
    double value = 42.0;
    hyla_mse_totals totals = {0};
    hyla_mse_params params = HYLA_MSE_PARAMS_DEFAULT, made;
    CHECK_STATUS(HYLA_OK, hyla_mse_params_init(&made, sizeof made));
    CHECK(memcmp(&made, &params, sizeof made) == 0 && hyla_mse_totals_size() == sizeof totals);
    for (int i = 0; i < 3; ++i) {
        params.weight = not_finite[i];
        refused(HYLA_ERROR_WEIGHT, &params, &cube, HYLA_STORE);
        CHECK_STATUS(HYLA_ERROR_WEIGHT, hyla_mse_loss(&params, &totals, &value));
    }
    params = hyla_mse_params_default();
    params.reduction = 4;
    refused(HYLA_ERROR_UNKNOWN_REDUCTION, &params, &cube, HYLA_STORE);
    params = hyla_mse_params_default();
    refused(HYLA_ERROR_UNKNOWN_WRITE, &params, &cube, 2);
    params.reduction = HYLA_REDUCTION_NONE;
    CHECK_STATUS(HYLA_ERROR_NO_SCALAR, hyla_mse_loss(&params, &totals, &value));
    params = hyla_mse_params_default();
    CHECK_STATUS(HYLA_OK, hyla_mse_update(&params, &cube, target, &totals));
    params.weight = 2.0f;
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_mse_loss(&params, &totals, &value));
    CHECK(value == 42.0);

    /* Two values at one place. */
    const size_t strides[][2] = {{2, 1}, {1, 1}, {0, 1}, {3, 0}, {1, 0}};
    for (size_t i = 0; i < sizeof strides / sizeof *strides; ++i) {
        hyla_cube wrong = two_pixels();
        wrong.pixel_stride = strides[i][0];
        wrong.channel_stride = strides[i][1];
        params = hyla_mse_params_default();
        refused(HYLA_ERROR_STRIDES, &params, &wrong, HYLA_STORE);
    }
}

static void known_values(void) {
    const hyla_mse_params params = HYLA_MSE_PARAMS_DEFAULT;
    hyla_mse_params weighted = params;
    hyla_cube cube = two_pixels();
    hyla_mse_totals totals = {0};
    double value = 0.0;
    float out[6] = {1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f};
    CHECK_STATUS(HYLA_OK, hyla_mse_loss_and_gradient(&params, &cube, target, 6.0, HYLA_ADD, &totals, &value, out));
    CHECK(value == 1.5 && totals.values == 6 && totals.rejected == 0);
    CHECK(out[0] == 3.0f && out[1] == 5.0f && out[2] == 1.0f && out[3] == 1.0f && out[4] == -3.0f && out[5] == 1.0f);
    /* (2 (1 + 4) + 0.5 * 4) / (3 * 2 + 3 * 0.5) */
    cube.weights = pixel_weights;
    weighted.reduction = HYLA_REDUCTION_WEIGHTED_MEAN;
    CHECK_STATUS(HYLA_OK, hyla_mse_loss_and_gradient(&weighted, &cube, target, 1.0, HYLA_STORE, NULL, &value, out));
    CHECK(value == 12.0 / 7.5);
    /* A masked pixel and one with a bad weight are as if they were not there. */
    const uint8_t valid[2] = {0, 1};
    const float bad[2] = {1.0f, -1.0f};
    cube.valid = valid;
    CHECK_STATUS(HYLA_OK, hyla_mse_loss_and_gradient(&params, &cube, target, 1.0, HYLA_STORE, NULL, &value, out));
    CHECK(value == 2.0 / 3.0 && out[0] == 0.0f && out[1] == 0.0f);
    cube.weights = bad;
    totals = (hyla_mse_totals){0};
    CHECK_STATUS(HYLA_NOTICE_EMPTY | HYLA_NOTICE_REJECTED,
                 hyla_mse_loss_and_gradient(&params, &cube, target, 1.0, HYLA_STORE, &totals, &value, out));
    CHECK(isnan(value) && totals.rejected == 1 && totals.values == 0);
}

/* Adding words anywhere, then normalize, is merging. */
static void addition_of_words(void) {
    const hyla_mse_params params = HYLA_MSE_PARAMS_DEFAULT;
    const hyla_cube cube = two_pixels();
    hyla_mse_totals one = {0}, sum = {0}, merged = {0};
    CHECK_STATUS(HYLA_OK, hyla_mse_update(&params, &cube, target, &one));
    int64_t *const words = (int64_t *)(void *)&sum;
    const int64_t *const more = (const int64_t *)(const void *)&one;
    for (int time = 0; time < 100; ++time) {
        for (size_t word = 0; word < sizeof one / sizeof *words; ++word)
            words[word] = (int64_t)((uint64_t)words[word] + (uint64_t)more[word]);
        CHECK_STATUS(HYLA_OK, hyla_mse_merge(&one, &merged));
    }
    CHECK_STATUS(HYLA_OK, hyla_mse_normalize(&sum));
    CHECK(memcmp(&sum, &merged, sizeof sum) == 0);
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    parameters();
    known_values();
    addition_of_words();
    return finish("law_mse");
}
