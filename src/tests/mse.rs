//! Squared error: bits between tiers and layouts, ulps against the oracle, and the rules for masks,
//! weights, chunks and limits.

use super::naive::{self, ulps};
use super::{any_float, between, for_each_tier, splits};
use crate::cube::{Cube, Layout};
use crate::error::{Error, Notices};
use crate::exact::ExactSum;
use crate::loss::mse::{MAX_CHANNELS, MAX_ULP, Params, Totals, loss_and_gradient, map};
use crate::loss::{Reduction, Write};
use proptest::prelude::*;
use std::vec::Vec;

/// Pixels of `channels` values each, pixel after pixel.
#[derive(Clone, Debug)]
struct Batch {
    channels: usize,
    a: Vec<f32>,
    b: Vec<f32>,
    valid: Option<Vec<u8>>,
    weights: Option<Vec<f32>>,
}

impl Batch {
    fn n(&self) -> usize {
        self.a.len() / self.channels
    }

    fn weight(&self, pixel: usize) -> f32 {
        self.weights.as_ref().map_or(1.0, |weights| weights[pixel])
    }

    fn counts(&self, pixel: usize) -> bool {
        let valid = self.valid.as_ref().is_none_or(|valid| valid[pixel] != 0);
        valid && (0.0..f32::INFINITY).contains(&self.weight(pixel))
    }

    /// The layouts under test; those with gaps hold NaN there.
    fn layouts(&self) -> [Layout; 5] {
        let (n, channels) = (self.n(), self.channels);
        [
            Layout::interleaved(n, channels),
            Layout::planar(n, channels),
            Layout { n, channels, pixel_stride: channels + 2, channel_stride: 1 },
            Layout { n, channels, pixel_stride: 1, channel_stride: n + 3 },
            Layout { n, channels, pixel_stride: 2 * channels + 1, channel_stride: 2 },
        ]
    }

    /// Pixels from `start` to `end` as floats in a layout of so many pixels.
    fn laid_out(&self, values: &[f32], start: usize, layout: Layout) -> Vec<f32> {
        let mut floats = std::vec![f32::NAN; layout.span().unwrap()];
        for pixel in 0..layout.n {
            for channel in 0..layout.channels {
                floats[pixel * layout.pixel_stride + channel * layout.channel_stride] =
                    values[(start + pixel) * self.channels + channel];
            }
        }
        floats
    }

    fn cube<'a>(&'a self, values: &'a [f32], start: usize, layout: Layout) -> Cube<'a> {
        let end = start + layout.n;
        Cube {
            values,
            layout,
            valid: self.valid.as_ref().map(|valid| &valid[start..end]),
            weights: self.weights.as_ref().map(|weights| &weights[start..end]),
            ..Cube::default()
        }
    }
}

fn value() -> impl Strategy<Value = f32> {
    prop_oneof![6 => between(-2.0, 2.0), 1 => between(-1e20, 1e20), 1 => any_float()]
}

fn batch() -> impl Strategy<Value = Batch> {
    let size = prop_oneof![
        (0_usize..260, 1_usize..5),
        (0_usize..20, 1_usize..90),
        (1_usize..5, 60_usize..140),
    ];
    size.prop_flat_map(|(n, channels)| {
        let values = || proptest::collection::vec(value(), n * channels);
        let byte = prop_oneof![Just(0_u8), Just(1), any::<u8>()];
        let weight = prop_oneof![8 => between(0.0, 4.0), 1 => Just(0.0), 1 => any_float()];
        (
            values(),
            values(),
            proptest::option::of(proptest::collection::vec(byte, n)),
            proptest::option::of(proptest::collection::vec(weight, n)),
        )
            .prop_map(move |(a, b, valid, weights)| Batch {
                channels,
                a,
                b,
                valid,
                weights,
            })
    })
}

