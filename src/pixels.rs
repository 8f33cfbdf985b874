//! The inputs of a call, one item a pixel, and who of them counts.
//!
//! One rule for all nodes: where `valid` is 0 the pixel is as if it were not there. It may be
//! NaN, changes no total, and its gradient and its entry of a map are 0. A pixel whose weight is
//! negative, NaN or infinite, or whose soft target is not in [0, 1], is counted as rejected and treated
//! the same.

use crate::error::Error;
use crate::exact::{Accumulator, ExactSum};
use crate::masks::Masks;
use crate::simd::{self, Columns, Counted, Kernel, Lanes, Mask, Simd, sum_of_counts, vectors_mut};

/// The inputs of a call. Slices that a node uses have the same length. Scores, targets and decisions that a node
/// does not need are ignored; weights and soft targets would change its numbers, so they are an error
/// ([`Error::UnsupportedInput`]) where it cannot use them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pixels<'a> {
    /// Scores, or logits: as the node says.
    pub scores: &'a [f32],
    /// Ground truth; not 0 is an anomaly.
    pub targets: Option<&'a [u8]>,
    /// Decisions; not 0 is an anomaly.
    pub decisions: Option<&'a [u8]>,
    /// Which pixels count; not 0 counts. None: all do.
    pub valid: Option<&'a [u8]>,
    /// Pixel weights, finite and not negative. None: all are 1.
    pub weights: Option<&'a [f32]>,
    /// Targets between 0 and 1, in the place of `targets`.
    pub soft_targets: Option<&'a [f32]>,
}

impl<'a> Pixels<'a> {
    /// The number of scores, if all other inputs of the list that were given have as many items.
    pub(crate) fn check_lengths(length: usize, others: &[Option<usize>]) -> Result<usize, Error> {
        if others.iter().flatten().all(|other| *other == length) {
            Ok(length)
        } else {
            Err(Error::LengthMismatch)
        }
    }

    /// Neither weights nor soft targets are given: for nodes that cannot use them.
    #[inline(never)]
    pub(crate) fn check_plain(&self) -> Result<(), Error> {
        match (self.weights, self.soft_targets) {
            (None, None) => Ok(()),
            _ => Err(Error::UnsupportedInput),
        }
    }

    /// Scores and mask, for nodes that can use nothing else.
    pub(crate) fn plain_scores(&self) -> Result<Self, Error> {
        self.check_plain()?;
        Self::check_lengths(self.scores.len(), &[self.valid.map(<[u8]>::len)])?;
        Ok(Self { scores: self.scores, valid: self.valid, ..Self::default() })
    }

    /// The inputs from a pixel on, for as many pixels or as many as there are.
    pub(crate) fn part(&self, first: usize, count: usize) -> Self {
        Self {
            scores: cut(self.scores, first, count),
            targets: self.targets.map(|targets| cut(targets, first, count)),
            decisions: self.decisions.map(|decisions| cut(decisions, first, count)),
            valid: self.valid.map(|valid| cut(valid, first, count)),
            weights: self.weights.map(|weights| cut(weights, first, count)),
            soft_targets: self.soft_targets.map(|targets| cut(targets, first, count)),
        }
    }

    /// Whether all pixels count, with the weight 1 and a target of bytes.
    #[inline(always)]
    pub(crate) fn are_alike(&self) -> bool {
        self.valid.is_none() && self.weights.is_none() && self.soft_targets.is_none()
    }

    /// There is one kind of targets, and every input of a labelled score has as many items as there are
    /// scores.
    #[inline(never)]
    pub(crate) fn check_labelled(&self) -> Result<(), Error> {
        match (self.targets, self.soft_targets) {
            (None, None) => return Err(Error::MissingInput),
            (Some(_), Some(_)) => return Err(Error::UnsupportedInput),
            _ => {}
        }
        let targets = self.targets.map(<[u8]>::len);
        let soft_targets = self.soft_targets.map(<[f32]>::len);
        let valid = self.valid.map(<[u8]>::len);
        let weights = self.weights.map(<[f32]>::len);
        let given = [targets, soft_targets, valid, weights];
        Self::check_lengths(self.scores.len(), &given).map(|_| ())
    }
}

/// The items from a place on, as many as wanted or as there are.
pub(crate) fn cut<T>(items: &[T], first: usize, count: usize) -> &[T] {
    let rest = items.get(first..).unwrap_or(&[]);
    rest.get(..count).unwrap_or(rest)
}

/// Which pixels count, and their weights, as vectors.
pub(crate) struct LiveColumns<'a, V: Lanes> {
    valid: Option<Columns<'a, V::Bytes>>,
    weights: Option<Columns<'a, V::Floats>>,
    soft_targets: Option<Columns<'a, V::Floats>>,
}

/// Which lanes count, and their weights.
pub(crate) struct Live<V: Lanes> {
    /// None: all do.
    pub mask: Option<V::Mask>,
    /// None: all are 1.
    pub weight: Option<V>,
    /// None: targets are bytes.
    pub soft_target: Option<V>,
}

/// The least float above 1.
const ABOVE_ONE: f32 = 1.0 + f32::EPSILON;

/// Not negative and below the limit. (A NaN fails the second comparison.)
#[inline(always)]
fn within<V: Lanes>(values: V, limit: f32) -> V::Mask {
    !values.lt(values.constant(0.0)) & values.lt(values.constant(limit))
}

/// Both masks; None is true everywhere.
#[inline(always)]
pub(crate) fn both<M: Mask>(first: Option<M>, second: M) -> M {
    match first {
        Some(first) => first & second,
        None => second,
    }
}

