//! SIMD without surprises: one trait of float lanes, one trait of kernels, one dispatch.
//!
//! A kernel is written once, as safe code over `Lanes`, and `run` compiles it for every tier and picks one at run time.
//! Each operation of `Lanes` is one IEEE 754 operation (round to nearest, no fused multiply-add, no flush to zero). So
//! a kernel that treats its pixels one by one gives the same bits on every tier. A sum would depend on the number of
//! lanes; it goes through [`crate::exact`], whose sums have no order.
//!
//! ```text
//!   run(kernel) ── tier() ──┬─ Avx512    Pair<Pair<Zmm>>   64 lanes, four registers in flight
//!                           ├─ Avx2      Pair<Pair<Ymm>>   32 lanes
//!                           ├─ Portable  Pair<Pair<Quad>>  16 lanes: SSE2, NEON, simd128 by `wide`
//!                           └─ Scalar    f32                1 lane
//! ```
//!
//! Why a vector type may span several registers: the chains of a polynomial are long, and a core
//! fills its units only when several independent chains are in flight. `Pair` does that by its
//! type, so no kernel unrolls by hand.
//!
//! Every constructor of a vector takes the token of its tier. A token exists only where the tier
//! was detected (`run` makes it), which is what keeps `unsafe` inside this module.
//!
//! Users of the crate see the tiers alone. The traits are not for them, because unsafe code relies on what they say:
//!
//! ```compile_fail,E0603
//! use hyla::simd::Lanes;
//! ```
//!
//! ```compile_fail,E0603
//! use hyla::simd::scalar::One;
//! ```

mod buffer;
mod columns;
mod detect;
mod output;
mod pair;
pub(crate) mod portable;
pub(crate) mod scalar;
mod transpose;
mod write;

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;

#[cfg(feature = "conversions")]
pub(crate) use buffer::{ARENA, Aligned, Arena, take};
pub(crate) use buffer::{Buffer, BufferRoom, Room};
pub(crate) use columns::{Columns, copy, cut, flat, flat_mut, gather, load, store, vectors, vectors_mut};
use detect::SIMD;
pub use detect::{Tier, TierUnavailable, pin, tier};
pub(crate) use output::{Output, Places, Vectors};
pub(crate) use pair::Pair;
pub(crate) use transpose::{FromRows, ToRows};
pub use write::Write;
pub(crate) use write::{only, over};

use bytemuck::{Pod, Zeroable};
use core::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Not, Sub};

/// The proof that a tier may run, and the vector types that it brings.
pub(crate) trait Simd: Copy {
    /// One register of floats: for code whose chains are short (sums).
    type Register: Lanes<Simd = Self>;
    /// As many registers as keep the core busy: for code whose chains are long (math).
    type Lanes: Lanes<Simd = Self>;
    /// Sixteen floats, in as many registers as that takes: for a reduction inside a pixel, whose order
    /// must not depend on the tier.
    type Sixteen: Lanes<Simd = Self>;
    /// Whether [`Bits::shl_each`] is one instruction.
    const SHIFTS_EACH: bool = false;

    /// Runs a kernel on this tier, as a call of its own: for a part of a kernel that is shared by
    /// many, so that its code exists once.
    fn call<K: Kernel>(self, kernel: K) -> K::Output;

    /// A bit for each byte, the first lowest: 1 where the byte is not zero.
    fn bits_of_bytes(self, bytes: &[u8; 64]) -> u64;

    /// The first two levels of the trees of four rows: in each row lanes that are 8 apart are added, then lanes that
    /// are 4 apart. So four lanes are left of each row. The result has the first lanes of the four rows, then the
    /// second lanes, and so on.
    #[inline(always)]
    fn fold_rows(self, rows: [Self::Sixteen; 4]) -> Self::Sixteen {
        let mut folded = <Self::Sixteen as Lanes>::Floats::zeroed();
        for (row, lanes) in rows.into_iter().enumerate() {
            let lanes = lanes.to_array();
            let (low, high) = flat::<_, f32>(&lanes).split_at_checked(8).unwrap_or_default();
            let (a, b) = low.split_at_checked(4).unwrap_or_default();
            let (c, d) = high.split_at_checked(4).unwrap_or_default();
            let to = flat_mut::<_, f32>(&mut folded).iter_mut().skip(row).step_by(4);
            for (to, (((a, b), c), d)) in to.zip(a.iter().zip(b).zip(c).zip(d)) {
                *to = (a + c) + (b + d);
            }
        }
        Self::Sixteen::from_floats(self, &folded)
    }
}

