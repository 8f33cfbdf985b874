//! What a report shows of scores: a histogram of anomalies and normal pixels, its curves, and how far each batch is
//! from the first one.

use crate::catalog::Spec;
use crate::nodes::frame::Frame;
use hyla::error::Error;
use hyla::input::Planes;
use hyla::metric::drift;
use hyla::metric::ranking::{self, Binning, Point, Report, Rule};

/// The finest bins of one relative width, which make bins of one width without gaps.
const RULE: Rule = Rule::Key { bits: 16 };

/// The scores of a node.
pub struct Watch {
    port: &'static str,
    pooled: Vec<i64>,
    batch: Vec<i64>,
    first: Option<Vec<i64>>,
    /// The population stability index of each batch against the first.
    pub drift: Vec<f64>,
}

/// The names that ports of scores have.
const SCORES: [&str; 3] = ["logits", "predictions", "scores"];

impl Watch {
    /// A watch on a node that has scores of pixels.
    pub fn new(spec: &Spec) -> Option<Self> {
        let is_scores = |name: &&str| spec.input(name).is_some_and(|port| port.shape == crate::catalog::Shape::Pixels);
        let port = SCORES.into_iter().find(is_scores)?;
        let words = vec![0; ranking::words(&Self::binning().ok()?)];
        Some(Self { port, pooled: words.clone(), batch: words, first: None, drift: Vec::new() })
    }

    /// Whether these are the scores of this port.
    pub fn is_of(&self, port: &crate::catalog::Port) -> bool {
        port.name == self.port
    }

    fn binning() -> Result<Binning<'static>, Error> {
        Binning::of_table(RULE, &[])
    }

    pub fn update(&mut self, frame: &Frame) -> Result<(), Error> {
        if !frame.has(self.port) {
            return Ok(());
        }
        let planes = Planes { weights: None, ..frame.planes(self.port, "targets", "") };
        ranking::update(&Self::binning()?, &planes, &mut self.batch)
    }

    pub fn end_batch(&mut self) -> Result<(), Error> {
        let binning = Self::binning()?;
        let empty = vec![0; self.batch.len()];
        let batch = std::mem::replace(&mut self.batch, empty);
        ranking::merge(&binning, &batch, &mut self.pooled)?;
        let first = self.first.get_or_insert_with(|| batch.clone());
        let (report, _) = drift::values(&drift::Params::default(), &binning, first, &batch)?;
        self.drift.push(report.psi);
        Ok(())
    }

    /// What the histogram says of the ranking.
    pub fn report(&self) -> Result<Report, Error> {
        Ok(ranking::report(&Self::binning()?, &self.pooled)?.0)
    }

    /// The points of the curves, from the highest threshold down.
    pub fn points(&self) -> Result<Vec<Point>, Error> {
        let binning = Self::binning()?;
        let mut points = vec![Point::default(); binning.bins()];
        let count = ranking::curve(&binning, &self.pooled, &mut points)?;
        points.truncate(count);
        Ok(points)
    }

    /// The edges of so many bins of one width over nearly all scores, and how many normal pixels and anomalies lie in
    /// each. Scores beyond the ends are in the outermost.
    pub fn histogram(&self, count: usize) -> Result<Option<Histogram>, Error> {
        let binning = Self::binning()?;
        let end = |quantile| ranking::quantile(&binning, &self.pooled, quantile).map(|([lo, hi], _)| (lo, hi));
        let (low, high) = (end(0.001)?.0, end(0.999)?.1);
        if !(low.is_finite() && high.is_finite() && high > low) {
            return Ok(None);
        }
        let width = (high - low) / count as f64;
        let mut histogram = Histogram { low, width, normal: vec![0; count], anomalies: vec![0; count] };
        let bins = binning.bins();
        for bin in 0..bins {
            let place = ((f64::from(binning.lowest(bin)) - low) / width).clamp(0.0, count as f64 - 1.0) as usize;
            histogram.normal[place] += self.pooled[bin];
            histogram.anomalies[place] += self.pooled[bins + 1 + bin];
        }
        Ok(Some(histogram))
    }
}

/// Counts of scores in bins of one width.
pub struct Histogram {
    pub low: f64,
    pub width: f64,
    pub normal: Vec<i64>,
    pub anomalies: Vec<i64>,
}
