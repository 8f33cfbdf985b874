//! Variance of a selector's weights.

/// The mean.
pub fn mean(weights: &[f64]) -> f64 {
    weights.iter().sum::<f64>() / weights.len() as f64
}

/// The variance of a population.
pub fn variance(weights: &[f64]) -> f64 {
    let mean = mean(weights);
    weights.iter().map(|weight| (weight - mean).powi(2)).sum::<f64>() / weights.len() as f64
}
