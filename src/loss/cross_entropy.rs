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
//! validation, test. **Speed**: limited by one exponential a logit, two for the gradient.
//!
//! Formula: C. M. Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.108.

use super::reduction::Sums;
use super::softmax::{Labels, MOST_CLASSES as LIMIT, Vectors, offset, power, registers, softmax};
use super::{Reduction, Write, fingerprint, only};
use crate::cube::{Cube, CubeColumnsMut};
use crate::error::{Error, Notices, Value};
use crate::exact::{Accumulator, ExactSum};
use crate::simd::{self, ColumnsMut, Kernel, Lanes, Simd, flat_mut};
use bytemuck::Zeroable;

pub use super::softmax::MOST_CLASSES;

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
        Self {
            reduction: Reduction::WeightedMean,
            ignore_index: Some(-100),
            weight: 1.0,
            label_smoothing: 0.0,
        }
    }
}

impl Params {
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

    /// Of the numbers that the terms depend on. The loss is not told the class weights, so these are no part
    /// of it: that totals of different ones are not mixed is the caller's business.
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
    /// Adds pixels.
    ///
    /// # Errors
    /// Parameters or class weights out of range, labels missing, fewer than two classes or too many, a
    /// layout in which values share a place, inputs of different lengths. Nothing was added then.
    pub fn update(
        &mut self,
        params: &Params,
        logits: &Cube,
        class_weights: Option<&[f32]>,
    ) -> Result<(), Error> {
        let inputs = Inputs::new(params, logits, class_weights)?;
        let tally = inputs.labels.tally(logits);
        self.sums.count(params.fingerprint(), tally);
        let alike = logits.weights.is_none() && class_weights.is_none();
        if alike {
            self.sums.weights.add_integer(tally.pixels);
        }
        let weights = if alike { None } else { Some(&mut self.sums.weights) };
        let to = To::Sums(&mut self.sums.loss, weights);
        simd::run(Terms { inputs, factor: f64::from(params.weight), to });
        Ok(())
    }

    /// Adds other totals. The words are canonical afterwards.
    pub fn merge(&mut self, other: &Self) {
        self.sums.merge(&other.sums);
    }

    /// Makes the words canonical after they were added elsewhere.
    pub fn normalize(&mut self) {
        self.sums.normalize();
    }

    /// The loss. A mean of nothing is NaN, the sum 0, both with the notice `EMPTY`; a weighted mean of
    /// weights that are all 0 is NaN with `DEGENERATE`.
    ///
    /// # Errors
    /// Parameters out of range, [`Reduction::None`], terms of other parameters in the totals.
    pub fn loss(&self, params: &Params) -> Result<Value, Error> {
        params.check()?;
        self.sums.check(params.fingerprint())?;
        self.sums.value(params.reduction)
    }

    /// Writes `upstream * dL/dx` for these pixels in the layout of the logits, or adds it. The totals are
    /// those of the whole batch, of which the pixels may be any part. Pixels that do not count get 0 (or
    /// stay as they are, if added to).
    ///
    /// # Errors
    /// As [`Self::update`] and [`Self::loss`], and a gradient that is too short. Nothing was written then.
    pub fn gradient(
        &self,
        params: &Params,
        logits: &Cube,
        class_weights: Option<&[f32]>,
        upstream: f64,
        write: Write,
        gradient: &mut [f32],
    ) -> Result<Notices, Error> {
        let inputs = Inputs::new(params, logits, class_weights)?;
        logits.check_output(gradient)?;
        self.sums.check(params.fingerprint())?;
        let slope = self.sums.slope(params.reduction, upstream);
        simd::run(Gradient { inputs, slope: f64::from(params.weight) * slope, write, gradient });
        Ok(self.sums.notices(params.reduction))
    }
}

