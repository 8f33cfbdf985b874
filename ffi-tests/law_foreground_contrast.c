/* hyla_foreground_contrast_...: the whole law, parameters out of range, notices, frames and values. */
#include <math.h>

#include "law.h"

/* The frame of a call lies where other functions have a workspace. */
static void fill(struct arguments *arguments) {
    const hyla_foreground_contrast_params params = HYLA_FOREGROUND_CONTRAST_PARAMS_DEFAULT;
    const hyla_cube *cube = cube_of(arguments);
    hyla_foreground_contrast_frame *const frame = arguments->at[WORKSPACE];
    *(hyla_foreground_contrast_params *)arguments->at[PARAMS] = params;
    memset(frame, 0, sizeof *frame);
    CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_frame_update(&params, cube, frame));
    CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_update(&params, frame, arguments->at[TOTALS]));
    CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_update(&params, frame, arguments->at[OTHER]));
}

/* For the merge of frames both are where other functions have totals. */
static void fill_frames(struct arguments *arguments) {
    const hyla_foreground_contrast_params params = HYLA_FOREGROUND_CONTRAST_PARAMS_DEFAULT;
    const hyla_cube *cube = cube_of(arguments);
    CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_frame_update(&params, cube, arguments->at[OTHER]));
    CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_frame_update(&params, cube, arguments->at[TOTALS]));
}

#define FRAME sizeof(hyla_foreground_contrast_frame)
static const struct family contrast = {
    .sizes[PARAMS] = sizeof(hyla_foreground_contrast_params),
    .sizes[TOTALS] = sizeof(hyla_foreground_contrast_totals),
    .sizes[VALUE] = sizeof(double),
    .fill = fill,
    .sizes[FLOATS] = LAW_PIXELS * LAW_CHANNELS * sizeof(float),
    .sizes[WORKSPACE] = FRAME,
};
static const struct family of_frames = {
    .sizes[TOTALS] = FRAME, .sizes[VALUE] = sizeof(double), .fill = fill_frames, .sizes[WORKSPACE] = FRAME};

