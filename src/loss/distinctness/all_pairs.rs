//! The mean over all pairs, in steps of the size of the matrix.

use super::{Gradient, Rows};
use crate::error::{Notices, Value};
use crate::gram::{self, Block, LEAVES, Row};
use crate::loss::Write;
use crate::simd::{self, Doubles, Kernel, Lanes, Simd};

/// The doubles of the sum of the unit rows, in whole blocks.
pub fn workspace(columns: usize) -> usize {
    Block::count(columns).saturating_mul(LEAVES)
}

/// The mean cosine, and the gradient of `factor` times it.
pub fn run(rows: &Rows, factor: f64, total: &mut [f64], gradient: Option<Gradient>) -> Value {
    let count = rows.matrix.rows as f64;
    let pairs = count * (count - 1.0) / 2.0;
    let sum = simd::run(Pairs { rows, total: &mut *total });
    if let Some(Gradient { write, gradient, .. }) = gradient {
        let factor = factor / pairs;
        simd::run(Slopes { rows, total, factor, write, gradient });
    }
    let disjoint = sum == 0.0 && !shares_a_column(rows);
    Value { value: sum / pairs, notices: Notices::ZERO_PAIRS.when(disjoint) }
}

/// Whether two rows have a weight in one column that is not 0.
fn shares_a_column(rows: &Rows) -> bool {
    let Rows { matrix, .. } = rows;
    (0..matrix.columns).any(|column| {
        let weights = (0..matrix.rows).filter_map(|row| matrix.row(row).get(column));
        weights.filter(|weight| **weight != 0.0).nth(1).is_some()
    })
}

/// The sum of all cosines of pairs; the sum of the unit rows is written.
struct Pairs<'a> {
    rows: &'a Rows<'a>,
    total: &'a mut [f64],
}

impl Kernel for Pairs<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f64 {
        type Wide<S> = <<S as Simd>::Sixteen as Lanes>::Doubles;
        let zero = Wide::<S>::splat(simd, 0.0);
        let Rows { matrix, inverses, .. } = *self.rows;
        let mut sum = zero;
        let totals = blocks_mut::<Wide<S>>(self.total);
        for (index, to) in totals.iter_mut().enumerate().take(Block::count(matrix.columns)) {
            let block = Block::new(index, matrix.columns);
            let mut total = zero;
            for (row, inverse) in inverses.iter().enumerate() {
                let weights = block.read_fresh::<S::Sixteen>(simd, matrix.row(row));
                let unit = weights.widen() * Wide::<S>::splat(simd, *inverse);
                sum = sum + unit * total;
                total = total + unit;
            }
            *to = total.to_values();
        }
        sum.sum_of_sixteen()
    }
}

/// Writes the gradient.
struct Slopes<'a> {
    rows: &'a Rows<'a>,
    /// The sum of the unit rows.
    total: &'a [f64],
    /// What `h_i` is multiplied with.
    factor: f64,
    write: Write,
    gradient: &'a mut [f32],
}

impl Kernel for Slopes<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        type Wide<S> = <<S as Simd>::Sixteen as Lanes>::Doubles;
        let zero = Wide::<S>::splat(simd, 0.0);
        let Rows { matrix, inverses, longer } = *self.rows;
        let totals = blocks::<Wide<S>>(self.total);
        let count = Block::count(matrix.columns);
        let mut first = 0;
        for (inverses, longer) in inverses.chunks(4).zip(longer.chunks(4)) {
            // The products of four unit rows with the sum of the others.
            let mut leaves = [zero; 4];
            for (offset, (leaves, inverse)) in leaves.iter_mut().zip(inverses).enumerate() {
                let row = Row::<S::Sixteen>::new(simd, matrix.row(first + offset));
                let inverse = Wide::<S>::splat(simd, *inverse);
                for (index, total) in totals.iter().enumerate().take(count) {
                    let total = Wide::<S>::from_values(simd, total);
                    let unit = row.get(simd, index).widen() * inverse;
                    *leaves = *leaves + unit * (total - unit);
                }
            }
            let products = Wide::<S>::sums_of_sixteen(leaves);
            let each = inverses.iter().zip(longer).zip(products);
            for (offset, ((inverse, longer), product)) in each.enumerate() {
                let along = Wide::<S>::splat(simd, product * longer);
                let factor = Wide::<S>::splat(simd, self.factor * inverse);
                let inverse = Wide::<S>::splat(simd, *inverse);
                let row = Row::<S::Sixteen>::new(simd, matrix.row(first + offset));
                let to = gram::row_mut(matrix, self.gradient, first + offset);
                for (index, total) in totals.iter().enumerate().take(count) {
                    let block = Block::new(index, matrix.columns);
                    let total = Wide::<S>::from_values(simd, total);
                    let unit = row.get(simd, index).widen() * inverse;
                    let slope = ((total - unit) - unit * along) * factor;
                    block.write(self.write, S::Sixteen::narrow(slope), to);
                }
            }
            first += 4;
        }
    }
}

#[inline(always)]
fn blocks<D: Doubles>(values: &[f64]) -> &[D::Values] {
    let (blocks, _) = values.as_chunks::<LEAVES>();
    bytemuck::try_cast_slice(blocks).unwrap_or(&[])
}

#[inline(always)]
fn blocks_mut<D: Doubles>(values: &mut [f64]) -> &mut [D::Values] {
    let (blocks, _) = values.as_chunks_mut::<LEAVES>();
    bytemuck::try_cast_slice_mut(blocks).unwrap_or(&mut [])
}
