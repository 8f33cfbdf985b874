//! Mean, spread, extremes and quantiles of a float map (cuvis-ai's `ScoreStatisticsMetric`).
//!
//! **Use case**: watches scores without labels: a drift of the mean or of a quantile is a change of the scene, the
//! lamp or the detector. **Inputs**: `scores` (any floats). Optional: `valid`. No weights.
//!
//! ```text
//! mean = S1 / n      std = sqrt((n S2 - S1^2) / (n (n - 1)))      S1, S2: exact sums of scores and of their squares
//! median = sorted[(n - 1) / 2], the lower one of two
//! q25, q75, q95, q99: at the rank q (n - 1), between two scores in proportion
//! ```
//!
//! **Of a frame** [`frame`] gives all nine, exactly. **Of a stream** [`Totals`] give mean and standard deviation,
//! [`Range`](super::range::Range) the extremes, and [`ranking::quantile`](super::ranking::quantile) brackets of the
//! quantiles from a histogram: with the binning `Key { bits: 16 }` a bracket is 1/128 of its value wide.
//!
//! **Accuracy**: sums are exact, so the mean is rounded once, and the standard deviation within 4 ulp whatever the
//! offset of the scores. Extremes and the median are scores; quantiles are made by three operations in `f64`.
//!
//! A NaN makes mean and standard deviation NaN; it has no place in an order, so extremes, median and quantiles are
//! those of the numbers (notice `NOT_FINITE`; the report says how many are NaN and infinite). Infinite scores lie at
//! the ends of the order: a quantile between one and a number is infinite, between both infinities NaN. The standard
//! deviation of one pixel is NaN (notice `DEGENERATE`), all values of none (notice `EMPTY`).
//!
//! **cuvis-ai**: port `scores`; emits `scores/mean`, `scores/std`, `scores/min`, `scores/max`, `scores/median`,
//! `scores/q25`, `scores/q75`, `scores/q95`, `scores/q99`, of each batch. Stages: validation, test.
//!
//! **Speed**: one pass for each of the two sums; four for the order, by a radix select in a [`workspace`] of the caller
//! that does not grow with the frame.

use super::Metric;
use crate::error::{Error, Notices, Value};
use crate::exact::{ExactSquares, ExactSum, sample_variance};
use crate::input::{Source, Sum, Used, count_valid};
use crate::math::double::sqrt;
use crate::node::select::{self, Scores};
use crate::simd::{self, Places};

/// Exact sums of scores and of their squares; all zero is empty. Adding the words of two totals merges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// The sum of the scores.
    pub sum: ExactSum,
    /// The sum of their squares.
    pub squares: ExactSquares,
    /// How many pixels count.
    pub pixels: i64,
}

impl Totals {
    /// Adds the scores of pixels.
    ///
    /// # Errors
    /// Weights or soft targets, inputs of different lengths. Nothing was added then.
    pub fn update<'a>(&mut self, pixels: impl Into<Source<'a>>) -> Result<(), Error> {
        let pixels = pixels.into();
        pixels.check(Used::SCORES, Used::VALID)?;
        pixels.each(Used::SCORES | Used::VALID, None, |tile| {
            self.pixels = self.pixels.wrapping_add(count_valid(tile.n, tile.pixels.valid));
            simd::run(Sum { floats: tile.pixels.scores, pixels: tile.pixels, sum: &mut self.sum });
            self.squares.add_squares(tile.pixels.scores, tile.pixels.valid);
        });
        Ok(())
    }

    /// Adds other totals. The words are canonical afterwards.
    pub fn merge(&mut self, other: &Self) {
        self.sum.merge(&other.sum);
        self.squares.merge(&other.squares);
        self.pixels = self.pixels.wrapping_add(other.pixels);
    }

    /// Makes the words canonical after they were added elsewhere.
    pub fn normalize(&mut self) {
        self.sum.normalize();
        self.squares.normalize();
    }

    /// The mean.
    ///
    /// # Errors
    /// Words that no pixels can have ([`Error::Totals`]).
    pub fn mean(&self) -> Result<Value, Error> {
        self.variance()?;
        Ok(Value { value: self.sum.quotient(self.pixels), notices: self.notices() })
    }

    /// The standard deviation of a sample: with n - 1.
    ///
    /// # Errors
    /// As [`Self::mean`].
    pub fn std(&self) -> Result<Value, Error> {
        let value = sqrt(self.variance()?);
        let notices = self.notices() | Notices::DEGENERATE.when(self.pixels == 1);
        Ok(Value { value, notices })
    }

    /// It is an error if the words cannot be, for both sums are of the same scores.
    fn variance(&self) -> Result<f64, Error> {
        sample_variance(self.pixels, &self.sum, &self.squares)
    }

    fn notices(&self) -> Notices {
        Notices::EMPTY.when(self.pixels == 0) | Notices::NOT_FINITE.when(self.sum.non_finite() != 0)
    }
}

