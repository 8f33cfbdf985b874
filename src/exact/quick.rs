//! The fastest way into an exact sum: a trial of registers of terms that need not lie in memory.
//!
//! A term is a shifted significand of 24 bits: `x = s 2^e`. Let `2^q` be the unit. Then `s << (e - q)`, of which the
//! lowest 32 bits are kept, is x in units, except for a multiple of 2^32. Such integers are added with wrapping. A
//! plain sum A of the same floats tells which multiple of 2^32 is missing in their sum. For that the error of A must be
//! less than half of `2^(q+32)`.
//!
//! ```text
//! L = sum of s << (e - q), modulo 2^32      H = round((A - L 2^q) / 2^(q+32))      sum = (L + 2^32 H) 2^q
//! ```
//!
//! If no term is negative, the A of a lane of [`REGISTERS`] terms has an error of at most `31 * 2^-24 A`. Since A is
//! below [`MOST`], that is 0.37 of `2^(q+32)`. The rounding of the quotient adds 0.01, and the terms that were put
//! aside add 0.02. If terms have signs, A may cancel. Therefore the terms themselves must be below `2^(q+45)` then.
//! That makes the error of A 0.26, and the rounding adds 0.02. (docs/exactness.md has the proof.)
//!
//! Terms below `2^(q+23)` are put aside and added one by one, as long as they are few. So a window has 22 binades or
//! more. A trial fails if a term is too great or not finite, or if many are too small. Then it leaves nothing behind,
//! and its terms are added by [`super::block`]. The way of a term changes the time, never the sum.
//!
//! A trial is for terms that come from registers and would need three levels. It needs an instruction that shifts each
//! lane by its own count.
//!
//! **Limit**, in cycles for 16 terms, measured on Zen 4 with AVX-512: to read values from the cache, and to square and
//! add their differences takes 5.6. Three levels take 15 through a block in memory. Two levels take 6.5 without such a
//! block, but hold too few binades for squares. The two shifts, the difference and A share two of four pipes: 4 cycles.
//! A second sum of the marked terms adds one operation, and signs add two, on any pipe. A conversion to doubles or to
//! `i64` would take those two pipes for longer: 7.2 and 6.8 cycles in all.

use super::ExactSum;
use super::block::Blocks;
use super::window::power_of_two;
use super::words::{Floats, WORDS, Words};
use crate::simd::{Bits, Lanes, Mask, Simd, flat, vectors_mut};

/// How many registers of terms a trial has at most.
pub(crate) const REGISTERS: usize = 32;

/// A of a lane without signs is below this, in multiples of `2^(q+32)`.
const MOST: f32 = 196_608.0;

/// The exponent at which a window ends, counted from that of its unit. A trial with signs holds no term beyond it. A
/// trial without signs only bounds the sum of a lane, by [`MOST`], so it holds some terms beyond it.
const TOP: i32 = 45;

/// The exponent at which a window begins, counted from that of its unit. A term at its beginning has its last bit at
/// the unit.
const LEAST: i32 = 23;

/// Whether any tier makes trials: [`Simd::SHIFTS_EACH`].
const TRIALS: bool = cfg!(target_arch = "x86_64");

/// How many words a trial adds to. (Where there are no trials they take no stack.)
const TRIAL_WORDS: usize = if TRIALS { WORDS } else { 0 };

/// How many registers of terms may be put aside. At least half of them are free when a trial begins.
const ASIDE: usize = if TRIALS { 8 } else { 0 };

/// The words are moved to the digits after so many trials. A trial adds at most 2^18 to a word of H.
const MOST_TRIALS: u32 = 1 << 12;

/// The longest pause between trials, in blocks.
const LONGEST_PAUSE: u32 = 64;

/// `1.5 * 2^23`: the floats around it are integers.
const TO_INTEGER: f32 = 12_582_912.0;

/// Added to the difference of A and `1 + L / 2^32` it gives `TO_INTEGER` plus an integer: the 1 is added again.
const TO_HIGH: f32 = TO_INTEGER + 1.0;

/// Adds to a sum by trials or by blocks, and perhaps to a second sum of the marked terms. It lives for one call of an
/// update.
pub(crate) struct Quick<'a, const SUMS: usize> {
    blocks: Blocks<'a, 12, -160, 1, SUMS>,
    /// Three levels of words: the lower half of L, the upper half of L, and H.
    words: [Words<TRIAL_WORDS>; SUMS],
    /// The terms that were put aside, with zeros between them, and how many registers hold them.
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
    /// How many blocks are added without a trial before the next trial.
    pause: u32,
    /// How long the pause is after the next trial that fails.
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

    /// Is called after a trial that failed. It moves the window so that it holds the greatest sum of a lane. If that is
    /// no new window, the next blocks are added without trials.
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

/// Adds the terms that were put aside, which are among the first `count` floats.
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

    /// Whether a trial of the next block is worth its time. It must be asked once a block.
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

/// Adds terms, and finds out meanwhile whether the window holds them.
pub(crate) struct Trial<'t, 'a, S: Simd, const SUMS: usize, const SIGNED: bool> {
    /// The smallest size that the window holds.
    least: S::Register,
    /// L.
    low: [<S::Register as Lanes>::Bits; SUMS],
    /// A.
    near: [S::Register; SUMS],
    /// The greatest size of a term. (It is only needed with signs.)
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

    /// Adds terms to the first sum, and those that are marked to the second sum.
    #[inline(always)]
    pub fn push(&mut self, term: S::Register, marks: Option<<S::Register as Lanes>::Mask>) {
        let zero = term.constant(0.0);
        let size = if SIGNED { term.abs() } else { term };
        let bits = size.to_bits();
        let above = bits - self.least.to_bits();
        // The count of a small term is huge, and its shift leaves 0.
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
        // For sizes between 0 and `least` the difference wraps to more than it is for 0; for all others it is not more.
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

    /// Ends the trial. Returns whether the terms were added; if not, nothing was.
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
            // A of a lane of terms of that size may be up to 32 times as great.
            let greatest = S::Register::from_bits(self.greatest) * 16.0;
            let lane_sums = if SIGNED { greatest } else { all }.to_array();
            quick.state.retune(flat(&lane_sums), &mut quick.blocks.sums, &mut quick.words);
            return false;
        }
        for (words, (low, near)) in quick.words.iter_mut().zip(self.low.into_iter().zip(self.near)) {
            // `1 + L / 2^32`.
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
