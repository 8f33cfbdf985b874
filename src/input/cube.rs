//! Pixels of several values each (embeddings, class logits, spectra), in any memory order.
//!
//! Value `(i, k)`, of pixel i and channel k, lies at `i * pixel_stride + k * channel_stride`. So cubes that are
//! interleaved by pixel (BIP), interleaved by line (BIL, one call a line) or in planes (BSQ) need no copy. Kernels hold
//! one pixel a lane and go over the channels. Where pixels are neighbours in memory they load whole vectors, otherwise
//! lane by lane. A result never depends on the memory order.
//!
//! The rule for masks and weights is that of [`crate::input`].

use super::{Pixels, Tally, tally};
use crate::error::Error;
use crate::exact::ExactSum;
use crate::simd::{Lanes, Output, flat, flat_mut, gather};
use bytemuck::Zeroable;

/// Where the values of pixels lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// How many pixels there are.
    pub n: usize,
    /// How many values a pixel has.
    pub channels: usize,
    /// How many floats lie between a pixel and the next one.
    pub pixel_stride: usize,
    /// How many floats lie between a channel and the next one.
    pub channel_stride: usize,
}

impl Layout {
    /// All channels of a pixel side by side (BIP).
    pub fn interleaved(n: usize, channels: usize) -> Self {
        Self { n, channels, pixel_stride: channels, channel_stride: 1 }
    }

    /// All pixels of a channel side by side (BSQ).
    pub fn planar(n: usize, channels: usize) -> Self {
        Self { n, channels, pixel_stride: 1, channel_stride: n }
    }

    /// How many floats lie between the start of the first value and the end of the last.
    ///
    /// # Errors
    /// Two values share a place ([`Error::Strides`]), or the end overflows ([`Error::TooLarge`]).
    pub fn span(&self) -> Result<usize, Error> {
        if self.n == 0 || self.channels == 0 {
            return Ok(0);
        }
        let along_pixels = (self.n - 1).checked_mul(self.pixel_stride).ok_or(Error::TooLarge)?;
        let along_channels = (self.channels - 1).checked_mul(self.channel_stride).ok_or(Error::TooLarge)?;
        let span = along_pixels.checked_add(along_channels).and_then(|last| last.checked_add(1));
        // One of the two directions must jump over all of the other.
        let pixels_apart = self.n == 1 || self.pixel_stride > along_channels;
        let channels_apart = self.channels == 1 || self.channel_stride > along_pixels;
        let strides_move = (self.n == 1 || self.pixel_stride > 0) && (self.channels == 1 || self.channel_stride > 0);
        if strides_move && (pixels_apart || channels_apart) { span.ok_or(Error::TooLarge) } else { Err(Error::Strides) }
    }

    /// Where a value lies. Behind the last pixel or channel the place means nothing and may wrap, because strides that
    /// are not used may have any value.
    #[inline(always)]
    pub(crate) fn place(&self, pixel: usize, channel: usize) -> usize {
        let along_pixels = pixel.wrapping_mul(self.pixel_stride);
        along_pixels.wrapping_add(channel.wrapping_mul(self.channel_stride))
    }
}

/// The inputs of a call on pixels of several values. Targets and labels that a node does not need are ignored;
/// every node uses the weights.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cube<'a> {
    /// The values. The node says what they are.
    pub values: &'a [f32],
    /// Where they lie.
    pub layout: Layout,
    /// One byte a pixel. If it is not 0, the pixel is an anomaly, or foreground.
    pub targets: Option<&'a [u8]>,
    /// One class a pixel, from 0.
    pub labels: Option<&'a [i32]>,
    /// Which pixels count: those whose byte is not 0. None: all do.
    pub valid: Option<&'a [u8]>,
    /// Pixel weights, finite and not negative. None: all are 1.
    pub weights: Option<&'a [f32]>,
}

