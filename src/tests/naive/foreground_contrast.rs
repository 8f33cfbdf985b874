//! Foreground contrast.

use std::vec::Vec;

/// As in the publication; they count as `f32`.
#[allow(clippy::excessive_precision, reason = "as published")]
pub const M1: [[f64; 3]; 3] = [
    [0.4122214708_f32 as f64, 0.5363325363_f32 as f64, 0.0514459929_f32 as f64],
    [0.2119034982_f32 as f64, 0.6806995451_f32 as f64, 0.1073969566_f32 as f64],
    [0.0883024619_f32 as f64, 0.2817188376_f32 as f64, 0.6299787005_f32 as f64],
];
#[allow(clippy::excessive_precision, reason = "as published")]
pub const M2: [[f64; 3]; 3] = [
    [0.2104542553_f32 as f64, 0.7936177850_f32 as f64, -0.0040720468_f32 as f64],
    [1.9779984951_f32 as f64, -2.4285922050_f32 as f64, 0.4505937099_f32 as f64],
    [0.0259040371_f32 as f64, 0.7827717662_f32 as f64, -0.8086757660_f32 as f64],
];

const OFFSET: f64 = 0.055_f32 as f64;

/// sRGB to linear light.
pub fn linear(x: f64) -> f64 {
    if x > f64::from(0.04045_f32) { ((x + OFFSET) / 1.055).powf(2.4) } else { x / 12.92 }
}

/// Its derivative.
pub fn linear_slope(x: f64) -> f64 {
    if x > f64::from(0.04045_f32) { 2.4 / 1.055 * ((x + OFFSET) / 1.055).powf(1.4) } else { 1.0 / 12.92 }
}

