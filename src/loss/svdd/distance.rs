//! The squared distances of pixels to the center, the same bits for every layout and tier.
//!
//! The order is that of [`crate::node::channels`]. In a partial sum, blocks of four squares are
//! summed in `f32`, and the blocks in `f64`; the tree is in `f64`. Up to 32 channels a partial sum
//! has two squares at most, and the first two levels of the tree are in `f32`. So no square is
//! rounded by more than three additions in `f32`.
//!
//! If rows have few channels, the trees of four pixels are added at once.

use super::Params;
use crate::input::{Cube, CubeColumns, Layout};
use crate::node::channels::{Rows, SIXTEEN, STRIP, SixteenFloats, Tree, padded};
use crate::simd::{Counted, Doubles, Kernel, Lanes, Simd, flat, only, vectors};
use bytemuck::Zeroable;

/// How many squares of a partial sum are added before their sum is widened.
const BLOCK: usize = 4;
/// Up to so many channels the tree begins in `f32`.
const FEW: usize = 32;
/// How many levels of the tree are in `f32` then.
const FOLDED: usize = 2;
/// For how many pixels the trees are added at once.
const ROWS: usize = 4;

/// If a distance minus the squared radius is above this, squares may have overflowed in `f32`.
pub(super) const HIGH: f32 = (1_u128 << 100) as f32;
/// If a distance is below this, squares may have lost digits in `f32`. What they lose is below 2^-138.
const LOW: f32 = 1.0 / HIGH;
/// Only if the squared radius is below this may a distance below [`LOW`] matter.
const LOW_RADIUS_SQUARED: f64 = 1.0 / (1_u128 << 90) as f64;

/// Embeddings and their center, which fit each other.
#[derive(Clone, Copy)]
pub(crate) struct Embeddings<'a> {
    pub params: Params,
    pub cube: Cube<'a>,
    /// One float a channel.
    pub center: &'a [f32],
    pub radius_squared: f64,
}

impl Embeddings<'_> {
    /// Whether a distance may matter whose squares are too small for `f32`.
    #[inline(always)]
    pub fn is_tiny(&self) -> bool {
        self.radius_squared < LOW_RADIUS_SQUARED
    }

    /// Computes distances again, completely in `f64`, where squares may have left the range of `f32`. The pixels are
    /// those from `first` on. (A NaN is right as it is: a sum of squares is NaN only if a difference is.)
    #[cold]
    #[inline(never)]
    pub fn correct(&self, first: usize, length: usize, distances: &mut [f64; STRIP]) {
        for (pixel, distance) in (first..).zip(distances).take(length) {
            let is_high = (*distance - self.radius_squared) as f32 > HIGH;
            if is_high || self.is_tiny() && (*distance as f32) < LOW {
                *distance = self.careful_distance(pixel);
            }
        }
    }

    fn careful_distance(&self, pixel: usize) -> f64 {
        let layout = self.cube.layout;
        let row = self.cube.values.get(pixel * layout.pixel_stride..).unwrap_or(&[]);
        let channels = row.iter().step_by(layout.channel_stride.max(1));
        let mut sum = 0.0;
        for (value, center) in channels.zip(self.center) {
            let difference = f64::from(*value) - f64::from(*center);
            sum += difference * difference;
        }
        sum
    }
}

type Vector<S> = <S as Simd>::Sixteen;
type Floats<S> = SixteenFloats<S>;
/// Two vectors, which hold a row of few channels.
type Few<S> = [Floats<S>; 2];
type Wide<S> = <<S as Simd>::Register as Lanes>::Doubles;

/// Computes distances on a tier.
#[derive(Clone, Copy)]
pub(super) struct Distances<'a, S: Simd> {
    simd: S,
    embeddings: Embeddings<'a>,
    /// The whole vectors of the center, if it has more channels than [`FEW`].
    whole: &'a [Floats<S>],
    /// The rest of the center, padded with zeros.
    rest: Few<S>,
    /// Which lanes of the rest are channels.
    is_channel: [<Vector<S> as Lanes>::Mask; 2],
}

