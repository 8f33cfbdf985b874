/* Inputs of every type, stride and pitch say what the floats and bytes say that they are: the same bits. */
#include "planes.h"

enum { ROOM = 262144 };
static _Alignas(64) unsigned char memory[INPUTS][ROOM];
static float said_floats[FIRST_MASK][MOST_PIXELS];
static uint8_t said_bytes[INPUTS][MOST_PIXELS], live[INPUTS][MOST_PIXELS], counted[MOST_PIXELS];
static const size_t lengths[][2] = {{1, 1}, {1, 67}, {5, 13}, {3, 3001}, {700, 9}, {4, 8}};

/* What a function does to plain inputs, and to the given ones in rows with a pitch of the output. */
static void same(const struct function *function, hyla_pixels given, size_t output_gap) {
    static struct outputs expected, found, compact;
    const size_t rows = given.rows == 0 ? 1 : given.rows, columns = given.n / rows, pitch = columns + output_gap;
    hyla_pixels plain = {.n = given.n, .rows = function->call == call_strided_frame ? rows : 0};
    for (size_t i = 0; i < given.n; ++i) {
        counted[i] = said_bytes[VALID][i];
        for (int input = FIRST_MASK; input < INPUTS; ++input) {
            if ((function->inputs & BIT(input)) && live[input][i] == 0) counted[i] = 0;
        }
    }
    plain.scores = hyla_f32(said_floats[SCORES]);
    plain.weights = hyla_f32(said_floats[WEIGHTS]);
    plain.soft_targets = hyla_f32(said_floats[SOFT_TARGETS]);
    plain.targets = hyla_mask_u8(said_bytes[TARGETS]);
    plain.decisions = hyla_mask_u8(said_bytes[DECISIONS]);
    plain.valid = hyla_mask_u8(counted);
    plain = only(plain, function->inputs);
    given = only(given, function->inputs);
    given.output_pitch = output_gap == 0 ? 0 : pitch * sizeof(float);

    reset(&expected);
    reset(&found);
    /* The floats are the same before the call, too. */
    for (size_t i = 0; i < given.n; ++i) expected.floats[i] = found.floats[i / columns * pitch + i % columns];
    const hyla_status status = function->call(&plain, &expected);
    bool passed = CHECK(!HYLA_FAILED(status));
    passed &= CHECK_STATUS(status, function->call(&given, &found));
    passed &= CHECK(memcmp(&found, &expected, offsetof(struct outputs, floats)) == 0);
    reset(&compact);
    if (function->writes_floats) {
        for (size_t i = 0; i < given.n; ++i) compact.floats[i / columns * pitch + i % columns] = expected.floats[i];
    }
    passed &= CHECK(memcmp(found.floats, compact.floats, sizeof found.floats) == 0);
    if (!passed) note_failure(function->name);
}

static void types(size_t plane_type, size_t mask_type, struct lie lie, uint64_t seed) {
    static const int32_t ignored[] = {255, 0, -1};
    uint64_t random = seed;
    const size_t n = lie.rows * lie.columns;
    hyla_pixels given = {.n = n, .rows = lie.rows};
    for (int input = 0; input < FIRST_MASK; ++input) {
        const uint32_t dtype = plane_types[(plane_type + (size_t)input * 3) % PLANE_TYPES];
        *plane_of(&given, input) = put_plane(dtype, lie, input != SCORES, input != SCORES || seed % 3 != 0,
                                             memory[input], said_floats[input], &random);
    }
    memset(live, 1, sizeof live);
    for (int input = FIRST_MASK; input < INPUTS; ++input) {
        const uint32_t dtype = mask_types[(mask_type + (size_t)input) % MASK_TYPES];
        const int32_t *const label = (seed >> (input - FIRST_MASK) & 1) != 0 ? &ignored[seed % 3] : NULL;
        *mask_of(&given, input) = put_mask(dtype, lie, label, memory[input], said_bytes[input], live[input], &random);
    }
    for (size_t function = 0; function < FUNCTIONS; ++function) {
        way = (uint32_t)(seed & 1);
        same(&functions[function], given, (size_t)(seed % 4 == 0 ? 3 : 0));
    }
}

