//! Dice: bits between tiers, the oracle, and the rules for labels, masks, weights, chunks and limits.

mod limits;

use super::classes::{Batch, batch, bits, equal_parts, number};
use super::naive::{self, ulps};
use super::{between, for_each_tier, splits};
use crate::cube::{Cube, Layout};
use crate::error::{Error, Notices};
use crate::exact::ExactSum;
use crate::loss::Write;
use crate::loss::dice::{
    Absent, Params, TERM_MAX_ULP, Totals, gradient, loss, loss_and_gradient, merge, normalize,
    update,
};
use proptest::prelude::*;
use std::vec::Vec;

fn params() -> impl Strategy<Value = Params> {
    let weight = prop_oneof![Just(1.0_f32), between(-2.0, 2.0)];
    let eps = prop_oneof![Just(1e-6_f32), Just(0.0), between(0.0, 2.0)];
    let ignore = prop_oneof![Just(None), Just(Some(-100)), Just(Some(1))];
    (any::<bool>(), any::<bool>(), weight, eps, ignore).prop_map(
        |(include_background, skip, weight, eps, ignore_index)| Params {
            include_background,
            ignore_index,
            absent: if skip { Absent::Skip } else { Absent::One },
            weight,
            eps,
        },
    )
}

fn empty(classes: usize) -> Vec<Totals> {
    std::vec![Totals::default(); classes]
}

/// Everything that a batch gives, as bits; a NaN is a NaN.
#[derive(Debug, PartialEq)]
struct Outcome {
    totals: Vec<Totals>,
    loss: u64,
    notices: Notices,
    gradient: Vec<u32>,
}

