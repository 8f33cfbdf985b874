//! Intersection over union: the rows of the table of edge cases, and bad arguments.

use super::for_each_tier;
use crate::error::{Error, Notices, Value};
use crate::loss::Write;
use crate::loss::iou::{Boundary, EmptyTarget, Normalization, Params, Totals, loss_and_gradient};
use crate::metric::range::Range;
use crate::pixels::Pixels;
use std::vec::Vec;

fn of(normalization: Normalization) -> Params {
    Params { normalization, ..Params::default() }
}

fn run(params: &Params, scores: &[f32], targets: &[u8]) -> (Value, Vec<f32>) {
    let pixels = Pixels { scores, targets: Some(targets), ..Pixels::default() };
    of_pixels(params, &pixels)
}

fn of_pixels(params: &Params, pixels: &Pixels) -> (Value, Vec<f32>) {
    let mut gradient = std::vec![f32::NAN; pixels.scores.len()];
    let value = loss_and_gradient(params, pixels, 1.0, Write::Store, None, None, &mut gradient);
    (value.unwrap(), gradient)
}

fn close(found: f64, truth: f64) -> bool {
    (found - truth).abs() <= 1e-6 * truth.abs()
}

const MODES: [Normalization; 3] =
    [Normalization::Sigmoid, Normalization::Clamp, Normalization::MinMax];

#[test]
fn no_positive_target() {
    let t = f64::from(1e-6_f32);
    let formula = 1.0 / (1.0 + t);
    let slope = t * 0.25 / (1.0 + t).powi(2);
    for (empty_target, loss, slope, degenerate) in [
        (EmptyTarget::One, formula, slope, false),
        (EmptyTarget::Skip, 0.0, 0.0, true),
        (EmptyTarget::Zero, 0.0, slope, true),
    ] {
        let params = Params { empty_target, ..Params::default() };
        let (value, gradient) = run(&params, &[0.0, 0.0], &[0, 0]);
        assert!(close(value.value, loss), "{value:?}");
        assert!(gradient.iter().all(|found| close(f64::from(*found), slope)), "{gradient:?}");
        let expected = Notices::NO_POSITIVES | Notices::DEGENERATE.when(degenerate);
        assert_eq!(value.notices, expected);
        // A positive target: the option does nothing.
        assert_eq!(
            run(&params, &[0.3, 1.0], &[0, 1]),
            run(&Params::default(), &[0.3, 1.0], &[0, 1])
        );
        // It hides no NaN.
        let (value, _) = run(&params, &[f32::NAN, 1.0], &[0, 0]);
        assert!(value.value.is_nan() && value.notices.contains(Notices::NOT_FINITE));
        assert!(!value.notices.contains(Notices::DEGENERATE));
    }
}

#[test]
fn no_positive_target_and_no_prediction() {
    let (value, _) = run(&Params::default(), &[-200.0, f32::NEG_INFINITY], &[0, 0]);
    assert_eq!((value.value, value.notices), (0.0, Notices::NO_POSITIVES));
}

#[test]
fn everything_empty_without_smoothing() {
    for normalization in [Normalization::Sigmoid, Normalization::Clamp] {
        let params = Params { smooth: 0.0, ..of(normalization) };
        let (value, gradient) = run(&params, &[-200.0, f32::NEG_INFINITY], &[0, 0]);
        assert_eq!(value.value, 0.0);
        assert_eq!(value.notices, Notices::NO_POSITIVES | Notices::DEGENERATE);
        assert_eq!(gradient, [0.0, 0.0]);
    }
}

#[test]
fn min_max_of_equal_scores() {
    let (n, t, smooth) = (5.0, 2.0, f64::from(1e-6_f32));
    for score in [0.0, -7.5, f32::MAX, 1e-45] {
        let (value, gradient) = run(&of(Normalization::MinMax), &[score; 5], &[1, 0, 0, 1, 0]);
        let truth = 1.0 - (t / 2.0 + smooth) / (n / 2.0 + t / 2.0 + smooth);
        assert!((value.value - truth).abs() < 1e-15);
        assert_eq!((value.notices, gradient), (Notices::DEGENERATE, std::vec![0.0; 5]));
    }
}

#[test]
fn a_nan_is_never_hidden() {
    for_each_tier(|tier| {
        for normalization in MODES {
            for scores in [[f32::NAN, 0.5, 0.25], [f32::NAN; 3], [0.5, 0.5, f32::NAN]] {
                for targets in [[1, 0, 0], [0, 0, 1], [0, 0, 0], [1, 1, 1]] {
                    let (value, gradient) = run(&of(normalization), &scores, &targets);
                    assert!(value.value.is_nan(), "{tier:?} {normalization:?}");
                    assert!(value.notices.contains(Notices::NOT_FINITE));
                    let at_nan = scores.iter().zip(&gradient).find(|(score, _)| score.is_nan());
                    assert!(at_nan.unwrap().1.is_nan(), "{tier:?} {normalization:?}");
                }
            }
        }
    });
}

