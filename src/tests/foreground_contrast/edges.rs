//! Foreground contrast at the edges: every row of docs/differences.md, and bad arguments.

use crate::error::{Error, Notices};
use crate::input::{Cube, Layout};
use crate::loss::foreground_contrast::{ColorSpace, Frame, Params, Totals, loss_and_gradient};
use crate::simd::Write;
use crate::tests::for_each_tier;
use crate::tests::harness::batch::Batch;
use crate::tests::harness::refusals::{
    bad_inputs_change_nothing, bad_parameters_change_nothing, mixed_totals_are_found,
};
use std::vec::Vec;

/// A frame of interleaved pixels: its loss, its notices and its gradient.
fn frame(params: &Params, values: &[f32], targets: &[u8]) -> (f64, Notices, Vec<f32>) {
    let layout = Layout::interleaved(targets.len(), 3);
    let cube = Cube { values, layout, targets: Some(targets), ..Cube::default() };
    let mut gradient = std::vec![f32::NAN; values.len()];
    let value = loss_and_gradient(params, &cube, 1.0, Write::Store, None, &mut gradient).unwrap();
    (value.value, value.notices, gradient)
}

#[test]
fn a_bright_and_even_foreground_keeps_its_variance() {
    // 1000 and 1000 + k 2^-14: in float32, E[q^2] - m^2 is 0 or negative.
    let n = 64;
    let step = 2.0_f32.powi(-11);
    let values: Vec<f32> = (0..n)
        .flat_map(|i| {
            let level = 1000.0 + (i % 8) as f32 * step;
            if i % 2 == 0 { [level, 1000.0, level] } else { [0.25, 0.5, 0.75] }
        })
        .collect();
    let targets: Vec<u8> = (0..n).map(|i| u8::from(i % 2 == 0)).collect();
    // Levels 0, 2, 4 and 6: their variance is 5 step^2.
    let variance = 5.0 * f64::from(step).powi(2);
    for_each_tier(|tier| {
        let even = Params { weight: 1.0, compactness_weight: 3.0, eps: 0.0, ..Params::default() };
        let (with, notices, gradient) = frame(&even, &values, &targets);
        let (without, ..) = frame(&Params { compactness_weight: 0.0, ..even }, &values, &targets);
        assert_eq!(notices, Notices::NONE);
        // The loss is near -1731 and rounded to f32: the variance is seen in the sums, not in it.
        assert!((with - without).abs() <= 1.3e-4, "{tier:?}");
        let found = crate::exact::variance(
            &count(32),
            &sum(values.iter().step_by(6).copied()),
            &squares(values.iter().step_by(6).copied()),
        );
        assert!((found - variance).abs() <= 1e-14 * variance, "{tier:?}: {found} is not {variance}");
        // 2 a/(3 n) (q - m), by itself: the part that differs within the foreground.
        let slope = |pixel: usize| f64::from(gradient[3 * pixel]);
        let expected = 2.0 / 32.0 * 6.0 * f64::from(step);
        let found = slope(6) - slope(0);
        assert!((found - expected).abs() <= 1e-4 * expected, "{tier:?}: {found} is not {expected}");
        // The second channel is constant, and its variance exactly 0.
        assert_eq!(gradient[1], gradient[7]);
    });
    // MATH: level 1000 and a variance of 6.7e-5, which float32 takes for 0.
    let levels = [1000.0_f32, 1000.02, 1000.0, 1000.015];
    let mean = levels.iter().map(|level| f64::from(*level)).sum::<f64>() / 4.0;
    let truth = levels.iter().map(|level| (f64::from(*level) - mean).powi(2)).sum::<f64>() / 4.0;
    let found = crate::exact::variance(&count(4), &sum(levels.into_iter()), &squares(levels.into_iter()));
    assert!(truth > 5e-5 && (found - truth).abs() <= 1e-12 * truth, "{found} is not {truth}");
    let equal = [1000.1_f32; 7];
    assert_eq!(crate::exact::variance(&count(7), &sum(equal.into_iter()), &squares(equal.into_iter())), 0.0);
}

