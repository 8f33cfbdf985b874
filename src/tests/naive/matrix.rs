//! The losses and metrics of matrices, entry by entry.

use std::vec::Vec;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The sum of the squares of `W W^T - 1`.
pub fn orthogonality(rows: &[Vec<f64>]) -> f64 {
    let mut sum = 0.0;
    for (i, a) in rows.iter().enumerate() {
        for (j, b) in rows.iter().enumerate() {
            sum += (dot(a, b) - f64::from(u8::from(i == j))).powi(2);
        }
    }
    sum
}

/// The mean cosine of pairs of rows; of those that are not exactly 0, if asked to.
pub fn distinctness(rows: &[Vec<f64>], eps: f64, skip: bool) -> f64 {
    let units: Vec<Vec<f64>> =
        rows.iter().map(|row| row.iter().map(|value| value / dot(row, row).sqrt().max(eps)).collect()).collect();
    let (mut sum, mut pairs) = (0.0, 0.0);
    for (i, a) in units.iter().enumerate() {
        for b in &units[..i] {
            let cosine = dot(a, b);
            if !skip || cosine != 0.0 {
                sum += cosine;
                pairs += 1.0;
            }
        }
    }
    if pairs > 0.0 { sum / pairs } else { 0.0 }
}

/// The norm of `W W^T - 1`, the mean of its sizes, and mean and deviation of the squared lengths of rows.
pub fn component_orthogonality(rows: &[Vec<f64>]) -> [f64; 4] {
    let count = rows.len() as f64;
    let (mut squares, mut sizes) = (0.0, 0.0);
    for (i, a) in rows.iter().enumerate() {
        for (j, b) in rows.iter().enumerate() {
            let entry = dot(a, b) - f64::from(u8::from(i == j));
            squares += entry * entry;
            sizes += entry.abs();
        }
    }
    let lengths: Vec<f64> = rows.iter().map(|row| dot(row, row)).collect();
    let mean = lengths.iter().sum::<f64>() / count;
    let deviations: f64 = lengths.iter().map(|length| (length - mean).powi(2)).sum();
    let variance = deviations / (count - 1.0).max(0.0);
    [squares.sqrt(), sizes / (count * count), mean, variance.sqrt()]
}
