//! What every function returns.

use super::fault;
use crate::error::{Error, Notices};
use core::ffi::{CStr, c_char};

/// What a function returns: 0 is success; negative is an error, and nothing was written; positive is a set of notices
/// (`HYLA_NOTICE_...` bits), and the values were written. `HYLA_FAILED(status)` tells errors from the rest.
///
/// The status of an error holds its number and what it is about: `HYLA_ERROR_OF(status)` is the number
/// (`HYLA_ERROR_...`), `hyla_status_subject(status)` the name of the argument or the field. Compare the former.
pub type hyla_status = i32;

/// Success, and nothing is special.
pub const HYLA_OK: i32 = 0;

macro_rules! error_constants {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $c:tt, $subject:literal: $sentence:literal;)*) => {
        $(constants!($(#[$doc])* $c, $number);)*

        fn name_of_error(error: Error) -> &'static CStr {
            match error {
                $(Error::$name => name!($c),)*
            }
        }
    };
}

macro_rules! notice_constants {
    ($($(#[$doc:meta])* $name:ident = $bit:literal, $c:ident: $sentence:literal;)*) => {
        $(constants!($(#[$doc])* $c, $bit);)*

        fn name_of_notice(notice: Notices) -> &'static CStr {
            match notice {
                $(Notices::$name => name!($c),)*
                _ => c"HYLA_OK",
            }
        }
    };
}

macro_rules! constants {
    ($(#[$doc:meta])* _, $number:literal) => {};
    ($(#[$doc:meta])* $c:ident, $number:literal) => {
        $(#[$doc])*
        pub const $c: i32 = $number;
    };
}

/// The name of a constant as C reads it. What only Rust returns has none.
macro_rules! name {
    (_) => {
        c"unknown"
    };
    ($c:ident) => {
        const { CStr::from_bytes_with_nul(concat!(stringify!($c), "\0").as_bytes()) }.unwrap_or_default()
    };
}

crate::error::errors!(error_constants);
crate::error::notices!(notice_constants);

/// A status as it can be told.
enum Told {
    Error(Error),
    /// The lowest notice, or none.
    Notice(Notices),
    Unknown,
}

impl Told {
    fn new(status: hyla_status) -> Self {
        let notices = Notices::from_bits(status as u32);
        match fault::of_status(status) {
            (Some(error), _) => Self::Error(error),
            _ if status < 0 || (status > 0 && notices == Notices::NONE) => Self::Unknown,
            _ => Self::Notice(notices.lowest()),
        }
    }
}

/// An English sentence about a status: about the error, or about the lowest notice bit that is
/// set. Call it with one bit at a time to hear about each (`HYLA_FOR_NOTICES`). The text is static and never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_status_message(status: hyla_status) -> *const c_char {
    let message = match Told::new(status) {
        Told::Error(error) => error.c_message(),
        Told::Notice(notice) => notice.c_message(),
        Told::Unknown => c"Unknown status.",
    };
    message.as_ptr()
}

/// The name of the constant: "HYLA_ERROR_OVERLAP" of an error, "HYLA_NOTICE_EMPTY" of the lowest notice bit,
/// "HYLA_OK", or "unknown". The text is static and never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_status_name(status: hyla_status) -> *const c_char {
    let name = match Told::new(status) {
        Told::Error(error) => name_of_error(error),
        Told::Notice(notice) => name_of_notice(notice),
        Told::Unknown => c"unknown",
    };
    name.as_ptr()
}

/// What an error is about: the name of an argument ("totals", "params"), or of a field ("targets", "pos_weight"), as
/// this header has it. Empty if the error is about the call as a whole, and of what is no error. The text is static and
/// never NULL.
///
/// Of OVERLAP it is the output that overlaps something, of NULL_POINTER and MISALIGNED the pointer or the input, of
/// RESERVED the struct whose field is not 0.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_status_subject(status: hyla_status) -> *const c_char {
    fault::of_status(status).1.as_ptr()
}
