//! The pixels of a case: one struct for maps and cubes, as a map is a cube of one channel.

use crate::buffer::{Buffer, pointer};
use crate::fault::{Array, Fault};
use crate::forms::{Forms, Given, plain_labels, plain_mask, plain_plane};
use crate::source::{LONGEST, Random, Source};
use hyla::capi::cube::{hyla_cube, hyla_values};
use hyla::capi::pixels::hyla_pixels;
use hyla::capi::planes::hyla_plane;

/// Some of the pixels.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// The first one.
    pub start: usize,
    /// How many there are.
    pub n: usize,
}

/// Where the values lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// How many values a pixel has.
    pub channels: usize,
    /// From a pixel to the next one.
    pub pixel_stride: usize,
    /// From a channel to the next one.
    pub channel_stride: usize,
}

impl Layout {
    /// Interleaved by pixel, without gaps.
    pub fn compact(channels: usize) -> Self {
        Self { channels, pixel_stride: channels.max(1), channel_stride: 1 }
    }

    /// Interleaved or in planes, with gaps or without.
    pub fn any(source: &mut Source, n: usize, channels: usize) -> Self {
        let gap = if source.once_in(2) { source.below(5) } else { 0 };
        match source.below(4) {
            0 => Self { channels, pixel_stride: 1, channel_stride: n.max(1) + gap },
            1 => Self { channels, pixel_stride: channels.max(1) + gap, channel_stride: 1 },
            2 => {
                let pixel_stride = 1 + gap;
                Self { channels, pixel_stride, channel_stride: n.max(1) * pixel_stride + source.below(3) }
            }
            _ => {
                let channel_stride = 1 + gap;
                Self { channels, pixel_stride: channels.max(1) * channel_stride + source.below(3), channel_stride }
            }
        }
    }

    /// Where a value lies.
    pub fn index(&self, pixel: usize, channel: usize) -> usize {
        pixel * self.pixel_stride + channel * self.channel_stride
    }

    /// How many floats the values of `n` pixels span.
    pub fn span(&self, n: usize) -> usize {
        if n == 0 || self.channels == 0 { 0 } else { self.index(n - 1, self.channels - 1) + 1 }
    }
}

/// The arrays of a case. Those that a function does not use may be there all the same.
#[derive(Clone)]
pub struct Input {
    /// How many pixels there are.
    pub n: usize,
    /// Where the values lie.
    pub layout: Layout,
    /// The scores of a map, the values of a cube.
    pub values: Buffer<f32>,
    /// More values in the same layout: what MSE compares with.
    pub second: Buffer<f32>,
    /// Ground truth.
    pub targets: Option<Buffer<u8>>,
    /// Decisions.
    pub decisions: Option<Buffer<u8>>,
    /// Classes.
    pub labels: Option<Buffer<i32>>,
    /// The mask.
    pub valid: Option<Buffer<u8>>,
    /// Pixel weights.
    pub weights: Option<Buffer<f32>>,
    /// Soft targets.
    pub soft_targets: Option<Buffer<f32>>,
    /// Scores of 16 bits.
    pub integers: Option<Buffer<u16>>,
    /// In which forms C has the arrays of a map; `None`: floats and bytes side by side.
    forms: Option<Forms>,
    /// What is wrong on purpose.
    pub fault: Option<Fault>,
}

impl Input {
    /// A map of scores.
    pub fn map(source: &mut Source) -> Self {
        let n = source.length();
        let mut input = Self::of(source, n, Layout::compact(1), false);
        if source.once_in(4) {
            input.soft_targets = Some(Buffer::new(source.start(), &source.shares(n)));
            input.targets = input.targets.filter(|_| source.once_in(8));
        }
        input.take_forms(source, true);
        input
    }

    /// A map of what metrics use; `are_labelled`: all of them use the targets.
    pub fn of_metrics(source: &mut Source, are_labelled: bool) -> Self {
        let n = source.length();
        let mut input = Self { weights: None, ..Self::of(source, n, Layout::compact(1), false) };
        input.take_forms(source, are_labelled);
        input
    }

