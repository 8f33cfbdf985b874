//! Levels of doubles: they take terms of few binades apart exactly, as those of [`super::levels`] do, with `i64` words.
//!
//! One level holds 27 binades of floats, and two hold all squares of floats that lie within 26.

use super::bounds::Bounds;
use super::window::Unpacked;
use super::{Exact, ExactSum};
use crate::math::order::at_most;

/// How many bits above its unit a level holds. `x + M` is exact to the unit for x below `2^(q+51)`; one of these bits
/// is kept for the rounding of the level.
const LEVEL_BITS: i32 = 50;

/// Between which sizes terms lie: all are multiples of `2^unit` and below `2^top` in size.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    pub unit: i32,
    pub top: i32,
}

/// Levels of doubles that hold terms exactly. The first unit is `2^highest_unit`; the exponent of each next one is
/// lower by [`LEVEL_BITS`].
#[derive(Clone, Copy)]
pub(crate) struct DoubleWindow {
    highest_unit: i32,
    pub(super) levels: usize,
}

impl DoubleWindow {
    /// The exponent of a level's unit.
    #[inline(always)]
    pub(super) fn unit(self, level: usize) -> i32 {
        self.highest_unit - LEVEL_BITS * level as i32
    }

    /// `1.5 * 2^(52 + unit)`: what a level adds.
    #[inline(always)]
    pub(super) fn magic(self, level: usize) -> f64 {
        let biased = (1023 + 52 + self.unit(level)) as u64;
        f64::from_bits(biased << 52 | 1 << 51)
    }

    /// So many levels, if they hold the extent. Sums have digits from `2^lowest` on.
    pub(super) fn of_levels(levels: usize, extent: Extent, lowest: i32) -> Option<Self> {
        let spare = LEVEL_BITS * levels as i32 - (extent.top - extent.unit);
        // The lowest unit may not fall below the lowest digit.
        let lowest_allowed = lowest + LEVEL_BITS * (levels as i32 - 1);
        let highest_unit = (extent.top - LEVEL_BITS + spare / 2).max(lowest_allowed);
        (spare >= 0).then_some(Self { highest_unit, levels })
    }
}

impl Bounds {
    /// None: a term is NaN or infinite.
    #[inline(always)]
    pub(super) fn extent(self) -> Option<Extent> {
        // (If all terms are 0, the least size is a NaN, and the greatest one is taken for it.)
        let smallest = Unpacked::new(at_most(self.smallest, self.greatest))?;
        let greatest = Unpacked::new(self.greatest)?;
        Some(Extent { unit: smallest.exponent, top: greatest.exponent + 24 })
    }

    /// The fewest levels that hold the terms, for [`Row::add`](super::Row::add). None: no window is so wide.
    #[inline(never)]
    pub fn window(self) -> Option<DoubleWindow> {
        let extent = self.extent()?;
        [1, 2, 4].into_iter().find_map(|levels| DoubleWindow::of_levels(levels, extent, ExactSum::UNIT))
    }
}

impl<const DIGITS: usize, const LOWEST: i32, const POWER: i32> Exact<DIGITS, LOWEST, POWER> {
    /// Adds the words of a level to each other, subtracts `bias`, and adds the result times `2^exponent` to the sum.
    /// (2^12 terms of up to 2^50 units fit into it.) The words of the sum are not canonical afterwards.
    #[inline(never)]
    pub(super) fn add_folded(&mut self, words: &[i64], bias: i64, exponent: i32) {
        let mut total = bias.wrapping_neg();
        for word in words {
            total = total.wrapping_add(*word);
        }
        self.add_scaled(total, exponent);
    }
}
