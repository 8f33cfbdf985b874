/* What a plane or a mask may not say: every function that takes pixels refuses it, and writes nothing. */
#include "planes.h"

enum { ROWS = 5, COLUMNS = 13, N = ROWS * COLUMNS, ROOM = 4096 };
/* Of each input; room for 13 columns of doubles, three apart. */
static _Alignas(64) unsigned char memory[INPUTS][ROOM];
static float said_floats[MOST_PIXELS];
static uint8_t said_bytes[MOST_PIXELS], live[MOST_PIXELS];

/* In how many rows the pixels lie: in one, floats and bytes are taken another way. */
static size_t rows_of_good = ROWS;

/* Floats and bytes in rows without gaps. */
static hyla_pixels good(void) {
    const struct lie lie = {ROWS, COLUMNS, 1, 0, 0};
    uint64_t random = 7;
    hyla_pixels pixels = {.n = N, .rows = rows_of_good};
    for (int input = 0; input < FIRST_MASK; ++input) {
        const bool is_share = input != SCORES;
        *plane_of(&pixels, input) = put_plane(HYLA_F32, lie, is_share, false, memory[input], said_floats, &random);
    }
    for (int input = FIRST_MASK; input < INPUTS; ++input)
        *mask_of(&pixels, input) = put_mask(HYLA_U8, lie, NULL, memory[input], said_bytes, live, &random);
    return pixels;
}

static const char *const input_names[INPUTS] = {
    [SCORES] = "scores",   [WEIGHTS] = "weights",     [SOFT_TARGETS] = "soft_targets",
    [TARGETS] = "targets", [DECISIONS] = "decisions", [VALID] = "valid",
};

/* An error that is about this; NULL: about one of the inputs. */
static bool is_error(hyla_status expected, const char *subject, hyla_status status) {
    const char *const found = hyla_status_subject(status);
    bool is_about = false;
    for (int input = 0; input < INPUTS; ++input) is_about |= subject == NULL && strcmp(found, input_names[input]) == 0;
    if (!CHECK(is_about || (subject != NULL && strcmp(found, subject) == 0))) {
        fprintf(stderr, "    it is about \"%s\", expected \"%s\"\n", found, subject == NULL ? "an input" : subject);
        return false;
    }
    return CHECK_STATUS(expected, status);
}

static void refused(hyla_status expected, const char *subject, const struct function *function, hyla_pixels pixels,
                    const char *what) {
    static struct outputs before, found;
    static unsigned char inputs[INPUTS][ROOM];
    static uint32_t words[256];
    reset(&before);
    reset(&found);
    memcpy(inputs, memory, sizeof inputs);
    memcpy(words, workspace, sizeof words);
    bool passed = is_error(expected, subject, function->call(&pixels, &found));
    passed &= CHECK(memcmp(&found, &before, sizeof found) == 0 && memcmp(words, workspace, sizeof words) == 0);
    passed &= CHECK(memcmp(inputs, memory, sizeof inputs) == 0);
    if (!passed) {
        note_failure(function->name);
        note_failure(what);
    }
}

static void taken(const struct function *function, hyla_pixels pixels, const char *what) {
    static struct outputs found;
    reset(&found);
    if (!CHECK(!HYLA_FAILED(function->call(&pixels, &found)))) {
        note_failure(function->name);
        note_failure(what);
    }
}

/* A plane that is wrong, in the place of one that is right. */
static void plane_error(hyla_status expected, const struct function *function, int input, hyla_plane plane,
                        const char *what) {
    hyla_pixels pixels = only(good(), function->inputs);
    *plane_of(&pixels, input) = plane;
    refused(expected, input_names[input], function, pixels, what);
}

