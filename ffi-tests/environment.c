/* A host program may flush subnormals, round elsewhere or trap exceptions: results have the same bits,
 * and the program finds its environment as it left it. */
#include <fenv.h>
#include <stdbool.h>

#include "nodes.h"

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
static control_word get(void) { return __builtin_ia32_stmxcsr(); }
static void set(control_word word) { __builtin_ia32_ldmxcsr(word); }
#elif defined(__aarch64__)
typedef uint64_t control_word;
static const control_word CONTROL_BITS = 0x07ff9f00, DEFAULT = 0, FLUSH = 1u << 24;
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
static control_word get(void) {
    control_word word;
    __asm__ volatile("mrs %0, fpcr" : "=r"(word));
    return word;
}
static void set(control_word word) { __asm__ volatile("msr fpcr, %0" : : "r"(word)); }
#else
#define NO_CONTROL_WORD
#endif

#ifdef NO_CONTROL_WORD
int main(void) {
    printf("environment: skipped: no control word is known for this machine\n");
    return 0;
}
#else

enum { N = 777 };
static struct data data;
static struct outcome expected, found;
static struct room room;
static struct hashes expected_losses, found_losses;
static float floats[4][LONGEST];
static const struct outputs plain = {floats[0], floats[1], floats[2], floats[3]};

/* `losses` are those of buffers that were made in the ordinary environment. */
static void run(const struct buffers *on, struct outcome *outcome, struct hashes *losses) {
    const hyla_pixels pixels = part(&data, 0, N, 3);
    compute(some_params(1), &pixels, plain, outcome);
    take_losses(on, 3, losses);
}

/* That the environment is foreign: a product that is subnormal, and a sum that must be rounded. */
static bool flushes(void) {
    volatile float small = 1e-30f, product = small * 1e-10f;
    uint32_t bits;
    memcpy(&bits, (const void *)&product, sizeof bits);
    return bits == 0;
}

static uint32_t rounded_third(void) {
    volatile float one = 1.0f, three = 3.0f, third = one / three;
    uint32_t bits;
    memcpy(&bits, (const void *)&third, sizeof bits);
    return bits;
}

static void in_environment(size_t index, uint32_t tier, const struct buffers *on) {
    const control_word word = environments[index].word;
    set(word);
    run(on, &found, &found_losses);
    const control_word after = get();
    set(DEFAULT);
    const bool restored = CHECK((after & CONTROL_BITS) == word);
    const bool same_losses = same_hashes(&found_losses, &expected_losses);
    if (!same(&found, &expected) || !same_losses || !restored) {
        char text[120];
        snprintf(text, sizeof text, "environment: %s, tier %s", environments[index].name, hyla_tier_name(tier));
        note_failure(text);
    }
}

/* The portable way to another rounding mode, which also sets the words that hyla does not look at. */
static void rounding_mode(int mode, const struct buffers *on) {
    CHECK(fesetround(mode) == 0);
    const uint32_t third = rounded_third();
    run(on, &found, &found_losses);
    const int after = fegetround();
    fesetround(FE_TONEAREST);
    CHECK(after == mode);
    CHECK(third == (mode == FE_UPWARD ? 0x3eaaaaabu : 0x3eaaaaaau));
    same(&found, &expected);
    same_hashes(&found_losses, &expected_losses);
}

/* An error is a return as any other. */
static void after_an_error(void) {
    double loss = 42.0;
    set(DEFAULT | FLUSH);
    const hyla_status status = hyla_bce_loss(NULL, NULL, &loss);
    const control_word after = get();
    set(DEFAULT);
    CHECK_STATUS(HYLA_ERROR_NULL_POINTER, status);
    CHECK((after & CONTROL_BITS) == (DEFAULT | FLUSH));
}

int main(void) {
    set(DEFAULT | FLUSH);
    const bool foreign = flushes();
    set(DEFAULT);
    CHECK(foreign);
    CHECK(!flushes());
    for (int kind = 0; kind < KINDS; ++kind) {
        make_data((enum kind)kind, 21 + (uint64_t)kind, &data);
        const struct buffers on = buffers_of(&data, &room, N);
        for (uint32_t tier = 1; tier <= TIERS; ++tier) {
            if (kind == 0 ? !pin_tier("environment", tier) : hyla_tier_pin(tier) != HYLA_OK) continue;
            run(&on, &expected, &expected_losses);
            for (size_t i = 0; i < sizeof environments / sizeof *environments; ++i) in_environment(i, tier, &on);
            rounding_mode(FE_UPWARD, &on);
            rounding_mode(FE_DOWNWARD, &on);
            rounding_mode(FE_TOWARDZERO, &on);
        }
    }
    after_an_error();
    return finish("environment");
}
#endif
