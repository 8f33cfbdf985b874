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

/// The Gini coefficient of integers, by the ranks of all of them.
pub fn gini(weights: &[i64]) -> f64 {
    let mut sorted = weights.to_vec();
    sorted.sort_unstable();
    let count = sorted.len() as i128;
    let sum: i128 = sorted.iter().map(|weight| i128::from(*weight)).sum();
    let ranked = sorted.iter().zip(1..).map(|(weight, rank): (_, i128)| rank * i128::from(*weight));
    (2 * ranked.sum::<i128>() - (count + 1) * sum) as f64 / (count * sum) as f64
}
