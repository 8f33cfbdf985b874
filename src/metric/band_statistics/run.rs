//! The parts of a cube that kernels take: lines of neighbouring pixels of one channel.
//!
//! ```text
//! 16 bits  ──► rows of items where they are, beside tiles of the mask ──► lines of items, or channels side by side
//! integers ──► rows of items, or tiles of floats ──► gathered lines of items
//! others   ──► tiles of floats ──► lines of floats, where they are or gathered
//! ```

#[cfg(feature = "conversions")]
use super::kernels::{CHANNELS, Channels, FEW, Interleaved, Line, Meaning};
use super::{Column, Params, Totals};
use crate::error::Error;
#[cfg(feature = "conversions")]
use crate::input::{CubePlanes, Items, Values};
use crate::input::{CubeSource, Layout, Marks, Pixels, Sum, count_valid};
use crate::node::range::Range;
use crate::simd::{self, on_stack};

/// The most pixels that go together: sums of items, and of halves of their squares, are below 2^31.
const BLOCK: usize = 1 << 15;
/// How many values are gathered at a time.
const GATHERED: usize = on_stack(512);
/// The item that means 0 where values have a sign.
#[cfg(feature = "conversions")]
const MIDDLE: u16 = 1 << 15;

/// What all runs of a call are added to.
struct Adding<'a> {
    params: &'a Params,
    hash: i64,
    totals: &'a mut [Totals],
    columns: &'a mut [Column],
    /// How many columns the detector has.
    width: usize,
    /// How many pixels came before.
    before: usize,
}

/// Some pixels: where the first channel of the first one lies, and the others.
#[derive(Clone, Copy)]
struct Run<'a> {
    start: usize,
    layout: Layout,
    valid: Option<&'a [u8]>,
    /// In which column of the detector the first one lies.
    column: usize,
}

/// Checks everything, then adds all.
pub(super) fn update(
    params: &Params,
    cube: &CubeSource,
    totals: &mut [Totals],
    columns: &mut [Column],
) -> Result<(), Error> {
    let (n, rows, has_weights) = match cube {
        CubeSource::Cube(cube) => (cube.layout.n, 1, cube.weights.is_some()),
        #[cfg(feature = "conversions")]
        CubeSource::Planes(planes) => (planes.n, planes.rows.max(1), planes.weights.is_some()),
    };
    if has_weights {
        return Err(Error::UnsupportedInput);
    }
    cube.check(Marks::None)?;
    let width = n.checked_div(rows).unwrap_or(n);
    let cells = cube.channels().checked_mul(width).ok_or(Error::TooLarge)?;
    if totals.len() != cube.channels() || !(columns.is_empty() || columns.len() == cells) {
        return Err(Error::LengthMismatch);
    }
    let mut adding = Adding { params, hash: params.fingerprint(), totals, columns, width, before: 0 };
    #[cfg(feature = "conversions")]
    if let CubeSource::Planes(planes) = cube
        && planes.values.plane.scale == 1.0
        && planes.values.plane.zero_point == 0
    {
        match planes.values.plane.items {
            Items::U8(_) | Items::U16(_) | Items::I16(_) => {
                adding.each_row(planes);
                return Ok(());
            }
            Items::I8(_) | Items::Mono10p(_) | Items::Mono12p(_) | Items::Mono12Packed(_) => {
                // Tiles of floats hold them. They are rare: there are no loops for them alone.
                cube.each(Marks::None, None, |tile| {
                    adding.add_integers(&Run::new(0, tile.cube.layout, tile.cube.valid), &Items::F32(tile.cube.values));
                });
                return Ok(());
            }
            _ => {}
        }
    }
    cube.each(Marks::None, None, |tile| {
        adding.add_floats(&Run::new(0, tile.cube.layout, tile.cube.valid), tile.cube.values);
    });
    Ok(())
}

impl<'a> Run<'a> {
    fn new(start: usize, layout: Layout, valid: Option<&'a [u8]>) -> Self {
        Self { start, layout, valid, column: 0 }
    }

    /// Where the first value of a channel lies.
    fn channel(&self, channel: usize) -> usize {
        self.start.wrapping_add(self.layout.place(0, channel))
    }

