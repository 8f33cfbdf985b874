//! Detection quality of pixels and frames (cuvis-ai's `AnomalyDetectionMetrics`).
//!
//! **Use case**: the whole node in one place: pixel-level and frame-level precision, recall and
//! F1, IoU, and average precision, over a stream of frames or lines. Labels are needed.
//! **Inputs**: `targets` (bytes, nonzero is an anomaly), and `decisions` (likewise), `scores`
//! (logits), or both. Optional: `valid`. Pixel weights are not for counts.
//!
//! The counts, ratios and notices of decisions are those of [`super::confusion`]. Average precision
//! is that of [`super::ranking`] with `ap_thresholds` thresholds of the sigmoid, which is
//! torchmetrics' number; its state is a binning and words of the caller ([`Ranking`]), and without
//! them scores are ignored. The exact average precision of the scores lies between
//! `average_precision_lo` and `average_precision_hi`: where scores saturate the sigmoid, say, they are
//! far apart, and `COARSE` says so.
//!
//! With a pixel stride s above 1 the pixel counts and average precision come from every s-th row and
//! column, starting with the first; a frame is judged by all its pixels all the same, as in cuvis-ai.
//!
//! Batches may lack decisions or scores: what they lack is not counted, and values of inputs that no
//! batch had are not given out.
//!
//! **cuvis-ai**: `ap_thresholds`, `pixel_stride`; ports `decisions`, `targets` and `logits` (`scores`);
//! emits `precision`, `recall`, `f1_score`, `iou`, `image_precision`, `image_recall`, `image_f1`,
//! `average_precision`. cuvis-ai returns the pooled average precision and of all else the values of the
//! batch, although its documentation speaks of running ones: here a batch's own totals and words give
//! the batch's values and those of the epoch the pooled ones. Stages: validation, test.
//!
//! **Speed**: decisions by memory, 2 bytes a pixel (3 with `valid`); scores by the scatter into the
//! histograms.

use super::Metric;
use super::confusion::{self, Totals as Confusion};
use super::ranking::{self, Binning, MOST_THRESHOLDS, Rule};
use crate::error::{Error, Notices};
use crate::exact::counts;
#[cfg(feature = "conversions")]
use crate::input::Planes;
use crate::input::{Source, Used};
use crate::node::fingerprint::{fingerprint, same_parameters};

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// Every how many rows and columns a pixel counts: at least 1.
    pub pixel_stride: u32,
    /// How many thresholds average precision has, evenly from 0 to 1 for the sigmoid of the score: 2 to
    /// 4096.
    pub ap_thresholds: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self { pixel_stride: 1, ap_thresholds: 200 }
    }
}

impl Params {
    /// The rule of the binning of average precision.
    pub fn rule(&self) -> Rule {
        Rule::Thresholds { count: self.ap_thresholds }
    }

    fn check(&self) -> Result<usize, Error> {
        if !(2..=MOST_THRESHOLDS).contains(&self.ap_thresholds) {
            return Err(Error::Thresholds);
        }
        match self.pixel_stride {
            0 => Err(Error::PixelStride),
            stride => Ok(stride as usize),
        }
    }

    /// Checks that the binning is that of the parameters, and that there are as many words as it needs.
    fn check_ranking(&self, binning: &Binning, words: &[i64]) -> Result<(), Error> {
        if binning.rule() != self.rule() {
            return Err(Error::UnsupportedInput);
        }
        if words.len() < ranking::words(binning) { Err(Error::Workspace) } else { Ok(()) }
    }

    /// (The thresholds are in the fingerprint of the histograms: counts do not depend on them.)
    fn fingerprint(&self) -> i64 {
        fingerprint(&[self.pixel_stride])
    }
}

/// The state of average precision: histograms of [`Params::rule`], which [`ranking::merge`] merges.
#[derive(Debug)]
pub struct Ranking<'a> {
    /// Its binning.
    pub binning: &'a Binning<'a>,
    /// Its words, [`ranking::words`] of them.
    pub words: &'a mut [i64],
}

/// Counts over pixels and frames; all zero is empty. Adding the words of two totals merges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// The counts.
    pub confusion: Confusion,
    /// How many calls added to them.
    pub updates: i64,
    /// How many of these had no decisions.
    pub undecided: i64,
    /// The sum of the parameters' hash over `updates`.
    pub fingerprint: i64,
}

