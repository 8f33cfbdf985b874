//! `hyla_iou_...`: soft intersection over union.

use super::check::{self, Span, Versioned, disjoint, floats, in_place};
use super::pixels::{Labelled, hyla_pixels};
use super::range::hyla_range;
use super::status::hyla_status;
use super::sum::hyla_sum;
use super::{Mirrors, call, core, core_mut, optional, optional_mut};
use crate::error::{Error, Notices};
use crate::loss::iou::{self, Params, Totals};
use crate::simd::Write;

/// The stages in which cuvis-ai runs the node (see `hyla_context`).
pub const HYLA_IOU_STAGES: u32 = 7;

/// Predictions are `1 / (1 + e^-x)`.
pub const HYLA_NORMALIZATION_SIGMOID: u32 = 0;
/// Predictions are the scores, at least 0 and at most 1.
pub const HYLA_NORMALIZATION_CLAMP: u32 = 1;
/// The least score becomes 0, the greatest nearly 1. Needs a `hyla_range` beside the totals.
pub const HYLA_NORMALIZATION_MINMAX: u32 = 2;

/// A score of exactly 0 or 1 has no gradient through clamp (PyTorch from 2.15 on).
pub const HYLA_BOUNDARY_ZERO: u32 = 0;
/// It has that of a score between (PyTorch before).
pub const HYLA_BOUNDARY_PASS: u32 = 1;

/// Without a positive target the loss is the formula: nearly `weight`, with nearly no gradient.
pub const HYLA_EMPTY_TARGET_ONE: u32 = 0;
/// It is 0 with gradient 0 and HYLA_NOTICE_EMPTY: to be left out of an average.
pub const HYLA_EMPTY_TARGET_SKIP: u32 = 1;
/// It is 0 with gradient 0: nothing was to be found, and that counts as a success.
pub const HYLA_EMPTY_TARGET_ZERO: u32 = 2;

/// Soft intersection over union (cuvis-ai: IoULoss): what is computed.
///
/// With scores x (`scores`), targets y (`targets`, or `soft_targets` between 0 and 1) and pixel weights v:
///
/// ```text
/// p = sigmoid(x) | clamp(x, 0, 1) | (x - m) / (M - m + s)       m, M: least and greatest score
/// I = sum v p y      U = sum v p + sum v y - I
/// loss = weight * (1 - (I + smooth) / (U + smooth))
/// ```
///
/// A NaN score makes the loss NaN with HYLA_NOTICE_NOT_FINITE, with minmax an infinite one, too. All scores equal
/// with minmax: p = 1/2, gradient 0, HYLA_NOTICE_DEGENERATE; the same notice where smooth is 0 and nothing is
/// predicted nor to be found (loss 0). Sums are exact, the loss is computed from them in double; a
/// gradient is within 8 ulp of float32 (with soft targets and at the extremes of minmax of its larger
/// part). Needs labels. Calls take up to 12 KiB of stack. Initialise with HYLA_IOU_PARAMS_DEFAULT.
/// Guide: a batch without a positive target costs nearly `weight` and teaches nothing; sigmoid has no
/// gradient beyond +-17, clamp none outside [0, 1]; with minmax one outlier flattens all others.
/// Formula: Rahman and Wang (2016).
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_iou_params {
    /// `sizeof(hyla_iou_params)`.
    pub struct_size: u32,
    /// HYLA_NORMALIZATION_...; cuvis-ai's key `normalize_method`. Default: sigmoid.
    pub normalization: u32,
    /// HYLA_BOUNDARY_...: the gradient of clamp at exactly 0 and 1. Default: zero, as PyTorch 2.15.
    pub boundary: u32,
    /// HYLA_EMPTY_TARGET_...: the loss where no target is positive. Default: one, the formula.
    pub empty_target: u32,
    /// The weight of this loss among others: finite. Default 1.
    pub weight: f32,
    /// The smoothing term s: finite, not negative. Default 1e-6.
    pub smooth: f32,
}

