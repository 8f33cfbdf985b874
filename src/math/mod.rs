//! Elementary functions over [`Lanes`]: the same bits on every tier, with stated bounds.
//!
//! | function | bound | worst of all 2^32 inputs | largest error of a subnormal result |
//! | --- | --- | --- | --- |
//! | [`exp`] | [`EXP_MAX_ULP`] | 0.912 | 0.748 |
//! | [`ln`] | [`LN_MAX_ULP`] | 0.861 | never subnormal |
//! | [`log1p`] | [`LOG1P_MAX_ULP`] | 0.861 | exact |
//! | [`softplus`] | [`SOFTPLUS_MAX_ULP`] | 1.896 | 0.880 |
//! | [`sigmoid`] | [`SIGMOID_MAX_ULP`] | 1.800 | 0.880 |
//! | [`Logistic::softplus`] | [`LOGISTIC_MAX_ULP`] | 2.782 | 0.749 |
//! | [`Logistic::sigmoid`] | [`LOGISTIC_MAX_ULP`] | 2.826 | 0.750 |
//!
//! The unit is an ulp of the true result (the spacing of `f32` in its binade), for subnormal
//! results 2^-149, bounded by [`SUBNORMAL_MAX_UNITS`]. `cargo run --release --features scalar
//! --example sweep` measures this table and fails when a bound is exceeded or two tiers differ.
//!
//! Rules that all functions follow:
//!
//! - Additions, multiplications, divisions and integer operations in one fixed order; no fused
//!   multiply-add, because not every target has one.
//! - NaN gives NaN. Constants therefore stand on the left of `min` and `max`, which return their
//!   right operand when one of the two is NaN.
//! - **No intermediate is subnormal unless the result is** (or the input was): a subnormal operand
//!   costs a hundred cycles on many cores. `exp(-|z|)` stays multiplied by a power of two until
//!   the last operation for that reason; the result is then also rounded only once.
//! - Polynomials come from Sollya's `fpminimax`, which searches coefficients that are floats;
//!   above each stand the command (with `prec = 200`) and the error that Sollya reports
//!   (`dirtyinfnorm`). They are evaluated two coefficients at a time, so that a chain is half as
//!   long as Horner's: the core has other work to do than to wait for it.

pub mod angle;
pub mod color;
pub mod double;
mod logistic;
pub mod order;
pub mod roots;

pub use logistic::{Logistic, logistic};

use crate::simd::{Bits, Lanes};

/// The bound of [`exp`] in ulps.
pub const EXP_MAX_ULP: f64 = 1.0;
/// The bound of [`ln`] in ulps.
pub const LN_MAX_ULP: f64 = 1.0;
/// The bound of [`log1p`] in ulps.
pub const LOG1P_MAX_ULP: f64 = 1.0;
/// The bound of [`softplus`] in ulps.
pub const SOFTPLUS_MAX_ULP: f64 = 2.0;
/// The bound of [`sigmoid`] in ulps.
pub const SIGMOID_MAX_ULP: f64 = 2.0;
/// The bound of [`Logistic::softplus`] and [`Logistic::sigmoid`] in ulps.
pub const LOGISTIC_MAX_ULP: f64 = 3.0;
/// The bound of [`Logistic::softplus_times`] and [`Logistic::sigmoid_times`] in ulps, for factors up
/// to 2^72 in size. (With a greater one, z below -153 counts as -153.)
pub const LOGISTIC_PRODUCT_MAX_ULP: f64 = 4.0;
/// The bound of subnormal results of any function, in units of 2^-149.
pub const SUBNORMAL_MAX_UNITS: f64 = 2.0;

const LOG2_E: f32 = core::f32::consts::LOG2_E;

/// The first 15 bits of ln 2. An exponent has at most 8 bits, so `n * LN2_HIGH` has at most 23
/// and is exact. (The next three bits of ln 2 are zeros: the rest is small and the two words
/// together are within 2^-45 of ln 2.)
///
/// `round(log(2), 15, RN)`
const LN2_HIGH: f32 = 0.693_145_75;
/// What is left of ln 2.
///
/// `round(log(2) - round(log(2), 15, RN), SG, RN)`
const LN2_LOW: f32 = 1.428_606_8e-6;

