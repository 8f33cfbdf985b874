//! Entropy of the weights of a band selector (cuvis-ai's `SelectorEntropyRegularizer`).
//!
//! **Use case**: holds a trainable band selector together or apart: it rewards spreading the weight
//! over many bands, or keeps the entropy at a target. Needs no labels.
//! **Inputs**: `weights`, one a band: any floats, meant to be at least 0; they need not sum to 1.
//!
//! ```text
//! S = sum w_i + eps      p_i = w_i / S      H = -sum p_i ln(p_i + eps)      0 ln 0 = 0
//! L = -weight * H                           without a target
//!   = weight * (H - target)^2               with one
//! dH/dw_i = (q_i - sum q_k p_k) / S         q_i = -(ln(p_i + eps) + p_i / (p_i + eps))
//! ```
//!
//! The `p_i` sum to `1 - eps/S`, so `sum q_k p_k` nearly cancels `q_i` when the weights are alike. With
//! `c = q(1/n)` the difference is written `(q_i - c) - sum (q_k - c) p_k + c eps/S`: the same value, of
//! small terms.
//!
//! **Accuracy**: all in `f64`, one weight after the other; S is the exact sum rounded once. H is within
//! `(n + 10) 2^-53 (sum |p_i ln(p_i + eps)| + sum |p_i|)`. A gradient is rounded to f32 once: within an
//! ulp, plus `4 (n + 16) 2^-53 (1 + max |q_k|) |L'(H) / S|` where its terms cancel.
//!
//! **Parameters as they behave**: a positive `weight` without a target maximises the entropy: the
//! selector spreads; a negative one concentrates it. `target` (in nats; ln k for "about k bands")
//! pulls from both sides, with a pull that vanishes at the target. eps stands inside the logarithm
//! as well, so H is not exactly a function of the ratios of the weights, and its maximum not exactly
//! ln n: keep eps far below S/n. The selector's diversity term with a positive weight pulls the other
//! way: it rewards concentration.
//!
//! **Limits**: weights that are all 0: H is 0 by convention, the gradient (steep: about ln(eps)/eps) is
//! the formula's, notice `DEGENERATE`. A weight so negative that `p_i + eps` is below 0, or S = 0: NaN,
//! gradients too, with `DEGENERATE`. eps = 0 and a weight of 0: its term is 0 and its dH/dw infinite,
//! `DEGENERATE`. No weights: H is 0, `EMPTY`. NaN or infinite weights: NaN, `NOT_FINITE`. A factor
//! (`weight`, `upstream`) of exactly 0 makes loss or gradient 0, whatever the weights.
//!
//! **cuvis-ai**: `weight`, `target_entropy` (None is no target), `eps`; port `weights`, port `loss` is
//! [`loss`]. Stages: train, validation, test.
//!
//! **Speed**: one logarithm of an `f64` a weight, two with the gradient. There is no more than a
//! spectrum's worth of weights, so nothing is vectorised but S.
//!
//! Formula: C. E. Shannon, A Mathematical Theory of Communication (1948), section 6.

use super::Write;
use crate::error::{Error, Notices, Value};
use crate::exact::ExactSum;
use crate::math64::ln;
use crate::pixels::{Pixels, Sum};
use crate::simd;

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// The weight of this loss among others: any finite number.
    pub weight: f32,
    /// Keeps the logarithm and the division finite: finite, not negative.
    pub eps: f32,
    /// The entropy to keep, in nats: finite. None: the entropy is maximised.
    pub target: Option<f32>,
}

impl Default for Params {
    fn default() -> Self {
        Self { weight: 0.01, eps: 1e-6, target: None }
    }
}

impl Params {
    fn check(&self) -> Result<(), Error> {
        if !self.weight.is_finite() {
            return Err(Error::Weight);
        }
        if !(self.eps.is_finite() && self.eps >= 0.0) {
            return Err(Error::Epsilon);
        }
        if self.target.is_some_and(|target| !target.is_finite()) {
            return Err(Error::Target);
        }
        Ok(())
    }

