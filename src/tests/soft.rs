//! Binary cross-entropy with soft targets and label smoothing.

use super::cubes::{bits, cuts, number};
use super::naive::{bce as naive, ulps};
use super::{any_float, between, for_each_tier};
use crate::error::{Error, Notices};
use crate::input::Pixels;
use crate::loss::bce::{Params, SOFT_MAX_ULP, Totals, loss_and_gradient, map};
use crate::node::reduction::Reduction;
use crate::simd::Write;
use proptest::prelude::*;
use std::vec::Vec;

fn pixels() -> impl Strategy<Value = Vec<(f32, f32)>> {
    let score = prop_oneof![6 => between(-8.0, 8.0), 1 => between(-80.0, 80.0), 1 => any_float()];
    let target =
        prop_oneof![6 => between(0.0, 1.0), 2 => Just(0.0), 2 => Just(1.0), 1 => any_float()];
    proptest::collection::vec((score, target), 0..300)
}

fn params() -> impl Strategy<Value = Params> {
    let smoothing = prop_oneof![
        Just(0.0_f32),
        Just(1.0),
        between(0.0, 0.5),
        between(-30.0, 0.0).prop_map(f32::exp2)
    ];
    (between(-2.0, 2.0), prop_oneof![Just(1.0_f32), Just(0.0), between(0.0, 20.0)], smoothing)
        .prop_map(|(weight, pos_weight, label_smoothing)| Params {
            reduction: Reduction::Sum,
            weight,
            pos_weight,
            label_smoothing,
        })
}

type Outcome = (Totals, u64, Notices, Vec<u32>, Vec<u32>);

fn outcome(params: &Params, pixels: &Pixels) -> Outcome {
    let n = pixels.scores.len();
    let mut totals = Totals::default();
    totals.update(params, pixels).unwrap();
    let value = totals.loss(params).unwrap();
    let [mut gradient, mut at_once, mut terms] = [(); 3].map(|()| std::vec![7.5_f32; n]);
    totals.gradient(params, pixels, 1.5, Write::Store, &mut gradient).unwrap();
    map(params, pixels, &mut terms).unwrap();
    let mut frame = Totals::default();
    let to = Some(&mut frame);
    let fused = loss_and_gradient(params, pixels, 1.5, Write::Store, to, &mut at_once).unwrap();
    assert_eq!((number(fused.value), frame), (number(value.value), totals));
    assert_eq!(bits(&gradient), bits(&at_once));
    (totals, number(value.value), value.notices, bits(&gradient), bits(&terms))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_tier_and_split_gives_the_same_bits(pixels in pixels(), params in params()) {
        let (scores, targets): (Vec<f32>, Vec<f32>) = pixels.into_iter().unzip();
        let part = |start: usize, end: usize| Pixels {
            scores: &scores[start..end],
            soft_targets: Some(&targets[start..end]),
            ..Pixels::default()
        };
        let first = outcome(&params, &part(0, scores.len()));
        for_each_tier(|tier| assert_eq!(outcome(&params, &part(0, scores.len())), first, "{tier:?}"));
        for ends in cuts(scores.len()) {
            let mut merged = Totals::default();
            for ends in ends.windows(2).rev() {
                merged.merge(&outcome(&params, &part(ends[0], ends[1])).0);
            }
            prop_assert_eq!(merged, first.0);
        }
    }

    #[test]
    fn terms_and_slopes_are_within_the_bound(pixels in pixels(), params in params()) {
        let (scores, targets): (Vec<f32>, Vec<f32>) = pixels.into_iter().unzip();
        let given = Pixels { scores: &scores, soft_targets: Some(&targets), ..Pixels::default() };
        let found = outcome(&params, &given);
        let mut rejected = 0;
        for (index, (score, target)) in scores.iter().zip(&targets).enumerate() {
            if !(0.0..=1.0).contains(target) {
                rejected += 1;
                prop_assert_eq!((found.3[index], found.4[index]), (0, 0), "a rejected pixel");
                continue;
            }
            if !score.is_finite() {
                continue;
            }
            let smoothing = f64::from(params.label_smoothing);
            let soft = f64::from(*target) * (1.0 - smoothing) + 0.5 * smoothing;
            let against = (1.0 - f64::from(*target)) * (1.0 - smoothing) + 0.5 * smoothing;
            let x = f64::from(*score);
            let factor = |scale: f64, class: f64| f64::from((f64::from(params.weight) * scale * class) as f32);
            let parts = |scale: f64, of: &dyn Fn(f64, bool) -> f64| {
                let positive = soft * factor(scale, f64::from(params.pos_weight)) * of(x, true);
                let negative = against * factor(scale, 1.0) * of(x, false);
                (positive + negative, positive.abs().max(negative.abs()))
            };
            for (found, (truth, size)) in [
                (f32::from_bits(found.4[index]), parts(1.0, &naive::term)),
                (f32::from_bits(found.3[index]), parts(1.5, &naive::gradient)),
            ] {
                if !(1e-30..1e37).contains(&size) {
                    continue;
                }
                let error = (f64::from(found) - truth).abs();
                let unit = ulps(0.0, size).recip() * size;
                prop_assert!(error <= SOFT_MAX_ULP * unit, "{score} {soft}: {found} is not {truth}");
            }
        }
        prop_assert_eq!(found.0.sums.rejected, rejected);
    }

    #[test]
    fn hard_targets_as_soft_ones_are_the_same_to_rounding(scores in proptest::collection::vec(between(-20.0, 20.0), 1..100)) {
        let hard: Vec<u8> = (0..scores.len()).map(|index| u8::from(index % 4 == 1)).collect();
        let soft: Vec<f32> = hard.iter().map(|target| f32::from(*target)).collect();
        let params = Params { pos_weight: 3.0, ..Params::default() };
        let of_hard = outcome(&params, &Pixels { scores: &scores, targets: Some(&hard), ..Pixels::default() });
        let of_soft = outcome(&params, &Pixels { scores: &scores, soft_targets: Some(&soft), ..Pixels::default() });
        prop_assert_eq!(of_hard, of_soft);
    }
}

