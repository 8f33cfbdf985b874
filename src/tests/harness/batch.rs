//! Pixels of one or of several values for the tests of all nodes: in several memory orders, in parts, poisoned.

use crate::input::Layout;
use crate::tests::{any_float, between};
use proptest::prelude::*;
use std::vec::Vec;

/// Pixels, kept pixel by pixel. An array that is empty is not given.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub n: usize,
    pub channels: usize,
    pub values: Vec<f32>,
    /// A second array of as many values, for nodes that have one.
    pub other: Vec<f32>,
    pub targets: Vec<u8>,
    /// In the place of `targets`, for pixels of one value.
    pub soft_targets: Option<Vec<f32>>,
    pub decisions: Vec<u8>,
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

pub const ORDERS: [Order; 5] =
    [Order::Interleaved, Order::Planar, Order::InterleavedWithGaps, Order::PlanarWithGaps, Order::Neither];

impl Order {
    pub fn layout(self, n: usize, channels: usize) -> Layout {
        let (pixel_stride, channel_stride) = match self {
            Self::Interleaved => (channels, 1),
            Self::Planar => (1, n.max(1)),
            Self::InterleavedWithGaps => (channels + 1 + n % 4, 1),
            Self::PlanarWithGaps => (1, n + 1 + channels % 7),
            Self::Neither => (2 * channels, 2),
        };
        Layout { n, channels, pixel_stride, channel_stride }
    }
}

/// Values of interleaved pixels, moved to a layout; the gaps hold NaN. No values are none anywhere.
pub fn place(values: &[f32], layout: Layout) -> Vec<f32> {
    if values.is_empty() {
        return Vec::new();
    }
    let mut placed = std::vec![f32::NAN; layout.span().unwrap()];
    for (index, value) in values.iter().enumerate() {
        let (pixel, channel) = (index / layout.channels, index % layout.channels);
        placed[pixel * layout.pixel_stride + channel * layout.channel_stride] = *value;
    }
    placed
}

impl Batch {
    /// Pixels of one value each, all of them valid and of weight 1.
    pub fn of_scores(scores: Vec<f32>) -> Self {
        Self { n: scores.len(), channels: 1, values: scores, ..Self::default() }
    }

    /// Two pixels of two values each, with all arrays: for calls with bad arguments.
    pub fn of_two_pixels() -> Self {
        Self {
            n: 2,
            channels: 2,
            values: std::vec![1.0, 2.0, -1.0, 0.5],
            targets: std::vec![0, 1],
            labels: std::vec![0, 1],
            valid: Some(std::vec![1, 1]),
            weights: Some(std::vec![1.0, 2.0]),
            ..Self::default()
        }
    }

    pub fn valid(&self, pixel: usize) -> bool {
        self.valid.as_ref().is_none_or(|valid| valid[pixel] != 0)
    }

    pub fn weight(&self, pixel: usize) -> f32 {
        self.weights.as_ref().map_or(1.0, |weights| weights[pixel])
    }

    /// Whether a pixel is valid, and neither its weight nor its soft target is bad.
    pub fn counts(&self, pixel: usize) -> bool {
        let soft = self.soft_targets.as_ref().map_or(1.0, |soft| soft[pixel]);
        let weight = (0.0..f32::INFINITY).contains(&self.weight(pixel));
        self.valid(pixel) && weight && (0.0..=1.0).contains(&soft)
    }

    /// The values of a pixel.
    pub fn row(&self, pixel: usize) -> &[f32] {
        &self.values[pixel * self.channels..(pixel + 1) * self.channels]
    }

    /// The target of a pixel, from 0 to 1.
    pub fn target(&self, pixel: usize) -> f64 {
        match &self.soft_targets {
            Some(soft) => f64::from(soft[pixel]),
            None => f64::from(u8::from(self.targets[pixel] != 0)),
        }
    }

    pub fn doubles(&self) -> Vec<f64> {
        self.values.iter().map(|value| f64::from(*value)).collect()
    }

    /// Pixels by their places, in this order and as often as they are named.
    pub fn pick(&self, places: &[usize]) -> Self {
        fn of<T: Copy>(all: &[T], channels: usize, places: &[usize]) -> Vec<T> {
            let row = |place: &usize| all.iter().skip(place * channels).take(channels).copied();
            places.iter().flat_map(row).collect()
        }
        Self {
            n: places.len(),
            channels: self.channels,
            values: of(&self.values, self.channels, places),
            other: of(&self.other, self.channels, places),
            targets: of(&self.targets, 1, places),
            soft_targets: self.soft_targets.as_ref().map(|soft| of(soft, 1, places)),
            decisions: of(&self.decisions, 1, places),
            labels: of(&self.labels, 1, places),
            valid: self.valid.as_ref().map(|valid| of(valid, 1, places)),
            weights: self.weights.as_ref().map(|weights| of(weights, 1, places)),
        }
    }

    /// The pixels from `start` to `end`.
    pub fn part(&self, start: usize, end: usize) -> Self {
        self.pick(&(start..end).collect::<Vec<_>>())
    }

