//! IoU and Tversky at their limits: rows of the tables of edge cases, by hand.

use super::naive;
use crate::error::{Error, Notices};
use crate::input::Pixels;
use crate::loss::{iou, tversky};
use crate::node::overlap::{Boundary, EmptyTarget, Normalization};
use crate::node::range::Range;
use crate::simd::Write;
use crate::tests::for_each_tier;
use crate::tests::harness::Node;
use crate::tests::harness::batch::{Batch, bits};
use crate::tests::harness::refusals::{
    bad_inputs_change_nothing, bad_parameters_change_nothing, mixed_totals_are_found,
};
use std::vec::Vec;

fn run(params: &iou::Params, pixels: &Pixels) -> (f64, Notices, Vec<f32>) {
    let mut gradient = std::vec![f32::NAN; pixels.scores.len()];
    let value = iou::loss_and_gradient(params, pixels, 1.0, Write::Store, None, None, &mut gradient).unwrap();
    (value.value, value.notices, gradient)
}

fn of(scores: &'static [f32], targets: &'static [u8]) -> Pixels<'static> {
    Pixels { scores, targets: Some(targets), ..Pixels::default() }
}

#[test]
fn iou_is_tversky_with_both_weights_1_and_dice_with_halves() {
    let pixels = of(&[2.0, -1.0, 0.5, -3.0], &[1, 0, 0, 1]);
    let as_tversky = |a, b, smooth| {
        let params = tversky::Params { false_positives: a, false_negatives: b, smooth, ..tversky::Params::default() };
        let mut gradient = [0.0; 4];
        let to = &mut gradient;
        let value = tversky::loss_and_gradient(&params, &pixels, 1.0, Write::Store, None, None, to).unwrap();
        (value.value, value.notices, gradient.to_vec())
    };
    assert_eq!(run(&iou::Params::default(), &pixels), as_tversky(1.0, 1.0, 1e-6));
    let predictions = naive::sigmoid(&[2.0, -1.0, 0.5, -3.0]);
    let (both, all) = (predictions[0] + predictions[3], predictions.iter().sum::<f64>());
    let dice = 1.0 - (2.0 * both + 1.0) / (all + 2.0 + 1.0);
    assert!((as_tversky(0.5, 0.5, 0.5).0 - dice).abs() < 1e-7);
}

#[test]
fn without_positive_targets() {
    let pixels = of(&[0.5, -0.25], &[0, 0]);
    let one = iou::Params::default();
    let (value, notices, gradient) = run(&one, &pixels);
    assert!(value > 0.99999 && notices == Notices::NO_POSITIVES);
    assert!(gradient.iter().all(|slope| *slope > 0.0 && *slope < 1e-5));
    // Predictions that vanish make a jump to 0: smooth decides where.
    let (value, _, _) = run(&one, &of(&[-200.0, -200.0], &[0, 0]));
    assert_eq!(value, 0.0);
    let skip = iou::Params { empty_target: EmptyTarget::Skip, ..one };
    let (value, notices, gradient) = run(&skip, &pixels);
    assert_eq!((value, notices), (0.0, Notices::NO_POSITIVES | Notices::EMPTY));
    assert_eq!(gradient, [0.0, 0.0]);
    let zero = iou::Params { empty_target: EmptyTarget::Zero, ..one };
    assert_eq!(run(&zero, &pixels), (0.0, Notices::NO_POSITIVES, std::vec![0.0, 0.0]));
    // Nothing predicted and nothing to be found, without a smoothing term.
    let bare = iou::Params { smooth: 0.0, normalization: Normalization::Clamp, ..one };
    let (value, notices, _) = run(&bare, &of(&[-1.0, 0.0], &[0, 0]));
    assert_eq!((value, notices), (0.0, Notices::NO_POSITIVES | Notices::DEGENERATE));
    // A NaN is never hidden.
    for params in [&skip, &zero] {
        let (value, notices, _) = run(params, &of(&[f32::NAN, 0.5], &[0, 0]));
        assert!(value.is_nan() && notices.contains(Notices::NOT_FINITE));
    }
    let (value, notices, _) = run(&one, &of(&[], &[]));
    assert_eq!((value, notices), (0.0, Notices::NO_POSITIVES | Notices::EMPTY));
}

