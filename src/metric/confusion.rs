//! True and false positives and negatives, of pixels and of frames.
//!
//! **Use case**: how well decisions match labels, over any stream of pixels. A frame counts as
//! positive when any of its pixels does, so a line camera may hand a frame over in many calls:
//! [`Totals::update`] for each part, then [`Totals::end_frame`] once.
//! **Inputs**: `decisions` and `targets` (bytes, nonzero is an anomaly). Optional: `valid`.
//! No weights.
//!
//! ```text
//! precision = TP / (TP + FP)     recall = TP / (TP + FN)
//! F1 = 2 TP / (2 TP + FP + FN)   IoU = TP / (TP + FP + FN)
//! ```
//!
//! Counts are integers of 64 bits; each ratio is one division of two of them in `f64`. Where a
//! ratio is 0/0 it is reported as 0, as torchmetrics does, with the notice that says why:
//! `NO_DECISIONS` (precision), `NO_POSITIVES` (recall), both (F1, IoU).
//!
//! **Speed**: limited by memory, 2 bytes a pixel (3 with `valid`).
//!
//! Formula: C. J. van Rijsbergen, Information Retrieval (1979), ch. 7; P. Jaccard (1912).

use crate::error::{Error, Notices};
use crate::input::{MaskCounts, Source, Used};

/// Counts over pixels and frames; all zero is empty. Adding the words of two totals merges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// Pixels.
    pub pixels: Counts,
    /// Frames that were ended.
    pub frames: Counts,
    /// Positive decisions in the frame that is open.
    pub open_decisions: i64,
    /// Positive targets in the frame that is open.
    pub open_targets: i64,
}

/// The four counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Counts {
    /// Decided positive, and positive.
    pub true_positives: i64,
    /// Decided positive, but negative.
    pub false_positives: i64,
    /// Decided negative, but positive.
    pub false_negatives: i64,
    /// Decided negative, and negative.
    pub true_negatives: i64,
}

/// Counts have so many bits: a thousand million pixels a second for 36 years. The sum of eight does not overflow.
const MOST_BITS: u32 = 60;

/// The ratios of four counts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ratios {
    /// The share of positive decisions that are right.
    pub precision: f64,
    /// The share of positive targets that were found.
    pub recall: f64,
    /// The harmonic mean of precision and recall.
    pub f1: f64,
    /// Intersection over union of decisions and targets.
    pub iou: f64,
}

/// The ratio, which is 0 if the whole is 0. (All counts are below 2^63, but hits may count twice. As numbers without a
/// sign they still fit.)
#[inline(never)]
fn ratio(part: i64, whole: i64) -> f64 {
    if whole == 0 { 0.0 } else { part.cast_unsigned() as f64 / whole.cast_unsigned() as f64 }
}

impl Counts {
    /// The ratios; 0 where one is 0/0. The counts can be ([`Totals::check`]), so no sum of them overflows.
    #[inline(always)]
    pub(crate) fn ratios(&self) -> Ratios {
        let hits = self.true_positives;
        let decisions = hits.wrapping_add(self.false_positives);
        let union = decisions.wrapping_add(self.false_negatives);
        Ratios {
            precision: ratio(hits, decisions),
            recall: ratio(hits, hits.wrapping_add(self.false_negatives)),
            f1: ratio(hits.wrapping_mul(2), hits.wrapping_add(union)),
            iou: ratio(hits, union),
        }
    }

    /// What is special about the ratios.
    pub(crate) fn notices(&self) -> Notices {
        let decisions = self.true_positives | self.false_positives;
        let positives = self.true_positives | self.false_negatives;
        let negatives = self.false_positives | self.true_negatives;
        Notices::EMPTY.when(positives == 0 && negatives == 0)
            | Notices::NO_POSITIVES.when(positives == 0)
            | Notices::NO_NEGATIVES.when(negatives == 0)
            | Notices::NO_DECISIONS.when(decisions == 0)
    }

