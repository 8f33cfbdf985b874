//! Overlap of predictions and targets: what [`crate::loss::iou`] and [`crate::loss::tversky`] share.
//!
//! ```text
//! p_i = sigmoid(x_i) | clamp(x_i, 0, 1) | (x_i - m) / (M - m + s)    m, M: least and greatest score
//! I = sum v p y     P = sum v p     Y = sum v y     W = sum v
//! A = I + a (P - I) + b (Y - I) + s     T = (I + s) / A     L = w (1 - T)^g
//! dL/dp_i = -w g (1 - T)^(g-1) v_i (y_i ? A - (I + s) (1 - b) : -(I + s) a) / A^2
//! ```
//!
//! With minmax the sums are of x instead of p. p is linear in x, so one pass is enough, although m and M are known only
//! at its end: `P = (sum v x - m W) / D`, `I = (sum v x y - m Y) / D` with `D = M - m + s`. The extremes take part in
//! every p; PyTorch shares their gradient evenly among ties:
//!
//! ```text
//! dL/dx_i = G_i / D + [x_i = m] (Sp - S1) / (D n_m) - [x_i = M] Sp / (D n_M)
//! G_i = dL/dp_i     S1 = sum G_i     Sp = sum G_i p_i
//! ```

mod kernels;

use super::fingerprint::fingerprint;
use crate::error::{Error, Notices, Value};
use crate::exact::{ExactSum, counts};
use crate::input::{Masks, Source, Tile, Used, tally};
use crate::math::double::{exp, ln};
use crate::node::fingerprint::same_parameters;
use crate::node::range::Range;
use crate::simd::{self, Output};
use kernels::{AddTerms, Extreme, Factors, Summed, WriteGradient};

/// The bound of a gradient in ulps: a sigmoid (3), its complement (2), the coefficient and the products.
pub const GRADIENT_MAX_ULP: f64 = 8.0;

/// How scores become predictions between 0 and 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Normalization {
    /// `1 / (1 + e^-x)`: scores are logits.
    #[default]
    Sigmoid = 0,
    /// Scores below 0 are 0, above 1 are 1.
    Clamp = 1,
    /// The least score is 0, the greatest nearly 1. Needs a [`Range`] beside the totals.
    MinMax = 2,
}

/// The gradient of [`Normalization::Clamp`] where a score is exactly 0 or 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Boundary {
    /// 0, as in PyTorch from 2.15 on.
    #[default]
    Zero = 0,
    /// That of a score between, as in PyTorch before.
    Pass = 1,
}

/// The loss where no target is positive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum EmptyTarget {
    /// The formula: nearly `weight`, with nearly no gradient.
    #[default]
    One = 0,
    /// 0 with gradient 0 and the notice `EMPTY`: to be left out of an average.
    Skip = 1,
    /// 0 with gradient 0: nothing was to be found, and that counts as a success.
    Zero = 2,
}

macro_rules! from_number {
    ($($type:ident: $($value:ident)*;)*) => {$(
        impl $type {
            /// The value of a number of the C interface.
            pub fn from_number(number: u32) -> Option<Self> {
                [$(Self::$value),*].into_iter().find(|value| *value as u32 == number)
            }
        }
    )*};
}
from_number! { Normalization: Sigmoid Clamp MinMax; Boundary: Zero Pass; EmptyTarget: One Skip Zero; }

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Index {
    pub normalization: Normalization,
    pub boundary: Boundary,
    pub empty_target: EmptyTarget,
    pub weight: f32,
    pub smooth: f32,
    pub false_positives: f32,
    pub false_negatives: f32,
    pub gamma: f32,
}

