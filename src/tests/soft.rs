//! Binary cross-entropy with soft targets and label smoothing. (How it is called, and its oracle: `bce.rs`.)

use super::harness::batch::{Batch, Order, pixels, with_soft_targets};
use super::harness::oracle::terms_and_slopes_are_within_the_bound;
use super::harness::properties::properties;
use super::harness::refusals::bad_inputs_change_nothing;
use super::harness::{Outcome, outcome};
use super::{any_float, between, for_each_tier};
use crate::error::Notices;
use crate::loss::bce::{Params, Totals};
use crate::node::reduction::Reduction;
use proptest::prelude::*;
use std::vec::Vec;

fn batch() -> impl Strategy<Value = Batch> {
    let score = prop_oneof![6 => between(-8.0, 8.0), 1 => between(-80.0, 80.0), 1 => any_float()];
    let target = prop_oneof![6 => between(0.0, 1.0), 2 => Just(0.0), 2 => Just(1.0), 1 => any_float()];
    with_soft_targets(pixels(0_usize..300, score), target)
}

fn params() -> impl Strategy<Value = Params> {
    let smoothing = prop_oneof![Just(0.0_f32), Just(1.0), between(0.0, 0.5), between(-30.0, 0.0).prop_map(f32::exp2)];
    (between(-2.0, 2.0), prop_oneof![Just(1.0_f32), Just(0.0), between(0.0, 20.0)], smoothing).prop_map(
        |(weight, pos_weight, label_smoothing)| Params {
            reduction: Reduction::Sum,
            weight,
            pos_weight,
            label_smoothing,
        },
    )
}

properties! {
    96 cases of params(), with batch();
    every_tier_and_order_gives_the_same_bits
    every_type_gives_the_bits_of_plain_input
    any_split_gives_the_same_words_and_gradients
    a_masked_pixel_is_as_if_it_were_not_there
    weight_0_switches_off
    adding_is_storing_plus_what_was_there
    the_sum_is_that_of_the_map
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn terms_and_slopes_are_within_the_bound_of_soft_targets(batch in batch(), params in params()) {
        terms_and_slopes_are_within_the_bound(&params, &Batch { weights: None, ..batch });
    }

    #[test]
    fn bad_targets_are_counted(batch in batch(), params in params()) {
        let batch = Batch { weights: None, ..batch };
        let bad = (0..batch.n).filter(|pixel| batch.valid(*pixel) && !batch.counts(*pixel));
        let found = outcome(&params, &batch, Order::Interleaved);
        prop_assert_eq!(found.state.one::<Totals>().sums.rejected, bad.count() as i64);
    }

    #[test]
    fn hard_targets_as_soft_ones_are_the_same_to_rounding(
        scores in proptest::collection::vec(between(-20.0, 20.0), 1..100),
    ) {
        let hard: Vec<u8> = (0..scores.len()).map(|index| u8::from(index % 4 == 1)).collect();
        let soft: Vec<f32> = hard.iter().map(|target| f32::from(*target)).collect();
        let params = Params { pos_weight: 3.0, ..Params::default() };
        let of_hard = Batch { targets: hard, ..Batch::of_scores(scores.clone()) };
        prop_assert_eq!(of(&params, &of_hard), of(&params, &softly(&scores, &soft)));
    }
}

fn softly(scores: &[f32], targets: &[f32]) -> Batch {
    Batch { soft_targets: Some(targets.to_vec()), ..Batch::of_scores(scores.to_vec()) }
}

fn of(params: &Params, batch: &Batch) -> Outcome {
    outcome(params, batch, Order::Interleaved)
}

fn loss(found: &Outcome) -> f64 {
    f64::from_bits(found.numbers[0])
}

