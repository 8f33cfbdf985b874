//! Statistics of float maps and the mean of the greatest scores: against the definitions, and at the edges.

use super::harness::batch::{Batch, number, pixels as batches};
use super::harness::properties::properties;
use super::harness::refusals::bad_inputs_change_nothing;
use super::harness::{Array, Input, Node, Reading, State, words_in};
use super::metrics::metric;
use super::naive::scores as naive;
use super::{any_float, between, for_each_tier};
use crate::error::{Error, Notices};
use crate::input::Pixels;
use crate::metric::ranking::{self, Binning, Rule, table_words};
use crate::metric::score_statistics::{self, Report, Totals, frame};
use crate::metric::topk_mean;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

fn pixels<'a>(scores: &'a [f32], valid: Option<&'a [u8]>) -> Pixels<'a> {
    Pixels { scores, valid, ..Pixels::default() }
}

fn statistics(pixels: &Pixels) -> (Report, Notices) {
    let mut space = vec![0x5a5a_5a5a; score_statistics::workspace()];
    frame(pixels, &mut space).unwrap()
}

fn topk(scores: &[f32], fraction: f64) -> (f64, Notices) {
    let mut space = vec![0x5a5a_5a5a; topk_mean::workspace()];
    let value = topk_mean::value(&pixels(scores, None), fraction, &mut space).unwrap();
    (value.value, value.notices)
}

/// NaN is equal to NaN, and -0 is not +0.
fn text(report: &Report) -> std::string::String {
    std::format!("{report:?}")
}

fn close(found: f64, truth: f64, size: f64) -> bool {
    found == truth || (found - truth).abs() <= 1e-12 * truth.abs().max(size)
}

/// Finite scores of several distributions, with ties.
fn scores(longest: usize) -> impl Strategy<Value = Vec<f32>> {
    (0_u8..4, 1..longest).prop_flat_map(|(kind, n)| {
        let score = match kind {
            0 => between(-6.0, 6.0).boxed(),
            1 => (-8_i32..8).prop_map(|step| step as f32 * 0.5).boxed(),
            2 => between(9999.0, 10001.0).boxed(),
            _ => any_float().prop_filter("finite", |float| float.is_finite()).boxed(),
        };
        proptest::collection::vec(score, n)
    })
}

metric!(
    ScoreStatistics,
    score_statistics,
    &[Array::Values],
    |totals| {
        let (mean, std) = (totals.mean()?, totals.std()?);
        Ok((vec![mean.value, std.value], mean.notices | std.notices))
    },
    fn normalize(&self, state: &mut State) {
        state.one_mut::<Totals>().normalize();
    }
);

fn any_batch() -> impl Strategy<Value = Batch> {
    batches(0_usize..300, any_float()).prop_map(|batch| Batch { weights: None, ..batch })
}

properties! {
    256 cases of Just(ScoreStatistics), with any_batch();
    every_tier_and_order_gives_the_same_bits
    every_type_gives_the_bits_of_plain_input
    any_split_gives_the_same_words_and_gradients
    a_masked_pixel_is_as_if_it_were_not_there
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn statistics_are_those_of_the_definitions(scores in scores(300)) {
        let (found, notices) = statistics(&pixels(&scores, None));
        let size = scores.iter().fold(0.0_f64, |size, score| size.max(f64::from(score.abs())));
        let n = scores.len() as f64;
        prop_assert!(close(found.mean, naive::mean(&scores), size));
        prop_assert_eq!(found.std.is_nan(), scores.len() == 1);
        // The oracle rounds its mean.
        prop_assert!(found.std.is_nan() || (found.std - naive::std(&scores)).abs() <= 1e-13 * n * size);
        prop_assert_eq!(found.median, naive::median(&scores));
        prop_assert_eq!(found.min, naive::quantile(&scores, 0.0));
        prop_assert_eq!(found.max, naive::quantile(&scores, 1.0));
        for (found, q) in [(found.q25, 0.25), (found.q75, 0.75), (found.q95, 0.95), (found.q99, 0.99)] {
            prop_assert_eq!(found, naive::quantile(&scores, q));
        }
        prop_assert_eq!(notices, Notices::DEGENERATE.when(scores.len() == 1));
        prop_assert_eq!((found.pixels, found.nan, found.infinite, found.masked), (scores.len() as i64, 0, 0, 0));
    }

    #[test]
    fn the_greatest_scores_have_their_mean(scores in scores(300), fraction in between(1e-4, 1.0)) {
        let size = scores.iter().fold(0.0_f64, |size, score| size.max(f64::from(score.abs())));
        for fraction in [f64::from(fraction), 0.001, 0.01, 1.0] {
            let (found, notices) = topk(&scores, fraction);
            prop_assert!(close(found, naive::topk_mean(&scores, fraction), size));
            prop_assert_eq!(notices, Notices::NONE);
        }
    }

    #[test]
    fn masks_and_order_change_nothing(
        scores in scores(200),
        fraction in between(1e-3, 1.0),
        turn in any::<prop::sample::Index>(),
    ) {
        let expected = statistics(&pixels(&scores, None));
        let (mean, _) = topk(&scores, fraction.into());
        let mut masked: Vec<(f32, u8)> = scores.iter().map(|score| (*score, 255)).collect();
        masked.extend([(f32::NAN, 0), (f32::INFINITY, 0), (1e38, 0)]);
        masked.rotate_left(turn.index(scores.len()));
        let (values, valid): (Vec<f32>, Vec<u8>) = masked.into_iter().unzip();
        let given = pixels(&values, Some(&valid));
        let (found, notices) = statistics(&given);
        prop_assert_eq!(text(&Report { masked: 3, ..expected.0 }), text(&found));
        prop_assert_eq!(notices, expected.1);
        let mut space = vec![1; topk_mean::workspace()];
        prop_assert_eq!(topk_mean::value(&given, fraction.into(), &mut space).unwrap().value, mean);
    }

    #[test]
    fn every_tier_says_the_same_of_a_frame(scores in proptest::collection::vec(any_float(), 0..300)) {
        let mut expected = None;
        for_each_tier(|tier| {
            let (report, notices) = statistics(&pixels(&scores, None));
            let found = (text(&report), notices, number(topk(&scores, 0.1).0));
            let expected = expected.get_or_insert_with(|| found.clone());
            assert_eq!(&found, expected, "{tier:?}");
        });
    }

    #[test]
    fn histograms_bracket_the_quantiles(scores in scores(300)) {
        let rule = Rule::Key { bits: 16 };
        let mut table = vec![0; table_words(rule).unwrap()];
        let binning = Binning::new(rule, &mut table).unwrap();
        let mut words = vec![0; ranking::words(&binning)];
        ranking::update(&binning, &pixels(&scores, None), &mut words).unwrap();
        let (found, _) = statistics(&pixels(&scores, None));
        let ([low, high], _) = ranking::quantile(&binning, &words, 0.5).unwrap();
        prop_assert!(low <= found.median && found.median < high);
        for (value, q) in [(found.q25, 0.25), (found.q95, 0.95)] {
            let ([low, _], _) = ranking::quantile(&binning, &words, q).unwrap();
            prop_assert!(low <= value);
        }
    }
}

