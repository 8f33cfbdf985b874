//! `hyla_mse_...`: mean squared error of a reconstruction.

use super::cube::{Taken, hyla_values};
use super::cube_loss::{CubeLoss, Found, cube_loss};
use super::loss::*;
use super::node::*;
use crate::input::{Marks, Original};
use crate::loss::mse::{self, Params, Totals};

stages!(HYLA_MSE_STAGES, 7);

parameters! {
    /// Mean squared error of a reconstruction (cuvis-ai: MSEReconstructionLoss): what is computed.
    ///
    /// With values a (a cube), as many values b (`target`) and pixel weights v (`weights`):
    ///
    /// ```text
    /// l_ik = weight * v_i * (a_ik - b_ik)^2
    /// loss = sum l_ik / N | sum l_ik | sum l_ik / sum v_ik      by `reduction`
    /// ```
    ///
    /// N counts the values (not the pixels) that count; a pixel's weight counts once a channel. Each term is
    /// within 5 ulp of float32, each gradient within 3; sums are exact and rounded once. A difference
    /// above 1.8e19 has an infinite square. Needs no labels. Calls take up to 10 KiB of stack.
    /// Initialise with HYLA_MSE_PARAMS_DEFAULT.
    pub struct hyla_mse_params {
        /// HYLA_REDUCTION_...; cuvis-ai's key `reduction`. Default: mean.
        pub reduction: u32 = HYLA_REDUCTION_MEAN,
        /// The weight of this loss among others: finite. Default 1.
        pub weight: f32 = 1.0,
    }
    HYLA_MSE_PARAMS_DEFAULT, hyla_mse_params_init
    |given| Params { reduction: reduction(given.reduction)?, weight: given.weight }
}

loss_totals! {
    over "values", size hyla_mse_totals_size, merge hyla_mse_merge, normalize hyla_mse_normalize, loss hyla_mse_loss;
    pub struct hyla_mse_totals: Totals {
        /// The sum of the terms.
        pub loss: hyla_exact_sum = sums.loss,
        /// The sum of the weights of the values that count.
        pub weights: hyla_exact_sum = sums.weights,
        /// How many values count.
        pub values: i64 = sums.term_count,
        /// How many valid pixels had a bad weight and acted as masked.
        pub rejected: i64 = sums.rejected,
        /// Shows whether terms of different parameters were mixed.
        pub fingerprint: i64 = sums.fingerprint,
    }
}

impl CubeLoss for hyla_mse_params {
    type Given = hyla_values;
    type Beside<'a> = Original<'a>;

    const MARKS: Marks = Marks::None;

    unsafe fn beside<'a>(cube: &hyla_cube, taken: &Taken, target: Argument<*const hyla_values>) -> Found<'a, Self> {
        // SAFETY: the contract.
        unsafe { cube.original(taken, target) }
    }
}

cube_loss! {
    core mse, params hyla_mse_params, totals hyla_mse_totals,
    of (reconstruction, target: hyla_values) to (loss_map, grad_reconstruction),
    inputs "the cube's values, optional `valid` and `weights`; `target`, values of any type and layout, \
        as many",
    errors "CHANNELS (pixels of none), UNKNOWN_REDUCTION, WEIGHT",
    at_once ("in one pass (masks and weights are read once more first)", "UNKNOWN_WRITE, NO_SCALAR");

    /// The loss, rounded once from exact sums. The mean of nothing is NaN, the sum 0.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, UNKNOWN_REDUCTION, WEIGHT, NO_SCALAR
    /// (reduction none), TOTALS, MIXED_TOTALS (terms of another weight). Notices: EMPTY, NOT_FINITE, REJECTED,
    /// DEGENERATE (a weighted mean whose weights are all 0: NaN).
    hyla_mse_loss;

    /// Writes each value's term l_ik to `loss_map`, in the layout of the values, 0 where the pixel does not count: the
    /// loss of reduction none. `params->reduction` does not matter.
    hyla_mse_map like_values, notices "EMPTY (n is 0)";

    /// The gradient by the target is that of `-upstream`. NaN has a NaN gradient; the gradient of the mean of nothing
    /// is 0.
    hyla_mse_gradient;

    hyla_mse_update, hyla_mse_loss_and_gradient
}
