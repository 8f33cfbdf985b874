//! `hyla_drift_...`: the score histogram of now against a stored one.

use super::binning::{self, hyla_binning};
use super::node::*;
use crate::metric::drift::{self, Params, Report, Side};
use crate::metric::ranking::Histograms;

parameters! {
    /// Drift of scores without labels: how histograms are compared. With F and G the shares of pixels up to a score,
    /// now and in the reference, of n and m pixels:
    ///
    /// ```text
    /// psi = sum over groups (a - b) ln(a / b)         a, b: shares of a group; an empty one counts as half a pixel
    /// ks = max |F - G|                                Kolmogorov and Smirnov
    /// wasserstein = integral |F - G| d score          Wasserstein-1, in units of the score
    /// jensen_shannon = sum over bins p/2 ln(2p / (p + q)) + q/2 ln(2q / (p + q))     its square root is a distance
    /// ```
    ///
    /// Groups are neighbouring bins, merged to about equal reference count: a group ends with the first bin up to which
    /// k / `groups` of the reference lie; the outermost reach to infinity. A share is count / n, or 1 / (2 n) of an
    /// empty group; a group that is empty on both sides adds nothing. 0.1 for a small and 0.25 for a large psi are
    /// conventions of credit scoring, no more; without any change psi is (groups - 1) (1/n + 1/m) on average for
    /// independent pixels, and jensen_shannon about (bins that are not empty - 1) (1/n + 1/m) / 8.
    ///
    /// Initialise with HYLA_DRIFT_PARAMS_DEFAULT. Formula: Siddiqi (2006), Vallender (1974), Lin (1991).
    pub struct hyla_drift_params {
        /// How many groups psi is formed over, at most 65536; 0: every bin. Default 10.
        pub groups: u32 = 10,
        /// 1: no score of either histogram lies outside `low` to `high`; 0: nothing is known of that. Default 0.
        pub has_range: u32 = 0,
        /// At most the least score: `min` of a `hyla_range` of both, say. Looked at only with `has_range`. Default 0.
        pub low: f32 = 0.0,
        /// At least the greatest score. Looked at only with `has_range`. Default 0.
        pub high: f32 = 0.0,
    }
    HYLA_DRIFT_PARAMS_DEFAULT, hyla_drift_params_init
    |given| Params {
        groups: given.groups,
        range: optional(given.has_range, [given.low, given.high], subject!(has_range))?,
    }
}

mirror! {
    /// The pixels of one histogram. A share of nothing is NaN.
    pub struct hyla_drift_side: Side {
        /// How many pixels have a number for a score.
        pub pixels: i64,
        /// How many have a NaN.
        pub nan: i64,
        /// How many were masked.
        pub masked: i64,
        /// How many lie in the lowest bin that a score can have, that of minus infinity: of U8 and U16 the zeros, of
        /// LINEAR and THRESHOLDS the first bin, of KEY the infinite scores (of 8 bits: those from 2^127 on).
        pub lowest: i64,
        /// How many lie in the highest one, that of infinity: of U8 those of 255, of U16 those of 65535.
        pub highest: i64,
        /// `nan` of all that are not masked.
        pub nan_share: f64,
        /// `masked` of all.
        pub masked_share: f64,
        /// `lowest` of `pixels`.
        pub lowest_share: f64,
        /// `highest` of `pixels`.
        pub highest_share: f64,
    }
}

mirror! {
    /// How far two histograms are apart. A bound holds for the exact scores, of which the histograms know the bins.
    /// All values are NaN where a histogram has no pixels.
    pub struct hyla_drift_report: Report {
        /// The population stability index.
        pub psi: f64,
        /// The statistic of Kolmogorov and Smirnov at the edges of bins.
        pub ks: f64,
        /// The exact one is not below this,
        pub ks_lo: f64,
        /// and not above this.
        pub ks_hi: f64,
        /// Wasserstein-1 with scores spread evenly over their bin, and in an open bin at its finite edge. Exact for
        /// integers. Infinite where the shares of infinite scores differ. Of THRESHOLDS in units of the logit, too.
        pub wasserstein: f64,
        /// The exact one is not below this,
        pub wasserstein_lo: f64,
        /// and not above this: infinite where the first or last bin of LINEAR or THRESHOLDS is not empty and no range
        /// is known.
        pub wasserstein_hi: f64,
        /// The divergence of Jensen and Shannon over the bins, in [0, ln 2]: at most that of the scores themselves.
        pub jensen_shannon: f64,
        /// The pixels of now.
        pub now: hyla_drift_side,
        /// The pixels of the reference.
        pub reference: hyla_drift_side,
        /// How many groups psi was formed over: fewer than wanted where a bin has more than its share of the reference.
        pub groups: i64,
        /// 0. Room for later.
        pub reserved: i64,
    }
}

exported! {
    /// Compares the histograms of now, `words`, with those of a `reference`: both are `count` words of `hyla_ranking`,
    /// at least `hyla_ranking_words`, of one binning. Anomalies and normal pixels are taken together; no labels are
    /// needed. The reference may lie in read-only memory. Time is linear in the bins.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED, UNKNOWN_OPTION
    /// (rule, has_range), BINNING (also: too many groups), WORKSPACE (too few words), TOTALS (counts that do not add up
    /// to the pixels, too), MIXED_TOTALS (scores of another binning), RANGE_MISSING (`low` above `high`, a NaN, or
    /// scores outside). Notices: EMPTY (one has no pixels), NOT_FINITE (NaN scores, or infinite ones of differing
    /// shares), DEGENERATE (psi is of one group, and 0), COARSE (the bounds of ks are more than 0.01 apart).
    fn hyla_drift_values(
        params: *const hyla_drift_params, binning: *const hyla_binning, reference: *const i64,
        words: *const i64, count: usize, report: *mut hyla_drift_report,
    ) {
        let (params, span) = check::parameters(params)?;
        let (binning, [a, b]) = binning::read(binning)?;
        let histograms = [Span::of(reference, count), Span::of(words, count)];
        disjoint(&[Written::of(report, 1)], &[&[span, a, b], &histograms])?;
        let (reference, words) = (input(reference, count)?, input(words, count)?);
        let report = check::result(mirrored(report))?;
        // First of the reference alone: what is wrong then is about it.
        Histograms::new(&binning, reference).of_state(subject!(reference))?;
        let found = drift::values(&params.to_core()?, &binning, reference, words).of_state(subject!(words));
        let found = found.naming(&[Error::Binning], subject!(groups));
        let (found, notices) = found.naming(&[Error::RangeMissing], subject!(low))?;
        report.write(found);
        Ok(notices)
    }
}

metrics! {
    /// Writes twelve values (`drift/psi`, `drift/ks`, `drift/ks_lo`, `drift/ks_hi`, `drift/wasserstein`,
    /// `drift/wasserstein_lo`, `drift/wasserstein_hi`, `drift/jensen_shannon`, and the shares of now:
    /// `drift/nan_share`, `drift/masked_share`, `drift/lowest_share`, `drift/highest_share`) and their number to
    /// `written`. cuvis-ai has no such node; the names are hyla's.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, UNKNOWN_STAGE, RESERVED, CAPACITY (below 12). Notices: those of
    /// `hyla_drift_values`, each with the values that it is about.
    hyla_drift_metrics(report: hyla_drift_report) report.metrics()
}
