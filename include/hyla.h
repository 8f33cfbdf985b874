/* hyla: hyperspectral losses, gradients and streaming metrics.
 *
 * The law of this interface
 *
 * Names     Functions are hyla_<node>_<verb>, parameters hyla_<node>_params, accumulated state
 *           hyla_<node>_totals, constants HYLA_...
 * Status    Every function that can fail returns hyla_status. 0: success. Negative
 *           (HYLA_ERROR_...): a mistake in the arguments, and nothing was written. Positive: bits
 *           of HYLA_NOTICE_..., the values were written and the bits say what is special about
 *           them. Only arguments are errors: bad data is counted and gives a notice. Numbers are
 *           never reused.
 * Order     Parameters, totals, inputs, options, outputs. const means untouched.
 * Memory    All memory is the caller's. Nothing is allocated, kept after the return or freed.
 *           Outputs may not overlap anything else; inputs may overlap each other. Pointers are
 *           aligned for their type. NULL with n = 0 is fine. Results may be uninitialised.
 * Totals    Begin as all zero bits ({0}); a new epoch is zeroed totals. They are int64 words
 *           without exception: adding the words of two totals (MPI_SUM on MPI_INT64_T, SQL SUM,
 *           atomics) merges them. Their layout is the same on every machine of one byte order.
 * Parameters  Begin with struct_size and grow at their end: initialise with HYLA_..._DEFAULT.
 * Floats    float32 in, gradients and maps float32 out, scalars double. NaN and infinity follow
 *           IEEE 754. Every result has the same bits on every machine and tier, for any split of
 *           the pixels over calls, threads and ranks. A NaN is a NaN: its sign and payload are not
 *           promised. Calls work in the default floating-point environment, whatever the
 *           program has set, and restore what they found.
 * Masks     Bytes; nonzero is true. A pixel whose `valid` byte is 0 is as if it were not there.
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

/* Parameters with their defaults: hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT; */
#define HYLA_BCE_PARAMS_DEFAULT { sizeof(hyla_bce_params), HYLA_REDUCTION_MEAN, 1.0f, 1.0f }
#define HYLA_ORTHOGONALITY_PARAMS_DEFAULT { sizeof(hyla_orthogonality_params), 1.0f }
#define HYLA_DISTINCTNESS_PARAMS_DEFAULT { sizeof(hyla_distinctness_params), 0.1f, 1e-6f, 0 }
#define HYLA_DETECTION_PARAMS_DEFAULT { sizeof(hyla_detection_params), 1 }

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

// The totals hold terms that were made with other parameters.
#define HYLA_ERROR_MIXED_TOTALS (-18)

// The output has room for fewer items than there are.
#define HYLA_ERROR_CAPACITY (-19)

// The rows of the frame do not fit into its pixels, or overlap.
#define HYLA_ERROR_FRAME_SHAPE (-20)

// The pixel stride is 0.
#define HYLA_ERROR_PIXEL_STRIDE (-21)

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

// The number of channels, classes or components is 0 or too large for the node, or does not fit another input.
#define HYLA_ERROR_CHANNELS (-35)

// The strides let two items share one place, or overflow the address space.
#define HYLA_ERROR_STRIDES (-36)

// The workspace is too small.
#define HYLA_ERROR_WORKSPACE (-37)

// The range of the scores is needed and does not belong to the totals.
#define HYLA_ERROR_RANGE_MISSING (-38)

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

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_BCE_STAGES 7

// The sum of the terms divided by the number of pixels that count (PyTorch's mean).
#define HYLA_REDUCTION_MEAN 0

// The sum of the terms.
#define HYLA_REDUCTION_SUM 1

// No reduction: the loss is `hyla_bce_map`, the gradient that of each entry by its own logit.
#define HYLA_REDUCTION_NONE 2

// The sum of the terms divided by the sum of the pixel weights.
#define HYLA_REDUCTION_WEIGHTED_MEAN 3

