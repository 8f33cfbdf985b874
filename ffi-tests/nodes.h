/* Every node over one set of buffers, as hashes. */
#ifndef NODES_H
#define NODES_H

#include "node_losses.h"
#include "node_metrics.h"
#include "node_planes.h"

/* Everything that is said of the buffers; bit 0 of `options` gives a mask, bit 1 weights. */
static inline void take_nodes(const struct buffers *on, unsigned options, struct hashes *to) {
    const hyla_pixels pixels = pixels_between(on, options, 0, on->n),
                      counted = pixels_between(on, options & ~2u, 0, on->n);
    const hyla_cube cube = cube_between(on, options, 0, on->n);
    const size_t columns = on->n * CHANNELS / ROWS;
    const hyla_matrix matrix = {.values = on->values, .rows = ROWS, .columns = columns, .row_stride = columns};
    to->count = 0;
    take_pixels(on, &pixels, to);
    take_planes(on, options, to);
    take_cubes(on, &cube, to);
    take_matrices(on, &matrix, to);
    take_counts(on, &counted, to);
    take_bands(on, &cube, to);
    take_explained_variance(on, to);
    if (columns > 0) take_components(on, &matrix, to);
    if (on->n > 0) take_selector_metrics(on, to);
    take_detection(on, &counted, to);
    take_drift(&counted, to);
    take_labels(on, options & 1 ? on->valid : NULL, to);
    take_rankings(on, &counted, to);
    take_frame_scores(on, &counted, to);
}

/* Memory for the inputs that `struct data` lacks, and for what is written. */
struct room {
    float soft_targets[LONGEST], center[CHANNELS], written[LONGEST];
    int32_t labels[LONGEST];
    double workspace[LONGEST];
};

/* Buffers of n pixels of the data. Labels go from -1 to 3: one is ignored, two are no classes. */
static inline struct buffers buffers_of(const struct data *data, struct room *room, size_t n) {
    for (size_t i = 0; i < n; ++i) {
        room->soft_targets[i] = (float)data->targets[i] / 255.0f;
        room->labels[i] = (int32_t)(data->decisions[i] % 5) - 1;
    }
    for (size_t i = 0; i < CHANNELS; ++i) room->center[i] = (float)i * 0.5f - 0.25f;
    CHECK(n * CHANNELS < LONGEST && workspace_doubles(n) <= LONGEST);
    return (struct buffers){.n = n,
                            .scores = data->scores,
                            .soft_targets = room->soft_targets,
                            .weights = data->weights,
                            .values = data->scores,
                            .other = data->scores + 1,
                            .center = room->center,
                            .targets = data->targets,
                            .valid = data->valid,
                            .labels = room->labels,
                            .written = room->written,
                            .workspace = room->workspace};
}

#endif
