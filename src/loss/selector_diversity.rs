//! Variance of the weights of a band selector (cuvis-ai's `SelectorDiversityRegularizer`).
//!
//! **Use case**: drives a band selector to few bands of great weight. Needs no labels. **Inputs**:
//! weights `w` (n floats).
//!
//! ```text
//! m = sum w / n      V = sum (w_i - m)^2 / n      L = -weight * V
//! dL/dw_i = -2 weight (w_i - m) / n
//! ```
//!
//! **Accuracy**: m is the exact mean rounded once, V a sum of squares of differences in `f64`, within
//! (n + 4) * 2^-53 of itself: nothing cancels, whatever the offset of the weights. A gradient is rounded
//! to f32 once.
//!
//! **Parameters as they behave**: a positive `weight` *raises* the variance: it rewards concentration on
//! few bands, although its name and cuvis-ai's words say the opposite, and so it opposes the entropy
//! regulariser. A negative one spreads the weights.
//!
//! **Edges**: one weight is 0; no weight is NaN with `EMPTY`, as in cuvis-ai. NaN and infinite weights
//! give NaN with `NOT_FINITE`.
//!
//! **cuvis-ai**: `weight`; port `weights`. Stages: train, validation, test. **Speed**: limited by the
//! exact sum, a few nanoseconds a weight.
//!
//! Formula: the population variance.

use crate::error::{Error, Notices, Value};
use crate::input::Pixels;
use crate::node::selection::Spread;
use crate::simd::{Output, Write};

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
    #[inline(never)]
    fn check(&self) -> Result<(), Error> {
        if self.weight.is_finite() { Ok(()) } else { Err(Error::Weight) }
    }
}

/// The loss.
///
/// # Errors
/// Parameters out of range.
pub fn loss(params: &Params, weights: &[f32]) -> Result<Value, Error> {
    params.check()?;
    let Spread { variance, notices, .. } = Spread::of(weights);
    Ok(Value { value: -f64::from(params.weight) * variance, notices })
}

/// Writes `upstream * dL/dw`, or adds it.
///
/// # Errors
/// Parameters out of range, a gradient of another length. Nothing was written then.
pub fn gradient(
    params: &Params,
    weights: &[f32],
    upstream: f64,
    write: Write,
    gradient: &mut [f32],
) -> Result<Notices, Error> {
    Ok(loss_and_gradient(params, weights, upstream, write, gradient)?.notices)
}

/// The loss, and its gradient as [`gradient`] writes it.
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
    loss_and_gradient_to(params, weights, upstream, Output::new(write, gradient))
}

/// [`loss_and_gradient`], to memory that may be uninitialised.
#[inline(never)]
pub(crate) fn loss_and_gradient_to(
    params: &Params,
    weights: &[f32],
    upstream: f64,
    gradient: Output,
) -> Result<Value, Error> {
    params.check()?;
    Pixels::check_lengths(weights.len(), &[Some(gradient.len())])?;
    let Spread { mean, variance, notices, .. } = Spread::of(weights);
    let weight = f64::from(params.weight);
    let factor = -2.0 * weight * upstream / weights.len() as f64;
    let slopes = weights.iter().map(|weight| (factor * (f64::from(*weight) - mean)) as f32);
    gradient.write_one_by_one(slopes);
    Ok(Value { value: -weight * variance, notices })
}
