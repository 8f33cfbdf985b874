/* The metrics: notices, values, frames, named values, and errors that the common law does not know. */
#include <math.h>

#include "check.h"

/* Eight pixels: two of each of the four cases. */
static const uint8_t decisions[8] = {1, 255, 1, 2, 0, 0, 0, 0};
static const uint8_t targets[8] = {1, 7, 0, 0, 1, 128, 0, 0};

static hyla_pixels decided(size_t n) {
    return (hyla_pixels){.decisions = hyla_mask_u8(decisions), .targets = hyla_mask_u8(targets), .n = n};
}

static bool has_counts(hyla_counts counts, int tp, int fp, int fn, int tn) {
    return counts.true_positives == tp && counts.false_positives == fp && counts.false_negatives == fn &&
           counts.true_negatives == tn;
}

static void sums(void) {
    /* Cancellation, and terms far apart: every float sum would lose the 1. */
    const float scores[5] = {1e30f, 1.0f, -1e30f, 1e-45f, NAN};
    const uint8_t valid[5] = {1, 1, 1, 0, 0};
    hyla_pixels pixels = {.scores = hyla_f32(scores), .valid = hyla_mask_u8(valid), .n = 5};
    hyla_sum_totals totals = {0};
    double value = 42.0;
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_sum_value(&totals, &value));
    CHECK(value == 0.0);
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_sum_mean(&totals, &value));
    CHECK(isnan(value));
    CHECK_STATUS(HYLA_OK, hyla_sum_update(&pixels, &totals));
    CHECK_STATUS(HYLA_OK, hyla_sum_value(&totals, &value));
    CHECK(value == 1.0 && totals.pixels == 3);
    CHECK_STATUS(HYLA_OK, hyla_sum_mean(&totals, &value));
    CHECK(value == 1.0 / 3.0);
    pixels.valid = hyla_mask_u8(NULL);
    CHECK_STATUS(HYLA_OK, hyla_sum_update(&pixels, &totals));
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_sum_value(&totals, &value));
    CHECK(isnan(value));
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_sum_mean(&totals, &value));
    CHECK(isnan(value) && totals.sum.nan == 1 && totals.sum.reserved == 0);

    const float infinite[2] = {INFINITY, -INFINITY};
    pixels = (hyla_pixels){.scores = hyla_f32(infinite), .n = 1};
    totals = (hyla_sum_totals){0};
    CHECK_STATUS(HYLA_OK, hyla_sum_update(&pixels, &totals));
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_sum_value(&totals, &value));
    CHECK(isinf(value) && value > 0.0);
    pixels.n = 2;
    CHECK_STATUS(HYLA_OK, hyla_sum_update(&pixels, &totals));
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_sum_value(&totals, &value));
    CHECK(isnan(value) && totals.sum.positive_infinity == 2 && totals.sum.negative_infinity == 1);
}

static void ranges(void) {
    const float scores[7] = {3.0f, -0.0f, NAN, 0.0f, 3.0f, -1e-45f, -INFINITY};
    hyla_pixels pixels = {.scores = hyla_f32(scores), .n = 5};
    hyla_range range = {0}, other = {0};
    hyla_range_report report;
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_range_values(&range, &report));
    CHECK(isnan(report.min) && isnan(report.max) && report.min_count == 0 && report.max_count == 0 &&
          report.count == 0);
    CHECK_STATUS(HYLA_OK, hyla_range_update(&pixels, &range));
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_range_values(&range, &report));
    CHECK(report.min == 0.0 && report.max == 3.0 && report.min_count == 2 && report.max_count == 2);
    CHECK(report.count == 4 && report.nan_count == 1);
    pixels = (hyla_pixels){.scores = hyla_f32(scores + 3), .n = 3};
    CHECK_STATUS(HYLA_OK, hyla_range_update(&pixels, &other));
    CHECK_STATUS(HYLA_OK, hyla_range_values(&other, &report));
    CHECK(report.min == (double)-1e-45f && report.max == 3.0 && report.nan_count == 0);
    CHECK_STATUS(HYLA_OK, hyla_range_merge(&other, &range));
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_range_values(&range, &report));
    CHECK(report.min == (double)-1e-45f && report.min_count == 1 && report.max_count == 3 && report.count == 7);
    pixels.n = 4;
    other = (hyla_range){0};
    CHECK_STATUS(HYLA_OK, hyla_range_update(&pixels, &other));
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_range_values(&other, &report));
    CHECK(isinf(report.min) && report.min < 0.0 && report.max == 3.0);
    pixels = (hyla_pixels){.scores = hyla_f32(scores + 2), .n = 1};
    other = (hyla_range){0};
    CHECK_STATUS(HYLA_OK, hyla_range_update(&pixels, &other));
    CHECK_STATUS(HYLA_NOTICE_EMPTY | HYLA_NOTICE_NOT_FINITE, hyla_range_values(&other, &report));
    CHECK(isnan(report.min) && report.nan_count == 1 && other.reserved[0] == 0 && other.reserved[1] == 0);
}

