//! Cross-entropy and Dice: bits between tiers, layouts and splits, the formulas, slopes, and the edges.

use super::cubes::{ORDERS, Order, Pixels, bits, cuts, gather, number, pixels, place};
use super::naive::classes as naive;
use super::{any_float, between, for_each_tier};
use crate::error::{Error, Notices};
use crate::input::{Cube, Layout};
use crate::loss::{cross_entropy as entropy, dice};
use crate::node::reduction::Reduction;
use crate::simd::Write;
use proptest::prelude::*;
use std::vec::Vec;

/// A loss of rows of numbers.
type Loss<'a> = dyn Fn(&[Vec<f64>]) -> f64 + 'a;

fn some_pixels() -> impl Strategy<Value = Pixels> {
    let value = prop_oneof![16 => between(-8.0, 8.0), 2 => between(-80.0, 80.0), 1 => any_float()];
    pixels(2_usize..7, 0..80, value.boxed())
}

fn ordinary_pixels() -> impl Strategy<Value = Pixels> {
    pixels(2_usize..7, 1..12, between(-4.0, 4.0).boxed())
}

#[derive(Clone, Debug)]
pub struct Params {
    entropy: entropy::Params,
    dice: dice::Params,
    weighted: bool,
}

impl Params {
    fn class_weights(&self, classes: usize) -> Option<Vec<f32>> {
        self.weighted.then(|| (0..classes).map(|class| class as f32 * 0.5).collect())
    }
}

pub fn params() -> impl Strategy<Value = Params> {
    let reduction =
        prop_oneof![Just(Reduction::Mean), Just(Reduction::Sum), Just(Reduction::WeightedMean)];
    let smoothing = prop_oneof![2 => Just(0.0_f32), 1 => between(0.0, 1.0)];
    let ignore = prop_oneof![Just(None), Just(Some(255)), Just(Some(1))];
    let absent = prop_oneof![Just(dice::Absent::One), Just(dice::Absent::Skip)];
    (reduction, smoothing, ignore, absent, any::<bool>(), between(-2.0, 2.0), any::<bool>())
        .prop_map(
            |(reduction, label_smoothing, ignore_index, absent, background, weight, weighted)| {
                Params {
                    entropy: entropy::Params { reduction, ignore_index, weight, label_smoothing },
                    dice: dice::Params {
                        include_background: background,
                        ignore_index,
                        absent,
                        weight,
                        eps: 1e-3,
                    },
                    weighted,
                }
            },
        )
}

#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    entropy: entropy::Totals,
    dice: Vec<dice::Totals>,
    losses: [u64; 2],
    notices: [Notices; 2],
    pub map: Vec<u32>,
    gradients: [Vec<u32>; 2],
}

