/* hyla_bce_...: parameters out of range, notices, and the rules about values. */
#include <math.h>
#include <stddef.h>

#include "check.h"

enum { N = 37 };
static float logits[N], weights[N];
static uint8_t targets[N], valid[N];

static hyla_pixels all(void) {
    return (hyla_pixels){.scores = hyla_f32(logits),
                         .targets = hyla_mask_u8(targets),
                         .valid = hyla_mask_u8(valid),
                         .weights = hyla_f32(weights),
                         .n = N};
}

/* Logits of both signs and classes, everything valid, weight 1. */
static void reset(void) {
    for (int i = 0; i < N; ++i) {
        logits[i] = (float)(i - 15) * 0.3f;
        weights[i] = 1.0f;
        targets[i] = i % 3 == 0;
        valid[i] = 1;
    }
}

/* All functions with params refuse these, in the same way and without writing anything. */
static void refused(hyla_status expected, const hyla_bce_params *params, const hyla_pixels *pixels, uint32_t write) {
    static const hyla_bce_totals empty;
    hyla_bce_totals totals = {0};
    double loss = 42.0;
    float out[N], before[N];
    for (int i = 0; i < N; ++i) out[i] = before[i] = 42.0f;
    if (write == HYLA_STORE || write == HYLA_ADD) {
        CHECK_STATUS(expected, hyla_bce_update(params, pixels, &totals));
        CHECK_STATUS(expected, hyla_bce_map(params, pixels, out));
        if (pixels->soft_targets.data == NULL) CHECK_STATUS(expected, hyla_bce_loss(params, &totals, &loss));
    }
    CHECK_STATUS(expected, hyla_bce_gradient(params, &totals, pixels, 1.0, write, out));
    CHECK_STATUS(expected, hyla_bce_loss_and_gradient(params, pixels, 1.0, write, &totals, &loss, out));
    CHECK_STATUS(expected, hyla_bce_loss_and_gradient(params, pixels, 1.0, write, NULL, &loss, out));
    CHECK(loss == 42.0);
    CHECK(memcmp(&totals, &empty, sizeof totals) == 0);
    CHECK(memcmp(out, before, sizeof out) == 0);
}

static void parameters(void) {
    const hyla_pixels pixels = all();
    const float not_finite[] = {NAN, -NAN, INFINITY, -INFINITY},
                bad_pos_weight[] = {NAN, INFINITY, -INFINITY, -1.0f, -1e-45f};
    hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    for (size_t i = 0; i < 4; ++i) {
        params.weight = not_finite[i];
        refused(HYLA_ERROR_WEIGHT, &params, &pixels, HYLA_STORE);
    }
    params = hyla_bce_params_default();
    for (size_t i = 0; i < 5; ++i) {
        params.pos_weight = bad_pos_weight[i];
        refused(HYLA_ERROR_POS_WEIGHT, &params, &pixels, HYLA_STORE);
    }
    const uint32_t unknown_reductions[] = {4, 5, 256, UINT32_MAX}, unknown_writes[] = {2, 3, 256, UINT32_MAX};
    params = hyla_bce_params_default();
    for (size_t i = 0; i < 4; ++i) {
        params.reduction = unknown_reductions[i];
        refused(HYLA_ERROR_UNKNOWN_REDUCTION, &params, &pixels, HYLA_STORE);
    }
    params = hyla_bce_params_default();
    for (size_t i = 0; i < 4; ++i) refused(HYLA_ERROR_UNKNOWN_WRITE, &params, &pixels, unknown_writes[i]);

    hyla_pixels soft = pixels;
    soft.soft_targets = hyla_f32(weights);
    refused(HYLA_ERROR_UNSUPPORTED_INPUT, &params, &soft, HYLA_STORE);

    /* At the ends of their ranges. */
    const float good[] = {0.0f, -0.0f, -3.0f, 3.402823466e38f, 1e-45f};
    for (size_t i = 0; i < 5; ++i) {
        hyla_bce_totals totals = {0};
        params = hyla_bce_params_default();
        params.weight = good[i];
        params.pos_weight = fabsf(good[i]);
        CHECK_STATUS(HYLA_OK, hyla_bce_update(&params, &pixels, &totals));
    }
}

