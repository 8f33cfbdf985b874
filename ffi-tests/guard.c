/* Buffers between pages that cannot be touched: a byte read or written beyond either end of an input
 * or output ends the program. Bytes of the page that are not the buffer's stay as they were. */
#include "pages.h"
#include "nodes.h"

enum { LONGEST_GUARDED = 200, CANARY = 0x5a };
enum buffer {
    SCORES,
    WEIGHTS,
    TARGETS,
    DECISIONS,
    VALID,
    SOFT_TARGETS,
    VALUES,
    OTHER,
    CENTER,
    LABELS,
    WORKSPACE,
    MAP,
    STORED,
    ADDED,
    AT_ONCE,
    BUFFERS
};

static unsigned char *pages[BUFFERS];
static size_t page_size;

static unsigned char *place(enum buffer buffer, size_t bytes, bool at_end) {
    memset(pages[buffer], CANARY, page_size);
    return at_end ? pages[buffer] + page_size - bytes : pages[buffer];
}

static bool rest_untouched(enum buffer buffer, size_t bytes, bool at_end) {
    const unsigned char *const rest = at_end ? pages[buffer] : pages[buffer] + bytes;
    for (size_t i = 0; i < page_size - bytes; ++i) {
        if (rest[i] != CANARY) return false;
    }
    return true;
}

static hyla_pixels guarded(const struct data *data, size_t n, bool at_end, unsigned options) {
    const size_t bytes = n * sizeof(float);
    hyla_pixels pixels = {
        .scores = hyla_f32(memcpy(place(SCORES, bytes, at_end), data->scores, bytes)),
        .targets = hyla_mask_u8(memcpy(place(TARGETS, n, at_end), data->targets, n)),
        .decisions = hyla_mask_u8(memcpy(place(DECISIONS, n, at_end), data->decisions, n)),
        .valid = hyla_mask_u8(memcpy(place(VALID, n, at_end), data->valid, n)),
        .weights = hyla_f32(memcpy(place(WEIGHTS, bytes, at_end), data->weights, bytes)),
        .n = n,
    };
    if (!(options & 1)) pixels.valid.data = NULL;
    if (!(options & 2)) pixels.weights.data = NULL;
    return pixels;
}

static void lengths(const struct data *data, uint32_t tier) {
    static float floats[4][LONGEST];
    static const struct outputs plain = {floats[0], floats[1], floats[2], floats[3]};
    static struct outcome expected, found;
    for (size_t n = 1; n <= LONGEST_GUARDED; ++n) {
        for (unsigned options = 0; options < OPTIONS; ++options) {
            const size_t bytes = n * sizeof(float);
            const hyla_pixels pixels = part(data, 0, n, options);
            pin_lowest_tier();
            compute(some_params(options), &pixels, plain, &expected);
            CHECK_STATUS(HYLA_OK, hyla_tier_pin(tier));
            for (int at_end = 0; at_end < 2; ++at_end) {
                const hyla_pixels between = guarded(data, n, at_end, options);
                const struct outputs to = {
                    (float *)(void *)place(MAP, bytes, at_end), (float *)(void *)place(STORED, bytes, at_end),
                    (float *)(void *)place(ADDED, bytes, at_end), (float *)(void *)place(AT_ONCE, bytes, at_end)};
                compute(some_params(options), &between, to, &found);
                same(&found, &expected);
                for (int buffer = MAP; buffer < BUFFERS; ++buffer)
                    CHECK(rest_untouched((enum buffer)buffer, bytes, at_end));
            }
        }
    }
}

static const void *copied(enum buffer buffer, const void *items, size_t bytes, bool at_end) {
    return memcpy(place(buffer, bytes, at_end), items, bytes);
}

