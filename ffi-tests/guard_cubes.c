/* Cubes of every type and layout between pages that cannot be touched: the last value of the last row is the last that
 * is read or written, the first one is the first. What they say is what the plain cube says. */
#include "pages.h"
#include "cubes.h"

enum { OUTPUT = CUBE_ARRAYS, BUFFERS, CANARY = 0x5a };
static unsigned char *pages[BUFFERS];
static size_t page_size;

static float said_values[MOST_CUBE_FLOATS], said_original[MOST_CUBE_FLOATS], said_weights[MOST_PIXELS];
static uint8_t said_targets[MOST_PIXELS], said_valid[MOST_PIXELS], live[MOST_PIXELS];
static int32_t said_labels[MOST_PIXELS];

static unsigned char *place(int buffer, size_t bytes, bool at_end) {
    memset(pages[buffer], CANARY, page_size);
    return pages[buffer] + (at_end ? page_size - bytes : 0);
}

/* A type of numbers that goes with a layout: packed pixels do not lie pixel by pixel. */
static uint32_t type_of_values(size_t type, enum nesting nesting) {
    const uint32_t dtype = plane_types[type % PLANE_TYPES];
    return nesting == BIP && packed_bits(dtype) != 0 ? HYLA_U16 : dtype;
}

/* Every array begins or ends with its pages. */
static struct inputs_of_cube between(struct lie lie, size_t type, enum nesting nesting, bool at_end) {
    static const uint32_t label_types[] = {HYLA_U8, HYLA_U16, HYLA_I32};
    const size_t n = lie.rows * lie.columns;
    const uint32_t of_values = type_of_values(type, nesting), of_original = type_of_values(type * 5 + 1, BSQ),
                   of_weights = plane_types[(type + 3) % PLANE_TYPES], of_targets = mask_types[type % MASK_TYPES],
                   of_valid = mask_types[(type + 2) % MASK_TYPES], of_labels = label_types[type % 3];
    const enum nesting other = packed_bits(of_original) != 0 ? BSQ : (enum nesting)((type + nesting) % NESTINGS);
    struct inputs_of_cube in = {.cube = {.channels = BANDS, .n = n, .rows = lie.rows}};
    uint64_t random = type;
    const size_t bytes = span_bytes(of_values, lie_of(of_values, lie_of_values(lie, nesting)));
    in.cube.values = put_values(of_values, lie, nesting, place(VALUES, bytes, at_end), said_values, &random);
    const size_t more = span_bytes(of_original, lie_of(of_original, lie_of_values(lie, other)));
    in.original = put_values(of_original, lie, other, place(ORIGINAL, more, at_end), said_original, &random);
    unsigned char *to = place(OF_WEIGHTS, span_bytes(of_weights, lie_of(of_weights, lie)), at_end);
    in.cube.weights = put_plane(of_weights, lie, true, true, to, said_weights, &random);
    to = place(OF_TARGETS, span_bytes(of_targets, lie_of(of_targets, lie)), at_end);
    in.cube.targets = put_mask(of_targets, lie, NULL, to, said_targets, live, &random);
    to = place(OF_VALID, span_bytes(of_valid, lie_of(of_valid, lie)), at_end);
    in.cube.valid = put_mask(of_valid, lie, NULL, to, said_valid, live, &random);
    to = place(OF_LABELS, span_bytes(of_labels, lie), at_end);
    in.cube.labels = put_labels(of_labels, lie, to, said_labels, &random);
    return in;
}

/* The plain cube that says the same. */
static struct inputs_of_cube plain(struct lie lie) {
    return (struct inputs_of_cube){.cube = {.values = hyla_bip(hyla_f32(said_values), BANDS),
                                            .channels = BANDS,
                                            .targets = hyla_mask_u8(said_targets),
                                            .valid = hyla_mask_u8(said_valid),
                                            .labels = hyla_i32(said_labels),
                                            .weights = hyla_f32(said_weights),
                                            .n = lie.rows * lie.columns},
                                   .original = hyla_bip(hyla_f32(said_original), BANDS)};
}

/* The floats of a gradient and their places. */
static size_t place_of(const hyla_cube *cube, size_t row, size_t column, size_t band) {
    const hyla_plane *const plane = &cube->values.plane;
    const size_t columns = cube->n / cube->rows, stride = plane->stride == 0 ? 1 : plane->stride;
    const size_t pitch = plane->row_pitch == 0 ? columns * stride : plane->row_pitch / item_size(plane->dtype);
    return row * pitch + column * stride + band * cube->values.channel_stride;
}

