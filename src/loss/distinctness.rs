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
//! **cuvis-ai**: `weight`, `eps`; port `selection_weights`. Stages: train, validation, test. **Memory**: S,
//! the lengths, and what products of pairs take, in the caller's workspace. **Speed**: limited by widening floats to
//! doubles, two passes for the loss and two more for the gradient.
//!
//! Formula: the mean of the upper triangle of the cosine matrix.

mod kernels;

use crate::error::{Error, Notices, Value};
use crate::input::Matrix;
use crate::math::double::sqrt;
use crate::node::channels::{SIXTEEN, tree};
use crate::node::gram::{self, Gram, TOGETHER, check_gradient};
use crate::simd::{self, Output, Places, Write};
use kernels::{AddRows, Along, Slope, Squares};
use wide::f64x2;

pub use crate::node::gram::MOST_ROWS;

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

/// If a sum of cosines is below this times the number of rows, it is taken as 0. The terms are rounded at 2^-53, and
/// their roundings add up to less.
const ROUNDING: f64 = 1.0 / (1_u64 << 48) as f64;

/// How many doubles of workspace a matrix needs: S, rounded up to whole vectors, two factors and a
/// square for each row, and what products of pairs take.
pub fn workspace(rows: usize, columns: usize) -> usize {
    let blocks = columns.div_ceil(SIXTEEN);
    let own = blocks.saturating_mul(SIXTEEN).saturating_add(rows.saturating_mul(3));
    own.saturating_add(gram::workspace(rows, columns))
}

fn check(params: &Params, weights: &Matrix, workspace: usize) -> Result<(), Error> {
    if !params.weight.is_finite() {
        return Err(Error::Weight);
    }
    if !(params.eps.is_finite() && params.eps >= 0.0) {
        return Err(Error::Epsilon);
    }
    gram::check(weights)?;
    if workspace < self::workspace(weights.rows, weights.columns) {
        return Err(Error::Workspace);
    }
    Ok(())
}

/// The loss.
///
/// # Errors
/// Parameters out of range, overlapping rows, more than [`MOST_ROWS`] rows, a workspace that is too small.
pub fn loss(params: &Params, weights: &Matrix, workspace: &mut [f64]) -> Result<Value, Error> {
    loss_to(params, weights, Places::of(workspace))
}

/// [`loss`], to memory that may be uninitialised.
pub(crate) fn loss_to(params: &Params, weights: &Matrix, workspace: Places<f64>) -> Result<Value, Error> {
    check(params, weights, workspace.len())?;
    Ok(run(params, weights, workspace, None))
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
pub fn loss_and_gradient(
    params: &Params,
    weights: &Matrix,
    upstream: f64,
    write: Write,
    workspace: &mut [f64],
    gradient: &mut [f32],
) -> Result<Value, Error> {
    loss_and_gradient_to(params, weights, upstream, Places::of(workspace), Output::new(write, gradient))
}

/// [`loss_and_gradient`], to memory that may be uninitialised.
#[inline(never)]
pub(crate) fn loss_and_gradient_to(
    params: &Params,
    weights: &Matrix,
    upstream: f64,
    workspace: Places<f64>,
    gradient: Output,
) -> Result<Value, Error> {
    check(params, weights, workspace.len())?;
    check_gradient(weights, gradient.len())?;
    let gradient = Some(Gradient { upstream, to: gradient });
    Ok(run(params, weights, workspace, gradient))
}

struct Gradient<'a> {
    upstream: f64,
    to: Output<'a>,
}

/// What the rows are multiplied with, and what is special about them.
struct Lengths<'a> {
    /// `1 / max(|w_i|, eps)`.
    factors: &'a mut [f64],
    /// `|w_i|^2`.
    squares: &'a mut [f64],
    notices: Notices,
}

/// The mean of cosines and the number of pairs that it is over.
struct CosineMean {
    cosine: f64,
    pairs: f64,
    notices: Notices,
}

