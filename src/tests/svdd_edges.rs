//! Deep SVDD: every row of the edge table, adding, bad arguments.

use super::{for_each_tier, naive};
use crate::error::{Error, Notices, Value};
use crate::exact::ExactSum;
use crate::input::{Cube, Layout};
use crate::loss::svdd::{
    MOST_CHANNELS, Params, Totals, gradient_center, loss_and_gradient, map, merge_center, normalize_center,
    update_center,
};
use crate::simd::Write;
use std::vec::Vec;

fn cube(values: &[f32], channels: usize) -> Cube<'_> {
    let layout = Layout::interleaved(values.len() / channels, channels);
    Cube { values, layout, ..Cube::default() }
}

fn totals_of(params: &Params, values: &[f32], center: &[f32]) -> Totals {
    let mut totals = Totals::default();
    totals.update(params, &cube(values, center.len()), center).unwrap();
    totals
}

#[test]
fn no_pixel_is_nan_and_has_no_gradient() {
    let params = Params::default();
    let totals = totals_of(&params, &[], &[1.0, 2.0]);
    let value = totals.loss(&params).unwrap();
    assert!(value.value.is_nan() && value.notices == Notices::EMPTY);
    let of_radius = totals.gradient_radius(&params, 1.0).unwrap();
    assert_eq!(of_radius, Value { value: 0.0, notices: Notices::EMPTY });
    let mut of_center = [7.0; 2];
    let sums = [ExactSum::default(); 2];
    let notices = gradient_center(&params, &totals, &sums, 1.0, Write::Store, &mut of_center);
    assert_eq!((notices, of_center), (Ok(Notices::EMPTY), [0.0; 2]));
}

#[test]
fn a_collapsed_radius_is_told() {
    for (r, collapsed) in [(-10.0, false), (-10.5, true), (-100.0, true), (f32::MIN, true)] {
        let params = Params { r_unconstrained: r, ..Params::default() };
        let radius = params.radius().unwrap();
        assert_eq!(radius.value as f32 == 0.0, collapsed, "{r}");
        let expected = Notices::DEGENERATE.when(collapsed);
        assert_eq!(radius.notices, expected);
        let totals = totals_of(&params, &[3.0, 4.0], &[0.0, 0.0]);
        let value = totals.loss(&params).unwrap();
        assert_eq!(value.notices, expected);
        assert_eq!(value.value as f32, (25.0 / f64::from(params.nu)) as f32);
        let slope = totals.gradient_radius(&params, 1.0).unwrap();
        assert!(slope.value.abs() < 1e-40 && slope.notices == expected);
    }
}

#[test]
fn radius_is_softplus_with_a_threshold() {
    for r in [-7.0_f32, -1.0, -0.0, 0.0, 0.3, 1.9, 2.0, 2.000_001, 5.0] {
        let found = Params { r_unconstrained: r, ..Params::default() }.radius().unwrap().value;
        let truth = naive::svdd::radius(r.into());
        assert!((found / truth - 1.0).abs() < 2.0_f64.powi(-50), "{r}: {found} is not {truth}");
    }
    // The sign of zero changes no term.
    let [plus, minus] = [0.0, -0.0].map(|r| Params { r_unconstrained: r, ..Params::default() });
    assert!(totals_of(&plus, &[1.0], &[0.0]).loss(&minus).is_ok());
}

#[test]
fn a_huge_radius_has_a_finite_loss() {
    let params = Params { r_unconstrained: 1e20, ..Params::default() };
    let totals = totals_of(&params, &[1.0, 2.0], &[0.0, 0.0]);
    let value = totals.loss(&params).unwrap();
    assert_eq!(value, Value { value: f64::from(1e20_f32).powi(2), notices: Notices::NONE });
    assert_eq!(totals.gradient_radius(&params, 1.0).unwrap().value, 2.0 * f64::from(1e20_f32));
    let mut scores = [7.0];
    map(&params, &cube(&[1.0, 2.0], 2), &[0.0, 0.0], &mut scores).unwrap();
    assert_eq!(scores, [f32::NEG_INFINITY]);
}

#[test]
fn huge_embeddings_have_a_finite_loss() {
    for_each_tier(|tier| {
        for size in [1e17_f32, 1e19, 1e20, 3e38] {
            let params = Params::default();
            let mut values = Vec::from([0.25_f32; 90]);
            values[30..33].copy_from_slice(&[size, -size, 0.0]);
            let center = [0.25, -size, 0.25];
            let planar = Cube {
                values: &values,
                layout: Layout { n: 30, channels: 3, pixel_stride: 1, channel_stride: 30 },
                ..Cube::default()
            };
            for cube in [cube(&values, 3), planar] {
                let mut gradient = std::vec![7.0; 90];
                let mut totals = Totals::default();
                let to = Some(&mut totals);
                let found = loss_and_gradient(&params, &cube, &center, 1.0, Write::Store, to, &mut gradient).unwrap();
                let layout = cube.layout;
                let distances: Vec<f64> = (0..30)
                    .map(|pixel| {
                        let at = |k| values[pixel * layout.pixel_stride + k * layout.channel_stride];
                        naive::svdd::square(&[at(0), at(1), at(2)], &center)
                    })
                    .collect();
                let truth = naive::svdd::loss(&distances, &[1.0; 30], naive::svdd::radius(0.0), params.nu.into());
                assert!((found.value / truth - 1.0).abs() < 5e-7, "{tier:?} {found:?} {truth}");
                assert_eq!(found.notices, Notices::NONE);
                assert!(gradient.iter().all(|slope| slope.is_finite()) || size > 1e38);
                let squared = params.radius().unwrap().value.powi(2);
                let outside = distances.iter().filter(|distance| **distance > squared);
                assert_eq!(totals.outside, outside.count() as i64);
            }
        }
    });
}