static void planes(const struct function *function, int input) {
    const void *const data = memory[input];
    const hyla_plane f32 = {.data = data, .dtype = HYLA_F32};
    const size_t huge = SIZE_MAX / 2 / 8 * 8;

    /* A type that is forgotten, unknown, or one of masks, integers of 32 bits, bools, complex numbers, vectors. */
    const uint32_t flag = 0x00010000;
    const uint32_t not_numbers[] = {0,      HYLA_I32, HYLA_BOOL,  HYLA_BITS_LSB,   HYLA_BITS_MSB,  1,
                                    0x2001, 0x4000,   0x4001,     0x2005,          0x0802,         flag,
                                    0x0401, 0x1802,   0x80002002, HYLA_F32 | flag, HYLA_U8 | flag, UINT32_MAX};
    for (size_t i = 0; i < sizeof not_numbers / sizeof *not_numbers; ++i) {
        hyla_plane plane = f32;
        plane.dtype = not_numbers[i];
        plane_error(HYLA_ERROR_DTYPE, function, input, plane, "a type of no numbers");
    }
    for (size_t type = 0; type < PLANE_TYPES; ++type) {
        const uint32_t dtype = plane_types[type];
        const size_t size = item_size(dtype), row = pitch_of(dtype, (struct lie){ROWS, COLUMNS, 1, 0, 0});
        const bool is_packed = packed_bits(dtype) != 0;
        const hyla_plane plain = {.data = data, .dtype = dtype};
        hyla_plane plane = plain;
        /* No scale is NaN or infinite, and floats have none. */
        const float scales[] = {NAN, -NAN, INFINITY, -INFINITY};
        for (size_t i = 0; i < 4; ++i) {
            plane.scale = scales[i];
            plane_error(HYLA_ERROR_SCALE, function, input, plane, "a scale that is not finite");
        }
        if (is_float(dtype)) {
            plane_error(HYLA_ERROR_SCALE, function, input, hyla_plane_affine(plain, 2.0f, 0), "a scale of floats");
            plane_error(HYLA_ERROR_SCALE, function, input, hyla_plane_affine(plain, 0.0f, 1), "a zero point of floats");
        }
        plane = plain;
        plane.reserved = 1;
        plane_error(HYLA_ERROR_RESERVED, function, input, plane, "a reserved field");
        if (rows_of_good > 1) {
            plane_error(HYLA_ERROR_FRAME_SHAPE, function, input, hyla_plane_rows(plain, row - size), "rows overlap");
            plane_error(HYLA_ERROR_FRAME_SHAPE, function, input, hyla_plane_rows(plain, size), "a pitch of an item");
            plane_error(HYLA_ERROR_TOO_LARGE, function, input, hyla_plane_rows(plain, huge), "a pitch that overflows");
        }
        for (size_t offset = 1; offset < size; ++offset) {
            plane = plain;
            plane.data = (const unsigned char *)data + offset;
            plane_error(HYLA_ERROR_MISALIGNED, function, input, plane, "misaligned");
            plane_error(HYLA_ERROR_MISALIGNED, function, input, hyla_plane_rows(plain, row + offset), "a broken pitch");
        }
        plane = plain;
        plane.data = (const void *)(UINTPTR_MAX - 7);
        plane_error(HYLA_ERROR_TOO_LARGE, function, input, plane, "beyond the last address");
        const size_t strides[] = {2, 3, huge, SIZE_MAX};
        for (size_t i = is_packed ? 0 : 2; i < 4; ++i) {
            plane_error(is_packed ? HYLA_ERROR_STRIDES : HYLA_ERROR_TOO_LARGE, function, input,
                        hyla_plane_every(plain, strides[i]), "a stride");
        }
        /* What is right all the same. */
        hyla_pixels pixels = only(good(), function->inputs);
        *plane_of(&pixels, input) = hyla_plane_every(hyla_plane_rows(plain, row + size), 1);
        taken(function, pixels, "a plane with a pitch");
        *plane_of(&pixels, input) = hyla_plane_affine(plain, 1.0f, 0);
        taken(function, pixels, "a scale of 1");
    }
}

static void mask_error(hyla_status expected, const struct function *function, int input, hyla_mask mask,
                       const char *what) {
    hyla_pixels pixels = only(good(), function->inputs);
    *mask_of(&pixels, input) = mask;
    refused(expected, input_names[input], function, pixels, what);
}