    /// A cube of so many channels at most.
    pub fn cube(source: &mut Source, most_channels: usize) -> Self {
        let channels = match source.below(4) {
            0 => source.below(most_channels.min(5)) + 1,
            1..3 => source.below(most_channels.min(40)) + 1,
            _ => source.below(most_channels) + 1,
        };
        let most_values = if source.once_in(16) { 2 * LONGEST } else { 500 };
        let n = source.length().min(most_values.div_ceil(channels));
        let layout = Layout::any(source, n, channels);
        Self::of(source, n, layout, true)
    }

    /// Pixels in a layout.
    pub fn of(source: &mut Source, n: usize, layout: Layout, is_cube: bool) -> Self {
        let floats = |source: &mut Source, n| Buffer::new(source.start(), &source.floats(n));
        let bytes = |source: &mut Source| Buffer::new(source.start(), &source.bytes(n));
        let span = layout.span(n);
        Self {
            n,
            layout,
            values: floats(source, span),
            second: floats(source, if is_cube { span } else { 0 }),
            targets: Some(bytes(source)),
            decisions: (!is_cube).then(|| bytes(source)),
            labels: is_cube.then(|| Buffer::new(source.start(), &source.labels(n, layout.channels))),
            valid: source.once_in(2).then(|| bytes(source)),
            weights: source.once_in(3).then(|| Buffer::new(source.start(), &source.shares(n))),
            soft_targets: None,
            integers: None,
            forms: None,
            fault: None,
        }
    }

    /// All pixels.
    pub fn whole(&self) -> Part {
        Part { start: 0, n: self.n }
    }

    /// Lets the arrays of a map be given in other forms, if the end of the source says so. `are_labelled`: all that is
    /// called uses the targets, so that a label of theirs may be ignored.
    fn take_forms(&mut self, source: &Source, are_labelled: bool) {
        let Some(mut forms) = source.forms() else { return };
        forms.ignored = forms.ignored.filter(|_| are_labelled && self.soft_targets.is_none() && self.targets.is_some());
        forms.scores.round(&mut self.values);
        if let Some(weights) = &mut self.weights {
            forms.weights.round(weights);
        }
        if let Some(soft_targets) = &mut self.soft_targets {
            forms.soft_targets.round(soft_targets);
        }
        if let (Some(label), Some(targets)) = (forms.ignored, &self.targets) {
            let valid = self.valid.get_or_insert_with(|| Buffer::filled(1, 1, self.n));
            let ignored = targets.iter().zip(valid.iter_mut()).filter(|(target, _)| **target == label);
            ignored.for_each(|(_, valid)| *valid = 0);
        }
        self.forms = Some(forms);
    }

    /// Whether C has other forms of the arrays.
    pub fn has_forms(&self) -> bool {
        self.forms.is_some()
    }

    /// The same in floats and bytes side by side.
    pub fn plain(&self) -> Self {
        Self { forms: None, ..self.clone() }
    }

    /// The map as C has it.
    pub fn pixels(&self, part: Part) -> Given<hyla_pixels> {
        let Some(forms) = self.forms else { return self.plain_pixels(part).into() };
        let rows = forms.rows(part.n);
        self.formed(&forms, rows, part.n, |pixel| part.start + pixel)
    }

    /// Rows of the map, which lie so many pixels apart, as C has them.
    pub fn frame(&self, rows: usize, columns: usize, pitch: usize) -> Given<hyla_pixels> {
        let n = rows * columns;
        if let Some(forms) = self.forms {
            return self.formed(&forms, rows, n, |pixel| pixel / columns * pitch + pixel % columns);
        }
        let mut pixels = hyla_pixels { n, rows, ..self.plain_pixels(self.whole()) };
        for plane in [&mut pixels.scores, &mut pixels.weights, &mut pixels.soft_targets] {
            plane.row_pitch = pitch * size_of::<f32>();
        }
        for mask in [&mut pixels.targets, &mut pixels.decisions, &mut pixels.valid] {
            mask.row_pitch = pitch;
        }
        pixels.into()
    }

