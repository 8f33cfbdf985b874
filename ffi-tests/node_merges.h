/* Totals of parts that are merged, of every node that has totals, as hashes. The words are those of the whole. */
#ifndef NODE_MERGES_H
#define NODE_MERGES_H

#include "hashes.h"
#include "two_cubes.h"

/* A part of the pixels; the last one of a list is the whole. */
struct piece {
    size_t n;
    hyla_pixels pixels, counted; /* with weights, and without, but with decisions */
    hyla_cube cube;
    hyla_values other;
};
enum { PIECES = 3 };

static inline struct piece piece_of(const struct buffers *on, unsigned options, size_t start, size_t end) {
    const hyla_pixels pixels = pixels_between(on, options, start, end);
    hyla_pixels counted = pixels;
    counted.decisions = hyla_mask_u8(on->valid + start);
    counted.weights = hyla_f32(NULL);
    return (struct piece){pixels.n, pixels, counted, cube_between(on, options, start, end),
                          hyla_bip(hyla_f32(on->other + CHANNELS * start), CHANNELS)};
}

/* Adds the words of `other` to those of `totals`, as any program can that knows nothing of hyla. */
static inline void add_words(const void *other, void *totals, size_t bytes) {
    for (size_t at = 0; at < bytes; at += sizeof(int64_t)) {
        int64_t left, right;
        memcpy(&left, (const unsigned char *)totals + at, sizeof left);
        memcpy(&right, (const unsigned char *)other + at, sizeof right);
        left += right;
        memcpy((unsigned char *)totals + at, &left, sizeof left);
    }
}

/* `update` adds a `piece` to `totals`, `merge` adds `totals` to `merged`, `normalize` is for `added`, whose words were
 * added. */
#define TAKE_MERGED(title, type, count, update, merge, normalize)                                                      \
    do {                                                                                                               \
        type merged[count], added[count], totals[count];                                                               \
        memset(merged, 0, sizeof merged);                                                                              \
        memset(added, 0, sizeof added);                                                                                \
        for (const struct piece *piece = pieces; piece < pieces + PIECES; ++piece) {                                   \
            memset(totals, 0, sizeof totals);                                                                          \
            CHECK(!HYLA_FAILED(update));                                                                               \
            CHECK_STATUS(HYLA_OK, merge);                                                                              \
            add_words(totals, added, sizeof added);                                                                    \
        }                                                                                                              \
        take(to, title, merged, sizeof merged);                                                                        \
        const struct piece *const piece = &pieces[PIECES];                                                             \
        memset(totals, 0, sizeof totals);                                                                              \
        CHECK(!HYLA_FAILED(update));                                                                                   \
        CHECK_STATUS(HYLA_OK, normalize);                                                                              \
        CHECK(memcmp(merged, totals, sizeof merged) == 0 && memcmp(added, totals, sizeof added) == 0);                 \
    } while (0)

