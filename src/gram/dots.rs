//! Dot products of rows with each other, and with themselves.

use super::{Block, LEAVES, Panel, Row, TOGETHER, Wide};
use crate::matrix::Matrix;
use crate::simd::{Doubles, Kernel, Lanes, Simd, Tier};

/// The dot products of the rows of a panel with all rows from themselves on, and on request with those
/// before, too.
pub struct Dots<'a> {
    /// The rows.
    pub matrix: &'a Matrix<'a>,
    /// Which ones.
    pub panel: Panel,
    /// Whether products with rows before the panel's own are wanted; within the panel all are there.
    pub before: bool,
    /// The lines come first, one for each row of the matrix; the rest is used meanwhile.
    pub workspace: &'a mut [f64],
}

impl Kernel for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { matrix, panel, .. } = self;
        let Panel { first, end } = panel;
        let rows = matrix.rows;
        let last = rows.saturating_sub(1);
        let split = rows * panel.line();
        let Some((lines, wide)) = self.workspace.split_at_mut_checked(split) else { return };
        let (wide, _) = wide.as_chunks_mut::<{ TOGETHER * LEAVES }>();
        let wide = wide.get_mut(..Block::count(matrix.columns)).unwrap_or(&mut []);
        let wide = bytemuck::try_cast_slice_mut(wide).unwrap_or(&mut []);
        let mut lines = Lines { lines, panel };
        let mut row = first;
        while row < end {
            widen(simd, four(matrix, row), wide);
            let mut other = if self.before && first > 0 { 0 } else { row };
            while other < rows {
                let next = if two_others::<S>() { last.min(other + 1) } else { other };
                let two = [matrix.row(other), matrix.row(next)];
                let [with_first, with_second] = dots(simd, wide, two);
                lines.set(row, other, &with_first);
                if next > other {
                    lines.set(row, next, &with_second);
                }
                other = next + 1;
                // Panels begin at multiples of four.
                if other == first {
                    other = row;
                }
            }
            row += TOGETHER;
        }
    }
}

/// The lines of a panel.
struct Lines<'a> {
    lines: &'a mut [f64],
    panel: Panel,
}

impl Lines<'_> {
    /// Writes the products of four rows of the panel with another row, and their mirrored ones. The
    /// padding gets the last row's, so that nobody computes with what the memory held before.
    #[inline(never)]
    fn set(&mut self, row: usize, other: usize, products: &[f64; TOGETHER]) {
        let Panel { first, end } = self.panel;
        let line = self.panel.line();
        let place = other * line + (row - first);
        let to = self.lines.get_mut(place..).and_then(|rest| rest.first_chunk_mut::<TOGETHER>());
        if let Some(to) = to {
            *to = *products;
        }
        if !(first..end).contains(&other) {
            return;
        }
        let padding = if other + 1 == end { line - (end - first) } else { 0 };
        let mut place = row * line + (other - first);
        for product in products.iter().take(end - row) {
            let to = self.lines.get_mut(place..).and_then(|rest| rest.get_mut(..=padding));
            to.unwrap_or(&mut []).fill(*product);
            place += line;
        }
    }
}

/// Four rows from an index on; behind the last one it is repeated.
#[inline(always)]
fn four<'a>(matrix: &Matrix<'a>, index: usize) -> [&'a [f32]; 4] {
    let last = matrix.rows.saturating_sub(1);
    let row = |offset: usize| matrix.row(last.min(index + offset));
    [row(0), row(1), row(2), row(3)]
}

/// Four rows, widened to doubles; the lanes of the last block that are not new are 0.
type WideRows<S> = [[<Wide<S> as Doubles>::Values; TOGETHER]];

/// Four rows times a vector of another one, added to their leaves.
#[inline(always)]
fn add<D: Doubles>(leaves: &mut [D; 4], [a, b, c, d]: [D; 4], other: D) {
    let [e, f, g, h] = *leaves;
    *leaves = [e + a * other, f + b * other, g + c * other, h + d * other];
}

/// Whether a tier has the registers for the leaves of four rows with two others.
#[inline(always)]
fn two_others<S: Simd>() -> bool {
    S::TIER == Tier::Avx512
}

/// The dot products of four widened rows with two others; with the first alone on small tiers.
#[inline(always)]
fn dots<S: Simd>(simd: S, four: &WideRows<S>, [x, y]: [&[f32]; 2]) -> [[f64; 4]; 2] {
    let zero = Wide::<S>::splat(simd, 0.0);
    let (mut first, mut second) = ([zero; 4], [zero; 4]);
    let left = Row::<S::Sixteen>::new(simd, x);
    let right = Row::<S::Sixteen>::new(simd, y);
    for (index, [a, b, c, d]) in four.iter().enumerate() {
        let [a, b] = [Wide::<S>::from_values(simd, a), Wide::<S>::from_values(simd, b)];
        let [c, d] = [Wide::<S>::from_values(simd, c), Wide::<S>::from_values(simd, d)];
        add(&mut first, [a, b, c, d], left.get(simd, index).widen());
        if two_others::<S>() {
            add(&mut second, [a, b, c, d], right.get(simd, index).widen());
        }
    }
    let first = Wide::<S>::sums_of_sixteen(first);
    let second = if two_others::<S>() { Wide::<S>::sums_of_sixteen(second) } else { first };
    [first, second]
}

/// Widens four rows.
#[inline(always)]
fn widen<S: Simd>(simd: S, rows: [&[f32]; TOGETHER], wide: &mut WideRows<S>) {
    for (place, row) in rows.into_iter().enumerate() {
        let row = Row::<S::Sixteen>::new(simd, row);
        for (index, to) in wide.iter_mut().enumerate() {
            if let Some(to) = to.get_mut(place) {
                *to = row.get(simd, index).widen().to_values();
            }
        }
    }
}

/// The squared lengths of all rows.
pub struct Squares<'a> {
    /// The rows.
    pub matrix: &'a Matrix<'a>,
    /// One for each row.
    pub squares: &'a mut [f64],
}

impl Kernel for Squares<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let mut index = 0;
        for squares in self.squares.chunks_mut(TOGETHER) {
            let [a, b, c, d] = four(self.matrix, index);
            let zero = Wide::<S>::splat(simd, 0.0);
            let mut leaves = [zero; TOGETHER];
            let count = Block::count(a.len());
            for (leaves, row) in leaves.iter_mut().zip([a, b, c, d]) {
                let row = Row::<S::Sixteen>::new(simd, row);
                for index in 0..count {
                    let floats = row.get(simd, index).widen();
                    *leaves = *leaves + floats * floats;
                }
            }
            let sums = Wide::<S>::sums_of_sixteen(leaves);
            for (square, sum) in squares.iter_mut().zip(sums) {
                *square = sum;
            }
            index += TOGETHER;
        }
    }
}
