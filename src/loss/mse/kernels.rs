//! The kernel: values block by block, summed, mapped or turned into a gradient.
//!
//! A block has whole registers. If the values of a channel are neighbours in memory, it is used in place, otherwise it
//! is a copy. If all values count alike, the squares are added from registers, by trials ([`Quick`]). Otherwise, and if
//! a trial fails, they are added from memory.

use super::Params;
use crate::exact::{BLOCK, Blocks, ExactSum, Floats, GIVEN, Quick, REGISTERS, Trial};
use crate::input::{Layout, Weights};
use crate::node::cubewise::Compared;
use crate::node::walk::Outputs;
use crate::simd::{Counted, Kernel, Lanes, Output, Simd, Vectors, only, vectors, vectors_mut};

/// How many pixels are copied at a time if they are no neighbours in memory. They are few, so that they stay in the
/// cache for all channels. They are more than a register, because the last pixels of neighbours may need a copy of a
/// register.
const GATHERED: usize = BLOCK / 4;

/// The walk over all values.
pub(super) struct Values<'a> {
    pub compared: &'a Compared<'a, Params>,
    /// Where the values lie, for a kernel that treats each by itself.
    pub layout: Layout,
    /// What a difference is multiplied with in the gradient.
    pub slope: f32,
    pub outputs: Outputs<'a>,
}

impl Kernel for Values<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { compared, layout, slope, outputs } = self;
        let Outputs { totals, mut map, mut gradient } = outputs;
        let (cube, factor) = (compared.cube, compared.params.weight);
        let all_alike = cube.mask_and_weights().are_alike();
        let mut none = ExactSum::default();
        let is_sum = totals.is_some();
        let sum = totals.map_or(&mut none, |totals| &mut totals.loss);
        let mut sum = Quick::new(Blocks::new(simd, [sum]), 1);
        // Then no term is negative, as a trial without signs needs it.
        let is_quick = S::SHIFTS_EACH && is_sum && all_alike && factor > 0.0;
        let (most, registers) = if is_quick { (GIVEN, REGISTERS) } else { (BLOCK, BLOCK) };
        let [mut a, mut b, mut c] = [[0.0; GATHERED]; 3];
        let [mut terms, mut weights] = [[0.0; BLOCK]; 2];
        let mut blocks = ChannelBlocks::new(layout, S::Register::LANES, most);
        while let Some(place) = blocks.next() {
            let weights = weights.get_mut(..place.padded).unwrap_or(&mut []);
            if !all_alike {
                let pixels = cube.mask_and_weights().part(place.pixel, place.length);
                simd.call(Weights { pixels, to: weights });
            }
            let a = vectors(place.read(cube.values, &mut a));
            let b = vectors(place.read(compared.original, &mut b));
            let to = match &mut gradient {
                Some(gradient) => place.before(&mut gradient.to, &mut c),
                None => Output::nowhere(),
            };
            let mut to = to.vectors();
            for (a, b) in a.chunks(registers).zip(b.chunks(registers)) {
                let weights = if all_alike { None } else { Some(vectors(weights)) };
                let block = Block::<S> { a, b, weights };
                let mut to = to.take(registers);
                if is_quick && sum.is_promising() {
                    let mut trial = sum.trial(simd);
                    match to.take() {
                        Some(to) => block.try_to_write(slope, to, factor, &mut trial),
                        None if factor == 1.0 => block.try_terms(|square| square, &mut trial),
                        None => block.try_terms(|square| square * factor, &mut trial),
                    }
                    if trial.end() {
                        continue;
                    }
                }
                let terms = terms.get_mut(..size_of_val(a) / size_of::<f32>()).unwrap_or(&mut []);
                match to {
                    Some(to) => block.write(simd, slope, to, factor, vectors_mut(terms)),
                    None => block.terms(simd, factor, vectors_mut(terms)),
                }
                if let Some(map) = &mut map {
                    place.write(map, terms);
                }
                if is_sum {
                    // Behind the last pixel both values are 0, and so is the term.
                    sum.add(simd, terms, &[]);
                }
            }
            if let Some(gradient) = &mut gradient {
                place.after(&mut gradient.to, &c);
            }
        }
        sum.finish();
    }
}

/// A block of values as registers.
struct Block<'a, S: Simd> {
    a: &'a [Floats<S>],
    b: &'a [Floats<S>],
    /// The weights of their pixels. None: all are 1.
    weights: Option<&'a [Floats<S>]>,
}

