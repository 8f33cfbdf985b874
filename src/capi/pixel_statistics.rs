//! `hyla_pixel_statistics_...`: how many pixels were decided anomalous.

use super::check::Span;
use super::metric::{List, hyla_context, hyla_metric};
use super::pixels::hyla_pixels;
use super::status::hyla_status;
use super::{Mirrors, call, core};
use crate::error::Value;
use crate::metric::pixel_statistics::Totals;

/// The stages in which cuvis-ai runs the node (see `hyla_context`).
pub const HYLA_PIXEL_STATISTICS_STAGES: u32 = 6;

/// Counts over pixels (cuvis-ai: AnomalyPixelStatisticsMetric); all zero is empty. Adding the
/// words of two totals merges them. A batch's own totals give cuvis-ai's values, the totals of a
/// stream the pooled ones. For least, greatest and mean percentage of the frames of a stream hand the percentage of each,
/// as a map of one float32, to `hyla_range_update` and `hyla_score_statistics_update`.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct hyla_pixel_statistics_totals {
    /// How many pixels count.
    pub pixels: i64,
    /// Positive decisions among them.
    pub anomalous: i64,
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

// SAFETY: `repr(C)`, the same words in the same order.
unsafe impl Mirrors for hyla_pixel_statistics_totals {
    type Core = Totals;
}

/// `sizeof(hyla_pixel_statistics_totals)`, for bindings to check.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_pixel_statistics_totals_size() -> usize {
    size_of::<hyla_pixel_statistics_totals>()
}

/// Adds pixels to totals. Needs no labels.
///
/// Inputs: `decisions`; optional `valid`; no weights.
///
/// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED,
/// UNSUPPORTED_INPUT (weights or soft targets).
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_pixel_statistics_update(
    pixels: *const hyla_pixels,
    totals: *mut hyla_pixel_statistics_totals,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    unsafe { super::update(pixels, totals, hyla_pixels::decisions, Totals::update) }
}

/// Adds other totals to totals.
///
/// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, OVERLAP.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_pixel_statistics_merge(
    other: *const hyla_pixel_statistics_totals,
    totals: *mut hyla_pixel_statistics_totals,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    unsafe { super::merge(other, totals, Totals::merge) }
}

/// What the totals say.
///
/// Errors, with `report` unchanged: NULL_POINTER, MISALIGNED, OVERLAP, TOTALS. Notices: EMPTY.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_pixel_statistics_values(
    totals: *const hyla_pixel_statistics_totals,
    report: *mut hyla_pixel_statistics_report,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    unsafe {
        super::answer(totals, report, |totals, report| {
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

/// Writes the three values under cuvis-ai's names (`anomaly/total_pixels`,
/// `anomaly/anomalous_pixels`, `anomaly/anomaly_percentage`) and their number to `count`.
///
/// Errors, with the outputs unchanged: NULL_POINTER, MISALIGNED, OVERLAP, UNKNOWN_STAGE, RESERVED,
/// CAPACITY (below 3), TOTALS. Notices: EMPTY.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say, `out` for
/// `capacity` items.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_pixel_statistics_metrics(
    totals: *const hyla_pixel_statistics_totals,
    context: *const hyla_context,
    out: *mut hyla_metric,
    capacity: usize,
    count: *mut usize,
) -> hyla_status {
    call(move || {
        let list = List { context, out, capacity, count };
        // SAFETY: as the caller vouches.
        let metrics = unsafe { core(totals) }?.metrics()?;
        // SAFETY: as above.
        unsafe { list.write(&[Span::of(totals, 1)], &metrics) }
    })
}
