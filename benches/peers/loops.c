/* What a user would write instead of hyla: plain loops, compiled by gcc for the machine with
 * -O3 -ffast-math. NAME(x) gives each build of this file its own names. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#define JOIN(a, b) a##b
#define EXPAND(a, b) JOIN(a, b)
#define NAME(x) EXPAND(x##_, BUILD_NAME)

/* Mean binary cross-entropy with logits. */
double NAME(bce_loss)(const float *restrict x, const uint8_t *restrict y, size_t n, float weight, float pos_weight) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        float z = y[i] ? -x[i] : x[i];
        float loss = fmaxf(z, 0.0f) + log1pf(expf(-fabsf(z)));
        sum += (double)(loss * (y[i] ? weight * pos_weight : weight));
    }
    return sum / (double)n;
}

/* The same, with its gradient. */
double NAME(bce_loss_and_gradient)(const float *restrict x, const uint8_t *restrict y, size_t n,
                                   float weight, float pos_weight, float *restrict gradient) {
    double sum = 0.0;
    float positive = weight * pos_weight;
    float scale = 1.0f / (float)n;
    for (size_t i = 0; i < n; i++) {
        float sign = y[i] ? -1.0f : 1.0f;
        float factor = y[i] ? positive : weight;
        float z = sign * x[i];
        float e = expf(-fabsf(z));
        float loss = fmaxf(z, 0.0f) + log1pf(e);
        float q = 1.0f / (1.0f + e);
        float sigmoid = z < 0.0f ? e * q : q;
        sum += (double)(loss * factor);
        gradient[i] = sigmoid * sign * (factor * scale);
    }
    return sum / (double)n;
}

/* True positives, decisions, targets. */
void NAME(confusion)(const uint8_t *decisions, const uint8_t *targets, size_t n, int64_t counts[3]) {
    int64_t both = 0, decided = 0, positive = 0;
    for (size_t i = 0; i < n; i++) {
        both += decisions[i] && targets[i];
        decided += decisions[i] != 0;
        positive += targets[i] != 0;
    }
    counts[0] = both;
    counts[1] = decided;
    counts[2] = positive;
}

/* The counts, and a histogram of the sigmoid between evenly spaced thresholds, which are the rounded ones of
 * torchmetrics: the place that an even step says is off by one at times. Normal pixels, then anomalies. */
void NAME(detection)(const float *scores, const uint8_t *decisions, const uint8_t *targets, size_t n, int64_t counts[3],
                     const float *thresholds, int bins, int64_t *histograms) {
    NAME(confusion)(decisions, targets, n, counts);
    for (size_t i = 0; i < n; i++) {
        float probability = 1.0f / (1.0f + expf(-scores[i]));
        int bin = (int)(probability * (float)(bins - 1));
        bin -= probability < thresholds[bin];
        bin += bin + 1 < bins && probability >= thresholds[bin + 1];
        histograms[bin + (targets[i] != 0 ? bins : 0)]++;
    }
}

/* Nonzero bytes. */
int64_t NAME(pixel_statistics)(const uint8_t *decisions, size_t n) {
    int64_t anomalous = 0;
    for (size_t i = 0; i < n; i++) anomalous += decisions[i] != 0;
    return anomalous;
}

/* The plain sum of floats, in double. */
double NAME(sum)(const float *x, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i];
    return sum;
}

/* Reads every byte once, with as little arithmetic as possible: the bandwidth to compare with. */
uint64_t NAME(read_bytes)(const void *memory, size_t bytes) {
    const uint64_t *words = memory;
    uint64_t all = 0;
    for (size_t i = 0; i < bytes / sizeof(uint64_t); i++) all ^= words[i];
    return all;
}
