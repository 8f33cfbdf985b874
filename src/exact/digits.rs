//! Arithmetic on signed digits of 32 bits, lowest first, an `i64` each.

const DIGIT_BITS: u32 = 32;
const DIGIT_MASK: i64 = 0xffff_ffff;

/// Adds `value * 2^bit`, counted from the lowest digit. A value of up to 96 bits spreads over
/// four digits; the highest part keeps the sign. The digits are not canonical afterwards, but
/// each grew by less than 2^32, so 2^30 additions fit before [`normalize`] is due.
pub fn add(digits: &mut [i64], bit: u32, value: i128) {
    let shift = bit % DIGIT_BITS;
    let mut digits = digits.iter_mut().skip((bit / DIGIT_BITS) as usize);
    let mut carry = 0;
    for part in [value as u32, (value >> DIGIT_BITS) as u32, (value >> (2 * DIGIT_BITS)) as u32] {
        let Some(digit) = digits.next() else { return };
        let shifted = u64::from(part) << shift | carry;
        *digit = digit.wrapping_add(shifted as i64 & DIGIT_MASK);
        carry = shifted >> DIGIT_BITS;
    }
    if let Some(digit) = digits.next() {
        let highest = (value >> (3 * DIGIT_BITS)) as i64;
        *digit = digit.wrapping_add(highest << shift | carry as i64);
    }
}

/// Propagates carries: all digits but the highest end in `[0, 2^32)`.
///
/// The carry is at most 2^31 in size and a digit of 2^31 canonical states at most 2^63 - 2^31,
/// so that nothing overflows.
pub fn normalize(digits: &mut [i64]) {
    let Some((highest, lower)) = digits.split_last_mut() else { return };
    let mut carry = 0_i64;
    for digit in lower {
        let sum = digit.wrapping_add(carry);
        *digit = sum & DIGIT_MASK;
        carry = sum >> DIGIT_BITS;
    }
    *highest = highest.wrapping_add(carry);
}

/// The integer of the digits times `2^lowest`, divided by `divisor` (1 to 2^63 - 1), rounded once
/// to the nearest `f64`, ties to even.
///
/// Long division, a bit at a time from the highest nonzero digit down, until the quotient has 55
/// bits: 53 for the mantissa, one that decides the rounding, and one that is set when anything
/// was left over. No result is subnormal: 2^-320 / 2^63 is far above.
#[inline(never)]
pub fn quotient(digits: &[i64], lowest: i32, divisor: u64) -> f64 {
    const ENOUGH: u64 = 1 << 54;

    let mut magnitude = [0; MOST_DIGITS];
    let negative = absolute(digits, &mut magnitude);
    let Some(highest) = magnitude.iter().rposition(|digit| *digit != 0) else { return 0.0 };
    let mut position = (highest as i32 + 1) * DIGIT_BITS as i32;
    let (mut quotient, mut remainder) = (0_u64, 0_u64);
    while quotient < ENOUGH {
        position -= 1;
        remainder = remainder << 1 | bit(&magnitude, position);
        quotient <<= 1;
        if remainder >= divisor {
            remainder -= divisor;
            quotient |= 1;
        }
    }
    let left_over = remainder != 0 || (0..position).any(|below| bit(&magnitude, below) == 1);
    // The conversion rounds to nearest even; the power of two is exact.
    let rounded = (quotient | u64::from(left_over)) as f64 * power_of_two(lowest + position);
    if negative { -rounded } else { rounded }
}

/// The most digits of any sum.
pub const MOST_DIGITS: usize = 20;

/// Writes the digits of the absolute value, with zeros above them; whether the integer is negative.
#[inline(never)]
pub fn absolute(digits: &[i64], magnitude: &mut [i64; MOST_DIGITS]) -> bool {
    *magnitude = [0; MOST_DIGITS];
    for (to, from) in magnitude.iter_mut().zip(digits) {
        *to = *from;
    }
    let used = magnitude.get_mut(..digits.len()).unwrap_or(&mut []);
    normalize(used);
    let negative = used.last().is_some_and(|highest| *highest < 0);
    if negative {
        used.iter_mut().for_each(|digit| *digit = digit.wrapping_neg());
        normalize(used);
    }
    negative
}

/// The bit at a position; positions below 0 are the zeros behind the point.
fn bit(magnitude: &[i64], position: i32) -> u64 {
    let digit = usize::try_from(position >> DIGIT_BITS.trailing_zeros()).ok();
    let digit = digit.and_then(|index| magnitude.get(index)).copied().unwrap_or(0);
    digit as u64 >> (position & (DIGIT_BITS as i32 - 1)) & 1
}

/// `2^exponent`, for exponents of normal doubles.
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}
