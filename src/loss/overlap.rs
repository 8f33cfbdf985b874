//! What losses of overlap share: soft counts of a prediction against a mask, and their ratio.
//!
//! ```text
//! p_i = sigmoid(x_i) | clamp(x_i, 0, 1) | (x_i - min) / (max - min + s)
//! TP  = sum v p y     FP = sum v p (1 - y)     FN = sum v (1 - p) y     E = a FP + b FN
//! T   = (TP + s) / D     D = TP + E + s        r = 1 - T = E / D
//! dr/dp_i = v_i [ (1 - y_i) a (TP + s) - y_i (b (TP + s) + E) ] / D^2
//! ```
//!
//! The loss is a function of the miss r: `w r` for IoU (a = b = 1), `w r^gamma` for Tversky. As E / D
//! the miss keeps its digits near 0, where `1 - T` cancels. The derivative is one number for
//! positive and one for negative pixels (between them linear in a soft target).
//!
//! **Sums**: exact, of the float32 terms `v p y`, `v p`, `v y`, `v`; FP and FN are exact differences,
//! rounded once. Under min-max the terms are `v x y` and `v x`, linear in x, so that one pass over
//! the data is enough: with m = min and R = max - min + s
//!
//! ```text
//! TP = (sum v x y - m sum v y) / R          FP = (sum v x (1-y) - m sum v (1-y)) / R
//! FN = ((max + s) sum v y - sum v x y) / R  TN = ((max + s) sum v (1-y) - sum v x (1-y)) / R
//! ```
//!
//! in `f64`, where no float32 range overflows. Min and max depend on the scores too. With
//! G1, G0 = dr/dp of a positive and a negative pixel of weight 1 the chain rule gives
//!
//! ```text
//! dp_i/dm = (p_i - 1) / R     dp_i/dmax = -p_i / R
//! dr/dx_i = v_i (y_i G1 + (1 - y_i) G0) / R
//!         - [x_i = min] (G1 FN + G0 TN) / (R n_min) - [x_i = max] (G1 TP + G0 FP) / (R n_max)
//! ```
//!
//! shared evenly among the n_min and n_max ties (as PyTorch's `min()` and `max()` do). It follows
//! that the gradients sum to 0: a shift of all scores changes nothing. For weights of 1 this is the
//! usual formula with `sum G_i p_i` and `sum G_i`; the soft counts give both sums without a pass.
//! Every pixel that counts decides the range, whatever its weight.

use super::{Write, fingerprint, only};
use crate::error::{Error, Notices, Value};
use crate::exact::{Accumulator, ExactSum};
use crate::math::{sigmoid, sigmoid_slope_times};
use crate::metric::range::Range;
use crate::pixels::{Live, LiveColumns, Pixels, tally};
use crate::simd::{self, Columns, ColumnsMut, Kernel, Lanes, Simd, flat};

/// How scores become predictions between 0 and 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Normalization {
    /// The scores are logits.
    #[default]
    Sigmoid = 0,
    /// The scores are cut off below 0 and above 1.
    Clamp = 1,
    /// The scores are shifted and scaled by the range of all of them: totals come with a [`Range`].
    MinMax = 2,
}

impl Normalization {
    /// The normalisation of a number of the C interface.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::Sigmoid, Self::Clamp, Self::MinMax].into_iter().find(|n| *n as u32 == number)
    }
}

/// The slope of the clamp at exactly 0 and 1, where it has a kink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Boundary {
    /// 0, as PyTorch 2.15 has it.
    #[default]
    Zero = 0,
    /// 1, as older versions of PyTorch have it.
    Pass = 1,
}

impl Boundary {
    /// The boundary of a number of the C interface.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::Zero, Self::Pass].into_iter().find(|boundary| *boundary as u32 == number)
    }
}

