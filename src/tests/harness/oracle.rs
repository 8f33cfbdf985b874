//! Terms and slopes against an oracle in double, and gradients against differences of a formula.

use super::batch::{Batch, Order};
use super::{Ask, Input, Node, gradient_of, outcome, state_of};
use crate::simd::Write;
use crate::tests::naive::{ulp, ulps};
use std::vec::Vec;

/// What an oracle says of a float.
#[derive(Clone, Copy, Debug)]
pub enum Truth {
    /// Nothing: an intermediate leaves the range for which a bound is stated.
    Unknown,
    /// This float, bit for bit; a NaN is a NaN.
    Exactly(f32),
    /// A number, and how many units in its last place lie between.
    Ulps(f64, f64),
    /// A number, and how far off it is.
    Within(f64, f64),
    /// A number, how many units in its last place lie between, and how far off it is beside them.
    UlpsAnd(f64, f64, f64),
}

impl Truth {
    fn check(self, found: f32, what: &str, index: usize) {
        match self {
            Self::Unknown => {}
            Self::Exactly(truth) => {
                let same = found.to_bits() == truth.to_bits() || found.is_nan() && truth.is_nan();
                assert!(same, "{what} {index}: {found} is not {truth}");
            }
            Self::Ulps(truth, bound) => {
                let error = ulps(found, truth);
                assert!(error <= bound, "{what} {index}: {found} is not {truth}, {error} ulp");
            }
            Self::UlpsAnd(truth, ulps, beside) => {
                Self::Within(truth, ulps * ulp(truth) + beside).check(found, what, index)
            }
            Self::Within(truth, bound) => {
                let error = (f64::from(found) - truth).abs();
                assert!(error <= bound, "{what} {index}: {found} is not {truth}, {error} off");
            }
        }
    }
}

/// A node whose terms and slopes are known one by one.
pub trait Oracle: Node {
    /// The entry of the map at an index.
    fn term(&self, batch: &Batch, index: usize) -> Truth;

    /// The slope of a value, with what the gradient is multiplied by.
    fn slope(&self, batch: &Batch, index: usize, upstream: f64) -> Truth;
}

/// Terms and slopes are within the stated bound.
pub fn terms_and_slopes_are_within_the_bound(node: &dyn Oracle, batch: &Batch) {
    let found = outcome(node, batch, node.orders()[0]);
    for (index, term) in found.map.iter().enumerate() {
        node.term(batch, index).check(f32::from_bits(*term), "term", index);
    }
    for (index, slope) in found.gradient.iter().enumerate() {
        node.slope(batch, index, 1.5).check(f32::from_bits(*slope), "slope", index);
    }
}

/// A loss as a formula of its values in double.
pub trait Formula: Node {
    /// The loss of values in the place of those of the batch; the rest is the batch's.
    fn loss(&self, batch: &Batch, values: &[f64]) -> f64;

    /// How far the loss may be from the formula.
    fn loss_bound(&self, batch: &Batch, truth: f64) -> f64;

    /// How far a value is moved to either side.
    fn step(&self) -> f64;

    /// Whether the formula has a slope there that differences find.
    fn is_smooth(&self, _batch: &Batch, _index: usize) -> bool {
        true
    }

    /// How far a slope may be from the quotient of differences; `largest` is the largest slope.
    fn slope_bound(&self, batch: &Batch, index: usize, truth: f64, largest: f64) -> f64;
}

/// The loss is the formula, and the gradient is its slope by differences.
pub fn loss_and_gradient_are_the_formula(node: &dyn Formula, batch: &Batch, order: Order) {
    const UPSTREAM: f64 = 1.5;
    let input = Input::new(batch, order);
    let state = state_of(node, &input);
    let mut values = batch.doubles();
    let (found, truth) = (node.read(&input, &state).unwrap().0[0], node.loss(batch, &values));
    let bound = node.loss_bound(batch, truth);
    assert!((found - truth).abs() <= bound, "loss {found} is not {truth}");

    let ask = Ask { upstream: UPSTREAM, write: Write::Store };
    let (slopes, _) = gradient_of(node, &input, &state, ask).expect("a gradient");
    let slopes: Vec<f64> = slopes.iter().map(|bits| f64::from(f32::from_bits(*bits))).collect();
    let largest = slopes.iter().fold(0.0_f64, |largest, slope| largest.max(slope.abs()));
    let step = node.step();
    for (index, found) in slopes.iter().enumerate() {
        if !node.is_smooth(batch, index) {
            continue;
        }
        let value = values[index];
        let mut moved = |by: f64| {
            values[index] = value + by;
            let loss = node.loss(batch, &values);
            values[index] = value;
            loss
        };
        let truth = UPSTREAM * (moved(step) - moved(-step)) / (2.0 * step);
        let bound = node.slope_bound(batch, index, truth, largest);
        assert!((found - truth).abs() <= bound, "slope {index}: {found} is not {truth}");
    }
}
