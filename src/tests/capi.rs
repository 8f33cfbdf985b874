//! The statuses of the C interface.

use crate::error::{Error, Notices};

#[test]
fn errors_differ_in_number_and_sentence() {
    let numbers = Error::ALL.map(Error::number);
    let counted: std::vec::Vec<i32> = (1..=Error::ALL.len() as i32).map(|number| -number).collect();
    assert_eq!(numbers.as_slice(), counted, "no number is left out");
    all_differ(Error::ALL.map(Error::message).to_vec());
}

#[test]
fn notices_differ_in_bit_and_sentence() {
    for (place, notice) in Notices::ALL.into_iter().enumerate() {
        assert_eq!(notice.bits(), 1 << place, "no bit is left out");
    }
    let mut sentences = Notices::ALL.map(Notices::message).to_vec();
    sentences.push(Notices::NONE.message());
    all_differ(sentences);
}

fn all_differ(mut sentences: std::vec::Vec<&str>) {
    assert!(sentences.iter().all(|sentence| sentence.ends_with('.')), "sentences");
    sentences.sort_unstable();
    assert!(sentences.windows(2).all(|pair| pair[0] != pair[1]), "sentences differ");
}
