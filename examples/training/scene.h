// What the training examples learn from: standardised spectra, a mask of anomalies, and which pixels
// count. Read from an ENVI pair or simulated; examples/training/scene.rs does the same operations in
// the same order, so that both make the same scene to the last bit.
#ifndef TRAINING_SCENE_H
#define TRAINING_SCENE_H

#include <math.h>

#include "../envi.h"
#include "program.h"

struct scene {
    size_t lines, samples, bands, pixels;
    float *spectra;    // interleaved by pixel; 0 where the pixel does not count
    uint8_t *targets;  // nonzero: an anomaly
    uint8_t *valid;    // nonzero: counts
};

// splitmix64 (Steele, Lea, Flood 2014), in [0, 1).
static double random_uniform(uint64_t *state) {
    uint64_t mixed = *state += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    mixed ^= mixed >> 31;
    return (double)(mixed >> 11) * 0x1p-53;
}

// Twelve uniform numbers have the variance 1 and a sum that is close enough to normal.
static double random_normal(uint64_t *state) {
    double sum = -6.0;
    for (int i = 0; i < 12; ++i) sum += random_uniform(state);
    return sum;
}

static double simulated_bump(double nm, double centre, double width) {
    const double t = (nm - centre) / width;
    return 1.0 / (1.0 + t * t);
}

static double simulated_step(double nm, double centre, double width) {
    const double t = (nm - centre) / width;
    return 0.5 + 0.5 * t / sqrt(1.0 + t * t);
}

// Reflectance of soil, grass and concrete, and of two paints.
static void simulated_reflectance(double nm, double of[5]) {
    of[0] = 0.08 + 0.26 * simulated_step(nm, 650.0, 180.0);
    of[1] = 0.03 + 0.07 * simulated_bump(nm, 552.0, 32.0) + 0.42 * simulated_step(nm, 718.0, 16.0);
    of[2] = 0.24 + 0.06 * simulated_step(nm, 560.0, 140.0);
    of[3] = 0.10 + 0.30 * simulated_bump(nm, 455.0, 45.0) + 0.22 * simulated_step(nm, 800.0, 30.0);
    of[4] = 0.08 + 0.40 * simulated_step(nm, 606.0, 12.0) - 0.15 * simulated_bump(nm, 870.0, 40.0);
}

// A random surface in [0, 1]: the values at the corners of cells of 16 x 16 pixels, joined linearly.
static double simulated_surface(const double *knots, size_t line, size_t sample) {
    const double *upper = knots + (line / 16) * 5 + sample / 16, *lower = upper + 5;
    const double right = (double)(sample % 16) / 16.0, down = (double)(line % 16) / 16.0;
    const double top = upper[0] + right * (upper[1] - upper[0]);
    const double bottom = lower[0] + right * (lower[1] - lower[0]);
    return top + down * (bottom - top);
}

// 64 x 64 pixels of 40 bands: three materials that mix smoothly, uneven light, noise, eight painted
// objects of which some fill their pixels only in part, and a gap of lost pixels.
static struct scene scene_simulate(void) {
    // Line, sample, height, width, paint, and how many per cent of a pixel the paint fills.
    static const size_t objects[8][6] = {
        {5, 8, 3, 5, 3, 90},
        {9, 40, 4, 3, 4, 70},
        {20, 22, 2, 4, 3, 60},
        {28, 50, 3, 3, 4, 85},
        {36, 10, 2, 2, 4, 50},
        {44, 33, 3, 6, 3, 75},
        {53, 55, 2, 3, 3, 40},
        {57, 18, 3, 3, 4, 60},
    };
    struct scene scene = {.lines = 64, .samples = 64, .bands = 40, .pixels = 64 * 64};
    scene.spectra = allocate(scene.pixels * scene.bands, sizeof *scene.spectra);
    scene.targets = allocate(scene.pixels, 1);
    scene.valid = allocate(scene.pixels, 1);
    uint64_t random = 2024;
    double knots[4][25], reflectance[40][5];
    for (size_t surface = 0; surface < 4; ++surface) {
        for (size_t knot = 0; knot < 25; ++knot) knots[surface][knot] = random_uniform(&random);
    }
    for (size_t band = 0; band < 40; ++band) simulated_reflectance(400.0 + 15.0 * (double)band, reflectance[band]);

