//! Oracles: each formula as it stands in the books, one pixel after the other, in `f64`.

/// Binary cross-entropy of a logit.
pub fn bce(logit: f64, positive: bool) -> f64 {
    let margin = if positive { -logit } else { logit };
    margin.max(0.0) + (-margin.abs()).exp().ln_1p()
}

/// Its derivative by the logit.
pub fn bce_gradient(logit: f64, positive: bool) -> f64 {
    let sigmoid =
        |x: f64| if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) };
    if positive { -sigmoid(-logit) } else { sigmoid(logit) }
}

/// The distance of a float to the true value, in units in the last place of the true value;
/// subnormals count in units of 2^-149.
pub fn ulps(found: f32, truth: f64) -> f64 {
    const SMALLEST_NORMAL: f64 = f32::MIN_POSITIVE as f64;
    if f64::from(found) == truth {
        return 0.0;
    }
    let size = truth.abs().max(SMALLEST_NORMAL);
    let exponent = (size.to_bits() >> 52) as i32 - 1023;
    (f64::from(found) - truth).abs() / 2.0_f64.powi(exponent - 23)
}
