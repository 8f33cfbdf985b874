//! `hyla_pixel_statistics_...`: how many pixels were decided anomalous.

use super::node::*;
use crate::metric::pixel_statistics::Totals;

stages!(HYLA_PIXEL_STATISTICS_STAGES, 6);

mirror! {
    /// Counts over pixels (cuvis-ai: AnomalyPixelStatisticsMetric); all zero is empty. Adding the
    /// words of two totals merges them. A batch's own totals give cuvis-ai's values, the totals of a
    /// stream the pooled ones. For least, greatest and mean percentage of the frames of a stream hand the percentage of
    /// each, as a map of one float32, to `hyla_range_update` and `hyla_score_statistics_update`.
    pub struct hyla_pixel_statistics_totals: Totals {
        /// How many pixels count.
        pub pixels: i64,
        /// Positive decisions among them.
        pub anomalous: i64,
    }
}

/// What the totals say.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_pixel_statistics_report {
    /// How many pixels count.
    pub total: i64,
    /// Positive decisions among them.
    pub anomalous: i64,
    /// 100 * anomalous / total, one division in double; 0 when nothing counts.
    pub percentage: f64,
}

size!(hyla_pixel_statistics_totals_size, hyla_pixel_statistics_totals);

merge! {
    /// Adds other totals to totals.
    hyla_pixel_statistics_merge(totals: hyla_pixel_statistics_totals)
}

exported! {
    /// Adds pixels to totals. Needs no labels.
    ///
    /// Inputs: `decisions`; optional `valid`; no weights.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNSUPPORTED_INPUT (weights or soft targets).
    fn hyla_pixel_statistics_update(
        pixels: *const hyla_pixels, totals: *mut hyla_pixel_statistics_totals,
    ) {
        update(pixels, totals, hyla_pixels::decisions, |totals, pixels| totals.update(pixels))
    }

    /// What the totals say.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, TOTALS. Notices: EMPTY.
    fn hyla_pixel_statistics_values(
        totals: *const hyla_pixel_statistics_totals, report: *mut hyla_pixel_statistics_report,
    ) {
        answer(totals, report, |totals, report| {
            let Value { value, notices } = totals.percentage()?;
            report.write(hyla_pixel_statistics_report {
                total: totals.pixels,
                anomalous: totals.anomalous,
                percentage: value,
            });
            Ok(notices)
        })
    }
}

metrics! {
    /// Writes the three values under cuvis-ai's names (`anomaly/total_pixels`,
    /// `anomaly/anomalous_pixels`, `anomaly/anomaly_percentage`) and their number to `written`.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, UNKNOWN_STAGE, RESERVED, CAPACITY (below 3), TOTALS. Notices: EMPTY.
    hyla_pixel_statistics_metrics(totals: hyla_pixel_statistics_totals) totals.metrics()?
}
