//! Mean squared error of a reconstruction (cuvis-ai's `MSEReconstructionLoss`).
//!
//! **Use case**: trains an autoencoder, or watches how well it reconstructs: where it fails is an
//! anomaly. Needs no labels. **Inputs**: a cube of values `a` (the reconstruction), the target `b` in the
//! same layout. Optional: `valid`, `weights`, one a pixel.
//!
//! ```text
//! l_ik = w * v_i * (a_ik - b_ik)^2            pixel i, channel k
//! L    = sum l_ik / N                         mean: N values that count
//!      = sum l_ik                             sum
//!      = sum l_ik / sum v_ik                  weighted mean: v_i counts once a channel
//! dL/da_ik = 2 k * v_i * (a_ik - b_ik)        k = w/N, w, or w / sum v, times `upstream`
//! dL/db_ik = -dL/da_ik                        call with `upstream` negated
//! ```
//!
//! **Accuracy**: a term is within [`TERM_MAX_ULP`] ulp of f32, a gradient within
//! [`GRADIENT_MAX_ULP`]: one rounding for the difference, one for each product. The factors `w`, `2 k` are
//! rounded to f32 once, and the bound counts from there. Where a square is below 2^-126 it is off by up to
//! 2^-150, times its factor. The sum is exact and rounded once. A difference above 1.8e19 has an infinite
//! square: `NOT_FINITE`.
//!
//! **Parameters as they behave**: the mean divides by the number of values that count, also with pixel
//! weights; choose the weighted mean when the loss must not change with the scale of the weights. The sum
//! grows with the frame, and so does its gradient.
//!
//! **cuvis-ai**: `weight`, `reduction` (`mean`, `sum`, `none`); ports `reconstruction` and `target`. Stages:
//! train, validation, test.
//!
//! **Speed**: limited by memory from DRAM. Inside the cache by the exact sum: 7.5 cycles for 16 values with AVX-512,
//! where a plain loop runs at the speed of the cache in 4.7 (see `exact/quick.rs`; 6.7 where no two values are nearly
//! equal). Squares of more than 22 binades in most registers go through memory, in four times as many. Where a mask or
//! weights are given and the pixels are no neighbours in memory, limited by copying float by float.
//!
//! Formula: the definition.

mod kernels;

use crate::error::{Error, Notices, Value};
use crate::input::{Cube, CubeSource, Original};
use crate::node::cubewise::{Compared, CubeLoss, Cubewise, compares_cubes, cube_calls, inputs};
use crate::node::fingerprint::fingerprint;
use crate::node::reduction::{Reduction, Sums};
use crate::node::walk::{self, Outputs, TermLoss};
use crate::simd::{self, Output, Write};
use kernels::Values;

/// The bound of a term in ulps: three roundings of 2^-24 for the square (the difference counts twice), one
/// for the factor, one for a pixel weight.
pub const TERM_MAX_ULP: f64 = 5.0;
/// The bound of a gradient in ulps: the difference, the factor, a pixel weight.
pub const GRADIENT_MAX_ULP: f64 = 3.0;

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// How the terms become the loss.
    pub reduction: Reduction,
    /// The weight w of this loss among others: any finite number.
    pub weight: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self { reduction: Reduction::Mean, weight: 1.0 }
    }
}

impl TermLoss for Params {
    type Totals = Sums;

    #[inline(never)]
    fn check(&self) -> Result<(), Error> {
        if self.weight.is_finite() { Ok(()) } else { Err(Error::Weight) }
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }

    fn fingerprint(&self) -> i64 {
        fingerprint(&[self.weight.to_bits()])
    }
}

/// Exact sums over values; all zero is empty. Adding the words of two totals merges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// The sums of the terms `l_ik` and of the weights.
    pub sums: Sums,
}

impl Totals {
    /// Adds other totals. The words are canonical afterwards.
    pub fn merge(&mut self, other: &Self) {
        self.sums.merge(&other.sums);
    }

    /// Makes the words canonical after they were added elsewhere.
    pub fn normalize(&mut self) {
        self.sums.normalize();
    }
}

cube_calls! {
    of (reconstruction, target: impl Into<Original<'a>>), totals totals => totals.sums,
    errors "Parameters out of range", gradient "dL/da" like "reconstruction",
    map "`l_ik` in the layout of the reconstruction"
}

compares_cubes!(Params);

impl Cubewise for Compared<'_, Params> {
    type Params = Params;
    const TERM_OF_EACH_VALUE: bool = true;

    fn params(&self) -> &Params {
        &self.params
    }

    fn cube(&self) -> &Cube<'_> {
        &self.cube
    }

    #[inline(never)]
    fn walk(&self, outputs: Outputs) {
        let slope = outputs.gradient.as_ref().map_or(0.0, |gradient| gradient.slope);
        let slope = (2.0 * f64::from(self.params.weight) * slope) as f32;
        let layout = self.cube.layout_of_values();
        simd::run(Values { compared: self, layout, slope, outputs });
    }
}
