//! Mean squared error: bits between tiers, layouts and splits, ulps against the oracle, the limits.

use super::cubes::{ORDERS, Order, Pixels, bits, cuts, gather, number, pixels, place};
use super::naive::{self, ulps};
use super::{any_float, between, for_each_tier};
use crate::error::{Error, Notices};
use crate::input::{Cube, Layout};
use crate::loss::mse::{GRADIENT_MAX_ULP, Params, TERM_MAX_ULP, Totals, loss_and_gradient, map};
use crate::node::reduction::Reduction;
use crate::simd::Write;
use proptest::prelude::*;
use std::vec::Vec;

fn some_pixels() -> impl Strategy<Value = Pixels> {
    let value = prop_oneof![8 => between(-8.0, 8.0), 1 => any_float()];
    pixels(1_usize..5, 0..150, value.boxed())
}

fn params() -> impl Strategy<Value = Params> {
    let reduction =
        prop_oneof![Just(Reduction::Mean), Just(Reduction::Sum), Just(Reduction::WeightedMean)];
    (reduction, prop_oneof![Just(1.0_f32), between(-2.0, 2.0)])
        .prop_map(|(reduction, weight)| Params { reduction, weight })
}

/// Everything that pixels give, as bits; floats pixel by pixel.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    totals: Totals,
    loss: u64,
    notices: Notices,
    gradient: Vec<u32>,
    map: Vec<u32>,
}

