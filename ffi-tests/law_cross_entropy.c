/* hyla_cross_entropy_...: the law of pointers, parameters out of range, notices, and the rules about
 * values. */
#include <math.h>

#include "law.h"

enum { N = 37, CLASSES = 3 };
static float logits[N * CLASSES], weights[N], class_weights[CLASSES];
static int32_t labels[N];
static uint8_t valid[N];

/* The law. */

static void fill(struct arguments *arguments) {
    const hyla_cross_entropy_params params = HYLA_CROSS_ENTROPY_PARAMS_DEFAULT;
    *(hyla_cross_entropy_params *)arguments->at[PARAMS] = params;
    const hyla_cube *cube = cube_of(arguments);
    const float *of_class = (const float *)arguments->at[CENTER];
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_update(&params, cube, of_class, (hyla_cross_entropy_totals *)arguments->at[TOTALS]));
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_update(&params, cube, of_class, (hyla_cross_entropy_totals *)arguments->at[OTHER]));
}

/* Totals of no pixel suit any class weights, NULL as well. */
static void fill_empty(struct arguments *arguments) {
    const hyla_cross_entropy_params params = HYLA_CROSS_ENTROPY_PARAMS_DEFAULT;
    *(hyla_cross_entropy_params *)arguments->at[PARAMS] = params;
}

static const struct family pixel = {sizeof(hyla_cross_entropy_params), sizeof(hyla_cross_entropy_totals), sizeof(double), fill, 0, 0, 0};
static const struct family value = {sizeof(hyla_cross_entropy_params), sizeof(hyla_cross_entropy_totals), sizeof(double), fill_empty,
                                    LAW_PIXELS *LAW_CHANNELS * sizeof(float), 0, 0};

#define CALL(function, ...) \
    static hyla_status call_##function(const struct arguments *a) { return hyla_cross_entropy_##function(__VA_ARGS__); }

CALL(update, a->at[PARAMS], cube_of(a), a->at[CENTER], a->at[TOTALS])
CALL(merge, a->at[OTHER], a->at[TOTALS])
CALL(normalize, a->at[TOTALS])
CALL(loss, a->at[PARAMS], a->at[TOTALS], a->at[VALUE])
CALL(map, a->at[PARAMS], cube_of(a), a->at[CENTER], a->at[FLOATS])
CALL(gradient, a->at[PARAMS], a->at[TOTALS], cube_of(a), a->at[CENTER], 1.0, a->write, a->at[FLOATS])
CALL(loss_and_gradient, a->at[PARAMS], cube_of(a), a->at[CENTER], 1.0, a->write, a->at[TOTALS], a->at[VALUE], a->at[FLOATS])

#define OPTIONAL (BIT(VALID) | BIT(WEIGHTS) | BIT(CENTER))
#define LOGITS (BIT(PARAMS) | BIT(CUBE) | BIT(VALUES) | BIT(LABELS) | OPTIONAL)
#define ROW(function, family, reads, optional, writes) \
    {"cross_entropy_" #function, call_##function, &family, reads, optional, writes}

static const struct function functions[] = {
    ROW(update, pixel, LOGITS, OPTIONAL, BIT(TOTALS)),
    ROW(merge, pixel, BIT(OTHER), 0, BIT(TOTALS)),
    ROW(normalize, pixel, 0, 0, BIT(TOTALS)),
    ROW(loss, pixel, BIT(PARAMS) | BIT(TOTALS), 0, BIT(VALUE)),
    ROW(map, pixel, LOGITS, OPTIONAL, BIT(FLOATS)),
    ROW(gradient, value, LOGITS | BIT(TOTALS), OPTIONAL, BIT(FLOATS)),
    ROW(loss_and_gradient, value, LOGITS, OPTIONAL | BIT(TOTALS), BIT(TOTALS) | BIT(VALUE) | BIT(FLOATS)),
};

static void defaults(void) {
    const hyla_cross_entropy_params macro = HYLA_CROSS_ENTROPY_PARAMS_DEFAULT, of_inline = hyla_cross_entropy_params_default();
    hyla_cross_entropy_params made;
    memset(&made, 0xa5, sizeof made);
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_params_init(&made, sizeof made));
    CHECK(memcmp(&made, &macro, sizeof made) == 0 && memcmp(&made, &of_inline, sizeof made) == 0);
    CHECK_STATUS(HYLA_ERROR_STRUCT_SIZE, hyla_cross_entropy_params_init(&made, 0));
    CHECK_STATUS(HYLA_ERROR_NULL_POINTER, hyla_cross_entropy_params_init(NULL, sizeof made));
    CHECK(memcmp(&made, &macro, sizeof made) == 0);
    CHECK(hyla_cross_entropy_totals_size() == sizeof(hyla_cross_entropy_totals));
    CHECK(HYLA_CROSS_ENTROPY_STAGES == (HYLA_STAGE_TRAIN | HYLA_STAGE_VAL | HYLA_STAGE_TEST));
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
    for (int k = 0; k < CLASSES; ++k) class_weights[k] = 1.0f + (float)k;
    for (int i = 0; i < N; ++i) {
        for (int k = 0; k < CLASSES; ++k) logits[i * CLASSES + k] = (float)((i * 5 + k * 3) % 11 - 5) * 0.4f;
        weights[i] = 1.0f;
        labels[i] = i % CLASSES;
        valid[i] = 1;
    }
}

