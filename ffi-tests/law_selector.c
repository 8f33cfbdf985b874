/* hyla_selector_entropy_... and hyla_selector_diversity_...: the whole law, parameters out of range, and values. */
#include <math.h>

#include "law.h"

enum { N = LAW_ROWS * LAW_COLUMNS };

static void fill_entropy(struct arguments *arguments) {
    *(hyla_selector_entropy_params *)arguments->at[PARAMS] = hyla_selector_entropy_params_default();
}

static void fill_diversity(struct arguments *arguments) {
    *(hyla_selector_diversity_params *)arguments->at[PARAMS] = hyla_selector_diversity_params_default();
}

static const struct family entropy = {
    .sizes[PARAMS] = sizeof(hyla_selector_entropy_params), .sizes[VALUE] = sizeof(double), .fill = fill_entropy,
    .sizes[FLOATS] = N * sizeof(float),
};
static const struct family diversity = {
    .sizes[PARAMS] = sizeof(hyla_selector_diversity_params), .sizes[VALUE] = sizeof(double), .fill = fill_diversity,
    .sizes[FLOATS] = N * sizeof(float),
};

/* The number of weights follows the number of pixels of the law: ordinary, none, too many. */
static size_t count(const struct arguments *a) { return a->n == LAW_PIXELS ? N : a->n; }

#define CALLS(node)                                                                                                    \
    static hyla_status node##_loss(const struct arguments *a) {                                                        \
        return hyla_selector_##node##_loss(a->at[PARAMS], a->at[ENTRIES], count(a), a->at[VALUE]);                     \
    }                                                                                                                  \
    static hyla_status node##_gradient(const struct arguments *a) {                                                    \
        return hyla_selector_##node##_gradient(a->at[PARAMS], a->at[ENTRIES], count(a), 1.0, a->write, a->at[FLOATS]); \
    }                                                                                                                  \
    static hyla_status node##_loss_and_gradient(const struct arguments *a) {                                           \
        return hyla_selector_##node##_loss_and_gradient(a->at[PARAMS], a->at[ENTRIES], count(a), 1.0, a->write,        \
                                                        a->at[VALUE], a->at[FLOATS]);                                  \
    }
CALLS(entropy)
CALLS(diversity)

#define READS (BIT(PARAMS) | BIT(ENTRIES))
static const struct function functions[] = {
    {"hyla_selector_entropy_loss", entropy_loss, &entropy, READS, 0, BIT(VALUE)},
    {"hyla_selector_entropy_gradient", entropy_gradient, &entropy, READS, 0, BIT(FLOATS)},
    {"hyla_selector_entropy_loss_and_gradient", entropy_loss_and_gradient, &entropy, READS, 0,
     BIT(VALUE) | BIT(FLOATS)},
    {"hyla_selector_diversity_loss", diversity_loss, &diversity, READS, 0, BIT(VALUE)},
    {"hyla_selector_diversity_gradient", diversity_gradient, &diversity, READS, 0, BIT(FLOATS)},
    {"hyla_selector_diversity_loss_and_gradient", diversity_loss_and_gradient, &diversity, READS, 0,
     BIT(VALUE) | BIT(FLOATS)},
};

static const float weights[3] = {0.5f, 0.25f, 0.25f};

/* Nothing is written by a call that fails. */
static void refused_entropy(hyla_status expected, const hyla_selector_entropy_params *params, uint32_t write) {
    double loss = 42.0;
    float out[3] = {42.0f, 42.0f, 42.0f};
    if (write == HYLA_STORE) CHECK_STATUS(expected, hyla_selector_entropy_loss(params, weights, 3, &loss));
    CHECK_STATUS(expected, hyla_selector_entropy_gradient(params, weights, 3, 1.0, write, out));
    CHECK_STATUS(expected, hyla_selector_entropy_loss_and_gradient(params, weights, 3, 1.0, write, &loss, out));
    CHECK(loss == 42.0 && out[0] == 42.0f && out[1] == 42.0f && out[2] == 42.0f);
}

static void refused_diversity(hyla_status expected, const hyla_selector_diversity_params *params, uint32_t write) {
    double loss = 42.0;
    float out[3] = {42.0f, 42.0f, 42.0f};
    if (write == HYLA_STORE) CHECK_STATUS(expected, hyla_selector_diversity_loss(params, weights, 3, &loss));
    CHECK_STATUS(expected, hyla_selector_diversity_gradient(params, weights, 3, 1.0, write, out));
    CHECK_STATUS(expected, hyla_selector_diversity_loss_and_gradient(params, weights, 3, 1.0, write, &loss, out));
    CHECK(loss == 42.0 && out[0] == 42.0f && out[1] == 42.0f && out[2] == 42.0f);
}

