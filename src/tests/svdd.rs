//! Deep SVDD: bits between tiers, layouts and splits, distances against the oracle, slopes, and the edges.

use super::cubes::{ORDERS, Order, Pixels, bits, cuts, gather, number, pixels, place};
use super::naive::{svdd as naive, ulps};
use super::{any_float, between, for_each_tier};
use crate::error::{Error, Notices};
use crate::exact::ExactSum;
use crate::input::{Cube, Layout};
use crate::loss::svdd::{
    DISTANCE_MAX_ULP, GRADIENT_MAX_ULP, Params, Totals, gradient_center, loss_and_gradient, map,
    merge_center, update_center,
};
use crate::simd::Write;
use proptest::prelude::*;
use std::vec::Vec;

fn some_pixels() -> impl Strategy<Value = Pixels> {
    let value = prop_oneof![24 => between(-2.0, 2.0), 1 => any_float()];
    let channels = prop_oneof![1_usize..5, 14_usize..20, 60_usize..70, Just(130)];
    pixels(channels, 0..60, value.boxed())
}

fn ordinary_pixels() -> impl Strategy<Value = Pixels> {
    pixels(1_usize..40, 1..30, between(-2.0, 2.0).boxed())
}

fn params() -> impl Strategy<Value = Params> {
    (between(0.01, 0.9), between(-2.0, 2.0), between(-1.0, 5.0))
        .prop_map(|(nu, weight, r_unconstrained)| Params { nu, weight, r_unconstrained })
}

fn center(channels: usize) -> Vec<f32> {
    (0..channels).map(|channel| (channel % 5) as f32 * 0.25 - 0.5).collect()
}

/// Everything that pixels give, as bits; floats pixel by pixel.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    totals: Totals,
    sums: Vec<ExactSum>,
    loss: u64,
    notices: Notices,
    gradient: Vec<u32>,
    map: Vec<u32>,
    of_center: Vec<u32>,
    of_radius: u64,
}

