/* hyla_explained_variance_...: the whole law, sizes, mixed totals, notices, named values. */
#include <math.h>

#include "law.h"

enum { K = LAW_CHANNELS, DOUBLES_BYTES = K * sizeof(double) };

static void fill(struct arguments *arguments) {
    CHECK_STATUS(HYLA_OK, hyla_explained_variance_update(arguments->at[CENTER], K, arguments->at[TOTALS]));
    CHECK_STATUS(HYLA_OK, hyla_explained_variance_update(arguments->at[CENTER], K, arguments->at[OTHER]));
}

/* The ratios are in VALUE, cumulative ones in WORKSPACE, the total in NUMBER. */
static const struct family family = {
    .sizes[TOTALS] = K * sizeof(hyla_explained_variance_totals), .sizes[VALUE] = DOUBLES_BYTES, .fill = fill,
    .sizes[WORKSPACE] = DOUBLES_BYTES,
};

#define CALL(function, ...)                                                                                            \
    static hyla_status call_##function(const struct arguments *a) {                                                    \
        return hyla_explained_variance_##function(__VA_ARGS__);                                                        \
    }
CALL(update, a->at[CENTER], K, a->at[TOTALS])
CALL(merge, a->at[OTHER], a->at[TOTALS], K)
CALL(normalize, a->at[TOTALS], K)
CALL(values, a->at[TOTALS], K, a->at[VALUE], a->at[WORKSPACE], a->at[NUMBER])
CALL(metrics, a->at[TOTALS], K, a->at[CONTEXT], a->at[LIST], a->capacity, a->at[COUNT])

static const struct function functions[] = {
    {"hyla_explained_variance_update", call_update, &family, BIT(CENTER), 0, BIT(TOTALS)},
    {"hyla_explained_variance_merge", call_merge, &family, BIT(OTHER), 0, BIT(TOTALS)},
    {"hyla_explained_variance_normalize", call_normalize, &family, 0, 0, BIT(TOTALS)},
    {"hyla_explained_variance_values", call_values, &family, BIT(TOTALS), 0, BIT(VALUE) | BIT(WORKSPACE) | BIT(NUMBER)},
    {"hyla_explained_variance_metrics", call_metrics, &family, BIT(TOTALS) | BIT(CONTEXT), 0, BIT(LIST) | BIT(COUNT)},
};

static const hyla_context context = {HYLA_STAGE_TEST, 3, 5, 0};

static void sizes(void) {
    const size_t many[] = {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / sizeof(hyla_explained_variance_totals) + 1};
    const float ratios[2] = {0.75f, 0.125f};
    hyla_explained_variance_totals totals[2] = {0}, other[2] = {0}, before[2] = {0};
    hyla_metric list[1];
    double values[2] = {42.0, 42.0}, sums[2] = {42.0, 42.0}, total = 42.0;
    size_t count = 42;
    for (int i = 0; i < 3; ++i) {
        CHECK_STATUS(HYLA_ERROR_TOO_LARGE, hyla_explained_variance_merge(other, totals, many[i]));
        CHECK_STATUS(HYLA_ERROR_TOO_LARGE, hyla_explained_variance_normalize(totals, many[i]));
        CHECK_STATUS(HYLA_ERROR_TOO_LARGE, hyla_explained_variance_values(totals, many[i], values, sums, &total));
        CHECK_STATUS(HYLA_ERROR_TOO_LARGE, hyla_explained_variance_metrics(totals, many[i], &context, list, 1, &count));
    }
    CHECK_STATUS(HYLA_ERROR_TOO_LARGE, hyla_explained_variance_update(ratios, SIZE_MAX, totals));
    CHECK(memcmp(totals, before, sizeof totals) == 0 && values[0] == 42.0 && sums[0] == 42.0 && total == 42.0 &&
          count == 42);
    CHECK(hyla_explained_variance_totals_size() == sizeof *totals);

    /* No component. */
    CHECK_STATUS(HYLA_OK, hyla_explained_variance_update(NULL, 0, NULL));
    CHECK_STATUS(HYLA_OK, hyla_explained_variance_merge(NULL, NULL, 0));
    CHECK_STATUS(HYLA_OK, hyla_explained_variance_normalize(NULL, 0));
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_explained_variance_values(NULL, 0, NULL, NULL, &total));
    CHECK(total == 0.0);
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_explained_variance_metrics(NULL, 0, &context, list, 1, &count));
    CHECK(count == 1 && strcmp(list->name, "total_explained_variance") == 0 && list->value == 0.0);

    /* No batch. */
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_explained_variance_values(totals, 2, values, sums, &total));
    CHECK(isnan(values[0]) && isnan(values[1]) && isnan(sums[0]) && isnan(sums[1]) && isnan(total));

    /* Totals of one component, merged into those of two. */
    CHECK_STATUS(HYLA_OK, hyla_explained_variance_update(ratios, 2, totals));
    CHECK_STATUS(HYLA_OK, hyla_explained_variance_update(ratios, 1, totals));
    total = values[0] = sums[0] = 42.0;
    count = 42;
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_explained_variance_values(totals, 2, values, sums, &total));
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_explained_variance_metrics(totals, 2, &context, list, 1, &count));
    CHECK(values[0] == 42.0 && sums[0] == 42.0 && total == 42.0 && count == 42);
}