/// Exact sums over pixels, in words of int64; all zero is empty. Adding the words of two totals
/// (MPI_SUM, SQL SUM, atomics) merges them; call `hyla_iou_normalize` afterwards to compare words.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct hyla_iou_totals {
    /// `sum v p y`; with minmax `sum v x y`.
    pub intersection: hyla_sum,
    /// `sum v p`; with minmax `sum v x`.
    pub predicted: hyla_sum,
    /// `sum v y`.
    pub target: hyla_sum,
    /// `sum v`.
    pub weights: hyla_sum,
    /// How many pixels count.
    pub pixels: i64,
    /// How many valid pixels had a bad weight or soft target and acted as masked.
    pub rejected: i64,
    /// Shows whether terms of different normalisations were mixed.
    pub fingerprint: i64,
}

// SAFETY: `repr(C)`, the same words in the same order.
unsafe impl Mirrors for hyla_iou_totals {
    type Core = Totals;
}

// SAFETY: `repr(C)`, fields of four bytes, any bits are numbers.
unsafe impl Versioned for hyla_iou_params {
    const DEFAULT: Self = Self {
        struct_size: size_of::<Self>() as u32,
        normalization: HYLA_NORMALIZATION_SIGMOID,
        boundary: HYLA_BOUNDARY_ZERO,
        empty_target: HYLA_EMPTY_TARGET_ONE,
        weight: 1.0,
        smooth: 1e-6,
    };
}

impl hyla_iou_params {
    fn to_core(self) -> Result<Params, Error> {
        let normalization = iou::Normalization::from_number(self.normalization);
        Ok(Params {
            normalization: normalization.ok_or(Error::UnknownNormalization)?,
            boundary: iou::Boundary::from_number(self.boundary).ok_or(Error::UnknownOption)?,
            empty_target: iou::EmptyTarget::from_number(self.empty_target)
                .ok_or(Error::UnknownOption)?,
            weight: self.weight,
            smooth: self.smooth,
        })
    }
}

/// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
/// bindings that cannot use HYLA_IOU_PARAMS_DEFAULT. Bytes of a later version become 0.
///
/// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
///
/// # Safety
/// `params` is valid for writes of `size` bytes.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_iou_params_init(
    params: *mut hyla_iou_params,
    size: usize,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    call(move || unsafe { check::write_defaults(params, size) })
}

/// `sizeof(hyla_iou_totals)`, for bindings to check.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_iou_totals_size() -> usize {
    size_of::<hyla_iou_totals>()
}

/// Adds pixels to totals; with minmax their scores to `range`, too, which then must be given, begins as
/// all zero bits and belongs to these totals alone. (Otherwise `range` is not touched and may be NULL.)
///
/// Inputs: `scores`, and either `targets` or `soft_targets` (the other is NULL); optional `valid` and
/// `weights`. Time is linear in n. Nothing is allocated or kept. Any number of threads may call it,
/// each with totals of its own.
///
/// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE,
/// UNKNOWN_FIELD, RESERVED, UNSUPPORTED_INPUT (two kinds of targets), UNKNOWN_NORMALIZATION,
/// UNKNOWN_OPTION, WEIGHT, SMOOTH, RANGE_MISSING.
/// Notices: none; `hyla_iou_loss` tells them.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_iou_update(
    params: *const hyla_iou_params,
    pixels: *const hyla_pixels,
    totals: *mut hyla_iou_totals,
    range: *mut hyla_range,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Labelled::new(params, pixels, hyla_iou_params::to_core) };
        let inputs = in_place(&inputs)?;
        inputs.apart(&[Span::of(totals, 1), Span::of(range, 1)], &[])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let (totals, range) = unsafe { (core_mut(totals)?, optional_mut(range)?) };
        totals.update(&inputs.params, &inputs.pixels, range)?;
        Ok(Notices::NONE)
    })
}

/// Adds other totals (of another tile, frame, thread or rank) to totals, and makes the words
/// canonical. Both must come from the same parameters; `hyla_iou_loss` finds out.
///
/// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, OVERLAP.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_iou_merge(
    other: *const hyla_iou_totals,
    totals: *mut hyla_iou_totals,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    unsafe { super::merge(other, totals, Totals::merge) }
}

/// Makes the words canonical after they were added elsewhere (MPI_SUM, SQL SUM), so that equal
/// totals have equal words. Values are the same before and after.
///
/// Errors: NULL_POINTER, MISALIGNED.
///
/// # Safety
/// A pointer that is neither NULL nor misaligned is valid for what its type says.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_iou_normalize(totals: *mut hyla_iou_totals) -> hyla_status {
    // SAFETY: as the caller vouches.
    unsafe { super::change(totals, Totals::normalize) }
}

