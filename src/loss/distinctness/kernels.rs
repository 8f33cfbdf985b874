//! The parts of the loss and its gradient that look at every weight.
//!
//! Rows come as two parts that fill vectors: whole blocks of sixteen columns, and the ragged end with zeros
//! behind it.

use crate::input::Matrix;
use crate::node::gram::{Floats, Values, Wide, vector};
use crate::simd::{Counted, Doubles, Kernel, Lanes, Output, Simd, vectors, vectors_mut};
use bytemuck::Pod;

type Block<S> = <<S as Simd>::Sixteen as Lanes>::Floats;
type WideBlock<S> = <<S as Simd>::Sixteen as Lanes>::Doubles;
type WideValues<S> = <WideBlock<S> as Doubles>::Values;

/// A row as blocks of sixteen floats.
struct Row<'a, F> {
    whole: &'a [F],
    end: &'a [F],
}

impl<'a, F: Pod> Row<'a, F> {
    #[inline(always)]
    fn new(parts: [Matrix<'a>; 2], row: usize) -> Self {
        let [whole, end] = parts.map(|part| part.row(row));
        Self { whole: vectors(whole), end: vectors(end) }
    }

    #[inline(always)]
    fn blocks(&self) -> usize {
        self.whole.len() + self.end.len()
    }

    #[inline(always)]
    fn get(&self, index: usize) -> Option<&F> {
        self.whole.get(index).or(self.end.first())
    }
}

/// The sum of the squares of each row.
pub(super) struct Squares<'m, 'a> {
    pub parts: [Matrix<'a>; 2],
    pub squares: &'m mut [f64],
}

impl Kernel for Squares<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for (row, square) in self.squares.iter_mut().enumerate() {
            let mut total = WideBlock::<S>::splat(simd, 0.0);
            let row = Row::<Block<S>>::new(self.parts, row);
            for index in 0..row.blocks() {
                let Some(block) = row.get(index) else { break };
                let floats = S::Sixteen::from_floats(simd, block).widen();
                total = total + floats * floats;
            }
            *square = total.sum_of_sixteen();
        }
    }
}

/// The product of a row and S.
pub(super) struct Along<'m, 'a> {
    pub parts: [Matrix<'a>; 2],
    pub row: usize,
    pub sum: &'m [f64],
}

impl Kernel for Along<'_, '_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f64 {
        let sum: &[WideValues<S>] = vectors(self.sum);
        let mut total = WideBlock::<S>::splat(simd, 0.0);
        let row = Row::<Block<S>>::new(self.parts, self.row);
        for (index, sum) in sum.iter().enumerate().take(row.blocks()) {
            let Some(block) = row.get(index) else { break };
            let floats = S::Sixteen::from_floats(simd, block).widen();
            total = total + floats * WideBlock::<S>::from_values(simd, sum);
        }
        total.sum_of_sixteen()
    }
}

/// The sum of rows, each times its factor. The columns fill blocks.
pub(super) struct Add<'m, 'a> {
    pub part: Matrix<'a>,
    pub factors: &'m [f64],
    pub sum: &'m mut [f64],
}

impl Kernel for Add<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let sum: &mut [Values<S>] = vectors_mut(self.sum);
        for (index, sum) in sum.iter_mut().enumerate() {
            let mut total = Wide::<S>::splat(simd, 0.0);
            let mut at = index * S::Register::LANES;
            for factor in self.factors {
                if let Some(floats) = vector::<S>(self.part.values, at) {
                    let floats = S::Register::from_floats(simd, floats).widen();
                    total = total + floats * Wide::<S>::splat(simd, *factor);
                }
                at = at.wrapping_add(self.part.row_stride);
            }
            *sum = total.to_values();
        }
    }
}

/// Writes `(S - back * w) * scale`.
pub(super) struct Slope<'a> {
    pub floats: &'a [f32],
    pub sum: &'a [f64],
    pub back: f64,
    pub scale: f64,
    pub to: Output<'a>,
}

impl Kernel for Slope<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let floats: &[Floats<S>] = vectors(self.floats);
        let sum: &[Values<S>] = vectors(self.sum);
        let back = Wide::<S>::splat(simd, self.back);
        let scale = Wide::<S>::splat(simd, self.scale);
        for ((floats, sum), to) in floats.iter().zip(sum).zip(self.to.vectors().iter()) {
            let floats = S::Register::from_floats(simd, floats).widen();
            let slope = (Wide::<S>::from_values(simd, sum) - floats * back) * scale;
            to.write(None, S::Register::narrow(slope));
        }
    }
}
