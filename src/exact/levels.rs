//! The arithmetic of levels: a block of floats, added to the words of exact sums, compiled once per tier.

use super::Exact;
use super::window::Window;
use super::words::{Floats, Words};
use crate::simd::{Lanes, Simd, flat, flat_mut};

/// A byte for each float of a register.
pub type Marks<S> = <<S as Simd>::Register as Lanes>::Bytes;

/// What is added to a level of a sum. The second sum gets only what is marked.
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

/// Adds a block, and finds out meanwhile whether the window holds it.
struct BlockPass<S: Simd, const MOST_LEVELS: usize, const SUMS: usize> {
    magics: [S::Register; MOST_LEVELS],
    words: [[<S::Register as Lanes>::Bits; MOST_LEVELS]; SUMS],
    levels: usize,
    /// The bits in which the first level of any term differed from M.
    outside: <S::Register as Lanes>::Bits,
    /// The bits in which what the last level took differed from what was left for it.
    left: <S::Register as Lanes>::Bits,
}

impl<S: Simd, const MOST_LEVELS: usize, const SUMS: usize> BlockPass<S, MOST_LEVELS, SUMS> {
    #[inline(always)]
    fn add(&mut self, mut rest: S::Register, marks: Option<<S::Register as Lanes>::Mask>) {
        for (level, magic) in self.magics.iter().enumerate().take(self.levels) {
            let shifted = rest + *magic;
            for (sum, words) in self.words.iter_mut().enumerate() {
                if let Some(words) = words.get_mut(level) {
                    *words = *words + counted(sum, marks, shifted, *magic).to_bits();
                }
            }
            let taken = shifted - *magic;
            if level == 0 {
                self.outside = self.outside | (shifted.to_bits() ^ magic.to_bits());
            }
            if level + 1 == self.levels {
                self.left = self.left | (rest.to_bits() ^ taken.to_bits());
            }
            rest = rest - taken;
        }
    }

    /// Whether the window held all terms. (The sign does not count: of -0 the sign is left.)
    #[inline(always)]
    fn holds(&self, zero: S::Register) -> bool {
        let outside = self.outside & zero.constant_bits(Window::OUTSIDE);
        let left = self.left & zero.constant_bits(0x7fff_ffff);
        let lanes = S::Register::from_bits(outside | left).to_array();
        flat::<_, u32>(&lanes).iter().fold(0, |all, lane| all | lane) == 0
    }
}

impl<S: Simd> Registers<'_, S> {
    /// Adds the block to the words, if the window holds it. The window has `levels` levels; where the compiler knows
    /// their number it is `MOST_LEVELS`.
    #[inline(always)]
    pub fn add_levels<const MOST_LEVELS: usize, const SUMS: usize>(
        &self,
        levels: usize,
        kept: &mut [Words; SUMS],
    ) -> bool {
        let simd = self.simd;
        let zero = S::Register::splat(simd, 0.0);
        let mut pass = BlockPass::<S, MOST_LEVELS, SUMS> {
            magics: [zero; MOST_LEVELS],
            words: [[zero.to_bits(); MOST_LEVELS]; SUMS],
            levels,
            outside: zero.to_bits(),
            left: zero.to_bits(),
        };
        for (level, magic) in pass.magics.iter_mut().enumerate() {
            *magic = zero.constant(self.window.magic(level));
        }
        for (words, kept) in pass.words.iter_mut().zip(kept.iter()) {
            for (words, kept) in words.iter_mut().zip(kept.levels::<S>()) {
                *words = S::Register::from_floats(simd, kept).to_bits();
            }
        }
        if SUMS == 1 {
            for floats in self.floats {
                pass.add(S::Register::from_floats(simd, floats), None);
            }
        } else {
            for (floats, marks) in self.floats.iter().zip(self.marks) {
                let marks = S::Register::mask_from_bytes(simd, marks);
                pass.add(S::Register::from_floats(simd, floats), Some(marks));
            }
        }
        let holds = pass.holds(zero);
        if holds {
            for (words, kept) in pass.words.iter().zip(kept) {
                for (words, kept) in words.iter().zip(kept.levels_mut::<S>()) {
                    *kept = S::Register::from_bits(*words).to_array();
                }
            }
        }
        holds
    }
}

/// Adds a block level by level, if it is known that the window holds it. What a level leaves takes the place of the
/// terms.
#[inline(always)]
pub fn peel<S: Simd, const DIGITS: usize, const LOWEST: i32, const POWER: i32, const SUMS: usize>(
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

/// Which floats of the register at an index are marked. None: there is one sum, and no marks.
#[inline(always)]
fn mask<S: Simd, const SUMS: usize>(simd: S, marks: &[Marks<S>], index: usize) -> Option<<S::Register as Lanes>::Mask> {
    if SUMS == 1 {
        return None;
    }
    match marks.get(index) {
        Some(marks) => Some(S::Register::mask_from_bytes(simd, marks)),
        None => None,
    }
}
