//! Exact ranking: against the definitions, and at the edges.

use super::integers;
use super::naive::ranking::exact;
use super::ranking::{items, split};
use crate::error::{Error, Notices};
use crate::input::Pixels;
use crate::metric::ranking::{self, Binning, Rule};
use crate::metric::ranking_exact::{Report, report, workspace};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

/// Average precision is within so many units in the last place of 1.
const BOUND: f64 = 6.0 * f64::EPSILON / 2.0;

fn rank(pixels: &Pixels) -> (Report, Notices) {
    let mut space = vec![0xa5a5_a5a5; workspace(pixels.scores.len())];
    report(pixels, &mut space).unwrap()
}

fn rank_items(items: &[(f32, bool)]) -> (Report, Notices) {
    let (scores, targets) = split(items);
    rank(&Pixels { scores: &scores, targets: Some(&targets), ..Pixels::default() })
}

/// NaN is equal to NaN.
fn same(a: &Report, b: &Report) -> bool {
    std::format!("{a:?}") == std::format!("{b:?}")
}

fn close(found: f64, truth: f64, bound: f64) -> bool {
    (found - truth).abs() <= bound * truth.abs() || (found.is_nan() && truth.is_nan())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn values_are_those_of_the_definitions(items in items(400)) {
        let (found, _) = rank_items(&items);
        let truth = exact(&items);
        // The oracle sums 400 terms.
        let bound = BOUND + 400.0 * f64::EPSILON;
        prop_assert!(close(found.average_precision, truth.average_precision, bound), "{found:?}");
        prop_assert!(close(found.roc_auc, truth.roc_auc, 4.0 * f64::EPSILON), "{found:?}");
        prop_assert!(close(found.f1_max, truth.f1_max, 2.0 * f64::EPSILON), "{found:?}");
        prop_assert_eq!((found.anomalies + found.normal) as usize, items.len());
        if found.anomalies > 0 {
            // Decisions at the threshold have that F1, and no higher threshold of an anomaly has.
            let f1_at = |threshold: f64| {
                let hits = items.iter().filter(|(score, label)| *label && f64::from(*score) >= threshold).count();
                let decisions = items.iter().filter(|(score, _)| f64::from(*score) >= threshold).count();
                2.0 * hits as f64 / (found.anomalies as usize + decisions) as f64
            };
            prop_assert_eq!(f1_at(found.f1_max_threshold), found.f1_max);
            for (score, _) in items.iter().filter(|(score, _)| f64::from(*score) > found.f1_max_threshold) {
                prop_assert!(f1_at(f64::from(*score)) < found.f1_max);
            }
        }
    }

    #[test]
    fn order_masks_and_nan_change_nothing(items in items(200), seed in any::<u64>()) {
        let (expected, notices) = rank_items(&items);
        let mut shuffled: Vec<(f32, bool, bool)> = items.iter().map(|(score, label)| (*score, *label, true)).collect();
        for index in 0..items.len() {
            shuffled.push((if index % 2 == 0 { f32::NAN } else { 1e30 }, index % 3 == 0, false));
        }
        let length = shuffled.len() as u64;
        for index in 0..shuffled.len() {
            let other = (seed.wrapping_mul(index as u64 + 1) >> 7) % length;
            shuffled.swap(index, other as usize);
        }
        let scores: Vec<f32> = shuffled.iter().map(|item| item.0).collect();
        let targets: Vec<u8> = shuffled.iter().map(|item| u8::from(item.1) * 255).collect();
        let valid: Vec<u8> = shuffled.iter().map(|item| u8::from(item.2)).collect();
        let pixels = Pixels { scores: &scores, targets: Some(&targets), valid: Some(&valid), ..Pixels::default() };
        let (found, found_notices) = rank(&pixels);
        let expected = Report { masked: items.len() as i64, ..expected };
        prop_assert!(same(&expected, &found), "{:?} is not {:?}", found, expected);
        prop_assert_eq!(notices, found_notices);

        // Valid pixels with a NaN are counted, and nothing else changes.
        let pixels = Pixels { valid: None, ..pixels };
        let scored = shuffled.iter().map(|item| (item.0, item.1));
        let kept: Vec<(f32, bool)> = scored.filter(|item| !item.0.is_nan()).collect();
        let (expected, _) = rank_items(&kept);
        let (found, found_notices) = rank(&pixels);
        let nan = |label: bool| shuffled.iter().filter(|item| item.0.is_nan() && item.1 == label).count() as i64;
        let expected = Report { nan_anomalies: nan(true), nan_normal: nan(false), ..expected };
        prop_assert!(same(&expected, &found), "{:?} is not {:?}", found, expected);
        prop_assert_eq!(found_notices.contains(Notices::NOT_FINITE), nan(true) + nan(false) > 0);
    }

    #[test]
    fn histograms_of_bytes_say_the_same(pairs in proptest::collection::vec((any::<u8>(), any::<bool>()), 1..300)) {
        let items: Vec<(f32, bool)> = pairs.iter().map(|(score, label)| (f32::from(*score), *label)).collect();
        let bytes = pairs.iter().map(|(score, label)| (*score, u8::from(*label)));
        let (scores, targets): (Vec<u8>, Vec<u8>) = bytes.unzip();
        let binning = Binning::new(Rule::Bytes, &mut []).unwrap();
        let mut words = vec![0; ranking::words(&binning)];
        ranking::update(&binning, &integers(&scores, Some(&targets), None), &mut words).unwrap();
        let (histograms, notices) = ranking::report(&binning, &words).unwrap();
        let (found, found_notices) = rank_items(&items);
        prop_assert!(close(found.average_precision, histograms.average_precision, 600.0 * f64::EPSILON));
        prop_assert!(close(found.roc_auc, histograms.roc_auc, 0.0));
        prop_assert_eq!(found.f1_max, histograms.f1_max);
        prop_assert!(found.f1_max_threshold == histograms.f1_max_threshold || found.anomalies == 0);
        prop_assert_eq!((found.anomalies, found.normal), (histograms.anomalies, histograms.normal));
        prop_assert_eq!(notices, found_notices);
    }
}

