//! The metrics against plain counting, on every tier and for any split.

use super::{any_float, between, ends, for_each_tier, splits};
use crate::error::{Error, Notices, Value};
use crate::input::Pixels;
use crate::metric::confusion::Counts;
use crate::metric::{confusion, detection, pixel_statistics, score_statistics, sum, topk_mean};
use crate::node::range::Range;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

pub(super) fn bytes(n: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(prop_oneof![3 => Just(0_u8), 1 => Just(1), 1 => any::<u8>()], n)
}

type Masks = (Vec<u8>, Vec<u8>, Option<Vec<u8>>);

fn masks() -> impl Strategy<Value = Masks> {
    prop_oneof![0_usize..300, 4000_usize..9000]
        .prop_flat_map(|n| (bytes(n), bytes(n), proptest::option::of(bytes(n))))
}

fn pixels((decisions, targets, valid): &Masks, start: usize, end: usize) -> Pixels<'_> {
    Pixels {
        decisions: Some(&decisions[start..end]),
        targets: Some(&targets[start..end]),
        valid: valid.as_ref().map(|valid| &valid[start..end]),
        ..Pixels::default()
    }
}

/// TP, FP, FN, TN by the book.
fn count(items: impl Iterator<Item = (bool, bool)>) -> Counts {
    let mut counts = Counts::default();
    for item in items {
        *match item {
            (true, true) => &mut counts.true_positives,
            (true, false) => &mut counts.false_positives,
            (false, true) => &mut counts.false_negatives,
            (false, false) => &mut counts.true_negatives,
        } += 1;
    }
    counts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn confusion_counts(masks in masks(), cuts in splits()) {
        let n = masks.0.len();
        let live = |i: &usize| masks.2.as_ref().is_none_or(|valid| valid[*i] != 0);
        let pairs = (0..n).filter(live).map(|i| (masks.0[i] != 0, masks.1[i] != 0));
        let expected = count(pairs);
        let Counts { true_positives: tp, false_positives: fp, false_negatives: missed, .. } = expected;
        let mut first: Option<confusion::Totals> = None;
        for_each_tier(|_| {
            let mut whole = confusion::Totals::default();
            whole.update(&pixels(&masks, 0, n)).unwrap();
            let mut parts = confusion::Totals::default();
            for part in ends(&cuts, n).windows(2) {
                let mut alone = confusion::Totals::default();
                alone.update(&pixels(&masks, part[0], part[1])).unwrap();
                parts.merge(&alone);
            }
            assert_eq!(whole, parts);
            assert_eq!(*first.get_or_insert(whole), whole);
            assert_eq!(whole.pixels, expected);
            whole.end_frame();
            assert_eq!(whole.frames, count([(tp + fp > 0, tp + missed > 0)].into_iter()));
            assert_eq!((whole.open_decisions, whole.open_targets), (0, 0));
        });
        let ratios = first.unwrap().pixels.ratios();
        let ratio = |a: i64, b: i64| if b == 0 { 0.0 } else { a as f64 / b as f64 };
        prop_assert_eq!(ratios.precision, ratio(tp, tp + fp));
        prop_assert_eq!(ratios.recall, ratio(tp, tp + missed));
        prop_assert_eq!(ratios.f1, ratio(2 * tp, 2 * tp + fp + missed));
        prop_assert_eq!(ratios.iou, ratio(tp, tp + fp + missed));
    }

    #[test]
    fn pixel_statistics_counts(masks in masks(), cuts in splits()) {
        let n = masks.0.len();
        let live = |i: &usize| masks.2.as_ref().is_none_or(|valid| valid[*i] != 0);
        let anomalous = (0..n).filter(live).filter(|i| masks.0[*i] != 0).count() as i64;
        let total = (0..n).filter(live).count() as i64;
        for_each_tier(|tier| {
            let of = |start, end| {
                let mut totals = pixel_statistics::Totals::default();
                totals.update(&pixels(&masks, start, end)).unwrap();
                totals
            };
            let totals = of(0, n);
            assert_eq!((totals.pixels, totals.anomalous), (total, anomalous));
            let (mut merged, mut added) = (pixel_statistics::Totals::default(), totals);
            for part in ends(&cuts, n).windows(2).rev() {
                let part = of(part[0], part[1]);
                merged.merge(&part);
                added.pixels -= part.pixels;
                added.anomalous -= part.anomalous;
            }
            assert_eq!(merged, totals, "{tier:?}");
            assert_eq!(added, pixel_statistics::Totals::default(), "{tier:?}");
        });
    }

    #[test]
    fn sum_and_range(
        scores in proptest::collection::vec(prop_oneof![3 => between(-9.0, 9.0), 1 => any_float(), 1 => (0_i8..3).prop_map(f32::from)], 0..900),
        masked in any::<bool>(),
        cuts in splits(),
    ) {
        let n = scores.len();
        let valid: Vec<u8> = (0..n).map(|i| u8::from(!masked || i % 3 != 0)).collect();
        let live: Vec<f32> = (0..n).filter(|i| valid[*i] != 0).map(|i| scores[i]).collect();
        let part = |start: usize, end: usize| Pixels {
            scores: &scores[start..end],
            valid: masked.then_some(&valid[start..end]),
            ..Pixels::default()
        };
        let numbers = || live.iter().copied().filter(|score| !score.is_nan());
        let max = numbers().fold(f32::NEG_INFINITY, f32::max);
        let min = numbers().fold(f32::INFINITY, f32::min);
        let mut first = None;
        for_each_tier(|tier| {
            let (mut total, mut extremes) = (sum::Totals::default(), Range::default());
            total.update(&part(0, n)).unwrap();
            extremes.update(&part(0, n)).unwrap();
            let (mut parts, mut joined) = (sum::Totals::default(), Range::default());
            for ends in ends(&cuts, n).windows(2).rev() {
                parts.update(&part(ends[0], ends[1])).unwrap();
                let mut alone = Range::default();
                alone.update(&part(ends[0], ends[1])).unwrap();
                joined.merge(&alone);
            }
            assert_eq!((total, extremes), (parts, joined), "{tier:?}");
            assert_eq!(*first.get_or_insert((total, extremes)), (total, extremes));
            assert_eq!(total.pixels, live.len() as i64);
            assert_eq!(extremes.count, numbers().count() as i64);
            assert_eq!(extremes.nan, live.len() as i64 - extremes.count);
            if extremes.count > 0 {
                assert_eq!(extremes.extremes(), Ok([min, max].map(f64::from)));
                assert_eq!(extremes.greatest_count, numbers().filter(|x| *x == max).count() as i64);
                assert_eq!(extremes.least_count, numbers().filter(|x| *x == min).count() as i64);
            } else {
                assert!(extremes.extremes().unwrap().into_iter().all(f64::is_nan));
                assert!(extremes.notices().unwrap().contains(Notices::EMPTY));
            }
        });
    }
}

