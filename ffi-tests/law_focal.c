/* hyla_focal_...: the whole law, parameters out of range, and values; and what hyla_bce_... learnt beside it:
 * soft targets and label smoothing. */
#include <math.h>

#include "law.h"

static void fill(struct arguments *arguments) {
    const hyla_focal_params params = HYLA_FOCAL_PARAMS_DEFAULT;
    const hyla_pixels *pixels = pixels_of(arguments);
    *(hyla_focal_params *)arguments->at[PARAMS] = params;
    CHECK_STATUS(HYLA_OK, hyla_focal_update(&params, pixels, arguments->at[TOTALS]));
    CHECK_STATUS(HYLA_OK, hyla_focal_update(&params, pixels, arguments->at[OTHER]));
}

static const struct family focal = {
    .sizes[PARAMS] = sizeof(hyla_focal_params),
    .sizes[TOTALS] = sizeof(hyla_focal_totals),
    .sizes[VALUE] = sizeof(double),
    .fill = fill,
};

static hyla_status update(const struct arguments *a) {
    return hyla_focal_update(a->at[PARAMS], a->at[PIXELS], a->at[TOTALS]);
}
static hyla_status merge(const struct arguments *a) { return hyla_focal_merge(a->at[OTHER], a->at[TOTALS]); }
static hyla_status normalize(const struct arguments *a) { return hyla_focal_normalize(a->at[TOTALS]); }
static hyla_status loss(const struct arguments *a) {
    return hyla_focal_loss(a->at[PARAMS], a->at[TOTALS], a->at[VALUE]);
}
static hyla_status map(const struct arguments *a) {
    return hyla_focal_map(a->at[PARAMS], a->at[PIXELS], a->at[FLOATS]);
}
static hyla_status gradient(const struct arguments *a) {
    return hyla_focal_gradient(a->at[PARAMS], a->at[TOTALS], a->at[PIXELS], 1.0, a->write, a->at[FLOATS]);
}
static hyla_status loss_and_gradient(const struct arguments *a) {
    return hyla_focal_loss_and_gradient(a->at[PARAMS], a->at[PIXELS], 1.0, a->write, a->at[TOTALS], a->at[VALUE],
                                        a->at[FLOATS]);
}

#define INPUTS (BIT(PARAMS) | BIT(PIXELS) | BIT(SCORES) | BIT(TARGETS) | BIT(VALID) | BIT(WEIGHTS))
#define OPTIONAL (BIT(VALID) | BIT(WEIGHTS))
static const struct function functions[] = {
    {"hyla_focal_update", update, &focal, INPUTS, OPTIONAL, BIT(TOTALS)},
    {"hyla_focal_merge", merge, &focal, BIT(OTHER), 0, BIT(TOTALS)},
    {"hyla_focal_normalize", normalize, &focal, 0, 0, BIT(TOTALS)},
    {"hyla_focal_loss", loss, &focal, BIT(PARAMS) | BIT(TOTALS), 0, BIT(VALUE)},
    {"hyla_focal_map", map, &focal, INPUTS, OPTIONAL, BIT(FLOATS)},
    {"hyla_focal_gradient", gradient, &focal, INPUTS | BIT(TOTALS), OPTIONAL, BIT(FLOATS)},
    {"hyla_focal_loss_and_gradient", loss_and_gradient, &focal, INPUTS, OPTIONAL | BIT(TOTALS),
     BIT(TOTALS) | BIT(VALUE) | BIT(FLOATS)},
};

static const float logits[4] = {0.0f, 0.0f, 0.0f, 0.0f};
static const uint8_t targets[4] = {0, 1, 255, 0};

static hyla_pixels four(void) {
    return (hyla_pixels){.scores = hyla_f32(logits), .targets = hyla_mask_u8(targets), .n = 4};
}

/* All functions refuse these in the same way, without writing anything. */
static void refused(hyla_status expected, const hyla_focal_params *params, const hyla_pixels *pixels, uint32_t write) {
    static const hyla_focal_totals empty;
    hyla_focal_totals totals = {0};
    double value = 42.0;
    float out[4] = {42.0f, 42.0f, 42.0f, 42.0f};
    if (write == HYLA_STORE) {
        CHECK_STATUS(expected, hyla_focal_update(params, pixels, &totals));
        CHECK_STATUS(expected, hyla_focal_map(params, pixels, out));
    }
    CHECK_STATUS(expected, hyla_focal_gradient(params, &totals, pixels, 1.0, write, out));
    CHECK_STATUS(expected, hyla_focal_loss_and_gradient(params, pixels, 1.0, write, &totals, &value, out));
    CHECK(value == 42.0 && memcmp(&totals, &empty, sizeof totals) == 0);
    for (int i = 0; i < 4; ++i) CHECK(out[i] == 42.0f);
}