    /// Sets the values of some pixels, in both arrays.
    pub fn fill(&mut self, value: f32, which: impl Fn(usize) -> bool) {
        for floats in [&mut self.values, &mut self.other] {
            for (index, float) in floats.iter_mut().enumerate() {
                if which(index / self.channels) {
                    *float = value;
                }
            }
        }
    }

    /// Puts an ordinary number in the place of each value that is none.
    pub fn tame(&mut self) {
        for float in self.values.iter_mut().chain(&mut self.other) {
            if float.is_nan() || float.abs() > 1e3 {
                *float = 0.25;
            }
        }
    }

    /// The same pixels with other data, most of it bad, in those that are masked.
    pub fn poisoned(&self) -> Self {
        let mut poisoned = self.clone();
        poisoned.fill(f32::NAN, |pixel| !self.valid(pixel));
        for pixel in (0..self.n).filter(|pixel| !self.valid(*pixel)) {
            for bytes in [&mut poisoned.targets, &mut poisoned.decisions] {
                bytes.iter_mut().skip(pixel).take(1).for_each(|byte| *byte = u8::from(*byte == 0));
            }
            for floats in [&mut poisoned.weights, &mut poisoned.soft_targets].into_iter().flatten() {
                floats[pixel] = f32::NAN;
            }
            poisoned.labels.iter_mut().skip(pixel).take(1).for_each(|label| *label = i32::MIN);
        }
        poisoned
    }

    /// The places of the valid pixels.
    pub fn valid_places(&self) -> Vec<usize> {
        (0..self.n).filter(|pixel| self.valid(*pixel)).collect()
    }
}

fn byte() -> impl Strategy<Value = u8> + Clone {
    prop_oneof![Just(0_u8), Just(1), any::<u8>()]
}

fn bytes(n: usize) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(byte(), n)
}

fn weight() -> impl Strategy<Value = f32> {
    prop_oneof![8 => between(0.0, 4.0), 1 => Just(0.0), 1 => any_float()]
}

/// Pixels of one value, with targets, perhaps a mask and weights.
pub fn pixels(
    n: impl Strategy<Value = usize>,
    value: impl Strategy<Value = f32> + Clone,
) -> impl Strategy<Value = Batch> {
    n.prop_flat_map(move |n| {
        (
            proptest::collection::vec(value.clone(), n),
            bytes(n),
            proptest::option::of(bytes(n)),
            proptest::option::of(proptest::collection::vec(weight(), n)),
        )
            .prop_map(|(values, targets, valid, weights)| Batch {
                targets,
                valid,
                weights,
                ..Batch::of_scores(values)
            })
    })
}

/// The same pixels with soft targets.
pub fn with_soft_targets(
    pixels: impl Strategy<Value = Batch>,
    target: impl Strategy<Value = f32> + Clone,
) -> impl Strategy<Value = Batch> {
    pixels.prop_flat_map(move |pixels| {
        let targets = proptest::collection::vec(target.clone(), pixels.n);
        (Just(pixels), targets).prop_map(|(pixels, targets)| Batch { soft_targets: Some(targets), ..pixels })
    })
}

/// The same pixels with these weights, where they have any.
pub fn with_weights(
    pixels: impl Strategy<Value = Batch>,
    weight: impl Strategy<Value = f32> + Clone,
) -> impl Strategy<Value = Batch> {
    pixels.prop_flat_map(move |pixels| {
        let weights = proptest::collection::vec(weight.clone(), pixels.n);
        (Just(pixels), weights)
            .prop_map(|(pixels, weights)| Batch { weights: pixels.weights.as_ref().map(|_| weights), ..pixels })
    })
}

/// Pixels of `channels` values; labels are classes, and sometimes others.
pub fn cubes(
    channels: impl Strategy<Value = usize>,
    n: std::ops::Range<usize>,
    value: impl Strategy<Value = f32> + Clone,
) -> impl Strategy<Value = Batch> {
    (channels, n).prop_flat_map(move |(channels, n)| {
        let values = || proptest::collection::vec(value.clone(), n * channels);
        let label = prop_oneof![9 => 0..channels.max(2) as i32, 1 => Just(255), 1 => Just(-1)];
        (
            values(),
            values(),
            bytes(n),
            proptest::collection::vec(label, n),
            proptest::option::of(bytes(n)),
            proptest::option::of(proptest::collection::vec(weight(), n)),
        )
            .prop_map(move |(values, other, targets, labels, valid, weights)| Batch {
                n,
                channels,
                values,
                other,
                targets,
                labels,
                valid,
                weights,
                ..Batch::default()
            })
    })
}

/// Bytes of which more than half are 0.
pub fn skewed(n: usize) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![3 => Just(0_u8), 1 => Just(1), 1 => any::<u8>()];
    proptest::collection::vec(byte, n)
}

/// Decisions and targets, perhaps a mask: pixels without scores.
pub fn masks(n: impl Strategy<Value = usize>) -> impl Strategy<Value = Batch> {
    n.prop_flat_map(|n| (skewed(n), skewed(n), proptest::option::of(skewed(n)))).prop_map(
        |(decisions, targets, valid)| Batch {
            n: targets.len(),
            channels: 1,
            decisions,
            targets,
            valid,
            ..Batch::default()
        },
    )
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
