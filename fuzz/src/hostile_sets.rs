//! Hostile words of other kinds: sets of labels, tables of binnings, arrays of explained variance, named values.

use crate::binning::{Binning, THRESHOLDS};
use crate::buffer::Buffer;
use crate::hostile::spoil;
use crate::metrics;
use crate::node::State;
use crate::record::Record;
use crate::source::Source;
use crate::tiers::{pin, tiers};
use hyla::capi::binning::hyla_binning;
use hyla::capi::detection::*;
use hyla::capi::distinct_label_count::*;
use hyla::capi::explained_variance::*;
use hyla::capi::metric::{hyla_context, hyla_metric};
use hyla::capi::ranking::*;

/// Binnings that nothing built, with tables of any words.
pub fn tables(source: &mut Source) {
    let mut table = Buffer::filled(1, 0_u32, 1000);
    let mut of_c = hyla_binning {
        table: table.at(0),
        table_words: source.below(table.len() + 1),
        rule: source.option(5),
        bins: if source.once_in(2) { source.any() } else { source.below(400) as u32 },
        low: source.parameter(&[0.0, -6.0]),
        high: source.parameter(&[1.0, 6.0]),
        reserved: [core::ptr::null(); 2],
    };
    if let Some(binning) = Binning::any(source).filter(|binning| binning.rule == THRESHOLDS && binning.of_c.bins < 200)
    {
        of_c = binning.of_c;
        // SAFETY: the table has as many words as it says.
        let built = unsafe { core::slice::from_raw_parts(of_c.table, of_c.table_words) };
        table = Buffer::new(1, built);
        of_c.table = table.at(0);
    }
    for _ in 0..source.below(6) {
        let place = usize::from(source.any::<u16>()) % table.len();
        table[place] = if source.once_in(2) { source.any() } else { source.float().to_bits() };
    }
    if source.once_in(16) {
        of_c.table = core::ptr::null();
    }
    let input = metrics::input(source);
    let mut count = 0;
    // SAFETY: the table has as many words as the binning says.
    if unsafe { hyla_ranking_words(&of_c, &mut count) } < 0 {
        count = 1000;
    }
    // The most that any binning has.
    assert!(count <= 2 * 65_537 + 6, "{count} words");
    let threshold = source.float();
    let mut first: Option<Record> = None;
    for tier in tiers() {
        pin(tier);
        let (mut record, mut words) = (Record::default(), Buffer::filled(0, 0_i64, count));
        // SAFETY: as above; the words are as many as are said.
        unsafe {
            record.status("update", hyla_ranking_update(&of_c, &*input.pixels(input.whole()), words.at_mut(0), count));
            record.totals("words", &words);
            record.report("report", &[0..10], |to: *mut hyla_ranking_report| {
                hyla_ranking_values(&of_c, words.at(0), count, to)
            });
            record.report("at", &[0..4], |to: *mut hyla_ranking_point| {
                hyla_ranking_at(&of_c, words.at(0), count, threshold, to)
            });
            record.double("threshold", |to| hyla_ranking_threshold(&of_c, words.at(0), count, 0.1, to));
            record.report("quantile", &[0..2], |to: *mut [f64; 2]| {
                hyla_ranking_quantile(&of_c, words.at(0), count, 0.3, to.cast())
            });
        }
        first.get_or_insert_with(|| record.clone()).assert_same(&record, "another tier");
    }
}

/// Sets of labels with any words.
pub fn labels(source: &mut Source) {
    let size = source.below(60);
    let any = |source: &mut Source| {
        let mut set: Vec<i32> = (0..size).map(|place| place as i32 * 3 - 20).collect();
        if let [held, flags, ..] = &mut set[..] {
            (*held, *flags) = (source.below(size) as i32, source.below(3) as i32);
        }
        for _ in 0..source.below(6) {
            let place = source.below(size.max(1));
            if let Some(word) = set.get_mut(place) {
                *word = if source.once_in(2) { source.any() } else { i32::from(source.any::<i8>()) };
            }
        }
        Buffer::new(1, &set)
    };
    let (set, other) = (any(source), any(source));
    let n = source.length();
    let labels = Buffer::new(source.start(), &source.labels(n, 50));
    let mut first: Option<Record> = None;
    for tier in tiers() {
        pin(tier);
        let mut record = Record::default();
        let values = |record: &mut Record, set: &Buffer<i32>| {
            // SAFETY: the set has as many words as are said.
            record
                .report("labels", &[], |to: *mut i64| unsafe { hyla_distinct_label_count_value(set.at(0), size, to) });
            let fine = record.given("labels").is_none_or(|words| words[0] as usize <= size.saturating_sub(2));
            assert!(fine, "more labels than the set has room for");
        };
        values(&mut record, &set);
        let mut changed = set.clone();
        // SAFETY: as above.
        let status =
            unsafe { hyla_distinct_label_count_update(labels.at(0), core::ptr::null(), n, changed.at_mut(0), size) };
        assert!(status >= 0 || changed[..] == set[..], "an error changed the set");
        record.status("update", status);
        record.add("updated", changed.iter().map(|word| *word as u64));
        values(&mut record, &changed);
        let mut changed = set.clone();
        // SAFETY: as above.
        let status = unsafe { hyla_distinct_label_count_merge(other.at(0), changed.at_mut(0), size) };
        assert!(status >= 0 || changed[..] == set[..], "an error changed the set");
        record.status("merge", status);
        record.add("merged", changed.iter().map(|word| *word as u64));
        values(&mut record, &changed);
        first.get_or_insert_with(|| record.clone()).assert_same(&record, "another tier");
    }
}

