//! The order of floats as integers: what sorts, bins and running extremes compare.

const SIGN: u32 = 1 << 31;

/// The place of a float in the order of all floats, -0 as +0. Undefined for NaN.
#[inline(always)]
pub(crate) fn key(float: f32) -> u32 {
    // Adding 0 turns -0 into 0.
    let bits = (float + 0.0).to_bits();
    if bits & SIGN != 0 { !bits } else { bits | SIGN }
}

/// The float at a place of the order.
#[inline(always)]
pub(crate) fn float(key: u32) -> f32 {
    f32::from_bits(if key & SIGN != 0 { key & !SIGN } else { !key })
}

/// The greater of two numbers, `bound` if the first is NaN. (A comparison; the standard functions, which heed more
/// rules, are calls where a target has no instruction for them.)
#[inline(always)]
pub(crate) fn at_least<T: PartialOrd>(number: T, bound: T) -> T {
    if number > bound { number } else { bound }
}

/// The smaller of two numbers, `bound` if the first is NaN.
#[inline(always)]
pub(crate) fn at_most<T: PartialOrd>(number: T, bound: T) -> T {
    if number < bound { number } else { bound }
}
