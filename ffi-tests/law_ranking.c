/* hyla_binning_... and hyla_ranking_...: the whole law, rules out of range, and values. */
#include <math.h>

#include "law.h"

enum { THRESHOLDS = 20, WORDS = 2 * (THRESHOLDS + 1) + 6, TABLE_ROOM = 512, U8_WORDS = 2 * 257 + 6 };

static const hyla_binning_params rule = {sizeof rule, HYLA_BINNING_THRESHOLDS, THRESHOLDS, 0.0f, 0.0f};

static size_t table_words(void) {
    size_t words = 0;
    CHECK_STATUS(HYLA_OK, hyla_binning_words(&rule, &words));
    CHECK(words > 0 && words <= TABLE_ROOM);
    return words;
}

/* Histograms of the pixels of the law. */
static void fill(struct arguments *a) {
    *(hyla_binning_params *)a->at[PARAMS] = rule;
    CHECK_STATUS(HYLA_OK, hyla_binning_build(&rule, a->at[TABLE], table_words(), a->at[BINNING]));
    const hyla_pixels pixels = {
        .scores = hyla_f32(a->at[SCORES]), .targets = hyla_mask_u8(a->at[TARGETS]), .n = LAW_PIXELS};
    CHECK_STATUS(HYLA_OK, hyla_ranking_update(a->at[BINNING], &pixels, a->at[TOTALS], WORDS));
    memcpy(a->at[OTHER], a->at[TOTALS], WORDS * sizeof(int64_t));
}

static void fill_u8(struct arguments *a) {
    const hyla_binning_params bytes = {sizeof bytes, HYLA_BINNING_U8, 0, 0.0f, 0.0f};
    CHECK_STATUS(HYLA_OK, hyla_binning_build(&bytes, NULL, 0, a->at[BINNING]));
    a->integers = true;
}

static struct family family = {
    .sizes[PARAMS] = sizeof(hyla_binning_params),
    .sizes[TOTALS] = WORDS * sizeof(int64_t),
    .sizes[VALUE] = sizeof(hyla_ranking_report),
    .fill = fill,
};
static struct family points = {
    .sizes[PARAMS] = sizeof(hyla_binning_params),
    .sizes[TOTALS] = WORDS * sizeof(int64_t),
    .sizes[VALUE] = sizeof(hyla_ranking_point),
    .fill = fill,
    .sizes[LIST] = THRESHOLDS * sizeof(hyla_ranking_point),
};
static struct family numbers = {
    .sizes[PARAMS] = sizeof(hyla_binning_params),
    .sizes[TOTALS] = WORDS * sizeof(int64_t),
    .sizes[VALUE] = sizeof(double),
    .fill = fill,
};
static struct family pairs = {
    .sizes[PARAMS] = sizeof(hyla_binning_params),
    .sizes[TOTALS] = WORDS * sizeof(int64_t),
    .sizes[VALUE] = 2 * sizeof(double),
    .fill = fill,
};
static struct family sizes = {
    .sizes[PARAMS] = sizeof(hyla_binning_params), .sizes[VALUE] = sizeof(size_t), .fill = fill};
static struct family u8 = {
    .sizes[PARAMS] = sizeof(hyla_binning_params), .sizes[TOTALS] = U8_WORDS * sizeof(int64_t), .fill = fill_u8};

static hyla_status words_of_table(const struct arguments *a) { return hyla_binning_words(a->at[PARAMS], a->at[COUNT]); }
/* A table of other words than are in use is one more output. */
static hyla_status build(const struct arguments *a) {
    return hyla_binning_build(a->at[PARAMS], a->at[MORE], table_words(), a->at[BINNING]);
}
static struct family builds = {
    .sizes[PARAMS] = sizeof(hyla_binning_params), .sizes[VALUE] = sizeof(hyla_binning), .fill = fill};
static hyla_status words(const struct arguments *a) { return hyla_ranking_words(binning_of(a), a->at[COUNT]); }
static hyla_status update(const struct arguments *a) {
    return hyla_ranking_update(binning_of(a), pixels_of(a), a->at[TOTALS], WORDS);
}
static hyla_status update_u8(const struct arguments *a) {
    return hyla_ranking_update(a->at[BINNING], pixels_of(a), a->at[TOTALS], U8_WORDS);
}
static hyla_status merge(const struct arguments *a) {
    return hyla_ranking_merge(binning_of(a), a->at[OTHER], a->at[TOTALS], WORDS);
}
static hyla_status values(const struct arguments *a) {
    return hyla_ranking_values(binning_of(a), a->at[TOTALS], WORDS, a->at[VALUE]);
}
static hyla_status curve(const struct arguments *a) {
    return hyla_ranking_curve(binning_of(a), a->at[TOTALS], WORDS, a->at[LIST], THRESHOLDS, a->at[COUNT]);
}
static hyla_status at(const struct arguments *a) {
    return hyla_ranking_at(binning_of(a), a->at[TOTALS], WORDS, 0.5f, a->at[VALUE]);
}
static hyla_status threshold(const struct arguments *a) {
    return hyla_ranking_threshold(binning_of(a), a->at[TOTALS], WORDS, 0.25, a->at[VALUE]);
}
static hyla_status quantile(const struct arguments *a) {
    return hyla_ranking_quantile(binning_of(a), a->at[TOTALS], WORDS, 0.25, a->at[VALUE]);
}

