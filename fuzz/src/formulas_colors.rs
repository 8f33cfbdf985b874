//! The formula of foreground contrast, in rgb and in Oklab.

use crate::differences::Problem;
use crate::formulas_cubes::Ordinary;
use crate::source::Source;
use hyla::capi::foreground_contrast::*;

/// Linear light of sRGB, for values where it is a power.
fn linear(value: f64) -> f64 {
    ((value + 0.055) / 1.055).powf(2.4)
}

/// Oklab of linear light (Ottosson 2020).
fn oklab(light: [f64; 3]) -> [f64; 3] {
    const TO_CONES: [[f64; 3]; 3] = [
        [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
        [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
        [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
    ];
    const TO_LAB: [[f64; 3]; 3] = [
        [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
        [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
        [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
    ];
    let times = |matrix: [[f64; 3]; 3], vector: [f64; 3]| {
        matrix.map(|row| row.iter().zip(vector).map(|(factor, value)| factor * value).sum::<f64>())
    };
    times(TO_LAB, times(TO_CONES, light).map(f64::cbrt))
}

/// A frame of ordinary colours.
pub fn contrast(source: &mut Source) {
    let cube = Ordinary::any(source, 3, 0.1, 0.9);
    let params = hyla_foreground_contrast_params {
        struct_size: size_of::<hyla_foreground_contrast_params>() as u32,
        color_space: source.below(2) as u32,
        assume_srgb: source.below(2) as u32,
        weight: source.pick(&[1.0, -0.5]),
        compactness_weight: source.pick(&[0.0, 0.5]),
        anchor_weight: source.pick(&[0.0, 0.5]),
        eps: source.pick(&[1e-6, 0.01]),
    };
    let (mut loss, mut gradient) = (0.0, vec![0.0; cube.values.len()]);
    let (to, none) = (gradient.as_mut_ptr(), core::ptr::null_mut());
    // SAFETY: all arrays are as long as the cube says.
    let status =
        unsafe { hyla_foreground_contrast_loss_and_gradient(&params, &cube.cube(), 1.0, 0, none, &mut loss, to) };
    assert!(status >= 0);
    let (weight, eps) = (f64::from(params.weight), f64::from(params.eps));
    let (compactness, anchor) = (f64::from(params.compactness_weight), f64::from(params.anchor_weight));
    let is_front = |pixel: usize| cube.targets[pixel] != 0;
    let color = |values: &[f64], pixel: usize| {
        let mut light = [0, 1, 2].map(|channel| cube.pixel(values, pixel)[channel]);
        if params.color_space == 0 {
            return light;
        }
        if params.assume_srgb == 1 {
            light = light.map(linear);
        }
        oklab(light)
    };
    let share = |front: Option<bool>, pixel: usize| {
        f64::from(u8::from(front.is_none_or(|front| front == is_front(pixel)))) * cube.weights[pixel]
    };
    let sum = |front: Option<bool>| (0..cube.n).map(|pixel| share(front, pixel)).sum::<f64>();
    let mean = |values: &[f64], front: Option<bool>, power: i32| {
        [0, 1, 2].map(|channel| {
            let term = |pixel: usize| share(front, pixel) * color(values, pixel)[channel].powi(power);
            (0..cube.n).map(term).sum::<f64>() / sum(front)
        })
    };
    let apart = |one: [f64; 3], two: [f64; 3]| one.iter().zip(two).map(|(one, two)| (one - two).powi(2)).sum::<f64>();
    let distance = |values: &[f64]| (apart(mean(values, Some(true), 1), mean(values, Some(false), 1)) + eps).sqrt();
    let formula = |values: &[f64]| {
        let (front, behind) = (mean(values, Some(true), 1), mean(values, Some(false), 1));
        let image = mean(values, None, 1);
        let variance =
            mean(values, Some(true), 2).iter().zip(front).map(|(square, mean)| square - mean * mean).sum::<f64>();
        let anchored = apart(front, image) + apart(behind, image);
        weight * (-distance(values) + compactness / 3.0 * variance + anchor / 3.0 * anchored)
    };
    let inputs = cube.doubles();
    let least = sum(Some(true)).min(sum(Some(false)));
    // The slope of Oklab by a value of sRGB above 0.1 is below 8; the direction is a quotient by the distance.
    let steepness = if params.color_space == 0 { 1.0 } else { 8.0 / distance(&inputs) };
    let size = |index: usize| 6.0 * weight.abs() * cube.weights[index / 3] / least * steepness;
    Problem {
        name: "foreground contrast",
        inputs: &cube.values,
        gradient: &gradient,
        loss,
        loss_within: 64.0 * weight.abs() / 16_777_216.0 * steepness,
        formula: &formula,
        size: &size,
        units: 16.0,
        is_smooth: &|_, _| distance(&inputs) > 0.02,
    }
    .check(source);
}
