//! Dice: bits between tiers, the oracle, and the rules for labels, masks, weights, chunks and limits.

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

#[test]
fn infinite_logits_have_their_limit() {
    let inf = f32::INFINITY;
    for_each_tier(|_| {
        let batch = Batch::new(3, &[0.0, inf, 1.0, 2.0, -inf, -inf], &[1, 0]);
        let found = outcome(&Params::default(), &batch.cube());
        assert_eq!((found.loss, found.notices), (0, Notices::NONE));
        let batch = Batch::new(1, &[inf, -inf], &[1, 0]);
        let found = outcome(&Params::default(), &batch.cube());
        assert_eq!((found.loss, found.notices), (0, Notices::NONE));
        assert!(found.gradient.iter().all(|bits| f32::from_bits(*bits) == 0.0));
    });
}

#[test]
fn several_infinite_logits_and_nan_give_nan() {
    let inf = f32::INFINITY;
    for logits in [[inf, inf, 0.0], [-inf, -inf, -inf], [f32::NAN, 0.0, 1.0], [f32::NAN, inf, 1.0]]
    {
        let found = outcome(&Params::default(), &Batch::new(3, &logits, &[1]).cube());
        assert_eq!((found.loss, found.notices), (u64::MAX, Notices::NOT_FINITE), "{logits:?}");
        assert_eq!(found.gradient, [u32::MAX; 3]);
    }
    let found = outcome(&Params::default(), &Batch::new(1, &[f32::NAN], &[1]).cube());
    assert_eq!((found.loss, found.notices), (u64::MAX, Notices::NOT_FINITE));
}

#[test]
fn a_label_that_no_class_has_is_rejected() {
    let nan = f32::NAN;
    // One channel knows 0 and 1: 255 without an ignored label is no background.
    let batch = Batch::new(1, &[1.0, nan, nan, 0.5], &[1, 2, 255, 0]);
    let found = outcome(&Params::default(), &batch.cube());
    assert_eq!((found.totals[0].pixels, found.totals[0].rejected), (2, 2));
    assert_eq!(found.notices, Notices::REJECTED);
    let ignoring = Params { ignore_index: Some(255), ..Params::default() };
    assert_eq!(outcome(&ignoring, &batch.cube()).totals[0].rejected, 1);
    let batch = Batch::new(2, &[1.0, 0.0, nan, nan, nan, 0.0], &[1, 2, -1]);
    let found = outcome(&Params::default(), &batch.cube());
    assert_eq!((found.totals[1].pixels, found.totals[1].rejected), (1, 2));
}

#[test]
fn nothing_costs_nothing() {
    for (absent, eps) in
        [(Absent::One, 1e-6), (Absent::One, 0.0), (Absent::Skip, 1e-6), (Absent::Skip, 0.0)]
    {
        let params = Params { absent, eps, ignore_index: Some(9), ..Params::default() };
        for classes in [1, 3] {
            let value = loss(&params, &empty(classes)).unwrap();
            assert_eq!((value.value, value.notices), (0.0, Notices::EMPTY));
            let batch = Batch::new(classes, &std::vec![f32::NAN; classes], &[9]);
            let found = outcome(&params, &batch.cube());
            assert_eq!((found.loss, found.notices), (0, Notices::EMPTY));
            assert!(found.gradient.iter().all(|bits| *bits == 0));
        }
    }
}

#[test]
fn absent_classes() {
    // Class 2 is neither labelled nor predicted: it is worth 1, or left out.
    let inf = f32::INFINITY;
    let batch = Batch::new(3, &[0.0, 0.0, -inf, 0.0, 0.0, -inf], &[0, 1]);
    let of = |params: Params| {
        let found = outcome(&params, &batch.cube());
        (f64::from_bits(found.loss), found.notices)
    };
    let one = of(Params { eps: 0.0, ..Params::default() });
    assert!((one.0 - 1.0 / 3.0).abs() < 1e-15 && one.1 == Notices::DEGENERATE);
    let skip = of(Params { eps: 0.0, absent: Absent::Skip, ..Params::default() });
    assert_eq!(skip, (0.5, Notices::NONE));
    let one = of(Params::default());
    assert!((one.0 - 1.0 / 3.0).abs() < 1e-6 && one.1 == Notices::NONE);
    // Without the background, and with nothing but background.
    let batch = Batch::new(2, &[1.0, 0.0], &[0]);
    let params = Params { include_background: false, absent: Absent::Skip, ..Params::default() };
    let found = outcome(&params, &batch.cube());
    assert_eq!((found.loss, found.notices), (0, Notices::DEGENERATE));
    assert_eq!(found.gradient, [0, 0]);
}

