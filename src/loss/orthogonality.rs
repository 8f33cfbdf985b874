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
//! of four products are rounded to f32 before they are added in `f64`: it is within 8 * 2^-24 of
//! `4 weight |E| |W|`.
//!
//! **Parameters as they behave**: a `weight` from 0.001 to 0.1 beside a main loss of 1. With more rows than
//! columns the least loss is K - M, which no step can lower: the gradient is 0 there.
//!
//! **Edges**: no row is 0 with `EMPTY`. NaN and infinite entries follow IEEE 754 (`NOT_FINITE`).
//!
//! **cuvis-ai**: `weight`; port `components`. Stages: train, validation, test. **Memory**: one row of E in the
//! caller's workspace. **Speed**: limited by arithmetic: M K (K + 1) / 2 products for the loss, 2 M K^2 with
//! the gradient.
//!
//! Formula: N. Bansal, X. Chen, Z. Wang, Can We Gain More from Orthogonality Regularizations (2018), eq. 2.

use super::Write;
use super::gram::{Dots, check_gradient, sixteen};
use crate::error::{Error, Notices, Value};
use crate::matrix::Matrix;
use crate::simd::{self, ColumnsMut, Kernel, Lanes, Simd};

pub use super::gram::MOST_ROWS;

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

/// How many doubles of workspace a matrix needs.
pub fn workspace(rows: usize, _columns: usize) -> usize {
    rows
}

fn check(params: &Params, components: &Matrix, workspace: &[f64]) -> Result<(), Error> {
    if !params.weight.is_finite() {
        return Err(Error::Weight);
    }
    super::gram::check(components)?;
    if workspace.len() < self::workspace(components.rows, components.columns) {
        return Err(Error::Workspace);
    }
    Ok(())
}

/// The loss.
///
/// # Errors
/// Parameters out of range, overlapping rows, more than [`MOST_ROWS`] rows, a workspace that is too small.
pub fn loss(params: &Params, components: &Matrix, workspace: &mut [f64]) -> Result<Value, Error> {
    check(params, components, workspace)?;
    let sum = simd::run(Errors { components: *components, workspace, gradient: None });
    Ok(value(params, components, sum))
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
#[inline(never)]
pub fn loss_and_gradient(
    params: &Params,
    components: &Matrix,
    upstream: f64,
    write: Write,
    workspace: &mut [f64],
    gradient: &mut [f32],
) -> Result<Value, Error> {
    check(params, components, workspace)?;
    check_gradient(components, gradient)?;
    let factor = 4.0 * f64::from(params.weight) * upstream;
    let gradient = Some(Gradient { factor, write, values: gradient });
    let sum = simd::run(Errors { components: *components, workspace, gradient });
    Ok(value(params, components, sum))
}

fn value(params: &Params, components: &Matrix, sum: f64) -> Value {
    let value = f64::from(params.weight) * sum;
    let notices =
        Notices::EMPTY.when(components.rows == 0) | Notices::NOT_FINITE.when(!sum.is_finite());
    Value { value, notices }
}

/// Sums the squares of E row by row, and writes the gradient of each row if asked to.
struct Errors<'a> {
    components: Matrix<'a>,
    workspace: &'a mut [f64],
    gradient: Option<Gradient<'a>>,
}

struct Gradient<'a> {
    factor: f64,
    write: Write,
    values: &'a mut [f32],
}

impl Kernel for Errors<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) -> f64 {
        let rows = self.components.rows;
        let mut sum = 0.0;
        for row in 0..rows {
            // The loss alone needs the upper triangle only.
            let from = if self.gradient.is_some() { 0 } else { row };
            simd.call(Dots { matrix: &self.components, row, from, to: self.workspace });
            let entries = self.workspace.get_mut(..rows).unwrap_or(&mut []);
            if let Some(diagonal) = entries.get_mut(row) {
                *diagonal -= 1.0;
                sum += *diagonal * *diagonal;
            }
            for entry in entries.iter().skip(row + 1) {
                sum += 2.0 * (*entry * *entry);
            }
            if let Some(gradient) = &mut self.gradient {
                gradient.row(simd, &self.components, row, entries);
            }
        }
        sum
    }
}

impl Gradient<'_> {
    /// Writes `factor * sum_j E_j W_j` into a row.
    #[inline(always)]
    fn row<S: Simd>(&mut self, simd: S, components: &Matrix, row: usize, entries: &[f64]) {
        let start = row * components.row_stride;
        let to = self.values.get_mut(start..).and_then(|to| to.get_mut(..components.columns));
        let mut to = ColumnsMut::<<S::Sixteen as Lanes>::Floats, f32>::new(to.unwrap_or(&mut []));
        for index in 0..components.columns.div_ceil(S::Sixteen::LANES) {
            let mut sum = S::Sixteen::splat(simd, 0.0).widen();
            for first in (0..entries.len()).step_by(FOLDED) {
                let group = entries.get(first..).unwrap_or(&[]);
                let mut folded = S::Sixteen::splat(simd, 0.0);
                for (offset, entry) in group.iter().enumerate().take(FOLDED) {
                    let values = sixteen::<S>(simd, components, first + offset, index);
                    folded = folded + values * ((self.factor * *entry) as f32);
                }
                sum = sum + folded.widen();
            }
            self.write.write(None, S::Sixteen::narrow(sum), to.get(index));
        }
        to.finish();
    }
}

/// How many products are added in f32 before they go on in f64.
const FOLDED: usize = 4;
