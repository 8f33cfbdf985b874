//! Drift: bounds against sorted samples, symmetry, groups, open bins and edges.

use super::naive::drift::{exact, jensen_shannon, merged, psi};
use super::ranking::{items, rules, split, table};
use super::{any_float, between, for_each_tier, integers};
use crate::error::{Error, Notices};
use crate::input::Pixels;
use crate::metric::drift::{Params, Report, Side, values};
use crate::metric::ranking::{self, Binning, MOST_BINS, Rule, update, words};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

fn histograms(binning: &Binning, scores: &[f32], targets: Option<&[u8]>) -> Vec<i64> {
    let mut histograms = vec![0; words(binning)];
    update(binning, &Pixels { scores, targets, ..Pixels::default() }, &mut histograms).unwrap();
    histograms
}

/// How many pixels each bin has, anomalies and normal ones.
fn counts(binning: &Binning, words: &[i64]) -> Vec<i64> {
    let bins = binning.bins();
    (0..bins).map(|bin| words[bin] + words[bins + 1 + bin]).collect()
}

fn within(value: f64, low: f64, high: f64) -> bool {
    // The oracle rounds, too.
    value >= low * (1.0 - 1e-12) && value <= high * (1.0 + 1e-12)
}

fn close(found: f64, expected: f64, bound: f64) -> bool {
    (found - expected).abs() <= bound
}

