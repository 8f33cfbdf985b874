//! The variance of weighted values, from exact sums: without cancellation.

use super::digits::{MOST_DIGITS, absolute};
use super::{ExactSquares, ExactSum};

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
    difference(&weights, &sum, &squares) / (total * total)
}

/// `(n S2 - S1^2) / (n (n - 1))`: the variance of a sample of n floats, with the same digits. NaN below two floats, and
/// where one is not finite.
#[inline(never)]
pub(crate) fn sample_variance(count: i64, sum: &ExactSum, squares: &ExactSquares) -> f64 {
    if count < 2 || sum.non_finite() != 0 {
        return f64::NAN;
    }
    let [sum, squares] = [magnitude(&sum.digits), magnitude(&squares.digits)];
    let number = count as f64;
    difference(&[i64::from(count as u32), count >> u32::BITS], &sum, &squares)
        / number
        / (number - 1.0)
}

/// The digits of the absolute value.
fn magnitude(digits: &[i64]) -> [i64; MOST_DIGITS] {
    let mut magnitude = [0; MOST_DIGITS];
    absolute(digits, &mut magnitude);
    magnitude
}

/// `W S2 - S1^2` of digits, times [`UNIT`].
fn difference(weights: &[i64], sum: &[i64], squares: &[i64]) -> f64 {
    let [weights, sum, squares] = [used(weights), used(sum), used(squares)];
    let mut columns = [0_i128; DIGITS];
    add_product(&mut columns, weights, squares, 1);
    add_product(&mut columns, sum, sum, -1);
    // By the inequality of Cauchy and Schwarz the difference is not negative, and no longer than the first
    // product.
    let (mut difference, mut unit, mut carry) = (0.0, UNIT, 0_i128);
    for column in columns.iter().take(weights.len() + squares.len()) {
        let digit = *column + carry;
        carry = digit >> u32::BITS;
        difference += unit * f64::from(digit as u32);
        unit *= DIGIT;
    }
    difference
}

/// The digits up to the highest that is not 0.
fn used(digits: &[i64]) -> &[i64] {
    let highest = digits.iter().rposition(|digit| *digit != 0);
    let count = highest.map_or(0, |highest| highest + 1);
    digits.get(..count).unwrap_or(digits)
}

/// Adds the product of two numbers, times a sign. (The highest digit of a sum of 2^63 terms is below 2^32, too.)
#[inline(never)]
fn add_product(columns: &mut [i128], one: &[i64], other: &[i64], sign: i128) {
    for (position, left) in one.iter().enumerate() {
        for (column, right) in columns.iter_mut().skip(position).zip(other) {
            let product = u64::from(*left as u32) * u64::from(*right as u32);
            *column += sign * i128::from(product);
        }
    }
}
