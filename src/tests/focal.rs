//! Focal loss: bits between tiers and splits, ulps against the oracle, and what it shares with BCE.

use super::cubes::{bits, cuts, number};
use super::naive::{focal as naive, ulps};
use super::{any_float, between, for_each_tier};
use crate::error::{Error, Notices};
use crate::input::Pixels;
use crate::loss::bce;
use crate::loss::focal::{Params, Totals, loss_and_gradient, map, max_ulp};
use crate::node::reduction::Reduction;
use crate::simd::Write;
use proptest::prelude::*;
use std::vec::Vec;

fn scores() -> impl Strategy<Value = Vec<f32>> {
    let score = prop_oneof![6 => between(-8.0, 8.0), 1 => between(-110.0, 110.0), 1 => any_float()];
    proptest::collection::vec(score, 0..300)
}

fn params() -> impl Strategy<Value = Params> {
    let gamma = prop_oneof![Just(2.0_f32), Just(0.0), Just(1.0), between(0.0, 5.0)];
    let alpha = proptest::option::of(between(0.0, 1.0));
    let reduction =
        prop_oneof![Just(Reduction::Mean), Just(Reduction::Sum), Just(Reduction::WeightedMean)];
    (reduction, between(-2.0, 2.0), gamma, alpha)
        .prop_map(|(reduction, weight, gamma, alpha)| Params { reduction, weight, gamma, alpha })
}

/// Targets, weights and a mask that follow from the place.
struct Sides {
    targets: Vec<u8>,
    valid: Vec<u8>,
    weights: Vec<f32>,
}

impl Sides {
    fn of(n: usize) -> Self {
        Self {
            targets: (0..n).map(|i| u8::from(i % 3 == 0) * 255).collect(),
            valid: (0..n).map(|i| u8::from(i % 7 != 2)).collect(),
            weights: (0..n).map(|i| (i % 5) as f32 * 0.5).collect(),
        }
    }

    fn pixels<'a>(&'a self, scores: &'a [f32], start: usize, end: usize) -> Pixels<'a> {
        Pixels {
            scores: &scores[start..end],
            targets: Some(&self.targets[start..end]),
            valid: Some(&self.valid[start..end]),
            weights: Some(&self.weights[start..end]),
            ..Pixels::default()
        }
    }
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
    assert_eq!(
        (number(fused.value), fused.notices, frame),
        (number(value.value), value.notices, totals)
    );
    assert_eq!(bits(&gradient), bits(&at_once));
    (totals, number(value.value), value.notices, bits(&gradient), bits(&terms))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_tier_and_split_gives_the_same_bits(scores in scores(), params in params()) {
        let sides = Sides::of(scores.len());
        let first = outcome(&params, &sides.pixels(&scores, 0, scores.len()));
        for_each_tier(|tier| {
            assert_eq!(outcome(&params, &sides.pixels(&scores, 0, scores.len())), first, "{tier:?}");
        });
        for ends in cuts(scores.len()) {
            let mut merged = Totals::default();
            for part in ends.windows(2).rev() {
                merged.merge(&outcome(&params, &sides.pixels(&scores, part[0], part[1])).0);
            }
            prop_assert_eq!(merged, first.0);
            let mut gradient = std::vec![f32::NAN; scores.len()];
            for part in ends.windows(2) {
                let pixels = sides.pixels(&scores, part[0], part[1]);
                merged.gradient(&params, &pixels, 1.5, Write::Store, &mut gradient[part[0]..part[1]]).unwrap();
            }
            prop_assert_eq!(bits(&gradient), first.3.clone());
        }
    }

    #[test]
    fn a_masked_pixel_is_as_if_it_were_not_there(scores in scores(), params in params()) {
        let sides = Sides::of(scores.len());
        let found = outcome(&params, &sides.pixels(&scores, 0, scores.len()));
        let mut poisoned = scores.clone();
        for (score, valid) in poisoned.iter_mut().zip(&sides.valid) {
            if *valid == 0 {
                *score = f32::NAN;
            }
        }
        prop_assert_eq!(outcome(&params, &sides.pixels(&poisoned, 0, scores.len())), found);
    }

