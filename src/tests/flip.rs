//! One flipped bit in the state of a node: what every reader makes of it. Nothing hangs; the shares are written down in
//! `docs/reliability.md`.

use super::states::{Node, Reading, nodes};
use std::format;
use std::string::String;
use std::vec::Vec;

/// What becomes of a flipped bit, by the reader that does worst.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Same,
    Error,
    Notice,
    Silent,
}

fn outcome(before: &Reading, after: &Reading) -> Outcome {
    let bits = |floats: &[f64]| -> Vec<u64> {
        floats.iter().map(|float| if float.is_nan() { !0 } else { float.to_bits() }).collect()
    };
    let (Ok((before, of_before)), after) = (before, after) else { panic!("an ordinary state") };
    match after {
        Err(_) => Outcome::Error,
        Ok((after, notices)) if bits(after) == bits(before) && notices == of_before => Outcome::Same,
        Ok((_, notices)) if notices != of_before => Outcome::Notice,
        Ok(_) => Outcome::Silent,
    }
}

/// A row of the table.
fn row(node: &Node) -> String {
    let read = |words: &[i64]| -> Vec<Reading> { node.readers.iter().map(|reader| reader(words)).collect() };
    let before = read(&node.words);
    let mut counts = [0; 4];
    let mut words = node.words.clone();
    for word in 0..words.len() {
        for bit in 0..i64::BITS {
            words[word] ^= 1 << bit;
            let pairs = before.iter().zip(read(&words));
            let worst = pairs.map(|(before, after)| outcome(before, &after)).max();
            counts[worst.unwrap_or(Outcome::Same) as usize] += 1;
            words[word] ^= 1 << bit;
        }
    }
    let [same, error, notice, silent] = counts;
    let bits = words.len() * i64::BITS as usize;
    format!("| {} | {bits} | {error} | {notice} | {same} | {silent} |", node.name)
}

#[test]
fn one_flipped_bit_does_what_is_written_down() {
    let document = include_str!("../../docs/reliability.md");
    let rows: Vec<String> = nodes().iter().map(row).collect();
    let missing: Vec<_> = rows.iter().filter(|row| !document.contains(row.as_str())).collect();
    assert!(missing.is_empty(), "docs/reliability.md lacks:\n{}", rows.join("\n"));
}
