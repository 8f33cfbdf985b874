//! Totals as the words that they are of. (The only tests that need `unsafe` do it here.)

use std::vec;
use std::vec::Vec;

/// How many words totals have.
pub const fn words_in<T>() -> usize {
    let words = size_of::<T>() / size_of::<i64>();
    assert!(align_of::<T>() <= align_of::<i64>() && words * size_of::<i64>() == size_of::<T>());
    words
}

/// How many totals so many words are.
fn count<T>(words: &[i64]) -> usize {
    let count = size_of_val(words) / size_of::<T>();
    assert!(align_of::<T>() <= align_of::<i64>() && count * size_of::<T>() == size_of_val(words));
    count
}

/// Words as totals, or as smaller integers.
pub fn totals<T: Copy>(words: &[i64]) -> &[T] {
    // SAFETY: totals are `repr(C)` structs of nothing but integers, so that any words are a value; they are
    // aligned to no more than a word, and as long as the words, as `count` asserts.
    unsafe { core::slice::from_raw_parts(words.as_ptr().cast(), count::<T>(words)) }
}

/// The same, to be changed.
pub fn totals_mut<T: Copy>(words: &mut [i64]) -> &mut [T] {
    let count = count::<T>(words);
    // SAFETY: as above, and whatever is written to totals is words.
    unsafe { core::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), count) }
}

/// Totals as words.
pub fn words_of<T: Copy>(totals: &[T]) -> Vec<i64> {
    let mut words = vec![0; size_of_val(totals) / size_of::<i64>()];
    totals_mut(&mut words).copy_from_slice(totals);
    words
}
