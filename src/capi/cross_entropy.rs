//! `hyla_cross_entropy_...`: cross-entropy of class logits.

use super::cube::Taken;
use super::cube_loss::{CubeLoss, Found, cube_loss, of_floats};
use super::loss::*;
use super::node::*;
use crate::input::Marks;
use crate::loss::cross_entropy::{self, Params, Totals};

stages!(HYLA_CROSS_ENTROPY_STAGES, 7);

parameters! {
    /// Cross-entropy of class logits (cuvis-ai: CrossEntropyLoss): what is computed.
    ///
    /// With logits x (a cube of K channels, 2 to 4096), labels y (`labels`), class weights o (K floats, or all 1),
    /// pixel weights v (`weights`), p = softmax(x) and e = label_smoothing:
    ///
    /// ```text
    /// l_i = weight * v_i * ((1 - e) o_y (-ln p_iy) + e/K sum_k o_k (-ln p_ik))      y = y_i
    /// loss = sum l_i / sum o_y v_i | sum l_i / N | sum l_i                          by `reduction`
    /// ```
    ///
    /// A label that is `ignore_index` acts as masked, one that is no class too, but is counted as rejected. Without
    /// smoothing a term is within 8 ulp of float32, a gradient within 10; with smoothing of the largest of their parts.
    /// Sums are exact and rounded once. Infinite logits have their limits; NaN gives NaN and HYLA_NOTICE_NOT_FINITE.
    /// Needs labels. Calls take up to 62 KiB of stack; with pointers of 32 bits 4.2 KiB. Initialise with
    /// HYLA_CROSS_ENTROPY_PARAMS_DEFAULT. Formula: Bishop (2006), eq. 4.108.
    pub struct hyla_cross_entropy_params {
        /// HYLA_REDUCTION_.... Default: weighted mean, which divides by the class weights as PyTorch's mean does.
        pub reduction: u32 = HYLA_REDUCTION_WEIGHTED_MEAN,
        /// 1: `ignore_index` acts as masked; 0: it is not looked at. Default 1.
        pub has_ignore_index: u32 = 1,
        /// The label that acts as masked. Default -100.
        pub ignore_index: i32 = -100,
        /// The weight of this loss among others: finite. Default 1.
        pub weight: f32 = 1.0,
        /// e, between 0 and 1: how much of each target is spread over all classes. Default 0.
        pub label_smoothing: f32 = 0.0,
    }
    HYLA_CROSS_ENTROPY_PARAMS_DEFAULT, hyla_cross_entropy_params_init
    |given| Params {
        reduction: reduction(given.reduction)?,
        ignore_index: optional(given.has_ignore_index, given.ignore_index, subject!(has_ignore_index))?,
        weight: given.weight,
        label_smoothing: given.label_smoothing,
    }
}

loss_totals! {
    over "pixels", size hyla_cross_entropy_totals_size, merge hyla_cross_entropy_merge,
    normalize hyla_cross_entropy_normalize, loss hyla_cross_entropy_loss;
    pub struct hyla_cross_entropy_totals: Totals {
        /// The sum of the terms.
        pub loss: hyla_exact_sum = sums.loss,
        /// The sum of the factors `o_y v_i` of the pixels that count.
        pub weights: hyla_exact_sum = sums.weights,
        /// How many pixels count.
        pub pixels: i64 = sums.term_count,
        /// How many valid pixels had a bad weight or label and acted as masked.
        pub rejected: i64 = sums.rejected,
        /// Shows whether terms of different parameters were mixed.
        pub fingerprint: i64 = sums.fingerprint,
    }
}

impl CubeLoss for hyla_cross_entropy_params {
    type Given = f32;
    type Beside<'a> = Option<&'a [f32]>;

    const MARKS: Marks = Marks::Labels;

    unsafe fn beside<'a>(cube: &hyla_cube, _: &Taken, class_weights: Argument<*const f32>) -> Found<'a, Self> {
        // SAFETY: the contract.
        let weights = unsafe { optional_input(class_weights, cube.channels) }?;
        Ok((weights, of_floats(weights.unwrap_or(&[]))))
    }
}

cube_loss! {
    core cross_entropy, params hyla_cross_entropy_params, totals hyla_cross_entropy_totals,
    of (logits, class_weights: f32) to (loss_map, grad_logits),
    inputs "the cube's values and `labels`, optional `valid` and `weights`; `class_weights`, one a channel, finite and \
        not negative, may be NULL. All calls of a batch take the same ones",
    errors "CHANNELS (fewer than 2 or more than 4096), UNKNOWN_REDUCTION, UNKNOWN_OPTION, WEIGHT, LABEL_SMOOTHING, \
        CLASS_WEIGHT",
    at_once ("in two passes", "UNKNOWN_WRITE, NO_SCALAR");

    /// The loss, rounded once from exact sums. The mean of nothing is NaN, the sum 0.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, UNKNOWN_REDUCTION, UNKNOWN_OPTION,
    /// WEIGHT, LABEL_SMOOTHING, NO_SCALAR (reduction none), TOTALS, MIXED_TOTALS (terms of another weight or smoothing;
    /// class weights are not known to the totals). Notices: EMPTY, NOT_FINITE, REJECTED, DEGENERATE (a weighted mean
    /// whose weights are all 0: NaN).
    hyla_cross_entropy_loss;

    /// Writes each pixel's term l_i to `loss_map` (n floats), 0 where the pixel does not count: the loss of reduction
    /// none. `params->reduction` does not matter.
    hyla_cross_entropy_map by_pixel, notices "EMPTY (n is 0)";

    /// NaN has a NaN gradient; the gradient of the mean of nothing is 0.
    hyla_cross_entropy_gradient;

    hyla_cross_entropy_update, hyla_cross_entropy_loss_and_gradient
}
