//! The spectral angle, against mpmath.

use super::{check_value, cube, doubles, floats, for_each_case};
use hyla::capi::loss::{HYLA_REDUCTION_MEAN, HYLA_REDUCTION_SUM, HYLA_STORE};
use hyla::capi::spectral_angle::*;
use serde_json::Value;

#[test]
fn spectral_angle() {
    for_each_case("spectral_angle", |case| {
        check(case, "angle", HYLA_SPECTRAL_ANGLE);
        check(case, "cosine", HYLA_SPECTRAL_COSINE);
    });
}

/// Within an ulp, and what the sums in double are off by beside the greatest.
fn close(case: &Value, found: &[f32], truths: &[f64], channels: usize, beside: f64) {
    assert_eq!(found.len(), truths.len());
    for (found, truths) in found.chunks(channels).zip(truths.chunks(channels)) {
        let greatest = truths.iter().fold(0.0_f64, |greatest, truth| greatest.max(truth.abs()));
        for (found, truth) in found.iter().zip(truths) {
            let bound = truth.abs() * 6e-8 + greatest * beside;
            let error = (f64::from(*found) - truth).abs();
            assert!(error <= bound, "{}: {found} is not {truth}", case["name"]);
        }
    }
}

fn check(case: &Value, name: &str, measure: u32) {
    let mut params = hyla_spectral_angle_params {
        struct_size: size_of::<hyla_spectral_angle_params>() as u32,
        measure,
        reduction: HYLA_REDUCTION_SUM,
        weight: 1.0,
    };
    let (expect, inputs) = (&case["expect"][name], &case["inputs"]);
    let [a, b] = ["reconstruction", "original"].map(|array| floats(&inputs[array]));
    let [of_a, of_b] = [&a, &b].map(|values| cube(&inputs["reconstruction"], values));
    let (n, channels) = (of_a.n, of_a.channels);
    let terms = doubles(&expect["terms"]);
    let smallest = terms.iter().fold(1.0_f64, |least, term| least.min(term.abs()));
    // Of the angle itself; a cosine is half of its square.
    let angle = if measure == HYLA_SPECTRAL_ANGLE { smallest } else { (2.0 * smallest).sqrt() };
    let beside = 1e-14 / angle;
    let mut totals = hyla_spectral_angle_totals::default();
    let (mut map, mut loss) = (vec![f32::NAN; n], f64::NAN);
    let mut gradients = [vec![f32::NAN; a.len()], vec![f32::NAN; a.len()]];
    let [by_a, by_b] = &mut gradients;
    let (params_at, from_a, from_b) = (&raw const params, a.as_ptr(), b.as_ptr());
    // SAFETY: all pointers are of live values, the arrays in the layout of the cube.
    unsafe {
        assert_eq!(hyla_spectral_angle_update(params_at, &of_a, from_b, &mut totals), 0);
        assert_eq!(hyla_spectral_angle_map(params_at, &of_a, from_b, map.as_mut_ptr()), 0);
        for (cube, other, to) in [(&of_a, from_b, by_a), (&of_b, from_a, by_b)] {
            let to = to.as_mut_ptr();
            let status = hyla_spectral_angle_gradient(params_at, &totals, cube, other, 1.0, HYLA_STORE, to);
            assert_eq!(status, 0);
        }
        params.reduction = HYLA_REDUCTION_MEAN;
        assert_eq!(hyla_spectral_angle_loss(&params, &totals, &mut loss), 0);
    }
    close(case, &map, &terms, 1, beside);
    close(case, &gradients[0], &doubles(&expect["grad_reconstruction"]), channels, beside);
    close(case, &gradients[1], &doubles(&expect["grad_original"]), channels, beside);
    check_value(case, loss, terms.iter().sum::<f64>() / n as f64, 0.0);
}
