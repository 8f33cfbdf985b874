//! IoULoss.

use super::{bytes, check_gradient, check_value, doubles, floats, for_each_case, number, pixels};
use hyla::capi::iou::*;
use hyla::capi::loss::HYLA_STORE;
use hyla::capi::range::hyla_range;
use serde_json::Value;

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
            other => panic!("unknown method {other}"),
        },
        boundary: HYLA_BOUNDARY_ZERO,
        empty_target: HYLA_EMPTY_TARGET_ONE,
        weight: number(&given["weight"]) as f32,
        smooth: number(&given["smooth"]) as f32,
    };
    let scores = floats(&case["inputs"]["predictions"]);
    let targets = bytes(&case["inputs"]["targets"]);
    let pixels = pixels(scores.len(), &scores, &targets, &[]);
    let mut totals = hyla_iou_totals::default();
    let mut range = hyla_range::default();
    let mut gradient = vec![f32::NAN; scores.len()];
    let mut loss = f64::NAN;
    // SAFETY: all pointers are of live values, the arrays of `n` items.
    unsafe {
        assert_eq!(hyla_iou_update(&params, &pixels, &mut totals, &mut range), 0);
        assert!(hyla_iou_loss(&params, &totals, &range, &mut loss) >= 0);
        let to = gradient.as_mut_ptr();
        let status = hyla_iou_gradient(&params, &totals, &range, &pixels, 1.0, HYLA_STORE, to);
        assert!(status >= 0);
    }
    let weight = number(&given["weight"]).abs();
    check_value(case, loss, number(&case["expect"]["loss"]), weight);
    // Constant scores under minmax have no graph in cuvis-ai: docs/differences.md, "minmax, all scores
    // equal".
    if case["expect"]["grad_predictions"].is_null() {
        assert!(gradient.iter().all(|slope| *slope == 0.0));
        return;
    }
    let truths = doubles(&case["expect"]["grad_predictions"]);
    // At the extremes of minmax two parts are added that nearly cancel: their size is that of the greatest
    // gradient.
    let greatest = truths.iter().fold(0.0_f64, |greatest, truth| greatest.max(truth.abs()));
    let parts = if params.normalization == HYLA_NORMALIZATION_MINMAX { greatest } else { 0.0 };
    check_gradient(case, &gradient, &truths, parts);
}
