//! The two walks over the pixels of a frame: its sums, and its gradient.
//!
//! Both go block by block: a block's colours are transformed first, by code that they share, and lie on the
//! stack. What remains is loops over channels and sums that exist once, not once a channel.

use super::block::{Block, Fill};
use super::frame::Slopes;
use super::{CHANNELS, Transform};
use crate::cube::Cube;
use crate::exact::{BLOCK, Blocks, ExactSum, Floats};
use crate::loss::{Write, only};
use crate::pixels::{Weights, cut};
use crate::simd::{Kernel, Lanes, Simd, copy, vectors, vectors_mut};

/// The inputs of both walks.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    pub cube: Cube<'a>,
    pub targets: &'a [u8],
    pub transform: Transform,
}

impl Inputs<'_> {
    /// Whether all pixels count alike.
    fn all_alike(&self) -> bool {
        self.cube.valid.is_none() && self.cube.weights.is_none()
    }
}

/// Which pixels of a block count, and who is foreground.
struct Pixels {
    length: usize,
    /// The length in whole registers.
    padded: usize,
    weights: [f32; BLOCK],
    targets: [u8; BLOCK],
}

impl Pixels {
    #[inline(always)]
    fn new() -> Self {
        Self { length: 0, padded: 0, weights: [0.0; BLOCK], targets: [0; BLOCK] }
    }

    /// Goes to the pixels from `first` on.
    #[inline(always)]
    fn go<S: Simd>(&mut self, simd: S, inputs: &Inputs, first: usize) {
        self.length = Block::length(inputs.transform).min(inputs.cube.layout.n - first);
        self.padded = self.length.next_multiple_of(S::Register::LANES);
        if !inputs.all_alike() {
            let to = self.weights.get_mut(..self.padded).unwrap_or(&mut []);
            let pixels = inputs.cube.live().part(first, self.length);
            simd.call(Weights { pixels, to });
        }
        copy(&mut self.targets, cut(inputs.targets, first, self.length));
    }

    #[inline(always)]
    fn weights(&self) -> &[f32] {
        self.weights.get(..self.padded).unwrap_or(&[])
    }

    #[inline(always)]
    fn targets(&self) -> &[u8] {
        self.targets.get(..self.padded).unwrap_or(&[])
    }
}

/// Products of floats, as two floats whose sum is exact (unless the second is subnormal): the first in the place
/// of the floats. A call of its own: all products share its code.
struct Products<'b> {
    floats: &'b mut [f32],
    factors: &'b [f32],
    rests: &'b mut [f32],
}

impl Kernel for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { floats, factors, rests } = self;
        let places = vectors_mut::<Floats<S>, _>(floats).iter_mut().zip(vectors_mut(rests));
        for ((float, rest), factor) in places.zip(vectors::<Floats<S>, _>(factors)) {
            let product = S::Register::from_floats(simd, float).widen()
                * S::Register::from_floats(simd, factor).widen();
            let high = S::Register::narrow(product);
            let low = S::Register::narrow(product - high.widen());
            // The rest of infinity would be NaN.
            let finite = high.abs().lt(high.constant(f32::INFINITY));
            high.to_floats(float);
            only(Some(finite), low).to_floats(rest);
        }
    }
}

/// The sum of all pixels, and that of the foreground.
pub(super) type Sums = [ExactSum; 2];

/// Adds the pixels to sums.
pub(super) struct Moments<'a> {
    pub inputs: Inputs<'a>,
    /// Of the colours by channel, then of the weights, if there are any.
    pub colors: &'a mut [Sums; CHANNELS + 1],
    /// Of the squares by channel. None: they are not summed.
    pub squares: Option<&'a mut [Sums; CHANNELS]>,
}

impl Kernel for Moments<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { inputs, colors, squares } = self;
        let Inputs { cube, transform, .. } = inputs;
        let mut no_squares = [Sums::default(); CHANNELS];
        let is_squared = squares.is_some();
        let squares = squares.unwrap_or(&mut no_squares);
        let mut sums = colors.each_mut().map(|[all, part]| Blocks::new(simd, [all, part]));
        let mut squares = squares.each_mut().map(|[all, part]| Blocks::new(simd, [all, part]));
        let (mut block, mut pixels) = (Block::new(), Pixels::new());
        let [mut a, mut b, mut c, mut d] = [[0.0; BLOCK]; 4];
        for first in (0..cube.layout.n).step_by(Block::length(transform)) {
            pixels.go(simd, &inputs, first);
            let count = pixels.length;
            simd.call(Fill { cube: &cube, transform, first, count, block: &mut block });
            let (weights, marks) = (pixels.weights(), pixels.targets());
            let [ones, terms, rests, small] =
                [&mut a, &mut b, &mut c, &mut d].map(|tile| part_mut(tile, 0, pixels.padded));
            for (channel, sum) in sums.iter_mut().enumerate() {
                let mut given = cube.weights.map(|_| weights);
                let mut floats = block.colors(channel, pixels.padded);
                if channel == CHANNELS {
                    if given.take().is_none() {
                        continue;
                    }
                    copy(ones, weights);
                    floats = &mut *ones;
                }
                if !inputs.all_alike() {
                    keep(simd, floats, weights);
                }
                if let Some(sum) = squares.get_mut(channel).filter(|_| is_squared) {
                    copy(terms, floats);
                    simd.call(Products { floats: terms, factors: floats, rests });
                    add(simd, sum, terms, given, small, marks);
                    add(simd, sum, rests, given, small, marks);
                }
                add(simd, sum, floats, given, rests, marks);
            }
        }
        sums.iter_mut().chain(&mut squares).for_each(Blocks::finish);
    }
}

