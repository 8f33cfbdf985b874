//! Loops over integers, of which the compiler makes vectors, for each tier.
//!
//! A value is an `i32`. Its square has 32 bits, of which the halves are added apart: so all lanes have 32 bits, and
//! hold the sums of a block.

use super::Totals;
use super::run::Value;
use crate::node::range::key;
use crate::simd::{Kernel, Simd, on_stack};

/// The most values of a block: sums of them, and of halves of their squares, are below 2^31.
pub const BLOCK: usize = 1 << 15;

/// The most channels that go side by side.
pub const CHANNELS: usize = on_stack(64);
/// How many there must be for that; fewer are gathered.
pub const FEW: usize = 8;

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

/// Neighbouring channels of pixels: lanes are channels. Four pixels go together, so that what is found is read and
/// written a quarter as often.
pub struct Interleaved<'a, T> {
    /// From the first channel of the first pixel on.
    pub items: &'a [T],
    /// How many channels there are, at most [`CHANNELS`].
    pub channels: usize,
    /// How far the next pixel is, and how many there are.
    pub stride: usize,
    pub n: usize,
    pub valid: Option<&'a [u8]>,
    pub level: i32,
    pub to: &'a mut Channels,
}

/// What is found of channels side by side.
pub struct Channels {
    sums: [i32; CHANNELS],
    low: [u32; CHANNELS],
    high: [u32; CHANNELS],
    zero: [u32; CHANNELS],
    saturated: [u32; CHANNELS],
    least: [i32; CHANNELS],
    greatest: [i32; CHANNELS],
}

impl Channels {
    pub fn nothing() -> Self {
        let Found { least, greatest, .. } = Found::NOTHING;
        Self {
            sums: [0; CHANNELS],
            low: [0; CHANNELS],
            high: [0; CHANNELS],
            zero: [0; CHANNELS],
            saturated: [0; CHANNELS],
            least: [least; CHANNELS],
            greatest: [greatest; CHANNELS],
        }
    }

    /// What each channel holds.
    pub fn found(&self) -> impl Iterator<Item = Found> + '_ {
        let squares = self.low.iter().zip(&self.high);
        let counts = self.zero.iter().zip(&self.saturated);
        let ends = self.least.iter().zip(&self.greatest);
        let all = self.sums.iter().zip(squares).zip(counts).zip(ends);
        all.map(|(((sum, (low, high)), (zero, saturated)), (least, greatest))| Found {
            sum: *sum,
            low: *low,
            high: *high,
            zero: *zero,
            saturated: *saturated,
            least: *least,
            greatest: *greatest,
        })
    }

    /// Adds the values of some pixels, channel after channel.
    #[inline(always)]
    fn add<T: Into<i32>, const PIXELS: usize>(&mut self, values: impl Iterator<Item = [T; PIXELS]>, level: i32) {
        let squares = self.low.iter_mut().zip(&mut self.high);
        let counts = self.zero.iter_mut().zip(&mut self.saturated);
        let ends = self.least.iter_mut().zip(&mut self.greatest);
        let all = self.sums.iter_mut().zip(squares).zip(counts).zip(ends);
        for ((((sum, (low, high)), (zero, saturated)), (least, greatest)), values) in all.zip(values) {
            let mut found = Found {
                sum: *sum,
                low: *low,
                high: *high,
                zero: *zero,
                saturated: *saturated,
                least: *least,
                greatest: *greatest,
            };
            values.into_iter().for_each(|value| found.add(value.into(), level, true));
            (*sum, *low, *high) = (found.sum, found.low, found.high);
            (*zero, *saturated) = (found.zero, found.saturated);
            (*least, *greatest) = (found.least, found.greatest);
        }
    }
}

impl<T: Value + Into<i32>> Kernel for Interleaved<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { items, channels, stride, n, valid, level, to } = self;
        let is_live = |pixel: &usize| valid.and_then(|valid| valid.get(*pixel)) != Some(&0);
        let row = |pixel: usize| items.get(pixel * stride..).and_then(|row| row.get(..channels)).unwrap_or(&[]);
        let mut rows = (0..n).filter(is_live).map(row);
        while let Some(a) = rows.next() {
            match (rows.next(), rows.next(), rows.next()) {
                (Some(b), Some(c), Some(d)) => {
                    let values = a.iter().zip(b).zip(c).zip(d);
                    to.add(values.map(|(((a, b), c), d)| [*a, *b, *c, *d]), level);
                }
                (b, c, d) => {
                    for row in [Some(a), b, c, d].into_iter().flatten() {
                        to.add(row.iter().map(|item| [*item]), level);
                    }
                }
            }
        }
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
