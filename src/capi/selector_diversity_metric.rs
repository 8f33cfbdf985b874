//! `hyla_selector_diversity_metric_...`: variance and Gini coefficient of the weights of a band selector.

use super::node::*;
use crate::metric::selector_diversity::{self, Report};

stages!(HYLA_SELECTOR_DIVERSITY_METRIC_STAGES, 6);

mirror! {
    /// How unequal the weights of a band selector are (cuvis-ai: SelectorDiversityMetric). With the sorted weights
    /// w_(1) <= ... <= w_(n)
    ///
    /// ```text
    /// m = sum w / n      variance = sum (w_i - m)^2 / n
    /// gini = 2 sum_k k w_(k) / (n sum w) - (n + 1) / n
    /// ```
    ///
    /// A larger value of either is a less diverse selection. Computed in double, so that nothing cancels, whatever the
    /// offset of the weights. Needs no labels. Formula: Gini (1912).
    pub struct hyla_selector_diversity_metric_report: Report {
        /// The population variance; NaN of no weight, and if a weight is not finite.
        pub weight_variance: f64,
        /// 0 of weights that are all alike, (n - 1) / n of a single weight that is not 0; NaN of no weight, and if a
        /// weight is not finite. If some weights are negative it is no Gini coefficient, but what the formula gives,
        /// and infinite where their sum is 0.
        pub gini_coefficient: f64,
        /// The exact sum of the weights, rounded once.
        pub sum: f64,
        /// How many weights there are.
        pub weights: i64,
        /// How many of them are negative.
        pub negative: i64,
        /// 0. Room for later.
        pub reserved: i64,
    }
}

/// How many words of workspace n weights need: the same on every tier.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_selector_diversity_metric_workspace(n: usize) -> usize {
    selector_diversity::workspace(n)
}

exported! {
    /// How unequal `n` weights are, at most 2^32 - 1. `workspace` holds `workspace_size` words, at least
    /// `hyla_selector_diversity_metric_workspace(n)`.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, WORKSPACE (too small). Notices: EMPTY, NOT_FINITE,
    /// DEGENERATE (all weights are 0, or some are negative).
    fn hyla_selector_diversity_metric_values(
        weights: *const f32, n: usize, workspace: *mut u32, workspace_size: usize,
        report: *mut hyla_selector_diversity_metric_report,
    ) {
        let weights = input(weights, n)?;
        let writes = [Written::of(workspace, workspace_size), Written::of(report, 1)];
        disjoint(&writes, &[&[Span::of_slice(Some(weights))]])?;
        let (workspace, report) =
            (output(workspace, workspace_size)?, check::result(mirrored(report))?);
        let found = selector_diversity::values_to(weights, workspace)?;
        report.write(found);
        Ok(found.notices())
    }
}

metrics! {
    /// Writes the two values of a report under cuvis-ai's names (`weight_variance`, `gini_coefficient`) and their
    /// number to `written`.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, UNKNOWN_STAGE, RESERVED, CAPACITY (below 2). Notices: EMPTY,
    /// NOT_FINITE, DEGENERATE.
    hyla_selector_diversity_metric_metrics(report: hyla_selector_diversity_metric_report) report.metrics()
}
