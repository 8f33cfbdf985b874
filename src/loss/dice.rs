//! Dice loss of class logits (cuvis-ai's `DiceLoss`).
//!
//! **Use case**: trains or watches a segmentation whose classes differ much in size; labels are needed.
//! **Inputs**: logits `x` (`Cube::values`, any layout, 1 to 4096 channels), labels `y`
//! (`Cube::labels`, from 0). Optional: `valid`, `weights`.
//!
//! ```text
//! p = softmax(x)                        one channel: p = sigmoid(x), the probability of label 1
//! I_c = sum v p_c [y = c]    P_c = sum v p_c    Y_c = sum v [y = c]
//! dice_c = (2 I_c + e) / (P_c + Y_c + e)
//! L = w (1 - mean of dice_c)            over all classes, or over those from 1
//! dL/dx_k = v p_k (h_k - sum_j h_j p_j)      h_c = b_c + a_c [y = c]
//! a_c = -2 k / D_c    b_c = k (2 I_c + e) / D_c^2    D_c = P_c + Y_c + e    k = upstream w / classes
//! ```
//!
//! with weight w, pixel weights v, epsilon e. The loss is summed as `(P - I + Y - I) / D`, which is 0
//! exactly where nothing is wrong.
//!
//! **Which pixels count**: a label equal to `ignore_index` is as masked; another label that no class
//! has (one channel: other than 0 and 1) is, too, and is counted as rejected. Masked pixels may be
//! NaN: they change nothing, their gradient is 0. A pixel weight of exactly 0 switches a pixel off.
//!
//! **Accuracy**: a term `v p` is within [`TERM_MAX_ULP`] ulp of f32; sums are exact and rounded once.
//! The gradient is computed in `f64` from such probabilities, which add up to 1, and rounded once:
//! where `h_k - sum h_j p_j` cancels, what remains keeps the relative error of the small ones.
//!
//! **Parameters as they behave**: `eps` decides what a class is worth that is neither labelled nor
//! predicted (1), and hardly matters otherwise. A class without a label that is predicted at all has
//! a dice of almost 0: `absent = Skip` leaves classes without labelled pixels out of the mean.
//! Leaving out the background (class 0) keeps its size from hiding the others. The sums are of the
//! whole batch; for a mean over images use totals an image.
//!
//! **cuvis-ai**: `weight`, `ignore_index`, `include_background`, `eps`; ports `logits` and `targets`
//! are `values` and `labels`, port `loss` is [`loss`]. Stages: train, validation, test.
//!
//! **Speed**: limited by arithmetic: two exponentials a logit, and two more for the gradient. Up to
//! 64 classes the coefficients of the gradient are computed once a call, beyond twice a tile: at a
//! thousand classes a logit takes four times as long.
//!
//! Formula: F. Milletari et al., V-Net (2016), with sums of p where that has squares.

mod kernels;

use super::columns::Columns;
use super::labels::{Labels, MOST_CLASSES};
use super::{Write, fingerprint};
use crate::cube::Cube;
use crate::error::{Error, Notices, Value};
use crate::exact::ExactSum;
use kernels::Coefficients;

/// The bound of a term in ulps.
pub const TERM_MAX_ULP: f64 = 2.0;

/// What a class without labelled pixels is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Absent {
    /// What the formula says: 1 if it is not predicted either.
    #[default]
    One = 0,
    /// It is left out of the mean.
    Skip = 1,
}

impl Absent {
    /// The option of a number of the C interface.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::One, Self::Skip].into_iter().find(|absent| *absent as u32 == number)
    }
}

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// Whether class 0 is in the mean; of no matter with one channel.
    pub include_background: bool,
    /// The label of pixels that act as masked.
    pub ignore_index: Option<i32>,
    /// What a class without labelled pixels is worth.
    pub absent: Absent,
    /// The weight w of this loss among others: any finite number.
    pub weight: f32,
    /// Keeps quotients defined: finite, not negative.
    pub eps: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            include_background: true,
            ignore_index: None,
            absent: Absent::One,
            weight: 1.0,
            eps: 1e-6,
        }
    }
}

impl Params {
    fn check(&self) -> Result<(), Error> {
        if !self.weight.is_finite() {
            return Err(Error::Weight);
        }
        if !(0.0..f32::INFINITY).contains(&self.eps) {
            return Err(Error::Epsilon);
        }
        Ok(())
    }

    /// Of what the sums of a class depend on.
    fn fingerprint(&self, class: usize, classes: usize) -> i64 {
        let ignored = self.ignore_index;
        fingerprint(&[
            u32::from(ignored.is_some()),
            ignored.unwrap_or(0) as u32,
            classes as u32,
            class as u32,
        ])
    }
}

