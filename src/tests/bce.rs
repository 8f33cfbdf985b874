//! Binary cross-entropy: bits between tiers, ulps against the oracle, and the rules for masks,
//! weights, chunks and limits.

use super::naive::{self, ulps};
use super::{any_float, between, for_each_tier, splits};
use crate::error::{Error, Notices};
use crate::exact::ExactSum;
use crate::input::Pixels;
use crate::loss::bce::{Params, Totals, loss_and_gradient, map};
use crate::math::LOGISTIC_PRODUCT_MAX_ULP;
use crate::node::reduction::Reduction;
use crate::simd::Write;
use proptest::prelude::*;
use std::vec::Vec;

#[derive(Clone, Debug)]
struct Batch {
    scores: Vec<f32>,
    targets: Vec<u8>,
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
            targets: Some(&self.targets[start..end]),
            valid: self.valid.as_ref().map(|valid| &valid[start..end]),
            weights: self.weights.as_ref().map(|weights| &weights[start..end]),
            ..Pixels::default()
        }
    }

    fn counts(&self, index: usize) -> bool {
        let valid = self.valid.as_ref().is_none_or(|valid| valid[index] != 0);
        let weight = self.weights.as_ref().map_or(1.0, |weights| weights[index]);
        valid && (0.0..f32::INFINITY).contains(&weight)
    }
}

fn score() -> impl Strategy<Value = f32> {
    prop_oneof![4 => between(-8.0, 8.0), 1 => between(-110.0, 110.0), 1 => any_float()]
}

fn batch() -> impl Strategy<Value = Batch> {
    (0_usize..700).prop_flat_map(|n| {
        let bytes = || proptest::collection::vec(prop_oneof![Just(0_u8), Just(1), any::<u8>()], n);
        let weight = prop_oneof![8 => between(0.0, 4.0), 1 => Just(0.0), 1 => any_float()];
        (
            proptest::collection::vec(score(), n),
            bytes(),
            proptest::option::of(bytes()),
            proptest::option::of(proptest::collection::vec(weight, n)),
        )
            .prop_map(|(scores, targets, valid, weights)| Batch {
                scores,
                targets,
                valid,
                weights,
            })
    })
}

fn params() -> impl Strategy<Value = Params> {
    let reduction =
        prop_oneof![Just(Reduction::Mean), Just(Reduction::Sum), Just(Reduction::WeightedMean),];
    let weight = prop_oneof![Just(1.0_f32), Just(0.0), between(-2.0, 2.0)];
    let pos_weight = prop_oneof![Just(1.0_f32), Just(0.0), between(0.0, 20.0)];
    (reduction, weight, pos_weight).prop_map(|(reduction, weight, pos_weight)| Params {
        reduction,
        weight,
        pos_weight,
        label_smoothing: 0.0,
    })
}

/// Everything that a batch gives, as bits; a NaN is a NaN.
#[derive(Debug, PartialEq)]
struct Outcome {
    totals: Totals,
    loss: u64,
    notices: Notices,
    gradient: Vec<u32>,
    map: Vec<u32>,
}

fn bits(floats: &[f32]) -> Vec<u32> {
    floats.iter().map(|float| if float.is_nan() { u32::MAX } else { float.to_bits() }).collect()
}

fn outcome(params: &Params, pixels: &Pixels) -> Outcome {
    let n = pixels.scores.len();
    let mut totals = Totals::default();
    totals.update(params, pixels).unwrap();
    let value = totals.loss(params).unwrap();
    let mut gradient = std::vec![f32::NAN; n];
    let notices = totals.gradient(params, pixels, 1.5, Write::Store, &mut gradient).unwrap();
    assert_eq!(notices, value.notices);
    let mut terms = std::vec![f32::NAN; n];
    map(params, pixels, &mut terms).unwrap();

    // The call that does all of it at once gives the same bits.
    let mut at_once = std::vec![f32::NAN; n];
    let mut at_once_totals = Totals::default();
    let to = Some(&mut at_once_totals);
    let fused = loss_and_gradient(params, pixels, 1.5, Write::Store, to, &mut at_once).unwrap();
    assert_eq!(fused.notices, value.notices);
    assert_eq!(number(fused.value), number(value.value));
    assert_eq!(at_once_totals, totals);
    assert_eq!(bits(&at_once), bits(&gradient));

    Outcome {
        totals,
        loss: number(value.value),
        notices,
        gradient: bits(&gradient),
        map: bits(&terms),
    }
}

