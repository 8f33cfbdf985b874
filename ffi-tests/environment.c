/* A host program may flush subnormals, round elsewhere or trap exceptions: results have the same bits,
 * and the program finds its environment as it left it. */
#include <fenv.h>
#include <stdbool.h>

#include "environments.h"
#include "nodes.h"

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
static struct hashes expected_nodes, found_nodes;
static float floats[4][LONGEST];
static const struct outputs plain = {floats[0], floats[1], floats[2], floats[3]};

/* `nodes` are those of buffers that were made in the ordinary environment. */
static void run(const struct buffers *on, struct outcome *outcome, struct hashes *nodes) {
    const hyla_pixels pixels = part(&data, 0, N, 3);
    compute(some_params(1), &pixels, plain, outcome);
    take_nodes(on, 3, nodes);
}

static void in_environment(size_t index, uint32_t tier, const struct buffers *on) {
    const control_word word = environments[index].word;
    set(word);
    run(on, &found, &found_nodes);
    const control_word after = get();
    set(DEFAULT);
    const bool restored = CHECK((after & CONTROL_BITS) == word);
    const bool same_nodes = same_hashes(&found_nodes, &expected_nodes);
    if (!same(&found, &expected) || !same_nodes || !restored) {
        char text[120];
        snprintf(text, sizeof text, "environment: %s, tier %s", environments[index].name, hyla_tier_name(tier));
        note_failure(text);
    }
}

#ifdef FE_UPWARD
/* That the environment is foreign, too: a sum that must be rounded. */
static uint32_t rounded_third(void) {
    volatile float one = 1.0f, three = 3.0f, third = one / three;
    uint32_t bits;
    memcpy(&bits, (const void *)&third, sizeof bits);
    return bits;
}

/* A call that raises no flag itself. */
static hyla_status without_flags(void) {
    const hyla_sum_totals nothing = {0};
    double sum;
    return hyla_sum_value(&nothing, &sum);
}

/* The portable way to another rounding mode, which also sets the words that hyla does not look at. No call clears an
 * exception flag that was raised. */
static void rounding_mode(int mode, const struct buffers *on) {
    CHECK(fesetround(mode) == 0);
    const uint32_t third = rounded_third();
    CHECK(feraiseexcept(FE_ALL_EXCEPT) == 0);
    CHECK_STATUS(HYLA_NOTICE_EMPTY, without_flags());
    CHECK(fetestexcept(FE_ALL_EXCEPT) == FE_ALL_EXCEPT);
    run(on, &found, &found_nodes);
    CHECK(fetestexcept(FE_ALL_EXCEPT) == FE_ALL_EXCEPT);
    const int after = fegetround();
    fesetround(FE_TONEAREST);
    CHECK(after == mode);
    CHECK(third == (mode == FE_UPWARD ? 0x3eaaaaabu : 0x3eaaaaaau));
    same(&found, &expected);
    same_hashes(&found_nodes, &expected_nodes);
}

#endif

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
            run(&on, &expected, &expected_nodes);
            for (size_t i = 0; i < ENVIRONMENTS; ++i) in_environment(i, tier, &on);
#ifdef FE_UPWARD
            rounding_mode(FE_UPWARD, &on);
            rounding_mode(FE_DOWNWARD, &on);
            rounding_mode(FE_TOWARDZERO, &on);
#endif
        }
    }
    after_an_error();
    return finish("environment");
}
#endif
