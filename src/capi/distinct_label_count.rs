//! `hyla_distinct_label_count_...`: how many distinct labels a label map contains.

use super::node::*;
use crate::metric::distinct_label_count;

/// The stages in which cuvis-ai runs the node (see `hyla_context`): all.
pub const HYLA_DISTINCT_LABEL_COUNT_STAGES: u32 = 15;

/// How many words of int32 a set of so many labels has (cuvis-ai: DistinctLabelCount): labels + 2. Words that are all
/// zero are the empty set. In order: the number of labels held, flags, the labels themselves in ascending order, zeros.
/// Sets are merged, their words cannot be added. Every frame has a set of its own.
///
/// A set that is too small keeps the least labels, and says so (INCOMPLETE). Its words are the same for any split of
/// the pixels and any order of calls, all the same.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_distinct_label_count_words(labels: usize) -> usize {
    distinct_label_count::words(labels)
}

exported! {
    /// Adds the labels of `n` pixels to a set of `count` words, at least 2. 0 is background; negative labels count
    /// as any other. `valid` may be NULL. A frame may come in many calls. Needs no ground truth.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, WORKSPACE (fewer words than 2), TOTALS, MIXED_TOTALS (the
    /// set was made with more words). Notices: none; `hyla_distinct_label_count_value` tells them.
    fn hyla_distinct_label_count_update(
        labels: *const i32, valid: *const u8, n: usize, words: *mut i32, count: usize,
    ) {
        let (labels, valid) = (input(labels, n)?, optional_input(valid, n)?);
        let reads = [Span::of_slice(Some(labels)), Span::of_slice(valid)];
        disjoint(&[Written::of(words, count)], &[&reads])?;
        distinct_label_count::update(labels, valid, changed(words, count)?).of_state(subject!(words))
    }

    /// Adds the labels of another set of as many words (of another tile, thread or rank) to a set.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, WORKSPACE (fewer words than 2), TOTALS, MIXED_TOTALS (a
    /// set was made with more words).
    fn hyla_distinct_label_count_merge(other: *const i32, words: *mut i32, count: usize) {
        let other = input(other, count)?;
        disjoint(&[Written::of(words, count)], &[&[Span::of_slice(Some(other))]])?;
        // First the one that is read: what is wrong then is about it.
        distinct_label_count::value(other).of_state(subject!(other))?;
        distinct_label_count::merge(other, changed(words, count)?).of_state(subject!(words))
    }

    /// How many distinct labels other than 0 there are; a lower bound if the set was too small (INCOMPLETE).
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, WORKSPACE (fewer words than 2), TOTALS, MIXED_TOTALS (the
    /// set was made with more words). Notices: EMPTY (no pixel counted), INCOMPLETE.
    fn hyla_distinct_label_count_value(words: *const i32, count: usize, labels: *mut i64) {
        let set = input(words, count)?;
        disjoint(&[Written::of(labels, 1)], &[&[Span::of_slice(Some(set))]])?;
        let labels = check::result(labels)?;
        let (count, notices) = distinct_label_count::value(set).of_state(subject!(words))?;
        labels.write(count);
        Ok(notices)
    }

    /// Writes the number of labels under cuvis-ai's name (`num_distinct_labels`), and 1 to `written`.
    ///
    /// Errors: those of `hyla_distinct_label_count_value`, UNKNOWN_STAGE, RESERVED, CAPACITY (0). Notices: EMPTY,
    /// INCOMPLETE.
    fn hyla_distinct_label_count_metrics(
        words: *const i32, count: usize, context: *const hyla_context, out: *mut hyla_metric,
        capacity: usize, written: *mut usize,
    ) {
        let list = List { context, out, capacity, written };
        let set = input(words, count)?;
        let metrics = distinct_label_count::metrics(set).of_state(subject!(words))?;
        list.write(&[Span::of_slice(Some(set))], &metrics)
    }
}
