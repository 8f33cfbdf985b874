/* hyla_tversky_...: the law of its functions, parameters out of range, notices, and the rules about values. */
#include <math.h>

#include "law.h"

/* The law: masks as targets, soft targets, and min-max, which needs a range. */

static void fill(struct arguments *arguments, uint32_t normalization, bool soft) {
    hyla_tversky_params params = HYLA_TVERSKY_PARAMS_DEFAULT;
    const hyla_pixels pixels = {.scores = (const float *)arguments->at[SCORES],
                                .targets = (const uint8_t *)arguments->at[TARGETS],
                                .n = LAW_PIXELS};
    hyla_range *const range = (hyla_range *)arguments->at[RANGE];
    arguments->soft = soft;
    params.normalization = normalization;
    *(hyla_tversky_params *)arguments->at[PARAMS] = params;
    CHECK_STATUS(HYLA_OK, hyla_tversky_update(&params, &pixels, (hyla_tversky_totals *)arguments->at[TOTALS], range));
    hyla_range other = {0};
    CHECK_STATUS(HYLA_OK, hyla_tversky_update(&params, &pixels, (hyla_tversky_totals *)arguments->at[OTHER], &other));
}

static void fill_masks(struct arguments *arguments) { fill(arguments, HYLA_NORMALIZATION_SIGMOID, false); }
static void fill_soft(struct arguments *arguments) { fill(arguments, HYLA_NORMALIZATION_SIGMOID, true); }
static void fill_minmax(struct arguments *arguments) { fill(arguments, HYLA_NORMALIZATION_MINMAX, false); }

static const struct family masks = {sizeof(hyla_tversky_params), sizeof(hyla_tversky_totals), sizeof(double), fill_masks, 0, 0, 0};
static const struct family soft = {sizeof(hyla_tversky_params), sizeof(hyla_tversky_totals), sizeof(double), fill_soft, 0, 0, 0};
static const struct family minmax = {sizeof(hyla_tversky_params), sizeof(hyla_tversky_totals), sizeof(double), fill_minmax, 0, 0, 0};

#define CALL(function, ...) \
    static hyla_status call_##function(const struct arguments *a) { return hyla_##function(__VA_ARGS__); }

CALL(tversky_update, a->at[PARAMS], pixels_of(a), a->at[TOTALS], a->at[RANGE])
CALL(tversky_merge, a->at[OTHER], a->at[TOTALS])
CALL(tversky_normalize, a->at[TOTALS])
CALL(tversky_loss, a->at[PARAMS], a->at[TOTALS], a->at[RANGE], a->at[VALUE])
CALL(tversky_gradient, a->at[PARAMS], a->at[TOTALS], a->at[RANGE], pixels_of(a), 1.0, a->write, a->at[FLOATS])
CALL(tversky_loss_and_gradient, a->at[PARAMS], pixels_of(a), 1.0, a->write, a->at[TOTALS], a->at[RANGE], a->at[VALUE],
     a->at[FLOATS])

#define COMMON (BIT(PARAMS) | BIT(PIXELS) | BIT(SCORES) | BIT(VALID) | BIT(WEIGHTS))
#define MASKS (COMMON | BIT(TARGETS))
#define SOFT (COMMON | BIT(SOFT_TARGETS))
#define OPTIONAL (BIT(VALID) | BIT(WEIGHTS))
#define ROW(function, family, reads, optional, writes) {#function, call_##function, &family, reads, optional, writes}

static const struct function functions[] = {
    ROW(tversky_update, masks, MASKS, OPTIONAL, BIT(TOTALS)),
    ROW(tversky_merge, masks, BIT(OTHER), 0, BIT(TOTALS)),
    ROW(tversky_normalize, masks, 0, 0, BIT(TOTALS)),
    ROW(tversky_gradient, masks, MASKS | BIT(TOTALS), OPTIONAL, BIT(FLOATS)),
    ROW(tversky_loss, masks, BIT(PARAMS) | BIT(TOTALS), 0, BIT(VALUE)),
    ROW(tversky_loss_and_gradient, masks, MASKS, OPTIONAL | BIT(TOTALS), BIT(TOTALS) | BIT(VALUE) | BIT(FLOATS)),
    ROW(tversky_update, soft, SOFT, OPTIONAL, BIT(TOTALS)),
    ROW(tversky_gradient, soft, SOFT | BIT(TOTALS), OPTIONAL, BIT(FLOATS)),
    ROW(tversky_loss_and_gradient, soft, SOFT, OPTIONAL | BIT(TOTALS), BIT(TOTALS) | BIT(VALUE) | BIT(FLOATS)),
};

