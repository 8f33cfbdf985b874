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

mod targets;

use super::reduction::{Reduction, Sums};
use crate::error::{Error, Notices, Value};
use crate::exact::{Accumulator, ExactSum};
use crate::input::{Live, LiveColumns, Pixels, both, tally};
use crate::simd::{self, Columns, Kernel, Lanes, Output, Simd, only};
use targets::{Hard, Targets};

/// What is computed, by one of the losses.
pub(crate) trait Pixelwise: Copy {
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
    /// Those of the terms: times 1.
    fn term_factors(&self) -> Factors {
        self.factors(1.0)
    }
    /// The function of the margin.
    fn function(&self) -> Self::Function;
    /// Whether soft targets are for this loss.
    const SOFT: bool;
    /// How targets are softened.
    fn softening(&self) -> Softening;
}

/// A function of the margin, and its derivative.
pub(crate) trait Function: Copy {
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
pub(crate) struct Factors {
    pub negative: f32,
    pub positive: f32,
}

/// The target y becomes `y * scale + offset`, and 1 - y `(1 - y) * scale + offset`.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Softening {
    pub scale: f32,
    pub offset: f32,
}

impl Softening {
    pub const NONE: Self = Self { scale: 1.0, offset: 0.0 };
}

/// Adds pixels to sums.
pub(crate) fn update<P: Pixelwise>(
    params: &P,
    pixels: &Pixels,
    sums: &mut Sums,
) -> Result<(), Error> {
    let softening = check(params, pixels)?;
    let tally = tally(pixels.scores.len(), pixels, &mut sums.weights);
    sums.count(params.fingerprint(), tally);
    let terms = Some((params.term_factors(), To::Sum(&mut sums.loss)));
    walk(params, pixels, softening, Outputs { terms, slopes: None });
    Ok(())
}

/// The loss.
pub(crate) fn loss<P: Pixelwise>(params: &P, sums: &Sums) -> Result<Value, Error> {
    params.check()?;
    sums.check(params.fingerprint())?;
    sums.value(params.reduction())
}

/// Writes the gradient, or adds it.
pub(crate) fn gradient<P: Pixelwise>(
    params: &P,
    sums: &Sums,
    pixels: &Pixels,
    upstream: f64,
    gradient: Output,
) -> Result<Notices, Error> {
    let softening = check(params, pixels)?;
    sums.check(params.fingerprint())?;
    Pixels::check_lengths(pixels.scores.len(), &[Some(gradient.len())])?;
    let factors = params.factors(sums.slope(params.reduction(), upstream));
    let slopes = Some((factors, gradient));
    walk(params, pixels, softening, Outputs { terms: None, slopes });
    Ok(sums.notices(params.reduction()))
}

/// The loss and the gradient of one batch, whose sums are added to `totals`.
pub(crate) fn loss_and_gradient<P: Pixelwise>(
    params: &P,
    pixels: &Pixels,
    upstream: f64,
    totals: Option<&mut Sums>,
    gradient: Output,
) -> Result<Value, Error> {
    let softening = check(params, pixels)?;
    Pixels::check_lengths(pixels.scores.len(), &[Some(gradient.len())])?;
    if params.reduction() == Reduction::None {
        return Err(Error::NoScalar);
    }
    let mut batch = Sums::default();
    let tally = tally(pixels.scores.len(), pixels, &mut batch.weights);
    batch.count(params.fingerprint(), tally);
    let factors = params.factors(batch.slope(params.reduction(), upstream));
    let slopes = Some((factors, gradient));
    let terms = Some((params.term_factors(), To::Sum(&mut batch.loss)));
    walk(params, pixels, softening, Outputs { terms, slopes });
    if let Some(totals) = totals {
        totals.merge(&batch);
    }
    loss(params, &batch)
}

/// Writes the terms.
pub(crate) fn map<P: Pixelwise>(
    params: &P,
    pixels: &Pixels,
    map: Output,
) -> Result<Notices, Error> {
    let softening = check(params, pixels)?;
    Pixels::check_lengths(pixels.scores.len(), &[Some(map.len())])?;
    let terms = Some((params.term_factors(), To::Map(map)));
    walk(params, pixels, softening, Outputs { terms, slopes: None });
    Ok(Notices::EMPTY.when(pixels.scores.is_empty()))
}

