//! The fast way into an exact sum: blocks of terms, summed in `i64` lanes.
//!
//! A **level** turns a term x into an integer without leaving the floating-point unit. With
//! `M = 1.5 * 2^(52+q)` the double `t = x + M` lies between `2^(52+q)` and `2^(53+q)`, where
//! doubles are `2^q` apart: the bits of t, read as an integer, count multiples of `2^q`. Adding
//! the bits to an `i64` lane (wrapping) and subtracting `bits(M)` as often as something was added
//! gives the sum of x rounded to multiples of `2^q`. What the rounding left, `r = x - (t - M)`,
//! is exact and at most `2^(q-1)`: the next level takes it, with q lower by [`LEVEL_BITS`].
//!
//! So L levels hold every x below `2^(q+50)` that is a multiple of `2^(q-50(L-1))`: f32 terms
//! of 27 binades with one level, 77 with two, 177 with four. A [`Window`] is such a choice; it is
//! kept from block to block and changed when a block does not fit. A block that no window holds
//! is added term by term. The way of a term changes the time, never the sum.
//!
//! Limit: about 11 vector operations per 16 terms with one level, all independent; a quarter of
//! the time of the cheapest kernel here.

use super::Exact;
use crate::simd::{Bits, Doubles, Kernel, Lanes, Simd, Tile, flat, flat_mut};
use bytemuck::Zeroable;

/// What one level holds above its unit: `x + M` is exact to the unit for x below `2^(q+51)`, and
/// one bit is kept for the rounding of the level.
const LEVEL_BITS: i32 = 50;

/// After `2^12` additions of at most `2^50` units a lane holds `2^62` at most.
const MOST_ADDITIONS: u32 = 1 << 12;

/// How far above its block a new window reaches. Loss terms grow little and shrink far, so the
/// rest of the spare room goes below.
const HEADROOM: i32 = 8;

/// Levels that a window may have.
const LEVELS: [usize; 3] = [1, 2, 4];
const MOST_LEVELS: usize = 4;

const INFINITY_BITS: u32 = 0x7f80_0000;

/// A finite float as an integer times a power of two.
pub(super) struct Unpacked {
    /// Signed, below 2^24 in size.
    pub significand: i32,
    /// From -149 (subnormal and the smallest normal floats) to 104.
    pub exponent: i32,
}

impl Unpacked {
    /// None for NaN and infinity.
    #[inline(always)]
    pub fn new(float: f32) -> Option<Self> {
        const HIDDEN_BIT: u32 = 1 << 23;
        let bits = float.to_bits();
        let biased = bits >> 23 & 0xff;
        let fraction = (bits & (HIDDEN_BIT - 1)) as i32;
        let significand = if biased == 0 { fraction } else { fraction | HIDDEN_BIT as i32 };
        float.is_finite().then_some(Self {
            significand: if float.is_sign_negative() { -significand } else { significand },
            exponent: biased.max(1) as i32 - 150,
        })
    }
}

/// Where the terms of a block lie: all are multiples of `2^unit` and below `2^top` in size.
#[derive(Clone, Copy)]
pub(crate) struct Extent {
    pub unit: i32,
    pub top: i32,
}

/// Levels that hold terms exactly: units `2^highest_unit`, then lower by [`LEVEL_BITS`] each.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    highest_unit: i32,
    pub levels: usize,
}

impl Window {
    /// Holds no term but zero.
    const NONE: Self = Self { highest_unit: 0, levels: 0 };

    fn holds(self, extent: Extent) -> bool {
        self.levels > 0
            && extent.top <= self.highest_unit + LEVEL_BITS
            && extent.unit >= self.unit(self.levels - 1)
    }

    /// The exponent of a level's unit.
    #[inline(always)]
    pub fn unit(self, level: usize) -> i32 {
        self.highest_unit - LEVEL_BITS * level as i32
    }

    /// `1.5 * 2^(52 + unit)`: what a level adds.
    #[inline(always)]
    pub fn magic(self, level: usize) -> f64 {
        let biased = (1023 + 52 + self.unit(level)) as u64;
        f64::from_bits(biased << 52 | 1 << 51)
    }