#[test]
fn smoothing_is_a_soft_target() {
    let scores = [0.5, -2.0, 3.0, 0.25];
    let smoothed = Params { label_smoothing: 0.25, ..Params::default() };
    let hard = Batch { targets: std::vec![1, 0, 255, 0], ..Batch::of_scores(scores.to_vec()) };
    let soft = softly(&scores, &[0.875, 0.125, 0.875, 0.125]);
    let (a, b) = (of(&smoothed, &hard), of(&Params::default(), &soft));
    assert_eq!((&a.numbers, a.notices), (&b.numbers, b.notices));
    assert_eq!((a.gradient, a.map), (b.gradient, b.map));
}

#[test]
fn a_little_smoothing_is_not_lost() {
    // The term of a confident pixel that is right is nearly all e/2 times the logit.
    for_each_tier(|tier| {
        for smoothing in [1e-4_f32, 1e-6, 1e-7] {
            let params = Params { reduction: Reduction::Sum, label_smoothing: smoothing, ..Params::default() };
            let batch = Batch { targets: std::vec![1], ..Batch::of_scores(std::vec![30.0]) };
            let truth = 0.5 * f64::from(smoothing) * 30.0 + (-30.0_f64).exp();
            let error = (loss(&of(&params, &batch)) / truth - 1.0).abs();
            assert!(error < 1e-6, "{tier:?} {smoothing}: {error}");
        }
    });
}

#[test]
fn masks_and_weights_go_before_bad_targets() {
    let nan = f32::NAN;
    let batch = Batch {
        valid: Some(std::vec![1, 0, 255, 1, 1, 1]),
        weights: Some(std::vec![2.0, 1.0, 0.5, 1.0, 0.0, -1.0]),
        ..softly(&[1.0, nan, 2.0, nan, -1.0, nan], &[0.25, nan, 0.5, 1.5, -0.0, 0.5])
    };
    let counted = Batch { weights: Some(std::vec![2.0, 0.5, 0.0]), ..softly(&[1.0, 2.0, -1.0], &[0.25, 0.5, 0.0]) };
    for reduction in [Reduction::Mean, Reduction::WeightedMean, Reduction::Sum] {
        let params = Params { reduction, label_smoothing: 0.1, ..Params::default() };
        for_each_tier(|tier| {
            let (found, kept) = (of(&params, &batch), of(&params, &counted));
            assert_eq!((&found.numbers, found.notices), (&kept.numbers, Notices::REJECTED), "{tier:?}");
            // A masked pixel is not rejected, whatever its target.
            let mut totals = *found.state.one::<Totals>();
            assert_eq!((totals.sums.term_count, totals.sums.rejected), (3, 2));
            totals.sums.rejected = 0;
            assert_eq!(&totals, kept.state.one());
            let at = |list: &[u32], places: [usize; 3]| places.map(|place| list[place]);
            assert_eq!(at(&found.gradient, [0, 2, 4]), at(&kept.gradient, [0, 1, 2]));
            assert_eq!(at(&found.gradient, [1, 3, 5]), [0; 3]);
            assert_eq!(at(&found.map, [1, 3, 5]), [0; 3]);
        });
    }
}

#[test]
fn limits() {
    let run = |score: f32, target: f32| {
        let found = of(&Params::default(), &softly(&[score], &[target]));
        (loss(&found), f32::from_bits(found.gradient[0]))
    };
    let inf = f32::INFINITY;
    assert_eq!(run(inf, 1.0), (0.0, 0.0));
    assert_eq!(run(-inf, 0.0), (0.0, 0.0));
    assert_eq!(run(inf, 0.5), (f64::INFINITY, 0.75));
    assert_eq!(run(-inf, 0.5), (f64::INFINITY, -0.75));
    // A NaN logit is NaN for as long as any part is on.
    assert!(run(f32::NAN, 0.5).1.is_nan());
}

#[test]
fn bad_arguments_change_nothing() {
    let batch = Batch {
        targets: std::vec![0, 1],
        valid: Some(std::vec![1, 1]),
        weights: Some(std::vec![1.0, 1.0]),
        ..softly(&[1.0, -2.0], &[0.25, 0.5])
    };
    bad_inputs_change_nothing(&Params::default(), &batch);
}