/* All functions with params refuse these, in the same way and without writing anything. */
static void refused(hyla_status expected, const hyla_cross_entropy_params *params, const hyla_cube *cube, uint32_t write) {
    static const hyla_cross_entropy_totals empty;
    hyla_cross_entropy_totals totals = {0};
    double loss = 42.0;
    float out[N * CLASSES], before[N * CLASSES];
    for (int i = 0; i < N * CLASSES; ++i) out[i] = before[i] = 42.0f;
    if (write == HYLA_STORE) {
        CHECK_STATUS(expected, hyla_cross_entropy_update(params, cube, class_weights, &totals));
        CHECK_STATUS(expected, hyla_cross_entropy_map(params, cube, class_weights, out));
    }
    CHECK_STATUS(expected, hyla_cross_entropy_gradient(params, &totals, cube, class_weights, 1.0, write, out));
    CHECK_STATUS(expected, hyla_cross_entropy_loss_and_gradient(params, cube, class_weights, 1.0, write, &totals, &loss, out));
    CHECK_STATUS(expected, hyla_cross_entropy_loss_and_gradient(params, cube, class_weights, 1.0, write, NULL, &loss, out));
    CHECK(loss == 42.0);
    CHECK(memcmp(&totals, &empty, sizeof totals) == 0);
    CHECK(memcmp(out, before, sizeof out) == 0);
}

static void parameters(void) {
    hyla_cube cube = all();
    const float bad[] = {NAN, INFINITY, -INFINITY, -1.0f, -1e-45f}, bad_smoothing[] = {NAN, INFINITY, -1e-45f, 1.0000001f, -1.0f};
    hyla_cross_entropy_params params = HYLA_CROSS_ENTROPY_PARAMS_DEFAULT;
    const hyla_cross_entropy_totals empty = {0};
    double loss = 42.0;
    for (size_t i = 0; i < 5; ++i) {
        if (i < 3) {
            params.weight = bad[i];
            refused(HYLA_ERROR_WEIGHT, &params, &cube, HYLA_STORE);
            CHECK_STATUS(HYLA_ERROR_WEIGHT, hyla_cross_entropy_loss(&params, &empty, &loss));
            params = hyla_cross_entropy_params_default();
        }
        params.label_smoothing = bad_smoothing[i];
        refused(HYLA_ERROR_LABEL_SMOOTHING, &params, &cube, HYLA_STORE);
        CHECK_STATUS(HYLA_ERROR_LABEL_SMOOTHING, hyla_cross_entropy_loss(&params, &empty, &loss));
        params = hyla_cross_entropy_params_default();
        class_weights[2] = bad[i];
        refused(HYLA_ERROR_CLASS_WEIGHT, &params, &cube, HYLA_STORE);
        reset();
    }
    const uint32_t unknown_reductions[] = {4, 5, 256, UINT32_MAX}, unknown_writes[] = {2, 3, 256, UINT32_MAX};
    for (size_t i = 0; i < 4; ++i) {
        params.reduction = unknown_reductions[i];
        refused(HYLA_ERROR_UNKNOWN_REDUCTION, &params, &cube, HYLA_STORE);
        CHECK_STATUS(HYLA_ERROR_UNKNOWN_REDUCTION, hyla_cross_entropy_loss(&params, &empty, &loss));
        params = hyla_cross_entropy_params_default();
        refused(HYLA_ERROR_UNKNOWN_WRITE, &params, &cube, unknown_writes[i]);
    }
    for (size_t channels = 0; channels < 2; ++channels) {
        cube.channels = channels;
        refused(HYLA_ERROR_CHANNELS, &params, &cube, HYLA_STORE);
    }
    cube = all();
    cube.pixel_stride = 1;
    refused(HYLA_ERROR_STRIDES, &params, &cube, HYLA_STORE);
    CHECK(loss == 42.0);

    /* At the ends of their ranges. */
    const float good[] = {0.0f, 1.0f, 1e-45f, 3.402823466e38f};
    cube = all();
    for (size_t i = 0; i < 4; ++i) {
        hyla_cross_entropy_totals totals = {0};
        params.weight = class_weights[1] = good[i];
        params.label_smoothing = i < 3 ? good[i] : 0.0f;
        CHECK_STATUS(HYLA_OK, hyla_cross_entropy_update(&params, &cube, class_weights, &totals));
    }
    reset();
}

