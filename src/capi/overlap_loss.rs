//! The functions of losses of an overlap of scores and targets, with a range beside the totals.

use super::check::option;
use super::fault::{Fault, subject};
use crate::error::Error;
use crate::node::overlap::{Boundary, EmptyTarget, Normalization};
use crate::node::range::Range;

/// The normalisation of a number.
pub(super) fn normalization(number: u32) -> Result<Normalization, Fault> {
    Ok(Normalization::from_number(number).ok_or(Error::UnknownNormalization)?)
}

/// What a boundary of a number does.
pub(super) fn boundary(number: u32) -> Result<Boundary, Fault> {
    option(Boundary::from_number(number), subject!(boundary))
}

/// What the loss is without a target, of a number.
pub(super) fn empty_target(number: u32) -> Result<EmptyTarget, Fault> {
    option(EmptyTarget::from_number(number), subject!(empty_target))
}

/// An error of words is about those of the range, if these contradict each other.
#[inline(never)]
pub(super) fn of_range(error: Error, range: Option<&Range>) -> Fault {
    let is_bad = range.is_some_and(|range| range.extremes().is_err());
    if is_bad && error == Error::Totals { Fault::new(error, subject!(range)) } else { error.into() }
}

/// The totals and the functions of a loss. `core` is its module in `crate::loss`; the errors go into the documentation.
macro_rules! overlap_loss {
    (
        core $core:ident, params $params:ident, totals $totals:ident,
        size $size:ident, merge $merge:ident, normalize $normalize:ident,
        errors $errors:literal;
        $update:ident, $loss:ident, $gradient:ident, $loss_and_gradient:ident
    ) => {
        $crate::capi::macros::loss_totals! {
            over "pixels", size $size, merge $merge, normalize $normalize, loss $loss;
            pub struct $totals: $core::Totals {
                /// `sum v p y`; with minmax `sum v x y`.
                pub intersection: $crate::capi::sum::hyla_exact_sum = sums.intersection,
                /// `sum v p`; with minmax `sum v x`.
                pub predicted: $crate::capi::sum::hyla_exact_sum = sums.predicted,
                /// `sum v y`.
                pub target: $crate::capi::sum::hyla_exact_sum = sums.target,
                /// `sum v`.
                pub weights: $crate::capi::sum::hyla_exact_sum = sums.weights,
                /// How many pixels count.
                pub pixels: i64 = sums.pixels,
                /// How many valid pixels had a bad weight or soft target and acted as masked.
                pub rejected: i64 = sums.rejected,
                /// Shows whether terms of different normalisations were mixed.
                pub fingerprint: i64 = sums.fingerprint,
            }
        }

        $crate::capi::macros::exported! {
            /// Adds pixels to totals; with minmax their scores to `range`, too, which then must be given, begins as
            /// all zero bits and belongs to these totals alone. (Otherwise `range` is not touched and may be NULL.)
            ///
            /// Inputs: `scores`, and either `targets` or `soft_targets` (the other is NULL); optional `valid` and
            /// `weights`.
            ///
            /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED,
            /// UNSUPPORTED_INPUT (two kinds of targets), UNKNOWN_NORMALIZATION, UNKNOWN_OPTION, WEIGHT,
            #[doc = concat!(" ", $errors, ", RANGE_MISSING. Notices: none; `", stringify!($loss), "` tells them.")]
            fn $update(
                params: *const $params, pixels: *const $crate::capi::pixels::hyla_pixels,
                totals: *mut $totals, range: *mut $crate::capi::range::hyla_range,
            ) {
                use $crate::capi::{check::Written, loss::Inputs};
                let mut room = $crate::capi::pixels::PlanesRoom::new();
                let inputs = $crate::capi::pixels::Labelled::new(params, pixels, &mut room);
                let inputs = $crate::capi::check::in_place(&inputs)?;
                inputs.disjoint(&[Written::of(totals, 1), Written::of(range, 1)], &[])?;
                let totals = $crate::capi::view_mut(totals)?;
                let range = $crate::capi::optional_view_mut(range)?;
                totals.update(&inputs.params, inputs.pixels(), range)?;
                Ok($crate::error::Notices::NONE)
            }

            /// The loss, in double from exact sums. With minmax `range` is that of the totals, merged as they were
            /// (`hyla_range_merge`); otherwise it may be NULL.
            ///
            /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, those about parameters, TOTALS,
            /// MIXED_TOTALS (terms of another normalisation), RANGE_MISSING (none, or that of other pixels). Notices:
            /// EMPTY (no pixel: 0; or a skipped one), NO_POSITIVES, NOT_FINITE, DEGENERATE (a convention, see the
            /// parameters), REJECTED.
            fn $loss(
                params: *const $params, totals: *const $totals,
                range: *const $crate::capi::range::hyla_range, loss: *mut f64,
            ) {
                use $crate::capi::check::{Parameters, Span, Written, disjoint, parameters, result};
                use $crate::capi::overlap_loss::of_range;
                let (checked, span) = parameters(params)?;
                let reads = [span, Span::of(totals, 1), Span::of(range, 1)];
                disjoint(&[Written::of(loss, 1)], &[&reads])?;
                let totals = $crate::capi::view(totals)?;
                let (range, loss) = ($crate::capi::optional_view(range)?, result(loss)?);
                let value = totals.loss(&checked.to_core()?, range);
                $crate::capi::put_number(value.map_err(|error| of_range(error, range))?, loss)
            }

            /// Writes `upstream * d loss / d scores` to `grad_scores` (n floats), or adds it there (`write`).
            #[doc = concat!(" `range` as for `", stringify!($loss), "`.")]
            ///
            #[doc = concat!(" Errors: those of `", stringify!($update), "`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS.")]
            #[doc = concat!(" Notices: those of `", stringify!($loss), "`.")]
            fn $gradient(
                params: *const $params, totals: *const $totals,
                range: *const $crate::capi::range::hyla_range,
                pixels: *const $crate::capi::pixels::hyla_pixels, upstream: f64, write: u32,
                grad_scores: *mut f32,
            ) {
                use $crate::capi::check::{Span, Written, floats, in_place};
                use $crate::capi::loss::Inputs;
                let mut room = $crate::capi::pixels::PlanesRoom::new();
                let inputs = $crate::capi::pixels::Labelled::new(params, pixels, &mut room);
                let inputs = in_place(&inputs)?;
                let write = $crate::capi::loss::write_mode(write)?;
                let reads = [Span::of(totals, 1), Span::of(range, 1)];
                inputs.disjoint(&[Written::of(grad_scores, inputs.output)], &reads)?;
                let totals = $crate::capi::view(totals)?;
                let range = $crate::capi::optional_view(range)?;
                let to = floats(write, grad_scores, inputs.output)?;
                let written = totals.gradient_to(&inputs.params, range, inputs.pixels(), upstream, to);
                written.map_err(|error| $crate::capi::overlap_loss::of_range(error, range))
            }

            /// The loss and the gradient of one batch in one call, for the case that it is not tiled: the same
            /// bits as update, loss and gradient, in two passes. The batch's totals are added to `totals` and, with
            /// minmax, its range to `range`; either may be NULL.
            ///
            #[doc = concat!(" Errors: those of `", stringify!($update), "` (but no range is needed), UNKNOWN_WRITE.")]
            #[doc = concat!(" Notices: those of `", stringify!($loss), "`, about this batch.")]
            fn $loss_and_gradient(
                params: *const $params, pixels: *const $crate::capi::pixels::hyla_pixels,
                upstream: f64, write: u32, totals: *mut $totals,
                range: *mut $crate::capi::range::hyla_range, loss: *mut f64, grad_scores: *mut f32,
            ) {
                use $crate::capi::check::{Written, floats, in_place, result};
                use $crate::capi::{loss::Inputs, optional_view_mut};
                let mut room = $crate::capi::pixels::PlanesRoom::new();
                let inputs = $crate::capi::pixels::Labelled::new(params, pixels, &mut room);
                let inputs = in_place(&inputs)?;
                let write = $crate::capi::loss::write_mode(write)?;
                let grad = Written::of(grad_scores, inputs.output);
                let writes = [Written::of(totals, 1), Written::of(range, 1), Written::of(loss, 1), grad];
                inputs.disjoint(&writes, &[])?;
                let (totals, range) = (optional_view_mut(totals)?, optional_view_mut(range)?);
                let (loss, to) = (result(loss)?, floats(write, grad_scores, inputs.output)?);
                let (params, pixels) = (&inputs.params, inputs.pixels());
                let value = $core::loss_and_gradient_to(params, pixels, upstream, totals, range, to)?;
                $crate::capi::put_number(value, loss)
            }
        }
    };
}

pub(super) use overlap_loss;
