//! The squared distances of pixels to the center, the same bits for every layout and tier.
//!
//! Leaf j of 16 takes the channels j, j + 16, j + 32, ... in this order: blocks of four squares are
//! summed in `f32`, the blocks in `f64`, and the leaves by the tree of
//! [`Doubles::sum_of_sixteen`]. Where the channels of a pixel are neighbours in memory, the leaves
//! are the lanes of a vector; elsewhere a vector holds a leaf of many pixels.

use crate::cube::{Cube, CubeColumns};
use crate::simd::{Columns, Doubles, Lanes, Simd, flat};

/// Leaves of the tree.
const LEAVES: usize = 16;
/// Squares of a leaf that are summed before they are widened.
const BLOCK: usize = 4;

/// Above it squares may have overflowed in `f32`.
const HIGH: f32 = (1_u128 << 100) as f32;
/// Below it squares may have lost digits in `f32`; what they lose is below 2^-138.
const LOW: f32 = 1.0 / HIGH;
/// Below this squared radius a distance below [`LOW`] may matter.
const LOW_RADIUS_SQUARED: f64 = 1.0 / (1_u128 << 90) as f64;

/// The checked inputs of a call.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    pub cube: Cube<'a>,
    /// One float a channel.
    pub center: &'a [f32],
    pub radius_squared: f64,
}

