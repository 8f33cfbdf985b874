//! Batches of pixels with one logit a class: what the tests of the losses over classes share.

use super::{any_float, between};
use crate::cube::{Cube, Layout};
use proptest::prelude::*;
use std::vec::Vec;

#[derive(Clone, Debug)]
pub struct Batch {
    pub classes: usize,
    /// Interleaved by pixel.
    pub logits: Vec<f32>,
    pub labels: Vec<i32>,
    pub valid: Option<Vec<u8>>,
    pub weights: Option<Vec<f32>>,
}

impl Batch {
    /// Everything valid and of weight 1.
    pub fn new(classes: usize, logits: &[f32], labels: &[i32]) -> Self {
        let (logits, labels) = (logits.to_vec(), labels.to_vec());
        Self { classes, logits, labels, valid: None, weights: None }
    }

    pub fn n(&self) -> usize {
        self.labels.len()
    }

    pub fn cube(&self) -> Cube<'_> {
        self.part(0, self.n())
    }

    pub fn part(&self, start: usize, end: usize) -> Cube<'_> {
        Cube {
            values: &self.logits[start * self.classes..end * self.classes],
            layout: Layout::interleaved(end - start, self.classes),
            labels: Some(&self.labels[start..end]),
            valid: self.valid.as_ref().map(|valid| &valid[start..end]),
            weights: self.weights.as_ref().map(|weights| &weights[start..end]),
            ..Cube::default()
        }
    }

    /// The logits in another layout.
    pub fn laid_out(&self, layout: Layout) -> Vec<f32> {
        let mut values = std::vec![f32::NAN; layout.span().unwrap()];
        for pixel in 0..self.n() {
            for class in 0..self.classes {
                values[pixel * layout.pixel_stride + class * layout.channel_stride] =
                    self.logits[pixel * self.classes + class];
            }
        }
        values
    }

    pub fn layouts(&self) -> [Layout; 3] {
        let (n, channels) = (self.n(), self.classes);
        let strided = Layout { n, channels, pixel_stride: channels * 2 + 1, channel_stride: 2 };
        let padded = Layout { n, channels, pixel_stride: 1, channel_stride: n + 5 };
        [Layout::planar(n, channels), strided, padded]
    }

    /// One pixel's logits.
    pub fn logits(&self, pixel: usize) -> Vec<f64> {
        let logits = &self.logits[pixel * self.classes..(pixel + 1) * self.classes];
        logits.iter().map(|logit| f64::from(*logit)).collect()
    }

    pub fn weight(&self, pixel: usize) -> f32 {
        self.weights.as_ref().map_or(1.0, |weights| weights[pixel])
    }

    pub fn is_masked(&self, pixel: usize, ignore: Option<i32>) -> bool {
        let valid = self.valid.as_ref().is_none_or(|valid| valid[pixel] != 0);
        !valid || ignore == Some(self.labels[pixel])
    }

    /// Whether a pixel counts, if there are as many labels.
    pub fn counts(&self, pixel: usize, labels: usize, ignore: Option<i32>) -> bool {
        let label = usize::try_from(self.labels[pixel]).is_ok_and(|label| label < labels);
        !self.is_masked(pixel, ignore)
            && label
            && (0.0..f32::INFINITY).contains(&self.weight(pixel))
    }

    /// Logits and weights of masked pixels are NaN.
    pub fn poisoned(&self, ignore: Option<i32>) -> Self {
        let mut poisoned = self.clone();
        for pixel in 0..self.n() {
            if self.is_masked(pixel, ignore) {
                poisoned.logits[pixel * self.classes..(pixel + 1) * self.classes].fill(f32::NAN);
                if let Some(weights) = &mut poisoned.weights {
                    weights[pixel] = f32::NAN;
                }
            }
        }
        poisoned
    }

    /// Without the masked pixels.
    pub fn kept(&self, ignore: Option<i32>) -> Self {
        let mut kept = Self::new(self.classes, &[], &[]);
        kept.weights = self.weights.as_ref().map(|_| Vec::new());
        for pixel in (0..self.n()).filter(|pixel| !self.is_masked(*pixel, ignore)) {
            let logits = &self.logits[pixel * self.classes..(pixel + 1) * self.classes];
            kept.logits.extend_from_slice(logits);
            kept.labels.push(self.labels[pixel]);
            if let Some(weights) = &mut kept.weights {
                weights.push(self.weight(pixel));
            }
        }
        kept
    }
}

fn logit() -> impl Strategy<Value = f32> {
    prop_oneof![20 => between(-8.0, 8.0), 4 => between(-110.0, 110.0), 1 => any_float()]
}

/// Up to 600 pixels of `fewest` to 6 classes, or a few of up to 80.
pub fn batch(fewest: usize) -> impl Strategy<Value = Batch> {
    let shape = prop_oneof![
        3 => (0_usize..600, fewest..6),
        1 => (0_usize..40, 60_usize..80),
    ];
    shape.prop_flat_map(|(n, classes)| {
        let label = prop_oneof![
            20 => 0..classes.max(2) as i32,
            2 => Just(-100),
            1 => any::<i32>(),
        ];
        let weight = prop_oneof![8 => between(0.0, 4.0), 1 => Just(0.0), 1 => any_float()];
        let valid = prop_oneof![Just(0_u8), Just(1), any::<u8>()];
        (
            proptest::collection::vec(logit(), n * classes),
            proptest::collection::vec(label, n),
            proptest::option::of(proptest::collection::vec(valid, n)),
            proptest::option::of(proptest::collection::vec(weight, n)),
        )
            .prop_map(move |(logits, labels, valid, weights)| Batch {
                classes,
                logits,
                labels,
                valid,
                weights,
            })
    })
}

/// A NaN is a NaN.
pub fn bits(floats: &[f32]) -> Vec<u32> {
    floats.iter().map(|float| if float.is_nan() { u32::MAX } else { float.to_bits() }).collect()
}

pub fn number(double: f64) -> u64 {
    if double.is_nan() { u64::MAX } else { double.to_bits() }
}

/// The ends of as many equal parts.
pub fn equal_parts(n: usize, parts: usize) -> Vec<usize> {
    (0..=parts).map(|part| n * part / parts).collect()
}