/// The loss and the gradient of one batch, in two passes, and the batch's totals added to `totals`.
///
/// # Errors
/// As [`Totals::update`] and [`Totals::gradient`]. Nothing was written then. With [`Reduction::None`] there
/// is no loss: use [`map`] and [`Totals::gradient`].
pub fn loss_and_gradient(
    params: &Params,
    logits: &Cube,
    class_weights: Option<&[f32]>,
    upstream: f64,
    write: Write,
    totals: Option<&mut Totals>,
    gradient: &mut [f32],
) -> Result<Value, Error> {
    logits.check_output(gradient)?;
    if params.reduction == Reduction::None {
        params.check()?;
        return Err(Error::NoScalar);
    }
    let mut batch = Totals::default();
    batch.update(params, logits, class_weights)?;
    let value = batch.loss(params)?;
    batch.gradient(params, logits, class_weights, upstream, write, gradient)?;
    if let Some(totals) = totals {
        totals.merge(&batch);
    }
    Ok(value)
}

/// Writes the terms `l_i`, one a pixel: the reduction `none`, whatever `params.reduction` is. Pixels that do
/// not count get 0.
///
/// # Errors
/// As [`Totals::update`], and a map of another length. Nothing was written then.
pub fn map(
    params: &Params,
    logits: &Cube,
    class_weights: Option<&[f32]>,
    map: &mut [f32],
) -> Result<Notices, Error> {
    let inputs = Inputs::new(params, logits, class_weights)?;
    if map.len() != logits.layout.n {
        return Err(Error::LengthMismatch);
    }
    simd::run(Terms { inputs, factor: f64::from(params.weight), to: To::Map(map) });
    Ok(Notices::EMPTY.when(logits.layout.n == 0))
}

/// The checked inputs of a call.
#[derive(Clone, Copy)]
struct Inputs<'a> {
    cube: Cube<'a>,
    labels: Labels<'a>,
    class_weights: Option<&'a [f32]>,
    smoothing: f64,
}

impl<'a> Inputs<'a> {
    fn new(
        params: &Params,
        cube: &Cube<'a>,
        class_weights: Option<&'a [f32]>,
    ) -> Result<Self, Error> {
        params.check()?;
        let classes = cube.layout.channels;
        if !(2..=LIMIT).contains(&classes) || class_weights.is_some_and(|w| w.len() != classes) {
            return Err(Error::Channels);
        }
        let good = |weight: &f32| weight.is_finite() && *weight >= 0.0;
        if !class_weights.unwrap_or(&[]).iter().all(good) {
            return Err(Error::ClassWeight);
        }
        let labels = Labels::new(cube, classes, params.ignore_index)?;
        cube.check()?;
        let smoothing = f64::from(params.label_smoothing);
        Ok(Self { cube: *cube, labels, class_weights, smoothing })
    }

    fn class_weight(&self, class: usize) -> f64 {
        let weight = |weights: &[f32]| weights.get(class).copied().unwrap_or(0.0);
        f64::from(self.class_weights.map_or(1.0, weight))
    }

    /// `sum o_k`.
    fn all_class_weights(&self) -> f64 {
        (0..self.labels.classes).map(|class| self.class_weight(class)).sum()
    }

    /// The class weight of each pixel of a vector, times a factor and rounded once; 0 where it does not count.
    #[inline(always)]
    fn of_class<V: Lanes>(&self, simd: V::Simd, index: usize, factor: f64) -> V {
        let mut floats = V::Floats::zeroed();
        self.fill(index * V::LANES, factor, flat_mut(&mut floats));
        V::from_floats(simd, &floats)
    }

    #[inline(never)]
    fn fill(&self, start: usize, factor: f64, to: &mut [f32]) {
        for (to, label) in to.iter_mut().zip(self.labels.labels.get(start..).unwrap_or(&[])) {
            if let Some(class) = self.labels.class(*label) {
                *to = (factor * self.class_weight(class)) as f32;
            }
        }
    }
}

/// Adds the terms to a sum, or writes them to a map.
struct Terms<'a> {
    inputs: Inputs<'a>,
    factor: f64,
    to: To<'a>,
}

/// Where the terms go; and the factors `o_y v_i`, where these are not all 1.
enum To<'a> {
    Sums(&'a mut ExactSum, Option<&'a mut ExactSum>),
    Map(&'a mut [f32]),
}

