/* hyla_distinctness_...: the law, parameters out of range, notices and known values. */
#include <math.h>

#include "law.h"

enum { DOUBLES = LAW_ROWS * 2 + LAW_ROWS * 8 + 64 };

static void fill(struct arguments *arguments) {
    const hyla_distinctness_params params = HYLA_DISTINCTNESS_PARAMS_DEFAULT;
    *(hyla_distinctness_params *)arguments->at[PARAMS] = params;
    CHECK(hyla_distinctness_workspace(LAW_ROWS, LAW_COLUMNS) == DOUBLES);
}

static const struct family distinctness = {
    sizeof(hyla_distinctness_params), 0, sizeof(double), fill, LAW_ROWS * LAW_COLUMNS * sizeof(float), 0, DOUBLES * sizeof(double)};

#define CALL(function, ...) \
    static hyla_status call_##function(const struct arguments *a) { return hyla_##function(__VA_ARGS__); }
CALL(distinctness_loss, a->at[PARAMS], matrix_of(a), a->at[WORKSPACE], DOUBLES, a->at[VALUE])
CALL(distinctness_gradient, a->at[PARAMS], matrix_of(a), 1.0, a->write, a->at[WORKSPACE], DOUBLES, a->at[FLOATS])
CALL(distinctness_loss_and_gradient, a->at[PARAMS], matrix_of(a), 1.0, a->write, a->at[WORKSPACE], DOUBLES, a->at[VALUE],
     a->at[FLOATS])

#define READS (BIT(PARAMS) | BIT(MATRIX) | BIT(ENTRIES))
#define ROW(function, writes) {#function, call_##function, &distinctness, READS, 0, BIT(WORKSPACE) | (writes)}
static const struct function functions[] = {
    ROW(distinctness_loss, BIT(VALUE)),
    ROW(distinctness_gradient, BIT(FLOATS)),
    ROW(distinctness_loss_and_gradient, BIT(VALUE) | BIT(FLOATS)),
};

static float entries[1025 * 2], out[1025 * 2];
static double workspace[8192];

static hyla_matrix matrix(size_t rows, size_t columns) {
    return (hyla_matrix){.values = entries, .rows = rows, .columns = columns, .row_stride = columns};
}

static bool all_are(const void *memory, size_t size, unsigned char byte) {
    const unsigned char *bytes = (const unsigned char *)memory;
    for (size_t i = 0; i < size; ++i) {
        if (bytes[i] != byte) return false;
    }
    return true;
}

/* All functions with params refuse these, in the same way and without writing anything. */
static void refused(hyla_status expected, const hyla_distinctness_params *params, const hyla_matrix *weights, size_t size,
                    uint32_t write) {
    double loss;
    memset(out, 0xa5, sizeof out);
    memset(workspace, 0xa5, sizeof workspace);
    memset(&loss, 0xa5, sizeof loss);
    if (write <= HYLA_ADD) CHECK_STATUS(expected, hyla_distinctness_loss(params, weights, workspace, size, &loss));
    CHECK_STATUS(expected, hyla_distinctness_gradient(params, weights, 1.0, write, workspace, size, out));
    CHECK_STATUS(expected, hyla_distinctness_loss_and_gradient(params, weights, 1.0, write, workspace, size, &loss, out));
    CHECK(all_are(out, sizeof out, 0xa5) && all_are(workspace, sizeof workspace, 0xa5) && all_are(&loss, sizeof loss, 0xa5));
}

static void arguments(void) {
    const float not_finite[] = {NAN, INFINITY, -INFINITY};
    const uint32_t unknown_writes[] = {2, 3, 256, UINT32_MAX};
    hyla_distinctness_params params = HYLA_DISTINCTNESS_PARAMS_DEFAULT;
    const hyla_matrix good = matrix(3, 5), many = matrix(1025, 2);
    hyla_matrix narrow = good, endless = good;
    const size_t size = hyla_distinctness_workspace(3, 5);
    for (int i = 0; i < 3; ++i) {
        params.weight = not_finite[i];
        refused(HYLA_ERROR_WEIGHT, &params, &good, size, HYLA_STORE);
    }
    const float bad_eps[] = {NAN, INFINITY, -INFINITY, -1.0f, -1e-45f};
    params = hyla_distinctness_params_default();
    for (int i = 0; i < 5; ++i) {
        params.eps = bad_eps[i];
        refused(HYLA_ERROR_EPSILON, &params, &good, size, HYLA_STORE);
    }
    params = hyla_distinctness_params_default();
    for (int i = 0; i < 4; ++i) {
        params.skip_exact_zeros = unknown_writes[i];
        refused(HYLA_ERROR_UNKNOWN_OPTION, &params, &good, size, HYLA_STORE);
    }
    params = hyla_distinctness_params_default();
    for (int i = 0; i < 4; ++i) refused(HYLA_ERROR_UNKNOWN_WRITE, &params, &good, size, unknown_writes[i]);
    refused(HYLA_ERROR_WORKSPACE, &params, &good, size - 1, HYLA_STORE);
    refused(HYLA_ERROR_WORKSPACE, &params, &good, 0, HYLA_STORE);
    refused(HYLA_ERROR_CHANNELS, &params, &many, sizeof workspace / sizeof *workspace, HYLA_STORE);
    narrow.row_stride = 4;
    refused(HYLA_ERROR_STRIDES, &params, &narrow, size, HYLA_STORE);
    endless.row_stride = SIZE_MAX / 2;
    refused(HYLA_ERROR_TOO_LARGE, &params, &endless, size, HYLA_STORE);
    CHECK(HYLA_FAILED(hyla_distinctness_gradient(&params, &good, 1.0, HYLA_STORE, workspace, SIZE_MAX, out)));

    /* The largest that is taken. */
    double loss = 0.0;
    const hyla_matrix most = matrix(1024, 2);
    CHECK(hyla_distinctness_workspace(1024, 2) <= sizeof workspace / sizeof *workspace);
    const hyla_status zeros = HYLA_NOTICE_ZERO_PAIRS | HYLA_NOTICE_DEGENERATE;
    for (uint32_t skip = 0; skip < 2; ++skip) {
        params.skip_exact_zeros = skip;
        loss = 42.0;
        CHECK_STATUS(zeros, hyla_distinctness_loss(&params, &most, workspace, hyla_distinctness_workspace(1024, 2), &loss));
        CHECK(loss == 0.0);
    }
}

