//! Losses whose terms are made of the pixels of a cube: what their calls have in common.
//!
//! The calls themselves are those of [`super::walk`]. A loss has a struct of its checked inputs,
//! which says by [`Cubewise`] what it goes over, and a kernel that fills [`Outputs`]; `cube_calls!` writes the calls.

use super::walk::{Outputs, TermLoss, Walk};
use crate::error::Error;
use crate::exact::ExactSum;
#[cfg(feature = "conversions")]
use crate::input::Floats;
use crate::input::{Cube, CubeSource, Marks, Original, Tally, tally};
pub(crate) use compared::{Compared, compares_cubes};
#[cfg(feature = "conversions")]
use tiled::Tiled;

mod compared;
#[cfg(feature = "conversions")]
mod tiled;

/// A loss of a cube and what is beside it.
pub(crate) trait CubeLoss: TermLoss + Copy {
    /// What is beside the cube: an original in its layout, or what belongs to its channels.
    type Beside<'a>: Copy;
    /// A cube of slices and what is beside it, which fit each other and the loss.
    type Inputs<'a>: Cubewise<Params = Self>;
    /// What it uses beside values, mask and weights.
    #[cfg_attr(not(feature = "conversions"), allow(dead_code, reason = "slices have what they have"))]
    const MARKS: Marks = Marks::None;

    fn inputs<'a>(&self, cube: &Cube<'a>, beside: Self::Beside<'a>) -> Result<Self::Inputs<'a>, Error>;

    /// What the cube is compared with.
    fn original<'a>(_beside: Self::Beside<'a>) -> Option<Original<'a>> {
        None
    }

    /// What is beside a tile: the original of the tile, or what belongs to the channels.
    #[cfg_attr(not(feature = "conversions"), allow(dead_code, reason = "slices are one tile"))]
    fn beside_tile<'t>(beside: &'t Self::Beside<'_>, original: &'t [f32]) -> Self::Beside<'t>;
}

/// A cube of slices, which is checked, and the loss.
pub(crate) trait Cubewise {
    /// The loss.
    type Params: TermLoss;
    /// Whether each value has a term of its own. Otherwise each pixel has one.
    const TERM_OF_EACH_VALUE: bool = false;

    fn params(&self) -> &Self::Params;
    /// The cube that the gradient is by.
    fn cube(&self) -> &Cube<'_>;

    /// Counts the terms, and adds their weights.
    fn tally(&self, weights: &mut ExactSum) -> Tally {
        let cube = self.cube();
        if Self::TERM_OF_EACH_VALUE {
            return cube.tally_values(weights);
        }
        tally(cube.layout.n, &cube.mask_and_weights(), weights)
    }

    /// Goes over the pixels, and writes what is wanted of them.
    fn walk(&self, outputs: Outputs<<Self::Params as TermLoss>::Totals>);
}

/// The checked inputs of a call.
pub(crate) enum Inputs<'a, P: CubeLoss> {
    /// Slices, as kernels take them.
    Slices(P::Inputs<'a>),
    /// Planes of any type, which become slices tile by tile.
    #[cfg(feature = "conversions")]
    Planes(Tiled<'a, P>),
}

/// Checks the inputs of a call.
pub(crate) fn inputs<'a, P: CubeLoss>(
    params: &P,
    source: CubeSource<'a>,
    beside: P::Beside<'a>,
) -> Result<Inputs<'a, P>, Error> {
    match (source, P::original(beside)) {
        #[cfg(feature = "conversions")]
        (CubeSource::Planes(_), _) | (_, Some(Original::Values(_))) => {
            Tiled::new(params, source, beside).map(Inputs::Planes)
        }
        (CubeSource::Cube(cube), _) => params.inputs(cube, beside).map(Inputs::Slices),
    }
}

impl<P: CubeLoss> Walk for Inputs<'_, P> {
    type Params = P;

    fn params(&self) -> &P {
        match self {
            Self::Slices(inputs) => inputs.params(),
            #[cfg(feature = "conversions")]
            Self::Planes(tiled) => &tiled.params,
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Slices(inputs) => inputs.cube().layout.n == 0,
            #[cfg(feature = "conversions")]
            Self::Planes(tiled) => tiled.is_empty(),
        }
    }

    fn tally(&self, weights: &mut ExactSum) -> Tally {
        match self {
            Self::Slices(inputs) => inputs.tally(weights),
            #[cfg(feature = "conversions")]
            Self::Planes(tiled) => tiled.tally(weights),
        }
    }

    fn check_map(&self, length: usize) -> Result<(), Error> {
        match self {
            _ if P::Inputs::TERM_OF_EACH_VALUE => self.check_gradient(length),
            Self::Slices(inputs) if length == inputs.cube().layout.n => Ok(()),
            Self::Slices(_) => Err(Error::LengthMismatch),
            #[cfg(feature = "conversions")]
            Self::Planes(tiled) => tiled.check_output(Floats::OfPixels, length),
        }
    }

    fn check_gradient(&self, length: usize) -> Result<(), Error> {
        match self {
            Self::Slices(inputs) => inputs.cube().check_output(length),
            #[cfg(feature = "conversions")]
            Self::Planes(tiled) => tiled.check_output(Floats::OfValues, length),
        }
    }

    fn walk(&self, outputs: Outputs<P::Totals>) {
        match self {
            Self::Slices(inputs) => inputs.walk(outputs),
            #[cfg(feature = "conversions")]
            Self::Planes(tiled) => tiled.walk(outputs),
        }
    }
}

