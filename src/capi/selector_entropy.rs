//! `hyla_selector_entropy_...`: entropy of the weights of a band selector.

use super::node::*;
use super::selector_loss::selector_loss;
use crate::loss::selector_entropy::{self, Params};

stages!(HYLA_SELECTOR_ENTROPY_STAGES, 7);

parameters! {
    /// Entropy of the weights of a band selector (cuvis-ai: SelectorEntropyRegularizer): what is computed.
    ///
    /// With weights w (n floats, usually a softmax), S = sum w + eps and p = w / S:
    ///
    /// ```text
    /// H = -sum p_i ln(p_i + eps)                       0 ln 0 is 0
    /// loss = -weight * H | weight * (H - target_entropy)^2
    /// ```
    ///
    /// Computed in double, within 1e-13 of its largest term. A positive weight rewards many bands of like weight
    /// and so opposes `hyla_selector_diversity`. Needs no labels. Initialise with
    /// HYLA_SELECTOR_ENTROPY_PARAMS_DEFAULT. Formula: Shannon (1948), section 6.
    pub struct hyla_selector_entropy_params {
        /// The weight of this loss among others: finite. Default 0.01.
        pub weight: f32 = 0.01,
        /// Keeps logarithm and quotient finite: finite, not negative. Default 1e-6.
        pub eps: f32 = 1e-6,
        /// 1: hold `target_entropy`; 0: no target. Default 0.
        pub has_target: u32 = 0,
        /// The entropy to hold, in nats: finite. Looked at only with `has_target`. Default 0.
        pub target_entropy: f32 = 0.0,
    }
    HYLA_SELECTOR_ENTROPY_PARAMS_DEFAULT, hyla_selector_entropy_params_init
    |given| Params {
        weight: given.weight,
        eps: given.eps,
        target_entropy: optional(given.has_target, given.target_entropy, subject!(has_target))?,
    }
}

selector_loss! {
    core selector_entropy, params hyla_selector_entropy_params;

    /// The loss of `n` weights. 0 of no weight.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, WEIGHT, EPSILON, TARGET,
    /// UNKNOWN_OPTION. Notices: EMPTY, DEGENERATE (all weights are 0: the value is that of entropy 0), NOT_FINITE (a
    /// logarithm of a negative number, or a sum of 0).
    hyla_selector_entropy_loss;

    hyla_selector_entropy_gradient, notices ", NOT_FINITE also for an infinite slope";

    hyla_selector_entropy_loss_and_gradient
}
