//! The least and the greatest value of a float map, and how often each occurs.
//!
//! **Use case**: watches the range of scores without labels; gives a min-max normalisation its
//! bounds. **Inputs**: `scores` (any floats). Optional: `valid`. The rest is ignored.
//!
//! NaN scores are counted apart; infinities are values like others; -0 equals +0. A range is
//! **not additive**: it merges by [`Range::merge`], never by adding words.
//!
//! **Speed**: limited by memory.

use crate::error::{Error, Notices};
use crate::exact::{ExactSum, TILE};
use crate::pixels::{Pixels, tally};
use crate::simd::{self, Kernel, Lanes, Simd, flat};

/// Order keys of the extremes and how often they occurred; all zero is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Range {
    /// The order key of the greatest value: 1 for -infinity, and up; 0 for none.
    pub greatest: i64,
    /// The order key of minus the least value; 0 for none.
    pub negated_least: i64,
    /// How many values equal the greatest.
    pub greatest_count: i64,
    /// How many values equal the least.
    pub least_count: i64,
    /// How many pixels count and are no NaN.
    pub count: i64,
    /// How many pixels count and are NaN.
    pub nan: i64,
    /// Zero. Room for later.
    pub reserved: [i64; 2],
}

impl Range {
    /// Adds the scores of pixels.
    ///
    /// # Errors
    /// Inputs of different lengths. Nothing was added then.
    pub fn update(&mut self, pixels: &Pixels) -> Result<(), Error> {
        Pixels::check_lengths(pixels.scores.len(), &[pixels.valid.map(<[u8]>::len)])?;
        let pixels = Pixels { scores: pixels.scores, valid: pixels.valid, ..Pixels::default() };
        let counted = tally(&pixels, &mut ExactSum::default()).pixels;
        let numbers = simd::run(Extremes { pixels, range: self });
        self.count = self.count.wrapping_add(numbers);
        self.nan = self.nan.wrapping_add(counted.wrapping_sub(numbers));
        Ok(())
    }

    /// Joins another range.
    pub fn merge(&mut self, other: &Self) {
        join(&mut self.greatest, &mut self.greatest_count, other.greatest, other.greatest_count);
        join(
            &mut self.negated_least,
            &mut self.least_count,
            other.negated_least,
            other.least_count,
        );
        self.count = self.count.wrapping_add(other.count);
        self.nan = self.nan.wrapping_add(other.nan);
    }

    /// The greatest value; NaN if there is none.
    pub fn max(&self) -> f64 {
        value(self.greatest)
    }

    /// The least value; NaN if there is none.
    pub fn min(&self) -> f64 {
        -value(self.negated_least)
    }

    /// What is special about the range.
    pub fn notices(&self) -> Notices {
        let infinite = self.count != 0 && !(self.min().is_finite() && self.max().is_finite());
        Notices::EMPTY.when(self.count == 0) | Notices::NOT_FINITE.when(self.nan != 0 || infinite)
    }
}

/// Keeps the greater key; equal keys add their counts.
fn join(key: &mut i64, count: &mut i64, other_key: i64, other_count: i64) {
    if other_key > *key {
        (*key, *count) = (other_key, other_count);
    } else if other_key == *key {
        *count = count.wrapping_add(other_count);
    }
}

/// Minus infinity has this key less one in the order of all bits.
const BELOW_ALL: u32 = !f32::NEG_INFINITY.to_bits() - 1;

/// The place of a float in the order of all floats; no NaN.
fn key(float: f32) -> i64 {
    let bits = (float + 0.0).to_bits();
    let ordered = if float < 0.0 { !bits } else { bits | 1 << 31 };
    i64::from(ordered - BELOW_ALL)
}

/// The float of a key; NaN for 0.
fn value(key: i64) -> f64 {
    if key == 0 {
        return f64::NAN;
    }
    let ordered = (key as u32).wrapping_add(BELOW_ALL);
    let bits = if ordered >> 31 == 1 { ordered & !(1 << 31) } else { !ordered };
    f64::from(f32::from_bits(bits))
}

/// Joins the extremes of the scores to a range; returns how many are no NaN.
struct Extremes<'a> {
    pixels: Pixels<'a>,
    range: &'a mut Range,
}

impl Kernel for Extremes<'_> {
    type Output = i64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> i64 {
        let lanes = S::Register::LANES;
        let mut numbers = 0;
        for block in self.pixels.chunks(TILE) {
            // What does not count is NaN, which every comparison leaves out.
            let mut tile = [f32::NAN; TILE];
            for (chunk, tile) in block.chunks(lanes).zip(tile.chunks_mut(lanes)) {
                let score = S::Register::load(simd, chunk.scores);
                let live = chunk.live::<S::Register>(simd);
                let score = S::Register::select(live.mask, score, score.constant(f32::NAN));
                // A short chunk keeps the NaN behind its end.
                score.store(tile.get_mut(..chunk.scores.len()).unwrap_or(&mut []));
            }
            let (least, greatest) = extremes(simd, &tile);
            if least <= greatest {
                let range = &mut *self.range;
                join_block(simd, &tile, greatest, &mut range.greatest, &mut range.greatest_count);
                tile = tile.map(|score| -score);
                join_block(simd, &tile, -least, &mut range.negated_least, &mut range.least_count);
            }
            numbers += count(simd, &tile, |score| score.eq(score));
        }
        numbers
    }
}

/// The least and the greatest of a tile; infinity and minus infinity if all are NaN.
#[inline(always)]
fn extremes<S: Simd>(simd: S, tile: &[f32; TILE]) -> (f32, f32) {
    let mut least = S::Register::splat(simd, f32::INFINITY);
    let mut greatest = S::Register::splat(simd, f32::NEG_INFINITY);
    for chunk in tile.chunks(S::Register::LANES) {
        let score = S::Register::load(simd, chunk);
        least = score.min(least);
        greatest = score.max(greatest);
    }
    // (`f32::min` would also look for NaN, of which there is none left.)
    let lesser = |a: f32, b: &f32| if *b < a { *b } else { a };
    let greater = |a: f32, b: &f32| if *b > a { *b } else { a };
    (
        flat(&least.to_array()).iter().fold(f32::INFINITY, lesser),
        flat(&greatest.to_array()).iter().fold(f32::NEG_INFINITY, greater),
    )
}

/// Joins the greatest value of a tile, counted only when it matters.
#[inline(always)]
fn join_block<S: Simd>(
    simd: S,
    tile: &[f32; TILE],
    greatest: f32,
    to: &mut i64,
    to_count: &mut i64,
) {
    let key = key(greatest);
    if key >= *to {
        let equal = count(simd, tile, |score| score.eq(score.constant(greatest)));
        join(to, to_count, key, equal);
    }
}

/// How many items of a tile a condition holds for.
#[inline(always)]
fn count<S: Simd>(
    simd: S,
    tile: &[f32; TILE],
    condition: impl Fn(S::Register) -> <S::Register as Lanes>::Mask,
) -> i64 {
    let zero = S::Register::splat(simd, 0.0);
    let mut counts = zero;
    for chunk in tile.chunks(S::Register::LANES) {
        let holds = condition(S::Register::load(simd, chunk));
        counts = counts + S::Register::select(holds, zero.constant(1.0), zero);
    }
    // At most TILE: exact in f32, in any order.
    flat::<_, f32>(&counts.to_array()).iter().sum::<f32>() as i64
}