/* Under min-max the range is an input or an output like others. (A struct that only has its size has the
 * defaults, under which the range is not used: that part of the law has no meaning here.) */
static const struct function with_range[] = {
    ROW(tversky_update, minmax, MASKS, OPTIONAL, BIT(TOTALS) | BIT(RANGE)),
    ROW(tversky_loss, minmax, BIT(PARAMS) | BIT(TOTALS) | BIT(RANGE), 0, BIT(VALUE)),
    ROW(tversky_gradient, minmax, MASKS | BIT(TOTALS) | BIT(RANGE), OPTIONAL, BIT(FLOATS)),
    ROW(tversky_loss_and_gradient, minmax, MASKS, OPTIONAL | BIT(TOTALS) | BIT(RANGE),
        BIT(TOTALS) | BIT(RANGE) | BIT(VALUE) | BIT(FLOATS)),
};

static void laws(void) {
    static struct rooms rooms;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    for (size_t i = 0; i < sizeof with_range / sizeof *with_range; ++i) {
        const struct arguments arguments = valid_arguments(&with_range[i], &rooms);
        expect_success(&with_range[i], &arguments, "valid arguments", 0);
        law_of_null(&with_range[i], &rooms);
        law_of_alignment(&with_range[i], &rooms);
        law_of_overlap(&with_range[i], &rooms);
        law_of_neighbours(&with_range[i], &rooms);
        law_of_sizes(&with_range[i], &rooms);
        law_of_reserved(&with_range[i], &rooms);
    }
}

/* Values. */

enum { N = 37 };
static float scores[N], weights[N], soft_targets[N];
static uint8_t targets[N], valid[N];

static hyla_pixels all(void) {
    return (hyla_pixels){.scores = scores, .targets = targets, .valid = valid, .weights = weights, .n = N};
}

static void reset(void) {
    for (int i = 0; i < N; ++i) {
        scores[i] = (float)(i - 15) * 0.3f;
        weights[i] = 1.0f;
        soft_targets[i] = (float)(i % 5) * 0.25f;
        targets[i] = i % 3 == 0;
        valid[i] = 1;
    }
}

/* All functions with params refuse these, in the same way and without writing anything. */
static void refused(hyla_status expected, const hyla_tversky_params *params, const hyla_pixels *pixels, uint32_t write) {
    static const hyla_tversky_totals empty;
    static const hyla_range no_range;
    hyla_tversky_totals totals = {0};
    hyla_range range = {0};
    double loss = 42.0;
    float out[N], before[N];
    for (int i = 0; i < N; ++i) out[i] = before[i] = 42.0f;
    if (write == HYLA_STORE || write == HYLA_ADD) {
        CHECK_STATUS(expected, hyla_tversky_update(params, pixels, &totals, &range));
        if (pixels->soft_targets == NULL) CHECK_STATUS(expected, hyla_tversky_loss(params, &totals, &range, &loss));
    }
    CHECK_STATUS(expected, hyla_tversky_gradient(params, &totals, &range, pixels, 1.0, write, out));
    CHECK_STATUS(expected, hyla_tversky_loss_and_gradient(params, pixels, 1.0, write, &totals, &range, &loss, out));
    CHECK_STATUS(expected, hyla_tversky_loss_and_gradient(params, pixels, 1.0, write, NULL, NULL, &loss, out));
    CHECK(loss == 42.0);
    CHECK(memcmp(&totals, &empty, sizeof totals) == 0);
    CHECK(memcmp(&range, &no_range, sizeof range) == 0);
    CHECK(memcmp(out, before, sizeof out) == 0);
}