    /// All bits that are set in one of the counts.
    fn all_bits(&self) -> i64 {
        self.true_positives | self.false_positives | self.false_negatives | self.true_negatives
    }

    fn merge(&mut self, other: &Self) {
        self.true_positives = self.true_positives.wrapping_add(other.true_positives);
        self.false_positives = self.false_positives.wrapping_add(other.false_positives);
        self.false_negatives = self.false_negatives.wrapping_add(other.false_negatives);
        self.true_negatives = self.true_negatives.wrapping_add(other.true_negatives);
    }
}

impl Totals {
    /// Adds pixels, to the counts and to the open frame.
    ///
    /// # Errors
    /// Decisions or targets missing, weights or soft targets, inputs of different lengths. Nothing was added then.
    pub fn update<'a>(&mut self, pixels: impl Into<Source<'a>>) -> Result<(), Error> {
        let pixels = pixels.into();
        check(&pixels)?;
        let seen = count(&pixels);
        self.add_pixels(seen);
        self.add_to_frame(seen);
        Ok(())
    }

    /// Ends the open frame: it becomes one true or false positive or negative of the frames.
    ///
    /// A frame without any pixel that counts is a true negative. Parts of one frame in different
    /// totals must be merged first.
    pub fn end_frame(&mut self) {
        let count = match (self.open_decisions != 0, self.open_targets != 0) {
            (true, true) => &mut self.frames.true_positives,
            (true, false) => &mut self.frames.false_positives,
            (false, true) => &mut self.frames.false_negatives,
            (false, false) => &mut self.frames.true_negatives,
        };
        *count = count.wrapping_add(1);
        (self.open_decisions, self.open_targets) = (0, 0);
    }

    /// Adds other totals, with the open frame's counts.
    pub fn merge(&mut self, other: &Self) {
        self.pixels.merge(&other.pixels);
        self.frames.merge(&other.frames);
        self.open_decisions = self.open_decisions.wrapping_add(other.open_decisions);
        self.open_targets = self.open_targets.wrapping_add(other.open_targets);
    }

    /// The ratios of pixels and of frames, and what is special about each.
    ///
    /// # Errors
    /// Counts below 0, or of 2^60 and more ([`Error::Totals`]).
    pub fn values(&self) -> Result<[(Ratios, Notices); 2], Error> {
        self.check()?;
        Ok([&self.pixels, &self.frames].map(|counts| (counts.ratios(), counts.notices())))
    }

    /// Checks that the counts can be: none is below 0, or greater than what can ever be counted. So their sums are
    /// right.
    ///
    /// # Errors
    /// [`Error::Totals`].
    pub(crate) fn check(&self) -> Result<(), Error> {
        let any = self.pixels.all_bits() | self.frames.all_bits() | self.open_decisions | self.open_targets;
        if any >> MOST_BITS == 0 { Ok(()) } else { Err(Error::Totals) }
    }

    /// Adds to the counts of the pixels alone.
    pub(super) fn add_pixels(&mut self, seen: MaskCounts) {
        self.pixels.merge(&Counts {
            true_positives: seen.both,
            false_positives: seen.first.wrapping_sub(seen.both),
            false_negatives: seen.second.wrapping_sub(seen.both),
            true_negatives: seen.pixels.wrapping_sub(seen.first).wrapping_sub(seen.second).wrapping_add(seen.both),
        });
    }

    /// Adds to the open frame alone.
    pub(super) fn add_to_frame(&mut self, seen: MaskCounts) {
        self.open_decisions = self.open_decisions.wrapping_add(seen.first);
        self.open_targets = self.open_targets.wrapping_add(seen.second);
    }
}

/// There are decisions and targets.
pub(super) fn check(pixels: &Source) -> Result<(), Error> {
    pixels.check(Used::DECISIONS | Used::TARGETS, Used::VALID)
}

/// What decisions and targets hold; they are checked.
pub(super) fn count(pixels: &Source) -> MaskCounts {
    pixels.count_masks(Used::DECISIONS | Used::TARGETS | Used::VALID)
}