    for (size_t pixel = 0; pixel < scene.pixels; ++pixel) {
        const size_t line = pixel / 64, sample = pixel % 64;
        double share[3], total = 0.0;
        for (size_t material = 0; material < 3; ++material) {
            const double height = simulated_surface(knots[material], line, sample);
            share[material] = height * height * height + 1e-3;  // a power: mostly one material, with mixed borders
            total += share[material];
        }
        const double light = 0.80 + 0.35 * simulated_surface(knots[3], line, sample);
        const size_t *object = NULL;
        for (size_t i = 0; i < 8; ++i) {
            // Unsigned: smaller lines and samples wrap and fail.
            if (line - objects[i][0] < objects[i][2] && sample - objects[i][1] < objects[i][3]) object = objects[i];
        }
        scene.targets[pixel] = object != NULL;
        scene.valid[pixel] = !(line >= 40 && line < 42 && sample >= 20 && sample < 44);
        for (size_t band = 0; band < 40; ++band) {
            const double *of = reflectance[band];
            double value = (share[0] * of[0] + share[1] * of[1] + share[2] * of[2]) / total;
            if (object) value += (double)object[5] / 100.0 * (of[object[4]] - value);
            scene.spectra[pixel * 40 + band] = (float)(light * value + 0.02 * random_normal(&random));
        }
    }
    return scene;
}

// All lines of an image: the values of its bands, and which pixels count.
static float *scene_lines(struct envi *image, const char *path, uint8_t **counts) {
    if (!envi_open(image, path)) fail("%s", image->error);
    fputs(image->notes, stderr);
    float *values = allocate(image->lines * image->samples * image->bands, sizeof *values);
    *counts = allocate(image->lines * image->samples, 1);
    memset(*counts, 1, image->lines * image->samples);
    for (size_t line = 0; line < image->lines; ++line) {
        float *to = values + line * image->samples * image->bands;
        if (!envi_read_line(image, line, to, *counts + line * image->samples)) fail("%s", image->error);
    }
    envi_close(image);
    return values;
}

static struct scene scene_read(const char *path, const char *mask_path) {
    struct envi cube, mask;
    uint8_t *labelled;
    struct scene scene = {0};
    scene.spectra = scene_lines(&cube, path, &scene.valid);
    float *truths = scene_lines(&mask, mask_path, &labelled);
    if (mask.lines != cube.lines || mask.samples != cube.samples || mask.bands != 1) {
        fail("%s: %zu x %zu x %zu values are no mask of a scene of %zu x %zu pixels", mask_path, mask.lines,
             mask.samples, mask.bands, cube.lines, cube.samples);
    }
    scene.lines = cube.lines, scene.samples = cube.samples, scene.bands = cube.bands;
    scene.pixels = cube.lines * cube.samples;
    scene.targets = allocate(scene.pixels, 1);
    for (size_t pixel = 0; pixel < scene.pixels; ++pixel) {
        scene.targets[pixel] = truths[pixel] != 0.0f;
        scene.valid[pixel] &= labelled[pixel];
        for (size_t band = 0; band < scene.bands; ++band) {
            if (!isfinite(scene.spectra[pixel * scene.bands + band])) scene.valid[pixel] = 0;
        }
    }
    free(truths);
    free(labelled);
    return scene;
}

// Every band gets the mean 0 and the variance 1 over the pixels that count; a constant band becomes 0.
static void scene_standardise(struct scene *scene) {
    for (size_t band = 0; band < scene->bands; ++band) {
        double sum = 0.0, squares = 0.0, count = 0.0;
        for (size_t pixel = 0; pixel < scene->pixels; ++pixel) {
            if (scene->valid[pixel]) sum += (double)scene->spectra[pixel * scene->bands + band], count += 1.0;
        }
        const double mean = sum / count;
        for (size_t pixel = 0; pixel < scene->pixels; ++pixel) {
            const double deviation = (double)scene->spectra[pixel * scene->bands + band] - mean;
            if (scene->valid[pixel]) squares += deviation * deviation;
        }
        const double scale = squares > 0.0 ? 1.0 / sqrt(squares / count) : 0.0;
        for (size_t pixel = 0; pixel < scene->pixels; ++pixel) {
            float *value = &scene->spectra[pixel * scene->bands + band];
            *value = scene->valid[pixel] ? (float)(((double)*value - mean) * scale) : 0.0f;
        }
    }
}

// The scene of a program's arguments: a cube and its mask, or none of them. Standardised.
static struct scene scene_of(const char *cube, const char *mask) {
    if ((cube == NULL) != (mask == NULL)) fail("a scene needs a cube and a mask: CUBE.hdr MASK.hdr");
    struct scene scene = cube ? scene_read(cube, mask) : scene_simulate();
    size_t valid = 0, anomalies = 0;
    for (size_t pixel = 0; pixel < scene.pixels; ++pixel) {
        valid += scene.valid[pixel];
        anomalies += scene.valid[pixel] && scene.targets[pixel];
    }
    if (anomalies == 0 || anomalies == valid) fail("the mask needs anomalies and other pixels");
    printf("%s scene: %zu x %zu pixels of %zu bands, %zu count, %zu of them anomalies\n", cube ? "ENVI" : "simulated",
           scene.lines, scene.samples, scene.bands, valid, anomalies);
    scene_standardise(&scene);
    return scene;
}

static void scene_free(struct scene *scene) {
    free(scene->spectra);
    free(scene->targets);
    free(scene->valid);
}

#endif
