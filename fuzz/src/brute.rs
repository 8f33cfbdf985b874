//! Rankings by brute force: sorted scores, and integers or quotients of integers of them.

use core::cmp::Ordering;

/// Up to so many scores average precision is a quotient of integers: all numbers up to it divide the least common
/// multiple.
pub const FEW: usize = 64;

/// A quotient of integers.
#[derive(Clone, Copy, Debug)]
pub struct Quotient {
    pub top: u128,
    pub bottom: u128,
}

/// How many bits [`Quotient::scaled`] keeps behind the point.
const BITS: u32 = 110;

impl Quotient {
    /// `2^110` times the quotient, which is at most 1, rounded down.
    fn scaled(self) -> u128 {
        let (mut bits, mut rest) = (self.top / self.bottom, self.top % self.bottom);
        for _ in 0..BITS {
            rest *= 2;
            bits = bits * 2 + rest / self.bottom;
            rest %= self.bottom;
        }
        bits
    }

    /// How a double between 0 and 1 compares with it; both to 2^-110.
    pub fn compare(self, double: f64) -> Ordering {
        assert!((0.0..=1.0).contains(&double), "{double}");
        // A power of two: exact, unless bits below 2^-110 are cut off.
        let scaled = (double * 2.0_f64.powi(BITS as i32)) as u128;
        scaled.cmp(&self.scaled())
    }

    /// Rounded.
    pub fn to_double(self) -> f64 {
        self.scaled() as f64 / 2.0_f64.powi(BITS as i32)
    }
}

/// Pixels that are ranked: no NaN among the scores.
#[derive(Clone, Debug, Default)]
pub struct Ranked {
    /// Scores and whether it is an anomaly, from the highest score down.
    pub pixels: Vec<(f32, bool)>,
}

/// The pixels of one score, and how many lie above them.
#[derive(Clone, Copy, Debug, Default)]
struct Tie {
    anomalies: u64,
    normal: u64,
    /// Anomalies of this score or a higher one.
    hits: u64,
    /// Normal pixels of this score or a higher one.
    misses: u64,
}

impl Ranked {
    /// Sorts the pixels.
    pub fn new(pixels: impl IntoIterator<Item = (f32, bool)>) -> Self {
        let mut pixels: Vec<(f32, bool)> = pixels.into_iter().filter(|(score, _)| !score.is_nan()).collect();
        pixels.sort_by(|one, two| two.0.partial_cmp(&one.0).expect("no NaN"));
        Self { pixels }
    }

    /// How many anomalies there are.
    pub fn anomalies(&self) -> u64 {
        self.pixels.iter().filter(|(_, is_anomaly)| *is_anomaly).count() as u64
    }

    /// How many normal pixels there are.
    pub fn normal(&self) -> u64 {
        self.pixels.len() as u64 - self.anomalies()
    }

    /// Anomalies and normal pixels of a score from the threshold on.
    pub fn at_or_above(&self, threshold: f64) -> (i64, i64) {
        let found = self.pixels.iter().filter(|(score, _)| f64::from(*score) >= threshold);
        let (hits, misses): (Vec<_>, Vec<_>) = found.partition::<Vec<&_>, _>(|(_, is_anomaly)| *is_anomaly);
        (hits.len() as i64, misses.len() as i64)
    }

    fn ties(&self) -> Vec<Tie> {
        let mut above = Tie::default();
        let ties = self.pixels.chunk_by(|one, two| one.0 == two.0);
        ties.map(|tie| {
            let anomalies = tie.iter().filter(|(_, is_anomaly)| *is_anomaly).count() as u64;
            let normal = tie.len() as u64 - anomalies;
            above = Tie { anomalies, normal, hits: above.hits + anomalies, misses: above.misses + normal };
            above
        })
        .collect()
    }

