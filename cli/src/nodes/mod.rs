//! What the nodes compute, each on the functions of hyla.
//!
//! ```text
//! frame ──► update ──► totals of the batch ──► values of the batch, gradient of each of its frames
//!                             │
//!                             └── merge ──► totals of all batches ──► pooled values
//! ```
//!
//! | module | what is there |
//! | --- | --- |
//! | [`frame`] | the inputs of a call, by the names of the ports |
//! | [`pixel_losses`], [`cube_losses`], [`fixed_losses`] | losses of pixels, of cubes, of matrices and weights |
//! | [`detection`], [`ranking`], [`scores`], [`fixed_metrics`], [`counts`], [`bands`] | metrics |
//! | [`means`] | values of several frames or batches that are averaged |

pub mod bands;
pub mod counts;
pub mod cube_losses;
pub mod detection;
pub mod fixed_losses;
pub mod fixed_metrics;
pub mod frame;
pub mod means;
pub mod pixel_losses;
pub mod ranking;
pub mod scores;

use frame::Frame;
use hyla::error::{Error, Notices, Value};
use hyla::exact::ExactSum;

/// A value of a node; the value that is the node itself (a loss) has no name.
#[derive(Clone, Debug)]
pub struct Named {
    pub name: String,
    pub value: f64,
    pub notices: Notices,
}

impl Named {
    pub fn new(name: impl Into<String>, value: f64, notices: Notices) -> Self {
        Self { name: name.into(), value, notices }
    }

    /// The only value of a loss.
    pub fn loss(value: Value) -> Vec<Self> {
        vec![Self::new("", value.value, value.notices)]
    }
}

impl From<&hyla::metric::Metric> for Named {
    fn from(metric: &hyla::metric::Metric) -> Self {
        Self::new(metric.name, metric.value, metric.notices)
    }
}

/// What a node computes, without the state: that is in its totals.
pub trait Measure {
    type Totals;

    /// The totals of nothing.
    fn empty(&self) -> Self::Totals;

    /// Adds a frame, or of a node without frames what is there for the batch.
    fn update(&self, totals: &mut Self::Totals, frame: &Frame) -> Result<(), Error>;

    /// Adds the totals of a batch.
    fn merge(&self, totals: &mut Self::Totals, batch: &Self::Totals) -> Result<(), Error>;

    /// The values.
    fn values(&self, totals: &Self::Totals) -> Result<Vec<Named>, Error>;

    /// Writes the derivative of the loss of these totals by an input of a frame.
    fn gradient(&self, _: &Self::Totals, _: &str, _: &Frame, _: &mut [f32]) -> Result<(), Error> {
        Err(Error::UnsupportedInput)
    }

    /// Adds a frame to the sums of which the derivative by what all frames of a batch share is made.
    fn gather(&self, _: &str, _: &Frame, _: &mut Vec<ExactSum>) -> Result<(), Error> {
        Err(Error::UnsupportedInput)
    }

    /// Writes the derivative of the loss of these totals by what all frames share, of the sums of all frames.
    fn shared_gradient(&self, _: &Self::Totals, _: &str, _: &[ExactSum], _: &mut [f32]) -> Result<(), Error> {
        Err(Error::UnsupportedInput)
    }
}

/// A node that runs: what it computes, with the totals of this batch and of all that are done.
pub trait Running {
    /// Adds a frame to the batch.
    fn update(&mut self, frame: &Frame) -> Result<(), Error>;

    /// The values of the batch.
    fn batch(&self) -> Result<Vec<Named>, Error>;

    /// Writes the derivative of the batch's loss by an input of one of its frames.
    fn gradient(&self, port: &str, frame: &Frame, to: &mut [f32]) -> Result<(), Error>;

    /// Adds a frame to the sums for [`Self::shared_gradient`].
    fn gather(&self, of: &str, frame: &Frame, sums: &mut Vec<ExactSum>) -> Result<(), Error>;

    /// Writes the derivative of the batch's loss by an input or a parameter that all its frames share.
    fn shared_gradient(&self, of: &str, sums: &[ExactSum], to: &mut [f32]) -> Result<(), Error>;

    /// Ends the batch.
    fn end_batch(&mut self) -> Result<(), Error>;

    /// The values of all batches that have ended.
    fn pooled(&self) -> Result<Vec<Named>, Error>;
}

struct Both<M: Measure> {
    measure: M,
    batch: M::Totals,
    pooled: M::Totals,
}

impl<M: Measure> Running for Both<M> {
    fn update(&mut self, frame: &Frame) -> Result<(), Error> {
        self.measure.update(&mut self.batch, frame)
    }

    fn batch(&self) -> Result<Vec<Named>, Error> {
        self.measure.values(&self.batch)
    }

    fn gradient(&self, port: &str, frame: &Frame, to: &mut [f32]) -> Result<(), Error> {
        self.measure.gradient(&self.batch, port, frame, to)
    }

    fn gather(&self, of: &str, frame: &Frame, sums: &mut Vec<ExactSum>) -> Result<(), Error> {
        self.measure.gather(of, frame, sums)
    }

    fn shared_gradient(&self, of: &str, sums: &[ExactSum], to: &mut [f32]) -> Result<(), Error> {
        self.measure.shared_gradient(&self.batch, of, sums, to)
    }

    fn end_batch(&mut self) -> Result<(), Error> {
        let empty = self.measure.empty();
        let batch = std::mem::replace(&mut self.batch, empty);
        self.measure.merge(&mut self.pooled, &batch)
    }

    fn pooled(&self) -> Result<Vec<Named>, Error> {
        self.measure.values(&self.pooled)
    }
}

/// A node that runs, with empty totals.
pub fn running<M: Measure + 'static>(measure: M) -> Box<dyn Running> {
    let (batch, pooled) = (measure.empty(), measure.empty());
    Box::new(Both { measure, batch, pooled })
}
