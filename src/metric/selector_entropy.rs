//! Entropy of the weights of a band selector (cuvis-ai's `SelectorEntropyMetric`).
//!
//! **Use case**: watches how decided a band selector is while it learns: ln n at the start, near 0 once a single band
//! is left. Needs no labels. **Inputs**: weights `w` (n floats, usually a softmax).
//!
//! ```text
//! S = sum w + eps      p_i = w_i / S      H = -sum p_i ln(p_i + eps)
//! ```
//!
//! It is the entropy that [`loss::selector_entropy`](crate::loss::selector_entropy) regularises, in nats; `exp(H)` is
//! about the number of bands in use.
//!
//! **Parameters as they behave**: `eps` keeps logarithm and quotient finite. The p sum to `1 - eps / S` and eps stands
//! inside the logarithm, so H depends a little on the scale of the weights, and its maximum is not exactly ln n.
//!
//! **Accuracy**: computed in `f64` from exact sums, within 1e-13 of the largest term.
//!
//! **Edges**: no weight is 0 (`EMPTY`), all weights 0 too (`DEGENERATE`). A weight so negative that a logarithm is of a
//! negative number, a sum S of 0, and NaN or infinite weights: NaN (`NOT_FINITE`). With eps = 0, `0 ln 0` is 0.
//!
//! **cuvis-ai**: `eps`; port `weights`; emits `selector/entropy`, of each batch. Stages: validation, test. The
//! entropies of a stream are a float map of one pixel a batch for [`score_statistics`](super::score_statistics).
//!
//! **Speed**: limited by one logarithm a weight.
//!
//! Formula: C. E. Shannon, A Mathematical Theory of Communication (1948), section 6.

use super::Metric;
use crate::error::{Error, Value};
use crate::node::selection::entropy;

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// Keeps logarithm and quotient finite: finite, not negative.
    pub eps: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self { eps: 1e-6 }
    }
}

/// The entropy.
///
/// # Errors
/// Parameters out of range.
pub fn value(params: &Params, weights: &[f32]) -> Result<Value, Error> {
    entropy(params.eps, weights)
}

/// The value under cuvis-ai's name.
///
/// # Errors
/// Parameters out of range.
pub fn metrics(params: &Params, weights: &[f32]) -> Result<[Metric; 1], Error> {
    let Value { value, notices } = value(params, weights)?;
    Ok([Metric { name: "selector/entropy", value, notices }])
}
