//! AVX-512 (F, BW, DQ, VL) on x86-64, found at run time.

use super::avx2::fold_rows_of_eight;
use super::{Bits, Doubles, Kernel, Lanes, Mask, Pair, Simd};
use bytemuck::{must_cast, must_cast_ref};
use core::arch::asm;
use core::arch::x86_64::*;
use core::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Not, Sub};

/// Calls an intrinsic of AVX-512.
macro_rules! avx512 {
    ($intrinsic:expr) => {
        // SAFETY: the types of this file are made from the token `Avx512` alone, which exists
        // only inside `run`; its caller vouches for AVX-512 F, BW, DQ and VL. Pointers come from
        // arrays of the full width.
        unsafe { $intrinsic }
    };
}

/// The token of the AVX-512 tier: it exists only where detection found AVX-512.
#[derive(Clone, Copy)]
pub struct Avx512(());

impl Simd for Avx512 {
    type Register = Zmm;
    type Lanes = Pair<Pair<Zmm>>;
    type Sixteen = Zmm;
    const SHIFTS_EACH: bool = true;

    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        // SAFETY: the token exists only where the tier was detected.
        unsafe { run(kernel) }
    }

    #[inline(always)]
    fn bits_of_bytes(self, bytes: &[u8; 64]) -> u64 {
        let bytes = avx512!(_mm512_loadu_si512(bytes.as_ptr().cast()));
        avx512!(_mm512_test_epi8_mask(bytes, bytes))
    }

    // In halves: shuffles of whole registers take twice the time where these are two of 256 bits.
    #[inline(always)]
    fn fold_rows(self, rows: [Zmm; 4]) -> Zmm {
        let [low, high] = fold_rows_of_eight(rows.map(|row| {
            let low = avx512!(_mm512_castps512_ps256(row.0));
            avx512!(_mm256_add_ps(low, _mm512_extractf32x8_ps::<1>(row.0)))
        }));
        Zmm(avx512!(_mm512_insertf32x8::<1>(_mm512_castps256_ps512(low), high)))
    }
}

/// # Safety
/// The CPU and the operating system support AVX-512 F, BW, DQ and VL.
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,popcnt")]
pub(super) unsafe fn run<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Avx512(()))
}

/// Sixteen floats.
#[derive(Clone, Copy)]
pub struct Zmm(__m512);
/// Sixteen truth values.
#[derive(Clone, Copy)]
pub struct ZmmMask(__mmask16);
/// Sixteen integers.
#[derive(Clone, Copy)]
pub struct ZmmBits(__m512i);
/// Sixteen doubles.
#[derive(Clone, Copy)]
pub struct ZmmDoubles(__m512d, __m512d);

macro_rules! operators {
    ($type:ident: $($operator:ident $method:ident $intrinsic:ident,)*) => {$(
        impl $operator for $type {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(avx512!($intrinsic(self.0, other.0)))
            }
        }
    )*};
}

operators! { Zmm: Add add _mm512_add_ps, Sub sub _mm512_sub_ps, Mul mul _mm512_mul_ps, Div div _mm512_div_ps, }
operators! { ZmmMask: BitAnd bitand _kand_mask16, BitOr bitor _kor_mask16, }
operators! { ZmmBits: Add add _mm512_add_epi32, Sub sub _mm512_sub_epi32, BitAnd bitand _mm512_and_si512,
BitOr bitor _mm512_or_si512, BitXor bitxor _mm512_xor_si512, }

macro_rules! other_operators {
    ($($operator:ident $method:ident $float:ident,)*) => {$(
        impl $operator<f32> for Zmm {
            type Output = Self;
            #[inline(always)]
            fn $method(self, constant: f32) -> Self {
                Self(avx512!($float(self.0, _mm512_set1_ps(constant))))
            }
        }
    )*};
}

other_operators! { Add add _mm512_add_ps, Sub sub _mm512_sub_ps, Mul mul _mm512_mul_ps, }

macro_rules! operators_of_doubles {
    ($($operator:ident $method:ident $intrinsic:ident,)*) => {$(
        impl $operator for ZmmDoubles {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(avx512!($intrinsic(self.0, other.0)), avx512!($intrinsic(self.1, other.1)))
            }
        }
    )*};
}