/// Exact sums over pixels; all zero is empty. Adding the words of two of them merges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Sums {
    /// `sum v p y`; with minmax `sum v x y`.
    pub intersection: ExactSum,
    /// `sum v p`; with minmax `sum v x`.
    pub predicted: ExactSum,
    /// `sum v y`.
    pub target: ExactSum,
    /// `sum v`.
    pub weights: ExactSum,
    /// How many pixels count.
    pub pixels: i64,
    /// How many valid pixels had a bad weight or soft target and were treated as masked.
    pub rejected: i64,
    /// The sum of the normalisation's hash over `pixels`.
    pub fingerprint: i64,
}

/// The quantities of the formula.
struct Overlap {
    intersection: f64,
    predicted: f64,
    target: f64,
    weights: f64,
    /// The least and the greatest score; 0 and 1 where scores are not shifted.
    extremes: [f64; 2],
    /// `1/D`; 1 where scores are not shifted.
    scale: f64,
    /// All scores are equal, and minmax has no meaning.
    constant: bool,
}

/// `dL/dp` at weight 1, by target.
#[derive(Clone, Copy, Default)]
struct Slopes {
    positive: f64,
    negative: f64,
}

impl Sums {
    /// Adds pixels.
    #[inline(never)]
    pub(crate) fn update(&mut self, index: &Index, pixels: Source, range: Option<&mut Range>) -> Result<(), Error> {
        index.check()?;
        pixels.check_labelled()?;
        let mut range = index.range(range)?;
        pixels.each(Used::LABELLED, None, |tile| self.add(index, &tile, range.as_deref_mut()));
        Ok(())
    }

    /// Adds the pixels of a tile.
    fn add(&mut self, index: &Index, tile: &Tile, range: Option<&mut Range>) {
        let pixels = *tile.pixels;
        let counted = tally(tile.n, &pixels, &mut self.weights);
        self.pixels = self.pixels.wrapping_add(counted.pixels);
        self.rejected = self.rejected.wrapping_add(counted.rejected);
        let hash = index.fingerprint().wrapping_mul(counted.pixels);
        self.fingerprint = self.fingerprint.wrapping_add(hash);
        if let Some(range) = range {
            range.add(&pixels, counted.pixels);
        }
        let summed = Summed::Predictions(index.normalization);
        let (all, part) = (&mut self.predicted, &mut self.intersection);
        let marked = simd::run(AddTerms { pixels, summed, all, part });
        let target = &mut self.target;
        match (pixels.targets, pixels.weights, pixels.valid) {
            (Some(_), None, None) => target.add_integer(marked),
            (Some(targets), None, valid) => {
                target.add_integer(Masks { first: targets, second: None, valid }.count().first);
            }
            _ => {
                let all = &mut ExactSum::default();
                simd::run(AddTerms { pixels, summed: Summed::Ones, all, part: target });
            }
        }
    }

    /// Adds other sums. The words are canonical afterwards.
    pub fn merge(&mut self, other: &Self) {
        self.intersection.merge(&other.intersection);
        self.predicted.merge(&other.predicted);
        self.target.merge(&other.target);
        self.weights.merge(&other.weights);
        self.pixels = self.pixels.wrapping_add(other.pixels);
        self.rejected = self.rejected.wrapping_add(other.rejected);
        self.fingerprint = self.fingerprint.wrapping_add(other.fingerprint);
    }

    /// Makes the words canonical after they were added elsewhere.
    pub fn normalize(&mut self) {
        self.intersection.normalize();
        self.predicted.normalize();
        self.target.normalize();
        self.weights.normalize();
    }

    /// The loss.
    #[inline(never)]
    pub(crate) fn loss(&self, index: &Index, range: Option<&Range>) -> Result<Value, Error> {
        index.check()?;
        let overlap = self.overlap(index, range)?;
        let (value, _, degenerate) = index.evaluate(&overlap);
        let notices = self.notices(index, &overlap, value) | Notices::DEGENERATE.when(degenerate);
        Ok(Value { value, notices })
    }

