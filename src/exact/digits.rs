//! Arithmetic on signed digits of 32 bits, lowest first, an `i64` each.

use crate::simd::IS_SMALL;
use core::num::NonZeroU64;

const DIGIT_BITS: u32 = 32;
const DIGIT_MASK: i64 = 0xffff_ffff;

/// Adds `value * 2^bit`, where bit 0 is the lowest bit of the lowest digit. It adds to three digits, of which the
/// highest one keeps the sign. (No term is so great that there are fewer than three.) The digits are not canonical
/// afterwards. Each grew by less than 2^32, so [`normalize`] is due after at most 2^30 additions.
pub fn add(digits: &mut [i64], bit: u32, value: i64) {
    let digits = digits.get_mut((bit / DIGIT_BITS) as usize..);
    let Some([first, second, third]) = digits.and_then(<[i64]>::first_chunk_mut) else { return };
    let shift = bit % DIGIT_BITS;
    let low = (value & DIGIT_MASK) << shift;
    let high = value >> DIGIT_BITS << shift;
    let middle = (low as u64 >> DIGIT_BITS) as i64 + (high & DIGIT_MASK);
    *first = first.wrapping_add(low & DIGIT_MASK);
    *second = second.wrapping_add(middle & DIGIT_MASK);
    *third = third.wrapping_add((middle >> DIGIT_BITS) + (high >> DIGIT_BITS));
}

/// Makes digits canonical: all but the highest end in `[0, 2^32)`, and the value stays the same.
///
/// It is right for any digits, because carries and lower halves are added separately. Only the highest digit can
/// overflow, and it wraps.
#[inline(never)]
pub fn normalize(digits: &mut [i64]) {
    let Some((highest, lower)) = digits.split_last_mut() else { return };
    // Most often they are canonical already. (Where code is scarce that is not asked.)
    if !IS_SMALL && lower.iter().fold(0, |all, digit| all | *digit) >> DIGIT_BITS == 0 {
        return;
    }
    let mut carry = 0;
    for digit in lower {
        let low = (*digit & DIGIT_MASK) + carry;
        carry = (*digit >> DIGIT_BITS) + (low >> DIGIT_BITS);
        *digit = low & DIGIT_MASK;
    }
    *highest = highest.wrapping_add(carry);
}

/// Adds other digits, and makes the sum canonical, as [`normalize`] does.
pub fn merge(digits: &mut [i64], more: &[i64]) {
    // Canonical digits have room for both halves of the digits that are added.
    normalize(digits);
    let mut carry = 0;
    for (digit, more) in digits.iter_mut().zip(more) {
        *digit = digit.wrapping_add((more & DIGIT_MASK) + carry);
        carry = more >> DIGIT_BITS;
    }
    if let Some(highest) = digits.last_mut() {
        *highest = highest.wrapping_add(carry << DIGIT_BITS);
    }
    normalize(digits);
}

/// The integer of the digits times `2^lowest`, divided by `divisor` (1 to 2^63 - 1), rounded once
/// to the nearest `f64`, ties to even.
///
/// Long division from the highest nonzero digit down, until the quotient has 55 bits or more: 53 for the mantissa, one
/// that decides the rounding, and one that is set when anything was left over. A step takes the rest of a digit, or as
/// many bits as divisor and quotient have room for. (Where code is scarce there is no instruction that divides: a step
/// takes a bit.) No result is subnormal: 2^-320 / 2^63 is far above.
#[inline(never)]
pub fn quotient(digits: &[i64], lowest: i32, divisor: NonZeroU64) -> f64 {
    const ENOUGH: u64 = 1 << 54;

    let mut magnitude = [0; MOST_DIGITS];
    let negative = absolute(digits, &mut magnitude);
    let Some(highest) = magnitude.iter().rposition(|digit| *digit != 0) else { return 0.0 };
    let mut position = (highest as i32 + 1) * DIGIT_BITS as i32;
    let (mut quotient, mut remainder) = (0_u64, 0_u64);
    while quotient < ENOUGH {
        let before = (position - 1) as u32 % DIGIT_BITS + 1;
        let room = divisor.leading_zeros().min(quotient.leading_zeros());
        let count = if IS_SMALL { 1 } else { before.min(room) };
        let mut bits = 0;
        // Positions below 0 are the zeros behind the point.
        let digit = usize::try_from((position - 1) >> DIGIT_BITS.trailing_zeros()).ok();
        if let Some(digit) = digit.and_then(|index| magnitude.get_mut(index)) {
            bits = *digit >> (before - count);
            // What was taken is not left over.
            *digit ^= bits << (before - count);
        }
        // The remainder is less than the divisor, so what is found is less than `2^count`.
        let (found, rest) = divide(remainder << count | u64::from(bits), divisor);
        (quotient, remainder) = (quotient << count | found, rest);
        position -= count as i32;
    }
    let is_rest = remainder != 0 || magnitude.iter().any(|digit| *digit != 0);
    // The conversion rounds to nearest even; the power of two is exact.
    let rounded = (quotient | u64::from(is_rest)) as f64 * power_of_two(lowest + position);
    if negative { -rounded } else { rounded }
}

/// The quotient and the remainder. Where a step takes a bit, the number is less than twice the divisor.
#[inline(always)]
fn divide(number: u64, divisor: NonZeroU64) -> (u64, u64) {
    if !IS_SMALL {
        return (number / divisor, number % divisor);
    }
    let rest = number.checked_sub(divisor.get());
    (rest.is_some().into(), rest.unwrap_or(number))
}

/// The most digits that a sum has, and one more for the upper half of the highest digit.
pub const MOST_DIGITS: usize = 20 + 1;

/// Writes the digits of the absolute value, with zeros above them. Returns whether the integer is negative. It is right
/// for any digits.
#[inline(never)]
pub fn absolute(digits: &[i64], magnitude: &mut [u32; MOST_DIGITS]) -> bool {
    let mut digits = digits.iter();
    let mut carry = 0;
    for place in &mut *magnitude {
        let digit = digits.next().copied().unwrap_or(0);
        let low = (digit & DIGIT_MASK) + carry;
        carry = (digit >> DIGIT_BITS) + (low >> DIGIT_BITS);
        *place = low as u32;
    }
    let negative = carry < 0;
    if negative {
        // The negative number is the complement plus 1.
        let mut carry = true;
        for place in &mut *magnitude {
            (*place, carry) = (!*place).overflowing_add(carry.into());
        }
    }
    negative
}

/// `2^exponent`, for exponents of normal doubles.
pub const fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}