#[test]
fn minmax_at_the_edges() {
    let params = iou::Params { normalization: Normalization::MinMax, ..iou::Params::default() };
    let (value, notices, gradient) = run(&params, &of(&[3.0; 4], &[1, 0, 0, 0]));
    let smooth = f64::from(params.smooth);
    let expected = 1.0 - (0.5 + smooth) / (2.0 + 0.5 + smooth);
    assert!((value - expected).abs() < 1e-15);
    assert_eq!((notices, gradient), (Notices::DEGENERATE, std::vec![0.0; 4]));
    // A NaN is never hidden, an infinite score has no range.
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let scores = [3.0, bad, 3.0, 1.0];
        let pixels = Pixels { scores: &scores, targets: Some(&[1, 0, 0, 1]), ..Pixels::default() };
        let (value, notices, _) = run(&params, &pixels);
        assert!(value.is_nan() && notices.contains(Notices::NOT_FINITE), "{bad}");
    }
    let (value, notices, _) = run(&params, &of(&[3.0, f32::NAN, 3.0], &[1, 0, 0]));
    assert!(value.is_nan() && notices.contains(Notices::NOT_FINITE));
    // A range beyond the greatest float.
    let (value, notices, _) = run(&params, &of(&[-3e38, 3e38], &[0, 1]));
    assert_eq!((value, notices), (0.0, Notices::NONE));
    // Ties share the gradient of their extreme evenly.
    let (_, _, gradient) = run(&params, &of(&[0.0, 0.0, 1.0, 0.25], &[0, 0, 0, 1]));
    assert_eq!(gradient[0], gradient[1]);
}

#[test]
fn a_nan_of_weight_0_is_switched_off() {
    let scores = [0.25, f32::NAN, 0.75, f32::NAN, -0.5];
    let targets = Some([1, 1, 0, 0, 1].as_slice());
    let weights = Some([1.0, 0.0, 2.0, 0.0, 1.0].as_slice());
    let with = Pixels { scores: &scores, targets, weights, ..Pixels::default() };
    let soft = Some([1.0, 1.0, 0.0, 0.5, 1.0].as_slice());
    let softly = Pixels { targets: None, soft_targets: soft, ..with };
    for normalization in [Normalization::Sigmoid, Normalization::Clamp, Normalization::MinMax] {
        let params = iou::Params { normalization, ..iou::Params::default() };
        for_each_tier(|tier| {
            let without = Pixels {
                scores: &[0.25, 0.75, -0.5],
                targets: Some(&[1, 0, 1]),
                weights: Some(&[1.0, 2.0, 1.0]),
                ..Pixels::default()
            };
            let (expected, _, slopes) = run(&params, &without);
            let slopes = [slopes[0], 0.0, slopes[1], 0.0, slopes[2]];
            let (loss, notices, gradient) = run(&params, &with);
            assert_eq!((loss, notices), (expected, Notices::NONE), "{tier:?}");
            assert_eq!(bits(&gradient), bits(&slopes), "{tier:?} {normalization:?}");
            let (loss, notices, gradient) = run(&params, &softly);
            assert_eq!((loss, notices), (expected, Notices::NONE), "{tier:?}");
            assert_eq!((gradient[1], gradient[3]), (0.0, 0.0), "{tier:?} {normalization:?}");
        });
    }
}

/// Of scores that are all NaN there is no range, whatever their weights.
#[test]
fn minmax_of_nothing_but_nans_of_weight_0_is_nan() {
    let pixels = Pixels { weights: Some(&[0.0]), ..of(&[f32::NAN], &[1]) };
    for normalization in [Normalization::Sigmoid, Normalization::Clamp, Normalization::MinMax] {
        let params = iou::Params { normalization, ..iou::Params::default() };
        let (value, notices, gradient) = run(&params, &pixels);
        let is_nan = normalization == Normalization::MinMax;
        assert_eq!((value.is_nan(), gradient[0].is_nan()), (is_nan, is_nan));
        assert_eq!(notices.contains(Notices::NOT_FINITE), is_nan);
    }
}

#[test]
fn an_extreme_of_weight_0_moves_the_others() {
    let scores = [-1.0, 0.25, 0.5, 3.0];
    let weights = [0.0, 1.0, 1.0, 0.0];
    let loss = |scores: &[f32]| {
        let params = iou::Params { normalization: Normalization::MinMax, ..iou::Params::default() };
        let (targets, weights) = (Some([0, 1, 0, 1].as_slice()), Some(weights.as_slice()));
        run(&params, &Pixels { scores, targets, weights, ..Pixels::default() })
    };
    let (_, _, gradient) = loss(&scores);
    for (index, found) in gradient.iter().enumerate() {
        let moved = |by: f32| {
            let mut scores = scores;
            scores[index] += by;
            loss(&scores).0
        };
        let slope = (moved(0.015625) - moved(-0.015625)) / 0.03125;
        assert!(slope.abs() > 0.01, "the extremes too");
        assert!((f64::from(*found) - slope).abs() < 1e-3, "{index}: {found} is not {slope}");
    }
}

