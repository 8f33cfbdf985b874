/* hyla_score_statistics_... and hyla_topk_mean_...: the whole law, arguments that they refuse, and values. */
#include <math.h>

/* The workspaces are larger than other slots. */
#define LAW_ROOM 65536
#include "law.h"

enum { WORDS = 2048 + 3 * 12 * 128, TOPK_WORDS = 2048 + 3 * 2 * 128 };

static void fill(struct arguments *a) {
    const hyla_pixels pixels = {.scores = hyla_f32(a->at[SCORES]), .n = LAW_PIXELS};
    CHECK_STATUS(HYLA_OK, hyla_score_statistics_update(&pixels, a->at[TOTALS]));
    CHECK_STATUS(HYLA_OK, hyla_score_statistics_update(&pixels, a->at[OTHER]));
}

static void fill_report(struct arguments *a) {
    static const hyla_score_statistics_report report = {.mean = 1.0, .std = 2.0, .pixels = 3};
    memcpy(a->at[TOTALS], &report, sizeof report);
}

static void fill_nothing(struct arguments *a) { (void)a; }

/* Workspaces are of words of four bytes, as a table is. */
static const struct family totals = {
    .sizes[TOTALS] = sizeof(hyla_score_statistics_totals), .sizes[VALUE] = sizeof(double), .fill = fill};
static const struct family frames = {
    .sizes[VALUE] = sizeof(hyla_score_statistics_report),
    .fill = fill_nothing,
    .sizes[TABLE] = WORDS * sizeof(uint32_t),
};
static const struct family reports = {
    .sizes[TOTALS] = sizeof(hyla_score_statistics_report),
    .fill = fill_report,
    .sizes[LIST] = 9 * sizeof(hyla_metric),
    .reports = true,
};
static const struct family topk = {
    .sizes[VALUE] = sizeof(double), .fill = fill_nothing, .sizes[TABLE] = TOPK_WORDS * sizeof(uint32_t)};

static hyla_status update(const struct arguments *a) {
    return hyla_score_statistics_update(a->at[PIXELS], a->at[TOTALS]);
}
static hyla_status merge(const struct arguments *a) { return hyla_score_statistics_merge(a->at[OTHER], a->at[TOTALS]); }
static hyla_status normalize(const struct arguments *a) { return hyla_score_statistics_normalize(a->at[TOTALS]); }
static hyla_status mean(const struct arguments *a) { return hyla_score_statistics_mean(a->at[TOTALS], a->at[VALUE]); }
static hyla_status deviation(const struct arguments *a) {
    return hyla_score_statistics_std(a->at[TOTALS], a->at[VALUE]);
}
static hyla_status frame(const struct arguments *a) {
    return hyla_score_statistics_frame(a->at[PIXELS], a->at[TABLE], WORDS, a->at[VALUE]);
}
static hyla_status metrics(const struct arguments *a) {
    return hyla_score_statistics_metrics(a->at[TOTALS], a->at[CONTEXT], a->at[LIST], 9, a->at[COUNT]);
}
static hyla_status topk_value(const struct arguments *a) {
    return hyla_topk_mean_value(0.25, a->at[PIXELS], a->at[TABLE], TOPK_WORDS, a->at[VALUE]);
}

#define INPUTS (BIT(PIXELS) | BIT(SCORES) | BIT(VALID))
static const struct function functions[] = {
    {"hyla_score_statistics_update", update, &totals, INPUTS, BIT(VALID), BIT(TOTALS)},
    {"hyla_score_statistics_merge", merge, &totals, BIT(OTHER), 0, BIT(TOTALS)},
    {"hyla_score_statistics_normalize", normalize, &totals, 0, 0, BIT(TOTALS)},
    {"hyla_score_statistics_mean", mean, &totals, BIT(TOTALS), 0, BIT(VALUE)},
    {"hyla_score_statistics_std", deviation, &totals, BIT(TOTALS), 0, BIT(VALUE)},
    {"hyla_score_statistics_frame", frame, &frames, INPUTS, BIT(VALID), BIT(TABLE) | BIT(VALUE)},
    {"hyla_score_statistics_metrics", metrics, &reports, BIT(TOTALS) | BIT(CONTEXT), 0, BIT(LIST) | BIT(COUNT)},
    {"hyla_topk_mean_value", topk_value, &topk, INPUTS, BIT(VALID), BIT(TABLE) | BIT(VALUE)},
};

static const float scores[5] = {4.0f, 1.0f, NAN, 3.0f, 2.0f};
static const uint8_t valid[5] = {1, 2, 0, 255, 1};

