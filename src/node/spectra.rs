//! Two cubes in one layout, channel by channel: sums over the channels of a strip of pixels, in the order of
//! [`super::channels`], and what is written in their layout. All of it is in f64.
//!
//! ```text
//!  rows     a pixel after the other, sixteen channels at a time
//!  planes   a partial sum after the other, each of a whole strip: so memory is read along the planes
//! ```

use super::channels::{self, Rows, RowsOutput, SIXTEEN, SixteenDoubles, SixteenFloats, Tree, padded};
use crate::input::Layout;
use crate::simd::{Doubles, Kernel, Lanes, Output, Simd, cut, gather, only, vectors, vectors_mut};
use bytemuck::Zeroable;

/// How many pixels a strip has at most: with all that waits it fits into a first-level cache.
pub(crate) const STRIP: usize = channels::STRIP / 2;

/// Of each pixel of a strip a double.
pub(crate) type OfPixels = [f64; STRIP];
/// Levels of the tree of sixteen partial sums.
const LEVELS: usize = SIXTEEN.trailing_zeros() as usize;

type Sixteen<S> = <S as Simd>::Sixteen;
type Wide<S> = <<S as Simd>::Register as Lanes>::Doubles;
type Values<S> = <Wide<S> as Doubles>::Values;
type Floats<S> = <<S as Simd>::Register as Lanes>::Floats;

/// Two cubes in one layout.
#[derive(Clone, Copy)]
pub(crate) struct Spectra<'a> {
    pub layout: Layout,
    pub values: [&'a [f32]; 2],
}

impl<'a> Spectra<'a> {
    /// Whether the planes of a strip of pixels are whole vectors where they lie.
    fn is_whole(&self, length: usize) -> bool {
        self.layout.pixel_stride == 1 && length.is_multiple_of(SIXTEEN)
    }

    /// A channel of a strip of pixels, in vectors.
    #[inline(always)]
    fn planes<'c, S: Simd>(
        &self,
        first: usize,
        length: usize,
        channel: usize,
        [a, b]: [&'c mut [f32; STRIP]; 2],
    ) -> [&'c [Floats<S>]; 2]
    where
        'a: 'c,
    {
        let [of_a, of_b] = self.values;
        [vectors(self.plane(of_a, first, length, channel, a)), vectors(self.plane(of_b, first, length, channel, b))]
    }

    /// A channel of a strip of pixels: in its place, or as a copy that is as long as a strip. Behind the last channel
    /// all are 0.
    #[inline(never)]
    fn plane<'c>(
        &self,
        values: &'a [f32],
        first: usize,
        length: usize,
        channel: usize,
        copy: &'c mut [f32; STRIP],
    ) -> &'c [f32]
    where
        'a: 'c,
    {
        let rest = values.get(self.layout.place(first, channel)..).unwrap_or(&[]);
        let is_channel = channel < self.layout.channels;
        match rest.get(..length) {
            Some(plane) if is_channel && self.is_whole(length) => plane,
            _ => {
                copy.fill(0.0);
                gather(rest, self.layout.pixel_stride, if is_channel { length } else { 0 }, copy);
                copy
            }
        }
    }
}

/// What is made of a channel: of its value in each cube, and of what is known of the pixel.
pub(crate) trait OfChannel<const KNOWN: usize, const MADE: usize>: Copy {
    fn of<D: Doubles>(self, a: D, b: D, known: [D; KNOWN]) -> [D; MADE];
}

