//! The loops over pixels: two that add, one that writes the gradient.

use super::{Boundary, Normalization, Totals};
use crate::exact::Accumulator;
use crate::loss::{Write, only};
use crate::math::{sigmoid, sigmoid_slope_times};
use crate::pixels::{Live, LiveColumns, Pixels};
use crate::simd::{self, Columns, ColumnsMut, Kernel, Lanes, Simd, flat};

/// Adds pixels with masks as targets and no weights: nothing but predictions, of which some are the
/// intersection.
pub(super) struct Masks<'a> {
    pub pixels: Pixels<'a>,
    pub targets: &'a [u8],
    pub normalization: Normalization,
    pub totals: &'a mut Totals,
}

/// Vectors whose positives are counted in floats, where every count is exact.
const BLOCK: usize = 1 << 16;

impl Kernel for Masks<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let length = self.pixels.scores.len();
        let scores = Columns::new(self.pixels.scores);
        let targets = Columns::new(self.targets);
        // (Neither weights nor soft targets: said here, it is known to the compiler.)
        let valid = Pixels { valid: self.pixels.valid, ..Pixels::default() };
        let live = LiveColumns::<S::Lanes>::new(&valid);
        let Totals { intersection, predictions, targets: positives, .. } = self.totals;
        let mut sums = Accumulator::of_parts(simd, predictions, intersection);
        let zero = S::Lanes::splat(simd, 0.0);
        let vectors = length.div_ceil(S::Lanes::LANES);
        let mut count = 0;
        for start in (0..vectors).step_by(BLOCK) {
            let mut counts = zero;
            for index in start..vectors.min(start + BLOCK) {
                let score = S::Lanes::from_floats(simd, scores.get(index));
                let positive = S::Lanes::mask_from_bytes(simd, targets.get(index));
                let live: Live<S::Lanes> = live.get(simd, index);
                let prediction = predict(self.normalization, score).abs();
                let part = S::Lanes::select(positive, prediction.negate(), prediction);
                sums.push(only(live.mask, part));
                let one = S::Lanes::select(positive, zero.constant(1.0), zero);
                counts = counts + only(live.mask, one);
            }
            count += total(flat(&counts.to_array()));
        }
        sums.finish(length);
        positives.add_integer(count);
    }
}

/// The sum of counts: exact in f32, in any order.
#[inline(never)]
fn total(lanes: &[f32]) -> i64 {
    lanes.iter().sum::<f32>() as i64
}

/// The prediction of a score; the score itself under min-max.
#[inline(always)]
fn predict<V: Lanes>(normalization: Normalization, score: V) -> V {
    match normalization {
        Normalization::Sigmoid => sigmoid(score),
        Normalization::Clamp => score.constant(1.0).min(score.constant(0.0).max(score)),
        Normalization::MinMax => score,
    }
}

/// Targets as floats.
enum Targets<'a, V: Lanes> {
    Masks(Columns<'a, V::Bytes>),
    Soft(Columns<'a, V::Floats>),
}

impl<'a, V: Lanes> Targets<'a, V> {
    #[inline(always)]
    fn new(pixels: &Pixels<'a>) -> Self {
        match pixels.soft_targets {
            Some(targets) => Self::Soft(Columns::new(targets)),
            None => Self::Masks(Columns::new(pixels.targets.unwrap_or(&[]))),
        }
    }

    #[inline(always)]
    fn get(&self, simd: V::Simd, index: usize) -> V {
        match self {
            Self::Soft(targets) => V::from_floats(simd, targets.get(index)),
            Self::Masks(masks) => {
                let positive = V::mask_from_bytes(simd, masks.get(index));
                V::select(positive, V::splat(simd, 1.0), V::splat(simd, 0.0))
            }
        }
    }
}

/// Adds pixels with any targets, weights and normalisation.
pub(super) struct Products<'a> {
    pub pixels: Pixels<'a>,
    pub normalization: Normalization,
    pub totals: &'a mut Totals,
}

