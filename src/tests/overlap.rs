//! IoU and Tversky: bits between tiers and splits, masks, slopes, and the limits.

mod edges;

use super::cubes::{bits, cuts, number};
use super::naive::overlap::{self as naive, Tversky};
use super::{any_float, between, for_each_tier};
use crate::error::Notices;
use crate::input::Pixels;
use crate::loss::tversky;
use crate::node::overlap::{Boundary, EmptyTarget, Normalization};
use crate::node::range::Range;
use crate::simd::Write;
use proptest::prelude::*;
use std::vec::Vec;

#[derive(Clone, Debug)]
struct Batch {
    scores: Vec<f32>,
    targets: Vec<u8>,
    soft_targets: Option<Vec<f32>>,
    valid: Option<Vec<u8>>,
    weights: Option<Vec<f32>>,
}

impl Batch {
    fn pixels(&self) -> Pixels<'_> {
        self.part(0, self.scores.len())
    }

    fn part(&self, start: usize, end: usize) -> Pixels<'_> {
        Pixels {
            scores: &self.scores[start..end],
            targets: self.soft_targets.is_none().then_some(&self.targets[start..end]),
            valid: self.valid.as_ref().map(|valid| &valid[start..end]),
            weights: self.weights.as_ref().map(|weights| &weights[start..end]),
            soft_targets: self.soft_targets.as_ref().map(|soft| &soft[start..end]),
            ..Pixels::default()
        }
    }

    fn valid(&self, index: usize) -> bool {
        self.valid.as_ref().is_none_or(|valid| valid[index] != 0)
    }

    fn counts(&self, index: usize) -> bool {
        let weight = self.weights.as_ref().map_or(1.0, |weights| weights[index]);
        let soft = self.soft_targets.as_ref().map_or(1.0, |soft| soft[index]);
        self.valid(index) && (0.0..f32::INFINITY).contains(&weight) && (0.0..=1.0).contains(&soft)
    }
}

fn batch(
    score: BoxedStrategy<f32>,
    odd: BoxedStrategy<f32>,
    least_weight: f32,
) -> impl Strategy<Value = Batch> {
    (0_usize..300).prop_flat_map(move |n| {
        let floats = |float: BoxedStrategy<f32>| proptest::collection::vec(float, n);
        let bytes = || proptest::collection::vec(prop_oneof![Just(0_u8), Just(1), any::<u8>()], n);
        let weight =
            prop_oneof![8 => between(least_weight, 4.0), 1 => Just(least_weight), 1 => odd.clone()];
        let soft = prop_oneof![8 => between(0.0, 1.0), 1 => odd.clone()];
        (
            floats(score.clone()),
            bytes(),
            proptest::option::weighted(0.3, floats(soft.boxed())),
            proptest::option::of(bytes()),
            proptest::option::of(floats(weight.boxed())),
        )
            .prop_map(|(scores, targets, soft_targets, valid, weights)| Batch {
                scores,
                targets,
                soft_targets,
                valid,
                weights,
            })
    })
}

/// Anything at all.
fn any_batch() -> impl Strategy<Value = Batch> {
    let score = prop_oneof![4 => between(-8.0, 8.0), 1 => between(-110.0, 110.0), 1 => any_float()];
    batch(score.boxed(), any_float().boxed(), 0.0)
}

/// What a formula in double can follow. (With weights near 0 the parts of a gradient at the extremes of
/// minmax are far greater than their sum.)
fn ordinary_batch() -> impl Strategy<Value = Batch> {
    batch(between(-4.0, 4.0).boxed(), between(0.25, 1.0).boxed(), 0.25)
}

const NORMALIZATIONS: [Normalization; 3] =
    [Normalization::Sigmoid, Normalization::Clamp, Normalization::MinMax];

fn params() -> impl Strategy<Value = tversky::Params> {
    let normalization = proptest::sample::select(&NORMALIZATIONS[..]);
    let boundary = prop_oneof![Just(Boundary::Zero), Just(Boundary::Pass)];
    let empty =
        prop_oneof![Just(EmptyTarget::One), Just(EmptyTarget::Skip), Just(EmptyTarget::Zero)];
    let smooth = prop_oneof![Just(1e-6_f32), Just(1.0), Just(0.0)];
    let balance = || prop_oneof![Just(1.0_f32), between(0.1, 3.0)];
    let gamma = prop_oneof![2 => Just(1.0_f32), 1 => between(0.5, 3.0)];
    (normalization, boundary, empty, between(-2.0, 2.0), smooth, balance(), balance(), gamma)
        .prop_map(|(normalization, boundary, empty_target, weight, smooth, a, b, gamma)| {
            tversky::Params {
                normalization,
                boundary,
                empty_target,
                weight,
                smooth,
                false_positives: a,
                false_negatives: b,
                gamma,
            }
        })
}