static void no_scalar(void) {
    const hyla_pixels pixels = all();
    hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    hyla_bce_totals totals = {0}, before = {0};
    double loss = 42.0;
    float out[N], untouched[N];
    for (int i = 0; i < N; ++i) out[i] = untouched[i] = 42.0f;
    params.reduction = HYLA_REDUCTION_NONE;
    CHECK_STATUS(HYLA_ERROR_NO_SCALAR, hyla_bce_loss(&params, &totals, &loss));
    CHECK_STATUS(HYLA_ERROR_NO_SCALAR,
                 hyla_bce_loss_and_gradient(&params, &pixels, 1.0, HYLA_STORE, &totals, &loss, out));
    CHECK(loss == 42.0 && memcmp(out, untouched, sizeof out) == 0 && memcmp(&totals, &before, sizeof totals) == 0);

    /* Each entry's own gradient: what the sum has. */
    float of_sum[N];
    CHECK_STATUS(HYLA_OK, hyla_bce_update(&params, &pixels, &totals));
    CHECK_STATUS(HYLA_OK, hyla_bce_gradient(&params, &totals, &pixels, 1.0, HYLA_STORE, out));
    params.reduction = HYLA_REDUCTION_SUM;
    CHECK_STATUS(HYLA_OK, hyla_bce_gradient(&params, &totals, &pixels, 1.0, HYLA_STORE, of_sum));
    CHECK(memcmp(out, of_sum, sizeof out) == 0);
}

/* Totals know the weight and pos_weight of their terms; the reduction may change at any time. */
static void mixed_totals(void) {
    const hyla_pixels pixels = all();
    const hyla_bce_params plain = HYLA_BCE_PARAMS_DEFAULT;
    hyla_bce_params other = plain;
    hyla_bce_totals totals = {0}, others = {0};
    double loss = 42.0;
    float out[N], before[N];
    for (int i = 0; i < N; ++i) out[i] = before[i] = 42.0f;
    CHECK_STATUS(HYLA_OK, hyla_bce_update(&plain, &pixels, &totals));
    for (int which = 0; which < 2; ++which) {
        *(which == 0 ? &other.weight : &other.pos_weight) = 2.0f;
        CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_bce_loss(&other, &totals, &loss));
        CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_bce_gradient(&other, &totals, &pixels, 1.0, HYLA_STORE, out));
        others = (hyla_bce_totals){0};
        CHECK_STATUS(HYLA_OK, hyla_bce_update(&other, &pixels, &others));
        CHECK_STATUS(HYLA_OK, hyla_bce_merge(&totals, &others));
        CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_bce_loss(&plain, &others, &loss));
        CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_bce_loss(&other, &others, &loss));
        CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_bce_gradient(&plain, &others, &pixels, 1.0, HYLA_ADD, out));
        other = plain;
    }
    CHECK(loss == 42.0 && memcmp(out, before, sizeof out) == 0);
    const uint32_t reductions[] = {HYLA_REDUCTION_MEAN, HYLA_REDUCTION_SUM, HYLA_REDUCTION_WEIGHTED_MEAN};
    for (size_t i = 0; i < 3; ++i) {
        other.reduction = reductions[i];
        CHECK_STATUS(HYLA_OK, hyla_bce_loss(&other, &totals, &loss));
    }
}

/* An array without items may lie anywhere, within another one as well. */
static void nowhere(void) {
    const hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    static hyla_bce_totals totals[2];
    float *const within = (float *)totals + 3;
    const hyla_pixels nothing = {.scores = hyla_f32(within), .targets = hyla_mask_u8((const uint8_t *)within)};
    CHECK(!HYLA_FAILED(hyla_bce_gradient(&params, totals, &nothing, 1.0, HYLA_STORE, within)));
    CHECK(!HYLA_FAILED(hyla_bce_update(&params, &nothing, totals)));
}

