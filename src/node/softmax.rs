//! Softmax over the channels of a pixel, and its labels: what [`crate::loss::cross_entropy`] and [`crate::loss::dice`]
//! share.
//!
//! ```text
//! m = max x_k      e_k = exp(x_k) / 2^j with j near m / ln 2      p_k = e_k / sum e_k
//! ```
//!
//! Pixels are taken in tiles on the stack. A tile has a row for each class, so kernels are loops over floats that lie
//! side by side, and need not know layouts and masks. Logits that already lie in such rows are read where they lie. If
//! there are too many classes for one tile, they come in blocks, and their exponentials are computed twice.
//!
//! **Order**: classes in groups of four, from the first on, are summed as floats, one after the other, the groups in
//! `f64`. A power of two changes no digit of a probability. So each pixel may have its own j; but a whole tile of small
//! logits may also have one j, and then needs no maxima. No result depends on the layout, the tier or the tile.
//!
//! Equal infinite maxima share their probability evenly; a NaN makes all of a pixel's probabilities NaN.
//! A single channel is the second of two classes, the logits of the first being 0: the sigmoid.

mod few;
mod kernels;
mod tile;

use crate::error::Error;
use crate::input::{Cube, CubeOutput, Layout, Tally};
use crate::simd::{self, FromRows, IS_SMALL, Output, ToRows, copy, cut};
use few::WriteFloats;
use kernels::{Blank, Greatest, Probabilities, Read};
use tile::{FLOATS, LEAST, ROWS, WIDE};

pub(crate) use few::{Few, Found};
pub(crate) use tile::{LogitRows, PIXELS, Tile, Work, load_wide, store_wide};

/// How many classes there may be.
pub const MOST_CLASSES: usize = 4096;

/// Sees a block of logits.
pub(crate) type SeeLogits<'s> = &'s mut dyn FnMut(&Tile, LogitRows);

/// The labels of a cube. A pixel whose label is ignored, or no class, does not count.
#[derive(Clone, Copy)]
pub(crate) struct LabelledCube<'a> {
    pub cube: Cube<'a>,
    labels: &'a [i32],
    /// How many classes there are: as many as channels, but 2 for a single one.
    pub classes: usize,
    ignore: Option<i32>,
}

impl<'a> LabelledCube<'a> {
    /// The labels of a cube, if its arrays fit its layout.
    pub fn new(cube: &Cube<'a>, ignore: Option<i32>) -> Result<Self, Error> {
        let labels = cube.labels.ok_or(Error::MissingInput)?;
        cube.check()?;
        Ok(Self { cube: *cube, labels, classes: Self::classes_of(cube.layout.channels), ignore })
    }

    /// How many classes so many channels are.
    pub fn classes_of(channels: usize) -> usize {
        channels.max(2)
    }

    /// The channel of a class; None: its logits are 0.
    pub fn channel(&self, class: usize) -> Option<usize> {
        (class + self.cube.layout.channels).checked_sub(self.classes)
    }

    /// Shows every tile of pixels to a function, with its labels read.
    #[inline(never)]
    pub fn each_tile(&self, see: &mut dyn FnMut(&mut Work, Tally)) {
        let mut work = Work { tile: Tile::new(), copies: [0.0; FLOATS] };
        let rows = self.classes.clamp(1, ROWS);
        let least = if 2 * rows <= ROWS { WIDE } else { LEAST };
        let pitch = (FLOATS / rows / least * least).min(PIXELS);
        let n = self.cube.layout.n;
        for (number, start) in (0..n).step_by(pitch.max(1)).enumerate() {
            let tile = &mut work.tile;
            tile.pitch = pitch;
            tile.start = start;
            tile.number = number;
            tile.length = pitch.min(n - start);
            let tally = self.read(tile);
            see(&mut work, tally);
        }
    }

