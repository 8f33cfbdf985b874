//! Losses of pixels with labels whose terms are summed: the bodies of their functions, and the macro that writes them.

use super::check::{self, Parameters, Span, floats, in_place};
use super::pixels::{Labelled, hyla_pixels};
use super::status::hyla_status;
use super::{Mirrors, call, core, core_mut, optional_mut};
use crate::error::{Error, Notices, Value};
use crate::input::Pixels;
use crate::simd::{Output, Write};

/// The whole of every `..._update`.
#[inline(always)]
pub(super) unsafe fn update<P: Parameters, C: Mirrors>(
    params: *const P,
    pixels: *const hyla_pixels,
    totals: *mut C,
    update: impl Fn(&mut C::Core, &P::Core, &Pixels) -> Result<(), Error>,
) -> hyla_status {
    call(move || {
        // SAFETY: the contract.
        let inputs = unsafe { Labelled::new(params, pixels) };
        let inputs = in_place(&inputs)?;
        inputs.apart(&[Span::of(totals, 1)], &[])?;
        // SAFETY: the contract; the output overlaps nothing.
        update(unsafe { core_mut(totals) }?, &inputs.params, &inputs.pixels)?;
        Ok(Notices::NONE)
    })
}

/// The whole of every `..._map`.
#[inline(always)]
pub(super) unsafe fn map<P: Parameters>(
    params: *const P,
    pixels: *const hyla_pixels,
    loss_map: *mut f32,
    map: impl Fn(&P::Core, &Pixels, Output) -> Result<Notices, Error>,
) -> hyla_status {
    call(move || {
        // SAFETY: the contract.
        let inputs = unsafe { Labelled::new(params, pixels) };
        let inputs = in_place(&inputs)?;
        inputs.apart(&[Span::of(loss_map, inputs.n())], &[])?;
        // SAFETY: the contract; the output overlaps nothing.
        let to = unsafe { floats(Write::Store, loss_map, inputs.n()) }?;
        map(&inputs.params, &inputs.pixels, to)
    })
}

/// The whole of every `..._gradient`.
#[inline(always)]
pub(super) unsafe fn gradient<P: Parameters, C: Mirrors>(
    params: *const P,
    totals: *const C,
    pixels: *const hyla_pixels,
    upstream: f64,
    write: u32,
    grad_scores: *mut f32,
    gradient: impl Fn(&C::Core, &P::Core, &Pixels, f64, Output) -> Result<Notices, Error>,
) -> hyla_status {
    call(move || {
        // SAFETY: the contract.
        let inputs = unsafe { Labelled::new(params, pixels) };
        let inputs = in_place(&inputs)?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let reads = [Span::of(totals, 1)];
        inputs.apart(&[Span::of(grad_scores, inputs.n())], &reads)?;
        // SAFETY: the contract; the output overlaps nothing.
        let (totals, to) = unsafe { (core(totals)?, floats(write, grad_scores, inputs.n())?) };
        gradient(totals, &inputs.params, &inputs.pixels, upstream, to)
    })
}

/// The whole of every `..._loss_and_gradient`.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "those of the function of C, and the core's")]
pub(super) unsafe fn loss_and_gradient<P: Parameters, C: Mirrors>(
    params: *const P,
    pixels: *const hyla_pixels,
    upstream: f64,
    write: u32,
    totals: *mut C,
    loss: *mut f64,
    grad_scores: *mut f32,
    at_once: impl Fn(&P::Core, &Pixels, f64, Option<&mut C::Core>, Output) -> Result<Value, Error>,
) -> hyla_status {
    call(move || {
        // SAFETY: the contract.
        let inputs = unsafe { Labelled::new(params, pixels) };
        let inputs = in_place(&inputs)?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let writes = [Span::of(totals, 1), Span::of(loss, 1), Span::of(grad_scores, inputs.n())];
        inputs.apart(&writes, &[])?;
        // SAFETY: the contract; the outputs overlap nothing.
        let totals = unsafe { optional_mut(totals) }?;
        // SAFETY: as above.
        let (loss, gradient) =
            unsafe { (check::result(loss)?, floats(write, grad_scores, inputs.n())?) };
        let Labelled { params, pixels, .. } = inputs;
        super::write(at_once(params, pixels, upstream, totals, gradient)?, loss)
    })
}

