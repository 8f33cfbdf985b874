/* hyla_cross_entropy_... and hyla_dice_...: the whole law, parameters out of range, labels, notices, and values. */
#include <math.h>

#include "law.h"

static void fill_entropy(struct arguments *arguments) {
    const hyla_cross_entropy_params params = HYLA_CROSS_ENTROPY_PARAMS_DEFAULT;
    const hyla_cube *cube = cube_of(arguments);
    *(hyla_cross_entropy_params *)arguments->at[PARAMS] = params;
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_update(&params, cube, NULL, arguments->at[TOTALS]));
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_update(&params, cube, NULL, arguments->at[OTHER]));
}

static void fill_dice(struct arguments *arguments) {
    const hyla_dice_params params = HYLA_DICE_PARAMS_DEFAULT;
    const hyla_cube *cube = cube_of(arguments);
    *(hyla_dice_params *)arguments->at[PARAMS] = params;
    CHECK_STATUS(HYLA_OK, hyla_dice_update(&params, cube, arguments->at[TOTALS]));
    CHECK_STATUS(HYLA_OK, hyla_dice_update(&params, cube, arguments->at[OTHER]));
}

enum { VALUES_BYTES = LAW_PIXELS * LAW_CHANNELS * sizeof(float) };
static const struct family entropy = {
    .sizes[PARAMS] = sizeof(hyla_cross_entropy_params),
    .sizes[TOTALS] = sizeof(hyla_cross_entropy_totals),
    .sizes[VALUE] = sizeof(double),
    .fill = fill_entropy,
    .sizes[FLOATS] = VALUES_BYTES,
};
static const struct family dice = {
    .sizes[PARAMS] = sizeof(hyla_dice_params),
    .sizes[TOTALS] = LAW_CHANNELS * sizeof(hyla_dice_totals),
    .sizes[VALUE] = sizeof(double),
    .fill = fill_dice,
    .sizes[FLOATS] = VALUES_BYTES,
};

/* The class weights lie where other functions have a center. */
static hyla_status entropy_update(const struct arguments *a) {
    return hyla_cross_entropy_update(a->at[PARAMS], a->at[CUBE], a->at[CENTER], a->at[TOTALS]);
}
static hyla_status entropy_merge(const struct arguments *a) {
    return hyla_cross_entropy_merge(a->at[OTHER], a->at[TOTALS]);
}
static hyla_status entropy_normalize(const struct arguments *a) { return hyla_cross_entropy_normalize(a->at[TOTALS]); }
static hyla_status entropy_loss(const struct arguments *a) {
    return hyla_cross_entropy_loss(a->at[PARAMS], a->at[TOTALS], a->at[VALUE]);
}
static hyla_status entropy_map(const struct arguments *a) {
    return hyla_cross_entropy_map(a->at[PARAMS], a->at[CUBE], a->at[CENTER], a->at[MAP]);
}
static hyla_status entropy_gradient(const struct arguments *a) {
    return hyla_cross_entropy_gradient(a->at[PARAMS], a->at[TOTALS], a->at[CUBE], a->at[CENTER], 1.0, a->write,
                                       a->at[FLOATS]);
}
static hyla_status entropy_both(const struct arguments *a) {
    return hyla_cross_entropy_loss_and_gradient(a->at[PARAMS], a->at[CUBE], a->at[CENTER], 1.0, a->write, a->at[TOTALS],
                                                a->at[VALUE], a->at[FLOATS]);
}
static hyla_status dice_update(const struct arguments *a) {
    return hyla_dice_update(a->at[PARAMS], a->at[CUBE], a->at[TOTALS]);
}
static hyla_status dice_merge(const struct arguments *a) {
    return hyla_dice_merge(a->at[OTHER], a->at[TOTALS], LAW_CHANNELS);
}
static hyla_status dice_normalize(const struct arguments *a) {
    return hyla_dice_normalize(a->at[TOTALS], LAW_CHANNELS);
}
static hyla_status dice_loss(const struct arguments *a) {
    return hyla_dice_loss(a->at[PARAMS], a->at[TOTALS], LAW_CHANNELS, a->at[VALUE]);
}
static hyla_status dice_gradient(const struct arguments *a) {
    return hyla_dice_gradient(a->at[PARAMS], a->at[TOTALS], a->at[CUBE], 1.0, a->write, a->at[FLOATS]);
}
static hyla_status dice_both(const struct arguments *a) {
    return hyla_dice_loss_and_gradient(a->at[PARAMS], a->at[CUBE], 1.0, a->write, a->at[TOTALS], a->at[OTHER],
                                       a->at[VALUE], a->at[FLOATS]);
}

