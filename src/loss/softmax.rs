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
//! A single channel is the softmax of two classes whose background has the logit 0: the sigmoid.

use super::columns::{Logits, Part, PerPixel, load, load_wide};
use crate::math::{DIFFERENCE_SCALE, scaled_exp_of_difference};
use crate::simd::{self, Doubles, Kernel, Lanes, Simd};

/// The scale of the exponentials of this module, taken off.
const UNSCALE: f64 = 1.0 / DIFFERENCE_SCALE as f64;

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
        self.max.fill(part, f32::NEG_INFINITY);
        self.equal.fill(part, 0.0);
        self.others.fill(part, 0.0);
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
