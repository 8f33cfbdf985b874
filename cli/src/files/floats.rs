//! Items of any type as float32: the one place where the tool converts them, for inputs that hyla takes as floats
//! alone.
//!
//! Integers of up to 16 bits and halves are exact, doubles are rounded to the nearest float32, as hyla itself does.

use super::array::{Dtype, Held};
use hyla::input::{Items, Plane};
use std::borrow::Cow;

/// The items of a part of a file.
pub fn of_held(held: &Held) -> Cow<'_, [f32]> {
    of_plane(&plane(held))
}

/// The items as hyla takes them.
pub fn plane(held: &Held) -> Plane<'_> {
    Plane::new(match held.dtype {
        Dtype::F16 => Items::F16(held.items()),
        Dtype::F32 => Items::F32(held.items()),
        Dtype::F64 => Items::F64(held.items()),
        Dtype::U8 => Items::U8(held.items()),
        Dtype::I8 => Items::I8(held.items()),
        Dtype::U16 => Items::U16(held.items()),
        Dtype::I16 => Items::I16(held.items()),
        // No port of numbers takes others.
        _ => Items::F32(&[]),
    })
}

/// The values of a plane whose items are neighbours, without scale and zero point.
pub fn of_plane<'a>(plane: &Plane<'a>) -> Cow<'a, [f32]> {
    match plane.items() {
        Items::F32(items) => Cow::Borrowed(items),
        Items::F64(items) => items.iter().map(|item| *item as f32).collect(),
        Items::F16(items) => items.iter().map(|item| from_f16(*item)).collect(),
        Items::Bf16(items) => items.iter().map(|item| f32::from_bits(u32::from(*item) << 16)).collect(),
        Items::U8(items) => items.iter().map(|item| f32::from(*item)).collect(),
        Items::I8(items) => items.iter().map(|item| f32::from(*item)).collect(),
        Items::U16(items) => items.iter().map(|item| f32::from(*item)).collect(),
        Items::I16(items) => items.iter().map(|item| f32::from(*item)).collect(),
        // No file has packed pixels.
        Items::Mono10p(_) | Items::Mono12p(_) | Items::Mono12Packed(_) => Cow::Borrowed(&[]),
    }
}

/// A binary16 as a float32: 5 bits of exponent and 10 of significand.
fn from_f16(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, significand) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    let size = match exponent {
        0 => significand * 2.0_f32.powi(-24),
        31 if significand == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (significand + 1024.0) * 2.0_f32.powi(exponent - 25),
    };
    sign * size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_exact() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x3555, 0.333_251_95),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x0400, 6.103_515_6e-5),
            (0xfc00, f32::NEG_INFINITY),
        ] {
            assert_eq!(from_f16(bits), value);
        }
        assert!(from_f16(0x7e00).is_nan());
    }
}