static void confusions(void) {
    const hyla_status nothing =
        HYLA_NOTICE_EMPTY | HYLA_NOTICE_NO_POSITIVES | HYLA_NOTICE_NO_NEGATIVES | HYLA_NOTICE_NO_DECISIONS;
    hyla_confusion_totals totals = {0};
    hyla_confusion_report report;
    CHECK_STATUS(nothing, hyla_confusion_values(&totals, &report));
    CHECK(report.pixel.status == nothing && report.frame.status == nothing);
    CHECK(report.pixel.precision == 0.0 && report.pixel.recall == 0.0 && report.pixel.f1 == 0.0 &&
          report.pixel.iou == 0.0);

    hyla_pixels pixels = decided(8);
    CHECK_STATUS(HYLA_OK, hyla_confusion_update(&pixels, &totals));
    CHECK_STATUS(HYLA_OK, hyla_confusion_values(&totals, &report));
    CHECK(has_counts(report.pixel.counts, 2, 2, 2, 2) && has_counts(report.frame.counts, 0, 0, 0, 0));
    CHECK(report.pixel.precision == 0.5 && report.pixel.recall == 0.5 && report.pixel.f1 == 0.5);
    CHECK(report.pixel.iou == 2.0 / 6.0 && report.pixel.reserved == 0 && report.frame.reserved == 0);
    CHECK(totals.open_decisions == 4 && totals.open_targets == 4);

    /* One frame of each kind; the first one comes in two parts. */
    CHECK_STATUS(HYLA_OK, hyla_confusion_update(&pixels, &totals));
    CHECK_STATUS(HYLA_OK, hyla_confusion_end_frame(&totals));
    CHECK(totals.open_decisions == 0 && totals.open_targets == 0);
    for (size_t start = 2; start < 8; start += 2) {
        pixels = (hyla_pixels){
            .decisions = hyla_mask_u8(decisions + start), .targets = hyla_mask_u8(targets + start), .n = 2};
        CHECK_STATUS(HYLA_OK, hyla_confusion_update(&pixels, &totals));
        CHECK_STATUS(HYLA_OK, hyla_confusion_end_frame(&totals));
    }
    CHECK_STATUS(HYLA_OK, hyla_confusion_end_frame(&totals)); /* a frame of no pixels is negative */
    CHECK_STATUS(HYLA_OK, hyla_confusion_values(&totals, &report));
    CHECK(has_counts(report.frame.counts, 1, 1, 1, 2) && report.frame.status == HYLA_OK);

    /* Each notice alone. */
    const struct {
        size_t start;
        hyla_status status;
    } cases[] = {{0, HYLA_NOTICE_NO_NEGATIVES},
                 {2, HYLA_NOTICE_NO_POSITIVES},
                 {4, HYLA_NOTICE_NO_NEGATIVES | HYLA_NOTICE_NO_DECISIONS},
                 {6, HYLA_NOTICE_NO_POSITIVES | HYLA_NOTICE_NO_DECISIONS}};
    for (size_t i = 0; i < 4; ++i) {
        totals = (hyla_confusion_totals){0};
        pixels = (hyla_pixels){.decisions = hyla_mask_u8(decisions + cases[i].start),
                               .targets = hyla_mask_u8(targets + cases[i].start),
                               .n = 2};
        CHECK_STATUS(HYLA_OK, hyla_confusion_update(&pixels, &totals));
        CHECK_STATUS(cases[i].status, hyla_confusion_values(&totals, &report));
    }

    /* A masked pixel does not count, and does not make a frame positive. */
    const uint8_t valid[8] = {0, 0, 0, 0, 0, 0, 3, 1};
    totals = (hyla_confusion_totals){0};
    pixels = decided(8);
    pixels.valid = hyla_mask_u8(valid);
    CHECK_STATUS(HYLA_OK, hyla_confusion_update(&pixels, &totals));
    CHECK_STATUS(HYLA_OK, hyla_confusion_end_frame(&totals));
    CHECK(has_counts(totals.pixels, 0, 0, 0, 2) && has_counts(totals.frames, 0, 0, 0, 1));

    /* Parts of one frame in different totals are merged before it ends. */
    hyla_confusion_totals left = {0}, right = {0};
    pixels = (hyla_pixels){.decisions = hyla_mask_u8(decisions + 2), .targets = hyla_mask_u8(targets + 2), .n = 2};
    CHECK_STATUS(HYLA_OK, hyla_confusion_update(&pixels, &left));
    pixels = (hyla_pixels){.decisions = hyla_mask_u8(decisions + 4), .targets = hyla_mask_u8(targets + 4), .n = 2};
    CHECK_STATUS(HYLA_OK, hyla_confusion_update(&pixels, &right));
    CHECK_STATUS(HYLA_OK, hyla_confusion_merge(&left, &right));
    CHECK_STATUS(HYLA_OK, hyla_confusion_end_frame(&right));
    CHECK(has_counts(right.pixels, 0, 2, 2, 0) && has_counts(right.frames, 1, 0, 0, 0));
}

