//! Deep SVDD beyond `svdd.rs`: embeddings and radii of any size in every layout and tier, scores and
//! gradients in ulps, and all three gradients by finite differences. (Limits: `svdd_edges.rs`.)

use super::cubes::{ORDERS, Order, Pixels, bits, cuts, gather, number, pixels, place};
use super::naive::svdd::{loss as shape, radius, square as distance};
use super::naive::ulps;
use super::{any_float, between, for_each_tier};
use crate::error::Notices;
use crate::exact::ExactSum;
use crate::input::Layout;
use crate::loss::svdd::{
    DISTANCE_MAX_ULP, GRADIENT_MAX_ULP, Params, Totals, gradient_center, loss_and_gradient, map,
    merge_center, update_center,
};
use crate::simd::Write;
use proptest::prelude::*;
use std::vec::Vec;

/// Embeddings about a center of zeros, and a center: the first pixel of `other`.
fn some_pixels() -> impl Strategy<Value = Pixels> {
    let channels = prop_oneof![6 => 1_usize..20, 2 => 30_usize..70, 1 => 120_usize..140];
    let value = prop_oneof![
        300 => between(-1.0, 1.0),
        1 => between(-1e-25, 1e-25),
        1 => between(-1e25, 1e25),
        1 => any_float(),
    ];
    pixels(channels, 1..90, value.boxed())
}

fn plain_pixels() -> impl Strategy<Value = Pixels> {
    pixels(1_usize..70, 1..40, between(-1.0, 1.0).boxed())
}

fn params() -> impl Strategy<Value = Params> {
    let weight = prop_oneof![Just(1.0_f32), Just(0.0), between(-2.0, 2.0)];
    let r = prop_oneof![4 => between(0.0, 3.0), 1 => between(-12.0, 1.0)];
    (between(0.01, 0.99), weight, r).prop_map(|(nu, weight, r_unconstrained)| Params {
        nu,
        weight,
        r_unconstrained,
    })
}

/// Everything that pixels give, as bits; floats pixel by pixel.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    totals: Totals,
    center_sums: Vec<ExactSum>,
    loss: u64,
    notices: Notices,
    gradient: Vec<u32>,
    of_radius: u64,
    of_center: Vec<u32>,
    map: Vec<u32>,
}

fn outcome(params: &Params, pixels: &Pixels, center: &[f32], order: Order) -> Outcome {
    let layout = order.layout(pixels.n(), pixels.channels);
    let values = place(&pixels.values, layout);
    let cube = pixels.cube(&values, layout);
    let mut totals = Totals::default();
    totals.update(params, &cube, center).unwrap();
    let value = totals.loss(params).unwrap();
    let mut gradient = std::vec![7.5; values.len()];
    let notices = totals.gradient(params, &cube, center, 1.5, Write::Store, &mut gradient).unwrap();
    assert_eq!(notices, value.notices);
    let mut scores = std::vec![7.5; pixels.n()];
    map(params, &cube, center, &mut scores).unwrap();
    let mut sums = std::vec![ExactSum::default(); pixels.channels];
    update_center(params, &cube, center, &mut sums).unwrap();
    let mut of_center = std::vec![7.5; pixels.channels];
    gradient_center(params, &totals, &sums, 1.5, Write::Store, &mut of_center).unwrap();

    let mut at_once = std::vec![7.5; values.len()];
    let mut batch = Totals::default();
    let to = Some(&mut batch);
    let fused =
        loss_and_gradient(params, &cube, center, 1.5, Write::Store, to, &mut at_once).unwrap();
    assert_eq!((number(fused.value), fused.notices), (number(value.value), value.notices));
    assert_eq!(batch, totals);
    assert_eq!(bits(&at_once), bits(&gradient), "the gaps too");
    let gaps = gradient.iter().filter(|float| **float == 7.5).count();
    assert!(gaps >= values.len() - pixels.values.len(), "a gap was written");
    Outcome {
        totals,
        center_sums: sums,
        loss: number(value.value),
        notices,
        gradient: bits(&gather(&gradient, layout)),
        of_radius: number(totals.gradient_radius(params, 1.5).unwrap().value),
        of_center: bits(&of_center),
        map: bits(&scores),
    }
}

