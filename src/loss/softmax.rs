//! Softmax of pixels with one logit a class: what the losses over classes share.
//!
//! ```text
//! p_k = e_k / s        e_k = exp(x_k - m)        s = sum e_k        m = max x_k
//! -ln p_y = (m - x_y) + log1p(r)                 r = s - 1, found without the 1
//! ```
//!
//! The work is done on tiles of pixels, class after class: a column of logits is copied to the stack
//! (a single place knows about layouts), and small kernels run over columns. So one exponential serves
//! all, and no code is as large as its loops are deep. The sum over the classes is in their order and
//! in `f64`, so that 4096 of them lose nothing. Logits that equal the maximum are counted, the others
//! summed: r keeps its digits where one class has almost all of the probability, and with it the loss
//! and the gradient of a pixel that is right and sure.
//!
//! **Infinite logits**: a single +inf has the limit, probability 1. Several, or -inf in every
//! channel, have none: NaN.
//!
//! **Labels** are read once a tile: [`Labels::read`] decides which pixels count, so that kernels know
//! one float a pixel, its class, or that it has none.
//!
//! A single channel is the softmax of two classes whose background has the logit 0: the sigmoid.

use super::Write;
use crate::cube::{Cube, Layout};
use crate::error::Error;
use crate::exact::{Accumulator, ExactSum};
use crate::math::{DIFFERENCE_SCALE, scaled_exp_of_difference};
use crate::pixels::Tally;
use crate::simd::{self, Doubles, Kernel, Lanes, Simd};
use bytemuck::Pod;

/// The most classes that a pixel may have.
pub(crate) const MOST_CLASSES: usize = 4096;

/// From how many classes on tiles are smaller.
const MANY_CLASSES: usize = 256;

/// The most pixels that are worked on at a time; a quarter of it is a multiple of every tier's lanes. Fewer where stack is
/// scarce.
pub(crate) const TILE: usize = if cfg!(target_pointer_width = "64") { 512 } else { 64 };

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
}

impl LabelTile {
    #[inline(always)]
    pub fn new() -> Self {
        let empty = PerPixel::new();
        Self { class: empty, weight: empty, class_weight: PerPixel([1.0; TILE]) }
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
        Logits { values: self.cube.values, layout: self.cube.layout }
    }

    /// The pixels of a tile. A pixel that is masked or ignored is passed over; one whose label or weight
    /// is none is counted as rejected; one whose term has the factor 0 counts, but has no term.
    ///
    /// Loops without branches, one after the other: most take no longer than memory does.
    #[inline(never)]
    pub fn read(&self, part: Part, tile: &mut LabelTile) -> Tally {
        let classes = self.logits().classes() as u32;
        let (ignores, ignored) = (self.ignore.is_some(), self.ignore.unwrap_or(0));
        let mut live = PerPixel([1_u8; TILE]);
        tile.class.0.fill(-1.0);
        tile.weight.0.fill(1.0);
        copy(self.cube.valid, part, &mut live.0);
        copy(self.cube.weights, part, &mut tile.weight.0);
        let (mut pixels, mut rejected) = (0_u32, 0_u32);
        let labels = of_part(self.cube.labels, part).iter().zip(&live.0);
        for ((class, weight), (label, live)) in
            tile.class.0.iter_mut().zip(&mut tile.weight.0).zip(labels)
        {
            let asked = (*live != 0) & !(ignores & (*label == ignored));
            let known = (*label as u32) < classes;
            let counts = asked & known & (*weight >= 0.0) & (*weight < f32::INFINITY);
            pixels += u32::from(counts);
            rejected += u32::from(asked & !counts);
            *weight = if counts { *weight } else { 0.0 };
            *class = if *weight > 0.0 { *label as f32 } else { -1.0 };
        }
        tile.weight.0.iter_mut().skip(part.length).for_each(|weight| *weight = 0.0);
        if let Some(weights) = self.class_weights {
            self.weigh(weights, tile);
        }
        Tally { pixels: pixels.into(), rejected: rejected.into() }
    }