/* A list that has not enough room stays as it was; a longer one keeps its end. */
static bool is_named(const hyla_metric *metric, const char *name, double value, hyla_status status) {
    return strcmp(metric->name, name) == 0 && metric->value == value && metric->stage == HYLA_STAGE_TEST &&
           metric->epoch == 3 && metric->batch_idx == 5 && metric->status == status;
}

static void statistics(void) {
    const hyla_context context = {HYLA_STAGE_TEST, 3, 5, 0};
    const uint8_t valid[8] = {1, 1, 1, 1, 1, 0, 0, 0};
    hyla_pixel_statistics_totals totals = {0}, other = {0};
    hyla_pixel_statistics_report report;
    hyla_metric list[4], before[4];
    size_t count = 42;
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_pixel_statistics_values(&totals, &report));
    CHECK(report.total == 0 && report.anomalous == 0 && report.percentage == 0.0);
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_pixel_statistics_metrics(&totals, &context, list, 4, &count));
    CHECK(count == 3 && is_named(&list[2], "anomaly/anomaly_percentage", 0.0, HYLA_NOTICE_EMPTY));

    hyla_pixels pixels = {.decisions = hyla_mask_u8(decisions), .valid = hyla_mask_u8(valid), .n = 8};
    CHECK_STATUS(HYLA_OK, hyla_pixel_statistics_update(&pixels, &totals));
    pixels.valid = hyla_mask_u8(NULL);
    CHECK_STATUS(HYLA_OK, hyla_pixel_statistics_update(&pixels, &other));
    CHECK_STATUS(HYLA_OK, hyla_pixel_statistics_merge(&other, &totals));
    CHECK_STATUS(HYLA_OK, hyla_pixel_statistics_values(&totals, &report));
    CHECK(report.total == 13 && report.anomalous == 8 && report.percentage == 100.0 * 8 / 13);

    memset(list, 0xa5, sizeof list);
    memcpy(before, list, sizeof list);
    for (size_t capacity = 0; capacity < 3; ++capacity) {
        count = 42;
        CHECK_STATUS(HYLA_ERROR_CAPACITY, hyla_pixel_statistics_metrics(&totals, &context, list, capacity, &count));
        CHECK(count == 42 && memcmp(list, before, sizeof list) == 0);
    }
    CHECK_STATUS(HYLA_OK, hyla_pixel_statistics_metrics(&totals, &context, list, 3, &count));
    CHECK(count == 3 && memcmp(&list[3], &before[3], sizeof *list) == 0);
    CHECK(is_named(&list[0], "anomaly/total_pixels", 13.0, HYLA_OK));
    CHECK(is_named(&list[1], "anomaly/anomalous_pixels", 8.0, HYLA_OK));
    CHECK(is_named(&list[2], "anomaly/anomaly_percentage", 100.0 * 8 / 13, HYLA_OK));
}

