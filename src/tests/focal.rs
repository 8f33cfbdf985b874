//! Focal loss: its oracle, its limits, and what it shares with BCE.

use super::harness::batch::{Batch, Order, pixels};
use super::harness::oracle::{Oracle, Truth, terms_and_slopes_are_within_the_bound};
use super::harness::properties::properties;
use super::harness::refusals::{bad_inputs_change_nothing, bad_parameters_change_nothing, mixed_totals_are_found};
use super::harness::{Array, Ask, Input, Node, Reading, State, loss_of_terms, outcome, reading, words_in};
use super::naive::{focal as naive, ulps};
use super::{any_float, between};
use crate::error::{Error, Notices, Value};
use crate::input::Pixels;
use crate::loss::bce;
use crate::loss::focal::{self, Params, loss_and_gradient, max_ulp};
use crate::node::reduction::Reduction;
use crate::simd::Write;
use proptest::prelude::*;

loss_of_terms! {
    focal, |input| (&input.source()),

    fn arrays(&self) -> (&'static [Array], &'static [Array]) {
        (&[Array::Values, Array::Targets], &[Array::Valid, Array::Weights])
    }
}

/// A term or a slope of a pixel of weight 1, by the margin: how far the logit is on the wrong side.
fn truth(params: &Params, batch: &Batch, index: usize, upstream: f64, of: fn(f64, f64) -> f64, sign: f64) -> Truth {
    if !batch.counts(index) {
        return Truth::Exactly(0.0);
    }
    let (score, gamma) = (f64::from(batch.values[index]), f64::from(params.gamma));
    let positive = batch.targets[index] != 0;
    let margin = if positive { -score } else { score };
    let class = params.alpha.map_or(1.0, |alpha| if positive { f64::from(alpha) } else { 1.0 - f64::from(alpha) });
    let factor = f64::from((f64::from(params.weight) * upstream * class) as f32);
    let truth = of(margin, gamma) * factor * if positive { sign } else { 1.0 };
    let is_ordinary = truth.abs() > 1e-30 && naive::term(margin, gamma) > 1e-30;
    if is_ordinary { Truth::Ulps(truth, max_ulp(gamma, margin)) } else { Truth::Unknown }
}

impl Oracle for Params {
    fn term(&self, batch: &Batch, index: usize) -> Truth {
        truth(self, batch, index, 1.0, naive::term, 1.0)
    }

    fn slope(&self, batch: &Batch, index: usize, upstream: f64) -> Truth {
        truth(self, batch, index, upstream, naive::slope, -1.0)
    }
}

fn batch() -> impl Strategy<Value = Batch> {
    let score = prop_oneof![6 => between(-8.0, 8.0), 1 => between(-110.0, 110.0), 1 => any_float()];
    pixels(0_usize..300, score)
}

/// Pixels that are no anomalies.
fn normal(scores: &[f32]) -> Batch {
    Batch { targets: std::vec![0; scores.len()], ..Batch::of_scores(scores.to_vec()) }
}

fn params() -> impl Strategy<Value = Params> {
    let gamma = prop_oneof![Just(2.0_f32), Just(0.0), Just(1.0), between(0.0, 5.0)];
    let alpha = proptest::option::of(between(0.0, 1.0));
    let reduction = prop_oneof![Just(Reduction::Mean), Just(Reduction::Sum), Just(Reduction::WeightedMean)];
    (reduction, between(-2.0, 2.0), gamma, alpha).prop_map(|(reduction, weight, gamma, alpha)| Params {
        reduction,
        weight,
        gamma,
        alpha,
    })
}

