//! Detection quality of pixels and frames (cuvis-ai's `AnomalyDetectionMetrics`).
//!
//! **Use case**: the whole node in one place: pixel-level and frame-level precision, recall and
//! F1, and IoU, over a stream of frames or lines. Labels are needed.
//! **Inputs**: `decisions` and `targets` (bytes, nonzero is an anomaly). Optional: `valid`.
//!
//! The counts, ratios and notices are those of [`super::confusion`]. With a pixel stride s above
//! 1 the pixel counts come from every s-th row and column, starting with the first; a frame is
//! judged by all its pixels all the same, as in cuvis-ai.
//!
//! **cuvis-ai**: `pixel_stride`; ports `decisions` and `targets`; emits `precision`, `recall`,
//! `f1_score`, `iou`, `image_precision`, `image_recall`, `image_f1`. cuvis-ai returns the values
//! of the batch, although its documentation speaks of running ones: here a batch's own totals
//! give the batch's values and the totals of the epoch the pooled ones. Stages: validation, test.
//!
//! **Speed**: limited by memory, 2 bytes a pixel (3 with `valid`).

use super::Metric;
use super::confusion::{Totals as Confusion, inputs};
use crate::error::Error;
use crate::loss::fingerprint;
use crate::pixels::Pixels;

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    /// Every how many rows and columns a pixel counts: at least 1.
    pub pixel_stride: u32,
}

impl Default for Params {
    fn default() -> Self {
        Self { pixel_stride: 1 }
    }
}

impl Params {
    fn check(&self) -> Result<usize, Error> {
        match self.pixel_stride {
            0 => Err(Error::PixelStride),
            stride => Ok(stride as usize),
        }
    }

    fn fingerprint(&self) -> i64 {
        fingerprint(&[self.pixel_stride])
    }
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
    /// The sum of the parameters' hash over `updates`.
    pub fingerprint: i64,
}

impl Totals {
    /// Adds a part of the open frame: a line of a push-broom camera, say.
    ///
    /// # Errors
    /// A stride of 0, a stride above 1 (only [`Self::update_frame`] knows rows and columns),
    /// decisions or targets missing, inputs of different lengths. Nothing was added then.
    pub fn update(&mut self, params: &Params, pixels: &Pixels) -> Result<(), Error> {
        if params.check()? != 1 {
            return Err(Error::StrideNeedsFrame);
        }
        self.confusion.update(pixels)?;
        self.count_update(params);
        Ok(())
    }

    /// Ends the open frame, as [`Confusion::end_frame`] does.
    pub fn end_frame(&mut self) {
        self.confusion.end_frame();
    }

    /// Adds a whole frame and ends it. A frame without rows or columns adds nothing.
    ///
    /// # Errors
    /// A stride of 0, decisions or targets missing, inputs of different lengths, rows that
    /// overlap or reach beyond the pixels. Nothing was added then.
    pub fn update_frame(
        &mut self,
        params: &Params,
        pixels: &Pixels,
        frame: Frame,
    ) -> Result<(), Error> {
        let stride = params.check()?;
        let whole = inputs(pixels)?;
        frame.check(whole.first.len())?;
        if frame.rows == 0 || frame.columns == 0 {
            return Ok(());
        }
        let mut added = Confusion::default();
        for row in 0..frame.rows {
            let line = whole.part(row.wrapping_mul(frame.pitch), frame.columns);
            let seen = line.count();
            added.add_to_frame(seen);
            if stride == 1 {
                added.add_pixels(seen);
            } else if row.is_multiple_of(stride) {
                added.add_pixels(line.count_every(stride));
            }
        }
        added.end_frame();
        self.confusion.merge(&added);
        self.count_update(params);
        Ok(())
    }

    /// Adds other totals.
    pub fn merge(&mut self, other: &Self) {
        self.confusion.merge(&other.confusion);
        self.updates = self.updates.wrapping_add(other.updates);
        self.fingerprint = self.fingerprint.wrapping_add(other.fingerprint);
    }

    /// The values under cuvis-ai's names.
    ///
    /// # Errors
    /// A stride of 0, counts of another stride in the totals.
    pub fn metrics(&self, params: &Params) -> Result<[Metric; 7], Error> {
        params.check()?;
        if self.fingerprint != params.fingerprint().wrapping_mul(self.updates) {
            return Err(Error::MixedTotals);
        }
        let pixels = self.confusion.pixels.ratios();
        let frames = self.confusion.frames.ratios();
        let of_pixels = self.confusion.pixels.notices();
        let of_frames = self.confusion.frames.notices();
        Ok([
            Metric { name: "precision", value: pixels.precision, notices: of_pixels },
            Metric { name: "recall", value: pixels.recall, notices: of_pixels },
            Metric { name: "f1_score", value: pixels.f1, notices: of_pixels },
            Metric { name: "iou", value: pixels.iou, notices: of_pixels },
            Metric { name: "image_precision", value: frames.precision, notices: of_frames },
            Metric { name: "image_recall", value: frames.recall, notices: of_frames },
            Metric { name: "image_f1", value: frames.f1, notices: of_frames },
        ])
    }

    fn count_update(&mut self, params: &Params) {
        self.updates = self.updates.wrapping_add(1);
        self.fingerprint = self.fingerprint.wrapping_add(params.fingerprint());
    }
}

impl Frame {
    /// The rows neither overlap nor reach beyond the pixels.
    fn check(&self, pixels: usize) -> Result<(), Error> {
        let last_row = self.rows.saturating_sub(1);
        let end =
            last_row.checked_mul(self.pitch).and_then(|start| start.checked_add(self.columns));
        let fits = self.columns <= self.pitch && end.is_some_and(|end| end <= pixels);
        if fits || self.rows == 0 { Ok(()) } else { Err(Error::FrameShape) }
    }
}