    /// Reads the labels of a tile.
    #[inline(never)]
    fn read(&self, tile: &mut Tile) -> Tally {
        let Self { classes, ignore, .. } = *self;
        let labels = cut(self.labels, tile.start, tile.length);
        simd::prefetch(cut(self.labels, tile.start + tile.length, tile.length));
        let valid = self.cube.valid.map(|valid| cut(valid, tile.start, tile.length));
        let weights = self.cube.weights.map(|weights| cut(weights, tile.start, tile.length));
        if tile.length.is_multiple_of(LEAST) {
            return simd::run(Read { tile, labels, valid, weights, classes, ignore });
        }
        // Pixels behind the end of the last tile are masked.
        let (mut all_labels, mut all_weights) = ([-1; PIXELS], [1.0; PIXELS]);
        let mut all_valid = [0; PIXELS];
        copy(&mut all_labels, labels);
        all_valid.iter_mut().take(tile.length).for_each(|valid| *valid = 1);
        copy(&mut all_valid, valid.unwrap_or(&[]));
        copy(&mut all_weights, weights.unwrap_or(&[]));
        tile.class = [-1.0; PIXELS];
        tile.weight = [0.0; PIXELS];
        let labels = &all_labels;
        let (valid, weights) = (Some(all_valid.as_slice()), Some(all_weights.as_slice()));
        simd::run(Read { tile, labels, valid, weights, classes, ignore })
    }

    /// Whether the channels of all pixels lie side by side without a gap, and each is a class.
    fn is_dense(&self) -> bool {
        let Layout { channels, pixel_stride, channel_stride, .. } = self.cube.layout;
        !IS_SMALL && channels > 1 && channel_stride == 1 && pixel_stride == channels
    }

    /// Whether a tile is one for [`Few`]: of whole pairs of registers, in which all pixels have terms.
    pub fn is_plain(&self, tile: &Tile) -> bool {
        let is_planar = self.cube.layout.pixel_stride == 1 && self.cube.layout.channels > 1;
        let is_wide = 2 * self.classes <= ROWS && tile.length.is_multiple_of(WIDE);
        !IS_SMALL && is_wide && tile.is_full && (is_planar || self.is_dense())
    }

