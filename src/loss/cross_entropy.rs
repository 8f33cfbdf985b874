//! Cross-entropy of class logits (cuvis-ai's `CrossEntropyLoss`).
//!
//! **Use case**: trains or watches a segmentation into K classes, one logit a class and pixel, where
//! labels exist.
//! **Inputs**: logits `x` (`Cube::values`, any layout, 2 to 4096 channels), labels `y`
//! (`Cube::labels`, from 0). Optional: class weights `o`, `valid`, `weights`.
//!
//! ```text
//! l_i = w v_i ((1 - a) o_y c_y + a/K sum_k o_k c_k)     c_k = -ln softmax(x)_k
//! L   = sum l_i / sum o_y v_i        weighted mean (PyTorch's mean)
//!     = sum l_i / N                  mean: N pixels that count
//!     = sum l_i                      sum
//! dL/dx_k = g w v_i (T p_k - (1 - a) o_y [k = y] - a/K o_k)     T = (1 - a) o_y + a/K sum_k o_k
//!                                    g = upstream by what the sum is divided by
//! ```
//!
//! with weight w, pixel weights v and label smoothing a. `1 - p_y` is the sum of the others divided by
//! s, never a difference: a pixel that is right and sure keeps its digits. A factor of exactly 0
//! switches a term off, NaN included.
//!
//! **Which pixels count**: a label equal to `ignore_index` is as masked; a label outside [0, K) is, too,
//! and is counted as rejected. Masked pixels may be NaN: they change nothing, their gradient is 0.
//!
//! **Accuracy**: without label smoothing a term is within [`TERM_MAX_ULP`] ulp of f32, and a gradient
//! within [`GRADIENT_MAX_ULP`]; with it a gradient may cancel and is within as many ulps of
//! `g w v_i T`. The sum is exact and rounded once.
//!
//! **Parameters as they behave**: class weights above 1 raise the recall of a class. With the weighted
//! mean only their ratios matter; with the mean their scale does. Label smoothing bounds the logits
//! (the least loss is at finite ones) and makes p less sure. A class weight of 0 removes a class.
//!
//! **cuvis-ai**: `weight`, `class_weights`, `ignore_index` (-100); ports `logits` and `targets`
//! are `values` and `labels`; port `loss` is [`Totals::loss`]. Stages: train, validation, test.
//!
//! **Speed**: limited by arithmetic: an exponential a logit, two with the gradient. Planes (BSQ) take
//! 0.6 to 0.9 of the time of interleaved logits.
//!
//! Formula: C. M. Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.108; label smoothing:
//! Szegedy et al. (2016), with class weights as in PyTorch.

mod kernels;

use super::columns::{Columns, Part, SumTile};
use super::labels::{LabelTile, Labels};
use super::reduction::Sums;
use super::{Reduction, Write, fingerprint};
use crate::cube::Cube;
use crate::error::{Error, Notices, Value};
use crate::exact::ExactSum;
use crate::pixels::Tally;
use crate::simd;
use kernels::Outputs;

/// The bound of a term in ulps.
pub const TERM_MAX_ULP: f64 = 3.0;
/// The bound of a gradient in ulps.
pub const GRADIENT_MAX_ULP: f64 = 4.0;

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// How the terms become the loss.
    pub reduction: Reduction,
    /// The label of pixels that act as masked.
    pub ignore_index: Option<i32>,
    /// The weight w of this loss among others: any finite number.
    pub weight: f32,
    /// What share of a target is spread over all classes: 0 to 1.
    pub label_smoothing: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            reduction: Reduction::WeightedMean,
            ignore_index: Some(-100),
            weight: 1.0,
            label_smoothing: 0.0,
        }
    }
}

impl Params {
    fn check(&self) -> Result<(), Error> {
        if !self.weight.is_finite() {
            return Err(Error::Weight);
        }
        if !(0.0..=1.0).contains(&self.label_smoothing) {
            return Err(Error::LabelSmoothing);
        }
        Ok(())
    }

    /// Of what the terms depend on.
    fn fingerprint(&self, classes: i64) -> i64 {
        let ignored = self.ignore_index;
        fingerprint(&[
            self.weight.to_bits(),
            self.label_smoothing.to_bits(),
            u32::from(ignored.is_some()),
            ignored.unwrap_or(0) as u32,
            classes as u32,
        ])
    }
}

