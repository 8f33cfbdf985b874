// Deep SVDD: trains, on normal pixels alone, a linear embedding z = W x of standardised spectra, the
// centre of a sphere and its radius, so that the sphere is small and holds most of them. Then it
// watches all pixels: those outside the sphere are anomalous.
//
//     loss = SVDD(W x, centre, radius) + weight * ||W W^T - I||^2
//
// W = 0 would be a perfect sphere of radius 0: the orthogonality term forbids this collapse, and makes
// W turn towards the directions in which normal pixels vary least. The SVDD gradient reaches three
// tensors: the embeddings (and through them W), the centre, and the unconstrained radius.
//
//     cc -std=c11 -O2 -Iinclude examples/svdd.c build/lib/libhyla.a -lm -o svdd
//     ./svdd [CUBE.hdr MASK.hdr] [--nu NU]       NU: the share of normal pixels to leave outside (0.01)

#include "training/scene.h"

enum { DIMENSIONS = 4, STEPS = 1000 };

int main(int count, char **words) {
    const char *usage = "usage: svdd [CUBE.hdr MASK.hdr] [--nu NU]", *files[2] = {NULL, NULL};
    hyla_svdd_params svdd = HYLA_SVDD_PARAMS_DEFAULT;
    hyla_orthogonality_params orthogonality = HYLA_ORTHOGONALITY_PARAMS_DEFAULT;
    svdd.nu = 0.01f;
    for (int i = 1, file = 0; i < count; ++i) {
        if (strcmp(words[i], "--nu") == 0 && i + 1 < count) svdd.nu = strtof(words[++i], NULL);
        else if (words[i][0] != '-' && file < 2) files[file++] = words[i];
        else fail("%s", usage);
    }
    struct scene scene = scene_of(files[0], files[1]);
    const size_t bands = scene.bands, pixels = scene.pixels, parameters = DIMENSIONS * bands;
    float *weights = allocate(parameters, sizeof *weights), *grad_weights = allocate(parameters, sizeof *grad_weights);
    float *embeddings = allocate(pixels * DIMENSIONS, sizeof *embeddings),
          *grad_embeddings = allocate(pixels * DIMENSIONS, sizeof *embeddings);
    float *map = allocate(pixels, sizeof *map), center[DIMENSIONS] = {0}, grad_center[DIMENSIONS];
    uint8_t *outside = allocate(pixels, 1), *normal = allocate(pixels, 1);
    for (size_t pixel = 0; pixel < pixels; ++pixel) normal[pixel] = scene.valid[pixel] && !scene.targets[pixel];
    double *sums = allocate(parameters, sizeof *sums), radius;
    const size_t workspace_size = hyla_orthogonality_workspace(DIMENSIONS, bands);
    double *workspace = allocate(workspace_size, sizeof *workspace);
    const hyla_matrix components = {.values = weights, .rows = DIMENSIONS, .columns = bands, .row_stride = bands};
    const hyla_cube cube = {
        .values = hyla_bip(hyla_f32(embeddings), DIMENSIONS), .n = pixels, .channels = DIMENSIONS};
    hyla_cube training = cube, watched = cube;
    training.valid = hyla_mask_u8(normal);
    watched.valid = hyla_mask_u8(scene.valid);
    // Slopes grow with the number of bands, which are alike, and with 1 / nu.
    const double rate = 0.4 * (double)svdd.nu / (double)bands, radius_rate = 0.05 * (double)svdd.nu;
    uint64_t random = 11;
    for (size_t i = 0; i < parameters; ++i) weights[i] = (float)(random_normal(&random) / sqrt((double)bands));

    double loss_before = 0.0, loss = 0.0, f1_before = 0.0, f1 = 0.0;
    printf(" step         svdd  orthogonality          sum   radius outside     F1 recall\n");
    for (int step = 0; step <= STEPS; ++step) {
        for (size_t pixel = 0; pixel < pixels; ++pixel) {
            double sum[DIMENSIONS] = {0};
            for (size_t band = 0; band < bands; ++band) {
                for (size_t k = 0; k < DIMENSIONS; ++k)
                    sum[k] += (double)weights[k * bands + band] * (double)scene.spectra[pixel * bands + band];
            }
            for (size_t k = 0; k < DIMENSIONS; ++k) embeddings[pixel * DIMENSIONS + k] = (float)sum[k];
        }

        // The two terms. The gradient of W is stored by the second and added to by the first, below.
        hyla_svdd_totals totals = {0};
        hyla_exact_sum center_sums[DIMENSIONS] = {0};
        double svdd_loss, orthogonality_loss, grad_radius;
        must(hyla_svdd_loss_and_gradient(&svdd, &training, center, 1.0, HYLA_STORE, &totals, &svdd_loss,
                                         grad_embeddings),
             "svdd");
        must(hyla_svdd_center_update(&svdd, &training, center, center_sums), "svdd");
        must(hyla_svdd_gradient_center(&svdd, &totals, center_sums, DIMENSIONS, 1.0, HYLA_STORE, grad_center), "svdd");
        must(hyla_svdd_gradient_radius(&svdd, &totals, 1.0, &grad_radius), "svdd");
        must(hyla_orthogonality_loss_and_gradient(&orthogonality, &components, 1.0, HYLA_STORE, workspace,
                                                  workspace_size, &orthogonality_loss, grad_weights),
             "orthogonality");
        loss = svdd_loss + orthogonality_loss;

        if (step % 50 == 0) {
            must(hyla_svdd_map(&svdd, &watched, center, map), "svdd");
            must(hyla_svdd_radius(&svdd, &radius), "svdd");
            for (size_t pixel = 0; pixel < pixels; ++pixel) outside[pixel] = map[pixel] > 0.0f;
            const hyla_pixels seen = {.decisions = hyla_mask_u8(outside),
                                      .targets = hyla_mask_u8(scene.targets),
                                      .valid = hyla_mask_u8(scene.valid),
                                      .n = pixels};
            hyla_confusion_totals confusion = {0};
            hyla_confusion_report report;
            must(hyla_confusion_update(&seen, &confusion), "confusion");
            if (HYLA_FAILED(hyla_confusion_values(&confusion, &report))) fail("confusion: impossible");
            const hyla_counts counts = report.pixel.counts;
            const double found = (double)(counts.true_positives + counts.false_positives);
            f1 = report.pixel.f1;
            if (step == 0) loss_before = loss, f1_before = f1;
            printf("%5d %12.6f %14.6f %12.6f %8.5f %7.4f %6.4f %6.4f\n", step, svdd_loss, orthogonality_loss, loss,
                   radius, found / (found + (double)(counts.false_negatives + counts.true_negatives)), f1,
                   report.pixel.recall);
        }

        for (size_t i = 0; i < parameters; ++i) sums[i] = (double)grad_weights[i];
        for (size_t pixel = 0; pixel < pixels; ++pixel) {
            for (size_t k = 0; k < DIMENSIONS; ++k) {
                const double slope = (double)grad_embeddings[pixel * DIMENSIONS + k];
                if (slope == 0.0) continue;  // inside the sphere, or masked
                for (size_t band = 0; band < bands; ++band)
                    sums[k * bands + band] += slope * (double)scene.spectra[pixel * bands + band];
            }
        }
        for (size_t i = 0; i < parameters; ++i) weights[i] = (float)((double)weights[i] - rate * sums[i]);
        for (size_t k = 0; k < DIMENSIONS; ++k) center[k] = (float)((double)center[k] - rate * (double)grad_center[k]);
        svdd.r_unconstrained = (float)((double)svdd.r_unconstrained - radius_rate * grad_radius);
    }
    printf("loss %.6f -> %.6f, F1 %.4f -> %.4f\n", loss_before, loss, f1_before, f1);

    void *const all[] = {weights, grad_weights, embeddings, grad_embeddings, map, outside, normal, sums, workspace};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) free(all[i]);
    scene_free(&scene);
    if (loss < loss_before && f1 > f1_before) return 0;
    printf("FAILED: the loss must fall and F1 must rise\n");
    return 1;
}
