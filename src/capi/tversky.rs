//! `hyla_tversky_...`: soft Tversky index.

use super::iou::{HYLA_BOUNDARY_ZERO, HYLA_EMPTY_TARGET_ONE, HYLA_NORMALIZATION_SIGMOID};
use super::node::*;
use super::overlap_loss::{boundary, empty_target, normalization, overlap_loss};
use crate::loss::tversky::{self, Params};

stages!(HYLA_TVERSKY_STAGES, 7);

parameters! {
    /// Soft Tversky index, with an optional focus: what is computed. (cuvis-ai has no such node.)
    ///
    /// With scores x (`scores`), targets y (`targets`, or `soft_targets` between 0 and 1) and pixel weights v:
    ///
    /// ```text
    /// p = sigmoid(x) | clamp(x, 0, 1) | (x - m) / (M - m + s)       m, M: least and greatest score
    /// I = sum v p y      FP = sum v p - I      FN = sum v y - I
    /// T = (I + smooth) / (I + false_positives FP + false_negatives FN + smooth)
    /// loss = weight * (1 - T)^gamma
    /// ```
    ///
    /// Both weights 1 are IoU, both 1/2 Dice (with half its smoothing term).
    /// A NaN score makes the loss NaN with HYLA_NOTICE_NOT_FINITE, with minmax an infinite one, too. All scores equal
    /// with minmax: p = 1/2, gradient 0, HYLA_NOTICE_DEGENERATE; the same notice where smooth is 0 and nothing is
    /// predicted nor to be found (loss 0). Sums are exact, the loss is computed from them in double; a
    /// gradient is within 8 ulp of float32 (with soft targets and at the extremes of minmax of its larger
    /// part). Needs labels. Calls take up to 12 KiB of stack. Initialise with HYLA_TVERSKY_PARAMS_DEFAULT.
    /// Guide: false_negatives above false_positives raises recall; gamma below 1 steepens the loss as it
    /// falls (its infinite slope at T = 1 is taken as 0), above 1 flattens it. Formula: Salehi et al. (2017);
    /// Abraham and Khan (2018), there with the exponent 1/gamma.
    pub struct hyla_tversky_params {
        /// HYLA_NORMALIZATION_.... Default: sigmoid.
        pub normalization: u32 = HYLA_NORMALIZATION_SIGMOID,
        /// HYLA_BOUNDARY_...: the gradient of clamp at exactly 0 and 1. Default: zero, as PyTorch 2.15.
        pub boundary: u32 = HYLA_BOUNDARY_ZERO,
        /// HYLA_EMPTY_TARGET_...: the loss where no target is positive. Default: one, the formula.
        pub empty_target: u32 = HYLA_EMPTY_TARGET_ONE,
        /// The weight of this loss among others: finite. Default 1.
        pub weight: f32 = 1.0,
        /// The smoothing term s: finite, not negative. Default 1e-6.
        pub smooth: f32 = 1e-6,
        /// The weight of false positives: finite, not negative. Default 0.5.
        pub false_positives: f32 = 0.5,
        /// The weight of false negatives: finite, not negative. Default 0.5.
        pub false_negatives: f32 = 0.5,
        /// The exponent: finite, not negative. Default 1.
        pub gamma: f32 = 1.0,
    }
    HYLA_TVERSKY_PARAMS_DEFAULT, hyla_tversky_params_init
    |given| Params {
        normalization: normalization(given.normalization)?,
        boundary: boundary(given.boundary)?,
        empty_target: empty_target(given.empty_target)?,
        weight: given.weight,
        smooth: given.smooth,
        false_positives: given.false_positives,
        false_negatives: given.false_negatives,
        gamma: given.gamma,
    }
}

overlap_loss! {
    core tversky, params hyla_tversky_params, totals hyla_tversky_totals,
    size hyla_tversky_totals_size, merge hyla_tversky_merge, normalize hyla_tversky_normalize,
    errors "SMOOTH, BALANCE, GAMMA";
    hyla_tversky_update, hyla_tversky_loss, hyla_tversky_gradient, hyla_tversky_loss_and_gradient
}
