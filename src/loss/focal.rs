//! Focal loss of logits: cross-entropy that looks away from what is easy.
//!
//! **Use case**: trains a detector where anomalies are one pixel in thousands, so that the sum of many small
//! terms would outweigh them. Needs labels. **Inputs**: logits `x` (`Pixels::scores`, any float), targets
//! `y` (bytes, nonzero is an anomaly; soft ones are not for this loss). Optional: `valid`, `weights`.
//!
//! ```text
//! z_i = y_i ? -x_i : x_i      s = sigmoid(z), the probability of the wrong class
//! l_i = w a(y_i) v_i s^g softplus(z_i)      a: alpha for positives, 1 - alpha for negatives; 1 without alpha
//! L   = sum l_i / N | sum l_i | sum l_i / sum v_i      mean, sum, weighted mean
//! dl_i/dz_i = w a(y_i) v_i s^g (g (1 - s) softplus(z_i) + s)
//! ```
//!
//! With g = 0 it is the binary cross-entropy, bit by bit. A factor of exactly 0 switches a term off: its
//! value and gradient are 0 whatever the logit, NaN included.
//!
//! **Accuracy**: a term and a gradient are within [`max_ulp`] ulp of f32, where they are normal numbers and
//! so is `s^g`. Factors are rounded to f32 once, and the bound counts from there. The sum is exact and
//! rounded once.
//!
//! **Parameters as they behave**: `gamma` 0 is cross-entropy; at 2 a pixel that is right with probability 0.9
//! counts a hundredth. The loss becomes small, and so do gradients: raise the learning rate or use the sum.
//! `alpha` is the weight of positives; Lin et al. found it best to *lower* it as gamma rises (0.25 at 2).
//!
//! **cuvis-ai** has no such node. Stages: train, validation, test. **Speed**: limited by arithmetic, as
//! [`super::bce`]; other exponents than 0, 1 and 2 cost one more exponential and one more softplus.
//!
//! Formula: T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollar, Focal Loss for Dense Object Detection (2017).

use super::pixelwise::{self, Factors, Function, Pixelwise, Softening};
use super::reduction::Sums;
use super::{Reduction, Write, fingerprint};
use crate::error::{Error, Notices, Value};
use crate::math::{Logistic, exp, logistic, softplus};
use crate::pixels::Pixels;
use crate::simd::{Lanes, Simd};

/// The bound of a term or gradient in ulps, by gamma and the margin.
///
/// A sigmoid, a softplus and their products: 16. A power other than 0, 1 and 2 is an exponential of
/// `-g softplus(-z)`, whose own error of two ulps it multiplies by its size.
pub fn max_ulp(gamma: f64, margin: f64) -> f64 {
    let softplus = (-margin).max(0.0) + 0.7;
    if [0.0, 1.0, 2.0].contains(&gamma) { 16.0 } else { 20.0 + 6.0 * gamma * softplus }
}

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// How the terms become the loss.
    pub reduction: Reduction,
    /// The weight w of this loss among others: any finite number.
    pub weight: f32,
    /// The focusing exponent g: finite, not negative.
    pub gamma: f32,
    /// The weight of positives, between 0 and 1; negatives get the rest. None: both get 1.
    pub alpha: Option<f32>,
}

impl Default for Params {
    fn default() -> Self {
        Self { reduction: Reduction::Mean, weight: 1.0, gamma: 2.0, alpha: Some(0.25) }
    }
}

impl Pixelwise for Params {
    type Function = Focal;

    fn check(&self) -> Result<(), Error> {
        if !self.weight.is_finite() {
            return Err(Error::Weight);
        }
        if !(self.gamma.is_finite() && self.gamma >= 0.0) {
            return Err(Error::Gamma);
        }
        match self.alpha {
            Some(alpha) if !(0.0..=1.0).contains(&alpha) => Err(Error::Balance),
            _ => Ok(()),
        }
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }

    fn fingerprint(&self) -> i64 {
        // No alpha is between 0 and 1 that has these bits.
        let alpha = self.alpha.map_or(u32::MAX, f32::to_bits);
        fingerprint(&[self.weight.to_bits(), self.gamma.to_bits(), alpha])
    }

