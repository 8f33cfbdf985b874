//! The C interface: `extern "C"` functions that check their arguments and call the core.
//!
//! Every function has the same shape: check all pointers, make slices of them, check that no
//! output overlaps anything, run the core in the default floating-point environment, and write
//! the outputs only if nothing failed.
//!
//! **The contract of pointers**, for the caller of every `unsafe` function in here: a pointer that is neither NULL nor
//! misaligned is valid for what its type says (`*const`: reads, `*mut`: reads and writes, or writes alone where the
//! documentation calls it an output), for one item or for as many as the argument beside it or the struct that it lies
//! in says, during the call and as long as what the function returns refers to it; and nothing else writes there
//! meanwhile. NULL, alignment, sizes and overlaps are checked. A SAFETY comment that says "the contract" means this.
//!
//! **Macros** write what is the same for every node, with its documentation: structs and functions by themselves
//! (`macros.rs`), and all functions of a family of losses (`..._loss.rs`). A node's file says in a page what is its
//! own, and a change of the inputs, or of a sentence, is made once. `exported!` is the one way to a function with
//! pointers, so that none can forget its name, its status or the environment. The macros are by example, and their
//! bodies call functions of the core by name: where a node does not fit, the compiler shows that call and the line of
//! the node. The header is made from the expanded sources (`tests/header.rs`). Nothing formats what stands in a macro:
//! keep to the shape of the neighbours.
//!
//! Names are those of C: types and functions begin with `hyla_`, constants with `HYLA_`.

#![allow(non_camel_case_types, reason = "these are the names of C")]
#![allow(clippy::missing_safety_doc, reason = "the contract of pointers is the same everywhere")]

// What calls are made of.
mod check;
mod environment;
pub(crate) mod fault;
mod macros;
mod node;

pub mod cube;
pub mod library;
pub mod loss;
pub mod matrix;
pub mod metric;
pub mod pixels;
pub mod planes;
pub mod range;
pub mod status;
pub mod sum;

// Losses: what families of them share, and the nodes.
mod cube_loss;
mod matrix_loss;
mod overlap_loss;
mod pixel_loss;
mod selector_loss;

pub mod bce;
pub mod cross_entropy;
pub mod dice;
pub mod distinctness;
pub mod focal;
pub mod foreground_contrast;
pub mod iou;
pub mod mse;
pub mod orthogonality;
pub mod selector_diversity;
pub mod selector_entropy;
pub mod spectral_angle;
pub mod svdd;
pub mod tversky;

// Metrics.
pub mod band_statistics;
pub mod binning;
pub mod component_orthogonality;
pub mod confusion;
pub mod detection;
pub mod distinct_label_count;
pub mod drift;
pub mod explained_variance;
pub mod pixel_statistics;
pub mod ranking;
pub mod ranking_exact;
pub mod score_statistics;
pub mod selector_diversity_metric;
pub mod selector_entropy_metric;
pub mod topk_mean;

use crate::error::{Error, Notices, Value};
use crate::input::Source;
use check::{Span, Written};
use core::ffi::c_char;
use core::mem::MaybeUninit;
use fault::{Argument, Fault};
use pixels::{PlanesRoom, Taken, hyla_pixels};

/// Runs the body of a function that can fail in the default floating-point environment, and makes a status of its
/// result.
#[inline(always)]
fn call<T: Into<Notices>>(mut body: impl FnMut() -> Result<T, Fault>) -> status::hyla_status {
    environment::in_default_environment(&mut || match body() {
        Ok(notices) => notices.into().bits() as i32,
        Err(fault) => fault.status(),
    })
}

/// A struct of C with the layout of a type of the core: [`macros::mirror`] writes it.
///
/// # Safety
/// Both are `repr(C)` with the same numbers at the same places, and any bits are a value of either.
pub(crate) unsafe trait Mirrors: Sized {
    /// The type of the core.
    type Core;
}

/// The core's view of a struct that is only read.
unsafe fn view<'a, C: Mirrors>(argument: Argument<*const C>) -> Result<&'a C::Core, Fault> {
    // SAFETY: the contract, and what `Mirrors` says.
    unsafe { check::constant(argument.cast()) }
}

/// The core's view of a struct that is changed.
unsafe fn view_mut<'a, C: Mirrors>(argument: Argument<*mut C>) -> Result<&'a mut C::Core, Fault> {
    // SAFETY: the contract, and what `Mirrors` says.
    unsafe { check::structure(argument.cast()) }
}

