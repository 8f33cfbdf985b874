//! Losses of a matrix, with a workspace: the bodies of their functions, and the macro that writes them.

use super::call;
use super::check::{self, Parameters, Span, disjoint, floats, output};
use super::matrix::{self, hyla_matrix};
use super::status::hyla_status;
use crate::error::{Error, Value};
use crate::input::Matrix;
use crate::simd::{Output, Places, Write};

/// The checked inputs of a call, and what it reads.
struct Inputs<'a, P: Parameters> {
    params: P::Core,
    matrix: Matrix<'a>,
    spans: [Span; 3],
}

impl<P: Parameters> Inputs<'_, P> {
    #[inline(never)]
    unsafe fn new(params: *const P, matrix: *const hyla_matrix) -> Result<Self, Error> {
        // SAFETY: the contract, of the rows, too.
        let ((checked, span), used) =
            unsafe { (check::parameters(params)?, matrix::read(matrix)?) };
        let [a, b] = matrix::spans(matrix, &used);
        Ok(Self { params: checked.to_core()?, matrix: used, spans: [span, a, b] })
    }
}

/// The caller's workspace.
pub(super) struct Workspace {
    pub start: *mut f64,
    pub size: usize,
}

/// What a gradient is multiplied by, and where it goes.
pub(super) struct Gradient {
    pub upstream: f64,
    pub write: u32,
    pub to: *mut f32,
}

/// The whole of every `..._loss`.
#[inline(always)]
pub(super) unsafe fn loss<P: Parameters>(
    params: *const P,
    matrix: *const hyla_matrix,
    workspace: Workspace,
    to: *mut f64,
    loss: impl Fn(&P::Core, &Matrix, Places<f64>) -> Result<Value, Error>,
) -> hyla_status {
    let Workspace { start, size } = workspace;
    call(move || {
        // SAFETY: the contract.
        let inputs = unsafe { Inputs::new(params, matrix) }?;
        disjoint(&[Span::of(start, size), Span::of(to, 1)], &[&inputs.spans])?;
        // SAFETY: the contract; the outputs overlap nothing.
        let (workspace, to) = unsafe { (output(start, size)?, check::result(to)?) };
        super::write(loss(&inputs.params, &inputs.matrix, workspace)?, to)
    })
}

/// The whole of every `..._gradient` and `..._loss_and_gradient`: with or without the loss.
#[inline(always)]
pub(super) unsafe fn gradient<P: Parameters>(
    params: *const P,
    matrix: *const hyla_matrix,
    gradient: Gradient,
    workspace: Workspace,
    loss: Option<*mut f64>,
    at_once: impl Fn(&P::Core, &Matrix, f64, Places<f64>, Output) -> Result<Value, Error>,
) -> hyla_status {
    let (Gradient { upstream, write, to }, Workspace { start, size }) = (gradient, workspace);
    call(move || {
        // SAFETY: the contract.
        let Inputs { params, matrix, spans } = unsafe { Inputs::new(params, matrix) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let span = matrix.values.len();
        let loss_span = loss.map_or(Span::of(start, 0), |loss| Span::of(loss, 1));
        disjoint(&[Span::of(start, size), loss_span, Span::of(to, span)], &[&spans])?;
        // SAFETY: the contract; the outputs overlap nothing.
        let (workspace, to) = unsafe { (output(start, size)?, floats(write, to, span)?) };
        // SAFETY: as above.
        let loss = loss.map(|loss| unsafe { check::result(loss) }).transpose()?;
        let value = at_once(&params, &matrix, upstream, workspace, to)?;
        if let Some(loss) = loss {
            loss.write(value.value);
        }
        Ok(value.notices)
    })
}

/// The functions of a loss. `core` is its module in `crate::loss`, `of` the names of the arguments; documentation that is
/// its own stands before what it is about, and the phrases go into the rest.
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

        #[doc = concat!(" The loss. 0 of ", $none, ". `workspace` holds `workspace_size` doubles, at least")]
        #[doc = concat!(" `", stringify!($workspace), "(rows, columns)`; its contents before and after mean nothing.")]
        ///
        /// Errors, with `loss` and `workspace` unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE,
        /// UNKNOWN_FIELD, RESERVED, STRIDES (rows overlap), CHANNELS (more than 1024 rows), WORKSPACE (too small),
        #[doc = concat!(" ", $errors, ". Notices: EMPTY (", $none, ": 0), ", $notices, ".")]
        #[unsafe(no_mangle)]
        #[must_use]
        pub unsafe extern "C" fn $loss(
            params: *const $params,
            $matrix: *const $crate::capi::matrix::hyla_matrix,
            workspace: *mut f64,
            workspace_size: usize,
            loss: *mut f64,
        ) -> $crate::capi::status::hyla_status {
            use $crate::capi::matrix_loss::{Workspace, loss as body};
            let workspace = Workspace { start: workspace, size: workspace_size };
            // SAFETY: the contract.
            unsafe { body(params, $matrix, workspace, loss, $core::loss_to) }
        }

        #[doc = concat!(" Writes `upstream * d loss / d ", stringify!($matrix), "` to `", stringify!($grad), "`, in the layout of the matrix,")]
        /// or adds it there (`write`: HYLA_STORE or HYLA_ADD), each rounded to float32 once. With HYLA_STORE the output
        /// may be uninitialised.
        $(#[$gradient_doc])*
        ///
        #[doc = concat!(" Errors, with all outputs unchanged: those of `", stringify!($loss), "`, UNKNOWN_WRITE.")]
        #[doc = concat!(" Notices: those of `", stringify!($loss), "`.")]
        #[unsafe(no_mangle)]
        #[must_use]
        pub unsafe extern "C" fn $gradient(
            params: *const $params,
            $matrix: *const $crate::capi::matrix::hyla_matrix,
            upstream: f64,
            write: u32,
            workspace: *mut f64,
            workspace_size: usize,
            $grad: *mut f32,
        ) -> $crate::capi::status::hyla_status {
            use $crate::capi::matrix_loss::{Gradient, Workspace, gradient as body};
            let workspace = Workspace { start: workspace, size: workspace_size };
            let gradient = Gradient { upstream, write, to: $grad };
            let at_once = $core::loss_and_gradient_to;
            // SAFETY: the contract.
            unsafe { body(params, $matrix, gradient, workspace, None, at_once) }
        }

        /// The loss and the gradient in one call: the same bits as the two functions.
        ///
        #[doc = concat!(" Errors, with all outputs unchanged, and notices: those of `", stringify!($gradient), "`.")]
        #[unsafe(no_mangle)]
        #[must_use]
        pub unsafe extern "C" fn $loss_and_gradient(
            params: *const $params,
            $matrix: *const $crate::capi::matrix::hyla_matrix,
            upstream: f64,
            write: u32,
            workspace: *mut f64,
            workspace_size: usize,
            loss: *mut f64,
            $grad: *mut f32,
        ) -> $crate::capi::status::hyla_status {
            use $crate::capi::matrix_loss::{Gradient, Workspace, gradient as body};
            let workspace = Workspace { start: workspace, size: workspace_size };
            let gradient = Gradient { upstream, write, to: $grad };
            let at_once = $core::loss_and_gradient_to;
            // SAFETY: the contract.
            unsafe { body(params, $matrix, gradient, workspace, Some(loss), at_once) }
        }
    };
}

pub(super) use matrix_loss;
