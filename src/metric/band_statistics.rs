//! Statistics of each channel of a cube: count, mean, deviation, extremes, saturation, and what is dead.
//!
//! **Use case**: what an acquisition program computes first: exposure, noise, saturated and dead bands of a camera,
//! dead columns of its detector. **Inputs**: the values of a cube of any type and layout, line by line or frame by
//! frame. Optional: `valid`, and its ignored label. No weights; targets and labels are not looked at.
//!
//! For channel k, with sums over the values x of the pixels that count:
//!
//! ```text
//! n = how many are numbers    mean = S1 / n    std = sqrt(n S2 - S1^2) / n        S1 = sum x    S2 = sum x^2
//! min, max = the least and the greatest    zero = how many are 0    saturated = how many are at or above the level
//! ```
//!
//! `std` is that of the population (with n, not n - 1), so that one value has the deviation 0. A value is what a plane
//! says, `(item - zero_point) * scale`; without both it is the item itself, a digital number. A **NaN** is counted
//! apart and belongs to nothing else. Infinities are numbers, which follow IEEE 754; -0 equals +0.
//!
//! **Streams**: each channel has [`Totals`] of the caller, all zero at first. A call adds a line or a frame. The words
//! add as integers but for `greatest` and `negated_least`: [`merge`] joins them all. They show whether levels of
//! saturation were mixed.
//!
//! **Dead**: a channel or a column of the detector is dead if two values or more count there and all are one number, or
//! all are NaN: its deviation over the lines is 0. For columns the caller hands over [`Column`]s, one for each column
//! of each channel; [`dead_columns`] lists those that are dead.
//!
//! **Accuracy**: sums are exact, so mean and deviation are each the exact number, rounded once, whatever the offset.
//! Integers of at most 16 bits (without scale and zero point) add in integers: their sum in 64 bits, that of their
//! squares in two words of which the upper one has the weight 2^32. These hold 2^47 values of a channel (20,000 lines a
//! second of 640 pixels for four months); words of more are [`Error::Totals`], as are all that contradict each other.
//! Values of other types are float32 and add by [`crate::exact`]. Both may come to the same totals.
//!
//! **Edges**: no value counts: mean, deviation and extremes are NaN (`EMPTY`). NaN or infinite values: `NOT_FINITE`.
//! Only NaN: `EMPTY`, too, for nothing is a number.
//!
//! **cuvis-ai**: has no such node. Stages: any.
//!
//! **Speed**: integers of 16 bits without a sign are limited by arithmetic, a dozen operations of 32-bit lanes for a
//! register of values. There is a loop for each order in memory: where pixels are neighbours (BIL, BSQ) lanes are
//! pixels, where channels are (BIP) lanes are channels; anything else, and other integers, is gathered first. A call
//! with columns goes over them value by value, which takes ten times as long. Packed pixels are unpacked first. Floats
//! go over their values four times.

mod columns;
#[cfg(feature = "conversions")]
mod kernels;
mod run;

pub use columns::{Column, dead_columns, merge_columns};

use crate::error::{Error, Notices};
use crate::exact::{ExactSquares, ExactSum, counts, deviation};
use crate::input::CubeSource;
use crate::node::fingerprint::{fingerprint, same_parameters};
use crate::node::range::{key, value};

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Params {
    /// A value at or above this is saturated. None: no value is.
    pub saturation: Option<f32>,
}

impl Params {
    /// The level, if it is a number; above all values if there is none.
    fn check(&self) -> Result<(), Error> {
        if self.saturation.is_some_and(f32::is_nan) { Err(Error::Saturation) } else { Ok(()) }
    }

    fn fingerprint(&self) -> i64 {
        // (-0 is the level 0.)
        fingerprint(&self.saturation.map_or([0, 0], |level| [1, (level + 0.0).to_bits()]))
    }
}

/// The words of a channel; all zero is empty. All but the extremes add as integers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
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
    pub sum: ExactSum,
    /// The sum of their squares.
    pub squares: ExactSquares,
}

/// What the words of a channel say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Report {
    /// The mean of the numbers.
    pub mean: f64,
    /// Their standard deviation: of the population, with n.
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
    /// 1: two values or more count, and all are the same. 0: the channel is not dead, for all one knows.
    pub dead: i64,
    /// 0. Room for later.
    pub reserved: i64,
}

/// The most values that came as integers: their sum fits into 64 bits.
const MOST_INTEGERS: i64 = 1 << 47;
/// The greatest size of an integer of 16 bits.
const GREATEST: i128 = u16::MAX as i128;

/// Adds a line, a frame or any other part of a stream to the words of its channels, and to those of its columns:
/// column c of channel k is the item `k * columns + c`. No columns: they are not asked for.
///
/// # Errors
/// A level that is NaN ([`Error::Saturation`]), weights ([`Error::UnsupportedInput`]), other than one `Totals` for
/// each channel or other than one `Column` for each of its columns ([`Error::LengthMismatch`]), and those of cubes.
/// Nothing was added then.
pub fn update<'a>(
    params: &Params,
    cube: impl Into<CubeSource<'a>>,
    totals: &mut [Totals],
    columns: &mut [Column],
) -> Result<(), Error> {
    params.check()?;
    run::update(params, &cube.into(), totals, columns)
}

/// Adds the words of other channels, one by one. All are canonical afterwards.
///
/// # Errors
/// Another number of channels ([`Error::LengthMismatch`]). Nothing was added then.
pub fn merge(other: &[Totals], totals: &mut [Totals]) -> Result<(), Error> {
    if other.len() != totals.len() {
        return Err(Error::LengthMismatch);
    }
    totals.iter_mut().zip(other).for_each(|(totals, other)| totals.merge(other));
    Ok(())
}

