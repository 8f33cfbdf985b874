//! Deep SVDD with a soft boundary.

/// The loss of distances, and its derivative by the radius.
pub fn loss(squares: &[f64], weights: &[f64], radius: f64, nu: f64) -> f64 {
    let slack = squares.iter().zip(weights).map(|(square, v)| v * (square - radius * radius).max(0.0));
    radius * radius + slack.sum::<f64>() / (nu * squares.len() as f64)
}

/// The radius of a parameter.
pub fn radius(r: f64) -> f64 {
    if 10.0 * r > 20.0 { r } else { (10.0 * r).exp().ln_1p() / 10.0 }
}

/// The squared distance of a pixel to the center.
pub fn square(pixel: &[f32], center: &[f32]) -> f64 {
    pixel.iter().zip(center).map(|(z, c)| (f64::from(*z) - f64::from(*c)).powi(2)).sum()
}
