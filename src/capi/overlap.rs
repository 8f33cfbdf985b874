//! What the functions of all losses of overlap are made of.

use super::check::{self, Span, Versioned, constant, disjoint, output, structure};
use super::pixels::{self, hyla_pixels};
use super::range::hyla_range;
use super::status::hyla_status;
use super::{Mirrors, call};
use crate::error::{Error, Notices};
use crate::loss::overlap::{Formula, Normalization, Totals, loss_and_gradient};
use crate::loss::{Write, iou, tversky};
use crate::pixels::Pixels;
use core::ffi::c_void;

/// Parameters of C that become a formula of the core.
pub(super) trait ToFormula: Versioned {
    /// The same parameters, with enumerations checked.
    fn to_core(self) -> Result<Params, Error>;
}

/// The parameters of any of the losses.
#[derive(Clone, Copy)]
pub(super) enum Params {
    Iou(iou::Params),
    Tversky(tversky::Params),
}

impl Params {
    fn formula(&self) -> &dyn Formula {
        match self {
            Self::Iou(params) => params,
            Self::Tversky(params) => params,
        }
    }
}

/// Reads parameters of one of the losses, so that what follows exists once for all of them.
type Read = unsafe fn(*const c_void) -> Result<(Params, Span), Error>;

/// # Safety
/// If not NULL and aligned, the pointer is valid for reads of a `P`.
unsafe fn read<P: ToFormula>(params: *const c_void) -> Result<(Params, Span), Error> {
    // SAFETY: as the caller vouches.
    let (checked, span) = unsafe { check::parameters(params.cast::<P>()) }?;
    Ok((checked.to_core()?, span))
}

/// The checked inputs of a call, and what it reads.
struct Inputs<'a> {
    params: Params,
    pixels: Pixels<'a>,
    spans: [Span; 8],
}

impl Inputs<'_> {
    /// # Safety
    /// Pointers that are neither NULL nor misaligned are valid for what their types say, as long
    /// as the inputs live.
    #[inline(never)]
    unsafe fn new(
        read: Read,
        params: *const c_void,
        pixels: *const hyla_pixels,
    ) -> Result<Self, Error> {
        // SAFETY: as the caller vouches.
        let (params, span) = unsafe { read(params) }?;
        // SAFETY: as above.
        let used = unsafe { pixels::read(pixels)?.targeted_scores() }?;
        let [a, b, c, d, e, f, g] = pixels::spans(pixels, &used);
        Ok(Self { params, pixels: used, spans: [span, a, b, c, d, e, f, g] })
    }

    fn n(&self) -> usize {
        self.pixels.scores.len()
    }
}

/// The pointer to a range if the formula uses one, else NULL.
fn used(params: &Params, range: *mut hyla_range) -> *mut hyla_range {
    match params.formula().settings().normalization {
        Normalization::MinMax => range,
        _ => core::ptr::null_mut(),
    }
}

/// A struct that may be NULL and is changed.
///
/// # Safety
/// If not NULL and aligned, the pointer is valid for reads and writes for `'a`, and nothing else
/// writes there meanwhile.
unsafe fn optional<'a, T>(pointer: *mut T) -> Result<Option<&'a mut T>, Error> {
    match pointer.is_null() {
        true => Ok(None),
        // SAFETY: as the caller vouches.
        false => unsafe { structure(pointer) }.map(Some),
    }
}

/// A struct that may be NULL and is only read.
///
/// # Safety
/// If not NULL and aligned, the pointer is valid for reads for `'a`.
unsafe fn optional_input_of<'a, T>(pointer: *const T) -> Result<Option<&'a T>, Error> {
    match pointer.is_null() {
        true => Ok(None),
        // SAFETY: as the caller vouches.
        false => unsafe { constant(pointer) }.map(Some),
    }
}

/// The whole of every `..._update`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
pub(super) unsafe fn update<P: ToFormula, T: Mirrors<Core = Totals>>(
    params: *const P,
    pixels: *const hyla_pixels,
    totals: *mut T,
    range: *mut hyla_range,
) -> hyla_status {
    // SAFETY: as the caller vouches; totals mirror those of the core.
    unsafe { any_update(read::<P>, params.cast(), pixels, totals.cast(), range) }
}

/// # Safety
/// As above.
#[inline(never)]
unsafe fn any_update(
    read: Read,
    params: *const c_void,
    pixels: *const hyla_pixels,
    totals: *mut Totals,
    range: *mut hyla_range,
) -> hyla_status {
    call(|| {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(read, params, pixels) }?;
        let range = used(&inputs.params, range);
        disjoint(&[Span::of(totals, 1), Span::of(range, 1)], &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let (totals, range) = unsafe { (structure(totals)?, optional(range.cast())?) };
        totals.update(inputs.params.formula(), &inputs.pixels, range)?;
        Ok(Notices::NONE)
    })
}

