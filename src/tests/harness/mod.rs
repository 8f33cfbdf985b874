//! What the tests of all nodes share. A node says once how it is called ([`Node`]); each property that
//! every node has is then written once, in [`properties`], [`oracle`] and [`refusals`].
//!
//! A node's own file holds its oracle, its strategies and its edges.
//!
//! **The rule for weights of 0**: a pixel of weight 0 is switched off, whatever its values are. It counts as
//! a pixel (a mean divides by it), its weight adds nothing, its term and its gradient are 0, and a NaN or an
//! infinity in its values reaches neither the loss nor the notices. It may still be seen where a node looks
//! at the values themselves: the range of minmax, the number of pixels outside a sphere.
//! ([`properties::weight_0_switches_off`] holds all nodes that take weights to it.)

pub mod batch;
pub mod oracle;
pub mod properties;
pub mod refusals;

use crate::error::{Error, Notices, Value};
use crate::input::{Cube, Layout, Matrix, Pixels};
use crate::node::range::Range;
use crate::simd::Write;
use batch::{Batch, Order, bits, gather, number, place};
use std::fmt::Debug;
use std::vec;
use std::vec::Vec;

/// What is in a gradient or a map before it is written.
pub const BEFORE: f32 = 7.5;

/// An array that a node may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Array {
    Values,
    Other,
    Targets,
    SoftTargets,
    Decisions,
    Labels,
    Valid,
    Weights,
}

/// What is wrong with an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The array is not given.
    Missing(Array),
    /// The array lacks its last item.
    Short(Array),
    /// The array is given to a node that cannot use it, or beside one whose place it takes.
    Extra(Array),
    /// Two values share a place.
    Strides,
    /// There is no channel.
    NoChannels,
}

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
        let words = &self.words[first..first + count * words_in::<T>()];
        // SAFETY: totals are `repr(C)` structs of nothing but integers, aligned to no more than a word, so
        // that any words are a value; there are as many words as they have.
        unsafe { core::slice::from_raw_parts(words.as_ptr().cast(), count) }
    }

    /// The same, to be changed.
    pub fn totals_mut<T: Copy>(&mut self, first: usize, count: usize) -> &mut [T] {
        let words = &mut self.words[first..first + count * words_in::<T>()];
        // SAFETY: as above, and whatever is written to totals is words.
        unsafe { core::slice::from_raw_parts_mut(words.as_mut_ptr().cast(), count) }
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

/// How many words totals have.
pub const fn words_in<T>() -> usize {
    assert!(align_of::<T>() <= align_of::<i64>() && size_of::<T>() % size_of::<i64>() == 0);
    size_of::<T>() / size_of::<i64>()
}

/// How a gradient is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    pub upstream: f64,
    pub write: Write,
}

/// A batch as it lies in memory, and what is wrong with it.
pub struct Input<'a> {
    pub batch: &'a Batch,
    layout: Layout,
    values: Vec<f32>,
    other: Vec<f32>,
    pub fault: Option<Fault>,
}

impl<'a> Input<'a> {
    pub fn new(batch: &'a Batch, order: Order) -> Self {
        let layout = order.layout(batch.n, batch.channels);
        let (values, other) = (place(&batch.values, layout), place(&batch.other, layout));
        Self { batch, layout, values, other, fault: None }
    }

