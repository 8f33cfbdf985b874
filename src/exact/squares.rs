//! The ways into an exact sum of squares: two levels of doubles, or a bin for each exponent.
//!
//! The square of a float is exact in a double. So the levels of [`super::double_levels`] take it apart: two of them
//! hold all squares of a block whose floats lie within 26 binades. A first pass over the block finds its least and its
//! greatest size, which decide on the levels. The second pass finds the block in the cache.
//!
//! Other blocks go by bins, as do those with NaN and infinity. The square of a significand has 48 bits, so a bin has
//! room for 2^15 squares of one exponent. Then the bins are moved to the digits. This costs one pass of scalar code.
//!
//! Limit: the units of the core that convert and add. A register of floats becomes two of doubles, each of which takes
//! a conversion, a multiplication, four additions of doubles and two of integers.

use super::ExactSquares;
use super::bounds::{Bounds, Sizes};
use super::double_levels::{DoubleWindow, Extent};
use super::window::Unpacked;
use super::words::Floats;
use crate::simd::{self, Columns, Counted, Doubles, IS_SMALL, Kernel, Lanes, Room, Simd, cut, flat};
use bytemuck::Zeroable;
use core::ops::Range;

/// How many squares a bin has room for.
const ROOM: usize = 1 << 15;
/// All exponents of a float; the last is that of NaN and infinity.
const EXPONENTS: usize = 1 << 8;

/// How many floats the levels take at once. The sum of as many squares, in units of a level, fits an `i64`.
const BLOCK: usize = 1 << 11;

/// Two levels for the squares of floats of these sizes. None: they do not hold them.
#[inline(never)]
fn levels_of_squares(floats: Bounds) -> Option<DoubleWindow> {
    let Extent { unit, top } = floats.extent()?;
    DoubleWindow::of_levels(2, Extent { unit: 2 * unit, top: 2 * top }, ExactSquares::UNIT)
}

type Wide<S> = <<S as Simd>::Register as Lanes>::Doubles;

/// Floats, and which of them are valid, as registers.
struct Registers<'a, S: Simd> {
    simd: S,
    floats: Columns<'a, Floats<S>>,
    valid: Option<Columns<'a, <S::Register as Lanes>::Bytes>>,
}

impl<S: Simd> Registers<'_, S> {
    /// The register at an index: 0 where a float is not valid, and behind the end.
    #[inline(always)]
    fn get(&self, index: usize) -> S::Register {
        let floats = S::Register::from_floats(self.simd, self.floats.get(index));
        match &self.valid {
            Some(valid) => {
                let mask = S::Register::mask_from_bytes(self.simd, valid.get(index));
                S::Register::select(mask, floats, floats.constant(0.0))
            }
            None => floats,
        }
    }

    /// The two levels that hold the squares of a block. None: no two do.
    #[inline(always)]
    fn levels(&self, block: Range<usize>) -> Option<DoubleWindow> {
        let mut sizes = Sizes::<S::Register>::new(self.simd);
        for index in block {
            sizes.take(self.get(index));
        }
        levels_of_squares(sizes.bounds())
    }

    /// Adds the squares of the registers of a block, which the levels hold.
    #[inline(always)]
    fn add(&self, block: Range<usize>, levels: DoubleWindow, to: &mut ExactSquares) {
        let additions = (block.len() * S::Register::LANES) as i64;
        let [first, second] = [0, 1].map(|level| levels.magic(level));
        let (first_magic, second_magic) = (Wide::<S>::splat(self.simd, first), Wide::<S>::splat(self.simd, second));
        let none = Wide::<S>::words(self.simd, &<Wide<S> as Doubles>::Array::zeroed());
        let (mut high, mut low) = (none, none);
        for index in block {
            let wide = self.get(index).widen();
            let square = wide * wide;
            let shifted = square + first_magic;
            high = shifted.add_bits(high);
            low = (square - (shifted - first_magic) + second_magic).add_bits(low);
        }
        for (level, words) in [Wide::<S>::to_array(high), Wide::<S>::to_array(low)].into_iter().enumerate() {
            let bias = (levels.magic(level).to_bits() as i64).wrapping_mul(additions);
            to.add_folded(flat(&words), bias, levels.unit(level));
        }
    }
}

/// Adds the squares of the floats that are valid (all, if None).
struct AddSquares<'a> {
    floats: &'a [f32],
    valid: Option<&'a [u8]>,
    to: &'a mut ExactSquares,
}

impl AddSquares<'_> {
    #[inline(always)]
    fn add<S: Simd>(self, registers: &Registers<S>) {
        let lanes = S::Register::LANES;
        let all = self.floats.len().div_ceil(lanes);
        for start in (0..all).step_by(BLOCK / lanes) {
            let block = start..all.min(start + BLOCK / lanes);
            match registers.levels(block.clone()) {
                Some(levels) => registers.add(block, levels, self.to),
                None => {
                    let floats = cut(self.floats, start * lanes, BLOCK);
                    let valid = self.valid.map(|valid| cut(valid, start * lanes, BLOCK));
                    self.to.add_by_bins(floats, valid);
                }
            }
            self.to.normalize();
        }
    }
}

impl Kernel for AddSquares<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (mut room, mut valid_room) = (Room::new(), Room::new());
        let floats = Columns::new(self.floats, &mut room);
        // Most often all floats are valid. For them there are loops without branches.
        match Columns::optional(self.valid, &mut valid_room) {
            None => self.add::<S>(&Registers { simd, floats, valid: None }),
            valid => self.add::<S>(&Registers { simd, floats, valid }),
        }
    }
}

impl ExactSquares {
    /// Adds the squares of the floats that are valid (all, if None).
    #[inline(never)]
    pub(crate) fn add_squares(&mut self, floats: &[f32], valid: Option<&[u8]>) {
        self.normalize();
        if IS_SMALL {
            // Bins would take 2 KiB of stack. (Digits have room for more floats than memory can hold.)
            for (index, float) in floats.iter().enumerate() {
                if valid.and_then(|valid| valid.get(index)) != Some(&0) {
                    self.add_term(*float);
                }
            }
            return self.normalize();
        }
        simd::run(AddSquares { floats, valid, to: self });
    }

    /// Adds the squares of any floats.
    #[cold]
    #[inline(never)]
    pub(crate) fn add_by_bins(&mut self, floats: &[f32], valid: Option<&[u8]>) {
        let mut bins = [0_i64; EXPONENTS];
        for (block, floats) in floats.chunks(ROOM).enumerate() {
            let valid = valid.and_then(|valid| valid.get(block * ROOM..));
            for (index, float) in floats.iter().enumerate() {
                let masked = valid.and_then(|valid| valid.get(index)) == Some(&0);
                let float = if masked { 0.0 } else { *float };
                let exponent = (float.to_bits() >> 23) as usize & (EXPONENTS - 1);
                match Unpacked::new(float) {
                    Some(Unpacked { significand, .. }) => {
                        let significand = i64::from(significand);
                        if let Some(bin) = bins.get_mut(exponent) {
                            *bin += significand * significand;
                        }
                    }
                    None => self.count_non_finite(&[float]),
                }
            }
            for (exponent, bin) in bins.iter_mut().enumerate().filter(|(_, bin)| **bin != 0) {
                // Subnormal floats have the unit of the smallest normal ones.
                let unit = exponent.max(1) as i32 - 150;
                self.add_scaled(core::mem::take(bin), 2 * unit);
            }
            self.normalize();
        }
    }
}
