//! Distinctness of band selectors (cuvis-ai's `DistinctnessLoss`).
//!
//! **Use case**: keeps selectors that learn which bands to take from all choosing the same ones. Needs
//! no labels. **Inputs**: selection weights, one selector a row, K rows of C columns, any float
//! (usually not negative).
//!
//! ```text
//! u_i  = w_i / max(|w_i|, eps)          c_ij = u_i . u_j, the cosine of two rows
//! L    = w / P * sum_{i<j} c_ij         P = K (K - 1) / 2 pairs
//! h_i  = w / P * sum_{j != i} u_j
//! dL/dw_i = (h_i - [|w_i| > eps] u_i (u_i . h_i)) / max(|w_i|, eps)      times `upstream`
//! ```
//!
//! With `skip_exact_zeros` the sums and P are over pairs whose cosine is not exactly 0, as cuvis-ai's
//! code does (its documentation says all pairs). Mind what that means: the mean does not fall when
//! pairs become disjoint, and rises when a selector dies.
//!
//! **Arithmetic**: all pairs take `K C` steps, not `K^2 C`: column by column, `sum_{i<j} u_ic u_jc` is the
//! sum over j of `u_jc` times the prefix sum of the rows before. Only products of entries that share
//! a column are added, so disjoint selectors give exactly 0, and weights that are not negative cancel
//! nowhere. With `skip_exact_zeros` each pair's dot product is made as in `gram`, sixteen leaves in
//! `f64` of exact products; it is this number that is compared with 0, on every tier.
//!
//! **Accuracy**: the sum of the cosines is within `(K + C) * 2^-52` of `sum_{i<j} sum_c |u_ic u_jc|`. A
//! gradient is rounded to `f32` once; before, it is within `(K + C) * 2^-52` of the length that
//! `h_i / max(|w_i|, eps)` had if all rows stood the same way.
//! Lengths are `f64`: rows of 1e30 or 1e-30 have theirs.
//!
//! **Parameters as they behave**: `weight` 0.1 against losses of about 1. For weights that are not
//! negative L lies between 0 (disjoint) and `weight` (all equal); it is not stationary at 0, because
//! negative weights would go below. `eps` matters for rows shorter than it alone: such a row has
//! the notice `DEGENERATE`, a cosine near 0 and a gradient of order `weight / eps`, a kick.
//!
//! **cuvis-ai**: `weight`, `eps`; port `selection_weights` is the matrix, port `loss` is [`loss`].
//! Stages: train, validation, test.
//!
//! **Speed**: two passes over the matrix for the loss and two more for the gradient, each limited by
//! widening and additions. With `skip_exact_zeros` that of `orthogonality`.
//!
//! Formula: the mean cosine similarity of pairs, G. Salton, M. J. McGill, Introduction to Modern
//! Information Retrieval (1983), section 4.1.

use super::Write;
use crate::error::{Error, Notices, Value};
use crate::gram::{self, Squares};
use crate::math64::sqrt;
use crate::matrix::Matrix;
use crate::simd;

mod all_pairs;
mod nonzero_pairs;

/// The most rows.
pub const MAX_ROWS: usize = gram::MAX_ROWS;

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// The weight w of this loss among others: any finite number. With 0 the loss and the gradient
    /// are 0 whatever the matrix holds.
    pub weight: f32,
    /// The least length that a row is divided by: finite, not negative. A row of zeros counts as
    /// zeros also with 0.
    pub eps: f32,
    /// Whether pairs whose cosine is exactly 0 are left out of the mean, as in cuvis-ai.
    pub skip_exact_zeros: bool,
}

impl Default for Params {
    fn default() -> Self {
        Self { weight: 0.1, eps: 1e-6, skip_exact_zeros: false }
    }
}

/// How many doubles of workspace a matrix needs: two a row, at most 4096, and four times the columns
/// (in sixteens).
pub fn workspace(rows: usize, columns: usize) -> usize {
    let more = all_pairs::workspace(columns).max(gram::workspace(rows, columns));
    rows.saturating_mul(2).saturating_add(more)
}

/// The loss. Fewer than two rows: 0 with the notice `EMPTY`. `DEGENERATE`: a row is not longer than
/// `eps`. `ZERO_PAIRS`, without `skip_exact_zeros`: every cosine is exactly 0 because no two rows share a
/// column (cuvis-ai: NaN), or a row is all zeros; when some pairs alone are disjoint there is no
/// notice, because finding these takes `K^2 C` steps. With `skip_exact_zeros`: at least one pair was left
/// out; if all were, the loss is 0.
///
/// # Errors
/// [`Error::Weight`], [`Error::Epsilon`], [`Error::Channels`] (more than [`MAX_ROWS`] rows),
/// [`Error::Strides`], [`Error::LengthMismatch`] (rows beyond the values), [`Error::Workspace`].
pub fn loss(params: &Params, weights: &Matrix, workspace: &mut [f64]) -> Result<Value, Error> {
    run(params, weights, workspace, None)
}

