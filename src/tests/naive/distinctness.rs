//! Distinctness of selectors.

use std::vec::Vec;

/// The mean cosine of the pairs, with a bound of its terms' magnitudes, and its gradient.
pub struct Truth {
    pub loss: f64,
    pub size: f64,
    pub gradient: Vec<Vec<f64>>,
    /// The length that `h_i / max(|w_i|, eps)` had if all other rows stood the same way.
    pub pulls: Vec<f64>,
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Pair by pair, by the formula.
pub fn truth(w: &[Vec<f64>], eps: f64, skip_exact_zeros: bool) -> Truth {
    let rows = w.len();
    let columns = w.first().map_or(0, Vec::len);
    let lengths: Vec<f64> = w.iter().map(|row| dot(row, row).sqrt()).collect();
    let unit = |i: usize| -> Vec<f64> {
        let divisor = lengths[i].max(eps);
        w[i].iter().map(|x| if divisor == 0.0 { 0.0 } else { x / divisor }).collect()
    };
    let units: Vec<Vec<f64>> = (0..rows).map(unit).collect();
    let (mut sum, mut size, mut count) = (0.0, 0.0, 0.0);
    let mut others = std::vec![std::vec![0.0; columns]; rows];
    for i in 0..rows {
        for j in i + 1..rows {
            let disjoint = w[i].iter().zip(&w[j]).all(|(a, b)| a * b == 0.0);
            if skip_exact_zeros && disjoint {
                continue;
            }
            sum += dot(&units[i], &units[j]);
            size += units[i].iter().zip(&units[j]).map(|(a, b)| (a * b).abs()).sum::<f64>();
            count += 1.0;
            for c in 0..columns {
                others[i][c] += units[j][c];
                others[j][c] += units[i][c];
            }
        }
    }
    let pairs = if count == 0.0 { 1.0 } else { count };
    let slope = |i: usize| -> Vec<f64> {
        let along = if lengths[i] > eps { dot(&units[i], &others[i]) } else { 0.0 };
        let divisor = lengths[i].max(eps) * pairs;
        let each = others[i].iter().zip(&units[i]);
        each.map(|(h, u)| if divisor == 0.0 { 0.0 } else { (h - u * along) / divisor }).collect()
    };
    let pull = |i: usize| {
        let divisor = lengths[i].max(eps) * pairs;
        if divisor == 0.0 { 0.0 } else { rows as f64 / divisor }
    };
    Truth {
        loss: sum / pairs,
        size: size / pairs,
        gradient: (0..rows).map(slope).collect(),
        pulls: (0..rows).map(pull).collect(),
    }
}