    /// Average precision of at most [`FEW`] pixels, exactly; 0 without anomalies.
    pub fn average_precision(&self) -> Option<Quotient> {
        if self.pixels.len() > FEW {
            return None;
        }
        let multiple = (1..=FEW as u128).fold(1, |multiple, number| multiple / divisor(multiple, number) * number);
        let term = |tie: Tie| u128::from(tie.anomalies * tie.hits) * (multiple / u128::from(tie.hits + tie.misses));
        let top = self.ties().into_iter().map(term).sum();
        Some(Quotient { top, bottom: u128::from(self.anomalies().max(1)) * multiple })
    }

    /// The same of any number of pixels, in doubles: within 2^-50 a pixel of itself.
    pub fn average_precision_double(&self) -> f64 {
        let term = |tie: Tie| tie.anomalies as f64 * (tie.hits as f64 / (tie.hits + tie.misses) as f64);
        self.ties().into_iter().map(term).sum::<f64>() / self.anomalies().max(1) as f64
    }

    /// The area under the ROC curve; `None` without anomalies or normal pixels.
    pub fn roc_auc(&self) -> Option<Quotient> {
        let (anomalies, normal) = (u128::from(self.anomalies()), u128::from(self.normal()));
        let pairs =
            |tie: Tie| u128::from(tie.anomalies) * (2 * (normal - u128::from(tie.misses)) + u128::from(tie.normal));
        let top = self.ties().into_iter().map(pairs).sum();
        (anomalies * normal > 0).then_some(Quotient { top, bottom: 2 * anomalies * normal })
    }

    /// The greatest F1 of any threshold, and the highest threshold that has it; `None` without anomalies.
    pub fn f1(&self) -> Option<(Quotient, f32)> {
        let anomalies = u128::from(self.anomalies());
        let scores = self.pixels.chunk_by(|one, two| one.0 == two.0).map(|tie| tie[0].0);
        let points = self.ties().into_iter().zip(scores).map(|(tie, score)| {
            let (hits, found) = (u128::from(tie.hits), u128::from(tie.hits + tie.misses));
            (Quotient { top: 2 * hits, bottom: anomalies + found }, score)
        });
        let better = |one: (Quotient, f32), two: (Quotient, f32)| {
            if two.0.top * one.0.bottom > one.0.top * two.0.bottom { two } else { one }
        };
        points.filter(|_| anomalies > 0).reduce(better)
    }

    /// The same pixels with another score: one that a bin has, so that it is a tie.
    pub fn in_bins(&self, bin: impl Fn(f32) -> f32) -> Self {
        Self::new(self.pixels.iter().map(|(score, is_anomaly)| (bin(*score), *is_anomaly)))
    }
}

/// The greatest common divisor.
fn divisor(one: u128, two: u128) -> u128 {
    if two == 0 { one } else { divisor(two, one % two) }
}

/// The statistic of Kolmogorov and Smirnov of two samples, sorted down, and Wasserstein-1 between them.
pub fn distances(one: &Ranked, two: &Ranked) -> (Quotient, f64) {
    let mut scores: Vec<f32> = one.pixels.iter().chain(&two.pixels).map(|(score, _)| *score).collect();
    scores.sort_by(|one, two| one.partial_cmp(two).expect("no NaN"));
    let (n, m) = (one.pixels.len() as u128, two.pixels.len() as u128);
    let up_to = |ranked: &Ranked, score: f32| {
        // Sorted down: those not above the score are at the end.
        (ranked.pixels.len() - ranked.pixels.partition_point(|(other, _)| *other > score)) as u128
    };
    let (mut most, mut area) = (0, 0.0);
    for pair in scores.windows(2) {
        let apart = (up_to(one, pair[0]) * m).abs_diff(up_to(two, pair[0]) * n);
        most = most.max(apart);
        area += apart as f64 * (f64::from(pair[1]) - f64::from(pair[0]));
    }
    (Quotient { top: most, bottom: n * m }, area / (n * m) as f64)
}
