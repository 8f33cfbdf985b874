// As header.c, from C++11 on; from C++17 on with the wrapper.
#ifdef CARELESS_MACROS
#include "careless.h"
#endif
#ifdef WINDOWS_BEFORE_MACROS
#include <windows.h>
#endif
#if __cplusplus >= 201703L
#include "hyla.hpp"
#include "hyla.hpp"
#endif
#include "hyla.h"
#include "hyla.h"
#ifdef WINDOWS_AFTER_MACROS
#include <windows.h>
#endif

hyla_status every_macro(const hyla_pixels &pixels, hyla_bce_totals &totals);

hyla_status every_macro(const hyla_pixels &pixels, hyla_bce_totals &totals) {
    const hyla_bce_params bce = HYLA_BCE_PARAMS_DEFAULT;
    const hyla_detection_params detection = HYLA_DETECTION_PARAMS_DEFAULT;
    const hyla_status status = hyla_bce_update(&bce, &pixels, &totals);
    return HYLA_FAILED(status) ? status : static_cast<hyla_status>(detection.pixel_stride);
}
