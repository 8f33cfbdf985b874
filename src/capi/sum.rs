//! `hyla_sum_...`: the exact sum and mean of a float map.

use super::macros::{exported, merge, mirror, normalize, size};
use super::pixels::hyla_pixels;
use super::{answer, put_number, update};
use crate::exact::ExactSum;
use crate::metric::sum::Totals;

mirror! {
    /// An exact sum of float32 terms, in words of int64; all zero is the empty sum. Part of all totals
    /// that sum floats. Its value is the weighted sum of its words, so adding words merges: as often as the
    /// law says of totals.
    pub struct hyla_exact_sum: ExactSum {
        /// The finite part: the sum over i of `digits[i] * 2^(32 i - 160)`. Canonical: all but the last
        /// in [0, 2^32), the last one signed.
        pub digits: [i64; 12],
        /// How many terms were NaN.
        pub nan: i64,
        /// How many terms were +infinity.
        pub positive_infinity: i64,
        /// How many terms were -infinity.
        pub negative_infinity: i64,
        /// Zero.
        pub reserved: i64,
    }
}

mirror! {
    /// The exact sum of a float map and its count; all zero is empty. Adding the words of two totals
    /// merges them; call `hyla_sum_normalize` afterwards to compare words.
    pub struct hyla_sum_totals: Totals {
        /// The sum of the scores.
        pub sum: hyla_exact_sum,
        /// How many pixels count.
        pub pixels: i64,
    }
}

size!(hyla_sum_totals_size, hyla_sum_totals);

merge! {
    /// Adds other totals to totals, and makes the words canonical.
    hyla_sum_merge(totals: hyla_sum_totals)
}

normalize!(hyla_sum_normalize(totals: hyla_sum_totals));

exported! {
    /// Adds the scores of pixels to totals: for monitors without labels.
    ///
    /// Inputs: `scores` (any floats); optional `valid`; no weights. NaN and infinite scores
    /// are counted and decide the value by the rules of IEEE 754.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNSUPPORTED_INPUT (weights or soft targets).
    fn hyla_sum_update(pixels: *const hyla_pixels, totals: *mut hyla_sum_totals) {
        update(pixels, totals, hyla_pixels::scores, |totals, pixels| totals.update(pixels))
    }

    /// The sum, exact and rounded once; 0 of nothing.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, TOTALS. Notices: EMPTY, NOT_FINITE.
    fn hyla_sum_value(totals: *const hyla_sum_totals, sum: *mut f64) {
        answer(totals, sum, |totals, to| put_number(totals.value()?, to))
    }

    /// The mean: the exact quotient of sum and count, rounded once; NaN of nothing.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, TOTALS. Notices: EMPTY, NOT_FINITE.
    fn hyla_sum_mean(totals: *const hyla_sum_totals, mean: *mut f64) {
        answer(totals, mean, |totals, to| put_number(totals.mean()?, to))
    }
}
