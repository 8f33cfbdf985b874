//! Binary cross-entropy: its oracle, its limits, and where it refuses.

use super::harness::batch::{Batch, Order, pixels, with_weights};
use super::harness::oracle::{
    Formula, Oracle, Truth, loss_and_gradient_are_the_formula, terms_and_slopes_are_within_the_bound,
};
use super::harness::properties::properties;
use super::harness::refusals::{bad_inputs_change_nothing, bad_parameters_change_nothing, mixed_totals_are_found};
use super::harness::{Array, Ask, Input, Node, Reading, State, loss_of_terms, reading, words_in};
use super::naive;
use super::{any_float, between, for_each_tier};
use crate::error::{Error, Notices, Value};
use crate::input::Pixels;
use crate::loss::bce::{self, Params, SOFT_MAX_ULP, Totals, loss_and_gradient, map};
use crate::math::LOGISTIC_PRODUCT_MAX_ULP;
use crate::node::reduction::Reduction;
use crate::simd::Write;
use proptest::prelude::*;

loss_of_terms! {
    bce, |input| (&input.source()),

    fn arrays(&self) -> (&'static [Array], &'static [Array]) {
        (&[Array::Values, Array::Targets], &[Array::Valid, Array::Weights])
    }
}

/// What a term of a class is multiplied by, rounded to f32: the bound counts from there.
fn factor(params: &Params, upstream: f64, positive: bool) -> f32 {
    let class = if positive { f64::from(params.pos_weight) } else { 1.0 };
    (f64::from(params.weight) * upstream * class) as f32
}

/// A term or a slope of a target of 0 or 1.
fn hard(params: &Params, batch: &Batch, index: usize, upstream: f64, truth: f64) -> Truth {
    let positive = batch.targets[index] != 0;
    let of_class = |upstream| f64::from(factor(params, upstream, positive) * batch.weight(index));
    let truth = truth * of_class(upstream);
    if of_class(1.0).abs().max(of_class(1.5).abs()) > 2.0_f64.powi(72) {
        Truth::Unknown
    } else if of_class(1.0) == 0.0 {
        Truth::Ulps(0.0, 0.0)
    } else if truth.abs() < f64::from(f32::MAX) {
        Truth::Ulps(truth, LOGISTIC_PRODUCT_MAX_ULP)
    } else {
        Truth::Unknown
    }
}

/// A term or a slope of a soft target, of weight 1.
fn soft(params: &Params, batch: &Batch, index: usize, upstream: f64, of: fn(f64, bool) -> f64) -> Truth {
    let (score, target) = (f64::from(batch.values[index]), batch.target(index));
    let smoothing = f64::from(params.label_smoothing);
    let share = |target: f64| target * (1.0 - smoothing) + 0.5 * smoothing;
    let part = |positive: bool, share: f64| share * f64::from(factor(params, upstream, positive)) * of(score, positive);
    let (positive, negative) = (part(true, share(target)), part(false, share(1.0 - target)));
    let size = positive.abs().max(negative.abs());
    if !score.is_finite() || batch.weights.is_some() || !(1e-30..1e37).contains(&size) {
        return Truth::Unknown;
    }
    let unit = naive::ulps(0.0, size).recip() * size;
    Truth::Within(positive + negative, SOFT_MAX_ULP * unit)
}

impl Oracle for Params {
    fn term(&self, batch: &Batch, index: usize) -> Truth {
        let (score, positive) = (batch.values[index], batch.target(index) != 0.0);
        if !batch.counts(index) {
            Truth::Exactly(0.0)
        } else if batch.soft_targets.is_some() {
            soft(self, batch, index, 1.0, naive::bce::term)
        } else if score.is_nan() && factor(self, 1.0, positive) * batch.weight(index) != 0.0 {
            Truth::Exactly(f32::NAN)
        } else {
            hard(self, batch, index, 1.0, naive::bce::term(f64::from(score), positive))
        }
    }

    fn slope(&self, batch: &Batch, index: usize, upstream: f64) -> Truth {
        let (score, positive) = (batch.values[index], batch.target(index) != 0.0);
        if !batch.counts(index) {
            Truth::Exactly(0.0)
        } else if batch.soft_targets.is_some() {
            soft(self, batch, index, upstream, naive::bce::gradient)
        } else {
            hard(self, batch, index, upstream, naive::bce::gradient(f64::from(score), positive))
        }
    }
}

impl Formula for Params {
    fn loss(&self, batch: &Batch, values: &[f64]) -> f64 {
        let counted = || (0..batch.n).filter(|pixel| batch.counts(*pixel));
        let weight = |pixel: usize| f64::from(batch.weight(pixel));
        let terms = counted().map(|pixel| {
            let positive = batch.targets[pixel] != 0;
            let class = if positive { f64::from(self.pos_weight) } else { 1.0 };
            f64::from(self.weight) * class * weight(pixel) * naive::bce::term(values[pixel], positive)
        });
        let divisor = match self.reduction {
            Reduction::WeightedMean => counted().map(weight).sum(),
            _ => counted().count() as f64,
        };
        terms.sum::<f64>() / divisor
    }

