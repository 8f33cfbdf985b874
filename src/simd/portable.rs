//! What the target has at compile time, by the `wide` crate: SSE2, NEON, wasm simd128, or arrays.
//!
//! Only operations of `wide` that are one IEEE operation on every target are used. Its `min`,
//! `max` and `fast_*` follow three different rules for NaN, its `mul_add` fuses on some targets
//! and its `reduce_add` has an order of its own, so none of these appear here.

use super::{Bits, Doubles, Kernel, Lanes, Mask, Pair, Simd};
use bytemuck::must_cast;
use core::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Not, Sub};
use wide::{f32x4, f64x2, i32x4, i64x2, u8x16, u32x4};

/// The token of the portable tier, which every machine has.
#[derive(Clone, Copy, Default)]
pub struct Portable;

impl Simd for Portable {
    type Register = Quad<f32x4>;
    type Lanes = Pair<Pair<Quad<f32x4>>>;
    type Sixteen = Pair<Pair<Quad<f32x4>>>;

    #[inline(never)]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        kernel.run(self)
    }

    #[inline(always)]
    fn bits_of_bytes(self, bytes: &[u8; 64]) -> u64 {
        let quarters: [u8x16; 4] = must_cast(*bytes);
        let mut zeros = 0;
        for quarter in quarters.iter().rev() {
            zeros = zeros << 16 | u64::from(quarter.simd_eq(u8x16::splat(0)).to_bitmask());
        }
        !zeros
    }

    #[inline(always)]
    fn fold_rows(self, rows: [Self::Sixteen; 4]) -> Self::Sixteen {
        let folded = rows.map(|Pair(Pair(a, b), Pair(c, d))| ((a + c) + (b + d)).0);
        let [a, b, c, d] = f32x4::transpose(folded).map(Quad);
        Pair(Pair(a, b), Pair(c, d))
    }
}

/// A vector of 128 bits, or two of them.
#[derive(Clone, Copy)]
pub struct Quad<T>(T);

macro_rules! lanewise {
    ($type:ty: $($operator:ident $method:ident,)*) => {$(
        impl $operator for Quad<$type> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(self.0.$method(other.0))
            }
        }
    )*};
}

lanewise! { f32x4: Add add, Sub sub, Mul mul, Div div, }
lanewise! { u32x4: Add add, Sub sub, BitAnd bitand, BitOr bitor, BitXor bitxor, }

macro_rules! lanewise_constant {
    ($($operator:ident $method:ident,)*) => {$(
        impl $operator<f32> for Quad<f32x4> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, constant: f32) -> Self {
                Self(self.0.$method(f32x4::splat(constant)))
            }
        }
    )*};
}

lanewise_constant! { Add add, Sub sub, Mul mul, }

macro_rules! lanewise_doubles {
    ($($operator:ident $method:ident,)*) => {$(
        impl $operator for Quad<[f64x2; 2]> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                let ([a, b], [c, d]) = (self.0, other.0);
                Self([a.$method(c), b.$method(d)])
            }
        }
    )*};
}

lanewise_doubles! { Add add, Sub sub, Mul mul, Div div, }

/// All bits of a lane set where it is true.
#[derive(Clone, Copy)]
pub struct QuadMask(f32x4);

impl BitAnd for QuadMask {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

impl BitOr for QuadMask {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Not for QuadMask {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        Self(!self.0)
    }
}

/// The same for the doubles of four lanes.
#[derive(Clone, Copy)]
pub struct WideMask([f64x2; 2]);

impl BitAnd for WideMask {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self([self.0[0] & other.0[0], self.0[1] & other.0[1]])
    }
}

impl BitOr for WideMask {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Self([self.0[0] | other.0[0], self.0[1] | other.0[1]])
    }
}

impl Not for WideMask {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        Self(self.0.map(|half| !half))
    }
}