static void parameters(void) {
    const hyla_focal_params plain = HYLA_FOCAL_PARAMS_DEFAULT;
    const float bad[] = {NAN, INFINITY, -INFINITY, -1.0f};
    hyla_pixels pixels = four();
    hyla_focal_params params, made;
    CHECK_STATUS(HYLA_OK, hyla_focal_params_init(&made, sizeof made));
    CHECK(memcmp(&made, &plain, sizeof made) == 0 && hyla_focal_totals_size() == sizeof(hyla_focal_totals));
    for (int i = 0; i < 4; ++i) {
        params = plain;
        params.weight = bad[i];
        if (i < 3) refused(HYLA_ERROR_WEIGHT, &params, &pixels, HYLA_STORE);
        params = plain;
        params.gamma = bad[i];
        refused(HYLA_ERROR_GAMMA, &params, &pixels, HYLA_STORE);
        params = plain;
        params.alpha = bad[i];
        refused(HYLA_ERROR_BALANCE, &params, &pixels, HYLA_STORE);
        params.has_alpha = 0; /* not looked at */
        double value = 0.0;
        CHECK_STATUS(HYLA_OK,
                     hyla_focal_loss_and_gradient(&params, &pixels, 1.0, HYLA_STORE, NULL, &value, (float[4]){0}));
    }
    params = plain;
    params.has_alpha = 2;
    refused(HYLA_ERROR_UNKNOWN_OPTION, &params, &pixels, HYLA_STORE);
    params = plain;
    params.reduction = 4;
    refused(HYLA_ERROR_UNKNOWN_REDUCTION, &params, &pixels, HYLA_STORE);
    refused(HYLA_ERROR_UNKNOWN_WRITE, &plain, &pixels, 2);
    pixels.soft_targets = hyla_f32(logits);
    refused(HYLA_ERROR_UNSUPPORTED_INPUT, &plain, &pixels, HYLA_STORE);
}

static void values(void) {
    const hyla_pixels pixels = four();
    hyla_focal_params params = HYLA_FOCAL_PARAMS_DEFAULT;
    double value = 0.0;
    float out[4];
    /* At 0 everything is 1/2: the term is a / 4 ln 2, the slope a / 4 (ln 2 + 1/2). */
    const double ln2 = 0.69314718055994531;
    CHECK_STATUS(HYLA_OK, hyla_focal_loss_and_gradient(&params, &pixels, 4.0, HYLA_STORE, NULL, &value, out));
    CHECK(fabs(value / (0.125 * ln2) - 1.0) < 1e-6);
    CHECK(fabs((double)out[0] / (0.1875 * (ln2 + 0.5)) - 1.0) < 1e-6 && fabsf(out[0] + 3.0f * out[1]) < 1e-6f);
    hyla_focal_totals totals = {0};
    CHECK_STATUS(HYLA_OK, hyla_focal_update(&params, &pixels, &totals));
    params.gamma = 1.0f;
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_focal_loss(&params, &totals, &value));
    params.reduction = HYLA_REDUCTION_NONE;
    params.gamma = 2.0f;
    CHECK_STATUS(HYLA_ERROR_NO_SCALAR, hyla_focal_loss(&params, &totals, &value));
}

static void soft_bce(void) {
    const float soft[4] = {0.25f, 0.5f, 1.0f, 2.0f};
    hyla_pixels pixels = {.scores = hyla_f32(logits), .soft_targets = hyla_f32(soft), .n = 4};
    hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    hyla_bce_totals totals = {0};
    double value = 0.0, same = 0.0;
    float out[4];
    params.pos_weight = 3.0f;
    CHECK_STATUS(HYLA_NOTICE_REJECTED,
                 hyla_bce_loss_and_gradient(&params, &pixels, 3.0, HYLA_STORE, &totals, &value, out));
    CHECK(totals.pixels == 3 && totals.rejected == 1);
    CHECK(fabs(value / (0.69314718055994531 * (1.5 + 2.0 + 3.0) / 3.0) - 1.0) < 1e-6);
    /* (1 - y) / 2 - 3 y / 2 */
    CHECK(out[0] == 0.0f && out[1] == -0.5f && out[2] == -1.5f && out[3] == 0.0f);
    pixels.targets = hyla_mask_u8(targets);
    CHECK_STATUS(HYLA_ERROR_UNSUPPORTED_INPUT, hyla_bce_update(&params, &pixels, &totals));
    pixels.targets = hyla_mask_u8(NULL);
    pixels.soft_targets = hyla_f32(NULL);
    CHECK_STATUS(HYLA_ERROR_NULL_POINTER, hyla_bce_update(&params, &pixels, &totals));
    const float wrong[] = {NAN, -0.5f, 1.5f};
    pixels = four();
    for (int i = 0; i < 3; ++i) {
        params.label_smoothing = wrong[i];
        CHECK_STATUS(HYLA_ERROR_LABEL_SMOOTHING, hyla_bce_update(&params, &pixels, &totals));
    }
    /* A program that was compiled before there was smoothing hands over a shorter struct. */
    params = hyla_bce_params_default();
    CHECK_STATUS(HYLA_OK, hyla_bce_loss_and_gradient(&params, &pixels, 1.0, HYLA_STORE, NULL, &value, out));
    params.label_smoothing = NAN;
    params.struct_size = (uint32_t)offsetof(hyla_bce_params, label_smoothing);
    CHECK_STATUS(HYLA_OK, hyla_bce_loss_and_gradient(&params, &pixels, 1.0, HYLA_STORE, NULL, &same, out));
    CHECK(value == same);
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    parameters();
    values();
    soft_bce();
    return finish("law_focal");
}
