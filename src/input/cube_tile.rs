//! A part of a cube, as kernels take it, and what is said of the call that it is of.

use super::Cube;
use crate::simd::Output;

/// What a call uses beside values, mask and weights.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marks {
    None,
    Targets,
    Labels,
}

/// What an output has: a float for each pixel, or for each value in the layout of the values.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "conversions"), allow(dead_code, reason = "slices have one tile"))]
pub(crate) enum Floats {
    OfPixels,
    OfValues,
}

/// A part of a cube, as kernels take it.
pub(crate) struct CubeTile<'t> {
    pub cube: Cube<'t>,
    /// What it is compared with, in its layout.
    #[cfg(feature = "conversions")]
    pub original: &'t [f32],
    /// Where its floats go.
    pub output: Output<'t>,
}