impl Mask for WideMask {
    // (Not of both at once: see the pair of vectors.)
    #[inline(always)]
    fn any(self) -> bool {
        self.0[0].any() | self.0[1].any()
    }
}

impl Mask for QuadMask {
    #[inline(always)]
    fn any(self) -> bool {
        self.0.any()
    }
}

impl Lanes for Quad<f32x4> {
    type Simd = Portable;
    type Mask = QuadMask;
    type Bits = Quad<u32x4>;
    type Doubles = Quad<[f64x2; 2]>;
    type Floats = [f32; 4];
    type Bytes = [u8; 4];

    #[inline(always)]
    fn simd(self) -> Portable {
        Portable
    }
    #[inline(always)]
    fn splat(_: Portable, value: f32) -> Self {
        Self(f32x4::splat(value))
    }
    #[inline(always)]
    fn from_floats(_: Portable, floats: &[f32; 4]) -> Self {
        Self(f32x4::new(*floats))
    }
    #[inline(always)]
    fn to_floats(self, floats: &mut [f32; 4]) {
        *floats = self.0.to_array();
    }
    #[inline(always)]
    fn mask_from_bytes(_: Portable, bytes: &[u8; 4]) -> QuadMask {
        let wide = i32x4::new(bytes.map(i32::from));
        QuadMask(must_cast(wide.simd_gt(i32x4::splat(0))))
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: SSE is part of x86-64.
        return Self(must_cast(unsafe { core::arch::x86_64::_mm_min_ps(must_cast(self.0), must_cast(other.0)) }));
        #[cfg(not(target_arch = "x86_64"))]
        Self::select(self.lt(other), self, other)
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: SSE is part of x86-64.
        return Self(must_cast(unsafe { core::arch::x86_64::_mm_max_ps(must_cast(self.0), must_cast(other.0)) }));
        #[cfg(not(target_arch = "x86_64"))]
        Self::select(other.lt(self), self, other)
    }
    #[inline(always)]
    fn lt(self, other: Self) -> QuadMask {
        QuadMask(self.0.simd_lt(other.0))
    }
    #[inline(always)]
    fn eq(self, other: Self) -> QuadMask {
        QuadMask(self.0.simd_eq(other.0))
    }
    #[inline(always)]
    fn gt_bits(one: Self::Bits, other: Self::Bits) -> QuadMask {
        let [one, other]: [i32x4; 2] = [one.0, other.0].map(|bits| must_cast(bits ^ u32x4::splat(1 << 31)));
        QuadMask(must_cast(one.simd_gt(other)))
    }
    #[inline(always)]
    fn select(mask: QuadMask, yes: Self, no: Self) -> Self {
        Self(mask.0.bitselect(yes.0, no.0))
    }
    #[inline(always)]
    fn to_bits(self) -> Quad<u32x4> {
        Quad(must_cast(self.0))
    }
    #[inline(always)]
    fn from_bits(bits: Quad<u32x4>) -> Self {
        Self(must_cast(bits.0))
    }
    #[inline(always)]
    fn widen(self) -> Quad<[f64x2; 2]> {
        Quad(conversions::widen(self.0))
    }
    #[inline(always)]
    fn narrow(doubles: Quad<[f64x2; 2]>) -> Self {
        Self(conversions::narrow(doubles.0))
    }
    #[inline(always)]
    fn add_bits_where(mask: QuadMask, doubles: Quad<[f64x2; 2]>, words: [i64x2; 2]) -> [i64x2; 2] {
        let [a, b, c, d] = must_cast::<_, [i32; 4]>(mask.0).map(i64::from);
        let [low, high] = doubles.0.map(must_cast::<_, i64x2>);
        [words[0] + (low & i64x2::new([a, b])), words[1] + (high & i64x2::new([c, d]))]
    }
}

