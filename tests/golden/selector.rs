//! SelectorEntropyRegularizer and SelectorDiversityRegularizer, and the metrics of the same names.

use super::{check_gradient, check_value, compare_metrics, doubles, floats, for_each_case, number};
use hyla::capi::loss::HYLA_STORE;
use hyla::capi::selector_diversity::*;
use hyla::capi::selector_diversity_metric::*;
use hyla::capi::selector_entropy::*;
use hyla::capi::selector_entropy_metric::*;
use serde_json::Value;
use std::mem::MaybeUninit;

#[test]
fn selector_entropy() {
    for_each_case("selector_entropy", |case| {
        let given = &case["params"];
        let target = given["target_entropy"].as_f64();
        let params = hyla_selector_entropy_params {
            struct_size: size_of::<hyla_selector_entropy_params>() as u32,
            weight: number(&given["weight"]) as f32,
            eps: number(&given["eps"]) as f32,
            has_target: target.is_some().into(),
            target_entropy: target.unwrap_or(0.0) as f32,
        };
        check(case, |weights, loss, gradient| {
            let n = gradient.len();
            // SAFETY: the arrays have `n` items.
            unsafe {
                hyla_selector_entropy_loss_and_gradient(
                    &params,
                    weights,
                    n,
                    1.0,
                    HYLA_STORE,
                    loss,
                    gradient.as_mut_ptr(),
                )
            }
        });
    });
}

#[test]
fn selector_diversity() {
    for_each_case("selector_diversity", |case| {
        let params = hyla_selector_diversity_params {
            struct_size: size_of::<hyla_selector_diversity_params>() as u32,
            weight: number(&case["params"]["weight"]) as f32,
        };
        check(case, |weights, loss, gradient| {
            let n = gradient.len();
            // SAFETY: the arrays have `n` items.
            unsafe {
                hyla_selector_diversity_loss_and_gradient(
                    &params,
                    weights,
                    n,
                    1.0,
                    HYLA_STORE,
                    loss,
                    gradient.as_mut_ptr(),
                )
            }
        });
    });
}

fn check(case: &Value, call: impl Fn(*const f32, *mut f64, &mut [f32]) -> i32) {
    let weights = floats(&case["inputs"]["weights"]);
    let mut gradient = vec![f32::NAN; weights.len()];
    let mut loss = f64::NAN;
    assert_eq!(call(weights.as_ptr(), &mut loss, &mut gradient), 0);
    check_value(case, loss, number(&case["expect"]["loss"]), 0.0);
    check_gradient(case, &gradient, &doubles(&case["expect"]["grad_weights"]), 0.0);
}

#[test]
fn selector_metrics() {
    for_each_case("selector_metrics", |case| {
        let weights = floats(&case["inputs"]["weights"]);
        let n = weights.len();
        let params = hyla_selector_entropy_metric_params {
            struct_size: size_of::<hyla_selector_entropy_metric_params>() as u32,
            eps: 1e-6,
        };
        // cuvis-ai's eps is a float64 here: 1e-6 has another last digit.
        let compared = compare_metrics(
            // SAFETY: the array has `n` items, all other pointers are of live values.
            |context, out, capacity, count| unsafe {
                let weights = weights.as_ptr();
                hyla_selector_entropy_metric_metrics(&params, weights, n, context, out, capacity, count)
            },
            &case["expect"],
            |found, truth| (found - truth).abs() <= 1e-11,
        );
        assert_eq!(compared, 1);

        let mut space = vec![0; hyla_selector_diversity_metric_workspace(n)];
        let mut report = MaybeUninit::uninit();
        // SAFETY: as above.
        let status = unsafe {
            let (space, size) = (space.as_mut_ptr(), space.len());
            let (weights, to) = (weights.as_ptr(), report.as_mut_ptr());
            hyla_selector_diversity_metric_values(weights, n, space, size, to)
        };
        assert_eq!(status, 0);
        let compared = compare_metrics(
            // SAFETY: as above; the call before wrote the report.
            |context, out, capacity, count| unsafe {
                let report = report.as_ptr();
                hyla_selector_diversity_metric_metrics(report, context, out, capacity, count)
            },
            &case["expect"],
            |found, truth| (found - truth).abs() <= 1e-12 * truth.abs() + 1e-15,
        );
        assert_eq!(compared, 2);
    });
}