#define BINS (BIT(BINNING) | BIT(TABLE))
#define OPTIONAL (BIT(TARGETS) | BIT(VALID))
static const struct function functions[] = {
    {"hyla_binning_words", words_of_table, &sizes, BIT(PARAMS), 0, BIT(COUNT)},
    {"hyla_binning_build", build, &builds, BIT(PARAMS), 0, BIT(MORE) | BIT(BINNING)},
    {"hyla_ranking_words", words, &sizes, BINS, 0, BIT(COUNT)},
    {"hyla_ranking_update", update, &family, BINS | BIT(PIXELS) | BIT(SCORES) | OPTIONAL, OPTIONAL, BIT(TOTALS)},
    {"hyla_ranking_update, u8", update_u8, &u8, BIT(BINNING) | BIT(PIXELS) | BIT(DECISIONS) | OPTIONAL, OPTIONAL,
     BIT(TOTALS)},
    {"hyla_ranking_merge", merge, &family, BINS | BIT(OTHER), 0, BIT(TOTALS)},
    {"hyla_ranking_values", values, &family, BINS | BIT(TOTALS), 0, BIT(VALUE)},
    {"hyla_ranking_curve", curve, &points, BINS | BIT(TOTALS), 0, BIT(LIST) | BIT(COUNT)},
    {"hyla_ranking_at", at, &points, BINS | BIT(TOTALS), 0, BIT(VALUE)},
    {"hyla_ranking_threshold", threshold, &numbers, BINS | BIT(TOTALS), 0, BIT(VALUE)},
    {"hyla_ranking_quantile", quantile, &pairs, BINS | BIT(TOTALS), 0, BIT(VALUE)},
};

/* A binning of integers takes these integers alone, as they are. */
static void refused_integers(void) {
    const hyla_binning u8_bins = {.rule = HYLA_BINNING_U8, .bins = 256};
    static const uint8_t bytes[3] = {1, 2, 3};
    static const uint16_t integers[3] = {1, 2, 3};
    static const float scores[3] = {1.0f, 2.0f, 3.0f};
    const hyla_plane odd = hyla_u16((const uint16_t *)(const void *)((const unsigned char *)integers + 1));
    const struct {
        hyla_plane scores;
        hyla_status error;
    } cases[] = {
        {hyla_f32(scores), HYLA_ERROR_UNSUPPORTED_INPUT},
        {hyla_u16(integers), HYLA_ERROR_UNSUPPORTED_INPUT},
        {hyla_i8((const int8_t *)bytes), HYLA_ERROR_UNSUPPORTED_INPUT},
        {hyla_plane_affine(hyla_u8(bytes), 0.5f, 0), HYLA_ERROR_UNSUPPORTED_INPUT},
        {hyla_plane_affine(hyla_u8(bytes), 0.0f, 1), HYLA_ERROR_UNSUPPORTED_INPUT},
        {odd, HYLA_ERROR_MISALIGNED},
        {hyla_u8(NULL), HYLA_ERROR_NULL_POINTER},
    };
    int64_t words_[U8_WORDS] = {0}, none[U8_WORDS] = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        const hyla_pixels pixels = {.scores = cases[i].scores, .n = i == 5 ? 2 : 3};
        CHECK_STATUS(cases[i].error, hyla_ranking_update(&u8_bins, &pixels, words_, U8_WORDS));
    }
    CHECK(memcmp(words_, none, sizeof none) == 0);
}