/// The calls of a loss of a cube and what is `beside` it: on its `Totals`, of which `totals` tells what the terms are
/// added to, and `loss_and_gradient` and `map`. `Params` is a [`CubeLoss`].
macro_rules! cube_calls {
    (
        of ($cube:ident, $beside:ident: $type:ty), totals $totals:ident => $part:expr,
        errors $errors:literal, gradient $by:literal like $like:literal, map $terms:literal
    ) => {
        impl Totals {
            /// Adds pixels.
            ///
            /// # Errors
            #[doc = concat!($errors, ", values that share a place, inputs of different lengths. Nothing was added.")]
            pub fn update<'a>(
                &mut self,
                params: &Params,
                $cube: impl Into<CubeSource<'a>>,
                $beside: $type,
            ) -> Result<(), Error> {
                let $totals = self;
                walk::update(inputs(params, $cube.into(), $beside.into())?, &mut $part);
                Ok(())
            }

            /// The loss. The mean of nothing is NaN, the sum 0, both with the notice `EMPTY`; a weighted mean of
            /// weights that are all 0 is NaN with `DEGENERATE`.
            ///
            /// # Errors
            /// Parameters out of range, [`Reduction::None`], terms of other parameters in the totals.
            pub fn loss(&self, params: &Params) -> Result<Value, Error> {
                let $totals = self;
                TermLoss::loss(params, &$part)
            }

            #[doc = concat!("Writes `upstream * ", $by, "` in the layout of the ", $like, ", or adds it.")]
            /// The totals are those of the whole batch, of which the pixels may be any part. Pixels that do not count
            /// get 0 (or stay as they are, if added to).
            ///
            /// # Errors
            /// As [`Self::update`] and [`Self::loss`], and a gradient that is too short. Nothing was written then.
            pub fn gradient<'a>(
                &self,
                params: &Params,
                $cube: impl Into<CubeSource<'a>>,
                $beside: $type,
                upstream: f64,
                write: Write,
                gradient: &mut [f32],
            ) -> Result<Notices, Error> {
                self.gradient_to(params, $cube.into(), $beside.into(), upstream, Output::new(write, gradient))
            }

            /// [`Self::gradient`], to memory that may be uninitialised.
            pub(crate) fn gradient_to(
                &self,
                params: &Params,
                $cube: CubeSource,
                $beside: <Params as CubeLoss>::Beside<'_>,
                upstream: f64,
                gradient: Output,
            ) -> Result<Notices, Error> {
                let $totals = self;
                walk::gradient(inputs(params, $cube, $beside)?, &$part, upstream, gradient)
            }
        }

        /// The loss and the gradient of one batch, and the batch's totals added to `totals`: the same bits as
        /// [`Totals::update`], [`Totals::loss`] and [`Totals::gradient`] one after the other.
        ///
        /// # Errors
        /// As these. Nothing was written then. With [`Reduction::None`] there is no loss: use [`map`] and
        /// [`Totals::gradient`].
        pub fn loss_and_gradient<'a>(
            params: &Params,
            $cube: impl Into<CubeSource<'a>>,
            $beside: $type,
            upstream: f64,
            write: Write,
            totals: Option<&mut Totals>,
            gradient: &mut [f32],
        ) -> Result<Value, Error> {
            loss_and_gradient_to(params, $cube.into(), $beside.into(), upstream, totals, Output::new(write, gradient))
        }

        /// [`loss_and_gradient`], to memory that may be uninitialised.
        pub(crate) fn loss_and_gradient_to(
            params: &Params,
            $cube: CubeSource,
            $beside: <Params as CubeLoss>::Beside<'_>,
            upstream: f64,
            totals: Option<&mut Totals>,
            gradient: Output,
        ) -> Result<Value, Error> {
            let totals = totals.map(|$totals| &mut $part);
            walk::loss_and_gradient(inputs(params, $cube, $beside)?, upstream, totals, gradient)
        }

        #[doc = concat!("Writes the terms ", $terms, ": the reduction `none`, whatever `params.reduction` is.")]
        /// Pixels that do not count get 0.
        ///
        /// # Errors
        /// As [`Totals::update`], and a map of another length. Nothing was written then.
        pub fn map<'a>(
            params: &Params,
            $cube: impl Into<CubeSource<'a>>,
            $beside: $type,
            map: &mut [f32],
        ) -> Result<Notices, Error> {
            map_to(params, $cube.into(), $beside.into(), Output::new(Write::Store, map))
        }

        /// [`map`], to memory that may be uninitialised.
        pub(crate) fn map_to(
            params: &Params,
            $cube: CubeSource,
            $beside: <Params as CubeLoss>::Beside<'_>,
            map: Output,
        ) -> Result<Notices, Error> {
            walk::map(inputs(params, $cube, $beside)?, map)
        }
    };
}
pub(crate) use cube_calls;
