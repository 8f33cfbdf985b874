//! `hyla_tversky_...`: the (focal) Tversky loss.

use super::check::{self, Versioned};
use super::iou::{HYLA_BOUNDARY_ZERO, HYLA_EMPTY_TARGET_ONE, HYLA_NORMALIZATION_SIGMOID};
use super::overlap::{self, ToFormula};
use super::pixels::hyla_pixels;
use super::range::hyla_range;
use super::status::hyla_status;
use super::sum::hyla_sum;
use super::{Mirrors, call};
use crate::error::Error;
use crate::loss::tversky::{Boundary, EmptyTarget, Normalization, Params, Totals};

/// The stages in which a loss runs (see `hyla_context`); cuvis-ai has no such node.
pub const HYLA_TVERSKY_STAGES: u32 = 7;

/// The (focal) Tversky loss, overlap with a price for each kind of mistake: what is computed.
///
/// With scores x (`scores`), targets y (`targets`, or `soft_targets` between 0 and 1) and pixel
/// weights v (`weights`), over all pixels of the totals:
///
/// ```text
/// p_i = sigmoid(x_i) | clamp(x_i, 0, 1) | (x_i - min) / (max - min + smooth)   by `normalization`
/// TP = sum v p y      FP = sum v p (1 - y)      FN = sum v (1 - p) y
/// T = (TP + smooth) / (TP + false_positives * FP + false_negatives * FN + smooth)
/// loss = weight * (1 - T)^gamma
/// ```
///
/// Both prices 1 is the IoU loss, both 1/2 the Dice loss of two classes (with half the usual
/// smoothing). Special cases and accuracy are those of `hyla_iou_params`; where T is 0/0 it is 1.
/// Where T is 1 and gamma below 1 the slope is infinite: loss and gradient are 0, with
/// HYLA_NOTICE_DEGENERATE. gamma 0 makes the loss `weight`. Needs labels.
///
/// Initialise with HYLA_TVERSKY_PARAMS_DEFAULT. Guide: a price of false negatives above that of
/// false positives raises recall and costs precision (0.7 and 0.3 for rare anomalies); gamma above
/// 1 lets hard frames lead, below 1 keeps the gradient alive near the end.
/// Formula: Salehi, Erdogmus, Gholipour, Tversky loss function for image segmentation using 3D fully
/// convolutional deep networks (2017); Abraham, Khan, A novel focal Tversky loss function (2019).
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_tversky_params {
    /// `sizeof(hyla_tversky_params)`.
    pub struct_size: u32,
    /// HYLA_NORMALIZATION_.... Default: sigmoid.
    pub normalization: u32,
    /// HYLA_BOUNDARY_...: matters where many scores are exactly 0 or 1. Default: zero.
    pub boundary: u32,
    /// HYLA_EMPTY_TARGET_...: the loss where no target is positive. Default: one.
    pub empty_target: u32,
    /// The weight of this loss among others: finite. Default 1.
    pub weight: f32,
    /// The smoothing term: finite, not negative. Default 1e-6.
    pub smooth: f32,
    /// The price of false positives: finite, not negative. Default 0.5.
    pub false_positives: f32,
    /// The price of false negatives: finite, not negative. Default 0.5.
    pub false_negatives: f32,
    /// The focusing exponent: finite, not negative. Default 1.
    pub gamma: f32,
}

// SAFETY: `repr(C)`, fields of four bytes, any bits are numbers.
unsafe impl Versioned for hyla_tversky_params {
    const DEFAULT: Self = Self {
        struct_size: size_of::<Self>() as u32,
        normalization: HYLA_NORMALIZATION_SIGMOID,
        boundary: HYLA_BOUNDARY_ZERO,
        empty_target: HYLA_EMPTY_TARGET_ONE,
        weight: 1.0,
        smooth: 1e-6,
        false_positives: 0.5,
        false_negatives: 0.5,
        gamma: 1.0,
    };
}

impl ToFormula for hyla_tversky_params {
    fn to_core(self) -> Result<overlap::Params, Error> {
        Ok(overlap::Params::Tversky(Params {
            normalization: Normalization::from_number(self.normalization)
                .ok_or(Error::UnknownNormalization)?,
            boundary: Boundary::from_number(self.boundary).ok_or(Error::UnknownOption)?,
            empty_target: EmptyTarget::from_number(self.empty_target)
                .ok_or(Error::UnknownOption)?,
            weight: self.weight,
            smooth: self.smooth,
            false_positives: self.false_positives,
            false_negatives: self.false_negatives,
            gamma: self.gamma,
        }))
    }
}

/// Exact sums over pixels, in words of int64; all zero is empty. Adding the words of two totals
/// (MPI_SUM, SQL SUM, atomics) merges them; call `hyla_tversky_normalize` afterwards to compare words.
/// They depend on the normalisation alone: one state serves every other parameter. Under min-max a
/// `hyla_range` of the same pixels goes with them, which merges by `hyla_range_merge` only.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct hyla_tversky_totals {
    /// The sum of v p y (min-max: v x y).
    pub intersection: hyla_sum,
    /// The sum of v p (min-max: v x).
    pub predictions: hyla_sum,
    /// The sum of v y.
    pub targets: hyla_sum,
    /// The sum of v.
    pub weights: hyla_sum,
    /// How many pixels count.
    pub pixels: i64,
    /// How many valid pixels had a bad weight or soft target and acted as masked.
    pub rejected: i64,
    /// Shows whether terms of different normalisations were mixed.
    pub fingerprint: i64,
    /// Zero.
    pub reserved: i64,
}

