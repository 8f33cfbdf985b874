//! Softmax of pixels with one logit a class: what the losses over classes share.
//!
//! ```text
//! p_k = e_k / s        e_k = exp(x_k - m)        s = sum e_k        m = max x_k
//! -ln p_y = (m - x_y) + log1p(r)                 r = s - 1, found without the 1
//! ```
//!
//! One pixel a lane; the channels are walked in their order: the maximum, then the sum in `f64`, so
//! that 4096 classes lose nothing. Logits that equal the maximum are counted, the others summed: r
//! keeps its digits where one class has almost all of the probability, and with it the loss and the
//! gradient of a pixel that is right and sure.
//!
//! **Infinite logits**: a single +inf has the limit, probability 1. Several, or -inf in every
//! channel, have none: NaN.
//!
//! **Labels** are read once a tile: [`Labels::read`] decides which pixels count, so that kernels know
//! one float a pixel, its class, or that it has none.
//!
//! A single channel is the softmax of two classes whose background has the logit 0: the sigmoid.

use crate::cube::{Cube, CubeColumns};
use crate::error::Error;
use crate::exact::{Accumulator, ExactSum};
use crate::math::{DIFFERENCE_SCALE, scaled_exp_of_difference};
use crate::pixels::Tally;
use crate::simd::{Doubles, Kernel, Lanes, Simd};
use bytemuck::Pod;

/// The most classes that a pixel may have.
pub(crate) const MOST_CLASSES: usize = 4096;

/// How many pixels are worked on at a time; a multiple of every tier's lanes. Fewer where stack is
/// scarce.
pub(crate) const TILE: usize = if cfg!(target_pointer_width = "64") { 512 } else { 32 };

/// The scale of the exponentials of this module, taken off.
const UNSCALE: f64 = 1.0 / DIFFERENCE_SCALE as f64;

/// One number a pixel of a tile.
#[derive(Clone, Copy)]
#[cfg_attr(target_pointer_width = "64", repr(align(64)))]
pub(crate) struct PerPixel<T>(pub [T; TILE]);

impl<T: Pod> PerPixel<T> {
    #[inline(always)]
    pub fn new() -> Self {
        Self([T::zeroed(); TILE])
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

/// How many vectors hold the pixels of a tile that begins at a pixel.
#[inline(always)]
pub(crate) fn vectors<V: Lanes>(n: usize, start: usize) -> usize {
    n.saturating_sub(start).min(TILE).div_ceil(V::LANES)
}

/// The inputs of a call on labelled pixels, checked.
#[derive(Clone, Copy)]
pub(crate) struct Labels<'a> {
    pub cube: Cube<'a>,
    /// The label of pixels that act as masked.
    pub ignore: Option<i32>,
    /// One a class; None: all are 1.
    pub class_weights: Option<&'a [f32]>,
    /// What a term's weight is: `own_share * o_y + base` with the class weight o.
    pub own_share: f64,
    pub base: f64,
}

/// What the labels of a tile say.
pub(crate) struct LabelTile {
    /// The class of a pixel; negative where it has no term.
    pub class: PerPixel<f32>,
    /// The pixel weight; 0 where the pixel does not count.
    pub weight: PerPixel<f32>,
    /// The weight of the class.
    pub class_weight: PerPixel<f32>,
    /// The logit of the class.
    pub logit: PerPixel<f32>,
}

impl LabelTile {
    #[inline(always)]
    pub fn new() -> Self {
        let empty = PerPixel::new();
        Self { class: empty, weight: empty, class_weight: empty, logit: empty }
    }
}

impl<'a> Labels<'a> {
    /// Labels without class weights, if the cube is whole and its channels are as many as may be.
    pub fn new(cube: &Cube<'a>, ignore: Option<i32>, fewest: usize) -> Result<Self, Error> {
        cube.check()?;
        if cube.labels.is_none() {
            return Err(Error::MissingInput);
        }
        if !(fewest..=MOST_CLASSES).contains(&cube.layout.channels) {
            return Err(Error::Channels);
        }
        Ok(Self { cube: *cube, ignore, class_weights: None, own_share: 1.0, base: 0.0 })
    }

    pub fn logits(&self) -> Logits<'a> {
        let columns = CubeColumns::new(self.cube.values, self.cube.layout);
        Logits { columns, channels: self.cube.layout.channels }
    }

    /// The pixels from `start` on, as many as a tile holds. A pixel that is masked or ignored is
    /// passed over; one whose label or weight is none is counted as rejected; one whose term has the
    /// factor 0 counts, but has no term.
    #[inline(never)]
    pub fn read(&self, start: usize, tile: &mut LabelTile) -> Tally {
        let layout = self.cube.layout;
        let classes = self.logits().classes();
        let mut valid = self.cube.valid.map(|valid| valid.get(start..).unwrap_or(&[]).iter());
        let mut weights = self.cube.weights.map(|given| given.get(start..).unwrap_or(&[]).iter());
        let labels = self.cube.labels.and_then(|labels| labels.get(start..)).unwrap_or(&[]);
        let mut tally = Tally::default();
        tile.class.0.fill(-1.0);
        tile.weight.0.fill(0.0);
        let places = tile.class.0.iter_mut().zip(&mut tile.weight.0);
        let places = places.zip(tile.class_weight.0.iter_mut().zip(&mut tile.logit.0));
        for (index, (((class, weight), (class_weight, logit)), label)) in
            places.zip(labels).enumerate()
        {
            let valid = valid.as_mut().and_then(Iterator::next).is_none_or(|valid| *valid != 0);
            let given = weights.as_mut().and_then(Iterator::next).copied().unwrap_or(1.0);
            if !valid || self.ignore == Some(*label) {
                continue;
            }
            let known = usize::try_from(*label).ok().filter(|label| *label < classes);
            let Some(known) = known.filter(|_| (0.0..f32::INFINITY).contains(&given)) else {
                tally.rejected += 1;
                continue;
            };
            tally.pixels += 1;
            let of_class = match self.class_weights {
                Some(weights) => weights.get(known).copied().unwrap_or(0.0),
                None => 1.0,
            };
            (*weight, *class_weight) = (given, of_class);
            if given > 0.0 && self.own_share * f64::from(of_class) + self.base > 0.0 {
                *class = known as f32;
                let place = (start + index) * layout.pixel_stride + known * layout.channel_stride;
                *logit = self.cube.values.get(place).copied().unwrap_or(0.0);
            }
        }
        tally
    }
}