    fn factors(&self, scale: f64) -> Factors {
        let weight = f64::from(self.weight) * scale;
        let (positive, negative) = match self.alpha {
            Some(alpha) => (f64::from(alpha), 1.0 - f64::from(alpha)),
            None => (1.0, 1.0),
        };
        Factors { negative: (weight * negative) as f32, positive: (weight * positive) as f32 }
    }

    fn function(&self) -> Focal {
        Focal { gamma: self.gamma }
    }

    const OWN_GRADIENT: bool = false;
    const SOFT: bool = false;

    fn softening(&self) -> Softening {
        Softening::NONE
    }
}

/// `s^g softplus(z)`.
#[derive(Clone, Copy)]
pub(super) struct Focal {
    gamma: f32,
}

/// What value and slope have in common.
#[derive(Clone, Copy)]
pub(super) struct Parts<V: Lanes> {
    logistic: Logistic<V>,
    /// `s^g`; None: 1.
    power: Option<V>,
}

impl Function for Focal {
    type Lanes<S: Simd> = S::Register;
    type Parts<V: Lanes> = Parts<V>;

    #[inline(always)]
    fn parts<V: Lanes>(self, margin: V) -> Parts<V> {
        let logistic = logistic(margin);
        let power = if self.gamma == 0.0 {
            None
        } else if self.gamma == 1.0 {
            Some(logistic.sigmoid())
        } else if self.gamma == 2.0 {
            let sigmoid = logistic.sigmoid();
            Some(sigmoid * sigmoid)
        } else {
            Some(exp(softplus(margin.negate()) * -self.gamma))
        };
        Parts { logistic, power }
    }

    #[inline(always)]
    fn value<V: Lanes>(self, Parts { logistic, power }: Parts<V>, factor: V) -> V {
        match power {
            Some(power) => logistic.softplus() * power * factor,
            None => logistic.softplus_times(factor),
        }
    }

    #[inline(always)]
    fn slope<V: Lanes>(self, Parts { logistic, power }: Parts<V>, factor: V) -> V {
        let Some(power) = power else { return logistic.sigmoid_times(factor) };
        let sigmoid = logistic.sigmoid();
        let focus = logistic.complement() * self.gamma * logistic.softplus();
        (focus + sigmoid) * power * factor
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
    /// Parameters out of range, targets missing or soft, inputs of different lengths.
    /// Nothing was added then.
    pub fn update(&mut self, params: &Params, pixels: &Pixels) -> Result<(), Error> {
        pixelwise::update(params, pixels, &mut self.sums)
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
        pixelwise::loss(params, &self.sums)
    }

    /// Writes `upstream * dL/dx` for these pixels, or adds it. The totals are those of the whole
    /// batch, of which the pixels may be any part. Pixels that do not count get 0 (or stay as
    /// they are, if added to).
    ///
    /// # Errors
    /// As [`Self::update`] and [`Self::loss`], and a gradient of another length. Nothing was
    /// written then.
    pub fn gradient(
        &self,
        params: &Params,
        pixels: &Pixels,
        upstream: f64,
        write: Write,
        gradient: &mut [f32],
    ) -> Result<Notices, Error> {
        pixelwise::gradient(params, &self.sums, pixels, upstream, write, gradient)
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
pub fn loss_and_gradient(
    params: &Params,
    pixels: &Pixels,
    upstream: f64,
    write: Write,
    totals: Option<&mut Totals>,
    gradient: &mut [f32],
) -> Result<Value, Error> {
    let totals = totals.map(|totals| &mut totals.sums);
    pixelwise::loss_and_gradient(params, pixels, upstream, write, totals, gradient)
}

/// Writes the terms `l_i`, one a pixel: the reduction `none`, whatever `params.reduction` is.
/// Pixels that do not count get 0.
///
/// # Errors
/// As [`Totals::update`], and a map of another length. Nothing was written then.
pub fn map(params: &Params, pixels: &Pixels, map: &mut [f32]) -> Result<Notices, Error> {
    pixelwise::map(params, pixels, map)
}
