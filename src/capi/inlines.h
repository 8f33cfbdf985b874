/* The number of the error in a status (HYLA_ERROR_...), without what it is about; 0 of no error. */
static inline hyla_status hyla_error_of(hyla_status status) { return status < 0 ? status | ~0xff : 0; }
#define HYLA_ERROR_OF(status) hyla_error_of(status)

/* The lowest notice of a status above another one (0: the first); 0 if there is none, or the status is an error. */
static inline hyla_status hyla_next_notice(hyla_status status, hyla_status after) {
    const uint32_t above = after == 0 ? ~UINT32_C(0) : ~UINT32_C(0) - (2 * (uint32_t)after - 1);
    const uint32_t rest = status > 0 ? (uint32_t)status & above : 0;
    return (hyla_status)(rest & (~rest + 1));
}

/* Goes over the notices of a status: HYLA_FOR_NOTICES(notice, status) puts(hyla_status_message(notice)); */
#define HYLA_FOR_NOTICES(notice, status)                                                                               \
    for (hyla_status notice = hyla_next_notice(status, 0); notice != 0; notice = hyla_next_notice(status, notice))

/* Sizes of the caller's memory as constants, for arrays: what the functions of the same names in small letters say, of
 * `bins` bins, `labels` labels or `n` pixels or weights. */
#define HYLA_RANKING_WORDS(bins) (2 * ((size_t)(bins) + 1) + 6)
#define HYLA_DISTINCT_LABEL_COUNT_WORDS(labels) ((size_t)(labels) + 2)
#define HYLA_RANKING_EXACT_WORKSPACE(n) (2 * (size_t)(n) + 1024)
#define HYLA_SELECTOR_DIVERSITY_METRIC_WORKSPACE(n) (2 * (size_t)(n) + 1024)

/* Numbers side by side: a plane of the pointer's type. Halves and bfloat16 are the bits of a uint16_t, and so have
 * names of their own; so have packed pixels. */
#define HYLA_MAKE_PLANE(name, type, code)                                                                              \
    static inline hyla_plane name(const type *data) {                                                                  \
        hyla_plane plane = {data, 0, 0, code, 0, 0.0f, 0};                                                             \
        return plane;                                                                                                  \
    }
HYLA_MAKE_PLANE(hyla_f32, float, HYLA_F32)
HYLA_MAKE_PLANE(hyla_f64, double, HYLA_F64)
HYLA_MAKE_PLANE(hyla_f16, uint16_t, HYLA_F16)
HYLA_MAKE_PLANE(hyla_bf16, uint16_t, HYLA_BF16)
HYLA_MAKE_PLANE(hyla_u8, uint8_t, HYLA_U8)
HYLA_MAKE_PLANE(hyla_i8, int8_t, HYLA_I8)
HYLA_MAKE_PLANE(hyla_u16, uint16_t, HYLA_U16)
HYLA_MAKE_PLANE(hyla_i16, int16_t, HYLA_I16)
HYLA_MAKE_PLANE(hyla_i32, int32_t, HYLA_I32) /* labels of a cube */
HYLA_MAKE_PLANE(hyla_mono10p, uint8_t, HYLA_MONO10P)
HYLA_MAKE_PLANE(hyla_mono12p, uint8_t, HYLA_MONO12P)
HYLA_MAKE_PLANE(hyla_mono12_packed, uint8_t, HYLA_MONO12_PACKED)
#undef HYLA_MAKE_PLANE

/* The plane with so many bytes from a row to the next: a region of a wider frame. */
static inline hyla_plane hyla_plane_rows(hyla_plane plane, size_t row_pitch) {
    plane.row_pitch = row_pitch;
    return plane;
}

/* The plane with so many items from a pixel to the next: one channel of interleaved ones. */
static inline hyla_plane hyla_plane_every(hyla_plane plane, size_t stride) {
    plane.stride = stride;
    return plane;
}

/* The plane with the meaning of its integers: (item - zero_point) * scale. */
static inline hyla_plane hyla_plane_affine(hyla_plane plane, float scale, int32_t zero_point) {
    plane.scale = scale;
    plane.zero_point = zero_point;
    return plane;
}

