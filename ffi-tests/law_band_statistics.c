/* hyla_band_statistics_...: the whole law, parameters, sizes, layouts, damaged words and values. */
#include <math.h>

#include "law.h"

enum { K = LAW_CHANNELS, CELLS = LAW_CHANNELS * LAW_PIXELS };

static const hyla_band_statistics_params plain = HYLA_BAND_STATISTICS_PARAMS_DEFAULT;

/* The columns lie in TABLE, other columns in MORE, the dead ones in INDEXES. */
static void fill(struct arguments *a) {
    hyla_cube cube = *cube_of(a);
    cube.weights = hyla_f32(NULL);
    *(hyla_band_statistics_params *)a->at[PARAMS] = plain;
    memset(a->at[TABLE], 0, CELLS * sizeof(hyla_band_statistics_column));
    memset(a->at[MORE], 0, CELLS * sizeof(hyla_band_statistics_column));
    CHECK_STATUS(HYLA_OK, hyla_band_statistics_update(&plain, &cube, a->at[TOTALS], a->at[TABLE]));
    CHECK_STATUS(HYLA_OK, hyla_band_statistics_update(&plain, &cube, a->at[OTHER], a->at[MORE]));
}

static const struct family family = {
    .sizes[PARAMS] = sizeof(hyla_band_statistics_params),
    .sizes[TOTALS] = K * sizeof(hyla_band_statistics_totals),
    .sizes[VALUE] = K * sizeof(hyla_band_statistics_report),
    .fill = fill,
    .sizes[TABLE] = CELLS * sizeof(hyla_band_statistics_column),
    .sizes[MORE] = CELLS * sizeof(hyla_band_statistics_column),
};

#define CALL(function, ...)                                                                                            \
    static hyla_status call_##function(const struct arguments *a) {                                                    \
        return hyla_band_statistics_##function(__VA_ARGS__);                                                           \
    }
CALL(merge, a->at[OTHER], a->at[TOTALS], K)
CALL(normalize, a->at[TOTALS], K)
CALL(values, a->at[PARAMS], a->at[TOTALS], K, a->at[VALUE])
CALL(merge_columns, a->at[MORE], a->at[TABLE], CELLS)
CALL(dead_columns, a->at[TABLE], CELLS, a->at[INDEXES], 8, a->at[COUNT])

/* Weights are refused (which a test below tries), so the cube of the law has none. */
static hyla_status call_update(const struct arguments *a) {
    hyla_cube *const cube = (hyla_cube *)(void *)(a->rooms->bytes[CUBE] + ROOM / 2);
    const hyla_plane weights = cube->weights;
    cube->weights = hyla_f32(NULL);
    const hyla_status status = hyla_band_statistics_update(a->at[PARAMS], a->at[CUBE], a->at[TOTALS], a->at[TABLE]);
    cube->weights = weights;
    return status;
}

static const struct function functions[] = {
    {"hyla_band_statistics_update", call_update, &family, BIT(PARAMS) | BIT(CUBE) | BIT(VALUES) | BIT(VALID),
     BIT(VALID) | BIT(TABLE), BIT(TOTALS) | BIT(TABLE)},
    {"hyla_band_statistics_merge", call_merge, &family, BIT(OTHER), 0, BIT(TOTALS)},
    {"hyla_band_statistics_normalize", call_normalize, &family, 0, 0, BIT(TOTALS)},
    {"hyla_band_statistics_values", call_values, &family, BIT(PARAMS) | BIT(TOTALS), 0, BIT(VALUE)},
    {"hyla_band_statistics_merge_columns", call_merge_columns, &family, BIT(MORE), 0, BIT(TABLE)},
    {"hyla_band_statistics_dead_columns", call_dead_columns, &family, BIT(TABLE), 0, BIT(INDEXES) | BIT(COUNT)},
};

/* Three lines of two columns and two channels (BIL): channel 1 is dead, and so is column 1 of channel 0. */
static const uint16_t lines[12] = {3, 9, 7, 7, 4, 9, 7, 7, 0, 9, 7, 7};

