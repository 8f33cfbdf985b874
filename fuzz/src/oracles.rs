//! What must hold of every node, whatever its input is.

use crate::buffer::Buffer;
use crate::fault::{Array, Fault};
use crate::input::{Input, Part};
use crate::node::{Ask, Node, State};
use crate::outputs::{Kind, Outputs};
use crate::record::Record;
use crate::source::{Random, Source};
use crate::tiers::{pin, tiers};

/// Lets a node meet all oracles. What they choose comes out of a seed: most inputs have ended where the oracles begin,
/// and a source that has ended always chooses the same.
pub fn check(node: &dyn Node, input: &Input, source: &mut Source) {
    let choices = Random::new(source).bytes();
    let source = &mut Source::new(&choices);
    let ask = Ask { upstream: source.upstream(), write: 0 };
    let tiers = tiers();
    pin(tiers[0]);
    let whole = Steps::new(node, input, ask);
    for tier in &tiers[1..] {
        pin(*tier);
        let other = Steps::new(node, input, ask);
        whole.record(node, input).assert_same(&other.record(node, input), "another tier");
    }
    if input.has_forms() {
        let (plain, record) = (input.plain(), whole.record(node, input));
        Steps::new(node, &plain, ask).record(node, &plain).assert_same(&record, "planes and slices");
    }
    pin(source.pick(&tiers));
    at_once(node, input, &whole, source);
    if whole.update == 0 {
        split(node, input, &whole, source, &tiers);
        if input.valid.is_some() {
            masked(node, input, &whole, source);
        }
    }
    pin(source.pick(&tiers));
    fault(node, input, &whole, source);
}

/// Update, all values and all outputs of all pixels.
struct Steps {
    ask: Ask,
    update: i32,
    state: State,
    outputs: Outputs,
}

impl Steps {
    fn new(node: &dyn Node, input: &Input, ask: Ask) -> Self {
        let mut state = State::new(node.words(input));
        let update = node.update(input, input.whole(), &mut state);
        if update < 0 {
            state.assert_same(&State::new(node.words(input)), "an error changed the totals");
        }
        let outputs = Outputs::new(node, input, &state, ask);
        Self { ask, update, state, outputs }
    }

    /// All that they say, in an order that does not depend on the layout.
    fn record(&self, node: &dyn Node, input: &Input) -> Record {
        let mut record = Record::default();
        record.status("update", self.update);
        record.totals("totals", &self.state.words);
        record.totals("range", &self.state.range);
        node.values(input, &self.state, &mut record);
        self.outputs.add_to(&mut record, false, |_| true);
        record
    }
}

/// One call says what the steps say.
fn at_once(node: &dyn Node, input: &Input, whole: &Steps, source: &mut Source) {
    let gives_totals = source.once_in(2);
    for kind in [Kind::Store, Kind::Add] {
        let mut state = State::new(node.words(input));
        let mut output = whole.outputs.background(kind);
        let ask = Ask { write: kind.write(), ..whole.ask };
        let mut record = Record::default();
        let to = output.at_mut(0);
        let mut exists = true;
        let status = record.report("loss", &[0..1], |loss| {
            let given = if gives_totals { Some(&mut state) } else { None };
            let status = node.at_once(input, ask, given, loss, to);
            exists = status.is_some();
            status.unwrap_or(-1)
        });
        if !exists {
            return;
        }
        assert!(whole.update == 0 || status < 0, "at once takes what update does not");
        if whole.update == 0 {
            let mut steps = Record::default();
            node.values(input, &whole.state, &mut steps);
            record.assert_same(&steps.only("loss"), "at once and in steps");
        }
        if status < 0 {
            state.assert_same(&State::new(node.words(input)), "an error changed the totals");
            whole.outputs.assert_untouched(&output, kind);
            continue;
        }
        whole.outputs.assert_same(&output, kind);
        if gives_totals {
            let words = node.words_at_once(input);
            assert!(state.words[..words] == whole.state.words[..words], "totals at once and in steps");
            if words > 0 {
                assert!(state.range[..] == whole.state.range[..], "range at once and in steps");
            }
        }
    }
}

