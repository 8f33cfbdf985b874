//! The words that levels are added to before they move to the digits, as registers of the tier that runs.

use crate::simd::{IS_SMALL, Lanes, Simd, vectors, vectors_mut};

/// How many levels have words that are kept from block to block. Windows of more levels are rare.
pub(super) const KEPT_LEVELS: usize = 3;

/// The most lanes of a register.
pub(super) const MOST_LANES: usize = if IS_SMALL { 1 } else { 16 };

/// A register of floats, as it lies in memory.
pub(crate) type Floats<S> = <<S as Simd>::Register as Lanes>::Floats;

/// The words of the levels of a sum, level after level. A level has as many words as a register has lanes.
#[cfg_attr(target_pointer_width = "64", repr(align(64)))]
pub(super) struct Words<const COUNT: usize = WORDS>([u32; COUNT]);

/// How many words the levels of a sum need.
pub(super) const WORDS: usize = KEPT_LEVELS * MOST_LANES;

impl<const COUNT: usize> Words<COUNT> {
    pub const NONE: Self = Self([0; COUNT]);

    /// The words of each level, for registers of so many lanes.
    pub fn level_words(&mut self, lanes: usize) -> impl Iterator<Item = &mut [u32]> {
        self.0.chunks_mut(lanes.max(1))
    }

    #[inline(always)]
    pub fn levels<S: Simd>(&self) -> &[Floats<S>] {
        vectors(&self.0)
    }

    #[inline(always)]
    pub fn levels_mut<S: Simd>(&mut self) -> &mut [Floats<S>] {
        vectors_mut(&mut self.0)
    }
}
