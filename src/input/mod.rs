//! The inputs of a call: pixels of one value, pixels of several (a cube), rows of floats (a matrix).
//!
//! One rule for all nodes: where `valid` is 0 the pixel is as if it were not there. It may be
//! NaN, changes no total, and its gradient and its entry of a map are 0. A pixel whose weight is
//! negative, NaN or infinite, or whose soft target is not in [0, 1], is counted as rejected and treated
//! the same.

mod cube;
mod live;
mod masks;
mod matrix;
mod pixels;
mod tally;

pub use cube::{Cube, Layout};
pub(crate) use cube::{CubeColumns, CubeOutput};
pub(crate) use live::{Live, LiveColumns, Weights, both};
pub(crate) use masks::{MaskCounts, Masks};
pub use matrix::Matrix;
pub use pixels::Pixels;
pub(crate) use tally::{Sum, Tally, count_valid, sum, tally};
