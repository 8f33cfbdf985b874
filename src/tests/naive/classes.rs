//! Losses over classes.

use std::vec::Vec;

/// The probabilities of logits.
pub fn softmax(logits: &[f64]) -> Vec<f64> {
    let greatest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|logit| (logit - greatest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

/// `-ln p` of every class.
pub fn log_losses(logits: &[f64]) -> Vec<f64> {
    let greatest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|logit| (logit - greatest).exp()).sum();
    logits.iter().map(|logit| sum.ln() - (logit - greatest)).collect()
}

/// The cross-entropy of a pixel with class weights o and smoothing e.
pub fn cross_entropy(logits: &[f64], label: usize, weights: &[f64], smoothing: f64) -> f64 {
    let losses = log_losses(logits);
    let spread: f64 = losses.iter().zip(weights).map(|(loss, weight)| loss * weight).sum();
    (1.0 - smoothing) * weights[label] * losses[label] + smoothing / losses.len() as f64 * spread
}

/// The Dice loss of pixels: probabilities, labels, weights of pixels, which classes take part.
pub fn dice(probabilities: &[Vec<f64>], labels: &[usize], weights: &[f64], eps: f64, classes: &[usize]) -> f64 {
    let index = |class: &usize| {
        let (mut both, mut either) = (0.0, 0.0);
        for ((p, label), v) in probabilities.iter().zip(labels).zip(weights) {
            let target = if label == class { 1.0 } else { 0.0 };
            both += v * p[*class] * target;
            either += v * (p[*class] + target);
        }
        (2.0 * both + eps) / (either + eps)
    };
    1.0 - classes.iter().map(index).sum::<f64>() / classes.len() as f64
}
