//! How far rows are from orthonormal (cuvis-ai's `OrthogonalityLoss`).
//!
//! **Use case**: keeps the components of a trainable projection (a PCA, a band mixer) apart. Needs no
//! labels. **Inputs**: components `W`, a matrix of K rows of M floats, K up to [`MOST_ROWS`].
//!
//! ```text
//! E = W W^T - 1      L = weight * sum E_ij^2      dL/dW = 4 weight E W
//! ```
//!
//! **Accuracy**: an entry of E is a sum of exact products in `f64` (sixteen partial sums, then a tree), so it
//! keeps its digits where the rows are nearly orthonormal and float32 has none left. The loss is within
//! (M + 16) * 2^-52 of `weight (sum |W| |W|^T + K)^2`. In the gradient E is rounded to f32 once, and sums
//! of five products are rounded to f32 before they are added in `f64`: it is within 8 * 2^-24 of
//! `4 weight |E| |W|`.
//!
//! **Parameters as they behave**: a `weight` from 0.001 to 0.1 beside a main loss of 1. With more rows than
//! columns the least loss is K - M, which no step can lower: the gradient is 0 there.
//!
//! **Edges**: no row is 0 with `EMPTY`. NaN and infinite entries follow IEEE 754 (`NOT_FINITE`).
//!
//! **cuvis-ai**: `weight`; port `components`. Stages: train, validation, test. **Memory**: at most 3100 doubles
//! and 14 for each row in the caller's workspace, 2048 more up to 64 rows. **Speed**: limited by additions in
//! `f64`: M K (K + 1) / 2 for the loss, and M K^2 in f32 with the gradient; above 64 rows M K^2 of each.
//!
//! Formula: N. Bansal, X. Chen, Z. Wang, Can We Gain More from Orthogonality Regularizations (2018), eq. 2.

use crate::error::{Error, Notices, Value};
use crate::input::Matrix;
use crate::node::gram::{self, Gram, TOGETHER, check_gradient};
use crate::simd::{Output, Places, Write, vectors_mut};

pub use crate::node::gram::MOST_ROWS;

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// The weight of this loss among others: any finite number.
    pub weight: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self { weight: 1.0 }
    }
}

/// Up to this many rows all coefficients of the gradient are kept: of E, which is symmetric, one half is
/// made then.
const AT_ONCE: usize = 64;

/// How many doubles of workspace a matrix needs.
pub fn workspace(rows: usize, columns: usize) -> usize {
    gram::workspace(rows, columns).saturating_add(coefficients(rows))
}

/// How many doubles hold the coefficients, which are floats.
fn coefficients(rows: usize) -> usize {
    let together = if rows <= AT_ONCE { rows.next_multiple_of(TOGETHER) } else { TOGETHER };
    rows.saturating_mul(together) / 2
}

fn check(params: &Params, components: &Matrix, workspace: usize) -> Result<(), Error> {
    if !params.weight.is_finite() {
        return Err(Error::Weight);
    }
    gram::check(components)?;
    if workspace < self::workspace(components.rows, components.columns) {
        return Err(Error::Workspace);
    }
    Ok(())
}

/// The loss.
///
/// # Errors
/// Parameters out of range, overlapping rows, more than [`MOST_ROWS`] rows, a workspace that is too small.
pub fn loss(params: &Params, components: &Matrix, workspace: &mut [f64]) -> Result<Value, Error> {
    loss_to(params, components, Places::of(workspace))
}

/// [`loss`], to memory that may be uninitialised.
pub(crate) fn loss_to(params: &Params, components: &Matrix, workspace: Places<f64>) -> Result<Value, Error> {
    check(params, components, workspace.len())?;
    Ok(value(params, components, sum(components, workspace, None)))
}

/// Writes `upstream * dL/dW` in the layout of the components, or adds it.
///
/// # Errors
/// As [`loss`], and a gradient that is too short. Nothing was written then.
pub fn gradient(
    params: &Params,
    components: &Matrix,
    upstream: f64,
    write: Write,
    workspace: &mut [f64],
    gradient: &mut [f32],
) -> Result<Notices, Error> {
    let value = loss_and_gradient(params, components, upstream, write, workspace, gradient)?;
    Ok(value.notices)
}

