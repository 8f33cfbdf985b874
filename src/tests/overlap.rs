//! IoU and Tversky: bits between tiers and splits, masks, slopes, and the limits.

use super::cubes::{bits, cuts, number};
use super::naive::overlap::{self as naive, Tversky};
use super::{any_float, between, for_each_tier};
use crate::error::{Error, Notices};
use crate::loss::overlap::{Boundary, EmptyTarget, Normalization};
use crate::loss::{Write, iou, tversky};
use crate::metric::range::Range;
use crate::pixels::Pixels;
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
            if kink {
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

fn run(params: &iou::Params, pixels: &Pixels) -> (f64, Notices, Vec<f32>) {
    let mut gradient = std::vec![f32::NAN; pixels.scores.len()];
    let value =
        iou::loss_and_gradient(params, pixels, 1.0, Write::Store, None, None, &mut gradient)
            .unwrap();
    (value.value, value.notices, gradient)
}

fn of(scores: &'static [f32], targets: &'static [u8]) -> Pixels<'static> {
    Pixels { scores, targets: Some(targets), ..Pixels::default() }
}

#[test]
fn iou_is_tversky_with_both_weights_1_and_dice_with_halves() {
    let pixels = of(&[2.0, -1.0, 0.5, -3.0], &[1, 0, 0, 1]);
    let as_tversky = |a, b, smooth| {
        let params = tversky::Params {
            false_positives: a,
            false_negatives: b,
            smooth,
            ..tversky::Params::default()
        };
        let mut gradient = [0.0; 4];
        let to = &mut gradient;
        let value = tversky::loss_and_gradient(&params, &pixels, 1.0, Write::Store, None, None, to)
            .unwrap();
        (value.value, value.notices, gradient.to_vec())
    };
    assert_eq!(run(&iou::Params::default(), &pixels), as_tversky(1.0, 1.0, 1e-6));
    let predictions = naive::sigmoid(&[2.0, -1.0, 0.5, -3.0]);
    let (both, all) = (predictions[0] + predictions[3], predictions.iter().sum::<f64>());
    let dice = 1.0 - (2.0 * both + 1.0) / (all + 2.0 + 1.0);
    assert!((as_tversky(0.5, 0.5, 0.5).0 - dice).abs() < 1e-7);
}

#[test]
fn without_positive_targets() {
    let pixels = of(&[0.5, -0.25], &[0, 0]);
    let one = iou::Params::default();
    let (value, notices, gradient) = run(&one, &pixels);
    assert!(value > 0.99999 && notices == Notices::NO_POSITIVES);
    assert!(gradient.iter().all(|slope| *slope > 0.0 && *slope < 1e-5));
    // Predictions that vanish make a jump to 0: smooth decides where.
    let (value, _, _) = run(&one, &of(&[-200.0, -200.0], &[0, 0]));
    assert_eq!(value, 0.0);
    let skip = iou::Params { empty_target: EmptyTarget::Skip, ..one };
    let (value, notices, gradient) = run(&skip, &pixels);
    assert_eq!((value, notices), (0.0, Notices::NO_POSITIVES | Notices::EMPTY));
    assert_eq!(gradient, [0.0, 0.0]);
    let zero = iou::Params { empty_target: EmptyTarget::Zero, ..one };
    assert_eq!(run(&zero, &pixels), (0.0, Notices::NO_POSITIVES, std::vec![0.0, 0.0]));
    // Nothing predicted and nothing to be found, without a smoothing term.
    let bare = iou::Params { smooth: 0.0, normalization: Normalization::Clamp, ..one };
    let (value, notices, _) = run(&bare, &of(&[-1.0, 0.0], &[0, 0]));
    assert_eq!((value, notices), (0.0, Notices::NO_POSITIVES | Notices::DEGENERATE));
    // A NaN is never hidden.
    for params in [&skip, &zero] {
        let (value, notices, _) = run(params, &of(&[f32::NAN, 0.5], &[0, 0]));
        assert!(value.is_nan() && notices.contains(Notices::NOT_FINITE));
    }
    let (value, notices, _) = run(&one, &of(&[], &[]));
    assert_eq!((value, notices), (0.0, Notices::NO_POSITIVES | Notices::EMPTY));
}