// SAFETY: `repr(C)`, the same words in the same order.
unsafe impl Mirrors for hyla_tversky_totals {
    type Core = Totals;
}

/// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
/// bindings that cannot use the macro of the defaults. Bytes of a later version become 0.
///
/// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
///
/// # Safety
/// `params` is valid for writes of `size` bytes.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_tversky_params_init(
    params: *mut hyla_tversky_params,
    size: usize,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    call(|| unsafe { check::write_defaults(params, size) })
}

/// `sizeof(hyla_tversky_totals)`, for bindings to check.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_tversky_totals_size() -> usize {
    size_of::<hyla_tversky_totals>()
}

/// Adds pixels to totals, and under min-max their scores to `range` (ignored otherwise: NULL).
///
/// Inputs: `scores`, and either `targets` or `soft_targets` (the other one NULL); optional `valid`
/// and `weights`. Time is linear in n. Nothing is allocated or kept. Any number of threads may call
/// it, each with totals of its own.
///
/// Errors, with the totals and the range unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP,
/// STRUCT_SIZE, UNKNOWN_FIELD, RESERVED, UNSUPPORTED_INPUT (both kinds of targets),
/// UNKNOWN_NORMALIZATION, UNKNOWN_OPTION, WEIGHT, SMOOTH, BALANCE, GAMMA, RANGE_MISSING (min-max and
/// NULL). Notices: none; `hyla_tversky_loss` tells them.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_tversky_update(
    params: *const hyla_tversky_params,
    pixels: *const hyla_pixels,
    totals: *mut hyla_tversky_totals,
    range: *mut hyla_range,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    unsafe { overlap::update(params, pixels, totals, range) }
}

/// Adds other totals (of another tile, frame, thread or rank) to totals, and makes the words
/// canonical. Under min-max merge the ranges too, by `hyla_range_merge`.
///
/// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, OVERLAP.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_tversky_merge(
    other: *const hyla_tversky_totals,
    totals: *mut hyla_tversky_totals,
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
pub unsafe extern "C" fn hyla_tversky_normalize(totals: *mut hyla_tversky_totals) -> hyla_status {
    // SAFETY: as the caller vouches.
    unsafe { super::change(totals, Totals::normalize) }
}

/// The loss of all pixels of the totals. `range` is theirs under min-max (ignored otherwise: NULL).
///
/// Errors, with `loss` unchanged: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD,
/// UNKNOWN_NORMALIZATION, UNKNOWN_OPTION, WEIGHT, SMOOTH, BALANCE, GAMMA, MIXED_TOTALS (terms of
/// another normalisation), RANGE_MISSING (min-max and NULL, or a range of another number of pixels).
/// Notices: EMPTY, NO_POSITIVES (the targets sum to 0), NOT_FINITE, REJECTED, DEGENERATE (0/0,
/// min-max of equal scores, a loss by `empty_target`, or an infinite slope).
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_tversky_loss(
    params: *const hyla_tversky_params,
    totals: *const hyla_tversky_totals,
    range: *const hyla_range,
    loss: *mut f64,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    unsafe { overlap::loss(params, totals, range, loss) }
}

/// Writes `upstream * d loss / d scores` to `grad_scores` (n floats), or adds it there (`write`:
/// HYLA_STORE or HYLA_ADD). `totals` and `range` (under min-max; ignored otherwise: NULL) are those
/// of the whole batch, merged over all tiles and ranks; `pixels` may be any part of the batch. Where
/// a pixel does not count: 0, or unchanged. A NaN in the totals makes all slopes NaN. With HYLA_STORE
/// the output may be uninitialised.
///
/// Errors, with `grad_scores` unchanged: those of `hyla_tversky_update` and of `hyla_tversky_loss`,
/// UNKNOWN_WRITE. Notices: those of `hyla_tversky_loss`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_tversky_gradient(
    params: *const hyla_tversky_params,
    totals: *const hyla_tversky_totals,
    range: *const hyla_range,
    pixels: *const hyla_pixels,
    upstream: f64,
    write: u32,
    grad_scores: *mut f32,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    unsafe { overlap::gradient(params, totals, range, pixels, upstream, write, grad_scores) }
}

/// The loss and the gradient of one batch in one call, for the case that it is not tiled: the same
/// bits as update, loss and gradient, in two passes. The batch's totals are added to `totals`, and
/// under min-max its range to `range`; both may be NULL.
///
/// Errors, with all outputs unchanged: those of `hyla_tversky_update` but RANGE_MISSING, and
/// UNKNOWN_WRITE. Notices: those of `hyla_tversky_loss`, about this batch.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_tversky_loss_and_gradient(
    params: *const hyla_tversky_params,
    pixels: *const hyla_pixels,
    upstream: f64,
    write: u32,
    totals: *mut hyla_tversky_totals,
    range: *mut hyla_range,
    loss: *mut f64,
    grad_scores: *mut f32,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    unsafe { overlap::at_once(params, pixels, upstream, write, totals, range, loss, grad_scores) }
}
