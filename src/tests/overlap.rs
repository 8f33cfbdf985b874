//! IoU and Tversky: how they are called, their formula, and in `edges` the limits.

mod edges;

use super::harness::batch::{Batch, Order, pixels, with_soft_targets, with_weights};
use super::harness::oracle::{Formula, loss_and_gradient_are_the_formula};
use super::harness::properties::properties;
use super::harness::{Array, Ask, Input, Node, Reading, State, outcome, reading, words_in};
use super::naive::overlap::{self as naive, Tversky};
use super::{any_float, between};
use crate::error::{Error, Notices, Value};
use crate::loss::{iou, tversky};
use crate::node::overlap::{Boundary, EmptyTarget, Normalization};
use crate::simd::Write;
use proptest::prelude::*;
use std::vec::Vec;

macro_rules! overlap {
    ($node:ident) => {
        impl Node for $node::Params {
            fn words(&self, _channels: usize) -> usize {
                words_in::<$node::Totals>()
            }

            fn update(&self, input: &Input, state: &mut State) -> Result<(), Error> {
                let mut range = state.range;
                state.one_mut::<$node::Totals>().update(self, &input.source(), Some(&mut range))?;
                state.range = range;
                Ok(())
            }

            fn merge(&self, other: &State, state: &mut State) {
                state.one_mut::<$node::Totals>().merge(other.one());
                state.range.merge(&other.range);
            }

            fn normalize(&self, state: &mut State) {
                state.one_mut::<$node::Totals>().normalize();
            }

            fn read(&self, _input: &Input, state: &State) -> Reading {
                reading(state.one::<$node::Totals>().loss(self, Some(&state.range)))
            }

            fn gradient(
                &self,
                input: &Input,
                state: &State,
                Ask { upstream, write }: Ask,
                to: &mut [f32],
            ) -> Option<Result<Notices, Error>> {
                let (totals, range) = (state.one::<$node::Totals>(), Some(&state.range));
                Some(totals.gradient(self, range, &input.source(), upstream, write, to))
            }

            fn at_once(
                &self,
                input: &Input,
                Ask { upstream, write }: Ask,
                state: Option<&mut State>,
                to: &mut [f32],
            ) -> Option<Result<Value, Error>> {
                let Some(state) = state else {
                    let pixels = &input.source();
                    return Some($node::loss_and_gradient(self, pixels, upstream, write, None, None, to));
                };
                let mut range = state.range;
                let result = $node::loss_and_gradient(
                    self,
                    &input.source(),
                    upstream,
                    write,
                    Some(state.one_mut()),
                    Some(&mut range),
                    to,
                );
                state.range = range;
                Some(result)
            }

            fn arrays(&self) -> (&'static [Array], &'static [Array]) {
                (&[Array::Values, Array::Targets], &[Array::Valid, Array::Weights])
            }

            fn weight_0_is_seen(&self) -> bool {
                self.normalization == Normalization::MinMax
            }
        }
    };
}
overlap!(iou);
overlap!(tversky);

/// The pixels that count, and their formula.
fn counted(batch: &Batch) -> Vec<usize> {
    (0..batch.n).filter(|pixel| batch.counts(*pixel)).collect()
}

fn oracle(params: &tversky::Params) -> Tversky {
    Tversky {
        weight: f64::from(params.weight),
        smooth: f64::from(params.smooth),
        false_positives: f64::from(params.false_positives),
        false_negatives: f64::from(params.false_negatives),
        gamma: f64::from(params.gamma),
    }
}

/// The loss of predictions of the pixels that count.
fn loss_of(params: &tversky::Params, batch: &Batch, predictions: &[f64]) -> f64 {
    let counted = counted(batch);
    let targets: Vec<f64> = counted.iter().map(|pixel| batch.target(*pixel)).collect();
    let weights: Vec<f64> = counted.iter().map(|pixel| f64::from(batch.weight(*pixel))).collect();
    oracle(params).loss(predictions, &targets, &weights)
}

