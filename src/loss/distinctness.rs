//! Mean cosine of pairs of selectors (cuvis-ai's `DistinctnessLoss`).
//!
//! **Use case**: makes several band selectors choose different bands. Needs no labels. **Inputs**:
//! selection weights, a matrix of K rows (selectors) of C floats (bands), K up to [`MOST_ROWS`].
//!
//! ```text
//! u_i = w_i / max(|w_i|, eps)      c_ij = u_i . u_j      P = K (K - 1) / 2
//! L = weight / P * sum_{i<j} c_ij = weight / (2 P) * (|S|^2 - sum |u_i|^2)      S = sum u_i
//! dL/dw_i = weight / P * (g_i - [|w_i| > eps] u_i (u_i . g_i)) / max(|w_i|, eps)      g_i = S - u_i
//! ```
//!
//! So all pairs cost as much as one look at every weight. With `skip_exact_zeros` the mean is over the
//! pairs whose cosine is not exactly 0, as cuvis-ai's code (not its documentation) has it; then each pair
//! is computed.
//!
//! **Accuracy**: everything is computed in `f64`, from exact squares and products; the loss is within
//! (C + K) * 2^-50 of `weight`, a gradient is rounded to f32 once. A sum of cosines that is 0 within its own
//! rounding is 0: disjoint selectors give exactly 0.
//!
//! **Parameters as they behave**: a `weight` from 0.01 to 0.5. Only directions count: a row that is scaled
//! changes nothing, and `w_i . dL/dw_i = 0`. Skipping exact zeros, the loss does not fall when pairs become
//! orthogonal, and rises when a selector dies: use it only to reproduce old runs.
//!
//! **Edges**: fewer than two rows are 0 with `EMPTY`. A row no longer than eps is not scaled to length 1, and
//! counts, too: `DEGENERATE`; its gradient is as large as `1 / eps`. `ZERO_PAIRS` says that cosines are known
//! to be exactly 0, so that cuvis-ai's number is another: with `skip_exact_zeros` if any is, otherwise if a
//! row is all zero or the sum is 0 within rounding (others are not looked for). NaN and infinite weights:
//! NaN, `NOT_FINITE`.
//!
//! **cuvis-ai**: `weight`, `eps`; port `selection_weights`. Stages: train, validation, test. **Memory**: S and
//! the lengths in the caller's workspace. **Speed**: limited by widening floats to doubles, two passes for the
//! loss and two more for the gradient.
//!
//! Formula: the mean of the upper triangle of the cosine matrix.

use super::Write;
use super::gram::{self, Dots, check_gradient, row, sixteen};
use crate::error::{Error, Notices, Value};
use crate::math64::sqrt;
use crate::matrix::Matrix;
use crate::simd::{self, ColumnsMut, Doubles, Kernel, Lanes, Simd};

pub use super::gram::MOST_ROWS;

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// The weight of this loss among others: any finite number.
    pub weight: f32,
    /// The least length that a row is divided by: finite, not negative.
    pub eps: f32,
    /// Leaves pairs whose cosine is exactly 0 out of the mean, as cuvis-ai does.
    pub skip_exact_zeros: bool,
}

impl Default for Params {
    fn default() -> Self {
        Self { weight: 0.1, eps: 1e-6, skip_exact_zeros: false }
    }
}

/// How many floats a vector of this file has.
const SIXTEEN: usize = 16;

/// A sum of cosines below this, for each row, is 0: the terms are rounded at 2^-53, and few of these
/// roundings add up.
const ROUNDING: f64 = 1.0 / (1_u64 << 48) as f64;

/// How many doubles of workspace a matrix needs: S, rounded up to whole vectors, a factor and the products
/// of a row.
pub fn workspace(rows: usize, columns: usize) -> usize {
    columns.next_multiple_of(SIXTEEN).saturating_add(rows.saturating_mul(2))
}

fn check(params: &Params, weights: &Matrix, workspace: &[f64]) -> Result<(), Error> {
    if !params.weight.is_finite() {
        return Err(Error::Weight);
    }
    if !(params.eps.is_finite() && params.eps >= 0.0) {
        return Err(Error::Epsilon);
    }
    gram::check(weights)?;
    if workspace.len() < self::workspace(weights.rows, weights.columns) {
        return Err(Error::Workspace);
    }
    Ok(())
}

/// The loss.
///
/// # Errors
/// Parameters out of range, overlapping rows, more than [`MOST_ROWS`] rows, a workspace that is too small.
pub fn loss(params: &Params, weights: &Matrix, workspace: &mut [f64]) -> Result<Value, Error> {
    check(params, weights, workspace)?;
    Ok(simd::run(Cosines { params: *params, weights: *weights, workspace, gradient: None }))
}

/// Writes `upstream * dL/dw` in the layout of the weights, or adds it.
///
/// # Errors
/// As [`loss`], and a gradient that is too short. Nothing was written then.
pub fn gradient(
    params: &Params,
    weights: &Matrix,
    upstream: f64,
    write: Write,
    workspace: &mut [f64],
    gradient: &mut [f32],
) -> Result<Notices, Error> {
    Ok(loss_and_gradient(params, weights, upstream, write, workspace, gradient)?.notices)
}

