//! The input of functions on a matrix: components, or selection weights.

use super::check::{Span, constant, input};
use super::fault::{About as _, Argument, Fault, subject};
use crate::error::Error;
use crate::input::Matrix;
use core::ffi::c_void;

/// A matrix: `rows` rows of `columns` floats, row i from `values[i * row_stride]` on. `row_stride` is
/// at least `columns` (HYLA_ERROR_STRIDES). A gradient has the same layout; floats between the rows
/// are not touched.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_matrix {
    /// The values: any floats. NULL if there are no rows or no columns.
    pub values: *const f32,
    /// How many rows there are.
    pub rows: usize,
    /// How many floats a row has.
    pub columns: usize,
    /// How many floats lie between a row and the next one.
    pub row_stride: usize,
    /// NULL. Room for later inputs.
    pub reserved: [*const c_void; 2],
}

/// The matrix behind the pointer, with its reserved fields checked.
pub(super) unsafe fn read<'a>(argument: Argument<*const hyla_matrix>) -> Result<Matrix<'a>, Fault> {
    // SAFETY: the contract.
    let given = unsafe { constant(argument) }?;
    if given.reserved.iter().any(|reserved| !reserved.is_null()) {
        return Err(Fault::new(Error::Reserved, argument.subject));
    }
    let (rows, columns, row_stride) = (given.rows, given.columns, given.row_stride);
    let shape = Matrix { values: &[], rows, columns, row_stride };
    let span = shape.span().naming(&[Error::Strides], subject!(row_stride));
    let span = span.naming(&[Error::TooLarge], subject!(values))?;
    // SAFETY: the contract.
    Ok(Matrix { values: unsafe { input(Argument::new(given.values, subject!(values)), span) }?, ..shape })
}

/// What a call reads of the matrix.
pub(super) fn spans(struct_: Argument<*const hyla_matrix>, used: &Matrix) -> [Span; 2] {
    [Span::of(struct_, 1), Span::of_slice(Some(used.values))]
}
