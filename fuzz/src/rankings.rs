//! Rankings against brute force: histograms of any binning with their bounds, exact rankings, and drift.

use crate::binning::{Binning, THRESHOLDS, U8, U16};
use crate::brute::{Quotient, Ranked, distances};
use crate::buffer::{Buffer, pointer};
use crate::input::{Input, Part};
use crate::metrics::{self, Ranking};
use crate::node::{Node, State};
use crate::oracles;
use crate::parameters::Parameters;
use crate::record::Record;
use crate::source::{Random, Source};
use crate::tiers::{pin, tiers};
use core::cmp::Ordering;
use hyla::capi::drift::*;
use hyla::capi::ranking::*;
use hyla::capi::ranking_exact::*;

/// A binning and pixels under all oracles, and what is said of them against brute force.
pub fn check(source: &mut Source) {
    let mut input = metrics::labelled(source);
    if source.once_in(8) {
        input.targets = None;
    }
    if let (Some(targets), true) = (&input.targets, source.once_in(8)) {
        input.decisions = Some(targets.clone());
    }
    exact(&input, source);
    let Some(binning) = Binning::any(source) else { return };
    if binning.rule == U16 {
        let mut random = Random::new(source);
        let integers: Vec<u16> = (0..input.n).map(|_| random.next() as u16 >> random.below(16)).collect();
        input.integers = Some(Buffer::new(source.start(), &integers));
    }
    let node = Ranking { binning: &binning };
    oracles::check(&node, &input, source);
    pin(source.pick(&tiers()));
    let mut state = State::new(binning.words);
    assert_eq!(node.update(&input, input.whole(), &mut state), 0);
    let ranked = ranked(&input, binning.rule, input.whole());
    report(&binning, &state, &ranked);
    curve(&binning, &state, &ranked, source);
    quantile(&binning, &state, &ranked, source);
    drift(&node, &input, source);
}

/// The pixels of a part that are ranked, by the scores that the rule has.
fn ranked(input: &Input, rule: u32, part: Part) -> Ranked {
    let score = |pixel: usize| match rule {
        U8 => input.decisions.as_ref().map_or(0.0, |scores| f32::from(scores[pixel])),
        U16 => input.integers.as_ref().map_or(0.0, |scores| f32::from(scores[pixel])),
        _ => input.values[pixel],
    };
    let is_anomaly = |pixel: usize| input.targets.as_ref().is_some_and(|targets| targets[pixel] != 0);
    let pixels = (part.start..part.start + part.n).filter(|pixel| input.is_valid(*pixel));
    Ranked::new(pixels.map(|pixel| (score(pixel), is_anomaly(pixel))))
}

/// Panics unless the bounds hold the exact value, and are what the order inside the bins can do.
fn between(what: &str, exact: Quotient, low: f64, high: f64) {
    let fine = exact.compare(low) != Ordering::Greater && exact.compare(high) != Ordering::Less;
    assert!(fine, "{what}: {} is not within {low:e} and {high:e}", exact.to_double());
}

/// Panics unless both are the same within so many times 2^-52.
fn near(what: &str, exact: f64, said: f64, roundings: usize) {
    let within = roundings as f64 * f64::EPSILON * exact.abs();
    let same = exact == said || (exact.is_nan() && said.is_nan()) || (exact - said).abs() <= within;
    assert!(same, "{what}: {said:e} in the place of {exact:e}");
}

/// The bounds of a report hold what is true of the scores.
fn report(binning: &Binning, state: &State, ranked: &Ranked) {
    let mut report = core::mem::MaybeUninit::<hyla_ranking_report>::uninit();
    // SAFETY: the words are those of the binning.
    let status = unsafe { hyla_ranking_values(&binning.of_c, state.at(0), binning.words, report.as_mut_ptr()) };
    assert!(status >= 0, "status {status}");
    // SAFETY: it was written.
    let report = unsafe { report.assume_init() };
    assert_eq!(report.anomalies as u64, ranked.anomalies());
    assert_eq!(report.normal as u64, ranked.normal());
    let Some((f1, _)) = ranked.f1() else { return };
    let n = ranked.pixels.len();
    if let Some(exact) = ranked.average_precision() {
        between("average precision", exact, report.average_precision_lo, report.average_precision_hi);
    }
    let double = ranked.average_precision_double();
    let within = 1.0e-14 * double * (n + 10) as f64;
    assert!(report.average_precision_lo <= double + within && report.average_precision_hi >= double - within);
    // The lower bound of F1 is the value at an edge, rounded: the exact one may lie half a unit of its last place
    // below.
    between("F1", f1, report.f1_max * (1.0 - f64::EPSILON), report.f1_max_hi);
    if let Some(exact) = ranked.roc_auc() {
        between("ROC-AUC", exact, report.roc_auc_lo, report.roc_auc_hi);
    }
    // With every bin as one tie the values themselves are known.
    let edges = edges(binning, state);
    let bin = |score: f32| edges.iter().copied().find(|edge| f64::from(score) >= *edge).unwrap_or(f64::NEG_INFINITY);
    let tied = ranked.in_bins(|score| bin(score) as f32);
    near("average precision of ties", tied.average_precision_double(), report.average_precision, n + 70);
    near("ROC-AUC of ties", tied.roc_auc().map_or(f64::NAN, Quotient::to_double), report.roc_auc, 8);
    if let Some((f1, threshold)) = tied.f1() {
        near("F1 of ties", f1.to_double(), report.f1_max, 8);
        assert_eq!(
            ranked.at_or_above(f64::from(threshold)),
            ranked.at_or_above(report.f1_max_threshold),
            "F1's threshold"
        );
    }
    if binning.rule == U8 || binning.rule == U16 {
        near("average precision of integers", double, report.average_precision, n + 70);
    }
}

