//! Metrics of maps with totals: exact sum, range, confusion, pixel statistics, score statistics, and the histograms of
//! rankings.

use crate::binning::{Binning, U8, U16};
use crate::buffer::pointer;
use crate::fault::Array;
use crate::forms::plain_plane;
use crate::input::{Input, Part};
use crate::node::{Node, State};
use crate::record::Record;
use crate::source::Source;
use core::ffi::c_void;
use hyla::capi::confusion::*;
use hyla::capi::pixel_statistics::*;
use hyla::capi::planes::{HYLA_U8, HYLA_U16, hyla_plane};
use hyla::capi::range::*;
use hyla::capi::ranking::*;
use hyla::capi::score_statistics::*;
use hyla::capi::sum::*;

/// One of the metrics, but for rankings.
pub fn any(source: &mut Source) -> Box<dyn Node> {
    match source.below(5) {
        0 => Box::new(Sum),
        1 => Box::new(Range),
        2 => Box::new(Confusion),
        3 => Box::new(PixelStatistics),
        _ => Box::new(ScoreStatistics),
    }
}

/// A map without arrays that metrics cannot use.
pub fn input(source: &mut Source) -> Input {
    Input::of_metrics(source, false)
}

/// The same for metrics that use the targets.
pub fn labelled(source: &mut Source) -> Input {
    Input::of_metrics(source, true)
}

/// A metric of totals alone: `metric!(Node, totals, update, merge, normalize or none, state and record => reads)`.
macro_rules! metric {
    ($node:ident, $totals:ident, $update:ident, $merge:ident, [$($normalize:ident)?], $values:expr) => {
        /// The metric of that name.
        pub struct $node;

        // SAFETY of all calls: the arrays are those of the input, and the totals have as many words as C's struct;
        // where a fault changes a pointer, the function must find out.
        impl Node for $node {
            fn words(&self, _input: &Input) -> usize {
                size_of::<$totals>() / 8
            }

            fn update(&self, input: &Input, part: Part, state: &mut State) -> i32 {
                // SAFETY: see above.
                unsafe { $update(&*input.pixels(part), state.at_mut(0, input.fault)) }
            }

            fn merge(&self, _input: &Input, other: &State, state: &mut State) -> i32 {
                // SAFETY: see above.
                unsafe { $merge(other.at(0), state.at_mut(0, None)) }
            }

            fn normalize(&self, _input: &Input, _state: &mut State) -> i32 {
                // SAFETY: see above.
                $(return unsafe { $normalize(_state.at_mut(0, None)) };)?
                #[allow(unreachable_code, reason = "of nodes whose words are always canonical")]
                0
            }

            fn values(&self, _input: &Input, state: &State, record: &mut Record) {
                let read: fn(&State, &mut Record) = $values;
                read(state, record);
            }
        }
    };
}

metric!(Sum, hyla_sum_totals, hyla_sum_update, hyla_sum_merge, [hyla_sum_normalize], |state, record| {
    // SAFETY: the state are totals.
    record.double("sum", |to| unsafe { hyla_sum_value(state.at(0), to) });
    // SAFETY: as above.
    record.double("mean", |to| unsafe { hyla_sum_mean(state.at(0), to) });
});

metric!(
    ScoreStatistics,
    hyla_score_statistics_totals,
    hyla_score_statistics_update,
    hyla_score_statistics_merge,
    [hyla_score_statistics_normalize],
    |state, record| {
        // SAFETY: the state are totals.
        record.double("mean", |to| unsafe { hyla_score_statistics_mean(state.at(0), to) });
        // SAFETY: as above.
        record.double("deviation", |to| unsafe { hyla_score_statistics_std(state.at(0), to) });
    }
);

metric!(Confusion, hyla_confusion_totals, hyla_confusion_update, hyla_confusion_merge, [], |state, record| {
    // SAFETY: the state are totals.
    record.report("confusion", &[4..8, 13..17], |to| unsafe { hyla_confusion_values(state.at(0), to) });
});

