//! Deep SVDD: how it is called, distances against the oracle, all three gradients. (Limits: `svdd_edges.rs`.)

use super::harness::batch::{Batch, ORDERS, Order, cubes, with_weights};
use super::harness::oracle::{Formula, loss_and_gradient_are_the_formula};
use super::harness::properties::properties;
use super::harness::refusals::{bad_inputs_change_nothing, bad_parameters_change_nothing, mixed_totals_are_found};
use super::harness::{Array, Ask, Input, Node, Outcome, Reading, State, outcome, words_in};
use super::naive::{svdd as naive, ulps};
use super::{any_float, between};
use crate::error::{Error, Notices, Value};
use crate::exact::ExactSum;
use crate::input::{Cube, Layout};
use crate::loss::svdd::{
    DISTANCE_MAX_ULP, GRADIENT_MAX_ULP, Params, Totals, gradient_center, loss_and_gradient, map, merge_center,
    normalize_center, update_center,
};
use crate::simd::Write;
use proptest::prelude::*;
use std::vec::Vec;

/// How many words lie before the sums of the center.
const TOTALS: usize = words_in::<Totals>();
const MOST: usize = 140;

/// Parameters, and a center of as many channels as any batch has.
#[derive(Clone, Debug)]
struct Svdd {
    params: Params,
    center: Vec<f32>,
}

impl Svdd {
    fn center(&self, channels: usize) -> &[f32] {
        &self.center[..channels]
    }

    /// The squared distances of the pixels that count, and their weights.
    fn squares(&self, batch: &Batch, values: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let counted = || (0..batch.n).filter(|pixel| batch.counts(*pixel));
        let square = |pixel: usize| -> f64 {
            let row = &values[pixel * batch.channels..][..batch.channels];
            row.iter().zip(&self.center).map(|(z, c)| (z - f64::from(*c)).powi(2)).sum()
        };
        let weights = counted().map(|pixel| f64::from(batch.weight(pixel)));
        (counted().map(square).collect(), weights.collect())
    }

    fn nu(&self) -> f64 {
        f64::from(self.params.nu)
    }
}

/// Totals, and behind them the sums of the center.
impl Node for Svdd {
    fn words(&self, channels: usize) -> usize {
        TOTALS + channels * words_in::<ExactSum>()
    }

    fn update(&self, input: &Input, state: &mut State) -> Result<(), Error> {
        let channels = input.batch.channels;
        let (cube, center) = (input.cubes(), self.center(channels));
        let result = state.one_mut::<Totals>().update(&self.params, &cube, center);
        let sums = state.totals_mut(TOTALS, channels);
        let of_center = update_center(&self.params, &cube, center, sums);
        assert_eq!(of_center.err(), result.err());
        result
    }

    fn merge(&self, other: &State, state: &mut State) {
        let channels = (state.words.len() - TOTALS) / words_in::<ExactSum>();
        state.one_mut::<Totals>().merge(other.one());
        let sums = state.totals_mut(TOTALS, channels);
        merge_center(other.totals(TOTALS, channels), sums).unwrap();
    }

    fn normalize(&self, state: &mut State) {
        let channels = (state.words.len() - TOTALS) / words_in::<ExactSum>();
        state.one_mut::<Totals>().normalize();
        normalize_center(state.totals_mut(TOTALS, channels)).unwrap();
    }

    /// The loss, and the gradients of the radius and the center.
    fn read(&self, input: &Input, state: &State) -> Reading {
        let totals = state.one::<Totals>();
        let value = totals.loss(&self.params);
        let of_radius = totals.gradient_radius(&self.params, 1.5);
        let mut slopes = std::vec![7.5; input.batch.channels];
        let sums = state.totals(TOTALS, slopes.len());
        let of_center = gradient_center(&self.params, totals, sums, 1.5, Write::Store, &mut slopes);
        assert_eq!((of_radius.err(), of_center.err()), (value.err(), value.err()));
        let numbers = [value?.value, of_radius?.value].into_iter();
        let numbers = numbers.chain(slopes.into_iter().map(f64::from)).collect();
        Ok((numbers, value?.notices))
    }

    fn map(&self, input: &Input, to: &mut [f32]) -> Option<Result<Notices, Error>> {
        Some(map(&self.params, &input.cubes(), self.center(input.batch.channels), to))
    }

    fn maps_terms(&self) -> bool {
        false
    }

