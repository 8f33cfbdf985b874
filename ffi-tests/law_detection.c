/* hyla_detection_... with average precision: the whole law, rankings that it refuses, values, and what is left out. */
#include <math.h>

#include "law.h"

/* The default of the parameters: a shorter struct has it, too. */
enum { THRESHOLDS = 200, WORDS = 2 * THRESHOLDS + 8, TABLE_WORDS = 797, VALUES_OF_ALL = 10 };

static const hyla_binning_params rule = {sizeof rule, HYLA_BINNING_THRESHOLDS, THRESHOLDS, 0.0f, 0.0f};
static const hyla_detection_params defaults = HYLA_DETECTION_PARAMS_DEFAULT;

static void fill(struct arguments *a) {
    *(hyla_detection_params *)a->at[PARAMS] = defaults;
    memset(a->at[WORKSPACE], 0, WORDS * sizeof(int64_t));
    CHECK_STATUS(HYLA_OK, hyla_binning_build(&rule, a->at[TABLE], TABLE_WORDS, a->at[BINNING]));
    const hyla_pixels pixels = {.scores = hyla_f32(a->at[SCORES]),
                                .targets = hyla_mask_u8(a->at[TARGETS]),
                                .decisions = hyla_mask_u8(a->at[DECISIONS]),
                                .n = LAW_PIXELS};
    CHECK_STATUS(HYLA_OK,
                 hyla_detection_update(&defaults, &pixels, a->at[TOTALS], a->at[BINNING], a->at[WORKSPACE], WORDS));
}

/* A frame of rows. */
static void fill_frame(struct arguments *a) {
    fill(a);
    a->rows = LAW_PIXELS / 13;
}

static struct family family = {
    .sizes[PARAMS] = sizeof(hyla_detection_params),
    .sizes[TOTALS] = sizeof(hyla_detection_totals),
    .fill = fill,
    .sizes[WORKSPACE] = WORDS * sizeof(int64_t),
    .sizes[TABLE] = TABLE_WORDS * sizeof(uint32_t),
    .sizes[LIST] = VALUES_OF_ALL * sizeof(hyla_metric),
};
static struct family frames = {
    .sizes[PARAMS] = sizeof(hyla_detection_params),
    .sizes[TOTALS] = sizeof(hyla_detection_totals),
    .fill = fill_frame,
    .sizes[WORKSPACE] = WORDS * sizeof(int64_t),
    .sizes[TABLE] = TABLE_WORDS * sizeof(uint32_t),
};

static hyla_status update(const struct arguments *a) {
    return hyla_detection_update(a->at[PARAMS], pixels_of(a), a->at[TOTALS], binning_of(a), a->at[WORKSPACE], WORDS);
}
static hyla_status update_frame(const struct arguments *a) {
    return hyla_detection_update_frame(a->at[PARAMS], pixels_of(a), a->at[TOTALS], binning_of(a), a->at[WORKSPACE],
                                       WORDS);
}
static hyla_status metrics(const struct arguments *a) {
    return hyla_detection_metrics(a->at[PARAMS], a->at[TOTALS], binning_of(a), a->at[WORKSPACE], WORDS, a->at[CONTEXT],
                                  a->at[LIST], VALUES_OF_ALL, a->at[COUNT]);
}

#define BINS (BIT(PARAMS) | BIT(BINNING) | BIT(TABLE))
#define INPUTS (BINS | BIT(PIXELS) | BIT(SCORES) | BIT(TARGETS) | BIT(DECISIONS) | BIT(VALID))
/* One of scores and decisions is enough. */
#define OPTIONAL (BIT(SCORES) | BIT(DECISIONS) | BIT(VALID))
static const struct function functions[] = {
    {"hyla_detection_update", update, &family, INPUTS, OPTIONAL, BIT(TOTALS) | BIT(WORKSPACE)},
    {"hyla_detection_update_frame", update_frame, &frames, INPUTS, OPTIONAL, BIT(TOTALS) | BIT(WORKSPACE)},
    {"hyla_detection_metrics", metrics, &family, BINS | BIT(TOTALS) | BIT(WORKSPACE) | BIT(CONTEXT), 0,
     BIT(LIST) | BIT(COUNT)},
};

/* A frame of 2 x 3 pixels, and everything of one stream. */
enum { N = 6 };
static const float scores[N] = {2.0f, -1.0f, 0.5f, -3.0f, 1.0f, -0.5f};
static const uint8_t targets[N] = {1, 0, 1, 0, 0, 1}, decisions[N] = {1, 0, 1, 0, 1, 0};
static hyla_pixels both; /* main fills it */
static const hyla_context context = {HYLA_STAGE_TEST, 3, 5, 0};