static bool is_named(const hyla_metric *metric, const char *name, double value) {
    return strcmp(metric->name, name) == 0 && metric->value == value && metric->stage == HYLA_STAGE_TEST &&
           metric->epoch == 3 && metric->batch_idx == 5 && metric->status == HYLA_OK;
}

/* Two batches, pooled; numbers of one, two and three digits. */
static void values(void) {
    enum { MANY = 101 };
    static hyla_explained_variance_totals totals[MANY], other[MANY];
    static hyla_metric list[2 * MANY + 2], before[2 * MANY + 2];
    static float ratios[MANY];
    double found[MANY], sums[MANY], total = 0.0;
    size_t count = 42;
    for (int batch = 0; batch < 2; ++batch) {
        for (int i = 0; i < MANY; ++i) ratios[i] = (float)(batch + 1) / 64.0f;
        CHECK_STATUS(HYLA_OK, hyla_explained_variance_update(ratios, MANY, batch == 0 ? totals : other));
    }
    CHECK_STATUS(HYLA_OK, hyla_explained_variance_merge(other, totals, MANY));
    CHECK_STATUS(HYLA_OK, hyla_explained_variance_normalize(totals, MANY));
    CHECK_STATUS(HYLA_OK, hyla_explained_variance_values(totals, MANY, found, sums, &total));
    CHECK(total == MANY * 1.5 / 64.0);
    for (int i = 0; i < MANY; ++i) CHECK(found[i] == 1.5 / 64.0 && sums[i] == (i + 1) * 1.5 / 64.0);

    memset(list, 0xa5, sizeof list);
    memcpy(before, list, sizeof list);
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla_explained_variance_metrics(totals, MANY, &context, list, 2 * MANY, &count));
    CHECK(count == 42 && memcmp(list, before, sizeof list) == 0);
    CHECK_STATUS(HYLA_OK, hyla_explained_variance_metrics(totals, MANY, &context, list, 2 * MANY + 1, &count));
    CHECK(count == 2 * MANY + 1 && memcmp(&list[2 * MANY + 1], &before[2 * MANY + 1], sizeof *list) == 0);
    CHECK(is_named(&list[MANY], "total_explained_variance", total));
    for (int i = 0; i < MANY; ++i) {
        char name[48];
        snprintf(name, sizeof name, "explained_variance_pc%d", i + 1);
        CHECK(is_named(&list[i], name, found[i]));
        snprintf(name, sizeof name, "cumulative_variance_pc%d", i + 1);
        CHECK(is_named(&list[MANY + 1 + i], name, sums[i]));
    }

    const float bad[2] = {0.5f, NAN};
    hyla_explained_variance_totals few[2] = {0};
    CHECK_STATUS(HYLA_OK, hyla_explained_variance_update(bad, 2, few));
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_explained_variance_values(few, 2, found, sums, &total));
    CHECK(found[0] == 0.5 && isnan(found[1]) && sums[0] == 0.5 && isnan(sums[1]) && isnan(total));
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    sizes();
    values();
    return finish("law_explained_variance");
}
