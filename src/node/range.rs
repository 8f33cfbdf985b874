//! The least and the greatest value of a float map, and how often each occurs.
//!
//! **Use case**: watches the range of scores without labels; gives a min-max normalisation its
//! bounds. **Inputs**: `scores` (any floats). Optional: `valid`. No weights.
//!
//! NaN scores are counted apart; infinities are values like others; -0 equals +0. A range is
//! **not additive**: it merges by [`Range::merge`], never by adding words.
//!
//! **Speed**: limited by memory.

use crate::error::{Error, Notices};
use crate::exact::counts;
use crate::input::{LiveColumns, LiveRooms, Pixels, Source, Used, count_valid};
use crate::math::order;
use crate::simd::{self, Columns, Counted, Kernel, Lanes, Room, Simd, flat};

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
    /// Weights or soft targets, inputs of different lengths. Nothing was added then.
    pub fn update<'a>(&mut self, pixels: impl Into<Source<'a>>) -> Result<(), Error> {
        let pixels = pixels.into();
        pixels.check(Used::SCORES, Used::VALID)?;
        pixels.each(Used::SCORES | Used::VALID, None, |tile| {
            self.add(tile.pixels, count_valid(tile.n, tile.pixels.valid));
        });
        Ok(())
    }

    /// Adds the scores of pixels of which so many count.
    pub(crate) fn add(&mut self, pixels: &Pixels, counted: i64) {
        let numbers = simd::run(Join { pixels: *pixels, range: self });
        self.count = self.count.wrapping_add(numbers);
        self.nan = self.nan.wrapping_add(counted.wrapping_sub(numbers));
    }

    /// Joins another range.
    pub fn merge(&mut self, other: &Self) {
        join(&mut self.greatest, &mut self.greatest_count, other.greatest, other.greatest_count);
        join(&mut self.negated_least, &mut self.least_count, other.negated_least, other.least_count);
        self.count = self.count.wrapping_add(other.count);
        self.nan = self.nan.wrapping_add(other.nan);
    }

    /// The least and the greatest value; NaN if there is none.
    ///
    /// # Errors
    /// Words that no scores can have ([`Error::Totals`]).
    pub fn extremes(&self) -> Result<[f64; 2], Error> {
        counts::sum(&[self.count, self.nan])?;
        let keys = [self.negated_least, self.greatest];
        let counts = [self.least_count, self.greatest_count];
        if self.count == 0 {
            let is_empty = keys == [0; 2] && counts == [0; 2];
            return if is_empty { Ok([f64::NAN; 2]) } else { Err(Error::Totals) };
        }
        let both = counts::sum(&counts)?;
        let [least, greatest] = [-value(self.negated_least), value(self.greatest)];
        let all = key(f32::INFINITY);
        let are_counted = counts.into_iter().all(|count| (1..=self.count).contains(&count));
        let are_ordered =
            if least == greatest { counts == [self.count; 2] } else { least < greatest && both <= self.count };
        if keys.into_iter().all(|key| (1..=all).contains(&key)) && are_counted && are_ordered {
            Ok([least, greatest])
        } else {
            Err(Error::Totals)
        }
    }

    /// What is special about the range.
    ///
    /// # Errors
    /// As [`Self::extremes`].
    pub fn notices(&self) -> Result<Notices, Error> {
        let finite = self.extremes()?.into_iter().all(f64::is_finite);
        let not_finite = self.nan != 0 || (self.count != 0 && !finite);
        Ok(Notices::EMPTY.when(self.count == 0) | Notices::NOT_FINITE.when(not_finite))
    }
}

/// Keeps the greater key and its count. Equal keys add their counts.
fn join(key: &mut i64, count: &mut i64, other_key: i64, other_count: i64) {
    if other_key > *key {
        (*key, *count) = (other_key, other_count);
    } else if other_key == *key {
        *count = count.wrapping_add(other_count);
    }
}

/// The key of minus infinity in the order of all bits, minus 1.
pub(crate) const BELOW_ALL: u32 = !f32::NEG_INFINITY.to_bits() - 1;

/// The place of a float in the order of all floats, from 1 on; no NaN.
pub(crate) fn key(float: f32) -> i64 {
    i64::from(order::key(float) - BELOW_ALL)
}

/// The float of a key; NaN for 0.
pub(crate) fn value(key: i64) -> f64 {
    if key == 0 { f64::NAN } else { f64::from(order::float((key as u32).wrapping_add(BELOW_ALL))) }
}

/// Joins the extremes of the scores to a range. Returns how many scores are no NaN.
struct Join<'a> {
    pixels: Pixels<'a>,
    range: &'a mut Range,
}