/// Exact sums over pixels for one class; a batch has one of these a channel. All zero is empty;
/// adding the words of two of the same class merges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// I: the sum of `v p` over the pixels of the class.
    pub intersection: ExactSum,
    /// P: the sum of `v p`.
    pub probability: ExactSum,
    /// Y: the sum of `v` over the pixels of the class.
    pub truth: ExactSum,
    /// How many pixels count, of any class.
    pub pixels: i64,
    /// How many pixels were valid but had bad data and were treated as masked.
    pub rejected: i64,
    /// The sum of the hash of parameters and class over `pixels`.
    pub fingerprint: i64,
}

impl Totals {
    fn merge(&mut self, other: &Self) {
        self.intersection.merge(&other.intersection);
        self.probability.merge(&other.probability);
        self.truth.merge(&other.truth);
        self.pixels = self.pixels.wrapping_add(other.pixels);
        self.rejected = self.rejected.wrapping_add(other.rejected);
        self.fingerprint = self.fingerprint.wrapping_add(other.fingerprint);
    }

    #[inline(never)]
    fn quotient(&self, eps: f32) -> Quotient {
        Quotient {
            intersection: self.intersection.value(),
            probability: self.probability.value(),
            truth: self.truth.value(),
            eps: f64::from(eps),
        }
    }
}

/// The sums of a class, rounded.
struct Quotient {
    intersection: f64,
    probability: f64,
    truth: f64,
    eps: f64,
}

impl Quotient {
    fn divisor(&self) -> f64 {
        self.probability + self.truth + self.eps
    }

    /// `1 - dice`; a class of which there is nothing has a dice of 1.
    fn dissimilarity(&self) -> f64 {
        let missed = (self.probability - self.intersection) + (self.truth - self.intersection);
        if self.divisor() == 0.0 { 0.0 } else { missed / self.divisor() }
    }

    /// a and b, for k.
    fn slopes(&self, k: f64) -> Slopes {
        let divisor = self.divisor();
        if divisor == 0.0 {
            return Slopes::default();
        }
        let dice = (2.0 * self.intersection + self.eps) / divisor;
        Slopes { of_label: -2.0 * k / divisor, of_all: k * dice / divisor }
    }
}

/// The derivative of the loss by `v p_c`: `of_all`, and `of_label` more where the label is c.
#[derive(Clone, Copy, Default)]
struct Slopes {
    of_label: f64,
    of_all: f64,
}

/// What the classes in the mean give.
struct Mean {
    /// How many there are.
    classes: f64,
    dissimilarity: f64,
    notices: Notices,
}

impl Mean {
    /// # Errors
    /// Parameters out of range, no class or too many, totals of other parameters.
    #[inline(never)]
    fn new(params: &Params, totals: &[Totals]) -> Result<Self, Error> {
        params.check()?;
        check_totals(params, totals)?;
        let mut mean = Self { classes: 0.0, dissimilarity: 0.0, notices: Notices::NONE };
        for (class, of_class) in totals.iter().enumerate() {
            if !is_in_mean(params, class, totals) {
                continue;
            }
            let quotient = of_class.quotient(params.eps);
            let bad = of_class.probability.non_finite() | of_class.intersection.non_finite();
            mean.classes += 1.0;
            mean.dissimilarity += quotient.dissimilarity();
            mean.notices |= Notices::NOT_FINITE.when(bad != 0)
                | Notices::DEGENERATE.when(quotient.divisor() == 0.0);
        }
        mean.notices |= Notices::DEGENERATE.when(mean.classes == 0.0);
        if let Some(first) = totals.first() {
            if first.pixels == 0 {
                mean.notices = Notices::EMPTY;
            }
            mean.notices |= Notices::REJECTED.when(first.rejected != 0);
        }
        Ok(mean)
    }

    fn value(&self, params: &Params) -> Value {
        let mean = if self.classes > 0.0 { self.dissimilarity / self.classes } else { 0.0 };
        Value { value: f64::from(params.weight) * mean, notices: self.notices }
    }
}

#[inline(never)]
fn is_in_mean(params: &Params, class: usize, totals: &[Totals]) -> bool {
    let left_out = class == 0 && totals.len() > 1 && !params.include_background;
    let skipped = params.absent == Absent::Skip
        && totals.get(class).is_none_or(|totals| totals.truth.value() == 0.0);
    !left_out && !skipped
}

/// The totals are of these parameters, of their classes in order, and of the same pixels.
fn check_totals(params: &Params, totals: &[Totals]) -> Result<(), Error> {
    let classes = totals.len();
    if !(1..=MOST_CLASSES).contains(&classes) {
        return Err(Error::Channels);
    }
    let pixels = totals.first().map_or(0, |first| first.pixels);
    let fits = |(class, totals): (usize, &Totals)| {
        let hash = params.fingerprint(class, classes);
        totals.pixels == pixels && totals.fingerprint == hash.wrapping_mul(pixels)
    };
    if totals.iter().enumerate().all(fits) { Ok(()) } else { Err(Error::MixedTotals) }
}

