//! What the tests of all nodes share. A node says once how it is called ([`Node`]); each property that
//! every node has is then written once, in [`properties`], [`oracle`] and [`refusals`].
//!
//! A node's own file holds its oracle, its strategies and its edges. For a new node: [`Node`] (or
//! [`loss_of_terms`]), then `properties!` with strategies of parameters and batches, [`oracle::Oracle`] for bounds
//! in ulps or [`oracle::Formula`] for differences, and the refusals. `mse.rs` is a short one that has all of them.
//!
//! **The rule for weights of 0**: a pixel of weight 0 is switched off, whatever its values are. It counts as
//! a pixel (a mean divides by it), its weight adds nothing, its term and its gradient are 0, and a NaN or an
//! infinity in its values reaches neither the loss nor the notices. It may still be seen where a node looks
//! at the values themselves: the range of minmax (which is NaN where every score is), the number of pixels outside
//! a sphere. A 0 that is written for it may have either sign.
//! ([`properties::weight_0_switches_off`] holds all nodes that take weights to it.)

pub mod batch;
mod input;
pub mod oracle;
pub mod packed;
pub mod packed_cube;
pub mod properties;
pub mod refusals;

use crate::error::{Error, Notices, Value};
use crate::node::range::Range;
use crate::simd::Write;
pub use crate::tests::words::words_in;
use crate::tests::words::{totals, totals_mut};
use batch::{Batch, Order, number};
pub use input::{Array, Fault, Input};
use std::fmt::Debug;
use std::vec;
use std::vec::Vec;

/// Totals as words, and the range that some nodes have beside them. All zero is empty.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub words: Vec<i64>,
    pub range: Range,
}

impl State {
    pub fn new(words: usize) -> Self {
        Self { words: vec![0; words], range: Range::default() }
    }

    /// The words from one on as so many totals.
    pub fn totals<T: Copy>(&self, first: usize, count: usize) -> &[T] {
        totals(&self.words[first..first + count * words_in::<T>()])
    }

    /// The same, to be changed.
    pub fn totals_mut<T: Copy>(&mut self, first: usize, count: usize) -> &mut [T] {
        totals_mut(&mut self.words[first..first + count * words_in::<T>()])
    }

    /// The words as the only totals of a node.
    pub fn one<T: Copy>(&self) -> &T {
        &self.totals(0, 1)[0]
    }

    /// The same, to be changed.
    pub fn one_mut<T: Copy>(&mut self) -> &mut T {
        &mut self.totals_mut(0, 1)[0]
    }
}

/// How a gradient is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    pub upstream: f64,
    pub write: Write,
}

/// What the state of a node says: a loss is the first number.
pub type Reading = Result<(Vec<f64>, Notices), Error>;

/// The reading of a single number.
pub fn reading(value: Result<Value, Error>) -> Reading {
    value.map(|Value { value, notices }| (vec![value], notices))
}

/// A node with its parameters, as the properties see it.
pub trait Node: Debug {
    /// How many words its state has for pixels of so many channels. (A node without a state reads its input.)
    fn words(&self, _channels: usize) -> usize {
        0
    }

    /// Adds pixels.
    fn update(&self, _input: &Input, _state: &mut State) -> Result<(), Error> {
        Ok(())
    }

    /// Adds another state.
    fn merge(&self, _other: &State, _state: &mut State) {}

    /// Makes words canonical. (Counts are at any time.)
    fn normalize(&self, _state: &mut State) {}

    /// All that the state says.
    fn read(&self, input: &Input, state: &State) -> Reading;

    /// Writes the map of the loss; `None`: there is none.
    fn map(&self, _input: &Input, _to: &mut [f32]) -> Option<Result<Notices, Error>> {
        None
    }

    /// Whether the map has an entry for each value, not for each pixel.
    fn maps_values(&self) -> bool {
        false
    }

    /// Writes the gradient; `None`: there is none.
    fn gradient(&self, _input: &Input, _state: &State, _ask: Ask, _to: &mut [f32]) -> Option<Result<Notices, Error>> {
        None
    }

    /// All steps in one call; `None`: there is no such call.
    fn at_once(
        &self,
        _input: &Input,
        _ask: Ask,
        _state: Option<&mut State>,
        _to: &mut [f32],
    ) -> Option<Result<Value, Error>> {
        None
    }

    /// How many words of the state the call of all steps adds to.
    fn words_at_once(&self, channels: usize) -> usize {
        self.words(channels)
    }

    /// The memory orders that it takes.
    fn orders(&self) -> &'static [Order] {
        &[Order::Interleaved]
    }

    /// The arrays that it needs, and those that it takes beside them.
    fn arrays(&self) -> (&'static [Array], &'static [Array]) {
        (&[Array::Values], &[])
    }

    /// Whether the map holds the terms of the loss: with their weights, and 0 for what does not count.
    fn maps_terms(&self) -> bool {
        true
    }

    /// Whether a pixel counts.
    fn counts(&self, batch: &Batch, pixel: usize) -> bool {
        batch.counts(pixel)
    }

    /// The word that counts masked pixels, which are as if they were not there in all others.
    fn masked_word(&self, _state: &State) -> Option<usize> {
        None
    }

    /// Whether numbers of pixels of weight 0 change what the others give.
    fn weight_0_is_seen(&self) -> bool {
        false
    }
}

