//! Gradients against differences: formulas in plain doubles, written for this alone, give the value and, by central
//! differences, the slope.
//!
//! With `D(h) = (f(x + h) - f(x - h)) / 2h` the slope is `(4 D(h) - D(2h)) / 3`. A second one with half the step tells
//! how much is cut off: twice their difference is more than the error of the finer one. The roundings of the formula
//! are below `2^-46` of its size, and are divided by the step. What the library rounds is so many units of 2^-24 of the
//! size of the gradient's parts, as the header says of each loss.

use crate::source::{Random, Source};
use crate::tiers::{pin, tiers};
use crate::{formulas_cubes, formulas_pixels, formulas_rows};

/// A loss of any node at an ordinary place.
pub fn check(source: &mut Source) {
    pin(source.pick(&tiers()));
    match source.below(8) {
        0..3 => formulas_pixels::check(source),
        3..6 => formulas_cubes::check(source),
        _ => formulas_rows::check(source),
    }
}

/// What the library says, and the formula.
pub struct Problem<'a> {
    /// The node.
    pub name: &'a str,
    /// What the loss depends on.
    pub inputs: &'a [f32],
    /// The gradient that the library gives.
    pub gradient: &'a [f32],
    /// The loss that the library gives.
    pub loss: f64,
    /// How far the loss may be away.
    pub loss_within: f64,
    /// The formula.
    pub formula: &'a dyn Fn(&[f64]) -> f64,
    /// The size of the parts of the gradient by an input.
    pub size: &'a dyn Fn(usize) -> f64,
    /// How many units of 2^-24 of that size the gradient may be away.
    pub units: f64,
    /// Whether the formula is smooth as far as this around an input.
    pub is_smooth: &'a dyn Fn(usize, f64) -> bool,
}

/// The coarser of the two steps.
const STEP: f64 = 1.0 / 256.0;
/// The size of one unit.
const UNIT: f64 = 1.0 / 16_777_216.0;
/// The roundings of a formula of a few hundred operations, as a share of its size.
const ROUNDINGS: f64 = 1.0 / (1_u64 << 46) as f64;

impl Problem<'_> {
    /// Panics where the value or one of a few slopes is another one.
    pub fn check(&self, source: &mut Source) {
        let inputs: Vec<f64> = self.inputs.iter().map(|input| f64::from(*input)).collect();
        let value = (self.formula)(&inputs);
        let away = (value - self.loss).abs();
        assert!(away <= self.loss_within, "{}: the loss is {}, the formula gives {value}", self.name, self.loss);
        if inputs.is_empty() {
            return;
        }
        let mut random = Random::new(source);
        for _ in 0..8 {
            let index = random.below(inputs.len());
            if !(self.is_smooth)(index, 4.0 * STEP) {
                continue;
            }
            let (coarse, fine) = (self.slope(&inputs, index, STEP), self.slope(&inputs, index, 0.5 * STEP));
            let roundings = ROUNDINGS * (value.abs() + self.loss_within / UNIT) / STEP;
            let within = self.units * UNIT * (self.size)(index) + 2.0 * (coarse - fine).abs() + roundings;
            let away = (f64::from(self.gradient[index]) - fine).abs();
            let told = self.gradient[index];
            assert!(
                away <= within,
                "{}: gradient {index} is {told:e}, the slope {fine:e}, within {within:e}",
                self.name
            );
        }
    }

    fn slope(&self, inputs: &[f64], index: usize, step: f64) -> f64 {
        let at = |step: f64| {
            let mut moved = inputs.to_vec();
            moved[index] += step;
            (self.formula)(&moved)
        };
        let difference = |step: f64| (at(step) - at(-step)) / (2.0 * step);
        (4.0 * difference(step) - difference(2.0 * step)) / 3.0
    }
}

/// So many floats from `low` to `high`.
pub fn floats(source: &mut Source, n: usize, low: f32, high: f32) -> Vec<f32> {
    let mut random = Random::new(source);
    (0..n).map(|_| low + (high - low) * random.unit()).collect()
}

/// `ln(1 + e^x)`.
pub fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// `1 / (1 + e^-x)`.
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