    /// The fewest levels that hold the extent, with spare room on both sides.
    pub fn around(extent: Extent, lowest: i32) -> Option<Self> {
        LEVELS.into_iter().find_map(|levels| {
            let spare = LEVEL_BITS * levels as i32 - (extent.top - extent.unit);
            let above = (spare / 2).min(HEADROOM);
            // The lowest unit may not fall below the lowest digit.
            let lowest_allowed = lowest + LEVEL_BITS * (levels as i32 - 1);
            let highest_unit = (extent.top - LEVEL_BITS + above).max(lowest_allowed);
            (spare >= 0).then_some(Self { highest_unit, levels })
        })
    }
}

/// The sizes of the floats of a tile, as bits without a sign.
struct Sizes {
    /// The least that is not zero; above infinity if all are zero.
    smallest: u32,
    /// The greatest; a NaN is above infinity.
    greatest: u32,
}

type Wide<S> = <<S as Simd>::Register as Lanes>::Doubles;
type Words<S> = <Wide<S> as Doubles>::Array;

/// Adds the terms of floats to an exact sum, vector by vector; lives for one call of an update.
pub struct Accumulator<'a, S: Simd, const DIGITS: usize, const LOWEST: i32, const POWER: i32> {
    simd: S,
    sum: &'a mut Exact<DIGITS, LOWEST, POWER>,
    tile: Tile,
    /// How many floats were pushed.
    pushed: usize,
    window: Window,
    words: [Words<S>; MOST_LEVELS],
    /// How often something was added to each word since the last flush.
    additions: u32,
}

