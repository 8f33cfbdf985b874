//! `hyla_orthogonality_...`: orthonormality of components.

use super::call;
use super::check::{self, Span, Versioned, disjoint, output};
use super::matrix::{self, hyla_matrix};
use super::status::hyla_status;
use crate::error::Error;
use crate::loss::Write;
use crate::loss::orthogonality::{self, Params};
use crate::matrix::Matrix;

/// The stages in which cuvis-ai runs the node (see `hyla_context`).
pub const HYLA_ORTHOGONALITY_STAGES: u32 = 7;

/// Orthonormality of components (cuvis-ai: OrthogonalityLoss): what is computed.
///
/// With the components W, one a row, K rows:
///
/// ```text
/// E = W W' - I
/// loss = weight * sum_ij E_ij^2          gradient = 4 weight E W
/// ```
///
/// Any floats; a NaN or an infinity gives a loss that is not finite and the notice
/// HYLA_NOTICE_NOT_FINITE. Products are exact and summed in double, so E keeps its digits near
/// convergence, where it is a difference of nearly equal numbers: each entry is within
/// columns * 2^-52 of the sum of its products' magnitudes. Gradients are rounded to float32 once.
/// Values of 1e10 and beyond have the loss that float32 cannot hold. Needs no labels.
///
/// Initialise with HYLA_ORTHOGONALITY_PARAMS_DEFAULT. Guide: the loss grows with the square of the
/// number of rows; with more rows than columns its minimum is weight * (rows - columns), where the
/// gradient vanishes.
/// Formula: Brock, Lim, Ritchie, Weston, Neural photo editing (2017), section 3.3, squared.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_orthogonality_params {
    /// `sizeof(hyla_orthogonality_params)`.
    pub struct_size: u32,
    /// The weight of this loss among others: finite. 0 switches it off. Default 1.
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
    call(|| unsafe { check::write_defaults(params, size) })
}

/// How many doubles of workspace a matrix of this size needs: at most 4096,
/// and four for each column (in sixteens). The same on every tier.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_orthogonality_workspace(rows: usize, columns: usize) -> usize {
    orthogonality::workspace(rows, columns)
}

/// The loss.
///
/// `workspace` has `workspace_size` doubles, at least `hyla_orthogonality_workspace(rows, columns)`; they
/// may be uninitialised and hold nothing of use afterwards. Time is at most proportional to
/// rows * rows * columns. Nothing is allocated or kept. Any number of threads may call it, each
/// with a workspace of its own.
///
/// Errors, with `loss` and `workspace` unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP,
/// STRUCT_SIZE, UNKNOWN_FIELD, RESERVED, STRIDES, CHANNELS (more than 1024 rows), WORKSPACE (too
/// small), WEIGHT.
/// Notices: EMPTY (no rows: 0), NOT_FINITE.
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
    call(|| {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, components) }?;
        let writes = [Span::of(workspace, workspace_size), Span::of(loss, 1)];
        disjoint(&writes, &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let workspace = unsafe { check::workspace(workspace, workspace_size) }?;
        // SAFETY: as above.
        let loss = unsafe { check::result(loss) }?;
        let value = orthogonality::loss(&inputs.params, &inputs.matrix, workspace)?;
        loss.write(value.value);
        Ok(value.notices)
    })
}

/// Writes `upstream * d loss / d components` to `grad_components`, in the layout of the matrix, or adds
/// it there (`write`: HYLA_STORE or HYLA_ADD). Floats between the rows are not touched. With
/// HYLA_STORE the output may be uninitialised. A factor `weight * upstream` of 0 gives a gradient of 0
/// whatever the matrix holds.
///
/// Errors, with `grad_components` and `workspace` unchanged: those of `hyla_orthogonality_loss`,
/// UNKNOWN_WRITE. Notices: those of `hyla_orthogonality_loss`.
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
    call(|| {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, components) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let items = inputs.matrix.values.len();
        let writes = [Span::of(workspace, workspace_size), Span::of(grad_components, items)];
        disjoint(&writes, &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let workspace = unsafe { check::workspace(workspace, workspace_size) }?;
        // SAFETY: as above.
        let to = unsafe { output(grad_components, items) }?;
        orthogonality::gradient(&inputs.params, &inputs.matrix, upstream, write, workspace, to)
    })
}

/// The loss and the gradient in one call: the same bits, and less work.
///
/// Errors, with all outputs unchanged: those of `hyla_orthogonality_gradient`. Notices: those of
/// `hyla_orthogonality_loss`.
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
    call(|| {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, components) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let items = inputs.matrix.values.len();
        let writes = [
            Span::of(workspace, workspace_size),
            Span::of(loss, 1),
            Span::of(grad_components, items),
        ];
        disjoint(&writes, &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let workspace = unsafe { check::workspace(workspace, workspace_size) }?;
        // SAFETY: as above.
        let (loss, to) = unsafe { (check::result(loss)?, output(grad_components, items)?) };
        let Inputs { params, matrix, .. } = inputs;
        let value =
            orthogonality::loss_and_gradient(&params, &matrix, upstream, write, workspace, to)?;
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
        components: *const hyla_matrix,
    ) -> Result<Self, Error> {
        // SAFETY: as the caller vouches.
        let (checked, span) = unsafe { check::parameters(params) }?;
        // SAFETY: as above.
        let used = unsafe { matrix::read(components) }?;
        let [a, b] = matrix::spans(components, &used);
        Ok(Self { params: checked.to_core(), matrix: used, spans: [span, a, b] })
    }
}
