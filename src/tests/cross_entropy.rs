//! Cross-entropy: how it is called, its formula and its limits.

use super::harness::batch::{Batch, ORDERS, Order, cubes, with_weights};
use super::harness::oracle::{
    Formula, Oracle, Truth, loss_and_gradient_are_the_formula, terms_and_slopes_are_within_the_bound,
};
use super::harness::properties::properties;
use super::harness::refusals::{bad_inputs_change_nothing, bad_parameters_change_nothing, mixed_totals_are_found};
use super::harness::{Array, Ask, Input, Node, Reading, State, reading, words_in};
use super::naive::classes as naive;
use super::{any_float, between};
use crate::error::{Error, Notices, Value};
use crate::input::{Cube, Layout};
use crate::loss::cross_entropy::{self as entropy, Params, TERM_MAX_ULP, Totals};
use crate::node::reduction::Reduction;
use crate::simd::Write;
use proptest::prelude::*;
use std::vec::Vec;

/// Parameters, and perhaps weights of the classes, of as many as any batch has.
#[derive(Clone, Debug)]
pub struct Entropy {
    params: Params,
    weights: Option<Vec<f32>>,
}

impl Entropy {
    /// Makes all terms 0.
    pub fn be_off(&mut self) {
        self.params.weight = 0.0;
    }

    fn weights(&self, classes: usize) -> Option<&[f32]> {
        self.weights.as_ref().map(|weights| &weights[..classes])
    }
}

/// Whether a label is a class that is not ignored.
pub fn is_class(batch: &Batch, pixel: usize, ignored: Option<i32>) -> bool {
    let (label, classes) = (batch.labels[pixel], batch.channels.max(2) as i32);
    (0..classes).contains(&label) && ignored != Some(label)
}

impl Node for Entropy {
    fn words(&self, _channels: usize) -> usize {
        words_in::<Totals>()
    }

    fn update(&self, input: &Input, state: &mut State) -> Result<(), Error> {
        let weights = self.weights(input.batch.channels);
        state.one_mut::<Totals>().update(&self.params, &input.cubes(), weights)
    }

    fn merge(&self, other: &State, state: &mut State) {
        state.one_mut::<Totals>().merge(other.one());
    }

    fn normalize(&self, state: &mut State) {
        state.one_mut::<Totals>().normalize();
    }

    fn read(&self, _input: &Input, state: &State) -> Reading {
        reading(state.one::<Totals>().loss(&self.params))
    }

    fn map(&self, input: &Input, to: &mut [f32]) -> Option<Result<Notices, Error>> {
        Some(entropy::map(&self.params, &input.cubes(), self.weights(input.batch.channels), to))
    }

    fn gradient(
        &self,
        input: &Input,
        state: &State,
        Ask { upstream, write }: Ask,
        to: &mut [f32],
    ) -> Option<Result<Notices, Error>> {
        let (cube, weights) = (input.cubes(), self.weights(input.batch.channels));
        Some(state.one::<Totals>().gradient(&self.params, &cube, weights, upstream, write, to))
    }

    fn at_once(
        &self,
        input: &Input,
        Ask { upstream, write }: Ask,
        state: Option<&mut State>,
        to: &mut [f32],
    ) -> Option<Result<Value, Error>> {
        let (cube, weights) = (input.cubes(), self.weights(input.batch.channels));
        let totals = state.map(|state| state.one_mut());
        let params = &self.params;
        Some(entropy::loss_and_gradient(params, &cube, weights, upstream, write, totals, to))
    }

    fn orders(&self) -> &'static [Order] {
        &ORDERS
    }

    fn arrays(&self) -> (&'static [Array], &'static [Array]) {
        (&[Array::Values, Array::Labels], &[Array::Targets, Array::Valid, Array::Weights])
    }

    fn counts(&self, batch: &Batch, pixel: usize) -> bool {
        batch.counts(pixel) && is_class(batch, pixel, self.params.ignore_index)
    }
}

impl Oracle for Entropy {
    /// In the form that keeps its digits for a confident pixel; for terms without weights and smoothing.
    fn term(&self, batch: &Batch, index: usize) -> Truth {
        if !self.counts(batch, index) {
            return Truth::Exactly(0.0);
        }
        let (logits, own) = (batch.row(index), batch.labels[index] as usize);
        let others = (0..logits.len()).filter(|class| *class != own);
        let rest: f64 = others.map(|class| (f64::from(logits[class]) - f64::from(logits[own])).exp()).sum();
        Truth::Ulps(rest.ln_1p(), TERM_MAX_ULP)
    }