/// A computation that is compiled once per tier.
///
/// `run` must be `#[inline(always)]`, as must be every function that it hands vectors to:
/// only code that is inlined into the tier's entry is compiled with the tier's instructions.
pub(crate) trait Kernel {
    /// What the kernel returns.
    type Output;
    /// Runs the kernel on the tier of the token.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// Whether code and stack are scarce, as on a microcontroller. Then blocks are short, and kernels have no variants that
/// only save time. (With `--cfg hyla_small` a workstation tests that, with one lane: `make small-test`.)
pub(crate) const IS_SMALL: bool = !SIMD && cfg!(any(not(target_pointer_width = "64"), hyla_small));

/// How many items a block on the stack has. There are fewer where the stack is small.
pub(crate) const fn on_stack(items: usize) -> usize {
    if IS_SMALL {
        items / 32
    } else if cfg!(target_pointer_width = "64") {
        items
    } else {
        items / 16
    }
}

/// Runs a kernel on the current [`tier`].
#[cfg_attr(target_pointer_width = "64", inline(never))]
#[cfg_attr(not(target_pointer_width = "64"), inline(always))]
pub(crate) fn run<K: Kernel>(kernel: K) -> K::Output {
    if !SIMD {
        return scalar::Scalar.call(kernel);
    }
    match tier() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `tier` returns a tier that detection found (a pin only lowers it).
        Tier::Avx512 => unsafe { avx512::run(kernel) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Tier::Avx2 => unsafe { avx2::run(kernel) },
        Tier::Scalar if detect::SCALAR => scalar::Scalar.call(kernel),
        _ => portable::Portable.call(kernel),
    }
}

/// The words beside the doubles of a vector.
pub(crate) type Words<V> = <<V as Lanes>::Doubles as Doubles>::Words;

/// A vector of `f32`.
///
/// Arithmetic is by operators, between vectors or with an `f32` that is broadcast. Comparisons
/// are IEEE: with a NaN they are false.
pub(crate) trait Lanes:
    Counted
    + Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Add<f32, Output = Self>
    + Sub<f32, Output = Self>
    + Mul<f32, Output = Self>
{
    /// The token of the tier.
    type Simd: Simd;
    /// One truth value a lane.
    type Mask: Mask;
    /// The lanes' bits as integers.
    type Bits: Bits;
    /// The lanes widened to `f64`.
    type Doubles: Doubles<Simd = Self::Simd>;
    /// `[f32; LANES]`, perhaps nested.
    type Floats: Pod;
    /// `[u8; LANES]`, perhaps nested.
    type Bytes: Pod;

    /// The token that made this vector.
    fn simd(self) -> Self::Simd;
    /// The same float in every lane.
    fn splat(simd: Self::Simd, value: f32) -> Self;
    /// The floats of an array, in order.
    fn from_floats(simd: Self::Simd, floats: &Self::Floats) -> Self;
    /// Writes the lanes to an array, in order.
    fn to_floats(self, floats: &mut Self::Floats);
    /// True where the byte is not zero.
    fn mask_from_bytes(simd: Self::Simd, bytes: &Self::Bytes) -> Self::Mask;

    /// `self < other ? self : other`: `other` where one of the two is NaN.
    fn min(self, other: Self) -> Self;
    /// `self > other ? self : other`: `other` where one of the two is NaN.
    fn max(self, other: Self) -> Self;
    /// `self < other`.
    fn lt(self, other: Self) -> Self::Mask;
    /// `self == other` (so -0 equals +0).
    fn eq(self, other: Self) -> Self::Mask;
    /// `one > other`, as unsigned integers.
    fn gt_bits(one: Self::Bits, other: Self::Bits) -> Self::Mask;
    /// `mask ? yes : no`.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;

    /// The bits of the lanes.
    fn to_bits(self) -> Self::Bits;
    /// The floats with these bits.
    fn from_bits(bits: Self::Bits) -> Self;
    /// Each lane as an `f64`, which is exact.
    fn widen(self) -> Self::Doubles;
    /// The floats of an array, widened. (Where a vector is two halves, each is read by itself, not cut out of it.)
    #[inline(always)]
    fn widened(simd: Self::Simd, floats: &Self::Floats) -> Self::Doubles {
        Self::from_floats(simd, floats).widen()
    }
    /// Each double as an `f32`, rounded to nearest even.
    fn narrow(doubles: Self::Doubles) -> Self;
    /// Adds the bits of the doubles where the mask is true to their words, wrapping.
    fn add_bits_where(mask: Self::Mask, doubles: Self::Doubles, words: Words<Self>) -> Words<Self>;

    /// The lanes as an array, in order.
    #[inline(always)]
    fn to_array(self) -> Self::Floats {
        let mut floats = Self::Floats::zeroed();
        self.to_floats(&mut floats);
        floats
    }

    /// The same float in every lane, on the tier of this vector.
    #[inline(always)]
    fn constant(self, value: f32) -> Self {
        Self::splat(self.simd(), value)
    }

    /// The same bits in every lane, on the tier of this vector.
    #[inline(always)]
    fn constant_bits(self, bits: u32) -> Self::Bits {
        self.constant(f32::from_bits(bits)).to_bits()
    }

    /// The lanes without their sign.
    #[inline(always)]
    fn abs(self) -> Self {
        Self::from_bits(self.to_bits() & self.constant_bits(0x7fff_ffff))
    }

    /// The lanes with the other sign (of NaNs too).
    #[inline(always)]
    fn negate(self) -> Self {
        Self::from_bits(self.to_bits() ^ self.constant_bits(0x8000_0000))
    }

    /// A mask that is true in every lane.
    #[inline(always)]
    fn everywhere(simd: Self::Simd) -> Self::Mask {
        Self::splat(simd, 0.0).eq(Self::splat(simd, 0.0))
    }
}

/// What follows from the types of a vector. It is not part of [`Lanes`], so that no tier can say something else: unsafe
/// code relies on it.
pub(crate) trait Counted {
    /// How many floats the vector holds.
    const LANES: usize;
}

impl<V: Lanes> Counted for V {
    const LANES: usize = {
        assert!(align_of::<V::Floats>() == align_of::<f32>());
        assert!(size_of::<V::Floats>() == size_of::<V::Bytes>() * size_of::<f32>());
        size_of::<V::Floats>() / size_of::<f32>()
    };
}

/// One truth value a lane.
pub(crate) trait Mask: Copy + BitAnd<Output = Self> + BitOr<Output = Self> + Not<Output = Self> {
    /// Whether any lane is true.
    fn any(self) -> bool;
}

/// A vector of 32-bit integers; arithmetic wraps.
pub(crate) trait Bits
where
    Self: Copy + Add<Output = Self> + Sub<Output = Self>,
    Self: BitAnd<Output = Self> + BitOr<Output = Self> + BitXor<Output = Self>,
{
    /// Shifts zeros in from the right.
    fn shl(self, count: u32) -> Self;
    /// Shifts zeros in from the right, in each lane by its own count; from 32 on nothing is left.
    fn shl_each(self, counts: Self) -> Self;
    /// Shifts zeros in from the left.
    fn shr(self, count: u32) -> Self;
    /// The greater one, as signed integers.
    fn max(self, other: Self) -> Self;
}

/// A vector of `f64`, and a vector of `i64` words beside it that its bits can be added to.
///
/// Each operation is one of IEEE 754, as those of [`Lanes`] are.
pub(crate) trait Doubles:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// The token of the tier.
    type Simd: Simd;
    /// One truth value a lane.
    type Mask: Mask;
    /// One `i64` a lane.
    type Words: Copy;
    /// `[i64; LANES]`, perhaps nested.
    type Array: Pod;
    /// `[f64; LANES]`, perhaps nested.
    type Values: Pod;

