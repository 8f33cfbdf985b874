//! What calls said, to be compared bit by bit.

use core::ops::Range;

/// One thing that a call said.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    what: &'static str,
    words: Vec<u64>,
}

/// What several calls said, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record(Vec<Entry>);

impl Record {
    /// Adds integers.
    pub fn add(&mut self, what: &'static str, words: impl IntoIterator<Item = u64>) {
        self.0.push(Entry { what, words: words.into_iter().collect() });
    }

    /// Adds a status.
    pub fn status(&mut self, what: &'static str, status: i32) {
        self.add(what, [status as u64]);
    }

    /// Adds words of totals.
    pub fn totals(&mut self, what: &'static str, words: &[i64]) {
        self.add(what, words.iter().map(|word| *word as u64));
    }

    /// Adds floats.
    pub fn floats(&mut self, what: &'static str, floats: &[f32]) {
        self.add(what, floats.iter().map(|float| u64::from(float_bits(*float))));
    }

    /// Calls a function that writes a plain struct of words of eight bytes, of which those in the ranges `doubles` are
    /// doubles, and adds what it wrote and the status. Where that is an error, nothing may have been written.
    pub fn report<R: Copy>(
        &mut self,
        what: &'static str,
        doubles: &[Range<usize>],
        call: impl FnOnce(*mut R) -> i32,
    ) -> i32 {
        let words = size_of::<R>() / 8;
        let mut report = vec![UNTOUCHED; words];
        let status = call(report.as_mut_ptr().cast());
        self.status(what, status);
        if status < 0 {
            assert!(report.iter().all(|word| *word == UNTOUCHED), "{what}: error {status}, and the output changed");
        } else {
            for word in doubles.iter().flat_map(Range::clone) {
                report[word] = double_bits(f64::from_bits(report[word]));
            }
            self.add(what, report);
        }
        status
    }

    /// The same of one double; what it is, or NaN after an error.
    pub fn double(&mut self, what: &'static str, call: impl FnOnce(*mut f64) -> i32) -> f64 {
        if self.report(what, &[0..1], call) < 0 {
            return f64::NAN;
        }
        self.0.last().map_or(f64::NAN, |entry| f64::from_bits(entry.words[0]))
    }

    /// What was written under that name, the status aside; `None` where there was an error or no such call.
    pub fn given(&self, what: &str) -> Option<&[u64]> {
        let mut entries = self.0.iter().filter(|entry| entry.what == what);
        let status = entries.next().filter(|status| status.words[0] as i64 >= 0);
        status.and_then(|_| entries.next()).map(|entry| &entry.words[..])
    }

    /// The entries of that name alone.
    pub fn only(self, what: &str) -> Self {
        Self(self.0.into_iter().filter(|entry| entry.what == what).collect())
    }

    /// Panics where the two differ, and tells where.
    pub fn assert_same(&self, other: &Self, why: &str) {
        for (one, two) in self.0.iter().zip(&other.0) {
            assert_eq!(one.what, two.what, "{why}: other calls");
            let pairs = one.words.iter().zip(&two.words).enumerate();
            for (index, (left, right)) in pairs {
                assert!(left == right, "{why}: {} [{index}]: {left:#x} and {right:#x}", one.what);
            }
            assert_eq!(one.words.len(), two.words.len(), "{why}: {}", one.what);
        }
        assert_eq!(self.0.len(), other.0.len(), "{why}: other calls");
    }
}

/// What outputs are filled with before a call.
pub const UNTOUCHED: u64 = 0x5a5a_a5a5_1234_8765;

/// The bits of a double; every NaN is the same, as its sign and payload are not promised.
pub fn double_bits(double: f64) -> u64 {
    if double.is_nan() { f64::NAN.to_bits() } else { double.to_bits() }
}

/// The same of a float.
pub fn float_bits(float: f32) -> u32 {
    if float.is_nan() { f32::NAN.to_bits() } else { float.to_bits() }
}