/// Adding 1.5 * 2^23 rounds to an integer, and leaves that integer in the low bits of the sum.
const TO_INTEGER: f32 = 12_582_912.0;
/// The bias of an exponent.
const BIAS: f32 = 127.0;
/// The position of an exponent.
const EXPONENT: u32 = 23;

const TWO_24: f32 = (1_u32 << 24) as f32;
const TWO_64: f32 = (1_u128 << 64) as f32;
const TWO_96: f32 = (1_u128 << 96) as f32;
const BELOW_26: f32 = 1.0 / (1_u32 << 26) as f32;
const BELOW_30: f32 = 1.0 / (1_u32 << 30) as f32;
const BELOW_32: f32 = 1.0 / (1_u64 << 32) as f32;
const BELOW_64: f32 = 1.0 / TWO_64;
const BELOW_96: f32 = 1.0 / TWO_96;

/// `sum pairs[i][0] x^2i + pairs[i][1] x^(2i+1)`, and `top` times the next even power.
///
/// A loop and no `Iterator::fold`: the body of a closure would not be compiled for the tier.
#[inline(always)]
fn polynomial<V: Lanes, const N: usize>(x: V, squared: V, pairs: [[f32; 2]; N], top: V) -> V {
    let mut sum = top;
    for [even, odd] in pairs.into_iter().rev() {
        sum = sum * squared + (x * odd + even);
    }
    sum
}

/// What [`reduce`] finds: `x = n ln 2 + (high - low)`.
struct Reduced<V: Lanes> {
    high: V,
    low: V,
    /// n plus what the magic number adds, in the low bits.
    integer: V::Bits,
}

impl<V: Lanes> Reduced<V> {
    /// `2^(n + offset)`, if the magic number added the bias and an offset.
    #[inline(always)]
    fn power(&self) -> V {
        V::from_bits(self.integer.shl(EXPONENT))
    }
}

/// Splits x into a multiple of ln 2 and a rest within +-0.3466.
///
/// `magic` is [`TO_INTEGER`] plus [`BIAS`] plus the offset. `high` is exact: `n * LN2_HIGH` is, and
/// its difference to x has no bit below the last one of either.
#[inline(always)]
fn reduce<V: Lanes>(x: V, magic: V) -> Reduced<V> {
    let shifted = x * LOG2_E + magic;
    let n = shifted - magic;
    Reduced { high: x - n * LN2_HIGH, low: n * LN2_LOW, integer: shifted.to_bits() }
}

/// `r^2 P(r)` with `e^r = 1 + r + r^2 P(r)` for r within +-0.347; relative to e^r within 3.2e-9.
///
/// `fpminimax(exp(x), [|2,3,4,5,6|], [|SG...|], [-0.347;0.347], 1+x, relative)`
#[inline(always)]
fn exp_tail<V: Lanes>(r: V) -> V {
    let squared = r * r;
    let pairs = [[0.499_999_94, 0.166_665_2], [0.041_668_24, 0.008_368_827]];
    squared * polynomial(r, squared, pairs, r.constant(0.001_382_324_1))
}

/// `e^(high - low)`, faster and within an ulp and a half.
#[inline(always)]
fn exp_of_rest<V: Lanes>(reduced: &Reduced<V>) -> V {
    let r = reduced.high - reduced.low;
    (r + exp_tail(r)) + 1.0
}

/// `e^(high - low) - 1`. The rounding of `high - low` only touches the quadratic and higher terms:
/// the linear one takes the two words as they are.
#[inline(always)]
fn exp_minus_one<V: Lanes>(Reduced { high, low, .. }: Reduced<V>) -> V {
    high + (exp_tail(high - low) - low)
}

