//! The formulas of losses of maps, and what the library says of them.

use crate::differences::{Problem, floats, sigmoid, softplus};
use crate::forms::{plain_mask, plain_plane};
use crate::source::{Random, Source};
use hyla::capi::bce::*;
use hyla::capi::focal::*;
use hyla::capi::iou::*;
use hyla::capi::pixels::hyla_pixels;
use hyla::capi::tversky::*;

/// A map of ordinary scores, with everything that may go with them.
struct Map {
    scores: Vec<f32>,
    /// Between 0 and 1; 0 or 1 where they are hard.
    targets: Vec<f32>,
    hard: Option<Vec<u8>>,
    /// 0 where a pixel is masked.
    weights: Vec<f32>,
    given_weights: Vec<f32>,
    valid: Vec<u8>,
    reduction: u32,
}

impl Map {
    fn any(source: &mut Source, low: f32, high: f32) -> Self {
        let n = 1 + source.below(20);
        let scores = floats(source, n, low, high);
        let mut targets = floats(source, n, 0.0, 1.0);
        let is_hard = source.once_in(2);
        if is_hard {
            targets.iter_mut().for_each(|target| *target = f32::from(u8::from(*target > 0.5)));
        }
        let given_weights = if source.once_in(2) { floats(source, n, 0.25, 2.0) } else { vec![1.0; n] };
        let (mut random, has_mask) = (Random::new(source), source.once_in(2));
        let mut valid: Vec<u8> = (0..n).map(|_| (!has_mask || random.below(4) > 0) as u8).collect();
        valid[0] = 1;
        let weights = given_weights.iter().zip(&valid).map(|(weight, valid)| weight * f32::from(*valid)).collect();
        let hard = is_hard.then(|| targets.iter().map(|target| *target as u8 * 3).collect());
        Self { scores, targets, hard, weights, given_weights, valid, reduction: source.pick(&[0, 1, 3]) }
    }

    fn pixels(&self) -> hyla_pixels {
        let none = core::ptr::null();
        hyla_pixels {
            scores: plain_plane(self.scores.as_ptr()),
            targets: plain_mask(self.hard.as_ref().map_or(none, |hard| hard.as_ptr())),
            decisions: plain_mask(none),
            valid: plain_mask(self.valid.as_ptr()),
            weights: plain_plane(self.given_weights.as_ptr()),
            soft_targets: plain_plane(if self.hard.is_some() { core::ptr::null() } else { self.targets.as_ptr() }),
            n: self.scores.len(),
            rows: 0,
            output_pitch: 0,
            reserved: [0; 5],
        }
    }

    /// What a sum of terms is divided by.
    fn divisor(&self) -> f64 {
        match self.reduction {
            0 => self.valid.iter().map(|valid| f64::from(*valid)).sum(),
            1 => 1.0,
            _ => self.sum(|_| 1.0),
        }
    }

    /// The weighted sum over the pixels.
    fn sum(&self, term: impl Fn(usize) -> f64) -> f64 {
        self.weights.iter().enumerate().map(|(pixel, weight)| f64::from(*weight) * term(pixel)).sum()
    }

    fn target(&self, pixel: usize) -> f64 {
        f64::from(self.targets[pixel])
    }

    fn weight(&self, pixel: usize) -> f64 {
        f64::from(self.weights[pixel])
    }
}

/// One of the losses.
pub fn check(source: &mut Source) {
    match source.below(4) {
        0 => bce(source),
        1 => focal(source),
        2 => iou(source),
        _ => tversky(source),
    }
}

