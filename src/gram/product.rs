//! Coefficients times rows: the gradient of what dot products are made of.

use super::block::vector;
use super::{Block, LEAVES, Panel, Wide, row_mut};
use crate::loss::Write;
use crate::matrix::Matrix;
use crate::simd::{Doubles, Kernel, Lanes, Simd, Tier};

/// Coefficients times the rows, written to the panel's rows of a gradient, or added there.
pub struct Product<'a> {
    /// The rows.
    pub matrix: &'a Matrix<'a>,
    /// Which rows of the gradient.
    pub panel: Panel,
    /// The coefficients of the panel's rows, by lines.
    pub lines: &'a [f64],
    /// What all sums are multiplied with before they are rounded.
    pub factor: f64,
    /// Whether the gradient is overwritten.
    pub write: Write,
    /// The whole gradient, in the layout of the matrix.
    pub gradient: &'a mut [f32],
}

impl Kernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        if self.matrix.columns < LEAVES {
            return self.run_short();
        }
        let Panel { first, end } = self.panel;
        let mut row = first;
        while row < end {
            // As many sums as there are registers for.
            row += match end - row {
                _ if S::TIER != Tier::Avx512 => self.rows::<S, 2>(simd, row),
                1..=4 => self.rows::<S, 4>(simd, row),
                5 | 9 | 10 => self.rows::<S, 5>(simd, row),
                _ => self.rows::<S, 8>(simd, row),
            };
        }
    }
}

impl Product<'_> {
    /// Some rows of the gradient. The lines are padded, so there are coefficients for all.
    #[inline(always)]
    fn rows<S: Simd, const ROWS: usize>(&mut self, simd: S, row: usize) -> usize {
        let Matrix { values, rows, columns, row_stride } = *self.matrix;
        let factor = Wide::<S>::splat(simd, self.factor);
        let at = row - self.panel.first;
        for index in 0..Block::count(columns) {
            let block = Block::new(index, columns);
            let mut sums = [Wide::<S>::splat(simd, 0.0); ROWS];
            let mut place = block.start;
            for line in self.lines.chunks_exact(self.panel.line()).take(rows) {
                let Some(coefficients) = line.get(at..).and_then(|line| line.first_chunk::<ROWS>())
                else {
                    break;
                };
                let Some(floats) = values.get(place..).and_then(|row| row.first_chunk()) else {
                    break;
                };
                let floats = vector::<S::Sixteen>(simd, floats).widen();
                for (sum, coefficient) in sums.iter_mut().zip(coefficients) {
                    *sum = *sum + floats * Wide::<S>::splat(simd, *coefficient);
                }
                place = place.wrapping_add(row_stride);
            }
            for (row, sum) in (row..self.panel.end).zip(sums) {
                let to = row_mut(self.matrix, self.gradient, row);
                block.write(self.write, S::Sixteen::narrow(sum * factor), to);
            }
        }
        ROWS
    }

    /// Rows of less than a block: the same sums, float by float.
    #[cold]
    #[inline(never)]
    fn run_short(self) {
        let Panel { first, end } = self.panel;
        for row in first..end {
            let to = row_mut(self.matrix, self.gradient, row);
            for (column, to) in to.iter_mut().enumerate() {
                let lines = self.lines.chunks_exact(self.panel.line()).take(self.matrix.rows);
                let mut sum = 0.0;
                for (other, line) in lines.enumerate() {
                    let coefficient = line.get(row - first).copied().unwrap_or(0.0);
                    let float = self.matrix.row(other).get(column).copied().unwrap_or(0.0);
                    sum += f64::from(float) * coefficient;
                }
                let slope = (sum * self.factor) as f32;
                *to = match self.write {
                    Write::Store => slope,
                    Write::Add => *to + slope,
                };
            }
        }
    }
}