/// Twice the hits are above 2^63, the counts are not.
#[test]
fn ratios_hold_for_any_counts() {
    let of = |bits: [i64; 3]| {
        let [true_positives, false_positives, false_negatives] = bits.map(|count| count << 60);
        Counts { true_positives, false_positives, false_negatives, true_negatives: 0 }.ratios()
    };
    let found = of([3, 4, 0]);
    assert_eq!([found.f1, found.iou], [0.6, 3.0 / 7.0]);
    assert_eq!([found.precision, found.recall], [3.0 / 7.0, 1.0]);
    let found = of([6, 0, 1]);
    assert_eq!([found.f1, found.iou], [12.0 / 13.0, 6.0 / 7.0]);
    let found = of([5, 1, 1]);
    assert_eq!([found.f1, found.recall], [10.0 / 12.0, 5.0 / 6.0]);
}

#[test]
fn undefined_ratios_are_zero_with_a_notice() {
    let values = |decisions: &[u8], targets: &[u8]| {
        let mut totals = confusion::Totals::default();
        let pixels =
            Pixels { decisions: Some(decisions), targets: Some(targets), ..Pixels::default() };
        totals.update(&pixels).unwrap();
        (totals.pixels.ratios(), totals.pixels.notices())
    };
    let (ratios, notices) = values(&[], &[]);
    assert_eq!(ratios, confusion::Ratios::default());
    let nothing = Notices::EMPTY | Notices::NO_POSITIVES | Notices::NO_NEGATIVES;
    assert_eq!(notices, nothing | Notices::NO_DECISIONS);
    let (ratios, notices) = values(&[0, 0], &[0, 0]);
    assert_eq!(ratios, confusion::Ratios::default());
    assert_eq!(notices, Notices::NO_POSITIVES | Notices::NO_DECISIONS);
    let (ratios, notices) = values(&[1, 0], &[1, 1]);
    assert_eq!((ratios.precision, ratios.recall), (1.0, 0.5));
    assert_eq!(notices, Notices::NO_NEGATIVES);
    let nothing = Value { value: 0.0, notices: Notices::EMPTY };
    assert_eq!(pixel_statistics::Totals::default().percentage(), Ok(nothing));
}

