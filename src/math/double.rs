//! Elementary functions of one `f64`: for values that are made once a call, not once a pixel.
//!
//! | function | bound |
//! | --- | --- |
//! | [`sqrt`] | correctly rounded |
//! | [`exp`], [`ln`] | [`MAX_ULP`] ulp |
//! | [`softplus`] | [`SOFTPLUS_MAX_ULP`] ulp |
//!
//! Additions, multiplications, divisions and integer operations in one fixed order, no fused
//! multiply-add: the same bits on every machine. Constants are the coefficients of Taylor series, so
//! nothing was fitted; the tests compare with the platform's own functions.

use wide::f64x2;

/// The bound of [`exp`] and [`ln`] in ulps.
pub const MAX_ULP: f64 = 2.0;
/// The bound of [`softplus`] in ulps.
pub const SOFTPLUS_MAX_ULP: f64 = 4.0;

/// The first 32 bits of ln 2: times an exponent of at most 11 bits it is exact.
const LN2_HIGH: f64 = f64::from_bits(core::f64::consts::LN_2.to_bits() & !0x1f_ffff);
/// What is left of ln 2: the rest of the double, and what the double lacks (`log(2) - double(log(2))`
/// with 200 bits is 2.3190468138462996e-17).
const LN2_LOW: f64 = (core::f64::consts::LN_2 - LN2_HIGH) + 2.319_046_813_846_299_6e-17;

const EXPONENT: u32 = 52;
const BIAS: i64 = 1023;
/// Adding 1.5 * 2^52 rounds to an integer, and leaves that integer in the low bits of the sum.
const TO_INTEGER: f64 = 6_755_399_441_055_744.0;

/// The square root, rounded once. Negative: NaN.
#[inline]
pub fn sqrt(x: f64) -> f64 {
    let [root, _] = f64x2::splat(x).sqrt().to_array();
    root
}

/// An integer, rounded once to nearest even. (The compiler's own conversion is a call of its runtime library.)
#[inline(never)]
pub(crate) fn from_integer(integer: u128) -> f64 {
    let (high, low) = ((integer >> 64) as u64, integer as u64);
    if high == 0 {
        return low as f64;
    }
    // The highest 64 bits; the lowest of these tells whether anything is left below them.
    let zeros = high.leading_zeros();
    let upper = high << zeros | low >> 1 >> (63 - zeros);
    let left_over = low << zeros != 0;
    (upper | u64::from(left_over)) as f64 * power_of_two((64 - zeros).into())
}

/// `2^n` for n from -1022 to 1023.
#[inline]
fn power_of_two(n: i64) -> f64 {
    f64::from_bits(((n + BIAS) as u64) << EXPONENT)
}

/// `e^x`. 0 below -745.2, infinity above 709.79; NaN of NaN.
///
/// `x = n ln 2 + r` with r within +-0.347, and the Taylor series of `e^r` to the 13th power: what it
/// leaves out is below `0.347^14 / 14!`, which is 4.2e-18.
pub fn exp(x: f64) -> f64 {
    /// `1 / k!` for k from 2 to 13.
    #[allow(clippy::indexing_slicing, reason = "evaluated when it is compiled")]
    const COEFFICIENTS: [f64; 12] = {
        let mut coefficients = [0.0; 12];
        let (mut k, mut factorial) = (0, 1.0);
        while k < coefficients.len() {
            factorial *= (k + 2) as f64;
            coefficients[k] = 1.0 / factorial;
            k += 1;
        }
        coefficients
    };
    if x.is_nan() {
        return x;
    }
    let x = if x < -746.0 { -746.0 } else { x };
    let x = if x > 710.0 { 710.0 } else { x };
    let shifted = x * core::f64::consts::LOG2_E + TO_INTEGER;
    let n = shifted - TO_INTEGER;
    let high = x - n * LN2_HIGH;
    let low = n * LN2_LOW;
    let r = high - low;
    let tail = COEFFICIENTS.iter().rev().fold(0.0, |sum, coefficient| sum * r + coefficient);
    let result = 1.0 + (high + (r * r * tail - low));
    // In two steps, of which the first is exact: the result rounds once, also if it is subnormal.
    let n = n as i64;
    result * power_of_two(n - n / 2) * power_of_two(n / 2)
}

