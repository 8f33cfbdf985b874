/* The header stands alone, may be included twice, survives the macros of windows.h and of other
 * careless headers, and warns of nothing in any standard of C. Compiled, never run. */
#ifdef CARELESS_MACROS
#include "careless.h"
#endif
#ifdef WINDOWS_BEFORE_MACROS
#include <windows.h>
#endif
#include "hyla.h"
#include "hyla.h"
#ifdef WINDOWS_AFTER_MACROS
#include <windows.h>
#endif

hyla_status every_macro(const hyla_pixels *pixels, hyla_bce_totals *totals);

hyla_status every_macro(const hyla_pixels *pixels, hyla_bce_totals *totals) {
    const hyla_bce_params bce = HYLA_BCE_PARAMS_DEFAULT;
    const hyla_detection_params detection = HYLA_DETECTION_PARAMS_DEFAULT;
    const hyla_status status = hyla_bce_update(&bce, pixels, totals);
    return HYLA_FAILED(status) ? status : (hyla_status)detection.pixel_stride;
}