pub fn product(matrix: &[[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| (0..3).map(|k| row[k] * vector[k]).sum())
}

/// The product with the transposed matrix.
pub fn back(matrix: &[[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|k| (0..3).map(|row| matrix[row][k] * vector[row]).sum())
}

/// The cube roots of the responses.
pub fn roots(linear: [f64; 3]) -> [f64; 3] {
    product(&M1, linear).map(|l| if l == 0.0 { 0.0 } else { l.signum() * l.abs().max(1e-12).cbrt() })
}

/// What a pixel is for the oracle: its colour, whether it is foreground, its weight (0: masked).
#[derive(Clone, Copy)]
pub struct Pixel {
    pub rgb: [f64; 3],
    pub foreground: bool,
    pub weight: f64,
}

pub struct Oracle {
    pub oklab: bool,
    pub srgb: bool,
    pub weight: f64,
    pub compactness: f64,
    pub anchor: f64,
    pub eps: f64,
}

struct Means {
    /// Of foreground, background, image.
    means: [[f64; 3]; 3],
    weights: [f64; 3],
    variances: [f64; 3],
    distance: f64,
}

impl Oracle {
    fn linear(&self, rgb: [f64; 3]) -> [f64; 3] {
        if self.srgb { rgb.map(linear) } else { rgb }
    }

    pub fn color(&self, rgb: [f64; 3]) -> [f64; 3] {
        if self.oklab { product(&M2, roots(self.linear(rgb))) } else { rgb }
    }

    fn means(&self, pixels: &[Pixel]) -> Option<Means> {
        let mut weights = [0.0; 3];
        let mut means = [[0.0; 3]; 3];
        for pixel in pixels.iter().filter(|pixel| pixel.weight > 0.0) {
            let color = self.color(pixel.rgb);
            for part in [usize::from(!pixel.foreground), 2] {
                weights[part] += pixel.weight;
                for (sum, color) in means[part].iter_mut().zip(color) {
                    *sum += pixel.weight * color;
                }
            }
        }
        for (mean, weight) in means.iter_mut().zip(weights) {
            *mean = mean.map(|sum| sum / weight);
        }
        // Two passes.
        let mut variances = [0.0; 3];
        for pixel in pixels.iter().filter(|pixel| pixel.weight > 0.0 && pixel.foreground) {
            let color = self.color(pixel.rgb);
            for channel in 0..3 {
                let difference = color[channel] - means[0][channel];
                variances[channel] += pixel.weight * difference * difference / weights[0];
            }
        }
        let squared: f64 = (0..3).map(|c| (means[0][c] - means[1][c]).powi(2)).sum();
        let distance = (squared + self.eps).sqrt();
        let counts = weights[0] > 0.0 && weights[1] > 0.0;
        counts.then_some(Means { means, weights, variances, distance })
    }

    /// The loss of a frame.
    pub fn loss(&self, pixels: &[Pixel]) -> Option<f64> {
        let Means { means: [front, behind, all], variances, distance, .. } = self.means(pixels)?;
        let apart: f64 = (0..3).map(|c| (front[c] - all[c]).powi(2) + (behind[c] - all[c]).powi(2)).sum();
        let variance: f64 = variances.iter().sum();
        let terms = self.compactness / 3.0 * variance + self.anchor / 3.0 * apart;
        Some(self.weight * (terms - distance))
    }

    /// The gradient of a frame's loss, and the sum of the sizes of its terms.
    pub fn gradient(&self, pixels: &[Pixel]) -> Vec<[(f64, f64); 3]> {
        let Some(Means { means: [front, behind, all], weights, distance, .. }) = self.means(pixels) else {
            return std::vec![[(0.0, 0.0); 3]; pixels.len()];
        };
        let anchor = 2.0 / 3.0 * self.anchor;
        let absolute = |matrix: [[f64; 3]; 3]| matrix.map(|row| row.map(f64::abs));
        let of_pixel = |pixel: &Pixel| {
            let color = self.color(pixel.rgb);
            let [mut slopes, mut sizes] = [[0.0; 3]; 2];
            for c in 0..3 {
                let direction = (front[c] - behind[c]) / distance;
                let spread = 2.0 / 3.0 * self.compactness * (color[c] - front[c]);
                let image = anchor * (front[c] + behind[c] - 2.0 * all[c]);
                let part = if pixel.foreground {
                    [-direction, anchor * (front[c] - all[c]), spread]
                } else {
                    [direction, anchor * (behind[c] - all[c]), 0.0]
                };
                let own = weights[usize::from(!pixel.foreground)];
                slopes[c] = part.iter().sum::<f64>() / own - image / weights[2];
                let size = part.iter().map(|term| term.abs()).sum::<f64>() / own;
                // Colours are known to 2^-24 of their size, and so are their differences.
                let known = if self.oklab { front[0].abs() + behind[0].abs() } else { 0.0 };
                let own_color = 2.0 / 3.0 * self.compactness * color[0].abs();
                let rounding = ((1.0 / distance + anchor) * known + own_color) / own;
                sizes[c] = size + image.abs() / weights[2] + rounding;
            }
            if self.oklab {
                let light = self.linear(pixel.rgb);
                let (responses, roots) = (product(&M1, light), roots(light));
                let moved = |by_roots: [f64; 3]| {
                    [0, 1, 2].map(|k| {
                        let moves = responses[k].abs() > 1e-12;
                        if moves { by_roots[k] / (3.0 * roots[k] * roots[k]) } else { 0.0 }
                    })
                };
                slopes = back(&M1, moved(back(&M2, slopes)));
                sizes = back(&absolute(M1), moved(back(&absolute(M2), sizes)));
                if self.srgb {
                    for c in 0..3 {
                        slopes[c] *= linear_slope(pixel.rgb[c]);
                        sizes[c] *= linear_slope(pixel.rgb[c]);
                    }
                }
            }
            let scale = self.weight * pixel.weight;
            [0, 1, 2].map(|c| (scale * slopes[c], (scale * sizes[c]).abs()))
        };
        pixels.iter().map(of_pixel).collect()
    }
}
