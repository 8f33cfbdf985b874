// What the training examples share beside the scene: how they stop, and the one way to call hyla.
#ifndef TRAINING_PROGRAM_H
#define TRAINING_PROGRAM_H

#include <hyla.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static _Noreturn void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(2);
}

// Zeroed memory for `count` items; a program that trains cannot go on without it.
static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size);
    if (!memory) fail("out of memory");
    return memory;
}

// The data of the examples are sound, so that a notice is as unexpected as an error.
static void must(hyla_status status, const char *what) {
    if (status != HYLA_OK) fail("%s: %s: %s", what, hyla_status_subject(status), hyla_status_message(status));
}

#endif