    #[test]
    fn terms_and_slopes_are_within_the_bound(scores in proptest::collection::vec(between(-30.0, 30.0), 1..100), params in params()) {
        let targets = Sides::of(scores.len()).targets;
        let params = Params { reduction: Reduction::Sum, ..params };
        let pixels = Pixels { scores: &scores, targets: Some(&targets), ..Pixels::default() };
        let found = outcome(&params, &pixels);
        let gamma = f64::from(params.gamma);
        for (index, score) in scores.iter().enumerate() {
            let positive = targets[index] != 0;
            let margin = if positive { -f64::from(*score) } else { f64::from(*score) };
            let class = params.alpha.map_or(1.0, |alpha| if positive { f64::from(alpha) } else { 1.0 - f64::from(alpha) });
            let factor = |scale: f64| f64::from((f64::from(params.weight) * scale * class) as f32);
            let bound = max_ulp(gamma, margin);
            let ordinary = |truth: f64| truth.abs() > 1e-30 && naive::term(margin, gamma) > 1e-30;
            let truth = naive::term(margin, gamma) * factor(1.0);
            let term = f32::from_bits(found.4[index]);
            prop_assert!(!ordinary(truth) || ulps(term, truth) <= bound, "{score}: {term} is not {truth}, {} ulp", ulps(term, truth));
            let truth = naive::slope(margin, gamma) * factor(1.5) * if positive { -1.0 } else { 1.0 };
            let slope = f32::from_bits(found.3[index]);
            prop_assert!(!ordinary(truth) || ulps(slope, truth) <= bound, "{score}: slope {slope} is not {truth}, {} ulp", ulps(slope, truth));
        }
    }

    #[test]
    fn the_oracle_slope_is_the_slope(margin in between(-8.0, 8.0), gamma in between(0.0, 5.0)) {
        let (margin, gamma) = (f64::from(margin), f64::from(gamma));
        let slope = (naive::term(margin + 1e-5, gamma) - naive::term(margin - 1e-5, gamma)) / 2e-5;
        prop_assert!((naive::slope(margin, gamma) - slope).abs() < 1e-7);
    }

    #[test]
    fn factors_keep_their_digits(margin in between(-60.0, 5.0), exponent in between(-20.0, 72.0), gamma in prop_oneof![Just(1.0_f32), Just(2.0), Just(1.5), Just(5.0)]) {
        let weight = exponent.exp2();
        let params = Params { reduction: Reduction::Sum, weight, gamma, alpha: None };
        let pixels = Pixels { scores: &[margin], targets: Some(&[0]), ..Pixels::default() };
        let found = outcome(&params, &pixels);
        let (margin, gamma) = (f64::from(margin), f64::from(gamma));
        let bound = max_ulp(gamma, margin);
        for (found, truth) in [
            (f32::from_bits(found.4[0]), naive::term(margin, gamma) * f64::from(weight)),
            (f32::from_bits(found.3[0]), naive::slope(margin, gamma) * f64::from(weight * 1.5)),
        ] {
            let normal = truth > f64::from(f32::MIN_POSITIVE) && truth < f64::from(f32::MAX);
            prop_assert!(!normal || ulps(found, truth) <= bound, "{margin} {gamma}: {found} is not {truth}");
        }
    }

    #[test]
    fn a_steep_power_keeps_its_bound(margin in between(-1.0, 40.0), gamma in prop_oneof![Just(1e3_f32), Just(1e6), Just(1e12)]) {
        let params = Params { reduction: Reduction::Sum, weight: 1.0, gamma, alpha: None };
        let pixels = Pixels { scores: &[margin], targets: Some(&[0]), ..Pixels::default() };
        let found = outcome(&params, &pixels);
        let (margin, gamma) = (f64::from(margin), f64::from(gamma));
        // The power of a sigmoid near 1 loses its digits in `f64`, too: by its logarithm it keeps them.
        let (q, softplus) = ((-margin).exp().ln_1p(), margin.exp().ln_1p());
        let (power, sigmoid) = ((-gamma * q).exp(), (-q).exp());
        let complement = (-softplus).exp();
        for (found, truth) in [
            (f32::from_bits(found.4[0]), power * softplus),
            (f32::from_bits(found.3[0]), power * (gamma * complement * softplus + sigmoid) * 1.5),
        ] {
            // A power that is subnormal has fewer digits, and a factor of gamma may make a normal number of it.
            let normal = truth.min(power) > f64::from(f32::MIN_POSITIVE);
            let bound = max_ulp(gamma, margin);
            prop_assert!(!normal || ulps(found, truth) <= bound, "{margin} {gamma}: {found} is not {truth}");
        }
    }

    #[test]
    fn adding_is_storing_plus_what_was_there(scores in scores(), params in params()) {
        let sides = Sides::of(scores.len());
        let pixels = sides.pixels(&scores, 0, scores.len());
        let mut totals = Totals::default();
        totals.update(&params, &pixels).unwrap();
        let before: Vec<f32> = (0..scores.len()).map(|i| i as f32 - 3.25).collect();
        let (mut stored, mut added) = (before.clone(), before.clone());
        totals.gradient(&params, &pixels, -2.0, Write::Store, &mut stored).unwrap();
        totals.gradient(&params, &pixels, -2.0, Write::Add, &mut added).unwrap();
        let expected: Vec<f32> = before.iter().zip(&stored).map(|(a, b)| a + b).collect();
        prop_assert_eq!(bits(&added), bits(&expected));
    }

