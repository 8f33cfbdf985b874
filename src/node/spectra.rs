//! Two cubes in one layout, channel by channel: sums over the channels of a strip of pixels, in the order of
//! [`super::channels`], and what is written in their layout. All of it is in f64.
//!
//! ```text
//!  rows     a pixel after the other, sixteen channels at a time
//!  planes   a partial sum after the other, each of a whole strip: so memory is read along the planes
//! ```

use super::channels::{Rows, RowsOutput, SIXTEEN, STRIP, SixteenDoubles, SixteenFloats, Tree, padded};
use crate::input::{CubeColumns, CubeOutput, Layout};
use crate::simd::{Counted, Doubles, Kernel, Lanes, Output, Simd, cut, only, vectors, vectors_mut};
use bytemuck::Zeroable;

/// Of each pixel of a strip a double.
pub(crate) type OfPixels = [f64; STRIP];
/// The sums of four levels of the tree wait until their other half is there.
const LEVELS: usize = SIXTEEN.trailing_zeros() as usize;

type Sixteen<S> = <S as Simd>::Sixteen;
type Wide<S> = <<S as Simd>::Register as Lanes>::Doubles;
type Values<S> = <Wide<S> as Doubles>::Values;

/// Two cubes in one layout.
#[derive(Clone, Copy)]
pub(crate) struct Spectra<'a> {
    pub layout: Layout,
    pub values: [&'a [f32]; 2],
}

/// What is made of a channel: of its value in each cube, and of what is known of the pixel.
pub(crate) trait OfChannel<const KNOWN: usize, const MADE: usize>: Copy {
    fn of<D: Doubles>(self, a: D, b: D, known: [D; KNOWN]) -> [D; MADE];
}

/// Sums over the channels of the pixels from `first` on; `to` has whole vectors of sixteen.
pub(crate) struct Sums<'s, 'a, T, const KNOWN: usize, const MADE: usize> {
    pub spectra: Spectra<'a>,
    pub first: usize,
    pub length: usize,
    pub known: [&'s OfPixels; KNOWN],
    pub of: T,
    pub to: &'s mut [OfPixels; MADE],
}

impl<T: OfChannel<KNOWN, MADE>, const KNOWN: usize, const MADE: usize> Kernel for Sums<'_, '_, T, KNOWN, MADE> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        if self.spectra.layout.channel_stride == 1 {
            self.of_rows(simd);
        } else {
            self.of_planes(simd);
        }
    }
}

#[inline(always)]
fn plus<D: Doubles, const MADE: usize>(mut sums: [D; MADE], more: [D; MADE]) -> [D; MADE] {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum = *sum + more;
    }
    sums
}

/// What is known of a register of pixels.
#[inline(always)]
fn registers<S: Simd, const ARRAYS: usize>(simd: S, arrays: [&OfPixels; ARRAYS], part: usize) -> [Wide<S>; ARRAYS] {
    arrays.map(|array| match vectors::<Values<S>, f64>(array).get(part) {
        Some(values) => Wide::<S>::from_values(simd, values),
        None => Wide::<S>::splat(simd, 0.0),
    })
}

impl<T: OfChannel<KNOWN, MADE>, const KNOWN: usize, const MADE: usize> Sums<'_, '_, T, KNOWN, MADE> {
    #[inline(always)]
    fn of_rows<S: Simd>(self, simd: S) {
        let rows = PairOfRows::<S>::new(simd, &self.spectra);
        let mut copies = [SixteenFloats::<S>::zeroed(); 2];
        for index in 0..self.length {
            let known = self.known.map(|known| rows.splat(known, index));
            let start = rows.start(self.first + index);
            let mut sums = [SixteenDoubles::<S>::splat(simd, 0.0); MADE];
            for (a, b) in rows.whole(start) {
                sums = plus(sums, self.of.of(a, b, known));
            }
            if rows.left > 0 {
                let (a, b) = rows.end(start, &mut copies);
                sums = plus(sums, self.of.of(a, b, known));
            }
            for (to, sum) in self.to.iter_mut().zip(sums) {
                if let Some(to) = to.get_mut(index) {
                    *to = sum.sum_of_sixteen();
                }
            }
        }
    }

    /// A partial sum is added to those that wait for it, and waits for others, or is the last.
    #[inline(always)]
    fn of_planes<S: Simd>(self, simd: S) {
        let [a, b] = self.spectra.values.map(|values| CubeColumns::new(values, self.spectra.layout));
        let mut waiting = [[[0.0; STRIP]; MADE]; LEVELS];
        let first = self.first / S::Register::LANES;
        for (turn, channel) in Tree::<()>::order() {
            let complete = turn.trailing_ones() as usize;
            let (added, kept) = waiting.split_at_mut_checked(complete).unwrap_or_default();
            let to = kept.first_mut().unwrap_or(&mut *self.to);
            for part in 0..self.length.div_ceil(S::Register::LANES) {
                let known = registers(simd, self.known, part);
                let mut sums = [Wide::<S>::splat(simd, 0.0); MADE];
                for channel in (channel..self.spectra.layout.channels).step_by(SIXTEEN) {
                    let a: S::Register = a.get(simd, first + part, channel);
                    let b: S::Register = b.get(simd, first + part, channel);
                    sums = plus(sums, self.of.of(a.widen(), b.widen(), known));
                }
                for added in added.iter() {
                    sums = plus(registers(simd, added.each_ref(), part), sums);
                }
                for (to, sum) in to.iter_mut().zip(sums) {
                    if let Some(to) = vectors_mut::<Values<S>, f64>(to).get_mut(part) {
                        *to = sum.to_values();
                    }
                }
            }
        }
    }
}

