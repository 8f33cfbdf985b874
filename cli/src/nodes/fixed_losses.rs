//! Losses of a matrix or of the weights of bands: one input for all frames, or one a batch. The value of several
//! batches is the mean.

use super::frame::Frame;
use super::means::Means;
use super::{Measure, Named};
use crate::catalog::settings::Settings;
use hyla::error::Error;
use hyla::loss::{Write, distinctness, orthogonality, selector_diversity, selector_entropy};

macro_rules! fixed_loss {
    ($name:ident: $loss:expr, $gradient:expr) => {
        impl Measure for $name {
            type Totals = Means;

            fn empty(&self) -> Means {
                Means::default()
            }

            fn update(&self, totals: &mut Means, frame: &Frame) -> Result<(), Error> {
                let loss: fn(&Self, &Frame) -> Result<hyla::error::Value, Error> = $loss;
                totals.add(Named::loss(loss(self, frame)?));
                Ok(())
            }

            fn merge(&self, totals: &mut Means, batch: &Means) -> Result<(), Error> {
                totals.merge(batch);
                Ok(())
            }

            fn values(&self, totals: &Means) -> Result<Vec<Named>, Error> {
                Ok(totals.values(&[""]))
            }

            fn gradient(&self, _: &Means, _: &str, frame: &Frame, to: &mut [f32]) -> Result<(), Error> {
                let gradient: fn(&Self, &Frame, &mut [f32]) -> Result<hyla::error::Notices, Error> = $gradient;
                gradient(self, frame, to).map(|_| ())
            }
        }
    };
}

pub struct Orthogonality(orthogonality::Params);

impl Orthogonality {
    pub fn new(settings: &Settings) -> Self {
        Self(orthogonality::Params { weight: settings.number("weight") })
    }
}

fixed_loss! {
    Orthogonality:
    |loss, frame| {
        let matrix = frame.matrix("components")?;
        let mut workspace = vec![0.0; orthogonality::workspace(matrix.rows, matrix.columns)];
        orthogonality::loss(&loss.0, &matrix, &mut workspace)
    },
    |loss, frame, to| {
        let matrix = frame.matrix("components")?;
        let mut workspace = vec![0.0; orthogonality::workspace(matrix.rows, matrix.columns)];
        orthogonality::gradient(&loss.0, &matrix, 1.0, Write::Store, &mut workspace, to)
    }
}

pub struct Distinctness(distinctness::Params);

impl Distinctness {
    pub fn new(settings: &Settings) -> Self {
        Self(distinctness::Params {
            weight: settings.number("weight"),
            eps: settings.number("eps"),
            skip_exact_zeros: settings.flag("skip_exact_zeros"),
        })
    }
}

fixed_loss! {
    Distinctness:
    |loss, frame| {
        let matrix = frame.matrix("selection_weights")?;
        let mut workspace = vec![0.0; distinctness::workspace(matrix.rows, matrix.columns)];
        distinctness::loss(&loss.0, &matrix, &mut workspace)
    },
    |loss, frame, to| {
        let matrix = frame.matrix("selection_weights")?;
        let mut workspace = vec![0.0; distinctness::workspace(matrix.rows, matrix.columns)];
        distinctness::gradient(&loss.0, &matrix, 1.0, Write::Store, &mut workspace, to)
    }
}

pub struct SelectorEntropy(selector_entropy::Params);

impl SelectorEntropy {
    pub fn new(settings: &Settings) -> Self {
        Self(selector_entropy::Params {
            weight: settings.number("weight"),
            eps: settings.number("eps"),
            target_entropy: settings.number_or_null("target_entropy"),
        })
    }
}

fixed_loss! {
    SelectorEntropy:
    |loss, frame| selector_entropy::loss(&loss.0, frame.vector("weights")?),
    |loss, frame, to| selector_entropy::gradient(&loss.0, frame.vector("weights")?, 1.0, Write::Store, to)
}

pub struct SelectorDiversity(selector_diversity::Params);

impl SelectorDiversity {
    pub fn new(settings: &Settings) -> Self {
        Self(selector_diversity::Params { weight: settings.number("weight") })
    }
}

fixed_loss! {
    SelectorDiversity:
    |loss, frame| selector_diversity::loss(&loss.0, frame.vector("weights")?),
    |loss, frame, to| selector_diversity::gradient(&loss.0, frame.vector("weights")?, 1.0, Write::Store, to)
}
