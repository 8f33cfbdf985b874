/* What a user would write instead of hyla's losses: plain loops over float arrays, sums in double, compiled
 * by gcc with -O3 -march=native -ffast-math. Classes lie in planes, embeddings pixel by
 * pixel; a gradient is that of the mean loss at weight 1. */
#include "loss_loops.h"

#include <math.h>

static float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

/* max(0, z) + ln(1 + e^-|z|) */
static float softplus(float z) { return fmaxf(z, 0.0f) + log1pf(expf(-fabsf(z))); }

double loop_focal(const float *restrict x, const uint8_t *restrict y, size_t n, float alpha) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        const float z = y[i] ? -x[i] : x[i], s = sigmoid(z);
        sum += (double)((y[i] ? alpha : 1.0f - alpha) * s * s * softplus(z));
    }
    return sum / (double)n;
}

double loop_focal_gradient(const float *restrict x, const uint8_t *restrict y, size_t n, float alpha,
                           float *restrict gradient) {
    const float scale = 1.0f / (float)n;
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        const float sign = y[i] ? -1.0f : 1.0f, z = sign * x[i], s = sigmoid(z), l = softplus(z);
        const float factor = y[i] ? alpha : 1.0f - alpha;
        sum += (double)(factor * s * s * l);
        gradient[i] = sign * factor * scale * s * s * (2.0f * (1.0f - s) * l + s);
    }
    return sum / (double)n;
}

/* The probability of a score. */
static inline float probability(enum normalization how, float x, float low, float scale) {
    switch (how) {
        case SIGMOID: return sigmoid(x);
        case CLAMP: return fminf(fmaxf(x, 0.0f), 1.0f);
        default: return (x - low) * scale;
    }
}

struct overlap {
    double intersection, predicted, target;
    float low, high, scale;
};

static inline struct overlap overlap(enum normalization how, const float *restrict x, const uint8_t *restrict y,
                                     size_t n, float smooth) {
    struct overlap sums = {0.0, 0.0, 0.0, 0.0f, 1.0f, 1.0f};
    if (how == MINMAX) {
        sums.low = INFINITY, sums.high = -INFINITY;
        for (size_t i = 0; i < n; i++) {
            sums.low = fminf(sums.low, x[i]);
            sums.high = fmaxf(sums.high, x[i]);
        }
        sums.scale = 1.0f / (sums.high - sums.low + smooth);
    }
    for (size_t i = 0; i < n; i++) {
        const float p = probability(how, x[i], sums.low, sums.scale);
        sums.intersection += (double)(y[i] ? p : 0.0f);
        sums.predicted += (double)p;
        sums.target += (double)(y[i] ? 1.0f : 0.0f);
    }
    return sums;
}

/* 1 - (I + t) / (I + a FP + b FN + t): IoU with a = b = 1. */
static inline double tversky(enum normalization how, const float *x, const uint8_t *y, size_t n,
                             struct tversky_weights with) {
    const struct overlap sums = overlap(how, x, y, n, with.smooth);
    const double i = sums.intersection;
    const double all =
        i + (double)with.false_positives * (sums.predicted - i) + (double)with.false_negatives * (sums.target - i);
    return 1.0 - (i + (double)with.smooth) / (all + (double)with.smooth);
}

static inline double tversky_gradient(enum normalization how, const float *restrict x, const uint8_t *restrict y,
                                      size_t n, struct tversky_weights with, float *restrict gradient) {
    const struct overlap sums = overlap(how, x, y, n, with.smooth);
    const double a = (double)with.false_positives, b = (double)with.false_negatives, t = (double)with.smooth,
                 i = sums.intersection;
    const double above = i + t, below = i + a * (sums.predicted - i) + b * (sums.target - i) + t;
    /* dT/dp where y is 1 and where it is 0. */
    const float on_target = (float)(-(below - above * (1.0 - b)) / (below * below));
    const float off_target = (float)(above * a / (below * below));
    double all = 0.0, weighted = 0.0;
    size_t lowest = 0, highest = 0;
    for (size_t k = 0; k < n; k++) {
        const float p = probability(how, x[k], sums.low, sums.scale), slope = y[k] ? on_target : off_target;
        switch (how) {
            case SIGMOID: gradient[k] = slope * p * (1.0f - p); break;
            case CLAMP: gradient[k] = x[k] > 0.0f && x[k] < 1.0f ? slope : 0.0f; break;
            default:
                gradient[k] = slope * sums.scale;
                all += (double)slope;
                weighted += (double)(slope * p);
                lowest += x[k] == sums.low;
                highest += x[k] == sums.high;
        }
    }
    if (how == MINMAX) {
        const float at_low = (float)((weighted - all) * (double)sums.scale / (double)lowest);
        const float at_high = (float)(-weighted * (double)sums.scale / (double)highest);
        for (size_t k = 0; k < n; k++) gradient[k] += x[k] == sums.low ? at_low : x[k] == sums.high ? at_high : 0.0f;
    }
    return 1.0 - above / below;
}

