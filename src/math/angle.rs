//! The angle of a point over [`Doubles`], for terms that are rounded to `f32` afterwards.

use crate::simd::Doubles;
use core::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI, SQRT_2};

/// The bound of [`angle`] in ulps of `f32` before it is rounded to one: what the series leaves out, `q^26 / 27` with
/// q up to tan(pi/8), is 2^-37.8.
#[cfg(test)]
pub const MAX_ULP: f64 = 1.0 / 4096.0;

/// Terms of the series.
const TERMS: usize = 13;

/// `atan2(y, x)` for y that are not negative: from 0 to pi. NaN of NaN, and where both are 0.
///
/// The smaller one is divided by the greater one; where that is above tan(pi/8), pi/4 is taken off, by
/// `tan(a - pi/4) = (tan a - 1) / (tan a + 1)`. So there is one division, and the Taylor series of `atan q` for q
/// within tan(pi/8), to the 25th power.
#[inline(always)]
pub fn angle<D: Doubles>(simd: D::Simd, y: D, x: D) -> D {
    let constant = |value| D::splat(simd, value);
    let zero = constant(0.0);
    let is_behind = x.lt(zero);
    let x = D::select(is_behind, zero - x, x);
    let is_steep = x.lt(y);
    let (low, high) = (D::select(is_steep, x, y), D::select(is_steep, y, x));
    let is_wide = (high * constant(SQRT_2 - 1.0)).lt(low);
    let above = D::select(is_wide, low - high, low);
    let below = D::select(is_wide, high + low, high);
    let q = above / below;
    let square = q * q;
    let fourth = square * square;
    // Two chains, of the even and of the odd places, so that one is half as long.
    let mut series = [constant(0.0); 2];
    for place in (0..TERMS).rev() {
        let sign = if place % 2 == 0 { 1.0 } else { -1.0 };
        if let Some(chain) = series.get_mut(place % 2) {
            *chain = *chain * fourth + constant(sign / (2 * place + 1) as f64);
        }
    }
    let [even, odd] = series;
    let series = even + odd * square;
    let angle = q * series;
    let angle = D::select(is_wide, angle + constant(FRAC_PI_4), angle);
    let angle = D::select(is_steep, constant(FRAC_PI_2) - angle, angle);
    D::select(is_behind, constant(PI) - angle, angle)
}
