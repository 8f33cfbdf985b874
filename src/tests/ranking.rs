//! Ranking: bins against their rules, bounds against sorted scores, merges and edges.

mod histograms;

use super::naive::ranking::{Exact, exact, reaches, threshold};
use super::{any_float, between, integers};
use crate::error::{Error, Notices};
use crate::input::{Pixels, Planes};
use crate::metric::ranking::{
    self, Binning, Rule, at, curve, quantile, report, table_words, threshold_for_false_positive_rate, update, words,
};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

pub(super) fn table(rule: Rule) -> Vec<u32> {
    vec![0; table_words(rule).unwrap()]
}

pub(super) fn rules() -> impl Strategy<Value = Rule> {
    prop_oneof![
        (2_u32..300).prop_map(|count| Rule::Thresholds { count }),
        (1_u32..5000, between(-20.0, 20.0), between(0.001, 50.0))
            .prop_map(|(bins, low, width)| { Rule::Linear { low, high: low + width, bins } }),
        (8_u32..=16).prop_map(|bits| Rule::Key { bits }),
    ]
}

/// Scores of several distributions, with ties and with anomalies from none to all.
pub(super) fn items(longest: usize) -> impl Strategy<Value = Vec<(f32, bool)>> {
    let score = |kind: u8| match kind {
        0 => between(-6.0, 6.0).boxed(),
        1 => (-8_i32..8).prop_map(|step| step as f32 * 0.5).boxed(),
        2 => (between(0.0, 1.0), between(0.0, 1.0)).prop_map(|(a, b)| a * b * b * 100.0).boxed(),
        3 => any_float().prop_filter("a number", |float| !float.is_nan()).boxed(),
        _ => between(16.0, 18.0).boxed(),
    };
    (0_u8..5, 0_u8..5, prop_oneof![Just(0.0), Just(0.003), Just(0.05), Just(0.5), Just(1.0)], 1..longest).prop_flat_map(
        move |(normal, anomalies, prevalence, n)| {
            proptest::collection::vec(
                (score(normal), score(anomalies), between(0.0, 1.0)).prop_map(move |(normal, anomaly, draw)| {
                    let is_anomaly = draw < prevalence || prevalence == 1.0;
                    (if is_anomaly { anomaly } else { normal }, is_anomaly)
                }),
                n,
            )
        },
    )
}

pub(super) fn split(items: &[(f32, bool)]) -> (Vec<f32>, Vec<u8>) {
    items.iter().map(|(score, is_anomaly)| (*score, u8::from(*is_anomaly))).unzip()
}

fn histograms(binning: &Binning, items: &[(f32, bool)]) -> Vec<i64> {
    let (scores, targets) = split(items);
    let mut histograms = vec![0; words(binning)];
    let pixels = Pixels { scores: &scores, targets: Some(&targets), ..Pixels::default() };
    update(binning, &pixels, &mut histograms).unwrap();
    histograms
}

