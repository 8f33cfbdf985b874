// Trainable PCA without labels: K components W that rebuild standardised spectra, x' = W^T W x, trained
// by gradient descent instead of a decomposition, as a layer of a pipeline would be.
//
//     loss = MSE(x', x) + weight * ||W W^T - I||^2
//
// The share of the variance that the components explain rises towards the best that K components can
// have, which the program finds by power iteration to compare.
//
//     cc -std=c11 -O2 -Iinclude examples/pca.c build/lib/libhyla.a -lm -o pca
//     ./pca [CUBE.hdr MASK.hdr]

#include "training/scene.h"

enum { COMPONENTS = 3, STEPS = 400 };
static const double rate = 0.2;

// Sum over the pixels that count of x x^T, divided by their number. Spectra have the mean 0.
static double *covariance_of(const struct scene *scene) {
    const size_t bands = scene->bands;
    double *covariance = allocate(bands * bands, sizeof *covariance), count = 0.0;
    for (size_t pixel = 0; pixel < scene->pixels; ++pixel) {
        const float *x = scene->spectra + pixel * bands;
        if (!scene->valid[pixel]) continue;
        count += 1.0;
        for (size_t i = 0; i < bands; ++i) {
            for (size_t j = 0; j < bands; ++j) covariance[i * bands + j] += (double)x[i] * (double)x[j];
        }
    }
    for (size_t i = 0; i < bands * bands; ++i) covariance[i] /= count;
    return covariance;
}

static double variance_along(const double *covariance, const double *direction, size_t bands) {
    double variance = 0.0, length = 0.0;
    for (size_t i = 0; i < bands; ++i) {
        double sum = 0.0;
        for (size_t j = 0; j < bands; ++j) sum += covariance[i * bands + j] * direction[j];
        variance += direction[i] * sum;
        length += direction[i] * direction[i];
    }
    return variance / length;
}

static double trace_of(const double *covariance, size_t bands) {
    double trace = 0.0;
    for (size_t i = 0; i < bands; ++i) trace += covariance[i * bands + i];
    return trace;
}

// The share of the variance along W's rows. Whether these are at right angles, as a sum over them
// needs, is what the orthogonality term says.
static double explained(const double *covariance, const float *weights, size_t bands, double each[COMPONENTS]) {
    double total = 0.0, *direction = allocate(bands, sizeof *direction);
    for (size_t k = 0; k < COMPONENTS; ++k) {
        for (size_t i = 0; i < bands; ++i) direction[i] = (double)weights[k * bands + i];
        each[k] = variance_along(covariance, direction, bands) / trace_of(covariance, bands);
        total += each[k];
    }
    free(direction);
    return total;
}

// The best share: the largest eigenvalues by power iteration, each taken out before the next.
static double best_explained(const double *covariance, size_t bands) {
    double total = 0.0, *rest = allocate(bands * bands, sizeof *rest), *v = allocate(bands, sizeof *v),
           *next = allocate(bands, sizeof *next);
    memcpy(rest, covariance, bands * bands * sizeof *rest);
    for (size_t k = 0; k < COMPONENTS; ++k) {
        for (size_t i = 0; i < bands; ++i) v[i] = 1.0 + (double)(i % 7);
        for (int round = 0; round < 300; ++round) {
            double length = 0.0;
            for (size_t i = 0; i < bands; ++i) {
                next[i] = 0.0;
                for (size_t j = 0; j < bands; ++j) next[i] += rest[i * bands + j] * v[j];
                length += next[i] * next[i];
            }
            for (size_t i = 0; i < bands; ++i) v[i] = next[i] / sqrt(length);
        }
        const double eigenvalue = variance_along(rest, v, bands);
        total += eigenvalue;
        for (size_t i = 0; i < bands * bands; ++i) rest[i] -= eigenvalue * v[i / bands] * v[i % bands];
    }
    free(rest);
    free(v);
    free(next);
    return total / trace_of(covariance, bands);
}

// x' of every pixel, and the K numbers between.
static void rebuild(const struct scene *scene, const float *weights, float *codes, float *rebuilt) {
    const size_t bands = scene->bands;
    for (size_t pixel = 0; pixel < scene->pixels; ++pixel) {
        const float *x = scene->spectra + pixel * bands;
        float *code = codes + pixel * COMPONENTS, *to = rebuilt + pixel * bands;
        for (size_t k = 0; k < COMPONENTS; ++k) {
            double sum = 0.0;
            for (size_t i = 0; i < bands; ++i) sum += (double)weights[k * bands + i] * (double)x[i];
            code[k] = (float)sum;
        }
        for (size_t i = 0; i < bands; ++i) {
            double sum = 0.0;
            for (size_t k = 0; k < COMPONENTS; ++k) sum += (double)weights[k * bands + i] * (double)code[k];
            to[i] = (float)sum;
        }
    }
}