fn bce(source: &mut Source) {
    let map = Map::any(source, -8.0, 8.0);
    let mut params = hyla_bce_params {
        struct_size: size_of::<hyla_bce_params>() as u32,
        reduction: map.reduction,
        weight: source.pick(&[1.0, -0.5]),
        pos_weight: source.pick(&[1.0, 3.0, 0.25]),
        label_smoothing: 0.0,
    };
    params.label_smoothing = source.pick(&[0.0, 0.1, 1.0]);
    let (mut loss, mut gradient) = (0.0, vec![0.0; map.scores.len()]);
    let to = gradient.as_mut_ptr();
    let none = core::ptr::null_mut();
    // SAFETY: the arrays have as many items as there are pixels.
    let status = unsafe { hyla_bce_loss_and_gradient(&params, &map.pixels(), 1.0, 0, none, &mut loss, to) };
    assert!(status >= 0);
    let (weight, positive) = (f64::from(params.weight), f64::from(params.pos_weight));
    let smoothing = f64::from(params.label_smoothing);
    let target = |pixel: usize| map.target(pixel) * (1.0 - smoothing) + 0.5 * smoothing;
    let term = |scores: &[f64], pixel: usize| {
        let (x, y) = (scores[pixel], target(pixel));
        positive * y * softplus(-x) + (1.0 - y) * softplus(x)
    };
    let formula = |scores: &[f64]| weight * map.sum(|pixel| term(scores, pixel)) / map.divisor();
    let size = |pixel: usize| {
        let y = target(pixel);
        weight.abs() * map.weight(pixel) * (positive * y + 1.0 - y) / map.divisor()
    };
    let sizes: f64 = (0..map.scores.len()).map(|pixel| 9.0 * size(pixel)).sum();
    problem("bce", &map, &gradient, loss, (16.0, sizes), &formula, &size, &|_, _| true).check(source);
}

fn focal(source: &mut Source) {
    let mut map = Map::any(source, -8.0, 8.0);
    let hard: Vec<u8> = map.targets.iter().map(|target| u8::from(*target > 0.5)).collect();
    map.targets = hard.iter().map(|target| f32::from(*target)).collect();
    map.hard = Some(hard);
    let params = hyla_focal_params {
        struct_size: size_of::<hyla_focal_params>() as u32,
        reduction: map.reduction,
        weight: source.pick(&[1.0, -0.5]),
        gamma: source.pick(&[0.0, 1.0, 2.0, 0.5, 3.5]),
        has_alpha: source.below(2) as u32,
        alpha: source.pick(&[0.25, 0.75]),
    };
    let (mut loss, mut gradient) = (0.0, vec![0.0; map.scores.len()]);
    let to = gradient.as_mut_ptr();
    let none = core::ptr::null_mut();
    // SAFETY: as above.
    let status = unsafe { hyla_focal_loss_and_gradient(&params, &map.pixels(), 1.0, 0, none, &mut loss, to) };
    assert!(status >= 0);
    let (weight, gamma, alpha) = (f64::from(params.weight), f64::from(params.gamma), f64::from(params.alpha));
    let factor = |pixel: usize| match (params.has_alpha, map.target(pixel) > 0.5) {
        (0, _) => weight,
        (_, true) => weight * alpha,
        (_, false) => weight * (1.0 - alpha),
    };
    let term = |scores: &[f64], pixel: usize| {
        let z = if map.target(pixel) > 0.5 { -scores[pixel] } else { scores[pixel] };
        factor(pixel) * sigmoid(z).powf(gamma) * softplus(z)
    };
    let formula = |scores: &[f64]| map.sum(|pixel| term(scores, pixel)) / map.divisor();
    let size = |pixel: usize| (factor(pixel) * map.weight(pixel)).abs() * (1.0 + 9.0 * gamma) / map.divisor();
    let sizes: f64 = (0..map.scores.len()).map(|pixel| 9.0 * size(pixel)).sum();
    let units = 24.0 + 45.0 * gamma;
    problem("focal", &map, &gradient, loss, (units, sizes), &formula, &size, &|_, _| true).check(source);
}

/// How scores become predictions, and where that has kinks.
struct Predictions {
    normalization: u32,
    smooth: f64,
}

