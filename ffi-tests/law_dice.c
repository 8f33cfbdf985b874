/* hyla_dice_...: the law of pointers, parameters out of range, notices, and the rules about values. */
#include <math.h>

#include "law.h"

enum { N = 37, CLASSES = 3 };
static float logits[N * CLASSES], weights[N];
static int32_t labels[N];
static uint8_t valid[N];

/* The law. */

static void fill(struct arguments *arguments) {
    const hyla_dice_params params = HYLA_DICE_PARAMS_DEFAULT;
    *(hyla_dice_params *)arguments->at[PARAMS] = params;
    const hyla_cube *cube = cube_of(arguments);
    CHECK_STATUS(HYLA_OK, hyla_dice_update(&params, cube, (hyla_dice_totals *)arguments->at[TOTALS]));
    CHECK_STATUS(HYLA_OK, hyla_dice_update(&params, cube, (hyla_dice_totals *)arguments->at[OTHER]));
}

static const struct family dice = {
    sizeof(hyla_dice_params), LAW_CHANNELS * sizeof(hyla_dice_totals), sizeof(double), fill, LAW_PIXELS *LAW_CHANNELS * sizeof(float),
    0, 0};

#define CALL(function, ...) \
    static hyla_status call_##function(const struct arguments *a) { return hyla_##function(__VA_ARGS__); }

CALL(dice_update, a->at[PARAMS], cube_of(a), a->at[TOTALS])
CALL(dice_merge, a->at[OTHER], a->at[TOTALS], LAW_CHANNELS)
CALL(dice_normalize, a->at[TOTALS], LAW_CHANNELS)
CALL(dice_loss, a->at[PARAMS], a->at[TOTALS], LAW_CHANNELS, a->at[VALUE])
CALL(dice_gradient, a->at[PARAMS], a->at[TOTALS], cube_of(a), 1.0, a->write, a->at[FLOATS])
CALL(dice_loss_and_gradient, a->at[PARAMS], cube_of(a), 1.0, a->write, a->at[TOTALS], a->at[VALUE], a->at[FLOATS])

#define OPTIONAL (BIT(VALID) | BIT(WEIGHTS))
#define LOGITS (BIT(PARAMS) | BIT(CUBE) | BIT(VALUES) | BIT(LABELS) | OPTIONAL)
#define ROW(function, reads, optional, writes) {#function, call_##function, &dice, reads, optional, writes}

static const struct function functions[] = {
    ROW(dice_update, LOGITS, OPTIONAL, BIT(TOTALS)),
    ROW(dice_merge, BIT(OTHER), 0, BIT(TOTALS)),
    ROW(dice_normalize, 0, 0, BIT(TOTALS)),
    ROW(dice_loss, BIT(PARAMS) | BIT(TOTALS), 0, BIT(VALUE)),
    ROW(dice_gradient, LOGITS | BIT(TOTALS), OPTIONAL, BIT(FLOATS)),
    ROW(dice_loss_and_gradient, LOGITS, OPTIONAL, BIT(TOTALS) | BIT(VALUE) | BIT(FLOATS)),
};

static void defaults(void) {
    const hyla_dice_params macro = HYLA_DICE_PARAMS_DEFAULT, value = hyla_dice_params_default();
    hyla_dice_params made;
    memset(&made, 0xa5, sizeof made);
    CHECK_STATUS(HYLA_OK, hyla_dice_params_init(&made, sizeof made));
    CHECK(memcmp(&made, &macro, sizeof made) == 0 && memcmp(&made, &value, sizeof made) == 0);
    CHECK_STATUS(HYLA_ERROR_STRUCT_SIZE, hyla_dice_params_init(&made, 0));
    CHECK_STATUS(HYLA_ERROR_NULL_POINTER, hyla_dice_params_init(NULL, sizeof made));
    CHECK(memcmp(&made, &macro, sizeof made) == 0);
    CHECK(hyla_dice_totals_size() == sizeof(hyla_dice_totals));
    CHECK(HYLA_DICE_STAGES == (HYLA_STAGE_TRAIN | HYLA_STAGE_VAL | HYLA_STAGE_TEST));
}