static void parameters(void) {
    const hyla_pixels pixels = all();
    const float not_finite[] = {NAN, -NAN, INFINITY, -INFINITY}, bad[] = {NAN, INFINITY, -INFINITY, -1.0f, -1e-45f};
    const uint32_t unknown[] = {3, 4, 256, UINT32_MAX};
    hyla_tversky_params params = HYLA_TVERSKY_PARAMS_DEFAULT;
    for (size_t i = 0; i < 4; ++i) {
        params.weight = not_finite[i];
        refused(HYLA_ERROR_WEIGHT, &params, &pixels, HYLA_STORE);
    }
    for (size_t i = 0; i < 5; ++i) {
        params = hyla_tversky_params_default();
        params.smooth = bad[i];
        refused(HYLA_ERROR_SMOOTH, &params, &pixels, HYLA_STORE);
        params = hyla_tversky_params_default();
        params.false_positives = bad[i];
        refused(HYLA_ERROR_BALANCE, &params, &pixels, HYLA_STORE);
        params = hyla_tversky_params_default();
        params.false_negatives = bad[i];
        refused(HYLA_ERROR_BALANCE, &params, &pixels, HYLA_STORE);
        params = hyla_tversky_params_default();
        params.gamma = bad[i];
        refused(HYLA_ERROR_GAMMA, &params, &pixels, HYLA_STORE);
    }
    for (size_t i = 0; i < 4; ++i) {
        params = hyla_tversky_params_default();
        params.normalization = unknown[i];
        refused(HYLA_ERROR_UNKNOWN_NORMALIZATION, &params, &pixels, HYLA_STORE);
        params = hyla_tversky_params_default();
        params.boundary = unknown[i] - 1;
        refused(HYLA_ERROR_UNKNOWN_OPTION, &params, &pixels, HYLA_STORE);
        params = hyla_tversky_params_default();
        params.empty_target = unknown[i];
        refused(HYLA_ERROR_UNKNOWN_OPTION, &params, &pixels, HYLA_STORE);
        params = hyla_tversky_params_default();
        refused(HYLA_ERROR_UNKNOWN_WRITE, &params, &pixels, unknown[i] - 1);
    }
    hyla_pixels both = pixels;
    both.soft_targets = soft_targets;
    refused(HYLA_ERROR_UNSUPPORTED_INPUT, &params, &both, HYLA_STORE);

    static hyla_tversky_totals of_sigmoid;
    double loss = 42.0;
    float out[N];
    CHECK_STATUS(HYLA_OK, hyla_tversky_update(&params, &pixels, &of_sigmoid, NULL));
    params.normalization = HYLA_NORMALIZATION_CLAMP;
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_tversky_loss(&params, &of_sigmoid, NULL, &loss));
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_tversky_gradient(&params, &of_sigmoid, NULL, &pixels, 1.0, HYLA_STORE, out));
    CHECK(loss == 42.0);
}

/* The range goes with the totals. */
static void ranges(void) {
    const hyla_pixels pixels = all();
    hyla_tversky_params params = HYLA_TVERSKY_PARAMS_DEFAULT;
    hyla_tversky_totals totals = {0}, parts = {0};
    hyla_range range = {0}, of_parts = {0};
    double loss = 42.0, expected = 42.0, sum = 0.0;
    float out[N], expected_out[N];
    params.normalization = HYLA_NORMALIZATION_MINMAX;
    CHECK_STATUS(HYLA_OK, hyla_tversky_loss_and_gradient(&params, &pixels, 1.0, HYLA_STORE, &totals, &range, &expected, expected_out));
    CHECK(range.count == N);
    for (size_t i = 0; i < N; ++i) sum += (double)expected_out[i];
    CHECK(fabs(sum) < 1e-7);
    for (size_t i = 0; i < N; ++i) {
        const hyla_pixels part = {.scores = scores + i, .targets = targets + i, .n = 1};
        CHECK_STATUS(HYLA_OK, hyla_tversky_update(&params, &part, &parts, &of_parts));
    }
    CHECK(memcmp(&totals, &parts, sizeof totals) == 0 && memcmp(&range, &of_parts, sizeof range) == 0);
    for (size_t i = 0; i < N; ++i) {
        const hyla_pixels part = {.scores = scores + i, .targets = targets + i, .n = 1};
        CHECK_STATUS(HYLA_OK, hyla_tversky_gradient(&params, &parts, &of_parts, &part, 1.0, HYLA_STORE, out + i));
    }
    CHECK(memcmp(out, expected_out, sizeof out) == 0);
    ++of_parts.count;
    CHECK_STATUS(HYLA_ERROR_RANGE_MISSING, hyla_tversky_loss(&params, &parts, &of_parts, &loss));
    CHECK_STATUS(HYLA_ERROR_RANGE_MISSING, hyla_tversky_gradient(&params, &parts, &of_parts, &pixels, 1.0, HYLA_ADD, out));
    CHECK(loss == 42.0 && memcmp(out, expected_out, sizeof out) == 0);
    CHECK_STATUS(HYLA_OK, hyla_tversky_loss(&params, &parts, &range, &loss));
    CHECK(loss == expected);
    /* Without min-max a range is not even looked at. */
    params.normalization = HYLA_NORMALIZATION_SIGMOID;
    parts = (hyla_tversky_totals){0};
    CHECK_STATUS(HYLA_OK, hyla_tversky_update(&params, &pixels, &parts, (hyla_range *)(void *)1));
}