/* One struct of totals; the last arguments are what it sees of a `piece`. */
#define TAKE_MERGED_SUMS(title, family, ...)                                                                           \
    TAKE_MERGED(title " totals", hyla_##family##_totals, 1, hyla_##family##_update(__VA_ARGS__),                       \
                hyla_##family##_merge(totals, merged), hyla_##family##_normalize(added))

static inline void take_merged_losses(const struct buffers *on, const struct piece *pieces, struct hashes *to) {
    const hyla_bce_params bce = {sizeof bce, HYLA_REDUCTION_MEAN, -0.3f, 17.5f, 0.0f};
    const hyla_focal_params focal = HYLA_FOCAL_PARAMS_DEFAULT;
    const hyla_iou_params iou = HYLA_IOU_PARAMS_DEFAULT;
    const hyla_tversky_params tversky = HYLA_TVERSKY_PARAMS_DEFAULT;
    const hyla_cross_entropy_params entropy = {sizeof entropy, HYLA_REDUCTION_WEIGHTED_MEAN, 1, 1, 1.0f, 0.1f};
    const hyla_svdd_params svdd = {sizeof svdd, 0.1f, 2.0f, 0.25f};
    const hyla_dice_params dice = {sizeof dice, 1, 1, 1, HYLA_ABSENT_ONE, 1.0f, 1e-6f};
    const hyla_foreground_contrast_params contrast = {sizeof contrast, HYLA_COLOR_OKLAB, 1, 1.0f, 0.5f, 0.25f, 1e-6f};
    TAKE_MERGED_SUMS("bce", bce, &bce, &piece->pixels, totals);
    TAKE_MERGED_SUMS("focal", focal, &focal, &piece->pixels, totals);
    TAKE_MERGED_SUMS("iou, sigmoid", iou, &iou, &piece->pixels, totals, NULL);
    TAKE_MERGED_SUMS("tversky", tversky, &tversky, &piece->pixels, totals, NULL);
#define TAKE_MERGED_COMPARED(title, family, floats, ...)                                                               \
    do {                                                                                                               \
        const hyla_##family##_params params = __VA_ARGS__;                                                             \
        TAKE_MERGED_SUMS(title, family, &params, &piece->cube, &piece->other, totals);                                 \
    } while (0);
    LOSSES_OF_TWO_CUBES(TAKE_MERGED_COMPARED)
    TAKE_MERGED_SUMS("cross-entropy", cross_entropy, &entropy, &piece->cube, NULL, totals);
    TAKE_MERGED_SUMS("svdd", svdd, &svdd, &piece->cube, on->center, totals);
    TAKE_MERGED("svdd center sums", hyla_exact_sum, CHANNELS,
                hyla_svdd_center_update(&svdd, &piece->cube, on->center, totals),
                hyla_svdd_center_merge(totals, merged, CHANNELS), hyla_svdd_center_normalize(added, CHANNELS));
    TAKE_MERGED("dice totals", hyla_dice_totals, CHANNELS, hyla_dice_update(&dice, &piece->cube, totals),
                hyla_dice_merge(totals, merged, CHANNELS), hyla_dice_normalize(added, CHANNELS));
    TAKE_MERGED("contrast frame", hyla_foreground_contrast_frame, 1,
                hyla_foreground_contrast_frame_update(&contrast, &piece->cube, totals),
                hyla_foreground_contrast_frame_merge(totals, merged), hyla_foreground_contrast_frame_normalize(added));
}

/* Losses of frames and counts of updates, where every piece is one: there is no whole that has the same words. */
static inline void take_merged_frames(const struct piece *pieces, struct hashes *to) {
    const hyla_foreground_contrast_params params = {sizeof params, HYLA_COLOR_OKLAB, 1, 1.0f, 0.5f, 0.25f, 1e-6f};
    const hyla_detection_params lines = HYLA_DETECTION_PARAMS_DEFAULT;
    hyla_foreground_contrast_totals contrast = {0}, added = {0};
    hyla_detection_totals detection = {0};
    for (const struct piece *piece = pieces; piece < pieces + PIECES; ++piece) {
        hyla_foreground_contrast_totals one = {0};
        hyla_foreground_contrast_frame frame = {0};
        hyla_detection_totals counts = {0};
        CHECK(!HYLA_FAILED(hyla_foreground_contrast_frame_update(&params, &piece->cube, &frame)));
        CHECK(!HYLA_FAILED(hyla_foreground_contrast_update(&params, &frame, &one)));
        CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_merge(&one, &contrast));
        add_words(&one, &added, sizeof added);
        CHECK(!HYLA_FAILED(hyla_detection_update(&lines, &piece->counted, &counts, NULL, NULL, 0)));
        CHECK_STATUS(HYLA_OK, hyla_detection_end_frame(&counts));
        CHECK_STATUS(HYLA_OK, hyla_detection_merge(&counts, &detection));
    }
    CHECK_STATUS(HYLA_OK, hyla_foreground_contrast_normalize(&added));
    CHECK(memcmp(&added, &contrast, sizeof added) == 0);
    take(to, "contrast totals", &contrast, sizeof contrast);
    take(to, "detection totals", &detection, sizeof detection);
}

/* The values of the pixels as ratios of batches. */
static inline hyla_status update_ratios(const struct piece *piece, hyla_explained_variance_totals *totals) {
    const float *const values = (const float *)piece->cube.values.plane.data;
    hyla_status status = HYLA_OK;
    for (size_t i = 0; i < piece->n && !HYLA_FAILED(status); ++i) {
        status = hyla_explained_variance_update(values + CHANNELS * i, CHANNELS, totals);
    }
    return status;
}

/* Of these, a merge is no addition: the lowest and highest score, and the set of labels. */
static inline void take_merged_sets(const struct buffers *on, const struct piece *pieces, struct hashes *to) {
    hyla_range range = {0}, whole_range = {0};
    int32_t set[6] = {0}, whole_set[6] = {0};
    size_t start = 0;
    for (const struct piece *piece = pieces; piece < pieces + PIECES; start += piece++->n) {
        hyla_range one = {0};
        int32_t labels[6] = {0};
        CHECK(!HYLA_FAILED(hyla_range_update(&piece->counted, &one)));
        CHECK_STATUS(HYLA_OK, hyla_range_merge(&one, &range));
        CHECK(!HYLA_FAILED(hyla_distinct_label_count_update(
            on->labels + start, (const uint8_t *)piece->cube.valid.data, piece->n, labels, 6)));
        CHECK(!HYLA_FAILED(hyla_distinct_label_count_merge(labels, set, 6)));
    }
    CHECK(!HYLA_FAILED(hyla_range_update(&pieces[PIECES].counted, &whole_range)));
    CHECK(!HYLA_FAILED(hyla_distinct_label_count_update(on->labels, (const uint8_t *)pieces[PIECES].cube.valid.data,
                                                        on->n, whole_set, 6)));
    CHECK(memcmp(&range, &whole_range, sizeof range) == 0 && memcmp(set, whole_set, sizeof set) == 0);
    take(to, "range totals", &range, sizeof range);
    take_items(to, "distinct labels", set, sizeof set, 4);
}

