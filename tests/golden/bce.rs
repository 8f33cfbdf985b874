//! AnomalyBCEWithLogits.

use super::{bytes, doubles, floats, for_each_case, number, pixels, reduction};
use hyla::capi::bce::*;
use hyla::capi::loss::*;
use serde_json::Value;

/// The 3 ulp of the terms, relative to the loss.
const LOSS_BOUND: f64 = 4e-7;
const GRADIENT_BOUND_ULP: f64 = 4.0;
/// Below the smallest normal float a gradient is compared absolutely.
const FLOOR: f64 = f32::MIN_POSITIVE as f64;

#[test]
fn anomaly_bce_with_logits() {
    for_each_case("anomaly_bce_with_logits", check);
}

fn check(case: &Value) {
    let given = &case["params"];
    let params = hyla_bce_params {
        struct_size: size_of::<hyla_bce_params>() as u32,
        reduction: reduction(given),
        weight: number(&given["weight"]) as f32,
        pos_weight: given["pos_weight"].as_f64().unwrap_or(1.0) as f32,
        label_smoothing: 0.0,
    };
    let scores = floats(&case["inputs"]["predictions"]);
    let targets = bytes(&case["inputs"]["targets"]);
    let n = scores.len();
    let pixels = pixels(n, &scores, &targets, &[]);
    let mut totals = hyla_bce_totals::default();
    let mut gradient = vec![f32::NAN; n];
    // SAFETY: all pointers are of live values, the arrays of `n` items.
    unsafe {
        assert_eq!(hyla_bce_update(&params, &pixels, &mut totals), 0);
        let to = gradient.as_mut_ptr();
        assert_eq!(hyla_bce_gradient(&params, &totals, &pixels, 1.0, HYLA_STORE, to), 0);
    }
    let name = &case["name"];
    let is_close = |found: f64, truth: f64| (found - truth).abs() <= LOSS_BOUND * truth.abs() + FLOOR;
    if params.reduction == HYLA_REDUCTION_NONE {
        let mut map = vec![f32::NAN; n];
        // SAFETY: as above.
        assert_eq!(unsafe { hyla_bce_map(&params, &pixels, map.as_mut_ptr()) }, 0);
        for (found, truth) in map.iter().zip(doubles(&case["expect"]["loss"])) {
            assert!(is_close(f64::from(*found), truth), "{name}: {found} is not {truth}");
        }
    } else {
        let mut loss = f64::NAN;
        // SAFETY: as above.
        assert_eq!(unsafe { hyla_bce_loss(&params, &totals, &mut loss) }, 0);
        let truth = number(&case["expect"]["loss"]);
        assert!(is_close(loss, truth), "{name}: {loss} is not {truth}");
    }
    let truths = doubles(&case["expect"]["grad_predictions"]);
    assert_eq!(truths.len(), n);
    for (found, truth) in gradient.iter().zip(truths) {
        let exponent = truth.abs().max(FLOOR).log2().floor() as i32;
        let bound = (GRADIENT_BOUND_ULP * 2.0_f64.powi(exponent - 23)).max(FLOOR);
        let error = (f64::from(*found) - truth).abs();
        assert!(error <= bound, "{name}: gradient {found} is not {truth}");
    }
}
