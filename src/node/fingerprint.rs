//! Which parameters terms were made with: a hash of them, and the check that all terms of totals have the same hash.

use crate::error::Error;

/// A hash of the parameters on which terms depend. Totals hold the sum of the hash over their pixels, which shows
/// whether terms of different parameters were mixed.
///
/// FNV-1a over the words, with a final avalanche so that close parameters differ everywhere.
#[inline(never)]
pub(crate) fn fingerprint(words: &[u32]) -> i64 {
    const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;
    let hash = words
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .fold(FNV_OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME));
    (hash ^ hash >> 32).wrapping_mul(FNV_PRIME) as i64
}

/// Checks that all of so many terms were made with the parameters of a hash.
///
/// # Errors
/// [`Error::MixedTotals`].
#[inline(never)]
pub(crate) fn same_parameters(hash: i64, terms: i64, fingerprint: i64) -> Result<(), Error> {
    if fingerprint == hash.wrapping_mul(terms) { Ok(()) } else { Err(Error::MixedTotals) }
}
