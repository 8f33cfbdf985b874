//! The variance of weighted values, from exact sums: without cancellation.

use super::digits::{MOST_DIGITS, absolute};
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
    difference(&weights, &sum, &squares).unwrap_or(0.0) / (total * total)
}

/// `(n S2 - S1^2) / (n (n - 1))`: the variance of a sample of n floats, with the same digits. NaN below two floats, and
/// where one is not finite.
///
/// # Errors
/// [`Error::Totals`]: no floats have these sums.
#[inline(never)]
pub(crate) fn sample_variance(count: i64, sum: &ExactSum, squares: &ExactSquares) -> Result<f64, Error> {
    sum.check(count)?;
    squares.check_not_negative(count)?;
    let infinite = sum.positive_infinity.wrapping_add(sum.negative_infinity);
    if (sum.nan, infinite) != (squares.nan, squares.positive_infinity) {
        return Err(Error::Totals);
    }
    let [sum_digits, squares] = [magnitude(&sum.digits), magnitude(&squares.digits)];
    // The inequality of Cauchy and Schwarz says that it is not negative.
    let count_digits = [count as u32, (count >> u32::BITS) as u32];
    let difference = difference(&count_digits, &sum_digits, &squares).ok_or(Error::Totals)?;
    if count < 2 || sum.non_finite() != 0 {
        return Ok(f64::NAN);
    }
    let number = count as f64;
    Ok(difference / number / (number - 1.0))
}

/// The digits of the absolute value.
fn magnitude(digits: &[i64]) -> [u32; MOST_DIGITS] {
    let mut magnitude = [0; MOST_DIGITS];
    absolute(digits, &mut magnitude);
    magnitude
}

/// `W S2 - S1^2` of digits, times [`UNIT`]; None where it is negative.
fn difference(weights: &[u32], sum: &[u32], squares: &[u32]) -> Option<f64> {
    let mut columns = [0_i128; DIGITS];
    add_product(&mut columns, used(weights), used(squares), 1);
    add_product(&mut columns, used(sum), used(sum), -1);
    let (mut difference, mut unit, mut carry) = (0.0, UNIT, 0_i128);
    for column in columns {
        let digit = column + carry;
        carry = digit >> u32::BITS;
        difference += unit * f64::from(digit as u32);
        unit *= DIGIT;
    }
    (carry == 0).then_some(difference)
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
