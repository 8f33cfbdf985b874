/* hyla: hyperspectral losses, gradients and streaming metrics.
 *
 * The law of this interface
 *
 * Names     Functions are hyla_<node>_<verb>, parameters hyla_<node>_params, accumulated state
 *           hyla_<node>_totals, constants HYLA_...
 * Status    Every function that can fail returns hyla_status. 0: success. Negative: a mistake in the
 *           arguments, and nothing was written; HYLA_ERROR_OF(status) is its number
 *           (HYLA_ERROR_...), hyla_status_subject(status) the name of the argument or field that
 *           it is about. Positive: bits of HYLA_NOTICE_..., the values were written and the bits
 *           say what is special about them. Only arguments are errors: bad data is counted and
 *           gives a notice. Numbers are never reused.
 * Order     Parameters, totals, inputs, options, outputs. const means untouched.
 * Memory    All memory is the caller's. Nothing is allocated, kept after the return or freed.
 *           Outputs may not overlap anything else; inputs may overlap each other. Pointers are
 *           aligned for their type. NULL with n = 0 is fine. Results and maps may be
 *           uninitialised, and so may gradients that are stored, and workspaces. What a workspace
 *           holds before and after a call means nothing.
 * Stack     On x86-64 a call takes at most 8 KiB, or as much as the parameters of its node say.
 * Totals    Begin as all zero bits ({0}); a new epoch is zeroed totals. They are int64 words
 *           without exception: adding the words of two totals (MPI_SUM on MPI_INT64_T, SQL SUM,
 *           atomics) merges them. Their layout is the same on every machine of one byte order.
 *           2^31 totals whose words are canonical, as calls leave them, have room in a sum of
 *           words. Words that no input can make (not zeroed, damaged) are HYLA_ERROR_TOTALS in
 *           every function that reads them; what one changed bit can still do is in
 *           docs/reliability.md.
 * Parameters  Begin with struct_size and grow at their end: initialise with HYLA_..._DEFAULT. From C++14 on they
 *           begin with their defaults: hyla_bce_params params; and in C++20 hyla_bce_params{.pos_weight = 2}.
 * Floats    float32 in, gradients and maps float32 out, scalars double. NaN and infinity follow
 *           IEEE 754. Every result has the same bits on every machine and tier, for any split of
 *           the pixels over calls, threads and ranks. A NaN is a NaN: its sign and payload are not
 *           promised. Calls work in the default floating-point environment, whatever the
 *           program has set, and restore what they found. Exception flags (fetestexcept) are not
 *           promised: a call clears none that was raised, and may leave any other raised.
 * Inputs    Initialise hyla_pixels, hyla_cube and hyla_matrix with {0} (C) or {} (C++) and set
 *           fields by name.
 * Masks     Bytes; nonzero is true. A pixel whose `valid` byte is 0 is as if it were not there: it
 *           may be NaN, changes no total, and its gradient and map entry are exactly 0.
 * Gradients  Are stored, or added to what is there (`write`: HYLA_STORE or HYLA_ADD). The totals are
 *           those of the whole batch, merged over all tiles and ranks; the inputs may be any part
 *           of the batch. Where a pixel does not count the gradient is 0, or unchanged.
 * Threads   Any number, as long as two do not write the same memory. No locks, no global state but
 *           the tier. Time is linear in n and bounded.
 *
 * Licence: MIT OR Apache-2.0. This file is generated; edit src/capi instead.
 */

#ifndef HYLA_H
#define HYLA_H

#include <stddef.h>
#include <stdint.h>
/* Static libraries need nothing. A program that links the Windows DLL defines HYLA_SHARED. */
#if defined(_WIN32) && defined(HYLA_SHARED)
#define HYLA_API __declspec(dllimport)
#else
#define HYLA_API
#endif

/* The compiler warns when a status is not looked at. */
#if defined(__GNUC__) || defined(__clang__)
#define HYLA_NODISCARD __attribute__((warn_unused_result))
#elif defined(_MSC_VER)
#define HYLA_NODISCARD _Check_return_
#include <sal.h>
#else
#define HYLA_NODISCARD
#endif

/* Whether a status is an error. */
#define HYLA_FAILED(status) ((status) < 0)

/* What a field of parameters begins with. C has no such thing, and in C++11 the struct would be no aggregate. */
#if defined(__cplusplus) && (__cplusplus >= 201402L || (defined(_MSVC_LANG) && _MSVC_LANG >= 201402L))
#define HYLA_INITIALLY(value) = value
#else
#define HYLA_INITIALLY(value)
#endif

/* Parameters with their defaults: hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT; */
#define HYLA_BCE_PARAMS_DEFAULT { sizeof(hyla_bce_params), HYLA_REDUCTION_MEAN, 1.0f, 1.0f, 0.0f }
#define HYLA_CROSS_ENTROPY_PARAMS_DEFAULT \
    { sizeof(hyla_cross_entropy_params), HYLA_REDUCTION_WEIGHTED_MEAN, 1, -100, 1.0f, 0.0f }
#define HYLA_DICE_PARAMS_DEFAULT { sizeof(hyla_dice_params), 1, 0, 0, HYLA_ABSENT_ONE, 1.0f, 1e-6f }
#define HYLA_DISTINCTNESS_PARAMS_DEFAULT { sizeof(hyla_distinctness_params), 0.1f, 1e-6f, 0 }
#define HYLA_FOCAL_PARAMS_DEFAULT { sizeof(hyla_focal_params), HYLA_REDUCTION_MEAN, 1.0f, 2.0f, 1, 0.25f }
#define HYLA_FOREGROUND_CONTRAST_PARAMS_DEFAULT \
    { sizeof(hyla_foreground_contrast_params), HYLA_COLOR_RGB, 1, 1.0f, 0.0f, 0.0f, 1e-6f }
#define HYLA_IOU_PARAMS_DEFAULT \
    { sizeof(hyla_iou_params), HYLA_NORMALIZATION_SIGMOID, HYLA_BOUNDARY_ZERO, HYLA_EMPTY_TARGET_ONE, 1.0f, 1e-6f }
#define HYLA_MSE_PARAMS_DEFAULT { sizeof(hyla_mse_params), HYLA_REDUCTION_MEAN, 1.0f }
#define HYLA_ORTHOGONALITY_PARAMS_DEFAULT { sizeof(hyla_orthogonality_params), 1.0f }
#define HYLA_SELECTOR_DIVERSITY_PARAMS_DEFAULT { sizeof(hyla_selector_diversity_params), 0.01f }
#define HYLA_SELECTOR_ENTROPY_PARAMS_DEFAULT { sizeof(hyla_selector_entropy_params), 0.01f, 1e-6f, 0, 0.0f }
#define HYLA_SPECTRAL_ANGLE_PARAMS_DEFAULT \
    { sizeof(hyla_spectral_angle_params), HYLA_SPECTRAL_ANGLE, HYLA_REDUCTION_MEAN, 1.0f }
#define HYLA_SVDD_PARAMS_DEFAULT { sizeof(hyla_svdd_params), 0.05f, 1.0f, 0.0f }
#define HYLA_TVERSKY_PARAMS_DEFAULT \
    { sizeof(hyla_tversky_params), HYLA_NORMALIZATION_SIGMOID, HYLA_BOUNDARY_ZERO, HYLA_EMPTY_TARGET_ONE, 1.0f, 1e-6f, \
    0.5f, 0.5f, 1.0f }
#define HYLA_BAND_STATISTICS_PARAMS_DEFAULT { sizeof(hyla_band_statistics_params), 0, 0.0f }
#define HYLA_BINNING_PARAMS_DEFAULT { sizeof(hyla_binning_params), HYLA_BINNING_KEY, 12, 0.0f, 1.0f }
#define HYLA_DETECTION_PARAMS_DEFAULT { sizeof(hyla_detection_params), 1, 200 }
#define HYLA_DRIFT_PARAMS_DEFAULT { sizeof(hyla_drift_params), 10, 0, 0.0f, 0.0f }
#define HYLA_SELECTOR_ENTROPY_METRIC_PARAMS_DEFAULT { sizeof(hyla_selector_entropy_metric_params), 1e-6f }

// The number of this interface: it grows when a program must be compiled anew.
#define HYLA_ABI_VERSION 0

// The library's major version.
#define HYLA_VERSION_MAJOR 0

// The library's minor version.
#define HYLA_VERSION_MINOR 1

// The library's patch version.
#define HYLA_VERSION_PATCH 0

// The version as one number that grows: major * 10000 + minor * 100 + patch.
#define HYLA_VERSION 100

// The best tier of the machine (for `hyla_tier_pin`).
#define HYLA_TIER_BEST 0

// One lane; on machines without SIMD.
#define HYLA_TIER_SCALAR 1

// What the target has at compile time: SSE2, NEON, simd128.
#define HYLA_TIER_PORTABLE 2

// AVX2.
#define HYLA_TIER_AVX2 3

// AVX-512 F, BW, DQ and VL.
#define HYLA_TIER_AVX512 4

// Success, and nothing is special.
#define HYLA_OK 0

// A pointer that must not be NULL is NULL.
#define HYLA_ERROR_NULL_POINTER (-1)

// A pointer is not aligned for its type.
#define HYLA_ERROR_MISALIGNED (-2)

// A size overflows the address space.
#define HYLA_ERROR_TOO_LARGE (-3)

// An output overlaps an input or another output.
#define HYLA_ERROR_OVERLAP (-4)

// `struct_size` is 0 (not initialised), ends within a field, or is implausibly large.
#define HYLA_ERROR_STRUCT_SIZE (-5)

// A struct of a newer version sets a field that this version does not know.
#define HYLA_ERROR_UNKNOWN_FIELD (-6)

// A reserved field is not zero.
#define HYLA_ERROR_RESERVED (-7)

// An input was given that the node cannot use.
#define HYLA_ERROR_UNSUPPORTED_INPUT (-10)

// The reduction is none of `HYLA_REDUCTION_...`.
#define HYLA_ERROR_UNKNOWN_REDUCTION (-11)

// The write mode is neither `HYLA_STORE` nor `HYLA_ADD`.
#define HYLA_ERROR_UNKNOWN_WRITE (-12)

// The stage is not exactly one of the `HYLA_STAGE_...` bits.
#define HYLA_ERROR_UNKNOWN_STAGE (-13)

// The tier is none of `HYLA_TIER_...`, or this machine lacks it.
#define HYLA_ERROR_TIER_UNAVAILABLE (-14)

// The weight of the loss is NaN or infinite.
#define HYLA_ERROR_WEIGHT (-15)

// The weight of the positives is negative, NaN or infinite.
#define HYLA_ERROR_POS_WEIGHT (-16)

// The reduction gives a map, not one number.
#define HYLA_ERROR_NO_SCALAR (-17)

// The totals hold terms that were made with other parameters, or are damaged.
#define HYLA_ERROR_MIXED_TOTALS (-18)

// The output has room for fewer items than there are; how many are always enough is said with the
// function.
#define HYLA_ERROR_CAPACITY (-19)

// The rows of the frame do not fit into its pixels, or overlap.
#define HYLA_ERROR_FRAME_SHAPE (-20)

// The pixel stride is 0.
#define HYLA_ERROR_PIXEL_STRIDE (-21)

// There are fewer than two thresholds, or more than 4096.
#define HYLA_ERROR_THRESHOLDS (-22)

// A pixel stride above 1 needs whole frames: `hyla_detection_update_frame`.
#define HYLA_ERROR_STRIDE_NEEDS_FRAME (-23)

// `nu` is not between 0 and 1 (both excluded).
#define HYLA_ERROR_NU (-24)

// The unconstrained radius is NaN or infinite.
#define HYLA_ERROR_RADIUS (-25)

// The smoothing term is negative, NaN or infinite.
#define HYLA_ERROR_SMOOTH (-26)

// `eps` is negative, NaN or infinite.
#define HYLA_ERROR_EPSILON (-27)

// The target of a regulariser is NaN or infinite.
#define HYLA_ERROR_TARGET (-28)

// The label smoothing is not in [0, 1].
#define HYLA_ERROR_LABEL_SMOOTHING (-29)

// The focusing exponent is negative, NaN or infinite.
#define HYLA_ERROR_GAMMA (-30)

// A weight of one kind of mistake against another is negative, NaN or infinite.
#define HYLA_ERROR_BALANCE (-31)

// A class weight is negative, NaN or infinite.
#define HYLA_ERROR_CLASS_WEIGHT (-32)

// The normalisation of scores is none of the known ones.
#define HYLA_ERROR_UNKNOWN_NORMALIZATION (-33)

// An option of the parameters has none of its known values.
#define HYLA_ERROR_UNKNOWN_OPTION (-34)

// The number of channels, classes or components is 0 or too large for the node, or does not fit another
// input.
#define HYLA_ERROR_CHANNELS (-35)

// The strides let two items share one place, or overflow the address space.
#define HYLA_ERROR_STRIDES (-36)

// A workspace, a table or words have fewer items than are needed. `..._workspace(...)` of the node says
// how many, of tables `hyla_binning_words`, of histograms `hyla_ranking_words`, of sets of labels
// `hyla_distinct_label_count_words`.
#define HYLA_ERROR_WORKSPACE (-37)

// The range of the scores is needed and does not belong to the totals.
#define HYLA_ERROR_RANGE_MISSING (-38)

// The binning is out of range: its number of bins, bits or thresholds, or its bounds.
#define HYLA_ERROR_BINNING (-39)

// A share, rate or quantile is outside [0, 1], or a share of no pixel is asked for.
#define HYLA_ERROR_FRACTION (-40)

// The words of the totals contradict each other: they were not zeroed, or are damaged.
#define HYLA_ERROR_TOTALS (-41)

// The type of the items is unknown, or not for this input.
#define HYLA_ERROR_DTYPE (-42)

// The scale of integers is NaN or infinite, or floats have a scale or a zero point.
#define HYLA_ERROR_SCALE (-43)

// The level of saturation is NaN.
#define HYLA_ERROR_SATURATION (-44)

// No pixel counted: a mean is NaN, a sum or ratio 0.
#define HYLA_NOTICE_EMPTY 1

// No pixel (or frame) has a positive target: recall is 0/0 and reported as 0.
#define HYLA_NOTICE_NO_POSITIVES 2

// No pixel (or frame) has a negative target.
#define HYLA_NOTICE_NO_NEGATIVES 4

// A NaN or an infinity is among the terms, and decides the value by the rules of IEEE 754.
#define HYLA_NOTICE_NOT_FINITE 8

// The value is a limit or a convention, because its formula has none here.
#define HYLA_NOTICE_DEGENERATE 16

// Bad data (such as a negative pixel weight) was found; these pixels acted as masked.
#define HYLA_NOTICE_REJECTED 32

// No pixel (or frame) was decided positive: precision is 0/0 and reported as 0.
#define HYLA_NOTICE_NO_DECISIONS 64

// Cosines are exactly 0: cuvis-ai leaves these pairs out of the mean, which has another value.
#define HYLA_NOTICE_ZERO_PAIRS 128

// The bounds of a value are further apart than is of use; the report has them.
#define HYLA_NOTICE_COARSE 256

// Not everything fitted into the memory of the caller: a count is a lower bound.
#define HYLA_NOTICE_INCOMPLETE 512

// No score reaches the threshold: a monitor with it raises no alarm.
#define HYLA_NOTICE_UNREACHED 1024

// The sum of the terms divided by the number of terms that count (PyTorch's mean).
#define HYLA_REDUCTION_MEAN 0

// The sum of the terms.
#define HYLA_REDUCTION_SUM 1

// No reduction: the loss is the `..._map`, the gradient that of each entry by its own input.
#define HYLA_REDUCTION_NONE 2

// The sum of the terms divided by the sum of the pixel weights.
#define HYLA_REDUCTION_WEIGHTED_MEAN 3

// A gradient overwrites its output; pixels that do not count get 0.
#define HYLA_STORE 0

// A gradient is added to its output, rounded once an element; pixels that do not count stay.
#define HYLA_ADD 1

// Training.
#define HYLA_STAGE_TRAIN 1

// Validation.
#define HYLA_STAGE_VAL 2

// Test.
#define HYLA_STAGE_TEST 4

// Inference.
#define HYLA_STAGE_INFERENCE 8

// The type of an item: the code and the bits of DLPack, `code | bits << 8`, so that a tensor's dtype is one of these.
// IEEE binary32: float.
#define HYLA_F32 8194

// IEEE binary64: double. Rounded to the nearest float.
#define HYLA_F64 16386

// IEEE binary16, as its bits (uint16_t).
#define HYLA_F16 4098

// bfloat16, as its bits (uint16_t): the upper half of a float.
#define HYLA_BF16 4100

// uint8_t.
#define HYLA_U8 2049

// int8_t.
#define HYLA_I8 2048

// uint16_t.
#define HYLA_U16 4097

// int16_t.
#define HYLA_I16 4096

// int32_t; for labels and masks.
#define HYLA_I32 8192

// A truth value in a byte (bool of C, C++ and NumPy); for masks.
#define HYLA_BOOL 2054

// Truth values in bits, eight a byte, the first pixel in the lowest bit (PFNC Mono1p; NumPy's packbits with bitorder
// little); for masks.
#define HYLA_BITS_LSB 262

// Truth values in bits, eight a byte, the first pixel in the highest bit (PBM; NumPy's packbits); for masks.
#define HYLA_BITS_MSB 65798

// Camera pixels of 10 bits, four in five bytes, the first pixel in the lowest bits (GenICam PFNC Mono10p). Each row
// begins with a byte of its own.
#define HYLA_MONO10P 2561

// Camera pixels of 12 bits, two in three bytes, the first pixel in the lowest bits (GenICam PFNC Mono12p). Each row
// begins with a byte of its own.
#define HYLA_MONO12P 3073

// Camera pixels of 12 bits, two in three bytes: the eight high bits of the first, the four low bits of both, the eight
// high bits of the second (GigE Vision Mono12Packed). Each row begins with a byte of its own.
#define HYLA_MONO12_PACKED 68609

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_BCE_STAGES 7

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_CROSS_ENTROPY_STAGES 7

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_DICE_STAGES 7

// A class that occurs neither in the labels nor in the predictions counts as perfect (`eps / eps`).
#define HYLA_ABSENT_ONE 0

// It is left out of the mean.
#define HYLA_ABSENT_SKIP 1

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_DISTINCTNESS_STAGES 7

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_FOCAL_STAGES 7

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_FOREGROUND_CONTRAST_STAGES 7

// Colours are compared as they are.
#define HYLA_COLOR_RGB 0

// Colours are compared in Oklab, where equal distances look about equal.
#define HYLA_COLOR_OKLAB 1

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_IOU_STAGES 7

// Predictions are `1 / (1 + e^-x)`.
#define HYLA_NORMALIZATION_SIGMOID 0

// Predictions are the scores, at least 0 and at most 1.
#define HYLA_NORMALIZATION_CLAMP 1

// The least score becomes 0, the greatest nearly 1. Needs a `hyla_range` beside the totals.
#define HYLA_NORMALIZATION_MINMAX 2

// A score of exactly 0 or 1 has no gradient through clamp (PyTorch from 2.15 on).
#define HYLA_BOUNDARY_ZERO 0

// It has that of a score between (PyTorch before).
#define HYLA_BOUNDARY_PASS 1

// Without a positive target the loss is the formula: nearly `weight`, with nearly no gradient.
#define HYLA_EMPTY_TARGET_ONE 0

// It is 0 with gradient 0 and HYLA_NOTICE_EMPTY: to be left out of an average.
#define HYLA_EMPTY_TARGET_SKIP 1

// It is 0 with gradient 0: nothing was to be found, and that counts as a success.
#define HYLA_EMPTY_TARGET_ZERO 2

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_MSE_STAGES 7

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_ORTHOGONALITY_STAGES 7

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_SELECTOR_DIVERSITY_STAGES 7

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_SELECTOR_ENTROPY_STAGES 7

// The angle between two spectra, from 0 to pi.
#define HYLA_SPECTRAL_ANGLE 0

// 1 less its cosine, from 0 to 2.
#define HYLA_SPECTRAL_COSINE 1

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_SPECTRAL_ANGLE_STAGES 7

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_SVDD_STAGES 7

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_TVERSKY_STAGES 7

// The stages in which the node may run (see `hyla_context`): all.
#define HYLA_BAND_STATISTICS_STAGES 15

// Bins of one relative width: the leading bits of the float. No range to choose.
#define HYLA_BINNING_KEY 0

// torchmetrics' thresholds of the sigmoid of a logit.
#define HYLA_BINNING_THRESHOLDS 1

// Bins of one width between two bounds.
#define HYLA_BINNING_LINEAR 2

// Scores of 8 bits, a bin each.
#define HYLA_BINNING_U8 3

// Scores of 16 bits, a bin each.
#define HYLA_BINNING_U16 4

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_COMPONENT_ORTHOGONALITY_STAGES 6

// The stages in which the counts make sense (see `hyla_context`).
#define HYLA_CONFUSION_STAGES 6

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_DETECTION_STAGES 6

// The stages in which cuvis-ai runs the node (see `hyla_context`): all.
#define HYLA_DISTINCT_LABEL_COUNT_STAGES 15

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_EXPLAINED_VARIANCE_STAGES 6

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_PIXEL_STATISTICS_STAGES 6

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_SCORE_STATISTICS_STAGES 6

// What `hyla_score_statistics_workspace` says, as a constant.
#define HYLA_SCORE_STATISTICS_WORKSPACE 6656

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_SELECTOR_DIVERSITY_METRIC_STAGES 6

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_SELECTOR_ENTROPY_METRIC_STAGES 6

// What `hyla_topk_mean_workspace` says, as a constant.
#define HYLA_TOPK_MEAN_WORKSPACE 2816

// What a function returns: 0 is success; negative is an error, and nothing was written; positive is a set of notices
// (`HYLA_NOTICE_...` bits), and the values were written. `HYLA_FAILED(status)` tells errors from the rest.
//
// The status of an error holds its number and what it is about: `HYLA_ERROR_OF(status)` is the number
// (`HYLA_ERROR_...`), `hyla_status_subject(status)` the name of the argument or the field. Compare the former.
typedef int32_t hyla_status;

// An exact sum of float32 terms, in words of int64; all zero is the empty sum. Part of all totals
// that sum floats. Its value is the weighted sum of its words, so adding words merges: as often as the
// law says of totals.
typedef struct hyla_exact_sum {
    // The finite part: the sum over i of `digits[i] * 2^(32 i - 160)`. Canonical: all but the last
    // in [0, 2^32), the last one signed.
    int64_t digits[12];
    // How many terms were NaN.
    int64_t nan;
    // How many terms were +infinity.
    int64_t positive_infinity;
    // How many terms were -infinity.
    int64_t negative_infinity;
    // Zero.
    int64_t reserved;
} hyla_exact_sum;