impl<'a, S: Simd> Distances<'a, S> {
    #[inline(always)]
    pub fn new(simd: S, embeddings: Embeddings<'a>) -> Self {
        let channels = embeddings.center.len();
        let whole = if channels <= FEW { 0 } else { channels / SIXTEEN * SIXTEEN };
        let (whole, rest) = embeddings.center.split_at_checked(whole).unwrap_or((&[], &[]));
        let [rest, ones] = padded::<Few<S>>(rest);
        let [low, high] = ones;
        let one = Vector::<S>::splat(simd, 1.0);
        let is_low = Vector::<S>::from_floats(simd, &low).eq(one);
        let is_high = Vector::<S>::from_floats(simd, &high).eq(one);
        Self { simd, embeddings, whole: vectors(whole), rest, is_channel: [is_low, is_high] }
    }

    /// The distances of the pixels from `first` on. Behind the last pixel distances are 0, which is inside the sphere.
    #[inline(always)]
    pub fn get(&self, first: usize, length: usize, strip: &mut [f64; STRIP]) {
        let distances = strip.get_mut(..length.div_ceil(SIXTEEN) * SIXTEEN).unwrap_or(&mut []);
        own_call(self.simd, StripDistances { of: self, first, distances });
        strip.iter_mut().skip(length).take(SIXTEEN).for_each(|distance| *distance = 0.0);
    }

    /// The distances of pixels of few channels: the partial sums of sixteen rows, then four trees
    /// at once.
    #[inline(always)]
    fn of_few(&self, first: usize, distances: &mut [f64]) {
        let Embeddings { cube: Cube { values, layout, .. }, .. } = self.embeddings;
        let rows = Rows::new(values, &layout);
        let is_whole = layout.channels == FEW;
        let mut copy = Few::<S>::zeroed();
        let mut partial_sums = [Floats::<S>::zeroed(); SIXTEEN];
        for (part, distances) in distances.chunks_mut(SIXTEEN).enumerate() {
            let first = first + part * SIXTEEN;
            let mut start = first.wrapping_mul(layout.pixel_stride);
            for partial_sums in &mut partial_sums {
                let row = rows.end(start, layout.channels, &mut copy);
                start = start.wrapping_add(layout.pixel_stride);
                self.pair(row, is_whole).to_floats(partial_sums);
            }
            let (rows, _) = partial_sums.as_chunks::<ROWS>();
            for (distances, rows) in distances.chunks_exact_mut(ROWS).zip(rows) {
                let rows = rows.each_ref().map(|row| Vector::<S>::from_floats(self.simd, row));
                let folded = self.simd.fold_rows(rows).widen().fold_to_four();
                distances.copy_from_slice(&folded);
            }
        }
    }

    /// Sums of two squares. (The center is the first operand, because instructions can read the second one from
    /// memory.)
    #[inline(always)]
    fn pair(&self, [low, high]: &Few<S>, is_whole: bool) -> Vector<S> {
        let ([low_center, high_center], [is_low, is_high]) = (&self.rest, self.is_channel);
        let mut low = Vector::<S>::from_floats(self.simd, low_center) - Vector::<S>::from_floats(self.simd, low);
        let mut high = Vector::<S>::from_floats(self.simd, high_center) - Vector::<S>::from_floats(self.simd, high);
        if !is_whole {
            low = only(Some(is_low), low);
            high = only(Some(is_high), high);
        }
        low * low + high * high
    }

