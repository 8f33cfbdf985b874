//! Entropy and spread of the weights of a band selector: what its losses and metrics share.

use crate::error::{Error, Notices, Value};
use crate::input;
use crate::math::double::ln;

pub(crate) fn check_eps(eps: f32) -> Result<(), Error> {
    if eps.is_finite() && eps >= 0.0 { Ok(()) } else { Err(Error::Epsilon) }
}

/// The entropy by itself.
///
/// # Errors
/// An eps out of range.
pub(crate) fn entropy(eps: f32, weights: &[f32]) -> Result<Value, Error> {
    check_eps(eps)?;
    let found = Entropy::of(eps, weights);
    Ok(Value { value: found.entropy, notices: found.notices })
}

/// What one pass over the weights finds.
pub(crate) struct Entropy {
    /// S.
    sum: f64,
    /// H.
    pub entropy: f64,
    /// `sum (q_k - c) p_k`.
    mean_slope: f64,
    /// c, the q of a share of 1/n. If the weights are alike, so are all q, and the differences of q would cancel.
    /// Therefore c is subtracted first: `q_i - sum q_k p_k` is `(q_i - c) - sum (q_k - c) p_k + c eps / S`, because the
    /// sum of the p is `1 - eps / S`.
    even: f64,
    eps: f64,
    pub notices: Notices,
}

impl Entropy {
    #[inline(never)]
    pub fn of(eps: f32, weights: &[f32]) -> Self {
        let eps = f64::from(eps);
        let total = input::sum(weights).value();
        let mut found =
            Self { sum: total + eps, entropy: 0.0, mean_slope: 0.0, even: 0.0, eps, notices: Notices::NONE };
        let all_zero = weights.iter().all(|weight| *weight == 0.0);
        if all_zero && eps == 0.0 {
            // 0 is divided by 0 here: every share is taken as 0.
            found.sum = 1.0;
        }
        found.even = found.slope_of_share(1.0 / weights.len() as f64);
        for weight in weights {
            let (share, slope) = found.share(*weight);
            if share != 0.0 {
                found.entropy -= share * ln(share + eps);
                found.mean_slope += share * slope;
            }
        }
        found.notices = Notices::EMPTY.when(weights.is_empty())
            | Notices::DEGENERATE.when(all_zero && !weights.is_empty())
            | Notices::NOT_FINITE.when(!found.entropy.is_finite());
        found
    }

    /// `p` and `q - c` of a weight.
    fn share(&self, weight: f32) -> (f64, f64) {
        let share = f64::from(weight) / self.sum;
        (share, self.slope_of_share(share) - self.even)
    }

    /// `q` of a share.
    fn slope_of_share(&self, share: f64) -> f64 {
        let shifted = share + self.eps;
        let quotient = if share == 0.0 { 0.0 } else { share / shifted };
        -(ln(shifted) + quotient)
    }

    /// `dH/dw` of a weight.
    pub fn slope(&self, weight: f32) -> f64 {
        let (_, slope) = self.share(weight);
        (slope - self.mean_slope + self.even * (self.eps / self.sum)) / self.sum
    }
}

/// What two passes over the weights find.
pub(crate) struct Spread {
    pub sum: f64,
    pub mean: f64,
    pub variance: f64,
    pub notices: Notices,
}

impl Spread {
    #[inline(never)]
    pub fn of(weights: &[f32]) -> Self {
        let sum = input::sum(weights);
        let count = weights.len() as i64;
        let mean = sum.quotient(count);
        // The mean is rounded once, so the error of a difference from it is at most 2^-53 of the weights.
        let mut squares = 0.0;
        for weight in weights {
            let distance = f64::from(*weight) - mean;
            squares += distance * distance;
        }
        Self {
            sum: sum.value(),
            mean,
            variance: squares / count as f64,
            notices: Notices::EMPTY.when(weights.is_empty()) | Notices::NOT_FINITE.when(sum.non_finite() != 0),
        }
    }
}