#[test]
fn values_are_exact_where_there_are_many() {
    // Every second pixel is an anomaly, all scores differ: precision is 1/2 or (k + 1) / (2 k + 1).
    let n = 1 << 18;
    let items: Vec<(f32, bool)> = (0..n).map(|index| (index as f32, index % 2 == 1)).collect();
    let (found, notices) = rank_items(&items);
    let half = n / 2;
    let truth = (0..half).rev().map(|k| (k + 1) as f64 / (2 * k + 1) as f64).sum::<f64>();
    assert!(close(found.average_precision, truth / half as f64, 1e-13));
    // The k-th of `half` anomalies stands above half - k normal pixels.
    let right = (half as f64 + 1.0) * half as f64 / 2.0;
    assert_eq!(found.roc_auc, right / (half as f64 * half as f64));
    assert_eq!(notices, Notices::NONE);
}

#[test]
fn edges() {
    let nan = f32::NAN;
    let one_class = Notices::NO_POSITIVES | Notices::NO_NEGATIVES;
    let (empty, notices) = rank_items(&[]);
    assert_eq!(notices, Notices::EMPTY | one_class);
    assert!(empty.average_precision == 0.0 && empty.roc_auc.is_nan() && empty.f1_max == 0.0);
    assert!(empty.f1_max_threshold.is_nan());

    let (only_nan, notices) = rank_items(&[(nan, true), (nan, false)]);
    assert_eq!(notices, Notices::EMPTY | one_class | Notices::NOT_FINITE);
    assert_eq!((only_nan.nan_anomalies, only_nan.nan_normal, only_nan.anomalies), (1, 1, 0));

    let (normal, notices) = rank_items(&[(1.0, false), (2.0, false)]);
    assert_eq!(notices, Notices::NO_POSITIVES);
    assert!(normal.average_precision == 0.0 && normal.roc_auc.is_nan() && normal.f1_max == 0.0);
    assert!(normal.f1_max_threshold.is_nan());

    let (anomalies, notices) = rank_items(&[(1.0, true), (2.0, true)]);
    assert_eq!(notices, Notices::NO_NEGATIVES);
    assert!(anomalies.average_precision == 1.0 && anomalies.roc_auc.is_nan());
    assert_eq!((anomalies.f1_max, anomalies.f1_max_threshold), (1.0, 1.0));

    // All tied: the prevalence, and half of the pairs. -0 equals +0.
    let (tied, notices) = rank_items(&[(0.0, true), (-0.0, false), (0.0, false), (-0.0, false)]);
    assert_eq!((tied.average_precision, tied.roc_auc), (0.25, 0.5));
    assert_eq!((tied.f1_max, tied.f1_max_threshold), (0.4, 0.0));
    assert_eq!(notices, Notices::NONE);

    // Scores that saturate a sigmoid, and infinite ones, have an order all the same.
    let (perfect, notices) =
        rank_items(&[(f32::INFINITY, true), (98.0, true), (97.0, false), (f32::NEG_INFINITY, false)]);
    assert_eq!((perfect.average_precision, perfect.roc_auc), (1.0, 1.0));
    assert_eq!((perfect.f1_max, perfect.f1_max_threshold), (1.0, 98.0));
    assert_eq!(notices, Notices::NONE);
    let (close, _) = rank_items(&[(0.9999, true), (0.999, false), (0.999, false)]);
    assert_eq!((close.average_precision, close.roc_auc), (1.0, 1.0));

    // Of equal values of F1 the highest threshold: 1 of 2 found by one decision, or 2 of 2 by four.
    let f1 = [(5.0, true), (4.0, false), (3.0, false), (2.0, true)];
    let (first, _) = rank_items(&f1);
    assert_eq!((first.f1_max, first.f1_max_threshold), (2.0 / 3.0, 5.0));
}

#[test]
fn bad_arguments_change_nothing() {
    let pixels = Pixels { scores: &[1.0, 2.0], targets: Some(&[1, 0]), ..Pixels::default() };
    let refused = |pixels: &Pixels, size: usize, error: Error| {
        let mut space = vec![7; size];
        assert_eq!(report(pixels, &mut space).unwrap_err(), error);
        assert!(space.iter().all(|word| *word == 7));
    };
    let size = workspace(2);
    refused(&pixels, size - 1, Error::Workspace);
    refused(&pixels, 0, Error::Workspace);
    refused(&Pixels { targets: None, ..pixels }, size, Error::MissingInput);
    refused(&Pixels { targets: Some(&[1]), ..pixels }, size, Error::LengthMismatch);
    refused(&Pixels { valid: Some(&[1]), ..pixels }, size, Error::LengthMismatch);
    refused(&Pixels { weights: Some(&[1.0, 1.0]), ..pixels }, size, Error::UnsupportedInput);
    refused(&Pixels { soft_targets: Some(&[1.0, 1.0]), ..pixels }, size, Error::UnsupportedInput);
    assert_eq!(workspace(usize::MAX), usize::MAX);
}