impl Inputs<'_> {
    /// The least distance that is taken as `f32` squares give it.
    #[inline(always)]
    pub fn low(&self) -> f32 {
        if self.radius_squared < LOW_RADIUS_SQUARED { LOW } else { 0.0 }
    }

    /// Whether a distance must be computed again. (A NaN is right as it is: a sum of squares has one
    /// only if a difference is NaN.)
    #[inline(always)]
    pub fn is_rare<V: Lanes>(&self, distance: V) -> V::Mask {
        distance.lt(distance.constant(self.low())) | distance.constant(HIGH).lt(distance)
    }

    /// Computes rare distances again, of the pixels from `first` on, in `f64` throughout.
    #[cold]
    #[inline(never)]
    pub fn recompute(&self, first: usize, distances: &mut [f64]) {
        for (pixel, distance) in (first..self.cube.layout.n).zip(distances) {
            let rounded = *distance as f32;
            if rounded < self.low() || rounded > HIGH {
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
type Floats<S> = <Vector<S> as Lanes>::Floats;
type Leaves<S> = <Vector<S> as Lanes>::Doubles;
type Wide<S> = <<S as Simd>::Register as Lanes>::Doubles;

/// The whole vectors of a row.
#[inline(always)]
fn whole<A: bytemuck::Pod>(row: &[f32]) -> &[A] {
    let head = row.get(..row.len() / LEAVES * LEAVES).unwrap_or(&[]);
    bytemuck::try_cast_slice(head).unwrap_or(&[])
}

/// Computes distances on a tier.
pub(super) struct Distances<'a, S: Simd> {
    pub simd: S,
    inputs: Inputs<'a>,
    /// The center behind its whole vectors, padded with zeros.
    tail: Columns<'a, Floats<S>>,
    /// The lanes of the tail that are channels.
    pub is_channel: <Vector<S> as Lanes>::Mask,
}

impl<'a, S: Simd> Distances<'a, S> {
    #[inline(always)]
    pub fn new(simd: S, inputs: Inputs<'a>) -> Self {
        let ones = [1.0_f32; LEAVES];
        let count = inputs.center.len() % LEAVES;
        let ones = Columns::<Floats<S>>::new(ones.get(..count).unwrap_or(&[]));
        let one = Vector::<S>::from_floats(simd, ones.get(0));
        let is_channel = one.eq(one.constant(1.0));
        Self { simd, inputs, tail: Columns::new(inputs.center), is_channel }
    }

    /// The center behind its whole vectors.
    #[inline(always)]
    pub fn tail(&self) -> &Floats<S> {
        self.tail.get(self.inputs.center.len() / LEAVES)
    }

    /// Whether the channels of a pixel are neighbours in memory.
    #[inline(always)]
    pub fn is_interleaved(&self) -> bool {
        self.inputs.cube.layout.channel_stride == 1
    }

    /// The distances of the vector of pixels at an index; 0 behind the last pixel.
    #[inline(always)]
    pub fn write(&self, index: usize, distances: &mut [f64]) {
        let lanes = distances.len();
        if self.is_interleaved() {
            let pixels = index * lanes..self.inputs.cube.layout.n;
            let behind = distances.len().saturating_sub(pixels.len());
            for distance in distances.iter_mut().rev().take(behind) {
                *distance = 0.0;
            }
            for (pixel, distance) in pixels.zip(distances) {
                *distance = self.along_channels(pixel);
            }
        } else {
            let registers = lanes / S::Register::LANES;
            let parts = distances.chunks_mut(S::Register::LANES);
            for (part, distances) in parts.enumerate() {
                let sums = self.along_pixels(index * registers + part).to_values();
                for (distance, sum) in distances.iter_mut().zip(flat::<_, f64>(&sums)) {
                    *distance = *sum;
                }
            }
        }
    }

    /// The squares of a vector of channels.
    #[inline(always)]
    fn squares(&self, values: &Floats<S>, center: &Floats<S>) -> Vector<S> {
        let difference = Vector::<S>::from_floats(self.simd, values)
            - Vector::<S>::from_floats(self.simd, center);
        difference * difference
    }

    /// The distance of one pixel: a leaf a lane.
    #[inline(always)]
    fn along_channels(&self, pixel: usize) -> f64 {
        let Inputs { cube: Cube { values, layout, .. }, center, .. } = self.inputs;
        let rest = values.get(pixel * layout.pixel_stride..).unwrap_or(&[]);
        let row = rest.get(..center.len()).unwrap_or(&[]);
        let (mut row, mut center): (&[Floats<S>], &[Floats<S>]) = (whole(row), whole(center));
        let mut leaves = Leaves::<S>::splat(self.simd, 0.0);
        while let (Some((values, more_values)), Some((centers, more_centers))) =
            (row.split_first_chunk::<BLOCK>(), center.split_first_chunk::<BLOCK>())
        {
            let mut block = Vector::<S>::splat(self.simd, 0.0);
            for (values, center) in values.iter().zip(centers) {
                block = block + self.squares(values, center);
            }
            leaves = leaves + block.widen();
            (row, center) = (more_values, more_centers);
        }
        let whole_vectors = self.inputs.center.len() / LEAVES;
        let has_tail = !self.inputs.center.len().is_multiple_of(LEAVES);
        if has_tail || !row.is_empty() {
            let mut block = Vector::<S>::splat(self.simd, 0.0);
            for (values, center) in row.iter().zip(center) {
                block = block + self.squares(values, center);
            }
            if has_tail {
                let start = whole_vectors * LEAVES;
                let squares = self.squares(&self.tail_of(rest, start), self.tail());
                block = block + Vector::<S>::select(self.is_channel, squares, block.constant(0.0));
            }
            leaves = leaves + block.widen();
        }
        leaves.sum_of_sixteen()
    }

    /// The vector that begins at `start`: what lies behind the pixel's channels may be anything. Where
    /// pixels are packed that is the next pixel; gaps are never read.
    #[inline(always)]
    fn tail_of(&self, rest: &[f32], start: usize) -> Floats<S> {
        let Inputs { cube: Cube { layout, .. }, center, .. } = self.inputs;
        if layout.pixel_stride == layout.channels {
            let vector = rest.get(start..).and_then(|rest| rest.get(..LEAVES)).unwrap_or(&[]);
            if let Ok([floats]) = bytemuck::try_cast_slice(vector) {
                return *floats;
            }
        }
        *Columns::new(rest.get(start..center.len()).unwrap_or(&[])).get(0)
    }

    /// The distances of a register of pixels: a pixel a lane, one leaf after the other. They come in
    /// the order of reversed bits, in which the tree needs to remember one sum a level.
    #[inline(always)]
    fn along_pixels(&self, index: usize) -> Wide<S> {
        let columns = CubeColumns::new(self.inputs.cube.values, self.inputs.cube.layout);
        let mut levels = [Wide::<S>::splat(self.simd, 0.0); 5];
        for turn in 0..LEAVES as u32 {
            let leaf = (turn.reverse_bits() >> (u32::BITS - LEAVES.trailing_zeros())) as usize;
            let mut sum = Wide::<S>::splat(self.simd, 0.0);
            let mut channel = leaf;
            let mut centers = self.inputs.center.get(leaf..).unwrap_or(&[]);
            while !centers.is_empty() {
                let mut block = S::Register::splat(self.simd, 0.0);
                for center in centers.iter().step_by(LEAVES).take(BLOCK) {
                    let value: S::Register = columns.get(self.simd, index, channel);
                    let difference = value - value.constant(*center);
                    block = block + difference * difference;
                    channel += LEAVES;
                }
                sum = sum + block.widen();
                centers = centers.get(BLOCK * LEAVES..).unwrap_or(&[]);
            }
            for (level, kept) in levels.iter_mut().enumerate() {
                if turn >> level & 1 == 0 {
                    *kept = sum;
                    break;
                }
                sum = *kept + sum;
            }
        }
        let [.., sum] = levels;
        sum
    }
}
