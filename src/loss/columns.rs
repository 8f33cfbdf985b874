//! Pixels of several channels, a tile and a channel at a time: for losses whose work on one channel
//! needs nothing of the others but what a pixel keeps.
//!
//! A column of the input is copied to the stack, kernels run over such columns, and a column of the
//! gradient is written from there. So layouts, masks and write modes are known in one place, whose code
//! exists once and not once a tier, and a kernel is a short loop over floats side by side.

use super::Write;
use crate::cube::Layout;
use crate::exact::{Accumulator, ExactSum};
use crate::simd::{Doubles, Kernel, Lanes, Simd};
use bytemuck::Pod;

/// From how many classes on tiles are smaller.
const MANY_CLASSES: usize = 256;

/// The most pixels that are worked on at a time; a quarter of it is a multiple of every tier's lanes. Fewer where stack is
/// scarce.
pub(crate) const TILE: usize = if cfg!(target_pointer_width = "64") { 512 } else { 64 };

/// No vector of a tier is wider.
const MOST_LANES: usize = 64;

/// One number a pixel of a tile.
#[derive(Clone, Copy)]
#[cfg_attr(target_pointer_width = "64", repr(align(64)))]
pub(crate) struct PerPixel<T>(pub [T; TILE]);

impl<T: Pod> PerPixel<T> {
    #[inline(always)]
    pub fn new() -> Self {
        Self([T::zeroed(); TILE])
    }

    /// Sets the pixels of a part, and what is behind them in the last vector. (A call: the loop is
    /// longer than its arguments.)
    #[inline(never)]
    pub fn fill(&mut self, part: Part, value: T) {
        let whole = part.length.min(TILE).div_ceil(MOST_LANES) * MOST_LANES;
        self.0.iter_mut().take(whole).for_each(|place| *place = value);
    }

    /// The array at an index, as wide as a vector.
    #[inline(always)]
    pub fn get<A: Pod>(&self, index: usize) -> A {
        let arrays: &[A] = bytemuck::try_cast_slice(&self.0).unwrap_or(&[]);
        arrays.get(index).copied().unwrap_or(A::zeroed())
    }

    #[inline(always)]
    pub fn set<A: Pod>(&mut self, index: usize, array: A) {
        let arrays: &mut [A] = bytemuck::try_cast_slice_mut(&mut self.0).unwrap_or(&mut []);
        if let Some(place) = arrays.get_mut(index) {
            *place = array;
        }
    }
}

/// What an input has of a tile; nothing if it was not given.
pub(crate) fn of_part<T>(input: Option<&[T]>, part: Part) -> &[T] {
    let rest = input.and_then(|input| input.get(part.start..)).unwrap_or(&[]);
    rest.get(..part.length).unwrap_or(rest)
}

/// Copies what an input has of a tile, if it was given.
#[inline(never)]
pub(crate) fn copy<T: Copy>(input: Option<&[T]>, part: Part, to: &mut [T]) {
    to.iter_mut().zip(of_part(input, part)).for_each(|(to, from)| *to = *from);
}

/// Logits by class; a single channel has a background of zeros before it.
#[derive(Clone, Copy)]
pub(crate) struct Logits<'a> {
    pub values: &'a [f32],
    pub layout: Layout,
}

impl Logits<'_> {
    /// How many classes a pixel may have: as many as channels, but 2 for a single one.
    pub fn classes(&self) -> usize {
        self.layout.channels.max(2)
    }

    /// The channel of a class, if it has one.
    pub fn channel(&self, class: usize) -> Option<usize> {
        if self.layout.channels == 1 { class.checked_sub(1) } else { Some(class) }
    }

    /// How many pixels a tile has: fewer where classes are many, so that it stays in a near cache.
    pub fn tile(&self) -> usize {
        if self.layout.channels > MANY_CLASSES { TILE / 4 } else { TILE }
    }

    /// Copies the logits of a class.
    #[inline(never)]
    pub fn column(&self, part: Part, class: usize, column: &mut PerPixel<f32>) {
        let Layout { pixel_stride, channel_stride, .. } = self.layout;
        let Some(channel) = self.channel(class) else { return column.fill(part, 0.0) };
        let first = part.start * pixel_stride + channel * channel_stride;
        let logits = self.values.get(first..).unwrap_or(&[]);
        let places = column.0.iter_mut().take(part.length);
        if pixel_stride == 1 {
            places.zip(logits).for_each(|(place, logit)| *place = *logit);
        } else {
            let logits = logits.iter().step_by(pixel_stride.max(1));
            places.zip(logits).for_each(|(place, logit)| *place = *logit);
        }
    }
}

/// The pixels of a tile.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub start: usize,
    pub length: usize,
}

impl Part {
    /// Parts of up to `tile` pixels.
    pub fn all(n: usize, tile: usize) -> impl Iterator<Item = Self> {
        let starts = (0..n).step_by(tile.max(1));
        starts.map(move |start| Self { start, length: (n - start).min(tile) })
    }

    /// How many vectors hold its pixels.
    #[inline(always)]
    pub fn vectors<V: Lanes>(self) -> usize {
        self.length.min(TILE).div_ceil(V::LANES)
    }
}

/// A gradient that is written column by column.
pub(crate) struct Columns<'a> {
    pub gradient: &'a mut [f32],
    pub layout: Layout,
    pub write: Write,
}

impl Columns<'_> {
    /// Writes a channel where a pixel has a term.
    #[inline(never)]
    pub fn write(
        &mut self,
        part: Part,
        channel: usize,
        class: &PerPixel<f32>,
        values: &PerPixel<f32>,
    ) {
        let Layout { pixel_stride, channel_stride, .. } = self.layout;
        let first = part.start * pixel_stride + channel * channel_stride;
        let places = self.gradient.get_mut(first..).unwrap_or(&mut []);
        let places = places.iter_mut().step_by(pixel_stride.max(1)).take(part.length);
        let is_sum = self.write == Write::Add;
        for ((place, value), class) in places.zip(&values.0).zip(&class.0) {
            let before = if is_sum { *place } else { 0.0 };
            let after = if is_sum { before + *value } else { *value };
            *place = if *class >= 0.0 { after } else { before };
        }
    }
}

/// Adds the numbers of a tile to an exact sum, as a call of its own: its code exists once.
pub(crate) struct SumTile<'a> {
    pub terms: &'a PerPixel<f32>,
    /// Its pixels; those that have no term are 0.
    pub part: Part,
    pub sum: &'a mut ExactSum,
}

impl Kernel for SumTile<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let mut sum = Accumulator::new(simd, self.sum);
        for index in 0..self.part.vectors::<S::Lanes>() {
            let floats: <S::Lanes as Lanes>::Floats = self.terms.get(index);
            sum.push(S::Lanes::from_floats(simd, &floats));
        }
        sum.finish(self.part.length);
    }
}

/// The vector at an index of a tile.
#[inline(always)]
pub(crate) fn load<V: Lanes>(simd: V::Simd, tile: &PerPixel<f32>, index: usize) -> V {
    V::from_floats(simd, &tile.get(index))
}

/// The vector of doubles at an index of a tile.
#[inline(always)]
pub(crate) fn load_wide<V: Lanes>(simd: V::Simd, tile: &PerPixel<f64>, index: usize) -> V::Doubles {
    V::Doubles::from_values(simd, &tile.get(index))
}
