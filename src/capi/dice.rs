//! `hyla_dice_...`: Dice loss of class logits.

use super::check::{self, Span, Versioned, disjoint, input, output};
use super::cube::{self, hyla_cube};
use super::status::hyla_status;
use super::sum::hyla_sum;
use super::{Mirrors, call};
use crate::cube::Cube;
use crate::error::{Error, Notices};
use crate::loss::Write;
use crate::loss::dice::{self, Absent, Params, Totals};

/// The stages in which cuvis-ai runs the node (see `hyla_context`).
pub const HYLA_DICE_STAGES: u32 = 7;

/// A class without labelled pixels is worth what the formula says: 1 if it is not predicted either,
/// almost 0 if it is.
pub const HYLA_ABSENT_ONE: u32 = 0;
/// A class without labelled pixels is left out of the mean.
pub const HYLA_ABSENT_SKIP: u32 = 1;

/// Dice loss of class logits (cuvis-ai: DiceLoss): what is computed.
///
/// With logits x (`values` of the cube, one channel a class, 1 to 4096 of them), labels y (`labels`,
/// from 0) and pixel weights v (`weights`):
///
/// ```text
/// p = softmax(x)               one channel: p = sigmoid(x), the probability of label 1
/// I_c = sum of v p_c where y = c    P_c = sum of v p_c    Y_c = sum of v where y = c
/// dice_c = (2 I_c + eps) / (P_c + Y_c + eps)
/// loss = weight * (1 - mean of dice_c)     over all classes, or over those from 1
/// ```
///
/// A label that equals `ignore_index` makes a pixel act as masked; so does a label outside [0, K)
/// (one channel: other than 0 and 1), which is counted as rejected and gives the notice
/// HYLA_NOTICE_REJECTED. A masked pixel may be NaN. A single logit of +inf has probability 1; several
/// (or -inf in all channels) and NaN give a NaN loss and HYLA_NOTICE_NOT_FINITE.
///
/// Each term v p is within 2 ulp of float32; sums are exact and rounded once. The loss of a perfect
/// prediction is 0 exactly. The gradient is computed in double and rounded once. Needs labels.
///
/// Initialise with HYLA_DICE_PARAMS_DEFAULT. Guide: without the background its size does not hide the
/// other classes; HYLA_ABSENT_SKIP keeps classes that a batch lacks from dominating its loss.
/// Formula: Milletari et al., V-Net (2016), with sums of p in the denominator.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_dice_params {
    /// `sizeof(hyla_dice_params)`.
    pub struct_size: u32,
    /// Not 0: class 0 is in the mean. Of no matter with one channel. Default 1.
    pub include_background: u32,
    /// Not 0: `ignore_index` is used. Default 0.
    pub has_ignore_index: u32,
    /// The label of pixels that act as masked; it may be a class. Default 0.
    pub ignore_index: i32,
    /// HYLA_ABSENT_...: what a class without labelled pixels is worth. Default HYLA_ABSENT_ONE.
    pub absent: u32,
    /// The weight of this loss among others: finite. Default 1.
    pub weight: f32,
    /// Keeps quotients defined: finite, not negative. Default 1e-6.
    pub eps: f32,
}

/// Exact sums over pixels for one class, in words of int64; all zero is empty. A batch has an array of
/// these, one a channel, in order. Adding the words of two arrays (MPI_SUM, SQL SUM, atomics) merges
/// them; call `hyla_dice_normalize` afterwards to compare words.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct hyla_dice_totals {
    /// The sum of the probabilities of the class over its own pixels.
    pub intersection: hyla_sum,
    /// The sum of the probabilities of the class.
    pub probability: hyla_sum,
    /// The sum of the weights of the pixels of the class.
    pub truth: hyla_sum,
    /// How many pixels count, of any class.
    pub pixels: i64,
    /// How many valid pixels had a bad label or weight and acted as masked.
    pub rejected: i64,
    /// Shows whether sums of different parameters or classes were mixed.
    pub fingerprint: i64,
}

// SAFETY: `repr(C)`, the same words in the same order.
unsafe impl Mirrors for hyla_dice_totals {
    type Core = Totals;
}

// SAFETY: `repr(C)`, fields of four bytes, any bits are numbers.
unsafe impl Versioned for hyla_dice_params {
    const DEFAULT: Self = Self {
        struct_size: size_of::<Self>() as u32,
        include_background: 1,
        has_ignore_index: 0,
        ignore_index: 0,
        absent: HYLA_ABSENT_ONE,
        weight: 1.0,
        eps: 1e-6,
    };
}