static void all_types(void) {
    uint64_t seed = 0;
    for (size_t length = 0; length < sizeof lengths / sizeof *lengths; ++length) {
        for (size_t plane_type = 0; plane_type < PLANE_TYPES; ++plane_type) {
            for (size_t mask_type = 0; mask_type < MASK_TYPES; ++mask_type) {
                /* Every type meets every other one among few pixels, and one of them among many. */
                const bool is_long = lengths[length][0] * lengths[length][1] > 1000;
                if (is_long && mask_type != plane_type % MASK_TYPES) continue;
                for (size_t stride = 1; stride < 4; stride += 2) {
                    const size_t first = (size_t)(seed % 8), gap = (size_t)(seed % 3 * 2);
                    const struct lie lie = {lengths[length][0], lengths[length][1], stride, first, gap};
                    types(plane_type, mask_type, lie, ++seed);
                }
            }
        }
    }
}

/* The value of a pixel by the sum of it alone. */
static double value(hyla_plane plane, size_t n, size_t pixel) {
    uint8_t valid[16] = {0};
    const hyla_pixels pixels = {.scores = plane, .valid = hyla_mask_u8(valid), .n = n};
    hyla_sum_totals totals = {0};
    double sum = -7.0;
    valid[pixel] = 1;
    CHECK_STATUS(HYLA_OK, hyla_sum_update(&pixels, &totals));
    CHECK_STATUS(HYLA_OK, hyla_sum_value(&totals, &sum));
    return sum;
}

/* Bytes as the standards have them, worked out by hand. */
static void published_layouts(void) {
    /* GenICam PFNC, Mono10p: 0x001, 0x3FE, 0x155, 0x2AA and the first of a second group, 0x301. */
    static const uint8_t mono10p[] = {0x01, 0xf8, 0x5f, 0x95, 0xaa, 0x01, 0x03};
    static const double of_mono10p[] = {0x001, 0x3fe, 0x155, 0x2aa, 0x301};
    for (size_t i = 0; i < 5; ++i) CHECK(value(hyla_mono10p(mono10p), 5, i) == of_mono10p[i]);
    /* GenICam PFNC, Mono12p: 0xABC, 0x123, 0xF01. */
    static const uint8_t mono12p[] = {0xbc, 0x3a, 0x12, 0x01, 0x0f};
    static const double of_mono12[] = {0xabc, 0x123, 0xf01};
    for (size_t i = 0; i < 3; ++i) CHECK(value(hyla_mono12p(mono12p), 3, i) == of_mono12[i]);
    /* GigE Vision, Mono12Packed: the same. */
    static const uint8_t packed[] = {0xab, 0x3c, 0x12, 0xf0, 0x01};
    for (size_t i = 0; i < 3; ++i) CHECK(value(hyla_mono12_packed(packed), 3, i) == of_mono12[i]);

    static const uint16_t halves[] = {0x3c00, 0xc000, 0x7bff, 0x0001, 0x3555, 0x8000};
    static const uint16_t brain[] = {0x3f80, 0xc2f7, 0x0001};
    static const double of_halves[] = {1.0, -2.0, 65504.0, 0x1p-24, 0.333251953125, 0.0};
    for (size_t i = 0; i < 6; ++i) CHECK(value(hyla_f16(halves), 6, i) == of_halves[i]);
    static const double of_brain[] = {1.0, -123.5, 0x1p-133};
    for (size_t i = 0; i < 3; ++i) CHECK(value(hyla_bf16(brain), 3, i) == of_brain[i]);
    /* Ties go to even, once. */
    static const double doubles[] = {1.0 + 0x1p-24, 1.0 + 0x3p-24, 1.0 + 0x1p-24 + 0x1p-50, 1e-60};
    static const double of_doubles[] = {1.0, 1.0 + 0x1p-22, 1.0 + 0x1p-23, 0.0};
    for (size_t i = 0; i < 4; ++i) CHECK(value(hyla_f64(doubles), 4, i) == of_doubles[i]);
    /* A difference beyond int32 is right, too. */
    static const uint16_t words[] = {5, 65535};
    static const int8_t bytes[] = {-128};
    CHECK(value(hyla_plane_affine(hyla_u16(words), 1.0f, INT32_MIN), 2, 0) == 0x1p31);
    CHECK(value(hyla_plane_affine(hyla_u16(words), 1.0f, INT32_MIN), 2, 1) == 0x1p31 + 65536.0);
    CHECK(value(hyla_plane_affine(hyla_i8(bytes), 1.0f, INT32_MAX), 1, 0) == -0x1p31);
    CHECK(value(hyla_plane_affine(hyla_u16(words), 0.1f, 6), 2, 0) == (double)-0.1f);
}

