//! DiceLoss.

use super::{doubles, floats, for_each_case, number};
use hyla::capi::bce::HYLA_STORE;
use hyla::capi::cube::hyla_cube;
use hyla::capi::dice::*;
use serde_json::Value;

/// Relative to the loss.
const LOSS_BOUND: f64 = 5e-7;
/// Relative to the case's largest gradient.
const GRADIENT_BOUND: f64 = 1e-6;
/// Element by element, relative to what the gradient of an element is the difference of.
const ELEMENT_BOUND: f64 = 16.0 / (1 << 23) as f64;

#[test]
fn dice() {
    for_each_case("dice", check);
}

/// Logits interleaved by pixel, and their labels.
pub(crate) struct Batch {
    pub channels: usize,
    pub logits: Vec<f32>,
    pub labels: Vec<i32>,
}

impl Batch {
    pub fn new(case: &Value) -> Self {
        let inputs = &case["inputs"];
        let labels: Vec<i32> = doubles(&inputs["targets"]).iter().map(|y| *y as i32).collect();
        let logits = floats(&inputs["logits"]);
        Self { channels: logits.len() / labels.len(), logits, labels }
    }

    pub fn cube(&self) -> hyla_cube {
        hyla_cube {
            values: self.logits.as_ptr(),
            n: self.labels.len(),
            channels: self.channels,
            pixel_stride: self.channels,
            channel_stride: 1,
            targets: std::ptr::null(),
            labels: self.labels.as_ptr(),
            valid: std::ptr::null(),
            weights: std::ptr::null(),
            reserved: [std::ptr::null(); 2],
        }
    }
}

/// Each gradient within a bound relative to the largest one, and most also within one of their own:
/// all that are not a thousandth of it, where nothing cancels.
pub(crate) fn compare_gradients(name: &Value, found: &[f32], truths: &[f64]) {
    assert_eq!(truths.len(), found.len());
    let largest = truths.iter().fold(0.0_f64, |largest, truth| largest.max(truth.abs()));
    for (found, truth) in found.iter().zip(truths) {
        let error = (f64::from(*found) - truth).abs();
        assert!(error <= GRADIENT_BOUND * largest, "{name}: gradient {found} is not {truth}");
        if truth.abs() > 1e-3 * largest {
            let bound = ELEMENT_BOUND * truth.abs();
            assert!(error <= bound, "{name}: gradient {found} is not {truth}");
        }
    }
}

fn check(case: &Value) {
    let given = &case["params"];
    let ignored = given["ignore_index"].as_i64();
    let params = hyla_dice_params {
        struct_size: size_of::<hyla_dice_params>() as u32,
        include_background: given["include_background"].as_bool().unwrap().into(),
        has_ignore_index: ignored.is_some().into(),
        ignore_index: ignored.unwrap_or(0) as i32,
        absent: HYLA_ABSENT_ONE,
        weight: number(&given["weight"]) as f32,
        eps: number(&given["eps"]) as f32,
    };
    let batch = Batch::new(case);
    let mut totals = vec![hyla_dice_totals::default(); batch.channels];
    let mut gradient = vec![f32::NAN; batch.logits.len()];
    let (mut loss, cube, write) = (f64::NAN, batch.cube(), HYLA_STORE);
    let (to, slopes) = (totals.as_mut_ptr(), gradient.as_mut_ptr());
    // SAFETY: all pointers are of live values, the arrays as long as the cube says.
    unsafe {
        assert_eq!(hyla_dice_update(&params, &cube, to), 0);
        assert_eq!(hyla_dice_loss(&params, to, batch.channels, &mut loss), 0);
        assert_eq!(hyla_dice_gradient(&params, to, &cube, 1.0, write, slopes), 0);
    }
    let (name, truth) = (&case["name"], number(&case["expect"]["loss"]));
    assert!((loss - truth).abs() <= LOSS_BOUND * truth.abs(), "{name}: {loss} is not {truth}");
    compare_gradients(name, &gradient, &doubles(&case["expect"]["grad_logits"]));
}
