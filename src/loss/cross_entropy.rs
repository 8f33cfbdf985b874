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
//! **cuvis-ai**: `weight`, `class_weights`, `ignore_index` (-100); ports `predictions` and `targets`
//! are `values` and `labels`; port `loss` is [`Totals::loss`]. Stages: train, validation, test.
//!
//! **Speed**: limited by arithmetic: an exponential a logit, two with the gradient. Planes (BSQ) load
//! as whole vectors; interleaved logits are gathered.
//!
//! Formula: C. M. Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.108; label smoothing:
//! Szegedy et al. (2016), with class weights as in PyTorch.

use super::reduction::Sums;
use super::softmax::{
    self, LabelTile, Labels, Logits, PerPixel, Softmax, SumTile, TILE, exponential, load,
};
use super::{Reduction, Write, fingerprint, only};
use crate::cube::{Cube, CubeColumnsMut};
use crate::error::{Error, Notices, Value};
use crate::exact::ExactSum;
use crate::math::log1p;
use crate::simd::{self, Doubles, Kernel, Lanes, Simd};

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
        let gradient = inputs.gradient(gradient)?;
        let slope = self.sums.slope(params.reduction, upstream);
        inputs.run(Outputs { gradient: Some((gradient, write, slope)), ..Outputs::default() });
        Ok(self.sums.notices(params.reduction))
    }

    /// Counts the pixels and adds up their weights.
    fn count(&mut self, inputs: &Inputs) {
        let tally = simd::run(Weights { labels: &inputs.labels, sum: &mut self.sums.weights });
        let classes = inputs.class_hash();
        self.sums.count(inputs.params.fingerprint(classes), tally);
        self.classes = self.classes.wrapping_add(classes.wrapping_mul(tally.pixels));
    }

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
    let gradient = inputs.gradient(gradient)?;
    if params.reduction == Reduction::None {
        return Err(Error::NoScalar);
    }
    let mut batch = Totals::default();
    batch.count(&inputs);
    let slope = batch.sums.slope(params.reduction, upstream);
    inputs.run(Outputs {
        sum: Some(&mut batch.sums.loss),
        gradient: Some((gradient, write, slope)),
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

    fn gradient<'b>(&self, gradient: &'b mut [f32]) -> Result<CubeColumnsMut<'b>, Error> {
        let layout = self.labels.cube.layout;
        if gradient.len() < layout.span()? {
            return Err(Error::LengthMismatch);
        }
        Ok(CubeColumnsMut::new(gradient, layout))
    }

    fn run(&self, outputs: Outputs) {
        simd::run(Pass { inputs: self, outputs });
    }
}

/// Counts pixels and adds up `o_y v_i`.
struct Weights<'a> {
    labels: &'a Labels<'a>,
    sum: &'a mut ExactSum,
}

impl Kernel for Weights<'_> {
    type Output = crate::pixels::Tally;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Self::Output {
        let n = self.labels.cube.layout.n;
        let all_one = self.labels.class_weights.is_none() && self.labels.cube.weights.is_none();
        let mut tile = LabelTile::new();
        let mut tally = Self::Output::default();
        for start in (0..n).step_by(TILE) {
            let of_tile = self.labels.read(start, &mut tile);
            tally.pixels += of_tile.pixels;
            tally.rejected += of_tile.rejected;
            if !all_one {
                let weights = tile.weight.0.iter_mut().zip(&tile.class_weight.0);
                for (weight, class_weight) in weights {
                    *weight = if *weight > 0.0 { *weight * class_weight } else { 0.0 };
                }
                simd.call(SumTile { terms: &tile.weight, length: n - start, sum: self.sum });
            }
        }
        if all_one {
            self.sum.add_integer(tally.pixels);
        }
        tally
    }
}

/// What a pass over the pixels computes.
#[derive(Default)]
struct Outputs<'a> {
    sum: Option<&'a mut ExactSum>,
    map: Option<&'a mut [f32]>,
    /// The gradient, and the slope of the loss along a term of weight 1.
    gradient: Option<(CubeColumnsMut<'a>, Write, f64)>,
}

/// The one kernel: terms, gradient, or both.
struct Pass<'a> {
    inputs: &'a Inputs<'a>,
    outputs: Outputs<'a>,
}

impl Kernel for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { inputs, outputs: Outputs { mut sum, mut map, mut gradient } } = self;
        let n = inputs.labels.cube.layout.n;
        let logits = inputs.labels.logits();
        let wants_terms = sum.is_some() || map.is_some();
        let mut tile = LabelTile::new();
        let mut terms = PerPixel::<f32>::new();
        for start in (0..n).step_by(TILE) {
            inputs.labels.read(start, &mut tile);
            for index in 0..softmax::vectors::<S::Register>(n, start) {
                let at = start / S::Register::LANES + index;
                let pixels = Vector::<S::Register>::new(simd, inputs, &logits, &tile, index, at);
                if wants_terms {
                    terms.set(index, pixels.terms(inputs, &logits).to_array());
                }
                if let Some((gradient, write, slope)) = &mut gradient {
                    pixels.write_gradient(inputs, &logits, *slope, *write, gradient);
                }
            }
            if let Some(sum) = &mut sum {
                simd.call(SumTile { terms: &terms, length: n - start, sum });
            }
            if let Some(map) = &mut map {
                let places = map.get_mut(start..).unwrap_or(&mut []);
                places.iter_mut().zip(&terms.0).for_each(|(place, term)| *place = *term);
            }
        }
    }
}

