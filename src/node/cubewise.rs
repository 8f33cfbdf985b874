//! Losses whose terms are made of the pixels of a cube: what their calls have in common.
//!
//! The calls themselves are those of [`super::walk`]. A loss has a struct of its checked inputs,
//! which says by [`Cubewise`] what it goes over, and a kernel that fills [`Outputs`].

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
