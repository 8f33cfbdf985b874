//! Orthonormality of components.

use std::vec::Vec;

/// `W W' - I`.
pub fn errors(w: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let row = |i: usize| {
        let dot = |j: usize| w[i].iter().zip(&w[j]).map(|(a, b)| a * b).sum::<f64>();
        (0..w.len()).map(|j| dot(j) - if i == j { 1.0 } else { 0.0 }).collect()
    };
    (0..w.len()).map(row).collect()
}

/// The sum of the squares.
pub fn loss(w: &[Vec<f64>]) -> f64 {
    errors(w).iter().flatten().map(|error| error * error).sum()
}

/// `4 E W`, and beside each entry the sum of its terms' magnitudes.
pub fn gradient(w: &[Vec<f64>]) -> Vec<Vec<(f64, f64)>> {
    let errors = errors(w);
    let entry = |i: usize, c: usize| {
        let terms = errors[i].iter().zip(w).map(|(error, row)| 4.0 * error * row[c]);
        terms.fold((0.0, 0.0), |(sum, size), term| (sum + term, size + term.abs()))
    };
    let columns = w.first().map_or(0, Vec::len);
    (0..w.len()).map(|i| (0..columns).map(|c| entry(i, c)).collect()).collect()
}
