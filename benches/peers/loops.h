/* The builds of loops.c: for the machine (512 bits where it has them), and for AVX2. */
#ifndef HYLA_PEERS_LOOPS_H
#define HYLA_PEERS_LOOPS_H

#include <stddef.h>
#include <stdint.h>

#define DECLARE_LOOPS(build)                                                                      \
    double bce_loss_##build(const float *x, const uint8_t *y, size_t n, float weight,             \
                            float pos_weight);                                                    \
    double bce_loss_and_gradient_##build(const float *x, const uint8_t *y, size_t n,              \
                                         float weight, float pos_weight, float *gradient);        \
    void confusion_##build(const uint8_t *decisions, const uint8_t *targets, size_t n,            \
                           int64_t counts[3]);                                                    \
    void detection_##build(const float *scores, const uint8_t *decisions, const uint8_t *targets, \
                           size_t n, int64_t counts[3], const float *thresholds, int bins,        \
                           int64_t *histograms);                                                  \
    int64_t pixel_statistics_##build(const uint8_t *decisions, size_t n);                         \
    double sum_##build(const float *x, size_t n);                                                 \
    uint64_t read_bytes_##build(const void *memory, size_t bytes);

#ifdef __cplusplus
extern "C" {
#endif

DECLARE_LOOPS(native)
DECLARE_LOOPS(avx2)

#ifdef __cplusplus
}
#endif

#endif
