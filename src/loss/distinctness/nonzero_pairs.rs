//! The mean over the pairs whose cosine is not exactly 0, each of which is computed.

use super::{Gradient, Rows};
use crate::error::{Notices, Value};
use crate::gram::{Dots, Panel, Product, no_gradient};
use crate::simd;

/// The mean cosine, and the gradient of `factor` times it.
///
/// The gradient needs the number of pairs, which is known at the end: matrices of more than one
/// panel are gone through twice.
pub fn run(rows: &Rows, factor: f64, workspace: &mut [f64], gradient: Option<Gradient>) -> Value {
    let Rows { matrix, .. } = *rows;
    let mut pairs = Pairs::default();
    for panel in Panel::all(matrix.rows) {
        simd::run(Dots { matrix, panel, before: false, workspace: &mut *workspace });
        pairs.add(rows, panel, workspace);
    }
    if let Some(Gradient { write, gradient, .. }) = gradient {
        if pairs.count == 0 {
            no_gradient(matrix, write, gradient);
        } else {
            let factor = factor / pairs.count as f64;
            for panel in Panel::all(matrix.rows) {
                if panel.first > 0 || panel.end < matrix.rows {
                    simd::run(Dots { matrix, panel, before: true, workspace: &mut *workspace });
                }
                coefficients(rows, panel, workspace);
                let (lines, gradient) = (&*workspace, &mut *gradient);
                simd::run(Product { matrix, panel, lines, factor, write, gradient });
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
    /// Adds the pairs of the panel's rows with those behind them, line by line.
    fn add(&mut self, rows: &Rows, panel: Panel, lines: &[f64]) {
        let lines = lines.chunks_exact(panel.line()).zip(rows.inverses).enumerate();
        let own = rows.inverses.get(panel.first..panel.end).unwrap_or(&[]);
        for (row, (dots, inverse)) in lines.skip(panel.first) {
            let mut sum = 0.0;
            for (dot, own) in dots.iter().zip(own).take(row - panel.first) {
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
fn coefficients(rows: &Rows, panel: Panel, lines: &mut [f64]) {
    let width = panel.line();
    let all = rows.inverses.iter().zip(rows.longer).enumerate();
    for (row, (own, longer)) in all.take(panel.end).skip(panel.first) {
        let at = row - panel.first;
        let mut along = 0.0;
        let each = lines.chunks_exact_mut(width).zip(rows.inverses).enumerate();
        for (other, (line, inverse)) in each {
            let Some(dot) = line.get_mut(at) else { return };
            let coefficient = own * inverse;
            if *dot != 0.0 && other != row {
                along += *dot * coefficient;
                *dot = coefficient;
            }
        }
        if let Some(dot) = lines.get_mut(row * width + at) {
            *dot = -(along * longer) * own * own;
        }
    }
}
