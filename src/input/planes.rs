//! Pixels as programs have them: planes of any type, in rows that may have gaps.
//!
//! ```text
//!   Pixels (slices of floats and bytes) ────────────────► the kernel
//!   Planes (any type, stride and pitch) ──► tiles ──────► the kernel, tile after tile
//! ```
//!
//! A tile is as many pixels as the arena on the stack has room for: what is floats or bytes side by side already goes
//! to the kernel where it is, the rest is converted into the arena, and what was written there goes back in rows. Sums
//! and counts are exact and have no order, so that the tiles give the bits of the whole.

use super::grid::{Place, Rows, Walk, shape};
use super::mask::{CountBits, live};
use super::{Mask, MaskCounts, Pixels, Plane, Used};
use crate::error::Error;
use crate::simd::{self, ARENA, Aligned, Arena, Output, Room, take};

/// The inputs of a call, of any type and in rows: as [`Pixels`], which are simpler where all inputs are slices of
/// floats and bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Planes<'a> {
    /// How many pixels there are, in all rows.
    pub n: usize,
    /// In how many rows they lie, without a remainder; 0 is 1.
    pub rows: usize,
    /// Floats from a row of an output (a gradient, a map) to the next; 0: no gap.
    pub output_row_stride: usize,
    /// Scores, or logits: as the node says.
    pub scores: Option<Plane<'a>>,
    /// Ground truth; true is an anomaly.
    pub targets: Option<Mask<'a>>,
    /// Decisions; true is an anomaly.
    pub decisions: Option<Mask<'a>>,
    /// Which pixels count. None: all do.
    pub valid: Option<Mask<'a>>,
    /// Pixel weights, finite and not negative. None: all are 1.
    pub weights: Option<Plane<'a>>,
    /// Targets between 0 and 1, in the place of `targets`.
    pub soft_targets: Option<Plane<'a>>,
}

impl<'a> Planes<'a> {
    pub(super) fn given(&self) -> Used {
        Used::SCORES.when(self.scores.is_some())
            | Used::TARGETS.when(self.targets.is_some())
            | Used::DECISIONS.when(self.decisions.is_some())
            | Used::VALID.when(self.valid.is_some())
            | Used::WEIGHTS.when(self.weights.is_some())
            | Used::SOFT_TARGETS.when(self.soft_targets.is_some())
    }

    /// Of the inputs that are used those that say which pixels count: beside `valid`, weights and soft targets the
    /// masks with an ignored label.
    pub(super) fn live(&self, used: Used) -> Used {
        let ignores = |mask: &Option<Mask>| mask.as_ref().is_some_and(|mask| mask.ignored.is_some());
        let targets = Used::TARGETS.when(!ignores(&self.targets));
        let decisions = Used::DECISIONS.when(!ignores(&self.decisions));
        used.without(Used::SCORES | targets | decisions)
    }

