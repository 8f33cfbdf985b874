//! What cuvis-ai itself returned, run through the C functions on every tier.
//!
//! The cases are in ffi-tests/golden, or in the directory that `HYLA_GOLDEN_DIR` names. A file
//! without cases, or a missing file, is a failure.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod bce;
mod detection;
mod distinctness;
mod orthogonality;
mod pixel_statistics;

use hyla::capi::library::{hyla_tier_name, hyla_tier_pin};
use hyla::capi::matrix::hyla_matrix;
use hyla::capi::metric::{HYLA_STAGE_TEST, hyla_context, hyla_metric};
use hyla::capi::pixels::hyla_pixels;
use serde_json::Value;
use std::ffi::CStr;
use std::path::PathBuf;

/// Runs a check for each case of a file, on every tier of this machine.
pub(crate) fn for_each_case(file: &str, mut check: impl FnMut(&Value)) {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/ffi-tests/golden");
    let directory = std::env::var("HYLA_GOLDEN_DIR").unwrap_or(own.into());
    let path = PathBuf::from(directory).join(file).with_extension("json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let golden: Value = serde_json::from_str(&text).expect("the file is JSON");
    let cases = golden["cases"].as_array().expect("the file has cases");
    assert!(!cases.is_empty(), "{} has no case", path.display());

    // The tier is one for the process: the tests of this file take turns.
    static WALK: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one_at_a_time = WALK.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let required = std::env::var("HYLA_REQUIRE_TIER").unwrap_or_default();
    for tier in 1..=4 {
        // SAFETY: the names are static C strings.
        let name = unsafe { CStr::from_ptr(hyla_tier_name(tier)) }.to_str().unwrap();
        if hyla_tier_pin(tier) == 0 {
            cases.iter().for_each(&mut check);
        } else {
            assert_ne!(required, name, "this machine lacks the required tier");
            eprintln!("skipped: this machine lacks the tier {name}");
        }
    }
    assert_eq!(hyla_tier_pin(0), 0);
    println!("{file}: {} cases", cases.len());
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

pub(crate) fn doubles(array: &Value) -> Vec<f64> {
    array["data"].as_array().expect("an array").iter().map(number).collect()
}

pub(crate) fn floats(array: &Value) -> Vec<f32> {
    doubles(array).into_iter().map(|double| double as f32).collect()
}

pub(crate) fn bytes(array: &Value) -> Vec<u8> {
    doubles(array).into_iter().map(|double| double as u8).collect()
}

/// The struct of C over slices; empty ones are NULL.
pub(crate) fn pixels(n: usize, scores: &[f32], targets: &[u8], decisions: &[u8]) -> hyla_pixels {
    fn pointer<T>(slice: &[T]) -> *const T {
        if slice.is_empty() { std::ptr::null() } else { slice.as_ptr() }
    }
    hyla_pixels {
        scores: pointer(scores),
        targets: pointer(targets),
        decisions: pointer(decisions),
        valid: std::ptr::null(),
        weights: std::ptr::null(),
        soft_targets: std::ptr::null(),
        n,
        reserved: [std::ptr::null(); 2],
    }
}

/// The struct of C over the values of an array of two dimensions.
pub(crate) fn matrix(values: &[f32], array: &Value) -> hyla_matrix {
    let shape: Vec<usize> = array["shape"]
        .as_array()
        .unwrap()
        .iter()
        .map(|size| size.as_u64().unwrap() as usize)
        .collect();
    assert_eq!((shape.len(), shape.iter().product()), (2, values.len()));
    hyla_matrix {
        values: values.as_ptr(),
        rows: shape[0],
        columns: shape[1],
        row_stride: shape[1],
        reserved: [std::ptr::null(); 2],
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
    let mut metrics = Vec::with_capacity(16);
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
