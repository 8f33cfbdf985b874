/* What the losses say of one set of buffers, as hashes. */
#ifndef NODE_LOSSES_H
#define NODE_LOSSES_H

#include "hashes.h"
#include "two_cubes.h"

/* The gradient of any loss, stored and added; the last arguments are those in front of `upstream`. */
#define TAKE_GRADIENTS(title, family, floats, ...)                                                                     \
    take_status(to, title " gradient", hyla_##family##_gradient(__VA_ARGS__, 0.75, HYLA_STORE, clean(on, floats)));    \
    take_floats(to, title " gradient", on->written, floats);                                                           \
    take_status(to, title " added", hyla_##family##_gradient(__VA_ARGS__, -3.0, HYLA_ADD, zeros(on, floats)));         \
    take_floats(to, title " added", on->written, floats)

/* A loss that is a sum of terms; the last arguments are its inputs. */
#define TAKE_POINTWISE(title, family, params, terms, floats, ...)                                                      \
    do {                                                                                                               \
        hyla_##family##_totals totals = {0}, at_once = {0};                                                            \
        double loss = 0.0;                                                                                             \
        take_status(to, title " update", hyla_##family##_update(&params, __VA_ARGS__, &totals));                       \
        take(to, title " totals", &totals, sizeof totals);                                                             \
        take_status(to, title " loss", hyla_##family##_loss(&params, &totals, &loss));                                 \
        take_value(to, title " loss", loss);                                                                           \
        take_status(to, title " map", hyla_##family##_map(&params, __VA_ARGS__, clean(on, terms)));                    \
        take_floats(to, title " map", on->written, terms);                                                             \
        TAKE_GRADIENTS(title, family, floats, &params, &totals, __VA_ARGS__);                                          \
        take_status(to, title " at once",                                                                              \
                    hyla_##family##_loss_and_gradient(&params, __VA_ARGS__, 0.75, HYLA_STORE, &at_once, &loss,         \
                                                      clean(on, floats)));                                             \
        take_value(to, title " at once", loss);                                                                        \
        take_floats(to, title " at once", on->written, floats);                                                        \
        CHECK(memcmp(&at_once, &totals, sizeof totals) == 0);                                                          \
    } while (0)

/* IoU and Tversky: sums, and the range of the scores. */
#define TAKE_OVERLAP(title, family, params, inputs)                                                                    \
    do {                                                                                                               \
        hyla_##family##_totals totals = {0}, at_once = {0};                                                            \
        hyla_range range = {0}, same_range = {0};                                                                      \
        double loss = 0.0;                                                                                             \
        take_status(to, title " update", hyla_##family##_update(&params, inputs, &totals, &range));                    \
        take(to, title " totals", &totals, sizeof totals);                                                             \
        take(to, title " range", &range, sizeof range);                                                                \
        take_status(to, title " loss", hyla_##family##_loss(&params, &totals, &range, &loss));                         \
        take_value(to, title " loss", loss);                                                                           \
        TAKE_GRADIENTS(title, family, on->n, &params, &totals, &range, inputs);                                        \
        take_status(to, title " at once",                                                                              \
                    hyla_##family##_loss_and_gradient(&params, inputs, 0.75, HYLA_STORE, &at_once, &same_range, &loss, \
                                                      clean(on, on->n)));                                              \
        take_value(to, title " at once", loss);                                                                        \
        take_floats(to, title " at once", on->written, on->n);                                                         \
        CHECK(memcmp(&at_once, &totals, sizeof totals) == 0 && memcmp(&range, &same_range, sizeof range) == 0);        \
    } while (0)

static inline void take_pixels(const struct buffers *on, const hyla_pixels *hard, struct hashes *to) {
    hyla_pixels soft = *hard;
    soft.targets = hyla_mask_u8(NULL);
    soft.soft_targets = hyla_f32(on->soft_targets);
    const hyla_bce_params bce = {sizeof bce, HYLA_REDUCTION_MEAN, -0.3f, 17.5f, 0.0f};
    const hyla_bce_params smooth = {sizeof smooth, HYLA_REDUCTION_WEIGHTED_MEAN, 1.0f, 3.0f, 0.1f};
    TAKE_POINTWISE("bce", bce, bce, on->n, on->n, hard);
    TAKE_POINTWISE("bce, smooth", bce, smooth, on->n, on->n, hard);
    TAKE_POINTWISE("bce, soft", bce, bce, on->n, on->n, &soft);
    const hyla_focal_params focal = HYLA_FOCAL_PARAMS_DEFAULT,
                            power = {sizeof power, HYLA_REDUCTION_SUM, 2.0f, 1.5f, 0, 0.0f};
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
    hyla_exact_sum sums[CHANNELS] = {0};
    float slopes[CHANNELS];
    double slope = 0.0, radius = 0.0;
    take_status(to, "svdd update", hyla_svdd_update(&params, cube, on->center, &totals));
    take_status(to, "svdd radius", hyla_svdd_radius(&params, &radius));
    take_value(to, "svdd radius", radius);
    take_status(to, "svdd radius slope", hyla_svdd_gradient_radius(&params, &totals, 0.75, &slope));
    take_value(to, "svdd radius slope", slope);
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
    take_status(to, "dice at once", hyla_dice_loss_and_gradient(&params, cube, 0.75, HYLA_STORE, NULL, at_once, &loss,
                                                                clean(on, on->n * cube->channels)));
    take_value(to, "dice at once", loss);
    take_floats(to, "dice at once", on->written, on->n * cube->channels);
}

/* Classes of which all pixels count, without weights and smoothing, in both layouts; whole vectors, and a rest behind
 * them. */
static inline void take_classes(const struct buffers *all, struct hashes *to) {
    enum { MOST = CHANNELS + 2, PIXELS = 512 };
    const hyla_cross_entropy_params entropy = HYLA_CROSS_ENTROPY_PARAMS_DEFAULT;
    const hyla_dice_params dice = HYLA_DICE_PARAMS_DEFAULT;
    hyla_dice_totals totals[MOST];
    int32_t labels[PIXELS];
    double loss = 0.0;
    const size_t room = all->n * CHANNELS / MOST, n = room < PIXELS ? room : PIXELS;
    const size_t lengths[] = {n, n - n % 32};
    for (size_t channels = 2; channels <= MOST; ++channels) {
        for (size_t i = 0; i < n; ++i) labels[i] = (int32_t)(all->targets[i] % channels);
        for (size_t which = 0; which < 4; ++which) {
            struct buffers part = *all;
            const struct buffers *const on = &part;
            part.n = lengths[which / 2];
            const hyla_plane logits = hyla_f32(part.values);
            const hyla_cube cube = {.values = which % 2 ? hyla_bsq(logits, part.n) : hyla_bip(logits, channels),
                                    .n = part.n,
                                    .channels = channels,
                                    .labels = hyla_i32(labels)};
            const size_t floats = part.n * channels;
            TAKE_POINTWISE("cross-entropy, all count", cross_entropy, entropy, part.n, floats, &cube, NULL);
            take_status(to, "dice, all count",
                        hyla_dice_loss_and_gradient(&dice, &cube, 0.75, HYLA_STORE, NULL, totals, &loss,
                                                    clean(on, floats)));
            take(to, "dice, all count", totals, channels * sizeof *totals);
            take_value(to, "dice, all count", loss);
            take_floats(to, "dice, all count", on->written, floats);
        }
    }
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
    take_status(
        to, "contrast at once",
        hyla_foreground_contrast_loss_and_gradient(&params, cube, 0.75, HYLA_STORE, NULL, &loss, clean(on, floats)));
    take_value(to, "contrast at once", loss);
    take_floats(to, "contrast at once", on->written, floats);
}

static inline void take_cubes(const struct buffers *on, const hyla_cube *cube, struct hashes *to) {
    const hyla_cross_entropy_params entropy = {sizeof entropy, HYLA_REDUCTION_WEIGHTED_MEAN, 1, 1, 1.0f, 0.1f};
    hyla_cube binary = *cube;
    binary.channels = 1;
    binary.values.plane.stride = 1;
    const hyla_values other = hyla_bip(hyla_f32(on->other), CHANNELS);
#define TAKE_COMPARED(title, family, floats, ...)                                                                      \
    do {                                                                                                               \
        const hyla_##family##_params params = __VA_ARGS__;                                                             \
        TAKE_POINTWISE(title, family, params, on->n * floats, on->n * CHANNELS, cube, &other);                         \
    } while (0);
    LOSSES_OF_TWO_CUBES(TAKE_COMPARED)
    TAKE_POINTWISE("cross-entropy", cross_entropy, entropy, on->n, on->n * CHANNELS, cube, NULL);
    take_svdd(on, cube, to);
    take_dice(on, cube, to);
    take_dice(on, &binary, to);
    if (cube->valid.data == NULL && cube->weights.data == NULL) take_classes(on, to);
    take_contrast(on, cube, HYLA_COLOR_RGB, to);
    take_contrast(on, cube, HYLA_COLOR_OKLAB, to);
}

/* A loss of a matrix, with its workspace; `floats` are those of the matrix. */
#define TAKE_MATRIX(title, family, params, matrix)                                                                     \
    do {                                                                                                               \
        const size_t floats = matrix->rows * matrix->columns;                                                          \
        const size_t doubles = hyla_##family##_workspace(matrix->rows, matrix->columns),                               \
                     bytes = doubles * sizeof(double);                                                                 \
        double loss = 0.0;                                                                                             \
        take_status(to, title " loss", hyla_##family##_loss(&params, matrix, workspace(on, bytes), doubles, &loss));   \
        take_value(to, title " loss", loss);                                                                           \
        take_status(to, title " gradient",                                                                             \
                    hyla_##family##_gradient(&params, matrix, -3.0, HYLA_ADD, workspace(on, bytes), doubles,           \
                                             zeros(on, floats)));                                                      \
        take_floats(to, title " gradient", on->written, floats);                                                       \
        take_status(to, title " at once",                                                                              \
                    hyla_##family##_loss_and_gradient(&params, matrix, 0.75, HYLA_STORE, workspace(on, bytes),         \
                                                      doubles, &loss, clean(on, floats)));                             \
        take_value(to, title " at once", loss);                                                                        \
        take_floats(to, title " at once", on->written, floats);                                                        \
    } while (0)

/* A loss of the weights of a band selector. */
#define TAKE_SELECTOR(title, family, params)                                                                           \
    do {                                                                                                               \
        const size_t floats = on->n * CHANNELS;                                                                        \
        double loss = 0.0;                                                                                             \
        take_status(to, title " loss", hyla_##family##_loss(&params, on->values, floats, &loss));                      \
        take_value(to, title " loss", loss);                                                                           \
        take_status(to, title " gradient",                                                                             \
                    hyla_##family##_gradient(&params, on->values, floats, -3.0, HYLA_ADD, zeros(on, floats)));         \
        take_floats(to, title " gradient", on->written, floats);                                                       \
        take_status(to, title " at once",                                                                              \
                    hyla_##family##_loss_and_gradient(&params, on->values, floats, 0.75, HYLA_STORE, &loss,            \
                                                      clean(on, floats)));                                             \
        take_value(to, title " at once", loss);                                                                        \
        take_floats(to, title " at once", on->written, floats);                                                        \
    } while (0)

static inline void take_matrices(const struct buffers *on, const hyla_matrix *matrix, struct hashes *to) {
    const hyla_orthogonality_params orthogonality = HYLA_ORTHOGONALITY_PARAMS_DEFAULT;
    const hyla_distinctness_params distinctness = HYLA_DISTINCTNESS_PARAMS_DEFAULT;
    const hyla_selector_entropy_params entropy = {sizeof entropy, 0.5f, 1e-6f, 1, 0.5f};
    const hyla_selector_diversity_params diversity = HYLA_SELECTOR_DIVERSITY_PARAMS_DEFAULT;
    if (matrix->columns > 0) {
        TAKE_MATRIX("orthogonality", orthogonality, orthogonality, matrix);
        TAKE_MATRIX("distinctness", distinctness, distinctness, matrix);
    }
    if (on->n > 0) {
        TAKE_SELECTOR("selector entropy", selector_entropy, entropy);
        TAKE_SELECTOR("selector diversity", selector_diversity, diversity);
    }
}

#endif