    fn slope(&self, batch: &Batch, index: usize, _upstream: f64) -> Truth {
        let counts = self.counts(batch, index / batch.channels);
        if counts { Truth::Unknown } else { Truth::Exactly(0.0) }
    }
}

impl Formula for Entropy {
    fn loss(&self, batch: &Batch, values: &[f64]) -> f64 {
        let counted = || (0..batch.n).filter(|pixel| self.counts(batch, *pixel));
        let classes = batch.channels;
        let of_class: Vec<f64> =
            (0..classes).map(|class| self.weights.as_ref().map_or(1.0, |weights| f64::from(weights[class]))).collect();
        let label = |pixel: usize| batch.labels[pixel] as usize;
        let weight = |pixel: usize| f64::from(batch.weight(pixel));
        let smoothing = f64::from(self.params.label_smoothing);
        let terms = counted().map(|pixel| {
            let logits = &values[pixel * classes..][..classes];
            weight(pixel) * naive::cross_entropy(logits, label(pixel), &of_class, smoothing)
        });
        let divisor = match self.params.reduction {
            Reduction::Sum => 1.0,
            Reduction::WeightedMean => counted().map(|pixel| of_class[label(pixel)] * weight(pixel)).sum(),
            _ => counted().count() as f64,
        };
        terms.sum::<f64>() * f64::from(self.params.weight) / divisor
    }

    fn loss_bound(&self, _batch: &Batch, truth: f64) -> f64 {
        5e-7 * truth.abs().max(f64::from(self.params.weight).abs() * 0.1) + 1e-12
    }

    fn step(&self) -> f64 {
        1e-5
    }

    fn is_smooth(&self, batch: &Batch, index: usize) -> bool {
        self.counts(batch, index / batch.channels)
    }

    fn slope_bound(&self, _batch: &Batch, _index: usize, _truth: f64, largest: f64) -> f64 {
        2e-6 * largest.max(0.1 * f64::from(self.params.weight).abs()) + 1e-8
    }
}

pub fn nodes() -> impl Strategy<Value = Entropy> {
    let reduction = prop_oneof![Just(Reduction::Mean), Just(Reduction::Sum), Just(Reduction::WeightedMean)];
    let smoothing = prop_oneof![2 => Just(0.0_f32), 1 => between(0.0, 1.0)];
    let ignore = prop_oneof![Just(None), Just(Some(255)), Just(Some(1))];
    (reduction, smoothing, ignore, between(-2.0, 2.0), any::<bool>()).prop_map(
        |(reduction, label_smoothing, ignore_index, weight, is_weighted)| Entropy {
            params: Params { reduction, ignore_index, weight, label_smoothing },
            weights: is_weighted.then(|| (0..300).map(|class| class as f32 * 0.5).collect()),
        },
    )
}

/// Nodes of which all pixels count, most of which treat them alike.
pub fn plain_nodes() -> impl Strategy<Value = Entropy> {
    (nodes(), 0_u8..4).prop_map(|(Entropy { params, weights }, kind)| Entropy {
        params: Params { ignore_index: None, ..params },
        weights: weights.filter(|_| kind == 0),
    })
}

pub fn batch() -> impl Strategy<Value = Batch> {
    let value = prop_oneof![16 => between(-8.0, 8.0), 2 => between(-80.0, 80.0), 1 => any_float()];
    cubes(2_usize..7, 0..80, value)
}

/// What a formula in double can follow.
pub fn ordinary_batch() -> impl Strategy<Value = Batch> {
    with_weights(cubes(2_usize..7, 1..12, between(-4.0, 4.0)), between(0.01, 4.0))
}

properties! {
    64 cases of nodes(), with batch();
    every_tier_and_order_gives_the_same_bits
    any_split_gives_the_same_words_and_gradients
    a_masked_pixel_is_as_if_it_were_not_there
    weight_0_switches_off
    adding_is_storing_plus_what_was_there
    every_type_of_cubes_gives_the_bits_of_plain_input
    the_sum_is_that_of_the_map
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn loss_and_slope_are_the_formula(batch in ordinary_batch(), node in nodes()) {
        let weight = |pixel: usize| node.weights.as_ref().map_or(1.0, |weights| weights[batch.labels[pixel] as usize]);
        prop_assume!((0..batch.n).any(|pixel| node.counts(&batch, pixel) && weight(pixel) > 0.0));
        loss_and_gradient_are_the_formula(&node, &batch, Order::Interleaved);
    }

    #[test]
    fn terms_are_within_the_bound(batch in cubes(2_usize..7, 1..40, between(-30.0, 30.0))) {
        let params = Params { ignore_index: None, ..Params::default() };
        let node = Entropy { params, weights: None };
        terms_and_slopes_are_within_the_bound(&node, &Batch { weights: None, ..batch });
    }
}