/* The node. */

static hyla_cube all(void) {
    return (hyla_cube){.values = logits,
                       .n = N,
                       .channels = CLASSES,
                       .pixel_stride = CLASSES,
                       .channel_stride = 1,
                       .labels = labels,
                       .valid = valid,
                       .weights = weights};
}

static void reset(void) {
    for (int i = 0; i < N; ++i) {
        for (int k = 0; k < CLASSES; ++k) logits[i * CLASSES + k] = (float)((i * 5 + k * 3) % 11 - 5) * 0.4f;
        weights[i] = 1.0f;
        labels[i] = i % CLASSES;
        valid[i] = 1;
    }
}

/* All functions with these arguments refuse them, in the same way and without writing anything. */
static void refused(hyla_status expected, const hyla_dice_params *params, const hyla_cube *cube, size_t classes, uint32_t write) {
    static const hyla_dice_totals empty[CLASSES];
    hyla_dice_totals totals[CLASSES] = {0};
    double loss = 42.0;
    float out[N * CLASSES], before[N * CLASSES];
    for (int i = 0; i < N * CLASSES; ++i) out[i] = before[i] = 42.0f;
    if (write == HYLA_STORE) {
        CHECK_STATUS(expected, hyla_dice_update(params, cube, totals));
        CHECK_STATUS(expected, hyla_dice_loss(params, totals, classes, &loss));
    }
    CHECK_STATUS(expected, hyla_dice_gradient(params, totals, cube, 1.0, write, out));
    CHECK_STATUS(expected, hyla_dice_loss_and_gradient(params, cube, 1.0, write, totals, &loss, out));
    CHECK(loss == 42.0);
    CHECK(memcmp(&totals, &empty, sizeof totals) == 0);
    CHECK(memcmp(out, before, sizeof out) == 0);
}

static void parameters(void) {
    hyla_cube cube = all();
    const float bad[] = {NAN, INFINITY, -INFINITY, -1.0f, -1e-45f};
    hyla_dice_params params = HYLA_DICE_PARAMS_DEFAULT;
    for (size_t i = 0; i < 5; ++i) {
        if (i < 3) {
            params.weight = bad[i];
            refused(HYLA_ERROR_WEIGHT, &params, &cube, CLASSES, HYLA_STORE);
            params = hyla_dice_params_default();
        }
        params.eps = bad[i];
        refused(HYLA_ERROR_EPSILON, &params, &cube, CLASSES, HYLA_STORE);
        params = hyla_dice_params_default();
    }
    const uint32_t unknown[] = {2, 3, 256, UINT32_MAX};
    for (size_t i = 0; i < 4; ++i) {
        params.absent = unknown[i];
        refused(HYLA_ERROR_UNKNOWN_OPTION, &params, &cube, CLASSES, HYLA_STORE);
        params = hyla_dice_params_default();
        refused(HYLA_ERROR_UNKNOWN_WRITE, &params, &cube, CLASSES, unknown[i]);
    }
    cube.channels = 0;
    refused(HYLA_ERROR_CHANNELS, &params, &cube, 0, HYLA_STORE);
    hyla_dice_totals totals[CLASSES] = {0}, others[CLASSES] = {0};
    CHECK_STATUS(HYLA_ERROR_CHANNELS, hyla_dice_merge(others, totals, 0));
    CHECK_STATUS(HYLA_ERROR_CHANNELS, hyla_dice_normalize(totals, 0));
    CHECK_STATUS(HYLA_ERROR_TOO_LARGE, hyla_dice_normalize(totals, SIZE_MAX));
    cube = all();
    cube.pixel_stride = 1;
    float out[N * CLASSES];
    CHECK_STATUS(HYLA_ERROR_STRIDES, hyla_dice_update(&params, &cube, totals));
    CHECK_STATUS(HYLA_ERROR_STRIDES, hyla_dice_gradient(&params, totals, &cube, 1.0, HYLA_STORE, out));

    /* At the ends of their ranges. */
    const float good[] = {0.0f, 3.402823466e38f, 1e-45f};
    cube = all();
    for (size_t i = 0; i < 3; ++i) {
        params.weight = params.eps = good[i];
        CHECK_STATUS(HYLA_OK, hyla_dice_update(&params, &cube, totals));
    }
}

