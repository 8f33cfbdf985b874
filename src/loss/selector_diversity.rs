//! Variance of the weights of a band selector (cuvis-ai's `SelectorDiversityRegularizer`).
//!
//! **Use case**: rewards (or, with a negative weight, punishes) that a trainable band selector prefers
//! some bands to others. Needs no labels.
//! **Inputs**: `weights`, one a band: any floats.
//!
//! ```text
//! m = sum w_i / n      V = sum (w_i - m)^2 / n      (the variance of a population)
//! L = -weight * V
//! dL/dw_i = -2 weight / n * (w_i - m)
//! ```
//!
//! **Accuracy**: all in `f64`, one weight after the other. m is the exact mean rounded once, and the
//! deviations are taken from it, so nothing cancels however far the weights lie from 0: L is within
//! `(2 n + 8) 2^-53`, relative. A gradient is rounded to f32 once: within an ulp, plus
//! `2^-52 |2 weight m / n|` where `w_i` is close to m.
//!
//! **Parameters as they behave**: the loss is **minus** the variance, so a positive `weight` rewards
//! concentration on few bands; cuvis-ai's documentation speaks of diversity, but its node computes
//! this. It thereby opposes the entropy term of a selector with a positive weight, which rewards
//! spreading. For spreading by this term choose a negative `weight`. Without a bound on the weights
//! (a softmax before it) the loss has no minimum.
//!
//! **Limits**: equal weights, and a single one: 0. No weights: NaN, `EMPTY`. NaN or infinite weights:
//! NaN, `NOT_FINITE`. A factor (`weight`, `upstream`) of exactly 0 makes loss or gradient 0, whatever
//! the weights.
//!
//! **cuvis-ai**: `weight`; port `weights`, port `loss` is [`loss`]. Stages: train, validation, test.
//!
//! **Speed**: two additions and a multiplication of `f64` a weight, and an exact sum.
//!
//! Formula: the textbook's; the two passes as in T. F. Chan, G. H. Golub, R. J. LeVeque, Algorithms
//! for Computing the Sample Variance (1983).

use super::Write;
use crate::error::{Error, Notices, Value};
use crate::exact::ExactSum;
use crate::pixels::{Pixels, Sum};
use crate::simd;

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// The weight of this loss among others: any finite number.
    pub weight: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self { weight: 0.01 }
    }
}

impl Params {
    fn check(&self) -> Result<(), Error> {
        if self.weight.is_finite() { Ok(()) } else { Err(Error::Weight) }
    }
}

/// The loss. Notices: `EMPTY`, `NOT_FINITE`.
///
/// # Errors
/// Parameters out of range.
pub fn loss(params: &Params, weights: &[f32]) -> Result<Value, Error> {
    params.check()?;
    Ok(Moments::new(weights).loss(params))
}

/// Writes `upstream * dL/dw`, or adds it. Notices as [`loss`].
///
/// # Errors
/// As [`loss`], and a gradient of another length. Nothing was written then.
pub fn gradient(
    params: &Params,
    weights: &[f32],
    upstream: f64,
    write: Write,
    gradient: &mut [f32],
) -> Result<Notices, Error> {
    Ok(loss_and_gradient(params, weights, upstream, write, gradient)?.notices)
}

/// The loss and the gradient: the same bits as [`loss`] and [`gradient`].
///
/// # Errors
/// As [`gradient`].
pub fn loss_and_gradient(
    params: &Params,
    weights: &[f32],
    upstream: f64,
    write: Write,
    gradient: &mut [f32],
) -> Result<Value, Error> {
    params.check()?;
    Pixels::check_lengths(weights.len(), &[Some(gradient.len())])?;
    let moments = Moments::new(weights);
    let slope = -2.0 * f64::from(params.weight) * upstream / moments.n;
    for (weight, to) in weights.iter().zip(gradient) {
        let value = match slope == 0.0 {
            true => 0.0,
            false => slope * (f64::from(*weight) - moments.mean),
        };
        write.write_one(value as f32, to);
    }
    Ok(moments.loss(params))
}

/// Mean and variance.
struct Moments {
    n: f64,
    mean: f64,
    variance: f64,
    notices: Notices,
}

impl Moments {
    fn new(weights: &[f32]) -> Self {
        let mut sum = ExactSum::default();
        simd::run(Sum { pixels: Pixels { scores: weights, ..Pixels::default() }, sum: &mut sum });
        let n = weights.len() as f64;
        let mean = sum.quotient(weights.len() as i64);
        let mut squares = 0.0;
        for weight in weights {
            let deviation = f64::from(*weight) - mean;
            squares += deviation * deviation;
        }
        let notices = Notices::EMPTY.when(weights.is_empty())
            | Notices::NOT_FINITE.when(sum.non_finite() != 0);
        Self { n, mean, variance: squares / n, notices }
    }

    fn loss(&self, params: &Params) -> Value {
        let value = match params.weight == 0.0 && self.n > 0.0 {
            true => 0.0,
            // (Not a negation: a loss of nothing is 0, not -0.)
            false => 0.0 - f64::from(params.weight) * self.variance,
        };
        Value { value, notices: self.notices }
    }
}
