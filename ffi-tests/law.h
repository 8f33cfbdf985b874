/* The law of hyla.h as a machine: a function is described by the memory that it reads and writes, and
 * everything that the law says of pointers is then tried on it. */
#ifndef LAW_H
#define LAW_H

#include <stddef.h>
#include <stdint.h>

#include "check.h"

/* All memory that functions of hyla work on. */
enum slot {
    PARAMS, /* parameters */
    PIXELS, /* struct hyla_pixels */
    SCORES,
    TARGETS,
    DECISIONS,
    VALID,
    WEIGHTS,
    SOFT_TARGETS,
    CUBE,    /* struct hyla_cube */
    VALUES,  /* its values */
    LABELS,  /* its classes */
    MATRIX,  /* struct hyla_matrix */
    ENTRIES, /* its values, or those of a vector */
    CENTER,  /* a float per channel */
    RANGE,   /* struct hyla_range */
    OTHER,   /* totals that are merged */
    TOTALS,
    CONTEXT,
    VALUE,  /* a double or a report */
    NUMBER, /* a second double */
    FLOATS, /* a map or a gradient */
    MORE,   /* a second gradient */
    WORKSPACE,
    LIST,   /* struct hyla_metric [] */
    COUNT,
    BINNING, /* struct hyla_binning */
    TABLE,   /* its table */
    SLOTS
};
#define BIT(slot) (1u << (slot))

/* An odd number of pixels: an overlap by the last byte of a mask is one, too. */
/* How many bytes a slot and what lies around it have; a program with a larger one says so. */
#ifndef LAW_ROOM
#define LAW_ROOM 16384
#endif
enum { LAW_PIXELS = 65, LAW_CHANNELS = 3, LAW_ROWS = 5, LAW_COLUMNS = 7, ROOM = LAW_ROOM };

/* A slot lies in the middle of a room of its own, so that others can be moved to either side of it. */
struct rooms {
    _Alignas(64) unsigned char bytes[SLOTS][ROOM];
};

/* The arguments of a call: where the slots are, and the numbers. */
struct arguments {
    void *at[SLOTS];
    struct rooms *rooms;
    size_t n, rows, cols, pitch, capacity;
    uint32_t write;
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
    size_t params, totals, report;
    void (*fill)(struct arguments *);
    size_t floats, more, workspace; /* bytes; 0: a float a pixel, or a channel, or none */
    size_t list, table;             /* bytes; 0: eight named values, or none */
    bool reports;                   /* where others have totals lies a report, of which nothing is asked */
};

/* The pixels struct of a call; it is written here, so that it always says what the arguments say. */
static inline const hyla_pixels *pixels_of(const struct arguments *arguments) {
    hyla_pixels *pixels = (hyla_pixels *)(void *)(arguments->rooms->bytes[PIXELS] + ROOM / 2);
    pixels->scores = (const float *)arguments->at[SCORES];
    pixels->targets = arguments->soft ? NULL : (const uint8_t *)arguments->at[TARGETS];
    pixels->decisions = (const uint8_t *)arguments->at[DECISIONS];
    pixels->valid = (const uint8_t *)arguments->at[VALID];
    pixels->weights = arguments->weighted ? (const float *)arguments->at[WEIGHTS] : NULL;
    pixels->soft_targets = arguments->soft || arguments->both ? (const float *)arguments->at[SOFT_TARGETS] : NULL;
    pixels->n = arguments->n;
    return (const hyla_pixels *)arguments->at[PIXELS];
}

