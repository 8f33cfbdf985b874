//! Statistics of sorted scores: the definitions, in f64.

use std::vec::Vec;

fn sorted(scores: &[f32]) -> Vec<f64> {
    let mut sorted: Vec<f64> = scores.iter().map(|score| f64::from(score + 0.0)).collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

pub fn mean(scores: &[f32]) -> f64 {
    scores.iter().map(|score| f64::from(*score)).sum::<f64>() / scores.len() as f64
}

/// With n - 1, in two passes.
pub fn std(scores: &[f32]) -> f64 {
    let mean = mean(scores);
    let squares = scores.iter().map(|score| (f64::from(*score) - mean).powi(2)).sum::<f64>();
    (squares / (scores.len() as f64 - 1.0)).sqrt()
}

pub fn median(scores: &[f32]) -> f64 {
    sorted(scores)[(scores.len() - 1) / 2]
}

pub fn quantile(scores: &[f32], q: f64) -> f64 {
    let sorted = sorted(scores);
    let rank = q * (scores.len() - 1) as f64;
    let (low, high) = (sorted[rank.floor() as usize], sorted[rank.ceil() as usize]);
    if low == high { low } else { low + (high - low) * (rank - rank.floor()) }
}

pub fn topk_mean(scores: &[f32], fraction: f64) -> f64 {
    let k = ((scores.len() as f64 * fraction) as f32).ceil() as usize;
    let k = k.clamp(1, scores.len());
    sorted(scores).iter().rev().take(k).sum::<f64>() / k as f64
}
