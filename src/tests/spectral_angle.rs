//! The angle between spectra: its oracle and its limits.

use super::harness::batch::{Batch, ORDERS, Order, cubes, with_weights};
use super::harness::oracle::{
    Formula, Oracle, Truth, loss_and_gradient_are_the_formula, terms_and_slopes_are_within_the_bound,
};
use super::harness::properties::properties;
use super::harness::refusals::{bad_inputs_change_nothing, bad_parameters_change_nothing, mixed_totals_are_found};
use super::harness::{Array, Ask, Input, Node, Reading, State, loss_of_terms, reading, words_in};
use super::naive::spectral_angle as naive;
use super::{any_float, between, for_each_tier};
use crate::error::{Error, Notices, Value};
use crate::input::{Cube, Layout};
use crate::loss::spectral_angle::{
    self, GRADIENT_MAX_ULP, Measure, Params, TERM_MAX_ULP, Totals, least_sine, loss_and_gradient, map,
};
use crate::math::angle;
use crate::node::reduction::Reduction;
use crate::simd::{Doubles, Kernel, Lanes, Simd, Write, run, vectors, vectors_mut};
use proptest::prelude::*;
use std::f64::consts::{FRAC_PI_2, PI};
use std::vec::Vec;

loss_of_terms! {
    spectral_angle, |input| (&input.cube(), input.other()),

    fn orders(&self) -> &'static [Order] {
        &ORDERS
    }

    fn arrays(&self) -> (&'static [Array], &'static [Array]) {
        (&[Array::Values, Array::Other], &[Array::Targets, Array::Labels, Array::Valid, Array::Weights])
    }
}

/// The spectra of a pixel.
fn spectra(batch: &Batch, pixel: usize) -> [Vec<f64>; 2] {
    [&batch.values, &batch.other].map(|values| {
        let row = values.iter().skip(pixel * batch.channels).take(batch.channels);
        row.map(|value| f64::from(*value)).collect()
    })
}

/// A truth to so many ulps of f32, and so much beside them.
fn within(truth: f64, ulps: f64, beside: f64) -> Truth {
    let exponent = truth.abs().max(f64::from(f32::MIN_POSITIVE)).log2().floor() as i32;
    Truth::Within(truth, ulps * 2.0_f64.powi(exponent - 23) + beside)
}

/// What is true of both: pixels that do not count, and those that are no numbers.
fn off_or_not_finite(batch: &Batch, pixel: usize) -> Option<Truth> {
    let [a, b] = spectra(batch, pixel);
    if !batch.counts(pixel) || batch.weight(pixel) == 0.0 {
        return Some(Truth::Exactly(0.0));
    }
    let is_finite = a.iter().chain(&b).all(|value| value.is_finite());
    (!is_finite).then_some(Truth::Exactly(f32::NAN))
}

/// What the oracle itself may be off by, and the d of the module.
fn off(batch: &Batch) -> f64 {
    4.0 * least_sine(batch.channels) + (batch.channels + 64) as f64 * f64::EPSILON
}

impl Oracle for Params {
    fn term(&self, batch: &Batch, pixel: usize) -> Truth {
        off_or_not_finite(batch, pixel).unwrap_or_else(|| {
            let [a, b] = spectra(batch, pixel);
            let angle = naive::angle(&a, &b);
            let value = if self.measure == Measure::Angle { angle } else { naive::cosine(angle) };
            let factor = f64::from(self.weight) * f64::from(batch.weight(pixel));
            // Of a small cosine, what the sine is off by counts times the sine.
            let sine = if self.measure == Measure::Angle { 1.0 } else { angle.sin() + off(batch) };
            let truth = value * factor;
            if truth.abs() > f64::from(f32::MAX) {
                return Truth::Unknown;
            }
            within(truth, TERM_MAX_ULP, off(batch) * sine * factor.abs())
        })
    }

