//! The fastest way into an exact sum: a trial of registers of terms that need not lie in memory.
//!
//! A term is a significand of 24 bits, shifted: `x = s 2^e`. With the unit `2^q` the shifted `s << (e - q)`, cut off
//! at 32 bits, is x in units, but for a multiple of 2^32; such integers are added, wrapping. Which multiple of 2^32
//! the sum lacks is known from a plain sum A of the same floats: it needs to be right to less than half of `2^(q+32)`.
//!
//! ```text
//! L = sum of s << (e - q), modulo 2^32      H = round((A - L 2^q) / 2^(q+32))      sum = (L + 2^32 H) 2^q
//! ```
//!
//! A lane of [`REGISTERS`] terms, none negative, has an A within `31 * 2^-24 A`. Its bound [`MOST`] makes that 0.37 of
//! `2^(q+32)`; the rounding of the quotient adds 0.01, what was put aside 0.02. With signs A may cancel, and the terms
//! themselves are bounded: by `2^(q+45)`, which makes it 0.26, and the rounding 0.02. (docs/exactness.md has the
//! proof.)
//!
//! Terms below `2^(q+23)` are put aside, and the few that there are added one by one. So a window has 22 binades or
//! more. A trial that fails (too great, not finite, many too small) leaves nothing behind: the terms go the way of
//! [`super::block`]. The way of a term changes the time, never the sum.
//!
//! It is for terms that come from registers, and for what takes three levels there. It needs one instruction that
//! shifts each lane by its own count.
//!
//! **Limit**, in cycles for 16 terms, measured on Zen 4 with AVX-512: differences, squared and added, take 5.6 from
//! the cache, where three levels take 15 through a block in memory and two take 6.5 without it, which hold too few
//! binades for squares. The two shifts, the difference and A share two of four pipes, 4 cycles; a part of the sum adds
//! one, signs two operations on any pipe. A conversion to doubles or to `i64` would take those pipes for longer: 7.2
//! and 6.8 in all.

use super::ExactSum;
use super::block::Blocks;
use super::window::power_of_two;
use super::words::{Floats, WORDS, Words};
use crate::simd::{Bits, Lanes, Mask, Simd, flat, vectors_mut};

/// How many registers of terms a trial has at most.
pub(crate) const REGISTERS: usize = 32;

/// The most that A may be in a lane, in units of 2^32.
const MOST: f32 = 196_608.0;

/// How far above its unit a window ends: with signs it holds nothing beyond, without them most of what is a half more.
const TOP: i32 = 45;

/// The lowest bit of a significand, from which on a window holds terms.
const LEAST: i32 = 23;

/// Whether any tier makes trials: [`Simd::SHIFTS_EACH`].
const TRIALS: bool = cfg!(target_arch = "x86_64");

/// What a trial adds to. (No stack where there are none.)
const TRIAL_WORDS: usize = if TRIALS { WORDS } else { 0 };

/// How many registers with terms to put aside there may be; half of them are left for a trial.
const ASIDE: usize = if TRIALS { 8 } else { 0 };

/// The words move to the digits after so many trials: the highest take at most 2^18 each.
const MOST_TRIALS: u32 = 1 << 12;

/// The longest pause between trials, in blocks.
const LONGEST_PAUSE: u32 = 64;

/// `1.5 * 2^23`: floats beside it are integers.
const TO_INTEGER: f32 = 12_582_912.0;

/// What `TO_INTEGER` is made of a lane's A: the 1 that its L had.
const TO_HIGH: f32 = TO_INTEGER + 1.0;

/// A sum, or a sum and that of a part of its terms, added to by trials or by blocks; lives for one call of an update.
pub(crate) struct Quick<'a, const SUMS: usize> {
    blocks: Blocks<'a, 12, -160, 1, SUMS>,
    /// The lower half of L, the upper half, H.
    words: [Words<TRIAL_WORDS>; SUMS],
    /// Terms that were put aside, with zeros between, and how many registers that takes.
    aside: [Aside; SUMS],
    registers_aside: usize,
    state: TrialState,
}

type Aside = [f32; ASIDE * 16];

/// What a trial depends on: the same for any number of sums.
struct TrialState {
    /// q.
    unit: i32,
    /// How many lanes a register has; a level has as many words.
    lanes: usize,
    /// How many trials there were since the last flush.
    trials: u32,
    /// How many blocks go another way before the next trial.
    pause: u32,
    /// How many after the next trial that fails.
    patience: u32,
}