operators_of_doubles! { Add add _mm512_add_pd, Sub sub _mm512_sub_pd, Mul mul _mm512_mul_pd,
Div div _mm512_div_pd, }

impl Not for ZmmMask {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        Self(!self.0)
    }
}

impl Mask for ZmmMask {
    #[inline(always)]
    fn any(self) -> bool {
        self.0 != 0
    }
}

impl Lanes for Zmm {
    type Simd = Avx512;
    type Mask = ZmmMask;
    type Bits = ZmmBits;
    type Doubles = ZmmDoubles;
    type Floats = [f32; 16];
    type Bytes = [u8; 16];

    #[inline(always)]
    fn simd(self) -> Avx512 {
        Avx512(())
    }
    #[inline(always)]
    fn splat(_: Avx512, value: f32) -> Self {
        Self(avx512!(_mm512_set1_ps(value)))
    }
    #[inline(always)]
    fn from_floats(_: Avx512, floats: &[f32; 16]) -> Self {
        Self(avx512!(_mm512_loadu_ps(floats.as_ptr())))
    }
    #[inline(always)]
    fn to_floats(self, floats: &mut [f32; 16]) {
        avx512!(_mm512_storeu_ps(floats.as_mut_ptr(), self.0));
    }
    #[inline(always)]
    fn mask_from_bytes(_: Avx512, bytes: &[u8; 16]) -> ZmmMask {
        let bytes = avx512!(_mm_loadu_si128(bytes.as_ptr().cast()));
        ZmmMask(avx512!(_mm_test_epi8_mask(bytes, bytes)))
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(avx512!(_mm512_min_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(avx512!(_mm512_max_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn lt(self, other: Self) -> ZmmMask {
        ZmmMask(avx512!(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(self.0, other.0)))
    }
    #[inline(always)]
    fn eq(self, other: Self) -> ZmmMask {
        ZmmMask(avx512!(_mm512_cmp_ps_mask::<_CMP_EQ_OQ>(self.0, other.0)))
    }
    #[inline(always)]
    fn gt_bits(one: ZmmBits, other: ZmmBits) -> ZmmMask {
        ZmmMask(avx512!(_mm512_cmpgt_epu32_mask(one.0, other.0)))
    }
    #[inline(always)]
    fn select(mask: ZmmMask, yes: Self, no: Self) -> Self {
        Self(avx512!(_mm512_mask_blend_ps(mask.0, no.0, yes.0)))
    }
    #[inline(always)]
    fn to_bits(self) -> ZmmBits {
        ZmmBits(avx512!(_mm512_castps_si512(self.0)))
    }
    #[inline(always)]
    fn from_bits(bits: ZmmBits) -> Self {
        Self(avx512!(_mm512_castsi512_ps(bits.0)))
    }
    #[inline(always)]
    fn widen(self) -> ZmmDoubles {
        ZmmDoubles(
            avx512!(_mm512_cvtps_pd(_mm512_castps512_ps256(self.0))),
            avx512!(_mm512_cvtps_pd(_mm512_extractf32x8_ps::<1>(self.0))),
        )
    }
    #[inline(always)]
    fn widened(_: Avx512, floats: &[f32; 16]) -> ZmmDoubles {
        let [low, high] = must_cast_ref::<_, [[f32; 8]; 2]>(floats);
        ZmmDoubles(
            avx512!(_mm512_cvtps_pd(_mm256_loadu_ps(low.as_ptr()))),
            avx512!(_mm512_cvtps_pd(_mm256_loadu_ps(high.as_ptr()))),
        )
    }
    #[inline(always)]
    fn narrow(doubles: ZmmDoubles) -> Self {
        let low = avx512!(_mm512_cvtpd_ps(doubles.0));
        let high = avx512!(_mm512_cvtpd_ps(doubles.1));
        Self(avx512!(_mm512_insertf32x8::<1>(_mm512_castps256_ps512(low), high)))
    }
    #[inline(always)]
    fn add_bits_where(mask: ZmmMask, doubles: ZmmDoubles, [low, high]: [__m512i; 2]) -> [__m512i; 2] {
        let [first, second] = [doubles.0, doubles.1].map(|half| avx512!(_mm512_castpd_si512(half)));
        [
            avx512!(_mm512_mask_add_epi64(low, mask.0 as u8, low, first)),
            avx512!(_mm512_mask_add_epi64(high, (mask.0 >> 8) as u8, high, second)),
        ]
    }
}

/// Of the intrinsic the compiler makes a shift, a comparison and a selection.
#[inline]
#[target_feature(enable = "avx512f")]
fn shl_each(bits: __m512i, counts: __m512i) -> __m512i {
    let shifted;
    // SAFETY: one instruction of this feature, on registers.
    unsafe {
        asm!(
            "vpsllvd {}, {}, {}",
            lateout(zmm_reg) shifted, in(zmm_reg) bits, in(zmm_reg) counts,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    shifted
}

impl Bits for ZmmBits {
    #[inline(always)]
    fn shl(self, count: u32) -> Self {
        Self(avx512!(_mm512_sll_epi32(self.0, _mm_cvtsi32_si128(count as i32))))
    }
    #[inline(always)]
    fn shl_each(self, counts: Self) -> Self {
        Self(avx512!(shl_each(self.0, counts.0)))
    }
    #[inline(always)]
    fn shr(self, count: u32) -> Self {
        Self(avx512!(_mm512_srl_epi32(self.0, _mm_cvtsi32_si128(count as i32))))
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(avx512!(_mm512_max_epi32(self.0, other.0)))
    }
}

impl Doubles for ZmmDoubles {
    type Simd = Avx512;
    type Mask = ZmmMask;
    type Words = [__m512i; 2];
    type Array = [i64; 16];
    type Values = [f64; 16];

    #[inline(always)]
    fn splat(_: Avx512, value: f64) -> Self {
        let all = avx512!(_mm512_set1_pd(value));
        Self(all, all)
    }
    #[inline(always)]
    fn words(_: Avx512, array: &Self::Array) -> Self::Words {
        must_cast(*array)
    }
    #[inline(always)]
    fn add_bits(self, [low, high]: Self::Words) -> Self::Words {
        [
            avx512!(_mm512_add_epi64(low, _mm512_castpd_si512(self.0))),
            avx512!(_mm512_add_epi64(high, _mm512_castpd_si512(self.1))),
        ]
    }
    #[inline(always)]
    fn to_array(words: Self::Words) -> [i64; 16] {
        must_cast(words)
    }
    #[inline(always)]
    fn from_values(_: Avx512, values: &[f64; 16]) -> Self {
        let [low, high] = must_cast(*values);
        Self(low, high)
    }
    #[inline(always)]
    fn to_values(self) -> [f64; 16] {
        must_cast([self.0, self.1])
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(avx512!(_mm512_sqrt_pd(self.0)), avx512!(_mm512_sqrt_pd(self.1)))
    }
    #[inline(always)]
    fn lt(self, other: Self) -> ZmmMask {
        let low = avx512!(_mm512_cmp_pd_mask::<_CMP_LT_OQ>(self.0, other.0));
        let high = avx512!(_mm512_cmp_pd_mask::<_CMP_LT_OQ>(self.1, other.1));
        ZmmMask(u16::from(high) << 8 | u16::from(low))
    }
    #[inline(always)]
    fn select(mask: ZmmMask, yes: Self, no: Self) -> Self {
        Self(
            avx512!(_mm512_mask_blend_pd(mask.0 as u8, no.0, yes.0)),
            avx512!(_mm512_mask_blend_pd((mask.0 >> 8) as u8, no.1, yes.1)),
        )
    }
    #[inline(always)]
    fn fold_to_four(self) -> [f64; 4] {
        let eight = avx512!(_mm512_add_pd(self.0, self.1));
        let low = avx512!(_mm512_castpd512_pd256(eight));
        must_cast(avx512!(_mm256_add_pd(low, _mm512_extractf64x4_pd::<1>(eight))))
    }
}