/// Writes `upstream * dL/dw`, or adds it, in the layout of the matrix; floats between the rows stay as
/// they are. Notices are those of [`loss`].
///
/// # Errors
/// As [`loss`], and [`Error::LengthMismatch`] if the gradient is shorter than the span of the
/// matrix. Nothing was written then.
pub fn gradient(
    params: &Params,
    weights: &Matrix,
    upstream: f64,
    write: Write,
    workspace: &mut [f64],
    gradient: &mut [f32],
) -> Result<Notices, Error> {
    let gradient = Gradient { upstream, write, gradient };
    run(params, weights, workspace, Some(gradient)).map(|value| value.notices)
}

/// Both at once: the same bits, and less work.
///
/// # Errors
/// As [`gradient`].
pub fn loss_and_gradient(
    params: &Params,
    weights: &Matrix,
    upstream: f64,
    write: Write,
    workspace: &mut [f64],
    gradient: &mut [f32],
) -> Result<Value, Error> {
    run(params, weights, workspace, Some(Gradient { upstream, write, gradient }))
}

/// Where the gradient goes.
struct Gradient<'a> {
    upstream: f64,
    write: Write,
    gradient: &'a mut [f32],
}

/// The rows, and what was found out about each of them.
struct Rows<'a> {
    matrix: &'a Matrix<'a>,
    /// `1 / max(|w_i|, eps)`.
    inverses: &'a [f64],
    /// 1 if the row is longer than `eps`, else 0: whether its length has a derivative.
    longer: &'a [f64],
}

fn run(
    params: &Params,
    weights: &Matrix,
    workspace: &mut [f64],
    gradient: Option<Gradient>,
) -> Result<Value, Error> {
    if !params.weight.is_finite() {
        return Err(Error::Weight);
    }
    if !(params.eps.is_finite() && params.eps >= 0.0) {
        return Err(Error::Epsilon);
    }
    gram::check(weights)?;
    if let Some(gradient) = &gradient {
        Matrix { values: gradient.gradient, ..*weights }.check()?;
    }
    let Matrix { rows, columns, .. } = *weights;
    if workspace.len() < self::workspace(rows, columns) {
        return Err(Error::Workspace);
    }
    let weight = f64::from(params.weight);
    let factor = gradient.as_ref().map_or(0.0, |gradient| weight * gradient.upstream);
    let (gradient, unwanted) = if factor == 0.0 { (None, gradient) } else { (gradient, None) };
    if let Some(Gradient { write, gradient, .. }) = unwanted {
        gram::no_gradient(weights, write, gradient);
    }
    if rows < 2 {
        if let Some(Gradient { write, gradient, .. }) = gradient {
            gram::no_gradient(weights, write, gradient);
        }
        return Ok(Value { value: 0.0, notices: Notices::EMPTY });
    }
    if weight == 0.0 {
        return Ok(Value { value: 0.0, notices: Notices::NONE });
    }
    let (inverses, rest) = workspace.split_at_mut_checked(rows).unwrap_or((&mut [], &mut []));
    let (longer, rest) = rest.split_at_mut_checked(rows).unwrap_or((&mut [], &mut []));
    simd::run(Squares { matrix: weights, squares: &mut *inverses });
    let notices = invert(f64::from(params.eps), inverses, longer);
    let rows = Rows { matrix: weights, inverses, longer };
    let found = match params.skip_exact_zeros {
        false => all_pairs::run(&rows, factor, rest, gradient),
        true => nonzero_pairs::run(&rows, factor, rest, gradient),
    };
    let value = weight * found.value;
    let notices = notices | found.notices | Notices::NOT_FINITE.when(!value.is_finite());
    Ok(Value { value, notices })
}

/// Squared lengths become what [`Rows`] holds.
fn invert(eps: f64, inverses: &mut [f64], longer: &mut [f64]) -> Notices {
    let mut notices = Notices::NONE;
    for (inverse, longer) in inverses.iter_mut().zip(longer) {
        let length = sqrt(*inverse);
        let short = length <= eps;
        let divisor = if short { eps } else { length };
        // Zeros by eps = 0: the row counts as zeros.
        *inverse = if divisor == 0.0 { 0.0 } else { 1.0 / divisor };
        *longer = if short { 0.0 } else { 1.0 };
        notices |= Notices::DEGENERATE.when(short) | Notices::ZERO_PAIRS.when(length == 0.0);
    }
    notices
}
