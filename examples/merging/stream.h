// What the merging examples share: a stream of frames that anybody can make, what is kept of it, and
// what is said at the end. C and C++ alike.
#ifndef MERGING_STREAM_H
#define MERGING_STREAM_H

#include <hyla.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 24, PIXELS = 20000, RANKING_WORDS = 2 * (4096 + 1) + 6 };

// Everything that adds up: int64 words without exception, all zero is empty.
struct words {
    hyla_bce_totals bce;
    hyla_iou_totals iou;
    hyla_confusion_totals confusion;
    hyla_score_statistics_totals scores;
    int64_t ranking[RANKING_WORDS];
};

// The least and the greatest score do not add up: they have a merge of their own.
struct state {
    struct words words;
    hyla_range range;
};

// Exact sums and integers have no order, so there is nothing that could make two runs differ: an error
// here is a mistake in the arguments. Notices are for the reader of the values.
static void must(hyla_status status, const char *what) {
    if (!HYLA_FAILED(status)) return;
    fprintf(stderr, "%s: %s: %s\n", what, hyla_status_subject(status), hyla_status_message(status));
    exit(2);
}

static hyla_iou_params iou_of_minmax(void) {
    hyla_iou_params params = HYLA_IOU_PARAMS_DEFAULT;
    params.normalization = HYLA_NORMALIZATION_MINMAX;
    return params;
}

static hyla_binning ranking_binning(void) {
    const hyla_binning_params params = HYLA_BINNING_PARAMS_DEFAULT;
    hyla_binning binning;
    must(hyla_binning_build(&params, NULL, 0, &binning), "binning");
    return binning;
}

// Frame number f, the same on every machine: logits with a few anomalies in every third frame, and some
// pixels that are masked.
static void fill_frame(uint32_t frame, float *scores, uint8_t *targets, uint8_t *decisions, uint8_t *valid) {
    uint64_t random = 2654435761u * (uint64_t)(frame + 1);
    for (size_t i = 0; i < PIXELS; ++i) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        const uint32_t a = (uint32_t)(random >> 48), b = (uint32_t)(random >> 32) & 0xffff,
                       c = (uint32_t)(random >> 16) & 0xffff;
        targets[i] = frame % 3 == 0 && c < 200;
        // The sum of two uniform numbers, in [-7, 1): anomalies lie 4 higher.
        scores[i] = (float)(a + b) / 16384.0f - 7.0f + (targets[i] ? 4.0f : 0.0f);
        decisions[i] = scores[i] > 0.5f;
        valid[i] = c % 50 != 1;
    }
}

// Adds a frame to a state.
static void add_frame(uint32_t frame, struct state *state) {
    static const hyla_bce_params bce = HYLA_BCE_PARAMS_DEFAULT;
    const hyla_iou_params iou = iou_of_minmax();
    const hyla_binning binning = ranking_binning();
    float *scores = (float *)malloc(PIXELS * sizeof *scores);
    uint8_t *bytes = (uint8_t *)malloc(3 * PIXELS);
    if (scores == NULL || bytes == NULL) must(HYLA_ERROR_NULL_POINTER, "memory");
    fill_frame(frame, scores, bytes, bytes + PIXELS, bytes + 2 * PIXELS);

    hyla_pixels pixels;
    memset(&pixels, 0, sizeof pixels);
    pixels.scores = hyla_f32(scores);
    pixels.targets = hyla_mask_u8(bytes);
    pixels.decisions = hyla_mask_u8(bytes + PIXELS);
    pixels.valid = hyla_mask_u8(bytes + 2 * PIXELS);
    pixels.n = PIXELS;
    must(hyla_bce_update(&bce, &pixels, &state->words.bce), "bce");
    must(hyla_iou_update(&iou, &pixels, &state->words.iou, &state->range), "iou");
    must(hyla_confusion_update(&pixels, &state->words.confusion), "confusion");
    must(hyla_confusion_end_frame(&state->words.confusion), "confusion");
    must(hyla_score_statistics_update(&pixels, &state->words.scores), "scores");
    must(hyla_ranking_update(&binning, &pixels, state->words.ranking, RANKING_WORDS), "ranking");
    free(scores);
    free(bytes);
}

// FNV-1a over the bytes, so that a difference of one bit anywhere shows in one number.
static uint64_t digest(const struct state *state) {
    uint64_t hash = 14695981039346656037u;
    const unsigned char *bytes = (const unsigned char *)state;
    for (size_t i = 0; i < sizeof *state; ++i) hash = (hash ^ bytes[i]) * 1099511628211u;
    return hash;
}

// The values with all their digits.
static void print(const struct state *state) {
    static const hyla_bce_params bce = HYLA_BCE_PARAMS_DEFAULT;
    const hyla_iou_params iou = iou_of_minmax();
    const hyla_binning binning = ranking_binning();
    double bce_loss, iou_loss, mean, deviation;
    hyla_confusion_report confusion;
    hyla_ranking_report ranking;
    hyla_range_report range;
    must(hyla_bce_loss(&bce, &state->words.bce, &bce_loss), "bce");
    must(hyla_iou_loss(&iou, &state->words.iou, &state->range, &iou_loss), "iou");
    must(hyla_confusion_values(&state->words.confusion, &confusion), "confusion");
    must(hyla_score_statistics_mean(&state->words.scores, &mean), "mean");
    must(hyla_score_statistics_std(&state->words.scores, &deviation), "deviation");
    must(hyla_ranking_values(&binning, state->words.ranking, RANKING_WORDS, &ranking), "ranking");
    must(hyla_range_values(&state->range, &range), "range");
    printf("bce %.17g  iou (minmax) %.17g\n", bce_loss, iou_loss);
    printf("f1 of pixels %.17g  of frames %.17g\n", confusion.pixel.f1, confusion.frame.f1);
    printf("scores: mean %.17g  std %.17g  in [%.9g, %.9g]\n", mean, deviation, range.min, range.max);
    printf("average precision %.6f, exactly in [%.6f, %.6f]\n", ranking.average_precision, ranking.average_precision_lo,
           ranking.average_precision_hi);
    printf("roc auc %.6f, exactly in [%.6f, %.6f]\n", ranking.roc_auc, ranking.roc_auc_lo, ranking.roc_auc_hi);
    printf("digest of all words %016llx\n", (unsigned long long)digest(state));
}

#endif
