//! Exact ranking against scikit-learn, histograms against torchmetrics' average precision of the same batches, and
//! published maps of scores.

use super::{bytes, floats, for_each_case, number, on_each_tier, pixels};
use hyla::capi::binning::*;
use hyla::capi::ranking::*;
use hyla::capi::ranking_exact::*;
use serde_json::Value;
use std::mem::MaybeUninit;
use std::path::Path;

/// How far an exact value may be from scikit-learn's.
const BOUND: f64 = 1e-12;
/// How far a value of thresholds may be from torchmetrics', which sums in float32.
const THRESHOLDS_BOUND: f64 = 1e-6;

fn exact(scores: &[f32], targets: &[u8]) -> hyla_ranking_exact_report {
    let pixels = pixels(scores.len(), scores, targets, &[]);
    let mut space = vec![0; hyla_ranking_exact_workspace(scores.len())];
    let mut report = MaybeUninit::uninit();
    // SAFETY: all pointers are of live values, the arrays of as many items as is said; what succeeded wrote the report.
    unsafe {
        let (words, size) = (space.as_mut_ptr(), space.len());
        assert!(hyla_ranking_exact_values(&pixels, words, size, report.as_mut_ptr()) >= 0);
        report.assume_init()
    }
}

fn histograms(rule: u32, bins: u32, scores: &[f32], targets: &[u8]) -> hyla_ranking_report {
    let struct_size = size_of::<hyla_binning_params>() as u32;
    let params = hyla_binning_params { struct_size, rule, bins, low: 0.0, high: 1.0 };
    let pixels = pixels(scores.len(), scores, targets, &[]);
    let mut report = hyla_ranking_report::default();
    let (mut binning, mut size, mut count) = (MaybeUninit::uninit(), 0, 0);
    // SAFETY: as above, likewise the binning.
    unsafe {
        assert_eq!(hyla_binning_words(&params, &mut size), 0);
        let mut table = vec![0; size];
        let (words, to) = (table.as_mut_ptr(), binning.as_mut_ptr());
        assert_eq!(hyla_binning_build(&params, words, size, to), 0);
        let binning = binning.assume_init();
        assert_eq!(hyla_ranking_words(&binning, &mut count), 0);
        let mut words = vec![0; count];
        assert_eq!(hyla_ranking_update(&binning, &pixels, words.as_mut_ptr(), count), 0);
        assert!(hyla_ranking_values(&binning, words.as_ptr(), count, &mut report) >= 0);
    }
    report
}

/// Compares with the expected values, as far as there are any, and the bounds of several binnings with both.
fn compare(name: &str, scores: &[f32], targets: &[u8], expected: &Value) {
    let found = exact(scores, targets);
    for (found, key) in [(found.average_precision, "average_precision"), (found.roc_auc, "auroc")] {
        if let Some(truth) = expected.get(key) {
            let truth = number(truth);
            assert!((found - truth).abs() <= BOUND, "{name}, {key}: {found} is not {truth}");
        }
    }
    for (rule, bins) in
        [(HYLA_BINNING_THRESHOLDS, 200), (HYLA_BINNING_LINEAR, 1000), (HYLA_BINNING_KEY, 12), (HYLA_BINNING_KEY, 16)]
    {
        let bounds = histograms(rule, bins, scores, targets);
        assert_eq!((bounds.anomalies, bounds.normal), (found.anomalies, found.normal));
        for (low, value, high) in [
            (bounds.average_precision_lo, found.average_precision, bounds.average_precision_hi),
            (bounds.roc_auc_lo, found.roc_auc, bounds.roc_auc_hi),
            (bounds.f1_max, found.f1_max, bounds.f1_max_hi),
        ] {
            let inside = (low <= value && value <= high) || (low.is_nan() && value.is_nan());
            assert!(inside, "{name}, rule {rule}, {bins}: {value} is outside of {low} to {high}");
        }
    }
}

#[test]
fn exact_values_are_those_of_scikit_learn() {
    let mut compared = 0;
    for_each_case("anomaly_detection_metrics", |case| {
        let name = case["name"].as_str().unwrap();
        let stride = case["params"]["pixel_stride"].as_u64().unwrap() as usize;
        let count = case["params"]["ap_thresholds"].as_u64().unwrap() as u32;
        let (mut scores, mut targets) = (Vec::new(), Vec::new());
        for step in case["steps"].as_array().unwrap() {
            let inputs = &step["inputs"];
            let shape = inputs["logits"]["shape"].as_array().unwrap();
            let [rows, cols] = [1, 2].map(|axis| shape[axis].as_u64().unwrap() as usize);
            let items = floats(&inputs["logits"]).into_iter().zip(bytes(&inputs["targets"]));
            for (index, (score, target)) in items.enumerate() {
                let (row, column) = (index / cols % rows, index % cols);
                if row % stride == 0 && column % stride == 0 {
                    scores.push(score);
                    targets.push(target);
                }
            }
            // cuvis-ai pools average precision over the steps so far.
            let truth = number(&step["expect"]["average_precision"]);
            let found = histograms(HYLA_BINNING_THRESHOLDS, count, &scores, &targets).average_precision;
            assert!((found - truth).abs() <= THRESHOLDS_BOUND, "{name}: {found} is not {truth}");
        }
        compared += case["exact"].as_object().unwrap().len();
        compare(name, &scores, &targets, &case["exact"]);
    });
    assert!(compared > 0);
}

/// Name, average precision and ROC-AUC.
const MAPS: [(&str, f64, f64); 2] = [
    ("lren-hydice", 0.9503124694854015, 0.9997559994460528),
    ("lren-sandiego2", 0.6591121495635863, 0.9900207557388407),
];

/// Maps of a detector with their masks, in the directory `scores` of the one that `HYLA_SCENES_DIR` names: ENVI files
/// of one band, float32 and bytes. The values are scikit-learn's.
#[test]
fn published_maps_of_scores() {
    let Ok(directory) = std::env::var("HYLA_SCENES_DIR") else {
        eprintln!("skipped: published_maps_of_scores, because HYLA_SCENES_DIR is not set");
        return;
    };
    for (name, average_precision, auroc) in MAPS {
        let read = |kind: &str| {
            let path = Path::new(&directory).join(format!("scores/{name}_{kind}.img"));
            std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        };
        let scores: Vec<f32> =
            read("score").chunks_exact(4).map(|word| f32::from_le_bytes(word.try_into().unwrap())).collect();
        let targets = read("gt");
        let expected = serde_json::json!({"average_precision": average_precision, "auroc": auroc});
        on_each_tier(|| compare(name, &scores, &targets, &expected));
        println!("{name}: {} scores", scores.len());
    }
}