/* Rules out of range, and binnings that nothing built. */
static void refused(void) {
    const struct {
        hyla_binning_params params;
        hyla_status error;
    } cases[] = {
        {{sizeof rule, 5, 12, 0.0f, 1.0f}, HYLA_ERROR_UNKNOWN_OPTION},
        {{sizeof rule, HYLA_BINNING_KEY, 7, 0.0f, 1.0f}, HYLA_ERROR_BINNING},
        {{sizeof rule, HYLA_BINNING_KEY, 17, 0.0f, 1.0f}, HYLA_ERROR_BINNING},
        {{sizeof rule, HYLA_BINNING_THRESHOLDS, 1, 0.0f, 1.0f}, HYLA_ERROR_BINNING},
        {{sizeof rule, HYLA_BINNING_THRESHOLDS, 4097, 0.0f, 1.0f}, HYLA_ERROR_BINNING},
        {{sizeof rule, HYLA_BINNING_LINEAR, 0, 0.0f, 1.0f}, HYLA_ERROR_BINNING},
        {{sizeof rule, HYLA_BINNING_LINEAR, 65537, 0.0f, 1.0f}, HYLA_ERROR_BINNING},
        {{sizeof rule, HYLA_BINNING_LINEAR, 16, 1.0f, 1.0f}, HYLA_ERROR_BINNING},
        {{sizeof rule, HYLA_BINNING_LINEAR, 16, NAN, 1.0f}, HYLA_ERROR_BINNING},
        {{sizeof rule, HYLA_BINNING_LINEAR, 16, 0.0f, INFINITY}, HYLA_ERROR_BINNING},
    };
    uint32_t table[TABLE_ROOM];
    hyla_binning binning, before;
    memset(&binning, 0x5a, sizeof binning);
    before = binning;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        size_t count = 42;
        CHECK_STATUS(cases[i].error, hyla_binning_words(&cases[i].params, &count));
        CHECK_STATUS(cases[i].error, hyla_binning_build(&cases[i].params, table, TABLE_ROOM, &binning));
        CHECK(count == 42 && memcmp(&binning, &before, sizeof binning) == 0);
    }
    CHECK_STATUS(HYLA_ERROR_WORKSPACE, hyla_binning_build(&rule, table, table_words() - 1, &binning));
    CHECK(memcmp(&binning, &before, sizeof binning) == 0);

    CHECK_STATUS(HYLA_OK, hyla_binning_build(&rule, table, TABLE_ROOM, &binning));
    int64_t words_[WORDS] = {0}, none[WORDS] = {0};
    const float scores[3] = {0.0f, 1.0f, NAN}, weights[3] = {1.0f, 1.0f, 1.0f};
    hyla_pixels pixels = {.scores = hyla_f32(scores), .weights = hyla_f32(weights), .n = 3};
    CHECK_STATUS(HYLA_ERROR_UNSUPPORTED_INPUT, hyla_ranking_update(&binning, &pixels, words_, WORDS));
    pixels.weights = hyla_f32(NULL);
    pixels.soft_targets = hyla_f32(weights);
    CHECK_STATUS(HYLA_ERROR_UNSUPPORTED_INPUT, hyla_ranking_update(&binning, &pixels, words_, WORDS));
    pixels.soft_targets = hyla_f32(NULL);
    CHECK_STATUS(HYLA_ERROR_WORKSPACE, hyla_ranking_update(&binning, &pixels, words_, WORDS - 1));
    before = binning;
    binning.reserved[1] = words_;
    CHECK_STATUS(HYLA_ERROR_RESERVED, hyla_ranking_update(&binning, &pixels, words_, WORDS));
    binning = before;
    binning.rule = 99;
    CHECK_STATUS(HYLA_ERROR_UNKNOWN_OPTION, hyla_ranking_update(&binning, &pixels, words_, WORDS));
    binning = before;
    binning.table_words = 3;
    CHECK_STATUS(HYLA_ERROR_WORKSPACE, hyla_ranking_update(&binning, &pixels, words_, WORDS));
    binning = before;
    refused_integers();
    CHECK(memcmp(words_, none, sizeof none) == 0);

    CHECK_STATUS(HYLA_OK, hyla_ranking_update(&binning, &pixels, words_, WORDS));
    hyla_ranking_point point = {.threshold = 42.0}, few[1] = {{.threshold = 42.0}};
    double number = 42.0, bounds[2] = {42.0, 42.0};
    size_t written = 42;
    CHECK_STATUS(HYLA_ERROR_TARGET, hyla_ranking_at(&binning, words_, WORDS, NAN, &point));
    CHECK_STATUS(HYLA_ERROR_FRACTION, hyla_ranking_threshold(&binning, words_, WORDS, -0.5, &number));
    CHECK_STATUS(HYLA_ERROR_FRACTION, hyla_ranking_quantile(&binning, words_, WORDS, 1.5, bounds));
    CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla_ranking_curve(&binning, words_, WORDS, few, 1, &written));
    const hyla_binning_params other_rule = {sizeof rule, HYLA_BINNING_LINEAR, THRESHOLDS, 0.0f, 1.0f};
    hyla_binning other;
    hyla_ranking_report report = {.f1_max = 42.0};
    CHECK_STATUS(HYLA_OK, hyla_binning_build(&other_rule, NULL, 0, &other));
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_ranking_values(&other, words_, WORDS, &report));
    CHECK(point.threshold == 42.0 && few[0].threshold == 42.0 && number == 42.0 && bounds[0] == 42.0 && written == 42);
    CHECK(report.f1_max == 42.0);
}

