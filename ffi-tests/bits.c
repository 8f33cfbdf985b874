/* The same bits on every tier, for any length, any address and any split, and masked pixels that are
 * as if they were not there. */
#include "nodes.h"

enum { LONGEST_TAIL = 130, OFFSETS = 17 };

static struct data data;
static float floats[4][LONGEST + OFFSETS];
static const struct outputs plain = {floats[0], floats[1], floats[2], floats[3]};

static void note(const char *what, uint32_t tier, size_t n, size_t offset, unsigned options) {
    char text[120];
    snprintf(text, sizeof text, "%s: tier %s, n %zu, offset %zu, options %u", what, hyla_tier_name(tier), n, offset,
             options);
    note_failure(text);
}

static void expect(hyla_bce_params params, const hyla_pixels *pixels, struct outcome *expected) {
    pin_lowest_tier();
    compute(params, pixels, plain, expected);
}

static void lengths(uint32_t tier) {
    static struct outcome expected, found;
    for (size_t n = 0; n <= LONGEST_TAIL; ++n) {
        for (unsigned options = 0; options < OPTIONS; ++options) {
            const hyla_bce_params params = some_params(options);
            const hyla_pixels pixels = part(&data, n % 7, n, options);
            expect(params, &pixels, &expected);
            CHECK_STATUS(HYLA_OK, hyla_tier_pin(tier));
            compute(params, &pixels, plain, &found);
            if (!same(&found, &expected)) note("length", tier, n, n % 7, options);
        }
    }
}

/* Floats at every address of a cache line, byte masks at every address at all. */
static void offsets(uint32_t tier) {
    static const size_t some_lengths[] = {1, 15, 17, 64, 100, 333};
    static struct data moved;
    static struct outcome expected, found;
    for (size_t which = 0; which < sizeof some_lengths / sizeof *some_lengths; ++which) {
        const size_t n = some_lengths[which];
        const hyla_pixels pixels = part(&data, 0, n, 3);
        expect(some_params(1), &pixels, &expected);
        CHECK_STATUS(HYLA_OK, hyla_tier_pin(tier));
        for (size_t offset = 0; offset < OFFSETS; ++offset) {
            const size_t bytes = (offset * 5 + 1) % OFFSETS;
            const struct outputs to = {floats[0] + offset, floats[1] + (offset + 1) % OFFSETS,
                                       floats[2] + (offset + 5) % OFFSETS, floats[3] + (offset + 11) % OFFSETS};
            hyla_pixels at = part(&moved, offset, n, 3);
            at.targets = hyla_mask_u8(moved.targets + bytes);
            at.valid = hyla_mask_u8(moved.valid + (bytes + 3) % OFFSETS);
            at.weights = hyla_f32(moved.weights + (offset + 7) % OFFSETS);
            memcpy(moved.scores + offset, data.scores, n * sizeof(float));
            memcpy(moved.weights + (offset + 7) % OFFSETS, data.weights, n * sizeof(float));
            memcpy(moved.targets + bytes, data.targets, n);
            memcpy(moved.decisions + offset, data.decisions, n);
            memcpy(moved.valid + (bytes + 3) % OFFSETS, data.valid, n);
            compute(some_params(1), &at, to, &found);
            if (!same(&found, &expected)) note("offset", tier, n, offset, 3);
        }
    }
}

/* Calls that were split and totals that were merged, on tiers that change from call to call. The
 * calls count as updates in detection totals, which have parts of a frame on purpose. */
static void splits(void) {
    static struct outcome expected, chunked, merged, piece;
    const hyla_bce_params params = some_params(1);
    const hyla_pixels whole = part(&data, 0, LONGEST, 3);
    uint64_t random = 5;
    expect(params, &whole, &expected);
    for (int round = 0; round < 40; ++round) {
        const uint32_t longest = 1u << (round % 12);
        size_t updates = 0;
        memset(&chunked, 0, sizeof chunked);
        memset(&merged, 0, sizeof merged);
        for (size_t start = 0; start < LONGEST;) {
            const size_t rest = LONGEST - start, wanted = next_random(&random) % (2 * longest),
                         n = wanted < rest ? wanted : rest;
            const hyla_pixels pixels = part(&data, start, n, 3);
            const uint32_t tier = 1 + next_random(&random) % TIERS;
            if (hyla_tier_pin(tier) != HYLA_OK) CHECK_STATUS(HYLA_OK, hyla_tier_pin(HYLA_TIER_BEST));
            memset(&piece, 0, sizeof piece);
            update_all(&params, &pixels, &chunked);
            update_all(&params, &pixels, &piece);
            /* To the left or to the right: addition has no order. */
            if (next_random(&random) % 2 == 0) {
                merge_all(&piece, &merged);
            } else {
                merge_all(&merged, &piece);
                merged = piece;
            }
            start += n;
            ++updates;
        }
        CHECK(chunked.detection.updates == (int64_t)updates && merged.detection.updates == (int64_t)updates);
        conclude(params, &whole, plain, &chunked);
        conclude(params, &whole, plain, &merged);
        chunked.detection.updates = merged.detection.updates = expected.detection.updates;
        chunked.detection.fingerprint = merged.detection.fingerprint = expected.detection.fingerprint;
        if (!same(&chunked, &expected)) note("chunks", hyla_tier(), longest, 0, 3);
        if (!same(&merged, &expected)) note("merged", hyla_tier(), longest, 0, 3);
    }
}