/* The same for a cube, interleaved by pixel, and for a matrix. */
static inline const hyla_cube *cube_of(const struct arguments *arguments) {
    hyla_cube *cube = (hyla_cube *)(void *)(arguments->rooms->bytes[CUBE] + ROOM / 2);
    cube->values = (const float *)arguments->at[VALUES];
    cube->n = arguments->n;
    cube->channels = cube->pixel_stride = LAW_CHANNELS;
    cube->channel_stride = 1;
    cube->targets = (const uint8_t *)arguments->at[TARGETS];
    cube->labels = (const int32_t *)arguments->at[LABELS];
    cube->valid = (const uint8_t *)arguments->at[VALID];
    cube->weights = (const float *)arguments->at[WEIGHTS];
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

static inline size_t alignment_of(enum slot slot) {
    switch (slot) {
        case TARGETS:
        case DECISIONS:
        case VALID: return 1;
        case PARAMS:
        case CONTEXT:
        case SCORES:
        case WEIGHTS:
        case SOFT_TARGETS:
        case VALUES:
        case LABELS:
        case ENTRIES:
        case CENTER:
        case MORE:
        case TABLE:
        case FLOATS: return 4;
        case PIXELS:
        case CUBE:
        case MATRIX:
        case BINNING: return _Alignof(void *);
        case COUNT: return _Alignof(size_t);
        default: return 8;
    }
}

static inline size_t size_of(const struct function *function, enum slot slot) {
    switch (slot) {
        case PARAMS: return function->family->params;
        case PIXELS: return sizeof(hyla_pixels);
        case SCORES:
        case WEIGHTS:
        case SOFT_TARGETS:
        case LABELS: return LAW_PIXELS * sizeof(float);
        case FLOATS: return function->family->floats != 0 ? function->family->floats : LAW_PIXELS * sizeof(float);
        case CUBE: return sizeof(hyla_cube);
        case VALUES: return LAW_PIXELS * LAW_CHANNELS * sizeof(float);
        case MATRIX: return sizeof(hyla_matrix);
        case ENTRIES: return LAW_ROWS * LAW_COLUMNS * sizeof(float);
        case CENTER: return LAW_CHANNELS * sizeof(float);
        case MORE: return function->family->more != 0 ? function->family->more : LAW_CHANNELS * sizeof(float);
        case RANGE: return sizeof(hyla_range);
        case NUMBER: return sizeof(double);
        case WORKSPACE: return function->family->workspace;
        case TARGETS:
        case DECISIONS:
        case VALID: return LAW_PIXELS;
        case OTHER:
        case TOTALS: return function->family->totals;
        case CONTEXT: return sizeof(hyla_context);
        case VALUE: return function->family->report;
        case LIST: return function->family->list != 0 ? function->family->list : 8 * sizeof(hyla_metric);
        case BINNING: return sizeof(hyla_binning);
        case TABLE: return function->family->table;
        case COUNT: return sizeof(size_t);
        default: return 0;
    }
}

/* Arguments with which the function succeeds; memory that it does not use holds a pattern. */
static inline struct arguments valid_arguments(const struct function *function, struct rooms *rooms) {
    struct arguments arguments = {.rooms = rooms, .n = LAW_PIXELS, .rows = 8, .cols = 8, .pitch = 8, .capacity = 8};
    arguments.weighted = (function->reads & BIT(WEIGHTS)) != 0;
    arguments.soft = (function->reads & BIT(SOFT_TARGETS)) != 0;
    memset(rooms, 0xa5, sizeof *rooms);
    for (int slot = 0; slot < SLOTS; ++slot) arguments.at[slot] = rooms->bytes[slot] + ROOM / 2;
    memset(arguments.at[PIXELS], 0, sizeof(hyla_pixels));
    memset(arguments.at[CUBE], 0, sizeof(hyla_cube));
    memset(arguments.at[MATRIX], 0, sizeof(hyla_matrix));
    memset(arguments.at[RANGE], 0, sizeof(hyla_range));
    for (int i = 0; i < LAW_PIXELS * LAW_CHANNELS; ++i) ((float *)arguments.at[VALUES])[i] = (float)(i % 11 - 5) * 0.375f;
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
    memset(arguments.at[OTHER], 0, function->family->totals);
    memset(arguments.at[TOTALS], 0, function->family->totals);
    *(hyla_context *)arguments.at[CONTEXT] = (hyla_context){HYLA_STAGE_VAL, 3, 5, 0};
    function->family->fill(&arguments);
    write_structs(&arguments);
    return arguments;
}

/* What a test did, for the message of a failure. */
static inline void note(const struct function *function, const char *what, int slot, int other) {
    char text[160];
    snprintf(text, sizeof text, "%s: %s, slot %d, other slot %d", function->name, what, slot, other);
    note_failure(text);
}

/* The call fails with this error, and no byte anywhere changes. */
static inline void expect_error(const struct function *function, const struct arguments *arguments, hyla_status error,
                                const char *what, int slot, int other) {
    static struct rooms before;
    write_structs(arguments);
    before = *arguments->rooms;
    const bool as_expected = CHECK_STATUS(error, function->call(arguments));
    const bool untouched = CHECK(memcmp(&before, arguments->rooms, sizeof before) == 0);
    if (!as_expected || !untouched) note(function, what, slot, other);
}

/* The call succeeds, and only what it may write has changed. */
static inline void expect_success(const struct function *function, const struct arguments *arguments, const char *what, int slot) {
    static struct rooms before;
    write_structs(arguments);
    before = *arguments->rooms;
    bool passed = CHECK(!HYLA_FAILED(function->call(arguments)));
    for (int other = 0; other < SLOTS; ++other) {
        if (function->writes & BIT(other)) {
            const size_t size = size_of(function, (enum slot)other);
            memcpy(before.bytes[other] + ROOM / 2, arguments->rooms->bytes[other] + ROOM / 2, size);
        }
    }
    passed &= CHECK(memcmp(&before, arguments->rooms, sizeof before) == 0);
    if (!passed) note(function, what, slot, 0);
}

static inline void law_of_null(const struct function *function, struct rooms *rooms) {
    for (int slot = 0; slot < SLOTS; ++slot) {
        if (!((function->reads | function->writes) & BIT(slot))) continue;
        struct arguments arguments = valid_arguments(function, rooms);
        arguments.at[slot] = NULL;
        if (function->optional & BIT(slot)) {
            expect_success(function, &arguments, "NULL that is allowed", slot);
        } else {
            expect_error(function, &arguments, HYLA_ERROR_NULL_POINTER, "NULL", slot, 0);
        }
    }
}

static inline void law_of_alignment(const struct function *function, struct rooms *rooms) {
    for (int slot = 0; slot < SLOTS; ++slot) {
        if (!((function->reads | function->writes) & BIT(slot))) continue;
        for (size_t offset = 1; offset < alignment_of((enum slot)slot); ++offset) {
            struct arguments arguments = valid_arguments(function, rooms);
            arguments.at[slot] = (char *)arguments.at[slot] + offset;
            expect_error(function, &arguments, HYLA_ERROR_MISALIGNED, "misaligned", slot, (int)offset);
        }
    }
}

/* An output may touch nothing else with its first byte, its last one or any between. */
static inline void law_of_overlap(const struct function *function, struct rooms *rooms) {
    for (int output = 0; output < SLOTS; ++output) {
        if (!(function->writes & BIT(output))) continue;
        for (int other = 0; other < SLOTS; ++other) {
            if (other == output || !((function->reads | function->writes) & BIT(other))) continue;
            const ptrdiff_t step = (ptrdiff_t)alignment_of((enum slot)output);
            const ptrdiff_t size = (ptrdiff_t)size_of(function, (enum slot)output);
            const ptrdiff_t last = ((ptrdiff_t)size_of(function, (enum slot)other) - 1) / step * step;
            const ptrdiff_t places[] = {0, last, step - size};
            for (size_t place = 0; place < sizeof places / sizeof *places; ++place) {
                struct arguments arguments = valid_arguments(function, rooms);
                arguments.at[output] = (char *)arguments.at[other] + places[place];
                expect_error(function, &arguments, HYLA_ERROR_OVERLAP, "overlap", output, other);
            }
        }
    }
}

/* Neighbours that touch do not overlap. */
static inline void law_of_neighbours(const struct function *function, struct rooms *rooms) {
    for (int output = 0; output < SLOTS; ++output) {
        if (!(function->writes & BIT(output)) || function->writes != BIT(output)) continue;
        for (int other = 0; other < SLOTS; ++other) {
            if (other == output || !(function->reads & BIT(other))) continue;
            struct arguments arguments = valid_arguments(function, rooms);
            const size_t step = alignment_of((enum slot)output), size = size_of(function, (enum slot)output);
            const size_t end = (size_of(function, (enum slot)other) + step - 1) / step * step;
            char *const start = (char *)arguments.at[other];
            memcpy(start - size, arguments.at[output], size);
            arguments.at[output] = start - size;
            CHECK(!HYLA_FAILED(function->call(&arguments)));
            arguments = valid_arguments(function, rooms);
            memcpy(start + end, arguments.at[output], size);
            arguments.at[output] = start + end;
            CHECK(!HYLA_FAILED(function->call(&arguments)));
        }
    }
}

#define ARRAYS \
    (BIT(SCORES) | BIT(TARGETS) | BIT(DECISIONS) | BIT(VALID) | BIT(WEIGHTS) | BIT(SOFT_TARGETS) | BIT(VALUES) | BIT(LABELS) | \
     BIT(ENTRIES) | BIT(FLOATS))
/* A struct that says how many items the arrays have. */
#define SHAPES (BIT(PIXELS) | BIT(CUBE) | BIT(MATRIX))

static inline void law_of_sizes(const struct function *function, struct rooms *rooms) {
    if (!(function->reads & SHAPES)) return;
    struct arguments arguments = valid_arguments(function, rooms);
    for (int slot = 0; slot < SLOTS; ++slot) {
        if (ARRAYS & BIT(slot)) arguments.at[slot] = NULL;
    }
    arguments.n = arguments.rows = 0;
    expect_success(function, &arguments, "no pixels", 0);

    const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 7, (size_t)PTRDIFF_MAX + 1};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        arguments = valid_arguments(function, rooms);
        arguments.n = sizes[i];
        expect_error(function, &arguments, HYLA_ERROR_TOO_LARGE, "n overflows", (int)i, 0);
    }
    if (function->reads & (BIT(SCORES) | BIT(VALUES) | BIT(ENTRIES))) {
        arguments = valid_arguments(function, rooms);
        arguments.n = SIZE_MAX / sizeof(float) + 2;
        expect_error(function, &arguments, HYLA_ERROR_TOO_LARGE, "n floats overflow", 0, 0);
    }
    /* An array that reaches beyond the last address: nothing of it may be read. */
    for (int slot = 0; slot < SLOTS; ++slot) {
        if (!(ARRAYS & (function->reads | function->writes) & BIT(slot))) continue;
        arguments = valid_arguments(function, rooms);
        arguments.at[slot] = (void *)(UINTPTR_MAX - 15);
        expect_error(function, &arguments, HYLA_ERROR_TOO_LARGE, "beyond the last address", slot, 0);
    }
}