// The exact sum of a float map and its count; all zero is empty. Adding the words of two totals
// merges them; call `hyla_sum_normalize` afterwards to compare words.
typedef struct hyla_sum_totals {
    // The sum of the scores.
    struct hyla_exact_sum sum;
    // How many pixels count.
    int64_t pixels;
} hyla_sum_totals;

// Numbers, one a pixel, where they are: `hyla_f32(pointer)`, `hyla_u16(pointer)` and so on make one, `hyla_plane_...`
// change it. Fields that are 0 have the usual meaning. `data` NULL: there is no such input.
//
// The value of pixel (row, column) is the item at `row * row_pitch` bytes and `column * stride` items. Of integers it
// is `(item - zero_point) * scale`: the difference is exact, the product rounded once. Doubles are rounded once, too.
typedef struct hyla_plane {
    // The first pixel's item, aligned for its type.
    const void *data;
    // Bytes from a row to the next (line pitch, step): whole items, at least a row. 0: no gap.
    size_t row_pitch;
    // Items from a pixel to the next. 0: 1, neighbours. Of packed pixels 0 or 1.
    size_t stride;
    // HYLA_F32, HYLA_U16, ... 0 is an error: it was forgotten.
    uint32_t dtype;
    // Of integers: the one that means 0.
    int32_t zero_point;
    // Of integers: what their difference to `zero_point` is multiplied with, finite. 0: 1.
    float scale;
    // 0.
    uint32_t reserved;
} hyla_plane;

// Truth values, one a pixel, where they are: `hyla_mask_u8(pointer)` and so on make one, `hyla_mask_...` change it.
// Nonzero is true. `data` NULL: there is no such input.
typedef struct hyla_mask {
    // The first pixel's item, aligned for its type; of bits the byte that it is in.
    const void *data;
    // Bytes from a row to the next: whole items, at least a row. 0: no gap; of bits each row begins with a byte of its
    // own.
    size_t row_pitch;
    // Items from a pixel to the next. 0: 1, neighbours. Of bits 0 or 1.
    size_t stride;
    // HYLA_U8, HYLA_BOOL, HYLA_U16, HYLA_I32, HYLA_BITS_LSB or HYLA_BITS_MSB. 0 is an error: it was forgotten.
    uint32_t dtype;
    // Of bits: the place of each row's first pixel in its byte, 0 to 7.
    uint32_t first_bit;
    // 1: a pixel whose item is `ignore` is as if it were not there. 0: there is no such label.
    uint32_t has_ignore;
    // The void label: 255, -1, 0.
    int32_t ignore;
} hyla_mask;

// The inputs of a call: planes and masks of `n` pixels. Which of them a function uses is said with it; what is not
// used may be all zero. Scores, targets and decisions that a function does not need are ignored, so that one struct
// serves several calls. Weights and soft targets would change its numbers: given to a function that cannot use them
// they are an error (HYLA_ERROR_UNSUPPORTED_INPUT).
//
// Inputs of any type are converted to float32, rounded at most once; the results are those of the converted values,
// bit for bit. Inputs are only read and may overlap each other. Initialise with `{0}` (C) or `{}` (C++) and set
// fields by name:
//
// hyla_pixels pixels = {.scores = hyla_f32(logits), .targets = hyla_mask_u8(labels), .n = 640};
// pixels.scores = hyla_plane_rows(hyla_plane_affine(hyla_u16(region), 1.0f / 4095.0f, 0), pitch);
// pixels.targets = hyla_mask_ignore(hyla_mask_u8(labels), 255);
//
// One rule for all functions: where `valid` is 0, or a label is the one to be ignored, the pixel is as if it were not
// there. It may be NaN, changes no total, and its gradient and map entry are exactly 0.
//
// Errors of every function that takes pixels, beside those that it names: RESERVED; NULL_POINTER, MISALIGNED (also a
// pitch that is not whole items), TOO_LARGE; DTYPE (0, unknown, or not for this input), SCALE (NaN or infinite, or a
// scale or zero point of floats), STRIDES (of bits or packed pixels, `first_bit` above 7 or not of bits), FRAME_SHAPE
// (`n` is no multiple of `rows`, a pitch is shorter than a row), UNSUPPORTED_INPUT (a label to be ignored in bits).
// OVERLAP takes an input or output with a pitch as its whole span. A library that was built without the feature
// `conversions` takes HYLA_F32 for numbers and HYLA_U8 or HYLA_BOOL for masks, side by side, in one row: all else is
// DTYPE or UNSUPPORTED_INPUT. Converted inputs take up to 20 KiB of stack more.
typedef struct hyla_pixels {
    // Scores or logits, as the function says: any numbers.
    struct hyla_plane scores;
    // Ground truth: true is an anomaly.
    struct hyla_mask targets;
    // Decisions: true is an anomaly.
    struct hyla_mask decisions;
    // Which pixels count. Not given: all do.
    struct hyla_mask valid;
    // Pixel weights: finite and not negative. Not given: all are 1. A pixel with another weight is counted as rejected
    // and acts as masked.
    struct hyla_plane weights;
    // Targets between 0 and 1, for functions that say so, in the place of `targets`. A pixel with another one is
    // counted as rejected and acts as masked.
    struct hyla_plane soft_targets;
    // How many pixels there are, in all rows; never more are touched. With 0 all `data` may be NULL.
    size_t n;
    // In how many rows of `n / rows` pixels they lie, without a remainder (HYLA_ERROR_FRAME_SHAPE). 0: 1.
    size_t rows;
    // Bytes from a row of an output (a gradient, a map) to the next: whole floats, at least a row. 0: no gap.
    size_t output_pitch;
    // 0. Room for later inputs.
    size_t reserved[5];
} hyla_pixels;

// The extremes of a float map and how often they occurred; all zero is empty. NOT additive: it
// merges by `hyla_range_merge`, never by adding words. Read it by `hyla_range_values`.
typedef struct hyla_range {
    // The order key of the greatest value; 0 for none.
    int64_t greatest;
    // The order key of minus the least value; 0 for none.
    int64_t negated_least;
    // How many values equal the greatest.
    int64_t greatest_count;
    // How many values equal the least.
    int64_t least_count;
    // How many pixels count and are no NaN.
    int64_t count;
    // How many pixels count and are NaN.
    int64_t nan;
    // Zero.
    int64_t reserved[2];
} hyla_range;

// What a range says.
typedef struct hyla_range_report {
    // The least value; NaN of nothing.
    double min;
    // The greatest value; NaN of nothing.
    double max;
    // How many values equal the least (-0 equals +0).
    int64_t min_count;
    // How many values equal the greatest.
    int64_t max_count;
    // How many pixels count and are no NaN.
    int64_t count;
    // How many pixels count and are NaN.
    int64_t nan_count;
} hyla_range_report;

// Binary cross-entropy of logits (cuvis-ai: AnomalyBCEWithLogits): what is computed.
//
// With logits x (`scores`), targets y (`targets`) and pixel weights v (`weights`):
//
// l_i = weight * pos_weight^y_i * v_i * softplus(y_i ? -x_i : x_i)
// loss = sum l_i / N | sum l_i | sum l_i / sum v_i      by `reduction`
//
// N counts the pixels that count, whatever their weights. A factor of exactly 0 switches a term
// off; an infinite logit that is right costs 0; a NaN logit gives a NaN loss and the notice
// HYLA_NOTICE_NOT_FINITE. Each term is within 3 ulp of float32 (4 with factors), each gradient
// too; sums are exact and rounded once. Needs labels. A soft target y (`soft_targets` instead of
// `targets`) counts as both classes, `y` times positive and `1 - y` times negative; with these or with
// smoothing a term is within 16 ulp, a gradient within 16 ulp of the larger of its two parts.
//
// Initialise with HYLA_BCE_PARAMS_DEFAULT. Guide: `pos_weight` = negatives / positives balances
// the classes, raises recall and costs precision; the logits then are no log-odds any more.
// Formula: Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.90.
typedef struct hyla_bce_params {
    // `sizeof(hyla_bce_params)`.
    uint32_t struct_size HYLA_INITIALLY(sizeof(hyla_bce_params));
    // HYLA_REDUCTION_...; cuvis-ai's key `reduction`. Default: mean.
    uint32_t reduction HYLA_INITIALLY(HYLA_REDUCTION_MEAN);
    // The weight of this loss among others: finite. Default 1.
    float weight HYLA_INITIALLY(1.0f);
    // The weight of positive pixels: finite, not negative; cuvis-ai's None is 1. Default 1.
    float pos_weight HYLA_INITIALLY(1.0f);
    // e, between 0 and 1: a target y becomes `y (1 - e) + e/2`. Default 0.
    float label_smoothing HYLA_INITIALLY(0.0f);
} hyla_bce_params;

// Exact sums over pixels, in words of int64; all zero is empty. Adding the words of two totals
// (MPI_SUM, SQL SUM, atomics) merges them; call `hyla_bce_normalize` afterwards to compare words.
typedef struct hyla_bce_totals {
    // The sum of the terms.
    struct hyla_exact_sum loss;
    // The sum of the pixel weights of the pixels that count.
    struct hyla_exact_sum weights;
    // How many pixels count.
    int64_t pixels;
    // How many valid pixels had a bad weight and acted as masked.
    int64_t rejected;
    // Shows whether terms of different parameters were mixed.
    int64_t fingerprint;
} hyla_bce_totals;

// Cross-entropy of class logits (cuvis-ai: CrossEntropyLoss): what is computed.
//
// With logits x (a cube of K channels, 2 to 4096), labels y (`labels`), class weights o (K floats, or all 1),
// pixel weights v (`weights`), p = softmax(x) and e = label_smoothing:
//
// l_i = weight * v_i * ((1 - e) o_y (-ln p_iy) + e/K sum_k o_k (-ln p_ik))      y = y_i
// loss = sum l_i / sum o_y v_i | sum l_i / N | sum l_i                          by `reduction`
//
// A label that is `ignore_index` acts as masked, one that is no class too, but is counted as rejected. Without
// smoothing a term is within 8 ulp of float32, a gradient within 10; with smoothing of the largest of their parts.
// Sums are exact and rounded once. Infinite logits have their limits; NaN gives NaN and HYLA_NOTICE_NOT_FINITE.
// Needs labels. Calls take up to 62 KiB of stack; with pointers of 32 bits 4.2 KiB. Initialise with
// HYLA_CROSS_ENTROPY_PARAMS_DEFAULT. Formula: Bishop (2006), eq. 4.108.
typedef struct hyla_cross_entropy_params {
    // `sizeof(hyla_cross_entropy_params)`.
    uint32_t struct_size HYLA_INITIALLY(sizeof(hyla_cross_entropy_params));
    // HYLA_REDUCTION_.... Default: weighted mean, which divides by the class weights as PyTorch's mean does.
    uint32_t reduction HYLA_INITIALLY(HYLA_REDUCTION_WEIGHTED_MEAN);
    // 1: `ignore_index` acts as masked; 0: it is not looked at. Default 1.
    uint32_t has_ignore_index HYLA_INITIALLY(1);
    // The label that acts as masked. Default -100.
    int32_t ignore_index HYLA_INITIALLY(-100);
    // The weight of this loss among others: finite. Default 1.
    float weight HYLA_INITIALLY(1.0f);
    // e, between 0 and 1: how much of each target is spread over all classes. Default 0.
    float label_smoothing HYLA_INITIALLY(0.0f);
} hyla_cross_entropy_params;

// Exact sums over pixels, in words of int64; all zero is empty. Adding the words of two totals
// (MPI_SUM, SQL SUM, atomics) merges them; call `hyla_cross_entropy_normalize` afterwards to compare words.
typedef struct hyla_cross_entropy_totals {
    // The sum of the terms.
    struct hyla_exact_sum loss;
    // The sum of the factors `o_y v_i` of the pixels that count.
    struct hyla_exact_sum weights;
    // How many pixels count.
    int64_t pixels;
    // How many valid pixels had a bad weight or label and acted as masked.
    int64_t rejected;
    // Shows whether terms of different parameters were mixed.
    int64_t fingerprint;
} hyla_cross_entropy_totals;

// The values of pixels of several channels, where they are: `hyla_bip(plane, channels)`, `hyla_bsq(plane, pixels)` and
// `hyla_bil(plane, columns, channels)` make them of the plane of the first channel.
typedef struct hyla_values {
    // The first channel.
    struct hyla_plane plane;
    // Items from a channel to the next; of packed pixels bytes. 0: 1, channels that are neighbours.
    size_t channel_stride;
} hyla_values;

// Pixels of several values each: embeddings, class logits, spectra. Value k of pixel (row, column) is the item at
// `row * row_pitch` bytes and `column * stride + k * channel_stride` items, so every order of a hyperspectral cube
// goes in without a copy:
//
// BIP  interleaved by pixel   stride = channels   channel_stride = 1
// BIL  interleaved by line    stride = 1          channel_stride = columns    row_pitch = columns * channels items
// BSQ  in planes              stride = 1          channel_stride = pixels of the frame
//
// hyla_cube cube = {.values = hyla_bip(hyla_f32(logits), classes), .channels = classes, .n = pixels};
// cube.values = hyla_bil(hyla_plane_affine(hyla_u16(lines), 1.0f / 4095.0f, 0), columns, bands);
//
// Values of any type are converted to float32, rounded at most once; the results are those of the converted values,
// bit for bit, and do not depend on the layout. No two values may share a place (HYLA_ERROR_STRIDES).
//
// A gradient, and a map of a float a value, has the strides of the values, in floats; between its rows lie
// `output_pitch` bytes, or, where that is 0, as many floats as items between those of the values. Floats between them
// are not touched.
//
// The other arrays have `n` items, one a pixel; which of them a function uses is said with it. Targets and labels that
// it does not need are ignored; weights are used by every function that takes a cube. Initialise with `{0}` (C) or
// `{}` (C++) and set fields by name.
//
// Errors of every function that takes a cube, beside those that it names: those of `hyla_pixels`; DTYPE (labels that
// are not HYLA_U8, HYLA_U16 or HYLA_I32), SCALE (one of labels), CHANNELS (of values that are converted more than 4096
// channels, with pointers of 32 bits 256), UNSUPPORTED_INPUT (a gradient or a map in the layout of packed pixels).
// Converted values take 66 KiB of stack more, with pointers of 32 bits 5 KiB.
typedef struct hyla_cube {
    // The values, as the function says.
    struct hyla_values values;
    // How many values a pixel has.
    size_t channels;
    // True is an anomaly, or foreground.
    struct hyla_mask targets;
    // Which pixels count. Not given: all do.
    struct hyla_mask valid;
    // One class a pixel, counted from 0: HYLA_U8, HYLA_U16 or HYLA_I32.
    struct hyla_plane labels;
    // Pixel weights: finite and not negative. Not given: all are 1. A pixel with another weight is counted as rejected
    // and acts as masked.
    struct hyla_plane weights;
    // How many pixels there are, in all rows; never more are touched. With 0 all `data` may be NULL.
    size_t n;
    // In how many rows of `n / rows` pixels they lie, without a remainder (HYLA_ERROR_FRAME_SHAPE). 0: 1.
    size_t rows;
    // Bytes from a row of an output (a gradient, a map) to the next: whole floats, at least a row. 0: no gap in a map
    // of a float a pixel, the rows of the values in a gradient.
    size_t output_pitch;
    // 0. Room for later inputs.
    size_t reserved[5];
} hyla_cube;

// Dice loss of class logits (cuvis-ai: DiceLoss): what is computed.
//
// With logits x (a cube of K channels, 1 to 4096), labels y (`labels`), pixel weights v (`weights`) and
// p = softmax(x), or sigmoid(x) with K = 1, where the label 1 is the class and 0 is not:
//
// I_c = sum v p_c [y = c]      D_c = sum v p_c + sum v [y = c]
// loss = weight * (1 - mean over the classes of (2 I_c + eps) / (D_c + eps))
//
// A label that is `ignore_index` acts as masked, one that is no class too, but is counted as rejected. Sums are
// exact, the loss is computed from them in double; a gradient is within 16 ulp of float32 of the largest of its
// parts. Infinite logits have their limits; NaN gives NaN and HYLA_NOTICE_NOT_FINITE. Needs labels. Calls take
// 37 KiB of stack, the gradient of 128 classes or more 68 KiB; with pointers of 32 bits 4 KiB. Initialise with
// HYLA_DICE_PARAMS_DEFAULT.
// Formula: Milletari, Navab, Ahmadi (2016).
typedef struct hyla_dice_params {
    // `sizeof(hyla_dice_params)`.
    uint32_t struct_size HYLA_INITIALLY(sizeof(hyla_dice_params));
    // 1: class 0 takes part in the mean; 0: it does not (with K = 1 it always does). Default 1.
    uint32_t include_background HYLA_INITIALLY(1);
    // 1: `ignore_index` acts as masked; 0: it is not looked at. Default 0.
    uint32_t has_ignore_index HYLA_INITIALLY(0);
    // The label that acts as masked. Default 0.
    int32_t ignore_index HYLA_INITIALLY(0);
    // HYLA_ABSENT_...: what an absent class counts for. Default: one.
    uint32_t absent HYLA_INITIALLY(HYLA_ABSENT_ONE);
    // The weight of this loss among others: finite. Default 1.
    float weight HYLA_INITIALLY(1.0f);
    // The smoothing term: finite, not negative. Default 1e-6.
    float eps HYLA_INITIALLY(1e-6f);
} hyla_dice_params;

// Exact sums over pixels for ONE class, in words of int64; all zero is empty. The totals of a loss are an array
// of as many as there are channels. Adding the words of two arrays merges them.
typedef struct hyla_dice_totals {
    // `sum v p_c` over the pixels whose label is the class.
    struct hyla_exact_sum intersection;
    // `sum v p_c`.
    struct hyla_exact_sum predicted;
    // `sum v` over the pixels whose label is the class.
    struct hyla_exact_sum target;
    // How many pixels count.
    int64_t pixels;
    // How many valid pixels had a bad weight or label and acted as masked.
    int64_t rejected;
    // Shows whether terms of different classes were mixed.
    int64_t fingerprint;
} hyla_dice_totals;

// Mean cosine of pairs of rows (cuvis-ai: DistinctnessLoss): what is computed.
//
// With selection weights, K rows (selectors) of C floats (bands), K up to 1024:
//
// u_i = w_i / max(|w_i|, eps)      loss = weight * mean over i < j of u_i . u_j
//
// All pairs are computed at once from the sum of the u: time is linear in K C. With `skip_exact_zeros` the
// mean is over the pairs whose cosine is not exactly 0, as cuvis-ai's code (not its documentation) has it,
// in time K^2 C. Computed in double, within (C + K) * 2^-50 of `weight`; a sum that is 0 within its rounding
// is 0, so that disjoint selectors give exactly 0. Needs no labels. Initialise with
// HYLA_DISTINCTNESS_PARAMS_DEFAULT.
typedef struct hyla_distinctness_params {
    // `sizeof(hyla_distinctness_params)`.
    uint32_t struct_size HYLA_INITIALLY(sizeof(hyla_distinctness_params));
    // The weight of this loss among others: finite. Default 0.1.
    float weight HYLA_INITIALLY(0.1f);
    // The least length that a row is divided by: finite, not negative. Default 1e-6.
    float eps HYLA_INITIALLY(1e-6f);
    // 1: leave cosines of exactly 0 out of the mean, as cuvis-ai; 0: do not. Default 0.
    uint32_t skip_exact_zeros HYLA_INITIALLY(0);
} hyla_distinctness_params;

// A matrix: `rows` rows of `columns` floats, row i from `values[i * row_stride]` on. `row_stride` is
// at least `columns` (HYLA_ERROR_STRIDES). A gradient has the same layout; floats between the rows
// are not touched.
typedef struct hyla_matrix {
    // The values: any floats. NULL if there are no rows or no columns.
    const float *values;
    // How many rows there are.
    size_t rows;
    // How many floats a row has.
    size_t columns;
    // How many floats lie between a row and the next one.
    size_t row_stride;
    // NULL. Room for later inputs.
    const void *reserved[2];
} hyla_matrix;

// Focal loss of logits: what is computed. (cuvis-ai has no such node.)
//
// With logits x (`scores`), targets y (`targets`), pixel weights v and `z = y_i ? -x_i : x_i`:
//
// l_i = weight * a(y_i) * v_i * sigmoid(z)^gamma * softplus(z)      a: alpha or 1 - alpha; 1 without alpha
// loss = sum l_i / N | sum l_i | sum l_i / sum v_i                  by `reduction`
//
// With gamma 0 it is `hyla_bce`, bit by bit. A factor of exactly 0 switches a term off; a NaN logit gives a
// NaN loss and HYLA_NOTICE_NOT_FINITE. Where a term or a gradient and the power `sigmoid(z)^gamma` are normal
// numbers, it is within 16 ulp of float32 if gamma is 1 or 2 (4 if it is 0), and within
// `24 + 5 gamma (max(0, -z) + exp(-|z|))` if gamma is any other up to 2^90; a subnormal power has fewer digits.
// Sums are exact and rounded once. Needs labels. Initialise with HYLA_FOCAL_PARAMS_DEFAULT. Formula: Lin et al.
// (2017), Focal Loss for Dense Object Detection.
typedef struct hyla_focal_params {
    // `sizeof(hyla_focal_params)`.
    uint32_t struct_size HYLA_INITIALLY(sizeof(hyla_focal_params));
    // HYLA_REDUCTION_.... Default: mean.
    uint32_t reduction HYLA_INITIALLY(HYLA_REDUCTION_MEAN);
    // The weight of this loss among others: finite. Default 1.
    float weight HYLA_INITIALLY(1.0f);
    // The focusing exponent: finite, not negative. Default 2.
    float gamma HYLA_INITIALLY(2.0f);
    // 1: weigh the classes by `alpha`; 0: do not. Default 1.
    uint32_t has_alpha HYLA_INITIALLY(1);
    // The weight of positives, between 0 and 1; negatives get the rest. Default 0.25.
    float alpha HYLA_INITIALLY(0.25f);
} hyla_focal_params;

// Exact sums over pixels, in words of int64; all zero is empty. Adding the words of two totals
// (MPI_SUM, SQL SUM, atomics) merges them; call `hyla_focal_normalize` afterwards to compare words.
typedef struct hyla_focal_totals {
    // The sum of the terms.
    struct hyla_exact_sum loss;
    // The sum of the pixel weights of the pixels that count.
    struct hyla_exact_sum weights;
    // How many pixels count.
    int64_t pixels;
    // How many valid pixels had a bad weight and acted as masked.
    int64_t rejected;
    // Shows whether terms of different parameters were mixed.
    int64_t fingerprint;
} hyla_focal_totals;

