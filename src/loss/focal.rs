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
//! **Accuracy**: a term and a gradient are within [`max_ulp`] ulp of f32 where they and the power of the sigmoid
//! are normal numbers (a subnormal power has fewer digits), for factors up to 2^72 in size and gamma up to 2^90.
//! Factors are rounded to f32 once, and the bound counts from there. The sum is exact and rounded once.
//!
//! **Parameters as they behave**: `gamma` 0 is cross-entropy; at 2 a pixel that is right with probability 0.9
//! counts a hundredth. The loss becomes small, and so do gradients: raise the learning rate or use the sum.
//! `alpha` is the weight of positives; Lin et al. found it best to *lower* it as gamma rises (0.25 at 2).
//!
//! **cuvis-ai** has no such node. Stages: train, validation, test. **Speed**: limited by arithmetic, as
//! [`super::bce`]; other exponents than 0, 1 and 2 cost one more exponential and one more softplus.
//!
//! Formula: T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollar, Focal Loss for Dense Object Detection (2017).

use crate::error::{Error, Notices, Value};
use crate::input::Source;
use crate::math::{LOGISTIC_PRODUCT_MAX_ULP, Logistic, double, exp, logistic, softplus};
use crate::node::fingerprint::fingerprint;
use crate::node::pixelwise::{Factors, Function, Pixelwise, Softening, Targeted};
use crate::node::reduction::{Reduction, Sums};
use crate::node::walk::{self, TermLoss};
use crate::simd::{Kernel, Lanes, Output, Pair, Simd, Write};

/// The bound of a term or gradient in ulps, by gamma (up to 2^90) and the margin z.
///
/// Without focus it is that of the cross-entropy. A power of 1 or 2 is one or two sigmoids: the worst of
/// 10^8 margins is 11. Any other is the square of `e^(-g/2 q)` with `q = softplus(-z)`, whose error of 5/2
/// ulps the exponential multiplies by the size of its argument; everything else adds up to 24.
pub fn max_ulp(gamma: f64, margin: f64) -> f64 {
    if gamma == 0.0 {
        return LOGISTIC_PRODUCT_MAX_ULP;
    }
    if gamma == 1.0 || gamma == 2.0 {
        return 16.0;
    }
    // ln(1 + e) is at most e.
    let q = (-margin).max(0.0) + double::exp(-margin.abs());
    24.0 + 5.0 * gamma * q
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

impl TermLoss for Params {
    type Totals = Sums;

    #[inline(never)]
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
}

impl Pixelwise for Params {
    type Function = Focal;

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

    const SOFT: bool = false;

    fn softening(&self) -> Softening {
        Softening::NONE
    }
}

/// `s^g softplus(z)`.
#[derive(Clone, Copy)]
pub(crate) struct Focal {
    gamma: f32,
}

/// `-ln s` and the square root of `s^g`, for any g. It is a call of its own, so that its code exists once.
struct Power<V> {
    margin: V,
    gamma: f32,
}

impl<V: Lanes> Kernel for Power<V> {
    type Output = (V, V);

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> (V, V) {
        let logarithm = softplus(self.margin.negate());
        (logarithm, exp(logarithm * (-0.5 * self.gamma)))
    }
}

/// What value and slope have in common.
#[derive(Clone, Copy)]
pub(crate) struct Parts<V: Lanes> {
    margin: V,
    logistic: Logistic<V>,
    /// Two factors whose product is `s^g`. The factor of a pixel is multiplied with one after the other: `s^g` alone
    /// may be too small for a float, although the whole product is not.
    power: [V; 2],
    /// What is taken for `1 - s` if the margin is above the limit, because there [`Logistic`] has lost its digits.
    beyond: V,
    limit: f32,
}

impl<V: Lanes> Parts<V> {
    #[inline(always)]
    fn complement(&self) -> V {
        let is_beyond = self.margin.constant(self.limit).lt(self.margin);
        V::select(is_beyond, self.beyond, self.logistic.complement())
    }
}

impl Function for Focal {
    type Lanes<S: Simd> = Pair<S::Register>;
    type Parts<V: Lanes> = Parts<V>;

    #[inline(always)]
    fn parts<V: Lanes>(self, margin: V) -> Parts<V> {
        let logistic = logistic(margin);
        // (These are products with 1 and not branches: with branches the compiler would repeat the following code for
        // each gamma.)
        let [zero, one] = [margin.constant(0.0), margin.constant(1.0)];
        if self.gamma == 0.0 || self.gamma == 1.0 || self.gamma == 2.0 {
            let sigmoid = logistic.sigmoid();
            let power = [if self.gamma == 0.0 { one } else { sigmoid }, if self.gamma == 2.0 { sigmoid } else { one }];
            return Parts { margin, logistic, power, beyond: zero, limit: 30.0 };
        }
        let (logarithm, root) = margin.simd().call(Power { margin, gamma: self.gamma });
        // For a gamma above 2 the digits of `1 - s` matter at larger margins, too. From 17 on `-ln s` is the same to
        // the last bit.
        Parts { margin, logistic, power: [root; 2], beyond: logarithm, limit: 17.0 }
    }

    #[inline(always)]
    fn value<V: Lanes>(self, parts: Parts<V>, factor: V) -> V {
        let [first, second] = parts.power;
        parts.logistic.softplus_times(factor * first * second)
    }

    #[inline(always)]
    fn slope<V: Lanes>(self, parts: Parts<V>, factor: V) -> V {
        let [first, second] = parts.power;
        let factor = factor * first * second;
        let share = parts.complement() * self.gamma;
        // If the share is 0, the product is 0, even if the softplus is infinite.
        let zero = share.constant(0.0);
        let of_softplus = V::select(share.eq(zero), zero, share * parts.logistic.softplus());
        let slope = of_softplus + parts.logistic.sigmoid();
        parts.logistic.product(slope, factor, factor * (1.0 + self.gamma))
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
