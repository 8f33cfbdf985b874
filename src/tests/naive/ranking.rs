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
    let mut sorted: Vec<(f32, bool)> =
        items.iter().map(|(score, label)| (score + 0.0, *label)).collect();
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