// Contrast of the mean colours of foreground and background (cuvis-ai: ForegroundContrastLoss): what is computed.
//
// With colours q (a cube of three channels, or Oklab of it), their means over the foreground (`targets`
// nonzero), the background and both, and pixel weights v (`weights`) in all means:
//
// d = sqrt(|m_f - m_b|^2 + eps)      var_c = sum_f v q_c^2 / sum_f v - m_fc^2
// l = weight * (-d + compactness_weight/3 * sum_c var_c + anchor_weight/3 * (|m_f - m_i|^2 + |m_b - m_i|^2))
// loss = sum l / V                   one l a frame; V frames have foreground and background
//
// Frame by frame: hyla_foreground_contrast_frame_update adds the pixels of a frame, in as many calls as it comes
// in, hyla_foreground_contrast_update adds the finished frame to the totals. A frame without foreground or
// background (none that counts, or of weight 0) is skipped: it may be NaN, its gradient is 0. A pixel of
// weight 0 is as if it were masked. Needs labels.
//
// Values of Oklab are within 6 * 2^-24 of the sum of the sizes of their terms, all sums are exact, and a frame's
// loss is rounded to float32 once; the variance is exact also where it is far below the squared mean. A gradient
// is within 8 * 2^-24 of the sum of the sizes of its terms (in Oklab the direction of the distance counts with the
// size of the means divided by d). Squares of colours beyond float32 are infinite.
// Guide: in rgb the distance has no upper limit, so bound the colours or set an anchor weight; the compactness
// weight evens the foreground out. Calls take up to 56 KiB of stack. Initialise with
// HYLA_FOREGROUND_CONTRAST_PARAMS_DEFAULT. Oklab: B. Ottosson, A perceptual color space for image processing
// (2020); sRGB: IEC 61966-2-1.
typedef struct hyla_foreground_contrast_params {
    // `sizeof(hyla_foreground_contrast_params)`.
    uint32_t struct_size HYLA_INITIALLY(sizeof(hyla_foreground_contrast_params));
    // HYLA_COLOR_...; cuvis-ai's key `color_space`. Default: rgb.
    uint32_t color_space HYLA_INITIALLY(HYLA_COLOR_RGB);
    // 1: Oklab undoes the gamma curve of sRGB first. 0: the cube is linear light. Rgb ignores it. Default 1.
    uint32_t assume_srgb HYLA_INITIALLY(1);
    // The weight of this loss among others: finite; 0 switches it off. Default 1.
    float weight HYLA_INITIALLY(1.0f);
    // The weight of the foreground's variance: finite, not negative. Default 0.
    float compactness_weight HYLA_INITIALLY(0.0f);
    // The weight of the distances to the mean of the image: finite, not negative. Default 0.
    float anchor_weight HYLA_INITIALLY(0.0f);
    // What is added to the squared distance: finite, not negative. Default 1e-6.
    float eps HYLA_INITIALLY(1e-6f);
} hyla_foreground_contrast_params;

// The exact sums of one frame, in words of int64; all zero is empty. Adding the words of two parts of a
// frame merges them; call `hyla_foreground_contrast_frame_normalize` afterwards to compare words.
typedef struct hyla_foreground_contrast_frame {
    // The sums of the weighted colours of the foreground, by channel.
    struct hyla_exact_sum foreground[3];
    // Those of the background.
    struct hyla_exact_sum background[3];
    // The sums of the weighted squares of the foreground; empty where the compactness weight is 0.
    struct hyla_exact_sum squares[3];
    // The sum of the pixel weights of the foreground: without weights the number of its pixels.
    struct hyla_exact_sum foreground_weights;
    // That of the background.
    struct hyla_exact_sum background_weights;
    // How many pixels count.
    int64_t pixels;
    // How many valid pixels had a bad weight and acted as masked.
    int64_t rejected;
    // Shows whether pixels of different colour spaces were mixed.
    int64_t fingerprint;
} hyla_foreground_contrast_frame;

// Exact sums over frames, in words of int64; all zero is empty. Adding the words of two totals
// (MPI_SUM, SQL SUM, atomics) merges them; call `hyla_foreground_contrast_normalize` afterwards to compare words.
typedef struct hyla_foreground_contrast_totals {
    // The sum of the losses of the frames that count.
    struct hyla_exact_sum loss;
    // How many frames count.
    int64_t frames;
    // How many frames were skipped: without foreground or without background.
    int64_t skipped;
    // How many frames count whose distance is exactly 0, so that it has no direction.
    int64_t degenerate;
    // How many valid pixels had a bad weight and acted as masked.
    int64_t rejected;
    // Shows whether frames of different parameters were mixed.
    int64_t fingerprint;
} hyla_foreground_contrast_totals;

// Soft intersection over union (cuvis-ai: IoULoss): what is computed.
//
// With scores x (`scores`), targets y (`targets`, or `soft_targets` between 0 and 1) and pixel weights v:
//
// p = sigmoid(x) | clamp(x, 0, 1) | (x - m) / (M - m + s)       m, M: least and greatest score
// I = sum v p y      U = sum v p + sum v y - I
// loss = weight * (1 - (I + smooth) / (U + smooth))
//
// A NaN score makes the loss NaN with HYLA_NOTICE_NOT_FINITE, with minmax an infinite one, too. All scores equal
// with minmax: p = 1/2, gradient 0, HYLA_NOTICE_DEGENERATE; the same notice where smooth is 0 and nothing is
// predicted nor to be found (loss 0). Sums are exact, the loss is computed from them in double; a
// gradient is within 8 ulp of float32 (with soft targets and at the extremes of minmax of its larger
// part). Needs labels. Calls take up to 12 KiB of stack. Initialise with HYLA_IOU_PARAMS_DEFAULT.
// Guide: a batch without a positive target costs nearly `weight` and teaches nothing; sigmoid has no
// gradient beyond +-17, clamp none outside [0, 1]; with minmax one outlier flattens all others.
// Formula: Rahman and Wang (2016).
typedef struct hyla_iou_params {
    // `sizeof(hyla_iou_params)`.
    uint32_t struct_size HYLA_INITIALLY(sizeof(hyla_iou_params));
    // HYLA_NORMALIZATION_...; cuvis-ai's key `normalize_method`. Default: sigmoid.
    uint32_t normalization HYLA_INITIALLY(HYLA_NORMALIZATION_SIGMOID);
    // HYLA_BOUNDARY_...: the gradient of clamp at exactly 0 and 1. Default: zero, as PyTorch 2.15.
    uint32_t boundary HYLA_INITIALLY(HYLA_BOUNDARY_ZERO);
    // HYLA_EMPTY_TARGET_...: the loss where no target is positive. Default: one, the formula.
    uint32_t empty_target HYLA_INITIALLY(HYLA_EMPTY_TARGET_ONE);
    // The weight of this loss among others: finite. Default 1.
    float weight HYLA_INITIALLY(1.0f);
    // The smoothing term s: finite, not negative. Default 1e-6.
    float smooth HYLA_INITIALLY(1e-6f);
} hyla_iou_params;

// Exact sums over pixels, in words of int64; all zero is empty. Adding the words of two totals
// (MPI_SUM, SQL SUM, atomics) merges them; call `hyla_iou_normalize` afterwards to compare words.
typedef struct hyla_iou_totals {
    // `sum v p y`; with minmax `sum v x y`.
    struct hyla_exact_sum intersection;
    // `sum v p`; with minmax `sum v x`.
    struct hyla_exact_sum predicted;
    // `sum v y`.
    struct hyla_exact_sum target;
    // `sum v`.
    struct hyla_exact_sum weights;
    // How many pixels count.
    int64_t pixels;
    // How many valid pixels had a bad weight or soft target and acted as masked.
    int64_t rejected;
    // Shows whether terms of different normalisations were mixed.
    int64_t fingerprint;
} hyla_iou_totals;

// Mean squared error of a reconstruction (cuvis-ai: MSEReconstructionLoss): what is computed.
//
// With values a (a cube), as many values b (`target`) and pixel weights v (`weights`):
//
// l_ik = weight * v_i * (a_ik - b_ik)^2
// loss = sum l_ik / N | sum l_ik | sum l_ik / sum v_ik      by `reduction`
//
// N counts the values (not the pixels) that count; a pixel's weight counts once a channel. Each term is
// within 5 ulp of float32, each gradient within 3; sums are exact and rounded once. A difference
// above 1.8e19 has an infinite square. Needs no labels. Calls take up to 10 KiB of stack.
// Initialise with HYLA_MSE_PARAMS_DEFAULT.
typedef struct hyla_mse_params {
    // `sizeof(hyla_mse_params)`.
    uint32_t struct_size HYLA_INITIALLY(sizeof(hyla_mse_params));
    // HYLA_REDUCTION_...; cuvis-ai's key `reduction`. Default: mean.
    uint32_t reduction HYLA_INITIALLY(HYLA_REDUCTION_MEAN);
    // The weight of this loss among others: finite. Default 1.
    float weight HYLA_INITIALLY(1.0f);
} hyla_mse_params;

// Exact sums over values, in words of int64; all zero is empty. Adding the words of two totals
// (MPI_SUM, SQL SUM, atomics) merges them; call `hyla_mse_normalize` afterwards to compare words.
typedef struct hyla_mse_totals {
    // The sum of the terms.
    struct hyla_exact_sum loss;
    // The sum of the weights of the values that count.
    struct hyla_exact_sum weights;
    // How many values count.
    int64_t values;
    // How many valid pixels had a bad weight and acted as masked.
    int64_t rejected;
    // Shows whether terms of different parameters were mixed.
    int64_t fingerprint;
} hyla_mse_totals;

// How far the rows of a matrix are from orthonormal (cuvis-ai: OrthogonalityLoss): what is computed.
//
// With components W, K rows of M floats, K up to 1024:
//
// E = W W^T - 1      loss = weight * sum E_ij^2      gradient = 4 weight E W
//
// Entries of E are sums of exact products in double, so that they keep their digits where the rows are nearly
// orthonormal. Needs no labels. With more rows than columns the least loss is weight * (K - M), which no
// step can lower. Initialise with HYLA_ORTHOGONALITY_PARAMS_DEFAULT. Formula: Bansal, Chen, Wang (2018), eq. 2.
typedef struct hyla_orthogonality_params {
    // `sizeof(hyla_orthogonality_params)`.
    uint32_t struct_size HYLA_INITIALLY(sizeof(hyla_orthogonality_params));
    // The weight of this loss among others: finite. Default 1.
    float weight HYLA_INITIALLY(1.0f);
} hyla_orthogonality_params;

// Variance of the weights of a band selector (cuvis-ai: SelectorDiversityRegularizer): what is computed.
//
// m = sum w / n      loss = -weight * sum (w_i - m)^2 / n
//
// Computed in double; nothing cancels, whatever the offset of the weights. A positive weight rewards few
// bands of great weight (although the name says the opposite) and so opposes
// `hyla_selector_entropy`. Needs no labels. Initialise with HYLA_SELECTOR_DIVERSITY_PARAMS_DEFAULT.
// Formula: the population variance.
typedef struct hyla_selector_diversity_params {
    // `sizeof(hyla_selector_diversity_params)`.
    uint32_t struct_size HYLA_INITIALLY(sizeof(hyla_selector_diversity_params));
    // The weight of this loss among others: finite. Default 0.01.
    float weight HYLA_INITIALLY(0.01f);
} hyla_selector_diversity_params;

// Entropy of the weights of a band selector (cuvis-ai: SelectorEntropyRegularizer): what is computed.
//
// With weights w (n floats, usually a softmax), S = sum w + eps and p = w / S:
//
// H = -sum p_i ln(p_i + eps)                       0 ln 0 is 0
// loss = -weight * H | weight * (H - target_entropy)^2
//
// Computed in double, within 1e-13 of its largest term. A positive weight rewards many bands of like weight
// and so opposes `hyla_selector_diversity`. Needs no labels. Initialise with
// HYLA_SELECTOR_ENTROPY_PARAMS_DEFAULT. Formula: Shannon (1948), section 6.
typedef struct hyla_selector_entropy_params {
    // `sizeof(hyla_selector_entropy_params)`.
    uint32_t struct_size HYLA_INITIALLY(sizeof(hyla_selector_entropy_params));
    // The weight of this loss among others: finite. Default 0.01.
    float weight HYLA_INITIALLY(0.01f);
    // Keeps logarithm and quotient finite: finite, not negative. Default 1e-6.
    float eps HYLA_INITIALLY(1e-6f);
    // 1: hold `target_entropy`; 0: no target. Default 0.
    uint32_t has_target HYLA_INITIALLY(0);
    // The entropy to hold, in nats: finite. Looked at only with `has_target`. Default 0.
    float target_entropy HYLA_INITIALLY(0.0f);
} hyla_selector_entropy_params;

// The angle between reconstructed and original spectra (not in cuvis-ai): what is computed.
//
// With spectra a (a cube), the original ones b and pixel weights v (`weights`):
//
// cos_i = <a_i, b_i> / (|a_i| |b_i|)
// l_i = weight * v_i * acos(cos_i) | weight * v_i * (1 - cos_i)        by `measure`
// loss = sum l_i / N | sum l_i | sum l_i / sum v_i                     by `reduction`
//
// N counts the pixels that count. All is computed in double without cancellation, so that small angles keep their
// digits, and rounded to float32 once: a term is within 0.51 ulp and `4 d`, a gradient within 0.51 ulp and `4 d`
// of the greatest it could be, by the factors, with `d = (channels + 104) 2^-56`; sums are exact and rounded once.
// A sine below d is 0, and the gradient, too. A spectrum of zeros has the cosine 0 and the gradient 0, and is
// counted in `dark`. Brightness does not matter. Needs no labels. Calls take up to 24 KiB of stack.
// Initialise with HYLA_SPECTRAL_ANGLE_PARAMS_DEFAULT.
typedef struct hyla_spectral_angle_params {
    // `sizeof(hyla_spectral_angle_params)`.
    uint32_t struct_size HYLA_INITIALLY(sizeof(hyla_spectral_angle_params));
    // HYLA_SPECTRAL_ANGLE or HYLA_SPECTRAL_COSINE. Default: angle.
    uint32_t measure HYLA_INITIALLY(HYLA_SPECTRAL_ANGLE);
    // HYLA_REDUCTION_.... Default: mean.
    uint32_t reduction HYLA_INITIALLY(HYLA_REDUCTION_MEAN);
    // The weight of this loss among others: finite. Default 1.
    float weight HYLA_INITIALLY(1.0f);
} hyla_spectral_angle_params;

// Exact sums over pixels, in words of int64; all zero is empty. Adding the words of two totals
// (MPI_SUM, SQL SUM, atomics) merges them; call `hyla_spectral_angle_normalize` afterwards to compare words.
typedef struct hyla_spectral_angle_totals {
    // The sum of the terms.
    struct hyla_exact_sum loss;
    // The sum of the weights of the pixels that count.
    struct hyla_exact_sum weights;
    // How many pixels count.
    int64_t pixels;
    // How many valid pixels had a bad weight and acted as masked.
    int64_t rejected;
    // Shows whether terms of different parameters were mixed.
    int64_t fingerprint;
    // How many pixels of weights above 0 have a spectrum of zeros.
    int64_t dark;
} hyla_spectral_angle_totals;

// Deep SVDD with a soft boundary (cuvis-ai: DeepSVDDSoftBoundaryLoss): what is computed.
//
// With embeddings z (a cube of D channels, 1 to 4096), a center c (D floats), the radius R and pixel weights v
// (`weights`):
//
// R = softplus(10 r) / 10, or r where 10 r > 20                     r: r_unconstrained
// d_n = sum_k (z_nk - c_k)^2      a_n = 1 if d_n > R^2 else 0
// loss = weight * (R^2 + sum a_n v_n (d_n - R^2) / (nu N))          N counts the pixels that count
//
// A pixel is outside if `d_n - R^2`, rounded to float32, is positive or NaN. Distances are within 6 ulp of
// float32 and do not overflow; a gradient is within 3 ulp; sums are exact and rounded once; R is within
// 2^-50 of itself. Needs no labels. Guide: a larger nu SHRINKS the sphere: in the optimum about a share nu of
// the pixels is outside. For r below about -10 the radius is 0 in float32 and cannot grow again
// (HYLA_NOTICE_DEGENERATE). Calls take up to 16 KiB of stack, those for the center 18 KiB. Initialise with
// HYLA_SVDD_PARAMS_DEFAULT. Formula: Ruff et al. (2018), eq. 3.
typedef struct hyla_svdd_params {
    // `sizeof(hyla_svdd_params)`.
    uint32_t struct_size HYLA_INITIALLY(sizeof(hyla_svdd_params));
    // The share of pixels that may lie outside: between 0 and 1, both excluded. Default 0.05.
    float nu HYLA_INITIALLY(0.05f);
    // The weight of this loss among others: finite. Default 1.
    float weight HYLA_INITIALLY(1.0f);
    // The parameter r of the radius, which is learnt: finite. Default 0.
    float r_unconstrained HYLA_INITIALLY(0.0f);
} hyla_svdd_params;

// Exact sums over pixels, in words of int64; all zero is empty. Adding the words of two totals
// (MPI_SUM, SQL SUM, atomics) merges them; call `hyla_svdd_normalize` afterwards to compare words.
typedef struct hyla_svdd_totals {
    // The sum of the terms `a_n v_n (d_n - R^2)` up to 2^127.
    struct hyla_exact_sum loss;
    // The sum of the pixel weights of the pixels that count.
    struct hyla_exact_sum weights;
    // How many pixels count.
    int64_t pixels;
    // How many valid pixels had a bad weight and acted as masked.
    int64_t rejected;
    // Shows whether terms of different radii were mixed.
    int64_t fingerprint;
    // The sum of the greater terms, in units of 2^192.
    struct hyla_exact_sum huge;
    // The sum of the weights of pixels outside the sphere.
    struct hyla_exact_sum outside_weights;
    // How many pixels lie outside, whatever their weights.
    int64_t outside;
} hyla_svdd_totals;

// Soft Tversky index, with an optional focus: what is computed. (cuvis-ai has no such node.)
//
// With scores x (`scores`), targets y (`targets`, or `soft_targets` between 0 and 1) and pixel weights v:
//
// p = sigmoid(x) | clamp(x, 0, 1) | (x - m) / (M - m + s)       m, M: least and greatest score
// I = sum v p y      FP = sum v p - I      FN = sum v y - I
// T = (I + smooth) / (I + false_positives FP + false_negatives FN + smooth)
// loss = weight * (1 - T)^gamma
//
// Both weights 1 are IoU, both 1/2 Dice (with half its smoothing term).
// A NaN score makes the loss NaN with HYLA_NOTICE_NOT_FINITE, with minmax an infinite one, too. All scores equal
// with minmax: p = 1/2, gradient 0, HYLA_NOTICE_DEGENERATE; the same notice where smooth is 0 and nothing is
// predicted nor to be found (loss 0). Sums are exact, the loss is computed from them in double; a
// gradient is within 8 ulp of float32 (with soft targets and at the extremes of minmax of its larger
// part). Needs labels. Calls take up to 12 KiB of stack. Initialise with HYLA_TVERSKY_PARAMS_DEFAULT.
// Guide: false_negatives above false_positives raises recall; gamma below 1 steepens the loss as it
// falls (its infinite slope at T = 1 is taken as 0), above 1 flattens it. Formula: Salehi et al. (2017);
// Abraham and Khan (2018), there with the exponent 1/gamma.
typedef struct hyla_tversky_params {
    // `sizeof(hyla_tversky_params)`.
    uint32_t struct_size HYLA_INITIALLY(sizeof(hyla_tversky_params));
    // HYLA_NORMALIZATION_.... Default: sigmoid.
    uint32_t normalization HYLA_INITIALLY(HYLA_NORMALIZATION_SIGMOID);
    // HYLA_BOUNDARY_...: the gradient of clamp at exactly 0 and 1. Default: zero, as PyTorch 2.15.
    uint32_t boundary HYLA_INITIALLY(HYLA_BOUNDARY_ZERO);
    // HYLA_EMPTY_TARGET_...: the loss where no target is positive. Default: one, the formula.
    uint32_t empty_target HYLA_INITIALLY(HYLA_EMPTY_TARGET_ONE);
    // The weight of this loss among others: finite. Default 1.
    float weight HYLA_INITIALLY(1.0f);
    // The smoothing term s: finite, not negative. Default 1e-6.
    float smooth HYLA_INITIALLY(1e-6f);
    // The weight of false positives: finite, not negative. Default 0.5.
    float false_positives HYLA_INITIALLY(0.5f);
    // The weight of false negatives: finite, not negative. Default 0.5.
    float false_negatives HYLA_INITIALLY(0.5f);
    // The exponent: finite, not negative. Default 1.
    float gamma HYLA_INITIALLY(1.0f);
} hyla_tversky_params;

// Exact sums over pixels, in words of int64; all zero is empty. Adding the words of two totals
// (MPI_SUM, SQL SUM, atomics) merges them; call `hyla_tversky_normalize` afterwards to compare words.
typedef struct hyla_tversky_totals {
    // `sum v p y`; with minmax `sum v x y`.
    struct hyla_exact_sum intersection;
    // `sum v p`; with minmax `sum v x`.
    struct hyla_exact_sum predicted;
    // `sum v y`.
    struct hyla_exact_sum target;
    // `sum v`.
    struct hyla_exact_sum weights;
    // How many pixels count.
    int64_t pixels;
    // How many valid pixels had a bad weight or soft target and acted as masked.
    int64_t rejected;
    // Shows whether terms of different normalisations were mixed.
    int64_t fingerprint;
} hyla_tversky_totals;

// Statistics of each channel of a cube: what is counted. With sums over the values x of the pixels that count:
//
// n = how many are numbers    mean = S1 / n    std = sqrt(n S2 - S1^2) / n        S1 = sum x    S2 = sum x^2
// min, max = the least and the greatest    zero = how many are 0    saturated = how many are at or above the level
//
// A value is what the plane says; of integers without scale and zero point it is the item, a digital number. A NaN
// is counted apart and belongs to nothing else. Mean and deviation are exact and rounded once. A channel, or a
// column of the detector, is dead if two values or more count there and all are one number, or all are NaN.
//
// Initialise with HYLA_BAND_STATISTICS_PARAMS_DEFAULT.
typedef struct hyla_band_statistics_params {
    // `sizeof(hyla_band_statistics_params)`.
    uint32_t struct_size HYLA_INITIALLY(sizeof(hyla_band_statistics_params));
    // 1: values at or above `saturation` are saturated; 0: none are. Default 0.
    uint32_t has_saturation HYLA_INITIALLY(0);
    // The level, no NaN. Looked at only with `has_saturation`. Default 0.
    float saturation HYLA_INITIALLY(0.0f);
} hyla_band_statistics_params;