    fn loss_bound(&self, _batch: &Batch, truth: f64) -> f64 {
        5e-7 * truth
    }

    fn step(&self) -> f64 {
        1e-5
    }

    fn slope_bound(&self, _batch: &Batch, _index: usize, truth: f64, _largest: f64) -> f64 {
        1e-6 * truth.abs() + 1e-9
    }
}

fn batch() -> impl Strategy<Value = Batch> {
    let score = prop_oneof![4 => between(-8.0, 8.0), 1 => between(-110.0, 110.0), 1 => any_float()];
    pixels(0_usize..700, score)
}

fn params() -> impl Strategy<Value = Params> {
    let reduction = prop_oneof![Just(Reduction::Mean), Just(Reduction::Sum), Just(Reduction::WeightedMean),];
    let weight = prop_oneof![Just(1.0_f32), Just(0.0), between(-2.0, 2.0)];
    let pos_weight = prop_oneof![Just(1.0_f32), Just(0.0), between(0.0, 20.0)];
    (reduction, weight, pos_weight).prop_map(|(reduction, weight, pos_weight)| Params {
        reduction,
        weight,
        pos_weight,
        label_smoothing: 0.0,
    })
}

properties! {
    128 cases of params(), with batch();
    every_tier_and_order_gives_the_same_bits
    every_type_gives_the_bits_of_plain_input
    any_split_gives_the_same_words_and_gradients
    a_masked_pixel_is_as_if_it_were_not_there
    weight_0_switches_off
    adding_is_storing_plus_what_was_there
    the_sum_is_that_of_the_map
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn terms_and_gradients_are_within_the_bound(batch in batch(), params in params()) {
        let params = Params { reduction: Reduction::Sum, ..params };
        terms_and_slopes_are_within_the_bound(&params, &batch);
    }

    #[test]
    fn the_gradient_is_the_slope(
        batch in with_weights(pixels(1_usize..20, between(-6.0, 6.0)), between(0.25, 1.0)),
        weighted in any::<bool>(),
    ) {
        prop_assume!((0..batch.n).any(|pixel| batch.counts(pixel)));
        let reduction = if weighted { Reduction::WeightedMean } else { Reduction::Mean };
        let params = Params { reduction, pos_weight: 3.0, weight: 0.7, ..Params::default() };
        loss_and_gradient_are_the_formula(&params, &batch, Order::Interleaved);
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
            let value = loss_and_gradient(&params, &pixels, 1.0, Write::Store, None, &mut gradient).unwrap();
            assert_eq!((value.value, gradient), (f64::from(term), [slope]), "{tier:?} {logit}");
            assert_eq!(value.notices == Notices::NOT_FINITE, term.is_infinite());
        }
    });
}

#[test]
fn one_infinite_logit_that_is_right_leaves_the_mean_finite() {
    let pixels = Pixels { scores: &[f32::INFINITY, 0.0], targets: Some(&[1, 0]), ..Pixels::default() };
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

    let pixels =
        Pixels { scores: &[1.0, 2.0], targets: Some(&[0, 1]), weights: Some(&[0.0, 0.0]), ..Pixels::default() };
    let mut totals = Totals::default();
    totals.update(&of(Reduction::WeightedMean), &pixels).unwrap();
    let value = totals.loss(&of(Reduction::WeightedMean)).unwrap();
    assert!(value.value.is_nan() && value.notices == Notices::DEGENERATE);
    assert_eq!(totals.loss(&of(Reduction::Mean)).unwrap().value, 0.0);
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
    let not_finite = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    for weight in not_finite {
        let bad = Params { weight, ..default };
        bad_parameters_change_nothing(&default, &batch, &[(&bad, Error::Weight)]);
    }
    for pos_weight in not_finite.into_iter().chain([-1.0]) {
        let bad = Params { pos_weight, ..default };
        bad_parameters_change_nothing(&default, &batch, &[(&bad, Error::PosWeight)]);
    }
    for label_smoothing in [f32::NAN, -0.1, 1.1] {
        let bad = Params { label_smoothing, ..default };
        bad_parameters_change_nothing(&default, &batch, &[(&bad, Error::LabelSmoothing)]);
    }
    let (weight, pos_weight) = (Params { weight: 0.5, ..default }, Params { pos_weight: 2.0, ..default });
    let smoothed = Params { label_smoothing: 0.25, ..default };
    mixed_totals_are_found(&default, &batch, &[&weight, &pos_weight, &smoothed]);
}

#[test]
fn one_state_serves_every_reduction() {
    let pixels = Pixels { scores: &[1.0, -2.0], targets: Some(&[1, 0]), ..Pixels::default() };
    let mut totals = Totals::default();
    totals.update(&Params::default(), &pixels).unwrap();
    assert!(totals.loss(&Params { reduction: Reduction::Sum, ..Params::default() }).is_ok());
}