/// Parts that are added, merged or whose words are added say what the whole says, each part on any tier.
fn split(node: &dyn Node, input: &Input, whole: &Steps, source: &mut Source, tiers: &[u32]) {
    let parts = parts(input, source);
    let mut states = vec![State::new(node.words(input))];
    let mut is_normal = true;
    for part in &parts {
        pin(source.pick(tiers));
        let mut fresh = State::new(node.words(input));
        match source.below(4) {
            0 => assert_eq!(node.update(input, *part, states.last_mut().expect("one")), 0),
            1 => {
                assert_eq!(node.update(input, *part, &mut fresh), 0);
                states.push(fresh);
            }
            2 => {
                assert_eq!(node.update(input, *part, &mut fresh), 0);
                let last = states.last_mut().expect("one");
                assert_eq!(node.merge(input, &fresh, last), 0);
            }
            _ => {
                assert_eq!(node.update(input, *part, &mut fresh), 0);
                add_words(node, input, &fresh, states.last_mut().expect("one"));
                is_normal = false;
            }
        }
    }
    while let [.., _, _] = states[..] {
        let last = states.pop().expect("two");
        let index = source.below(states.len());
        let by_words = source.once_in(2);
        add(node, input, &last, &mut states[index], by_words);
        is_normal &= !by_words;
    }
    let mut state = states.pop().expect("one");
    let values = |state: &State| {
        let mut record = Record::default();
        node.values(input, state, &mut record);
        record
    };
    let expected = values(&whole.state);
    values(&state).assert_same(&expected, "words that were added, before normalize");
    if !is_normal || source.once_in(2) {
        assert_eq!(node.normalize(input, &mut state), 0);
    }
    state.assert_same(&whole.state, "parts and the whole");
    values(&state).assert_same(&expected, "parts and the whole");
    whole.outputs.assert_parts(node, input, &state, whole.ask, &parts);
}

/// Up to six parts of the pixels, some perhaps empty.
fn parts(input: &Input, source: &mut Source) -> Vec<Part> {
    let mut cuts: Vec<usize> = (0..source.below(6)).map(|_| source.any::<u16>() as usize % (input.n + 1)).collect();
    cuts.extend([0, input.n]);
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| Part { start: pair[0], n: pair[1] - pair[0] }).collect()
}

/// Adds one state to another: by its words, or by the function.
pub fn add(node: &dyn Node, input: &Input, from: &State, to: &mut State, by_words: bool) {
    if by_words {
        add_words(node, input, from, to);
    } else {
        assert_eq!(node.merge(input, from, to), 0);
    }
}

/// Adds the words of one state to another; ranges are merged by their function, which `merge` of an empty state does.
fn add_words(node: &dyn Node, input: &Input, from: &State, to: &mut State) {
    for (to, from) in to.words.iter_mut().zip(from.words.iter()) {
        *to = to.wrapping_add(*from);
    }
    let mut only_range = State::new(node.words(input));
    only_range.range = from.range.clone();
    let mut words = to.clone();
    assert_eq!(node.merge(input, &only_range, &mut words), 0);
    to.range = words.range;
}

/// A masked pixel is as if it were not there: whatever it holds, and if it is left out.
fn masked(node: &dyn Node, input: &Input, whole: &Steps, source: &mut Source) {
    let record = whole.record(node, input);
    let poisoned = input.poisoned(source);
    Steps::new(node, &poisoned, whole.ask).record(node, &poisoned).assert_same(&record, "masked pixels set to NaN");
    let compacted = input.compacted(source);
    let other = Steps::new(node, &compacted, whole.ask);
    let said = |steps: &Steps, input: &Input, is_kept: &dyn Fn(usize) -> bool| {
        let (mut record, mut state) = (Record::default(), steps.state.clone());
        if let Some(word) = node.masked_word() {
            state.words[word] = 0;
        }
        record.totals("totals", &state.words);
        record.totals("range", &state.range);
        node.values(input, &state, &mut record);
        steps.outputs.add_to(&mut record, true, is_kept);
        record
    };
    let of_kept = said(whole, input, &|pixel| input.is_valid(pixel));
    said(&other, &compacted, &|_| true).assert_same(&of_kept, "masked pixels left out");
    whole.outputs.assert_masked(input);
}

/// A mistake is an error that changes nothing, or of an array that is not used.
fn fault(node: &dyn Node, input: &Input, whole: &Steps, source: &mut Source) {
    let mut bad = input.plain();
    let fault = Fault::any(source);
    bad.fault = Some(fault);
    let mut state = State::new(node.words(input));
    let status = node.update(&bad, bad.whole(), &mut state);
    if status < 0 {
        state.assert_same(&State::new(node.words(input)), "an error changed the totals");
    } else if !fault.may_be_legal() {
        state.assert_same(&whole.state, "a mistake that does not matter");
    }
    if matches!(fault, Fault::Null(Array::Totals) | Fault::Misaligned(Array::Totals)) {
        assert!(status < 0, "bad totals were taken");
    }
    whole.outputs.check_fault(node, &bad, &whole.state, whole.ask, fault);
    let mut loss = Record::default();
    let mut output: Buffer<f32> = whole.outputs.background(Kind::Store);
    let to = fault.of_output(Array::Output, output.at_mut(0));
    let mut state = State::new(node.words(input));
    loss.double("loss", |loss| {
        let status = node.at_once(&bad, whole.ask, Some(&mut state), loss, to).unwrap_or(-1);
        if status < 0 {
            state.assert_same(&State::new(node.words(input)), "an error changed the totals");
            whole.outputs.assert_untouched(&output, Kind::Store);
        }
        status
    });
}
