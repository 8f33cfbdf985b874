/* Which losses are of a cube and another in its layout. */
#ifndef TWO_CUBES_H
#define TWO_CUBES_H

#include "hyla.h"

/* X(title, family, floats of the map for each pixel, parameters). From this list
 * are made the lines of the digest, those of merged totals, and the tests of the classes of hyla.hpp. */
#define LOSSES_OF_TWO_CUBES(X)                                                                                         \
    X("mse", mse, CHANNELS, {sizeof(hyla_mse_params), HYLA_REDUCTION_MEAN, 1.0f})                                      \
    X("spectral angle", spectral_angle, 1, HYLA_SPECTRAL_ANGLE_PARAMS_DEFAULT)                                         \
    X("spectral cosine", spectral_angle, 1,                                                                            \
      {sizeof(hyla_spectral_angle_params), HYLA_SPECTRAL_COSINE, HYLA_REDUCTION_WEIGHTED_MEAN, -0.5f})

#endif