static void empty(void) {
    const hyla_pixels nothing = {0};
    hyla_pixels masked = all();
    const uint32_t reductions[] = {HYLA_REDUCTION_MEAN, HYLA_REDUCTION_SUM, HYLA_REDUCTION_WEIGHTED_MEAN};
    memset(valid, 0, sizeof valid);
    for (int i = 0; i < N; ++i) logits[i] = NAN;
    for (size_t i = 0; i < 3; ++i) {
        hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
        hyla_bce_totals totals = {0};
        double loss = 42.0;
        float out[N];
        params.reduction = reductions[i];
        CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_bce_loss(&params, &totals, &loss));
        CHECK(i == 1 ? loss == 0.0 : isnan(loss));
        CHECK_STATUS(HYLA_NOTICE_EMPTY,
                     hyla_bce_loss_and_gradient(&params, &nothing, 1.0, HYLA_STORE, NULL, &loss, NULL));
        CHECK(i == 1 ? loss == 0.0 : isnan(loss));
        CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_bce_gradient(&params, &totals, &nothing, 1.0, HYLA_STORE, NULL));
        CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_bce_map(&params, &nothing, NULL));
        for (int j = 0; j < N; ++j) out[j] = 42.0f;
        CHECK_STATUS(HYLA_NOTICE_EMPTY,
                     hyla_bce_loss_and_gradient(&params, &masked, 1.0, HYLA_ADD, &totals, &loss, out));
        for (int j = 0; j < N; ++j) CHECK(out[j] == 42.0f);
        CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_bce_gradient(&params, &totals, &masked, 1.0, HYLA_STORE, out));
        for (int j = 0; j < N; ++j) CHECK(out[j] == 0.0f);
        CHECK(i == 1 ? loss == 0.0 : isnan(loss));
    }
    reset();
}

static void not_finite(void) {
    const hyla_pixels pixels = all();
    const hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    float out[N];
    double loss = 0.0;
    logits[4] = NAN;
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE,
                 hyla_bce_loss_and_gradient(&params, &pixels, 1.0, HYLA_STORE, NULL, &loss, out));
    CHECK(isnan(loss) && isnan(out[4]) && !isnan(out[3]));
    /* An infinite logit costs nothing when it is right, and everything when it is wrong. */
    logits[4] = -INFINITY;
    logits[6] = INFINITY;
    CHECK(!targets[4] && targets[6]);
    CHECK_STATUS(HYLA_OK, hyla_bce_loss_and_gradient(&params, &pixels, 1.0, HYLA_STORE, NULL, &loss, out));
    CHECK(isfinite(loss) && out[4] == 0.0f && out[6] == 0.0f);
    CHECK_STATUS(HYLA_OK, hyla_bce_map(&params, &pixels, out));
    CHECK(out[4] == 0.0f && out[6] == 0.0f);
    logits[4] = INFINITY;
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE,
                 hyla_bce_loss_and_gradient(&params, &pixels, 1.0, HYLA_STORE, NULL, &loss, out));
    CHECK(isinf(loss) && loss > 0.0 && isfinite(out[4]) && out[4] > 0.0f);
    reset();
}

/* A bad weight makes a pixel as masked, with a notice; a weight of 0 switches its term off. */
static void rejected(void) {
    const float bad[] = {-1.0f, -1e-45f, NAN, -NAN, INFINITY, -INFINITY};
    const hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    const hyla_pixels pixels = all();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        hyla_bce_totals totals = {0}, masked = {0};
        double loss = 0.0, expected = 0.0;
        float out[N], expected_out[N];
        weights[5] = bad[i];
        logits[5] = NAN;
        CHECK_STATUS(HYLA_NOTICE_REJECTED,
                     hyla_bce_loss_and_gradient(&params, &pixels, 2.0, HYLA_STORE, &totals, &loss, out));
        CHECK(totals.rejected == 1 && totals.pixels == N - 1);
        valid[5] = 0;
        CHECK_STATUS(HYLA_OK,
                     hyla_bce_loss_and_gradient(&params, &pixels, 2.0, HYLA_STORE, &masked, &expected, expected_out));
        CHECK(masked.rejected == 0);
        masked.rejected = 1;
        CHECK(memcmp(&totals, &masked, sizeof totals) == 0);
        CHECK(loss == expected && memcmp(out, expected_out, sizeof out) == 0 && out[5] == 0.0f);
        CHECK_STATUS(HYLA_NOTICE_REJECTED, hyla_bce_loss(&params, &totals, &loss));
        CHECK_STATUS(HYLA_NOTICE_REJECTED, hyla_bce_gradient(&params, &totals, &pixels, 1.0, HYLA_STORE, out));
        reset();
    }
    hyla_bce_params weighted = params;
    weighted.reduction = HYLA_REDUCTION_WEIGHTED_MEAN;
    for (int i = 0; i < N; ++i) weights[i] = i % 2 == 0 ? 0.0f : -0.0f;
    logits[0] = NAN;
    double loss = 0.0;
    float out[N];
    CHECK_STATUS(HYLA_NOTICE_DEGENERATE,
                 hyla_bce_loss_and_gradient(&weighted, &pixels, 1.0, HYLA_STORE, NULL, &loss, out));
    CHECK(isnan(loss));
    for (int i = 0; i < N; ++i) CHECK(out[i] == 0.0f);
    CHECK_STATUS(HYLA_OK, hyla_bce_loss_and_gradient(&params, &pixels, 1.0, HYLA_STORE, NULL, &loss, out));
    CHECK(loss == 0.0);
    reset();
}

