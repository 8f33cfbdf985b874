//! The two walks over the pixels of a frame: its sums, and its gradient.
//!
//! Both go block by block: a block's colours are transformed first, by code that they share, and lie on the
//! stack. What remains is loops over channels and sums that exist once, not once a channel.

use super::block::{BLOCK, Block, Fill};
use super::frame::{Frame, Slopes};
use super::{CHANNELS, Transform};
use crate::cube::{Cube, CubeColumnsMut};
use crate::exact::Accumulator;
use crate::loss::{Write, only};
use crate::pixels::{Live, LiveColumns, both};
use crate::simd::{Columns, Kernel, Lanes, Mask, Simd, load, store};

/// Who counts, and who is foreground.
struct Parts<'a, V: Lanes> {
    targets: Columns<'a, V::Bytes>,
    live: LiveColumns<'a, V>,
}

impl<'a, V: Lanes> Parts<'a, V> {
    #[inline(always)]
    fn new(cube: &Cube<'a>, targets: &'a [u8]) -> Self {
        Self { targets: Columns::new(targets), live: LiveColumns::new(&cube.live()) }
    }

    /// Mask and weights of a vector, and which lanes are foreground.
    #[inline(always)]
    fn get(&self, simd: V::Simd, index: usize) -> (Live<V>, V::Mask) {
        let mut live = self.live.get(simd, index);
        if let Some(weight) = live.weight {
            // A weight of 0 switches the pixel off, NaN included.
            live.mask = Some(both(live.mask, !weight.eq(weight.constant(0.0))));
            live.weight = Some(only(live.mask, weight));
        }
        (live, V::mask_from_bytes(simd, self.targets.get(index)))
    }
}

/// A product as two floats whose sum is exact (unless the second is subnormal).
#[inline(always)]
fn exact_product<V: Lanes>(one: V, other: V) -> [V; 2] {
    let product = one.widen() * other.widen();
    let high = V::narrow(product);
    let low = V::narrow(product - high.widen());
    // The rest of infinity would be NaN.
    let finite = high.abs().lt(high.constant(f32::INFINITY));
    [high, V::select(finite, low, low.constant(0.0))]
}

/// Adds the pixels to a frame.
pub(super) struct Moments<'a> {
    pub cube: Cube<'a>,
    pub targets: &'a [u8],
    pub transform: Transform,
    /// Whether squares are summed, too.
    pub squares: bool,
    pub frame: &'a mut Frame,
}

/// What a sum of the frame is of, in the order of [`Frame::sums_mut`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Term {
    /// The values of a channel, in the foreground or the background.
    Values(usize),
    /// Their squares.
    Squares(usize),
    /// 1, so that the sum is of the pixel weights.
    Ones,
}

/// The terms of the sums, and whether they are of the foreground.
const TERMS: [(Term, bool); 11] = [
    (Term::Values(0), true),
    (Term::Values(1), true),
    (Term::Values(2), true),
    (Term::Values(0), false),
    (Term::Values(1), false),
    (Term::Values(2), false),
    (Term::Squares(0), true),
    (Term::Squares(1), true),
    (Term::Squares(2), true),
    (Term::Ones, true),
    (Term::Ones, false),
];