impl Formula for tversky::Params {
    fn loss(&self, batch: &Batch, values: &[f64]) -> f64 {
        let scores: Vec<f64> = counted(batch).iter().map(|pixel| values[*pixel]).collect();
        let predictions = match self.normalization {
            Normalization::Sigmoid => naive::sigmoid(&scores),
            Normalization::Clamp => naive::clamp(&scores),
            Normalization::MinMax => naive::minmax(&scores, f64::from(self.smooth)),
        };
        loss_of(self, batch, &predictions)
    }

    fn loss_bound(&self, _batch: &Batch, _truth: f64) -> f64 {
        5e-7 * f64::from(self.weight).abs() + 1e-12
    }

    fn step(&self) -> f64 {
        1e-4
    }

    fn is_smooth(&self, batch: &Batch, index: usize) -> bool {
        let score = f64::from(batch.values[index]);
        let is_near = |kink: f64| (score - kink).abs() < 4.0 * self.step();
        let has_kink = match self.normalization {
            Normalization::Sigmoid => false,
            Normalization::Clamp => is_near(0.0) || is_near(1.0),
            // An extreme has a slope, unless another score is as far out.
            Normalization::MinMax => extremes(batch).into_iter().any(|extreme| {
                let others = counted(batch).into_iter().filter(|other| *other != index);
                let mut scores = others.map(|other| f64::from(batch.values[other]));
                is_near(extreme) && scores.any(|other| (other - extreme).abs() < 4.0 * self.step())
            }),
        };
        // A loss of 0 has no slope with a gamma below 1.
        let is_root = self.gamma < 1.0 && self.loss(batch, &batch.doubles()) == 0.0;
        !has_kink && !is_root && batch.counts(index)
    }

    fn slope_bound(&self, batch: &Batch, index: usize, truth: f64, largest: f64) -> f64 {
        // At an extreme of minmax two floats cancel: the pixel's own slope, and what all the others leave.
        // The slope of its prediction alone is the size of either.
        let score = f64::from(batch.values[index]);
        let [least, greatest] = extremes(batch);
        let mut rounding = 0.0;
        if self.normalization == Normalization::MinMax && [least, greatest].contains(&score) {
            let counted = counted(batch);
            let scores: Vec<f64> = counted.iter().map(|pixel| f64::from(batch.values[*pixel])).collect();
            let smooth = f64::from(self.smooth);
            let at = counted.iter().position(|pixel| *pixel == index).expect("it counts");
            let alone = |by: f64| {
                let mut predictions = naive::minmax(&scores, smooth);
                predictions[at] += by;
                loss_of(self, batch, &predictions)
            };
            // Beyond 0 and 1 a power of the loss may not be a number, so the step goes inward.
            let inward = if score == greatest { -self.step() } else { self.step() };
            let own = 1.5 * (alone(inward) - alone(0.0)) / inward / (greatest - least + smooth);
            assert!(own.is_finite(), "the slope of a prediction alone is {own}");
            rounding = f64::from(f32::EPSILON) * own.abs();
        }
        1e-4 * truth.abs() + 1e-5 * largest + 1e-8 + rounding
    }
}

/// The least and the greatest score that count.
fn extremes(batch: &Batch) -> [f64; 2] {
    let scores = || counted(batch).into_iter().map(|pixel| f64::from(batch.values[pixel]));
    [scores().fold(f64::INFINITY, f64::min), scores().fold(f64::NEG_INFINITY, f64::max)]
}

/// Anything at all.
fn any_batch() -> impl Strategy<Value = Batch> {
    let score = prop_oneof![4 => between(-8.0, 8.0), 1 => between(-110.0, 110.0), 1 => any_float()];
    let soft = prop_oneof![8 => between(0.0, 1.0), 1 => any_float()];
    let pixels = || pixels(0_usize..300, score.clone());
    prop_oneof![7 => pixels(), 3 => with_soft_targets(pixels(), soft)]
}

