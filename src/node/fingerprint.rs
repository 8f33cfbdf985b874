//! Which parameters terms were made with: a hash of them, and the check that all terms of totals have the same hash.

use crate::error::Error;

/// A hash of the parameters on which terms depend. Totals hold the sum of the hash over their pixels, which shows
/// whether terms of different parameters were mixed.
///
/// A multiplication for each word; its lower half, which is another one for each word, then lies beside the next word.
/// So parameters of one or two words never have the same hash. At the end an avalanche makes close parameters differ
/// everywhere.
#[inline(never)]
pub(crate) fn fingerprint(words: &[u32]) -> i64 {
    /// 2^64 divided by the golden ratio, to the nearest odd number: its bits have no pattern.
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, word: &u32| (hash ^ u64::from(*word)).wrapping_mul(MULTIPLIER).rotate_left(32);
    let hash = words.iter().fold(MULTIPLIER, mix);
    (hash ^ hash >> 32).wrapping_mul(MULTIPLIER) as i64
}

/// Checks that all of so many terms were made with the parameters of a hash.
///
/// # Errors
/// [`Error::MixedTotals`].
#[inline(never)]
pub(crate) fn same_parameters(hash: i64, terms: i64, fingerprint: i64) -> Result<(), Error> {
    if fingerprint == hash.wrapping_mul(terms) { Ok(()) } else { Err(Error::MixedTotals) }
}