    /// Looks the class weights up, and switches off what weighs nothing.
    fn weigh(&self, weights: &[f32], tile: &mut LabelTile) {
        for (class, class_weight) in tile.class.0.iter_mut().zip(&mut tile.class_weight.0) {
            let known = if *class < 0.0 { usize::MAX } else { *class as usize };
            *class_weight = weights.get(known).copied().unwrap_or(0.0);
            let weighs = self.own_share * f64::from(*class_weight) + self.base > 0.0;
            *class = if weighs { *class } else { -1.0 };
        }
    }

    /// Looks up the logit of each pixel's class.
    #[inline(never)]
    pub fn look_up(&self, part: Part, class: &PerPixel<f32>, logits: &mut PerPixel<f32>) {
        let Layout { pixel_stride, channel_stride, .. } = self.cube.layout;
        for (index, (class, logit)) in class.0.iter().zip(&mut logits.0).enumerate() {
            let pixel = (part.start + index).wrapping_mul(pixel_stride);
            let place = pixel.wrapping_add((*class as usize).wrapping_mul(channel_stride));
            *logit = self.cube.values.get(place).copied().unwrap_or(0.0);
        }
    }
}

/// What an input has of a tile; nothing if it was not given.
fn of_part<T>(input: Option<&[T]>, part: Part) -> &[T] {
    let rest = input.and_then(|input| input.get(part.start..)).unwrap_or(&[]);
    rest.get(..part.length).unwrap_or(rest)
}

/// Copies what an input has of a tile, if it was given.
fn copy<T: Copy>(input: Option<&[T]>, part: Part, to: &mut [T]) {
    to.iter_mut().zip(of_part(input, part)).for_each(|(to, from)| *to = *from);
}

/// Logits by class; a single channel has a background of zeros before it.
#[derive(Clone, Copy)]
pub(crate) struct Logits<'a> {
    values: &'a [f32],
    layout: Layout,
}

impl Logits<'_> {
    /// How many classes a pixel may have: as many as channels, but 2 for a single one.
    pub fn classes(&self) -> usize {
        self.layout.channels.max(2)
    }

    /// The channel of a class, if it has one.
    pub fn channel(&self, class: usize) -> Option<usize> {
        if self.layout.channels == 1 { class.checked_sub(1) } else { Some(class) }
    }

    /// How many pixels a tile has: fewer where classes are many, so that it stays in a near cache.
    pub fn tile(&self) -> usize {
        if self.layout.channels > MANY_CLASSES { TILE / 4 } else { TILE }
    }

    /// Copies the logits of a class.
    #[inline(never)]
    pub fn column(&self, part: Part, class: usize, column: &mut PerPixel<f32>) {
        let Layout { pixel_stride, channel_stride, .. } = self.layout;
        let Some(channel) = self.channel(class) else { return column.0.fill(0.0) };
        let first = part.start * pixel_stride + channel * channel_stride;
        let logits = self.values.get(first..).unwrap_or(&[]);
        let places = column.0.iter_mut().take(part.length);
        if pixel_stride == 1 {
            places.zip(logits).for_each(|(place, logit)| *place = *logit);
        } else {
            let logits = logits.iter().step_by(pixel_stride.max(1));
            places.zip(logits).for_each(|(place, logit)| *place = *logit);
        }
    }
}

/// The pixels of a tile.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub start: usize,
    pub length: usize,
}

impl Part {
    /// Parts of up to `tile` pixels.
    pub fn all(n: usize, tile: usize) -> impl Iterator<Item = Self> {
        let starts = (0..n).step_by(tile.max(1));
        starts.map(move |start| Self { start, length: (n - start).min(tile) })
    }

    /// How many vectors hold its pixels.
    #[inline(always)]
    pub fn vectors<V: Lanes>(self) -> usize {
        self.length.min(TILE).div_ceil(V::LANES)
    }
}

