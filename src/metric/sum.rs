//! The exact sum and mean of a float map.
//!
//! **Use case**: watches scores without labels: a drift of the mean, NaN and infinite scores.
//! **Inputs**: `scores` (any floats). Optional: `valid`. No weights.
//!
//! The sum is exact, rounded once to `f64`; the mean is the exact quotient of sum and count,
//! rounded once. NaN and infinite scores are counted and decide the value by the rules of IEEE 754
//! (notice `NOT_FINITE`). The sum of nothing is 0, the mean NaN (notice `EMPTY`).
//!
//! **Speed**: limited by memory from DRAM, by the conversion to doubles in cache.

use crate::error::{Error, Notices, Value};
use crate::exact::ExactSum;
use crate::input::{Source, Sum, Used, count_valid};
use crate::simd;

/// An exact sum and its count; all zero is empty. Adding the words of two totals merges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// The sum of the scores.
    pub sum: ExactSum,
    /// How many pixels count.
    pub pixels: i64,
}

impl Totals {
    /// Adds the scores of pixels.
    ///
    /// # Errors
    /// Weights or soft targets, inputs of different lengths. Nothing was added then.
    pub fn update<'a>(&mut self, pixels: impl Into<Source<'a>>) -> Result<(), Error> {
        let pixels = pixels.into();
        pixels.check(Used::SCORES, Used::VALID)?;
        pixels.each(Used::SCORES | Used::VALID, None, |tile| {
            self.pixels = self.pixels.wrapping_add(count_valid(tile.n, tile.pixels.valid));
            simd::run(Sum { floats: tile.pixels.scores, pixels: tile.pixels, sum: &mut self.sum });
        });
        Ok(())
    }

    /// Adds other totals. The words are canonical afterwards.
    pub fn merge(&mut self, other: &Self) {
        self.sum.merge(&other.sum);
        self.pixels = self.pixels.wrapping_add(other.pixels);
    }

    /// Makes the words canonical after they were added elsewhere.
    pub fn normalize(&mut self) {
        self.sum.normalize();
    }

    /// The sum.
    ///
    /// # Errors
    /// Words that no pixels can have ([`Error::Totals`]).
    pub fn value(&self) -> Result<Value, Error> {
        Ok(Value { value: self.sum.value(), notices: self.notices()? })
    }

    /// The mean.
    ///
    /// # Errors
    /// As [`Self::value`].
    pub fn mean(&self) -> Result<Value, Error> {
        Ok(Value { value: self.sum.quotient(self.pixels), notices: self.notices()? })
    }

    fn notices(&self) -> Result<Notices, Error> {
        self.sum.check(self.pixels)?;
        let not_finite = self.sum.non_finite() != 0;
        Ok(Notices::EMPTY.when(self.pixels == 0) | Notices::NOT_FINITE.when(not_finite))
    }
}
