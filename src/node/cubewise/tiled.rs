//! Cubes of any type, which become slices tile by tile: a loss goes over each as over a cube of its own.

use super::{CubeLoss, Cubewise};
use crate::error::Error;
use crate::exact::ExactSum;
use crate::input::{Cube, CubePlanes, CubeSource, CubeTile, CubeTiles, Floats, Layout, Tally, Values};
use crate::node::walk::{Gradient, Outputs};
use crate::simd::{Output, Room};

/// Planes and what is beside them, which fit each other and the loss. (It is small, because calls of slices have room
/// for it, too.)
pub(crate) struct Tiled<'a, P: CubeLoss> {
    pub params: P,
    source: CubeSource<'a>,
    beside: P::Beside<'a>,
}

impl<'a, P: CubeLoss> Tiled<'a, P> {
    #[inline(never)]
    pub fn new(params: &P, source: CubeSource<'a>, beside: P::Beside<'a>) -> Result<Self, Error> {
        let tiled = Self { params: *params, source, beside };
        let planes = tiled.planes();
        // What is wrong with the loss and what is beside the cube is wrong with no pixel, too.
        let layout = Layout::interleaved(0, planes.channels);
        let empty = Cube { layout, labels: planes.labels.map(|_| &[][..]), ..Cube::default() };
        params.inputs(&empty, P::beside_tile(&beside, &[]))?;
        source.check(P::MARKS)?;
        planes.check(tiled.original(&planes).as_ref())?;
        Ok(tiled)
    }

    /// The inputs that are used.
    fn planes(&self) -> CubePlanes<'a> {
        match self.source {
            CubeSource::Cube(cube) => CubePlanes::from(*cube).only(P::MARKS),
            CubeSource::Planes(planes) => planes.only(P::MARKS),
        }
    }

    /// What the values are compared with.
    fn original(&self, planes: &CubePlanes<'a>) -> Option<Values<'a>> {
        P::original(self.beside).map(|original| original.beside(&planes.values))
    }

    pub fn is_empty(&self) -> bool {
        self.planes().n == 0
    }

    #[inline(never)]
    pub fn check_output(&self, floats: Floats, length: usize) -> Result<(), Error> {
        if self.planes().output_span(floats)? > length { Err(Error::LengthMismatch) } else { Ok(()) }
    }

    /// The inputs of a tile, which fit each other as the whole does.
    fn of_tile<'t>(&'t self, cube: &Cube<'t>, original: &'t [f32]) -> Option<P::Inputs<'t>> {
        self.params.inputs(cube, P::beside_tile(&self.beside, original)).ok()
    }

    #[inline(never)]
    pub fn tally(&self, weights: &mut ExactSum) -> Tally {
        let mut all = Tally::default();
        let planes = self.planes();
        let mut room = Room::new();
        let mut tiles = CubeTiles::new(&planes, None, false, Floats::OfPixels, Output::nowhere(), &mut room);
        while let Some(CubeTile { cube, .. }) = tiles.next() {
            // (The values are not read, and stand for an original, too.)
            let Some(inputs) = self.of_tile(&cube, cube.values) else { break };
            let tally = inputs.tally(weights);
            all.pixels = all.pixels.wrapping_add(tally.pixels);
            all.rejected = all.rejected.wrapping_add(tally.rejected);
        }
        all
    }

    #[inline(never)]
    pub fn walk(&self, Outputs { mut totals, map, gradient }: Outputs<P::Totals>) {
        let slope = gradient.as_ref().map(|gradient| gradient.slope);
        let is_of_values = slope.is_some() || P::Inputs::<'_>::TERM_OF_EACH_VALUE;
        let floats = if is_of_values { Floats::OfValues } else { Floats::OfPixels };
        let is_map = map.is_some();
        let output = gradient.map(|gradient| gradient.to).or(map).unwrap_or(Output::nowhere());
        let planes = self.planes();
        let mut room = Room::new();
        let mut tiles = CubeTiles::new(&planes, self.original(&planes), true, floats, output, &mut room);
        while let Some(CubeTile { cube, original, output: to }) = tiles.next() {
            let Some(inputs) = self.of_tile(&cube, original) else { break };
            let (map, gradient) = match slope {
                Some(slope) => (None, Some(Gradient { slope, to })),
                None => (is_map.then_some(to), None),
            };
            inputs.walk(Outputs { totals: totals.as_deref_mut(), map, gradient });
        }
    }
}
