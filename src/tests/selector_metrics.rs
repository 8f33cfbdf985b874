//! The metrics of band selectors: values against the oracle, invariants, and the edges.

use super::naive::selector as naive;
use super::{any_float, between, for_each_tier};
use crate::error::{Error, Notices};
use crate::metric::{selector_diversity as diversity, selector_entropy as entropy};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

/// Multiples of 2^-24, of which integers can be made.
fn weights() -> impl Strategy<Value = Vec<f32>> {
    let weight = prop_oneof![4 => between(0.0, 1.0), 1 => Just(0.0), 1 => Just(0.25)];
    proptest::collection::vec(weight, 1..200)
}

fn doubles(floats: &[f32]) -> Vec<f64> {
    floats.iter().map(|float| f64::from(*float)).collect()
}

fn report(weights: &[f32]) -> diversity::Report {
    let mut space = vec![u32::MAX; diversity::workspace(weights.len())];
    diversity::values(weights, &mut space).unwrap()
}

fn numbers(report: &diversity::Report) -> [f64; 2] {
    report.metrics().map(|metric| metric.value)
}

proptest! {
    #[test]
    fn entropy_is_the_formula(weights in weights()) {
        prop_assume!(weights.iter().any(|weight| *weight != 0.0));
        let params = entropy::Params::default();
        let found = entropy::value(&params, &weights).unwrap();
        let truth = naive::entropy(&doubles(&weights), f64::from(params.eps));
        prop_assert!((found.value - truth).abs() < 1e-12 && found.notices == Notices::NONE);
        let [named] = entropy::metrics(&params, &weights).unwrap();
        prop_assert_eq!((named.name, named.value, named.notices), ("selector/entropy", found.value, found.notices));
    }

    #[test]
    fn diversity_is_the_formula(weights in weights(), offset in prop_oneof![Just(0.0_f32), Just(1000.0)]) {
        prop_assume!(weights.iter().any(|weight| *weight != 0.0));
        let weights: Vec<f32> = weights.iter().map(|weight| weight + offset).collect();
        let found = report(&weights);
        let variance = naive::variance(&doubles(&weights));
        prop_assert!((found.weight_variance - variance).abs() <= 1e-12 * variance + 1e-18);
        let integer = |weight: &f32| (f64::from(*weight) * f64::from(1 << 24)) as i64;
        let integers: Vec<i64> = weights.iter().map(integer).collect();
        let gini = naive::gini(&integers);
        let bound = (weights.len() as f64 / 2.0 + 8.0) * f64::EPSILON / 2.0 * gini;
        prop_assert!((found.gini_coefficient - gini).abs() <= bound, "{} is not {gini}", found.gini_coefficient);
        prop_assert!((0.0..1.0).contains(&found.gini_coefficient));
        prop_assert_eq!(found.sum, integers.iter().sum::<i64>() as f64 / f64::from(1 << 24));
        prop_assert_eq!((found.weights, found.negative, found.notices()), (weights.len() as i64, 0, Notices::NONE));
        let names = found.metrics().map(|metric| metric.name);
        prop_assert_eq!(names, ["weight_variance", "gini_coefficient"]);
    }

    #[test]
    fn gini_does_not_depend_on_order_or_scale(weights in weights(), rotation in any::<prop::sample::Index>()) {
        let found = report(&weights).gini_coefficient;
        let mut moved: Vec<f32> = weights.iter().map(|weight| weight * 32.0).collect();
        moved.rotate_left(rotation.index(weights.len()));
        prop_assert_eq!(report(&moved).gini_coefficient.to_bits(), found.to_bits());
    }

    #[test]
    fn every_tier_gives_the_same_bits(
        weights in proptest::collection::vec(prop_oneof![3 => between(-1.0, 1.0), 1 => any_float()], 0..70),
    ) {
        let bits = |value: f64| if value.is_nan() { u64::MAX } else { value.to_bits() };
        let mut first = None;
        for_each_tier(|tier| {
            let (spread, shares) = (report(&weights), entropy::value(&entropy::Params::default(), &weights).unwrap());
            let numbers = numbers(&spread).map(bits);
            let found = (numbers, bits(spread.sum), spread.notices(), bits(shares.value), shares.notices);
            assert_eq!(*first.get_or_insert(found), found, "{tier:?}");
        });
    }
}

