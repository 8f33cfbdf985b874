/* Every function of hyla.h under the whole law of pointers, sizes and structs. */
#include "law.h"

/* Valid contents by family. */

static void fill_sum(struct arguments *arguments) {
    const hyla_pixels pixels = {.scores = hyla_f32((const float *)arguments->at[SCORES]), .n = LAW_PIXELS};
    CHECK_STATUS(HYLA_OK, hyla_sum_update(&pixels, (hyla_sum_totals *)arguments->at[TOTALS]));
    CHECK_STATUS(HYLA_OK, hyla_sum_update(&pixels, (hyla_sum_totals *)arguments->at[OTHER]));
}

static void fill_range(struct arguments *arguments) {
    const hyla_pixels pixels = {.scores = hyla_f32((const float *)arguments->at[SCORES]), .n = LAW_PIXELS};
    CHECK_STATUS(HYLA_OK, hyla_range_update(&pixels, (hyla_range *)arguments->at[TOTALS]));
    CHECK_STATUS(HYLA_OK, hyla_range_update(&pixels, (hyla_range *)arguments->at[OTHER]));
}

static void fill_bce(struct arguments *arguments) {
    const hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    const hyla_pixels *pixels = pixels_of(arguments);
    *(hyla_bce_params *)arguments->at[PARAMS] = params;
    CHECK_STATUS(HYLA_OK, hyla_bce_update(&params, pixels, (hyla_bce_totals *)arguments->at[TOTALS]));
    CHECK_STATUS(HYLA_OK, hyla_bce_update(&params, pixels, (hyla_bce_totals *)arguments->at[OTHER]));
}

static hyla_pixels decisions(const struct arguments *arguments) {
    return (hyla_pixels){.decisions = hyla_mask_u8((const uint8_t *)arguments->at[DECISIONS]),
                         .targets = hyla_mask_u8((const uint8_t *)arguments->at[TARGETS]),
                         .n = LAW_PIXELS};
}

static void fill_confusion(struct arguments *arguments) {
    const hyla_pixels pixels = decisions(arguments);
    CHECK_STATUS(HYLA_OK, hyla_confusion_update(&pixels, (hyla_confusion_totals *)arguments->at[TOTALS]));
    CHECK_STATUS(HYLA_OK, hyla_confusion_update(&pixels, (hyla_confusion_totals *)arguments->at[OTHER]));
}

static void fill_statistics(struct arguments *arguments) {
    const hyla_pixels pixels = decisions(arguments);
    CHECK_STATUS(HYLA_OK, hyla_pixel_statistics_update(&pixels, (hyla_pixel_statistics_totals *)arguments->at[TOTALS]));
    CHECK_STATUS(HYLA_OK, hyla_pixel_statistics_update(&pixels, (hyla_pixel_statistics_totals *)arguments->at[OTHER]));
}

static void fill_detection(struct arguments *arguments) {
    const hyla_detection_params params = HYLA_DETECTION_PARAMS_DEFAULT;
    const hyla_pixels pixels = decisions(arguments);
    *(hyla_detection_params *)arguments->at[PARAMS] = params;
    CHECK_STATUS(HYLA_OK, hyla_detection_update(&params, &pixels, (hyla_detection_totals *)arguments->at[TOTALS], NULL,
                                                NULL, 0));
    CHECK_STATUS(HYLA_OK,
                 hyla_detection_update(&params, &pixels, (hyla_detection_totals *)arguments->at[OTHER], NULL, NULL, 0));
}

/* A frame of rows. */
static void fill_frame(struct arguments *arguments) {
    fill_detection(arguments);
    arguments->rows = LAW_PIXELS / 13;
}

static const struct family sum = {
    .sizes[TOTALS] = sizeof(hyla_sum_totals), .sizes[VALUE] = sizeof(double), .fill = fill_sum};
static const struct family range = {
    .sizes[TOTALS] = sizeof(hyla_range), .sizes[VALUE] = sizeof(hyla_range_report), .fill = fill_range};
static const struct family bce = {
    .sizes[PARAMS] = sizeof(hyla_bce_params), .sizes[TOTALS] = sizeof(hyla_bce_totals), .sizes[VALUE] = sizeof(double),
    .fill = fill_bce,
};
static const struct family confusion = {
    .sizes[TOTALS] = sizeof(hyla_confusion_totals),
    .sizes[VALUE] = sizeof(hyla_confusion_report),
    .fill = fill_confusion,
};
static const struct family statistics = {
    .sizes[TOTALS] = sizeof(hyla_pixel_statistics_totals),
    .sizes[VALUE] = sizeof(hyla_pixel_statistics_report),
    .fill = fill_statistics,
};
static const struct family detection = {
    .sizes[PARAMS] = sizeof(hyla_detection_params),
    .sizes[TOTALS] = sizeof(hyla_detection_totals),
    .fill = fill_detection,
};
static const struct family frame = {
    .sizes[PARAMS] = sizeof(hyla_detection_params),
    .sizes[TOTALS] = sizeof(hyla_detection_totals),
    .fill = fill_frame,
};