static void parameters(void) {
    const float not_finite[] = {NAN, INFINITY, -INFINITY};
    hyla_selector_entropy_params params;
    for (int i = 0; i < 3; ++i) {
        params = hyla_selector_entropy_params_default();
        params.weight = not_finite[i];
        refused_entropy(HYLA_ERROR_WEIGHT, &params, HYLA_STORE);
        params = hyla_selector_entropy_params_default();
        params.eps = not_finite[i];
        refused_entropy(HYLA_ERROR_EPSILON, &params, HYLA_STORE);
        params = hyla_selector_entropy_params_default();
        params.target_entropy = not_finite[i];
        double loss = 0.0;
        CHECK_STATUS(HYLA_OK, hyla_selector_entropy_loss(&params, weights, 3, &loss)); /* not looked at */
        params.has_target = 1;
        refused_entropy(HYLA_ERROR_TARGET, &params, HYLA_STORE);
        hyla_selector_diversity_params other = {sizeof other, not_finite[i]};
        refused_diversity(HYLA_ERROR_WEIGHT, &other, HYLA_STORE);
    }
    params = hyla_selector_entropy_params_default();
    params.eps = -1e-45f;
    refused_entropy(HYLA_ERROR_EPSILON, &params, HYLA_STORE);
    params = hyla_selector_entropy_params_default();
    params.has_target = 2;
    refused_entropy(HYLA_ERROR_UNKNOWN_OPTION, &params, HYLA_STORE);
    const hyla_selector_entropy_params plain = HYLA_SELECTOR_ENTROPY_PARAMS_DEFAULT;
    const hyla_selector_diversity_params other = HYLA_SELECTOR_DIVERSITY_PARAMS_DEFAULT;
    refused_entropy(HYLA_ERROR_UNKNOWN_WRITE, &plain, 2);
    refused_diversity(HYLA_ERROR_UNKNOWN_WRITE, &other, 2);

    hyla_selector_entropy_params made;
    CHECK_STATUS(HYLA_OK, hyla_selector_entropy_params_init(&made, sizeof made));
    CHECK(memcmp(&made, &plain, sizeof made) == 0);
    hyla_selector_diversity_params other_made;
    CHECK_STATUS(HYLA_OK, hyla_selector_diversity_params_init(&other_made, sizeof other_made));
    CHECK(memcmp(&other_made, &other, sizeof other) == 0);
    CHECK_STATUS(HYLA_ERROR_NULL_POINTER, hyla_selector_entropy_params_init(NULL, sizeof made));
    CHECK_STATUS(HYLA_ERROR_STRUCT_SIZE, hyla_selector_diversity_params_init(&other_made, 0));
}

static void values(void) {
    hyla_selector_entropy_params params = HYLA_SELECTOR_ENTROPY_PARAMS_DEFAULT;
    hyla_selector_diversity_params other = HYLA_SELECTOR_DIVERSITY_PARAMS_DEFAULT;
    double loss = 0.0;
    float out[3] = {1.0f, 1.0f, 1.0f};
    params.eps = 0.0f;
    params.weight = -2.0f;
    /* 1/2 ln 2 + 2 * 1/4 ln 4 = 3/2 ln 2 */
    CHECK_STATUS(HYLA_OK, hyla_selector_entropy_loss(&params, weights, 3, &loss));
    CHECK(fabs(loss - 3.0 * 0.69314718055994531) < 1e-15);
    params.has_target = 1;
    params.target_entropy = 0.5f;
    CHECK_STATUS(HYLA_OK, hyla_selector_entropy_loss(&params, weights, 3, &loss));
    CHECK(fabs(loss + 2.0 * pow(1.5 * 0.69314718055994531 - 0.5, 2.0)) < 1e-15);
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_selector_entropy_loss(&params, NULL, 0, &loss));
    /* m = 1/3; the variance is 1/72. */
    other.weight = 72.0f;
    CHECK_STATUS(HYLA_OK, hyla_selector_diversity_loss_and_gradient(&other, weights, 3, 0.25, HYLA_ADD, &loss, out));
    CHECK(fabs(loss + 1.0) < 1e-14);
    CHECK(fabsf(out[0] + 1.0f) < 1e-6f && fabsf(out[1] - 2.0f) < 1e-6f && out[1] == out[2]);
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_selector_diversity_loss(&other, NULL, 0, &loss));
    CHECK(isnan(loss));
    const float bad[2] = {NAN, 1.0f};
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_selector_diversity_loss(&other, bad, 2, &loss));
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_selector_entropy_loss(&params, bad, 2, &loss));
    const float zeros[2] = {0.0f, -0.0f};
    CHECK_STATUS(HYLA_NOTICE_DEGENERATE, hyla_selector_entropy_loss(&params, zeros, 2, &loss));
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    parameters();
    values();
    return finish("law_selector");
}