fn check_bounds(rule: Rule, items: &[(f32, bool)]) -> Result<(), TestCaseError> {
    let mut table = table(rule);
    let binning = Binning::new(rule, &mut table).unwrap();
    let (report, _) = report(&binning, &histograms(&binning, items)).unwrap();
    let Exact { average_precision, roc_auc, f1_max } = exact(items);
    let inside = |value: f64, low: f64, high: f64| {
        // The oracle rounds, too.
        value >= low - 1e-12 && value <= high + 1e-12
    };
    prop_assert!(
        inside(average_precision, report.average_precision_lo, report.average_precision_hi),
        "{average_precision} of {report:?}"
    );
    for point in [report.average_precision, report.average_precision_interleaved] {
        prop_assert!(inside(point, report.average_precision_lo, report.average_precision_hi), "{report:?}");
    }
    prop_assert!(f1_max <= report.f1_max_hi + 1e-12 && report.f1_max <= f1_max + 1e-12, "{f1_max} of {report:?}");
    if roc_auc.is_nan() {
        prop_assert!(report.roc_auc.is_nan());
    } else {
        prop_assert!(inside(roc_auc, report.roc_auc_lo, report.roc_auc_hi), "{roc_auc} of {report:?}");
        prop_assert!(inside(report.roc_auc, report.roc_auc_lo, report.roc_auc_hi));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn bounds_hold_the_exact_values(rule in rules(), items in items(400)) {
        check_bounds(rule, &items)?;
    }

    #[test]
    fn bins_never_fall_and_begin_at_their_lowest_score(
        rule in rules(),
        mut scores in proptest::collection::vec(any_float(), 2..50),
    ) {
        let mut table = table(rule);
        let binning = Binning::new(rule, &mut table).unwrap();
        scores.retain(|score| !score.is_nan());
        scores.sort_by(f32::total_cmp);
        for pair in scores.windows(2) {
            prop_assert!(binning.bin(pair[0]) <= binning.bin(pair[1]));
        }
        for score in scores {
            let bin = binning.bin(score);
            prop_assert!(bin < binning.bins() && binning.lowest(bin) <= score);
            if bin + 1 < binning.bins() {
                prop_assert!(binning.lowest(bin + 1) > score);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn bounds_hold_for_many_scores(rule in rules(), items in items(20_000)) {
        check_bounds(rule, &items)?;
    }

    #[test]
    fn points_and_thresholds_are_those_of_counting(
        rule in rules(),
        items in items(2000),
        threshold in between(-10.0, 10.0),
        share in between(0.0, 1.0),
    ) {
        let mut table = table(rule);
        let binning = Binning::new(rule, &mut table).unwrap();
        let words = histograms(&binning, &items);
        let count = |threshold: f64, label: bool| {
            let is_counted = |item: &&(f32, bool)| f64::from(item.0) >= threshold && item.1 == label;
            items.iter().filter(is_counted).count() as i64
        };
        let (found, _) = at(&binning, &words, threshold).unwrap();
        prop_assert!(found.threshold <= f64::from(threshold));
        prop_assert_eq!(found.true_positives, count(found.threshold, true));
        prop_assert_eq!(found.false_positives, count(found.threshold, false));

        let mut points = vec![ranking::Point::default(); binning.bins()];
        let length = curve(&binning, &words, &mut points).unwrap();
        for point in &points[..length] {
            let (hits, misses) = (count(point.threshold, true), count(point.threshold, false));
            prop_assert_eq!(point.precision, hits as f64 / (hits + misses) as f64);
            let normal = count(f64::NEG_INFINITY, false);
            prop_assert_eq!(point.false_positive_rate, if normal == 0 { 0.0 } else { misses as f64 / normal as f64 });
        }

        let rate = f64::from(share);
        let limit = threshold_for_false_positive_rate(&binning, &words, rate).unwrap().value;
        let normal = count(f64::NEG_INFINITY, false);
        if limit != f64::INFINITY {
            prop_assert!(count(limit, false) as f64 <= rate * normal as f64);
        }

        let ([low, high], _) = quantile(&binning, &words, rate).unwrap();
        let mut sorted: Vec<f64> = items.iter().map(|item| f64::from(item.0)).collect();
        sorted.sort_by(f64::total_cmp);
        let expected = sorted[(rate * (sorted.len() - 1) as f64) as usize];
        prop_assert!(low <= expected && expected <= high, "{} in {} {}", expected, low, high);
    }

    #[test]
    fn integers_are_ranked_exactly(scores in proptest::collection::vec((any::<u16>(), any::<bool>()), 1..3000)) {
        let targets: Vec<u8> = scores.iter().map(|item| u8::from(item.1)).collect();
        let words_: Vec<u16> = scores.iter().map(|item| item.0).collect();
        let bytes: Vec<u8> = scores.iter().map(|item| item.0 as u8).collect();
        for (rule, values) in [
            (Rule::Words, words_.iter().map(|score| f32::from(*score)).collect::<Vec<_>>()),
            (Rule::Bytes, bytes.iter().map(|score| f32::from(*score)).collect()),
        ] {
            let binning = Binning::new(rule, &mut []).unwrap();
            let mut histograms = vec![0; words(&binning)];
            if rule == Rule::Words {
                update(&binning, &integers(&words_, Some(&targets), None), &mut histograms).unwrap();
            } else {
                update(&binning, &integers(&bytes, Some(&targets), None), &mut histograms).unwrap();
            }
            let items: Vec<(f32, bool)> = values.iter().copied().zip(scores.iter().map(|item| item.1)).collect();
            let expected = exact(&items);
            let (found, _) = report(&binning, &histograms).unwrap();
            prop_assert!((found.average_precision - expected.average_precision).abs() < 1e-12);
            prop_assert!(found.average_precision_hi - found.average_precision_lo < 1e-10);
            prop_assert!((found.f1_max - expected.f1_max).abs() < 1e-12 && found.f1_max_hi - found.f1_max < 1e-13);
            if !expected.roc_auc.is_nan() {
                prop_assert!((found.roc_auc - expected.roc_auc).abs() < 1e-12);
            }
        }
    }
}

#[test]
fn edges_are_where_the_rounded_sigmoid_reaches_a_threshold() {
    for count in [2_u32, 3, 4, 5, 99, 100, 101, 200, 256, 1000, 1001, 4096] {
        let rule = Rule::Thresholds { count };
        let mut table = table(rule);
        let binning = Binning::new(rule, &mut table).unwrap();
        for k in 1..count {
            let threshold = threshold(k, count);
            let edge = binning.lowest(k as usize);
            let below = f32::from_bits(if edge > 0.0 { edge.to_bits() - 1 } else { edge.to_bits() + 1 });
            assert!(reaches(edge, threshold), "threshold {k} of {count}");
            assert!(!reaches(below, threshold), "threshold {k} of {count}");
        }
    }
}

#[test]
fn empty_and_one_sided_histograms_say_so() {
    let binning = Binning::new(Rule::default(), &mut []).unwrap();
    let mut histograms = vec![0; words(&binning)];
    let (empty, notices) = report(&binning, &histograms).unwrap();
    assert!(notices.contains(Notices::EMPTY | Notices::NO_POSITIVES | Notices::NO_NEGATIVES));
    assert_eq!((empty.average_precision, empty.average_precision_hi, empty.f1_max), (0.0, 0.0, 0.0));
    assert!(empty.roc_auc.is_nan() && empty.f1_max_threshold.is_nan());
    assert!(quantile(&binning, &histograms, 0.5).unwrap().0[0].is_nan());

    // Without targets every pixel counts as normal.
    let scores = [1.0, 2.0, f32::INFINITY, f32::NEG_INFINITY, -0.0, f32::NAN];
    update(&binning, &Pixels { scores: &scores, ..Pixels::default() }, &mut histograms).unwrap();
    let (normal, notices) = report(&binning, &histograms).unwrap();
    assert_eq!((normal.normal, normal.anomalies, normal.nan_normal), (5, 0, 1));
    assert!(notices.contains(Notices::NO_POSITIVES | Notices::NOT_FINITE) && !notices.contains(Notices::EMPTY));
    let limit = threshold_for_false_positive_rate(&binning, &histograms, 0.1).unwrap().value;
    assert_eq!(limit, f64::INFINITY);
    assert_eq!(threshold_for_false_positive_rate(&binning, &histograms, 1.0).unwrap().value, f64::NEG_INFINITY);
}

#[test]
fn a_perfect_ranking_within_one_bin_is_coarse() {
    let rule = Rule::Thresholds { count: 200 };
    let mut table = table(rule);
    let binning = Binning::new(rule, &mut table).unwrap();
    let items: Vec<(f32, bool)> = (0..1000).map(|i| (20.0 + i as f32, i >= 900)).collect();
    let (found, notices) = report(&binning, &histograms(&binning, &items)).unwrap();
    assert!(notices.contains(Notices::COARSE));
    assert!((found.average_precision - 0.1).abs() < 1e-12, "what cuvis-ai says");
    assert_eq!(found.average_precision_hi, 1.0);
    assert_eq!(found.roc_auc, 0.5);
}

#[test]
fn bad_arguments_change_nothing() {
    for rule in [
        Rule::Thresholds { count: 1 },
        Rule::Thresholds { count: 4097 },
        Rule::Linear { low: 1.0, high: 1.0, bins: 10 },
        Rule::Linear { low: f32::NAN, high: 1.0, bins: 10 },
        Rule::Linear { low: f32::NEG_INFINITY, high: 1.0, bins: 10 },
        Rule::Linear { low: -3e38, high: 3e38, bins: 10 },
        Rule::Linear { low: 0.0, high: 1.0, bins: 0 },
        Rule::Linear { low: 0.0, high: 1.0, bins: 65537 },
        Rule::Linear { low: 0.0, high: 1e-40, bins: 10 },
        Rule::Key { bits: 7 },
        Rule::Key { bits: 17 },
    ] {
        assert_eq!(table_words(rule), Err(Error::Binning), "{rule:?}");
        assert_eq!(Binning::new(rule, &mut []).unwrap_err(), Error::Binning);
    }
    assert_eq!(Binning::new(Rule::Thresholds { count: 200 }, &mut [0; 100]).unwrap_err(), Error::Workspace);

    let binning = Binning::new(Rule::Key { bits: 8 }, &mut []).unwrap();
    let mut histograms = vec![0; words(&binning)];
    let short = histograms.len() - 1;
    let good = Pixels { scores: &[1.0, 2.0], targets: Some(&[0, 1]), ..Pixels::default() };
    for (pixels, length, error) in [
        (good, short, Error::Workspace),
        (Pixels { targets: Some(&[0]), ..good }, short + 1, Error::LengthMismatch),
        (Pixels { valid: Some(&[0]), ..good }, short + 1, Error::LengthMismatch),
        (Pixels { weights: Some(&[1.0, 1.0]), ..good }, short + 1, Error::UnsupportedInput),
        (Pixels { soft_targets: Some(&[1.0, 1.0]), ..good }, short + 1, Error::UnsupportedInput),
    ] {
        assert_eq!(update(&binning, &pixels, &mut histograms[..length]), Err(error));
    }
    // Integers are scores like others where the binning is not of them.
    let (bytes, integers) = (integers(&[1_u8], None, None), integers(&[1_u16], None, None));
    for (rule, scores) in [(Rule::Words, &bytes), (Rule::Bytes, &integers)] {
        let other = Binning::new(rule, &mut []).unwrap();
        let mut histograms = vec![0; words(&other)];
        assert_eq!(update(&other, scores, &mut histograms), Err(Error::UnsupportedInput));
        let scaled = scores.scores.map(|plane| plane.affine(0.5, 0));
        assert_eq!(
            update(&other, &Planes { scores: scaled, ..*scores }, &mut histograms),
            Err(Error::UnsupportedInput)
        );
        assert_eq!(update(&other, &Pixels::default(), &mut histograms), Ok(()));
    }
    assert!(histograms.iter().all(|word| *word == 0));

    update(&binning, &good, &mut histograms).unwrap();
    let other = Binning::new(Rule::Linear { low: 0.0, high: 1.0, bins: 256 }, &mut []).unwrap();
    assert_eq!(report(&other, &histograms).unwrap_err(), Error::MixedTotals);
    assert_eq!(curve(&binning, &histograms, &mut []), Err(Error::Capacity));
    assert_eq!(at(&binning, &histograms, f32::NAN).unwrap_err(), Error::Target);
    for wrong in [-0.1, 1.1, f64::NAN] {
        assert_eq!(quantile(&binning, &histograms, wrong).unwrap_err(), Error::Fraction);
        assert_eq!(threshold_for_false_positive_rate(&binning, &histograms, wrong), Err(Error::Fraction));
    }
}

#[test]
fn thresholds_and_quantiles_need_no_anomalies() {
    let binning = Binning::new(Rule::Bytes, &mut []).unwrap();
    let mut histograms = vec![0; words(&binning)];
    let threshold = |words: &[i64], rate| threshold_for_false_positive_rate(&binning, words, rate).unwrap();
    update(&binning, &integers(&[3_u8, 5, 5, 9], None, None), &mut histograms).unwrap();
    assert_eq!(quantile(&binning, &histograms, 0.5).unwrap(), ([5.0; 2], Notices::NONE));
    let found = threshold(&histograms, 0.25);
    assert_eq!((found.value, found.notices), (6.0, Notices::NONE));
    // No alarm at all: no score reaches the threshold, unless an anomaly does.
    let never = threshold(&histograms, 0.0);
    assert_eq!((never.value, never.notices), (10.0, Notices::UNREACHED));
    assert_eq!(at(&binning, &histograms, 10.0).unwrap().1, Notices::NO_POSITIVES | Notices::NO_DECISIONS);
    update(&binning, &integers(&[200_u8], Some(&[1]), None), &mut histograms).unwrap();
    assert_eq!(threshold(&histograms, 0.0).notices, Notices::NONE);
    assert_eq!(at(&binning, &histograms, 10.0).unwrap().1, Notices::NONE);
    let empty = threshold(&vec![0; words(&binning)], 0.5);
    assert_eq!(empty.notices, Notices::EMPTY | Notices::NO_NEGATIVES | Notices::UNREACHED);
}
