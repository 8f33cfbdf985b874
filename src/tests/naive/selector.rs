//! The regularisers of band selectors.

/// Entropy of shares that were shifted by eps.
pub fn entropy(weights: &[f64], eps: f64) -> f64 {
    let sum = weights.iter().sum::<f64>() + eps;
    let shares = weights.iter().map(|weight| weight / sum);
    shares.filter(|share| *share != 0.0).map(|share| -share * (share + eps).ln()).sum()
}

/// Population variance.
pub fn variance(weights: &[f64]) -> f64 {
    let count = weights.len() as f64;
    let mean = weights.iter().sum::<f64>() / count;
    weights.iter().map(|weight| (weight - mean).powi(2)).sum::<f64>() / count
}