static void no_scalar(void) {
    const hyla_cube cube = all();
    hyla_cross_entropy_params params = HYLA_CROSS_ENTROPY_PARAMS_DEFAULT;
    hyla_cross_entropy_totals totals = {0};
    double loss = 42.0;
    float out[N * CLASSES], of_sum[N * CLASSES];
    out[0] = 42.0f;
    params.reduction = HYLA_REDUCTION_NONE;
    CHECK_STATUS(HYLA_ERROR_NO_SCALAR, hyla_cross_entropy_loss(&params, &totals, &loss));
    CHECK_STATUS(HYLA_ERROR_NO_SCALAR, hyla_cross_entropy_loss_and_gradient(&params, &cube, NULL, 1.0, HYLA_STORE, &totals, &loss, out));
    CHECK(loss == 42.0 && out[0] == 42.0f && totals.pixels == 0);
    /* Each entry's own gradient: what the sum has. */
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_update(&params, &cube, NULL, &totals));
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_gradient(&params, &totals, &cube, NULL, 1.0, HYLA_STORE, out));
    params.reduction = HYLA_REDUCTION_SUM;
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_gradient(&params, &totals, &cube, NULL, 1.0, HYLA_STORE, of_sum));
    CHECK(memcmp(out, of_sum, sizeof out) == 0);
}

static void mixed_totals(void) {
    const hyla_cube cube = all();
    const hyla_cross_entropy_params plain = HYLA_CROSS_ENTROPY_PARAMS_DEFAULT;
    hyla_cross_entropy_totals totals = {0}, others = {0};
    double loss = 42.0;
    float out[N * CLASSES];
    out[0] = 42.0f;
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_update(&plain, &cube, class_weights, &totals));
    for (int which = 0; which < 4; ++which) {
        hyla_cross_entropy_params other = plain;
        if (which == 0) other.weight = 0.5f;
        if (which == 1) other.label_smoothing = 0.5f;
        if (which == 2) other.ignore_index = 7;
        if (which == 3) other.has_ignore_index = 0;
        CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_cross_entropy_loss(&other, &totals, &loss));
        CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS,
                     hyla_cross_entropy_gradient(&other, &totals, &cube, class_weights, 1.0, HYLA_STORE, out));
    }
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_cross_entropy_gradient(&plain, &totals, &cube, NULL, 1.0, HYLA_STORE, out));
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_update(&plain, &cube, NULL, &others));
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_merge(&totals, &others));
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_cross_entropy_loss(&plain, &others, &loss));
    CHECK(loss == 42.0 && out[0] == 42.0f);
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_loss(&plain, &totals, &loss));
}

