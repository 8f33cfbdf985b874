//! Losses with one term a pixel, a function of the pixel's margin: what [`super::bce`] and [`super::focal`]
//! share.
//!
//! ```text
//! z_i = y_i ? -x_i : x_i          the margin: how far the logit is on the wrong side
//! l_i = c(y_i) v_i f(z_i)         c: factor of the class, v: pixel weight
//! dl_i/dx_i = (y_i ? -1 : 1) c(y_i) v_i f'(z_i)
//! ```
//!
//! A soft target y in [0, 1] is both classes at once: `y` times the term of a positive pixel and `1 - y`
//! times that of a negative one. A factor of exactly 0 switches a term off: it is 0 whatever the logit.

use super::reduction::{Reduction, Sums};
use super::{Write, only};
use crate::error::{Error, Notices, Value};
use crate::exact::{Accumulator, ExactSum};
use crate::pixels::{Live, LiveColumns, Pixels, tally};
use crate::simd::{self, Columns, ColumnsMut, Kernel, Lanes, Simd};

/// What is computed, by one of the losses.
pub(super) trait Pixelwise: Copy {
    /// The function f of the margin.
    type Function: Function;

    /// The parameters are in range.
    fn check(&self) -> Result<(), Error>;
    /// How the terms become the loss.
    fn reduction(&self) -> Reduction;
    /// A hash of what the terms depend on.
    fn fingerprint(&self) -> i64;
    /// The factors of the classes, times `scale`.
    fn factors(&self, scale: f64) -> Factors;
    /// The function of the margin.
    fn function(&self) -> Self::Function;
    /// Whether soft targets are for this loss.
    const SOFT: bool;
    /// How targets are softened.
    fn softening(&self) -> Softening;
}

/// A function of the margin, and its derivative.
pub(super) trait Function: Copy {
    /// How many pixels are computed at a time: where the code of the function is large, few.
    type Lanes<S: Simd>: Lanes<Simd = S>;
    /// What value and slope have in common.
    type Parts<V: Lanes>: Copy;

    /// Computes what value and slope have in common.
    fn parts<V: Lanes>(self, margin: V) -> Self::Parts<V>;
    /// `f(z) * factor`.
    fn value<V: Lanes>(self, parts: Self::Parts<V>, factor: V) -> V;
    /// `f'(z) * factor`.
    fn slope<V: Lanes>(self, parts: Self::Parts<V>, factor: V) -> V;
}

/// What a pixel's function is multiplied with, by its class.
#[derive(Clone, Copy, Default)]
pub(super) struct Factors {
    pub negative: f32,
    pub positive: f32,
}

/// The target y becomes `y * scale + offset`, and 1 - y `(1 - y) * scale + offset`.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Softening {
    pub scale: f32,
    pub offset: f32,
}

impl Softening {
    pub const NONE: Self = Self { scale: 1.0, offset: 0.0 };
}

/// Adds pixels to sums.
pub(super) fn update<P: Pixelwise>(
    params: &P,
    pixels: &Pixels,
    sums: &mut Sums,
) -> Result<(), Error> {
    let softening = check(params, pixels)?;
    let tally = tally(pixels.scores.len(), pixels, &mut sums.weights);
    sums.count(params.fingerprint(), tally);
    add_terms(params, pixels, softening, To::Sum(&mut sums.loss));
    Ok(())
}

/// The loss.
pub(super) fn loss<P: Pixelwise>(params: &P, sums: &Sums) -> Result<Value, Error> {
    params.check()?;
    sums.check(params.fingerprint())?;
    sums.value(params.reduction())
}

/// Writes the gradient, or adds it.
pub(super) fn gradient<P: Pixelwise>(
    params: &P,
    sums: &Sums,
    pixels: &Pixels,
    upstream: f64,
    write: Write,
    gradient: &mut [f32],
) -> Result<Notices, Error> {
    let softening = check(params, pixels)?;
    sums.check(params.fingerprint())?;
    Pixels::check_lengths(pixels.scores.len(), &[Some(gradient.len())])?;
    let (pixels, function) = (*pixels, params.function());
    let slopes = params.factors(sums.slope(params.reduction(), upstream));
    let terms = (Factors::default(), &mut ExactSum::default());
    let job = Slopes { pixels, function, softening, slopes, write, gradient, terms };
    write_gradient::<P>(job);
    Ok(sums.notices(params.reduction()))
}

