//! Sums without an order: the exact sum of `f32` terms (or of their squares), rounded once.
//!
//! A float sum depends on the order of its additions, so on the number of lanes, threads and
//! machines. [`ExactSum`] holds the sum as an integer, a multiple of `2^LOWEST`, in digits of 32
//! bits with an `i64` each: adding a term never rounds, and adding two states word by word is a
//! valid merge.
//!
//! ```text
//!   terms ──► blocks of 512 ──► levels of i32 lanes ──► digits ──► f64
//!             (on the stack)    (levels.rs, window.rs)  (digits.rs)    rounded once
//!         └──► trials of 32 registers, shifted (quick.rs) ──┘
//! ```
//!
//! * **Bound**: the value is the exact sum, rounded to nearest even once; a mean is the exact
//!   quotient of sum and count, rounded once.
//! * **Canonical**: after every call of this crate all digits but the top one lie in
//!   `[0, 2^32)` and the top one carries the sign, so that equal sums have equal words. After
//!   words were added elsewhere (`MPI_SUM`, SQL `SUM`) call `normalize`.
//! * **Room**: at least 2^63 terms, and 2^31 canonical states added word by word.
//! * **Any words** have a value, which is the right one and found in bounded time. An update begins by making the
//!   words canonical. So it ends with the same words on every tier.
//! * **NaN and infinity** are counted beside the digits and decide the value by the rules of
//!   IEEE 754 addition.
//!
//! **Which door to take** into a sum, for a kernel that has terms:
//!
//! | terms | door | used by |
//! | --- | --- | --- |
//! | one after the other, in vectors of a kernel | `Accumulator` | cross-entropy of logits, Deep SVDD, sums of scores and weights |
//! | that lie in blocks, with the sum of a marked part beside that of all | `Blocks` | foreground contrast, soft targets of overlap |
//! | in registers, of sizes that need three levels | `Quick` | mean squared error, overlap |
//! | in short rows, with the sum of the part that is of one class | `Row` | Dice, cross-entropy of classes |
//! | whose squares are summed | `ExactSquares::add_squares` | score statistics |
//! | single floats, or a count | `ExactSum::add`, `add_integer` | everywhere |
//!
//! Each gives the same words: the door changes the time, never the sum.
//!
//! docs/exactness.md states each inequality on which this rests; `make proofs` proves them.
//!
//! Prior art: Kulisch's long accumulator; R. Neal, "Fast exact summation using small and large
//! superaccumulators" (2015); P. Ahrens, J. Demmel, H. D. Nguyen, "Algorithms for efficient
//! reproducible floating point summation" (2020), whose bins the levels resemble.

mod block;
mod bounds;
pub(crate) mod counts;
mod digits;
mod double_levels;
mod levels;
mod quick;
mod row;
mod squares;
mod variance;
mod window;
mod words;

pub(crate) use block::{Accumulator, BLOCK, Blocks, GIVEN, as_registers};
pub(crate) use bounds::Bounds;
pub(crate) use levels::Marks;
pub(crate) use quick::{Quick, REGISTERS, Trial};
pub(crate) use row::Row;
pub(crate) use variance::{deviation, sample_variance, variance};
pub(crate) use words::Floats;

use crate::error::Error;
use core::num::NonZeroU64;
use window::Unpacked;

/// The exact sum of `f32` values: multiples of 2^-160, up to 2^224.
pub type ExactSum = Exact<12, -160, 1>;

/// The exact sum of squares of `f32` values: multiples of 2^-320, up to 2^320.
pub type ExactSquares = Exact<20, -320, 2>;

pub(crate) use unnamed::Exact;

/// A user of the crate can have only the two sums above: nothing here is made for the words of others.
///
/// ```compile_fail,E0603
/// let sum = hyla::exact::Exact::<2, 0, 1>::default();
/// ```
///
/// ```compile_fail,E0603
/// use hyla::exact::Accumulator;
/// ```
mod unnamed {
    /// The exact sum of floats to the power of `POWER` (1 or 2), as words of `i64`; all zero is the
    /// empty sum.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[repr(C)]
    pub struct Exact<const DIGITS: usize, const LOWEST: i32, const POWER: i32> {
        /// The finite part: the sum over i of `digits[i] * 2^(LOWEST + 32 i)`.
        pub digits: [i64; DIGITS],
        /// How many terms were NaN.
        pub nan: i64,
        /// How many terms were +infinity.
        pub positive_infinity: i64,
        /// How many terms were -infinity.
        pub negative_infinity: i64,
        /// Zero. Room for later.
        pub reserved: i64,
    }
}

