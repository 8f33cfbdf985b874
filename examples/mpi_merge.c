// One metric over many machines: every rank adds its own frames to its own words, and one
//
//     MPI_Allreduce(MPI_IN_PLACE, &words, count, MPI_INT64_T, MPI_SUM, ...)
//
// gives every rank the words of the whole stream. Exact sums and counts are integers, so neither the
// number of ranks nor the order in which MPI adds can change a bit: the program prints the same text
// for any number of ranks, and checks that its words are those of one process that saw every frame.
//
//     mpicc -std=c11 -O2 -Iinclude examples/mpi_merge.c build/lib/libhyla.a -lm -o mpi_merge
//     mpirun -n 4 ./mpi_merge

#include <mpi.h>
#include <stddef.h>

#include "merging/stream.h"

_Static_assert(sizeof(struct words) % sizeof(int64_t) == 0, "words of int64 without exception");

// After words were added by anybody but hyla: exact sums back to their one canonical form. Counts are it already.
static void normalize(struct words *words) {
    must(hyla_bce_normalize(&words->bce), "bce");
    must(hyla_iou_normalize(&words->iou), "iou");
    must(hyla_score_statistics_normalize(&words->scores), "scores");
}

// hyla_range as an operation of MPI.
static void merge_ranges(void *other, void *range, int *count, MPI_Datatype *type) {
    (void)type;
    for (int i = 0; i < *count; ++i)
        must(hyla_range_merge((const hyla_range *)other + i, (hyla_range *)range + i), "range");
}

static void reduce(struct state *state) {
    MPI_Allreduce(MPI_IN_PLACE, &state->words, sizeof state->words / sizeof(int64_t), MPI_INT64_T, MPI_SUM,
                  MPI_COMM_WORLD);
    normalize(&state->words);

    MPI_Datatype range;
    MPI_Op merge;
    MPI_Type_contiguous(sizeof state->range, MPI_BYTE, &range);
    MPI_Type_commit(&range);
    MPI_Op_create(merge_ranges, 1, &merge);
    MPI_Allreduce(MPI_IN_PLACE, &state->range, 1, range, merge, MPI_COMM_WORLD);
    MPI_Op_free(&merge);
    MPI_Type_free(&range);
}

int main(int count, char **words) {
    MPI_Init(&count, &words);
    int rank, ranks;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);

    static struct state state, whole;
    for (uint32_t frame = (uint32_t)rank; frame < FRAMES; frame += (uint32_t)ranks) add_frame(frame, &state);
    reduce(&state);

    // What one process would have: only this check needs it.
    for (uint32_t frame = 0; frame < FRAMES; ++frame) add_frame(frame, &whole);
    int same = memcmp(&state, &whole, sizeof state) == 0, all_same;
    MPI_Allreduce(&same, &all_same, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    if (rank == 0) {
        print(&state);
        printf(all_same ? "every rank has the words of one process\n" : "FAILED: the words differ\n");
    }
    MPI_Finalize();
    return all_same ? 0 : 1;
}
