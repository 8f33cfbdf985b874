//! Entropy of the weights of a band selector (cuvis-ai's `SelectorEntropyRegularizer`).
//!
//! **Use case**: keeps a band selector from settling on few bands too early, or holds its entropy at a
//! target. Needs no labels. **Inputs**: weights `w` (n floats, usually a softmax).
//!
//! ```text
//! S = sum w + e      p_i = w_i / S      H = -sum p_i ln(p_i + e)
//! L = -weight * H                                no target
//!   = weight * (H - target)^2                    with a target
//! dH/dw_i = (q_i - sum_k q_k p_k) / S            q_i = -(ln(p_i + e) + p_i / (p_i + e))
//! ```
//!
//! `0 * ln 0` is 0. The p sum to `1 - e/S` and e stands inside the logarithm, so H depends a little on
//! the scale of the weights, and its maximum is not exactly ln n.
//!
//! **Accuracy**: computed in `f64` from exact sums; a value is within 1e-13 of the largest term, a
//! gradient is rounded to f32 once.
//!
//! **Parameters as they behave**: a positive `weight` rewards a high entropy: many bands of like
//! weight. It opposes the diversity regulariser, which rewards few bands of great weight: their
//! gradients point apart. A target pulls to that entropy from both sides; `exp(target)` is about
//! the number of bands in use.
//!
//! **Edges**: no weight is 0 with `EMPTY`. All weights 0: 0 with `DEGENERATE`, and the gradient is that
//! of the formula, about `ln(e) / e`. A weight so negative that a logarithm is of a negative number,
//! or a sum S of 0: NaN with `NOT_FINITE`. With eps = 0 a weight of 0 among others has an infinite
//! slope: `NOT_FINITE`.
//!
//! **cuvis-ai**: `weight`, `target_entropy` (None is no target), `eps`; port `weights`. Stages: train,
//! validation, test. **Speed**: limited by one logarithm a weight.
//!
//! Formula: C. E. Shannon, A Mathematical Theory of Communication (1948), section 6.

use crate::error::{Error, Notices, Value};
use crate::input::Pixels;
use crate::node::selection::{Entropy, check_eps};
use crate::simd::{Output, Write};

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// The weight of this loss among others: any finite number.
    pub weight: f32,
    /// Keeps logarithm and quotient finite: finite, not negative.
    pub eps: f32,
    /// The entropy to hold, in nats; None: as high as possible. Finite.
    pub target_entropy: Option<f32>,
}

impl Default for Params {
    fn default() -> Self {
        Self { weight: 0.01, eps: 1e-6, target_entropy: None }
    }
}

impl Params {
    #[inline(never)]
    fn check(&self) -> Result<(), Error> {
        if !self.weight.is_finite() {
            return Err(Error::Weight);
        }
        check_eps(self.eps)?;
        if self.target_entropy.is_some_and(|target| !target.is_finite()) {
            return Err(Error::Target);
        }
        Ok(())
    }

    /// The loss of an entropy, and its derivative.
    fn of_entropy(&self, entropy: f64) -> (f64, f64) {
        let weight = f64::from(self.weight);
        match self.target_entropy {
            None => (-weight * entropy, -weight),
            Some(target) => {
                let distance = entropy - f64::from(target);
                (weight * distance * distance, 2.0 * weight * distance)
            }
        }
    }
}

/// The loss.
///
/// # Errors
/// Parameters out of range.
pub fn loss(params: &Params, weights: &[f32]) -> Result<Value, Error> {
    params.check()?;
    let found = Entropy::of(params.eps, weights);
    Ok(Value { value: params.of_entropy(found.entropy).0, notices: found.notices })
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
    let mut found = Entropy::of(params.eps, weights);
    let (value, of_entropy) = params.of_entropy(found.entropy);
    let factor = upstream * of_entropy;
    let slopes = weights.iter().map(|weight| (factor * found.slope(*weight)) as f32);
    let finite = gradient.write_one_by_one(slopes);
    found.notices |= Notices::NOT_FINITE.when(!finite);
    Ok(Value { value, notices: found.notices })
}
