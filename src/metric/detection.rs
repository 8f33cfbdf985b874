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
use super::confusion::{Totals as Confusion, inputs};
use super::ranking::{self, Binning, MOST_THRESHOLDS, Rule};
use crate::error::{Error, Notices};
use crate::exact::counts;
use crate::input::{Masks, Pixels};
use crate::node::fingerprint::{fingerprint, same_parameters};
use crate::simd::IS_SMALL;

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

/// Where the rows of a frame lie in its pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Rows.
    pub rows: usize,
    /// Pixels of a row.
    pub columns: usize,
    /// Pixels from the start of a row to the start of the next: at least `columns`.
    pub pitch: usize,
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
    /// A stride of 0, too few or too many thresholds, a stride above 1 (only [`Self::update_frame`]
    /// knows rows and columns), targets missing, neither decisions nor scores with a ranking, inputs of
    /// different lengths, another binning than that of the parameters, too few words. Nothing was added
    /// then.
    pub fn update(&mut self, params: &Params, pixels: &Pixels, ranking: Option<Ranking>) -> Result<(), Error> {
        if params.check()? != 1 {
            return Err(Error::StrideNeedsFrame);
        }
        let parts = CheckedCall::new(params, pixels, ranking)?;
        if let Some(masks) = parts.masks {
            let seen = masks.count();
            self.confusion.add_pixels(seen);
            self.confusion.add_to_frame(seen);
        }
        self.count_update(params, &parts);
        if let Some((scores, ranking)) = parts.ranked {
            ranking::update(ranking.binning, &scores, ranking.words)?;
        }
        Ok(())
    }

    /// Ends the open frame, as [`Confusion::end_frame`] does: for frames with decisions.
    pub fn end_frame(&mut self) {
        self.confusion.end_frame();
    }

    /// Adds a whole frame, and ends it if it has decisions. A frame without rows or columns adds nothing.
    ///
    /// # Errors
    /// A stride of 0, too few or too many thresholds, targets missing, neither decisions nor scores with
    /// a ranking, inputs of different lengths, rows that overlap or reach beyond the pixels, another
    /// binning than that of the parameters, too few words. Nothing was added then.
    pub fn update_frame(
        &mut self,
        params: &Params,
        pixels: &Pixels,
        frame: Frame,
        ranking: Option<Ranking>,
    ) -> Result<(), Error> {
        let stride = params.check()?;
        let mut parts = CheckedCall::new(params, pixels, ranking)?;
        frame.check(parts.length)?;
        if frame.rows == 0 || frame.columns == 0 {
            return Ok(());
        }
        let frame = if stride == 1 { frame.in_one_row() } else { frame };
        let mut added = Confusion::default();
        for row in 0..frame.rows {
            let start = row.wrapping_mul(frame.pitch);
            let counts = row.is_multiple_of(stride);
            if let Some(masks) = parts.masks {
                let line = masks.part(start, frame.columns);
                let seen = line.count();
                added.add_to_frame(seen);
                if stride == 1 {
                    added.add_pixels(seen);
                } else if counts {
                    added.add_pixels(line.count_every(stride));
                }
            }
            if let Some((scores, ranking)) = parts.ranked.as_mut().filter(|_| counts) {
                rank_every(stride, &scores.part(start, frame.columns), ranking)?;
            }
        }
        if parts.masks.is_some() {
            added.end_frame();
        }
        self.confusion.merge(&added);
        self.count_update(params, &parts);
        Ok(())
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

    fn count_update(&mut self, params: &Params, parts: &CheckedCall) {
        self.updates = self.updates.wrapping_add(1);
        self.undecided = self.undecided.wrapping_add(i64::from(parts.masks.is_none()));
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

/// The checked inputs of a call.
struct CheckedCall<'a> {
    length: usize,
    masks: Option<Masks<'a>>,
    ranked: Option<(Pixels<'a>, Ranking<'a>)>,
}

impl<'a> CheckedCall<'a> {
    fn new(params: &Params, pixels: &Pixels<'a>, ranking: Option<Ranking<'a>>) -> Result<Self, Error> {
        pixels.check_plain()?;
        let Pixels { scores, targets, valid, .. } = *pixels;
        let length = targets.ok_or(Error::MissingInput)?.len();
        Pixels::check_lengths(length, &[valid.map(<[u8]>::len)])?;
        let mut ranked = None;
        if let Some(ranking) = ranking {
            params.check_ranking(ranking.binning, ranking.words)?;
            if !scores.is_empty() || length == 0 {
                Pixels::check_lengths(length, &[Some(scores.len())])?;
                ranked = Some((Pixels { scores, targets, valid, ..Pixels::default() }, ranking));
            }
        }
        let is_decided = pixels.decisions.is_some() || ranked.is_none();
        let masks = if is_decided { Some(inputs(pixels)?) } else { None };
        Ok(Self { length, masks, ranked })
    }
}

/// Adds every `stride`-th score of a line to the histograms.
fn rank_every(stride: usize, line: &Pixels, ranking: &mut Ranking) -> Result<(), Error> {
    if stride == 1 {
        return ranking::update(ranking.binning, line, ranking.words);
    }
    const TILE: usize = if IS_SMALL { 32 } else { 256 };
    let (mut scores, mut targets, mut valid) = ([0.0; TILE], [0; TILE], [0; TILE]);
    let count = line.scores.len().div_ceil(stride);
    for first in (0..count).step_by(TILE) {
        let picked = TILE.min(count - first);
        let at = first * stride;
        let tile = Pixels {
            scores: pick(stride, line.scores, at, &mut scores, picked),
            targets: line.targets.map(|all| pick(stride, all, at, &mut targets, picked)),
            valid: line.valid.map(|all| pick(stride, all, at, &mut valid, picked)),
            ..Pixels::default()
        };
        ranking::update(ranking.binning, &tile, ranking.words)?;
    }
    Ok(())
}

/// `count` items from `from` on, of which each is `stride` behind the one before.
fn pick<'a, T: Copy>(stride: usize, all: &[T], from: usize, to: &'a mut [T], count: usize) -> &'a [T] {
    let all = all.get(from..).unwrap_or(&[]);
    for (to, item) in to.iter_mut().zip(all.iter().step_by(stride.max(1))) {
        *to = *item;
    }
    to.get(..count).unwrap_or(&[])
}

impl Frame {
    /// Checks that rows do not overlap and do not reach beyond the pixels.
    fn check(&self, pixels: usize) -> Result<(), Error> {
        let last_row = self.rows.saturating_sub(1);
        let end = last_row.checked_mul(self.pitch).and_then(|start| start.checked_add(self.columns));
        let fits = self.columns <= self.pitch && end.is_some_and(|end| end <= pixels);
        if fits || self.rows == 0 { Ok(()) } else { Err(Error::FrameShape) }
    }

    /// The same pixels in one row, if nothing lies between the rows.
    fn in_one_row(self) -> Self {
        if self.pitch != self.columns {
            return self;
        }
        let columns = self.rows.wrapping_mul(self.columns);
        Self { rows: 1, columns, pitch: columns }
    }
}