impl<'a, S: Simd, const DIGITS: usize, const LOWEST: i32, const POWER: i32>
    Accumulator<'a, S, DIGITS, LOWEST, POWER>
{
    /// Starts to add to a sum. [`Self::finish`] must be called at the end.
    #[inline(always)]
    pub fn new(simd: S, sum: &'a mut Exact<DIGITS, LOWEST, POWER>) -> Self {
        let words = [Words::<S>::zeroed(); MOST_LEVELS];
        Self { simd, sum, tile: Tile::new(), pushed: 0, window: Window::NONE, words, additions: 0 }
    }

    /// Adds the terms of a vector of floats, of whole registers.
    #[inline(always)]
    pub fn push<V: Lanes<Simd = S>>(&mut self, floats: V) {
        if self.tile.is_full::<V>() {
            self.add_tile();
        }
        self.tile.push(floats);
        self.pushed += V::LANES;
    }

    /// Moves everything to the digits and makes them canonical. Only the first `length` floats
    /// that were pushed count: the last vector may be padded. (By reference: a move would copy the
    /// tile.)
    #[inline(always)]
    pub fn finish(&mut self, length: usize) {
        let padding = self.pushed.saturating_sub(length);
        self.tile.filled_mut().iter_mut().rev().take(padding).for_each(|float| *float = 0.0);
        self.add_tile();
        self.flush();
        self.sum.normalize();
    }

    /// Adds what the tile holds, as a call of its own: all kernels share this code.
    #[inline(always)]
    fn add_tile(&mut self) {
        self.simd.call(AddTile { to: self });
        self.tile.clear();
    }

    /// Where the terms of the tile lie, once what is not finite was counted and replaced; None if
    /// all are zero.
    #[inline(always)]
    fn extent(&mut self) -> Option<Extent> {
        let mut sizes = self.sizes();
        if sizes.greatest >= INFINITY_BITS {
            self.take_non_finite();
            sizes = self.sizes();
        }
        let smallest = Unpacked::new(f32::from_bits(sizes.smallest))?;
        let greatest = Unpacked::new(f32::from_bits(sizes.greatest))?;
        Some(Extent { unit: smallest.exponent * POWER, top: (greatest.exponent + 24) * POWER })
    }

    /// The filled registers of the tile.
    #[inline(always)]
    fn registers(&self) -> &[<S::Register as Lanes>::Floats] {
        bytemuck::try_cast_slice(self.tile.filled()).unwrap_or(&[])
    }

    #[inline(always)]
    fn sizes(&self) -> Sizes {
        let zero = S::Register::splat(self.simd, 0.0);
        let one = zero.constant_bits(1);

        let mut smallest = zero.constant(f32::INFINITY);
        let mut greatest = zero.to_bits();
        for vector in self.registers() {
            let size = S::Register::from_floats(self.simd, vector).abs().to_bits();
            // Zero becomes the NaN of all bits, which drops out of the minimum.
            smallest = S::Register::from_bits(size - one).min(smallest);
            // As integers, sizes without a sign have the order of floats, with NaN on top.
            greatest = size.max(greatest);
        }
        let least = |floats: <S::Register as Lanes>::Floats| {
            flat::<_, u32>(&floats).iter().copied().fold(u32::MAX - 1, u32::min)
        };
        let most = |floats: <S::Register as Lanes>::Floats| {
            flat::<_, u32>(&floats).iter().copied().fold(0, u32::max)
        };
        Sizes {
            smallest: least(smallest.to_array()) + 1,
            greatest: most(S::Register::from_bits(greatest).to_array()),
        }
    }

    #[inline(always)]
    fn add_levels<const LEVELS: usize>(&mut self) {
        let Some(kept) = self.words.first_chunk::<LEVELS>() else { return };
        let mut magic = [Wide::<S>::splat(self.simd, 0.0); LEVELS];
        let mut words = [Wide::<S>::words(self.simd, &Words::<S>::zeroed()); LEVELS];
        for (level, (magic, (words, kept))) in
            magic.iter_mut().zip(words.iter_mut().zip(kept.iter())).enumerate()
        {
            *magic = Wide::<S>::splat(self.simd, self.window.magic(level));
            *words = Wide::<S>::words(self.simd, kept);
        }
        for vector in self.registers() {
            let float = S::Register::from_floats(self.simd, vector).widen();
            // A float has 24 bits, so its square is exact.
            let mut rest = if POWER == 2 { float * float } else { float };
            for (magic, words) in magic.iter().zip(&mut words) {
                let shifted = rest + *magic;
                *words = shifted.add_bits(*words);
                rest = rest - (shifted - *magic);
            }
        }
        for (kept, words) in self.words.iter_mut().zip(words) {
            *kept = Wide::<S>::to_array(words);
        }
        self.additions += self.registers().len() as u32;
    }

    /// Moves the words to the digits. These grow by less than 2^32 each, so 2^30 flushes fit before
    /// they must be made canonical.
    #[inline(never)]
    fn flush(&mut self) {
        for (level, words) in self.words.iter_mut().enumerate().take(self.window.levels) {
            let magic = self.window.magic(level).to_bits() as i64;
            let bias = magic.wrapping_mul(i64::from(self.additions));
            self.sum.add_words(flat_mut(words), bias, self.window.unit(level));
        }
        self.additions = 0;
    }

    #[inline(always)]
    fn add(&mut self) {
        let Some(extent) = self.extent() else { return };
        if self.additions + self.registers().len() as u32 > MOST_ADDITIONS {
            self.flush();
        }
        if !self.window.holds(extent) {
            self.flush();
            match Window::around(extent, LOWEST) {
                Some(window) => self.window = window,
                None => return self.add_one_by_one(),
            }
        }
        match self.window.levels {
            1 => self.add_levels::<1>(),
            2 => self.add_levels::<2>(),
            _ => self.add_levels::<4>(),
        }
    }

    #[cold]
    #[inline(never)]
    fn take_non_finite(&mut self) {
        self.sum.count_non_finite(self.tile.filled());
        for float in self.tile.filled_mut() {
            *float = if float.is_finite() { *float } else { 0.0 };
        }
    }

    #[cold]
    #[inline(never)]
    fn add_one_by_one(&mut self) {
        for float in self.tile.filled() {
            self.sum.add_term(*float);
        }
        self.sum.normalize();
    }
}

struct AddTile<'b, 'a, S: Simd, const DIGITS: usize, const LOWEST: i32, const POWER: i32> {
    to: &'b mut Accumulator<'a, S, DIGITS, LOWEST, POWER>,
}

impl<S: Simd, const DIGITS: usize, const LOWEST: i32, const POWER: i32> Kernel
    for AddTile<'_, '_, S, DIGITS, LOWEST, POWER>
{
    type Output = ();

    #[inline(always)]
    fn run<T: Simd>(self, _: T) {
        self.to.add();
    }
}