/// `e^x`.
///
/// `x = n ln 2 + r`, `e^x = 2^n (1 + (r + r^2 P(r)))`: `reduce`, `exp_minus_one`, and one sum
/// that rounds. The power goes on in two factors (2^(n-64) and 2^64, or the inverse for negative
/// x) of which the first is exact, so overflow and subnormal results round once.
///
/// Within [`EXP_MAX_ULP`]. `exp(-inf) = 0`, `exp(inf) = inf`; inf from 88.72284 on, 0 from
/// -103.972084 down.
#[inline(always)]
pub fn exp<V: Lanes>(x: V) -> V {
    // e^x rounds to 1 here, and the square of a smaller x would be subnormal.
    let tiny = x.abs().lt(x.constant(BELOW_30));
    let x = V::select(tiny, x.constant(0.0), x);
    let x = x.constant(89.0).min(x.constant(-104.0).max(x));
    let negative = x.lt(x.constant(0.0));
    let up = x.constant(TO_INTEGER + BIAS + 64.0);
    let down = x.constant(TO_INTEGER + BIAS - 64.0);
    let reduced = reduce(x, V::select(negative, up, down));
    let power = reduced.power();
    let rest_of_power = V::select(negative, x.constant(BELOW_64), x.constant(TWO_64));
    (exp_minus_one(reduced) + 1.0) * power * rest_of_power
}

/// Exponentials of numbers beside a greatest one, m: `2^96 e^x / 2^j` with the even j that brings
/// `e^m / 2^j` between 1/2 and 2. Made by [`shares`].
///
/// A power of two is taken off for nothing, where a difference `x - m` would round and its error be
/// multiplied by its size; and all but it is the same for any other m. (An even j leaves ties of `reduce`
/// where they are.) No share is subnormal: below m - 152 they stay as they are there.
pub(crate) struct Shares<V: Lanes> {
    origin: V,
    lowest: V,
    magic: V,
}

/// For a greatest number that is finite; NaN makes all shares NaN.
///
/// From 208 on m itself is taken off, which is exact where anything of the share is left. (Up to there
/// n has no more than 9 bits, so `n * LN2_HIGH` is exact, too.) Otherwise 2^-32 is, for the reason that
/// `fold` has.
#[inline(always)]
pub(crate) fn shares<V: Lanes>(greatest: V) -> Shares<V> {
    let is_far = greatest.constant(208.0).lt(greatest.abs());
    let origin = V::select(is_far, greatest, greatest.constant(BELOW_32));
    let top = greatest - origin;
    let half = (top * (0.5 * LOG2_E) + TO_INTEGER) - TO_INTEGER;
    let magic = top.constant(TO_INTEGER + BIAS + 96.0) - (half + half);
    Shares { origin, lowest: top - 152.0, magic }
}

impl<V: Lanes> Shares<V> {
    /// The token of the tier.
    #[inline(always)]
    pub fn simd(&self) -> V::Simd {
        self.origin.simd()
    }

    /// Within [`EXP_MAX_ULP`].
    #[inline(always)]
    pub fn of(&self, x: V) -> V {
        let reduced = reduce(self.lowest.max(x - self.origin), self.magic);
        let power = reduced.power();
        (exp_minus_one(reduced) + 1.0) * power
    }
}

/// A float taken apart: `x = 2^exponent (1 + fraction)`.
struct Parts<V: Lanes> {
    exponent: V,
    fraction: V,
    biased: V::Bits,
}

/// Takes a positive normal float apart, `1 + fraction` between sqrt(1/2) and sqrt(2). Any other
/// float gives some finite numbers. `offset` is added to the exponent.
#[inline(always)]
fn parts<V: Lanes>(x: V, offset: V) -> Parts<V> {
    const ONE: u32 = 0x3f80_0000;
    const SQRT_HALF: u32 = 0x3f35_04f3;
    // 2^23: an integer below it, put into its low bits, gives their sum.
    const FROM_INTEGER: u32 = 0x4b00_0000;
    const BIASED: f32 = 8_388_608.0 + BIAS;

    let bits = x.to_bits() + x.constant_bits(ONE - SQRT_HALF);
    let biased = bits.shr(EXPONENT);
    let significand = (bits & x.constant_bits(0x7f_ffff)) + x.constant_bits(SQRT_HALF);
    Parts {
        exponent: V::from_bits(biased | x.constant_bits(FROM_INTEGER)) - BIASED + offset,
        fraction: V::from_bits(significand) - 1.0,
        biased,
    }
}

