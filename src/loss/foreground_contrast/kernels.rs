//! The two walks over the pixels of a frame: its sums, and its gradient.
//!
//! Both go block by block: a block's colours are transformed first, by code that they share, and lie on the
//! stack. What remains is loops over channels and sums that exist once, not once a channel.

use super::block::{Block, Fill};
use super::{CHANNELS, Transform};
use crate::exact::{BLOCK, Blocks, ExactSum, Floats, GIVEN};
use crate::input::{Cube, Weights};
use crate::simd::{Counted, Kernel, Lanes, Output, Simd, Write, copy, cut, only, vectors, vectors_mut};

/// The inputs of both walks.
#[derive(Clone, Copy)]
pub(super) struct ColorInputs<'a> {
    pub cube: Cube<'a>,
    pub targets: &'a [u8],
    pub transform: Transform,
}

impl ColorInputs<'_> {
    /// Whether all pixels count alike.
    fn all_alike(&self) -> bool {
        self.cube.mask_and_weights().are_alike()
    }
}

/// Which pixels of a block count, and which ones are foreground.
pub(super) struct BlockPixels {
    length: usize,
    /// The length in whole registers.
    padded: usize,
    weights: [f32; BLOCK],
    targets: [u8; BLOCK],
}

impl BlockPixels {
    /// Goes to the pixels from `first` on.
    #[inline(always)]
    fn go<S: Simd>(&mut self, simd: S, inputs: &ColorInputs, first: usize) {
        self.length = Block::length(inputs.transform).min(inputs.cube.layout.n - first);
        self.padded = self.length.next_multiple_of(S::Register::LANES);
        if !inputs.all_alike() {
            let to = part_mut(&mut self.weights, 0, self.padded);
            let pixels = inputs.cube.mask_and_weights().part(first, self.length);
            simd.call(Weights { pixels, to });
        }
        copy(&mut self.targets, cut(inputs.targets, first, self.length));
    }

    #[inline(always)]
    fn weights(&self) -> &[f32] {
        cut(&self.weights, 0, self.padded)
    }

    #[inline(always)]
    fn targets(&self) -> &[u8] {
        cut(&self.targets, 0, self.padded)
    }
}

/// The memory of both walks. (It is aligned, so that no register crosses a cache line.)
#[cfg_attr(target_pointer_width = "64", repr(align(64)))]
struct Room {
    block: Block,
    tiles: [[f32; BLOCK]; 4],
    pixels: BlockPixels,
}

impl Room {
    #[inline(never)]
    fn new() -> Self {
        let pixels = BlockPixels { length: 0, padded: 0, weights: [0.0; BLOCK], targets: [0; BLOCK] };
        Self { block: Block::new(), tiles: [[0.0; BLOCK]; 4], pixels }
    }
}

/// Products of floats, each as two floats whose sum is exact (unless the second one is subnormal). The first one
/// replaces the float. It is a call of its own, so that all products share its code.
struct Product<'b> {
    floats: &'b mut [f32],
    factors: &'b [f32],
    rests: &'b mut [f32],
}

impl Kernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { floats, factors, rests } = self;
        let places = vectors_mut::<Floats<S>, _>(floats).iter_mut().zip(vectors_mut(rests));
        for ((float, rest), factor) in places.zip(vectors::<Floats<S>, _>(factors)) {
            let product =
                S::Register::from_floats(simd, float).widen() * S::Register::from_floats(simd, factor).widen();
            let high = S::Register::narrow(product);
            let low = S::Register::narrow(product - high.widen());
            // The rest of infinity would be NaN.
            let finite = high.abs().lt(high.constant(f32::INFINITY));
            high.to_floats(float);
            only(Some(finite), low).to_floats(rest);
        }
    }
}

/// The gradient of a channel by q at pixel weight 1:
/// `foreground ? level + spread ((q - mean) - rest) : background`.
#[derive(Clone, Copy, Default)]
pub(super) struct Slopes {
    pub level: f32,
    pub spread: f32,
    /// The mean of the foreground, in two floats.
    pub mean: f32,
    pub rest: f32,
    pub background: f32,
}

/// The sum of all pixels, and that of the foreground.
type AllAndForeground = [ExactSum; 2];