static void masks(const struct function *function, int input) {
    const void *const data = memory[input];
    const size_t huge = SIZE_MAX / 2 / 8 * 8;
    const uint32_t not_truths[] = {0,      HYLA_F32, HYLA_F64, HYLA_F16, HYLA_BF16, HYLA_I8, HYLA_I16, HYLA_MONO10P,
                                   0x2001, 0x4000,   0x0101,   0x1006,   0x20106,   UINT32_MAX, HYLA_MONO12P,
                                   HYLA_MONO12_PACKED};
    for (size_t i = 0; i < sizeof not_truths / sizeof *not_truths; ++i) {
        const hyla_mask mask = {.data = data, .dtype = not_truths[i]};
        mask_error(HYLA_ERROR_DTYPE, function, input, mask, "a type of no truth values");
    }
    for (size_t type = 0; type < MASK_TYPES; ++type) {
        const uint32_t dtype = mask_types[type];
        const size_t size = item_size(dtype), row = pitch_of(dtype, (struct lie){ROWS, COLUMNS, 1, 0, 0});
        const bool are_bits = packed_bits(dtype) != 0;
        const hyla_mask plain = {.data = data, .dtype = dtype};
        hyla_mask mask = plain;
        const uint32_t first_bits[] = {1, 7, 8, 9, UINT32_MAX};
        for (size_t i = are_bits ? 2 : 0; i < 5; ++i) {
            mask_error(HYLA_ERROR_STRIDES, function, input, hyla_mask_from_bit(plain, first_bits[i]), "a first bit");
        }
        if (are_bits) {
            mask_error(HYLA_ERROR_UNSUPPORTED_INPUT, function, input, hyla_mask_ignore(plain, 0), "a label in bits");
        }
        if (are_bits && rows_of_good > 1) {
            /* With the first bit the last column is in a third byte. */
            mask = hyla_mask_from_bit(hyla_mask_rows(plain, 2), 4);
            mask_error(HYLA_ERROR_FRAME_SHAPE, function, input, mask, "rows of bits that overlap");
        }
        const uint32_t unknown[] = {2, 255, UINT32_MAX};
        for (size_t i = 0; i < 3; ++i) {
            mask = plain;
            mask.has_ignore = unknown[i];
            mask_error(HYLA_ERROR_UNSUPPORTED_INPUT, function, input, mask, "has_ignore");
        }
        if (rows_of_good > 1) {
            mask_error(HYLA_ERROR_FRAME_SHAPE, function, input, hyla_mask_rows(plain, row - size), "rows overlap");
            mask_error(HYLA_ERROR_TOO_LARGE, function, input, hyla_mask_rows(plain, huge), "a pitch that overflows");
        }
        for (size_t offset = 1; offset < size; ++offset) {
            mask = plain;
            mask.data = (const unsigned char *)data + offset;
            mask_error(HYLA_ERROR_MISALIGNED, function, input, mask, "misaligned");
            mask_error(HYLA_ERROR_MISALIGNED, function, input, hyla_mask_rows(plain, row + offset), "a broken pitch");
        }
        mask = plain;
        mask.data = (const void *)(UINTPTR_MAX - 3);
        mask_error(HYLA_ERROR_TOO_LARGE, function, input, mask, "beyond the last address");
        const size_t strides[] = {2, huge, SIZE_MAX};
        for (size_t i = are_bits ? 0 : 1; i < 3; ++i) {
            mask_error(are_bits ? HYLA_ERROR_STRIDES : HYLA_ERROR_TOO_LARGE, function, input,
                       hyla_mask_every(plain, strides[i]), "a stride");
        }
        hyla_pixels pixels = only(good(), function->inputs);
        *mask_of(&pixels, input) = hyla_mask_every(hyla_mask_rows(plain, row + size), 1);
        taken(function, pixels, "a mask with a pitch");
        *mask_of(&pixels, input) = are_bits ? hyla_mask_from_bit(plain, 7) : hyla_mask_ignore(plain, -1);
        taken(function, pixels, "a first bit or a label");
    }
}