impl<const DIGITS: usize, const LOWEST: i32, const POWER: i32> Default for Exact<DIGITS, LOWEST, POWER> {
    fn default() -> Self {
        Self { digits: [0; DIGITS], nan: 0, positive_infinity: 0, negative_infinity: 0, reserved: 0 }
    }
}

impl<const DIGITS: usize, const LOWEST: i32, const POWER: i32> Exact<DIGITS, LOWEST, POWER> {
    /// The exponent of the lowest bit.
    const UNIT: i32 = LOWEST;

    /// The bits of the lowest digit that are 0 in every sum, because every term is a multiple of 2^-149 (or of its
    /// square).
    const BELOW_ALL: i64 = (1 << (-149 * POWER - LOWEST)) - 1;

    /// The first digit beyond all terms: its unit is 2^128 (of squares 2^256).
    const LARGE: usize = (128 * POWER - LOWEST) as usize / 32;

    /// Adds the term of one float. (Nodes add many terms at once, which is far faster.)
    pub fn add(&mut self, float: f32) {
        self.normalize();
        self.add_term(float);
        self.normalize();
    }

    /// Adds an integer; exact, and the integer is one term only.
    pub fn add_integer(&mut self, integer: i64) {
        self.normalize();
        self.add_scaled(integer, 0);
        self.normalize();
    }

    /// Adds an integer of two digits of 32 bits, of which the lower one may be of any size.
    pub(crate) fn add_digits(&mut self, [low, high]: [i64; 2]) {
        self.normalize();
        self.add_scaled(low, 0);
        self.add_scaled(high, u32::BITS as i32);
        self.normalize();
    }

    /// Adds another sum: integer addition of the words, then [`Self::normalize`].
    #[inline(never)]
    pub fn merge(&mut self, other: &Self) {
        digits::merge(&mut self.digits, &other.digits);
        self.nan = self.nan.wrapping_add(other.nan);
        self.positive_infinity = self.positive_infinity.wrapping_add(other.positive_infinity);
        self.negative_infinity = self.negative_infinity.wrapping_add(other.negative_infinity);
    }

    /// Adds another sum `times` times; `times` is not negative.
    pub(crate) fn merge_times(&mut self, other: &Self, mut times: i64) {
        let mut scaled = *other;
        scaled.normalize();
        // A canonical digit has room for 31 more bits.
        while times >> 31 > 0 {
            if times & 1 > 0 {
                self.merge(&scaled);
            }
            let half = scaled;
            scaled.merge(&half);
            times >>= 1;
        }
        for word in scaled.digits.iter_mut().chain([
            &mut scaled.nan,
            &mut scaled.positive_infinity,
            &mut scaled.negative_infinity,
        ]) {
            *word = word.wrapping_mul(times);
        }
        scaled.normalize();
        self.merge(&scaled);
    }

    /// Brings the digits to their canonical form; the value stays the same.
    pub fn normalize(&mut self) {
        digits::normalize(&mut self.digits);
    }

    /// Checks that the sum of so many terms can have these words.
    ///
    /// # Errors
    /// [`Error::Totals`].
    pub(crate) fn check(&self, terms: i64) -> Result<(), Error> {
        self.is_negative(terms).map(|_| ())
    }

    /// Checks that the sum of so many terms can have these words, if no term is negative.
    ///
    /// # Errors
    /// [`Error::Totals`].
    pub(crate) fn check_not_negative(&self, terms: i64) -> Result<(), Error> {
        if self.is_negative(terms)? || self.negative_infinity != 0 {
            return Err(Error::Totals);
        }
        Ok(())
    }

    /// Checks that the sum of so many terms can have these words, if all terms are finite and not negative, as weights
    /// are.
    ///
    /// # Errors
    /// [`Error::Totals`].
    pub(crate) fn check_weights(&self, terms: i64) -> Result<(), Error> {
        self.check_not_negative(terms)?;
        if self.non_finite() == 0 { Ok(()) } else { Err(Error::Totals) }
    }

