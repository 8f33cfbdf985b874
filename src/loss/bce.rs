//! Binary cross-entropy of logits (cuvis-ai's `AnomalyBCEWithLogits`).
//!
//! **Use case**: trains or watches a detector that gives one logit a pixel, where labels exist.
//! **Inputs**: logits `x` (`Pixels::scores`, one a pixel, any float), targets `y` (bytes, nonzero
//! is an anomaly; or `soft_targets` between 0 and 1). Optional: `valid`, `weights`.
//!
//! ```text
//! l_i = w * p^y_i * v_i * softplus(z_i)      z_i = y_i ? -x_i : x_i
//! L   = sum l_i / N                          mean: N pixels that count
//!     = sum l_i                              sum
//!     = sum l_i / sum v_i                    weighted mean
//! dL/dx_i = k * p^y_i * v_i * (y_i ? -sigmoid(z_i) : sigmoid(z_i))
//!                                            k = w/N, w, or w / sum v_i, times `upstream`
//! ```
//!
//! with weight w, weight of the positives p and pixel weights v. This form has no difference of
//! large numbers: it keeps all digits where PyTorch's `(1 - y) x + ...` cancels, and an infinite
//! logit that is right costs 0, where PyTorch gives NaN (pytorch#49844). A factor of exactly 0
//! switches a term off: its value and gradient are 0 whatever the logit, NaN included.
//!
//! A soft target y counts as both classes, `y` times positive and `1 - y` times negative. Label smoothing
//! e makes `y (1 - e) + e/2` of every target first.
//!
//! **Accuracy**: a term is within 3 ulp of f32 at factor 1 and 4 at any factor, so is a gradient;
//! 2 * 2^-149 where the result is subnormal. The factors `w`, `w p` (gradient: `k`, `k p`) are
//! rounded to f32 once, and the bound counts from there. The sum is exact and rounded once. With soft
//! targets or smoothing a term is within [`SOFT_MAX_ULP`] ulp, a gradient within as many of the larger of
//! its two parts.
//!
//! **Parameters as they behave**: `pos_weight` above 1 raises recall at the cost of precision; the
//! number of negatives divided by the number of positives balances the classes, but then the
//! logits no longer are log-odds: sigmoid(x) is too high by design. The mean divides by N also
//! with `pos_weight` and with pixel weights (as PyTorch does); choose the weighted mean when the
//! loss must not change with the scale of the pixel weights. Smoothing keeps logits finite: the least loss
//! then is at logits of `ln((2 - e) / e)`.
//!
//! **cuvis-ai**: `weight`, `pos_weight` (None is 1), `reduction` (`mean`, `sum`, `none`); ports
//! `predictions` and `targets` are `scores` and `targets`, port `loss` is [`Totals::loss`], or
//! [`map`] for `none`. Stages: train, validation, test.
//!
//! **Speed**: limited by arithmetic, about 45 operations a pixel and one division for the
//! gradient, a quarter of the time for the exact sum.
//!
//! Formula: C. M. Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.90, in the
//! stable form by softplus.

use crate::error::{Error, Notices, Value};
use crate::input::Source;
use crate::math::{Logistic, logistic};
use crate::node::fingerprint::fingerprint;
use crate::node::pixelwise::{Factors, Function, Pixelwise, Softening, Targeted};
use crate::node::reduction::{Reduction, Sums};
use crate::node::walk::{self, TermLoss};
use crate::simd::{Lanes, Output, Simd, Write};

/// The bound of a term with soft targets or smoothing in ulps, and of a gradient in ulps of the larger of its
/// two parts (which cancel near its zero). The roundings of a term add up to 15; in 2.5e8 random pixels the
/// worst error was 9, that of a gradient 7.
pub const SOFT_MAX_ULP: f64 = 16.0;

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// How the terms become the loss.
    pub reduction: Reduction,
    /// The weight w of this loss among others: any finite number.
    pub weight: f32,
    /// The weight p of positive pixels: finite, not negative.
    pub pos_weight: f32,
    /// How far targets are moved towards 1/2, e: between 0 and 1.
    pub label_smoothing: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self { reduction: Reduction::Mean, weight: 1.0, pos_weight: 1.0, label_smoothing: 0.0 }
    }
}

impl TermLoss for Params {
    type Totals = Sums;

    #[inline(never)]
    fn check(&self) -> Result<(), Error> {
        if !self.weight.is_finite() {
            return Err(Error::Weight);
        }
        if !(self.pos_weight.is_finite() && self.pos_weight >= 0.0) {
            return Err(Error::PosWeight);
        }
        if !(self.label_smoothing >= 0.0 && self.label_smoothing <= 1.0) {
            return Err(Error::LabelSmoothing);
        }
        Ok(())
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }

    fn fingerprint(&self) -> i64 {
        let numbers = [self.weight, self.pos_weight, self.label_smoothing];
        fingerprint(&numbers.map(f32::to_bits))
    }
}

impl Pixelwise for Params {
    type Function = Softplus;

    fn factors(&self, scale: f64) -> Factors {
        let weight = f64::from(self.weight) * scale;
        let positive = weight * f64::from(self.pos_weight);
        Factors { negative: weight as f32, positive: positive as f32 }
    }

