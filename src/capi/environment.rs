//! The floating-point environment of a call.
//!
//! A host program built with fast math switches flush-to-zero on for the whole process, and some
//! set another rounding mode: both would change bits. Each call that computes floats therefore
//! sets round-to-nearest without flush and restores what it found, which takes about 10 ns, and
//! next to nothing where the environment is the default one already.

/// Runs `body` with round-to-nearest, gradual underflow and masked exceptions. It is one function for all calls. That
/// saves code; and the compiler, which knows nothing of control words, does not see the body and so moves none of its
/// float operations across them.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64", all(target_arch = "arm", target_abi = "eabihf")))]
#[inline(never)]
pub(super) fn in_default_environment(body: &mut dyn FnMut() -> i32) -> i32 {
    use word::{CONTROL_BITS, DEFAULT, control_word, set_control_word};

    let found = control_word();
    let foreign = found & CONTROL_BITS != DEFAULT;
    if foreign {
        set_control_word(DEFAULT);
    }
    let result = body();
    if foreign {
        set_control_word(found);
    }
    result
}

/// Runs `body`, on targets without a control word, or whose word hyla does not know: the default is assumed.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64", all(target_arch = "arm", target_abi = "eabihf"))))]
#[inline(always)]
pub(super) fn in_default_environment(body: &mut dyn FnMut() -> i32) -> i32 {
    body()
}

#[cfg(target_arch = "x86_64")]
mod word {
    use core::arch::asm;

    /// MXCSR: all but the sticky flags of bits 0 to 5.
    pub const CONTROL_BITS: u32 = 0xffc0;
    /// All exceptions masked, nearest, no flush (Intel SDM volume 1, 10.2.3).
    pub const DEFAULT: u32 = 0x1f80;

    #[inline(always)]
    pub fn control_word() -> u32 {
        let mut word = 0_u32;
        // SAFETY: SSE is part of x86-64; the instruction writes the four bytes of `word`.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut word, options(nostack, preserves_flags)) };
        word
    }

    #[inline(always)]
    pub fn set_control_word(word: u32) {
        // SAFETY: the word is the default one or was read from the register: no reserved bit is
        // set. The environment is the default one before Rust code runs and restored after it.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const word, options(nostack, preserves_flags)) };
    }
}

#[cfg(target_arch = "aarch64")]
mod word {
    use core::arch::asm;

    /// FPCR: AHP, DN, FZ, rounding mode, FZ16 and the exception traps.
    pub const CONTROL_BITS: u64 = 0x07ff_9f00;
    /// Nearest, no flush, no traps (Arm ARM, C5.2).
    pub const DEFAULT: u64 = 0;

    #[inline(always)]
    pub fn control_word() -> u64 {
        let word;
        // SAFETY: FPCR is readable at every exception level that may use floats.
        unsafe { asm!("mrs {}, fpcr", out(reg) word, options(nostack, preserves_flags)) };
        word
    }

    #[inline(always)]
    pub fn set_control_word(word: u64) {
        // SAFETY: as for reading; the environment is restored before the caller goes on.
        unsafe { asm!("msr fpcr, {}", in(reg) word, options(nostack, preserves_flags)) };
    }
}

/// Arm of 32 bits with a float unit, which the calling convention tells: Cortex-M4F and larger.
#[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
mod word {
    use core::arch::asm;

    /// FPSCR: AHP, DN, FZ, rounding mode, vector stride and length, and the exception traps; some are for larger cores
    /// only.
    pub const CONTROL_BITS: u32 = 0x07f7_9f00;
    /// Nearest, no flush, no traps (Armv7-M ARM, B3.2.22).
    pub const DEFAULT: u32 = 0;

    #[inline(always)]
    pub fn control_word() -> u32 {
        let word;
        // SAFETY: who passes floats in float registers has a float unit that is switched on.
        unsafe { asm!("vmrs {}, fpscr", out(reg) word, options(nostack, preserves_flags)) };
        word
    }

    #[inline(always)]
    pub fn set_control_word(word: u32) {
        // SAFETY: as for reading; the environment is restored before the caller goes on.
        unsafe { asm!("vmsr fpscr, {}", in(reg) word, options(nostack, preserves_flags)) };
    }
}
