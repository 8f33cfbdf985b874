/* hyla_orthogonality_... and hyla_distinctness_...: the whole law, parameters out of range, notices, values. */
#include <math.h>

#include "law.h"

enum { ENTRIES_BYTES = LAW_ROWS * LAW_COLUMNS * sizeof(float), DOUBLES = 512 };

static void fill_orthogonality(struct arguments *arguments) {
    *(hyla_orthogonality_params *)arguments->at[PARAMS] = hyla_orthogonality_params_default();
}

static void fill_distinctness(struct arguments *arguments) {
    *(hyla_distinctness_params *)arguments->at[PARAMS] = hyla_distinctness_params_default();
}

static const struct family orthogonality = {
    .sizes[PARAMS] = sizeof(hyla_orthogonality_params), .sizes[VALUE] = sizeof(double), .fill = fill_orthogonality,
    .sizes[FLOATS] = ENTRIES_BYTES, .sizes[WORKSPACE] = DOUBLES * sizeof(double),
};
static const struct family distinctness = {
    .sizes[PARAMS] = sizeof(hyla_distinctness_params), .sizes[VALUE] = sizeof(double), .fill = fill_distinctness,
    .sizes[FLOATS] = ENTRIES_BYTES, .sizes[WORKSPACE] = DOUBLES * sizeof(double),
};

#define CALLS(node)                                                                                                    \
    static hyla_status node##_loss(const struct arguments *a) {                                                        \
        return hyla_##node##_loss(a->at[PARAMS], a->at[MATRIX], a->at[WORKSPACE], DOUBLES, a->at[VALUE]);              \
    }                                                                                                                  \
    static hyla_status node##_gradient(const struct arguments *a) {                                                    \
        return hyla_##node##_gradient(a->at[PARAMS], a->at[MATRIX], 1.0, a->write, a->at[WORKSPACE], DOUBLES,          \
                                      a->at[FLOATS]);                                                                  \
    }                                                                                                                  \
    static hyla_status node##_loss_and_gradient(const struct arguments *a) {                                           \
        return hyla_##node##_loss_and_gradient(a->at[PARAMS], a->at[MATRIX], 1.0, a->write, a->at[WORKSPACE], DOUBLES, \
                                               a->at[VALUE], a->at[FLOATS]);                                           \
    }
CALLS(orthogonality)
CALLS(distinctness)

