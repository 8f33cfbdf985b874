//! Dice loss of class logits (cuvis-ai's `DiceLoss`).
//!
//! **Use case**: trains a segmentation for the overlap of each class, whatever its size. Needs labels.
//! **Inputs**: a cube of logits `x`, K channels up to [`MOST_CLASSES`], in any layout, labels `y` (one class a
//! pixel, from 0). With K = 1 the label 1 is the class and 0 is not. Optional: `valid`, `weights` v.
//!
//! ```text
//! p = softmax(x), or sigmoid(x) with K = 1
//! I_c = sum v p_c [y = c]      D_c = sum v p_c + sum v [y = c]
//! dice_c = (2 I_c + eps) / (D_c + eps)      L = w (1 - mean over the classes C of dice_c)
//! h_c(y) = -w/|C| (2 [y = c] (D_c + eps) - (2 I_c + eps)) / (D_c + eps)^2      0 for c outside C
//! dL/dx_k = v p_k (h_k - sum_c h_c p_c)
//! ```
//!
//! A pixel whose label is `ignore_index` acts as masked. So does a pixel whose label is no class, but it is counted as
//! rejected. Totals are an array of the caller, with one [`Totals`] for each class. Each of them also holds the counts.
//!
//! **Accuracy**: a probability is within 6 ulp of f32, sums are exact, the loss is computed from them in
//! `f64`. In a gradient the sum over the classes is made in `f64`; it is within 16 ulp of the largest of its
//! parts (with K = 1 of itself).
//!
//! **Parameters as they behave**: a class that occurs neither in the labels nor in the predictions has
//! dice 1: `absent` can leave it out of the mean instead. `include_background` false leaves class 0 out
//! of the mean (with K = 1 it changes nothing); its logits still have gradients. `eps` matters only for
//! classes of few pixels.
//!
//! **Edges**: no pixel counts: 0 with `EMPTY`. A NaN logit of a pixel that counts makes the loss NaN
//! (`NOT_FINITE`); an infinite one has the limit, probability 1.
//!
//! **cuvis-ai**: `weight`, `ignore_index`, `include_background`, `eps`; ports `logits`, `targets`. Stages: train,
//! validation, test. **Memory**: 37 KiB of stack, 68 KiB for the gradient of 128 classes or more; with pointers
//! of 32 bits 4 KiB. **Speed**: limited by one exponential a logit and two exact sums (above 128 classes two
//! exponentials); the gradient by the exponential once more and by conversions to `f64`.
//!
//! Formula: F. Milletari, N. Navab, S.-A. Ahmadi, V-Net (2016), in the form with plain sums in the denominator.

mod classes;
mod kernels;

use crate::error::{Error, Notices, Value};
use crate::exact::{ExactSum, counts};
use crate::input::{CubeSource, Marks, Tally};
use crate::node::fingerprint::fingerprint;
use crate::node::softmax::LabelledCube;
use crate::simd::{IS_SMALL, Output, Places, Write};
use classes::{All, SlopeSource, SlopeTable, Slopes};

pub use crate::node::softmax::MOST_CLASSES;

/// What a class counts for that occurs neither in the labels nor in the predictions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Absent {
    /// The formula: `eps / eps`, a perfect class.
    #[default]
    One = 0,
    /// It is left out of the mean.
    Skip = 1,
}

impl Absent {
    /// The value of a number of the C interface.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::One, Self::Skip].into_iter().find(|value| *value as u32 == number)
    }
}

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// Whether class 0 takes part in the mean (always with one class).
    pub include_background: bool,
    /// The label that acts as masked.
    pub ignore_index: Option<i32>,
    /// What an absent class counts for.
    pub absent: Absent,
    /// The weight w of this loss among others: any finite number.
    pub weight: f32,
    /// The smoothing term: finite, not negative.
    pub eps: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self { include_background: true, ignore_index: None, absent: Absent::One, weight: 1.0, eps: 1e-6 }
    }
}

impl Params {
    #[inline(never)]
    fn check(&self) -> Result<(), Error> {
        if !self.weight.is_finite() {
            return Err(Error::Weight);
        }
        if self.eps.is_finite() && self.eps >= 0.0 { Ok(()) } else { Err(Error::Epsilon) }
    }

