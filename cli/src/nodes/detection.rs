//! Precision, recall, F1 and IoU of pixels and frames, and average precision of scores.

use super::frame::Frame;
use super::{Measure, Named};
use crate::catalog::settings::Settings;
use hyla::error::Error;
use hyla::input::Planes;
use hyla::metric::detection::{self, Params, Ranking};
use hyla::metric::ranking::{self, Binning};

pub struct Detection {
    params: Params,
    /// The table of the thresholds of average precision.
    table: Vec<u32>,
}

/// The counts, and the histograms once there were scores.
pub struct Totals {
    counts: detection::Totals,
    words: Option<Vec<i64>>,
}

impl Detection {
    pub fn new(settings: &Settings) -> Self {
        let params = Params {
            pixel_stride: settings.integer("pixel_stride") as u32,
            ap_thresholds: settings.integer("ap_thresholds") as u32,
        };
        let mut table = vec![0; ranking::table_words(params.rule()).unwrap_or_default()];
        // The table of settings admits no number of thresholds for which this fails.
        let _ = Binning::new(params.rule(), &mut table);
        Self { params, table }
    }

    fn binning(&self) -> Result<Binning<'_>, Error> {
        Binning::of_table(self.params.rule(), &self.table)
    }
}

impl Measure for Detection {
    type Totals = Totals;

    fn empty(&self) -> Totals {
        Totals { counts: detection::Totals::default(), words: None }
    }

    fn update(&self, totals: &mut Totals, frame: &Frame) -> Result<(), Error> {
        let binning = self.binning()?;
        let planes = Planes { weights: None, ..frame.planes("logits", "targets", "decisions") };
        if frame.has("logits") && totals.words.is_none() {
            totals.words = Some(vec![0; ranking::words(&binning)]);
        }
        let ranking = totals.words.as_mut().map(|words| Ranking { binning: &binning, words });
        totals.counts.update_frame(&self.params, &planes, ranking)
    }

    fn merge(&self, totals: &mut Totals, batch: &Totals) -> Result<(), Error> {
        totals.counts.merge(&batch.counts);
        match (&mut totals.words, &batch.words) {
            (Some(words), Some(other)) => ranking::merge(&self.binning()?, other, words),
            (words @ None, other) => {
                words.clone_from(other);
                Ok(())
            }
            (Some(_), None) => Ok(()),
        }
    }

    fn values(&self, totals: &Totals) -> Result<Vec<Named>, Error> {
        let binning = self.binning()?;
        let ranking = totals.words.as_deref().map(|words| (&binning, words));
        let metrics = totals.counts.metrics(&self.params, ranking)?;
        Ok(metrics.as_slice().iter().map(Named::from).collect())
    }
}