fn center_of(pixels: &Pixels) -> Vec<f32> {
    pixels.other[..pixels.channels].to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_tier_and_layout_gives_the_same_bits(pixels in some_pixels(), params in params()) {
        let center = center_of(&pixels);
        let first = outcome(&params, &pixels, &center, Order::Interleaved);
        for_each_tier(|tier| {
            for order in ORDERS {
                let found = outcome(&params, &pixels, &center, order);
                assert_eq!(&found, &first, "{tier:?} {order:?}");
            }
        });
    }

    #[test]
    fn any_split_gives_the_same_words_and_gradients(pixels in some_pixels(), params in params()) {
        let center = center_of(&pixels);
        let whole = outcome(&params, &pixels, &center, Order::Planar);
        for ends in cuts(pixels.n()) {
            let parts: Vec<Pixels> = ends.windows(2).map(|ends| pixels.part(ends[0], ends[1])).collect();
            let mut merged = Totals::default();
            let mut sums = std::vec![ExactSum::default(); pixels.channels];
            for part in parts.iter().rev() {
                let found = outcome(&params, part, &center, Order::Interleaved);
                merged.merge(&found.totals);
                merge_center(&found.center_sums, &mut sums).unwrap();
            }
            prop_assert_eq!(merged, whole.totals);
            prop_assert_eq!(&sums, &whole.center_sums);
            let mut gradient = Vec::new();
            for part in &parts {
                let cube = part.cube(&part.values, Layout::interleaved(part.n(), part.channels));
                let mut piece = std::vec![f32::NAN; part.values.len()];
                merged.gradient(&params, &cube, &center, 1.5, Write::Store, &mut piece).unwrap();
                gradient.extend(bits(&piece));
            }
            prop_assert_eq!(gradient, whole.gradient.clone());
        }
    }

    #[test]
    fn a_masked_pixel_is_as_if_it_were_not_there(pixels in some_pixels(), params in params()) {
        let center = center_of(&pixels);
        for order in [Order::Interleaved, Order::Planar] {
            let found = outcome(&params, &pixels, &center, order);
            prop_assert_eq!(&outcome(&params, &pixels.poisoned(), &center, order), &found);
            let without = outcome(&params, &pixels.without_masked(), &center, order);
            prop_assert_eq!((without.totals, without.loss), (found.totals, found.loss));
            prop_assert_eq!(&without.center_sums, &found.center_sums);
            for pixel in (0..pixels.n()).filter(|pixel| !pixels.counts(*pixel)) {
                prop_assert_eq!(found.map[pixel], 0);
                let row = pixel * pixels.channels..(pixel + 1) * pixels.channels;
                prop_assert!(found.gradient[row].iter().all(|bits| *bits == 0));
            }
        }
    }

    #[test]
    fn scores_and_gradients_are_within_the_bound(pixels in some_pixels(), params in params()) {
        let center = center_of(&pixels);
        let found = outcome(&params, &pixels, &center, Order::Interleaved);
        let squared = params.radius().unwrap().value.powi(2);
        let n = found.totals.sums.terms as f64;
        let slope = (2.0 * f64::from(params.weight) / f64::from(params.nu) * (1.5 / n)) as f32;
        let mut outside = 0;
        for (pixel, row) in pixels.values.chunks(pixels.channels).enumerate() {
            if !pixels.counts(pixel) {
                continue;
            }
            let truth = distance(row, &center);
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
            let weight = pixels.weights.as_ref().map_or(1.0, |weights| weights[pixel]);
            for (channel, (value, center)) in row.iter().zip(&center).enumerate() {
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
        prop_assert_eq!(found.totals.outside, outside);
    }

    #[test]
    fn losses_are_those_of_the_oracle(pixels in plain_pixels(), params in params()) {
        let center = center_of(&pixels);
        let found = outcome(&params, &pixels, &center, Order::Neither);
        let counted = || (0..pixels.n()).filter(|pixel| pixels.counts(*pixel));
        let row = |pixel: usize| &pixels.values[pixel * pixels.channels..(pixel + 1) * pixels.channels];
        let distances: Vec<f64> = counted().map(|pixel| distance(row(pixel), &center)).collect();
        let weights: Vec<f64> = counted()
            .map(|pixel| f64::from(pixels.weights.as_ref().map_or(1.0, |weights| weights[pixel])))
            .collect();
        let truth = loss(params.nu.into(), params.weight.into(), params.r_unconstrained.into(), &distances, &weights);
        // What cancels in d - R^2 counts from d.
        let size = distances.iter().zip(&weights).map(|(d, v)| d * v).sum::<f64>();
        let size = size / (f64::from(params.nu) * distances.len() as f64) * f64::from(params.weight).abs();
        let value = f64::from_bits(found.loss);
        let bound = (DISTANCE_MAX_ULP + 1.0) * size * 2.0_f64.powi(-23) + truth.abs() * 1e-15;
        prop_assert!((value - truth).abs() <= bound || distances.is_empty(), "{value} is not {truth}");
    }

    #[test]
    fn gradients_are_slopes(pixels in plain_pixels(), nu in between(0.05, 0.9), r in between(0.0, 0.4)) {
        let pixels = Pixels { valid: None, weights: None, ..pixels };
        let params = Params { nu, weight: 0.7, r_unconstrained: r };
        let center = center_of(&pixels);
        let found = outcome(&params, &pixels, &center, Order::Planar);
        let (n, r) = (pixels.n() as f64, f64::from(r));
        let squared = radius(r).powi(2);
        let distances = |moved: usize, channel: usize, by: f64, of_center: f64| -> Vec<f64> {
            let rows = pixels.values.chunks(pixels.channels).enumerate();
            rows.map(|(pixel, row)| {
                let difference = f64::from(row[channel]) - f64::from(center[channel]);
                let step = if pixel == moved { by } else { 0.0 } - of_center;
                distance(row, &center) + 2.0 * difference * step + step * step
            })
            .collect()
        };
        let at = |r: f64, distances: &[f64]| {
            loss(nu.into(), f64::from(0.7_f32), r, distances, &std::vec![1.0; pixels.n()]) * 1.5
        };
        // No pixel may cross the boundary on the way.
        let step = 1e-6;
        let near = distances(usize::MAX, 0, 0.0, 0.0).iter().any(|d| (d - squared).abs() < 1e-4 * (1.0 + d));
        prop_assume!(!near);
        for channel in 0..pixels.channels {
            let slope = |moved, by, of_center| at(r, &distances(moved, channel, by, of_center));
            let of_center = (slope(usize::MAX, 0.0, step) - slope(usize::MAX, 0.0, -step)) / (2.0 * step);
            let gradient = f64::from(f32::from_bits(found.of_center[channel]));
            prop_assert!((gradient - of_center).abs() < 1e-5 * (1.0 + of_center.abs()), "{gradient} is not {of_center}");
            let pixel = channel % pixels.n();
            let of_value = (slope(pixel, step, 0.0) - slope(pixel, -step, 0.0)) / (2.0 * step);
            let gradient = f64::from(f32::from_bits(found.gradient[pixel * pixels.channels + channel]));
            prop_assert!((gradient - of_value).abs() < 1e-5 * (1.0 + of_value.abs() + 1.0 / n), "{gradient} is not {of_value}");
        }
        let still = distances(usize::MAX, 0, 0.0, 0.0);
        let of_radius = (at(r + step, &still) - at(r - step, &still)) / (2.0 * step);
        let gradient = f64::from_bits(found.of_radius);
        prop_assert!((gradient - of_radius).abs() < 1e-5 * (1.0 + of_radius.abs()), "{gradient} is not {of_radius}");
    }
}

fn loss(nu: f64, weight: f64, r: f64, distances: &[f64], weights: &[f64]) -> f64 {
    weight * shape(distances, weights, radius(r), nu)
}

/// An ulp of f32 at a number.
fn unit(x: f64) -> f64 {
    let exponent = (x.abs().max(f64::from(f32::MIN_POSITIVE)).to_bits() >> 52) as i32 - 1023;
    2.0_f64.powi(exponent - 23)
}
