//! `hyla_focal_...`: focal loss of logits.

use super::check::{self, Span, Versioned, disjoint, floats, in_place};
use super::loss::*;
use super::pixels::{Labelled, hyla_pixels};
use super::status::hyla_status;
use super::sum::hyla_sum;
use super::{Mirrors, call, core, core_mut, optional_mut};
use crate::error::{Error, Notices};
use crate::loss::focal::{self, Params, Totals};
use crate::node::reduction::Reduction;
use crate::simd::Write;

/// The stages in which cuvis-ai runs the node (see `hyla_context`).
pub const HYLA_FOCAL_STAGES: u32 = 7;

/// Focal loss of logits: what is computed. (cuvis-ai has no such node.)
///
/// With logits x (`scores`), targets y (`targets`), pixel weights v and `z = y_i ? -x_i : x_i`:
///
/// ```text
/// l_i = weight * a(y_i) * v_i * sigmoid(z)^gamma * softplus(z)      a: alpha or 1 - alpha; 1 without alpha
/// loss = sum l_i / N | sum l_i | sum l_i / sum v_i                  by `reduction`
/// ```
///
/// With gamma 0 it is `hyla_bce`, bit by bit. A factor of exactly 0 switches a term off; a NaN logit gives a
/// NaN loss and HYLA_NOTICE_NOT_FINITE. Where a term or a gradient and the power `sigmoid(z)^gamma` are normal
/// numbers, it is within 16 ulp of float32 if gamma is 1 or 2 (4 if it is 0), and within
/// `24 + 5 gamma (max(0, -z) + exp(-|z|))` if gamma is any other up to 2^90; a subnormal power has fewer digits.
/// Sums are exact and rounded once. Needs labels. Initialise with HYLA_FOCAL_PARAMS_DEFAULT. Formula: Lin et al.
/// (2017), Focal Loss for Dense Object Detection.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_focal_params {
    /// `sizeof(hyla_focal_params)`.
    pub struct_size: u32,
    /// HYLA_REDUCTION_.... Default: mean.
    pub reduction: u32,
    /// The weight of this loss among others: finite. Default 1.
    pub weight: f32,
    /// The focusing exponent: finite, not negative. Default 2.
    pub gamma: f32,
    /// 1: weigh the classes by `alpha`; 0: do not. Default 1.
    pub has_alpha: u32,
    /// The weight of positives, between 0 and 1; negatives get the rest. Default 0.25.
    pub alpha: f32,
}

/// Exact sums over pixels, in words of int64; all zero is empty. Adding the words of two totals
/// (MPI_SUM, SQL SUM, atomics) merges them; call `hyla_focal_normalize` afterwards to compare words.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct hyla_focal_totals {
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
unsafe impl Mirrors for hyla_focal_totals {
    type Core = Totals;
}

// SAFETY: `repr(C)`, fields of four bytes, any bits are numbers.
unsafe impl Versioned for hyla_focal_params {
    const DEFAULT: Self = Self {
        struct_size: size_of::<Self>() as u32,
        reduction: HYLA_REDUCTION_MEAN,
        weight: 1.0,
        gamma: 2.0,
        has_alpha: 1,
        alpha: 0.25,
    };
}

impl hyla_focal_params {
    fn to_core(self) -> Result<Params, Error> {
        let reduction = Reduction::from_number(self.reduction).ok_or(Error::UnknownReduction)?;
        let alpha = match self.has_alpha {
            0 => None,
            1 => Some(self.alpha),
            _ => return Err(Error::UnknownOption),
        };
        Ok(Params { reduction, weight: self.weight, gamma: self.gamma, alpha })
    }
}

/// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
/// bindings that cannot use HYLA_FOCAL_PARAMS_DEFAULT. Bytes of a later version become 0.
///
/// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
///
/// # Safety
/// `params` is valid for writes of `size` bytes.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_focal_params_init(
    params: *mut hyla_focal_params,
    size: usize,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    call(move || unsafe { check::write_defaults(params, size) })
}

/// `sizeof(hyla_focal_totals)`, for bindings to check.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_focal_totals_size() -> usize {
    size_of::<hyla_focal_totals>()
}