impl hyla_dice_params {
    fn to_core(self) -> Result<Params, Error> {
        Ok(Params {
            include_background: self.include_background != 0,
            ignore_index: (self.has_ignore_index != 0).then_some(self.ignore_index),
            absent: Absent::from_number(self.absent).ok_or(Error::UnknownOption)?,
            weight: self.weight,
            eps: self.eps,
        })
    }
}

/// The totals of all classes, only read.
///
/// # Safety
/// If not NULL and aligned, the pointer is valid for reads of `classes` items for `'a`.
unsafe fn all<'a>(totals: *const hyla_dice_totals, classes: usize) -> Result<&'a [Totals], Error> {
    let () = hyla_dice_totals::SAME_SIZE;
    // SAFETY: as the caller vouches, and as `Mirrors` says.
    unsafe { input(totals.cast(), classes) }
}

/// The totals of all classes, to be changed.
///
/// # Safety
/// If not NULL and aligned, the pointer is valid for reads and writes of `classes` items for `'a`,
/// and nothing else writes there meanwhile.
unsafe fn all_mut<'a>(
    totals: *mut hyla_dice_totals,
    classes: usize,
) -> Result<&'a mut [Totals], Error> {
    // SAFETY: as the caller vouches. The slice is gone before the other one is made.
    let items = unsafe { all(totals, classes) }?.len();
    if items == 0 {
        return Ok(&mut []);
    }
    // SAFETY: not NULL, aligned, of a possible size; the caller vouches for the rest.
    Ok(unsafe { core::slice::from_raw_parts_mut(totals.cast(), items) })
}

/// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
/// bindings that cannot use HYLA_DICE_PARAMS_DEFAULT. Bytes of a later version become 0.
///
/// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
///
/// # Safety
/// `params` is valid for writes of `size` bytes.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_dice_params_init(
    params: *mut hyla_dice_params,
    size: usize,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    call(|| unsafe { check::write_defaults(params, size) })
}

/// `sizeof(hyla_dice_totals)`, of one class, for bindings to check.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_dice_totals_size() -> usize {
    size_of::<hyla_dice_totals>()
}

/// Adds pixels to the totals of their classes: an array, one a channel.
///
/// Inputs: `values` (logits) and `labels` of the cube; optional `valid` and `weights`. Time is linear
/// in n times channels. Nothing is allocated or kept. Any number of threads may call it, each with
/// totals of its own.
///
/// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE,
/// UNKNOWN_FIELD, RESERVED, STRIDES, UNKNOWN_OPTION, WEIGHT, EPSILON, CHANNELS (0 or above 4096).
/// Notices: none; `hyla_dice_loss` tells them.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_dice_update(
    params: *const hyla_dice_params,
    logits: *const hyla_cube,
    totals: *mut hyla_dice_totals,
) -> hyla_status {
    call(|| {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, logits) }?;
        let classes = inputs.logits.layout.channels;
        disjoint(&[Span::of(totals, classes)], &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let totals = unsafe { all_mut(totals, classes) }?;
        dice::update(&inputs.params, &inputs.logits, totals)?;
        Ok(Notices::NONE)
    })
}

/// Adds the other totals of `classes` classes (of another tile, frame, thread or rank) to totals,
/// class by class, and makes the words canonical. Both must come from the same parameters;
/// `hyla_dice_loss` finds out.
///
/// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, CHANNELS
/// (`classes` is 0 or above 4096).
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_dice_merge(
    other: *const hyla_dice_totals,
    totals: *mut hyla_dice_totals,
    classes: usize,
) -> hyla_status {
    call(|| {
        disjoint(&[Span::of(totals, classes)], &[&[Span::of(other, classes)]])?;
        // SAFETY: as the caller vouches; the two do not overlap.
        let (other, totals) = unsafe { (all(other, classes)?, all_mut(totals, classes)?) };
        dice::merge(totals, other)?;
        Ok(Notices::NONE)
    })
}

/// Makes the words of the totals of `classes` classes canonical after they were added elsewhere
/// (MPI_SUM, SQL SUM), so that equal totals have equal words. Values are the same before and after.
///
/// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, CHANNELS (`classes` is 0 or above 4096).
///
/// # Safety
/// A pointer that is neither NULL nor misaligned is valid for what its type says.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_dice_normalize(
    totals: *mut hyla_dice_totals,
    classes: usize,
) -> hyla_status {
    call(|| {
        // SAFETY: as the caller vouches.
        dice::normalize(unsafe { all_mut(totals, classes) }?)?;
        Ok(Notices::NONE)
    })
}

