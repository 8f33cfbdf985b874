//! Hostile words: any integers in the place of totals, sets, histograms and tables. Every function returns in bounded
//! time, says the same on every tier, and says nothing that cannot be.

use crate::binning::Binning;
use crate::buffer::Buffer;
use crate::fault::error_of;
use crate::input::{Input, Part};
use crate::metrics::{self, Ranking};
use crate::node::{Ask, Node, State};
use crate::outputs::Outputs;
use crate::parameters::Parameters;
use crate::record::Record;
use crate::source::Source;
use crate::tiers::{pin, tiers};
use crate::{cube_losses, hostile_sets, large, pixel_losses};
use hyla::capi::drift::*;

/// Any words for any reader.
pub fn check(source: &mut Source) {
    match source.below(13) {
        0..2 => {
            let (node, input) = (pixel_losses::any(source), Input::map(source));
            words(node.as_ref(), &input, source);
        }
        2..4 => {
            let (node, input) = cube_losses::any(source);
            words(node.as_ref(), &input, source);
        }
        4..6 => {
            let (node, input) = (metrics::any(source), metrics::input(source));
            words(node.as_ref(), &input, source);
        }
        6 => {
            let Some(binning) = Binning::any(source) else { return };
            words(&Ranking { binning: &binning }, &metrics::input(source), source);
            drift(&binning, source);
        }
        7..9 => large::check(source),
        9 => hostile_sets::tables(source),
        10 => hostile_sets::labels(source),
        11 => hostile_sets::named(source),
        _ => unused_weights(source),
    }
}

/// Words that totals hold by chance, by a flipped bit, or because they were never zeroed.
pub fn spoil(words: &mut [i64], source: &mut Source) {
    if words.is_empty() {
        return;
    }
    match source.below(16) {
        0 => words.fill(source.any()),
        1 => words.iter_mut().for_each(|word| *word = source.any()),
        _ => {}
    }
    for _ in 0..source.below(6) {
        let place = usize::from(source.any::<u16>()) % words.len();
        let bit = 1_i64 << source.below(64);
        words[place] = match source.below(8) {
            0 => words[place] ^ bit,
            1 => bit,
            2 => bit.wrapping_neg(),
            3 => i64::MIN,
            4 => i64::MAX,
            5 => 0,
            6 => words[place].wrapping_add(i64::from(source.any::<i8>())),
            _ => source.any(),
        };
    }
}

/// A state whose words are spoilt meets every function of its node.
fn words(node: &dyn Node, input: &Input, source: &mut Source) {
    let ask = Ask { upstream: source.upstream(), write: 0 };
    let mut state = State::new(node.words(input));
    let status = node.update(input, input.whole(), &mut state);
    spoil(&mut state.words, source);
    if source.once_in(4) {
        spoil(&mut state.range, source);
    }
    let part = Part { start: 0, n: input.n.min(source.below(40)) };
    let mut first: Option<Record> = None;
    for tier in tiers() {
        pin(tier);
        let mut record = Record::default();
        record.status("update", status);
        node.values(input, &state, &mut record);
        assert_possible(&record);
        let outputs = Outputs::new(node, input, &state, ask);
        outputs.add_to(&mut record, false, |_| true);
        // Adding to it, merging it with itself and making it canonical.
        let mut other = state.clone();
        let updated = node.update(input, part, &mut other);
        record.status("update", updated);
        record.totals("updated", &other.words);
        record.totals("updated range", &other.range);
        if updated < 0 {
            other.assert_same(&state, "an error changed the totals");
        }
        let before = other.clone();
        let merged = node.merge(input, &state, &mut other);
        record.status("merge", merged);
        record.totals("merged", &other.words);
        record.totals("merged range", &other.range);
        if merged < 0 {
            other.assert_same(&before, "an error changed the totals");
        }
        let mut other = state.clone();
        record.status("normalize", node.normalize(input, &mut other));
        record.totals("normal", &other.words);
        node.values(input, &other, &mut record);
        first.get_or_insert_with(|| record.clone()).assert_same(&record, "another tier");
    }
}

