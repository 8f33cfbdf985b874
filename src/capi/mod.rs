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
pub mod detection;
pub mod environment;
pub mod library;
pub mod metric;
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

/// Copies a name into a C string of fixed size, cut if need be, always terminated.
fn copy_name<const SIZE: usize>(name: &str) -> [c_char; SIZE] {
    let mut text = [0; SIZE];
    let room = SIZE.saturating_sub(1);
    for (to, from) in text.iter_mut().take(room).zip(name.bytes()) {
        *to = from as c_char;
    }
    text
}
