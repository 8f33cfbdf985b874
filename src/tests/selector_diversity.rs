//! Variance of a selector's weights: bits between tiers, the oracle, the slope, and the limits.

use super::naive::selector_diversity::{mean, variance};
use super::naive::ulps;
use super::{any_float, between, for_each_tier};
use crate::error::{Error, Notices};
use crate::loss::Write;
use crate::loss::selector_diversity::{Params, gradient, loss, loss_and_gradient};
use proptest::prelude::*;
use std::vec::Vec;

const U: f64 = 1.0 / (1_u64 << 53) as f64;

fn bits(floats: &[f32]) -> Vec<u32> {
    floats.iter().map(|float| if float.is_nan() { u32::MAX } else { float.to_bits() }).collect()
}

/// The loss, its notices and the gradient, by both ways.
fn outcome(weight: f32, weights: &[f32]) -> (f64, Notices, Vec<f32>) {
    let params = Params { weight };
    let value = loss(&params, weights).unwrap();
    let mut alone = std::vec![f32::NAN; weights.len()];
    assert_eq!(gradient(&params, weights, 1.5, Write::Store, &mut alone), Ok(value.notices));
    let mut at_once = std::vec![f32::NAN; weights.len()];
    let fused = loss_and_gradient(&params, weights, 1.5, Write::Store, &mut at_once).unwrap();
    assert_eq!(fused.notices, value.notices);
    assert!(fused.value.to_bits() == value.value.to_bits() || value.value.is_nan());
    assert_eq!(bits(&at_once), bits(&alone));
    (value.value, value.notices, alone)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_tier_gives_the_same_bits(
        weights in proptest::collection::vec(any_float(), 0..300), weight in between(-2.0, 2.0),
    ) {
        let mut first = None;
        for_each_tier(|tier| {
            let (value, notices, gradient) = outcome(weight, &weights);
            let value = if value.is_nan() { u64::MAX } else { value.to_bits() };
            let found = (value, notices, bits(&gradient));
            assert_eq!(&found, first.get_or_insert_with(|| found.clone()), "{tier:?}");
        });
    }

    #[test]
    fn values_and_gradients_are_within_the_bound(
        weights in proptest::collection::vec(between(0.0, 1.0), 1..300),
        offset in prop_oneof![Just(0.0_f32), Just(1000.0), Just(-3e7)],
        weight in between(-2.0, 2.0),
    ) {
        let weights: Vec<f32> = weights.iter().map(|w| w + offset).collect();
        let (value, notices, found) = outcome(weight, &weights);
        prop_assert_eq!(notices, Notices::NONE);
        // The oracle works on weights near 0, where it loses nothing: shifting by a float that is
        // near enough is exact in `f64`.
        let near: Vec<f64> = weights.iter().map(|w| f64::from(*w) - f64::from(offset)).collect();
        let n = near.len() as f64;
        let truth = -f64::from(weight) * variance(&near);
        let bound = 2.0 * (2.0 * n + 8.0) * U * truth.abs();
        prop_assert!((value - truth).abs() <= bound, "{value} is not {truth}");
        let (slope, near_mean) = (-3.0 * f64::from(weight) / n, mean(&near));
        let cancelled = 4.0 * U * (slope * (f64::from(offset).abs() + n)).abs();
        for (found, near) in found.iter().zip(&near) {
            let truth = slope * (near - near_mean);
            let spacing = ulps(0.0, truth) / truth.abs().max(f64::MIN_POSITIVE);
            let error = (f64::from(*found) - truth).abs();
            prop_assert!(error <= cancelled + 1.0 / spacing + 1e-45, "{found} is not {truth}");
        }
    }

    #[test]
    fn the_gradient_is_the_slope_and_sums_to_zero(
        weights in proptest::collection::vec(between(-1.0, 1.0), 1..20), weight in between(-2.0, 2.0),
    ) {
        let (_, _, found) = outcome(weight, &weights);
        let wide: Vec<f64> = weights.iter().map(|w| f64::from(*w)).collect();
        for (index, found) in found.iter().enumerate() {
            let at = |step: f64| {
                let mut moved = wide.clone();
                moved[index] += step;
                -1.5 * f64::from(weight) * variance(&moved)
            };
            let slope = (at(1e-4) - at(-1e-4)) / 2e-4;
            prop_assert!((f64::from(*found) - slope).abs() < 1e-6 * slope.abs() + 1e-9);
        }
        let sum: f64 = found.iter().map(|slope| f64::from(*slope)).sum();
        prop_assert!(sum.abs() < 1e-5);
    }

    #[test]
    fn adding_is_storing_plus_what_was_there(
        weights in proptest::collection::vec(between(-1.0, 1.0), 0..70),
    ) {
        let params = Params::default();
        let before: Vec<f32> = (0..weights.len()).map(|i| i as f32 - 3.25).collect();
        let (mut stored, mut added) = (before.clone(), before.clone());
        gradient(&params, &weights, -2.0, Write::Store, &mut stored).unwrap();
        gradient(&params, &weights, -2.0, Write::Add, &mut added).unwrap();
        let expected: Vec<f32> = before.iter().zip(&stored).map(|(a, b)| a + b).collect();
        prop_assert_eq!(bits(&added), bits(&expected));
    }
}

#[test]
fn a_positive_weight_rewards_concentration() {
    let (spread, _, _) = outcome(1.0, &[0.25; 4]);
    let (peaked, _, _) = outcome(1.0, &[1.0, 0.0, 0.0, 0.0]);
    assert!(peaked < spread);
}

#[test]
fn equal_weights_have_no_variance() {
    for (n, weight) in
        [(1, 1000.25_f32), (2, 0.37), (3, 0.1), (1000, 0.37), (7, f32::MAX), (5, 1e-45)]
    {
        let (value, notices, gradient) = outcome(2.0, &std::vec![weight; n]);
        assert_eq!((value.to_bits(), notices), (0, Notices::NONE));
        assert!(gradient.iter().all(|slope| *slope == 0.0));
    }
}

#[test]
fn no_weights_have_no_variance_to_speak_of() {
    for weight in [0.0, 1.0] {
        let (value, notices, _) = outcome(weight, &[]);
        assert!(value.is_nan() && notices == Notices::EMPTY);
    }
}

#[test]
fn weights_that_are_not_finite_give_nan() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let (value, notices, gradient) = outcome(1.0, &[0.5, bad, 0.25]);
        assert!(value.is_nan() && notices == Notices::NOT_FINITE);
        assert!(gradient[1].is_nan() && !gradient[0].is_finite());
        // A factor of 0 switches the loss off.
        let off = outcome(0.0, &[0.5, bad, 0.25]);
        assert_eq!(off, (0.0, Notices::NOT_FINITE, std::vec![0.0; 3]));
    }
}

#[test]
fn bad_arguments_change_nothing() {
    let mut to = [7.0, 7.0];
    for weight in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(loss(&Params { weight }, &[0.5, 0.5]), Err(Error::Weight));
        let wrong = gradient(&Params { weight }, &[0.5, 0.5], 1.0, Write::Store, &mut to);
        assert_eq!((wrong, to), (Err(Error::Weight), [7.0, 7.0]));
    }
    let wrong = gradient(&Params::default(), &[0.5], 1.0, Write::Store, &mut to);
    assert_eq!((wrong, to), (Err(Error::LengthMismatch), [7.0, 7.0]));
}
