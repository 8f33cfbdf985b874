/* The law of hyla.h as a machine: a function is described by the memory that it reads and writes, and
 * everything that the law says of pointers is then tried on it. */
#ifndef LAW_H
#define LAW_H

#include <inttypes.h>
#include <stdarg.h>

#include "law_memory.h"
#include "law_names.h"

/* What a test did, for the message of a failure. */
static inline void note(const struct function *function, const char *what, va_list details) {
    char text[200];
    const int length = snprintf(text, sizeof text, "%s: ", function->name);
    if (length >= 0 && (size_t)length < sizeof text)
        vsnprintf(text + length, sizeof text - (size_t)length, what, details);
    note_failure(text);
}

/* The call fails with this error, which is about this, and no byte anywhere changes. */
static inline void expect_error(const struct function *function, const struct arguments *arguments, hyla_status error,
                                const char *subject, const char *what, ...) {
    static struct rooms before;
    write_structs(arguments);
    before = *arguments->rooms;
    const hyla_status status = function->call(arguments);
    const char *const found = hyla_status_subject(status);
    const bool is_about = CHECK(strcmp(found, subject) == 0);
    if (!is_about) fprintf(stderr, "    it is about \"%s\", expected \"%s\"\n", found, subject);
    const bool as_expected = CHECK_STATUS(error, status) && is_about;
    const bool untouched = CHECK(memcmp(&before, arguments->rooms, sizeof before) == 0);
    va_list details;
    va_start(details, what);
    if (!as_expected || !untouched) note(function, what, details);
    va_end(details);
}

/* The call succeeds, and only what it may write has changed. */
static inline void expect_success(const struct function *function, const struct arguments *arguments, const char *what,
                                  ...) {
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
    va_list details;
    va_start(details, what);
    if (!passed) note(function, what, details);
    va_end(details);
}

static inline void law_of_null(const struct function *function, struct rooms *rooms) {
    for (int slot = 0; slot < SLOTS; ++slot) {
        if (!((function->reads | function->writes) & BIT(slot))) continue;
        struct arguments arguments = valid_arguments(function, rooms);
        arguments.at[slot] = NULL;
        if (function->optional & BIT(slot)) {
            expect_success(function, &arguments, "NULL for %s, which is allowed", slots[slot].name);
        } else {
            /* Without either kind of targets it is the usual one that is missing. */
            const char *const missing = name_of(function, slot == SOFT_TARGETS ? TARGETS : slot);
            expect_error(function, &arguments, HYLA_ERROR_NULL_POINTER, missing, "NULL for %s", slots[slot].name);
        }
    }
}

static inline void law_of_alignment(const struct function *function, struct rooms *rooms) {
    for (int slot = 0; slot < SLOTS; ++slot) {
        if (!((function->reads | function->writes) & BIT(slot))) continue;
        for (size_t offset = 1; offset < alignment_of((enum slot)slot); ++offset) {
            struct arguments arguments = valid_arguments(function, rooms);
            arguments.at[slot] = (char *)arguments.at[slot] + offset;
            expect_error(function, &arguments, HYLA_ERROR_MISALIGNED, name_of(function, slot),
                         "%s misaligned by %zu bytes", slots[slot].name, offset);
        }
    }
}

