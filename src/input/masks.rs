//! Counting in byte masks: the one kernel of all metrics that count.
//!
//! Sixty-four bytes become a word of 64 bits, one bit a byte. The rest is `and` and counting bits.
//!
//! Limit: memory. From DRAM it runs at about the speed of a plain read.

use crate::simd::{self, Columns, Kernel, Room, Simd};

/// What two masks hold, among the pixels that count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MaskCounts {
    /// Pixels that count.
    pub pixels: i64,
    /// True in the first mask.
    pub first: i64,
    /// True in the second.
    pub second: i64,
    /// True in both.
    pub both: i64,
}

impl MaskCounts {
    /// Adds what other pixels hold.
    pub fn add(&mut self, more: Self) {
        self.pixels = self.pixels.wrapping_add(more.pixels);
        self.first = self.first.wrapping_add(more.first);
        self.second = self.second.wrapping_add(more.second);
        self.both = self.both.wrapping_add(more.both);
    }
}

/// One mask or two of one length, and which pixels count (all, if None).
#[derive(Clone, Copy)]
pub(crate) struct Masks<'a> {
    pub first: &'a [u8],
    pub second: Option<&'a [u8]>,
    pub valid: Option<&'a [u8]>,
}

impl Masks<'_> {
    /// Counts all pixels.
    pub fn count(self) -> MaskCounts {
        if simd::IS_SMALL { self.count_one_by_one() } else { simd::run(self) }
    }

    fn count_one_by_one(self) -> MaskCounts {
        let is_true = |mask: &[u8], at: usize| mask.get(at).is_some_and(|byte| *byte != 0);
        let [mut pixels, mut first, mut second, mut both] = [0_usize; 4];
        for at in 0..self.first.len() {
            if self.valid.is_none_or(|valid| is_true(valid, at)) {
                let in_first = usize::from(is_true(self.first, at));
                let in_second = usize::from(self.second.is_some_and(|second| is_true(second, at)));
                pixels += 1;
                first += in_first;
                second += in_second;
                both += in_first & in_second;
            }
        }
        let [pixels, first, second, both] = [pixels, first, second, both].map(|count| count as i64);
        MaskCounts { pixels, first, second, both }
    }
}

impl Kernel for Masks<'_> {
    type Output = MaskCounts;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> MaskCounts {
        // The bytes behind the end are 0, so they are true in no mask.
        let [mut of_first, mut of_second, mut of_valid] = [const { Room::new() }; 3];
        let first = Columns::new(self.first, &mut of_first);
        let second = Columns::optional(self.second, &mut of_second);
        let valid = Columns::optional(self.valid, &mut of_valid);
        let mut counts = MaskCounts::default();
        for index in 0..self.first.len().div_ceil(64) {
            let mut first = simd.bits_of_bytes(first.get(index));
            let mut second = match &second {
                Some(second) => simd.bits_of_bytes(second.get(index)),
                None => 0,
            };
            if let Some(valid) = &valid {
                let valid = simd.bits_of_bytes(valid.get(index));
                counts.pixels += i64::from(valid.count_ones());
                first &= valid;
                second &= valid;
            }
            counts.first += i64::from(first.count_ones());
            counts.second += i64::from(second.count_ones());
            counts.both += i64::from((first & second).count_ones());
        }
        if self.valid.is_none() {
            counts.pixels = self.first.len() as i64;
        }
        counts
    }
}