impl Kernel for Terms<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Inputs { cube, labels, smoothing, .. } = self.inputs;
        let classes = labels.classes;
        let vectors = Vectors::<S::Register>::new(&cube, labels);
        let mut no_sums = [ExactSum::default(); 2];
        let [no_sum, no_weights] = &mut no_sums;
        let (sum, weights, map, is_sum) = match self.to {
            To::Sums(sum, weights) => (sum, weights, &mut [] as &mut [f32], true),
            To::Map(map) => (no_sum, None, map, false),
        };
        let has_weights = weights.is_some();
        let mut sum = Accumulator::new(simd, sum);
        let mut weights = Accumulator::new(simd, weights.unwrap_or(no_weights));
        let mut map = ColumnsMut::new(map);
        let zero = S::Register::splat(simd, 0.0);
        let spread = self.factor * smoothing / classes as f64;
        let all = (spread * self.inputs.all_class_weights()) as f32;
        for index in 0..registers::<S>(cube.layout.n) {
            let (label, live) = vectors.get(simd, index);
            let softmax = softmax(simd, &vectors.values, index);
            let log_sum = softmax.log_sum();
            let mut own = zero;
            let mut others = zero;
            for channel in 0..classes {
                let value = vectors.values.get(simd, index, channel);
                let offset = offset(value, softmax.greatest);
                own = S::Register::select(label.eq(zero.constant(channel as f32)), offset, own);
                let share = (spread * self.inputs.class_weight(channel)) as f32;
                if share != 0.0 {
                    others = others - offset * share;
                }
            }
            let factor: S::Register =
                self.inputs.of_class(simd, index, self.factor * (1.0 - smoothing));
            let off = factor.eq(zero);
            let mut term = S::Register::select(off, zero, (log_sum - own) * factor);
            if all != 0.0 {
                term = term + (others + log_sum * all);
            }
            let term = only(live.mask, live.weighted(term));
            if is_sum {
                sum.push(term);
            } else {
                term.to_floats(map.get(index));
            }
            if has_weights {
                let factor = self.inputs.of_class(simd, index, 1.0);
                weights.push(only(live.mask, live.weighted(factor)));
            }
        }
        map.finish();
        if is_sum {
            sum.finish(cube.layout.n);
        }
        if has_weights {
            weights.finish(cube.layout.n);
        }
    }
}

/// Writes the gradient.
struct Gradient<'a> {
    inputs: Inputs<'a>,
    slope: f64,
    write: Write,
    gradient: &'a mut [f32],
}

impl Kernel for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Inputs { cube, labels, smoothing, .. } = self.inputs;
        let classes = labels.classes;
        let vectors = Vectors::<S::Register>::new(&cube, labels);
        let mut gradient = CubeColumnsMut::new(self.gradient, cube.layout);
        let zero = S::Register::splat(simd, 0.0);
        let spread = self.slope * smoothing / classes as f64;
        let all = (spread * self.inputs.all_class_weights()) as f32;
        for index in 0..registers::<S>(cube.layout.n) {
            let (label, live) = vectors.get(simd, index);
            let softmax = softmax(simd, &vectors.values, index);
            let scale = softmax.scale();
            // What is left of 1 beside the maximum.
            let rest = softmax.rest * scale;
            let factor: S::Register =
                self.inputs.of_class(simd, index, self.slope * (1.0 - smoothing));
            let off = factor.eq(zero);
            for channel in 0..classes {
                let value: S::Register = vectors.values.get(simd, index, channel);
                let probability = power(value, softmax.greatest) * scale;
                let is_own = label.eq(zero.constant(channel as f32));
                let is_greatest = value.eq(softmax.greatest);
                let sharp = S::Register::select(is_greatest, rest.negate(), probability - 1.0);
                let error = S::Register::select(is_own, sharp, probability);
                let mut slope = S::Register::select(off, zero, error * factor);
                if all != 0.0 {
                    let share = (spread * self.inputs.class_weight(channel)) as f32;
                    slope = slope + (probability * all - share);
                }
                let slope = live.weighted(slope);
                gradient.write(index, channel, self.write, live.mask, slope);
            }
        }
    }
}
