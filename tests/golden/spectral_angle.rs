//! The spectral angle, against mpmath.

use super::{cube, doubles, floats, for_each_case};
use hyla::capi::loss::{HYLA_REDUCTION_SUM, HYLA_STORE};
use hyla::capi::spectral_angle::*;
use serde_json::Value;

#[test]
fn spectral_angle() {
    for_each_case("spectral_angle", |case| {
        check(case, "angle", HYLA_SPECTRAL_ANGLE);
        check(case, "cosine", HYLA_SPECTRAL_COSINE);
    });
}

/// Within an ulp, and what the sums in double are off by beside the greatest of a pixel.
fn close(case: &Value, found: &[f32], truths: &Value, channels: usize, beside: f64) {
    let truths = doubles(truths);
    assert_eq!(found.len(), truths.len());
    for (found, truths) in found.chunks(channels).zip(truths.chunks(channels)) {
        let greatest = truths.iter().fold(0.0_f64, |greatest, truth| greatest.max(truth.abs()));
        for (found, truth) in found.iter().zip(truths) {
            let error = (f64::from(*found) - truth).abs();
            assert!(error <= truth.abs() * 6e-8 + greatest * beside, "{}: {found} is not {truth}", case["name"]);
        }
    }
}

fn check(case: &Value, name: &str, measure: u32) {
    let (size, reduction) = (size_of::<hyla_spectral_angle_params>(), HYLA_REDUCTION_SUM);
    let params = hyla_spectral_angle_params { struct_size: size as u32, measure, reduction, weight: 1.0 };
    let (expect, inputs) = (&case["expect"][name], &case["inputs"]);
    let [a, b] = ["reconstruction", "original"].map(|array| floats(&inputs[array]));
    let [of_a, of_b] = [&a, &b].map(|values| cube(&inputs["reconstruction"], values));
    let [ref values_a, ref values_b] = [of_a.values, of_b.values];
    let smallest = doubles(&expect["terms"]).into_iter().fold(1.0, f64::min);
    // Of the angle itself; a cosine is half of its square.
    let beside = 1e-14 / if measure == HYLA_SPECTRAL_ANGLE { smallest } else { (2.0 * smallest).sqrt() };
    let mut totals = hyla_spectral_angle_totals::default();
    let mut written = [vec![f32::NAN; of_a.n], vec![f32::NAN; a.len()], vec![f32::NAN; a.len()]];
    let [map, by_a, by_b] = written.each_mut().map(Vec::as_mut_ptr);
    // SAFETY: all pointers are of live values, the arrays in the layout of the cube.
    unsafe {
        assert_eq!(hyla_spectral_angle_update(&params, &of_a, values_b, &mut totals), 0);
        assert_eq!(hyla_spectral_angle_map(&params, &of_a, values_b, map), 0);
        for (cube, other, to) in [(&of_a, values_b, by_a), (&of_b, values_a, by_b)] {
            let status = hyla_spectral_angle_gradient(&params, &totals, cube, other, 1.0, HYLA_STORE, to);
            assert_eq!(status, 0);
        }
    }
    let arrays = [("terms", 1), ("grad_reconstruction", of_a.channels), ("grad_original", of_a.channels)];
    for ((array, channels), written) in arrays.into_iter().zip(&written) {
        close(case, written, &expect[array], channels, beside);
    }
}