/// What a formula in double can follow. (With weights near 0 the parts of a gradient at the extremes of
/// minmax are far greater than their sum.)
fn ordinary_batch() -> impl Strategy<Value = Batch> {
    let pixels = || pixels(0_usize..300, between(-4.0, 4.0));
    let soft = with_soft_targets(pixels(), between(0.0, 1.0));
    with_weights(prop_oneof![7 => pixels(), 3 => soft], between(0.25, 4.0))
}

const NORMALIZATIONS: [Normalization; 3] = [Normalization::Sigmoid, Normalization::Clamp, Normalization::MinMax];

fn params() -> impl Strategy<Value = tversky::Params> {
    let normalization = proptest::sample::select(&NORMALIZATIONS[..]);
    let boundary = prop_oneof![Just(Boundary::Zero), Just(Boundary::Pass)];
    let empty = prop_oneof![Just(EmptyTarget::One), Just(EmptyTarget::Skip), Just(EmptyTarget::Zero)];
    let smooth = prop_oneof![Just(1e-6_f32), Just(1.0), Just(0.0)];
    let balance = || prop_oneof![Just(1.0_f32), between(0.1, 3.0)];
    let gamma = prop_oneof![2 => Just(1.0_f32), 1 => between(0.5, 3.0)];
    (normalization, boundary, empty, between(-2.0, 2.0), smooth, balance(), balance(), gamma).prop_map(
        |(normalization, boundary, empty_target, weight, smooth, a, b, gamma)| tversky::Params {
            normalization,
            boundary,
            empty_target,
            weight,
            smooth,
            false_positives: a,
            false_negatives: b,
            gamma,
        },
    )
}

properties! {
    96 cases of params(), with any_batch();
    every_tier_and_order_gives_the_same_bits
    every_type_gives_the_bits_of_plain_input
    any_split_gives_the_same_words_and_gradients
    a_masked_pixel_is_as_if_it_were_not_there
    weight_0_switches_off
    adding_is_storing_plus_what_was_there
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn loss_and_slope_are_the_formula(batch in ordinary_batch(), params in params()) {
        let counted = counted(&batch);
        let target: f64 = counted.iter().map(|pixel| batch.target(*pixel)).sum();
        prop_assume!(counted.len() > 1 && target > 0.0);
        loss_and_gradient_are_the_formula(&params, &batch, Order::Interleaved);
    }

    #[test]
    fn a_shift_of_minmax_changes_nothing(batch in ordinary_batch(), params in params()) {
        let params = tversky::Params { normalization: Normalization::MinMax, ..params };
        let input = Input::new(&batch, Order::Interleaved);
        let mut gradient = std::vec![0.0_f32; batch.n];
        tversky::loss_and_gradient(&params, &input.source(), 1.0, Write::Add, None, None, &mut gradient).unwrap();
        prop_assume!(gradient.iter().all(|slope| slope.is_finite()));
        let sum: f64 = gradient.iter().map(|slope| f64::from(*slope)).sum();
        let size: f64 = gradient.iter().map(|slope| f64::from(slope.abs())).sum();
        // The parts that cancel at the extremes are of the size of 1, also where little is left of them.
        prop_assert!(sum.abs() <= 1e-6 * size.max(1.0), "{sum} of {size}");
    }

    /// IoU goes through the same properties as Tversky, whose numbers it gives.
    #[test]
    fn iou_is_tversky_with_both_weights_1(batch in any_batch(), params in params()) {
        let tversky::Params { normalization, boundary, empty_target, weight, smooth, .. } = params;
        let same = tversky::Params { false_positives: 1.0, false_negatives: 1.0, gamma: 1.0, ..params };
        let iou = iou::Params { normalization, boundary, empty_target, weight, smooth };
        let found = outcome(&iou, &batch, Order::Interleaved);
        let expected = outcome(&same, &batch, Order::Interleaved);
        prop_assert_eq!((found.numbers, found.notices), (expected.numbers, expected.notices));
        prop_assert_eq!(found.gradient, expected.gradient);
    }
}