#define CALL(function, ...) \
    static hyla_status function(const struct arguments *a) { return hyla_foreground_contrast_##function(__VA_ARGS__); }
CALL(frame_update, a->at[PARAMS], a->at[CUBE], a->at[WORKSPACE])
CALL(frame_merge, a->at[OTHER], a->at[TOTALS])
CALL(frame_normalize, a->at[WORKSPACE])
CALL(update, a->at[PARAMS], a->at[WORKSPACE], a->at[TOTALS])
CALL(merge, a->at[OTHER], a->at[TOTALS])
CALL(normalize, a->at[TOTALS])
CALL(loss, a->at[PARAMS], a->at[TOTALS], a->at[VALUE])
CALL(gradient, a->at[PARAMS], a->at[TOTALS], a->at[WORKSPACE], a->at[CUBE], 1.0, a->write, a->at[FLOATS])
CALL(loss_and_gradient, a->at[PARAMS], a->at[CUBE], 1.0, a->write, a->at[TOTALS], a->at[VALUE], a->at[FLOATS])

#define INPUTS (BIT(PARAMS) | BIT(CUBE) | BIT(VALUES) | BIT(TARGETS) | BIT(VALID) | BIT(WEIGHTS))
#define OPTIONAL (BIT(VALID) | BIT(WEIGHTS))
#define ROW(function, family, reads, optional, writes)                                                                 \
    {"hyla_foreground_contrast_" #function, function, family, reads, optional, writes}
static const struct function functions[] = {
    ROW(frame_update, &contrast, INPUTS, OPTIONAL, BIT(WORKSPACE)),
    ROW(frame_merge, &of_frames, BIT(OTHER), 0, BIT(TOTALS)),
    ROW(frame_normalize, &contrast, 0, 0, BIT(WORKSPACE)),
    ROW(update, &contrast, BIT(PARAMS) | BIT(WORKSPACE), 0, BIT(TOTALS)),
    ROW(merge, &contrast, BIT(OTHER), 0, BIT(TOTALS)),
    ROW(normalize, &contrast, 0, 0, BIT(TOTALS)),
    ROW(loss, &contrast, BIT(PARAMS) | BIT(TOTALS), 0, BIT(VALUE)),
    ROW(gradient, &contrast, INPUTS | BIT(TOTALS) | BIT(WORKSPACE), OPTIONAL, BIT(FLOATS)),
    ROW(loss_and_gradient, &contrast, INPUTS, OPTIONAL | BIT(TOTALS), BIT(TOTALS) | BIT(VALUE) | BIT(FLOATS)),
};

/* Two pixels: (3, 0, 0) is foreground, (0, 4, 0) background. Their distance is 5. */
static const float values[6] = {3.0f, 0.0f, 0.0f, 0.0f, 4.0f, 0.0f};
static const uint8_t targets[2] = {255, 0}, all_foreground[2] = {1, 1};

static hyla_cube two_pixels(void) {
    return (hyla_cube){
        .values = hyla_bip(hyla_f32(values), 3), .n = 2, .channels = 3, .targets = hyla_mask_u8(targets)};
}

/* All functions refuse these in the same way, without writing anything. */
static void refused(hyla_status expected, const hyla_foreground_contrast_params *params, const hyla_cube *cube,
                    uint32_t write) {
    static const hyla_foreground_contrast_totals no_totals;
    static const hyla_foreground_contrast_frame no_frame;
    hyla_foreground_contrast_totals totals = no_totals;
    hyla_foreground_contrast_frame frame = no_frame;
    double value = 42.0;
    float out[6] = {42.0f, 42.0f, 42.0f, 42.0f, 42.0f, 42.0f};
    if (write == HYLA_STORE) CHECK_STATUS(expected, hyla_foreground_contrast_frame_update(params, cube, &frame));
    CHECK_STATUS(expected, hyla_foreground_contrast_gradient(params, &totals, &frame, cube, 1.0, write, out));
    CHECK_STATUS(expected, hyla_foreground_contrast_loss_and_gradient(params, cube, 1.0, write, &totals, &value, out));
    CHECK(value == 42.0 && memcmp(&totals, &no_totals, sizeof totals) == 0 &&
          memcmp(&frame, &no_frame, sizeof frame) == 0);
    for (int i = 0; i < 6; ++i) CHECK(out[i] == 42.0f);
}

/* Functions without a cube refuse bad parameters, too. */
static void refused_parameters(hyla_status expected, const hyla_foreground_contrast_params *params) {
    const hyla_cube cube = two_pixels();
    static const hyla_foreground_contrast_totals no_totals;
    static const hyla_foreground_contrast_frame no_frame;
    hyla_foreground_contrast_totals totals = no_totals;
    double value = 42.0;
    refused(expected, params, &cube, HYLA_STORE);
    CHECK_STATUS(expected, hyla_foreground_contrast_update(params, &no_frame, &totals));
    CHECK_STATUS(expected, hyla_foreground_contrast_loss(params, &totals, &value));
    CHECK(value == 42.0 && memcmp(&totals, &no_totals, sizeof totals) == 0);
}

static void parameters(void) {
    const hyla_foreground_contrast_params plain = HYLA_FOREGROUND_CONTRAST_PARAMS_DEFAULT;
    const float bad[] = {NAN, INFINITY, -INFINITY, -1.0f};
    hyla_foreground_contrast_params params, made;
    hyla_cube cube = two_pixels();
    CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_params_init(&made, sizeof made));
    params = hyla_foreground_contrast_params_default();
    CHECK(memcmp(&made, &plain, sizeof made) == 0 && memcmp(&made, &params, sizeof made) == 0);
    CHECK(hyla_foreground_contrast_totals_size() == sizeof(hyla_foreground_contrast_totals));
    CHECK(hyla_foreground_contrast_frame_size() == sizeof(hyla_foreground_contrast_frame));
    for (int i = 0; i < 4; ++i) {
        params = plain;
        params.weight = bad[i];
        if (i < 3) refused_parameters(HYLA_ERROR_WEIGHT, &params);
        params = plain;
        params.compactness_weight = bad[i];
        refused_parameters(HYLA_ERROR_BALANCE, &params);
        params = plain;
        params.anchor_weight = bad[i];
        refused_parameters(HYLA_ERROR_BALANCE, &params);
        params = plain;
        params.eps = bad[i];
        refused_parameters(HYLA_ERROR_EPSILON, &params);
    }
    params = plain;
    params.color_space = 2;
    refused_parameters(HYLA_ERROR_UNKNOWN_OPTION, &params);
    params = plain;
    params.assume_srgb = 2;
    refused_parameters(HYLA_ERROR_UNKNOWN_OPTION, &params);
    refused(HYLA_ERROR_UNKNOWN_WRITE, &plain, &cube, 2);
    cube.values.plane.stride = 1;
    refused(HYLA_ERROR_STRIDES, &plain, &cube, HYLA_STORE);
    cube = two_pixels();
    cube.channels = 2;
    refused(HYLA_ERROR_CHANNELS, &plain, &cube, HYLA_STORE);
    cube.channels = 0;
    refused(HYLA_ERROR_CHANNELS, &plain, &cube, HYLA_STORE);
    cube = two_pixels();
    cube.targets = hyla_mask_u8(NULL);
    refused(HYLA_ERROR_NULL_POINTER, &plain, &cube, HYLA_STORE);
}

static void mixed(void) {
    const hyla_foreground_contrast_params plain = HYLA_FOREGROUND_CONTRAST_PARAMS_DEFAULT;
    hyla_foreground_contrast_params other = plain;
    const hyla_cube cube = two_pixels();
    hyla_foreground_contrast_frame frame = {0};
    hyla_foreground_contrast_totals totals = {0};
    double value = 42.0;
    float out[6] = {42.0f, 42.0f, 42.0f, 42.0f, 42.0f, 42.0f};
    CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_frame_update(&plain, &cube, &frame));
    other.color_space = HYLA_COLOR_OKLAB;
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_foreground_contrast_update(&other, &frame, &totals));
    other = plain;
    other.compactness_weight = 1.0f;
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_foreground_contrast_update(&other, &frame, &totals));
    CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_update(&plain, &frame, &totals));
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS,
                 hyla_foreground_contrast_gradient(&other, &totals, &frame, &cube, 1.0, HYLA_STORE, out));
    other = plain;
    other.anchor_weight = 1.0f;
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_foreground_contrast_loss(&other, &totals, &value));
    CHECK(value == 42.0 && out[0] == 42.0f && totals.frames == 1);
}

