//! Mean squared error of a reconstruction (cuvis-ai's `MSEReconstructionLoss`).
//!
//! **Use case**: trains or watches an autoencoder, or any model that gives back its input. Needs no
//! labels. Its map is an anomaly score of each value.
//! **Inputs**: the reconstruction `a` (a [`Cube`] in any layout) and the target `b` (floats in the
//! layout of the reconstruction). Optional: `valid` and `weights`, one a pixel.
//!
//! ```text
//! l_ik = w * v_i * (a_ik - b_ik)^2           of channel k of pixel i
//! L    = sum l_ik / N                        mean: N = pixels that count * channels
//!      = sum l_ik                            sum
//!      = sum l_ik / (channels * sum v_i)     weighted mean
//! dL/da_ik = 2 k * v_i * (a_ik - b_ik)       k = w/N, w, or w / (channels * sum v_i), times `upstream`
//! dL/db_ik = -dL/da_ik                       (call `gradient` with `-upstream`)
//! ```
//!
//! with weight w and pixel weights v.
//!
//! **Accuracy**: difference, square and factors in `f64`, then rounded to f32 once: a term and a
//! gradient are within 0.5 ulp and 2^-26 ulp (the double roundings: three of 2^-53 relative), here
//! stated as [`MAX_ULP`], subnormal results too. Nothing overflows on the way, but a term above the
//! greatest f32 is +inf and the loss then too, with `NOT_FINITE`. The sum is exact and rounded once.
//!
//! **Parameters as they behave**: `weight` scales loss and gradient. The mean divides by N also with
//! pixel weights; choose the weighted mean when the loss must not change with their scale. A factor of
//! exactly 0 (`weight`, a pixel weight, for the gradient `upstream`) switches a term off: it is 0
//! whatever the values, NaN included. Infinity minus itself is NaN, as everywhere.
//!
//! **cuvis-ai**: `weight`, `reduction` (`mean`, `sum`, `none`); ports `reconstruction` and `target`,
//! port `loss` is [`Totals::loss`], or [`map`] for `none`. Stages: train, validation, test.
//!
//! **Speed**: limited by memory beyond the cache. Values without gaps run as one slice whatever the
//! layout (with masks or weights: if pixels are interleaved, or in planes); other layouts are
//! gathered value by value.
//!
//! Formula: C. M. Bishop, Pattern Recognition and Machine Learning (2006), eq. 1.2.

mod kernels;

use super::reduction::Sums;
use super::{Reduction, Write, fingerprint};
use crate::cube::{Cube, Layout};
use crate::error::{Error, Notices, Value};
use crate::exact::ExactSum;
use crate::pixels::{Pixels, Tally, tally};
use crate::simd;
use kernels::{Output, Power, Slice, Strided};

/// The bound of a term and of a gradient in ulps.
pub const MAX_ULP: f64 = 0.51;

/// More channels are refused: the sum of the pixel weights is multiplied with their number.
pub const MAX_CHANNELS: usize = 1 << 30;

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

impl Params {
    fn check(&self) -> Result<(), Error> {
        if self.weight.is_finite() { Ok(()) } else { Err(Error::Weight) }
    }

    /// Of what the terms depend on.
    fn fingerprint(&self) -> i64 {
        fingerprint(&[self.weight.to_bits()])
    }
}

/// Exact sums over values; all zero is empty. Adding the words of two totals merges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// The sums of the terms `l_ik` and of the pixel weights, the latter once a channel. `terms`
    /// counts values, `rejected` pixels.
    pub sums: Sums,
}