#[test]
fn derivatives_of_dark_and_black_pixels_are_finite() {
    let params = Params { color_space: ColorSpace::Oklab, ..Params::default() };
    // Below -0.055 the power of sRGB has no value; PyTorch's gradient is NaN there.
    let values = [-0.2, -0.06, -1.0, 0.0, 0.0, 0.0, 0.5, 0.25, 1.0, -0.055, 0.04, 0.05];
    for_each_tier(|tier| {
        let (loss, notices, gradient) = frame(&params, &values, &[1, 1, 0, 0]);
        assert!(loss < 0.0 && notices == Notices::NONE, "{tier:?}");
        assert!(gradient.iter().all(|slope| slope.is_finite()), "{tier:?}: {gradient:?}");
        assert!(gradient[..3].iter().all(|slope| *slope != 0.0));
        assert_eq!(gradient[3..6], [0.0; 3], "black does not move");
    });
}

#[test]
fn equal_means_without_eps_have_a_gradient_of_zero() {
    let plain = Params { eps: 0.0, ..Params::default() };
    for_each_tier(|tier| {
        let found = frame(&plain, &[0.5; 6], &[1, 0]);
        assert_eq!(found, (0.0, Notices::DEGENERATE, std::vec![0.0; 6]), "{tier:?}");
        // The other terms stay.
        let params = Params { compactness_weight: 3.0, ..plain };
        let values = [0.25, 0.5, 0.5, 0.75, 0.5, 0.5, 0.5, 0.5, 0.5];
        let (loss, notices, gradient) = frame(&params, &values, &[1, 1, 0]);
        assert_eq!((loss, notices), (0.0625, Notices::DEGENERATE));
        assert_eq!(gradient, [-0.25, 0.0, 0.0, 0.25, 0.0, 0.0, 0.0, 0.0, 0.0]);
        // With eps nothing is special.
        let (loss, notices, gradient) = frame(&Params::default(), &[0.5; 6], &[1, 0]);
        assert!((loss + 1e-3).abs() < 1e-9 && notices == Notices::NONE);
        assert_eq!(gradient, [0.0; 6]);
    });
}

#[test]
fn skipped_frames_may_be_anything() {
    let nan = [f32::NAN; 6];
    let good = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let layout = Layout::interleaved(2, 3);
    for params in [
        Params { eps: 0.0, ..Params::default() },
        Params { color_space: ColorSpace::Oklab, compactness_weight: 1.0, ..Params::default() },
    ] {
        for_each_tier(|tier| {
            let mut totals = Totals::default();
            let mut frames = [Frame::default(); 3];
            let cubes = [(&nan, &[1, 1]), (&good, &[1, 0]), (&nan, &[0, 0])].map(|(values, targets)| Cube {
                values: &values[..],
                layout,
                targets: Some(&targets[..]),
                ..Cube::default()
            });
            for (frame, cube) in frames.iter_mut().zip(&cubes) {
                frame.update(&params, cube).unwrap();
                totals.update(&params, frame).unwrap();
            }
            assert_eq!((totals.frames, totals.skipped), (1, 2), "{tier:?}");
            let value = totals.loss(&params).unwrap();
            assert!(value.value.is_finite() && value.notices == Notices::NONE);
            let alone = frame(&params, &good, &[1, 0]);
            assert_eq!(value.value, alone.0);
            for (index, cube) in cubes.iter().enumerate() {
                let mut gradient = [7.0; 6];
                totals.gradient(&params, &frames[index], cube, 1.0, Write::Store, &mut gradient).unwrap();
                let expected: &[f32] = if index == 1 { &alone.2 } else { &[0.0; 6] };
                assert_eq!(gradient, expected);
                let mut added = [7.0; 6];
                totals.gradient(&params, &frames[index], cube, 1.0, Write::Add, &mut added).unwrap();
                assert!(index == 1 || added == [7.0; 6]);
            }
            // All of them skipped.
            assert_eq!(frame(&params, &nan, &[1, 1]), (0.0, Notices::EMPTY, std::vec![0.0; 6]));
            assert_eq!(frame(&params, &[], &[]), (0.0, Notices::EMPTY, Vec::new()));
            let nothing = Totals::default().loss(&params).unwrap();
            assert_eq!((nothing.value, nothing.notices), (0.0, Notices::EMPTY));
        });
    }
}