/* Which of eight pixels a mask takes, as bits. */
static unsigned taken(hyla_mask mask) {
    unsigned pixels = 0;
    for (size_t i = 0; i < 8; ++i) {
        uint8_t one[8] = {0};
        one[i] = 1;
        const hyla_pixels given = {.decisions = mask, .targets = hyla_mask_u8(one), .n = 8};
        hyla_confusion_totals totals = {0};
        CHECK_STATUS(HYLA_OK, hyla_confusion_update(&given, &totals));
        pixels |= (unsigned)totals.pixels.true_positives << i;
    }
    return pixels;
}

static void masks(void) {
    static const uint8_t bits[] = {0xb1, 0x4e, 0};
    CHECK(taken(hyla_mask_bits_lsb(bits)) == 0xb1);
    CHECK(taken(hyla_mask_from_bit(hyla_mask_bits_lsb(bits), 3)) == 0xd6); /* 0x4eb1 >> 3 */
    CHECK(taken(hyla_mask_bits_msb(bits)) == 0x8d);                        /* 1011 0001 from the left */
    CHECK(taken(hyla_mask_from_bit(hyla_mask_bits_msb(bits), 3)) == 0x51); /* 1 0001 010 from the left */
    static const uint16_t wide[] = {256, 0, 1, 0, 0x8000, 0, 0, 0};
    CHECK(taken(hyla_mask_u16(wide)) == 0x15);
    static const int32_t labels[] = {-1, 0, 65536, 0, 1 << 24, 0, 0, INT32_MIN};
    CHECK(taken(hyla_mask_i32(labels)) == 0x95);
    CHECK(taken(hyla_mask_ignore(hyla_mask_i32(labels), -1)) == 0x94);
    /* A label that no item can have is none. */
    static const uint8_t narrow[] = {255, 0, 1, 0, 255, 0, 0, 1};
    CHECK(taken(hyla_mask_ignore(hyla_mask_u8(narrow), -1)) == 0x95);
    CHECK(taken(hyla_mask_ignore(hyla_mask_u8(narrow), 511)) == 0x95);
    CHECK(taken(hyla_mask_ignore(hyla_mask_u8(narrow), 255)) == 0x84);
}

static bool same_plane(hyla_plane one, hyla_plane two) { return memcmp(&one, &two, sizeof one) == 0; }

static bool same_mask(hyla_mask one, hyla_mask two) { return memcmp(&one, &two, sizeof one) == 0; }

/* The type of the pointer says the type of the items. */
static void by_pointer(void) {
    static float f32[1];
    static double f64[1];
    static uint8_t u8[1];
    static int8_t i8[1];
    static uint16_t u16[1];
    static int16_t i16[1];
    static int32_t i32[1];
    static _Bool truths[1];
    CHECK(same_plane(HYLA_PLANE(f32), hyla_f32(f32)) && same_plane(HYLA_PLANE((const float *)f32), hyla_f32(f32)));
    CHECK(same_plane(HYLA_PLANE(f64), hyla_f64(f64)) && same_plane(HYLA_PLANE((const double *)f64), hyla_f64(f64)));
    CHECK(same_plane(HYLA_PLANE(u8), hyla_u8(u8)) && same_plane(HYLA_PLANE((const uint8_t *)u8), hyla_u8(u8)));
    CHECK(same_plane(HYLA_PLANE(i8), hyla_i8(i8)) && same_plane(HYLA_PLANE((const int8_t *)i8), hyla_i8(i8)));
    CHECK(same_plane(HYLA_PLANE(u16), hyla_u16(u16)) && same_plane(HYLA_PLANE((const uint16_t *)u16), hyla_u16(u16)));
    CHECK(same_plane(HYLA_PLANE(i16), hyla_i16(i16)) && same_plane(HYLA_PLANE((const int16_t *)i16), hyla_i16(i16)));
    CHECK(same_mask(HYLA_MASK(u8), hyla_mask_u8(u8)) && same_mask(HYLA_MASK((const uint8_t *)u8), hyla_mask_u8(u8)));
    CHECK(same_mask(HYLA_MASK(u16), hyla_mask_u16(u16)) && same_mask(HYLA_MASK(i32), hyla_mask_i32(i32)));
    CHECK(same_mask(HYLA_MASK(truths), hyla_mask_bool(truths)));
    CHECK(hyla_u16(u16).dtype == HYLA_U16 && hyla_f16(u16).dtype == HYLA_F16 && hyla_bf16(u16).dtype == HYLA_BF16);
}

int main(void) {
    build_binning();
    by_pointer();
    for (uint32_t tier = 1; tier <= TIERS; ++tier) {
        if (!pin_tier("law_types", tier)) continue;
        published_layouts();
        masks();
        all_types();
    }
    return finish("law_types");
}
