/* hyla_orthogonality_...: the law, parameters out of range, notices and known values. */
#include <math.h>

#include "law.h"

enum { DOUBLES = LAW_ROWS * 8 + 64 };

static void fill(struct arguments *arguments) {
    const hyla_orthogonality_params params = HYLA_ORTHOGONALITY_PARAMS_DEFAULT;
    *(hyla_orthogonality_params *)arguments->at[PARAMS] = params;
    CHECK(hyla_orthogonality_workspace(LAW_ROWS, LAW_COLUMNS) == DOUBLES);
}

static const struct family orthogonality = {
    sizeof(hyla_orthogonality_params), 0, sizeof(double), fill, LAW_ROWS * LAW_COLUMNS * sizeof(float), 0, DOUBLES * sizeof(double)};

#define CALL(function, ...) \
    static hyla_status call_##function(const struct arguments *a) { return hyla_##function(__VA_ARGS__); }
CALL(orthogonality_loss, a->at[PARAMS], matrix_of(a), a->at[WORKSPACE], DOUBLES, a->at[VALUE])
CALL(orthogonality_gradient, a->at[PARAMS], matrix_of(a), 1.0, a->write, a->at[WORKSPACE], DOUBLES, a->at[FLOATS])
CALL(orthogonality_loss_and_gradient, a->at[PARAMS], matrix_of(a), 1.0, a->write, a->at[WORKSPACE], DOUBLES, a->at[VALUE],
     a->at[FLOATS])

