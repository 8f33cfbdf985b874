//! The inputs of a call, one item a pixel, and who of them counts.
//!
//! One rule for all nodes: where `valid` is 0 the pixel is as if it were not there. It may be
//! NaN, changes no total, and its gradient and its entry of a map are 0. A pixel whose weight is
//! negative, NaN or infinite, or whose soft target is not in [0, 1], is counted as rejected and
//! treated the same.

use crate::error::Error;
use crate::exact::{Accumulator, ExactSum};
use crate::masks::Masks;
use crate::simd::{self, Columns, Kernel, Lanes, Simd};

/// The inputs of a call. Slices that a node uses have the same length; what a node does not use
/// is ignored unless its documentation says otherwise.
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
    /// Targets between 0 and 1.
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

    #[inline(always)]
    pub fn get(&self, simd: V::Simd, index: usize) -> Live<V> {
        // (Matches instead of closures: these would have to be inlined to be compiled for the tier.)
        let valid = match &self.valid {
            Some(valid) => Some(V::mask_from_bytes(simd, valid.get(index))),
            None => None,
        };
        let valid = match &self.soft_targets {
            Some(targets) => {
                let target = V::from_floats(simd, targets.get(index));
                let (zero, above_one) = (target.constant(0.0), target.constant(ABOVE_ONE));
                // A NaN fails the second comparison.
                let good = !target.lt(zero) & target.lt(above_one);
                match valid {
                    Some(valid) => Some(valid & good),
                    None => Some(good),
                }
            }
            None => valid,
        };
        let Some(weights) = &self.weights else { return Live { mask: valid, weight: None } };
        let weight = V::from_floats(simd, weights.get(index));
        // A NaN fails the second comparison.
        let good = !weight.lt(weight.constant(0.0)) & weight.lt(weight.constant(f32::INFINITY));
        let mask = match valid {
            Some(valid) => valid & good,
            None => good,
        };
        Live { mask: Some(mask), weight: Some(weight) }
    }
}

impl<V: Lanes> Live<V> {
    /// The values of the lanes that count; `otherwise` in the others.
    #[inline(always)]
    pub fn or(&self, values: V, otherwise: f32) -> V {
        match self.mask {
            Some(mask) => V::select(mask, values, values.constant(otherwise)),
            None => values,
        }
    }
}

/// The least float above 1.
const ABOVE_ONE: f32 = 1.0 + f32::EPSILON;

/// How many pixels count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Pixels that count.
    pub pixels: i64,
    /// Pixels that are valid but have a bad weight or soft target.
    pub rejected: i64,
}

/// Counts the pixels that count, and adds their weights to `weights` (1 each without weights).
pub(crate) fn tally(pixels: &Pixels, weights: &mut ExactSum) -> Tally {
    if pixels.weights.is_none() && pixels.soft_targets.is_none() {
        let count = match pixels.valid {
            Some(valid) => Masks { first: valid, second: None, valid: None }.count().first,
            None => pixels.scores.len() as i64,
        };
        weights.add_integer(count);
        return Tally { pixels: count, rejected: 0 };
    }
    let mut tally = Tally::default();
    let mut valid = pixels.valid.map(<[u8]>::iter);
    let mut given = pixels.weights.map(<[f32]>::iter);
    let mut targets = pixels.soft_targets.map(<[f32]>::iter);
    for _ in pixels.scores {
        let valid = valid.as_mut().and_then(Iterator::next).is_none_or(|valid| *valid != 0);
        let weight = given.as_mut().and_then(Iterator::next).copied().unwrap_or(1.0);
        let target = targets.as_mut().and_then(Iterator::next).copied().unwrap_or(1.0);
        let good = (0.0..f32::INFINITY).contains(&weight) && (0.0..=1.0).contains(&target);
        tally.pixels += i64::from(valid & good);
        tally.rejected += i64::from(valid & !good);
    }
    match pixels.weights {
        Some(given) => simd::run(Sum { pixels: Pixels { scores: given, ..*pixels }, sum: weights }),
        None => weights.add_integer(tally.pixels),
    }
    tally
}

/// Adds the scores of the pixels that count to an exact sum.
pub(crate) struct Sum<'a> {
    pub pixels: Pixels<'a>,
    pub sum: &'a mut ExactSum,
}

impl Kernel for Sum<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let length = self.pixels.scores.len();
        let scores = Columns::new(self.pixels.scores);
        let live = LiveColumns::<S::Lanes>::new(&self.pixels);
        let mut sum = Accumulator::new(simd, self.sum);
        for index in 0..length.div_ceil(S::Lanes::LANES) {
            let score = S::Lanes::from_floats(simd, scores.get(index));
            sum.push(live.get(simd, index).or(score, 0.0));
        }
        sum.finish(length);
    }
}
