//! The variance of weighted values, from exact sums: without cancellation.

use super::{ExactSum, digits};

/// Digits of a product of two sums: twice as many.
const DIGITS: usize = 24;
const DIGIT: f64 = (1_u64 << u32::BITS) as f64;
/// The unit of such a product: 2^-320.
const UNIT: f64 = f64::from_bits((1023 - 320) << 52);

/// `(W S2 - S1^2) / W^2` for `W = sum v`, `S1 = sum v q`, `S2 = sum v q^2`. The numerator is an exact
/// integer, of which the highest digits count, so values of 1000 whose variance is 1e-5 keep all digits of it, and equal values have a
/// variance of exactly 0. NaN where W is 0; otherwise what is not finite follows IEEE 754.
#[inline(never)]
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
    // By the inequality of Cauchy and Schwarz the difference is not negative.
    let mut carry = 0_i128;
    for column in &mut columns {
        let digit = column.wrapping_add(carry);
        carry = digit >> u32::BITS;
        *column = digit & i128::from(u32::MAX);
    }
    let mut difference = 0.0;
    for digit in columns.iter().rev() {
        difference = difference * DIGIT + *digit as u32 as f64;
    }
    difference * UNIT / (total * total)
}