/// As [`view`], for a struct that may be NULL.
unsafe fn optional_view<'a, C: Mirrors>(argument: Argument<*const C>) -> Result<Option<&'a C::Core>, Fault> {
    // SAFETY: the contract.
    if argument.is_null() { Ok(None) } else { unsafe { view(argument) }.map(Some) }
}

/// As [`view_mut`], for a struct that may be NULL.
unsafe fn optional_view_mut<'a, C: Mirrors>(argument: Argument<*mut C>) -> Result<Option<&'a mut C::Core>, Fault> {
    // SAFETY: the contract.
    if argument.is_null() { Ok(None) } else { unsafe { view_mut(argument) }.map(Some) }
}

/// The core's view of structs that are only read.
unsafe fn views<'a, C: Mirrors>(argument: Argument<*const C>, items: usize) -> Result<&'a [C::Core], Fault> {
    // SAFETY: the contract, and what `Mirrors` says.
    unsafe { check::input(argument.cast(), items) }
}

/// The core's view of structs that are changed.
unsafe fn views_mut<'a, C: Mirrors>(argument: Argument<*mut C>, items: usize) -> Result<&'a mut [C::Core], Fault> {
    // SAFETY: the contract, and what `Mirrors` says.
    unsafe { check::changed(argument.cast(), items) }
}

/// A pointer to the same numbers as the core knows them.
fn mirrored<C: Mirrors>(argument: Argument<*mut C>) -> Argument<*mut C::Core> {
    argument.cast()
}

/// The whole of every `..._merge`.
unsafe fn merge<C: Mirrors>(
    other: Argument<*const C>,
    totals: Argument<*mut C>,
    merge: fn(&mut C::Core, &C::Core),
) -> Result<Notices, Fault> {
    check::disjoint(&[Written::of(totals, 1)], &[&[Span::of(other, 1)]])?;
    // SAFETY: the contract; the two do not overlap.
    let (other, totals) = unsafe { (view(other)?, view_mut(totals)?) };
    merge(totals, other);
    Ok(Notices::NONE)
}

/// The whole of every function that has totals for its only argument (`..._normalize`,
/// `..._end_frame`).
unsafe fn change<C: Mirrors>(totals: Argument<*mut C>, change: fn(&mut C::Core)) -> Result<Notices, Fault> {
    // SAFETY: the contract.
    change(unsafe { view_mut(totals) }?);
    Ok(Notices::NONE)
}

/// The whole of every `..._update` that needs no parameters. `read` takes what the function uses.
unsafe fn update<C: Mirrors>(
    pixels: Argument<*const hyla_pixels>,
    totals: Argument<*mut C>,
    read: for<'a> unsafe fn(&hyla_pixels, &'a mut PlanesRoom<'a>) -> Result<Taken<'a>, Fault>,
    update: impl FnOnce(&mut C::Core, Source) -> Result<(), Error>,
) -> Result<Notices, Fault> {
    let mut room = PlanesRoom::new();
    // SAFETY: the contract, of the arrays of the pixels, too.
    let used = unsafe { read(pixels::read(pixels)?, &mut room) };
    let used = check::in_place(&used)?;
    pixels::disjoint(&[Written::of(totals, 1)], &[Span::of(pixels, 1)], &[], used)?;
    // SAFETY: the contract; the output overlaps nothing.
    update(unsafe { view_mut(totals) }?, used.source())?;
    Ok(Notices::NONE)
}

/// The whole of every function that makes a result of totals alone (`..._value`, `..._values`): in its place, because
/// reports are large where stack is scarce.
unsafe fn answer<C: Mirrors, R>(
    totals: Argument<*const C>,
    to: Argument<*mut R>,
    answer: fn(&C::Core, &mut MaybeUninit<R>) -> Result<Notices, Fault>,
) -> Result<Notices, Fault> {
    check::disjoint(&[Written::of(to, 1)], &[&[Span::of(totals, 1)]])?;
    // SAFETY: the contract; the two do not overlap.
    let (totals, to) = unsafe { (view(totals)?, check::result(to)?) };
    answer(totals, to)
}

/// Writes a number, and hands on its notices.
fn put_number(Value { value, notices }: Value, to: &mut MaybeUninit<f64>) -> Result<Notices, Fault> {
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