#[test]
fn clamp_at_its_bounds() {
    let pixels = of(&[0.0, 1.0, 0.5, f32::NAN], &[1, 1, 1, 1]);
    let first = Pixels { scores: &pixels.scores[..3], targets: Some(&[1; 3]), ..pixels };
    let zero = iou::Params { normalization: Normalization::Clamp, ..iou::Params::default() };
    let (_, _, gradient) = run(&zero, &first);
    assert_eq!((gradient[0], gradient[1]), (0.0, 0.0));
    let pass = iou::Params { boundary: Boundary::Pass, ..zero };
    let (_, _, gradient) = run(&pass, &first);
    assert!(gradient[0] == gradient[2] && gradient[1] == gradient[2] && gradient[2] < 0.0);
    let (value, notices, _) = run(&zero, &pixels);
    assert!(value.is_nan() && notices == Notices::NOT_FINITE);
}

#[test]
fn an_index_of_1_under_a_root_has_a_slope_of_0_by_convention() {
    let params = tversky::Params {
        normalization: Normalization::Clamp,
        boundary: Boundary::Pass,
        gamma: 0.75,
        ..tversky::Params::default()
    };
    let mut gradient = [7.0; 2];
    let pixels = of(&[1.0, 0.0], &[1, 0]);
    let to = &mut gradient;
    let found = tversky::loss_and_gradient(&params, &pixels, 1.0, Write::Store, None, None, to).unwrap();
    assert_eq!((found.value, found.notices, gradient), (0.0, Notices::DEGENERATE, [0.0; 2]));
}

#[test]
fn bad_arguments_change_nothing() {
    let batch = Batch {
        targets: std::vec![1, 0],
        valid: Some(std::vec![1, 1]),
        weights: Some(std::vec![1.0, 1.0]),
        ..Batch::of_scores(std::vec![1.0, 2.0])
    };
    let default = tversky::Params::default();
    let minmax = tversky::Params { normalization: Normalization::MinMax, ..default };
    for node in [&default as &dyn Node, &minmax, &iou::Params::default()] {
        bad_inputs_change_nothing(node, &batch);
        let soft = Batch { soft_targets: Some(std::vec![0.25, 0.5]), ..batch.clone() };
        bad_inputs_change_nothing(node, &soft);
    }
    for bad in [f32::NAN, f32::INFINITY, -1.0] {
        for (params, error) in [
            (tversky::Params { smooth: bad, ..default }, Error::Smooth),
            (tversky::Params { false_positives: bad, ..default }, Error::Balance),
            (tversky::Params { false_negatives: bad, ..default }, Error::Balance),
            (tversky::Params { gamma: bad, ..default }, Error::Gamma),
        ] {
            bad_parameters_change_nothing(&default, &batch, &[(&params, error)]);
        }
    }
    let weight = tversky::Params { weight: f32::NAN, ..default };
    bad_parameters_change_nothing(&default, &batch, &[(&weight, Error::Weight)]);
    let clamp = tversky::Params { normalization: Normalization::Clamp, ..default };
    mixed_totals_are_found(&default, &batch, &[&clamp]);
}

#[test]
fn a_range_of_other_pixels_is_found() {
    let good = of(&[1.0, 2.0], &[1, 0]);
    let default = tversky::Params::default();
    let minmax = tversky::Params { normalization: Normalization::MinMax, ..default };
    let (mut own, mut range) = (tversky::Totals::default(), Range::default());
    assert_eq!(own.update(&minmax, &good, None), Err(Error::RangeMissing));
    assert_eq!(own, tversky::Totals::default());
    // Totals without a range, read with one.
    let mut other = tversky::Totals::default();
    other.update(&default, &good, None).unwrap();
    assert_eq!(other.loss(&minmax, Some(&range)), Err(Error::MixedTotals));
    own.update(&minmax, &good, Some(&mut range)).unwrap();
    assert_eq!(own.loss(&minmax, None), Err(Error::RangeMissing));
    assert!(own.loss(&minmax, Some(&range)).is_ok());
    range.update(&good).unwrap();
    assert_eq!(own.loss(&minmax, Some(&range)), Err(Error::RangeMissing));
    // A soft target out of range acts as masked.
    let soft = Pixels { scores: &[1.0, 2.0], soft_targets: Some(&[0.5, 1.5]), ..Pixels::default() };
    let mut rejected = tversky::Totals::default();
    rejected.update(&default, &soft, None).unwrap();
    assert_eq!((rejected.sums.pixels, rejected.sums.rejected), (1, 1));
    assert_eq!(rejected.loss(&default, None).unwrap().notices, Notices::REJECTED);
}