fn outcome(params: &Params, pixels: &Pixels, order: Order) -> Outcome {
    let layout = order.layout(pixels.n(), pixels.channels);
    let values = place(&pixels.values, layout);
    let cube = pixels.cube(&values, layout);
    let center = center(pixels.channels);
    let mut totals = Totals::default();
    totals.update(params, &cube, &center).unwrap();
    let value = totals.loss(params).unwrap();
    let mut gradient = std::vec![7.5; values.len()];
    totals.gradient(params, &cube, &center, 1.5, Write::Store, &mut gradient).unwrap();
    let mut scores = std::vec![7.5; pixels.n()];
    map(params, &cube, &center, &mut scores).unwrap();
    let mut sums = std::vec![ExactSum::default(); pixels.channels];
    update_center(params, &cube, &center, &mut sums).unwrap();
    let mut of_center = std::vec![7.5; pixels.channels];
    gradient_center(params, &totals, &sums, 1.5, Write::Store, &mut of_center).unwrap();
    let of_radius = totals.gradient_radius(params, 1.5).unwrap();

    let mut at_once = std::vec![7.5; values.len()];
    let mut frame = Totals::default();
    let to = Some(&mut frame);
    let fused =
        loss_and_gradient(params, &cube, &center, 1.5, Write::Store, to, &mut at_once).unwrap();
    assert_eq!((number(fused.value), fused.notices), (number(value.value), value.notices));
    assert_eq!((frame, bits(&at_once)), (totals, bits(&gradient)), "the gaps too");
    Outcome {
        totals,
        sums,
        loss: number(value.value),
        notices: value.notices,
        gradient: bits(&gather(&gradient, layout)),
        map: bits(&scores),
        of_center: bits(&of_center),
        of_radius: number(of_radius.value),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_tier_and_layout_gives_the_same_bits(pixels in some_pixels(), params in params()) {
        let first = outcome(&params, &pixels, Order::Interleaved);
        for_each_tier(|tier| {
            for order in ORDERS {
                let found = outcome(&params, &pixels, order);
                assert_eq!(found, first, "{tier:?} {order:?}");
            }
        });
    }

    #[test]
    fn any_split_gives_the_same_words_and_gradients(pixels in some_pixels(), params in params()) {
        let whole = outcome(&params, &pixels, Order::Planar);
        for ends in cuts(pixels.n()) {
            let parts: Vec<Pixels> = ends.windows(2).map(|ends| pixels.part(ends[0], ends[1])).collect();
            let mut merged = Totals::default();
            let mut sums = std::vec![ExactSum::default(); pixels.channels];
            for part in parts.iter().rev() {
                let alone = outcome(&params, part, Order::Interleaved);
                merged.merge(&alone.totals);
                merge_center(&alone.sums, &mut sums).unwrap();
            }
            prop_assert_eq!((merged, sums), (whole.totals, whole.sums.clone()));
            let mut gradient = Vec::new();
            for part in &parts {
                let layout = Layout::interleaved(part.n(), part.channels);
                let mut piece = std::vec![f32::NAN; part.values.len()];
                let cube = part.cube(&part.values, layout);
                let center = center(part.channels);
                merged.gradient(&params, &cube, &center, 1.5, Write::Store, &mut piece).unwrap();
                gradient.extend(bits(&piece));
            }
            prop_assert_eq!(gradient, whole.gradient.clone());
        }
    }

    #[test]
    fn a_masked_pixel_is_as_if_it_were_not_there(pixels in some_pixels(), params in params()) {
        let found = outcome(&params, &pixels, Order::Planar);
        prop_assert_eq!(&outcome(&params, &pixels.poisoned(), Order::Planar), &found);
        prop_assert_eq!(&outcome(&params, &pixels.poisoned(), Order::Interleaved), &found);
        let without = outcome(&params, &pixels.without_masked(), Order::Planar);
        prop_assert_eq!((without.totals, without.loss, without.sums), (found.totals, found.loss, found.sums));
        for index in 0..pixels.values.len() {
            if !pixels.counts(index / pixels.channels) {
                prop_assert_eq!(found.gradient[index], 0);
            }
        }
    }

    #[test]
    fn losses_and_slopes_are_the_formulas(pixels in ordinary_pixels(), params in params()) {
        let found = outcome(&params, &pixels, Order::Interleaved);
        let center = center(pixels.channels);
        let kept: Vec<usize> = (0..pixels.n()).filter(|pixel| pixels.counts(*pixel)).collect();
        prop_assume!(!kept.is_empty());
        let pixel = |pixel: usize| &pixels.values[pixel * pixels.channels..][..pixels.channels];
        let weight = |pixel: usize| pixels.weights.as_ref().map_or(1.0, |weights| f64::from(weights[pixel]));
        let squares: Vec<f64> = kept.iter().map(|index| naive::square(pixel(*index), &center)).collect();
        let weights: Vec<f64> = kept.iter().map(|index| weight(*index)).collect();
        prop_assume!(weights.iter().all(|weight| *weight < 1e6));
        let (nu, w, r) = (f64::from(params.nu), f64::from(params.weight), f64::from(params.r_unconstrained));
        let radius = naive::radius(r);
        let truth = w * naive::loss(&squares, &weights, radius, nu);
        let size = w.abs() * naive::loss(&squares, &weights, 0.0, nu);
        let loss = f64::from_bits(found.loss);
        prop_assert!((loss - truth).abs() <= 5e-7 * size.max(truth.abs()), "{loss} is not {truth}");
        // No pixel near the boundary: there the loss has a kink.
        prop_assume!(squares.iter().all(|square| (square - radius * radius).abs() > 1e-3 * radius * radius + 1e-6));
        let moved = |by: f64| w * naive::loss(&squares, &weights, naive::radius(r + by), nu);
        if (10.0 * r - 20.0).abs() > 1e-3 {
            let slope = 1.5 * (moved(1e-6) - moved(-1e-6)) / 2e-6;
            let of_radius = f64::from_bits(found.of_radius);
            prop_assert!((of_radius - slope).abs() <= 1e-6 * slope.abs() + 1e-7 * size.max(1.0), "{of_radius} is not {slope}");
        }
        let factor = f64::from((2.0 * w / nu * (1.5 / kept.len() as f64)) as f32);
        let mut sums = std::vec![0.0; pixels.channels];
        let mut sizes = std::vec![0.0; pixels.channels];
        for (index, square) in kept.iter().zip(&squares) {
            let score = f32::from_bits(found.map[*index]);
            let truth = square - radius * radius;
            let bound = ulps(0.0, *square).recip() * square * DISTANCE_MAX_ULP + truth.abs() * 2.0_f64.powi(-24) + 1e-12;
            prop_assert!((f64::from(score) - truth).abs() <= bound, "{score} is not {truth}");
            for channel in 0..pixels.channels {
                let slope = f32::from_bits(found.gradient[index * pixels.channels + channel]);
                let difference = f64::from(pixel(*index)[channel]) - f64::from(center[channel]);
                let truth = if score > 0.0 { factor * weight(*index) * difference } else { 0.0 };
                prop_assert!(truth.abs() < 1e-37 || ulps(slope, truth) <= GRADIENT_MAX_ULP, "{slope} is not {truth}");
                sums[channel] -= truth;
                sizes[channel] += truth.abs();
            }
        }
        // The gradients of a shift of everything sum to 0.
        for ((found, truth), size) in found.of_center.iter().zip(sums).zip(sizes) {
            let found = f64::from(f32::from_bits(*found));
            prop_assert!((found - truth).abs() <= 1e-6 * size + 1e-30, "{found} is not {truth}");
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
        let value =
            loss_and_gradient(params, &cube, center, 1.0, Write::Store, to, &mut gradient).unwrap();
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
    let values = [1.0, 2.0];
    let good = Cube { values: &values, layout: Layout::interleaved(1, 2), ..Cube::default() };
    let default = Params::default();
    let mut totals = Totals::default();
    for nu in [f32::NAN, 0.0, 1.0, -1.0] {
        let params = Params { nu, ..default };
        assert_eq!(totals.update(&params, &good, &[0.0; 2]), Err(Error::Nu));
    }
    let params = Params { weight: f32::NAN, ..default };
    assert_eq!(totals.update(&params, &good, &[0.0; 2]), Err(Error::Weight));
    let params = Params { r_unconstrained: f32::INFINITY, ..default };
    assert_eq!(totals.update(&params, &good, &[0.0; 2]), Err(Error::Radius));
    for length in [0, 1, 3] {
        let center = std::vec![0.0; length];
        assert_eq!(totals.update(&default, &good, &center), Err(Error::Channels));
    }
    let short = Cube { values: &values[..1], ..good };
    assert_eq!(totals.update(&default, &short, &[0.0; 2]), Err(Error::LengthMismatch));
    assert_eq!(totals, Totals::default());
    totals.update(&default, &good, &[0.0; 2]).unwrap();
    let other = Params { r_unconstrained: 1.0, ..default };
    assert_eq!(totals.loss(&other), Err(Error::MixedTotals));
    let mut gradient = [7.0];
    let to = &mut gradient;
    let found = totals.gradient(&default, &good, &[0.0; 2], 1.0, Write::Store, to);
    assert_eq!((found, gradient), (Err(Error::LengthMismatch), [7.0]));
}