    fn slope(&self, batch: &Batch, index: usize, upstream: f64) -> Truth {
        let (pixel, channel) = (index / batch.channels, index % batch.channels);
        off_or_not_finite(batch, pixel).unwrap_or_else(|| {
            let [a, b] = spectra(batch, pixel);
            let size = |spectrum: &[f64]| spectrum.iter().map(|x| x * x).sum::<f64>().sqrt();
            if size(&a) == 0.0 || size(&b) == 0.0 {
                return Truth::Within(0.0, 0.0);
            }
            let sine = naive::angle(&a, &b).sin();
            if sine < 1e3 * least_sine(batch.channels) {
                return Truth::Unknown;
            }
            let factor = f64::from(self.weight) * upstream * f64::from(batch.weight(pixel));
            let [of_angle, of_cosine] = naive::slopes(&a, &b, channel);
            let (slope, greatest) = match self.measure {
                Measure::Angle => (of_angle, 1.0 / (size(&a) * sine)),
                Measure::Cosine => (of_cosine, 1.0 / size(&a)),
            };
            let truth = slope * factor;
            if truth.abs() > f64::from(f32::MAX) {
                return Truth::Unknown;
            }
            within(truth, GRADIENT_MAX_ULP, 4.0 * off(batch) * greatest * factor.abs())
        })
    }
}

impl Formula for Params {
    fn loss(&self, batch: &Batch, values: &[f64]) -> f64 {
        let counted = || (0..batch.n).filter(|pixel| batch.counts(*pixel));
        let weight = |pixel: usize| f64::from(batch.weight(pixel));
        let terms = counted().map(|pixel| {
            let a = &values[pixel * batch.channels..][..batch.channels];
            let angle = naive::angle(a, &spectra(batch, pixel)[1]);
            let is_angle = self.measure == Measure::Angle;
            weight(pixel) * if is_angle { angle } else { naive::cosine(angle) }
        });
        let divisor = match self.reduction {
            Reduction::WeightedMean => counted().map(weight).sum(),
            _ => counted().count() as f64,
        };
        terms.sum::<f64>() * f64::from(self.weight) / divisor
    }

    fn loss_bound(&self, _batch: &Batch, truth: f64) -> f64 {
        6e-8 * truth
    }

    fn step(&self) -> f64 {
        1e-6
    }

    /// Not near a kink.
    fn is_smooth(&self, batch: &Batch, index: usize) -> bool {
        let [a, b] = spectra(batch, index / batch.channels);
        naive::angle(&a, &b).sin() > 0.05
    }

    fn slope_bound(&self, _batch: &Batch, _index: usize, truth: f64, _largest: f64) -> f64 {
        1e-6 + 1e-6 * truth.abs()
    }
}

/// Pixels of which some are parallel, nearly so, antiparallel, or have a spectrum of zeros.
fn batch() -> impl Strategy<Value = Batch> {
    let value = prop_oneof![300 => between(-8.0, 8.0), 1 => any_float()];
    let channels = prop_oneof![3 => 1_usize..5, 2 => 14_usize..35, 1 => Just(129)];
    (cubes(channels, 0..90, value), any::<u32>()).prop_map(|(mut batch, seed)| {
        for pixel in 0..batch.n {
            let kind = seed.wrapping_mul(pixel as u32 + 1) >> 20 & 7;
            let places = pixel * batch.channels..(pixel + 1) * batch.channels;
            let values = batch.values[places.clone()].iter_mut();
            for (channel, (a, b)) in values.zip(&mut batch.other[places]).enumerate() {
                match kind {
                    0 => *b = *a * 3.0,
                    1 => *b = *a * -0.5,
                    2 => *b = if channel == 0 { *a * (1.0 + 1e-6) } else { *a },
                    3 if pixel % 2 == 0 => *a = 0.0,
                    3 => *b = 0.0,
                    _ => {}
                }
            }
        }
        batch
    })
}

fn measures() -> impl Strategy<Value = Measure> {
    prop_oneof![Just(Measure::Angle), Just(Measure::Cosine)]
}

