//! What a call on pixels of several values goes over: slices as they are, or planes that become tiles.

use super::Cube;
#[cfg(feature = "conversions")]
use super::cube_planes::{CubePlanes, CubeTiles};
#[cfg(feature = "conversions")]
use super::cube_tile::Floats;
use super::cube_tile::{CubeTile, Marks};
#[cfg(feature = "conversions")]
use super::{Plane, Values};
use crate::error::Error;
use crate::simd::Output;
#[cfg(feature = "conversions")]
use crate::simd::Room;

/// The pixels of a call. Functions take whatever becomes one: a reference to [`Cube`] or to [`CubePlanes`].
#[derive(Clone, Copy, Debug)]
pub enum CubeSource<'a> {
    /// Slices of floats, bytes and labels.
    Cube(&'a Cube<'a>),
    /// Planes of any type.
    #[cfg(feature = "conversions")]
    Planes(&'a CubePlanes<'a>),
}

impl<'a> From<&'a Cube<'a>> for CubeSource<'a> {
    fn from(cube: &'a Cube<'a>) -> Self {
        Self::Cube(cube)
    }
}

#[cfg(feature = "conversions")]
impl<'a> From<&'a CubePlanes<'a>> for CubeSource<'a> {
    fn from(planes: &'a CubePlanes<'a>) -> Self {
        Self::Planes(planes)
    }
}

/// What the values of a cube are compared with.
#[derive(Clone, Copy, Debug)]
pub enum Original<'a> {
    /// Floats in the layout of the values.
    Floats(&'a [f32]),
    /// Values of any type and layout, of as many rows of pixels.
    #[cfg(feature = "conversions")]
    Values(Values<'a>),
}

impl<'a> From<&'a [f32]> for Original<'a> {
    fn from(floats: &'a [f32]) -> Self {
        Self::Floats(floats)
    }
}

impl<'a, const LENGTH: usize> From<&'a [f32; LENGTH]> for Original<'a> {
    fn from(floats: &'a [f32; LENGTH]) -> Self {
        Self::Floats(floats)
    }
}

#[cfg(feature = "conversions")]
impl<'a> From<Values<'a>> for Original<'a> {
    fn from(values: Values<'a>) -> Self {
        Self::Values(values)
    }
}

impl<'a> Original<'a> {
    /// The floats in the layout of the values.
    pub(crate) fn floats(&self) -> Result<&'a [f32], Error> {
        match self {
            Self::Floats(floats) => Ok(floats),
            #[cfg(feature = "conversions")]
            Self::Values(_) => Err(Error::UnsupportedInput),
        }
    }

    /// As values beside others.
    #[cfg(feature = "conversions")]
    pub(crate) fn beside(&self, values: &Values<'a>) -> Values<'a> {
        match self {
            Self::Floats(floats) => {
                let lie = values.plane.lie();
                Values::new(Plane::from(*floats).every(lie.stride).rows(lie.row_stride), values.channel_stride)
            }
            Self::Values(values) => *values,
        }
    }
}

impl CubeSource<'_> {
    /// How many values a pixel has.
    pub(crate) fn channels(&self) -> usize {
        match self {
            Self::Cube(cube) => cube.layout.channels,
            #[cfg(feature = "conversions")]
            Self::Planes(planes) => planes.channels,
        }
    }

    /// What a call uses is given, the values fit their layout, and every array has its items.
    pub(crate) fn check(&self, marks: Marks) -> Result<(), Error> {
        let (targets, labels) = match self {
            Self::Cube(cube) => (cube.targets.is_some(), cube.labels.is_some()),
            #[cfg(feature = "conversions")]
            Self::Planes(planes) => (planes.targets.is_some(), planes.labels.is_some()),
        };
        if marks == Marks::Targets && !targets || marks == Marks::Labels && !labels {
            return Err(Error::MissingInput);
        }
        match self {
            Self::Cube(cube) => cube.check(),
            #[cfg(feature = "conversions")]
            Self::Planes(planes) => planes.only(marks).check(None),
        }
    }

    /// An output of so many floats has one for each value.
    pub(crate) fn check_output(&self, length: usize) -> Result<(), Error> {
        match self {
            Self::Cube(cube) => cube.check_output(length),
            #[cfg(feature = "conversions")]
            Self::Planes(planes) if planes.output_span(Floats::OfValues)? > length => Err(Error::LengthMismatch),
            #[cfg(feature = "conversions")]
            Self::Planes(_) => Ok(()),
        }
    }

    /// Goes over all pixels, tile by tile, with the part of an output of the values that belongs to them. Slices are
    /// one tile.
    #[inline(always)]
    #[cfg_attr(not(feature = "conversions"), allow(unused_variables, reason = "slices have what they have"))]
    pub(crate) fn each(&self, marks: Marks, output: Option<Output>, mut with: impl FnMut(CubeTile)) {
        let output = output.unwrap_or(Output::nowhere());
        match self {
            Self::Cube(cube) => with(CubeTile {
                cube: **cube,
                #[cfg(feature = "conversions")]
                original: &[],
                output,
            }),
            #[cfg(feature = "conversions")]
            Self::Planes(planes) => each_tile(&planes.only(marks), output, with),
        }
    }
}

/// (Not where slices go: the arena is large.)
#[cfg(feature = "conversions")]
#[inline(never)]
fn each_tile(planes: &CubePlanes, output: Output, mut with: impl FnMut(CubeTile)) {
    let mut room = Room::new();
    let mut tiles = CubeTiles::new(planes, None, true, Floats::OfValues, output, &mut room);
    while let Some(tile) = tiles.next() {
        with(tile);
    }
}