static hyla_cube three_lines(void) {
    return (hyla_cube){.values = hyla_bil(hyla_u16(lines), 2, 2), .channels = 2, .n = 6, .rows = 3};
}

static void refused(hyla_status expected, const char *subject, const hyla_band_statistics_params *params,
                    const hyla_cube *cube) {
    static const hyla_band_statistics_totals no_totals[2];
    static const hyla_band_statistics_column no_columns[4];
    hyla_band_statistics_totals totals[2] = {0};
    hyla_band_statistics_column columns[4] = {0};
    const hyla_status status = hyla_band_statistics_update(params, cube, totals, columns);
    CHECK_STATUS(expected, status);
    CHECK(strcmp(hyla_status_subject(status), subject) == 0);
    CHECK(memcmp(totals, no_totals, sizeof totals) == 0 && memcmp(columns, no_columns, sizeof columns) == 0);
}

static void arguments(void) {
    hyla_band_statistics_params params = {sizeof params, 1, NAN}, made;
    hyla_cube cube = three_lines();
    CHECK_STATUS(HYLA_OK, hyla_band_statistics_params_init(&made, sizeof made));
    CHECK(memcmp(&made, &plain, sizeof made) == 0);
    CHECK(hyla_band_statistics_totals_size() == sizeof(hyla_band_statistics_totals));
    CHECK(hyla_band_statistics_column_size() == sizeof(hyla_band_statistics_column));
    refused(HYLA_ERROR_SATURATION, "saturation", &params, &cube);
    params.has_saturation = 2;
    refused(HYLA_ERROR_UNKNOWN_OPTION, "has_saturation", &params, &cube);
    const float weights[6] = {1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 1.0f};
    cube.weights = hyla_f32(weights);
    refused(HYLA_ERROR_UNSUPPORTED_INPUT, "weights", &plain, &cube);
    cube = three_lines();
    cube.rows = 4;
    refused(HYLA_ERROR_FRAME_SHAPE, "rows", &plain, &cube);
    cube = three_lines();
    cube.values.channel_stride = 1;
    refused(HYLA_ERROR_STRIDES, "values", &plain, &cube);
    cube = three_lines();
    cube.values.plane.row_pitch = 7;
    refused(HYLA_ERROR_MISALIGNED, "values", &plain, &cube);
    cube = three_lines();
    cube.values.plane.dtype = 0;
    refused(HYLA_ERROR_DTYPE, "values", &plain, &cube);

    const size_t many[] = {SIZE_MAX, SIZE_MAX / sizeof(hyla_band_statistics_column) + 1};
    hyla_band_statistics_totals totals[2] = {0}, other[2] = {0};
    hyla_band_statistics_column columns[4] = {0}, more[4] = {0};
    hyla_band_statistics_report reports[2];
    size_t dead[2] = {42, 42}, found = 42;
    for (int i = 0; i < 2; ++i) {
        CHECK_STATUS(HYLA_ERROR_TOO_LARGE, hyla_band_statistics_merge(other, totals, many[i]));
        CHECK_STATUS(HYLA_ERROR_TOO_LARGE, hyla_band_statistics_normalize(totals, many[i]));
        CHECK_STATUS(HYLA_ERROR_TOO_LARGE, hyla_band_statistics_values(&plain, totals, many[i], reports));
        CHECK_STATUS(HYLA_ERROR_TOO_LARGE, hyla_band_statistics_merge_columns(more, columns, many[i]));
        CHECK_STATUS(HYLA_ERROR_TOO_LARGE, hyla_band_statistics_dead_columns(columns, many[i], dead, 2, &found));
    }
    CHECK(dead[0] == 42 && found == 42);
    CHECK_STATUS(HYLA_OK, hyla_band_statistics_merge(NULL, NULL, 0));
    CHECK_STATUS(HYLA_OK, hyla_band_statistics_values(&plain, NULL, 0, NULL));
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_band_statistics_dead_columns(NULL, 0, NULL, 0, &found));
    CHECK(found == 0);
}

