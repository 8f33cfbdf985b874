//! OrthogonalityLoss.

use super::{doubles, floats, for_each_case, matrix, number};
use hyla::capi::bce::HYLA_STORE;
use hyla::capi::orthogonality::*;
use serde_json::Value;

/// The weight is a float32 here and a double there.
const LOSS_BOUND: f64 = 5e-7;
/// Of the case's largest gradient.
const GRADIENT_BOUND: f64 = 1e-6;

#[test]
fn orthogonality() {
    for_each_case("orthogonality", check);
}

fn check(case: &Value) {
    let params = hyla_orthogonality_params {
        struct_size: size_of::<hyla_orthogonality_params>() as u32,
        weight: number(&case["params"]["weight"]) as f32,
    };
    let values = floats(&case["inputs"]["components"]);
    let components = matrix(&values, &case["inputs"]["components"]);
    let size = hyla_orthogonality_workspace(components.rows, components.columns);
    let mut workspace = vec![f64::NAN; size];
    let mut gradient = vec![f32::NAN; values.len()];
    let mut loss = f64::NAN;
    // SAFETY: all pointers are of live values, the arrays of as many items as they should have.
    let status = unsafe {
        let to = gradient.as_mut_ptr();
        let room = workspace.as_mut_ptr();
        hyla_orthogonality_loss_and_gradient(
            &params,
            &components,
            1.0,
            HYLA_STORE,
            room,
            size,
            &mut loss,
            to,
        )
    };
    let name = &case["name"];
    assert_eq!(status, 0, "{name}");
    let truth = number(&case["expect"]["loss"]);
    assert!((loss - truth).abs() <= LOSS_BOUND * truth.abs(), "{name}: {loss} is not {truth}");
    let truths = doubles(&case["expect"]["grad_components"]);
    assert_eq!(truths.len(), gradient.len());
    let largest = truths.iter().fold(0.0_f64, |largest, truth| largest.max(truth.abs()));
    for (found, truth) in gradient.iter().zip(truths) {
        let error = (f64::from(*found) - truth).abs();
        assert!(error <= GRADIENT_BOUND * largest, "{name}: gradient {found} is not {truth}");
    }
}