/// What the loss is where no target is positive. The formula gives about w there for any prediction
/// but an empty one, and next to no slope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum EmptyTarget {
    /// The formula as it is.
    #[default]
    One = 0,
    /// The loss and the gradient are 0: the batch teaches nothing.
    Skip = 1,
    /// The loss is 0, so that normal frames do not drown the others in a mean, but the gradient is
    /// that of the formula: it still pushes predictions down. (It is small, `a s / D^2`: a `smooth`
    /// of the size of the predicted area makes it felt.)
    Zero = 2,
}

impl EmptyTarget {
    /// The option of a number of the C interface.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::One, Self::Skip, Self::Zero].into_iter().find(|option| *option as u32 == number)
    }
}

/// What the soft counts and their ratio depend on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// How scores become predictions.
    pub normalization: Normalization,
    /// The slope of the clamp at its ends.
    pub boundary: Boundary,
    /// The loss where no target is positive.
    pub empty_target: EmptyTarget,
    /// s.
    pub smooth: f32,
    /// a.
    pub false_positives: f32,
    /// b.
    pub false_negatives: f32,
}

/// A loss as a function of the miss r.
pub trait Formula: Copy {
    /// What the miss depends on.
    fn settings(&self) -> Settings;

    /// The parameters are in range.
    ///
    /// # Errors
    /// They are not.
    fn check(&self) -> Result<(), Error>;

    /// The loss of a miss.
    fn value(&self, miss: f64) -> f64;

    /// Its derivative by the miss; None where that is infinite.
    fn slope(&self, miss: f64) -> Option<f64>;
}

/// Exact sums over pixels; all zero is empty. Adding the words of two totals merges them. They
/// depend on the normalisation alone: one state serves every other parameter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// The sum of `v p y` (min-max: `v x y`).
    pub intersection: ExactSum,
    /// The sum of `v p` (min-max: `v x`).
    pub predictions: ExactSum,
    /// The sum of `v y`.
    pub targets: ExactSum,
    /// The sum of the pixel weights v.
    pub weights: ExactSum,
    /// How many pixels count.
    pub pixels: i64,
    /// How many pixels were valid but had a bad weight or soft target and were treated as masked.
    pub rejected: i64,
    /// The sum of the normalisation's hash over `pixels`.
    pub fingerprint: i64,
    /// Zero. Room for later.
    pub reserved: i64,
}

impl Totals {
    /// Adds pixels, and their scores to the range, which min-max needs (and no other).
    ///
    /// # Errors
    /// Parameters out of range, not exactly one kind of targets, inputs of different lengths, no
    /// range under min-max. Nothing was added then.
    pub fn update(
        &mut self,
        params: &impl Formula,
        pixels: &Pixels,
        range: Option<&mut Range>,
    ) -> Result<(), Error> {
        let settings = params.settings();
        params.check()?;
        check_inputs(pixels)?;
        if settings.normalization == Normalization::MinMax && range.is_none() {
            return Err(Error::RangeMissing);
        }
        self.add(settings.normalization, pixels, range);
        Ok(())
    }

    #[inline(never)]
    fn add(&mut self, normalization: Normalization, pixels: &Pixels, range: Option<&mut Range>) {
        let tally = tally(pixels, &mut self.weights);
        let terms = fingerprint(&[normalization as u32]).wrapping_mul(tally.pixels);
        self.pixels = self.pixels.wrapping_add(tally.pixels);
        self.rejected = self.rejected.wrapping_add(tally.rejected);
        self.fingerprint = self.fingerprint.wrapping_add(terms);
        let min_max = normalization == Normalization::MinMax;
        match pixels.targets {
            Some(targets) if pixels.weights.is_none() && !min_max => {
                simd::run(Masks { pixels: *pixels, targets, normalization, totals: self });
            }
            _ => simd::run(Products { pixels: *pixels, normalization, totals: self }),
        }
        if let Some(range) = range.filter(|_| min_max) {
            range.join(*pixels, tally.pixels);
        }
    }