    /// The same double in every lane.
    fn splat(simd: Self::Simd, value: f64) -> Self;
    /// The words of an array, in order.
    fn words(simd: Self::Simd, array: &Self::Array) -> Self::Words;
    /// Adds the bits of each double to its word, wrapping.
    fn add_bits(self, words: Self::Words) -> Self::Words;
    /// The words, in order.
    fn to_array(words: Self::Words) -> Self::Array;
    /// The doubles of an array, in order.
    fn from_values(simd: Self::Simd, values: &Self::Values) -> Self;
    /// The doubles, in order.
    fn to_values(self) -> Self::Values;
    /// The square root. It is NaN for negative numbers, except that the root of -0 is -0.
    fn sqrt(self) -> Self;
    /// `self < other`: false with a NaN.
    fn lt(self, other: Self) -> Self::Mask;
    /// `mask ? yes : no`.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;

    /// The sum of sixteen doubles as a tree: lanes that are 8 apart are added, then 4, 2 and 1. The order is the same
    /// on every tier.
    #[inline(always)]
    fn sum_of_sixteen(self) -> f64 {
        let [a, b, c, d] = self.fold_to_four();
        (a + c) + (b + d)
    }

    /// The first levels of such a tree: adds the upper half of the lanes to the lower one until four are left.
    #[inline(always)]
    fn fold_to_four(self) -> [f64; 4] {
        let values = self.to_values();
        flat(&values).first_chunk().copied().unwrap_or([f64::NAN; 4])
    }
}

/// The sum of the lanes, which hold integers below 2^23. (They are added as integers, because sums of floats must be
/// made one after the other.)
#[inline(always)]
pub(crate) fn sum_of_counts<V: Lanes>(counts: V) -> i64 {
    const FROM_INTEGER: f32 = 8_388_608.0;
    let mut sum = 0_u32;
    for bits in flat::<_, u32>(&(counts + FROM_INTEGER).to_array()) {
        sum = sum.wrapping_add(bits.wrapping_sub(FROM_INTEGER.to_bits()));
    }
    sum.into()
}

/// Asks the caches for the items of a slice that is read soon. Hardware looks ahead in what is read steadily, but not
/// from one tile to the next. On targets without such an instruction nothing happens.
#[inline(always)]
pub(crate) fn prefetch(slice: &[i32]) {
    #[cfg(target_arch = "x86_64")]
    for line in slice.chunks(16) {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: it takes SSE, which every x86-64 has, and no address is wrong for it.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = slice;
}
