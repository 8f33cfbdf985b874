/* Every node over one set of buffers, as hashes: two runs that must agree bit by bit are two lists of hashes
 * that must be equal. No float operation, because programs call this in foreign floating-point environments. */
#ifndef NODES_H
#define NODES_H

#include "outcome.h"

enum { CHANNELS = 3, ROWS = 5, MOST_HASHES = 512 };

/* What the losses read and write: `n` items each, `CHANNELS` times as many where it says so. */
struct buffers {
    size_t n;
    const float *scores, *soft_targets, *weights;
    const float *values, *other;  /* times CHANNELS, pixel by pixel */
    const float *center;          /* CHANNELS floats */
    const uint8_t *targets, *valid;
    const int32_t *labels;
    float *written;     /* times CHANNELS */
    double *workspace;  /* workspace_doubles() */
};

struct hashes {
    size_t count;
    const char *names[MOST_HASHES];
    uint64_t hashes[MOST_HASHES];
};

static inline void take(struct hashes *to, const char *name, const void *items, size_t bytes) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < bytes; ++i) hash = (hash ^ ((const unsigned char *)items)[i]) * 0x100000001b3u;
    if (!CHECK(to->count < MOST_HASHES)) return;
    to->names[to->count] = name;
    to->hashes[to->count++] = hash;
}

static inline void take_status(struct hashes *to, const char *name, hyla_status status) {
    CHECK_STATUS(status < 0 ? 0 : status, status);
    take(to, name, &status, sizeof status);
}

static inline void take_value(struct hashes *to, const char *name, double value) {
    plain_nan(&value, 1);
    take(to, name, &value, sizeof value);
}

static inline void take_floats(struct hashes *to, const char *name, float *floats, size_t n) {
    if (n == 0) return;
    copy_floats(floats, floats, n);
    take(to, name, floats, n * sizeof *floats);
}

/* All bits set is a NaN: what is stored over it was not read. */
static inline float *clean(const struct buffers *on, size_t n) {
    if (n > 0) memset(on->written, 0xff, n * sizeof(float));
    return on->written;
}

/* A gradient is added to zeros, which are the same in every environment. */
static inline float *zeros(const struct buffers *on, size_t n) {
    if (n > 0) memset(on->written, 0, n * sizeof(float));
    return on->written;
}