// An exact sum of squares of float32 terms, in words of int64; all zero is the empty sum.
typedef struct hyla_exact_squares {
    // The finite part: the sum over i of `digits[i] * 2^(32 i - 320)`. Canonical: all but the last
    // in [0, 2^32), the last one signed.
    int64_t digits[20];
    // How many terms were NaN.
    int64_t nan;
    // How many terms were infinite.
    int64_t positive_infinity;
    // Zero.
    int64_t negative_infinity;
    // Zero.
    int64_t reserved;
} hyla_exact_squares;

// The words of a channel; all zero is empty. NOT additive as a whole: all words add but `greatest` and
// `negated_least`, which keep the greater one. `hyla_band_statistics_merge` joins them. Integers without scale and
// zero point add in integers: at most 2^47 of them, beyond which words are HYLA_ERROR_TOTALS.
typedef struct hyla_band_statistics_totals {
    // How many values count, NaN among them.
    int64_t count;
    // How many of them are 0.
    int64_t zero;
    // How many are at or above the level.
    int64_t saturated;
    // Shows whether levels were mixed.
    int64_t fingerprint;
    // How many of the values came as integers.
    int64_t integers;
    // The sum of these.
    int64_t integer_sum;
    // The sum of their squares: the first plus 2^32 times the second.
    int64_t integer_squares[2];
    // The order key of the greatest number; 0 for none.
    int64_t greatest;
    // The order key of minus the least number; 0 for none.
    int64_t negated_least;
    // The sum of the values that came as floats.
    struct hyla_exact_sum sum;
    // The sum of their squares.
    struct hyla_exact_squares squares;
} hyla_band_statistics_totals;

// The words of a column of the detector in one channel; all zero is empty. NOT additive: they are joined by
// `hyla_band_statistics_merge_columns`.
typedef struct hyla_band_statistics_column {
    // The order key of the greatest number; 0 for none.
    uint32_t greatest;
    // The order key of minus the least number; 0 for none.
    uint32_t negated_least;
    // How many values are numbers; 2^32 - 1 means at least as many.
    uint32_t numbers;
    // How many are NaN; 2^32 - 1 means at least as many.
    uint32_t nan;
} hyla_band_statistics_column;

// What the words of a channel say. Mean, deviation and extremes are those of the numbers; NaN without any.
typedef struct hyla_band_statistics_report {
    // The mean, rounded once.
    double mean;
    // The standard deviation of the population (with n, not n - 1), rounded once; NaN beside an infinity.
    double std;
    // The least number.
    double min;
    // The greatest number.
    double max;
    // How many values count, NaN among them.
    int64_t count;
    // How many of them are NaN.
    int64_t nan;
    // How many are 0.
    int64_t zero;
    // How many are at or above the level.
    int64_t saturated;
    // 1: the channel is dead: two values or more count, and all are the same. 0: it is not, for all one knows.
    int64_t dead;
    // 0. Room for later.
    int64_t reserved;
} hyla_band_statistics_report;

// How scores become bins: the rule. Any rule keeps the order of scores; what ranking loses is the order inside a
// bin, and `hyla_ranking_values` says how much that can be.
//
// - HYLA_BINNING_KEY: `bins` is the number of leading bits, 8 to 16, of 2^bits bins; a bin is 2^-(bits - 9) of its
//   least size wide (8 bits: up to four times it). Infinities have bins like others. Histograms of 4 to 1024 KiB.
// - HYLA_BINNING_THRESHOLDS: `bins` thresholds t_k = linspace(0, 1, bins), 2 to 4096; bin k holds scores with
//   t_k <= sigmoid(score) < t_(k+1), where the sigmoid is the correctly rounded float32. cuvis-ai's key
//   `ap_thresholds` (200). Needs a table of `hyla_binning_words` words.
// - HYLA_BINNING_LINEAR: `bins` (1 to 65536) of one width from `low` to `high`, each at least 2^-124 wide; scores
//   beyond these lie in the first or last bin.
// - HYLA_BINNING_U8, HYLA_BINNING_U16: integers (scores of HYLA_U8, HYLA_U16), a bin each: nothing is
//   lost.
//
// Initialise with HYLA_BINNING_PARAMS_DEFAULT: 4096 bins of HYLA_BINNING_KEY.
typedef struct hyla_binning_params {
    // `sizeof(hyla_binning_params)`.
    uint32_t struct_size HYLA_INITIALLY(sizeof(hyla_binning_params));
    // HYLA_BINNING_... Default: key.
    uint32_t rule HYLA_INITIALLY(HYLA_BINNING_KEY);
    // As the rule says; ignored by U8 and U16. Default: 12.
    uint32_t bins HYLA_INITIALLY(12);
    // LINEAR: the lower end of the first bin, finite. Others ignore it. Default: 0.
    float low HYLA_INITIALLY(0.0f);
    // LINEAR: the upper end of the last bin, finite, above `low` by a finite difference. Others ignore it.
    // Default: 1.
    float high HYLA_INITIALLY(1.0f);
} hyla_binning_params;

// A binning that was built; `hyla_binning_build` writes all of it. It may be copied. The table that it points to must
// outlive it; it may lie in read-only memory, and is the same on every machine of one byte order. Where the rule needs
// no table a binning may be constant data instead, its other fields 0: `{.rule = HYLA_BINNING_KEY, .bins = 8}`; LINEAR
// with `low` and `high`.
typedef struct hyla_binning {
    // The table; NULL where the rule needs none.
    const uint32_t *table;
    // How many words the table has.
    size_t table_words;
    // The rule.
    uint32_t rule;
    // Its bins, bits or thresholds.
    uint32_t bins;
    // Its lower bound.
    float low;
    // Its upper bound.
    float high;
    // NULL. Room for later.
    const void *reserved[2];
} hyla_binning;

// How far components are from orthonormal (cuvis-ai: ComponentOrthogonalityMetric). With components W, K rows of M
// floats, K up to 1024:
//
// G = W W^T      E = G - 1
//
// Entries of G are sums of exact products in double, so that E keeps its digits where the rows are nearly
// orthonormal. Needs no labels.
typedef struct hyla_component_orthogonality_report {
    // The Frobenius norm of E; 0 of no row.
    double orthogonality_error;
    // The mean of |E| over all K^2 entries, the diagonal among them (the name is cuvis-ai's); NaN of no row.
    double avg_off_diagonal;
    // The mean of the diagonal of G, the squared lengths of the components; NaN of no row.
    double diagonal_mean;
    // The standard deviation of that diagonal, of a sample (K - 1); NaN of one row and of none.
    double diagonal_std;
    // How many components there are.
    int64_t components;
    // 0. Room for later.
    int64_t reserved;
} hyla_component_orthogonality_report;

// Where in a run values were made; copied into every `hyla_metric`.
typedef struct hyla_context {
    // Exactly one of HYLA_STAGE_...
    uint32_t stage;
    // The epoch.
    uint32_t epoch;
    // The batch within the epoch.
    uint32_t batch_idx;
    // Zero.
    uint32_t reserved;
} hyla_context;

// A named value.
typedef struct hyla_metric {
    // cuvis-ai's name of the value, terminated by 0.
    char name[48];
    // The value.
    double value;
    // From the context.
    uint32_t stage;
    // From the context.
    uint32_t epoch;
    // From the context.
    uint32_t batch_idx;
    // The value's own notices; 0 when nothing is special.
    hyla_status status;
} hyla_metric;

// The four counts.
typedef struct hyla_counts {
    // Decided positive, and positive.
    int64_t true_positives;
    // Decided positive, but negative.
    int64_t false_positives;
    // Decided negative, but positive.
    int64_t false_negatives;
    // Decided negative, and negative.
    int64_t true_negatives;
} hyla_counts;

// Counts over pixels and frames; all zero is empty. Adding the words of two totals merges them.
//
// A frame is positive when any of its pixels is. It may come in many calls (a line camera): the
// parts are added by `hyla_confusion_update`, then `hyla_confusion_end_frame` ends it.
typedef struct hyla_confusion_totals {
    // Pixels.
    struct hyla_counts pixels;
    // Frames that were ended.
    struct hyla_counts frames;
    // Positive decisions in the frame that is open.
    int64_t open_decisions;
    // Positive targets in the frame that is open.
    int64_t open_targets;
} hyla_confusion_totals;

// Counts and their ratios: precision = TP/(TP+FP), recall = TP/(TP+FN), F1 = 2TP/(2TP+FP+FN),
// IoU = TP/(TP+FP+FN), each one division in double. 0/0 is 0, as in torchmetrics.
typedef struct hyla_confusion_ratios {
    // The counts.
    struct hyla_counts counts;
    // The share of positive decisions that are right; 0 with NO_DECISIONS when there are none.
    double precision;
    // The share of positive targets that were found; 0 with NO_POSITIVES when there are none.
    double recall;
    // The harmonic mean of precision and recall.
    double f1;
    // Intersection over union of decisions and targets.
    double iou;
    // The notices of these counts alone.
    hyla_status status;
    // Zero.
    uint32_t reserved;
} hyla_confusion_ratios;

// What the totals say.
typedef struct hyla_confusion_report {
    // Over pixels.
    struct hyla_confusion_ratios pixel;
    // Over frames that were ended.
    struct hyla_confusion_ratios frame;
} hyla_confusion_report;

// Detection quality (cuvis-ai: AnomalyDetectionMetrics): what is computed. Initialise with
// HYLA_DETECTION_PARAMS_DEFAULT.
typedef struct hyla_detection_params {
    // `sizeof(hyla_detection_params)`.
    uint32_t struct_size HYLA_INITIALLY(sizeof(hyla_detection_params));
    // Pixel counts and average precision come from every s-th row and column, from the first: at
    // least 1. Frames are judged by all their pixels all the same. Default 1.
    uint32_t pixel_stride HYLA_INITIALLY(1);
    // How many thresholds of the sigmoid average precision has: 2 to 4096. Default 200.
    uint32_t ap_thresholds HYLA_INITIALLY(200);
} hyla_detection_params;

// Counts over pixels and frames; all zero is empty. Adding the words of two totals merges them.
// A batch's own totals give the batch's values (what cuvis-ai emits), those of the epoch the
// pooled ones.
//
// Average precision has a state of its own, of `hyla_ranking_words` words, with a binning of
// HYLA_BINNING_THRESHOLDS and `ap_thresholds` bins: the functions take both, and `hyla_ranking_...`
// merges and reads the words, too. Without average precision they are NULL, NULL, 0.
//
// hyla_detection_params params = HYLA_DETECTION_PARAMS_DEFAULT;
// hyla_binning_params rule = HYLA_BINNING_PARAMS_DEFAULT;
// hyla_detection_totals totals = {0};
// hyla_binning binning;
// uint32_t table[797];   // hyla_binning_words
// int64_t words[408] = {0};   // hyla_ranking_words: 2 * 200 + 8
// rule.rule = HYLA_BINNING_THRESHOLDS;
// rule.bins = params.ap_thresholds;
// status = hyla_binning_build(&rule, table, 797, &binning);
// status = hyla_detection_update_frame(&params, &pixels, &totals, &binning, words, 408);
// status = hyla_detection_metrics(&params, &totals, &binning, words, 408, &context, list, 10, &count);
typedef struct hyla_detection_totals {
    // The counts; `hyla_confusion_values` reads them.
    struct hyla_confusion_totals confusion;
    // How many calls added to them.
    int64_t updates;
    // How many of these had no decisions.
    int64_t undecided;
    // Shows whether counts of different strides were mixed.
    int64_t fingerprint;
} hyla_detection_totals;

// Drift of scores without labels: how histograms are compared. With F and G the shares of pixels up to a score,
// now and in the reference, of n and m pixels:
//
// psi = sum over groups (a - b) ln(a / b)         a, b: shares of a group; an empty one counts as half a pixel
// ks = max |F - G|                                Kolmogorov and Smirnov
// wasserstein = integral |F - G| d score          Wasserstein-1, in units of the score
// jensen_shannon = sum over bins p/2 ln(2p / (p + q)) + q/2 ln(2q / (p + q))     its square root is a distance
//
// Groups are neighbouring bins, merged to about equal reference count: a group ends with the first bin up to which
// k / `groups` of the reference lie; the outermost reach to infinity. A share is count / n, or 1 / (2 n) of an
// empty group; a group that is empty on both sides adds nothing. 0.1 for a small and 0.25 for a large psi are
// conventions of credit scoring, no more; without any change psi is (groups - 1) (1/n + 1/m) on average for
// independent pixels, and jensen_shannon about (bins that are not empty - 1) (1/n + 1/m) / 8.
//
// Initialise with HYLA_DRIFT_PARAMS_DEFAULT. Formula: Siddiqi (2006), Vallender (1974), Lin (1991).
typedef struct hyla_drift_params {
    // `sizeof(hyla_drift_params)`.
    uint32_t struct_size HYLA_INITIALLY(sizeof(hyla_drift_params));
    // How many groups psi is formed over, at most 65536; 0: every bin. Default 10.
    uint32_t groups HYLA_INITIALLY(10);
    // 1: no score of either histogram lies outside `low` to `high`; 0: nothing is known of that. Default 0.
    uint32_t has_range HYLA_INITIALLY(0);
    // At most the least score: `min` of a `hyla_range` of both, say. Looked at only with `has_range`. Default 0.
    float low HYLA_INITIALLY(0.0f);
    // At least the greatest score. Looked at only with `has_range`. Default 0.
    float high HYLA_INITIALLY(0.0f);
} hyla_drift_params;

// The pixels of one histogram. A share of nothing is NaN.
typedef struct hyla_drift_side {
    // How many pixels have a number for a score.
    int64_t pixels;
    // How many have a NaN.
    int64_t nan;
    // How many were masked.
    int64_t masked;
    // How many lie in the lowest bin that a score can have, that of minus infinity: of U8 and U16 the zeros, of
    // LINEAR and THRESHOLDS the first bin, of KEY the infinite scores (of 8 bits: those from 2^127 on).
    int64_t lowest;
    // How many lie in the highest one, that of infinity: of U8 those of 255, of U16 those of 65535.
    int64_t highest;
    // `nan` of all that are not masked.
    double nan_share;
    // `masked` of all.
    double masked_share;
    // `lowest` of `pixels`.
    double lowest_share;
    // `highest` of `pixels`.
    double highest_share;
} hyla_drift_side;

// How far two histograms are apart. A bound holds for the exact scores, of which the histograms know the bins.
// All values are NaN where a histogram has no pixels.
typedef struct hyla_drift_report {
    // The population stability index.
    double psi;
    // The statistic of Kolmogorov and Smirnov at the edges of bins.
    double ks;
    // The exact one is not below this,
    double ks_lo;
    // and not above this.
    double ks_hi;
    // Wasserstein-1 with scores spread evenly over their bin, and in an open bin at its finite edge. Exact for
    // integers. Infinite where the shares of infinite scores differ. Of THRESHOLDS in units of the logit, too.
    double wasserstein;
    // The exact one is not below this,
    double wasserstein_lo;
    // and not above this: infinite where the first or last bin of LINEAR or THRESHOLDS is not empty and no range
    // is known.
    double wasserstein_hi;
    // The divergence of Jensen and Shannon over the bins, in [0, ln 2]: at most that of the scores themselves.
    double jensen_shannon;
    // The pixels of now.
    struct hyla_drift_side now;
    // The pixels of the reference.
    struct hyla_drift_side reference;
    // How many groups psi was formed over: fewer than wanted where a bin has more than its share of the reference.
    int64_t groups;
    // 0. Room for later.
    int64_t reserved;
} hyla_drift_report;

// What is known of one component (cuvis-ai: ExplainedVarianceMetric); all zero is empty. A projection has an
// array of them, one a component:
//
// ratio_k = mean of r_k over the batches     total = sum of ratio_k     cumulative_k = ratio_1 + ... + ratio_k
//
// Adding the words of two arrays merges them. The totals of one batch give cuvis-ai's values, those of a stream
// the pooled ones. Sums are exact; each value is rounded once. Needs no labels.
typedef struct hyla_explained_variance_totals {
    // The sum of its ratios.
    struct hyla_exact_sum ratio;
    // How many batches were added.
    int64_t batches;
} hyla_explained_variance_totals;

// Counts over pixels (cuvis-ai: AnomalyPixelStatisticsMetric); all zero is empty. Adding the
// words of two totals merges them. A batch's own totals give cuvis-ai's values, the totals of a
// stream the pooled ones. For least, greatest and mean percentage of the frames of a stream hand the percentage of
// each, as a map of one float32, to `hyla_range_update` and `hyla_score_statistics_update`.
typedef struct hyla_pixel_statistics_totals {
    // How many pixels count.
    int64_t pixels;
    // Positive decisions among them.
    int64_t anomalous;
} hyla_pixel_statistics_totals;

// What the totals say.
typedef struct hyla_pixel_statistics_report {
    // How many pixels count.
    int64_t total;
    // Positive decisions among them.
    int64_t anomalous;
    // 100 * anomalous / total, one division in double; 0 when nothing counts.
    double percentage;
} hyla_pixel_statistics_report;

// What histograms say. A bound holds for the exact scores, of which the histograms know the bins.
typedef struct hyla_ranking_report {
    // Average precision with each bin as one tie: torchmetrics' value. 0 without anomalies.
    double average_precision;
    // The exact one is not below this,
    double average_precision_lo;
    // and not above this.
    double average_precision_hi;
    // An estimate between the two: anomalies spread evenly among the normal pixels of their bin.
    double average_precision_interleaved;
    // The area under the ROC curve with each bin as one tie. NaN without anomalies or without normal pixels.
    double roc_auc;
    // The exact one is not below this,
    double roc_auc_lo;
    // and not above this.
    double roc_auc_hi;
    // The greatest F1 of the thresholds that are edges of bins, so that of any threshold is not below. 0 without
    // anomalies.
    double f1_max;
    // The greatest F1 of any threshold is not above this.
    double f1_max_hi;
    // The threshold of `f1_max`, the highest of several: decide for scores from it on. NaN without anomalies.
    double f1_max_threshold;
    // How many anomalies are ranked.
    int64_t anomalies;
    // How many normal pixels are ranked.
    int64_t normal;
    // How many anomalies have a NaN score, which is ranked nowhere.
    int64_t nan_anomalies;
    // How many normal pixels have a NaN score, which is ranked nowhere.
    int64_t nan_normal;
    // How many pixels were masked.
    int64_t masked;
    // 0. Room for later.
    int64_t reserved;
} hyla_ranking_report;

// What decisions at a threshold are worth.
typedef struct hyla_ranking_point {
    // Scores from here on are positive: the lower edge of a bin.
    double threshold;
    // The share of positive decisions that are right; 0 of none.
    double precision;
    // The share of anomalies that are found; 0 of none.
    double recall;
    // The share of normal pixels that raise a false alarm; 0 of none.
    double false_positive_rate;
    // Anomalies from the threshold on.
    int64_t true_positives;
    // Normal pixels from the threshold on.
    int64_t false_positives;
} hyla_ranking_point;

// How well the scores of one buffer rank anomalies above everything else: exact values, with every score as a
// threshold and equal scores as one, as scikit-learn's average_precision_score and roc_auc_score have it.
typedef struct hyla_ranking_exact_report {
    // Average precision, within 6 * 2^-53 of itself; 0 without anomalies.
    double average_precision;
    // The area under the ROC curve: the share of pairs (anomaly, normal pixel) in the right order, where a tie
    // counts half; NaN without anomalies or without normal pixels.
    double roc_auc;
    // The greatest F1 of any threshold; 0 without anomalies.
    double f1_max;
    // The threshold of f1_max, the highest of several: decide for scores from it on. NaN without anomalies.
    double f1_max_threshold;
    // How many anomalies are ranked.
    int64_t anomalies;
    // How many normal pixels are ranked.
    int64_t normal;
    // How many anomalies have a NaN score, which is ranked nowhere.
    int64_t nan_anomalies;
    // How many normal pixels have a NaN score, which is ranked nowhere.
    int64_t nan_normal;
    // How many pixels were masked.
    int64_t masked;
    // 0. Room for later.
    int64_t reserved;
} hyla_ranking_exact_report;

// Exact sums of scores and of their squares over a stream (cuvis-ai: ScoreStatisticsMetric); all zero is empty.
// Adding the words of two totals merges them; call `hyla_score_statistics_normalize` afterwards to compare words.
// The extremes of a stream are a `hyla_range`, brackets of its quantiles come from a `hyla_ranking` histogram
// (`hyla_ranking_quantile`; no labels needed).
typedef struct hyla_score_statistics_totals {
    // The sum of the scores.
    struct hyla_exact_sum sum;
    // The sum of their squares.
    struct hyla_exact_squares squares;
    // How many pixels count.
    int64_t pixels;
} hyla_score_statistics_totals;

// What the scores of a frame say. Extremes, median and quantiles are those of the numbers; NaN without any.
// Infinite scores lie at the ends: a quantile between one and a finite score is infinite, between both infinities
// NaN.
typedef struct hyla_score_statistics_report {
    // The mean, from an exact sum; NaN if a score is NaN.
    double mean;
    // The standard deviation of a sample (n - 1), from exact sums; NaN of one pixel, and if a score is not finite.
    double std;
    // The least number.
    double min;
    // The greatest number.
    double max;
    // The number in the middle, the lower one of two.
    double median;
    // The quantile of 0.25, at the rank 0.25 (n - 1), between two numbers in proportion; as the others.
    double q25;
    // The quantile of 0.75.
    double q75;
    // The quantile of 0.95.
    double q95;
    // The quantile of 0.99.
    double q99;
    // How many pixels count.
    int64_t pixels;
    // How many of them are NaN.
    int64_t nan;
    // How many of them are infinite.
    int64_t infinite;
    // How many pixels were masked.
    int64_t masked;
    // 0. Room for later.
    int64_t reserved;
} hyla_score_statistics_report;

// How unequal the weights of a band selector are (cuvis-ai: SelectorDiversityMetric). With the sorted weights
// w_(1) <= ... <= w_(n)
//
// m = sum w / n      variance = sum (w_i - m)^2 / n
// gini = 2 sum_k k w_(k) / (n sum w) - (n + 1) / n
//
// A larger value of either is a less diverse selection. Computed in double, so that nothing cancels, whatever the
// offset of the weights. Needs no labels. Formula: Gini (1912).
typedef struct hyla_selector_diversity_metric_report {
    // The population variance; NaN of no weight, and if a weight is not finite.
    double weight_variance;
    // 0 of weights that are all alike, (n - 1) / n of a single weight that is not 0; NaN of no weight, and if a
    // weight is not finite. If some weights are negative it is no Gini coefficient, but what the formula gives,
    // and infinite where their sum is 0.
    double gini_coefficient;
    // The exact sum of the weights, rounded once.
    double sum;
    // How many weights there are.
    int64_t weights;
    // How many of them are negative.
    int64_t negative;
    // 0. Room for later.
    int64_t reserved;
} hyla_selector_diversity_metric_report;