    /// Adds other totals. The words are canonical afterwards.
    pub fn merge(&mut self, other: &Self) {
        self.intersection.merge(&other.intersection);
        self.predictions.merge(&other.predictions);
        self.targets.merge(&other.targets);
        self.weights.merge(&other.weights);
        self.pixels = self.pixels.wrapping_add(other.pixels);
        self.rejected = self.rejected.wrapping_add(other.rejected);
        self.fingerprint = self.fingerprint.wrapping_add(other.fingerprint);
    }

    /// Makes the words canonical after they were added elsewhere.
    pub fn normalize(&mut self) {
        self.intersection.normalize();
        self.predictions.normalize();
        self.targets.normalize();
        self.weights.normalize();
    }

    /// The loss. The range is that of the same pixels; only min-max needs it.
    ///
    /// # Errors
    /// Parameters out of range, another normalisation in the totals, a range that is missing or of
    /// other pixels.
    pub fn loss(&self, params: &impl Formula, range: Option<&Range>) -> Result<Value, Error> {
        params.check()?;
        let counts = self.counts(&params.settings(), range)?;
        Ok(Value { value: counts.value(params), notices: counts.notices(params) })
    }

    /// Writes `upstream * dL/dx` for these pixels, or adds it. The totals and the range are those of
    /// the whole batch, of which the pixels may be any part. Pixels that do not count get 0 (or
    /// stay as they are, if added to).
    ///
    /// # Errors
    /// As [`Self::update`] and [`Self::loss`], and a gradient of another length. Nothing was
    /// written then.
    pub fn gradient(
        &self,
        params: &impl Formula,
        range: Option<&Range>,
        pixels: &Pixels,
        upstream: f64,
        write: Write,
        gradient: &mut [f32],
    ) -> Result<Notices, Error> {
        params.check()?;
        check_inputs(pixels)?;
        Pixels::check_lengths(pixels.scores.len(), &[Some(gradient.len())])?;
        let counts = self.counts(&params.settings(), range)?;
        let slopes = counts.slopes(upstream * counts.slope(params));
        write_gradient(Gradient { pixels: *pixels, slopes, write, gradient });
        Ok(counts.notices(params))
    }

    /// How many terms were not finite.
    fn non_finite(&self) -> bool {
        [&self.intersection, &self.predictions, &self.targets, &self.weights]
            .iter()
            .any(|sum| sum.non_finite() != 0)
    }

    /// The soft counts.
    #[inline(never)]
    fn counts(&self, settings: &Settings, range: Option<&Range>) -> Result<Counts, Error> {
        let hash = fingerprint(&[settings.normalization as u32]);
        if self.fingerprint != hash.wrapping_mul(self.pixels) {
            return Err(Error::MixedTotals);
        }
        let both = self.intersection.value();
        let others = self.predictions.minus(&self.intersection).value();
        let mut counts = Counts {
            settings: *settings,
            true_positives: both,
            false_positives: others,
            false_negatives: self.targets.minus(&self.intersection).value(),
            true_negatives: 0.0,
            spread: None,
            finite: !self.non_finite(),
            constant: false,
            no_positives: self.targets.value() == 0.0,
            notices: Notices::EMPTY.when(self.pixels == 0)
                | Notices::REJECTED.when(self.rejected != 0),
        };
        if settings.normalization == Normalization::MinMax {
            let range = range.filter(|range| range.count.wrapping_add(range.nan) == self.pixels);
            let range = range.ok_or(Error::RangeMissing)?;
            counts.scale(range, self);
        }
        Ok(counts)
    }
}