impl Predictions {
    fn of(&self, map: &Map, scores: &[f64]) -> Vec<f64> {
        let counted = || scores.iter().zip(&map.valid).filter(|(_, valid)| **valid != 0).map(|(score, _)| *score);
        let (least, greatest) = (counted().fold(f64::MAX, f64::min), counted().fold(f64::MIN, f64::max));
        let prediction = |score: &f64| match self.normalization {
            0 => sigmoid(*score),
            1 => score.clamp(0.0, 1.0),
            _ => (score - least) / (greatest - least + self.smooth),
        };
        scores.iter().map(prediction).collect()
    }

    fn is_smooth(&self, map: &Map, pixel: usize, reach: f64) -> bool {
        let score = f64::from(map.scores[pixel]);
        let counted = || map.scores.iter().enumerate().filter(|(other, _)| map.valid[*other] != 0);
        match self.normalization {
            0 => true,
            1 => [0.0, 1.0].into_iter().all(|kink: f64| (score - kink).abs() > reach),
            _ if map.valid[pixel] == 0 => true,
            // The order of the extremes does not change.
            _ => {
                let others = || counted().filter(|(other, _)| *other != pixel).map(|(_, score)| f64::from(*score));
                let (least, greatest) = (others().fold(f64::MAX, f64::min), others().fold(f64::MIN, f64::max));
                greatest - least > 1.0 && (score - least).abs() > reach && (score - greatest).abs() > reach
            }
        }
    }

    /// The greatest slope of a prediction, by any score of minmax.
    fn slope(&self, map: &Map) -> f64 {
        match self.normalization {
            0 => 0.25,
            1 => 1.0,
            _ => map.scores.len() as f64 / (1.0 + self.smooth),
        }
    }
}

fn iou(source: &mut Source) {
    let params = hyla_iou_params {
        struct_size: size_of::<hyla_iou_params>() as u32,
        normalization: source.below(3) as u32,
        boundary: 0,
        empty_target: 0,
        weight: source.pick(&[1.0, -0.5]),
        smooth: source.pick(&[1e-6, 1.0, 0.01]),
    };
    let map = Map::any(
        source,
        if params.normalization == 1 { -0.5 } else { -6.0 },
        if params.normalization == 1 { 1.5 } else { 6.0 },
    );
    let (mut loss, mut gradient) = (0.0, vec![0.0; map.scores.len()]);
    let to = gradient.as_mut_ptr();
    let (none, no_range) = (core::ptr::null_mut(), core::ptr::null_mut());
    // SAFETY: as above.
    let status = unsafe { hyla_iou_loss_and_gradient(&params, &map.pixels(), 1.0, 0, none, no_range, &mut loss, to) };
    assert!(status >= 0);
    let (weight, smooth) = (f64::from(params.weight), f64::from(params.smooth));
    overlap(source, &map, (params.normalization, smooth), (loss, &gradient), |intersection, predicted, target| {
        let union = predicted + target - intersection + smooth;
        (weight * (1.0 - (intersection + smooth) / union), 2.0 * weight.abs() / union)
    });
}