// A gradient overwrites its output; pixels that do not count get 0.
#define HYLA_STORE 0

// A gradient is added to its output, rounded once an element; pixels that do not count stay.
#define HYLA_ADD 1

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_ORTHOGONALITY_STAGES 7

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_DISTINCTNESS_STAGES 7

// The stages in which the counts make sense (see `hyla_context`).
#define HYLA_CONFUSION_STAGES 6

// Training.
#define HYLA_STAGE_TRAIN 1

// Validation.
#define HYLA_STAGE_VAL 2

// Test.
#define HYLA_STAGE_TEST 4

// Inference.
#define HYLA_STAGE_INFERENCE 8

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_PIXEL_STATISTICS_STAGES 6

// The stages in which cuvis-ai runs the node (see `hyla_context`).
#define HYLA_DETECTION_STAGES 6

// What a function returns: 0 is success; negative is an error (`HYLA_ERROR_...`), and nothing
// was written; positive is a set of notices (`HYLA_NOTICE_...` bits), and the values were
// written. `HYLA_FAILED(status)` tells errors from the rest.
typedef int32_t hyla_status;

// The inputs of a call: arrays of `n` items, one a pixel. Which of them a function uses is said
// with it; the others are ignored, so that one struct serves several calls. A field that is not
// used may be NULL. Arrays are only read and may overlap each other. Initialise with `{0}` (C) or
// `{}` (C++) and set fields by name.
//
// One rule for all functions: where `valid` is 0 the pixel is as if it were not there. It may be
// NaN, changes no total, and its gradient and map entry are exactly 0.
typedef struct hyla_pixels {
    // Scores or logits, as the function says: any floats.
    const float *scores;
    // Ground truth: nonzero is an anomaly.
    const uint8_t *targets;
    // Decisions: nonzero is an anomaly.
    const uint8_t *decisions;
    // Which pixels count: nonzero counts. NULL: all do.
    const uint8_t *valid;
    // Pixel weights: finite and not negative. NULL: all are 1. A pixel with another weight is
    // counted as rejected and acts as masked.
    const float *weights;
    // Targets between 0 and 1. No function uses them yet.
    const float *soft_targets;
    // How many pixels there are. With 0 all pointers may be NULL.
    size_t n;
    // NULL. Room for later inputs.
    const void *reserved[2];
} hyla_pixels;

// An exact sum of float32 terms, in words of int64; all zero is the empty sum. Part of all totals
// that sum floats. Its value is the weighted sum of its words, so adding words merges.
typedef struct hyla_sum {
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
} hyla_sum;

// The exact sum of a float map and its count; all zero is empty. Adding the words of two totals
// merges them; call `hyla_sum_normalize` afterwards to compare words.
typedef struct hyla_sum_totals {
    // The sum of the scores.
    struct hyla_sum sum;
    // How many pixels count.
    int64_t pixels;
} hyla_sum_totals;

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
// too; sums are exact and rounded once. Needs labels.
//
// Initialise with HYLA_BCE_PARAMS_DEFAULT. Guide: `pos_weight` = negatives / positives balances
// the classes, raises recall and costs precision; the logits then are no log-odds any more.
// Formula: Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.90.
typedef struct hyla_bce_params {
    // `sizeof(hyla_bce_params)`.
    uint32_t struct_size;
    // HYLA_REDUCTION_...; cuvis-ai's key `reduction`. Default: mean.
    uint32_t reduction;
    // The weight of this loss among others: finite. Default 1.
    float weight;
    // The weight of positive pixels: finite, not negative; cuvis-ai's None is 1. Default 1.
    float pos_weight;
} hyla_bce_params;

