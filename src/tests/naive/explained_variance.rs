//! Explained variance over batches.

use std::vec::Vec;

/// The mean ratio of each component, and the cumulative ones.
pub fn means(batches: &[Vec<f32>], components: usize) -> (Vec<f64>, Vec<f64>) {
    let count = batches.len() as f64;
    let mean = |k: usize| batches.iter().map(|batch| f64::from(batch[k])).sum::<f64>() / count;
    let ratios: Vec<f64> = (0..components).map(mean).collect();
    let cumulative = (1..=components).map(|k| ratios[..k].iter().sum()).collect();
    (ratios, cumulative)
}
