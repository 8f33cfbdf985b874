//! Cross-entropy: bits between tiers, ulps against the oracle, and the rules for labels, masks,
//! weights, chunks and limits.

mod limits;

use super::classes::{Batch, batch, bits, equal_parts, number};
use super::naive::{self, ulps};
use super::{between, for_each_tier, splits};
use crate::cube::{Cube, Layout};
use crate::error::{Error, Notices};
use crate::exact::ExactSum;
use crate::loss::cross_entropy::{
    GRADIENT_MAX_ULP, Params, TERM_MAX_ULP, Totals, loss_and_gradient, map,
};
use crate::loss::{Reduction, Write};
use proptest::prelude::*;
use std::vec::Vec;

const NONE: Params = Params {
    reduction: Reduction::Sum,
    ignore_index: Some(-100),
    weight: 1.0,
    label_smoothing: 0.0,
};

fn params() -> impl Strategy<Value = Params> {
    let reductions = [Reduction::Mean, Reduction::Sum, Reduction::WeightedMean];
    let weight = prop_oneof![Just(1.0_f32), Just(0.0), between(-2.0, 2.0)];
    let smoothing = prop_oneof![2 => Just(0.0_f32), 1 => between(0.0, 1.0), 1 => Just(1.0)];
    let ignore = prop_oneof![Just(None), Just(Some(-100)), Just(Some(1))];
    (proptest::sample::select(reductions.to_vec()), weight, smoothing, ignore).prop_map(
        |(reduction, weight, label_smoothing, ignore_index)| Params {
            reduction,
            ignore_index,
            weight,
            label_smoothing,
        },
    )
}

fn class_weights() -> impl Strategy<Value = Option<Vec<f32>>> {
    let weight = prop_oneof![4 => between(0.0, 3.0), 1 => Just(0.0)];
    proptest::option::of(proptest::collection::vec(weight, 80))
}

/// Everything that a batch gives, as bits; a NaN is a NaN.
#[derive(Debug, PartialEq)]
struct Outcome {
    totals: Totals,
    loss: u64,
    notices: Notices,
    gradient: Vec<u32>,
    map: Vec<u32>,
}

fn outcome(params: &Params, cube: &Cube, class_weights: Option<&[f32]>) -> Outcome {
    let mut totals = Totals::default();
    totals.update(params, cube, class_weights).unwrap();
    let value = totals.loss(params).unwrap();
    let mut gradient = std::vec![f32::NAN; cube.values.len()];
    let to = &mut gradient[..];
    let notices = totals.gradient(params, cube, class_weights, 1.5, Write::Store, to).unwrap();
    assert_eq!(notices, value.notices);
    let mut terms = std::vec![f32::NAN; cube.layout.n];
    map(params, cube, class_weights, &mut terms).unwrap();

    // The call that does all of it at once gives the same bits.
    let mut at_once = std::vec![f32::NAN; cube.values.len()];
    let mut added = Totals::default();
    let (to, into) = (Some(&mut added), &mut at_once[..]);
    let fused =
        loss_and_gradient(params, cube, class_weights, 1.5, Write::Store, to, into).unwrap();
    assert_eq!((fused.notices, number(fused.value)), (value.notices, number(value.value)));
    assert_eq!(added, totals);
    assert_eq!(bits(&at_once), bits(&gradient));
    Outcome {
        totals,
        loss: number(value.value),
        notices,
        gradient: bits(&gradient),
        map: bits(&terms),
    }
}