    fn gradient(
        &self,
        input: &Input,
        state: &State,
        Ask { upstream, write }: Ask,
        to: &mut [f32],
    ) -> Option<Result<Notices, Error>> {
        let (cube, center) = (input.cubes(), self.center(input.batch.channels));
        let totals = state.one::<Totals>();
        Some(totals.gradient(&self.params, &cube, center, upstream, write, to))
    }

    fn at_once(
        &self,
        input: &Input,
        Ask { upstream, write }: Ask,
        state: Option<&mut State>,
        to: &mut [f32],
    ) -> Option<Result<Value, Error>> {
        let (cube, center) = (input.cubes(), self.center(input.batch.channels));
        let totals = state.map(|state| state.one_mut());
        Some(loss_and_gradient(&self.params, &cube, center, upstream, write, totals, to))
    }

    fn words_at_once(&self, _channels: usize) -> usize {
        TOTALS
    }

    fn orders(&self) -> &'static [Order] {
        &ORDERS
    }

    fn arrays(&self) -> (&'static [Array], &'static [Array]) {
        (&[Array::Values], &[Array::Targets, Array::Labels, Array::Valid, Array::Weights])
    }
}

impl Formula for Svdd {
    fn loss(&self, batch: &Batch, values: &[f64]) -> f64 {
        let (squares, weights) = self.squares(batch, values);
        let radius = naive::radius(f64::from(self.params.r_unconstrained));
        f64::from(self.params.weight) * naive::loss(&squares, &weights, radius, self.nu())
    }

    /// What cancels in d - R^2 counts from d.
    fn loss_bound(&self, batch: &Batch, truth: f64) -> f64 {
        let (squares, weights) = self.squares(batch, &batch.doubles());
        let size = naive::loss(&squares, &weights, 0.0, self.nu());
        let size = size * f64::from(self.params.weight).abs();
        (DISTANCE_MAX_ULP + 1.0) * size * 2.0_f64.powi(-23) + truth.abs() * 1e-15
    }

    fn step(&self) -> f64 {
        1e-6
    }

    /// No pixel may cross the boundary on the way.
    fn is_smooth(&self, batch: &Batch, index: usize) -> bool {
        let pixel = index / batch.channels;
        let square = naive::square(batch.row(pixel), self.center(batch.channels));
        let squared = naive::radius(f64::from(self.params.r_unconstrained)).powi(2);
        (square - squared).abs() > 1e-4 * (1.0 + square)
    }

    fn slope_bound(&self, batch: &Batch, _index: usize, truth: f64, _largest: f64) -> f64 {
        1e-5 * (1.0 + truth.abs() + 1.0 / batch.n as f64)
    }
}

/// Embeddings about a center near 0, some of them tiny, huge or no number.
fn batch() -> impl Strategy<Value = Batch> {
    let few = prop_oneof![1_usize..5, 14_usize..20, 60_usize..70, Just(130)];
    let many = prop_oneof![6 => 1_usize..20, 2 => 30_usize..70, 1 => 120_usize..MOST];
    let any = prop_oneof![24 => between(-2.0, 2.0), 1 => any_float()];
    let rarely = prop_oneof![300 => between(-1.0, 1.0), 1 => extreme()];
    prop_oneof![cubes(few, 0..60, any), cubes(many, 1..90, rarely)]
}

fn extreme() -> impl Strategy<Value = f32> {
    prop_oneof![between(-1e-25, 1e-25), between(-1e25, 1e25), any_float()]
}

fn ordinary_batch() -> impl Strategy<Value = Batch> {
    with_weights(cubes(1_usize..30, 1..16, between(-1.0, 1.0)), between(0.25, 4.0))
}

fn nodes() -> impl Strategy<Value = Svdd> {
    let weight = prop_oneof![2 => Just(1.0_f32), 1 => Just(0.0), 3 => between(-2.0, 2.0)];
    let r = prop_oneof![2 => between(-1.0, 5.0), 2 => between(0.0, 3.0), 1 => between(-12.0, 1.0)];
    let value = prop_oneof![300 => between(-1.0, 1.0), 1 => extreme()];
    let center = proptest::collection::vec(value, MOST);
    (between(0.01, 0.99), weight, r, center).prop_map(|(nu, weight, r_unconstrained, center)| Svdd {
        params: Params { nu, weight, r_unconstrained },
        center,
    })
}

/// With a center and a radius of the size of the embeddings, on both sides of the threshold of the radius.
fn ordinary_nodes() -> impl Strategy<Value = Svdd> {
    let center = proptest::collection::vec(between(-1.0, 1.0), MOST);
    let r = prop_oneof![3 => between(-0.5, 1.5), 1 => between(2.1, 5.0)];
    (between(0.05, 0.9), between(-2.0, 2.0), r, center).prop_map(|(nu, weight, r_unconstrained, center)| Svdd {
        params: Params { nu, weight, r_unconstrained },
        center,
    })
}

