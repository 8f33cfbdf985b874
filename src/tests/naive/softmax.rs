//! Softmax, cross-entropy and Dice of pixels with one logit a class.

use std::vec::Vec;

/// `-ln softmax`, class by class. The greatest one is left out of the logarithm's argument.
pub fn costs(logits: &[f64]) -> Vec<f64> {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let first = logits.iter().position(|logit| *logit == max).unwrap_or(0);
    let others = logits.iter().enumerate().filter(|(class, _)| *class != first);
    let rest: f64 = others.map(|(_, logit)| (logit - max).exp()).sum();
    logits.iter().map(|logit| (max - logit) + rest.ln_1p()).collect()
}

/// The probabilities.
pub fn softmax(logits: &[f64]) -> Vec<f64> {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|logit| (logit - max).exp()).sum();
    logits.iter().map(|logit| (logit - max).exp() / sum).collect()
}

/// The sum of all but one probability.
pub fn other_probabilities(logits: &[f64], class: usize) -> f64 {
    let all = softmax(logits);
    all.iter().enumerate().filter(|(other, _)| *other != class).map(|(_, p)| p).sum()
}

/// The cross-entropy of a pixel.
pub fn cross_entropy(logits: &[f64], label: usize, weights: &[f64], smoothing: f64) -> f64 {
    let costs = costs(logits);
    let all: f64 = costs.iter().zip(weights).map(|(c, o)| if *o > 0.0 { c * o } else { 0.0 }).sum();
    let own = if weights[label] > 0.0 { weights[label] * costs[label] } else { 0.0 };
    (1.0 - smoothing) * own
        + if smoothing > 0.0 { smoothing / logits.len() as f64 * all } else { 0.0 }
}

/// `1 - mean dice` of pixels with a weight and a label each; one logit a pixel is that of label 1.
pub fn dice(pixels: &[(Vec<f64>, usize, f64)], background: bool, skip: bool, eps: f64) -> f64 {
    let classes = pixels.first().map_or(1, |(logits, _, _)| logits.len());
    let mut dices = Vec::new();
    for class in 0..classes {
        let (mut intersection, mut probability, mut truth) = (0.0, 0.0, 0.0);
        for (logits, label, weight) in pixels {
            let (p, y) = if classes == 1 {
                (softmax(&[0.0, logits[0]])[1], *label == 1)
            } else {
                (softmax(logits)[class], *label == class)
            };
            probability += weight * p;
            intersection += if y { weight * p } else { 0.0 };
            truth += if y { *weight } else { 0.0 };
        }
        if (class > 0 || classes == 1 || background) && !(skip && truth == 0.0) {
            dices.push((2.0 * intersection + eps) / (probability + truth + eps));
        }
    }
    1.0 - dices.iter().sum::<f64>() / dices.len() as f64
}