/// Exact sums over pixels; all zero is empty. Adding the words of two totals merges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// The sums of the terms `l_i` and of `o_y v_i`.
    pub sums: Sums,
    /// The sum over the pixels of a hash of the class weights and their number, of 24 bits: divided
    /// by the number of pixels it is the hash, so that the loss, which is not told the class weights,
    /// also finds out whether terms of different ones were mixed. Exact below 2^39 pixels.
    pub classes: i64,
}

impl Totals {
    /// Adds pixels.
    ///
    /// # Errors
    /// Parameters or class weights out of range, labels missing, inputs of different lengths, fewer
    /// than 2 or more than 4096 channels. Nothing was added then.
    pub fn update(
        &mut self,
        params: &Params,
        cube: &Cube,
        class_weights: Option<&[f32]>,
    ) -> Result<(), Error> {
        let inputs = Inputs::new(params, cube, class_weights)?;
        self.count(&inputs);
        inputs.run(Outputs { sum: Some(&mut self.sums.loss), ..Outputs::default() });
        Ok(())
    }

    /// Adds other totals. The words are canonical afterwards.
    pub fn merge(&mut self, other: &Self) {
        self.sums.merge(&other.sums);
        self.classes = self.classes.wrapping_add(other.classes);
    }

    /// Makes the words canonical after they were added elsewhere.
    pub fn normalize(&mut self) {
        self.sums.normalize();
    }

    /// The loss. The mean of no pixel is NaN, the sum 0, both with the notice `EMPTY`; a weighted
    /// mean of weights that are all 0 is NaN with `DEGENERATE`.
    ///
    /// # Errors
    /// Parameters out of range, [`Reduction::None`], terms of other parameters, or of different
    /// class weights, in the totals.
    #[inline(never)]
    pub fn loss(&self, params: &Params) -> Result<Value, Error> {
        params.check()?;
        let classes = self.classes.checked_div(self.sums.terms).unwrap_or(0);
        self.check(params, classes)?;
        self.sums.value(params.reduction)
    }

    /// Writes `upstream * dL/dx` for these pixels, or adds it. The totals are those of the whole
    /// batch, of which the pixels may be any part. Pixels that do not count get 0 (or stay as they
    /// are, if added to). The gradient has the layout of the logits.
    ///
    /// # Errors
    /// As [`Self::update`] and [`Self::loss`], and a gradient that is too short. Nothing was written
    /// then.
    pub fn gradient(
        &self,
        params: &Params,
        cube: &Cube,
        class_weights: Option<&[f32]>,
        upstream: f64,
        write: Write,
        gradient: &mut [f32],
    ) -> Result<Notices, Error> {
        let inputs = Inputs::new(params, cube, class_weights)?;
        self.check(params, inputs.class_hash())?;
        let gradient = inputs.columns(gradient, write)?;
        let slope = self.sums.slope(params.reduction, upstream);
        inputs.run(Outputs { gradient: Some((gradient, slope)), ..Outputs::default() });
        Ok(self.sums.notices(params.reduction))
    }

    /// Counts the pixels and adds up their weights.
    #[inline(never)]
    fn count(&mut self, inputs: &Inputs) {
        let tally = add_weights(&inputs.labels, &mut self.sums.weights);
        let classes = inputs.class_hash();
        self.sums.count(inputs.params.fingerprint(classes), tally);
        self.classes = self.classes.wrapping_add(classes.wrapping_mul(tally.pixels));
    }

    #[inline(never)]
    fn check(&self, params: &Params, classes: i64) -> Result<(), Error> {
        if self.classes != classes.wrapping_mul(self.sums.terms) {
            return Err(Error::MixedTotals);
        }
        self.sums.check(params.fingerprint(classes))
    }
}

/// The loss and the gradient of one batch, and the batch's totals added to `totals`.
///
/// The same bits as [`Totals::update`], [`Totals::loss`] and [`Totals::gradient`] one after the
/// other. Labels, masks and weights are read once more beforehand.
///
/// # Errors
/// As [`Totals::update`] and [`Totals::loss`], and a gradient that is too short. Nothing was written
/// then. With [`Reduction::None`] there is no loss: use [`map`] and [`Totals::gradient`].
pub fn loss_and_gradient(
    params: &Params,
    cube: &Cube,
    class_weights: Option<&[f32]>,
    upstream: f64,
    write: Write,
    totals: Option<&mut Totals>,
    gradient: &mut [f32],
) -> Result<Value, Error> {
    let inputs = Inputs::new(params, cube, class_weights)?;
    let gradient = inputs.columns(gradient, write)?;
    if params.reduction == Reduction::None {
        return Err(Error::NoScalar);
    }
    let mut batch = Totals::default();
    batch.count(&inputs);
    let slope = batch.sums.slope(params.reduction, upstream);
    inputs.run(Outputs {
        sum: Some(&mut batch.sums.loss),
        gradient: Some((gradient, slope)),
        ..Outputs::default()
    });
    if let Some(totals) = totals {
        totals.merge(&batch);
    }
    batch.loss(params)
}

