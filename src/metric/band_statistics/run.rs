//! The parts of a cube that kernels take: runs of pixels of one row.
//!
//! ```text
//! integers ──► rows of items where they are, beside tiles of the mask ──► integers of a channel, or of sixteen
//! others   ──► tiles of floats ──► floats of a channel
//! ```

use super::kernels::{BLOCK, CHANNELS, Channels, FEW, Interleaved, Levels, Line};
use super::{Column, Params, Totals};
use crate::error::Error;
use crate::input::{Cube, CubeSource, Layout, Marks, Pixels, Sum, count_valid};
#[cfg(feature = "conversions")]
use crate::input::{CubePlanes, Items, Values};
use crate::node::range::Range;
use crate::simd::{self, on_stack};

/// A value as it lies in memory.
pub(super) trait Value: Copy + Default {
    fn float(self) -> f32;
}

macro_rules! values {
    ($($type:ty),*) => {$(
        impl Value for $type {
            #[inline(always)]
            fn float(self) -> f32 {
                self.into()
            }
        }
    )*};
}
values!(f32, u8, i8, u16, i16);

/// How many values are gathered at a time.
const GATHERED: usize = on_stack(512);

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
            Items::U8(_) | Items::I8(_) | Items::U16(_) | Items::I16(_) => {
                adding.each_row(planes);
                return Ok(());
            }
            Items::Mono10p(_) | Items::Mono12p(_) | Items::Mono12Packed(_) => {
                // The pixels were unpacked to floats, which hold them.
                let make = |float: f32| float as u16;
                cube.each(Marks::None, None, |tile| adding.add_made(&Run::of_cube(&tile.cube), make));
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

impl<'a, T: Value> Run<'a, T> {
    fn new(items: &'a [T], start: usize, layout: Layout, valid: Option<&'a [u8]>) -> Self {
        Self { items: items.get(start..).unwrap_or(&[]), layout, valid }
    }

    /// So many pixels from one on.
    fn part(&self, first: usize, n: usize) -> Self {
        let valid = self.valid.and_then(|valid| valid.get(first..)).and_then(|valid| valid.get(..n));
        let start = first.wrapping_mul(self.layout.pixel_stride);
        Self::new(self.items, start, Layout { n, ..self.layout }, valid)
    }

    /// The items of a channel, each so many pixels apart.
    fn channel(&self, channel: usize) -> &'a [T] {
        self.items.get(self.layout.place(0, channel)..).unwrap_or(&[])
    }

    /// How many pixels count.
    fn count(&self) -> i64 {
        count_valid(self.layout.n, self.valid)
    }

    /// Hands over parts of at most `most` pixels.
    fn each_part(&self, most: usize, mut with: impl FnMut(&Self)) {
        let n = self.layout.n;
        for first in (0..n).step_by(most.max(1)) {
            with(&self.part(first, most.min(n - first)));
        }
    }

    /// Hands over the items of a channel side by side, each part with its mask: where they are, or gathered and made
    /// something else.
    fn gathered<U: Copy + Default>(&self, channel: usize, make: fn(T) -> U, mut with: impl FnMut(&[U], Option<&[u8]>)) {
        let mut gathered = [U::default(); GATHERED];
        self.each_part(GATHERED, |part| {
            let to = gathered.get_mut(..part.layout.n).unwrap_or_default();
            let from = part.channel(channel).iter().step_by(part.layout.pixel_stride.max(1));
            to.iter_mut().zip(from).for_each(|(to, from)| *to = make(*from));
            with(to, part.valid);
        });
    }
}

