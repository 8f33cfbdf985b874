//! What every function returns.

use crate::error::{Error, Notices};
use core::ffi::{CStr, c_char};

/// What a function returns: 0 is success; negative is an error (`HYLA_ERROR_...`), and nothing
/// was written; positive is a set of notices (`HYLA_NOTICE_...` bits), and the values were
/// written. `HYLA_FAILED(status)` tells errors from the rest.
pub type hyla_status = i32;

/// Success, and nothing is special.
pub const HYLA_OK: i32 = 0;

macro_rules! constants {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $c:tt: $sentence:literal;)*) => {
        $(constants!($(#[$doc])* $c, $number);)*
    };
    ($(#[$doc:meta])* _, $number:literal) => {};
    ($(#[$doc:meta])* $c:ident, $number:literal) => {
        $(#[$doc])*
        pub const $c: i32 = $number;
    };
}

crate::error::errors!(constants);
crate::error::notices!(constants);

/// An English sentence about a status: about the error, or about the lowest notice bit that is
/// set. Call it with one bit at a time to hear about each. The text is static and never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_status_message(status: hyla_status) -> *const c_char {
    message(status).as_ptr()
}

fn message(status: hyla_status) -> &'static CStr {
    if status >= 0 {
        return Notices::from_bits(status as u32).c_message();
    }
    let error = Error::ALL.into_iter().find(|error| error.number() == status);
    error.map_or(c"Unknown status.", Error::c_message)
}
