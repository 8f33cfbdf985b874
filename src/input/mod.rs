//! The inputs of a call: pixels of one value, pixels of several (a cube), rows of floats (a matrix).
//!
//! Pixels come as slices of floats and bytes ([`Pixels`]), or as planes of any type, stride and pitch ([`Planes`]):
//! functions take either ([`Source`]). So do cubes ([`Cube`], [`CubePlanes`], [`CubeSource`]).
//!
//! One rule for all nodes: where `valid` is 0 the pixel is as if it were not there. It may be
//! NaN, changes no total, and its gradient and its entry of a map are 0. A pixel whose weight is
//! negative, NaN or infinite, or whose soft target is not in [0, 1], is counted as rejected and treated
//! the same.

#[cfg(feature = "conversions")]
mod bits;
mod cube;
#[cfg(feature = "conversions")]
mod cube_planes;
mod cube_source;
mod cube_tile;
#[cfg(feature = "conversions")]
mod grid;
mod live;
#[cfg(feature = "conversions")]
mod mask;
mod masks;
mod matrix;
mod pixels;
#[cfg(feature = "conversions")]
mod plane;
#[cfg(feature = "conversions")]
mod planes;
mod source;
mod tally;
mod used;
#[cfg(feature = "conversions")]
mod values;

pub use cube::{Cube, Layout};
pub(crate) use cube::{CubeColumns, CubeOutput};
#[cfg(feature = "conversions")]
pub use cube_planes::CubePlanes;
#[cfg(feature = "conversions")]
pub(crate) use cube_planes::CubeTiles;
pub use cube_source::{CubeSource, Original};
#[cfg(feature = "conversions")]
pub(crate) use cube_tile::CubeTile;
#[cfg(any(feature = "conversions", feature = "capi"))]
pub(crate) use cube_tile::Floats;
pub(crate) use cube_tile::Marks;
#[cfg(all(feature = "conversions", feature = "capi"))]
pub(crate) use grid::{Rows, shape};
pub(crate) use live::{Live, LiveColumns, LiveRooms, Weights, both};
#[cfg(feature = "conversions")]
pub use mask::{Mask, Truths};
pub(crate) use masks::{MaskCounts, Masks};
pub use matrix::Matrix;
pub use pixels::Pixels;
#[cfg(feature = "conversions")]
pub use plane::{Items, Plane};
#[cfg(feature = "conversions")]
pub use planes::Planes;
pub use source::Source;
pub(crate) use source::Tile;
pub(crate) use tally::{Sum, Tally, count_valid, sum, tally, tally_source};
pub(crate) use used::Used;
#[cfg(feature = "conversions")]
pub use values::Values;
