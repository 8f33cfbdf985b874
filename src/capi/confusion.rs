//! `hyla_confusion_...`: true and false positives and negatives, of pixels and of frames.

use super::node::*;
use crate::metric::confusion::{Counts, Totals};

/// The stages in which the counts make sense (see `hyla_context`).
pub const HYLA_CONFUSION_STAGES: u32 = 6;

mirror! {
    /// The four counts.
    pub struct hyla_counts: Counts {
        /// Decided positive, and positive.
        pub true_positives: i64,
        /// Decided positive, but negative.
        pub false_positives: i64,
        /// Decided negative, but positive.
        pub false_negatives: i64,
        /// Decided negative, and negative.
        pub true_negatives: i64,
    }
}

mirror! {
    /// Counts over pixels and frames; all zero is empty. Adding the words of two totals merges them.
    ///
    /// A frame is positive when any of its pixels is. It may come in many calls (a line camera): the
    /// parts are added by `hyla_confusion_update`, then `hyla_confusion_end_frame` ends it.
    pub struct hyla_confusion_totals: Totals {
        /// Pixels.
        pub pixels: hyla_counts,
        /// Frames that were ended.
        pub frames: hyla_counts,
        /// Positive decisions in the frame that is open.
        pub open_decisions: i64,
        /// Positive targets in the frame that is open.
        pub open_targets: i64,
    }
}

/// Counts and their ratios: precision = TP/(TP+FP), recall = TP/(TP+FN), F1 = 2TP/(2TP+FP+FN),
/// IoU = TP/(TP+FP+FN), each one division in double. 0/0 is 0, as in torchmetrics.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_confusion_ratios {
    /// The counts.
    pub counts: hyla_counts,
    /// The share of positive decisions that are right; 0 with NO_DECISIONS when there are none.
    pub precision: f64,
    /// The share of positive targets that were found; 0 with NO_POSITIVES when there are none.
    pub recall: f64,
    /// The harmonic mean of precision and recall.
    pub f1: f64,
    /// Intersection over union of decisions and targets.
    pub iou: f64,
    /// The notices of these counts alone.
    pub status: hyla_status,
    /// Zero.
    pub reserved: u32,
}

/// What the totals say.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_confusion_report {
    /// Over pixels.
    pub pixel: hyla_confusion_ratios,
    /// Over frames that were ended.
    pub frame: hyla_confusion_ratios,
}

impl hyla_confusion_ratios {
    fn new(counts: &Counts) -> Self {
        let ratios = counts.ratios();
        Self {
            counts: hyla_counts {
                true_positives: counts.true_positives,
                false_positives: counts.false_positives,
                false_negatives: counts.false_negatives,
                true_negatives: counts.true_negatives,
            },
            precision: ratios.precision,
            recall: ratios.recall,
            f1: ratios.f1,
            iou: ratios.iou,
            status: counts.notices().bits() as i32,
            reserved: 0,
        }
    }
}

size!(hyla_confusion_totals_size, hyla_confusion_totals);

change! {
    /// Ends the open frame: it becomes one true or false positive or negative of the frames. A frame
    /// without any pixel that counts is a true negative. Parts of one frame in different totals must
    /// be merged first.
    ///
    /// Errors: NULL_POINTER, MISALIGNED.
    hyla_confusion_end_frame(totals: hyla_confusion_totals), end_frame
}

merge! {
    /// Adds other totals to totals, with the counts of the open frame.
    hyla_confusion_merge(totals: hyla_confusion_totals)
}

exported! {
    /// Adds pixels to the counts and to the open frame.
    ///
    /// Inputs: `decisions`, `targets`; optional `valid`; no weights.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNSUPPORTED_INPUT (weights or soft targets).
    fn hyla_confusion_update(pixels: *const hyla_pixels, totals: *mut hyla_confusion_totals) {
        update(pixels, totals, hyla_pixels::labelled_decisions, |totals, pixels| totals.update(pixels))
    }

    /// What the totals say of pixels and of frames that were ended.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, TOTALS. Notices: those of the pixels (EMPTY, NO_POSITIVES,
    /// NO_NEGATIVES, NO_DECISIONS); the frames have a status of their own.
    fn hyla_confusion_values(
        totals: *const hyla_confusion_totals, report: *mut hyla_confusion_report,
    ) {
        answer(totals, report, |totals, report| {
            totals.check()?;
            let report = report.write(hyla_confusion_report {
                pixel: hyla_confusion_ratios::new(&totals.pixels),
                frame: hyla_confusion_ratios::new(&totals.frames),
            });
            Ok(Notices::from_bits(report.pixel.status as u32))
        })
    }
}