    /// The numbers that are used.
    fn planes(&self, used: Used) -> impl Iterator<Item = &Plane<'a>> {
        let planes =
            [(&self.scores, Used::SCORES), (&self.weights, Used::WEIGHTS), (&self.soft_targets, Used::SOFT_TARGETS)];
        planes.into_iter().filter(move |(_, input)| used.has(*input)).filter_map(|(plane, _)| plane.as_ref())
    }

    /// The masks that are used.
    fn masks(&self, used: Used) -> impl Iterator<Item = &Mask<'a>> {
        let masks = [(&self.targets, Used::TARGETS), (&self.decisions, Used::DECISIONS), (&self.valid, Used::VALID)];
        masks.into_iter().filter(move |(_, input)| used.has(*input)).filter_map(|(mask, _)| mask.as_ref())
    }

    /// Whether a label of a mask that is used means that there is no pixel.
    fn ignores(&self, used: Used) -> bool {
        self.masks(used).any(|mask| mask.ignored.is_some())
    }

    /// Rows, and how many pixels each has.
    fn shape(&self) -> Result<(usize, usize), Error> {
        shape(self.n, self.rows)
    }

    /// The planes that are used hold their pixels.
    ///
    /// # Errors
    /// Rows with a remainder ([`Error::FrameShape`]), and those of the planes and masks.
    pub(super) fn check(&self, used: Used) -> Result<(), Error> {
        let (rows, columns) = self.shape()?;
        self.planes(used).try_for_each(|plane| plane.check(rows, columns))?;
        self.masks(used).try_for_each(|mask| mask.check(rows, columns))
    }

    /// Every so many pixels of every so many rows, from the first.
    pub(crate) fn every(&self, stride: usize) -> Result<Self, Error> {
        let (rows, columns) = self.shape()?;
        let (few_rows, few_columns) = (rows.div_ceil(stride), columns.div_ceil(stride));
        let plane = |plane: Option<Plane<'a>>| plane.map(|plane| plane.apart(stride, columns));
        let mask = |mask: Option<Mask<'a>>| mask.map(|mask| mask.apart(stride, columns));
        Ok(Self {
            n: few_rows * few_columns,
            rows: few_rows,
            output_row_stride: 0,
            scores: plane(self.scores),
            targets: mask(self.targets),
            decisions: mask(self.decisions),
            valid: mask(self.valid),
            weights: plane(self.weights),
            soft_targets: plane(self.soft_targets),
        })
    }

    /// What one mask or two hold, among the pixels that count; None: not all of them are bits.
    pub(super) fn count_bits(&self, first: Option<Mask<'a>>, second: Option<Mask<'a>>) -> Option<MaskCounts> {
        let (rows, columns) = self.shape().ok()?;
        let count = CountBits { first: first?, second, valid: self.valid, rows, columns };
        (count.is_possible() && !simd::IS_SMALL).then(|| simd::run(count))
    }

    /// How the rows of an output follow each other.
    fn output(&self) -> Rows {
        Rows { row_stride: self.output_row_stride, ..Rows::PLAIN }
    }

    /// How many floats an output has, with the gaps between its rows.
    pub(crate) fn output_span(&self) -> Result<usize, Error> {
        let (rows, columns) = self.shape()?;
        self.output().span(rows, columns)
    }

    /// An output of so many floats holds a float for each pixel.
    pub(super) fn check_output(&self, length: usize) -> Result<(), Error> {
        if self.output_span()? > length { Err(Error::LengthMismatch) } else { Ok(()) }
    }
}

/// Room for the tiles of a call.
pub(super) type PixelRoom = Room<Aligned<ARENA>>;

/// All pixels, tile by tile.
pub(super) struct Tiles<'a> {
    planes: &'a Planes<'a>,
    used: Used,
    output: Output<'a>,
    /// Over whole rows, or parts of one.
    walk: Walk,
    /// The place of which the arena holds what goes to the output.
    unstored: Option<Place>,
    arena: Arena<'a, ARENA>,
    /// How many bytes of the arena a tile takes.
    needed: usize,
}

/// Rows of so many pixels are not put together.
const LONG: usize = ARENA / 32;

impl<'a> Tiles<'a> {
    /// Of planes that are checked those that are used.
    pub fn new(planes: &'a Planes<'a>, used: Used, output: Output<'a>, room: &'a mut PixelRoom) -> Self {
        let (mut rows, mut width) = planes.shape().unwrap_or((0, 0));
        let lies = || planes.planes(used).map(Plane::lie).chain(planes.masks(used).map(Mask::lie));
        if lies().chain([planes.output()]).all(|lie| lie.are_one(width)) {
            (rows, width) = (1, planes.n);
        }
        let is_long = rows == 1 || width >= LONG;
        let mut step = Place { row: 0, rows: if is_long { 1 } else { rows }, column: 0, columns: width, width };
        let float = size_of::<f32>();
        let mut bytes = planes.planes(used).filter(|plane| plane.in_place(&step).is_none()).count() * float;
        bytes += planes.masks(used).filter(|mask| mask.in_place(&step).is_none()).count();
        bytes += usize::from(planes.ignores(used));
        if output.len() > 0 && !planes.output().are_neighbours(&step) {
            bytes += float;
        }
        // Registers of every tier are whole but at the end of a row.
        let most = (ARENA & !7).checked_div(bytes).unwrap_or(usize::MAX) & !7;
        if is_long {
            step.columns = width.min(most);
        } else {
            step.rows = most.checked_div(width).unwrap_or(0).clamp(1, rows.max(1));
        }
        let needed = step.pixels().wrapping_mul(bytes);
        Self { planes, used, output, walk: Walk::new(rows, step), unstored: None, arena: Arena::new(room), needed }
    }

