//! Squared error.

/// The squared difference.
pub fn term(a: f64, b: f64) -> f64 {
    (a - b).powi(2)
}

/// Its derivative by the first value.
pub fn gradient(a: f64, b: f64) -> f64 {
    2.0 * (a - b)
}
