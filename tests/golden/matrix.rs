//! OrthogonalityLoss, DistinctnessLoss and ComponentOrthogonalityMetric.

use super::{check_gradient, check_value, compare_metrics, doubles, floats, for_each_case, number};
use hyla::capi::component_orthogonality::*;
use hyla::capi::distinctness::*;
use hyla::capi::loss::HYLA_STORE;
use hyla::capi::matrix::hyla_matrix;
use hyla::capi::orthogonality::*;
use hyla::capi::status::HYLA_NOTICE_ZERO_PAIRS;
use serde_json::Value;
use std::mem::MaybeUninit;

fn matrix(array: &Value, values: &[f32]) -> hyla_matrix {
    let size = |index: usize| array["shape"][index].as_u64().unwrap() as usize;
    let (rows, columns) = (size(0), size(1));
    let reserved = [std::ptr::null(); 2];
    hyla_matrix { values: values.as_ptr(), rows, columns, row_stride: columns, reserved }
}

#[test]
fn orthogonality() {
    for_each_case("orthogonality", |case| {
        let params = hyla_orthogonality_params {
            struct_size: size_of::<hyla_orthogonality_params>() as u32,
            weight: number(&case["params"]["weight"]) as f32,
        };
        let values = floats(&case["inputs"]["components"]);
        let matrix = matrix(&case["inputs"]["components"], &values);
        let mut gradient = vec![f32::NAN; values.len()];
        let mut loss = f64::NAN;
        let mut space = vec![0.0; hyla_orthogonality_workspace(matrix.rows, matrix.columns)];
        // SAFETY: all pointers are of live values.
        let status = unsafe {
            let (space, size) = (space.as_mut_ptr(), space.len());
            let to = gradient.as_mut_ptr();
            hyla_orthogonality_loss_and_gradient(&params, &matrix, 1.0, HYLA_STORE, space, size, &mut loss, to)
        };
        assert_eq!(status, 0);
        check_value(case, loss, number(&case["expect"]["loss"]), 0.0);
        // An element is a sum over the rows whose parts cancel.
        let truths = doubles(&case["expect"]["grad_components"]);
        let greatest = truths.iter().fold(0.0_f64, |greatest, truth| greatest.max(truth.abs()));
        check_gradient(case, &gradient, &truths, greatest);
    });
}

#[test]
fn distinctness() {
    for_each_case("distinctness", |case| {
        for (skip, loss_name, gradient_name) in
            [(0, "loss_all_pairs", "grad_selection_weights_all_pairs"), (1, "loss", "grad_selection_weights")]
        {
            let given = &case["params"];
            let params = hyla_distinctness_params {
                struct_size: size_of::<hyla_distinctness_params>() as u32,
                weight: number(&given["weight"]) as f32,
                eps: number(&given["eps"]) as f32,
                skip_exact_zeros: skip,
            };
            let values = floats(&case["inputs"]["selection_weights"]);
            let matrix = matrix(&case["inputs"]["selection_weights"], &values);
            let mut gradient = vec![f32::NAN; values.len()];
            let mut loss = f64::NAN;
            let mut space = vec![0.0; hyla_distinctness_workspace(matrix.rows, matrix.columns)];
            // SAFETY: all pointers are of live values.
            let status = unsafe {
                let (space, size) = (space.as_mut_ptr(), space.len());
                let to = gradient.as_mut_ptr();
                hyla_distinctness_loss_and_gradient(&params, &matrix, 1.0, HYLA_STORE, space, size, &mut loss, to)
            };
            assert!(status >= 0);
            let truth = number(&case["expect"][loss_name]);
            if truth.is_nan() {
                // docs/differences.md: "all pairs are exactly orthogonal".
                assert!(loss == 0.0 && status & HYLA_NOTICE_ZERO_PAIRS != 0);
                assert!(gradient.iter().all(|slope| *slope == 0.0));
                continue;
            }
            // Cosines of both signs cancel in the mean: the largest is 1.
            check_value(case, loss, truth, number(&given["weight"]));
            let truths = doubles(&case["expect"][gradient_name]);
            let greatest = truths.iter().fold(0.0_f64, |greatest, truth| greatest.max(truth.abs()));
            check_gradient(case, &gradient, &truths, greatest);
        }
    });
}

#[test]
fn component_orthogonality() {
    for_each_case("component_orthogonality", |case| {
        let values = floats(&case["inputs"]["components"]);
        let matrix = matrix(&case["inputs"]["components"], &values);
        let size = hyla_component_orthogonality_workspace(matrix.rows, matrix.columns);
        let mut space = vec![0.0; size];
        let mut report = MaybeUninit::uninit();
        // SAFETY: all pointers are of live values.
        let status = unsafe {
            let (space, to) = (space.as_mut_ptr(), report.as_mut_ptr());
            hyla_component_orthogonality_values(&matrix, space, size, to)
        };
        assert_eq!(status, 0);
        let compared = compare_metrics(
            // SAFETY: as above; the call before wrote the report.
            |context, out, capacity, count| unsafe {
                hyla_component_orthogonality_metrics(report.as_ptr(), context, out, capacity, count)
            },
            &case["expect"],
            |found, truth| (found - truth).abs() <= 1e-12 * truth.abs(),
        );
        assert_eq!(compared, 4);
    });
}