static void frame_shapes(void) {
    const hyla_pixels pixels = decided(8);
    const hyla_detection_params params = HYLA_DETECTION_PARAMS_DEFAULT;
    const hyla_detection_totals empty = {0};
    /* Rows, pixels, and items from a row to the next. */
    const size_t wrong[][3] = {{3, 8, 8}, {5, 8, 8}, {9, 8, 8}, {SIZE_MAX, 8, 1}, {2, 8, 3}, {4, 8, 1}};
    const size_t large[][3] = {{2, 8, SIZE_MAX / 2 + 1}, {4, 8, SIZE_MAX / 2 + 1}, {8, 8, SIZE_MAX}};
    const size_t right[][3] = {{2, 8, 4}, {8, 8, 1}, {1, 8, 8}, {2, 6, 5}, {2, 2, 7}, {1, 8, SIZE_MAX},
                               {1, 8, 7}, {4, 8, 2}, {0, 8, 0}, {2, 8, 0}, {0, 8, 9}};
    const size_t none[][3] = {{0, 0, 0}, {0, 0, 4}, {2, 0, 4}, {SIZE_MAX, 0, 0}, {3, 0, SIZE_MAX}};
    hyla_detection_totals totals = {0};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
        const hyla_pixels frame = in_rows(&pixels, wrong[i][0], wrong[i][1], wrong[i][2]);
        CHECK_STATUS(HYLA_ERROR_FRAME_SHAPE, hyla_detection_update_frame(&params, &frame, &totals, NULL, NULL, 0));
    }
    for (size_t i = 0; i < sizeof large / sizeof *large; ++i) {
        const hyla_pixels frame = in_rows(&pixels, large[i][0], large[i][1], large[i][2]);
        CHECK_STATUS(HYLA_ERROR_TOO_LARGE, hyla_detection_update_frame(&params, &frame, &totals, NULL, NULL, 0));
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; ++i) {
        const hyla_pixels frame = in_rows(&pixels, none[i][0], none[i][1], none[i][2]);
        CHECK_STATUS(HYLA_OK, hyla_detection_update_frame(&params, &frame, &totals, NULL, NULL, 0));
    }
    CHECK(memcmp(&totals, &empty, sizeof totals) == 0);
    for (size_t i = 0; i < sizeof right / sizeof *right; ++i) {
        const hyla_pixels frame = in_rows(&pixels, right[i][0], right[i][1], right[i][2]);
        totals = empty;
        CHECK_STATUS(HYLA_OK, hyla_detection_update_frame(&params, &frame, &totals, NULL, NULL, 0));
        const hyla_counts counts = totals.confusion.pixels, frames = totals.confusion.frames;
        const int64_t seen =
            counts.true_positives + counts.false_positives + counts.false_negatives + counts.true_negatives;
        CHECK(seen == (int64_t)right[i][1]);
        CHECK(frames.true_positives + frames.false_positives + frames.false_negatives + frames.true_negatives == 1);
    }
}

/* A strided frame equals the pixels that were picked by hand; frames see every pixel. */
static void strides(void) {
    enum { ROWS = 11, COLS = 37, PITCH = 40 };
    static uint8_t decided_frame[ROWS * PITCH], target_frame[ROWS * PITCH], valid_frame[ROWS * PITCH];
    for (int i = 0; i < ROWS * PITCH; ++i) {
        decided_frame[i] = i * 7 % 5 == 1;
        target_frame[i] = i * 11 % 7 == 2;
        valid_frame[i] = i % 13 != 0;
    }
    const hyla_pixels all = {.decisions = hyla_mask_u8(decided_frame), .targets = hyla_mask_u8(target_frame),
                             .valid = hyla_mask_u8(valid_frame), .n = ROWS * PITCH},
                      frame = in_rows(&all, ROWS, ROWS * COLS, PITCH);
    hyla_detection_params params = HYLA_DETECTION_PARAMS_DEFAULT;
    for (uint32_t stride = 1; stride < 45; ++stride) {
        hyla_confusion_totals expected = {0};
        for (size_t row = 0; row < ROWS; row += stride) {
            for (size_t col = 0; col < COLS; col += stride) {
                const size_t at = row * PITCH + col;
                const hyla_pixels one = {.decisions = hyla_mask_u8(decided_frame + at),
                                         .targets = hyla_mask_u8(target_frame + at),
                                         .valid = hyla_mask_u8(valid_frame + at),
                                         .n = 1};
                CHECK_STATUS(HYLA_OK, hyla_confusion_update(&one, &expected));
            }
        }
        for (uint32_t tier = 0; tier <= TIERS; ++tier) {
            hyla_detection_totals totals = {0};
            params.pixel_stride = stride;
            if (hyla_tier_pin(tier) != HYLA_OK) continue;
            CHECK_STATUS(HYLA_OK, hyla_detection_update_frame(&params, &frame, &totals, NULL, NULL, 0));
            CHECK(memcmp(&totals.confusion.pixels, &expected.pixels, sizeof expected.pixels) == 0);
            CHECK(has_counts(totals.confusion.frames, 1, 0, 0, 0));
        }
    }
    CHECK_STATUS(HYLA_OK, hyla_tier_pin(HYLA_TIER_BEST));
}