/* A gradient that ends with its pages has the bits of the plain one, and its gaps stay as they were. */
static void gradients(const struct cube_function *function, struct inputs_of_cube in, const float *expected) {
    static struct cube_outputs found;
    const size_t rows = in.cube.rows, columns = in.cube.n / rows;
    const size_t floats = place_of(&in.cube, rows - 1, columns - 1, BANDS - 1) + 1;
    static float gradient[MOST_CUBE_FLOATS];
    float *const to = (float *)(void *)place(OUTPUT, floats * sizeof(float), true);
    const hyla_mse_params params = HYLA_MSE_PARAMS_DEFAULT;
    reset_cube(&found);
    if (function->call == call_mse) {
        double loss;
        CHECK(!HYLA_FAILED(
            hyla_mse_loss_and_gradient(&params, &in.cube, &in.original, 1.5, HYLA_STORE, NULL, &loss, to)));
    } else {
        if (!CHECK(!HYLA_FAILED(function->call(&in, &found)))) note_failure(function->name);
        memcpy(to, found.gradient, floats * sizeof(float));
    }
    memcpy(gradient, to, floats * sizeof(float));
    for (size_t row = 0; row < rows; ++row) {
        for (size_t column = 0; column < columns; ++column) {
            for (size_t band = 0; band < BANDS; ++band) {
                const size_t at = place_of(&in.cube, row, column, band);
                if (!CHECK(memcmp(&gradient[at], expected++, sizeof(float)) == 0)) note_failure(function->name);
                memset(&to[at], CANARY, sizeof(float));
            }
        }
    }
    if (function->call != call_mse) return;
    bool untouched = true;
    for (size_t i = 0; i < page_size; ++i) untouched &= pages[OUTPUT][i] == CANARY;
    CHECK(untouched);
}

static void all_functions(struct lie lie, size_t type, enum nesting nesting) {
    static struct cube_outputs expected, found;
    for (int at_end = 0; at_end < 2; ++at_end) {
        const struct inputs_of_cube given = between(lie, type, nesting, at_end != 0), same = plain(lie);
        const bool is_packed = packed_bits(given.cube.values.plane.dtype) != 0;
        for (size_t i = 0; i < CUBE_FUNCTIONS; ++i) {
            const struct cube_function *const function = &cube_functions[i];
            const struct inputs_of_cube in = only_of_cube(given, function->arrays),
                                        of_plain = only_of_cube(same, function->arrays);
            reset_cube(&expected);
            reset_cube(&found);
            CHECK(!HYLA_FAILED(function->call(&of_plain, &expected)));
            if (is_packed && function->writes_values) {
                if (function->call != call_contrast) {
                    CHECK_STATUS(HYLA_ERROR_UNSUPPORTED_INPUT, function->call(&in, &found));
                }
                continue;
            }
            if (!CHECK(!HYLA_FAILED(function->call(&in, &found)))) note_failure(function->name);
            if (function->writes_values) gradients(function, in, expected.gradient);
            const size_t before_floats = offsetof(struct cube_outputs, map);
            bool same_bits = CHECK(memcmp(&found, &expected, before_floats) == 0);
            same_bits &= CHECK(memcmp(found.map, expected.map, sizeof found.map) == 0);
            if (!same_bits) note_failure(function->name);
        }
    }
}

static void all(void) {
    for (size_t columns = 1; columns < 40; columns += columns < 20 ? 1 : 7) {
        for (size_t type = 0; type < PLANE_TYPES; ++type) {
            const size_t which = columns + type;
            const enum nesting nesting = (enum nesting)(which % NESTINGS);
            all_functions((struct lie){1, columns, 1, 0, 0}, type, nesting);
            all_functions((struct lie){3, columns, 1 + which % 2 * 2, 0, which * 3 % 7}, type, nesting);
        }
    }
}

int main(void) {
    page_size = 4 * bytes_of_a_page(); /* 3 rows of 34 pixels of 3 doubles, three apart */
    for (int buffer = 0; buffer < BUFFERS; ++buffer) {
        pages[buffer] = guarded_pages(page_size);
        if (pages[buffer] == NULL) {
            fprintf(stderr, "guard_cubes: no pages\n");
            return 1;
        }
        CHECK(is_untouchable(pages[buffer] - 1) && is_untouchable(pages[buffer] + page_size));
    }
    for (uint32_t tier = 1; tier <= TIERS; ++tier) {
        if (pin_tier("guard_cubes", tier)) all();
    }
    return finish("guard_cubes");
}
