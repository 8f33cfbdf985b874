//! Ranking metrics of all scores, sorted: the definitions, in f64.

use std::vec::Vec;

/// What the sorted scores say.
pub struct Exact {
    pub average_precision: f64,
    pub roc_auc: f64,
    pub f1_max: f64,
}

/// Scores (no NaN) and whether they are of anomalies; ties are one step of the curves.
pub fn exact(items: &[(f32, bool)]) -> Exact {
    let mut sorted: Vec<(f32, bool)> = items.iter().map(|(score, label)| (score + 0.0, *label)).collect();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let anomalies = sorted.iter().filter(|(_, is_anomaly)| *is_anomaly).count() as f64;
    let normal = sorted.len() as f64 - anomalies;
    let (mut hits, mut misses) = (0.0, 0.0);
    let (mut average_precision, mut pairs, mut f1_max) = (0.0, 0.0, 0.0_f64);
    for tie in sorted.chunk_by(|a, b| a.0 == b.0) {
        let found = tie.iter().filter(|(_, is_anomaly)| *is_anomaly).count() as f64;
        let alarms = tie.len() as f64 - found;
        pairs += found * (normal - misses - alarms) + 0.5 * found * alarms;
        hits += found;
        misses += alarms;
        average_precision += found * hits / (hits + misses);
        f1_max = f1_max.max(2.0 * hits / (anomalies + hits + misses));
    }
    let of_anomalies = |value: f64| if anomalies > 0.0 { value } else { 0.0 };
    Exact {
        average_precision: of_anomalies(average_precision / anomalies),
        roc_auc: pairs / (anomalies * normal),
        f1_max: of_anomalies(f1_max),
    }
}

/// Whether the sigmoid of a score, rounded to a float, is a threshold or more: it is at least the middle m between
/// the threshold and the float below, where `sigmoid(x) >= m` is `tanh(x / 2) >= 2m - 1`, whose right side is exact.
pub fn reaches(score: f32, threshold: f32) -> bool {
    if threshold == 0.0 {
        return true;
    }
    let below = f32::from_bits(threshold.to_bits() - 1);
    let middle = (f64::from(threshold) + f64::from(below)) / 2.0;
    (f64::from(score) / 2.0).tanh() >= 2.0 * middle - 1.0
}

/// Threshold k of `linspace(0, 1, count)` of torch on a CPU with vector instructions.
pub fn threshold(k: u32, count: u32) -> f32 {
    let step = 1.0 / (count - 1) as f32;
    if k < count / 2 { step * k as f32 } else { (-step).mul_add((count - 1 - k) as f32, 1.0) }
}

/// torchmetrics' average precision with so many thresholds: precision and recall at each, 0/0 being 0, and the sum of
/// the precisions times the steps of the recall.
pub fn binned_average_precision(items: &[(f32, bool)], count: u32) -> f64 {
    let ratio = |part: f64, whole: f64| if whole == 0.0 { 0.0 } else { part / whole };
    let anomalies = items.iter().filter(|(_, is_anomaly)| *is_anomaly).count() as f64;
    let (mut sum, mut recall_above) = (0.0, 0.0);
    for k in (0..count).rev() {
        let threshold = threshold(k, count);
        let decided = || items.iter().filter(|(score, _)| reaches(*score, threshold));
        let hits = decided().filter(|(_, is_anomaly)| *is_anomaly).count() as f64;
        let recall = ratio(hits, anomalies);
        sum += (recall - recall_above) * ratio(hits, decided().count() as f64);
        recall_above = recall;
    }
    sum
}
