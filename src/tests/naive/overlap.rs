//! Intersection over union and Tversky, from the definition; the gradient by the chain rule as it
//! stands in the books, with sums over all pixels.

use std::vec::Vec;

/// The predictions, from the scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Normalization {
    Sigmoid,
    Clamp,
    MinMax,
}

#[derive(Clone, Copy, Debug)]
pub struct Tversky {
    pub normalization: Normalization,
    pub smooth: f64,
    pub a: f64,
    pub b: f64,
    pub gamma: f64,
}

/// A pixel that counts: its score, target and weight.
pub type Pixel = [f64; 3];

fn sigmoid(x: f64) -> f64 {
    if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) }
}

fn extremes(pixels: &[Pixel]) -> (f64, f64) {
    let scores = pixels.iter().map(|[score, ..]| *score);
    (scores.clone().fold(f64::INFINITY, f64::min), scores.fold(f64::NEG_INFINITY, f64::max))
}

impl Tversky {
    fn predictions(&self, pixels: &[Pixel]) -> Vec<f64> {
        let (min, max) = extremes(pixels);
        let predict = |[score, ..]: &Pixel| match self.normalization {
            Normalization::Sigmoid => sigmoid(*score),
            Normalization::Clamp => score.clamp(0.0, 1.0),
            Normalization::MinMax if min == max => 0.5,
            Normalization::MinMax => (score - min) / (max - min + self.smooth),
        };
        pixels.iter().map(predict).collect()
    }

    /// TP, FP and FN.
    fn counts(&self, pixels: &[Pixel]) -> [f64; 3] {
        let mut counts = [0.0; 3];
        for ([_, y, v], p) in pixels.iter().zip(self.predictions(pixels)) {
            counts[0] += v * p * y;
            counts[1] += v * p * (1.0 - y);
            counts[2] += v * (1.0 - p) * y;
        }
        counts
    }

    /// `1 - T`.
    pub fn miss(&self, pixels: &[Pixel]) -> f64 {
        let [tp, fp, fn_] = self.counts(pixels);
        let missed = self.a * fp + self.b * fn_;
        missed / (tp + missed + self.smooth)
    }

    /// The loss, of weight 1.
    pub fn loss(&self, pixels: &[Pixel]) -> f64 {
        self.miss(pixels).powf(self.gamma)
    }

    /// Its derivative by each score; kinks have slope 0.
    pub fn gradient(&self, pixels: &[Pixel]) -> Vec<f64> {
        let [tp, fp, fn_] = self.counts(pixels);
        let missed = self.a * fp + self.b * fn_;
        let (found, all) = (tp + self.smooth, tp + missed + self.smooth);
        let chain = self.gamma * (missed / all).powf(self.gamma - 1.0);
        let predictions = self.predictions(pixels);
        let by_prediction: Vec<f64> = pixels
            .iter()
            .map(|[_, y, v]| {
                // d(found / all) = (d found * all - found * d all) / all^2.
                let d_found = v * y;
                let d_all = v * y + self.a * v * (1.0 - y) - self.b * v * y;
                -chain * (d_found * all - found * d_all) / (all * all)
            })
            .collect();
        let (min, max) = extremes(pixels);
        let ties = |of: f64| pixels.iter().filter(|[score, ..]| *score == of).count() as f64;
        let width = max - min + self.smooth;
        let sum: f64 = by_prediction.iter().sum();
        let sum_p: f64 = by_prediction.iter().zip(&predictions).map(|(g, p)| g * p).sum();
        let slope = |([score, ..], g): (&Pixel, &f64)| match self.normalization {
            Normalization::Sigmoid => g * sigmoid(*score) * sigmoid(-score),
            Normalization::Clamp if 0.0 < *score && *score < 1.0 => *g,
            Normalization::Clamp => 0.0,
            Normalization::MinMax => {
                let at_min = if *score == min { (sum_p - sum) / ties(min) } else { 0.0 };
                let at_max = if *score == max { -sum_p / ties(max) } else { 0.0 };
                (g + at_min + at_max) / width
            }
        };
        pixels.iter().zip(&by_prediction).map(slope).collect()
    }
}