    /// The logits of a plain tile, all classes of it.
    pub fn all_rows<'r>(&self, work: &'r mut Work) -> (&'r mut Tile, LogitRows<'r>)
    where
        'a: 'r,
    {
        work.tile.has_infinite = false;
        self.rows(work, 0, true)
    }

    /// An output of which kernels write whole vectors of a plain tile. None: its pixels are dense, and
    /// [`Self::write_values`] writes them.
    pub fn planar_output<'t>(&self, to: &'t mut Output) -> Option<CubeOutput<'t>> {
        let layout = self.cube.layout;
        if layout.pixel_stride == 1 { Some(CubeOutput::new(to.reborrow(), layout)) } else { None }
    }

    /// Writes the values of a plain tile to an output of dense pixels, or adds them.
    #[inline(never)]
    pub fn write_values(&self, Work { tile, copies }: &mut Work, to: &mut Output) {
        let channels = self.cube.layout.channels;
        let pixels = copies.get_mut(..tile.length * channels).unwrap_or(&mut []);
        simd::run(FromRows { rows: &tile.values, pitch: tile.pitch, channels, pixels });
        let to = to.part(tile.start * channels, pixels.len());
        simd::run(WriteFloats { floats: pixels, to });
    }

    fn blocks(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.classes).step_by(ROWS)
    }

    /// The logits of a block of classes. Where they lie as whole vectors side by side and all pixels have terms, they
    /// are read in place. Otherwise they are copied; without `copies_anew` the last copies are used again.
    fn rows<'r>(
        &self,
        Work { tile, copies }: &'r mut Work,
        first: usize,
        copies_anew: bool,
    ) -> (&'r mut Tile, LogitRows<'r>)
    where
        'a: 'r,
    {
        let Layout { channels, pixel_stride, channel_stride, .. } = self.cube.layout;
        tile.first = first;
        tile.rows = ROWS.min(self.classes - first);
        let is_plain = tile.is_full && !tile.has_infinite && tile.length.is_multiple_of(LEAST);
        if is_plain && pixel_stride == 1 && channels > 1 {
            let floats = self.cube.values.get(tile.start + first * channel_stride..);
            return (tile, LogitRows { floats: floats.unwrap_or(&[]), pitch: channel_stride });
        }
        if copies_anew {
            self.copy_rows(tile, copies);
        }
        let pitch = tile.pitch;
        (tile, LogitRows { floats: copies, pitch })
    }

    #[inline(never)]
    fn copy_rows(&self, tile: &Tile, copies: &mut [f32; FLOATS]) {
        if self.is_dense() && tile.length.is_multiple_of(LEAST) && tile.rows == self.classes {
            let Layout { channels, .. } = self.cube.layout;
            let pixels = cut(self.cube.values, tile.start * channels, tile.length * channels);
            simd::run(ToRows { pixels, channels, rows: copies, pitch: tile.pitch });
            return self.cover(tile, copies);
        }
        let padded = tile.padded_length();
        let rows = copies.chunks_mut(tile.pitch.max(1)).take(tile.rows);
        for (class, row) in (tile.first..).zip(rows) {
            let row = row.get_mut(..padded).unwrap_or(&mut []);
            let (row, padding) = row.split_at_mut_checked(tile.length).unwrap_or_default();
            match self.channel(class) {
                Some(channel) => self.cube.copy_channel(tile.start, channel, row),
                None => row.fill(0.0),
            }
            padding.fill(0.0);
        }
        self.cover(tile, copies);
    }

    /// Hides the logits of pixels without terms, and takes the limits of infinite ones.
    fn cover(&self, tile: &Tile, copies: &mut [f32; FLOATS]) {
        if !tile.is_full {
            simd::run(Blank { tile, copies });
        }
        if tile.has_infinite {
            tile.take_limits(copies);
        }
    }

    /// Finds the probabilities of a tile. If `see` is given, it is shown the blocks of logits first, when their
    /// greatest logits are known. Without it, tiles of small logits need no greatest logits.
    #[inline(never)]
    pub fn softmax(&self, work: &mut Work, mut see: Option<SeeLogits>) {
        let is_one_block = self.classes <= ROWS;
        work.tile.has_infinite = false;
        if is_one_block && see.is_none() {
            let (tile, logits) = self.rows(work, 0, true);
            if self.is_plain(tile) {
                if simd::run(Few { tile, logits, found: None }) {
                    return;
                }
            } else if simd::run(Probabilities { tile, logits, is_plain: true, is_one_block, adds: true }) {
                return;
            }
        }
        work.tile.greatest = [f32::NEG_INFINITY; PIXELS];
        work.tile.sums = [0.0; LEAST];
        let mut has_infinite = false;
        for first in self.blocks() {
            let (tile, logits) = self.rows(work, first, true);
            has_infinite = simd::run(Greatest { tile, logits });
        }
        work.tile.has_infinite = has_infinite;
        for first in self.blocks() {
            let (tile, logits) = self.rows(work, first, has_infinite || !is_one_block);
            if let Some(see) = &mut see {
                see(tile, logits);
            }
            simd::run(Probabilities { tile, logits, is_plain: false, is_one_block, adds: true });
        }
    }

    /// Shows the blocks of probabilities of a tile, for which [`Self::softmax`] was called before.
    #[inline(never)]
    pub fn each_block(&self, work: &mut Work, see: &mut dyn FnMut(&mut Tile)) {
        let is_one_block = self.classes <= ROWS;
        for first in self.blocks() {
            if !is_one_block {
                let (tile, logits) = self.rows(work, first, true);
                simd::run(Probabilities { tile, logits, is_plain: false, is_one_block, adds: false });
            }
            see(&mut work.tile);
        }
    }
}