/// Squares that are lost in f32 still decide who is outside a collapsed radius.
#[test]
fn tiny_differences_count_from_f64() {
    let params = Params { r_unconstrained: -100.0, nu: 0.5, ..Params::default() };
    for_each_tier(|_| {
        let mut scores = [7.0; 2];
        map(&params, &cube(&[3e-20, 4e-20, 0.0, 0.0], 2), &[0.0; 2], &mut scores).unwrap();
        assert!((f64::from(scores[0]) / 25e-40 - 1.0).abs() < 1e-5 && scores[1] == 0.0);
    });
}

#[test]
fn channels_must_agree() {
    let (params, values) = (Params::default(), [1.0; 6]);
    let mut totals = Totals::default();
    for center in [&[1.0][..], &[1.0; 2], &[1.0; 4], &[]] {
        assert_eq!(totals.update(&params, &cube(&values, 3), center), Err(Error::Channels));
    }
    let none = Cube { layout: Layout::interleaved(2, 0), ..Cube::default() };
    assert_eq!(totals.update(&params, &none, &[]), Err(Error::Channels));
    let many = std::vec![0.5; MOST_CHANNELS + 1];
    let too_many = Cube { values: &many, layout: Layout::interleaved(1, many.len()), ..none };
    assert_eq!(totals.update(&params, &too_many, &many), Err(Error::Channels));
    let most = &many[1..];
    totals.update(&params, &cube(&many[..MOST_CHANNELS], MOST_CHANNELS), most).unwrap();
    assert_eq!((totals.outside, totals.sums.term_count), (0, 1));
}

#[test]
fn nan_is_outside_and_a_weight_of_zero_switches_off() {
    let params = Params::default();
    let values = [f32::NAN, 0.0, 3.0, 4.0, f32::INFINITY, 0.0];
    let center = [0.0; 2];
    for_each_tier(|_| {
        let totals = totals_of(&params, &values, &center);
        let value = totals.loss(&params).unwrap();
        assert!(value.value.is_nan() && value.notices == Notices::NOT_FINITE);
        assert_eq!((totals.outside, totals.outside_weights.value()), (3, 3.0));

        let weights = [0.0, 2.0, -0.0];
        let weighted = Cube { weights: Some(&weights), ..cube(&values, 2) };
        let mut gradient = [7.0; 6];
        let mut sums = [ExactSum::default(); 2];
        let value = loss_and_gradient(&params, &weighted, &center, 1.0, Write::Store, None, &mut gradient).unwrap();
        let squared = params.radius().unwrap().value.powi(2);
        let truth = squared + 2.0 * (25.0 - squared) / (f64::from(params.nu) * 3.0);
        assert!((value.value / truth - 1.0).abs() < 1e-7 && value.notices == Notices::NONE);
        assert!(gradient[..2].iter().chain(&gradient[4..]).all(|slope| *slope == 0.0));
        assert!((f64::from(gradient[2]) / (4.0 * 3.0 / (0.05 * 3.0)) - 1.0).abs() < 1e-6);
        update_center(&params, &weighted, &center, &mut sums).unwrap();
        assert_eq!(sums.map(|sum| sum.value()), [6.0, 8.0]);
    });
    let off = Params { weight: 0.0, ..params };
    let value = totals_of(&off, &values, &center).loss(&off).unwrap();
    assert_eq!((value.value, value.notices), (0.0, Notices::NOT_FINITE));
}

#[test]
fn sums_of_a_center_of_other_channels_are_refused() {
    let default = Params::default();
    let (values, center) = ([1.0, 2.0, 3.0, 4.0], [0.0, 0.0]);
    let good = cube(&values, 2);
    let totals = totals_of(&default, &values, &center);
    let mut gradient = [7.0; 4];
    assert_eq!(map(&default, &good, &center, &mut gradient), Err(Error::LengthMismatch));
    let mut sums = [ExactSum::default(); 3];
    assert_eq!(update_center(&default, &good, &center, &mut sums), Err(Error::Channels));
    assert_eq!(merge_center(&sums[..2], &mut sums.clone()), Err(Error::Channels));
    assert_eq!(normalize_center(&mut []), Err(Error::Channels));
    let found = gradient_center(&default, &totals, &sums, 1.0, Write::Store, &mut gradient);
    assert_eq!(found, Err(Error::Channels));
    assert_eq!((gradient, sums), ([7.0; 4], [ExactSum::default(); 3]));
}
