/* One text for all machines: a digest of every total, value and gradient of every node, over inputs that are the same
 * everywhere. digest.txt beside this file is what it must be, on any tier and in any floating-point environment.
 *
 * normal: logits of an ordinary detector. extreme: scores up to 120 and any bits that a float can have. masked: all of
 * them with a validity mask. merged: totals of three parts. All with pixel weights and without. */
#include "environments.h"
#include "node_merges.h"
#include "nodes.h"

enum { NORMAL, EXTREME, MASKED, MERGED, COLUMNS, MOST_LINES = 256 };

struct digest {
    size_t count;
    struct line {
        const char *name;
        uint64_t columns[COLUMNS];
    } lines[MOST_LINES];
};

/* Hashes of one name are folded in their order. The tables of binnings are left out: they have halves of words, whose
 * order is the machine's. */
static void fold(const struct hashes *hashes, int column, struct digest *digest) {
    for (size_t i = 0; i < hashes->count; ++i) {
        if (strcmp(hashes->names[i], "binning table") == 0) continue;
        struct line *line = digest->lines;
        while (line < digest->lines + digest->count && strcmp(line->name, hashes->names[i]) != 0) ++line;
        if (line == digest->lines + digest->count) {
            if (!CHECK(digest->count < MOST_LINES)) return;
            *line = (struct line){.name = hashes->names[i]};
            ++digest->count;
        }
        line->columns[column] = (line->columns[column] ^ hashes->hashes[i]) * 0x100000001b3u;
    }
}

static struct data data;
static struct room room;
static struct hashes hashes;

/* Everything, on the tier that is pinned. The inputs are made in the default environment, what is called is called in
 * the given one. */
static void run(control_word word, struct digest *digest) {
    static const size_t lengths[] = {1, 17, 333};
    memset(digest, 0, sizeof *digest);
    for (int kind = 0; kind < KINDS; ++kind) {
        make_data((enum kind)kind, 41 + (uint64_t)kind, &data);
        for (size_t which = 0; which < sizeof lengths / sizeof *lengths; ++which) {
            const struct buffers on = buffers_of(&data, &room, lengths[which]);
            for (unsigned options = 0; options < OPTIONS; ++options) {
                set(word);
                take_nodes(&on, options, &hashes);
                set(DEFAULT);
                fold(&hashes, options & 1 ? MASKED : kind == ORDINARY ? NORMAL : EXTREME, digest);
                set(word);
                take_merges(&on, options, &hashes);
                set(DEFAULT);
                fold(&hashes, MERGED, digest);
            }
        }
    }
}

static void compare(const struct digest *found, const struct digest *expected, const char *where) {
    if (!CHECK(found->count == expected->count)) return;
    for (size_t i = 0; i < found->count; ++i) {
        if (CHECK(memcmp(found->lines[i].columns, expected->lines[i].columns, sizeof found->lines[i].columns) == 0))
            continue;
        note_failure(where);
        note_failure(found->lines[i].name);
    }
}

/* Words, not bytes: 64 bits are not printed by every small C library. */
static void print_word(uint64_t word) {
    printf(" %08lx%08lx", (unsigned long)(word >> 32), (unsigned long)(word & 0xffffffffu));
}

static void print(const struct digest *digest) {
    uint64_t all = 0;
    printf("%-28s %-16s %-16s %-16s %-16s\n", "", "normal", "extreme", "masked", "merged");
    for (size_t i = 0; i < digest->count; ++i) {
        printf("%-28s", digest->lines[i].name);
        for (int column = 0; column < COLUMNS; ++column) {
            const uint64_t word = digest->lines[i].columns[column];
            if (word == 0) printf(" %-16s", "-");
            else print_word(word);
            all = (all ^ word) * 0x100000001b3u;
        }
        printf("\n");
    }
    printf("%-28s", "all");
    print_word(all);
    printf("\n");
}

int main(void) {
    static struct digest expected, found;
    pin_lowest_tier();
    run(DEFAULT, &expected);
    print(&expected);
    set(DEFAULT | FLUSH);
    const bool foreign = flushes();
    set(DEFAULT);
    CHECK(foreign == (FLUSH != 0));
    for (uint32_t tier = 1; tier <= TIERS; ++tier) {
        if (!pin_tier("digest", tier)) continue;
        for (size_t i = 0; i < ENVIRONMENTS; ++i) {
            run(environments[i].word, &found);
            compare(&found, &expected, environments[i].name);
        }
        printf("digest: tier %s in %d environments\n", hyla_tier_name(tier), ENVIRONMENTS);
    }
    return finish("digest");
}
