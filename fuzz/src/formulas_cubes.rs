//! The formulas of losses of cubes.

use crate::differences::{Problem, floats, sigmoid, softplus};
use crate::forms::{plain_labels, plain_mask, plain_plane};
use crate::formulas_colors::contrast;
use crate::source::{Random, Source};
use hyla::capi::cross_entropy::*;
use hyla::capi::cube::{hyla_cube, hyla_values};
use hyla::capi::dice::*;
use hyla::capi::mse::*;
use hyla::capi::planes::hyla_plane;
use hyla::capi::svdd::*;

/// A cube of ordinary values, interleaved by pixel.
pub struct Ordinary {
    pub n: usize,
    pub channels: usize,
    pub values: Vec<f32>,
    pub labels: Vec<i32>,
    pub targets: Vec<u8>,
    /// 0 where a pixel is masked.
    pub weights: Vec<f64>,
    given_weights: Vec<f32>,
    pub valid: Vec<u8>,
    pub reduction: u32,
}

impl Ordinary {
    pub fn any(source: &mut Source, channels: usize, low: f32, high: f32) -> Self {
        let n = 2 + source.below(12);
        let values = floats(source, n * channels, low, high);
        let given_weights = if source.once_in(2) { floats(source, n, 0.25, 2.0) } else { vec![1.0; n] };
        let (mut random, has_mask) = (Random::new(source), source.once_in(2));
        let labels = (0..n).map(|_| random.below(channels.max(2)) as i32).collect();
        let mut targets: Vec<u8> = (0..n).map(|_| random.below(2) as u8).collect();
        let mut valid: Vec<u8> = (0..n).map(|_| (!has_mask || random.below(4) > 0) as u8).collect();
        (targets[0], targets[1], valid[0], valid[1]) = (0, 1, 1, 1);
        let counted = given_weights.iter().zip(&valid);
        let weights = counted.map(|(weight, valid)| f64::from(*weight) * f64::from(*valid)).collect();
        let reduction = source.pick(&[0, 1, 3]);
        Self { n, channels, values, labels, targets, weights, given_weights, valid, reduction }
    }

    pub fn cube(&self) -> hyla_cube {
        hyla_cube {
            values: self.lie(&self.values),
            n: self.n,
            channels: self.channels,
            targets: plain_mask(self.targets.as_ptr()),
            labels: plain_labels(self.labels.as_ptr()),
            valid: plain_mask(self.valid.as_ptr()),
            weights: plain_plane(self.given_weights.as_ptr()),
            rows: 1,
            output_pitch: 0,
            reserved: [0; 5],
        }
    }

    /// An array in the layout of the values.
    pub fn lie(&self, values: &[f32]) -> hyla_values {
        let plane = hyla_plane { stride: self.channels, ..plain_plane(values.as_ptr()) };
        hyla_values { plane, channel_stride: 1 }
    }

    /// The weighted sum over the pixels.
    pub fn sum(&self, term: impl Fn(usize) -> f64) -> f64 {
        (0..self.n).map(|pixel| self.weights[pixel] * term(pixel)).sum()
    }

    /// How many pixels count.
    fn counted(&self) -> f64 {
        self.valid.iter().map(|valid| f64::from(*valid)).sum()
    }

    /// The values of a pixel.
    pub fn pixel<'a>(&self, values: &'a [f64], pixel: usize) -> &'a [f64] {
        &values[pixel * self.channels..(pixel + 1) * self.channels]
    }

    /// The values as doubles.
    pub fn doubles(&self) -> Vec<f64> {
        self.values.iter().map(|value| f64::from(*value)).collect()
    }
}

/// One of the losses.
pub fn check(source: &mut Source) {
    match source.below(5) {
        0 => mse(source),
        1 => svdd(source),
        2 => cross_entropy(source),
        3 => dice(source),
        _ => contrast(source),
    }
}

fn mse(source: &mut Source) {
    let channels = 1 + source.below(5);
    let cube = Ordinary::any(source, channels, -2.0, 2.0);
    let other = floats(source, cube.values.len(), -2.0, 2.0);
    let params = hyla_mse_params {
        struct_size: size_of::<hyla_mse_params>() as u32,
        reduction: cube.reduction,
        weight: source.pick(&[1.0, -0.5]),
    };
    let (mut loss, mut gradient) = (0.0, vec![0.0; cube.values.len()]);
    let (to, none) = (gradient.as_mut_ptr(), core::ptr::null_mut());
    // SAFETY: all arrays are as long as the cube says.
    let status =
        unsafe { hyla_mse_loss_and_gradient(&params, &cube.cube(), &cube.lie(&other), 1.0, 0, none, &mut loss, to) };
    assert!(status >= 0);
    let divisor = channels as f64
        * match cube.reduction {
            0 => cube.counted(),
            1 => 1.0 / channels as f64,
            _ => cube.sum(|_| 1.0),
        };
    let weight = f64::from(params.weight);
    let square = |values: &[f64], index: usize| (values[index] - f64::from(other[index])).powi(2);
    let formula = |values: &[f64]| {
        let pixel = |pixel: usize| (0..channels).map(|channel| square(values, pixel * channels + channel)).sum::<f64>();
        weight * cube.sum(pixel) / divisor
    };
    let inputs = cube.doubles();
    let size =
        |index: usize| 2.0 * (weight * cube.weights[index / channels]).abs() * square(&inputs, index).sqrt() / divisor;
    let loss_within = 5.0 * formula(&inputs).abs() / 16_777_216.0;
    Problem {
        name: "mse",
        inputs: &cube.values,
        gradient: &gradient,
        loss,
        loss_within,
        formula: &formula,
        size: &size,
        units: 4.0,
        is_smooth: &|_, _| true,
    }
    .check(source);
}

