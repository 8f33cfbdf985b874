//! What IoU and Tversky share: bits between tiers, splits, masks, the oracle, slopes, shifts.

use super::naive::overlap::{self as naive, Pixel};
use super::{any_float, between, for_each_tier, splits};
use crate::error::Notices;
use crate::loss::Write;
use crate::loss::overlap::{
    Boundary, EmptyTarget, Formula, Normalization, Totals, loss_and_gradient,
};
use crate::loss::{iou, tversky};
use crate::metric::range::Range;
use crate::pixels::Pixels;
use proptest::prelude::*;
use std::vec::Vec;

#[derive(Clone, Debug)]
struct Batch {
    scores: Vec<f32>,
    masks: Vec<u8>,
    soft: Option<Vec<f32>>,
    valid: Option<Vec<u8>>,
    weights: Option<Vec<f32>>,
}

impl Batch {
    fn pixels(&self) -> Pixels<'_> {
        self.part(0, self.scores.len())
    }

    fn part(&self, start: usize, end: usize) -> Pixels<'_> {
        Pixels {
            scores: &self.scores[start..end],
            targets: self.soft.is_none().then(|| &self.masks[start..end]),
            soft_targets: self.soft.as_ref().map(|soft| &soft[start..end]),
            valid: self.valid.as_ref().map(|valid| &valid[start..end]),
            weights: self.weights.as_ref().map(|weights| &weights[start..end]),
            ..Pixels::default()
        }
    }

    fn target(&self, index: usize) -> f32 {
        self.soft.as_ref().map_or(f32::from(self.masks[index] != 0), |soft| soft[index])
    }

    fn weight(&self, index: usize) -> f32 {
        self.weights.as_ref().map_or(1.0, |weights| weights[index])
    }

    fn valid(&self, index: usize) -> bool {
        self.valid.as_ref().is_none_or(|valid| valid[index] != 0)
    }

    fn counts(&self, index: usize) -> bool {
        let weight = (0.0..f32::INFINITY).contains(&self.weight(index));
        self.valid(index) && weight && (0.0..=1.0).contains(&self.target(index))
    }

    /// The pixels that count, for the oracle.
    fn counting(&self) -> Vec<Pixel> {
        let pixel = |index| [self.scores[index], self.target(index), self.weight(index)];
        let counting = (0..self.scores.len()).filter(|index| self.counts(*index));
        counting.map(|index| pixel(index).map(f64::from)).collect()
    }
}

/// Batches of scores, with bad data among the inputs if `bad`.
fn batch_of(score: impl Strategy<Value = f32> + Clone, bad: bool) -> impl Strategy<Value = Batch> {
    let odd = move || if bad { any_float().boxed() } else { Just(0.0).boxed() };
    (0_usize..600).prop_flat_map(move |n| {
        let bytes = || proptest::collection::vec(prop_oneof![Just(0_u8), Just(1), any::<u8>()], n);
        let weight = prop_oneof![8 => between(0.0, 4.0), 1 => Just(0.0), 1 => odd()];
        let soft = prop_oneof![4 => between(0.0, 1.0), 2 => Just(0.0), 2 => Just(1.0), 1 => odd()];
        (
            proptest::collection::vec(score.clone(), n),
            bytes(),
            proptest::option::of(proptest::collection::vec(soft, n)),
            proptest::option::of(bytes()),
            proptest::option::of(proptest::collection::vec(weight, n)),
        )
            .prop_map(|(scores, masks, soft, valid, weights)| Batch {
                scores,
                masks,
                soft,
                valid,
                weights,
            })
    })
}

fn score() -> impl Strategy<Value = f32> + Clone {
    let ordinary =
        || prop_oneof![between(-8.0, 8.0), between(-0.5, 1.5), Just(0.0_f32), Just(1.0)].boxed();
    prop_oneof![9 => ordinary(), 1 => between(-110.0, 110.0)].boxed()
}

/// Any float in one batch of four: one infinite score decides a whole batch.
fn batch() -> impl Strategy<Value = Batch> {
    let hostile = prop_oneof![9 => score(), 1 => any_float()].boxed();
    prop_oneof![3 => batch_of(score(), true), 1 => batch_of(hostile, true)]
}

