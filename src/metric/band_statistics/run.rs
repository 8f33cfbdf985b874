//! The parts of a cube that kernels take: lines of neighbouring pixels of one channel.
//!
//! ```text
//! 16 bits  ──► rows of items where they are, beside tiles of the mask ──► lines of items, or channels side by side
//! integers ──► rows of items, or tiles of floats ──► gathered lines of items
//! others   ──► tiles of floats ──► lines of floats
//! ```

#[cfg(feature = "conversions")]
use super::kernels::{BLOCK, CHANNELS, Channels, FEW, Interleaved, Line, Meaning};
use super::{Column, Params, Totals};
use crate::error::Error;
use crate::input::{Cube, CubeSource, Layout, Marks, Pixels, Sum, count_valid};
#[cfg(feature = "conversions")]
use crate::input::{CubePlanes, Items, Values};
use crate::node::range::Range;
use crate::simd::{self, on_stack};

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

/// Some pixels, from the first channel of the first one on.
#[derive(Clone, Copy)]
struct Run<'a, T> {
    items: &'a [T],
    layout: Layout,
    valid: Option<&'a [u8]>,
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
                let make = |float: f32| (float as i16 as u16) ^ MIDDLE;
                cube.each(Marks::None, None, |tile| adding.add_made(&Run::of_cube(&tile.cube), MIDDLE, make));
                return Ok(());
            }
            _ => {}
        }
    }
    cube.each(Marks::None, None, |tile| adding.add_floats(&Run::of_cube(&tile.cube)));
    Ok(())
}

impl<'a> Run<'a, f32> {
    fn of_cube(cube: &Cube<'a>) -> Self {
        Self { items: cube.values, layout: cube.layout, valid: cube.valid }
    }
}

impl<'a, T: Copy> Run<'a, T> {
    /// The items of a channel from a pixel on, and the mask of these pixels.
    fn from(&self, channel: usize, pixel: usize) -> (&'a [T], Option<&'a [u8]>) {
        let items = self.items.get(self.layout.place(pixel, channel)..).unwrap_or(&[]);
        (items, self.valid.and_then(|valid| valid.get(pixel..)))
    }

    /// Hands over the items of each channel as lines, with the channel, the first pixel and the mask: gathered and made
    /// something else.
    #[inline(always)]
    fn gathered<U: Copy + Default>(
        &self,
        make: impl Fn(T) -> U,
        mut with: impl FnMut(usize, usize, &[U], Option<&[u8]>),
    ) {
        let Layout { n, channels, pixel_stride, .. } = self.layout;
        let mut gathered = [U::default(); GATHERED];
        for channel in 0..channels {
            for first in (0..n).step_by(GATHERED) {
                let (items, valid) = self.from(channel, first);
                let to = gathered.get_mut(..GATHERED.min(n - first)).unwrap_or_default();
                let from = items.iter().step_by(pixel_stride.max(1));
                to.iter_mut().zip(from).for_each(|(to, from)| *to = make(*from));
                with(channel, first, to, valid.and_then(|valid| valid.get(..to.len())));
            }
        }
    }
}

impl Adding<'_> {
    /// What items mean of which one means 0.
    #[cfg(feature = "conversions")]
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

    /// Adds values of a channel, of the pixels from one on, to the columns that they lie in.
    #[inline(always)]
    fn add_columns(&mut self, channel: usize, first: usize, valid: Option<&[u8]>, values: impl Iterator<Item = f32>) {
        // (Without columns there is no such channel.)
        let Some(columns) = self.columns.chunks_mut(self.width.max(1)).nth(channel) else { return };
        let mut column = self.before.wrapping_add(first).checked_rem(self.width).unwrap_or(0);
        for (index, value) in values.enumerate() {
            if column >= columns.len() {
                column = 0;
            }
            if let Some(column) = columns.get_mut(column)
                && valid.and_then(|valid| valid.get(index)) != Some(&0)
            {
                column.add(value);
            }
            column += 1;
        }
    }

    /// Adds floats, channel by channel.
    fn add_floats(&mut self, run: &Run<f32>) {
        let Layout { n, channels, pixel_stride, .. } = run.layout;
        if pixel_stride == 1 || n <= 1 {
            for channel in 0..channels {
                let (floats, valid) = run.from(channel, 0);
                self.add_line_of_floats(channel, 0, floats.get(..n).unwrap_or(&[]), valid);
            }
        } else {
            run.gathered(
                |float| float,
                |channel, first, floats, valid| {
                    self.add_line_of_floats(channel, first, floats, valid);
                },
            );
        }
        self.before = self.before.wrapping_add(n);
    }

    /// Adds floats of one channel.
    #[inline(never)]
    fn add_line_of_floats(&mut self, channel: usize, first: usize, floats: &[f32], valid: Option<&[u8]>) {
        let Some(totals) = self.totals.get_mut(channel) else { return };
        let count = count_valid(floats.len(), valid);
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
        self.add_columns(channel, first, valid, floats.iter().copied());
    }
}

