//! The values of pixels of several channels, of the type and in the place that a camera or a model gave them.
//!
//! ```text
//! value of pixel (row, column), channel k = plane's item at (row, column), and k * channel_stride items on
//! ```

use super::Plane;
use super::grid::Place;
use crate::error::Error;

/// The values of a cube: the plane of its first channel, and how far the next channels are.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// The first channel.
    pub(crate) plane: Plane<'a>,
    /// Items from a channel to the next, of packed pixels bytes.
    pub(crate) channel_stride: usize,
}

impl<'a> Values<'a> {
    /// A plane whose items begin with the first channel, and so many of them (of packed pixels bytes) to the next one.
    pub fn new(first_channel: impl Into<Plane<'a>>, channel_stride: usize) -> Self {
        Self { plane: first_channel.into(), channel_stride }
    }

    /// All channels of a pixel side by side (BIP).
    pub fn interleaved(items: impl Into<Plane<'a>>, channels: usize) -> Self {
        Self::new(items.into().every(channels.max(1)), 1)
    }

    /// All pixels of a channel side by side (BSQ).
    pub fn planar(items: impl Into<Plane<'a>>, pixels: usize) -> Self {
        Self::new(items, pixels)
    }

    /// Rows of pixels, each channel after channel (BIL).
    pub fn by_line(items: impl Into<Plane<'a>>, columns: usize, channels: usize) -> Self {
        Self::new(items.into().rows(columns.saturating_mul(channels)), columns)
    }

    /// The values fit their type, and there are as many.
    ///
    /// # Errors
    /// Those of planes, and values that share a place ([`Error::Strides`]).
    pub(crate) fn check(&self, shape: [usize; 2], channels: usize) -> Result<(), Error> {
        self.plane.check_meaning()?;
        self.plane.check_length(self.plane.lie().span_of_channels(shape, channels, self.channel_stride)?)
    }

    /// Whether the channels of a pixel are neighbours.
    pub(super) fn are_interleaved(&self) -> bool {
        self.channel_stride == 1 && self.plane.lie().group.is_none()
    }

    /// Writes the values of a part of a row: pixel by pixel, or channel by channel.
    #[inline(never)]
    pub(super) fn convert(&self, place: &Place, channels: usize, is_interleaved: bool, to: &mut [f32]) {
        let Self { plane, channel_stride } = *self;
        let start = plane.lie().start(place, 0);
        if !is_interleaved {
            for (channel, to) in to.chunks_mut(place.columns.max(1)).enumerate() {
                plane.convert_row(start.wrapping_add(channel.wrapping_mul(channel_stride)), place.column, to);
            }
            return;
        }
        // A pixel is a row of channels; without gaps all pixels are.
        let row = plane.every(channel_stride);
        let pixel = |index: usize| start.wrapping_add(index.wrapping_mul(plane.stride));
        if channel_stride == 1 && plane.stride == channels {
            return row.convert_row(pixel(place.column), 0, to);
        }
        for (index, to) in (place.column..).zip(to.chunks_mut(channels.max(1))) {
            row.convert_row(pixel(index), 0, to);
        }
    }
}

impl Default for Values<'_> {
    /// No values.
    fn default() -> Self {
        Self::new(&[0.0_f32; 0][..], 1)
    }
}
