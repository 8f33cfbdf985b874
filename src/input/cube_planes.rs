//! Cubes as programs have them: values, masks, labels and weights of any type, in rows that may have gaps.
//!
//! ```text
//!   Cube (slices of floats, bytes and labels) ──────────► the kernel
//!   CubePlanes (any type, stride and pitch) ──► tiles ──► the kernel, tile after tile
//! ```
//!
//! A tile is a part of a row. Floats go to the kernel where they are; other values are converted into an arena on the
//! stack, and what was written beside them goes back in its places. Where all rows follow each other like one, they
//! are one. Sums and counts are exact and have no order, and results never depend on the memory order, so that the
//! tiles give the bits of the whole.

use super::cube_tile::{CubeTile, Floats, Marks};
use super::grid::{Place, Rows, Walk, shape};
use super::mask::live;
use super::{Cube, Items, Layout, Mask, Plane, Values};
use crate::error::Error;
use crate::simd::{Aligned, Arena, Output, Room, take};

/// The inputs of a call on pixels of several values, of any type and in rows: as [`Cube`], which is simpler where all
/// inputs are slices.
#[derive(Clone, Copy, Debug, Default)]
pub struct CubePlanes<'a> {
    /// How many pixels there are, in all rows.
    pub n: usize,
    /// In how many rows they lie, without a remainder; 0 is 1.
    pub rows: usize,
    /// How many values a pixel has.
    pub channels: usize,
    /// Floats from a row of an output to the next. 0: no gap in a map of a float a pixel; a gradient, which has the
    /// strides of the values, has their rows, too.
    pub output_row_stride: usize,
    /// The values. The node says what they are. If they are no floats, there may be 4096 channels, with pointers of 32
    /// bits 256.
    pub values: Values<'a>,
    /// True is an anomaly, or foreground.
    pub targets: Option<Mask<'a>>,
    /// One class a pixel, from 0: the items of a mask.
    pub labels: Option<Mask<'a>>,
    /// Which pixels count. None: all do.
    pub valid: Option<Mask<'a>>,
    /// Pixel weights, finite and not negative. None: all are 1.
    pub weights: Option<Plane<'a>>,
}

/// How many bytes the arena has.
const ARENA: usize = if cfg!(target_pointer_width = "64") && !crate::simd::IS_SMALL { 1 << 16 } else { 1 << 12 };
/// Room for the tiles of a call.
pub(crate) type CubeRoom = Room<Aligned<ARENA>>;
/// How many bytes a tile has if it may: with what a kernel has on the stack it stays near the first-level cache.
const TILE: usize = ARENA / 2;
/// How many pixels a tile has at least if there is room for them.
const FEW: usize = 16;
/// How many pixels a tile has at most. (In tests some dozen pixels are several tiles.)
const MANY: usize = if cfg!(test) { 2 * FEW } else { isize::MAX as usize };
/// How many channels there may be if values are converted: three arrays of them fit, and what a pixel has beside them.
const MOST_CHANNELS: usize = ARENA / 16;

impl<'a> CubePlanes<'a> {
    /// The inputs with targets and labels only if they are used.
    pub(crate) fn only(&self, marks: Marks) -> Self {
        let targets = self.targets.filter(|_| marks == Marks::Targets);
        let labels = self.labels.filter(|_| marks == Marks::Labels);
        Self { targets, labels, ..*self }
    }

    /// Rows, and how many pixels each has.
    pub(crate) fn shape(&self) -> Result<[usize; 2], Error> {
        shape(self.n, self.rows).map(Into::into)
    }

    fn masks(&self) -> impl Iterator<Item = &Mask<'a>> {
        [&self.targets, &self.labels, &self.valid].into_iter().flatten()
    }

    /// The arrays hold their pixels, and what the values are compared with has as many.
    ///
    /// # Errors
    /// Rows with a remainder ([`Error::FrameShape`]), those of values, planes and masks, pixels of no channel or, if
    /// they are converted, of too many ([`Error::Channels`]).
    pub(crate) fn check(&self, original: Option<&Values>) -> Result<(), Error> {
        let shape = self.shape()?;
        let [rows, columns] = shape;
        let is_limited = self.floats(original).is_none() && self.channels > MOST_CHANNELS;
        if self.n > 0 && self.channels == 0 || is_limited {
            return Err(Error::Channels);
        }
        self.values.check(shape, self.channels)?;
        original.map_or(Ok(()), |original| original.check(shape, self.channels))?;
        self.weights.map_or(Ok(()), |weights| weights.check(rows, columns))?;
        self.masks().try_for_each(|mask| mask.check(rows, columns))
    }

    /// The values, and what they are compared with, if kernels can take both where they are: as floats, in one layout.
    fn floats(&self, original: Option<&Values<'a>>) -> Option<[&'a [f32]; 2]> {
        let Items::F32(values) = self.values.plane.items else { return None };
        let Some(original) = original else { return Some([values, &[]]) };
        let Items::F32(originals) = original.plane.items else { return None };
        let has_layout =
            original.plane.stride == self.values.plane.stride && original.channel_stride == self.values.channel_stride;
        has_layout.then_some([values, originals])
    }

    /// How the rows of an output follow each other.
    fn output(&self, floats: Floats) -> Rows {
        let mut lie = Rows { row_stride: self.output_row_stride, ..Rows::PLAIN };
        if floats == Floats::OfValues {
            lie.stride = self.values.plane.stride;
            if lie.row_stride == 0 {
                lie.row_stride = self.values.plane.row_stride;
            }
        }
        lie
    }

    /// How many floats an output has, with its gaps.
    ///
    /// # Errors
    /// Rows with a remainder, or that overlap ([`Error::FrameShape`]); floats in the places of packed values, which
    /// have none ([`Error::UnsupportedInput`]).
    pub(crate) fn output_span(&self, floats: Floats) -> Result<usize, Error> {
        let [rows, columns] = self.shape()?;
        let lie = self.output(floats);
        if floats == Floats::OfPixels {
            return lie.span(rows, columns);
        }
        if self.values.plane.lie().group.is_some() {
            return Err(Error::UnsupportedInput);
        }
        match lie.span_of_channels([rows, columns], self.channels, self.values.channel_stride) {
            // The values themselves share no places, so that the pitch is too short.
            Err(Error::Strides) if self.output_row_stride != 0 => Err(Error::FrameShape),
            span => span,
        }
    }
}

