//! The arithmetic of levels: a block of floats, added to the words of exact sums, compiled once per tier.

use super::Exact;
use super::block::{Floats, Words};
use super::window::Window;
use crate::simd::{Bits, Lanes, Mask, Simd, flat_mut};

/// A byte for each float of a register.
pub type Marks<S> = <<S as Simd>::Register as Lanes>::Bytes;

/// What is added to a level of a sum: of the second sum only what is marked.
#[inline(always)]
fn counted<V: Lanes>(sum: usize, marks: Option<V::Mask>, shifted: V, magic: V) -> V {
    match marks {
        Some(marks) if sum == 1 => V::select(marks, shifted, magic),
        _ => shifted,
    }
}

/// A block as registers.
pub struct Registers<'b, S: Simd> {
    pub simd: S,
    pub window: Window,
    pub floats: &'b [Floats<S>],
    pub marks: &'b [Marks<S>],
}

/// A block that is added while it is found out whether the window holds it.
struct Trial<S: Simd, const LEVELS: usize, const SUMS: usize> {
    magics: [S::Register; LEVELS],
    words: [[<S::Register as Lanes>::Bits; LEVELS]; SUMS],
    smallest: S::Register,
    greatest: <S::Register as Lanes>::Bits,
}

impl<S: Simd, const LEVELS: usize, const SUMS: usize> Trial<S, LEVELS, SUMS> {
    #[inline(always)]
    fn add(&mut self, mut rest: S::Register, marks: Option<<S::Register as Lanes>::Mask>) {
        let size = rest.abs().to_bits();
        // Zero becomes the NaN of all bits, which drops out of the minimum.
        self.smallest = S::Register::from_bits(size - rest.constant_bits(1)).min(self.smallest);
        // As integers, sizes without a sign have the order of floats, with NaN on top.
        self.greatest = size.max(self.greatest);
        for (level, magic) in self.magics.iter().enumerate() {
            let shifted = rest + *magic;
            for (sum, words) in self.words.iter_mut().enumerate() {
                if let Some(words) = words.get_mut(level) {
                    *words = *words + counted(sum, marks, shifted, *magic).to_bits();
                }
            }
            rest = rest - (shifted - *magic);
        }
    }
}

impl<S: Simd> Registers<'_, S> {
    /// Adds the block to the words, if it has so many levels. Returns the sizes of a block that the window
    /// does not hold; nothing was added then.
    #[inline(always)]
    pub fn add_levels<const LEVELS: usize, const SUMS: usize>(
        &self,
        kept: &mut [Words; SUMS],
    ) -> Option<[Floats<S>; 2]> {
        let simd = self.simd;
        let zero = S::Register::splat(simd, 0.0);
        let mut trial = Trial::<S, LEVELS, SUMS> {
            magics: [zero; LEVELS],
            words: [[zero.to_bits(); LEVELS]; SUMS],
            smallest: zero.constant(f32::INFINITY),
            greatest: zero.to_bits(),
        };
        for (level, magic) in trial.magics.iter_mut().enumerate() {
            *magic = zero.constant(self.window.magic(level));
        }
        for (words, kept) in trial.words.iter_mut().zip(kept.iter()) {
            for (words, kept) in words.iter_mut().zip(kept.levels::<S>()) {
                *words = S::Register::from_floats(simd, kept).to_bits();
            }
        }
        if SUMS == 1 {
            for floats in self.floats {
                trial.add(S::Register::from_floats(simd, floats), None);
            }
        } else {
            for (floats, marks) in self.floats.iter().zip(self.marks) {
                let marks = S::Register::mask_from_bytes(simd, marks);
                trial.add(S::Register::from_floats(simd, floats), Some(marks));
            }
        }
        let greatest = S::Register::from_bits(trial.greatest);
        if self.window.misses(trial.smallest, greatest).any() {
            return Some([trial.smallest.to_array(), greatest.to_array()]);
        }
        if self.window.levels != LEVELS {
            return None;
        }
        for (words, kept) in trial.words.iter().zip(kept) {
            for (words, kept) in words.iter().zip(kept.levels_mut::<S>()) {
                *kept = S::Register::from_bits(*words).to_array();
            }
        }
        None
    }
}

/// Adds a block, which the window holds, level by level; what a level leaves takes the place of the terms.
#[inline(always)]
pub fn peel<
    S: Simd,
    const DIGITS: usize,
    const LOWEST: i32,
    const POWER: i32,
    const SUMS: usize,
>(
    simd: S,
    window: Window,
    floats: &mut [Floats<S>],
    marks: &[Marks<S>],
    sums: &mut [&mut Exact<DIGITS, LOWEST, POWER>; SUMS],
) {
    for level in 0..window.levels {
        let magic = window.magic(level);
        let bias = magic.to_bits().wrapping_mul(floats.len() as u32);
        let magic = S::Register::splat(simd, magic);
        let mut words = [magic.constant(0.0).to_bits(); SUMS];
        for (index, floats) in floats.iter_mut().enumerate() {
            let marks = mask::<S, SUMS>(simd, marks, index);
            let float = S::Register::from_floats(simd, floats);
            let shifted = float + magic;
            for (sum, words) in words.iter_mut().enumerate() {
                *words = *words + counted(sum, marks, shifted, magic).to_bits();
            }
            (float - (shifted - magic)).to_floats(floats);
        }
        for (words, sum) in words.iter().zip(sums.iter_mut()) {
            let mut words = S::Register::from_bits(*words).to_array();
            sum.add_words(flat_mut(&mut words), bias, window.unit(level));
        }
    }
}

/// What is marked of the register at an index; None: of one sum nothing is.
#[inline(always)]
fn mask<S: Simd, const SUMS: usize>(
    simd: S,
    marks: &[Marks<S>],
    index: usize,
) -> Option<<S::Register as Lanes>::Mask> {
    if SUMS == 1 {
        return None;
    }
    match marks.get(index) {
        Some(marks) => Some(S::Register::mask_from_bytes(simd, marks)),
        None => None,
    }
}
