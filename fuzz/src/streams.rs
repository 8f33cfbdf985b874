//! Streams: parts of a stream in any order, in several totals that are merged in between, against the stream at once.

use crate::binning::Binning;
use crate::buffer::Buffer;
use crate::input::{Input, Part};
use crate::metrics::{self, Ranking};
use crate::node::{Node, State};
use crate::record::Record;
use crate::source::{Random, Source};
use crate::tiers::{pin, tiers};
use crate::{cube_losses, frames, oracles, pixel_losses};
use hyla::capi::distinct_label_count::*;
use hyla::capi::explained_variance::*;
use std::collections::BTreeSet;

/// A stream of any node.
pub fn check(source: &mut Source) {
    match source.below(10) {
        0 => frames::detection(source),
        1 => frames::statistics(source),
        2 => labels(source),
        3 => explained_variance(source),
        4 => {
            let (node, input) = (pixel_losses::any(source), Input::map(source));
            program(node.as_ref(), &input, source);
        }
        5 => {
            let (node, input) = cube_losses::any(source);
            program(node.as_ref(), &input, source);
        }
        6 => {
            let Some(binning) = Binning::any(source) else { return };
            program(&Ranking { binning: &binning }, &metrics::input(source), source);
        }
        7 => {
            let (node, input) = (metrics::any(source), metrics::input(source));
            oracles::check(node.as_ref(), &input, source);
        }
        _ => {
            let (node, input) = (metrics::any(source), metrics::input(source));
            program(node.as_ref(), &input, source);
        }
    }
}

/// How many totals a stream goes into.
const TOTALS: usize = 3;

/// Up to 40 parts in any order, each into any of the totals, which are added to each other in between.
fn program(node: &dyn Node, input: &Input, source: &mut Source) {
    let mut whole = State::new(node.words(input));
    if node.update(input, input.whole(), &mut whole) != 0 {
        return;
    }
    let (tiers, mut random, mut start) = (tiers(), Random::new(source), 0);
    let longest = 1 + random.below(if input.n > 500 { 250 } else { 40 });
    let mut parts = Vec::new();
    while start < input.n {
        let n = (1 + random.below(longest)).min(input.n - start);
        parts.push(Part { start, n });
        start += n;
    }
    let mut states = vec![State::new(node.words(input)); TOTALS];
    while !parts.is_empty() {
        let part = parts.swap_remove(random.below(parts.len()));
        let step = random.next() as u8;
        pin(tiers[usize::from(step) % tiers.len()]);
        let (one, two) = (usize::from(step >> 2) % TOTALS, usize::from(step >> 4) % TOTALS);
        assert_eq!(node.update(input, part, &mut states[one]), 0);
        if one != two && step.is_multiple_of(3) {
            let other = core::mem::replace(&mut states[two], State::new(node.words(input)));
            oracles::add(node, input, &other, &mut states[one], step.is_multiple_of(2));
        }
        if step > 200 {
            assert_eq!(node.normalize(input, &mut states[two]), 0);
        }
    }
    let mut all = State::new(node.words(input));
    for state in &states {
        oracles::add(node, input, state, &mut all, random.below(2) == 1);
    }
    assert_eq!(node.normalize(input, &mut all), 0);
    all.assert_same(&whole, "a stream in parts and at once");
    let values = |state: &State| {
        let mut record = Record::default();
        node.values(input, state, &mut record);
        record
    };
    values(&all).assert_same(&values(&whole), "a stream in parts and at once");
}