/* The same totals as pixels of which the masked ones were taken out, whatever the masked ones hold. */
static void masked_pixels(uint32_t tier) {
    static struct data dense, poisoned;
    static struct outcome expected, found;
    const hyla_bce_params params = some_params(1);
    size_t kept = 0;
    poisoned = data;
    for (size_t i = 0; i < 1000; ++i) {
        if (data.valid[i] == 0) {
            const uint32_t nan = i % 2 == 0 ? 0x7fc00000u : 0xff800001u;
            memcpy(&poisoned.scores[i], &nan, sizeof nan);
            memcpy(&poisoned.weights[i], &nan, sizeof nan);
            continue;
        }
        dense.scores[kept] = data.scores[i];
        dense.weights[kept] = data.weights[i];
        dense.targets[kept] = data.targets[i];
        dense.decisions[kept++] = data.decisions[i];
    }
    hyla_pixels pixels = part(&dense, 0, kept, 2);
    expect(params, &pixels, &expected);
    CHECK_STATUS(HYLA_OK, hyla_tier_pin(tier));
    pixels = part(&poisoned, 0, 1000, 3);
    compute(params, &pixels, plain, &found);
    kept = 0;
    for (size_t i = 0; i < 1000; ++i) {
        static const float zero = 0.0f;
        const bool counts = data.valid[i] != 0;
        const float *const added = counts ? &expected.added[kept] : &poisoned.scores[i];
        float unchanged;
        copy_floats(&unchanged, added, 1);
        CHECK(memcmp(&found.map[i], counts ? &expected.map[kept] : &zero, sizeof zero) == 0);
        CHECK(memcmp(&found.stored[i], counts ? &expected.stored[kept] : &zero, sizeof zero) == 0);
        CHECK(memcmp(&found.at_once[i], counts ? &expected.at_once[kept] : &zero, sizeof zero) == 0);
        CHECK(memcmp(&found.added[i], &unchanged, sizeof unchanged) == 0);
        kept += counts;
    }
    memcpy(found.map, expected.map, sizeof found.map);
    memcpy(found.stored, expected.stored, sizeof found.stored);
    memcpy(found.added, expected.added, sizeof found.added);
    memcpy(found.at_once, expected.at_once, sizeof found.at_once);
    if (!same(&found, &expected)) note("masked", tier, 1000, 0, 3);
}

/* Whole and in one call are the same bits. */
static void at_once(uint32_t tier) {
    static struct outcome found;
    for (unsigned options = 0; options < OPTIONS; ++options) {
        const hyla_bce_params params = some_params(options);
        const hyla_pixels pixels = part(&data, 1, 1001, options);
        CHECK_STATUS(HYLA_OK, hyla_tier_pin(tier));
        compute(params, &pixels, plain, &found);
        hyla_bce_totals thrice = {0};
        for (int i = 0; i < 3; ++i) CHECK_STATUS(HYLA_OK, hyla_bce_merge(&found.bce, &thrice));
        CHECK(memcmp(&found.bce_at_once, &thrice, sizeof thrice) == 0);
        CHECK(memcmp(found.losses, found.losses_at_once, sizeof found.losses) == 0);
        CHECK(memcmp(found.stored, found.at_once, sizeof found.stored) == 0);
    }
}

/* Every node. */
static void nodes(uint32_t tier) {
    static const size_t some_lengths[] = {0, 1, 3, 15, 16, 17, 31, 33, 64, 65, 130, 333, 1000};
    static struct room room;
    static struct hashes expected, found;
    for (size_t which = 0; which < sizeof some_lengths / sizeof *some_lengths; ++which) {
        const size_t n = some_lengths[which];
        const struct buffers on = buffers_of(&data, &room, n);
        for (unsigned options = 0; options < OPTIONS; ++options) {
            pin_lowest_tier();
            take_nodes(&on, options, &expected);
            CHECK_STATUS(HYLA_OK, hyla_tier_pin(tier));
            take_nodes(&on, options, &found);
            if (!same_hashes(&found, &expected)) note("nodes", tier, n, 0, options);
        }
    }
}

int main(void) {
    for (int kind = 0; kind < KINDS; ++kind) {
        make_data((enum kind)kind, 1 + (uint64_t)kind, &data);
        for (uint32_t tier = 1; tier <= TIERS; ++tier) {
            if (kind == 0 ? !pin_tier("bits", tier) : hyla_tier_pin(tier) != HYLA_OK) continue;
            lengths(tier);
            offsets(tier);
            masked_pixels(tier);
            at_once(tier);
            nodes(tier);
        }
        splits();
    }
    return finish("bits");
}