static hyla_status both(const hyla_distinctness_params *params, const hyla_matrix *weights, uint32_t write, double *loss) {
    const size_t size = hyla_distinctness_workspace(weights->rows, weights->columns);
    return hyla_distinctness_loss_and_gradient(params, weights, 1.0, write, workspace, size, loss, out);
}

static bool close_to(double found, double truth) { return fabs(found - truth) <= 1e-7 * fabs(truth); }

static void values(void) {
    hyla_distinctness_params params = HYLA_DISTINCTNESS_PARAMS_DEFAULT;
    double loss = 42.0;
    /* u_1 = (1 0), u_2 = (3/5 4/5): the cosine is 3/5; across row 1 the slope is 4/5 / 2, across row 2
     * (16/25 -12/25) / 5. */
    hyla_matrix weights = matrix(2, 2);
    const float w[] = {2.0f, 0.0f, 3.0f, 4.0f};
    memcpy(entries, w, sizeof w);
    params.weight = 1.0f;
    for (uint32_t skip = 0; skip < 2; ++skip) {
        params.skip_exact_zeros = skip;
        CHECK_STATUS(HYLA_OK, both(&params, &weights, HYLA_STORE, &loss));
        CHECK(close_to(loss, 0.6) && fabsf(out[0]) < 1e-15f && close_to(out[1], 0.4));
        CHECK(close_to(out[2], 0.128) && close_to(out[3], -0.096));
        params.weight = -1.0f;
        CHECK_STATUS(HYLA_OK, both(&params, &weights, HYLA_ADD, &loss));
        CHECK(close_to(loss, -0.6));
        for (int i = 0; i < 4; ++i) CHECK(out[i] == 0.0f);
        params.weight = 1.0f;
    }

    /* Two of three are disjoint: which mean it is decides. */
    const float some[] = {1.0f, 0.0f, 1.0f, 0.0f, 0.0f, 2.0f};
    memcpy(entries, some, sizeof some);
    weights = matrix(3, 2);
    CHECK_STATUS(HYLA_NOTICE_ZERO_PAIRS, both(&params, &weights, HYLA_STORE, &loss));
    CHECK(loss == 1.0);
    params.skip_exact_zeros = 0;
    CHECK_STATUS(HYLA_OK, both(&params, &weights, HYLA_STORE, &loss));
    CHECK(loss == 1.0 / 3.0);

    /* All are. */
    const float disjoint[] = {3.0f, 0.0f, 0.0f, 0.1f};
    memcpy(entries, disjoint, sizeof disjoint);
    weights = matrix(2, 2);
    CHECK_STATUS(HYLA_NOTICE_ZERO_PAIRS, both(&params, &weights, HYLA_STORE, &loss));
    CHECK(loss == 0.0 && out[0] == 0.0f && close_to(out[1], 1.0 / 3.0));
    params.skip_exact_zeros = 1;
    CHECK_STATUS(HYLA_NOTICE_ZERO_PAIRS, both(&params, &weights, HYLA_STORE, &loss));
    CHECK(loss == 0.0 && out[0] == 0.0f && out[1] == 0.0f);

    /* Short, not finite, switched off, too few. */
    params = hyla_distinctness_params_default();
    entries[0] = 1e-9f;
    entries[3] = 1.0f;
    entries[2] = 1.0f;
    CHECK_STATUS(HYLA_NOTICE_DEGENERATE, both(&params, &weights, HYLA_STORE, &loss));
    CHECK(out[0] > 7e4f);
    entries[0] = INFINITY;
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, both(&params, &weights, HYLA_STORE, &loss));
    CHECK(isnan(loss) && isnan(out[0]));
    params.weight = 0.0f;
    CHECK_STATUS(HYLA_OK, both(&params, &weights, HYLA_STORE, &loss));
    CHECK(loss == 0.0 && out[0] == 0.0f);
    params.weight = 1.0f;
    weights = matrix(1, 2);
    CHECK_STATUS(HYLA_NOTICE_EMPTY, both(&params, &weights, HYLA_STORE, &loss));
    CHECK(loss == 0.0 && out[0] == 0.0f && out[1] == 0.0f);
    weights = (hyla_matrix){0};
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_distinctness_loss_and_gradient(&params, &weights, 1.0, HYLA_STORE, NULL, 0, &loss, NULL));
    CHECK(loss == 0.0);
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    const hyla_distinctness_params defaults = HYLA_DISTINCTNESS_PARAMS_DEFAULT, value = hyla_distinctness_params_default();
    hyla_distinctness_params written;
    CHECK_STATUS(HYLA_OK, hyla_distinctness_params_init(&written, sizeof written));
    CHECK(memcmp(&defaults, &value, sizeof value) == 0 && memcmp(&defaults, &written, sizeof written) == 0);
    CHECK_STATUS(HYLA_ERROR_NULL_POINTER, hyla_distinctness_params_init(NULL, sizeof written));
    CHECK_STATUS(HYLA_ERROR_STRUCT_SIZE, hyla_distinctness_params_init(&written, 0));
    arguments();
    values();
    return finish("law_distinctness");
}