impl Kernel for Join<'_> {
    type Output = i64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> i64 {
        let (mut room, mut rooms, mut no_rooms) = (Room::new(), LiveRooms::new(), LiveRooms::new());
        let scores = ScoreVectors::<S::Register> {
            scores: Columns::filled(self.pixels.scores, f32::NAN, &mut room),
            live: LiveColumns::new(&self.pixels, &mut rooms),
        };
        // Most often all pixels count alike. For them there is a loop without branches.
        let all_alike = LiveColumns::new(&Pixels::default(), &mut no_rooms);
        let is_plain = self.pixels.are_alike();
        let range = self.range;
        let vectors = self.pixels.scores.len().div_ceil(S::Register::LANES);
        let mut numbers = 0;
        for start in (0..vectors).step_by(BLOCK) {
            let block = start..vectors.min(start + BLOCK);
            let found = if is_plain {
                scores.extremes(simd, &all_alike, block.clone())
            } else {
                scores.extremes(simd, &scores.live, block.clone())
            };
            numbers += found.numbers;
            let (greatest, least) = (key(found.greatest), key(-found.least));
            // This soon becomes rare: only an extreme that is new, or equal to the old one, must be counted.
            if found.numbers > 0 && (greatest >= range.greatest || least >= range.negated_least) {
                let [equal_greatest, equal_least] = scores.count(simd, block, &found);
                join(&mut range.greatest, &mut range.greatest_count, greatest, equal_greatest);
                join(&mut range.negated_least, &mut range.least_count, least, equal_least);
            }
        }
        numbers
    }
}

/// Vectors that are looked at together, and once more while they are in the cache.
const BLOCK: usize = 64;

/// The scores as vectors. They are NaN where a pixel does not count and behind the end, and every comparison with a NaN
/// is false.
struct ScoreVectors<'a, V: Lanes> {
    scores: Columns<'a, V::Floats>,
    live: LiveColumns<'a, V>,
}

/// What a block holds.
struct BlockExtremes {
    least: f32,
    greatest: f32,
    /// How many are no NaN.
    numbers: i64,
}

impl<V: Lanes> ScoreVectors<'_, V> {
    #[inline(always)]
    fn get(&self, simd: V::Simd, live: &LiveColumns<V>, index: usize) -> V {
        let score = V::from_floats(simd, self.scores.get(index));
        live.get(simd, index).or(score, f32::NAN)
    }

    #[inline(always)]
    fn extremes(&self, simd: V::Simd, live: &LiveColumns<V>, block: core::ops::Range<usize>) -> BlockExtremes {
        let zero = V::splat(simd, 0.0);
        let mut negated_least = zero.constant(f32::NEG_INFINITY);
        let mut greatest = negated_least;
        let mut numbers = zero;
        for index in block {
            let score = self.get(simd, live, index);
            negated_least = score.negate().max(negated_least);
            greatest = score.max(greatest);
            numbers = numbers + V::select(score.eq(score), zero.constant(1.0), zero);
        }
        BlockExtremes {
            least: -greatest_of(flat(&negated_least.to_array())),
            greatest: greatest_of(flat(&greatest.to_array())),
            numbers: total_of(flat(&numbers.to_array())),
        }
    }

    /// How many equal the greatest, and the least.
    #[inline(always)]
    fn count(&self, simd: V::Simd, block: core::ops::Range<usize>, found: &BlockExtremes) -> [i64; 2] {
        let zero = V::splat(simd, 0.0);
        let one = zero.constant(1.0);
        let (greatest, least) = (zero.constant(found.greatest), zero.constant(found.least));
        let mut counts = [zero; 2];
        for index in block {
            let score = self.get(simd, &self.live, index);
            counts[0] = counts[0] + V::select(score.eq(greatest), one, zero);
            counts[1] = counts[1] + V::select(score.eq(least), one, zero);
        }
        [total_of(flat(&counts[0].to_array())), total_of(flat(&counts[1].to_array()))]
    }
}

/// The greatest of the lanes. (`f32::max` would also look for NaN, of which there is none left.)
#[inline(never)]
fn greatest_of(lanes: &[f32]) -> f32 {
    let greater = |a: f32, b: &f32| if *b > a { *b } else { a };
    lanes.iter().fold(f32::NEG_INFINITY, greater)
}

/// The sum of counts of a block: exact in f32, in any order.
#[inline(never)]
fn total_of(lanes: &[f32]) -> i64 {
    lanes.iter().sum::<f32>() as i64
}
