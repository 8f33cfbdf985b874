/* hyla_spectral_angle_...: the law, and its values and notices. */
#define NODE spectral_angle
#define MAP_SLOT MAP
#include "law_compared.h"

/* Two pixels of three channels: at a right angle, and opposite. */
static const float values[6] = {1.0f, 0.0f, 0.0f, 1.0f, 2.0f, 3.0f},
                   other_values[6] = {0.0f, 2.0f, 0.0f, -2.0f, -4.0f, -6.0f};
static const double right_angle = 1.57079637050628662, straight_angle = 3.14159274101257324; /* as float32 */
static const float pixel_weights[2] = {2.0f, 0.5f};

static void measures(void) {
    const hyla_cube cube = two_pixels();
    const hyla_values original = others();
    double value = 42.0;
    hyla_spectral_angle_totals totals = {0};
    hyla_spectral_angle_params params = HYLA_SPECTRAL_ANGLE_PARAMS_DEFAULT;
    CHECK_STATUS(HYLA_OK, hyla_spectral_angle_update(&params, &cube, &original, &totals));
    params.measure = HYLA_SPECTRAL_COSINE;
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_spectral_angle_loss(&params, &totals, &value));
    params.measure = 2;
    refused(HYLA_ERROR_UNKNOWN_OPTION, &params, &cube, HYLA_STORE);
    CHECK_STATUS(HYLA_ERROR_UNKNOWN_OPTION, hyla_spectral_angle_loss(&params, &totals, &value));
    CHECK(value == 42.0);
}

static void known_values(void) {
    const hyla_spectral_angle_params params = HYLA_SPECTRAL_ANGLE_PARAMS_DEFAULT;
    hyla_spectral_angle_params other = params;
    hyla_cube cube = two_pixels();
    const hyla_values original = others();
    hyla_spectral_angle_totals totals = {0};
    double value = 0.0;
    float out[6] = {1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f};
    CHECK_STATUS(HYLA_OK, hyla_spectral_angle_loss_and_gradient(&params, &cube, &original, 6.0, HYLA_ADD, &totals,
                                                                &value, out));
    CHECK(value == (right_angle + straight_angle) / 2.0 && totals.pixels == 2 && totals.rejected == 0 &&
          totals.dark == 0);
    CHECK(out[0] == 1.0f && out[1] == -2.0f && out[2] == 1.0f && out[3] == 1.0f && out[4] == 1.0f && out[5] == 1.0f);
    CHECK_STATUS(HYLA_OK, hyla_spectral_angle_map(&params, &cube, &original, out));
    CHECK(out[0] == (float)right_angle && out[1] == (float)straight_angle && out[2] == 1.0f);
    /* (2 * 1 + 0.5 * 2) / 2.5 */
    cube.weights = hyla_f32(pixel_weights);
    other.measure = HYLA_SPECTRAL_COSINE;
    other.reduction = HYLA_REDUCTION_WEIGHTED_MEAN;
    CHECK_STATUS(HYLA_OK, hyla_spectral_angle_loss_and_gradient(&other, &cube, &original, 1.0, HYLA_STORE, NULL,
                                                                &value, out));
    CHECK(value == 3.0 / 2.5 && out[0] == 0.0f && out[1] == -2.0f / 2.5f && out[2] == 0.0f);
    /* A spectrum of zeros is told; masked, it is as if it were not there. */
    const float dark[6] = {0.0f, 0.0f, 0.0f, 1.0f, 2.0f, 3.0f};
    const uint8_t valid[2] = {0, 1};
    const float bad[2] = {1.0f, -1.0f};
    cube.values = hyla_bip(hyla_f32(dark), 3);
    totals = (hyla_spectral_angle_totals){0};
    CHECK_STATUS(HYLA_NOTICE_DEGENERATE, hyla_spectral_angle_loss_and_gradient(&params, &cube, &original, 1.0,
                                                                               HYLA_STORE, &totals, &value, out));
    CHECK(totals.dark == 1 && out[0] == 0.0f && out[1] == 0.0f);
    totals.dark = 3;
    CHECK_STATUS(HYLA_ERROR_TOTALS, hyla_spectral_angle_loss(&params, &totals, &value));
    cube.valid = hyla_mask_u8(valid);
    CHECK_STATUS(HYLA_OK, hyla_spectral_angle_loss_and_gradient(&params, &cube, &original, 1.0, HYLA_STORE, NULL,
                                                                &value, out));
    CHECK(value == 0.5 * straight_angle && out[0] == 0.0f && out[1] == 0.0f);
    cube.weights = hyla_f32(bad);
    totals = (hyla_spectral_angle_totals){0};
    CHECK_STATUS(
        HYLA_NOTICE_EMPTY | HYLA_NOTICE_REJECTED,
        hyla_spectral_angle_loss_and_gradient(&params, &cube, &original, 1.0, HYLA_STORE, &totals, &value, out));
    CHECK(isnan(value) && totals.rejected == 1 && totals.pixels == 0);
}

int main(void) {
    law_of_compared();
    measures();
    known_values();
    return finish("law_spectral_angle");
}