/* Four anomalies and six normal pixels, worked out by hand. */
static void by_hand(void) {
    static const uint16_t scores[10] = {900, 800, 800, 700, 600, 600, 500, 400, 300, 65535};
    static const uint8_t targets[10] = {1, 1, 0, 0, 1, 0, 0, 1, 0, 0}, valid[10] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 0};
    static int64_t words16[2 * 65537 + 6], words8[U8_WORDS];
    const hyla_binning_params u16_rule = {sizeof rule, HYLA_BINNING_U16, 0, 0.0f, 0.0f};
    const hyla_binning_params u8_rule = {sizeof rule, HYLA_BINNING_U8, 0, 0.0f, 0.0f};
    const size_t count = sizeof words16 / sizeof *words16;
    /* Precisions at 900, 800, 600 and 400: 1/1, 2/3, 3/6, 4/8; five normal pixels, of which one is masked. */
    const double expected = (1.0 + 2.0 / 3.0 + 3.0 / 6.0 + 4.0 / 8.0) / 4.0;
    const double auc = (5.0 + 4.5 + 2.5 + 1.0) / 20.0;
    hyla_binning binning;
    hyla_ranking_report report;
    size_t needed = 0;
    CHECK_STATUS(HYLA_OK, hyla_binning_build(&u16_rule, NULL, 0, &binning));
    CHECK_STATUS(HYLA_OK, hyla_ranking_words(&binning, &needed));
    CHECK(needed == count);
    hyla_pixels pixels = {.scores = hyla_u16(scores), .targets = hyla_mask_u8(targets), .valid = hyla_mask_u8(valid),
                          .n = 10};
    CHECK_STATUS(HYLA_OK, hyla_ranking_update(&binning, &pixels, words16, count));
    CHECK_STATUS(HYLA_OK, hyla_ranking_values(&binning, words16, count, &report));
    CHECK(fabs(report.average_precision - expected) < 1e-15 && fabs(report.roc_auc - auc) < 1e-15);
    CHECK(report.average_precision_hi - report.average_precision_lo < 1e-13);
    CHECK(report.anomalies == 4 && report.normal == 5 && report.masked == 1 && report.reserved == 0);
    /* F1 is greatest at 400: 8 / (4 + 8) is 2/3. */
    CHECK(report.f1_max == 8.0 / 12.0 && report.f1_max_threshold == 400.0);
    hyla_ranking_point point;
    CHECK_STATUS(HYLA_OK, hyla_ranking_at(&binning, words16, count, 600.0f, &point));
    CHECK(point.true_positives == 3 && point.false_positives == 3 && point.recall == 0.75 && point.precision == 0.5);
    double limit, bounds[2];
    CHECK_STATUS(HYLA_OK, hyla_ranking_threshold(&binning, words16, count, 0.2, &limit));
    CHECK(limit == 701.0);
    CHECK_STATUS(HYLA_OK, hyla_ranking_quantile(&binning, words16, count, 0.5, bounds));
    CHECK(bounds[0] == 600.0 && bounds[1] == 600.0);

    uint8_t bytes[10];
    for (size_t i = 0; i < 10; ++i) bytes[i] = (uint8_t)(scores[i] / 4);
    CHECK_STATUS(HYLA_OK, hyla_binning_build(&u8_rule, NULL, 0, &binning));
    pixels.scores = hyla_u8(bytes);
    CHECK_STATUS(HYLA_OK, hyla_ranking_update(&binning, &pixels, words8, U8_WORDS));
    CHECK_STATUS(HYLA_OK, hyla_ranking_values(&binning, words8, U8_WORDS, &report));
    CHECK(fabs(report.average_precision - expected) < 1e-15);
}