#[test]
fn percentages_of_frames_are_a_float_map() {
    // One frame in four is dark: pooled 25 %, but from 0 to 100 by frame.
    let frames: [&[u8]; 4] = [&[0; 8], &[0; 8], &[1; 8], &[0; 8]];
    let (mut stream, mut range) = (pixel_statistics::Totals::default(), Range::default());
    let mut statistics = score_statistics::Totals::default();
    for decisions in frames {
        let mut frame = pixel_statistics::Totals::default();
        frame.update(&Pixels { decisions: Some(decisions), ..Pixels::default() }).unwrap();
        let map = [frame.percentage().unwrap().value as f32];
        let map = Pixels { scores: &map, ..Pixels::default() };
        range.update(&map).unwrap();
        statistics.update(&map).unwrap();
        stream.merge(&frame);
    }
    assert_eq!(range.extremes(), Ok([0.0, 100.0]));
    let value = |value: Result<Value, Error>| value.unwrap().value;
    let [mean, std] = [statistics.mean(), statistics.std()].map(value);
    assert_eq!((value(stream.percentage()), mean, std), (25.0, 25.0, 50.0));
}

/// What would change a number is not ignored; what is merely not needed is.
#[test]
fn weights_and_soft_targets_are_refused() {
    let (scores, bytes) = ([1.0, 2.0], [1, 0]);
    let plain = Pixels {
        scores: &scores,
        targets: Some(&bytes),
        decisions: Some(&bytes),
        ..Pixels::default()
    };
    let weighted = Pixels { weights: Some(&scores), ..plain };
    let soft = Pixels { soft_targets: Some(&scores), ..plain };
    fn changes<T: Default + PartialEq>(
        pixels: &Pixels,
        update: impl Fn(&mut T, &Pixels) -> Result<(), Error>,
    ) -> Result<bool, Error> {
        let mut totals = T::default();
        let result = update(&mut totals, pixels);
        let changed = totals != T::default();
        assert!(result.is_ok() || !changed);
        result.map(|()| changed)
    }
    let params = detection::Params::default();
    let frame = detection::Frame { rows: 1, columns: 2, pitch: 2 };
    let mut space = vec![0; score_statistics::workspace()];
    for (pixels, expected) in [
        (plain, Ok(true)),
        (weighted, Err(Error::UnsupportedInput)),
        (soft, Err(Error::UnsupportedInput)),
    ] {
        assert_eq!(changes(&pixels, confusion::Totals::update), expected);
        assert_eq!(changes(&pixels, pixel_statistics::Totals::update), expected);
        assert_eq!(changes(&pixels, sum::Totals::update), expected);
        assert_eq!(changes(&pixels, Range::update), expected);
        assert_eq!(changes(&pixels, score_statistics::Totals::update), expected);
        let lines =
            |totals: &mut detection::Totals, pixels: &Pixels| totals.update(&params, pixels, None);
        assert_eq!(changes(&pixels, lines), expected);
        let frames = |totals: &mut detection::Totals, pixels: &Pixels| {
            totals.update_frame(&params, pixels, frame, None)
        };
        assert_eq!(changes(&pixels, frames), expected);
        let said = topk_mean::value(&pixels, 1.0, &mut space).map(|_| true);
        assert_eq!(said, expected);
        assert_eq!(score_statistics::frame(&pixels, &mut space).map(|_| true), expected);
    }
}
