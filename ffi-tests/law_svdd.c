/* hyla_svdd_...: the whole law, parameters out of range, notices, layouts and values. */
#include <math.h>

#include "law.h"

static void fill(struct arguments *arguments) {
    const hyla_svdd_params params = HYLA_SVDD_PARAMS_DEFAULT;
    const hyla_cube *cube = cube_of(arguments);
    *(hyla_svdd_params *)arguments->at[PARAMS] = params;
    memset(arguments->at[WORKSPACE], 0, LAW_CHANNELS * sizeof(hyla_exact_sum));
    CHECK_STATUS(HYLA_OK, hyla_svdd_update(&params, cube, arguments->at[CENTER], arguments->at[TOTALS]));
    CHECK_STATUS(HYLA_OK, hyla_svdd_update(&params, cube, arguments->at[CENTER], arguments->at[OTHER]));
}

/* Where other functions have a workspace lie the sums of the center. */
#define SUMS (LAW_CHANNELS * sizeof(hyla_exact_sum))
static const struct family svdd = {
    .sizes[PARAMS] = sizeof(hyla_svdd_params),
    .sizes[TOTALS] = sizeof(hyla_svdd_totals),
    .sizes[VALUE] = sizeof(double),
    .fill = fill,
    .sizes[FLOATS] = LAW_PIXELS * LAW_CHANNELS * sizeof(float),
    .sizes[WORKSPACE] = SUMS,
};
static const struct family of_sums = {
    .sizes[PARAMS] = sizeof(hyla_svdd_params), .sizes[TOTALS] = SUMS, .sizes[VALUE] = sizeof(double),
    .fill = fill, .sizes[WORKSPACE] = SUMS,
};

static hyla_status radius(const struct arguments *a) { return hyla_svdd_radius(a->at[PARAMS], a->at[VALUE]); }
static hyla_status update(const struct arguments *a) {
    return hyla_svdd_update(a->at[PARAMS], a->at[CUBE], a->at[CENTER], a->at[TOTALS]);
}
static hyla_status merge(const struct arguments *a) { return hyla_svdd_merge(a->at[OTHER], a->at[TOTALS]); }
static hyla_status normalize(const struct arguments *a) { return hyla_svdd_normalize(a->at[TOTALS]); }
static hyla_status loss(const struct arguments *a) {
    return hyla_svdd_loss(a->at[PARAMS], a->at[TOTALS], a->at[VALUE]);
}
static hyla_status map(const struct arguments *a) {
    return hyla_svdd_map(a->at[PARAMS], a->at[CUBE], a->at[CENTER], a->at[MAP]);
}
static hyla_status gradient(const struct arguments *a) {
    return hyla_svdd_gradient(a->at[PARAMS], a->at[TOTALS], a->at[CUBE], a->at[CENTER], 1.0, a->write, a->at[FLOATS]);
}
static hyla_status loss_and_gradient(const struct arguments *a) {
    return hyla_svdd_loss_and_gradient(a->at[PARAMS], a->at[CUBE], a->at[CENTER], 1.0, a->write, a->at[TOTALS],
                                       a->at[VALUE], a->at[FLOATS]);
}
static hyla_status gradient_radius(const struct arguments *a) {
    return hyla_svdd_gradient_radius(a->at[PARAMS], a->at[TOTALS], 1.0, a->at[NUMBER]);
}
static hyla_status center_update(const struct arguments *a) {
    return hyla_svdd_center_update(a->at[PARAMS], a->at[CUBE], a->at[CENTER], a->at[WORKSPACE]);
}
static hyla_status center_merge(const struct arguments *a) {
    return hyla_svdd_center_merge(a->at[OTHER], a->at[WORKSPACE], LAW_CHANNELS);
}
static hyla_status center_normalize(const struct arguments *a) {
    return hyla_svdd_center_normalize(a->at[WORKSPACE], LAW_CHANNELS);
}
static hyla_status gradient_center(const struct arguments *a) {
    return hyla_svdd_gradient_center(a->at[PARAMS], a->at[TOTALS], a->at[WORKSPACE], LAW_CHANNELS, 1.0, a->write,
                                     a->at[MORE]);
}

