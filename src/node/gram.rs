//! Dot products of rows, accurate where they cancel, and sums of rows: what the losses of matrices share.
//!
//! A product of two floats has 48 bits and is exact in `f64`. The order of their sums is that of [`super::channels`].
//!
//! ```text
//!  rows ──► four of them widened, some columns ──┐
//!   └─────► each other row ──────────────────────┴─► partial sums ──► tree ──► four products a row
//! ```
//!
//! Widening a float costs as much as its product, so four rows are widened once for many others. Memory hardly grows
//! with the number of columns: 512 columns are taken at a time, while the partial sums are kept in the workspace. The
//! ragged end of every row is copied to a matrix of sixteen columns, so that kernels see only whole vectors. Code that
//! needs no vectors is outside of the kernels, so that it is compiled once.

use super::channels::{SIXTEEN, tree};
use crate::error::Error;
use crate::input::Matrix;
use crate::simd::{self, Counted, Doubles, Kernel, Lanes, Output, Simd, Write, copy, vectors, vectors_mut};

/// How many rows a matrix may have.
pub const MOST_ROWS: usize = 1024;

/// How many rows are multiplied together: as many as there are registers for their partial sums.
pub(crate) const TOGETHER: usize = 4;

/// How many columns are widened at a time.
const WIDE: usize = 512;

/// How many rows have their partial sums in the workspace at a time.
const WAITING: usize = 16;

/// How many doubles a cache line has: vectors that lie across two of them take twice as long.
const LINE: usize = 8;

/// Checks that the matrix has no more rows than allowed, and that they lie within its values.
pub(crate) fn check(matrix: &Matrix) -> Result<(), Error> {
    if matrix.rows > MOST_ROWS { Err(Error::Channels) } else { matrix.check() }
}

/// Checks that the gradient has room for the layout of the matrix.
pub(crate) fn check_gradient(matrix: &Matrix, length: usize) -> Result<(), Error> {
    if matrix.span()? > length { Err(Error::LengthMismatch) } else { Ok(()) }
}

/// How many doubles [`Gram`] needs.
pub(crate) fn workspace(rows: usize, columns: usize) -> usize {
    let fixed = LINE - 1 + wide(columns) + waiting(rows);
    let of_rows = rows.saturating_mul(TOGETHER + SIXTEEN / 2);
    if rows == 0 { 0 } else { of_rows.saturating_add(fixed) }
}

fn wide(columns: usize) -> usize {
    TOGETHER * columns.min(WIDE).next_multiple_of(SIXTEEN)
}

fn waiting(rows: usize) -> usize {
    TOGETHER * SIXTEEN * rows.min(WAITING)
}

/// A matrix, and room to multiply its rows.
pub(crate) struct Gram<'m> {
    /// The columns that fill whole vectors.
    whole: Matrix<'m>,
    /// The other columns, padded with zeros to sixteen.
    ends: &'m [f32],
    /// How many other columns there are.
    ragged: usize,
    wide: &'m mut [f64],
    sums: &'m mut [f64],
    products: &'m mut [f64],
}

impl<'m> Gram<'m> {
    /// Takes a matrix and the [`workspace`], and returns what is left of the workspace. If the workspace is too small,
    /// the matrix is empty.
    #[inline(never)]
    pub fn new(matrix: &Matrix<'m>, workspace: &'m mut [f64]) -> (Self, &'m mut [f64]) {
        let rows = matrix.rows;
        let whole = matrix.columns / SIXTEEN * SIXTEEN;
        let skipped = workspace.as_ptr().align_offset(LINE * size_of::<f64>()).min(LINE - 1);
        let (_, rest) = workspace.split_at_mut_checked(skipped).unwrap_or_default();
        let (wide, rest) = rest.split_at_mut_checked(wide(matrix.columns)).unwrap_or_default();
        let (sums, rest) = rest.split_at_mut_checked(waiting(rows)).unwrap_or_default();
        let (products, rest) = rest.split_at_mut_checked(rows * TOGETHER).unwrap_or_default();
        let (ends, rest) = rest.split_at_mut_checked(rows * SIXTEEN / 2).unwrap_or_default();
        let ends: &mut [f32] = vectors_mut(ends);
        let ragged = matrix.columns - whole;
        let ends = if ragged == 0 { &mut [] } else { ends };
        for (row, end) in ends.chunks_exact_mut(SIXTEEN).enumerate().take(rows) {
            end.fill(0.0);
            copy(end, matrix.row(row).get(whole..).unwrap_or(&[]));
        }
        (Self { whole: matrix.part(0, whole), ends, ragged, wide, sums, products }, rest)
    }