/// Computes the loss, and writes the gradient if asked to.
#[inline(never)]
fn run(params: &Params, weights: &Matrix, workspace: Places<f64>, gradient: Option<Gradient>) -> Value {
    let rows = weights.rows;
    let words = self::workspace(rows, weights.columns);
    let workspace = workspace.first(words).map(|words| words.fill(0.0)).unwrap_or_default();
    let (mut gram, rest) = Gram::new(weights, workspace);
    let columns = weights.columns.next_multiple_of(SIXTEEN);
    let (sum, rest) = rest.split_at_mut_checked(columns).unwrap_or_default();
    let (factors, rest) = rest.split_at_mut_checked(rows).unwrap_or_default();
    let (squares, rest) = rest.split_at_mut_checked(rows).unwrap_or_default();
    let chosen = rest.get_mut(..rows).unwrap_or_default();
    let eps = f64::from(params.eps);
    let lengths = Lengths::find(gram.parts(), eps, factors, squares);
    let mean = if params.skip_exact_zeros {
        mean_of_some(&mut gram, lengths.factors)
    } else {
        add_rows(gram.parts(), lengths.factors, sum);
        mean_of_all(&lengths, sum)
    };
    let weight = f64::from(params.weight);
    if let Some(Gradient { upstream, to }) = gradient {
        let scale = if mean.pairs > 0.0 { weight * upstream / mean.pairs } else { 0.0 };
        let (skip, ragged) = (params.skip_exact_zeros, weights.columns % SIXTEEN);
        let slopes = RowGradients { lengths: &lengths, eps, scale, skip, ragged };
        slopes.run(&mut gram, chosen, sum, to);
    }
    let value = weight * mean.cosine;
    let notices = lengths.notices | mean.notices;
    Value { value, notices: notices | Notices::NOT_FINITE.when(!value.is_finite()) }
}

impl<'a> Lengths<'a> {
    #[inline(always)]
    fn find(parts: [Matrix; 2], eps: f64, factors: &'a mut [f64], squares: &'a mut [f64]) -> Self {
        simd::run(Squares { parts, squares });
        let mut notices = Notices::NONE;
        for (factor, square) in factors.iter_mut().zip(&*squares) {
            let length = sqrt(*square);
            let divisor = if length < eps { eps } else { length };
            // A row of zeros stays a row of zeros, even if eps is 0.
            *factor = if divisor == 0.0 { 0.0 } else { 1.0 / divisor };
            notices |= Notices::DEGENERATE.when(length <= eps) | Notices::ZERO_PAIRS.when(*square == 0.0);
        }
        if factors.len() < 2 {
            notices = Notices::EMPTY;
        }
        Self { factors, squares, notices }
    }
}

/// Sets S to the sum of the rows, each times its factor.
#[inline(never)]
fn add_rows(parts: [Matrix; 2], factors: &[f64], mut sum: &mut [f64]) {
    for part in parts {
        let (sum_of_part, rest) = sum.split_at_mut_checked(part.columns).unwrap_or_default();
        simd::run(AddRows { part, factors, sum: sum_of_part });
        sum = rest;
    }
}

/// The mean over all pairs, by S.
#[inline(always)]
fn mean_of_all(lengths: &Lengths, sum: &[f64]) -> CosineMean {
    let mut squares = [f64x2::ZERO; SIXTEEN / 2];
    for block in sum.chunks_exact(SIXTEEN) {
        let (pairs, _) = block.as_chunks();
        for (square, pair) in squares.iter_mut().zip(pairs) {
            let pair = f64x2::new(*pair);
            *square += pair * pair;
        }
    }
    let mut own = 0.0;
    for (factor, square) in lengths.factors.iter().zip(&*lengths.squares) {
        own += *square * *factor * *factor;
    }
    let count = lengths.factors.len();
    let rows = count as f64;
    let pairs = rows * (rows - 1.0) * 0.5;
    let both = tree(&bytemuck::cast(squares)) - own;
    let nothing = both < rows * ROUNDING && both > -rows * ROUNDING;
    let cosine = if nothing || count < 2 { 0.0 } else { 0.5 * both / pairs };
    let notices = Notices::ZERO_PAIRS.when(nothing && count > 1);
    CosineMean { cosine, pairs: if count < 2 { 0.0 } else { pairs }, notices }
}

