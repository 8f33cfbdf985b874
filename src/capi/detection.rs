//! `hyla_detection_...`: the quality of decisions over frames (cuvis-ai: AnomalyDetectionMetrics).

use super::check::{self, Span, Versioned, disjoint};
use super::confusion::hyla_confusion_totals;
use super::metric::{List, hyla_context, hyla_metric};
use super::pixels::{self, hyla_pixels};
use super::status::hyla_status;
use super::{Mirrors, call, core, core_mut};
use crate::error::Notices;
use crate::metric::detection::{Frame, Params, Totals};

/// The stages in which cuvis-ai runs the node (see `hyla_context`).
pub const HYLA_DETECTION_STAGES: u32 = 6;

/// Detection quality (cuvis-ai: AnomalyDetectionMetrics): what is computed. Initialise with
/// HYLA_DETECTION_PARAMS_DEFAULT.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_detection_params {
    /// `sizeof(hyla_detection_params)`.
    pub struct_size: u32,
    /// Pixel counts come from every s-th row and column, from the first: at least 1. Frames are
    /// judged by all their pixels all the same. Default 1.
    pub pixel_stride: u32,
}

/// Counts over pixels and frames; all zero is empty. Adding the words of two totals merges them.
/// A batch's own totals give the batch's values (what cuvis-ai emits), those of the epoch the
/// pooled ones.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct hyla_detection_totals {
    /// The counts; `hyla_confusion_values` reads them.
    pub confusion: hyla_confusion_totals,
    /// How many calls added to them.
    pub updates: i64,
    /// Shows whether counts of different strides were mixed.
    pub fingerprint: i64,
}

// SAFETY: `repr(C)`, the same words in the same order.
unsafe impl Mirrors for hyla_detection_totals {
    type Core = Totals;
}

// SAFETY: `repr(C)`, fields of four bytes, any bits are numbers.
unsafe impl Versioned for hyla_detection_params {
    const DEFAULT: Self = Self { struct_size: size_of::<Self>() as u32, pixel_stride: 1 };
}

impl hyla_detection_params {
    fn to_core(self) -> Params {
        Params { pixel_stride: self.pixel_stride }
    }
}

/// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
/// bindings that cannot use HYLA_DETECTION_PARAMS_DEFAULT. Bytes of a later version become 0.
///
/// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
///
/// # Safety
/// `params` is valid for writes of `size` bytes.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_detection_params_init(
    params: *mut hyla_detection_params,
    size: usize,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    call(move || unsafe { check::write_defaults(params, size) })
}

/// `sizeof(hyla_detection_totals)`, for bindings to check.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_detection_totals_size() -> usize {
    size_of::<hyla_detection_totals>()
}

/// Adds a part of the open frame: a line of a push-broom camera, say. Ends with
/// `hyla_detection_end_frame`.
///
/// Inputs: `decisions`, `targets`; optional `valid`; the rest is ignored.
///
/// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE,
/// UNKNOWN_FIELD, RESERVED, PIXEL_STRIDE, STRIDE_NEEDS_FRAME (a stride above 1).
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_detection_update(
    params: *const hyla_detection_params,
    pixels: *const hyla_pixels,
    totals: *mut hyla_detection_totals,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let (params, span) = unsafe { check::parameters(params) }?;
        // SAFETY: as the caller vouches.
        let used = unsafe { pixels::read(pixels)?.labelled_decisions() }?;
        disjoint(&[Span::of(totals, 1)], &[&[span], &pixels::spans(pixels, &used)])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let totals = unsafe { core_mut(totals) }?;
        totals.update(&params.to_core(), &used)?;
        Ok(Notices::NONE)
    })
}

/// Ends the open frame, as `hyla_confusion_end_frame` does.
///
/// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED.
///
/// # Safety
/// A pointer that is neither NULL nor misaligned is valid for what its type says.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_detection_end_frame(
    totals: *mut hyla_detection_totals,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    unsafe { super::change(totals, Totals::end_frame) }
}

/// Adds a whole frame and ends it. `pitch` is the number of pixels from the start of a row to the
/// start of the next, at least `cols`; `pixels->n` covers all rows. A frame without rows or columns
/// adds nothing.
///
/// Inputs: `decisions`, `targets`; optional `valid`; the rest is ignored.
///
/// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE,
/// UNKNOWN_FIELD, RESERVED, PIXEL_STRIDE, FRAME_SHAPE.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_detection_update_frame(
    params: *const hyla_detection_params,
    pixels: *const hyla_pixels,
    rows: usize,
    cols: usize,
    pitch: usize,
    totals: *mut hyla_detection_totals,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let (params, span) = unsafe { check::parameters(params) }?;
        // SAFETY: as the caller vouches.
        let used = unsafe { pixels::read(pixels)?.labelled_decisions() }?;
        disjoint(&[Span::of(totals, 1)], &[&[span], &pixels::spans(pixels, &used)])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let totals = unsafe { core_mut(totals) }?;
        totals.update_frame(&params.to_core(), &used, Frame { rows, columns: cols, pitch })?;
        Ok(Notices::NONE)
    })
}

/// Adds other totals to totals, with the counts of the open frame.
///
/// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, OVERLAP.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_detection_merge(
    other: *const hyla_detection_totals,
    totals: *mut hyla_detection_totals,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    unsafe { super::merge(other, totals, Totals::merge) }
}

/// Writes the values under cuvis-ai's names (`precision`, `recall`, `f1_score`, `iou`,
/// `image_precision`, `image_recall`, `image_f1`) and their number to `count`.
///
/// Errors, with the outputs unchanged: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE,
/// UNKNOWN_FIELD, PIXEL_STRIDE, MIXED_TOTALS, UNKNOWN_STAGE, RESERVED, CAPACITY (below 7).
/// Notices: those of all values together; each value has its own.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say, `out` for
/// `capacity` items.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_detection_metrics(
    params: *const hyla_detection_params,
    totals: *const hyla_detection_totals,
    context: *const hyla_context,
    out: *mut hyla_metric,
    capacity: usize,
    count: *mut usize,
) -> hyla_status {
    call(move || {
        let list = List { context, out, capacity, count };
        // SAFETY: as the caller vouches.
        let (params, span) = unsafe { check::parameters(params) }?;
        // SAFETY: as above.
        let metrics = unsafe { core(totals) }?.metrics(&params.to_core())?;
        // SAFETY: as above.
        unsafe { list.write(&[span, Span::of(totals, 1)], &metrics) }
    })
}