/// All pixels of a cube, tile by tile.
pub(crate) struct CubeTiles<'a> {
    planes: &'a CubePlanes<'a>,
    original: Option<Values<'a>>,
    /// Values and originals in their places.
    floats: Option<[&'a [f32]; 2]>,
    /// Whether values are read. Otherwise those of a tile mean nothing.
    reads: bool,
    /// Whether values are converted pixel by pixel, not channel by channel.
    is_interleaved: bool,
    floats_of: Floats,
    output: Output<'a>,
    /// Over parts of rows.
    walk: Walk,
    /// The tile of which the arena holds what goes to the output.
    unstored: Option<Place>,
    arena: Arena<'a, ARENA>,
    /// How many bytes of the arena a tile takes.
    needed: usize,
}

impl<'a> CubeTiles<'a> {
    /// Of inputs that are checked. An output of no floats is none.
    pub fn new(
        planes: &'a CubePlanes<'a>,
        original: Option<Values<'a>>,
        reads: bool,
        floats_of: Floats,
        output: Output<'a>,
        room: &'a mut CubeRoom,
    ) -> Self {
        let [mut rows, mut width] = planes.shape().unwrap_or_default();
        let values = [Some(planes.values), original].into_iter().flatten().map(|values| values.plane.lie());
        let others = planes.weights.iter().map(Plane::lie).chain(planes.masks().map(Mask::lie));
        let of_output = Some(planes.output(floats_of)).filter(|_| output.len() > 0);
        if values.chain(others).chain(of_output).all(|lie| lie.are_one(width)) {
            (rows, width) = (1, planes.n);
        }
        let row = Place { row: 0, rows: 1, column: 0, columns: width, width };
        let floats = planes.floats(original.as_ref());
        let mut bytes = 0;
        if floats.is_none() {
            let arrays = 1 + usize::from(original.is_some()) + usize::from(output.len() > 0);
            bytes = planes.channels * arrays * size_of::<f32>();
        }
        let weights = planes.weights.iter().filter(|plane| plane.in_place(&row).is_none()).count();
        let labels = planes.labels.iter().filter(|labels| labels.labels_in_place(&row).is_none()).count();
        let masks = [&planes.targets, &planes.valid].into_iter().flatten();
        bytes += (weights + labels) * size_of::<f32>() + masks.filter(|mask| mask.in_place(&row).is_none()).count();
        bytes += usize::from(planes.masks().any(|mask| mask.ignored.is_some()));
        let columns = match (TILE.checked_div(bytes), ARENA.checked_div(bytes)) {
            // Registers of every tier are whole but at the end of a row.
            (Some(most), Some(_)) if most >= FEW => width.min(most & !(FEW - 1)).min(MANY),
            (_, Some(most)) => width.min(most).clamp(1, FEW),
            _ => width.min(MANY),
        };
        Self {
            planes,
            original,
            floats,
            reads,
            is_interleaved: planes.values.are_interleaved()
                && original.is_none_or(|original| original.plane.lie().group.is_none()),
            floats_of,
            output,
            walk: Walk::new(rows, Place { columns, ..row }),
            unstored: None,
            arena: Arena::new(room),
            needed: columns.wrapping_mul(bytes),
        }
    }

