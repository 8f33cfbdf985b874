//! Version, tiers, and what the library needs to stand alone.

use super::call;
use super::status::hyla_status;
use crate::error::Error;
use crate::simd::{self, Tier};
use core::ffi::{CStr, c_char};

/// The number of this interface: it grows when a program must be compiled anew.
pub const HYLA_ABI_VERSION: u32 = 0;
/// The library's major version.
pub const HYLA_VERSION_MAJOR: u32 = 0;
/// The library's minor version.
pub const HYLA_VERSION_MINOR: u32 = 1;
/// The library's patch version.
pub const HYLA_VERSION_PATCH: u32 = 0;
/// The version as one number that grows: major * 10000 + minor * 100 + patch.
pub const HYLA_VERSION: u32 = 100;

/// The best tier of the machine (for `hyla_tier_pin`).
pub const HYLA_TIER_BEST: u32 = 0;
/// One lane; on machines without SIMD.
pub const HYLA_TIER_SCALAR: u32 = 1;
/// What the target has at compile time: SSE2, NEON, simd128.
pub const HYLA_TIER_PORTABLE: u32 = 2;
/// AVX2.
pub const HYLA_TIER_AVX2: u32 = 3;
/// AVX-512 F, BW, DQ and VL.
pub const HYLA_TIER_AVX512: u32 = 4;

/// HYLA_VERSION of the library that runs, which may differ from that of the header.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_version() -> u32 {
    HYLA_VERSION
}

/// The version of the library that runs as text, such as "0.1.0"; static, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_version_string() -> *const c_char {
    version_text().as_ptr()
}

fn version_text() -> &'static CStr {
    const TEXT: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    CStr::from_bytes_with_nul(TEXT.as_bytes()).unwrap_or_default()
}

/// HYLA_ABI_VERSION of the library that runs: if it differs from the header's, do not go on.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_abi_version() -> u32 {
    HYLA_ABI_VERSION
}

/// The tier that kernels run on now (HYLA_TIER_...). It is the best one of the machine unless a
/// lower one was pinned. The results are the same bits on every tier.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_tier() -> u32 {
    simd::tier() as u32
}

/// The name of a tier: "scalar", "portable", "avx2", "avx512"; "unknown" for another number.
/// Static, never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_tier_name(tier: u32) -> *const c_char {
    let name = match known(tier) {
        Some(Tier::Scalar) => c"scalar",
        Some(Tier::Portable) => c"portable",
        Some(Tier::Avx2) => c"avx2",
        Some(Tier::Avx512) => c"avx512",
        None => c"unknown",
    };
    name.as_ptr()
}

/// Makes all calls of the process run on this tier, or on the best one again (HYLA_TIER_BEST): for
/// tests and measurements. A call that runs meanwhile on another thread finishes on either tier.
///
/// Errors: TIER_UNAVAILABLE.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn hyla_tier_pin(tier: u32) -> hyla_status {
    call(move || {
        let wanted = match tier {
            HYLA_TIER_BEST => None,
            _ => Some(known(tier).ok_or(Error::TierUnavailable)?),
        };
        Ok(simd::pin(wanted).map_err(|_| Error::TierUnavailable)?)
    })
}

fn known(number: u32) -> Option<Tier> {
    Tier::ALL.into_iter().find(|tier| *tier as u32 == number)
}

/// A build without the standard library needs a handler. That it is never reached is proven: with
/// `--cfg hyla_panic_proof` it calls a function that does not exist, and the library still links.
#[cfg(all(panic = "abort", not(feature = "std"), not(test)))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    #[cfg(hyla_panic_proof)]
    {
        unsafe extern "C" {
            fn hyla_panic_path_is_reachable() -> !;
        }
        // SAFETY: never linked into a program.
        unsafe { hyla_panic_path_is_reachable() }
    }
    #[cfg(not(hyla_panic_proof))]
    loop {}
}
