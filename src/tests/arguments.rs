//! Where the arrays of a call may lie: beside each other, and empty ones anywhere.

use crate::capi::bce::{
    hyla_bce_gradient, hyla_bce_params, hyla_bce_params_init, hyla_bce_totals, hyla_bce_update,
};
use crate::capi::pixels::hyla_pixels;
use crate::error::Error;
use std::vec;

fn default_params() -> hyla_bce_params {
    // SAFETY: any bits are a value, and the function writes as many bytes as there are.
    unsafe {
        let mut params = std::mem::zeroed();
        assert_eq!(hyla_bce_params_init(&mut params, size_of::<hyla_bce_params>()), 0);
        params
    }
}

fn pixels(scores: *const f32, targets: *const u8, n: usize) -> hyla_pixels {
    // SAFETY: NULL and 0 are values of all fields.
    hyla_pixels { scores, targets, n, ..unsafe { std::mem::zeroed() } }
}

/// The status of a gradient of `n` pixels that is written to `floats[to..]`, whose scores are the first floats.
fn gradient_within(floats: &mut [f32], n: usize, to: usize) -> i32 {
    let params = default_params();
    let totals = hyla_bce_totals::default();
    let targets = [1; 8];
    let base = floats.as_mut_ptr();
    let pixels = pixels(base, targets.as_ptr(), n);
    // SAFETY: the floats are as many as the call reads and writes.
    unsafe { hyla_bce_gradient(&params, &totals, &pixels, 1.0, 0, base.add(to)) }
}

#[test]
fn an_output_may_lie_beside_an_input_and_not_upon_it() {
    let mut floats = vec![0.5; 16];
    let overlap = Error::Overlap.number();
    for to in 0..=8 {
        let status = gradient_within(&mut floats, 8, to);
        assert_eq!(status == overlap, to < 8, "8 floats from {to} on: status {status}");
    }
    let (mut scores, targets) = (vec![0.5; 16], [1; 8]);
    let params = default_params();
    let totals = hyla_bce_totals::default();
    for from in 0..=8 {
        let base = scores.as_mut_ptr();
        // SAFETY: eight floats from there on are within the sixteen.
        let pixels = pixels(unsafe { base.add(from) }, targets.as_ptr(), 8);
        // SAFETY: as above.
        let status = unsafe { hyla_bce_gradient(&params, &totals, &pixels, 1.0, 0, base) };
        assert_eq!(status == overlap, from < 8, "8 scores from {from} on: status {status}");
    }
}

#[test]
fn an_empty_array_may_lie_anywhere() {
    let params = default_params();
    let mut totals = [hyla_bce_totals::default(); 2];
    let within = totals.as_mut_ptr().cast::<f32>().wrapping_add(3);
    let pixels = pixels(within, within.cast(), 0);
    // SAFETY: nothing is read or written through pointers to no pixels.
    let status = unsafe { hyla_bce_gradient(&params, &totals[0], &pixels, 1.0, 0, within) };
    assert!(status >= 0, "status {status}");
    // SAFETY: as above.
    let status = unsafe { hyla_bce_update(&params, &pixels, &mut totals[0]) };
    assert!(status >= 0, "status {status}");
}