/// Bounds hold the exact values, and the rest are those of the definitions.
fn check(binning: &Binning, now: &[i64], reference: &[i64], scores: [&[f32]; 2]) -> Report {
    let (report, notices) = values(&Params::default(), binning, reference, now).unwrap();
    let truth = exact(scores[0], scores[1]);
    assert!(within(truth.ks, report.ks_lo, report.ks_hi), "{} of {report:?}", truth.ks);
    assert!(
        within(truth.wasserstein, report.wasserstein_lo, report.wasserstein_hi),
        "{} of {report:?}",
        truth.wasserstein
    );
    assert!(within(report.ks, report.ks_lo, report.ks_hi), "{report:?}");
    assert!(within(report.wasserstein, report.wasserstein_lo, report.wasserstein_hi), "{report:?}");
    assert_eq!(notices.contains(Notices::COARSE), report.ks_hi - report.ks_lo > 0.01);

    let (a, b) = (counts(binning, now), counts(binning, reference));
    let divergence = jensen_shannon(&a, &b);
    assert!(close(report.jensen_shannon, divergence, 1e-12), "{divergence} of {report:?}");
    assert!((0.0..=core::f64::consts::LN_2).contains(&report.jensen_shannon));
    let (groups, of_reference) = (merged(&a, &b, 10), merged(&b, &b, 10));
    assert!(of_reference.iter().all(|count| *count > 0));
    let expected = psi(&groups, &of_reference);
    assert!(close(report.psi, expected, 1e-12 * (1.0 + expected)), "{expected} of {report:?}");
    assert_eq!(report.groups, groups.len() as i64);
    assert_eq!(notices.contains(Notices::DEGENERATE), report.groups == 1);

    // Nobody is the reference of the other but for the groups.
    let every = Params { groups: 0, range: None };
    let (there, _) = values(&every, binning, reference, now).unwrap();
    let (back, _) = values(&every, binning, now, reference).unwrap();
    assert_eq!(Report { now: back.reference, reference: back.now, ..back }, there);
    let expected = psi(&a, &b);
    assert!(close(there.psi, expected, 1e-12 * (1.0 + expected)), "{expected} of {there:?}");

    // A range that is known brings the bounds nearer.
    let all = || scores[0].iter().chain(scores[1]).copied();
    let range = [all().fold(f32::INFINITY, f32::min), all().fold(f32::NEG_INFINITY, f32::max)];
    let params = Params { range: Some(range), ..Params::default() };
    let (known, _) = values(&params, binning, reference, now).unwrap();
    assert!(within(truth.wasserstein, known.wasserstein_lo, known.wasserstein_hi), "{known:?}");
    assert!(within(truth.ks, known.ks_lo, known.ks_hi), "{known:?}");
    assert!(known.wasserstein_hi <= report.wasserstein_hi, "{known:?} {report:?}");
    assert!(known.wasserstein_hi < f64::INFINITY || range.iter().any(|end| end.is_infinite()));

    // Nothing drifts from itself.
    let (same, notices) = values(&Params::default(), binning, reference, reference).unwrap();
    assert_eq!([same.psi, same.ks, same.ks_lo, same.wasserstein, same.wasserstein_lo], [0.0; 5]);
    assert_eq!(same.jensen_shannon, 0.0);
    assert!(!notices.contains(Notices::EMPTY | Notices::NOT_FINITE));
    report
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn bounds_hold_the_exact_distances(rule in rules(), now in items(300), reference in items(300)) {
        let mut table = table(rule);
        let binning = Binning::new(rule, &mut table).unwrap();
        let [now, reference] = [split(&now), split(&reference)];
        let words = histograms(&binning, &now.0, Some(&now.1));
        let stored = histograms(&binning, &reference.0, Some(&reference.1));
        check(&binning, &words, &stored, [&now.0, &reference.0]);
    }

    /// Two samples of like scores, where the distances are small; and scores that crowd into few bins.
    #[test]
    fn bounds_hold_for_small_distances(
        rule in rules(),
        scores in proptest::collection::vec((between(-6.0, 6.0), between(-0.1, 0.1)), 1..300),
    ) {
        let mut table = table(rule);
        let binning = Binning::new(rule, &mut table).unwrap();
        let (now, reference): (Vec<f32>, Vec<f32>) = scores.iter().map(|(score, step)| (score + step, *score)).unzip();
        let (words, stored) = (histograms(&binning, &now, None), histograms(&binning, &reference, None));
        check(&binning, &words, &stored, [&now, &reference]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_floats_stay_within_bounds(
        rule in rules(),
        scores in proptest::collection::vec((any_float(), any_float()), 1..200),
    ) {
        let mut table = table(rule);
        let binning = Binning::new(rule, &mut table).unwrap();
        let (mut now, mut reference): (Vec<f32>, Vec<f32>) = scores.into_iter().unzip();
        now.retain(|score| !score.is_nan());
        reference.retain(|score| !score.is_nan());
        prop_assume!(!now.is_empty() && !reference.is_empty());
        let (words, stored) = (histograms(&binning, &now, None), histograms(&binning, &reference, None));
        check(&binning, &words, &stored, [&now, &reference]);
    }

    #[test]
    fn bins_of_one_width_leave_two_widths(
        bins in 2_u32..2000,
        now in proptest::collection::vec(between(-1.0, 1.0), 1..500),
        reference in proptest::collection::vec(between(-1.0, 1.0), 1..500),
    ) {
        let binning = Binning::new(Rule::Linear { low: -1.0, high: 1.0, bins }, &mut []).unwrap();
        let params = Params { range: Some([-1.0, 1.0]), ..Params::default() };
        let (words, stored) = (histograms(&binning, &now, None), histograms(&binning, &reference, None));
        let (report, _) = values(&params, &binning, &stored, &words).unwrap();
        prop_assert!(report.wasserstein_hi - report.wasserstein_lo <= 4.001 / f64::from(bins));
    }

    #[test]
    fn integers_have_exact_distances(
        now in proptest::collection::vec(any::<u16>(), 1..1000),
        reference in proptest::collection::vec(any::<u16>(), 1..1000),
    ) {
        for rule in [Rule::Words, Rule::Bytes] {
            let binning = Binning::new(rule, &mut []).unwrap();
            let fill = |scores: &[u16]| {
                let mut histograms = vec![0; words(&binning)];
                if rule == Rule::Words {
                    update(&binning, &integers(scores, None, None), &mut histograms).unwrap();
                    (histograms, scores.iter().map(|score| f32::from(*score)).collect::<Vec<_>>())
                } else {
                    let bytes: Vec<u8> = scores.iter().map(|score| *score as u8).collect();
                    update(&binning, &integers(&bytes, None, None), &mut histograms).unwrap();
                    (histograms, bytes.into_iter().map(f32::from).collect())
                }
            };
            let ((words, now), (stored, reference)) = (fill(&now), fill(&reference));
            let report = check(&binning, &words, &stored, [&now, &reference]);
            let truth = exact(&now, &reference);
            prop_assert!(close(report.ks, truth.ks, 1e-15));
            prop_assert!(close(report.wasserstein, truth.wasserstein, 1e-12 * truth.wasserstein));
            prop_assert!(report.ks_hi - report.ks_lo < 1e-13);
            prop_assert!(report.wasserstein_hi - report.wasserstein_lo <= 1e-9 * truth.wasserstein);
        }
    }

    #[test]
    fn merged_words_drift_as_one(rule in rules(), items in items(500), cut in any::<prop::sample::Index>()) {
        let mut table = table(rule);
        let binning = Binning::new(rule, &mut table).unwrap();
        let (scores, targets) = split(&items);
        let cut = cut.index(scores.len() + 1);
        let stored = histograms(&binning, &scores[scores.len() / 2..], None);
        let before = stored.clone();
        let mut parts = histograms(&binning, &scores[..cut], Some(&targets[..cut]));
        ranking::merge(&binning, &histograms(&binning, &scores[cut..], None), &mut parts).unwrap();
        let whole = histograms(&binning, &scores, Some(&targets));
        let of = |words: &[i64]| values(&Params::default(), &binning, &stored, words).unwrap();
        // Whose label a pixel has makes no difference.
        prop_assert_eq!(of(&parts), of(&whole));
        let mut expected = None;
        for_each_tier(|_| assert_eq!(expected.get_or_insert_with(|| of(&whole)), &of(&whole)));
        prop_assert_eq!(stored, before);
    }
}

/// Both ends of the bounds occur: scores at the ends of their bins.
#[test]
fn bounds_are_tight() {
    let binning = Binning::new(Rule::Linear { low: 0.0, high: 4.0, bins: 4 }, &mut []).unwrap();
    let params = Params { range: Some([0.0, 4.0]), ..Params::default() };
    let highest = 2.0_f32.next_down();
    let both = |now: &[f32], reference: &[f32]| {
        let (words, stored) = (histograms(&binning, now, None), histograms(&binning, reference, None));
        (values(&params, &binning, &stored, &words).unwrap().0, exact(now, reference))
    };
    let (report, apart) = both(&[1.0, 1.0], &[highest, highest]);
    assert!(close(report.wasserstein_hi, apart.wasserstein, 1e-12) && close(report.ks_hi, 1.0, 1e-12));
    assert_eq!((apart.ks, report.ks, report.ks_lo, report.wasserstein_lo), (1.0, 0.0, 0.0, 0.0));
    // Two thirds lie a bin higher, and a third in the same one.
    let (report, near) = both(&[1.5, 2.0, 2.0], &[1.5, highest, highest]);
    assert!(close(report.wasserstein_lo, near.wasserstein, 1e-6), "{report:?}");
    assert!(close(report.ks_lo, 2.0 / 3.0, 1e-12) && close(near.ks, 2.0 / 3.0, 1e-12));
}

#[test]
fn open_bins_are_unbounded_unless_the_range_is_known() {
    let rule = Rule::Thresholds { count: 200 };
    let mut space = table(rule);
    let thresholds = Binning::new(rule, &mut space).unwrap();
    let linear = Binning::new(Rule::Linear { low: 0.0, high: 1.0, bins: 10 }, &mut []).unwrap();
    for binning in [&thresholds, &linear] {
        let words = histograms(binning, &[0.5, 30.0], None);
        let stored = histograms(binning, &[0.5, 0.5], None);
        let (unknown, notices) = values(&Params::default(), binning, &stored, &words).unwrap();
        assert_eq!(unknown.wasserstein_hi, f64::INFINITY);
        assert!(unknown.wasserstein_lo < 15.0 && unknown.wasserstein < 15.0);
        assert!(!notices.contains(Notices::NOT_FINITE));
        let params = Params { range: Some([0.5, 30.0]), ..Params::default() };
        let (known, _) = values(&params, binning, &stored, &words).unwrap();
        assert!(within(14.75, known.wasserstein_lo, known.wasserstein_hi));
        assert_eq!((known.now.highest, known.now.highest_share), (1, 0.5));
        assert_eq!((known.reference.highest, known.reference.lowest_share), (0, 0.0));
    }
}

#[test]
fn infinite_scores_are_infinitely_far() {
    let binning = Binning::new(Rule::default(), &mut []).unwrap();
    let of = |now: &[f32], reference: &[f32]| {
        let (words, stored) = (histograms(&binning, now, None), histograms(&binning, reference, None));
        values(&Params::default(), &binning, &stored, &words).unwrap()
    };
    let (apart, notices) = of(&[1.0, f32::INFINITY], &[1.0, 1.0]);
    assert_eq!([apart.wasserstein, apart.wasserstein_lo, apart.wasserstein_hi], [f64::INFINITY; 3]);
    assert!(notices.contains(Notices::NOT_FINITE) && apart.now.highest == 1);
    let (low, _) = of(&[1.0, 1.0], &[f32::NEG_INFINITY, 1.0]);
    assert_eq!((low.wasserstein_lo, low.reference.lowest), (f64::INFINITY, 1));
    // Equal shares of them cost nothing.
    let (equal, notices) = of(
        &[f32::NEG_INFINITY, 1.0, f32::INFINITY, f32::INFINITY],
        &[f32::NEG_INFINITY, 1.5, f32::INFINITY, f32::INFINITY],
    );
    assert!(within(0.125, equal.wasserstein_lo, equal.wasserstein_hi), "{equal:?}");
    assert!(equal.wasserstein_hi < 0.16 && !notices.contains(Notices::NOT_FINITE));
}

#[test]
fn empty_nan_and_masked_pixels_are_told() {
    let binning = Binning::new(Rule::default(), &mut []).unwrap();
    let mut words = vec![0; words(&binning)];
    let stored = histograms(&binning, &[1.0, 2.0], None);
    for (now, reference) in [(&words, &stored), (&stored, &words), (&words, &words)] {
        let (report, notices) = values(&Params::default(), &binning, reference, now).unwrap();
        assert_eq!(notices, Notices::EMPTY);
        let Report { psi, ks, ks_lo, ks_hi, jensen_shannon, .. } = report;
        let Report { wasserstein, wasserstein_lo, wasserstein_hi, .. } = report;
        let all = [psi, ks, ks_lo, ks_hi, jensen_shannon, wasserstein, wasserstein_lo, wasserstein_hi];
        assert!(all.iter().all(|value| value.is_nan()), "{report:?}");
        assert!(report.metrics().iter().all(|metric| metric.notices == Notices::EMPTY));
    }
    let scores = [1.0, f32::NAN, f32::NAN, 3.0, f32::INFINITY, 7.0, 7.0, 7.0];
    let pixels = Pixels { scores: &scores, valid: Some(&[1, 1, 1, 1, 1, 0, 0, 0]), ..Pixels::default() };
    update(&binning, &pixels, &mut words).unwrap();
    let (report, notices) = values(&Params::default(), &binning, &stored, &words).unwrap();
    assert!(notices.contains(Notices::NOT_FINITE));
    let expected = Side {
        pixels: 3,
        nan: 2,
        masked: 3,
        lowest: 0,
        highest: 1,
        nan_share: 0.4,
        masked_share: 0.375,
        lowest_share: 0.0,
        highest_share: 1.0 / 3.0,
    };
    assert_eq!(report.now, expected);
    let names = report.metrics().map(|metric| metric.name);
    assert_eq!((names[0], names[4], names[8]), ("drift/psi", "drift/wasserstein", "drift/nan_share"));
    assert_eq!(report.metrics()[8].value, 0.4);
}

/// Ten values, evenly: 10 groups of one each; and a reference of which one bin has nearly all.
#[test]
fn groups_are_of_equal_reference_count() {
    let binning = Binning::new(Rule::Bytes, &mut []).unwrap();
    let fill = |scores: &[u8]| {
        let mut histograms = vec![0; words(&binning)];
        update(&binning, &integers(scores, None, None), &mut histograms).unwrap();
        histograms
    };
    let with = |groups: u32, now: &[u8], reference: &[u8]| {
        let params = Params { groups, range: None };
        values(&params, &binning, &fill(reference), &fill(now)).unwrap()
    };
    let even: Vec<u8> = (0..100).map(|i| i / 10 * 20 + 5).collect();
    assert_eq!(with(10, &even, &even).0.groups, 10);
    assert_eq!(with(5, &even, &even).0.groups, 5);
    assert_eq!(with(0, &even, &even).0.groups, 10);
    assert_eq!(with(MOST_BINS, &even, &even).0.groups, 10);
    // Half of the pixels of one group of two are now in the other: shares of 1/4 and 3/4.
    let moved: Vec<u8> = even.iter().enumerate().map(|(i, score)| if i < 25 { 250 } else { *score }).collect();
    let (report, _) = with(2, &moved, &even);
    assert!(close(report.psi, 0.25 * 3.0_f64.ln(), 1e-15), "{report:?}");
    // An empty group counts as half a pixel.
    let (report, _) = with(2, &[200; 50], &even);
    let expected = (0.01 - 0.5) * (0.01_f64 / 0.5).ln() + (1.0 - 0.5) * 2.0_f64.ln();
    assert!(close(report.psi, expected, 1e-14), "{report:?}");
    // One bin holds the whole reference: PSI is blind, and says so; the rest sees.
    let (report, notices) = with(10, &[7; 10], &[0; 10]);
    assert_eq!((report.psi, report.groups, report.ks, report.wasserstein), (0.0, 1, 1.0, 7.0));
    assert!(notices.contains(Notices::DEGENERATE));
    assert_eq!(report.metrics()[0].notices, Notices::DEGENERATE);
    let (report, notices) = with(10, &[7; 10], &[0, 0, 0, 0, 0, 0, 0, 0, 0, 3]);
    assert_eq!((report.groups, notices.contains(Notices::DEGENERATE)), (2, false));
    assert!(close(report.jensen_shannon, core::f64::consts::LN_2, 1e-15));
}

#[test]
fn the_smallest_change_of_many_pixels_has_all_digits() {
    let binning = Binning::new(Rule::Bytes, &mut []).unwrap();
    let mut words = vec![0; words(&binning)];
    update(&binning, &integers(&[0_u8, 1], None, None), &mut words).unwrap();
    // 2^61 pixels and two, of which one moved.
    let many = 1_i64 << 60;
    let hash = words[words.len() - 4] / 2;
    let last = words.len() - 6;
    let fill = |a: i64, b: i64| {
        let mut words = words.clone();
        (words[0], words[1], words[last]) = (a, b, a + b);
        words[last + 2] = hash.wrapping_mul(a + b);
        words
    };
    let (now, reference) = (fill(many + 1, many - 1), fill(many, many));
    let params = Params { groups: 0, range: None };
    let (report, _) = values(&params, &binning, &reference, &now).unwrap();
    let moved = 0.5_f64.powi(61);
    assert_eq!((report.ks, report.wasserstein), (moved, moved));
    // u is 2 * moved in either bin: (p + q) / 4 * u^2 twice, and psi 8 times that.
    assert!(close(report.jensen_shannon / (moved * moved), 0.5, 1e-14), "{report:?}");
    assert!(close(report.psi / (moved * moved), 4.0, 1e-13), "{report:?}");
}

#[test]
fn bad_arguments_are_refused() {
    let binning = Binning::new(Rule::Key { bits: 8 }, &mut []).unwrap();
    let other = Binning::new(Rule::Linear { low: 0.0, high: 1.0, bins: 256 }, &mut []).unwrap();
    let good = histograms(&binning, &[1.0, 2.0], None);
    let foreign = histograms(&other, &[1.0, 2.0], None);
    let short = &good[..good.len() - 1];
    let default = Params::default();
    let with = |range| Params { range: Some(range), ..default };
    for (params, reference, words, error) in [
        (default, short, &good[..], Error::Workspace),
        (default, &good[..], short, Error::Workspace),
        (default, &foreign[..], &good[..], Error::MixedTotals),
        (default, &good[..], &foreign[..], Error::MixedTotals),
        (Params { groups: MOST_BINS + 1, ..default }, &good[..], &good[..], Error::Binning),
        (with([5.0, 9.0]), &good[..], &good[..], Error::RangeMissing),
        (with([0.0, 0.5]), &good[..], &good[..], Error::RangeMissing),
        (with([2.0, 1.0]), &good[..], &good[..], Error::RangeMissing),
        (with([f32::NAN, 9.0]), &good[..], &good[..], Error::RangeMissing),
        (with([0.0, f32::NAN]), &good[..], &good[..], Error::RangeMissing),
    ] {
        assert_eq!(values(&params, &binning, reference, words), Err(error), "{params:?}");
    }
    // Counts where no score can lie are no reason to fail.
    let mut impossible = good.clone();
    impossible.swap(0, binning.bin(1.0));
    assert!(values(&default, &binning, &good, &impossible).is_ok());
    assert!(values(&default, &binning, &impossible, &good).is_ok());
}