/* What a call that fails is about. */
static inline const char *subject_of(const struct function *function, const struct arguments *arguments) {
    write_structs(arguments);
    return hyla_status_subject(function->call(arguments));
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
                const char *const one = name_of(function, output), *const two = name_of(function, other);
                /* Of two outputs either may be named. */
                const bool are_both = (function->writes & BIT(other)) != 0;
                const bool is_two = are_both && strcmp(subject_of(function, &arguments), two) == 0;
                expect_error(function, &arguments, HYLA_ERROR_OVERLAP, is_two ? two : one,
                             "%s overlaps %s, place %zu", slots[output].name, slots[other].name, place);
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

#define ARRAYS                                                                                                         \
    (BIT(SCORES) | BIT(TARGETS) | BIT(DECISIONS) | BIT(VALID) | BIT(WEIGHTS) | BIT(SOFT_TARGETS) | BIT(VALUES) |       \
     BIT(LABELS) | BIT(ENTRIES) | BIT(FLOATS) | BIT(MAP))
/* A struct that says how many items the arrays have. */
#define SHAPES (BIT(PIXELS) | BIT(CUBE) | BIT(MATRIX))

/* What a call with too many items is about: one of its arrays. */
static inline const char *too_large(const struct function *function, const struct arguments *arguments) {
    const char *const found = subject_of(function, arguments);
    for (int slot = 0; slot < SLOTS; ++slot) {
        const char *const name = name_of(function, slot);
        if ((ARRAYS & function->reads & BIT(slot)) && strcmp(found, name) == 0) return name;
    }
    return "one of the arrays";
}

static inline void law_of_sizes(const struct function *function, struct rooms *rooms) {
    if (!(function->reads & SHAPES)) return;
    struct arguments arguments = valid_arguments(function, rooms);
    for (int slot = 0; slot < SLOTS; ++slot) {
        if (ARRAYS & BIT(slot)) arguments.at[slot] = NULL;
    }
    arguments.n = arguments.rows = 0;
    expect_success(function, &arguments, "no pixels");

    /* Whole rows of pixels. */
    arguments = valid_arguments(function, rooms);
    const size_t rows = arguments.rows;
    const size_t sizes[] = {SIZE_MAX / rows * rows, (SIZE_MAX - 7) / rows * rows, (PTRDIFF_MAX / rows + 1) * rows};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        arguments = valid_arguments(function, rooms);
        arguments.n = sizes[i];
        expect_error(function, &arguments, HYLA_ERROR_TOO_LARGE, too_large(function, &arguments), "%zu pixels",
                     sizes[i]);
    }
    if (function->reads & (BIT(SCORES) | BIT(VALUES) | BIT(ENTRIES))) {
        arguments = valid_arguments(function, rooms);
        arguments.n = (SIZE_MAX / sizeof(float) / rows + 2) * rows;
        expect_error(function, &arguments, HYLA_ERROR_TOO_LARGE, too_large(function, &arguments), "%zu floats",
                     arguments.n);
    }
    /* An array that reaches beyond the last address: nothing of it may be read. */
    for (int slot = 0; slot < SLOTS; ++slot) {
        if (!(ARRAYS & (function->reads | function->writes) & BIT(slot))) continue;
        arguments = valid_arguments(function, rooms);
        arguments.at[slot] = (void *)(UINTPTR_MAX - 15);
        expect_error(function, &arguments, HYLA_ERROR_TOO_LARGE, name_of(function, slot), "%s beyond the last address",
                     slots[slot].name);
    }
}

/* Weights and soft targets would change what a function says: one that cannot use them refuses them. */
static inline void law_of_dropped_inputs(const struct function *function, struct rooms *rooms) {
    /* Of cubes one function refuses weights, which its own test shows. */
    if (function->reads & BIT(CUBE) && strcmp(function->name, "hyla_band_statistics_update") != 0) {
        CHECK((function->reads & BIT(WEIGHTS)) != 0);
    }
    if (!(function->reads & BIT(PIXELS))) return;
    struct arguments arguments = valid_arguments(function, rooms);
    if (!(function->reads & BIT(WEIGHTS))) {
        arguments.weighted = true;
        expect_error(function, &arguments, HYLA_ERROR_UNSUPPORTED_INPUT, "weights", "weights that it cannot use");
    }
    if (!(function->reads & BIT(SOFT_TARGETS))) {
        arguments = valid_arguments(function, rooms);
        arguments.both = true;
        expect_error(function, &arguments, HYLA_ERROR_UNSUPPORTED_INPUT, "soft_targets",
                     "soft targets that it cannot use");
    }
}