// Entropy of the weights of a band selector (cuvis-ai: SelectorEntropyMetric): what is computed.
//
// S = sum w + eps      p_i = w_i / S      H = -sum p_i ln(p_i + eps)
//
// In nats, the entropy of `hyla_selector_entropy` by itself: exp(H) is about the number of bands in use. Computed
// in double, within 1e-13 of the largest term. Needs no labels. Initialise with
// HYLA_SELECTOR_ENTROPY_METRIC_PARAMS_DEFAULT. Formula: Shannon (1948), section 6.
typedef struct hyla_selector_entropy_metric_params {
    // `sizeof(hyla_selector_entropy_metric_params)`.
    uint32_t struct_size HYLA_INITIALLY(sizeof(hyla_selector_entropy_metric_params));
    // Keeps logarithm and quotient finite: finite, not negative. Default 1e-6.
    float eps HYLA_INITIALLY(1e-6f);
} hyla_selector_entropy_metric_params;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// HYLA_VERSION of the library that runs, which may differ from that of the header.
HYLA_API
uint32_t hyla_version(void);

// The version of the library that runs as text, such as "0.1.0"; static, never NULL.
HYLA_API
const char *hyla_version_string(void);

// HYLA_ABI_VERSION of the library that runs: if it differs from the header's, do not go on.
HYLA_API
uint32_t hyla_abi_version(void);

// The tier that kernels run on now (HYLA_TIER_...). It is the best one of the machine unless a
// lower one was pinned. The results are the same bits on every tier.
HYLA_API
uint32_t hyla_tier(void);

// The name of a tier: "scalar", "portable", "avx2", "avx512"; "unknown" for another number.
// Static, never NULL.
HYLA_API
const char *hyla_tier_name(uint32_t tier);

// Makes all calls of the process run on this tier, or on the best one again (HYLA_TIER_BEST): for
// tests and measurements. A call that runs meanwhile on another thread finishes on either tier.
//
// Errors: TIER_UNAVAILABLE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_tier_pin(uint32_t tier);

// An English sentence about a status: about the error, or about the lowest notice bit that is
// set. Call it with one bit at a time to hear about each (`HYLA_FOR_NOTICES`). The text is static and never NULL.
HYLA_API
const char *hyla_status_message(hyla_status status);

// The name of the constant: "HYLA_ERROR_OVERLAP" of an error, "HYLA_NOTICE_EMPTY" of the lowest notice bit,
// "HYLA_OK", or "unknown". The text is static and never NULL.
HYLA_API
const char *hyla_status_name(hyla_status status);

// What an error is about: the name of an argument ("totals", "params"), or of a field ("targets", "pos_weight"), as
// this header has it. Empty if the error is about the call as a whole, and of what is no error. The text is static and
// never NULL.
//
// Of OVERLAP it is the output that overlaps something, of NULL_POINTER and MISALIGNED the pointer or the input, of
// RESERVED the struct whose field is not 0.
HYLA_API
const char *hyla_status_subject(hyla_status status);

// `sizeof(hyla_sum_totals)`, for bindings to check.
HYLA_API
size_t hyla_sum_totals_size(void);

// Adds other totals to totals, and makes the words canonical.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_sum_merge(const struct hyla_sum_totals *other,
                           struct hyla_sum_totals *totals);

// Makes the words canonical after they were added elsewhere (MPI_SUM, SQL SUM), so that what is equal has
// equal words. Values are the same before and after.
//
// Errors: NULL_POINTER, MISALIGNED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_sum_normalize(struct hyla_sum_totals *totals);

// Adds the scores of pixels to totals: for monitors without labels.
//
// Inputs: `scores` (any floats); optional `valid`; no weights. NaN and infinite scores
// are counted and decide the value by the rules of IEEE 754.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNSUPPORTED_INPUT (weights or soft targets).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_sum_update(const struct hyla_pixels *pixels,
                            struct hyla_sum_totals *totals);

// The sum, exact and rounded once; 0 of nothing.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, TOTALS. Notices: EMPTY, NOT_FINITE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_sum_value(const struct hyla_sum_totals *totals,
                           double *sum);

// The mean: the exact quotient of sum and count, rounded once; NaN of nothing.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, TOTALS. Notices: EMPTY, NOT_FINITE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_sum_mean(const struct hyla_sum_totals *totals,
                          double *mean);

// `sizeof(hyla_range)`, for bindings to check.
HYLA_API
size_t hyla_range_size(void);

// Joins another range to a range.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_range_merge(const struct hyla_range *other,
                             struct hyla_range *range);

// Joins the scores of pixels to a range.
//
// Inputs: `scores` (any floats); optional `valid`; no weights. NaN scores are counted
// apart; infinities are values like others.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNSUPPORTED_INPUT (weights or soft targets).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_range_update(const struct hyla_pixels *pixels,
                              struct hyla_range *range);

// What the range says. Exact: minimum and maximum are values of the map.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, TOTALS. Notices: EMPTY (no number counts: NaN), NOT_FINITE (a NaN was
// seen, or an extreme is infinite).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_range_values(const struct hyla_range *range,
                              struct hyla_range_report *report);

// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
// bindings that cannot use HYLA_BCE_PARAMS_DEFAULT. Bytes of a later version become 0.
//
// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_bce_params_init(struct hyla_bce_params *params,
                                 size_t size);

// `sizeof(hyla_bce_totals)`, for bindings to check.
HYLA_API
size_t hyla_bce_totals_size(void);

// Adds other totals (of another tile, frame, thread or rank) to totals, and makes the words
// canonical. Both must come from the same parameters; `hyla_bce_loss` finds out.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_bce_merge(const struct hyla_bce_totals *other,
                           struct hyla_bce_totals *totals);

// Makes the words canonical after they were added elsewhere (MPI_SUM, SQL SUM), so that what is equal has
// equal words. Values are the same before and after.
//
// Errors: NULL_POINTER, MISALIGNED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_bce_normalize(struct hyla_bce_totals *totals);

// Adds pixels to totals.
//
// Inputs: `scores` (logits), and either `targets` or `soft_targets` (the other is NULL); optional `valid` and
// `weights`.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED,
// UNSUPPORTED_INPUT (two kinds of targets), UNKNOWN_REDUCTION, WEIGHT, POS_WEIGHT, LABEL_SMOOTHING.
// Notices: none; `hyla_bce_loss` tells them.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_bce_update(const struct hyla_bce_params *params,
                            const struct hyla_pixels *pixels,
                            struct hyla_bce_totals *totals);

// The loss, rounded once from exact sums. The mean of no pixel is NaN, the sum 0.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD,
// UNKNOWN_REDUCTION, WEIGHT, POS_WEIGHT, LABEL_SMOOTHING, NO_SCALAR (reduction none), TOTALS, MIXED_TOTALS (terms of
// another weight, pos_weight or label_smoothing).
// Notices: EMPTY, NOT_FINITE, REJECTED, DEGENERATE (a weighted mean whose weights are all 0: NaN).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_bce_loss(const struct hyla_bce_params *params,
                          const struct hyla_bce_totals *totals,
                          double *loss);

// Writes each pixel's term l_i to `loss_map` (n floats), 0 where the pixel does not count: the loss of
// reduction none. `params->reduction` does not matter.
//
// Errors: those of `hyla_bce_update`. Notices: EMPTY (n is 0).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_bce_map(const struct hyla_bce_params *params,
                         const struct hyla_pixels *pixels,
                         float *loss_map);

// Writes `upstream * d loss / d scores` to `grad_scores` (n floats), or adds it there (`write`). A NaN
// logit has a NaN gradient; the gradient of the mean of nothing is 0.
//
// Errors: those of `hyla_bce_update`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS.
// Notices: those of `hyla_bce_loss`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_bce_gradient(const struct hyla_bce_params *params,
                              const struct hyla_bce_totals *totals,
                              const struct hyla_pixels *pixels,
                              double upstream,
                              uint32_t write,
                              float *grad_scores);

// The loss and the gradient of one batch in one call, for the case that it is not tiled: the same
// bits as update, loss and gradient, in one pass (masks and weights are read once more first).
// The batch's totals are added to `totals`, which may be NULL.
//
// Errors: those of `hyla_bce_update`, UNKNOWN_WRITE, NO_SCALAR.
// Notices: those of `hyla_bce_loss`, about this batch.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_bce_loss_and_gradient(const struct hyla_bce_params *params,
                                       const struct hyla_pixels *pixels,
                                       double upstream,
                                       uint32_t write,
                                       struct hyla_bce_totals *totals,
                                       double *loss,
                                       float *grad_scores);

// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
// bindings that cannot use HYLA_CROSS_ENTROPY_PARAMS_DEFAULT. Bytes of a later version become 0.
//
// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_cross_entropy_params_init(struct hyla_cross_entropy_params *params,
                                           size_t size);

// `sizeof(hyla_cross_entropy_totals)`, for bindings to check.
HYLA_API
size_t hyla_cross_entropy_totals_size(void);

// Adds other totals (of another tile, frame, thread or rank) to totals, and makes the words
// canonical. Both must come from the same parameters; `hyla_cross_entropy_loss` finds out.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_cross_entropy_merge(const struct hyla_cross_entropy_totals *other,
                                     struct hyla_cross_entropy_totals *totals);

// Makes the words canonical after they were added elsewhere (MPI_SUM, SQL SUM), so that what is equal has
// equal words. Values are the same before and after.
//
// Errors: NULL_POINTER, MISALIGNED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_cross_entropy_normalize(struct hyla_cross_entropy_totals *totals);

// Adds pixels to totals.
//
// Inputs: the cube's values and `labels`, optional `valid` and `weights`; `class_weights`, one a channel, finite and
// not negative, may be NULL. All calls of a batch take the same ones.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED, STRIDES,
// CHANNELS (fewer than 2 or more than 4096), UNKNOWN_REDUCTION, UNKNOWN_OPTION, WEIGHT, LABEL_SMOOTHING, CLASS_WEIGHT.
// Notices: none; `hyla_cross_entropy_loss` tells them.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_cross_entropy_update(const struct hyla_cross_entropy_params *params,
                                      const struct hyla_cube *logits,
                                      const float *class_weights,
                                      struct hyla_cross_entropy_totals *totals);

// The loss, rounded once from exact sums. The mean of nothing is NaN, the sum 0.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, UNKNOWN_REDUCTION, UNKNOWN_OPTION,
// WEIGHT, LABEL_SMOOTHING, NO_SCALAR (reduction none), TOTALS, MIXED_TOTALS (terms of another weight or smoothing;
// class weights are not known to the totals). Notices: EMPTY, NOT_FINITE, REJECTED, DEGENERATE (a weighted mean
// whose weights are all 0: NaN).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_cross_entropy_loss(const struct hyla_cross_entropy_params *params,
                                    const struct hyla_cross_entropy_totals *totals,
                                    double *loss);

// Writes each pixel's term l_i to `loss_map` (n floats), 0 where the pixel does not count: the loss of reduction
// none. `params->reduction` does not matter.
//
// Errors: those of `hyla_cross_entropy_update`. Notices: EMPTY (n is 0).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_cross_entropy_map(const struct hyla_cross_entropy_params *params,
                                   const struct hyla_cube *logits,
                                   const float *class_weights,
                                   float *loss_map);

// Writes `upstream * d loss / d logits` to `grad_logits`, in the layout of the values,
// or adds it there (`write`).
// NaN has a NaN gradient; the gradient of the mean of nothing is 0.
//
// Errors: those of `hyla_cross_entropy_update`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS.
// Notices: those of `hyla_cross_entropy_loss`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_cross_entropy_gradient(const struct hyla_cross_entropy_params *params,
                                        const struct hyla_cross_entropy_totals *totals,
                                        const struct hyla_cube *logits,
                                        const float *class_weights,
                                        double upstream,
                                        uint32_t write,
                                        float *grad_logits);

// The loss and the gradient of one batch in one call, for the case that it is not tiled: the same
// bits as update, loss and gradient, in two passes.
// The batch's totals are added to `totals`, which may be NULL.
//
// Errors: those of `hyla_cross_entropy_update`, UNKNOWN_WRITE, NO_SCALAR.
// Notices: those of `hyla_cross_entropy_loss`, about this batch.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_cross_entropy_loss_and_gradient(const struct hyla_cross_entropy_params *params,
                                                 const struct hyla_cube *logits,
                                                 const float *class_weights,
                                                 double upstream,
                                                 uint32_t write,
                                                 struct hyla_cross_entropy_totals *totals,
                                                 double *loss,
                                                 float *grad_logits);

// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
// bindings that cannot use HYLA_DICE_PARAMS_DEFAULT. Bytes of a later version become 0.
//
// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_dice_params_init(struct hyla_dice_params *params,
                                  size_t size);

// `sizeof(hyla_dice_totals)`, for bindings to check: the totals of one class.
HYLA_API
size_t hyla_dice_totals_size(void);

// Adds other totals (of another tile, frame, thread or rank) to totals,
// class by class, and makes the words canonical.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_dice_merge(const struct hyla_dice_totals *other,
                            struct hyla_dice_totals *totals,
                            size_t classes);

// Makes the words canonical after they were added elsewhere.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_dice_normalize(struct hyla_dice_totals *totals,
                                size_t classes);

// Adds pixels to the totals of the classes, an array of `channels` of them.
//
// Inputs: the cube's values and `labels`, optional `valid` and `weights`.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED, STRIDES, CHANNELS
// (none, or more than 4096), UNKNOWN_OPTION, WEIGHT, EPSILON. Notices: none; `hyla_dice_loss` tells them.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_dice_update(const struct hyla_dice_params *params,
                             const struct hyla_cube *logits,
                             struct hyla_dice_totals *totals);

// The loss, in double from exact sums; 0 of no pixel.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, CHANNELS (no class, or more
// than 4096), UNKNOWN_OPTION, WEIGHT, EPSILON, TOTALS, MIXED_TOTALS (of other classes). Notices: EMPTY,
// NOT_FINITE, REJECTED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_dice_loss(const struct hyla_dice_params *params,
                           const struct hyla_dice_totals *totals,
                           size_t classes,
                           double *loss);

// Writes `upstream * d loss / d logits` to `grad_logits`, in the layout of the values, or adds it there (`write`).
//
// Errors: those of `hyla_dice_update`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS. Notices: those of `hyla_dice_loss`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_dice_gradient(const struct hyla_dice_params *params,
                               const struct hyla_dice_totals *totals,
                               const struct hyla_cube *logits,
                               double upstream,
                               uint32_t write,
                               float *grad_logits);

// The loss and the gradient of one batch in one call: the same bits as update, loss and gradient. The batch's
// totals are added to `totals`, which may be NULL, and stored in `batch`, which may be uninitialised: both are
// arrays of `channels` of them.
//
// Errors: those of `hyla_dice_update`, UNKNOWN_WRITE. Notices: those of `hyla_dice_loss`, about this batch.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_dice_loss_and_gradient(const struct hyla_dice_params *params,
                                        const struct hyla_cube *logits,
                                        double upstream,
                                        uint32_t write,
                                        struct hyla_dice_totals *totals,
                                        struct hyla_dice_totals *batch,
                                        double *loss,
                                        float *grad_logits);

// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
// bindings that cannot use HYLA_DISTINCTNESS_PARAMS_DEFAULT. Bytes of a later version become 0.
//
// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_distinctness_params_init(struct hyla_distinctness_params *params,
                                          size_t size);

// How many doubles of workspace a matrix needs: the same on every tier.
HYLA_API
size_t hyla_distinctness_workspace(size_t rows,
                                   size_t columns);

// The loss. 0 of fewer than two rows. `workspace` holds `workspace_size` doubles, at least
// `hyla_distinctness_workspace(rows, columns)`.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED, STRIDES
// (rows overlap), CHANNELS (more than 1024 rows), WORKSPACE (too small),
// WEIGHT, EPSILON, UNKNOWN_OPTION. Notices: EMPTY (fewer than two rows: 0), DEGENERATE (a row no longer than eps),
// ZERO_PAIRS (cosines are known to be exactly 0: with `skip_exact_zeros` any, otherwise those of a row of zeros, or
// all of them), NOT_FINITE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_distinctness_loss(const struct hyla_distinctness_params *params,
                                   const struct hyla_matrix *selection_weights,
                                   double *workspace,
                                   size_t workspace_size,
                                   double *loss);

// Writes `upstream * d loss / d selection_weights` to `grad_selection_weights`, in the layout of the matrix,
// or adds it there (`write`), each rounded to float32 once.
// It has no part along its row where the row is longer than eps.
//
// Errors: those of `hyla_distinctness_loss`, UNKNOWN_WRITE.
// Notices: those of `hyla_distinctness_loss`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_distinctness_gradient(const struct hyla_distinctness_params *params,
                                       const struct hyla_matrix *selection_weights,
                                       double upstream,
                                       uint32_t write,
                                       double *workspace,
                                       size_t workspace_size,
                                       float *grad_selection_weights);

// The loss and the gradient in one call: the same bits as the two functions.
//
// Errors and notices: those of `hyla_distinctness_gradient`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_distinctness_loss_and_gradient(const struct hyla_distinctness_params *params,
                                                const struct hyla_matrix *selection_weights,
                                                double upstream,
                                                uint32_t write,
                                                double *workspace,
                                                size_t workspace_size,
                                                double *loss,
                                                float *grad_selection_weights);

// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
// bindings that cannot use HYLA_FOCAL_PARAMS_DEFAULT. Bytes of a later version become 0.
//
// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_focal_params_init(struct hyla_focal_params *params,
                                   size_t size);

// `sizeof(hyla_focal_totals)`, for bindings to check.
HYLA_API
size_t hyla_focal_totals_size(void);

// Adds other totals (of another tile, frame, thread or rank) to totals, and makes the words
// canonical. Both must come from the same parameters; `hyla_focal_loss` finds out.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_focal_merge(const struct hyla_focal_totals *other,
                             struct hyla_focal_totals *totals);

// Makes the words canonical after they were added elsewhere (MPI_SUM, SQL SUM), so that what is equal has
// equal words. Values are the same before and after.
//
// Errors: NULL_POINTER, MISALIGNED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_focal_normalize(struct hyla_focal_totals *totals);

// Adds pixels to totals.
//
// Inputs: `scores` (logits) and `targets`; optional `valid` and `weights`; `soft_targets` must be NULL.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED,
// UNSUPPORTED_INPUT (soft targets), UNKNOWN_REDUCTION, UNKNOWN_OPTION, WEIGHT, GAMMA, BALANCE (alpha).
// Notices: none; `hyla_focal_loss` tells them.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_focal_update(const struct hyla_focal_params *params,
                              const struct hyla_pixels *pixels,
                              struct hyla_focal_totals *totals);

// The loss, rounded once from exact sums. The mean of no pixel is NaN, the sum 0.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD,
// UNKNOWN_REDUCTION, UNKNOWN_OPTION, WEIGHT, GAMMA, BALANCE (alpha), NO_SCALAR (reduction none), TOTALS, MIXED_TOTALS
// (terms of another weight, gamma or alpha).
// Notices: EMPTY, NOT_FINITE, REJECTED, DEGENERATE (a weighted mean whose weights are all 0: NaN).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_focal_loss(const struct hyla_focal_params *params,
                            const struct hyla_focal_totals *totals,
                            double *loss);

// Writes each pixel's term l_i to `loss_map` (n floats), 0 where the pixel does not count: the loss of
// reduction none. `params->reduction` does not matter.
//
// Errors: those of `hyla_focal_update`. Notices: EMPTY (n is 0).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_focal_map(const struct hyla_focal_params *params,
                           const struct hyla_pixels *pixels,
                           float *loss_map);

// Writes `upstream * d loss / d scores` to `grad_scores` (n floats), or adds it there (`write`). A NaN
// logit has a NaN gradient; the gradient of the mean of nothing is 0.
//
// Errors: those of `hyla_focal_update`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS.
// Notices: those of `hyla_focal_loss`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_focal_gradient(const struct hyla_focal_params *params,
                                const struct hyla_focal_totals *totals,
                                const struct hyla_pixels *pixels,
                                double upstream,
                                uint32_t write,
                                float *grad_scores);

// The loss and the gradient of one batch in one call, for the case that it is not tiled: the same
// bits as update, loss and gradient, in one pass (masks and weights are read once more first).
// The batch's totals are added to `totals`, which may be NULL.
//
// Errors: those of `hyla_focal_update`, UNKNOWN_WRITE, NO_SCALAR.
// Notices: those of `hyla_focal_loss`, about this batch.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_focal_loss_and_gradient(const struct hyla_focal_params *params,
                                         const struct hyla_pixels *pixels,
                                         double upstream,
                                         uint32_t write,
                                         struct hyla_focal_totals *totals,
                                         double *loss,
                                         float *grad_scores);

// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
// bindings that cannot use HYLA_FOREGROUND_CONTRAST_PARAMS_DEFAULT. Bytes of a later version become 0.
//
// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_foreground_contrast_params_init(struct hyla_foreground_contrast_params *params,
                                                 size_t size);

// `sizeof(hyla_foreground_contrast_frame)`, for bindings to check.
HYLA_API
size_t hyla_foreground_contrast_frame_size(void);

// `sizeof(hyla_foreground_contrast_totals)`, for bindings to check.
HYLA_API
size_t hyla_foreground_contrast_totals_size(void);

// Adds another part of a frame (of another tile or thread), and makes the words canonical.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_foreground_contrast_frame_merge(const struct hyla_foreground_contrast_frame *other,
                                                 struct hyla_foreground_contrast_frame *frame);

// Makes the words canonical after they were added elsewhere (MPI_SUM, SQL SUM), so that what is equal has
// equal words. Values are the same before and after.
//
// Errors: NULL_POINTER, MISALIGNED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_foreground_contrast_frame_normalize(struct hyla_foreground_contrast_frame *frame);

// Adds other totals (of other frames, threads or ranks) to totals, and makes the words canonical. Both must
// come from the same parameters; `hyla_foreground_contrast_loss` finds out.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_foreground_contrast_merge(const struct hyla_foreground_contrast_totals *other,
                                           struct hyla_foreground_contrast_totals *totals);

// Makes the words canonical after they were added elsewhere (MPI_SUM, SQL SUM), so that what is equal has
// equal words. Values are the same before and after.
//
// Errors: NULL_POINTER, MISALIGNED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_foreground_contrast_normalize(struct hyla_foreground_contrast_totals *totals);

// Adds pixels to a frame.
//
// Inputs: the cube's values (three channels), `targets`, optional `valid` and `weights`.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED, STRIDES, CHANNELS
// (not three), UNKNOWN_OPTION (color_space, assume_srgb), WEIGHT, BALANCE (compactness_weight, anchor_weight),
// EPSILON. Notices: none; `hyla_foreground_contrast_loss` tells them.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_foreground_contrast_frame_update(const struct hyla_foreground_contrast_params *params,
                                                  const struct hyla_cube *rgb,
                                                  struct hyla_foreground_contrast_frame *frame);

