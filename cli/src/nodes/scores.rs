//! Mean, spread, extremes and quantiles of scores, and the mean of the greatest ones.
//!
//! As long as they fit into memory the scores of a batch are kept, and quantiles are exact. Beyond [`MOST_KEPT`] a
//! histogram brackets them: then `scores/q25` is the middle of the bracket, with the notice COARSE, and its ends are
//! `scores/q25_lo` and `scores/q25_hi`.

use super::frame::Frame;
use super::means::Means;
use super::{Measure, Named};
use crate::catalog::settings::Settings;
use crate::files::floats;
use hyla::error::{Error, Notices, Value};
use hyla::input::{Pixels, Planes};
use hyla::metric::range::Range;
use hyla::metric::ranking::{self, Binning, Rule};
use hyla::metric::{score_statistics, topk_mean};

/// So many scores are kept: 32 MiB.
const MOST_KEPT: usize = 1 << 23;

/// The finest histogram: a bracket is 1/128 of its value wide.
const RULE: Rule = Rule::Key { bits: 16 };

pub struct ScoreStatistics;

/// What is known of scores that are no longer there.
#[derive(Default)]
pub struct Totals {
    moments: score_statistics::Totals,
    range: Range,
    /// The histogram; empty as long as the scores are kept.
    words: Vec<i64>,
    kept: Vec<f32>,
}

fn planes<'a>(frame: &'a Frame) -> Planes<'a> {
    Planes { weights: None, ..frame.planes("scores", "", "") }
}

impl Totals {
    /// The scores are no longer kept: those that were go to the histogram.
    fn let_go(&mut self) -> Result<(), Error> {
        if self.words.is_empty() {
            let binning = Binning::of_table(RULE, &[])?;
            self.words = vec![0; ranking::words(&binning)];
            let kept = std::mem::take(&mut self.kept);
            ranking::update(&binning, &Pixels { scores: &kept, ..Pixels::default() }, &mut self.words)?;
        }
        Ok(())
    }
}

impl Measure for ScoreStatistics {
    type Totals = Totals;

    fn empty(&self) -> Totals {
        Totals::default()
    }

    fn update(&self, totals: &mut Totals, frame: &Frame) -> Result<(), Error> {
        let planes = planes(frame);
        totals.moments.update(&planes)?;
        totals.range.update(&planes)?;
        if totals.kept.len() + planes.n > MOST_KEPT {
            totals.let_go()?;
        }
        if !totals.words.is_empty() {
            return ranking::update(&Binning::of_table(RULE, &[])?, &planes, &mut totals.words);
        }
        let valid = frame.bytes("valid");
        let scores = floats::of_plane(&planes.scores.ok_or(Error::MissingInput)?);
        let counts = |index: usize| valid.as_ref().is_none_or(|valid| valid[index] != 0);
        totals.kept.extend(scores.iter().enumerate().filter(|(index, _)| counts(*index)).map(|(_, score)| score));
        Ok(())
    }

    fn merge(&self, totals: &mut Totals, batch: &Totals) -> Result<(), Error> {
        totals.moments.merge(&batch.moments);
        totals.range.merge(&batch.range);
        if !batch.words.is_empty() || totals.kept.len() + batch.kept.len() > MOST_KEPT {
            totals.let_go()?;
        }
        if totals.words.is_empty() {
            totals.kept.extend_from_slice(&batch.kept);
            return Ok(());
        }
        let binning = Binning::of_table(RULE, &[])?;
        if batch.words.is_empty() {
            let pixels = Pixels { scores: &batch.kept, ..Pixels::default() };
            ranking::update(&binning, &pixels, &mut totals.words)
        } else {
            ranking::merge(&binning, &batch.words, &mut totals.words)
        }
    }

    fn values(&self, totals: &Totals) -> Result<Vec<Named>, Error> {
        if totals.words.is_empty() {
            let mut workspace = vec![0; score_statistics::workspace()];
            let pixels = Pixels { scores: &totals.kept, ..Pixels::default() };
            let (report, _) = score_statistics::frame(&pixels, &mut workspace)?;
            return Ok(report.metrics().iter().map(Named::from).collect());
        }
        let named = |name: &str, value: Value| Named::new(name, value.value, value.notices);
        let ([least, greatest], of_range) = (totals.range.extremes()?, totals.range.notices()?);
        let mut values = vec![
            named("scores/mean", totals.moments.mean()?),
            named("scores/std", totals.moments.std()?),
            Named::new("scores/min", least, of_range),
            Named::new("scores/max", greatest, of_range),
        ];
        let binning = Binning::of_table(RULE, &[])?;
        let quantiles = [("median", 0.5), ("q25", 0.25), ("q75", 0.75), ("q95", 0.95), ("q99", 0.99)];
        for (name, quantile) in quantiles {
            let ([lo, hi], notices) = ranking::quantile(&binning, &totals.words, quantile)?;
            let (lo, hi) = (lo.max(least), hi.min(greatest));
            let name = format!("scores/{name}");
            values.push(Named::new(&name, lo + (hi - lo) / 2.0, notices | Notices::COARSE));
            values.push(Named::new(format!("{name}_lo"), lo, notices));
            values.push(Named::new(format!("{name}_hi"), hi, notices));
        }
        Ok(values)
    }
}

/// The mean of the greatest scores of each frame; of several frames the mean of these.
pub struct TopkMean {
    fraction: f64,
}

impl TopkMean {
    pub fn new(settings: &Settings) -> Self {
        Self { fraction: settings.double("fraction") }
    }
}

impl Measure for TopkMean {
    type Totals = Means;

    fn empty(&self) -> Means {
        Means::default()
    }

    fn update(&self, totals: &mut Means, frame: &Frame) -> Result<(), Error> {
        let mut workspace = vec![0; topk_mean::workspace()];
        let mean = topk_mean::value(&planes(frame), self.fraction, &mut workspace)?;
        totals.add(vec![Named::new("topk_mean", mean.value, mean.notices)]);
        Ok(())
    }

    fn merge(&self, totals: &mut Means, batch: &Means) -> Result<(), Error> {
        totals.merge(batch);
        Ok(())
    }

    fn values(&self, totals: &Means) -> Result<Vec<Named>, Error> {
        Ok(totals.values(&["topk_mean"]))
    }
}