/// The sum of the rounded products, and the sum of the rests of the rounding. They are separate, because their terms
/// have different sizes.
pub(super) type HighAndLow = [AllAndForeground; 2];

/// How many things are summed: the colours by channel, the weights, the squares by channel.
pub(super) const TERMS: usize = 2 * CHANNELS + 1;

/// Adds the pixels to sums.
pub(super) struct Moments<'a> {
    pub inputs: ColorInputs<'a>,
    /// Whether squares are summed, too.
    pub squares: bool,
    pub sums: &'a mut [HighAndLow; TERMS],
}

type Adders<'a> = [Blocks<'a, 12, -160, 1, 2>; 2];

#[inline(never)]
fn adders(lanes: usize, sums: &mut [HighAndLow; TERMS]) -> [Adders<'_>; TERMS] {
    sums.each_mut().map(|parts| parts.each_mut().map(|[all, part]| Blocks::of_lanes(lanes, [all, part])))
}

impl Kernel for Moments<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { inputs, squares: is_squared, sums } = self;
        let ColorInputs { cube, transform, .. } = inputs;
        let is_weighted = cube.weights.is_some();
        let is_plain =
            transform == Transform::None && inputs.all_alike() && !is_squared && cube.layout.pixel_stride == 1;
        let mut adders = adders(S::Register::LANES, sums);
        let Room { mut block, mut tiles, mut pixels } = Room::new();
        let mut first = 0;
        while first < cube.layout.n {
            let rest = (cube.layout.n - first).min(GIVEN);
            let whole = rest - rest % S::Register::LANES;
            if is_plain && whole > 0 {
                let marks = cut(inputs.targets, first, whole);
                for (channel, [color, _]) in adders.iter_mut().enumerate().take(CHANNELS) {
                    let start = first + channel * cube.layout.channel_stride;
                    let tile = block.colors(channel, BLOCK);
                    color.add_given(simd, cut(cube.values, start, whole), tile, marks);
                }
                first += whole;
                continue;
            }
            pixels.go(simd, &inputs, first);
            let (weights, marks) = (pixels.weights(), pixels.targets());
            let count = pixels.length;
            simd.call(Fill { cube: &cube, transform, first, count, block: &mut block });
            first += count;
            let [a, b, c, d] = &mut tiles;
            let products = part_mut(a, 0, pixels.padded);
            let lows = part_mut(b, 0, pixels.padded);
            let rests = part_mut(c, 0, pixels.padded);
            let ones = part_mut(d, 0, pixels.padded);
            let (colors, squares) = adders.split_at_mut_checked(CHANNELS + 1).unwrap_or((&mut [], &mut []));
            for (channel, color) in colors.iter_mut().enumerate() {
                let is_color = channel < CHANNELS;
                let floats = if is_color {
                    block.colors(channel, pixels.padded)
                } else if is_weighted {
                    copy(ones, weights);
                    &mut *ones
                } else {
                    break;
                };
                if !inputs.all_alike() {
                    keep(simd, floats, weights);
                }
                let mut square = squares.get_mut(channel).filter(|_| is_squared);
                for step in if square.is_some() { 0..3 } else { 2..3 } {
                    let (adders, terms) = match (&mut square, step) {
                        (Some(square), 0) => {
                            copy(products, floats);
                            let rests = &mut *lows;
                            simd.call(Product { floats: products, factors: floats, rests });
                            (&mut **square, &mut *products)
                        }
                        (Some(square), 1) => (&mut **square, &mut *lows),
                        _ => (&mut *color, &mut *floats),
                    };
                    let [high, low] = adders;
                    if is_weighted && is_color {
                        simd.call(Product { floats: terms, factors: weights, rests });
                        low.add(simd, rests, marks);
                    }
                    if step == 1 { low } else { high }.add(simd, terms, marks);
                }
            }
        }
        for (term, [high, low]) in adders.iter_mut().enumerate() {
            let is_square = term > CHANNELS;
            if is_square && !is_squared || term == CHANNELS && !is_weighted {
                continue;
            }
            high.finish();
            if is_square || is_weighted {
                low.finish();
            }
        }
    }
}