// Exact sums over pixels, in words of int64; all zero is empty. Adding the words of two totals
// (MPI_SUM, SQL SUM, atomics) merges them; call `hyla_bce_normalize` afterwards to compare words.
typedef struct hyla_bce_totals {
    // The sum of the terms.
    struct hyla_sum loss;
    // The sum of the pixel weights of the pixels that count.
    struct hyla_sum weights;
    // How many pixels count.
    int64_t pixels;
    // How many valid pixels had a bad weight and acted as masked.
    int64_t rejected;
    // Shows whether terms of different parameters were mixed.
    int64_t fingerprint;
} hyla_bce_totals;

// Orthonormality of components (cuvis-ai: OrthogonalityLoss): what is computed.
//
// With the components W, one a row, K rows:
//
// E = W W' - I
// loss = weight * sum_ij E_ij^2          gradient = 4 weight E W
//
// Any floats; a NaN or an infinity gives a loss that is not finite and the notice
// HYLA_NOTICE_NOT_FINITE. Products are exact and summed in double, so E keeps its digits near
// convergence, where it is a difference of nearly equal numbers: each entry is within
// columns * 2^-52 of the sum of its products' magnitudes. Gradients are rounded to float32 once.
// Values of 1e10 and beyond have the loss that float32 cannot hold. Needs no labels.
//
// Initialise with HYLA_ORTHOGONALITY_PARAMS_DEFAULT. Guide: the loss grows with the square of the
// number of rows; with more rows than columns its minimum is weight * (rows - columns), where the
// gradient vanishes.
// Formula: Brock, Lim, Ritchie, Weston, Neural photo editing (2017), section 3.3, squared.
typedef struct hyla_orthogonality_params {
    // `sizeof(hyla_orthogonality_params)`.
    uint32_t struct_size;
    // The weight of this loss among others: finite. 0 switches it off. Default 1.
    float weight;
} hyla_orthogonality_params;

// A matrix: `rows` rows of `columns` floats, row i from `values[i * row_stride]` on. `row_stride` is
// at least `columns` (HYLA_ERROR_STRIDES). A gradient has the same layout; floats between the rows
// are not touched. Initialise with `{0}` (C) or `{}` (C++) and set fields by name.
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

// Distinctness of band selectors (cuvis-ai: DistinctnessLoss): what is computed.
//
// With the selection weights w_i, one selector a row, K rows:
//
// u_i = w_i / max(|w_i|, eps)      c_ij = u_i . u_j
// loss = weight / P * sum_{i<j} c_ij
// gradient_i = (h_i - [|w_i| > eps] u_i (u_i . h_i)) / max(|w_i|, eps)
// h_i = weight / P * sum_{j != i} u_j
//
// P = K (K - 1) / 2 pairs; with `skip_exact_zeros` the sums and P are over the pairs whose cosine, a
// sum in double of exact products in one fixed order, is not exactly 0. Any floats; a NaN or an
// infinity gives a loss that is not finite and the notice HYLA_NOTICE_NOT_FINITE. The sum of the
// cosines is within (rows + columns) * 2^-52 of sum_{i<j} sum_c |u_ic u_jc|, so weights that are not
// negative lose nothing; gradients are rounded to float32 once. Needs no labels.
//
// Initialise with HYLA_DISTINCTNESS_PARAMS_DEFAULT. Guide: for weights that are not negative the
// loss lies between 0 (disjoint selectors) and `weight` (equal ones). With `skip_exact_zeros` it does
// not fall when pairs become disjoint, and rises when a selector becomes all zeros.
// Formula: mean cosine similarity, Salton, McGill, Modern Information Retrieval (1983), 4.1.
typedef struct hyla_distinctness_params {
    // `sizeof(hyla_distinctness_params)`.
    uint32_t struct_size;
    // The weight of this loss among others: finite. 0 switches it off. Default 0.1.
    float weight;
    // The least length that a row is divided by: finite, not negative. Default 1e-6.
    float eps;
    // 1: pairs whose cosine is exactly 0 are left out of the mean, as in cuvis-ai. Default 0.
    uint32_t skip_exact_zeros;
} hyla_distinctness_params;

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