    /// The next tile: its pixels, how many they are, and where their floats go. Before that what was written to the
    /// last one goes to the output.
    #[inline(never)]
    pub fn next(&mut self) -> Option<(Pixels<'_>, usize, Output<'_>)> {
        if let Some(place) = self.unstored.take() {
            self.store(&place);
        }
        let place = self.walk.next()?;
        let n = place.pixels();
        let Self { planes, used, output, unstored, arena, needed, .. } = self;
        let lie = planes.output();
        let mut rest = arena.bytes(*needed);
        let output = if output.len() == 0 {
            Output::nowhere()
        } else if lie.are_neighbours(&place) {
            output.part(lie.start(&place, 0).wrapping_add(place.column), n)
        } else {
            let floats = take(&mut rest, n);
            for (start, first, to) in lie.of_tile(&place, floats) {
                output.read(start.wrapping_add(first), 1, to.len(), to);
            }
            *unstored = Some(place);
            Output::new(output.write(), floats)
        };
        let mut floats = |plane: &Option<Plane<'a>>, input| {
            plane.as_ref().filter(|_| used.has(input)).map(|plane| plane.fetch(&place, &mut rest))
        };
        let scores = floats(&planes.scores, Used::SCORES);
        let weights = floats(&planes.weights, Used::WEIGHTS);
        let soft_targets = floats(&planes.soft_targets, Used::SOFT_TARGETS);
        let mut bytes = |mask: &Option<Mask<'a>>, input| {
            mask.as_ref().filter(|_| used.has(input)).map(|mask| mask.fetch(&place, &mut rest))
        };
        let targets = bytes(&planes.targets, Used::TARGETS);
        let decisions = bytes(&planes.decisions, Used::DECISIONS);
        let mut valid = bytes(&planes.valid, Used::VALID);
        if planes.ignores(*used) {
            valid = Some(live(valid, planes.masks(*used), &place, &mut rest));
        }
        let pixels = Pixels { scores: scores.unwrap_or(&[]), targets, decisions, valid, weights, soft_targets };
        Some((pixels, n, output))
    }

    /// Puts what a kernel wrote into the arena in its places.
    fn store(&mut self, place: &Place) {
        let mut rest = self.arena.bytes(self.needed);
        let floats = take(&mut rest, place.pixels());
        for (start, first, from) in self.planes.output().of_tile(place, floats) {
            self.output.put(start.wrapping_add(first), 1, from.len(), from);
        }
    }
}

impl<'a> From<Pixels<'a>> for Planes<'a> {
    /// Slices in one row: as many pixels as there are targets, or else scores or decisions.
    fn from(pixels: Pixels<'a>) -> Self {
        let Pixels { scores, targets, decisions, valid, weights, soft_targets } = pixels;
        let n = [targets, decisions].into_iter().flatten().map(<[u8]>::len).next().unwrap_or(scores.len());
        Self {
            n,
            rows: 1,
            output_row_stride: 0,
            scores: (!scores.is_empty() || n == 0).then(|| scores.into()),
            targets: targets.map(Mask::from),
            decisions: decisions.map(Mask::from),
            valid: valid.map(Mask::from),
            weights: weights.map(Plane::from),
            soft_targets: soft_targets.map(Plane::from),
        }
    }
}