/// Makes the words canonical after they were added elsewhere.
pub fn normalize(totals: &mut [Totals]) {
    totals.iter_mut().for_each(Totals::normalize);
}

impl Totals {
    /// Adds other words.
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.wrapping_add(other.count);
        self.zero = self.zero.wrapping_add(other.zero);
        self.saturated = self.saturated.wrapping_add(other.saturated);
        self.fingerprint = self.fingerprint.wrapping_add(other.fingerprint);
        self.integers = self.integers.wrapping_add(other.integers);
        self.integer_sum = self.integer_sum.wrapping_add(other.integer_sum);
        let mut other_squares = other.integer_squares;
        normalize_digits(&mut other_squares);
        self.normalize();
        let [low, high] = &mut self.integer_squares;
        *low = low.wrapping_add(other_squares[0]);
        *high = high.wrapping_add(other_squares[1]);
        normalize_digits(&mut self.integer_squares);
        self.greatest = self.greatest.max(other.greatest);
        self.negated_least = self.negated_least.max(other.negated_least);
        self.sum.merge(&other.sum);
        self.squares.merge(&other.squares);
    }

    /// Makes the words canonical.
    pub fn normalize(&mut self) {
        normalize_digits(&mut self.integer_squares);
        self.sum.normalize();
        self.squares.normalize();
    }

    /// Counts values that are added, and the hash of their level with each.
    fn count(&mut self, values: i64, hash: i64) {
        self.count = self.count.wrapping_add(values);
        self.fingerprint = self.fingerprint.wrapping_add(hash.wrapping_mul(values));
    }

    /// What the words say, and what is special about it.
    ///
    /// # Errors
    /// A level that is NaN ([`Error::Saturation`]), words that no values can have ([`Error::Totals`]), values that
    /// were counted with another level ([`Error::MixedTotals`]).
    pub fn report(&self, params: &Params) -> Result<(Report, Notices), Error> {
        params.check()?;
        let nan = self.sum.nan;
        counts::check_part(nan, self.count)?;
        let numbers = self.count - nan;
        for part in [self.zero, self.saturated, self.integers] {
            counts::check_part(part, numbers)?;
        }
        same_parameters(params.fingerprint(), self.count, self.fingerprint)?;
        let (sum, squares) = self.sums()?;
        let std = deviation(numbers, &sum, &squares)?;
        let (min, max) = self.extremes(numbers)?;
        let report = Report {
            mean: sum.quotient(numbers),
            std,
            min,
            max,
            count: self.count,
            nan,
            zero: self.zero,
            saturated: self.saturated,
            dead: i64::from(self.count >= 2 && (numbers == 0 || nan == 0 && min == max)),
            reserved: 0,
        };
        report.check(params, sum.non_finite() == 0 && numbers > 0)?;
        let not_finite = nan != 0 || sum.non_finite() != 0;
        Ok((report, Notices::EMPTY.when(numbers == 0) | Notices::NOT_FINITE.when(not_finite)))
    }

    /// The sums over all numbers.
    fn sums(&self) -> Result<(ExactSum, ExactSquares), Error> {
        let Self { integers, integer_sum, integer_squares: [low, high], .. } = *self;
        let count = i128::from(integers);
        let squares_of_integers = i128::from(low) + (i128::from(high) << 32);
        let is_possible = integers <= MOST_INTEGERS
            && i128::from(integer_sum).abs() <= count * GREATEST
            && (0..=count * GREATEST * GREATEST).contains(&squares_of_integers);
        if !is_possible || self.sum.nan != self.squares.nan {
            return Err(Error::Totals);
        }
        let floats = self.count - integers;
        self.sum.check(floats)?;
        self.squares.check_not_negative(floats)?;
        let (mut sum, mut squares) = (self.sum, self.squares);
        (sum.nan, squares.nan) = (0, 0);
        sum.add_integer(integer_sum);
        squares.add_digits([low, high]);
        Ok((sum, squares))
    }

    /// The least and the greatest number; NaN of none.
    fn extremes(&self, numbers: i64) -> Result<(f64, f64), Error> {
        let keys = [self.negated_least, self.greatest];
        let known = if numbers == 0 { 0..=0 } else { 1..=key(f32::INFINITY) };
        // (Minus zero becomes zero.)
        let [min, max] = [0.0 - value(self.negated_least), value(self.greatest)];
        if keys.into_iter().any(|key| !known.contains(&key)) || min > max { Err(Error::Totals) } else { Ok((min, max)) }
    }
}

impl Report {
    /// What is said of the numbers does not contradict itself.
    fn check(&self, params: &Params, are_finite: bool) -> Result<(), Error> {
        let Self { mean, std, min, max, count, nan, zero, saturated, .. } = *self;
        let numbers = count - nan;
        let level = params.saturation.map_or(f64::NAN, f64::from);
        // (Of no number all comparisons are false, and without a level, too.)
        let are_apart = min > 0.0 || max < 0.0;
        let is_only_zero = min == 0.0 && max == 0.0;
        let fits = [
            zero == 0 || !are_apart,
            zero == numbers || !is_only_zero,
            zero < numbers || is_only_zero || numbers == 0,
            (saturated > 0) == (max >= level),
            (saturated == numbers) == (min >= level) || numbers == 0,
            // All are one number where nothing deviates. Rounding keeps the order.
            !are_finite || min <= mean && mean <= max && (std == 0.0) == (min == max),
            are_finite == (min.is_finite() && max.is_finite()),
        ];
        if fits.into_iter().all(|fits| fits) { Ok(()) } else { Err(Error::Totals) }
    }
}

/// Makes the lower digit one of 32 bits.
fn normalize_digits([low, high]: &mut [i64; 2]) {
    *high = high.wrapping_add(*low >> 32);
    *low &= 0xffff_ffff;
}