// Counts over pixels (cuvis-ai: AnomalyPixelStatisticsMetric); all zero is empty. Adding the
// words of two totals merges them. A batch's own totals give cuvis-ai's values, the totals of a
// stream the pooled ones.
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

// Detection quality (cuvis-ai: AnomalyDetectionMetrics): what is computed. Initialise with
// HYLA_DETECTION_PARAMS_DEFAULT.
typedef struct hyla_detection_params {
    // `sizeof(hyla_detection_params)`.
    uint32_t struct_size;
    // Pixel counts come from every s-th row and column, from the first: at least 1. Frames are
    // judged by all their pixels all the same. Default 1.
    uint32_t pixel_stride;
} hyla_detection_params;

// Counts over pixels and frames; all zero is empty. Adding the words of two totals merges them.
// A batch's own totals give the batch's values (what cuvis-ai emits), those of the epoch the
// pooled ones.
typedef struct hyla_detection_totals {
    // The counts; `hyla_confusion_values` reads them.
    struct hyla_confusion_totals confusion;
    // How many calls added to them.
    int64_t updates;
    // Shows whether counts of different strides were mixed.
    int64_t fingerprint;
} hyla_detection_totals;

// Pixels of several values each: embeddings, class logits, spectra. Value k of pixel i is
// `values[i * pixel_stride + k * channel_stride]`, so every order of a hyperspectral cube goes in
// without a copy:
//
// BIP  interleaved by pixel   pixel_stride = channels   channel_stride = 1
// BIL  one line a call        pixel_stride = 1          channel_stride = pixels of the line
// BSQ  in planes              pixel_stride = 1          channel_stride = pixels of the frame
//
// No two values may share a place (HYLA_ERROR_STRIDES). A gradient has the same layout as the
// values; floats between the values are not touched. Results do not depend on the layout.
//
// The other arrays have `n` items, one a pixel; which of them a function uses is said with it, the
// others are ignored. Arrays are only read and may overlap each other. Initialise with `{0}` (C) or
// `{}` (C++) and set fields by name. Where `valid` is 0 the pixel is as if it were not there.
typedef struct hyla_cube {
    // The values, as the function says.
    const float *values;
    // How many pixels there are. With 0 all pointers may be NULL.
    size_t n;
    // How many values a pixel has.
    size_t channels;
    // How many floats lie between a pixel and the next one.
    size_t pixel_stride;
    // How many floats lie between a channel and the next one.
    size_t channel_stride;
    // One byte a pixel: nonzero is an anomaly, or foreground.
    const uint8_t *targets;
    // One class a pixel, counted from 0.
    const int32_t *labels;
    // Which pixels count: nonzero counts. NULL: all do.
    const uint8_t *valid;
    // Pixel weights: finite and not negative. NULL: all are 1. A pixel with another weight is
    // counted as rejected and acts as masked.
    const float *weights;
    // NULL. Room for later inputs.
    const void *reserved[2];
} hyla_cube;

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
// Errors, with the tier unchanged: TIER_UNAVAILABLE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_tier_pin(uint32_t tier);

// An English sentence about a status: about the error, or about the lowest notice bit that is
// set. Call it with one bit at a time to hear about each. The text is static and never NULL.
HYLA_API
const char *hyla_status_message(hyla_status status);

// `sizeof(hyla_sum_totals)`, for bindings to check.
HYLA_API
size_t hyla_sum_totals_size(void);

// Adds the scores of pixels to totals: for monitors without labels.
//
// Inputs: `scores` (any floats); optional `valid`; the rest is ignored. NaN and infinite scores
// are counted and decide the value by the rules of IEEE 754.
//
// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_sum_update(const struct hyla_pixels *pixels,
                            struct hyla_sum_totals *totals);

// Adds other totals to totals, and makes the words canonical.
//
// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_sum_merge(const struct hyla_sum_totals *other,
                           struct hyla_sum_totals *totals);

// Makes the words canonical after they were added elsewhere, so that equal sums have equal words.
//
// Errors: NULL_POINTER, MISALIGNED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_sum_normalize(struct hyla_sum_totals *totals);