impl Totals {
    /// Adds pixels.
    ///
    /// # Errors
    /// Parameters out of range, inputs that do not fit the layout, pixels without channels or with
    /// more than [`MAX_CHANNELS`]. Nothing was added then.
    pub fn update(
        &mut self,
        params: &Params,
        reconstruction: &Cube,
        target: &[f32],
    ) -> Result<(), Error> {
        let inputs = Inputs::new(params, reconstruction, target)?;
        self.count(params, reconstruction);
        inputs.run(f64::from(params.weight), Some(&mut self.sums.loss), None);
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

    /// The loss. The mean of nothing is NaN, the sum 0, both with the notice `EMPTY`; a weighted mean
    /// of weights that are all 0 is NaN with `DEGENERATE`.
    ///
    /// # Errors
    /// Parameters out of range, [`Reduction::None`], terms of other parameters in the totals.
    pub fn loss(&self, params: &Params) -> Result<Value, Error> {
        params.check()?;
        self.sums.check(params.fingerprint())?;
        self.sums.value(params.reduction)
    }

    /// Writes `upstream * dL/da` in the layout of the reconstruction, or adds it; floats between the
    /// values stay. The totals are those of the whole batch, of which the pixels may be any part.
    /// Pixels that do not count get 0 (or stay as they are, if added to).
    ///
    /// # Errors
    /// As [`Self::update`] and [`Self::loss`], and a gradient that is too short. Nothing was written
    /// then.
    pub fn gradient(
        &self,
        params: &Params,
        reconstruction: &Cube,
        target: &[f32],
        upstream: f64,
        write: Write,
        gradient: &mut [f32],
    ) -> Result<Notices, Error> {
        let inputs = Inputs::new(params, reconstruction, target)?;
        self.sums.check(params.fingerprint())?;
        let gradient = inputs.output(gradient)?;
        let slope = self.slope(params, upstream);
        inputs.run(0.0, None, Some(Output { power: Power::Slope(slope, write), to: gradient }));
        Ok(self.sums.notices(params.reduction))
    }

    fn slope(&self, params: &Params, upstream: f64) -> f64 {
        2.0 * f64::from(params.weight) * self.sums.slope(params.reduction, upstream)
    }

    /// Counts the values of pixels, and sums their weights.
    fn count(&mut self, params: &Params, cube: &Cube) {
        let Layout { n, channels, .. } = cube.layout;
        let mut weights = ExactSum::default();
        // (Of the scores only the number matters.)
        let scores = cube.values.get(..n).unwrap_or(&[]);
        let Tally { pixels, rejected } = tally(&Pixels { scores, ..cube.live() }, &mut weights);
        let channels = channels as i64;
        self.sums.weights.merge_times(&weights, channels);
        let values = Tally { pixels: pixels.wrapping_mul(channels), rejected };
        self.sums.count(params.fingerprint(), values);
    }
}

/// The loss and the gradient of one batch, and its totals added to `totals`: the same bits as
/// [`Totals::update`], [`Totals::loss`] and [`Totals::gradient`] one after the other. Masks and
/// weights are read once more beforehand, because N decides the gradient.
///
/// # Errors
/// As [`Totals::update`] and [`Totals::loss`], and a gradient that is too short. Nothing was written
/// then. With [`Reduction::None`] there is no loss: use [`map`] and [`Totals::gradient`].
pub fn loss_and_gradient(
    params: &Params,
    reconstruction: &Cube,
    target: &[f32],
    upstream: f64,
    write: Write,
    totals: Option<&mut Totals>,
    gradient: &mut [f32],
) -> Result<Value, Error> {
    let inputs = Inputs::new(params, reconstruction, target)?;
    let gradient = inputs.output(gradient)?;
    if params.reduction == Reduction::None {
        return Err(Error::NoScalar);
    }
    let mut batch = Totals::default();
    batch.count(params, reconstruction);
    let power = Power::Slope(batch.slope(params, upstream), write);
    let sum = Some(&mut batch.sums.loss);
    inputs.run(f64::from(params.weight), sum, Some(Output { power, to: gradient }));
    if let Some(totals) = totals {
        totals.merge(&batch);
    }
    batch.loss(params)
}

/// Writes the terms `l_ik` in the layout of the reconstruction: the reduction `none`, whatever
/// `params.reduction` is. Pixels that do not count get 0; floats between the values stay.
///
/// # Errors
/// As [`Totals::update`], and a map that is too short. Nothing was written then.
pub fn map(
    params: &Params,
    reconstruction: &Cube,
    target: &[f32],
    map: &mut [f32],
) -> Result<Notices, Error> {
    let inputs = Inputs::new(params, reconstruction, target)?;
    let map = inputs.output(map)?;
    inputs.run(f64::from(params.weight), None, Some(Output { power: Power::Term, to: map }));
    Ok(Notices::EMPTY.when(inputs.span == 0))
}

/// The checked inputs of a call: as many floats as the layout spans.
#[derive(Clone, Copy)]
struct Inputs<'a> {
    reconstruction: &'a [f32],
    target: &'a [f32],
    layout: Layout,
    live: Pixels<'a>,
    span: usize,
}

impl<'a> Inputs<'a> {
    fn new(params: &Params, cube: &Cube<'a>, target: &'a [f32]) -> Result<Self, Error> {
        params.check()?;
        let layout = cube.layout;
        if layout.n > 0 && !(1..=MAX_CHANNELS).contains(&layout.channels) {
            return Err(Error::Channels);
        }
        cube.check()?;
        let span = layout.span()?;
        let reconstruction = cube.values.get(..span).ok_or(Error::LengthMismatch)?;
        let target = target.get(..span).ok_or(Error::LengthMismatch)?;
        Ok(Self { reconstruction, target, layout, live: cube.live(), span })
    }

    fn output<'b>(&self, floats: &'b mut [f32]) -> Result<&'b mut [f32], Error> {
        floats.get_mut(..self.span).ok_or(Error::LengthMismatch)
    }

    fn run(&self, weight: f64, sum: Option<&mut ExactSum>, output: Option<Output>) {
        let all_alike = self.live.valid.is_none() && self.live.weights.is_none();
        let Layout { n, channels, pixel_stride, channel_stride } = self.layout;
        let no_gaps = self.span == n.wrapping_mul(channels);
        let pixel_after_pixel = pixel_stride == channels && (channels == 1 || channel_stride == 1);
        let inputs = *self;
        if no_gaps && (all_alike || pixel_after_pixel) {
            simd::run(Slice { inputs, weight, sum, output });
        } else {
            simd::run(Strided { inputs, weight, sum, output });
        }
    }
}
