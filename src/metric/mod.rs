//! Metrics: one file each, all of the same shape.
//!
//! `Totals` hold counts (or exact sums) that merge by integer addition, `update` adds pixels to
//! them, `values` makes numbers of them, and `metrics` gives the same numbers under the names
//! that cuvis-ai's nodes emit.

pub mod band_statistics;
pub mod component_orthogonality;
pub mod confusion;
pub mod detection;
pub mod distinct_label_count;
pub mod drift;
pub mod explained_variance;
pub mod pixel_statistics;
pub mod ranking;
pub mod ranking_exact;
pub mod score_statistics;
pub mod selector_diversity;
pub mod selector_entropy;
pub mod sum;
pub mod topk_mean;

pub use crate::node::range;

use crate::error::Notices;

/// A named value, as cuvis-ai's metric nodes emit them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metric {
    /// cuvis-ai's name of the value.
    pub name: &'static str,
    /// The value.
    pub value: f64,
    /// What is special about it.
    pub notices: Notices,
}

/// A named value of a list that is as long as its input: one a component, say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Numbered {
    /// The value; its name is what stands before the number.
    pub metric: Metric,
    /// The number at the end of the name, from 1; None: the name has none.
    pub number: Option<usize>,
}
