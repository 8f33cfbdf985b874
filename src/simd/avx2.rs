//! AVX2 on x86-64, found at run time. FMA is not asked for: it would change bits.

use super::{Bits, Doubles, Kernel, Lanes, Mask, Pair, Simd};
use bytemuck::{must_cast, must_cast_ref};
use core::arch::asm;
use core::arch::x86_64::*;
use core::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Not, Sub};

/// Calls an intrinsic of AVX2.
macro_rules! avx2 {
    ($intrinsic:expr) => {
        // SAFETY: the types of this file are made from the token `Avx2` alone, which exists only
        // inside `run`; its caller vouches for AVX2. Pointers come from arrays of the full width.
        unsafe { $intrinsic }
    };
}

/// The token of the AVX2 tier: it exists only where detection found AVX2.
#[derive(Clone, Copy)]
pub struct Avx2(());

impl Simd for Avx2 {
    type Register = Ymm;
    type Lanes = Pair<Pair<Ymm>>;
    type Sixteen = Pair<Ymm>;
    const SHIFTS_EACH: bool = true;

    #[inline(always)]
    fn call<K: Kernel>(self, kernel: K) -> K::Output {
        // SAFETY: the token exists only where the tier was detected.
        unsafe { run(kernel) }
    }

    #[inline(always)]
    fn bits_of_bytes(self, bytes: &[u8; 64]) -> u64 {
        let [low, high]: [__m256i; 2] = must_cast(*bytes);
        !(u64::from(zeros(high)) << 32 | u64::from(zeros(low)))
    }

    #[inline(always)]
    fn fold_rows(self, rows: [Self::Sixteen; 4]) -> Self::Sixteen {
        let [a, b, c, d] = rows.map(|Pair(low, high)| low + high);
        let [low, high] = fold_rows_of_eight([a.0, b.0, c.0, d.0]);
        Pair(Ymm(low), Ymm(high))
    }
}

/// [`Simd::fold_rows`] from its second level on. (Also for the tier above.)
#[inline(always)]
pub(super) fn fold_rows_of_eight([a, b, c, d]: [__m256; 4]) -> [__m256; 2] {
    let (ac, bd) = (fold_halves(a, c), fold_halves(b, d));
    // First of a, of b, second of a, of b; the same of c and d.
    [avx2!(_mm256_unpacklo_ps(ac, bd)), avx2!(_mm256_unpackhi_ps(ac, bd))].map(|lanes| {
        let pairs = avx2!(_mm256_castps_pd(lanes));
        avx2!(_mm256_castpd_ps(_mm256_permute4x64_pd::<0b11_01_10_00>(pairs)))
    })
}

/// The halves of `a` added, then those of `b`.
#[inline(always)]
fn fold_halves(a: __m256, b: __m256) -> __m256 {
    let low = avx2!(_mm256_permute2f128_ps::<0x20>(a, b));
    let high = avx2!(_mm256_permute2f128_ps::<0x31>(a, b));
    avx2!(_mm256_add_ps(low, high))
}

/// A bit for each byte: 1 where the byte is zero.
#[inline(always)]
fn zeros(bytes: __m256i) -> u32 {
    let zeros = avx2!(_mm256_cmpeq_epi8(bytes, _mm256_setzero_si256()));
    avx2!(_mm256_movemask_epi8(zeros)) as u32
}

/// # Safety
/// The CPU and the operating system support AVX2.
#[inline(never)]
#[target_feature(enable = "avx2,popcnt")]
pub(super) unsafe fn run<K: Kernel>(kernel: K) -> K::Output {
    kernel.run(Avx2(()))
}

/// Eight floats.
#[derive(Clone, Copy)]
pub struct Ymm(__m256);
/// Eight truth values: all bits of a lane set where it is true.
#[derive(Clone, Copy)]
pub struct YmmMask(__m256);
/// Eight integers.
#[derive(Clone, Copy)]
pub struct YmmBits(__m256i);
/// Eight doubles.
#[derive(Clone, Copy)]
pub struct YmmDoubles(__m256d, __m256d);
/// Eight truth values of doubles: all bits of a lane set where it is true.
#[derive(Clone, Copy)]
pub struct YmmWideMask(__m256d, __m256d);

macro_rules! operators {
    ($type:ident: $($operator:ident $method:ident $intrinsic:ident,)*) => {$(
        impl $operator for $type {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(avx2!($intrinsic(self.0, other.0)))
            }
        }
    )*};
}

operators! { Ymm: Add add _mm256_add_ps, Sub sub _mm256_sub_ps, Mul mul _mm256_mul_ps, Div div _mm256_div_ps, }
operators! { YmmMask: BitAnd bitand _mm256_and_ps, BitOr bitor _mm256_or_ps, }
operators! { YmmBits: Add add _mm256_add_epi32, Sub sub _mm256_sub_epi32, BitAnd bitand _mm256_and_si256,
BitOr bitor _mm256_or_si256, BitXor bitxor _mm256_xor_si256, }

