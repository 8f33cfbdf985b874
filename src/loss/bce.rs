//! Binary cross-entropy of logits (cuvis-ai's `AnomalyBCEWithLogits`).
//!
//! **Use case**: trains or watches a detector that gives one logit a pixel, where labels exist.
//! **Inputs**: logits `x` (`Pixels::scores`, one a pixel, any float), targets `y` (bytes, nonzero
//! is an anomaly). Optional: `valid`, `weights`.
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
//! **Accuracy**: a term is within 3 ulp of f32 at factor 1 and 4 at any factor, so is a gradient;
//! 2 * 2^-149 where the result is subnormal. The factors `w`, `w p` (gradient: `k`, `k p`) are
//! rounded to f32 once, and the bound counts from there. The sum is exact and rounded once.
//!
//! **Parameters as they behave**: `pos_weight` above 1 raises recall at the cost of precision; the
//! number of negatives divided by the number of positives balances the classes, but then the
//! logits no longer are log-odds: sigmoid(x) is too high by design. The mean divides by N also
//! with `pos_weight` and with pixel weights (as PyTorch does); choose the weighted mean when the
//! loss must not change with the scale of the pixel weights.
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

use super::reduction::Sums;
use super::{Reduction, Write, fingerprint, only};
use crate::error::{Error, Notices, Value};
use crate::exact::{Accumulator, ExactSum};
use crate::math::logistic;
use crate::pixels::{Live, LiveColumns, Pixels, tally};
use crate::simd::{self, Columns, ColumnsMut, Kernel, Lanes, Simd};

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// How the terms become the loss.
    pub reduction: Reduction,
    /// The weight w of this loss among others: any finite number.
    pub weight: f32,
    /// The weight p of positive pixels: finite, not negative.
    pub pos_weight: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self { reduction: Reduction::Mean, weight: 1.0, pos_weight: 1.0 }
    }
}

impl Params {
    fn check(&self) -> Result<(), Error> {
        if !self.weight.is_finite() {
            return Err(Error::Weight);
        }
        if !(self.pos_weight.is_finite() && self.pos_weight >= 0.0) {
            return Err(Error::PosWeight);
        }
        Ok(())
    }

    /// Of what the terms depend on.
    fn fingerprint(&self) -> i64 {
        fingerprint(&[self.weight.to_bits(), self.pos_weight.to_bits()])
    }

    /// The factors of the terms.
    fn factors(&self) -> Factors {
        self.scaled_factors(1.0)
    }

    fn scaled_factors(&self, scale: f64) -> Factors {
        let weight = f64::from(self.weight) * scale;
        let positive = weight * f64::from(self.pos_weight);
        Factors { negative: weight as f32, positive: positive as f32 }
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
    /// Parameters out of range, targets missing, inputs of different lengths, soft targets given.
    /// Nothing was added then.
    pub fn update(&mut self, params: &Params, pixels: &Pixels) -> Result<(), Error> {
        let inputs = check(params, pixels)?;
        let tally = tally(pixels.scores.len(), pixels, &mut self.sums.weights);
        self.sums.count(params.fingerprint(), tally);
        let to = To::Sum(&mut self.sums.loss);
        simd::run(Terms { pixels: inputs, factors: params.factors(), to });
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
        params.check()?;
        self.sums.check(params.fingerprint())?;
        self.sums.value(params.reduction)
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
        let inputs = check(params, pixels)?;
        self.sums.check(params.fingerprint())?;
        Pixels::check_lengths(pixels.scores.len(), &[Some(gradient.len())])?;
        let slopes = params.scaled_factors(self.sums.slope(params.reduction, upstream));
        let terms = (Factors::default(), &mut ExactSum::default());
        simd::run(Gradient::<false> { pixels: inputs, slopes, write, gradient, terms });
        Ok(self.sums.notices(params.reduction))
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
    let inputs = check(params, pixels)?;
    Pixels::check_lengths(pixels.scores.len(), &[Some(gradient.len())])?;
    if params.reduction == Reduction::None {
        return Err(Error::NoScalar);
    }
    let mut frame = Totals::default();
    let tally = tally(pixels.scores.len(), pixels, &mut frame.sums.weights);
    frame.sums.count(params.fingerprint(), tally);
    let slopes = params.scaled_factors(frame.sums.slope(params.reduction, upstream));
    let terms = (params.factors(), &mut frame.sums.loss);
    simd::run(Gradient::<true> { pixels: inputs, slopes, write, gradient, terms });
    if let Some(totals) = totals {
        totals.merge(&frame);
    }
    frame.loss(params)
}

/// Writes the terms `l_i`, one a pixel: the reduction `none`, whatever `params.reduction` is.
/// Pixels that do not count get 0.
///
/// # Errors
/// As [`Totals::update`], and a map of another length. Nothing was written then.
pub fn map(params: &Params, pixels: &Pixels, map: &mut [f32]) -> Result<Notices, Error> {
    let inputs = check(params, pixels)?;
    Pixels::check_lengths(pixels.scores.len(), &[Some(map.len())])?;
    simd::run(Terms { pixels: inputs, factors: params.factors(), to: To::Map(map) });
    Ok(Notices::EMPTY.when(pixels.scores.is_empty()))
}

fn check<'a>(params: &Params, pixels: &Pixels<'a>) -> Result<Pixels<'a>, Error> {
    params.check()?;
    let targets = pixels.targets.ok_or(Error::MissingInput)?;
    if pixels.soft_targets.is_some() {
        return Err(Error::UnsupportedInput);
    }
    let valid = pixels.valid.map(<[u8]>::len);
    let weights = pixels.weights.map(<[f32]>::len);
    Pixels::check_lengths(pixels.scores.len(), &[Some(targets.len()), valid, weights])?;
    Ok(*pixels)
}

