//! How well scores rank anomalies above everything else: histograms that give average precision, ROC-AUC, curves
//! and thresholds in bounded memory, with certified bounds.
//!
//! **Use case**: streams of any length; shards that merge by addition; a threshold for a false-alarm rate, which
//! needs no labels. **Inputs**: `scores` (any floats), `targets` (bytes, nonzero is an anomaly; without them every
//! pixel counts as normal). Optional: `valid`. Pixel weights are not for counts.
//!
//! The state is two histograms of integers, of anomalies and of normal pixels, in words of the caller
//! ([`words`]); all zero is empty, and adding the words of two merges them. A [`Binning`] says which bin a score
//! lies in. Ranking only asks for the order of scores, so any binning that never falls will do: what it costs
//! is the order inside a bin, and [`report`] says how much that can be at most.
//!
//! ```text
//! precision = TP / (TP + FP)    recall = TP / P    false positive rate = FP / N    at a threshold: score >= it
//! average precision = sum over thresholds (recall_k - recall_(k-1)) precision_k
//! ROC-AUC = share of pairs (anomaly, normal) in the right order; a tie counts half
//! ```
//!
//! A NaN has no place in an order: it is counted apart, and ranked nowhere. -0 equals +0.
//!
//! **Speed**: limited by the scatter into the histograms: one addition a pixel, which waits for the one before
//! it where both hit one bin.
//!
//! Formula: average precision as scikit-learn and torchmetrics define it; J. Davis, M. Goadrich, The relationship
//! between precision-recall and ROC curves (2006), for what happens between two points.

mod binning;
mod curve;
mod report;

pub use binning::{Binning, MOST_BINS, MOST_THRESHOLDS, Rule, table_words};
pub use curve::{Operating, Point, at, curve, quantile, threshold_for_false_positive_rate};
pub use report::{Report, report};

use crate::error::{Error, Notices};
use crate::pixels::Pixels;

/// Words in front of the histograms.
const HEADER: usize = 8;

/// How many words the histograms of a binning have.
pub fn words(binning: &Binning) -> usize {
    HEADER + 2 * binning.bins()
}

/// What the words hold, in order.
struct Parts<'a> {
    header: &'a mut [i64; HEADER],
    /// The histogram of normal pixels, then that of anomalies.
    counts: &'a mut [i64],
}

/// Places in the header.
const NAN_NORMAL: usize = 0;
const NAN_ANOMALY: usize = 1;
const PIXELS: usize = 2;
const FINGERPRINT: usize = 3;

impl<'a> Parts<'a> {
    fn new(binning: &Binning, words: &'a mut [i64]) -> Result<Self, Error> {
        let words = words.get_mut(..self::words(binning)).ok_or(Error::Workspace)?;
        let (header, counts) = words.split_first_chunk_mut().ok_or(Error::Workspace)?;
        Ok(Self { header, counts })
    }

    /// Adds scores. `bin` gives the bin of a score; None: it has none.
    #[inline(always)]
    fn add<T: Copy>(
        self,
        binning: &Binning,
        pixels: &Labels,
        scores: &[T],
        bin: impl Fn(T) -> Option<usize>,
    ) {
        let Self { header, counts } = self;
        let bins = binning.bins();
        let mut no_place = [0; 2];
        let mut counted = 0;
        let mut add = |score: T, is_anomaly: bool| {
            counted += 1;
            match bin(score) {
                Some(bin) => {
                    let place = bin + if is_anomaly { bins } else { 0 };
                    if let Some(count) = counts.get_mut(place) {
                        *count += 1;
                    }
                }
                None => no_place[usize::from(is_anomaly)] += 1,
            }
        };
        match (pixels.targets, pixels.valid) {
            (Some(targets), None) => {
                for (score, target) in scores.iter().zip(targets) {
                    add(*score, *target != 0);
                }
            }
            (None, None) => scores.iter().for_each(|score| add(*score, false)),
            (targets, Some(valid)) => {
                let mut targets = targets.unwrap_or(&[]).iter();
                for (score, valid) in scores.iter().zip(valid) {
                    let is_anomaly = targets.next().is_some_and(|target| *target != 0);
                    if *valid != 0 {
                        add(*score, is_anomaly);
                    }
                }
            }
        }
        let [normal, anomaly] = no_place;
        let hash = binning.fingerprint().wrapping_mul(counted);
        let added =
            [(NAN_NORMAL, normal), (NAN_ANOMALY, anomaly), (PIXELS, counted), (FINGERPRINT, hash)];
        for (place, value) in added {
            if let Some(word) = header.get_mut(place) {
                *word = word.wrapping_add(value);
            }
        }
    }
}

/// Labels and mask of the pixels of a call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Labels<'a> {
    /// Not 0 is an anomaly. None: all pixels are normal.
    pub targets: Option<&'a [u8]>,
    /// Not 0 counts. None: all do.
    pub valid: Option<&'a [u8]>,
}

impl Labels<'_> {
    fn check(&self, length: usize) -> Result<(), Error> {
        let lengths = [self.targets.map(<[u8]>::len), self.valid.map(<[u8]>::len)];
        Pixels::check_lengths(length, &lengths).map(|_| ())
    }
}