fn outcome(params: &Params, pixels: &Pixels, order: Order) -> Outcome {
    let layout = order.layout(pixels.n(), pixels.channels);
    let (values, target) = (place(&pixels.values, layout), place(&pixels.other, layout));
    let cube = pixels.cube(&values, layout);
    let mut totals = Totals::default();
    totals.update(params, &cube, &target).unwrap();
    let value = totals.loss(params).unwrap();
    let mut gradient = std::vec![7.5; target.len()];
    totals.gradient(params, &cube, &target, 1.5, Write::Store, &mut gradient).unwrap();
    let mut terms = std::vec![7.5; target.len()];
    map(params, &cube, &target, &mut terms).unwrap();

    let mut at_once = std::vec![7.5; target.len()];
    let mut frame = Totals::default();
    let to = Some(&mut frame);
    let fused =
        loss_and_gradient(params, &cube, &target, 1.5, Write::Store, to, &mut at_once).unwrap();
    assert_eq!((number(fused.value), fused.notices), (number(value.value), value.notices));
    assert_eq!(frame, totals);
    assert_eq!(bits(&at_once), bits(&gradient), "the gaps too");
    Outcome {
        totals,
        loss: number(value.value),
        notices: value.notices,
        gradient: bits(&gather(&gradient, layout)),
        map: bits(&gather(&terms, layout)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_tier_and_layout_gives_the_same_bits(pixels in some_pixels(), params in params()) {
        let first = outcome(&params, &pixels, Order::Interleaved);
        for_each_tier(|tier| {
            for order in ORDERS {
                assert_eq!(&outcome(&params, &pixels, order), &first, "{tier:?} {order:?}");
            }
        });
    }

    #[test]
    fn any_split_gives_the_same_words_and_gradients(pixels in some_pixels(), params in params()) {
        let whole = outcome(&params, &pixels, Order::Planar);
        for ends in cuts(pixels.n()) {
            let parts: Vec<Pixels> = ends.windows(2).map(|ends| pixels.part(ends[0], ends[1])).collect();
            let mut merged = Totals::default();
            for part in parts.iter().rev() {
                merged.merge(&outcome(&params, part, Order::Interleaved).totals);
            }
            prop_assert_eq!(merged, whole.totals);
            let mut gradient = Vec::new();
            for part in &parts {
                let layout = Layout::interleaved(part.n(), part.channels);
                let mut piece = std::vec![f32::NAN; part.values.len()];
                let cube = part.cube(&part.values, layout);
                merged.gradient(&params, &cube, &part.other, 1.5, Write::Store, &mut piece).unwrap();
                gradient.extend(bits(&piece));
            }
            prop_assert_eq!(gradient, whole.gradient.clone());
        }
    }

    #[test]
    fn a_masked_pixel_is_as_if_it_were_not_there(pixels in some_pixels(), params in params()) {
        let found = outcome(&params, &pixels, Order::Planar);
        prop_assert_eq!(&outcome(&params, &pixels.poisoned(), Order::Planar), &found);
        let without = outcome(&params, &pixels.without_masked(), Order::Planar);
        prop_assert_eq!((without.totals, without.loss), (found.totals, found.loss));
        for index in 0..pixels.values.len() {
            if !pixels.counts(index / pixels.channels) {
                prop_assert_eq!((found.gradient[index], found.map[index]), (0, 0));
            }
        }
    }

    #[test]
    fn terms_and_gradients_are_within_the_bound(pixels in some_pixels(), params in params()) {
        let params = Params { reduction: Reduction::Sum, ..params };
        let found = outcome(&params, &pixels, Order::Interleaved);
        for index in 0..pixels.values.len() {
            let pixel = index / pixels.channels;
            let weight = f64::from(pixels.weights.as_ref().map_or(1.0, |weights| weights[pixel]));
            let (a, b) = (f64::from(pixels.values[index]), f64::from(pixels.other[index]));
            // Where an intermediate leaves the range of f32 the bound is another.
            let ordinary = |x: f64| x == 0.0 || (1e-15..1e15).contains(&x.abs());
            if !pixels.counts(pixel) || !ordinary((a - b).powi(2)) || !ordinary(weight) {
                continue;
            }
            let factor = f64::from(params.weight) * weight;
            let term = f32::from_bits(found.map[index]);
            let error = ulps(term, naive::mse::term(a, b) * factor);
            prop_assert!(error <= TERM_MAX_ULP, "{a} {b}: {term} is {error} ulp off");
            let slope = f32::from_bits(found.gradient[index]);
            let exact = f64::from((2.0 * f64::from(params.weight) * 1.5) as f32) / 2.0 * weight;
            let error = ulps(slope, naive::mse::gradient(a, b) * exact);
            prop_assert!(error <= GRADIENT_MAX_ULP, "{a} {b}: slope {slope} is {error} ulp off");
        }
    }

    #[test]
    fn the_gradient_is_the_slope(values in proptest::collection::vec(between(-1.0, 2.0), 1..20)) {
        let target: Vec<f32> = values.iter().map(|value| 1.0 - value * 0.5).collect();
        let cube = Cube { values: &values, layout: Layout::planar(values.len(), 1), ..Cube::default() };
        let params = Params { weight: 0.7, ..Params::default() };
        let mut gradient = std::vec![0.25; values.len()];
        loss_and_gradient(&params, &cube, &target, 2.0, Write::Add, None, &mut gradient).unwrap();
        let loss = |moved: usize, by: f64| -> f64 {
            let terms = values.iter().zip(&target).enumerate().map(|(index, (a, b))| {
                naive::mse::term(f64::from(*a) + if index == moved { by } else { 0.0 }, f64::from(*b))
            });
            terms.sum::<f64>() * f64::from(params.weight) / values.len() as f64
        };
        for (index, found) in gradient.iter().enumerate() {
            let slope = 2.0 * (loss(index, 1e-4) - loss(index, -1e-4)) / 2e-4 + 0.25;
            prop_assert!((f64::from(*found) - slope).abs() < 1e-6, "{found} is not {slope}");
        }
    }
}

#[test]
fn edges_and_bad_arguments() {
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
        odd.update(
            &default,
            &cube,
            &[f32::INFINITY.min(if value.is_finite() { 0.0 } else { value }), 0.0],
        )
        .unwrap();
        let found = odd.loss(&default).unwrap();
        assert_eq!((number(found.value), found.notices), (number(expected), Notices::NOT_FINITE));
    }

    let mut gradient = [7.0, 7.0];
    for weight in [f32::NAN, f32::INFINITY] {
        let bad = Params { weight, ..default };
        assert_eq!(totals.update(&bad, &good, &target), Err(Error::Weight));
        assert_eq!(totals.loss(&bad), Err(Error::Weight));
    }
    assert_eq!(totals.update(&default, &good, &target[..1]), Err(Error::LengthMismatch));
    let strides = Cube { layout: Layout { channels: 2, channel_stride: 1, ..layout }, ..good };
    assert_eq!(totals.update(&default, &strides, &target), Err(Error::Strides));
    let no_channels = Cube { layout: Layout { channels: 0, ..layout }, ..good };
    assert_eq!(totals.update(&default, &no_channels, &target), Err(Error::Channels));
    assert_eq!(map(&default, &no_channels, &target, &mut gradient), Err(Error::Channels));
    let other = Params { weight: 2.0, ..default };
    assert_eq!(totals.loss(&other), Err(Error::MixedTotals));
    let none = Params { reduction: Reduction::None, ..default };
    assert_eq!(totals.loss(&none), Err(Error::NoScalar));
    let to = Some(&mut totals);
    let found = loss_and_gradient(&none, &good, &target, 1.0, Write::Store, to, &mut gradient);
    assert_eq!(found, Err(Error::NoScalar));
    let short = totals.gradient(&default, &good, &target, 1.0, Write::Store, &mut gradient[..1]);
    assert_eq!(short, Err(Error::LengthMismatch));
    assert_eq!((totals, gradient), (before, [7.0, 7.0]));
}
