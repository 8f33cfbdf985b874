//! Overlap of predictions and targets.

/// `w (1 - T)^g` of predictions between 0 and 1, with targets and weights of pixels.
pub struct Tversky {
    pub weight: f64,
    pub smooth: f64,
    pub false_positives: f64,
    pub false_negatives: f64,
    pub gamma: f64,
}

impl Tversky {
    pub fn loss(&self, predictions: &[f64], targets: &[f64], weights: &[f64]) -> f64 {
        let (mut both, mut only_predicted, mut only_target) = (0.0, 0.0, 0.0);
        for ((p, y), v) in predictions.iter().zip(targets).zip(weights) {
            both += v * p * y;
            only_predicted += v * p * (1.0 - y);
            only_target += v * (1.0 - p) * y;
        }
        let mistakes = self.false_positives * only_predicted + self.false_negatives * only_target;
        let index = (both + self.smooth) / (both + mistakes + self.smooth);
        self.weight * (1.0 - index).powf(self.gamma)
    }
}

pub fn sigmoid(scores: &[f64]) -> Vec<f64> {
    scores.iter().map(|score| 1.0 / (1.0 + (-score).exp())).collect()
}

pub fn clamp(scores: &[f64]) -> Vec<f64> {
    scores.iter().map(|score| score.clamp(0.0, 1.0)).collect()
}

pub fn minmax(scores: &[f64], smooth: f64) -> Vec<f64> {
    let least = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    scores.iter().map(|score| (score - least) / (greatest - least + smooth)).collect()
}

use std::vec::Vec;