/// The natural logarithm. `ln(0) = -inf`, `ln(x < 0) = NaN`, `ln(inf) = inf`.
///
/// `x = 2^k (1 + f)` with `1 + f` between sqrt(1/2) and sqrt(2), `s = f / (2 + f)`, and
/// `ln(1 + f) = 2 atanh(s) = f - s f + 2 s (s^2/3 + s^4/5 + ...)` to the 21st power of s: what it
/// leaves out is below `2 * 0.172^23 / 23`, which is 2.3e-19.
#[inline(never)]
pub fn ln(x: f64) -> f64 {
    /// `2 / (2 k + 1)` for k from 1 to 10.
    #[allow(clippy::indexing_slicing, reason = "evaluated when it is compiled")]
    const COEFFICIENTS: [f64; 10] = {
        let mut coefficients = [0.0; 10];
        let mut k = 0;
        while k < coefficients.len() {
            coefficients[k] = 2.0 / (2 * k + 3) as f64;
            k += 1;
        }
        coefficients
    };
    if x.is_nan() || x == f64::INFINITY {
        return x;
    }
    if x <= 0.0 {
        return if x == 0.0 { f64::NEG_INFINITY } else { f64::NAN };
    }
    let subnormal = x < f64::MIN_POSITIVE;
    let bits = if subnormal { x * power_of_two(54) } else { x }.to_bits();
    let offset = core::f64::consts::FRAC_1_SQRT_2.to_bits();
    // The exponent of x / sqrt(1/2), and what is left between sqrt(1/2) and sqrt(2).
    let exponent = (bits.wrapping_sub(offset) as i64) >> EXPONENT;
    let significand = f64::from_bits(bits.wrapping_sub((exponent << EXPONENT) as u64));
    let k = (exponent - if subnormal { 54 } else { 0 }) as f64;
    let f = significand - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let series = z * COEFFICIENTS.iter().rev().fold(0.0, |sum, coefficient| sum * z + coefficient);
    // f - s f = f - f^2/2 + s f^2/2: the small terms first.
    let half = 0.5 * f * f;
    k * LN2_HIGH + (f - (half - (s * (half + series) + k * LN2_LOW)))
}

/// `ln(numerator / denominator)` for two positive numbers whose difference is exact: with all digits where
/// they are nearly equal, too.
///
/// It is `2 atanh(u)` with `u = (numerator - denominator) / (numerator + denominator)`. Near 0 that is a series;
/// what it leaves out behind `u^33` is below 2^-99 of it.
pub fn ln_of_ratio(numerator: f64, denominator: f64) -> f64 {
    let u = (numerator - denominator) / (numerator + denominator);
    ln_of_contrast(u, numerator / denominator)
}

/// `ln((from + more) / from)` of two positive numbers, with all digits even where the sum has none of `more`.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
pub(crate) fn ln_of_growth(from: f64, more: f64) -> f64 {
    let sum = from + more;
    ln_of_contrast(more / (sum + from), sum / from)
}

/// `ln(ratio)` of a ratio whose `u = (ratio - 1) / (ratio + 1)` is known with all digits.
pub(crate) fn ln_of_contrast(u: f64, ratio: f64) -> f64 {
    if u.abs() > 0.125 {
        return ln(ratio);
    }
    let square = u * u;
    let series = (0..17_u32).rev().fold(0.0, |sum, n| sum * square + 1.0 / f64::from(2 * n + 1));
    2.0 * u * series
}

/// `ln(1 + e^x)`: 0 below -745.2, x above 37; NaN of NaN.
///
/// `max(x, 0) + ln(1 + e)` with e = `e^-|x|`. What 1 + e loses of e by rounding is exact as
/// `e - ((1 + e) - 1)`; the derivative of the logarithm brings it back.
pub fn softplus(x: f64) -> f64 {
    let e = exp(-x.abs());
    let sum = 1.0 + e;
    let logarithm = ln(sum) + (e - (sum - 1.0)) / sum;
    if x > 0.0 { x + logarithm } else { logarithm }
}