/// The loss and the gradient of one batch. Its totals and its range are added to `totals` and to
/// `range`, if these are given.
///
/// The same bits as [`Totals::update`], [`Totals::loss`] and [`Totals::gradient`] one after the
/// other, which it calls.
///
/// # Errors
/// As these functions. Nothing was written then.
pub fn loss_and_gradient(
    params: &impl Formula,
    pixels: &Pixels,
    upstream: f64,
    write: Write,
    totals: Option<&mut Totals>,
    range: Option<&mut Range>,
    gradient: &mut [f32],
) -> Result<Value, Error> {
    let (mut batch, mut of_batch) = (Totals::default(), Range::default());
    Pixels::check_lengths(pixels.scores.len(), &[Some(gradient.len())])?;
    batch.update(params, pixels, Some(&mut of_batch))?;
    let counts = batch.counts(&params.settings(), Some(&of_batch))?;
    let slopes = counts.slopes(upstream * counts.slope(params));
    write_gradient(Gradient { pixels: *pixels, slopes, write, gradient });
    if let Some(totals) = totals {
        totals.merge(&batch);
    }
    if let Some(range) = range.filter(|_| counts.settings.normalization == Normalization::MinMax) {
        range.merge(&of_batch);
    }
    Ok(Value { value: counts.value(params), notices: counts.notices(params) })
}

fn check_inputs(pixels: &Pixels) -> Result<(), Error> {
    if pixels.targets.is_none() && pixels.soft_targets.is_none() {
        return Err(Error::MissingInput);
    }
    if pixels.targets.is_some() && pixels.soft_targets.is_some() {
        return Err(Error::UnsupportedInput);
    }
    let masks = [pixels.targets, pixels.valid].map(|mask| mask.map(<[u8]>::len));
    let floats = [pixels.weights, pixels.soft_targets].map(|floats| floats.map(<[f32]>::len));
    Pixels::check_lengths(pixels.scores.len(), &masks)?;
    Pixels::check_lengths(pixels.scores.len(), &floats)?;
    Ok(())
}

impl Settings {
    /// The smoothing term and the weights are finite and not negative.
    ///
    /// # Errors
    /// They are not.
    pub(super) fn check(&self) -> Result<(), Error> {
        let good = |number: f32| number.is_finite() && number >= 0.0;
        if !good(self.smooth) {
            return Err(Error::Smooth);
        }
        if !(good(self.false_positives) && good(self.false_negatives)) {
            return Err(Error::Balance);
        }
        Ok(())
    }
}

/// Soft counts of a batch.
struct Counts {
    settings: Settings,
    true_positives: f64,
    false_positives: f64,
    false_negatives: f64,
    /// For the slopes of min-max alone.
    true_negatives: f64,
    spread: Option<Spread>,
    /// No NaN or infinity decides the counts.
    finite: bool,
    /// All scores are equal under min-max.
    constant: bool,
    no_positives: bool,
    notices: Notices,
}

/// The range of scores that min-max divides by.
#[derive(Clone, Copy)]
struct Spread {
    least: f64,
    greatest: f64,
    least_count: f64,
    greatest_count: f64,
    /// R.
    width: f64,
}

impl Counts {
    /// From sums that are linear in the scores to counts.
    fn scale(&mut self, range: &Range, totals: &Totals) {
        let (least, greatest) = (range.min(), range.max());
        let (targets, weights) = (totals.targets.value(), totals.weights.value());
        let others = totals.weights.minus(&totals.targets).value();
        if range.nan != 0 || (range.count != 0 && !(least.is_finite() && greatest.is_finite())) {
            self.finite = false;
        }
        self.constant = least == greatest;
        if range.count == 0 || self.constant {
            // Every prediction is 1/2. (Of nothing all sums are 0.)
            self.true_positives = targets / 2.0;
            self.false_negatives = targets / 2.0;
            self.false_positives = (weights - targets) / 2.0;
            return;
        }
        let smooth = f64::from(self.settings.smooth);
        let width = greatest - least + smooth;
        let above = greatest + smooth;
        let (sum, sum_of_others) = (self.true_positives, self.false_positives);
        // Roundings may leave a difference just below 0.
        let share = |difference: f64| if difference < 0.0 { 0.0 } else { difference / width };
        self.true_positives = share(sum - least * targets);
        self.false_positives = share(sum_of_others - least * others);
        self.false_negatives = share(above * targets - sum);
        self.true_negatives = share(above * others - sum_of_others);
        self.spread = Some(Spread {
            least,
            greatest,
            least_count: range.least_count as f64,
            greatest_count: range.greatest_count as f64,
            width,
        });
    }