    /// An array as the call gets it.
    fn cut<'b, T>(&self, array: Array, all: &'b [T]) -> &'b [T] {
        match self.fault {
            Some(Fault::Missing(missing)) if missing == array => &[],
            Some(Fault::Short(short)) if short == array => &all[..all.len() - 1],
            _ => all,
        }
    }

    /// An array that need not be there.
    fn given<'b, T>(&self, array: Array, all: &'b [T]) -> Option<&'b [T]> {
        let is_missing = self.fault == Some(Fault::Missing(array));
        (!is_missing && all.len() == self.batch.n).then(|| self.cut(array, all))
    }

    /// Weights or soft targets that the node did not ask for.
    fn extra(&self, array: Array) -> Option<&[f32]> {
        (self.fault == Some(Fault::Extra(array))).then_some(&self.values)
    }

    pub fn pixels(&self) -> Pixels<'_> {
        let Batch { targets, soft_targets, decisions, valid, weights, .. } = self.batch;
        let soft = soft_targets.as_ref().and_then(|soft| self.given(Array::SoftTargets, soft));
        Pixels {
            scores: self.cut(Array::Values, &self.values),
            targets: self.given(Array::Targets, targets).filter(|_| {
                soft_targets.is_none() || self.fault == Some(Fault::Extra(Array::Targets))
            }),
            decisions: self.given(Array::Decisions, decisions),
            valid: valid.as_ref().and_then(|valid| self.given(Array::Valid, valid)),
            weights: weights
                .as_ref()
                .and_then(|weights| self.given(Array::Weights, weights))
                .or(self.extra(Array::Weights)),
            soft_targets: soft.or(self.extra(Array::SoftTargets)),
        }
    }

    pub fn cube(&self) -> Cube<'_> {
        let Batch { targets, labels, valid, weights, .. } = self.batch;
        let layout = match self.fault {
            Some(Fault::Strides) => Layout { pixel_stride: 1, channel_stride: 1, ..self.layout },
            Some(Fault::NoChannels) => Layout { channels: 0, ..self.layout },
            _ => self.layout,
        };
        Cube {
            values: self.cut(Array::Values, &self.values),
            layout,
            targets: self.given(Array::Targets, targets),
            labels: self.given(Array::Labels, labels),
            valid: valid.as_ref().and_then(|valid| self.given(Array::Valid, valid)),
            weights: weights.as_ref().and_then(|weights| self.given(Array::Weights, weights)),
        }
    }

    /// A matrix whose rows are the pixels.
    pub fn matrix(&self) -> Matrix<'_> {
        let Layout { n, channels, pixel_stride, .. } = self.layout;
        let values = self.cut(Array::Values, &self.values);
        Matrix { values, rows: n, columns: channels, row_stride: pixel_stride }
    }

    /// The second array, in the layout of the values.
    pub fn other(&self) -> &[f32] {
        self.cut(Array::Other, &self.other)
    }

    /// An array for a value a pixel, or for each value in the layout of the input.
    fn output(&self, of_values: bool) -> Vec<f32> {
        vec![BEFORE; if of_values { self.values.len() } else { self.batch.n }]
    }

    /// Which places of an output hold values; the others are gaps.
    fn is_value(&self) -> Vec<bool> {
        let Layout { n, channels, pixel_stride, channel_stride } = self.layout;
        let mut is_value = vec![false; self.values.len()];
        for index in 0..n * channels {
            let (pixel, channel) = (index / channels, index % channels);
            is_value[pixel * pixel_stride + channel * channel_stride] = true;
        }
        is_value
    }

    /// What was written to it, pixel by pixel. What lies between the values is as it was.
    fn written(&self, output: &[f32], of_values: bool) -> Vec<u32> {
        if !of_values {
            return bits(output);
        }
        let gaps = output.iter().zip(self.is_value()).filter(|(_, is_value)| !is_value);
        assert!(gaps.into_iter().all(|(gap, _)| *gap == BEFORE), "a gap was written");
        bits(&gather(output, self.layout))
    }
}

/// What the state of a node says: a loss is the first number.
pub type Reading = Result<(Vec<f64>, Notices), Error>;

/// The reading of a single number.
pub fn reading(value: Result<Value, Error>) -> Reading {
    value.map(|Value { value, notices }| (vec![value], notices))
}

/// A node with its parameters, as the properties see it.
pub trait Node: Debug {
    /// How many words its state has for pixels of so many channels.
    /// (None: it has no state, and reads its input.)
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
    fn gradient(
        &self,
        _input: &Input,
        _state: &State,
        _ask: Ask,
        _to: &mut [f32],
    ) -> Option<Result<Notices, Error>> {
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
pub fn gradient_of(
    node: &dyn Node,
    input: &Input,
    state: &State,
    ask: Ask,
) -> Option<(Vec<u32>, Notices)> {
    let mut gradient = input.output(true);
    let notices = node.gradient(input, state, ask, &mut gradient)?.unwrap();
    Some((input.written(&gradient, true), notices))
}

/// Everything that a batch gives; the call of all steps says the same as the steps.
pub fn outcome(node: &dyn Node, batch: &Batch, order: Order) -> Outcome {
    let input = Input::new(batch, order);
    let state = state_of(node, &input);
    let (numbers, notices) = numbers(node, &input, &state);
    let ask = Ask { upstream: 1.5, write: Write::Store };
    let mut gradient = Vec::new();
    if let Some((slopes, of_gradient)) = gradient_of(node, &input, &state, ask) {
        assert_eq!(of_gradient, notices);
        gradient = slopes;
    }
    let mut terms = input.output(node.maps_values());
    let map = node.map(&input, &mut terms).map(|result| {
        result.unwrap();
        input.written(&terms, node.maps_values())
    });

    let mut at_once = input.output(true);
    let mut added = State::new(node.words(batch.channels));
    if let Some(value) = node.at_once(&input, ask, Some(&mut added), &mut at_once) {
        let value = value.unwrap();
        assert_eq!((number(value.value), value.notices), (numbers[0], notices), "at once");
        let words = node.words_at_once(batch.channels);
        assert_eq!(added.words[..words], state.words[..words], "at once");
        assert_eq!(added.range, state.range, "at once");
        assert_eq!(input.written(&at_once, true), gradient, "at once");
    }
    Outcome { state, numbers, notices, gradient, map: map.unwrap_or_default() }
}
