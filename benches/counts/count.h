/* How many instructions a call takes: what a row of the tables is, and the buffers that calls read and write.
 *
 * Only what happens inside functions whose names begin with hyla_ is counted, so neither the compiler of this program
 * nor what it does between the calls matters. */
#ifndef COUNT_H
#define COUNT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <valgrind/callgrind.h>

#include "hyla.h"

enum { MOST_PIXELS = 65536, CHANNELS = 4, RGB = 3, WORKSPACE = 1 << 19 };

/* `n` items each, `CHANNELS` times as many where it says so. */
struct buffers {
    size_t n;
    hyla_pixels pixels;
    hyla_cube cube; /* the values, interleaved */
    hyla_matrix matrix; /* the values, a row a channel */
    float *values, *others; /* times CHANNELS */
    float *shares; /* between 0 and 1 */
    uint16_t *items; /* times CHANNELS; 12 bits */
    int32_t *labels;
    float *written; /* times CHANNELS */
    double *workspace; /* WORKSPACE */
};

/* A row: the title under which the call of hyla_FUNCTION is written down, and its arguments. */
#define COUNT(title, function, ...)                                                                                    \
    do {                                                                                                               \
        begin((uintptr_t)hyla_##function);                                                                             \
        const hyla_status status = hyla_##function(__VA_ARGS__);                                                       \
        counted(title, on->n, status);                                                                                 \
    } while (0)

/* Of steps.c. */
void begin_steps(uintptr_t function);
uint64_t counted_steps(void);

/* The next call of the function is counted: by callgrind, or outside of it by single steps. */
static inline void begin(uintptr_t function) {
    if (RUNNING_ON_VALGRIND) CALLGRIND_ZERO_STATS;
    else begin_steps(function);
}

/* A call that fails counts for nothing. */
static inline void done(const char *what, hyla_status status) {
    if (!HYLA_FAILED(status)) return;
    fprintf(stderr, "counts: failed: %s: %s\n", what, hyla_status_message(status));
    exit(1);
}

/* What was counted goes to callgrind's file under this title, or is written to the output in the same form. */
static inline void counted(const char *title, size_t n, hyla_status status) {
    char name[100];
    snprintf(name, sizeof name, "%zu %s", n, title);
    if (RUNNING_ON_VALGRIND) CALLGRIND_DUMP_STATS_AT(name);
    else printf("desc: Trigger: Client Request: %s\ntotals: %llu\n", name, (unsigned long long)counted_steps());
    done(name, status);
}

void count_losses(const struct buffers *on);
void count_metrics(const struct buffers *on);

#endif