impl<S: Simd> Block<'_, S> {
    #[inline(always)]
    fn difference(simd: S, a: &Floats<S>, b: &Floats<S>) -> S::Register {
        S::Register::from_floats(simd, a) - S::Register::from_floats(simd, b)
    }

    /// The weight of a register of pixels, and which of them count.
    #[inline(always)]
    fn weight(simd: S, weight: &Floats<S>) -> (S::Register, Option<<S::Register as Lanes>::Mask>) {
        let weight = S::Register::from_floats(simd, weight);
        (weight, Some(weight.constant(0.0).lt(weight)))
    }

    /// Adds the terms, which `term` makes of the squares, by a trial. (Most factors are 1.)
    #[inline(always)]
    fn try_terms(&self, term: impl Fn(S::Register) -> S::Register, trial: &mut Trial<S, 1, false>) {
        for (a, b) in self.a.iter().zip(self.b) {
            let difference = Self::difference(trial.simd(), a, b);
            trial.push(term(difference * difference), None);
        }
    }

    /// The same while the gradient is written.
    #[inline(always)]
    fn try_to_write(&self, slope: f32, to: Vectors<Floats<S>>, factor: f32, trial: &mut Trial<S, 1, false>) {
        for ((a, b), to) in self.a.iter().zip(self.b).zip(to.iter()) {
            let difference = Self::difference(trial.simd(), a, b);
            to.write(None, difference * slope);
            trial.push(difference * difference * factor, None);
        }
    }

    /// Writes the terms.
    #[inline(always)]
    fn terms(&self, simd: S, factor: f32, terms: &mut [Floats<S>]) {
        let values = self.a.iter().zip(self.b).zip(terms);
        match self.weights {
            None => {
                for ((a, b), term) in values {
                    let difference = Self::difference(simd, a, b);
                    (difference * difference * factor).to_floats(term);
                }
            }
            Some(weights) => {
                for (((a, b), term), weight) in values.zip(weights) {
                    let difference = Self::difference(simd, a, b);
                    let (weight, on) = Self::weight(simd, weight);
                    only(on, difference * difference * factor * weight).to_floats(term);
                }
            }
        }
    }

    /// Writes the gradient, and the terms while the values are at hand.
    #[inline(always)]
    fn write(&self, simd: S, slope: f32, to: Vectors<Floats<S>>, factor: f32, terms: &mut [Floats<S>]) {
        let values = self.a.iter().zip(self.b).zip(to.iter().zip(terms));
        match self.weights {
            None => {
                for ((a, b), (to, term)) in values {
                    let difference = Self::difference(simd, a, b);
                    to.write(None, difference * slope);
                    (difference * difference * factor).to_floats(term);
                }
            }
            Some(weights) => {
                for (((a, b), (to, term)), weight) in values.zip(weights) {
                    let difference = Self::difference(simd, a, b);
                    let (weight, on) = Self::weight(simd, weight);
                    to.write(on, difference * slope * weight);
                    only(on, difference * difference * factor * weight).to_floats(term);
                }
            }
        }
    }
}

/// The blocks of values, of one channel each.
struct ChannelBlocks {
    layout: Layout,
    /// How many values a block has at most, if it is taken in place.
    most: usize,
    lanes: usize,
    pixel: usize,
    channel: usize,
}

/// Where a block of values lies.
#[derive(Clone, Copy)]
struct BlockPlace {
    pixel: usize,
    length: usize,
    /// The length in whole registers.
    padded: usize,
    start: usize,
    stride: usize,
}

impl ChannelBlocks {
    fn new(layout: Layout, lanes: usize, most: usize) -> Self {
        Self { layout, most, lanes, pixel: 0, channel: 0 }
    }

    #[inline(never)]
    fn next(&mut self) -> Option<BlockPlace> {
        let Layout { n, channels, pixel_stride, channel_stride } = self.layout;
        let Self { pixel, channel, .. } = *self;
        let lanes = self.lanes.max(1);
        let left = n.saturating_sub(pixel);
        if left == 0 || channel >= channels {
            return None;
        }
        let length = if pixel_stride != 1 {
            left.min(GATHERED)
        } else if left < lanes {
            left
        } else {
            (left / lanes * lanes).min(self.most)
        };
        if pixel_stride == 1 {
            self.pixel += length;
            if self.pixel == n {
                (self.pixel, self.channel) = (0, channel + 1);
            }
        } else {
            self.channel += 1;
            if self.channel == channels {
                (self.pixel, self.channel) = (pixel + length, 0);
            }
        }
        Some(BlockPlace {
            pixel,
            length,
            padded: length.next_multiple_of(lanes),
            start: pixel * pixel_stride + channel * channel_stride,
            stride: pixel_stride,
        })
    }
}

impl BlockPlace {
    /// Whether the block is whole registers in place.
    fn is_whole(&self) -> bool {
        self.stride == 1 && self.length == self.padded
    }

    /// The values of the block as whole registers: in place if they fill registers, otherwise copied, with zeros
    /// behind.
    #[inline(never)]
    fn read<'t>(&self, values: &'t [f32], tile: &'t mut [f32]) -> &'t [f32] {
        let values = values.get(self.start..).unwrap_or(&[]);
        if self.is_whole() {
            return values.get(..self.length).unwrap_or(&[]);
        }
        let tile = tile.get_mut(..self.padded).unwrap_or(&mut []);
        let (block, behind) = tile.split_at_mut_checked(self.length).unwrap_or((&mut [], &mut []));
        for (to, from) in block.iter_mut().zip(values.chunks(self.stride.max(1))) {
            *to = from.first().copied().unwrap_or(0.0);
        }
        behind.fill(0.0);
        tile
    }

    /// Where the block is written: in place, or into a tile, which then holds the values that are added to.
    #[inline(never)]
    fn before<'t>(&self, output: &'t mut Output, tile: &'t mut [f32]) -> Output<'t> {
        if self.is_whole() {
            return output.part(self.start, self.length);
        }
        output.read(self.start, self.stride, self.length, tile);
        let tile = tile.get_mut(..self.padded).unwrap_or(&mut []);
        Output::new(output.write(), tile)
    }

    /// Writes the block from the tile to its place, if it was written to the tile.
    #[inline(never)]
    fn after(&self, output: &mut Output, tile: &[f32]) {
        if !self.is_whole() {
            self.write(output, tile);
        }
    }

    /// Writes the values of the block.
    #[inline(always)]
    fn write(&self, output: &mut Output, block: &[f32]) {
        output.put(self.start, self.stride, self.length, block);
    }
}