fn params() -> impl Strategy<Value = Params> {
    let reduction =
        prop_oneof![Just(Reduction::Mean), Just(Reduction::Sum), Just(Reduction::WeightedMean)];
    let weight = prop_oneof![Just(1.0_f32), Just(0.0), between(-2.0, 2.0)];
    (reduction, weight).prop_map(|(reduction, weight)| Params { reduction, weight })
}

/// Everything that a batch gives, as bits, pixel after pixel; a NaN is a NaN.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    totals: Totals,
    loss: u64,
    notices: Notices,
    gradient: Vec<u32>,
    map: Vec<u32>,
}

fn bits(floats: &[f32]) -> Vec<u32> {
    floats.iter().map(|float| if float.is_nan() { u32::MAX } else { float.to_bits() }).collect()
}

fn number(double: f64) -> u64 {
    if double.is_nan() { u64::MAX } else { double.to_bits() }
}

/// What lies between values in outputs, and must stay.
const GAP: f32 = 42.25;

/// The values pixel after pixel; the floats between them are untouched.
fn collect(floats: &[f32], layout: Layout) -> Vec<u32> {
    let mut rest = floats.to_vec();
    let mut values = Vec::new();
    for pixel in 0..layout.n {
        for channel in 0..layout.channels {
            let at = pixel * layout.pixel_stride + channel * layout.channel_stride;
            values.push(rest[at]);
            rest[at] = GAP;
        }
    }
    assert!(rest.iter().all(|float| *float == GAP));
    bits(&values)
}

fn outcome(params: &Params, batch: &Batch, layout: Layout) -> Outcome {
    let a = batch.laid_out(&batch.a, 0, layout);
    let b = batch.laid_out(&batch.b, 0, layout);
    let cube = batch.cube(&a, 0, layout);
    let mut totals = Totals::default();
    totals.update(params, &cube, &b).unwrap();
    let value = totals.loss(params).unwrap();
    let mut gradient = std::vec![GAP; a.len()];
    let notices = totals.gradient(params, &cube, &b, 1.5, Write::Store, &mut gradient).unwrap();
    assert_eq!(notices, value.notices);
    let mut terms = std::vec![GAP; a.len()];
    map(params, &cube, &b, &mut terms).unwrap();

    // The call that does all of it at once gives the same bits.
    let mut at_once = std::vec![GAP; a.len()];
    let mut all = Totals::default();
    let fused =
        loss_and_gradient(params, &cube, &b, 1.5, Write::Store, Some(&mut all), &mut at_once)
            .unwrap();
    assert_eq!((fused.notices, number(fused.value)), (value.notices, number(value.value)));
    assert_eq!((all, bits(&at_once)), (totals, bits(&gradient)));
    Outcome {
        totals,
        loss: number(value.value),
        notices,
        gradient: collect(&gradient, layout),
        map: collect(&terms, layout),
    }
}

