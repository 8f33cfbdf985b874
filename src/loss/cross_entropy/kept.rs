//! What the kernels of cross-entropy hand to each other.

use crate::node::softmax::PIXELS;

/// What is kept of each pixel of a tile.
pub(super) struct Kept {
    /// The class weight of the label, times the factors of terms and slopes, each rounded once.
    pub factors: [[f32; PIXELS]; 2],
    /// The logit of the label. Of a plain tile, how much the greatest one is above it.
    pub logit: [f32; PIXELS],
    /// The part of the term that smoothing spreads over the classes. Of a plain tile, the ratio of the other
    /// probabilities to the greatest one.
    pub spread: [f32; PIXELS],
    /// The greatest probability, and the sum of the others. Of a plain tile, the probability of the label less 1.
    pub greatest: [f32; PIXELS],
    pub others: [f64; PIXELS],
    pub terms: [f32; PIXELS],
}

impl Kept {
    pub fn new() -> Self {
        let zero = [0.0; PIXELS];
        let others = [0.0; PIXELS];
        Self { factors: [zero; 2], logit: zero, spread: zero, greatest: zero, others, terms: zero }
    }
}
