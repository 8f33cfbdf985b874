//! Which tier runs: found once without `std`, cached, and lowered on request.

use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// A level of instructions that a kernel is compiled for. A higher tier is a faster one; all
/// give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Tier {
    /// One lane: on machines without SIMD, and everywhere with the feature `scalar`.
    Scalar = 1,
    /// What the target has at compile time: SSE2, NEON, wasm simd128.
    Portable = 2,
    /// AVX2, on x86-64 where the CPU and the operating system have it.
    Avx2 = 3,
    /// AVX-512 F, BW, DQ and VL, on x86-64 where the CPU and the operating system have them.
    Avx512 = 4,
}

impl Tier {
    /// Every tier that hyla knows, lowest first.
    pub const ALL: [Self; 4] = [Self::Scalar, Self::Portable, Self::Avx2, Self::Avx512];

    /// Whether this machine can run the tier.
    pub fn is_available(self) -> bool {
        self <= detect() && (self != Self::Scalar || SCALAR)
    }

    /// The tier's name: `scalar`, `portable`, `avx2` or `avx512`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| *tier as u8 == number)
    }
}

/// Whether the target has SIMD at compile time. (Without it `wide` falls back to arrays of four:
/// one lane is smaller.)
pub(crate) const SIMD: bool =
    cfg!(all(any(target_feature = "neon", target_feature = "simd128", target_feature = "sse2"), not(hyla_small)));
/// Whether the scalar tier is compiled.
pub(super) const SCALAR: bool = cfg!(any(test, feature = "scalar")) || !SIMD;

/// The machine cannot run the tier that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TierUnavailable;

/// The only static of hyla: the tier in use, 0 until it was detected.
static CURRENT: AtomicU8 = AtomicU8::new(0);

/// The tier that kernels run on: the best one of this machine, or a lower one that was pinned.
#[inline]
pub fn tier() -> Tier {
    // Two threads that come here first both detect and store the same value, so no order is needed.
    match Tier::from_number(CURRENT.load(Relaxed)) {
        Some(tier) => tier,
        None => {
            let best = detect();
            CURRENT.store(best as u8, Relaxed);
            best
        }
    }
}

/// Makes all kernels of the process run on this tier; `None` goes back to the best one.
///
/// For tests and measurements: the results are the same on every tier. A call that runs at the
/// same time on another thread finishes on either tier.
pub fn pin(tier: Option<Tier>) -> Result<(), TierUnavailable> {
    let tier = tier.unwrap_or_else(detect);
    if !tier.is_available() {
        return Err(TierUnavailable);
    }
    CURRENT.store(tier as u8, Relaxed);
    Ok(())
}

#[cfg(not(target_arch = "x86_64"))]
fn detect() -> Tier {
    if SIMD { Tier::Portable } else { Tier::Scalar }
}

/// Intel SDM volume 1, 14.3 and 15.3: the instructions may be used when cpuid names them and the
/// operating system saves the registers (XCR0).
#[cfg(target_arch = "x86_64")]
#[cold]
#[inline(never)]
fn detect() -> Tier {
    use core::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};

    #[target_feature(enable = "xsave")]
    fn saved_registers() -> u64 {
        // SAFETY: the XSAVE instructions are enabled for this function.
        unsafe { _xgetbv(0) }
    }
    let all = |register: u32, bits: &[u32]| bits.iter().all(|bit| register >> bit & 1 == 1);

    let highest_leaf = __cpuid(0).eax;
    let leaf1 = __cpuid(1).ecx;
    if highest_leaf < 7 || !all(leaf1, &[POPCNT, OSXSAVE, AVX]) {
        return Tier::Portable;
    }
    let leaf7 = __cpuid_count(7, 0).ebx;
    // SAFETY: OSXSAVE says that XSAVE exists and that the operating system enabled it.
    let saved = unsafe { saved_registers() };
    if saved & YMM_STATE != YMM_STATE || !all(leaf7, &[AVX2]) {
        return Tier::Portable;
    }
    if saved & ZMM_STATE != ZMM_STATE || !all(leaf7, &[AVX512F, AVX512DQ, AVX512BW, AVX512VL]) {
        return Tier::Avx2;
    }
    Tier::Avx512
}

#[cfg(target_arch = "x86_64")]
use bits::*;

/// Bit numbers of cpuid leaf 1 ECX and leaf 7 EBX, and state masks of XCR0.
#[cfg(target_arch = "x86_64")]
mod bits {
    pub const POPCNT: u32 = 23;
    pub const OSXSAVE: u32 = 27;
    pub const AVX: u32 = 28;
    pub const AVX2: u32 = 5;
    pub const AVX512F: u32 = 16;
    pub const AVX512DQ: u32 = 17;
    pub const AVX512BW: u32 = 30;
    pub const AVX512VL: u32 = 31;
    /// SSE and AVX.
    pub const YMM_STATE: u64 = 0b110;
    /// Opmask, upper halves, upper registers, and the two above.
    pub const ZMM_STATE: u64 = 0b1110_0110;
}