#[test]
fn what_is_not_finite_follows_ieee() {
    for_each_tier(|tier| {
        let values = [f32::NAN, 0.0, 0.0, 0.5, 0.5, 0.5];
        let (loss, notices, gradient) = frame(&Params::default(), &values, &[1, 0]);
        assert!(loss.is_nan() && notices == Notices::NOT_FINITE, "{tier:?}");
        assert!(gradient.iter().all(|slope| slope.is_nan()));
        // A weight of 0 switches the loss off, and one of a pixel the pixel.
        let off = Params { weight: 0.0, ..Params::default() };
        assert_eq!(frame(&off, &values, &[1, 0]), (0.0, Notices::NONE, std::vec![0.0; 6]));
        let values = [f32::NAN, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 4.0, 0.0, f32::INFINITY, 0.0, 0.0];
        let cube = Cube {
            values: &values,
            layout: Layout::interleaved(4, 3),
            targets: Some(&[1, 1, 0, 0]),
            weights: Some(&[0.0, 2.0, 0.5, -1.0]),
            ..Cube::default()
        };
        let params = Params { eps: 0.0, compactness_weight: 1.0, ..Params::default() };
        let mut gradient = [7.0; 12];
        let value = loss_and_gradient(&params, &cube, 1.0, Write::Store, None, &mut gradient).unwrap();
        assert_eq!((value.value, value.notices), (-5.0, Notices::REJECTED));
        assert_eq!(gradient, [0.0, 0.0, 0.0, -0.6, 0.8, 0.0, 0.6, -0.8, 0.0, 0.0, 0.0, 0.0]);
        // All foreground of weight 0: no foreground.
        let cube = Cube { weights: Some(&[0.0, 0.0, 0.5, 1.0]), ..cube };
        let value = loss_and_gradient(&params, &cube, 1.0, Write::Store, None, &mut gradient).unwrap();
        assert_eq!((value.value, value.notices, gradient), (0.0, Notices::EMPTY, [0.0; 12]));
        // Squares beyond f32.
        let (loss, notices, _) = frame(&params, &[1e20, 0.0, 0.0, 0.0, 0.0, 0.0], &[1, 0]);
        assert!(loss == f64::INFINITY && notices == Notices::NOT_FINITE, "{loss}");
        let plain = Params { compactness_weight: 0.0, ..params };
        let (loss, notices, _) = frame(&plain, &[1e20, 0.0, 0.0, 0.0, 0.0, 0.0], &[1, 0]);
        assert_eq!((loss as f32, notices), (-1e20, Notices::NONE));
    });
}