    /// A hash of what the terms of a class depend on: its number, and the number of classes.
    fn fingerprint(class: usize, classes: usize) -> i64 {
        fingerprint(&[class as u32, classes as u32])
    }
}

/// Exact sums over pixels for one class; all zero is empty. Adding the words of two totals merges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// `I_c`.
    pub intersection: ExactSum,
    /// `sum v p_c`.
    pub predicted: ExactSum,
    /// `sum v [y = c]`.
    pub target: ExactSum,
    /// How many pixels count.
    pub pixels: i64,
    /// How many valid pixels had a bad weight or label and were treated as masked.
    pub rejected: i64,
    /// The sum of a hash of the class over `pixels`.
    pub fingerprint: i64,
}

/// The sums of a class, each rounded once.
struct Values {
    intersection: f64,
    predicted: f64,
    target: f64,
}

impl Totals {
    fn normalize(&mut self) {
        self.intersection.normalize();
        self.predicted.normalize();
        self.target.normalize();
    }

    /// The sums. Words that no pixels can have are an error.
    fn values(&self) -> Result<Values, Error> {
        counts::sum(&[self.pixels, self.rejected])?;
        self.target.check_weights(self.pixels)?;
        self.intersection.check_not_negative(self.pixels)?;
        self.predicted.check_not_negative(self.pixels)?;
        // Products of weights and probabilities are finite or NaN.
        let values = self.sums();
        counts::check_at_most(values.predicted, f64::MAX)?;
        counts::check_at_most(values.intersection, values.predicted)?;
        Ok(values)
    }

    fn sums(&self) -> Values {
        let Self { intersection, predicted, target, .. } = self;
        Values { intersection: intersection.value(), predicted: predicted.value(), target: target.value() }
    }

    fn count(&mut self, hash: i64, Tally { pixels, rejected }: Tally) {
        self.pixels = self.pixels.wrapping_add(pixels);
        self.rejected = self.rejected.wrapping_add(rejected);
        self.fingerprint = self.fingerprint.wrapping_add(hash.wrapping_mul(pixels));
    }
}

/// Adds pixels to the totals of the classes.
///
/// # Errors
/// Parameters out of range, labels missing, no class or too many, another number of totals, a layout in which
/// values share a place, inputs of different lengths. Nothing was added then.
pub fn update<'a>(params: &Params, logits: impl Into<CubeSource<'a>>, totals: &mut [Totals]) -> Result<(), Error> {
    let logits = logits.into();
    check(params, &logits, totals.len())?;
    add(params, &logits, totals);
    Ok(())
}

/// Adds pixels that are checked.
#[inline(never)]
fn add(params: &Params, logits: &CubeSource, totals: &mut [Totals]) {
    let mut all = Tally::default();
    logits.each(Marks::Labels, None, |tile| {
        if let Ok(labels) = LabelledCube::new(&tile.cube, params.ignore_index) {
            let tally = kernels::add(&labels, totals);
            all.pixels = all.pixels.wrapping_add(tally.pixels);
            all.rejected = all.rejected.wrapping_add(tally.rejected);
        }
    });
    let classes = totals.len();
    for (class, totals) in totals.iter_mut().enumerate() {
        totals.count(Params::fingerprint(class, classes), all);
    }
}

/// Adds other totals, class by class. The words are canonical afterwards.
///
/// # Errors
/// Different numbers of classes. Nothing was added then.
pub fn merge(other: &[Totals], totals: &mut [Totals]) -> Result<(), Error> {
    if other.len() != totals.len() {
        return Err(Error::Channels);
    }
    for (totals, other) in totals.iter_mut().zip(other) {
        totals.intersection.merge(&other.intersection);
        totals.predicted.merge(&other.predicted);
        totals.target.merge(&other.target);
        totals.pixels = totals.pixels.wrapping_add(other.pixels);
        totals.rejected = totals.rejected.wrapping_add(other.rejected);
        totals.fingerprint = totals.fingerprint.wrapping_add(other.fingerprint);
    }
    Ok(())
}

/// Makes the words canonical after they were added elsewhere.
pub fn normalize(totals: &mut [Totals]) {
    totals.iter_mut().for_each(Totals::normalize);
}

/// The loss.
///
/// # Errors
/// Parameters out of range, no class or too many, totals of other classes.
pub fn loss(params: &Params, totals: &[Totals]) -> Result<Value, Error> {
    Ok(All::new(params, totals)?.value())
}

