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
    self, GRADIENT_MAX_ULP, Measure, Params, TERM_MAX_ULP, Totals, least_sine, loss_and_gradient,
};
use crate::math::angle;
use crate::node::reduction::Reduction;
use crate::simd::{Doubles, Kernel, Lanes, Simd, Write, run, vectors, vectors_mut};
use proptest::prelude::*;
use std::f64::consts::{FRAC_PI_2, PI};
use std::vec::Vec;

loss_of_terms! {
    spectral_angle, |input| (&input.cubes(), input.original()),

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

/// The d of the module, and what the oracle itself may be off by.
fn off(batch: &Batch) -> f64 {
    4.0 * least_sine(batch.channels) + (batch.channels + 64) as f64 * f64::EPSILON
}

/// What is true of a term or a slope: of a pixel that counts and is of numbers, the truth and what it may be off by
/// for each unit of its factor.
fn truth(
    batch: &Batch,
    pixel: usize,
    factor: f64,
    ulps: f64,
    of: impl Fn(&[f64], &[f64]) -> Option<[f64; 2]>,
) -> Truth {
    let [a, b] = spectra(batch, pixel);
    let factor = factor * f64::from(batch.weight(pixel));
    if !batch.counts(pixel) || batch.weight(pixel) == 0.0 {
        return Truth::Exactly(0.0);
    }
    if !a.iter().chain(&b).all(|value| value.is_finite()) {
        return Truth::Exactly(f32::NAN);
    }
    match of(&a, &b) {
        Some([truth, beside]) if (truth * factor).abs() <= f64::from(f32::MAX) => {
            Truth::UlpsAnd(truth * factor, ulps, beside * off(batch) * factor.abs())
        }
        _ => Truth::Unknown,
    }
}

impl Oracle for Params {
    fn term(&self, batch: &Batch, pixel: usize) -> Truth {
        truth(batch, pixel, f64::from(self.weight), TERM_MAX_ULP, |a, b| {
            let angle = naive::angle(a, b);
            Some(match self.measure {
                Measure::Angle => [angle, 1.0],
                // What the sine is off by counts times the sine.
                Measure::Cosine => [naive::cosine(angle), angle.sin() + off(batch)],
            })
        })
    }

    fn slope(&self, batch: &Batch, index: usize, upstream: f64) -> Truth {
        let (pixel, channel) = (index / batch.channels, index % batch.channels);
        truth(batch, pixel, f64::from(self.weight) * upstream, GRADIENT_MAX_ULP, |a, b| {
            let size = naive::length(a);
            if size == 0.0 || naive::length(b) == 0.0 {
                return Some([0.0; 2]);
            }
            let sine = naive::angle(a, b).sin();
            let [of_angle, of_cosine] = naive::slopes(a, b, channel);
            (sine >= 1e3 * least_sine(batch.channels)).then_some(match self.measure {
                Measure::Angle => [of_angle, 4.0 / (size * sine)],
                Measure::Cosine => [of_cosine, 4.0 / size],
            })
        })
    }
}

impl Formula for Params {
    fn loss(&self, batch: &Batch, values: &[f64]) -> f64 {
        let counted = || (0..batch.n).filter(|pixel| batch.counts(*pixel));
        let weight = |pixel: usize| f64::from(batch.weight(pixel));
        let terms = counted().map(|pixel| {
            let angle = naive::angle(&values[pixel * batch.channels..][..batch.channels], &spectra(batch, pixel)[1]);
            weight(pixel) * if self.measure == Measure::Angle { angle } else { naive::cosine(angle) }
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

/// Pixels of which some are parallel, more or less nearly so, antiparallel, or have a spectrum of zeros.
fn batch() -> impl Strategy<Value = Batch> {
    let value = prop_oneof![300 => between(-8.0, 8.0), 1 => any_float()];
    let channels = prop_oneof![3 => 1_usize..5, 2 => 14_usize..35, 1 => Just(129)];
    (cubes(channels, 0..90, value), any::<u32>()).prop_map(|(mut batch, seed)| {
        for pixel in 0..batch.n {
            let kind = seed.wrapping_mul(pixel as u32 + 1) >> 20 & 7;
            let apart = [1e-6, 1e-4, 1e-3, 1e-2][pixel % 4];
            let places = pixel * batch.channels..(pixel + 1) * batch.channels;
            let values = batch.values[places.clone()].iter_mut();
            for (channel, (a, b)) in values.zip(&mut batch.other[places]).enumerate() {
                match kind {
                    0 => *b = *a * 3.0,
                    1 => *b = *a * -0.5,
                    2 => *b = if channel == 0 { *a * (1.0 + apart) } else { *a },
                    3 if pixel % 2 == 0 => *a = 0.0,
                    3 => *b = 0.0,
                    _ => {}
                }
            }
        }
        batch
    })
}

fn params() -> impl Strategy<Value = Params> {
    let measure = prop_oneof![Just(Measure::Angle), Just(Measure::Cosine)];
    let reduction = prop_oneof![Just(Reduction::Mean), Just(Reduction::Sum), Just(Reduction::WeightedMean)];
    (measure, reduction, prop_oneof![Just(1.0_f32), between(-2.0, 2.0)])
        .prop_map(|(measure, reduction, weight)| Params { measure, reduction, weight })
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
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn terms_and_gradients_are_within_the_bound(batch in batch(), params in params()) {
        terms_and_slopes_are_within_the_bound(&Params { reduction: Reduction::Sum, ..params }, &batch);
    }

    #[test]
    fn the_gradient_is_the_slope(
        batch in with_weights(cubes(2_usize..6, 1..20, between(0.5, 2.0)), between(0.25, 1.0)),
        params in params(),
    ) {
        prop_assume!((0..batch.n).any(|pixel| batch.counts(pixel)) && params.reduction != Reduction::Sum);
        loss_and_gradient_are_the_formula(&Params { weight: 0.7, ..params }, &batch, Order::Planar);
    }
}

/// The term and the gradient of one pixel, and the notices of its loss.
fn one(measure: Measure, a: &[f32], b: &[f32]) -> (f64, Vec<f32>, Notices) {
    let params = Params { measure, ..Params::default() };
    let cube = Cube { values: a, layout: Layout::interleaved(1, a.len()), ..Cube::default() };
    let mut gradient = std::vec![7.0; a.len()];
    let value = loss_and_gradient(&params, &cube, b, 1.0, Write::Store, None, &mut gradient).unwrap();
    (value.value, gradient, value.notices)
}

#[test]
fn parallel_antiparallel_and_dark_spectra() {
    let third: Vec<f32> = (0..33).map(|channel| 1.0 / (channel + 3) as f32).collect();
    let sizes = [1.0, 1e-45, f32::MAX];
    for (measure, opposite, dark) in [(Measure::Angle, PI, FRAC_PI_2), (Measure::Cosine, 2.0, 1.0)] {
        let [opposite, dark] = [opposite, dark].map(|value| f64::from(value as f32));
        for (size, other) in sizes.iter().flat_map(|size| sizes.map(|other| (*size, other))) {
            for (channels, sign, truth) in [(3, 1.0, 0.0), (3, -1.0, opposite), (1, 1.0, 0.0), (1, -1.0, opposite)] {
                let found = one(measure, &std::vec![size; channels], &std::vec![sign * other; channels]);
                assert_eq!(found, (truth, std::vec![0.0; channels], Notices::NONE));
            }
            assert_eq!(one(measure, &[size, 0.0], &[0.0, other]).0, dark);
            for [a, b] in [[size, 0.0], [0.0, size], [0.0, 0.0]] {
                assert_eq!(one(measure, &[a], &[b]), (dark, std::vec![0.0], Notices::DEGENERATE));
            }
        }
        // Multiples that f32 rounds are not parallel, but those by a power of 2 are, in any channels.
        let opposed: Vec<f32> = third.iter().map(|value| value * -4.0).collect();
        assert_eq!(one(measure, &third, &opposed), (opposite, std::vec![0.0; 33], Notices::NONE));
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for [a, b] in [[bad, 1.0], [1.0, bad], [bad, bad], [bad, 0.0], [0.0, bad]] {
                for (a, b) in [([a, 1.0, 0.0].as_slice(), [b, 2.0, 0.0].as_slice()), (&[a], &[b])] {
                    let (value, gradient, notices) = one(measure, a, b);
                    assert!(value.is_nan() && gradient.iter().all(|slope| slope.is_nan()), "{a:?} {b:?}");
                    assert_eq!(notices, Notices::NOT_FINITE);
                }
            }
        }
    }
}

/// Where `acos` of a cosine in f64 has no digit left, the angle has all of f32.
#[test]
fn small_angles_keep_their_digits() {
    for power in 1..24 {
        let small = 0.7 * 2.0_f32.powi(-power);
        let truth = f64::from(small).atan();
        for (measure, truth) in [(Measure::Angle, truth), (Measure::Cosine, naive::cosine(truth))] {
            let (found, gradient, _) = one(measure, &[1.0, 0.0], &[1.0, small]);
            assert!((found - truth).abs() <= 6e-8 * truth, "{found} is not {truth}");
            let slope = naive::slopes(&[1.0, 0.0], &[1.0, f64::from(small)], 1)[measure as usize];
            assert!((f64::from(gradient[1]) - slope).abs() <= 6e-8 * slope.abs(), "{gradient:?} is not {slope}");
        }
    }
    // One unit in the last place apart: 2^-24 of the length, at 45 degrees.
    let (angle, _, _) = one(Measure::Angle, &[1.0, 1.0], &[1.0, 1.0 + f32::EPSILON]);
    assert!((angle / f64::from(f32::EPSILON / 2.0) - 1.0).abs() < 2e-7, "{angle}");
}

/// The gradient by the original, with the cubes in each other's place and the same totals.
#[test]
fn the_gradient_by_the_original_is_that_of_the_other_way_round() {
    let (a, b) = ([1.0, 2.0, 0.5, 0.25], [0.5, -1.0, 1.0, 2.0]);
    let of = |values| Cube { values, layout: Layout::interleaved(2, 2), ..Cube::default() };
    for measure in [Measure::Angle, Measure::Cosine] {
        let (params, mut totals, mut gradient) = (Params { measure, ..Params::default() }, Totals::default(), [7.0; 4]);
        totals.update(&params, &of(&a), &b).unwrap();
        totals.gradient(&params, &of(&b), &a, 1.0, Write::Store, &mut gradient).unwrap();
        for (index, found) in gradient.into_iter().enumerate() {
            let [a, b] = [&a, &b].map(|values| values.map(f64::from)[index / 2 * 2..][..2].to_vec());
            let truth = naive::slopes(&b, &a, index % 2)[measure as usize] / 2.0;
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
            *to = angle::angle(simd, Wide::<S>::from_values(simd, y), Wide::<S>::from_values(simd, x)).to_values();
        }
    }
}

#[test]
fn angles_are_those_of_the_platform() {
    let mut points: Vec<(f64, f64)> = (0..4096).map(|step| (PI * f64::from(step) / 4095.0).sin_cos()).collect();
    for small in [1e-300, 1e-20, 1e-8, 0.4142, 0.4143, 1.0, 2.414, 2.415, 1e8, 1e20, 1e300] {
        points.extend([(small, 1.0), (small, -1.0)]);
    }
    points.resize(points.len().next_multiple_of(64), (1.0, 1.0));
    let (y, x): (Vec<f64>, Vec<f64>) = points.into_iter().map(|(y, x)| (y.abs(), x)).unzip();
    for_each_tier(|tier| {
        let mut found = std::vec![0.0; y.len()];
        run(AngleOf([&y, &x], &mut found));
        for ((found, y), x) in found.iter().zip(&y).zip(&x) {
            let (truth, bound) = (y.atan2(*x), angle::MAX_ULP / 16_777_216.0);
            assert!((found - truth).abs() <= bound * truth, "{tier:?} {y} {x}: {found} is not {truth}");
        }
    });
}

/// A dark pixel is counted unless it is masked or its weight is 0.
#[test]
fn dark_pixels_are_counted() {
    let default = Params::default();
    for (valid, weights, count) in [([1, 1], [1.0, 2.0], 2), ([0, 1], [1.0, 2.0], 1), ([1, 1], [0.0, 0.5], 1)] {
        let (layout, valid, weights) = (Layout::interleaved(2, 2), Some(&valid[..]), Some(&weights[..]));
        let cube = Cube { values: &[0.0; 4], layout, valid, weights, ..Cube::default() };
        let mut totals = Totals::default();
        totals.update(&default, &cube, &[0.0, 4.0, 0.0, 1.0]).unwrap();
        assert_eq!(totals.dark, count);
        assert_eq!(totals.loss(&default).unwrap().notices, Notices::DEGENERATE);
        assert_eq!(Totals { dark: 3, ..totals }.loss(&default), Err(Error::Totals));
    }
}

#[test]
fn bad_arguments_change_nothing() {
    let batch = Batch { other: std::vec![0.0, 4.0, 1.0, 2.0], ..Batch::of_two_pixels() };
    let default = Params::default();
    bad_inputs_change_nothing(&default, &batch);
    for weight in [f32::NAN, f32::INFINITY] {
        bad_parameters_change_nothing(&default, &batch, &[(&Params { weight, ..default }, Error::Weight)]);
    }
    let cosine = Params { measure: Measure::Cosine, ..default };
    mixed_totals_are_found(&default, &batch, &[&Params { weight: 2.0, ..default }, &cosine]);
    assert_eq!(Totals::default().loss(&Params { reduction: Reduction::None, ..default }), Err(Error::NoScalar));
}