fn of_batch<'a>(batch: &Batch, weights: &'a Option<Vec<f32>>) -> Option<&'a [f32]> {
    weights.as_ref().map(|weights| &weights[..batch.classes])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_tier_gives_the_same_bits(
        batch in batch(2), params in params(), weights in class_weights(),
    ) {
        let weights = of_batch(&batch, &weights);
        let mut first = None;
        for_each_tier(|tier| {
            let found = outcome(&params, &batch.cube(), weights);
            let first = first.get_or_insert_with(|| outcome(&params, &batch.cube(), weights));
            assert_eq!(&found, first, "{tier:?}");
        });
    }

    #[test]
    fn any_split_gives_the_same_words(
        batch in batch(2), params in params(), weights in class_weights(), cuts in splits(),
    ) {
        let weights = of_batch(&batch, &weights);
        let whole = outcome(&params, &batch.cube(), weights);
        let mut ways: Vec<Vec<usize>> =
            [1, 2, 7, 64].map(|parts| equal_parts(batch.n(), parts)).into();
        ways.push(super::ends(&cuts, batch.n()));
        for ends in ways {
            let mut one_after_the_other = Totals::default();
            let mut merged = Totals::default();
            for part in ends.windows(2).rev() {
                let cube = batch.part(part[0], part[1]);
                one_after_the_other.update(&params, &cube, weights).unwrap();
                let mut alone = Totals::default();
                alone.update(&params, &cube, weights).unwrap();
                merged.merge(&alone);
            }
            prop_assert_eq!(one_after_the_other, whole.totals);
            prop_assert_eq!(merged, whole.totals);
            let mut gradient = std::vec![f32::NAN; batch.logits.len()];
            for part in ends.windows(2) {
                let cube = batch.part(part[0], part[1]);
                let to = &mut gradient[part[0] * batch.classes..part[1] * batch.classes];
                merged.gradient(&params, &cube, weights, 1.5, Write::Store, to).unwrap();
            }
            prop_assert_eq!(bits(&gradient), whole.gradient.clone());
        }
    }

    #[test]
    fn a_masked_pixel_is_as_if_it_were_not_there(
        batch in batch(2), params in params(), weights in class_weights(),
    ) {
        let weights = of_batch(&batch, &weights);
        let ignore = params.ignore_index;
        let found = outcome(&params, &batch.cube(), weights);
        prop_assert_eq!(&outcome(&params, &batch.poisoned(ignore).cube(), weights), &found);
        let kept = batch.kept(ignore);
        let without = outcome(&params, &kept.cube(), weights);
        prop_assert_eq!((without.totals, without.loss), (found.totals, found.loss));
        let mut rejected = 0;
        for pixel in 0..batch.n() {
            let counts = batch.counts(pixel, batch.classes, ignore);
            rejected += i64::from(!counts && !batch.is_masked(pixel, ignore));
            if !counts {
                let gradient = &found.gradient[pixel * batch.classes..][..batch.classes];
                prop_assert!(found.map[pixel] == 0 && gradient.iter().all(|bits| *bits == 0));
            }
        }
        prop_assert_eq!(found.totals.sums.rejected, rejected);
        prop_assert_eq!(found.notices.contains(Notices::REJECTED), rejected > 0);
    }

    #[test]
    fn every_layout_gives_the_same_bits(
        batch in batch(2), params in params(), weights in class_weights(),
    ) {
        let weights = of_batch(&batch, &weights);
        let whole = outcome(&params, &batch.cube(), weights);
        for layout in batch.layouts() {
            let values = batch.laid_out(layout);
            let cube = Cube { values: &values, layout, ..batch.cube() };
            let mut totals = Totals::default();
            totals.update(&params, &cube, weights).unwrap();
            prop_assert_eq!(totals, whole.totals);
            let mut gradient = std::vec![7.0; values.len()];
            totals.gradient(&params, &cube, weights, 1.5, Write::Store, &mut gradient).unwrap();
            let mut between = gradient.clone();
            for pixel in 0..batch.n() {
                for class in 0..batch.classes {
                    let at = pixel * layout.pixel_stride + class * layout.channel_stride;
                    let found = bits(&[gradient[at]])[0];
                    prop_assert_eq!(found, whole.gradient[pixel * batch.classes + class]);
                    between[at] = 7.0;
                }
            }
            prop_assert!(between.iter().all(|float| *float == 7.0));
        }
    }

    #[test]
    fn terms_and_gradients_are_within_the_bound(
        batch in batch(2), params in params(), weights in class_weights(),
    ) {
        let weights = of_batch(&batch, &weights);
        let params = Params { reduction: Reduction::Sum, ..params };
        let found = outcome(&params, &batch.cube(), weights);
        let smoothing = f64::from(params.label_smoothing);
        let of_class: Vec<f64> = (0..batch.classes)
            .map(|class| weights.map_or(1.0, |weights| f64::from(weights[class])))
            .collect();
        let spread = smoothing / batch.classes as f64;
        let mut sum = ExactSum::default();
        for pixel in 0..batch.n() {
            let term = f32::from_bits(found.map[pixel]);
            if !batch.counts(pixel, batch.classes, params.ignore_index) {
                continue;
            }
            sum.add(term);
            let logits = batch.logits(pixel);
            let label = batch.labels[pixel] as usize;
            let mass = (1.0 - smoothing) * of_class[label] + spread * of_class.iter().sum::<f64>();
            let factor = f64::from(params.weight) * f64::from(batch.weight(pixel));
            if factor * mass == 0.0 {
                prop_assert_eq!(term, 0.0);
                continue;
            }
            if logits.iter().any(|logit| logit.is_nan()) {
                prop_assert!(term.is_nan());
                continue;
            }
            if logits.iter().any(|logit| logit.is_infinite()) || factor.abs() > 1e9 {
                continue;
            }
            let truth = factor * naive::softmax::cross_entropy(&logits, label, &of_class, smoothing);
            if truth.abs() < f64::from(f32::MAX) {
                // A subnormal logarithm is rounded before the factor.
                let tiny = if truth.abs() < 1e-30 { factor.abs().max(1.0) } else { 1.0 };
                let error = ulps(term, truth) / tiny;
                prop_assert!(error <= TERM_MAX_ULP, "{logits:?}: {term} is {error} ulp off {truth}");
            }
            let probabilities = naive::softmax::softmax(&logits);
            for (class, p) in probabilities.iter().enumerate() {
                let gradient = f32::from_bits(found.gradient[pixel * batch.classes + class]);
                let mut truth = mass * p - spread * of_class[class];
                if class == label {
                    let missing = naive::softmax::other_probabilities(&logits, class);
                    truth = -mass * missing + spread * (of_class.iter().sum::<f64>() - of_class[label]);
                }
                truth *= 1.5 * factor;
                let error = if smoothing == 0.0 {
                    ulps(gradient, truth)
                } else {
                    // A size below the smallest normal float has no more digits than that.
                    let size = (1.5 * factor * mass).abs().max(f32::MIN_POSITIVE.into());
                    (f64::from(gradient) - truth).abs() / size * 2.0_f64.powi(24)
                };
                prop_assert!(error <= GRADIENT_MAX_ULP, "{logits:?} {class}: {gradient} {truth} {error}");
            }
        }
        prop_assert_eq!(sum, found.totals.sums.loss);
    }

    #[test]
    fn adding_is_storing_plus_what_was_there(
        batch in batch(2), params in params(), weights in class_weights(),
    ) {
        let weights = of_batch(&batch, &weights);
        let cube = batch.cube();
        let mut totals = Totals::default();
        totals.update(&params, &cube, weights).unwrap();
        let before: Vec<f32> = (0..batch.logits.len()).map(|i| i as f32 - 3.25).collect();
        let (mut stored, mut added) = (before.clone(), before.clone());
        totals.gradient(&params, &cube, weights, -2.0, Write::Store, &mut stored).unwrap();
        totals.gradient(&params, &cube, weights, -2.0, Write::Add, &mut added).unwrap();
        let expected: Vec<f32> = before.iter().zip(&stored).map(|(a, b)| a + b).collect();
        prop_assert_eq!(bits(&added), bits(&expected));
    }

    #[test]
    fn the_gradient_is_the_slope(
        logits in proptest::collection::vec(between(-4.0, 4.0), 12), smoothing in between(0.0, 1.0),
    ) {
        let weights = [0.5_f32, 1.25, 2.0];
        let labels = [0_usize, 2, 1, 2];
        let doubles = weights.map(f64::from);
        let smoothing = smoothing as f64;
        let loss = |logits: &[f64]| -> f64 {
            let terms = logits.chunks(3).zip(labels).map(|(logits, label)| {
                0.7 * naive::softmax::cross_entropy(logits, label, &doubles, f64::from(smoothing as f32))
            });
            terms.sum::<f64>() / labels.iter().map(|label| doubles[*label]).sum::<f64>()
        };
        let batch = Batch::new(3, &logits, &labels.map(|label| label as i32));
        let label_smoothing = smoothing as f32;
        let params = Params { weight: 0.7, label_smoothing, ..Params::default() };
        let mut gradient = std::vec![0.0; 12];
        let (to, store) = (&mut gradient[..], Write::Store);
        let value =
            loss_and_gradient(&params, &batch.cube(), Some(&weights), 1.0, store, None, to).unwrap();
        let at: Vec<f64> = logits.iter().map(|logit| f64::from(*logit)).collect();
        prop_assert!((value.value - loss(&at)).abs() < 1e-6 * loss(&at));
        for pixel in gradient.chunks(3) {
            // Adding the same to all logits of a pixel changes nothing.
            let sum: f64 = pixel.iter().map(|slope| f64::from(*slope)).sum();
            prop_assert!(sum.abs() < 1e-6);
        }
        for (index, found) in gradient.iter().enumerate() {
            let at = |step: f64| {
                let mut moved = at.clone();
                moved[index] += step;
                loss(&moved)
            };
            let slope = (at(1e-5) - at(-1e-5)) / 2e-5;
            prop_assert!((f64::from(*found) - slope).abs() < 1e-6 * slope.abs() + 1e-7);
        }
    }
}