/// Sets of labels, against a set of all.
fn labels(source: &mut Source) {
    let n = source.length();
    let classes = source.pick(&[3, 40, 1000]);
    let labels = Buffer::new(source.start(), &source.labels(n, classes));
    let valid = source.once_in(2).then(|| Buffer::new(source.start(), &source.bytes(n)));
    let words = 2 + source.pick(&[0, 1, 5, 50, 1100]);
    assert_eq!(hyla_distinct_label_count_words(words - 2), words);
    let tiers = tiers();
    let update = |part: Part, set: &mut Buffer<i32>| {
        let valid = crate::buffer::pointer(valid.as_ref(), part.start);
        // SAFETY: the arrays are as long as they say.
        let status =
            unsafe { hyla_distinct_label_count_update(labels.at(part.start), valid, part.n, set.at_mut(0), words) };
        assert_eq!(status, 0);
    };
    let empty = || Buffer::filled(1, 0, words);
    let mut whole = empty();
    update(Part { start: 0, n }, &mut whole);
    let (mut sets, mut start) = (vec![empty(), empty()], 0);
    while start < n {
        let part = Part { start, n: (1 + source.below(120)).min(n - start) };
        start += part.n;
        pin(source.pick(&tiers));
        update(part, &mut sets[source.below(2)]);
    }
    let [one, two] = &mut sets[..] else { return };
    // SAFETY: both are sets of as many words.
    assert_eq!(unsafe { hyla_distinct_label_count_merge(one.at(0), two.at_mut(0), words) }, 0);
    assert!(two[..] == whole[..], "sets of parts, merged");
    let counts = |pixel: &usize| valid.as_ref().is_none_or(|valid| valid[*pixel] != 0);
    let all: BTreeSet<i32> = (0..n).filter(counts).map(|pixel| labels[pixel]).filter(|label| *label != 0).collect();
    let mut count = -1;
    // SAFETY: as above.
    let status = unsafe { hyla_distinct_label_count_value(whole.at(0), words, &mut count) };
    assert!(status >= 0, "status {status}");
    assert_eq!(count as usize, all.len().min(words - 2), "distinct labels");
    assert_eq!(status & 512 != 0, all.len() > words - 2, "whether all were held");
    let kept: Vec<i32> = all.into_iter().take(words - 2).collect();
    assert!(whole[2..2 + kept.len()] == kept[..], "the least labels are kept");
}

/// Explained variance: batches of ratios, whose mean is known.
fn explained_variance(source: &mut Source) {
    let (components, batches) = (source.below(20), source.below(12));
    let words = components * size_of::<hyla_explained_variance_totals>() / 8;
    let ratios: Vec<Buffer<f32>> =
        (0..batches).map(|_| Buffer::new(source.start(), &source.floats(components))).collect();
    let mut totals = [State::new(words), State::new(words)];
    for ratios in &ratios {
        let to = totals[source.below(2)].at_mut(0, None);
        // SAFETY: there are as many ratios and totals as components.
        assert_eq!(unsafe { hyla_explained_variance_update(ratios.at(0), components, to) }, 0);
    }
    let values = |totals: &State| {
        let (mut of_each, mut cumulative, mut record) =
            (vec![-7.0; components], vec![-7.0; components], Record::default());
        let total = record.double("total", |total| {
            // SAFETY: as above.
            unsafe {
                let (ratios, sums) = (of_each.as_mut_ptr(), cumulative.as_mut_ptr());
                hyla_explained_variance_values(totals.at(0), components, ratios, sums, total)
            }
        });
        (of_each, cumulative, total)
    };
    let [one, two] = &mut totals;
    if source.once_in(2) {
        // SAFETY: as above.
        assert_eq!(unsafe { hyla_explained_variance_merge(one.at(0), two.at_mut(0, None), components) }, 0);
    } else {
        for (to, from) in two.words.iter_mut().zip(one.words.iter()) {
            *to += *from;
        }
        // SAFETY: as above.
        assert_eq!(unsafe { hyla_explained_variance_normalize(two.at_mut(0, None), components) }, 0);
    }
    let mut all = State::new(words);
    for ratios in &ratios {
        // SAFETY: as above.
        assert_eq!(unsafe { hyla_explained_variance_update(ratios.at(0), components, all.at_mut(0, None)) }, 0);
    }
    two.assert_same(&all, "batches in parts and in order");
    let (of_each, cumulative, total) = values(&all);
    for component in 0..components {
        let column = || ratios.iter().map(|ratios| f64::from(ratios[component]));
        let (sum, size) = (column().sum::<f64>(), column().map(f64::abs).sum::<f64>());
        let (expected, within) = (sum / batches as f64, 32.0 * f64::EPSILON * size);
        let near = (expected - of_each[component]).abs() <= within || !expected.is_finite();
        assert!(near, "ratio {component}: {} for {expected}", of_each[component]);
    }
    let same = |one: f64, two: f64| one == two || (one.is_nan() && two.is_nan());
    assert!(cumulative.last().is_none_or(|last| same(*last, total)), "the last sum is the total");
}
