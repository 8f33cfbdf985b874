//! `hyla_orthogonality_...`: how far rows are from orthonormal.

use super::call;
use super::check::{self, Span, Versioned, disjoint, floats, output};
use super::matrix::{self, hyla_matrix};
use super::status::hyla_status;
use crate::error::Error;
use crate::input::Matrix;
use crate::loss::orthogonality::{self, Params};
use crate::simd::Write;

/// The stages in which cuvis-ai runs the node (see `hyla_context`).
pub const HYLA_ORTHOGONALITY_STAGES: u32 = 7;

/// How far the rows of a matrix are from orthonormal (cuvis-ai: OrthogonalityLoss): what is computed.
///
/// With components W, K rows of M floats, K up to 1024:
///
/// ```text
/// E = W W^T - 1      loss = weight * sum E_ij^2      gradient = 4 weight E W
/// ```
///
/// Entries of E are sums of exact products in double, so that they keep their digits where the rows are nearly
/// orthonormal. Needs no labels. With more rows than columns the least loss is weight * (K - M), which no
/// step can lower. Initialise with HYLA_ORTHOGONALITY_PARAMS_DEFAULT. Formula: Bansal, Chen, Wang (2018), eq. 2.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_orthogonality_params {
    /// `sizeof(hyla_orthogonality_params)`.
    pub struct_size: u32,
    /// The weight of this loss among others: finite. Default 1.
    pub weight: f32,
}

// SAFETY: `repr(C)`, fields of four bytes, any bits are numbers.
unsafe impl Versioned for hyla_orthogonality_params {
    const DEFAULT: Self = Self { struct_size: size_of::<Self>() as u32, weight: 1.0 };
}

impl hyla_orthogonality_params {
    fn to_core(self) -> Params {
        Params { weight: self.weight }
    }
}

/// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
/// bindings that cannot use HYLA_ORTHOGONALITY_PARAMS_DEFAULT. Bytes of a later version become 0.
///
/// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
///
/// # Safety
/// `params` is valid for writes of `size` bytes.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_orthogonality_params_init(
    params: *mut hyla_orthogonality_params,
    size: usize,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    call(move || unsafe { check::write_defaults(params, size) })
}

/// How many doubles of workspace a matrix needs: the same on every tier.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_orthogonality_workspace(rows: usize, columns: usize) -> usize {
    orthogonality::workspace(rows, columns)
}

/// The loss. 0 of no row. `workspace` holds `workspace_size` doubles, at least
/// `hyla_orthogonality_workspace(rows, columns)`; its contents before and after mean nothing.
///
/// Errors, with `loss` and `workspace` unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE,
/// UNKNOWN_FIELD, RESERVED, STRIDES (rows overlap), CHANNELS (more than 1024 rows), WORKSPACE (too small),
/// WEIGHT. Notices: EMPTY (no row: 0), NOT_FINITE.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_orthogonality_loss(
    params: *const hyla_orthogonality_params,
    components: *const hyla_matrix,
    workspace: *mut f64,
    workspace_size: usize,
    loss: *mut f64,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, components) }?;
        let writes = [Span::of(workspace, workspace_size), Span::of(loss, 1)];
        disjoint(&writes, &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let (workspace, loss) =
            unsafe { (output(workspace, workspace_size)?, check::result(loss)?) };
        let value = orthogonality::loss_to(&inputs.params, &inputs.matrix, workspace)?;
        loss.write(value.value);
        Ok(value.notices)
    })
}

/// Writes `upstream * d loss / d components` to `grad_components`, in the layout of the matrix, or adds it there
/// (`write`: HYLA_STORE or HYLA_ADD), each rounded to float32 once. With HYLA_STORE the output may be
/// uninitialised. Within 8 * 2^-24 of `4 weight |E| |W|`.
///
/// Errors, with all outputs unchanged: those of `hyla_orthogonality_loss`, UNKNOWN_WRITE. Notices: those of
/// `hyla_orthogonality_loss`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_orthogonality_gradient(
    params: *const hyla_orthogonality_params,
    components: *const hyla_matrix,
    upstream: f64,
    write: u32,
    workspace: *mut f64,
    workspace_size: usize,
    grad_components: *mut f32,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, components) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let span = inputs.matrix.values.len();
        let writes = [Span::of(workspace, workspace_size), Span::of(grad_components, span)];
        disjoint(&writes, &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let (workspace, gradient) =
            unsafe { (output(workspace, workspace_size)?, floats(write, grad_components, span)?) };
        let value = orthogonality::loss_and_gradient_to(
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
/// Errors, with all outputs unchanged, and notices: those of `hyla_orthogonality_gradient`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_orthogonality_loss_and_gradient(
    params: *const hyla_orthogonality_params,
    components: *const hyla_matrix,
    upstream: f64,
    write: u32,
    workspace: *mut f64,
    workspace_size: usize,
    loss: *mut f64,
    grad_components: *mut f32,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, components) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let span = inputs.matrix.values.len();
        let writes = [
            Span::of(workspace, workspace_size),
            Span::of(loss, 1),
            Span::of(grad_components, span),
        ];
        disjoint(&writes, &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let (workspace, gradient) =
            unsafe { (output(workspace, workspace_size)?, floats(write, grad_components, span)?) };
        // SAFETY: as above.
        let loss = unsafe { check::result(loss) }?;
        let Inputs { params, matrix, .. } = inputs;
        let value =
            orthogonality::loss_and_gradient_to(&params, &matrix, upstream, workspace, gradient)?;
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
        params: *const hyla_orthogonality_params,
        matrix: *const hyla_matrix,
    ) -> Result<Self, Error> {
        // SAFETY: as the caller vouches.
        let ((checked, span), used) =
            unsafe { (check::parameters(params)?, matrix::read(matrix)?) };
        let [a, b] = matrix::spans(matrix, &used);
        Ok(Self { params: checked.to_core(), matrix: used, spans: [span, a, b] })
    }
}
