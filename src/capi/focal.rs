//! `hyla_focal_...`: focal loss of logits.

use super::loss::*;
use super::node::*;
use super::pixel_loss::pixel_loss;
use crate::loss::focal::{self, Params};

stages!(HYLA_FOCAL_STAGES, 7);

parameters! {
    /// Focal loss of logits: what is computed. (cuvis-ai has no such node.)
    ///
    /// With logits x (`scores`), targets y (`targets`), pixel weights v and `z = y_i ? -x_i : x_i`:
    ///
    /// ```text
    /// l_i = weight * a(y_i) * v_i * sigmoid(z)^gamma * softplus(z)      a: alpha or 1 - alpha; 1 without alpha
    /// loss = sum l_i / N | sum l_i | sum l_i / sum v_i                  by `reduction`
    /// ```
    ///
    /// With gamma 0 it is `hyla_bce`, bit by bit. A factor of exactly 0 switches a term off; a NaN logit gives a
    /// NaN loss and HYLA_NOTICE_NOT_FINITE. Where a term or a gradient and the power `sigmoid(z)^gamma` are normal
    /// numbers, it is within 16 ulp of float32 if gamma is 1 or 2 (4 if it is 0), and within
    /// `24 + 5 gamma (max(0, -z) + exp(-|z|))` if gamma is any other up to 2^90; a subnormal power has fewer digits.
    /// Sums are exact and rounded once. Needs labels. Initialise with HYLA_FOCAL_PARAMS_DEFAULT. Formula: Lin et al.
    /// (2017), Focal Loss for Dense Object Detection.
    pub struct hyla_focal_params {
        /// HYLA_REDUCTION_.... Default: mean.
        pub reduction: u32 = HYLA_REDUCTION_MEAN,
        /// The weight of this loss among others: finite. Default 1.
        pub weight: f32 = 1.0,
        /// The focusing exponent: finite, not negative. Default 2.
        pub gamma: f32 = 2.0,
        /// 1: weigh the classes by `alpha`; 0: do not. Default 1.
        pub has_alpha: u32 = 1,
        /// The weight of positives, between 0 and 1; negatives get the rest. Default 0.25.
        pub alpha: f32 = 0.25,
    }
    HYLA_FOCAL_PARAMS_DEFAULT, hyla_focal_params_init
    |given| Params {
        reduction: reduction(given.reduction)?,
        weight: given.weight,
        gamma: given.gamma,
        alpha: optional(given.has_alpha, given.alpha, subject!(has_alpha))?,
    }
}

pixel_loss! {
    core focal, params hyla_focal_params, totals hyla_focal_totals,
    size hyla_focal_totals_size, merge hyla_focal_merge, normalize hyla_focal_normalize,
    inputs "`scores` (logits) and `targets`; optional `valid` and `weights`; `soft_targets` must be NULL",
    unsupported "soft targets",
    errors "UNKNOWN_REDUCTION, UNKNOWN_OPTION, WEIGHT, GAMMA, BALANCE (alpha)",
    mixed "another weight, gamma or alpha";
    hyla_focal_update, hyla_focal_loss, hyla_focal_map, hyla_focal_gradient, hyla_focal_loss_and_gradient
}