impl Bits for Quad<u32x4> {
    #[inline(always)]
    fn shl(self, count: u32) -> Self {
        Self(self.0 << count)
    }
    #[inline(always)]
    fn shl_each(self, counts: Self) -> Self {
        let [mut bits, counts] = [self.0, counts.0].map(u32x4::to_array);
        for (bits, count) in bits.iter_mut().zip(counts) {
            *bits = bits.checked_shl(count).unwrap_or(0);
        }
        Self(u32x4::new(bits))
    }
    #[inline(always)]
    fn shr(self, count: u32) -> Self {
        Self(self.0 >> count)
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(must_cast(must_cast::<_, i32x4>(self.0).max(must_cast(other.0))))
    }
}

impl Doubles for Quad<[f64x2; 2]> {
    type Simd = Portable;
    type Mask = WideMask;
    type Words = [i64x2; 2];
    type Array = [i64; 4];
    type Values = [f64; 4];

    #[inline(always)]
    fn splat(_: Portable, value: f64) -> Self {
        Self([f64x2::splat(value); 2])
    }
    #[inline(always)]
    fn words(_: Portable, array: &Self::Array) -> [i64x2; 2] {
        must_cast(*array)
    }
    #[inline(always)]
    fn add_bits(self, words: [i64x2; 2]) -> [i64x2; 2] {
        let [low, high] = self.0;
        [words[0] + must_cast::<_, i64x2>(low), words[1] + must_cast::<_, i64x2>(high)]
    }
    #[inline(always)]
    fn to_array(words: [i64x2; 2]) -> [i64; 4] {
        must_cast(words)
    }
    #[inline(always)]
    fn from_values(_: Portable, values: &[f64; 4]) -> Self {
        Self(must_cast(*values))
    }
    #[inline(always)]
    fn to_values(self) -> [f64; 4] {
        must_cast(self.0)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.map(f64x2::sqrt))
    }
    #[inline(always)]
    fn lt(self, other: Self) -> WideMask {
        let ([a, b], [c, d]) = (self.0, other.0);
        WideMask([a.simd_lt(c), b.simd_lt(d)])
    }
    #[inline(always)]
    fn select(mask: WideMask, yes: Self, no: Self) -> Self {
        let ([a, b], [c, d], [low, high]) = (yes.0, no.0, mask.0);
        Self([low.bitselect(a, c), high.bitselect(b, d)])
    }
}

/// Conversions between floats and doubles, which `wide` has lane by lane.
#[cfg(not(target_arch = "x86_64"))]
mod conversions {
    use wide::{f32x4, f64x2};

    #[inline(always)]
    pub fn widen(floats: f32x4) -> [f64x2; 2] {
        let [a, b, c, d] = floats.to_array().map(f64::from);
        [f64x2::new([a, b]), f64x2::new([c, d])]
    }

    #[inline(always)]
    pub fn narrow(doubles: [f64x2; 2]) -> f32x4 {
        let [[a, b], [c, d]] = doubles.map(|half| half.to_array().map(|double| double as f32));
        f32x4::new([a, b, c, d])
    }
}

#[cfg(target_arch = "x86_64")]
mod conversions {
    use bytemuck::must_cast;
    use core::arch::x86_64::{_mm_cvtpd_ps, _mm_cvtps_pd, _mm_movehl_ps, _mm_movelh_ps};
    use wide::{f32x4, f64x2};

    #[inline(always)]
    pub fn widen(floats: f32x4) -> [f64x2; 2] {
        let low = must_cast(floats);
        // SAFETY: SSE2 is part of x86-64.
        unsafe {
            let high = _mm_movehl_ps(low, low);
            [must_cast(_mm_cvtps_pd(low)), must_cast(_mm_cvtps_pd(high))]
        }
    }

    #[inline(always)]
    pub fn narrow(doubles: [f64x2; 2]) -> f32x4 {
        // SAFETY: SSE2 is part of x86-64.
        unsafe {
            let [low, high] = doubles.map(|half| _mm_cvtpd_ps(must_cast(half)));
            must_cast(_mm_movelh_ps(low, high))
        }
    }
}
