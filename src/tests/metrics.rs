//! The metrics of decisions and of float maps: how they are called, and against plain counting.

use super::harness::batch::{Batch, Order, masks, pixels};
use super::harness::properties::properties;
use super::harness::refusals::bad_inputs_change_nothing;
use super::harness::{Array, Input, Node, Reading, State, outcome, reading, words_in};
use super::{any_float, between};
use crate::error::{Error, Notices, Value};
use crate::input::Pixels;
use crate::metric::confusion::Counts;
use crate::metric::{confusion, detection, pixel_statistics, score_statistics, sum, topk_mean};
use crate::node::range::Range;
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

/// A metric of pixels whose totals have no parameters.
macro_rules! metric {
    ($name:ident, $module:ident, $needed:expr, |$totals:ident| $read:expr $(, $more:item)?) => {
        #[derive(Clone, Copy, Debug)]
        pub(super) struct $name;

        impl Node for $name {
            fn words(&self, _channels: usize) -> usize {
                words_in::<$module::Totals>()
            }

            fn update(&self, input: &Input, state: &mut State) -> Result<(), Error> {
                state.one_mut::<$module::Totals>().update(&input.source())
            }

            fn merge(&self, other: &State, state: &mut State) {
                state.one_mut::<$module::Totals>().merge(other.one());
            }

            fn read(&self, _input: &Input, state: &State) -> Reading {
                let $totals = state.one::<$module::Totals>();
                $read
            }

            fn arrays(&self) -> (&'static [Array], &'static [Array]) {
                ($needed, &[Array::Valid])
            }

            $($more)?
        }
    };
}
pub(super) use metric;

metric!(Confusion, confusion, &[Array::Decisions, Array::Targets], |totals| {
    let values = totals.values()?;
    let ratios = values.map(|(ratios, _)| [ratios.precision, ratios.recall, ratios.f1, ratios.iou]);
    Ok((ratios.concat(), values[0].1 | values[1].1))
});
metric!(PixelStatistics, pixel_statistics, &[Array::Decisions], |totals| reading(totals.percentage()));
metric!(
    Sum,
    sum,
    &[Array::Values],
    |totals| {
        let (value, mean) = (totals.value()?, totals.mean()?);
        Ok((vec![value.value, mean.value], value.notices | mean.notices))
    },
    fn normalize(&self, state: &mut State) {
        state.one_mut::<sum::Totals>().normalize();
    }
);

/// The range has no words: it is what other states have beside them.
#[derive(Clone, Copy, Debug)]
struct Extremes;

impl Node for Extremes {
    fn update(&self, input: &Input, state: &mut State) -> Result<(), Error> {
        state.range.update(&input.source())
    }

    fn merge(&self, other: &State, state: &mut State) {
        state.range.merge(&other.range);
    }

    fn read(&self, _input: &Input, state: &State) -> Reading {
        Ok((state.range.extremes()?.to_vec(), state.range.notices()?))
    }

    fn arrays(&self) -> (&'static [Array], &'static [Array]) {
        (&[Array::Values], &[Array::Valid])
    }
}

fn decisions() -> impl Strategy<Value = Batch> {
    masks(prop_oneof![0_usize..300, 4000_usize..9000])
}

/// A float map with ties, and numbers that are none.
fn floats() -> impl Strategy<Value = Batch> {
    let score = prop_oneof![
        3 => between(-9.0, 9.0),
        1 => any_float(),
        1 => (0_i8..3).prop_map(f32::from),
    ];
    pixels(0_usize..900, score.boxed()).prop_map(|batch| Batch { weights: None, ..batch })
}

mod of_confusion {
    use super::*;
    properties! {
        64 cases of Just(Confusion), with decisions();
        every_tier_and_order_gives_the_same_bits
        every_type_gives_the_bits_of_plain_input
        any_split_gives_the_same_words_and_gradients
        a_masked_pixel_is_as_if_it_were_not_there
    }
}

mod of_pixel_statistics {
    use super::*;
    properties! {
        64 cases of Just(PixelStatistics), with decisions();
        every_tier_and_order_gives_the_same_bits
        every_type_gives_the_bits_of_plain_input
        any_split_gives_the_same_words_and_gradients
        a_masked_pixel_is_as_if_it_were_not_there
    }
}

mod of_sum {
    use super::*;
    properties! {
        64 cases of Just(Sum), with floats();
        every_tier_and_order_gives_the_same_bits
        every_type_gives_the_bits_of_plain_input
        any_split_gives_the_same_words_and_gradients
        a_masked_pixel_is_as_if_it_were_not_there
    }
}

mod of_range {
    use super::*;
    properties! {
        64 cases of Just(Extremes), with floats();
        every_tier_and_order_gives_the_same_bits
        every_type_gives_the_bits_of_plain_input
        any_split_gives_the_same_words_and_gradients
        a_masked_pixel_is_as_if_it_were_not_there
    }
}