#[test]
fn a_weight_of_0_switches_a_pixel_off_but_not_its_part_in_the_range() {
    let at = |normalization, score| {
        let pixels = Pixels {
            scores: &[score, 0.25, 0.75],
            targets: Some(&[1, 0, 1]),
            weights: Some(&[0.0, 1.0, 2.0]),
            ..Pixels::default()
        };
        of_pixels(&of(normalization), &pixels)
    };
    for normalization in [Normalization::Sigmoid, Normalization::Clamp] {
        let (value, gradient) = at(normalization, f32::NAN);
        assert!(value.value.is_finite() && value.notices == Notices::NONE);
        assert_eq!(gradient[0], 0.0);
    }
    assert!(at(Normalization::MinMax, f32::NAN).0.value.is_nan());
    assert!(at(Normalization::MinMax, f32::INFINITY).0.value.is_nan());
    // 0.25 is 1/4 of the range and 0.75 3/4.
    let (value, gradient) = at(Normalization::MinMax, 0.0);
    let (other, _) = at(Normalization::MinMax, 0.25);
    assert!(value.value != other.value && gradient[0] != 0.0);
}

#[test]
fn infinite_scores() {
    let inf = f32::INFINITY;
    let (value, _) = run(&of(Normalization::MinMax), &[inf, 0.0], &[1, 0]);
    assert!(value.value.is_nan() && value.notices == Notices::NOT_FINITE);
    let (value, _) = run(&of(Normalization::MinMax), &[inf, inf], &[1, 0]);
    assert!(value.value.is_nan() && value.notices == Notices::NOT_FINITE);
    for normalization in [Normalization::Sigmoid, Normalization::Clamp] {
        let (value, gradient) = run(&of(normalization), &[inf, -inf], &[1, 0]);
        assert_eq!((value.value, value.notices), (0.0, Notices::NONE));
        assert_eq!(gradient, [0.0, 0.0]);
    }
}

#[test]
fn min_max_far_from_0_keeps_its_digits() {
    let far = 16_777_216.0;
    let (value, _) =
        run(&of(Normalization::MinMax), &[far, far + 2.0, far, far + 4.0], &[0, 1, 0, 1]);
    let t = f64::from(1e-6_f32);
    let truth = (2.0 - 6.0 / (4.0 + t)) / (2.0 + t);
    assert!((value.value - truth).abs() < 1e-15, "{value:?}");
}

#[test]
fn a_loss_near_0_keeps_its_digits() {
    let params = Params { smooth: 0.0, ..of(Normalization::Clamp) };
    let (value, _) = run(&params, &[0.0, 1.0, 1e-30], &[0, 1, 0]);
    assert!(close(value.value, 1e-30), "{value:?}");
}

#[test]
fn a_range_beyond_float32() {
    let (value, gradient) = run(&of(Normalization::MinMax), &[f32::MAX, f32::MIN, 0.0], &[1, 0, 1]);
    // Predictions 1, 0 and 1/2.
    assert!(close(value.value, 0.25), "{value:?}");
    assert!(gradient.iter().all(|found| found.is_finite()));
}

#[test]
fn no_pixel() {
    for normalization in MODES {
        for smooth in [1e-6, 0.0] {
            let params = Params { smooth, ..of(normalization) };
            let (value, _) = run(&params, &[], &[]);
            assert_eq!((value.value, value.notices), (0.0, Notices::EMPTY));
            let pixels = Pixels {
                scores: &[f32::NAN],
                targets: Some(&[1]),
                valid: Some(&[0]),
                ..Pixels::default()
            };
            let (value, gradient) = of_pixels(&params, &pixels);
            assert_eq!((value.value, value.notices), (0.0, Notices::EMPTY));
            assert_eq!(gradient, [0.0]);
        }
    }
}

#[test]
fn any_byte_but_0_is_one_target() {
    for normalization in MODES {
        let ones = run(&of(normalization), &[0.3, 0.9, 0.1], &[1, 1, 0]);
        assert_eq!(run(&of(normalization), &[0.3, 0.9, 0.1], &[255, 2, 0]), ones);
    }
}

#[test]
fn the_ends_of_the_clamp() {
    let scores = [0.0, -0.0, 1.0, 0.5, -0.1, 1.1];
    let targets = [1, 0, 0, 1, 0, 1];
    for (boundary, inside) in [
        (Boundary::Zero, [false, false, false, true, false, false]),
        (Boundary::Pass, [true, true, true, true, false, false]),
    ] {
        let params = Params { boundary, ..of(Normalization::Clamp) };
        for_each_tier(|tier| {
            let (_, gradient) = run(&params, &scores, &targets);
            let found = gradient.iter().map(|slope| *slope != 0.0).collect::<Vec<_>>();
            assert_eq!(found, inside, "{tier:?} {boundary:?}");
        });
    }
}