static void known_values(void) {
    hyla_foreground_contrast_params params = HYLA_FOREGROUND_CONTRAST_PARAMS_DEFAULT;
    hyla_cube cube = two_pixels();
    hyla_foreground_contrast_totals totals = {0};
    hyla_foreground_contrast_frame frame = {0}, skipped = {0};
    double value = 0.0;
    float out[6];
    const float expected[6] = {-0.6f, 0.8f, 0.0f, 0.6f, -0.8f, 0.0f};
    params.eps = 0.0f;
    CHECK_STATUS(HYLA_OK,
                 hyla_foreground_contrast_loss_and_gradient(&params, &cube, 1.0, HYLA_STORE, NULL, &value, out));
    CHECK(value == -5.0 && memcmp(out, expected, sizeof out) == 0);
    /* A batch of this frame, and of one without background. */
    CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_frame_update(&params, &cube, &frame));
    CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_update(&params, &frame, &totals));
    cube.targets = hyla_mask_u8(all_foreground);
    CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_frame_update(&params, &cube, &skipped));
    CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_update(&params, &skipped, &totals));
    CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_loss(&params, &totals, &value));
    CHECK(value == -5.0 && totals.frames == 1 && totals.skipped == 1);
    CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_gradient(&params, &totals, &skipped, &cube, 1.0, HYLA_STORE, out));
    for (int i = 0; i < 6; ++i) CHECK(out[i] == 0.0f);
    CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_gradient(&params, &totals, &frame, &cube, 5.0, HYLA_ADD, out));
    /* (The cube says that both pixels are foreground, and the mean is that of the frame.) */
    CHECK(out[0] == -3.0f && out[1] == 4.0f && out[3] == -3.0f && out[4] == 4.0f);

    /* Nothing counts. */
    CHECK_STATUS(HYLA_NOTICE_EMPTY,
                 hyla_foreground_contrast_loss_and_gradient(&params, &cube, 1.0, HYLA_STORE, NULL, &value, out));
    CHECK(value == 0.0 && out[0] == 0.0f);
    const hyla_cube nothing = {.channels = 3};
    CHECK_STATUS(HYLA_NOTICE_EMPTY,
                 hyla_foreground_contrast_loss_and_gradient(&params, &nothing, 1.0, HYLA_STORE, NULL, &value, NULL));
    /* Equal means, a bad weight, NaN. */
    const float equal[6] = {1.0f, 2.0f, 3.0f, 1.0f, 2.0f, 3.0f}, weights[2] = {2.0f, 1.0f},
                bad_weights[2] = {NAN, 1.0f};
    cube = two_pixels();
    cube.values = hyla_bip(hyla_f32(equal), 3);
    cube.weights = hyla_f32(weights);
    CHECK_STATUS(HYLA_NOTICE_DEGENERATE,
                 hyla_foreground_contrast_loss_and_gradient(&params, &cube, 1.0, HYLA_STORE, NULL, &value, out));
    for (int i = 0; i < 6; ++i) CHECK(out[i] == 0.0f);
    cube.weights = hyla_f32(bad_weights);
    CHECK_STATUS(HYLA_NOTICE_EMPTY | HYLA_NOTICE_REJECTED,
                 hyla_foreground_contrast_loss_and_gradient(&params, &cube, 1.0, HYLA_STORE, NULL, &value, out));
    const float with_nan[6] = {NAN, 2.0f, 3.0f, 1.0f, 2.0f, 3.0f};
    cube.weights = hyla_f32(NULL);
    cube.values = hyla_bip(hyla_f32(with_nan), 3);
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE,
                 hyla_foreground_contrast_loss_and_gradient(&params, &cube, 1.0, HYLA_STORE, NULL, &value, out));
    CHECK(isnan(value) && isnan(out[0]));

    /* White and black in Oklab are 1 apart. */
    const float white_and_black[6] = {1.0f, 1.0f, 1.0f, 0.0f, 0.0f, 0.0f};
    cube.values = hyla_bip(hyla_f32(white_and_black), 3);
    params.color_space = HYLA_COLOR_OKLAB;
    for (params.assume_srgb = 0; params.assume_srgb < 2; ++params.assume_srgb) {
        CHECK_STATUS(HYLA_OK,
                     hyla_foreground_contrast_loss_and_gradient(&params, &cube, 1.0, HYLA_STORE, NULL, &value, out));
        CHECK(fabs(value + 1.0) < 1e-6 && out[0] < 0.0f && out[3] == 0.0f);
    }
}

