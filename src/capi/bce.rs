//! `hyla_bce_...`: binary cross-entropy of logits.

use super::loss::*;
use super::node::*;
use super::pixel_loss::pixel_loss;
use crate::loss::bce::{self, Params};

stages!(HYLA_BCE_STAGES, 7);

parameters! {
    /// Binary cross-entropy of logits (cuvis-ai: AnomalyBCEWithLogits): what is computed.
    ///
    /// With logits x (`scores`), targets y (`targets`) and pixel weights v (`weights`):
    ///
    /// ```text
    /// l_i = weight * pos_weight^y_i * v_i * softplus(y_i ? -x_i : x_i)
    /// loss = sum l_i / N | sum l_i | sum l_i / sum v_i      by `reduction`
    /// ```
    ///
    /// N counts the pixels that count, whatever their weights. A factor of exactly 0 switches a term
    /// off; an infinite logit that is right costs 0; a NaN logit gives a NaN loss and the notice
    /// HYLA_NOTICE_NOT_FINITE. Each term is within 3 ulp of float32 (4 with factors), each gradient
    /// too; sums are exact and rounded once. Needs labels. A soft target y (`soft_targets` instead of
    /// `targets`) counts as both classes, `y` times positive and `1 - y` times negative; with these or with
    /// smoothing a term is within 16 ulp, a gradient within 16 ulp of the larger of its two parts.
    ///
    /// Initialise with HYLA_BCE_PARAMS_DEFAULT. Guide: `pos_weight` = negatives / positives balances
    /// the classes, raises recall and costs precision; the logits then are no log-odds any more.
    /// Formula: Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.90.
    pub struct hyla_bce_params {
        /// HYLA_REDUCTION_...; cuvis-ai's key `reduction`. Default: mean.
        pub reduction: u32 = HYLA_REDUCTION_MEAN,
        /// The weight of this loss among others: finite. Default 1.
        pub weight: f32 = 1.0,
        /// The weight of positive pixels: finite, not negative; cuvis-ai's None is 1. Default 1.
        pub pos_weight: f32 = 1.0,
        /// e, between 0 and 1: a target y becomes `y (1 - e) + e/2`. Default 0.
        pub label_smoothing: f32 = 0.0,
    }
    HYLA_BCE_PARAMS_DEFAULT, hyla_bce_params_init
    |given| Params {
        reduction: reduction(given.reduction)?,
        weight: given.weight,
        pos_weight: given.pos_weight,
        label_smoothing: given.label_smoothing,
    }
}

pixel_loss! {
    core bce, params hyla_bce_params, totals hyla_bce_totals,
    size hyla_bce_totals_size, merge hyla_bce_merge, normalize hyla_bce_normalize,
    inputs "`scores` (logits), and either `targets` or `soft_targets` (the other is NULL); optional `valid` and \
        `weights`",
    unsupported "two kinds of targets",
    errors "UNKNOWN_REDUCTION, WEIGHT, POS_WEIGHT, LABEL_SMOOTHING",
    mixed "another weight, pos_weight or label_smoothing";
    hyla_bce_update, hyla_bce_loss, hyla_bce_map, hyla_bce_gradient, hyla_bce_loss_and_gradient
}