/* One function a normalisation, so that each loop is compiled for its own. */
double loop_tversky(enum normalization how, const float *x, const uint8_t *y, size_t n, struct tversky_weights with) {
    switch (how) {
        case SIGMOID: return tversky(SIGMOID, x, y, n, with);
        case CLAMP: return tversky(CLAMP, x, y, n, with);
        default: return tversky(MINMAX, x, y, n, with);
    }
}

double loop_tversky_gradient(enum normalization how, const float *x, const uint8_t *y, size_t n,
                             struct tversky_weights with, float *gradient) {
    switch (how) {
        case SIGMOID: return tversky_gradient(SIGMOID, x, y, n, with, gradient);
        case CLAMP: return tversky_gradient(CLAMP, x, y, n, with, gradient);
        default: return tversky_gradient(MINMAX, x, y, n, with, gradient);
    }
}

double loop_mse(const float *restrict a, const float *restrict b, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        const float difference = a[i] - b[i];
        sum += (double)(difference * difference);
    }
    return sum / (double)n;
}

double loop_mse_gradient(const float *restrict a, const float *restrict b, size_t n, float *restrict gradient) {
    const float scale = 2.0f / (float)n;
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        const float difference = a[i] - b[i];
        sum += (double)(difference * difference);
        gradient[i] = scale * difference;
    }
    return sum / (double)n;
}

/* Pixels are taken in blocks, so that every inner loop runs over neighbours. */
enum { BLOCK = 256, CLASSES = 4 };

static void softmax(const float *restrict x, size_t n, size_t first, size_t count, float e[CLASSES][BLOCK],
                    float *restrict greatest, float *restrict sum) {
    for (size_t i = 0; i < count; i++) {
        greatest[i] = x[first + i];
        for (size_t k = 1; k < CLASSES; k++) greatest[i] = fmaxf(greatest[i], x[k * n + first + i]);
        sum[i] = 0.0f;
    }
    for (size_t k = 0; k < CLASSES; k++) {
        for (size_t i = 0; i < count; i++) {
            e[k][i] = expf(x[k * n + first + i] - greatest[i]);
            sum[i] += e[k][i];
        }
    }
}

static inline double cross_entropy(const float *restrict x, const int32_t *restrict y, size_t n,
                                   float *restrict gradient) {
    const float scale = 1.0f / (float)n;
    float e[CLASSES][BLOCK], greatest[BLOCK], sum[BLOCK];
    double loss = 0.0;
    for (size_t first = 0; first < n; first += BLOCK) {
        const size_t count = n - first < BLOCK ? n - first : BLOCK;
        softmax(x, n, first, count, e, greatest, sum);
        for (size_t i = 0; i < count; i++) {
            float own = 0.0f;
            for (int32_t k = 0; k < CLASSES; k++) own += y[first + i] == k ? x[(size_t)k * n + first + i] : 0.0f;
            loss += (double)(logf(sum[i]) + greatest[i] - own);
        }
        for (int32_t k = 0; gradient != NULL && k < CLASSES; k++) {
            for (size_t i = 0; i < count; i++) {
                gradient[(size_t)k * n + first + i] = scale * (e[k][i] / sum[i] - (y[first + i] == k ? 1.0f : 0.0f));
            }
        }
    }
    return loss / (double)n;
}

double loop_cross_entropy(const float *x, const int32_t *y, size_t n) { return cross_entropy(x, y, n, NULL); }