#[test]
fn minmax_at_the_edges() {
    let params = iou::Params { normalization: Normalization::MinMax, ..iou::Params::default() };
    let (value, notices, gradient) = run(&params, &of(&[3.0; 4], &[1, 0, 0, 0]));
    let smooth = f64::from(params.smooth);
    let expected = 1.0 - (0.5 + smooth) / (2.0 + 0.5 + smooth);
    assert!((value - expected).abs() < 1e-15);
    assert_eq!((notices, gradient), (Notices::DEGENERATE, std::vec![0.0; 4]));
    // A NaN is never hidden, an infinite score has no range.
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let scores = [3.0, bad, 3.0, 1.0];
        let pixels = Pixels { scores: &scores, targets: Some(&[1, 0, 0, 1]), ..Pixels::default() };
        let (value, notices, _) = run(&params, &pixels);
        assert!(value.is_nan() && notices.contains(Notices::NOT_FINITE), "{bad}");
    }
    let (value, notices, _) = run(&params, &of(&[3.0, f32::NAN, 3.0], &[1, 0, 0]));
    assert!(value.is_nan() && notices.contains(Notices::NOT_FINITE));
    // A range beyond the greatest float.
    let (value, notices, _) = run(&params, &of(&[-3e38, 3e38], &[0, 1]));
    assert_eq!((value, notices), (0.0, Notices::NONE));
    // Ties share the gradient of their extreme evenly.
    let (_, _, gradient) = run(&params, &of(&[0.0, 0.0, 1.0, 0.25], &[0, 0, 0, 1]));
    assert_eq!(gradient[0], gradient[1]);
}

#[test]
fn a_nan_of_weight_0_is_switched_off() {
    let scores = [0.25, f32::NAN, 0.75, f32::NAN, -0.5];
    let targets = Some([1, 1, 0, 0, 1].as_slice());
    let weights = Some([1.0, 0.0, 2.0, 0.0, 1.0].as_slice());
    let with = Pixels { scores: &scores, targets, weights, ..Pixels::default() };
    let soft = Some([1.0, 1.0, 0.0, 0.5, 1.0].as_slice());
    let softly = Pixels { targets: None, soft_targets: soft, ..with };
    for normalization in [Normalization::Sigmoid, Normalization::Clamp, Normalization::MinMax] {
        let params = iou::Params { normalization, ..iou::Params::default() };
        for_each_tier(|tier| {
            let without = Pixels {
                scores: &[0.25, 0.75, -0.5],
                targets: Some(&[1, 0, 1]),
                weights: Some(&[1.0, 2.0, 1.0]),
                ..Pixels::default()
            };
            let (expected, _, slopes) = run(&params, &without);
            let slopes = [slopes[0], 0.0, slopes[1], 0.0, slopes[2]];
            let (loss, notices, gradient) = run(&params, &with);
            assert_eq!((loss, notices), (expected, Notices::NONE), "{tier:?}");
            assert_eq!(bits(&gradient), bits(&slopes), "{tier:?} {normalization:?}");
            let (loss, notices, gradient) = run(&params, &softly);
            assert_eq!((loss, notices), (expected, Notices::NONE), "{tier:?}");
            assert_eq!((gradient[1], gradient[3]), (0.0, 0.0), "{tier:?} {normalization:?}");
        });
    }
}

#[test]
fn an_extreme_of_weight_0_moves_the_others() {
    let scores = [-1.0, 0.25, 0.5, 3.0];
    let weights = [0.0, 1.0, 1.0, 0.0];
    let loss = |scores: &[f32]| {
        let params = iou::Params { normalization: Normalization::MinMax, ..iou::Params::default() };
        let (targets, weights) = (Some([0, 1, 0, 1].as_slice()), Some(weights.as_slice()));
        run(&params, &Pixels { scores, targets, weights, ..Pixels::default() })
    };
    let (_, _, gradient) = loss(&scores);
    for (index, found) in gradient.iter().enumerate() {
        let moved = |by: f32| {
            let mut scores = scores;
            scores[index] += by;
            loss(&scores).0
        };
        let slope = (moved(0.015625) - moved(-0.015625)) / 0.03125;
        assert!(slope.abs() > 0.01, "the extremes too");
        assert!((f64::from(*found) - slope).abs() < 1e-3, "{index}: {found} is not {slope}");
    }
}

