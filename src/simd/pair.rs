//! Two vectors that move together, so that two independent chains are in flight.

use super::{Bits, Doubles, Lanes, Mask, Words, flat};
use core::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Not, Sub};

/// Two vectors used as one of twice the lanes; the first holds the lower lanes.
#[derive(Clone, Copy)]
pub struct Pair<T>(pub(crate) T, pub(crate) T);

macro_rules! lanewise {
    ($($operator:ident $method:ident,)*) => {$(
        impl<T: $operator<Output = T>> $operator for Pair<T> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(self.0.$method(other.0), self.1.$method(other.1))
            }
        }
    )*};
}

lanewise! { Add add, Sub sub, Mul mul, Div div, BitAnd bitand, BitOr bitor, BitXor bitxor, }

macro_rules! lanewise_constant {
    ($($operator:ident $method:ident,)*) => {$(
        impl<T: $operator<f32, Output = T>> $operator<f32> for Pair<T> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, constant: f32) -> Self {
                Self(self.0.$method(constant), self.1.$method(constant))
            }
        }
    )*};
}

lanewise_constant! { Add add, Sub sub, Mul mul, }

impl<T: Not<Output = T>> Not for Pair<T> {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        Self(!self.0, !self.1)
    }
}

impl<T: Lanes> Lanes for Pair<T> {
    type Simd = T::Simd;
    type Mask = Pair<T::Mask>;
    type Bits = Pair<T::Bits>;
    type Doubles = Pair<T::Doubles>;
    type Floats = [T::Floats; 2];
    type Bytes = [T::Bytes; 2];

    #[inline(always)]
    fn simd(self) -> Self::Simd {
        self.0.simd()
    }
    #[inline(always)]
    fn splat(simd: Self::Simd, value: f32) -> Self {
        Self(T::splat(simd, value), T::splat(simd, value))
    }
    #[inline(always)]
    fn from_floats(simd: Self::Simd, [low, high]: &Self::Floats) -> Self {
        Self(T::from_floats(simd, low), T::from_floats(simd, high))
    }
    #[inline(always)]
    fn to_floats(self, [low, high]: &mut Self::Floats) {
        self.0.to_floats(low);
        self.1.to_floats(high);
    }
    #[inline(always)]
    fn mask_from_bytes(simd: Self::Simd, [low, high]: &Self::Bytes) -> Self::Mask {
        Pair(T::mask_from_bytes(simd, low), T::mask_from_bytes(simd, high))
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0), self.1.min(other.1))
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(self.0.max(other.0), self.1.max(other.1))
    }
    #[inline(always)]
    fn lt(self, other: Self) -> Self::Mask {
        Pair(self.0.lt(other.0), self.1.lt(other.1))
    }
    #[inline(always)]
    fn eq(self, other: Self) -> Self::Mask {
        Pair(self.0.eq(other.0), self.1.eq(other.1))
    }
    #[inline(always)]
    fn gt_bits(one: Self::Bits, other: Self::Bits) -> Self::Mask {
        Pair(T::gt_bits(one.0, other.0), T::gt_bits(one.1, other.1))
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        Self(T::select(mask.0, yes.0, no.0), T::select(mask.1, yes.1, no.1))
    }
    #[inline(always)]
    fn to_bits(self) -> Self::Bits {
        Pair(self.0.to_bits(), self.1.to_bits())
    }
    #[inline(always)]
    fn from_bits(bits: Self::Bits) -> Self {
        Self(T::from_bits(bits.0), T::from_bits(bits.1))
    }
    #[inline(always)]
    fn widen(self) -> Self::Doubles {
        Pair(self.0.widen(), self.1.widen())
    }
    #[inline(always)]
    fn widened(simd: Self::Simd, [low, high]: &Self::Floats) -> Self::Doubles {
        Pair(T::widened(simd, low), T::widened(simd, high))
    }
    #[inline(always)]
    fn narrow(doubles: Self::Doubles) -> Self {
        Self(T::narrow(doubles.0), T::narrow(doubles.1))
    }
    #[inline(always)]
    fn add_bits_where(mask: Self::Mask, doubles: Self::Doubles, words: Words<Self>) -> Words<Self> {
        let low = T::add_bits_where(mask.0, doubles.0, words.0);
        Pair(low, T::add_bits_where(mask.1, doubles.1, words.1))
    }
}

impl<T: Mask> Mask for Pair<T> {
    #[inline(always)]
    fn any(self) -> bool {
        // Not `(self.0 | self.1).any()`: of two comparisons with one operand LLVM makes one, with their minimum. On
        // aarch64 that is a NaN where one of the two is a signalling NaN, and the other comparison is lost.
        self.0.any() | self.1.any()
    }
}

impl<T: Bits> Bits for Pair<T> {
    #[inline(always)]
    fn shl(self, count: u32) -> Self {
        Self(self.0.shl(count), self.1.shl(count))
    }
    #[inline(always)]
    fn shl_each(self, counts: Self) -> Self {
        Self(self.0.shl_each(counts.0), self.1.shl_each(counts.1))
    }
    #[inline(always)]
    fn shr(self, count: u32) -> Self {
        Self(self.0.shr(count), self.1.shr(count))
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(self.0.max(other.0), self.1.max(other.1))
    }
}

impl<T: Doubles> Doubles for Pair<T> {
    type Simd = T::Simd;
    type Mask = Pair<T::Mask>;
    type Words = Pair<T::Words>;
    type Array = [T::Array; 2];
    type Values = [T::Values; 2];

    #[inline(always)]
    fn splat(simd: Self::Simd, value: f64) -> Self {
        Self(T::splat(simd, value), T::splat(simd, value))
    }
    #[inline(always)]
    fn words(simd: Self::Simd, [low, high]: &Self::Array) -> Self::Words {
        Pair(T::words(simd, low), T::words(simd, high))
    }
    #[inline(always)]
    fn add_bits(self, words: Self::Words) -> Self::Words {
        Pair(self.0.add_bits(words.0), self.1.add_bits(words.1))
    }
    #[inline(always)]
    fn to_array(words: Self::Words) -> Self::Array {
        [T::to_array(words.0), T::to_array(words.1)]
    }
    #[inline(always)]
    fn from_values(simd: Self::Simd, [low, high]: &Self::Values) -> Self {
        Self(T::from_values(simd, low), T::from_values(simd, high))
    }
    #[inline(always)]
    fn to_values(self) -> Self::Values {
        [self.0.to_values(), self.1.to_values()]
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.sqrt(), self.1.sqrt())
    }
    #[inline(always)]
    fn lt(self, other: Self) -> Self::Mask {
        Pair(self.0.lt(other.0), self.1.lt(other.1))
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        Self(T::select(mask.0, yes.0, no.0), T::select(mask.1, yes.1, no.1))
    }
    #[inline(always)]
    fn fold_to_four(self) -> [f64; 4] {
        if size_of::<Self::Values>() > size_of::<[f64; 4]>() {
            return (self.0 + self.1).fold_to_four();
        }
        let values = self.to_values();
        flat(&values).first_chunk().copied().unwrap_or([f64::NAN; 4])
    }
}
