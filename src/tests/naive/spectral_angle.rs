//! The angle between two spectra, by Kahan's formula: half of it is seen from the sum and the difference of unit vectors.

use std::f64::consts::FRAC_PI_2;

fn length(spectrum: impl Iterator<Item = f64>) -> f64 {
    spectrum.map(|value| value * value).sum::<f64>().sqrt()
}

/// From 0 to pi; pi/2 if one of the two is of zeros.
pub fn angle(a: &[f64], b: &[f64]) -> f64 {
    let [a_length, b_length] = [a, b].map(|spectrum| length(spectrum.iter().copied()));
    if a_length == 0.0 || b_length == 0.0 {
        return FRAC_PI_2;
    }
    let units = || a.iter().zip(b).map(|(a, b)| (a / a_length, b / b_length));
    let (apart, along) = (length(units().map(|(a, b)| a - b)), length(units().map(|(a, b)| a + b)));
    2.0 * apart.atan2(along)
}

/// 1 less the cosine of an angle.
pub fn cosine(angle: f64) -> f64 {
    2.0 * (angle / 2.0).sin().powi(2)
}

/// The derivatives of the angle and of 1 less its cosine by a value of the first spectrum.
pub fn slopes(a: &[f64], b: &[f64], channel: usize) -> [f64; 2] {
    let angle = angle(a, b);
    let [a_length, b_length] = [a, b].map(|spectrum| length(spectrum.iter().copied()));
    let slope = (angle.cos() * a[channel] / a_length - b[channel] / b_length) / a_length;
    [slope / angle.sin(), slope]
}