#[test]
fn clamp_at_its_bounds() {
    let pixels = of(&[0.0, 1.0, 0.5, f32::NAN], &[1, 1, 1, 1]);
    let first = Pixels { scores: &pixels.scores[..3], targets: Some(&[1; 3]), ..pixels };
    let zero = iou::Params { normalization: Normalization::Clamp, ..iou::Params::default() };
    let (_, _, gradient) = run(&zero, &first);
    assert_eq!((gradient[0], gradient[1]), (0.0, 0.0));
    let pass = iou::Params { boundary: Boundary::Pass, ..zero };
    let (_, _, gradient) = run(&pass, &first);
    assert!(gradient[0] == gradient[2] && gradient[1] == gradient[2] && gradient[2] < 0.0);
    let (value, notices, _) = run(&zero, &pixels);
    assert!(value.is_nan() && notices == Notices::NOT_FINITE);
}

#[test]
fn an_index_of_1_under_a_root_has_a_slope_of_0_by_convention() {
    let params = tversky::Params {
        normalization: Normalization::Clamp,
        boundary: Boundary::Pass,
        gamma: 0.75,
        ..tversky::Params::default()
    };
    let mut gradient = [7.0; 2];
    let pixels = of(&[1.0, 0.0], &[1, 0]);
    let to = &mut gradient;
    let found =
        tversky::loss_and_gradient(&params, &pixels, 1.0, Write::Store, None, None, to).unwrap();
    assert_eq!((found.value, found.notices, gradient), (0.0, Notices::DEGENERATE, [0.0; 2]));
}

#[test]
fn bad_arguments_change_nothing() {
    let good = of(&[1.0, 2.0], &[1, 0]);
    let default = tversky::Params::default();
    let minmax = tversky::Params { normalization: Normalization::MinMax, ..default };
    let (mut totals, mut range) = (tversky::Totals::default(), Range::default());
    totals.update(&default, &good, None).unwrap();
    let before = totals;
    for bad in [f32::NAN, f32::INFINITY, -1.0] {
        for (params, error) in [
            (tversky::Params { smooth: bad, ..default }, Error::Smooth),
            (tversky::Params { false_positives: bad, ..default }, Error::Balance),
            (tversky::Params { false_negatives: bad, ..default }, Error::Balance),
            (tversky::Params { gamma: bad, ..default }, Error::Gamma),
        ] {
            assert_eq!(totals.update(&params, &good, None), Err(error));
            assert_eq!(totals.loss(&params, None), Err(error));
        }
    }
    let weight = tversky::Params { weight: f32::NAN, ..default };
    assert_eq!(totals.update(&weight, &good, None), Err(Error::Weight));
    assert_eq!(totals.update(&minmax, &good, None), Err(Error::RangeMissing));
    let both = Pixels { soft_targets: Some(&[0.5, 0.5]), ..good };
    assert_eq!(totals.update(&default, &both, None), Err(Error::UnsupportedInput));
    let neither = Pixels { targets: None, ..good };
    assert_eq!(totals.update(&default, &neither, None), Err(Error::MissingInput));
    let short = Pixels { targets: Some(&[1]), ..good };
    assert_eq!(totals.update(&default, &short, None), Err(Error::LengthMismatch));
    assert_eq!(totals.loss(&minmax, Some(&range)), Err(Error::MixedTotals));
    let mut gradient = [7.0; 2];
    let to = &mut gradient[..1];
    let short = totals.gradient(&default, None, &good, 1.0, Write::Store, to);
    assert_eq!((short, gradient), (Err(Error::LengthMismatch), [7.0; 2]));
    assert_eq!(totals, before);

    // A range of other pixels.
    let mut own = tversky::Totals::default();
    own.update(&minmax, &good, Some(&mut range)).unwrap();
    assert_eq!(own.loss(&minmax, None), Err(Error::RangeMissing));
    assert!(own.loss(&minmax, Some(&range)).is_ok());
    range.update(&good).unwrap();
    assert_eq!(own.loss(&minmax, Some(&range)), Err(Error::RangeMissing));
    // A soft target out of range acts as masked.
    let soft = Pixels { scores: &[1.0, 2.0], soft_targets: Some(&[0.5, 1.5]), ..Pixels::default() };
    let mut rejected = tversky::Totals::default();
    rejected.update(&default, &soft, None).unwrap();
    assert_eq!((rejected.sums.pixels, rejected.sums.rejected), (1, 1));
    assert_eq!(rejected.loss(&default, None).unwrap().notices, Notices::REJECTED);
}