/* Planes, and gaps between pixels, give the same bits. */
static void layouts(void) {
    const hyla_foreground_contrast_params params = HYLA_FOREGROUND_CONTRAST_PARAMS_DEFAULT;
    const float planes[6] = {3.0f, 0.0f, 0.0f, 4.0f, 0.0f, 0.0f};
    const hyla_cube cube = two_pixels();
    const hyla_cube planar = {
        .values = hyla_bsq(hyla_f32(planes), 2), .n = 2, .channels = 3, .targets = hyla_mask_u8(targets)};
    double value = 0.0, other = 1.0;
    float out[6], of_planes[6];
    CHECK_STATUS(HYLA_OK,
                 hyla_foreground_contrast_loss_and_gradient(&params, &cube, 1.0, HYLA_STORE, NULL, &value, out));
    CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_loss_and_gradient(&params, &planar, 1.0, HYLA_STORE, NULL, &other,
                                                                     of_planes));
    CHECK(value == other);
    for (int i = 0; i < 6; ++i) CHECK(out[i] == of_planes[i % 3 * 2 + i / 3]);
}

static void add_words(void *sum, const void *more, size_t bytes) {
    for (size_t word = 0; word < bytes / sizeof(int64_t); ++word) {
        ((int64_t *)sum)[word] = (int64_t)((uint64_t)((int64_t *)sum)[word] + (uint64_t)((const int64_t *)more)[word]);
    }
}

/* Adding words anywhere, then normalize, is merging. */
static void addition_of_words(void) {
    hyla_foreground_contrast_params params = HYLA_FOREGROUND_CONTRAST_PARAMS_DEFAULT;
    const hyla_cube cube = two_pixels();
    hyla_foreground_contrast_frame frame = {0}, sum_of_frames = {0}, merged_frames = {0};
    hyla_foreground_contrast_totals one = {0}, sum = {0}, merged = {0};
    params.compactness_weight = 0.5f;
    CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_frame_update(&params, &cube, &frame));
    CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_update(&params, &frame, &one));
    for (int time = 0; time < 100; ++time) {
        add_words(&sum_of_frames, &frame, sizeof frame);
        add_words(&sum, &one, sizeof one);
        CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_frame_merge(&frame, &merged_frames));
        CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_merge(&one, &merged));
    }
    CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_frame_normalize(&sum_of_frames));
    CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_normalize(&sum));
    CHECK(memcmp(&sum_of_frames, &merged_frames, sizeof frame) == 0 && memcmp(&sum, &merged, sizeof sum) == 0);
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    parameters();
    mixed();
    known_values();
    layouts();
    addition_of_words();
    return finish("law_foreground_contrast");
}