/// The lower edges of bins that are not empty, from the highest down, as the curve has them.
fn edges(binning: &Binning, state: &State) -> Vec<f64> {
    points(binning, state).iter().map(|point| point.threshold).collect()
}

fn points(binning: &Binning, state: &State) -> Vec<hyla_ranking_point> {
    let empty = hyla_ranking_point {
        threshold: 0.0,
        precision: 0.0,
        recall: 0.0,
        false_positive_rate: 0.0,
        true_positives: 0,
        false_positives: 0,
    };
    let (mut points, mut written) = (vec![empty; binning.words / 2], 0);
    let (words, room) = (state.at(0), points.len());
    // SAFETY: the words are those of the binning; the points have room for all bins.
    let status =
        unsafe { hyla_ranking_curve(&binning.of_c, words, binning.words, points.as_mut_ptr(), room, &mut written) };
    assert!(status >= 0, "status {status}");
    points.truncate(written);
    points
}

/// Points of the curve, and what is said at a threshold, count the pixels from there on.
fn curve(binning: &Binning, state: &State, ranked: &Ranked, source: &mut Source) {
    let points = points(binning, state);
    let check = |point: &hyla_ranking_point| {
        let (hits, misses) = ranked.at_or_above(point.threshold);
        let counts = (point.true_positives, point.false_positives);
        assert_eq!((hits, misses), counts, "from the threshold {} on", point.threshold);
        let ratio = |part: i64, all: i64| if all == 0 { 0.0 } else { part as f64 / all as f64 };
        near("precision", ratio(hits, hits + misses), point.precision, 1);
        near("recall", ratio(hits, ranked.anomalies() as i64), point.recall, 1);
        near("false positive rate", ratio(misses, ranked.normal() as i64), point.false_positive_rate, 1);
    };
    points.iter().for_each(check);
    assert!(points.is_sorted_by(|one, two| one.threshold > two.threshold), "thresholds that do not fall");
    let threshold = source.float();
    let mut at = core::mem::MaybeUninit::<hyla_ranking_point>::uninit();
    // SAFETY: as above.
    let status = unsafe { hyla_ranking_at(&binning.of_c, state.at(0), binning.words, threshold, at.as_mut_ptr()) };
    assert_eq!(status < 0, threshold.is_nan(), "status {status}");
    if status >= 0 {
        // SAFETY: it was written.
        let at = unsafe { at.assume_init() };
        check(&at);
        // No integer is negative.
        let highest = if [U8, U16].contains(&binning.rule) { threshold.max(0.0) } else { threshold };
        assert!(at.threshold <= f64::from(highest), "{threshold} was raised to {}", at.threshold);
    }
    let wanted = source.pick(&[0.0, 1.0, 0.5, 0.01, 0.25]);
    let mut threshold = f64::NAN;
    // SAFETY: as above.
    let status = unsafe { hyla_ranking_threshold(&binning.of_c, state.at(0), binning.words, wanted, &mut threshold) };
    assert!(status >= 0, "status {status}");
    let rate = |misses: i64| misses as f64 / ranked.normal().max(1) as f64;
    let (_, misses) = ranked.at_or_above(threshold);
    // Infinity says that even the highest bin is too much; infinite scores raise an alarm all the same.
    assert!(threshold == f64::INFINITY || rate(misses) <= wanted, "too many false alarms from {threshold} on");
    let lower = points.iter().find(|point| point.threshold < threshold);
    assert!(
        lower.is_none_or(|point| rate(point.false_positives) > wanted),
        "a lower threshold than {threshold} would do"
    );
}

/// Quantiles lie within their bin.
fn quantile(binning: &Binning, state: &State, ranked: &Ranked, source: &mut Source) {
    let share = source.pick(&[0.0, 1.0, 0.5, 0.01, 0.9, 1.0 / 3.0]);
    let mut bounds = [f64::NAN; 2];
    // SAFETY: the words are those of the binning.
    let status =
        unsafe { hyla_ranking_quantile(&binning.of_c, state.at(0), binning.words, share, bounds.as_mut_ptr()) };
    assert!(status >= 0, "status {status}");
    let n = ranked.pixels.len();
    if n == 0 {
        assert!(bounds[0].is_nan() && bounds[1].is_nan());
        return;
    }
    let rank = (share * (n - 1) as f64).floor() as usize;
    let score = f64::from(ranked.pixels[n - 1 - rank].0);
    assert!(bounds[0] <= score && score <= bounds[1], "quantile {share}: {score} is not within {bounds:?}");
}