fn svdd(source: &mut Source) {
    let channels = 1 + source.below(5);
    let cube = Ordinary::any(source, channels, -2.0, 2.0);
    let center = floats(source, channels, -1.0, 1.0);
    let params = hyla_svdd_params {
        struct_size: size_of::<hyla_svdd_params>() as u32,
        nu: source.pick(&[0.05, 0.5]),
        weight: source.pick(&[1.0, -0.5]),
        r_unconstrained: source.pick(&[0.0, 1.0, 0.25, 2.5]),
    };
    let (mut loss, mut gradient) = (0.0, vec![0.0; cube.values.len()]);
    let to = gradient.as_mut_ptr();
    let (mut of_radius, mut of_center) = (0.0, vec![0.0; channels]);
    // SAFETY: all arrays are as long as the cube says; all zero bits are empty totals and sums.
    unsafe {
        let mut totals: hyla_svdd_totals = core::mem::zeroed();
        let mut sums = vec![core::mem::zeroed(); channels];
        let center = center.as_ptr();
        let status = hyla_svdd_loss_and_gradient(&params, &cube.cube(), center, 1.0, 0, &mut totals, &mut loss, to);
        assert!(status >= 0);
        assert!(hyla_svdd_center_update(&params, &cube.cube(), center, sums.as_mut_ptr()) >= 0);
        assert!(hyla_svdd_gradient_radius(&params, &totals, 1.0, &mut of_radius) >= 0);
        let to = of_center.as_mut_ptr();
        assert!(hyla_svdd_gradient_center(&params, &totals, sums.as_ptr(), channels, 1.0, 0, to) >= 0);
    }
    let (weight, nu) = (f64::from(params.weight), f64::from(params.nu));
    // Values, then the center, then r: all that there is a gradient by.
    let distance = |inputs: &[f64], pixel: usize| {
        let center = &inputs[cube.values.len()..];
        cube.pixel(inputs, pixel).iter().zip(center).map(|(value, center)| (value - center).powi(2)).sum::<f64>()
    };
    let radius = |inputs: &[f64]| softplus(10.0 * inputs[inputs.len() - 1]) / 10.0;
    let formula = |inputs: &[f64]| {
        let square = radius(inputs).powi(2);
        let outside = cube.sum(|pixel| (distance(inputs, pixel) - square).max(0.0));
        weight * (square + outside / (nu * cube.counted()))
    };
    let inputs: Vec<f32> = cube.values.iter().chain(&center).copied().chain([params.r_unconstrained]).collect();
    let doubles: Vec<f64> = inputs.iter().map(|input| f64::from(*input)).collect();
    let gradients: Vec<f32> = gradient.into_iter().chain(of_center).chain([of_radius as f32]).collect();
    let all = cube.sum(|_| 1.0) / (nu * cube.counted());
    let size = |index: usize| match index / channels {
        pixel if index < cube.values.len() => 8.0 * weight.abs() * cube.weights[pixel] / (nu * cube.counted()),
        _ if index + 1 < inputs.len() => 8.0 * weight.abs() * all,
        _ => 6.0 * weight.abs() * (1.0 + all),
    };
    let is_smooth = |_: usize, reach: f64| {
        let square = radius(&doubles).powi(2);
        (0..cube.n).all(|pixel| (distance(&doubles, pixel) - square).abs() > 12.0 * reach)
    };
    let loss_within = 8.0 * weight.abs() * (9.0 + all * 50.0) / 16_777_216.0;
    Problem {
        name: "svdd",
        inputs: &inputs,
        gradient: &gradients,
        loss,
        loss_within,
        formula: &formula,
        size: &size,
        units: 8.0,
        is_smooth: &is_smooth,
    }
    .check(source);
}

/// The softmax of logits.
fn softmax(logits: &[f64]) -> Vec<f64> {
    let greatest = logits.iter().copied().fold(f64::MIN, f64::max);
    let sum: f64 = logits.iter().map(|logit| (logit - greatest).exp()).sum();
    logits.iter().map(|logit| (logit - greatest).exp() / sum).collect()
}

