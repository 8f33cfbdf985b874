//! A node as the oracles see it: functions that add pixels to a state, and read the state.

use crate::buffer::Buffer;
use crate::fault::{Array, Fault};
use crate::input::{Input, Part};
use crate::record::Record;

/// How many words a `hyla_range` has.
pub const RANGE_WORDS: usize = 8;

/// Totals, and the range that some nodes have beside them. All zero is empty.
#[derive(Clone)]
pub struct State {
    /// The words that merge by addition.
    pub words: Buffer<i64>,
    /// A `hyla_range`, which does not.
    pub range: Buffer<i64>,
}

impl State {
    /// The empty state of a node.
    pub fn new(words: usize) -> Self {
        Self { words: Buffer::filled(0, 0, words), range: Buffer::filled(1, 0, RANGE_WORDS) }
    }

    /// The totals, from a word on.
    pub fn at<T>(&self, word: usize) -> *const T {
        self.words.at(word).cast()
    }

    /// The same, to write there; elsewhere or NULL if the input has that fault.
    pub fn at_mut<T>(&mut self, word: usize, fault: Option<Fault>) -> *mut T {
        let pointer = self.words.at_mut(word).cast();
        fault.map_or(pointer, |fault| fault.of_output(Array::Totals, pointer))
    }

    /// The range.
    pub fn range<T>(&self) -> *const T {
        self.range.at(0).cast()
    }

    /// The range, to write there.
    pub fn range_mut<T>(&mut self) -> *mut T {
        self.range.at_mut(0).cast()
    }

    /// Panics where the two differ.
    pub fn assert_same(&self, other: &Self, why: &str) {
        let record = |state: &Self| {
            let mut record = Record::default();
            record.totals("totals", &state.words);
            record.totals("range", &state.range);
            record
        };
        record(self).assert_same(&record(other), why);
    }
}

/// How a gradient is asked for.
#[derive(Clone, Copy)]
pub struct Ask {
    /// What it is multiplied by.
    pub upstream: f64,
    /// HYLA_STORE or HYLA_ADD.
    pub write: u32,
}

/// A loss or a metric with totals.
pub trait Node {
    /// How many words its totals have.
    fn words(&self, input: &Input) -> usize;

    /// Adds pixels.
    fn update(&self, input: &Input, part: Part, state: &mut State) -> i32;

    /// Adds another state.
    fn merge(&self, input: &Input, other: &State, state: &mut State) -> i32;

    /// Makes words canonical.
    fn normalize(&self, input: &Input, state: &mut State) -> i32;

    /// Reads all that the state says.
    fn values(&self, input: &Input, state: &State, record: &mut Record);

    /// Writes the map of the loss; `None`: there is none.
    fn map(&self, _input: &Input, _part: Part, _to: *mut f32) -> Option<i32> {
        None
    }

    /// Whether the map has an entry for each value, not for each pixel.
    fn maps_values(&self) -> bool {
        false
    }

    /// Writes the gradient; `None`: there is none.
    fn gradient(&self, _input: &Input, _part: Part, _state: &State, _ask: Ask, _to: *mut f32) -> Option<i32> {
        None
    }

    /// All steps in one call; `None`: there is no such call.
    fn at_once(
        &self,
        _input: &Input,
        _ask: Ask,
        _state: Option<&mut State>,
        _loss: *mut f64,
        _to: *mut f32,
    ) -> Option<i32> {
        None
    }

    /// The word that counts masked pixels, which are as if they were not there in all others.
    fn masked_word(&self) -> Option<usize> {
        None
    }

    /// How many words of the totals the call of all steps adds to.
    fn words_at_once(&self, input: &Input) -> usize {
        self.words(input)
    }
}
