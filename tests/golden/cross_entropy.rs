//! CrossEntropyLoss.

use super::dice::{Batch, compare_gradients};
use super::{doubles, for_each_case, number};
use hyla::capi::bce::{HYLA_REDUCTION_WEIGHTED_MEAN, HYLA_STORE};
use hyla::capi::cross_entropy::*;
use serde_json::Value;

/// Relative to the loss, whose terms all have one sign.
const LOSS_BOUND: f64 = 5e-7;

#[test]
fn cross_entropy() {
    for_each_case("cross_entropy", check);
}

fn check(case: &Value) {
    let given = &case["params"];
    let params = hyla_cross_entropy_params {
        struct_size: size_of::<hyla_cross_entropy_params>() as u32,
        reduction: HYLA_REDUCTION_WEIGHTED_MEAN,
        has_ignore_index: 1,
        ignore_index: given["ignore_index"].as_i64().unwrap() as i32,
        weight: number(&given["weight"]) as f32,
        label_smoothing: 0.0,
    };
    let weights: Option<Vec<f32>> = given["class_weights"]
        .as_array()
        .map(|weights| weights.iter().map(|weight| number(weight) as f32).collect());
    let weights = weights.as_ref().map_or(std::ptr::null(), |weights| weights.as_ptr());
    let batch = Batch::new(case);
    let mut totals = hyla_cross_entropy_totals::default();
    let mut gradient = vec![f32::NAN; batch.logits.len()];
    let (mut loss, cube, write) = (f64::NAN, batch.cube(), HYLA_STORE);
    let to = gradient.as_mut_ptr();
    // SAFETY: all pointers are of live values, the arrays as long as the cube says.
    unsafe {
        assert_eq!(hyla_cross_entropy_update(&params, &cube, weights, &mut totals), 0);
        assert_eq!(hyla_cross_entropy_loss(&params, &totals, &mut loss), 0);
        let status = hyla_cross_entropy_gradient(&params, &totals, &cube, weights, 1.0, write, to);
        assert_eq!(status, 0);
    }
    let (name, truth) = (&case["name"], number(&case["expect"]["loss"]));
    assert!((loss - truth).abs() <= LOSS_BOUND * truth.abs(), "{name}: {loss} is not {truth}");
    compare_gradients(name, &gradient, &doubles(&case["expect"]["grad_logits"]));
}
