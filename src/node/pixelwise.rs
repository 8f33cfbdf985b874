//! Losses with one term a pixel, a function of the pixel's margin: what [`crate::loss::bce`] and [`crate::loss::focal`]
//! share.
//!
//! ```text
//! z_i = y_i ? -x_i : x_i          the margin: how far the logit is on the wrong side
//! l_i = c(y_i) v_i f(z_i)         c: factor of the class, v: pixel weight
//! dl_i/dx_i = (y_i ? -1 : 1) c(y_i) v_i f'(z_i)
//! ```
//!
//! A soft target y in [0, 1] is both classes at once: `y` times the term of a positive pixel and `1 - y` times that of
//! a negative one. A factor of exactly 0 switches a term off: then the term is 0 for every logit.

mod targets;

use super::reduction::Sums;
use super::walk::{Outputs, TermLoss, Walk};
use crate::error::Error;
use crate::exact::{Accumulator, ExactSum};
use crate::input::{Live, LiveColumns, LiveRooms, Pixels, Source, Tally, Tile, Used, both, tally_source};
use crate::simd::{self, Columns, Kernel, Lanes, Output, Room, Simd, only};
use targets::{Hard, Targets};

/// A loss of the margin, by its parameters.
pub(crate) trait Pixelwise: TermLoss<Totals = Sums> {
    /// The function f of the margin.
    type Function: Function;

    /// The factors of the classes, times `scale`.
    fn factors(&self, scale: f64) -> Factors;
    /// The factors of the terms: times 1.
    fn term_factors(&self) -> Factors {
        self.factors(1.0)
    }
    /// The function of the margin.
    fn function(&self) -> Self::Function;
    /// Whether this loss can use soft targets.
    const SOFT: bool;
    /// How targets are softened.
    fn softening(&self) -> Softening;
}

/// A function of the margin, and its derivative.
pub(crate) trait Function: Copy {
    /// How many pixels are computed at a time. Where the code of the function is large, they are few.
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

/// Pixels and their targets, which fit each other and the loss.
pub(crate) struct Targeted<'a, P> {
    params: &'a P,
    source: Source<'a>,
    /// How the targets are softened; None: they are hard.
    softening: Option<Softening>,
}

impl<'a, P: Pixelwise> Targeted<'a, P> {
    pub fn new(params: &'a P, source: Source<'a>) -> Result<Self, Error> {
        params.check()?;
        let softening = params.softening();
        source.check_labelled()?;
        if source.is_soft() && !P::SOFT {
            return Err(Error::UnsupportedInput);
        }
        let is_soft = source.is_soft() || softening != Softening::NONE;
        Ok(Self { params, source, softening: is_soft.then_some(softening) })
    }
}

impl<P: Pixelwise> Walk for Targeted<'_, P> {
    type Params = P;

    fn params(&self) -> &P {
        self.params
    }

    fn is_empty(&self) -> bool {
        self.source.n(Used::LABELLED) == 0
    }

    fn tally(&self, weights: &mut ExactSum) -> Tally {
        tally_source(&self.source, Used::LABELLED, weights)
    }

    fn check_map(&self, length: usize) -> Result<(), Error> {
        self.check_gradient(length)
    }

    fn check_gradient(&self, length: usize) -> Result<(), Error> {
        self.source.check_output(Used::LABELLED, length)
    }

    // (It is inlined, because stack is scarce where bce runs, and a call would add a frame below the totals of a
    // batch.)
    #[inline(always)]
    fn walk(&self, Outputs { totals: mut sums, map, gradient }: Outputs) {
        let Self { params, source, softening } = *self;
        let function = params.function();
        let (slopes, output) = match gradient {
            Some(gradient) => (Some(params.factors(gradient.slope)), Some(gradient.to)),
            None => (None, map),
        };
        let terms = params.term_factors();
        source.each(Used::LABELLED, output, |Tile { pixels, output, .. }| {
            let sums = sums.as_deref_mut();
            match softening {
                targets if P::SOFT && simd::IS_SMALL => {
                    simd::run(WalkPixels { pixels, function, targets, terms, slopes, sums, output })
                }
                Some(targets) if P::SOFT => {
                    simd::run(WalkPixels { pixels, function, targets, terms, slopes, sums, output })
                }
                _ => {
                    let targets = Hard;
                    simd::run(WalkPixels { pixels, function, targets, terms, slopes, sums, output })
                }
            }
        });
    }
}

/// The pixels as vectors.
struct PixelVectors<'a, V: Lanes> {
    logits: Columns<'a, V::Floats>,
    targets: Columns<'a, V::Bytes>,
    live: LiveColumns<'a, V>,
    /// How many there are, the last perhaps padded.
    count: usize,
}

/// Room for the ragged ends.
struct PixelRooms<V: Lanes> {
    logits: Room<V::Floats>,
    targets: Room<V::Bytes>,
    live: LiveRooms<V>,
}

/// One vector of pixels.
struct PixelVector<V: Lanes> {
    logit: V,
    positive: V::Mask,
    live: Live<V>,
}