#define READS (BIT(PARAMS) | BIT(MATRIX) | BIT(ENTRIES))
#define ROW(function, writes) {#function, call_##function, &orthogonality, READS, 0, BIT(WORKSPACE) | (writes)}
static const struct function functions[] = {
    ROW(orthogonality_loss, BIT(VALUE)),
    ROW(orthogonality_gradient, BIT(FLOATS)),
    ROW(orthogonality_loss_and_gradient, BIT(VALUE) | BIT(FLOATS)),
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
static void refused(hyla_status expected, const hyla_orthogonality_params *params, const hyla_matrix *components, size_t size,
                    uint32_t write) {
    double loss;
    memset(out, 0xa5, sizeof out);
    memset(workspace, 0xa5, sizeof workspace);
    memset(&loss, 0xa5, sizeof loss);
    if (write <= HYLA_ADD) CHECK_STATUS(expected, hyla_orthogonality_loss(params, components, workspace, size, &loss));
    CHECK_STATUS(expected, hyla_orthogonality_gradient(params, components, 1.0, write, workspace, size, out));
    CHECK_STATUS(expected, hyla_orthogonality_loss_and_gradient(params, components, 1.0, write, workspace, size, &loss, out));
    CHECK(all_are(out, sizeof out, 0xa5) && all_are(workspace, sizeof workspace, 0xa5) && all_are(&loss, sizeof loss, 0xa5));
}

static void arguments(void) {
    const float not_finite[] = {NAN, INFINITY, -INFINITY};
    const uint32_t unknown_writes[] = {2, 3, 256, UINT32_MAX};
    hyla_orthogonality_params params = HYLA_ORTHOGONALITY_PARAMS_DEFAULT;
    const hyla_matrix good = matrix(3, 5), many = matrix(1025, 2);
    hyla_matrix narrow = good, endless = good;
    const size_t size = hyla_orthogonality_workspace(3, 5);
    for (int i = 0; i < 3; ++i) {
        params.weight = not_finite[i];
        refused(HYLA_ERROR_WEIGHT, &params, &good, size, HYLA_STORE);
    }
    params = hyla_orthogonality_params_default();
    for (int i = 0; i < 4; ++i) refused(HYLA_ERROR_UNKNOWN_WRITE, &params, &good, size, unknown_writes[i]);
    refused(HYLA_ERROR_WORKSPACE, &params, &good, size - 1, HYLA_STORE);
    refused(HYLA_ERROR_WORKSPACE, &params, &good, 0, HYLA_STORE);
    refused(HYLA_ERROR_CHANNELS, &params, &many, sizeof workspace / sizeof *workspace, HYLA_STORE);
    narrow.row_stride = 4;
    refused(HYLA_ERROR_STRIDES, &params, &narrow, size, HYLA_STORE);
    endless.row_stride = SIZE_MAX / 2;
    refused(HYLA_ERROR_TOO_LARGE, &params, &endless, size, HYLA_STORE);
    CHECK(HYLA_FAILED(hyla_orthogonality_gradient(&params, &good, 1.0, HYLA_STORE, workspace, SIZE_MAX, out)));

    /* The largest that is taken. */
    double loss = 0.0;
    const hyla_matrix most = matrix(1024, 2);
    CHECK(hyla_orthogonality_workspace(1024, 2) <= sizeof workspace / sizeof *workspace);
    CHECK_STATUS(HYLA_OK, hyla_orthogonality_loss(&params, &most, workspace, hyla_orthogonality_workspace(1024, 2), &loss));
    CHECK(loss == 1024.0);
}

static void values(void) {
    hyla_orthogonality_params params = HYLA_ORTHOGONALITY_PARAMS_DEFAULT;
    const size_t size = hyla_orthogonality_workspace(2, 2);
    hyla_matrix components = matrix(2, 2);
    double loss = 42.0;
    /* W = (2 0; 1 1): E = (3 2; 2 1), 4 E W = (32 8; 20 4). */
    const float w[] = {2.0f, 0.0f, 1.0f, 1.0f}, slopes[] = {32.0f, 8.0f, 20.0f, 4.0f};
    memcpy(entries, w, sizeof w);
    CHECK_STATUS(HYLA_OK, hyla_orthogonality_loss(&params, &components, workspace, size, &loss));
    CHECK(loss == 18.0);
    CHECK_STATUS(HYLA_OK, hyla_orthogonality_gradient(&params, &components, 1.0, HYLA_STORE, workspace, size, out));
    CHECK(memcmp(out, slopes, sizeof slopes) == 0);
    params.weight = -0.5f;
    CHECK_STATUS(HYLA_OK, hyla_orthogonality_loss_and_gradient(&params, &components, 2.0, HYLA_ADD, workspace, size, &loss, out));
    CHECK(loss == -9.0);
    for (int i = 0; i < 4; ++i) CHECK(out[i] == 0.0f);

    /* A row stride: what lies between the rows is neither read nor written. */
    const float spread[] = {2.0f, 0.0f, NAN, 1.0f, 1.0f, NAN};
    params.weight = 1.0f;
    memcpy(entries, spread, sizeof spread);
    components.row_stride = 3;
    out[2] = 42.0f;
    CHECK_STATUS(HYLA_OK, hyla_orthogonality_loss_and_gradient(&params, &components, 1.0, HYLA_STORE, workspace, size, &loss, out));
    CHECK(loss == 18.0 && out[0] == 32.0f && out[1] == 8.0f && out[2] == 42.0f && out[3] == 20.0f && out[4] == 4.0f);

    /* Not finite, and switched off. */
    entries[0] = NAN;
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE,
                 hyla_orthogonality_loss_and_gradient(&params, &components, 1.0, HYLA_STORE, workspace, size, &loss, out));
    CHECK(isnan(loss) && isnan(out[0]));
    params.weight = 0.0f;
    CHECK_STATUS(HYLA_OK, hyla_orthogonality_loss_and_gradient(&params, &components, 1.0, HYLA_STORE, workspace, size, &loss, out));
    CHECK(loss == 0.0 && out[0] == 0.0f);

    /* Nothing: no memory is needed at all. */
    components = (hyla_matrix){0};
    params.weight = 1.0f;
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_orthogonality_loss_and_gradient(&params, &components, 1.0, HYLA_STORE, NULL, 0, &loss, NULL));
    CHECK(loss == 0.0);
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    const hyla_orthogonality_params defaults = HYLA_ORTHOGONALITY_PARAMS_DEFAULT, value = hyla_orthogonality_params_default();
    hyla_orthogonality_params written;
    CHECK_STATUS(HYLA_OK, hyla_orthogonality_params_init(&written, sizeof written));
    CHECK(memcmp(&defaults, &value, sizeof value) == 0 && memcmp(&defaults, &written, sizeof written) == 0);
    CHECK_STATUS(HYLA_ERROR_NULL_POINTER, hyla_orthogonality_params_init(NULL, sizeof written));
    CHECK_STATUS(HYLA_ERROR_STRUCT_SIZE, hyla_orthogonality_params_init(&written, 0));
    arguments();
    values();
    return finish("law_orthogonality");
}
