//! The exact sums of one frame, and what they say.

use super::kernels::{ColorInputs, HighAndLow, Moments, Slopes, TERMS};
use super::{CHANNELS, Params, check};
use crate::error::Error;
use crate::exact::{ExactSum, counts, variance};
use crate::input::{Cube, CubeSource, Marks, Masks, tally};
use crate::math::double::sqrt;
use crate::node::fingerprint::same_parameters;
use crate::simd;

/// How many floats a pixel adds to a sum at most: the square of a colour is two floats, and its product with a weight
/// makes two of each.
const MOST_PARTS: i64 = 4;

/// The exact sums of one frame; all zero is empty. Adding the words of two frames' parts merges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Frame {
    /// The sums of `v q_c` over the foreground.
    pub foreground: [ExactSum; CHANNELS],
    /// The sums of `v q_c` over the background.
    pub background: [ExactSum; CHANNELS],
    /// The sums of `v q_c^2` over the foreground; empty where the compactness weight is 0.
    pub squares: [ExactSum; CHANNELS],
    /// The sum of the weights of the foreground: without weights the number of its pixels.
    pub foreground_weights: ExactSum,
    /// The sum of the weights of the background.
    pub background_weights: ExactSum,
    /// How many pixels count.
    pub pixels: i64,
    /// How many valid pixels had a bad weight and were treated as masked.
    pub rejected: i64,
    /// The sum of the hash of the colour space over `pixels`.
    pub fingerprint: i64,
}

impl Frame {
    /// Adds pixels of the frame.
    ///
    /// # Errors
    /// Parameters out of range, targets missing, another number of channels than three, a layout in which
    /// values share a place, inputs of different lengths. Nothing was added then.
    pub fn update<'a>(&mut self, params: &Params, rgb: impl Into<CubeSource<'a>>) -> Result<(), Error> {
        let rgb = rgb.into();
        check(params, &rgb)?;
        self.add(params, &rgb);
        Ok(())
    }

    /// Adds pixels that are checked.
    pub(super) fn add(&mut self, params: &Params, rgb: &CubeSource) {
        rgb.each(Marks::Targets, None, |tile| self.add_slices(params, &tile.cube));
    }

    #[inline(never)]
    fn add_slices(&mut self, params: &Params, rgb: &Cube) {
        let targets = rgb.targets.unwrap_or(&[]);
        let mut weights = ExactSum::default();
        let tally = tally(rgb.layout.n, &rgb.mask_and_weights(), &mut weights);
        if rgb.weights.is_none() {
            let counts = Masks { first: targets, second: None, valid: rgb.valid }.count();
            self.foreground_weights.add_integer(counts.first);
            self.background_weights.add_integer(counts.pixels.wrapping_sub(counts.first));
        }
        self.pixels = self.pixels.wrapping_add(tally.pixels);
        self.rejected = self.rejected.wrapping_add(tally.rejected);
        let hash = params.frame_fingerprint().wrapping_mul(tally.pixels);
        self.fingerprint = self.fingerprint.wrapping_add(hash);
        let mut sums = [HighAndLow::default(); TERMS];
        simd::run(Moments {
            inputs: ColorInputs { cube: *rgb, targets, transform: params.transform() },
            squares: params.has_variance(),
            sums: &mut sums,
        });
        let (colors, squares) = sums.split_at_checked(CHANNELS + 1).unwrap_or_default();
        let foregrounds = self.foreground.iter_mut().chain([&mut self.foreground_weights]);
        let backgrounds = self.background.iter_mut().chain([&mut self.background_weights]);
        // Without weights a colour has no rest.
        let parts = if rgb.weights.is_some() { 2 } else { 1 };
        for ((foreground, background), color) in foregrounds.zip(backgrounds).zip(colors) {
            for [all, part] in color.iter().take(parts) {
                foreground.merge(part);
                background.merge(&without(all, part));
            }
        }
        for (sum, square) in self.squares.iter_mut().zip(squares) {
            square.iter().for_each(|[_, part]| sum.merge(part));
        }
    }

    /// Adds another part of the frame. The words are canonical afterwards.
    pub fn merge(&mut self, other: &Self) {
        for (sum, other) in self.sums_mut().into_iter().zip(other.sums()) {
            sum.merge(other);
        }
        self.pixels = self.pixels.wrapping_add(other.pixels);
        self.rejected = self.rejected.wrapping_add(other.rejected);
        self.fingerprint = self.fingerprint.wrapping_add(other.fingerprint);
    }

    /// Makes the words canonical after they were added elsewhere.
    pub fn normalize(&mut self) {
        for sum in self.sums_mut() {
            sum.normalize();
        }
    }

    fn sums(&self) -> [&ExactSum; 11] {
        let ([a, b, c], [d, e, f]) = (&self.foreground, &self.background);
        let [g, h, i] = &self.squares;
        [a, b, c, d, e, f, g, h, i, &self.foreground_weights, &self.background_weights]
    }

    pub(super) fn sums_mut(&mut self) -> [&mut ExactSum; 11] {
        let ([a, b, c], [d, e, f]) = (&mut self.foreground, &mut self.background);
        let [g, h, i] = &mut self.squares;
        let weights = (&mut self.foreground_weights, &mut self.background_weights);
        [a, b, c, d, e, f, g, h, i, weights.0, weights.1]
    }

    /// Checks that the words can be.
    fn check(&self) -> Result<(), Error> {
        counts::sum(&[self.pixels, self.rejected])?;
        self.foreground_weights.check_weights(self.pixels)?;
        self.background_weights.check_weights(self.pixels)?;
        let terms = self.pixels.saturating_mul(MOST_PARTS);
        self.sums().into_iter().try_for_each(|sum| sum.check(terms))
    }

    /// What the sums say; None for a frame without foreground or background.
    pub(super) fn evaluate(&self, params: &Params) -> Result<Option<Evaluated>, Error> {
        self.check()?;
        same_parameters(params.frame_fingerprint(), self.pixels, self.fingerprint)?;
        let foreground_weight = self.foreground_weights.value();
        let background_weight = self.background_weights.value();
        if !(foreground_weight > 0.0 && background_weight > 0.0) {
            return Ok(None);
        }
        let mut evaluated = Evaluated {
            foreground_weight,
            background_weight,
            weight: merged(&self.foreground_weights, &self.background_weights).value(),
            squared_distance: f64::from(params.eps),
            variance: 0.0,
            colors: [Color::default(); CHANNELS],
        };
        let sums = self.foreground.iter().zip(&self.background).zip(&self.squares);
        for (color, ((foreground, background), squares)) in evaluated.colors.iter_mut().zip(sums) {
            color.foreground = foreground.value() / foreground_weight;
            color.background = background.value() / background_weight;
            color.image = merged(foreground, background).value() / evaluated.weight;
            let difference = color.foreground - color.background;
            evaluated.squared_distance += difference * difference;
            if params.has_variance() {
                let variance = variance(&self.foreground_weights, foreground, squares);
                color.varies = variance != 0.0;
                evaluated.variance += variance;
            }
        }
        Ok(Some(evaluated))
    }
}

