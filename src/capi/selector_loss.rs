//! Losses of the weights of a band selector: the bodies of their functions, and the macro that writes them.

use super::call;
use super::check::{self, Parameters, Span, disjoint, floats, input};
use super::status::hyla_status;
use crate::error::{Error, Value};
use crate::simd::{Output, Write};

/// The checked inputs of a call, and what it reads.
pub(super) struct Inputs<'a, P: Parameters> {
    pub params: P::Core,
    pub weights: &'a [f32],
    pub spans: [Span; 2],
}

impl<P: Parameters> Inputs<'_, P> {
    #[inline(never)]
    pub unsafe fn new(params: *const P, weights: *const f32, n: usize) -> Result<Self, Error> {
        // SAFETY: the contract.
        let ((checked, span), weights) =
            unsafe { (check::parameters(params)?, input(weights, n)?) };
        let spans = [span, Span::of_slice(Some(weights))];
        Ok(Self { params: checked.to_core()?, weights, spans })
    }
}

/// The whole of every function that makes a number of weights.
#[inline(always)]
pub(super) unsafe fn value<P: Parameters>(
    params: *const P,
    weights: *const f32,
    n: usize,
    to: *mut f64,
    value: impl Fn(&P::Core, &[f32]) -> Result<Value, Error>,
) -> hyla_status {
    call(move || {
        // SAFETY: the contract.
        let inputs = unsafe { Inputs::new(params, weights, n) }?;
        disjoint(&[Span::of(to, 1)], &[&inputs.spans])?;
        // SAFETY: the contract; the output overlaps nothing.
        let to = unsafe { check::result(to) }?;
        super::write(value(&inputs.params, inputs.weights)?, to)
    })
}

/// The whole of every `..._gradient`.
#[inline(always)]
pub(super) unsafe fn gradient<P: Parameters>(
    params: *const P,
    weights: *const f32,
    n: usize,
    upstream: f64,
    write: u32,
    to: *mut f32,
    at_once: impl Fn(&P::Core, &[f32], f64, Output) -> Result<Value, Error>,
) -> hyla_status {
    call(move || {
        // SAFETY: the contract.
        let inputs = unsafe { Inputs::new(params, weights, n) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        disjoint(&[Span::of(to, n)], &[&inputs.spans])?;
        // SAFETY: the contract; the output overlaps nothing.
        let to = unsafe { floats(write, to, n) }?;
        Ok(at_once(&inputs.params, inputs.weights, upstream, to)?.notices)
    })
}

/// The whole of every `..._loss_and_gradient`.
#[inline(always)]
#[allow(clippy::too_many_arguments, reason = "those of the function of C, and the core's")]
pub(super) unsafe fn loss_and_gradient<P: Parameters>(
    params: *const P,
    weights: *const f32,
    n: usize,
    upstream: f64,
    write: u32,
    loss: *mut f64,
    to: *mut f32,
    at_once: impl Fn(&P::Core, &[f32], f64, Output) -> Result<Value, Error>,
) -> hyla_status {
    call(move || {
        // SAFETY: the contract.
        let Inputs { params, weights, spans } = unsafe { Inputs::new(params, weights, n) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        disjoint(&[Span::of(loss, 1), Span::of(to, n)], &[&spans])?;
        // SAFETY: the contract; the outputs overlap nothing.
        let (loss, to) = unsafe { (check::result(loss)?, floats(write, to, n)?) };
        super::write(at_once(&params, weights, upstream, to)?, loss)
    })
}

/// The functions of a loss. `core` is its module in `crate::loss`; documentation that is its own stands before what it is
/// about, and the phrases go into the rest.
macro_rules! selector_loss {
    (
        core $core:ident, params $params:ident;
        $(#[$loss_doc:meta])*
        $loss:ident;
        $gradient:ident, notices $notices:literal;
        $loss_and_gradient:ident
    ) => {
        $(#[$loss_doc])*
        #[unsafe(no_mangle)]
        #[must_use]
        pub unsafe extern "C" fn $loss(
            params: *const $params,
            weights: *const f32,
            n: usize,
            loss: *mut f64,
        ) -> $crate::capi::status::hyla_status {
            // SAFETY: the contract.
            unsafe { $crate::capi::selector_loss::value(params, weights, n, loss, $core::loss) }
        }

        /// Writes `upstream * d loss / d weights` to `grad_weights` (n floats), or adds it there (`write`:
        /// HYLA_STORE or HYLA_ADD), each rounded to float32 once. With HYLA_STORE the output may be
        /// uninitialised.
        ///
        #[doc = concat!(" Errors, with `grad_weights` unchanged: those of `", stringify!($loss), "`, UNKNOWN_WRITE.")]
        #[doc = concat!(" Notices: those of `", stringify!($loss), "`", $notices, ".")]
        #[unsafe(no_mangle)]
        #[must_use]
        pub unsafe extern "C" fn $gradient(
            params: *const $params,
            weights: *const f32,
            n: usize,
            upstream: f64,
            write: u32,
            grad_weights: *mut f32,
        ) -> $crate::capi::status::hyla_status {
            let at_once = $core::loss_and_gradient_to;
            // SAFETY: the contract.
            unsafe {
                $crate::capi::selector_loss::gradient(
                    params, weights, n, upstream, write, grad_weights, at_once,
                )
            }
        }

        /// The loss and the gradient in one call: the same bits as the two functions.
        ///
        #[doc = concat!(" Errors, with all outputs unchanged, and notices: those of `", stringify!($gradient), "`.")]
        #[unsafe(no_mangle)]
        #[must_use]
        pub unsafe extern "C" fn $loss_and_gradient(
            params: *const $params,
            weights: *const f32,
            n: usize,
            upstream: f64,
            write: u32,
            loss: *mut f64,
            grad_weights: *mut f32,
        ) -> $crate::capi::status::hyla_status {
            let at_once = $core::loss_and_gradient_to;
            // SAFETY: the contract.
            unsafe {
                $crate::capi::selector_loss::loss_and_gradient(
                    params, weights, n, upstream, write, loss, grad_weights, at_once,
                )
            }
        }
    };
}

pub(super) use selector_loss;