impl TrialState {
    /// Moves the words to the digits.
    #[inline(never)]
    fn flush(&mut self, sums: &mut [&mut ExactSum], words: &mut [Words<TRIAL_WORDS>]) {
        for (sum, words) in sums.iter_mut().zip(words) {
            let bias = TO_INTEGER.to_bits().wrapping_mul(self.trials);
            let units = [(0, self.unit), (0, self.unit + 16), (bias, self.unit + 32)];
            for (words, (bias, unit)) in words.level_words(self.lanes).zip(units) {
                sum.add_words(words, bias, unit);
            }
            sum.normalize();
        }
        self.trials = 0;
    }

    /// After a trial that failed: the window is put where the greatest of the lanes is one that it holds. If that does
    /// not help the next blocks go another way.
    #[cold]
    #[inline(never)]
    fn retune(&mut self, lane_sums: &[f32], sums: &mut [&mut ExactSum], words: &mut [Words<TRIAL_WORDS>]) {
        let greatest = lane_sums.iter().map(|sum| sum.to_bits()).fold(0, u32::max);
        let exponent = (greatest >> 23) as i32 - 127;
        let unit = (exponent - 48).clamp(-149, 60);
        let is_better = unit != self.unit && exponent < 128;
        if is_better {
            self.flush(sums, words);
            self.unit = unit;
        }
        if self.patience > 1 || !is_better {
            self.pause = self.patience;
        }
        self.patience = (2 * self.patience).min(LONGEST_PAUSE);
    }
}

/// Adds what was put aside in so many floats.
#[inline(never)]
fn add_aside(count: usize, sums: &mut [&mut ExactSum], aside: &[Aside]) {
    for (sum, floats) in sums.iter_mut().zip(aside) {
        let floats = floats.iter().take(count).filter(|float| **float != 0.0);
        floats.for_each(|float| sum.add_term(*float));
    }
}

impl<'a, const SUMS: usize> Quick<'a, SUMS> {
    /// Starts to add to the sums of blocks, with a window for terms below `2^top`. [`Self::finish`] must be called at
    /// the end.
    #[inline(always)]
    pub fn new(blocks: Blocks<'a, 12, -160, 1, SUMS>, top: i32) -> Self {
        let words = [const { Words::NONE }; SUMS];
        let aside = [[0.0; ASIDE * 16]; SUMS];
        let lanes = blocks.state.lanes;
        let state = TrialState { unit: top - TOP, lanes, trials: 0, pause: 0, patience: 1 };
        Self { blocks, words, aside, registers_aside: 0, state }
    }

    /// Whether the next trial is worth its time; to be asked once a block.
    #[inline(always)]
    pub fn is_promising(&mut self) -> bool {
        let is_promising = self.state.pause == 0;
        self.state.pause = self.state.pause.saturating_sub(1);
        is_promising
    }

    /// Begins a trial of at most [`REGISTERS`] registers. With signs terms may be negative. On tiers without
    /// [`Simd::SHIFTS_EACH`] it is slow.
    #[inline(always)]
    pub fn trial<S: Simd, const SIGNED: bool>(&mut self, simd: S) -> Trial<'_, 'a, S, SUMS, SIGNED> {
        let zero = S::Register::splat(simd, 0.0);
        Trial {
            least: zero.constant(power_of_two(self.state.unit + LEAST)),
            low: [zero.to_bits(); SUMS],
            near: [zero; SUMS],
            greatest: zero.to_bits(),
            registers_aside: self.registers_aside,
            quick: self,
        }
    }

    /// Adds a block whose trial failed or was not made: see [`Blocks::add`].
    #[inline(always)]
    pub fn add<S: Simd>(&mut self, simd: S, floats: &mut [f32], marks: &[u8]) {
        self.blocks.add(simd, floats, marks);
    }

    /// Moves everything to the digits and makes them canonical.
    #[inline(never)]
    pub fn finish(&mut self) {
        if TRIALS && (self.state.trials > 0 || self.registers_aside > 0) {
            self.flush();
        }
        self.blocks.finish();
    }

    #[inline(never)]
    fn flush(&mut self) {
        self.add_aside();
        self.state.flush(&mut self.blocks.sums, &mut self.words);
    }

    #[inline(never)]
    fn add_aside(&mut self) {
        add_aside(self.registers_aside * self.state.lanes, &mut self.blocks.sums, &self.aside);
        self.registers_aside = 0;
    }
}

/// Terms that are added while it is found out whether the window holds them.
pub(crate) struct Trial<'t, 'a, S: Simd, const SUMS: usize, const SIGNED: bool> {
    /// The smallest size that the window holds.
    least: S::Register,
    /// L.
    low: [<S::Register as Lanes>::Bits; SUMS],
    /// A.
    near: [S::Register; SUMS],
    /// With signs: the greatest size.
    greatest: <S::Register as Lanes>::Bits,
    /// How many registers with terms are aside.
    registers_aside: usize,
    quick: &'t mut Quick<'a, SUMS>,
}

