//! Columns of the detector: whether all lines have the same value there.

use crate::error::{Error, Notices};
use crate::math::order;
use crate::node::range::{BELOW_ALL, key, value};

/// The words of a column of a channel; all zero is empty. **Not additive**: they merge by [`merge_columns`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Column {
    /// The order key of the greatest number; 0 for none.
    pub greatest: u32,
    /// The order key of minus the least number; 0 for none.
    pub negated_least: u32,
    /// How many values are numbers; 2^32 - 1 means at least as many.
    pub numbers: u32,
    /// How many are NaN; 2^32 - 1 means at least as many.
    pub nan: u32,
}

impl Column {
    /// Adds a value.
    #[inline(always)]
    pub(super) fn add(&mut self, value: f32) {
        if value.is_nan() {
            self.nan = self.nan.saturating_add(1);
        } else {
            self.numbers = self.numbers.saturating_add(1);
            self.greatest = self.greatest.max(order::key(value) - BELOW_ALL);
            self.negated_least = self.negated_least.max(order::key(-value) - BELOW_ALL);
        }
    }

    /// Joins other words.
    pub fn merge(&mut self, other: &Self) {
        self.greatest = self.greatest.max(other.greatest);
        self.negated_least = self.negated_least.max(other.negated_least);
        self.numbers = self.numbers.saturating_add(other.numbers);
        self.nan = self.nan.saturating_add(other.nan);
    }

    /// Two values or more count, and all are one number or all are NaN.
    ///
    /// # Errors
    /// Words that no values can have ([`Error::Totals`]).
    #[inline(never)]
    pub fn is_dead(&self) -> Result<bool, Error> {
        let Self { greatest, negated_least, numbers, nan } = *self;
        let keys = [greatest, negated_least].map(i64::from);
        let known = if numbers == 0 { 0..=0 } else { 1..=key(f32::INFINITY) };
        let [max, min] = [value(keys[0]), -value(keys[1])];
        if keys.into_iter().any(|key| !known.contains(&key)) || min > max {
            return Err(Error::Totals);
        }
        let is_one = numbers >= 2 && nan == 0 && min == max;
        Ok(is_one || (numbers == 0 && nan >= 2))
    }
}

/// Joins the words of other columns, one by one.
///
/// # Errors
/// Another number of columns ([`Error::LengthMismatch`]). Nothing was changed then.
pub fn merge_columns(other: &[Column], columns: &mut [Column]) -> Result<(), Error> {
    if other.len() != columns.len() {
        return Err(Error::LengthMismatch);
    }
    columns.iter_mut().zip(other).for_each(|(column, other)| column.merge(other));
    Ok(())
}

/// Hands the index of each dead column to `tell`, in ascending order, until it has no room and returns false. Returns
/// how many are dead, and what is special: no column has a value (`EMPTY`), or not all were told (`INCOMPLETE`).
///
/// # Errors
/// Words that no values can have ([`Error::Totals`]). Nothing was told then.
pub fn dead_columns(columns: &[Column], mut tell: impl FnMut(usize) -> bool) -> Result<(usize, Notices), Error> {
    columns.iter().try_for_each(|column| column.is_dead().map(|_| ()))?;
    let is_empty = columns.iter().all(|column| column.numbers == 0 && column.nan == 0);
    let (mut dead, mut has_room) = (0, true);
    for (index, column) in columns.iter().enumerate() {
        if column.is_dead()? {
            dead += 1;
            has_room = has_room && tell(index);
        }
    }
    Ok((dead, Notices::EMPTY.when(is_empty) | Notices::INCOMPLETE.when(!has_room)))
}