/// `k ln 2 + ln(1 + f) + rest` for f between sqrt(1/2) - 1 and sqrt(2) - 1.
///
/// `ln(1 + f) = f - f^2/2 + f^3 P(f)`, relative error within 8.0e-9. `k * LN2_HIGH` is exact, and
/// the terms are added smallest first. The last sum does not cancel: f is below 0.42 and
/// `k ln 2`, unless it is 0, above 0.69.
///
/// `fpminimax(log1p(x)/x, [|2,3,4,5,6,7,8,9|], [|SG...|],
/// [sqrt(0.5)-1-1b-20;sqrt(2)-1+1b-20], 1-x/2, relative)`
#[inline(always)]
fn ln_of_parts<V: Lanes>(k: V, f: V, rest: V) -> V {
    let squared = f * f;
    let pairs = [[0.333_333_73, -0.250_008_4], [0.199_989_9, -0.166_212_07], [0.142_389_07, -0.132_123_56]];
    let top = f * -0.072_860_24 + 0.125_658_91;
    let cubic = squared * f * polynomial(f, squared, pairs, top);
    k * LN2_HIGH + (f - (squared * 0.5 - (cubic + (k * LN2_LOW + rest))))
}

/// The natural logarithm.
///
/// `x = 2^k (1 + f)` with `1 + f` between sqrt(1/2) and sqrt(2), so that near 1 k is 0 and
/// nothing cancels; `ln_of_parts`. Subnormal x is scaled by 2^24 first.
///
/// Within [`LN_MAX_ULP`]. `ln(+-0) = -inf`, `ln(x < 0) = NaN`, `ln(inf) = inf`.
#[inline(always)]
pub fn ln<V: Lanes>(x: V) -> V {
    let subnormal = x.lt(x.constant(f32::MIN_POSITIVE));
    let normal = V::select(subnormal, x * TWO_24, x);
    let offset = V::select(subnormal, x.constant(-24.0), x.constant(0.0));
    let Parts { exponent, fraction, .. } = parts(normal, offset);
    let y = ln_of_parts(exponent, fraction, x.constant(0.0));
    at_ends(x, y, 0.0)
}

/// `ln(1 + x)`.
///
/// `u = 1 + x` rounds; its error c is found exactly (the larger of 1 and x goes first). With
/// `u = 2^k (1 + f)`, `1 + x = 2^k (1 + f + c/2^k)`. The sum `f + c/2^k` is x itself when k is 0,
/// so small x loses nothing; what it rounds off otherwise enters as `rest (1 - f)`, the first
/// terms of `rest / (1 + f)`.
///
/// Within [`LOG1P_MAX_ULP`]. `log1p(x) = x` with its sign for tiny x, subnormals and zeros
/// included; `log1p(-1) = -inf`, `log1p(x < -1) = NaN`, `log1p(inf) = inf`.
#[inline(always)]
pub fn log1p<V: Lanes>(x: V) -> V {
    at_ends(x, log1p_not_negative(x), -1.0)
}

/// The same of numbers that are not negative, and finite or NaN.
#[inline(always)]
pub(crate) fn log1p_not_negative<V: Lanes>(x: V) -> V {
    // ln(1 + x) rounds to x or its neighbour here, and powers of a smaller x would be subnormal.
    let tiny = x.abs().lt(x.constant(BELOW_26));
    let sized = V::select(tiny, x.constant(0.0), x);
    let one = x.constant(1.0);
    let u = sized + 1.0;
    let c = one.min(sized) - (u - one.max(sized));
    let Parts { exponent, fraction, biased } = parts(u, x.constant(0.0));
    // 2^-k. From 2^30 on c no longer counts, and 2^-127 and 2^-128 are no normal numbers.
    let scale = (x.constant_bits(254) - biased).shl(EXPONENT);
    let c = c * V::from_bits(scale).max(x.constant(BELOW_30));
    let f = fraction + c;
    let rest = c - (f - fraction);
    let y = ln_of_parts(exponent, f, rest - rest * f);
    V::select(tiny, x, y)
}

/// `y`, but what a logarithm with its pole there gives at the pole, below it, at infinity and for
/// NaN.
#[inline(always)]
fn at_ends<V: Lanes>(x: V, y: V, pole: f32) -> V {
    let pole = x.constant(pole);
    let y = V::select(x.lt(x.constant(f32::INFINITY)), y, x);
    let outside = V::select(x.eq(pole), x.constant(f32::NEG_INFINITY), x.constant(f32::NAN));
    V::select(pole.lt(x), y, outside)
}

