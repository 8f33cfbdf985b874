//! What the functions of all losses of overlap are made of.

use super::check::{self, Span, Versioned, disjoint, output};
use super::pixels::{self, hyla_pixels};
use super::range::hyla_range;
use super::status::hyla_status;
use super::{Mirrors, call, core, core_mut};
use crate::error::{Error, Notices};
use crate::loss::Write;
use crate::loss::overlap::{Formula, Normalization, Totals, loss_and_gradient};
use crate::metric::range::Range;
use crate::pixels::Pixels;

/// Parameters of C that become a formula of the core.
pub(super) trait ToFormula: Versioned {
    /// The parameters of the core.
    type Formula: Formula;

    /// The same parameters, with enumerations checked.
    fn to_core(self) -> Result<Self::Formula, Error>;
}

/// The checked inputs of a call, and what it reads.
struct Inputs<'a, F> {
    params: F,
    pixels: Pixels<'a>,
    spans: [Span; 8],
}

impl<F: Formula> Inputs<'_, F> {
    /// # Safety
    /// Pointers that are neither NULL nor misaligned are valid for what their types say, as long
    /// as the inputs live.
    #[inline(never)]
    unsafe fn new<P: ToFormula<Formula = F>>(
        params: *const P,
        pixels: *const hyla_pixels,
    ) -> Result<Self, Error> {
        // SAFETY: as the caller vouches.
        let (checked, span) = unsafe { check::parameters(params) }?;
        // SAFETY: as above.
        let used = unsafe { pixels::read(pixels)?.targeted_scores() }?;
        let [a, b, c, d, e, f, g] = pixels::spans(pixels, &used);
        Ok(Self { params: checked.to_core()?, pixels: used, spans: [span, a, b, c, d, e, f, g] })
    }

    fn n(&self) -> usize {
        self.pixels.scores.len()
    }
}

/// The pointer to a range if the formula uses one, else NULL.
fn used<T>(params: &impl Formula, range: *mut T) -> *mut T {
    match params.settings().normalization {
        Normalization::MinMax => range,
        _ => core::ptr::null_mut(),
    }
}

/// A struct that may be NULL.
///
/// # Safety
/// If not NULL and aligned, the pointer is valid for reads and writes for `'a`, and nothing else
/// writes there meanwhile.
unsafe fn optional<'a, C: Mirrors>(pointer: *mut C) -> Result<Option<&'a mut C::Core>, Error> {
    match pointer.is_null() {
        true => Ok(None),
        // SAFETY: as the caller vouches.
        false => unsafe { core_mut(pointer) }.map(Some),
    }
}

/// The range of a formula that uses one.
///
/// # Safety
/// If not NULL and aligned, the pointer is valid for reads for `'a`.
unsafe fn optional_range<'a>(range: *const hyla_range) -> Result<Option<&'a Range>, Error> {
    match range.is_null() {
        true => Ok(None),
        // SAFETY: as the caller vouches.
        false => unsafe { check::constant(range.cast()) }.map(Some),
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
    call(|| {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, pixels) }?;
        let range = used(&inputs.params, range);
        disjoint(&[Span::of(totals, 1), Span::of(range, 1)], &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let (totals, range) = unsafe { (core_mut(totals)?, optional(range)?) };
        totals.update(&inputs.params, &inputs.pixels, range)?;
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
    call(|| {
        // SAFETY: as the caller vouches.
        let (checked, span) = unsafe { check::parameters(params) }?;
        let params = checked.to_core()?;
        let range = used(&params, range.cast_mut());
        let reads = [span, Span::of(totals, 1), Span::of(range, 1)];
        disjoint(&[Span::of(loss, 1)], &[&reads])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let (totals, range) = unsafe { (core(totals)?, optional_range(range)?) };
        // SAFETY: as above.
        let loss = unsafe { check::result(loss) }?;
        let value = totals.loss(&params, range)?;
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
    call(|| {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, pixels) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let range = used(&inputs.params, range.cast_mut());
        let reads = [Span::of(totals, 1), Span::of(range, 1)];
        disjoint(&[Span::of(grad_scores, inputs.n())], &[&inputs.spans, &reads])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let (totals, range) = unsafe { (core(totals)?, optional_range(range)?) };
        // SAFETY: as above.
        let gradient = unsafe { output(grad_scores, inputs.n()) }?;
        totals.gradient(&inputs.params, range, &inputs.pixels, upstream, write, gradient)
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
    call(|| {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, pixels) }?;
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
        let (totals, range) = unsafe { (optional(totals)?, optional(range)?) };
        // SAFETY: as above.
        let (loss, gradient) = unsafe { (check::result(loss)?, output(grad_scores, inputs.n())?) };
        let Inputs { params, pixels, .. } = inputs;
        let value = loss_and_gradient(&params, &pixels, upstream, write, totals, range, gradient)?;
        loss.write(value.value);
        Ok(value.notices)
    })
}