fn params() -> impl Strategy<Value = tversky::Params> {
    let normalization = prop_oneof![
        Just(Normalization::Sigmoid),
        Just(Normalization::Clamp),
        Just(Normalization::MinMax)
    ];
    let options = (
        prop_oneof![Just(Boundary::Zero), Just(Boundary::Pass)],
        prop_oneof![Just(EmptyTarget::One), Just(EmptyTarget::Skip), Just(EmptyTarget::Zero)],
    );
    let weight = prop_oneof![Just(1.0_f32), Just(0.0), between(-2.0, 2.0)];
    let smooth = prop_oneof![Just(1e-6_f32), Just(0.0), between(0.0, 2.0)];
    let price = || prop_oneof![Just(1.0_f32), Just(0.5), Just(0.0), between(0.0, 2.0)];
    let gamma =
        prop_oneof![3 => Just(1.0_f32), 1 => Just(2.0), 1 => Just(0.75), 1 => between(0.0, 3.0)];
    (normalization, options, weight, smooth, price(), price(), gamma).prop_map(
        |(normalization, (boundary, empty_target), weight, smooth, a, b, gamma)| tversky::Params {
            normalization,
            boundary,
            empty_target,
            weight,
            smooth,
            false_positives: a,
            false_negatives: b,
            gamma,
        },
    )
}

fn oracle(params: &tversky::Params) -> naive::Tversky {
    naive::Tversky {
        normalization: match params.normalization {
            Normalization::Sigmoid => naive::Normalization::Sigmoid,
            Normalization::Clamp => naive::Normalization::Clamp,
            Normalization::MinMax => naive::Normalization::MinMax,
        },
        smooth: f64::from(params.smooth),
        a: f64::from(params.false_positives),
        b: f64::from(params.false_negatives),
        gamma: f64::from(params.gamma),
    }
}

/// Everything that a batch gives, as bits; a NaN is a NaN.
#[derive(Debug, PartialEq)]
struct Outcome {
    totals: Totals,
    range: Range,
    loss: u64,
    notices: Notices,
    gradient: Vec<u32>,
}

fn bits(floats: &[f32]) -> Vec<u32> {
    floats.iter().map(|float| if float.is_nan() { u32::MAX } else { float.to_bits() }).collect()
}

fn number(double: f64) -> u64 {
    if double.is_nan() { u64::MAX } else { double.to_bits() }
}