/// The functions of a loss. `core` is its module in `crate::loss`; the phrases go into the documentation.
macro_rules! pixel_loss {
    (
        core $core:ident, params $params:ident, totals $totals:ident,
        inputs $inputs:literal,
        unsupported $unsupported:literal,
        errors $errors:literal,
        mixed $mixed:literal;
        $update:ident, $loss:ident, $map:ident, $gradient:ident, $loss_and_gradient:ident
    ) => {
        /// Adds pixels to totals.
        ///
        #[doc = concat!(" Inputs: ", $inputs, ". Time is linear in n.")]
        /// Nothing is allocated or kept. Any number of threads may call it, each with totals of its own.
        ///
        /// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE,
        #[doc = concat!(" UNKNOWN_FIELD, RESERVED, UNSUPPORTED_INPUT (", $unsupported, "), ", $errors, ".")]
        #[doc = concat!(" Notices: none; `", stringify!($loss), "` tells them.")]
        #[unsafe(no_mangle)]
        #[must_use]
        pub unsafe extern "C" fn $update(
            params: *const $params,
            pixels: *const $crate::capi::pixels::hyla_pixels,
            totals: *mut $totals,
        ) -> $crate::capi::status::hyla_status {
            // SAFETY: the contract.
            unsafe { $crate::capi::pixel_loss::update(params, pixels, totals, $core::Totals::update) }
        }

        /// The loss, rounded once from exact sums. The mean of no pixel is NaN, the sum 0.
        ///
        /// Errors, with `loss` unchanged: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD,
        #[doc = concat!(" ", $errors, ", NO_SCALAR (reduction none), TOTALS, MIXED_TOTALS (terms of ", $mixed, ").")]
        /// Notices: EMPTY, NOT_FINITE, REJECTED, DEGENERATE (a weighted mean whose weights are all 0: NaN).
        #[unsafe(no_mangle)]
        #[must_use]
        pub unsafe extern "C" fn $loss(
            params: *const $params,
            totals: *const $totals,
            loss: *mut f64,
        ) -> $crate::capi::status::hyla_status {
            // SAFETY: the contract.
            unsafe { $crate::capi::loss(params, totals, loss, $core::Totals::loss) }
        }

        /// Writes each pixel's term l_i to `loss_map` (n floats), 0 where the pixel does not count: the
        /// loss of reduction none. `params->reduction` does not matter. `loss_map` may be uninitialised.
        ///
        #[doc = concat!(" Errors, with `loss_map` unchanged: those of `", stringify!($update), "`. Notices: EMPTY (n is 0).")]
        #[unsafe(no_mangle)]
        #[must_use]
        pub unsafe extern "C" fn $map(
            params: *const $params,
            pixels: *const $crate::capi::pixels::hyla_pixels,
            loss_map: *mut f32,
        ) -> $crate::capi::status::hyla_status {
            // SAFETY: the contract.
            unsafe { $crate::capi::pixel_loss::map(params, pixels, loss_map, $core::map_to) }
        }

        /// Writes `upstream * d loss / d scores` to `grad_scores` (n floats), or adds it there (`write`:
        /// HYLA_STORE or HYLA_ADD). `totals` are those of the whole batch, merged over all tiles and
        /// ranks; `pixels` may be any part of the batch. Where a pixel does not count: 0, or unchanged.
        /// A NaN logit has a NaN gradient; the gradient of the mean of nothing is 0. With HYLA_STORE the
        /// output may be uninitialised.
        ///
        #[doc = concat!(" Errors, with `grad_scores` unchanged: those of `", stringify!($update), "`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS.")]
        #[doc = concat!(" Notices: those of `", stringify!($loss), "`.")]
        #[unsafe(no_mangle)]
        #[must_use]
        pub unsafe extern "C" fn $gradient(
            params: *const $params,
            totals: *const $totals,
            pixels: *const $crate::capi::pixels::hyla_pixels,
            upstream: f64,
            write: u32,
            grad_scores: *mut f32,
        ) -> $crate::capi::status::hyla_status {
            let gradient = $core::Totals::gradient_to;
            // SAFETY: the contract.
            unsafe {
                $crate::capi::pixel_loss::gradient(
                    params, totals, pixels, upstream, write, grad_scores, gradient,
                )
            }
        }

        /// The loss and the gradient of one batch in one call, for the case that it is not tiled: the same
        /// bits as update, loss and gradient, in one pass (masks and weights are read once more first).
        /// The batch's totals are added to `totals`, which may be NULL.
        ///
        #[doc = concat!(" Errors, with all outputs unchanged: those of `", stringify!($update), "`, UNKNOWN_WRITE, NO_SCALAR.")]
        #[doc = concat!(" Notices: those of `", stringify!($loss), "`, about this batch.")]
        #[unsafe(no_mangle)]
        #[must_use]
        pub unsafe extern "C" fn $loss_and_gradient(
            params: *const $params,
            pixels: *const $crate::capi::pixels::hyla_pixels,
            upstream: f64,
            write: u32,
            totals: *mut $totals,
            loss: *mut f64,
            grad_scores: *mut f32,
        ) -> $crate::capi::status::hyla_status {
            let at_once = $core::loss_and_gradient_to;
            // SAFETY: the contract.
            unsafe {
                $crate::capi::pixel_loss::loss_and_gradient(
                    params, pixels, upstream, write, totals, loss, grad_scores, at_once,
                )
            }
        }
    };
}

pub(super) use pixel_loss;
