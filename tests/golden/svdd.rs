//! DeepSVDDSoftBoundaryLoss.

use super::{check_gradient, check_value, cube, doubles, floats, for_each_case, number};
use hyla::capi::loss::HYLA_STORE;
use hyla::capi::sum::hyla_exact_sum;
use hyla::capi::svdd::*;
use serde_json::Value;

#[test]
fn deep_svdd_soft_boundary() {
    for_each_case("deep_svdd_soft_boundary", check);
}

fn check(case: &Value) {
    let given = &case["params"];
    let params = hyla_svdd_params {
        struct_size: size_of::<hyla_svdd_params>() as u32,
        nu: number(&given["nu"]) as f32,
        weight: number(&given["weight"]) as f32,
        r_unconstrained: number(&given["r_unconstrained"]) as f32,
    };
    let values = floats(&case["inputs"]["embeddings"]);
    let center = floats(&case["inputs"]["center"]);
    let cube = cube(&case["inputs"]["embeddings"], &values);
    let mut totals = hyla_svdd_totals::default();
    let mut sums = vec![hyla_exact_sum::default(); center.len()];
    let mut gradient = vec![f32::NAN; values.len()];
    let mut of_center = vec![f32::NAN; center.len()];
    let [mut loss, mut of_radius] = [f64::NAN; 2];
    // SAFETY: all pointers are of live values, the arrays in the layout of the cube.
    unsafe {
        let from = center.as_ptr();
        assert_eq!(hyla_svdd_update(&params, &cube, from, &mut totals), 0);
        assert_eq!(hyla_svdd_loss(&params, &totals, &mut loss), 0);
        let to = gradient.as_mut_ptr();
        assert_eq!(hyla_svdd_gradient(&params, &totals, &cube, from, 1.0, HYLA_STORE, to), 0);
        assert_eq!(hyla_svdd_gradient_radius(&params, &totals, 1.0, &mut of_radius), 0);
        assert_eq!(hyla_svdd_center_update(&params, &cube, from, sums.as_mut_ptr()), 0);
        let (sums, to) = (sums.as_ptr(), of_center.as_mut_ptr());
        let count = center.len();
        let status = hyla_svdd_gradient_center(&params, &totals, sums, count, 1.0, HYLA_STORE, to);
        assert_eq!(status, 0);
    }
    let expect = &case["expect"];
    check_value(case, loss, number(&expect["loss"]), 0.0);
    let truths = doubles(&expect["grad_embeddings"]);
    // A difference z - c may cancel: its parts are of the size of the greatest gradient.
    check_gradient(case, &gradient, &truths, 0.0);
    let truths = doubles(&expect["grad_center"]);
    let greatest = truths.iter().fold(0.0_f64, |greatest, truth| greatest.max(truth.abs()));
    check_gradient(case, &of_center, &truths, greatest);
    // 1 and the share outside by nu cancel where the sphere fits.
    let truth = number(&expect["grad_r_unconstrained"]);
    assert!((of_radius - truth).abs() <= 1e-6 * truth.abs().max(1e-6), "{}: {of_radius} is not {truth}", case["name"]);
}
