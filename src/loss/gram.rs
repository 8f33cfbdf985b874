//! Dot products of rows, accurate where they cancel: what the losses of matrices share.
//!
//! A product of two floats has 48 bits and is exact in `f64`. Sixteen partial sums take the columns k,
//! k + 16, ... each, and are added as a tree: one order on every tier. Four rows go at a time, so that a
//! row that was loaded and widened serves four products.

use crate::error::Error;
use crate::matrix::Matrix;
use crate::simd::{Columns, Doubles, Kernel, Lanes, Simd, flat_mut};
use bytemuck::Zeroable;

/// How many rows a matrix may have.
pub const MOST_ROWS: usize = 1024;

/// The matrix has as many rows as are allowed, and they lie within its values.
pub(super) fn check(matrix: &Matrix) -> Result<(), Error> {
    if matrix.rows > MOST_ROWS { Err(Error::Channels) } else { matrix.check() }
}

/// The gradient has room for the layout of the matrix.
pub(super) fn check_gradient(matrix: &Matrix, gradient: &[f32]) -> Result<(), Error> {
    if matrix.span()? > gradient.len() { Err(Error::LengthMismatch) } else { Ok(()) }
}

/// Writes a row's products with all rows from `from` on: product j to `to[j]`. A call of its own, so that
/// its code exists once.
pub(super) struct Dots<'m, 'a> {
    pub matrix: &'m Matrix<'a>,
    pub row: usize,
    pub from: usize,
    pub to: &'m mut [f64],
}

/// How many rows go at a time.
const TOGETHER: usize = 4;

impl Kernel for Dots<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let own = row::<S>(self.matrix, self.row);
        let vectors = self.matrix.columns.div_ceil(S::Sixteen::LANES);
        for first in (self.from..self.matrix.rows).step_by(TOGETHER) {
            // Behind the last row lie empty ones: zeros.
            let others = [
                row::<S>(self.matrix, first),
                row::<S>(self.matrix, first + 1),
                row::<S>(self.matrix, first + 2),
                row::<S>(self.matrix, first + 3),
            ];
            let mut sums = [S::Sixteen::splat(simd, 0.0).widen(); TOGETHER];
            for index in 0..vectors {
                let values = S::Sixteen::from_floats(simd, own.get(index)).widen();
                for (sum, other) in sums.iter_mut().zip(&others) {
                    let other = S::Sixteen::from_floats(simd, other.get(index)).widen();
                    *sum = *sum + values * other;
                }
            }
            for (to, sum) in self.to.iter_mut().take(self.matrix.rows).skip(first).zip(sums) {
                *to = sum.sum_of_sixteen();
            }
        }
    }
}

/// A row as vectors of sixteen.
#[inline(always)]
pub(super) fn row<'a, S: Simd>(
    matrix: &Matrix<'a>,
    index: usize,
) -> Columns<'a, <S::Sixteen as Lanes>::Floats> {
    Columns::new(if index < matrix.rows { matrix.row(index) } else { &[] })
}

/// Sixteen floats of a row; 0 behind its end.
#[inline(always)]
pub(super) fn sixteen<S: Simd>(simd: S, matrix: &Matrix, row: usize, index: usize) -> S::Sixteen {
    let start = index * S::Sixteen::LANES;
    let rest = matrix.row(row).get(start..).unwrap_or(&[]);
    if let Some(whole) = rest.get(..S::Sixteen::LANES) {
        if let Ok([floats]) = bytemuck::try_cast_slice(whole) {
            return S::Sixteen::from_floats(simd, floats);
        }
    }
    let mut floats = <S::Sixteen as Lanes>::Floats::zeroed();
    for (lane, float) in flat_mut::<_, f32>(&mut floats).iter_mut().zip(rest) {
        *lane = *float;
    }
    S::Sixteen::from_floats(simd, &floats)
}