impl<'a, V: Lanes> LiveColumns<'a, V> {
    #[inline(always)]
    pub fn new(pixels: &Pixels<'a>) -> Self {
        Self {
            valid: pixels.valid.map(Columns::new),
            weights: pixels.weights.map(Columns::new),
            soft_targets: pixels.soft_targets.map(Columns::new),
        }
    }

    #[cfg_attr(any(target_pointer_width = "64", target_family = "wasm"), inline(always))]
    #[cfg_attr(not(any(target_pointer_width = "64", target_family = "wasm")), inline(never))]
    pub fn get(&self, simd: V::Simd, index: usize) -> Live<V> {
        // (Matches instead of closures: these would have to be inlined to be compiled for the tier.)
        let valid = match &self.valid {
            Some(valid) => Some(V::mask_from_bytes(simd, valid.get(index))),
            None => None,
        };
        let mut live = Live { mask: valid, weight: None, soft_target: None };
        if let Some(weights) = &self.weights {
            let weight = V::from_floats(simd, weights.get(index));
            live.mask = Some(both(live.mask, within(weight, f32::INFINITY)));
            live.weight = Some(weight);
        }
        if let Some(soft_targets) = &self.soft_targets {
            let target = V::from_floats(simd, soft_targets.get(index));
            live.mask = Some(both(live.mask, within(target, ABOVE_ONE)));
            live.soft_target = Some(target);
        }
        live
    }
}

impl<V: Lanes> Live<V> {
    /// The values times the pixel weights.
    #[inline(always)]
    pub fn weighted(&self, values: V) -> V {
        match self.weight {
            Some(weight) => values * weight,
            None => values,
        }
    }

    /// The values of the lanes that count; `otherwise` in the others.
    #[inline(always)]
    pub fn or(&self, values: V, otherwise: f32) -> V {
        match self.mask {
            Some(mask) => V::select(mask, values, values.constant(otherwise)),
            None => values,
        }
    }
}

/// The weights of pixels; [`Self::MASKED`] where a pixel does not count. A call of its own: all kernels
/// share its code.
pub(crate) struct Weights<'a> {
    /// From the first pixel of the block on.
    pub pixels: Pixels<'a>,
    /// The block, whole registers.
    pub to: &'a mut [f32],
}

impl Weights<'_> {
    /// Below every weight.
    const MASKED: f32 = -1.0;
}

impl Kernel for Weights<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let live = LiveColumns::<S::Register>::new(&self.pixels);
        for (index, weight) in vectors_mut(self.to).iter_mut().enumerate() {
            let live = live.get(simd, index);
            let one = S::Register::splat(simd, 1.0);
            live.or(live.weighted(one), Self::MASKED).to_floats(weight);
        }
    }
}

/// How many pixels count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Pixels that count.
    pub pixels: i64,
    /// Pixels that are valid but have a bad weight or soft target.
    pub rejected: i64,
}

/// How many of `n` pixels are valid.
pub(crate) fn count_valid(n: usize, valid: Option<&[u8]>) -> i64 {
    match valid {
        Some(valid) => Masks { first: valid, second: None, valid: None }.count().first,
        None => n as i64,
    }
}

/// Counts which of `n` pixels count, and adds their weights to `weights` (1 each without weights).
pub(crate) fn tally(n: usize, pixels: &Pixels, weights: &mut ExactSum) -> Tally {
    let valid = count_valid(n, pixels.valid);
    let mut tally = Tally { pixels: valid, rejected: 0 };
    if pixels.weights.is_some() || pixels.soft_targets.is_some() {
        tally.pixels = simd::run(Count { n, pixels });
        tally.rejected = valid.wrapping_sub(tally.pixels);
    }
    match pixels.weights {
        Some(floats) => simd::run(Sum { floats, pixels, sum: weights }),
        None => weights.add_integer(tally.pixels),
    }
    tally
}

/// Counts the pixels that count, where weights or soft targets decide.
struct Count<'a> {
    n: usize,
    pixels: &'a Pixels<'a>,
}

impl Kernel for Count<'_> {
    type Output = i64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> i64 {
        let live = LiveColumns::<S::Register>::new(self.pixels);
        let lanes = S::Register::LANES;
        let one = S::Register::splat(simd, 1.0);
        let mut count = 0;
        // Counts of a block are exact in f32; what lies behind the end has the weight and the target 0
        // and is taken off.
        let vectors = self.n.div_ceil(lanes);
        for start in (0..vectors).step_by(COUNTED) {
            let mut counts = one.constant(0.0);
            for index in start..vectors.min(start + COUNTED) {
                counts = counts + live.get(simd, index).or(one, 0.0);
            }
            count += sum_of_counts(counts);
        }
        let padding = if self.pixels.valid.is_none() { vectors * lanes - self.n } else { 0 };
        count - padding as i64
    }
}

/// Vectors whose lanes are counted in f32: at most 2^24 pixels.
const COUNTED: usize = 1 << 12;

/// The exact sum of floats.
pub(crate) fn sum(floats: &[f32]) -> ExactSum {
    let mut sum = ExactSum::default();
    simd::run(Sum { floats, pixels: &Pixels::default(), sum: &mut sum });
    sum
}

/// Adds the floats of the pixels that count to an exact sum.
pub(crate) struct Sum<'a> {
    pub floats: &'a [f32],
    pub pixels: &'a Pixels<'a>,
    pub sum: &'a mut ExactSum,
}

impl Kernel for Sum<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let length = self.floats.len();
        let floats = Columns::new(self.floats);
        let live = LiveColumns::<S::Lanes>::new(self.pixels);
        let mut sum = Accumulator::new(simd, Some(self.sum));
        for index in 0..length.div_ceil(S::Lanes::LANES) {
            let float = S::Lanes::from_floats(simd, floats.get(index));
            sum.push(live.get(simd, index).or(float, 0.0));
        }
        sum.finish(length);
    }
}