/// Adds the scores of pixels.
///
/// # Errors
/// A binning of integers, soft targets or pixel weights, inputs of different lengths, too few words. Nothing
/// was added then.
pub fn update(binning: &Binning, pixels: &Pixels, words: &mut [i64]) -> Result<(), Error> {
    if binning.is_exact() || pixels.soft_targets.is_some() || pixels.weights.is_some() {
        return Err(Error::UnsupportedInput);
    }
    let labels = Labels { targets: pixels.targets, valid: pixels.valid };
    labels.check(pixels.scores.len())?;
    let parts = Parts::new(binning, words)?;
    let bins = binning.bins();
    // A loop for each rule, so that none asks which one it is.
    match binning.rule() {
        Rule::Thresholds { .. } => parts.add(binning, &labels, pixels.scores, |score| {
            (!score.is_nan()).then(|| binning.threshold_bin(score))
        }),
        Rule::Linear { .. } => parts.add(binning, &labels, pixels.scores, |score| {
            (!score.is_nan()).then(|| binning.cell(score, bins))
        }),
        _ => parts.add(binning, &labels, pixels.scores, |score| {
            (!score.is_nan()).then(|| binning.bin(score))
        }),
    }
    Ok(())
}

/// Adds scores of 8 bits; the binning is [`Rule::Bytes`].
///
/// # Errors
/// Another binning, inputs of different lengths, too few words. Nothing was added then.
pub fn update_bytes(
    binning: &Binning,
    scores: &[u8],
    labels: &Labels,
    words: &mut [i64],
) -> Result<(), Error> {
    if binning.rule() != Rule::Bytes {
        return Err(Error::UnsupportedInput);
    }
    labels.check(scores.len())?;
    let parts = Parts::new(binning, words)?;
    parts.add(binning, labels, scores, |score| Some(usize::from(score)));
    Ok(())
}

/// Adds scores of 16 bits; the binning is [`Rule::Words`].
///
/// # Errors
/// Another binning, inputs of different lengths, too few words. Nothing was added then.
pub fn update_words(
    binning: &Binning,
    scores: &[u16],
    labels: &Labels,
    words: &mut [i64],
) -> Result<(), Error> {
    if binning.rule() != Rule::Words {
        return Err(Error::UnsupportedInput);
    }
    labels.check(scores.len())?;
    let parts = Parts::new(binning, words)?;
    parts.add(binning, labels, scores, |score| Some(usize::from(score)));
    Ok(())
}

/// Adds other histograms.
///
/// # Errors
/// Too few words. Nothing was added then.
pub fn merge(binning: &Binning, other: &[i64], words: &mut [i64]) -> Result<(), Error> {
    let length = self::words(binning);
    let other = other.get(..length).ok_or(Error::Workspace)?;
    let words = words.get_mut(..length).ok_or(Error::Workspace)?;
    for (word, other) in words.iter_mut().zip(other) {
        *word = word.wrapping_add(*other);
    }
    Ok(())
}

/// The histograms, to be read.
#[derive(Clone, Copy)]
struct Histograms<'a> {
    binning: &'a Binning<'a>,
    normal: &'a [i64],
    anomalies: &'a [i64],
    nan_normal: i64,
    nan_anomalies: i64,
}

/// What a bin holds, and what lies above it.
#[derive(Clone, Copy)]
struct Bin {
    index: usize,
    anomalies: i64,
    normal: i64,
    anomalies_above: i64,
    normal_above: i64,
}

impl<'a> Histograms<'a> {
    /// # Errors
    /// Too few words, scores of another binning among them.
    fn new(binning: &'a Binning<'a>, words: &'a [i64]) -> Result<Self, Error> {
        let words = words.get(..self::words(binning)).ok_or(Error::Workspace)?;
        let (header, counts) = words.split_at_checked(HEADER).ok_or(Error::Workspace)?;
        let of = |place: usize| header.get(place).copied().unwrap_or(0);
        if of(FINGERPRINT) != binning.fingerprint().wrapping_mul(of(PIXELS)) {
            return Err(Error::MixedTotals);
        }
        let (normal, anomalies) =
            counts.split_at_checked(binning.bins()).ok_or(Error::Workspace)?;
        let (nan_normal, nan_anomalies) = (of(NAN_NORMAL), of(NAN_ANOMALY));
        Ok(Self { binning, normal, anomalies, nan_normal, nan_anomalies })
    }

    /// The bins that are not empty, from the highest score down.
    fn from_above(&self) -> impl Iterator<Item = Bin> + use<'a> {
        let (mut anomalies_above, mut normal_above) = (0, 0);
        let bins = self.anomalies.iter().zip(self.normal).enumerate().rev();
        bins.filter(|(_, (anomalies, normal))| **anomalies != 0 || **normal != 0).map(
            move |(index, (anomalies, normal))| {
                let bin = Bin {
                    index,
                    anomalies: *anomalies,
                    normal: *normal,
                    anomalies_above,
                    normal_above,
                };
                anomalies_above += *anomalies;
                normal_above += *normal;
                bin
            },
        )
    }

    /// How many anomalies and normal pixels are ranked.
    fn ranked(&self) -> (i64, i64) {
        (self.anomalies.iter().sum(), self.normal.iter().sum())
    }

    fn notices(&self) -> Notices {
        let (anomalies, normal) = self.ranked();
        Notices::EMPTY.when(anomalies == 0 && normal == 0)
            | Notices::NO_POSITIVES.when(anomalies == 0)
            | Notices::NO_NEGATIVES.when(normal == 0)
            | Notices::NOT_FINITE.when(self.nan_normal != 0 || self.nan_anomalies != 0)
    }
}
