/* Every loss, a row a call. */
#include "count.h"

/* A sum of terms; the last arguments are its inputs. */
#define COUNT_TERMS(title, family, params, ...)                                                                        \
    do {                                                                                                               \
        hyla_##family##_totals totals = {0};                                                                           \
        double loss;                                                                                                   \
        COUNT(title " update", family##_update, &params, __VA_ARGS__, &totals);                                        \
        COUNT(title " loss", family##_loss, &params, &totals, &loss);                                                  \
        COUNT(title " map", family##_map, &params, __VA_ARGS__, on->written);                                          \
        COUNT(title " gradient", family##_gradient, &params, &totals, __VA_ARGS__, 1.0, HYLA_STORE, on->written);      \
        COUNT(title " loss and gradient", family##_loss_and_gradient, &params, __VA_ARGS__, 1.0, HYLA_STORE, NULL,     \
              &loss, on->written);                                                                                     \
    } while (0)

/* IoU and Tversky: sums, and the range of the scores. */
#define COUNT_OVERLAP(title, family, params)                                                                           \
    do {                                                                                                               \
        hyla_##family##_totals totals = {0};                                                                           \
        hyla_range range = {0}, same = {0};                                                                            \
        double loss;                                                                                                   \
        COUNT(title " update", family##_update, &params, &on->pixels, &totals, &range);                                \
        COUNT(title " loss", family##_loss, &params, &totals, &range, &loss);                                          \
        COUNT(title " gradient", family##_gradient, &params, &totals, &range, &on->pixels, 1.0, HYLA_STORE,            \
              on->written);                                                                                            \
        COUNT(title " loss and gradient", family##_loss_and_gradient, &params, &on->pixels, 1.0, HYLA_STORE, NULL,     \
              &same, &loss, on->written);                                                                              \
    } while (0)

/* A loss of a matrix, with its workspace. */
#define COUNT_MATRIX(title, family, params)                                                                            \
    do {                                                                                                               \
        double loss;                                                                                                   \
        COUNT(title " loss", family##_loss, &params, &on->matrix, on->workspace, WORKSPACE, &loss);                    \
        COUNT(title " gradient", family##_gradient, &params, &on->matrix, 1.0, HYLA_STORE, on->workspace, WORKSPACE,   \
              on->written);                                                                                            \
        COUNT(title " loss and gradient", family##_loss_and_gradient, &params, &on->matrix, 1.0, HYLA_STORE,           \
              on->workspace, WORKSPACE, &loss, on->written);                                                           \
    } while (0)

/* A loss of the weights of a band selector. */
#define COUNT_SELECTOR(title, family, params)                                                                          \
    do {                                                                                                               \
        double loss;                                                                                                   \
        COUNT(title " loss", family##_loss, &params, on->shares, on->n, &loss);                                        \
        COUNT(title " gradient", family##_gradient, &params, on->shares, on->n, 1.0, HYLA_STORE, on->written);         \
        COUNT(title " loss and gradient", family##_loss_and_gradient, &params, on->shares, on->n, 1.0, HYLA_STORE,     \
              &loss, on->written);                                                                                     \
    } while (0)

static void count_pixels(const struct buffers *on) {
    const hyla_bce_params bce = HYLA_BCE_PARAMS_DEFAULT;
    const hyla_focal_params focal = HYLA_FOCAL_PARAMS_DEFAULT;
    const hyla_tversky_params tversky = HYLA_TVERSKY_PARAMS_DEFAULT;
    hyla_iou_params iou = HYLA_IOU_PARAMS_DEFAULT;
    COUNT_TERMS("bce", bce, bce, &on->pixels);
    COUNT_TERMS("focal", focal, focal, &on->pixels);
    COUNT_OVERLAP("iou sigmoid", iou, iou);
    iou.normalization = HYLA_NORMALIZATION_CLAMP;
    COUNT_OVERLAP("iou clamp", iou, iou);
    iou.normalization = HYLA_NORMALIZATION_MINMAX;
    COUNT_OVERLAP("iou minmax", iou, iou);
    COUNT_OVERLAP("tversky", tversky, tversky);
}

/* What else an input can be, for one loss: all others read it by the same code. */
static void count_inputs(const struct buffers *on) {
    const hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    hyla_bce_totals masked = {0}, weighted = {0}, soft = {0}, integers = {0};
    hyla_pixels pixels = on->pixels;
    pixels.valid = on->pixels.decisions;
    COUNT("bce update masked", bce_update, &params, &pixels, &masked);
    pixels = on->pixels;
    pixels.weights = hyla_f32(on->shares);
    COUNT("bce update weighted", bce_update, &params, &pixels, &weighted);
    pixels.weights = hyla_f32(NULL);
    pixels.targets = hyla_mask_u8(NULL);
    pixels.soft_targets = hyla_f32(on->shares);
    COUNT("bce update soft", bce_update, &params, &pixels, &soft);
    pixels = on->pixels;
    pixels.scores = hyla_plane_affine(hyla_u16(on->items), 0x1p-8f, 2048);
    COUNT("bce update of u16", bce_update, &params, &pixels, &integers);
}

static void count_dice(const struct buffers *on) {
    const hyla_dice_params params = HYLA_DICE_PARAMS_DEFAULT;
    hyla_dice_totals totals[CHANNELS] = {0}, batch[CHANNELS] = {0};
    double loss;
    COUNT("dice update", dice_update, &params, &on->cube, totals);
    COUNT("dice loss", dice_loss, &params, totals, CHANNELS, &loss);
    COUNT("dice gradient", dice_gradient, &params, totals, &on->cube, 1.0, HYLA_STORE, on->written);
    COUNT("dice loss and gradient", dice_loss_and_gradient, &params, &on->cube, 1.0, HYLA_STORE, NULL, batch, &loss,
          on->written);
}

/* Beside its terms, the gradients by the center and the radius. */
static void count_svdd(const struct buffers *on) {
    const hyla_svdd_params params = HYLA_SVDD_PARAMS_DEFAULT;
    const float center[CHANNELS] = {0.5f, -0.25f, 0.0f, 1.0f};
    hyla_svdd_totals totals = {0};
    hyla_exact_sum sums[CHANNELS] = {0};
    float slopes[CHANNELS];
    double radius;
    COUNT_TERMS("svdd", svdd, params, &on->cube, center);
    done("svdd update", hyla_svdd_update(&params, &on->cube, center, &totals));
    COUNT("svdd center update", svdd_center_update, &params, &on->cube, center, sums);
    COUNT("svdd gradient center", svdd_gradient_center, &params, &totals, sums, CHANNELS, 1.0, HYLA_STORE, slopes);
    COUNT("svdd gradient radius", svdd_gradient_radius, &params, &totals, 1.0, &radius);
    COUNT("svdd radius", svdd_radius, &params, &radius);
}

#define COUNT_CONTRAST(title, params)                                                                                  \
    do {                                                                                                               \
        hyla_foreground_contrast_frame frame = {0};                                                                    \
        hyla_foreground_contrast_totals totals = {0};                                                                  \
        double loss;                                                                                                   \
        COUNT(title " frame update", foreground_contrast_frame_update, &params, &rgb, &frame);                         \
        COUNT(title " update", foreground_contrast_update, &params, &frame, &totals);                                  \
        COUNT(title " loss", foreground_contrast_loss, &params, &totals, &loss);                                       \
        COUNT(title " gradient", foreground_contrast_gradient, &params, &totals, &frame, &rgb, 1.0, HYLA_STORE,        \
              on->written);                                                                                            \
        COUNT(title " loss and gradient", foreground_contrast_loss_and_gradient, &params, &rgb, 1.0, HYLA_STORE, NULL, \
              &loss, on->written);                                                                                     \
    } while (0)

static void count_contrast(const struct buffers *on) {
    hyla_foreground_contrast_params params = HYLA_FOREGROUND_CONTRAST_PARAMS_DEFAULT;
    hyla_cube rgb = on->cube;
    rgb.values = hyla_bip(hyla_f32(on->values), RGB);
    rgb.channels = RGB;
    COUNT_CONTRAST("foreground_contrast rgb", params);
    params.color_space = HYLA_COLOR_OKLAB;
    COUNT_CONTRAST("foreground_contrast oklab", params);
}

static void count_cubes(const struct buffers *on) {
    const hyla_cross_entropy_params entropy = HYLA_CROSS_ENTROPY_PARAMS_DEFAULT;
    const hyla_mse_params mse = HYLA_MSE_PARAMS_DEFAULT;
    const hyla_spectral_angle_params angle = HYLA_SPECTRAL_ANGLE_PARAMS_DEFAULT;
    const hyla_values other = hyla_bip(hyla_f32(on->others), CHANNELS);
    hyla_cube planes = on->cube;
    planes.values = hyla_bsq(hyla_f32(on->values), on->n);
    COUNT_TERMS("cross_entropy", cross_entropy, entropy, &on->cube, NULL);
    COUNT_TERMS("cross_entropy bsq", cross_entropy, entropy, &planes, NULL);
    COUNT_TERMS("mse", mse, mse, &on->cube, &other);
    COUNT_TERMS("spectral_angle", spectral_angle, angle, &on->cube, &other);
    count_dice(on);
    count_svdd(on);
    count_contrast(on);
}

static void count_matrices(const struct buffers *on) {
    const hyla_orthogonality_params orthogonality = HYLA_ORTHOGONALITY_PARAMS_DEFAULT;
    const hyla_distinctness_params distinctness = HYLA_DISTINCTNESS_PARAMS_DEFAULT;
    const hyla_selector_entropy_params entropy = HYLA_SELECTOR_ENTROPY_PARAMS_DEFAULT;
    const hyla_selector_diversity_params diversity = HYLA_SELECTOR_DIVERSITY_PARAMS_DEFAULT;
    COUNT_MATRIX("orthogonality", orthogonality, orthogonality);
    COUNT_MATRIX("distinctness", distinctness, distinctness);
    COUNT_SELECTOR("selector_entropy", selector_entropy, entropy);
    COUNT_SELECTOR("selector_diversity", selector_diversity, diversity);
}

void count_losses(const struct buffers *on) {
    count_pixels(on);
    count_inputs(on);
    count_cubes(on);
    if (on->n > 0) count_matrices(on); /* which have columns */
}
