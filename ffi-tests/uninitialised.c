/* Outputs and workspaces may be uninitialised: every node is told to write to memory that nobody wrote before.
 * Valgrind's memcheck finds results that depend on it. What is read and comes to nothing it does not find: for that
 * scripts/reads-of-outputs.py looks at every load and store of `uninitialised trace`. */
#include <stddef.h>

static void forget(void *memory, size_t bytes);
#define FORGET forget

#include "nodes.h"

static struct data data;
static struct hashes expected, found;
static struct room *room, *nobody_wrote_it;
static bool fresh;
/* A store to `from[offset]`, then one to `bytes[count]`, tells who watches that so many bytes of the room, from that
 * offset on, hold nothing. */
static volatile unsigned char forgotten_from[sizeof(struct room)], forgotten_bytes[sizeof(struct room)];

static void forget(void *memory, size_t bytes) {
    if (!fresh) {
        memset(memory, 0xff, bytes);
        return;
    }
    /* A copy of what is uninitialised is uninitialised. */
    memcpy(memory, nobody_wrote_it, bytes);
    forgotten_from[(unsigned char *)memory - (unsigned char *)room] = 1;
    forgotten_bytes[bytes] = 1;
}

/* The same is said whatever was there before. */
static void run(size_t n, unsigned options) {
    const struct buffers on = buffers_of(&data, room, n);
    fresh = false;
    take_nodes(&on, options, &expected);
    fresh = true;
    take_nodes(&on, options, &found);
    same_hashes(&found, &expected);
}

int main(int count, char **words) {
    static const size_t lengths[] = {1, 17, 77, 128, 333};
    room = (struct room *)malloc(sizeof *room);
    nobody_wrote_it = (struct room *)malloc(sizeof *nobody_wrote_it);
    if (!CHECK(room != NULL && nobody_wrote_it != NULL)) return finish("uninitialised");
    make_data(ORDINARY, 31, &data);
    if (count > 1 && strcmp(words[1], "trace") == 0) {
        fprintf(stderr, "\nforgotten: %p %p %p %zu\n", (void *)room, (const void *)forgotten_from,
                (const void *)forgotten_bytes, sizeof *room);
        run(77, 3);
    } else {
        for (uint32_t tier = 1; tier <= TIERS; ++tier) {
            if (!pin_tier("uninitialised", tier)) continue;
            for (size_t i = 0; i < sizeof lengths / sizeof *lengths; ++i) {
                for (unsigned options = 0; options < 4; ++options) run(lengths[i], options);
            }
        }
    }
    free(room);
    free(nobody_wrote_it);
    return finish("uninitialised");
}
