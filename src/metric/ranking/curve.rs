//! Thresholds: the curves of all of them, the values at one, and the one for a wanted false-alarm rate.
//!
//! A threshold of histograms is the lower edge of a bin: scores from it on are decided positive.

use super::{Binning, Histograms};
use crate::error::{Error, Notices, Value};
use crate::simd::Places;

/// What decisions at a threshold are worth.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Point {
    /// Scores from here on are positive.
    pub threshold: f64,
    /// The share of positive decisions that are right; 0 of none.
    pub precision: f64,
    /// The share of anomalies that are found; 0 of none.
    pub recall: f64,
    /// The share of normal pixels that raise a false alarm; 0 of none.
    pub false_positive_rate: f64,
    /// Anomalies from the threshold on.
    pub true_positives: i64,
    /// Normal pixels from the threshold on.
    pub false_positives: i64,
}

/// 0 of none.
fn ratio(part: i64, whole: i64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn point(histograms: &Histograms, bin: usize, hits: i64, misses: i64) -> Point {
    let (anomalies, normal) = histograms.ranked;
    Point {
        threshold: f64::from(histograms.binning.lowest(bin)),
        precision: ratio(hits, hits + misses),
        recall: ratio(hits, anomalies),
        false_positive_rate: ratio(misses, normal),
        true_positives: hits,
        false_positives: misses,
    }
}

/// Writes the points of the precision-recall and the ROC curve, one for each bin that is not empty, from the
/// highest threshold down; returns how many there are.
///
/// # Errors
/// Too few words, scores of another binning among them, too few points ([`Error::Capacity`]). Nothing was
/// written then.
pub fn curve(binning: &Binning, words: &[i64], points: &mut [Point]) -> Result<usize, Error> {
    curve_to(binning, words, Places::of(points))
}

/// [`curve`], to memory that may be uninitialised.
pub(crate) fn curve_to(binning: &Binning, words: &[i64], points: Places<Point>) -> Result<usize, Error> {
    let histograms = Histograms::new(binning, words)?;
    let count = histograms.descending().count();
    let mut points = points.first(count).ok_or(Error::Capacity)?;
    for (index, bin) in histograms.descending().enumerate() {
        let hits = bin.anomalies_above + bin.anomalies;
        points.put(index, point(&histograms, bin.index, hits, bin.normal_above + bin.normal));
    }
    Ok(count)
}

/// The values at a threshold, which is lowered to the edge of its bin; the result tells where that is.
///
/// # Errors
/// Too few words, scores of another binning among them, a NaN ([`Error::Target`]).
pub fn at(binning: &Binning, words: &[i64], threshold: f32) -> Result<(Point, Notices), Error> {
    let histograms = Histograms::new(binning, words)?;
    if threshold.is_nan() {
        return Err(Error::Target);
    }
    let bin = binning.bin(threshold);
    let from = |counts: &[i64]| counts.get(bin..).unwrap_or(&[]).iter().sum::<i64>();
    let (hits, misses) = (from(histograms.anomalies), from(histograms.normal));
    let notices = histograms.notices() | Notices::NO_DECISIONS.when(hits + misses == 0);
    Ok((point(&histograms, bin, hits, misses), notices))
}

/// The lowest threshold whose false positive rate, as [`at`] tells it, is not above the wanted one: of pixels without
/// labels, the share of all pixels that raises an alarm. Infinity where even the highest bin is above it; infinite
/// scores raise an alarm all the same. [`Notices::UNREACHED`] says that no score reaches it. Whether there are
/// anomalies does not matter.
///
/// # Errors
/// Too few words, scores of another binning among them, a rate outside [0, 1] ([`Error::Fraction`]).
pub fn threshold_for_false_positive_rate(binning: &Binning, words: &[i64], rate: f64) -> Result<Value, Error> {
    let histograms = Histograms::new(binning, words)?;
    if !(0.0..=1.0).contains(&rate) {
        return Err(Error::Fraction);
    }
    let (_, normal) = histograms.ranked;
    let mut bin = None;
    let mut alarms = 0;
    for (index, count) in histograms.normal.iter().enumerate().rev() {
        alarms += *count;
        if ratio(alarms, normal) > rate {
            break;
        }
        bin = Some(index);
    }
    let value = match bin {
        Some(bin) => f64::from(binning.lowest(bin)),
        None => f64::INFINITY,
    };
    let reaches = |counts: &[i64]| {
        bin.and_then(|bin| counts.get(bin..)).is_some_and(|counts| counts.iter().any(|count| *count != 0))
    };
    let is_reached = reaches(histograms.anomalies) || reaches(histograms.normal);
    let notices = histograms.notices().without(Notices::NO_POSITIVES) | Notices::UNREACHED.when(!is_reached);
    Ok(Value { value, notices })
}

/// The bin of the quantile q of all scores, anomalies and normal pixels alike: the least score of it, and the
/// least score of the next (infinity behind the last). The order statistic of rank `floor(q (count - 1))` lies
/// between them; that is a product of doubles, which is rounded (and the count, too, above 2^53). Both NaN without
/// scores.
///
/// # Errors
/// Too few words, scores of another binning among them, a q outside [0, 1] ([`Error::Fraction`]).
pub fn quantile(binning: &Binning, words: &[i64], q: f64) -> Result<([f64; 2], Notices), Error> {
    let histograms = Histograms::new(binning, words)?;
    if !(0.0..=1.0).contains(&q) {
        return Err(Error::Fraction);
    }
    let (anomalies, normal) = histograms.ranked;
    // Labels do not matter.
    let notices = histograms.notices().without(Notices::NO_POSITIVES | Notices::NO_NEGATIVES);
    let Some(last) = (anomalies + normal).checked_sub(1).filter(|last| *last >= 0) else {
        return Ok(([f64::NAN; 2], notices));
    };
    let rank = ((q * last as f64) as i64).min(last);
    let mut below = 0;
    let counts = histograms.anomalies.iter().zip(histograms.normal);
    for (bin, (anomalies, normal)) in counts.enumerate() {
        below += anomalies + normal;
        if below > rank {
            let next = if bin + 1 < binning.bins() { binning.lowest(bin + 1) } else { f32::INFINITY };
            let (low, high) = (binning.lowest(bin), if binning.is_exact() { binning.lowest(bin) } else { next });
            return Ok(([f64::from(low), f64::from(high)], notices));
        }
    }
    Ok(([f64::NAN; 2], notices))
}