struct stream {
    hyla_detection_totals totals;
    int64_t words[WORDS];
};
static uint32_t table[TABLE_WORDS];
static hyla_binning binning;

static hyla_status add(struct stream *stream, const hyla_pixels *pixels) {
    return hyla_detection_update_frame(&defaults, pixels, &stream->totals, &binning, stream->words, WORDS);
}

static hyla_status list_of(const struct stream *stream, hyla_metric *list, size_t capacity, size_t *count) {
    return hyla_detection_metrics(&defaults, &stream->totals, &binning, stream->words, WORDS, &context, list, capacity,
                                  count);
}

static void refuse(hyla_status error, const hyla_detection_params *params, const hyla_pixels *pixels,
                   const hyla_binning *bins, size_t count) {
    static const struct stream empty;
    static struct stream stream;
    hyla_metric list[VALUES_OF_ALL], before[VALUES_OF_ALL];
    size_t written = 42;
    CHECK_STATUS(error, hyla_detection_update(params, pixels, &stream.totals, bins, stream.words, count));
    CHECK_STATUS(error,
                 hyla_detection_update_frame(params, pixels, &stream.totals, bins, stream.words, count));
    CHECK(memcmp(&stream, &empty, sizeof empty) == 0);
    if (pixels != &both) return;
    memset(list, 0xa5, sizeof list);
    memcpy(before, list, sizeof list);
    CHECK_STATUS(
        error, hyla_detection_metrics(params, &stream.totals, bins, stream.words, count, &context, list, 10, &written));
    CHECK(written == 42 && memcmp(list, before, sizeof list) == 0);
}

static void refused(void) {
    const uint32_t wrong[] = {0, 1, 4097, UINT32_MAX};
    hyla_detection_params params = defaults;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
        params.ap_thresholds = wrong[i];
        refuse(HYLA_ERROR_THRESHOLDS, &params, &both, &binning, WORDS);
    }
    params.ap_thresholds = THRESHOLDS - 1;
    refuse(HYLA_ERROR_UNSUPPORTED_INPUT, &params, &both, &binning, WORDS);
    params = defaults;
    params.pixel_stride = 0;
    refuse(HYLA_ERROR_PIXEL_STRIDE, &params, &both, &binning, WORDS);
    refuse(HYLA_ERROR_WORKSPACE, &defaults, &both, &binning, WORDS - 1);
    refuse(HYLA_ERROR_WORKSPACE, &defaults, &both, &binning, 0);
    refuse(HYLA_ERROR_NULL_POINTER, &defaults, &both, NULL, WORDS); /* words without a binning */
    const hyla_binning_params key = HYLA_BINNING_PARAMS_DEFAULT;
    hyla_binning other;
    CHECK_STATUS(HYLA_OK, hyla_binning_build(&key, NULL, 0, &other));
    refuse(HYLA_ERROR_UNSUPPORTED_INPUT, &defaults, &both, &other, WORDS);
    other = binning;
    other.bins = 1;
    refuse(HYLA_ERROR_BINNING, &defaults, &both, &other, WORDS);
    other = binning;
    other.rule = 99;
    refuse(HYLA_ERROR_UNKNOWN_OPTION, &defaults, &both, &other, WORDS);
    other = binning;
    other.reserved[0] = table;
    refuse(HYLA_ERROR_RESERVED, &defaults, &both, &other, WORDS);
    hyla_pixels neither = both;
    neither.scores = hyla_f32(NULL);
    neither.decisions = hyla_mask_u8(NULL);
    refuse(HYLA_ERROR_NULL_POINTER, &defaults, &neither, &binning, WORDS);

    /* Scores alone are nothing without words for them. */
    struct stream stream = {0};
    neither.scores = hyla_f32(scores);
    CHECK_STATUS(HYLA_ERROR_NULL_POINTER, hyla_detection_update(&defaults, &neither, &stream.totals, NULL, NULL, 0));
    /* Words of another binning, and counts that do not add up. */
    size_t count = 42;
    hyla_metric list[VALUES_OF_ALL];
    stream.words[0] = 1;
    CHECK_STATUS(HYLA_ERROR_TOTALS, list_of(&stream, list, 10, &count));
    stream = (struct stream){0};
    params.pixel_stride = 2;
    CHECK_STATUS(HYLA_OK, hyla_detection_update_frame(&params, &neither, &stream.totals, &binning,
                                                      stream.words, WORDS));
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, list_of(&stream, list, 10, &count)); /* another stride */
    CHECK(count == 42);
}

static bool is_named(const hyla_metric *metric, const char *name, double value, hyla_status status) {
    return strcmp(metric->name, name) == 0 && fabs(metric->value - value) < 1e-15 && metric->stage == HYLA_STAGE_TEST &&
           metric->epoch == 3 && metric->batch_idx == 5 && metric->status == status;
}

