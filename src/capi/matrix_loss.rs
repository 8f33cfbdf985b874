//! The functions of losses of a matrix, with a workspace.

use super::check::{self, Parameters, Span, Written, disjoint, floats, output};
use super::fault::{About as _, Argument, Fault, subject};
use super::loss::write_mode;
use super::matrix::{self, hyla_matrix};
use super::put_number;
use crate::error::{Error, Notices, Value};
use crate::input::Matrix;
use crate::simd::{Output, Places};

/// The checked inputs of a call, and what it reads.
pub(super) struct MatrixInputs<'a, P: Parameters> {
    params: P::Core,
    matrix: Matrix<'a>,
    spans: [Span; 3],
}

impl<P: Parameters> MatrixInputs<'_, P> {
    #[inline(never)]
    pub unsafe fn new(params: Argument<*const P>, matrix: Argument<*const hyla_matrix>) -> Result<Self, Fault> {
        // SAFETY: the contract, of the rows, too.
        let ((checked, span), used) = unsafe { (check::parameters(params)?, matrix::read(matrix)?) };
        let [a, b] = matrix::spans(matrix, &used);
        Ok(Self { params: checked.to_core()?, matrix: used, spans: [span, a, b] })
    }

    /// The whole of every `..._loss`. `start` and `size` are the workspace.
    #[inline(always)]
    pub unsafe fn loss(
        &self,
        (start, size): (Argument<*mut f64>, usize),
        to: Argument<*mut f64>,
        loss: impl FnOnce(&P::Core, &Matrix, Places<f64>) -> Result<Value, Error>,
    ) -> Result<Notices, Fault> {
        disjoint(&[Written::of(start, size), Written::of(to, 1)], &[&self.spans])?;
        // SAFETY: the contract; the outputs overlap nothing.
        let (workspace, to) = unsafe { (output(start, size)?, check::result(to)?) };
        put_number(loss(&self.params, &self.matrix, workspace).naming(&[Error::Channels], subject!(rows))?, to)
    }

    /// The whole of every `..._loss_and_gradient`; a `..._gradient` drops the loss.
    #[inline(always)]
    pub unsafe fn gradient(
        &self,
        mode: u32,
        (start, size): (Argument<*mut f64>, usize),
        loss: Argument<*mut f64>,
        to: Argument<*mut f32>,
        at_once: impl FnOnce(&P::Core, &Matrix, Places<f64>, Output) -> Result<Value, Error>,
    ) -> Result<Notices, Fault> {
        let mode = write_mode(mode)?;
        let span = self.matrix.values.len();
        let writes = [Written::of(start, size), Written::of(loss, 1), Written::of(to, span)];
        disjoint(&writes, &[&self.spans])?;
        // SAFETY: the contract; the outputs overlap nothing.
        let (workspace, to, loss) = unsafe { (output(start, size)?, floats(mode, to, span)?, check::result(loss)?) };
        let value = at_once(&self.params, &self.matrix, workspace, to).naming(&[Error::Channels], subject!(rows));
        put_number(value?, loss)
    }
}

/// The functions of a loss. `core` is its module in `crate::loss`, `of` the names of the arguments; documentation that
/// is its own stands before what it is about, and the phrases go into the rest.
macro_rules! matrix_loss {
    (
        core $core:ident, params $params:ident,
        of $matrix:ident to $grad:ident,
        none $none:literal,
        errors $errors:literal,
        notices $notices:literal;
        $(#[$gradient_doc:meta])*
        $gradient:ident;
        $workspace:ident, $loss:ident, $loss_and_gradient:ident
    ) => {
        /// How many doubles of workspace a matrix needs: the same on every tier.
        #[unsafe(no_mangle)]
        pub extern "C" fn $workspace(rows: usize, columns: usize) -> usize {
            $core::workspace(rows, columns)
        }

        $crate::capi::macros::exported! {
            #[doc = concat!(" The loss. 0 of ", $none, ". `workspace` holds `workspace_size` doubles, at least")]
            #[doc = concat!(" `", stringify!($workspace), "(rows, columns)`.")]
            ///
            /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED, STRIDES
            /// (rows overlap), CHANNELS (more than 1024 rows), WORKSPACE (too small),
            #[doc = concat!(" ", $errors, ". Notices: EMPTY (", $none, ": 0), ", $notices, ".")]
            fn $loss(
                params: *const $params, $matrix: *const $crate::capi::matrix::hyla_matrix,
                workspace: *mut f64, workspace_size: usize, loss: *mut f64,
            ) {
                let inputs = $crate::capi::matrix_loss::MatrixInputs::new(params, $matrix)?;
                inputs.loss((workspace, workspace_size), loss, $core::loss_to)
            }

            #[doc = concat!(" Writes `upstream * d loss / d ", stringify!($matrix), "` to `", stringify!($grad),
                "`, in the layout of the matrix,")]
            /// or adds it there (`write`), each rounded to float32 once.
            $(#[$gradient_doc])*
            ///
            #[doc = concat!(" Errors: those of `", stringify!($loss), "`, UNKNOWN_WRITE.")]
            #[doc = concat!(" Notices: those of `", stringify!($loss), "`.")]
            fn $gradient(
                params: *const $params, $matrix: *const $crate::capi::matrix::hyla_matrix,
                upstream: f64, write: u32, workspace: *mut f64, workspace_size: usize,
                $grad: *mut f32,
            ) {
                let inputs = $crate::capi::matrix_loss::MatrixInputs::new(params, $matrix)?;
                let (workspace, mut unused) = ((workspace, workspace_size), 0.0);
                let loss = $crate::capi::fault::Argument::new(&raw mut unused, $grad.subject);
                inputs.gradient(write, workspace, loss, $grad, |params, matrix, workspace, to| {
                    $core::loss_and_gradient_to(params, matrix, upstream, workspace, to)
                })
            }

            /// The loss and the gradient in one call: the same bits as the two functions.
            ///
            #[doc = concat!(" Errors and notices: those of `", stringify!($gradient), "`.")]
            fn $loss_and_gradient(
                params: *const $params, $matrix: *const $crate::capi::matrix::hyla_matrix,
                upstream: f64, write: u32, workspace: *mut f64, workspace_size: usize,
                loss: *mut f64, $grad: *mut f32,
            ) {
                let inputs = $crate::capi::matrix_loss::MatrixInputs::new(params, $matrix)?;
                let workspace = (workspace, workspace_size);
                inputs.gradient(write, workspace, loss, $grad, |params, matrix, workspace, to| {
                    $core::loss_and_gradient_to(params, matrix, upstream, workspace, to)
                })
            }
        }
    };
}

pub(super) use matrix_loss;
