//! Checks of words: every reader of totals first asks whether they can be.
//!
//! Totals come from files, other processes and memory that somebody forgot to clear. Counts that contradict each other
//! are an error before anything is made of them; [`Exact::check`](crate::exact::Exact) asks the same of exact sums.

use crate::error::Error;

/// The sum of counts. If it does not overflow, no sum of only some of the counts does.
///
/// # Errors
/// [`Error::Totals`]: a count is negative, or the sum overflows.
#[inline(never)]
pub(crate) fn sum(counts: &[i64]) -> Result<i64, Error> {
    let add = |sum: i64, count: &i64| sum.checked_add(*count).filter(|_| *count >= 0);
    counts.iter().try_fold(0_i64, add).ok_or(Error::Totals)
}

/// Checks that a count can be that of a part of a whole.
///
/// # Errors
/// [`Error::Totals`]: it is negative, or above the count of the whole.
#[inline(never)]
pub(crate) fn check_part(part: i64, whole: i64) -> Result<(), Error> {
    if (0..=whole).contains(&part) { Ok(()) } else { Err(Error::Totals) }
}

/// Checks that a sum is not above another sum, whose terms are not below its own. (A NaN is not looked at.)
///
/// # Errors
/// [`Error::Totals`].
pub(crate) fn check_at_most(least: f64, most: f64) -> Result<(), Error> {
    if least > most { Err(Error::Totals) } else { Ok(()) }
}