#define READS (BIT(PARAMS) | BIT(MATRIX) | BIT(ENTRIES))
#define TABLE(node)                                                                                                    \
    {"hyla_" #node "_loss", node##_loss, &node, READS, 0, BIT(WORKSPACE) | BIT(VALUE)},                                \
        {"hyla_" #node "_gradient", node##_gradient, &node, READS, 0, BIT(WORKSPACE) | BIT(FLOATS)}, {                 \
        "hyla_" #node "_loss_and_gradient", node##_loss_and_gradient, &node, READS, 0,                                 \
            BIT(WORKSPACE) | BIT(VALUE) | BIT(FLOATS)                                                                  \
    }
static const struct function functions[] = {TABLE(orthogonality), TABLE(distinctness)};

static const float rows[6] = {1.0f, 0.0f, 0.0f, 2.0f, 2.0f, 0.0f};

static hyla_matrix two_rows(void) { return (hyla_matrix){.values = rows, .rows = 2, .columns = 3, .row_stride = 3}; }

/* Nothing is written by a call that fails. */
static void refused(hyla_status expected, const hyla_distinctness_params *params, const hyla_matrix *matrix,
                    uint32_t write, size_t size) {
    const hyla_orthogonality_params other = {sizeof other, params->weight};
    double loss = 42.0, space[DOUBLES] = {0.0}, untouched[DOUBLES] = {0.0};
    float out[6] = {42.0f, 42.0f, 42.0f, 42.0f, 42.0f, 42.0f};
    if (write == HYLA_STORE) CHECK_STATUS(expected, hyla_distinctness_loss(params, matrix, space, size, &loss));
    CHECK_STATUS(expected, hyla_distinctness_gradient(params, matrix, 1.0, write, space, size, out));
    CHECK_STATUS(expected, hyla_distinctness_loss_and_gradient(params, matrix, 1.0, write, space, size, &loss, out));
    if (expected != HYLA_ERROR_EPSILON && expected != HYLA_ERROR_UNKNOWN_OPTION) {
        if (write == HYLA_STORE) CHECK_STATUS(expected, hyla_orthogonality_loss(&other, matrix, space, size, &loss));
        CHECK_STATUS(expected, hyla_orthogonality_gradient(&other, matrix, 1.0, write, space, size, out));
        CHECK_STATUS(expected,
                     hyla_orthogonality_loss_and_gradient(&other, matrix, 1.0, write, space, size, &loss, out));
    }
    CHECK(loss == 42.0 && memcmp(space, untouched, sizeof space) == 0);
    for (int i = 0; i < 6; ++i) CHECK(out[i] == 42.0f);
}

static void parameters(void) {
    const float not_finite[] = {NAN, INFINITY, -INFINITY};
    const hyla_distinctness_params plain = HYLA_DISTINCTNESS_PARAMS_DEFAULT;
    hyla_distinctness_params params;
    hyla_matrix matrix = two_rows();
    for (int i = 0; i < 3; ++i) {
        params = plain;
        params.weight = not_finite[i];
        refused(HYLA_ERROR_WEIGHT, &params, &matrix, HYLA_STORE, DOUBLES);
        params = plain;
        params.eps = not_finite[i];
        refused(HYLA_ERROR_EPSILON, &params, &matrix, HYLA_STORE, DOUBLES);
    }
    params = plain;
    params.eps = -1e-45f;
    refused(HYLA_ERROR_EPSILON, &params, &matrix, HYLA_STORE, DOUBLES);
    params = plain;
    params.skip_exact_zeros = 2;
    refused(HYLA_ERROR_UNKNOWN_OPTION, &params, &matrix, HYLA_STORE, DOUBLES);
    refused(HYLA_ERROR_UNKNOWN_WRITE, &plain, &matrix, 2, DOUBLES);
    refused(HYLA_ERROR_WORKSPACE, &plain, &matrix, HYLA_STORE, 1);
    matrix.row_stride = 2;
    refused(HYLA_ERROR_STRIDES, &plain, &matrix, HYLA_STORE, DOUBLES);
    const hyla_matrix many = {.values = NULL, .rows = 1025, .columns = 0};
    refused(HYLA_ERROR_CHANNELS, &plain, &many, HYLA_STORE, DOUBLES);

    hyla_distinctness_params made;
    CHECK_STATUS(HYLA_OK, hyla_distinctness_params_init(&made, sizeof made));
    CHECK(memcmp(&made, &plain, sizeof made) == 0);
    const hyla_orthogonality_params other = HYLA_ORTHOGONALITY_PARAMS_DEFAULT;
    hyla_orthogonality_params other_made;
    CHECK_STATUS(HYLA_OK, hyla_orthogonality_params_init(&other_made, sizeof other_made));
    CHECK(memcmp(&other_made, &other, sizeof other) == 0);
}

static void values(void) {
    const hyla_matrix matrix = two_rows();
    const hyla_orthogonality_params params = HYLA_ORTHOGONALITY_PARAMS_DEFAULT;
    hyla_distinctness_params distinct = HYLA_DISTINCTNESS_PARAMS_DEFAULT;
    double loss = 0.0, space[DOUBLES];
    float out[6] = {1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f};
    CHECK(hyla_orthogonality_workspace(2, 3) <= DOUBLES && hyla_distinctness_workspace(2, 3) <= DOUBLES);
    /* E = (0 2; 2 7): 4 + 4 + 49. The gradient is 4 E W. */
    CHECK_STATUS(HYLA_OK,
                 hyla_orthogonality_loss_and_gradient(&params, &matrix, 0.25, HYLA_ADD, space, DOUBLES, &loss, out));
    CHECK(loss == 57.0);
    CHECK(out[0] == 5.0f && out[1] == 5.0f && out[2] == 1.0f && out[3] == 17.0f && out[4] == 15.0f && out[5] == 1.0f);
    const hyla_matrix none = {0};
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_orthogonality_loss(&params, &none, NULL, 0, &loss));
    CHECK(loss == 0.0);
    /* The cosine is 1 / sqrt 2. */
    for (uint32_t skip = 0; skip < 2; ++skip) {
        distinct.skip_exact_zeros = skip;
        CHECK_STATUS(HYLA_OK, hyla_distinctness_loss(&distinct, &matrix, space, DOUBLES, &loss));
        CHECK(fabs(loss - 0.1f * sqrt(0.5)) < 1e-15);
        CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_distinctness_loss(&distinct, &none, NULL, 0, &loss));
        CHECK(loss == 0.0);
        const float disjoint[4] = {0.0f, 3.0f, 1.0f, 0.0f}, dead[4] = {0.0f, 0.0f, 1.0f, 0.0f},
                    bad[4] = {NAN, 1.0f, 1.0f, 1.0f};
        hyla_matrix other = {.values = disjoint, .rows = 2, .columns = 2, .row_stride = 2};
        CHECK_STATUS(HYLA_NOTICE_ZERO_PAIRS, hyla_distinctness_loss_and_gradient(&distinct, &other, 1.0, HYLA_STORE,
                                                                                 space, DOUBLES, &loss, out));
        CHECK(loss == 0.0);
        other.values = dead;
        CHECK_STATUS(HYLA_NOTICE_ZERO_PAIRS | HYLA_NOTICE_DEGENERATE,
                     hyla_distinctness_loss(&distinct, &other, space, DOUBLES, &loss));
        other.values = bad;
        CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_distinctness_loss(&distinct, &other, space, DOUBLES, &loss));
        CHECK(isnan(loss));
    }
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    parameters();
    values();
    return finish("law_matrix");
}
