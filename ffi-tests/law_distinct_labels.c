/* hyla_distinct_label_count_...: the whole law, sizes, sets that do not fit, named values. */
#include "law.h"

enum { WORDS = 9, BYTES = WORDS * sizeof(int32_t) };

/* The set lies in TABLE, another one in FLOATS: both are aligned to four bytes. */
static void fill(struct arguments *a) {
    static const int32_t labels[3] = {7, -1, 3};
    memset(a->at[TABLE], 0, BYTES);
    memset(a->at[FLOATS], 0, BYTES);
    CHECK_STATUS(HYLA_OK, hyla_distinct_label_count_update(labels, NULL, 2, a->at[TABLE], WORDS));
    CHECK_STATUS(HYLA_OK, hyla_distinct_label_count_update(labels + 1, NULL, 2, a->at[FLOATS], WORDS));
}

static const struct family family = {
    .sizes[VALUE] = sizeof(int64_t),
    .fill = fill,
    .sizes[FLOATS] = BYTES,
    .sizes[LIST] = sizeof(hyla_metric),
    .sizes[TABLE] = BYTES,
};

static hyla_status call_update(const struct arguments *a) {
    return hyla_distinct_label_count_update(a->at[LABELS], a->at[VALID], LAW_PIXELS, a->at[TABLE], WORDS);
}
static hyla_status call_merge(const struct arguments *a) {
    return hyla_distinct_label_count_merge(a->at[FLOATS], a->at[TABLE], WORDS);
}
static hyla_status call_value(const struct arguments *a) {
    return hyla_distinct_label_count_value(a->at[TABLE], WORDS, a->at[VALUE]);
}
static hyla_status call_metrics(const struct arguments *a) {
    return hyla_distinct_label_count_metrics(a->at[TABLE], WORDS, a->at[CONTEXT], a->at[LIST], 1, a->at[COUNT]);
}

static const struct function functions[] = {
    {"hyla_distinct_label_count_update", call_update, &family, BIT(LABELS) | BIT(VALID), BIT(VALID), BIT(TABLE)},
    {"hyla_distinct_label_count_merge", call_merge, &family, BIT(FLOATS), 0, BIT(TABLE)},
    {"hyla_distinct_label_count_value", call_value, &family, BIT(TABLE), 0, BIT(VALUE)},
    {"hyla_distinct_label_count_metrics", call_metrics, &family, BIT(TABLE) | BIT(CONTEXT), 0, BIT(LIST) | BIT(COUNT)},
};

static const hyla_context context = {HYLA_STAGE_INFERENCE, 3, 5, 0};

static void sizes(void) {
    const size_t many[] = {SIZE_MAX, SIZE_MAX / 4 + 1, (size_t)PTRDIFF_MAX + 1};
    const int32_t labels[4] = {1, 2, 3, 4};
    int32_t set[6] = {0}, other[6] = {0}, before[6];
    hyla_metric list[1];
    int64_t found = 42;
    size_t count = 42;
    CHECK_STATUS(HYLA_OK, hyla_distinct_label_count_update(labels, NULL, 4, set, 6));
    memcpy(before, set, sizeof set);
    for (int i = 0; i < 3; ++i) {
        CHECK_STATUS(HYLA_ERROR_TOO_LARGE, hyla_distinct_label_count_update(labels, NULL, many[i], set, 6));
        CHECK_STATUS(HYLA_ERROR_TOO_LARGE, hyla_distinct_label_count_update(NULL, NULL, 0, set, many[i]));
        CHECK_STATUS(HYLA_ERROR_TOO_LARGE, hyla_distinct_label_count_merge(other, set, many[i]));
        CHECK_STATUS(HYLA_ERROR_TOO_LARGE, hyla_distinct_label_count_value(set, many[i], &found));
        CHECK_STATUS(HYLA_ERROR_TOO_LARGE, hyla_distinct_label_count_metrics(set, many[i], &context, list, 1, &count));
    }
    for (size_t words = 0; words < 6; ++words) {
        const hyla_status error = words < 2 ? HYLA_ERROR_WORKSPACE : HYLA_ERROR_MIXED_TOTALS;
        CHECK_STATUS(error, hyla_distinct_label_count_update(labels, NULL, 1, set, words));
        CHECK_STATUS(error, hyla_distinct_label_count_merge(other, set, words));
        CHECK_STATUS(error, hyla_distinct_label_count_value(set, words, &found));
        CHECK_STATUS(error, hyla_distinct_label_count_metrics(set, words, &context, list, 1, &count));
    }
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla_distinct_label_count_metrics(set, 6, &context, list, 0, &count));
    CHECK(found == 42 && count == 42 && memcmp(set, before, sizeof set) == 0);
    CHECK(hyla_distinct_label_count_words(4) == 6 && hyla_distinct_label_count_words(SIZE_MAX) == SIZE_MAX);
}

static void values(void) {
    const int32_t labels[8] = {5, 0, -2, 5, 9, 9, INT32_MIN, 7};
    const uint8_t valid[8] = {1, 1, 1, 1, 0, 0, 1, 255};
    int32_t set[6] = {0}, other[6] = {0};
    hyla_metric list[2], before[2];
    int64_t found = 42;
    size_t count = 42;
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_distinct_label_count_value(set, 6, &found));
    CHECK(found == 0);
    CHECK_STATUS(HYLA_OK, hyla_distinct_label_count_update(labels, valid, 6, set, 6));
    CHECK_STATUS(HYLA_OK, hyla_distinct_label_count_value(set, 6, &found));
    CHECK(found == 2 && set[0] == 2 && set[2] == -2 && set[3] == 5 && set[4] == 0);
    CHECK_STATUS(HYLA_OK, hyla_distinct_label_count_update(labels + 6, valid + 6, 2, other, 6));
    CHECK_STATUS(HYLA_OK, hyla_distinct_label_count_merge(other, set, 6));
    CHECK_STATUS(HYLA_OK, hyla_distinct_label_count_value(set, 6, &found));
    CHECK(found == 4 && set[2] == INT32_MIN && set[3] == -2 && set[4] == 5 && set[5] == 7);

    memset(list, 0xa5, sizeof list);
    memcpy(before, list, sizeof list);
    CHECK_STATUS(HYLA_OK, hyla_distinct_label_count_metrics(set, 6, &context, list, 2, &count));
    CHECK(count == 1 && memcmp(&list[1], &before[1], sizeof *list) == 0);
    CHECK(strcmp(list->name, "num_distinct_labels") == 0 && list->value == 4.0 && list->status == HYLA_OK);
    CHECK(list->stage == HYLA_STAGE_INFERENCE && list->epoch == 3 && list->batch_idx == 5);

    /* A fifth label does not fit: the greatest one goes. */
    CHECK_STATUS(HYLA_OK, hyla_distinct_label_count_update(labels, NULL, 0, set, 6));
    const int32_t one[1] = {6};
    CHECK_STATUS(HYLA_OK, hyla_distinct_label_count_update(one, NULL, 1, set, 6));
    CHECK_STATUS(HYLA_NOTICE_INCOMPLETE, hyla_distinct_label_count_value(set, 6, &found));
    CHECK(found == 4 && set[5] == 6);
    CHECK_STATUS(HYLA_NOTICE_INCOMPLETE, hyla_distinct_label_count_metrics(set, 6, &context, list, 2, &count));
    CHECK(list->value == 4.0 && list->status == HYLA_NOTICE_INCOMPLETE);
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    sizes();
    values();
    return finish("law_distinct_labels");
}
