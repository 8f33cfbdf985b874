//! Metrics of a matrix or of weights: one input for all frames, or one a batch.

use super::frame::Frame;
use super::means::Means;
use super::{Measure, Named};
use crate::catalog::settings::Settings;
use hyla::error::Error;
use hyla::metric::{component_orthogonality, explained_variance, selector_diversity, selector_entropy};

/// The ratios of each component, pooled over batches.
pub struct ExplainedVariance;

impl Measure for ExplainedVariance {
    /// One of each component; none before the first batch.
    type Totals = Vec<explained_variance::Totals>;

    fn empty(&self) -> Self::Totals {
        Vec::new()
    }

    fn update(&self, totals: &mut Self::Totals, frame: &Frame) -> Result<(), Error> {
        let ratios = frame.vector("explained_variance_ratio")?;
        if totals.is_empty() {
            totals.resize(ratios.len(), explained_variance::Totals::default());
        }
        explained_variance::update(ratios, totals)
    }

    fn merge(&self, totals: &mut Self::Totals, batch: &Self::Totals) -> Result<(), Error> {
        if totals.is_empty() {
            totals.clone_from(batch);
            return Ok(());
        }
        explained_variance::merge(batch, totals)
    }

    fn values(&self, totals: &Self::Totals) -> Result<Vec<Named>, Error> {
        let named = |numbered: hyla::metric::Numbered| {
            let mut named = Named::from(&numbered.metric);
            if let Some(number) = numbered.number {
                named.name.push_str(&number.to_string());
            }
            named
        };
        Ok(explained_variance::metrics(totals)?.map(named).collect())
    }
}

/// Metrics that are a function of one input; the values of several batches are the means.
macro_rules! fixed_metric {
    ($name:ident: $names:expr, $values:expr) => {
        impl Measure for $name {
            type Totals = Means;

            fn empty(&self) -> Means {
                Means::default()
            }

            fn update(&self, totals: &mut Means, frame: &Frame) -> Result<(), Error> {
                let values: fn(&Self, &Frame) -> Result<Vec<Named>, Error> = $values;
                totals.add(values(self, frame)?);
                Ok(())
            }

            fn merge(&self, totals: &mut Means, batch: &Means) -> Result<(), Error> {
                totals.merge(batch);
                Ok(())
            }

            fn values(&self, totals: &Means) -> Result<Vec<Named>, Error> {
                Ok(totals.values(&$names))
            }
        }
    };
}

pub struct ComponentOrthogonality;

fixed_metric! {
    ComponentOrthogonality: ["orthogonality_error", "avg_off_diagonal", "diagonal_mean", "diagonal_std"],
    |_, frame| {
        let matrix = frame.matrix("components")?;
        let mut workspace = vec![0.0; component_orthogonality::workspace(matrix.rows, matrix.columns)];
        let report = component_orthogonality::values(&matrix, &mut workspace)?;
        Ok(report.metrics().iter().map(Named::from).collect())
    }
}

pub struct SelectorEntropy(selector_entropy::Params);

impl SelectorEntropy {
    pub fn new(settings: &Settings) -> Self {
        Self(selector_entropy::Params { eps: settings.number("eps") })
    }
}

fixed_metric! {
    SelectorEntropy: ["selector/entropy"],
    |metric, frame| {
        let metrics = selector_entropy::metrics(&metric.0, frame.vector("weights")?)?;
        Ok(metrics.iter().map(Named::from).collect())
    }
}

pub struct SelectorDiversity;

fixed_metric! {
    SelectorDiversity: ["weight_variance", "gini_coefficient"],
    |_, frame| {
        let weights = frame.vector("weights")?;
        let mut workspace = vec![0; selector_diversity::workspace(weights.len())];
        let report = selector_diversity::values(weights, &mut workspace)?;
        Ok(report.metrics().iter().map(Named::from).collect())
    }
}
