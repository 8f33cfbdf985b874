//! What all losses share: how terms are reduced, and what a gradient does with its output.

use crate::error::Error;
use crate::node::reduction::Reduction;

/// The sum of the terms divided by the number of terms that count (PyTorch's mean).
pub const HYLA_REDUCTION_MEAN: u32 = 0;
/// The sum of the terms.
pub const HYLA_REDUCTION_SUM: u32 = 1;
/// No reduction: the loss is the `..._map`, the gradient that of each entry by its own input.
pub const HYLA_REDUCTION_NONE: u32 = 2;
/// The sum of the terms divided by the sum of the pixel weights.
pub const HYLA_REDUCTION_WEIGHTED_MEAN: u32 = 3;

/// A gradient overwrites its output; pixels that do not count get 0.
pub const HYLA_STORE: u32 = 0;
/// A gradient is added to its output, rounded once an element; pixels that do not count stay.
pub const HYLA_ADD: u32 = 1;

/// The reduction of a number.
pub(super) fn reduction(number: u32) -> Result<Reduction, Error> {
    Reduction::from_number(number).ok_or(Error::UnknownReduction)
}