/// A gradient that is written column by column.
pub(crate) struct Columns<'a> {
    pub gradient: &'a mut [f32],
    pub layout: Layout,
    pub write: Write,
}

impl Columns<'_> {
    /// Writes a channel where a pixel has a term.
    #[inline(never)]
    pub fn write(
        &mut self,
        part: Part,
        channel: usize,
        class: &PerPixel<f32>,
        values: &PerPixel<f32>,
    ) {
        let Layout { pixel_stride, channel_stride, .. } = self.layout;
        let first = part.start * pixel_stride + channel * channel_stride;
        let places = self.gradient.get_mut(first..).unwrap_or(&mut []);
        let places = places.iter_mut().step_by(pixel_stride.max(1)).take(part.length);
        let is_sum = self.write == Write::Add;
        for ((place, value), class) in places.zip(&values.0).zip(&class.0) {
            let before = if is_sum { *place } else { 0.0 };
            let after = if is_sum { before + *value } else { *value };
            *place = if *class >= 0.0 { after } else { before };
        }
    }
}

/// Maximum and sum of exponentials of each pixel of a tile, and the column that is worked on.
pub(crate) struct Softmax {
    pub column: PerPixel<f32>,
    pub max: PerPixel<f32>,
    /// How many logits equal the maximum.
    pub equal: PerPixel<f32>,
    /// `2^96` times the sum of the exponentials of all other logits.
    pub others: PerPixel<f64>,
}

impl Softmax {
    pub fn new() -> Self {
        let empty = PerPixel::new();
        Self { column: empty, max: empty, equal: empty, others: PerPixel::new() }
    }

    /// Finds the maxima, and empties the sums.
    #[inline(never)]
    pub fn begin(&mut self, logits: &Logits, part: Part) {
        self.max.0.fill(f32::NEG_INFINITY);
        self.equal.0.fill(0.0);
        self.others.0.fill(0.0);
        for class in 0..logits.classes() {
            logits.column(part, class, &mut self.column);
            simd::run(Greatest { part, column: &self.column, max: &mut self.max });
        }
    }

    /// The exponentials of a class, in the column.
    #[inline(never)]
    pub fn exponentials(&mut self, logits: &Logits, part: Part, class: usize) {
        logits.column(part, class, &mut self.column);
        simd::run(Exponentials { part, max: &self.max, logits: &mut self.column });
    }

    /// Adds the column to the sums.
    #[inline(never)]
    pub fn add(&mut self, part: Part) {
        simd::run(Add { part, softmax: self });
    }
}

/// The greatest logit, NaN left aside.
struct Greatest<'a> {
    part: Part,
    column: &'a PerPixel<f32>,
    max: &'a mut PerPixel<f32>,
}

impl Kernel for Greatest<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for index in 0..self.part.vectors::<S::Register>() {
            let max = load::<S::Register>(simd, self.max, index);
            let logit = load::<S::Register>(simd, self.column, index);
            self.max.set(index, logit.max(max).to_array());
        }
    }
}

/// `2^96 exp(x - m)` in place of x; the maximum itself has 2^96, also if it is infinite.
pub(crate) struct Exponentials<'a> {
    pub part: Part,
    pub max: &'a PerPixel<f32>,
    pub logits: &'a mut PerPixel<f32>,
}

impl Kernel for Exponentials<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for index in 0..self.part.vectors::<S::Register>() {
            let max = load::<S::Register>(simd, self.max, index);
            let logit = load::<S::Register>(simd, self.logits, index);
            let scaled = scaled_exp_of_difference(logit, max);
            let top = logit.constant(DIFFERENCE_SCALE);
            let scaled = S::Register::select(logit.eq(max), top, scaled);
            self.logits.set(index, scaled.to_array());
        }
    }
}

