//! Tversky index, soft, with an optional focus (focal Tversky).
//!
//! **Use case**: as [`super::iou`], with a say in which mistakes are worse. IoU is a = b = 1, Dice is
//! a = b = 1/2 (with half its smoothing term). Needs labels. **Inputs**: scores `x` (`Pixels::scores`), targets
//! `y`: bytes, or `soft_targets` between 0 and 1. Optional: `valid`, `weights` v.
//!
//! ```text
//! p = sigmoid(x) | clamp(x, 0, 1) | (x - m) / (M - m + s)       m, M: least and greatest score
//! I = sum v p y      FP = sum v p - I      FN = sum v y - I
//! T = (I + s) / (I + a FP + b FN + s)      L = w (1 - T)^g
//! ```
//!
//! The gradient is written out in `overlap.rs`.
//!
//! **Accuracy**: a sigmoid is within 3 ulp of f32; sums are exact; the loss is computed from them in
//! `f64`. A gradient is within [`GRADIENT_MAX_ULP`] ulp, its coefficients rounded to f32 once; with soft
//! targets, and at the extremes of minmax, relative to the larger of the parts that are added.
//!
//! **Parameters as they behave**: `false_negatives` above `false_positives` raises recall at the cost of
//! precision. `gamma` below 1 makes the gradient grow as the loss falls, above 1 fade; at T = 1 a gamma below
//! 1 has an infinite slope, which is taken as 0 (`DEGENERATE`). The rest is as for [`super::iou`].
//!
//! **cuvis-ai** has no such node. Stages: train, validation, test. **Speed**: as for [`super::iou`].
//!
//! Formula: S. S. M. Salehi, D. Erdogmus, A. Gholipour, Tversky loss function for image segmentation (2017);
//! N. Abraham, N. M. Khan, A Novel Focal Tversky Loss Function (2018), there with exponent 1/gamma.

use crate::error::{Error, Notices, Value};
use crate::input::{Source, Used};
pub use crate::node::overlap::{Boundary, EmptyTarget, GRADIENT_MAX_ULP, Normalization};
use crate::node::overlap::{Index, Sums};
use crate::node::range::Range;
use crate::simd::{Output, Write};

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// How scores become predictions.
    pub normalization: Normalization,
    /// The gradient of `Clamp` at exactly 0 and 1.
    pub boundary: Boundary,
    /// The loss where no target is positive.
    pub empty_target: EmptyTarget,
    /// The weight w of this loss among others: any finite number.
    pub weight: f32,
    /// The smoothing term s: finite, not negative.
    pub smooth: f32,
    /// The weight a of false positives: finite, not negative.
    pub false_positives: f32,
    /// The weight b of false negatives: finite, not negative.
    pub false_negatives: f32,
    /// The exponent g: finite, not negative.
    pub gamma: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            normalization: Normalization::Sigmoid,
            boundary: Boundary::Zero,
            empty_target: EmptyTarget::One,
            weight: 1.0,
            smooth: 1e-6,
            false_positives: 0.5,
            false_negatives: 0.5,
            gamma: 1.0,
        }
    }
}

impl Params {
    fn index(&self) -> Index {
        Index {
            normalization: self.normalization,
            boundary: self.boundary,
            empty_target: self.empty_target,
            weight: self.weight,
            smooth: self.smooth,
            false_positives: self.false_positives,
            false_negatives: self.false_negatives,
            gamma: self.gamma,
        }
    }
}

/// Exact sums over pixels; all zero is empty. Adding the words of two totals merges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// The sums of predictions, targets and weights.
    pub sums: Sums,
}

impl Totals {
    /// Adds pixels; with `MinMax` their scores to `range`, too, which then must be given and belong to
    /// these totals alone. (Otherwise it is left alone.)
    ///
    /// # Errors
    /// Parameters out of range, no targets or two kinds of them, inputs of different lengths, no range
    /// where one is needed. Nothing was added then.
    pub fn update<'a>(
        &mut self,
        params: &Params,
        pixels: impl Into<Source<'a>>,
        range: Option<&mut Range>,
    ) -> Result<(), Error> {
        self.sums.update(&params.index(), pixels.into(), range)
    }

    /// Adds other totals. The words are canonical afterwards. Ranges are merged beside.
    pub fn merge(&mut self, other: &Self) {
        self.sums.merge(&other.sums);
    }

    /// Makes the words canonical after they were added elsewhere.
    pub fn normalize(&mut self) {
        self.sums.normalize();
    }

    /// The loss.
    ///
    /// # Errors
    /// Parameters out of range, terms of another normalisation in the totals, no range or a range of other
    /// pixels where one is needed.
    pub fn loss(&self, params: &Params, range: Option<&Range>) -> Result<Value, Error> {
        self.sums.loss(&params.index(), range)
    }

    /// Writes `upstream * dL/dx` for these pixels, or adds it. The totals and the range are those of the
    /// whole batch, of which the pixels may be any part. Pixels that do not count get 0 (or stay as
    /// they are, if added to).
    ///
    /// # Errors
    /// As [`Self::update`] and [`Self::loss`], and a gradient of another length. Nothing was written
    /// then.
    pub fn gradient<'a>(
        &self,
        params: &Params,
        range: Option<&Range>,
        pixels: impl Into<Source<'a>>,
        upstream: f64,
        write: Write,
        gradient: &mut [f32],
    ) -> Result<Notices, Error> {
        self.gradient_to(params, range, pixels.into(), upstream, Output::new(write, gradient))
    }

    /// [`Self::gradient`], to memory that may be uninitialised.
    pub(crate) fn gradient_to(
        &self,
        params: &Params,
        range: Option<&Range>,
        pixels: Source,
        upstream: f64,
        gradient: Output,
    ) -> Result<Notices, Error> {
        self.sums.gradient(&params.index(), range, pixels, upstream, gradient)
    }
}

/// The loss and the gradient of one batch, in two passes; the batch's totals and range are added to
/// `totals` and `range`.
///
/// # Errors
/// As [`Totals::update`] and [`Totals::gradient`]. Nothing was written then.
pub fn loss_and_gradient<'a>(
    params: &Params,
    pixels: impl Into<Source<'a>>,
    upstream: f64,
    write: Write,
    totals: Option<&mut Totals>,
    range: Option<&mut Range>,
    gradient: &mut [f32],
) -> Result<Value, Error> {
    loss_and_gradient_to(params, pixels.into(), upstream, totals, range, Output::new(write, gradient))
}

/// [`loss_and_gradient`], to memory that may be uninitialised.
pub(crate) fn loss_and_gradient_to(
    params: &Params,
    pixels: Source,
    upstream: f64,
    totals: Option<&mut Totals>,
    range: Option<&mut Range>,
    gradient: Output,
) -> Result<Value, Error> {
    let (mut batch, mut extent) = (Totals::default(), Range::default());
    pixels.check_output(Used::LABELLED, gradient.len())?;
    batch.update(params, pixels, Some(&mut extent))?;
    let value = batch.loss(params, Some(&extent))?;
    batch.gradient_to(params, Some(&extent), pixels, upstream, gradient)?;
    if let Some(totals) = totals {
        totals.merge(&batch);
    }
    if let Some(range) = range {
        range.merge(&extent);
    }
    Ok(value)
}