fn params() -> impl Strategy<Value = Params> {
    let reduction = prop_oneof![Just(Reduction::Mean), Just(Reduction::Sum), Just(Reduction::WeightedMean)];
    (measures(), reduction, prop_oneof![Just(1.0_f32), between(-2.0, 2.0)])
        .prop_map(|(measure, reduction, weight)| Params { measure, reduction, weight })
}

properties! {
    64 cases of params(), with batch();
    every_tier_and_order_gives_the_same_bits
    any_split_gives_the_same_words_and_gradients
    a_masked_pixel_is_as_if_it_were_not_there
    weight_0_switches_off
    adding_is_storing_plus_what_was_there
    the_sum_is_that_of_the_map
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn terms_and_gradients_are_within_the_bound(batch in batch(), params in params()) {
        let params = Params { reduction: Reduction::Sum, ..params };
        terms_and_slopes_are_within_the_bound(&params, &batch);
    }

    #[test]
    fn the_gradient_is_the_slope(
        batch in with_weights(cubes(2_usize..6, 1..20, between(0.5, 2.0)), between(0.25, 1.0)),
        weighted in any::<bool>(),
        measure in measures(),
    ) {
        prop_assume!((0..batch.n).any(|pixel| batch.counts(pixel)));
        let reduction = if weighted { Reduction::WeightedMean } else { Reduction::Mean };
        let params = Params { measure, reduction, weight: 0.7 };
        loss_and_gradient_are_the_formula(&params, &batch, Order::Planar);
    }
}

/// The term and the gradient of one pixel, and the notices of its loss.
fn one(measure: Measure, a: &[f32], b: &[f32]) -> (f64, Vec<f32>, Notices) {
    let params = Params { measure, ..Params::default() };
    let layout = Layout::interleaved(1, a.len());
    let cube = Cube { values: a, layout, ..Cube::default() };
    let mut gradient = std::vec![7.0; a.len()];
    let Value { value, notices } =
        loss_and_gradient(&params, &cube, b, 1.0, Write::Store, None, &mut gradient).unwrap();
    (value, gradient, notices)
}

#[test]
fn parallel_antiparallel_and_dark_spectra() {
    const HUGE: f32 = f32::MAX;
    const TINY: f32 = 1e-45;
    let third: Vec<f32> = (0..33).map(|channel| 1.0 / (channel + 3) as f32).collect();
    for (measure, [opposite, dark]) in [(Measure::Angle, [PI, FRAC_PI_2]), (Measure::Cosine, [2.0, 1.0])] {
        let [opposite, dark] = [opposite, dark].map(|value| f64::from(value as f32));
        for size in [1.0, TINY, HUGE] {
            for other in [1.0, TINY, HUGE] {
                for (a, b, truth) in [
                    (std::vec![size; 3], std::vec![other; 3], 0.0),
                    (std::vec![size; 3], std::vec![-other; 3], opposite),
                    (std::vec![size], std::vec![other], 0.0),
                    (std::vec![-size], std::vec![other], opposite),
                ] {
                    assert_eq!(one(measure, &a, &b), (truth, std::vec![0.0; a.len()], Notices::NONE));
                }
                let (right_angle, _, _) = one(measure, &[size, 0.0], &[0.0, other]);
                assert_eq!(right_angle, dark);
            }
            for [a, b] in [[size, 0.0], [0.0, size], [0.0, 0.0]] {
                assert_eq!(one(measure, &[a], &[b]), (dark, std::vec![0.0], Notices::DEGENERATE));
            }
        }
        // Multiples that f32 rounds are not parallel, but those by a power of 2 are, in any channels.
        let double: Vec<f32> = third.iter().map(|value| value * -4.0).collect();
        let (value, gradient, _) = one(measure, &third, &double);
        assert_eq!((value, gradient), (opposite, std::vec![0.0; 33]));
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for [a, b] in [[bad, 1.0], [1.0, bad], [bad, bad], [bad, 0.0], [0.0, bad]] {
                let (value, gradient, notices) = one(measure, &[a, 1.0, 0.0], &[b, 2.0, 0.0]);
                assert!(value.is_nan() && gradient.iter().all(|slope| slope.is_nan()), "{a} {b}");
                assert_eq!(notices, Notices::NOT_FINITE);
                let (value, gradient, notices) = one(measure, &[a], &[b]);
                assert!(value.is_nan() && gradient[0].is_nan(), "{a} {b}");
                assert_eq!(notices, Notices::NOT_FINITE);
            }
        }
    }
}