#[test]
fn bad_inputs_are_refused() {
    let batch = Batch {
        targets: vec![1, 0, 1],
        decisions: vec![1, 1, 0],
        valid: Some(vec![1, 1, 1]),
        ..Batch::of_scores(vec![0.5, -1.0, 2.0])
    };
    for node in [&Confusion as &dyn Node, &PixelStatistics, &Sum, &Extremes] {
        bad_inputs_change_nothing(node, &batch);
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
    fn confusion_counts(batch in decisions()) {
        let pairs = batch.valid_places().into_iter().map(|i| (batch.decisions[i] != 0, batch.targets[i] != 0));
        let expected = count(pairs);
        let Counts { true_positives: tp, false_positives: fp, false_negatives: missed, .. } = expected;
        let mut whole = *outcome(&Confusion, &batch, Order::Interleaved).state.one::<confusion::Totals>();
        prop_assert_eq!(whole.pixels, expected);
        whole.end_frame();
        prop_assert_eq!(whole.frames, count([(tp + fp > 0, tp + missed > 0)].into_iter()));
        prop_assert_eq!((whole.open_decisions, whole.open_targets), (0, 0));
        let ratios = whole.pixels.ratios();
        let ratio = |a: i64, b: i64| if b == 0 { 0.0 } else { a as f64 / b as f64 };
        prop_assert_eq!(ratios.precision, ratio(tp, tp + fp));
        prop_assert_eq!(ratios.recall, ratio(tp, tp + missed));
        prop_assert_eq!(ratios.f1, ratio(2 * tp, 2 * tp + fp + missed));
        prop_assert_eq!(ratios.iou, ratio(tp, tp + fp + missed));
    }

    #[test]
    fn pixel_statistics_counts(batch in decisions()) {
        let live = batch.valid_places();
        let anomalous = live.iter().filter(|i| batch.decisions[**i] != 0).count() as i64;
        let found = outcome(&PixelStatistics, &batch, Order::Interleaved);
        let totals = found.state.one::<pixel_statistics::Totals>();
        prop_assert_eq!((totals.pixels, totals.anomalous), (live.len() as i64, anomalous));
    }

    #[test]
    fn sum_and_range(batch in floats()) {
        let live: Vec<f32> = batch.valid_places().into_iter().map(|i| batch.values[i]).collect();
        let numbers = || live.iter().copied().filter(|score| !score.is_nan());
        let max = numbers().fold(f32::NEG_INFINITY, f32::max);
        let min = numbers().fold(f32::INFINITY, f32::min);
        let total = *outcome(&Sum, &batch, Order::Interleaved).state.one::<sum::Totals>();
        let extremes = outcome(&Extremes, &batch, Order::Interleaved).state.range;
        prop_assert_eq!(total.pixels, live.len() as i64);
        prop_assert_eq!(extremes.count, numbers().count() as i64);
        prop_assert_eq!(extremes.nan, live.len() as i64 - extremes.count);
        if extremes.count > 0 {
            prop_assert_eq!(extremes.extremes(), Ok([min, max].map(f64::from)));
            prop_assert_eq!(extremes.greatest_count, numbers().filter(|x| *x == max).count() as i64);
            prop_assert_eq!(extremes.least_count, numbers().filter(|x| *x == min).count() as i64);
        } else {
            prop_assert!(extremes.extremes().unwrap().into_iter().all(f64::is_nan));
            prop_assert!(extremes.notices().unwrap().contains(Notices::EMPTY));
        }
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
        let pixels = Pixels { decisions: Some(decisions), targets: Some(targets), ..Pixels::default() };
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
    let plain = Pixels { scores: &scores, targets: Some(&bytes), decisions: Some(&bytes), ..Pixels::default() };
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
    let mut space = vec![0; score_statistics::workspace()];
    for (pixels, expected) in
        [(plain, Ok(true)), (weighted, Err(Error::UnsupportedInput)), (soft, Err(Error::UnsupportedInput))]
    {
        assert_eq!(changes(&pixels, |totals: &mut confusion::Totals, pixels: &Pixels| totals.update(pixels)), expected);
        assert_eq!(
            changes(&pixels, |totals: &mut pixel_statistics::Totals, pixels: &Pixels| totals.update(pixels)),
            expected
        );
        assert_eq!(changes(&pixels, |totals: &mut sum::Totals, pixels: &Pixels| totals.update(pixels)), expected);
        assert_eq!(changes(&pixels, |totals: &mut Range, pixels: &Pixels| totals.update(pixels)), expected);
        assert_eq!(
            changes(&pixels, |totals: &mut score_statistics::Totals, pixels: &Pixels| totals.update(pixels)),
            expected
        );
        let lines = |totals: &mut detection::Totals, pixels: &Pixels| totals.update(&params, pixels, None);
        assert_eq!(changes(&pixels, lines), expected);
        let frames = |totals: &mut detection::Totals, pixels: &Pixels| totals.update_frame(&params, pixels, None);
        assert_eq!(changes(&pixels, frames), expected);
        let said = topk_mean::value(&pixels, 1.0, &mut space).map(|_| true);
        assert_eq!(said, expected);
        assert_eq!(score_statistics::frame(&pixels, &mut space).map(|_| true), expected);
    }
}
