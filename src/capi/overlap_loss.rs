//! Losses of an overlap of scores and targets, with a range beside the totals: the bodies of their functions, and the macro
//! that writes them.

use super::check::{self, Parameters, Span, floats, in_place};
use super::pixels::{Labelled, hyla_pixels};
use super::range::hyla_range;
use super::status::hyla_status;
use super::{Mirrors, call, core, core_mut, optional, optional_mut};
use crate::error::{Error, Notices, Value};
use crate::input::Pixels;
use crate::node::range::Range;
use crate::simd::{Output, Write};

/// The whole of every `..._update`.
#[inline(always)]
pub(super) unsafe fn update<P: Parameters, C: Mirrors>(
    params: *const P,
    pixels: *const hyla_pixels,
    totals: *mut C,
    range: *mut hyla_range,
    update: impl Fn(&mut C::Core, &P::Core, &Pixels, Option<&mut Range>) -> Result<(), Error>,
) -> hyla_status {
    call(move || {
        // SAFETY: the contract.
        let inputs = unsafe { Labelled::new(params, pixels) };
        let inputs = in_place(&inputs)?;
        inputs.apart(&[Span::of(totals, 1), Span::of(range, 1)], &[])?;
        // SAFETY: the contract; the outputs overlap nothing.
        let (totals, range) = unsafe { (core_mut(totals)?, optional_mut(range)?) };
        update(totals, &inputs.params, &inputs.pixels, range)?;
        Ok(Notices::NONE)
    })
}

/// The whole of every `..._loss`.
#[inline(always)]
pub(super) unsafe fn loss<P: Parameters, C: Mirrors>(
    params: *const P,
    totals: *const C,
    range: *const hyla_range,
    to: *mut f64,
    loss: impl Fn(&C::Core, &P::Core, Option<&Range>) -> Result<Value, Error>,
) -> hyla_status {
    call(move || {
        // SAFETY: the contract.
        let (checked, span) = unsafe { check::parameters(params) }?;
        let reads = [span, Span::of(totals, 1), Span::of(range, 1)];
        check::disjoint(&[Span::of(to, 1)], &[&reads])?;
        // SAFETY: the contract; the output overlaps nothing.
        let (totals, range, to) = unsafe { (core(totals)?, optional(range)?, check::result(to)?) };
        super::write(loss(totals, &checked.to_core()?, range)?, to)
    })
}

