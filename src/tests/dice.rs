//! Dice: how it is called, its formula and its limits.

use super::between;
use super::cross_entropy::{batch, is_class, ordinary_batch};
use super::harness::batch::{Batch, ORDERS, Order};
use super::harness::oracle::{Formula, loss_and_gradient_are_the_formula};
use super::harness::properties::properties;
use super::harness::refusals::{bad_inputs_change_nothing, bad_parameters_change_nothing};
use super::harness::{Array, Ask, Input, Node, Reading, State, reading, words_in};
use super::naive::classes as naive;
use crate::error::{Error, Notices, Value};
use crate::input::{Cube, Layout};
use crate::loss::dice::{self, Params, Totals};
use crate::simd::Write;
use proptest::prelude::*;
use std::vec::Vec;

/// Totals of each class.
impl Node for Params {
    fn words(&self, channels: usize) -> usize {
        channels * words_in::<Totals>()
    }

    fn update(&self, input: &Input, state: &mut State) -> Result<(), Error> {
        dice::update(self, &input.cubes(), state.totals_mut(0, input.batch.channels))
    }

    fn merge(&self, other: &State, state: &mut State) {
        let classes = state.words.len() / words_in::<Totals>();
        dice::merge(other.totals(0, classes), state.totals_mut(0, classes)).unwrap();
    }

    fn normalize(&self, state: &mut State) {
        let classes = state.words.len() / words_in::<Totals>();
        dice::normalize(state.totals_mut(0, classes));
    }

    fn read(&self, input: &Input, state: &State) -> Reading {
        reading(dice::loss(self, state.totals(0, input.batch.channels)))
    }

    fn gradient(
        &self,
        input: &Input,
        state: &State,
        Ask { upstream, write }: Ask,
        to: &mut [f32],
    ) -> Option<Result<Notices, Error>> {
        let totals = state.totals(0, input.batch.channels);
        Some(dice::gradient(self, totals, &input.cubes(), upstream, write, to))
    }

    fn at_once(
        &self,
        input: &Input,
        Ask { upstream, write }: Ask,
        state: Option<&mut State>,
        to: &mut [f32],
    ) -> Option<Result<Value, Error>> {
        let classes = input.batch.channels;
        let mut own = State::new(self.words(classes));
        let batch = own.totals_mut(0, classes);
        let totals = state.map(|state| state.totals_mut(0, classes));
        Some(dice::loss_and_gradient(self, &input.cubes(), upstream, write, totals, batch, to))
    }

    fn orders(&self) -> &'static [Order] {
        &ORDERS
    }

    fn arrays(&self) -> (&'static [Array], &'static [Array]) {
        (&[Array::Values, Array::Labels], &[Array::Targets, Array::Valid, Array::Weights])
    }

    fn counts(&self, batch: &Batch, pixel: usize) -> bool {
        batch.counts(pixel) && is_class(batch, pixel, self.ignore_index)
    }
}

impl Formula for Params {
    fn loss(&self, batch: &Batch, values: &[f64]) -> f64 {
        let counted = || (0..batch.n).filter(|pixel| self.counts(batch, *pixel));
        let logits = |pixel: usize| &values[pixel * batch.channels..][..batch.channels];
        let probabilities: Vec<Vec<f64>> = counted().map(|pixel| naive::softmax(logits(pixel))).collect();
        let labels: Vec<usize> = counted().map(|pixel| batch.labels[pixel] as usize).collect();
        let weights: Vec<f64> = counted().map(|pixel| f64::from(batch.weight(pixel))).collect();
        let first = usize::from(!self.include_background);
        let taking: Vec<usize> = (first..batch.channels).collect();
        let dice = naive::dice(&probabilities, &labels, &weights, f64::from(self.eps), &taking);
        f64::from(self.weight) * dice
    }

    /// The parts of a slope are of the size of the weight, also where they cancel.
    fn loss_bound(&self, _batch: &Batch, truth: f64) -> f64 {
        5e-7 * truth.abs().max(f64::from(self.weight).abs() * 0.1) + 1e-12
    }

    fn step(&self) -> f64 {
        1e-5
    }

    fn is_smooth(&self, batch: &Batch, index: usize) -> bool {
        self.counts(batch, index / batch.channels)
    }

    fn slope_bound(&self, _batch: &Batch, _index: usize, _truth: f64, largest: f64) -> f64 {
        2e-6 * largest.max(0.1 * f64::from(self.weight).abs()) + 1e-8
    }
}