    /// The distance of a pixel of many channels.
    #[inline(always)]
    fn of_many(&self, rows: &Rows, start: usize) -> f64 {
        let whole = self.whole.len() * SIXTEEN;
        let zero = Vector::<S>::splat(self.simd, 0.0);
        let ((blocks, more), (centers, more_centers)) =
            (rows.whole(start, whole).as_chunks::<BLOCK>(), self.whole.as_chunks::<BLOCK>());
        let mut partial_sums = zero.widen();
        for (values, centers) in blocks.iter().zip(centers) {
            let mut block = zero;
            for (values, center) in values.iter().zip(centers) {
                block = block + self.squares(values, center);
            }
            partial_sums = partial_sums + block.widen();
        }
        let mut block = zero;
        for (values, center) in more.iter().zip(more_centers) {
            block = block + self.squares(values, center);
        }
        let left = self.embeddings.center.len() % SIXTEEN;
        if left > 0 {
            let mut copy = Floats::<S>::zeroed();
            let end = rows.end(start.wrapping_add(whole), left, &mut copy);
            let ([rest, _], [is_channel, _]) = (&self.rest, self.is_channel);
            block = block + only(Some(is_channel), self.squares(end, rest));
        }
        (partial_sums + block.widen()).sum_of_sixteen()
    }

    #[inline(always)]
    fn squares(&self, values: &Floats<S>, center: &Floats<S>) -> Vector<S> {
        let difference = Vector::<S>::from_floats(self.simd, values) - Vector::<S>::from_floats(self.simd, center);
        difference * difference
    }

    /// The distances of a register of pixels.
    #[inline(always)]
    fn of_planes(&self, index: usize) -> Wide<S> {
        let Self { simd, embeddings: Embeddings { cube, center, .. }, .. } = *self;
        let columns = CubeColumns::new(cube.values, cube.layout);
        let zero = S::Register::splat(simd, 0.0);
        let is_few = center.len() <= FEW;
        let add = |level, one: Wide<S>, other| {
            let sum = one + other;
            // The exact sum of two floats is rounded once, which is the same as an addition in `f32`.
            if is_few && level < FOLDED { S::Register::narrow(sum).widen() } else { sum }
        };
        let mut tree = Tree::new(zero.widen());
        for (turn, mut channel) in Tree::<Wide<S>>::order() {
            let mut sum = zero.widen();
            let mut centers = center.get(channel..).unwrap_or(&[]);
            while !centers.is_empty() {
                let mut block = zero;
                for center in centers.iter().step_by(SIXTEEN).take(BLOCK) {
                    let value: S::Register = columns.get(simd, index, channel);
                    let difference = value - value.constant(*center);
                    block = block + difference * difference;
                    channel += SIXTEEN;
                }
                sum = sum + block.widen();
                centers = centers.get(BLOCK * SIXTEEN..).unwrap_or(&[]);
            }
            tree.add(turn, sum, add);
        }
        tree.sum()
    }
}

/// Runs a part of a kernel as a call of its own, so that it can use all registers. (This function is not compiled for
/// the tier, so neither it nor the part is inlined.)
#[inline(never)]
pub(super) fn own_call<S: Simd, K: Kernel>(simd: S, part: K) -> K::Output {
    simd.call(part)
}

/// A strip of distances.
struct StripDistances<'s, 'a, S: Simd> {
    of: &'s Distances<'a, S>,
    first: usize,
    distances: &'s mut [f64],
}

impl<S: Simd> Kernel for StripDistances<'_, '_, S> {
    type Output = ();

    #[inline(always)]
    fn run<T: Simd>(self, _: T) {
        let of = *self.of;
        let Layout { n, channels, channel_stride, .. } = of.embeddings.cube.layout;
        if channel_stride != 1 {
            let lanes = S::Register::LANES;
            let registers = self.first / lanes..n.div_ceil(lanes);
            for (distances, register) in self.distances.chunks_exact_mut(lanes).zip(registers) {
                let sums = of.of_planes(register).to_values();
                distances.copy_from_slice(flat(&sums));
            }
        } else if channels <= FEW {
            of.of_few(self.first, self.distances);
        } else {
            let Cube { values, layout, .. } = of.embeddings.cube;
            let rows = Rows::new(values, &layout);
            for (distance, pixel) in self.distances.iter_mut().zip(self.first..n) {
                *distance = of.of_many(&rows, pixel * layout.pixel_stride);
            }
        }
    }
}
