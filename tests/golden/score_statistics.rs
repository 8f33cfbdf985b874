//! ScoreStatisticsMetric.

use super::{compare_metrics, floats, for_each_case, number, pixels};
use hyla::capi::score_statistics::*;
use serde_json::Value;
use std::mem::MaybeUninit;

#[test]
fn score_statistics() {
    for_each_case("score_statistics", check);
}

/// How far a value may be, relative to itself or to the deviation of the scores.
const BOUND: f64 = 1e-6;

fn check(case: &Value) {
    let scores = floats(&case["inputs"]["scores"]);
    let pixels = pixels(scores.len(), &scores, &[], &[]);
    let mut space = vec![0; hyla_score_statistics_workspace()];
    let mut report = MaybeUninit::uninit();
    // SAFETY: all pointers are of live values, the arrays of as many items as is said.
    unsafe {
        let (words, size) = (space.as_mut_ptr(), space.len());
        assert_eq!(hyla_score_statistics_frame(&pixels, words, size, report.as_mut_ptr()), 0);
    }
    let expected = &case["expect"];
    let deviation = number(&expected["scores/std"]);
    let is_right = |found: f64, truth: f64| (found - truth).abs() <= BOUND * truth.abs().max(deviation);
    let compared = compare_metrics(
        // SAFETY: as above; the call succeeded.
        |context, out, capacity, count| unsafe {
            hyla_score_statistics_metrics(report.as_ptr(), context, out, capacity, count)
        },
        expected,
        is_right,
    );
    assert_eq!(compared, 9);

    let mut totals = hyla_score_statistics_totals::default();
    let (mut mean, mut std) = (f64::NAN, f64::NAN);
    // SAFETY: as above.
    unsafe {
        assert_eq!(hyla_score_statistics_update(&pixels, &mut totals), 0);
        assert_eq!(hyla_score_statistics_mean(&totals, &mut mean), 0);
        assert_eq!(hyla_score_statistics_std(&totals, &mut std), 0);
    }
    assert!(is_right(mean, number(&expected["scores/mean"])) && is_right(std, deviation));
}