static void values(void) {
    const hyla_band_statistics_params params = {sizeof params, 1, 9.0f};
    const hyla_cube frame = three_lines();
    hyla_band_statistics_totals totals[2] = {0}, by_line[2] = {0};
    hyla_band_statistics_column columns[4] = {0}, of_lines[4] = {0};
    hyla_band_statistics_report reports[2], before[2];
    size_t dead[4] = {42, 42, 42, 42}, found = 42;
    CHECK_STATUS(HYLA_NOTICE_EMPTY, hyla_band_statistics_values(&params, totals, 2, reports));
    CHECK(isnan(reports[0].mean) && isnan(reports[1].max) && reports[0].count == 0);
    CHECK_STATUS(HYLA_OK, hyla_band_statistics_update(&params, &frame, totals, columns));
    for (int line = 0; line < 3; ++line) {
        hyla_cube cube = {.values = hyla_bsq(hyla_u16(lines + 4 * line), 2), .channels = 2, .n = 2};
        CHECK_STATUS(HYLA_OK, hyla_band_statistics_update(&params, &cube, by_line, of_lines));
    }
    CHECK(memcmp(totals, by_line, sizeof totals) == 0 && memcmp(columns, of_lines, sizeof columns) == 0);
    CHECK_STATUS(HYLA_OK, hyla_band_statistics_values(&params, totals, 2, reports));
    CHECK(reports[0].count == 6 && reports[0].zero == 1 && reports[0].saturated == 3 && reports[0].dead == 0);
    CHECK(reports[0].min == 0.0 && reports[0].max == 9.0 && reports[0].mean == 34.0 / 6.0);
    CHECK(fabs(reports[0].std - sqrt(268.0 / 6.0 - 34.0 * 34.0 / 36.0)) < 1e-14);
    CHECK(reports[1].dead == 1 && reports[1].std == 0.0 && reports[1].mean == 7.0 && reports[1].saturated == 0);
    CHECK_STATUS(HYLA_OK, hyla_band_statistics_dead_columns(columns, 4, dead, 4, &found));
    CHECK(found == 3 && dead[0] == 1 && dead[1] == 2 && dead[2] == 3 && dead[3] == 42);
    CHECK_STATUS(HYLA_NOTICE_INCOMPLETE, hyla_band_statistics_dead_columns(columns, 4, NULL, 0, &found));
    CHECK(found == 3);

    /* An error in any channel writes no report. */
    memcpy(before, reports, sizeof reports);
    CHECK_STATUS(HYLA_ERROR_MIXED_TOTALS, hyla_band_statistics_values(&plain, totals, 2, reports));
    totals[1].integer_squares[1] = -1;
    CHECK_STATUS(HYLA_ERROR_TOTALS, hyla_band_statistics_values(&params, totals, 2, reports));
    totals[1] = by_line[1];
    totals[1].zero = 7;
    CHECK_STATUS(HYLA_ERROR_TOTALS, hyla_band_statistics_values(&params, totals, 2, reports));
    CHECK(memcmp(before, reports, sizeof reports) == 0);
    columns[2].greatest = 0;
    dead[0] = found = 42;
    CHECK_STATUS(HYLA_ERROR_TOTALS, hyla_band_statistics_dead_columns(columns, 4, dead, 4, &found));
    CHECK(dead[0] == 42 && found == 42);

    /* A NaN is counted, and belongs to nothing else. */
    const float some[3] = {1.0f, NAN, 3.0f};
    hyla_cube cube = {.values = hyla_bsq(hyla_f32(some), 3), .channels = 1, .n = 3};
    memset(totals, 0, sizeof totals);
    CHECK_STATUS(HYLA_OK, hyla_band_statistics_update(&plain, &cube, totals, NULL));
    CHECK_STATUS(HYLA_NOTICE_NOT_FINITE, hyla_band_statistics_values(&plain, totals, 1, reports));
    CHECK(reports->count == 3 && reports->nan == 1 && reports->mean == 2.0 && reports->std == 1.0);
}

int main(void) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) law(&functions[i]);
    arguments();
    values();
    return finish("law_band_statistics");
}