/// The whole of every `..._loss`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
pub(super) unsafe fn loss<P: ToFormula, T: Mirrors<Core = Totals>>(
    params: *const P,
    totals: *const T,
    range: *const hyla_range,
    loss: *mut f64,
) -> hyla_status {
    // SAFETY: as the caller vouches; totals mirror those of the core.
    unsafe { any_loss(read::<P>, params.cast(), totals.cast(), range, loss) }
}

/// # Safety
/// As above.
#[inline(never)]
unsafe fn any_loss(
    read: Read,
    params: *const c_void,
    totals: *const Totals,
    range: *const hyla_range,
    loss: *mut f64,
) -> hyla_status {
    call(|| {
        // SAFETY: as the caller vouches.
        let (params, span) = unsafe { read(params) }?;
        let range = used(&params, range.cast_mut());
        let reads = [span, Span::of(totals, 1), Span::of(range, 1)];
        disjoint(&[Span::of(loss, 1)], &[&reads])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let (totals, range) = unsafe { (constant(totals)?, optional_input_of(range.cast())?) };
        // SAFETY: as above.
        let loss = unsafe { check::result(loss) }?;
        let value = totals.loss(params.formula(), range)?;
        loss.write(value.value);
        Ok(value.notices)
    })
}

/// The whole of every `..._gradient`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
pub(super) unsafe fn gradient<P: ToFormula, T: Mirrors<Core = Totals>>(
    params: *const P,
    totals: *const T,
    range: *const hyla_range,
    pixels: *const hyla_pixels,
    upstream: f64,
    write: u32,
    grad_scores: *mut f32,
) -> hyla_status {
    let (params, totals) = (params.cast(), totals.cast());
    // SAFETY: as the caller vouches; totals mirror those of the core.
    unsafe { any_gradient(read::<P>, params, totals, range, pixels, upstream, write, grad_scores) }
}

/// # Safety
/// As above.
#[inline(never)]
#[expect(clippy::too_many_arguments, reason = "those of the C function")]
unsafe fn any_gradient(
    read: Read,
    params: *const c_void,
    totals: *const Totals,
    range: *const hyla_range,
    pixels: *const hyla_pixels,
    upstream: f64,
    write: u32,
    grad_scores: *mut f32,
) -> hyla_status {
    call(|| {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(read, params, pixels) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let range = used(&inputs.params, range.cast_mut());
        let reads = [Span::of(totals, 1), Span::of(range, 1)];
        disjoint(&[Span::of(grad_scores, inputs.n())], &[&inputs.spans, &reads])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let (totals, range) = unsafe { (constant(totals)?, optional_input_of(range.cast())?) };
        // SAFETY: as above.
        let gradient = unsafe { output(grad_scores, inputs.n()) }?;
        let Inputs { params, pixels, .. } = inputs;
        totals.gradient(params.formula(), range, &pixels, upstream, write, gradient)
    })
}

/// The whole of every `..._loss_and_gradient`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[expect(clippy::too_many_arguments, reason = "those of the C function")]
pub(super) unsafe fn at_once<P: ToFormula, T: Mirrors<Core = Totals>>(
    params: *const P,
    pixels: *const hyla_pixels,
    upstream: f64,
    write: u32,
    totals: *mut T,
    range: *mut hyla_range,
    loss: *mut f64,
    grad_scores: *mut f32,
) -> hyla_status {
    let (params, totals) = (params.cast(), totals.cast());
    // SAFETY: as the caller vouches; totals mirror those of the core.
    unsafe {
        any_at_once(read::<P>, params, pixels, upstream, write, totals, range, loss, grad_scores)
    }
}

/// # Safety
/// As above.
#[inline(never)]
#[expect(clippy::too_many_arguments, reason = "those of the C function")]
unsafe fn any_at_once(
    read: Read,
    params: *const c_void,
    pixels: *const hyla_pixels,
    upstream: f64,
    write: u32,
    totals: *mut Totals,
    range: *mut hyla_range,
    loss: *mut f64,
    grad_scores: *mut f32,
) -> hyla_status {
    call(|| {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(read, params, pixels) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let range = used(&inputs.params, range);
        let writes = [
            Span::of(totals, 1),
            Span::of(range, 1),
            Span::of(loss, 1),
            Span::of(grad_scores, inputs.n()),
        ];
        disjoint(&writes, &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let (totals, range) = unsafe { (optional(totals)?, optional(range.cast())?) };
        // SAFETY: as above.
        let (loss, gradient) = unsafe { (check::result(loss)?, output(grad_scores, inputs.n())?) };
        let Inputs { params, pixels, .. } = inputs;
        let formula = params.formula();
        let value = loss_and_gradient(formula, &pixels, upstream, write, totals, range, gradient)?;
        loss.write(value.value);
        Ok(value.notices)
    })
}
