//! The hash of parameters: stored totals keep it, so its values stay as they are.

use crate::node::fingerprint::fingerprint;
use std::collections::HashSet;
use std::vec::Vec;

/// The hash of the word of 1.0.
const FIRST: i64 = 0x2ec4_8fe1_6d4c_4506;

/// The formula, in integers that do not wrap.
fn by_formula(words: &[u32]) -> i64 {
    let multiplier = 0x9e37_79b9_7f4a_7c15_u128;
    let product = |hash: u128| hash * multiplier % (1 << 64);
    let mut hash = multiplier;
    for word in words {
        let mixed = product(hash ^ u128::from(*word));
        hash = mixed % (1 << 32) * (1 << 32) + mixed / (1 << 32);
    }
    product(hash ^ (hash / (1 << 32))) as u64 as i64
}

#[test]
fn is_the_formula_and_stays() {
    for words in [&[][..], &[0], &[1], &[0, 0], &[0x3f80_0000, 1], &[u32::MAX; 3], &[1.0_f32.to_bits(), 7, 0]] {
        assert_eq!(fingerprint(words), by_formula(words), "{words:x?}");
    }
    // What a state of the first release holds.
    assert_eq!(fingerprint(&[1.0_f32.to_bits()]), FIRST);
}

#[test]
fn no_pair_of_words_has_the_hash_of_another() {
    // Words that differ in any one bit, in both places: those that a weaker mix confuses.
    let words: Vec<u32> = (0..u32::BITS).map(|bit| 1 << bit).chain([0, 1.0_f32.to_bits(), u32::MAX]).collect();
    let pairs = words.iter().flat_map(|a| words.iter().map(|b| fingerprint(&[*a, *b])));
    let hashes: HashSet<i64> = pairs.collect();
    assert_eq!(hashes.len(), words.len() * words.len());
    assert!(!hashes.contains(&0), "it would look like no terms");
}