#define INPUTS (BIT(PARAMS) | BIT(CUBE) | BIT(VALUES) | BIT(VALID) | BIT(WEIGHTS) | BIT(CENTER))
#define OPTIONAL (BIT(VALID) | BIT(WEIGHTS))
static const struct function functions[] = {
    {"hyla_svdd_radius", radius, &svdd, BIT(PARAMS), 0, BIT(VALUE)},
    {"hyla_svdd_update", update, &svdd, INPUTS, OPTIONAL, BIT(TOTALS)},
    {"hyla_svdd_merge", merge, &svdd, BIT(OTHER), 0, BIT(TOTALS)},
    {"hyla_svdd_normalize", normalize, &svdd, 0, 0, BIT(TOTALS)},
    {"hyla_svdd_loss", loss, &svdd, BIT(PARAMS) | BIT(TOTALS), 0, BIT(VALUE)},
    {"hyla_svdd_map", map, &svdd, INPUTS, OPTIONAL, BIT(MAP)},
    {"hyla_svdd_gradient", gradient, &svdd, INPUTS | BIT(TOTALS), OPTIONAL, BIT(FLOATS)},
    {"hyla_svdd_loss_and_gradient", loss_and_gradient, &svdd, INPUTS, OPTIONAL | BIT(TOTALS),
     BIT(TOTALS) | BIT(VALUE) | BIT(FLOATS)},
    {"hyla_svdd_gradient_radius", gradient_radius, &svdd, BIT(PARAMS) | BIT(TOTALS), 0, BIT(NUMBER)},
    {"hyla_svdd_center_update", center_update, &svdd, INPUTS, OPTIONAL, BIT(WORKSPACE)},
    {"hyla_svdd_center_merge", center_merge, &of_sums, BIT(OTHER), 0, BIT(WORKSPACE)},
    {"hyla_svdd_center_normalize", center_normalize, &svdd, 0, 0, BIT(WORKSPACE)},
    {"hyla_svdd_gradient_center", gradient_center, &svdd, BIT(PARAMS) | BIT(TOTALS) | BIT(WORKSPACE), 0, BIT(MORE)},
};

/* Three pixels of two channels around a center. */
static const float values[6] = {1.0f, 1.0f, 4.0f, 5.0f, 1.0f, 3.0f}, center[2] = {1.0f, 1.0f};

static hyla_cube three_pixels(void) {
    return (hyla_cube){.values = hyla_bip(hyla_f32(values), 2), .n = 3, .channels = 2};
}

static void refused(hyla_status expected, const hyla_svdd_params *params, const hyla_cube *cube, uint32_t write) {
    static const hyla_svdd_totals empty;
    static const hyla_exact_sum no_sums[2];
    hyla_svdd_totals totals = {0};
    hyla_exact_sum sums[2] = {{{0}, 0, 0, 0, 0}, {{0}, 0, 0, 0, 0}};
    double value = 42.0;
    float out[6] = {42.0f, 42.0f, 42.0f, 42.0f, 42.0f, 42.0f};
    if (write == HYLA_STORE) {
        CHECK_STATUS(expected, hyla_svdd_update(params, cube, center, &totals));
        CHECK_STATUS(expected, hyla_svdd_map(params, cube, center, out));
        CHECK_STATUS(expected, hyla_svdd_center_update(params, cube, center, sums));
    }
    CHECK_STATUS(expected, hyla_svdd_gradient(params, &totals, cube, center, 1.0, write, out));
    CHECK_STATUS(expected, hyla_svdd_loss_and_gradient(params, cube, center, 1.0, write, &totals, &value, out));
    CHECK(value == 42.0 && memcmp(&totals, &empty, sizeof totals) == 0 && memcmp(sums, no_sums, sizeof sums) == 0);
    for (int i = 0; i < 6; ++i) CHECK(out[i] == 42.0f);
}

static void parameters(void) {
    const hyla_svdd_params plain = HYLA_SVDD_PARAMS_DEFAULT;
    const float bad_nu[] = {NAN, 0.0f, 1.0f, -0.1f, 2.0f, INFINITY}, not_finite[] = {NAN, INFINITY, -INFINITY};
    hyla_cube cube = three_pixels();
    hyla_svdd_params params, made;
    hyla_svdd_totals totals = {0};
    double value = 42.0;
    CHECK_STATUS(HYLA_OK, hyla_svdd_params_init(&made, sizeof made));
    CHECK(memcmp(&made, &plain, sizeof made) == 0 && hyla_svdd_totals_size() == sizeof totals);
    for (int i = 0; i < 6; ++i) {
        params = plain;
        params.nu = bad_nu[i];
        refused(HYLA_ERROR_NU, &params, &cube, HYLA_STORE);
        CHECK_STATUS(HYLA_ERROR_NU, hyla_svdd_radius(&params, &value));
    }
    for (int i = 0; i < 3; ++i) {
        params = plain;
        params.weight = not_finite[i];
        refused(HYLA_ERROR_WEIGHT, &params, &cube, HYLA_STORE);
        params = plain;
        params.r_unconstrained = not_finite[i];
        refused(HYLA_ERROR_RADIUS, &params, &cube, HYLA_STORE);
        CHECK_STATUS(HYLA_ERROR_RADIUS, hyla_svdd_gradient_radius(&params, &totals, 1.0, &value));
    }
    refused(HYLA_ERROR_UNKNOWN_WRITE, &plain, &cube, 2);
    cube.values.plane.stride = 1;
    refused(HYLA_ERROR_STRIDES, &plain, &cube, HYLA_STORE);
    cube = three_pixels();
    cube.channels = 0;
    refused(HYLA_ERROR_CHANNELS, &plain, &cube, HYLA_STORE);
    hyla_cube wide = {.values = hyla_bip(hyla_f32(values), 4097), .n = 0, .channels = 4097};
    static const float wide_center[4097];
    CHECK_STATUS(HYLA_ERROR_CHANNELS, hyla_svdd_update(&plain, &wide, wide_center, &totals));
    CHECK(value == 42.0);
    cube = three_pixels();
    CHECK_STATUS(HYLA_OK, hyla_svdd_update(&plain, &cube, center, &totals));
    params = plain;
    params.r_unconstrained = 1.0f;
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_svdd_loss(&params, &totals, &value));
    CHECK(value == 42.0);
    /* nu and weight are no part of the terms. */
    params = plain;
    params.nu = 0.5f;
    CHECK_STATUS(HYLA_OK, hyla_svdd_loss(&params, &totals, &value));
}

