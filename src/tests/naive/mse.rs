//! Mean squared error.

/// The term of a value.
pub fn term(found: f64, target: f64) -> f64 {
    (found - target).powi(2)
}

/// Its derivative by the value.
pub fn gradient(found: f64, target: f64) -> f64 {
    2.0 * (found - target)
}