/// The loss, and its gradient as [`gradient`] writes it.
///
/// # Errors
/// As [`gradient`].
pub fn loss_and_gradient(
    params: &Params,
    components: &Matrix,
    upstream: f64,
    write: Write,
    workspace: &mut [f64],
    gradient: &mut [f32],
) -> Result<Value, Error> {
    loss_and_gradient_to(params, components, upstream, Places::of(workspace), Output::new(write, gradient))
}

/// [`loss_and_gradient`], to memory that may be uninitialised.
#[inline(never)]
pub(crate) fn loss_and_gradient_to(
    params: &Params,
    components: &Matrix,
    upstream: f64,
    workspace: Places<f64>,
    gradient: Output,
) -> Result<Value, Error> {
    check(params, components, workspace.len())?;
    check_gradient(components, gradient.len())?;
    let factor = 4.0 * f64::from(params.weight) * upstream;
    let gradient = Some((factor, gradient));
    Ok(value(params, components, sum(components, workspace, gradient)))
}

fn value(params: &Params, components: &Matrix, sum: f64) -> Value {
    let value = f64::from(params.weight) * sum;
    let notices = Notices::EMPTY.when(components.rows == 0) | Notices::NOT_FINITE.when(!sum.is_finite());
    Value { value, notices }
}

/// Sums the squares of E four rows at a time, and writes the gradient if asked to.
#[inline(never)]
fn sum(components: &Matrix, workspace: Places<f64>, mut gradient: Option<(f64, Output)>) -> f64 {
    let rows = components.rows;
    let words = self::workspace(rows, components.columns);
    let workspace = workspace.first(words).map(|words| words.fill(0.0)).unwrap_or_default();
    let (mut gram, rest) = Gram::new(components, workspace);
    let count = if gradient.is_some() { coefficients(rows) } else { 0 };
    let coefficients = rest.get_mut(..count).unwrap_or_default();
    let coefficients: &mut [f32] = vectors_mut(coefficients);
    // Rows behind the last one have coefficients, too, but most of these are not written.
    coefficients.fill(0.0);
    let at_once = rows <= AT_ONCE;
    let (mut diagonal, mut above) = (0.0, [0.0; TOGETHER]);
    for first in (0..rows).step_by(TOGETHER) {
        let from = if gradient.is_none() || at_once { first } else { 0 };
        let place = if at_once { first * rows } else { 0 };
        for (other, entries) in (from..).zip(gram.products(first, from)) {
            let count = other.checked_sub(first);
            if let Some(own) = count.and_then(|count| entries.get_mut(count)) {
                *own -= 1.0;
                diagonal += *own * *own;
            }
            for (sum, entry) in above.iter_mut().zip(&*entries).take(count.unwrap_or(0)) {
                *sum += *entry * *entry;
            }
            let Some((factor, _)) = gradient else { continue };
            let four = entries.map(|entry| (factor * entry) as f32);
            let to = coefficients.get_mut(place + other * TOGETHER..);
            if let Some(to) = to.and_then(|to| to.first_chunk_mut()) {
                *to = four;
            }
            if at_once {
                // These are the same entries on the other side of the diagonal.
                let mirrored = other / TOGETHER * TOGETHER * rows + other % TOGETHER;
                for (row, coefficient) in (first..rows).zip(four) {
                    if let Some(to) = coefficients.get_mut(mirrored + row * TOGETHER) {
                        *to = coefficient;
                    }
                }
            }
        }
        if let (false, Some((_, gradient))) = (at_once, &mut gradient) {
            gram.combine(coefficients, first, gradient);
        }
    }
    if let (true, Some((_, gradient))) = (at_once, &mut gradient) {
        gram.combine(coefficients, 0, gradient);
    }
    let [a, b, c, d] = above;
    diagonal + 2.0 * ((a + c) + (b + d))
}