/// The whole of every `..._gradient`.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "those of the function of C, and the core's")]
pub(super) unsafe fn gradient<P: Parameters, C: Mirrors>(
    params: *const P,
    totals: *const C,
    range: *const hyla_range,
    pixels: *const hyla_pixels,
    upstream: f64,
    write: u32,
    grad_scores: *mut f32,
    gradient: impl Fn(
        &C::Core,
        &P::Core,
        Option<&Range>,
        &Pixels,
        f64,
        Output,
    ) -> Result<Notices, Error>,
) -> hyla_status {
    call(move || {
        // SAFETY: the contract.
        let inputs = unsafe { Labelled::new(params, pixels) };
        let inputs = in_place(&inputs)?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let reads = [Span::of(totals, 1), Span::of(range, 1)];
        inputs.apart(&[Span::of(grad_scores, inputs.n())], &reads)?;
        // SAFETY: the contract; the output overlaps nothing.
        let (totals, range) = unsafe { (core(totals)?, optional(range)?) };
        // SAFETY: as above.
        let to = unsafe { floats(write, grad_scores, inputs.n()) }?;
        gradient(totals, &inputs.params, range, &inputs.pixels, upstream, to)
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
    range: *mut hyla_range,
    loss: *mut f64,
    grad_scores: *mut f32,
    at_once: impl Fn(
        &P::Core,
        &Pixels,
        f64,
        Option<&mut C::Core>,
        Option<&mut Range>,
        Output,
    ) -> Result<Value, Error>,
) -> hyla_status {
    call(move || {
        // SAFETY: the contract.
        let inputs = unsafe { Labelled::new(params, pixels) };
        let inputs = in_place(&inputs)?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let n = inputs.n();
        let writes =
            [Span::of(totals, 1), Span::of(range, 1), Span::of(loss, 1), Span::of(grad_scores, n)];
        inputs.apart(&writes, &[])?;
        // SAFETY: the contract; the outputs overlap nothing.
        let (totals, range) = unsafe { (optional_mut(totals)?, optional_mut(range)?) };
        // SAFETY: as above.
        let (loss, to) = unsafe { (check::result(loss)?, floats(write, grad_scores, n)?) };
        let Labelled { params, pixels, .. } = inputs;
        super::write(at_once(params, pixels, upstream, totals, range, to)?, loss)
    })
}

/// The functions of a loss. `core` is its module in `crate::loss`; the errors go into the documentation.
macro_rules! overlap_loss {
    (
        core $core:ident, params $params:ident, totals $totals:ident,
        errors $errors:literal;
        $update:ident, $loss:ident, $gradient:ident, $loss_and_gradient:ident
    ) => {
        /// Adds pixels to totals; with minmax their scores to `range`, too, which then must be given, begins as
        /// all zero bits and belongs to these totals alone. (Otherwise `range` is not touched and may be NULL.)
        ///
        /// Inputs: `scores`, and either `targets` or `soft_targets` (the other is NULL); optional `valid` and
        /// `weights`. Time is linear in n. Nothing is allocated or kept. Any number of threads may call it,
        /// each with totals of its own.
        ///
        /// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE,
        /// UNKNOWN_FIELD, RESERVED, UNSUPPORTED_INPUT (two kinds of targets), UNKNOWN_NORMALIZATION,
        #[doc = concat!(" UNKNOWN_OPTION, WEIGHT, ", $errors, ", RANGE_MISSING.")]
        #[doc = concat!(" Notices: none; `", stringify!($loss), "` tells them.")]
        #[unsafe(no_mangle)]
        #[must_use]
        pub unsafe extern "C" fn $update(
            params: *const $params,
            pixels: *const $crate::capi::pixels::hyla_pixels,
            totals: *mut $totals,
            range: *mut $crate::capi::range::hyla_range,
        ) -> $crate::capi::status::hyla_status {
            let update = $core::Totals::update;
            // SAFETY: the contract.
            unsafe { $crate::capi::overlap_loss::update(params, pixels, totals, range, update) }
        }

        /// The loss, in double from exact sums. With minmax `range` is that of the totals, merged as they were
        /// (`hyla_range_merge`); otherwise it may be NULL.
        ///
        /// Errors, with `loss` unchanged: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, those about
        /// parameters, TOTALS, MIXED_TOTALS (terms of another normalisation), RANGE_MISSING (none, or that of other
        /// pixels). Notices: EMPTY (no pixel: 0; or a skipped one), NO_POSITIVES, NOT_FINITE, DEGENERATE (a
        /// convention, see the parameters), REJECTED.
        #[unsafe(no_mangle)]
        #[must_use]
        pub unsafe extern "C" fn $loss(
            params: *const $params,
            totals: *const $totals,
            range: *const $crate::capi::range::hyla_range,
            loss: *mut f64,
        ) -> $crate::capi::status::hyla_status {
            // SAFETY: the contract.
            unsafe { $crate::capi::overlap_loss::loss(params, totals, range, loss, $core::Totals::loss) }
        }

        /// Writes `upstream * d loss / d scores` to `grad_scores` (n floats), or adds it there (`write`:
        /// HYLA_STORE or HYLA_ADD). `totals` are those of the whole batch, merged over all tiles and
        /// ranks; `pixels` may be any part of the batch. Where a pixel does not count: 0, or unchanged.
        #[doc = concat!(" `range` as for `", stringify!($loss), "`. With HYLA_STORE the output may be uninitialised.")]
        ///
        #[doc = concat!(" Errors, with `grad_scores` unchanged: those of `", stringify!($update), "`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS.")]
        #[doc = concat!(" Notices: those of `", stringify!($loss), "`.")]
        #[unsafe(no_mangle)]
        #[must_use]
        pub unsafe extern "C" fn $gradient(
            params: *const $params,
            totals: *const $totals,
            range: *const $crate::capi::range::hyla_range,
            pixels: *const $crate::capi::pixels::hyla_pixels,
            upstream: f64,
            write: u32,
            grad_scores: *mut f32,
        ) -> $crate::capi::status::hyla_status {
            let gradient = $core::Totals::gradient_to;
            // SAFETY: the contract.
            unsafe {
                $crate::capi::overlap_loss::gradient(
                    params, totals, range, pixels, upstream, write, grad_scores, gradient,
                )
            }
        }

        /// The loss and the gradient of one batch in one call, for the case that it is not tiled: the same
        /// bits as update, loss and gradient, in two passes. The batch's totals are added to `totals` and, with
        /// minmax, its range to `range`; either may be NULL.
        ///
        #[doc = concat!(" Errors, with all outputs unchanged: those of `", stringify!($update), "` (but no range is needed), UNKNOWN_WRITE.")]
        #[doc = concat!(" Notices: those of `", stringify!($loss), "`, about this batch.")]
        #[unsafe(no_mangle)]
        #[must_use]
        pub unsafe extern "C" fn $loss_and_gradient(
            params: *const $params,
            pixels: *const $crate::capi::pixels::hyla_pixels,
            upstream: f64,
            write: u32,
            totals: *mut $totals,
            range: *mut $crate::capi::range::hyla_range,
            loss: *mut f64,
            grad_scores: *mut f32,
        ) -> $crate::capi::status::hyla_status {
            let at_once = $core::loss_and_gradient_to;
            // SAFETY: the contract.
            unsafe {
                $crate::capi::overlap_loss::loss_and_gradient(
                    params, pixels, upstream, write, totals, range, loss, grad_scores, at_once,
                )
            }
        }
    };
}

pub(super) use overlap_loss;
