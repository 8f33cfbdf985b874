/* hyla_selector_entropy_metric_... and hyla_selector_diversity_metric_...: the whole law, arguments that they refuse,
 * notices, named values. */
#include <math.h>

#include "law.h"

enum { N = LAW_ROWS * LAW_COLUMNS, COUNTERS = 1024, WORDS = COUNTERS + 2 * N };

static void fill_entropy(struct arguments *a) {
    *(hyla_selector_entropy_metric_params *)a->at[PARAMS] = hyla_selector_entropy_metric_params_default();
}

static void fill_nothing(struct arguments *a) { (void)a; }

static void fill_report(struct arguments *a) {
    static const hyla_selector_diversity_metric_report report = {0.25, 0.5, 1.0, 3, 0, 0};
    memcpy(a->at[TOTALS], &report, sizeof report);
}

/* A workspace is of words of four bytes, as a table is. */
static const struct family entropy = {
    .sizes[PARAMS] = sizeof(hyla_selector_entropy_metric_params), .sizes[VALUE] = sizeof(double), .fill = fill_entropy,
    .sizes[LIST] = sizeof(hyla_metric),
};
static const struct family diversity = {
    .sizes[VALUE] = sizeof(hyla_selector_diversity_metric_report),
    .fill = fill_nothing,
    .sizes[TABLE] = WORDS * sizeof(uint32_t),
};
static const struct family reports = {
    .sizes[TOTALS] = sizeof(hyla_selector_diversity_metric_report),
    .fill = fill_report,
    .sizes[LIST] = 2 * sizeof(hyla_metric),
    .reports = true,
};

/* The number of weights follows the number of pixels of the law: ordinary, none, too many. */
static size_t number(const struct arguments *a) { return a->n == LAW_PIXELS ? N : a->n; }

static hyla_status entropy_value(const struct arguments *a) {
    return hyla_selector_entropy_metric_value(a->at[PARAMS], a->at[ENTRIES], number(a), a->at[VALUE]);
}
static hyla_status entropy_metrics(const struct arguments *a) {
    return hyla_selector_entropy_metric_metrics(a->at[PARAMS], a->at[ENTRIES], number(a), a->at[CONTEXT], a->at[LIST],
                                                1, a->at[COUNT]);
}
static hyla_status diversity_values(const struct arguments *a) {
    return hyla_selector_diversity_metric_values(a->at[ENTRIES], number(a), a->at[TABLE], WORDS, a->at[VALUE]);
}
static hyla_status diversity_metrics(const struct arguments *a) {
    return hyla_selector_diversity_metric_metrics(a->at[TOTALS], a->at[CONTEXT], a->at[LIST], 2, a->at[COUNT]);
}

static const struct function functions[] = {
    {"hyla_selector_entropy_metric_value", entropy_value, &entropy, BIT(PARAMS) | BIT(ENTRIES), 0, BIT(VALUE)},
    {"hyla_selector_entropy_metric_metrics", entropy_metrics, &entropy, BIT(PARAMS) | BIT(ENTRIES) | BIT(CONTEXT), 0,
     BIT(LIST) | BIT(COUNT)},
    {"hyla_selector_diversity_metric_values", diversity_values, &diversity, BIT(ENTRIES), 0, BIT(TABLE) | BIT(VALUE)},
    {"hyla_selector_diversity_metric_metrics", diversity_metrics, &reports, BIT(TOTALS) | BIT(CONTEXT), 0,
     BIT(LIST) | BIT(COUNT)},
};

static const float weights[4] = {0.5f, 0.0f, 0.25f, 0.25f};
static const hyla_context context = {HYLA_STAGE_TEST, 3, 5, 0};

static void refused(void) {
    const float wrong[] = {NAN, INFINITY, -INFINITY, -1e-45f};
    const size_t many[] = {SIZE_MAX, SIZE_MAX / 4 + 1, (size_t)PTRDIFF_MAX + 1};
    hyla_selector_entropy_metric_params params = HYLA_SELECTOR_ENTROPY_METRIC_PARAMS_DEFAULT, made;
    hyla_selector_diversity_metric_report report, before;
    hyla_metric list[2], listed[2];
    uint32_t space[WORDS], untouched[WORDS];
    double value = 42.0;
    size_t count = 42;
    memset(space, 0x5a, sizeof space);
    memset(untouched, 0x5a, sizeof untouched);
    memset(&report, 0x5a, sizeof report);
    memset(&before, 0x5a, sizeof before);
    memset(list, 0x5a, sizeof list);
    memset(listed, 0x5a, sizeof listed);
    CHECK_STATUS(HYLA_OK, hyla_selector_entropy_metric_params_init(&made, sizeof made));
    CHECK(memcmp(&made, &params, sizeof made) == 0);
    CHECK_STATUS(HYLA_ERROR_STRUCT_SIZE, hyla_selector_entropy_metric_params_init(&made, 0));
    for (int i = 0; i < 3; ++i) {
        CHECK_STATUS(HYLA_ERROR_TOO_LARGE, hyla_selector_entropy_metric_value(&params, weights, many[i], &value));
        CHECK_STATUS(HYLA_ERROR_TOO_LARGE,
                     hyla_selector_entropy_metric_metrics(&params, weights, many[i], &context, list, 1, &count));
        CHECK_STATUS(HYLA_ERROR_TOO_LARGE,
                     hyla_selector_diversity_metric_values(weights, many[i], space, WORDS, &report));
    }
    for (int i = 0; i < 4; ++i) {
        params.eps = wrong[i];
        CHECK_STATUS(HYLA_ERROR_EPSILON, hyla_selector_entropy_metric_value(&params, weights, 4, &value));
        CHECK_STATUS(HYLA_ERROR_EPSILON,
                     hyla_selector_entropy_metric_metrics(&params, weights, 4, &context, list, 1, &count));
    }
    params.eps = 0.0f;
    CHECK_STATUS(HYLA_ERROR_CAPACITY,
                 hyla_selector_entropy_metric_metrics(&params, weights, 4, &context, list, 0, &count));
    CHECK(hyla_selector_diversity_metric_workspace(4) == COUNTERS + 8 &&
          hyla_selector_diversity_metric_workspace(SIZE_MAX) == SIZE_MAX);
    CHECK_STATUS(HYLA_ERROR_WORKSPACE, hyla_selector_diversity_metric_values(weights, 4, space, COUNTERS + 7, &report));
    CHECK_STATUS(HYLA_ERROR_WORKSPACE, hyla_selector_diversity_metric_values(weights, 4, NULL, 0, &report));
    CHECK(memcmp(&report, &before, sizeof report) == 0 && memcmp(space, untouched, sizeof space) == 0);
    memset(&report, 0, sizeof report);
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla_selector_diversity_metric_metrics(&report, &context, list, 1, &count));
    CHECK(value == 42.0 && count == 42 && memcmp(list, listed, sizeof list) == 0);
}