/// Subtracts the sum of a part of the terms from the sum of all. The words are not canonical.
fn without(all: &ExactSum, part: &ExactSum) -> ExactSum {
    let mut rest = *all;
    for (digit, less) in rest.digits.iter_mut().zip(part.digits) {
        *digit = digit.wrapping_sub(less);
    }
    rest.nan = rest.nan.wrapping_sub(part.nan);
    rest.positive_infinity = rest.positive_infinity.wrapping_sub(part.positive_infinity);
    rest.negative_infinity = rest.negative_infinity.wrapping_sub(part.negative_infinity);
    rest
}

fn merged(one: &ExactSum, other: &ExactSum) -> ExactSum {
    let mut sum = *one;
    sum.merge(other);
    sum
}

/// What the sums of a frame say, where it has foreground and background.
pub(super) struct Evaluated {
    foreground_weight: f64,
    background_weight: f64,
    weight: f64,
    /// `D.D + eps`.
    squared_distance: f64,
    /// The sum of the variances of the channels.
    variance: f64,
    colors: [Color; CHANNELS],
}

/// The means of a channel.
#[derive(Clone, Copy, Default)]
struct Color {
    foreground: f64,
    background: f64,
    image: f64,
    /// Whether the variance of the foreground is not 0.
    varies: bool,
}

impl Evaluated {
    /// The frame's loss l.
    pub fn loss(&self, params: &Params) -> f64 {
        let [weight, compactness, anchor] =
            [params.weight, params.compactness_weight, params.anchor_weight].map(f64::from);
        if weight == 0.0 {
            return 0.0;
        }
        let mut apart = 0.0;
        for color in &self.colors {
            let foreground = color.foreground - color.image;
            let background = color.background - color.image;
            apart += foreground * foreground + background * background;
        }
        // A weight of 0 switches its term off, whatever the term is.
        let mut loss = -sqrt(self.squared_distance);
        if compactness > 0.0 {
            loss += compactness / 3.0 * self.variance;
        }
        if anchor > 0.0 {
            loss += anchor / 3.0 * apart;
        }
        weight * loss
    }

    /// Whether the distance has no direction, because both means are equal and eps is 0.
    pub fn is_degenerate(&self) -> bool {
        self.squared_distance == 0.0
    }

    /// The gradient by q, times `scale`.
    pub fn slopes(&self, params: &Params, scale: f64) -> [Slopes; CHANNELS] {
        let compactness = 2.0 / 3.0 * f64::from(params.compactness_weight);
        let anchor = 2.0 / 3.0 * f64::from(params.anchor_weight);
        let inverse = if self.is_degenerate() { 0.0 } else { 1.0 / sqrt(self.squared_distance) };
        let mut slopes = [Slopes::default(); CHANNELS];
        for (slopes, color) in slopes.iter_mut().zip(&self.colors) {
            let direction = (color.foreground - color.background) * inverse;
            let foreground = anchor * (color.foreground - color.image);
            let background = anchor * (color.background - color.image);
            let of_image = -(foreground + background) / self.weight;
            let of_foreground = (foreground - direction) / self.foreground_weight;
            let of_background = (background + direction) / self.background_weight;
            let mean = color.foreground as f32;
            *slopes = Slopes {
                level: (scale * (of_foreground + of_image)) as f32,
                spread: if color.varies { (scale * compactness / self.foreground_weight) as f32 } else { 0.0 },
                mean,
                rest: (color.foreground - f64::from(mean)) as f32,
                background: (scale * (of_background + of_image)) as f32,
            };
        }
        slopes
    }
}
