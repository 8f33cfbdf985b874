//! SelectorEntropyRegularizer and SelectorDiversityRegularizer.

use super::{doubles, floats, for_each_case, number};
use hyla::capi::bce::HYLA_STORE;
use hyla::capi::selector_diversity::*;
use hyla::capi::selector_entropy::*;
use serde_json::Value;

/// Relative to the value, or to what cancels in it.
const LOSS_BOUND: f64 = 5e-7;
/// Relative to the greatest gradient of the case.
const GRADIENT_BOUND: f64 = 1e-6;
const GRADIENT_BOUND_ULP: f64 = 16.0;

#[test]
fn selector_entropy() {
    for_each_case("selector_entropy", |case| {
        let given = &case["params"];
        let target = given["target_entropy"].as_f64();
        let params = hyla_selector_entropy_params {
            struct_size: size_of::<hyla_selector_entropy_params>() as u32,
            weight: number(&given["weight"]) as f32,
            eps: number(&given["eps"]) as f32,
            has_target: u32::from(target.is_some()),
            target_entropy: target.unwrap_or(0.0) as f32,
        };
        let weights = floats(&case["inputs"]["weights"]);
        let n = weights.len();
        let (mut loss, mut gradient) = (f64::NAN, vec![f32::NAN; n]);
        let (from, to) = (weights.as_ptr(), gradient.as_mut_ptr());
        // SAFETY: all pointers are of live values, the arrays of `n` items.
        let status = unsafe {
            hyla_selector_entropy_loss_and_gradient(
                &params, from, n, 1.0, HYLA_STORE, &mut loss, to,
            )
        };
        assert_eq!(status, 0);
        // Near p = 1 the logarithm is what its argument's last digit leaves: a few units of 2^-52.
        let cancelled = 4.0 * f64::EPSILON * f64::from(params.weight).abs();
        compare(case, loss, cancelled, &gradient);
    });
}

#[test]
fn selector_diversity() {
    for_each_case("selector_diversity", |case| {
        let params = hyla_selector_diversity_params {
            struct_size: size_of::<hyla_selector_diversity_params>() as u32,
            weight: number(&case["params"]["weight"]) as f32,
        };
        let weights = floats(&case["inputs"]["weights"]);
        let n = weights.len();
        let (mut loss, mut gradient) = (f64::NAN, vec![f32::NAN; n]);
        let (from, to) = (weights.as_ptr(), gradient.as_mut_ptr());
        // SAFETY: all pointers are of live values, the arrays of `n` items.
        let status = unsafe {
            hyla_selector_diversity_loss_and_gradient(
                &params, from, n, 1.0, HYLA_STORE, &mut loss, to,
            )
        };
        assert_eq!(status, 0);
        compare(case, loss, 0.0, &gradient);
    });
}

fn compare(case: &Value, loss: f64, cancelled: f64, gradient: &[f32]) {
    let name = &case["name"];
    let truth = number(&case["expect"]["loss"]);
    let error = (loss - truth).abs();
    assert!(error <= LOSS_BOUND * truth.abs() + cancelled, "{name}: {loss} is not {truth}");
    let truths = doubles(&case["expect"]["grad_weights"]);
    assert_eq!(truths.len(), gradient.len());
    let greatest = truths.iter().fold(0.0, |most: f64, truth| most.max(truth.abs()));
    for (found, truth) in gradient.iter().zip(truths) {
        let error = (f64::from(*found) - truth).abs();
        assert!(error <= GRADIENT_BOUND * greatest, "{name}: gradient {found} is not {truth}");
        // Terms that cancel to a thousandth keep fewer digits in PyTorch's own float64.
        if truth.abs() > 1e-3 * greatest {
            let ulp = 2.0_f64.powi(truth.abs().log2().floor() as i32 - 23);
            assert!(error <= GRADIENT_BOUND_ULP * ulp, "{name}: gradient {found} is not {truth}");
        }
    }
}
