//! Cross-entropy of class logits (cuvis-ai's `CrossEntropyLoss`).
//!
//! **Use case**: trains a classifier of pixels. Needs labels. **Inputs**: a cube of logits `x`, K channels, 2
//! to [`MOST_CLASSES`], in any layout, labels `y` (one class a pixel, from 0), class weights `o` (K floats,
//! finite and not negative; none: all 1). Optional: `valid`, `weights` v.
//!
//! ```text
//! l_i = w v_i [ (1 - e) o_y (-ln p_iy) + e/K sum_k o_k (-ln p_ik) ]      p = softmax(x), y = y_i
//! L   = sum l_i / sum o_y v_i            weighted mean, as PyTorch's `mean`: the default
//!     = sum l_i / N | sum l_i            mean over the N pixels that count, sum
//! dl_i/dx_ik = w v_i [ (1 - e) o_y (p_ik - [k = y]) + e/K (p_ik sum o - o_k) ]
//! ```
//!
//! A label that is `ignore_index` acts as masked, one that is no class too, but is counted as rejected. A
//! pixel whose factor `o_y v_i` is 0 has a term of 0 whatever its logits (without smoothing).
//!
//! **Accuracy**: without smoothing a term is within [`TERM_MAX_ULP`] ulp of f32, the gradient of a class
//! within [`GRADIENT_MAX_ULP`]; with smoothing of the largest of the parts that are added. Factors are
//! rounded to f32 once. Sums are exact and rounded once.
//!
//! **Parameters as they behave**: class weights of `N / (K N_k)` balance classes; they also weigh the mean, so
//! that the loss stays comparable. Smoothing keeps logits finite: its least loss is above 0.
//!
//! **Edges**: an infinite logit has the limit where there is one: probability 1, shared evenly among equal
//! ones. No pixel counts, or all that do have weight 0: NaN with `EMPTY` or `DEGENERATE`, gradient 0.
//!
//! **cuvis-ai**: `weight`, `class_weights`, `ignore_index`; ports `logits`, `targets`. Stages: train,
//! validation, test. **Memory**: 62 KiB of stack; with pointers of 32 bits 4.2 KiB. **Speed**: limited by one
//! exponential a logit, also for loss and gradient at once (above 128 classes two or three), and two divisions and a
//! logarithm a pixel. Up to 64 classes side by side or in planes, without class weights, weights and smoothing, whose
//! pixels all count, take the least time.
//!
//! Formula: C. M. Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.108.

mod kept;
mod kernels;
mod plain;

use crate::error::{Error, Notices, Value};
use crate::exact::ExactSum;
use crate::input::{Cube, CubeSource, Marks, Tally};
use crate::node::cubewise::{CubeLoss, Cubewise, cube_calls, inputs};
use crate::node::fingerprint::fingerprint;
use crate::node::reduction::{Reduction, Sums};
use crate::node::softmax::{LabelledCube, MOST_CLASSES as LIMIT};
use crate::node::walk::{self, Outputs, TermLoss};
use crate::simd::{Output, Write};

pub use crate::node::softmax::MOST_CLASSES;

/// The bound of a term in ulps: exponentials and logarithm, an offset, their sum, the factors.
pub const TERM_MAX_ULP: f64 = 8.0;
/// The bound of a gradient in ulps: an exponential, the scale, a difference to 1, the factors.
pub const GRADIENT_MAX_ULP: f64 = 10.0;

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// How the terms become the loss.
    pub reduction: Reduction,
    /// The label that acts as masked.
    pub ignore_index: Option<i32>,
    /// The weight w of this loss among others: any finite number.
    pub weight: f32,
    /// How much of each target is spread over all classes, e: between 0 and 1.
    pub label_smoothing: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self { reduction: Reduction::WeightedMean, ignore_index: Some(-100), weight: 1.0, label_smoothing: 0.0 }
    }
}

impl TermLoss for Params {
    type Totals = Sums;

    #[inline(never)]
    fn check(&self) -> Result<(), Error> {
        if !self.weight.is_finite() {
            return Err(Error::Weight);
        }
        if !(self.label_smoothing >= 0.0 && self.label_smoothing <= 1.0) {
            return Err(Error::LabelSmoothing);
        }
        Ok(())
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }

    /// The class weights are no part of the hash, because `loss` does not get them. The caller must not mix totals of
    /// different class weights.
    fn fingerprint(&self) -> i64 {
        fingerprint(&[self.weight.to_bits(), self.label_smoothing.to_bits()])
    }
}

/// Exact sums over pixels; all zero is empty. Adding the words of two totals merges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// The sums of the terms `l_i` and of the factors `o_y v_i`.
    pub sums: Sums,
}

impl Totals {
    /// Adds other totals. The words are canonical afterwards.
    pub fn merge(&mut self, other: &Self) {
        self.sums.merge(&other.sums);
    }

    /// Makes the words canonical after they were added elsewhere.
    pub fn normalize(&mut self) {
        self.sums.normalize();
    }
}

cube_calls! {
    of (logits, class_weights: Option<&'a [f32]>), totals totals => totals.sums,
    errors "Parameters or class weights out of range, labels missing, fewer than two classes or too many",
    gradient "dL/dx" like "logits", map "`l_i`, one a pixel"
}

impl CubeLoss for Params {
    type Beside<'a> = Option<&'a [f32]>;
    type Inputs<'a> = LabelledLogits<'a>;
    const MARKS: Marks = Marks::Labels;

    fn inputs<'a>(&self, cube: &Cube<'a>, class_weights: Option<&'a [f32]>) -> Result<LabelledLogits<'a>, Error> {
        LabelledLogits::new(self, cube, class_weights)
    }

    fn beside_tile<'t>(class_weights: &'t Option<&[f32]>, _: &'t [f32]) -> Option<&'t [f32]> {
        *class_weights
    }
}

/// Logits with labels, and the weights of the classes, which fit each other.
#[derive(Clone, Copy)]
pub(crate) struct LabelledLogits<'a> {
    params: Params,
    labels: LabelledCube<'a>,
    class_weights: Option<&'a [f32]>,
}

impl<'a> LabelledLogits<'a> {
    #[inline(never)]
    fn new(params: &Params, cube: &Cube<'a>, class_weights: Option<&'a [f32]>) -> Result<Self, Error> {
        params.check()?;
        let classes = cube.layout.channels;
        if !(2..=LIMIT).contains(&classes) || class_weights.is_some_and(|w| w.len() != classes) {
            return Err(Error::Channels);
        }
        let good = |weight: &f32| weight.is_finite() && *weight >= 0.0;
        if !class_weights.unwrap_or(&[]).iter().all(good) {
            return Err(Error::ClassWeight);
        }
        let labels = LabelledCube::new(cube, params.ignore_index)?;
        Ok(Self { params: *params, labels, class_weights })
    }
}

impl Cubewise for LabelledLogits<'_> {
    type Params = Params;

    fn params(&self) -> &Params {
        &self.params
    }

    fn cube(&self) -> &Cube<'_> {
        &self.labels.cube
    }

    /// The factors `o_y v_i` are the weights.
    fn tally(&self, weights: &mut ExactSum) -> Tally {
        kernels::tally(self, weights)
    }

    fn walk(&self, outputs: Outputs) {
        kernels::walk(self, outputs);
    }
}