fn walk<'a, P: Pixelwise>(
    params: &P,
    pixels: &'a Pixels<'a>,
    softening: Option<Softening>,
    to: Outputs<'a>,
) {
    let function = params.function();
    match softening {
        _ if P::SOFT && simd::IS_SMALL => {
            simd::run(Walk { pixels, function, targets: softening, to })
        }
        Some(targets) if P::SOFT => simd::run(Walk { pixels, function, targets, to }),
        _ => simd::run(Walk { pixels, function, targets: Hard, to }),
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
    /// The pixels as they are looked at on one of their sides.
    #[inline(always)]
    fn soft_side(&self, simd: V::Simd, softening: Softening, is_positive: bool) -> Side<V> {
        let Softening { scale, offset } = softening;
        let [zero, one] = [V::splat(simd, 0.0), V::splat(simd, 1.0)];
        let target = match self.live.soft_target {
            Some(target) => target,
            None => V::select(self.positive, one, zero),
        };
        // What the target leaves to the negative side is softened by itself: near 0 it would have no digits
        // left as the difference of 1 and the softened target.
        let (share, positive) =
            if is_positive { (target, one.eq(one)) } else { (one - target, one.lt(one)) };
        Side { positive, share: Some(share * scale + offset) }
    }

    /// The logit, negated where the side is positive.
    #[inline(always)]
    fn margin(&self, side: &Side<V>) -> V {
        V::select(side.positive, self.logit.negate(), self.logit)
    }

    /// Each pixel's factor, and whether it counts with a factor that is not 0 (None: all do).
    #[inline(always)]
    fn factor(&self, side: &Side<V>, factors: Factors) -> (V, Option<V::Mask>) {
        let [positive, negative] = [factors.positive, factors.negative];
        let constant = |factor| self.logit.constant(factor);
        let mut factor = V::select(side.positive, constant(positive), constant(negative));
        if let Some(share) = side.share {
            factor = share * factor;
        }
        let factor = self.live.weighted(factor);
        let as_they_are = side.share.is_none() && self.live.weight.is_none();
        if as_they_are && positive != 0.0 && negative != 0.0 {
            return (factor, self.live.mask);
        }
        (factor, Some(both(self.live.mask, !factor.eq(constant(0.0)))))
    }
}

/// A hard target has one side: that of its class. A soft one has both, each with its share.
struct Side<V: Lanes> {
    positive: V::Mask,
    /// None: 1.
    share: Option<V>,
}

/// What is made of the pixels.
struct Outputs<'a> {
    /// The factors of the terms, and where these go.
    terms: Option<(Factors, To<'a>)>,
    /// The factors of the slopes, and where the gradient goes.
    slopes: Option<(Factors, Output<'a>)>,
}

/// Where the terms go.
enum To<'a> {
    Sum(&'a mut ExactSum),
    Map(Output<'a>),
}

/// The one walk over pixels: their terms, their slopes or both. What is not wanted is skipped, at a branch a
/// vector.
struct Walk<'a, F, T> {
    pixels: &'a Pixels<'a>,
    function: F,
    targets: T,
    to: Outputs<'a>,
}

impl<F: Function, T: Targets> Kernel for Walk<'_, F, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // Soft targets are rare and need the function twice: one register at a time keeps the code small.
        if T::SOFT { self.walk::<S, S::Register>(simd) } else { self.walk::<S, F::Lanes<S>>(simd) }
    }
}

impl<F: Function, T: Targets> Walk<'_, F, T> {
    #[inline(always)]
    fn walk<S: Simd, V: Lanes<Simd = S>>(self, simd: S) {
        let Self { pixels, function, targets, to } = self;
        let inputs = Inputs::<V>::new(pixels);
        let (term_factors, sum, map) = match to.terms {
            Some((factors, To::Sum(sum))) => (Some(factors), Some(sum), Output::nowhere()),
            Some((factors, To::Map(map))) => (Some(factors), None, map),
            None => (None, None, Output::nowhere()),
        };
        let (slope_factors, gradient) = match to.slopes {
            // The margin of a positive pixel falls as its logit rises.
            Some((Factors { negative, positive }, gradient)) => {
                (Some(Factors { negative, positive: -positive }), gradient)
            }
            None => (None, Output::nowhere()),
        };
        let softening = targets.softening();
        let wanted = Wanted { function, softening, terms: term_factors, slopes: slope_factors };
        let (is_sum, is_map) = (sum.is_some(), sum.is_none() && term_factors.is_some());
        let mut sum = Accumulator::new(simd, sum);
        let (mut map, mut gradient) = (map.columns(), gradient.columns());
        for index in 0..inputs.vectors {
            let vector = inputs.get(simd, index);
            let (term, slope) = wanted.of(simd, &vector);
            if is_sum {
                sum.push(term);
            } else if is_map {
                map.get(index).put(term);
            }
            if slope_factors.is_some() {
                gradient.get(index).write(vector.live.mask, slope);
            }
        }
        map.finish();
        gradient.finish();
        if is_sum {
            sum.finish(pixels.scores.len());
        }
    }
}

/// What is computed of a vector of pixels.
struct Wanted<F> {
    function: F,
    /// None: the targets are hard.
    softening: Option<Softening>,
    /// The factors of the terms and of the slopes. What is None is not wanted, and 0.
    terms: Option<Factors>,
    slopes: Option<Factors>,
}

impl<F: Function> Wanted<F> {
    /// Terms and slopes. (A call where stack is scarce: the blocks of a sum do not lie on top of its registers.)
    #[cfg_attr(any(target_pointer_width = "64", target_family = "wasm"), inline(always))]
    #[cfg_attr(not(any(target_pointer_width = "64", target_family = "wasm")), inline(never))]
    fn of<V: Lanes>(&self, simd: V::Simd, vector: &Vector<V>) -> (V, V) {
        let (mut term, mut slope) = (vector.logit.constant(0.0), vector.logit.constant(0.0));
        let sides = if self.softening.is_some() { 2 } else { 1 };
        for side in 0..sides {
            let side = match self.softening {
                Some(softening) => vector.soft_side(simd, softening, side == 1),
                None => Side { positive: vector.positive, share: None },
            };
            let parts = self.function.parts(vector.margin(&side));
            if let Some(factors) = self.terms {
                let (factor, on) = vector.factor(&side, factors);
                term = term + only(on, self.function.value(parts, factor));
            }
            if let Some(factors) = self.slopes {
                let (factor, on) = vector.factor(&side, factors);
                slope = slope + only(on, self.function.slope(parts, factor));
            }
        }
        (term, slope)
    }
}
