//! Entropy of a selector's weights.

/// The proportions, with S.
pub fn proportions(weights: &[f64], eps: f64) -> (std::vec::Vec<f64>, f64) {
    let total = weights.iter().sum::<f64>() + eps;
    (weights.iter().map(|weight| weight / total).collect(), total)
}

/// `-sum p ln(p + eps)`; a proportion of 0 contributes nothing.
pub fn entropy(weights: &[f64], eps: f64) -> f64 {
    let (proportions, _) = proportions(weights, eps);
    let terms = proportions.iter().map(|p| if *p == 0.0 { 0.0 } else { p * (p + eps).ln() });
    0.0 - terms.sum::<f64>()
}

/// `q`, the derivative of a term by its proportion.
pub fn slope(p: f64, eps: f64) -> f64 {
    -((p + eps).ln() + p / (p + eps))
}

/// The derivative of the entropy by each weight.
pub fn gradient(weights: &[f64], eps: f64) -> std::vec::Vec<f64> {
    let (proportions, total) = proportions(weights, eps);
    let mean: f64 = proportions.iter().map(|p| slope(*p, eps) * p).sum();
    proportions.iter().map(|p| (slope(*p, eps) - mean) / total).collect()
}