// The sum, exact and rounded once; 0 of nothing.
//
// Errors, with `sum` unchanged: NULL_POINTER, MISALIGNED, OVERLAP. Notices: EMPTY, NOT_FINITE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_sum_value(const struct hyla_sum_totals *totals,
                           double *sum);

// The mean: the exact quotient of sum and count, rounded once; NaN of nothing.
//
// Errors, with `mean` unchanged: NULL_POINTER, MISALIGNED, OVERLAP. Notices: EMPTY, NOT_FINITE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_sum_mean(const struct hyla_sum_totals *totals,
                          double *mean);

// `sizeof(hyla_range)`, for bindings to check.
HYLA_API
size_t hyla_range_size(void);

// Joins the scores of pixels to a range.
//
// Inputs: `scores` (any floats); optional `valid`; the rest is ignored. NaN scores are counted
// apart; infinities are values like others.
//
// Errors, with the range unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_range_update(const struct hyla_pixels *pixels,
                              struct hyla_range *range);

// Joins another range to a range.
//
// Errors, with the range unchanged: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_range_merge(const struct hyla_range *other,
                             struct hyla_range *range);

// What the range says. Exact: minimum and maximum are values of the map.
//
// Errors, with `report` unchanged: NULL_POINTER, MISALIGNED, OVERLAP.
// Notices: EMPTY (no number counts: NaN), NOT_FINITE (a NaN was seen, or an extreme is infinite).
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

// Adds pixels to totals.
//
// Inputs: `scores` (logits) and `targets`; optional `valid` and `weights`; `soft_targets` must be
// NULL. Time is linear in n. Nothing is allocated or kept. Any number of threads may call it,
// each with totals of its own.
//
// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE,
// UNKNOWN_FIELD, RESERVED, UNSUPPORTED_INPUT, UNKNOWN_REDUCTION, WEIGHT, POS_WEIGHT.
// Notices: none; `hyla_bce_loss` tells them.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_bce_update(const struct hyla_bce_params *params,
                            const struct hyla_pixels *pixels,
                            struct hyla_bce_totals *totals);

// Adds other totals (of another tile, frame, thread or rank) to totals, and makes the words
// canonical. Both must come from the same parameters; `hyla_bce_loss` finds out.
//
// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_bce_merge(const struct hyla_bce_totals *other,
                           struct hyla_bce_totals *totals);

// Makes the words canonical after they were added elsewhere (MPI_SUM, SQL SUM), so that equal
// totals have equal words. Values are the same before and after.
//
// Errors: NULL_POINTER, MISALIGNED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_bce_normalize(struct hyla_bce_totals *totals);

// The loss, rounded once from exact sums. The mean of no pixel is NaN, the sum 0.
//
// Errors, with `loss` unchanged: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD,
// UNKNOWN_REDUCTION, WEIGHT, POS_WEIGHT, NO_SCALAR (reduction none), MIXED_TOTALS (terms of
// another weight or pos_weight). Notices: EMPTY, NOT_FINITE, REJECTED, DEGENERATE (a weighted
// mean whose weights are all 0: NaN).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_bce_loss(const struct hyla_bce_params *params,
                          const struct hyla_bce_totals *totals,
                          double *loss);

// Writes each pixel's term l_i to `loss_map` (n floats), 0 where the pixel does not count: the
// loss of reduction none. `params->reduction` does not matter. `loss_map` may be uninitialised.
//
// Errors, with `loss_map` unchanged: those of `hyla_bce_update`. Notices: EMPTY (n is 0).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_bce_map(const struct hyla_bce_params *params,
                         const struct hyla_pixels *pixels,
                         float *loss_map);

