//! The kernels: predictions of pixels, summed or turned into a gradient.

use super::{Boundary, Normalization, Sums};
use crate::exact::Accumulator;
use crate::loss::{Write, only};
use crate::math::logistic;
use crate::pixels::{Live, LiveColumns, Pixels};
use crate::simd::{Columns, ColumnsMut, Kernel, Lanes, Simd};

/// The inputs as vectors.
struct Inputs<'a, V: Lanes> {
    scores: Columns<'a, V::Floats>,
    targets: Option<Columns<'a, V::Bytes>>,
    live: LiveColumns<'a, V>,
    vectors: usize,
}

/// The inputs of one vector of pixels.
struct Vector<V: Lanes> {
    score: V,
    /// None: the targets are soft.
    positive: Option<V::Mask>,
    live: Live<V>,
}

impl<'a, V: Lanes> Inputs<'a, V> {
    #[inline(always)]
    fn new(pixels: &Pixels<'a>) -> Self {
        Self {
            scores: Columns::new(pixels.scores),
            targets: pixels.targets.map(Columns::new),
            live: LiveColumns::new(pixels),
            vectors: pixels.scores.len().div_ceil(V::LANES),
        }
    }

    #[inline(always)]
    fn get(&self, simd: V::Simd, index: usize) -> Vector<V> {
        let score = V::from_floats(simd, self.scores.get(index));
        let positive = match &self.targets {
            Some(targets) => Some(V::mask_from_bytes(simd, targets.get(index))),
            None => None,
        };
        Vector { score, positive, live: self.live.get(simd, index) }
    }
}

impl<V: Lanes> Vector<V> {
    /// The values times the targets.
    #[inline(always)]
    fn targeted(&self, values: V) -> V {
        match (self.positive, self.live.soft_target) {
            (Some(positive), _) => V::select(positive, values, values.constant(0.0)),
            (None, Some(target)) => values * target,
            (None, None) => values,
        }
    }
}

/// Adds the predictions, and those of the targets; and the targets, where these have weights or are soft.
pub(super) struct Terms<'a> {
    pub pixels: Pixels<'a>,
    pub normalization: Normalization,
    pub sums: &'a mut Sums,
}

impl Kernel for Terms<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let inputs = Inputs::<S::Register>::new(&self.pixels);
        let mut predicted = Accumulator::new(simd, &mut self.sums.predicted);
        let mut intersection = Accumulator::new(simd, &mut self.sums.intersection);
        let mut target = Accumulator::new(simd, &mut self.sums.target);
        let counted = self.pixels.targets.is_some() && self.pixels.weights.is_none();
        for index in 0..inputs.vectors {
            let vector = inputs.get(simd, index);
            let score = vector.score;
            let prediction = match self.normalization {
                Normalization::Sigmoid => logistic(score).sigmoid(),
                // A NaN stays: it is the right operand.
                Normalization::Clamp => score.constant(0.0).max(score.constant(1.0).min(score)),
                Normalization::MinMax => score,
            };
            let term = only(vector.live.mask, vector.live.weighted(prediction));
            predicted.push(term);
            // Once more, because the target of a masked pixel may be NaN.
            intersection.push(only(vector.live.mask, vector.targeted(term)));
            if !counted {
                let one = vector.targeted(vector.live.weighted(score.constant(1.0)));
                target.push(only(vector.live.mask, one));
            }
        }
        predicted.finish(self.pixels.scores.len());
        intersection.finish(self.pixels.scores.len());
        if !counted {
            target.finish(self.pixels.scores.len());
        }
    }
}

/// What the gradient of a prediction is multiplied with, by target.
#[derive(Clone, Copy)]
pub(super) struct Factors {
    pub positive: f32,
    pub negative: f32,
}

/// An extreme score, and what each pixel that has it gets.
#[derive(Clone, Copy)]
pub(super) struct Extreme {
    pub score: f32,
    pub share: f32,
}

impl Extreme {
    /// Nothing equals NaN.
    pub const NONE: Self = Self { score: f32::NAN, share: 0.0 };

    pub fn new(score: f64, gradient: f64, ties: i64) -> Self {
        Self { score: score as f32, share: (gradient / ties as f64) as f32 }
    }
}

/// Writes the gradient.
pub(super) struct Gradient<'a> {
    pub pixels: Pixels<'a>,
    pub normalization: Normalization,
    pub boundary: Boundary,
    pub factors: Factors,
    pub least: Extreme,
    pub greatest: Extreme,
    pub write: Write,
    pub gradient: &'a mut [f32],
}

impl Kernel for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Factors { positive, negative } = self.factors;
        let inputs = Inputs::<S::Register>::new(&self.pixels);
        let mut gradient = ColumnsMut::new(self.gradient);
        for index in 0..inputs.vectors {
            let vector = inputs.get(simd, index);
            let score = vector.score;
            let zero = score.constant(0.0);
            let (on, off) = (score.constant(positive), score.constant(negative));
            let slope = match (vector.positive, vector.live.soft_target) {
                (Some(positive), _) => S::Register::select(positive, on, off),
                (None, Some(target)) => off + (on - off) * target,
                (None, None) => off,
            };
            let slope = vector.live.weighted(slope);
            let slope = match self.normalization {
                Normalization::Sigmoid => {
                    let size = score.abs().negate();
                    // The smaller of p and 1 - p keeps all digits, and the larger loses none.
                    let small = logistic(size).sigmoid();
                    slope * small * (score.constant(1.0) - small)
                }
                Normalization::Clamp => {
                    let one = score.constant(1.0);
                    let inside = match self.boundary {
                        Boundary::Zero => zero.lt(score) & score.lt(one),
                        Boundary::Pass => !score.lt(zero) & !one.lt(score),
                    };
                    S::Register::select(inside, slope, zero)
                }
                Normalization::MinMax => {
                    let low = score.eq(score.constant(self.least.score));
                    let high = score.eq(score.constant(self.greatest.score));
                    let at_low = S::Register::select(low, score.constant(self.least.share), zero);
                    let at_high =
                        S::Register::select(high, score.constant(self.greatest.share), zero);
                    slope + at_low + at_high
                }
            };
            self.write.write(vector.live.mask, slope, gradient.get(index));
        }
        gradient.finish();
    }
}