#define INPUTS (BIT(PARAMS) | BIT(CUBE) | BIT(VALUES) | BIT(LABELS) | BIT(VALID) | BIT(WEIGHTS))
#define OPTIONAL (BIT(VALID) | BIT(WEIGHTS))
#define WEIGHTED BIT(CENTER)
static const struct function functions[] = {
    {"hyla_cross_entropy_update", entropy_update, &entropy, INPUTS | WEIGHTED, OPTIONAL | WEIGHTED, BIT(TOTALS)},
    {"hyla_cross_entropy_merge", entropy_merge, &entropy, BIT(OTHER), 0, BIT(TOTALS)},
    {"hyla_cross_entropy_normalize", entropy_normalize, &entropy, 0, 0, BIT(TOTALS)},
    {"hyla_cross_entropy_loss", entropy_loss, &entropy, BIT(PARAMS) | BIT(TOTALS), 0, BIT(VALUE)},
    {"hyla_cross_entropy_map", entropy_map, &entropy, INPUTS | WEIGHTED, OPTIONAL | WEIGHTED, BIT(MAP)},
    {"hyla_cross_entropy_gradient", entropy_gradient, &entropy, INPUTS | WEIGHTED | BIT(TOTALS), OPTIONAL | WEIGHTED,
     BIT(FLOATS)},
    {"hyla_cross_entropy_loss_and_gradient", entropy_both, &entropy, INPUTS | WEIGHTED,
     OPTIONAL | WEIGHTED | BIT(TOTALS), BIT(TOTALS) | BIT(VALUE) | BIT(FLOATS)},
    {"hyla_dice_update", dice_update, &dice, INPUTS, OPTIONAL, BIT(TOTALS)},
    {"hyla_dice_merge", dice_merge, &dice, BIT(OTHER), 0, BIT(TOTALS)},
    {"hyla_dice_normalize", dice_normalize, &dice, 0, 0, BIT(TOTALS)},
    {"hyla_dice_loss", dice_loss, &dice, BIT(PARAMS) | BIT(TOTALS), 0, BIT(VALUE)},
    {"hyla_dice_gradient", dice_gradient, &dice, INPUTS | BIT(TOTALS), OPTIONAL, BIT(FLOATS)},
    {"hyla_dice_loss_and_gradient", dice_both, &dice, INPUTS, OPTIONAL | BIT(TOTALS),
     BIT(TOTALS) | BIT(OTHER) | BIT(VALUE) | BIT(FLOATS)},
};

/* Four pixels of two classes, at even odds. */
static const float zeros[8];
static const int32_t labels[4] = {0, 1, 1, 0};

static hyla_cube four(void) {
    return (hyla_cube){
        .values = hyla_bip(hyla_f32(zeros), 2), .labels = hyla_i32(labels), .n = 4, .channels = 2};
}

static void refused_entropy(hyla_status expected, const hyla_cross_entropy_params *params, const hyla_cube *cube,
                            const float *weights, uint32_t write) {
    static const hyla_cross_entropy_totals empty;
    hyla_cross_entropy_totals totals = {0};
    double loss = 42.0;
    float out[8] = {42.0f};
    if (write == HYLA_STORE) {
        CHECK_STATUS(expected, hyla_cross_entropy_update(params, cube, weights, &totals));
        CHECK_STATUS(expected, hyla_cross_entropy_map(params, cube, weights, out));
    }
    CHECK_STATUS(expected, hyla_cross_entropy_gradient(params, &totals, cube, weights, 1.0, write, out));
    CHECK_STATUS(expected,
                 hyla_cross_entropy_loss_and_gradient(params, cube, weights, 1.0, write, &totals, &loss, out));
    CHECK(loss == 42.0 && out[0] == 42.0f && out[1] == 0.0f && memcmp(&totals, &empty, sizeof totals) == 0);
}

static void refused_dice(hyla_status expected, const hyla_dice_params *params, const hyla_cube *cube, uint32_t write) {
    static const hyla_dice_totals empty[2];
    hyla_dice_totals totals[2], batch[2];
    double loss = 42.0;
    float out[8] = {42.0f};
    memset(totals, 0, sizeof totals);
    memset(batch, 0, sizeof batch);
    if (write == HYLA_STORE) CHECK_STATUS(expected, hyla_dice_update(params, cube, totals));
    CHECK_STATUS(expected, hyla_dice_gradient(params, totals, cube, 1.0, write, out));
    CHECK_STATUS(expected, hyla_dice_loss_and_gradient(params, cube, 1.0, write, totals, batch, &loss, out));
    CHECK(loss == 42.0 && out[0] == 42.0f && out[1] == 0.0f && memcmp(totals, empty, sizeof totals) == 0);
    CHECK(memcmp(batch, empty, sizeof batch) == 0);
}

