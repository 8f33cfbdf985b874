//! Properties of every node: each takes a node with its parameters, a batch, and where it is cut.

use super::batch::{Batch, Order, bits, cuts};
use super::input::BEFORE;
use super::packed::{Dice, Packed};
use super::packed_cube::PackedCube;
use super::{Ask, Input, Node, Outcome, State, gradient_of, outcome, outcome_of, state_of};
use crate::error::{Error, Notices};
use crate::exact::ExactSum;
use crate::simd::Write;
use crate::tests::{ends, for_each_tier};
use proptest::sample::Index;
use std::collections::VecDeque;
use std::vec::Vec;

/// Writes a test a property: `properties! { 64 cases of node() with batch(); property property ... }`.
macro_rules! properties {
    ($cases:literal cases of $nodes:expr, with $batches:expr; $($property:ident)*) => {
        proptest::proptest! {
            #![proptest_config(proptest::prelude::ProptestConfig::with_cases($cases))]
            $(
                #[test]
                fn $property(node in $nodes, batch in $batches, cuts in $crate::tests::splits()) {
                    $crate::tests::harness::properties::$property(&node, &batch, &cuts);
                }
            )*
        }
    };
}
pub(in crate::tests) use properties;

/// Every tier and memory order gives the same bits, and all steps in one call give those of the steps.
pub fn every_tier_and_order_gives_the_same_bits(node: &dyn Node, batch: &Batch, _cuts: &[Index]) {
    let first = outcome(node, batch, node.orders()[0]);
    for_each_tier(|tier| {
        for order in node.orders() {
            assert_eq!(outcome(node, batch, *order), first, "{tier:?} {order:?}");
        }
    });
}

/// Parts that are added one after the other, merged backwards, merged as a tree that begins anywhere, or added
/// word by word give the words of the whole; the gradients of the parts are those of the whole.
pub fn any_split_gives_the_same_words_and_gradients(node: &dyn Node, batch: &Batch, at: &[Index]) {
    let orders = node.orders();
    let whole = outcome(node, batch, orders[orders.len() / 2]);
    let [_, halves, _, many] = cuts(batch.n);
    for ends in [ends(at, batch.n), halves, many] {
        let parts: Vec<Batch> = ends.windows(2).map(|ends| batch.part(ends[0], ends[1])).collect();
        let inputs: Vec<Input> =
            parts.iter().enumerate().map(|(index, part)| Input::new(part, orders[index % orders.len()])).collect();
        let states: Vec<State> = inputs.iter().map(|input| state_of(node, input)).collect();
        let empty = || State::new(whole.state.words.len());
        let (mut added, mut merged, mut words) = (empty(), empty(), empty());
        for (input, state) in inputs.iter().zip(&states).rev() {
            node.update(input, &mut added).unwrap();
            node.merge(state, &mut merged);
            for (word, more) in words.words.iter_mut().zip(&state.words) {
                *word = word.wrapping_add(*more);
            }
        }
        node.normalize(&mut words);
        assert_eq!(added, whole.state, "added one after the other");
        assert_eq!(merged, whole.state, "merged backwards");
        assert_eq!(words.words, whole.state.words, "added word by word");
        assert_eq!(tree(node, states, at), whole.state, "merged as a tree");

        let ask = Ask { upstream: 1.5, write: Write::Store };
        let slopes = inputs.iter().filter_map(|input| gradient_of(node, input, &merged, ask));
        let slopes: Vec<u32> = slopes.flat_map(|(slopes, _)| slopes).collect();
        assert_eq!(slopes, whole.gradient, "gradients of the parts");
    }
}

/// Two states become one at the end of the queue, until there is one.
fn tree(node: &dyn Node, states: Vec<State>, at: &[Index]) -> State {
    let mut states: VecDeque<State> = states.into();
    states.rotate_left(at.first().map_or(0, |first| first.index(states.len())));
    loop {
        let mut left = states.pop_front().unwrap();
        let Some(right) = states.pop_front() else { return left };
        node.merge(&right, &mut left);
        states.push_back(left);
    }
}

