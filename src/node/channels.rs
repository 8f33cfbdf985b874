//! Sums over the channels of a pixel, or the columns of a row, in one order for every layout and on
//! every tier.
//!
//! Partial sum j of [`SIXTEEN`] takes the channels j, j + 16, j + 32, ... in this order. The
//! partial sums are added as a tree: those 8 apart, then 4, 2 and 1.
//!
//! ```text
//!  rows     channels are neighbours in memory: a lane of a vector of sixteen is a partial sum
//!  planes   they are not: a lane is a pixel, and one partial sum is made after the other
//!  strips   pixels whose sums lie on the stack: a second look at their channels finds the cache warm
//! ```
//!
//! Most rows do not end with a whole vector. Their ragged ends are read here, by [`Rows`] (of pixels) and [`MatrixRow`]
//! (of a matrix), and written by [`RowsOutput`].

use crate::input::{Layout, Matrix};
use crate::simd::{Doubles, IS_SMALL, Lanes, Output, Simd, copy, cut, flat, flat_mut, vectors};
use bytemuck::Pod;
use wide::f64x2;

/// How many partial sums a sum has, and how many lanes a vector of [`Simd::Sixteen`].
pub(crate) const SIXTEEN: usize = 16;

/// How many pixels a strip has at most: whole vectors of every tier.
pub(crate) const STRIP: usize = if IS_SMALL { 32 } else { 256 };

/// How many floats are padded at most.
const PADDED: usize = 2 * SIXTEEN;

/// The floats of a vector of sixteen.
pub(crate) type SixteenFloats<S> = <<S as Simd>::Sixteen as Lanes>::Floats;
/// A vector of sixteen, widened.
pub(crate) type SixteenDoubles<S> = <<S as Simd>::Sixteen as Lanes>::Doubles;

/// The sum of sixteen partial sums that lie in memory. (A vector has [`Doubles::sum_of_sixteen`].)
#[inline(never)]
pub(crate) fn tree(partial_sums: &[f64; SIXTEEN]) -> f64 {
    let [a, b, c, d, e, f, g, h]: [f64x2; SIXTEEN / 2] = bytemuck::cast(*partial_sums);
    let [even, odd] = (((a + e) + (c + g)) + ((b + f) + (d + h))).to_array();
    even + odd
}

/// The sum of a row, from the terms of its blocks. A block has sixteen columns.
#[inline(always)]
pub(crate) fn sum_of_row<S: Simd>(simd: S, blocks: impl Iterator<Item = SixteenDoubles<S>>) -> f64 {
    let mut partial_sums = SixteenDoubles::<S>::splat(simd, 0.0);
    for terms in blocks {
        partial_sums = partial_sums + terms;
    }
    partial_sums.sum_of_sixteen()
}

/// The tree of partial sums that are made one after the other, each for a vector of pixels. They are made in the order
/// of reversed bits. Then only one sum for each level of the tree must be kept.
pub(crate) struct Tree<T> {
    levels: [T; LEVELS + 1],
}

const LEVELS: usize = SIXTEEN.trailing_zeros() as usize;

impl<T: Copy> Tree<T> {
    #[inline(always)]
    pub fn new(zero: T) -> Self {
        Self { levels: [zero; LEVELS + 1] }
    }

    /// The turn and the first channel of each partial sum, in the order in which they are made.
    #[inline(always)]
    pub fn order() -> impl Iterator<Item = (u32, usize)> {
        (0..SIXTEEN as u32).map(|turn| (turn, (turn.reverse_bits() >> (u32::BITS - LEVELS as u32)) as usize))
    }

    /// Adds the partial sum whose turn it is. The function `add` gets the level, from 0 on, and two sums.
    #[inline(always)]
    pub fn add(&mut self, turn: u32, partial_sum: T, add: impl Fn(usize, T, T) -> T) {
        let mut sum = partial_sum;
        for (level, kept) in self.levels.iter_mut().enumerate() {
            if turn >> level & 1 == 0 {
                *kept = sum;
                break;
            }
            sum = add(level, *kept, sum);
        }
    }

    /// The sum of all.
    #[inline(always)]
    pub fn sum(self) -> T {
        let [.., sum] = self.levels;
        sum
    }
}

/// A row of a matrix as blocks of sixteen floats. The whole blocks are read where they lie. The ragged end was copied,
/// with zeros behind it.
pub(crate) struct MatrixRow<'a, F> {
    whole: &'a [F],
    end: &'a [F],
}

