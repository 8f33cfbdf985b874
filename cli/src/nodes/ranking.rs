//! How well scores rank anomalies: of a stream with bounds, or of all scores in memory exactly; and drift.

use super::frame::Frame;
use super::{Measure, Named};
use crate::catalog::settings::Settings;
use crate::files::floats;
use hyla::error::{Error, Notices};
use hyla::input::{Pixels, Planes};
use hyla::metric::ranking::{self, Binning, Rule};
use hyla::metric::{drift, ranking_exact};

/// The binning that the parameters `bits`, or `low`, `high` and `bins`, ask for: none of these has a table.
fn rule(settings: &Settings) -> Rule {
    match settings.choice("binning") {
        "linear" => Rule::Linear {
            low: settings.number("low"),
            high: settings.number("high"),
            bins: settings.integer("bins") as u32,
        },
        _ => Rule::Key { bits: settings.integer("bits") as u32 },
    }
}

/// The histograms of a stream.
pub struct Ranking {
    rule: Rule,
    rate: Option<f64>,
}

impl Ranking {
    pub fn new(settings: &Settings) -> Self {
        let rate = settings.number_or_null("false_positive_rate").map(|_| settings.double("false_positive_rate"));
        Self { rule: rule(settings), rate }
    }

    fn binning(&self) -> Result<Binning<'static>, Error> {
        Binning::of_table(self.rule, &[])
    }
}

fn planes<'a>(frame: &'a Frame) -> Planes<'a> {
    Planes { weights: None, ..frame.planes("scores", "targets", "") }
}

impl Measure for Ranking {
    type Totals = Vec<i64>;

    fn empty(&self) -> Vec<i64> {
        vec![0; self.binning().map_or(0, |binning| ranking::words(&binning))]
    }

    fn update(&self, words: &mut Vec<i64>, frame: &Frame) -> Result<(), Error> {
        ranking::update(&self.binning()?, &planes(frame), words)
    }

    fn merge(&self, words: &mut Vec<i64>, batch: &Vec<i64>) -> Result<(), Error> {
        ranking::merge(&self.binning()?, batch, words)
    }

    fn values(&self, words: &Vec<i64>) -> Result<Vec<Named>, Error> {
        let binning = self.binning()?;
        let (report, notices) = ranking::report(&binning, words)?;
        let mut values: Vec<_> = [
            ("average_precision", report.average_precision),
            ("average_precision_lo", report.average_precision_lo),
            ("average_precision_hi", report.average_precision_hi),
            ("roc_auc", report.roc_auc),
            ("roc_auc_lo", report.roc_auc_lo),
            ("roc_auc_hi", report.roc_auc_hi),
            ("f1_max", report.f1_max),
            ("f1_max_hi", report.f1_max_hi),
            ("f1_max_threshold", report.f1_max_threshold),
        ]
        .map(|(name, value)| Named::new(name, value, notices))
        .into();
        if let Some(rate) = self.rate {
            let threshold = ranking::threshold_for_false_positive_rate(&binning, words, rate)?;
            values.push(Named::new("false_positive_rate_threshold", threshold.value, threshold.notices));
        }
        Ok(values)
    }
}

/// All scores and their targets, in memory.
pub struct ExactRanking;

impl Measure for ExactRanking {
    type Totals = (Vec<f32>, Vec<u8>);

    fn empty(&self) -> Self::Totals {
        Self::Totals::default()
    }

    fn update(&self, (scores, targets): &mut Self::Totals, frame: &Frame) -> Result<(), Error> {
        let planes = planes(frame);
        let plane = planes.scores.ok_or(Error::MissingInput)?;
        let (truths, valid) = (frame.bytes("targets").ok_or(Error::MissingInput)?, frame.bytes("valid"));
        for (index, (score, target)) in floats::of_plane(&plane).iter().zip(truths.iter()).enumerate() {
            if valid.as_ref().is_none_or(|valid| valid[index] != 0) {
                scores.push(*score);
                targets.push(*target);
            }
        }
        Ok(())
    }

    fn merge(&self, totals: &mut Self::Totals, batch: &Self::Totals) -> Result<(), Error> {
        totals.0.extend_from_slice(&batch.0);
        totals.1.extend_from_slice(&batch.1);
        Ok(())
    }

    fn values(&self, (scores, targets): &Self::Totals) -> Result<Vec<Named>, Error> {
        let mut workspace = vec![0; ranking_exact::workspace(scores.len())];
        let pixels = Pixels { scores, targets: Some(targets), ..Pixels::default() };
        let (report, notices) = ranking_exact::report(&pixels, &mut workspace)?;
        Ok([
            ("average_precision", report.average_precision),
            ("roc_auc", report.roc_auc),
            ("f1_max", report.f1_max),
            ("f1_max_threshold", report.f1_max_threshold),
        ]
        .map(|(name, value)| Named::new(name, value, notices))
        .into())
    }
}

/// The scores of now against those of the port `reference`.
pub struct Drift {
    rule: Rule,
    groups: u32,
}

impl Drift {
    pub fn new(settings: &Settings) -> Self {
        Self { rule: rule(settings), groups: settings.integer("groups") as u32 }
    }

    fn binning(&self) -> Result<Binning<'static>, Error> {
        Binning::of_table(self.rule, &[])
    }
}

impl Measure for Drift {
    /// The histograms of the reference and of now.
    type Totals = [Vec<i64>; 2];

    fn empty(&self) -> Self::Totals {
        let words = self.binning().map_or(0, |binning| ranking::words(&binning));
        [vec![0; words], vec![0; words]]
    }

    fn update(&self, [reference, now]: &mut Self::Totals, frame: &Frame) -> Result<(), Error> {
        let binning = self.binning()?;
        if reference.iter().all(|word| *word == 0) {
            let pixels = Pixels { scores: frame.vector("reference")?, ..Pixels::default() };
            ranking::update(&binning, &pixels, reference)?;
        }
        ranking::update(&binning, &planes(frame), now)
    }

    /// The reference is the same in every batch.
    fn merge(&self, [reference, now]: &mut Self::Totals, batch: &Self::Totals) -> Result<(), Error> {
        reference.clone_from(&batch[0]);
        ranking::merge(&self.binning()?, &batch[1], now)
    }

    fn values(&self, [reference, now]: &Self::Totals) -> Result<Vec<Named>, Error> {
        let params = drift::Params { groups: self.groups, ..drift::Params::default() };
        let (report, notices) = drift::values(&params, &self.binning()?, reference, now)?;
        let named = |metric: &hyla::metric::Metric| {
            let coarse = Notices::from_bits(notices.bits() & Notices::COARSE.bits());
            Named { notices: metric.notices | coarse, ..Named::from(metric) }
        };
        Ok(report.metrics().iter().map(named).collect())
    }
}