/// A masked pixel is as if it were not there, whatever its data are; a pixel that does not count for another
/// reason has no term and no gradient, whatever its values are.
pub fn a_masked_pixel_is_as_if_it_were_not_there(node: &dyn Node, batch: &Batch, _cuts: &[Index]) {
    let kept = batch.valid_places();
    let without = Batch { valid: None, ..batch.pick(&kept) };
    let mut bad = batch.poisoned();
    bad.fill(f32::NAN, |pixel| !node.counts(batch, pixel));
    for order in node.orders().iter().take(2) {
        let found = outcome(node, batch, *order);
        assert_eq!(outcome(node, &batch.poisoned(), *order), found, "poisoned, {order:?}");
        assert_eq!(outcome(node, &bad, *order), found, "poisoned where none counts, {order:?}");
        for pixel in (0..batch.n).filter(|pixel| !node.counts(batch, *pixel)) {
            for floats in [&found.gradient, &found.map] {
                assert!(row(floats, batch.n, pixel).iter().all(|bits| *bits == 0), "{pixel}");
            }
        }
        let Outcome { gradient, map, .. } = &found;
        let rows = |floats: &[u32]| -> Vec<u32> {
            kept.iter().flat_map(|pixel| row(floats, batch.n, *pixel).to_vec()).collect()
        };
        let mut expected = Outcome { gradient: rows(gradient), map: rows(map), ..found.clone() };
        let mut others = outcome(node, &without, *order);
        if let Some(word) = node.masked_word(&expected.state) {
            assert_eq!(expected.state.words[word], (batch.n - kept.len()) as i64);
            (expected.state.words[word], others.state.words[word]) = (0, 0);
        }
        assert_eq!(others, expected, "left out, {order:?}");
    }
}

/// What an output has of a pixel.
fn row(floats: &[u32], n: usize, pixel: usize) -> &[u32] {
    let length = floats.len() / n.max(1);
    &floats[pixel * length..(pixel + 1) * length]
}

fn row_mut(floats: &mut [u32], n: usize, pixel: usize) -> &mut [u32] {
    let length = floats.len() / n.max(1);
    &mut floats[pixel * length..(pixel + 1) * length]
}

/// The rule for weights of 0, as the harness states it.
pub fn weight_0_switches_off(node: &dyn Node, batch: &Batch, _cuts: &[Index]) {
    let is_off = |pixel: usize| pixel % 3 == 1;
    let mut off = batch.clone();
    let weights = (0..batch.n).map(|pixel| if is_off(pixel) { 0.0 } else { batch.weight(pixel) });
    off.weights = Some(weights.collect());
    off.tame();
    // Where nothing but NaN is left there is no range; and what is not finite without these pixels is not for them to
    // change.
    if node.weight_0_is_seen() {
        let mut without = off.clone();
        let is_left = |pixel: usize| u8::from(!is_off(pixel) && node.counts(&off, pixel));
        without.valid = Some((0..batch.n).map(is_left).collect());
        let notices = outcome(node, &without, node.orders()[0]).notices;
        if notices.contains(Notices::EMPTY) || notices.contains(Notices::NOT_FINITE) {
            return;
        }
    }
    for order in node.orders().iter().take(2) {
        let mut first = None;
        for value in [0.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            if node.weight_0_is_seen() && !value.is_nan() {
                continue;
            }
            off.fill(value, is_off);
            let Outcome { numbers, notices, mut gradient, mut map, .. } = outcome(node, &off, *order);
            if !node.maps_terms() {
                map.clear();
            }
            // A product with 0 may be a zero of either sign.
            for floats in [&mut gradient, &mut map] {
                for pixel in (0..batch.n).filter(|pixel| is_off(*pixel)) {
                    for bits in row_mut(floats, batch.n, pixel) {
                        assert!(*bits << 1 == 0, "{value} of weight 0 is written, {order:?}");
                        *bits = 0;
                    }
                }
            }
            let found = (numbers, notices, gradient, map);
            let first = first.get_or_insert_with(|| found.clone());
            assert_eq!(&found, first, "{value} of weight 0, {order:?}");
        }
    }
}

