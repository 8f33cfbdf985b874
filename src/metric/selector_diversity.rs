//! Variance and Gini coefficient of the weights of a band selector (cuvis-ai's `SelectorDiversityMetric`).
//!
//! **Use case**: watches how unequal the weights of a band selector are: a Gini coefficient of 0 is all bands alike,
//! (n - 1) / n a single band. Needs no labels. **Inputs**: weights `w` (n floats, usually a softmax).
//!
//! ```text
//! m = sum w / n      weight_variance = sum (w_i - m)^2 / n
//! gini_coefficient = 2 sum_k k w_(k) / (n sum w) - (n + 1) / n        w_(1) <= ... <= w_(n)
//!                  = sum_k (n + 1 - 2 k) (w_(n+1-k) - w_(k)) / (n sum w)        k up to n / 2
//! ```
//!
//! **Parameters as they behave**: none. A *larger* value of either is a *less* diverse selection.
//!
//! **Accuracy**: the variance is that of [`loss::selector_diversity`](crate::loss::selector_diversity), within
//! (n + 4) * 2^-53 of itself whatever the offset of the weights. The Gini coefficient is computed by its second form,
//! in which no term is negative and nothing cancels: within (n / 2 + 5) * 2^-53 of itself; of equal weights it is
//! exactly 0.
//!
//! **Edges**: no weight: NaN (`EMPTY`). All weights 0: a Gini coefficient of 0, that of equal weights (`DEGENERATE`).
//! Of weights of which some are negative the formula gives numbers that are no Gini coefficients, above 1 or below 0,
//! infinite where the sum is 0 (`DEGENERATE`, `NOT_FINITE`). NaN and infinite weights: NaN (`NOT_FINITE`).
//!
//! **cuvis-ai**: no keys; port `weights`; emits the two values above, of each batch. Stages: validation, test. The
//! values of a stream are a float map of one pixel a batch for [`score_statistics`](super::score_statistics).
//!
//! **Memory**: 8 bytes a weight and 4 KiB in the caller's workspace. **Speed**: limited by a radix sort, a few
//! nanoseconds a weight.
//!
//! Formula: C. Gini, Variabilità e mutabilità (1912); the population variance.

use super::Metric;
use crate::error::{Error, Notices};
use crate::math::order;
use crate::node::selection::Spread;
use crate::node::sort::{self, sort};
use crate::simd::Places;

/// How unequal weights are.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct Report {
    /// The population variance.
    pub weight_variance: f64,
    /// The Gini coefficient.
    pub gini_coefficient: f64,
    /// The exact sum of the weights, rounded once.
    pub sum: f64,
    /// How many weights there are.
    pub weights: i64,
    /// How many of them are negative.
    pub negative: i64,
    /// 0. Room for later.
    pub reserved: i64,
}

/// How many words of workspace so many weights need: the same on every tier.
pub fn workspace(weights: usize) -> usize {
    weights.saturating_mul(2).saturating_add(sort::COUNTERS)
}

/// How unequal weights are.
///
/// # Errors
/// More than 2^32 - 1 weights, a workspace that is too small. It was not touched then.
pub fn values(weights: &[f32], workspace: &mut [u32]) -> Result<Report, Error> {
    values_to(weights, Places::of(workspace))
}

/// [`values`], to memory that may be uninitialised.
#[inline(never)]
pub(crate) fn values_to(weights: &[f32], workspace: Places<u32>) -> Result<Report, Error> {
    u32::try_from(weights.len()).map_err(|_| Error::TooLarge)?;
    let workspace = workspace.first(self::workspace(weights.len())).ok_or(Error::Workspace)?.fill(0);
    let (counters, keys) = workspace.split_first_chunk_mut().ok_or(Error::Workspace)?;
    let (keys, spare) = keys.split_at_mut_checked(weights.len()).ok_or(Error::Workspace)?;
    let Spread { sum, variance, .. } = Spread::of(weights);
    let mut report = Report {
        weight_variance: variance,
        gini_coefficient: f64::NAN,
        sum,
        weights: weights.len() as i64,
        negative: weights.iter().filter(|weight| **weight < 0.0).count() as i64,
        reserved: 0,
    };
    if sum.is_finite() && !weights.is_empty() {
        for (key, weight) in keys.iter_mut().zip(weights) {
            *key = order::key(*weight);
        }
        report.gini_coefficient = gini(sort(keys, spare, counters), sum);
    }
    Ok(report)
}

/// The Gini coefficient of sorted keys: the greatest weight with the least, and so on inwards.
fn gini(sorted: &[u32], sum: f64) -> f64 {
    let count = sorted.len();
    let weight = |key: &u32| f64::from(order::float(*key));
    let pairs = sorted.iter().zip(sorted.iter().rev()).take(count / 2);
    let mut distances = 0.0;
    for (index, (low, high)) in pairs.enumerate() {
        distances += (count - 1 - 2 * index) as f64 * (weight(high) - weight(low));
    }
    if distances == 0.0 { 0.0 } else { distances / (count as f64 * sum) }
}

impl Report {
    /// What is special about the values.
    pub fn notices(&self) -> Notices {
        let [variance, gini] = self.metrics();
        variance.notices | gini.notices
    }

    /// The values under cuvis-ai's names.
    pub fn metrics(&self) -> [Metric; 2] {
        let metric = |name, value: f64| {
            let special = if self.weights == 0 { Notices::EMPTY } else { Notices::NOT_FINITE };
            Metric { name, value, notices: special.when(!value.is_finite()) }
        };
        let variance = metric("weight_variance", self.weight_variance);
        let mut gini = metric("gini_coefficient", self.gini_coefficient);
        let no_shares = self.negative != 0 || (self.sum == 0.0 && self.weights != 0);
        gini.notices |= Notices::DEGENERATE.when(no_shares);
        [variance, gini]
    }
}
