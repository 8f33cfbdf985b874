//! Products between the rows of a matrix, for losses of components and of selection weights.
//!
//! ```text
//! Dots       g_ij = sum_c w_ic w_jc          for some rows i (a panel) and all rows j
//! Product    d_ic = f * sum_j e_ij w_jc      e: a panel of coefficients, made of the g_ij
//! ```
//!
//! **Arithmetic**: a product of two floats is exact in `f64` (48 bits). The products of a dot product
//! are summed in `f64` by sixteen leaves, leaf l taking every sixteenth column, and the leaves by
//! one tree; `Product` sums over the rows in their order and rounds to `f32` once. So the bits do not
//! depend on the tier, on the layout, or on the panel that a row is in.
//!
//! **Workspace**: a panel of at most 4096 doubles, and four rows widened to `f64`, because a widening costs
//! as much as a product. Up to 64 rows the panel is the whole matrix of products, of which one triangle
//! is computed and mirrored. With more rows a panel has as many as fit, and only the square within it
//! is mirrored. A panel is stored by lines: line j has the products of row j with each row of the
//! panel, and is padded to a multiple of four.
//!
//! **Columns**: in blocks of sixteen. The last, ragged block of a row is the row's last sixteen
//! floats, of which those that the block before already had are switched off: no padded copy is made
//! unless the row is shorter than that.

mod block;
mod dots;
mod product;

pub use block::{Block, Row};
pub use dots::{Dots, Squares};
pub use product::Product;

use crate::error::Error;
use crate::loss::Write;
use crate::matrix::Matrix;
use crate::simd::{Lanes, Simd};

/// The most rows that a node takes.
pub const MAX_ROWS: usize = 1024;
/// The doubles of the largest panel: 64 rows squared, and 4 rows of `MAX_ROWS`.
const ROOM: usize = 4096;
/// Rows that are worked on together, so that a load serves several products.
const TOGETHER: usize = 4;
/// Floats of a block: the leaves of a sum.
pub const LEAVES: usize = 16;

/// How many doubles of workspace the products of a matrix need.
pub fn workspace(rows: usize, columns: usize) -> usize {
    let panel = match rows {
        0..64 => rows * rows.next_multiple_of(TOGETHER),
        _ => ROOM,
    };
    panel.saturating_add(wide_workspace(columns))
}

/// The doubles of four widened rows.
fn wide_workspace(columns: usize) -> usize {
    Block::count(columns).saturating_mul(TOGETHER * LEAVES)
}

/// The rows lie within the values, and are not too many.
pub fn check(matrix: &Matrix) -> Result<(), Error> {
    matrix.check()?;
    if matrix.rows > MAX_ROWS { Err(Error::Channels) } else { Ok(()) }
}

/// Some rows of a matrix.
#[derive(Clone, Copy)]
pub struct Panel {
    /// The first row, a multiple of four.
    pub first: usize,
    /// The row behind the last one.
    pub end: usize,
}

impl Panel {
    /// The panels of a matrix, in order.
    pub fn all(rows: usize) -> impl Iterator<Item = Self> {
        // At least four by `MAX_ROWS`.
        let height = (ROOM / rows.max(1) / TOGETHER * TOGETHER).max(TOGETHER);
        (0..rows).step_by(height).map(move |first| Self { first, end: rows.min(first + height) })
    }

    /// How many doubles a line has.
    #[inline(always)]
    pub fn line(self) -> usize {
        (self.end - self.first).next_multiple_of(TOGETHER).max(TOGETHER)
    }
}

/// A vector of a tier's doubles.
type Wide<S> = <<S as Simd>::Sixteen as Lanes>::Doubles;

/// A row of a gradient, in the layout of the matrix.
#[inline(always)]
pub fn row_mut<'a>(matrix: &Matrix, gradient: &'a mut [f32], index: usize) -> &'a mut [f32] {
    let start = index * matrix.row_stride;
    let rest = gradient.get_mut(start..).unwrap_or(&mut []);
    rest.get_mut(..matrix.columns).unwrap_or(&mut [])
}

/// A gradient that is 0 whatever the rows hold.
pub fn no_gradient(matrix: &Matrix, write: Write, gradient: &mut [f32]) {
    if write == Write::Store {
        for index in 0..matrix.rows {
            row_mut(matrix, gradient, index).fill(0.0);
        }
    }
}
