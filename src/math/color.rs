//! Colours over [`Lanes`]: sRGB to linear light, and linear light to Oklab, each with its derivative.
//!
//! ```text
//! lin = x / 12.92                      x <= 0.04045
//!     = ((x + 0.055) / 1.055)^2.4      above
//! l   = M1 lin      k = sign(l) max(|l|, 1e-12)^(1/3), and 0 of 0      lab = M2 k
//! ```
//!
//! **Accuracy**: linear light within [`LINEAR_MAX_ULP`] ulp, its derivative within
//! [`LINEAR_SLOPE_MAX_ULP`]. For colours from 0 on (no sum of M1 cancels) a value of Oklab is within
//! [`OKLAB_MAX_UNITS`] * 2^-24 of the sum of the sizes of its three terms: the two opponent values are
//! differences, and are near 0 for grey. The constants count as they are in `f32`.
//!
//! **Branches**: a derivative is that of the branch that was taken, never of the other one: where x is
//! below -0.055 the power has no value, and its derivative is not looked at. Where `|l|` is at most
//! 1e-12 (black) the derivative of k is 0.
//!
//! Sources: IEC 61966-2-1 (sRGB); B. Ottosson, "A perceptual color space for image processing" (2020), the
//! matrices from linear sRGB.

use crate::math::roots::{cbrt, two_fifths};
use crate::simd::Lanes;

/// The bound of [`Linear::value`] in ulps.
pub const LINEAR_MAX_ULP: f64 = 6.0;
/// The bound of [`Linear::slope`] in ulps.
pub const LINEAR_SLOPE_MAX_ULP: f64 = 6.0;
/// The bound of a value of Oklab from linear light, in units of 2^-24 of the sum of the sizes of its terms.
pub const OKLAB_MAX_UNITS: f64 = 6.0;

/// From linear sRGB to the responses of the cones.
#[allow(clippy::excessive_precision, reason = "as published")]
pub const M1: [[f32; 3]; 3] = [
    [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
    [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
    [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
];
/// From the cube roots of the responses to lightness, green to red, blue to yellow.
#[allow(clippy::excessive_precision, reason = "as published")]
pub const M2: [[f32; 3]; 3] = [
    [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
    [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
    [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
];

/// Below it a response counts as black.
const BLACK: f32 = 1e-12;
/// The greatest sRGB value of the linear branch.
const THRESHOLD: f32 = 0.040_45;
const OFFSET: f32 = 0.055;
/// Below what the power branch ever sees, and far from 0.
const LEAST_POWER: f32 = 0.0625;
/// `1 / 12.92`.
const LINEAR: f32 = 0.077_399_38;
/// `1.055^-2.4`, so that the power is one of `x + 0.055` and needs no quotient.
///
/// `exp(-2.4 log(1.055))` is 0.87941546140212993.
const POWER: f32 = 0.879_415_45;
/// 2.4 times that: 2.1105971073651118.
const POWER_SLOPE: f32 = 2.110_597;

/// Linear light of an sRGB value.
#[derive(Clone, Copy)]
pub struct Linear<V: Lanes> {
    /// The value.
    pub value: V,
    /// Its derivative by the sRGB value.
    pub slope: V,
}

/// sRGB to linear light.
///
/// With `u = x + 0.055` and `r = u^(2/5)` the power is `u u r` and its derivative `u r`, times constants.
#[inline(always)]
pub fn linear_of_srgb<V: Lanes>(x: V) -> Linear<V> {
    // (A NaN stays: it is the right operand.)
    let u = x.constant(LEAST_POWER).max(x + OFFSET);
    let ur = u * two_fifths(u);
    let is_power = x.constant(THRESHOLD).lt(x);
    Linear {
        value: V::select(is_power, u * ur * POWER, x * LINEAR),
        slope: V::select(is_power, ur * POWER_SLOPE, x.constant(LINEAR)),
    }
}

/// A cube root that keeps the sign.
#[derive(Clone, Copy)]
pub struct Root<V: Lanes> {
    /// The root; 0 of 0.
    pub value: V,
    /// Its derivative by the response: `1 / (3 k^2)`, and 0 for black.
    pub slope: V,
}

/// The cube root of a response (a product with a row of [`M1`]).
#[inline(always)]
pub fn root_of_response<V: Lanes>(response: V) -> Root<V> {
    let least = response.constant(BLACK);
    // (A NaN stays: it is the right operand.)
    let size = cbrt(least.max(response.abs()));
    let zero = response.constant(0.0);
    let signed = V::select(response.lt(zero), size.negate(), size);
    let slope = size.constant(1.0 / 3.0) / (size * size);
    Root { value: V::select(response.eq(zero), zero, signed), slope: V::select(least.lt(response.abs()), slope, zero) }
}

/// The product of a row and a vector.
#[inline(always)]
pub fn dot<V: Lanes>([x, y, z]: [f32; 3], [a, b, c]: [V; 3]) -> V {
    (a * x + b * y) + c * z
}

/// The matrix whose rows are the columns of this one.
pub const fn transposed([[a, b, c], [d, e, f], [g, h, i]]: [[f32; 3]; 3]) -> [[f32; 3]; 3] {
    [[a, d, g], [b, e, h], [c, f, i]]
}