/* Weights and soft targets would change what a function says: one that cannot use them refuses them. */
static inline void law_of_dropped_inputs(const struct function *function, struct rooms *rooms) {
    if (function->reads & BIT(CUBE)) CHECK((function->reads & BIT(WEIGHTS)) != 0);
    if (!(function->reads & BIT(PIXELS))) return;
    struct arguments arguments = valid_arguments(function, rooms);
    if (!(function->reads & BIT(WEIGHTS))) {
        arguments.weighted = true;
        expect_error(function, &arguments, HYLA_ERROR_UNSUPPORTED_INPUT, "weights that it cannot use", WEIGHTS, 0);
    }
    if (!(function->reads & BIT(SOFT_TARGETS))) {
        arguments = valid_arguments(function, rooms);
        arguments.both = true;
        expect_error(function, &arguments, HYLA_ERROR_UNSUPPORTED_INPUT, "soft targets that it cannot use", SOFT_TARGETS, 0);
    }
}

static inline void law_of_reserved(const struct function *function, struct rooms *rooms) {
    for (int i = 0; i < 2; ++i) {
        const unsigned shapes[] = {PIXELS, CUBE, MATRIX};
        for (int shape = 0; shape < 3; ++shape) {
            if (!(function->reads & BIT(shapes[shape]))) continue;
            struct arguments arguments = valid_arguments(function, rooms);
            const void **const reserved[] = {((hyla_pixels *)arguments.at[PIXELS])->reserved,
                                             ((hyla_cube *)arguments.at[CUBE])->reserved,
                                             ((hyla_matrix *)arguments.at[MATRIX])->reserved};
            reserved[shape][i] = rooms;
            expect_error(function, &arguments, HYLA_ERROR_RESERVED, "reserved pointer", i, shape);
        }
    }
    if (function->reads & BIT(CONTEXT)) {
        struct arguments arguments = valid_arguments(function, rooms);
        ((hyla_context *)arguments.at[CONTEXT])->reserved = 1;
        expect_error(function, &arguments, HYLA_ERROR_RESERVED, "reserved field of the context", 0, 0);
    }
}