fn outcome(params: &dyn Formula, pixels: &Pixels) -> Outcome {
    let n = pixels.scores.len();
    let (mut totals, mut range) = (Totals::default(), Range::default());
    totals.update(params, pixels, Some(&mut range)).unwrap();
    let value = totals.loss(params, Some(&range)).unwrap();
    let mut gradient = std::vec![f32::NAN; n];
    let notices =
        totals.gradient(params, Some(&range), pixels, 1.5, Write::Store, &mut gradient).unwrap();
    assert_eq!(notices, value.notices);
    assert_eq!(value.value.is_finite(), !notices.contains(Notices::NOT_FINITE));

    // The call that does all of it at once gives the same bits, with and without memory for totals.
    let mut at_once = std::vec![f32::NAN; n];
    let (mut totals_at_once, mut range_at_once) = (Totals::default(), Range::default());
    let to = (Some(&mut totals_at_once), Some(&mut range_at_once));
    let fused =
        loss_and_gradient(params, pixels, 1.5, Write::Store, to.0, to.1, &mut at_once).unwrap();
    assert_eq!((number(fused.value), fused.notices), (number(value.value), value.notices));
    assert_eq!((totals_at_once, range_at_once), (totals, range));
    assert_eq!(bits(&at_once), bits(&gradient));
    let alone =
        loss_and_gradient(params, pixels, 1.5, Write::Store, None, None, &mut at_once).unwrap();
    assert_eq!(number(alone.value), number(value.value));

    Outcome { totals, range, loss: number(value.value), notices, gradient: bits(&gradient) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_tier_gives_the_same_bits(batch in batch(), params in params()) {
        let mut first = None;
        for_each_tier(|tier| {
            let found = outcome(&params, &batch.pixels());
            let first = first.get_or_insert_with(|| outcome(&params, &batch.pixels()));
            assert_eq!(&found, first, "{tier:?}");
        });
    }

    #[test]
    fn any_split_gives_the_same_words(batch in batch(), params in params(), cuts in splits()) {
        let whole = outcome(&params, &batch.pixels());
        let n = batch.scores.len();
        let even = |parts: usize| (0..=parts).map(|part| n * part / parts).collect::<Vec<_>>();
        for ends in [super::ends(&cuts, n), even(1), even(2), even(7), even(64)] {
            let (mut totals, mut range) = (Totals::default(), Range::default());
            let (mut merged, mut merged_range) = (Totals::default(), Range::default());
            for part in ends.windows(2).rev() {
                let pixels = batch.part(part[0], part[1]);
                totals.update(&params, &pixels, Some(&mut range)).unwrap();
                let (mut alone, mut alone_range) = (Totals::default(), Range::default());
                alone.update(&params, &pixels, Some(&mut alone_range)).unwrap();
                merged.merge(&alone);
                merged_range.merge(&alone_range);
            }
            prop_assert_eq!((totals, range), (whole.totals, whole.range));
            prop_assert_eq!((merged, merged_range), (whole.totals, whole.range));

            // The gradient of each part, with the totals of the whole.
            let mut gradient = std::vec![f32::NAN; n];
            for part in ends.windows(2) {
                let pixels = batch.part(part[0], part[1]);
                let to = &mut gradient[part[0]..part[1]];
                merged
                    .gradient(&params, Some(&merged_range), &pixels, 1.5, Write::Store, to)
                    .unwrap();
            }
            prop_assert_eq!(bits(&gradient), &whole.gradient[..]);
        }
    }

    #[test]
    fn a_masked_pixel_is_as_if_it_were_not_there(batch in batch(), params in params()) {
        let found = outcome(&params, &batch.pixels());
        let mut poisoned = batch.clone();
        let mut kept = batch.clone();
        kept.valid = None;
        let valid: Vec<bool> = (0..batch.scores.len()).map(|index| batch.valid(index)).collect();
        let keep = |floats: &mut Vec<f32>| {
            let mut flags = valid.iter();
            floats.retain(|_| *flags.next().unwrap());
        };
        keep(&mut kept.scores);
        let mut flags = valid.iter();
        kept.masks.retain(|_| *flags.next().unwrap());
        kept.soft.iter_mut().chain(&mut kept.weights).for_each(keep);
        for index in 0..batch.scores.len() {
            if !valid[index] {
                poisoned.scores[index] = f32::NAN;
                poisoned.weights.iter_mut().for_each(|weights| weights[index] = f32::NAN);
                poisoned.soft.iter_mut().for_each(|soft| soft[index] = f32::NAN);
            }
            if !batch.counts(index) {
                prop_assert_eq!(found.gradient[index], 0);
            }
        }
        prop_assert_eq!(&outcome(&params, &poisoned.pixels()), &found);
        let without = outcome(&params, &kept.pixels());
        prop_assert_eq!((without.totals, without.range, without.loss), (found.totals, found.range, found.loss));
    }

    #[test]
    fn masks_are_soft_targets_of_0_and_1(batch in batch(), params in params()) {
        let hard = Batch { soft: None, ..batch.clone() };
        let targets = batch.masks.iter().map(|byte| f32::from(*byte != 0)).collect();
        let soft = Batch { soft: Some(targets), ..batch };
        prop_assert_eq!(outcome(&params, &hard.pixels()), outcome(&params, &soft.pixels()));
    }

    #[test]
    fn values_and_gradients_are_those_of_the_oracle(batch in batch_of(score(), false), params in params()) {
        let params = tversky::Params { boundary: Boundary::Zero, empty_target: EmptyTarget::One, ..params };
        let found = outcome(&params, &batch.pixels());
        let (pixels, oracle) = (batch.counting(), oracle(&params));
        let usual = Notices::NONE | Notices::REJECTED | Notices::NO_POSITIVES;
        let miss = oracle.miss(&pixels);
        if !usual.contains(found.notices) || (params.gamma != 1.0 && miss < 1e-3) {
            return Ok(());
        }
        // A prediction is within 2 ulp of float32, so the miss within a few of 1.
        let weight = f64::from(params.weight);
        let steepness = miss.powf(oracle.gamma - 1.0).max(1.0) * oracle.gamma.max(1.0);
        let bound = 1e-6 * (1.0 + oracle.a + oracle.b) * steepness * weight.abs();
        let (loss, truth) = (f64::from_bits(found.loss), oracle.loss(&pixels) * weight);
        prop_assert!((loss - truth).abs() <= bound, "{loss} is not {truth}");

        let truths: Vec<f64> = oracle.gradient(&pixels).iter().map(|g| g * weight * 1.5).collect();
        let largest = truths.iter().fold(0.0, |most: f64, truth| most.max(truth.abs()));
        let counting = (0..batch.scores.len()).filter(|index| batch.counts(*index));
        for (index, truth) in counting.zip(truths) {
            let gradient = f64::from(f32::from_bits(found.gradient[index]));
            let error = (gradient - truth).abs();
            prop_assert!(error <= 4e-6 * largest * steepness + 1e-40, "{index}: {gradient} is not {truth}");
        }
    }

    #[test]
    fn the_gradient_is_the_slope(
        scores in proptest::collection::vec(between(-3.0, 3.0), 3..20),
        weighted in any::<bool>(),
        soft in any::<bool>(),
        params in params(),
    ) {
        let n = scores.len();
        let params = tversky::Params { weight: 0.7, smooth: 0.25, empty_target: EmptyTarget::One, ..params };
        let batch = Batch {
            masks: (0..n).map(|i| u8::from(i % 3 == 0)).collect(),
            soft: soft.then(|| (0..n).map(|i| (i % 5) as f32 / 4.0).collect()),
            valid: None,
            weights: weighted.then(|| (0..n).map(|i| (i % 4) as f32 * 0.5 + 0.25).collect()),
            scores,
        };
        let (mut gradient, doubles) = (std::vec![0.0; n], batch.counting());
        let value = loss_and_gradient(&params, &batch.pixels(), 1.0, Write::Store, None, None, &mut gradient).unwrap();
        prop_assume!(value.notices == Notices::NONE);
        let step = 1e-6;
        let scores: Vec<f64> = doubles.iter().map(|[score, ..]| *score).collect();
        for (index, found) in gradient.iter().enumerate() {
            // Away from kinks: the ends of the clamp, and scores that tie with another.
            let near = |other: f64| (other - scores[index]).abs() < 4.0 * step;
            let ties = scores.iter().filter(|score| near(**score)).count() > 1;
            if ties || near(0.0) || near(1.0) {
                continue;
            }
            let at = |step: f64| {
                let mut moved = doubles.clone();
                moved[index][0] += step;
                oracle(&params).loss(&moved) * 0.7
            };
            let slope = (at(step) - at(-step)) / (2.0 * step);
            let error = (f64::from(*found) - slope).abs();
            prop_assert!(error < 1e-4 * slope.abs() + 1e-6, "{index}: {found} is not {slope}");
        }
    }

    #[test]
    fn under_min_max_the_gradients_sum_to_0(batch in batch_of(score(), false), params in params()) {
        let params = tversky::Params { normalization: Normalization::MinMax, ..params };
        let found = outcome(&params, &batch.pixels());
        let gradient = found.gradient.iter().map(|bits| f64::from(f32::from_bits(*bits)));
        let sizes: f64 = gradient.clone().map(f64::abs).sum();
        let sum: f64 = gradient.sum();
        prop_assert!(sum.abs() <= 2e-7 * sizes, "{sum} of {sizes}");
    }

    #[test]
    fn adding_is_storing_plus_what_was_there(batch in batch(), params in params()) {
        let pixels = batch.pixels();
        let (mut totals, mut range) = (Totals::default(), Range::default());
        totals.update(&params, &pixels, Some(&mut range)).unwrap();
        let before: Vec<f32> = (0..batch.scores.len()).map(|i| i as f32 - 3.25).collect();
        let (mut stored, mut added) = (before.clone(), before.clone());
        let range = Some(&range);
        totals.gradient(&params, range, &pixels, -2.0, Write::Store, &mut stored).unwrap();
        totals.gradient(&params, range, &pixels, -2.0, Write::Add, &mut added).unwrap();
        let expected: Vec<f32> = before.iter().zip(&stored).map(|(a, b)| a + b).collect();
        prop_assert_eq!(bits(&added), bits(&expected));
    }

    #[test]
    fn iou_is_tversky_with_weights_1(batch in batch(), params in params()) {
        let tversky::Params { normalization, boundary, empty_target, weight, smooth, .. } = params;
        let iou = iou::Params { normalization, boundary, empty_target, weight, smooth };
        let tversky = tversky::Params { false_positives: 1.0, false_negatives: 1.0, gamma: 1.0, ..params };
        prop_assert_eq!(outcome(&iou, &batch.pixels()), outcome(&tversky, &batch.pixels()));
    }
}