// Adds one finished frame to totals.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, UNKNOWN_OPTION, WEIGHT, BALANCE, EPSILON,
// TOTALS, MIXED_TOTALS (a frame of another colour space, or one whose squares were not summed as the compactness
// weight asks). Notices: none; `hyla_foreground_contrast_loss` tells them.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_foreground_contrast_update(const struct hyla_foreground_contrast_params *params,
                                            const struct hyla_foreground_contrast_frame *frame,
                                            struct hyla_foreground_contrast_totals *totals);

// The mean loss of the frames that count; 0 of none.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, UNKNOWN_OPTION, WEIGHT, BALANCE, EPSILON,
// TOTALS, MIXED_TOTALS (frames of other parameters). Notices: EMPTY (no frame has foreground and background;
// `totals->skipped` tells how many have not), NOT_FINITE, REJECTED, DEGENERATE (eps is 0 and a frame's means are
// equal: its distance has gradient 0).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_foreground_contrast_loss(const struct hyla_foreground_contrast_params *params,
                                          const struct hyla_foreground_contrast_totals *totals,
                                          double *loss);

// Writes `upstream * d loss / d rgb` to `grad_rgb`, in the layout of the values, or adds it there (`write`).
// `totals` are those of the whole batch, `frame` the finished frame that the pixels belong to; the cube may be any
// part of that frame. Where a pixel does not count, and in a skipped frame: 0, or unchanged.
//
// Errors: those of `hyla_foreground_contrast_frame_update`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS. Notices: those of
// `hyla_foreground_contrast_loss`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_foreground_contrast_gradient(const struct hyla_foreground_contrast_params *params,
                                              const struct hyla_foreground_contrast_totals *totals,
                                              const struct hyla_foreground_contrast_frame *frame,
                                              const struct hyla_cube *rgb,
                                              double upstream,
                                              uint32_t write,
                                              float *grad_rgb);

// The loss and the gradient of a batch of one frame in one call, for the case that it is not tiled: the same
// bits as frame_update, update, loss and gradient. The pixels are read twice. The batch's totals are added to
// `totals`, which may be NULL.
//
// Errors: those of `hyla_foreground_contrast_frame_update`, UNKNOWN_WRITE. Notices: those of
// `hyla_foreground_contrast_loss`, about this frame.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_foreground_contrast_loss_and_gradient(const struct hyla_foreground_contrast_params *params,
                                                       const struct hyla_cube *rgb,
                                                       double upstream,
                                                       uint32_t write,
                                                       struct hyla_foreground_contrast_totals *totals,
                                                       double *loss,
                                                       float *grad_rgb);

// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
// bindings that cannot use HYLA_IOU_PARAMS_DEFAULT. Bytes of a later version become 0.
//
// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_iou_params_init(struct hyla_iou_params *params,
                                 size_t size);

// `sizeof(hyla_iou_totals)`, for bindings to check.
HYLA_API
size_t hyla_iou_totals_size(void);

// Adds other totals (of another tile, frame, thread or rank) to totals, and makes the words
// canonical. Both must come from the same parameters; `hyla_iou_loss` finds out.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_iou_merge(const struct hyla_iou_totals *other,
                           struct hyla_iou_totals *totals);

// Makes the words canonical after they were added elsewhere (MPI_SUM, SQL SUM), so that what is equal has
// equal words. Values are the same before and after.
//
// Errors: NULL_POINTER, MISALIGNED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_iou_normalize(struct hyla_iou_totals *totals);

// Adds pixels to totals; with minmax their scores to `range`, too, which then must be given, begins as
// all zero bits and belongs to these totals alone. (Otherwise `range` is not touched and may be NULL.)
//
// Inputs: `scores`, and either `targets` or `soft_targets` (the other is NULL); optional `valid` and
// `weights`.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED,
// UNSUPPORTED_INPUT (two kinds of targets), UNKNOWN_NORMALIZATION, UNKNOWN_OPTION, WEIGHT,
// SMOOTH, RANGE_MISSING. Notices: none; `hyla_iou_loss` tells them.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_iou_update(const struct hyla_iou_params *params,
                            const struct hyla_pixels *pixels,
                            struct hyla_iou_totals *totals,
                            struct hyla_range *range);

// The loss, in double from exact sums. With minmax `range` is that of the totals, merged as they were
// (`hyla_range_merge`); otherwise it may be NULL.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, those about parameters, TOTALS,
// MIXED_TOTALS (terms of another normalisation), RANGE_MISSING (none, or that of other pixels). Notices:
// EMPTY (no pixel: 0; or a skipped one), NO_POSITIVES, NOT_FINITE, DEGENERATE (a convention, see the
// parameters), REJECTED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_iou_loss(const struct hyla_iou_params *params,
                          const struct hyla_iou_totals *totals,
                          const struct hyla_range *range,
                          double *loss);

// Writes `upstream * d loss / d scores` to `grad_scores` (n floats), or adds it there (`write`).
// `range` as for `hyla_iou_loss`.
//
// Errors: those of `hyla_iou_update`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS.
// Notices: those of `hyla_iou_loss`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_iou_gradient(const struct hyla_iou_params *params,
                              const struct hyla_iou_totals *totals,
                              const struct hyla_range *range,
                              const struct hyla_pixels *pixels,
                              double upstream,
                              uint32_t write,
                              float *grad_scores);

// The loss and the gradient of one batch in one call, for the case that it is not tiled: the same
// bits as update, loss and gradient, in two passes. The batch's totals are added to `totals` and, with
// minmax, its range to `range`; either may be NULL.
//
// Errors: those of `hyla_iou_update` (but no range is needed), UNKNOWN_WRITE.
// Notices: those of `hyla_iou_loss`, about this batch.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_iou_loss_and_gradient(const struct hyla_iou_params *params,
                                       const struct hyla_pixels *pixels,
                                       double upstream,
                                       uint32_t write,
                                       struct hyla_iou_totals *totals,
                                       struct hyla_range *range,
                                       double *loss,
                                       float *grad_scores);

// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
// bindings that cannot use HYLA_MSE_PARAMS_DEFAULT. Bytes of a later version become 0.
//
// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_mse_params_init(struct hyla_mse_params *params,
                                 size_t size);

// `sizeof(hyla_mse_totals)`, for bindings to check.
HYLA_API
size_t hyla_mse_totals_size(void);

// Adds other totals (of another tile, frame, thread or rank) to totals, and makes the words
// canonical. Both must come from the same parameters; `hyla_mse_loss` finds out.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_mse_merge(const struct hyla_mse_totals *other,
                           struct hyla_mse_totals *totals);

// Makes the words canonical after they were added elsewhere (MPI_SUM, SQL SUM), so that what is equal has
// equal words. Values are the same before and after.
//
// Errors: NULL_POINTER, MISALIGNED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_mse_normalize(struct hyla_mse_totals *totals);

// Adds pixels to totals.
//
// Inputs: the cube's values, optional `valid` and `weights`; `target`, values of any type and layout, as many.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED, STRIDES,
// CHANNELS (pixels of none), UNKNOWN_REDUCTION, WEIGHT. Notices: none; `hyla_mse_loss` tells them.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_mse_update(const struct hyla_mse_params *params,
                            const struct hyla_cube *reconstruction,
                            const struct hyla_values *target,
                            struct hyla_mse_totals *totals);

// The loss, rounded once from exact sums. The mean of nothing is NaN, the sum 0.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, UNKNOWN_REDUCTION, WEIGHT, NO_SCALAR
// (reduction none), TOTALS, MIXED_TOTALS (terms of another weight). Notices: EMPTY, NOT_FINITE, REJECTED,
// DEGENERATE (a weighted mean whose weights are all 0: NaN).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_mse_loss(const struct hyla_mse_params *params,
                          const struct hyla_mse_totals *totals,
                          double *loss);

// Writes each value's term l_ik to `loss_map`, in the layout of the values, 0 where the pixel does not count: the
// loss of reduction none. `params->reduction` does not matter.
//
// Errors: those of `hyla_mse_update`. Notices: EMPTY (n is 0).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_mse_map(const struct hyla_mse_params *params,
                         const struct hyla_cube *reconstruction,
                         const struct hyla_values *target,
                         float *loss_map);

// Writes `upstream * d loss / d reconstruction` to `grad_reconstruction`, in the layout of the values,
// or adds it there (`write`).
// The gradient by the target is that of `-upstream`. NaN has a NaN gradient; the gradient of the mean of nothing
// is 0.
//
// Errors: those of `hyla_mse_update`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS.
// Notices: those of `hyla_mse_loss`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_mse_gradient(const struct hyla_mse_params *params,
                              const struct hyla_mse_totals *totals,
                              const struct hyla_cube *reconstruction,
                              const struct hyla_values *target,
                              double upstream,
                              uint32_t write,
                              float *grad_reconstruction);

// The loss and the gradient of one batch in one call, for the case that it is not tiled: the same
// bits as update, loss and gradient, in one pass (masks and weights are read once more first).
// The batch's totals are added to `totals`, which may be NULL.
//
// Errors: those of `hyla_mse_update`, UNKNOWN_WRITE, NO_SCALAR.
// Notices: those of `hyla_mse_loss`, about this batch.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_mse_loss_and_gradient(const struct hyla_mse_params *params,
                                       const struct hyla_cube *reconstruction,
                                       const struct hyla_values *target,
                                       double upstream,
                                       uint32_t write,
                                       struct hyla_mse_totals *totals,
                                       double *loss,
                                       float *grad_reconstruction);

// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
// bindings that cannot use HYLA_ORTHOGONALITY_PARAMS_DEFAULT. Bytes of a later version become 0.
//
// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_orthogonality_params_init(struct hyla_orthogonality_params *params,
                                           size_t size);

// How many doubles of workspace a matrix needs: the same on every tier.
HYLA_API
size_t hyla_orthogonality_workspace(size_t rows,
                                    size_t columns);

// The loss. 0 of no row. `workspace` holds `workspace_size` doubles, at least
// `hyla_orthogonality_workspace(rows, columns)`.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED, STRIDES
// (rows overlap), CHANNELS (more than 1024 rows), WORKSPACE (too small),
// WEIGHT. Notices: EMPTY (no row: 0), NOT_FINITE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_orthogonality_loss(const struct hyla_orthogonality_params *params,
                                    const struct hyla_matrix *components,
                                    double *workspace,
                                    size_t workspace_size,
                                    double *loss);

// Writes `upstream * d loss / d components` to `grad_components`, in the layout of the matrix,
// or adds it there (`write`), each rounded to float32 once.
// Within 8 * 2^-24 of `4 weight |E| |W|`.
//
// Errors: those of `hyla_orthogonality_loss`, UNKNOWN_WRITE.
// Notices: those of `hyla_orthogonality_loss`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_orthogonality_gradient(const struct hyla_orthogonality_params *params,
                                        const struct hyla_matrix *components,
                                        double upstream,
                                        uint32_t write,
                                        double *workspace,
                                        size_t workspace_size,
                                        float *grad_components);

// The loss and the gradient in one call: the same bits as the two functions.
//
// Errors and notices: those of `hyla_orthogonality_gradient`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_orthogonality_loss_and_gradient(const struct hyla_orthogonality_params *params,
                                                 const struct hyla_matrix *components,
                                                 double upstream,
                                                 uint32_t write,
                                                 double *workspace,
                                                 size_t workspace_size,
                                                 double *loss,
                                                 float *grad_components);

// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
// bindings that cannot use HYLA_SELECTOR_DIVERSITY_PARAMS_DEFAULT. Bytes of a later version become 0.
//
// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_selector_diversity_params_init(struct hyla_selector_diversity_params *params,
                                                size_t size);

// The loss of `n` weights. NaN of no weight.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, WEIGHT. Notices: EMPTY,
// NOT_FINITE (NaN or infinite weights).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_selector_diversity_loss(const struct hyla_selector_diversity_params *params,
                                         const float *weights,
                                         size_t n,
                                         double *loss);

// Writes `upstream * d loss / d weights` to `grad_weights` (n floats), or adds it there (`write`), each
// rounded to float32 once.
//
// Errors: those of `hyla_selector_diversity_loss`, UNKNOWN_WRITE.
// Notices: those of `hyla_selector_diversity_loss`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_selector_diversity_gradient(const struct hyla_selector_diversity_params *params,
                                             const float *weights,
                                             size_t n,
                                             double upstream,
                                             uint32_t write,
                                             float *grad_weights);

// The loss and the gradient in one call: the same bits as the two functions.
//
// Errors and notices: those of `hyla_selector_diversity_gradient`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_selector_diversity_loss_and_gradient(const struct hyla_selector_diversity_params *params,
                                                      const float *weights,
                                                      size_t n,
                                                      double upstream,
                                                      uint32_t write,
                                                      double *loss,
                                                      float *grad_weights);

// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
// bindings that cannot use HYLA_SELECTOR_ENTROPY_PARAMS_DEFAULT. Bytes of a later version become 0.
//
// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_selector_entropy_params_init(struct hyla_selector_entropy_params *params,
                                              size_t size);

// The loss of `n` weights. 0 of no weight.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, WEIGHT, EPSILON, TARGET,
// UNKNOWN_OPTION. Notices: EMPTY, DEGENERATE (all weights are 0: the value is that of entropy 0), NOT_FINITE (a
// logarithm of a negative number, or a sum of 0).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_selector_entropy_loss(const struct hyla_selector_entropy_params *params,
                                       const float *weights,
                                       size_t n,
                                       double *loss);

// Writes `upstream * d loss / d weights` to `grad_weights` (n floats), or adds it there (`write`), each
// rounded to float32 once.
//
// Errors: those of `hyla_selector_entropy_loss`, UNKNOWN_WRITE.
// Notices: those of `hyla_selector_entropy_loss`, NOT_FINITE also for an infinite slope.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_selector_entropy_gradient(const struct hyla_selector_entropy_params *params,
                                           const float *weights,
                                           size_t n,
                                           double upstream,
                                           uint32_t write,
                                           float *grad_weights);

// The loss and the gradient in one call: the same bits as the two functions.
//
// Errors and notices: those of `hyla_selector_entropy_gradient`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_selector_entropy_loss_and_gradient(const struct hyla_selector_entropy_params *params,
                                                    const float *weights,
                                                    size_t n,
                                                    double upstream,
                                                    uint32_t write,
                                                    double *loss,
                                                    float *grad_weights);

// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
// bindings that cannot use HYLA_SPECTRAL_ANGLE_PARAMS_DEFAULT. Bytes of a later version become 0.
//
// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_spectral_angle_params_init(struct hyla_spectral_angle_params *params,
                                            size_t size);

// `sizeof(hyla_spectral_angle_totals)`, for bindings to check.
HYLA_API
size_t hyla_spectral_angle_totals_size(void);

// Adds other totals (of another tile, frame, thread or rank) to totals, and makes the words
// canonical. Both must come from the same parameters; `hyla_spectral_angle_loss` finds out.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_spectral_angle_merge(const struct hyla_spectral_angle_totals *other,
                                      struct hyla_spectral_angle_totals *totals);

// Makes the words canonical after they were added elsewhere (MPI_SUM, SQL SUM), so that what is equal has
// equal words. Values are the same before and after.
//
// Errors: NULL_POINTER, MISALIGNED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_spectral_angle_normalize(struct hyla_spectral_angle_totals *totals);

// Adds pixels to totals.
//
// Inputs: the cube's values, optional `valid` and `weights`; `original`, values of any type and layout, as many.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED, STRIDES,
// CHANNELS (pixels of none), UNKNOWN_OPTION (measure), UNKNOWN_REDUCTION, WEIGHT. Notices: none;
// `hyla_spectral_angle_loss` tells them.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_spectral_angle_update(const struct hyla_spectral_angle_params *params,
                                       const struct hyla_cube *reconstruction,
                                       const struct hyla_values *original,
                                       struct hyla_spectral_angle_totals *totals);

// The loss, rounded once from exact sums. The mean of nothing is NaN, the sum 0.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, UNKNOWN_OPTION, UNKNOWN_REDUCTION,
// WEIGHT, NO_SCALAR (reduction none), TOTALS, MIXED_TOTALS (terms of another weight or measure). Notices: EMPTY,
// NOT_FINITE, REJECTED, DEGENERATE (a spectrum of zeros; a weighted mean whose weights are all 0: NaN).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_spectral_angle_loss(const struct hyla_spectral_angle_params *params,
                                     const struct hyla_spectral_angle_totals *totals,
                                     double *loss);

// Writes each pixel's term l_i to `loss_map` (n floats), 0 where the pixel does not count: the loss of reduction
// none. `params->reduction` does not matter. `loss_map` may be uninitialised.
//
// Errors: those of `hyla_spectral_angle_update`. Notices: EMPTY (n is 0).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_spectral_angle_map(const struct hyla_spectral_angle_params *params,
                                    const struct hyla_cube *reconstruction,
                                    const struct hyla_values *original,
                                    float *loss_map);

// Writes `upstream * d loss / d reconstruction` to `grad_reconstruction`, in the layout of the values,
// or adds it there (`write`).
// The gradient by the original is that of a call with the two cubes in each other's place and the same totals. NaN
// has a NaN gradient; spectra that are parallel or of zeros have the gradient 0, and so has the mean of nothing.
//
// Errors: those of `hyla_spectral_angle_update`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS.
// Notices: those of `hyla_spectral_angle_loss`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_spectral_angle_gradient(const struct hyla_spectral_angle_params *params,
                                         const struct hyla_spectral_angle_totals *totals,
                                         const struct hyla_cube *reconstruction,
                                         const struct hyla_values *original,
                                         double upstream,
                                         uint32_t write,
                                         float *grad_reconstruction);

// The loss and the gradient of one batch in one call, for the case that it is not tiled: the same
// bits as update, loss and gradient, in one pass (masks and weights are read once more first).
// The batch's totals are added to `totals`, which may be NULL.
//
// Errors: those of `hyla_spectral_angle_update`, UNKNOWN_WRITE, NO_SCALAR.
// Notices: those of `hyla_spectral_angle_loss`, about this batch.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_spectral_angle_loss_and_gradient(const struct hyla_spectral_angle_params *params,
                                                  const struct hyla_cube *reconstruction,
                                                  const struct hyla_values *original,
                                                  double upstream,
                                                  uint32_t write,
                                                  struct hyla_spectral_angle_totals *totals,
                                                  double *loss,
                                                  float *grad_reconstruction);

// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
// bindings that cannot use HYLA_SVDD_PARAMS_DEFAULT. Bytes of a later version become 0.
//
// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_svdd_params_init(struct hyla_svdd_params *params,
                                  size_t size);

// `sizeof(hyla_svdd_totals)`, for bindings to check.
HYLA_API
size_t hyla_svdd_totals_size(void);

// Adds other totals (of another tile, frame, thread or rank) to totals, and makes the words
// canonical. Both must come from the same parameters; `hyla_svdd_loss` finds out.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_svdd_merge(const struct hyla_svdd_totals *other,
                            struct hyla_svdd_totals *totals);

// Makes the words canonical after they were added elsewhere (MPI_SUM, SQL SUM), so that what is equal has
// equal words. Values are the same before and after.
//
// Errors: NULL_POINTER, MISALIGNED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_svdd_normalize(struct hyla_svdd_totals *totals);

// Adds pixels to totals.
//
// Inputs: the cube's values, optional `valid` and `weights`; `center`, one float a channel.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED, STRIDES,
// CHANNELS (none, or more than 4096), NU, WEIGHT, RADIUS. Notices: none; `hyla_svdd_loss` tells them.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_svdd_update(const struct hyla_svdd_params *params,
                             const struct hyla_cube *embeddings,
                             const float *center,
                             struct hyla_svdd_totals *totals);

// The loss. Of no pixel it is NaN.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, NU, WEIGHT, RADIUS, TOTALS, MIXED_TOTALS
// (terms of another radius). Notices: EMPTY, NOT_FINITE, REJECTED, DEGENERATE (the radius has collapsed).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_svdd_loss(const struct hyla_svdd_params *params,
                           const struct hyla_svdd_totals *totals,
                           double *loss);

// Writes each pixel's score `d_n - R^2` to `score_map` (n floats): positive is outside, an anomaly. Pixel weights
// do not enter; 0 where the pixel does not count.
//
// Errors: those of `hyla_svdd_update`. Notices: EMPTY (n is 0), DEGENERATE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_svdd_map(const struct hyla_svdd_params *params,
                          const struct hyla_cube *embeddings,
                          const float *center,
                          float *score_map);

// Writes `upstream * d loss / d embeddings` to `grad_embeddings`, in the layout of the values,
// or adds it there (`write`).
// It is 0 inside the sphere.
//
// Errors: those of `hyla_svdd_update`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS.
// Notices: those of `hyla_svdd_loss`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_svdd_gradient(const struct hyla_svdd_params *params,
                               const struct hyla_svdd_totals *totals,
                               const struct hyla_cube *embeddings,
                               const float *center,
                               double upstream,
                               uint32_t write,
                               float *grad_embeddings);

// The loss and the gradient of one batch in one call, for the case that it is not tiled: the same
// bits as update, loss and gradient, in one pass (masks and weights are read once more first).
// The batch's totals are added to `totals`, which may be NULL.
//
// Errors: those of `hyla_svdd_update`, UNKNOWN_WRITE.
// Notices: those of `hyla_svdd_loss`, about this batch.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_svdd_loss_and_gradient(const struct hyla_svdd_params *params,
                                        const struct hyla_cube *embeddings,
                                        const float *center,
                                        double upstream,
                                        uint32_t write,
                                        struct hyla_svdd_totals *totals,
                                        double *loss,
                                        float *grad_embeddings);

// The radius R (not squared). HYLA_NOTICE_DEGENERATE: it is 0 in float32 and cannot grow again.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, NU, WEIGHT, RADIUS.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_svdd_radius(const struct hyla_svdd_params *params,
                             double *radius);

// Writes `upstream * d loss / d r_unconstrained`: 0 where a share nu of the pixels is outside, and of no
// pixel.
//
// Errors and notices: those of `hyla_svdd_loss`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_svdd_gradient_radius(const struct hyla_svdd_params *params,
                                      const struct hyla_svdd_totals *totals,
                                      double upstream,
                                      double *grad_r_unconstrained);

// Adds `a_n v_n (z_nk - c_k)` to `center_sums[k]`, one exact sum a channel, which begin as all zero bits: what
// `hyla_svdd_gradient_center` needs. It may be called for any part of a batch, in any order.
//
// Errors: those of `hyla_svdd_update`. Notices: EMPTY (n is 0), DEGENERATE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_svdd_center_update(const struct hyla_svdd_params *params,
                                    const struct hyla_cube *embeddings,
                                    const float *center,
                                    struct hyla_exact_sum *center_sums);

