//! Entropy of a selector: bits between tiers, the oracle, the slope, and the table of limits.

use super::naive::{self, ulps};
use super::{any_float, between, for_each_tier};
use crate::error::{Error, Notices};
use crate::loss::Write;
use crate::loss::selector_entropy::{Params, gradient, loss, loss_and_gradient};
use proptest::prelude::*;
use std::vec::Vec;

const U: f64 = 1.0 / (1_u64 << 53) as f64;

fn weights() -> impl Strategy<Value = Vec<f32>> {
    let weight = prop_oneof![6 => between(0.0, 1.0), 2 => between(0.0, 1e-6), 1 => Just(0.0)];
    proptest::collection::vec(weight, 1..300)
}

fn params() -> impl Strategy<Value = Params> {
    let target = prop_oneof![Just(None), between(-1.0, 6.0).prop_map(Some)];
    (between(-2.0, 2.0), between(1e-7, 1e-2), target).prop_map(|(weight, eps, target)| Params {
        weight,
        eps,
        target,
    })
}

fn bits(floats: &[f32]) -> Vec<u32> {
    floats.iter().map(|float| if float.is_nan() { u32::MAX } else { float.to_bits() }).collect()
}

/// The loss, its notices and the gradient, by both ways.
fn outcome(params: &Params, weights: &[f32]) -> (f64, Notices, Vec<f32>) {
    let value = loss(params, weights).unwrap();
    let mut alone = std::vec![f32::NAN; weights.len()];
    assert_eq!(gradient(params, weights, 1.5, Write::Store, &mut alone), Ok(value.notices));
    let mut at_once = std::vec![f32::NAN; weights.len()];
    let fused = loss_and_gradient(params, weights, 1.5, Write::Store, &mut at_once).unwrap();
    assert_eq!(fused.notices, value.notices);
    assert!(fused.value.to_bits() == value.value.to_bits() || value.value.is_nan());
    assert_eq!(bits(&at_once), bits(&alone));
    (value.value, value.notices, alone)
}