/// The loss and the gradient of one batch, whose sums are added to `totals`.
pub(super) fn loss_and_gradient<P: Pixelwise>(
    params: &P,
    pixels: &Pixels,
    upstream: f64,
    write: Write,
    totals: Option<&mut Sums>,
    gradient: &mut [f32],
) -> Result<Value, Error> {
    let softening = check(params, pixels)?;
    Pixels::check_lengths(pixels.scores.len(), &[Some(gradient.len())])?;
    if params.reduction() == Reduction::None {
        return Err(Error::NoScalar);
    }
    let mut batch = Sums::default();
    let tally = tally(pixels.scores.len(), pixels, &mut batch.weights);
    batch.count(params.fingerprint(), tally);
    let (pixels, function) = (*pixels, params.function());
    let slopes = params.factors(batch.slope(params.reduction(), upstream));
    let terms = (params.factors(1.0), &mut batch.loss);
    let job = Slopes { pixels, function, softening, slopes, write, gradient, terms };
    write_gradient::<P>(job);
    if let Some(totals) = totals {
        totals.merge(&batch);
    }
    loss(params, &batch)
}

/// Writes the terms.
pub(super) fn map<P: Pixelwise>(
    params: &P,
    pixels: &Pixels,
    map: &mut [f32],
) -> Result<Notices, Error> {
    let softening = check(params, pixels)?;
    Pixels::check_lengths(pixels.scores.len(), &[Some(map.len())])?;
    add_terms(params, pixels, softening, To::Map(map));
    Ok(Notices::EMPTY.when(pixels.scores.is_empty()))
}

fn add_terms<P: Pixelwise>(params: &P, pixels: &Pixels, softening: Option<Softening>, to: To) {
    let (pixels, function, factors) = (*pixels, params.function(), params.factors(1.0));
    if P::SOFT && softening.is_some() {
        simd::run(Terms::<_, true> { pixels, function, softening, factors, to });
    } else {
        simd::run(Terms::<_, false> { pixels, function, softening, factors, to });
    }
}

fn write_gradient<P: Pixelwise>(job: Slopes<P::Function>) {
    if P::SOFT && job.softening.is_some() {
        simd::run(Gradient::<_, true>(job));
    } else {
        simd::run(Gradient::<_, false>(job));
    }
}

/// How the targets of a call are softened; None: they are hard.
fn check<P: Pixelwise>(params: &P, pixels: &Pixels) -> Result<Option<Softening>, Error> {
    params.check()?;
    let softening = params.softening();
    pixels.check_labelled()?;
    if pixels.soft_targets.is_some() && !P::SOFT {
        return Err(Error::UnsupportedInput);
    }
    Ok((pixels.soft_targets.is_some() || softening != Softening::NONE).then_some(softening))
}

/// The inputs as vectors.
struct Inputs<'a, V: Lanes> {
    logits: Columns<'a, V::Floats>,
    targets: Columns<'a, V::Bytes>,
    live: LiveColumns<'a, V>,
    /// How many vectors there are, the last perhaps padded.
    vectors: usize,
}

/// The inputs of one vector of pixels.
struct Vector<V: Lanes> {
    logit: V,
    positive: V::Mask,
    live: Live<V>,
}

impl<'a, V: Lanes> Inputs<'a, V> {
    #[inline(always)]
    fn new(pixels: &Pixels<'a>) -> Self {
        Self {
            logits: Columns::new(pixels.scores),
            targets: Columns::new(pixels.targets.unwrap_or(&[])),
            live: LiveColumns::new(pixels),
            vectors: pixels.scores.len().div_ceil(V::LANES),
        }
    }

    #[inline(always)]
    fn get(&self, simd: V::Simd, index: usize) -> Vector<V> {
        let logit = V::from_floats(simd, self.logits.get(index));
        let positive = V::mask_from_bytes(simd, self.targets.get(index));
        Vector { logit, positive, live: self.live.get(simd, index) }
    }
}

impl<V: Lanes> Vector<V> {
    /// The logit, negated where the target is positive.
    #[inline(always)]
    fn margin(&self) -> V {
        V::select(self.positive, self.logit.negate(), self.logit)
    }

    /// Each pixel's factor, and whether it counts with a factor that is not 0 (None: all do).
    #[inline(always)]
    fn factor(&self, factors: Factors) -> (V, Option<V::Mask>) {
        let [positive, negative] = [factors.positive, factors.negative];
        let constant = |factor| self.logit.constant(factor);
        let of_class = V::select(self.positive, constant(positive), constant(negative));
        let factor = self.live.weighted(of_class);
        if self.live.weight.is_none() && positive != 0.0 && negative != 0.0 {
            return (factor, self.live.mask);
        }
        let on = !factor.eq(constant(0.0));
        match self.live.mask {
            Some(live) => (factor, Some(live & on)),
            None => (factor, Some(on)),
        }
    }

    /// The factors of the pixel as a positive and as a negative one.
    #[inline(always)]
    fn soft_factors(&self, factors: Factors, softening: Option<Softening>) -> (V, V) {
        let one = self.logit.constant(1.0);
        let target = match self.live.soft_target {
            Some(target) => target,
            None => V::select(self.positive, one, one.constant(0.0)),
        };
        let Softening { scale, offset } = softening.unwrap_or(Softening::NONE);
        // What the target leaves to the other class is softened by itself: near 0 it would have no digits
        // left as the difference of 1 and the softened target.
        let positive = (target * scale + offset) * factors.positive;
        let negative = ((one - target) * scale + offset) * factors.negative;
        (self.live.weighted(positive), self.live.weighted(negative))
    }
}