    fn smooth(&self) -> f64 {
        f64::from(self.settings.smooth)
    }

    /// E.
    fn missed(&self) -> f64 {
        f64::from(self.settings.false_positives) * self.false_positives
            + f64::from(self.settings.false_negatives) * self.false_negatives
    }

    /// D.
    fn denominator(&self) -> f64 {
        self.true_positives + self.missed() + self.smooth()
    }

    /// r; NaN where a term is not finite, 0 where the ratio is 0/0.
    fn miss(&self) -> f64 {
        let denominator = self.denominator();
        if !self.finite {
            f64::NAN
        } else if denominator == 0.0 {
            0.0
        } else {
            self.missed() / denominator
        }
    }

    fn value(&self, params: &impl Formula) -> f64 {
        let by_option = self.no_positives && self.settings.empty_target != EmptyTarget::One;
        if self.finite && by_option { 0.0 } else { params.value(self.miss()) }
    }

    /// The derivative of the loss by the miss. Where that is infinite the loss is at its minimum: 0.
    fn slope(&self, params: &impl Formula) -> f64 {
        params.slope(self.miss()).unwrap_or(0.0)
    }

    fn notices(&self, params: &impl Formula) -> Notices {
        let empty = self.notices.contains(Notices::EMPTY);
        let zero_by_zero = self.denominator() == 0.0;
        let by_option = self.no_positives && self.settings.empty_target != EmptyTarget::One;
        let kink = self.finite && params.slope(self.miss()).is_none();
        let degenerate = self.finite && (zero_by_zero || self.constant || by_option || kink);
        self.notices
            | Notices::NO_POSITIVES.when(self.no_positives && !empty)
            | Notices::NOT_FINITE.when(!self.finite)
            | Notices::DEGENERATE.when(degenerate && !empty)
    }

    /// The derivative of the loss by the scores, as numbers for the kernel. `scale` is the derivative
    /// of the loss by the miss, and the upstream factor.
    #[inline(never)]
    fn slopes(&self, scale: f64) -> Slopes {
        let Settings { normalization, boundary, empty_target, .. } = self.settings;
        let none = Slopes { normalization, boundary, ..Slopes::default() };
        let skipped = self.no_positives && empty_target == EmptyTarget::Skip;
        let denominator = self.denominator();
        if self.finite && (skipped || self.constant || denominator == 0.0) {
            return none;
        }
        let (a, b) = (self.settings.false_positives, self.settings.false_negatives);
        let found = self.true_positives + self.smooth();
        // Divided twice: the square might overflow or vanish.
        let over = |numerator: f64| numerator / denominator / denominator * scale;
        let of_positive = -over(f64::from(b) * found + self.missed());
        let of_negative = over(f64::from(a) * found);
        let poison = if self.finite { 0.0 } else { f64::NAN };
        let (of_positive, of_negative) = (of_positive + poison, of_negative + poison);
        let Some(spread) = self.spread else {
            return Slopes { positive: of_positive as f32, negative: of_negative as f32, ..none };
        };
        let Spread { least, greatest, least_count, greatest_count, width } = spread;
        let by_least = of_positive * self.false_negatives + of_negative * self.true_negatives;
        let by_greatest = of_positive * self.true_positives + of_negative * self.false_positives;
        Slopes {
            positive: (of_positive / width) as f32,
            negative: (of_negative / width) as f32,
            least: least as f32,
            greatest: greatest as f32,
            share_of_least: -(by_least / width / least_count) as f32,
            share_of_greatest: -(by_greatest / width / greatest_count) as f32,
            ..none
        }
    }
}

/// Adds pixels with masks as targets and no weights: nothing but predictions, of which some are the
/// intersection.
struct Masks<'a> {
    pixels: Pixels<'a>,
    targets: &'a [u8],
    normalization: Normalization,
    totals: &'a mut Totals,
}

/// Vectors whose positives are counted in floats, where every count is exact.
const BLOCK: usize = 1 << 16;

