//! How many pixels count, and exact sums over those that do.

use super::{LiveColumns, LiveRooms, Masks, Pixels, Source, Used};
use crate::exact::{Accumulator, ExactSum};
use crate::simd::{self, Columns, Counted, Kernel, Lanes, Room, Simd, sum_of_counts};

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

/// Counts which pixels of a call count, and adds their weights to `weights` (1 each without weights). `used` are the
/// inputs that the call uses.
pub(crate) fn tally_source(source: &Source, used: Used, weights: &mut ExactSum) -> Tally {
    let mut all = Tally::default();
    source.each_live(used, |n, pixels| {
        let of_tile = tally(n, pixels, weights);
        all.pixels = all.pixels.wrapping_add(of_tile.pixels);
        all.rejected = all.rejected.wrapping_add(of_tile.rejected);
    });
    all
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
        let mut rooms = LiveRooms::new();
        let live = LiveColumns::<S::Register>::new(self.pixels, &mut rooms);
        let lanes = S::Register::LANES;
        let one = S::Register::splat(simd, 1.0);
        let mut count = 0;
        // The counts of a block are exact in f32. Lanes behind the end have the weight 0 and the target 0. Without a
        // mask they are counted, too, and subtracted afterwards.
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

/// How many vectors are counted in f32 at a time: a lane counts at most 2^24.
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
        let (mut tail, mut rooms) = (Room::new(), LiveRooms::new());
        let floats = Columns::new(self.floats, &mut tail);
        let live = LiveColumns::<S::Lanes>::new(self.pixels, &mut rooms);
        let mut room = Room::new();
        let mut sum = Accumulator::new(simd, Some(self.sum), &mut room);
        for index in 0..length.div_ceil(S::Lanes::LANES) {
            let float = S::Lanes::from_floats(simd, floats.get(index));
            sum.push(live.get(simd, index).or(float, 0.0));
        }
        sum.finish(length);
    }
}