macro_rules! other_operators {
    ($($operator:ident $method:ident $float:ident,)*) => {$(
        impl $operator<f32> for Ymm {
            type Output = Self;
            #[inline(always)]
            fn $method(self, constant: f32) -> Self {
                Self(avx2!($float(self.0, _mm256_set1_ps(constant))))
            }
        }
    )*};
}

other_operators! { Add add _mm256_add_ps, Sub sub _mm256_sub_ps, Mul mul _mm256_mul_ps, }

macro_rules! operators_of_halves {
    ($type:ident: $($operator:ident $method:ident $intrinsic:ident,)*) => {$(
        impl $operator for $type {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(avx2!($intrinsic(self.0, other.0)), avx2!($intrinsic(self.1, other.1)))
            }
        }
    )*};
}

operators_of_halves! { YmmDoubles: Add add _mm256_add_pd, Sub sub _mm256_sub_pd, Mul mul _mm256_mul_pd,
Div div _mm256_div_pd, }
operators_of_halves! { YmmWideMask: BitAnd bitand _mm256_and_pd, BitOr bitor _mm256_or_pd, }

impl Not for YmmWideMask {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        let ones = avx2!(_mm256_castsi256_pd(_mm256_set1_epi32(-1)));
        let [low, high] = [self.0, self.1].map(|half| avx2!(_mm256_xor_pd(half, ones)));
        Self(low, high)
    }
}

impl Mask for YmmWideMask {
    #[inline(always)]
    fn any(self) -> bool {
        avx2!(_mm256_movemask_pd(self.0)) | avx2!(_mm256_movemask_pd(self.1)) != 0
    }
}

impl Not for YmmMask {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        let ones = avx2!(_mm256_castsi256_ps(_mm256_set1_epi32(-1)));
        Self(avx2!(_mm256_xor_ps(self.0, ones)))
    }
}

impl Mask for YmmMask {
    #[inline(always)]
    fn any(self) -> bool {
        avx2!(_mm256_movemask_ps(self.0)) != 0
    }
}

impl Lanes for Ymm {
    type Simd = Avx2;
    type Mask = YmmMask;
    type Bits = YmmBits;
    type Doubles = YmmDoubles;
    type Floats = [f32; 8];
    type Bytes = [u8; 8];

