//! The (focal) Tversky loss: overlap with a price for each kind of mistake.
//!
//! **Use case**: as [`super::iou`], where a missed anomaly costs more (or less) than a false alarm.
//! **Inputs**: scores `x` (`Pixels::scores`, one a pixel), and either targets `y` (bytes, nonzero
//! is an anomaly) or `soft_targets` (between 0 and 1). Optional: `valid`, `weights`.
//!
//! ```text
//! p_i = sigmoid(x_i) | clamp(x_i, 0, 1) | (x_i - min) / (max - min + s)
//! TP = sum v p y     FP = sum v p (1-y)     FN = sum v (1-p) y
//! T  = (TP + s) / (TP + a FP + b FN + s)    r = 1 - T = (a FP + b FN) / (TP + a FP + b FN + s)
//! L  = w r^gamma
//! dL/dp_i = w gamma r^(gamma-1) dr/dp_i     dr/dp_i: see overlap
//! ```
//!
//! with prices a (`false_positives`) and b (`false_negatives`), smoothing s, weight w of the loss
//! and pixel weights v. a = b = 1 is the IoU, a = b = 1/2 the Dice coefficient of two classes (its
//! smoothing here is half of the usual one, `(2 TP + 2 s) / (P + Y + 2 s)`). All soft counts and
//! slopes are those of [`super::overlap`].
//!
//! **Accuracy**: the ratio as in [`super::iou`]; gamma 1 is exact, any other power is
//! `exp(gamma ln r)` in `f64`, relative error within `2^-51 (1 + gamma |ln r|)`.
//!
//! **Parameters as they behave**: b above a raises recall at the cost of precision (b 0.7, a 0.3 is
//! the usual start for rare anomalies). gamma above 1 flattens the loss near a perfect overlap, so
//! that hard frames lead; below 1 it steepens it there (Abraham and Khan write `1/gamma`, 4/3, for
//! it: that is gamma 0.75 here), which keeps the gradient alive near the end. At r = 0 with gamma
//! below 1 the slope is infinite: the loss is at its minimum, hyla's gradient there is 0 and the
//! notice `DEGENERATE` says so. gamma 0 makes the loss w, without a slope. `normalization`, `smooth`,
//! `boundary`, `empty_target` and the special cases are those of [`super::iou`]; with a = 0 the
//! ratio is 0/0 as soon as no target is positive and `smooth` is 0.
//!
//! **cuvis-ai** has no such node. Stages: train, validation, test.
//!
//! **Speed**: as [`super::iou`].
//!
//! Formula: S. S. M. Salehi, D. Erdogmus, A. Gholipour, Tversky loss function for image segmentation
//! using 3D fully convolutional deep networks (2017), eq. 2; N. Abraham, N. M. Khan, A novel focal
//! Tversky loss function (2019), eq. 4.

use super::overlap::{Formula, Settings};
use crate::error::Error;
use crate::math64::{exp, ln};

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
    /// The smoothing term s: finite, not negative.
    pub smooth: f32,
    /// The price a of false positives: finite, not negative.
    pub false_positives: f32,
    /// The price b of false negatives: finite, not negative.
    pub false_negatives: f32,
    /// The focusing exponent: finite, not negative.
    pub gamma: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            normalization: Normalization::Sigmoid,
            boundary: Boundary::Zero,
            empty_target: EmptyTarget::One,
            weight: 1.0,
            smooth: 1e-6,
            false_positives: 0.5,
            false_negatives: 0.5,
            gamma: 1.0,
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
            false_positives: self.false_positives,
            false_negatives: self.false_negatives,
        }
    }

    fn check(&self) -> Result<(), Error> {
        if !self.weight.is_finite() {
            return Err(Error::Weight);
        }
        self.settings().check()?;
        if !(self.gamma.is_finite() && self.gamma >= 0.0) {
            return Err(Error::Gamma);
        }
        Ok(())
    }

    /// `w r^gamma`.
    fn value(&self, miss: f64) -> f64 {
        f64::from(self.weight) * power(miss, f64::from(self.gamma))
    }

    /// `w gamma r^(gamma - 1)`.
    fn slope(&self, miss: f64) -> Option<f64> {
        let gamma = f64::from(self.gamma);
        if gamma == 0.0 {
            // A constant, but a NaN stays one.
            return Some(0.0 * miss);
        }
        let infinite = miss == 0.0 && gamma < 1.0;
        (!infinite).then(|| f64::from(self.weight) * gamma * power(miss, gamma - 1.0))
    }
}

/// `base^exponent` for a base that is not negative; `0^0` is 1. A NaN stays one.
fn power(base: f64, exponent: f64) -> f64 {
    if exponent == 1.0 || base.is_nan() {
        base
    } else if exponent == 0.0 {
        1.0
    } else {
        exp(exponent * ln(base))
    }
}