// Writes `upstream * d loss / d scores` to `grad_scores` (n floats), or adds it there (`write`:
// HYLA_STORE or HYLA_ADD). `totals` are those of the whole batch, merged over all tiles and
// ranks; `pixels` may be any part of the batch. Where a pixel does not count: 0, or unchanged.
// A NaN logit has a NaN gradient; the gradient of the mean of nothing is 0. With HYLA_STORE the
// output may be uninitialised.
//
// Errors, with `grad_scores` unchanged: those of `hyla_bce_update`, UNKNOWN_WRITE, MIXED_TOTALS.
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
// Errors, with all outputs unchanged: those of `hyla_bce_update`, UNKNOWN_WRITE, NO_SCALAR.
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
// bindings that cannot use HYLA_ORTHOGONALITY_PARAMS_DEFAULT. Bytes of a later version become 0.
//
// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_orthogonality_params_init(struct hyla_orthogonality_params *params,
                                           size_t size);

// How many doubles of workspace a matrix of this size needs: at most 4096,
// and four for each column (in sixteens). The same on every tier.
HYLA_API
size_t hyla_orthogonality_workspace(size_t rows,
                                    size_t columns);

// The loss.
//
// `workspace` has `workspace_size` doubles, at least `hyla_orthogonality_workspace(rows, columns)`; they
// may be uninitialised and hold nothing of use afterwards. Time is at most proportional to
// rows * rows * columns. Nothing is allocated or kept. Any number of threads may call it, each
// with a workspace of its own.
//
// Errors, with `loss` and `workspace` unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP,
// STRUCT_SIZE, UNKNOWN_FIELD, RESERVED, STRIDES, CHANNELS (more than 1024 rows), WORKSPACE (too
// small), WEIGHT.
// Notices: EMPTY (no rows: 0), NOT_FINITE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_orthogonality_loss(const struct hyla_orthogonality_params *params,
                                    const struct hyla_matrix *components,
                                    double *workspace,
                                    size_t workspace_size,
                                    double *loss);

// Writes `upstream * d loss / d components` to `grad_components`, in the layout of the matrix, or adds
// it there (`write`: HYLA_STORE or HYLA_ADD). Floats between the rows are not touched. With
// HYLA_STORE the output may be uninitialised. A factor `weight * upstream` of 0 gives a gradient of 0
// whatever the matrix holds.
//
// Errors, with `grad_components` and `workspace` unchanged: those of `hyla_orthogonality_loss`,
// UNKNOWN_WRITE. Notices: those of `hyla_orthogonality_loss`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_orthogonality_gradient(const struct hyla_orthogonality_params *params,
                                        const struct hyla_matrix *components,
                                        double upstream,
                                        uint32_t write,
                                        double *workspace,
                                        size_t workspace_size,
                                        float *grad_components);

// The loss and the gradient in one call: the same bits, and less work.
//
// Errors, with all outputs unchanged: those of `hyla_orthogonality_gradient`. Notices: those of
// `hyla_orthogonality_loss`.
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
// bindings that cannot use HYLA_DISTINCTNESS_PARAMS_DEFAULT. Bytes of a later version become 0.
//
// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_distinctness_params_init(struct hyla_distinctness_params *params,
                                          size_t size);

// How many doubles of workspace a matrix of this size needs: two for each
// row, at most 4096 more, and four for each column (in sixteens). The same on every tier.
HYLA_API
size_t hyla_distinctness_workspace(size_t rows,
                                   size_t columns);

