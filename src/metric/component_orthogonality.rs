//! How far components are from orthonormal (cuvis-ai's `ComponentOrthogonalityMetric`).
//!
//! **Use case**: watches the components of a PCA or of a trainable projection while it learns: whether they stay apart,
//! and of length 1. Needs no labels. **Inputs**: components `W`, a matrix of K rows of M floats, K up to [`MOST_ROWS`].
//!
//! ```text
//! G = W W^T    E = G - 1
//! orthogonality_error = sqrt(sum E_ij^2)           avg_off_diagonal = sum |E_ij| / K^2
//! diagonal_mean = m = sum G_ii / K                 diagonal_std = sqrt(sum (G_ii - m)^2 / (K - 1))
//! ```
//!
//! **Parameters as they behave**: none. `avg_off_diagonal` is cuvis-ai's name, but the mean is over all K^2 entries:
//! rows that are orthogonal and of another length than 1 raise it, too.
//!
//! **Accuracy**: an entry of G is a sum of exact products in `f64`, within (M + 16) * 2^-53 of |W| |W|^T, so nearly
//! orthonormal rows keep the digits that float32 has lost. Deviations on the diagonal are squared after the mean is
//! subtracted: nothing cancels.
//!
//! **Edges**: one row has no deviation: NaN (`DEGENERATE`). No row: an error of 0, and three NaN (`EMPTY`). NaN and
//! infinite entries follow IEEE 754 (`NOT_FINITE`).
//!
//! **cuvis-ai**: no keys; port `components`; emits the four values above, of each batch. Stages: validation, test.
//! The values of a stream are a float map of one pixel a batch for [`score_statistics`](super::score_statistics).
//!
//! **Memory**: at most 3100 doubles and 13 for each row in the caller's workspace.
//! **Speed**: limited by additions in `f64`, M K (K + 1) / 2 of them.

use super::Metric;
use crate::error::{Error, Notices};
use crate::input::Matrix;
use crate::math::double::sqrt;
use crate::math::order::at_least;
use crate::node::gram::{self, Gram, TOGETHER};
use crate::simd::Places;

pub use crate::node::gram::MOST_ROWS;

/// How far components are from orthonormal.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct Report {
    /// The Frobenius norm of `W W^T - 1`.
    pub orthogonality_error: f64,
    /// The mean of `|W W^T - 1|` over all entries, the diagonal among them.
    pub avg_off_diagonal: f64,
    /// The mean squared length of a component.
    pub diagonal_mean: f64,
    /// The standard deviation of the squared lengths, of a sample: with K - 1.
    pub diagonal_std: f64,
    /// How many components there are.
    pub components: i64,
    /// 0. Room for later.
    pub reserved: i64,
}

/// How many doubles of workspace a matrix needs.
pub fn workspace(rows: usize, columns: usize) -> usize {
    gram::workspace(rows, columns).saturating_add(rows)
}

/// How far the rows of a matrix are from orthonormal.
///
/// # Errors
/// Overlapping rows, more than [`MOST_ROWS`] rows, a workspace that is too small. It was not touched then.
pub fn values(components: &Matrix, workspace: &mut [f64]) -> Result<Report, Error> {
    values_to(components, Places::of(workspace))
}

/// [`values`], to memory that may be uninitialised.
#[inline(never)]
pub(crate) fn values_to(components: &Matrix, workspace: Places<f64>) -> Result<Report, Error> {
    gram::check(components)?;
    let rows = components.rows;
    let words = self::workspace(rows, components.columns);
    let workspace = workspace.first(words).ok_or(Error::Workspace)?.fill(0.0);
    let (mut gram, rest) = Gram::new(components, workspace);
    let diagonal = rest.get_mut(..rows).unwrap_or_default();
    let (mut squares, mut sizes) = (Halves::default(), Halves::default());
    for first in (0..rows).step_by(TOGETHER) {
        for (other, entries) in (first..).zip(gram.products(first, first)) {
            let above = other - first;
            if let (Some(entry), Some(to)) = (entries.get_mut(above), diagonal.get_mut(other)) {
                *to = *entry;
                *entry -= 1.0;
                squares.diagonal += *entry * *entry;
                sizes.diagonal += entry.abs();
            }
            for entry in entries.iter().take(above) {
                squares.above += *entry * *entry;
                sizes.above += entry.abs();
            }
        }
    }
    let count = rows as f64;
    let mean = diagonal.iter().sum::<f64>() / count;
    let deviations = diagonal.iter().map(|entry| (*entry - mean) * (*entry - mean));
    Ok(Report {
        orthogonality_error: sqrt(squares.whole()),
        avg_off_diagonal: sizes.whole() / (count * count),
        diagonal_mean: mean,
        // Of one row and of none it is 0 / 0.
        diagonal_std: sqrt(deviations.sum::<f64>() / at_least(count - 1.0, 0.0)),
        components: rows as i64,
        reserved: 0,
    })
}

/// A sum over a symmetric matrix.
#[derive(Default)]
struct Halves {
    diagonal: f64,
    above: f64,
}

impl Halves {
    fn whole(&self) -> f64 {
        self.diagonal + 2.0 * self.above
    }
}

impl Report {
    /// What is special about the values.
    pub fn notices(&self) -> Notices {
        self.metrics().into_iter().fold(Notices::NONE, |all, metric| all | metric.notices)
    }

    /// The values under cuvis-ai's names.
    pub fn metrics(&self) -> [Metric; 4] {
        let empty = Notices::EMPTY.when(self.components == 0);
        let metric = |name, value: f64, otherwise: Notices| {
            let not_finite = Notices::NOT_FINITE.when(!value.is_finite());
            Metric { name, value, notices: if otherwise == Notices::NONE { not_finite } else { otherwise } }
        };
        let single = empty | Notices::DEGENERATE.when(self.components == 1);
        [
            metric("orthogonality_error", self.orthogonality_error, empty),
            metric("avg_off_diagonal", self.avg_off_diagonal, empty),
            metric("diagonal_mean", self.diagonal_mean, empty),
            metric("diagonal_std", self.diagonal_std, single),
        ]
    }
}