double loop_cross_entropy_gradient(const float *x, const int32_t *y, size_t n, float *gradient) {
    return cross_entropy(x, y, n, gradient);
}

double loop_dice(const float *restrict x, const int32_t *restrict y, size_t n, float smooth) {
    float e[CLASSES][BLOCK], greatest[BLOCK], sum[BLOCK];
    double both[CLASSES] = {0.0}, either[CLASSES] = {0.0}, loss = 0.0;
    for (size_t first = 0; first < n; first += BLOCK) {
        const size_t count = n - first < BLOCK ? n - first : BLOCK;
        softmax(x, n, first, count, e, greatest, sum);
        for (int32_t k = 0; k < CLASSES; k++) {
            for (size_t i = 0; i < count; i++) {
                const float p = e[k][i] / sum[i];
                both[k] += (double)(y[first + i] == k ? p : 0.0f);
                either[k] += (double)(p + (y[first + i] == k ? 1.0f : 0.0f));
            }
        }
    }
    for (int k = 0; k < CLASSES; k++) loss += 1.0 - (2.0 * both[k] + (double)smooth) / (either[k] + (double)smooth);
    return loss / CLASSES;
}

/* Mean hinge of the squared distances of interleaved embeddings, and its gradient. */
double loop_svdd(const float *restrict z, const float *restrict c, size_t n, size_t channels, double radius_squared,
                 double nu) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        float distance = 0.0f;
        for (size_t k = 0; k < channels; k++) {
            const float difference = z[i * channels + k] - c[k];
            distance += difference * difference;
        }
        const double slack = (double)distance - radius_squared;
        sum += slack > 0.0 ? slack : 0.0;
    }
    return radius_squared + sum / (nu * (double)n);
}

double loop_svdd_gradient(const float *restrict z, const float *restrict c, size_t n, size_t channels,
                          double radius_squared, double nu, float *restrict gradient) {
    const float scale = (float)(2.0 / (nu * (double)n));
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        float distance = 0.0f;
        for (size_t k = 0; k < channels; k++) {
            const float difference = z[i * channels + k] - c[k];
            distance += difference * difference;
        }
        const double slack = (double)distance - radius_squared;
        const float factor = slack > 0.0 ? scale : 0.0f;
        sum += slack > 0.0 ? slack : 0.0;
        for (size_t k = 0; k < channels; k++) gradient[i * channels + k] = factor * (z[i * channels + k] - c[k]);
    }
    return radius_squared + sum / (nu * (double)n);
}

/* Oklab of planar sRGB, and its derivatives: those of linear light, and those of the roots. */
static void oklab(const float *restrict x, size_t n, size_t first, size_t count, float q[3][BLOCK],
                  float light[3][BLOCK], float roots[3][BLOCK]) {
    static const float m1[3][3] = {{0.4122214708f, 0.5363325363f, 0.0514459929f},
                                   {0.2119034982f, 0.6806995451f, 0.1073969566f},
                                   {0.0883024619f, 0.2817188376f, 0.6299787005f}};
    static const float m2[3][3] = {{0.2104542553f, 0.7936177850f, -0.0040720468f},
                                   {1.9779984951f, -2.4285922050f, 0.4505937099f},
                                   {0.0259040371f, 0.7827717662f, -0.8086757660f}};
    float linear[3][BLOCK], k[3][BLOCK];
    for (int c = 0; c < 3; c++) {
        for (size_t i = 0; i < count; i++) {
            const float v = x[(size_t)c * n + first + i], u = fmaxf((v + 0.055f) / 1.055f, 0.05f),
                        power = powf(u, 1.4f);
            linear[c][i] = v > 0.04045f ? power * u : v / 12.92f;
            light[c][i] = v > 0.04045f ? 2.4f / 1.055f * power : 1.0f / 12.92f;
        }
    }
    for (int c = 0; c < 3; c++) {
        for (size_t i = 0; i < count; i++) {
            k[c][i] = cbrtf(fmaxf(m1[c][0] * linear[0][i] + m1[c][1] * linear[1][i] + m1[c][2] * linear[2][i], 1e-12f));
            roots[c][i] = 1.0f / (3.0f * k[c][i] * k[c][i]);
        }
    }
    for (int c = 0; c < 3; c++) {
        for (size_t i = 0; i < count; i++) q[c][i] = m2[c][0] * k[0][i] + m2[c][1] * k[1][i] + m2[c][2] * k[2][i];
    }
}