static void shapes(const struct function *function) {
    hyla_pixels pixels = only(good(), function->inputs);
    const size_t rows[] = {2, 3, N - 1, N + 1, SIZE_MAX};
    for (size_t i = 0; i < 5; ++i) {
        pixels.rows = rows[i];
        refused(HYLA_ERROR_FRAME_SHAPE, "rows", function, pixels, "rows with a remainder");
    }
    for (size_t i = 0; i < 5; ++i) {
        pixels = only(good(), function->inputs);
        pixels.reserved[i] = 1;
        refused(HYLA_ERROR_RESERVED, "pixels", function, pixels, "a reserved field of the pixels");
    }
    const size_t counts[] = {SIZE_MAX, SIZE_MAX / 5 * 5, (size_t)PTRDIFF_MAX / 5 * 5 + 5};
    for (size_t i = 0; i < 3; ++i) {
        pixels = only(good(), function->inputs);
        pixels.n = counts[i];
        pixels.rows = i == 0 ? 1 : 5;
        refused(HYLA_ERROR_TOO_LARGE, NULL, function, pixels, "too many pixels");
    }
    /* Without pixels nothing is read, of any type. */
    hyla_pixels nothing = {.scores = hyla_u16(NULL), .rows = 3};
    taken(function, nothing, "no pixels");
    nothing = only(good(), function->inputs);
    nothing.n = 0;
    taken(function, nothing, "no pixels of rows");
    /* What is not used may be anything. */
    pixels = only(good(), function->inputs);
    for (int input = FIRST_MASK; input < INPUTS; ++input) {
        if (!(function->inputs & BIT(input))) mask_of(&pixels, input)->dtype = UINT32_MAX;
    }
    if (!(function->inputs & BIT(SCORES))) pixels.scores = (hyla_plane){.data = memory, .dtype = UINT32_MAX};
    taken(function, pixels, "garbage that is not used");
}

/* The rows of an output. */
static void output_rows(const struct function *function) {
    static struct outputs found, before;
    hyla_pixels pixels = only(good(), function->inputs);
    const size_t row = COLUMNS * sizeof(float);
    for (size_t offset = 1; offset < sizeof(float); ++offset) {
        pixels.output_pitch = row + offset;
        refused(HYLA_ERROR_MISALIGNED, "output_pitch", function, pixels, "a broken pitch of the output");
    }
    pixels.output_pitch = row - sizeof(float);
    refused(HYLA_ERROR_FRAME_SHAPE, "output_pitch", function, pixels, "rows of the output that overlap");
    pixels.output_pitch = SIZE_MAX / 4 * 4;
    refused(HYLA_ERROR_TOO_LARGE, "output_pitch", function, pixels, "a pitch of the output that overflows");

    /* Scores in a gap of the output. */
    reset(&found);
    pixels.output_pitch = 7 * row;
    pixels.scores = hyla_f32(found.floats + COLUMNS);
    before = found;
    bool passed = CHECK_STATUS(HYLA_ERROR_OVERLAP, function->call(&pixels, &found));
    passed &= CHECK(memcmp(&found, &before, sizeof found) == 0);
    if (!passed) note_failure(function->name);
}

/* Outputs in the gap between the first two rows of an input, of which all is in the frame. */
static void gap(const struct function *function, int input) {
    enum { PITCH = (sizeof(struct outputs) + 512 + 7) / 8 * 8 };
    static _Alignas(64) unsigned char frame[ROWS * PITCH], before[ROWS * PITCH];
    struct outputs *const found = (struct outputs *)(void *)(frame + 256);
    const size_t types = input < FIRST_MASK ? PLANE_TYPES : MASK_TYPES;
    for (size_t type = 0; type < types; ++type) {
        hyla_pixels pixels = only(good(), function->inputs);
        if (input < FIRST_MASK) {
            const hyla_plane plane = {.data = frame, .dtype = plane_types[type]};
            *plane_of(&pixels, input) = hyla_plane_rows(plane, PITCH);
        } else {
            const hyla_mask mask = {.data = frame, .dtype = mask_types[type]};
            *mask_of(&pixels, input) = hyla_mask_rows(mask, PITCH);
        }
        reset(found);
        memcpy(before, frame, sizeof frame);
        bool passed = CHECK_STATUS(HYLA_ERROR_OVERLAP, function->call(&pixels, found));
        passed &= CHECK(memcmp(frame, before, sizeof frame) == 0);
        if (!passed) note_failure(function->name);
    }
}

