//! `hyla_spectral_angle_...`: the angle between reconstructed and original spectra.

use super::cube::{Taken, hyla_values};
use super::cube_loss::{CubeLoss, Found, cube_loss};
use super::loss::*;
use super::node::*;
use crate::input::{Marks, Original};
use crate::loss::spectral_angle::{self, Measure, Params, Totals};

/// The angle between two spectra, from 0 to pi.
pub const HYLA_SPECTRAL_ANGLE: u32 = 0;
/// 1 less its cosine, from 0 to 2.
pub const HYLA_SPECTRAL_COSINE: u32 = 1;

stages!(HYLA_SPECTRAL_ANGLE_STAGES, 7);

parameters! {
    /// The angle between reconstructed and original spectra (not in cuvis-ai): what is computed.
    ///
    /// With spectra a (a cube), the original ones b and pixel weights v (`weights`):
    ///
    /// ```text
    /// cos_i = <a_i, b_i> / (|a_i| |b_i|)
    /// l_i = weight * v_i * acos(cos_i) | weight * v_i * (1 - cos_i)        by `measure`
    /// loss = sum l_i / N | sum l_i | sum l_i / sum v_i                     by `reduction`
    /// ```
    ///
    /// N counts the pixels that count. All is computed in double without cancellation, so that small angles keep their
    /// digits, and rounded to float32 once: a term is within 0.51 ulp and `4 d`, a gradient within 0.51 ulp and `4 d`
    /// of the greatest it could be, by the factors, with `d = (channels + 104) 2^-56`; sums are exact and rounded once.
    /// A sine below d is 0, and the gradient, too. A spectrum of zeros has the cosine 0 and the gradient 0, and is
    /// counted in `dark`. Brightness does not matter. Needs no labels. Calls take up to 24 KiB of stack.
    /// Initialise with HYLA_SPECTRAL_ANGLE_PARAMS_DEFAULT.
    pub struct hyla_spectral_angle_params {
        /// HYLA_SPECTRAL_ANGLE or HYLA_SPECTRAL_COSINE. Default: angle.
        pub measure: u32 = HYLA_SPECTRAL_ANGLE,
        /// HYLA_REDUCTION_.... Default: mean.
        pub reduction: u32 = HYLA_REDUCTION_MEAN,
        /// The weight of this loss among others: finite. Default 1.
        pub weight: f32 = 1.0,
    }
    HYLA_SPECTRAL_ANGLE_PARAMS_DEFAULT, hyla_spectral_angle_params_init
    |given| Params {
        measure: option(Measure::from_number(given.measure), subject!(measure))?,
        reduction: reduction(given.reduction)?,
        weight: given.weight,
    }
}

loss_totals! {
    over "pixels", size hyla_spectral_angle_totals_size, merge hyla_spectral_angle_merge,
    normalize hyla_spectral_angle_normalize, loss hyla_spectral_angle_loss;
    pub struct hyla_spectral_angle_totals: Totals {
        /// The sum of the terms.
        pub loss: hyla_exact_sum = sums.loss,
        /// The sum of the weights of the pixels that count.
        pub weights: hyla_exact_sum = sums.weights,
        /// How many pixels count.
        pub pixels: i64 = sums.term_count,
        /// How many valid pixels had a bad weight and acted as masked.
        pub rejected: i64 = sums.rejected,
        /// Shows whether terms of different parameters were mixed.
        pub fingerprint: i64 = sums.fingerprint,
        /// How many pixels of weights above 0 have a spectrum of zeros.
        pub dark: i64,
    }
}

impl CubeLoss for hyla_spectral_angle_params {
    type Given = hyla_values;
    type Beside<'a> = Original<'a>;

    const MARKS: Marks = Marks::None;

    unsafe fn beside<'a>(cube: &hyla_cube, taken: &Taken, original: Argument<*const hyla_values>) -> Found<'a, Self> {
        // SAFETY: the contract.
        unsafe { cube.original(taken, original) }
    }
}

cube_loss! {
    core spectral_angle, params hyla_spectral_angle_params, totals hyla_spectral_angle_totals,
    of (reconstruction, original: hyla_values) to (loss_map, grad_reconstruction),
    inputs "the cube's values, optional `valid` and `weights`; `original`, values of any type and \
        layout, as many",
    errors "CHANNELS (pixels of none), UNKNOWN_OPTION (measure), UNKNOWN_REDUCTION, WEIGHT",
    at_once ("in one pass (masks and weights are read once more first)", "UNKNOWN_WRITE, NO_SCALAR");

    /// The loss, rounded once from exact sums. The mean of nothing is NaN, the sum 0.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, UNKNOWN_OPTION, UNKNOWN_REDUCTION,
    /// WEIGHT, NO_SCALAR (reduction none), TOTALS, MIXED_TOTALS (terms of another weight or measure). Notices: EMPTY,
    /// NOT_FINITE, REJECTED, DEGENERATE (a spectrum of zeros; a weighted mean whose weights are all 0: NaN).
    hyla_spectral_angle_loss;

    /// Writes each pixel's term l_i to `loss_map` (n floats), 0 where the pixel does not count: the loss of reduction
    /// none. `params->reduction` does not matter. `loss_map` may be uninitialised.
    hyla_spectral_angle_map by_pixel, notices "EMPTY (n is 0)";

    /// The gradient by the original is that of a call with the two cubes in each other's place and the same totals. NaN
    /// has a NaN gradient; spectra that are parallel or of zeros have the gradient 0, and so has the mean of nothing.
    hyla_spectral_angle_gradient;

    hyla_spectral_angle_update, hyla_spectral_angle_loss_and_gradient
}