/// `-|z|` for an exponential, and where z is negative.
///
/// Clamped where the results no longer change: at `lowest` (e^-104 rounds to 0), and for positive z
/// already at 30, so that e^-z, which then only serves as an addend, is never subnormal. 2^-32 is taken off so that z =
/// 0 and tiny z need no care: e^-|z| changes by less than 2^-8 ulp.
#[inline(always)]
fn fold<V: Lanes>(z: V, lowest: f32) -> (V, V::Mask) {
    let negative = z.lt(z.constant(0.0));
    let bound = V::select(negative, z.constant(lowest), z.constant(-30.0));
    let folded = V::from_bits(z.to_bits() | z.constant_bits(0x8000_0000));
    (bound.max(folded - BELOW_32), negative)
}

/// `2^96 e^x` as a float and what rounding took from it, for x from [`fold`]. The scale keeps
/// both words normal.
#[inline(always)]
fn scaled_exp<V: Lanes>(x: V) -> (V, V) {
    let reduced = reduce(x, x.constant(TO_INTEGER + BIAS + 96.0));
    let power = reduced.power();
    let small = exp_minus_one(reduced);
    let sum = small + 1.0;
    (sum * power, (small - (sum - 1.0)) * power)
}

/// `1 / (1 + e^-z)`.
///
/// With `e = e^-|z|` in two words and `d = 1 + e` in two words (this sum's error is exact):
/// `y = n / d` for `n = e` (z < 0) or 1, by the quotient `q = 1/d` of the first words, then one
/// correction `(n_low - y d_low) q`. That leaves the roundings of q, of two products and of a sum.
///
/// Within [`SIGMOID_MAX_ULP`]. `sigmoid(-inf) = 0`, `sigmoid(inf) = 1`, `sigmoid(0) = 1/2`.
#[inline(always)]
pub fn sigmoid<V: Lanes>(z: V) -> V {
    let (x, negative) = fold(z, -104.0);
    let (e, e_low) = scaled_exp(x);
    let one = z.constant(TWO_96);
    // Below 2^-30 the denominator is 1.
    let addend = z.constant(TWO_96 * BELOW_30).max(e);
    let d = addend + TWO_96;
    let d_low = addend - (d - TWO_96) + e_low;
    let q = one / d;
    let y = V::select(negative, e, one) * q;
    let n_low = V::select(negative, e_low, z.constant(0.0));
    (y + (n_low - y * (d_low * BELOW_96)) * q) * BELOW_96
}

/// `ln(1 + e^z)`.
///
/// `max(0, z) + e (1 + G(e))` with `e = e^-|z|` and `G(e) = log1p(e)/e - 1`, a polynomial in
/// `e - 1/2` (its coefficients fall by a third each, so its roundings stay small), absolute error
/// within 6.4e-9. e is two words; the second is weighted with `1 + 1.625 G`, which is
/// `1 / (1 + e)` well enough. The sum begins with the small terms.
///
/// Within [`SOFTPLUS_MAX_ULP`]. `softplus(-inf) = 0`, `softplus(inf) = inf`.
///
/// `fpminimax(log1p(x+0.5)/(x+0.5)-1, 9, [|SG...|], [-0.5+1b-40;0.5], absolute)`
#[inline(always)]
pub fn softplus<V: Lanes>(z: V) -> V {
    let (x, _) = fold(z, -104.0);
    let (e, e_low) = scaled_exp(x);
    let y = z.constant(TWO_96 * BELOW_30).max(e) * BELOW_96 - 0.5;
    let pairs = [
        [-0.189_069_78, -0.288_527_13],
        [0.132_608_88, -0.067_686_714],
        [0.036_637_366, -0.020_583_77],
        [0.011_565_919, -0.006_680_139_3],
    ];
    let g = polynomial(y, y * y, pairs, y * -0.003_365_700_4 + 0.005_271_693_7);
    let tail = e * g + (g * 1.625 + 1.0) * e_low;
    // The part that is scaled must not overflow; from 2^24 on z is its own softplus.
    let positive = z.constant(TWO_24).min(z.constant(0.0).max(z)) * TWO_96;
    (((positive + tail) + e) * BELOW_96).max(z)
}
