//! The mean of the greatest scores of a frame: the frame score of cuvis-ai's deciders.
//!
//! **Use case**: one number for a frame, which a small anomaly moves where the mean of all pixels drowns it, and which
//! one hot pixel moves less than the maximum. Needs no labels. **Inputs**: `scores` (any floats). Optional: `valid`.
//! No weights.
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
use crate::exact::ExactSum;
use crate::input::{Pixels, Source, Sum, Tile, Used, count_valid};
use crate::node::select::{self, Scores, Selected};
use crate::simd::{self, Places};

/// How many words of workspace a frame needs, whatever its size and on every tier.
pub const fn workspace() -> usize {
    select::words(1)
}

/// The mean of the greatest scores.
///
/// # Errors
/// A fraction that is not above 0 and at most 1, weights or soft targets, inputs of different lengths, more than 2^31 -
/// 1 pixels, a workspace that is too small. The workspace was not touched then.
pub fn value<'a>(pixels: impl Into<Source<'a>>, fraction: f64, workspace: &mut [u32]) -> Result<Value, Error> {
    value_to(pixels.into(), fraction, Places::of(workspace))
}

/// [`value`], to memory that may be uninitialised.
pub(crate) fn value_to(pixels: Source, fraction: f64, workspace: Places<u32>) -> Result<Value, Error> {
    if !(fraction > 0.0 && fraction <= 1.0) {
        return Err(Error::Fraction);
    }
    pixels.check(Used::SCORES, Used::VALID)?;
    let mut counted = 0_i64;
    pixels.each_live(Used::SCORES | Used::VALID, |n, live| counted += count_valid(n, live.valid));
    let counted = counted as u32;
    let wanted = wanted(counted, fraction);
    let mut numbers = 0;
    let rank = |count: u32| {
        numbers = count;
        [count.saturating_sub(wanted)]
    };
    let scores = Scores(pixels);
    let space = select::space(1, scores, workspace)?;
    let selected = select::select(scores, rank, space)?;
    let Some([Selected { score, ties, ties_below }]) = selected.filter(|_| numbers == counted) else {
        let notices = Notices::EMPTY.when(counted == 0) | Notices::NOT_FINITE.when(counted != 0);
        return Ok(Value { value: f64::NAN, notices });
    };
    let mut sum = ExactSum::default();
    pixels.each(Used::SCORES | Used::VALID, None, |Tile { pixels, .. }| add_above(pixels, score, space, &mut sum));
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

/// Adds the scores above a limit to an exact sum. They are copied to `space`, with zeros for the other scores, and
/// added from there.
fn add_above(pixels: &Pixels, limit: f32, space: &mut [u32], sum: &mut ExactSum) {
    let space: &mut [f32] = bytemuck::must_cast_slice_mut(space);
    let size = space.len().max(1);
    for (block, scores) in pixels.scores.chunks(size).enumerate() {
        let valid = pixels.valid.and_then(|valid| valid.get(block * size..));
        for (index, (to, score)) in space.iter_mut().zip(scores).enumerate() {
            let masked = valid.and_then(|valid| valid.get(index)) == Some(&0);
            *to = if *score > limit && !masked { *score } else { 0.0 };
        }
        let floats = space.get(..scores.len()).unwrap_or(&[]);
        simd::run(Sum { floats, pixels: &Pixels::default(), sum });
    }
}