static void mixed_totals(void) {
    const hyla_cube cube = all();
    const hyla_dice_params plain = HYLA_DICE_PARAMS_DEFAULT;
    hyla_dice_params other = plain;
    hyla_dice_totals totals[CLASSES] = {0};
    double loss = 42.0;
    float out[N * CLASSES];
    out[0] = 42.0f;
    CHECK_STATUS(HYLA_OK, hyla_dice_update(&plain, &cube, totals));
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_dice_loss(&plain, totals, CLASSES - 1, &loss));
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_dice_loss(&plain, totals + 1, CLASSES - 1, &loss));
    other.has_ignore_index = 1;
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_dice_loss(&other, totals, CLASSES, &loss));
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_dice_gradient(&other, totals, &cube, 1.0, HYLA_STORE, out));
    CHECK(loss == 42.0 && out[0] == 42.0f);
    /* What changes no sum may change. */
    other = plain;
    other.weight = 3.0f;
    other.eps = 0.5f;
    other.absent = HYLA_ABSENT_SKIP;
    other.include_background = 0;
    CHECK_STATUS(HYLA_OK, hyla_dice_loss(&other, totals, CLASSES, &loss));
}

static void notices(void) {
    const hyla_cube cube = all();
    hyla_dice_params params = HYLA_DICE_PARAMS_DEFAULT;
    hyla_dice_totals totals[CLASSES] = {0};
    double loss = 42.0;
    float out[N * CLASSES];
    /* Nothing counts. */
    memset(valid, 0, sizeof valid);
    for (int i = 0; i < N * CLASSES; ++i) logits[i] = NAN, out[i] = 42.0f;
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_dice_loss_and_gradient(&params, &cube, 1.0, HYLA_ADD, totals, &loss, out));
    for (int i = 0; i < N * CLASSES; ++i) CHECK(out[i] == 42.0f);
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_dice_gradient(&params, totals, &cube, 1.0, HYLA_STORE, out));
    for (int i = 0; i < N * CLASSES; ++i) CHECK(out[i] == 0.0f);
    CHECK(loss == 0.0);
    reset();
    /* NaN, and a single infinite logit. */
    logits[4] = NAN;
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_dice_loss_and_gradient(&params, &cube, 1.0, HYLA_STORE, totals, &loss, out));
    CHECK(isnan(loss));
    logits[4] = INFINITY;
    CHECK_STATUS(HYLA_OK, hyla_dice_loss_and_gradient(&params, &cube, 1.0, HYLA_STORE, totals, &loss, out));
    CHECK(isfinite(loss) && out[3] == 0.0f && out[4] == 0.0f && out[5] == 0.0f);
    reset();
    /* Labels and weights that are none; ignored labels are no news. */
    logits[3] = NAN;
    labels[1] = CLASSES;
    weights[2] = -1.0f;
    CHECK_STATUS(HYLA_NOTICE_REJECTED, hyla_dice_loss_and_gradient(&params, &cube, 1.0, HYLA_STORE, totals, &loss, out));
    CHECK(totals[0].rejected == 2 && totals[2].pixels == N - 2 && isfinite(loss) && out[3] == 0.0f);
    weights[2] = 1.0f;
    params.has_ignore_index = 1;
    params.ignore_index = CLASSES;
    CHECK_STATUS(HYLA_OK, hyla_dice_loss_and_gradient(&params, &cube, 1.0, HYLA_STORE, totals, &loss, out));
    CHECK(totals[0].rejected == 0 && totals[0].pixels == N - 1);
    reset();
    /* Only background, which is left out, and no label of another class. */
    params = hyla_dice_params_default();
    params.include_background = 0;
    params.absent = HYLA_ABSENT_SKIP;
    for (int i = 0; i < N; ++i) labels[i] = 0;
    CHECK_STATUS(HYLA_NOTICE_DEGENERATE, hyla_dice_loss_and_gradient(&params, &cube, 1.0, HYLA_STORE, totals, &loss, out));
    CHECK(loss == 0.0 && out[0] == 0.0f);
    reset();
}

