//! `hyla_cross_entropy_...`: cross-entropy of class logits.

use super::check::{self, Span, Versioned, disjoint, floats, optional_input};
use super::cube::{self, hyla_cube};
use super::loss::*;
use super::status::hyla_status;
use super::sum::hyla_sum;
use super::{Mirrors, call, core, core_mut, optional_mut};
use crate::error::{Error, Notices};
use crate::input::Cube;
use crate::loss::cross_entropy::{self, Params, Totals};
use crate::node::reduction::Reduction;
use crate::simd::Write;

/// The stages in which cuvis-ai runs the node (see `hyla_context`).
pub const HYLA_CROSS_ENTROPY_STAGES: u32 = 7;

/// Cross-entropy of class logits (cuvis-ai: CrossEntropyLoss): what is computed.
///
/// With logits x (a cube of K channels, 2 to 4096), labels y (`labels`), class weights o (K floats, or all 1), pixel
/// weights v (`weights`), p = softmax(x) and e = label_smoothing:
///
/// ```text
/// l_i = weight * v_i * ((1 - e) o_y (-ln p_iy) + e/K sum_k o_k (-ln p_ik))      y = y_i
/// loss = sum l_i / sum o_y v_i | sum l_i / N | sum l_i                          by `reduction`
/// ```
///
/// A label that is `ignore_index` acts as masked, one that is no class too, but is counted as rejected. Without
/// smoothing a term is within 8 ulp of float32, a gradient within 10; with smoothing of the largest of their parts.
/// Sums are exact and rounded once. Infinite logits have their limits; NaN gives NaN and HYLA_NOTICE_NOT_FINITE.
/// Needs labels. Calls take up to 62 KiB of stack; with pointers of 32 bits 4.2 KiB. Initialise with
/// HYLA_CROSS_ENTROPY_PARAMS_DEFAULT. Formula: Bishop (2006), eq. 4.108.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_cross_entropy_params {
    /// `sizeof(hyla_cross_entropy_params)`.
    pub struct_size: u32,
    /// HYLA_REDUCTION_.... Default: weighted mean, which divides by the class weights as PyTorch's mean does.
    pub reduction: u32,
    /// 1: `ignore_index` acts as masked; 0: it is not looked at. Default 1.
    pub has_ignore_index: u32,
    /// The label that acts as masked. Default -100.
    pub ignore_index: i32,
    /// The weight of this loss among others: finite. Default 1.
    pub weight: f32,
    /// e, between 0 and 1: how much of each target is spread over all classes. Default 0.
    pub label_smoothing: f32,
}

/// Exact sums over pixels, in words of int64; all zero is empty. Adding the words of two totals
/// (MPI_SUM, SQL SUM, atomics) merges them; call `hyla_cross_entropy_normalize` afterwards to compare words.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct hyla_cross_entropy_totals {
    /// The sum of the terms.
    pub loss: hyla_sum,
    /// The sum of the factors `o_y v_i` of the pixels that count.
    pub weights: hyla_sum,
    /// How many pixels count.
    pub pixels: i64,
    /// How many valid pixels had a bad weight or label and acted as masked.
    pub rejected: i64,
    /// Shows whether terms of different parameters were mixed.
    pub fingerprint: i64,
}

// SAFETY: `repr(C)`, the same words in the same order.
unsafe impl Mirrors for hyla_cross_entropy_totals {
    type Core = Totals;
}

// SAFETY: `repr(C)`, fields of four bytes, any bits are numbers.
unsafe impl Versioned for hyla_cross_entropy_params {
    const DEFAULT: Self = Self {
        struct_size: size_of::<Self>() as u32,
        reduction: HYLA_REDUCTION_WEIGHTED_MEAN,
        has_ignore_index: 1,
        ignore_index: -100,
        weight: 1.0,
        label_smoothing: 0.0,
    };
}

impl hyla_cross_entropy_params {
    fn to_core(self) -> Result<Params, Error> {
        Ok(Params {
            reduction: Reduction::from_number(self.reduction).ok_or(Error::UnknownReduction)?,
            ignore_index: optional_index(self.has_ignore_index, self.ignore_index)?,
            weight: self.weight,
            label_smoothing: self.label_smoothing,
        })
    }
}

