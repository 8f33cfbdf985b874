/* hyla_component_orthogonality_...: the whole law, matrices that it refuses, notices, named values. */
#include <math.h>

#include "law.h"

enum { DOUBLES = 512 };

static void fill_nothing(struct arguments *a) { (void)a; }

static void fill_report(struct arguments *a) {
    static const hyla_component_orthogonality_report report = {1.0, 0.5, 2.0, 0.25, 3, 0};
    memcpy(a->at[TOTALS], &report, sizeof report);
}

static const struct family matrices = {
    .sizes[VALUE] = sizeof(hyla_component_orthogonality_report),
    .fill = fill_nothing,
    .sizes[WORKSPACE] = DOUBLES * sizeof(double),
};
static const struct family reports = {
    .sizes[TOTALS] = sizeof(hyla_component_orthogonality_report),
    .fill = fill_report,
    .sizes[LIST] = 4 * sizeof(hyla_metric),
    .reports = true,
};

static hyla_status call_values(const struct arguments *a) {
    return hyla_component_orthogonality_values(a->at[MATRIX], a->at[WORKSPACE], DOUBLES, a->at[VALUE]);
}
static hyla_status call_metrics(const struct arguments *a) {
    return hyla_component_orthogonality_metrics(a->at[TOTALS], a->at[CONTEXT], a->at[LIST], 4, a->at[COUNT]);
}

static const struct function functions[] = {
    {"hyla_component_orthogonality_values", call_values, &matrices, BIT(MATRIX) | BIT(ENTRIES), 0,
     BIT(WORKSPACE) | BIT(VALUE)},
    {"hyla_component_orthogonality_metrics", call_metrics, &reports, BIT(TOTALS) | BIT(CONTEXT), 0,
     BIT(LIST) | BIT(COUNT)},
};

static const float rows[6] = {1.0f, 0.0f, 0.0f, 2.0f, 2.0f, 0.0f};

static void refused(void) {
    hyla_matrix matrix = {.values = rows, .rows = 2, .columns = 3, .row_stride = 3};
    double space[DOUBLES], untouched[DOUBLES];
    hyla_component_orthogonality_report report, before;
    memset(space, 0x5a, sizeof space);
    memset(untouched, 0x5a, sizeof untouched);
    memset(&report, 0x5a, sizeof report);
    memset(&before, 0x5a, sizeof before);
    const size_t needed = hyla_component_orthogonality_workspace(2, 3);
    CHECK(needed <= DOUBLES && hyla_component_orthogonality_workspace(0, 3) == 0);
    CHECK(hyla_component_orthogonality_workspace(SIZE_MAX, SIZE_MAX) == SIZE_MAX);
    CHECK_STATUS(HYLA_ERROR_WORKSPACE, hyla_component_orthogonality_values(&matrix, space, needed - 1, &report));
    CHECK_STATUS(HYLA_ERROR_WORKSPACE, hyla_component_orthogonality_values(&matrix, NULL, 0, &report));
    matrix.row_stride = 2;
    CHECK_STATUS(HYLA_ERROR_STRIDES, hyla_component_orthogonality_values(&matrix, space, DOUBLES, &report));
    const hyla_matrix many = {.values = NULL, .rows = 1025, .columns = 0};
    CHECK_STATUS(HYLA_ERROR_CHANNELS, hyla_component_orthogonality_values(&many, space, DOUBLES, &report));
    CHECK(memcmp(space, untouched, sizeof space) == 0 && memcmp(&report, &before, sizeof report) == 0);
}

static bool is_named(const hyla_metric *metric, const char *name, double value, hyla_status status) {
    return strcmp(metric->name, name) == 0 && (isnan(value) ? isnan(metric->value) : metric->value == value) &&
           metric->stage == HYLA_STAGE_TEST && metric->epoch == 3 && metric->batch_idx == 5 && metric->status == status;
}

static void values(void) {
    const hyla_context context = {HYLA_STAGE_TEST, 3, 5, 0};
    hyla_matrix matrix = {.values = rows, .rows = 2, .columns = 3, .row_stride = 3};
    double space[DOUBLES];
    hyla_component_orthogonality_report report;
    hyla_metric list[5], before[5];
    size_t count = 42;
    /* E = (0 2; 2 7). */
    CHECK_STATUS(HYLA_OK, hyla_component_orthogonality_values(&matrix, space, DOUBLES, &report));
    CHECK(report.orthogonality_error == sqrt(57.0) && report.avg_off_diagonal == 2.75 && report.diagonal_mean == 4.5);
    CHECK(report.diagonal_std == sqrt(24.5) && report.components == 2 && report.reserved == 0);

    memset(list, 0xa5, sizeof list);
    memcpy(before, list, sizeof list);
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla_component_orthogonality_metrics(&report, &context, list, 3, &count));
    CHECK(count == 42 && memcmp(list, before, sizeof list) == 0);
    CHECK_STATUS(HYLA_OK, hyla_component_orthogonality_metrics(&report, &context, list, 4, &count));
    CHECK(count == 4 && memcmp(&list[4], &before[4], sizeof *list) == 0);
    CHECK(is_named(&list[0], "orthogonality_error", sqrt(57.0), HYLA_OK) &&
          is_named(&list[1], "avg_off_diagonal", 2.75, HYLA_OK));
    CHECK(is_named(&list[2], "diagonal_mean", 4.5, HYLA_OK) && is_named(&list[3], "diagonal_std", sqrt(24.5), HYLA_OK));

    /* One row has no deviation. */
    matrix.rows = 1;
    CHECK_STATUS(HYLA_NOTICE_DEGENERATE, hyla_component_orthogonality_values(&matrix, space, DOUBLES, &report));
    CHECK(report.orthogonality_error == 0.0 && report.diagonal_mean == 1.0 && isnan(report.diagonal_std));
    CHECK_STATUS(HYLA_NOTICE_DEGENERATE, hyla_component_orthogonality_metrics(&report, &context, list, 4, &count));
    CHECK(list[0].status == HYLA_OK && is_named(&list[3], "diagonal_std", NAN, HYLA_NOTICE_DEGENERATE));

    const hyla_matrix none = {0};
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_component_orthogonality_values(&none, NULL, 0, &report));
    CHECK(report.orthogonality_error == 0.0 && isnan(report.avg_off_diagonal) && isnan(report.diagonal_mean) &&
          report.components == 0);
    const float bad[4] = {NAN, 1.0f, 1.0f, 1.0f};
    matrix = (hyla_matrix){.values = bad, .rows = 2, .columns = 2, .row_stride = 2};
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_component_orthogonality_values(&matrix, space, DOUBLES, &report));
    CHECK(isnan(report.orthogonality_error) && isnan(report.diagonal_std));
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    refused();
    values();
    return finish("law_component_orthogonality");
}
