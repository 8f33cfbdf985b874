//! The squared distances of pixels to the center, the same bits for every layout and tier.
//!
//! Leaf j of 16 takes the channels j, j + 16, j + 32, ... in this order: blocks of four squares are summed in
//! `f32`, the blocks in `f64`. The leaves are summed by a tree, in `f64`: those 8 apart are added, then 4, 2
//! and 1. Up to 32 channels a leaf has two squares at most, and the first two levels of the tree are in `f32`.
//! So no square is rounded by more than three additions in `f32`.
//!
//! Where the channels of a pixel are neighbours in memory, the leaves are the lanes of a vector, and the
//! trees of four pixels are climbed at once; elsewhere a vector holds a leaf of many pixels.

use super::Params;
use crate::input::{Cube, CubeColumns, Layout};
use crate::simd::{Counted, Doubles, Kernel, Lanes, Simd, flat, only, vectors};
use bytemuck::{Pod, Zeroable};

/// Leaves of the tree.
const LEAVES: usize = 16;
/// Squares of a leaf that are summed before they are widened.
const BLOCK: usize = 4;
/// Channels up to which the tree begins in `f32`.
const FEW: usize = 32;
/// Levels of the tree that are in `f32` then.
const FOLDED: usize = 2;
/// Pixels whose trees are climbed at once.
const ROWS: usize = 4;
/// Pixels of a strip.
pub(super) const STRIP: usize = if crate::simd::IS_SMALL { 32 } else { 256 };

/// Above it a distance less the squared radius may be of squares that overflowed in `f32`.
pub(super) const HIGH: f32 = (1_u128 << 100) as f32;
/// Below it squares may have lost digits in `f32`; what they lose is below 2^-138.
const LOW: f32 = 1.0 / HIGH;
/// Below this squared radius a distance below [`LOW`] may matter.
const LOW_RADIUS_SQUARED: f64 = 1.0 / (1_u128 << 90) as f64;

/// Embeddings and their center, which fit each other.
#[derive(Clone, Copy)]
pub(super) struct Embeddings<'a> {
    pub params: Params,
    pub cube: Cube<'a>,
    /// One float a channel.
    pub center: &'a [f32],
    pub radius_squared: f64,
}

impl Embeddings<'_> {
    /// Whether a distance may matter that is too small for the squares of `f32`.
    #[inline(always)]
    pub fn is_tiny(&self) -> bool {
        self.radius_squared < LOW_RADIUS_SQUARED
    }

    /// Computes distances again, of the pixels from `first` on, in `f64` throughout, whose squares may have
    /// left the range of `f32`. (A NaN is right as it is: a sum of squares has one only if a difference is
    /// NaN.)
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
type Floats<S> = <Vector<S> as Lanes>::Floats;
type Block<S> = [Floats<S>; 2];
type Wide<S> = <<S as Simd>::Register as Lanes>::Doubles;

/// Computes distances on a tier.
#[derive(Clone, Copy)]
pub(super) struct Distances<'a, S: Simd> {
    simd: S,
    embeddings: Embeddings<'a>,
    /// The center's whole vectors, if it has more than few channels.
    whole: &'a [Floats<S>],
    /// The rest of the center, padded with zeros.
    rest: Block<S>,
    /// The channels of the rest.
    is_channel: [<Vector<S> as Lanes>::Mask; 2],
}

impl<'a, S: Simd> Distances<'a, S> {
    #[inline(always)]
    pub fn new(simd: S, embeddings: Embeddings<'a>) -> Self {
        let channels = embeddings.center.len();
        let whole = if channels <= FEW { 0 } else { channels / LEAVES * LEAVES };
        let (whole, rest) = embeddings.center.split_at_checked(whole).unwrap_or((&[], &[]));
        let [rest, ones] = padded::<Block<S>>(rest);
        let [low, high] = ones;
        let one = Vector::<S>::splat(simd, 1.0);
        let is_low = Vector::<S>::from_floats(simd, &low).eq(one);
        let is_high = Vector::<S>::from_floats(simd, &high).eq(one);
        Self { simd, embeddings, whole: vectors(whole), rest, is_channel: [is_low, is_high] }
    }