/// What a pixel's function is multiplied with, by its class.
#[derive(Clone, Copy, Default)]
struct Factors {
    negative: f32,
    positive: f32,
}

/// The inputs as vectors.
struct Inputs<'a, V: Lanes> {
    logits: Columns<'a, V::Floats>,
    targets: Columns<'a, V::Bytes>,
    live: LiveColumns<'a, V>,
    /// How many vectors there are, the last perhaps padded.
    vectors: usize,
}

/// The inputs of one vector of pixels.
struct Vector<V: Lanes> {
    /// The logit, negated where the target is positive.
    margin: V,
    positive: V::Mask,
    live: Live<V>,
}

impl<'a, V: Lanes> Inputs<'a, V> {
    #[inline(always)]
    fn new(pixels: &Pixels<'a>) -> Self {
        Self {
            logits: Columns::new(pixels.scores),
            targets: Columns::new(pixels.targets.unwrap_or(&[])),
            live: LiveColumns::new(pixels),
            vectors: pixels.scores.len().div_ceil(V::LANES),
        }
    }

    #[inline(always)]
    fn get(&self, simd: V::Simd, index: usize) -> Vector<V> {
        let logit = V::from_floats(simd, self.logits.get(index));
        let positive = V::mask_from_bytes(simd, self.targets.get(index));
        let margin = V::select(positive, logit.negate(), logit);
        Vector { margin, positive, live: self.live.get(simd, index) }
    }
}

impl<V: Lanes> Vector<V> {
    /// Each pixel's factor, and whether it counts with a factor that is not 0 (None: all do).
    #[inline(always)]
    fn factor(&self, factors: Factors) -> (V, Option<V::Mask>) {
        let [positive, negative] = [factors.positive, factors.negative];
        let constant = |factor| self.margin.constant(factor);
        let of_class = V::select(self.positive, constant(positive), constant(negative));
        let factor = match self.live.weight {
            Some(weight) => of_class * weight,
            None => of_class,
        };
        if self.live.weight.is_none() && positive != 0.0 && negative != 0.0 {
            return (factor, self.live.mask);
        }
        let on = !factor.eq(constant(0.0));
        match self.live.mask {
            Some(live) => (factor, Some(live & on)),
            None => (factor, Some(on)),
        }
    }
}

/// Adds the terms to a sum, or writes them to a map.
struct Terms<'a> {
    pixels: Pixels<'a>,
    factors: Factors,
    to: To<'a>,
}

/// Where the terms go.
enum To<'a> {
    Sum(&'a mut ExactSum),
    Map(&'a mut [f32]),
}

impl Kernel for Terms<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let inputs = Inputs::<S::Lanes>::new(&self.pixels);
        let mut no_sum = ExactSum::default();
        let (sum, map, is_sum) = match self.to {
            To::Sum(sum) => (sum, &mut [] as &mut [f32], true),
            To::Map(map) => (&mut no_sum, map, false),
        };
        let mut sum = Accumulator::new(simd, sum);
        let mut map = ColumnsMut::new(map);
        for index in 0..inputs.vectors {
            let vector = inputs.get(simd, index);
            let (factor, on) = vector.factor(self.factors);
            let term = only(on, logistic(vector.margin).softplus_times(factor));
            if is_sum {
                sum.push(term);
            } else {
                term.to_floats(map.get(index));
            }
        }
        map.finish();
        if is_sum {
            sum.finish(self.pixels.scores.len());
        }
    }
}

/// Writes the gradient, and adds the terms to a sum on the way if `TERMS`.
struct Gradient<'a, const TERMS: bool> {
    pixels: Pixels<'a>,
    slopes: Factors,
    write: Write,
    gradient: &'a mut [f32],
    terms: (Factors, &'a mut ExactSum),
}

impl<const TERMS: bool> Kernel for Gradient<'_, TERMS> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // The derivative of softplus(-x) by x is -sigmoid(-x).
        let slopes = Factors { positive: -self.slopes.positive, ..self.slopes };
        let (factors, sum) = self.terms;
        let inputs = Inputs::<S::Lanes>::new(&self.pixels);
        let mut sum = Accumulator::new(simd, sum);
        let mut gradient = ColumnsMut::new(self.gradient);
        for index in 0..inputs.vectors {
            let vector = inputs.get(simd, index);
            let logistic = logistic(vector.margin);
            let (slope, on) = vector.factor(slopes);
            self.write.write(on, logistic.sigmoid_times(slope), gradient.get(index));
            if TERMS {
                let (factor, on) = vector.factor(factors);
                sum.push(only(on, logistic.softplus_times(factor)));
            }
        }
        gradient.finish();
        if TERMS {
            sum.finish(self.pixels.scores.len());
        }
    }
}
