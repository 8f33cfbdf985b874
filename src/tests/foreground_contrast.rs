//! Foreground contrast: bits between tiers, layouts and splits, the oracle, the limits.

mod edges;

use super::cubes::{ORDERS, Order, Pixels, bits, cuts, gather, number, pixels, place};
use super::naive::foreground_contrast::{Oracle, Pixel};
use super::{any_float, between, for_each_tier};
use crate::error::Notices;
use crate::input::{Cube, Layout};
use crate::loss::foreground_contrast::{
    ColorSpace, Frame, GRADIENT_MAX_UNITS, Params, Totals, loss_and_gradient,
};
use crate::simd::Write;
use proptest::prelude::*;
use std::vec::Vec;

fn some_pixels() -> impl Strategy<Value = Pixels> {
    let value = prop_oneof![60 => between(-0.5, 1.5), 1 => any_float()];
    pixels(3_usize..4, 0..150, value.boxed())
}

/// Colours from 0 on: no sum of the transformation cancels.
fn colors() -> impl Strategy<Value = Pixels> {
    let value = prop_oneof![9 => between(0.0, 1.0), 1 => between(0.0, 4.0)];
    pixels(3_usize..4, 1..100, value.boxed()).prop_map(|mut pixels| {
        // Weights of a usual size, or bad ones.
        for weight in pixels.weights.iter_mut().flatten() {
            *weight =
                if weight.is_finite() && *weight > 0.0 { weight.clamp(0.01, 4.0) } else { *weight };
        }
        pixels
    })
}

fn params() -> impl Strategy<Value = Params> {
    let space = prop_oneof![Just(ColorSpace::Rgb), Just(ColorSpace::Oklab)];
    let weight = prop_oneof![Just(1.0_f32), between(-2.0, 2.0)];
    let other = || prop_oneof![Just(0.0_f32), between(0.0, 3.0)];
    let eps = prop_oneof![Just(1e-6_f32), between(0.0, 1.0)];
    (space, any::<bool>(), weight, other(), other(), eps).prop_map(
        |(color_space, assume_srgb, weight, compactness_weight, anchor_weight, eps)| Params {
            color_space,
            assume_srgb,
            weight,
            compactness_weight,
            anchor_weight,
            eps,
        },
    )
}

/// Everything that a frame gives, as bits; floats pixel by pixel.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    frame: Frame,
    totals: Totals,
    loss: u64,
    notices: Notices,
    gradient: Vec<u32>,
}

fn outcome(params: &Params, pixels: &Pixels, order: Order) -> Outcome {
    let layout = order.layout(pixels.n(), pixels.channels);
    let values = place(&pixels.values, layout);
    let cube = pixels.cube(&values, layout);
    let (mut frame, mut totals) = (Frame::default(), Totals::default());
    frame.update(params, &cube).unwrap();
    totals.update(params, &frame).unwrap();
    let value = totals.loss(params).unwrap();
    let mut gradient = std::vec![7.5; values.len()];
    let notices = totals.gradient(params, &frame, &cube, 1.5, Write::Store, &mut gradient).unwrap();
    assert_eq!(notices, value.notices);

    let mut at_once = std::vec![7.5; values.len()];
    let mut of_batch = Totals::default();
    let to = Some(&mut of_batch);
    let fused = loss_and_gradient(params, &cube, 1.5, Write::Store, to, &mut at_once).unwrap();
    assert_eq!((number(fused.value), fused.notices), (number(value.value), value.notices));
    assert_eq!(of_batch, totals);
    assert_eq!(bits(&at_once), bits(&gradient), "the gaps too");
    let gradient = bits(&gather(&gradient, layout));
    Outcome { frame, totals, loss: number(value.value), notices, gradient }
}

fn oracle(params: &Params) -> Oracle {
    let [weight, compactness, anchor, eps] =
        [params.weight, params.compactness_weight, params.anchor_weight, params.eps].map(f64::from);
    let oklab = params.color_space == ColorSpace::Oklab;
    Oracle { oklab, srgb: params.assume_srgb && oklab, weight, compactness, anchor, eps }
}

