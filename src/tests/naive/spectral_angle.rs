//! The angle of two spectra, by Kahan's formula: half of it is seen from the sum and the difference of unit vectors.

use std::f64::consts::FRAC_PI_2;
use std::vec::Vec;

pub fn length(spectrum: &[f64]) -> f64 {
    spectrum.iter().map(|value| value * value).sum::<f64>().sqrt()
}

/// From 0 to pi; pi/2 if one of the two is of zeros.
pub fn angle(a: &[f64], b: &[f64]) -> f64 {
    let (a_length, b_length) = (length(a), length(b));
    if a_length == 0.0 || b_length == 0.0 {
        return FRAC_PI_2;
    }
    let of_units = |sign: f64| a.iter().zip(b).map(|(a, b)| a / a_length + sign * b / b_length).collect::<Vec<_>>();
    2.0 * length(&of_units(-1.0)).atan2(length(&of_units(1.0)))
}

/// 1 less the cosine of an angle.
pub fn cosine(angle: f64) -> f64 {
    2.0 * (angle / 2.0).sin().powi(2)
}

/// The derivatives of the angle and of 1 less its cosine by a value of the first spectrum.
pub fn slopes(a: &[f64], b: &[f64], channel: usize) -> [f64; 2] {
    let angle = angle(a, b);
    let slope = (angle.cos() * a[channel] / length(a) - b[channel] / length(b)) / length(a);
    [slope / angle.sin(), slope]
}