impl<'a> Cube<'a> {
    /// Checks that the values fit their layout, and that every input has one item a pixel.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.layout.span()? > self.values.len() {
            return Err(Error::LengthMismatch);
        }
        let targets = self.targets.map(<[u8]>::len);
        let labels = self.labels.map(<[i32]>::len);
        let valid = self.valid.map(<[u8]>::len);
        let weights = self.weights.map(<[f32]>::len);
        Pixels::check_lengths(self.layout.n, &[targets, labels, valid, weights])?;
        Ok(())
    }

    /// Checks that an array of so many floats is long enough for the layout of the values.
    pub(crate) fn check_output(&self, length: usize) -> Result<(), Error> {
        if self.layout.span()? > length { Err(Error::LengthMismatch) } else { Ok(()) }
    }

    /// Copies one channel of the pixels from `first` on, so that its values lie side by side.
    #[inline(never)]
    pub(crate) fn copy_channel(&self, first: usize, channel: usize, to: &mut [f32]) {
        let pixel_stride = self.layout.pixel_stride;
        let start = self.layout.place(first, channel);
        let from = self.values.get(start..).unwrap_or(&[]);
        if pixel_stride == 1 {
            to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
        } else {
            gather(from, pixel_stride, to.len(), to);
        }
    }

    /// Counts the values of the pixels that count, and adds their weights: each pixel as often as it has channels.
    #[inline(never)]
    pub(crate) fn tally_values(&self, weights: &mut ExactSum) -> Tally {
        let mut of_pixels = ExactSum::default();
        let tally = tally(self.layout.n, &self.mask_and_weights(), &mut of_pixels);
        let channels = self.layout.channels as i64;
        weights.merge_times(&of_pixels, channels);
        Tally { pixels: tally.pixels.wrapping_mul(channels), ..tally }
    }

    /// The layout for kernels that treat each value by itself. If all pixels count alike and no gap lies between the
    /// values, all values are one row.
    #[inline(never)]
    pub(crate) fn layout_of_values(&self) -> Layout {
        let values = self.layout.n.wrapping_mul(self.layout.channels);
        if self.mask_and_weights().are_alike() && self.layout.span() == Ok(values) {
            Layout::planar(values, 1)
        } else {
            self.layout
        }
    }

    /// Mask and weights, as inputs without scores: for [`crate::input::tally`] and [`crate::input::LiveColumns`].
    pub(crate) fn mask_and_weights(&self) -> Pixels<'a> {
        Pixels { valid: self.valid, weights: self.weights, ..Pixels::default() }
    }
}

/// The values as vectors: one pixel a lane.
#[derive(Clone, Copy)]
pub(crate) struct CubeColumns<'a> {
    values: &'a [f32],
    layout: Layout,
}

impl<'a> CubeColumns<'a> {
    #[inline(always)]
    pub fn new(values: &'a [f32], layout: Layout) -> Self {
        Self { values, layout }
    }

    /// One channel of the vector of pixels at an index; 0 behind the last pixel.
    #[inline(always)]
    pub fn get<V: Lanes>(&self, simd: V::Simd, index: usize, channel: usize) -> V {
        let Layout { n, pixel_stride, .. } = self.layout;
        let first = index * V::LANES;
        let start = self.layout.place(first, channel);
        let rest = self.values.get(start..).unwrap_or(&[]);
        if pixel_stride == 1 && first + V::LANES <= n {
            let whole = rest.get(..V::LANES).unwrap_or(&[]);
            if let Ok([floats]) = bytemuck::try_cast_slice(whole) {
                return V::from_floats(simd, floats);
            }
        }
        let mut floats = V::Floats::zeroed();
        let count = n.saturating_sub(first);
        gather(rest, pixel_stride, count, flat_mut(&mut floats));
        V::from_floats(simd, &floats)
    }
}

/// The values of a gradient, written as vectors: one pixel a lane.
pub(crate) struct CubeOutput<'a> {
    to: Output<'a>,
    layout: Layout,
}

impl<'a> CubeOutput<'a> {
    #[inline(always)]
    pub fn new(to: Output<'a>, layout: Layout) -> Self {
        Self { to, layout }
    }

    /// Writes one channel of the vector of pixels at an index, in the lanes in which the mask is true (None: in all).
    /// Lanes behind the last pixel are not written.
    #[inline(always)]
    pub fn write<V: Lanes>(&mut self, index: usize, channel: usize, mask: Option<V::Mask>, values: V) {
        let Layout { n, pixel_stride, .. } = self.layout;
        let first = index * V::LANES;
        let start = self.layout.place(first, channel);
        if pixel_stride == 1 && first + V::LANES <= n {
            let place = self.to.part(start, V::LANES).vectors().first();
            if let Some(place) = place {
                return place.write(mask, values);
            }
        }
        let count = n.saturating_sub(first);
        let mut floats = V::Floats::zeroed();
        self.to.read(start, pixel_stride, count, flat_mut(&mut floats));
        self.to.write().write(mask, values, &mut floats);
        self.to.put(start, pixel_stride, count, flat(&floats));
    }
}