fn interleaved(params: &Params, batch: &Batch) -> Outcome {
    outcome(params, batch, Layout::interleaved(batch.n(), batch.channels))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_tier_and_layout_gives_the_same_bits(batch in batch(), params in params()) {
        let mut first = None;
        for_each_tier(|tier| {
            for layout in batch.layouts() {
                let found = outcome(&params, &batch, layout);
                assert_eq!(&found, first.get_or_insert_with(|| found.clone()), "{tier:?} {layout:?}");
            }
        });
    }

    #[test]
    fn any_split_gives_the_same_words(batch in batch(), params in params(), cuts in splits()) {
        let whole = interleaved(&params, &batch);
        let n = batch.n();
        let even = |parts: usize| (0..=parts).map(|part| part * n / parts).collect::<Vec<_>>();
        for ends in [super::ends(&cuts, n), even(1), even(2), even(7), even(64)] {
            let mut one_after_the_other = Totals::default();
            let mut merged = Totals::default();
            for (index, part) in ends.windows(2).enumerate().rev() {
                let size = part[1] - part[0];
                let layout = match index % 2 {
                    0 => Layout::interleaved(size, batch.channels),
                    _ => Layout::planar(size, batch.channels),
                };
                let a = batch.laid_out(&batch.a, part[0], layout);
                let b = batch.laid_out(&batch.b, part[0], layout);
                let cube = batch.cube(&a, part[0], layout);
                one_after_the_other.update(&params, &cube, &b).unwrap();
                let mut alone = Totals::default();
                alone.update(&params, &cube, &b).unwrap();
                merged.merge(&alone);
            }
            prop_assert_eq!(one_after_the_other, whole.totals);
            prop_assert_eq!(merged, whole.totals);
            // The gradient of each part, with the totals of the whole.
            let mut gradient = std::vec![f32::NAN; batch.a.len()];
            for part in ends.windows(2) {
                let layout = Layout::interleaved(part[1] - part[0], batch.channels);
                let (start, end) = (part[0] * batch.channels, part[1] * batch.channels);
                let cube = batch.cube(&batch.a[start..end], part[0], layout);
                let to = &mut gradient[start..end];
                merged
                    .gradient(&params, &cube, &batch.b[start..end], 1.5, Write::Store, to)
                    .unwrap();
            }
            prop_assert_eq!(bits(&gradient), whole.gradient.clone());
        }
    }

    #[test]
    fn a_masked_pixel_is_as_if_it_were_not_there(batch in batch(), params in params()) {
        let found = interleaved(&params, &batch);
        let mut poisoned = batch.clone();
        let mut kept = Batch {
            channels: batch.channels,
            a: Vec::new(),
            b: Vec::new(),
            valid: None,
            weights: batch.weights.as_ref().map(|_| Vec::new()),
        };
        for pixel in 0..batch.n() {
            let values = pixel * batch.channels..(pixel + 1) * batch.channels;
            if batch.valid.as_ref().is_none_or(|valid| valid[pixel] != 0) {
                kept.a.extend(&batch.a[values.clone()]);
                kept.b.extend(&batch.b[values.clone()]);
                if let Some(weights) = &mut kept.weights {
                    weights.push(batch.weight(pixel));
                }
            } else {
                poisoned.a[values.clone()].fill(f32::NAN);
                if let Some(weights) = &mut poisoned.weights {
                    weights[pixel] = f32::NAN;
                }
            }
            if !batch.counts(pixel) {
                prop_assert!(found.gradient[values.clone()].iter().all(|bits| *bits == 0));
                prop_assert!(found.map[values].iter().all(|bits| *bits == 0));
            }
        }
        prop_assert_eq!(&interleaved(&params, &poisoned), &found);
        let without = interleaved(&params, &kept);
        prop_assert_eq!((without.totals, without.loss), (found.totals, found.loss));
    }

    #[test]
    fn terms_and_gradients_are_within_the_bound(batch in batch(), weight in between(-2.0, 2.0)) {
        let params = Params { reduction: Reduction::Sum, weight };
        let found = interleaved(&params, &batch);
        let (mut sum, mut weights) = (ExactSum::default(), ExactSum::default());
        for pixel in (0..batch.n()).filter(|pixel| batch.counts(*pixel)) {
            for at in pixel * batch.channels..(pixel + 1) * batch.channels {
                let term = f32::from_bits(found.map[at]);
                sum.add(term);
                weights.add(batch.weight(pixel));
                let (a, b) = (f64::from(batch.a[at]), f64::from(batch.b[at]));
                let factor = f64::from(weight) * f64::from(batch.weight(pixel));
                if factor == 0.0 {
                    prop_assert_eq!((term, found.gradient[at]), (0.0, 0));
                    continue;
                }
                let gradient = f32::from_bits(found.gradient[at]);
                let pairs = [
                    (term, naive::mse::term(a, b) * factor),
                    (gradient, naive::mse::gradient(a, b) * factor * 1.5),
                ];
                for (found, truth) in pairs {
                    if truth.is_nan() {
                        prop_assert!(found.is_nan());
                    } else if truth.abs() < f64::from(f32::MAX) {
                        let error = ulps(found, truth);
                        prop_assert!(error <= MAX_ULP, "{a} {b}: {found} is {error} ulp off");
                    } else {
                        prop_assert!(found.abs() >= f32::MAX);
                    }
                }
            }
        }
        prop_assert_eq!((sum, weights), (found.totals.sums.loss, found.totals.sums.weights));
        let counting = (0..batch.n()).filter(|pixel| batch.counts(*pixel)).count();
        prop_assert_eq!(found.totals.sums.terms, (counting * batch.channels) as i64);
    }

    #[test]
    fn adding_is_storing_plus_what_was_there(batch in batch(), params in params()) {
        for layout in batch.layouts() {
            let a = batch.laid_out(&batch.a, 0, layout);
            let b = batch.laid_out(&batch.b, 0, layout);
            let cube = batch.cube(&a, 0, layout);
            let mut totals = Totals::default();
            totals.update(&params, &cube, &b).unwrap();
            let before: Vec<f32> = (0..a.len()).map(|i| i as f32 - 3.25).collect();
            let mut stored = std::vec![0.0; a.len()];
            let mut added = before.clone();
            totals.gradient(&params, &cube, &b, -2.0, Write::Store, &mut stored).unwrap();
            totals.gradient(&params, &cube, &b, -2.0, Write::Add, &mut added).unwrap();
            let expected: Vec<f32> = before.iter().zip(&stored).map(|(a, b)| a + b).collect();
            prop_assert_eq!(bits(&added), bits(&expected));
        }
    }

    #[test]
    fn the_gradient_is_the_slope(values in proptest::collection::vec(between(-6.0, 6.0), 6)) {
        let target = [0.5_f32, -1.0, 2.0, 0.25, -4.0, 1.0];
        let weights = [0.5, 2.0, 1.25];
        let layout = Layout::interleaved(3, 2);
        let cube = Cube { values: &values, layout, weights: Some(&weights), ..Cube::default() };
        let params = Params { reduction: Reduction::WeightedMean, weight: 0.7 };
        let loss = |values: &[f64]| -> f64 {
            let terms = values.iter().zip(&target).enumerate().map(|(at, (a, b))| {
                f64::from(weights[at / 2]) * naive::mse::term(*a, f64::from(*b))
            });
            f64::from(0.7_f32) * terms.sum::<f64>() / 7.5
        };
        let mut gradient = [0.0; 6];
        let value =
            loss_and_gradient(&params, &cube, &target, 1.0, Write::Store, None, &mut gradient)
                .unwrap();
        let wide: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
        prop_assert!((value.value - loss(&wide)).abs() <= 1e-7 * value.value);
        for (index, found) in gradient.iter().enumerate() {
            let at = |step: f64| {
                let mut moved = wide.clone();
                moved[index] += step;
                loss(&moved)
            };
            let slope = (at(1e-4) - at(-1e-4)) / 2e-4;
            prop_assert!((f64::from(*found) - slope).abs() < 1e-6 * slope.abs() + 1e-9);
        }
    }
}