properties! {
    96 cases of params(), with batch();
    every_tier_and_order_gives_the_same_bits
    every_type_gives_the_bits_of_plain_input
    any_split_gives_the_same_words_and_gradients
    a_masked_pixel_is_as_if_it_were_not_there
    weight_0_switches_off
    adding_is_storing_plus_what_was_there
    the_sum_is_that_of_the_map
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn terms_and_slopes_are_within_the_stated_bound(
        batch in pixels(1_usize..100, between(-30.0, 30.0)),
        params in params(),
    ) {
        let params = Params { reduction: Reduction::Sum, ..params };
        terms_and_slopes_are_within_the_bound(&params, &Batch { weights: None, ..batch });
    }

    #[test]
    fn the_oracle_slope_is_the_slope(margin in between(-8.0, 8.0), gamma in between(0.0, 5.0)) {
        let (margin, gamma) = (f64::from(margin), f64::from(gamma));
        let slope = (naive::term(margin + 1e-5, gamma) - naive::term(margin - 1e-5, gamma)) / 2e-5;
        prop_assert!((naive::slope(margin, gamma) - slope).abs() < 1e-7);
    }

    #[test]
    fn factors_keep_their_digits(
        margin in between(-60.0, 5.0),
        exponent in between(-20.0, 72.0),
        gamma in prop_oneof![Just(1.0_f32), Just(2.0), Just(1.5), Just(5.0)],
    ) {
        let weight = exponent.exp2();
        let params = Params { reduction: Reduction::Sum, weight, gamma, alpha: None };
        let found = outcome(&params, &normal(&[margin]), Order::Interleaved);
        let (margin, gamma) = (f64::from(margin), f64::from(gamma));
        let bound = max_ulp(gamma, margin);
        for (found, truth) in [
            (f32::from_bits(found.map[0]), naive::term(margin, gamma) * f64::from(weight)),
            (f32::from_bits(found.gradient[0]), naive::slope(margin, gamma) * f64::from(weight * 1.5)),
        ] {
            let normal = truth > f64::from(f32::MIN_POSITIVE) && truth < f64::from(f32::MAX);
            prop_assert!(!normal || ulps(found, truth) <= bound, "{margin} {gamma}: {found} is not {truth}");
        }
    }

    #[test]
    fn a_steep_power_keeps_its_bound(
        margin in between(-1.0, 40.0),
        gamma in prop_oneof![Just(1e3_f32), Just(1e6), Just(1e12)],
    ) {
        let params = Params { reduction: Reduction::Sum, weight: 1.0, gamma, alpha: None };
        let found = outcome(&params, &normal(&[margin]), Order::Interleaved);
        let (margin, gamma) = (f64::from(margin), f64::from(gamma));
        // The power of a sigmoid near 1 loses its digits in `f64`, too: by its logarithm it keeps them.
        let (q, softplus) = ((-margin).exp().ln_1p(), margin.exp().ln_1p());
        let (power, sigmoid) = ((-gamma * q).exp(), (-q).exp());
        let complement = (-softplus).exp();
        for (found, truth) in [
            (f32::from_bits(found.map[0]), power * softplus),
            (f32::from_bits(found.gradient[0]), power * (gamma * complement * softplus + sigmoid) * 1.5),
        ] {
            // A power that is subnormal has fewer digits, and a factor of gamma may make a normal number of it.
            let normal = truth.min(power) > f64::from(f32::MIN_POSITIVE);
            let bound = max_ulp(gamma, margin);
            prop_assert!(!normal || ulps(found, truth) <= bound, "{margin} {gamma}: {found} is not {truth}");
        }
    }

    #[test]
    fn without_focus_it_is_cross_entropy(batch in batch(), weight in between(-2.0, 2.0)) {
        let params = Params { weight, gamma: 0.0, alpha: None, ..Params::default() };
        let found = outcome(&params, &batch, Order::Interleaved);
        let same = outcome(&bce::Params { weight, ..bce::Params::default() }, &batch, Order::Interleaved);
        prop_assert_eq!((found.numbers, found.notices, found.gradient), (same.numbers, same.notices, same.gradient));
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
    let batch = Batch {
        targets: std::vec![1, 0],
        valid: Some(std::vec![1, 1]),
        weights: Some(std::vec![1.0, 1.0]),
        ..Batch::of_scores(std::vec![1.0, -2.0])
    };
    let default = Params::default();
    bad_inputs_change_nothing(&default, &batch);
    for bad in [f32::NAN, f32::INFINITY, -0.5] {
        let (gamma, alpha) = (Params { gamma: bad, ..default }, Params { alpha: Some(bad), ..default });
        let bad: [(&dyn Node, Error); 2] = [(&gamma, Error::Gamma), (&alpha, Error::Balance)];
        bad_parameters_change_nothing(&default, &batch, &bad);
    }
    let weight = Params { weight: f32::NAN, ..default };
    bad_parameters_change_nothing(&default, &batch, &[(&weight, Error::Weight)]);
    let (weight, gamma) = (Params { weight: 2.0, ..default }, Params { gamma: 1.0, ..default });
    let alpha = Params { alpha: None, ..default };
    mixed_totals_are_found(&default, &batch, &[&weight, &gamma, &alpha]);
}