impl Kernel for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let length = self.pixels.scores.len();
        let scores = Columns::new(self.pixels.scores);
        let targets = Targets::<S::Register>::new(&self.pixels);
        let live = LiveColumns::<S::Register>::new(&self.pixels);
        let Totals { intersection, predictions, targets: positives, .. } = self.totals;
        let mut intersection = Accumulator::new(simd, intersection);
        let mut predictions = Accumulator::new(simd, predictions);
        let mut positives = Accumulator::new(simd, positives);
        for index in 0..length.div_ceil(S::Register::LANES) {
            let score = S::Register::from_floats(simd, scores.get(index));
            let target = targets.get(simd, index);
            let live = live.get(simd, index);
            let prediction = predict(self.normalization, score);
            let (term, on, weighted) = match live.weight {
                Some(weight) => (prediction * weight, some(&live, weight), target * weight),
                None => (prediction, live.mask, target),
            };
            predictions.push(only(on, term));
            // A target of 0 switches the product off: an infinite score has none.
            let both = !target.eq(target.constant(0.0));
            let both = match on {
                Some(on) => on & both,
                None => both,
            };
            intersection.push(only(Some(both), term * target));
            positives.push(only(live.mask, weighted));
        }
        intersection.finish(length);
        predictions.finish(length);
        positives.finish(length);
    }
}

/// Which lanes count with a weight that is not 0.
#[inline(always)]
fn some<V: Lanes>(live: &Live<V>, weight: V) -> Option<V::Mask> {
    let on = !weight.eq(weight.constant(0.0));
    match live.mask {
        Some(mask) => Some(mask & on),
        None => Some(on),
    }
}

/// The derivative of the loss by the scores.
#[derive(Clone, Copy, Default)]
pub(super) struct Slopes {
    pub normalization: Normalization,
    pub boundary: Boundary,
    /// By the prediction (min-max: by the score alone) of a positive pixel of weight 1.
    pub positive: f32,
    pub negative: f32,
    /// The extremes of min-max, and what each pixel there has beside that.
    pub least: f32,
    pub greatest: f32,
    pub share_of_least: f32,
    pub share_of_greatest: f32,
}

impl Slopes {
    /// The derivative by the predictions.
    #[inline(always)]
    fn by_prediction<V: Lanes>(
        &self,
        simd: V::Simd,
        targets: &Targets<V>,
        index: usize,
        weight: Option<V>,
    ) -> V {
        let positive = V::splat(simd, self.positive);
        let negative = V::splat(simd, self.negative);
        let slope = match targets {
            Targets::Masks(masks) => {
                let mask = V::mask_from_bytes(simd, masks.get(index));
                V::select(mask, positive, negative)
            }
            Targets::Soft(targets) => {
                let target = V::from_floats(simd, targets.get(index));
                let (zero, one) = (target.constant(0.0), target.constant(1.0));
                let between = target * positive + (one - target) * negative;
                // Exactly that of its class at the ends, also where the other one is infinite.
                let between = V::select(target.eq(one), positive, between);
                V::select(target.eq(zero), negative, between)
            }
        };
        match weight {
            Some(weight) => slope * weight,
            None => slope,
        }
    }
}

/// Writes the gradient.
pub(super) struct Gradient<'a> {
    pub pixels: Pixels<'a>,
    pub slopes: Slopes,
    pub write: Write,
    pub gradient: &'a mut [f32],
}

/// A function of its own, so that the kernel's code exists once.
#[inline(never)]
pub(super) fn write_gradient(kernel: Gradient) {
    simd::run(kernel);
}

impl Kernel for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let slopes = self.slopes;
        let scores = Columns::new(self.pixels.scores);
        let targets = Targets::<S::Register>::new(&self.pixels);
        let live = LiveColumns::<S::Register>::new(&self.pixels);
        let mut gradient = ColumnsMut::new(self.gradient);
        for index in 0..self.pixels.scores.len().div_ceil(S::Register::LANES) {
            let score = S::Register::from_floats(simd, scores.get(index));
            let live = live.get(simd, index);
            let slope = slopes.by_prediction(simd, &targets, index, live.weight);
            let (zero, one) = (score.constant(0.0), score.constant(1.0));
            // A factor of exactly 0 switches a pixel off, whatever its score.
            let on = !slope.eq(zero);
            let values = match slopes.normalization {
                Normalization::Sigmoid => only(Some(on), sigmoid_slope_times(score, slope)),
                Normalization::Clamp => {
                    // A NaN is in no comparison and keeps its slope, which is NaN.
                    let inside = !score.lt(zero) & !one.lt(score);
                    let inside = match slopes.boundary {
                        Boundary::Zero => inside & !score.eq(zero) & !score.eq(one),
                        Boundary::Pass => inside,
                    };
                    only(Some(inside & on), slope)
                }
                Normalization::MinMax => {
                    let at_least = score.eq(score.constant(slopes.least));
                    let at_greatest = score.eq(score.constant(slopes.greatest));
                    slope
                        + only(Some(at_least), score.constant(slopes.share_of_least))
                        + only(Some(at_greatest), score.constant(slopes.share_of_greatest))
                }
            };
            self.write.write(live.mask, values, gradient.get(index));
        }
        gradient.finish();
    }
}