fn tversky(source: &mut Source) {
    let params = hyla_tversky_params {
        struct_size: size_of::<hyla_tversky_params>() as u32,
        normalization: source.below(3) as u32,
        boundary: 0,
        empty_target: 0,
        weight: source.pick(&[1.0, -0.5]),
        smooth: source.pick(&[1e-6, 1.0, 0.01]),
        false_positives: source.pick(&[0.5, 0.3, 1.0]),
        false_negatives: source.pick(&[0.5, 0.7, 1.0]),
        gamma: source.pick(&[1.0, 0.75, 2.0]),
    };
    let map = Map::any(
        source,
        if params.normalization == 1 { -0.5 } else { -6.0 },
        if params.normalization == 1 { 1.5 } else { 6.0 },
    );
    let (mut loss, mut gradient) = (0.0, vec![0.0; map.scores.len()]);
    let to = gradient.as_mut_ptr();
    let (none, no_range) = (core::ptr::null_mut(), core::ptr::null_mut());
    // SAFETY: as above.
    let status =
        unsafe { hyla_tversky_loss_and_gradient(&params, &map.pixels(), 1.0, 0, none, no_range, &mut loss, to) };
    assert!(status >= 0);
    let (weight, smooth, gamma) = (f64::from(params.weight), f64::from(params.smooth), f64::from(params.gamma));
    let (positives, negatives) = (f64::from(params.false_positives), f64::from(params.false_negatives));
    overlap(source, &map, (params.normalization, smooth), (loss, &gradient), |intersection, predicted, target| {
        let (more, less) = (predicted - intersection, target - intersection);
        let all = intersection + positives * more + negatives * less + smooth;
        let rest = (1.0 - (intersection + smooth) / all).max(0.0);
        let slope = gamma * rest.max(1e-3).powf(gamma - 1.0);
        (weight * rest.powf(gamma), 6.0 * weight.abs() * slope / all)
    });
}

/// A loss of the three sums; the second number that `of_sums` gives is the size of its slope by any of them.
fn overlap(
    source: &mut Source,
    map: &Map,
    (normalization, smooth): (u32, f64),
    (loss, gradient): (f64, &[f32]),
    of_sums: impl Fn(f64, f64, f64) -> (f64, f64),
) {
    let predictions = Predictions { normalization, smooth };
    let sums = |scores: &[f64]| {
        let predicted = predictions.of(map, scores);
        let target = map.sum(|pixel| map.target(pixel));
        of_sums(map.sum(|pixel| predicted[pixel] * map.target(pixel)), map.sum(|pixel| predicted[pixel]), target)
    };
    let scores: Vec<f64> = map.scores.iter().map(|score| f64::from(*score)).collect();
    let (value, slope) = sums(&scores);
    // Scores that are all equal have a prediction of 1/2 with minmax, by a convention.
    let counted = || map.scores.iter().zip(&map.valid).filter(|(_, valid)| **valid != 0).map(|(score, _)| *score);
    let spread = counted().fold(f32::MIN, f32::max) - counted().fold(f32::MAX, f32::min);
    if normalization == 2 && spread < 1.0 {
        return;
    }
    // At a perfect overlap the power has no slope, and without a prediction or target nothing is left to divide by.
    if value.abs() < 1e-2 || !slope.is_finite() || slope > 1e3 || gradient.iter().any(|float| !float.is_finite()) {
        return;
    }
    let formula = |scores: &[f64]| sums(scores).0;
    let weights = map.sum(|_| 1.0);
    let size = |pixel: usize| {
        // By an extreme of minmax all predictions change.
        let weight = if normalization == 2 { weights } else { map.weight(pixel) };
        weight * slope * predictions.slope(map)
    };
    let is_smooth = |pixel: usize, reach: f64| predictions.is_smooth(map, pixel, reach);
    let sizes = slope * weights;
    problem("overlap", map, gradient, loss, (16.0, sizes), &formula, &size, &is_smooth).check(source);
}

/// A problem whose loss is within so many units of the sizes of its terms.
#[allow(clippy::too_many_arguments, reason = "one place makes the struct for all of these losses")]
fn problem<'a>(
    name: &'a str,
    map: &'a Map,
    gradient: &'a [f32],
    loss: f64,
    (units, sizes): (f64, f64),
    formula: &'a dyn Fn(&[f64]) -> f64,
    size: &'a dyn Fn(usize) -> f64,
    is_smooth: &'a dyn Fn(usize, f64) -> bool,
) -> Problem<'a> {
    let loss_within = units * sizes / 16_777_216.0;
    Problem { name, inputs: &map.scores, gradient, loss, loss_within, formula, size, units, is_smooth }
}
