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
//! Few rows end with a whole vector. Their ragged ends are read here, by [`Rows`] (of pixels) and
//! [`MatrixRow`] (of a matrix), and written by [`RowsOutput`].

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

/// The sum of a row: of the terms of its blocks, of sixteen columns each.
#[inline(always)]
pub(crate) fn sum_of_row<S: Simd>(simd: S, blocks: impl Iterator<Item = SixteenDoubles<S>>) -> f64 {
    let mut partial_sums = SixteenDoubles::<S>::splat(simd, 0.0);
    for terms in blocks {
        partial_sums = partial_sums + terms;
    }
    partial_sums.sum_of_sixteen()
}

/// The tree of partial sums that are made one after the other, each of many pixels. They come in
/// the order of reversed bits, in which one sum a level is remembered.
pub(crate) struct Tree<T> {
    levels: [T; LEVELS + 1],
}

const LEVELS: usize = SIXTEEN.trailing_zeros() as usize;

impl<T: Copy> Tree<T> {
    #[inline(always)]
    pub fn new(zero: T) -> Self {
        Self { levels: [zero; LEVELS + 1] }
    }

    /// The partial sums in their order, of each its turn and its first channel.
    #[inline(always)]
    pub fn order() -> impl Iterator<Item = (u32, usize)> {
        (0..SIXTEEN as u32).map(|turn| (turn, (turn.reverse_bits() >> (u32::BITS - LEVELS as u32)) as usize))
    }

    /// Adds the partial sum whose turn it is, by a function of the level (from 0) and two sums.
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

/// A row of a matrix as blocks of sixteen floats: the whole ones where they lie, and the ragged
/// end, which was copied with zeros behind it.
pub(crate) struct MatrixRow<'a, F> {
    whole: &'a [F],
    end: &'a [F],
}

impl<'a, F: Pod> MatrixRow<'a, F> {
    /// A row of two matrices, of whole blocks and of ends.
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

    /// The block that begins with the last `count` floats of a row. It lies in its place if that
    /// may be read: behind a row may be what nobody wrote, unless it is the next row. Otherwise it
    /// is a copy, with zeros behind.
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

/// Floats and as many ones, both padded with zeros.
#[inline(always)]
pub(crate) fn padded<A: Pod>(floats: &[f32]) -> [A; 2] {
    pad(floats).map(|padded| vectors(&padded).first().copied().unwrap_or(A::zeroed()))
}

/// All tiers share its code.
#[inline(never)]
fn pad(floats: &[f32]) -> [[f32; PADDED]; 2] {
    let mut padded = [[0.0; PADDED]; 2];
    let [values, ones] = &mut padded;
    for ((value, one), float) in values.iter_mut().zip(ones).zip(floats) {
        (*value, *one) = (*float, 1.0);
    }
    padded
}

/// Rows that are written from the first to the last. Where they are packed, an end may be written
/// into the next row, which comes later.
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

    /// Writes the block that begins with the last `count` floats of a row, in which the mask may be
    /// true. (The spare block is the caller's, because it would be made anew for each row.)
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
