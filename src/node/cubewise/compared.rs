//! Losses that compare a cube with another one: a reconstruction with its original.

use crate::error::Error;
use crate::input::Cube;

/// The parameters of a loss, a cube, and what it is compared with in its layout: they fit each other.
#[derive(Clone, Copy)]
pub(crate) struct Compared<'a, P> {
    pub params: P,
    pub cube: Cube<'a>,
    pub original: &'a [f32],
}

impl<'a, P: Copy> Compared<'a, P> {
    /// Of parameters that are checked.
    pub fn new(params: &P, cube: &Cube<'a>, original: &'a [f32]) -> Result<Self, Error> {
        if cube.layout.n > 0 && cube.layout.channels == 0 {
            return Err(Error::Channels);
        }
        cube.check()?;
        cube.check_output(original.len())?;
        Ok(Self { params: *params, cube: *cube, original })
    }
}

/// Makes a [`super::CubeLoss`] of parameters that have `check`.
macro_rules! compares_cubes {
    ($params:ident) => {
        impl CubeLoss for $params {
            type Beside<'a> = Original<'a>;
            type Inputs<'a> = Compared<'a, Self>;

            fn inputs<'a>(&self, cube: &Cube<'a>, original: Original<'a>) -> Result<Compared<'a, Self>, Error> {
                let original = original.floats()?;
                self.check()?;
                Compared::new(self, cube, original)
            }

            fn original<'a>(original: Self::Beside<'a>) -> Option<Original<'a>> {
                Some(original)
            }

            fn beside_tile<'t>(_: &'t Original<'_>, original: &'t [f32]) -> Original<'t> {
                original.into()
            }
        }
    };
}

pub(crate) use compares_cubes;