static void notices(void) {
    const hyla_cube cube = all();
    hyla_cross_entropy_params params = HYLA_CROSS_ENTROPY_PARAMS_DEFAULT;
    hyla_cross_entropy_totals totals = {0};
    double loss = 42.0;
    float out[N * CLASSES];
    /* Nothing counts: every label is ignored. */
    for (int i = 0; i < N; ++i) labels[i] = -100;
    for (int i = 0; i < N * CLASSES; ++i) logits[i] = NAN, out[i] = 42.0f;
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_cross_entropy_loss_and_gradient(&params, &cube, NULL, 1.0, HYLA_ADD, NULL, &loss, out));
    for (int i = 0; i < N * CLASSES; ++i) CHECK(out[i] == 42.0f);
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_cross_entropy_gradient(&params, &totals, &cube, NULL, 1.0, HYLA_STORE, out));
    for (int i = 0; i < N * CLASSES; ++i) CHECK(out[i] == 0.0f);
    CHECK(isnan(loss));
    reset();
    /* NaN, and infinite logits that are right and wrong. */
    logits[4] = NAN;
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_cross_entropy_loss_and_gradient(&params, &cube, NULL, 1.0, HYLA_STORE, NULL, &loss, out));
    CHECK(isnan(loss) && isnan(out[3]) && !isnan(out[0]));
    logits[4] = INFINITY;
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_loss_and_gradient(&params, &cube, NULL, 1.0, HYLA_STORE, NULL, &loss, out));
    CHECK(isfinite(loss) && out[3] == 0.0f && out[4] == 0.0f && out[5] == 0.0f);
    labels[1] = 0;
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_cross_entropy_loss_and_gradient(&params, &cube, NULL, 1.0, HYLA_STORE, NULL, &loss, out));
    CHECK(isinf(loss) && out[3] < 0.0f && out[4] > 0.0f);
    reset();
    /* Labels and weights that are none. */
    logits[3] = NAN;
    labels[1] = CLASSES;
    labels[2] = -1;
    weights[3] = NAN;
    CHECK_STATUS(HYLA_NOTICE_REJECTED, hyla_cross_entropy_loss_and_gradient(&params, &cube, NULL, 1.0, HYLA_STORE, &totals, &loss, out));
    CHECK(totals.rejected == 3 && totals.pixels == N - 3 && isfinite(loss) && out[3] == 0.0f);
    reset();
    /* No weight. */
    for (int k = 0; k < CLASSES; ++k) class_weights[k] = 0.0f;
    logits[0] = NAN;
    CHECK_STATUS(HYLA_NOTICE_DEGENERATE,
                 hyla_cross_entropy_loss_and_gradient(&params, &cube, class_weights, 1.0, HYLA_STORE, NULL, &loss, out));
    CHECK(isnan(loss));
    for (int i = 0; i < N * CLASSES; ++i) CHECK(out[i] == 0.0f);
    reset();
}

/* Logits of 0: every probability is known. */
static void values(void) {
    const float zeros[4] = {0}, of_class[2] = {1.0f, 3.0f};
    const int32_t classes[2] = {1, 0};
    const hyla_cube cube = {.values = zeros, .n = 2, .channels = 2, .pixel_stride = 2, .channel_stride = 1, .labels = classes};
    const double ln2 = 0.6931471824645996; /* the float32 nearest to ln 2 */
    hyla_cross_entropy_params params = HYLA_CROSS_ENTROPY_PARAMS_DEFAULT;
    double loss = 0.0;
    float out[4], map[2];
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_loss_and_gradient(&params, &cube, of_class, 4.0, HYLA_STORE, NULL, &loss, out));
    CHECK(fabs(loss / ln2 - 1.0) < 1e-7);
    CHECK(out[0] == 1.5f && out[1] == -1.5f && out[2] == -0.5f && out[3] == 0.5f);
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_loss_and_gradient(&params, &cube, of_class, 4.0, HYLA_ADD, NULL, &loss, out));
    CHECK(out[0] == 3.0f && out[3] == 1.0f);
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_map(&params, &cube, of_class, map));
    CHECK(map[0] == (float)(3.0 * ln2) && map[1] == (float)ln2);
    params.reduction = HYLA_REDUCTION_MEAN;
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_loss_and_gradient(&params, &cube, NULL, 4.0, HYLA_STORE, NULL, &loss, out));
    CHECK(loss == ln2 && out[0] == 1.0f && out[1] == -1.0f);
    /* All of the target spread over the classes: nothing pulls. */
    params.label_smoothing = 1.0f;
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_loss_and_gradient(&params, &cube, NULL, 4.0, HYLA_STORE, NULL, &loss, out));
    CHECK(loss == ln2 && out[0] == 0.0f && out[1] == 0.0f);
}

/* Adding words anywhere, then normalize, is merging. */
static void addition_of_words(void) {
    const hyla_cube cube = all();
    const hyla_cross_entropy_params params = HYLA_CROSS_ENTROPY_PARAMS_DEFAULT;
    hyla_cross_entropy_totals one = {0}, sum = {0}, merged = {0};
    double loss = 0.0, expected = 0.0;
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_update(&params, &cube, class_weights, &one));
    int64_t *const words = (int64_t *)(void *)&sum;
    const int64_t *const more = (const int64_t *)(const void *)&one;
    for (int time = 0; time < 1000; ++time) {
        for (size_t word = 0; word < sizeof one / sizeof *words; ++word) {
            words[word] = (int64_t)((uint64_t)words[word] + (uint64_t)more[word]);
        }
        CHECK_STATUS(HYLA_OK, hyla_cross_entropy_merge(&one, &merged));
    }
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_loss(&params, &sum, &loss));
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_loss(&params, &merged, &expected));
    CHECK(loss == expected);
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_normalize(&sum));
    CHECK(memcmp(&sum, &merged, sizeof sum) == 0);
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    defaults();
    reset();
    parameters();
    no_scalar();
    mixed_totals();
    notices();
    values();
    addition_of_words();
    return finish("law_cross_entropy");
}