// Adds other sums (of another tile or rank) to sums, channel by channel, and makes the words canonical.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, CHANNELS.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_svdd_center_merge(const struct hyla_exact_sum *other,
                                   struct hyla_exact_sum *center_sums,
                                   size_t channels);

// Makes the words canonical after they were added elsewhere.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, CHANNELS.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_svdd_center_normalize(struct hyla_exact_sum *center_sums,
                                       size_t channels);

// Writes `upstream * d loss / d center` to `grad_center` (`channels` floats), or adds it there. `totals` and
// `center_sums` are those of the whole batch.
//
// Errors: those of `hyla_svdd_loss`, TOO_LARGE, CHANNELS, UNKNOWN_WRITE. Notices: those of `hyla_svdd_loss`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_svdd_gradient_center(const struct hyla_svdd_params *params,
                                      const struct hyla_svdd_totals *totals,
                                      const struct hyla_exact_sum *center_sums,
                                      size_t channels,
                                      double upstream,
                                      uint32_t write,
                                      float *grad_center);

// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
// bindings that cannot use HYLA_TVERSKY_PARAMS_DEFAULT. Bytes of a later version become 0.
//
// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_tversky_params_init(struct hyla_tversky_params *params,
                                     size_t size);

// `sizeof(hyla_tversky_totals)`, for bindings to check.
HYLA_API
size_t hyla_tversky_totals_size(void);

// Adds other totals (of another tile, frame, thread or rank) to totals, and makes the words
// canonical. Both must come from the same parameters; `hyla_tversky_loss` finds out.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_tversky_merge(const struct hyla_tversky_totals *other,
                               struct hyla_tversky_totals *totals);

// Makes the words canonical after they were added elsewhere (MPI_SUM, SQL SUM), so that what is equal has
// equal words. Values are the same before and after.
//
// Errors: NULL_POINTER, MISALIGNED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_tversky_normalize(struct hyla_tversky_totals *totals);

// Adds pixels to totals; with minmax their scores to `range`, too, which then must be given, begins as
// all zero bits and belongs to these totals alone. (Otherwise `range` is not touched and may be NULL.)
//
// Inputs: `scores`, and either `targets` or `soft_targets` (the other is NULL); optional `valid` and
// `weights`.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED,
// UNSUPPORTED_INPUT (two kinds of targets), UNKNOWN_NORMALIZATION, UNKNOWN_OPTION, WEIGHT,
// SMOOTH, BALANCE, GAMMA, RANGE_MISSING. Notices: none; `hyla_tversky_loss` tells them.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_tversky_update(const struct hyla_tversky_params *params,
                                const struct hyla_pixels *pixels,
                                struct hyla_tversky_totals *totals,
                                struct hyla_range *range);

// The loss, in double from exact sums. With minmax `range` is that of the totals, merged as they were
// (`hyla_range_merge`); otherwise it may be NULL.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, those about parameters, TOTALS,
// MIXED_TOTALS (terms of another normalisation), RANGE_MISSING (none, or that of other pixels). Notices:
// EMPTY (no pixel: 0; or a skipped one), NO_POSITIVES, NOT_FINITE, DEGENERATE (a convention, see the
// parameters), REJECTED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_tversky_loss(const struct hyla_tversky_params *params,
                              const struct hyla_tversky_totals *totals,
                              const struct hyla_range *range,
                              double *loss);

// Writes `upstream * d loss / d scores` to `grad_scores` (n floats), or adds it there (`write`).
// `range` as for `hyla_tversky_loss`.
//
// Errors: those of `hyla_tversky_update`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS.
// Notices: those of `hyla_tversky_loss`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_tversky_gradient(const struct hyla_tversky_params *params,
                                  const struct hyla_tversky_totals *totals,
                                  const struct hyla_range *range,
                                  const struct hyla_pixels *pixels,
                                  double upstream,
                                  uint32_t write,
                                  float *grad_scores);

// The loss and the gradient of one batch in one call, for the case that it is not tiled: the same
// bits as update, loss and gradient, in two passes. The batch's totals are added to `totals` and, with
// minmax, its range to `range`; either may be NULL.
//
// Errors: those of `hyla_tversky_update` (but no range is needed), UNKNOWN_WRITE.
// Notices: those of `hyla_tversky_loss`, about this batch.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_tversky_loss_and_gradient(const struct hyla_tversky_params *params,
                                           const struct hyla_pixels *pixels,
                                           double upstream,
                                           uint32_t write,
                                           struct hyla_tversky_totals *totals,
                                           struct hyla_range *range,
                                           double *loss,
                                           float *grad_scores);

// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
// bindings that cannot use HYLA_BAND_STATISTICS_PARAMS_DEFAULT. Bytes of a later version become 0.
//
// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_band_statistics_params_init(struct hyla_band_statistics_params *params,
                                             size_t size);

// `sizeof(hyla_band_statistics_totals)`, for bindings to check: the words of one channel.
HYLA_API
size_t hyla_band_statistics_totals_size(void);

// `sizeof(hyla_band_statistics_column)`, for bindings to check: the words of one column of one channel.
HYLA_API
size_t hyla_band_statistics_column_size(void);

// Adds a line, a frame or any other part of a stream to the words of its channels (`totals`, one for each), and to
// those of its columns: `columns` is NULL, or has `channels * n / rows` items, of which column c of channel k is
// the item `k * (n / rows) + c`.
//
// Inputs: the cube's values, of any type; optional `valid`; no weights. Values that are converted have at most
// 4096 channels, with pointers of 32 bits 256.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, UNKNOWN_OPTION, SATURATION
// (NaN), RESERVED, STRIDES, CHANNELS, UNSUPPORTED_INPUT (weights), and those of cubes.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_band_statistics_update(const struct hyla_band_statistics_params *params,
                                        const struct hyla_cube *cube,
                                        struct hyla_band_statistics_totals *totals,
                                        struct hyla_band_statistics_column *columns);

// Adds the words of other channels to those of channels, one by one, and makes them canonical.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_band_statistics_merge(const struct hyla_band_statistics_totals *other,
                                       struct hyla_band_statistics_totals *totals,
                                       size_t channels);

// Makes the words of channels canonical after they were added elsewhere (and the extremes joined).
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_band_statistics_normalize(struct hyla_band_statistics_totals *totals,
                                           size_t channels);

// Writes what the words of channels say, one report for each. The notices are those of all of them.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, UNKNOWN_OPTION, SATURATION,
// TOTALS, MIXED_TOTALS (values that were counted with another level). Notices: EMPTY (a channel has no number),
// NOT_FINITE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_band_statistics_values(const struct hyla_band_statistics_params *params,
                                        const struct hyla_band_statistics_totals *totals,
                                        size_t channels,
                                        struct hyla_band_statistics_report *reports);

// Joins the words of other columns to those of columns, one by one. `count` is the number of all columns of all
// channels.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_band_statistics_merge_columns(const struct hyla_band_statistics_column *other,
                                               struct hyla_band_statistics_column *columns,
                                               size_t count);

// Writes the indexes of dead columns to `dead`, in ascending order, at most `capacity` of them, and to `found` how
// many are dead. Index k * columns + c is column c of channel k. `dead` may be NULL if `capacity` is 0.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, TOTALS. Notices: EMPTY (no column has a value), INCOMPLETE
// (more are dead than `dead` has room for).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_band_statistics_dead_columns(const struct hyla_band_statistics_column *columns,
                                              size_t count,
                                              size_t *dead,
                                              size_t capacity,
                                              size_t *found);

// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
// bindings that cannot use HYLA_BINNING_PARAMS_DEFAULT. Bytes of a later version become 0.
//
// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_binning_params_init(struct hyla_binning_params *params,
                                     size_t size);

// How many words the table of a binning has, the same on every tier: 0 for all rules but thresholds, 797 (3 KiB)
// for 200 of these.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, UNKNOWN_OPTION (rule), BINNING (bins, low
// or high out of range).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_binning_words(const struct hyla_binning_params *params,
                               size_t *words);

// Builds a binning: writes its table (`table_words` words; may be NULL where none are needed) and the binning. Do
// it once; it takes some microseconds.
//
// Errors: those of `hyla_binning_words`, WORKSPACE (too few words).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_binning_build(const struct hyla_binning_params *params,
                               uint32_t *table,
                               size_t table_words,
                               struct hyla_binning *binning);

// How many doubles of workspace a matrix needs: the same on every tier.
HYLA_API
size_t hyla_component_orthogonality_workspace(size_t rows,
                                              size_t columns);

// How far the rows of a matrix are from orthonormal. `workspace` holds `workspace_size` doubles, at least
// `hyla_component_orthogonality_workspace(rows, columns)`.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, STRIDES (rows overlap), CHANNELS (more than 1024
// rows), WORKSPACE (too small). Notices: EMPTY (no row), DEGENERATE (one row has no deviation), NOT_FINITE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_component_orthogonality_values(const struct hyla_matrix *components,
                                                double *workspace,
                                                size_t workspace_size,
                                                struct hyla_component_orthogonality_report *report);

// Writes the four values of a report under cuvis-ai's names (`orthogonality_error`, `avg_off_diagonal`,
// `diagonal_mean`, `diagonal_std`) and their number to `written`.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, UNKNOWN_STAGE, RESERVED, CAPACITY (below 4). Notices: EMPTY,
// DEGENERATE, NOT_FINITE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_component_orthogonality_metrics(const struct hyla_component_orthogonality_report *report,
                                                 const struct hyla_context *context,
                                                 struct hyla_metric *out,
                                                 size_t capacity,
                                                 size_t *written);

// `sizeof(hyla_confusion_totals)`, for bindings to check.
HYLA_API
size_t hyla_confusion_totals_size(void);

// Ends the open frame: it becomes one true or false positive or negative of the frames. A frame
// without any pixel that counts is a true negative. Parts of one frame in different totals must
// be merged first.
//
// Errors: NULL_POINTER, MISALIGNED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_confusion_end_frame(struct hyla_confusion_totals *totals);

// Adds other totals to totals, with the counts of the open frame.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_confusion_merge(const struct hyla_confusion_totals *other,
                                 struct hyla_confusion_totals *totals);

// Adds pixels to the counts and to the open frame.
//
// Inputs: `decisions`, `targets`; optional `valid`; no weights.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNSUPPORTED_INPUT (weights or soft targets).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_confusion_update(const struct hyla_pixels *pixels,
                                  struct hyla_confusion_totals *totals);

// What the totals say of pixels and of frames that were ended.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, TOTALS. Notices: those of the pixels (EMPTY, NO_POSITIVES,
// NO_NEGATIVES, NO_DECISIONS); the frames have a status of their own.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_confusion_values(const struct hyla_confusion_totals *totals,
                                  struct hyla_confusion_report *report);

// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
// bindings that cannot use HYLA_DETECTION_PARAMS_DEFAULT. Bytes of a later version become 0.
//
// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_detection_params_init(struct hyla_detection_params *params,
                                       size_t size);

// `sizeof(hyla_detection_totals)`, for bindings to check.
HYLA_API
size_t hyla_detection_totals_size(void);

// Ends the open frame, as `hyla_confusion_end_frame` does: for frames with decisions.
//
// Errors: NULL_POINTER, MISALIGNED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_detection_end_frame(struct hyla_detection_totals *totals);

// Adds other totals to totals, with the counts of the open frame. `hyla_ranking_merge` does it for words.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_detection_merge(const struct hyla_detection_totals *other,
                                 struct hyla_detection_totals *totals);

// Adds a part of the open frame: a line of a push-broom camera, say. Ends with
// `hyla_detection_end_frame`.
//
// Inputs: `targets`; `decisions`, or `scores` (logits: any floats) with a binning and `count` words, or
// both; optional `valid`. What is missing is not counted; without a binning scores are ignored; no
// weights. A NaN score is counted apart and ranked nowhere.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED, PIXEL_STRIDE,
// THRESHOLDS, STRIDE_NEEDS_FRAME (a stride above 1), UNSUPPORTED_INPUT (weights or soft targets, a binning other
// than HYLA_BINNING_THRESHOLDS with `ap_thresholds` bins), WORKSPACE (fewer words than `hyla_ranking_words`),
// UNKNOWN_OPTION and BINNING (a binning that nothing built).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_detection_update(const struct hyla_detection_params *params,
                                  const struct hyla_pixels *pixels,
                                  struct hyla_detection_totals *totals,
                                  const struct hyla_binning *binning,
                                  int64_t *words,
                                  size_t count);

// Adds a whole frame, whose rows are `pixels->rows`, and ends it if it has decisions. A frame without pixels adds
// nothing.
//
// Inputs, binning and words: as `hyla_detection_update`.
//
// Errors: those of `hyla_detection_update`, with any stride, FRAME_SHAPE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_detection_update_frame(const struct hyla_detection_params *params,
                                        const struct hyla_pixels *pixels,
                                        struct hyla_detection_totals *totals,
                                        const struct hyla_binning *binning,
                                        int64_t *words,
                                        size_t count);

// Writes the values under cuvis-ai's names and their number to `written`: `precision`, `recall`,
// `f1_score`, `iou`, `image_precision`, `image_recall`, `image_f1`; and with a binning and `count`
// words `average_precision` (torchmetrics' number for that many thresholds), `average_precision_lo`
// and `average_precision_hi` (the exact average precision of the scores lies between them). With a
// binning the first seven are left out if no call had decisions, as in cuvis-ai.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, PIXEL_STRIDE, THRESHOLDS,
// TOTALS, MIXED_TOTALS (strides or binnings were mixed), UNKNOWN_STAGE, RESERVED, UNSUPPORTED_INPUT, WORKSPACE,
// UNKNOWN_OPTION, BINNING (as `hyla_detection_update`), CAPACITY (10 are always enough, 7 without a binning).
// Notices: those of all values together; each value has its own. Ratios: EMPTY, NO_POSITIVES, NO_NEGATIVES,
// NO_DECISIONS. Average precision: EMPTY, NO_POSITIVES (it is 0), NO_NEGATIVES, NOT_FINITE (NaN scores), COARSE
// (its bounds are more than 0.01 apart: rank by finer bins).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_detection_metrics(const struct hyla_detection_params *params,
                                   const struct hyla_detection_totals *totals,
                                   const struct hyla_binning *binning,
                                   const int64_t *words,
                                   size_t count,
                                   const struct hyla_context *context,
                                   struct hyla_metric *out,
                                   size_t capacity,
                                   size_t *written);

// How many words of int32 a set of so many labels has (cuvis-ai: DistinctLabelCount): labels + 2. Words that are all
// zero are the empty set. In order: the number of labels held, flags, the labels themselves in ascending order, zeros.
// Sets are merged, their words cannot be added. Every frame has a set of its own.
//
// A set that is too small keeps the least labels, and says so (INCOMPLETE). Its words are the same for any split of
// the pixels and any order of calls, all the same.
HYLA_API
size_t hyla_distinct_label_count_words(size_t labels);

// Adds the labels of `n` pixels to a set of `count` words, at least 2. 0 is background; negative labels count
// as any other. `valid` may be NULL. A frame may come in many calls. Needs no ground truth.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, WORKSPACE (fewer words than 2), TOTALS, MIXED_TOTALS (the
// set was made with more words). Notices: none; `hyla_distinct_label_count_value` tells them.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_distinct_label_count_update(const int32_t *labels,
                                             const uint8_t *valid,
                                             size_t n,
                                             int32_t *words,
                                             size_t count);

// Adds the labels of another set of as many words (of another tile, thread or rank) to a set.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, WORKSPACE (fewer words than 2), TOTALS, MIXED_TOTALS (a
// set was made with more words).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_distinct_label_count_merge(const int32_t *other,
                                            int32_t *words,
                                            size_t count);

// How many distinct labels other than 0 there are; a lower bound if the set was too small (INCOMPLETE).
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, WORKSPACE (fewer words than 2), TOTALS, MIXED_TOTALS (the
// set was made with more words). Notices: EMPTY (no pixel counted), INCOMPLETE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_distinct_label_count_value(const int32_t *words,
                                            size_t count,
                                            int64_t *labels);

// Writes the number of labels under cuvis-ai's name (`num_distinct_labels`), and 1 to `written`.
//
// Errors: those of `hyla_distinct_label_count_value`, UNKNOWN_STAGE, RESERVED, CAPACITY (0). Notices: EMPTY,
// INCOMPLETE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_distinct_label_count_metrics(const int32_t *words,
                                              size_t count,
                                              const struct hyla_context *context,
                                              struct hyla_metric *out,
                                              size_t capacity,
                                              size_t *written);

// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
// bindings that cannot use HYLA_DRIFT_PARAMS_DEFAULT. Bytes of a later version become 0.
//
// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_drift_params_init(struct hyla_drift_params *params,
                                   size_t size);

// Compares the histograms of now, `words`, with those of a `reference`: both are `count` words of `hyla_ranking`,
// at least `hyla_ranking_words`, of one binning. Anomalies and normal pixels are taken together; no labels are
// needed. The reference may lie in read-only memory. Time is linear in the bins.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED, UNKNOWN_OPTION
// (rule, has_range), BINNING (also: too many groups), WORKSPACE (too few words), TOTALS (counts that do not add up
// to the pixels, too), MIXED_TOTALS (scores of another binning), RANGE_MISSING (`low` above `high`, a NaN, or
// scores outside). Notices: EMPTY (one has no pixels), NOT_FINITE (NaN scores, or infinite ones of differing
// shares), DEGENERATE (psi is of one group, and 0), COARSE (the bounds of ks are more than 0.01 apart).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_drift_values(const struct hyla_drift_params *params,
                              const struct hyla_binning *binning,
                              const int64_t *reference,
                              const int64_t *words,
                              size_t count,
                              struct hyla_drift_report *report);

// Writes twelve values (`drift/psi`, `drift/ks`, `drift/ks_lo`, `drift/ks_hi`, `drift/wasserstein`,
// `drift/wasserstein_lo`, `drift/wasserstein_hi`, `drift/jensen_shannon`, and the shares of now:
// `drift/nan_share`, `drift/masked_share`, `drift/lowest_share`, `drift/highest_share`) and their number to
// `written`. cuvis-ai has no such node; the names are hyla's.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, UNKNOWN_STAGE, RESERVED, CAPACITY (below 12). Notices: those of
// `hyla_drift_values`, each with the values that it is about.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_drift_metrics(const struct hyla_drift_report *report,
                               const struct hyla_context *context,
                               struct hyla_metric *out,
                               size_t capacity,
                               size_t *written);

// `sizeof(hyla_explained_variance_totals)`, for bindings to check: the totals of one component.
HYLA_API
size_t hyla_explained_variance_totals_size(void);

// Adds other totals (of another tile, frame, thread or rank) to totals,
// component by component, and makes the words canonical.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_explained_variance_merge(const struct hyla_explained_variance_totals *other,
                                          struct hyla_explained_variance_totals *totals,
                                          size_t components);

// Makes the words canonical after they were added elsewhere.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_explained_variance_normalize(struct hyla_explained_variance_totals *totals,
                                              size_t components);

// Adds the explained variance ratios of a batch (`components` floats) to the totals of the components, an array of
// as many. Ratios may be any floats: they are not clamped.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_explained_variance_update(const float *ratios,
                                           size_t components,
                                           struct hyla_explained_variance_totals *totals);

// Writes `ratio_k` to `ratios` and `cumulative_k` to `cumulative` (`components` doubles each), and the total.
// NaN of no batch; a total of 0 of no component.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, TOTALS, MIXED_TOTALS (components with different numbers of
// batches). Notices: EMPTY, NOT_FINITE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_explained_variance_values(const struct hyla_explained_variance_totals *totals,
                                           size_t components,
                                           double *ratios,
                                           double *cumulative,
                                           double *total);

// Writes the `2 * components + 1` values under cuvis-ai's names (`explained_variance_pc1`, ...,
// `total_explained_variance`, `cumulative_variance_pc1`, ...) and their number to `written`.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, MIXED_TOTALS, TOTALS, UNKNOWN_STAGE, RESERVED, CAPACITY.
// Notices: EMPTY, NOT_FINITE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_explained_variance_metrics(const struct hyla_explained_variance_totals *totals,
                                            size_t components,
                                            const struct hyla_context *context,
                                            struct hyla_metric *out,
                                            size_t capacity,
                                            size_t *written);

// `sizeof(hyla_pixel_statistics_totals)`, for bindings to check.
HYLA_API
size_t hyla_pixel_statistics_totals_size(void);

// Adds other totals to totals.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_pixel_statistics_merge(const struct hyla_pixel_statistics_totals *other,
                                        struct hyla_pixel_statistics_totals *totals);

// Adds pixels to totals. Needs no labels.
//
// Inputs: `decisions`; optional `valid`; no weights.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNSUPPORTED_INPUT (weights or soft targets).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_pixel_statistics_update(const struct hyla_pixels *pixels,
                                         struct hyla_pixel_statistics_totals *totals);

// What the totals say.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, TOTALS. Notices: EMPTY.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_pixel_statistics_values(const struct hyla_pixel_statistics_totals *totals,
                                         struct hyla_pixel_statistics_report *report);

// Writes the three values under cuvis-ai's names (`anomaly/total_pixels`,
// `anomaly/anomalous_pixels`, `anomaly/anomaly_percentage`) and their number to `written`.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, UNKNOWN_STAGE, RESERVED, CAPACITY (below 3), TOTALS. Notices: EMPTY.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_pixel_statistics_metrics(const struct hyla_pixel_statistics_totals *totals,
                                          const struct hyla_context *context,
                                          struct hyla_metric *out,
                                          size_t capacity,
                                          size_t *written);

// How many words of int64 the histograms of a binning have, the same on every tier: 2 * bins + 8. Words that are
// all zero are empty; adding the words of two merges them (MPI_SUM, SQL SUM, atomics). In order: the normal pixels
// of each bin from the lowest score up, those with NaN, the anomalies likewise, the number of pixels that count,
// of those masked, a fingerprint of the binning times the number that count, and three words of 0.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, RESERVED, UNKNOWN_OPTION, BINNING, WORKSPACE (all about a binning
// that hyla_binning_build did not write).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_ranking_words(const struct hyla_binning *binning,
                               size_t *words);

// Adds the scores of pixels to histograms.
//
// Inputs: `scores` (any floats), optional `targets` (NULL: every pixel counts as normal) and `valid`. A NaN is
// counted apart; -0 equals +0. `words` are `count` words of int64, at least `hyla_ranking_words`.
//
// With HYLA_BINNING_U8 or HYLA_BINNING_U16 the scores must be the integers, of HYLA_U8 or HYLA_U16 without scale
// and zero point: nothing is lost.
//
// Errors, with the words unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNSUPPORTED_INPUT
// (`weights`, `soft_targets`, or other scores than those of a binning of integers), UNKNOWN_OPTION, BINNING,
// WORKSPACE (too few words).
// Notices: none; `hyla_ranking_values` tells them.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_ranking_update(const struct hyla_binning *binning,
                                const struct hyla_pixels *pixels,
                                int64_t *words,
                                size_t count);

