//! `hyla_detection_...`: the quality of decisions over frames (cuvis-ai: AnomalyDetectionMetrics).

use super::binning::{self, hyla_binning};
use super::confusion::hyla_confusion_totals;
use super::node::*;
use crate::input::Source;
use crate::metric::detection::{Params, Ranking, Totals};
use crate::metric::ranking::Binning;

stages!(HYLA_DETECTION_STAGES, 6);

parameters! {
    /// Detection quality (cuvis-ai: AnomalyDetectionMetrics): what is computed. Initialise with
    /// HYLA_DETECTION_PARAMS_DEFAULT.
    pub struct hyla_detection_params {
        /// Pixel counts and average precision come from every s-th row and column, from the first: at
        /// least 1. Frames are judged by all their pixels all the same. Default 1.
        pub pixel_stride: u32 = 1,
        /// How many thresholds of the sigmoid average precision has: 2 to 4096. Default 200.
        pub ap_thresholds: u32 = 200,
    }
    HYLA_DETECTION_PARAMS_DEFAULT, hyla_detection_params_init
    |given| Params { pixel_stride: given.pixel_stride, ap_thresholds: given.ap_thresholds }
}

mirror! {
    /// Counts over pixels and frames; all zero is empty. Adding the words of two totals merges them.
    /// A batch's own totals give the batch's values (what cuvis-ai emits), those of the epoch the
    /// pooled ones.
    ///
    /// Average precision has a state of its own, of `hyla_ranking_words` words, with a binning of
    /// HYLA_BINNING_THRESHOLDS and `ap_thresholds` bins: the functions take both, and `hyla_ranking_...`
    /// merges and reads the words, too. Without average precision they are NULL, NULL, 0.
    ///
    /// ```c
    /// hyla_detection_params params = HYLA_DETECTION_PARAMS_DEFAULT;
    /// hyla_binning_params rule = HYLA_BINNING_PARAMS_DEFAULT;
    /// hyla_detection_totals totals = {0};
    /// hyla_binning binning;
    /// uint32_t table[797];   // hyla_binning_words
    /// int64_t words[408] = {0};   // hyla_ranking_words: 2 * 200 + 8
    /// rule.rule = HYLA_BINNING_THRESHOLDS;
    /// rule.bins = params.ap_thresholds;
    /// status = hyla_binning_build(&rule, table, 797, &binning);
    /// status = hyla_detection_update_frame(&params, &pixels, &totals, &binning, words, 408);
    /// status = hyla_detection_metrics(&params, &totals, &binning, words, 408, &context, list, 10, &count);
    /// ```
    pub struct hyla_detection_totals: Totals {
        /// The counts; `hyla_confusion_values` reads them.
        pub confusion: hyla_confusion_totals,
        /// How many calls added to them.
        pub updates: i64,
        /// How many of these had no decisions.
        pub undecided: i64,
        /// Shows whether counts of different strides were mixed.
        pub fingerprint: i64,
    }
}

size!(hyla_detection_totals_size, hyla_detection_totals);

change! {
    /// Ends the open frame, as `hyla_confusion_end_frame` does: for frames with decisions.
    ///
    /// Errors: NULL_POINTER, MISALIGNED.
    hyla_detection_end_frame(totals: hyla_detection_totals), end_frame
}

merge! {
    /// Adds other totals to totals, with the counts of the open frame. `hyla_ranking_merge` does it for words.
    hyla_detection_merge(totals: hyla_detection_totals)
}