/* Integers with a bin each are taken as they are. */
static void integers(uint32_t rule, uint32_t dtype) {
    static int64_t words[2 * 65536 + 8], before[2 * 65536 + 8];
    static uint8_t bytes[8] = {0, 1, 255, 7, 7, 0, 0, 1};
    static uint16_t items[8] = {0, 1, 65535, 256, 7, 0, 7, 1};
    const hyla_binning_params params = {sizeof params, rule, 0, 0.0f, 0.0f};
    const void *const data = dtype == HYLA_U8 ? (const void *)bytes : (const void *)items;
    const size_t bins = dtype == HYLA_U8 ? 256 : 65536, count = 2 * bins + 8;
    hyla_binning of_rule;
    hyla_pixels pixels = {.n = 4, .rows = 2};
    CHECK_STATUS(HYLA_OK, hyla_binning_build(&params, NULL, 0, &of_rule));
    const hyla_plane right = {.data = data, .dtype = dtype};
    for (size_t type = 0; type < PLANE_TYPES; ++type) {
        if (plane_types[type] == dtype) continue;
        pixels.scores = (hyla_plane){.data = memory, .dtype = plane_types[type]};
        is_error(HYLA_ERROR_UNSUPPORTED_INPUT, "scores", hyla_ranking_update(&of_rule, &pixels, words, count));
    }
    pixels.scores = hyla_plane_affine(right, 2.0f, 0);
    is_error(HYLA_ERROR_UNSUPPORTED_INPUT, "scores", hyla_ranking_update(&of_rule, &pixels, words, count));
    pixels.scores = hyla_plane_affine(right, 0.0f, 1);
    is_error(HYLA_ERROR_UNSUPPORTED_INPUT, "scores", hyla_ranking_update(&of_rule, &pixels, words, count));
    pixels.scores = right;
    pixels.rows = 0;
    is_error(HYLA_ERROR_WORKSPACE, "words", hyla_ranking_update(&of_rule, &pixels, words, count - 1));
    CHECK(memcmp(words, before, sizeof words) == 0);
    /* Every other pixel of two rows: items 0, 2, 4 and 6. */
    pixels.rows = 2;
    pixels.scores = hyla_plane_rows(hyla_plane_every(right, 2), 4 * item_size(dtype));
    CHECK_STATUS(HYLA_OK, hyla_ranking_update(&of_rule, &pixels, words, count));
    for (size_t i = 0; i < 8; i += 2) ++before[dtype == HYLA_U8 ? bytes[i] : items[i]];
    CHECK(memcmp(words, before, bins * sizeof *words) == 0);
    memset(words, 0, sizeof words);
    memset(before, 0, sizeof before);
}

int main(void) {
    build_binning();
    for (size_t i = 0; i < FUNCTIONS; ++i) {
        const struct function *const function = &functions[i];
        for (int input = 0; input < INPUTS; ++input) {
            if (!(function->inputs & BIT(input))) continue;
            for (rows_of_good = 0; rows_of_good <= ROWS; rows_of_good += ROWS) {
                if (input < FIRST_MASK) planes(function, input);
                else masks(function, input);
            }
            rows_of_good = ROWS;
            gap(function, input);
        }
        shapes(function);
        if (function->writes_floats) output_rows(function);
    }
    integers(HYLA_BINNING_U8, HYLA_U8);
    integers(HYLA_BINNING_U16, HYLA_U16);
    return finish("law_planes");
}