pub fn outcome(params: &Params, pixels: &Pixels, order: Order) -> Outcome {
    let layout = order.layout(pixels.n(), pixels.channels);
    let values = place(&pixels.values, layout);
    let cube = pixels.cube(&values, layout);
    let weights = params.class_weights(pixels.channels);
    let weights = weights.as_deref();
    let mut of_entropy = entropy::Totals::default();
    of_entropy.update(&params.entropy, &cube, weights).unwrap();
    let entropy_value = of_entropy.loss(&params.entropy).unwrap();
    let mut map = std::vec![7.5; pixels.n()];
    entropy::map(&params.entropy, &cube, weights, &mut map).unwrap();
    let [mut first, mut second, mut at_once] = [(); 3].map(|()| std::vec![7.5_f32; values.len()]);
    of_entropy.gradient(&params.entropy, &cube, weights, 1.5, Write::Store, &mut first).unwrap();
    let mut frame = entropy::Totals::default();
    let to = Some(&mut frame);
    let fused = entropy::loss_and_gradient(
        &params.entropy,
        &cube,
        weights,
        1.5,
        Write::Store,
        to,
        &mut at_once,
    )
    .unwrap();
    assert_eq!((number(fused.value), frame), (number(entropy_value.value), of_entropy));
    assert_eq!(bits(&at_once), bits(&first), "the gaps too");

    let mut of_dice = std::vec![dice::Totals::default(); pixels.channels];
    dice::update(&params.dice, &cube, &mut of_dice).unwrap();
    let dice_value = dice::loss(&params.dice, &of_dice).unwrap();
    dice::gradient(&params.dice, &of_dice, &cube, 1.5, Write::Store, &mut second).unwrap();
    let mut frame = std::vec![dice::Totals::default(); pixels.channels];
    at_once.fill(7.5);
    let fused =
        dice::loss_and_gradient(&params.dice, &cube, 1.5, Write::Store, &mut frame, &mut at_once)
            .unwrap();
    assert_eq!((number(fused.value), &frame), (number(dice_value.value), &of_dice));
    assert_eq!(bits(&at_once), bits(&second), "the gaps too");
    Outcome {
        entropy: of_entropy,
        dice: of_dice,
        losses: [number(entropy_value.value), number(dice_value.value)],
        notices: [entropy_value.notices, dice_value.notices],
        map: bits(&map),
        gradients: [first, second].map(|gradient| bits(&gather(&gradient, layout))),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_tier_and_layout_gives_the_same_bits(pixels in some_pixels(), params in params()) {
        let first = outcome(&params, &pixels, Order::Interleaved);
        for_each_tier(|tier| {
            for order in ORDERS {
                assert_eq!(outcome(&params, &pixels, order), first, "{tier:?} {order:?}");
            }
        });
    }

    #[test]
    fn any_split_gives_the_same_words_and_gradients(pixels in some_pixels(), params in params()) {
        let whole = outcome(&params, &pixels, Order::Planar);
        let weights = params.class_weights(pixels.channels);
        for ends in cuts(pixels.n()) {
            let parts: Vec<Pixels> = ends.windows(2).map(|ends| pixels.part(ends[0], ends[1])).collect();
            let mut of_entropy = entropy::Totals::default();
            let mut of_dice = std::vec![dice::Totals::default(); pixels.channels];
            for part in parts.iter().rev() {
                let alone = outcome(&params, part, Order::Interleaved);
                of_entropy.merge(&alone.entropy);
                dice::merge(&alone.dice, &mut of_dice).unwrap();
            }
            prop_assert_eq!((of_entropy, &of_dice), (whole.entropy, &whole.dice));
            let mut gradients = [Vec::new(), Vec::new()];
            for part in &parts {
                let cube = part.cube(&part.values, Layout::interleaved(part.n(), part.channels));
                let mut piece = std::vec![f32::NAN; part.values.len()];
                of_entropy.gradient(&params.entropy, &cube, weights.as_deref(), 1.5, Write::Store, &mut piece).unwrap();
                gradients[0].extend(bits(&piece));
                dice::gradient(&params.dice, &of_dice, &cube, 1.5, Write::Store, &mut piece).unwrap();
                gradients[1].extend(bits(&piece));
            }
            prop_assert_eq!(gradients, whole.gradients.clone());
        }
    }

    #[test]
    fn a_masked_pixel_is_as_if_it_were_not_there(pixels in some_pixels(), params in params()) {
        let found = outcome(&params, &pixels, Order::Planar);
        prop_assert_eq!(&outcome(&params, &pixels.poisoned(), Order::Planar), &found);
        let without = outcome(&params, &pixels.without_masked(), Order::Planar);
        prop_assert_eq!((without.entropy, without.dice, without.losses), (found.entropy, found.dice.clone(), found.losses));
        // An ignored label is a mask, too.
        if let Some(ignore) = params.dice.ignore_index {
            let mut poisoned = pixels.clone();
            for (pixel, label) in pixels.labels.iter().enumerate() {
                if *label == ignore {
                    poisoned.values[pixel * pixels.channels..][..pixels.channels].fill(f32::NAN);
                }
            }
            prop_assert_eq!(&outcome(&params, &poisoned, Order::Planar), &found);
        }
    }

    #[test]
    fn losses_and_slopes_are_the_formulas(pixels in ordinary_pixels(), params in params()) {
        let classes = pixels.channels;
        let kept: Vec<usize> = (0..pixels.n()).filter(|pixel| {
            let label = pixels.labels[*pixel];
            pixels.counts(*pixel) && (0..classes as i32).contains(&label) && params.dice.ignore_index != Some(label)
        }).collect();
        let weights: Vec<f64> = kept.iter().map(|pixel| pixels.weights.as_ref().map_or(1.0, |weights| f64::from(weights[*pixel]))).collect();
        prop_assume!(!kept.is_empty() && weights.iter().all(|weight| (0.01..1e3).contains(weight)));
        let labels: Vec<usize> = kept.iter().map(|pixel| pixels.labels[*pixel] as usize).collect();
        let at: Vec<Vec<f64>> = kept.iter().map(|pixel| pixels.values[pixel * classes..][..classes].iter().map(|value| f64::from(*value)).collect()).collect();
        let of_class: Vec<f64> = params.class_weights(classes).map_or(std::vec![1.0; classes], |weights| weights.iter().map(|weight| f64::from(*weight)).collect());
        let smoothing = f64::from(params.entropy.label_smoothing);
        let divisor = match params.entropy.reduction {
            Reduction::Sum => 1.0,
            Reduction::Mean => kept.len() as f64,
            _ => labels.iter().zip(&weights).map(|(label, v)| of_class[*label] * v).sum(),
        };
        prop_assume!(divisor > 0.0);
        let found = outcome(&params, &pixels, Order::Interleaved);
        let taking: Vec<usize> = (0..classes).filter(|class| params.dice.include_background || *class > 0).collect();
        let w = f64::from(params.entropy.weight);
        let losses: [&Loss; 2] = [
            &|at| at.iter().zip(&labels).zip(&weights).map(|((logits, label), v)| v * naive::cross_entropy(logits, *label, &of_class, smoothing)).sum::<f64>() * w / divisor,
            &|at| {
                let probabilities: Vec<Vec<f64>> = at.iter().map(|logits| naive::softmax(logits)).collect();
                w * naive::dice(&probabilities, &labels, &weights, f64::from(params.dice.eps), &taking)
            },
        ];
        for ((loss, value), slopes) in losses.iter().zip(found.losses).zip(&found.gradients) {
            let (value, truth) = (f64::from_bits(value), loss(&at));
            prop_assert!((value - truth).abs() <= 5e-7 * truth.abs().max(w.abs() * 0.1) + 1e-12, "{value} is not {truth}");
            let largest = slopes.iter().fold(0.0_f64, |largest, slope| largest.max(f64::from(f32::from_bits(*slope).abs())));
            for (row, pixel) in kept.iter().enumerate() {
                for class in 0..classes {
                    let moved = |by: f64| {
                        let mut moved = at.clone();
                        moved[row][class] += by;
                        loss(&moved)
                    };
                    let truth = 1.5 * (moved(1e-5) - moved(-1e-5)) / 2e-5;
                    let found = f64::from(f32::from_bits(slopes[pixel * classes + class]));
                    // The parts of a slope of Dice are of the size of the weight, also where they cancel.
                    let bound = 2e-6 * largest.max(0.1 * w.abs()) + 1e-8;
                    prop_assert!((found - truth).abs() < bound, "{found} is not {truth}");
                }
            }
        }
    }

    #[test]
    fn terms_are_within_the_bound(pixels in pixels(2_usize..7, 1..40, between(-30.0, 30.0).boxed())) {
        let params = Params {
            entropy: entropy::Params { ignore_index: None, ..entropy::Params::default() },
            dice: dice::Params::default(),
            weighted: false,
        };
        let plain = Pixels { weights: None, ..pixels };
        let found = outcome(&params, &plain, Order::Planar);
        for (pixel, label) in plain.labels.iter().enumerate() {
            if plain.counts(pixel) && (0..plain.channels as i32).contains(label) {
                let logits: Vec<f64> = plain.values[pixel * plain.channels..][..plain.channels].iter().map(|value| f64::from(*value)).collect();
                let own = *label as usize;
                // In the form that keeps its digits for a confident pixel.
                let rest: f64 = (0..logits.len()).filter(|class| *class != own).map(|class| (logits[class] - logits[own]).exp()).sum();
                let term = f32::from_bits(found.map[pixel]);
                let error = super::naive::ulps(term, rest.ln_1p());
                prop_assert!(error <= entropy::TERM_MAX_ULP, "{term} is not {}: {error} ulp", rest.ln_1p());
            }
        }
    }
}

fn one(values: &[f32], label: i32, params: &entropy::Params) -> (f64, Notices, Vec<f32>) {
    let labels = [label];
    let cube = Cube {
        values,
        layout: Layout::interleaved(1, values.len()),
        labels: Some(&labels),
        ..Cube::default()
    };
    let mut gradient = std::vec![f32::NAN; values.len()];
    let to = &mut gradient;
    let found =
        entropy::loss_and_gradient(params, &cube, None, 1.0, Write::Store, None, to).unwrap();
    (found.value, found.notices, gradient)
}

#[test]
fn cross_entropy_at_the_edges() {
    let default = entropy::Params::default();
    let inf = f32::INFINITY;
    // Infinite logits have their limits.
    assert_eq!(one(&[inf, 0.0], 0, &default), (0.0, Notices::NONE, std::vec![0.0, 0.0]));
    let (value, notices, gradient) = one(&[inf, 0.0], 1, &default);
    assert_eq!(
        (value, notices, gradient),
        (f64::INFINITY, Notices::NOT_FINITE, std::vec![1.0, -1.0])
    );
    let (value, _, gradient) = one(&[inf, inf], 0, &default);
    assert!((value - 0.5_f64.ln().abs()).abs() < 1e-7 && gradient == [-0.5, 0.5]);
    let (value, notices, _) = one(&[f32::NAN, 0.0], 0, &default);
    assert!(value.is_nan() && notices == Notices::NOT_FINITE);
    // A pixel that is ignored or no class leaves nothing.
    let (value, notices, gradient) = one(&[f32::NAN, 0.0], -100, &default);
    assert!(value.is_nan() && notices == Notices::EMPTY && gradient == [0.0, 0.0]);
    for label in [2, -1, i32::MAX] {
        let (_, notices, gradient) = one(&[1.0, 0.0], label, &default);
        assert_eq!((notices, gradient), (Notices::EMPTY | Notices::REJECTED, std::vec![0.0, 0.0]));
    }
    // All pixels are of a class of weight 0.
    let labels = [0];
    let cube = Cube {
        values: &[1.0, 2.0],
        layout: Layout::interleaved(1, 2),
        labels: Some(&labels),
        ..Cube::default()
    };
    let mut gradient = [7.0; 2];
    let found = entropy::loss_and_gradient(
        &default,
        &cube,
        Some(&[0.0, 1.0]),
        1.0,
        Write::Store,
        None,
        &mut gradient,
    )
    .unwrap();
    assert!(found.value.is_nan() && found.notices == Notices::DEGENERATE && gradient == [0.0; 2]);
}

#[test]
fn dice_at_the_edges() {
    let run = |params: &dice::Params, values: &[f32], channels: usize, labels: &[i32]| {
        let layout = Layout::interleaved(labels.len(), channels);
        let cube = Cube { values, layout, labels: Some(labels), ..Cube::default() };
        let mut totals = std::vec![dice::Totals::default(); channels];
        let mut gradient = std::vec![f32::NAN; values.len()];
        let found =
            dice::loss_and_gradient(params, &cube, 1.0, Write::Store, &mut totals, &mut gradient)
                .unwrap();
        (found.value, found.notices, gradient)
    };
    let default = dice::Params::default();
    assert_eq!(run(&default, &[], 2, &[]), (0.0, Notices::EMPTY, Vec::new()));
    let ignored = dice::Params { ignore_index: Some(255), ..default };
    let (value, notices, gradient) = run(&ignored, &[f32::NAN, 0.0], 2, &[255]);
    assert_eq!((value, notices, gradient), (0.0, Notices::EMPTY, std::vec![0.0, 0.0]));
    // With one class only 0 and 1 are labels.
    let (_, notices, gradient) = run(&default, &[1.0, 2.0], 1, &[1, 2]);
    assert!(notices == Notices::REJECTED && gradient[1] == 0.0 && gradient[0] < 0.0);
    // An absent class: the logits are so low that nothing of it is predicted.
    let values = [0.0, -200.0];
    let (value, _, _) = run(&default, &values, 2, &[0]);
    assert!(value.abs() < 1e-6);
    let skip = dice::Params { absent: dice::Absent::Skip, ..default };
    assert!(run(&skip, &values, 2, &[0]).0.abs() < 1e-6);
    let (value, notices, _) = run(&default, &[f32::NAN, 0.0], 2, &[0]);
    assert!(value.is_nan() && notices == Notices::NOT_FINITE);
    let (value, notices, _) = run(&default, &[f32::INFINITY, 0.0], 2, &[0]);
    assert!(value.abs() < 1e-6 && notices == Notices::NONE);
    // Background has no part in the mean, but its logits have gradients.
    let without = dice::Params { include_background: false, ..default };
    let (_, _, gradient) = run(&without, &[0.5, 0.25], 2, &[1]);
    assert!(gradient[0] > 0.0 && (gradient[0] + gradient[1]).abs() < 1e-6 * gradient[0]);
}

#[test]
fn bad_arguments_change_nothing() {
    let labels = [0];
    let good = Cube {
        values: &[1.0, 2.0],
        layout: Layout::interleaved(1, 2),
        labels: Some(&labels),
        ..Cube::default()
    };
    let (params, other) = (entropy::Params::default(), dice::Params::default());
    let mut totals = entropy::Totals::default();
    let mut of_classes = [dice::Totals::default(); 2];
    for weight in [f32::NAN, f32::INFINITY] {
        let bad = entropy::Params { weight, ..params };
        assert_eq!(totals.update(&bad, &good, None), Err(Error::Weight));
        let bad = dice::Params { weight, ..other };
        assert_eq!(dice::update(&bad, &good, &mut of_classes), Err(Error::Weight));
        let bad = dice::Params { eps: weight, ..other };
        assert_eq!(dice::update(&bad, &good, &mut of_classes), Err(Error::Epsilon));
        let found = totals.update(&params, &good, Some(&[weight, 1.0]));
        assert_eq!(found, Err(Error::ClassWeight));
    }
    let bad = entropy::Params { label_smoothing: 1.5, ..params };
    assert_eq!(totals.update(&bad, &good, None), Err(Error::LabelSmoothing));
    assert_eq!(totals.update(&params, &good, Some(&[1.0])), Err(Error::Channels));
    let single = Cube { layout: Layout::interleaved(1, 1), ..good };
    assert_eq!(totals.update(&params, &single, None), Err(Error::Channels));
    assert_eq!(dice::update(&other, &good, &mut of_classes[..1]), Err(Error::Channels));
    let missing = Cube { labels: None, ..good };
    assert_eq!(totals.update(&params, &missing, None), Err(Error::MissingInput));
    assert_eq!(dice::update(&other, &missing, &mut of_classes), Err(Error::MissingInput));
    let short = Cube { labels: Some(&[]), ..good };
    assert_eq!(totals.update(&params, &short, None), Err(Error::LengthMismatch));
    let none = entropy::Params { reduction: Reduction::None, ..params };
    let bad = entropy::Params { label_smoothing: 1.5, ..none };
    let mut gradient = [7.0; 2];
    for (params, error) in [(none, Error::NoScalar), (bad, Error::LabelSmoothing)] {
        let at_once = entropy::loss_and_gradient;
        let to = Some(&mut totals);
        let found = at_once(&params, &good, None, 1.0, Write::Store, to, &mut gradient);
        assert_eq!(found, Err(error));
    }
    let found = entropy::map(&params, &good, None, &mut gradient);
    assert_eq!(found, Err(Error::LengthMismatch));
    let one = [dice::Totals { pixels: 1, ..Default::default() }];
    assert_eq!(dice::merge(&one, &mut of_classes), Err(Error::Channels));
    assert_eq!(gradient, [7.0; 2]);
    assert_eq!((totals, of_classes), (entropy::Totals::default(), [dice::Totals::default(); 2]));
    dice::update(&other, &good, &mut of_classes).unwrap();
    of_classes.swap(0, 1);
    assert_eq!(dice::loss(&other, &of_classes), Err(Error::MixedTotals));
}
