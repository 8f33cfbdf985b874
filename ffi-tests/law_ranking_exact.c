/* hyla_ranking_exact_...: the whole law, inputs that it refuses, and values. */
#include <math.h>

#include "law.h"

enum { WORDS = 2 * LAW_PIXELS + 1024 };

static void fill(struct arguments *arguments) { (void)arguments; }

/* The workspace is of words of four bytes, as a table is. */
static const struct family ranking = {
    .sizes[VALUE] = sizeof(hyla_ranking_exact_report), .fill = fill, .sizes[TABLE] = WORDS * sizeof(uint32_t)};

static hyla_status values_call(const struct arguments *a) {
    return hyla_ranking_exact_values(a->at[PIXELS], a->at[TABLE], WORDS, a->at[VALUE]);
}

static const struct function functions[] = {
    {"hyla_ranking_exact_values", values_call, &ranking, BIT(PIXELS) | BIT(SCORES) | BIT(TARGETS) | BIT(VALID),
     BIT(VALID), BIT(TABLE) | BIT(VALUE)},
};

static const float scores[6] = {0.5f, 2.0f, -0.0f, 0.0f, NAN, 1.0f};
static const uint8_t targets[6] = {255, 0, 1, 0, 1, 1};

static void refused(hyla_status expected, const hyla_pixels *pixels, size_t size) {
    hyla_ranking_exact_report report, untouched;
    uint32_t space[WORDS];
    memset(&report, 0x5a, sizeof report);
    memset(&untouched, 0x5a, sizeof untouched);
    memset(space, 0x5a, sizeof space);
    CHECK_STATUS(expected, hyla_ranking_exact_values(pixels, space, size, &report));
    CHECK(memcmp(&report, &untouched, sizeof report) == 0);
    for (int i = 0; i < WORDS; ++i) CHECK(space[i] == 0x5a5a5a5au);
}

static void bad_inputs(void) {
    const hyla_pixels plain = {.scores = hyla_f32(scores), .targets = hyla_mask_u8(targets), .n = 6};
    hyla_pixels pixels = plain;
    CHECK(hyla_ranking_exact_workspace(LAW_PIXELS) == WORDS && hyla_ranking_exact_workspace(SIZE_MAX) == SIZE_MAX);
    refused(HYLA_ERROR_WORKSPACE, &pixels, hyla_ranking_exact_workspace(6) - 1);
    refused(HYLA_ERROR_WORKSPACE, &pixels, 0);
    pixels.weights = hyla_f32(scores);
    refused(HYLA_ERROR_UNSUPPORTED_INPUT, &pixels, WORDS);
    pixels = plain;
    pixels.soft_targets = hyla_f32(scores);
    refused(HYLA_ERROR_UNSUPPORTED_INPUT, &pixels, WORDS);
    pixels = plain;
    pixels.targets = hyla_mask_u8(NULL);
    refused(HYLA_ERROR_NULL_POINTER, &pixels, WORDS);
}

static void values(void) {
    hyla_pixels pixels = {.scores = hyla_f32(scores), .targets = hyla_mask_u8(targets), .n = 6};
    hyla_ranking_exact_report report;
    uint32_t space[WORDS];
    /* Down from 2: normal; 1: anomaly; 0.5: anomaly; 0 and -0: one of each. */
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_ranking_exact_values(&pixels, space, WORDS, &report));
    CHECK(fabs(report.average_precision - (1.0 / 2 + 2.0 / 3 + 3.0 / 5) / 3) < 1e-15);
    CHECK(report.roc_auc == 2.5 / 6);
    CHECK(report.f1_max == 0.75 && report.f1_max_threshold == 0.0);
    CHECK(report.anomalies == 3 && report.normal == 2 && report.nan_anomalies == 1 && report.nan_normal == 0);
    CHECK(report.masked == 0 && report.reserved == 0);
    /* Without its NaN, and without the normal pixel above all: perfect but for a tie. */
    const uint8_t valid[6] = {1, 0, 1, 1, 0, 9};
    pixels.valid = hyla_mask_u8(valid);
    CHECK_STATUS(HYLA_OK, hyla_ranking_exact_values(&pixels, space, WORDS, &report));
    CHECK(fabs(report.average_precision - (1.0 + 1.0 + 3.0 / 4) / 3) < 1e-15);
    CHECK(report.roc_auc == 2.5 / 3 && report.anomalies == 3 && report.normal == 1 && report.nan_anomalies == 0 &&
          report.masked == 2);
    CHECK(report.f1_max == 6.0 / 7 && report.f1_max_threshold == 0.0);
    const hyla_pixels none = {0};
    CHECK_STATUS(HYLA_NOTICE_EMPTY | HYLA_NOTICE_NO_POSITIVES | HYLA_NOTICE_NO_NEGATIVES,
                 hyla_ranking_exact_values(&none, space, WORDS, &report));
    CHECK(report.average_precision == 0.0 && isnan(report.roc_auc) && report.f1_max == 0.0 &&
          isnan(report.f1_max_threshold));
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    bad_inputs();
    values();
    return finish("law_ranking_exact");
}
