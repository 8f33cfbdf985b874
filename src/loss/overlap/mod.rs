//! What losses of overlap share: soft counts of a prediction against a mask, and their ratio.
//!
//! ```text
//! p_i = sigmoid(x_i) | clamp(x_i, 0, 1) | (x_i - min) / (max - min + s)
//! TP  = sum v p y     FP = sum v p (1 - y)     FN = sum v (1 - p) y     E = a FP + b FN
//! T   = (TP + s) / D     D = TP + E + s        r = 1 - T = E / D
//! dr/dp_i = v_i [ (1 - y_i) a (TP + s) - y_i (b (TP + s) + E) ] / D^2
//! ```
//!
//! The loss is a function of the miss r: `w r` for IoU (a = b = 1), `w r^gamma` for Tversky. As E / D
//! the miss keeps its digits near 0, where `1 - T` cancels. The derivative is one number for
//! positive and one for negative pixels (between them linear in a soft target).
//!
//! **Sums**: exact, of the float32 terms `v p y`, `v p`, `v y`, `v`; FP and FN are exact differences,
//! rounded once. Under min-max the terms are `v x y` and `v x`, linear in x, so that one pass over
//! the data is enough: with m = min and R = max - min + s
//!
//! ```text
//! TP = (sum v x y - m sum v y) / R          FP = (sum v x (1-y) - m sum v (1-y)) / R
//! FN = (max sum v y - sum v x y + s sum v y) / R             TN the same for 1 - y
//! ```
//!
//! in `f64`, where no float32 range overflows. Min and max depend on the scores too. With
//! G1, G0 = dr/dp of a positive and a negative pixel of weight 1 the chain rule gives
//!
//! ```text
//! dp_i/dm = (p_i - 1) / R     dp_i/dmax = -p_i / R
//! dr/dx_i = v_i (y_i G1 + (1 - y_i) G0) / R
//!         - [x_i = min] (G1 FN + G0 TN) / (R n_min) - [x_i = max] (G1 TP + G0 FP) / (R n_max)
//! ```
//!
//! shared evenly among the n_min and n_max ties (as PyTorch's `min()` and `max()` do). It follows
//! that the gradients sum to 0: a shift of all scores changes nothing. For weights of 1 this is the
//! usual formula with `sum G_i p_i` and `sum G_i`; the soft counts give both sums without a pass.
//! Every pixel that counts decides the range, whatever its weight.

mod counts;
mod kernels;

use super::{Write, fingerprint};
use crate::error::{Error, Notices, Value};
use crate::exact::ExactSum;
use crate::metric::range::Range;
use crate::pixels::{Pixels, tally};
use crate::simd;
use kernels::{Gradient, Masks, Products, write_gradient};

/// How scores become predictions between 0 and 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Normalization {
    /// The scores are logits.
    #[default]
    Sigmoid = 0,
    /// The scores are cut off below 0 and above 1.
    Clamp = 1,
    /// The scores are shifted and scaled by the range of all of them: totals come with a [`Range`].
    MinMax = 2,
}

impl Normalization {
    /// The normalisation of a number of the C interface.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::Sigmoid, Self::Clamp, Self::MinMax].into_iter().find(|n| *n as u32 == number)
    }
}

/// The slope of the clamp at exactly 0 and 1, where it has a kink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Boundary {
    /// 0, as PyTorch 2.15 has it.
    #[default]
    Zero = 0,
    /// 1, as older versions of PyTorch have it.
    Pass = 1,
}

impl Boundary {
    /// The boundary of a number of the C interface.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::Zero, Self::Pass].into_iter().find(|boundary| *boundary as u32 == number)
    }
}

/// What the loss is where no target is positive. The formula gives about w there for any prediction
/// but an empty one, and next to no slope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum EmptyTarget {
    /// The formula as it is.
    #[default]
    One = 0,
    /// The loss and the gradient are 0: the batch teaches nothing.
    Skip = 1,
    /// The loss is 0, so that normal frames do not drown the others in a mean, but the gradient is
    /// that of the formula: it still pushes predictions down. (It is small, `a s / D^2`: a `smooth`
    /// of the size of the predicted area makes it felt.)
    Zero = 2,
}