/* Values that are known: softplus(0) = ln 2, sigmoid(0) = 1/2, and how factors enter. */
static void values(void) {
    const float zero[4] = {0.0f, 0.0f, 0.0f, 0.0f}, twos[4] = {2.0f, 2.0f, 2.0f, 2.0f};
    const uint8_t labels[4] = {0, 1, 255, 0};
    const hyla_pixels pixels = {.scores = hyla_f32(zero), .targets = hyla_mask_u8(labels), .n = 4};
    hyla_pixels weighted = pixels;
    hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    const double ln2 = 0.6931471824645996; /* the float32 nearest to ln 2 */
    double loss = 0.0;
    float out[4] = {1.0f, 1.0f, 1.0f, 1.0f};
    CHECK_STATUS(HYLA_OK, hyla_bce_loss_and_gradient(&params, &pixels, 4.0, HYLA_STORE, NULL, &loss, out));
    CHECK(loss == ln2);
    CHECK(out[0] == 0.5f && out[1] == -0.5f && out[2] == -0.5f && out[3] == 0.5f);
    CHECK_STATUS(HYLA_OK, hyla_bce_loss_and_gradient(&params, &pixels, 4.0, HYLA_ADD, NULL, &loss, out));
    CHECK(out[0] == 1.0f && out[1] == -1.0f && out[2] == -1.0f && out[3] == 1.0f);
    weighted.weights = hyla_f32(twos);
    params.weight = -8.0f;
    params.pos_weight = 4.0f;
    params.reduction = HYLA_REDUCTION_SUM;
    CHECK_STATUS(HYLA_OK, hyla_bce_loss_and_gradient(&params, &weighted, 0.25, HYLA_STORE, NULL, &loss, out));
    CHECK(loss == -8.0 * 2.0 * (2.0 + 2.0 * 4.0) * ln2);
    CHECK(out[0] == -2.0f && out[1] == 8.0f);
    params.reduction = HYLA_REDUCTION_WEIGHTED_MEAN;
    CHECK_STATUS(HYLA_OK, hyla_bce_loss_and_gradient(&params, &weighted, 1.0, HYLA_STORE, NULL, &loss, out));
    CHECK(fabs(loss / (-8.0 * 2.5 * ln2) - 1.0) < 1e-15);
    /* The upstream factor is any double, and so follows IEEE 754. */
    CHECK_STATUS(HYLA_OK, hyla_bce_loss_and_gradient(&params, &weighted, 0.0, HYLA_STORE, NULL, &loss, out));
    CHECK(out[0] == 0.0f && out[1] == 0.0f);
    CHECK_STATUS(HYLA_OK, hyla_bce_loss_and_gradient(&params, &weighted, (double)NAN, HYLA_STORE, NULL, &loss, out));
    CHECK(isnan(out[0]) && isnan(out[1]) && !isnan(loss));
}

/* Adding words anywhere, then normalize, is merging. */
static void addition_of_words(void) {
    const hyla_pixels pixels = all();
    const hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    hyla_bce_totals one = {0}, sum = {0}, merged = {0};
    double loss = 0.0, expected = 0.0;
    CHECK_STATUS(HYLA_OK, hyla_bce_update(&params, &pixels, &one));
    int64_t *const words = (int64_t *)(void *)&sum;
    const int64_t *const more = (const int64_t *)(const void *)&one;
    for (int time = 0; time < 1000; ++time) {
        for (size_t word = 0; word < sizeof one / sizeof *words; ++word) {
            words[word] = (int64_t)((uint64_t)words[word] + (uint64_t)more[word]);
        }
        CHECK_STATUS(HYLA_OK, hyla_bce_merge(&one, &merged));
    }
    CHECK_STATUS(HYLA_OK, hyla_bce_loss(&params, &sum, &loss));
    CHECK_STATUS(HYLA_OK, hyla_bce_loss(&params, &merged, &expected));
    CHECK(loss == expected);
    CHECK_STATUS(HYLA_OK, hyla_bce_normalize(&sum));
    CHECK(memcmp(&sum, &merged, sizeof sum) == 0);
}