/// Logits as vectors; a single channel has a background of zeros before it.
#[derive(Clone, Copy)]
pub(crate) struct Logits<'a> {
    columns: CubeColumns<'a>,
    channels: usize,
}

impl Logits<'_> {
    /// How many classes a pixel may have: as many as channels, but 2 for a single one.
    #[inline(always)]
    pub fn classes(&self) -> usize {
        self.channels.max(2)
    }

    #[inline(always)]
    pub fn get<V: Lanes>(&self, simd: V::Simd, index: usize, class: usize) -> V {
        match (self.channels, class) {
            (1, 0) => V::splat(simd, 0.0),
            (1, _) => self.columns.get(simd, index, 0),
            _ => self.columns.get(simd, index, class),
        }
    }

    /// The greatest logit, NaN left aside.
    #[inline(always)]
    pub fn max<V: Lanes>(&self, simd: V::Simd, index: usize) -> V {
        let mut max = V::splat(simd, f32::NEG_INFINITY);
        for class in 0..self.classes() {
            max = self.get::<V>(simd, index, class).max(max);
        }
        max
    }
}

/// `2^96 exp(x - m)`; the maximum itself has 2^96, also if it is infinite.
#[inline(always)]
pub(crate) fn exponential<V: Lanes>(logit: V, max: V) -> V {
    let scaled = scaled_exp_of_difference(logit, max);
    V::select(logit.eq(max), logit.constant(DIFFERENCE_SCALE), scaled)
}

/// 1 divided by a sum of exponentials, so that an exponential times it is a probability: a quotient
/// of floats and one step of Newton's, within 2^-46. NaN where several logits are infinite.
#[inline(always)]
pub(crate) fn reciprocal<V: Lanes>(max: V, sum: V::Doubles) -> V::Doubles {
    let simd = max.simd();
    let sum = sum * V::Doubles::splat(simd, UNSCALE);
    let float = V::narrow(sum);
    let one = max.constant(1.0);
    let no_limit = max.abs().eq(max.constant(f32::INFINITY)) & one.lt(float);
    let quotient = V::select(no_limit, max.constant(f32::NAN), one / float).widen();
    let step = V::Doubles::splat(simd, 2.0) - sum * quotient;
    quotient * step * V::Doubles::splat(simd, UNSCALE)
}

/// The softmax of a vector of pixels, before the division.
#[derive(Clone, Copy)]
pub(crate) struct Softmax<V: Lanes> {
    pub max: V,
    /// `2^96 (s - 1)`.
    pub rest: V::Doubles,
    /// `2^96 s`.
    pub sum: V::Doubles,
}

impl<V: Lanes> Softmax<V> {
    #[inline(always)]
    pub fn new(simd: V::Simd, logits: &Logits, index: usize) -> Self {
        let max = logits.max::<V>(simd, index);
        let (zero, one) = (max.constant(0.0), max.constant(1.0));
        let (mut equal, mut others) = (zero, zero.widen());
        for class in 0..logits.classes() {
            let logit = logits.get::<V>(simd, index, class);
            let is_max = logit.eq(max);
            let scaled = scaled_exp_of_difference(logit, max);
            equal = equal + V::select(is_max, one, zero);
            others = others + V::select(is_max, zero, scaled).widen();
        }
        let no_limit = max.abs().eq(max.constant(f32::INFINITY)) & one.lt(equal);
        let equal = V::select(no_limit, max.constant(f32::NAN), equal);
        let scale = V::Doubles::splat(simd, f64::from(DIFFERENCE_SCALE));
        let rest = (equal - 1.0).widen() * scale + others;
        Self { max, rest, sum: rest + scale }
    }

    /// s - 1, rounded once.
    #[inline(always)]
    pub fn rest_as_float(&self) -> V {
        V::narrow(self.rest * V::Doubles::splat(self.max.simd(), UNSCALE))
    }
}

/// Adds the numbers of a tile to an exact sum, as a call of its own: its code exists once.
pub(crate) struct SumTile<'a> {
    pub terms: &'a PerPixel<f32>,
    /// How many pixels are in the tile; the others are 0.
    pub length: usize,
    pub sum: &'a mut ExactSum,
}

impl Kernel for SumTile<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let mut sum = Accumulator::new(simd, self.sum);
        let vectors = self.length.min(TILE).div_ceil(S::Lanes::LANES);
        for index in 0..vectors {
            let floats: <S::Lanes as Lanes>::Floats = self.terms.get(index);
            sum.push(S::Lanes::from_floats(simd, &floats));
        }
        sum.finish(self.length);
    }
}

/// The vector at an index of a tile.
#[inline(always)]
pub(crate) fn load<V: Lanes>(simd: V::Simd, tile: &PerPixel<f32>, index: usize) -> V {
    V::from_floats(simd, &tile.get(index))
}