impl EmptyTarget {
    /// The option of a number of the C interface.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::One, Self::Skip, Self::Zero].into_iter().find(|option| *option as u32 == number)
    }
}

/// What the soft counts and their ratio depend on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// How scores become predictions.
    pub normalization: Normalization,
    /// The slope of the clamp at its ends.
    pub boundary: Boundary,
    /// The loss where no target is positive.
    pub empty_target: EmptyTarget,
    /// s.
    pub smooth: f32,
    /// a.
    pub false_positives: f32,
    /// b.
    pub false_negatives: f32,
}

/// A loss as a function of the miss r.
pub trait Formula {
    /// What the miss depends on.
    fn settings(&self) -> Settings;

    /// The parameters are in range.
    ///
    /// # Errors
    /// They are not.
    fn check(&self) -> Result<(), Error>;

    /// The loss of a miss.
    fn value(&self, miss: f64) -> f64;

    /// Its derivative by the miss; None where that is infinite.
    fn slope(&self, miss: f64) -> Option<f64>;
}

/// Exact sums over pixels; all zero is empty. Adding the words of two totals merges them. They
/// depend on the normalisation alone: one state serves every other parameter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// The sum of `v p y` (min-max: `v x y`).
    pub intersection: ExactSum,
    /// The sum of `v p` (min-max: `v x`).
    pub predictions: ExactSum,
    /// The sum of `v y`.
    pub targets: ExactSum,
    /// The sum of the pixel weights v.
    pub weights: ExactSum,
    /// How many pixels count.
    pub pixels: i64,
    /// How many pixels were valid but had a bad weight or soft target and were treated as masked.
    pub rejected: i64,
    /// The sum of the normalisation's hash over `pixels`.
    pub fingerprint: i64,
    /// Zero. Room for later.
    pub reserved: i64,
}

impl Totals {
    /// Adds pixels, and their scores to the range, which min-max needs (and no other).
    ///
    /// # Errors
    /// Parameters out of range, not exactly one kind of targets, inputs of different lengths, no
    /// range under min-max. Nothing was added then.
    pub fn update(
        &mut self,
        params: &dyn Formula,
        pixels: &Pixels,
        range: Option<&mut Range>,
    ) -> Result<(), Error> {
        let settings = params.settings();
        params.check()?;
        check_inputs(pixels)?;
        if settings.normalization == Normalization::MinMax && range.is_none() {
            return Err(Error::RangeMissing);
        }
        self.add(settings.normalization, pixels, range);
        Ok(())
    }

    #[inline(never)]
    fn add(&mut self, normalization: Normalization, pixels: &Pixels, range: Option<&mut Range>) {
        let tally = tally(pixels, &mut self.weights);
        let terms = fingerprint(&[normalization as u32]).wrapping_mul(tally.pixels);
        self.pixels = self.pixels.wrapping_add(tally.pixels);
        self.rejected = self.rejected.wrapping_add(tally.rejected);
        self.fingerprint = self.fingerprint.wrapping_add(terms);
        let min_max = normalization == Normalization::MinMax;
        match pixels.targets {
            Some(targets) if pixels.weights.is_none() && !min_max => {
                simd::run(Masks { pixels: *pixels, targets, normalization, totals: self });
            }
            _ => simd::run(Products { pixels: *pixels, normalization, totals: self }),
        }
        if let Some(range) = range.filter(|_| min_max) {
            range.join(*pixels, tally.pixels);
        }
    }

    /// Adds other totals. The words are canonical afterwards.
    pub fn merge(&mut self, other: &Self) {
        self.intersection.merge(&other.intersection);
        self.predictions.merge(&other.predictions);
        self.targets.merge(&other.targets);
        self.weights.merge(&other.weights);
        self.pixels = self.pixels.wrapping_add(other.pixels);
        self.rejected = self.rejected.wrapping_add(other.rejected);
        self.fingerprint = self.fingerprint.wrapping_add(other.fingerprint);
    }

