//! `hyla_band_statistics_...`: statistics of each channel of a cube, and dead columns of the detector.

use super::cube;
use super::node::*;
use super::score_statistics::hyla_exact_squares;
use crate::input::Marks;
use crate::metric::band_statistics::{self, Column, Params, Report, Totals};

/// The stages in which the node may run (see `hyla_context`): all.
pub const HYLA_BAND_STATISTICS_STAGES: u32 = 15;

parameters! {
    /// Statistics of each channel of a cube: what is counted. With sums over the values x of the pixels that count:
    ///
    /// ```text
    /// n = how many are numbers    mean = S1 / n    std = sqrt(n S2 - S1^2) / n        S1 = sum x    S2 = sum x^2
    /// min, max = the least and the greatest    zero = how many are 0    saturated = how many are at or above the level
    /// ```
    ///
    /// A value is what the plane says; of integers without scale and zero point it is the item, a digital number. A NaN
    /// is counted apart and belongs to nothing else. Mean and deviation are exact and rounded once. A channel, or a
    /// column of the detector, is dead if two values or more count there and all are one number, or all are NaN.
    ///
    /// Initialise with HYLA_BAND_STATISTICS_PARAMS_DEFAULT.
    pub struct hyla_band_statistics_params {
        /// 1: values at or above `saturation` are saturated; 0: none are. Default 0.
        pub has_saturation: u32 = 0,
        /// The level, no NaN. Looked at only with `has_saturation`. Default 0.
        pub saturation: f32 = 0.0,
    }
    HYLA_BAND_STATISTICS_PARAMS_DEFAULT, hyla_band_statistics_params_init
    |given| Params { saturation: optional(given.has_saturation, given.saturation, subject!(has_saturation))? }
}

mirror! {
    /// The words of a channel; all zero is empty. NOT additive as a whole: all words add but `greatest` and
    /// `negated_least`, which keep the greater one. `hyla_band_statistics_merge` joins them. Integers without scale and
    /// zero point add in integers: at most 2^47 of them, beyond which words are HYLA_ERROR_TOTALS.
    pub struct hyla_band_statistics_totals: Totals {
        /// How many values count, NaN among them.
        pub count: i64,
        /// How many of them are 0.
        pub zero: i64,
        /// How many are at or above the level.
        pub saturated: i64,
        /// Shows whether levels were mixed.
        pub fingerprint: i64,
        /// How many of the values came as integers.
        pub integers: i64,
        /// The sum of these.
        pub integer_sum: i64,
        /// The sum of their squares: the first plus 2^32 times the second.
        pub integer_squares: [i64; 2],
        /// The order key of the greatest number; 0 for none.
        pub greatest: i64,
        /// The order key of minus the least number; 0 for none.
        pub negated_least: i64,
        /// The sum of the values that came as floats.
        pub sum: hyla_exact_sum,
        /// The sum of their squares.
        pub squares: hyla_exact_squares,
    }
}

mirror! {
    /// The words of a column of the detector in one channel; all zero is empty. NOT additive: they are joined by
    /// `hyla_band_statistics_merge_columns`.
    pub struct hyla_band_statistics_column: Column {
        /// The order key of the greatest number; 0 for none.
        pub greatest: u32,
        /// The order key of minus the least number; 0 for none.
        pub negated_least: u32,
        /// How many values are numbers; 2^32 - 1 means at least as many.
        pub numbers: u32,
        /// How many are NaN; 2^32 - 1 means at least as many.
        pub nan: u32,
    }
}

mirror! {
    /// What the words of a channel say. Mean, deviation and extremes are those of the numbers; NaN without any.
    pub struct hyla_band_statistics_report: Report {
        /// The mean, rounded once.
        pub mean: f64,
        /// The standard deviation of the population (with n, not n - 1), rounded once; NaN beside an infinity.
        pub std: f64,
        /// The least number.
        pub min: f64,
        /// The greatest number.
        pub max: f64,
        /// How many values count, NaN among them.
        pub count: i64,
        /// How many of them are NaN.
        pub nan: i64,
        /// How many are 0.
        pub zero: i64,
        /// How many are at or above the level.
        pub saturated: i64,
        /// 1: the channel is dead: two values or more count, and all are the same. 0: it is not, for all one knows.
        pub dead: i64,
        /// 0. Room for later.
        pub reserved: i64,
    }
}

size!(hyla_band_statistics_totals_size, hyla_band_statistics_totals, ": the words of one channel");

size!(hyla_band_statistics_column_size, hyla_band_statistics_column, ": the words of one column of one channel");

