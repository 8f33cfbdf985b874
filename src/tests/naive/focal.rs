//! Focal loss of a logit.

fn sigmoid(x: f64) -> f64 {
    if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) }
}

/// The term of a margin.
pub fn term(margin: f64, gamma: f64) -> f64 {
    sigmoid(margin).powf(gamma) * (margin.max(0.0) + (-margin.abs()).exp().ln_1p())
}

/// Its derivative by the margin.
pub fn slope(margin: f64, gamma: f64) -> f64 {
    let softplus = margin.max(0.0) + (-margin.abs()).exp().ln_1p();
    sigmoid(margin).powf(gamma) * (gamma * sigmoid(-margin) * softplus + sigmoid(margin))
}