static void notices(void) {
    const hyla_pixels pixels = all(), nothing = {0};
    hyla_tversky_params params = HYLA_TVERSKY_PARAMS_DEFAULT;
    double loss = 42.0;
    float out[N];
    for (uint32_t normalization = 0; normalization < 3; ++normalization) {
        params = hyla_tversky_params_default();
        params.normalization = normalization;
        CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_tversky_loss_and_gradient(&params, &nothing, 1.0, HYLA_STORE, NULL, NULL, &loss, NULL));
        CHECK(loss == 0.0);
        scores[4] = NAN;
        CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_tversky_loss_and_gradient(&params, &pixels, 1.0, HYLA_STORE, NULL, NULL, &loss, out));
        CHECK(isnan(loss) && isnan(out[4]));
        reset();
        memset(targets, 0, sizeof targets);
        const hyla_status statuses[] = {HYLA_NOTICE_NO_POSITIVES, HYLA_NOTICE_NO_POSITIVES | HYLA_NOTICE_DEGENERATE,
                                        HYLA_NOTICE_NO_POSITIVES | HYLA_NOTICE_DEGENERATE};
        for (uint32_t option = 0; option < 3; ++option) {
            params.empty_target = option;
            CHECK_STATUS(statuses[option], hyla_tversky_loss_and_gradient(&params, &pixels, 1.0, HYLA_STORE, NULL, NULL, &loss, out));
            CHECK(option == 0 ? loss > 0.999 : loss == 0.0);
            bool any = false;
            for (int i = 0; i < N; ++i) any |= out[i] != 0.0f;
            CHECK(any == (option != HYLA_EMPTY_TARGET_SKIP));
        }
        reset();
        /* A bad weight or soft target makes a pixel as masked. */
        const float bad[] = {-1.0f, -1e-45f, NAN, INFINITY, -INFINITY};
        params = hyla_tversky_params_default();
        params.normalization = normalization;
        for (size_t i = 0; i < 2 * (sizeof bad / sizeof *bad); ++i) {
            hyla_pixels of_floats = all();
            hyla_tversky_totals totals = {0}, masked = {0};
            double expected = 0.0;
            float expected_out[N];
            of_floats.targets = NULL;
            of_floats.soft_targets = soft_targets;
            *(i % 2 == 0 ? &weights[5] : &soft_targets[5]) = bad[i / 2];
            scores[5] = NAN;
            CHECK_STATUS(HYLA_NOTICE_REJECTED, hyla_tversky_loss_and_gradient(&params, &of_floats, 2.0, HYLA_STORE, &totals, NULL, &loss, out));
            CHECK(totals.rejected == 1 && totals.pixels == N - 1);
            valid[5] = 0;
            CHECK_STATUS(HYLA_OK, hyla_tversky_loss_and_gradient(&params, &of_floats, 2.0, HYLA_STORE, &masked, NULL, &expected, expected_out));
            masked.rejected = 1;
            CHECK(memcmp(&totals, &masked, sizeof totals) == 0);
            CHECK(loss == expected && memcmp(out, expected_out, sizeof out) == 0 && out[5] == 0.0f);
            reset();
        }
    }
    params = hyla_tversky_params_default();
    params.normalization = HYLA_NORMALIZATION_MINMAX;
    for (int i = 0; i < N; ++i) scores[i] = 3.5f;
    CHECK_STATUS(HYLA_NOTICE_DEGENERATE, hyla_tversky_loss_and_gradient(&params, &pixels, 1.0, HYLA_STORE, NULL, NULL, &loss, out));
    CHECK(loss > 0.0 && loss < 1.0);
    for (int i = 0; i < N; ++i) CHECK(out[i] == 0.0f);
    params.normalization = HYLA_NORMALIZATION_CLAMP;
    params.smooth = 0.0f;
    for (int i = 0; i < N; ++i) scores[i] = -1.0f;
    memset(targets, 0, sizeof targets);
    CHECK_STATUS(HYLA_NOTICE_NO_POSITIVES | HYLA_NOTICE_DEGENERATE,
                 hyla_tversky_loss_and_gradient(&params, &pixels, 1.0, HYLA_STORE, NULL, NULL, &loss, out));
    CHECK(loss == 0.0);
    reset();
}

