//! The statuses of the C interface.

use crate::capi::fault::{Fault, Subject};
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

#[test]
fn a_name_has_one_subject() {
    let [params, words] = ["params", "words"].map(Subject::named);
    assert!(params.is_some() && words.is_some() && params != words, "names of the list");
    assert_eq!(Subject::named("param"), None, "half a name");
    assert_eq!(Subject::of_argument::<*const f32>("params"), params);
    assert_eq!(Subject::of_argument::<f64>("upstream"), None, "a number needs no name");
    assert_eq!(Fault::of_nonzero(0).status(), i32::MIN, "a fault is never 0");
}
