//! Sorting order keys: a radix sort, lowest digit first, in memory of the caller.
//!
//! Four digits of 8 bits. All four are counted in one pass; a digit that all keys share is not sorted by. So the time
//! is linear in the number of keys whatever their order, and nothing depends on the tier. (Three digits of 11 bits
//! are a quarter faster for a million keys, slower for a line of 640 and for four million, and need six times the
//! counters.)

const DIGIT_BITS: usize = 8;
const PASSES: usize = 4;
const BINS: usize = 1 << DIGIT_BITS;

/// The counters of a sort, in words.
pub(crate) const COUNTERS: usize = PASSES * BINS;

/// Sorts keys, the least first. `spare` has as many words or more; the sorted keys are in one of the two, which is
/// returned. There are at most `u32::MAX` keys.
pub(crate) fn sort<'a>(keys: &'a mut [u32], spare: &'a mut [u32], counters: &mut [u32; COUNTERS]) -> &'a [u32] {
    let (counters, _) = counters.as_chunks_mut::<BINS>();
    counters.as_flattened_mut().fill(0);
    for key in keys.iter() {
        for (pass, counters) in counters.iter_mut().enumerate() {
            count(counters, *key, pass);
        }
    }
    let spare = spare.get_mut(..keys.len()).unwrap_or_default();
    let (mut from, mut to) = (keys, spare);
    for (pass, counters) in counters.iter_mut().enumerate() {
        let all = from.len() as u32;
        if counters.contains(&all) {
            continue;
        }
        let mut start = 0;
        for counter in counters.iter_mut() {
            start += core::mem::replace(counter, start);
        }
        for key in from.iter() {
            if let Some(place) = to.get_mut(count(counters, *key, pass) as usize) {
                *place = *key;
            }
        }
        (from, to) = (to, from);
    }
    from
}

/// Adds one to the counter of a key's digit; returns what it was.
#[inline(always)]
fn count(counters: &mut [u32; BINS], key: u32, pass: usize) -> u32 {
    let digit = (key >> (pass * DIGIT_BITS)) as usize & (BINS - 1);
    let Some(counter) = counters.get_mut(digit) else { return 0 };
    let before = *counter;
    *counter = before.wrapping_add(1);
    before
}
