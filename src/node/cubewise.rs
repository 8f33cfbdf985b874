//! Losses whose terms are made of the pixels of a cube: what their calls have in common.
//!
//! The calls themselves are those of [`super::walk`]. A loss has a struct of its checked inputs,
//! which says by [`Cubewise`] what it goes over, and a kernel that fills [`Outputs`]; `cube_calls!` writes the calls.

use super::walk::{Outputs, TermLoss, Walk};
use crate::error::Error;
use crate::exact::ExactSum;
use crate::input::{Cube, Tally, tally};

/// The inputs of a call, which are checked, and the loss.
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

impl<C: Cubewise> Walk for C {
    type Params = C::Params;

    fn params(&self) -> &C::Params {
        Cubewise::params(self)
    }

    fn is_empty(&self) -> bool {
        self.cube().layout.n == 0
    }

    fn tally(&self, weights: &mut ExactSum) -> Tally {
        Cubewise::tally(self, weights)
    }

    fn check_map(&self, length: usize) -> Result<(), Error> {
        if C::TERM_OF_EACH_VALUE {
            return self.cube().check_output(length);
        }
        if length == self.cube().layout.n { Ok(()) } else { Err(Error::LengthMismatch) }
    }

    fn check_gradient(&self, length: usize) -> Result<(), Error> {
        self.cube().check_output(length)
    }

    fn walk(&self, outputs: Outputs<<C::Params as TermLoss>::Totals>) {
        Cubewise::walk(self, outputs);
    }
}

/// The calls of a loss of a cube and what is `beside` it: on its `Totals`, of which `totals` tells what the terms are
/// added to, and `loss_and_gradient` and `map`. `inputs::new` checks and says
/// [`Cubewise`].
macro_rules! cube_calls {
    (
        inputs $inputs:ident, of ($cube:ident, $beside:ident: $type:ty), totals $totals:ident => $part:expr,
        errors $errors:literal, gradient $by:literal like $like:literal, map $terms:literal
    ) => {
        impl Totals {
            /// Adds pixels.
            ///
            /// # Errors
            #[doc = concat!($errors, ", values that share a place, inputs of different lengths. Nothing was added.")]
            pub fn update(&mut self, params: &Params, $cube: &Cube, $beside: $type) -> Result<(), Error> {
                let $totals = self;
                walk::update($inputs::new(params, $cube, $beside)?, &mut $part);
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
            pub fn gradient(
                &self,
                params: &Params,
                $cube: &Cube,
                $beside: $type,
                upstream: f64,
                write: Write,
                gradient: &mut [f32],
            ) -> Result<Notices, Error> {
                self.gradient_to(params, $cube, $beside, upstream, Output::new(write, gradient))
            }

            /// [`Self::gradient`], to memory that may be uninitialised.
            pub(crate) fn gradient_to(
                &self,
                params: &Params,
                $cube: &Cube,
                $beside: $type,
                upstream: f64,
                gradient: Output,
            ) -> Result<Notices, Error> {
                let $totals = self;
                walk::gradient($inputs::new(params, $cube, $beside)?, &$part, upstream, gradient)
            }
        }

        /// The loss and the gradient of one batch, and the batch's totals added to `totals`: the same bits as
        /// [`Totals::update`], [`Totals::loss`] and [`Totals::gradient`] one after the other.
        ///
        /// # Errors
        /// As these. Nothing was written then. With [`Reduction::None`] there is no loss: use [`map`] and
        /// [`Totals::gradient`].
        pub fn loss_and_gradient(
            params: &Params,
            $cube: &Cube,
            $beside: $type,
            upstream: f64,
            write: Write,
            totals: Option<&mut Totals>,
            gradient: &mut [f32],
        ) -> Result<Value, Error> {
            loss_and_gradient_to(params, $cube, $beside, upstream, totals, Output::new(write, gradient))
        }

        /// [`loss_and_gradient`], to memory that may be uninitialised.
        pub(crate) fn loss_and_gradient_to(
            params: &Params,
            $cube: &Cube,
            $beside: $type,
            upstream: f64,
            totals: Option<&mut Totals>,
            gradient: Output,
        ) -> Result<Value, Error> {
            let totals = totals.map(|$totals| &mut $part);
            walk::loss_and_gradient($inputs::new(params, $cube, $beside)?, upstream, totals, gradient)
        }

        #[doc = concat!("Writes the terms ", $terms, ": the reduction `none`, whatever `params.reduction` is.")]
        /// Pixels that do not count get 0.
        ///
        /// # Errors
        /// As [`Totals::update`], and a map of another length. Nothing was written then.
        pub fn map(params: &Params, $cube: &Cube, $beside: $type, map: &mut [f32]) -> Result<Notices, Error> {
            map_to(params, $cube, $beside, Output::new(Write::Store, map))
        }

        /// [`map`], to memory that may be uninitialised.
        pub(crate) fn map_to(params: &Params, $cube: &Cube, $beside: $type, map: Output) -> Result<Notices, Error> {
            walk::map($inputs::new(params, $cube, $beside)?, map)
        }
    };
}
pub(crate) use cube_calls;
