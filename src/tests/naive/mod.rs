//! Oracles: each formula as it stands in the books, one pixel after the other, in `f64`.

pub mod bce;
pub mod brackets;
pub mod classes;
pub mod drift;
pub mod explained_variance;
pub mod focal;
pub mod foreground_contrast;
pub mod labels;
pub mod matrix;
pub mod mse;
pub mod orders;
pub mod overlap;
pub mod ranking;
pub mod scores;
pub mod selector;
pub mod spectral_angle;
pub mod svdd;

/// The distance of a float to the true value, in units in the last place of the true value;
/// subnormals count in units of 2^-149.
pub fn ulps(found: f32, truth: f64) -> f64 {
    if f64::from(found) == truth { 0.0 } else { (f64::from(found) - truth).abs() / ulp(truth) }
}

/// The unit in the last place of a float of this size.
pub fn ulp(truth: f64) -> f64 {
    const SMALLEST_NORMAL: f64 = f32::MIN_POSITIVE as f64;
    let size = truth.abs().max(SMALLEST_NORMAL);
    let exponent = (size.to_bits() >> 52) as i32 - 1023;
    2.0_f64.powi(exponent - 23)
}
