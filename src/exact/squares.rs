//! The small way into an exact sum of squares: a bin for each exponent.
//!
//! The square of a significand has 48 bits, so a bin has room for 2^15 squares of one exponent. Then the bins are moved
//! to the digits. This costs one pass of scalar code, and a tenth of the machine code that an
//! [`Accumulator`](super::Accumulator) on three tiers would need.

use super::ExactSquares;
use super::window::Unpacked;
use crate::simd::IS_SMALL;

/// How many squares a bin has room for.
const ROOM: usize = 1 << 15;
/// All exponents of a float; the last is that of NaN and infinity.
const EXPONENTS: usize = 1 << 8;

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
