/* Floating-point environments that a host program may have set, and how to set them. */
#ifndef ENVIRONMENTS_H
#define ENVIRONMENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
typedef unsigned int control_word;
/* MXCSR without its sticky flags. */
static const control_word CONTROL_BITS = 0xffc0, DEFAULT = 0x1f80, FLUSH = 0x8040;
static const struct {
    const char *name;
    control_word word;
} environments[] = {
    {"default", 0x1f80},
    {"flush to zero", 0x9f80},
    {"denormals are zero", 0x1fc0},
    {"both", 0x9fc0},
    {"round down", 0x3f80},
    {"round up", 0x5f80},
    {"round to zero", 0x7f80},
    {"round up, both", 0xdfc0},
    {"trap invalid, division by zero and overflow", 0x1900},
    {"trap everything", 0x0000},
    {"trap everything, round down, both", 0xa040},
};
static inline control_word get(void) { return __builtin_ia32_stmxcsr(); }
static inline void set(control_word word) { __builtin_ia32_ldmxcsr(word); }
#elif defined(__aarch64__) || (defined(__arm__) && defined(__ARM_FP))
/* Both have the same bits in the same places; in 32 bits the word has others, which are results of operations. */
#ifdef __aarch64__
typedef uint64_t control_word;
static const control_word CONTROL_BITS = 0x07ff9f00;
#define READ_CONTROL_WORD "mrs %0, fpcr"
#define WRITE_CONTROL_WORD "msr fpcr, %0"
#else
typedef uint32_t control_word;
static const control_word CONTROL_BITS = 0x07c00000;
#define READ_CONTROL_WORD "vmrs %0, fpscr"
#define WRITE_CONTROL_WORD "vmsr fpscr, %0"
#endif
static const control_word DEFAULT = 0, FLUSH = 1u << 24;
static const struct {
    const char *name;
    control_word word;
} environments[] = {
    {"default", 0},
    {"flush to zero", 1u << 24},
    {"default NaN", 1u << 25},
    {"round up", 1u << 22},
    {"round down", 2u << 22},
    {"round to zero", 3u << 22},
    {"flush to zero, default NaN, round down", 1u << 24 | 1u << 25 | 2u << 22},
};
static inline control_word get(void) {
    control_word word;
    __asm__ volatile(READ_CONTROL_WORD : "=r"(word));
    return word;
}
static inline void set(control_word word) { __asm__ volatile(WRITE_CONTROL_WORD : : "r"(word)); }
#else
#define NO_CONTROL_WORD
typedef uint32_t control_word;
static const control_word DEFAULT = 0, FLUSH = 0;
static const struct {
    const char *name;
    control_word word;
} environments[] = {{"default", 0}};
static inline void set(control_word word) { (void)word; }
#endif

enum { ENVIRONMENTS = sizeof environments / sizeof *environments };

/* That the environment is foreign: a product that is subnormal. */
static inline bool flushes(void) {
    volatile float small = 1e-30f, product = small * 1e-10f;
    uint32_t bits;
    memcpy(&bits, (const void *)&product, sizeof bits);
    return bits == 0;
}

#endif