#[test]
fn bad_arguments_change_nothing() {
    let batch = Batch {
        n: 2,
        channels: 3,
        values: std::vec![0.5, 0.25, 0.0, 0.0, 1.0, 0.75],
        targets: std::vec![1, 0],
        labels: std::vec![0, 0],
        valid: Some(std::vec![1, 1]),
        weights: Some(std::vec![1.0, 2.0]),
        ..Batch::default()
    };
    let default = Params::default();
    bad_inputs_change_nothing(&default, &batch);
    let refused = |params: Params, error: Error| {
        bad_parameters_change_nothing(&default, &batch, &[(&params, error)]);
        assert_eq!(Totals::default().loss(&params), Err(error));
    };
    let bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
    for value in bad {
        refused(Params { weight: value, ..default }, Error::Weight);
    }
    for value in bad.into_iter().chain([-1.0]) {
        refused(Params { compactness_weight: value, ..default }, Error::Balance);
        refused(Params { anchor_weight: value, ..default }, Error::Balance);
        refused(Params { eps: value, ..default }, Error::Epsilon);
    }
    // Frames of another space, or without squares.
    let oklab = Params { color_space: ColorSpace::Oklab, ..default };
    let even = Params { compactness_weight: 1.0, ..default };
    mixed_totals_are_found(&default, &batch, &[&oklab, &even]);

    let values = [0.5, 0.25, 0.0, 0.0, 1.0, 0.75];
    let layout = Layout::interleaved(2, 3);
    let good = Cube { values: &values, layout, targets: Some(&[1, 0]), ..Cube::default() };
    let (mut frame, mut totals) = (Frame::default(), Totals::default());
    frame.update(&default, &good).unwrap();
    totals.update(&default, &frame).unwrap();
    let (before, mut gradient) = ((frame, totals), [7.0; 6]);
    for channels in [0, 2, 4] {
        let layout = Layout { n: 1, ..Layout::interleaved(1, channels) };
        let other = Cube { layout, targets: Some(&[1]), ..good };
        assert_eq!(frame.update(&default, &other), Err(Error::Channels));
    }
    // Totals of another weight.
    for other in [oklab, Params { weight: 2.0, ..default }, Params { eps: 0.0, ..default }] {
        assert_eq!(totals.loss(&other), Err(Error::MixedTotals));
        let wrong = totals.gradient(&other, &frame, &good, 1.0, Write::Store, &mut gradient);
        assert_eq!(wrong, Err(Error::MixedTotals));
    }
    assert_eq!((frame, totals, gradient), (before.0, before.1, [7.0; 6]));
    // In rgb the gamma curve does not matter.
    assert!(totals.loss(&Params { assume_srgb: false, ..default }).is_ok());
}

#[test]
fn words_added_elsewhere_are_canonical_after_normalize() {
    let params = Params { compactness_weight: 1.0, ..Params::default() };
    let values = [0.5, -0.25, 0.0, 0.0, 1.0, -0.75];
    let layout = Layout::interleaved(2, 3);
    let cube = Cube { values: &values, layout, targets: Some(&[1, 0]), ..Cube::default() };
    let (mut one, mut merged) = (Frame::default(), Frame::default());
    one.update(&params, &cube).unwrap();
    let mut added = one;
    let more = |sum: &mut crate::exact::ExactSum| sum.digits.iter_mut().for_each(|digit| *digit *= 1000);
    added.foreground.iter_mut().for_each(more);
    added.background.iter_mut().for_each(more);
    added.squares.iter_mut().for_each(more);
    more(&mut added.foreground_weights);
    more(&mut added.background_weights);
    (added.pixels, added.fingerprint) = (1000 * one.pixels, one.fingerprint.wrapping_mul(1000));
    for _ in 0..1000 {
        merged.merge(&one);
    }
    let mut totals = [Totals::default(); 2];
    totals[0].update(&params, &added).unwrap();
    added.normalize();
    assert_eq!(added, merged);
    totals[1].update(&params, &merged).unwrap();
    assert_eq!(totals[0], totals[1]);
}

fn count(n: i64) -> crate::exact::ExactSum {
    let mut sum = crate::exact::ExactSum::default();
    sum.add_integer(n);
    sum
}

fn sum(values: impl Iterator<Item = f32>) -> crate::exact::ExactSum {
    let mut sum = crate::exact::ExactSum::default();
    values.for_each(|value| sum.add(value));
    sum
}

fn squares(values: impl Iterator<Item = f32>) -> crate::exact::ExactSum {
    let parts = |value: f32| {
        let square = f64::from(value) * f64::from(value);
        [square as f32, (square - f64::from(square as f32)) as f32]
    };
    sum(values.flat_map(parts))
}