/// The loss, and its gradient as [`gradient`] writes it.
///
/// # Errors
/// As [`gradient`].
#[inline(never)]
pub fn loss_and_gradient(
    params: &Params,
    weights: &Matrix,
    upstream: f64,
    write: Write,
    workspace: &mut [f64],
    gradient: &mut [f32],
) -> Result<Value, Error> {
    check(params, weights, workspace)?;
    check_gradient(weights, gradient)?;
    let gradient = Some(Gradient { upstream, write, values: gradient });
    Ok(simd::run(Cosines { params: *params, weights: *weights, workspace, gradient }))
}

/// Computes the loss, and writes the gradient if asked to.
struct Cosines<'a> {
    params: Params,
    weights: Matrix<'a>,
    workspace: &'a mut [f64],
    gradient: Option<Gradient<'a>>,
}

struct Gradient<'a> {
    upstream: f64,
    write: Write,
    values: &'a mut [f32],
}

/// What the rows are divided by, and what is special about them.
struct Lengths {
    /// `sum |u_i|^2`.
    squares: f64,
    notices: Notices,
}

/// The mean of cosines and the number of pairs that it is over.
struct Mean {
    cosine: f64,
    pairs: f64,
    notices: Notices,
}

impl Kernel for Cosines<'_> {
    type Output = Value;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Value {
        let Self { params, weights, workspace, gradient } = self;
        let (factors, rest) = workspace.split_at_mut_checked(weights.rows).unwrap_or_default();
        let (dots, sum) = rest.split_at_mut_checked(weights.rows).unwrap_or_default();
        let lengths = find_lengths(simd, &weights, f64::from(params.eps), factors);
        let mean = if params.skip_exact_zeros {
            mean_of_some(simd, &weights, factors, dots)
        } else {
            add_rows(simd, &weights, factors, None, sum);
            mean_of_all(simd, &weights, lengths.squares, sum)
        };
        let weight = f64::from(params.weight);
        if let Some(gradient) = gradient {
            let scale =
                if mean.pairs > 0.0 { weight * gradient.upstream / mean.pairs } else { 0.0 };
            let Gradient { write, values, .. } = gradient;
            let eps = f64::from(params.eps);
            let skip = params.skip_exact_zeros;
            let job = Slopes { weights: &weights, eps, scale, write, skip };
            job.run(simd, factors, dots, sum, values);
        }
        let value = weight * mean.cosine;
        let notices = lengths.notices | mean.notices;
        Value { value, notices: notices | Notices::NOT_FINITE.when(!value.is_finite()) }
    }
}

/// Writes `1 / max(|w_i|, eps)` of each row.
#[inline(always)]
fn find_lengths<S: Simd>(simd: S, weights: &Matrix, eps: f64, factors: &mut [f64]) -> Lengths {
    let mut found = Lengths { squares: 0.0, notices: Notices::EMPTY.when(weights.rows < 2) };
    let vectors = weights.columns.div_ceil(SIXTEEN);
    for (index, factor) in factors.iter_mut().enumerate() {
        let values = row::<S>(weights, index);
        let mut square = S::Sixteen::splat(simd, 0.0).widen();
        for vector in 0..vectors {
            let value = S::Sixteen::from_floats(simd, values.get(vector)).widen();
            square = square + value * value;
        }
        let square = square.sum_of_sixteen();
        let length = sqrt(square);
        let divisor = if length < eps { eps } else { length };
        // A row of zeros stays one, also without eps.
        *factor = if divisor == 0.0 { 0.0 } else { 1.0 / divisor };
        found.squares += square * *factor * *factor;
        found.notices |=
            Notices::DEGENERATE.when(length <= eps) | Notices::ZERO_PAIRS.when(square == 0.0);
    }
    if weights.rows < 2 {
        found.notices = Notices::EMPTY;
    }
    found
}

/// Sets S to the sum of the rows, each times its factor; of those only whose product is not 0, if
/// products are given.
#[inline(always)]
fn add_rows<S: Simd>(
    simd: S,
    weights: &Matrix,
    factors: &[f64],
    dots: Option<&[f64]>,
    sum: &mut [f64],
) {
    let sum: &mut [Values<S>] = bytemuck::try_cast_slice_mut(whole_vectors(sum)).unwrap_or(&mut []);
    for (vector, sum) in sum.iter_mut().enumerate().take(weights.columns.div_ceil(SIXTEEN)) {
        let mut total = S::Sixteen::splat(simd, 0.0).widen();
        for (index, factor) in factors.iter().enumerate() {
            let skipped = match dots {
                Some(dots) => dots.get(index).is_some_and(|dot| *dot == 0.0),
                None => false,
            };
            if !skipped {
                let value = sixteen::<S>(simd, weights, index, vector).widen();
                total = total + value * Wide::<S>::splat(simd, *factor);
            }
        }
        *sum = total.to_values();
    }
}

type Wide<S> = <<S as Simd>::Sixteen as Lanes>::Doubles;
type Values<S> = <Wide<S> as Doubles>::Values;

