//! The variance of weighted values, from exact sums: without cancellation.

use super::{Exact, ExactSum, digits};

/// Digits of a product of two sums: twice as many.
const DIGITS: usize = 24;
/// The exponent of the lowest digit of such a product.
const LOWEST: i32 = -320;

/// `(W S2 - S1^2) / W^2` for `W = sum v`, `S1 = sum v q`, `S2 = sum v q^2`. The numerator is exact and
/// rounded once, so values of 1000 whose variance is 1e-5 keep all digits of it, and equal values have a
/// variance of exactly 0. NaN where W is 0; otherwise what is not finite follows IEEE 754.
pub(crate) fn variance(weights: &ExactSum, sum: &ExactSum, squares: &ExactSum) -> f64 {
    let total = weights.value();
    if [weights, sum, squares].into_iter().any(|sum| sum.non_finite() != 0) {
        let mean = sum.value() / total;
        return squares.value() / total - mean * mean;
    }
    let [weights, sum, squares] =
        [weights, sum, squares].map(|sum| digits::magnitude(&sum.digits).1);
    let mut columns = [0_i128; DIGITS];
    for (position, (weight, left)) in weights.iter().zip(&sum).enumerate() {
        let columns = columns.iter_mut().skip(position);
        for (column, (square, right)) in columns.zip(squares.iter().zip(&sum)) {
            let product = i128::from(*weight).wrapping_mul(i128::from(*square));
            let squared = i128::from(*left).wrapping_mul(i128::from(*right));
            *column = column.wrapping_add(product.wrapping_sub(squared));
        }
    }
    let mut carry = 0_i128;
    let difference = columns.map(|column| {
        let digit = column.wrapping_add(carry);
        carry = digit >> u32::BITS;
        digit as u32 as i64
    });
    // By the inequality of Cauchy and Schwarz it is not negative, so the last carry is 0.
    let difference = Exact::<DIGITS, LOWEST, 1> { digits: difference, ..Exact::default() };
    difference.value() / (total * total)
}