    fn loss(&self, entropy: f64) -> f64 {
        let weight = f64::from(self.weight);
        match self.target {
            _ if weight == 0.0 => 0.0,
            // (Not a negation: a loss of nothing is 0, not -0.)
            None => 0.0 - weight * entropy,
            Some(target) => {
                let off = entropy - f64::from(target);
                weight * (off * off)
            }
        }
    }

    /// `upstream` times the derivative of the loss by the entropy.
    fn slope(&self, entropy: f64, upstream: f64) -> f64 {
        let factor = f64::from(self.weight) * upstream;
        match self.target {
            _ if factor == 0.0 => 0.0,
            None => -factor,
            Some(target) => 2.0 * factor * (entropy - f64::from(target)),
        }
    }
}

/// The loss. Notices: `EMPTY`, `DEGENERATE`, `NOT_FINITE`.
///
/// # Errors
/// Parameters out of range.
pub fn loss(params: &Params, weights: &[f32]) -> Result<Value, Error> {
    params.check()?;
    let distribution = Distribution::new(weights, params.eps);
    Ok(Value { value: params.loss(distribution.entropy), notices: distribution.notices })
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
    let distribution = Distribution::new(weights, params.eps);
    let slope = params.slope(distribution.entropy, upstream);
    for (weight, to) in weights.iter().zip(gradient) {
        let value = match slope == 0.0 {
            true => 0.0,
            false => slope * distribution.slope(*weight),
        };
        write.write_one(value as f32, to);
    }
    Ok(Value { value: params.loss(distribution.entropy), notices: distribution.notices })
}

/// The weights as proportions.
struct Distribution {
    eps: f64,
    /// S.
    total: f64,
    /// H.
    entropy: f64,
    /// c.
    usual_slope: f64,
    /// `sum (q_k - c) p_k - c eps/S`.
    mean_slope: f64,
    notices: Notices,
}

impl Distribution {
    fn new(weights: &[f32], eps: f32) -> Self {
        let mut sum = ExactSum::default();
        simd::run(Sum { pixels: Pixels { scores: weights, ..Pixels::default() }, sum: &mut sum });
        let eps = f64::from(eps);
        let total = sum.value() + eps;
        let usual_slope = Entry::new(1.0 / weights.len().max(1) as f64, eps).slope();
        let (mut entropy, mut mean_slope) = (0.0, 0.0);
        let (mut all_zero, mut no_logarithm) = (true, false);
        for weight in weights {
            let entry = Entry::new(f64::from(*weight) / total, eps);
            // A proportion of 0 contributes nothing, also where the logarithm is infinite.
            if entry.proportion != 0.0 {
                entropy -= entry.proportion * entry.logarithm;
                mean_slope += (entry.slope() - usual_slope) * entry.proportion;
            }
            all_zero &= *weight == 0.0;
            let shifted = entry.proportion + eps;
            no_logarithm |= shifted <= 0.0 || shifted.is_nan();
        }
        let (empty, non_finite) = (weights.is_empty(), sum.non_finite() != 0);
        let degenerate = !empty && !non_finite && (all_zero || no_logarithm);
        Self {
            eps,
            total,
            entropy,
            usual_slope,
            mean_slope: mean_slope - usual_slope * (eps / total),
            notices: Notices::EMPTY.when(empty)
                | Notices::DEGENERATE.when(degenerate)
                | Notices::NOT_FINITE.when(non_finite),
        }
    }

    /// The derivative of the entropy by a weight.
    fn slope(&self, weight: f32) -> f64 {
        let entry = Entry::new(f64::from(weight) / self.total, self.eps);
        ((entry.slope() - self.usual_slope) - self.mean_slope) / self.total
    }
}

/// One proportion.
struct Entry {
    proportion: f64,
    /// `ln(p + eps)`.
    logarithm: f64,
    /// `p / (p + eps)`; of 0 it is 0.
    share: f64,
}

impl Entry {
    fn new(proportion: f64, eps: f64) -> Self {
        let shifted = proportion + eps;
        let share = if proportion == 0.0 { 0.0 } else { proportion / shifted };
        Self { proportion, logarithm: ln(shifted), share }
    }

    /// q.
    fn slope(&self) -> f64 {
        -(self.logarithm + self.share)
    }
}