    /// The ragged ends, as rows.
    fn ends(&self) -> Matrix<'m> {
        let columns = if self.ragged == 0 { 0 } else { SIXTEEN };
        Matrix { values: self.ends, rows: self.whole.rows, columns, row_stride: SIXTEEN }
    }

    /// The columns in two parts that both fill vectors.
    pub fn parts(&self) -> [Matrix<'m>; 2] {
        [self.whole, self.ends()]
    }

    /// The products of four rows, from `first` on, with all rows from `from` on: four products for each of these. If
    /// fewer than four rows are left, the last row is taken for the missing ones.
    #[inline(never)]
    pub fn products(&mut self, first: usize, from: usize) -> &mut [[f64; TOGETHER]] {
        let [whole, ends] = self.parts();
        let count = self.whole.rows.saturating_sub(from);
        let (products, _) = self.products.as_chunks_mut::<TOGETHER>();
        let products = products.get_mut(..count).unwrap_or_default();
        let steps = whole.columns.div_ceil(WIDE);
        let with_ends = usize::from(ends.columns > 0 || steps == 0);
        let mut from = from;
        for products in products.chunks_mut(WAITING) {
            let sums = self.sums.get_mut(..products.len() * TOGETHER * SIXTEEN).unwrap_or_default();
            for step in 0..steps + with_ends {
                let start = step * WIDE;
                let columns = whole.columns.saturating_sub(start).min(WIDE);
                let part = if step < steps { whole.part(start, columns) } else { ends };
                simd::run(Dots { part, first, from, fresh: step == 0, wide: self.wide, sums });
            }
            let (sums, _) = sums.as_chunks();
            for (product, sums) in products.as_flattened_mut().iter_mut().zip(sums) {
                *product = tree(sums);
            }
            from += WAITING;
        }
        products
    }

    /// Writes coefficients times the matrix to the rows of a gradient from `first` on, or adds it. Each of these rows
    /// has a coefficient for each row of the matrix. The coefficients of four rows are stored together, by columns.
    #[inline(never)]
    pub(crate) fn combine(&mut self, coefficients: &[f32], first: usize, gradient: &mut Output) {
        let rows = self.whole.rows.saturating_sub(first);
        let rows = rows.min(coefficients.len() / self.whole.rows.max(1));
        if rows == 0 {
            return;
        }
        let (ends, whole, stride) = (self.ends(), self.whole.columns, self.whole.row_stride);
        let mut to = gradient.skip(first * stride);
        simd::run(Combine { part: self.whole, coefficients, rows, to: to.reborrow(), stride });
        if ends.columns > 0 {
            let scratch: &mut [f32] = vectors_mut(self.sums);
            let block = Output::new(Write::Store, scratch);
            simd::run(Combine { part: ends, coefficients, rows, to: block, stride: SIXTEEN });
            for (row, values) in scratch.chunks_exact(SIXTEEN).enumerate().take(rows) {
                let to = to.part(row * stride + whole, self.ragged);
                to.write_one_by_one(values.iter().copied());
            }
        }
    }
}

pub(crate) type Wide<S> = <<S as Simd>::Register as Lanes>::Doubles;
pub(crate) type Values<S> = <Wide<S> as Doubles>::Values;
pub(crate) type Floats<S> = <<S as Simd>::Register as Lanes>::Floats;

/// Adds products of four rows with others to their partial sums. The columns fill blocks.
struct Dots<'m, 'a> {
    part: Matrix<'a>,
    /// The first of the four.
    first: usize,
    /// The first of the others.
    from: usize,
    /// Whether the partial sums begin with these products.
    fresh: bool,
    wide: &'m mut [f64],
    sums: &'m mut [f64],
}