impl Adding<'_> {
    /// The least integer at or above the level.
    fn level(&self) -> i32 {
        // No integer of 16 bits is beyond these bounds, so nothing is lost.
        const BEYOND: f32 = (1 << 17) as f32;
        let Some(level) = self.params.saturation else { return i32::MAX };
        let level = level.clamp(-BEYOND, BEYOND);
        let below = level as i32;
        if (below as f32) < level { below + 1 } else { below }
    }

    /// Adds a run to the columns that it lies in.
    fn add_columns<T: Value>(&mut self, run: &Run<T>) {
        let width = self.width;
        if !self.columns.is_empty() && width > 0 {
            let (mut first, n) = (0, run.layout.n);
            while first < n {
                let column = self.before.wrapping_add(first).checked_rem(width).unwrap_or(0);
                let part = run.part(first, (width - column).min(n - first));
                for (channel, columns) in self.columns.chunks_mut(width).enumerate() {
                    let columns = columns.get_mut(column..).unwrap_or_default();
                    let items = part.channel(channel).iter().step_by(part.layout.pixel_stride.max(1));
                    let pixels = columns.iter_mut().zip(items).take(part.layout.n);
                    match part.valid {
                        None => pixels.for_each(|(column, item)| column.add(item.float())),
                        Some(valid) => {
                            let live = pixels.zip(valid).filter(|(_, valid)| **valid != 0);
                            live.for_each(|((column, item), _)| column.add(item.float()));
                        }
                    }
                }
                first += part.layout.n;
            }
        }
        self.before = self.before.wrapping_add(run.layout.n);
    }

    /// Adds floats, channel by channel.
    fn add_floats(&mut self, run: &Run<f32>) {
        let Self { params, hash, .. } = *self;
        for (channel, totals) in self.totals.iter_mut().enumerate() {
            if run.layout.pixel_stride == 1 || run.layout.n <= 1 {
                run.each_part(BLOCK, |part| {
                    let floats = part.channel(channel).get(..part.layout.n).unwrap_or(&[]);
                    add_floats(floats, part.valid, params, hash, totals);
                });
            } else {
                run.gathered(channel, |float| float, |floats, valid| add_floats(floats, valid, params, hash, totals));
            }
        }
        self.add_columns(run);
    }

    /// Gathers values and makes integers of them, channel by channel.
    #[cfg(feature = "conversions")]
    #[inline(never)]
    fn add_made<T: Value, U: Value + Into<i32>>(&mut self, run: &Run<T>, make: fn(T) -> U) {
        let (hash, level) = (self.hash, self.level());
        for (channel, totals) in self.totals.iter_mut().enumerate() {
            run.gathered(channel, make, |items, valid| {
                let found = simd::run(Line { items, valid, level });
                found.add_to(count_valid(items.len(), valid), hash, totals);
            });
        }
        self.add_columns(run);
    }

    /// Adds integers where they are, row by row.
    #[cfg(feature = "conversions")]
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
                    Items::U8(items) => self.add_integers(&Run::new(items, start, layout, valid)),
                    Items::U16(items) => self.add_integers(&Run::new(items, start, layout, valid)),
                    Items::I16(items) => self.add_integers(&Run::new(items, start, layout, valid)),
                    // These are rare: there are no loops for them alone.
                    Items::I8(items) => self.add_made(&Run::new(items, start, layout, valid), i16::from),
                    _ => {}
                }
                first += count;
            }
        });
    }

    /// Adds a run of at most a block: of neighbouring pixels, of neighbouring channels, or gathered.
    #[cfg(feature = "conversions")]
    #[inline(never)]
    fn add_integers<T: Value + Into<i32>>(&mut self, run: &Run<T>) {
        let Layout { n, channels, pixel_stride, channel_stride } = run.layout;
        let is_interleaved = channel_stride == 1 && pixel_stride > 1 && channels >= FEW;
        if !is_interleaved && pixel_stride > 1 && n > 1 {
            return self.add_made(run, |item| item);
        }
        let (hash, level, count, valid) = (self.hash, self.level(), run.count(), run.valid);
        if is_interleaved {
            for (index, totals) in self.totals.chunks_mut(CHANNELS).enumerate() {
                let (items, channels) = (run.channel(index.wrapping_mul(CHANNELS)), totals.len());
                let to = &mut Channels::nothing();
                simd::run(Interleaved { items, channels, stride: pixel_stride, n, valid, level, to });
                totals.iter_mut().zip(to.found()).for_each(|(totals, found)| found.add_to(count, hash, totals));
            }
        } else {
            for (channel, totals) in self.totals.iter_mut().enumerate() {
                let items = run.channel(channel).get(..n).unwrap_or(&[]);
                simd::run(Line { items, valid, level }).add_to(count, hash, totals);
            }
        }
        self.add_columns(run);
    }
}

/// Adds floats of one channel, at most a block.
fn add_floats(floats: &[f32], valid: Option<&[u8]>, params: &Params, hash: i64, totals: &mut Totals) {
    let count = count_valid(floats.len(), valid);
    let pixels = Pixels { scores: floats, valid, ..Pixels::default() };
    totals.count(count, hash);
    simd::run(Sum { floats, pixels: &pixels, sum: &mut totals.sum });
    totals.squares.add_squares(floats, valid);
    let [zero, saturated] = simd::run(Levels { floats, valid, level: params.saturation.unwrap_or(f32::NAN) });
    totals.zero = totals.zero.wrapping_add(zero.into());
    totals.saturated = totals.saturated.wrapping_add(saturated.into());
    let mut range = Range::default();
    range.add(&pixels, count);
    totals.greatest = totals.greatest.max(range.greatest);
    totals.negated_least = totals.negated_least.max(range.negated_least);
}
