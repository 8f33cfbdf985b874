//! DiceLoss and CrossEntropyLoss.

use super::{check_gradient, check_value, cube, doubles, floats, for_each_case, number, plane};
use hyla::capi::cross_entropy::*;
use hyla::capi::cube::hyla_cube;
use hyla::capi::dice::*;
use hyla::capi::loss::{HYLA_REDUCTION_WEIGHTED_MEAN, HYLA_STORE};
use hyla::capi::planes::HYLA_I32;
use serde_json::Value;

/// Logits and labels of a case.
fn inputs(case: &Value) -> (Vec<f32>, Vec<i32>) {
    let labels = doubles(&case["inputs"]["targets"]).into_iter().map(|label| label as i32);
    (floats(&case["inputs"]["logits"]), labels.collect())
}

fn labelled(case: &Value, values: &[f32], labels: &[i32]) -> hyla_cube {
    hyla_cube { labels: plane(labels, HYLA_I32), ..cube(&case["inputs"]["logits"], values) }
}

/// The parts of a gradient over classes are of the size of the greatest, and nearly cancel where a class is
/// certain.
fn check_slopes(case: &Value, gradient: &[f32], classes: usize) {
    let truths = doubles(&case["expect"]["grad_logits"]);
    let greatest = truths.iter().fold(0.0_f64, |greatest, truth| greatest.max(truth.abs()));
    check_gradient(case, gradient, &truths, if classes == 1 { 0.0 } else { greatest });
}

#[test]
fn dice() {
    for_each_case("dice", |case| {
        let given = &case["params"];
        let ignore = given["ignore_index"].as_i64();
        let params = hyla_dice_params {
            struct_size: size_of::<hyla_dice_params>() as u32,
            include_background: given["include_background"].as_bool().unwrap().into(),
            has_ignore_index: ignore.is_some().into(),
            ignore_index: ignore.unwrap_or(0) as i32,
            absent: HYLA_ABSENT_ONE,
            weight: number(&given["weight"]) as f32,
            eps: number(&given["eps"]) as f32,
        };
        let (values, labels) = inputs(case);
        let cube = labelled(case, &values, &labels);
        let mut totals = vec![hyla_dice_totals::default(); cube.channels];
        let mut gradient = vec![f32::NAN; values.len()];
        let mut loss = f64::NAN;
        // SAFETY: all pointers are of live values, the arrays in the layout of the cube.
        let status = unsafe {
            let (totals, to) = (totals.as_mut_ptr(), gradient.as_mut_ptr());
            hyla_dice_loss_and_gradient(&params, &cube, 1.0, HYLA_STORE, std::ptr::null_mut(), totals, &mut loss, to)
        };
        assert_eq!(status, 0, "{}", case["name"]);
        check_value(case, loss, number(&case["expect"]["loss"]), number(&given["weight"]));
        check_slopes(case, &gradient, cube.channels);
    });
}

#[test]
fn cross_entropy() {
    for_each_case("cross_entropy", |case| {
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
        let (values, labels) = inputs(case);
        let cube = labelled(case, &values, &labels);
        let mut totals = hyla_cross_entropy_totals::default();
        let mut gradient = vec![f32::NAN; values.len()];
        let mut loss = f64::NAN;
        // SAFETY: all pointers are of live values, the arrays in the layout of the cube.
        let status = unsafe {
            let to = gradient.as_mut_ptr();
            hyla_cross_entropy_loss_and_gradient(&params, &cube, weights, 1.0, HYLA_STORE, &mut totals, &mut loss, to)
        };
        assert_eq!(status, 0, "{}", case["name"]);
        check_value(case, loss, number(&case["expect"]["loss"]), 0.0);
        check_slopes(case, &gradient, 1);
    });
}
