/* usage: counts TIER PIXELS...
 * Calls every node once for each number of pixels, under callgrind or by single steps (benches/counts/rules.mk). */
#include "count.h"

/* Ordinary inputs, the same bits wherever this runs. */
static uint64_t state;

static uint32_t next(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 32);
}

static float between(float low, float high) {
    return low + (high - low) * ((float)(next() >> 8) * 0x1p-24f);
}

/* Aligned, so that no count depends on where the linker puts them. */
#define BUFFER(type, name, count) static _Alignas(64) type name[count]

static struct buffers buffers_of(size_t n) {
    BUFFER(float, values, CHANNELS * MOST_PIXELS);
    BUFFER(float, others, CHANNELS * MOST_PIXELS);
    BUFFER(float, shares, MOST_PIXELS);
    BUFFER(float, written, CHANNELS * MOST_PIXELS);
    BUFFER(uint16_t, items, CHANNELS * MOST_PIXELS);
    BUFFER(int32_t, labels, MOST_PIXELS);
    BUFFER(uint8_t, targets, MOST_PIXELS);
    BUFFER(uint8_t, decisions, MOST_PIXELS);
    BUFFER(double, workspace, WORKSPACE);
    state = 1;
    for (size_t i = 0; i < CHANNELS * n; ++i) {
        values[i] = between(-6.0f, 6.0f);
        others[i] = between(-6.0f, 6.0f);
        items[i] = (uint16_t)(next() % 4096);
    }
    for (size_t i = 0; i < n; ++i) {
        shares[i] = between(0.0f, 1.0f);
        labels[i] = (int32_t)(next() % CHANNELS);
        targets[i] = next() % 10 == 0;
        decisions[i] = next() % 8 == 0;
    }
    return (struct buffers){.n = n,
                            .pixels = {.scores = hyla_f32(values),
                                       .targets = hyla_mask_u8(targets),
                                       .decisions = hyla_mask_u8(decisions),
                                       .n = n},
                            .cube = {.values = hyla_bip(hyla_f32(values), CHANNELS),
                                     .channels = CHANNELS,
                                     .targets = hyla_mask_u8(targets),
                                     .labels = hyla_i32(labels),
                                     .n = n},
                            .matrix = {.values = values, .rows = CHANNELS, .columns = n, .row_stride = n},
                            .values = values,
                            .others = others,
                            .shares = shares,
                            .items = items,
                            .labels = labels,
                            .written = written,
                            .workspace = workspace};
}

int main(int count, char **arguments) {
    uint32_t tier = HYLA_TIER_SCALAR;
    if (count < 3) return 2;
    while (tier < HYLA_TIER_AVX512 && strcmp(hyla_tier_name(tier), arguments[1]) != 0) ++tier;
    done(arguments[1], hyla_tier_pin(tier));
    for (int i = 2; i < count; ++i) {
        const size_t n = strtoul(arguments[i], NULL, 10);
        if (n > MOST_PIXELS) return 2;
        const struct buffers on = buffers_of(n);
        count_losses(&on);
        count_metrics(&on);
    }
    return 0;
}

#ifdef __x86_64__
/* What the library asks of C. That of libc is another one on each machine; this one takes an instruction for each word
 * and each byte of the rest. */
void *memcpy(void *restrict to, const void *restrict from, size_t n) {
    void *const start = to;
    size_t words = n / 8, bytes = n % 8;
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
    return start;
}

void *memset(void *to, int byte, size_t n) {
    void *const start = to;
    const uint64_t word = 0x0101010101010101u * (uint8_t)byte;
    size_t words = n / 8, bytes = n % 8;
    __asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(word) : "memory");
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(word) : "memory");
    return start;
}
#endif