fn doubles(weights: &[f32]) -> Vec<f64> {
    weights.iter().map(|weight| f64::from(*weight)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_tier_gives_the_same_bits(
        weights in proptest::collection::vec(any_float(), 0..300), params in params(),
    ) {
        let mut first = None;
        for_each_tier(|tier| {
            let (value, notices, gradient) = outcome(&params, &weights);
            let value = if value.is_nan() { u64::MAX } else { value.to_bits() };
            let found = (value, notices, bits(&gradient));
            assert_eq!(&found, first.get_or_insert_with(|| found.clone()), "{tier:?}");
        });
    }

    #[test]
    fn values_and_gradients_are_within_the_bound(weights in weights(), params in params()) {
        let wide = doubles(&weights);
        prop_assume!(wide.iter().any(|weight| *weight > 0.0));
        let (value, notices, found) = outcome(&params, &weights);
        prop_assert_eq!(notices, Notices::NONE);
        let eps = f64::from(params.eps);
        let (proportions, total) = naive::selector_entropy::proportions(&wide, eps);
        let entropy = naive::selector_entropy::entropy(&wide, eps);
        let terms: f64 = proportions.iter().map(|p| (p * (p + eps).ln()).abs() + p).sum();
        // Both this and the oracle err.
        let bound = 2.0 * (wide.len() as f64 + 10.0) * U * terms;
        let weight = f64::from(params.weight);
        let (truth, slope) = match params.target.map(f64::from) {
            None => (-weight * entropy, -weight),
            Some(target) => {
                let off = entropy - target;
                (weight * off * off, 2.0 * weight * off)
            }
        };
        let grown = bound * slope.abs() + bound * bound * weight.abs() + 8.0 * U * truth.abs();
        prop_assert!((value - truth).abs() <= grown, "{value} is not {truth}");

        let slopes = naive::selector_entropy::gradient(&wide, eps);
        let steepest = proportions
            .iter()
            .map(|p| naive::selector_entropy::slope(*p, eps).abs())
            .fold(1.0, f64::max);
        let cancelled = 8.0 * (wide.len() as f64 + 16.0) * U * (1.0 + steepest)
            * (1.5 * slope / total).abs();
        let of_entropy = 1.5 * 2.0 * weight.abs() * bound;
        for (found, truth) in found.iter().zip(slopes) {
            let allowed = cancelled + of_entropy * truth.abs();
            let truth = 1.5 * slope * truth;
            let spacing = ulps(0.0, truth) / truth.abs().max(f64::MIN_POSITIVE);
            let error = (f64::from(*found) - truth).abs();
            prop_assert!(error <= allowed + 1.0 / spacing + 1e-45, "{found} is not {truth}");
        }
    }

    #[test]
    fn the_gradient_is_the_slope(
        weights in proptest::collection::vec(between(0.05, 1.0), 1..20), params in params(),
    ) {
        let (_, _, found) = outcome(&params, &weights);
        let loss = |weights: &[f64]| {
            let entropy = naive::selector_entropy::entropy(weights, f64::from(params.eps));
            let weight = f64::from(params.weight);
            match params.target {
                None => -weight * entropy,
                Some(target) => weight * (entropy - f64::from(target)).powi(2),
            }
        };
        let wide = doubles(&weights);
        for (index, found) in found.iter().enumerate() {
            let at = |step: f64| {
                let mut moved = wide.clone();
                moved[index] += step;
                loss(&moved)
            };
            let slope = 1.5 * (at(1e-5) - at(-1e-5)) / 2e-5;
            prop_assert!((f64::from(*found) - slope).abs() < 1e-5 * slope.abs() + 1e-7);
        }
    }

    #[test]
    fn adding_is_storing_plus_what_was_there(weights in weights(), params in params()) {
        let before: Vec<f32> = (0..weights.len()).map(|i| i as f32 - 3.25).collect();
        let (mut stored, mut added) = (before.clone(), before.clone());
        gradient(&params, &weights, -2.0, Write::Store, &mut stored).unwrap();
        gradient(&params, &weights, -2.0, Write::Add, &mut added).unwrap();
        let expected: Vec<f32> = before.iter().zip(&stored).map(|(a, b)| a + b).collect();
        prop_assert_eq!(bits(&added), bits(&expected));
    }
}

#[test]
fn equal_weights_have_almost_the_greatest_entropy() {
    for n in [1_usize, 2, 61, 1000] {
        let params = Params { weight: -1.0, eps: 1e-9, target: None };
        let weights = std::vec![0.25_f32; n];
        let (value, _, gradient) = outcome(&params, &weights);
        // eps in the logarithm moves it by about eps / p, eps in S by about ln n eps / S.
        assert!((value - (n as f64).ln()).abs() < 1e-9 * (n as f64 + 5.0));
        // The gradient is what eps leaves of it; equal for equal weights.
        let truth = naive::selector_entropy::gradient(&doubles(&weights), 1e-9_f32.into());
        for (found, truth) in gradient.iter().zip(truth) {
            assert_eq!(found.to_bits(), gradient[0].to_bits());
            assert!((f64::from(*found) - 1.5 * truth).abs() < 1e-12 * (1.0 + n as f64));
        }
    }
}

#[test]
fn all_zeros_have_the_entropy_zero_with_a_notice() {
    let (value, notices, gradient) = outcome(&Params::default(), &[0.0; 5]);
    assert_eq!((value.to_bits(), notices), (0, Notices::DEGENERATE));
    let eps = f64::from(1e-6_f32);
    let truth = -1.5 * f64::from(0.01_f32) * -eps.ln() / eps;
    assert!(gradient.iter().all(|found| ulps(*found, truth) <= 1.0));
    // Without eps there are no proportions at all.
    let (value, notices, gradient) = outcome(&Params { eps: 0.0, ..Params::default() }, &[0.0; 5]);
    assert!(value.is_nan() && notices == Notices::DEGENERATE);
    assert!(gradient.iter().all(|slope| slope.is_nan()));
}

#[test]
fn a_negative_proportion_is_nan_with_a_notice() {
    for weights in [[1.0, -0.5, 1.0], [-1.0, 0.5, 0.25], [1e-6, -1e-3, 1.0]] {
        let (value, notices, gradient) = outcome(&Params::default(), &weights);
        assert!(value.is_nan() && notices == Notices::DEGENERATE, "{weights:?}");
        assert!(gradient.iter().all(|slope| slope.is_nan()));
    }
    // Down to -eps the logarithm has a value.
    let (value, notices, _) = outcome(&Params::default(), &[1.0, -1e-7]);
    assert!(value.is_finite() && notices == Notices::NONE);
}

#[test]
fn a_sum_of_minus_eps_is_nan_with_a_notice() {
    let (value, notices, _) = outcome(&Params { eps: 0.5, ..Params::default() }, &[-1.0, 0.5]);
    assert!(value.is_nan() && notices == Notices::DEGENERATE);
}

#[test]
fn zero_times_log_zero_is_zero() {
    let params = Params { weight: 1.0, eps: 0.0, target: None };
    let (value, notices, gradient) = outcome(&params, &[0.0, 2.0, 0.0]);
    assert_eq!((value, notices), (0.0, Notices::DEGENERATE));
    assert_eq!(gradient, [f32::NEG_INFINITY, 0.0, f32::NEG_INFINITY]);
    let (value, notices, _) = outcome(&params, &[1.0, 1.0, 1.0, 1.0]);
    assert!((value + 4_f64.ln()).abs() < 1e-15 && notices == Notices::NONE);
}

#[test]
fn no_weights_have_the_entropy_zero() {
    let (value, notices, _) = outcome(&Params::default(), &[]);
    assert_eq!((value.to_bits(), notices), (0, Notices::EMPTY));
    let with_target = Params { target: Some(1.5), ..Params::default() };
    let (value, notices, _) = outcome(&with_target, &[]);
    assert_eq!((value, notices), (f64::from(0.01_f32) * 2.25, Notices::EMPTY));
}

#[test]
fn weights_that_are_not_finite_give_nan() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let (value, notices, gradient) = outcome(&Params::default(), &[0.5, bad, 0.25]);
        assert!(value.is_nan() && notices == Notices::NOT_FINITE);
        assert!(gradient.iter().all(|slope| slope.is_nan()));
        // A factor of 0 switches the loss off.
        let off = Params { weight: 0.0, ..Params::default() };
        let (value, notices, gradient) = outcome(&off, &[0.5, bad, 0.25]);
        assert_eq!((value, notices, gradient), (0.0, Notices::NOT_FINITE, std::vec![0.0; 3]));
    }
}

#[test]
fn bad_arguments_change_nothing() {
    let good = Params::default();
    let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    let mut to = [7.0, 7.0];
    let mut refused = |params: Params, error: Error| {
        assert_eq!(loss(&params, &[0.5, 0.5]), Err(error));
        assert_eq!(gradient(&params, &[0.5, 0.5], 1.0, Write::Store, &mut to), Err(error));
        assert_eq!(to, [7.0, 7.0]);
    };
    for bad in bad {
        refused(Params { weight: bad, ..good }, Error::Weight);
        refused(Params { eps: bad, ..good }, Error::Epsilon);
        refused(Params { target: Some(bad), ..good }, Error::Target);
    }
    refused(Params { eps: -1e-45, ..good }, Error::Epsilon);
    let wrong = gradient(&good, &[0.5], 1.0, Write::Store, &mut to);
    assert_eq!((wrong, to), (Err(Error::LengthMismatch), [7.0, 7.0]));
}