    // This is rounded once, too, but without doubles: they are slow calls on targets that have no unit for them.
    fn term_factors(&self) -> Factors {
        Factors { negative: self.weight, positive: self.weight * self.pos_weight }
    }

    fn function(&self) -> Softplus {
        Softplus
    }

    const SOFT: bool = true;

    fn softening(&self) -> Softening {
        let smoothing = self.label_smoothing;
        Softening { scale: 1.0 - smoothing, offset: 0.5 * smoothing }
    }
}

/// The logistic loss of a margin.
#[derive(Clone, Copy)]
pub(crate) struct Softplus;

impl Function for Softplus {
    type Lanes<S: Simd> = S::Lanes;
    type Parts<V: Lanes> = Logistic<V>;

    #[inline(always)]
    fn parts<V: Lanes>(self, margin: V) -> Logistic<V> {
        logistic(margin)
    }

    #[inline(always)]
    fn value<V: Lanes>(self, parts: Logistic<V>, factor: V) -> V {
        parts.softplus_times(factor)
    }

    #[inline(always)]
    fn slope<V: Lanes>(self, parts: Logistic<V>, factor: V) -> V {
        parts.sigmoid_times(factor)
    }
}

/// Exact sums over pixels; all zero is empty. Adding the words of two totals merges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// The sums of the terms `l_i` and of the pixel weights.
    pub sums: Sums,
}

impl Totals {
    /// Adds pixels.
    ///
    /// # Errors
    /// Parameters out of range, no targets or two kinds of them, inputs of different lengths.
    /// Nothing was added then.
    pub fn update<'a>(&mut self, params: &Params, pixels: impl Into<Source<'a>>) -> Result<(), Error> {
        walk::update(Targeted::new(params, pixels.into())?, &mut self.sums);
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

    /// The loss. The mean of no pixel is NaN, the sum 0, both with the notice `EMPTY`; a weighted
    /// mean of weights that are all 0 is NaN with `DEGENERATE`.
    ///
    /// # Errors
    /// Parameters out of range, [`Reduction::None`], terms of other parameters in the totals.
    pub fn loss(&self, params: &Params) -> Result<Value, Error> {
        TermLoss::loss(params, &self.sums)
    }

    /// Writes `upstream * dL/dx` for these pixels, or adds it. The totals are those of the whole
    /// batch, of which the pixels may be any part. Pixels that do not count get 0 (or stay as
    /// they are, if added to).
    ///
    /// # Errors
    /// As [`Self::update`] and [`Self::loss`], and a gradient of another length. Nothing was
    /// written then.
    pub fn gradient<'a>(
        &self,
        params: &Params,
        pixels: impl Into<Source<'a>>,
        upstream: f64,
        write: Write,
        gradient: &mut [f32],
    ) -> Result<Notices, Error> {
        self.gradient_to(params, pixels.into(), upstream, Output::new(write, gradient))
    }

    /// [`Self::gradient`], to memory that may be uninitialised.
    pub(crate) fn gradient_to(
        &self,
        params: &Params,
        pixels: Source,
        upstream: f64,
        gradient: Output,
    ) -> Result<Notices, Error> {
        walk::gradient(Targeted::new(params, pixels)?, &self.sums, upstream, gradient)
    }
}

/// The loss and the gradient of one frame, and the frame's totals added to `totals`.
///
/// The same bits as [`Totals::update`], [`Totals::loss`] and [`Totals::gradient`] one after the
/// other. Masks and weights are read once more beforehand, because N decides the gradient.
///
/// # Errors
/// As [`Totals::update`] and [`Totals::loss`], and a gradient of another length. Nothing was
/// written then. With [`Reduction::None`] there is no loss: use [`map`] and [`Totals::gradient`].
pub fn loss_and_gradient<'a>(
    params: &Params,
    pixels: impl Into<Source<'a>>,
    upstream: f64,
    write: Write,
    totals: Option<&mut Totals>,
    gradient: &mut [f32],
) -> Result<Value, Error> {
    loss_and_gradient_to(params, pixels.into(), upstream, totals, Output::new(write, gradient))
}

/// [`loss_and_gradient`], to memory that may be uninitialised.
pub(crate) fn loss_and_gradient_to(
    params: &Params,
    pixels: Source,
    upstream: f64,
    totals: Option<&mut Totals>,
    gradient: Output,
) -> Result<Value, Error> {
    let totals = totals.map(|totals| &mut totals.sums);
    walk::loss_and_gradient(Targeted::new(params, pixels)?, upstream, totals, gradient)
}

/// Writes the terms `l_i`, one a pixel: the reduction `none`, whatever `params.reduction` is.
/// Pixels that do not count get 0.
///
/// # Errors
/// As [`Totals::update`], and a map of another length. Nothing was written then.
pub fn map<'a>(params: &Params, pixels: impl Into<Source<'a>>, map: &mut [f32]) -> Result<Notices, Error> {
    map_to(params, pixels.into(), Output::new(Write::Store, map))
}

/// [`map`], to memory that may be uninitialised.
pub(crate) fn map_to(params: &Params, pixels: Source, map: Output) -> Result<Notices, Error> {
    walk::map(Targeted::new(params, pixels)?, map)
}