    fn plain_pixels(&self, part: Part) -> hyla_pixels {
        let start = part.start;
        let mut pixels = hyla_pixels {
            scores: plain_plane(self.values.at(start * self.layout.pixel_stride)),
            targets: plain_mask(pointer(self.targets.as_ref(), start)),
            decisions: plain_mask(pointer(self.decisions.as_ref(), start)),
            valid: plain_mask(pointer(self.valid.as_ref(), start)),
            weights: plain_plane(pointer(self.weights.as_ref(), start)),
            soft_targets: plain_plane(pointer(self.soft_targets.as_ref(), start)),
            n: part.n,
            rows: 0,
            output_pitch: 0,
            reserved: [0; 5],
        };
        if let Some(fault) = self.fault {
            fault.of_plane(Array::Values, &mut pixels.scores);
            fault.of_mask(Array::Targets, &mut pixels.targets);
            fault.of_mask(Array::Decisions, &mut pixels.decisions);
            fault.of_plane(Array::Weights, &mut pixels.weights);
            fault.of_plane(Array::SoftTargets, &mut pixels.soft_targets);
            fault.of_rest(&mut pixels.n, &mut pixels.reserved, 1);
        }
        pixels
    }

    /// So many pixels in rows, in other forms; each is the one of an index.
    fn formed(&self, forms: &Forms, rows: usize, n: usize, index: impl Fn(usize) -> usize) -> Given<hyla_pixels> {
        let columns = n.checked_div(rows).unwrap_or(0).max(1);
        let nothing = Part { start: 0, n: 0 };
        let mut given: Given<hyla_pixels> = hyla_pixels { n, rows, ..self.plain_pixels(nothing) }.into();
        let floats = |buffer: &Buffer<f32>| (0..n).map(|pixel| buffer[index(pixel)]).collect::<Vec<_>>();
        let bytes = |buffer: &Buffer<u8>| (0..n).map(|pixel| buffer[index(pixel)]).collect::<Vec<_>>();
        given.scores = forms.scores.store(&floats(&self.values), columns, &mut given);
        if let Some(weights) = &self.weights {
            given.weights = forms.weights.store(&floats(weights), columns, &mut given);
        }
        if let Some(soft_targets) = &self.soft_targets {
            given.soft_targets = forms.soft_targets.store(&floats(soft_targets), columns, &mut given);
        }
        let ignored = forms.ignored.filter(|_| self.targets.is_some());
        if let Some(targets) = &self.targets {
            given.targets = forms.targets.store(&bytes(targets), columns, ignored, &mut given);
        }
        if let Some(decisions) = &self.decisions {
            given.decisions = forms.decisions.store(&bytes(decisions), columns, None, &mut given);
        }
        if let Some(valid) = &self.valid {
            let mut valid = bytes(valid);
            if let (Some(label), Some(targets)) = (ignored, &self.targets) {
                // Only the label says that these do not count.
                let labelled = valid.iter_mut().zip(bytes(targets)).filter(|(_, target)| *target == label);
                labelled.for_each(|(valid, _)| *valid = 1);
            }
            given.valid = forms.valid.store(&valid, columns, None, &mut given);
        }
        given
    }

    /// The cube as C has it, as [`Self::pixels`].
    pub fn given_cube(&self, part: Part) -> Given<hyla_cube> {
        self.cube_of(part).into()
    }

    /// An array of values in the layout of the cube.
    pub fn lie(&self, values: &Buffer<f32>, part: Part) -> hyla_values {
        let Layout { pixel_stride, channel_stride, .. } = self.layout;
        let first = values.at((part.start * pixel_stride).min(values.len()));
        hyla_values { plane: hyla_plane { stride: pixel_stride, ..plain_plane(first) }, channel_stride }
    }

