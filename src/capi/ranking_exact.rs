//! `hyla_ranking_exact_...`: exact average precision and ROC-AUC of one buffer.

use super::node::*;
use crate::metric::ranking_exact::{self, Report};

mirror! {
    /// How well the scores of one buffer rank anomalies above everything else: exact values, with every score as a
    /// threshold and equal scores as one, as scikit-learn's average_precision_score and roc_auc_score have it.
    pub struct hyla_ranking_exact_report: Report {
        /// Average precision, within 6 * 2^-53 of itself; 0 without anomalies.
        pub average_precision: f64,
        /// The area under the ROC curve: the share of pairs (anomaly, normal pixel) in the right order, where a tie
        /// counts half; NaN without anomalies or without normal pixels.
        pub roc_auc: f64,
        /// The greatest F1 of any threshold; 0 without anomalies.
        pub f1_max: f64,
        /// The threshold of f1_max, the highest of several: decide for scores from it on. NaN without anomalies.
        pub f1_max_threshold: f64,
        /// How many anomalies are ranked.
        pub anomalies: i64,
        /// How many normal pixels are ranked.
        pub normal: i64,
        /// How many anomalies have a NaN score, which is ranked nowhere.
        pub nan_anomalies: i64,
        /// How many normal pixels have a NaN score, which is ranked nowhere.
        pub nan_normal: i64,
        /// How many pixels were masked.
        pub masked: i64,
        /// 0. Room for later.
        pub reserved: i64,
    }
}

/// How many words of workspace n pixels need: the same on every tier.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_ranking_exact_workspace(n: usize) -> usize {
    ranking_exact::workspace(n)
}

exported! {
    /// Ranks the scores of one buffer, of at most 2^32 - 1 pixels. `workspace` holds `workspace_size` words, at least
    /// `hyla_ranking_exact_workspace(n)`.
    ///
    /// Inputs: `scores` (any floats; -0 equals +0), `targets`; optional `valid`. `weights` and `soft_targets` must be
    /// NULL.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNSUPPORTED_INPUT, WORKSPACE (too small).
    /// Notices: EMPTY, NO_POSITIVES, NO_NEGATIVES, NOT_FINITE (there are NaN scores).
    fn hyla_ranking_exact_values(
        pixels: *const hyla_pixels, workspace: *mut u32, workspace_size: usize,
        report: *mut hyla_ranking_exact_report,
    ) {
        let mut room = pixels::PlanesRoom::new();
        let used = pixels::read(pixels)?.labelled_scores(&mut room)?;
        let writes = [Written::of(workspace, workspace_size), Written::of(report, 1)];
        pixels::disjoint(&writes, &[Span::of(pixels, 1)], &[], &used)?;
        let (workspace, report) =
            (output(workspace, workspace_size)?, check::result(mirrored(report))?);
        let (found, notices) = ranking_exact::report_to(used.source(), workspace)?;
        report.write(found);
        Ok(notices)
    }
}
