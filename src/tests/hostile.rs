//! Words that nobody meant: every reader of every node returns, and gives no number that is not that of the words; and
//! an update of any words ends with the same ones on every tier.

use super::exact_words::{any_digit, canonical, integer};
use super::for_each_tier;
use super::states::{Node, Reading, nodes};
use crate::error::{Error, Notices};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

fn read(node: &Node, words: &[i64]) -> Vec<Reading> {
    node.readers.iter().map(|reader| reader(words)).collect()
}

/// A reading as text: all NaNs are one.
fn text(readings: &[Reading]) -> String {
    format!("{readings:?}")
}

/// A NaN says why it is one.
fn check(node: &Node, words: &[i64]) {
    for (numbers, notices) in read(node, words).into_iter().flatten() {
        let silent = notices == Notices::NONE && numbers.iter().any(|number| number.is_nan());
        assert!(!silent, "{}: {numbers:?} of {words:?}", node.name);
    }
}

#[test]
fn ordinary_words_are_no_error_and_no_words_are_nothing() {
    for node in nodes() {
        assert!(read(&node, &node.words).iter().all(Result::is_ok), "{}", node.name);
        let readings = read(&node, &vec![0; node.words.len()]);
        assert!(readings.iter().all(Result::is_ok), "{}: {readings:?}", node.name);
    }
}

#[test]
fn words_of_one_kind_are_an_error() {
    for node in nodes() {
        for word in [-1, i64::MIN, -0x5a5a_5a5a_5a5a_5a5b] {
            let readings = read(&node, &vec![word; node.words.len()]);
            let expected = readings.iter().all(|reading| reading == &Err(Error::Totals));
            assert!(expected, "{}: {word:x}, {readings:?}", node.name);
        }
    }
}

#[test]
fn any_single_word_returns() {
    let powers = (0..64).flat_map(|bit| [1_i64 << bit, (1_i64 << bit).wrapping_neg()]);
    let hostile: Vec<i64> = powers.chain([i64::MAX, 0xffff_ffff, !0xffff_ffff]).collect();
    for node in nodes() {
        for base in [vec![0; node.words.len()], node.words.clone()] {
            let mut words = base.clone();
            for place in 0..words.len() {
                for word in &hostile {
                    words[place] = *word;
                    check(&node, &words);
                }
                words[place] = base[place];
            }
        }
    }
}

#[test]
fn any_words_return() {
    let mut runner = TestRunner::deterministic();
    for node in nodes() {
        let count = node.words.len();
        let words = proptest::collection::vec(any_digit(), count);
        let few = proptest::collection::vec((0..count, any_digit()), 1..4);
        for _ in 0..300 {
            check(&node, &words.new_tree(&mut runner).unwrap().current());
            let mut mixed = node.words.clone();
            for (place, word) in few.new_tree(&mut runner).unwrap().current() {
                mixed[place] = word;
            }
            check(&node, &mixed);
        }
    }
}

#[test]
fn words_that_are_not_canonical_read_as_what_they_are() {
    let mut runner = TestRunner::deterministic();
    let carries = proptest::collection::vec(-(1_i64 << 30)..(1 << 30), 20);
    for node in nodes() {
        let expected = text(&read(&node, &node.words));
        for _ in 0..20 {
            let mut words = node.words.clone();
            for (first, count) in &node.sums {
                let carries = carries.new_tree(&mut runner).unwrap().current();
                for (place, carry) in (*first..first + count - 1).zip(carries) {
                    words[place] += carry << 32;
                    words[place + 1] -= carry;
                }
            }
            assert_eq!(text(&read(&node, &words)), expected, "{}: {words:?}", node.name);
        }
    }
}

/// What an update makes of any words: its own words are added, and all sums are canonical.
fn expected(node: &Node, words: &[i64], added: &[i64]) -> Vec<i64> {
    let sum = words.iter().zip(added).map(|(word, more)| word.wrapping_add(*more));
    let mut expected: Vec<i64> = sum.collect();
    for (first, count) in &node.sums {
        let place = *first..first + count;
        let sum = integer(&words[place.clone()]) + integer(&added[place.clone()]);
        expected[place].copy_from_slice(&canonical(sum, *count));
    }
    expected
}

#[test]
fn an_update_of_any_words_gives_the_same_words_on_every_tier() {
    let mut runner = TestRunner::deterministic();
    for node in nodes() {
        let Some(update) = &node.update else { continue };
        let zeros = vec![0; node.length];
        let added = update(&zeros);
        let any = proptest::collection::vec(any_digit(), zeros.len());
        for _ in 0..40 {
            let words = any.new_tree(&mut runner).unwrap().current();
            let expected = expected(&node, &words, &added);
            for_each_tier(|tier| assert_eq!(update(&words), expected, "{}, {tier:?}", node.name));
        }
    }
}