#[test]
fn the_background_is_left_out() {
    let batch = Batch::new(2, &[0.0, 0.0, 0.0, 0.0], &[0, 1]);
    let params = Params { include_background: false, eps: 0.0, ..Params::default() };
    assert_eq!(f64::from_bits(outcome(&params, &batch.cube()).loss), 0.5);
    // One channel has none to leave out.
    let batch = Batch::new(1, &[0.0, 0.0], &[0, 1]);
    for include_background in [false, true] {
        let params = Params { include_background, eps: 0.0, ..Params::default() };
        assert_eq!(f64::from_bits(outcome(&params, &batch.cube()).loss), 0.5);
    }
}

#[test]
fn many_classes() {
    let classes = 4096;
    let logits: Vec<f32> = (0..classes * 3).map(|i| (i * 37 % 101) as f32 * 0.1 - 5.0).collect();
    let batch = Batch::new(classes, &logits, &[5, 4095, 0]);
    let mut first = None;
    for_each_tier(|_| {
        let found = outcome(&Params::default(), &batch.cube());
        let sum: f64 = found.totals.iter().map(|totals| totals.probability.value()).sum();
        assert!((sum - 3.0).abs() < 1e-6);
        let first = first.get_or_insert_with(|| outcome(&Params::default(), &batch.cube()));
        assert_eq!(&found, first);
    });
}

#[test]
fn bad_arguments_change_nothing() {
    let batch = Batch::new(2, &[1.0, 0.5], &[1]);
    let (default, good, mut totals) = (Params::default(), batch.cube(), empty(2));
    update(&default, &good, &mut totals).unwrap();
    let before = totals.clone();
    let mut slopes = [7.0, 7.0];
    for weight in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let params = Params { weight, ..default };
        assert_eq!(update(&params, &good, &mut totals), Err(Error::Weight));
        assert_eq!(loss(&params, &totals), Err(Error::Weight));
    }
    for eps in [f32::NAN, -1e-45, f32::INFINITY] {
        let params = Params { eps, ..default };
        assert_eq!(update(&params, &good, &mut totals), Err(Error::Epsilon));
        assert_eq!(loss(&params, &totals), Err(Error::Epsilon));
        let wrong = loss_and_gradient(&params, &good, 1.0, Write::Store, &mut totals, &mut slopes);
        assert_eq!(wrong, Err(Error::Epsilon));
    }
    let missing = Cube { labels: None, ..good };
    assert_eq!(update(&default, &missing, &mut totals), Err(Error::MissingInput));
    let short = Cube { weights: Some(&[]), ..good };
    assert_eq!(update(&default, &short, &mut totals), Err(Error::LengthMismatch));
    assert_eq!(update(&default, &good, &mut totals[..1]), Err(Error::LengthMismatch));
    for channels in [0, 4097] {
        let values = std::vec![0.0; channels];
        let layout = Layout::interleaved(1, channels);
        let cube = Cube { values: &values, layout, ..good };
        let mut totals = empty(channels);
        assert_eq!(update(&default, &cube, &mut totals), Err(Error::Channels));
        assert_eq!(loss(&default, &totals), Err(Error::Channels));
        assert_eq!(normalize(&mut totals), Err(Error::Channels));
        assert_eq!(merge(&mut totals, &empty(channels)), Err(Error::Channels));
    }
    assert_eq!(merge(&mut totals, &empty(3)), Err(Error::LengthMismatch));
    let wrong = gradient(&default, &totals, &good, 1.0, Write::Store, &mut slopes[..1]);
    assert_eq!(wrong, Err(Error::LengthMismatch));
    assert_eq!((totals, slopes), (before, [7.0, 7.0]));
}

#[test]
fn mixed_totals_are_found() {
    let batch = Batch::new(2, &[1.0, -2.0, 0.5, 0.25], &[1, 0]);
    let (default, mut totals) = (Params::default(), empty(2));
    update(&default, &batch.cube(), &mut totals).unwrap();
    let other = Params { ignore_index: Some(255), ..default };
    assert_eq!(loss(&other, &totals), Err(Error::MixedTotals));
    // The order of the classes, and how many there are.
    let swapped = [totals[1], totals[0]];
    assert_eq!(loss(&default, &swapped), Err(Error::MixedTotals));
    assert_eq!(loss(&default, &totals[..1]), Err(Error::MixedTotals));
    // One class has pixels that the other lacks.
    let mut uneven = totals.clone();
    update(&default, &batch.cube(), &mut uneven).unwrap();
    assert_eq!(loss(&default, &[totals[0], uneven[1]]), Err(Error::MixedTotals));
    // What changes no sum may change.
    let same = Params { weight: 2.0, eps: 1.0, absent: Absent::Skip, ..default };
    assert!(loss(&same, &totals).is_ok());
}
