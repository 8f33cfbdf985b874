//! The inputs of all pixel functions.

use super::check::{self, Parameters, Span, constant, input, parameters};
use super::loss::Inputs;
use crate::error::Error;
use crate::input::Pixels;
use core::ffi::c_void;

/// The inputs of a call: arrays of `n` items, one a pixel. Which of them a function uses is said
/// with it; a field that is not used may be NULL. Scores, targets and decisions that a function does
/// not need are ignored, so that one struct serves several calls. Weights and soft targets would
/// change its numbers: given to a function that cannot use them they are an error
/// (HYLA_ERROR_UNSUPPORTED_INPUT).
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_pixels {
    /// Scores or logits, as the function says: any floats.
    pub scores: *const f32,
    /// Ground truth: nonzero is an anomaly.
    pub targets: *const u8,
    /// Decisions: nonzero is an anomaly.
    pub decisions: *const u8,
    /// Which pixels count: nonzero counts. NULL: all do.
    pub valid: *const u8,
    /// Pixel weights: finite and not negative. NULL: all are 1. A pixel with another weight is
    /// counted as rejected and acts as masked.
    pub weights: *const f32,
    /// Targets between 0 and 1, for functions that say so, in the place of `targets`. A pixel with another
    /// one is counted as rejected and acts as masked.
    pub soft_targets: *const f32,
    /// How many pixels there are.
    pub n: usize,
    /// NULL. Room for later inputs.
    pub reserved: [*const c_void; 2],
}

/// The arrays of a struct, a bit each.
const SCORES: u32 = 1 << 0;
const TARGETS: u32 = 1 << 1;
const DECISIONS: u32 = 1 << 2;
const VALID: u32 = 1 << 3;
const WEIGHTS: u32 = 1 << 4;
const SOFT_TARGETS: u32 = 1 << 5;

impl hyla_pixels {
    /// The arrays that a function needs, and those that it uses if they are not NULL. Weights and soft targets that it
    /// does not use are an error: they would change what it says.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    unsafe fn arrays<'a>(&self, needed: u32, optional: u32) -> Result<Pixels<'a>, Error> {
        let is_dropped = |array: u32, is_null: bool| !is_null && (needed | optional) & array == 0;
        if is_dropped(WEIGHTS, self.weights.is_null()) || is_dropped(SOFT_TARGETS, self.soft_targets.is_null()) {
            return Err(Error::UnsupportedInput);
        }
        let used = |array: u32, is_null: bool| needed & array != 0 || (optional & array != 0 && !is_null);
        // SAFETY: the contract.
        let floats = |pointer: *const f32, array| unsafe { array_if(used(array, pointer.is_null()), pointer, self.n) };
        // SAFETY: the contract.
        let bytes = |pointer: *const u8, array| unsafe { array_if(used(array, pointer.is_null()), pointer, self.n) };
        Ok(Pixels {
            scores: floats(self.scores, SCORES)?.unwrap_or(&[]),
            targets: bytes(self.targets, TARGETS)?,
            decisions: bytes(self.decisions, DECISIONS)?,
            valid: bytes(self.valid, VALID)?,
            weights: floats(self.weights, WEIGHTS)?,
            soft_targets: floats(self.soft_targets, SOFT_TARGETS)?,
        })
    }

    /// Scores, whichever targets are given, `valid` and weights.
    pub(super) unsafe fn scores_and_targets<'a>(&self) -> Result<Pixels<'a>, Error> {
        let targets = if self.soft_targets.is_null() { TARGETS } else { 0 };
        // SAFETY: the contract.
        unsafe { self.arrays(SCORES | targets, TARGETS | VALID | WEIGHTS | SOFT_TARGETS) }
    }

    /// Scores and `valid`.
    pub(super) unsafe fn scores<'a>(&self) -> Result<Pixels<'a>, Error> {
        // SAFETY: the contract.
        unsafe { self.arrays(SCORES, VALID) }
    }

    /// Scores, targets that may be missing, and `valid`.
    pub(super) unsafe fn ranked<'a>(&self) -> Result<Pixels<'a>, Error> {
        // SAFETY: the contract.
        unsafe { self.arrays(SCORES, TARGETS | VALID) }
    }

    /// Decisions and `valid`.
    pub(super) unsafe fn decisions<'a>(&self) -> Result<Pixels<'a>, Error> {
        // SAFETY: the contract.
        unsafe { self.arrays(DECISIONS, VALID) }
    }

    /// Decisions, targets and `valid`.
    pub(super) unsafe fn labelled_decisions<'a>(&self) -> Result<Pixels<'a>, Error> {
        // SAFETY: the contract.
        unsafe { self.arrays(TARGETS | DECISIONS, VALID) }
    }

    /// Targets, decisions and `valid`, and with a ranking the scores: decisions or scores may be missing
    /// then.
    pub(super) unsafe fn detected<'a>(&self, is_ranked: bool) -> Result<Pixels<'a>, Error> {
        if !is_ranked {
            // SAFETY: the contract.
            return unsafe { self.labelled_decisions() };
        }
        if self.decisions.is_null() && self.scores.is_null() && self.n > 0 {
            return Err(Error::NullPointer);
        }
        // SAFETY: the contract.
        unsafe { self.arrays(TARGETS, SCORES | DECISIONS | VALID) }
    }
}

/// The struct behind the pointer, with its reserved fields checked.
pub(super) unsafe fn read(pointer: *const hyla_pixels) -> Result<hyla_pixels, Error> {
    // SAFETY: the contract.
    let pixels = *unsafe { constant(pointer) }?;
    if pixels.reserved.iter().all(|reserved| reserved.is_null()) { Ok(pixels) } else { Err(Error::Reserved) }
}

/// The items of an array, if it is used.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
unsafe fn array_if<'a, T>(is_used: bool, pointer: *const T, items: usize) -> Result<Option<&'a [T]>, Error> {
    // SAFETY: the contract.
    if is_used { unsafe { input(pointer, items) }.map(Some) } else { Ok(None) }
}

/// No output overlaps another one, the structs that a call reads, or the arrays that it uses.
#[inline(never)]
pub(super) fn disjoint(outputs: &[Span], structs: &[Span], more: &[Span], used: &Pixels) -> Result<(), Error> {
    let arrays = [
        Span::of_slice(Some(used.scores)),
        Span::of_slice(used.targets),
        Span::of_slice(used.decisions),
        Span::of_slice(used.valid),
        Span::of_slice(used.weights),
        Span::of_slice(used.soft_targets),
    ];
    check::disjoint(outputs, &[structs, more, &arrays])
}

/// The checked inputs of a loss of labelled scores.
pub(super) struct Labelled<'a, P> {
    pub params: P,
    pub pixels: Pixels<'a>,
    /// What is read beside the arrays.
    structs: [Span; 2],
}

impl<P> Labelled<'_, P> {
    #[inline(never)]
    pub unsafe fn new<V: Parameters<Core = P>>(params: *const V, pixels: *const hyla_pixels) -> Result<Self, Error> {
        // SAFETY: the contract, of the arrays of the pixels, too.
        let ((checked, span), used) = unsafe { (parameters(params)?, read(pixels)?.scores_and_targets()?) };
        let structs = [span, Span::of(pixels, 1)];
        Ok(Self { params: checked.to_core()?, pixels: used, structs })
    }

    pub fn n(&self) -> usize {
        self.pixels.scores.len()
    }
}

impl<P> Inputs for Labelled<'_, P> {
    fn disjoint(&self, outputs: &[Span], more: &[Span]) -> Result<(), Error> {
        disjoint(outputs, &self.structs, more, &self.pixels)
    }
}
