//! What every function returns.

use crate::error::{Error, Notices};
use core::ffi::{CStr, c_char};

/// What a function returns: 0 is success; negative is an error (`HYLA_ERROR_...`), and nothing
/// was written; positive is a set of notices (`HYLA_NOTICE_...` bits), and the values were
/// written. `HYLA_FAILED(status)` tells errors from the rest.
pub type hyla_status = i32;

/// Success, and nothing is special.
pub const HYLA_OK: i32 = 0;
/// A pointer that must not be NULL is NULL.
pub const HYLA_ERROR_NULL_POINTER: i32 = -1;
/// A pointer is not aligned for its type.
pub const HYLA_ERROR_MISALIGNED: i32 = -2;
/// A size overflows the address space.
pub const HYLA_ERROR_TOO_LARGE: i32 = -3;
/// An output overlaps an input or another output.
pub const HYLA_ERROR_OVERLAP: i32 = -4;
/// `struct_size` is 0 (not initialised), ends within a field, or is implausibly large.
pub const HYLA_ERROR_STRUCT_SIZE: i32 = -5;
/// A struct of a newer version sets a field that this version does not know.
pub const HYLA_ERROR_UNKNOWN_FIELD: i32 = -6;
/// A reserved field is not zero.
pub const HYLA_ERROR_RESERVED: i32 = -7;
/// An input was given that the node cannot use.
pub const HYLA_ERROR_UNSUPPORTED_INPUT: i32 = -10;
/// The reduction is none of `HYLA_REDUCTION_...`.
pub const HYLA_ERROR_UNKNOWN_REDUCTION: i32 = -11;
/// The write mode is neither `HYLA_STORE` nor `HYLA_ADD`.
pub const HYLA_ERROR_UNKNOWN_WRITE: i32 = -12;
/// The stage is not exactly one of the `HYLA_STAGE_...` bits.
pub const HYLA_ERROR_UNKNOWN_STAGE: i32 = -13;
/// The tier is none of `HYLA_TIER_...`, or this machine lacks it.
pub const HYLA_ERROR_TIER_UNAVAILABLE: i32 = -14;
/// The weight of the loss is NaN or infinite.
pub const HYLA_ERROR_WEIGHT: i32 = -15;
/// The weight of the positives is negative, NaN or infinite.
pub const HYLA_ERROR_POS_WEIGHT: i32 = -16;
/// The reduction gives a map, not one number.
pub const HYLA_ERROR_NO_SCALAR: i32 = -17;
/// The totals hold terms that were made with other parameters, or are damaged.
pub const HYLA_ERROR_MIXED_TOTALS: i32 = -18;
/// The output has room for fewer items than there are.
pub const HYLA_ERROR_CAPACITY: i32 = -19;
/// The rows of the frame do not fit into its pixels, or overlap.
pub const HYLA_ERROR_FRAME_SHAPE: i32 = -20;
/// The pixel stride is 0.
pub const HYLA_ERROR_PIXEL_STRIDE: i32 = -21;
/// There are fewer than two thresholds, or more than 4096.
pub const HYLA_ERROR_THRESHOLDS: i32 = -22;
/// A pixel stride above 1 needs whole frames: `hyla_detection_update_frame`.
pub const HYLA_ERROR_STRIDE_NEEDS_FRAME: i32 = -23;
/// `nu` is not between 0 and 1 (both excluded).
pub const HYLA_ERROR_NU: i32 = -24;
/// The unconstrained radius is NaN or infinite.
pub const HYLA_ERROR_RADIUS: i32 = -25;
/// The smoothing term is negative, NaN or infinite.
pub const HYLA_ERROR_SMOOTH: i32 = -26;
/// `eps` is negative, NaN or infinite.
pub const HYLA_ERROR_EPSILON: i32 = -27;
/// The target of a regulariser is NaN or infinite.
pub const HYLA_ERROR_TARGET: i32 = -28;
/// The label smoothing is not in [0, 1].
pub const HYLA_ERROR_LABEL_SMOOTHING: i32 = -29;
/// The focusing exponent is negative, NaN or infinite.
pub const HYLA_ERROR_GAMMA: i32 = -30;
/// A weight of one kind of mistake against another is negative, NaN or infinite.
pub const HYLA_ERROR_BALANCE: i32 = -31;
/// A class weight is negative, NaN or infinite.
pub const HYLA_ERROR_CLASS_WEIGHT: i32 = -32;
/// The normalisation of scores is none of the known ones.
pub const HYLA_ERROR_UNKNOWN_NORMALIZATION: i32 = -33;
/// An option of the parameters has none of its known values.
pub const HYLA_ERROR_UNKNOWN_OPTION: i32 = -34;
/// The number of channels, classes or components is 0 or too large for the node, or does not fit another input.
pub const HYLA_ERROR_CHANNELS: i32 = -35;
/// The strides let two items share one place, or overflow the address space.
pub const HYLA_ERROR_STRIDES: i32 = -36;
/// The workspace is too small.
pub const HYLA_ERROR_WORKSPACE: i32 = -37;
/// The range of the scores is needed and does not belong to the totals.
pub const HYLA_ERROR_RANGE_MISSING: i32 = -38;
/// The binning is out of range: its number of bins, bits or thresholds, or its bounds.
pub const HYLA_ERROR_BINNING: i32 = -39;
/// The fraction is not above 0 and at most 1.
pub const HYLA_ERROR_FRACTION: i32 = -40;
/// The words of the totals contradict each other: they were not zeroed, or are damaged.
pub const HYLA_ERROR_TOTALS: i32 = -41;

/// No pixel counted: a mean is NaN, a sum or ratio 0.
pub const HYLA_NOTICE_EMPTY: i32 = 1;
/// No pixel (or frame) has a positive target: recall is 0/0 and reported as 0.
pub const HYLA_NOTICE_NO_POSITIVES: i32 = 2;
/// No pixel (or frame) has a negative target.
pub const HYLA_NOTICE_NO_NEGATIVES: i32 = 4;
/// A NaN or an infinity is among the terms, and decides the value by the rules of IEEE 754.
pub const HYLA_NOTICE_NOT_FINITE: i32 = 8;
/// The value is a limit or a convention, because its formula has none here.
pub const HYLA_NOTICE_DEGENERATE: i32 = 16;
/// Bad data (such as a negative pixel weight) was found; these pixels acted as masked.
pub const HYLA_NOTICE_REJECTED: i32 = 32;
/// No pixel (or frame) was decided positive: precision is 0/0 and reported as 0.
pub const HYLA_NOTICE_NO_DECISIONS: i32 = 64;
/// Cosines are exactly 0: cuvis-ai leaves these pairs out of the mean, which has another value.
pub const HYLA_NOTICE_ZERO_PAIRS: i32 = 128;
/// The bounds of a value are further apart than is of use; the report has them.
pub const HYLA_NOTICE_COARSE: i32 = 256;
/// Not everything fitted into the memory of the caller: a count is a lower bound.
pub const HYLA_NOTICE_INCOMPLETE: i32 = 512;

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