// The loss.
//
// `workspace` has `workspace_size` doubles, at least `hyla_distinctness_workspace(rows, columns)`; they
// may be uninitialised and hold nothing of use afterwards. Time is at most proportional to
// rows * columns (rows * rows * columns with
// skip_exact_zeros). Nothing is allocated or kept. Any number of threads may call it, each
// with a workspace of its own.
//
// Errors, with `loss` and `workspace` unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP,
// STRUCT_SIZE, UNKNOWN_FIELD, RESERVED, STRIDES, CHANNELS (more than 1024 rows), WORKSPACE (too
// small), WEIGHT, EPSILON, UNKNOWN_OPTION (skip_exact_zeros above 1).
// Notices: EMPTY (fewer than two rows: 0), NOT_FINITE, DEGENERATE (a row is not longer than eps: its
// gradient is of order weight / eps), ZERO_PAIRS. The last one says that cuvis-ai's number is another
// one. With skip_exact_zeros: a pair was left out; if all were, the loss and the gradient are 0.
// Without: every pair's cosine is exactly 0 because no two rows share a column, or a row is all
// zeros; other pairs that are exactly 0 give no notice, because finding them takes rows * rows *
// columns steps (call it with skip_exact_zeros to know).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_distinctness_loss(const struct hyla_distinctness_params *params,
                                   const struct hyla_matrix *selection_weights,
                                   double *workspace,
                                   size_t workspace_size,
                                   double *loss);

// Writes `upstream * d loss / d selection_weights` to `grad_selection_weights`, in the layout of the matrix, or adds
// it there (`write`: HYLA_STORE or HYLA_ADD). Floats between the rows are not touched. With
// HYLA_STORE the output may be uninitialised. A factor `weight * upstream` of 0 gives a gradient of 0
// whatever the matrix holds.
//
// Errors, with `grad_selection_weights` and `workspace` unchanged: those of `hyla_distinctness_loss`,
// UNKNOWN_WRITE. Notices: those of `hyla_distinctness_loss`.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_distinctness_gradient(const struct hyla_distinctness_params *params,
                                       const struct hyla_matrix *selection_weights,
                                       double upstream,
                                       uint32_t write,
                                       double *workspace,
                                       size_t workspace_size,
                                       float *grad_selection_weights);

// The loss and the gradient in one call: the same bits, and less work.
//
// Errors, with all outputs unchanged: those of `hyla_distinctness_gradient`. Notices: those of
// `hyla_distinctness_loss`.
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

// `sizeof(hyla_confusion_totals)`, for bindings to check.
HYLA_API
size_t hyla_confusion_totals_size(void);

// Adds pixels to the counts and to the open frame.
//
// Inputs: `decisions`, `targets`; optional `valid`; the rest is ignored.
//
// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_confusion_update(const struct hyla_pixels *pixels,
                                  struct hyla_confusion_totals *totals);

// Ends the open frame: it becomes one true or false positive or negative of the frames. A frame
// without any pixel that counts is a true negative. Parts of one frame in different totals must
// be merged first.
//
// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_confusion_end_frame(struct hyla_confusion_totals *totals);

// Adds other totals to totals, with the counts of the open frame.
//
// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_confusion_merge(const struct hyla_confusion_totals *other,
                                 struct hyla_confusion_totals *totals);

// What the totals say of pixels and of frames that were ended.
//
// Errors, with `report` unchanged: NULL_POINTER, MISALIGNED, OVERLAP. Notices: those of the
// pixels (EMPTY, NO_POSITIVES, NO_NEGATIVES, NO_DECISIONS); the frames have a status of their own.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_confusion_values(const struct hyla_confusion_totals *totals,
                                  struct hyla_confusion_report *report);

// `sizeof(hyla_pixel_statistics_totals)`, for bindings to check.
HYLA_API
size_t hyla_pixel_statistics_totals_size(void);

// Adds pixels to totals. Needs no labels.
//
// Inputs: `decisions`; optional `valid`; the rest is ignored.
//
// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_pixel_statistics_update(const struct hyla_pixels *pixels,
                                         struct hyla_pixel_statistics_totals *totals);

// Adds other totals to totals.
//
// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_pixel_statistics_merge(const struct hyla_pixel_statistics_totals *other,
                                        struct hyla_pixel_statistics_totals *totals);

// What the totals say.
//
// Errors, with `report` unchanged: NULL_POINTER, MISALIGNED, OVERLAP. Notices: EMPTY.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_pixel_statistics_values(const struct hyla_pixel_statistics_totals *totals,
                                         struct hyla_pixel_statistics_report *report);

