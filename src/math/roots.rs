//! Roots over [`Lanes`], for colours.
//!
//! | function | bound | worst of every 10007th float |
//! | --- | --- | --- |
//! | [`cbrt`] | [`CBRT_MAX_ULP`] | 0.723 |
//! | [`two_fifths`] | [`TWO_FIFTHS_MAX_ULP`] | 0.988 |
//!
//! A first value by `e^(p ln x)`, off by the rounding of a logarithm of up to 89, so by less than 2^-18;
//! then one step of Newton's iteration, which squares that error: what remains is the rounding of the
//! step itself. The step is written as a mean of y and a quotient that is nearly y, so that nothing
//! cancels and nothing overflows.

use super::{BIAS, Parts, TO_INTEGER, exp_of_rest, ln_of_parts, parts, reduce};
use crate::simd::Lanes;

/// The bound of [`cbrt`] in ulps.
pub const CBRT_MAX_ULP: f64 = 1.0;
/// The bound of [`two_fifths`] in ulps.
pub const TWO_FIFTHS_MAX_ULP: f64 = 1.25;

/// Nearly `x^power`, for positive normal x and powers between 0 and 1/2. Other x give some number.
#[inline(always)]
fn nearly_power<V: Lanes>(x: V, power: f32) -> V {
    let zero = x.constant(0.0);
    let Parts { exponent, fraction, .. } = parts(x, zero);
    let logarithm = ln_of_parts(exponent, fraction, zero);
    let reduced = reduce(logarithm * power, x.constant(TO_INTEGER + BIAS));
    exp_of_rest(&reduced) * reduced.power()
}

/// The cube root of x, for x from 2^-126 on (others: undefined); infinity of infinity, NaN of NaN.
///
/// `y + (x / y^2 - y) / 3`. The square and the quotient round, and count a third each.
///
/// Within [`CBRT_MAX_ULP`].
#[inline(always)]
pub fn cbrt<V: Lanes>(x: V) -> V {
    let y = nearly_power(x, 1.0 / 3.0);
    y + (x / (y * y) - y) * (1.0 / 3.0)
}

/// `x^(2/5)`, for x from 2^-126 on (others: undefined); infinity of infinity, NaN of NaN.
///
/// `y + ((x / y^2)^2 - y) / 5`: Newton's step for `y^5 = x^2`.
///
/// Within [`TWO_FIFTHS_MAX_ULP`].
#[inline(always)]
pub fn two_fifths<V: Lanes>(x: V) -> V {
    let y = nearly_power(x, 0.4);
    let root = x / (y * y);
    y + (root * root - y) * 0.2
}