fn outcome(params: &Params, cube: &Cube) -> Outcome {
    let mut totals = empty(cube.layout.channels);
    update(params, cube, &mut totals).unwrap();
    let value = loss(params, &totals).unwrap();
    let mut slopes = std::vec![f32::NAN; cube.values.len()];
    let notices = gradient(params, &totals, cube, 1.5, Write::Store, &mut slopes).unwrap();
    assert_eq!(notices, value.notices);

    // The call that does all of it at once gives the same bits, whatever the totals held.
    let mut at_once = std::vec![f32::NAN; cube.values.len()];
    let mut stored = totals.clone();
    let to = &mut at_once[..];
    let fused = loss_and_gradient(params, cube, 1.5, Write::Store, &mut stored, to).unwrap();
    assert_eq!((fused.notices, number(fused.value)), (value.notices, number(value.value)));
    assert_eq!(stored, totals);
    assert_eq!(bits(&at_once), bits(&slopes));
    Outcome { totals, loss: number(value.value), notices, gradient: bits(&slopes) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_tier_gives_the_same_bits(batch in batch(1), params in params()) {
        let mut first = None;
        for_each_tier(|tier| {
            let found = outcome(&params, &batch.cube());
            let first = first.get_or_insert_with(|| outcome(&params, &batch.cube()));
            assert_eq!(&found, first, "{tier:?}");
        });
    }

    #[test]
    fn any_split_gives_the_same_words(batch in batch(1), params in params(), cuts in splits()) {
        let whole = outcome(&params, &batch.cube());
        let mut ways: Vec<Vec<usize>> =
            [1, 2, 7, 64].map(|parts| equal_parts(batch.n(), parts)).into();
        ways.push(super::ends(&cuts, batch.n()));
        for ends in ways {
            let mut one_after_the_other = empty(batch.classes);
            let mut merged = empty(batch.classes);
            for part in ends.windows(2).rev() {
                let cube = batch.part(part[0], part[1]);
                update(&params, &cube, &mut one_after_the_other).unwrap();
                let mut alone = empty(batch.classes);
                update(&params, &cube, &mut alone).unwrap();
                merge(&mut merged, &alone).unwrap();
            }
            prop_assert_eq!(&one_after_the_other, &whole.totals);
            prop_assert_eq!(&merged, &whole.totals);
            let mut slopes = std::vec![f32::NAN; batch.logits.len()];
            for part in ends.windows(2) {
                let cube = batch.part(part[0], part[1]);
                let to = &mut slopes[part[0] * batch.classes..part[1] * batch.classes];
                gradient(&params, &merged, &cube, 1.5, Write::Store, to).unwrap();
            }
            prop_assert_eq!(bits(&slopes), whole.gradient.clone());
        }
    }

    #[test]
    fn a_masked_pixel_is_as_if_it_were_not_there(batch in batch(1), params in params()) {
        let ignore = params.ignore_index;
        let found = outcome(&params, &batch.cube());
        prop_assert_eq!(&outcome(&params, &batch.poisoned(ignore).cube()), &found);
        let without = outcome(&params, &batch.kept(ignore).cube());
        prop_assert_eq!((&without.totals, without.loss), (&found.totals, found.loss));
        let mut rejected = 0;
        for pixel in 0..batch.n() {
            let counts = batch.counts(pixel, batch.classes.max(2), ignore);
            rejected += i64::from(!counts && !batch.is_masked(pixel, ignore));
            if !counts {
                let gradient = &found.gradient[pixel * batch.classes..][..batch.classes];
                prop_assert!(gradient.iter().all(|bits| *bits == 0));
            }
        }
        prop_assert!(found.totals.iter().all(|totals| totals.rejected == rejected));
        prop_assert_eq!(found.notices.contains(Notices::REJECTED), rejected > 0);
    }

    #[test]
    fn every_layout_gives_the_same_bits(batch in batch(1), params in params()) {
        let whole = outcome(&params, &batch.cube());
        for layout in batch.layouts() {
            let values = batch.laid_out(layout);
            let cube = Cube { values: &values, layout, ..batch.cube() };
            let mut totals = empty(batch.classes);
            update(&params, &cube, &mut totals).unwrap();
            prop_assert_eq!(&totals, &whole.totals);
            let mut slopes = std::vec![7.0; values.len()];
            gradient(&params, &totals, &cube, 1.5, Write::Store, &mut slopes).unwrap();
            for pixel in 0..batch.n() {
                for class in 0..batch.classes {
                    let at = pixel * layout.pixel_stride + class * layout.channel_stride;
                    let found = bits(&[slopes[at]])[0];
                    prop_assert_eq!(found, whole.gradient[pixel * batch.classes + class]);
                }
            }
        }
    }

    #[test]
    fn terms_are_within_the_bound(
        logits in proptest::collection::vec(between(-60.0, 60.0), 1..9), weight in between(0.0, 3.0),
    ) {
        // One pixel: a sum is its term.
        let classes = logits.len();
        let batch = Batch { weights: Some(std::vec![weight]), ..Batch::new(classes, &logits, &[1]) };
        let batch = Batch { labels: std::vec![(classes > 1).into()], ..batch };
        let found = outcome(&Params::default(), &batch.cube());
        let mut logits = batch.logits(0);
        if classes == 1 {
            logits.insert(0, 0.0);
        }
        let probabilities = naive::softmax::softmax(&logits);
        for (class, totals) in found.totals.iter().enumerate() {
            let truth = probabilities[class + usize::from(classes == 1)] * f64::from(weight);
            let term = totals.probability.value() as f32;
            prop_assert!(ulps(term, truth) <= TERM_MAX_ULP, "{logits:?} {class}: {term} {truth}");
            let mut of_label = ExactSum::default();
            if classes > 1 && class == 1 {
                of_label.add(term);
            }
            prop_assert_eq!(of_label, totals.intersection);
        }
    }

    #[test]
    fn loss_and_gradient_are_those_of_the_oracle(
        classes in 1_usize..5, logits in proptest::collection::vec(between(-5.0, 5.0), 24),
        weights in proptest::collection::vec(between(0.1, 3.0), 24),
        labels in proptest::collection::vec(0_usize..4, 24), params in params(),
    ) {
        let n = logits.len() / classes;
        let labels: Vec<usize> = labels[..n].iter().map(|label| label % classes.max(2)).collect();
        let params = Params { ignore_index: None, ..params };
        let batch = Batch {
            weights: Some(weights[..n].to_vec()),
            ..Batch::new(
                classes,
                &logits[..n * classes],
                &labels.iter().map(|label| *label as i32).collect::<Vec<_>>(),
            )
        };
        let background = params.include_background;
        let skip = params.absent == Absent::Skip;
        let (eps, weight) = (f64::from(params.eps), f64::from(params.weight));
        let loss = |moved: usize, step: f64| {
            let pixels: Vec<(Vec<f64>, usize, f64)> = (0..n)
                .map(|pixel| {
                    let mut logits = batch.logits(pixel);
                    if moved / classes == pixel {
                        logits[moved % classes] += step;
                    }
                    (logits, labels[pixel], f64::from(batch.weight(pixel)))
                })
                .collect();
            weight * naive::softmax::dice(&pixels, background, skip, eps)
        };
        let truth = loss(0, 0.0);
        let found = outcome(&params, &batch.cube());
        if truth.is_nan() {
            // Every class is left out.
            prop_assert_eq!((found.loss, found.notices), (number(0.0 * weight), Notices::DEGENERATE));
            return Ok(());
        }
        let value = f64::from_bits(found.loss);
        prop_assert!((value - truth).abs() <= 2e-7 * weight.abs(), "{value} is not {truth}");
        for (index, bits) in found.gradient.iter().enumerate() {
            let slope = 1.5 * (loss(index, 1e-5) - loss(index, -1e-5)) / 2e-5;
            let found = f64::from(f32::from_bits(*bits));
            prop_assert!((found - slope).abs() < 1e-6 * slope.abs() + 1e-8, "{found} is not {slope}");
        }
        // Adding the same to all logits of a pixel changes nothing.
        if classes > 1 {
            for pixel in found.gradient.chunks(classes) {
                let sum: f64 = pixel.iter().map(|bits| f64::from(f32::from_bits(*bits))).sum();
                prop_assert!(sum.abs() < 1e-7);
            }
        }
    }

    #[test]
    fn adding_is_storing_plus_what_was_there(batch in batch(1), params in params()) {
        let cube = batch.cube();
        let mut totals = empty(batch.classes);
        update(&params, &cube, &mut totals).unwrap();
        let before: Vec<f32> = (0..batch.logits.len()).map(|i| i as f32 - 3.25).collect();
        let (mut stored, mut added) = (before.clone(), before.clone());
        gradient(&params, &totals, &cube, -2.0, Write::Store, &mut stored).unwrap();
        gradient(&params, &totals, &cube, -2.0, Write::Add, &mut added).unwrap();
        let expected: Vec<f32> = before.iter().zip(&stored).map(|(a, b)| a + b).collect();
        prop_assert_eq!(bits(&added), bits(&expected));
    }
}