#[test]
fn a_large_offset_costs_no_digits() {
    // 1e8 + (0, 8, 16, ...) is exact in float32: the deviation is that of the steps.
    let scores: Vec<f32> = (0..1000).map(|step| 1e8 + 8.0 * (step % 10) as f32).collect();
    let steps: Vec<f32> = (0..1000).map(|step| 8.0 * (step % 10) as f32).collect();
    let (found, _) = statistics(&pixels(&scores, None));
    assert!((found.std - naive::std(&steps)).abs() < 1e-14 * found.std);
    // Equal scores have a deviation of exactly 0; squares beyond float32 and below its least do not matter.
    for value in [0.1, 1e38, 1e-45, -3e-30] {
        let (found, _) = statistics(&pixels(&[value; 77], None));
        assert_eq!((found.std, found.mean), (0.0, f64::from(value)));
        let (found, _) = statistics(&pixels(&[value, -value], None));
        let truth = f64::from(value).abs() * 2.0_f64.sqrt();
        assert!((found.std - truth).abs() <= 1e-15 * truth);
    }
}

#[test]
fn many_scores() {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32
    };
    let scores: Vec<f32> = (0..200_003).map(|_| (next() + next() - 1.0) * 8.0).collect();
    let (found, _) = statistics(&pixels(&scores, None));
    assert_eq!(found.median, naive::median(&scores));
    assert_eq!(found.q99, naive::quantile(&scores, 0.99));
    assert!((found.std - naive::std(&scores)).abs() < 1e-12);
    let (mean, _) = topk(&scores, 0.001);
    assert!((mean - naive::topk_mean(&scores, 0.001)).abs() < 1e-13);
}