fn cross_entropy(source: &mut Source) {
    let channels = 2 + source.below(5);
    let cube = Ordinary::any(source, channels, -6.0, 6.0);
    let class_weights = floats(source, channels, 0.25, 2.0);
    let params = hyla_cross_entropy_params {
        struct_size: size_of::<hyla_cross_entropy_params>() as u32,
        reduction: cube.reduction,
        has_ignore_index: 0,
        ignore_index: -100,
        weight: source.pick(&[1.0, -0.5]),
        label_smoothing: source.pick(&[0.0, 0.1, 1.0]),
    };
    let (mut loss, mut gradient) = (0.0, vec![0.0; cube.values.len()]);
    let (to, none) = (gradient.as_mut_ptr(), core::ptr::null_mut());
    // SAFETY: all arrays are as long as the cube says.
    let status = unsafe {
        let weights = class_weights.as_ptr();
        hyla_cross_entropy_loss_and_gradient(&params, &cube.cube(), weights, 1.0, 0, none, &mut loss, to)
    };
    assert!(status >= 0);
    let (weight, smoothing) = (f64::from(params.weight), f64::from(params.label_smoothing));
    let of_class = |class: usize| f64::from(class_weights[class]);
    let label = |pixel: usize| cube.labels[pixel] as usize;
    // The weight of each class in a pixel's term.
    let share = |pixel: usize, class: usize| {
        let right = f64::from(u8::from(class == label(pixel)));
        of_class(class) * ((1.0 - smoothing) * right + smoothing / channels as f64)
    };
    let divisor = match cube.reduction {
        0 => cube.counted(),
        1 => 1.0,
        _ => cube.sum(|pixel| of_class(label(pixel))),
    };
    let formula = |values: &[f64]| {
        let term = |pixel: usize| {
            let shares = softmax(cube.pixel(values, pixel));
            (0..channels).map(|class| -share(pixel, class) * shares[class].ln()).sum::<f64>()
        };
        weight * cube.sum(term) / divisor
    };
    let parts = |pixel: usize| (0..channels).map(|class| share(pixel, class)).sum::<f64>();
    let size = |index: usize| {
        let pixel = index / channels;
        weight.abs() * cube.weights[pixel] * parts(pixel) / divisor
    };
    let loss_within = 16.0 * weight.abs() * 14.0 * cube.sum(parts) / divisor / 16_777_216.0;
    Problem {
        name: "cross-entropy",
        inputs: &cube.values,
        gradient: &gradient,
        loss,
        loss_within,
        formula: &formula,
        size: &size,
        units: 16.0,
        is_smooth: &|_, _| true,
    }
    .check(source);
}

fn dice(source: &mut Source) {
    let channels = 1 + source.below(5);
    let cube = Ordinary::any(source, channels, -4.0, 4.0);
    let params = hyla_dice_params {
        struct_size: size_of::<hyla_dice_params>() as u32,
        include_background: source.below(2) as u32,
        has_ignore_index: 0,
        ignore_index: 0,
        absent: 0,
        weight: source.pick(&[1.0, -0.5]),
        eps: source.pick(&[1e-6, 1.0]),
    };
    let (mut loss, mut gradient) = (0.0, vec![0.0; cube.values.len()]);
    let to = gradient.as_mut_ptr();
    // SAFETY: all arrays are as long as the cube says; all zero bits are empty totals.
    let status = unsafe {
        let mut totals: Vec<hyla_dice_totals> = vec![core::mem::zeroed(); channels];
        let totals = totals.as_mut_ptr();
        hyla_dice_loss_and_gradient(&params, &cube.cube(), 1.0, 0, core::ptr::null_mut(), totals, &mut loss, to)
    };
    assert!(status >= 0);
    let (weight, eps) = (f64::from(params.weight), f64::from(params.eps));
    let first = usize::from(params.include_background == 0 && channels > 1);
    let is_of = |pixel: usize, class: usize| {
        let wanted = if channels == 1 { 1 } else { class as i32 };
        f64::from(u8::from(cube.labels[pixel] == wanted))
    };
    let sums = |values: &[f64], class: usize| {
        let share = |pixel: usize| match cube.pixel(values, pixel) {
            [logit] => sigmoid(*logit),
            logits => softmax(logits)[class],
        };
        let both = cube.sum(|pixel| share(pixel) * is_of(pixel, class));
        (both, cube.sum(share) + cube.sum(|pixel| is_of(pixel, class)))
    };
    let formula = |values: &[f64]| {
        let term = |class: usize| {
            let (both, all) = sums(values, class);
            (2.0 * both + eps) / (all + eps)
        };
        let classes = channels - first;
        weight * (1.0 - (first..channels).map(term).sum::<f64>() / classes as f64)
    };
    let inputs = cube.doubles();
    let parts: f64 = (first..channels).map(|class| 3.0 / (sums(&inputs, class).1 + eps)).sum();
    let size = |index: usize| weight.abs() * cube.weights[index / channels] * parts / (channels - first) as f64;
    let loss_within = 16.0 * weight.abs() * parts.max(1.0) * cube.sum(|_| 1.0) / 16_777_216.0;
    Problem {
        name: "dice",
        inputs: &cube.values,
        gradient: &gradient,
        loss,
        loss_within,
        formula: &formula,
        size: &size,
        units: 16.0,
        is_smooth: &|_, _| true,
    }
    .check(source);
}
