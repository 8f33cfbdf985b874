//! The soft Jaccard index as a loss (cuvis-ai's `IoULoss`).
//!
//! **Use case**: trains a detector on the overlap of its score map with a mask, where anomalies
//! are few: pixels that are rightly negative do not enter. **Inputs**: scores `x`
//! (`Pixels::scores`, one a pixel), and either targets `y` (bytes, nonzero is an anomaly) or
//! `soft_targets` (between 0 and 1). Optional: `valid`, `weights`.
//!
//! ```text
//! p_i = sigmoid(x_i) | clamp(x_i, 0, 1) | (x_i - min) / (max - min + t)
//! I = sum v p y     A = sum v p + sum v y - I + t
//! L = w (1 - (I + t) / A) = w (FP + FN) / A      FP = sum v p (1-y)   FN = sum v (1-p) y
//! dL/dp_i = w v_i [ (1 - y_i)(I + t) - y_i A ] / A^2
//! dp/dx   = sigmoid(x) sigmoid(-x) | 1 inside (0, 1), else 0 | see overlap for min-max
//! ```
//!
//! with smoothing t, weight w of the loss and pixel weights v. The soft counts and their slopes
//! are those of [`super::overlap`], with both weights 1; the IoU is that of all pixels of the
//! totals, so that of a whole batch over tiles and ranks, not a mean of IoUs.
//!
//! **Accuracy**: the terms are float32 (`sigmoid` within 2 ulp, clamp exact), their sums exact, FP
//! and FN exact differences rounded once; the loss is their ratio in `f64`, within 1e-15 of the
//! ratio of the sums (min-max: 1e-8 of the ratio for scores far from 0, whose range has few of their bits).
//! A gradient is within 7 ulp where targets are 0 or 1 (6 of it the slope of the sigmoid); the slope
//! of a soft target is a sum of two terms that may cancel.
//!
//! **Parameters as they behave**: `normalization` sigmoid suits logits. Clamp suits scores that are
//! probabilities, and is the fastest; pixels outside [0, 1] have no gradient and stay there. Min-max
//! uses the range of the batch: one outlier squeezes all others together, and the loss of a frame
//! depends on what it is batched with. A larger `smooth` softens the loss of small or empty masks;
//! at 1e-6 it only prevents 0/0. Min-max adds the same number to its range. Where no target is
//! positive the loss is about w and flat: see `empty_target`. `boundary` matters where many scores
//! are exactly 0 or 1.
//!
//! | special case | value | gradient | notice |
//! | --- | --- | --- | --- |
//! | no pixel counts | 0 | 0 | `EMPTY` |
//! | no target is positive | by `empty_target` | by `empty_target` | `NO_POSITIVES`, and `DEGENERATE` if the option decides |
//! | everything empty and `smooth` 0 | 0 (IoU 1) | 0 | `DEGENERATE` |
//! | min-max of equal scores | all p = 1/2 | 0 | `DEGENERATE` |
//! | a NaN score (min-max: or an infinite one) | NaN | NaN | `NOT_FINITE` |
//!
//! A pixel of weight 0 adds no term, whatever its score, but it counts for the range of min-max.
//!
//! **cuvis-ai**: `weight`, `smooth`, `normalize_method` (`sigmoid`, `clamp`, `minmax`) is
//! `normalization`; ports `predictions` and `targets` are `scores` and `targets`, port `loss` is
//! [`Totals::loss`]. Stages: train, validation, test.
//!
//! **Speed**: limited by arithmetic in cache: the exact sums, and the sigmoid. From DRAM clamp comes near
//! a plain read (about two thirds of its speed with AVX-512, half with AVX2). Min-max reads the scores once more
//! for their range. The gradient needs the sums of all pixels, so it is a second pass.
//!
//! Formula: M. A. Rahman, Y. Wang, Optimizing Intersection-Over-Union in Deep Neural Networks for
//! Image Segmentation (2016), eq. 3 to 5.

use super::overlap::{Formula, Settings};
use crate::error::Error;

pub use super::overlap::{Boundary, EmptyTarget, Normalization, Totals, loss_and_gradient};

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// How scores become predictions.
    pub normalization: Normalization,
    /// The slope of the clamp at its ends.
    pub boundary: Boundary,
    /// The loss where no target is positive.
    pub empty_target: EmptyTarget,
    /// The weight w of this loss among others: any finite number.
    pub weight: f32,
    /// The smoothing term t: finite, not negative.
    pub smooth: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            normalization: Normalization::Sigmoid,
            boundary: Boundary::Zero,
            empty_target: EmptyTarget::One,
            weight: 1.0,
            smooth: 1e-6,
        }
    }
}

impl Formula for Params {
    fn settings(&self) -> Settings {
        Settings {
            normalization: self.normalization,
            boundary: self.boundary,
            empty_target: self.empty_target,
            smooth: self.smooth,
            false_positives: 1.0,
            false_negatives: 1.0,
        }
    }

    fn check(&self) -> Result<(), Error> {
        if !self.weight.is_finite() {
            return Err(Error::Weight);
        }
        self.settings().check()
    }

    /// `w r`.
    fn value(&self, miss: f64) -> f64 {
        f64::from(self.weight) * miss
    }

    fn slope(&self, _: f64) -> Option<f64> {
        Some(f64::from(self.weight))
    }
}