/// Adds pixels to totals.
///
/// Inputs: `scores` (logits) and `targets`; optional `valid` and `weights`; `soft_targets` must be NULL. Time is linear in n. Nothing is allocated or kept. Any number of threads may call it,
/// each with totals of its own.
///
/// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE,
/// UNKNOWN_FIELD, RESERVED, UNSUPPORTED_INPUT (soft targets), UNKNOWN_REDUCTION,
/// UNKNOWN_OPTION, WEIGHT, GAMMA, BALANCE (alpha).
/// Notices: none; `hyla_focal_loss` tells them.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_focal_update(
    params: *const hyla_focal_params,
    pixels: *const hyla_pixels,
    totals: *mut hyla_focal_totals,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Labelled::new(params, pixels, hyla_focal_params::to_core) };
        let inputs = in_place(&inputs)?;
        inputs.apart(&[Span::of(totals, 1)], &[])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let totals = unsafe { core_mut(totals) }?;
        totals.update(&inputs.params, &inputs.pixels)?;
        Ok(Notices::NONE)
    })
}

/// Adds other totals (of another tile, frame, thread or rank) to totals, and makes the words
/// canonical. Both must come from the same parameters; `hyla_focal_loss` finds out.
///
/// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, OVERLAP.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_focal_merge(
    other: *const hyla_focal_totals,
    totals: *mut hyla_focal_totals,
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
pub unsafe extern "C" fn hyla_focal_normalize(totals: *mut hyla_focal_totals) -> hyla_status {
    // SAFETY: as the caller vouches.
    unsafe { super::change(totals, Totals::normalize) }
}

/// The loss, rounded once from exact sums. The mean of no pixel is NaN, the sum 0.
///
/// Errors, with `loss` unchanged: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD,
/// UNKNOWN_REDUCTION, UNKNOWN_OPTION, WEIGHT, GAMMA, BALANCE, NO_SCALAR (reduction none), TOTALS, MIXED_TOTALS
/// (terms of another weight, gamma or alpha). Notices: EMPTY, NOT_FINITE, REJECTED, DEGENERATE (a weighted
/// mean whose weights are all 0: NaN).
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_focal_loss(
    params: *const hyla_focal_params,
    totals: *const hyla_focal_totals,
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
/// Errors, with `loss_map` unchanged: those of `hyla_focal_update`. Notices: EMPTY (n is 0).
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_focal_map(
    params: *const hyla_focal_params,
    pixels: *const hyla_pixels,
    loss_map: *mut f32,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Labelled::new(params, pixels, hyla_focal_params::to_core) };
        let inputs = in_place(&inputs)?;
        inputs.apart(&[Span::of(loss_map, inputs.n())], &[])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let map = unsafe { floats(Write::Store, loss_map, inputs.n()) }?;
        focal::map_to(&inputs.params, &inputs.pixels, map)
    })
}

/// Writes `upstream * d loss / d scores` to `grad_scores` (n floats), or adds it there (`write`:
/// HYLA_STORE or HYLA_ADD). `totals` are those of the whole batch, merged over all tiles and
/// ranks; `pixels` may be any part of the batch. Where a pixel does not count: 0, or unchanged.
/// A NaN logit has a NaN gradient; the gradient of the mean of nothing is 0. With HYLA_STORE the
/// output may be uninitialised.
///
/// Errors, with `grad_scores` unchanged: those of `hyla_focal_update`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS.
/// Notices: those of `hyla_focal_loss`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_focal_gradient(
    params: *const hyla_focal_params,
    totals: *const hyla_focal_totals,
    pixels: *const hyla_pixels,
    upstream: f64,
    write: u32,
    grad_scores: *mut f32,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Labelled::new(params, pixels, hyla_focal_params::to_core) };
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
/// Errors, with all outputs unchanged: those of `hyla_focal_update`, UNKNOWN_WRITE, NO_SCALAR.
/// Notices: those of `hyla_focal_loss`, about this batch.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_focal_loss_and_gradient(
    params: *const hyla_focal_params,
    pixels: *const hyla_pixels,
    upstream: f64,
    write: u32,
    totals: *mut hyla_focal_totals,
    loss: *mut f64,
    grad_scores: *mut f32,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Labelled::new(params, pixels, hyla_focal_params::to_core) };
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
        let value = focal::loss_and_gradient_to(params, pixels, upstream, totals, gradient)?;
        loss.write(value.value);
        Ok(value.notices)
    })
}