pub fn nodes() -> impl Strategy<Value = Params> {
    let ignore = prop_oneof![Just(None), Just(Some(255)), Just(Some(1))];
    let absent = prop_oneof![Just(dice::Absent::One), Just(dice::Absent::Skip)];
    (ignore, absent, any::<bool>(), between(-2.0, 2.0)).prop_map(
        |(ignore_index, absent, include_background, weight)| Params {
            include_background,
            ignore_index,
            absent,
            weight,
            eps: 1e-3,
        },
    )
}

properties! {
    64 cases of nodes(), with batch();
    every_tier_and_order_gives_the_same_bits
    any_split_gives_the_same_words_and_gradients
    a_masked_pixel_is_as_if_it_were_not_there
    weight_0_switches_off
    adding_is_storing_plus_what_was_there
    every_type_of_cubes_gives_the_bits_of_plain_input
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn loss_and_slope_are_the_formula(batch in ordinary_batch(), node in nodes()) {
        prop_assume!((0..batch.n).any(|pixel| node.counts(&batch, pixel)));
        loss_and_gradient_are_the_formula(&node, &batch, Order::Interleaved);
    }
}

#[test]
fn dice_at_the_edges() {
    let run = |params: &Params, values: &[f32], channels: usize, labels: &[i32]| {
        let layout = Layout::interleaved(labels.len(), channels);
        let cube = Cube { values, layout, labels: Some(labels), ..Cube::default() };
        let mut totals = std::vec![Totals::default(); channels];
        let mut gradient = std::vec![f32::NAN; values.len()];
        let found =
            dice::loss_and_gradient(params, &cube, 1.0, Write::Store, None, &mut totals, &mut gradient).unwrap();
        (found.value, found.notices, gradient)
    };
    let default = Params::default();
    assert_eq!(run(&default, &[], 2, &[]), (0.0, Notices::EMPTY, Vec::new()));
    let ignored = Params { ignore_index: Some(255), ..default };
    let (value, notices, gradient) = run(&ignored, &[f32::NAN, 0.0], 2, &[255]);
    assert_eq!((value, notices, gradient), (0.0, Notices::EMPTY, std::vec![0.0, 0.0]));
    // With one class only 0 and 1 are labels.
    let (_, notices, gradient) = run(&default, &[1.0, 2.0], 1, &[1, 2]);
    assert!(notices == Notices::REJECTED && gradient[1] == 0.0 && gradient[0] < 0.0);
    // An absent class: the logits are so low that nothing of it is predicted.
    let values = [0.0, -200.0];
    let (value, _, _) = run(&default, &values, 2, &[0]);
    assert!(value.abs() < 1e-6);
    let skip = Params { absent: dice::Absent::Skip, ..default };
    assert!(run(&skip, &values, 2, &[0]).0.abs() < 1e-6);
    let (value, notices, _) = run(&default, &[f32::NAN, 0.0], 2, &[0]);
    assert!(value.is_nan() && notices == Notices::NOT_FINITE);
    let (value, notices, _) = run(&default, &[f32::INFINITY, 0.0], 2, &[0]);
    assert!(value.abs() < 1e-6 && notices == Notices::NONE);
    // Background has no part in the mean, but its logits have gradients.
    let without = Params { include_background: false, ..default };
    let (_, _, gradient) = run(&without, &[0.5, 0.25], 2, &[1]);
    assert!(gradient[0] > 0.0 && (gradient[0] + gradient[1]).abs() < 1e-6 * gradient[0]);
}

#[test]
fn bad_arguments_change_nothing() {
    let batch = Batch::of_two_pixels();
    let default = Params::default();
    bad_inputs_change_nothing(&default, &batch);
    for number in [f32::NAN, f32::INFINITY] {
        let weight = Params { weight: number, ..default };
        let eps = Params { eps: number, ..default };
        let bad: [(&dyn Node, Error); 2] = [(&weight, Error::Weight), (&eps, Error::Epsilon)];
        bad_parameters_change_nothing(&default, &batch, &bad);
    }

    let labels = [0];
    let good =
        Cube { values: &[1.0, 2.0], layout: Layout::interleaved(1, 2), labels: Some(&labels), ..Cube::default() };
    let mut of_classes = [Totals::default(); 2];
    assert_eq!(dice::update(&default, &good, &mut of_classes[..1]), Err(Error::Channels));
    let one = [Totals { pixels: 1, ..Default::default() }];
    assert_eq!(dice::merge(&one, &mut of_classes), Err(Error::Channels));
    assert_eq!(of_classes, [Totals::default(); 2]);
    dice::update(&default, &good, &mut of_classes).unwrap();
    of_classes.swap(0, 1);
    assert_eq!(dice::loss(&default, &of_classes), Err(Error::MixedTotals));
}