static inline void law_of_struct_size(const struct function *function, struct rooms *rooms) {
    if (!(function->reads & BIT(PARAMS))) return;
    const uint32_t known = (uint32_t)function->family->params;
    const uint32_t wrong[] = {0, 1, 2, 3, 5, known - 1, known + 1, 4098, 4100, 65536, 0x80000000u, UINT32_MAX, UINT32_MAX - 3};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
        struct arguments arguments = valid_arguments(function, rooms);
        *(uint32_t *)arguments.at[PARAMS] = wrong[i];
        expect_error(function, &arguments, HYLA_ERROR_STRUCT_SIZE, "struct_size", (int)i, 0);
    }
    /* Later versions are longer: zeros are theirs to ignore, anything else they mean. */
    const uint32_t longer[] = {known + 4, known + 64, 4000};
    for (size_t i = 0; i < sizeof longer / sizeof *longer; ++i) {
        struct arguments arguments = valid_arguments(function, rooms);
        unsigned char *bytes = (unsigned char *)arguments.at[PARAMS];
        *(uint32_t *)arguments.at[PARAMS] = longer[i];
        memset(bytes + known, 0, longer[i] - known);
        expect_success(function, &arguments, "longer struct", (int)i);
        bytes[longer[i] - 1] = 1;
        expect_error(function, &arguments, HYLA_ERROR_UNKNOWN_FIELD, "last byte of a longer struct", (int)i, 0);
        bytes[longer[i] - 1] = 0;
        bytes[known] = 0x80;
        expect_error(function, &arguments, HYLA_ERROR_UNKNOWN_FIELD, "first byte beyond the struct", (int)i, 0);
    }
    /* What a shorter struct lacks has its default, whatever lies behind it. */
    struct arguments arguments = valid_arguments(function, rooms);
    *(uint32_t *)arguments.at[PARAMS] = 4;
    memset((char *)arguments.at[PARAMS] + 4, 0xff, known - 4);
    expect_success(function, &arguments, "shorter struct", 0);
}

