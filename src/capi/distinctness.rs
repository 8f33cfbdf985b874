//! `hyla_distinctness_...`: mean cosine of pairs of selectors.

use super::matrix_loss::matrix_loss;
use super::node::*;
use crate::loss::distinctness::{self, Params};

stages!(HYLA_DISTINCTNESS_STAGES, 7);

parameters! {
    /// Mean cosine of pairs of rows (cuvis-ai: DistinctnessLoss): what is computed.
    ///
    /// With selection weights, K rows (selectors) of C floats (bands), K up to 1024:
    ///
    /// ```text
    /// u_i = w_i / max(|w_i|, eps)      loss = weight * mean over i < j of u_i . u_j
    /// ```
    ///
    /// All pairs are computed at once from the sum of the u: time is linear in K C. With `skip_exact_zeros` the
    /// mean is over the pairs whose cosine is not exactly 0, as cuvis-ai's code (not its documentation) has it,
    /// in time K^2 C. Computed in double, within (C + K) * 2^-50 of `weight`; a sum that is 0 within its rounding
    /// is 0, so that disjoint selectors give exactly 0. Needs no labels. Initialise with
    /// HYLA_DISTINCTNESS_PARAMS_DEFAULT.
    pub struct hyla_distinctness_params {
        /// The weight of this loss among others: finite. Default 0.1.
        pub weight: f32 = 0.1,
        /// The least length that a row is divided by: finite, not negative. Default 1e-6.
        pub eps: f32 = 1e-6,
        /// 1: leave cosines of exactly 0 out of the mean, as cuvis-ai; 0: do not. Default 0.
        pub skip_exact_zeros: u32 = 0,
    }
    HYLA_DISTINCTNESS_PARAMS_DEFAULT, hyla_distinctness_params_init
    |given| Params {
        weight: given.weight,
        eps: given.eps,
        skip_exact_zeros: switch(given.skip_exact_zeros, subject!(skip_exact_zeros))?,
    }
}

matrix_loss! {
    core distinctness, params hyla_distinctness_params,
    of selection_weights to grad_selection_weights,
    none "fewer than two rows",
    errors "WEIGHT, EPSILON, UNKNOWN_OPTION",
    notices "DEGENERATE (a row no longer than eps), ZERO_PAIRS (cosines are known to be exactly 0: with \
        `skip_exact_zeros` any, otherwise those of a row of zeros, or all of them), NOT_FINITE";

    /// It has no part along its row where the row is longer than eps.
    hyla_distinctness_gradient;

    hyla_distinctness_workspace, hyla_distinctness_loss, hyla_distinctness_loss_and_gradient
}