static void known_values(void) {
    hyla_svdd_params params = HYLA_SVDD_PARAMS_DEFAULT;
    hyla_cube cube = three_pixels();
    hyla_svdd_totals totals = {0};
    hyla_exact_sum sums[2] = {{{0}, 0, 0, 0, 0}, {{0}, 0, 0, 0, 0}};
    double value = 0.0;
    float out[6];
    params.nu = 0.5f;
    params.r_unconstrained = 3.0f;
    CHECK_STATUS(HYLA_OK, hyla_svdd_radius(&params, &value));
    CHECK(value == 3.0);
    /* Distances 0, 25 and 4: one is outside of 9. */
    CHECK_STATUS(HYLA_OK, hyla_svdd_map(&params, &cube, center, out));
    CHECK(out[0] == -9.0f && out[1] == 16.0f && out[2] == -5.0f);
    CHECK_STATUS(HYLA_OK, hyla_svdd_loss_and_gradient(&params, &cube, center, 3.0, HYLA_STORE, &totals, &value, out));
    CHECK(fabs(value - (9.0 + 16.0 / 1.5)) < 1e-14 && totals.outside == 1);
    CHECK(out[0] == 0.0f && out[1] == 0.0f && out[2] == 12.0f && out[3] == 16.0f && out[4] == 0.0f && out[5] == 0.0f);
    CHECK_STATUS(HYLA_OK, hyla_svdd_gradient_radius(&params, &totals, 1.0, &value));
    CHECK(fabs(value - 6.0 * (1.0 - 1.0 / 1.5)) < 1e-14);
    CHECK_STATUS(HYLA_OK, hyla_svdd_center_update(&params, &cube, center, sums));
    CHECK_STATUS(HYLA_OK, hyla_svdd_gradient_center(&params, &totals, sums, 2, 3.0, HYLA_STORE, out));
    CHECK(out[0] == -12.0f && out[1] == -16.0f);
    /* A collapsed radius, no pixel, and NaN. */
    hyla_svdd_params small = params;
    small.r_unconstrained = -20.0f;
    CHECK_STATUS(HYLA_NOTICE_DEGENERATE, hyla_svdd_radius(&small, &value));
    const hyla_cube nothing = {.channels = 2};
    CHECK_STATUS(HYLA_NOTICE_EMPTY,
                 hyla_svdd_loss_and_gradient(&params, &nothing, center, 1.0, HYLA_STORE, NULL, &value, NULL));
    CHECK(isnan(value));
    const float bad[2] = {NAN, 1.0f};
    cube.values = hyla_bip(hyla_f32(bad), 2);
    cube.n = 1;
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE,
                 hyla_svdd_loss_and_gradient(&params, &cube, center, 1.0, HYLA_STORE, NULL, &value, out));
    CHECK(isnan(value));
}

/* Adding words anywhere, then normalize, is merging. */
static void addition_of_words(void) {
    const hyla_svdd_params params = HYLA_SVDD_PARAMS_DEFAULT;
    const hyla_cube cube = three_pixels();
    hyla_svdd_totals one = {0}, sum = {0}, merged = {0};
    CHECK_STATUS(HYLA_OK, hyla_svdd_update(&params, &cube, center, &one));
    int64_t *const words = (int64_t *)(void *)&sum;
    const int64_t *const more = (const int64_t *)(const void *)&one;
    for (int time = 0; time < 100; ++time) {
        for (size_t word = 0; word < sizeof one / sizeof *words; ++word)
            words[word] = (int64_t)((uint64_t)words[word] + (uint64_t)more[word]);
        CHECK_STATUS(HYLA_OK, hyla_svdd_merge(&one, &merged));
    }
    CHECK_STATUS(HYLA_OK, hyla_svdd_normalize(&sum));
    CHECK(memcmp(&sum, &merged, sizeof sum) == 0);
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    parameters();
    known_values();
    addition_of_words();
    return finish("law_svdd");
}
