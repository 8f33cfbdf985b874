/* Planes, masks and outputs of every type, stride and pitch between pages that cannot be touched: the last pixel of the
 * last row is the last that is read or written, the first pixel of the first row is the first. */
#include "pages.h"
#include "planes.h"

enum { OUTPUT = INPUTS, BUFFERS, CANARY = 0x5a };
static unsigned char *pages[BUFFERS];
static size_t page_size;

static unsigned char *place(int buffer, size_t bytes, bool at_end) {
    memset(pages[buffer], CANARY, page_size);
    return pages[buffer] + (at_end ? page_size - bytes : 0);
}

/* Every array begins or ends with its pages. */
static hyla_pixels between(struct lie lie, size_t type, bool at_end) {
    static float said_floats[MOST_PIXELS];
    static uint8_t said_bytes[MOST_PIXELS], live[MOST_PIXELS];
    static const int32_t ignored = 7;
    hyla_pixels pixels = {.n = lie.rows * lie.columns, .rows = lie.rows};
    uint64_t random = type;
    for (int input = 0; input < FIRST_MASK; ++input) {
        const uint32_t dtype = plane_types[(type + (size_t)input * 3) % PLANE_TYPES];
        unsigned char *const to = place(input, span_bytes(dtype, lie_of(dtype, lie)), at_end);
        *plane_of(&pixels, input) = put_plane(dtype, lie, input != SCORES, true, to, said_floats, &random);
    }
    for (int input = FIRST_MASK; input < INPUTS; ++input) {
        const uint32_t dtype = mask_types[(type + (size_t)input) % MASK_TYPES];
        unsigned char *const to = place(input, span_bytes(dtype, lie_of(dtype, lie)), at_end);
        *mask_of(&pixels, input) = put_mask(dtype, lie, &ignored, to, said_bytes, live, &random);
    }
    return pixels;
}

/* The same at both ends: what lies outside is not read, and says nothing. */
static void inputs(struct lie lie, size_t type) {
    static struct outputs at_start[FUNCTIONS], at_end;
    hyla_pixels pixels = between(lie, type, false);
    for (size_t i = 0; i < FUNCTIONS; ++i) {
        const hyla_pixels used = only(pixels, functions[i].inputs);
        reset(&at_start[i]);
        CHECK(!HYLA_FAILED(functions[i].call(&used, &at_start[i])));
    }
    pixels = between(lie, type, true);
    for (size_t i = 0; i < FUNCTIONS; ++i) {
        const hyla_pixels used = only(pixels, functions[i].inputs);
        reset(&at_end);
        CHECK(!HYLA_FAILED(functions[i].call(&used, &at_end)));
        if (!CHECK(memcmp(&at_end, &at_start[i], sizeof at_end) == 0)) note_failure(functions[i].name);
    }
}

/* Rows of an output, of which the gaps and the rest of the pages stay as they were. */
static void outputs(struct lie lie, size_t type) {
    static struct outputs expected;
    const hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    const size_t pitch = lie.columns + lie.gap, floats = (lie.rows - 1) * pitch + lie.columns;
    hyla_pixels pixels = only(between(lie, type, true), WEIGHTED);
    reset(&expected);
    CHECK(!HYLA_FAILED(hyla_bce_map(&params, &pixels, expected.floats)));
    pixels.output_pitch = lie.gap == 0 ? 0 : pitch * sizeof(float);
    for (int at_end = 0; at_end < 2; ++at_end) {
        float *const to = (float *)(void *)place(OUTPUT, floats * sizeof(float), at_end != 0);
        CHECK(!HYLA_FAILED(hyla_bce_map(&params, &pixels, to)));
        for (size_t row = 0; row < lie.rows; ++row) {
            const size_t bytes = lie.columns * sizeof(float);
            CHECK(memcmp(to + row * pitch, expected.floats + row * lie.columns, bytes) == 0);
            memset(to + row * pitch, CANARY, bytes);
        }
        bool untouched = true;
        for (size_t i = 0; i < page_size; ++i) untouched &= pages[OUTPUT][i] == CANARY;
        CHECK(untouched);
    }
}

static void guards_work(void) {
    for (int buffer = 0; buffer < BUFFERS; ++buffer) {
        CHECK(is_untouchable(pages[buffer] - 1) && is_untouchable(pages[buffer] + page_size));
        CHECK(!is_untouchable(pages[buffer]) && !is_untouchable(pages[buffer] + page_size - 1));
    }
}

static void all(void) {
    for (size_t columns = 1; columns < 150; columns += columns < 70 ? 1 : 13) {
        for (size_t type = 0; type < PLANE_TYPES; ++type) {
            const size_t which = columns + type;
            const struct lie row = {1, columns, 1, which % 8, 0};
            const struct lie rows = {3, columns, 1 + which % 2 * 2, which * 3 % 8, which % 3};
            inputs(row, type);
            inputs(rows, which % PLANE_TYPES);
            outputs(rows, type);
        }
    }
}

int main(void) {
    page_size = 4 * bytes_of_a_page(); /* 3 rows of 150 doubles, three apart */
    for (int buffer = 0; buffer < BUFFERS; ++buffer) {
        pages[buffer] = guarded_pages(page_size);
        if (pages[buffer] == NULL) {
            fprintf(stderr, "guard_planes: no pages\n");
            return 1;
        }
    }
    build_binning();
    guards_work();
    for (uint32_t tier = 1; tier <= TIERS; ++tier) {
        if (pin_tier("guard_planes", tier)) all();
    }
    return finish("guard_planes");
}
