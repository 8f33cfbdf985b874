//! Binary cross-entropy.

/// Binary cross-entropy of a logit.
pub fn term(logit: f64, positive: bool) -> f64 {
    let margin = if positive { -logit } else { logit };
    margin.max(0.0) + (-margin.abs()).exp().ln_1p()
}

/// Its derivative by the logit.
pub fn gradient(logit: f64, positive: bool) -> f64 {
    let sigmoid = |x: f64| if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) };
    if positive { -sigmoid(-logit) } else { sigmoid(logit) }
}
