//! `hyla_distinctness_...`: mean cosine of pairs of selectors.

use super::call;
use super::check::{self, Span, Versioned, disjoint, floats, output};
use super::matrix::{self, hyla_matrix};
use super::status::hyla_status;
use crate::error::Error;
use crate::input::Matrix;
use crate::loss::distinctness::{self, Params};
use crate::simd::Write;

/// The stages in which cuvis-ai runs the node (see `hyla_context`).
pub const HYLA_DISTINCTNESS_STAGES: u32 = 7;

/// Mean cosine of pairs of rows (cuvis-ai: DistinctnessLoss): what is computed.
///
/// With selection weights, K rows (selectors) of C floats (bands), K up to 1024:
///
/// ```text
/// u_i = w_i / max(|w_i|, eps)      loss = weight * mean over i < j of u_i . u_j
/// ```
///
/// All pairs are computed at once from the sum of the u: time is linear in K C. With `skip_exact_zeros` the
/// mean is over the pairs whose cosine is not exactly 0, as cuvis-ai's code (not its documentation) has it,
/// in time K^2 C. Computed in double, within (C + K) * 2^-50 of `weight`; a sum that is 0 within its rounding
/// is 0, so that disjoint selectors give exactly 0. Needs no labels. Initialise with
/// HYLA_DISTINCTNESS_PARAMS_DEFAULT.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_distinctness_params {
    /// `sizeof(hyla_distinctness_params)`.
    pub struct_size: u32,
    /// The weight of this loss among others: finite. Default 0.1.
    pub weight: f32,
    /// The least length that a row is divided by: finite, not negative. Default 1e-6.
    pub eps: f32,
    /// 1: leave cosines of exactly 0 out of the mean, as cuvis-ai; 0: do not. Default 0.
    pub skip_exact_zeros: u32,
}

// SAFETY: `repr(C)`, fields of four bytes, any bits are numbers.
unsafe impl Versioned for hyla_distinctness_params {
    const DEFAULT: Self =
        Self { struct_size: size_of::<Self>() as u32, weight: 0.1, eps: 1e-6, skip_exact_zeros: 0 };
}

impl hyla_distinctness_params {
    fn to_core(self) -> Result<Params, Error> {
        if self.skip_exact_zeros > 1 {
            return Err(Error::UnknownOption);
        }
        let skip_exact_zeros = self.skip_exact_zeros == 1;
        Ok(Params { weight: self.weight, eps: self.eps, skip_exact_zeros })
    }
}

/// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
/// bindings that cannot use HYLA_DISTINCTNESS_PARAMS_DEFAULT. Bytes of a later version become 0.
///
/// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
///
/// # Safety
/// `params` is valid for writes of `size` bytes.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_distinctness_params_init(
    params: *mut hyla_distinctness_params,
    size: usize,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    call(move || unsafe { check::write_defaults(params, size) })
}

/// How many doubles of workspace a matrix needs: the same on every tier.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_distinctness_workspace(rows: usize, columns: usize) -> usize {
    distinctness::workspace(rows, columns)
}

/// The loss. 0 of fewer than two rows. `workspace` holds `workspace_size` doubles, at least
/// `hyla_distinctness_workspace(rows, columns)`; its contents before and after mean nothing.
///
/// Errors, with `loss` and `workspace` unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE,
/// UNKNOWN_FIELD, RESERVED, STRIDES (rows overlap), CHANNELS (more than 1024 rows), WORKSPACE (too small),
/// WEIGHT, EPSILON, UNKNOWN_OPTION. Notices: EMPTY (fewer than two rows: 0), DEGENERATE (a row no
/// longer than eps), ZERO_PAIRS (cosines are known to be exactly 0: with `skip_exact_zeros` any, otherwise
/// those of a row of zeros, or all of them), NOT_FINITE.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_distinctness_loss(
    params: *const hyla_distinctness_params,
    selection_weights: *const hyla_matrix,
    workspace: *mut f64,
    workspace_size: usize,
    loss: *mut f64,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, selection_weights) }?;
        let writes = [Span::of(workspace, workspace_size), Span::of(loss, 1)];
        disjoint(&writes, &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let (workspace, loss) =
            unsafe { (output(workspace, workspace_size)?, check::result(loss)?) };
        let value = distinctness::loss_to(&inputs.params, &inputs.matrix, workspace)?;
        loss.write(value.value);
        Ok(value.notices)
    })
}

/// Writes `upstream * d loss / d selection_weights` to `grad_selection_weights`, in the layout of the matrix, or adds it there
/// (`write`: HYLA_STORE or HYLA_ADD), each rounded to float32 once. With HYLA_STORE the output may be
/// uninitialised. It has no part along its row where the row
/// is longer than eps.
///
/// Errors, with all outputs unchanged: those of `hyla_distinctness_loss`, UNKNOWN_WRITE. Notices: those of
/// `hyla_distinctness_loss`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_distinctness_gradient(
    params: *const hyla_distinctness_params,
    selection_weights: *const hyla_matrix,
    upstream: f64,
    write: u32,
    workspace: *mut f64,
    workspace_size: usize,
    grad_selection_weights: *mut f32,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, selection_weights) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let span = inputs.matrix.values.len();
        let writes = [Span::of(workspace, workspace_size), Span::of(grad_selection_weights, span)];
        disjoint(&writes, &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let (workspace, gradient) = unsafe {
            (output(workspace, workspace_size)?, floats(write, grad_selection_weights, span)?)
        };
        let value = distinctness::loss_and_gradient_to(
            &inputs.params,
            &inputs.matrix,
            upstream,
            workspace,
            gradient,
        )?;
        Ok(value.notices)
    })
}

/// The loss and the gradient in one call: the same bits as the two functions.
///
/// Errors, with all outputs unchanged, and notices: those of `hyla_distinctness_gradient`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_distinctness_loss_and_gradient(
    params: *const hyla_distinctness_params,
    selection_weights: *const hyla_matrix,
    upstream: f64,
    write: u32,
    workspace: *mut f64,
    workspace_size: usize,
    loss: *mut f64,
    grad_selection_weights: *mut f32,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, selection_weights) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let span = inputs.matrix.values.len();
        let writes = [
            Span::of(workspace, workspace_size),
            Span::of(loss, 1),
            Span::of(grad_selection_weights, span),
        ];
        disjoint(&writes, &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let (workspace, gradient) = unsafe {
            (output(workspace, workspace_size)?, floats(write, grad_selection_weights, span)?)
        };
        // SAFETY: as above.
        let loss = unsafe { check::result(loss) }?;
        let Inputs { params, matrix, .. } = inputs;
        let value =
            distinctness::loss_and_gradient_to(&params, &matrix, upstream, workspace, gradient)?;
        loss.write(value.value);
        Ok(value.notices)
    })
}

/// The checked inputs of a call, and what it reads.
struct Inputs<'a> {
    params: Params,
    matrix: Matrix<'a>,
    spans: [Span; 3],
}

impl Inputs<'_> {
    /// # Safety
    /// Pointers that are neither NULL nor misaligned are valid for what their types say, as long
    /// as the inputs live.
    #[inline(never)]
    unsafe fn new(
        params: *const hyla_distinctness_params,
        matrix: *const hyla_matrix,
    ) -> Result<Self, Error> {
        // SAFETY: as the caller vouches.
        let ((checked, span), used) =
            unsafe { (check::parameters(params)?, matrix::read(matrix)?) };
        let [a, b] = matrix::spans(matrix, &used);
        Ok(Self { params: checked.to_core()?, matrix: used, spans: [span, a, b] })
    }
}
