/* The law of a loss of a cube and another one in its layout: the functions as a machine, parameters out of range, and
 * sums of words. NODE is its name; MAP_SLOT is where its map fits: FLOATS of a float a value, MAP of one a pixel. */
#ifndef LAW_COMPARED_H
#define LAW_COMPARED_H

#include <math.h>

#include "law.h"

#define JOINED_(first, second, third) first##second##third
#define JOINED(first, second, third) JOINED_(first, second, third)
#define TEXT_(name) #name
#define TEXT(name) TEXT_(name)
#define OF(name) JOINED(hyla_, NODE, _##name)

/* What the cube is compared with lies where other functions have a second gradient. */
static const hyla_values *other_of(const struct arguments *arguments) {
    static hyla_values values;
    values = hyla_bip(hyla_f32((const float *)arguments->at[MORE]), LAW_CHANNELS);
    return &values;
}

static void fill(struct arguments *arguments) {
    const OF(params) params = OF(params_default)();
    const hyla_cube *cube = cube_of(arguments);
    *(OF(params) *)arguments->at[PARAMS] = params;
    CHECK_STATUS(HYLA_OK, OF(update)(&params, cube, other_of(arguments), arguments->at[TOTALS]));
    CHECK_STATUS(HYLA_OK, OF(update)(&params, cube, other_of(arguments), arguments->at[OTHER]));
}

static const struct family family = {
    .sizes[PARAMS] = sizeof(OF(params)),
    .sizes[TOTALS] = sizeof(OF(totals)),
    .sizes[VALUE] = sizeof(double),
    .fill = fill,
    .sizes[FLOATS] = LAW_PIXELS * LAW_CHANNELS * sizeof(float),
    .sizes[MORE] = LAW_PIXELS * LAW_CHANNELS * sizeof(float),
};

static hyla_status update(const struct arguments *a) {
    return OF(update)(a->at[PARAMS], a->at[CUBE], other_of(a), a->at[TOTALS]);
}
static hyla_status merge(const struct arguments *a) { return OF(merge)(a->at[OTHER], a->at[TOTALS]); }
static hyla_status normalize(const struct arguments *a) { return OF(normalize)(a->at[TOTALS]); }
static hyla_status loss(const struct arguments *a) { return OF(loss)(a->at[PARAMS], a->at[TOTALS], a->at[VALUE]); }
static hyla_status map(const struct arguments *a) {
    return OF(map)(a->at[PARAMS], a->at[CUBE], other_of(a), a->at[MAP_SLOT]);
}
static hyla_status gradient(const struct arguments *a) {
    return OF(gradient)(a->at[PARAMS], a->at[TOTALS], a->at[CUBE], other_of(a), 1.0, a->write, a->at[FLOATS]);
}
static hyla_status loss_and_gradient(const struct arguments *a) {
    return OF(loss_and_gradient)(a->at[PARAMS], a->at[CUBE], other_of(a), 1.0, a->write, a->at[TOTALS], a->at[VALUE],
                                 a->at[FLOATS]);
}

#define INPUTS (BIT(PARAMS) | BIT(CUBE) | BIT(VALUES) | BIT(VALID) | BIT(WEIGHTS) | BIT(MORE))
#define OPTIONAL (BIT(VALID) | BIT(WEIGHTS))
static const struct function functions[] = {
    {TEXT(OF(update)), update, &family, INPUTS, OPTIONAL, BIT(TOTALS)},
    {TEXT(OF(merge)), merge, &family, BIT(OTHER), 0, BIT(TOTALS)},
    {TEXT(OF(normalize)), normalize, &family, 0, 0, BIT(TOTALS)},
    {TEXT(OF(loss)), loss, &family, BIT(PARAMS) | BIT(TOTALS), 0, BIT(VALUE)},
    {TEXT(OF(map)), map, &family, INPUTS, OPTIONAL, BIT(MAP_SLOT)},
    {TEXT(OF(gradient)), gradient, &family, INPUTS | BIT(TOTALS), OPTIONAL, BIT(FLOATS)},
    {TEXT(OF(loss_and_gradient)), loss_and_gradient, &family, INPUTS, OPTIONAL | BIT(TOTALS),
     BIT(TOTALS) | BIT(VALUE) | BIT(FLOATS)},
};

/* Two pixels of three channels, which the test of the node defines. */
static const float values[6], other_values[6];