static void detections(void) {
    static const char *const names[7] = {
        "precision",
        "recall",
        "f1_score",
        "iou",
        "image_precision",
        "image_recall",
        "image_f1",
    };
    const hyla_status no_frames =
        HYLA_NOTICE_EMPTY | HYLA_NOTICE_NO_POSITIVES | HYLA_NOTICE_NO_NEGATIVES | HYLA_NOTICE_NO_DECISIONS;
    const hyla_context context = {HYLA_STAGE_TEST, 3, 5, 0};
    const hyla_pixels pixels = decided(8), frame = in_rows(&pixels, 2, 8, 0);
    hyla_detection_params params = HYLA_DETECTION_PARAMS_DEFAULT, strided = params;
    hyla_detection_totals totals = {0}, other = {0}, before = {0};
    hyla_metric list[8], untouched[8];
    size_t count = 42;

    /* Errors of the stride. */
    params.pixel_stride = 0;
    CHECK_STATUS(HYLA_ERROR_PIXEL_STRIDE, hyla_detection_update(&params, &pixels, &totals, NULL, NULL, 0));
    CHECK_STATUS(HYLA_ERROR_PIXEL_STRIDE,
                 hyla_detection_update_frame(&params, &frame, &totals, NULL, NULL, 0));
    CHECK_STATUS(HYLA_ERROR_PIXEL_STRIDE,
                 hyla_detection_metrics(&params, &totals, NULL, NULL, 0, &context, list, 8, &count));
    strided.pixel_stride = 2;
    CHECK_STATUS(HYLA_ERROR_STRIDE_NEEDS_FRAME, hyla_detection_update(&strided, &pixels, &totals, NULL, NULL, 0));
    CHECK(memcmp(&totals, &before, sizeof totals) == 0);
    params.pixel_stride = 1;

    /* Lines of a frame that is still open: pixels count, frames do not yet. */
    CHECK_STATUS(HYLA_OK, hyla_detection_update(&params, &pixels, &totals, NULL, NULL, 0));
    CHECK_STATUS(no_frames, hyla_detection_metrics(&params, &totals, NULL, NULL, 0, &context, list, 8, &count));
    CHECK(is_named(&list[0], "precision", 0.5, HYLA_OK) && is_named(&list[4], "image_precision", 0.0, no_frames));
    CHECK_STATUS(HYLA_OK, hyla_detection_end_frame(&totals));
    CHECK_STATUS(HYLA_OK, hyla_detection_update_frame(&params, &frame, &other, NULL, NULL, 0));
    CHECK(memcmp(&totals, &other, sizeof totals) == 0);
    CHECK_STATUS(HYLA_OK, hyla_detection_merge(&other, &totals));

    memset(list, 0xa5, sizeof list);
    memcpy(untouched, list, sizeof list);
    count = 42;
    for (size_t capacity = 0; capacity < 7; ++capacity) {
        CHECK_STATUS(HYLA_ERROR_CAPACITY,
                     hyla_detection_metrics(&params, &totals, NULL, NULL, 0, &context, list, capacity, &count));
    }
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS,
                 hyla_detection_metrics(&strided, &totals, NULL, NULL, 0, &context, list, 8, &count));
    CHECK_STATUS(HYLA_OK, hyla_detection_update_frame(&strided, &frame, &other, NULL, NULL, 0));
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS,
                 hyla_detection_metrics(&params, &other, NULL, NULL, 0, &context, list, 8, &count));
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS,
                 hyla_detection_metrics(&strided, &other, NULL, NULL, 0, &context, list, 8, &count));
    CHECK(count == 42 && memcmp(list, untouched, sizeof list) == 0);

    CHECK_STATUS(HYLA_NOTICE_NO_NEGATIVES,
                 hyla_detection_metrics(&params, &totals, NULL, NULL, 0, &context, list, 7, &count));
    CHECK(count == 7 && memcmp(&list[7], &untouched[7], sizeof *list) == 0);
    for (size_t i = 0; i < 7; ++i) {
        const double expected = i == 3 ? 2.0 / 6.0 : i < 3 ? 0.5 : 1.0;
        CHECK(is_named(&list[i], names[i], expected, i < 4 ? HYLA_OK : HYLA_NOTICE_NO_NEGATIVES));
    }
}

int main(void) {
    sums();
    ranges();
    confusions();
    statistics();
    frame_shapes();
    strides();
    detections();
    return finish("law_metrics");
}