/// The loss, in double from exact sums. With minmax `range` is that of the totals, merged as they were
/// (`hyla_range_merge`); otherwise it may be NULL.
///
/// Errors, with `loss` unchanged: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, those about
/// parameters, TOTALS, MIXED_TOTALS (terms of another normalisation), RANGE_MISSING (none, or that of other
/// pixels). Notices: EMPTY (no pixel: 0; or a skipped one), NO_POSITIVES, NOT_FINITE, DEGENERATE (a
/// convention, see the parameters), REJECTED.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_iou_loss(
    params: *const hyla_iou_params,
    totals: *const hyla_iou_totals,
    range: *const hyla_range,
    loss: *mut f64,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let (checked, span) = unsafe { check::parameters(params) }?;
        disjoint(&[Span::of(loss, 1)], &[&[span, Span::of(totals, 1), Span::of(range, 1)]])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let (totals, range, loss) =
            unsafe { (core(totals)?, optional(range)?, check::result(loss)?) };
        let value = totals.loss(&checked.to_core()?, range)?;
        loss.write(value.value);
        Ok(value.notices)
    })
}

/// Writes `upstream * d loss / d scores` to `grad_scores` (n floats), or adds it there (`write`:
/// HYLA_STORE or HYLA_ADD). `totals` are those of the whole batch, merged over all tiles and
/// ranks; `pixels` may be any part of the batch. Where a pixel does not count: 0, or unchanged.
/// `range` as for `hyla_iou_loss`. With HYLA_STORE the output may be uninitialised.
///
/// Errors, with `grad_scores` unchanged: those of `hyla_iou_update`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS.
/// Notices: those of `hyla_iou_loss`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_iou_gradient(
    params: *const hyla_iou_params,
    totals: *const hyla_iou_totals,
    range: *const hyla_range,
    pixels: *const hyla_pixels,
    upstream: f64,
    write: u32,
    grad_scores: *mut f32,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Labelled::new(params, pixels, hyla_iou_params::to_core) };
        let inputs = in_place(&inputs)?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let reads = [Span::of(totals, 1), Span::of(range, 1)];
        inputs.apart(&[Span::of(grad_scores, inputs.n())], &reads)?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let (totals, range) = unsafe { (core(totals)?, optional(range)?) };
        // SAFETY: as above.
        let gradient = unsafe { floats(write, grad_scores, inputs.n()) }?;
        let Labelled { params, pixels, .. } = inputs;
        totals.gradient_to(params, range, pixels, upstream, gradient)
    })
}

/// The loss and the gradient of one batch in one call, for the case that it is not tiled: the same
/// bits as update, loss and gradient, in two passes. The batch's totals are added to `totals` and, with
/// minmax, its range to `range`; either may be NULL.
///
/// Errors, with all outputs unchanged: those of `hyla_iou_update` (but no range is needed), UNKNOWN_WRITE.
/// Notices: those of `hyla_iou_loss`, about this batch.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_iou_loss_and_gradient(
    params: *const hyla_iou_params,
    pixels: *const hyla_pixels,
    upstream: f64,
    write: u32,
    totals: *mut hyla_iou_totals,
    range: *mut hyla_range,
    loss: *mut f64,
    grad_scores: *mut f32,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Labelled::new(params, pixels, hyla_iou_params::to_core) };
        let inputs = in_place(&inputs)?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let writes = [
            Span::of(totals, 1),
            Span::of(range, 1),
            Span::of(loss, 1),
            Span::of(grad_scores, inputs.n()),
        ];
        inputs.apart(&writes, &[])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let (totals, range) = unsafe { (optional_mut(totals)?, optional_mut(range)?) };
        // SAFETY: as above.
        let (loss, gradient) =
            unsafe { (check::result(loss)?, floats(write, grad_scores, inputs.n())?) };
        let Labelled { params, pixels, .. } = inputs;
        let value = iou::loss_and_gradient_to(params, pixels, upstream, totals, range, gradient)?;
        loss.write(value.value);
        Ok(value.notices)
    })
}
