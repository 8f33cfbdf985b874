//! Counting in byte masks: the one kernel of all metrics that count.
//!
//! Plain integer code over arrays of 64 bytes, of which every tier's compiler makes byte vectors:
//! `min(byte, 1)` is the truth value, and sums stay in bytes for as long as they fit.
//!
//! Limit: memory. From DRAM it runs at the speed of a plain read.

use crate::simd::{self, Kernel, Simd};

/// What two masks hold, among the pixels that count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Pixels that count.
    pub pixels: i64,
    /// True in the first mask.
    pub first: i64,
    /// True in the second.
    pub second: i64,
    /// True in both.
    pub both: i64,
}

/// Two masks of one length, and which pixels count (all, if None).
#[derive(Clone, Copy)]
pub(crate) struct Masks<'a> {
    pub first: &'a [u8],
    pub second: &'a [u8],
    pub valid: Option<&'a [u8]>,
}

impl<'a> Masks<'a> {
    /// Counts all pixels.
    pub fn count(self) -> Counts {
        simd::run(self)
    }

    /// Counts every `stride`-th pixel, from the first: few pixels, far apart, one by one.
    pub fn count_every(self, stride: usize) -> Counts {
        let mut counts = Counts::default();
        for at in (0..self.first.len()).step_by(stride) {
            let is_true = |mask: &[u8]| mask.get(at).is_some_and(|byte| *byte != 0);
            let valid = self.valid.is_none_or(is_true);
            let [first, second] = [self.first, self.second].map(|mask| valid & is_true(mask));
            counts.pixels += i64::from(valid);
            counts.first += i64::from(first);
            counts.second += i64::from(second);
            counts.both += i64::from(first & second);
        }
        counts
    }

    /// `length` pixels from `start`, or as many as there are.
    pub fn part(self, start: usize, length: usize) -> Self {
        let cut = |mask: &'a [u8]| {
            let rest = mask.get(start..).unwrap_or(&[]);
            rest.get(..length).unwrap_or(rest)
        };
        Self { first: cut(self.first), second: cut(self.second), valid: self.valid.map(cut) }
    }
}

/// How many pixels are counted side by side.
const LANES: usize = 64;
/// How often a byte can be counted up.
const MOST_ROUNDS: usize = 255;

type Bytes = [u8; LANES];
static ALL_VALID: Bytes = [1; LANES];

impl Kernel for Masks<'_> {
    type Output = Counts;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> Counts {
        let mut counts = Counts::default();
        let mut valid = self.valid.map(|valid| valid.chunks(LANES));
        let mut pairs = self.first.chunks(LANES).zip(self.second.chunks(LANES)).peekable();
        while pairs.peek().is_some() {
            let mut sums = [[0; LANES]; 4];
            for (first, second) in pairs.by_ref().take(MOST_ROUNDS) {
                let all = ALL_VALID.get(..first.len()).unwrap_or(&[]);
                let valid = valid.as_mut().and_then(Iterator::next).unwrap_or(all);
                add(&mut sums, &truths(first), &truths(second), &truths(valid));
            }
            let [pixels, first, second, both] = &sums;
            counts.pixels += total(pixels);
            counts.first += total(first);
            counts.second += total(second);
            counts.both += total(both);
        }
        counts
    }
}

/// 1 for each byte that is not zero; 0 behind the end of a short chunk.
#[inline(always)]
fn truths(chunk: &[u8]) -> Bytes {
    let mut bytes = [0; LANES];
    match chunk.first_chunk() {
        Some(whole) => bytes = *whole,
        None => bytes.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from),
    }
    for byte in &mut bytes {
        *byte = (*byte).min(1);
    }
    bytes
}

/// Counts 64 pixels up, each in its own lane.
#[inline(always)]
fn add(
    [pixels, firsts, seconds, boths]: &mut [Bytes; 4],
    first: &Bytes,
    second: &Bytes,
    valid: &Bytes,
) {
    let sums = pixels.iter_mut().zip(firsts).zip(seconds.iter_mut().zip(boths));
    let truths = first.iter().zip(second).zip(valid);
    for (((pixels, firsts), (seconds, boths)), ((first, second), valid)) in sums.zip(truths) {
        *pixels += valid;
        *firsts += first & valid;
        *seconds += second & valid;
        *boths += first & second & valid;
    }
}

/// The sum of the lanes: apart, because it runs once in thousands of pixels.
#[inline(never)]
fn total(lanes: &Bytes) -> i64 {
    i64::from(lanes.iter().map(|lane| u16::from(*lane)).sum::<u16>())
}