/// The loss of the totals of `classes` classes. 0 if no pixel counts, or if every class is left out
/// of the mean.
///
/// Errors, with `loss` unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE,
/// UNKNOWN_FIELD, UNKNOWN_OPTION, WEIGHT, EPSILON, CHANNELS (`classes` is 0 or above 4096),
/// MIXED_TOTALS (sums of another ignored label, of another number or order of classes, or of
/// classes that saw different pixels). Notices: EMPTY, NOT_FINITE, REJECTED, DEGENERATE (every class
/// is left out, or `eps` is 0 and there is nothing of a class: its dice is 1).
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_dice_loss(
    params: *const hyla_dice_params,
    totals: *const hyla_dice_totals,
    classes: usize,
    loss: *mut f64,
) -> hyla_status {
    call(|| {
        // SAFETY: as the caller vouches.
        let (checked, span) = unsafe { check::parameters(params) }?;
        disjoint(&[Span::of(loss, 1)], &[&[span, Span::of(totals, classes)]])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let (totals, loss) = unsafe { (all(totals, classes)?, check::result(loss)?) };
        let value = dice::loss(&checked.to_core()?, totals)?;
        loss.write(value.value);
        Ok(value.notices)
    })
}

/// Writes `upstream * d loss / d logits` to `grad_logits` (in the layout of the logits), or adds it
/// there (`write`: HYLA_STORE or HYLA_ADD). `totals` are those of the whole batch, one a channel,
/// merged over all tiles and ranks; `logits` may be any part of the batch. Where a pixel does not
/// count: 0, or unchanged. With HYLA_STORE the output may be uninitialised.
///
/// Errors, with `grad_logits` unchanged: those of `hyla_dice_update`, UNKNOWN_WRITE, MIXED_TOTALS.
/// Notices: those of `hyla_dice_loss`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_dice_gradient(
    params: *const hyla_dice_params,
    totals: *const hyla_dice_totals,
    logits: *const hyla_cube,
    upstream: f64,
    write: u32,
    grad_logits: *mut f32,
) -> hyla_status {
    call(|| {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, logits) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let layout = inputs.logits.layout;
        let (span, reads) = (layout.span()?, [Span::of(totals, layout.channels)]);
        disjoint(&[Span::of(grad_logits, span)], &[&inputs.spans, &reads])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let totals = unsafe { all(totals, layout.channels) }?;
        // SAFETY: as above.
        let gradient = unsafe { output(grad_logits, span) }?;
        dice::gradient(&inputs.params, totals, &inputs.logits, upstream, write, gradient)
    })
}

/// The loss and the gradient of one batch in one call, for the case that it is not tiled: the same
/// bits as update, loss and gradient. The batch's totals, one a channel, are stored in `totals`, which
/// must not be NULL and may be uninitialised.
///
/// Errors, with all outputs unchanged: those of `hyla_dice_update`, UNKNOWN_WRITE. Notices: those of
/// `hyla_dice_loss`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_dice_loss_and_gradient(
    params: *const hyla_dice_params,
    logits: *const hyla_cube,
    upstream: f64,
    write: u32,
    totals: *mut hyla_dice_totals,
    loss: *mut f64,
    grad_logits: *mut f32,
) -> hyla_status {
    call(|| {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, logits) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let layout = inputs.logits.layout;
        let (span, classes) = (layout.span()?, layout.channels);
        let writes = [Span::of(totals, classes), Span::of(loss, 1), Span::of(grad_logits, span)];
        disjoint(&writes, &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let totals = unsafe { all_mut(totals, classes) }?;
        // SAFETY: as above.
        let (loss, gradient) = unsafe { (check::result(loss)?, output(grad_logits, span)?) };
        let Inputs { params, logits, .. } = inputs;
        let value = dice::loss_and_gradient(&params, &logits, upstream, write, totals, gradient)?;
        loss.write(value.value);
        Ok(value.notices)
    })
}

/// The checked inputs of a call, and what it reads.
struct Inputs<'a> {
    params: Params,
    logits: Cube<'a>,
    spans: [Span; 7],
}

impl Inputs<'_> {
    /// # Safety
    /// Pointers that are neither NULL nor misaligned are valid for what their types say, as long
    /// as the inputs live.
    #[inline(never)]
    unsafe fn new(
        params: *const hyla_dice_params,
        logits: *const hyla_cube,
    ) -> Result<Self, Error> {
        // SAFETY: as the caller vouches.
        let (checked, span) = unsafe { check::parameters(params) }?;
        // SAFETY: as above.
        let used = unsafe { cube::read(logits)?.labelled() }?;
        let [a, b, c, d, e, f] = cube::spans(logits, &used);
        Ok(Self { params: checked.to_core()?, logits: used, spans: [span, a, b, c, d, e, f] })
    }
}