static inline void law_of_reserved(const struct function *function, struct rooms *rooms) {
    static const struct {
        enum slot shape;
        size_t offset, size;
    } shapes[] = {{PIXELS, offsetof(hyla_pixels, reserved), sizeof((hyla_pixels *)0)->reserved},
                  {CUBE, offsetof(hyla_cube, reserved), sizeof((hyla_cube *)0)->reserved},
                  {MATRIX, offsetof(hyla_matrix, reserved), sizeof((hyla_matrix *)0)->reserved}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; ++i) {
        if (!(function->reads & BIT(shapes[i].shape))) continue;
        for (size_t byte = 0; byte < shapes[i].size; ++byte) {
            struct arguments arguments = valid_arguments(function, rooms);
            ((unsigned char *)arguments.at[shapes[i].shape])[shapes[i].offset + byte] = 1;
            expect_error(function, &arguments, HYLA_ERROR_RESERVED, name_of(function, shapes[i].shape),
                         "reserved byte %zu of %s", byte, slots[shapes[i].shape].name);
        }
    }
    if (function->reads & BIT(CONTEXT)) {
        struct arguments arguments = valid_arguments(function, rooms);
        ((hyla_context *)arguments.at[CONTEXT])->reserved = 1;
        expect_error(function, &arguments, HYLA_ERROR_RESERVED, "context", "reserved field of the context");
    }
}

static inline void law_of_struct_size(const struct function *function, struct rooms *rooms) {
    if (!(function->reads & BIT(PARAMS))) return;
    const uint32_t known = (uint32_t)size_of(function, PARAMS);
    const uint32_t wrong[] = {0, 1, 2, 3, 5, known - 1, known + 1, 4098, 4100, 65536, 1u << 31, ~3u, UINT32_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
        struct arguments arguments = valid_arguments(function, rooms);
        *(uint32_t *)arguments.at[PARAMS] = wrong[i];
        expect_error(function, &arguments, HYLA_ERROR_STRUCT_SIZE, "params", "struct_size %" PRIu32, wrong[i]);
    }
    /* Later versions are longer: zeros are theirs to ignore, anything else they mean. */
    const uint32_t longer[] = {known + 4, known + 64, 4000};
    for (size_t i = 0; i < sizeof longer / sizeof *longer; ++i) {
        struct arguments arguments = valid_arguments(function, rooms);
        unsigned char *bytes = (unsigned char *)arguments.at[PARAMS];
        *(uint32_t *)arguments.at[PARAMS] = longer[i];
        memset(bytes + known, 0, longer[i] - known);
        expect_success(function, &arguments, "struct_size %" PRIu32, longer[i]);
        bytes[longer[i] - 1] = 1;
        expect_error(function, &arguments, HYLA_ERROR_UNKNOWN_FIELD, "params", "last byte of %" PRIu32, longer[i]);
        bytes[longer[i] - 1] = 0;
        bytes[known] = 0x80;
        expect_error(function, &arguments, HYLA_ERROR_UNKNOWN_FIELD, "params",
                     "first byte beyond the struct, of %" PRIu32, longer[i]);
    }
    /* What a shorter struct lacks has its default, whatever lies behind it. */
    struct arguments arguments = valid_arguments(function, rooms);
    *(uint32_t *)arguments.at[PARAMS] = 4;
    memset((char *)arguments.at[PARAMS] + 4, 0xff, known - 4);
    expect_success(function, &arguments, "shorter struct");
}

static inline void law_of_stages(const struct function *function, struct rooms *rooms) {
    if (!(function->reads & BIT(CONTEXT))) return;
    for (uint32_t stage = 0; stage < 40; ++stage) {
        struct arguments arguments = valid_arguments(function, rooms);
        ((hyla_context *)arguments.at[CONTEXT])->stage = stage < 32 ? stage : 1u << (stage - 8);
        if (stage == 1 || stage == 2 || stage == 4 || stage == 8) {
            expect_success(function, &arguments, "stage %" PRIu32, stage);
        } else {
            expect_error(function, &arguments, HYLA_ERROR_UNKNOWN_STAGE, "stage", "stage %" PRIu32, stage);
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
        expect_error(function, &arguments, HYLA_ERROR_TOTALS, name_of(function, states[i]),
                     "words that cannot be in %s", slots[states[i]].name);
    }
}

static inline void law(const struct function *function) {
    static struct rooms rooms;
    struct arguments arguments = valid_arguments(function, &rooms);
    expect_success(function, &arguments, "valid arguments");
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