    /// The next tile. What was written to the last one goes to the output before.
    #[inline(never)]
    pub fn next(&mut self) -> Option<CubeTile<'_>> {
        if let Some(place) = self.unstored.take() {
            self.store(&place);
        }
        let place = self.walk.next()?;
        let n = place.columns;
        let Self {
            planes, original, floats, reads, is_interleaved, floats_of, output, unstored, arena, needed, ..
        } = self;
        let channels = planes.channels;
        let of_values = &planes.values;
        let (stride, channel_stride) = (of_values.plane.stride, of_values.channel_stride);
        let from = |row: usize, stride: usize| row.wrapping_add(place.column.wrapping_mul(stride));
        let mut rest = arena.bytes(*needed);
        let lie = planes.output(*floats_of);
        let start = from(lie.start(&place, 0), lie.stride);
        let (layout, values, originals);
        if let Some([of_cube, of_original]) = *floats {
            layout = Layout { n, channels, pixel_stride: stride, channel_stride };
            let rest = |floats: &'a [f32], lie: Rows| floats.get(from(lie.start(&place, 0), stride)..).unwrap_or(&[]);
            values = rest(of_cube, of_values.plane.lie());
            originals = original.as_ref().map(|original| rest(of_original, original.plane.lie()));
        } else {
            let is_interleaved = *is_interleaved;
            layout = layout_of_tile(is_interleaved, n, channels);
            let count = n.wrapping_mul(channels);
            let to = take::<f32>(&mut rest, count);
            let original = original.as_ref().map(|original| (original, take::<f32>(&mut rest, count)));
            if *reads {
                of_values.convert(&place, channels, is_interleaved, to);
            }
            originals = original.map(|(original, to)| {
                if *reads {
                    original.convert(&place, channels, is_interleaved, to);
                }
                &*to
            });
            values = to;
        }
        let is_of_values = *floats_of == Floats::OfValues;
        let output = if is_of_values && floats.is_none() && output.len() > 0 {
            let floats = take::<f32>(&mut rest, n.wrapping_mul(channels));
            for (start, stride, floats) in places(start, &lie, channel_stride, &layout, floats) {
                output.read(start, stride, floats.len(), floats);
            }
            *unstored = Some(place);
            Output::new(output.write(), floats)
        } else {
            let length = if is_of_values { layout.span() } else { Ok(n) };
            output.part(start, length.unwrap_or(0))
        };
        let weights = planes.weights.as_ref().map(|plane| plane.fetch(&place, &mut rest));
        let labels = planes.labels.as_ref().map(|labels| labels.fetch_labels(&place, &mut rest));
        let targets = planes.targets.as_ref().map(|mask| mask.fetch(&place, &mut rest));
        let mut valid = planes.valid.as_ref().map(|mask| mask.fetch(&place, &mut rest));
        if planes.masks().any(|mask| mask.ignored.is_some()) {
            valid = Some(live(valid, planes.masks(), &place, &mut rest));
        }
        let cube = Cube { values, layout, targets, labels, valid, weights };
        Some(CubeTile { cube, original: originals.unwrap_or(values), output })
    }

    /// Puts what a kernel wrote into the arena in its places.
    fn store(&mut self, place: &Place) {
        let Self { planes, original, is_interleaved, output, arena, needed, .. } = self;
        let channels = planes.channels;
        let count = place.columns.wrapping_mul(channels);
        let arrays = 1 + usize::from(original.is_some());
        let rest = arena.bytes(*needed);
        let floats = rest.get_mut(arrays * count * size_of::<f32>()..).unwrap_or_default();
        let floats = take::<f32>(&mut &mut *floats, count);
        let layout = layout_of_tile(*is_interleaved, place.columns, channels);
        let lie = planes.output(Floats::OfValues);
        let start = lie.start(place, 0).wrapping_add(place.column.wrapping_mul(lie.stride));
        for (start, stride, floats) in places(start, &lie, planes.values.channel_stride, &layout, floats) {
            output.put(start, stride, floats.len(), floats);
        }
    }
}

/// The layout of values in the arena.
fn layout_of_tile(is_interleaved: bool, n: usize, channels: usize) -> Layout {
    if is_interleaved { Layout::interleaved(n, channels) } else { Layout::planar(n, channels) }
}

/// The neighbours of a tile in the arena, and where the first of them goes and how far the next ones: the channels of a
/// pixel, or the pixels of a channel.
fn places<'t>(
    start: usize,
    lie: &Rows,
    channel_stride: usize,
    layout: &Layout,
    floats: &'t mut [f32],
) -> impl Iterator<Item = (usize, usize, &'t mut [f32])> {
    let pixels = (layout.channels, lie.stride, channel_stride);
    let channels = (layout.n, channel_stride, lie.stride);
    let (length, step, stride) = if layout.channel_stride == 1 { pixels } else { channels };
    let parts = floats.chunks_mut(length.max(1)).enumerate();
    parts.map(move |(index, floats)| (start.wrapping_add(index.wrapping_mul(step)), stride, floats))
}

impl<'a> From<Cube<'a>> for CubePlanes<'a> {
    /// Slices in one row.
    fn from(cube: Cube<'a>) -> Self {
        let Cube { values, layout, targets, labels, valid, weights } = cube;
        let Layout { n, channels, pixel_stride, channel_stride } = layout;
        // (A stride that is not used may have any value.)
        let pixel_stride = if n > 1 { pixel_stride } else { 1 };
        Self {
            n,
            rows: 1,
            channels,
            output_row_stride: 0,
            values: Values::new(Plane::from(values).every(pixel_stride), channel_stride),
            targets: targets.map(Mask::from),
            labels: labels.map(Mask::from),
            valid: valid.map(Mask::from),
            weights: weights.map(Plane::from),
        }
    }
}