/// Writes `upstream * dL/dx` for these pixels in the layout of the logits, or adds it. The totals are those
/// of the whole batch, of which the pixels may be any part. Pixels that do not count get 0 (or stay as they
/// are, if added to).
///
/// # Errors
/// As [`update`] and [`loss`], and a gradient that is too short. Nothing was written then.
pub fn gradient<'a>(
    params: &Params,
    totals: &[Totals],
    logits: impl Into<CubeSource<'a>>,
    upstream: f64,
    write: Write,
    gradient: &mut [f32],
) -> Result<Notices, Error> {
    gradient_to(params, totals, &logits.into(), upstream, Output::new(write, gradient)).map(|loss| loss.notices)
}

/// [`gradient`], to memory that may be uninitialised. Returns the loss.
pub(crate) fn gradient_to(
    params: &Params,
    totals: &[Totals],
    logits: &CubeSource,
    upstream: f64,
    gradient: Output,
) -> Result<Value, Error> {
    check(params, logits, totals.len())?;
    logits.check_output(gradient.len())?;
    let all = All::new(params, totals)?;
    let factor = f64::from(params.weight) * upstream / all.count;
    let skipped = LabelledCube::classes_of(totals.len()) - totals.len();
    let of_totals = SlopeSource { all: &all, totals, factor, skipped };
    if totals.len() < FEW_CLASSES || IS_SMALL {
        write::<FEW_CLASSES>(&of_totals, params, logits, gradient);
    } else {
        write::<MOST_CLASSES>(&of_totals, params, logits, gradient);
    }
    Ok(all.value())
}

/// Writes the gradient. The slopes of so many classes are on the stack at a time.
#[inline(never)]
fn write<const CLASSES: usize>(found: &SlopeSource, params: &Params, logits: &CubeSource, gradient: Output) {
    let mut slopes = [Slopes::default(); CLASSES];
    found.find(0, &mut slopes);
    let mut table = SlopeTable { found, first: 0, slopes: &mut slopes };
    logits.each(Marks::Labels, Some(gradient), |tile| {
        if let Ok(labels) = LabelledCube::new(&tile.cube, params.ignore_index) {
            kernels::write(&labels, &mut table, tile.output);
        }
    });
}

/// The loss and the gradient of one batch, whose totals are added to `totals` and stored in `batch`, both one a class.
///
/// # Errors
/// As [`update`] and [`gradient`]. Nothing was written then.
pub fn loss_and_gradient<'a>(
    params: &Params,
    logits: impl Into<CubeSource<'a>>,
    upstream: f64,
    write: Write,
    totals: Option<&mut [Totals]>,
    batch: &mut [Totals],
    gradient: &mut [f32],
) -> Result<Value, Error> {
    loss_and_gradient_to(params, &logits.into(), upstream, totals, Places::of(batch), Output::new(write, gradient))
}

/// [`loss_and_gradient`], to memory that may be uninitialised.
pub(crate) fn loss_and_gradient_to(
    params: &Params,
    logits: &CubeSource,
    upstream: f64,
    totals: Option<&mut [Totals]>,
    batch: Places<Totals>,
    gradient: Output,
) -> Result<Value, Error> {
    check(params, logits, batch.len())?;
    if totals.as_ref().is_some_and(|totals| totals.len() != batch.len()) {
        return Err(Error::Channels);
    }
    logits.check_output(gradient.len())?;
    let batch = batch.fill(Totals::default());
    add(params, logits, batch);
    let loss = gradient_to(params, batch, logits, upstream, gradient)?;
    if let Some(totals) = totals {
        merge(batch, totals)?;
    }
    Ok(loss)
}

/// The slopes of that many classes take little stack. Where it is scarce those of more are found again for each tile.
const FEW_CLASSES: usize = if IS_SMALL { 32 } else { 128 };

fn check_classes(classes: usize) -> Result<(), Error> {
    if (1..=MOST_CLASSES).contains(&classes) { Ok(()) } else { Err(Error::Channels) }
}

#[inline(never)]
fn check(params: &Params, logits: &CubeSource, totals: usize) -> Result<(), Error> {
    params.check()?;
    let channels = logits.channels();
    check_classes(channels)?;
    if channels != totals {
        return Err(Error::Channels);
    }
    logits.check(Marks::Labels)
}