/// Panics where a value is none that there is: shares lie between 0 and 1, counts and deviations are not negative.
fn assert_possible(record: &Record) {
    let share = |double: f64| double.is_nan() || (0.0..=1.0).contains(&double);
    let count = |word: u64| word as i64 >= 0;
    if let Some(words) = record.given("confusion") {
        let ratios = [4..8, 13..17].into_iter().flatten().all(|place| share(f64::from_bits(words[place])));
        let counts = [0..4, 9..13].into_iter().flatten().all(|place| count(words[place]));
        assert!(ratios && counts, "confusion of words that cannot be: {words:x?}");
    }
    if let Some(words) = record.given("pixel statistics") {
        let fine = count(words[0]) && count(words[1]) && words[1] <= words[0];
        assert!(fine, "{} anomalous pixels of {}", words[1] as i64, words[0] as i64);
    }
    if let Some(words) = record.given("deviation") {
        let deviation = f64::from_bits(words[0]);
        assert!(deviation.is_nan() || deviation >= 0.0, "a deviation of {deviation}");
    }
    if let Some(words) = record.given("range") {
        let [least, greatest] = [0, 1].map(|place| f64::from_bits(words[place]));
        let fine = words[2..6].iter().all(|word| count(*word)) && (least <= greatest || words[4] == 0);
        assert!(fine, "a range of words that cannot be: {words:x?}");
    }
    if let Some(words) = record.given("report") {
        let doubles = words[..9].iter().all(|word| share(f64::from_bits(*word)));
        assert!(doubles && words[10..15].iter().all(|word| count(*word)), "a ranking that cannot be: {words:x?}");
    }
    if let Some(words) = record.given("quantile") {
        let [low, high] = [0, 1].map(|place| f64::from_bits(words[place]));
        assert!(low <= high || low.is_nan() || high.is_nan(), "a quantile between {low} and {high}");
    }
}

/// Drift between spoilt histograms.
fn drift(binning: &Binning, source: &mut Source) {
    let node = Ranking { binning };
    let input = metrics::input(source);
    let [reference, now] = [0, 1].map(|_| {
        let mut state = State::new(binning.words);
        node.update(&input, input.whole(), &mut state);
        spoil(&mut state.words, source);
        state
    });
    let groups = source.pick(&[10, 0, 1, 65_536]);
    let (low, high) = (source.float(), source.float());
    let params = hyla_drift_params { struct_size: 0, groups, has_range: source.option(2), low, high };
    let params = Parameters::new(source, params);
    let mut first: Option<Record> = None;
    for tier in tiers() {
        pin(tier);
        let mut record = Record::default();
        record.report("drift", &[0..8, 13..17, 22..26], |to: *mut hyla_drift_report| {
            let (params, of_c, words) = (params.pointer(), &binning.of_c, binning.words);
            // SAFETY: both are words of the binning.
            unsafe { hyla_drift_values(params, of_c, reference.at(0), now.at(0), words, to) }
        });
        if let Some(words) = record.given("drift") {
            let shares = [1..4, 13..17, 22..26].into_iter().flatten();
            let fine = shares
                .map(|place| f64::from_bits(words[place]))
                .all(|share| share.is_nan() || (0.0..=1.0).contains(&share));
            assert!(fine, "a drift that cannot be: {words:x?}");
        }
        first.get_or_insert_with(|| record.clone()).assert_same(&record, "another tier");
    }
}

/// What would change the number is never ignored: weights for a function that cannot use them are an error.
fn unused_weights(source: &mut Source) {
    let (node, mut input) = (metrics::any(source), metrics::input(source));
    input.weights = Some(Buffer::new(source.start(), &source.shares(input.n)));
    let mut state = State::new(node.words(&input));
    let status = node.update(&input, input.whole(), &mut state);
    assert_eq!(error_of(status), UNSUPPORTED_INPUT, "weights were ignored");
    state.assert_same(&State::new(node.words(&input)), "an error changed the totals");
}

/// HYLA_ERROR_UNSUPPORTED_INPUT.
const UNSUPPORTED_INPUT: i32 = -10;