/* What cuvis-ai and torchmetrics say of a perfect ranking in one bin; and no pixels at all. */
/* Without a table a binning is constant data as well as one that was built. */
static void written_down(void) {
    static const struct {
        hyla_binning_params rule;
        hyla_binning binning;
    } cases[] = {
        {{sizeof rule, HYLA_BINNING_KEY, 8, 0.0f, 0.0f}, {.rule = HYLA_BINNING_KEY, .bins = 8}},
        {{sizeof rule, HYLA_BINNING_LINEAR, 16, -1.0f, 1.0f},
         {.rule = HYLA_BINNING_LINEAR, .bins = 16, .low = -1.0f, .high = 1.0f}},
    };
    enum { MOST = 2 * 257 + 6 };
    const float scores[5] = {-2.0f, -0.3f, 0.0f, 0.7f, 5.0f};
    const uint8_t targets[5] = {0, 1, 0, 1, 1};
    const hyla_pixels pixels = {.scores = hyla_f32(scores), .targets = hyla_mask_u8(targets), .n = 5};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        hyla_binning built;
        int64_t one[MOST] = {0}, other[MOST] = {0};
        CHECK_STATUS(HYLA_OK, hyla_binning_build(&cases[i].rule, NULL, 0, &built));
        CHECK_STATUS(HYLA_OK, hyla_ranking_update(&built, &pixels, one, MOST));
        CHECK_STATUS(HYLA_OK, hyla_ranking_update(&cases[i].binning, &pixels, other, MOST));
        CHECK(memcmp(one, other, sizeof one) == 0);
        hyla_ranking_report report;
        CHECK(!HYLA_FAILED(hyla_ranking_values(&cases[i].binning, one, MOST, &report)) && report.anomalies == 3);
    }
    int64_t words_[MOST] = {0};
    const hyla_binning no_table = {.rule = HYLA_BINNING_THRESHOLDS, .bins = 20};
    CHECK_STATUS(HYLA_ERROR_WORKSPACE, hyla_ranking_update(&no_table, &pixels, words_, MOST));
}

static void coarse_and_empty(void) {
    const hyla_binning_params two_hundred = {sizeof rule, HYLA_BINNING_THRESHOLDS, 200, 0.0f, 0.0f};
    uint32_t table[1024];
    int64_t words_[2 * 201 + 6] = {0};
    const size_t count = sizeof words_ / sizeof *words_;
    float scores[100];
    uint8_t targets[100];
    hyla_binning binning;
    hyla_ranking_report report;
    size_t needed = 0;
    CHECK_STATUS(HYLA_OK, hyla_binning_words(&two_hundred, &needed));
    CHECK(needed == 797);
    CHECK_STATUS(HYLA_OK, hyla_binning_build(&two_hundred, table, 1024, &binning));
    CHECK_STATUS(HYLA_NOTICE_EMPTY | HYLA_NOTICE_NO_POSITIVES | HYLA_NOTICE_NO_NEGATIVES,
                 hyla_ranking_values(&binning, words_, count, &report));
    CHECK(report.average_precision == 0.0 && isnan(report.roc_auc) && isnan(report.f1_max_threshold));
    for (int i = 0; i < 100; ++i) {
        scores[i] = 20.0f + (float)i;
        targets[i] = i >= 90;
    }
    const hyla_pixels pixels = {.scores = hyla_f32(scores), .targets = hyla_mask_u8(targets), .n = 100};
    CHECK_STATUS(HYLA_OK, hyla_ranking_update(&binning, &pixels, words_, count));
    CHECK_STATUS(HYLA_NOTICE_COARSE, hyla_ranking_values(&binning, words_, count, &report));
    CHECK(fabs(report.average_precision - 0.1) < 1e-15 && report.roc_auc == 0.5);
    CHECK(report.average_precision_hi == 1.0 && report.roc_auc_hi == 1.0 && report.f1_max_hi == 1.0);
}

static void defaults(void) {
    const hyla_binning_params macro = HYLA_BINNING_PARAMS_DEFAULT;
    hyla_binning_params made;
    memset(&made, 0xa5, sizeof made);
    CHECK_STATUS(HYLA_OK, hyla_binning_params_init(&made, sizeof made));
    CHECK(memcmp(&made, &macro, sizeof made) == 0);
    CHECK_STATUS(HYLA_ERROR_NULL_POINTER, hyla_binning_params_init(NULL, sizeof made));
    CHECK_STATUS(HYLA_ERROR_STRUCT_SIZE, hyla_binning_params_init(&made, 0));
}

int main(void) {
    /* Sizes that only the library knows. */
    struct family *const all[] = {&family, &points, &numbers, &pairs, &sizes, &builds};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) {
        all[i]->sizes[TABLE] = all[i]->sizes[MORE] = table_words() * sizeof(uint32_t);
    }
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    defaults();
    refused();
    by_hand();
    coarse_and_empty();
    written_down();
    return finish("law_ranking");
}
