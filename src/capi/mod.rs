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
pub mod binning;
pub mod check;
pub mod component_orthogonality;
pub mod confusion;
pub mod cross_entropy;
pub mod cube;
pub mod detection;
pub mod dice;
pub mod distinct_label_count;
pub mod distinctness;
pub mod drift;
pub mod environment;
pub mod explained_variance;
pub mod focal;
pub mod foreground_contrast;
pub mod iou;
pub mod library;
pub mod loss;
pub mod matrix;
pub mod metric;
pub mod mse;
pub mod orthogonality;
pub mod pixel_statistics;
pub mod pixels;
pub mod range;
pub mod ranking;
pub mod ranking_exact;
pub mod score_statistics;
pub mod selector_diversity;
pub mod selector_diversity_metric;
pub mod selector_entropy;
pub mod selector_entropy_metric;
pub mod status;
pub mod sum;
pub mod svdd;
pub mod topk_mean;
pub mod tversky;

use crate::error::{Error, Notices, Value};
use crate::input::Pixels;
use check::Span;
use core::ffi::c_char;
use core::mem::MaybeUninit;
use pixels::hyla_pixels;

/// What every function that can fail is made of: the body runs in the default floating-point
/// environment, and its result becomes a status.
#[inline(always)]
fn call(mut body: impl FnMut() -> Result<Notices, Error>) -> status::hyla_status {
    environment::in_default_environment(&mut || match body() {
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

/// As [`core`], for a struct that may be NULL.
///
/// # Safety
/// As for [`core`].
unsafe fn optional<'a, C: Mirrors>(pointer: *const C) -> Result<Option<&'a C::Core>, Error> {
    // SAFETY: as the caller vouches.
    if pointer.is_null() { Ok(None) } else { unsafe { core(pointer) }.map(Some) }
}

/// As [`core_mut`], for a struct that may be NULL.
///
/// # Safety
/// As for [`core_mut`].
unsafe fn optional_mut<'a, C: Mirrors>(pointer: *mut C) -> Result<Option<&'a mut C::Core>, Error> {
    // SAFETY: as the caller vouches.
    if pointer.is_null() { Ok(None) } else { unsafe { core_mut(pointer) }.map(Some) }
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
    call(move || {
        check::disjoint(&[Span::of(totals, 1)], &[&[Span::of(other, 1)]])?;
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
    call(move || {
        // SAFETY: as the caller vouches.
        change(unsafe { core_mut(totals) }?);
        Ok(Notices::NONE)
    })
}

/// The whole of every `..._update` that needs no parameters. `read` takes what the function uses.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say, and `read` may be
/// called on the pixels.
unsafe fn update<'a, C: Mirrors>(
    pixels: *const hyla_pixels,
    totals: *mut C,
    read: unsafe fn(&hyla_pixels) -> Result<Pixels<'a>, Error>,
    update: fn(&mut C::Core, &Pixels<'a>) -> Result<(), Error>,
) -> status::hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let used = unsafe { read(&pixels::read(pixels)?) }?;
        pixels::apart(&[Span::of(totals, 1)], &[Span::of(pixels, 1)], &[], &used)?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        update(unsafe { core_mut(totals) }?, &used)?;
        Ok(Notices::NONE)
    })
}

/// The whole of every function that makes a result of totals alone (`..._value`, `..._values`): in its place, because
/// reports are large where stack is scarce.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
unsafe fn answer<C: Mirrors, R>(
    totals: *const C,
    to: *mut R,
    answer: fn(&C::Core, &mut MaybeUninit<R>) -> Result<Notices, Error>,
) -> status::hyla_status {
    call(move || {
        check::disjoint(&[Span::of(to, 1)], &[&[Span::of(totals, 1)]])?;
        // SAFETY: as the caller vouches; the two do not overlap.
        let (totals, to) = unsafe { (core(totals)?, check::result(to)?) };
        answer(totals, to)
    })
}

/// Writes a number.
fn write(Value { value, notices }: Value, to: &mut MaybeUninit<f64>) -> Result<Notices, Error> {
    to.write(value);
    Ok(notices)
}

/// Copies a name, and a number behind it, into a C string of fixed size, cut if need be, always terminated.
fn copy_name<const SIZE: usize>(name: &str, number: Option<usize>) -> [c_char; SIZE] {
    let mut digits = [0_u8; 20];
    let mut used = 0;
    if let Some(mut rest) = number {
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
            used += 1;
            if rest == 0 {
                break;
            }
        }
    }
    let digits = digits.iter().copied().skip(20 - used);
    let mut text = [0; SIZE];
    let room = SIZE.saturating_sub(1);
    for (to, from) in text.iter_mut().take(room).zip(name.bytes().chain(digits)) {
        *to = from as c_char;
    }
    text
}
