//! The inputs of all pixel functions.

use super::check::{Span, Versioned, check_place, constant, disjoint, parameters};
use crate::error::Error;
use crate::pixels::Pixels;
use core::ffi::c_void;

/// The inputs of a call: arrays of `n` items, one a pixel. Which of them a function uses is said
/// with it; the others are ignored, so that one struct serves several calls. A field that is not
/// used may be NULL. Arrays are only read and may overlap each other. Initialise with `{0}` (C) or
/// `{}` (C++) and set fields by name.
///
/// One rule for all functions: where `valid` is 0 the pixel is as if it were not there. It may be
/// NaN, changes no total, and its gradient and map entry are exactly 0.
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
    /// How many pixels there are. With 0 all pointers may be NULL.
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
    /// The arrays that a function needs, and those that it uses if they are not NULL.
    ///
    /// # Safety
    /// Each of them that is not NULL and aligned holds `n` items for `'a`.
    #[inline(never)]
    unsafe fn arrays<'a>(&self, needed: u32, optional: u32) -> Result<Pixels<'a>, Error> {
        let all = [
            (self.scores.addr(), size_of::<f32>()),
            (self.targets.addr(), size_of::<u8>()),
            (self.decisions.addr(), size_of::<u8>()),
            (self.valid.addr(), size_of::<u8>()),
            (self.weights.addr(), size_of::<f32>()),
            (self.soft_targets.addr(), size_of::<f32>()),
        ];
        let mut used = 0;
        for (place, (address, size)) in all.into_iter().enumerate() {
            let bit = 1 << place;
            if needed & bit != 0 || (optional & bit != 0 && address != 0) {
                check_place(address, self.n, size, size)?;
                used |= bit;
            }
        }
        // SAFETY: what is used was checked, and has the alignment of its size; the caller vouches for the rest.
        unsafe {
            Ok(Pixels {
                scores: self.array(self.scores, used & SCORES).unwrap_or(&[]),
                targets: self.array(self.targets, used & TARGETS),
                decisions: self.array(self.decisions, used & DECISIONS),
                valid: self.array(self.valid, used & VALID),
                weights: self.array(self.weights, used & WEIGHTS),
                soft_targets: self.array(self.soft_targets, used & SOFT_TARGETS),
            })
        }
    }

    /// The items of an array, if it is used.
    ///
    /// # Safety
    /// If it is, the pointer is valid for reads of `n` items for `'a`, unless that is 0.
    unsafe fn array<'a, T>(&self, pointer: *const T, used: u32) -> Option<&'a [T]> {
        match (used, self.n) {
            (0, _) => None,
            (_, 0) => Some(&[]),
            // SAFETY: as the caller vouches.
            (_, n) => Some(unsafe { core::slice::from_raw_parts(pointer, n) }),
        }
    }

    /// Scores, whichever targets are given, `valid` and weights.
    ///
    /// # Safety
    /// Each array that is not NULL and aligned holds `n` items for `'a`.
    pub(super) unsafe fn scores_and_targets<'a>(&self) -> Result<Pixels<'a>, Error> {
        let targets = if self.soft_targets.is_null() { TARGETS } else { 0 };
        // SAFETY: as the caller vouches.
        unsafe { self.arrays(SCORES | targets, TARGETS | VALID | WEIGHTS | SOFT_TARGETS) }
    }

    /// Scores and `valid`.
    ///
    /// # Safety
    /// As for [`Self::scores_and_targets`].
    pub(super) unsafe fn scores<'a>(&self) -> Result<Pixels<'a>, Error> {
        // SAFETY: as the caller vouches.
        unsafe { self.arrays(SCORES, VALID) }
    }

    /// Scores, targets that may be missing, and `valid`; weights and soft targets are an error, because counts do
    /// not know them.
    ///
    /// # Safety
    /// As for [`Self::scores_and_targets`].
    pub(super) unsafe fn ranked<'a>(&self) -> Result<Pixels<'a>, Error> {
        if !(self.weights.is_null() && self.soft_targets.is_null()) {
            return Err(Error::UnsupportedInput);
        }
        // SAFETY: as the caller vouches.
        unsafe { self.arrays(SCORES, TARGETS | VALID) }
    }

    /// Decisions and `valid`.
    ///
    /// # Safety
    /// As for [`Self::scores_and_targets`].
    pub(super) unsafe fn decisions<'a>(&self) -> Result<Pixels<'a>, Error> {
        // SAFETY: as the caller vouches.
        unsafe { self.arrays(DECISIONS, VALID) }
    }

    /// Decisions, targets and `valid`.
    ///
    /// # Safety
    /// As for [`Self::scores_and_targets`].
    pub(super) unsafe fn labelled_decisions<'a>(&self) -> Result<Pixels<'a>, Error> {
        // SAFETY: as the caller vouches.
        unsafe { self.arrays(TARGETS | DECISIONS, VALID) }
    }

    /// Targets, decisions and `valid`, and with a ranking the scores: decisions or scores may be missing
    /// then.
    ///
    /// # Safety
    /// As for [`Self::scores_and_targets`].
    pub(super) unsafe fn detected<'a>(&self, is_ranked: bool) -> Result<Pixels<'a>, Error> {
        if !is_ranked {
            // SAFETY: as the caller vouches.
            return unsafe { self.labelled_decisions() };
        }
        if self.decisions.is_null() && self.scores.is_null() && self.n > 0 {
            return Err(Error::NullPointer);
        }
        // SAFETY: as the caller vouches.
        unsafe { self.arrays(TARGETS, SCORES | DECISIONS | VALID) }
    }
}