/// A label with its `has_...` field.
pub(super) fn optional_index(has: u32, index: i32) -> Result<Option<i32>, Error> {
    match has {
        0 => Ok(None),
        1 => Ok(Some(index)),
        _ => Err(Error::UnknownOption),
    }
}

/// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
/// bindings that cannot use HYLA_CROSS_ENTROPY_PARAMS_DEFAULT. Bytes of a later version become 0.
///
/// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
///
/// # Safety
/// `params` is valid for writes of `size` bytes.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_cross_entropy_params_init(
    params: *mut hyla_cross_entropy_params,
    size: usize,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    call(move || unsafe { check::write_defaults(params, size) })
}

/// `sizeof(hyla_cross_entropy_totals)`, for bindings to check.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_cross_entropy_totals_size() -> usize {
    size_of::<hyla_cross_entropy_totals>()
}

/// Adds pixels to totals.
///
/// Inputs: the cube's values and `labels`, optional `valid` and `weights`; `class_weights`, one a channel, finite
/// and not negative, may be NULL. All calls of a batch take the same ones. Time is linear in n. Nothing is allocated or kept. Any number of threads may call it,
/// each with totals of its own.
///
/// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE,
/// UNKNOWN_FIELD, RESERVED, STRIDES, CHANNELS (fewer than 2 or more than 4096), UNKNOWN_REDUCTION,
/// UNKNOWN_OPTION, WEIGHT, LABEL_SMOOTHING, CLASS_WEIGHT.
/// Notices: none; `hyla_cross_entropy_loss` tells them.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_cross_entropy_update(
    params: *const hyla_cross_entropy_params,
    logits: *const hyla_cube,
    class_weights: *const f32,
    totals: *mut hyla_cross_entropy_totals,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, logits, class_weights) }?;
        disjoint(&[Span::of(totals, 1)], &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let totals = unsafe { core_mut(totals) }?;
        totals.update(&inputs.params, &inputs.cube, inputs.weights)?;
        Ok(Notices::NONE)
    })
}

/// Adds other totals (of another tile, frame, thread or rank) to totals, and makes the words
/// canonical. Both must come from the same parameters; `hyla_cross_entropy_loss` finds out.
///
/// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, OVERLAP.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_cross_entropy_merge(
    other: *const hyla_cross_entropy_totals,
    totals: *mut hyla_cross_entropy_totals,
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
pub unsafe extern "C" fn hyla_cross_entropy_normalize(
    totals: *mut hyla_cross_entropy_totals,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    unsafe { super::change(totals, Totals::normalize) }
}

/// The loss, rounded once from exact sums. The mean of nothing is NaN, the sum 0.
///
/// Errors, with `loss` unchanged: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, UNKNOWN_REDUCTION,
/// UNKNOWN_OPTION, WEIGHT, LABEL_SMOOTHING, NO_SCALAR (reduction none), TOTALS, MIXED_TOTALS (terms of another weight
/// or smoothing; class weights are not known to the totals). Notices: EMPTY, NOT_FINITE, REJECTED, DEGENERATE (a
/// weighted mean whose weights are all 0: NaN).
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_cross_entropy_loss(
    params: *const hyla_cross_entropy_params,
    totals: *const hyla_cross_entropy_totals,
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

/// Writes each pixel's term l_i to `loss_map` (n floats), 0 where the pixel does not count: the loss of
/// reduction none. `params->reduction` does not matter. `loss_map` may be
/// uninitialised.
///
/// Errors, with `loss_map` unchanged: those of `hyla_cross_entropy_update`. Notices: EMPTY (n is 0).
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_cross_entropy_map(
    params: *const hyla_cross_entropy_params,
    logits: *const hyla_cube,
    class_weights: *const f32,
    loss_map: *mut f32,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, logits, class_weights) }?;
        disjoint(&[Span::of(loss_map, inputs.cube.layout.n)], &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let map = unsafe { floats(Write::Store, loss_map, inputs.cube.layout.n) }?;
        cross_entropy::map_to(&inputs.params, &inputs.cube, inputs.weights, map)
    })
}

