/* The functions of loss_loops.c, and the same in Eigen where it has the operations (eigen.cpp). */
#ifndef HYLA_PEERS_LOSS_LOOPS_H
#define HYLA_PEERS_LOSS_LOOPS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum normalization { SIGMOID, CLAMP, MINMAX };
struct tversky_weights {
    float false_positives, false_negatives, smooth;
};

double loop_focal(const float *x, const uint8_t *y, size_t n, float alpha);
double loop_focal_gradient(const float *x, const uint8_t *y, size_t n, float alpha, float *gradient);
double loop_tversky(enum normalization how, const float *x, const uint8_t *y, size_t n, struct tversky_weights with);
double loop_tversky_gradient(enum normalization how, const float *x, const uint8_t *y, size_t n,
                             struct tversky_weights with, float *gradient);
double loop_mse(const float *a, const float *b, size_t n);
double loop_mse_gradient(const float *a, const float *b, size_t n, float *gradient);
double loop_cross_entropy(const float *x, const int32_t *y, size_t n);
double loop_cross_entropy_gradient(const float *x, const int32_t *y, size_t n, float *gradient);
double loop_dice(const float *x, const int32_t *y, size_t n, float smooth);
double loop_contrast(int in_oklab, const float *x, const uint8_t *y, size_t n, double eps);
double loop_contrast_gradient(int in_oklab, const float *x, const uint8_t *y, size_t n, double eps, float *gradient);
double loop_svdd(const float *z, const float *c, size_t n, size_t channels, double radius_squared, double nu);
double loop_svdd_gradient(const float *z, const float *c, size_t n, size_t channels, double radius_squared, double nu,
                          float *gradient);

double eigen_focal(const float *x, const uint8_t *y, size_t n, float alpha);
double eigen_tversky(enum normalization how, const float *x, const uint8_t *y, size_t n, struct tversky_weights with);
double eigen_mse(const float *a, const float *b, size_t n);
double eigen_mse_gradient(const float *a, const float *b, size_t n, float *gradient);
double eigen_svdd(const float *z, const float *c, size_t n, size_t channels, double radius_squared, double nu);
/* The sum of the squares of W W^T - 1 (rows x columns), and its gradient 4 (W W^T - 1) W. */
double eigen_orthogonality(const float *w, size_t rows, size_t columns);
double eigen_orthogonality_gradient(const float *w, size_t rows, size_t columns, float *gradient);
/* The product W W^T alone, into rows x rows floats. */
void eigen_gram(const float *w, size_t rows, size_t columns, float *gram);

#ifdef __cplusplus
}
#endif

#endif