/// Explained variance and detection with any words: values and named values.
pub fn named(source: &mut Source) {
    let components = source.below(12);
    let words = size_of::<hyla_explained_variance_totals>() / 8;
    let mut totals = State::new(components * words);
    let ratios = Buffer::new(1, &source.floats(components));
    // SAFETY: there are as many ratios and totals as components.
    assert_eq!(unsafe { hyla_explained_variance_update(ratios.at(0), components, totals.at_mut(0, None)) }, 0);
    spoil(&mut totals.words, source);
    let context = hyla_context { stage: 1 << source.below(5), epoch: source.any(), batch_idx: 3, reserved: 0 };
    let capacity = source.below(30);
    // SAFETY: all of its fields are numbers and bytes.
    let empty: hyla_metric = unsafe { core::mem::zeroed() };
    let mut list = Buffer::filled(0, empty, capacity);
    let mut count = usize::MAX;
    // SAFETY: as above; the list has as much room as is said.
    let status = unsafe {
        let to = list.at_mut(0);
        hyla_explained_variance_metrics(totals.at(0), components, &context, to, capacity, &mut count)
    };
    assert_eq!(status < 0, count == usize::MAX, "status {status}, count {count}");
    let is_unchanged = |metric: &hyla_metric| metric.name[0] == 0 && metric.value.to_bits() == 0;
    assert!(status >= 0 || list.iter().all(is_unchanged), "an error changed the list");
    detection(&context, capacity, source);
}

/// Named values of detection.
fn detection(context: &hyla_context, capacity: usize, source: &mut Source) {
    let mut totals = State::new(size_of::<hyla_detection_totals>() / 8);
    let params = hyla_detection_params {
        struct_size: size_of::<hyla_detection_params>() as u32,
        pixel_stride: 1,
        ap_thresholds: 200,
    };
    let input = metrics::input(source);
    let pixels = input.pixels(input.whole());
    let (none, no_words) = (core::ptr::null(), core::ptr::null_mut());
    // SAFETY: the arrays are those of the input; there is no binning.
    unsafe {
        let to = totals.at_mut(0, None);
        assert_eq!(hyla_detection_update(&params, &*pixels, to, none, no_words, 0), 0);
        assert_eq!(hyla_detection_end_frame(to), 0);
    }
    spoil(&mut totals.words, source);
    // SAFETY: all of its fields are numbers and bytes.
    let empty: hyla_metric = unsafe { core::mem::zeroed() };
    let (mut list, mut count) = (Buffer::filled(0, empty, capacity), usize::MAX);
    let to = list.at_mut(0);
    // SAFETY: as above; the list has as much room as is said.
    let status = unsafe {
        hyla_detection_metrics(&params, totals.at(0), none, core::ptr::null(), 0, context, to, capacity, &mut count)
    };
    assert_eq!(status < 0, count == usize::MAX, "status {status}, count {count}");
    for metric in list.iter().take(if status < 0 { 0 } else { count }) {
        let fine = metric.value.is_nan() || (0.0..=1.0).contains(&metric.value);
        assert!(fine, "a ratio of {}", metric.value);
    }
    let mut other = totals.clone();
    // SAFETY: both are totals.
    unsafe {
        let (merged, ended) = (
            hyla_detection_merge(totals.at(0), other.at_mut(0, None)),
            hyla_detection_end_frame(other.at_mut(0, None)),
        );
        assert!(merged <= 0 && ended <= 0);
    }
}
