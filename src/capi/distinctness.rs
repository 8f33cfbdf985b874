//! `hyla_distinctness_...`: distinctness of band selectors.

use super::call;
use super::check::{self, Span, Versioned, disjoint, output};
use super::matrix::{self, hyla_matrix};
use super::status::hyla_status;
use crate::error::Error;
use crate::loss::Write;
use crate::loss::distinctness::{self, Params};
use crate::matrix::Matrix;

/// The stages in which cuvis-ai runs the node (see `hyla_context`).
pub const HYLA_DISTINCTNESS_STAGES: u32 = 7;

/// Distinctness of band selectors (cuvis-ai: DistinctnessLoss): what is computed.
///
/// With the selection weights w_i, one selector a row, K rows:
///
/// ```text
/// u_i = w_i / max(|w_i|, eps)      c_ij = u_i . u_j
/// loss = weight / P * sum_{i<j} c_ij
/// gradient_i = (h_i - [|w_i| > eps] u_i (u_i . h_i)) / max(|w_i|, eps)
/// h_i = weight / P * sum_{j != i} u_j
/// ```
///
/// P = K (K - 1) / 2 pairs; with `skip_exact_zeros` the sums and P are over the pairs whose cosine, a
/// sum in double of exact products in one fixed order, is not exactly 0. Any floats; a NaN or an
/// infinity gives a loss that is not finite and the notice HYLA_NOTICE_NOT_FINITE. The sum of the
/// cosines is within (rows + columns) * 2^-52 of sum_{i<j} sum_c |u_ic u_jc|, so weights that are not
/// negative lose nothing; gradients are rounded to float32 once. Needs no labels.
///
/// Initialise with HYLA_DISTINCTNESS_PARAMS_DEFAULT. Guide: for weights that are not negative the
/// loss lies between 0 (disjoint selectors) and `weight` (equal ones). With `skip_exact_zeros` it does
/// not fall when pairs become disjoint, and rises when a selector becomes all zeros.
/// Formula: mean cosine similarity, Salton, McGill, Modern Information Retrieval (1983), 4.1.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_distinctness_params {
    /// `sizeof(hyla_distinctness_params)`.
    pub struct_size: u32,
    /// The weight of this loss among others: finite. 0 switches it off. Default 0.1.
    pub weight: f32,
    /// The least length that a row is divided by: finite, not negative. Default 1e-6.
    pub eps: f32,
    /// 1: pairs whose cosine is exactly 0 are left out of the mean, as in cuvis-ai. Default 0.
    pub skip_exact_zeros: u32,
}

// SAFETY: `repr(C)`, fields of four bytes, any bits are numbers.
unsafe impl Versioned for hyla_distinctness_params {
    const DEFAULT: Self =
        Self { struct_size: size_of::<Self>() as u32, weight: 0.1, eps: 1e-6, skip_exact_zeros: 0 };
}

impl hyla_distinctness_params {
    fn to_core(self) -> Result<Params, Error> {
        let skip_exact_zeros = match self.skip_exact_zeros {
            0 => false,
            1 => true,
            _ => return Err(Error::UnknownOption),
        };
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
    call(|| unsafe { check::write_defaults(params, size) })
}

/// How many doubles of workspace a matrix of this size needs: two for each
/// row, at most 4096 more, and four for each column (in sixteens). The same on every tier.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_distinctness_workspace(rows: usize, columns: usize) -> usize {
    distinctness::workspace(rows, columns)
}

/// The loss.
///
/// `workspace` has `workspace_size` doubles, at least `hyla_distinctness_workspace(rows, columns)`; they
/// may be uninitialised and hold nothing of use afterwards. Time is at most proportional to
/// rows * columns (rows * rows * columns with
/// skip_exact_zeros). Nothing is allocated or kept. Any number of threads may call it, each
/// with a workspace of its own.
///
/// Errors, with `loss` and `workspace` unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP,
/// STRUCT_SIZE, UNKNOWN_FIELD, RESERVED, STRIDES, CHANNELS (more than 1024 rows), WORKSPACE (too
/// small), WEIGHT, EPSILON, UNKNOWN_OPTION (skip_exact_zeros above 1).
/// Notices: EMPTY (fewer than two rows: 0), NOT_FINITE, DEGENERATE (a row is not longer than eps: its
/// gradient is of order weight / eps), ZERO_PAIRS. The last one says that cuvis-ai's number is another
/// one. With skip_exact_zeros: a pair was left out; if all were, the loss and the gradient are 0.
/// Without: every pair's cosine is exactly 0 because no two rows share a column, or a row is all
/// zeros; other pairs that are exactly 0 give no notice, because finding them takes rows * rows *
/// columns steps (call it with skip_exact_zeros to know).
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
    call(|| {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, selection_weights) }?;
        let writes = [Span::of(workspace, workspace_size), Span::of(loss, 1)];
        disjoint(&writes, &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let workspace = unsafe { check::workspace(workspace, workspace_size) }?;
        // SAFETY: as above.
        let loss = unsafe { check::result(loss) }?;
        let value = distinctness::loss(&inputs.params, &inputs.matrix, workspace)?;
        loss.write(value.value);
        Ok(value.notices)
    })
}

/// Writes `upstream * d loss / d selection_weights` to `grad_selection_weights`, in the layout of the matrix, or adds
/// it there (`write`: HYLA_STORE or HYLA_ADD). Floats between the rows are not touched. With
/// HYLA_STORE the output may be uninitialised. A factor `weight * upstream` of 0 gives a gradient of 0
/// whatever the matrix holds.
///
/// Errors, with `grad_selection_weights` and `workspace` unchanged: those of `hyla_distinctness_loss`,
/// UNKNOWN_WRITE. Notices: those of `hyla_distinctness_loss`.
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
    call(|| {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, selection_weights) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let items = inputs.matrix.values.len();
        let writes = [Span::of(workspace, workspace_size), Span::of(grad_selection_weights, items)];
        disjoint(&writes, &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let workspace = unsafe { check::workspace(workspace, workspace_size) }?;
        // SAFETY: as above.
        let to = unsafe { output(grad_selection_weights, items) }?;
        distinctness::gradient(&inputs.params, &inputs.matrix, upstream, write, workspace, to)
    })
}

/// The loss and the gradient in one call: the same bits, and less work.
///
/// Errors, with all outputs unchanged: those of `hyla_distinctness_gradient`. Notices: those of
/// `hyla_distinctness_loss`.
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
    call(|| {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, selection_weights) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let items = inputs.matrix.values.len();
        let writes = [
            Span::of(workspace, workspace_size),
            Span::of(loss, 1),
            Span::of(grad_selection_weights, items),
        ];
        disjoint(&writes, &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let workspace = unsafe { check::workspace(workspace, workspace_size) }?;
        // SAFETY: as above.
        let (loss, to) = unsafe { (check::result(loss)?, output(grad_selection_weights, items)?) };
        let Inputs { params, matrix, .. } = inputs;
        let value =
            distinctness::loss_and_gradient(&params, &matrix, upstream, write, workspace, to)?;
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
        selection_weights: *const hyla_matrix,
    ) -> Result<Self, Error> {
        // SAFETY: as the caller vouches.
        let (checked, span) = unsafe { check::parameters(params) }?;
        // SAFETY: as above.
        let used = unsafe { matrix::read(selection_weights) }?;
        let [a, b] = matrix::spans(selection_weights, &used);
        Ok(Self { params: checked.to_core()?, matrix: used, spans: [span, a, b] })
    }
}
