//! Foreground contrast: how it is called, the oracle, frames and batches; in `edges` the limits.

mod edges;

use super::harness::batch::{Batch, ORDERS, Order, cubes, cuts};
use super::harness::properties::properties;
use super::harness::{Array, Ask, Input, Node, Outcome, Reading, State, outcome, reading, words_in};
use super::naive::foreground_contrast::{Oracle, Pixel};
use super::{any_float, between};
use crate::error::{Error, Notices, Value};
use crate::input::{Cube, Layout};
use crate::loss::foreground_contrast::{ColorSpace, Frame, GRADIENT_MAX_UNITS, Params, Totals, loss_and_gradient};
use crate::simd::Write;
use proptest::prelude::*;
use std::vec::Vec;

/// The totals of a batch of one frame.
fn batch_of(params: &Params, frame: &Frame) -> Result<Totals, Error> {
    let mut totals = Totals::default();
    totals.update(params, frame)?;
    Ok(totals)
}

/// The state is a frame: what is split and merged. The totals of the frame are read from it.
impl Node for Params {
    fn words(&self, _channels: usize) -> usize {
        words_in::<Frame>()
    }

    fn update(&self, input: &Input, state: &mut State) -> Result<(), Error> {
        state.one_mut::<Frame>().update(self, &input.cubes())
    }

    fn merge(&self, other: &State, state: &mut State) {
        state.one_mut::<Frame>().merge(other.one());
    }

    fn normalize(&self, state: &mut State) {
        state.one_mut::<Frame>().normalize();
    }

    fn read(&self, _input: &Input, state: &State) -> Reading {
        reading(batch_of(self, state.one()).and_then(|totals| totals.loss(self)))
    }

    fn gradient(
        &self,
        input: &Input,
        state: &State,
        Ask { upstream, write }: Ask,
        to: &mut [f32],
    ) -> Option<Result<Notices, Error>> {
        let frame = state.one::<Frame>();
        let gradient = |totals: Totals| totals.gradient(self, frame, &input.cubes(), upstream, write, to);
        Some(batch_of(self, frame).and_then(gradient))
    }

    /// The call adds to totals; they must be those of the frame.
    fn at_once(
        &self,
        input: &Input,
        Ask { upstream, write }: Ask,
        state: Option<&mut State>,
        to: &mut [f32],
    ) -> Option<Result<Value, Error>> {
        let cube = input.cubes();
        let Some(state) = state else {
            return Some(loss_and_gradient(self, &cube, upstream, write, None, to));
        };
        let (mut totals, empty) = (Totals::default(), Totals::default());
        let result = loss_and_gradient(self, &cube, upstream, write, Some(&mut totals), to);
        if result.is_ok() {
            self.update(input, state).unwrap();
            assert_eq!(totals, batch_of(self, state.one()).unwrap());
        } else {
            assert_eq!(totals, empty);
        }
        Some(result)
    }

    fn orders(&self) -> &'static [Order] {
        &ORDERS
    }

    fn arrays(&self) -> (&'static [Array], &'static [Array]) {
        (&[Array::Values, Array::Targets], &[Array::Labels, Array::Valid, Array::Weights])
    }
}

fn batch() -> impl Strategy<Value = Batch> {
    let value = prop_oneof![60 => between(-0.5, 1.5), 1 => any_float()];
    cubes(Just(3_usize), 0..150, value)
}

/// Colours from 0 on: no sum of the transformation cancels.
fn colors() -> impl Strategy<Value = Batch> {
    let value = prop_oneof![9 => between(0.0, 1.0), 1 => between(0.0, 4.0)];
    cubes(Just(3_usize), 1..100, value).prop_map(|mut batch| {
        // Weights of a usual size, or bad ones.
        for weight in batch.weights.iter_mut().flatten() {
            *weight = if weight.is_finite() && *weight > 0.0 { weight.clamp(0.01, 4.0) } else { *weight };
        }
        batch
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

fn oracle(params: &Params) -> Oracle {
    let [weight, compactness, anchor, eps] =
        [params.weight, params.compactness_weight, params.anchor_weight, params.eps].map(f64::from);
    let oklab = params.color_space == ColorSpace::Oklab;
    Oracle { oklab, srgb: params.assume_srgb && oklab, weight, compactness, anchor, eps }
}

fn oracle_pixels(batch: &Batch) -> Vec<Pixel> {
    let of = |pixel: usize| Pixel {
        rgb: [0, 1, 2].map(|channel| batch.values[3 * pixel + channel].into()),
        foreground: batch.targets[pixel] != 0,
        weight: if batch.counts(pixel) { batch.weight(pixel).into() } else { 0.0 },
    };
    (0..batch.n).map(of).collect()
}

properties! {
    64 cases of params(), with batch();
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
    fn batches_of_frames_merge_in_any_order(batch in batch(), params in params()) {
        let (mut forward, mut backward) = (Totals::default(), Totals::default());
        let ends = cuts(batch.n)[2].clone();
        let parts: Vec<Totals> = ends
            .windows(2)
            .map(|ends| outcome(&params, &batch.part(ends[0], ends[1]), Order::Planar))
            .map(|found| batch_of(&params, found.state.one()).unwrap())
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
    fn losses_and_gradients_are_within_the_bound(batch in colors(), params in params()) {
        let found = outcome(&params, &batch, Order::Interleaved);
        let (oracle, of_oracle) = (oracle(&params), oracle_pixels(&batch));
        let Some(truth) = oracle.loss(&of_oracle) else {
            prop_assert_eq!((found.numbers[0], found.notices.contains(Notices::EMPTY)), (0, true));
            prop_assert!(found.gradient.iter().all(|bits| *bits == 0));
            return Ok(());
        };
        let loss = f64::from_bits(found.numbers[0]);
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
    fn the_gradient_is_the_slope(batch in colors(), params in params()) {
        let params = Params { eps: params.eps.max(0.01), ..params };
        let (oracle, mut of_oracle) = (oracle(&params), oracle_pixels(&batch));
        let gradient = outcome(&params, &batch, Order::Interleaved).gradient;
        for pixel in 0..batch.n.min(4) {
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
    fn weights_count_like_repetitions(batch in colors(), params in params()) {
        let places: Vec<usize> = (0..batch.n).flat_map(|pixel| std::vec![pixel; pixel % 4]).collect();
        let repeated = Batch { weights: None, ..batch.clone() }.pick(&places);
        let weights = (0..batch.n).map(|pixel| (pixel % 4) as f32).collect();
        let weighted = Batch { weights: Some(weights), ..batch };
        let [one, other] = [&weighted, &repeated].map(|batch| outcome(&params, batch, Order::Planar));
        let sums = |found: &Outcome| {
            let frame = found.state.one::<Frame>();
            (frame.foreground, frame.background, frame.squares, frame.foreground_weights)
        };
        prop_assert_eq!(sums(&one), sums(&other));
        prop_assert_eq!(one.numbers, other.numbers);
    }
}