/// Writes `upstream * d loss / d logits` to `grad_logits`, in the layout of the values, or
/// adds it there (`write`: HYLA_STORE or HYLA_ADD).
/// `totals` are those of the whole batch, merged over all tiles and ranks; the cube may be any part
/// of the batch. Where a pixel does not count: 0, or unchanged.
/// NaN has a NaN gradient; the gradient of the mean of nothing is 0. With HYLA_STORE the
/// output may be uninitialised.
///
/// Errors, with `grad_logits` unchanged: those of `hyla_cross_entropy_update`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS.
/// Notices: those of `hyla_cross_entropy_loss`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_cross_entropy_gradient(
    params: *const hyla_cross_entropy_params,
    totals: *const hyla_cross_entropy_totals,
    logits: *const hyla_cube,
    class_weights: *const f32,
    upstream: f64,
    write: u32,
    grad_logits: *mut f32,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, logits, class_weights) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let reads = [Span::of(totals, 1)];
        disjoint(&[Span::of(grad_logits, inputs.span)], &[&inputs.spans, &reads])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let totals = unsafe { core(totals) }?;
        // SAFETY: as above.
        let gradient = unsafe { floats(write, grad_logits, inputs.span) }?;
        totals.gradient_to(&inputs.params, &inputs.cube, inputs.weights, upstream, gradient)
    })
}

/// The loss and the gradient of one batch in one call, for the case that it is not tiled: the same
/// bits as update, loss and gradient, in two passes.
/// The batch's totals are added to `totals`, which may be NULL.
///
/// Errors, with all outputs unchanged: those of `hyla_cross_entropy_update`, UNKNOWN_WRITE, NO_SCALAR.
/// Notices: those of `hyla_cross_entropy_loss`, about this batch.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_cross_entropy_loss_and_gradient(
    params: *const hyla_cross_entropy_params,
    logits: *const hyla_cube,
    class_weights: *const f32,
    upstream: f64,
    write: u32,
    totals: *mut hyla_cross_entropy_totals,
    loss: *mut f64,
    grad_logits: *mut f32,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, logits, class_weights) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let writes = [Span::of(totals, 1), Span::of(loss, 1), Span::of(grad_logits, inputs.span)];
        disjoint(&writes, &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let totals = unsafe { optional_mut(totals) }?;
        // SAFETY: as above.
        let (loss, gradient) =
            unsafe { (check::result(loss)?, floats(write, grad_logits, inputs.span)?) };
        let Inputs { params, cube, weights, .. } = inputs;
        let value = cross_entropy::loss_and_gradient_to(
            &params, &cube, weights, upstream, totals, gradient,
        )?;
        loss.write(value.value);
        Ok(value.notices)
    })
}

/// The checked inputs of a call, and what it reads.
struct Inputs<'a> {
    params: Params,
    cube: Cube<'a>,
    weights: Option<&'a [f32]>,
    /// From the first value to the end of the last, in floats.
    span: usize,
    spans: [Span; 8],
}

impl Inputs<'_> {
    /// # Safety
    /// Pointers that are neither NULL nor misaligned are valid for what their types say, as long
    /// as the inputs live.
    #[inline(never)]
    unsafe fn new(
        params: *const hyla_cross_entropy_params,
        logits: *const hyla_cube,
        class_weights: *const f32,
    ) -> Result<Self, Error> {
        // SAFETY: as the caller vouches.
        let (checked, span) = unsafe { check::parameters(params) }?;
        // SAFETY: as above.
        let used = unsafe { cube::read(logits)?.labelled() }?;
        // SAFETY: as above.
        let weights = unsafe { optional_input(class_weights, used.layout.channels) }?;
        let [a, b, c, d, e, f] = cube::spans(logits, &used);
        Ok(Self {
            params: checked.to_core()?,
            cube: used,
            weights,
            span: used.values.len(),
            spans: [span, Span::of_slice(weights), a, b, c, d, e, f],
        })
    }
}