impl<'a, V: Lanes> PixelVectors<'a, V> {
    #[inline(always)]
    fn new(pixels: &Pixels<'a>, rooms: &'a mut PixelRooms<V>) -> Self {
        Self {
            logits: Columns::new(pixels.scores, &mut rooms.logits),
            targets: Columns::new(pixels.targets.unwrap_or(&[]), &mut rooms.targets),
            live: LiveColumns::new(pixels, &mut rooms.live),
            count: pixels.scores.len().div_ceil(V::LANES),
        }
    }

    #[inline(always)]
    fn get(&self, simd: V::Simd, index: usize) -> PixelVector<V> {
        let logit = V::from_floats(simd, self.logits.get(index));
        let positive = V::mask_from_bytes(simd, self.targets.get(index));
        PixelVector { logit, positive, live: self.live.get(simd, index) }
    }
}

impl<V: Lanes> PixelVector<V> {
    /// One side of the soft targets of the pixels.
    #[inline(always)]
    fn soft_side(&self, simd: V::Simd, softening: Softening, is_positive: bool) -> TargetSide<V> {
        let Softening { scale, offset } = softening;
        let [zero, one] = [V::splat(simd, 0.0), V::splat(simd, 1.0)];
        let target = match self.live.soft_target {
            Some(target) => target,
            None => V::select(self.positive, one, zero),
        };
        // The share of the negative side is softened by itself. As the difference of 1 and the softened target it would
        // lose its digits near 0.
        let (share, positive) = if is_positive { (target, one.eq(one)) } else { (one - target, one.lt(one)) };
        TargetSide { positive, share: Some(share * scale + offset) }
    }

    /// The logit, negated where the side is positive.
    #[inline(always)]
    fn margin(&self, side: &TargetSide<V>) -> V {
        V::select(side.positive, self.logit.negate(), self.logit)
    }

    /// The factor of each pixel, and which pixels count with a factor that is not 0 (None: all do).
    #[inline(always)]
    fn factor(&self, side: &TargetSide<V>, factors: Factors) -> (V, Option<V::Mask>) {
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
struct TargetSide<V: Lanes> {
    positive: V::Mask,
    /// None: 1.
    share: Option<V>,
}

/// The one walk over pixels, which makes terms, slopes or both. What is not wanted is skipped by one branch for each
/// vector.
struct WalkPixels<'a, F, T> {
    pixels: &'a Pixels<'a>,
    function: F,
    targets: T,
    /// The factors of the terms.
    terms: Factors,
    /// The factors of the slopes, if the gradient is wanted.
    slopes: Option<Factors>,
    sums: Option<&'a mut Sums>,
    /// Of the gradient; without sums and gradient of the map.
    output: Output<'a>,
}

impl<F: Function, T: Targets> Kernel for WalkPixels<'_, F, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        // Soft targets are rare and need the function twice: one register at a time keeps the code small.
        if T::SOFT { self.walk::<S, S::Register>(simd) } else { self.walk::<S, F::Lanes<S>>(simd) }
    }
}

impl<F: Function, T: Targets> WalkPixels<'_, F, T> {
    #[inline(always)]
    fn walk<S: Simd, V: Lanes<Simd = S>>(self, simd: S) {
        let Self { pixels, function, targets, terms, slopes, sums, output } = self;
        let mut rooms = PixelRooms { logits: Room::new(), targets: Room::new(), live: LiveRooms::new() };
        let vectors = PixelVectors::<V>::new(pixels, &mut rooms);
        let (is_sum, is_gradient) = (sums.is_some(), slopes.is_some());
        let wanted = Wanted {
            function,
            softening: targets.softening(),
            terms: (is_sum || !is_gradient).then_some(terms),
            // The margin of a positive pixel falls as its logit rises.
            slopes: slopes.map(|slopes| Factors { positive: -slopes.positive, ..slopes }),
        };
        let (mut room, mut of_output) = (Room::new(), Room::new());
        let mut sum = Accumulator::new(simd, sums.map(|sums| &mut sums.loss), &mut room);
        let mut output = output.columns(&mut of_output);
        for index in 0..vectors.count {
            let vector = vectors.get(simd, index);
            let (term, slope) = wanted.of(simd, &vector);
            if is_sum {
                sum.push(term);
            } else if !is_gradient {
                output.get(index).put(term);
            }
            if is_gradient {
                output.get(index).write(vector.live.mask, slope);
            }
        }
        output.finish();
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
    /// The factors of the terms and of the slopes. None: they are not wanted, and 0.
    terms: Option<Factors>,
    slopes: Option<Factors>,
}

impl<F: Function> Wanted<F> {
    /// Terms and slopes. (Where stack is scarce it is a call of its own. So its registers are not on the stack while
    /// blocks are added.)
    #[cfg_attr(any(target_pointer_width = "64", target_family = "wasm"), inline(always))]
    #[cfg_attr(not(any(target_pointer_width = "64", target_family = "wasm")), inline(never))]
    fn of<V: Lanes>(&self, simd: V::Simd, vector: &PixelVector<V>) -> (V, V) {
        let (mut term, mut slope) = (vector.logit.constant(0.0), vector.logit.constant(0.0));
        let sides = if self.softening.is_some() { 2 } else { 1 };
        for side in 0..sides {
            let side = match self.softening {
                Some(softening) => vector.soft_side(simd, softening, side == 1),
                None => TargetSide { positive: vector.positive, share: None },
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
