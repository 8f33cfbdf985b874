/* hyla_mse_...: the law, and its values and notices. */
#define NODE mse
#define MAP_SLOT FLOATS
#include "law_compared.h"

/* Two pixels of three channels. */
static const float values[6] = {1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f},
                   other_values[6] = {0.0f, 0.0f, 3.0f, 4.0f, 7.0f, 6.0f};
static const float pixel_weights[2] = {2.0f, 0.5f};

static void known_values(void) {
    const hyla_mse_params params = HYLA_MSE_PARAMS_DEFAULT;
    hyla_mse_params weighted = params;
    hyla_cube cube = two_pixels();
    const hyla_values other = others();
    hyla_mse_totals totals = {0};
    double value = 0.0;
    float out[6] = {1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f};
    CHECK_STATUS(HYLA_OK,
                 hyla_mse_loss_and_gradient(&params, &cube, &other, 6.0, HYLA_ADD, &totals, &value, out));
    CHECK(value == 1.5 && totals.values == 6 && totals.rejected == 0);
    CHECK(out[0] == 3.0f && out[1] == 5.0f && out[2] == 1.0f && out[3] == 1.0f && out[4] == -3.0f && out[5] == 1.0f);
    /* (2 (1 + 4) + 0.5 * 4) / (3 * 2 + 3 * 0.5) */
    cube.weights = hyla_f32(pixel_weights);
    weighted.reduction = HYLA_REDUCTION_WEIGHTED_MEAN;
    CHECK_STATUS(HYLA_OK,
                 hyla_mse_loss_and_gradient(&weighted, &cube, &other, 1.0, HYLA_STORE, NULL, &value, out));
    CHECK(value == 12.0 / 7.5);
    /* A masked pixel and one with a bad weight are as if they were not there. */
    const uint8_t valid[2] = {0, 1};
    const float bad[2] = {1.0f, -1.0f};
    cube.valid = hyla_mask_u8(valid);
    CHECK_STATUS(HYLA_OK, hyla_mse_loss_and_gradient(&params, &cube, &other, 1.0, HYLA_STORE, NULL, &value, out));
    CHECK(value == 2.0 / 3.0 && out[0] == 0.0f && out[1] == 0.0f);
    cube.weights = hyla_f32(bad);
    totals = (hyla_mse_totals){0};
    CHECK_STATUS(HYLA_NOTICE_EMPTY | HYLA_NOTICE_REJECTED,
                 hyla_mse_loss_and_gradient(&params, &cube, &other, 1.0, HYLA_STORE, &totals, &value, out));
    CHECK(isnan(value) && totals.rejected == 1 && totals.values == 0);
}

int main(void) {
    law_of_compared();
    known_values();
    return finish("law_mse");
}