/// Two parts of the pixels against each other.
fn drift(node: &Ranking, input: &Input, source: &mut Source) {
    let (binning, cut) = (node.binning, source.any::<u16>() as usize % (input.n + 1));
    let parts = [Part { start: 0, n: cut }, Part { start: cut, n: input.n - cut }];
    let [reference, now] = parts.map(|part| {
        let mut state = State::new(binning.words);
        assert_eq!(node.update(input, part, &mut state), 0);
        state
    });
    let [before, after] = parts.map(|part| ranked(input, binning.rule, part));
    let all = || before.pixels.iter().chain(&after.pixels).map(|(score, _)| *score);
    let (low, high) =
        all().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), score| (low.min(score), high.max(score)));
    let has_range = source.below(2) as u32;
    let groups = source.pick(&[10, 0, 1, 3, 65_536]);
    let params = hyla_drift_params { struct_size: 0, groups, has_range, low, high };
    let params = Parameters::new(source, params);
    let mut first: Option<Record> = None;
    let mut report = core::mem::MaybeUninit::<hyla_drift_report>::uninit();
    let mut status = 0;
    for tier in tiers() {
        pin(tier);
        let mut record = Record::default();
        status = record.report("drift", &[0..8, 13..17, 22..26], |to: *mut hyla_drift_report| {
            let (params, binning, words) = (params.pointer(), &binning.of_c, binning.words);
            // SAFETY: both are words of the binning.
            unsafe {
                let status = hyla_drift_values(params, binning, reference.at(0), now.at(0), words, to);
                report.write(to.read());
                status
            }
        });
        first.get_or_insert_with(|| record.clone()).assert_same(&record, "another tier");
    }
    if status < 0 || before.pixels.is_empty() || after.pixels.is_empty() {
        return;
    }
    // SAFETY: it was written.
    let report = unsafe { report.assume_init() };
    if all().any(f32::is_infinite) {
        return;
    }
    let (ks, wasserstein) = distances(&before, &after);
    between("KS", ks, report.ks_lo.min(1.0), report.ks_hi);
    assert!(report.ks_lo <= report.ks && report.ks <= report.ks_hi);
    let within = 1.0e-13 * wasserstein;
    let fine = report.wasserstein_lo <= wasserstein + within && wasserstein - within <= report.wasserstein_hi;
    assert!(fine, "Wasserstein: {wasserstein} is not within {} and {}", report.wasserstein_lo, report.wasserstein_hi);
    assert!(report.jensen_shannon >= 0.0 && report.jensen_shannon <= core::f64::consts::LN_2);
}

/// Exact rankings are those of brute force, with any contents of the workspace, on every tier.
fn exact(input: &Input, source: &mut Source) {
    let pixels = input.pixels(input.whole());
    let words = hyla_ranking_exact_workspace(input.n);
    let missing = usize::from(source.once_in(16));
    let mut first: Option<Record> = None;
    let mut report = core::mem::MaybeUninit::<hyla_ranking_exact_report>::uninit();
    let mut status = 0;
    for tier in tiers() {
        pin(tier);
        let mut record = Record::default();
        let mut workspace = Buffer::filled(1, 0x0101_0101 * tier, words.saturating_sub(missing));
        let (count, place) = (workspace.len(), workspace.at_mut(0));
        status = record.report("exact", &[0..4], |to: *mut hyla_ranking_exact_report| {
            // SAFETY: the arrays are those of the input; the workspace says its own size.
            unsafe {
                let status = hyla_ranking_exact_values(&*pixels, place, count, to);
                report.write(to.read());
                status
            }
        });
        assert!(
            status >= 0 || workspace.iter().all(|word| *word == 0x0101_0101 * tier),
            "an error changed the workspace"
        );
        first.get_or_insert_with(|| record.clone()).assert_same(&record, "another tier");
    }
    if status < 0 {
        let is_short = missing > 0 && words > 0;
        assert!(is_short || pointer(input.targets.as_ref(), 0).is_null(), "status {status}");
        return;
    }
    // SAFETY: it was written.
    let report = unsafe { report.assume_init() };
    let ranked = ranked(input, THRESHOLDS, input.whole());
    let n = ranked.pixels.len();
    assert_eq!((report.anomalies as u64, report.normal as u64), (ranked.anomalies(), ranked.normal()));
    let double = ranked.average_precision_double();
    if let Some(exact) = ranked.average_precision() {
        near("exact average precision", exact.to_double(), report.average_precision, 4);
    }
    near("exact average precision", double, report.average_precision, n + 8);
    near("exact ROC-AUC", ranked.roc_auc().map_or(f64::NAN, Quotient::to_double), report.roc_auc, 2);
    match ranked.f1() {
        Some((f1, threshold)) => {
            near("exact F1", f1.to_double(), report.f1_max, 2);
            assert_eq!(f64::from(threshold), report.f1_max_threshold);
        }
        None => assert!(report.f1_max == 0.0 && report.f1_max_threshold.is_nan()),
    }
}
