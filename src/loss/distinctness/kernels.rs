//! The parts of the loss and its gradient that look at every weight.
//!
//! A row has two parts that both fill vectors: its whole blocks, and the ragged end with zeros behind it.

use crate::input::Matrix;
use crate::node::channels::{MatrixRow, SixteenDoubles, SixteenFloats, sum_of_row};
use crate::node::gram::{Floats, Values, Wide, vector};
use crate::simd::{Counted, Doubles, Kernel, Lanes, Output, Simd, vectors, vectors_mut};

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
            let row = MatrixRow::<SixteenFloats<S>>::new(self.parts, row);
            let squares = row.blocks().map(
                #[inline(always)]
                |block| {
                    let floats = S::Sixteen::from_floats(simd, block).widen();
                    floats * floats
                },
            );
            *square = sum_of_row(simd, squares);
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
        let row = MatrixRow::<SixteenFloats<S>>::new(self.parts, self.row);
        let sums = vectors::<<SixteenDoubles<S> as Doubles>::Values, f64>(self.sum);
        let products = row.blocks().zip(sums).map(
            #[inline(always)]
            |(block, sum)| {
                let floats = S::Sixteen::from_floats(simd, block).widen();
                floats * SixteenDoubles::<S>::from_values(simd, sum)
            },
        );
        sum_of_row(simd, products)
    }
}

/// The sum of rows, each times its factor. The columns fill blocks.
pub(super) struct AddRows<'m, 'a> {
    pub part: Matrix<'a>,
    pub factors: &'m [f64],
    pub sum: &'m mut [f64],
}

impl Kernel for AddRows<'_, '_> {
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