    /// Whether the finite part is negative, if the sum of so many terms can have these words.
    #[inline(never)]
    fn is_negative(&self, terms: i64) -> Result<bool, Error> {
        let mut finite = terms;
        for count in [self.nan, self.positive_infinity, self.negative_infinity] {
            counts::check_part(count, finite)?;
            finite -= count;
        }
        let mut digits = self.digits;
        digits::normalize(&mut digits);
        let is_multiple = digits.first().is_some_and(|digit| digit & Self::BELOW_ALL == 0);
        // In units of 2^128 (of squares 2^256), which all terms are below: the integer, and whether it is rounded down.
        let (below, above) = digits.split_at_checked(Self::LARGE).unwrap_or_default();
        let longer = |size: i64, digit: &i64| Some(i64::from(i32::try_from(size).ok()?) << u32::BITS | digit);
        let size = above.iter().rev().try_fold(0, longer).ok_or(Error::Totals)?;
        let is_more = below.iter().any(|digit| *digit != 0);
        let is_possible = -finite <= size && (size < finite || size == finite && !is_more);
        if is_multiple && is_possible { Ok(size < 0) } else { Err(Error::Totals) }
    }

    /// How many terms were NaN or infinite.
    pub fn non_finite(&self) -> i64 {
        self.nan.wrapping_add(self.positive_infinity).wrapping_add(self.negative_infinity)
    }

    /// The sum, rounded once to the nearest `f64` (ties to even).
    pub fn value(&self) -> f64 {
        self.quotient(1)
    }

    /// The sum divided by `count`, rounded once to the nearest `f64` (ties to even); NaN for a
    /// count below 1.
    #[inline(never)]
    pub fn quotient(&self, count: i64) -> f64 {
        let Some(count) = NonZeroU64::new(count.max(0).unsigned_abs()).filter(|_| self.nan == 0) else {
            return f64::NAN;
        };
        match (self.positive_infinity != 0, self.negative_infinity != 0) {
            (true, true) => f64::NAN,
            (true, false) => f64::INFINITY,
            (false, true) => f64::NEG_INFINITY,
            (false, false) => digits::quotient(&self.digits, LOWEST, count),
        }
    }

    /// Adds the term of one float without normalising.
    fn add_term(&mut self, float: f32) {
        match Unpacked::new(float) {
            Some(unpacked) => self.add_unpacked(unpacked),
            None => self.count_non_finite(&[float]),
        }
    }

    /// Adds the term of a finite float without normalising.
    fn add_unpacked(&mut self, Unpacked { significand, exponent }: Unpacked) {
        let significand = i64::from(significand);
        let term = if POWER == 2 { significand * significand } else { significand };
        self.add_scaled(term, exponent * POWER);
    }

    /// Adds `value * 2^exponent` without normalising.
    fn add_scaled(&mut self, value: i64, exponent: i32) {
        digits::add(&mut self.digits, (exponent - LOWEST).unsigned_abs(), value);
    }

    /// Subtracts `bias` from each word of a level, adds the results times `2^exponent`, and sets the words to 0.
    #[inline(never)]
    fn add_words(&mut self, words: &mut [u32], bias: u32, exponent: i32) {
        let mut total = 0_i64;
        for word in words {
            total += i64::from(word.wrapping_sub(bias) as i32);
            *word = 0;
        }
        self.add_scaled(total, exponent);
    }

    /// Counts the floats whose terms are NaN or infinite. It has no branches, because where there is one such float
    /// there are many, and nobody can predict them.
    fn count_non_finite(&mut self, floats: &[f32]) {
        let (mut nan, mut positive, mut negative) = (0_u32, 0_u32, 0_u32);
        for float in floats {
            nan += u32::from(float.is_nan());
            positive += u32::from(*float == f32::INFINITY);
            negative += u32::from(*float == f32::NEG_INFINITY);
        }
        if POWER == 2 {
            (positive, negative) = (positive + negative, 0);
        }
        self.nan = self.nan.wrapping_add(nan.into());
        self.positive_infinity = self.positive_infinity.wrapping_add(positive.into());
        self.negative_infinity = self.negative_infinity.wrapping_add(negative.into());
    }
}
