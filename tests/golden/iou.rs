//! IoULoss.

use super::{bytes, doubles, floats, for_each_case, number, pixels};
use hyla::capi::iou::*;
use hyla::capi::range::hyla_range;
use serde_json::Value;

/// Relative to 1, of which the loss is a difference in cuvis-ai.
const LOSS_BOUND: f64 = 5e-7;
/// Of an element away from cancellation.
const GRADIENT_BOUND_ULP: f64 = 16.0;
/// Of the greatest gradient of a case.
const GRADIENT_BOUND: f64 = 1e-6;
/// Below the smallest normal float a gradient is compared absolutely.
const FLOOR: f64 = f32::MIN_POSITIVE as f64;

#[test]
fn iou() {
    for_each_case("iou", check);
}

fn check(case: &Value) {
    let given = &case["params"];
    let params = hyla_iou_params {
        struct_size: size_of::<hyla_iou_params>() as u32,
        normalization: match given["normalize_method"].as_str().unwrap() {
            "sigmoid" => HYLA_NORMALIZATION_SIGMOID,
            "clamp" => HYLA_NORMALIZATION_CLAMP,
            "minmax" => HYLA_NORMALIZATION_MINMAX,
            other => panic!("unknown normalisation {other}"),
        },
        boundary: HYLA_BOUNDARY_ZERO,
        empty_target: HYLA_EMPTY_TARGET_ONE,
        weight: number(&given["weight"]) as f32,
        smooth: number(&given["smooth"]) as f32,
    };
    let scores = floats(&case["inputs"]["predictions"]);
    let targets = bytes(&case["inputs"]["targets"]);
    let n = scores.len();
    let pixels = pixels(n, &scores, &targets, &[]);
    let (mut totals, mut range) = (hyla_iou_totals::default(), hyla_range::default());
    let mut gradient = vec![f32::NAN; n];
    let mut loss = f64::NAN;
    // SAFETY: all pointers are of live values, the arrays of `n` items.
    unsafe {
        assert_eq!(hyla_iou_update(&params, &pixels, &mut totals, &mut range), 0);
        assert!(hyla_iou_loss(&params, &totals, &range, &mut loss) >= 0);
        let to = gradient.as_mut_ptr();
        let status = hyla_iou_gradient(&params, &totals, &range, &pixels, 1.0, 0, to);
        assert!(status >= 0);
    }
    let name = &case["name"];
    let truth = number(&case["expect"]["loss"]);
    let bound = LOSS_BOUND * f64::from(params.weight);
    assert!((loss - truth).abs() <= bound, "{name}: {loss} is not {truth}");
    if case["expect"]["grad_predictions"].is_null() {
        // docs/differences.md: min-max of equal scores has no graph in PyTorch.
        assert_eq!(gradient, vec![0.0; n], "{name}");
        return;
    }
    let truths = doubles(&case["expect"]["grad_predictions"]);
    assert_eq!(truths.len(), n);
    let largest = truths.iter().fold(0.0, |most: f64, truth| most.max(truth.abs()));
    for (found, truth) in gradient.iter().zip(truths) {
        let error = (f64::from(*found) - truth).abs();
        assert!(error <= GRADIENT_BOUND * largest + FLOOR, "{name}: {found} is not {truth}");
        // Under min-max an element is a sum that may cancel.
        if params.normalization != HYLA_NORMALIZATION_MINMAX {
            let exponent = truth.abs().max(FLOOR).log2().floor() as i32;
            let bound = (GRADIENT_BOUND_ULP * 2.0_f64.powi(exponent - 23)).max(FLOOR);
            assert!(error <= bound, "{name}: gradient {found} is not {truth}");
        }
    }
}
