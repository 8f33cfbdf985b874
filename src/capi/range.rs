//! `hyla_range_...`: the least and greatest value of a float map.

use super::node::*;
use crate::node::range::Range;

mirror! {
    /// The extremes of a float map and how often they occurred; all zero is empty. NOT additive: it
    /// merges by `hyla_range_merge`, never by adding words. Read it by `hyla_range_values`.
    pub struct hyla_range: Range {
        /// The order key of the greatest value; 0 for none.
        pub greatest: i64,
        /// The order key of minus the least value; 0 for none.
        pub negated_least: i64,
        /// How many values equal the greatest.
        pub greatest_count: i64,
        /// How many values equal the least.
        pub least_count: i64,
        /// How many pixels count and are no NaN.
        pub count: i64,
        /// How many pixels count and are NaN.
        pub nan: i64,
        /// Zero.
        pub reserved: [i64; 2],
    }
}

/// What a range says.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_range_report {
    /// The least value; NaN of nothing.
    pub min: f64,
    /// The greatest value; NaN of nothing.
    pub max: f64,
    /// How many values equal the least (-0 equals +0).
    pub min_count: i64,
    /// How many values equal the greatest.
    pub max_count: i64,
    /// How many pixels count and are no NaN.
    pub count: i64,
    /// How many pixels count and are NaN.
    pub nan_count: i64,
}

size!(hyla_range_size, hyla_range);

merge! {
    /// Joins another range to a range.
    hyla_range_merge(range: hyla_range)
}

exported! {
    /// Joins the scores of pixels to a range.
    ///
    /// Inputs: `scores` (any floats); optional `valid`; no weights. NaN scores are counted
    /// apart; infinities are values like others.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNSUPPORTED_INPUT (weights or soft targets).
    fn hyla_range_update(pixels: *const hyla_pixels, range: *mut hyla_range) {
        update(pixels, range, hyla_pixels::scores, |range, pixels| range.update(pixels))
    }

    /// What the range says. Exact: minimum and maximum are values of the map.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, TOTALS. Notices: EMPTY (no number counts: NaN), NOT_FINITE (a NaN was
    /// seen, or an extreme is infinite).
    fn hyla_range_values(range: *const hyla_range, report: *mut hyla_range_report) {
        answer(range, report, |range, report| {
            let [min, max] = range.extremes().of(subject!(range))?;
            let notices = range.notices().of(subject!(range))?;
            report.write(hyla_range_report {
                min,
                max,
                min_count: range.least_count,
                max_count: range.greatest_count,
                count: range.count,
                nan_count: range.nan,
            });
            Ok(notices)
        })
    }
}