/// To add is to store, plus what was there; all steps in one call add, too, and need no totals.
pub fn adding_is_storing_plus_what_was_there(node: &dyn Node, batch: &Batch, _cuts: &[Index]) {
    for order in node.orders().iter().take(2) {
        let input = Input::new(batch, *order);
        let state = state_of(node, &input);
        let is_value = input.is_value();
        let before: Vec<f32> = (0..is_value.len()).map(|i| i as f32 - 3.25).collect();
        let [mut stored, mut added, mut at_once] = [(); 3].map(|()| before.clone());
        let ask = |write| Ask { upstream: -2.0, write };
        node.gradient(&input, &state, ask(Write::Store), &mut stored).unwrap().unwrap();
        node.gradient(&input, &state, ask(Write::Add), &mut added).unwrap().unwrap();
        let expected: Vec<f32> = (0..is_value.len())
            .map(|place| before[place] + if is_value[place] { stored[place] } else { 0.0 })
            .collect();
        assert_eq!(bits(&added), bits(&expected), "{order:?}");
        if let Some(result) = node.at_once(&input, ask(Write::Add), None, &mut at_once) {
            result.unwrap();
            assert_eq!(bits(&at_once), bits(&expected), "at once, {order:?}");
        }
    }
}

/// Pixels of any type, stride and pitch give the bits of floats and bytes that say the same, and outputs with a pitch
/// those of outputs without one; what is added is added to what was there.
pub fn every_type_gives_the_bits_of_plain_input(node: &dyn Node, batch: &Batch, at: &[Index]) {
    let (needed, optional) = node.arrays();
    let dice = &mut dice(batch, at);
    for _ in 0..4 {
        let packed = Packed::new(batch, &[needed, optional].concat(), dice);
        let plain = outcome(node, &packed.batch, Order::Interleaved);
        let planes = packed.planes();
        let input = Input::of_planes(&packed.batch, &planes);
        for_each_tier(|tier| assert_eq!(outcome_of(node, &input), plain, "{tier:?}: {planes:?}"));
        let state = state_of(node, &input);
        let mut added = input.output(true);
        if node.gradient(&input, &state, Ask { upstream: 1.5, write: Write::Add }, &mut added).is_some() {
            let stored = plain.gradient.iter().map(|bits| f32::from_bits(*bits));
            let expected: Vec<f32> = stored.map(|stored| BEFORE + stored).collect();
            assert_eq!(input.written(&added, true), bits(&expected), "added: {planes:?}");
        }
    }
}

/// The same of pixels of several values. (Packed pixels have no layout for floats.)
pub fn every_type_of_cubes_gives_the_bits_of_plain_input(node: &dyn Node, batch: &Batch, at: &[Index]) {
    let (needed, _) = node.arrays();
    let dice = &mut dice(batch, at);
    for _ in 0..6 {
        let packed = PackedCube::new(batch, needed, dice);
        let plain = outcome(node, &packed.batch, Order::Interleaved);
        let (planes, input) = (packed.planes(), Input::of_cube(&packed));
        if !input.writes_values() {
            let state = state_of(node, &input);
            assert_eq!(state, plain.state, "{planes:?}");
            let (ask, mut slopes) = (Ask { upstream: 1.5, write: Write::Store }, input.output(true));
            let before = slopes.clone();
            if let Some(refused) = node.gradient(&input, &state, ask, &mut slopes) {
                assert_eq!(refused, Err(Error::UnsupportedInput));
                assert_eq!(slopes, before);
            }
            continue;
        }
        for_each_tier(|tier| assert_eq!(outcome_of(node, &input), plain, "{tier:?}: {planes:?}"));
        let state = state_of(node, &input);
        let mut added = input.output(true);
        if node.gradient(&input, &state, Ask { upstream: 1.5, write: Write::Add }, &mut added).is_some() {
            let stored = plain.gradient.iter().map(|bits| f32::from_bits(*bits));
            let expected: Vec<f32> = stored.map(|stored| BEFORE + stored).collect();
            assert_eq!(input.written(&added, true), bits(&expected), "added: {planes:?}");
        }
    }
}

/// Dice out of a batch and where it is cut.
fn dice(batch: &Batch, at: &[Index]) -> Dice {
    let seed = |seed: u64, index: &Index| seed.wrapping_mul(31).wrapping_add(index.index(1 << 20) as u64);
    Dice::new(at.iter().fold(batch.n as u64, seed))
}

/// The state begins with the exact sum of the terms of the map.
pub fn the_sum_is_that_of_the_map(node: &dyn Node, batch: &Batch, _cuts: &[Index]) {
    let found = outcome(node, batch, node.orders()[0]);
    let mut sum = ExactSum::default();
    found.map.iter().for_each(|term| sum.add(f32::from_bits(*term)));
    sum.normalize();
    assert_eq!(&sum, &found.state.totals::<ExactSum>(0, 1)[0]);
}