static void parameters(void) {
    const hyla_cross_entropy_params plain = HYLA_CROSS_ENTROPY_PARAMS_DEFAULT;
    const hyla_dice_params other = HYLA_DICE_PARAMS_DEFAULT;
    const float bad[] = {NAN, INFINITY, -INFINITY, -1.0f};
    hyla_cube cube = four();
    hyla_cross_entropy_params params, made;
    hyla_dice_params dice_params, dice_made;
    CHECK_STATUS(HYLA_OK, hyla_cross_entropy_params_init(&made, sizeof made));
    CHECK(memcmp(&made, &plain, sizeof made) == 0 &&
          hyla_cross_entropy_totals_size() == sizeof(hyla_cross_entropy_totals));
    CHECK_STATUS(HYLA_OK, hyla_dice_params_init(&dice_made, sizeof dice_made));
    CHECK(memcmp(&dice_made, &other, sizeof other) == 0 && hyla_dice_totals_size() == sizeof(hyla_dice_totals));
    for (int i = 0; i < 4; ++i) {
        const float weights[2] = {1.0f, bad[i]};
        refused_entropy(HYLA_ERROR_CLASS_WEIGHT, &plain, &cube, weights, HYLA_STORE);
        params = plain;
        params.label_smoothing = bad[i];
        refused_entropy(HYLA_ERROR_LABEL_SMOOTHING, &params, &cube, NULL, HYLA_STORE);
        dice_params = other;
        dice_params.eps = bad[i];
        refused_dice(HYLA_ERROR_EPSILON, &dice_params, &cube, HYLA_STORE);
        if (i == 3) continue; /* a weight may be negative */
        params = plain;
        params.weight = bad[i];
        refused_entropy(HYLA_ERROR_WEIGHT, &params, &cube, NULL, HYLA_STORE);
        dice_params = other;
        dice_params.weight = bad[i];
        refused_dice(HYLA_ERROR_WEIGHT, &dice_params, &cube, HYLA_STORE);
    }
    params = plain;
    params.reduction = 4;
    refused_entropy(HYLA_ERROR_UNKNOWN_REDUCTION, &params, &cube, NULL, HYLA_STORE);
    params = plain;
    params.has_ignore_index = 2;
    refused_entropy(HYLA_ERROR_UNKNOWN_OPTION, &params, &cube, NULL, HYLA_STORE);
    uint32_t *const options[] = {&dice_params.include_background, &dice_params.has_ignore_index, &dice_params.absent};
    for (int i = 0; i < 3; ++i) {
        dice_params = other;
        *options[i] = 2;
        refused_dice(HYLA_ERROR_UNKNOWN_OPTION, &dice_params, &cube, HYLA_STORE);
    }
    refused_entropy(HYLA_ERROR_UNKNOWN_WRITE, &plain, &cube, NULL, 2);
    refused_dice(HYLA_ERROR_UNKNOWN_WRITE, &other, &cube, 2);
    cube.values.plane.stride = 1;
    refused_entropy(HYLA_ERROR_STRIDES, &plain, &cube, NULL, HYLA_STORE);
    refused_dice(HYLA_ERROR_STRIDES, &other, &cube, HYLA_STORE);
    cube = four();
    cube.channels = 0;
    refused_entropy(HYLA_ERROR_CHANNELS, &plain, &cube, NULL, HYLA_STORE);
    refused_dice(HYLA_ERROR_CHANNELS, &other, &cube, HYLA_STORE);
    cube.channels = 1;
    refused_entropy(HYLA_ERROR_CHANNELS, &plain, &cube, NULL, HYLA_STORE);
    cube = four();
    cube.labels = hyla_i32(NULL);
    refused_entropy(HYLA_ERROR_NULL_POINTER, &plain, &cube, NULL, HYLA_STORE);
    refused_dice(HYLA_ERROR_NULL_POINTER, &other, &cube, HYLA_STORE);
}