/// Adds a column of exponentials to the sums. (One below the maximum that rounds to its exponential
/// counts as equal: that is as right.)
struct Add<'a> {
    part: Part,
    softmax: &'a mut Softmax,
}

impl Kernel for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let zero = S::Register::splat(simd, 0.0);
        let (one, top) = (zero.constant(1.0), zero.constant(DIFFERENCE_SCALE));
        for index in 0..self.part.vectors::<S::Register>() {
            let scaled = load::<S::Register>(simd, &self.softmax.column, index);
            let equal = load::<S::Register>(simd, &self.softmax.equal, index);
            let others = load_wide::<S::Register>(simd, &self.softmax.others, index);
            let is_max = scaled.eq(top);
            let equal = equal + S::Register::select(is_max, one, zero);
            let others = others + S::Register::select(is_max, zero, scaled).widen();
            self.softmax.equal.set(index, equal.to_array());
            self.softmax.others.set(index, others.to_values());
        }
    }
}

/// The sums of a vector of pixels, scaled by 2^96.
#[derive(Clone, Copy)]
pub(crate) struct Sum<V: Lanes> {
    /// s - 1.
    pub rest: V::Doubles,
    /// s.
    pub all: V::Doubles,
}

impl<V: Lanes> Sum<V> {
    /// NaN where several logits are infinite.
    #[inline(always)]
    pub fn of(simd: V::Simd, softmax: &Softmax, index: usize) -> Self {
        let max = load::<V>(simd, &softmax.max, index);
        let equal = load::<V>(simd, &softmax.equal, index);
        let infinite = max.abs().eq(max.constant(f32::INFINITY));
        let no_limit = infinite & max.constant(1.0).lt(equal);
        let equal = V::select(no_limit, max.constant(f32::NAN), equal);
        let scale = V::Doubles::splat(simd, f64::from(DIFFERENCE_SCALE));
        let others = load_wide::<V>(simd, &softmax.others, index);
        let rest = (equal - 1.0).widen() * scale + others;
        Self { rest, all: rest + scale }
    }

    /// s - 1 without the scale, rounded once.
    #[inline(always)]
    pub fn rest_as_float(&self, simd: V::Simd) -> V {
        V::narrow(self.rest * V::Doubles::splat(simd, UNSCALE))
    }

    /// 1/s, so that an exponential times it is a probability: a quotient of floats and one step of
    /// Newton's, within 2^-46.
    #[inline(always)]
    pub fn reciprocal(&self, simd: V::Simd) -> V::Doubles {
        let unscale = V::Doubles::splat(simd, UNSCALE);
        let sum = self.all * unscale;
        let quotient = (V::splat(simd, 1.0) / V::narrow(sum)).widen();
        quotient * (V::Doubles::splat(simd, 2.0) - sum * quotient) * unscale
    }
}

/// Adds the numbers of a tile to an exact sum, as a call of its own: its code exists once.
pub(crate) struct SumTile<'a> {
    pub terms: &'a PerPixel<f32>,
    /// Its pixels; those that have no term are 0.
    pub part: Part,
    pub sum: &'a mut ExactSum,
}

impl Kernel for SumTile<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let mut sum = Accumulator::new(simd, self.sum);
        for index in 0..self.part.vectors::<S::Lanes>() {
            let floats: <S::Lanes as Lanes>::Floats = self.terms.get(index);
            sum.push(S::Lanes::from_floats(simd, &floats));
        }
        sum.finish(self.part.length);
    }
}

/// The vector at an index of a tile.
#[inline(always)]
pub(crate) fn load<V: Lanes>(simd: V::Simd, tile: &PerPixel<f32>, index: usize) -> V {
    V::from_floats(simd, &tile.get(index))
}

/// The vector of doubles at an index of a tile.
#[inline(always)]
pub(crate) fn load_wide<V: Lanes>(simd: V::Simd, tile: &PerPixel<f64>, index: usize) -> V::Doubles {
    V::Doubles::from_values(simd, &tile.get(index))
}