impl<S: Simd, const SUMS: usize, const SIGNED: bool> Trial<'_, '_, S, SUMS, SIGNED> {
    #[inline(always)]
    pub fn simd(&self) -> S {
        self.least.simd()
    }

    /// Adds terms, to the second sum those that are marked.
    #[inline(always)]
    pub fn push(&mut self, term: S::Register, marks: Option<<S::Register as Lanes>::Mask>) {
        let zero = term.constant(0.0);
        let size = if SIGNED { term.abs() } else { term };
        let bits = size.to_bits();
        let above = bits - self.least.to_bits();
        // Of small terms the count is huge, and nothing is left.
        let count = above.shr(23);
        let significand = bits & term.constant_bits(0x7f_ffff) | term.constant_bits(0x80_0000);
        let shifted = significand.shl_each(count);
        let integer = if SIGNED {
            self.greatest = self.greatest.max(bits);
            let [minus, plus] = [zero.to_bits() - shifted, shifted].map(S::Register::from_bits);
            S::Register::select(term.lt(zero), minus, plus)
        } else {
            S::Register::from_bits(shifted)
        };
        // The least that is not 0 is above what 0 is here.
        let is_small = S::Register::gt_bits(above, zero.to_bits() - self.least.to_bits());
        if is_small.any() {
            self.put_aside(term, is_small, marks);
        }
        for (sum, (low, near)) in self.low.iter_mut().zip(&mut self.near).enumerate() {
            match marks {
                Some(marks) if sum == 1 => {
                    *low = *low + S::Register::select(marks, integer, zero).to_bits();
                    *near = S::Register::select(marks, *near + term, *near);
                }
                _ => {
                    *low = *low + integer.to_bits();
                    *near = *near + term;
                }
            }
        }
    }

    #[inline(always)]
    fn put_aside(
        &mut self,
        term: S::Register,
        is_small: <S::Register as Lanes>::Mask,
        marks: Option<<S::Register as Lanes>::Mask>,
    ) {
        let zero = term.constant(0.0);
        for (sum, aside) in self.quick.aside.iter_mut().enumerate() {
            let own = match marks {
                Some(marks) if sum == 1 => is_small & marks,
                _ => is_small,
            };
            if let Some(place) = vectors_mut::<Floats<S>, _>(aside).get_mut(self.registers_aside) {
                S::Register::select(own, term, zero).to_floats(place);
            }
        }
        self.registers_aside += 1;
    }

    /// Ends the trial; whether the terms were added. If not, nothing was.
    #[inline(always)]
    pub fn end(self) -> bool {
        let zero = self.least.constant(0.0);
        let quick = self.quick;
        let scale = power_of_two(-(quick.state.unit + 32));
        let all = self.near.first().copied().unwrap_or(zero);
        let inside = if SIGNED {
            let top = power_of_two(quick.state.unit + TOP);
            S::Register::from_bits(self.greatest).lt(zero.constant(top))
        } else {
            (all * scale).lt(zero.constant(MOST))
        };
        if !TRIALS || self.registers_aside > ASIDE || (!inside).any() {
            // In a lane of terms as great as that A may be up to 32 times as much.
            let greatest = S::Register::from_bits(self.greatest) * 16.0;
            let lane_sums = if SIGNED { greatest } else { all }.to_array();
            quick.state.retune(flat(&lane_sums), &mut quick.blocks.sums, &mut quick.words);
            return false;
        }
        for (words, (low, near)) in quick.words.iter_mut().zip(self.low.into_iter().zip(self.near)) {
            // 1 + L / 2^32.
            let one_more = S::Register::from_bits(low.shr(9) | zero.constant_bits(0x3f80_0000));
            let high = (near * scale - one_more) + TO_HIGH;
            let parts = [low & zero.constant_bits(0xffff), low.shr(16), high.to_bits()];
            for (word, part) in words.levels_mut::<S>().iter_mut().zip(parts) {
                let sum = S::Register::from_floats(zero.simd(), word).to_bits() + part;
                S::Register::from_bits(sum).to_floats(word);
            }
        }
        quick.state.trials += 1;
        quick.state.patience = 1;
        quick.registers_aside = self.registers_aside;
        if quick.registers_aside > ASIDE / 2 {
            quick.add_aside();
        }
        if quick.state.trials == MOST_TRIALS {
            quick.flush();
        }
        true
    }
}