/* A program that was compiled before there was label smoothing hands over a shorter struct, behind which
 * anything may lie: every function does what the full struct with the default does. */
static void older_params(void) {
    struct older {
        uint32_t struct_size, reduction;
        float weight, pos_weight;
    };
    const struct {
        struct older params;
        float behind;
    } old = {{sizeof(struct older), HYLA_REDUCTION_SUM, 0.5f, 3.0f}, NAN};
    hyla_bce_params full = HYLA_BCE_PARAMS_DEFAULT;
    full.reduction = HYLA_REDUCTION_SUM;
    full.weight = 0.5f;
    full.pos_weight = 3.0f;
    const hyla_pixels pixels = all();
    const hyla_bce_params *const params[2] = {&full, (const hyla_bce_params *)(const void *)&old.params};
    CHECK(sizeof(struct older) == offsetof(hyla_bce_params, label_smoothing));
    static hyla_bce_totals totals[2], at_once[2];
    float maps[2][N], stored[2][N], fused[2][N];
    double losses[2], fused_losses[2];
    for (int i = 0; i < 2; ++i) {
        CHECK_STATUS(HYLA_OK, hyla_bce_update(params[i], &pixels, &totals[i]));
        CHECK_STATUS(HYLA_OK, hyla_bce_loss(params[i], &totals[i], &losses[i]));
        CHECK_STATUS(HYLA_OK, hyla_bce_map(params[i], &pixels, maps[i]));
        CHECK_STATUS(HYLA_OK, hyla_bce_gradient(params[i], &totals[i], &pixels, 1.0, HYLA_STORE, stored[i]));
        CHECK_STATUS(HYLA_OK, hyla_bce_loss_and_gradient(params[i], &pixels, 1.0, HYLA_STORE, &at_once[i],
                                                         &fused_losses[i], fused[i]));
    }
    CHECK(losses[0] == losses[1] && fused_losses[0] == fused_losses[1] && losses[0] == fused_losses[0]);
    CHECK(memcmp(&totals[0], &totals[1], sizeof totals[0]) == 0 &&
          memcmp(&at_once[0], &at_once[1], sizeof at_once[0]) == 0);
    CHECK(memcmp(maps[0], maps[1], sizeof maps[0]) == 0 && memcmp(stored[0], stored[1], sizeof stored[0]) == 0);
    CHECK(memcmp(fused[0], fused[1], sizeof fused[0]) == 0);
    /* With smoothing they differ, and totals know it. */
    full.label_smoothing = 0.25f;
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_bce_loss(&full, &totals[0], &losses[0]));
}

/* All functions refuse smoothing beyond its range; at its ends it works: 1 makes every target 1/2. */
static void smoothing(void) {
    const hyla_pixels pixels = all();
    const float bad[] = {NAN, -1e-45f, -1.0f, 1.0000001f, INFINITY, -INFINITY};
    hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        params.label_smoothing = bad[i];
        refused(HYLA_ERROR_LABEL_SMOOTHING, &params, &pixels, HYLA_STORE);
    }
    params.label_smoothing = 1.0f;
    float out[N];
    double loss = 0.0, flipped = 0.0;
    CHECK_STATUS(HYLA_OK, hyla_bce_loss_and_gradient(&params, &pixels, 1.0, HYLA_STORE, NULL, &loss, out));
    for (int i = 0; i < N; ++i) targets[i] = !targets[i];
    CHECK_STATUS(HYLA_OK, hyla_bce_loss_and_gradient(&params, &pixels, 1.0, HYLA_STORE, NULL, &flipped, out));
    CHECK(loss == flipped);
    reset();
}

int main(void) {
    reset();
    older_params();
    smoothing();
    parameters();
    no_scalar();
    mixed_totals();
    empty();
    nowhere();
    not_finite();
    rejected();
    values();
    addition_of_words();
    return finish("law_bce");
}
