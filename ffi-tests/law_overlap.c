/* hyla_iou_... and hyla_tversky_...: the whole law, parameters out of range, ranges, notices, and values. */
#include <math.h>

#include "law.h"

/* The range may be NULL: only minmax needs one, of which `ranges` below asks. */
#define FAMILY(node, NODE)                                                                                             \
    static void fill_##node(struct arguments *arguments) {                                                             \
        const hyla_pixels *pixels = pixels_of(arguments);                                                              \
        const hyla_##node##_params params = HYLA_##NODE##_PARAMS_DEFAULT;                                              \
        *(hyla_##node##_params *)arguments->at[PARAMS] = params;                                                       \
        CHECK_STATUS(HYLA_OK, hyla_##node##_update(&params, pixels, arguments->at[TOTALS], arguments->at[RANGE]));     \
        *(hyla_##node##_totals *)arguments->at[OTHER] = *(hyla_##node##_totals *)arguments->at[TOTALS];                \
    }                                                                                                                  \
    static const struct family node = {                                                                                \
        .sizes[PARAMS] = sizeof(hyla_##node##_params),                                                                 \
        .sizes[TOTALS] = sizeof(hyla_##node##_totals),                                                                 \
        .sizes[VALUE] = sizeof(double),                                                                                \
        .fill = fill_##node,                                                                                           \
    };                                                                                                                 \
    static hyla_status node##_update(const struct arguments *a) {                                                      \
        return hyla_##node##_update(a->at[PARAMS], a->at[PIXELS], a->at[TOTALS], a->at[RANGE]);                        \
    }                                                                                                                  \
    static hyla_status node##_merge(const struct arguments *a) {                                                       \
        return hyla_##node##_merge(a->at[OTHER], a->at[TOTALS]);                                                       \
    }                                                                                                                  \
    static hyla_status node##_normalize(const struct arguments *a) { return hyla_##node##_normalize(a->at[TOTALS]); }  \
    static hyla_status node##_loss(const struct arguments *a) {                                                        \
        return hyla_##node##_loss(a->at[PARAMS], a->at[TOTALS], a->at[RANGE], a->at[VALUE]);                           \
    }                                                                                                                  \
    static hyla_status node##_gradient(const struct arguments *a) {                                                    \
        return hyla_##node##_gradient(a->at[PARAMS], a->at[TOTALS], a->at[RANGE], a->at[PIXELS], 1.0, a->write,        \
                                      a->at[FLOATS]);                                                                  \
    }                                                                                                                  \
    static hyla_status node##_loss_and_gradient(const struct arguments *a) {                                           \
        return hyla_##node##_loss_and_gradient(a->at[PARAMS], a->at[PIXELS], 1.0, a->write, a->at[TOTALS],             \
                                               a->at[RANGE], a->at[VALUE], a->at[FLOATS]);                             \
    }
FAMILY(iou, IOU)
FAMILY(tversky, TVERSKY)