impl Kernel for Dots<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let part = self.part;
        let row = |index: usize| -> &[Floats<S>] { vectors(part.row(index.min(part.rows - 1))) };
        let wide: &mut [Values<S>] = vectors_mut(self.wide);
        for place in 0..TOGETHER {
            let to = wide.iter_mut().skip(place).step_by(TOGETHER);
            for (to, floats) in to.zip(row(self.first + place)) {
                *to = S::Register::from_floats(simd, floats).widen().to_values();
            }
        }
        let sums: &mut [Values<S>] = vectors_mut(self.sums);
        // How many vectors a block has. The first vectors of all blocks are multiplied before the second ones, and so
        // on.
        let vectors = SIXTEEN / S::Register::LANES;
        for (index, sums) in sums.chunks_exact_mut(TOGETHER * vectors).enumerate() {
            let other = row(self.from + index);
            for vector in 0..vectors {
                let mut totals = [Wide::<S>::splat(simd, 0.0); TOGETHER];
                for (total, sum) in totals.iter_mut().zip(sums.iter().skip(vector).step_by(vectors)) {
                    if !self.fresh {
                        *total = Wide::<S>::from_values(simd, sum);
                    }
                }
                let blocks = other.get(vector..).unwrap_or_default().chunks(vectors);
                let four = wide.get(vector * TOGETHER..).unwrap_or_default();
                for (block, four) in blocks.zip(four.chunks(vectors * TOGETHER)) {
                    let ([floats, ..], Some(four)) = (block, four.first_chunk::<TOGETHER>()) else {
                        break;
                    };
                    let floats = S::Register::from_floats(simd, floats).widen();
                    for (total, wide) in totals.iter_mut().zip(four) {
                        *total = *total + Wide::<S>::from_values(simd, wide) * floats;
                    }
                }
                for (total, sum) in totals.iter().zip(sums.iter_mut().skip(vector).step_by(vectors)) {
                    *sum = total.to_values();
                }
            }
        }
    }
}

/// How many products are added in f32 before their sum is added in f64.
const FOLDED: usize = 5;

/// Writes sums of rows, each times a coefficient. The columns fill blocks.
struct Combine<'m, 'a> {
    part: Matrix<'a>,
    coefficients: &'m [f32],
    /// How many rows are written: the last four may be fewer.
    rows: usize,
    to: Output<'m>,
    stride: usize,
}

impl Kernel for Combine<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { part, coefficients, rows, mut to, stride } = self;
        let lanes = S::Register::LANES;
        let size = (part.rows * TOGETHER).max(TOGETHER);
        for start in (0..part.columns).step_by(lanes) {
            let mut row = 0_usize;
            for coefficients in coefficients.chunks_exact(size) {
                let mut sums = [S::Register::splat(simd, 0.0).widen(); TOGETHER];
                let mut at = start;
                for group in coefficients.chunks(TOGETHER * FOLDED) {
                    let (group, _) = group.as_chunks::<TOGETHER>();
                    let Some((first, others)) = group.split_first() else { break };
                    let Some(mut folded) = times::<S>(simd, part.values, at, first) else { break };
                    at = at.wrapping_add(part.row_stride);
                    for four in others {
                        let Some(products) = times::<S>(simd, part.values, at, four) else { break };
                        for (folded, product) in folded.iter_mut().zip(products) {
                            *folded = *folded + product;
                        }
                        at = at.wrapping_add(part.row_stride);
                    }
                    for (sum, folded) in sums.iter_mut().zip(folded) {
                        *sum = *sum + folded.widen();
                    }
                }
                for sum in sums {
                    let at = row.wrapping_mul(stride).wrapping_add(start);
                    let place = to.part(at, lanes).vectors().first();
                    if let (true, Some(place)) = (row < rows, place) {
                        place.write(None, S::Register::narrow(sum));
                    }
                    row += 1;
                }
            }
        }
    }
}

/// A vector of floats times four coefficients.
#[inline(always)]
fn times<S: Simd>(
    simd: S,
    values: &[f32],
    at: usize,
    [a, b, c, d]: &[f32; TOGETHER],
) -> Option<[S::Register; TOGETHER]> {
    let values = S::Register::from_floats(simd, vector::<S>(values, at)?);
    Some([values * *a, values * *b, values * *c, values * *d])
}

/// A vector of floats.
#[inline(always)]
pub(crate) fn vector<S: Simd>(values: &[f32], at: usize) -> Option<&Floats<S>> {
    let floats = values.get(at..)?.get(..S::Register::LANES)?;
    vectors(floats).first()
}
