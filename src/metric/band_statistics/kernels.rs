//! Loops over integers, of which the compiler makes vectors, for each tier.
//!
//! A value is an `i32`. Its square has 32 bits, of which the halves are added apart: so all lanes have 32 bits, and
//! hold the sums of a block.

use super::Totals;
use super::run::Value;
use crate::node::range::key;
use crate::simd::{Kernel, Simd};

/// The most values of a block: sums of them, and of halves of their squares, are below 2^31.
pub const BLOCK: usize = 1 << 15;

/// How many channels go side by side.
pub const CHANNELS: usize = 16;

/// What a block of integers of one channel holds.
#[derive(Clone, Copy)]
pub struct Found {
    sum: i32,
    low: u32,
    high: u32,
    zero: u32,
    saturated: u32,
    least: i32,
    greatest: i32,
}

impl Found {
    const NOTHING: Self = Self { sum: 0, low: 0, high: 0, zero: 0, saturated: 0, least: i32::MAX, greatest: i32::MIN };

    #[inline(always)]
    fn add(&mut self, value: i32, level: i32, is_live: bool) {
        let term = if is_live { value } else { 0 };
        let square = term.wrapping_mul(term) as u32;
        self.sum = self.sum.wrapping_add(term);
        self.low = self.low.wrapping_add(square & 0xffff);
        self.high = self.high.wrapping_add(square >> 16);
        self.zero = self.zero.wrapping_add(u32::from((value == 0) & is_live));
        self.saturated = self.saturated.wrapping_add(u32::from((value >= level) & is_live));
        self.least = self.least.min(if is_live { value } else { i32::MAX });
        self.greatest = self.greatest.max(if is_live { value } else { i32::MIN });
    }

    /// Adds what so many values hold to the words of their channel.
    pub fn add_to(&self, count: i64, hash: i64, totals: &mut Totals) {
        if count == 0 {
            return;
        }
        totals.count(count, hash);
        totals.zero = totals.zero.wrapping_add(self.zero.into());
        totals.saturated = totals.saturated.wrapping_add(self.saturated.into());
        totals.integers = totals.integers.wrapping_add(count);
        totals.integer_sum = totals.integer_sum.wrapping_add(self.sum.into());
        let squares = i64::from(self.low) + (i64::from(self.high) << 16);
        let [low, high] = &mut totals.integer_squares;
        // (The lower digit may be of any size before.)
        *high = high.wrapping_add((*low >> 32).wrapping_add(squares >> 32));
        *low = (*low & 0xffff_ffff) + (squares & 0xffff_ffff);
        super::normalize_digits(&mut totals.integer_squares);
        // Integers of 16 bits are floats.
        totals.greatest = totals.greatest.max(key(self.greatest as f32));
        totals.negated_least = totals.negated_least.max(key(-(self.least as f32)));
    }
}

/// Neighbours of one channel: lanes are pixels.
pub struct Line<'a, T> {
    pub items: &'a [T],
    pub valid: Option<&'a [u8]>,
    pub level: i32,
}

impl<T: Value + Into<i32>> Kernel for Line<'_, T> {
    type Output = Found;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> Found {
        let mut found = Found::NOTHING;
        match self.valid {
            None => self.items.iter().for_each(|item| found.add((*item).into(), self.level, true)),
            Some(valid) => {
                for (item, valid) in self.items.iter().zip(valid) {
                    found.add((*item).into(), self.level, *valid != 0);
                }
            }
        }
        found
    }
}

/// Neighbouring channels of pixels: lanes are channels.
pub struct Interleaved<'a, T> {
    /// From the first channel of the first pixel on.
    pub items: &'a [T],
    /// How far the next pixel is, and how many there are.
    pub stride: usize,
    pub n: usize,
    pub valid: Option<&'a [u8]>,
    pub level: i32,
}

impl<T: Value + Into<i32>> Kernel for Interleaved<'_, T> {
    type Output = [Found; CHANNELS];

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> [Found; CHANNELS] {
        let Self { items, stride, n, valid, level } = self;
        let Found { least, greatest, .. } = Found::NOTHING;
        let (mut sums, mut least, mut greatest) = ([0_i32; CHANNELS], [least; CHANNELS], [greatest; CHANNELS]);
        let [mut low, mut high, mut zero, mut saturated] = [[0_u32; CHANNELS]; 4];
        for pixel in 0..n {
            if valid.and_then(|valid| valid.get(pixel)) == Some(&0) {
                continue;
            }
            let row = items.get(pixel * stride..).and_then(<[T]>::first_chunk::<CHANNELS>);
            let Some(row) = row else { continue };
            let values: [i32; CHANNELS] = row.map(Into::into);
            let squares = values.map(|value| value.wrapping_mul(value) as u32);
            each(&mut sums, &values, |sum, value| sum.wrapping_add(value));
            each(&mut low, &squares, |low, square| low.wrapping_add(square & 0xffff));
            each(&mut high, &squares, |high, square| high.wrapping_add(square >> 16));
            each(&mut zero, &values, |zero, value| zero.wrapping_add(u32::from(value == 0)));
            each(&mut saturated, &values, |all, value| all.wrapping_add(u32::from(value >= level)));
            each(&mut least, &values, |least: i32, value| least.min(value));
            each(&mut greatest, &values, |greatest: i32, value| greatest.max(value));
        }
        let mut found = [Found::NOTHING; CHANNELS];
        each(&mut found, &sums, |found, sum| Found { sum, ..found });
        each(&mut found, &low, |found, low| Found { low, ..found });
        each(&mut found, &high, |found, high| Found { high, ..found });
        each(&mut found, &zero, |found, zero| Found { zero, ..found });
        each(&mut found, &saturated, |found, saturated| Found { saturated, ..found });
        each(&mut found, &least, |found, least| Found { least, ..found });
        each(&mut found, &greatest, |found, greatest| Found { greatest, ..found });
        found
    }
}

#[inline(always)]
fn each<A: Copy, B: Copy>(to: &mut [A; CHANNELS], with: &[B; CHANNELS], join: impl Fn(A, B) -> A) {
    for (to, with) in to.iter_mut().zip(with) {
        *to = join(*to, *with);
    }
}

/// Counts floats that are 0, and those at or above a level, among those that count.
pub struct Levels<'a> {
    pub floats: &'a [f32],
    pub valid: Option<&'a [u8]>,
    pub level: f32,
}

impl Kernel for Levels<'_> {
    type Output = [u32; 2];

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> [u32; 2] {
        let Self { floats, valid, level } = self;
        let [mut zero, mut saturated] = [0_u32; 2];
        let mut add = |float: f32, is_live: bool| {
            zero += u32::from((float == 0.0) & is_live);
            saturated += u32::from((float >= level) & is_live);
        };
        match valid {
            None => floats.iter().for_each(|float| add(*float, true)),
            Some(valid) => floats.iter().zip(valid).for_each(|(float, valid)| add(*float, *valid != 0)),
        }
        [zero, saturated]
    }
}