#[test]
fn selector_entropy_metric_at_the_edges() {
    let default = entropy::Params::default();
    let run = |params: &entropy::Params, weights: &[f32]| {
        let found = entropy::value(params, weights).unwrap();
        (found.value, found.notices)
    };
    // No weight and no weight but 0 are 0, as in cuvis-ai.
    assert_eq!(run(&default, &[]), (0.0, Notices::EMPTY));
    assert_eq!(run(&default, &[0.0, -0.0]), (0.0, Notices::DEGENERATE));
    // A share below -eps is the logarithm of a negative number; a sum of weights and eps may be 0.
    let (value, notices) = run(&default, &[1.0, -0.5]);
    assert!(value.is_nan() && notices == Notices::NOT_FINITE);
    let (value, notices) = run(&entropy::Params { eps: 1.0 }, &[-1.5, 0.5]);
    assert!(value.is_nan() && notices == Notices::NOT_FINITE);
    // Without eps 0 ln 0 is 0.
    assert_eq!(run(&entropy::Params { eps: 0.0 }, &[1.0, 0.0]), (0.0, Notices::NONE));
    let (value, notices) = run(&default, &[f32::NAN, 1.0]);
    assert!(value.is_nan() && notices == Notices::NOT_FINITE);
    for bad in [f32::NAN, f32::INFINITY, -1e-9] {
        assert_eq!(entropy::value(&entropy::Params { eps: bad }, &[1.0]), Err(Error::Epsilon));
        assert_eq!(entropy::metrics(&entropy::Params { eps: bad }, &[1.0]), Err(Error::Epsilon));
    }
}

#[test]
fn selector_diversity_metric_at_the_edges() {
    let run = |weights: &[f32]| {
        let found = report(weights);
        (numbers(&found), found.notices(), found.metrics().map(|metric| metric.notices))
    };
    // One weight, and a single one that is not 0.
    assert_eq!(run(&[3.0]).0, [0.0, 0.0]);
    assert_eq!(run(&[0.0, 0.0, 0.5, 0.0]).0[1], 0.75);
    // A thousand equal weights, of which float32 makes a negative coefficient.
    let (values, notices, _) = run(&[0.1; 1000]);
    assert!(values[1] == 0.0 && values[0] < 1e-33 && notices == Notices::NONE);
    // Nothing, and nothing but zeros: the coefficient of equal weights.
    let (values, notices, _) = run(&[]);
    assert!(values.iter().all(|value| value.is_nan()) && notices == Notices::EMPTY);
    let (values, _, each) = run(&[0.0, -0.0]);
    assert_eq!((values, each), ([0.0, 0.0], [Notices::NONE, Notices::DEGENERATE]));
    // Negative weights: what the formula gives.
    let (values, notices, each) = run(&[-1.0, 0.5, 1.0]);
    assert_eq!((values[1], each[0]), (4.0 / 1.5, Notices::NONE));
    assert_eq!(notices, Notices::DEGENERATE);
    let (values, notices, _) = run(&[-1.0, 1.0]);
    assert_eq!((values, notices), ([1.0, f64::INFINITY], Notices::DEGENERATE | Notices::NOT_FINITE));
    assert_eq!(report(&[-1.0, -2.0, 1.0]).negative, 2);
    // What is not finite.
    for bad in [f32::NAN, f32::INFINITY] {
        let (values, notices, _) = run(&[bad, 1.0]);
        assert!(values.iter().all(|value| value.is_nan()) && notices == Notices::NOT_FINITE);
        assert!(run(&[bad]).0[1].is_nan());
    }
    // A spread that single precision loses: 1000 and its upper neighbour.
    let (low, high) = (1000.0_f32, 1000.0_f32.next_up());
    let step = f64::from(high) - f64::from(low);
    let [variance, gini] = run(&[high, low]).0;
    assert!((variance / (step * step / 4.0) - 1.0).abs() < 1e-12);
    assert!((gini / (step / 2.0 / (2000.0 + step)) - 1.0).abs() < 1e-15);
}

#[test]
fn a_workspace_that_is_too_small_is_not_touched() {
    let mut space = vec![7; diversity::workspace(3) - 1];
    assert_eq!(diversity::values(&[1.0, 2.0, 3.0], &mut space), Err(Error::Workspace));
    assert_eq!(diversity::values(&[1.0], &mut space[..9]), Err(Error::Workspace));
    assert!(space.iter().all(|word| *word == 7));
    assert_eq!(diversity::workspace(usize::MAX), usize::MAX);
}
