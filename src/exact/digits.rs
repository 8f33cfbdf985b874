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

/// Makes digits canonical: all but the highest end in `[0, 2^32)`, and the value stays the same.
///
/// Right for any digits, since carries and lower halves are added apart: only the highest digit can
/// overflow, and wraps.
pub fn normalize(digits: &mut [i64]) {
    merge(digits, &[]);
}

/// Adds other digits, or none, and makes the sum canonical, as [`normalize`] does.
#[inline(never)]
pub fn merge(digits: &mut [i64], more: &[i64]) {
    let Some((highest, lower)) = digits.split_last_mut() else { return };
    let mut more = more.iter();
    let mut next = || more.next().copied().unwrap_or(0);
    let mut carry = 0;
    for digit in lower {
        let more = next();
        let low = (*digit & DIGIT_MASK) + (more & DIGIT_MASK) + carry;
        carry = (*digit >> DIGIT_BITS) + (more >> DIGIT_BITS) + (low >> DIGIT_BITS);
        *digit = low & DIGIT_MASK;
    }
    *highest = highest.wrapping_add(next()).wrapping_add(carry);
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
    /// The zeros above the highest bit, a divisor that is longer by 63 bits, the quotient.
    const STEPS: i32 = 32 + 63 + 55;

    let mut magnitude = [0; MOST_DIGITS];
    let negative = absolute(digits, &mut magnitude);
    let Some(highest) = magnitude.iter().rposition(|digit| *digit != 0) else { return 0.0 };
    let mut position = (highest as i32 + 1) * DIGIT_BITS as i32;
    let (mut quotient, mut remainder) = (0_u64, 0_u64);
    for _ in 0..STEPS {
        position -= 1;
        remainder = remainder << 1 | u64::from(bit(&magnitude, position));
        quotient <<= 1;
        if remainder >= divisor {
            remainder -= divisor;
            quotient |= 1;
        }
        if quotient >= ENOUGH {
            break;
        }
    }
    let left_over = remainder != 0 || (0..position).any(|below| bit(&magnitude, below) == 1);
    // The conversion rounds to nearest even; the power of two is exact.
    let rounded = (quotient | u64::from(left_over)) as f64 * power_of_two(lowest + position);
    if negative { -rounded } else { rounded }
}

/// How large a sum can be.
#[derive(Clone, Copy)]
pub struct Reach {
    /// It is a multiple of 2 to this power, in units of the lowest digit, which it lies in.
    pub unit: u32,
    /// Each term is below 2^(32 top), in the same units.
    pub top: usize,
}

/// Whether so many terms can have this sum, and whether it is negative.
#[inline(never)]
pub fn sum_of(digits: &[i64], reach: Reach, terms: u64) -> Option<bool> {
    let mut magnitude = [0; MOST_DIGITS];
    let negative = absolute(digits, &mut magnitude);
    let is_multiple = magnitude.first().is_some_and(|lowest| lowest.trailing_zeros() >= reach.unit);
    let mut high = magnitude.iter().skip(reach.top);
    let mut next = || u64::from(high.next().copied().unwrap_or(0));
    // In multiples of what a term is below, rounded down.
    let size = next() | next() << DIGIT_BITS;
    let is_within = size < terms && high.all(|digit| *digit == 0);
    let is_zero = magnitude.iter().all(|digit| *digit == 0);
    (is_zero || is_multiple && is_within).then_some(negative)
}

/// The most digits of any sum, and one for what the highest of them is above 2^32.
pub const MOST_DIGITS: usize = 20 + 1;

/// Writes the digits of the absolute value, with zeros above them; whether the integer is negative. Right for any
/// digits.
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
        // The complement and 1 more.
        let mut carry = true;
        for place in &mut *magnitude {
            (*place, carry) = (!*place).overflowing_add(carry.into());
        }
    }
    negative
}

/// The bit at a position; positions below 0 are the zeros behind the point.
fn bit(magnitude: &[u32], position: i32) -> u32 {
    let digit = usize::try_from(position >> DIGIT_BITS.trailing_zeros()).ok();
    let digit = digit.and_then(|index| magnitude.get(index)).copied().unwrap_or(0);
    digit >> (position & (DIGIT_BITS as i32 - 1)) & 1
}

/// `2^exponent`, for exponents of normal doubles.
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}