    #[inline(always)]
    fn simd(self) -> Avx2 {
        Avx2(())
    }
    #[inline(always)]
    fn splat(_: Avx2, value: f32) -> Self {
        Self(avx2!(_mm256_set1_ps(value)))
    }
    #[inline(always)]
    fn from_floats(_: Avx2, floats: &[f32; 8]) -> Self {
        Self(avx2!(_mm256_loadu_ps(floats.as_ptr())))
    }
    #[inline(always)]
    fn to_floats(self, floats: &mut [f32; 8]) {
        avx2!(_mm256_storeu_ps(floats.as_mut_ptr(), self.0));
    }
    #[inline(always)]
    fn mask_from_bytes(_: Avx2, bytes: &[u8; 8]) -> YmmMask {
        let wide = avx2!(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128(i64::from_le_bytes(*bytes))));
        YmmMask(avx2!(_mm256_castsi256_ps(_mm256_cmpgt_epi32(wide, _mm256_setzero_si256()))))
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(avx2!(_mm256_min_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(avx2!(_mm256_max_ps(self.0, other.0)))
    }
    #[inline(always)]
    fn lt(self, other: Self) -> YmmMask {
        YmmMask(avx2!(_mm256_cmp_ps::<_CMP_LT_OQ>(self.0, other.0)))
    }
    #[inline(always)]
    fn eq(self, other: Self) -> YmmMask {
        YmmMask(avx2!(_mm256_cmp_ps::<_CMP_EQ_OQ>(self.0, other.0)))
    }
    #[inline(always)]
    fn gt_bits(one: YmmBits, other: YmmBits) -> YmmMask {
        let [one, other] = [one.0, other.0].map(|bits| avx2!(_mm256_xor_si256(bits, _mm256_set1_epi32(i32::MIN))));
        YmmMask(avx2!(_mm256_castsi256_ps(_mm256_cmpgt_epi32(one, other))))
    }
    #[inline(always)]
    fn select(mask: YmmMask, yes: Self, no: Self) -> Self {
        Self(avx2!(_mm256_blendv_ps(no.0, yes.0, mask.0)))
    }
    #[inline(always)]
    fn to_bits(self) -> YmmBits {
        YmmBits(avx2!(_mm256_castps_si256(self.0)))
    }
    #[inline(always)]
    fn from_bits(bits: YmmBits) -> Self {
        Self(avx2!(_mm256_castsi256_ps(bits.0)))
    }
    #[inline(always)]
    fn widen(self) -> YmmDoubles {
        YmmDoubles(
            avx2!(_mm256_cvtps_pd(_mm256_castps256_ps128(self.0))),
            avx2!(_mm256_cvtps_pd(_mm256_extractf128_ps::<1>(self.0))),
        )
    }
    #[inline(always)]
    fn widened(_: Avx2, floats: &[f32; 8]) -> YmmDoubles {
        let [low, high] = must_cast_ref::<_, [[f32; 4]; 2]>(floats);
        YmmDoubles(
            avx2!(_mm256_cvtps_pd(_mm_loadu_ps(low.as_ptr()))),
            avx2!(_mm256_cvtps_pd(_mm_loadu_ps(high.as_ptr()))),
        )
    }
    #[inline(always)]
    fn narrow(doubles: YmmDoubles) -> Self {
        let [low, high] = [doubles.0, doubles.1].map(|half| avx2!(_mm256_cvtpd_ps(half)));
        Self(avx2!(_mm256_set_m128(high, low)))
    }
    #[inline(always)]
    fn add_bits_where(mask: YmmMask, doubles: YmmDoubles, [low, high]: [__m256i; 2]) -> [__m256i; 2] {
        let mask = avx2!(_mm256_castps_si256(mask.0));
        let first = avx2!(_mm256_cvtepi32_epi64(_mm256_castsi256_si128(mask)));
        let second = avx2!(_mm256_cvtepi32_epi64(_mm256_extracti128_si256::<1>(mask)));
        let first = avx2!(_mm256_and_si256(first, _mm256_castpd_si256(doubles.0)));
        let second = avx2!(_mm256_and_si256(second, _mm256_castpd_si256(doubles.1)));
        [avx2!(_mm256_add_epi64(low, first)), avx2!(_mm256_add_epi64(high, second))]
    }
}

/// Of the intrinsic the compiler makes a shift, a comparison and a selection.
#[inline]
#[target_feature(enable = "avx2")]
fn shl_each(bits: __m256i, counts: __m256i) -> __m256i {
    let shifted;
    // SAFETY: one instruction of this feature, on registers.
    unsafe {
        asm!(
            "vpsllvd {}, {}, {}",
            lateout(ymm_reg) shifted, in(ymm_reg) bits, in(ymm_reg) counts,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    shifted
}

impl Bits for YmmBits {
    #[inline(always)]
    fn shl(self, count: u32) -> Self {
        Self(avx2!(_mm256_sll_epi32(self.0, _mm_cvtsi32_si128(count as i32))))
    }
    #[inline(always)]
    fn shl_each(self, counts: Self) -> Self {
        Self(avx2!(shl_each(self.0, counts.0)))
    }
    #[inline(always)]
    fn shr(self, count: u32) -> Self {
        Self(avx2!(_mm256_srl_epi32(self.0, _mm_cvtsi32_si128(count as i32))))
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(avx2!(_mm256_max_epi32(self.0, other.0)))
    }
}

impl Doubles for YmmDoubles {
    type Simd = Avx2;
    type Mask = YmmWideMask;
    type Words = [__m256i; 2];
    type Array = [i64; 8];
    type Values = [f64; 8];

    #[inline(always)]
    fn splat(_: Avx2, value: f64) -> Self {
        let all = avx2!(_mm256_set1_pd(value));
        Self(all, all)
    }
    #[inline(always)]
    fn words(_: Avx2, array: &Self::Array) -> Self::Words {
        must_cast(*array)
    }
    #[inline(always)]
    fn add_bits(self, [low, high]: Self::Words) -> Self::Words {
        [
            avx2!(_mm256_add_epi64(low, _mm256_castpd_si256(self.0))),
            avx2!(_mm256_add_epi64(high, _mm256_castpd_si256(self.1))),
        ]
    }
    #[inline(always)]
    fn to_array(words: Self::Words) -> [i64; 8] {
        must_cast(words)
    }
    #[inline(always)]
    fn from_values(_: Avx2, values: &[f64; 8]) -> Self {
        let [low, high] = must_cast(*values);
        Self(low, high)
    }
    #[inline(always)]
    fn to_values(self) -> [f64; 8] {
        must_cast([self.0, self.1])
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(avx2!(_mm256_sqrt_pd(self.0)), avx2!(_mm256_sqrt_pd(self.1)))
    }
    #[inline(always)]
    fn lt(self, other: Self) -> YmmWideMask {
        YmmWideMask(
            avx2!(_mm256_cmp_pd::<_CMP_LT_OQ>(self.0, other.0)),
            avx2!(_mm256_cmp_pd::<_CMP_LT_OQ>(self.1, other.1)),
        )
    }
    #[inline(always)]
    fn select(mask: YmmWideMask, yes: Self, no: Self) -> Self {
        Self(avx2!(_mm256_blendv_pd(no.0, yes.0, mask.0)), avx2!(_mm256_blendv_pd(no.1, yes.1, mask.1)))
    }
    #[inline(always)]
    fn fold_to_four(self) -> [f64; 4] {
        must_cast(avx2!(_mm256_add_pd(self.0, self.1)))
    }
}