#[test]
fn smoothing_is_a_soft_target() {
    let scores = [0.5, -2.0, 3.0, 0.25];
    let smoothed = Params { label_smoothing: 0.25, ..Params::default() };
    let hard = Pixels { scores: &scores, targets: Some(&[1, 0, 255, 0]), ..Pixels::default() };
    let soft = Pixels {
        scores: &scores,
        soft_targets: Some(&[0.875, 0.125, 0.875, 0.125]),
        ..Pixels::default()
    };
    let (a, b) = (outcome(&smoothed, &hard), outcome(&Params::default(), &soft));
    assert_eq!((a.1, a.2, a.3, a.4), (b.1, b.2, b.3, b.4));
    // Totals know the smoothing of their terms.
    assert_eq!(a.0.loss(&Params::default()), Err(Error::MixedTotals));
}

#[test]
fn a_little_smoothing_is_not_lost() {
    // The term of a confident pixel that is right is nearly all e/2 times the logit.
    for_each_tier(|tier| {
        for smoothing in [1e-4_f32, 1e-6, 1e-7] {
            let params = Params {
                reduction: Reduction::Sum,
                label_smoothing: smoothing,
                ..Params::default()
            };
            let pixels = Pixels { scores: &[30.0], targets: Some(&[1]), ..Pixels::default() };
            let found = outcome(&params, &pixels);
            let truth = 0.5 * f64::from(smoothing) * 30.0 + (-30.0_f64).exp();
            let error = (f64::from_bits(found.1) / truth - 1.0).abs();
            assert!(error < 1e-6, "{tier:?} {smoothing}: {error}");
        }
    });
}