/// Writes the terms `l_i`, one a pixel: the reduction `none`, whatever `params.reduction` is.
/// Pixels that do not count get 0.
///
/// # Errors
/// As [`Totals::update`], and a map of another length. Nothing was written then.
pub fn map(
    params: &Params,
    cube: &Cube,
    class_weights: Option<&[f32]>,
    map: &mut [f32],
) -> Result<Notices, Error> {
    let inputs = Inputs::new(params, cube, class_weights)?;
    if map.len() != cube.layout.n {
        return Err(Error::LengthMismatch);
    }
    inputs.run(Outputs { map: Some(map), ..Outputs::default() });
    Ok(Notices::EMPTY.when(cube.layout.n == 0))
}

/// The inputs of a call, checked.
struct Inputs<'a> {
    params: Params,
    labels: Labels<'a>,
    /// What label smoothing takes of the sum of all class weights, a class's share each: a/K.
    share: f64,
    /// The sum of all class weights.
    all_weights: f64,
}

impl<'a> Inputs<'a> {
    #[inline(never)]
    fn new(
        params: &Params,
        cube: &Cube<'a>,
        class_weights: Option<&'a [f32]>,
    ) -> Result<Self, Error> {
        params.check()?;
        let labels = Labels::new(cube, params.ignore_index, 2)?;
        let classes = cube.layout.channels;
        if class_weights.is_some_and(|weights| weights.len() != classes) {
            return Err(Error::LengthMismatch);
        }
        let given = class_weights.unwrap_or(&[]);
        if !given.iter().all(|weight| (0.0..f32::INFINITY).contains(weight)) {
            return Err(Error::ClassWeight);
        }
        let all_weights = match class_weights {
            Some(weights) => weights.iter().map(|weight| f64::from(*weight)).sum(),
            None => classes as f64,
        };
        let smoothing = f64::from(params.label_smoothing);
        let share = smoothing / classes as f64;
        let (own_share, base) = (1.0 - smoothing, share * all_weights);
        let labels = Labels { class_weights, own_share, base, ..labels };
        Ok(Self { params: *params, labels, share, all_weights })
    }

    /// A hash of the class weights and their number.
    #[inline(never)]
    fn class_hash(&self) -> i64 {
        const BITS: u32 = 24;
        let classes = self.labels.cube.layout.channels as u32;
        let words = match self.labels.class_weights {
            Some(weights) => fingerprint(bytemuck::cast_slice(weights)),
            None => 0,
        };
        let hash = fingerprint(&[classes, words as u32, (words >> 32) as u32]);
        (hash as u64 >> (64 - BITS)) as i64
    }

    #[inline(never)]
    fn columns<'b>(&self, gradient: &'b mut [f32], write: Write) -> Result<Columns<'b>, Error> {
        let layout = self.labels.cube.layout;
        if gradient.len() < layout.span()? {
            return Err(Error::LengthMismatch);
        }
        Ok(Columns { gradient, layout, write })
    }
}

/// Counts pixels and adds up `o_y v_i`.
#[inline(never)]
fn add_weights(labels: &Labels, sum: &mut ExactSum) -> Tally {
    let all_one = labels.class_weights.is_none() && labels.cube.weights.is_none();
    let mut tile = LabelTile::new();
    let mut tally = Tally::default();
    for part in Part::all(labels.cube.layout.n, labels.logits().tile()) {
        let of_tile = labels.read(part, &mut tile);
        tally.pixels += of_tile.pixels;
        tally.rejected += of_tile.rejected;
        if !all_one {
            let weights = tile.weight.0.iter_mut().take(part.length);
            for (weight, class_weight) in weights.zip(&tile.class_weight.0) {
                *weight = if *weight > 0.0 { *weight * class_weight } else { 0.0 };
            }
            simd::run(SumTile { terms: &tile.weight, part, sum });
        }
    }
    if all_one {
        sum.add_integer(tally.pixels);
    }
    tally
}
