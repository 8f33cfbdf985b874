//! The functions of losses of the weights of a band selector.

use super::check::{self, Parameters, Span, Written, disjoint, floats, input};
use super::fault::{Argument, Fault};
use super::loss::write_mode;
use super::put_number;
use crate::error::{Error, Notices, Value};
use crate::simd::Output;

/// The checked inputs of a call, and what it reads.
pub(super) struct SelectorInputs<'a, P: Parameters> {
    pub params: P::Core,
    pub weights: &'a [f32],
    pub spans: [Span; 2],
}

impl<P: Parameters> SelectorInputs<'_, P> {
    #[inline(never)]
    pub unsafe fn new(params: Argument<*const P>, weights: Argument<*const f32>, n: usize) -> Result<Self, Fault> {
        // SAFETY: the contract.
        let ((checked, span), weights) = unsafe { (check::parameters(params)?, input(weights, n)?) };
        let spans = [span, Span::of_slice(Some(weights))];
        Ok(Self { params: checked.to_core()?, weights, spans })
    }

    /// The whole of every function that makes a number of weights.
    #[inline(always)]
    pub unsafe fn value(
        &self,
        to: Argument<*mut f64>,
        value: impl FnOnce(&P::Core, &[f32]) -> Result<Value, Error>,
    ) -> Result<Notices, Fault> {
        disjoint(&[Written::of(to, 1)], &[&self.spans])?;
        // SAFETY: the contract; the output overlaps nothing.
        let to = unsafe { check::result(to) }?;
        put_number(value(&self.params, self.weights)?, to)
    }

    /// The whole of every `..._loss_and_gradient`; a `..._gradient` drops the loss.
    #[inline(always)]
    pub unsafe fn gradient(
        &self,
        mode: u32,
        loss: Argument<*mut f64>,
        to: Argument<*mut f32>,
        at_once: impl FnOnce(&P::Core, &[f32], Output) -> Result<Value, Error>,
    ) -> Result<Notices, Fault> {
        let (mode, n) = (write_mode(mode)?, self.weights.len());
        disjoint(&[Written::of(loss, 1), Written::of(to, n)], &[&self.spans])?;
        // SAFETY: the contract; the outputs overlap nothing.
        let (loss, to) = unsafe { (check::result(loss)?, floats(mode, to, n)?) };
        put_number(at_once(&self.params, self.weights, to)?, loss)
    }
}

/// The functions of a loss. `core` is its module in `crate::loss`; documentation that is its own stands before what it
/// is about, and the phrases go into the rest.
macro_rules! selector_loss {
    (
        core $core:ident, params $params:ident;
        $(#[$loss_doc:meta])*
        $loss:ident;
        $gradient:ident, notices $notices:literal;
        $loss_and_gradient:ident
    ) => {
        $crate::capi::macros::exported! {
            $(#[$loss_doc])*
            fn $loss(params: *const $params, weights: *const f32, n: usize, loss: *mut f64) {
                $crate::capi::selector_loss::SelectorInputs::new(params, weights, n)?.value(loss, $core::loss)
            }

            /// Writes `upstream * d loss / d weights` to `grad_weights` (n floats), or adds it there (`write`), each
            /// rounded to float32 once.
            ///
            #[doc = concat!(" Errors: those of `", stringify!($loss), "`, UNKNOWN_WRITE.")]
            #[doc = concat!(" Notices: those of `", stringify!($loss), "`", $notices, ".")]
            fn $gradient(
                params: *const $params, weights: *const f32, n: usize, upstream: f64, write: u32,
                grad_weights: *mut f32,
            ) {
                let inputs = $crate::capi::selector_loss::SelectorInputs::new(params, weights, n)?;
                let mut unused = 0.0;
                let loss = $crate::capi::fault::Argument::new(&raw mut unused, grad_weights.subject);
                inputs.gradient(write, loss, grad_weights, |params, weights, to| {
                    $core::loss_and_gradient_to(params, weights, upstream, to)
                })
            }

            /// The loss and the gradient in one call: the same bits as the two functions.
            ///
            #[doc = concat!(" Errors and notices: those of `", stringify!($gradient), "`.")]
            fn $loss_and_gradient(
                params: *const $params, weights: *const f32, n: usize, upstream: f64, write: u32,
                loss: *mut f64, grad_weights: *mut f32,
            ) {
                let inputs = $crate::capi::selector_loss::SelectorInputs::new(params, weights, n)?;
                inputs.gradient(write, loss, grad_weights, |params, weights, to| {
                    $core::loss_and_gradient_to(params, weights, upstream, to)
                })
            }
        }
    };
}

pub(super) use selector_loss;