properties! {
    96 cases of nodes(), with batch();
    every_tier_and_order_gives_the_same_bits
    any_split_gives_the_same_words_and_gradients
    a_masked_pixel_is_as_if_it_were_not_there
    weight_0_switches_off
    adding_is_storing_plus_what_was_there
    every_type_of_cubes_gives_the_bits_of_plain_input
}

/// An ulp of f32 at a number.
fn unit(x: f64) -> f64 {
    let exponent = (x.abs().max(f64::from(f32::MIN_POSITIVE)).to_bits() >> 52) as i32 - 1023;
    2.0_f64.powi(exponent - 23)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn scores_and_gradients_are_within_the_bound(pixels in batch(), node in nodes()) {
        let (params, center) = (node.params, node.center(pixels.channels));
        let found = outcome(&node, &pixels, Order::Interleaved);
        let totals = found.state.one::<Totals>();
        let squared = params.radius().unwrap().value.powi(2);
        let n = totals.sums.term_count as f64;
        let slope = (2.0 * f64::from(params.weight) / f64::from(params.nu) * (1.5 / n)) as f32;
        let mut outside = 0;
        for (pixel, row) in pixels.values.chunks(pixels.channels).enumerate() {
            if !pixels.counts(pixel) {
                continue;
            }
            let truth = naive::square(row, center);
            let score = f32::from_bits(found.map[pixel]);
            let is_outside = score > 0.0 || score.is_nan();
            outside += i64::from(is_outside);
            if !truth.is_finite() {
                prop_assert!(!score.is_finite());
                continue;
            }
            // The error of the distance, and half an ulp of the score.
            let bound = DISTANCE_MAX_ULP * unit(truth) + 0.5 * unit(truth - squared);
            let error = (f64::from(score) - (truth - squared)).abs();
            prop_assert!(error <= bound || score == f32::INFINITY, "{score}: {error} is above {bound}");
            let weight = pixels.weight(pixel);
            for (channel, (value, center)) in row.iter().zip(center).enumerate() {
                let gradient = f32::from_bits(found.gradient[pixel * pixels.channels + channel]);
                let product = f64::from(slope) * f64::from(weight);
                let truth = product * (f64::from(*value) - f64::from(*center));
                if !is_outside || weight == 0.0 {
                    prop_assert_eq!(gradient.to_bits(), 0);
                } else if (1e-30..1e30).contains(&product.abs()) && truth.abs() < 1e38 {
                    prop_assert!(ulps(gradient, truth) <= GRADIENT_MAX_ULP, "{gradient} is not {truth}");
                }
            }
        }
        prop_assert_eq!(totals.outside, outside);
    }

    #[test]
    fn loss_and_gradient_are_those_of_the_formula(batch in ordinary_batch(), node in ordinary_nodes()) {
        prop_assume!((0..batch.n).any(|pixel| batch.counts(pixel)));
        loss_and_gradient_are_the_formula(&node, &batch, Order::Neither);
    }

    #[test]
    fn gradients_of_the_radius_and_the_center_are_slopes(batch in ordinary_batch(), node in ordinary_nodes()) {
        prop_assume!((0..batch.n).any(|pixel| batch.counts(pixel)));
        // No pixel may cross the boundary on the way.
        prop_assume!((0..batch.n).all(|pixel| node.is_smooth(&batch, pixel * batch.channels)));
        let Outcome { numbers, gradient, .. } = outcome(&node, &batch, Order::Planar);
        let numbers: Vec<f64> = numbers.into_iter().map(f64::from_bits).collect();
        let (values, step) = (batch.doubles(), 1e-6);
        let (squares, weights) = node.squares(&batch, &values);
        let r = f64::from(node.params.r_unconstrained);
        let moved = |by: f64| {
            f64::from(node.params.weight) * naive::loss(&squares, &weights, naive::radius(r + by), node.nu())
        };
        let slope = 1.5 * (moved(step) - moved(-step)) / (2.0 * step);
        prop_assert!((numbers[1] - slope).abs() <= 1e-5 * (1.0 + slope.abs()), "{} is not {slope}", numbers[1]);
        for channel in 0..batch.channels {
            // To move the center is to move all pixels the other way.
            let moved = |by: f64| {
                let mut values = values.clone();
                values.iter_mut().skip(channel).step_by(batch.channels).for_each(|value| *value -= by);
                node.loss(&batch, &values)
            };
            let slope = 1.5 * (moved(step) - moved(-step)) / (2.0 * step);
            let found = numbers[2 + channel];
            prop_assert!((found - slope).abs() <= 1e-5 * (1.0 + slope.abs()), "{found} is not {slope}");
            // The gradients of a shift of everything sum to 0.
            let slope = |bits: &u32| f64::from(f32::from_bits(*bits));
            let slopes = || gradient.iter().skip(channel).step_by(batch.channels).map(slope);
            let (sum, size): (f64, f64) = (slopes().sum(), slopes().map(f64::abs).sum());
            prop_assert!((found + sum).abs() <= 1e-6 * size + 1e-30, "{found} and {sum}");
        }
    }
}

