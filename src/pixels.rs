//! The inputs of a call, one item a pixel, and who of them counts.
//!
//! One rule for all nodes: where `valid` is 0 the pixel is as if it were not there. It may be
//! NaN, changes no total, and its gradient and its entry of a map are 0. A pixel whose weight is
//! negative, NaN or infinite is counted as rejected and treated the same.

use crate::error::Error;
use crate::exact::{Accumulator, ExactSum, TILE};
use crate::masks::Masks;
use crate::simd::{self, Kernel, Lanes, Simd};

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

    /// Consecutive parts of `size` pixels; the last may be shorter.
    #[inline(always)]
    pub(crate) fn chunks(self, size: usize) -> Chunks<'a> {
        Chunks { rest: self, size }
    }

    /// The weights as lanes, and which pixels count.
    #[inline(always)]
    pub(crate) fn live<V: Lanes>(&self, simd: V::Simd) -> Live<V> {
        let valid = match self.valid {
            Some(valid) => V::load_mask(simd, valid),
            None => V::everywhere(simd),
        };
        let Some(weights) = self.weights else { return Live { mask: valid, weight: None } };
        let weight = V::load(simd, weights);
        // A NaN fails the second comparison.
        let good = !weight.lt(weight.constant(0.0)) & weight.lt(weight.constant(f32::INFINITY));
        Live { mask: valid & good, weight: Some(weight) }
    }
}

/// Which lanes count, and their weights.
pub(crate) struct Live<V: Lanes> {
    pub mask: V::Mask,
    pub weight: Option<V>,
}

/// The parts of some pixels.
pub(crate) struct Chunks<'a> {
    rest: Pixels<'a>,
    size: usize,
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Pixels<'a>;

    #[inline(always)]
    fn next(&mut self) -> Option<Pixels<'a>> {
        if self.rest.scores.is_empty() {
            return None;
        }
        let size = self.size;
        Some(Pixels {
            scores: take(&mut self.rest.scores, size),
            targets: self.rest.targets.as_mut().map(|rest| take(rest, size)),
            decisions: None,
            valid: self.rest.valid.as_mut().map(|rest| take(rest, size)),
            weights: self.rest.weights.as_mut().map(|rest| take(rest, size)),
            soft_targets: None,
        })
    }
}

/// Cuts the first `size` items off a slice, or all of them.
#[inline(always)]
fn take<'a, T>(rest: &mut &'a [T], size: usize) -> &'a [T] {
    let (head, tail) = rest.split_at_checked(size).unwrap_or((rest, &[]));
    *rest = tail;
    head
}

/// How many pixels count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Pixels that count.
    pub pixels: i64,
    /// Pixels that are valid but have a bad weight.
    pub rejected: i64,
}

/// Counts the pixels that count, and adds their weights to `weights` (1 each without weights).
pub(crate) fn tally(pixels: &Pixels, weights: &mut ExactSum) -> Tally {
    let Some(given) = pixels.weights else {
        let count = match pixels.valid {
            Some(valid) => Masks { first: valid, second: valid, valid: None }.count().first,
            None => pixels.scores.len() as i64,
        };
        weights.add_integer(count);
        return Tally { pixels: count, rejected: 0 };
    };
    simd::run(Sum { pixels: Pixels { scores: given, ..*pixels }, sum: weights });
    let mut tally = Tally::default();
    let mut valid = pixels.valid.map(<[u8]>::iter);
    for weight in given {
        let valid = valid.as_mut().and_then(Iterator::next).is_none_or(|valid| *valid != 0);
        let good = *weight >= 0.0 && *weight < f32::INFINITY;
        tally.pixels += i64::from(valid & good);
        tally.rejected += i64::from(valid & !good);
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
        let lanes = S::Register::LANES;
        let mut sum = Accumulator::new(simd, self.sum);
        let mut tile = [0.0; TILE];
        for block in self.pixels.chunks(TILE) {
            for (chunk, tile) in block.chunks(lanes).zip(tile.chunks_mut(lanes)) {
                let score = S::Register::load(simd, chunk.scores);
                let live = chunk.live::<S::Register>(simd);
                S::Register::select(live.mask, score, score.constant(0.0)).store(tile);
            }
            sum.add_block(&mut tile, block.scores.len());
        }
        sum.finish();
    }
}