/* How each function is called. */

#define CALL(function, ...) \
    static hyla_status call_##function(const struct arguments *a) { return hyla_##function(__VA_ARGS__); }

CALL(sum_update, pixels_of(a), a->at[TOTALS])
CALL(sum_merge, a->at[OTHER], a->at[TOTALS])
CALL(sum_normalize, a->at[TOTALS])
CALL(sum_value, a->at[TOTALS], a->at[VALUE])
CALL(sum_mean, a->at[TOTALS], a->at[VALUE])
CALL(range_update, pixels_of(a), a->at[TOTALS])
CALL(range_merge, a->at[OTHER], a->at[TOTALS])
CALL(range_values, a->at[TOTALS], a->at[VALUE])
CALL(bce_update, a->at[PARAMS], pixels_of(a), a->at[TOTALS])
CALL(bce_merge, a->at[OTHER], a->at[TOTALS])
CALL(bce_normalize, a->at[TOTALS])
CALL(bce_loss, a->at[PARAMS], a->at[TOTALS], a->at[VALUE])
CALL(bce_map, a->at[PARAMS], pixels_of(a), a->at[FLOATS])
CALL(bce_gradient, a->at[PARAMS], a->at[TOTALS], pixels_of(a), 1.0, a->write, a->at[FLOATS])
CALL(bce_loss_and_gradient, a->at[PARAMS], pixels_of(a), 1.0, a->write, a->at[TOTALS], a->at[VALUE], a->at[FLOATS])
CALL(confusion_update, pixels_of(a), a->at[TOTALS])
CALL(confusion_end_frame, a->at[TOTALS])
CALL(confusion_merge, a->at[OTHER], a->at[TOTALS])
CALL(confusion_values, a->at[TOTALS], a->at[VALUE])
CALL(pixel_statistics_update, pixels_of(a), a->at[TOTALS])
CALL(pixel_statistics_merge, a->at[OTHER], a->at[TOTALS])
CALL(pixel_statistics_values, a->at[TOTALS], a->at[VALUE])
CALL(pixel_statistics_metrics, a->at[TOTALS], a->at[CONTEXT], a->at[LIST], a->capacity, a->at[COUNT])
CALL(detection_update, a->at[PARAMS], pixels_of(a), a->at[TOTALS], NULL, NULL, 0)
CALL(detection_end_frame, a->at[TOTALS])
CALL(detection_update_frame, a->at[PARAMS], pixels_of(a), a->at[TOTALS], NULL, NULL, 0)
CALL(detection_merge, a->at[OTHER], a->at[TOTALS])
CALL(detection_metrics, a->at[PARAMS], a->at[TOTALS], NULL, NULL, 0, a->at[CONTEXT], a->at[LIST], a->capacity,
     a->at[COUNT])

#define FLOAT_PIXELS (BIT(PIXELS) | BIT(SCORES) | BIT(VALID))
#define BYTE_PIXELS (BIT(PIXELS) | BIT(DECISIONS) | BIT(TARGETS) | BIT(VALID))
#define BCE_PIXELS (BIT(PARAMS) | FLOAT_PIXELS | BIT(TARGETS) | BIT(WEIGHTS))
#define BCE_OPTIONAL (BIT(VALID) | BIT(WEIGHTS))
#define SOFT_PIXELS ((BCE_PIXELS & ~BIT(TARGETS)) | BIT(SOFT_TARGETS))
#define ROW(function, family, reads, optional, writes) {#function, call_##function, &family, reads, optional, writes}

