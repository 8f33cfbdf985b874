/* The memory of the law: what functions of hyla read and write, in rooms of its own, with valid contents. */
#ifndef LAW_MEMORY_H
#define LAW_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "check.h"

/* An odd number of pixels: an overlap by the last byte of a mask is one, too. */
/* How many bytes a slot and what lies around it have; a program with a larger one says so. */
#ifndef LAW_ROOM
#define LAW_ROOM 16384
#endif
enum { LAW_PIXELS = 65, LAW_CHANNELS = 3, LAW_ROWS = 5, LAW_COLUMNS = 7, ROOM = LAW_ROOM };
#define PIXEL_FLOATS (LAW_PIXELS * sizeof(float))

/* All memory that functions of hyla work on: what it is called, how it is aligned, and how many bytes it has where the
 * family of the function does not say. */
#define LAW_SLOTS(SLOT)                                                                                           \
    SLOT(PARAMS, 4, 0)                                       /* parameters */                                     \
    SLOT(PIXELS, _Alignof(void *), sizeof(hyla_pixels))      /* struct hyla_pixels */                             \
    SLOT(SCORES, 4, PIXEL_FLOATS)                                                                                 \
    SLOT(TARGETS, 1, LAW_PIXELS)                                                                                  \
    SLOT(DECISIONS, 1, LAW_PIXELS)                                                                                \
    SLOT(VALID, 1, LAW_PIXELS)                                                                                    \
    SLOT(WEIGHTS, 4, PIXEL_FLOATS)                                                                                \
    SLOT(SOFT_TARGETS, 4, PIXEL_FLOATS)                                                                           \
    SLOT(CUBE, _Alignof(void *), sizeof(hyla_cube))          /* struct hyla_cube */                               \
    SLOT(VALUES, 4, LAW_CHANNELS * PIXEL_FLOATS)             /* its values */                                     \
    SLOT(LABELS, 4, PIXEL_FLOATS)                            /* its classes */                                    \
    SLOT(MATRIX, _Alignof(void *), sizeof(hyla_matrix))      /* struct hyla_matrix */                             \
    SLOT(ENTRIES, 4, LAW_ROWS * LAW_COLUMNS * sizeof(float)) /* its values, or those of a vector */               \
    SLOT(CENTER, 4, LAW_CHANNELS * sizeof(float))            /* a float per channel */                            \
    SLOT(RANGE, 8, sizeof(hyla_range))                       /* struct hyla_range */                              \
    SLOT(OTHER, 8, 0)                                        /* totals that are merged: as long as the totals */  \
    SLOT(TOTALS, 8, 0)                                                                                            \
    SLOT(CONTEXT, 4, sizeof(hyla_context))                                                                        \
    SLOT(VALUE, 8, 0)                                        /* a double or a report */                           \
    SLOT(NUMBER, 8, sizeof(double))                          /* a second double */                                \
    SLOT(FLOATS, 4, PIXEL_FLOATS)                            /* a gradient, or a map of the same size */          \
    SLOT(MAP, 4, PIXEL_FLOATS)                               /* a map beside a gradient of another size */        \
    SLOT(MORE, 4, LAW_CHANNELS * sizeof(float))              /* a second gradient, or a second array of values */ \
    SLOT(WORKSPACE, 8, 0)                                                                                         \
    SLOT(LIST, 8, 8 * sizeof(hyla_metric))                   /* struct hyla_metric [] */                          \
    SLOT(COUNT, _Alignof(size_t), sizeof(size_t))                                                                 \
    SLOT(BINNING, _Alignof(void *), sizeof(hyla_binning))    /* struct hyla_binning */                            \
    SLOT(TABLE, 4, 0)                                        /* its table */                                      \
    SLOT(INDEXES, _Alignof(size_t), 8 * sizeof(size_t))

#define LAW_SLOT_ENUM(slot, alignment, bytes) slot,
enum slot { LAW_SLOTS(LAW_SLOT_ENUM) SLOTS };
#define BIT(slot) (1u << (slot))

#define LAW_SLOT_ROW(slot, alignment, bytes) {#slot, alignment, bytes},
static const struct {
    const char *name;
    size_t alignment, bytes;
} slots[SLOTS] = {LAW_SLOTS(LAW_SLOT_ROW)};

/* A slot lies in the middle of a room of its own, so that others can be moved to either side of it. */
struct rooms {
    _Alignas(64) unsigned char bytes[SLOTS][ROOM];
};

/* The arguments of a call: where the slots are, and the numbers. */
struct arguments {
    void *at[SLOTS];
    struct rooms *rooms;
    size_t n, rows, capacity;
    uint32_t write;
    bool integers; /* scores are bytes, where the decisions are */
    bool weighted; /* with weights */
    bool soft;     /* soft targets in the place of targets */
    bool both;     /* soft targets beside targets */
};

/* A function: how it is called, and which slots it uses. `family` makes valid contents. */
struct function {
    const char *name;
    hyla_status (*call)(const struct arguments *);
    const struct family *family;
    unsigned reads, optional, writes;
};

struct family {
    size_t sizes[SLOTS]; /* bytes; 0: as many as the slot has by itself */
    void (*fill)(struct arguments *);
    bool reports; /* where others have totals lies a report, of which nothing is asked */
};

