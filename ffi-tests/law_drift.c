/* hyla_drift_...: the whole law, what it refuses, and values worked out by hand. */
#include <math.h>

#include "law.h"

enum { THRESHOLDS = 20, WORDS = 2 * (THRESHOLDS + 1) + 6, TABLE_WORDS = 45, U8_WORDS = 2 * 257 + 6, METRICS = 12 };

static const hyla_binning_params rule = {sizeof rule, HYLA_BINNING_THRESHOLDS, THRESHOLDS, 0.0f, 0.0f};

static void fill(struct arguments *a) {
    const hyla_drift_params params = HYLA_DRIFT_PARAMS_DEFAULT;
    const hyla_pixels pixels = {.scores = hyla_f32(a->at[SCORES]), .n = LAW_PIXELS},
                      half = {.scores = hyla_f32(a->at[SCORES]), .n = LAW_PIXELS / 2};
    memcpy(a->at[PARAMS], &params, sizeof params);
    size_t words = 0;
    CHECK_STATUS(HYLA_OK, hyla_binning_words(&rule, &words));
    CHECK(words == TABLE_WORDS);
    CHECK_STATUS(HYLA_OK, hyla_binning_build(&rule, a->at[TABLE], TABLE_WORDS, a->at[BINNING]));
    CHECK_STATUS(HYLA_OK, hyla_ranking_update(a->at[BINNING], &pixels, a->at[TOTALS], WORDS));
    CHECK_STATUS(HYLA_OK, hyla_ranking_update(a->at[BINNING], &half, a->at[OTHER], WORDS));
}

static void fill_report(struct arguments *a) {
    static const hyla_drift_report report = {
        .psi = 0.5, .ks = 0.25, .now = {.pixels = 3}, .reference = {.pixels = 3}, .groups = 2};
    memcpy(a->at[TOTALS], &report, sizeof report);
}

static const struct family pairs = {
    .sizes[PARAMS] = sizeof(hyla_drift_params),
    .sizes[TOTALS] = WORDS * sizeof(int64_t),
    .sizes[VALUE] = sizeof(hyla_drift_report),
    .fill = fill,
    .sizes[TABLE] = TABLE_WORDS * sizeof(uint32_t),
};
static const struct family reports = {
    .sizes[TOTALS] = sizeof(hyla_drift_report),
    .fill = fill_report,
    .sizes[LIST] = METRICS * sizeof(hyla_metric),
    .reports = true,
};

static hyla_status values(const struct arguments *a) {
    return hyla_drift_values(a->at[PARAMS], binning_of(a), a->at[OTHER], a->at[TOTALS], WORDS, a->at[VALUE]);
}
static hyla_status metrics(const struct arguments *a) {
    return hyla_drift_metrics(a->at[TOTALS], a->at[CONTEXT], a->at[LIST], METRICS, a->at[COUNT]);
}

static const struct function functions[] = {
    {"hyla_drift_values", values, &pairs, BIT(PARAMS) | BIT(BINNING) | BIT(TABLE) | BIT(OTHER) | BIT(TOTALS), 0,
     BIT(VALUE)},
    {"hyla_drift_metrics", metrics, &reports, BIT(TOTALS) | BIT(CONTEXT), 0, BIT(LIST) | BIT(COUNT)},
};

static void defaults(void) {
    const hyla_drift_params macro = HYLA_DRIFT_PARAMS_DEFAULT, value = hyla_drift_params_default();
    hyla_drift_params made;
    memset(&made, 0xa5, sizeof made);
    CHECK_STATUS(HYLA_OK, hyla_drift_params_init(&made, sizeof made));
    CHECK(memcmp(&made, &macro, sizeof made) == 0 && memcmp(&made, &value, sizeof made) == 0);
    CHECK_STATUS(HYLA_ERROR_NULL_POINTER, hyla_drift_params_init(NULL, sizeof made));
    CHECK_STATUS(HYLA_ERROR_STRUCT_SIZE, hyla_drift_params_init(&made, 0));
}

/* 100 pixels of ten values in the reference, which is constant data from then on; a quarter of them moved up. */
static int64_t reference[U8_WORDS];
static hyla_binning bytes;

static void histogram(const uint8_t *scores, size_t n, int64_t *words) {
    const hyla_pixels pixels = {.scores = hyla_u8(scores), .n = n};
    CHECK_STATUS(HYLA_OK, hyla_ranking_update(&bytes, &pixels, words, U8_WORDS));
}