exported! {
    /// Adds a line, a frame or any other part of a stream to the words of its channels (`totals`, one for each), and to
    /// those of its columns: `columns` is NULL, or has `channels * n / rows` items, of which column c of channel k is
    /// the item `k * (n / rows) + c`.
    ///
    /// Inputs: the cube's values, of any type; optional `valid`; no weights. Values that are converted have at most
    /// 4096 channels, with pointers of 32 bits 256.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, UNKNOWN_OPTION, SATURATION
    /// (NaN), RESERVED, STRIDES, CHANNELS, UNSUPPORTED_INPUT (weights), and those of cubes.
    fn hyla_band_statistics_update(
        params: *const hyla_band_statistics_params, cube: *const hyla_cube,
        totals: *mut hyla_band_statistics_totals, columns: *mut hyla_band_statistics_column,
    ) {
        let ((checked, span), given) = (check::parameters(params)?, cube::read(cube)?);
        let core = checked.to_core()?;
        if !given.weights.data.is_null() {
            return Err(Fault::new(Error::UnsupportedInput, subject!(weights)));
        }
        let taken = given.take(Marks::None)?;
        let channels = given.channels;
        let width = given.n.checked_div(given.rows.max(1)).unwrap_or(0);
        let cells = channels.checked_mul(width).ok_or(Error::TooLarge)?;
        let cells = if columns.is_null() { 0 } else { cells };
        let reads = [span, Span::of(cube, 1)];
        let writes = [Written::of(totals, channels), Written::of(columns, cells)];
        disjoint(&writes, &[&reads, &taken.spans()])?;
        let (totals, columns) = (views_mut(totals, channels)?, views_mut(columns, cells)?);
        Ok(band_statistics::update(&core, taken.source(), totals, columns)?)
    }

    /// Adds the words of other channels to those of channels, one by one, and makes them canonical.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP.
    fn hyla_band_statistics_merge(
        other: *const hyla_band_statistics_totals, totals: *mut hyla_band_statistics_totals, channels: usize,
    ) {
        let other = views(other, channels)?;
        disjoint(&[Written::of(totals, channels)], &[&[Span::of_slice(Some(other))]])?;
        Ok(band_statistics::merge(other, views_mut(totals, channels)?)?)
    }

    /// Makes the words of channels canonical after they were added elsewhere (and the extremes joined).
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE.
    fn hyla_band_statistics_normalize(totals: *mut hyla_band_statistics_totals, channels: usize) {
        band_statistics::normalize(views_mut(totals, channels)?);
        Ok(Notices::NONE)
    }

    /// Writes what the words of channels say, one report for each. The notices are those of all of them.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, UNKNOWN_OPTION, SATURATION,
    /// TOTALS, MIXED_TOTALS (values that were counted with another level). Notices: EMPTY (a channel has no number),
    /// NOT_FINITE.
    fn hyla_band_statistics_values(
        params: *const hyla_band_statistics_params, totals: *const hyla_band_statistics_totals, channels: usize,
        reports: *mut hyla_band_statistics_report,
    ) {
        let (checked, span) = check::parameters(params)?;
        let totals = views(totals, channels)?;
        disjoint(&[Written::of(reports, channels)], &[&[span, Span::of_slice(Some(totals))]])?;
        let mut reports = output(mirrored(reports), channels)?;
        let core = checked.to_core()?;
        // First all are read: an error writes nothing.
        totals.iter().try_for_each(|totals| totals.report(&core).map(|_| ()))?;
        let mut all = Notices::NONE;
        for (channel, totals) in totals.iter().enumerate() {
            let (report, notices) = totals.report(&core)?;
            reports.put(channel, report);
            all |= notices;
        }
        Ok(all)
    }

    /// Joins the words of other columns to those of columns, one by one. `count` is the number of all columns of all
    /// channels.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP.
    fn hyla_band_statistics_merge_columns(
        other: *const hyla_band_statistics_column, columns: *mut hyla_band_statistics_column, count: usize,
    ) {
        let other = views(other, count)?;
        disjoint(&[Written::of(columns, count)], &[&[Span::of_slice(Some(other))]])?;
        Ok(band_statistics::merge_columns(other, views_mut(columns, count)?)?)
    }

    /// Writes the indexes of dead columns to `dead`, in ascending order, at most `capacity` of them, and to `found` how
    /// many are dead. Index k * columns + c is column c of channel k. `dead` may be NULL if `capacity` is 0.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, TOTALS. Notices: EMPTY (no column has a value), INCOMPLETE
    /// (more are dead than `dead` has room for).
    fn hyla_band_statistics_dead_columns(
        columns: *const hyla_band_statistics_column, count: usize, dead: *mut usize, capacity: usize,
        found: *mut usize,
    ) {
        let writes = [Written::of(dead, capacity), Written::of(found, 1)];
        disjoint(&writes, &[&[Span::of(columns, count)]])?;
        let (columns, mut dead) = (views(columns, count)?, output(dead, capacity)?);
        let found = check::result(found)?;
        let mut used = 0;
        let told = band_statistics::dead_columns(columns, |index| {
            let has_room = used < capacity;
            if has_room {
                dead.put(used, index);
                used += 1;
            }
            has_room
        });
        let (count, notices) = told.of(subject!(columns))?;
        found.write(count);
        Ok(notices)
    }
}