    /// The values of a channel, if they are neighbours.
    fn line<'t, T>(&self, channel: usize, items: &'t [T]) -> &'t [T] {
        items.get(self.channel(channel)..).and_then(|items| items.get(..self.layout.n)).unwrap_or(&[])
    }

    fn are_neighbours(&self) -> bool {
        self.layout.pixel_stride == 1 || self.layout.n <= 1
    }

    /// Copies the values of a channel, each made something else, as far as there is room.
    #[inline(never)]
    fn gather<'t, T: Copy, U>(&self, channel: usize, items: &[T], to: &'t mut [U], make: impl Fn(T) -> U) -> &'t [U] {
        let items = items.get(self.channel(channel)..).unwrap_or(&[]);
        let to = to.get_mut(..self.layout.n).unwrap_or_default();
        for (index, to) in to.iter_mut().enumerate() {
            if let Some(item) = items.get(index.wrapping_mul(self.layout.pixel_stride)) {
                *to = make(*item);
            }
        }
        to
    }
}

impl Adding<'_> {
    /// Hands over parts of at most so many pixels; if there are columns, each of them lies in one row.
    #[inline(always)]
    fn each_part(&mut self, run: &Run, most: usize, mut with: impl FnMut(&mut Self, &Run)) {
        let (mut first, n) = (0, run.layout.n);
        while first < n {
            let column = self.before.checked_rem(self.width).unwrap_or(0);
            let left = if self.columns.is_empty() { n } else { self.width - column };
            let count = left.min(most).min(n - first);
            let layout = Layout { n: count, ..run.layout };
            let start = run.start.wrapping_add(run.layout.place(first, 0));
            let valid = run.valid.and_then(|valid| valid.get(first..)).and_then(|valid| valid.get(..count));
            with(self, &Run { start, layout, valid, column });
            first += count;
            self.before = self.before.wrapping_add(count);
        }
    }

    /// Adds values of a channel to the columns that they lie in.
    #[inline(always)]
    fn add_columns(&mut self, channel: usize, run: &Run, values: impl Iterator<Item = f32>) {
        if self.columns.is_empty() {
            return;
        }
        let first = channel.wrapping_mul(self.width).wrapping_add(run.column);
        let columns = self.columns.get_mut(first..).unwrap_or_default();
        for (index, (column, value)) in columns.iter_mut().zip(values).enumerate() {
            if run.valid.and_then(|valid| valid.get(index)) != Some(&0) {
                column.add(value);
            }
        }
    }

    /// Adds floats, channel by channel.
    #[inline(never)]
    fn add_floats(&mut self, run: &Run, floats: &[f32]) {
        let mut gathered = [0.0; GATHERED];
        let are_neighbours = run.are_neighbours();
        self.each_part(run, if are_neighbours { BLOCK } else { GATHERED }, |adding, part| {
            let count = count_valid(part.layout.n, part.valid);
            for channel in 0..part.layout.channels {
                let line = if are_neighbours {
                    part.line(channel, floats)
                } else {
                    part.gather(channel, floats, &mut gathered, |float| float)
                };
                adding.add_line_of_floats(channel, part, count, line);
            }
        });
    }

    /// Adds floats of one channel, of which so many count.
    #[inline(never)]
    fn add_line_of_floats(&mut self, channel: usize, run: &Run, count: i64, floats: &[f32]) {
        let Some(totals) = self.totals.get_mut(channel) else { return };
        let valid = run.valid;
        let pixels = Pixels { scores: floats, valid, ..Pixels::default() };
        totals.count(count, self.hash);
        simd::run(Sum { floats, pixels: &pixels, sum: &mut totals.sum });
        totals.squares.add_squares(floats, valid);
        let [zero, saturated] = count_levels(floats, valid, self.params.saturation.unwrap_or(f32::NAN));
        totals.zero = totals.zero.wrapping_add(zero.into());
        totals.saturated = totals.saturated.wrapping_add(saturated.into());
        let mut range = Range::default();
        range.add(&pixels, count);
        totals.greatest = totals.greatest.max(range.greatest);
        totals.negated_least = totals.negated_least.max(range.negated_least);
        self.add_columns(channel, run, floats.iter().copied());
    }
}