/// Sets the floats to 0 where a pixel does not count.
#[inline(always)]
fn keep<S: Simd>(simd: S, floats: &mut [f32], weights: &[f32]) {
    let weights: &[Floats<S>] = vectors(weights);
    for (float, weight) in vectors_mut::<Floats<S>, _>(floats).iter_mut().zip(weights) {
        let weight = S::Register::from_floats(simd, weight);
        let on = weight.constant(0.0).lt(weight);
        only(Some(on), S::Register::from_floats(simd, float)).to_floats(float);
    }
}

/// Writes the gradient.
pub(super) struct WriteGradient<'a> {
    pub inputs: ColorInputs<'a>,
    pub slopes: [Slopes; CHANNELS],
    pub gradient: Output<'a>,
}

impl Kernel for WriteGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { inputs, slopes, mut gradient } = self;
        let write = gradient.write();
        let ColorInputs { cube, transform, .. } = inputs;
        let layout = cube.layout;
        let is_given = transform == Transform::None;
        // If no slope has a spread, the values are not needed.
        let is_read = !is_given || slopes.iter().any(|slopes| slopes.spread != 0.0);
        let is_plain = is_given && inputs.all_alike() && write == Write::Store;
        let Room { mut block, mut tiles, mut pixels } = Room::new();
        let [tile, ..] = &mut tiles;
        for first in (0..layout.n).step_by(Block::length(transform)) {
            pixels.go(simd, &inputs, first);
            let (count, padded) = (pixels.length, pixels.padded);
            let weights = if inputs.all_alike() { &[] } else { pixels.weights() };
            let in_place = is_plain && layout.pixel_stride == 1 && count == padded;
            if is_read && !in_place {
                simd.call(Fill { cube: &cube, transform, first, count, block: &mut block });
            }
            for (channel, slopes) in slopes.iter().enumerate() {
                let mut floats = block.colors(channel, padded);
                if in_place {
                    let start = first + channel * layout.channel_stride;
                    let values = if is_read { cube.values.get(start..) } else { None };
                    floats = gradient.part(start, count).copied(values.unwrap_or(&[]));
                }
                slope(simd, floats, slopes, pixels.targets(), weights);
            }
            if !is_given {
                block.back(simd, transform, count);
            }
            for channel in 0..if in_place { 0 } else { layout.channels } {
                let floats = block.colors(channel, padded);
                let start = layout.place(first, channel);
                if !is_plain {
                    let to = part_mut(tile, 0, padded);
                    gradient.read(start, layout.pixel_stride, count, to);
                    let places = vectors_mut::<Floats<S>, _>(floats).iter_mut().zip(vectors(to));
                    for (index, (float, before)) in places.enumerate() {
                        let slope = S::Register::from_floats(simd, float);
                        *float = *before;
                        let mut on = None;
                        if let Some(weight) = vectors(weights).get(index) {
                            let weight = S::Register::from_floats(simd, weight);
                            on = Some(weight.constant(0.0).lt(weight));
                        }
                        write.write(on, slope, float);
                    }
                }
                gradient.put(start, layout.pixel_stride, count, floats);
            }
        }
    }
}

/// Floats from a place on.
#[inline(never)]
fn part_mut(floats: &mut [f32], start: usize, count: usize) -> &mut [f32] {
    floats.get_mut(start..).and_then(|floats| floats.get_mut(..count)).unwrap_or(&mut [])
}

/// Replaces the values of a channel by the gradient by them.
#[inline(always)]
fn slope<S: Simd>(simd: S, floats: &mut [f32], slopes: &Slopes, targets: &[u8], weights: &[f32]) {
    let floats = vectors_mut::<Floats<S>, _>(floats).iter_mut();
    for (index, (float, targets)) in floats.zip(vectors(targets)).enumerate() {
        let foreground = S::Register::mask_from_bytes(simd, targets);
        let mut front = S::Register::splat(simd, slopes.level);
        // (A product with 0 would be NaN where the difference is infinite.)
        if slopes.spread != 0.0 {
            let value = S::Register::from_floats(simd, float);
            front = ((value - slopes.mean) - slopes.rest) * slopes.spread + front;
        }
        let mut slope = S::Register::select(foreground, front, front.constant(slopes.background));
        if let Some(weight) = vectors(weights).get(index) {
            slope = slope * S::Register::from_floats(simd, weight);
        }
        slope.to_floats(float);
    }
}
