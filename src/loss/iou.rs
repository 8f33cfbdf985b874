//! Intersection over union, soft (cuvis-ai's `IoULoss`).
//!
//! **Use case**: trains a detector for the overlap of its map with the labels, where anomalies are so
//! few that cross-entropy is easily low. Needs labels. **Inputs**: scores `x` (`Pixels::scores`), targets
//! `y`: bytes, or `soft_targets` between 0 and 1. Optional: `valid`, `weights` v.
//!
//! ```text
//! p = sigmoid(x) | clamp(x, 0, 1) | (x - m) / (M - m + s)       m, M: least and greatest score
//! I = sum v p y      U = sum v p + sum v y - I
//! L = w (1 - (I + s) / (U + s))
//! ```
//!
//! The gradient, also through m and M, is written out in `overlap.rs`: this is the Tversky loss with
//! both weights 1.
//!
//! **Accuracy**: a sigmoid is within 3 ulp of f32; sums are exact; the loss is computed from them in
//! `f64`. A gradient is within [`GRADIENT_MAX_ULP`] ulp, its coefficients rounded to f32 once; with soft
//! targets, and at the extremes of minmax, relative to the larger of the parts that are added.
//!
//! **Parameters as they behave**: where no target is positive the loss is nearly `weight` and its gradient
//! nearly 0: a normal frame teaches nothing; choose what it counts for by `empty_target`, or add
//! cross-entropy. `smooth` matters only where U is about as small; with `MinMax` it also enters p, as
//! in cuvis-ai. `Sigmoid` saturates: scores beyond +-17 have no gradient left. `MinMax` does not
//! change when all scores are shifted (the gradients sum to 0), and one outlier flattens all others.
//! `Clamp` has no gradient outside [0, 1].
//!
//! **Edges**: a NaN score makes the loss NaN (`NOT_FINITE`), unless its weight is 0; with `MinMax` an infinite
//! one, too, and an extreme counts as one whatever its weight. All scores
//! equal with `MinMax`: p = 1/2, gradient 0, `DEGENERATE`. `smooth` 0 and nothing predicted nor to be
//! found: 0 with `DEGENERATE`. No pixel: 0 with `EMPTY`.
//!
//! **cuvis-ai**: `weight`, `smooth`, `normalize_method` (`sigmoid`, `clamp`, `minmax`); ports `predictions`,
//! `targets`. Stages: train, validation, test.
//!
//! **Speed**: both sums are one pass. `Clamp` is limited by memory from DRAM, inside the cache by the exact sums: about
//! 7 of 9.4 cycles for 16 pixels with AVX-512 (see `exact/quick.rs`). `Sigmoid` by arithmetic: 29 cycles, of which the
//! sums take 9, in a loop of their own, since sigmoids want four registers in flight. `MinMax` reads the scores twice,
//! 6 of 16 cycles. The gradient needs the sums of all pixels: a second pass, 25 cycles for `Sigmoid`, 6 for the others.
//!
//! Formula: M. A. Rahman, Y. Wang, Optimizing Intersection-Over-Union in Deep Neural Networks for Image
//! Segmentation (2016).

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
}

impl Default for Params {
    fn default() -> Self {
        Self {
            normalization: Normalization::Sigmoid,
            boundary: Boundary::Zero,
            empty_target: EmptyTarget::One,
            weight: 1.0,
            smooth: 1e-6,
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
            false_positives: 1.0,
            false_negatives: 1.0,
            gamma: 1.0,
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