static void by_hand(void) {
    const hyla_binning_params u8 = {sizeof u8, HYLA_BINNING_U8, 0, 0.0f, 0.0f};
    const hyla_context context = {HYLA_STAGE_INFERENCE, 1, 2, 0};
    hyla_drift_params params = HYLA_DRIFT_PARAMS_DEFAULT;
    hyla_drift_report report;
    hyla_metric list[METRICS];
    int64_t now[U8_WORDS] = {0}, before[U8_WORDS];
    uint8_t scores[100], moved[100];
    size_t count = 0;
    for (int i = 0; i < 100; ++i) {
        scores[i] = (uint8_t)(i / 10 * 20);
        moved[i] = i < 25 ? 255 : scores[i];
    }
    CHECK_STATUS(HYLA_OK, hyla_binning_build(&u8, NULL, 0, &bytes));
    histogram(scores, 100, reference);
    histogram(moved, 100, now);
    memcpy(before, reference, sizeof before);

    CHECK_STATUS(HYLA_OK, hyla_drift_values(&params, &bytes, reference, reference, U8_WORDS, &report));
    CHECK(report.psi == 0.0 && report.ks_hi == 0.0 && report.wasserstein_hi == 0.0 && report.jensen_shannon == 0.0);
    CHECK(report.groups == 10 && report.now.lowest == 10 && report.now.highest == 0);

    params.groups = 2;
    CHECK_STATUS(HYLA_OK, hyla_drift_values(&params, &bytes, reference, now, U8_WORDS, &report));
    /* Shares of 1/4 and 3/4 where there were two halves; 10 pixels moved by 255, 10 by 235, 5 by 215. */
    CHECK(fabs(report.psi - 0.25 * log(3.0)) < 1e-15 && report.groups == 2);
    CHECK(report.ks == 0.25 && report.ks_lo <= 0.25 && report.ks_hi >= 0.25 && report.ks_hi - report.ks_lo < 1e-13);
    CHECK(fabs(report.wasserstein - (2550.0 + 2350.0 + 1075.0) / 100.0) < 1e-12);
    CHECK(report.wasserstein_lo <= report.wasserstein && report.wasserstein_hi >= report.wasserstein);
    CHECK(report.now.lowest_share == 0.0 && report.now.highest_share == 0.25 && report.reference.lowest_share == 0.1);
    CHECK(report.now.pixels == 100 && report.now.nan_share == 0.0 && report.now.masked_share == 0.0 &&
          report.reserved == 0);
    /* Shares of 0, 0, 1/20, 1/10, ... and 1/4 against 1/10 each and 0. */
    const double third = 0.5 * (0.05 * log(0.1 / 0.15) + 0.1 * log(0.2 / 0.15));
    CHECK(fabs(report.jensen_shannon - (0.5 * (0.1 + 0.1 + 0.25) * log(2.0) + third)) < 1e-15);
    CHECK(memcmp(before, reference, sizeof before) == 0);

    CHECK_STATUS(HYLA_OK, hyla_drift_metrics(&report, &context, list, METRICS, &count));
    CHECK(count == METRICS && strcmp(list[1].name, "drift/ks") == 0 && list[1].value == 0.25 &&
          list[1].status == HYLA_OK);
    CHECK(strcmp(list[11].name, "drift/highest_share") == 0 && list[11].value == 0.25 && list[11].epoch == 1);
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla_drift_metrics(&report, &context, list, METRICS - 1, &count));

    /* One value alone: PSI sees nothing, and says so. And no pixels. */
    int64_t one[U8_WORDS] = {0}, none[U8_WORDS] = {0};
    histogram(scores, 10, one);
    CHECK_STATUS(HYLA_NOTICE_DEGENERATE, hyla_drift_values(&params, &bytes, one, now, U8_WORDS, &report));
    CHECK(report.psi == 0.0 && report.ks == 1.0);
    CHECK_STATUS(HYLA_NOTICE_DEGENERATE, hyla_drift_metrics(&report, &context, list, METRICS, &count));
    CHECK(list[0].status == HYLA_NOTICE_DEGENERATE && list[1].status == HYLA_OK);
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_drift_values(&params, &bytes, reference, none, U8_WORDS, &report));
    CHECK(isnan(report.psi) && isnan(report.ks_hi) && isnan(report.wasserstein) && isnan(report.now.nan_share));
    CHECK(report.reference.pixels == 100 && report.groups == 0);
}