    /// The distances of the pixels from `first` on. Behind them is the center: inside.
    #[inline(always)]
    pub fn get(&self, first: usize, length: usize, strip: &mut [f64; STRIP]) {
        let distances = strip.get_mut(..length.div_ceil(LEAVES) * LEAVES).unwrap_or(&mut []);
        apart(self.simd, Strip { of: self, first, distances });
        strip.iter_mut().skip(length).take(LEAVES).for_each(|distance| *distance = 0.0);
    }

    /// The distances of pixels of few channels: the leaves of sixteen rows, a leaf a lane, then four trees at
    /// once.
    #[inline(always)]
    fn of_few(&self, first: usize, distances: &mut [f64]) {
        let Embeddings { cube: Cube { values, layout, .. }, .. } = self.embeddings;
        let is_whole = layout.channels == FEW;
        // Behind a row may lie what nobody wrote, unless it is the next row.
        let is_readable = is_whole || layout.pixel_stride == layout.channels;
        let mut leaves = [Floats::<S>::zeroed(); LEAVES];
        for (part, distances) in distances.chunks_mut(LEAVES).enumerate() {
            let first = first + part * LEAVES;
            let mut start = first.wrapping_mul(layout.pixel_stride);
            for (row, leaves) in leaves.iter_mut().enumerate() {
                let copy;
                let block = match block_at(values, start) {
                    Some(block) if is_readable => block,
                    _ => {
                        copy = copy_row::<Block<S>>(&self.embeddings, first + row);
                        &copy
                    }
                };
                start = start.wrapping_add(layout.pixel_stride);
                self.pair(block, is_whole).to_floats(leaves);
            }
            let (rows, _) = leaves.as_chunks::<ROWS>();
            for (distances, rows) in distances.chunks_exact_mut(ROWS).zip(rows) {
                let rows = rows.each_ref().map(|row| Vector::<S>::from_floats(self.simd, row));
                let folded = self.simd.fold_rows(rows).widen().fold_to_four();
                distances.copy_from_slice(&folded);
            }
        }
    }

    /// The sums of two squares each. (The center comes first, since instructions read the second operand from
    /// memory.)
    #[inline(always)]
    fn pair(&self, [low, high]: &Block<S>, is_whole: bool) -> Vector<S> {
        let ([low_center, high_center], [is_low, is_high]) = (&self.rest, self.is_channel);
        let mut low = Vector::<S>::from_floats(self.simd, low_center)
            - Vector::<S>::from_floats(self.simd, low);
        let mut high = Vector::<S>::from_floats(self.simd, high_center)
            - Vector::<S>::from_floats(self.simd, high);
        if !is_whole {
            low = only(Some(is_low), low);
            high = only(Some(is_high), high);
        }
        low * low + high * high
    }

    /// The distance of a pixel of many channels: a leaf a lane.
    #[inline(always)]
    fn of_many(&self, pixel: usize) -> f64 {
        let Embeddings { cube: Cube { values, layout, .. }, .. } = self.embeddings;
        let row = values.get(pixel * layout.pixel_stride..).unwrap_or(&[]);
        let (row, behind) = row.split_at_checked(self.whole.len() * LEAVES).unwrap_or((&[], &[]));
        let zero = Vector::<S>::splat(self.simd, 0.0);
        let ((blocks, more), (centers, more_centers)) =
            (vectors(row).as_chunks::<BLOCK>(), self.whole.as_chunks::<BLOCK>());
        let mut leaves = zero.widen();
        for (values, centers) in blocks.iter().zip(centers) {
            let mut block = zero;
            for (values, center) in values.iter().zip(centers) {
                block = block + self.squares(values, center);
            }
            leaves = leaves + block.widen();
        }
        let mut block = zero;
        for (values, center) in more.iter().zip(more_centers) {
            block = block + self.squares(values, center);
        }
        let channels = layout.channels % LEAVES;
        if channels > 0 {
            // As above: what lies behind may be anything, and is only read if it is the next row.
            let is_packed = layout.pixel_stride == layout.channels;
            let copy;
            let last = match vectors(behind.get(..LEAVES).unwrap_or(&[])).first() {
                Some(last) if is_packed => last,
                _ => {
                    [copy, _] = padded(behind.get(..channels).unwrap_or(&[]));
                    &copy
                }
            };
            let ([rest, _], [is_channel, _]) = (&self.rest, self.is_channel);
            block = block + only(Some(is_channel), self.squares(last, rest));
        }
        let [a, b, c, d] = (leaves + block.widen()).fold_to_four();
        (a + c) + (b + d)
    }