/// Adds pixels to the totals of their classes, one a channel.
///
/// # Errors
/// Parameters out of range, labels missing, inputs of different lengths, no channel or more than
/// 4096, as many totals as there are no channels. Nothing was added then.
pub fn update(params: &Params, cube: &Cube, totals: &mut [Totals]) -> Result<(), Error> {
    let labels = check(params, cube)?;
    if totals.len() != cube.layout.channels {
        return Err(Error::LengthMismatch);
    }
    add(params, &labels, totals);
    Ok(())
}

#[inline(never)]
fn add(params: &Params, labels: &Labels, totals: &mut [Totals]) {
    let tally = kernels::add(labels, totals);
    let classes = totals.len();
    for (class, totals) in totals.iter_mut().enumerate() {
        let hash = params.fingerprint(class, classes);
        totals.pixels = totals.pixels.wrapping_add(tally.pixels);
        totals.rejected = totals.rejected.wrapping_add(tally.rejected);
        totals.fingerprint = totals.fingerprint.wrapping_add(hash.wrapping_mul(tally.pixels));
    }
}

/// Adds other totals, class by class. The words are canonical afterwards.
///
/// # Errors
/// Different numbers of classes, none, or more than 4096. Nothing was added then.
pub fn merge(totals: &mut [Totals], other: &[Totals]) -> Result<(), Error> {
    if totals.len() != other.len() {
        return Err(Error::LengthMismatch);
    }
    if !(1..=MOST_CLASSES).contains(&totals.len()) {
        return Err(Error::Channels);
    }
    totals.iter_mut().zip(other).for_each(|(totals, other)| totals.merge(other));
    Ok(())
}

/// Makes the words canonical after they were added elsewhere.
///
/// # Errors
/// No class, or more than 4096.
pub fn normalize(totals: &mut [Totals]) -> Result<(), Error> {
    if !(1..=MOST_CLASSES).contains(&totals.len()) {
        return Err(Error::Channels);
    }
    for totals in totals {
        totals.intersection.normalize();
        totals.probability.normalize();
        totals.truth.normalize();
    }
    Ok(())
}

/// The loss. 0 with `EMPTY` if no pixel counts, and 0 with `DEGENERATE` if every class is left out.
///
/// # Errors
/// Parameters out of range, no class or more than 4096, totals of other parameters, of classes in
/// another order or of different pixels.
pub fn loss(params: &Params, totals: &[Totals]) -> Result<Value, Error> {
    Ok(Mean::new(params, totals)?.value(params))
}

/// Writes `upstream * dL/dx` for these pixels, or adds it. The totals are those of the whole batch,
/// of which the pixels may be any part. Pixels that do not count get 0 (or stay as they are, if
/// added to). The gradient has the layout of the logits.
///
/// # Errors
/// As [`update`] and [`loss`], and a gradient that is too short. Nothing was written then.
#[inline(never)]
pub fn gradient(
    params: &Params,
    totals: &[Totals],
    cube: &Cube,
    upstream: f64,
    write: Write,
    gradient: &mut [f32],
) -> Result<Notices, Error> {
    let labels = check(params, cube)?;
    if totals.len() != cube.layout.channels || gradient.len() < cube.layout.span()? {
        return Err(Error::LengthMismatch);
    }
    let mean = Mean::new(params, totals)?;
    let k =
        if mean.classes > 0.0 { upstream * f64::from(params.weight) / mean.classes } else { 0.0 };
    let coefficients = Coefficients::new(params, totals, k);
    let gradient = Columns { gradient, layout: cube.layout, write };
    kernels::write(&labels, &coefficients, gradient);
    Ok(mean.notices)
}

/// The loss and the gradient of one batch, whose totals replace what `totals` held: the same bits as
/// [`update`] of empty totals, [`loss`] and [`gradient`].
///
/// # Errors
/// As for these. Nothing was written then.
pub fn loss_and_gradient(
    params: &Params,
    cube: &Cube,
    upstream: f64,
    write: Write,
    totals: &mut [Totals],
    gradient: &mut [f32],
) -> Result<Value, Error> {
    let labels = check(params, cube)?;
    if totals.len() != cube.layout.channels || gradient.len() < cube.layout.span()? {
        return Err(Error::LengthMismatch);
    }
    totals.fill(Totals::default());
    add(params, &labels, totals);
    self::gradient(params, totals, cube, upstream, write, gradient)?;
    loss(params, totals)
}

#[inline(never)]
fn check<'a>(params: &Params, cube: &Cube<'a>) -> Result<Labels<'a>, Error> {
    params.check()?;
    Labels::new(cube, params.ignore_index, 1)
}