    /// Makes the words canonical after they were added elsewhere.
    pub fn normalize(&mut self) {
        self.intersection.normalize();
        self.predictions.normalize();
        self.targets.normalize();
        self.weights.normalize();
    }

    /// The loss. The range is that of the same pixels; only min-max needs it.
    ///
    /// # Errors
    /// Parameters out of range, another normalisation in the totals, a range that is missing or of
    /// other pixels.
    pub fn loss(&self, params: &dyn Formula, range: Option<&Range>) -> Result<Value, Error> {
        params.check()?;
        let counts = self.counts(&params.settings(), range)?;
        Ok(Value { value: counts.value(params), notices: counts.notices(params) })
    }

    /// Writes `upstream * dL/dx` for these pixels, or adds it. The totals and the range are those of
    /// the whole batch, of which the pixels may be any part. Pixels that do not count get 0 (or
    /// stay as they are, if added to).
    ///
    /// # Errors
    /// As [`Self::update`] and [`Self::loss`], and a gradient of another length. Nothing was
    /// written then.
    pub fn gradient(
        &self,
        params: &dyn Formula,
        range: Option<&Range>,
        pixels: &Pixels,
        upstream: f64,
        write: Write,
        gradient: &mut [f32],
    ) -> Result<Notices, Error> {
        params.check()?;
        check_inputs(pixels)?;
        Pixels::check_lengths(pixels.scores.len(), &[Some(gradient.len())])?;
        let counts = self.counts(&params.settings(), range)?;
        let slopes = counts.slopes(upstream * counts.slope(params));
        write_gradient(Gradient { pixels: *pixels, slopes, write, gradient });
        Ok(counts.notices(params))
    }
}

/// The loss and the gradient of one batch. Its totals and its range are added to `totals` and to
/// `range`, if these are given.
///
/// The same bits as [`Totals::update`], [`Totals::loss`] and [`Totals::gradient`] one after the
/// other, which it calls.
///
/// # Errors
/// As these functions. Nothing was written then.
pub fn loss_and_gradient(
    params: &dyn Formula,
    pixels: &Pixels,
    upstream: f64,
    write: Write,
    totals: Option<&mut Totals>,
    range: Option<&mut Range>,
    gradient: &mut [f32],
) -> Result<Value, Error> {
    let (mut batch, mut of_batch) = (Totals::default(), Range::default());
    Pixels::check_lengths(pixels.scores.len(), &[Some(gradient.len())])?;
    batch.update(params, pixels, Some(&mut of_batch))?;
    let counts = batch.counts(&params.settings(), Some(&of_batch))?;
    let slopes = counts.slopes(upstream * counts.slope(params));
    write_gradient(Gradient { pixels: *pixels, slopes, write, gradient });
    if let Some(totals) = totals {
        totals.merge(&batch);
    }
    if let Some(range) = range.filter(|_| counts.settings.normalization == Normalization::MinMax) {
        range.merge(&of_batch);
    }
    Ok(Value { value: counts.value(params), notices: counts.notices(params) })
}

fn check_inputs(pixels: &Pixels) -> Result<(), Error> {
    if pixels.targets.is_none() && pixels.soft_targets.is_none() {
        return Err(Error::MissingInput);
    }
    if pixels.targets.is_some() && pixels.soft_targets.is_some() {
        return Err(Error::UnsupportedInput);
    }
    let masks = [pixels.targets, pixels.valid].map(|mask| mask.map(<[u8]>::len));
    let floats = [pixels.weights, pixels.soft_targets].map(|floats| floats.map(<[f32]>::len));
    Pixels::check_lengths(pixels.scores.len(), &masks)?;
    Pixels::check_lengths(pixels.scores.len(), &floats)?;
    Ok(())
}

impl Settings {
    /// The smoothing term and the weights are finite and not negative.
    ///
    /// # Errors
    /// They are not.
    pub(super) fn check(&self) -> Result<(), Error> {
        let good = |number: f32| number.is_finite() && number >= 0.0;
        if !good(self.smooth) {
            return Err(Error::Smooth);
        }
        if !(good(self.false_positives) && good(self.false_negatives)) {
            return Err(Error::Balance);
        }
        Ok(())
    }
}
