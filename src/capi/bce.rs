//! `hyla_bce_...`: binary cross-entropy of logits.

use super::check::{self, Span, Versioned, disjoint, floats, in_place};
use super::loss::*;
use super::pixels::{Labelled, hyla_pixels};
use super::status::hyla_status;
use super::sum::hyla_sum;
use super::{Mirrors, call, core, core_mut, optional_mut};
use crate::error::{Error, Notices};
use crate::loss::bce::{self, Params, Totals};
use crate::node::reduction::Reduction;
use crate::simd::Write;

/// The stages in which cuvis-ai runs the node (see `hyla_context`).
pub const HYLA_BCE_STAGES: u32 = 7;

/// Binary cross-entropy of logits (cuvis-ai: AnomalyBCEWithLogits): what is computed.
///
/// With logits x (`scores`), targets y (`targets`) and pixel weights v (`weights`):
///
/// ```text
/// l_i = weight * pos_weight^y_i * v_i * softplus(y_i ? -x_i : x_i)
/// loss = sum l_i / N | sum l_i | sum l_i / sum v_i      by `reduction`
/// ```
///
/// N counts the pixels that count, whatever their weights. A factor of exactly 0 switches a term
/// off; an infinite logit that is right costs 0; a NaN logit gives a NaN loss and the notice
/// HYLA_NOTICE_NOT_FINITE. Each term is within 3 ulp of float32 (4 with factors), each gradient
/// too; sums are exact and rounded once. Needs labels. A soft target y (`soft_targets` instead of
/// `targets`) counts as both classes, `y` times positive and `1 - y` times negative; with these or with
/// smoothing a term is within 16 ulp, a gradient within 16 ulp of the larger of its two parts.
///
/// Initialise with HYLA_BCE_PARAMS_DEFAULT. Guide: `pos_weight` = negatives / positives balances
/// the classes, raises recall and costs precision; the logits then are no log-odds any more.
/// Formula: Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.90.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_bce_params {
    /// `sizeof(hyla_bce_params)`.
    pub struct_size: u32,
    /// HYLA_REDUCTION_...; cuvis-ai's key `reduction`. Default: mean.
    pub reduction: u32,
    /// The weight of this loss among others: finite. Default 1.
    pub weight: f32,
    /// The weight of positive pixels: finite, not negative; cuvis-ai's None is 1. Default 1.
    pub pos_weight: f32,
    /// e, between 0 and 1: a target y becomes `y (1 - e) + e/2`. Default 0.
    pub label_smoothing: f32,
}

/// Exact sums over pixels, in words of int64; all zero is empty. Adding the words of two totals
/// (MPI_SUM, SQL SUM, atomics) merges them; call `hyla_bce_normalize` afterwards to compare words.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct hyla_bce_totals {
    /// The sum of the terms.
    pub loss: hyla_sum,
    /// The sum of the pixel weights of the pixels that count.
    pub weights: hyla_sum,
    /// How many pixels count.
    pub pixels: i64,
    /// How many valid pixels had a bad weight and acted as masked.
    pub rejected: i64,
    /// Shows whether terms of different parameters were mixed.
    pub fingerprint: i64,
}

// SAFETY: `repr(C)`, the same words in the same order.
unsafe impl Mirrors for hyla_bce_totals {
    type Core = Totals;
}

// SAFETY: `repr(C)`, fields of four bytes, any bits are numbers.
unsafe impl Versioned for hyla_bce_params {
    const DEFAULT: Self = Self {
        struct_size: size_of::<Self>() as u32,
        reduction: HYLA_REDUCTION_MEAN,
        weight: 1.0,
        pos_weight: 1.0,
        label_smoothing: 0.0,
    };
}

impl hyla_bce_params {
    fn to_core(self) -> Result<Params, Error> {
        let reduction = Reduction::from_number(self.reduction).ok_or(Error::UnknownReduction)?;
        Ok(Params {
            reduction,
            weight: self.weight,
            pos_weight: self.pos_weight,
            label_smoothing: self.label_smoothing,
        })
    }
}

/// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
/// bindings that cannot use HYLA_BCE_PARAMS_DEFAULT. Bytes of a later version become 0.
///
/// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
///
/// # Safety
/// `params` is valid for writes of `size` bytes.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_bce_params_init(
    params: *mut hyla_bce_params,
    size: usize,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    call(move || unsafe { check::write_defaults(params, size) })
}

/// `sizeof(hyla_bce_totals)`, for bindings to check.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_bce_totals_size() -> usize {
    size_of::<hyla_bce_totals>()
}

/// Adds pixels to totals.
///
/// Inputs: `scores` (logits), and either `targets` or `soft_targets` (the other is NULL); optional `valid`
/// and `weights`. Time is linear in n. Nothing is allocated or kept. Any number of threads may call it,
/// each with totals of its own.
///
/// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE,
/// UNKNOWN_FIELD, RESERVED, UNSUPPORTED_INPUT (two kinds of targets), UNKNOWN_REDUCTION, WEIGHT,
/// POS_WEIGHT, LABEL_SMOOTHING.
/// Notices: none; `hyla_bce_loss` tells them.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_bce_update(
    params: *const hyla_bce_params,
    pixels: *const hyla_pixels,
    totals: *mut hyla_bce_totals,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Labelled::new(params, pixels, hyla_bce_params::to_core) };
        let inputs = in_place(&inputs)?;
        inputs.apart(&[Span::of(totals, 1)], &[])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let totals = unsafe { core_mut(totals) }?;
        totals.update(&inputs.params, &inputs.pixels)?;
        Ok(Notices::NONE)
    })
}