/// What the scores of a frame say.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C)]
pub struct Report {
    /// The mean.
    pub mean: f64,
    /// The standard deviation of a sample: with n - 1.
    pub std: f64,
    /// The least number.
    pub min: f64,
    /// The greatest number.
    pub max: f64,
    /// The number in the middle, the lower one of two.
    pub median: f64,
    /// A quarter of the numbers is not above.
    pub q25: f64,
    /// Three quarters are not above.
    pub q75: f64,
    /// 95 of 100 are not above.
    pub q95: f64,
    /// 99 of 100 are not above.
    pub q99: f64,
    /// How many pixels count.
    pub pixels: i64,
    /// How many of them are NaN.
    pub nan: i64,
    /// How many of them are infinite.
    pub infinite: i64,
    /// How many pixels were masked.
    pub masked: i64,
    /// 0. Room for later.
    pub reserved: i64,
}

/// The shares of the quantiles.
const SHARES: [f64; 4] = [0.25, 0.75, 0.95, 0.99];
/// Two ranks for each quantile, the median, the least and the greatest.
const RANKS: usize = 2 * SHARES.len() + 3;

/// How many words of workspace a frame needs, whatever its size and on every tier.
pub const fn workspace() -> usize {
    select::words(RANKS)
}

/// The statistics of one frame, and what is special about them.
///
/// # Errors
/// Weights or soft targets, inputs of different lengths, more than 2^31 - 1 pixels, a workspace that is too small. The
/// workspace was not touched then.
pub fn frame<'a>(pixels: impl Into<Source<'a>>, workspace: &mut [u32]) -> Result<(Report, Notices), Error> {
    frame_to(pixels.into(), Places::of(workspace))
}

/// [`frame`], to memory that may be uninitialised.
pub(crate) fn frame_to(pixels: Source, workspace: Places<u32>) -> Result<(Report, Notices), Error> {
    pixels.check(Used::SCORES, Used::VALID)?;
    let mut last = 0;
    let ranks = |count: u32| {
        last = count - 1;
        let [[a, b], [c, d], [e, f], [g, h]] = SHARES.map(|share| {
            let below = rank_of(share, last).0;
            [below, (below + 1).min(last)]
        });
        [0, last / 2, last, a, b, c, d, e, f, g, h]
    };
    let scores = Scores(pixels);
    let space = select::space(RANKS, scores, workspace)?;
    let selected = select::select(scores, ranks, space)?;
    let scores = selected.map_or([f64::NAN; RANKS], |all| all.map(|one| f64::from(one.score)));
    let [min, median, max, a, b, c, d, e, f, g, h] = scores;
    let [quarter, three_quarters, high, highest] = SHARES.map(|share| rank_of(share, last).1);

    let mut totals = Totals::default();
    totals.update(pixels)?;
    let (mean, std) = (totals.mean()?, totals.std()?);
    let infinite = totals.sum.positive_infinity.wrapping_add(totals.sum.negative_infinity);
    let report = Report {
        mean: mean.value,
        std: std.value,
        min,
        max,
        median,
        q25: between(a, b, quarter),
        q75: between(c, d, three_quarters),
        q95: between(e, f, high),
        q99: between(g, h, highest),
        pixels: totals.pixels,
        nan: totals.sum.nan,
        infinite,
        masked: (pixels.n(Used::SCORES) as i64).wrapping_sub(totals.pixels),
        reserved: 0,
    };
    Ok((report, std.notices))
}

/// Where a quantile lies: the rank below it, and its part of the way to the next rank.
fn rank_of(share: f64, last: u32) -> (u32, f64) {
    let rank = share * f64::from(last);
    let below = rank as u32;
    (below, rank - f64::from(below))
}

/// A number between two scores. Beside an infinite score it is infinite, and between both infinities it is NaN.
fn between(low: f64, high: f64, part: f64) -> f64 {
    if low == high || part == 0.0 || (low.is_infinite() && high.is_finite()) {
        return low;
    }
    low + (high - low) * part
}

impl Report {
    /// What is special about the statistics.
    pub fn notices(&self) -> Notices {
        Notices::EMPTY.when(self.pixels == 0) | Notices::NOT_FINITE.when(self.nan != 0 || self.infinite != 0)
    }

    /// The values under cuvis-ai's names.
    pub fn metrics(&self) -> [Metric; 9] {
        let metric = |name, value| Metric { name, value, notices: self.notices() };
        let mut std = metric("scores/std", self.std);
        std.notices |= Notices::DEGENERATE.when(self.pixels == 1);
        [
            metric("scores/mean", self.mean),
            std,
            metric("scores/min", self.min),
            metric("scores/max", self.max),
            metric("scores/median", self.median),
            metric("scores/q25", self.q25),
            metric("scores/q75", self.q75),
            metric("scores/q95", self.q95),
            metric("scores/q99", self.q99),
        ]
    }
}