/* The pixels struct of a call; it is written here, so that it always says what the arguments say. */
static inline const hyla_pixels *pixels_of(const struct arguments *arguments) {
    hyla_pixels *pixels = (hyla_pixels *)(void *)(arguments->rooms->bytes[PIXELS] + ROOM / 2);
    pixels->scores = arguments->integers ? hyla_u8((const uint8_t *)arguments->at[DECISIONS])
                                         : hyla_f32((const float *)arguments->at[SCORES]);
    pixels->targets = hyla_mask_u8(arguments->soft ? NULL : (const uint8_t *)arguments->at[TARGETS]);
    pixels->decisions = hyla_mask_u8((const uint8_t *)arguments->at[DECISIONS]);
    pixels->valid = hyla_mask_u8((const uint8_t *)arguments->at[VALID]);
    pixels->weights = hyla_f32(arguments->weighted ? (const float *)arguments->at[WEIGHTS] : NULL);
    const bool soft = arguments->soft || arguments->both;
    pixels->soft_targets = hyla_f32(soft ? (const float *)arguments->at[SOFT_TARGETS] : NULL);
    pixels->n = arguments->n;
    pixels->rows = arguments->rows;
    return (const hyla_pixels *)arguments->at[PIXELS];
}

/* The same for a cube, interleaved by pixel, and for a matrix. */
static inline const hyla_cube *cube_of(const struct arguments *arguments) {
    hyla_cube *cube = (hyla_cube *)(void *)(arguments->rooms->bytes[CUBE] + ROOM / 2);
    cube->values = hyla_bip(hyla_f32((const float *)arguments->at[VALUES]), LAW_CHANNELS);
    cube->n = arguments->n;
    cube->channels = LAW_CHANNELS;
    cube->targets = hyla_mask_u8((const uint8_t *)arguments->at[TARGETS]);
    cube->labels = hyla_i32((const int32_t *)arguments->at[LABELS]);
    cube->valid = hyla_mask_u8((const uint8_t *)arguments->at[VALID]);
    cube->weights = hyla_f32((const float *)arguments->at[WEIGHTS]);
    return (const hyla_cube *)arguments->at[CUBE];
}

static inline const hyla_matrix *matrix_of(const struct arguments *arguments) {
    hyla_matrix *matrix = (hyla_matrix *)(void *)(arguments->rooms->bytes[MATRIX] + ROOM / 2);
    matrix->values = (const float *)arguments->at[ENTRIES];
    matrix->rows = arguments->n == LAW_PIXELS ? LAW_ROWS : arguments->n;
    matrix->columns = matrix->row_stride = LAW_COLUMNS;
    return (const hyla_matrix *)arguments->at[MATRIX];
}

static inline const hyla_binning *binning_of(const struct arguments *arguments) {
    hyla_binning *binning = (hyla_binning *)(void *)(arguments->rooms->bytes[BINNING] + ROOM / 2);
    binning->table = (const uint32_t *)arguments->at[TABLE];
    return (const hyla_binning *)arguments->at[BINNING];
}

/* All structs that point to other slots say what the arguments say. */
static inline void write_structs(const struct arguments *arguments) {
    pixels_of(arguments);
    cube_of(arguments);
    matrix_of(arguments);
    binning_of(arguments);
}

static inline size_t alignment_of(enum slot slot) { return slots[slot].alignment; }

static inline size_t size_of(const struct function *function, enum slot slot) {
    const size_t *const sizes = function->family->sizes;
    const size_t own = slot == OTHER && sizes[slot] == 0 ? sizes[TOTALS] : sizes[slot];
    return own != 0 ? own : slots[slot].bytes;
}

/* Arguments with which the function succeeds; memory that it does not use holds a pattern. */
static inline struct arguments valid_arguments(const struct function *function, struct rooms *rooms) {
    struct arguments arguments = {.rooms = rooms, .n = LAW_PIXELS, .rows = 1, .capacity = 8};
    arguments.weighted = (function->reads & BIT(WEIGHTS)) != 0;
    arguments.soft = (function->reads & BIT(SOFT_TARGETS)) != 0;
    memset(rooms, 0xa5, sizeof *rooms);
    for (int slot = 0; slot < SLOTS; ++slot) arguments.at[slot] = rooms->bytes[slot] + ROOM / 2;
    memset(arguments.at[PIXELS], 0, sizeof(hyla_pixels));
    memset(arguments.at[CUBE], 0, sizeof(hyla_cube));
    memset(arguments.at[MATRIX], 0, sizeof(hyla_matrix));
    memset(arguments.at[RANGE], 0, sizeof(hyla_range));
    for (int i = 0; i < LAW_PIXELS * LAW_CHANNELS; ++i)
        ((float *)arguments.at[VALUES])[i] = (float)(i % 11 - 5) * 0.375f;
    for (int i = 0; i < LAW_ROWS * LAW_COLUMNS; ++i) ((float *)arguments.at[ENTRIES])[i] = (float)(i % 13 + 1) * 0.125f;
    for (int i = 0; i < LAW_CHANNELS; ++i) ((float *)arguments.at[CENTER])[i] = (float)i * 0.25f;
    for (int i = 0; i < LAW_PIXELS; ++i) {
        ((float *)arguments.at[SCORES])[i] = (float)(i - 20) * 0.25f;
        ((float *)arguments.at[WEIGHTS])[i] = (float)(i % 3) * 0.5f;
        ((float *)arguments.at[SOFT_TARGETS])[i] = (float)(i % 5) * 0.25f;
        ((int32_t *)arguments.at[LABELS])[i] = i % LAW_CHANNELS;
        ((uint8_t *)arguments.at[TARGETS])[i] = i % 5 == 0;
        ((uint8_t *)arguments.at[DECISIONS])[i] = i % 4 == 0;
        ((uint8_t *)arguments.at[VALID])[i] = i % 7 != 0;
    }
    memset(arguments.at[OTHER], 0, size_of(function, OTHER));
    memset(arguments.at[TOTALS], 0, size_of(function, TOTALS));
    *(hyla_context *)arguments.at[CONTEXT] = (hyla_context){HYLA_STAGE_VAL, 3, 5, 0};
    function->family->fill(&arguments);
    write_structs(&arguments);
    return arguments;
}

#endif