// Adds the gradient of x' = W^T (W x) to that of W. W is in it twice.
static void backward(const struct scene *scene, const float *weights, const float *codes, const float *grad_rebuilt,
                     double *grad) {
    const size_t bands = scene->bands;
    for (size_t pixel = 0; pixel < scene->pixels; ++pixel) {
        const float *x = scene->spectra + pixel * bands, *slope = grad_rebuilt + pixel * bands;
        for (size_t k = 0; k < COMPONENTS; ++k) {
            double grad_code = 0.0;
            for (size_t i = 0; i < bands; ++i) grad_code += (double)weights[k * bands + i] * (double)slope[i];
            const double code = (double)codes[pixel * COMPONENTS + k];
            for (size_t i = 0; i < bands; ++i)
                grad[k * bands + i] += code * (double)slope[i] + grad_code * (double)x[i];
        }
    }
}

int main(int count, char **words) {
    if (count != 1 && count != 3) fail("usage: pca [CUBE.hdr MASK.hdr]");
    struct scene scene = scene_of(count == 3 ? words[1] : NULL, count == 3 ? words[2] : NULL);
    const size_t bands = scene.bands, pixels = scene.pixels, parameters = COMPONENTS * bands;
    float *weights = allocate(parameters, sizeof *weights), *grad_weights = allocate(parameters, sizeof *grad_weights);
    float *codes = allocate(pixels * COMPONENTS, sizeof *codes);
    float *rebuilt = allocate(pixels * bands, sizeof *rebuilt),
          *grad_rebuilt = allocate(pixels * bands, sizeof *grad_rebuilt);
    double *grad = allocate(parameters, sizeof *grad), *covariance = covariance_of(&scene);
    const size_t workspace_size = hyla_orthogonality_workspace(COMPONENTS, bands);
    double *workspace = allocate(workspace_size, sizeof *workspace);
    const hyla_matrix components = {.values = weights, .rows = COMPONENTS, .columns = bands, .row_stride = bands};
    const hyla_cube cube = {.values = hyla_bip(hyla_f32(rebuilt), bands),
                            .n = pixels,
                            .channels = bands,
                            .valid = hyla_mask_u8(scene.valid)};
    const hyla_values spectra = hyla_bip(hyla_f32(scene.spectra), bands);
    hyla_mse_params mse = HYLA_MSE_PARAMS_DEFAULT;
    hyla_orthogonality_params orthogonality = HYLA_ORTHOGONALITY_PARAMS_DEFAULT;
    orthogonality.weight = 0.05f;
    uint64_t random = 5;
    for (size_t i = 0; i < parameters; ++i) weights[i] = (float)(random_normal(&random) / sqrt((double)bands));

    const double best = best_explained(covariance, bands);
    double loss_before = 0.0, loss = 0.0, share_before = 0.0, share = 0.0;
    printf("explained variance: at most %.6f with %d components\n", best, COMPONENTS);
    printf(" step          mse  orthogonality          sum  explained by each component      in sum\n");
    for (int step = 0; step <= STEPS; ++step) {
        double mse_loss, orthogonality_loss, each[COMPONENTS];
        rebuild(&scene, weights, codes, rebuilt);
        must(hyla_mse_loss_and_gradient(&mse, &cube, &spectra, 1.0, HYLA_STORE, NULL, &mse_loss, grad_rebuilt),
             "mse");
        must(hyla_orthogonality_loss_and_gradient(&orthogonality, &components, 1.0, HYLA_STORE, workspace,
                                                  workspace_size, &orthogonality_loss, grad_weights),
             "orthogonality");
        loss = mse_loss + orthogonality_loss;
        if (step % 20 == 0) {
            share = explained(covariance, weights, bands, each);
            if (step == 0) loss_before = loss, share_before = share;
            printf("%5d %12.8f %14.8f %12.8f  %.6f  %.6f  %.6f  %10.6f\n", step, mse_loss, orthogonality_loss, loss,
                   each[0], each[1], each[2], share);
        }
        for (size_t i = 0; i < parameters; ++i) grad[i] = (double)grad_weights[i];
        backward(&scene, weights, codes, grad_rebuilt, grad);
        for (size_t i = 0; i < parameters; ++i) weights[i] = (float)((double)weights[i] - rate * grad[i]);
    }
    printf("loss %.8f -> %.8f, explained variance %.6f -> %.6f of at most %.6f\n", loss_before, loss, share_before,
           share, best);

    void *const all[] = {weights, grad_weights, codes, rebuilt, grad_rebuilt, grad, covariance, workspace};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) free(all[i]);
    scene_free(&scene);
    if (loss < loss_before && share > share_before) return 0;
    printf("FAILED: the loss must fall and the explained variance must rise\n");
    return 1;
}
