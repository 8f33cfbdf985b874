//! The variance of weighted values, from exact sums: without cancellation.

use super::digits::{MOST_DIGITS, absolute, power_of_two};
use super::{ExactSquares, ExactSum};
use crate::error::Error;

/// Digits of a product of two sums: twice as many.
const DIGITS: usize = 24;
const DIGIT: f64 = (1_u64 << u32::BITS) as f64;
/// The unit of such a product: 2^-320.
const UNIT: f64 = f64::from_bits((1023 - 320) << 52);

/// `(W S2 - S1^2) / W^2` for `W = sum v`, `S1 = sum v q`, `S2 = sum v q^2`.
///
/// The numerator is an exact integer, and only its conversion rounds: values of 1000 whose variance is 1e-5
/// keep all digits of it, and equal values have a variance of exactly 0. NaN where W is 0; what is not finite
/// follows IEEE 754.
#[inline(never)]
pub(crate) fn variance(weights: &ExactSum, sum: &ExactSum, squares: &ExactSum) -> f64 {
    let total = weights.value();
    if [weights, sum, squares].into_iter().any(|sum| sum.non_finite() != 0) {
        let mean = sum.value() / total;
        return squares.value() / total - mean * mean;
    }
    let [weights, sum, squares] = [weights, sum, squares].map(|sum| magnitude(&sum.digits));
    // It can be negative only where squares are too small for a float. Elsewhere the inequality of Cauchy and Schwarz
    // forbids it.
    difference(&weights, &sum, &squares).map_or(0.0, |digits| number(&digits)) / (total * total)
}

/// `(n S2 - S1^2) / (n (n - 1))`: the variance of a sample of n floats, with the same digits. NaN below two floats, and
/// where one is not finite.
///
/// # Errors
/// [`Error::Totals`]: no floats have these sums.
#[inline(never)]
pub(crate) fn sample_variance(count: i64, sum: &ExactSum, squares: &ExactSquares) -> Result<f64, Error> {
    let difference = number(&spread(count, sum, squares)?);
    if count < 2 || sum.non_finite() != 0 {
        return Ok(f64::NAN);
    }
    let number = count as f64;
    Ok(difference / number / (number - 1.0))
}

/// `sqrt(n S2 - S1^2) / n`: the standard deviation of a population of n floats, rounded once. NaN of no float, and
/// where one is not finite.
///
/// # Errors
/// [`Error::Totals`]: no floats have these sums.
#[inline(never)]
pub(crate) fn deviation(count: i64, sum: &ExactSum, squares: &ExactSquares) -> Result<f64, Error> {
    let spread = spread(count, sum, squares)?;
    let is_number = count > 0 && sum.non_finite() == 0;
    Ok(if is_number { root_by(&spread, count.unsigned_abs()) } else { f64::NAN })
}

/// The digits of `n S2 - S1^2`, if there are n floats with these sums.
fn spread(count: i64, sum: &ExactSum, squares: &ExactSquares) -> Result<[u32; DIGITS], Error> {
    sum.check(count)?;
    squares.check_not_negative(count)?;
    let infinite = sum.positive_infinity.wrapping_add(sum.negative_infinity);
    if (sum.nan, infinite) != (squares.nan, squares.positive_infinity) {
        return Err(Error::Totals);
    }
    let [sum, squares] = [magnitude(&sum.digits), magnitude(&squares.digits)];
    // The inequality of Cauchy and Schwarz says that it is not negative.
    difference(&[count as u32, (count >> u32::BITS) as u32], &sum, &squares).ok_or(Error::Totals)
}

/// The bits of the root that are found: 53 for the mantissa, two or more that decide the rounding.
const ROOT_BITS: u32 = 57;