/* Predictions 3/4, 1/4 and 1/2: TP 1, FP 1/2, FN 1. */
static void values(void) {
    const float p[3] = {0.75f, 0.25f, 0.5f}, perfect[3] = {1.0f, 2.0f, -1.0f};
    const uint8_t labels[3] = {1, 255, 0};
    const hyla_pixels pixels = {.scores = p, .targets = labels, .n = 3};
    hyla_tversky_params params = HYLA_TVERSKY_PARAMS_DEFAULT;
    double loss = 0.0;
    float out[3];
    params.normalization = HYLA_NORMALIZATION_CLAMP;
    params.smooth = 0.0f;
    CHECK_STATUS(HYLA_OK, hyla_tversky_loss_and_gradient(&params, &pixels, 1.0, HYLA_STORE, NULL, NULL, &loss, out));
    CHECK(fabs(loss - 0.75 / 1.75) < 1e-15);
    params.false_positives = 0.0f;
    params.false_negatives = 1.0f;
    params.gamma = 2.0f;
    params.weight = -4.0f;
    CHECK_STATUS(HYLA_OK, hyla_tversky_loss_and_gradient(&params, &pixels, 1.0, HYLA_STORE, NULL, NULL, &loss, out));
    CHECK(fabs(loss + 1.0) < 1e-14 && out[2] == 0.0f && out[0] > 0.0f);
    /* A perfect overlap: the slope of a root is infinite there. */
    const hyla_pixels right = {.scores = perfect, .targets = labels, .n = 3};
    CHECK_STATUS(HYLA_OK, hyla_tversky_loss_and_gradient(&params, &right, 1.0, HYLA_STORE, NULL, NULL, &loss, out));
    CHECK(loss == 0.0);
    params.gamma = 0.5f;
    CHECK_STATUS(HYLA_NOTICE_DEGENERATE, hyla_tversky_loss_and_gradient(&params, &right, 1.0, HYLA_STORE, NULL, NULL, &loss, out));
    CHECK(loss == 0.0 && out[0] == 0.0f && out[1] == 0.0f && out[2] == 0.0f);
}

/* Adding words anywhere, then normalize, is merging. */
static void addition_of_words(void) {
    const hyla_pixels pixels = all();
    const hyla_tversky_params params = HYLA_TVERSKY_PARAMS_DEFAULT;
    hyla_tversky_totals one = {0}, sum = {0}, merged = {0};
    double loss = 0.0, expected = 0.0;
    CHECK_STATUS(HYLA_OK, hyla_tversky_update(&params, &pixels, &one, NULL));
    int64_t *const words = (int64_t *)(void *)&sum;
    const int64_t *const more = (const int64_t *)(const void *)&one;
    for (int time = 0; time < 1000; ++time) {
        for (size_t word = 0; word < sizeof one / sizeof *words; ++word) {
            words[word] = (int64_t)((uint64_t)words[word] + (uint64_t)more[word]);
        }
        CHECK_STATUS(HYLA_OK, hyla_tversky_merge(&one, &merged));
    }
    CHECK_STATUS(HYLA_OK, hyla_tversky_loss(&params, &sum, NULL, &loss));
    CHECK_STATUS(HYLA_OK, hyla_tversky_loss(&params, &merged, NULL, &expected));
    CHECK(loss == expected);
    CHECK_STATUS(HYLA_OK, hyla_tversky_normalize(&sum));
    CHECK(memcmp(&sum, &merged, sizeof sum) == 0);
}

static void sizes_and_defaults(void) {
    const hyla_tversky_params macro = HYLA_TVERSKY_PARAMS_DEFAULT, value = hyla_tversky_params_default();
    hyla_tversky_params params;
    memset(&params, 0xa5, sizeof params);
    CHECK_STATUS(HYLA_ERROR_NULL_POINTER, hyla_tversky_params_init(NULL, sizeof params));
    CHECK_STATUS(HYLA_ERROR_STRUCT_SIZE, hyla_tversky_params_init(&params, 0));
    CHECK_STATUS(HYLA_OK, hyla_tversky_params_init(&params, sizeof params));
    CHECK(memcmp(&params, &macro, sizeof params) == 0 && memcmp(&params, &value, sizeof params) == 0);
    CHECK(hyla_tversky_totals_size() == sizeof(hyla_tversky_totals) && HYLA_TVERSKY_STAGES == 7);
}

int main(void) {
    laws();
    reset();
    sizes_and_defaults();
    parameters();
    ranges();
    notices();
    values();
    addition_of_words();
    return finish("law_tversky");
}