#[test]
fn edges() {
    let center = [0.0, 0.0];
    let run = |params: &Params, values: &[f32], center: &[f32]| {
        let layout = Layout::interleaved(values.len() / 2, 2);
        let cube = Cube { values, layout, ..Cube::default() };
        let mut gradient = std::vec![f32::NAN; values.len()];
        let mut totals = Totals::default();
        let to = Some(&mut totals);
        let value = loss_and_gradient(params, &cube, center, 1.0, Write::Store, to, &mut gradient).unwrap();
        (value, gradient, totals)
    };
    let default = Params::default();
    let (value, _, totals) = run(&default, &[], &center);
    assert!(value.value.is_nan() && value.notices == Notices::EMPTY);
    let of_radius = totals.gradient_radius(&default, 1.0).unwrap();
    assert_eq!((of_radius.value, of_radius.notices), (0.0, Notices::EMPTY));
    // A radius that has collapsed.
    let dead = Params { r_unconstrained: -20.0, ..default };
    let (value, _, totals) = run(&dead, &[1.0, 0.0], &center);
    assert_eq!((value.value as f32, value.notices), (20.0, Notices::DEGENERATE));
    assert!(totals.gradient_radius(&dead, 1.0).unwrap().value.abs() < 1e-80);
    // A radius beyond the threshold is the parameter, one at it is the logarithm.
    let radius = |r| Params { r_unconstrained: r, ..default }.radius().unwrap().value;
    assert_eq!(radius(2.5), 2.5);
    assert!(radius(2.0) > 2.0 && radius(2.0) - 2.0 < 2.1e-10);
    // Distances that overflow float32.
    let (value, gradient, _) = run(&default, &[1e20, 0.0], &center);
    assert!((value.value / (1e40 / f64::from(default.nu)) - 1.0).abs() < 1e-6);
    assert!(value.notices == Notices::NONE && gradient[0].is_finite());
    let huge = Params { r_unconstrained: 1e20, ..default };
    let (value, _, _) = run(&huge, &[1.0, 0.0], &center);
    assert!((value.value / 1e40 - 1.0).abs() < 1e-6);
    for bad in [f32::NAN, f32::INFINITY] {
        let (value, _, _) = run(&default, &[bad, 0.0], &center);
        assert!(!value.value.is_finite() && value.notices == Notices::NOT_FINITE);
    }
}

#[test]
fn bad_arguments_change_nothing() {
    let batch = Batch { values: std::vec![1.0, 2.0, 3.0, 4.0], ..Batch::of_two_pixels() };
    let default = Params::default();
    let with = |params| Svdd { params, center: std::vec![0.0; 2] };
    let node = with(default);
    bad_inputs_change_nothing(&node, &batch);
    let mut bad = Vec::new();
    for number in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        bad.push((Params { nu: number, ..default }, Error::Nu));
        bad.push((Params { weight: number, ..default }, Error::Weight));
        bad.push((Params { r_unconstrained: number, ..default }, Error::Radius));
    }
    for nu in [0.0, -0.0, 1.0, -0.5, 1.5, -1.0] {
        bad.push((Params { nu, ..default }, Error::Nu));
    }
    for (params, error) in bad {
        assert_eq!(params.radius(), Err(error));
        bad_parameters_change_nothing(&node, &batch, &[(&with(params), error)]);
    }
    // Terms depend on the radius alone.
    mixed_totals_are_found(&node, &batch, &[&with(Params { r_unconstrained: 1.0, ..default })]);
    let other = with(Params { nu: 0.5, weight: 3.0, ..default });
    assert_eq!(outcome(&node, &batch, Order::Planar).state, outcome(&other, &batch, Order::Planar).state);
}