    /// The cube as C has it.
    pub fn cube_of(&self, part: Part) -> hyla_cube {
        let start = part.start;
        let mut cube = hyla_cube {
            values: self.lie(&self.values, part),
            n: part.n,
            channels: self.layout.channels,
            targets: plain_mask(pointer(self.targets.as_ref(), start)),
            labels: plain_labels(pointer(self.labels.as_ref(), start)),
            valid: plain_mask(pointer(self.valid.as_ref(), start)),
            weights: plain_plane(pointer(self.weights.as_ref(), start)),
            rows: 1,
            output_pitch: 0,
            reserved: [0; 5],
        };
        if let Some(fault) = self.fault {
            fault.of_plane(Array::Values, &mut cube.values.plane);
            fault.of_mask(Array::Targets, &mut cube.targets);
            fault.of_plane(Array::Labels, &mut cube.labels);
            fault.of_plane(Array::Weights, &mut cube.weights);
            fault.of_rest(&mut cube.n, &mut cube.reserved, 1);
            fault.of_strides(&mut cube);
        }
        cube
    }

    /// Whether a pixel counts by the mask.
    pub fn is_valid(&self, pixel: usize) -> bool {
        self.valid.as_ref().is_none_or(|valid| valid[pixel] != 0)
    }

    /// The same with other things in the place of masked pixels, NaN among them.
    pub fn poisoned(&self, source: &mut Source) -> Self {
        let (mut other, mut random) = (self.clone(), Random::new(source));
        let bad = |random: &mut Random| [f32::NAN, f32::INFINITY, -1.0, 3.0e38][random.below(4)];
        for pixel in (0..self.n).filter(|pixel| !self.is_valid(*pixel)) {
            for channel in 0..self.layout.channels {
                other.values[self.layout.index(pixel, channel)] = bad(&mut random);
                if !other.second.is_empty() {
                    other.second[self.layout.index(pixel, channel)] = bad(&mut random);
                }
            }
            for bytes in [&mut other.targets, &mut other.decisions].into_iter().flatten() {
                bytes[pixel] = random.next() as u8;
            }
            for floats in [&mut other.weights, &mut other.soft_targets].into_iter().flatten() {
                floats[pixel] = bad(&mut random);
            }
            if let Some(labels) = &mut other.labels {
                labels[pixel] = random.next() as i32;
            }
            if let Some(integers) = &mut other.integers {
                integers[pixel] = random.next() as u16;
            }
        }
        for valid in other.valid.iter_mut().flat_map(|valid| valid.iter_mut()).filter(|valid| **valid != 0) {
            *valid = random.next() as u8 | 1 << random.below(8);
        }
        other
    }

    /// The same without masked pixels and without a mask, in any layout.
    pub fn compacted(&self, source: &mut Source) -> Self {
        let kept: Vec<usize> = (0..self.n).filter(|pixel| self.is_valid(*pixel)).collect();
        let layout = match self.decisions {
            Some(_) => Layout::compact(1),
            None => Layout::any(source, kept.len(), self.layout.channels),
        };
        Self { valid: None, ..self.taken(&kept, layout) }
    }

    /// Some pixels of a map.
    pub fn only(&self, kept: &[usize]) -> Self {
        self.taken(kept, Layout::compact(1))
    }

    fn taken(&self, kept: &[usize], layout: Layout) -> Self {
        let values = |from: &Buffer<f32>| {
            let mut to = Buffer::filled(3, f32::NAN, if from.is_empty() { 0 } else { layout.span(kept.len()) });
            for (place, pixel) in kept.iter().enumerate().filter(|_| !from.is_empty()) {
                for channel in 0..layout.channels {
                    to[layout.index(place, channel)] = from[self.layout.index(*pixel, channel)];
                }
            }
            to
        };
        Self {
            n: kept.len(),
            layout,
            values: values(&self.values),
            second: values(&self.second),
            targets: only(&self.targets, kept),
            decisions: only(&self.decisions, kept),
            labels: only(&self.labels, kept),
            valid: only(&self.valid, kept),
            weights: only(&self.weights, kept),
            soft_targets: only(&self.soft_targets, kept),
            integers: only(&self.integers, kept),
            forms: self.forms,
            fault: None,
        }
    }
}

/// The items of the pixels that are kept.
fn only<T: Copy>(from: &Option<Buffer<T>>, kept: &[usize]) -> Option<Buffer<T>> {
    from.as_ref().map(|from| Buffer::new(1, &kept.iter().map(|pixel| from[*pixel]).collect::<Vec<_>>()))
}