    #[inline(always)]
    fn squares(&self, values: &Floats<S>, center: &Floats<S>) -> Vector<S> {
        let difference = Vector::<S>::from_floats(self.simd, values)
            - Vector::<S>::from_floats(self.simd, center);
        difference * difference
    }

    /// The distances of a register of pixels: a pixel a lane, one leaf after the other. They come in
    /// the order of reversed bits, in which the tree needs to remember one sum a level.
    #[inline(always)]
    fn along_pixels(&self, index: usize) -> Wide<S> {
        let columns = CubeColumns::new(self.embeddings.cube.values, self.embeddings.cube.layout);
        let zero = S::Register::splat(self.simd, 0.0);
        let is_few = self.embeddings.center.len() <= FEW;
        let mut levels = [zero.widen(); 5];
        for turn in 0..LEAVES as u32 {
            let leaf = (turn.reverse_bits() >> (u32::BITS - LEAVES.trailing_zeros())) as usize;
            let (mut sum, mut channel) = (zero.widen(), leaf);
            let mut centers = self.embeddings.center.get(leaf..).unwrap_or(&[]);
            while !centers.is_empty() {
                let mut block = zero;
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
                // Exact sums of floats are rounded: as if they were added in `f32`.
                if is_few && level < FOLDED {
                    sum = S::Register::narrow(sum).widen();
                }
            }
        }
        let [.., sum] = levels;
        sum
    }
}

/// Runs a part of a kernel as a call of its own: it has all registers to itself. (This function has none of the
/// tier's instructions, so neither it nor the part is inlined.)
#[inline(never)]
pub(super) fn apart<S: Simd, K: Kernel>(simd: S, part: K) -> K::Output {
    simd.call(part)
}

/// A strip of distances.
struct Strip<'s, 'a, S: Simd> {
    of: &'s Distances<'a, S>,
    first: usize,
    distances: &'s mut [f64],
}

impl<S: Simd> Kernel for Strip<'_, '_, S> {
    type Output = ();

    #[inline(always)]
    fn run<T: Simd>(self, _: T) {
        let of = *self.of;
        let Layout { n, channels, channel_stride, .. } = of.embeddings.cube.layout;
        if channel_stride != 1 {
            let lanes = S::Register::LANES;
            let registers = self.first / lanes..n.div_ceil(lanes);
            for (distances, register) in self.distances.chunks_exact_mut(lanes).zip(registers) {
                let sums = of.along_pixels(register).to_values();
                distances.copy_from_slice(flat(&sums));
            }
        } else if channels <= FEW {
            of.of_few(self.first, self.distances);
        } else {
            for (distance, pixel) in self.distances.iter_mut().zip(self.first..n) {
                *distance = of.of_many(pixel);
            }
        }
    }
}

/// Floats and as many ones, both padded with zeros.
#[inline(always)]
pub(super) fn padded<A: Pod>(floats: &[f32]) -> [A; 2] {
    pad(floats).map(|padded| vectors(&padded).first().copied().unwrap_or(A::zeroed()))
}

/// All tiers share its code.
#[inline(never)]
fn pad(floats: &[f32]) -> [[f32; FEW]; 2] {
    let mut padded = [[0.0; FEW]; 2];
    let [values, ones] = &mut padded;
    for ((value, one), float) in values.iter_mut().zip(ones).zip(floats) {
        (*value, *one) = (*float, 1.0);
    }
    padded
}

/// The block that begins at a place, if it is there.
#[inline(always)]
fn block_at<A: Pod>(values: &[f32], start: usize) -> Option<&A> {
    let block = values.get(start..)?.first_chunk::<FEW>()?;
    vectors(block).first()
}

/// A row of few channels, padded with zeros.
#[cold]
#[inline(never)]
fn copy_row<A: Pod>(embeddings: &Embeddings, pixel: usize) -> A {
    let Cube { values, layout, .. } = embeddings.cube;
    let row = if pixel < layout.n { pixel * layout.pixel_stride } else { values.len() };
    let row = values.get(row..).unwrap_or(&[]);
    let [copy, _] = padded(row.get(..layout.channels).unwrap_or(&[]));
    copy
}