/// The struct behind the pointer, with its reserved fields checked.
///
/// # Safety
/// If not NULL and aligned, the pointer is valid for reads.
pub(super) unsafe fn read(pointer: *const hyla_pixels) -> Result<hyla_pixels, Error> {
    // SAFETY: as the caller vouches.
    let pixels = *unsafe { constant(pointer) }?;
    if pixels.reserved.iter().all(|reserved| reserved.is_null()) {
        Ok(pixels)
    } else {
        Err(Error::Reserved)
    }
}

/// No output overlaps another one, the structs that a call reads, or the arrays that it uses.
#[inline(never)]
pub(super) fn apart(
    outputs: &[Span],
    structs: &[Span],
    more: &[Span],
    used: &Pixels,
) -> Result<(), Error> {
    let arrays = [
        Span::of_slice(Some(used.scores)),
        Span::of_slice(used.targets),
        Span::of_slice(used.decisions),
        Span::of_slice(used.valid),
        Span::of_slice(used.weights),
        Span::of_slice(used.soft_targets),
    ];
    disjoint(outputs, &[structs, more, &arrays])
}

/// The checked inputs of a loss of labelled scores.
pub(super) struct Labelled<'a, P> {
    pub params: P,
    pub pixels: Pixels<'a>,
    /// What is read beside the arrays.
    structs: [Span; 2],
}

impl<P> Labelled<'_, P> {
    /// # Safety
    /// Pointers that are neither NULL nor misaligned are valid for what their types say, as long
    /// as the inputs live.
    #[inline(never)]
    pub unsafe fn new<V: Versioned>(
        params: *const V,
        pixels: *const hyla_pixels,
        to_core: fn(V) -> Result<P, Error>,
    ) -> Result<Self, Error> {
        // SAFETY: as the caller vouches.
        let (checked, span) = unsafe { parameters(params) }?;
        // SAFETY: as above.
        let used = unsafe { read(pixels)?.scores_and_targets() }?;
        Ok(Self { params: to_core(checked)?, pixels: used, structs: [span, Span::of(pixels, 1)] })
    }

    pub fn n(&self) -> usize {
        self.pixels.scores.len()
    }

    /// No output overlaps another one, what is read, or more that is.
    pub fn apart(&self, outputs: &[Span], more: &[Span]) -> Result<(), Error> {
        apart(outputs, &self.structs, more, &self.pixels)
    }
}