impl Kernel for Moments<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let parts = Parts::<S::Register>::new(&self.cube, self.targets);
        let [a, b, c, d, e, f, g, h, i, j, k] = self.frame.sums_mut();
        let mut sums = [
            Accumulator::new(simd, a),
            Accumulator::new(simd, b),
            Accumulator::new(simd, c),
            Accumulator::new(simd, d),
            Accumulator::new(simd, e),
            Accumulator::new(simd, f),
            Accumulator::new(simd, g),
            Accumulator::new(simd, h),
            Accumulator::new(simd, i),
            Accumulator::new(simd, j),
            Accumulator::new(simd, k),
        ];
        let weighted = self.cube.weights.is_some();
        let mut block = Block::new();
        let vectors = self.cube.layout.n.div_ceil(S::Register::LANES);
        let per_block = BLOCK / S::Register::LANES;
        for first in (0..vectors).step_by(per_block) {
            let count = per_block.min(vectors - first);
            let (cube, transform) = (&self.cube, self.transform);
            simd.call(Fill { cube, transform, first, count, block: &mut block });
            for (sum, (term, of_foreground)) in sums.iter_mut().zip(TERMS) {
                let (plane, is_square) = match term {
                    Term::Values(channel) => (block.values(channel), false),
                    Term::Squares(channel) if self.squares => (block.values(channel), true),
                    Term::Ones if weighted => (&[] as &[f32], false),
                    _ => continue,
                };
                for index in 0..count {
                    let (live, foreground) = parts.get(simd, first + index);
                    let of_part = if of_foreground { foreground } else { !foreground };
                    let mask = both(live.mask, of_part);
                    // What has no lane adds nothing.
                    if !mask.any() {
                        continue;
                    }
                    let one = S::Register::splat(simd, 1.0);
                    let values = if term == Term::Ones { one } else { load(simd, plane, index) };
                    let values = only(Some(mask), values);
                    let (mut factor, mut rest) = (values, None);
                    if is_square {
                        let [high, low] = exact_product(values, values);
                        (factor, rest) = (high, Some(low));
                    }
                    loop {
                        match live.weight {
                            Some(weight) => {
                                let [high, low] = exact_product(factor, weight);
                                sum.push(high);
                                sum.push(low);
                            }
                            None => sum.push(factor),
                        }
                        match rest.take() {
                            Some(low) => factor = low,
                            None => break,
                        }
                    }
                }
            }
        }
        // Behind the last pixel all values are 0, and so are the terms: black is 0 in every space.
        for sum in &mut sums {
            sum.finish(usize::MAX);
        }
    }
}

/// Writes the gradient.
pub(super) struct Gradient<'a> {
    pub cube: Cube<'a>,
    pub targets: &'a [u8],
    pub transform: Transform,
    /// None: the frame does not count.
    pub slopes: Option<[Slopes; CHANNELS]>,
    pub write: Write,
    pub gradient: &'a mut [f32],
}

impl Kernel for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let parts = Parts::<S::Register>::new(&self.cube, self.targets);
        let mut gradient = CubeColumnsMut::new(self.gradient, self.cube.layout);
        let nowhere = !S::Register::everywhere(simd);
        let (slopes, counts) = match self.slopes {
            Some(slopes) => (slopes, true),
            None => ([Slopes::default(); CHANNELS], false),
        };
        let channels = self.cube.layout.channels;
        let mut block = Block::new();
        let vectors = self.cube.layout.n.div_ceil(S::Register::LANES);
        let per_block = BLOCK / S::Register::LANES;
        for first in (0..vectors).step_by(per_block) {
            let count = per_block.min(vectors - first);
            let (cube, transform) = (&self.cube, self.transform);
            simd.call(Fill { cube, transform, first, count, block: &mut block });
            for channel in 0..channels {
                let (Some(values), Some(slopes)) =
                    (block.values_mut().get_mut(channel), slopes.get(channel))
                else {
                    continue;
                };
                for index in 0..count {
                    let (live, foreground) = parts.get(simd, first + index);
                    let value: S::Register = load(simd, values, index);
                    store(slope(foreground, value, slopes, live.weight), values, index);
                }
            }
            if self.transform != Transform::None {
                block.back::<S::Register>(simd, count, channels);
            }
            for channel in 0..channels {
                for index in 0..count {
                    let (live, _) = parts.get(simd, first + index);
                    let mask = if counts { live.mask } else { Some(nowhere) };
                    let slope: S::Register = load(simd, block.values(channel), index);
                    gradient.write(first + index, channel, self.write, mask, slope);
                }
            }
        }
    }
}

/// The gradient by the values of a channel.
#[inline(always)]
fn slope<V: Lanes>(foreground: V::Mask, values: V, slopes: &Slopes, weight: Option<V>) -> V {
    let mut front = values.constant(slopes.level);
    // (Times 0 would be NaN where the difference is beyond a float.)
    if slopes.spread != 0.0 {
        front = ((values - slopes.mean) - slopes.rest) * slopes.spread + front;
    }
    let slope = V::select(foreground, front, values.constant(slopes.background));
    match weight {
        Some(weight) => slope * weight,
        None => slope,
    }
}
