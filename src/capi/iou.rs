//! `hyla_iou_...`: soft intersection over union.

use super::node::*;
use super::overlap_loss::{boundary, empty_target, normalization, overlap_loss};
use crate::loss::iou::{self, Params};

stages!(HYLA_IOU_STAGES, 7);

/// Predictions are `1 / (1 + e^-x)`.
pub const HYLA_NORMALIZATION_SIGMOID: u32 = 0;
/// Predictions are the scores, at least 0 and at most 1.
pub const HYLA_NORMALIZATION_CLAMP: u32 = 1;
/// The least score becomes 0, the greatest nearly 1. Needs a `hyla_range` beside the totals.
pub const HYLA_NORMALIZATION_MINMAX: u32 = 2;

/// A score of exactly 0 or 1 has no gradient through clamp (PyTorch from 2.15 on).
pub const HYLA_BOUNDARY_ZERO: u32 = 0;
/// It has that of a score between (PyTorch before).
pub const HYLA_BOUNDARY_PASS: u32 = 1;

/// Without a positive target the loss is the formula: nearly `weight`, with nearly no gradient.
pub const HYLA_EMPTY_TARGET_ONE: u32 = 0;
/// It is 0 with gradient 0 and HYLA_NOTICE_EMPTY: to be left out of an average.
pub const HYLA_EMPTY_TARGET_SKIP: u32 = 1;
/// It is 0 with gradient 0: nothing was to be found, and that counts as a success.
pub const HYLA_EMPTY_TARGET_ZERO: u32 = 2;

parameters! {
    /// Soft intersection over union (cuvis-ai: IoULoss): what is computed.
    ///
    /// With scores x (`scores`), targets y (`targets`, or `soft_targets` between 0 and 1) and pixel weights v:
    ///
    /// ```text
    /// p = sigmoid(x) | clamp(x, 0, 1) | (x - m) / (M - m + s)       m, M: least and greatest score
    /// I = sum v p y      U = sum v p + sum v y - I
    /// loss = weight * (1 - (I + smooth) / (U + smooth))
    /// ```
    ///
    /// A NaN score makes the loss NaN with HYLA_NOTICE_NOT_FINITE, with minmax an infinite one, too. All scores equal
    /// with minmax: p = 1/2, gradient 0, HYLA_NOTICE_DEGENERATE; the same notice where smooth is 0 and nothing is
    /// predicted nor to be found (loss 0). Sums are exact, the loss is computed from them in double; a
    /// gradient is within 8 ulp of float32 (with soft targets and at the extremes of minmax of its larger
    /// part). Needs labels. Calls take up to 12 KiB of stack. Initialise with HYLA_IOU_PARAMS_DEFAULT.
    /// Guide: a batch without a positive target costs nearly `weight` and teaches nothing; sigmoid has no
    /// gradient beyond +-17, clamp none outside [0, 1]; with minmax one outlier flattens all others.
    /// Formula: Rahman and Wang (2016).
    pub struct hyla_iou_params {
        /// HYLA_NORMALIZATION_...; cuvis-ai's key `normalize_method`. Default: sigmoid.
        pub normalization: u32 = HYLA_NORMALIZATION_SIGMOID,
        /// HYLA_BOUNDARY_...: the gradient of clamp at exactly 0 and 1. Default: zero, as PyTorch 2.15.
        pub boundary: u32 = HYLA_BOUNDARY_ZERO,
        /// HYLA_EMPTY_TARGET_...: the loss where no target is positive. Default: one, the formula.
        pub empty_target: u32 = HYLA_EMPTY_TARGET_ONE,
        /// The weight of this loss among others: finite. Default 1.
        pub weight: f32 = 1.0,
        /// The smoothing term s: finite, not negative. Default 1e-6.
        pub smooth: f32 = 1e-6,
    }
    HYLA_IOU_PARAMS_DEFAULT, hyla_iou_params_init
    |given| Params {
        normalization: normalization(given.normalization)?,
        boundary: boundary(given.boundary)?,
        empty_target: empty_target(given.empty_target)?,
        weight: given.weight,
        smooth: given.smooth,
    }
}

overlap_loss! {
    core iou, params hyla_iou_params, totals hyla_iou_totals,
    size hyla_iou_totals_size, merge hyla_iou_merge, normalize hyla_iou_normalize,
    errors "SMOOTH";
    hyla_iou_update, hyla_iou_loss, hyla_iou_gradient, hyla_iou_loss_and_gradient
}
