//! The mean of the greatest scores of a frame: the frame score of cuvis-ai's deciders.
//!
//! **Use case**: one number for a frame, which a small anomaly moves where the mean of all pixels drowns it, and which
//! one hot pixel moves less than the maximum. Needs no labels. **Inputs**: `scores` (any floats). Optional: `valid`.
//! The rest is ignored.
//!
//! ```text
//! k = ceil(float32(n fraction)), at least 1 and at most n      mean of the k greatest of n scores
//! ```
//!
//! `fraction` is above 0 and at most 1. The product is rounded to float32 before `ceil`, as cuvis-ai does it, so that
//! 0.01 of 100 is 1 although 0.01 is no double.
//!
//! **Accuracy**: the exact sum of the k scores, divided by k and rounded once. Of scores that are equal it does not
//! matter which ones are taken.
//!
//! A NaN makes the mean NaN, and infinite scores follow IEEE 754 (notice `NOT_FINITE`). Of nothing it is NaN (notice
//! `EMPTY`).
//!
//! **Speed**: four passes that find the k-th score by a radix select, in a [`workspace`] of the caller that does not
//! grow with the frame, then one exact sum of the scores above it.

use crate::error::{Error, Notices, Value};
use crate::exact::{Accumulator, ExactSum};
use crate::pixels::{LiveColumns, Pixels, count_valid};
use crate::select::{self, Scores, Selected};
use crate::simd::{self, Columns, Kernel, Lanes, Simd};

/// How many words of workspace a frame needs, whatever its size and on every tier.
pub fn workspace() -> usize {
    select::words(1)
}

/// The mean of the greatest scores.
///
/// # Errors
/// A fraction that is not above 0 and at most 1, inputs of different lengths, more than 2^31 - 1 pixels, a workspace
/// that is too small. The workspace was not touched then.
pub fn value(pixels: &Pixels, fraction: f64, workspace: &mut [u32]) -> Result<Value, Error> {
    if !(fraction > 0.0 && fraction <= 1.0) {
        return Err(Error::Fraction);
    }
    Pixels::check_lengths(pixels.scores.len(), &[pixels.valid.map(<[u8]>::len)])?;
    let pixels = Pixels { scores: pixels.scores, valid: pixels.valid, ..Pixels::default() };
    let counted = count_valid(pixels.scores.len(), pixels.valid) as u32;
    let wanted = wanted(counted, fraction);
    let mut numbers = 0;
    let rank = |count: u32| {
        numbers = count;
        [count.saturating_sub(wanted)]
    };
    let scores = Scores { scores: pixels.scores, valid: pixels.valid };
    let selected = select::select(scores, rank, workspace)?;
    let Some([Selected { score, ties, ties_below }]) = selected.filter(|_| numbers == counted)
    else {
        let notices = Notices::EMPTY.when(counted == 0) | Notices::NOT_FINITE.when(counted != 0);
        return Ok(Value { value: f64::NAN, notices });
    };
    let mut sum = ExactSum::default();
    simd::run(SumAbove { pixels, limit: score, sum: &mut sum });
    let mut tied = ExactSum::default();
    tied.add(score);
    sum.merge_times(&tied, i64::from(ties - ties_below));
    let notices = Notices::NOT_FINITE.when(sum.non_finite() != 0);
    Ok(Value { value: sum.quotient(wanted.into()), notices })
}

/// How many of `count` scores are wanted; 0 of none.
fn wanted(count: u32, fraction: f64) -> u32 {
    let product = (f64::from(count) * fraction) as f32;
    let below = product as u32;
    let ceiling = below + u32::from((below as f32) < product);
    ceiling.max(1).min(count)
}

/// Adds the scores above a limit to an exact sum.
struct SumAbove<'a> {
    pixels: Pixels<'a>,
    limit: f32,
    sum: &'a mut ExactSum,
}

impl Kernel for SumAbove<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let length = self.pixels.scores.len();
        let scores = Columns::new(self.pixels.scores);
        let live = LiveColumns::<S::Register>::new(&self.pixels);
        let limit = S::Register::splat(simd, self.limit);
        let mut sum = Accumulator::new(simd, self.sum);
        for index in 0..length.div_ceil(S::Register::LANES) {
            let score = S::Register::from_floats(simd, scores.get(index));
            let above = S::Register::select(limit.lt(score), score, limit.constant(0.0));
            sum.push(live.get(simd, index).or(above, 0.0));
        }
        sum.finish(length);
    }
}