/// Everything that a batch gives, as bits; a NaN is a NaN.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    totals: tversky::Totals,
    range: Range,
    loss: u64,
    notices: Notices,
    gradient: Vec<u32>,
}

fn outcome(params: &tversky::Params, pixels: &Pixels) -> Outcome {
    let (mut totals, mut range) = (tversky::Totals::default(), Range::default());
    totals.update(params, pixels, Some(&mut range)).unwrap();
    let value = totals.loss(params, Some(&range)).unwrap();
    let mut gradient = std::vec![7.5; pixels.scores.len()];
    let to = &mut gradient;
    let notices = totals.gradient(params, Some(&range), pixels, 1.5, Write::Store, to).unwrap();
    assert_eq!(notices, value.notices);

    let mut at_once = std::vec![7.5; pixels.scores.len()];
    let (mut frame, mut extent) = (tversky::Totals::default(), Range::default());
    let (to, range_to, up) = (Some(&mut frame), Some(&mut extent), 1.5);
    let fused =
        tversky::loss_and_gradient(params, pixels, up, Write::Store, to, range_to, &mut at_once)
            .unwrap();
    assert_eq!((number(fused.value), fused.notices), (number(value.value), value.notices));
    assert_eq!((frame, extent), (totals, range));
    assert_eq!(bits(&at_once), bits(&gradient));
    Outcome { totals, range, loss: number(value.value), notices, gradient: bits(&gradient) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_tier_gives_the_same_bits(batch in any_batch(), params in params()) {
        let first = outcome(&params, &batch.pixels());
        for_each_tier(|tier| assert_eq!(&outcome(&params, &batch.pixels()), &first, "{tier:?}"));
    }

    #[test]
    fn any_split_gives_the_same_words_and_gradients(batch in any_batch(), params in params()) {
        let whole = outcome(&params, &batch.pixels());
        for ends in cuts(batch.scores.len()) {
            let (mut merged, mut range) = (tversky::Totals::default(), Range::default());
            for part in ends.windows(2).rev() {
                let alone = outcome(&params, &batch.part(part[0], part[1]));
                merged.merge(&alone.totals);
                range.merge(&alone.range);
            }
            prop_assert_eq!((merged, range), (whole.totals, whole.range));
            let mut gradient = std::vec![f32::NAN; batch.scores.len()];
            for part in ends.windows(2) {
                let (pixels, to) = (batch.part(part[0], part[1]), &mut gradient[part[0]..part[1]]);
                merged.gradient(&params, Some(&range), &pixels, 1.5, Write::Store, to).unwrap();
            }
            prop_assert_eq!(bits(&gradient), whole.gradient.clone());
        }
    }

    #[test]
    fn a_masked_pixel_is_as_if_it_were_not_there(batch in any_batch(), params in params()) {
        let found = outcome(&params, &batch.pixels());
        let mut poisoned = batch.clone();
        let mut kept = Batch { scores: Vec::new(), targets: Vec::new(), valid: None, ..batch.clone() };
        for floats in [&mut kept.weights, &mut kept.soft_targets].into_iter().flatten() {
            floats.clear();
        }
        for index in 0..batch.scores.len() {
            if batch.valid(index) {
                kept.scores.push(batch.scores[index]);
                kept.targets.push(batch.targets[index]);
                for (to, from) in [(&mut kept.weights, &batch.weights), (&mut kept.soft_targets, &batch.soft_targets)] {
                    if let (Some(to), Some(from)) = (to, from) {
                        to.push(from[index]);
                    }
                }
            } else {
                poisoned.scores[index] = f32::NAN;
                for floats in [&mut poisoned.weights, &mut poisoned.soft_targets].into_iter().flatten() {
                    floats[index] = f32::NAN;
                }
            }
            if !batch.counts(index) {
                prop_assert_eq!(found.gradient[index], 0);
            }
        }
        prop_assert_eq!(&outcome(&params, &poisoned.pixels()), &found);
        let without = outcome(&params, &kept.pixels());
        prop_assert_eq!((without.totals, without.range, without.loss), (found.totals, found.range, found.loss));
    }

    #[test]
    fn loss_and_slope_are_the_formula(batch in ordinary_batch(), params in params()) {
        let kept: Vec<usize> = (0..batch.scores.len()).filter(|index| batch.counts(*index)).collect();
        let pick = |floats: &dyn Fn(usize) -> f64| -> Vec<f64> { kept.iter().map(|index| floats(*index)).collect() };
        let scores = pick(&|index| f64::from(batch.scores[index]));
        let weights = pick(&|index| batch.weights.as_ref().map_or(1.0, |weights| f64::from(weights[index])));
        let targets = pick(&|index| match &batch.soft_targets {
            Some(soft) => f64::from(soft[index]),
            None => f64::from(u8::from(batch.targets[index] != 0)),
        });
        let target: f64 = targets.iter().zip(&weights).map(|(y, v)| y * v).sum();
        prop_assume!(scores.len() > 1 && target > 0.0);
        let oracle = Tversky {
            weight: f64::from(params.weight),
            smooth: f64::from(params.smooth),
            false_positives: f64::from(params.false_positives),
            false_negatives: f64::from(params.false_negatives),
            gamma: f64::from(params.gamma),
        };
        let loss = |scores: &[f64]| {
            let predictions = match params.normalization {
                Normalization::Sigmoid => naive::sigmoid(scores),
                Normalization::Clamp => naive::clamp(scores),
                Normalization::MinMax => naive::minmax(scores, oracle.smooth),
            };
            oracle.loss(&predictions, &targets, &weights)
        };
        let (mut totals, mut range) = (tversky::Totals::default(), Range::default());
        totals.update(&params, &batch.pixels(), Some(&mut range)).unwrap();
        let found = totals.loss(&params, Some(&range)).unwrap().value;
        let truth = loss(&scores);
        prop_assert!((found - truth).abs() < 5e-7 * oracle.weight.abs() + 1e-12, "{found} is not {truth}");

        let mut gradient = std::vec![f32::NAN; batch.scores.len()];
        totals.gradient(&params, Some(&range), &batch.pixels(), 2.0, Write::Store, &mut gradient).unwrap();
        let least = scores.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let step = 1e-4;
        let largest = gradient.iter().fold(0.0_f64, |largest, slope| largest.max(f64::from(slope.abs())));
        for (at, index) in kept.iter().enumerate() {
            let score = scores[at];
            let near = |kink: f64| (score - kink).abs() < 4.0 * step;
            let kink = match params.normalization {
                Normalization::Sigmoid => false,
                Normalization::Clamp => near(0.0) || near(1.0),
                // An extreme has a slope, unless another score is as far out.
                Normalization::MinMax => scores.iter().enumerate().any(|(other, score)| {
                    other != at && ((score - least).abs() < 4.0 * step && near(least)
                        || (score - greatest).abs() < 4.0 * step && near(greatest))
                }),
            };
            // A loss of 0 has no slope with a gamma below 1.
            if kink || truth == 0.0 && oracle.gamma < 1.0 {
                continue;
            }
            let moved = |by: f64| {
                let mut moved = scores.clone();
                moved[at] += by;
                loss(&moved)
            };
            let truth = 2.0 * (moved(step) - moved(-step)) / (2.0 * step);
            let found = f64::from(gradient[*index]);
            // At an extreme of minmax two floats cancel: the pixel's own slope, and what all the others leave.
            // The slope of its prediction alone is the size of either.
            let rounding = match params.normalization {
                Normalization::MinMax if score == least || score == greatest => {
                    let alone = |by: f64| {
                        let mut predictions = naive::minmax(&scores, oracle.smooth);
                        predictions[at] += by;
                        oracle.loss(&predictions, &targets, &weights)
                    };
                    let own = (alone(step) - alone(-step)) / step / (greatest - least + oracle.smooth);
                    f64::from(f32::EPSILON) * own.abs()
                }
                _ => 0.0,
            };
            prop_assert!((found - truth).abs() < 1e-4 * truth.abs() + 1e-5 * largest + 1e-8 + rounding, "{score}: {found} is not {truth}");
        }
    }

    #[test]
    fn a_shift_of_minmax_changes_nothing(batch in ordinary_batch(), params in params()) {
        let params = tversky::Params { normalization: Normalization::MinMax, ..params };
        let mut gradient = std::vec![0.0_f32; batch.scores.len()];
        tversky::loss_and_gradient(&params, &batch.pixels(), 1.0, Write::Add, None, None, &mut gradient).unwrap();
        prop_assume!(gradient.iter().all(|slope| slope.is_finite()));
        let sum: f64 = gradient.iter().map(|slope| f64::from(*slope)).sum();
        let size: f64 = gradient.iter().map(|slope| f64::from(slope.abs())).sum();
        // The parts that cancel at the extremes are of the size of 1, also where little is left of them.
        prop_assert!(sum.abs() <= 1e-6 * size.max(1.0), "{sum} of {size}");
    }
}