/* From the highest score down: an anomaly, a normal pixel, two anomalies, two normal pixels, each in a bin of its own.
 */
static void values(void) {
    const double expected = (1.0 + 2.0 / 3.0 + 3.0 / 4.0) / 3.0;
    hyla_metric list[VALUES_OF_ALL];
    struct stream stream = {0}, batch = {0};
    size_t count = 0;
    CHECK_STATUS(HYLA_OK, add(&stream, &both));
    for (size_t capacity = 0; capacity < VALUES_OF_ALL; ++capacity) {
        CHECK_STATUS(HYLA_ERROR_CAPACITY, list_of(&stream, list, capacity, &count));
    }
    CHECK_STATUS(HYLA_NOTICE_NO_NEGATIVES, list_of(&stream, list, VALUES_OF_ALL, &count)); /* of frames */
    CHECK(count == 10 && is_named(&list[0], "precision", 2.0 / 3.0, HYLA_OK));
    CHECK(is_named(&list[4], "image_precision", 1.0, HYLA_NOTICE_NO_NEGATIVES));
    CHECK(is_named(&list[7], "average_precision", expected, HYLA_OK));
    CHECK(strcmp(list[8].name, "average_precision_lo") == 0 && list[8].value <= expected &&
          list[8].value > expected - 1e-12);
    CHECK(strcmp(list[9].name, "average_precision_hi") == 0 && list[9].value >= expected &&
          list[9].value < expected + 1e-12);

    /* The batch's own state gives the batch's values, and adding its words gives the pooled ones. */
    hyla_pixels pixels = both;
    const float saturated[N] = {30.0f, 31.0f, 32.0f, 33.0f, 34.0f, 35.0f};
    pixels.scores = hyla_f32(saturated);
    CHECK_STATUS(HYLA_OK, add(&batch, &pixels));
    CHECK_STATUS(HYLA_NOTICE_NO_NEGATIVES | HYLA_NOTICE_COARSE, list_of(&batch, list, VALUES_OF_ALL, &count));
    CHECK(is_named(&list[7], "average_precision", 0.5, HYLA_NOTICE_COARSE) && list[9].status == HYLA_OK &&
          list[9].value == 1.0);
    struct stream added = stream, twice = stream;
    CHECK_STATUS(HYLA_OK, hyla_detection_merge(&batch.totals, &added.totals));
    CHECK_STATUS(HYLA_OK, hyla_ranking_merge(&binning, batch.words, added.words, WORDS));
    CHECK_STATUS(HYLA_OK, add(&twice, &pixels));
    CHECK(memcmp(&added, &twice, sizeof added) == 0);
}

/* What no call had is not given out; a call without decisions ends no frame. */
static void left_out(void) {
    hyla_metric list[VALUES_OF_ALL];
    struct stream stream = {0}, ranked = {0};
    size_t count = 0;
    hyla_pixels pixels = both;
    CHECK_STATUS(HYLA_NOTICE_EMPTY | HYLA_NOTICE_NO_POSITIVES | HYLA_NOTICE_NO_NEGATIVES,
                 list_of(&stream, list, 3, &count));
    CHECK(count == 3 && list[0].value == 0.0);
    pixels.decisions = hyla_mask_u8(NULL);
    CHECK_STATUS(HYLA_OK, add(&stream, &pixels));
    CHECK_STATUS(HYLA_OK, hyla_ranking_update(&binning, &pixels, ranked.words, WORDS));
    CHECK(memcmp(stream.words, ranked.words, sizeof ranked.words) == 0);
    CHECK_STATUS(HYLA_OK, list_of(&stream, list, 3, &count));
    CHECK(count == 3 && strcmp(list[0].name, "average_precision") == 0);
    CHECK(stream.totals.updates == 1 && stream.totals.undecided == 1 &&
          stream.totals.confusion.frames.true_positives == 0);
    pixels = both;
    pixels.scores = hyla_f32(NULL);
    CHECK_STATUS(HYLA_OK, add(&stream, &pixels));
    CHECK(memcmp(stream.words, ranked.words, sizeof ranked.words) == 0);
    CHECK(stream.totals.confusion.frames.true_positives == 1);
    CHECK_STATUS(HYLA_NOTICE_NO_NEGATIVES, list_of(&stream, list, VALUES_OF_ALL, &count));
    CHECK(count == 10);
}

int main(void) {
    both = (hyla_pixels){.scores = hyla_f32(scores), .targets = hyla_mask_u8(targets),
                         .decisions = hyla_mask_u8(decisions), .n = N, .rows = 2};
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    CHECK_STATUS(HYLA_OK, hyla_binning_build(&rule, table, TABLE_WORDS, &binning));
    refused();
    values();
    left_out();
    return finish("law_detection");
}