/// A loss that is a mean or a sum of terms, with parameters and totals in a module of its own: `arguments` are
/// what its functions take between the parameters and the upstream, of an input.
macro_rules! loss_of_terms {
    ($node:ident, |$input:ident| ($($argument:expr),*), $($own:item)*) => {
        impl Node for $node::Params {
            fn words(&self, _channels: usize) -> usize {
                words_in::<$node::Totals>()
            }

            fn update(&self, $input: &Input, state: &mut State) -> Result<(), Error> {
                state.one_mut::<$node::Totals>().update(self, $($argument),*)
            }

            fn merge(&self, other: &State, state: &mut State) {
                state.one_mut::<$node::Totals>().merge(other.one());
            }

            fn normalize(&self, state: &mut State) {
                state.one_mut::<$node::Totals>().normalize();
            }

            fn read(&self, _input: &Input, state: &State) -> Reading {
                reading(state.one::<$node::Totals>().loss(self))
            }

            fn map(&self, $input: &Input, to: &mut [f32]) -> Option<Result<Notices, Error>> {
                Some($node::map(self, $($argument),*, to))
            }

            fn gradient(
                &self,
                $input: &Input,
                state: &State,
                Ask { upstream, write }: Ask,
                to: &mut [f32],
            ) -> Option<Result<Notices, Error>> {
                let totals = state.one::<$node::Totals>();
                Some(totals.gradient(self, $($argument),*, upstream, write, to))
            }

            fn at_once(
                &self,
                $input: &Input,
                Ask { upstream, write }: Ask,
                state: Option<&mut State>,
                to: &mut [f32],
            ) -> Option<Result<Value, Error>> {
                let totals = state.map(|state| state.one_mut());
                Some($node::loss_and_gradient(self, $($argument),*, upstream, write, totals, to))
            }

            $($own)*
        }
    };
}
pub(super) use loss_of_terms;

/// Everything that a batch gives, as bits; floats pixel by pixel. What there is not is empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    pub state: State,
    pub numbers: Vec<u64>,
    pub notices: Notices,
    pub gradient: Vec<u32>,
    pub map: Vec<u32>,
}

/// The state of a batch.
pub fn state_of(node: &dyn Node, input: &Input) -> State {
    let mut state = State::new(node.words(input.batch.channels));
    node.update(input, &mut state).unwrap();
    state
}

/// What a state says, as bits.
fn numbers(node: &dyn Node, input: &Input, state: &State) -> (Vec<u64>, Notices) {
    let (numbers, notices) = node.read(input, state).unwrap();
    (numbers.into_iter().map(number).collect(), notices)
}

/// The gradient of a batch with a state that is there, pixel by pixel.
pub fn gradient_of(node: &dyn Node, input: &Input, state: &State, ask: Ask) -> Option<(Vec<u32>, Notices)> {
    let mut gradient = input.output(true);
    let notices = node.gradient(input, state, ask, &mut gradient)?.unwrap();
    Some((input.written(&gradient, true), notices))
}

/// Everything that a batch gives; the call of all steps says the same as the steps.
pub fn outcome(node: &dyn Node, batch: &Batch, order: Order) -> Outcome {
    outcome_of(node, &Input::new(batch, order))
}

/// Everything that an input gives.
pub fn outcome_of(node: &dyn Node, input: &Input) -> Outcome {
    let state = state_of(node, input);
    let (numbers, notices) = numbers(node, input, &state);
    let ask = Ask { upstream: 1.5, write: Write::Store };
    let mut gradient = Vec::new();
    if let Some((slopes, of_gradient)) = gradient_of(node, input, &state, ask) {
        assert_eq!(of_gradient, notices);
        gradient = slopes;
    }
    let mut terms = input.output(node.maps_values());
    let map = node.map(input, &mut terms).map(|result| {
        result.unwrap();
        input.written(&terms, node.maps_values())
    });

    let mut at_once = input.output(true);
    let channels = input.batch.channels;
    let mut added = State::new(node.words(channels));
    if let Some(value) = node.at_once(input, ask, Some(&mut added), &mut at_once) {
        let value = value.unwrap();
        assert_eq!((number(value.value), value.notices), (numbers[0], notices), "at once");
        let words = node.words_at_once(channels);
        assert_eq!(added.words[..words], state.words[..words], "at once");
        assert_eq!(added.range, state.range, "at once");
        assert_eq!(input.written(&at_once, true), gradient, "at once");
    }
    Outcome { state, numbers, notices, gradient, map: map.unwrap_or_default() }
}
