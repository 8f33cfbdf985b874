//! The regularisers of band selectors: how they are called, their formulas, and the edges.

use super::between;
use super::harness::batch::{Batch, Order};
use super::harness::oracle::{Formula, loss_and_gradient_are_the_formula};
use super::harness::properties::{adding_is_storing_plus_what_was_there, every_tier_and_order_gives_the_same_bits};
use super::harness::{Ask, Input, Node, Reading, State, reading};
use super::naive::selector as naive;
use crate::error::{Error, Notices, Value};
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

/// A loss of weights has no state; the weights are the scores of a batch.
macro_rules! selector {
    ($node:ident) => {
        impl Node for $node::Params {
            fn read(&self, input: &Input, _state: &State) -> Reading {
                reading($node::loss(self, input.pixels().scores))
            }

            fn gradient(
                &self,
                input: &Input,
                _state: &State,
                Ask { upstream, write }: Ask,
                to: &mut [f32],
            ) -> Option<Result<Notices, Error>> {
                Some($node::gradient(self, input.pixels().scores, upstream, write, to))
            }

            fn at_once(
                &self,
                input: &Input,
                Ask { upstream, write }: Ask,
                _state: Option<&mut State>,
                to: &mut [f32],
            ) -> Option<Result<Value, Error>> {
                Some($node::loss_and_gradient(self, input.pixels().scores, upstream, write, to))
            }
        }
    };
}
selector!(entropy);
selector!(diversity);

impl Formula for entropy::Params {
    fn loss(&self, _batch: &Batch, values: &[f64]) -> f64 {
        let found = naive::entropy(values, f64::from(self.eps));
        let loss = self.target_entropy.map_or(-found, |target| (found - f64::from(target)).powi(2));
        f64::from(self.weight) * loss
    }

    fn loss_bound(&self, _batch: &Batch, _truth: f64) -> f64 {
        1e-12
    }

    /// The shares of a weight of 0 move into the negative, where the formula has no kink: eps is far larger
    /// than the step.
    fn step(&self) -> f64 {
        1e-6
    }

    fn slope_bound(&self, _batch: &Batch, _index: usize, truth: f64, _largest: f64) -> f64 {
        2e-6 * truth.abs() + 1.5e-7
    }
}

impl Formula for diversity::Params {
    fn loss(&self, _batch: &Batch, values: &[f64]) -> f64 {
        -f64::from(self.weight) * naive::variance(values)
    }

    fn loss_bound(&self, _batch: &Batch, truth: f64) -> f64 {
        1e-12 * truth.abs() + 1e-18
    }

    fn step(&self) -> f64 {
        1e-3
    }

    fn slope_bound(&self, _batch: &Batch, _index: usize, truth: f64, _largest: f64) -> f64 {
        1e-6 * truth.abs() + 1.5e-9
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn entropy_is_the_formula(
        weights in weights(),
        target in proptest::option::of(between(0.0, 4.0)),
        weight in between(-2.0, 2.0),
    ) {
        let params = entropy::Params { weight, target_entropy: target, eps: 0.1 };
        // With a sum near 0 a step of the differences is no small one.
        prop_assume!(weights.iter().any(|weight| *weight > 0.1));
        prop_assert_eq!(entropy::loss(&params, &weights).unwrap().notices, Notices::NONE);
        loss_and_gradient_are_the_formula(&params, &Batch::of_scores(weights), Order::Interleaved);
    }

    #[test]
    fn diversity_is_the_formula(
        weights in weights(),
        offset in prop_oneof![Just(0.0_f32), Just(1000.0)],
        weight in between(-2.0, 2.0),
    ) {
        let weights: Vec<f32> = weights.iter().map(|weight| weight + offset).collect();
        let params = diversity::Params { weight };
        let mut gradient = std::vec![f32::NAN; weights.len()];
        diversity::gradient(&params, &weights, 2.0, Write::Store, &mut gradient).unwrap();
        let sum: f64 = doubles(&gradient).iter().sum();
        prop_assert!(sum.abs() < 1e-7 * gradient.len() as f64, "the gradients of a shift sum to 0");
        loss_and_gradient_are_the_formula(&params, &Batch::of_scores(weights), Order::Interleaved);
    }

    #[test]
    fn every_tier_gives_the_same_bits_and_adding_is_storing_plus_what_was_there(weights in weights()) {
        let batch = Batch::of_scores(weights);
        for node in [&entropy::Params::default() as &dyn Node, &diversity::Params::default()] {
            every_tier_and_order_gives_the_same_bits(node, &batch, &[]);
            adding_is_storing_plus_what_was_there(node, &batch, &[]);
        }
    }
}

#[test]
fn entropy_at_the_edges() {
    let default = entropy::Params::default();
    let run = |params: &entropy::Params, weights: &[f32]| {
        let mut gradient = std::vec![f32::NAN; weights.len()];
        let value = entropy::loss_and_gradient(params, weights, 1.0, Write::Store, &mut gradient).unwrap();
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
