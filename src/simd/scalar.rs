//! One float at a time: for targets without SIMD, where code size and stack count.

use super::{Bits, Doubles, Kernel, Lanes, Mask, Pair, Simd};
use core::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Not, Sub};
use wide::f64x2;

/// The token of the scalar tier, which every machine has.
#[derive(Clone, Copy, Default)]
pub struct Scalar;

impl Simd for Scalar {
    type Register = One<f32>;
    type Lanes = One<f32>;
    type Sixteen = Pair<Pair<Pair<Pair<One<f32>>>>>;

    #[inline(never)]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        kernel.run(self)
    }

    #[inline(always)]
    fn bits_of_bytes(self, bytes: &[u8; 64]) -> u64 {
        bytes.iter().rev().fold(0, |bits, byte| bits << 1 | u64::from(*byte != 0))
    }
}

/// A vector of one lane.
#[derive(Clone, Copy)]
pub struct One<T>(T);

macro_rules! lanewise {
    ($type:ty: $($operator:ident $method:ident,)*) => {$(
        impl $operator for One<$type> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(self.0.$method(other.0))
            }
        }
    )*};
}

lanewise! { f32: Add add, Sub sub, Mul mul, Div div, }
lanewise! { f64: Add add, Sub sub, Mul mul, Div div, }

macro_rules! lanewise_constant {
    ($($operator:ident $method:ident,)*) => {$(
        impl $operator<f32> for One<f32> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, constant: f32) -> Self {
                Self(self.0.$method(constant))
            }
        }
    )*};
}

lanewise_constant! { Add add, Sub sub, Mul mul, }

lanewise! { u32: BitAnd bitand, BitOr bitor, BitXor bitxor, }
lanewise! { bool: BitAnd bitand, BitOr bitor, }

impl Add for One<u32> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }
}

impl Sub for One<u32> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(self.0.wrapping_sub(other.0))
    }
}

impl Not for One<bool> {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        Self(!self.0)
    }
}

impl Lanes for One<f32> {
    type Simd = Scalar;
    type Mask = One<bool>;
    type Bits = One<u32>;
    type Doubles = One<f64>;
    type Floats = [f32; 1];
    type Bytes = [u8; 1];

    #[inline(always)]
    fn simd(self) -> Scalar {
        Scalar
    }
    #[inline(always)]
    fn splat(_: Scalar, value: f32) -> Self {
        Self(value)
    }
    #[inline(always)]
    fn from_floats(_: Scalar, [float]: &[f32; 1]) -> Self {
        Self(*float)
    }
    #[inline(always)]
    fn to_floats(self, floats: &mut [f32; 1]) {
        *floats = [self.0];
    }
    #[inline(always)]
    fn mask_from_bytes(_: Scalar, [byte]: &[u8; 1]) -> Self::Mask {
        One(*byte != 0)
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        if self.0 < other.0 { self } else { other }
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        if self.0 > other.0 { self } else { other }
    }
    #[inline(always)]
    fn lt(self, other: Self) -> Self::Mask {
        One(self.0 < other.0)
    }
    #[inline(always)]
    fn eq(self, other: Self) -> Self::Mask {
        One(self.0 == other.0)
    }
    #[inline(always)]
    fn gt_bits(one: Self::Bits, other: Self::Bits) -> Self::Mask {
        One(one.0 > other.0)
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        if mask.0 { yes } else { no }
    }
    #[inline(always)]
    fn to_bits(self) -> Self::Bits {
        One(self.0.to_bits())
    }
    #[inline(always)]
    fn from_bits(bits: Self::Bits) -> Self {
        Self(f32::from_bits(bits.0))
    }
    #[inline(always)]
    fn widen(self) -> Self::Doubles {
        One(f64::from(self.0))
    }
    #[inline(always)]
    fn narrow(doubles: Self::Doubles) -> Self {
        Self(doubles.0 as f32)
    }
    #[inline(always)]
    fn add_bits_where(mask: Self::Mask, doubles: Self::Doubles, words: i64) -> i64 {
        if mask.0 { doubles.add_bits(words) } else { words }
    }
}

impl Mask for One<bool> {
    #[inline(always)]
    fn any(self) -> bool {
        self.0
    }
}

impl Bits for One<u32> {
    #[inline(always)]
    fn shl(self, count: u32) -> Self {
        Self(self.0.wrapping_shl(count))
    }
    #[inline(always)]
    fn shl_each(self, counts: Self) -> Self {
        Self(self.0.checked_shl(counts.0).unwrap_or(0))
    }
    #[inline(always)]
    fn shr(self, count: u32) -> Self {
        Self(self.0.wrapping_shr(count))
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        if self.0 as i32 > other.0 as i32 { self } else { other }
    }
}

impl Doubles for One<f64> {
    type Simd = Scalar;
    type Mask = One<bool>;
    type Words = i64;
    type Array = [i64; 1];
    type Values = [f64; 1];

    #[inline(always)]
    fn splat(_: Scalar, value: f64) -> Self {
        Self(value)
    }
    #[inline(always)]
    fn words(_: Scalar, [word]: &[i64; 1]) -> i64 {
        *word
    }
    #[inline(always)]
    fn add_bits(self, words: i64) -> i64 {
        words.wrapping_add(self.0.to_bits() as i64)
    }
    #[inline(always)]
    fn to_array(words: i64) -> [i64; 1] {
        [words]
    }
    #[inline(always)]
    fn from_values(_: Scalar, [value]: &[f64; 1]) -> Self {
        Self(*value)
    }
    #[inline(always)]
    fn to_values(self) -> [f64; 1] {
        [self.0]
    }
    // (Square roots are in the standard library, but not in the core. By `wide` this is one instruction, if the target
    // has it.)
    #[inline(always)]
    fn sqrt(self) -> Self {
        let [root, _] = f64x2::splat(self.0).sqrt().to_array();
        Self(root)
    }
    #[inline(always)]
    fn lt(self, other: Self) -> One<bool> {
        One(self.0 < other.0)
    }
    #[inline(always)]
    fn select(mask: One<bool>, yes: Self, no: Self) -> Self {
        if mask.0 { yes } else { no }
    }
}