/// Where `acos` of a cosine in f64 has no digit left, the angle has all of f32.
#[test]
fn small_angles_keep_their_digits() {
    for power in [4, 10, 16, 20, 23] {
        let small = 0.7 * 2.0_f32.powi(-power);
        let truth = f64::from(small).atan();
        let (angle, gradient, _) = one(Measure::Angle, &[1.0, 0.0], &[1.0, small]);
        assert!((angle - truth).abs() <= 1e-7 * truth, "{angle} is not {truth}");
        assert_eq!(gradient, [0.0, -1.0]);
        let (cosine, gradient, _) = one(Measure::Cosine, &[1.0, 0.0], &[1.0, small]);
        let truth = naive::cosine(truth);
        assert!((cosine - truth).abs() <= 1e-7 * truth, "{cosine} is not {truth}");
        assert!((gradient[1] + small).abs() < 1e-2 * small);
    }
    // One unit in the last place apart: 2^-24 of the length, at 45 degrees.
    let (angle, _, _) = one(Measure::Angle, &[1.0, 1.0], &[1.0, 1.0 + f32::EPSILON]);
    assert!((angle / f64::from(f32::EPSILON / 2.0) - 1.0).abs() < 2e-7, "{angle}");
}

/// The gradient by the original, with the cubes in each other's place: that of the reconstruction, seen from there.
#[test]
fn the_gradient_by_the_original_is_that_of_the_other_way_round() {
    let (a, b) = ([1.0, 2.0, 0.5, 0.25], [0.5, -1.0, 1.0, 2.0]);
    let layout = Layout::interleaved(2, 2);
    for measure in [Measure::Angle, Measure::Cosine] {
        let params = Params { measure, ..Params::default() };
        let of = |values| Cube { values, layout, ..Cube::default() };
        let mut totals = Totals::default();
        totals.update(&params, &of(&a), &b).unwrap();
        let mut gradient = [7.0; 4];
        let write = Write::Store;
        totals.gradient(&params, &of(&b), &a, 1.0, write, &mut gradient).unwrap();
        for (index, found) in gradient.into_iter().enumerate() {
            let [a, b] = [&a, &b].map(|values| values.map(f64::from));
            let pixel = index / 2 * 2..index / 2 * 2 + 2;
            let slopes = naive::slopes(&b[pixel.clone()], &a[pixel], index % 2);
            let truth = slopes[measure as usize] / 2.0;
            assert!((f64::from(found) - truth).abs() < 1e-7, "{index}: {found} is not {truth}");
        }
    }
}

/// The function of y and x, on the tier.
struct AngleOf<'a>([&'a [f64]; 2], &'a mut [f64]);

impl Kernel for AngleOf<'_> {
    type Output = ();

    fn run<S: Simd>(self, simd: S) {
        type Wide<S> = <<S as Simd>::Register as Lanes>::Doubles;
        let Self([y, x], to) = self;
        for ((y, x), to) in vectors(y).iter().zip(vectors(x)).zip(vectors_mut(to)) {
            let [y, x] = [y, x].map(|values| Wide::<S>::from_values(simd, values));
            *to = angle::angle(simd, y, x).to_values();
        }
    }
}