static void values(void) {
    const double ln2 = 0.69314718055994531;
    hyla_cube cube = four();
    hyla_cross_entropy_params params = HYLA_CROSS_ENTROPY_PARAMS_DEFAULT;
    hyla_cross_entropy_totals totals = {0};
    double loss = 0.0;
    float out[8];
    CHECK_STATUS(HYLA_OK,
                 hyla_cross_entropy_loss_and_gradient(&params, &cube, NULL, 4.0, HYLA_STORE, &totals, &loss, out));
    CHECK(fabs(loss / ln2 - 1.0) < 1e-7 && totals.pixels == 4);
    CHECK(out[0] == -0.5f && out[1] == 0.5f && out[2] == 0.5f && out[3] == -0.5f);
    const float weights[2] = {3.0f, 1.0f};
    CHECK_STATUS(HYLA_OK,
                 hyla_cross_entropy_loss_and_gradient(&params, &cube, weights, 8.0, HYLA_STORE, NULL, &loss, out));
    CHECK(fabs(loss / ln2 - 1.0) < 1e-7 && out[0] == -1.5f && out[3] == -0.5f);
    params.reduction = HYLA_REDUCTION_MEAN;
    CHECK_STATUS(HYLA_OK,
                 hyla_cross_entropy_loss_and_gradient(&params, &cube, weights, 1.0, HYLA_STORE, NULL, &loss, out));
    CHECK(fabs(loss / (2.0 * ln2) - 1.0) < 1e-7);
    params.weight = 2.0f;
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_cross_entropy_loss(&params, &totals, &loss));
    params = hyla_cross_entropy_params_default();
    params.reduction = HYLA_REDUCTION_NONE;
    CHECK_STATUS(HYLA_ERROR_NO_SCALAR, hyla_cross_entropy_loss(&params, &totals, &loss));

    /* One label is ignored, one is no class. */
    const int32_t odd[4] = {0, -100, 7, 1};
    cube.labels = hyla_i32(odd);
    params = hyla_cross_entropy_params_default();
    totals = (hyla_cross_entropy_totals){0};
    CHECK_STATUS(HYLA_NOTICE_REJECTED,
                 hyla_cross_entropy_loss_and_gradient(&params, &cube, NULL, 1.0, HYLA_STORE, &totals, &loss, out));
    CHECK(totals.pixels == 2 && totals.rejected == 1 && out[2] == 0.0f && out[4] == 0.0f);

    /* At even odds dice is (2 + 2 eps...) / (2 + 2): one half for each class. */
    hyla_dice_params dice_params = HYLA_DICE_PARAMS_DEFAULT;
    hyla_dice_totals classes[2], swapped[2];
    dice_params.eps = 0.0f;
    cube.labels = hyla_i32(labels);
    CHECK_STATUS(HYLA_OK, hyla_dice_loss_and_gradient(&dice_params, &cube, 1.0, HYLA_STORE, NULL, classes, &loss, out));
    CHECK(fabs(loss - 0.5) < 1e-7 && classes[0].pixels == 4 && out[0] < 0.0f && out[0] == -out[1]);
    /* The totals of the batch are stored, and added to others, as of all losses. */
    hyla_dice_totals twice[2], sum[2], batch[2];
    memset(sum, 0, sizeof sum);
    memset(twice, 0, sizeof twice);
    for (int time = 0; time < 2; ++time) {
        memset(batch, 0xa5, sizeof batch);
        CHECK_STATUS(HYLA_OK,
                     hyla_dice_loss_and_gradient(&dice_params, &cube, 1.0, HYLA_STORE, sum, batch, &loss, out));
        CHECK(fabs(loss - 0.5) < 1e-7 && memcmp(batch, classes, sizeof batch) == 0);
        CHECK_STATUS(HYLA_OK, hyla_dice_merge(classes, twice, 2));
    }
    CHECK(memcmp(sum, twice, sizeof sum) == 0 && sum[0].pixels == 8);
    swapped[0] = classes[1];
    swapped[1] = classes[0];
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_dice_loss(&dice_params, swapped, 2, &loss));
    CHECK_STATUS(HYLA_ERROR_CHANNELS, hyla_dice_loss(&dice_params, NULL, 0, &loss));
    const hyla_cube nothing = {.channels = 2};
    CHECK_STATUS(HYLA_NOTICE_EMPTY,
                 hyla_dice_loss_and_gradient(&dice_params, &nothing, 1.0, HYLA_STORE, NULL, classes, &loss, NULL));
    CHECK(loss == 0.0);
}

/* Adding words anywhere, then normalize, is merging. */
static void addition_of_words(void) {
    const hyla_dice_params params = HYLA_DICE_PARAMS_DEFAULT;
    const hyla_cube cube = four();
    hyla_dice_totals one[2], sum[2], merged[2];
    memset(one, 0, sizeof one);
    memset(sum, 0, sizeof sum);
    memset(merged, 0, sizeof merged);
    CHECK_STATUS(HYLA_OK, hyla_dice_update(&params, &cube, one));
    int64_t *const words = (int64_t *)(void *)sum;
    const int64_t *const more = (const int64_t *)(const void *)one;
    for (int time = 0; time < 100; ++time) {
        for (size_t word = 0; word < sizeof one / (sizeof(int64_t)); ++word)
            words[word] = (int64_t)((uint64_t)words[word] + (uint64_t)more[word]);
        CHECK_STATUS(HYLA_OK, hyla_dice_merge(one, merged, 2));
    }
    CHECK_STATUS(HYLA_OK, hyla_dice_normalize(sum, 2));
    CHECK(memcmp(sum, merged, sizeof sum) == 0);
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    parameters();
    values();
    addition_of_words();
    return finish("law_classes");
}