static bool is_named(const hyla_metric *metric, const char *name, double value, hyla_status status) {
    return strcmp(metric->name, name) == 0 && metric->value == value && metric->stage == HYLA_STAGE_TEST &&
           metric->epoch == 3 && metric->batch_idx == 5 && metric->status == status;
}

static void entropies(void) {
    const hyla_selector_entropy_metric_params params = {sizeof params, 0.0f};
    const float zeros[2] = {0.0f, -0.0f}, bad[2] = {NAN, 1.0f};
    hyla_metric list[1];
    size_t count = 0;
    double value = 0.0;
    /* 1/2 ln 2 + 2 * 1/4 ln 4 = 3/2 ln 2 */
    CHECK_STATUS(HYLA_OK, hyla_selector_entropy_metric_value(&params, weights, 4, &value));
    CHECK(fabs(value - 1.5 * 0.69314718055994531) < 1e-15);
    CHECK_STATUS(HYLA_OK, hyla_selector_entropy_metric_metrics(&params, weights, 4, &context, list, 1, &count));
    CHECK(count == 1 && is_named(list, "selector/entropy", value, HYLA_OK));
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_selector_entropy_metric_value(&params, NULL, 0, &value));
    CHECK(value == 0.0);
    CHECK_STATUS(HYLA_NOTICE_DEGENERATE, hyla_selector_entropy_metric_value(&params, zeros, 2, &value));
    CHECK(value == 0.0);
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_selector_entropy_metric_value(&params, bad, 2, &value));
    CHECK(isnan(value));
}

static void diversities(void) {
    const float zeros[2] = {0.0f, -0.0f}, bad[2] = {NAN, 1.0f}, negative[2] = {-1.0f, 1.0f};
    hyla_selector_diversity_metric_report report;
    hyla_metric list[3], before[3];
    uint32_t space[WORDS];
    size_t count = 0;
    /* m = 1/4: the squares are 1/16, 1/16, 0, 0. The differences are 3 * 1/2 + 1 * 0, of 4 * 1. */
    CHECK_STATUS(HYLA_OK, hyla_selector_diversity_metric_values(weights, 4, space, WORDS, &report));
    CHECK(report.weight_variance == 0.03125 && report.gini_coefficient == 0.375 && report.sum == 1.0);
    CHECK(report.weights == 4 && report.negative == 0 && report.reserved == 0);
    memset(list, 0xa5, sizeof list);
    memcpy(before, list, sizeof list);
    CHECK_STATUS(HYLA_OK, hyla_selector_diversity_metric_metrics(&report, &context, list, 3, &count));
    CHECK(count == 2 && memcmp(&list[2], &before[2], sizeof *list) == 0);
    CHECK(is_named(&list[0], "weight_variance", 0.03125, HYLA_OK) &&
          is_named(&list[1], "gini_coefficient", 0.375, HYLA_OK));

    CHECK_STATUS(HYLA_NOTICE_DEGENERATE, hyla_selector_diversity_metric_values(zeros, 2, space, WORDS, &report));
    CHECK(report.gini_coefficient == 0.0);
    CHECK_STATUS(HYLA_NOTICE_DEGENERATE, hyla_selector_diversity_metric_metrics(&report, &context, list, 3, &count));
    CHECK(is_named(&list[0], "weight_variance", 0.0, HYLA_OK));
    CHECK(is_named(&list[1], "gini_coefficient", 0.0, HYLA_NOTICE_DEGENERATE));
    CHECK_STATUS(HYLA_NOTICE_DEGENERATE | HYLA_NOTICE_NOT_FINITE,
                 hyla_selector_diversity_metric_values(negative, 2, space, WORDS, &report));
    CHECK(report.weight_variance == 1.0 && isinf(report.gini_coefficient) && report.negative == 1);
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_selector_diversity_metric_values(bad, 2, space, WORDS, &report));
    CHECK(isnan(report.weight_variance) && isnan(report.gini_coefficient));
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_selector_diversity_metric_values(NULL, 0, space, WORDS, &report));
    CHECK(isnan(report.weight_variance) && isnan(report.gini_coefficient) && report.weights == 0);
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    refused();
    entropies();
    diversities();
    return finish("law_selector_metrics");
}
