//! How many pixels were decided anomalous (cuvis-ai's `AnomalyPixelStatisticsMetric`).
//!
//! **Use case**: watches a stream without labels: a jump of the percentage is a change of the
//! scene, the lamp or the detector.
//! **Inputs**: `decisions` (bytes, nonzero is an anomaly). Optional: `valid`. No weights.
//!
//! ```text
//! total = pixels that count    anomalous = positive decisions    percentage = 100 anomalous / total
//! ```
//!
//! The percentage is one division in `f64`; 0 with the notice `EMPTY` when nothing counts, as
//! cuvis-ai has it. A batch's own totals give cuvis-ai's values; the totals of a stream give the
//! pooled percentage, where averaging percentages of unequal batches is wrong.
//!
//! **Of the frames of a stream** least, greatest and mean percentage are those of a float map of one pixel a frame:
//! give each frame totals of its own, and their percentage, as a float32, to [`Range`](super::range::Range) and to
//! [`score_statistics::Totals`](super::score_statistics::Totals). Both merge, as these totals do.
//!
//! **Edges**: no pixel counts: 0 (`EMPTY`). Counts are doubles in the list of values, exact up to 2^53.
//!
//! **cuvis-ai**: no keys; port `decisions`, without which it emits nothing; emits `anomaly/total_pixels`,
//! `anomaly/anomalous_pixels`, `anomaly/anomaly_percentage` of each batch. Stages: validation, test.
//!
//! **Speed**: limited by memory, 1 byte a pixel (2 with `valid`).

use super::Metric;
use crate::error::{Error, Notices, Value};
use crate::exact::counts;
use crate::input::{Source, Used};

/// Counts over pixels; all zero is empty. Adding the words of two totals merges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// Pixels that count.
    pub pixels: i64,
    /// Positive decisions among them.
    pub anomalous: i64,
}

impl Totals {
    /// Adds pixels.
    ///
    /// # Errors
    /// Decisions missing, weights or soft targets, inputs of different lengths. Nothing was added then.
    pub fn update<'a>(&mut self, pixels: impl Into<Source<'a>>) -> Result<(), Error> {
        let pixels = pixels.into();
        pixels.check(Used::DECISIONS, Used::VALID)?;
        let seen = pixels.count_masks(Used::DECISIONS | Used::VALID);
        self.merge(&Self { pixels: seen.pixels, anomalous: seen.first });
        Ok(())
    }

    /// Adds other totals.
    pub fn merge(&mut self, other: &Self) {
        self.pixels = self.pixels.wrapping_add(other.pixels);
        self.anomalous = self.anomalous.wrapping_add(other.anomalous);
    }

    /// 100 times the share of positive decisions; 0 when nothing counts.
    ///
    /// # Errors
    /// More positive decisions than pixels, or counts below 0 ([`Error::Totals`]).
    pub fn percentage(&self) -> Result<Value, Error> {
        counts::check_part(self.anomalous, self.pixels)?;
        let percentage = 100.0 * self.anomalous as f64 / self.pixels as f64;
        let value = if self.pixels == 0 { 0.0 } else { percentage };
        Ok(Value { value, notices: Notices::EMPTY.when(self.pixels == 0) })
    }

    /// The values under cuvis-ai's names.
    ///
    /// # Errors
    /// As [`Self::percentage`].
    pub fn metrics(&self) -> Result<[Metric; 3], Error> {
        let Value { value, notices } = self.percentage()?;
        let metric = |name, value| Metric { name, value, notices };
        Ok([
            metric("anomaly/total_pixels", self.pixels as f64),
            metric("anomaly/anomalous_pixels", self.anomalous as f64),
            metric("anomaly/anomaly_percentage", value),
        ])
    }
}