/// The values where the factor is not 0, and 0 elsewhere.
#[inline(always)]
fn switched<V: Lanes>(factor: V, values: V) -> V {
    let zero = factor.constant(0.0);
    V::select(factor.eq(zero), zero, values)
}

/// Adds the terms to a sum, or writes them to a map.
struct Terms<'a, F, const SOFT: bool> {
    pixels: Pixels<'a>,
    function: F,
    softening: Option<Softening>,
    factors: Factors,
    to: To<'a>,
}

/// Where the terms go.
enum To<'a> {
    Sum(&'a mut ExactSum),
    Map(&'a mut [f32]),
}

impl<F: Function, const SOFT: bool> Kernel for Terms<'_, F, SOFT> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // Soft targets are rare and need the function twice: one register at a time keeps the code small.
        if SOFT { self.walk::<S, S::Register>(simd) } else { self.walk::<S, F::Lanes<S>>(simd) }
    }
}

impl<F: Function, const SOFT: bool> Terms<'_, F, SOFT> {
    #[inline(always)]
    fn walk<S: Simd, V: Lanes<Simd = S>>(self, simd: S) {
        let inputs = Inputs::<V>::new(&self.pixels);
        let function = self.function;
        let mut no_sum = ExactSum::default();
        let (sum, map, is_sum) = match self.to {
            To::Sum(sum) => (sum, &mut [] as &mut [f32], true),
            To::Map(map) => (&mut no_sum, map, false),
        };
        let mut sum = Accumulator::new(simd, sum);
        let mut map = ColumnsMut::new(map);
        for index in 0..inputs.vectors {
            let vector = inputs.get(simd, index);
            let term = if SOFT {
                let (positive, negative) = vector.soft_factors(self.factors, self.softening);
                let parts = function.parts(vector.logit.negate());
                let of_positive = switched(positive, function.value(parts, positive));
                let parts = function.parts(vector.logit);
                let of_negative = switched(negative, function.value(parts, negative));
                only(vector.live.mask, of_positive + of_negative)
            } else {
                let (factor, on) = vector.factor(self.factors);
                only(on, function.value(function.parts(vector.margin()), factor))
            };
            if is_sum {
                sum.push(term);
            } else {
                term.to_floats(map.get(index));
            }
        }
        map.finish();
        if is_sum {
            sum.finish(self.pixels.scores.len());
        }
    }
}

/// What is needed to write a gradient.
struct Slopes<'a, F> {
    pixels: Pixels<'a>,
    function: F,
    softening: Option<Softening>,
    slopes: Factors,
    write: Write,
    gradient: &'a mut [f32],
    terms: (Factors, &'a mut ExactSum),
}

/// Writes the gradient, and adds the terms to a sum on the way. (A gradient alone drops them: a kernel of its own
/// would be a quarter faster, and a seventh of the code of all losses.)
struct Gradient<'a, F, const SOFT: bool>(Slopes<'a, F>);

impl<F: Function, const SOFT: bool> Kernel for Gradient<'_, F, SOFT> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        if SOFT { self.walk::<S, S::Register>(simd) } else { self.walk::<S, F::Lanes<S>>(simd) }
    }
}

impl<F: Function, const SOFT: bool> Gradient<'_, F, SOFT> {
    #[inline(always)]
    fn walk<S: Simd, V: Lanes<Simd = S>>(self, simd: S) {
        let Slopes { pixels, function, softening, slopes, write, gradient, terms } = self.0;
        // The margin of a positive pixel falls as its logit rises.
        let slopes = Factors { positive: -slopes.positive, ..slopes };
        let (factors, sum) = terms;
        let inputs = Inputs::<V>::new(&pixels);
        let mut sum = Accumulator::new(simd, sum);
        let mut gradient = ColumnsMut::new(gradient);
        for index in 0..inputs.vectors {
            let vector = inputs.get(simd, index);
            if SOFT {
                let as_positive = function.parts(vector.logit.negate());
                let as_negative = function.parts(vector.logit);
                let (positive, negative) = vector.soft_factors(slopes, softening);
                let slope = switched(positive, function.slope(as_positive, positive))
                    + switched(negative, function.slope(as_negative, negative));
                write.write(vector.live.mask, slope, gradient.get(index));
                let (positive, negative) = vector.soft_factors(factors, softening);
                let term = switched(positive, function.value(as_positive, positive))
                    + switched(negative, function.value(as_negative, negative));
                sum.push(only(vector.live.mask, term));
            } else {
                let parts = function.parts(vector.margin());
                let (slope, on) = vector.factor(slopes);
                write.write(on, function.slope(parts, slope), gradient.get(index));
                let (factor, on) = vector.factor(factors);
                sum.push(only(on, function.value(parts, factor)));
            }
        }
        gradient.finish();
        sum.finish(pixels.scores.len());
    }
}