#[test]
fn masks_and_weights_go_before_bad_targets() {
    let nan = f32::NAN;
    let pixels = Pixels {
        scores: &[1.0, nan, 2.0, nan, -1.0, nan],
        soft_targets: Some(&[0.25, nan, 0.5, 1.5, -0.0, 0.5]),
        valid: Some(&[1, 0, 255, 1, 1, 1]),
        weights: Some(&[2.0, 1.0, 0.5, 1.0, 0.0, -1.0]),
        ..Pixels::default()
    };
    let counted = Pixels {
        scores: &[1.0, 2.0, -1.0],
        soft_targets: Some(&[0.25, 0.5, 0.0]),
        weights: Some(&[2.0, 0.5, 0.0]),
        ..Pixels::default()
    };
    for reduction in [Reduction::Mean, Reduction::WeightedMean, Reduction::Sum] {
        let params = Params { reduction, label_smoothing: 0.1, ..Params::default() };
        for_each_tier(|tier| {
            let (mut found, kept) = (outcome(&params, &pixels), outcome(&params, &counted));
            assert_eq!((found.1, found.2), (kept.1, Notices::REJECTED), "{tier:?}");
            // A masked pixel is not rejected, whatever its target.
            assert_eq!((found.0.sums.terms, found.0.sums.rejected), (3, 2));
            found.0.sums.rejected = 0;
            assert_eq!(found.0, kept.0);
            let at = |list: &[u32], places: [usize; 3]| places.map(|place| list[place]);
            assert_eq!(at(&found.3, [0, 2, 4]), at(&kept.3, [0, 1, 2]));
            assert_eq!(at(&found.3, [1, 3, 5]), [0; 3]);
            assert_eq!(at(&found.4, [1, 3, 5]), [0; 3]);
        });
    }
}

#[test]
fn adding_is_storing_plus_what_was_there() {
    let pixels = Pixels {
        scores: &[1.0, -2.0, 0.5, 3.0],
        soft_targets: Some(&[0.25, 0.75, 2.0, 1.0]),
        ..Pixels::default()
    };
    let mut totals = Totals::default();
    totals.update(&Params::default(), &pixels).unwrap();
    let before = [0.5_f32, -3.25, 7.0, 1e-3];
    let (mut stored, mut added) = (before, before);
    totals.gradient(&Params::default(), &pixels, -2.0, Write::Store, &mut stored).unwrap();
    totals.gradient(&Params::default(), &pixels, -2.0, Write::Add, &mut added).unwrap();
    for index in 0..before.len() {
        assert_eq!(added[index], before[index] + stored[index]);
    }
    assert_eq!((stored[2], added[2]), (0.0, 7.0));
}

#[test]
fn limits_and_bad_arguments() {
    let run = |score: f32, target: f32| {
        let (scores, targets) = ([score], [target]);
        let pixels = Pixels { scores: &scores, soft_targets: Some(&targets), ..Pixels::default() };
        let found = outcome(&Params::default(), &pixels);
        (f64::from_bits(found.1), f32::from_bits(found.3[0]))
    };
    let inf = f32::INFINITY;
    assert_eq!(run(inf, 1.0), (0.0, 0.0));
    assert_eq!(run(-inf, 0.0), (0.0, 0.0));
    assert_eq!(run(inf, 0.5), (f64::INFINITY, 0.75));
    assert_eq!(run(-inf, 0.5), (f64::INFINITY, -0.75));
    // A NaN logit is NaN for as long as any part is on.
    assert!(run(f32::NAN, 0.5).1.is_nan());

    let good = Pixels { scores: &[1.0], targets: Some(&[1]), ..Pixels::default() };
    let mut totals = Totals::default();
    for smoothing in [f32::NAN, -0.1, 1.1] {
        let params = Params { label_smoothing: smoothing, ..Params::default() };
        assert_eq!(totals.update(&params, &good), Err(Error::LabelSmoothing));
    }
    let both = Pixels { soft_targets: Some(&[0.5]), ..good };
    assert_eq!(totals.update(&Params::default(), &both), Err(Error::UnsupportedInput));
    let short = Pixels { targets: None, soft_targets: Some(&[]), ..good };
    assert_eq!(totals.update(&Params::default(), &short), Err(Error::LengthMismatch));
    assert_eq!(totals, Totals::default());
}