#[cfg(feature = "conversions")]
impl Adding<'_> {
    /// Adds integers where they are, row by row.
    fn each_row(&mut self, planes: &CubePlanes) {
        let lie = planes.values.plane.lie();
        let (channels, channel_stride) = (planes.channels, planes.values.channel_stride);
        let [mut width, row_stride] = [self.width, lie.row_stride(self.width)];
        if lie.are_one(width) {
            width = planes.n;
        }
        let mut add = |n: usize, valid: Option<&[u8]>| {
            let mut first = 0;
            while first < n {
                let pixel = self.before;
                let [row, column] = [pixel.checked_div(width), pixel.checked_rem(width)].map(Option::unwrap_or_default);
                let count = (width - column).min(n - first);
                let start = row.wrapping_mul(row_stride).wrapping_add(column.wrapping_mul(lie.stride));
                let layout = Layout { n: count, channels, pixel_stride: lie.stride, channel_stride };
                let valid = valid.and_then(|valid| valid.get(first..first + count));
                self.add_integers(&Run::new(start, layout, valid), &planes.values.plane.items);
                first += count;
            }
        };
        if planes.valid.is_none() {
            return add(planes.n, None);
        }
        // The mask comes in tiles, beside values that nobody reads.
        let mask = CubePlanes { channels: 1, values: Values::default(), targets: None, labels: None, ..*planes };
        CubeSource::Planes(&mask).each(Marks::None, None, |tile| add(tile.cube.layout.n, tile.cube.valid));
    }

    /// Adds integers: of neighbouring channels, of neighbouring pixels, or gathered.
    #[inline(never)]
    fn add_integers(&mut self, run: &Run, items: &Items) {
        let Layout { channels, channel_stride, .. } = run.layout;
        let are_neighbours = run.are_neighbours();
        let (in_place, zero) = match items {
            Items::U16(items) => (Some(*items), 0),
            Items::U8(_) => (None, 0),
            _ => (None, MIDDLE),
        };
        let meaning = self.meaning(zero);
        if let Some(items) = in_place
            && !are_neighbours
            && channel_stride == 1
            && channels >= FEW
            && self.columns.is_empty()
        {
            return self.each_part(run, BLOCK, |adding, part| adding.add_channels(part, items, meaning));
        }
        let in_place = in_place.filter(|_| are_neighbours);
        let mut gathered = [0; GATHERED];
        self.each_part(run, if in_place.is_some() { BLOCK } else { GATHERED }, |adding, part| {
            let count = count_valid(part.layout.n, part.valid);
            for channel in 0..channels {
                let items = match (in_place, items) {
                    (Some(items), _) => part.line(channel, items),
                    (_, Items::U16(items)) => part.gather(channel, items, &mut gathered, |item| item),
                    (_, Items::U8(items)) => part.gather(channel, items, &mut gathered, u16::from),
                    (_, Items::I16(items)) => part.gather(channel, items, &mut gathered, |item| item as u16 ^ MIDDLE),
                    (_, Items::F32(items)) => {
                        part.gather(channel, items, &mut gathered, |float| float as i16 as u16 ^ MIDDLE)
                    }
                    _ => &[],
                };
                let Some(totals) = adding.totals.get_mut(channel) else { break };
                let found = simd::run(Line { items, valid: part.valid, meaning });
                found.add_to(count, meaning, adding.hash, totals);
                let values = items.iter().map(|item| (i32::from(*item) - i32::from(zero)) as f32);
                adding.add_columns(channel, part, values);
            }
        });
    }

    /// Adds items of which channels are neighbours.
    fn add_channels(&mut self, run: &Run, items: &[u16], meaning: Meaning) {
        let Layout { n, pixel_stride: stride, .. } = run.layout;
        let (count, hash, valid) = (count_valid(n, run.valid), self.hash, run.valid);
        for (index, totals) in self.totals.chunks_mut(CHANNELS).enumerate() {
            let items = items.get(run.channel(index.wrapping_mul(CHANNELS))..).unwrap_or(&[]);
            let (channels, to) = (totals.len(), &mut Channels::nothing());
            simd::run(Interleaved { items, channels, stride, n, valid, meaning, to });
            for (totals, found) in totals.iter_mut().zip(to.found()) {
                found.add_to(count, meaning, hash, totals);
            }
        }
    }

    /// What items mean of which one means 0.
    fn meaning(&self, zero: u16) -> Meaning {
        // No integer of 16 bits is beyond these bounds, so nothing is lost.
        const BEYOND: f32 = (1 << 17) as f32;
        let zero = u32::from(zero);
        let Some(level) = self.params.saturation else { return Meaning { zero, level: u32::MAX } };
        let level = level.clamp(-BEYOND, BEYOND);
        let below = level as i32;
        // The least integer at or above it.
        let least = below + i32::from((below as f32) < level);
        Meaning { zero, level: least.saturating_add_unsigned(zero).max(0) as u32 }
    }
}

/// Counts floats that are 0, and those at or above a level, among those that count. (Without a loop for each tier: the
/// sums beside it take longer.)
#[inline(never)]
fn count_levels(floats: &[f32], valid: Option<&[u8]>, level: f32) -> [u32; 2] {
    let [mut zero, mut saturated] = [0_u32; 2];
    let mut add = |float: f32, is_live: bool| {
        zero += u32::from((float == 0.0) & is_live);
        saturated += u32::from((float >= level) & is_live);
    };
    match valid {
        None => floats.iter().for_each(|float| add(*float, true)),
        Some(valid) => floats.iter().zip(valid).for_each(|(float, valid)| add(*float, *valid != 0)),
    }
    [zero, saturated]
}
