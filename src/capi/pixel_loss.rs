//! The functions of losses of pixels with labels whose terms are summed.

/// The totals and the functions of a loss. `core` is its module in `crate::loss`; the phrases go into the
/// documentation.
macro_rules! pixel_loss {
    (
        core $core:ident, params $params:ident, totals $totals:ident,
        size $size:ident, merge $merge:ident, normalize $normalize:ident,
        inputs $inputs:literal,
        unsupported $unsupported:literal,
        errors $errors:literal,
        mixed $mixed:literal;
        $update:ident, $loss:ident, $map:ident, $gradient:ident, $loss_and_gradient:ident
    ) => {
        $crate::capi::macros::loss_totals! {
            over "pixels", size $size, merge $merge, normalize $normalize, loss $loss;
            pub struct $totals: $core::Totals {
                /// The sum of the terms.
                pub loss: $crate::capi::sum::hyla_exact_sum = sums.loss,
                /// The sum of the pixel weights of the pixels that count.
                pub weights: $crate::capi::sum::hyla_exact_sum = sums.weights,
                /// How many pixels count.
                pub pixels: i64 = sums.term_count,
                /// How many valid pixels had a bad weight and acted as masked.
                pub rejected: i64 = sums.rejected,
                /// Shows whether terms of different parameters were mixed.
                pub fingerprint: i64 = sums.fingerprint,
            }
        }

        $crate::capi::macros::exported! {
            /// Adds pixels to totals.
            ///
            #[doc = concat!(" Inputs: ", $inputs, ".")]
            ///
            /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED,
            #[doc = concat!(" UNSUPPORTED_INPUT (", $unsupported, "), ", $errors, ".")]
            #[doc = concat!(" Notices: none; `", stringify!($loss), "` tells them.")]
            fn $update(
                params: *const $params, pixels: *const $crate::capi::pixels::hyla_pixels,
                totals: *mut $totals,
            ) {
                let mut room = $crate::capi::pixels::PlanesRoom::new();
                let inputs = $crate::capi::pixels::Labelled::new(params, pixels, &mut room);
                let inputs = $crate::capi::check::in_place(&inputs)?;
                $crate::capi::loss::update(inputs, totals, |totals| {
                    totals.update(&inputs.params, inputs.pixels())
                })
            }

            /// The loss, rounded once from exact sums. The mean of no pixel is NaN, the sum 0.
            ///
            /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD,
            #[doc = concat!(" ", $errors, ", NO_SCALAR (reduction none), TOTALS, MIXED_TOTALS (terms of ", $mixed,
                ").")]
            /// Notices: EMPTY, NOT_FINITE, REJECTED, DEGENERATE (a weighted mean whose weights are all 0: NaN).
            fn $loss(params: *const $params, totals: *const $totals, loss: *mut f64) {
                $crate::capi::loss::loss(params, totals, loss, $core::Totals::loss)
            }

            /// Writes each pixel's term l_i to `loss_map` (n floats), 0 where the pixel does not count: the loss of
            /// reduction none. `params->reduction` does not matter.
            ///
            #[doc = concat!(" Errors: those of `", stringify!($update), "`. Notices: EMPTY (n is 0).")]
            fn $map(
                params: *const $params, pixels: *const $crate::capi::pixels::hyla_pixels,
                loss_map: *mut f32,
            ) {
                let mut room = $crate::capi::pixels::PlanesRoom::new();
                let inputs = $crate::capi::pixels::Labelled::new(params, pixels, &mut room);
                let inputs = $crate::capi::check::in_place(&inputs)?;
                let to = $crate::capi::loss::Floats(loss_map, inputs.output);
                $crate::capi::loss::map(inputs, to, |to| $core::map_to(&inputs.params, inputs.pixels(), to))
            }

            /// Writes `upstream * d loss / d scores` to `grad_scores` (n floats), or adds it there (`write`). A NaN
            /// logit has a NaN gradient; the gradient of the mean of nothing is 0.
            ///
            #[doc = concat!(" Errors: those of `", stringify!($update), "`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS.")]
            #[doc = concat!(" Notices: those of `", stringify!($loss), "`.")]
            fn $gradient(
                params: *const $params, totals: *const $totals,
                pixels: *const $crate::capi::pixels::hyla_pixels, upstream: f64, write: u32,
                grad_scores: *mut f32,
            ) {
                let mut room = $crate::capi::pixels::PlanesRoom::new();
                let inputs = $crate::capi::pixels::Labelled::new(params, pixels, &mut room);
                let inputs = $crate::capi::check::in_place(&inputs)?;
                let to = $crate::capi::loss::Floats(grad_scores, inputs.output);
                $crate::capi::loss::gradient(inputs, totals, write, to, |totals, to| {
                    totals.gradient_to(&inputs.params, inputs.pixels(), upstream, to)
                })
            }

            /// The loss and the gradient of one batch in one call, for the case that it is not tiled: the same
            /// bits as update, loss and gradient, in one pass (masks and weights are read once more first).
            /// The batch's totals are added to `totals`, which may be NULL.
            ///
            #[doc = concat!(" Errors: those of `", stringify!($update), "`, UNKNOWN_WRITE, NO_SCALAR.")]
            #[doc = concat!(" Notices: those of `", stringify!($loss), "`, about this batch.")]
            fn $loss_and_gradient(
                params: *const $params, pixels: *const $crate::capi::pixels::hyla_pixels,
                upstream: f64, write: u32, totals: *mut $totals, loss: *mut f64,
                grad_scores: *mut f32,
            ) {
                let mut room = $crate::capi::pixels::PlanesRoom::new();
                let inputs = $crate::capi::pixels::Labelled::new(params, pixels, &mut room);
                let inputs = $crate::capi::check::in_place(&inputs)?;
                let to = $crate::capi::loss::Floats(grad_scores, inputs.output);
                $crate::capi::loss::loss_and_gradient(inputs, totals, loss, write, to, |totals, to| {
                    $core::loss_and_gradient_to(&inputs.params, inputs.pixels(), upstream, totals, to)
                })
            }
        }
    };
}

pub(super) use pixel_loss;