fn single(a: f32, b: f32, weight: f32) -> (f64, Notices, f32) {
    let params = Params { weight, ..Params::default() };
    let cube = Cube { values: &[a], layout: Layout::planar(1, 1), ..Cube::default() };
    let mut to = [f32::NAN];
    let value = loss_and_gradient(&params, &cube, &[b], 1.0, Write::Store, None, &mut to).unwrap();
    (value.value, value.notices, to[0])
}

#[test]
fn limits() {
    let inf = f32::INFINITY;
    for_each_tier(|_| {
        for (a, b, slope) in [(inf, 1.0, inf), (1.0, inf, -inf), (-inf, inf, -inf)] {
            assert_eq!(single(a, b, 1.0), (f64::INFINITY, Notices::NOT_FINITE, slope));
        }
        for (a, b) in [(inf, inf), (-inf, -inf), (f32::NAN, 1.0), (1.0, f32::NAN)] {
            let (value, notices, slope) = single(a, b, 1.0);
            assert!(value.is_nan() && slope.is_nan() && notices == Notices::NOT_FINITE);
            assert_eq!(single(a, b, 0.0), (0.0, Notices::NONE, 0.0));
        }
        // A term may overflow; neither the square nor the difference does so on the way.
        assert_eq!(single(1e20, 0.0, 1.0), (f64::INFINITY, Notices::NOT_FINITE, 2e20));
        let small = f64::from(1e-10_f32) * f64::from(1e20_f32) * f64::from(1e20_f32);
        assert_eq!(single(1e20, 0.0, 1e-10).0, f64::from(small as f32));
        let (value, _, slope) = single(3e38, -3e38, 1e-40);
        assert!(value.is_finite() && slope.is_finite() && slope > 0.0);
        // A square that no f32 holds, and a weight that brings it back.
        let tiny = f64::from(1e-30_f32) * f64::from(1e-30_f32) * f64::from(1e30_f32);
        assert_eq!(single(1e-30, 0.0, 1e30).0, f64::from(tiny as f32));
    });
}