// Writes the three values under cuvis-ai's names (`anomaly/total_pixels`,
// `anomaly/anomalous_pixels`, `anomaly/anomaly_percentage`) and their number to `count`.
//
// Errors, with the outputs unchanged: NULL_POINTER, MISALIGNED, OVERLAP, UNKNOWN_STAGE, RESERVED,
// CAPACITY (below 3). Notices: EMPTY.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_pixel_statistics_metrics(const struct hyla_pixel_statistics_totals *totals,
                                          const struct hyla_context *context,
                                          struct hyla_metric *out,
                                          size_t capacity,
                                          size_t *count);

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

// Adds a part of the open frame: a line of a push-broom camera, say. Ends with
// `hyla_detection_end_frame`.
//
// Inputs: `decisions`, `targets`; optional `valid`; the rest is ignored.
//
// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE,
// UNKNOWN_FIELD, RESERVED, PIXEL_STRIDE, STRIDE_NEEDS_FRAME (a stride above 1).
HYLA_API
HYLA_NODISCARD
hyla_status hyla_detection_update(const struct hyla_detection_params *params,
                                  const struct hyla_pixels *pixels,
                                  struct hyla_detection_totals *totals);

// Ends the open frame, as `hyla_confusion_end_frame` does.
//
// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_detection_end_frame(struct hyla_detection_totals *totals);

// Adds a whole frame and ends it. `pitch` is the number of pixels from the start of a row to the
// start of the next, at least `cols`; `pixels->n` covers all rows. A frame without rows or columns
// adds nothing.
//
// Inputs: `decisions`, `targets`; optional `valid`; the rest is ignored.
//
// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE,
// UNKNOWN_FIELD, RESERVED, PIXEL_STRIDE, FRAME_SHAPE.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_detection_update_frame(const struct hyla_detection_params *params,
                                        const struct hyla_pixels *pixels,
                                        size_t rows,
                                        size_t cols,
                                        size_t pitch,
                                        struct hyla_detection_totals *totals);

// Adds other totals to totals, with the counts of the open frame.
//
// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, OVERLAP.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_detection_merge(const struct hyla_detection_totals *other,
                                 struct hyla_detection_totals *totals);

// Writes the values under cuvis-ai's names (`precision`, `recall`, `f1_score`, `iou`,
// `image_precision`, `image_recall`, `image_f1`) and their number to `count`.
//
// Errors, with the outputs unchanged: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE,
// UNKNOWN_FIELD, PIXEL_STRIDE, MIXED_TOTALS, UNKNOWN_STAGE, RESERVED, CAPACITY (below 7).
// Notices: those of all values together; each value has its own.
HYLA_API
HYLA_NODISCARD
hyla_status hyla_detection_metrics(const struct hyla_detection_params *params,
                                   const struct hyla_detection_totals *totals,
                                   const struct hyla_context *context,
                                   struct hyla_metric *out,
                                   size_t capacity,
                                   size_t *count);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* HYLA_H */

#ifndef HYLA_INLINES
#define HYLA_INLINES

/* The defaults as a value. */
static inline hyla_bce_params hyla_bce_params_default(void) {
    hyla_bce_params params = HYLA_BCE_PARAMS_DEFAULT;
    return params;
}

/* The defaults as a value. */
static inline hyla_orthogonality_params hyla_orthogonality_params_default(void) {
    hyla_orthogonality_params params = HYLA_ORTHOGONALITY_PARAMS_DEFAULT;
    return params;
}

/* The defaults as a value. */
static inline hyla_distinctness_params hyla_distinctness_params_default(void) {
    hyla_distinctness_params params = HYLA_DISTINCTNESS_PARAMS_DEFAULT;
    return params;
}

/* The defaults as a value. */
static inline hyla_detection_params hyla_detection_params_default(void) {
    hyla_detection_params params = HYLA_DETECTION_PARAMS_DEFAULT;
    return params;
}

#endif /* HYLA_INLINES */