/// A vector of pixels.
struct Vector<V: Lanes> {
    /// Which vector of the batch it is.
    at: usize,
    class: V,
    class_weight: V,
    /// The logit of the label.
    logit: V,
    weight: V::Doubles,
    /// T: all that a term weighs, without the pixel weight.
    mass: V::Doubles,
    softmax: Softmax<V>,
}

impl<V: Lanes> Vector<V> {
    #[inline(always)]
    fn new(
        simd: V::Simd,
        inputs: &Inputs,
        logits: &Logits,
        tile: &LabelTile,
        index: usize,
        at: usize,
    ) -> Self {
        let class_weight = load::<V>(simd, &tile.class_weight, index);
        let own_share = V::Doubles::splat(simd, inputs.labels.own_share);
        Self {
            at,
            class: load(simd, &tile.class, index),
            class_weight,
            logit: load(simd, &tile.logit, index),
            weight: load::<V>(simd, &tile.weight, index).widen(),
            mass: class_weight.widen() * own_share + V::Doubles::splat(simd, inputs.labels.base),
            softmax: Softmax::new(simd, logits, at),
        }
    }

    /// The pixels that have a term, if anything is to be multiplied with it.
    #[inline(always)]
    fn on(&self, factor: f64) -> V::Mask {
        let zero = self.class.constant(0.0);
        let any = self.class.constant(if factor == 0.0 { 1.0 } else { 0.0 });
        !self.class.lt(zero) & any.eq(zero)
    }

    #[inline(always)]
    fn terms(&self, inputs: &Inputs, logits: &Logits) -> V {
        let simd = self.class.simd();
        let max = self.softmax.max;
        let zero = self.class.constant(0.0);
        let weight = f64::from(inputs.params.weight);
        let log = log1p(self.softmax.rest_as_float()).widen();
        let free = self.logit.eq(max) | self.class_weight.eq(zero);
        let below = V::select(free, zero, max - self.logit).widen();
        let own = self.class_weight.widen() * V::Doubles::splat(simd, inputs.labels.own_share);
        let mut term = self.mass * log + own * below;
        if inputs.share > 0.0 {
            let mut spread = zero.widen();
            for class in 0..logits.classes() {
                let class_weight = class_weight(&inputs.labels, class);
                let logit = logits.get::<V>(simd, self.at, class);
                if class_weight > 0.0 {
                    let below = V::select(logit.eq(max), zero, max - logit).widen();
                    spread = spread + below * V::Doubles::splat(simd, f64::from(class_weight));
                }
            }
            term = term + spread * V::Doubles::splat(simd, inputs.share);
        }
        let factor = self.weight * V::Doubles::splat(simd, weight);
        only(Some(self.on(weight)), V::narrow(term * factor))
    }

    /// `e^(x_y - m)` less s, scaled: what makes `p_y - 1`. Where the label has the maximum alone the
    /// other classes are what is left, with all their digits.
    #[inline(always)]
    fn shortfall(&self) -> V {
        let own = exponential(self.logit, self.softmax.max);
        let is_max = self.logit.eq(self.softmax.max);
        let others = V::narrow(self.softmax.sum - own.widen());
        V::select(is_max, V::narrow(self.softmax.rest), others).negate()
    }

    #[inline(always)]
    fn write_gradient(
        &self,
        inputs: &Inputs,
        logits: &Logits,
        slope: f64,
        write: Write,
        gradient: &mut CubeColumnsMut,
    ) {
        let simd = self.class.simd();
        let slope = f64::from(inputs.params.weight) * slope;
        let scale = self.weight * V::Doubles::splat(simd, slope);
        let factor = softmax::reciprocal(self.softmax.max, self.softmax.sum) * self.mass * scale;
        let spread = scale * V::Doubles::splat(simd, inputs.share);
        let shortfall = self.shortfall();
        let left =
            V::narrow(V::Doubles::splat(simd, inputs.all_weights) - self.class_weight.widen());
        let on = self.on(slope);
        for class in 0..logits.classes() {
            let scaled = exponential(logits.get::<V>(simd, self.at, class), self.softmax.max);
            let is_label = self.class.eq(self.class.constant(class as f32));
            let mut value = V::select(is_label, shortfall, scaled).widen() * factor;
            if inputs.share > 0.0 {
                let others = self.class.constant(-class_weight(&inputs.labels, class));
                value = value + V::select(is_label, left, others).widen() * spread;
            }
            gradient.write(self.at, class, write, Some(on), V::narrow(value));
        }
    }
}

#[inline(always)]
fn class_weight(labels: &Labels, class: usize) -> f32 {
    match labels.class_weights {
        Some(weights) => weights.get(class).copied().unwrap_or(0.0),
        None => 1.0,
    }
}