exported! {
    /// Adds a part of the open frame: a line of a push-broom camera, say. Ends with
    /// `hyla_detection_end_frame`.
    ///
    /// Inputs: `targets`; `decisions`, or `scores` (logits: any floats) with a binning and `count` words, or
    /// both; optional `valid`. What is missing is not counted; without a binning scores are ignored; no
    /// weights. A NaN score is counted apart and ranked nowhere.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED, PIXEL_STRIDE,
    /// THRESHOLDS, STRIDE_NEEDS_FRAME (a stride above 1), UNSUPPORTED_INPUT (weights or soft targets, a binning other
    /// than HYLA_BINNING_THRESHOLDS with `ap_thresholds` bins), WORKSPACE (fewer words than `hyla_ranking_words`),
    /// UNKNOWN_OPTION and BINNING (a binning that nothing built).
    fn hyla_detection_update(
        params: *const hyla_detection_params, pixels: *const hyla_pixels,
        totals: *mut hyla_detection_totals, binning: *const hyla_binning, words: *mut i64,
        count: usize,
    ) {
        update(params, pixels, totals, binning, (words, count), |params, pixels, totals, ranking| {
            totals.update(params, pixels, ranking)
        })
    }

    /// Adds a whole frame, whose rows are `pixels->rows`, and ends it if it has decisions. A frame without pixels adds
    /// nothing.
    ///
    /// Inputs, binning and words: as `hyla_detection_update`.
    ///
    /// Errors: those of `hyla_detection_update`, with any stride, FRAME_SHAPE.
    fn hyla_detection_update_frame(
        params: *const hyla_detection_params, pixels: *const hyla_pixels,
        totals: *mut hyla_detection_totals, binning: *const hyla_binning, words: *mut i64,
        count: usize,
    ) {
        update(params, pixels, totals, binning, (words, count), |params, pixels, totals, ranking| {
            totals.update_frame(params, pixels, ranking)
        })
    }

    /// Writes the values under cuvis-ai's names and their number to `written`: `precision`, `recall`,
    /// `f1_score`, `iou`, `image_precision`, `image_recall`, `image_f1`; and with a binning and `count`
    /// words `average_precision` (torchmetrics' number for that many thresholds), `average_precision_lo`
    /// and `average_precision_hi` (the exact average precision of the scores lies between them). With a
    /// binning the first seven are left out if no call had decisions, as in cuvis-ai.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, PIXEL_STRIDE, THRESHOLDS,
    /// TOTALS, MIXED_TOTALS (strides or binnings were mixed), UNKNOWN_STAGE, RESERVED, UNSUPPORTED_INPUT, WORKSPACE,
    /// UNKNOWN_OPTION, BINNING (as `hyla_detection_update`), CAPACITY (10 are always enough, 7 without a binning).
    /// Notices: those of all values together; each value has its own. Ratios: EMPTY, NO_POSITIVES, NO_NEGATIVES,
    /// NO_DECISIONS. Average precision: EMPTY, NO_POSITIVES (it is 0), NO_NEGATIVES, NOT_FINITE (NaN scores), COARSE
    /// (its bounds are more than 0.01 apart: rank by finer bins).
    fn hyla_detection_metrics(
        params: *const hyla_detection_params, totals: *const hyla_detection_totals,
        binning: *const hyla_binning, words: *const i64, count: usize,
        context: *const hyla_context, out: *mut hyla_metric, capacity: usize, written: *mut usize,
    ) {
        let list = List { context, out, capacity, written };
        let (params, span) = check::parameters(params)?;
        let (binning, [a, b]) = optional_binning(binning, words.is_null())?;
        let words = if binning.is_some() { Some(input(words, count)?) } else { None };
        let reads = [span, Span::of(totals, 1), a, b, Span::of_slice(words)];
        let (params, totals) = (params.to_core()?, view(totals)?);
        // First without words: what is wrong then is about the totals.
        totals.metrics(&params, None)?;
        let metrics = totals.metrics(&params, binning.as_ref().zip(words));
        let metrics = metrics.of_state(subject!(words)).naming(&[Error::UnsupportedInput], subject!(binning))?;
        list.write(&reads, metrics.as_slice())
    }
}

/// The whole of every update.
#[inline(always)]
unsafe fn update(
    params: Argument<*const hyla_detection_params>,
    pixels: Argument<*const hyla_pixels>,
    totals: Argument<*mut hyla_detection_totals>,
    binning: Argument<*const hyla_binning>,
    (words, count): (Argument<*mut i64>, usize),
    update: impl FnOnce(&Params, Source, &mut Totals, Option<Ranking>) -> Result<(), Error>,
) -> Result<(), Fault> {
    // SAFETY: the contract.
    let ((params, span), (binning, [a, b])) =
        unsafe { (check::parameters(params)?, optional_binning(binning, words.is_null())?) };
    let mut room = pixels::PlanesRoom::new();
    // SAFETY: as above.
    let used = unsafe { pixels::read(pixels)?.detected(binning.is_some(), &mut room) }?;
    let count = if binning.is_some() { count } else { 0 };
    let writes = [Written::of(totals, 1), Written::of(words, count)];
    pixels::disjoint(&writes, &[span, a, b], &[Span::of(pixels, 1)], &used)?;
    // SAFETY: as above; the outputs overlap nothing.
    let (totals, words) = unsafe { (view_mut(totals)?, changed(words, count)?) };
    let ranking = binning.as_ref().map(|binning| Ranking { binning, words });
    let updated = update(&params.to_core()?, used.source(), totals, ranking);
    // What cannot be used is the binning; without one a stride, for which it takes the feature `conversions`.
    let unsupported = if binning.is_some() { subject!(binning) } else { subject!(pixel_stride) };
    updated.of_state(subject!(words)).naming(&[Error::UnsupportedInput], unsupported)
}

/// The binning behind a pointer that may be NULL if the words are, and what a call reads of it.
unsafe fn optional_binning<'a>(
    binning: Argument<*const hyla_binning>,
    no_words: bool,
) -> Result<(Option<Binning<'a>>, [Span; 2]), Fault> {
    if binning.is_null() && no_words {
        return Ok((None, [Span::of(binning, 0); 2]));
    }
    // SAFETY: the contract.
    let (binning, reads) = unsafe { binning::read(binning) }?;
    Ok((Some(binning), reads))
}