/// The root of digits times [`UNIT`], divided by an integer from 1 to 2^63 - 1, rounded once to the nearest, ties to
/// even.
///
/// With b bits of the divisor n, the digits are shifted by an even number of bits until they have 2 b + 110 or
/// 2 b + 111 (t, less than 2^237). The quotient q is the greatest integer with `(q n)^2 <= t`: between 2^54 and 2^57.
/// What is left over only decides whether it lies behind q.
fn root_by(digits: &[u32; DIGITS], divisor: u64) -> f64 {
    let Some(highest) = digits.iter().rposition(|digit| *digit != 0) else { return 0.0 };
    let leading = digits.get(highest).map_or(0, |digit| digit.leading_zeros());
    let bits = (highest as u32 + 1) * u32::BITS - leading;
    let shift = (2 * (u64::BITS - divisor.leading_zeros()) + 110) as i32 - bits as i32;
    let shift = shift + (shift & 1);
    let word = |first: i32| {
        let place = |word: u128, part| word << 32 | u128::from(bits_from(digits, first + part - shift));
        [96, 64, 32, 0].into_iter().fold(0, place)
    };
    let target = [word(128), word(0)];
    let is_cut = (0..-shift).step_by(32).any(|first| {
        let beyond = (first + 32 + shift).max(0) as u32;
        bits_from(digits, first) << beyond != 0
    });
    let mut root = 0_u64;
    for bit in (0..ROOT_BITS).rev() {
        let more = root | 1 << bit;
        if square(u128::from(more) * u128::from(divisor)) <= target {
            root = more;
        }
    }
    let is_beyond = is_cut || square(u128::from(root) * u128::from(divisor)) != target;
    // The root of the unit is 2^-160.
    (root | u64::from(is_beyond)) as f64 * power_of_two(-shift / 2 - 160)
}

/// Thirty-two bits from one on; those below the lowest and above the highest digit are 0.
#[inline(never)]
fn bits_from(digits: &[u32; DIGITS], first: i32) -> u32 {
    let digit = |index: i32| usize::try_from(index).ok().and_then(|index| digits.get(index)).copied().unwrap_or(0);
    let index = first >> 5;
    let both = u64::from(digit(index)) | u64::from(digit(index + 1)) << 32;
    (both >> (first & 31)) as u32
}

/// The square of an integer below 2^120, its upper and its lower half.
fn square(number: u128) -> [u128; 2] {
    let (high, low) = (number >> 64, number & u128::from(u64::MAX));
    let middle = high * low;
    let (lower, carry) = (low * low).overflowing_add(middle << 65);
    [high * high + (middle >> 63) + u128::from(carry), lower]
}

/// The digits of the absolute value.
fn magnitude(digits: &[i64]) -> [u32; MOST_DIGITS] {
    let mut magnitude = [0; MOST_DIGITS];
    absolute(digits, &mut magnitude);
    magnitude
}

/// The digits of `W S2 - S1^2`, in units of [`UNIT`]; None where it is negative.
fn difference(weights: &[u32], sum: &[u32], squares: &[u32]) -> Option<[u32; DIGITS]> {
    let mut columns = [0_i128; DIGITS];
    add_product(&mut columns, used(weights), used(squares), 1);
    add_product(&mut columns, used(sum), used(sum), -1);
    let (mut digits, mut carry) = ([0; DIGITS], 0_i128);
    for (to, column) in digits.iter_mut().zip(columns) {
        let digit = column + carry;
        carry = digit >> u32::BITS;
        *to = digit as u32;
    }
    (carry == 0).then_some(digits)
}

/// The number of digits, rounded at each digit.
fn number(digits: &[u32; DIGITS]) -> f64 {
    let (mut number, mut unit) = (0.0, UNIT);
    for digit in digits {
        number += unit * f64::from(*digit);
        unit *= DIGIT;
    }
    number
}

/// The digits up to the highest that is not 0.
fn used(digits: &[u32]) -> &[u32] {
    let highest = digits.iter().rposition(|digit| *digit != 0);
    let count = highest.map_or(0, |highest| highest + 1);
    digits.get(..count).unwrap_or(digits)
}

/// Adds the product of two numbers, times a sign.
#[inline(never)]
fn add_product(columns: &mut [i128], one: &[u32], other: &[u32], sign: i128) {
    for (position, left) in one.iter().enumerate() {
        for (column, right) in columns.iter_mut().skip(position).zip(other) {
            let product = u64::from(*left) * u64::from(*right);
            *column += sign * i128::from(product);
        }
    }
}