    /// Writes the gradient, or adds it.
    #[inline(never)]
    pub(crate) fn gradient(
        &self,
        index: &Index,
        range: Option<&Range>,
        pixels: Source,
        upstream: f64,
        gradient: Output,
    ) -> Result<Notices, Error> {
        index.check()?;
        pixels.check_labelled()?;
        pixels.check_output(Used::LABELLED, gradient.len())?;
        let overlap = self.overlap(index, range)?;
        let (value, slopes, degenerate) = index.evaluate(&overlap);
        let slopes = Slopes { positive: slopes.positive * upstream, negative: slopes.negative * upstream };
        let at_extremes = overlap.at_extremes(slopes);
        let [least, greatest] = overlap.extremes;
        let (least, greatest) = match (index.normalization, range) {
            (Normalization::MinMax, Some(range)) => (
                Extreme::new(least, at_extremes.0, range.least_count),
                Extreme::new(greatest, at_extremes.1, range.greatest_count),
            ),
            _ => (Extreme::NONE, Extreme::NONE),
        };
        let factors = Factors {
            positive: (slopes.positive * overlap.scale) as f32,
            negative: (slopes.negative * overlap.scale) as f32,
        };
        let (normalization, boundary) = (index.normalization, index.boundary);
        pixels.each(Used::LABELLED, Some(gradient), |Tile { pixels, output: gradient, .. }| {
            let pixels = *pixels;
            simd::run(WriteGradient { pixels, normalization, boundary, factors, least, greatest, gradient });
        });
        Ok(self.notices(index, &overlap, value) | Notices::DEGENERATE.when(degenerate))
    }

    /// Checks that the words can be.
    fn check(&self, index: &Index) -> Result<(), Error> {
        counts::sum(&[self.pixels, self.rejected])?;
        self.target.check_weights(self.pixels)?;
        self.weights.check_weights(self.pixels)?;
        self.intersection.check(self.pixels)?;
        self.predicted.check(self.pixels)?;
        let [intersection, predicted, target, weights] =
            [&self.intersection, &self.predicted, &self.target, &self.weights].map(ExactSum::value);
        counts::check_at_most(target, weights)?;
        if index.normalization == Normalization::MinMax {
            return Ok(());
        }
        // Predictions lie in [0, 1], and the rounding of products keeps their order.
        counts::check_at_most(0.0, intersection)?;
        counts::check_at_most(intersection, predicted)?;
        counts::check_at_most(intersection, target)?;
        counts::check_at_most(predicted, weights)
    }

    #[inline(never)]
    fn overlap(&self, index: &Index, range: Option<&Range>) -> Result<Overlap, Error> {
        self.check(index)?;
        same_parameters(index.fingerprint(), self.pixels, self.fingerprint)?;
        let extremes = match (index.normalization, range) {
            (Normalization::MinMax, Some(range)) => {
                let extremes = range.extremes()?;
                if range.count.wrapping_add(range.nan) != self.pixels {
                    return Err(Error::RangeMissing);
                }
                extremes
            }
            (Normalization::MinMax, None) => return Err(Error::RangeMissing),
            _ => [0.0, 1.0],
        };
        let [least, greatest] = extremes;
        let (target, weights) = (self.target.value(), self.weights.value());
        let (intersection, predicted) = (self.intersection.value(), self.predicted.value());
        let constant = least == greatest;
        // (Without pixels there are no extremes. The sums are 0 and stay 0.)
        let minmax = index.normalization == Normalization::MinMax && self.pixels != 0;
        if minmax && constant {
            // This is cuvis-ai's convention. No score changes the loss then.
            let half = |sum: f64| 0.5 * sum + 0.0 * predicted;
            return Ok(Overlap {
                intersection: half(target),
                predicted: half(weights),
                target,
                weights,
                extremes,
                scale: 0.0,
                constant,
            });
        }
        let (least, scale) =
            if minmax { (least, 1.0 / (greatest - least + f64::from(index.smooth))) } else { (0.0, 1.0) };
        let normal = |sum: f64, count: f64| if minmax { (sum - least * count) * scale } else { sum };
        Ok(Overlap {
            intersection: normal(intersection, target),
            predicted: normal(predicted, weights),
            target,
            weights,
            extremes,
            scale,
            constant: false,
        })
    }