/* Open bins, NaN and masked pixels, and a coarse binning. */
static void floats(void) {
    const hyla_binning_params linear = {sizeof linear, HYLA_BINNING_LINEAR, 4, 0.0f, 4.0f};
    const float calm[4] = {0.5f, 1.5f, 2.5f, 3.5f}, wild[5] = {1.25f, 1.75f, NAN, 2.5f, 3.5f};
    const uint8_t valid[5] = {1, 1, 1, 1, 0};
    const hyla_pixels before = {.scores = hyla_f32(calm), .n = 4},
                      after = {.scores = hyla_f32(wild), .valid = hyla_mask_u8(valid), .n = 5};
    int64_t stored[2 * 5 + 6] = {0}, now[2 * 5 + 6] = {0};
    enum { COUNT_ = sizeof now / sizeof *now };
    hyla_drift_params params = HYLA_DRIFT_PARAMS_DEFAULT;
    hyla_drift_report report;
    hyla_binning binning;
    CHECK_STATUS(HYLA_OK, hyla_binning_build(&linear, NULL, 0, &binning));
    CHECK_STATUS(HYLA_OK, hyla_ranking_update(&binning, &before, stored, COUNT_));
    CHECK_STATUS(HYLA_OK, hyla_ranking_update(&binning, &after, now, COUNT_));
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE | HYLA_NOTICE_COARSE,
                 hyla_drift_values(&params, &binning, stored, now, COUNT_, &report));
    CHECK(report.wasserstein_hi == INFINITY && report.wasserstein < 4.0 && report.now.pixels == 3);
    CHECK(report.now.nan_share == 0.25 && report.now.masked_share == 0.2 && report.reference.highest == 1);
    params = (hyla_drift_params){sizeof params, 10, 1, 0.5f, 3.5f};
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE | HYLA_NOTICE_COARSE,
                 hyla_drift_values(&params, &binning, stored, now, COUNT_, &report));
    CHECK(report.wasserstein_lo < 0.5 && report.wasserstein_hi > 0.5 && report.wasserstein_hi < 3.0);
}

static void refused(void) {
    const hyla_drift_params good = HYLA_DRIFT_PARAMS_DEFAULT;
    const struct {
        hyla_drift_params params;
        hyla_status error;
    } cases[] = {
        {{sizeof good, 65537, 0, 0.0f, 0.0f}, HYLA_ERROR_BINNING},
        {{sizeof good, 10, 2, 0.0f, 255.0f}, HYLA_ERROR_UNKNOWN_OPTION},
        {{sizeof good, 10, 1, 0.0f, 100.0f}, HYLA_ERROR_RANGE_MISSING},
        {{sizeof good, 10, 1, 10.0f, 255.0f}, HYLA_ERROR_RANGE_MISSING},
        {{sizeof good, 10, 1, 255.0f, 0.0f}, HYLA_ERROR_RANGE_MISSING},
        {{sizeof good, 10, 1, NAN, 255.0f}, HYLA_ERROR_RANGE_MISSING},
    };
    hyla_drift_report report, untouched;
    memset(&report, 0x5a, sizeof report);
    untouched = report;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        CHECK_STATUS(cases[i].error,
                     hyla_drift_values(&cases[i].params, &bytes, reference, reference, U8_WORDS, &report));
    }
    CHECK_STATUS(HYLA_ERROR_WORKSPACE, hyla_drift_values(&good, &bytes, reference, reference, U8_WORDS - 1, &report));
    int64_t broken[U8_WORDS];
    memcpy(broken, reference, sizeof broken);
    ++broken[3];
    CHECK_STATUS(HYLA_ERROR_TOTALS, hyla_drift_values(&good, &bytes, broken, reference, U8_WORDS, &report));
    CHECK_STATUS(HYLA_ERROR_TOTALS, hyla_drift_values(&good, &bytes, reference, broken, U8_WORDS, &report));
    hyla_binning other = bytes;
    other.reserved[0] = broken;
    CHECK_STATUS(HYLA_ERROR_RESERVED, hyla_drift_values(&good, &other, reference, reference, U8_WORDS, &report));
    CHECK(memcmp(&report, &untouched, sizeof report) == 0);
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    defaults();
    by_hand();
    floats();
    refused();
    return finish("law_drift");
}
