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
use crate::input::Cube;
use crate::node::cubewise::Cubewise;
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
    /// Adds pixels.
    ///
    /// # Errors
    /// Parameters out of range, a layout in which values share a place, inputs of different lengths.
    /// Nothing was added then.
    pub fn update(&mut self, params: &Params, reconstruction: &Cube, target: &[f32]) -> Result<(), Error> {
        walk::update(Compared::new(params, reconstruction, target)?, &mut self.sums);
        Ok(())
    }

    /// Adds other totals. The words are canonical afterwards.
    pub fn merge(&mut self, other: &Self) {
        self.sums.merge(&other.sums);
    }

    /// Makes the words canonical after they were added elsewhere.
    pub fn normalize(&mut self) {
        self.sums.normalize();
    }

    /// The loss. The mean of nothing is NaN, the sum 0, both with the notice `EMPTY`; a weighted mean of
    /// weights that are all 0 is NaN with `DEGENERATE`.
    ///
    /// # Errors
    /// Parameters out of range, [`Reduction::None`], terms of other parameters in the totals.
    pub fn loss(&self, params: &Params) -> Result<Value, Error> {
        TermLoss::loss(params, &self.sums)
    }

    /// Writes `upstream * dL/da` for these pixels in the layout of the reconstruction, or adds it. The
    /// totals are those of the whole batch, of which the pixels may be any part. Pixels that do not count
    /// get 0 (or stay as they are, if added to).
    ///
    /// # Errors
    /// As [`Self::update`] and [`Self::loss`], and a gradient that is too short. Nothing was written then.
    pub fn gradient(
        &self,
        params: &Params,
        reconstruction: &Cube,
        target: &[f32],
        upstream: f64,
        write: Write,
        gradient: &mut [f32],
    ) -> Result<Notices, Error> {
        self.gradient_to(params, reconstruction, target, upstream, Output::new(write, gradient))
    }

    /// [`Self::gradient`], to memory that may be uninitialised.
    pub(crate) fn gradient_to(
        &self,
        params: &Params,
        reconstruction: &Cube,
        target: &[f32],
        upstream: f64,
        gradient: Output,
    ) -> Result<Notices, Error> {
        let compared = Compared::new(params, reconstruction, target)?;
        walk::gradient(compared, &self.sums, upstream, gradient)
    }
}

/// The loss and the gradient of one batch, and the batch's totals added to `totals`: the same bits as
/// [`Totals::update`], [`Totals::loss`] and [`Totals::gradient`] one after the other.
///
/// # Errors
/// As these. Nothing was written then. With [`Reduction::None`] there is no loss: use [`map`] and
/// [`Totals::gradient`].
pub fn loss_and_gradient(
    params: &Params,
    reconstruction: &Cube,
    target: &[f32],
    upstream: f64,
    write: Write,
    totals: Option<&mut Totals>,
    gradient: &mut [f32],
) -> Result<Value, Error> {
    loss_and_gradient_to(params, reconstruction, target, upstream, totals, Output::new(write, gradient))
}

/// [`loss_and_gradient`], to memory that may be uninitialised.
pub(crate) fn loss_and_gradient_to(
    params: &Params,
    reconstruction: &Cube,
    target: &[f32],
    upstream: f64,
    totals: Option<&mut Totals>,
    gradient: Output,
) -> Result<Value, Error> {
    let totals = totals.map(|totals| &mut totals.sums);
    let compared = Compared::new(params, reconstruction, target)?;
    walk::loss_and_gradient(compared, upstream, totals, gradient)
}

/// Writes the terms `l_ik` in the layout of the reconstruction: the reduction `none`, whatever
/// `params.reduction` is. Pixels that do not count get 0.
///
/// # Errors
/// As [`Totals::update`], and a map that is too short. Nothing was written then.
pub fn map(params: &Params, reconstruction: &Cube, target: &[f32], map: &mut [f32]) -> Result<Notices, Error> {
    map_to(params, reconstruction, target, Output::new(Write::Store, map))
}

/// [`map`], to memory that may be uninitialised.
pub(crate) fn map_to(params: &Params, reconstruction: &Cube, target: &[f32], map: Output) -> Result<Notices, Error> {
    walk::map(Compared::new(params, reconstruction, target)?, map)
}

/// A reconstruction and its target, which fit each other.
#[derive(Clone, Copy)]
struct Compared<'a> {
    params: Params,
    cube: Cube<'a>,
    target: &'a [f32],
}

impl<'a> Compared<'a> {
    fn new(params: &Params, cube: &Cube<'a>, target: &'a [f32]) -> Result<Self, Error> {
        params.check()?;
        if cube.layout.n > 0 && cube.layout.channels == 0 {
            return Err(Error::Channels);
        }
        cube.check()?;
        cube.check_output(target.len())?;
        Ok(Self { params: *params, cube: *cube, target })
    }
}

impl Cubewise for Compared<'_> {
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
