//! What the tests of losses over cubes share: the same pixels in several layouts, and parts of them.

use super::{any_float, between};
use crate::input::{Cube, Layout};
use proptest::prelude::*;
use std::vec::Vec;

/// Pixels of several values, kept pixel by pixel.
#[derive(Clone, Debug)]
pub struct Pixels {
    pub channels: usize,
    /// A second array of as many values, for nodes that have one.
    pub values: Vec<f32>,
    pub other: Vec<f32>,
    pub targets: Vec<u8>,
    pub labels: Vec<i32>,
    pub valid: Option<Vec<u8>>,
    pub weights: Option<Vec<f32>>,
}

/// A memory order, with gaps or without.
#[derive(Clone, Copy, Debug)]
pub enum Order {
    Interleaved,
    Planar,
    InterleavedWithGaps,
    PlanarWithGaps,
    Neither,
}

pub const ORDERS: [Order; 5] = [
    Order::Interleaved,
    Order::Planar,
    Order::InterleavedWithGaps,
    Order::PlanarWithGaps,
    Order::Neither,
];

impl Order {
    pub fn layout(self, n: usize, channels: usize) -> Layout {
        let (pixel_stride, channel_stride) = match self {
            Self::Interleaved => (channels, 1),
            Self::Planar => (1, n.max(1)),
            Self::InterleavedWithGaps => (channels + 3, 1),
            Self::PlanarWithGaps => (1, n + 5),
            Self::Neither => (2 * channels, 2),
        };
        Layout { n, channels, pixel_stride, channel_stride }
    }
}

/// Values of interleaved pixels, moved to a layout; the gaps hold NaN.
pub fn place(values: &[f32], layout: Layout) -> Vec<f32> {
    let mut placed = std::vec![f32::NAN; layout.span().unwrap()];
    for (index, value) in values.iter().enumerate() {
        let (pixel, channel) = (index / layout.channels, index % layout.channels);
        placed[pixel * layout.pixel_stride + channel * layout.channel_stride] = *value;
    }
    placed
}

/// The values of a layout, pixel by pixel.
pub fn gather(placed: &[f32], layout: Layout) -> Vec<f32> {
    let at = |pixel, channel| placed[pixel * layout.pixel_stride + channel * layout.channel_stride];
    (0..layout.n * layout.channels)
        .map(|index| at(index / layout.channels, index % layout.channels))
        .collect()
}

impl Pixels {
    pub fn n(&self) -> usize {
        self.targets.len()
    }

    pub fn counts(&self, pixel: usize) -> bool {
        let valid = self.valid.as_ref().is_none_or(|valid| valid[pixel] != 0);
        let weight = self.weights.as_ref().map_or(1.0, |weights| weights[pixel]);
        valid && (0.0..f32::INFINITY).contains(&weight)
    }

    /// The pixels from `start` to `end`.
    pub fn part(&self, start: usize, end: usize) -> Self {
        let wide = start * self.channels..end * self.channels;
        Self {
            channels: self.channels,
            values: self.values[wide.clone()].to_vec(),
            other: self.other[wide].to_vec(),
            targets: self.targets[start..end].to_vec(),
            labels: self.labels[start..end].to_vec(),
            valid: self.valid.as_ref().map(|valid| valid[start..end].to_vec()),
            weights: self.weights.as_ref().map(|weights| weights[start..end].to_vec()),
        }
    }

    /// The cube of values that were placed in a layout.
    pub fn cube<'a>(&'a self, placed: &'a [f32], layout: Layout) -> Cube<'a> {
        Cube {
            values: placed,
            layout,
            targets: Some(&self.targets),
            labels: Some(&self.labels),
            valid: self.valid.as_deref(),
            weights: self.weights.as_deref(),
        }
    }

    /// The same pixels with NaN in those that are masked.
    pub fn poisoned(&self) -> Self {
        let mut poisoned = self.clone();
        for pixel in 0..self.n() {
            if self.valid.as_ref().is_some_and(|valid| valid[pixel] == 0) {
                let wide = pixel * self.channels..(pixel + 1) * self.channels;
                poisoned.values[wide.clone()].fill(f32::NAN);
                poisoned.other[wide].fill(f32::NAN);
                poisoned.labels[pixel] = i32::MIN;
                if let Some(weights) = &mut poisoned.weights {
                    weights[pixel] = f32::NAN;
                }
            }
        }
        poisoned
    }

    /// The valid pixels alone.
    pub fn without_masked(&self) -> Self {
        let mut kept = self.part(0, 0);
        kept.valid = None;
        for pixel in 0..self.n() {
            if self.valid.as_ref().is_none_or(|valid| valid[pixel] != 0) {
                let one = self.part(pixel, pixel + 1);
                kept.values.extend(one.values);
                kept.other.extend(one.other);
                kept.targets.extend(one.targets);
                kept.labels.extend(one.labels);
                if let (Some(to), Some(from)) = (&mut kept.weights, one.weights) {
                    to.extend(from);
                }
            }
        }
        kept
    }
}

/// Pixels of `channels` values; labels are classes, and sometimes others.
pub fn pixels(
    channels: impl Strategy<Value = usize>,
    n: std::ops::Range<usize>,
    value: impl Strategy<Value = f32> + Clone,
) -> impl Strategy<Value = Pixels> {
    (channels, n).prop_flat_map(move |(channels, n)| {
        let values = || proptest::collection::vec(value.clone(), n * channels);
        let byte = || prop_oneof![Just(0_u8), Just(1), any::<u8>()];
        let bytes = || proptest::collection::vec(byte(), n);
        let label = prop_oneof![9 => 0..channels.max(2) as i32, 1 => Just(255), 1 => Just(-1)];
        let weight = prop_oneof![8 => between(0.0, 4.0), 1 => Just(0.0), 1 => any_float()];
        (
            values(),
            values(),
            bytes(),
            proptest::collection::vec(label, n),
            proptest::option::of(bytes()),
            proptest::option::of(proptest::collection::vec(weight, n)),
        )
            .prop_map(move |(values, other, targets, labels, valid, weights)| Pixels {
                channels,
                values,
                other,
                targets,
                labels,
                valid,
                weights,
            })
    })
}

/// Bits of floats; a NaN is a NaN.
pub fn bits(floats: &[f32]) -> Vec<u32> {
    floats.iter().map(|float| if float.is_nan() { u32::MAX } else { float.to_bits() }).collect()
}

/// Bits of a double; a NaN is a NaN.
pub fn number(double: f64) -> u64 {
    if double.is_nan() { u64::MAX } else { double.to_bits() }
}

/// Where a batch of `n` pixels is cut into 1, 2, 7 and 64 parts, some of them empty.
pub fn cuts(n: usize) -> [Vec<usize>; 4] {
    [1, 2, 7, 64].map(|parts| (0..=parts).map(|part| n * part / parts).collect())
}