static inline void law_of_stages(const struct function *function, struct rooms *rooms) {
    if (!(function->reads & BIT(CONTEXT))) return;
    for (uint32_t stage = 0; stage < 40; ++stage) {
        struct arguments arguments = valid_arguments(function, rooms);
        ((hyla_context *)arguments.at[CONTEXT])->stage = stage < 32 ? stage : 1u << (stage - 8);
        if (stage == 1 || stage == 2 || stage == 4 || stage == 8) {
            expect_success(function, &arguments, "stage", (int)stage);
        } else {
            expect_error(function, &arguments, HYLA_ERROR_UNKNOWN_STAGE, "stage", (int)stage, 0);
        }
    }
}

/* Words that no input can make are an error wherever they are only read. */
static inline void law_of_totals(const struct function *function, struct rooms *rooms) {
    if (function->family->reports) return;
    const enum slot states[] = {TOTALS, OTHER, WORKSPACE};
    for (int i = 0; i < 3; ++i) {
        /* Other totals that are merged are added as they are. */
        const bool is_merged = states[i] == OTHER && !(function->reads & BIT(TOTALS));
        if (!(function->reads & BIT(states[i])) || is_merged) continue;
        struct arguments arguments = valid_arguments(function, rooms);
        memset(arguments.at[states[i]], 0xff, size_of(function, states[i]));
        expect_error(function, &arguments, HYLA_ERROR_TOTALS, "words that cannot be", states[i], 0);
    }
}

static inline void law(const struct function *function) {
    static struct rooms rooms;
    struct arguments arguments = valid_arguments(function, &rooms);
    expect_success(function, &arguments, "valid arguments", 0);
    law_of_null(function, &rooms);
    law_of_alignment(function, &rooms);
    law_of_overlap(function, &rooms);
    law_of_neighbours(function, &rooms);
    law_of_sizes(function, &rooms);
    law_of_dropped_inputs(function, &rooms);
    law_of_reserved(function, &rooms);
    law_of_struct_size(function, &rooms);
    law_of_stages(function, &rooms);
    law_of_totals(function, &rooms);
}

#endif