static inline double contrast(int in_oklab, const float *restrict x, const uint8_t *restrict y, size_t n, double eps,
                              double direction[3], double counts[2]) {
    float q[3][BLOCK], light[3][BLOCK], roots[3][BLOCK];
    double front[3] = {0.0}, all[3] = {0.0}, foreground = 0.0, distance = eps;
    for (size_t first = 0; first < n; first += BLOCK) {
        const size_t count = n - first < BLOCK ? n - first : BLOCK;
        if (in_oklab) oklab(x, n, first, count, q, light, roots);
        for (int c = 0; c < 3; c++) {
            const float *const values = in_oklab ? q[c] : x + (size_t)c * n + first;
            for (size_t i = 0; i < count; i++) {
                front[c] += (double)(y[first + i] ? values[i] : 0.0f);
                all[c] += (double)values[i];
            }
        }
        for (size_t i = 0; i < count; i++) foreground += y[first + i] ? 1.0 : 0.0;
    }
    counts[0] = (double)n - foreground;
    counts[1] = foreground;
    for (int c = 0; c < 3; c++) {
        direction[c] = front[c] / counts[1] - (all[c] - front[c]) / counts[0];
        distance += direction[c] * direction[c];
    }
    for (int c = 0; c < 3; c++) direction[c] /= sqrt(distance);
    return -sqrt(distance);
}

double loop_contrast(int in_oklab, const float *x, const uint8_t *y, size_t n, double eps) {
    double direction[3], counts[2];
    return in_oklab ? contrast(1, x, y, n, eps, direction, counts) : contrast(0, x, y, n, eps, direction, counts);
}

static void oklab_back(float slopes[3][BLOCK], size_t count, const float light[3][BLOCK], const float roots[3][BLOCK]) {
    for (size_t i = 0; i < count; i++) {
        const float a = slopes[0][i], b = slopes[1][i], c = slopes[2][i];
        const float l = (0.2104542553f * a + 1.9779984951f * b + 0.0259040371f * c) * roots[0][i];
        const float m = (0.7936177850f * a - 2.4285922050f * b + 0.7827717662f * c) * roots[1][i];
        const float s = (-0.0040720468f * a + 0.4505937099f * b - 0.8086757660f * c) * roots[2][i];
        slopes[0][i] = (0.4122214708f * l + 0.2119034982f * m + 0.0883024619f * s) * light[0][i];
        slopes[1][i] = (0.5363325363f * l + 0.6806995451f * m + 0.2817188376f * s) * light[1][i];
        slopes[2][i] = (0.0514459929f * l + 0.1073969566f * m + 0.6299787005f * s) * light[2][i];
    }
}

double loop_contrast_gradient(int in_oklab, const float *restrict x, const uint8_t *restrict y, size_t n, double eps,
                              float *restrict gradient) {
    float q[3][BLOCK], light[3][BLOCK], roots[3][BLOCK];
    double direction[3], counts[2];
    const double loss =
        in_oklab ? contrast(1, x, y, n, eps, direction, counts) : contrast(0, x, y, n, eps, direction, counts);
    for (size_t first = 0; first < n; first += BLOCK) {
        const size_t count = n - first < BLOCK ? n - first : BLOCK;
        if (in_oklab) oklab(x, n, first, count, q, light, roots);
        for (int c = 0; c < 3; c++) {
            const float front = (float)(-direction[c] / counts[1]), back = (float)(direction[c] / counts[0]);
            float *const to = in_oklab ? q[c] : gradient + (size_t)c * n + first;
            for (size_t i = 0; i < count; i++) to[i] = y[first + i] ? front : back;
        }
        if (!in_oklab) continue;
        oklab_back(q, count, light, roots);
        for (int c = 0; c < 3; c++) {
            for (size_t i = 0; i < count; i++) gradient[(size_t)c * n + first + i] = q[c][i];
        }
    }
    return loss;
}
