//! Losses of pixels of one value: ports `predictions` and `targets`, and what hyla takes beside them, `valid` and
//! `weights`.

use super::frame::Frame;
use super::{Measure, Named};
use crate::catalog::settings::Settings;
use hyla::error::Error;
use hyla::input::Planes;
use hyla::loss::iou::{EmptyTarget, Normalization};
use hyla::loss::{Reduction, Write, bce, focal, iou, tversky};
use hyla::metric::range::Range;

/// The reduction of a name.
pub fn reduction(settings: &Settings) -> Reduction {
    match settings.choice("reduction") {
        "sum" => Reduction::Sum,
        "none" => Reduction::None,
        "weighted_mean" => Reduction::WeightedMean,
        _ => Reduction::Mean,
    }
}

fn planes<'a>(frame: &'a Frame) -> Planes<'a> {
    frame.planes("predictions", "targets", "")
}

/// A loss of which each pixel has a term: value, or none where the reduction is `none`.
macro_rules! term_loss {
    ($name:ident, $node:ident) => {
        pub struct $name(pub $node::Params);

        impl Measure for $name {
            type Totals = $node::Totals;

            fn empty(&self) -> Self::Totals {
                $node::Totals::default()
            }

            fn update(&self, totals: &mut Self::Totals, frame: &Frame) -> Result<(), Error> {
                totals.update(&self.0, &planes(frame))
            }

            fn merge(&self, totals: &mut Self::Totals, batch: &Self::Totals) -> Result<(), Error> {
                totals.merge(batch);
                Ok(())
            }

            fn values(&self, totals: &Self::Totals) -> Result<Vec<Named>, Error> {
                match self.0.reduction {
                    Reduction::None => Ok(Vec::new()),
                    _ => totals.loss(&self.0).map(Named::loss),
                }
            }

            fn gradient(&self, totals: &Self::Totals, _: &str, frame: &Frame, to: &mut [f32]) -> Result<(), Error> {
                totals.gradient(&self.0, &planes(frame), 1.0, Write::Store, to).map(|_| ())
            }
        }
    };
}
term_loss!(Bce, bce);
term_loss!(Focal, focal);

impl Bce {
    pub fn new(settings: &Settings) -> Self {
        Self(bce::Params {
            reduction: reduction(settings),
            weight: settings.number("weight"),
            pos_weight: settings.number_or_null("pos_weight").unwrap_or(1.0),
            label_smoothing: settings.number("label_smoothing"),
        })
    }
}

impl Focal {
    pub fn new(settings: &Settings) -> Self {
        Self(focal::Params {
            reduction: reduction(settings),
            weight: settings.number("weight"),
            gamma: settings.number("gamma"),
            alpha: settings.number_or_null("alpha"),
        })
    }
}

/// A loss of overlaps: where scores are normalised by their extremes, these belong to the totals.
macro_rules! overlap_loss {
    ($name:ident, $node:ident) => {
        pub struct $name(pub $node::Params);

        impl $name {
            fn has_range(&self) -> bool {
                self.0.normalization == Normalization::MinMax
            }
        }

        impl Measure for $name {
            type Totals = ($node::Totals, Range);

            fn empty(&self) -> Self::Totals {
                Default::default()
            }

            fn update(&self, (totals, range): &mut Self::Totals, frame: &Frame) -> Result<(), Error> {
                totals.update(&self.0, &planes(frame), self.has_range().then_some(range))
            }

            fn merge(&self, totals: &mut Self::Totals, batch: &Self::Totals) -> Result<(), Error> {
                totals.0.merge(&batch.0);
                totals.1.merge(&batch.1);
                Ok(())
            }

            fn values(&self, (totals, range): &Self::Totals) -> Result<Vec<Named>, Error> {
                totals.loss(&self.0, self.has_range().then_some(range)).map(Named::loss)
            }

            fn gradient(
                &self,
                (totals, range): &Self::Totals,
                _: &str,
                frame: &Frame,
                to: &mut [f32],
            ) -> Result<(), Error> {
                let range = self.has_range().then_some(range);
                totals.gradient(&self.0, range, &planes(frame), 1.0, Write::Store, to).map(|_| ())
            }
        }
    };
}
overlap_loss!(Iou, iou);
overlap_loss!(Tversky, tversky);

fn normalization(settings: &Settings) -> Normalization {
    match settings.choice("normalize_method") {
        "clamp" => Normalization::Clamp,
        "minmax" => Normalization::MinMax,
        _ => Normalization::Sigmoid,
    }
}

fn empty_target(settings: &Settings) -> EmptyTarget {
    match settings.choice("empty_target") {
        "skip" => EmptyTarget::Skip,
        "zero" => EmptyTarget::Zero,
        _ => EmptyTarget::One,
    }
}

impl Iou {
    pub fn new(settings: &Settings) -> Self {
        Self(iou::Params {
            normalization: normalization(settings),
            empty_target: empty_target(settings),
            weight: settings.number("weight"),
            smooth: settings.number("smooth"),
            ..iou::Params::default()
        })
    }
}

impl Tversky {
    pub fn new(settings: &Settings) -> Self {
        Self(tversky::Params {
            normalization: normalization(settings),
            empty_target: empty_target(settings),
            weight: settings.number("weight"),
            smooth: settings.number("smooth"),
            false_positives: settings.number("false_positives"),
            false_negatives: settings.number("false_negatives"),
            gamma: settings.number("gamma"),
            ..tversky::Params::default()
        })
    }
}