/// Adds other totals (of another tile, frame, thread or rank) to totals, and makes the words
/// canonical. Both must come from the same parameters; `hyla_bce_loss` finds out.
///
/// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, OVERLAP.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_bce_merge(
    other: *const hyla_bce_totals,
    totals: *mut hyla_bce_totals,
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
pub unsafe extern "C" fn hyla_bce_normalize(totals: *mut hyla_bce_totals) -> hyla_status {
    // SAFETY: as the caller vouches.
    unsafe { super::change(totals, Totals::normalize) }
}

/// The loss, rounded once from exact sums. The mean of no pixel is NaN, the sum 0.
///
/// Errors, with `loss` unchanged: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD,
/// UNKNOWN_REDUCTION, WEIGHT, POS_WEIGHT, LABEL_SMOOTHING, NO_SCALAR (reduction none), TOTALS, MIXED_TOTALS (terms
/// of another weight, pos_weight or label_smoothing). Notices: EMPTY, NOT_FINITE, REJECTED, DEGENERATE (a weighted
/// mean whose weights are all 0: NaN).
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_bce_loss(
    params: *const hyla_bce_params,
    totals: *const hyla_bce_totals,
    loss: *mut f64,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let (checked, span) = unsafe { check::parameters(params) }?;
        disjoint(&[Span::of(loss, 1)], &[&[span, Span::of(totals, 1)]])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let (totals, loss) = unsafe { (core(totals)?, check::result(loss)?) };
        let value = totals.loss(&checked.to_core()?)?;
        loss.write(value.value);
        Ok(value.notices)
    })
}

/// Writes each pixel's term l_i to `loss_map` (n floats), 0 where the pixel does not count: the
/// loss of reduction none. `params->reduction` does not matter. `loss_map` may be uninitialised.
///
/// Errors, with `loss_map` unchanged: those of `hyla_bce_update`. Notices: EMPTY (n is 0).
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_bce_map(
    params: *const hyla_bce_params,
    pixels: *const hyla_pixels,
    loss_map: *mut f32,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Labelled::new(params, pixels, hyla_bce_params::to_core) };
        let inputs = in_place(&inputs)?;
        inputs.apart(&[Span::of(loss_map, inputs.n())], &[])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let map = unsafe { floats(Write::Store, loss_map, inputs.n()) }?;
        bce::map_to(&inputs.params, &inputs.pixels, map)
    })
}

/// Writes `upstream * d loss / d scores` to `grad_scores` (n floats), or adds it there (`write`:
/// HYLA_STORE or HYLA_ADD). `totals` are those of the whole batch, merged over all tiles and
/// ranks; `pixels` may be any part of the batch. Where a pixel does not count: 0, or unchanged.
/// A NaN logit has a NaN gradient; the gradient of the mean of nothing is 0. With HYLA_STORE the
/// output may be uninitialised.
///
/// Errors, with `grad_scores` unchanged: those of `hyla_bce_update`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS.
/// Notices: those of `hyla_bce_loss`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_bce_gradient(
    params: *const hyla_bce_params,
    totals: *const hyla_bce_totals,
    pixels: *const hyla_pixels,
    upstream: f64,
    write: u32,
    grad_scores: *mut f32,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Labelled::new(params, pixels, hyla_bce_params::to_core) };
        let inputs = in_place(&inputs)?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let reads = [Span::of(totals, 1)];
        inputs.apart(&[Span::of(grad_scores, inputs.n())], &reads)?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let totals = unsafe { core(totals) }?;
        // SAFETY: as above.
        let gradient = unsafe { floats(write, grad_scores, inputs.n()) }?;
        totals.gradient_to(&inputs.params, &inputs.pixels, upstream, gradient)
    })
}

/// The loss and the gradient of one batch in one call, for the case that it is not tiled: the same
/// bits as update, loss and gradient, in one pass (masks and weights are read once more first).
/// The batch's totals are added to `totals`, which may be NULL.
///
/// Errors, with all outputs unchanged: those of `hyla_bce_update`, UNKNOWN_WRITE, NO_SCALAR.
/// Notices: those of `hyla_bce_loss`, about this batch.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_bce_loss_and_gradient(
    params: *const hyla_bce_params,
    pixels: *const hyla_pixels,
    upstream: f64,
    write: u32,
    totals: *mut hyla_bce_totals,
    loss: *mut f64,
    grad_scores: *mut f32,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Labelled::new(params, pixels, hyla_bce_params::to_core) };
        let inputs = in_place(&inputs)?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let writes = [Span::of(totals, 1), Span::of(loss, 1), Span::of(grad_scores, inputs.n())];
        inputs.apart(&writes, &[])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let totals = unsafe { optional_mut(totals) }?;
        // SAFETY: as above.
        let (loss, gradient) =
            unsafe { (check::result(loss)?, floats(write, grad_scores, inputs.n())?) };
        let Labelled { params, pixels, .. } = inputs;
        let value = bce::loss_and_gradient_to(params, pixels, upstream, totals, gradient)?;
        loss.write(value.value);
        Ok(value.notices)
    })
}