/// What is made of a channel, as a formula of the two values and what is known.
macro_rules! of_channel {
    ($(#[$doc:meta])* $name:ident, |$a:ident, $b:ident, $known:tt| [$($made:expr),+], $from:literal to $to:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        struct $name;

        impl OfChannel<$from, $to> for $name {
            #[inline(always)]
            fn of<D: Doubles>(self, $a: D, $b: D, $known: [D; $from]) -> [D; $to] {
                [$($made),+]
            }
        }
    };
}
pub(crate) use of_channel;

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

#[inline(always)]
fn widened<S: Simd>(simd: S, floats: &Floats<S>) -> Wide<S> {
    S::Register::widened(simd, floats)
}

/// What is known of a register of pixels.
#[inline(always)]
fn registers<S: Simd, const ARRAYS: usize>(simd: S, arrays: [&OfPixels; ARRAYS], part: usize) -> [Wide<S>; ARRAYS] {
    let mut known = [Wide::<S>::splat(simd, 0.0); ARRAYS];
    for (known, array) in known.iter_mut().zip(arrays) {
        if let Some(values) = vectors::<Values<S>, f64>(array).get(part) {
            *known = Wide::<S>::from_values(simd, values);
        }
    }
    known
}

/// What is known of a pixel, in each lane.
#[inline(always)]
fn splat<D: Doubles, const ARRAYS: usize>(simd: D::Simd, arrays: [&OfPixels; ARRAYS], index: usize) -> [D; ARRAYS] {
    let mut known = [D::splat(simd, 0.0); ARRAYS];
    for (known, array) in known.iter_mut().zip(arrays) {
        *known = D::splat(simd, array.get(index).copied().unwrap_or(0.0));
    }
    known
}

impl<T: OfChannel<KNOWN, MADE>, const KNOWN: usize, const MADE: usize> Sums<'_, '_, T, KNOWN, MADE> {
    #[inline(always)]
    fn of_rows<S: Simd>(self, simd: S) {
        let rows = PairOfRows::<S>::new(simd, &self.spectra);
        let mut copies = [SixteenFloats::<S>::zeroed(); 2];
        for index in 0..self.length {
            let known = splat::<SixteenDoubles<S>, KNOWN>(simd, self.known, index);
            let start = rows.start(self.first + index);
            let mut sums = [SixteenDoubles::<S>::splat(simd, 0.0); MADE];
            for (a, b) in rows.whole(start) {
                sums = plus(sums, self.of.of(rows.widened(a), rows.widened(b), known));
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

    /// Partial sums are complete one after the other, two channels of each at a time. One is added to those that wait
    /// for it, and waits for others, or is the last.
    #[inline(always)]
    fn of_planes<S: Simd>(self, simd: S) {
        let Self { spectra, first, length, known, of, to: last } = self;
        let channels = spectra.layout.channels;
        let mut waiting = [[[0.0; STRIP]; MADE]; LEVELS];
        let mut spares = [[0.0; STRIP]; 4];
        for (turn, start) in Tree::<()>::order() {
            let (complete, kept) = waiting.split_at_mut_checked(turn.trailing_ones() as usize).unwrap_or_default();
            let to = kept.first_mut().unwrap_or(&mut *last);
            for channel in (start..channels.max(start + 1)).step_by(2 * SIXTEEN) {
                let [a, b, next_a, next_b] = &mut spares;
                let [a, b] = spectra.planes::<S>(first, length, channel, [a, b]);
                let [next_a, next_b] = spectra.planes::<S>(first, length, channel + SIXTEEN, [next_a, next_b]);
                let is_complete = channel + 2 * SIXTEEN >= channels;
                for (part, (((a, b), next_a), next_b)) in a.iter().zip(b).zip(next_a).zip(next_b).enumerate() {
                    let known = registers(simd, known, part);
                    let mut sums = [Wide::<S>::splat(simd, 0.0); MADE];
                    if channel != start {
                        sums = registers(simd, to.each_ref(), part);
                    }
                    sums = plus(sums, of.of(widened::<S>(simd, a), widened::<S>(simd, b), known));
                    sums = plus(sums, of.of(widened::<S>(simd, next_a), widened::<S>(simd, next_b), known));
                    if is_complete {
                        for complete in complete.iter() {
                            sums = plus(registers(simd, complete.each_ref(), part), sums);
                        }
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
            self.in_rows(simd);
        } else {
            self.in_planes(simd);
        }
    }
}

impl<T: OfChannel<KNOWN, 1>, const KNOWN: usize> Written<'_, '_, T, KNOWN> {
    #[inline(always)]
    fn in_rows<S: Simd>(self, simd: S) {
        let rows = PairOfRows::<S>::new(simd, &self.spectra);
        let mut to = RowsOutput::new(self.to, &self.spectra.layout);
        let (mut copies, mut spare) = ([SixteenFloats::<S>::zeroed(); 2], SixteenFloats::<S>::zeroed());
        for (index, on) in self.on.iter().enumerate().take(self.length) {
            let known = splat::<SixteenDoubles<S>, KNOWN>(simd, self.known, index);
            let on = Sixteen::<S>::splat(simd, *on);
            let on = on.eq(on.constant(1.0));
            let start = rows.start(self.first + index);
            for ((a, b), place) in rows.whole(start).zip(to.whole(start, rows.whole).vectors().iter()) {
                let [made] = self.of.of(rows.widened(a), rows.widened(b), known);
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
    fn in_planes<S: Simd>(self, simd: S) {
        let Self { spectra, first, length, known, on, of, mut to } = self;
        let [mut a, mut b, mut spare] = [[0.0; STRIP]; 3];
        for channel in 0..spectra.layout.channels {
            let [a, b] = spectra.planes::<S>(first, length, channel, [&mut a, &mut b]);
            let (place, stride) = (spectra.layout.place(first, channel), spectra.layout.pixel_stride);
            let in_place = spectra.is_whole(length);
            let plane = if in_place {
                to.part(place, length)
            } else {
                to.read(place, stride, length, &mut spare);
                Output::new(to.write(), &mut spare)
            };
            let places = plane.vectors().iter().zip(vectors(on));
            for (part, ((a, b), (place, on))) in a.iter().zip(b).zip(places).enumerate() {
                let on = S::Register::from_floats(simd, on);
                let known = registers(simd, known, part);
                let [made] = of.of(widened::<S>(simd, a), widened::<S>(simd, b), known);
                place.write(Some(on.eq(on.constant(1.0))), S::Register::narrow(made));
            }
            if !in_place {
                to.put(place, stride, length, &spare);
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
    fn start(&self, pixel: usize) -> usize {
        pixel.wrapping_mul(self.pixel_stride)
    }

    /// (The caller widens them: a closure would have to be inlined to be compiled for the tier.)
    #[inline(always)]
    fn whole(&self, start: usize) -> impl Iterator<Item = (&'a SixteenFloats<S>, &'a SixteenFloats<S>)> {
        let [a, b] = self.rows.map(|rows| rows.whole(start, self.whole));
        a.iter().zip(b)
    }

    #[inline(always)]
    fn widened(&self, floats: &SixteenFloats<S>) -> SixteenDoubles<S> {
        Sixteen::<S>::widened(self.simd, floats)
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