/* Every other loss. */
static void losses(const struct data *data, uint32_t tier) {
    static struct room room;
    static struct hashes expected, found;
    for (size_t n = 1; n <= LONGEST_GUARDED; n += n < 40 ? 1 : 7) {
        const struct buffers on = buffers_of(data, &room, n);
        const size_t floats = n * sizeof(float), cube = CHANNELS * floats,
                     workspace = workspace_doubles(n) * sizeof(double);
        pin_lowest_tier();
        take_nodes(&on, 3, &expected);
        CHECK_STATUS(HYLA_OK, hyla_tier_pin(tier));
        for (int at_end = 0; at_end < 2; ++at_end) {
            const struct buffers between = {
                .n = n,
                .scores = (const float *)copied(SCORES, on.scores, floats, at_end),
                .soft_targets = (const float *)copied(SOFT_TARGETS, on.soft_targets, floats, at_end),
                .weights = (const float *)copied(WEIGHTS, on.weights, floats, at_end),
                .values = (const float *)copied(VALUES, on.values, cube, at_end),
                .other = (const float *)copied(OTHER, on.other, cube, at_end),
                .center = (const float *)copied(CENTER, on.center, CHANNELS * sizeof(float), at_end),
                .targets = (const uint8_t *)copied(TARGETS, on.targets, n, at_end),
                .valid = (const uint8_t *)copied(VALID, on.valid, n, at_end),
                .labels = (const int32_t *)copied(LABELS, on.labels, n * sizeof(int32_t), at_end),
                .written = (float *)(void *)place(STORED, cube, at_end),
                .workspace = (double *)(void *)place(WORKSPACE, workspace, at_end)};
            take_nodes(&between, 3, &found);
            same_hashes(&found, &expected);
            CHECK(rest_untouched(STORED, cube, at_end) && rest_untouched(WORKSPACE, workspace, at_end));
        }
    }
}

/* The last row of a frame ends with the buffer: nothing behind its columns is read, at any stride. */
static void frames(const struct data *data) {
    enum { ROWS = 5, COLS = 29, PITCH = 40, ALL = (ROWS - 1) * PITCH + COLS, WORDS = 2 * 2 + 8 };
    for (uint32_t stride = 1; stride < 8; ++stride) {
        const hyla_detection_params params = {sizeof params, stride, 2};
        const hyla_binning_params rule = {sizeof rule, HYLA_BINNING_THRESHOLDS, 2, 0.0f, 0.0f};
        const size_t bytes = WORDS * sizeof(int64_t);
        int64_t words[WORDS] = {0}, *const guarded_words = (int64_t *)(void *)place(WORKSPACE, bytes, true);
        uint32_t table[16];
        hyla_binning binning;
        const hyla_pixels all = part(data, 0, ALL, 1), all_between = guarded(data, ALL, true, 1),
                          ordinary = in_rows(&all, ROWS, ROWS * COLS, PITCH),
                          between = in_rows(&all_between, ROWS, ROWS * COLS, PITCH);
        hyla_detection_totals expected = {0}, found = {0};
        memset(guarded_words, 0, bytes);
        CHECK_STATUS(HYLA_OK, hyla_binning_build(&rule, table, 16, &binning));
        CHECK_STATUS(HYLA_OK, hyla_detection_update_frame(&params, &ordinary, &expected, &binning, words, WORDS));
        CHECK_STATUS(HYLA_OK, hyla_detection_update_frame(&params, &between, &found, &binning, guarded_words, WORDS));
        CHECK(memcmp(&found, &expected, sizeof found) == 0 && memcmp(guarded_words, words, bytes) == 0);
        CHECK(rest_untouched(WORKSPACE, bytes, true));
    }
}

/* That the guards guard. */
static void guards_work(void) {
    for (int buffer = 0; buffer < BUFFERS; ++buffer) {
        CHECK(is_untouchable(pages[buffer] - 1));
        CHECK(!is_untouchable(pages[buffer]));
        CHECK(!is_untouchable(pages[buffer] + page_size - 1));
        CHECK(is_untouchable(pages[buffer] + page_size));
    }
}

int main(void) {
    static struct data data;
    page_size = 16 * bytes_of_a_page(); /* a workspace needs more than one */
    for (int buffer = 0; buffer < BUFFERS; ++buffer) {
        pages[buffer] = guarded_pages(page_size);
        if (pages[buffer] == NULL) {
            fprintf(stderr, "guard: no pages\n");
            return 1;
        }
    }
    guards_work();
    make_data(HOSTILE, 11, &data);
    for (uint32_t tier = 1; tier <= TIERS; ++tier) {
        if (!pin_tier("guard", tier)) continue;
        lengths(&data, tier);
        losses(&data, tier);
        frames(&data);
    }
    return finish("guard");
}