static const struct function functions[] = {
    ROW(sum_update, sum, FLOAT_PIXELS, BIT(VALID), BIT(TOTALS)),
    ROW(sum_merge, sum, BIT(OTHER), 0, BIT(TOTALS)),
    ROW(sum_normalize, sum, 0, 0, BIT(TOTALS)),
    ROW(sum_value, sum, BIT(TOTALS), 0, BIT(VALUE)),
    ROW(sum_mean, sum, BIT(TOTALS), 0, BIT(VALUE)),
    ROW(range_update, range, FLOAT_PIXELS, BIT(VALID), BIT(TOTALS)),
    ROW(range_merge, range, BIT(OTHER), 0, BIT(TOTALS)),
    ROW(range_values, range, BIT(TOTALS), 0, BIT(VALUE)),
    ROW(bce_update, bce, BCE_PIXELS, BCE_OPTIONAL, BIT(TOTALS)),
    ROW(bce_merge, bce, BIT(OTHER), 0, BIT(TOTALS)),
    ROW(bce_normalize, bce, 0, 0, BIT(TOTALS)),
    ROW(bce_loss, bce, BIT(PARAMS) | BIT(TOTALS), 0, BIT(VALUE)),
    ROW(bce_map, bce, BCE_PIXELS, BCE_OPTIONAL, BIT(FLOATS)),
    ROW(bce_gradient, bce, BCE_PIXELS | BIT(TOTALS), BCE_OPTIONAL, BIT(FLOATS)),
    ROW(bce_loss_and_gradient, bce, BCE_PIXELS, BCE_OPTIONAL | BIT(TOTALS), BIT(TOTALS) | BIT(VALUE) | BIT(FLOATS)),
    {"bce_update, soft", call_bce_update, &bce, SOFT_PIXELS, BCE_OPTIONAL, BIT(TOTALS)},
    {"bce_map, soft", call_bce_map, &bce, SOFT_PIXELS, BCE_OPTIONAL, BIT(FLOATS)},
    {"bce_gradient, soft", call_bce_gradient, &bce, SOFT_PIXELS | BIT(TOTALS), BCE_OPTIONAL, BIT(FLOATS)},
    {"bce_loss_and_gradient, soft", call_bce_loss_and_gradient, &bce, SOFT_PIXELS, BCE_OPTIONAL | BIT(TOTALS),
     BIT(TOTALS) | BIT(VALUE) | BIT(FLOATS)},
    ROW(confusion_update, confusion, BYTE_PIXELS, BIT(VALID), BIT(TOTALS)),
    ROW(confusion_end_frame, confusion, 0, 0, BIT(TOTALS)),
    ROW(confusion_merge, confusion, BIT(OTHER), 0, BIT(TOTALS)),
    ROW(confusion_values, confusion, BIT(TOTALS), 0, BIT(VALUE)),
    ROW(pixel_statistics_update, statistics, BYTE_PIXELS & ~BIT(TARGETS), BIT(VALID), BIT(TOTALS)),
    ROW(pixel_statistics_merge, statistics, BIT(OTHER), 0, BIT(TOTALS)),
    ROW(pixel_statistics_values, statistics, BIT(TOTALS), 0, BIT(VALUE)),
    ROW(pixel_statistics_metrics, statistics, BIT(TOTALS) | BIT(CONTEXT), 0, BIT(LIST) | BIT(COUNT)),
    ROW(detection_update, detection, BIT(PARAMS) | BYTE_PIXELS, BIT(VALID), BIT(TOTALS)),
    ROW(detection_end_frame, detection, 0, 0, BIT(TOTALS)),
    ROW(detection_update_frame, frame, BIT(PARAMS) | BYTE_PIXELS, BIT(VALID), BIT(TOTALS)),
    ROW(detection_merge, detection, BIT(OTHER), 0, BIT(TOTALS)),
    ROW(detection_metrics, detection, BIT(PARAMS) | BIT(TOTALS) | BIT(CONTEXT), 0, BIT(LIST) | BIT(COUNT)),
};

/* The two functions that only write parameters. */
static void law_of_defaults(hyla_status (*init)(void *, size_t), const void *defaults, size_t known) {
    static const size_t wrong[] = {0, 1, 2, 3, 5, 4098, 4100, (size_t)(UINT64_C(1) << 32), SIZE_MAX, SIZE_MAX - 3};
    _Alignas(8) unsigned char memory[4200], before[4200], expected[4200];
    memset(before, 0xa5, sizeof before);
    memcpy(memory, before, sizeof memory);
    CHECK_STATUS(HYLA_ERROR_NULL_POINTER, init(NULL, known));
    for (size_t offset = 1; offset < 4; ++offset) CHECK_STATUS(HYLA_ERROR_MISALIGNED, init(memory + offset, known));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i)
        CHECK_STATUS(HYLA_ERROR_STRUCT_SIZE, init(memory, wrong[i]));
    CHECK(memcmp(memory, before, sizeof memory) == 0);
    for (size_t size = 4; size <= 4096; size += 4) {
        const uint32_t word = (uint32_t)size;
        memcpy(memory, before, sizeof memory);
        memcpy(expected, before, sizeof expected);
        memset(expected, 0, size);
        memcpy(expected, defaults, size < known ? size : known);
        memcpy(expected, &word, sizeof word);
        CHECK_STATUS(HYLA_OK, init(memory, size));
        CHECK(memcmp(memory, expected, sizeof memory) == 0);
    }
}

static hyla_status init_bce(void *params, size_t size) { return hyla_bce_params_init((hyla_bce_params *)params, size); }

static hyla_status init_detection(void *params, size_t size) {
    return hyla_detection_params_init((hyla_detection_params *)params, size);
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);

    const hyla_bce_params bce_defaults = HYLA_BCE_PARAMS_DEFAULT, bce_value = hyla_bce_params_default();
    law_of_defaults(init_bce, &bce_defaults, sizeof bce_defaults);
    CHECK(memcmp(&bce_defaults, &bce_value, sizeof bce_value) == 0);
    const hyla_detection_params detection_defaults = HYLA_DETECTION_PARAMS_DEFAULT,
                                detection_value = hyla_detection_params_default();
    law_of_defaults(init_detection, &detection_defaults, sizeof detection_defaults);
    CHECK(memcmp(&detection_defaults, &detection_value, sizeof detection_value) == 0);
    return finish("law");
}