impl<'a, F: Pod> MatrixRow<'a, F> {
    /// A row of two matrices: the first has the whole blocks, the second the ends.
    #[inline(always)]
    pub fn new(parts: [Matrix<'a>; 2], row: usize) -> Self {
        let [whole, end] = parts.map(|part| part.row(row));
        Self { whole: vectors(whole), end: vectors(end) }
    }

    /// The blocks.
    #[inline(always)]
    pub fn blocks(self) -> impl Iterator<Item = &'a F> {
        (0..self.whole.len() + self.end.len()).map_while(move |index| self.whole.get(index).or(self.end.first()))
    }
}

/// The rows of pixels whose channels are neighbours in memory.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    /// Up to the end of the last row.
    values: &'a [f32],
    is_packed: bool,
}

impl<'a> Rows<'a> {
    #[inline(always)]
    pub fn new(values: &'a [f32], layout: &Layout) -> Self {
        let span = layout.span().unwrap_or(0);
        let is_packed = layout.pixel_stride == layout.channels;
        Self { values: values.get(..span).unwrap_or(values), is_packed }
    }

    /// The whole blocks of `count` floats from a place on.
    #[inline(always)]
    pub fn whole<A: Pod>(&self, place: usize, count: usize) -> &'a [A] {
        vectors(self.values.get(place..).and_then(|rest| rest.get(..count)).unwrap_or(&[]))
    }

    /// The block that begins with the last `count` floats of a row. If the floats behind them may be read, the block is
    /// read where it lies. That is so if they belong to the next row; otherwise perhaps nobody wrote them, and the
    /// block is a copy with zeros behind.
    #[inline(always)]
    pub fn end<'c, A: Pod>(&self, place: usize, count: usize, spare: &'c mut A) -> &'c A
    where
        'a: 'c,
    {
        let floats = size_of::<A>() / size_of::<f32>();
        match self.whole(place, floats) {
            [block, ..] if self.is_packed || count == floats => block,
            _ => {
                self.copy_end(place, count, flat_mut(spare));
                spare
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn copy_end(&self, place: usize, count: usize, to: &mut [f32]) {
        to.fill(0.0);
        copy(to, cut(self.values, place, count));
    }
}

/// Two blocks: the floats, and as many ones. Both are padded with zeros.
#[inline(always)]
pub(crate) fn padded<A: Pod>(floats: &[f32]) -> [A; 2] {
    pad(floats).map(|padded| vectors(&padded).first().copied().unwrap_or(A::zeroed()))
}

/// A call of its own, so that all tiers share its code.
#[inline(never)]
fn pad(floats: &[f32]) -> [[f32; PADDED]; 2] {
    let mut padded = [[0.0; PADDED]; 2];
    let [values, ones] = &mut padded;
    for ((value, one), float) in values.iter_mut().zip(ones).zip(floats) {
        (*value, *one) = (*float, 1.0);
    }
    padded
}

/// Rows that are written from the first to the last. If no gap lies between them, the block of an end may reach into
/// the next row, which is written later.
pub(crate) struct RowsOutput<'a> {
    to: Output<'a>,
    /// The end of the last row.
    span: usize,
    is_packed: bool,
}

impl<'a> RowsOutput<'a> {
    #[inline(always)]
    pub fn new(to: Output<'a>, layout: &Layout) -> Self {
        let is_packed = layout.pixel_stride == layout.channels;
        Self { to, span: layout.span().unwrap_or(0), is_packed }
    }

    /// The places of whole rows.
    #[inline(always)]
    pub fn whole(&mut self, place: usize, count: usize) -> Output<'_> {
        self.to.part(place, count)
    }

    /// Writes the block that begins with the last `count` floats of a row. The mask may be true only in these. (The
    /// caller has the spare block, because here it would be made anew for each row.)
    #[inline(always)]
    pub fn write_end<V: Lanes>(&mut self, place: usize, count: usize, mask: V::Mask, values: V, spare: &mut V::Floats) {
        let in_place = self.is_packed && place.wrapping_add(V::LANES) <= self.span;
        let block = if in_place {
            self.to.part(place, V::LANES)
        } else {
            self.to.read(place, 1, count, flat_mut(spare));
            Output::new(self.to.write(), flat_mut(spare))
        };
        if let Some(block) = block.vectors().first() {
            block.write(Some(mask), values);
        }
        if !in_place {
            self.to.put(place, 1, count, flat(spare));
        }
    }
}
