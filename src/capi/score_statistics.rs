//! `hyla_score_statistics_...`: mean, spread, extremes and quantiles of a float map.

use super::node::*;
use crate::exact::ExactSquares;
use crate::metric::score_statistics::{self, Report, Totals};

stages!(HYLA_SCORE_STATISTICS_STAGES, 6);

mirror! {
    /// An exact sum of squares of float32 terms, in words of int64; all zero is the empty sum.
    pub struct hyla_exact_squares: ExactSquares {
        /// The finite part: the sum over i of `digits[i] * 2^(32 i - 320)`. Canonical: all but the last
        /// in [0, 2^32), the last one signed.
        pub digits: [i64; 20],
        /// How many terms were NaN.
        pub nan: i64,
        /// How many terms were infinite.
        pub positive_infinity: i64,
        /// Zero.
        pub negative_infinity: i64,
        /// Zero.
        pub reserved: i64,
    }
}

mirror! {
    /// Exact sums of scores and of their squares over a stream (cuvis-ai: ScoreStatisticsMetric); all zero is empty.
    /// Adding the words of two totals merges them; call `hyla_score_statistics_normalize` afterwards to compare words.
    /// The extremes of a stream are a `hyla_range`, brackets of its quantiles come from a `hyla_ranking` histogram
    /// (`hyla_ranking_quantile`; no labels needed).
    pub struct hyla_score_statistics_totals: Totals {
        /// The sum of the scores.
        pub sum: hyla_exact_sum,
        /// The sum of their squares.
        pub squares: hyla_exact_squares,
        /// How many pixels count.
        pub pixels: i64,
    }
}

mirror! {
    /// What the scores of a frame say. Extremes, median and quantiles are those of the numbers; NaN without any.
    /// Infinite scores lie at the ends: a quantile between one and a finite score is infinite, between both infinities
    /// NaN.
    pub struct hyla_score_statistics_report: Report {
        /// The mean, from an exact sum; NaN if a score is NaN.
        pub mean: f64,
        /// The standard deviation of a sample (n - 1), from exact sums; NaN of one pixel, and if a score is not finite.
        pub std: f64,
        /// The least number.
        pub min: f64,
        /// The greatest number.
        pub max: f64,
        /// The number in the middle, the lower one of two.
        pub median: f64,
        /// The quantile of 0.25, at the rank 0.25 (n - 1), between two numbers in proportion; as the others.
        pub q25: f64,
        /// The quantile of 0.75.
        pub q75: f64,
        /// The quantile of 0.95.
        pub q95: f64,
        /// The quantile of 0.99.
        pub q99: f64,
        /// How many pixels count.
        pub pixels: i64,
        /// How many of them are NaN.
        pub nan: i64,
        /// How many of them are infinite.
        pub infinite: i64,
        /// How many pixels were masked.
        pub masked: i64,
        /// 0. Room for later.
        pub reserved: i64,
    }
}

size!(hyla_score_statistics_totals_size, hyla_score_statistics_totals);

merge! {
    /// Adds other totals to totals, and makes the words canonical.
    hyla_score_statistics_merge(totals: hyla_score_statistics_totals)
}

normalize!(hyla_score_statistics_normalize(totals: hyla_score_statistics_totals));

exported! {
    /// Adds the scores of pixels to totals. Needs no labels.
    ///
    /// Inputs: `scores` (any floats); optional `valid`; no weights.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNSUPPORTED_INPUT (weights or soft targets).
    fn hyla_score_statistics_update(
        pixels: *const hyla_pixels, totals: *mut hyla_score_statistics_totals,
    ) {
        update(pixels, totals, hyla_pixels::scores, |totals, pixels| totals.update(pixels))
    }

    /// The mean: the exact quotient of sum and count, rounded once; NaN of nothing.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, TOTALS. Notices: EMPTY, NOT_FINITE.
    fn hyla_score_statistics_mean(totals: *const hyla_score_statistics_totals, mean: *mut f64) {
        answer(totals, mean, |totals, to| put_number(totals.mean()?, to))
    }

    /// The standard deviation of a sample (n - 1), within 4 ulp whatever the offset of the scores; NaN below two
    /// pixels, and if a score is not finite.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, TOTALS. Notices: EMPTY, NOT_FINITE, DEGENERATE (one pixel).
    fn hyla_score_statistics_std(totals: *const hyla_score_statistics_totals, std: *mut f64) {
        answer(totals, std, |totals, to| put_number(totals.std()?, to))
    }

    /// The statistics of one frame, of at most 2^31 - 1 pixels, exactly. `workspace` holds `workspace_size` words, at
    /// least `hyla_score_statistics_workspace()`.
    ///
    /// Inputs: `scores` (any floats); optional `valid`; no weights.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNSUPPORTED_INPUT (weights or soft targets),
    /// WORKSPACE (too small). Notices: EMPTY, NOT_FINITE, DEGENERATE (one pixel has no deviation).
    fn hyla_score_statistics_frame(
        pixels: *const hyla_pixels, workspace: *mut u32, workspace_size: usize,
        report: *mut hyla_score_statistics_report,
    ) {
        let mut room = pixels::PlanesRoom::new();
        let used = pixels::read(pixels)?.scores(&mut room)?;
        let writes = [Written::of(workspace, workspace_size), Written::of(report, 1)];
        pixels::disjoint(&writes, &[Span::of(pixels, 1)], &[], &used)?;
        let (workspace, report) =
            (output(workspace, workspace_size)?, check::result(mirrored(report))?);
        let (found, notices) = score_statistics::frame_to(used.source(), workspace)?;
        report.write(found);
        Ok(notices)
    }
}

/// What `hyla_score_statistics_workspace` says, as a constant.
pub const HYLA_SCORE_STATISTICS_WORKSPACE: usize = 6656;

const _: () = assert!(HYLA_SCORE_STATISTICS_WORKSPACE == score_statistics::workspace());

/// How many words of workspace a frame needs, whatever its size: the same on every tier.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_score_statistics_workspace() -> usize {
    score_statistics::workspace()
}

metrics! {
    /// Writes the nine values of a frame under cuvis-ai's names (`scores/mean`, `scores/std`, `scores/min`,
    /// `scores/max`, `scores/median`, `scores/q25`, `scores/q75`, `scores/q95`, `scores/q99`) and their number to
    /// `written`.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, UNKNOWN_STAGE, RESERVED, CAPACITY (below 9). Notices: EMPTY,
    /// NOT_FINITE, DEGENERATE.
    hyla_score_statistics_metrics(report: hyla_score_statistics_report) report.metrics()
}