/* The gradient of any loss, stored and added; the last arguments are those in front of `upstream`. */
#define TAKE_GRADIENTS(title, family, floats, ...)                                                                             \
    take_status(to, title " gradient", hyla_##family##_gradient(__VA_ARGS__, 0.75, HYLA_STORE, clean(on, floats)));            \
    take_floats(to, title " gradient", on->written, floats);                                                                   \
    take_status(to, title " added", hyla_##family##_gradient(__VA_ARGS__, -3.0, HYLA_ADD, zeros(on, floats)));                 \
    take_floats(to, title " added", on->written, floats)

/* A loss that is a sum of terms; the last arguments are its inputs. */
#define TAKE_POINTWISE(title, family, params, terms, floats, ...)                                                              \
    do {                                                                                                                       \
        hyla_##family##_totals totals = {0}, at_once = {0};                                                                    \
        double loss = 0.0;                                                                                                     \
        take_status(to, title " update", hyla_##family##_update(&params, __VA_ARGS__, &totals));                               \
        take(to, title " totals", &totals, sizeof totals);                                                                     \
        take_status(to, title " loss", hyla_##family##_loss(&params, &totals, &loss));                                         \
        take_value(to, title " loss", loss);                                                                                   \
        take_status(to, title " map", hyla_##family##_map(&params, __VA_ARGS__, clean(on, terms)));                            \
        take_floats(to, title " map", on->written, terms);                                                                     \
        TAKE_GRADIENTS(title, family, floats, &params, &totals, __VA_ARGS__);                                                  \
        take_status(to, title " at once", hyla_##family##_loss_and_gradient(&params, __VA_ARGS__, 0.75, HYLA_STORE, &at_once,  \
                                                                            &loss, clean(on, floats)));                        \
        take_value(to, title " at once", loss);                                                                                \
        take_floats(to, title " at once", on->written, floats);                                                                \
        CHECK(memcmp(&at_once, &totals, sizeof totals) == 0);                                                                  \
    } while (0)

/* IoU and Tversky: sums, and the range of the scores. */
#define TAKE_OVERLAP(title, family, params, inputs)                                                                            \
    do {                                                                                                                       \
        hyla_##family##_totals totals = {0}, at_once = {0};                                                                    \
        hyla_range range = {0}, same_range = {0};                                                                              \
        double loss = 0.0;                                                                                                     \
        take_status(to, title " update", hyla_##family##_update(&params, inputs, &totals, &range));                            \
        take(to, title " totals", &totals, sizeof totals);                                                                     \
        take(to, title " range", &range, sizeof range);                                                                        \
        take_status(to, title " loss", hyla_##family##_loss(&params, &totals, &range, &loss));                                 \
        take_value(to, title " loss", loss);                                                                                   \
        TAKE_GRADIENTS(title, family, on->n, &params, &totals, &range, inputs);                                                \
        take_status(to, title " at once", hyla_##family##_loss_and_gradient(&params, inputs, 0.75, HYLA_STORE, &at_once,       \
                                                                            &same_range, &loss, clean(on, on->n)));            \
        take_value(to, title " at once", loss);                                                                                \
        take_floats(to, title " at once", on->written, on->n);                                                                 \
        CHECK(memcmp(&at_once, &totals, sizeof totals) == 0 && memcmp(&range, &same_range, sizeof range) == 0);                \
    } while (0)

static inline void take_pixels(const struct buffers *on, const hyla_pixels *hard, struct hashes *to) {
    hyla_pixels soft = *hard;
    soft.targets = NULL;
    soft.soft_targets = on->soft_targets;
    const hyla_bce_params bce = {sizeof bce, HYLA_REDUCTION_MEAN, -0.3f, 17.5f, 0.0f};
    const hyla_bce_params smooth = {sizeof smooth, HYLA_REDUCTION_WEIGHTED_MEAN, 1.0f, 3.0f, 0.1f};
    TAKE_POINTWISE("bce", bce, bce, on->n, on->n, hard);
    TAKE_POINTWISE("bce, smooth", bce, smooth, on->n, on->n, hard);
    TAKE_POINTWISE("bce, soft", bce, bce, on->n, on->n, &soft);
    const hyla_focal_params focal = HYLA_FOCAL_PARAMS_DEFAULT, power = {sizeof power, HYLA_REDUCTION_SUM, 2.0f, 1.5f, 0, 0.0f};
    TAKE_POINTWISE("focal", focal, focal, on->n, on->n, hard);
    TAKE_POINTWISE("focal, gamma 1.5", focal, power, on->n, on->n, hard);
    hyla_iou_params iou = HYLA_IOU_PARAMS_DEFAULT;
    TAKE_OVERLAP("iou, sigmoid", iou, iou, hard);
    TAKE_OVERLAP("iou, soft", iou, iou, &soft);
    iou.normalization = HYLA_NORMALIZATION_CLAMP;
    TAKE_OVERLAP("iou, clamp", iou, iou, hard);
    iou.normalization = HYLA_NORMALIZATION_MINMAX;
    TAKE_OVERLAP("iou, minmax", iou, iou, hard);
    hyla_tversky_params tversky = HYLA_TVERSKY_PARAMS_DEFAULT;
    tversky.false_positives = 0.3f;
    tversky.false_negatives = 0.7f;
    tversky.gamma = 1.5f;
    TAKE_OVERLAP("tversky", tversky, tversky, hard);
}

static inline void take_svdd(const struct buffers *on, const hyla_cube *cube, struct hashes *to) {
    const hyla_svdd_params params = {sizeof params, 0.1f, 2.0f, 0.25f};
    TAKE_POINTWISE("svdd", svdd, params, on->n, on->n * CHANNELS, cube, on->center);
    hyla_svdd_totals totals = {0};
    hyla_sum sums[CHANNELS] = {0};
    float slopes[CHANNELS];
    double slope = 0.0;
    take_status(to, "svdd update", hyla_svdd_update(&params, cube, on->center, &totals));
    take_status(to, "svdd radius", hyla_svdd_gradient_radius(&params, &totals, 0.75, &slope));
    take_value(to, "svdd radius", slope);
    take_status(to, "svdd center", hyla_svdd_center_update(&params, cube, on->center, sums));
    take(to, "svdd center sums", sums, sizeof sums);
    take_status(to, "svdd center",
                hyla_svdd_gradient_center(&params, &totals, sums, CHANNELS, 0.75, HYLA_STORE, slopes));
    take_floats(to, "svdd center", slopes, CHANNELS);
}

static inline void take_dice(const struct buffers *on, const hyla_cube *cube, struct hashes *to) {
    const hyla_dice_params params = {sizeof params, 1, 1, 1, HYLA_ABSENT_ONE, 1.0f, 1e-6f};
    hyla_dice_totals totals[CHANNELS] = {0}, at_once[CHANNELS] = {0};
    double loss = 0.0;
    take_status(to, "dice update", hyla_dice_update(&params, cube, totals));
    take(to, "dice totals", totals, cube->channels * sizeof *totals);
    take_status(to, "dice loss", hyla_dice_loss(&params, totals, cube->channels, &loss));
    take_value(to, "dice loss", loss);
    TAKE_GRADIENTS("dice", dice, on->n * cube->channels, &params, totals, cube);
    take_status(to, "dice at once", hyla_dice_loss_and_gradient(&params, cube, 0.75, HYLA_STORE, at_once, &loss,
                                                                clean(on, on->n * cube->channels)));
    take_value(to, "dice at once", loss);
    take_floats(to, "dice at once", on->written, on->n * cube->channels);
}

static inline void take_contrast(const struct buffers *on, const hyla_cube *cube, uint32_t space, struct hashes *to) {
    const hyla_foreground_contrast_params params = {sizeof params, space, 1, 1.0f, 0.5f, 0.25f, 1e-6f};
    const size_t floats = on->n * CHANNELS;
    hyla_foreground_contrast_frame frame = {0};
    hyla_foreground_contrast_totals totals = {0};
    double loss = 0.0;
    take_status(to, "contrast frame", hyla_foreground_contrast_frame_update(&params, cube, &frame));
    take(to, "contrast frame", &frame, sizeof frame);
    take_status(to, "contrast update", hyla_foreground_contrast_update(&params, &frame, &totals));
    take(to, "contrast totals", &totals, sizeof totals);
    take_status(to, "contrast loss", hyla_foreground_contrast_loss(&params, &totals, &loss));
    take_value(to, "contrast loss", loss);
    TAKE_GRADIENTS("contrast", foreground_contrast, floats, &params, &totals, &frame, cube);
    take_status(to, "contrast at once", hyla_foreground_contrast_loss_and_gradient(&params, cube, 0.75, HYLA_STORE, NULL, &loss,
                                                                                   clean(on, floats)));
    take_value(to, "contrast at once", loss);
    take_floats(to, "contrast at once", on->written, floats);
}

static inline void take_cubes(const struct buffers *on, const hyla_cube *cube, struct hashes *to) {
    const hyla_mse_params mse = HYLA_MSE_PARAMS_DEFAULT;
    const hyla_cross_entropy_params entropy = {sizeof entropy, HYLA_REDUCTION_WEIGHTED_MEAN, 1, 1, 1.0f, 0.1f};
    hyla_cube binary = *cube;
    binary.channels = 1;
    binary.pixel_stride = 1;
    TAKE_POINTWISE("mse", mse, mse, on->n * CHANNELS, on->n * CHANNELS, cube, on->other);
    TAKE_POINTWISE("cross-entropy", cross_entropy, entropy, on->n, on->n * CHANNELS, cube, NULL);
    take_svdd(on, cube, to);
    take_dice(on, cube, to);
    take_dice(on, &binary, to);
    take_contrast(on, cube, HYLA_COLOR_RGB, to);
    take_contrast(on, cube, HYLA_COLOR_OKLAB, to);
}

/* A loss of a matrix, with its workspace. */
#define TAKE_MATRIX(title, family, params, matrix)                                                                             \
    do {                                                                                                                       \
        double loss = 0.0;                                                                                                     \
        take_status(to, title " at once",                                                                                      \
                    hyla_##family##_loss_and_gradient(&params, &matrix, 0.75, HYLA_STORE, on->workspace,                       \
                                                      hyla_##family##_workspace(matrix.rows, matrix.columns), &loss,           \
                                                      clean(on, matrix.rows * matrix.columns)));                               \
        take_value(to, title " at once", loss);                                                                                \
        take_floats(to, title " at once", on->written, matrix.rows * matrix.columns);                                          \
    } while (0)

#define TAKE_SELECTOR(title, family, params)                                                                                   \
    do {                                                                                                                       \
        double loss = 0.0;                                                                                                     \
        take_status(to, title, hyla_##family##_loss_and_gradient(&params, on->values, on->n * CHANNELS, 0.75, HYLA_STORE,      \
                                                                 &loss, clean(on, on->n * CHANNELS)));                         \
        take_value(to, title, loss);                                                                                           \
        take_floats(to, title, on->written, on->n * CHANNELS);                                                                 \
    } while (0)

/* The metrics of band selectors, and of labels. A workspace of doubles is one of twice as many words. */
static inline void take_selector_metrics(const struct buffers *on, struct hashes *to) {
    const hyla_selector_entropy_metric_params params = HYLA_SELECTOR_ENTROPY_METRIC_PARAMS_DEFAULT;
    hyla_selector_diversity_metric_report report = {0};
    double entropy = 0.0;
    take_status(to, "selector entropy metric", hyla_selector_entropy_metric_value(&params, on->values, on->n * CHANNELS, &entropy));
    take_value(to, "selector entropy metric", entropy);
    take_status(to, "selector diversity metric",
                hyla_selector_diversity_metric_values(on->values, on->n * CHANNELS, (uint32_t *)(void *)on->workspace,
                                                      hyla_selector_diversity_metric_workspace(on->n * CHANNELS), &report));
    plain_nan((double *)(void *)&report, 3);
    take(to, "selector diversity metric", &report, sizeof report);
}

static inline void take_labels(const struct buffers *on, const uint8_t *valid, struct hashes *to) {
    int32_t set[6] = {0};
    int64_t count = 0;
    take_status(to, "distinct labels", hyla_distinct_label_count_update(on->labels, valid, on->n, set, 6));
    take_status(to, "distinct labels", hyla_distinct_label_count_value(set, 6, &count));
    take(to, "distinct labels", set, sizeof set);
    take(to, "distinct labels", &count, sizeof count);
}

static inline void take_matrices(const struct buffers *on, struct hashes *to) {
    const hyla_orthogonality_params orthogonality = HYLA_ORTHOGONALITY_PARAMS_DEFAULT;
    const hyla_distinctness_params distinctness = HYLA_DISTINCTNESS_PARAMS_DEFAULT;
    const hyla_selector_entropy_params entropy = {sizeof entropy, 0.5f, 1e-6f, 1, 0.5f};
    const hyla_selector_diversity_params diversity = HYLA_SELECTOR_DIVERSITY_PARAMS_DEFAULT;
    const size_t columns = on->n * CHANNELS / ROWS;
    const hyla_matrix matrix = {.values = on->values, .rows = ROWS, .columns = columns, .row_stride = columns};
    if (columns > 0) {
        TAKE_MATRIX("orthogonality", orthogonality, orthogonality, matrix);
        TAKE_MATRIX("distinctness", distinctness, distinctness, matrix);
        hyla_component_orthogonality_report report = {0};
        take_status(to, "component orthogonality",
                    hyla_component_orthogonality_values(&matrix, on->workspace, hyla_component_orthogonality_workspace(ROWS, columns),
                                                        &report));
        plain_nan((double *)(void *)&report, 4);
        take(to, "component orthogonality", &report, sizeof report);
    }
    if (on->n > 0) {
        TAKE_SELECTOR("selector entropy", selector_entropy, entropy);
        TAKE_SELECTOR("selector diversity", selector_diversity, diversity);
        take_selector_metrics(on, to);
    }
}

/* Detection with average precision, of lines and of a strided frame; what is valid is decided, too. The binning is
 * built here: it is made of floats as well. */
static inline void take_detection(const struct buffers *on, const hyla_pixels *ranked, struct hashes *to) {
    enum { THRESHOLDS = 200, WORDS = 2 * THRESHOLDS + 8, TABLE_WORDS = 797, COLUMNS = 7, LIST = 10 };
    const hyla_binning_params rule = {sizeof rule, HYLA_BINNING_THRESHOLDS, THRESHOLDS, 0.0f, 0.0f};
    const hyla_context context = {HYLA_STAGE_TEST, 0, 0, 0};
    hyla_pixels pixels = *ranked;
    pixels.decisions = on->valid;
    for (uint32_t stride = 1; stride < 3; ++stride) {
        const hyla_detection_params params = {sizeof params, stride, THRESHOLDS};
        uint32_t table[TABLE_WORDS];
        int64_t words[WORDS] = {0};
        hyla_binning binning;
        hyla_detection_totals totals = {0};
        hyla_metric list[LIST];
        size_t count = 0;
        take_status(to, "binning", hyla_binning_build(&rule, table, TABLE_WORDS, &binning));
        take(to, "binning table", table, sizeof table);
        take_status(to, "detection frame", hyla_detection_update_frame(&params, &pixels, on->n / COLUMNS, COLUMNS - 1, COLUMNS,
                                                                       &totals, &binning, words, WORDS));
        if (stride == 1) {
            take_status(to, "detection", hyla_detection_update(&params, &pixels, &totals, &binning, words, WORDS));
        }
        take(to, "detection totals", &totals, sizeof totals);
        take(to, "detection words", words, sizeof words);
        take_status(to, "detection metrics", hyla_detection_metrics(&params, &totals, &binning, words, WORDS, &context, list, LIST, &count));
        for (size_t i = 0; i < count; ++i) take_value(to, "detection metric", list[i].value);
    }
}

/* The scores against their first half. */
static inline void take_drift(const hyla_pixels *pixels, struct hashes *to) {
    const hyla_binning_params rule = {sizeof rule, HYLA_BINNING_KEY, 8, 0.0f, 0.0f};
    const hyla_drift_params params = HYLA_DRIFT_PARAMS_DEFAULT;
    const hyla_context context = {HYLA_STAGE_TEST, 0, 0, 0};
    hyla_pixels whole = *pixels, half = *pixels;
    int64_t words[2 * 257 + 6] = {0}, reference[2 * 257 + 6] = {0};
    enum { WORDS_OF_BOTH = sizeof words / sizeof *words };
    hyla_binning binning;
    hyla_drift_report report;
    hyla_metric list[12];
    size_t count = 0;
    whole.weights = half.weights = NULL;
    half.n /= 2;
    take_status(to, "drift binning", hyla_binning_build(&rule, NULL, 0, &binning));
    take_status(to, "drift words", hyla_ranking_update(&binning, &whole, words, WORDS_OF_BOTH));
    take_status(to, "drift reference", hyla_ranking_update(&binning, &half, reference, WORDS_OF_BOTH));
    take(to, "drift words", words, sizeof words);
    take_status(to, "drift values", hyla_drift_values(&params, &binning, reference, words, WORDS_OF_BOTH, &report));
    take_status(to, "drift metrics", hyla_drift_metrics(&report, &context, list, 12, &count));
    for (size_t i = 0; i < count; ++i) take_value(to, "drift metrics", list[i].value);
}

/* How many doubles the workspaces of rankings and frame scores need. */
static inline size_t ranking_doubles(size_t n) {
    const size_t histograms = 2 * 257 + 6, exact = (hyla_ranking_exact_workspace(n) + 1) / 2;
    const size_t statistics = (hyla_score_statistics_workspace() + 1) / 2;
    const size_t one = histograms > exact ? histograms : exact;
    return one > statistics ? one : statistics;
}

/* How many doubles the workspace has. */
static inline size_t workspace_doubles(size_t n) {
    const size_t columns = n * CHANNELS / ROWS, rankings = ranking_doubles(n);
    const size_t orthogonality = hyla_orthogonality_workspace(ROWS, columns);
    const size_t distinctness = hyla_distinctness_workspace(ROWS, columns);
    const size_t selectors = (hyla_selector_diversity_metric_workspace(n * CHANNELS) + 1) / 2;
    const size_t all[] = {rankings, orthogonality, distinctness, selectors};
    size_t most = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) most = all[i] > most ? all[i] : most;
    return most;
}

#include "rankings.h"

/* Everything that losses and rankings say of the buffers; bit 0 of `options` gives a mask, bit 1 weights. */
static inline void take_losses(const struct buffers *on, unsigned options, struct hashes *to) {
    const uint8_t *const valid = options & 1 ? on->valid : NULL;
    const float *const weights = options & 2 ? on->weights : NULL;
    const hyla_pixels pixels = {.scores = on->scores, .targets = on->targets, .valid = valid, .weights = weights, .n = on->n};
    const hyla_cube cube = {.values = on->values, .n = on->n, .channels = CHANNELS, .pixel_stride = CHANNELS, .channel_stride = 1,
                            .targets = on->targets, .labels = on->labels, .valid = valid, .weights = weights};
    to->count = 0;
    take_pixels(on, &pixels, to);
    take_cubes(on, &cube, to);
    take_matrices(on, to);
    take_detection(on, &pixels, to);
    take_drift(&pixels, to);
    take_labels(on, valid, to);
    take_rankings(on, &pixels, to);
    take_frame_scores(on, &pixels, to);
}

/* Whether two runs said the same; names what differs. */
static inline bool same_hashes(const struct hashes *found, const struct hashes *expected) {
    bool same = CHECK(found->count == expected->count && found->count > 0);
    for (size_t i = 0; same && i < found->count; ++i) {
        same = CHECK(found->hashes[i] == expected->hashes[i]);
        if (!same) note_failure(found->names[i]);
    }
    return same;
}

/* Memory for the inputs that `struct data` lacks, and for what is written. */
struct room {
    float soft_targets[LONGEST], center[CHANNELS], written[LONGEST];
    int32_t labels[LONGEST];
    double workspace[LONGEST];
};

/* Buffers of n pixels of the data. Labels go from -1 to 3: one is ignored, two are no classes. */
static inline struct buffers buffers_of(const struct data *data, struct room *room, size_t n) {
    for (size_t i = 0; i < n; ++i) {
        room->soft_targets[i] = (float)data->targets[i] / 255.0f;
        room->labels[i] = (int32_t)(data->decisions[i] % 5) - 1;
    }
    for (size_t i = 0; i < CHANNELS; ++i) room->center[i] = (float)i * 0.5f - 0.25f;
    CHECK(n * CHANNELS < LONGEST && workspace_doubles(n) <= LONGEST);
    return (struct buffers){.n = n,
                            .scores = data->scores,
                            .soft_targets = room->soft_targets,
                            .weights = data->weights,
                            .values = data->scores,
                            .other = data->scores + 1,
                            .center = room->center,
                            .targets = data->targets,
                            .valid = data->valid,
                            .labels = room->labels,
                            .written = room->written,
                            .workspace = room->workspace};
}

#endif