    #[test]
    fn without_focus_it_is_cross_entropy(scores in scores(), weight in between(-2.0, 2.0)) {
        let targets = Sides::of(scores.len()).targets;
        let pixels = Pixels { scores: &scores, targets: Some(&targets), ..Pixels::default() };
        let params = Params { weight, gamma: 0.0, alpha: None, ..Params::default() };
        let found = outcome(&params, &pixels);
        let same = bce::Params { weight, ..bce::Params::default() };
        let mut gradient = std::vec![0.0; scores.len()];
        let value = bce::loss_and_gradient(&same, &pixels, 1.5, Write::Store, None, &mut gradient).unwrap();
        prop_assert_eq!((found.1, found.2, found.3), (number(value.value), value.notices, bits(&gradient)));
    }
}

#[test]
fn limits() {
    let run = |params: &Params, score: f32, target: u8| {
        let scores = [score];
        let targets = [target];
        let pixels = Pixels { scores: &scores, targets: Some(&targets), ..Pixels::default() };
        let mut gradient = [f32::NAN];
        let to = &mut gradient;
        let value = loss_and_gradient(params, &pixels, 1.0, Write::Store, None, to).unwrap();
        (value.value, gradient[0])
    };
    let inf = f32::INFINITY;
    for gamma in [0.0, 1.0, 2.0, 1.5] {
        let params = Params { gamma, alpha: None, ..Params::default() };
        assert_eq!(run(&params, inf, 1), (0.0, 0.0), "{gamma}");
        assert_eq!(run(&params, -inf, 0), (0.0, 0.0), "{gamma}");
        assert_eq!(run(&params, -200.0, 1).0, 200.0, "{gamma}");
        // However wrong a logit is, its slope is that of the cross-entropy: upstream times 1.
        for wrong in [100.0, 200.0, 1e4, 1e10, 3e38, inf] {
            for (score, target, sign) in [(wrong, 0, 1.0), (-wrong, 1, -1.0)] {
                let (value, slope) = run(&params, score, target);
                assert_eq!(value, f64::from(wrong), "{gamma}");
                assert!((slope * sign - 1.0).abs() < 1e-6, "{gamma} {wrong}: {slope}");
            }
        }
        assert!(run(&params, f32::NAN, 1).0.is_nan());
        // What alpha switches off is 0 whatever the logit.
        let off = Params { alpha: Some(0.0), ..params };
        assert_eq!(run(&off, f32::NAN, 1), (0.0, 0.0));
    }
}

#[test]
fn bad_arguments_change_nothing() {
    let good = Pixels { scores: &[1.0], targets: Some(&[1]), ..Pixels::default() };
    let default = Params::default();
    let mut totals = Totals::default();
    totals.update(&default, &good).unwrap();
    let before = totals;
    for bad in [f32::NAN, f32::INFINITY, -0.5] {
        for (params, error) in [
            (Params { gamma: bad, ..default }, Error::Gamma),
            (Params { alpha: Some(bad), ..default }, Error::Balance),
        ] {
            assert_eq!(totals.update(&params, &good), Err(error));
            assert_eq!(totals.loss(&params), Err(error));
        }
    }
    let weight = Params { weight: f32::NAN, ..default };
    assert_eq!(totals.update(&weight, &good), Err(Error::Weight));
    let soft = Pixels { targets: None, soft_targets: Some(&[0.5]), ..good };
    assert_eq!(totals.update(&default, &soft), Err(Error::UnsupportedInput));
    let missing = Pixels { targets: None, ..good };
    assert_eq!(totals.update(&default, &missing), Err(Error::MissingInput));
    let short = Pixels { weights: Some(&[]), ..good };
    assert_eq!(totals.update(&default, &short), Err(Error::LengthMismatch));
    let mut gradient = [7.0, 7.0];
    let wrong = totals.gradient(&default, &good, 1.0, Write::Store, &mut gradient);
    assert_eq!((wrong, gradient), (Err(Error::LengthMismatch), [7.0, 7.0]));
    for other in [
        Params { weight: 2.0, ..default },
        Params { gamma: 1.0, ..default },
        Params { alpha: None, ..default },
    ] {
        assert_eq!(totals.loss(&other), Err(Error::MixedTotals));
    }
    assert_eq!(totals, before);
}