/// Writes what is made of each channel of the pixels from `first` on, rounded to f32, where `on` is 1.
pub(crate) struct Written<'s, 'a, T, const KNOWN: usize> {
    pub spectra: Spectra<'a>,
    pub first: usize,
    pub length: usize,
    pub known: [&'s OfPixels; KNOWN],
    pub on: &'s [f32; STRIP],
    pub of: T,
    pub to: Output<'a>,
}

impl<T: OfChannel<KNOWN, 1>, const KNOWN: usize> Kernel for Written<'_, '_, T, KNOWN> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        if self.spectra.layout.channel_stride == 1 {
            self.to_rows(simd);
        } else {
            self.to_planes(simd);
        }
    }
}

impl<T: OfChannel<KNOWN, 1>, const KNOWN: usize> Written<'_, '_, T, KNOWN> {
    #[inline(always)]
    fn to_rows<S: Simd>(self, simd: S) {
        let rows = PairOfRows::<S>::new(simd, &self.spectra);
        let mut to = RowsOutput::new(self.to, &self.spectra.layout);
        let (mut copies, mut spare) = ([SixteenFloats::<S>::zeroed(); 2], SixteenFloats::<S>::zeroed());
        for (index, on) in self.on.iter().enumerate().take(self.length) {
            let known = self.known.map(|known| rows.splat(known, index));
            let on = Sixteen::<S>::splat(simd, *on);
            let on = on.eq(on.constant(1.0));
            let start = rows.start(self.first + index);
            for ((a, b), place) in rows.whole(start).zip(to.whole(start, rows.whole).vectors().iter()) {
                let [made] = self.of.of(a, b, known);
                place.write(Some(on), Sixteen::<S>::narrow(made));
            }
            if rows.left > 0 {
                let (a, b) = rows.end(start, &mut copies);
                let [made] = self.of.of(a, b, known);
                let (place, mask) = (start.wrapping_add(rows.whole), on & rows.is_channel);
                to.write_end(place, rows.left, mask, Sixteen::<S>::narrow(made), &mut spare);
            }
        }
    }

    #[inline(always)]
    fn to_planes<S: Simd>(self, simd: S) {
        let Spectra { layout, values } = self.spectra;
        let [a, b] = values.map(|values| CubeColumns::new(values, layout));
        let mut to = CubeOutput::new(self.to, layout);
        for channel in 0..layout.channels {
            for (part, on) in vectors(self.on).iter().enumerate().take(self.length.div_ceil(S::Register::LANES)) {
                let index = self.first / S::Register::LANES + part;
                let on = S::Register::from_floats(simd, on);
                let a: S::Register = a.get(simd, index, channel);
                let b: S::Register = b.get(simd, index, channel);
                let [made] = self.of.of(a.widen(), b.widen(), registers(simd, self.known, part));
                to.write(index, channel, Some(on.eq(on.constant(1.0))), S::Register::narrow(made));
            }
        }
    }
}

/// The rows of both cubes, sixteen channels at a time.
struct PairOfRows<'a, S: Simd> {
    simd: S,
    rows: [Rows<'a>; 2],
    pixel_stride: usize,
    /// Channels in whole vectors, and behind them.
    whole: usize,
    left: usize,
    is_channel: <Sixteen<S> as Lanes>::Mask,
}

impl<'a, S: Simd> PairOfRows<'a, S> {
    #[inline(always)]
    fn new(simd: S, Spectra { layout, values }: &Spectra<'a>) -> Self {
        let left = layout.channels % SIXTEEN;
        let [any, _] = *values;
        let [_, ones] = padded::<SixteenFloats<S>>(cut(any, 0, left));
        Self {
            simd,
            rows: values.map(|values| Rows::new(values, layout)),
            pixel_stride: layout.pixel_stride,
            whole: layout.channels - left,
            left,
            is_channel: Sixteen::<S>::from_floats(simd, &ones).eq(Sixteen::<S>::splat(simd, 1.0)),
        }
    }

    #[inline(always)]
    fn splat(&self, known: &OfPixels, index: usize) -> SixteenDoubles<S> {
        SixteenDoubles::<S>::splat(self.simd, known.get(index).copied().unwrap_or(0.0))
    }

    #[inline(always)]
    fn start(&self, pixel: usize) -> usize {
        pixel.wrapping_mul(self.pixel_stride)
    }

    #[inline(always)]
    fn whole(&self, start: usize) -> impl Iterator<Item = (SixteenDoubles<S>, SixteenDoubles<S>)> {
        let [a, b] = self.rows.map(|rows| rows.whole::<SixteenFloats<S>>(start, self.whole));
        let widened = |floats| Sixteen::<S>::from_floats(self.simd, floats).widen();
        a.iter().zip(b).map(move |(a, b)| (widened(a), widened(b)))
    }

    /// The channels behind the whole vectors, and zeros.
    #[inline(always)]
    fn end(&self, start: usize, copies: &mut [SixteenFloats<S>; 2]) -> (SixteenDoubles<S>, SixteenDoubles<S>) {
        let ([a, b], [a_copy, b_copy], place) = (self.rows, copies, start.wrapping_add(self.whole));
        let a = Sixteen::<S>::from_floats(self.simd, a.end(place, self.left, a_copy));
        let b = Sixteen::<S>::from_floats(self.simd, b.end(place, self.left, b_copy));
        (only(Some(self.is_channel), a).widen(), only(Some(self.is_channel), b).widen())
    }
}
