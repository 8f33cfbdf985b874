//! The regularisers of band selectors: value and slope against the oracle, and the edges.

use super::naive::selector as naive;
use super::{between, for_each_tier};
use crate::error::{Error, Notices};
use crate::loss::{selector_diversity as diversity, selector_entropy as entropy};
use crate::simd::Write;
use proptest::prelude::*;
use std::vec::Vec;

fn weights() -> impl Strategy<Value = Vec<f32>> {
    let weight = prop_oneof![4 => between(0.0, 1.0), 1 => Just(0.0), 1 => between(0.0, 1e-6)];
    proptest::collection::vec(weight, 1..70)
}

fn doubles(floats: &[f32]) -> Vec<f64> {
    floats.iter().map(|float| f64::from(*float)).collect()
}

/// The slope of a function at each of its arguments, by differences.
fn slopes(function: impl Fn(&[f64]) -> f64, at: &[f64], step: f64) -> Vec<f64> {
    (0..at.len())
        .map(|index| {
            let moved = |by: f64| {
                let mut moved = at.to_vec();
                moved[index] += by;
                function(&moved)
            };
            (moved(step) - moved(-step)) / (2.0 * step)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn entropy_is_the_formula(weights in weights(), target in proptest::option::of(between(0.0, 4.0)), weight in between(-2.0, 2.0)) {
        let params = entropy::Params { weight, target_entropy: target, eps: 0.1 };
        let eps = f64::from(params.eps);
        // With a sum near 0 a step of the differences is no small one.
        prop_assume!(weights.iter().any(|weight| *weight > 0.1));
        let loss = |weights: &[f64]| {
            let found = naive::entropy(weights, eps);
            let distance = target.map_or(1.0, |target| found - f64::from(target));
            f64::from(weight) * if target.is_some() { distance * distance } else { -found }
        };
        let mut gradient = std::vec![f32::NAN; weights.len()];
        let found = entropy::loss_and_gradient(&params, &weights, 2.0, Write::Store, &mut gradient).unwrap();
        prop_assert_eq!(found.notices, Notices::NONE);
        prop_assert!((found.value - loss(&doubles(&weights))).abs() < 1e-12);
        prop_assert_eq!(entropy::loss(&params, &weights).unwrap(), found);
        // The shares of a weight of 0 move into the negative, where the formula has no kink: eps is far
        // larger than the step.
        let expected = slopes(loss, &doubles(&weights), 1e-6);
        for (found, truth) in gradient.iter().zip(expected) {
            prop_assert!((f64::from(*found) / 2.0 - truth).abs() < 2e-6 * truth.abs() + 1e-7, "{found} is not twice {truth}");
        }
    }

    #[test]
    fn diversity_is_the_formula(weights in weights(), offset in prop_oneof![Just(0.0_f32), Just(1000.0)], weight in between(-2.0, 2.0)) {
        let weights: Vec<f32> = weights.iter().map(|weight| weight + offset).collect();
        let params = diversity::Params { weight };
        let loss = |weights: &[f64]| -f64::from(weight) * naive::variance(weights);
        let mut gradient = std::vec![f32::NAN; weights.len()];
        let found = diversity::loss_and_gradient(&params, &weights, 2.0, Write::Store, &mut gradient).unwrap();
        let truth = loss(&doubles(&weights));
        prop_assert!((found.value - truth).abs() <= 1e-12 * truth.abs() + 1e-18, "{} is not {truth}", found.value);
        prop_assert_eq!(diversity::loss(&params, &weights).unwrap(), found);
        let sum: f64 = doubles(&gradient).iter().sum();
        prop_assert!(sum.abs() < 1e-7 * gradient.len() as f64, "the gradients of a shift sum to 0");
        let expected = slopes(loss, &doubles(&weights), 1e-3);
        for (found, truth) in gradient.iter().zip(expected) {
            prop_assert!((f64::from(*found) / 2.0 - truth).abs() < 1e-6 * truth.abs() + 1e-9);
        }
    }

    #[test]
    fn every_tier_gives_the_same_bits_and_adding_is_storing_plus_what_was_there(weights in weights()) {
        let mut first: Option<(u64, u64, Vec<u32>)> = None;
        for_each_tier(|tier| {
            let mut floats = std::vec![0.25_f32; 2 * weights.len()];
            let (of_entropy, of_diversity) = floats.split_at_mut(weights.len());
            let params = (entropy::Params::default(), diversity::Params::default());
            let a = entropy::loss_and_gradient(&params.0, &weights, 1.5, Write::Add, of_entropy).unwrap();
            let b = diversity::loss_and_gradient(&params.1, &weights, 1.5, Write::Add, of_diversity).unwrap();
            let mut stored = std::vec![f32::NAN; weights.len()];
            entropy::gradient(&params.0, &weights, 1.5, Write::Store, &mut stored).unwrap();
            assert!(of_entropy.iter().zip(&stored).all(|(added, stored)| *added == 0.25 + stored));
            diversity::gradient(&params.1, &weights, 1.5, Write::Store, &mut stored).unwrap();
            assert!(of_diversity.iter().zip(&stored).all(|(added, stored)| *added == 0.25 + stored));
            let found = (a.value.to_bits(), b.value.to_bits(), floats.iter().map(|float| float.to_bits()).collect());
            assert_eq!(first.get_or_insert(found.clone()), &found, "{tier:?}");
        });
    }
}

#[test]
fn entropy_at_the_edges() {
    let default = entropy::Params::default();
    let run = |params: &entropy::Params, weights: &[f32]| {
        let mut gradient = std::vec![f32::NAN; weights.len()];
        let value =
            entropy::loss_and_gradient(params, weights, 1.0, Write::Store, &mut gradient).unwrap();
        (value.value, value.notices, gradient)
    };
    // No weight is 0, as in cuvis-ai.
    assert_eq!(run(&default, &[]), (0.0, Notices::EMPTY, Vec::new()));
    // All zeros: value 0, and a steep slope back, ln(eps) / eps * weight.
    let (value, notices, gradient) = run(&default, &[0.0, 0.0]);
    assert_eq!((value, notices), (0.0, Notices::DEGENERATE));
    let steep = 0.01 * f64::from(1e-6_f32).ln() / f64::from(1e-6_f32);
    assert!(gradient.iter().all(|slope| (f64::from(*slope) / steep - 1.0).abs() < 1e-6));
    // A share below -eps is the logarithm of a negative number.
    let (value, notices, _) = run(&default, &[1.0, -0.5]);
    assert!(value.is_nan() && notices == Notices::NOT_FINITE);
    // The sum of weights and eps is 0.
    let (value, notices, _) = run(&entropy::Params { eps: 1.0, ..default }, &[-1.5, 0.5]);
    assert!(value.is_nan() && notices == Notices::NOT_FINITE);
    // Without eps 0 ln 0 is 0; the slope there is infinite.
    let without = entropy::Params { eps: 0.0, ..default };
    let (value, notices, gradient) = run(&without, &[1.0, 0.0]);
    assert_eq!((value, notices, gradient[1]), (0.0, Notices::NOT_FINITE, f32::NEG_INFINITY));
    assert_eq!(run(&without, &[0.0]).1, Notices::DEGENERATE | Notices::NOT_FINITE);
    let (value, notices, _) = run(&default, &[f32::NAN, 1.0]);
    assert!(value.is_nan() && notices == Notices::NOT_FINITE);
}

#[test]
fn diversity_at_the_edges() {
    let default = diversity::Params::default();
    let one = diversity::loss(&default, &[3.0]).unwrap();
    assert_eq!((one.value, one.notices), (0.0, Notices::NONE));
    let none = diversity::loss(&default, &[]).unwrap();
    assert!(none.value.is_nan() && none.notices == Notices::EMPTY);
    for bad in [f32::NAN, f32::INFINITY] {
        let found = diversity::loss(&default, &[bad, 1.0]).unwrap();
        assert!(found.value.is_nan() && found.notices == Notices::NOT_FINITE);
    }
    // A variance that single precision loses: 1000 and its upper neighbour.
    let step = f64::from(1000.0_f32.next_up()) - 1000.0;
    let fine = diversity::loss(&default, &[1000.0, 1000.0_f32.next_up()]).unwrap();
    assert!((fine.value / (-f64::from(default.weight) * step * step / 4.0) - 1.0).abs() < 1e-12);
}

#[test]
fn bad_arguments_change_nothing() {
    let mut gradient = [7.0_f32; 2];
    let (good, other) = (entropy::Params::default(), diversity::Params::default());
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for (params, error) in [
            (entropy::Params { weight: bad, ..good }, Error::Weight),
            (entropy::Params { eps: bad, ..good }, Error::Epsilon),
            (entropy::Params { target_entropy: Some(bad), ..good }, Error::Target),
        ] {
            assert_eq!(entropy::loss(&params, &[1.0]), Err(error));
            let found = entropy::gradient(&params, &[1.0, 2.0], 1.0, Write::Store, &mut gradient);
            assert_eq!(found, Err(error));
        }
        let params = diversity::Params { weight: bad };
        assert_eq!(diversity::loss(&params, &[1.0]), Err(Error::Weight));
        let found = diversity::gradient(&params, &[1.0, 2.0], 1.0, Write::Store, &mut gradient);
        assert_eq!(found, Err(Error::Weight));
    }
    let negative = entropy::Params { eps: -1e-9, ..good };
    assert_eq!(entropy::loss(&negative, &[1.0]), Err(Error::Epsilon));
    let short = entropy::gradient(&good, &[1.0], 1.0, Write::Store, &mut gradient);
    assert_eq!(short, Err(Error::LengthMismatch));
    let short = diversity::gradient(&other, &[1.0], 1.0, Write::Store, &mut gradient);
    assert_eq!((short, gradient), (Err(Error::LengthMismatch), [7.0; 2]));
}