/// The mean over the pairs whose cosine is not exactly 0.
#[inline(never)]
fn mean_of_some(gram: &mut Gram, factors: &[f64]) -> CosineMean {
    let (mut sum, mut pairs) = (0.0, 0.0);
    for (group, own) in factors.chunks(TOGETHER).enumerate() {
        let first = group * TOGETHER;
        let others = factors.iter().enumerate().skip(first);
        for ((other, other_factor), dots) in others.zip(gram.products(first, first)) {
            for (dot, factor) in dots.iter().zip(own).take(other - first) {
                if *dot != 0.0 {
                    sum += *dot * (factor * other_factor);
                    pairs += 1.0;
                }
            }
        }
    }
    let rows = factors.len() as f64;
    let skipped = factors.len() > 1 && pairs < rows * (rows - 1.0) * 0.5;
    let cosine = if pairs > 0.0 { sum / pairs } else { 0.0 };
    CosineMean { cosine, pairs, notices: Notices::ZERO_PAIRS.when(skipped) }
}

/// Writes the gradient of every row.
struct RowGradients<'m> {
    lengths: &'m Lengths<'m>,
    eps: f64,
    /// `upstream * weight / P`.
    scale: f64,
    skip: bool,
    /// How many columns are behind the last whole vector.
    ragged: usize,
}

impl RowGradients<'_> {
    #[inline(never)]
    fn run(&self, gram: &mut Gram, chosen: &mut [f64], sum: &mut [f64], mut gradient: Output) {
        let parts = gram.parts();
        let [Matrix { rows, row_stride, .. }, _] = parts;
        let mut dots: &[[f64; TOGETHER]] = &[];
        for row in 0..rows {
            if self.skip {
                let place = row % TOGETHER;
                if place == 0 {
                    dots = gram.products(row, 0);
                }
                for ((chosen, factor), dots) in chosen.iter_mut().zip(&*self.lengths.factors).zip(dots) {
                    let with = dots.get(place).is_some_and(|dot| *dot != 0.0);
                    *chosen = if with { *factor } else { 0.0 };
                }
                // A row is no pair with itself.
                if let Some(own) = chosen.get_mut(row) {
                    *own = 0.0;
                }
                add_rows(parts, chosen, sum);
            }
            self.row(parts, row, sum, gradient.skip(row * row_stride));
        }
    }

    /// Writes the gradient of a row.
    #[inline(always)]
    fn row(&self, parts: [Matrix; 2], row: usize, sum: &[f64], mut gradient: Output) {
        let [factor, square] =
            [&*self.lengths.factors, &*self.lengths.squares].map(|values| values.get(row).copied().unwrap_or(0.0));
        // S contains u_i itself, unless pairs were chosen.
        let own = if self.skip { 0.0 } else { 1.0 };
        let along = simd::run(Along { parts, row, sum });
        let along = along * factor - own * (square * factor * factor);
        // u_i times this is subtracted from S. Only the gradients of rows that were scaled to length 1 have the
        // projected part.
        let projected = if sqrt(square) > self.eps { along } else { 0.0 };
        let back = factor * (own + projected);
        let scale = self.scale * factor;
        let [whole, end] = parts.map(|part| part.row(row));
        let to = gradient.part(0, whole.len());
        simd::run(Slope { floats: whole, sum, back, scale, to });
        if !end.is_empty() {
            let sum = sum.get(whole.len()..).unwrap_or_default();
            let mut slopes = [0.0; SIXTEEN];
            let to = Output::new(Write::Store, &mut slopes);
            simd::run(Slope { floats: end, sum, back, scale, to });
            let rest = gradient.part(whole.len(), self.ragged);
            rest.write_one_by_one(slopes.iter().copied());
        }
    }
}