impl Kernel for Masks<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let length = self.pixels.scores.len();
        let scores = Columns::new(self.pixels.scores);
        let targets = Columns::new(self.targets);
        let live = LiveColumns::<S::Lanes>::new(&self.pixels);
        let Totals { intersection, predictions, targets: positives, .. } = self.totals;
        let mut sums = Accumulator::of_parts(simd, predictions, intersection);
        let zero = S::Lanes::splat(simd, 0.0);
        let vectors = length.div_ceil(S::Lanes::LANES);
        let mut count = 0;
        for start in (0..vectors).step_by(BLOCK) {
            let mut counts = zero;
            for index in start..vectors.min(start + BLOCK) {
                let score = S::Lanes::from_floats(simd, scores.get(index));
                let positive = S::Lanes::mask_from_bytes(simd, targets.get(index));
                let live: Live<S::Lanes> = live.get(simd, index);
                let prediction = predict(self.normalization, score).abs();
                let part = S::Lanes::select(positive, prediction.negate(), prediction);
                sums.push(only(live.mask, part));
                let one = S::Lanes::select(positive, zero.constant(1.0), zero);
                counts = counts + only(live.mask, one);
            }
            count += total(flat(&counts.to_array()));
        }
        sums.finish(length);
        positives.add_integer(count);
    }
}

/// The sum of counts: exact in f32, in any order.
#[inline(never)]
fn total(lanes: &[f32]) -> i64 {
    lanes.iter().sum::<f32>() as i64
}

/// The prediction of a score; the score itself under min-max.
#[inline(always)]
fn predict<V: Lanes>(normalization: Normalization, score: V) -> V {
    match normalization {
        Normalization::Sigmoid => sigmoid(score),
        Normalization::Clamp => score.constant(1.0).min(score.constant(0.0).max(score)),
        Normalization::MinMax => score,
    }
}

/// Targets as floats.
enum Targets<'a, V: Lanes> {
    Masks(Columns<'a, V::Bytes>),
    Soft(Columns<'a, V::Floats>),
}

impl<'a, V: Lanes> Targets<'a, V> {
    #[inline(always)]
    fn new(pixels: &Pixels<'a>) -> Self {
        match pixels.soft_targets {
            Some(targets) => Self::Soft(Columns::new(targets)),
            None => Self::Masks(Columns::new(pixels.targets.unwrap_or(&[]))),
        }
    }

    #[inline(always)]
    fn get(&self, simd: V::Simd, index: usize) -> V {
        match self {
            Self::Soft(targets) => V::from_floats(simd, targets.get(index)),
            Self::Masks(masks) => {
                let positive = V::mask_from_bytes(simd, masks.get(index));
                V::select(positive, V::splat(simd, 1.0), V::splat(simd, 0.0))
            }
        }
    }
}

/// Adds pixels with any targets, weights and normalisation.
struct Products<'a> {
    pixels: Pixels<'a>,
    normalization: Normalization,
    totals: &'a mut Totals,
}

impl Kernel for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let length = self.pixels.scores.len();
        let scores = Columns::new(self.pixels.scores);
        let targets = Targets::<S::Lanes>::new(&self.pixels);
        let live = LiveColumns::<S::Lanes>::new(&self.pixels);
        let Totals { intersection, predictions, targets: positives, .. } = self.totals;
        let mut intersection = Accumulator::new(simd, intersection);
        let mut predictions = Accumulator::new(simd, predictions);
        let mut positives = Accumulator::new(simd, positives);
        for index in 0..length.div_ceil(S::Lanes::LANES) {
            let score = S::Lanes::from_floats(simd, scores.get(index));
            let target = targets.get(simd, index);
            let live = live.get(simd, index);
            let prediction = predict(self.normalization, score);
            let (term, on, weighted) = match live.weight {
                Some(weight) => (prediction * weight, some(&live, weight), target * weight),
                None => (prediction, live.mask, target),
            };
            predictions.push(only(on, term));
            // A target of 0 switches the product off: an infinite score has none.
            let both = !target.eq(target.constant(0.0));
            let both = match on {
                Some(on) => on & both,
                None => both,
            };
            intersection.push(only(Some(both), term * target));
            positives.push(only(live.mask, weighted));
        }
        intersection.finish(length);
        predictions.finish(length);
        positives.finish(length);
    }
}

