//! AnomalyDetectionMetrics.

use super::{bytes, compare_metrics, floats, for_each_case, number, pixels};
use hyla::capi::binning::*;
use hyla::capi::detection::*;
use hyla::capi::metric::{HYLA_STAGE_VAL, hyla_context, hyla_metric};
use hyla::capi::pixels::hyla_pixels;
use hyla::capi::ranking::hyla_ranking_words;
use serde_json::Value;
use std::ffi::CStr;
use std::mem::MaybeUninit;

#[test]
fn anomaly_detection_metrics() {
    for_each_case("anomaly_detection_metrics", check);
}

/// Average precision's state, of a case's number of thresholds.
struct Ranking {
    binning: hyla_binning,
    _table: Vec<u32>,
    words: Vec<i64>,
}

impl Ranking {
    fn new(thresholds: u32) -> Self {
        let size = size_of::<hyla_binning_params>() as u32;
        let rule = HYLA_BINNING_THRESHOLDS;
        let rule = hyla_binning_params { struct_size: size, rule, bins: thresholds, low: 0.0, high: 0.0 };
        let mut words = 0;
        let mut binning = MaybeUninit::uninit();
        // SAFETY: all pointers are of live values, the table has as many words as is said.
        unsafe {
            assert_eq!(hyla_binning_words(&rule, &mut words), 0);
            let mut table = vec![0; words];
            let status = hyla_binning_build(&rule, table.as_mut_ptr(), words, binning.as_mut_ptr());
            assert_eq!(status, 0);
            let binning = binning.assume_init();
            assert_eq!(hyla_ranking_words(&binning, &mut words), 0);
            Self { binning, _table: table, words: vec![0; words] }
        }
    }
}

fn check(case: &Value) {
    let params = hyla_detection_params {
        struct_size: size_of::<hyla_detection_params>() as u32,
        pixel_stride: case["params"]["pixel_stride"].as_u64().unwrap() as u32,
        ap_thresholds: case["params"]["ap_thresholds"].as_u64().unwrap() as u32,
    };
    let steps = case["steps"].as_array().unwrap();
    assert!(!steps.is_empty());
    // cuvis-ai emits the average precision of the steps so far.
    let (mut epoch, mut undecided) = (Ranking::new(params.ap_thresholds), Ranking::new(params.ap_thresholds));
    for step in steps {
        // And all else of the step, which is that of its own totals.
        let mut totals = hyla_detection_totals::default();
        add(&params, step, true, &mut totals, &mut epoch);
        check_counts(&params, step, &totals);
        let compared = compare_metrics(
            // SAFETY: all pointers are of live values, the list has room for `capacity` items.
            |context, out, capacity, count| unsafe {
                let (bins, words) = (std::ptr::null(), std::ptr::null());
                hyla_detection_metrics(&params, &totals, bins, words, 0, context, out, capacity, count)
            },
            &step["expect"],
            // torchmetrics divides in float32.
            |found, truth| found as f32 == truth as f32,
        );
        assert_eq!(compared, 7);
        let found = average_precision(&params, &totals, &epoch, 10);
        let truth = number(&step["expect"]["average_precision"]);
        assert!((found[0] - truth).abs() <= 1e-6, "{}: {found:?} is not {truth}", case["name"]);

        // The same from scores alone.
        let mut totals = hyla_detection_totals::default();
        add(&params, step, false, &mut totals, &mut undecided);
        assert_eq!(average_precision(&params, &totals, &undecided, 3), found);
        assert_eq!(undecided.words, epoch.words);
    }
    if let Some(exact) = case["exact"]["average_precision"].as_f64() {
        let [_, low, high] = average_precision(&params, &hyla_detection_totals::default(), &epoch, 3);
        assert!(low - 1e-12 <= exact && exact <= high + 1e-12, "{exact} in {low} {high}");
    }
}

/// Rows and columns of the frames of a step.
fn shape(step: &Value) -> [usize; 2] {
    let shape = step["inputs"]["targets"]["shape"].as_array().unwrap();
    [1, 2].map(|axis| shape[axis].as_u64().unwrap() as usize)
}