metric!(
    PixelStatistics,
    hyla_pixel_statistics_totals,
    hyla_pixel_statistics_update,
    hyla_pixel_statistics_merge,
    [],
    |state, record| {
        // SAFETY: the state are totals.
        record.report("pixel statistics", &[2..3], |to| unsafe { hyla_pixel_statistics_values(state.at(0), to) });
    }
);

/// The least and the greatest score: its state does not merge by addition.
pub struct Range;

// SAFETY of all calls: as above; every state has the words of a range.
impl Node for Range {
    fn words(&self, _input: &Input) -> usize {
        0
    }

    fn update(&self, input: &Input, part: Part, state: &mut State) -> i32 {
        let range = state.range_mut();
        let range = input.fault.map_or(range, |fault| fault.of_output(Array::Totals, range));
        // SAFETY: see above.
        unsafe { hyla_range_update(&*input.pixels(part), range) }
    }

    fn merge(&self, _input: &Input, other: &State, state: &mut State) -> i32 {
        // SAFETY: see above.
        unsafe { hyla_range_merge(other.range(), state.range_mut()) }
    }

    fn normalize(&self, _input: &Input, _state: &mut State) -> i32 {
        0
    }

    fn values(&self, _input: &Input, state: &State, record: &mut Record) {
        // SAFETY: see above.
        record.report("range", &[0..2], |to| unsafe { hyla_range_values(state.range(), to) });
    }
}

/// Histograms of a binning: of floats, of the decisions as scores of 8 bits, or of scores of 16 bits.
pub struct Ranking<'a> {
    /// The binning.
    pub binning: &'a Binning,
}

// SAFETY of all calls: as above; the state has the words of the histograms.
impl Node for Ranking<'_> {
    fn words(&self, _input: &Input) -> usize {
        self.binning.words
    }

    fn update(&self, input: &Input, part: Part, state: &mut State) -> i32 {
        let (binning, mut pixels) = (&self.binning.of_c, input.pixels(part));
        let (words, count) = (state.at_mut(0, input.fault), self.binning.words);
        // Integers are given as they are.
        let integers = |data: *const c_void, dtype: u32| hyla_plane { data, dtype, ..plain_plane(core::ptr::null()) };
        match self.binning.rule {
            U8 => pixels.scores = integers(pointer(input.decisions.as_ref(), part.start).cast(), HYLA_U8),
            U16 => pixels.scores = integers(pointer(input.integers.as_ref(), part.start).cast(), HYLA_U16),
            _ => {}
        }
        // SAFETY: see above.
        unsafe { hyla_ranking_update(binning, &*pixels, words, count) }
    }

    fn merge(&self, _input: &Input, other: &State, state: &mut State) -> i32 {
        // SAFETY: see above.
        unsafe { hyla_ranking_merge(&self.binning.of_c, other.at(0), state.at_mut(0, None), self.binning.words) }
    }

    fn normalize(&self, _input: &Input, _state: &mut State) -> i32 {
        0
    }

    /// The words end with: pixels that count, masked ones, the fingerprint, three words of 0.
    fn masked_word(&self) -> Option<usize> {
        Some(self.binning.words - 5)
    }

    fn values(&self, _input: &Input, state: &State, record: &mut Record) {
        let (binning, words, count) = (&self.binning.of_c, state.at(0), self.binning.words);
        record.report("report", &[0..10], |to: *mut hyla_ranking_report| {
            // SAFETY: see above.
            unsafe { hyla_ranking_values(binning, words, count, to) }
        });
        record.report("at", &[0..4], |to: *mut hyla_ranking_point| {
            // SAFETY: see above.
            unsafe { hyla_ranking_at(binning, words, count, 0.5, to) }
        });
        // SAFETY: see above.
        record.double("threshold", |to| unsafe { hyla_ranking_threshold(binning, words, count, 0.1, to) });
        record.report("quantile", &[0..2], |to: *mut [f64; 2]| {
            // SAFETY: see above.
            unsafe { hyla_ranking_quantile(binning, words, count, 0.75, to.cast()) }
        });
    }
}
