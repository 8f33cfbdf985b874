//! Loops over integers, of which the compiler makes vectors, for each tier.
//!
//! Items are 16 bits without a sign; what an item means is its distance from the one that means 0. The square of an
//! item has 32 bits, of which the halves are added apart: so all lanes have 32 bits, and hold the sums of 2^15 items.

use super::Totals;
use crate::node::range::key;
use crate::simd::{Kernel, Simd, on_stack};

/// The most channels that go side by side.
pub const CHANNELS: usize = on_stack(64);
/// How many there must be for that; fewer are gathered.
pub const FEW: usize = 8;

/// What items mean.
#[derive(Clone, Copy)]
pub struct Meaning {
    /// The item that means 0.
    pub zero: u32,
    /// The least item that is saturated.
    pub level: u32,
}

/// What at most 2^15 items of one channel hold.
#[derive(Clone, Copy)]
pub struct Found {
    sum: u32,
    low: u32,
    high: u32,
    zero: u32,
    saturated: u32,
    least: u32,
    greatest: u32,
}

impl Found {
    const NOTHING: Self = Self { sum: 0, low: 0, high: 0, zero: 0, saturated: 0, least: u32::MAX, greatest: 0 };

    #[inline(always)]
    fn add(&mut self, item: u16, meaning: Meaning, is_live: bool) {
        let item = u32::from(item);
        let term = if is_live { item } else { 0 };
        let square = term.wrapping_mul(term);
        self.sum = self.sum.wrapping_add(term);
        self.low = self.low.wrapping_add(square & 0xffff);
        self.high = self.high.wrapping_add(square >> 16);
        self.zero = self.zero.wrapping_add(u32::from((item == meaning.zero) & is_live));
        self.saturated = self.saturated.wrapping_add(u32::from((item >= meaning.level) & is_live));
        self.least = self.least.min(if is_live { item } else { u32::MAX });
        self.greatest = self.greatest.max(term);
    }

    /// Adds what so many items hold to the words of their channel.
    pub fn add_to(&self, count: i64, meaning: Meaning, hash: i64, totals: &mut Totals) {
        if count == 0 {
            return;
        }
        let [zero, sum] = [meaning.zero, self.sum].map(i64::from);
        totals.count(count, hash);
        totals.zero = totals.zero.wrapping_add(self.zero.into());
        totals.saturated = totals.saturated.wrapping_add(self.saturated.into());
        totals.integers = totals.integers.wrapping_add(count);
        totals.integer_sum = totals.integer_sum.wrapping_add(sum - count * zero);
        // The sum of (item - zero)^2: all its terms are below 2^48.
        let squares = i64::from(self.low) + (i64::from(self.high) << 16) - zero * (2 * sum - count * zero);
        let [low, high] = &mut totals.integer_squares;
        // (The lower digit may be of any size before.)
        *high = high.wrapping_add((*low >> 32).wrapping_add(squares >> 32));
        *low = (*low & 0xffff_ffff) + (squares & 0xffff_ffff);
        super::normalize_digits(&mut totals.integer_squares);
        // Integers of 16 bits are floats.
        let [least, greatest] = [self.least, self.greatest].map(|item| item.wrapping_sub(meaning.zero) as i32 as f32);
        totals.greatest = totals.greatest.max(key(greatest));
        totals.negated_least = totals.negated_least.max(key(-least));
    }
}

/// Neighbours of one channel: lanes are pixels.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    pub items: &'a [u16],
    pub valid: Option<&'a [u8]>,
    pub meaning: Meaning,
}

impl Kernel for Line<'_> {
    type Output = Found;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> Found {
        let Self { items, valid, meaning } = self;
        let mut found = Found::NOTHING;
        match valid {
            None => items.iter().for_each(|item| found.add(*item, meaning, true)),
            Some(valid) => {
                for (item, valid) in items.iter().zip(valid) {
                    found.add(*item, meaning, *valid != 0);
                }
            }
        }
        found
    }
}

/// Neighbouring channels of pixels: lanes are channels.
pub struct Interleaved<'a> {
    /// From the first channel of the first pixel on.
    pub items: &'a [u16],
    /// How many channels there are, at most [`CHANNELS`].
    pub channels: usize,
    /// How far the next pixel is, and how many there are.
    pub stride: usize,
    pub n: usize,
    pub valid: Option<&'a [u8]>,
    pub meaning: Meaning,
    pub to: &'a mut Channels,
}

/// What is found of channels side by side.
pub struct Channels {
    sums: [u32; CHANNELS],
    low: [u32; CHANNELS],
    high: [u32; CHANNELS],
    zero: [u32; CHANNELS],
    saturated: [u32; CHANNELS],
    least: [u32; CHANNELS],
    greatest: [u32; CHANNELS],
}

impl Channels {
    pub fn nothing() -> Self {
        let zeros = [0; CHANNELS];
        Self {
            sums: zeros,
            low: zeros,
            high: zeros,
            zero: zeros,
            saturated: zeros,
            least: [Found::NOTHING.least; CHANNELS],
            greatest: zeros,
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

    /// Adds the channels of a pixel.
    #[inline(always)]
    fn add(&mut self, items: &[u16], meaning: Meaning) {
        let squares = self.low.iter_mut().zip(&mut self.high);
        let counts = self.zero.iter_mut().zip(&mut self.saturated);
        let ends = self.least.iter_mut().zip(&mut self.greatest);
        let all = self.sums.iter_mut().zip(squares).zip(counts).zip(ends);
        for ((((sum, (low, high)), (zero, saturated)), (least, greatest)), item) in all.zip(items) {
            let mut found = Found {
                sum: *sum,
                low: *low,
                high: *high,
                zero: *zero,
                saturated: *saturated,
                least: *least,
                greatest: *greatest,
            };
            found.add(*item, meaning, true);
            (*sum, *low, *high) = (found.sum, found.low, found.high);
            (*zero, *saturated) = (found.zero, found.saturated);
            (*least, *greatest) = (found.least, found.greatest);
        }
    }
}

impl Kernel for Interleaved<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Self { items, channels, stride, n, valid, meaning, to } = self;
        for pixel in 0..n {
            if valid.and_then(|valid| valid.get(pixel)) != Some(&0) {
                let row = items.get(pixel * stride..).and_then(|row| row.get(..channels));
                to.add(row.unwrap_or(&[]), meaning);
            }
        }
    }
}
