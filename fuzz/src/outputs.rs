//! The outputs of a node in the layout of its input: the map, and the gradient that is stored or added.

use crate::buffer::Buffer;
use crate::fault::{Array, Fault};
use crate::input::{Input, Layout, Part};
use crate::node::{Ask, Node, State};
use crate::record::{Record, float_bits};

/// Which output it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// The map of the loss.
    Map,
    /// The gradient, stored.
    Store,
    /// The gradient, added to what is there.
    Add,
}

impl Kind {
    /// HYLA_STORE or HYLA_ADD.
    pub fn write(self) -> u32 {
        u32::from(self == Self::Add)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Map => "map",
            Self::Store => "gradient, stored",
            Self::Add => "gradient, added",
        }
    }
}

/// One output, and the status.
struct Output {
    kind: Kind,
    status: i32,
    layout: Layout,
    floats: Buffer<f32>,
}

/// All outputs that a node has.
pub struct Outputs {
    of_values: Layout,
    n: usize,
    outputs: Vec<Output>,
}

/// What output memory holds before a call: floats of the place, so that a move is seen.
fn background(start: usize, length: usize) -> Buffer<f32> {
    let floats: Vec<f32> = (0..length).map(at).collect();
    Buffer::new(start, &floats)
}

/// Where the outputs begin.
const START: usize = 5;

/// Calls for one output of a part; `None`: the node has no such output.
fn call(node: &dyn Node, input: &Input, part: Part, state: &State, ask: Ask, kind: Kind, to: *mut f32) -> Option<i32> {
    match kind {
        Kind::Map => node.map(input, part, to),
        _ => node.gradient(input, part, state, Ask { write: kind.write().max(ask.write), ..ask }, to),
    }
}

impl Outputs {
    /// Calls for all of them. Where an error comes back, and between the values, the memory must be as it was.
    pub fn new(node: &dyn Node, input: &Input, state: &State, ask: Ask) -> Self {
        let mut outputs = Vec::new();
        for kind in [Kind::Map, Kind::Store, Kind::Add] {
            let of_values = kind != Kind::Map || node.maps_values();
            let layout = if of_values { input.layout } else { Layout::compact(1) };
            let mut floats = background(START, layout.span(input.n));
            let to = floats.at_mut(0);
            let Some(status) = call(node, input, input.whole(), state, ask, kind, to) else {
                continue;
            };
            let output = Output { kind, status, layout, floats };
            if status < 0 {
                assert_untouched(&output.floats, kind);
            }
            output.assert_gaps(input.n);
            outputs.push(output);
        }
        Self { of_values: input.layout, n: input.n, outputs }
    }

    /// Memory for an output, as before a call.
    pub fn background(&self, kind: Kind) -> Buffer<f32> {
        let layout =
            self.outputs.iter().find(|output| output.kind == kind).map_or(self.of_values, |output| output.layout);
        background(START, layout.span(self.n))
    }

    /// Panics unless the memory is as before a call.
    pub fn assert_untouched(&self, floats: &Buffer<f32>, kind: Kind) {
        assert_untouched(floats, kind);
    }

    /// Panics unless the memory holds the same output, to the last bit, and the gaps are untouched.
    pub fn assert_same(&self, floats: &Buffer<f32>, kind: Kind) {
        let Some(output) = self.outputs.iter().find(|output| output.kind == kind) else { return };
        for (place, (one, two)) in output.floats.iter().zip(floats.iter()).enumerate() {
            let same = float_bits(*one) == float_bits(*two);
            assert!(same, "{} at {place}: {one:e} and {two:e}", kind.name());
        }
    }

    /// Adds the outputs of some pixels to a record, pixel by pixel. Of two inputs of other layouts or lengths what was
    /// added to differs, and a map tells when it has no pixel: neither is taken then.
    pub fn add_to(&self, record: &mut Record, is_of_other_layout: bool, is_kept: impl Fn(usize) -> bool) {
        for output in &self.outputs {
            if !(is_of_other_layout && output.kind == Kind::Map) {
                record.status(output.kind.name(), output.status);
            }
            if is_of_other_layout && output.kind == Kind::Add {
                continue;
            }
            let pixels = (0..self.n).filter(|pixel| is_kept(*pixel));
            let values = pixels.flat_map(|pixel| (0..output.layout.channels).map(move |channel| (pixel, channel)));
            let floats: Vec<f32> =
                values.map(|(pixel, channel)| output.floats[output.layout.index(pixel, channel)]).collect();
            record.floats(output.kind.name(), &floats);
        }
    }

