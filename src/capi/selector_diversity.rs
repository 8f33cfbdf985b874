//! `hyla_selector_diversity_...`: variance of the weights of a band selector.

use super::node::*;
use super::selector_loss::selector_loss;
use crate::loss::selector_diversity::{self, Params};

stages!(HYLA_SELECTOR_DIVERSITY_STAGES, 7);

parameters! {
    /// Variance of the weights of a band selector (cuvis-ai: SelectorDiversityRegularizer): what is computed.
    ///
    /// ```text
    /// m = sum w / n      loss = -weight * sum (w_i - m)^2 / n
    /// ```
    ///
    /// Computed in double; nothing cancels, whatever the offset of the weights. A positive weight rewards few
    /// bands of great weight (although the name says the opposite) and so opposes
    /// `hyla_selector_entropy`. Needs no labels. Initialise with HYLA_SELECTOR_DIVERSITY_PARAMS_DEFAULT.
    /// Formula: the population variance.
    pub struct hyla_selector_diversity_params {
        /// The weight of this loss among others: finite. Default 0.01.
        pub weight: f32 = 0.01,
    }
    HYLA_SELECTOR_DIVERSITY_PARAMS_DEFAULT, hyla_selector_diversity_params_init
    |given| Params { weight: given.weight }
}

selector_loss! {
    core selector_diversity, params hyla_selector_diversity_params;

    /// The loss of `n` weights. NaN of no weight.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, WEIGHT. Notices: EMPTY,
    /// NOT_FINITE (NaN or infinite weights).
    hyla_selector_diversity_loss;

    hyla_selector_diversity_gradient, notices "";

    hyla_selector_diversity_loss_and_gradient
}
