//! How well the scores of one buffer rank anomalies above everything else, exactly.
//!
//! **Use case**: the last word on a test set that fits into memory, and the check of what
//! [`ranking`](super::ranking) says of a stream with bounds. **Inputs**: `scores` (any floats), `targets` (bytes,
//! nonzero is an anomaly). Optional: `valid`. Pixel weights are not for counts.
//!
//! ```text
//! precision = TP / (TP + FP)    recall = TP / P    at a threshold: score >= it
//! average precision = sum over thresholds (recall_k - recall_(k-1)) precision_k
//! ROC-AUC = share of pairs (anomaly, normal) in the right order; a tie counts half
//! F1 = 2 TP / (P + TP + FP)
//! ```
//!
//! Every score is a threshold, and equal scores are one: the values of scikit-learn's `average_precision_score`
//! and `roc_auc_score`. A NaN has no place in an order: it is counted apart, and ranked nowhere. -0 equals +0.
//! Only the scores of anomalies are looked at as thresholds: between two of them recall stands still, and precision
//! and F1 only fall.
//!
//! **Accuracy**: counts and pairs are integers, so ROC-AUC and F1 are rounded three times at most; average
//! precision is summed with the roundings carried along, within 6 * 2^-53 of itself.
//!
//! **Without anomalies** average precision and F1 are 0 (notice `NO_POSITIVES`), without anomalies or normal pixels
//! ROC-AUC is NaN (`NO_POSITIVES`, `NO_NEGATIVES`), as in [`ranking`](super::ranking).
//!
//! **cuvis-ai** has no such node: its average precision is that of 200 thresholds of the sigmoid.
//!
//! **Speed**: two radix sorts of order keys, of anomalies and of normal pixels, so that no label needs to be carried
//! along, in a [`workspace`] of the caller (8 bytes a pixel and 4 KiB); then one walk down both.
//!
//! Formula: average precision as scikit-learn and torchmetrics define it; ROC-AUC: H. B. Mann, D. R. Whitney (1947).

use crate::error::{Error, Notices};
use crate::input::{Pixels, Source, Tile, Used};
use crate::math::double::from_integer;
use crate::math::order;
use crate::node::sort::{self, sort};
use crate::simd::Places;

/// What the scores of a buffer say; the names are those of [`ranking::Report`](super::ranking::Report).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Report {
    /// Average precision. 0 without anomalies.
    pub average_precision: f64,
    /// The area under the ROC curve. NaN without anomalies or without normal pixels.
    pub roc_auc: f64,
    /// The greatest F1 of any threshold. 0 without anomalies.
    pub f1_max: f64,
    /// The threshold of `f1_max`, the highest of several: decide for scores from it on. NaN without anomalies.
    pub f1_max_threshold: f64,
    /// How many anomalies are ranked.
    pub anomalies: i64,
    /// How many normal pixels are ranked.
    pub normal: i64,
    /// How many anomalies have a NaN score.
    pub nan_anomalies: i64,
    /// How many normal pixels have a NaN score.
    pub nan_normal: i64,
    /// How many pixels were masked.
    pub masked: i64,
    /// 0. Room for later.
    pub reserved: i64,
}

/// How many words of workspace so many pixels need: the same on every tier.
pub fn workspace(pixels: usize) -> usize {
    pixels.saturating_mul(2).saturating_add(sort::COUNTERS)
}

/// Ranks the scores of one buffer. What the workspace holds before and after means nothing.
///
/// # Errors
/// Targets missing, soft targets or pixel weights, inputs of different lengths, more than 2^32 - 1 pixels, a
/// workspace that is too small. The workspace was not touched then.
pub fn report<'a>(pixels: impl Into<Source<'a>>, workspace: &mut [u32]) -> Result<(Report, Notices), Error> {
    report_to(pixels.into(), Places::of(workspace))
}

/// [`report`], to memory that may be uninitialised.
pub(crate) fn report_to(pixels: Source, workspace: Places<u32>) -> Result<(Report, Notices), Error> {
    pixels.check(Used::SCORES | Used::TARGETS, Used::VALID)?;
    let length = pixels.n(Used::SCORES);
    u32::try_from(length).map_err(|_| Error::TooLarge)?;
    let workspace = workspace.first(self::workspace(length)).ok_or(Error::Workspace)?.fill(0);
    let (counters, keys) = workspace.split_first_chunk_mut().ok_or(Error::Workspace)?;
    let (keys, spare) = keys.split_at_mut_checked(length).ok_or(Error::Workspace)?;

    let Gathered { anomalies, normal, nan: [nan_normal, nan_anomalies] } = gather(&pixels, keys);
    let mut report = Report {
        roc_auc: f64::NAN,
        f1_max_threshold: f64::NAN,
        anomalies: anomalies.len() as i64,
        normal: normal.len() as i64,
        nan_anomalies,
        nan_normal,
        ..Report::default()
    };
    report.masked = length as i64 - report.anomalies - report.normal - nan_anomalies - nan_normal;
    if !anomalies.is_empty() {
        let (spare, spare_normal) = spare.split_at_mut_checked(anomalies.len()).ok_or(Error::Workspace)?;
        let anomalies = sort(anomalies, spare, counters);
        let normal = sort(normal, spare_normal, counters);
        rank(anomalies, normal, &mut report);
    }
    let notices = Notices::EMPTY.when(report.anomalies == 0 && report.normal == 0)
        | Notices::NO_POSITIVES.when(report.anomalies == 0)
        | Notices::NO_NEGATIVES.when(report.normal == 0)
        | Notices::NOT_FINITE.when(nan_normal != 0 || nan_anomalies != 0);
    Ok((report, notices))
}

