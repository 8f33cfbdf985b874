//! ForegroundContrastLoss.

use super::{bytes, cube, doubles, floats, for_each_case, mask, number};
use hyla::capi::cube::hyla_cube;
use hyla::capi::foreground_contrast::*;
use hyla::capi::loss::HYLA_STORE;
use serde_json::Value;

/// cuvis-ai computes in float32 whatever it is given, and so its values are no better than this.
const BOUND: f64 = 2e-5;

#[test]
fn foreground_contrast() {
    for_each_case("foreground_contrast", check);
}

fn check(case: &Value) {
    let given = &case["params"];
    let float = |name: &str| number(&given[name]) as f32;
    let params = hyla_foreground_contrast_params {
        struct_size: size_of::<hyla_foreground_contrast_params>() as u32,
        color_space: match given["color_space"].as_str().unwrap() {
            "rgb" => HYLA_COLOR_RGB,
            "oklab" => HYLA_COLOR_OKLAB,
            other => panic!("unknown color space {other}"),
        },
        assume_srgb: u32::from(given["assume_srgb"].as_bool().unwrap()),
        weight: float("weight"),
        compactness_weight: float("compactness_weight"),
        anchor_weight: float("anchor_weight"),
        eps: float("eps"),
    };
    let values = floats(&case["inputs"]["rgb"]);
    let targets = bytes(&case["inputs"]["mask"]);
    let batch = case["inputs"]["mask"]["shape"][0].as_u64().unwrap() as usize;
    let pixels = targets.len() / batch;
    let cubes: Vec<hyla_cube> = values
        .chunks(3 * pixels)
        .zip(targets.chunks(pixels))
        .map(|(values, targets)| hyla_cube { targets: mask(targets), ..cube(&case["inputs"]["rgb"], values) })
        .collect();
    let mut totals = hyla_foreground_contrast_totals::default();
    let mut frames = vec![hyla_foreground_contrast_frame::default(); batch];
    let mut gradient = vec![f32::NAN; values.len()];
    let mut loss = f64::NAN;
    // SAFETY: all pointers are of live values, the arrays in the layout of the cubes.
    unsafe {
        for (cube, frame) in cubes.iter().zip(&mut frames) {
            assert_eq!(hyla_foreground_contrast_frame_update(&params, cube, frame), 0);
            assert_eq!(hyla_foreground_contrast_update(&params, frame, &mut totals), 0);
        }
        assert_eq!(hyla_foreground_contrast_loss(&params, &totals, &mut loss), 0);
        for ((cube, frame), to) in cubes.iter().zip(&frames).zip(gradient.chunks_mut(3 * pixels)) {
            let to = to.as_mut_ptr();
            let status = hyla_foreground_contrast_gradient(&params, &totals, frame, cube, 1.0, HYLA_STORE, to);
            assert_eq!(status, 0);
        }
    }
    // In batches of three the second frame has no foreground.
    assert_eq!((totals.frames, totals.skipped), if batch == 3 { (2, 1) } else { (1, 0) });

    let name = &case["name"];
    let truth = number(&case["expect"]["loss"]);
    assert!((loss - truth).abs() <= BOUND * truth.abs(), "{name}: {loss} is not {truth}");
    let truths = doubles(&case["expect"]["grad_rgb"]);
    assert_eq!(truths.len(), gradient.len());
    let greatest = truths.iter().fold(0.0_f64, |greatest, truth| greatest.max(truth.abs()));
    for (found, truth) in gradient.iter().zip(truths) {
        let error = (f64::from(*found) - truth).abs();
        assert!(error <= BOUND * greatest, "{name}: gradient {found} is not {truth}");
    }
}