#[test]
fn reductions_of_nothing_and_of_no_weight() {
    let of = |reduction| Params { reduction, ..Params::default() };
    let empty = Totals::default();
    let mean = empty.loss(&of(Reduction::Mean)).unwrap();
    assert!(mean.value.is_nan() && mean.notices == Notices::EMPTY);
    let sum = empty.loss(&of(Reduction::Sum)).unwrap();
    assert!(sum.value == 0.0 && sum.notices == Notices::EMPTY);
    assert_eq!(empty.loss(&of(Reduction::None)), Err(Error::NoScalar));
    assert_eq!(map(&of(Reduction::None), &Cube::default(), &[], &mut []), Ok(Notices::EMPTY));

    let cube = Cube {
        values: &[1.0, 2.0],
        layout: Layout::interleaved(1, 2),
        weights: Some(&[0.0]),
        ..Cube::default()
    };
    let mut totals = Totals::default();
    totals.update(&of(Reduction::WeightedMean), &cube, &[0.0, 0.0]).unwrap();
    let value = totals.loss(&of(Reduction::WeightedMean)).unwrap();
    assert!(value.value.is_nan() && value.notices == Notices::DEGENERATE);
    assert_eq!(totals.loss(&of(Reduction::Mean)).unwrap().value, 0.0);
}

#[test]
fn bad_arguments_change_nothing() {
    let (default, mut totals) = (Params::default(), Totals::default());
    let good = Cube { values: &[1.0, 2.0], layout: Layout::planar(1, 2), ..Cube::default() };
    totals.update(&default, &good, &[0.0, 0.0]).unwrap();
    let before = totals;
    for weight in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let params = Params { weight, ..default };
        assert_eq!(totals.update(&params, &good, &[0.0, 0.0]), Err(Error::Weight));
        assert_eq!(totals.loss(&params), Err(Error::Weight));
    }
    assert_eq!(totals.update(&default, &good, &[0.0]), Err(Error::LengthMismatch));
    let short = Cube { valid: Some(&[]), ..good };
    assert_eq!(totals.update(&default, &short, &[0.0, 0.0]), Err(Error::LengthMismatch));
    for channels in [0, MAX_CHANNELS + 1] {
        let cube = Cube { layout: Layout { channels, ..good.layout }, ..good };
        assert_eq!(totals.update(&default, &cube, &[0.0, 0.0]), Err(Error::Channels));
    }
    let layout = Layout { n: 2, channels: 2, pixel_stride: 1, channel_stride: 1 };
    let cube = Cube { values: &[1.0; 4], layout, ..good };
    assert_eq!(totals.update(&default, &cube, &[0.0; 4]), Err(Error::Strides));
    let other = Params { weight: 2.0, ..default };
    assert_eq!(totals.loss(&other), Err(Error::MixedTotals));
    let mut to = [7.0];
    let wrong = totals.gradient(&default, &good, &[0.0, 0.0], 1.0, Write::Store, &mut to);
    assert_eq!((wrong, to), (Err(Error::LengthMismatch), [7.0]));
    assert_eq!(totals, before);
}