    fn notices(&self, index: &Index, overlap: &Overlap, value: f64) -> Notices {
        let no_target = overlap.target == 0.0;
        let skipped = no_target && index.empty_target == EmptyTarget::Skip;
        Notices::EMPTY.when(self.pixels == 0 || skipped)
            | Notices::NO_POSITIVES.when(no_target)
            | Notices::NOT_FINITE.when(!value.is_finite())
            | Notices::DEGENERATE.when(overlap.constant)
            | Notices::REJECTED.when(self.rejected != 0)
    }
}

impl Overlap {
    /// What the least and the greatest score get beside their own slopes: `(Sp - S1) / D` and `-Sp / D`.
    fn at_extremes(&self, slopes: Slopes) -> (f64, f64) {
        let more = slopes.positive - slopes.negative;
        let all = slopes.negative * self.weights + more * self.target;
        let weighted = slopes.negative * self.predicted + more * self.intersection;
        ((weighted - all) * self.scale, -weighted * self.scale)
    }
}

impl Index {
    #[inline(never)]
    fn check(&self) -> Result<(), Error> {
        let good = |value: f32| value.is_finite() && value >= 0.0;
        if !self.weight.is_finite() {
            return Err(Error::Weight);
        }
        if !good(self.smooth) {
            return Err(Error::Smooth);
        }
        if !(good(self.false_positives) && good(self.false_negatives)) {
            return Err(Error::Balance);
        }
        if good(self.gamma) { Ok(()) } else { Err(Error::Gamma) }
    }

    /// A hash of what the terms depend on.
    fn fingerprint(&self) -> i64 {
        fingerprint(&[self.normalization as u32])
    }

    /// The range that is to be updated, if one is needed.
    fn range<'r>(&self, range: Option<&'r mut Range>) -> Result<Option<&'r mut Range>, Error> {
        match (self.normalization, range) {
            (Normalization::MinMax, None) => Err(Error::RangeMissing),
            (Normalization::MinMax, range) => Ok(range),
            _ => Ok(None),
        }
    }

    /// The loss, its slopes, and whether these are a convention.
    fn evaluate(&self, overlap: &Overlap) -> (f64, Slopes, bool) {
        let flat = Slopes::default();
        let not_a_number = overlap.predicted.is_nan();
        if overlap.target == 0.0 && self.empty_target != EmptyTarget::One && !not_a_number {
            return (0.0, flat, false);
        }
        let [smooth, a, b] = [self.smooth, self.false_positives, self.false_negatives].map(f64::from);
        let above = overlap.intersection + smooth;
        let mistakes = a * (overlap.predicted - overlap.intersection) + b * (overlap.target - overlap.intersection);
        let below = above + mistakes;
        if below == 0.0 {
            // Nothing was to be found, and nothing was found.
            return (0.0, flat, true);
        }
        let (weight, gamma) = (f64::from(self.weight), f64::from(self.gamma));
        // This is 1 - T. In this form nothing cancels.
        let miss = mistakes / below;
        // The derivative of (1 - T)^g; at T = 1 it is infinite for g below 1, and taken as 0.
        let (power, slope, degenerate) = if gamma == 1.0 {
            (miss, 1.0, false)
        } else if miss > 0.0 {
            let power = exp(gamma * ln(miss));
            (power, gamma * power / miss, false)
        } else if miss.is_nan() {
            (miss, miss, false)
        } else {
            (if gamma == 0.0 { 1.0 } else { 0.0 }, 0.0, gamma < 1.0)
        };
        let factor = -weight * slope / (below * below);
        let slopes = Slopes { positive: factor * (below - above * (1.0 - b)), negative: factor * (-above * a) };
        (weight * power, slopes, degenerate)
    }
}
