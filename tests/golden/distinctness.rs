//! DistinctnessLoss: cuvis-ai's mean over the cosines that are not exactly 0, and the mean over all
//! pairs that its documentation speaks of.

use super::{doubles, floats, for_each_case, matrix, number};
use hyla::capi::bce::HYLA_STORE;
use hyla::capi::distinctness::*;
use hyla::capi::matrix::hyla_matrix;
use hyla::capi::status::{HYLA_NOTICE_DEGENERATE, HYLA_NOTICE_EMPTY, HYLA_NOTICE_ZERO_PAIRS};
use serde_json::Value;

/// Relative to `weight`: a mean cosine of 0.001 is a sum of terms of the size of 1.
const LOSS_BOUND: f64 = 5e-7;
/// Of the case's largest gradient.
const GRADIENT_BOUND: f64 = 1e-6;

#[test]
fn distinctness() {
    for_each_case("distinctness", check);
}

fn check(case: &Value) {
    let name = &case["name"];
    let values = floats(&case["inputs"]["selection_weights"]);
    let weights = matrix(&values, &case["inputs"]["selection_weights"]);
    let mut params = hyla_distinctness_params {
        struct_size: size_of::<hyla_distinctness_params>() as u32,
        weight: number(&case["params"]["weight"]) as f32,
        eps: number(&case["params"]["eps"]) as f32,
        skip_exact_zeros: 0,
    };
    let expect = &case["expect"];
    let truths = doubles(&expect["grad_selection_weights_all_pairs"]);
    let all = compare(name, &params, &weights, number(&expect["loss_all_pairs"]), &truths);
    params.skip_exact_zeros = 1;
    // docs/differences.md, "all pairs exactly 0": where cuvis-ai's mean is that of nothing, hyla's is
    // 0 with a notice.
    let truth = number(&expect["loss"]);
    let truths = doubles(&expect["grad_selection_weights"]);
    let or_zero = if truth.is_nan() { 0.0 } else { truth };
    let nonzero = compare(name, &params, &weights, or_zero, &truths);
    assert!(!truth.is_nan() || nonzero & HYLA_NOTICE_ZERO_PAIRS != 0, "{name}");
    if weights.rows < 2 {
        assert_eq!((all, nonzero), (HYLA_NOTICE_EMPTY, HYLA_NOTICE_EMPTY), "{name}");
    } else {
        let known = HYLA_NOTICE_ZERO_PAIRS | HYLA_NOTICE_DEGENERATE;
        assert_eq!((all & !known, nonzero & !known), (0, 0), "{name}");
        // The two means differ only where there is a notice.
        let differ = (truth - number(&expect["loss_all_pairs"])).abs() > 1e-12;
        assert!(!differ || nonzero & HYLA_NOTICE_ZERO_PAIRS != 0, "{name}");
    }
}

/// Returns the notices.
fn compare(
    name: &Value,
    params: &hyla_distinctness_params,
    weights: &hyla_matrix,
    truth: f64,
    truths: &[f64],
) -> i32 {
    let size = hyla_distinctness_workspace(weights.rows, weights.columns);
    let mut workspace = vec![f64::NAN; size];
    let mut gradient = vec![f32::NAN; truths.len()];
    let mut loss = f64::NAN;
    // SAFETY: all pointers are of live values, the arrays of as many items as they should have.
    let status = unsafe {
        let to = gradient.as_mut_ptr();
        let room = workspace.as_mut_ptr();
        hyla_distinctness_loss_and_gradient(
            params, weights, 1.0, HYLA_STORE, room, size, &mut loss, to,
        )
    };
    assert!(status >= 0, "{name}");
    let bound = LOSS_BOUND * f64::from(params.weight);
    assert!((loss - truth).abs() <= bound, "{name}: {loss} is not {truth}");
    let largest = truths.iter().fold(0.0_f64, |largest, truth| largest.max(truth.abs()));
    for (found, truth) in gradient.iter().zip(truths) {
        let error = (f64::from(*found) - truth).abs();
        assert!(error <= GRADIENT_BOUND * largest, "{name}: gradient {found} is not {truth}");
    }
    status
}
