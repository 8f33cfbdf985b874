//! The model of `train.rs`: what is trained, from the parameters to the scores, and the gradients back.

use super::scene::{Random, Scene};
use hyla::loss::{distinctness, orthogonality};

/// Below 1 a selector needs smaller logits to prefer a band.
const TEMPERATURE: f64 = 0.3;
/// Most pixels are normal: begin with sigmoid(-2) = 0.12, or the first steps only learn that.
const FIRST_BIAS: f64 = -2.0;

/// `e^x` for x <= 0, within 1e-12, by the operations of `train.c`.
fn exponential(x: f64) -> f64 {
    let part = (if x < -700.0 { -700.0 } else { x }) / 1024.0;
    let mut power = 1.0;
    for k in (1..=12).rev() {
        power = 1.0 + power * part / f64::from(k);
    }
    for _ in 0..10 {
        power *= power;
    }
    power
}

/// What is trained, the two tensors that losses are of, and the gradients.
pub struct Model {
    pub scene: Scene,
    pub tiles: usize,
    pub logits: Vec<f64>,
    pub filters: Vec<f64>,
    pub bias: f64,
    pub selection: Vec<f32>,
    pub scores: Vec<f32>,
    pub grad_selection: Vec<f32>,
    pub grad_scores: Vec<f32>,
    pub grad_logits: Vec<f64>,
    pub grad_filters: Vec<f64>,
    pub grad_bias: f64,
    pub workspace: Vec<f64>,
}

impl Model {
    pub fn new(scene: Scene, selectors: usize, tiles: usize) -> Self {
        let parameters = selectors * scene.bands;
        let workspace =
            distinctness::workspace(selectors, scene.bands).max(orthogonality::workspace(selectors, scene.bands));
        // Selectors that begin equal would have equal gradients, and stay equal.
        let mut random = Random(7);
        let logits = (0..parameters).map(|_| 0.1 * random.normal()).collect();
        let filters = (0..parameters).map(|_| 0.01 * random.normal()).collect();
        Self {
            logits,
            filters,
            bias: FIRST_BIAS,
            selection: vec![0.0; parameters],
            scores: vec![0.0; scene.pixels],
            grad_selection: vec![0.0; parameters],
            grad_scores: vec![0.0; scene.pixels],
            grad_logits: vec![0.0; parameters],
            grad_filters: vec![0.0; parameters],
            grad_bias: 0.0,
            workspace: vec![0.0; workspace],
            scene,
            tiles,
        }
    }

    /// Parameters to selection and scores.
    pub fn forward(&mut self) {
        let bands = self.scene.bands;
        let mut gains = vec![0.0; bands];
        let rows = self.logits.chunks(bands).zip(self.filters.chunks(bands));
        for ((logits, filters), selection) in rows.zip(self.selection.chunks_mut(bands)) {
            let greatest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let powers: Vec<_> = logits.iter().map(|logit| exponential((logit - greatest) / TEMPERATURE)).collect();
            let sum = powers.iter().fold(0.0, |sum, power| sum + power);
            for band in 0..bands {
                selection[band] = (powers[band] / sum) as f32;
                gains[band] += bands as f64 * f64::from(selection[band]) * filters[band];
            }
        }
        for (score, spectrum) in self.scores.iter_mut().zip(self.scene.spectra.chunks(bands)) {
            let terms = gains.iter().zip(spectrum);
            *score = terms.fold(self.bias, |sum, (gain, value)| sum + gain * f64::from(*value)) as f32;
        }
    }

    /// Gradient of the scores to those of selection (stored), filters and bias.
    pub fn backward_scores(&mut self) {
        let bands = self.scene.bands;
        let mut grad_gains = vec![0.0; bands];
        self.grad_bias = 0.0;
        for (slope, spectrum) in self.grad_scores.iter().zip(self.scene.spectra.chunks(bands)) {
            let slope = f64::from(*slope);
            for (sum, value) in grad_gains.iter_mut().zip(spectrum) {
                *sum += slope * f64::from(*value);
            }
            self.grad_bias += slope;
        }
        for index in 0..self.logits.len() {
            let slope = bands as f64 * grad_gains[index % bands];
            self.grad_filters[index] = slope * f64::from(self.selection[index]);
            self.grad_selection[index] = (slope * self.filters[index]) as f32;
        }
    }

    /// Gradient of the selection to that of the logits, through the softmax.
    pub fn backward_selection(&mut self) {
        let bands = self.scene.bands;
        let rows = self.selection.chunks(bands).zip(self.grad_selection.chunks(bands));
        for ((selection, slopes), logits) in rows.zip(self.grad_logits.chunks_mut(bands)) {
            let pairs = || selection.iter().zip(slopes).map(|(s, g)| (f64::from(*s), f64::from(*g)));
            let mean = pairs().fold(0.0, |sum, (share, slope)| sum + share * slope);
            for (logit, (share, slope)) in logits.iter_mut().zip(pairs()) {
                *logit = share * (slope - mean) / TEMPERATURE;
            }
        }
    }
}