impl Totals {
    /// Adds a part of the open frame: a line of a push-broom camera, say. Scores go to the ranking.
    ///
    /// # Errors
    /// A stride of 0, too few or too many thresholds, a stride above 1 (only whole frames have a first row),
    /// targets missing, neither decisions nor scores with a ranking, inputs of different lengths, another binning than
    /// that of the parameters, too few words. Nothing was added then.
    pub fn update<'a>(
        &mut self,
        params: &Params,
        pixels: impl Into<Source<'a>>,
        ranking: Option<Ranking>,
    ) -> Result<(), Error> {
        if params.check()? != 1 {
            return Err(Error::StrideNeedsFrame);
        }
        self.add(params, &pixels.into(), ranking).map(|_| ())
    }

    /// Ends the open frame, as [`Confusion::end_frame`] does: for frames with decisions.
    pub fn end_frame(&mut self) {
        self.confusion.end_frame();
    }

    /// Adds a whole frame, whose rows are those of the planes, and ends it if it has decisions. A frame without pixels
    /// adds nothing.
    ///
    /// # Errors
    /// As [`Self::update`], but any stride will do; without the feature `conversions` it must be 1
    /// ([`Error::UnsupportedInput`]). Nothing was added then.
    pub fn update_frame<'a>(
        &mut self,
        params: &Params,
        pixels: impl Into<Source<'a>>,
        ranking: Option<Ranking>,
    ) -> Result<(), Error> {
        let stride = params.check()?;
        let pixels = pixels.into();
        let mut added = Self::default();
        let is_decided = if stride == 1 {
            added.add(params, &pixels, ranking)?
        } else {
            added.add_every(stride, params, &pixels, ranking)?
        };
        if pixels.n(Used::TARGETS) == 0 {
            return Ok(());
        }
        if is_decided {
            added.end_frame();
        }
        self.merge(&added);
        Ok(())
    }

    /// Adds pixels to the open frame, and says whether they have decisions.
    fn add(&mut self, params: &Params, pixels: &Source, ranking: Option<Ranking>) -> Result<bool, Error> {
        let is_decided = check(params, pixels, ranking.as_ref())?;
        if let Some(ranking) = ranking.filter(|_| pixels.has(Used::SCORES, Used::TARGETS)) {
            let others = Used::DECISIONS.when(is_decided && pixels.ignores_decisions());
            ranking::update_beside(ranking.binning, pixels, ranking.words, others)?;
        }
        if is_decided {
            let seen = confusion::count(pixels);
            self.confusion.add_pixels(seen);
            self.confusion.add_to_frame(seen);
        }
        self.count_update(params, is_decided);
        Ok(is_decided)
    }

    /// The same of every so many rows and columns, but the open frame is of all pixels.
    fn add_every(
        &mut self,
        stride: usize,
        params: &Params,
        pixels: &Source,
        ranking: Option<Ranking>,
    ) -> Result<bool, Error> {
        #[cfg(not(feature = "conversions"))]
        {
            let _ = (stride, params, pixels, ranking);
            Err(Error::UnsupportedInput)
        }
        #[cfg(feature = "conversions")]
        {
            check(params, pixels, ranking.as_ref())?;
            let few = Planes::from(*pixels).every(stride)?;
            let is_decided = self.add(params, &Source::Planes(&few), ranking)?;
            if is_decided {
                (self.confusion.open_decisions, self.confusion.open_targets) = (0, 0);
                self.confusion.add_to_frame(confusion::count(pixels));
            }
            Ok(is_decided)
        }
    }

    /// Adds other totals.
    pub fn merge(&mut self, other: &Self) {
        self.confusion.merge(&other.confusion);
        self.updates = self.updates.wrapping_add(other.updates);
        self.undecided = self.undecided.wrapping_add(other.undecided);
        self.fingerprint = self.fingerprint.wrapping_add(other.fingerprint);
    }

    /// The values under cuvis-ai's names. With a ranking (its binning and words) there is average
    /// precision and its bounds; the values of decisions are left out there if no call had any.
    ///
    /// # Errors
    /// A stride of 0, too few or too many thresholds, counts of another stride in the totals, another
    /// binning than that of the parameters, too few words, scores of another binning among them.
    pub fn metrics(&self, params: &Params, ranking: Option<(&Binning, &[i64])>) -> Result<Metrics, Error> {
        params.check()?;
        counts::check_part(self.undecided, self.updates)?;
        let [(pixels, of_pixels), (frames, of_frames)] = self.confusion.values()?;
        same_parameters(params.fingerprint(), self.updates, self.fingerprint)?;
        let ranked = match ranking {
            Some((binning, words)) => {
                params.check_ranking(binning, words)?;
                Some(ranking::report(binning, words)?)
            }
            None => None,
        };
        let (report, of_scores) = ranked.unwrap_or_default();
        let of_bounds = of_scores.without(Notices::COARSE);
        let metric = |name, value, notices| Metric { name, value, notices };
        Ok(Metrics {
            first: if ranked.is_some() && self.updates == self.undecided { DECIDED } else { 0 },
            end: if ranked.is_some() { ALL } else { DECIDED },
            all: [
                metric("precision", pixels.precision, of_pixels),
                metric("recall", pixels.recall, of_pixels),
                metric("f1_score", pixels.f1, of_pixels),
                metric("iou", pixels.iou, of_pixels),
                metric("image_precision", frames.precision, of_frames),
                metric("image_recall", frames.recall, of_frames),
                metric("image_f1", frames.f1, of_frames),
                metric("average_precision", report.average_precision, of_scores),
                metric("average_precision_lo", report.average_precision_lo, of_bounds),
                metric("average_precision_hi", report.average_precision_hi, of_bounds),
            ],
        })
    }

    fn count_update(&mut self, params: &Params, is_decided: bool) {
        self.updates = self.updates.wrapping_add(1);
        self.undecided = self.undecided.wrapping_add(i64::from(!is_decided));
        self.fingerprint = self.fingerprint.wrapping_add(params.fingerprint());
    }
}

/// How many values there are of decisions, and in all.
const DECIDED: usize = 7;
const ALL: usize = 10;

/// The values that [`Totals::metrics`] gives out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metrics {
    all: [Metric; ALL],
    first: usize,
    end: usize,
}

impl Metrics {
    /// The values.
    pub fn as_slice(&self) -> &[Metric] {
        self.all.get(self.first..self.end).unwrap_or(&[])
    }
}

/// What a call needs is there; says whether it has decisions.
fn check(params: &Params, pixels: &Source, ranking: Option<&Ranking>) -> Result<bool, Error> {
    pixels.check(Used::TARGETS, Used::VALID)?;
    let mut is_ranked = false;
    if let Some(ranking) = ranking {
        params.check_ranking(ranking.binning, ranking.words)?;
        is_ranked = pixels.has(Used::SCORES, Used::TARGETS);
        if is_ranked {
            pixels.check(Used::SCORES | Used::TARGETS, Used::VALID)?;
        }
    }
    let is_decided = pixels.has(Used::DECISIONS, Used::TARGETS) || !is_ranked;
    if is_decided {
        confusion::check(pixels)?;
    }
    Ok(is_decided)
}
