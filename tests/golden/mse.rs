//! MSEReconstructionLoss: channels are the last axis (BHWC), so the values are interleaved.

use super::{doubles, floats, for_each_case, number};
use hyla::capi::bce::*;
use hyla::capi::cube::hyla_cube;
use hyla::capi::mse::*;
use serde_json::Value;

/// Relative to the value.
const LOSS_BOUND: f64 = 5e-7;
const GRADIENT_BOUND: f64 = 1e-6;
const GRADIENT_BOUND_ULP: f64 = 1.0;

#[test]
fn mse_reconstruction() {
    for_each_case("mse_reconstruction", check);
}

fn check(case: &Value) {
    let given = &case["params"];
    let params = hyla_mse_params {
        struct_size: size_of::<hyla_mse_params>() as u32,
        reduction: match given["reduction"].as_str().unwrap() {
            "mean" => HYLA_REDUCTION_MEAN,
            "sum" => HYLA_REDUCTION_SUM,
            "none" => HYLA_REDUCTION_NONE,
            other => panic!("unknown reduction {other}"),
        },
        weight: number(&given["weight"]) as f32,
    };
    let reconstruction = floats(&case["inputs"]["reconstruction"]);
    let target = floats(&case["inputs"]["target"]);
    let shape = case["inputs"]["reconstruction"]["shape"].as_array().unwrap();
    let channels = shape.last().and_then(Value::as_u64).unwrap() as usize;
    let null = std::ptr::null::<std::ffi::c_void>();
    let cube = hyla_cube {
        values: reconstruction.as_ptr(),
        n: reconstruction.len() / channels,
        channels,
        pixel_stride: channels,
        channel_stride: 1,
        targets: null.cast(),
        labels: null.cast(),
        valid: null.cast(),
        weights: null.cast(),
        reserved: [null; 2],
    };
    let b = target.as_ptr();
    let mut totals = hyla_mse_totals::default();
    let mut gradients = [1.0, -1.0].map(|_| vec![f32::NAN; target.len()]);
    // SAFETY: all pointers are of live values, the arrays of as many items as the cube spans.
    unsafe {
        assert_eq!(hyla_mse_update(&params, &cube, b, &mut totals), 0);
        for (upstream, gradient) in [1.0, -1.0].into_iter().zip(&mut gradients) {
            let to = gradient.as_mut_ptr();
            assert_eq!(hyla_mse_gradient(&params, &totals, &cube, b, upstream, HYLA_STORE, to), 0);
        }
    }
    let name = &case["name"];
    let is_close = |found: f64, truth: f64| (found - truth).abs() <= LOSS_BOUND * truth.abs();
    if params.reduction == HYLA_REDUCTION_NONE {
        let mut map = vec![f32::NAN; target.len()];
        // SAFETY: as above.
        assert_eq!(unsafe { hyla_mse_map(&params, &cube, b, map.as_mut_ptr()) }, 0);
        for (found, truth) in map.iter().zip(doubles(&case["expect"]["loss"])) {
            assert!(is_close(f64::from(*found), truth), "{name}: {found} is not {truth}");
        }
    } else {
        let mut loss = f64::NAN;
        // SAFETY: as above.
        assert_eq!(unsafe { hyla_mse_loss(&params, &totals, &mut loss) }, 0);
        let truth = number(&case["expect"]["loss"]);
        assert!(is_close(loss, truth), "{name}: {loss} is not {truth}");
    }
    for (gradient, of) in gradients.iter().zip(["grad_reconstruction", "grad_target"]) {
        let truths = doubles(&case["expect"][of]);
        assert_eq!(truths.len(), gradient.len());
        let greatest = truths.iter().fold(0.0, |most: f64, truth| most.max(truth.abs()));
        for (found, truth) in gradient.iter().zip(truths) {
            let ulp = 2.0_f64.powi(truth.abs().log2().floor() as i32 - 23);
            let bound = (GRADIENT_BOUND * greatest).min(GRADIENT_BOUND_ULP * ulp);
            let error = (f64::from(*found) - truth).abs();
            assert!(error <= bound, "{name}: {of} {found} is not {truth}");
        }
    }
}