/* Values of several channels, of the plane of the first one: interleaved by pixel (BIP), in planes of so many pixels
 * (BSQ), or interleaved by line (BIL), rows of so many pixels, each channel after channel. */
static inline hyla_values hyla_bip(hyla_plane plane, size_t channels) {
    hyla_values values = {plane, 1};
    values.plane.stride = channels;
    return values;
}
static inline hyla_values hyla_bsq(hyla_plane plane, size_t pixels) {
    hyla_values values = {plane, pixels};
    return values;
}
static inline hyla_values hyla_bil(hyla_plane plane, size_t columns, size_t channels) {
    const size_t bits = plane.dtype >> 8 & 0xff;
    hyla_values values = {plane, columns};
    values.plane.row_pitch = columns * channels * (bits / 8);
    if (bits % 8 != 0) { /* packed pixels: rows of bytes */
        values.channel_stride = (columns * bits + 7) / 8;
        values.plane.row_pitch = values.channel_stride * channels;
    }
    return values;
}

/* Truth values side by side: a mask of the pointer's type. Bits have names of their own. */
#define HYLA_MAKE_MASK(name, type, code)                                                                               \
    static inline hyla_mask name(const type *data) {                                                                   \
        hyla_mask mask = {data, 0, 0, code, 0, 0, 0};                                                                  \
        return mask;                                                                                                   \
    }
HYLA_MAKE_MASK(hyla_mask_u8, uint8_t, HYLA_U8)
HYLA_MAKE_MASK(hyla_mask_u16, uint16_t, HYLA_U16)
HYLA_MAKE_MASK(hyla_mask_i32, int32_t, HYLA_I32)
HYLA_MAKE_MASK(hyla_mask_bits_lsb, uint8_t, HYLA_BITS_LSB)
HYLA_MAKE_MASK(hyla_mask_bits_msb, uint8_t, HYLA_BITS_MSB)
#ifdef __cplusplus
HYLA_MAKE_MASK(hyla_mask_bool, bool, HYLA_BOOL)
#else
HYLA_MAKE_MASK(hyla_mask_bool, _Bool, HYLA_BOOL)
#endif
#undef HYLA_MAKE_MASK

/* The mask with so many bytes from a row to the next: a region of a wider frame. */
static inline hyla_mask hyla_mask_rows(hyla_mask mask, size_t row_pitch) {
    mask.row_pitch = row_pitch;
    return mask;
}

/* The mask with so many items from a pixel to the next. */
static inline hyla_mask hyla_mask_every(hyla_mask mask, size_t stride) {
    mask.stride = stride;
    return mask;
}

/* The mask with a label that means that there is no pixel. */
static inline hyla_mask hyla_mask_ignore(hyla_mask mask, int32_t label) {
    mask.has_ignore = 1;
    mask.ignore = label;
    return mask;
}

/* Bits of which each row begins with this one of its first byte, 0 to 7. */
static inline hyla_mask hyla_mask_from_bit(hyla_mask mask, uint32_t first_bit) {
    mask.first_bit = first_bit;
    return mask;
}

/* HYLA_PLANE(pointer), HYLA_MASK(pointer): the same, by the type of the pointer. */
#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L && !defined(__cplusplus)
#define HYLA_PLANE(data)                                                                                               \
    _Generic((data),                                                                                                   \
        const float *: hyla_f32, float *: hyla_f32, const double *: hyla_f64, double *: hyla_f64,                      \
        const uint8_t *: hyla_u8, uint8_t *: hyla_u8, const int8_t *: hyla_i8, int8_t *: hyla_i8,                      \
        const uint16_t *: hyla_u16, uint16_t *: hyla_u16, const int16_t *: hyla_i16, int16_t *: hyla_i16)(data)
#define HYLA_MASK(data)                                                                                                \
    _Generic((data),                                                                                                   \
        const uint8_t *: hyla_mask_u8, uint8_t *: hyla_mask_u8, const uint16_t *: hyla_mask_u16,                       \
        uint16_t *: hyla_mask_u16, const int32_t *: hyla_mask_i32, int32_t *: hyla_mask_i32,                           \
        const _Bool *: hyla_mask_bool, _Bool *: hyla_mask_bool)(data)
#endif