/// The order keys of what is ranked, and how much is not.
struct Gathered<'a> {
    anomalies: &'a mut [u32],
    normal: &'a mut [u32],
    /// Normal pixels and anomalies whose score is NaN.
    nan: [i64; 2],
}

/// Writes the keys of anomalies from the front of `keys` on, those of normal pixels from its end down.
fn gather<'a>(pixels: &Source, keys: &'a mut [u32]) -> Gathered<'a> {
    let mut ends = Ends { front: 0, back: keys.len(), nan: [0; 2] };
    pixels.each(Used::SCORES | Used::TARGETS | Used::VALID, None, |Tile { pixels, .. }| ends.add(pixels, keys));
    let Ends { front, back, nan } = ends;
    let (ranked, normal) = keys.split_at_mut_checked(back).unwrap_or_default();
    let anomalies = ranked.get_mut(..front).unwrap_or_default();
    Gathered { anomalies, normal, nan }
}

/// How far the keys were written from both ends, and how many scores have none.
struct Ends {
    front: usize,
    back: usize,
    /// Normal pixels and anomalies whose score is NaN.
    nan: [i64; 2],
}

impl Ends {
    fn add(&mut self, pixels: &Pixels, keys: &mut [u32]) {
        let (mut front, mut back) = (self.front, self.back);
        let [mut nan_normal, mut nan_anomalies] = self.nan;
        let mut add = |score: f32, is_anomaly: bool, is_valid: bool| {
            // Nothing branches, because nobody can predict labels: the key is written in any case, and stays if an end
            // moves past it. The pixel itself is not counted yet, so there is room for it between the ends.
            let place = if is_anomaly { front } else { back.wrapping_sub(1) };
            if let Some(place) = keys.get_mut(place) {
                *place = order::key(score);
            }
            let ranks = is_valid & !score.is_nan();
            front += usize::from(ranks & is_anomaly);
            back -= usize::from(ranks & !is_anomaly);
            let is_lost = is_valid & score.is_nan();
            nan_anomalies += i64::from(is_lost & is_anomaly);
            nan_normal += i64::from(is_lost & !is_anomaly);
        };
        let labelled = pixels.scores.iter().zip(pixels.targets.unwrap_or(&[]));
        match pixels.valid {
            Some(valid) => {
                labelled.zip(valid).for_each(|((score, target), valid)| {
                    add(*score, *target != 0, *valid != 0);
                });
            }
            None => labelled.for_each(|(score, target)| add(*score, *target != 0, true)),
        }
        *self = Self { front, back, nan: [nan_normal, nan_anomalies] };
    }
}

/// Walks down the sorted keys, from one score of anomalies to the next. There is at least one anomaly.
fn rank(mut anomalies: &[u32], mut normal: &[u32], report: &mut Report) {
    let [all, all_normal] = [anomalies.len(), normal.len()];
    let mut precisions = CompensatedSum::default();
    let (mut right, mut tied) = (0_u128, 0_u128);
    while let Some(key) = anomalies.last().copied() {
        // At the end of the sorted keys are those above the anomaly, before them those that are tied.
        normal = without(normal, |other| other > key);
        let below_or_tied = normal.len();
        normal = without(normal, |other| other == key);
        let before = anomalies.len();
        anomalies = without(anomalies, |other| other == key);
        let found = before - anomalies.len();

        right += found as u128 * normal.len() as u128;
        tied += found as u128 * (below_or_tied - normal.len()) as u128;
        let hits = (all - anomalies.len()) as f64;
        let decisions = hits + (all_normal - normal.len()) as f64;
        // The quotient comes first. It is not above 1, so the mean is not above 1 either.
        precisions.add(found as f64 * (hits / decisions));
        let f1 = 2.0 * hits / (all as f64 + decisions);
        if f1 > report.f1_max {
            (report.f1_max, report.f1_max_threshold) = (f1, f64::from(order::float(key)));
        }
    }
    report.average_precision = precisions.value() / all as f64;
    if all_normal != 0 {
        let pairs = from_integer(all as u128 * all_normal as u128);
        report.roc_auc = from_integer(2 * right + tied) / pairs * 0.5;
    }
}

/// The slice without the items at its end for which a condition holds.
#[inline(always)]
fn without(mut items: &[u32], is_above: impl Fn(u32) -> bool) -> &[u32] {
    while let Some((last, rest)) = items.split_last()
        && is_above(*last)
    {
        items = rest;
    }
    items
}

/// A sum that also adds up the rounding errors of its additions.
#[derive(Default)]
struct CompensatedSum {
    rounded: f64,
    rest: f64,
}

impl CompensatedSum {
    /// Adds a term; `rest` takes the exact error of the addition (D. E. Knuth's TwoSum).
    fn add(&mut self, term: f64) {
        let sum = self.rounded + term;
        let added = sum - self.rounded;
        self.rest += (self.rounded - (sum - added)) + (term - added);
        self.rounded = sum;
    }

    fn value(&self) -> f64 {
        self.rounded + self.rest
    }
}