// Adds the words of other histograms (of another tile, frame, thread or rank). Both must be of one binning;
// `hyla_ranking_values` finds out.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNKNOWN_OPTION, BINNING, WORKSPACE (too few
// words).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_ranking_merge(const struct hyla_binning *binning,
                               const int64_t *other,
                               int64_t *words,
                               size_t count);

// Average precision, ROC-AUC and F1 of histograms, with bounds.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNKNOWN_OPTION, BINNING, WORKSPACE (too few
// words), TOTALS (counts that do not add up to the pixels, too), MIXED_TOTALS (scores of another binning).
// Notices: EMPTY, NO_POSITIVES, NO_NEGATIVES, NOT_FINITE (NaN scores), COARSE (the bounds of average precision are
// more than 0.01 apart).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_ranking_values(const struct hyla_binning *binning,
                                const int64_t *words,
                                size_t count,
                                struct hyla_ranking_report *report);

// Writes the points of the precision-recall curve and the ROC curve, one for each bin that is not empty, from the
// highest threshold down, and their number to `written`. `capacity` is how many points there is room for; as many
// as there are bins are always enough.
//
// Errors: those of `hyla_ranking_values`, CAPACITY. Notices: none.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_ranking_curve(const struct hyla_binning *binning,
                               const int64_t *words,
                               size_t count,
                               struct hyla_ranking_point *points,
                               size_t capacity,
                               size_t *written);

// What decisions at a threshold are worth. The threshold is lowered to the edge of its bin; `point->threshold`
// tells where that is.
//
// Errors: those of `hyla_ranking_values`, TARGET (a NaN). Notices: EMPTY, NO_POSITIVES, NO_NEGATIVES, NOT_FINITE,
// NO_DECISIONS (no score reaches the threshold).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_ranking_at(const struct hyla_binning *binning,
                            const int64_t *words,
                            size_t count,
                            float threshold,
                            struct hyla_ranking_point *point);

// The lowest threshold whose false positive rate, as `hyla_ranking_at` tells it, is not above the wanted one, in
// [0, 1]. Without labels every pixel is normal, and the rate is the share of all pixels that raises an alarm.
// Infinity where even the highest bin is above it; infinite scores raise an alarm all the same.
//
// Errors: those of `hyla_ranking_values`, FRACTION (a rate outside [0, 1]). Notices: EMPTY, NO_NEGATIVES,
// NOT_FINITE, UNREACHED (no score reaches the threshold, so that a monitor with it would never have raised an
// alarm).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_ranking_threshold(const struct hyla_binning *binning,
                                   const int64_t *words,
                                   size_t count,
                                   double false_positive_rate,
                                   double *threshold);

// Where the quantile q of all scores lies, anomalies and normal pixels alike: the order statistic of rank
// floor(q * (n - 1)) of n scores, in doubles, is at least `bounds[0]` and at most `bounds[1]` (a bin; equal for
// integers). Both NaN without scores.
//
// Errors: those of `hyla_ranking_values`, FRACTION (q outside [0, 1]). Notices: EMPTY, NOT_FINITE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_ranking_quantile(const struct hyla_binning *binning,
                                  const int64_t *words,
                                  size_t count,
                                  double q,
                                  double *bounds);

// How many words of workspace n pixels need: the same on every tier.
HYLA_API
size_t hyla_ranking_exact_workspace(size_t n);

// Ranks the scores of one buffer, of at most 2^32 - 1 pixels. `workspace` holds `workspace_size` words, at least
// `hyla_ranking_exact_workspace(n)`.
//
// Inputs: `scores` (any floats; -0 equals +0), `targets`; optional `valid`. `weights` and `soft_targets` must be
// NULL.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNSUPPORTED_INPUT, WORKSPACE (too small).
// Notices: EMPTY, NO_POSITIVES, NO_NEGATIVES, NOT_FINITE (there are NaN scores).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_ranking_exact_values(const struct hyla_pixels *pixels,
                                      uint32_t *workspace,
                                      size_t workspace_size,
                                      struct hyla_ranking_exact_report *report);

// `sizeof(hyla_score_statistics_totals)`, for bindings to check.
HYLA_API
size_t hyla_score_statistics_totals_size(void);

// Adds other totals to totals, and makes the words canonical.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_score_statistics_merge(const struct hyla_score_statistics_totals *other,
                                        struct hyla_score_statistics_totals *totals);

// Makes the words canonical after they were added elsewhere (MPI_SUM, SQL SUM), so that what is equal has
// equal words. Values are the same before and after.
//
// Errors: NULL_POINTER, MISALIGNED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_score_statistics_normalize(struct hyla_score_statistics_totals *totals);

// Adds the scores of pixels to totals. Needs no labels.
//
// Inputs: `scores` (any floats); optional `valid`; no weights.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNSUPPORTED_INPUT (weights or soft targets).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_score_statistics_update(const struct hyla_pixels *pixels,
                                         struct hyla_score_statistics_totals *totals);

// The mean: the exact quotient of sum and count, rounded once; NaN of nothing.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, TOTALS. Notices: EMPTY, NOT_FINITE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_score_statistics_mean(const struct hyla_score_statistics_totals *totals,
                                       double *mean);

// The standard deviation of a sample (n - 1), within 4 ulp whatever the offset of the scores; NaN below two
// pixels, and if a score is not finite.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, TOTALS. Notices: EMPTY, NOT_FINITE, DEGENERATE (one pixel).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_score_statistics_std(const struct hyla_score_statistics_totals *totals,
                                      double *std);

// The statistics of one frame, of at most 2^31 - 1 pixels, exactly. `workspace` holds `workspace_size` words, at
// least `hyla_score_statistics_workspace()`.
//
// Inputs: `scores` (any floats); optional `valid`; no weights.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNSUPPORTED_INPUT (weights or soft targets),
// WORKSPACE (too small). Notices: EMPTY, NOT_FINITE, DEGENERATE (one pixel has no deviation).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_score_statistics_frame(const struct hyla_pixels *pixels,
                                        uint32_t *workspace,
                                        size_t workspace_size,
                                        struct hyla_score_statistics_report *report);

// How many words of workspace a frame needs, whatever its size: the same on every tier.
HYLA_API
size_t hyla_score_statistics_workspace(void);

// Writes the nine values of a frame under cuvis-ai's names (`scores/mean`, `scores/std`, `scores/min`,
// `scores/max`, `scores/median`, `scores/q25`, `scores/q75`, `scores/q95`, `scores/q99`) and their number to
// `written`.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, UNKNOWN_STAGE, RESERVED, CAPACITY (below 9). Notices: EMPTY,
// NOT_FINITE, DEGENERATE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_score_statistics_metrics(const struct hyla_score_statistics_report *report,
                                          const struct hyla_context *context,
                                          struct hyla_metric *out,
                                          size_t capacity,
                                          size_t *written);

// How many words of workspace n weights need: the same on every tier.
HYLA_API
size_t hyla_selector_diversity_metric_workspace(size_t n);

// How unequal `n` weights are, at most 2^32 - 1. `workspace` holds `workspace_size` words, at least
// `hyla_selector_diversity_metric_workspace(n)`.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, WORKSPACE (too small). Notices: EMPTY, NOT_FINITE,
// DEGENERATE (all weights are 0, or some are negative).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_selector_diversity_metric_values(const float *weights,
                                                  size_t n,
                                                  uint32_t *workspace,
                                                  size_t workspace_size,
                                                  struct hyla_selector_diversity_metric_report *report);

// Writes the two values of a report under cuvis-ai's names (`weight_variance`, `gini_coefficient`) and their
// number to `written`.
//
// Errors: NULL_POINTER, MISALIGNED, OVERLAP, UNKNOWN_STAGE, RESERVED, CAPACITY (below 2). Notices: EMPTY,
// NOT_FINITE, DEGENERATE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_selector_diversity_metric_metrics(const struct hyla_selector_diversity_metric_report *report,
                                                   const struct hyla_context *context,
                                                   struct hyla_metric *out,
                                                   size_t capacity,
                                                   size_t *written);

// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
// bindings that cannot use HYLA_SELECTOR_ENTROPY_METRIC_PARAMS_DEFAULT. Bytes of a later version become 0.
//
// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_selector_entropy_metric_params_init(struct hyla_selector_entropy_metric_params *params,
                                                     size_t size);

// The entropy of `n` weights. 0 of no weight, and of weights that are all 0.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, EPSILON. Notices: EMPTY,
// DEGENERATE (all weights 0), NOT_FINITE (also: a logarithm of a negative number, a sum S of 0).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_selector_entropy_metric_value(const struct hyla_selector_entropy_metric_params *params,
                                               const float *weights,
                                               size_t n,
                                               double *entropy);

// Writes the entropy of `n` weights under cuvis-ai's name (`selector/entropy`), and 1 to `written`.
//
// Errors: those of `hyla_selector_entropy_metric_value`, UNKNOWN_STAGE, RESERVED, CAPACITY (0). Notices: those of
// `hyla_selector_entropy_metric_value`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_selector_entropy_metric_metrics(const struct hyla_selector_entropy_metric_params *params,
                                                 const float *weights,
                                                 size_t n,
                                                 const struct hyla_context *context,
                                                 struct hyla_metric *out,
                                                 size_t capacity,
                                                 size_t *written);

// How many words of workspace a frame needs, whatever its size: the same on every tier.
HYLA_API
size_t hyla_topk_mean_workspace(void);

// The mean of the k greatest of the n scores of a frame that count, at most 2^31 - 1: a score of the frame, as
// cuvis-ai's deciders make it. With `fraction` above 0 and at most 1
//
// k = ceil(float32(n * fraction)), at least 1 and at most n
//
// The sum is exact, and the mean rounded once. A NaN makes it NaN, infinite scores follow IEEE 754; NaN of
// nothing. `workspace` holds `workspace_size` words, at least `hyla_topk_mean_workspace()`.
//
// Inputs: `scores` (any floats); optional `valid`; no weights.
//
// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNSUPPORTED_INPUT (weights or soft targets),
// FRACTION, WORKSPACE (too small). Notices: EMPTY, NOT_FINITE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_topk_mean_value(double fraction,
                                 const struct hyla_pixels *pixels,
                                 uint32_t *workspace,
                                 size_t workspace_size,
                                 double *mean);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* HYLA_H */

#ifndef HYLA_INLINES
#define HYLA_INLINES

/* The number of the error in a status (HYLA_ERROR_...), without what it is about; 0 of no error. */
static inline hyla_status hyla_error_of(hyla_status status) { return status < 0 ? status | ~0xff : 0; }
#define HYLA_ERROR_OF(status) hyla_error_of(status)

/* The lowest notice of a status above another one (0: the first); 0 if there is none, or the status is an error. */
static inline hyla_status hyla_next_notice(hyla_status status, hyla_status after) {
    const uint32_t above = after == 0 ? ~UINT32_C(0) : ~UINT32_C(0) - (2 * (uint32_t)after - 1);
    const uint32_t rest = status > 0 ? (uint32_t)status & above : 0;
    return (hyla_status)(rest & (~rest + 1));
}

/* Goes over the notices of a status: HYLA_FOR_NOTICES(notice, status) puts(hyla_status_message(notice)); */
#define HYLA_FOR_NOTICES(notice, status)                                                                               \
    for (hyla_status notice = hyla_next_notice(status, 0); notice != 0; notice = hyla_next_notice(status, notice))

/* Sizes of the caller's memory as constants, for arrays: what the functions of the same names in small letters say, of
 * `bins` bins, `labels` labels or `n` pixels or weights. */
#define HYLA_RANKING_WORDS(bins) (2 * ((size_t)(bins) + 1) + 6)
#define HYLA_DISTINCT_LABEL_COUNT_WORDS(labels) ((size_t)(labels) + 2)
#define HYLA_RANKING_EXACT_WORKSPACE(n) (2 * (size_t)(n) + 1024)
#define HYLA_SELECTOR_DIVERSITY_METRIC_WORKSPACE(n) (2 * (size_t)(n) + 1024)

/* Numbers side by side: a plane of the pointer's type. Halves and bfloat16 are the bits of a uint16_t, and so have
 * names of their own; so have packed pixels. */
#define HYLA_MAKE_PLANE(name, type, code)                                                                              \
    static inline hyla_plane name(const type *data) {                                                                  \
        hyla_plane plane = {data, 0, 0, code, 0, 0.0f, 0};                                                             \
        return plane;                                                                                                  \
    }
HYLA_MAKE_PLANE(hyla_f32, float, HYLA_F32)
HYLA_MAKE_PLANE(hyla_f64, double, HYLA_F64)
HYLA_MAKE_PLANE(hyla_f16, uint16_t, HYLA_F16)
HYLA_MAKE_PLANE(hyla_bf16, uint16_t, HYLA_BF16)
HYLA_MAKE_PLANE(hyla_u8, uint8_t, HYLA_U8)
HYLA_MAKE_PLANE(hyla_i8, int8_t, HYLA_I8)
HYLA_MAKE_PLANE(hyla_u16, uint16_t, HYLA_U16)
HYLA_MAKE_PLANE(hyla_i16, int16_t, HYLA_I16)
HYLA_MAKE_PLANE(hyla_i32, int32_t, HYLA_I32) /* labels of a cube */
HYLA_MAKE_PLANE(hyla_mono10p, uint8_t, HYLA_MONO10P)
HYLA_MAKE_PLANE(hyla_mono12p, uint8_t, HYLA_MONO12P)
HYLA_MAKE_PLANE(hyla_mono12_packed, uint8_t, HYLA_MONO12_PACKED)
#undef HYLA_MAKE_PLANE

/* The plane with so many bytes from a row to the next: a region of a wider frame. */
static inline hyla_plane hyla_plane_rows(hyla_plane plane, size_t row_pitch) {
    plane.row_pitch = row_pitch;
    return plane;
}

/* The plane with so many items from a pixel to the next: one channel of interleaved ones. */
static inline hyla_plane hyla_plane_every(hyla_plane plane, size_t stride) {
    plane.stride = stride;
    return plane;
}

/* The plane with the meaning of its integers: (item - zero_point) * scale. */
static inline hyla_plane hyla_plane_affine(hyla_plane plane, float scale, int32_t zero_point) {
    plane.scale = scale;
    plane.zero_point = zero_point;
    return plane;
}

/* Values of several channels, of the plane of the first one: interleaved by pixel (BIP), in planes of so many pixels
 * (BSQ), or interleaved by line (BIL), rows of so many pixels, each channel after channel. */
static inline hyla_values hyla_bip(hyla_plane plane, size_t channels) {
    hyla_values values = {plane, 1};
    values.plane.stride = channels;
    return values;
}
static inline hyla_values hyla_bsq(hyla_plane plane, size_t pixels) {
    hyla_values values = {plane, pixels};
    return values;
}
static inline hyla_values hyla_bil(hyla_plane plane, size_t columns, size_t channels) {
    const size_t bits = plane.dtype >> 8 & 0xff;
    hyla_values values = {plane, columns};
    values.plane.row_pitch = columns * channels * (bits / 8);
    if (bits % 8 != 0) { /* packed pixels: rows of bytes */
        values.channel_stride = (columns * bits + 7) / 8;
        values.plane.row_pitch = values.channel_stride * channels;
    }
    return values;
}

/* Truth values side by side: a mask of the pointer's type. Bits have names of their own. */
#define HYLA_MAKE_MASK(name, type, code)                                                                               \
    static inline hyla_mask name(const type *data) {                                                                   \
        hyla_mask mask = {data, 0, 0, code, 0, 0, 0};                                                                  \
        return mask;                                                                                                   \
    }
HYLA_MAKE_MASK(hyla_mask_u8, uint8_t, HYLA_U8)
HYLA_MAKE_MASK(hyla_mask_u16, uint16_t, HYLA_U16)
HYLA_MAKE_MASK(hyla_mask_i32, int32_t, HYLA_I32)
HYLA_MAKE_MASK(hyla_mask_bits_lsb, uint8_t, HYLA_BITS_LSB)
HYLA_MAKE_MASK(hyla_mask_bits_msb, uint8_t, HYLA_BITS_MSB)
#ifdef __cplusplus
HYLA_MAKE_MASK(hyla_mask_bool, bool, HYLA_BOOL)
#else
HYLA_MAKE_MASK(hyla_mask_bool, _Bool, HYLA_BOOL)
#endif
#undef HYLA_MAKE_MASK

/* The mask with so many bytes from a row to the next: a region of a wider frame. */
static inline hyla_mask hyla_mask_rows(hyla_mask mask, size_t row_pitch) {
    mask.row_pitch = row_pitch;
    return mask;
}

/* The mask with so many items from a pixel to the next. */
static inline hyla_mask hyla_mask_every(hyla_mask mask, size_t stride) {
    mask.stride = stride;
    return mask;
}

/* The mask with a label that means that there is no pixel. */
static inline hyla_mask hyla_mask_ignore(hyla_mask mask, int32_t label) {
    mask.has_ignore = 1;
    mask.ignore = label;
    return mask;
}

/* Bits of which each row begins with this one of its first byte, 0 to 7. */
static inline hyla_mask hyla_mask_from_bit(hyla_mask mask, uint32_t first_bit) {
    mask.first_bit = first_bit;
    return mask;
}

/* HYLA_PLANE(pointer), HYLA_MASK(pointer): the same, by the type of the pointer. */
#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L && !defined(__cplusplus)
#define HYLA_PLANE(data)                                                                                               \
    _Generic((data),                                                                                                   \
        const float *: hyla_f32, float *: hyla_f32, const double *: hyla_f64, double *: hyla_f64,                      \
        const uint8_t *: hyla_u8, uint8_t *: hyla_u8, const int8_t *: hyla_i8, int8_t *: hyla_i8,                      \
        const uint16_t *: hyla_u16, uint16_t *: hyla_u16, const int16_t *: hyla_i16, int16_t *: hyla_i16)(data)
#define HYLA_MASK(data)                                                                                                \
    _Generic((data),                                                                                                   \
        const uint8_t *: hyla_mask_u8, uint8_t *: hyla_mask_u8, const uint16_t *: hyla_mask_u16,                       \
        uint16_t *: hyla_mask_u16, const int32_t *: hyla_mask_i32, int32_t *: hyla_mask_i32,                           \
        const _Bool *: hyla_mask_bool, _Bool *: hyla_mask_bool)(data)
#endif

/* The defaults as a value. */
static inline hyla_bce_params hyla_bce_params_default(void) {
    hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    return params;
}

/* The defaults as a value. */
static inline hyla_cross_entropy_params hyla_cross_entropy_params_default(void) {
    hyla_cross_entropy_params params = HYLA_CROSS_ENTROPY_PARAMS_DEFAULT;
    return params;
}

/* The defaults as a value. */
static inline hyla_dice_params hyla_dice_params_default(void) {
    hyla_dice_params params = HYLA_DICE_PARAMS_DEFAULT;
    return params;
}

/* The defaults as a value. */
static inline hyla_distinctness_params hyla_distinctness_params_default(void) {
    hyla_distinctness_params params = HYLA_DISTINCTNESS_PARAMS_DEFAULT;
    return params;
}

/* The defaults as a value. */
static inline hyla_focal_params hyla_focal_params_default(void) {
    hyla_focal_params params = HYLA_FOCAL_PARAMS_DEFAULT;
    return params;
}

/* The defaults as a value. */
static inline hyla_foreground_contrast_params hyla_foreground_contrast_params_default(void) {
    hyla_foreground_contrast_params params = HYLA_FOREGROUND_CONTRAST_PARAMS_DEFAULT;
    return params;
}

/* The defaults as a value. */
static inline hyla_iou_params hyla_iou_params_default(void) {
    hyla_iou_params params = HYLA_IOU_PARAMS_DEFAULT;
    return params;
}

/* The defaults as a value. */
static inline hyla_mse_params hyla_mse_params_default(void) {
    hyla_mse_params params = HYLA_MSE_PARAMS_DEFAULT;
    return params;
}

/* The defaults as a value. */
static inline hyla_orthogonality_params hyla_orthogonality_params_default(void) {
    hyla_orthogonality_params params = HYLA_ORTHOGONALITY_PARAMS_DEFAULT;
    return params;
}

/* The defaults as a value. */
static inline hyla_selector_diversity_params hyla_selector_diversity_params_default(void) {
    hyla_selector_diversity_params params = HYLA_SELECTOR_DIVERSITY_PARAMS_DEFAULT;
    return params;
}

/* The defaults as a value. */
static inline hyla_selector_entropy_params hyla_selector_entropy_params_default(void) {
    hyla_selector_entropy_params params = HYLA_SELECTOR_ENTROPY_PARAMS_DEFAULT;
    return params;
}

/* The defaults as a value. */
static inline hyla_spectral_angle_params hyla_spectral_angle_params_default(void) {
    hyla_spectral_angle_params params = HYLA_SPECTRAL_ANGLE_PARAMS_DEFAULT;
    return params;
}

/* The defaults as a value. */
static inline hyla_svdd_params hyla_svdd_params_default(void) {
    hyla_svdd_params params = HYLA_SVDD_PARAMS_DEFAULT;
    return params;
}

/* The defaults as a value. */
static inline hyla_tversky_params hyla_tversky_params_default(void) {
    hyla_tversky_params params = HYLA_TVERSKY_PARAMS_DEFAULT;
    return params;
}

/* The defaults as a value. */
static inline hyla_band_statistics_params hyla_band_statistics_params_default(void) {
    hyla_band_statistics_params params = HYLA_BAND_STATISTICS_PARAMS_DEFAULT;
    return params;
}

/* The defaults as a value. */
static inline hyla_binning_params hyla_binning_params_default(void) {
    hyla_binning_params params = HYLA_BINNING_PARAMS_DEFAULT;
    return params;
}

/* The defaults as a value. */
static inline hyla_detection_params hyla_detection_params_default(void) {
    hyla_detection_params params = HYLA_DETECTION_PARAMS_DEFAULT;
    return params;
}

/* The defaults as a value. */
static inline hyla_drift_params hyla_drift_params_default(void) {
    hyla_drift_params params = HYLA_DRIFT_PARAMS_DEFAULT;
    return params;
}

/* The defaults as a value. */
static inline hyla_selector_entropy_metric_params hyla_selector_entropy_metric_params_default(void) {
    hyla_selector_entropy_metric_params params = HYLA_SELECTOR_ENTROPY_METRIC_PARAMS_DEFAULT;
    return params;
}

#endif /* HYLA_INLINES */