/// The floats become 0 where a pixel does not count.
#[inline(always)]
fn keep<S: Simd>(simd: S, floats: &mut [f32], weights: &[f32]) {
    let weights: &[Floats<S>] = vectors(weights);
    for (float, weight) in vectors_mut::<Floats<S>, _>(floats).iter_mut().zip(weights) {
        let weight = S::Register::from_floats(simd, weight);
        let on = weight.constant(0.0).lt(weight);
        only(Some(on), S::Register::from_floats(simd, float)).to_floats(float);
    }
}

/// Adds floats, times weights, to sums.
#[inline(always)]
fn add<S: Simd, const DIGITS: usize, const LOWEST: i32, const POWER: i32>(
    simd: S,
    sum: &mut Blocks<'_, DIGITS, LOWEST, POWER, 2>,
    floats: &mut [f32],
    weights: Option<&[f32]>,
    rests: &mut [f32],
    marks: &[u8],
) {
    if let Some(factors) = weights {
        simd.call(Products { floats, factors, rests });
        sum.add(simd, rests, marks);
    }
    sum.add(simd, floats, marks);
}

/// Writes the gradient.
pub(super) struct Gradient<'a> {
    pub inputs: Inputs<'a>,
    pub slopes: [Slopes; CHANNELS],
    pub write: Write,
    pub gradient: &'a mut [f32],
}

impl Kernel for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { inputs, slopes, write, gradient } = self;
        let Inputs { cube, transform, .. } = inputs;
        let layout = cube.layout;
        let all_alike = inputs.all_alike();
        let (mut block, mut pixels) = (Block::new(), Pixels::new());
        let mut tile = [0.0; BLOCK];
        let in_place = all_alike
            && transform == Transform::None
            && write == Write::Store
            && layout.pixel_stride == 1;
        for first in (0..layout.n).step_by(Block::length(transform)) {
            pixels.go(simd, &inputs, first);
            let count = pixels.length;
            let in_place = in_place && count == pixels.padded;
            if !in_place {
                simd.call(Fill { cube: &cube, transform, first, count, block: &mut block });
            }
            let weights = if all_alike { None } else { Some(pixels.weights()) };
            for (channel, slopes) in slopes.iter().enumerate() {
                let mut floats = block.colors(channel, pixels.padded);
                if in_place {
                    floats = part_mut(gradient, first + channel * layout.channel_stride, count);
                    if slopes.spread != 0.0 {
                        cube.copy_channel(first, channel, floats);
                    }
                }
                slope(simd, floats, slopes, pixels.targets(), weights);
            }
            if in_place {
                continue;
            }
            if transform != Transform::None {
                block.back(simd, count);
            }
            for channel in 0..layout.channels {
                let to = part_mut(&mut tile, 0, count);
                let before = Cube { values: gradient, ..cube };
                if write == Write::Add {
                    before.copy_channel(first, channel, to);
                }
                let to = part_mut(&mut tile, 0, pixels.padded);
                let floats = vectors::<Floats<S>, _>(block.colors(channel, pixels.padded)).iter();
                for (index, (float, to)) in floats.zip(vectors_mut::<Floats<S>, _>(to)).enumerate()
                {
                    let on = match weights.and_then(|weights| vectors(weights).get(index)) {
                        Some(weight) => {
                            let weight = S::Register::from_floats(simd, weight);
                            Some(weight.constant(0.0).lt(weight))
                        }
                        None => None,
                    };
                    write.write(on, S::Register::from_floats(simd, float), to);
                }
                cube.write_channel(first, channel, part_mut(&mut tile, 0, count), gradient);
            }
        }
    }
}

/// Floats from a place on.
#[inline(never)]
fn part_mut(floats: &mut [f32], start: usize, count: usize) -> &mut [f32] {
    floats.get_mut(start..).and_then(|floats| floats.get_mut(..count)).unwrap_or(&mut [])
}

/// The gradient by the values of a channel, in their place.
#[inline(always)]
fn slope<S: Simd>(
    simd: S,
    floats: &mut [f32],
    slopes: &Slopes,
    targets: &[u8],
    weights: Option<&[f32]>,
) {
    let floats = vectors_mut::<Floats<S>, _>(floats).iter_mut();
    for (index, (float, targets)) in floats.zip(vectors(targets)).enumerate() {
        let foreground = S::Register::mask_from_bytes(simd, targets);
        let mut front = S::Register::splat(simd, slopes.level);
        // (Times 0 would be NaN where the difference is beyond a float.)
        if slopes.spread != 0.0 {
            let value = S::Register::from_floats(simd, float);
            front = ((value - slopes.mean) - slopes.rest) * slopes.spread + front;
        }
        let mut slope = S::Register::select(foreground, front, front.constant(slopes.background));
        if let Some(weight) = weights.and_then(|weights| vectors(weights).get(index)) {
            slope = slope * S::Register::from_floats(simd, weight);
        }
        slope.to_floats(float);
    }
}