#[test]
fn a_range_of_other_pixels_is_refused() {
    let params = of(Normalization::MinMax);
    let pixels = Pixels { scores: &[0.5, 1.0], targets: Some(&[0, 1]), ..Pixels::default() };
    let (mut totals, mut range) = (Totals::default(), Range::default());
    assert_eq!(totals.update(&params, &pixels, None), Err(Error::RangeMissing));
    assert_eq!(totals, Totals::default());
    totals.update(&params, &pixels, Some(&mut range)).unwrap();
    assert!(totals.loss(&params, Some(&range)).is_ok());
    let mut gradient = [7.0; 2];
    let mut more = range;
    more.merge(&range);
    for wrong in [None, Some(&Range::default()), Some(&more)] {
        assert_eq!(totals.loss(&params, wrong), Err(Error::RangeMissing));
        let result = totals.gradient(&params, wrong, &pixels, 1.0, Write::Add, &mut gradient);
        assert_eq!((result, gradient), (Err(Error::RangeMissing), [7.0; 2]));
    }
    // The others need none, and leave one alone.
    let mut untouched = Range::default();
    let mut totals = Totals::default();
    totals.update(&Params::default(), &pixels, Some(&mut untouched)).unwrap();
    assert_eq!(untouched, Range::default());
    assert!(totals.loss(&Params::default(), None).is_ok());
}

#[test]
fn a_bad_soft_target_acts_as_masked() {
    for normalization in MODES {
        for bad in [-1e-45, 1.000_000_1, f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let scores = [9.0, 0.25, 0.5, f32::NAN];
            let pixels = Pixels {
                scores: &scores,
                soft_targets: Some(&[0.25, 0.5, 1.0, bad]),
                ..Pixels::default()
            };
            let masked = Pixels { valid: Some(&[1, 1, 1, 0]), ..pixels };
            let (found, expected) =
                (of_pixels(&of(normalization), &pixels), of_pixels(&of(normalization), &masked));
            assert_eq!(found.0.value, expected.0.value);
            assert_eq!(found.1, expected.1);
            assert_eq!((found.0.notices, expected.0.notices), (Notices::REJECTED, Notices::NONE));
        }
    }
}

#[test]
fn bad_arguments_change_nothing() {
    let good = Pixels { scores: &[1.0], targets: Some(&[1]), ..Pixels::default() };
    let (default, mut totals) = (Params::default(), Totals::default());
    totals.update(&default, &good, None).unwrap();
    let before = totals;
    for weight in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let params = Params { weight, ..default };
        assert_eq!(totals.update(&params, &good, None), Err(Error::Weight));
        assert_eq!(totals.loss(&params, None), Err(Error::Weight));
    }
    for smooth in [f32::NAN, f32::INFINITY, -1e-45] {
        let params = Params { smooth, ..default };
        assert_eq!(totals.update(&params, &good, None), Err(Error::Smooth));
        assert_eq!(totals.loss(&params, None), Err(Error::Smooth));
    }
    let mut update = |pixels: &Pixels| totals.update(&default, pixels, None);
    assert_eq!(update(&Pixels { targets: None, ..good }), Err(Error::MissingInput));
    let both = Pixels { soft_targets: Some(&[0.5]), ..good };
    assert_eq!(update(&both), Err(Error::UnsupportedInput));
    let short = Pixels { valid: Some(&[]), ..good };
    assert_eq!(update(&short), Err(Error::LengthMismatch));
    let short = Pixels { targets: None, soft_targets: Some(&[]), ..good };
    assert_eq!(update(&short), Err(Error::LengthMismatch));
    let mut gradient = [7.0, 7.0];
    let wrong = totals.gradient(&default, None, &good, 1.0, Write::Store, &mut gradient);
    assert_eq!((wrong, gradient), (Err(Error::LengthMismatch), [7.0, 7.0]));
    assert_eq!(totals, before);
}

#[test]
fn totals_of_another_normalization_are_refused() {
    let pixels = Pixels { scores: &[1.0, -2.0], targets: Some(&[1, 0]), ..Pixels::default() };
    let mut totals = Totals::default();
    totals.update(&of(Normalization::Sigmoid), &pixels, None).unwrap();
    assert_eq!(totals.loss(&of(Normalization::Clamp), None), Err(Error::MixedTotals));
    let mut other = Totals::default();
    other.update(&of(Normalization::Clamp), &pixels, None).unwrap();
    totals.merge(&other);
    assert_eq!(totals.loss(&of(Normalization::Clamp), None), Err(Error::MixedTotals));
    // No other parameter changes a term, so one state serves them all.
    let params = Params { weight: 0.5, smooth: 1.0, ..of(Normalization::Clamp) };
    assert!(other.loss(&params, None).is_ok());
}
