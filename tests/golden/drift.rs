//! Drift: what scipy says of two samples.

use super::{doubles, for_each_case, number, pixels, plane};
use hyla::capi::binning::*;
use hyla::capi::drift::*;
use hyla::capi::planes::HYLA_U16;
use hyla::capi::ranking::{hyla_ranking_update, hyla_ranking_words};
use serde_json::Value;
use std::mem::MaybeUninit;

#[test]
fn drift() {
    for_each_case("drift", check);
}

fn check(case: &Value) {
    let is_integer = case["name"].as_str().unwrap().starts_with("u16");
    let rules: &[(u32, u32)] = if is_integer {
        &[(HYLA_BINNING_U16, 0)]
    } else {
        &[(HYLA_BINNING_KEY, 10), (HYLA_BINNING_KEY, 12), (HYLA_BINNING_KEY, 16)]
    };
    for (rule, bins) in rules {
        let report = drift_of(case, *rule, *bins);
        let expect = |name: &str| number(&case["expect"][name]);
        let within = |truth: f64, [low, high]: [f64; 2]| truth >= low * (1.0 - 1e-12) && truth <= high * (1.0 + 1e-12);
        let (ks, wasserstein) = (expect("ks"), expect("wasserstein"));
        assert!(within(ks, [report.ks_lo, report.ks_hi]), "{}: {ks}", case["name"]);
        let bounds = [report.wasserstein_lo, report.wasserstein_hi];
        assert!(within(wasserstein, bounds), "{}: {wasserstein} in {bounds:?}", case["name"]);
        if is_integer {
            let close = |found: f64, name: &str| {
                let (truth, name) = (expect(name), &case["name"]);
                assert!((found - truth).abs() <= 1e-12 * (1.0 + truth), "{name}: {found}, {truth}");
            };
            close(report.ks, "ks");
            close(report.wasserstein, "wasserstein");
            close(report.jensen_shannon, "jensen_shannon");
            close(report.psi, "psi");
            close(report.groups as f64, "groups");
        }
    }
}

fn drift_of(case: &Value, rule: u32, bins: u32) -> hyla_drift_report {
    let (mut how, mut params) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    let (mut binning, mut report) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    let mut count = 0;
    // SAFETY: all pointers are of live values, and the calls before the reads succeeded.
    let binning = unsafe {
        assert_eq!(hyla_binning_params_init(how.as_mut_ptr(), size_of::<hyla_binning_params>()), 0);
        let how: &mut hyla_binning_params = how.assume_init_mut();
        (how.rule, how.bins) = (rule, bins);
        assert_eq!(hyla_binning_build(how, std::ptr::null_mut(), 0, binning.as_mut_ptr()), 0);
        binning.assume_init()
    };
    // SAFETY: as above.
    assert_eq!(unsafe { hyla_ranking_words(&binning, &mut count) }, 0);
    let fill = |name: &str| {
        let scores = doubles(&case["inputs"][name]);
        let (n, mut words) = (scores.len(), vec![0; count]);
        let integers: Vec<u16> = scores.iter().map(|score| *score as u16).collect();
        let floats: Vec<f32> = scores.iter().map(|score| *score as f32).collect();
        let mut pixels = pixels(n, &floats, &[], &[]);
        if rule == HYLA_BINNING_U16 {
            pixels.scores = plane(&integers, HYLA_U16);
        }
        // SAFETY: as above, the arrays of as many items as is said.
        let status = unsafe { hyla_ranking_update(&binning, &pixels, words.as_mut_ptr(), count) };
        assert_eq!(status, 0);
        words
    };
    let (now, reference) = (fill("now"), fill("reference"));
    // SAFETY: as above.
    unsafe {
        assert_eq!(hyla_drift_params_init(params.as_mut_ptr(), size_of::<hyla_drift_params>()), 0);
        let (stored, words, to) = (reference.as_ptr(), now.as_ptr(), report.as_mut_ptr());
        assert!(hyla_drift_values(params.as_ptr(), &binning, stored, words, count, to) >= 0);
        report.assume_init()
    }
}