fn oracle_pixels(pixels: &Pixels) -> Vec<Pixel> {
    let weight =
        |pixel: usize| pixels.weights.as_ref().map_or(1.0, |weights| weights[pixel].into());
    let of = |pixel: usize| Pixel {
        rgb: [0, 1, 2].map(|channel| pixels.values[3 * pixel + channel].into()),
        foreground: pixels.targets[pixel] != 0,
        weight: if pixels.counts(pixel) { weight(pixel) } else { 0.0 },
    };
    (0..pixels.n()).map(of).collect()
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
            let (mut merged, mut added) = (Frame::default(), Frame::default());
            for part in parts.iter().rev() {
                let found = outcome(&params, part, Order::Interleaved);
                merged.merge(&found.frame);
                let layout = Layout::interleaved(part.n(), 3);
                added.update(&params, &part.cube(&part.values, layout)).unwrap();
            }
            prop_assert_eq!(merged, whole.frame);
            prop_assert_eq!(added, whole.frame);
            let mut gradient = Vec::new();
            for part in &parts {
                let cube = part.cube(&part.values, Layout::interleaved(part.n(), 3));
                let mut piece = std::vec![f32::NAN; part.values.len()];
                whole.totals.gradient(&params, &merged, &cube, 1.5, Write::Store, &mut piece).unwrap();
                gradient.extend(bits(&piece));
            }
            prop_assert_eq!(gradient, whole.gradient.clone());
        }
    }

    #[test]
    fn batches_of_frames_merge_in_any_order(pixels in some_pixels(), params in params()) {
        let (mut forward, mut backward) = (Totals::default(), Totals::default());
        let ends = cuts(pixels.n())[2].clone();
        let parts: Vec<Totals> = ends
            .windows(2)
            .map(|ends| outcome(&params, &pixels.part(ends[0], ends[1]), Order::Planar).totals)
            .collect();
        parts.iter().for_each(|part| forward.merge(part));
        parts.iter().rev().for_each(|part| backward.merge(part));
        prop_assert_eq!(forward, backward);
        prop_assert_eq!(forward.frames + forward.skipped, 7);
        let loss = forward.loss(&params).unwrap();
        prop_assert_eq!(loss.notices.contains(Notices::EMPTY), forward.frames == 0);
        // The gradient of a frame is that of the frame alone, divided by the number of frames.
        if forward.frames > 0 && forward.loss.non_finite() == 0 {
            let sum: f64 = parts.iter().map(|part| part.loss.value()).sum();
            prop_assert!((loss.value - sum / forward.frames as f64).abs() <= 1e-12 * (1.0 + sum.abs()));
        }
    }

    #[test]
    fn a_masked_pixel_is_as_if_it_were_not_there(pixels in some_pixels(), params in params()) {
        let found = outcome(&params, &pixels, Order::Planar);
        prop_assert_eq!(&outcome(&params, &pixels.poisoned(), Order::Planar), &found);
        let without = outcome(&params, &pixels.without_masked(), Order::Planar);
        prop_assert_eq!((without.frame, without.totals, without.loss), (found.frame, found.totals, found.loss));
        for index in 0..pixels.values.len() {
            if !pixels.counts(index / 3) {
                prop_assert_eq!(found.gradient[index], 0);
            }
        }
    }

    #[test]
    fn losses_and_gradients_are_within_the_bound(pixels in colors(), params in params()) {
        let found = outcome(&params, &pixels, Order::Interleaved);
        let (oracle, of_oracle) = (oracle(&params), oracle_pixels(&pixels));
        let Some(truth) = oracle.loss(&of_oracle) else {
            prop_assert_eq!((found.loss, found.notices.contains(Notices::EMPTY)), (0, true));
            prop_assert!(found.gradient.iter().all(|bits| *bits == 0));
            return Ok(());
        };
        let loss = f64::from_bits(found.loss);
        // Of terms of the size of a colour.
        let size = f64::from(params.weight).abs() * f64::from(4.0 + params.compactness_weight + params.anchor_weight);
        prop_assert!((loss - truth).abs() <= 5e-7 * size, "{loss} is not {truth}");
        if params.eps < 1e-7 {
            return Ok(());
        }
        for (pixel, truths) in oracle.gradient(&of_oracle).into_iter().enumerate() {
            for (channel, (truth, size)) in truths.into_iter().enumerate() {
                let gradient = f64::from(f32::from_bits(found.gradient[3 * pixel + channel]));
                let (truth, unit) = (1.5 * truth, 1.5 * size * 2.0_f64.powi(-24));
                let error = (gradient - truth).abs();
                let bound = GRADIENT_MAX_UNITS * unit + 1e-37;
                prop_assert!(error <= bound, "{gradient} is not {truth}: {} units", error / unit);
            }
        }
    }

    #[test]
    fn the_gradient_is_the_slope(pixels in colors(), params in params()) {
        let params = Params { eps: params.eps.max(0.01), ..params };
        let (oracle, mut of_oracle) = (oracle(&params), oracle_pixels(&pixels));
        let gradient = outcome(&params, &pixels, Order::Interleaved).gradient;
        for pixel in 0..pixels.n().min(4) {
            for channel in 0..3 {
                let value = of_oracle[pixel].rgb[channel];
                // Not across the kink of sRGB, nor near black, where the root is steep.
                if value < 0.05 || of_oracle[pixel].rgb.iter().any(|value| *value < 0.02) {
                    continue;
                }
                let mut at = |step: f64| {
                    of_oracle[pixel].rgb[channel] = value + step;
                    let loss = oracle.loss(&of_oracle);
                    of_oracle[pixel].rgb[channel] = value;
                    loss
                };
                let (Some(above), Some(below)) = (at(1e-5), at(-1e-5)) else { continue };
                let slope = 1.5 * (above - below) / 2e-5;
                let found = f64::from(f32::from_bits(gradient[3 * pixel + channel]));
                prop_assert!((found - slope).abs() < 1e-5 * (1.0 + slope.abs()), "{found} is not {slope}");
            }
        }
    }

    #[test]
    fn rgb_gradients_sum_to_zero_and_ignore_a_shift(values in proptest::collection::vec(0_u32..1024, 30)) {
        let colors: Vec<f32> = values.iter().map(|value| *value as f32 / 1024.0).collect();
        let targets = [1, 0, 0, 1, 1, 0, 0, 0, 1, 0];
        let params = Params { compactness_weight: 0.5, anchor_weight: 0.25, ..Params::default() };
        let run = |values: &[f32]| {
            let mut gradient = std::vec![0.0; values.len()];
            let cube = Cube { values, layout: Layout::interleaved(10, 3), targets: Some(&targets), ..Cube::default() };
            let value = loss_and_gradient(&params, &cube, 1.0, Write::Store, None, &mut gradient).unwrap();
            (value.value, gradient)
        };
        let (loss, gradient) = run(&colors);
        for channel in 0..3 {
            let sum: f64 = gradient.iter().skip(channel).step_by(3).map(|slope| f64::from(*slope)).sum();
            prop_assert!(sum.abs() < 1e-6, "{sum}");
        }
        // The shift is exact in f32.
        let shifted: Vec<f32> = colors.iter().map(|color| color + 1024.0).collect();
        let (moved, gradient_of_moved) = run(&shifted);
        prop_assert!((moved - loss).abs() <= 1e-7);
        for (one, other) in gradient.iter().zip(&gradient_of_moved) {
            prop_assert!((one - other).abs() <= 2e-7, "{one} {other}");
        }
    }

    #[test]
    fn weights_count_like_repetitions(pixels in colors(), params in params()) {
        let n = pixels.n();
        let mut weighted = Pixels { weights: Some((0..n).map(|i| (i % 4) as f32).collect()), ..pixels.clone() };
        let (mut repeated, whole) = (pixels.part(0, 0), pixels);
        repeated.weights = None;
        for pixel in 0..n {
            for _ in 0..pixel % 4 {
                let one = whole.part(pixel, pixel + 1);
                repeated.values.extend(one.values);
                repeated.other.extend(one.other);
                repeated.targets.extend(one.targets);
                repeated.labels.extend(one.labels);
                if let (Some(to), Some(from)) = (&mut repeated.valid, one.valid) {
                    to.extend(from);
                }
            }
        }
        weighted.valid = whole.valid;
        let (one, other) = (outcome(&params, &weighted, Order::Planar), outcome(&params, &repeated, Order::Planar));
        prop_assert_eq!(one.frame.foreground, other.frame.foreground);
        prop_assert_eq!(one.frame.background, other.frame.background);
        prop_assert_eq!(one.frame.squares, other.frame.squares);
        prop_assert_eq!(one.frame.foreground_weights, other.frame.foreground_weights);
        prop_assert_eq!(one.loss, other.loss);
    }

    #[test]
    fn adding_is_storing_plus_what_was_there(pixels in some_pixels(), params in params()) {
        let layout = Layout::interleaved(pixels.n(), 3);
        let cube = pixels.cube(&pixels.values, layout);
        let before: Vec<f32> = (0..pixels.values.len()).map(|i| i as f32 - 3.25).collect();
        let (mut stored, mut added) = (before.clone(), before.clone());
        loss_and_gradient(&params, &cube, -2.0, Write::Store, None, &mut stored).unwrap();
        loss_and_gradient(&params, &cube, -2.0, Write::Add, None, &mut added).unwrap();
        let expected: Vec<f32> = before.iter().zip(&stored).map(|(a, b)| a + b).collect();
        prop_assert_eq!(bits(&added), bits(&expected));
    }
}