/// Which lanes count with a weight that is not 0.
#[inline(always)]
fn some<V: Lanes>(live: &Live<V>, weight: V) -> Option<V::Mask> {
    let on = !weight.eq(weight.constant(0.0));
    match live.mask {
        Some(mask) => Some(mask & on),
        None => Some(on),
    }
}

/// The derivative of the loss by the scores.
#[derive(Clone, Copy, Default)]
struct Slopes {
    normalization: Normalization,
    boundary: Boundary,
    /// By the prediction (min-max: by the score alone) of a positive pixel of weight 1.
    positive: f32,
    negative: f32,
    /// The extremes of min-max, and what each pixel there has beside that.
    least: f32,
    greatest: f32,
    share_of_least: f32,
    share_of_greatest: f32,
}

impl Slopes {
    /// The derivative by the predictions.
    #[inline(always)]
    fn by_prediction<V: Lanes>(
        &self,
        simd: V::Simd,
        targets: &Targets<V>,
        index: usize,
        weight: Option<V>,
    ) -> V {
        let positive = V::splat(simd, self.positive);
        let negative = V::splat(simd, self.negative);
        let slope = match targets {
            Targets::Masks(masks) => {
                let mask = V::mask_from_bytes(simd, masks.get(index));
                V::select(mask, positive, negative)
            }
            Targets::Soft(targets) => {
                let target = V::from_floats(simd, targets.get(index));
                target * positive + (target.constant(1.0) - target) * negative
            }
        };
        match weight {
            Some(weight) => slope * weight,
            None => slope,
        }
    }
}

/// Writes the gradient.
struct Gradient<'a> {
    pixels: Pixels<'a>,
    slopes: Slopes,
    write: Write,
    gradient: &'a mut [f32],
}

/// A function of its own, so that the kernel's code exists once.
#[inline(never)]
fn write_gradient(kernel: Gradient) {
    simd::run(kernel);
}

impl Kernel for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let slopes = self.slopes;
        let scores = Columns::new(self.pixels.scores);
        let targets = Targets::<S::Lanes>::new(&self.pixels);
        let live = LiveColumns::<S::Lanes>::new(&self.pixels);
        let mut gradient = ColumnsMut::new(self.gradient);
        for index in 0..self.pixels.scores.len().div_ceil(S::Lanes::LANES) {
            let score = S::Lanes::from_floats(simd, scores.get(index));
            let live = live.get(simd, index);
            let slope = slopes.by_prediction(simd, &targets, index, live.weight);
            let (zero, one) = (score.constant(0.0), score.constant(1.0));
            // A factor of exactly 0 switches a pixel off, whatever its score.
            let on = !slope.eq(zero);
            let values = match slopes.normalization {
                Normalization::Sigmoid => only(Some(on), sigmoid_slope_times(score, slope)),
                Normalization::Clamp => {
                    // A NaN is in no comparison and keeps its slope, which is NaN.
                    let inside = !score.lt(zero) & !one.lt(score);
                    let inside = match slopes.boundary {
                        Boundary::Zero => inside & !score.eq(zero) & !score.eq(one),
                        Boundary::Pass => inside,
                    };
                    only(Some(inside), slope)
                }
                Normalization::MinMax => {
                    let at_least = score.eq(score.constant(slopes.least));
                    let at_greatest = score.eq(score.constant(slopes.greatest));
                    slope
                        + only(Some(at_least), score.constant(slopes.share_of_least))
                        + only(Some(at_greatest), score.constant(slopes.share_of_greatest))
                }
            };
            self.write.write(live.mask, values, gradient.get(index));
        }
        gradient.finish();
    }
}