#[test]
fn angles_are_those_of_the_platform() {
    let turns: Vec<f64> = (0..=4096).map(|step| f64::from(step) / 4096.0).collect();
    let (mut y, mut x): (Vec<f64>, Vec<f64>) =
        turns.iter().map(|turn| ((PI * turn).sin().abs(), (PI * turn).cos())).unzip();
    for small in [1e-300, 1e-20, 1e-8, 0.4142, 0.4143, 1.0, 2.414, 2.415, 1e8, 1e20, 1e300] {
        for sign in [1.0, -1.0] {
            y.push(small);
            x.push(sign);
        }
    }
    for end in [&mut y, &mut x] {
        end.resize(end.len().next_multiple_of(64), 1.0);
    }
    for_each_tier(|tier| {
        let mut found = std::vec![0.0; y.len()];
        run(AngleOf([&y, &x], &mut found));
        for ((found, y), x) in found.iter().zip(&y).zip(&x) {
            let truth = y.atan2(*x);
            let bound = angle::MAX_ULP / 16_777_216.0 * truth;
            assert!((found - truth).abs() <= bound, "{tier:?} {y} {x}: {found} is not {truth}");
        }
    });
}

#[test]
fn edges() {
    let default = Params::default();
    let layout = Layout::interleaved(2, 2);
    let good = Cube { values: &[1.0, 0.0, 0.0, 2.0], layout, ..Cube::default() };
    let original = [0.0, 4.0, 0.0, 1.0];
    let mut totals = Totals::default();
    let empty = totals.loss(&default).unwrap();
    assert!(empty.value.is_nan() && empty.notices == Notices::EMPTY);
    let sum = totals.loss(&Params { reduction: Reduction::Sum, ..default }).unwrap();
    assert_eq!((sum.value, sum.notices), (0.0, Notices::EMPTY));
    totals.update(&default, &good, &original).unwrap();
    assert_eq!(totals.loss(&default).unwrap().value, f64::from(FRAC_PI_2 as f32) / 2.0);
    assert_eq!(totals.dark, 0);
    let before = totals;

    // A dark pixel is counted unless it is masked or its weight is 0.
    let dark = Cube { values: &[0.0; 4], ..good };
    for (valid, weights, count) in [([1, 1], [1.0, 2.0], 2), ([0, 1], [1.0, 2.0], 1), ([1, 1], [0.0, 0.5], 1)] {
        let cube = Cube { valid: Some(&valid), weights: Some(&weights), ..dark };
        let mut totals = Totals::default();
        totals.update(&default, &cube, &original).unwrap();
        assert_eq!(totals.dark, count);
        assert_eq!(totals.loss(&default).unwrap().notices, Notices::DEGENERATE);
        let contradiction = Totals { dark: 3, ..totals };
        assert_eq!(contradiction.loss(&default), Err(Error::Totals));
    }

    let mut gradient = [7.0; 4];
    let none = Params { reduction: Reduction::None, ..default };
    assert_eq!(totals.loss(&none), Err(Error::NoScalar));
    let to = Some(&mut totals);
    let found = loss_and_gradient(&none, &good, &original, 1.0, Write::Store, to, &mut gradient);
    assert_eq!(found, Err(Error::NoScalar));
    let no_channels = Cube { layout: Layout { channels: 0, ..layout }, ..good };
    assert_eq!(map(&default, &no_channels, &original, &mut gradient), Err(Error::Channels));
    assert_eq!(map(&default, &good, &original, &mut gradient), Err(Error::LengthMismatch));
    assert_eq!((totals, gradient), (before, [7.0; 4]));
}

#[test]
fn bad_arguments_change_nothing() {
    let batch = Batch {
        n: 2,
        channels: 2,
        values: std::vec![1.0, 2.0, -1.0, 0.5],
        other: std::vec![0.0, 4.0, 1.0, 2.0],
        targets: std::vec![0, 1],
        labels: std::vec![0, 1],
        valid: Some(std::vec![1, 1]),
        weights: Some(std::vec![1.0, 2.0]),
        ..Batch::default()
    };
    let default = Params::default();
    bad_inputs_change_nothing(&default, &batch);
    for weight in [f32::NAN, f32::INFINITY] {
        let bad = Params { weight, ..default };
        bad_parameters_change_nothing(&default, &batch, &[(&bad, Error::Weight)]);
    }
    let cosine = Params { measure: Measure::Cosine, ..default };
    mixed_totals_are_found(&default, &batch, &[&Params { weight: 2.0, ..default }, &cosine]);
}
