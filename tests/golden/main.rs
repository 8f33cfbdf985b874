//! What cuvis-ai itself returned, run through the C functions on every tier.
//!
//! The cases are in tests/golden/data, or in the directory that `HYLA_GOLDEN_DIR` names. A file
//! without cases, or a missing file, is a failure.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod bce;
mod classes;
mod detection;
mod distinct_label_count;
mod drift;
mod explained_variance;
mod foreground_contrast;
mod iou;
mod matrix;
mod mse;
mod pixel_statistics;
mod ranking;
mod score_statistics;
mod selector;
mod spectral_angle;
mod svdd;

use hyla::capi::cube::{hyla_cube, hyla_values};
use hyla::capi::library::{hyla_tier_name, hyla_tier_pin};
use hyla::capi::loss::{HYLA_REDUCTION_MEAN, HYLA_REDUCTION_NONE, HYLA_REDUCTION_SUM};
use hyla::capi::metric::{HYLA_STAGE_TEST, hyla_context, hyla_metric};
use hyla::capi::pixels::hyla_pixels;
use hyla::capi::planes::{HYLA_F32, HYLA_I32, HYLA_U8, hyla_mask, hyla_plane};
use serde_json::Value;
use std::ffi::CStr;
use std::path::PathBuf;

/// Runs a check for each case of a file, on every tier of this machine.
pub(crate) fn for_each_case(file: &str, mut check: impl FnMut(&Value)) {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/data");
    let directory = std::env::var("HYLA_GOLDEN_DIR").unwrap_or(own.into());
    let path = PathBuf::from(directory).join(file).with_extension("json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let golden: Value = serde_json::from_str(&text).expect("the file is JSON");
    let cases = golden["cases"].as_array().expect("the file has cases");
    assert!(!cases.is_empty(), "{} has no case", path.display());

    on_each_tier(|| cases.iter().for_each(&mut check));
    println!("{file}: {} cases", cases.len());
}

/// Runs a check on every tier of this machine.
pub(crate) fn on_each_tier(mut check: impl FnMut()) {
    // The tier is one for the process: the tests of this file take turns.
    static WALK: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one_at_a_time = WALK.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let required = std::env::var("HYLA_REQUIRE_TIER").unwrap_or_default();
    for tier in 1..=4 {
        // SAFETY: the names are static C strings.
        let name = unsafe { CStr::from_ptr(hyla_tier_name(tier)) }.to_str().unwrap();
        if hyla_tier_pin(tier) == 0 {
            check();
        } else {
            assert_ne!(required, name, "this machine lacks the required tier");
            eprintln!("skipped: this machine lacks the tier {name}");
        }
    }
    assert_eq!(hyla_tier_pin(0), 0);
}

/// A number, which the files write as text where JSON has none.
pub(crate) fn number(value: &Value) -> f64 {
    match value.as_str() {
        Some("nan") => f64::NAN,
        Some("inf") => f64::INFINITY,
        Some("-inf") => f64::NEG_INFINITY,
        _ => value.as_f64().expect("a number"),
    }
}

/// How far a loss may be from the `float64` value, relative to its largest term.
const LOSS_BOUND: f64 = 5e-7;
/// How far a gradient may be, relative to the greatest of its case.
const GRADIENT_BOUND: f64 = 1e-6;
/// How far an element may be in ulps of float32, where nothing cancels.
const GRADIENT_BOUND_ULP: f64 = 16.0;

/// Compares a loss. `largest` is the size of the largest term, where terms cancel.
pub(crate) fn check_value(case: &Value, found: f64, truth: f64, largest: f64) {
    let bound = LOSS_BOUND * truth.abs().max(largest) + f64::from(f32::MIN_POSITIVE);
    assert!((found - truth).abs() <= bound, "{}: loss {found} is not {truth}", case["name"]);
}

/// Compares a gradient: every element within [`GRADIENT_BOUND`] of the greatest, and within
/// [`GRADIENT_BOUND_ULP`] of its own size; where its parts cancel, of `parts`, their size.
pub(crate) fn check_gradient(case: &Value, found: &[f32], truths: &[f64], parts: f64) {
    assert_eq!(found.len(), truths.len());
    let greatest = truths.iter().fold(0.0_f64, |greatest, truth| greatest.max(truth.abs()));
    for (found, truth) in found.iter().zip(truths) {
        let size = truth.abs().max(parts).max(f64::from(f32::MIN_POSITIVE));
        let exponent = size.log2().floor() as i32;
        let bound = (GRADIENT_BOUND * greatest).min(GRADIENT_BOUND_ULP * 2.0_f64.powi(exponent - 23));
        let bound = bound.max(f64::from(f32::MIN_POSITIVE));
        let error = (f64::from(*found) - truth).abs();
        assert!(error <= bound, "{}: gradient {found} is not {truth}", case["name"]);
    }
}

pub(crate) fn doubles(array: &Value) -> Vec<f64> {
    array["data"].as_array().expect("an array").iter().map(number).collect()
}

pub(crate) fn floats(array: &Value) -> Vec<f32> {
    doubles(array).into_iter().map(|double| double as f32).collect()
}

pub(crate) fn bytes(array: &Value) -> Vec<u8> {
    doubles(array).into_iter().map(|double| double as u8).collect()
}

/// The reduction of a case.
pub(crate) fn reduction(params: &Value) -> u32 {
    match params["reduction"].as_str().unwrap() {
        "mean" => HYLA_REDUCTION_MEAN,
        "sum" => HYLA_REDUCTION_SUM,
        "none" => HYLA_REDUCTION_NONE,
        other => panic!("unknown reduction {other}"),
    }
}

/// A cube of interleaved pixels over the values of an array, whose last dimension are the channels.
pub(crate) fn cube(array: &Value, values: &[f32]) -> hyla_cube {
    let channels = array["shape"].as_array().unwrap().last().unwrap().as_u64().unwrap() as usize;
    hyla_cube {
        values: interleaved(values, channels),
        n: values.len() / channels,
        channels,
        targets: mask(&[]),
        valid: mask(&[]),
        labels: plane(&[0_i32; 0], HYLA_I32),
        weights: plane(&[0_f32; 0], HYLA_F32),
        rows: 1,
        output_pitch: 0,
        reserved: [0; 5],
    }
}

/// Values whose channels are neighbours.
pub(crate) fn interleaved(values: &[f32], channels: usize) -> hyla_values {
    hyla_values { plane: hyla_plane { stride: channels, ..plane(values, HYLA_F32) }, channel_stride: 1 }
}

/// Numbers of a type side by side, as C has them; an empty slice is not given.
pub(crate) fn plane<T>(items: &[T], dtype: u32) -> hyla_plane {
    let data = if items.is_empty() { std::ptr::null() } else { items.as_ptr().cast() };
    hyla_plane { data, row_pitch: 0, stride: 0, dtype, zero_point: 0, scale: 0.0, reserved: 0 }
}

/// Bytes side by side, as C has them; an empty slice is not given.
pub(crate) fn mask(items: &[u8]) -> hyla_mask {
    let data = if items.is_empty() { std::ptr::null() } else { items.as_ptr().cast() };
    hyla_mask { data, row_pitch: 0, stride: 0, dtype: HYLA_U8, first_bit: 0, has_ignore: 0, ignore: 0 }
}

/// The struct of C over slices.
pub(crate) fn pixels(n: usize, scores: &[f32], targets: &[u8], decisions: &[u8]) -> hyla_pixels {
    hyla_pixels {
        scores: plane(scores, HYLA_F32),
        targets: mask(targets),
        decisions: mask(decisions),
        valid: mask(&[]),
        weights: plane::<f32>(&[], HYLA_F32),
        soft_targets: plane::<f32>(&[], HYLA_F32),
        n,
        rows: 0,
        output_pitch: 0,
        reserved: [0; 5],
    }
}

/// Calls a `..._metrics` function and compares each value with the expected one of its name;
/// returns how many were compared.
pub(crate) fn compare_metrics(
    call: impl FnOnce(*const hyla_context, *mut hyla_metric, usize, *mut usize) -> i32,
    expected: &Value,
    is_right: impl Fn(f64, f64) -> bool,
) -> usize {
    let context = hyla_context { stage: HYLA_STAGE_TEST, epoch: 3, batch_idx: 5, reserved: 0 };
    let mut metrics = Vec::with_capacity(256);
    let mut count = 0;
    assert!(call(&context, metrics.as_mut_ptr(), metrics.capacity(), &mut count) >= 0);
    // SAFETY: the call wrote `count` items.
    unsafe { metrics.set_len(count) };
    for metric in &metrics {
        // SAFETY: the name is terminated.
        let name = unsafe { CStr::from_ptr(metric.name.as_ptr()) }.to_str().unwrap();
        let truth = number(&expected[name]);
        assert!(is_right(metric.value, truth), "{name}: {} is not {truth}", metric.value);
        assert_eq!((metric.stage, metric.epoch, metric.batch_idx), (HYLA_STAGE_TEST, 3, 5));
    }
    count
}