static void refused(void) {
    const hyla_pixels pixels = {.scores = hyla_f32(scores), .n = 5};
    const double fractions[] = {0.0, -0.5, 1.5, NAN, INFINITY};
    uint32_t space[WORDS], untouched[WORDS];
    hyla_score_statistics_report report, before;
    double value = 42.0;
    memset(space, 0x5a, sizeof space);
    memset(untouched, 0x5a, sizeof untouched);
    memset(&report, 0x5a, sizeof report);
    memset(&before, 0x5a, sizeof before);
    CHECK(hyla_score_statistics_workspace() == WORDS && hyla_topk_mean_workspace() == TOPK_WORDS);
    CHECK(hyla_score_statistics_totals_size() == sizeof(hyla_score_statistics_totals));
    CHECK_STATUS(HYLA_ERROR_WORKSPACE, hyla_score_statistics_frame(&pixels, space, WORDS - 1, &report));
    CHECK_STATUS(HYLA_ERROR_WORKSPACE, hyla_score_statistics_frame(&pixels, NULL, 0, &report));
    CHECK_STATUS(HYLA_ERROR_WORKSPACE, hyla_topk_mean_value(0.5, &pixels, space, TOPK_WORDS - 1, &value));
    for (int i = 0; i < 5; ++i)
        CHECK_STATUS(HYLA_ERROR_FRACTION, hyla_topk_mean_value(fractions[i], &pixels, space, WORDS, &value));
    CHECK(value == 42.0 && memcmp(space, untouched, sizeof space) == 0 && memcmp(&report, &before, sizeof report) == 0);
}

static void values(void) {
    hyla_pixels pixels = {.scores = hyla_f32(scores), .valid = hyla_mask_u8(valid), .n = 5};
    const hyla_context context = {HYLA_STAGE_TEST, 1, 2, 0};
    hyla_score_statistics_report report;
    hyla_score_statistics_totals stream = {0}, other = {0};
    hyla_metric list[9];
    uint32_t space[WORDS];
    size_t count = 0;
    double value = 0.0;
    CHECK_STATUS(HYLA_OK, hyla_score_statistics_frame(&pixels, space, WORDS, &report));
    CHECK(report.mean == 2.5 && fabs(report.std - sqrt(5.0 / 3)) < 1e-15 && report.min == 1.0 && report.max == 4.0);
    CHECK(report.median == 2.0 && report.q25 == 1.75 && report.q75 == 3.25 && fabs(report.q95 - 3.85) < 1e-15);
    CHECK(fabs(report.q99 - 3.97) < 1e-15 && report.pixels == 4 && report.masked == 1 && report.nan == 0 &&
          report.infinite == 0);
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla_score_statistics_metrics(&report, &context, list, 8, &count));
    CHECK_STATUS(HYLA_OK, hyla_score_statistics_metrics(&report, &context, list, 9, &count));
    CHECK(count == 9 && strcmp(list[4].name, "scores/median") == 0 && list[4].value == 2.0 &&
          list[1].value == report.std);
    CHECK_STATUS(HYLA_OK, hyla_topk_mean_value(0.5, &pixels, space, WORDS, &value));
    CHECK(value == 3.5);

    /* A stream in two parts. */
    pixels.n = 2;
    CHECK_STATUS(HYLA_OK, hyla_score_statistics_update(&pixels, &stream));
    pixels.scores = hyla_f32(scores + 2);
    pixels.valid = hyla_mask_u8(valid + 2);
    pixels.n = 3;
    CHECK_STATUS(HYLA_OK, hyla_score_statistics_update(&pixels, &other));
    CHECK_STATUS(HYLA_OK, hyla_score_statistics_merge(&other, &stream));
    CHECK_STATUS(HYLA_OK, hyla_score_statistics_mean(&stream, &value));
    CHECK(value == report.mean && stream.pixels == 4);
    CHECK_STATUS(HYLA_OK, hyla_score_statistics_std(&stream, &value));
    CHECK(value == report.std);
    /* Words added elsewhere. */
    hyla_score_statistics_totals words = {0};
    for (size_t i = 0; i < sizeof words / sizeof(int64_t); ++i) {
        ((int64_t *)(void *)&words)[i] = 2 * ((const int64_t *)(const void *)&stream)[i];
    }
    CHECK_STATUS(HYLA_OK, hyla_score_statistics_normalize(&words));
    CHECK_STATUS(HYLA_OK, hyla_score_statistics_mean(&words, &value));
    CHECK(value == 2.5);

    const hyla_pixels none = {0}, nan = {.scores = hyla_f32(scores), .n = 5},
                      one = {.scores = hyla_f32(scores), .n = 1};
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_score_statistics_frame(&none, space, WORDS, &report));
    CHECK(isnan(report.mean) && isnan(report.median) && isnan(report.q99));
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_topk_mean_value(0.5, &none, space, WORDS, &value));
    CHECK(isnan(value));
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_score_statistics_frame(&nan, space, WORDS, &report));
    CHECK(isnan(report.mean) && report.median == 2.0 && report.nan == 1);
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_topk_mean_value(0.5, &nan, space, WORDS, &value));
    CHECK(isnan(value));
    CHECK_STATUS(HYLA_NOTICE_DEGENERATE, hyla_score_statistics_frame(&one, space, WORDS, &report));
    CHECK(isnan(report.std) && report.mean == 4.0 && report.q25 == 4.0);
    CHECK_STATUS(HYLA_NOTICE_DEGENERATE, hyla_score_statistics_metrics(&report, &context, list, 9, &count));
    CHECK(list[0].status == HYLA_OK && list[1].status == HYLA_NOTICE_DEGENERATE);
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    refused();
    values();
    return finish("law_scores");
}