/* Logits of 0: every probability is known. */
static void values(void) {
    const float zeros[4] = {0};
    const int32_t classes[2] = {1, 0};
    const hyla_cube two = {.values = zeros, .n = 2, .channels = 2, .pixel_stride = 2, .channel_stride = 1, .labels = classes};
    hyla_cube one = two;
    one.channels = one.pixel_stride = 1;
    hyla_dice_params params = HYLA_DICE_PARAMS_DEFAULT;
    hyla_dice_totals totals[2];
    double loss = 0.0;
    float out[4];
    params.eps = 0.0f;
    params.weight = 2.0f;
    /* I = 1/2, P = 1, Y = 1; a = -1, b = 1/4 for k = 1. */
    CHECK_STATUS(HYLA_OK, hyla_dice_loss_and_gradient(&params, &one, 0.5, HYLA_STORE, totals, &loss, out));
    CHECK(loss == 1.0 && out[0] == -0.1875f && out[1] == 0.0625f);
    CHECK_STATUS(HYLA_OK, hyla_dice_loss_and_gradient(&params, &two, 1.0, HYLA_STORE, totals, &loss, out));
    CHECK(loss == 1.0 && out[0] == 0.25f && out[1] == -0.25f && out[2] == -0.25f && out[3] == 0.25f);
    CHECK_STATUS(HYLA_OK, hyla_dice_loss_and_gradient(&params, &two, 1.0, HYLA_ADD, totals, &loss, out));
    CHECK(out[0] == 0.5f && out[3] == 0.5f);
}

/* Adding words anywhere, then normalize, is merging. */
static void addition_of_words(void) {
    const hyla_cube cube = all();
    const hyla_dice_params params = HYLA_DICE_PARAMS_DEFAULT;
    hyla_dice_totals one[CLASSES] = {0}, sum[CLASSES] = {0}, merged[CLASSES] = {0};
    double loss = 0.0, expected = 0.0;
    CHECK_STATUS(HYLA_OK, hyla_dice_update(&params, &cube, one));
    int64_t *const words = (int64_t *)(void *)sum;
    const int64_t *const more = (const int64_t *)(const void *)one;
    const size_t count = CLASSES * (sizeof *one / sizeof *words);
    for (int time = 0; time < 1000; ++time) {
        for (size_t word = 0; word < count; ++word) {
            words[word] = (int64_t)((uint64_t)words[word] + (uint64_t)more[word]);
        }
        CHECK_STATUS(HYLA_OK, hyla_dice_merge(one, merged, CLASSES));
    }
    CHECK_STATUS(HYLA_OK, hyla_dice_loss(&params, sum, CLASSES, &loss));
    CHECK_STATUS(HYLA_OK, hyla_dice_loss(&params, merged, CLASSES, &expected));
    CHECK(loss == expected);
    CHECK_STATUS(HYLA_OK, hyla_dice_normalize(sum, CLASSES));
    CHECK(memcmp(&sum, &merged, sizeof sum) == 0);
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    defaults();
    reset();
    parameters();
    mixed_totals();
    notices();
    values();
    addition_of_words();
    return finish("law_dice");
}
