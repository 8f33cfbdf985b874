//! `hyla_component_orthogonality_...`: how far components are from orthonormal.

use super::node::*;
use crate::metric::component_orthogonality::{self, Report};

stages!(HYLA_COMPONENT_ORTHOGONALITY_STAGES, 6);

mirror! {
    /// How far components are from orthonormal (cuvis-ai: ComponentOrthogonalityMetric). With components W, K rows of M
    /// floats, K up to 1024:
    ///
    /// ```text
    /// G = W W^T      E = G - 1
    /// ```
    ///
    /// Entries of G are sums of exact products in double, so that E keeps its digits where the rows are nearly
    /// orthonormal. Needs no labels.
    pub struct hyla_component_orthogonality_report: Report {
        /// The Frobenius norm of E; 0 of no row.
        pub orthogonality_error: f64,
        /// The mean of |E| over all K^2 entries, the diagonal among them (the name is cuvis-ai's); NaN of no row.
        pub avg_off_diagonal: f64,
        /// The mean of the diagonal of G, the squared lengths of the components; NaN of no row.
        pub diagonal_mean: f64,
        /// The standard deviation of that diagonal, of a sample (K - 1); NaN of one row and of none.
        pub diagonal_std: f64,
        /// How many components there are.
        pub components: i64,
        /// 0. Room for later.
        pub reserved: i64,
    }
}

/// How many doubles of workspace a matrix needs: the same on every tier.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_component_orthogonality_workspace(rows: usize, columns: usize) -> usize {
    component_orthogonality::workspace(rows, columns)
}

exported! {
    /// How far the rows of a matrix are from orthonormal. `workspace` holds `workspace_size` doubles, at least
    /// `hyla_component_orthogonality_workspace(rows, columns)`.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, STRIDES (rows overlap), CHANNELS (more than 1024
    /// rows), WORKSPACE (too small). Notices: EMPTY (no row), DEGENERATE (one row has no deviation), NOT_FINITE.
    fn hyla_component_orthogonality_values(
        components: *const hyla_matrix, workspace: *mut f64, workspace_size: usize,
        report: *mut hyla_component_orthogonality_report,
    ) {
        let used = matrix::read(components)?;
        let writes = [Written::of(workspace, workspace_size), Written::of(report, 1)];
        disjoint(&writes, &[&matrix::spans(components, &used)])?;
        let (workspace, report) =
            (output(workspace, workspace_size)?, check::result(mirrored(report))?);
        let found = component_orthogonality::values_to(&used, workspace);
        let found = found.naming(&[Error::Channels], subject!(rows))?;
        report.write(found);
        Ok(found.notices())
    }
}

metrics! {
    /// Writes the four values of a report under cuvis-ai's names (`orthogonality_error`, `avg_off_diagonal`,
    /// `diagonal_mean`, `diagonal_std`) and their number to `written`.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, UNKNOWN_STAGE, RESERVED, CAPACITY (below 4). Notices: EMPTY,
    /// DEGENERATE, NOT_FINITE.
    hyla_component_orthogonality_metrics(report: hyla_component_orthogonality_report) report.metrics()
}