/// As many doubles as fill vectors.
#[inline(always)]
fn whole_vectors(doubles: &mut [f64]) -> &mut [f64] {
    let whole = doubles.len() / SIXTEEN * SIXTEEN;
    doubles.get_mut(..whole).unwrap_or(&mut [])
}

/// The mean over all pairs, by S.
#[inline(always)]
fn mean_of_all<S: Simd>(simd: S, weights: &Matrix, squares: f64, sum: &mut [f64]) -> Mean {
    let sum: &[Values<S>] = bytemuck::try_cast_slice(whole_vectors(sum)).unwrap_or(&[]);
    let mut square = S::Sixteen::splat(simd, 0.0).widen();
    for sum in sum.iter().take(weights.columns.div_ceil(SIXTEEN)) {
        let sum = Wide::<S>::from_values(simd, sum);
        square = square + sum * sum;
    }
    let rows = weights.rows as f64;
    let pairs = rows * (rows - 1.0) * 0.5;
    let both = square.sum_of_sixteen() - squares;
    let nothing = both < rows * ROUNDING && both > -rows * ROUNDING;
    let cosine = if nothing || weights.rows < 2 { 0.0 } else { 0.5 * both / pairs };
    let notices = Notices::ZERO_PAIRS.when(nothing && weights.rows > 1);
    Mean { cosine, pairs: if weights.rows < 2 { 0.0 } else { pairs }, notices }
}

/// The mean over the pairs whose cosine is not exactly 0.
#[inline(always)]
fn mean_of_some<S: Simd>(simd: S, weights: &Matrix, factors: &[f64], dots: &mut [f64]) -> Mean {
    let (mut sum, mut pairs) = (0.0, 0.0);
    for (row, factor) in factors.iter().enumerate() {
        simd.call(Dots { matrix: weights, row, from: row + 1, to: dots });
        for (dot, other) in dots.iter().zip(factors).skip(row + 1) {
            if *dot != 0.0 {
                sum += *dot * (factor * other);
                pairs += 1.0;
            }
        }
    }
    let rows = weights.rows as f64;
    let skipped = weights.rows > 1 && pairs < rows * (rows - 1.0) * 0.5;
    let cosine = if pairs > 0.0 { sum / pairs } else { 0.0 };
    Mean { cosine, pairs, notices: Notices::ZERO_PAIRS.when(skipped) }
}

/// Writes the gradient of every row.
struct Slopes<'m, 'a> {
    weights: &'m Matrix<'a>,
    eps: f64,
    /// `upstream * weight / P`.
    scale: f64,
    write: Write,
    skip: bool,
}

impl Slopes<'_, '_> {
    #[inline(always)]
    fn run<S: Simd>(
        &self,
        simd: S,
        factors: &[f64],
        dots: &mut [f64],
        sum: &mut [f64],
        gradient: &mut [f32],
    ) {
        let weights = self.weights;
        for (index, factor) in factors.iter().enumerate() {
            if self.skip {
                simd.call(Dots { matrix: weights, row: index, from: 0, to: dots });
                // A row is no pair with itself.
                if let Some(own) = dots.get_mut(index) {
                    *own = 0.0;
                }
                add_rows(simd, weights, factors, Some(dots), sum);
            }
            let sum: &[Values<S>] = bytemuck::try_cast_slice(whole_vectors(sum)).unwrap_or(&[]);
            // S contains u_i itself, unless pairs were chosen.
            let own = if self.skip { 0.0 } else { 1.0 };
            let values = row::<S>(weights, index);
            let (mut along, mut square) =
                (S::Sixteen::splat(simd, 0.0).widen(), S::Sixteen::splat(simd, 0.0).widen());
            for (vector, sum) in sum.iter().enumerate().take(weights.columns.div_ceil(SIXTEEN)) {
                let value = S::Sixteen::from_floats(simd, values.get(vector)).widen();
                along = along + value * Wide::<S>::from_values(simd, sum);
                square = square + value * value;
            }
            let square = square.sum_of_sixteen();
            let along = along.sum_of_sixteen() * factor - own * (square * factor * factor);
            // u_i times this is taken from S; rows that were not scaled to length 1 may change it.
            let projected = if sqrt(square) > self.eps { along } else { 0.0 };
            let back = Wide::<S>::splat(simd, factor * (own + projected));
            let scale = Wide::<S>::splat(simd, self.scale * factor);
            let start = index * weights.row_stride;
            let to = gradient.get_mut(start..).and_then(|to| to.get_mut(..weights.columns));
            let mut to =
                ColumnsMut::<<S::Sixteen as Lanes>::Floats, f32>::new(to.unwrap_or_default());
            for (vector, sum) in sum.iter().enumerate().take(weights.columns.div_ceil(SIXTEEN)) {
                let value = S::Sixteen::from_floats(simd, values.get(vector)).widen();
                let slope = (Wide::<S>::from_values(simd, sum) - value * back) * scale;
                self.write.write(None, S::Sixteen::narrow(slope), to.get(vector));
            }
            to.finish();
        }
    }
}