fn add(
    params: &hyla_detection_params,
    step: &Value,
    with_decisions: bool,
    totals: &mut hyla_detection_totals,
    ranking: &mut Ranking,
) {
    let [rows, columns] = shape(step);
    let targets = bytes(&step["inputs"]["targets"]);
    let decisions = bytes(&step["inputs"]["decisions"]);
    let scores = floats(&step["inputs"]["logits"]);
    assert!(scores.len() == targets.len() && decisions.len() == targets.len());
    let area = rows * columns;
    let frames = scores.chunks(area).zip(targets.chunks(area)).zip(decisions.chunks(area));
    for ((scores, targets), decisions) in frames {
        let decisions = if with_decisions { decisions } else { &[] };
        let pixels = hyla_pixels { rows, ..pixels(area, scores, targets, decisions) };
        // SAFETY: all pointers are of live values, the arrays of as many items as is said.
        let status = unsafe {
            let (words, count) = (ranking.words.as_mut_ptr(), ranking.words.len());
            let binning = &ranking.binning;
            hyla_detection_update_frame(params, &pixels, totals, binning, words, count)
        };
        assert_eq!(status, 0);
    }
}

/// The counts of pixels are those of counting, and the ratios their quotients.
fn check_counts(params: &hyla_detection_params, step: &Value, totals: &hyla_detection_totals) {
    let [rows, columns] = shape(step);
    let stride = params.pixel_stride as usize;
    let targets = bytes(&step["inputs"]["targets"]);
    let decisions = bytes(&step["inputs"]["decisions"]);
    let mut counts = [0_i64; 4];
    for (at, (target, decision)) in targets.iter().zip(&decisions).enumerate() {
        let (row, column) = (at / columns % rows, at % columns);
        if row % stride == 0 && column % stride == 0 {
            counts[usize::from(*target != 0) + 2 * usize::from(*decision != 0)] += 1;
        }
    }
    let pixels = &totals.confusion.pixels;
    let found = [pixels.true_negatives, pixels.false_negatives, pixels.false_positives, pixels.true_positives];
    assert_eq!(found, counts);
    let [_, missed, alarms, hits] = counts.map(|count| count as f64);
    let quotients = [
        hits / (hits + alarms),
        hits / (hits + missed),
        2.0 * hits / (2.0 * hits + missed + alarms),
        hits / (hits + missed + alarms),
    ];
    let values = values(params, totals, None);
    for (quotient, (name, value)) in quotients.iter().zip(&values) {
        let truth = if quotient.is_nan() { 0.0 } else { *quotient };
        assert!((value - truth).abs() <= 1e-12, "{name}: {value} is not {truth}");
    }
}

/// All values and their names.
fn values(
    params: &hyla_detection_params,
    totals: &hyla_detection_totals,
    ranking: Option<&Ranking>,
) -> Vec<(String, f64)> {
    let context = hyla_context { stage: HYLA_STAGE_VAL, epoch: 0, batch_idx: 0, reserved: 0 };
    let mut list = Vec::<hyla_metric>::with_capacity(10);
    let mut count = 0;
    let binning = ranking.map_or(std::ptr::null(), |ranking| &raw const ranking.binning);
    let words = ranking.map_or(&[][..], |ranking| &ranking.words);
    let first = if ranking.is_some() { words.as_ptr() } else { std::ptr::null() };
    // SAFETY: all pointers are of live values, the arrays of as many items as is said; the call wrote
    // `count` items, with names that are terminated.
    unsafe {
        let (out, room) = (list.as_mut_ptr(), list.capacity());
        let status =
            hyla_detection_metrics(params, totals, binning, first, words.len(), &context, out, room, &mut count);
        assert!(status >= 0, "{status}");
        list.set_len(count);
        let name = |metric: &hyla_metric| CStr::from_ptr(metric.name.as_ptr()).to_str().unwrap();
        list.iter().map(|metric| (name(metric).into(), metric.value)).collect()
    }
}

/// Average precision and its bounds, the last three of so many values.
fn average_precision(
    params: &hyla_detection_params,
    totals: &hyla_detection_totals,
    ranking: &Ranking,
    expected: usize,
) -> [f64; 3] {
    let values = values(params, totals, Some(ranking));
    assert_eq!(values.len(), expected);
    let last = &values[expected - 3..];
    let names = ["average_precision", "average_precision_lo", "average_precision_hi"];
    assert!(last.iter().map(|value| value.0.as_str()).eq(names));
    [last[0].1, last[1].1, last[2].1]
}