#[cfg(feature = "conversions")]
impl Adding<'_> {
    /// Gathers values and makes items of them, channel by channel.
    #[inline(never)]
    fn add_made<T: Copy>(&mut self, run: &Run<T>, zero: u16, make: impl Fn(T) -> u16) {
        let meaning = self.meaning(zero);
        run.gathered(make, |channel, first, items, valid| {
            self.add_line(channel, first, Line { items, valid, meaning });
        });
        self.before = self.before.wrapping_add(run.layout.n);
    }

    /// Adds at most a block of items of one channel.
    #[inline(never)]
    fn add_line(&mut self, channel: usize, first: usize, line: Line) {
        let Line { items, valid, meaning } = line;
        let Some(totals) = self.totals.get_mut(channel) else { return };
        simd::run(line).add_to(meaning, self.hash, totals);
        let values = items.iter().map(|item| (i32::from(*item) - meaning.zero as i32) as f32);
        self.add_columns(channel, first, valid, values);
    }

    /// Adds integers where they are, row by row.
    fn each_row(&mut self, planes: &CubePlanes) {
        let lie = planes.values.plane.lie();
        let (channels, channel_stride) = (planes.channels, planes.values.channel_stride);
        let [mut width, row_stride] = [self.width, lie.row_stride(self.width)];
        if lie.are_one(width) {
            width = planes.n;
        }
        // The mask comes in tiles, beside values that nobody reads.
        let mask = CubePlanes { channels: 1, values: Values::default(), targets: None, labels: None, ..*planes };
        CubeSource::Planes(&mask).each(Marks::None, None, |tile| {
            let (mut first, n) = (0, tile.cube.layout.n);
            while first < n {
                let pixel = self.before;
                let [row, column] = [pixel.checked_div(width), pixel.checked_rem(width)].map(Option::unwrap_or_default);
                let count = (width - column).min(n - first).min(BLOCK);
                let start = row.wrapping_mul(row_stride).wrapping_add(column.wrapping_mul(lie.stride));
                let layout = Layout { n: count, channels, pixel_stride: lie.stride, channel_stride };
                let valid = tile.cube.valid.and_then(|valid| valid.get(first..first + count));
                match planes.values.plane.items {
                    Items::U16(items) => self.add_items(&Run { items: from(items, start), layout, valid }),
                    Items::I16(items) => {
                        let make = |item| (item as u16) ^ MIDDLE;
                        self.add_made(&Run { items: from(items, start), layout, valid }, MIDDLE, make);
                    }
                    Items::U8(items) => self.add_made(&Run { items: from(items, start), layout, valid }, 0, u16::from),
                    _ => {}
                }
                first += count;
            }
        });
    }

    /// Adds at most a block of items where they are: of neighbouring pixels, of neighbouring channels, or gathered.
    #[inline(never)]
    fn add_items(&mut self, run: &Run<u16>) {
        let Layout { n, channels, pixel_stride, channel_stride } = run.layout;
        let meaning = self.meaning(0);
        if pixel_stride == 1 || n <= 1 {
            for channel in 0..channels {
                let (items, valid) = run.from(channel, 0);
                self.add_line(channel, 0, Line { items: items.get(..n).unwrap_or(&[]), valid, meaning });
            }
        } else if channel_stride == 1 && channels >= FEW && self.columns.is_empty() {
            let (count, hash, valid) = (count_valid(n, run.valid) as u32, self.hash, run.valid);
            for (index, totals) in self.totals.chunks_mut(CHANNELS).enumerate() {
                let ((items, _), channels) = (run.from(index.wrapping_mul(CHANNELS), 0), totals.len());
                let to = &mut Channels::nothing();
                simd::run(Interleaved { items, channels, stride: pixel_stride, n, valid, meaning, to });
                for (totals, found) in totals.iter_mut().zip(to.found(count)) {
                    found.add_to(meaning, hash, totals);
                }
            }
        } else {
            return self.add_made(run, 0, |item| item);
        }
        self.before = self.before.wrapping_add(n);
    }
}

/// The items from one on.
#[cfg(feature = "conversions")]
fn from<T>(items: &[T], start: usize) -> &[T] {
    items.get(start..).unwrap_or(&[])
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