#[test]
fn statistics_at_the_edges() {
    let nan = f32::NAN;
    let (none, notices) = statistics(&pixels(&[], None));
    assert_eq!(notices, Notices::EMPTY);
    let all = |report: &Report| report.metrics().map(|metric| metric.value);
    assert!(all(&none).iter().all(|value| value.is_nan()) && none.pixels == 0);
    let (masked, notices) = statistics(&pixels(&[1.0], Some(&[0])));
    assert_eq!((notices, masked.masked), (Notices::EMPTY, 1));

    let (one, notices) = statistics(&pixels(&[2.5], None));
    assert_eq!(notices, Notices::DEGENERATE);
    assert!(one.std.is_nan());
    assert!(all(&one).iter().filter(|value| **value == 2.5).count() == 8);
    let of_std = one.metrics().map(|metric| metric.notices);
    assert_eq!(of_std[1], Notices::DEGENERATE);
    assert_eq!(of_std[0], Notices::NONE);

    // The lower median, where the quantile of one half would lie between.
    let (four, notices) = statistics(&pixels(&[4.0, 1.0, 3.0, 2.0], None));
    assert_eq!((four.median, four.q25, four.q75, notices), (2.0, 1.75, 3.25, Notices::NONE));

    // NaN: sums are NaN, what has an order is of the numbers.
    let (some, notices) = statistics(&pixels(&[nan, 1.0, 2.0, nan, 3.0], None));
    assert_eq!(notices, Notices::NOT_FINITE);
    assert!(some.mean.is_nan() && some.std.is_nan());
    assert_eq!((some.min, some.median, some.max, some.nan), (1.0, 2.0, 3.0, 2));
    let (only, notices) = statistics(&pixels(&[nan], None));
    assert!(all(&only).iter().all(|value| value.is_nan()));
    assert_eq!(notices, Notices::NOT_FINITE | Notices::DEGENERATE);
    assert_eq!(only.metrics()[0].notices, Notices::NOT_FINITE);

    let infinity = f32::INFINITY;
    let (ends, notices) = statistics(&pixels(&[infinity, infinity, 0.0, 1.0, 2.0], None));
    assert_eq!(notices, Notices::NOT_FINITE);
    assert_eq!((ends.mean, ends.max, ends.median, ends.q99), (f64::INFINITY, f64::INFINITY, 2.0, f64::INFINITY));
    assert!(ends.std.is_nan() && ends.infinite == 2 && ends.q25 == 1.0);

    // Between minus infinity and a number lies minus infinity; between both infinities nothing.
    let (low, _) = statistics(&pixels(&[-infinity, 1.0], None));
    assert_eq!((low.min, low.q25, low.q99, low.max), (-f64::INFINITY, -f64::INFINITY, -f64::INFINITY, 1.0));
    let (both, _) = statistics(&pixels(&[-infinity, infinity], None));
    assert!(both.q25.is_nan() && both.median == -f64::INFINITY && both.max == f64::INFINITY);

    // -0 and +0 are one score.
    let (zeros, _) = statistics(&pixels(&[-0.0, 0.0, -0.0], None));
    assert!(zeros.max == 0.0 && zeros.min == 0.0 && zeros.std == 0.0);
}

#[test]
fn the_greatest_scores_at_the_edges() {
    let nan = f32::NAN;
    let (none, notices) = topk(&[], 0.5);
    assert!(none.is_nan() && notices == Notices::EMPTY);
    let (some, notices) = topk(&[nan, 1.0], 0.5);
    assert!(some.is_nan() && notices == Notices::NOT_FINITE);
    assert_eq!(topk(&[f32::INFINITY, 1.0], 0.5), (f64::INFINITY, Notices::NOT_FINITE));
    assert_eq!(topk(&[f32::NEG_INFINITY, 1.0], 0.5), (1.0, Notices::NONE));
    assert_eq!(topk(&[f32::NEG_INFINITY, 1.0], 1.0).0, f64::NEG_INFINITY);
    // One at least; all at most; ties share.
    assert_eq!(topk(&[3.0, 7.0], 1e-9).0, 7.0);
    assert_eq!(topk(&[3.0, 7.0, 5.0], 1.0).0, 5.0);
    assert_eq!(topk(&[1.0, 1.0, 1.0, 9.0], 0.75).0, 11.0 / 3.0);
    assert_eq!(topk(&[-0.0, 0.0, -1.0], 0.6).0, 0.0);
    // 0.07 * 100 is a little above 7 as a double, and 7 as a float.
    let hundred: Vec<f32> = (0..100).map(|score| score as f32).collect();
    assert!(std::hint::black_box(0.07) * 100.0 > 7.0);
    assert_eq!(topk(&hundred, 0.07).0, 96.0);
    assert_eq!(topk(&hundred, 0.071).0, 95.5);
}

#[test]
fn bad_arguments_change_nothing() {
    let given = pixels(&[1.0, 2.0], None);
    let refused = |pixels: &Pixels, fraction: f64, missing: usize, error: Error| {
        let mut space = vec![7; topk_mean::workspace() - missing];
        assert_eq!(topk_mean::value(pixels, fraction, &mut space).unwrap_err(), error);
        assert!(space.iter().all(|word| *word == 7));
        if error != Error::Fraction {
            let mut space = vec![7; score_statistics::workspace() - missing];
            assert_eq!(frame(pixels, &mut space).unwrap_err(), error);
            assert!(space.iter().all(|word| *word == 7));
        }
    };
    for fraction in [0.0, -0.1, 1.0 + 1e-15, f64::NAN, f64::INFINITY] {
        refused(&given, fraction, 0, Error::Fraction);
    }
    refused(&given, 0.5, 1, Error::Workspace);
    refused(&given, 0.5, topk_mean::workspace(), Error::Workspace);
    let longer = pixels(&[1.0, 2.0], Some(&[1]));
    refused(&longer, 0.5, 0, Error::LengthMismatch);
    let batch = Batch { valid: Some(vec![1, 1]), ..Batch::of_scores(vec![1.0, 2.0]) };
    bad_inputs_change_nothing(&ScoreStatistics, &batch);
}