fn one(values: &[f32], label: i32, params: &Params) -> (f64, Notices, Vec<f32>) {
    let labels = [label];
    let cube = Cube { values, layout: Layout::interleaved(1, values.len()), labels: Some(&labels), ..Cube::default() };
    let mut gradient = std::vec![f32::NAN; values.len()];
    let to = &mut gradient;
    let found = entropy::loss_and_gradient(params, &cube, None, 1.0, Write::Store, None, to).unwrap();
    (found.value, found.notices, gradient)
}

#[test]
fn cross_entropy_at_the_edges() {
    let default = Params::default();
    let inf = f32::INFINITY;
    // Infinite logits have their limits.
    assert_eq!(one(&[inf, 0.0], 0, &default), (0.0, Notices::NONE, std::vec![0.0, 0.0]));
    let (value, notices, gradient) = one(&[inf, 0.0], 1, &default);
    assert_eq!((value, notices, gradient), (f64::INFINITY, Notices::NOT_FINITE, std::vec![1.0, -1.0]));
    let (value, _, gradient) = one(&[inf, inf], 0, &default);
    assert!((value - 0.5_f64.ln().abs()).abs() < 1e-7 && gradient == [-0.5, 0.5]);
    let (value, notices, _) = one(&[f32::NAN, 0.0], 0, &default);
    assert!(value.is_nan() && notices == Notices::NOT_FINITE);
    // A pixel that is ignored or no class leaves nothing.
    let (value, notices, gradient) = one(&[f32::NAN, 0.0], -100, &default);
    assert!(value.is_nan() && notices == Notices::EMPTY && gradient == [0.0, 0.0]);
    for label in [2, -1, i32::MAX] {
        let (_, notices, gradient) = one(&[1.0, 0.0], label, &default);
        assert_eq!((notices, gradient), (Notices::EMPTY | Notices::REJECTED, std::vec![0.0, 0.0]));
    }
    // All pixels are of a class of weight 0.
    let labels = [0];
    let cube =
        Cube { values: &[1.0, 2.0], layout: Layout::interleaved(1, 2), labels: Some(&labels), ..Cube::default() };
    let mut gradient = [7.0; 2];
    let found =
        entropy::loss_and_gradient(&default, &cube, Some(&[0.0, 1.0]), 1.0, Write::Store, None, &mut gradient).unwrap();
    assert!(found.value.is_nan() && found.notices == Notices::DEGENERATE && gradient == [0.0; 2]);
}

#[test]
fn bad_arguments_change_nothing() {
    let batch = Batch::of_two_pixels();
    let default = Params::default();
    let with = |params| Entropy { params, weights: None };
    let node = with(default);
    bad_inputs_change_nothing(&node, &batch);
    for weight in [f32::NAN, f32::INFINITY] {
        let bad = with(Params { weight, ..default });
        bad_parameters_change_nothing(&node, &batch, &[(&bad, Error::Weight)]);
    }
    let bad = with(Params { label_smoothing: 1.5, ..default });
    bad_parameters_change_nothing(&node, &batch, &[(&bad, Error::LabelSmoothing)]);
    mixed_totals_are_found(&node, &batch, &[&with(Params { weight: 2.0, ..default })]);

    let labels = [0];
    let good =
        Cube { values: &[1.0, 2.0], layout: Layout::interleaved(1, 2), labels: Some(&labels), ..Cube::default() };
    let mut totals = Totals::default();
    for weight in [f32::NAN, f32::INFINITY] {
        let found = totals.update(&default, &good, Some(&[weight, 1.0]));
        assert_eq!(found, Err(Error::ClassWeight));
    }
    assert_eq!(totals.update(&default, &good, Some(&[1.0])), Err(Error::Channels));
    let single = Cube { layout: Layout::interleaved(1, 1), ..good };
    assert_eq!(totals.update(&default, &single, None), Err(Error::Channels));
    let none = Params { reduction: Reduction::None, ..default };
    let bad = Params { label_smoothing: 1.5, ..none };
    let mut gradient = [7.0; 2];
    for (params, error) in [(none, Error::NoScalar), (bad, Error::LabelSmoothing)] {
        let at_once = entropy::loss_and_gradient;
        let to = Some(&mut totals);
        let found = at_once(&params, &good, None, 1.0, Write::Store, to, &mut gradient);
        assert_eq!(found, Err(error));
    }
    assert_eq!(entropy::map(&default, &good, None, &mut gradient), Err(Error::LengthMismatch));
    assert_eq!((totals, gradient), (Totals::default(), [7.0; 2]));
}
