//! Rows of floats: components and selection weights, one row each.

use crate::error::Error;

/// A matrix of `rows` rows of `columns` floats; row i begins at `i * row_stride`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Matrix<'a> {
    /// The values, row after row.
    pub values: &'a [f32],
    /// How many rows there are.
    pub rows: usize,
    /// How many floats a row has.
    pub columns: usize,
    /// How many floats lie between a row and the next one; at least `columns`.
    pub row_stride: usize,
}

impl<'a> Matrix<'a> {
    /// Rows without gaps.
    pub fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self { values, rows, columns, row_stride: columns }
    }

    /// How many floats lie between the first one and the end of the last row.
    ///
    /// # Errors
    /// Rows overlap ([`Error::Strides`]), or the end overflows ([`Error::TooLarge`]).
    pub fn span(&self) -> Result<usize, Error> {
        if self.rows == 0 {
            return Ok(0);
        }
        // Rows have a place even where they are empty.
        let last = (self.rows - 1).checked_mul(self.row_stride).ok_or(Error::TooLarge)?;
        if self.columns == 0 {
            return Ok(0);
        }
        if self.rows > 1 && self.row_stride < self.columns {
            return Err(Error::Strides);
        }
        last.checked_add(self.columns).ok_or(Error::TooLarge)
    }

    /// Checks that the rows lie within the values.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.span()? > self.values.len() { Err(Error::LengthMismatch) } else { Ok(()) }
    }

    /// A row; empty behind the last one.
    #[inline(always)]
    pub(crate) fn row(&self, index: usize) -> &'a [f32] {
        // (Behind the last row it may wrap, because a stride that is not used may have any value.)
        let start = index.wrapping_mul(self.row_stride);
        self.values.get(start..).and_then(|rest| rest.get(..self.columns)).unwrap_or(&[])
    }

    /// Some columns of all rows.
    pub(crate) fn part(&self, start: usize, columns: usize) -> Self {
        Self { values: self.values.get(start..).unwrap_or(&[]), columns, ..*self }
    }
}
