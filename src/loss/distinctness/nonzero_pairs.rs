//! The mean over the pairs whose cosine is not exactly 0, each of which is computed.

use super::{Gradient, Rows};
use crate::error::{Notices, Value};
use crate::gram::{Dots, Panel, Product, no_gradient};
use crate::simd;

/// The mean cosine, and the gradient of `factor` times it.
///
/// The gradient needs the number of pairs, which is known at the end: matrices of more than one
/// panel are gone through twice.
pub fn run(rows: &Rows, factor: f64, dots: &mut [f64], gradient: Option<Gradient>) -> Value {
    let Rows { matrix, .. } = *rows;
    let mut pairs = Pairs::default();
    for panel in Panel::all(matrix.rows) {
        simd::run(Dots { matrix, panel, before: false, dots: &mut *dots });
        pairs.add(rows, panel, dots);
    }
    if let Some(Gradient { write, gradient, .. }) = gradient {
        if pairs.count == 0 {
            no_gradient(matrix, write, gradient);
        } else {
            let factor = factor / pairs.count as f64;
            for panel in Panel::all(matrix.rows) {
                if panel.first > 0 || panel.end < matrix.rows {
                    simd::run(Dots { matrix, panel, before: true, dots: &mut *dots });
                }
                coefficients(rows, panel, dots);
                let gradient = &mut *gradient;
                simd::run(Product { matrix, panel, coefficients: dots, factor, write, gradient });
            }
        }
    }
    let zeros = pairs.count < matrix.rows * (matrix.rows - 1) / 2;
    Value { value: pairs.mean(), notices: Notices::ZERO_PAIRS.when(zeros) }
}

/// The sum and the number of the cosines that are not 0.
#[derive(Default)]
struct Pairs {
    sum: f64,
    count: usize,
}

impl Pairs {
    /// Adds the pairs of the panel's rows with those behind them, row by row.
    fn add(&mut self, rows: &Rows, panel: Panel, dots: &[f64]) {
        let lines = dots.chunks_exact(rows.matrix.rows.max(1));
        for (row, dots) in (panel.first..panel.end).zip(lines) {
            let mut inverses = rows.inverses.iter().zip(dots).skip(row);
            let Some((own, _)) = inverses.next() else { return };
            let mut sum = 0.0;
            for (inverse, dot) in inverses {
                if *dot != 0.0 {
                    sum += dot * (own * inverse);
                    self.count += 1;
                }
            }
            self.sum += sum;
        }
    }

    /// The mean of no pair is 0.
    fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum / self.count as f64 }
    }
}

/// The dot products of a panel become what the rows are multiplied with to give the gradient:
/// `1 / (d_i d_j)` for the pairs of row i, and for the row itself what makes the gradient stand at
/// a right angle to it.
fn coefficients(rows: &Rows, panel: Panel, dots: &mut [f64]) {
    let own = rows.inverses.iter().zip(rows.longer).enumerate().skip(panel.first);
    let lines = dots.chunks_exact_mut(rows.matrix.rows.max(1));
    for ((row, (own, longer)), dots) in own.take(panel.end - panel.first).zip(lines) {
        let mut along = 0.0;
        for (other, (dot, inverse)) in dots.iter_mut().zip(rows.inverses).enumerate() {
            if other != row && *dot != 0.0 {
                let coefficient = own * inverse;
                along += *dot * coefficient;
                *dot = coefficient;
            } else {
                *dot = 0.0;
            }
        }
        if let Some(dot) = dots.get_mut(row) {
            *dot = -(along * longer) * own * own;
        }
    }
}
