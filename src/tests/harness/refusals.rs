//! Bad arguments: every function that sees one says the same error, and nothing has changed.

use super::batch::Batch;
use super::{Array, Ask, Fault, Input, Node, State, state_of};
use crate::error::Error;
use crate::simd::Write;
use std::vec::Vec;

/// Every function with inputs refuses this one, and changes neither its state nor its outputs.
fn expect_error(node: &dyn Node, input: &Input, before: &State, error: Error, why: &str) {
    let ask = Ask { upstream: 1.0, write: Write::Add };
    let mut state = before.clone();
    let has_state = before != &State::new(before.words.len());
    if has_state {
        assert_eq!(node.update(input, &mut state), Err(error), "update, {why}");
    }
    let mut map = input.output(node.maps_values());
    if let Some(result) = node.map(input, &mut map) {
        assert_eq!(result, Err(error), "map, {why}");
    }
    let mut slopes = input.output(true);
    if let Some(result) = node.gradient(input, before, ask, &mut slopes) {
        assert_eq!(result, Err(error), "gradient, {why}");
    }
    if let Some(result) = node.at_once(input, ask, Some(&mut state), &mut slopes) {
        assert_eq!(result, Err(error), "at once, {why}");
    }
    let untouched = map == input.output(node.maps_values()) && slopes == input.output(true);
    assert!(&state == before && untouched, "{why} has changed something");
}

/// Parameters that are bad, each in a node of its own: reading refuses them, too.
pub fn bad_parameters_change_nothing(node: &dyn Node, batch: &Batch, bad: &[(&dyn Node, Error)]) {
    let input = Input::new(batch, node.orders()[0]);
    let state = state_of(node, &input);
    for (bad, error) in bad {
        let why = std::format!("{bad:?}");
        expect_error(*bad, &input, &state, *error, &why);
        assert_eq!(bad.read(&input, &state), Err(*error), "{why}");
    }
}

/// Totals of other parameters are an error wherever they are read, by themselves and after a merge.
pub fn mixed_totals_are_found(node: &dyn Node, batch: &Batch, others: &[&dyn Node]) {
    let input = Input::new(batch, node.orders()[0]);
    let state = state_of(node, &input);
    for other in others {
        let mut merged = state_of(*other, &input);
        assert_eq!(other.read(&input, &state), Err(Error::MixedTotals), "{other:?}");
        node.merge(&state, &mut merged);
        for reader in [node, *other] {
            assert_eq!(reader.read(&input, &merged), Err(Error::MixedTotals), "{other:?}");
            let mut slopes = input.output(true);
            let ask = Ask { upstream: 1.0, write: Write::Store };
            if let Some(result) = reader.gradient(&input, &merged, ask, &mut slopes) {
                assert_eq!(result, Err(Error::MixedTotals), "{other:?}");
                assert_eq!(slopes, input.output(true));
            }
        }
    }
}

/// Inputs that are missing, too short or too many, and outputs of another length. The batch has all arrays
/// that the node takes, and one pixel at least.
pub fn bad_inputs_change_nothing(node: &dyn Node, batch: &Batch) {
    let mut input = Input::new(batch, node.orders()[0]);
    let before = state_of(node, &input);
    for (fault, error) in faults(node, batch.soft_targets.is_some()) {
        input.fault = Some(fault);
        expect_error(node, &input, &before, error, &std::format!("{fault:?}"));
    }
    input.fault = None;
    wrong_outputs(node, &input, &before);
}

/// What can be wrong, and what is said of it; soft targets may be in the place of others.
fn faults(node: &dyn Node, is_soft: bool) -> Vec<(Fault, Error)> {
    let (needed, taken) = node.arrays();
    let in_place = |array: &Array| match array {
        Array::Targets if is_soft => Array::SoftTargets,
        array => *array,
    };
    let needed: Vec<Array> = needed.iter().map(in_place).collect();
    let is_cube = node.orders().len() > 1;
    let mut faults = Vec::new();
    for array in &needed {
        let is_given_as_a_slice = matches!(array, Array::Values | Array::Other);
        if !is_given_as_a_slice {
            faults.push((Fault::Missing(*array), Error::MissingInput));
        }
    }
    for array in needed.iter().chain(taken) {
        faults.push((Fault::Short(*array), Error::LengthMismatch));
    }
    if is_cube {
        faults.push((Fault::Strides, Error::Strides));
        faults.push((Fault::NoChannels, Error::Channels));
    } else {
        let other = if is_soft { Array::Targets } else { Array::SoftTargets };
        faults.push((Fault::Extra(other), Error::UnsupportedInput));
        if !taken.contains(&Array::Weights) {
            faults.push((Fault::Extra(Array::Weights), Error::UnsupportedInput));
        }
    }
    faults
}

/// Outputs that are too short; of pixels of one value, those that are too long, too.
fn wrong_outputs(node: &dyn Node, input: &Input, before: &State) {
    let ask = Ask { upstream: 1.0, write: Write::Add };
    let is_cube = node.orders().len() > 1;
    for more in [false, true] {
        if more && is_cube {
            continue;
        }
        let of_length = |mut output: Vec<f32>| {
            let length = if more { output.len() + 1 } else { output.len() - 1 };
            output.resize(length, 0.5);
            output
        };
        let fresh = [input.output(node.maps_values()), input.output(true)].map(of_length);
        let ([mut map, mut slopes], mut state) = (fresh.clone(), before.clone());
        if let Some(result) = node.map(input, &mut map) {
            assert_eq!(result, Err(Error::LengthMismatch), "a map of another length");
        }
        if let Some(result) = node.gradient(input, before, ask, &mut slopes) {
            assert_eq!(result, Err(Error::LengthMismatch), "a gradient of another length");
        }
        if let Some(result) = node.at_once(input, ask, Some(&mut state), &mut slopes) {
            assert_eq!(result, Err(Error::LengthMismatch), "a gradient of another length, at once");
        }
        assert!(&state == before && [map, slopes] == fresh, "an output has changed");
    }
}
