//! The C interface: `extern "C"` functions that check their arguments and call the core.
//!
//! Every function has the same shape: check all pointers, make slices of them, check that no
//! output overlaps anything, run the core in the default floating-point environment, and write
//! the outputs only if nothing failed. The functions are written out by hand, because the header
//! is generated from these sources and does not see what macros make.
//!
//! Names are those of C: types and functions begin with `hyla_`, constants with `HYLA_`.

#![allow(non_camel_case_types, reason = "these are the names of C")]

pub mod bce;
pub mod check;
pub mod confusion;
pub mod cube;
pub mod detection;
pub mod distinctness;
pub mod environment;
pub mod library;
pub mod matrix;
pub mod metric;
pub mod orthogonality;
pub mod pixel_statistics;
pub mod pixels;
pub mod range;
pub mod status;
pub mod sum;

use crate::error::{Error, Notices};
use core::ffi::c_char;

/// What every function that can fail is made of: the body runs in the default floating-point
/// environment, and its result becomes a status.
#[inline(always)]
fn call(body: impl FnOnce() -> Result<Notices, Error>) -> status::hyla_status {
    environment::in_default_environment(|| match body() {
        Ok(notices) => notices.bits() as i32,
        Err(error) => error.number(),
    })
}

/// A struct of C with the layout of a type of the core.
///
/// # Safety
/// Both are `repr(C)` with the same fields in the same order, and any bits are a value of either.
pub(crate) unsafe trait Mirrors: Sized {
    /// The type of the core.
    type Core;

    /// Fails to compile where the sizes differ.
    const SAME_SIZE: () = assert!(size_of::<Self>() == size_of::<Self::Core>());
}

/// The core's view of a struct that is only read.
///
/// # Safety
/// If not NULL and aligned, the pointer is valid for reads for `'a`.
unsafe fn core<'a, C: Mirrors>(pointer: *const C) -> Result<&'a C::Core, Error> {
    let () = C::SAME_SIZE;
    // SAFETY: as the caller vouches, and as `Mirrors` says.
    unsafe { check::constant(pointer.cast()) }
}

/// The core's view of a struct that is changed.
///
/// # Safety
/// If not NULL and aligned, the pointer is valid for reads and writes for `'a`, and nothing else
/// writes there meanwhile.
unsafe fn core_mut<'a, C: Mirrors>(pointer: *mut C) -> Result<&'a mut C::Core, Error> {
    let () = C::SAME_SIZE;
    // SAFETY: as the caller vouches, and as `Mirrors` says.
    unsafe { check::structure(pointer.cast()) }
}

/// The whole of every `..._merge`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
unsafe fn merge<C: Mirrors>(
    other: *const C,
    totals: *mut C,
    merge: fn(&mut C::Core, &C::Core),
) -> status::hyla_status {
    call(|| {
        check::disjoint(&[check::Span::of(totals, 1)], &[&[check::Span::of(other, 1)]])?;
        // SAFETY: as the caller vouches; the two do not overlap.
        let (other, totals) = unsafe { (core(other)?, core_mut(totals)?) };
        merge(totals, other);
        Ok(Notices::NONE)
    })
}

/// The whole of every function that has totals for its only argument (`..._normalize`,
/// `..._end_frame`).
///
/// # Safety
/// A pointer that is neither NULL nor misaligned is valid for what its type says.
unsafe fn change<C: Mirrors>(totals: *mut C, change: fn(&mut C::Core)) -> status::hyla_status {
    call(|| {
        // SAFETY: as the caller vouches.
        change(unsafe { core_mut(totals) }?);
        Ok(Notices::NONE)
    })
}

/// Copies a name into a C string of fixed size, cut if need be, always terminated.
fn copy_name<const SIZE: usize>(name: &str) -> [c_char; SIZE] {
    let mut text = [0; SIZE];
    let room = SIZE.saturating_sub(1);
    for (to, from) in text.iter_mut().take(room).zip(name.bytes()) {
        *to = from as c_char;
    }
    text
}