#define INPUTS (BIT(PARAMS) | BIT(PIXELS) | BIT(SCORES) | BIT(TARGETS) | BIT(VALID) | BIT(WEIGHTS))
#define OPTIONAL (BIT(VALID) | BIT(WEIGHTS))
/* The rows read as those of other families; a formatter takes the braces of a macro for those of code. */
// clang-format off
#define TABLE(node)                                                                                                    \
    {"hyla_" #node "_update", node##_update, &node, INPUTS, OPTIONAL | BIT(RANGE), BIT(TOTALS) | BIT(RANGE)},          \
    {"hyla_" #node "_merge", node##_merge, &node, BIT(OTHER), 0, BIT(TOTALS)},                                         \
    {"hyla_" #node "_normalize", node##_normalize, &node, 0, 0, BIT(TOTALS)},                                          \
    {"hyla_" #node "_loss", node##_loss, &node, BIT(PARAMS) | BIT(TOTALS) | BIT(RANGE), BIT(RANGE), BIT(VALUE)},       \
    {"hyla_" #node "_gradient", node##_gradient, &node, INPUTS | BIT(TOTALS) | BIT(RANGE), OPTIONAL | BIT(RANGE),      \
     BIT(FLOATS)},                                                                                                     \
    {"hyla_" #node "_loss_and_gradient", node##_loss_and_gradient, &node, INPUTS,                                      \
     OPTIONAL | BIT(TOTALS) | BIT(RANGE), BIT(TOTALS) | BIT(RANGE) | BIT(VALUE) | BIT(FLOATS)}
#define SOFT_INPUTS ((INPUTS & ~BIT(TARGETS)) | BIT(SOFT_TARGETS))
#define SOFT(node)                                                                                                     \
    {"hyla_" #node "_update, soft", node##_update, &node, SOFT_INPUTS, OPTIONAL | BIT(RANGE),                          \
     BIT(TOTALS) | BIT(RANGE)},                                                                                        \
    {"hyla_" #node "_gradient, soft", node##_gradient, &node, SOFT_INPUTS | BIT(TOTALS) | BIT(RANGE),                  \
     OPTIONAL | BIT(RANGE), BIT(FLOATS)},                                                                              \
    {"hyla_" #node "_loss_and_gradient, soft", node##_loss_and_gradient, &node, SOFT_INPUTS,                           \
     OPTIONAL | BIT(TOTALS) | BIT(RANGE), BIT(TOTALS) | BIT(RANGE) | BIT(VALUE) | BIT(FLOATS)}
// clang-format on
static const struct function functions[] = {TABLE(iou), TABLE(tversky), SOFT(iou), SOFT(tversky)};

static const float scores[4] = {1.0f, 0.5f, 0.0f, 0.25f};
static const uint8_t targets[4] = {255, 0, 0, 1};

static hyla_pixels four(void) {
    return (hyla_pixels){.scores = hyla_f32(scores), .targets = hyla_mask_u8(targets), .n = 4};
}

/* All functions refuse these in the same way, without writing anything. */
static void refused(hyla_status expected, const hyla_tversky_params *params, const hyla_pixels *pixels,
                    uint32_t write) {
    static const hyla_tversky_totals empty;
    static const hyla_range no_range;
    hyla_tversky_totals totals = {0};
    hyla_range range = {0};
    double loss = 42.0;
    float out[4] = {42.0f, 42.0f, 42.0f, 42.0f};
    if (write == HYLA_STORE) CHECK_STATUS(expected, hyla_tversky_update(params, pixels, &totals, &range));
    CHECK_STATUS(expected, hyla_tversky_gradient(params, &totals, &range, pixels, 1.0, write, out));
    CHECK_STATUS(expected, hyla_tversky_loss_and_gradient(params, pixels, 1.0, write, &totals, &range, &loss, out));
    CHECK(loss == 42.0 && memcmp(&totals, &empty, sizeof totals) == 0 && memcmp(&range, &no_range, sizeof range) == 0);
    for (int i = 0; i < 4; ++i) CHECK(out[i] == 42.0f);
}

static void parameters(void) {
    const hyla_pixels pixels = four();
    const float bad[] = {NAN, INFINITY, -INFINITY, -1.0f};
    hyla_tversky_params params;
    for (int i = 0; i < 4; ++i) {
        const struct {
            hyla_status error;
            size_t field;
        } fields[] = {{HYLA_ERROR_WEIGHT, offsetof(hyla_tversky_params, weight)},
                      {HYLA_ERROR_SMOOTH, offsetof(hyla_tversky_params, smooth)},
                      {HYLA_ERROR_BALANCE, offsetof(hyla_tversky_params, false_positives)},
                      {HYLA_ERROR_BALANCE, offsetof(hyla_tversky_params, false_negatives)},
                      {HYLA_ERROR_GAMMA, offsetof(hyla_tversky_params, gamma)}};
        for (size_t field = 0; field < sizeof fields / sizeof *fields; ++field) {
            if (field == 0 && i == 3) continue; /* a weight may be negative */
            params = hyla_tversky_params_default();
            memcpy((char *)&params + fields[field].field, &bad[i], sizeof bad[i]);
            refused(fields[field].error, &params, &pixels, HYLA_STORE);
        }
    }
    params = hyla_tversky_params_default();
    refused(HYLA_ERROR_UNKNOWN_WRITE, &params, &pixels, 2);
    params.normalization = 3;
    refused(HYLA_ERROR_UNKNOWN_NORMALIZATION, &params, &pixels, HYLA_STORE);
    params = hyla_tversky_params_default();
    params.boundary = 2;
    refused(HYLA_ERROR_UNKNOWN_OPTION, &params, &pixels, HYLA_STORE);
    params = hyla_tversky_params_default();
    params.empty_target = 3;
    refused(HYLA_ERROR_UNKNOWN_OPTION, &params, &pixels, HYLA_STORE);

    params = hyla_tversky_params_default();
    hyla_pixels two_kinds = pixels, none = pixels;
    two_kinds.soft_targets = hyla_f32(scores);
    refused(HYLA_ERROR_UNSUPPORTED_INPUT, &params, &two_kinds, HYLA_STORE);
    none.targets = hyla_mask_u8(NULL);
    refused(HYLA_ERROR_NULL_POINTER, &params, &none, HYLA_STORE);

    const hyla_iou_params plain = HYLA_IOU_PARAMS_DEFAULT;
    hyla_iou_params made;
    CHECK_STATUS(HYLA_OK, hyla_iou_params_init(&made, sizeof made));
    CHECK(memcmp(&made, &plain, sizeof made) == 0 && hyla_iou_totals_size() == sizeof(hyla_iou_totals));
    hyla_tversky_params other;
    params = hyla_tversky_params_default();
    CHECK_STATUS(HYLA_OK, hyla_tversky_params_init(&other, sizeof other));
    CHECK(memcmp(&other, &params, sizeof other) == 0 && hyla_tversky_totals_size() == sizeof(hyla_tversky_totals));
}

static void ranges(void) {
    const hyla_pixels pixels = four();
    hyla_iou_params params = HYLA_IOU_PARAMS_DEFAULT;
    hyla_iou_totals totals = {0};
    hyla_range range = {0}, untouched = {0};
    double loss = 42.0;
    float out[4] = {42.0f, 42.0f, 42.0f, 42.0f};
    /* Only minmax needs and touches a range. */
    CHECK_STATUS(HYLA_OK, hyla_iou_update(&params, &pixels, &totals, NULL));
    CHECK_STATUS(HYLA_OK, hyla_iou_update(&params, &pixels, &totals, &range));
    CHECK(memcmp(&range, &untouched, sizeof range) == 0);
    CHECK_STATUS(HYLA_OK, hyla_iou_loss(&params, &totals, NULL, &loss));
    params.normalization = HYLA_NORMALIZATION_MINMAX;
    loss = 42.0;
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_iou_loss(&params, &totals, &range, &loss));
    totals = (hyla_iou_totals){0};
    CHECK_STATUS(HYLA_ERROR_RANGE_MISSING, hyla_iou_update(&params, &pixels, &totals, NULL));
    CHECK_STATUS(HYLA_OK, hyla_iou_update(&params, &pixels, &totals, &range));
    CHECK_STATUS(HYLA_ERROR_RANGE_MISSING, hyla_iou_loss(&params, &totals, NULL, &loss));
    CHECK_STATUS(HYLA_ERROR_RANGE_MISSING, hyla_iou_loss(&params, &totals, &untouched, &loss));
    CHECK_STATUS(HYLA_ERROR_RANGE_MISSING,
                 hyla_iou_gradient(&params, &totals, &untouched, &pixels, 1.0, HYLA_STORE, out));
    CHECK(loss == 42.0 && out[0] == 42.0f);
    CHECK_STATUS(HYLA_OK, hyla_iou_loss(&params, &totals, &range, &loss));
    CHECK(fabs(loss - (1.0 - (1.25 + 1e-6) / (1.75 + 2.0 - 1.25 + 1e-6))) < 1e-5);
}

static void values(void) {
    hyla_pixels pixels = four();
    hyla_iou_params params = HYLA_IOU_PARAMS_DEFAULT;
    double loss = 0.0;
    float out[4];
    params.normalization = HYLA_NORMALIZATION_CLAMP;
    params.boundary = HYLA_BOUNDARY_PASS;
    params.smooth = 0.5f;
    /* I = 1.25, U = 1.75 + 2 - 1.25 = 2.5; L = 1 - 1.75 / 3. */
    CHECK_STATUS(HYLA_OK, hyla_iou_loss_and_gradient(&params, &pixels, 9.0, HYLA_STORE, NULL, NULL, &loss, out));
    CHECK(fabs(loss - (1.0 - 1.75 / 3.0)) < 1e-15);
    CHECK(fabsf(out[0] + 3.0f) < 1e-6f && fabsf(out[1] - 1.75f) < 1e-6f && out[2] == out[1] && out[3] == out[0]);
    CHECK_STATUS(HYLA_OK, hyla_iou_loss_and_gradient(&params, &pixels, 9.0, HYLA_ADD, NULL, NULL, &loss, out));
    CHECK(fabsf(out[0] + 6.0f) < 1e-6f);
    const float soft[4] = {1.0f, 0.0f, 0.0f, 1.0f}, bad[4] = {1.0f, 0.0f, NAN, 1.5f};
    hyla_pixels with_soft = pixels;
    float same[4];
    double same_loss = 0.0;
    with_soft.targets = hyla_mask_u8(NULL);
    with_soft.soft_targets = hyla_f32(soft);
    CHECK_STATUS(HYLA_OK, hyla_iou_loss_and_gradient(&params, &pixels, 9.0, HYLA_STORE, NULL, NULL, &loss, out));
    CHECK_STATUS(HYLA_OK,
                 hyla_iou_loss_and_gradient(&params, &with_soft, 9.0, HYLA_STORE, NULL, NULL, &same_loss, same));
    CHECK(loss == same_loss && memcmp(out, same, sizeof out) == 0);
    with_soft.soft_targets = hyla_f32(bad);
    hyla_iou_totals totals = {0};
    CHECK_STATUS(HYLA_NOTICE_REJECTED,
                 hyla_iou_loss_and_gradient(&params, &with_soft, 1.0, HYLA_STORE, &totals, NULL, &loss, out));
    CHECK(totals.pixels == 2 && totals.rejected == 2 && out[2] == 0.0f && out[3] == 0.0f);
    /* Without positive targets. */
    const uint8_t normal[4] = {0, 0, 0, 0};
    pixels.targets = hyla_mask_u8(normal);
    CHECK_STATUS(HYLA_NOTICE_NO_POSITIVES,
                 hyla_iou_loss_and_gradient(&params, &pixels, 1.0, HYLA_STORE, NULL, NULL, &loss, out));
    CHECK(loss > 0.0 && out[0] > 0.0f);
    params.empty_target = HYLA_EMPTY_TARGET_SKIP;
    CHECK_STATUS(HYLA_NOTICE_NO_POSITIVES | HYLA_NOTICE_EMPTY,
                 hyla_iou_loss_and_gradient(&params, &pixels, 1.0, HYLA_STORE, NULL, NULL, &loss, out));
    CHECK(loss == 0.0 && out[0] == 0.0f);
    params.empty_target = HYLA_EMPTY_TARGET_ZERO;
    CHECK_STATUS(HYLA_NOTICE_NO_POSITIVES,
                 hyla_iou_loss_and_gradient(&params, &pixels, 1.0, HYLA_STORE, NULL, NULL, &loss, out));
    CHECK(loss == 0.0 && out[0] == 0.0f);
}

/* Adding words anywhere, then normalize, is merging. */
static void addition_of_words(void) {
    const hyla_pixels pixels = four();
    const hyla_iou_params params = HYLA_IOU_PARAMS_DEFAULT;
    hyla_iou_totals one = {0}, sum = {0}, merged = {0};
    CHECK_STATUS(HYLA_OK, hyla_iou_update(&params, &pixels, &one, NULL));
    int64_t *const words = (int64_t *)(void *)&sum;
    const int64_t *const more = (const int64_t *)(const void *)&one;
    for (int time = 0; time < 100; ++time) {
        for (size_t word = 0; word < sizeof one / sizeof *words; ++word)
            words[word] = (int64_t)((uint64_t)words[word] + (uint64_t)more[word]);
        CHECK_STATUS(HYLA_OK, hyla_iou_merge(&one, &merged));
    }
    CHECK_STATUS(HYLA_OK, hyla_iou_normalize(&sum));
    CHECK(memcmp(&sum, &merged, sizeof sum) == 0);
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    parameters();
    ranges();
    values();
    addition_of_words();
    return finish("law_overlap");
}