/* Of these all words add but two. */
static inline void take_merged_bands(const struct piece *pieces, struct hashes *to) {
    const hyla_band_statistics_params params = {sizeof params, 1, 0.25f};
    hyla_band_statistics_totals merged[CHANNELS] = {0}, added[CHANNELS] = {0}, totals[CHANNELS] = {0};
    hyla_band_statistics_column columns[CHANNELS] = {0}, whole[CHANNELS] = {0};
    for (const struct piece *piece = pieces; piece <= pieces + PIECES; ++piece) {
        hyla_cube cube = piece->cube;
        memset(totals, 0, sizeof totals);
        cube.weights = hyla_f32(NULL);
        CHECK(!HYLA_FAILED(hyla_band_statistics_update(&params, &cube, totals, NULL)));
        if (piece == pieces + PIECES) break;
        CHECK_STATUS(HYLA_OK, hyla_band_statistics_merge(totals, merged, CHANNELS));
        add_words(totals, added, sizeof added);
        /* The first pixel of a part is a line of one column. */
        if (cube.n == 0) continue;
        hyla_band_statistics_column one[CHANNELS] = {0};
        cube.n = 1;
        CHECK(!HYLA_FAILED(hyla_band_statistics_update(&params, &cube, totals, one)));
        CHECK(!HYLA_FAILED(hyla_band_statistics_update(&params, &cube, totals, whole)));
        CHECK_STATUS(HYLA_OK, hyla_band_statistics_merge_columns(one, columns, CHANNELS));
    }
    for (size_t k = 0; k < CHANNELS; ++k) {
        added[k].greatest = merged[k].greatest;
        added[k].negated_least = merged[k].negated_least;
    }
    CHECK_STATUS(HYLA_OK, hyla_band_statistics_normalize(added, CHANNELS));
    CHECK(memcmp(merged, totals, sizeof merged) == 0 && memcmp(added, totals, sizeof added) == 0);
    CHECK(memcmp(columns, whole, sizeof columns) == 0);
    take(to, "bands totals", merged, sizeof merged);
    take_items(to, "bands columns", columns, sizeof columns, 4);
}

static inline void take_merged_metrics(const struct buffers *on, const struct piece *pieces, struct hashes *to) {
    enum { BITS = 8, WORDS = 2 * ((1 << BITS) + 1) + 6 };
    const hyla_binning_params rule = {sizeof rule, HYLA_BINNING_KEY, BITS, 0.0f, 0.0f};
    hyla_binning binning;
    CHECK_STATUS(HYLA_OK, hyla_binning_build(&rule, NULL, 0, &binning));
    TAKE_MERGED_SUMS("sum", sum, &piece->counted, totals);
    TAKE_MERGED_SUMS("score statistics", score_statistics, &piece->counted, totals);
    TAKE_MERGED("confusion totals", hyla_confusion_totals, 1, hyla_confusion_update(&piece->counted, totals),
                hyla_confusion_merge(totals, merged), HYLA_OK);
    TAKE_MERGED("pixel statistics totals", hyla_pixel_statistics_totals, 1,
                hyla_pixel_statistics_update(&piece->counted, totals), hyla_pixel_statistics_merge(totals, merged),
                HYLA_OK);
    TAKE_MERGED("ranking words", int64_t, WORDS, hyla_ranking_update(&binning, &piece->counted, totals, WORDS),
                hyla_ranking_merge(&binning, totals, merged, WORDS), HYLA_OK);
    TAKE_MERGED("explained variance totals", hyla_explained_variance_totals, CHANNELS, update_ratios(piece, totals),
                hyla_explained_variance_merge(totals, merged, CHANNELS),
                hyla_explained_variance_normalize(added, CHANNELS));
    take_merged_sets(on, pieces, to);
    take_merged_bands(pieces, to);
}

/* The totals of three parts of the buffers, each merged from zero. */
static inline void take_merges(const struct buffers *on, unsigned options, struct hashes *to) {
    const size_t first = on->n / 3, second = on->n / 2;
    const struct piece pieces[PIECES + 1] = {piece_of(on, options, 0, first), piece_of(on, options, first, second),
                                             piece_of(on, options, second, on->n), piece_of(on, options, 0, on->n)};
    to->count = 0;
    take_merged_losses(on, pieces, to);
    take_merged_frames(pieces, to);
    take_merged_metrics(on, pieces, to);
}

#endif
