//! Mean squared error: its oracle and its limits.

use super::harness::batch::{Batch, ORDERS, Order, cubes, number, with_weights};
use super::harness::oracle::{
    Formula, Oracle, Truth, loss_and_gradient_are_the_formula, terms_and_slopes_are_within_the_bound,
};
use super::harness::properties::properties;
use super::harness::refusals::{bad_inputs_change_nothing, bad_parameters_change_nothing, mixed_totals_are_found};
use super::harness::{Array, Ask, Input, Node, Reading, State, loss_of_terms, reading, words_in};
use super::naive;
use super::{any_float, between};
use crate::error::{Error, Notices, Value};
use crate::input::{Cube, Layout};
use crate::loss::mse::{self, GRADIENT_MAX_ULP, Params, TERM_MAX_ULP, Totals, loss_and_gradient, map};
use crate::node::reduction::Reduction;
use crate::simd::Write;
use proptest::prelude::*;

loss_of_terms! {
    mse, |input| (&input.cubes(), input.original()),

    fn maps_values(&self) -> bool {
        true
    }

    fn orders(&self) -> &'static [Order] {
        &ORDERS
    }

    fn arrays(&self) -> (&'static [Array], &'static [Array]) {
        (&[Array::Values, Array::Other], &[Array::Targets, Array::Labels, Array::Valid, Array::Weights])
    }
}

/// A term or a slope, where no intermediate leaves the range of f32.
fn truth(batch: &Batch, index: usize, of: fn(f64, f64) -> f64, factor: f64, bound: f64) -> Truth {
    let pixel = index / batch.channels;
    let (a, b) = (f64::from(batch.values[index]), f64::from(batch.other[index]));
    let weight = f64::from(batch.weight(pixel));
    let is_ordinary = |x: f64| x == 0.0 || (1e-15..1e15).contains(&x.abs());
    if !batch.counts(pixel) {
        Truth::Exactly(0.0)
    } else if is_ordinary((a - b).powi(2)) && is_ordinary(weight) {
        Truth::Ulps(of(a, b) * factor * weight, bound)
    } else {
        Truth::Unknown
    }
}

impl Oracle for Params {
    fn term(&self, batch: &Batch, index: usize) -> Truth {
        truth(batch, index, naive::mse::term, f64::from(self.weight), TERM_MAX_ULP)
    }

    fn slope(&self, batch: &Batch, index: usize, upstream: f64) -> Truth {
        // Twice the factor is rounded to f32, and the bound counts from there.
        let factor = f64::from((2.0 * f64::from(self.weight) * upstream) as f32) / 2.0;
        truth(batch, index, naive::mse::gradient, factor, GRADIENT_MAX_ULP)
    }
}

impl Formula for Params {
    fn loss(&self, batch: &Batch, values: &[f64]) -> f64 {
        let counted = || (0..values.len()).filter(|index| batch.counts(index / batch.channels));
        let weight = |index: usize| f64::from(batch.weight(index / batch.channels));
        let terms =
            counted().map(|index| weight(index) * naive::mse::term(values[index], f64::from(batch.other[index])));
        let divisor = match self.reduction {
            Reduction::WeightedMean => counted().map(weight).sum(),
            _ => counted().count() as f64,
        };
        terms.sum::<f64>() * f64::from(self.weight) / divisor
    }

    fn loss_bound(&self, _batch: &Batch, truth: f64) -> f64 {
        5e-7 * truth
    }

    fn step(&self) -> f64 {
        1e-4
    }

    fn slope_bound(&self, _batch: &Batch, _index: usize, _truth: f64, _largest: f64) -> f64 {
        1e-6
    }
}

fn batch() -> impl Strategy<Value = Batch> {
    let value = prop_oneof![8 => between(-8.0, 8.0), 1 => any_float()];
    cubes(1_usize..5, 0..150, value)
}

fn params() -> impl Strategy<Value = Params> {
    let reduction = prop_oneof![Just(Reduction::Mean), Just(Reduction::Sum), Just(Reduction::WeightedMean)];
    (reduction, prop_oneof![Just(1.0_f32), between(-2.0, 2.0)])
        .prop_map(|(reduction, weight)| Params { reduction, weight })
}

properties! {
    64 cases of params(), with batch();
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
    fn terms_and_gradients_are_within_the_bound(batch in batch(), params in params()) {
        let params = Params { reduction: Reduction::Sum, ..params };
        terms_and_slopes_are_within_the_bound(&params, &batch);
    }

    #[test]
    fn the_gradient_is_the_slope(
        batch in with_weights(cubes(1_usize..4, 1..20, between(-1.0, 2.0)), between(0.25, 1.0)),
        weighted in any::<bool>(),
    ) {
        prop_assume!((0..batch.n).any(|pixel| batch.counts(pixel)));
        let reduction = if weighted { Reduction::WeightedMean } else { Reduction::Mean };
        let params = Params { reduction, weight: 0.7 };
        loss_and_gradient_are_the_formula(&params, &batch, Order::Planar);
    }
}

#[test]
fn edges() {
    let default = Params::default();
    let layout = Layout::planar(2, 1);
    let good = Cube { values: &[1.0, 2.0], layout, ..Cube::default() };
    let target = [0.0, 4.0];
    let mut totals = Totals::default();
    let empty = totals.loss(&default).unwrap();
    assert!(empty.value.is_nan() && empty.notices == Notices::EMPTY);
    let sum = totals.loss(&Params { reduction: Reduction::Sum, ..default }).unwrap();
    assert_eq!((sum.value, sum.notices), (0.0, Notices::EMPTY));
    totals.update(&default, &good, &target).unwrap();
    assert_eq!(totals.loss(&default).unwrap().value, 2.5);
    let before = totals;

    // inf - inf is NaN, and a large difference has an infinite square.
    for (value, expected) in [(f32::INFINITY, f64::NAN), (3e38, f64::INFINITY)] {
        let mut odd = Totals::default();
        let cube = Cube { values: &[value, 0.0], ..good };
        odd.update(&default, &cube, &[f32::INFINITY.min(if value.is_finite() { 0.0 } else { value }), 0.0]).unwrap();
        let found = odd.loss(&default).unwrap();
        assert_eq!((number(found.value), found.notices), (number(expected), Notices::NOT_FINITE));
    }

    let mut gradient = [7.0, 7.0];
    let none = Params { reduction: Reduction::None, ..default };
    assert_eq!(totals.loss(&none), Err(Error::NoScalar));
    let to = Some(&mut totals);
    let found = loss_and_gradient(&none, &good, &target, 1.0, Write::Store, to, &mut gradient);
    assert_eq!(found, Err(Error::NoScalar));
    let no_channels = Cube { layout: Layout { channels: 0, ..layout }, ..good };
    assert_eq!(map(&default, &no_channels, &target, &mut gradient), Err(Error::Channels));
    assert_eq!((totals, gradient), (before, [7.0, 7.0]));
}

#[test]
fn bad_arguments_change_nothing() {
    let batch = Batch { other: std::vec![0.0, 4.0, 1.0, 2.0], ..Batch::of_two_pixels() };
    let default = Params::default();
    bad_inputs_change_nothing(&default, &batch);
    for weight in [f32::NAN, f32::INFINITY] {
        let bad = Params { weight, ..default };
        bad_parameters_change_nothing(&default, &batch, &[(&bad, Error::Weight)]);
    }
    mixed_totals_are_found(&default, &batch, &[&Params { weight: 2.0, ..default }]);
}