    /// Panics unless the parts write what the whole wrote.
    pub fn assert_parts(&self, node: &dyn Node, input: &Input, state: &State, ask: Ask, parts: &[Part]) {
        for output in &self.outputs {
            let mut floats = self.background(output.kind);
            for part in parts {
                let start = (part.start * output.layout.pixel_stride).min(floats.len());
                let to = floats.at_mut(start);
                let status = call(node, input, *part, state, ask, output.kind, to).expect("as the whole");
                let same = output.kind == Kind::Map || status == output.status;
                assert!(same, "{}: status {status} of a part, {} of the whole", output.kind.name(), output.status);
            }
            self.assert_same(&floats, output.kind);
        }
    }

    /// Panics unless outputs of masked pixels are 0, or unchanged where they are added.
    pub fn assert_masked(&self, input: &Input) {
        for output in self.outputs.iter().filter(|output| output.status >= 0) {
            for pixel in (0..input.n).filter(|pixel| !input.is_valid(*pixel)) {
                for channel in 0..output.layout.channels {
                    let place = output.layout.index(pixel, channel);
                    let expected = if output.kind == Kind::Add { at(place) } else { 0.0 };
                    let float = output.floats[place];
                    assert!(
                        float.to_bits() == expected.to_bits(),
                        "{} of a masked pixel: {float:e}",
                        output.kind.name()
                    );
                }
            }
        }
    }

    /// Calls for all outputs of an input with a mistake.
    pub fn check_fault(&self, node: &dyn Node, bad: &Input, state: &State, ask: Ask, fault: Fault) {
        for output in &self.outputs {
            let (mut floats, mut bad) = (self.background(output.kind), bad.clone());
            let values: Vec<u32> = bad.values.iter().map(|value| value.to_bits()).collect();
            let mut to = fault.of_output(Array::Output, floats.at_mut(0));
            let mut overlaps = false;
            if let Fault::Overlap(bytes) = fault {
                to = bad.values.at_mut(0).wrapping_byte_add(bytes);
                overlaps = bytes < 4 * bad.values.len() && output.layout.span(bad.n) > 0;
                if !overlaps {
                    continue;
                }
            }
            let ask = if let Fault::Write(write) = fault { Ask { write, ..ask } } else { ask };
            let status = call(node, &bad, bad.whole(), state, ask, output.kind, to).expect("as before");
            assert!(!overlaps || status < 0, "an overlap was taken");
            if status < 0 {
                assert_untouched(&floats, output.kind);
                assert!(bad.values.iter().map(|value| value.to_bits()).eq(values), "an error changed the input");
            } else if !fault.may_be_legal() {
                self.assert_same(&floats, output.kind);
            }
        }
    }
}

impl Output {
    /// Panics unless floats between the values are untouched.
    fn assert_gaps(&self, n: usize) {
        let mut is_value = vec![false; self.floats.len()];
        for pixel in 0..n {
            for channel in 0..self.layout.channels {
                is_value[self.layout.index(pixel, channel)] = true;
            }
        }
        for (place, float) in self.floats.iter().enumerate().filter(|(place, _)| !is_value[*place]) {
            assert!(float.to_bits() == at(place).to_bits(), "{} wrote into a gap at {place}", self.kind.name());
        }
    }
}

/// What is at a place before a call.
fn at(place: usize) -> f32 {
    place as f32 * 0.375 - 100.0
}

fn assert_untouched(floats: &Buffer<f32>, kind: Kind) {
    for (place, float) in floats.iter().enumerate() {
        assert!(float.to_bits() == at(place).to_bits(), "{}: an error changed the output at {place}", kind.name());
    }
}