static hyla_cube two_pixels(void) {
    return (hyla_cube){.values = hyla_bip(hyla_f32(values), 3), .n = 2, .channels = 3};
}

static hyla_values others(void) { return hyla_bip(hyla_f32(other_values), 3); }

/* All functions refuse these in the same way, without writing anything. */
static void refused(hyla_status expected, const OF(params) *params, const hyla_cube *cube, uint32_t write) {
    static const OF(totals) empty;
    const hyla_values other = others();
    OF(totals) totals = {0};
    double value = 42.0;
    float out[6] = {42.0f, 42.0f, 42.0f, 42.0f, 42.0f, 42.0f};
    if (write == HYLA_STORE) {
        CHECK_STATUS(expected, OF(update)(params, cube, &other, &totals));
        CHECK_STATUS(expected, OF(map)(params, cube, &other, out));
    }
    CHECK_STATUS(expected, OF(gradient)(params, &totals, cube, &other, 1.0, write, out));
    CHECK_STATUS(expected, OF(loss_and_gradient)(params, cube, &other, 1.0, write, &totals, &value, out));
    CHECK(value == 42.0 && memcmp(&totals, &empty, sizeof totals) == 0);
    for (int i = 0; i < 6; ++i) CHECK(out[i] == 42.0f);
}

static void parameters(void) {
    const hyla_cube cube = two_pixels();
    const hyla_values other = others();
    const float not_finite[] = {NAN, INFINITY, -INFINITY};
    double value = 42.0;
    OF(totals) totals = {0};
    OF(params) params = OF(params_default)(), made;
    CHECK_STATUS(HYLA_OK, OF(params_init)(&made, sizeof made));
    CHECK(memcmp(&made, &params, sizeof made) == 0 && OF(totals_size)() == sizeof totals);
    for (int i = 0; i < 3; ++i) {
        params.weight = not_finite[i];
        refused(HYLA_ERROR_WEIGHT, &params, &cube, HYLA_STORE);
        CHECK_STATUS(HYLA_ERROR_WEIGHT, OF(loss)(&params, &totals, &value));
    }
    params = OF(params_default)();
    params.reduction = 4;
    refused(HYLA_ERROR_UNKNOWN_REDUCTION, &params, &cube, HYLA_STORE);
    params = OF(params_default)();
    refused(HYLA_ERROR_UNKNOWN_WRITE, &params, &cube, 2);
    params.reduction = HYLA_REDUCTION_NONE;
    CHECK_STATUS(HYLA_ERROR_NO_SCALAR, OF(loss)(&params, &totals, &value));
    params = OF(params_default)();
    CHECK_STATUS(HYLA_OK, OF(update)(&params, &cube, &other, &totals));
    params.weight = 2.0f;
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, OF(loss)(&params, &totals, &value));
    CHECK(value == 42.0);

    /* Two values at one place. */
    const size_t strides[][2] = {{2, 1}, {1, 1}, {0, 1}, {2, 0}, {1, 0}};
    for (size_t i = 0; i < sizeof strides / sizeof *strides; ++i) {
        hyla_cube wrong = two_pixels();
        wrong.values.plane.stride = strides[i][0];
        wrong.values.channel_stride = strides[i][1];
        params = OF(params_default)();
        refused(HYLA_ERROR_STRIDES, &params, &wrong, HYLA_STORE);
    }
}

/* Adding words anywhere, then normalize, is merging. */
static void addition_of_words(void) {
    const OF(params) params = OF(params_default)();
    const hyla_cube cube = two_pixels();
    const hyla_values other = others();
    OF(totals) one = {0}, sum = {0}, merged = {0};
    CHECK_STATUS(HYLA_OK, OF(update)(&params, &cube, &other, &one));
    int64_t *const words = (int64_t *)(void *)&sum;
    const int64_t *const more = (const int64_t *)(const void *)&one;
    for (int time = 0; time < 100; ++time) {
        for (size_t word = 0; word < sizeof one / sizeof *words; ++word)
            words[word] = (int64_t)((uint64_t)words[word] + (uint64_t)more[word]);
        CHECK_STATUS(HYLA_OK, OF(merge)(&one, &merged));
    }
    CHECK_STATUS(HYLA_OK, OF(normalize)(&sum));
    CHECK(memcmp(&sum, &merged, sizeof sum) == 0);
}

static inline void law_of_compared(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    parameters();
    addition_of_words();
}

#endif