fn number(double: f64) -> u64 {
    if double.is_nan() { u64::MAX } else { double.to_bits() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_tier_gives_the_same_bits(batch in batch(), params in params()) {
        let mut first = None;
        for_each_tier(|tier| {
            let outcome = outcome(&params, &batch.pixels());
            let first = first.get_or_insert_with(|| super::bce::outcome(&params, &batch.pixels()));
            assert_eq!(&outcome, first, "{tier:?}");
        });
    }

    #[test]
    fn any_split_gives_the_same_words(batch in batch(), params in params(), cuts in splits()) {
        let whole = outcome(&params, &batch.pixels());
        let mut one_after_the_other = Totals::default();
        let mut merged = Totals::default();
        let ends = super::ends(&cuts, batch.scores.len());
        for part in ends.windows(2).rev() {
            let pixels = batch.part(part[0], part[1]);
            one_after_the_other.update(&params, &pixels).unwrap();
            let mut alone = Totals::default();
            alone.update(&params, &pixels).unwrap();
            merged.merge(&alone);
        }
        prop_assert_eq!(one_after_the_other, whole.totals);
        prop_assert_eq!(merged, whole.totals);

        // The gradient of each part, with the totals of the whole.
        let mut gradient = std::vec![f32::NAN; batch.scores.len()];
        for part in ends.windows(2) {
            let pixels = batch.part(part[0], part[1]);
            let to = &mut gradient[part[0]..part[1]];
            merged.gradient(&params, &pixels, 1.5, Write::Store, to).unwrap();
        }
        prop_assert_eq!(bits(&gradient), whole.gradient);
    }

    #[test]
    fn a_masked_pixel_is_as_if_it_were_not_there(batch in batch(), params in params()) {
        let found = outcome(&params, &batch.pixels());
        let mut poisoned = batch.clone();
        let mut kept = Batch {
            scores: Vec::new(),
            targets: Vec::new(),
            valid: None,
            weights: batch.weights.as_ref().map(|_| Vec::new()),
        };
        for index in 0..batch.scores.len() {
            let valid = batch.valid.as_ref().is_none_or(|valid| valid[index] != 0);
            if valid {
                kept.scores.push(batch.scores[index]);
                kept.targets.push(batch.targets[index]);
                if let (Some(to), Some(from)) = (&mut kept.weights, &batch.weights) {
                    to.push(from[index]);
                }
            } else {
                poisoned.scores[index] = f32::NAN;
                if let Some(weights) = &mut poisoned.weights {
                    weights[index] = f32::NAN;
                }
            }
            if !batch.counts(index) {
                prop_assert_eq!((found.gradient[index], found.map[index]), (0, 0));
            }
        }
        prop_assert_eq!(&outcome(&params, &poisoned.pixels()), &found);
        let without = outcome(&params, &kept.pixels());
        prop_assert_eq!((without.totals, without.loss), (found.totals, found.loss));
    }

    #[test]
    fn terms_and_gradients_are_within_the_bound(batch in batch(), params in params()) {
        let pixels = batch.pixels();
        let params = Params { reduction: Reduction::Sum, ..params };
        let found = outcome(&params, &pixels);
        let mut sum = ExactSum::default();
        for (index, score) in batch.scores.iter().enumerate() {
            let term = f32::from_bits(found.map[index]);
            if !batch.counts(index) {
                continue;
            }
            sum.add(term);
            let positive = batch.targets[index] != 0;
            let weight = batch.weights.as_ref().map_or(1.0, |weights| weights[index]);
            // The factors are rounded to f32, and the bound counts from there.
            let of_class = |scale: f64| {
                let class = if positive { f64::from(params.pos_weight) } else { 1.0 };
                f64::from(((f64::from(params.weight) * scale * class) as f32) * weight)
            };
            if of_class(1.0).abs().max(of_class(1.5).abs()) > 2.0_f64.powi(72) {
                continue;
            }
            if of_class(1.0) == 0.0 {
                prop_assert_eq!((term, found.gradient[index]), (0.0, 0));
                continue;
            }
            if score.is_nan() {
                prop_assert!(term.is_nan());
                continue;
            }
            let truth = naive::bce::term(f64::from(*score), positive) * of_class(1.0);
            if truth.abs() < f64::from(f32::MAX) {
                let error = ulps(term, truth);
                prop_assert!(error <= LOGISTIC_PRODUCT_MAX_ULP, "{score}: {term} is {error} ulp off");
            }
            let truth = naive::bce::gradient(f64::from(*score), positive) * of_class(1.5);
            let gradient = f32::from_bits(found.gradient[index]);
            let error = ulps(gradient, truth);
            prop_assert!(error <= LOGISTIC_PRODUCT_MAX_ULP, "{score}: gradient {gradient} is {error} ulp off");
        }
        prop_assert_eq!(sum, found.totals.sums.loss);
    }

    #[test]
    fn adding_is_storing_plus_what_was_there(batch in batch(), params in params()) {
        let pixels = batch.pixels();
        let mut totals = Totals::default();
        totals.update(&params, &pixels).unwrap();
        let before: Vec<f32> = (0..batch.scores.len()).map(|i| i as f32 - 3.25).collect();
        let mut stored = before.clone();
        let mut added = before.clone();
        totals.gradient(&params, &pixels, -2.0, Write::Store, &mut stored).unwrap();
        totals.gradient(&params, &pixels, -2.0, Write::Add, &mut added).unwrap();
        let expected: Vec<f32> = before.iter().zip(&stored).map(|(a, b)| a + b).collect();
        prop_assert_eq!(bits(&added), bits(&expected));
    }

    #[test]
    fn the_gradient_is_the_slope(scores in proptest::collection::vec(between(-6.0, 6.0), 1..20)) {
        let targets: Vec<u8> = (0..scores.len()).map(|i| u8::from(i % 3 == 0)).collect();
        let params = Params { pos_weight: 3.0, weight: 0.7, ..Params::default() };
        let loss = |scores: &[f64]| -> f64 {
            let terms = scores.iter().zip(&targets).map(|(score, target)| {
                naive::bce::term(*score, *target != 0) * if *target != 0 { 3.0 } else { 1.0 } * 0.7
            });
            terms.sum::<f64>() / scores.len() as f64
        };
        let pixels = Pixels { scores: &scores, targets: Some(&targets), ..Pixels::default() };
        let mut gradient = std::vec![0.0; scores.len()];
        loss_and_gradient(&params, &pixels, 1.0, Write::Store, None, &mut gradient).unwrap();
        let doubles: Vec<f64> = scores.iter().map(|score| f64::from(*score)).collect();
        for (index, found) in gradient.iter().enumerate() {
            let at = |step: f64| {
                let mut moved = doubles.clone();
                moved[index] += step;
                loss(&moved)
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            prop_assert!((f64::from(*found) - slope).abs() < 1e-6 * slope.abs() + 1e-9);
        }
    }
}

#[test]
fn limits() {
    let inf = f32::INFINITY;
    let cases = [
        // logit, target, pos_weight, term, gradient
        (inf, 1, 1.0, 0.0, 0.0),
        (-inf, 0, 1.0, 0.0, 0.0),
        (-inf, 1, 2.0, inf, -2.0),
        (inf, 0, 1.0, inf, 1.0),
        (-inf, 1, 0.0, 0.0, 0.0),
        (f32::NAN, 1, 0.0, 0.0, 0.0),
    ];
    for_each_tier(|tier| {
        for (logit, target, pos_weight, term, slope) in cases {
            let params = Params { pos_weight, ..Params::default() };
            let (scores, targets) = ([logit], [target]);
            let pixels = Pixels { scores: &scores, targets: Some(&targets), ..Pixels::default() };
            let mut found = [f32::NAN];
            map(&params, &pixels, &mut found).unwrap();
            assert_eq!(found, [term], "{tier:?} {logit} {target}");
            let mut gradient = [f32::NAN];
            let value = loss_and_gradient(&params, &pixels, 1.0, Write::Store, None, &mut gradient)
                .unwrap();
            assert_eq!((value.value, gradient), (f64::from(term), [slope]), "{tier:?} {logit}");
            assert_eq!(value.notices == Notices::NOT_FINITE, term.is_infinite());
        }
    });
}

#[test]
fn one_infinite_logit_that_is_right_leaves_the_mean_finite() {
    let pixels =
        Pixels { scores: &[f32::INFINITY, 0.0], targets: Some(&[1, 0]), ..Pixels::default() };
    let mut totals = Totals::default();
    totals.update(&Params::default(), &pixels).unwrap();
    let value = totals.loss(&Params::default()).unwrap();
    assert!((value.value - core::f64::consts::LN_2 / 2.0).abs() < 1e-7);
    assert_eq!(value.notices, Notices::NONE);
}

#[test]
fn reductions_of_nothing_and_of_no_weight() {
    let of = |reduction| Params { reduction, ..Params::default() };
    let empty = Totals::default();
    let mean = empty.loss(&of(Reduction::Mean)).unwrap();
    assert!(mean.value.is_nan() && mean.notices == Notices::EMPTY);
    let sum = empty.loss(&of(Reduction::Sum)).unwrap();
    assert!(sum.value == 0.0 && sum.notices == Notices::EMPTY);
    assert_eq!(empty.loss(&of(Reduction::None)), Err(Error::NoScalar));

    let pixels = Pixels {
        scores: &[1.0, 2.0],
        targets: Some(&[0, 1]),
        weights: Some(&[0.0, 0.0]),
        ..Pixels::default()
    };
    let mut totals = Totals::default();
    totals.update(&of(Reduction::WeightedMean), &pixels).unwrap();
    let value = totals.loss(&of(Reduction::WeightedMean)).unwrap();
    assert!(value.value.is_nan() && value.notices == Notices::DEGENERATE);
    assert_eq!(totals.loss(&of(Reduction::Mean)).unwrap().value, 0.0);
}

#[test]
fn bad_arguments_change_nothing() {
    let good = Pixels { scores: &[1.0], targets: Some(&[1]), ..Pixels::default() };
    let (default, mut totals) = (Params::default(), Totals::default());
    totals.update(&default, &good).unwrap();
    let before = totals;
    let weights = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    for weight in weights {
        let params = Params { weight, ..default };
        assert_eq!(totals.update(&params, &good), Err(Error::Weight));
        assert_eq!(totals.loss(&params), Err(Error::Weight));
    }
    for pos_weight in weights.into_iter().chain([-1.0]) {
        let params = Params { pos_weight, ..default };
        assert_eq!(totals.update(&params, &good), Err(Error::PosWeight));
    }
    let missing = Pixels { targets: None, ..good };
    assert_eq!(totals.update(&default, &missing), Err(Error::MissingInput));
    let short = Pixels { valid: Some(&[]), ..good };
    assert_eq!(totals.update(&default, &short), Err(Error::LengthMismatch));
    let soft = Pixels { soft_targets: Some(&[0.5]), ..good };
    assert_eq!(totals.update(&default, &soft), Err(Error::UnsupportedInput));
    let other = Params { pos_weight: 2.0, ..default };
    assert_eq!(totals.loss(&other), Err(Error::MixedTotals));
    let mut gradient = [7.0, 7.0];
    let wrong = totals.gradient(&default, &good, 1.0, Write::Store, &mut gradient);
    assert_eq!((wrong, gradient), (Err(Error::LengthMismatch), [7.0, 7.0]));
    assert_eq!(totals, before);
}

#[test]
fn mixed_totals_are_found_after_a_merge() {
    let pixels = Pixels { scores: &[1.0, -2.0], targets: Some(&[1, 0]), ..Pixels::default() };
    let (one, other) = (Params::default(), Params { weight: 0.5, ..Params::default() });
    let (mut a, mut b) = (Totals::default(), Totals::default());
    a.update(&one, &pixels).unwrap();
    b.update(&other, &pixels).unwrap();
    a.merge(&b);
    assert_eq!(a.loss(&one), Err(Error::MixedTotals));
    assert_eq!(a.loss(&other), Err(Error::MixedTotals));
    // The reduction changes no term, so one state serves every reduction.
    assert!(b.loss(&Params { reduction: Reduction::Sum, ..other }).is_ok());
}
