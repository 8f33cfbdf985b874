//! Mistakes in arguments, made on purpose: each must be an error that changes nothing, or be about an array that the
//! function does not use.

use crate::source::Source;
use hyla::capi::cube::hyla_cube;
use hyla::capi::planes::{hyla_mask, hyla_plane};

/// The arrays of an input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Array {
    /// Scores or values.
    Values,
    /// Ground truth.
    Targets,
    /// Decisions.
    Decisions,
    /// Classes.
    Labels,
    /// Pixel weights.
    Weights,
    /// Soft targets.
    SoftTargets,
    /// The gradient or the map.
    Output,
    /// The totals.
    Totals,
}

/// Which mistake it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// NULL where an array is.
    Null(Array),
    /// An address that is no multiple of the item's size.
    Misaligned(Array),
    /// More pixels than memory has bytes.
    Huge,
    /// A reserved pointer that is set.
    Reserved,
    /// Strides that let two values share a place, or overflow.
    Strides([usize; 2]),
    /// No channels.
    NoChannels,
    /// The output is the input, from so many bytes behind its start on.
    Overlap(usize),
    /// A way to write that there is not.
    Write(u32),
}

impl Fault {
    /// Any mistake.
    pub fn any(source: &mut Source) -> Self {
        use Array::*;
        let array = source.pick(&[Values, Targets, Decisions, Labels, Weights, SoftTargets, Output, Totals]);
        match source.below(8) {
            0 => Self::Null(array),
            1 => Self::Misaligned(array),
            2 => Self::Huge,
            3 => Self::Reserved,
            4 => {
                let strides = [0, 1, usize::MAX, usize::MAX / 2, 1 << 62, 1 << 61];
                Self::Strides([source.pick(&strides), source.pick(&strides)])
            }
            5 => Self::NoChannels,
            6 => Self::Overlap(4 * source.below(64)),
            _ => Self::Write(2 + source.below(250) as u32),
        }
    }

    /// Whether it may be no mistake but another input: an array that may be missing, a shape that holds.
    pub fn may_be_legal(self) -> bool {
        matches!(self, Self::Null(_) | Self::Strides(_) | Self::NoChannels)
    }

    /// What becomes of a pointer.
    fn of<T>(self, array: Array, pointer: &mut *const T) {
        if self == Self::Null(array) {
            *pointer = core::ptr::null();
        } else if self == Self::Misaligned(array) && !pointer.is_null() {
            *pointer = pointer.wrapping_byte_add(1);
        }
    }

    /// What becomes of a pointer to floats.
    pub fn of_float(self, array: Array, pointer: &mut *const f32) {
        self.of(array, pointer);
    }

    /// What becomes of numbers.
    pub fn of_plane(self, array: Array, plane: &mut hyla_plane) {
        self.of(array, &mut plane.data);
    }

    /// What becomes of truth values in bytes.
    pub fn of_mask(self, array: Array, mask: &mut hyla_mask) {
        if self == Self::Null(array) {
            mask.data = core::ptr::null();
        }
    }

    /// What becomes of the pointer to an output.
    pub fn of_output<T>(self, array: Array, pointer: *mut T) -> *mut T {
        let mut output = pointer.cast_const();
        self.of(array, &mut output);
        output.cast_mut()
    }

    /// What becomes of the other fields; the last one is what a reserved field is set to.
    pub fn of_rest<T: Copy, const COUNT: usize>(self, n: &mut usize, reserved: &mut [T; COUNT], set: T) {
        match self {
            Self::Huge => *n = usize::MAX - 3,
            Self::Reserved => reserved[*n % COUNT] = set,
            _ => {}
        }
    }

    /// What becomes of the shape of a cube.
    pub fn of_strides(self, cube: &mut hyla_cube) {
        match self {
            Self::Strides([pixel, channel]) => {
                (cube.values.plane.stride, cube.values.channel_stride) = (pixel, channel)
            }
            Self::NoChannels => cube.channels = 0,
            _ => {}
        }
    }
}

/// The number of the error of a status, without what it is about; 0 if it is none.
pub fn error_of(status: i32) -> i32 {
    if status < 0 { status | !0xff } else { 0 }
}
