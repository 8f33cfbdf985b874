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
//! **Accuracy**: counts are integers. Bounds are moved outward by more than all roundings, whatever the counts, so they
//! hold the exact values always; how far apart they are depends on how many pixels share a bin. At the edge of a bin
//! all values of [`Point`] are exact, but for one rounding (for three where counts are above 2^53).
//!
//! **Without anomalies** average precision and F1 are 0 (notice `NO_POSITIVES`), without anomalies or normal pixels
//! ROC-AUC is NaN (`NO_POSITIVES`, `NO_NEGATIVES`).
//!
//! **cuvis-ai** has no such node; its `AnomalyDetectionMetrics` emits `average_precision`, which is that of
//! [`Rule::Thresholds`] with its key `ap_thresholds` (200).
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
#[cfg(feature = "capi")]
pub(crate) use curve::curve_to;
pub use curve::{Point, at, curve, quantile, threshold_for_false_positive_rate};
pub use report::{Report, report};

use crate::error::{Error, Notices};
use crate::exact::counts::sum;
use crate::input::{Masks, Pixels, Source, Tile, Used, count_valid};
use crate::node::fingerprint::same_parameters;
use crate::simd::{self, Columns, Counted, Kernel, Lanes, Room, Simd, cut};
use core::iter::{Enumerate, Rev, Zip};
use core::slice::Iter;

/// Words behind the histograms: how many pixels count, how many are masked, and the sum of the binning's hash over
/// those that count. The rest is room for later.
const FOOTER: usize = 6;

/// How many words the histograms of a binning have: normal pixels, anomalies, each with a bin for NaN behind the last
/// one, and what was counted of both.
pub fn words(binning: &Binning) -> usize {
    2 * (binning.bins() + 1) + FOOTER
}

/// The words, to be added to.
struct HistogramWords<'a> {
    binning: &'a Binning<'a>,
    /// The histogram of normal pixels, then that of anomalies.
    counts: &'a mut [i64],
    footer: &'a mut [i64],
}

impl<'a> HistogramWords<'a> {
    fn new(binning: &'a Binning, words: &'a mut [i64]) -> Result<Self, Error> {
        let words = words.get_mut(..self::words(binning)).ok_or(Error::Workspace)?;
        let bins = 2 * (binning.bins() + 1);
        let (counts, footer) = words.split_at_mut_checked(bins).ok_or(Error::Workspace)?;
        Ok(Self { binning, counts, footer })
    }

    /// Counts that pixels were added, of which `valid` say who counts.
    fn count(&mut self, pixels: usize, valid: Option<&[u8]>) {
        self.count_of(pixels, count_valid(pixels, valid));
    }

    /// Counts that pixels were added, and that so many of them count.
    fn count_of(&mut self, pixels: usize, counted: i64) {
        let hash = self.binning.fingerprint().wrapping_mul(counted);
        let masked = (pixels as i64).wrapping_sub(counted);
        for (word, more) in self.footer.iter_mut().zip([counted, masked, hash]) {
            *word = word.wrapping_add(more);
        }
    }

    /// Subtracts masked pixels from the bins of NaN, because [`Update`] adds them as if they were NaN.
    fn take_off_masked(&mut self, labels: &Labels, valid: &[u8]) {
        let seen = Masks { first: valid, second: labels.targets, valid: None }.count();
        self.count_of(valid.len(), seen.first);
        let anomalies = seen.second.wrapping_sub(seen.both);
        let normal = seen.pixels.wrapping_sub(seen.first).wrapping_sub(anomalies);
        let bins = self.binning.bins();
        for (place, masked) in [(bins, normal), (2 * bins + 1, anomalies)] {
            if let Some(count) = self.counts.get_mut(place) {
                *count = count.wrapping_sub(masked);
            }
        }
    }

    /// Adds pixels, each in a bin.
    #[inline(always)]
    fn scatter(&mut self, labels: &Labels, bins: impl Iterator<Item = usize>) {
        let anomalies = self.binning.bins() + 1;
        let counts = &mut *self.counts;
        let mut add = |bin: usize, is_anomaly: bool| {
            if let Some(count) = counts.get_mut(bin + if is_anomaly { anomalies } else { 0 }) {
                *count = count.wrapping_add(1);
            }
        };
        if simd::IS_SMALL {
            for (at, bin) in bins.enumerate() {
                let is_true = |mask: &[u8]| mask.get(at).is_some_and(|byte| *byte != 0);
                if labels.valid.is_none_or(is_true) {
                    add(bin, labels.targets.is_some_and(is_true));
                }
            }
            return;
        }
        match (labels.targets, labels.valid) {
            (Some(targets), None) => {
                bins.zip(targets).for_each(|(bin, target)| add(bin, *target != 0));
            }
            (None, None) => bins.for_each(|bin| add(bin, false)),
            (Some(targets), Some(valid)) => {
                for ((bin, target), _) in bins.zip(targets).zip(valid).filter(|(_, valid)| **valid != 0) {
                    add(bin, *target != 0);
                }
            }
            (None, Some(valid)) => {
                bins.zip(valid).filter(|(_, valid)| **valid != 0).for_each(|(bin, _)| add(bin, false));
            }
        }
    }

    /// Adds a tile whose cells are known. (It is a call of its own, because it is the same on every tier and can use
    /// all registers.)
    #[inline(never)]
    fn add_tile(&mut self, cells: &[u32], scores: &[f32], targets: Option<&[u8]>) {
        let labels = Labels { targets, valid: None };
        let cells = cells.iter().map(|cell| *cell as usize);
        if let Rule::Thresholds { .. } = self.binning.rule() {
            let table = self.binning.table();
            let bins = cells.zip(scores).map(|(cell, score)| table.bin(cell, *score));
            self.scatter(&labels, bins);
        } else {
            self.scatter(&labels, cells);
        }
    }
}

/// How many scores a tile has.
const TILE: usize = 256;

/// Adds scores: the bins of a tile as vectors, then one by one into the histograms. A masked pixel is added as if it
/// were NaN: that costs nothing, where a branch would.
struct Update<'t, 'a> {
    scores: &'t [f32],
    labels: Labels<'t>,
    to: &'t mut HistogramWords<'a>,
}

impl Kernel for Update<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let binning = *self.to.binning;
        let (mut of_scores, mut of_valid) = (Room::new(), Room::new());
        let scores = Columns::<<S::Register as Lanes>::Floats>::new(self.scores, &mut of_scores);
        let valid = Columns::<<S::Register as Lanes>::Bytes>::optional(self.labels.valid, &mut of_valid);
        let lanes = S::Register::LANES;
        let mut cells = [0_u32; TILE];
        for start in (0..self.scores.len()).step_by(TILE) {
            let end = self.scores.len().min(start + TILE);
            let tile: &mut [<S::Register as Lanes>::Floats] =
                bytemuck::try_cast_slice_mut(&mut cells).unwrap_or(&mut []);
            for (to, index) in tile.iter_mut().zip(start / lanes..end.div_ceil(lanes)) {
                let mut scores = S::Register::from_floats(simd, scores.get(index));
                if let Some(valid) = &valid {
                    let valid = S::Register::mask_from_bytes(simd, valid.get(index));
                    scores = S::Register::select(valid, scores, scores.constant(f32::NAN));
                }
                S::Register::from_bits(binning.cells_of(scores)).to_floats(to);
            }
            let length = end - start;
            let targets = self.labels.targets.map(|targets| cut(targets, start, length));
            self.to.add_tile(cut(&cells, 0, length), cut(self.scores, start, length), targets);
        }
    }
}

/// Labels and mask of the pixels of a call.
#[derive(Clone, Copy)]
struct Labels<'a> {
    /// Not 0 is an anomaly. None: all pixels are normal.
    targets: Option<&'a [u8]>,
    /// Not 0 counts. None: all do.
    valid: Option<&'a [u8]>,
}

/// Adds the scores of pixels. Where each integer has a bin ([`Rule::Bytes`], [`Rule::Words`]), these must be the
/// scores: a plane of bytes or of 16 bits without scale and zero point.
///
/// # Errors
/// Scores that are not those of the binning, soft targets or pixel weights, inputs of different lengths, too few
/// words. Nothing was added then.
pub fn update<'a>(binning: &Binning, pixels: impl Into<Source<'a>>, words: &mut [i64]) -> Result<(), Error> {
    update_beside(binning, &pixels.into(), words, Used::NONE)
}

/// The same beside other inputs, which are checked: a label of theirs may be ignored.
pub(crate) fn update_beside(binning: &Binning, pixels: &Source, words: &mut [i64], others: Used) -> Result<(), Error> {
    let are_those_of_rule = match binning.rule() {
        Rule::Bytes => pixels.bits_of_scores() == Some(8),
        Rule::Words => pixels.bits_of_scores() == Some(16),
        _ => true,
    };
    // Scores of no pixel have no type.
    if !are_those_of_rule && pixels.n(Used::SCORES) > 0 {
        return Err(Error::UnsupportedInput);
    }
    pixels.check(Used::SCORES, Used::TARGETS | Used::VALID)?;
    let mut to = HistogramWords::new(binning, words)?;
    pixels.each(Used::SCORES | Used::TARGETS | Used::VALID | others, None, |Tile { n, pixels, .. }| {
        let Pixels { scores, targets, valid, .. } = *pixels;
        let labels = Labels { targets, valid };
        if simd::IS_SMALL || binning.is_exact() {
            to.count(n, valid);
            // A score of a binning of integers is its bin, which a float holds exactly.
            let bin = |score: &f32| if binning.is_exact() { *score as usize } else { binning.bin(*score) };
            return to.scatter(&labels, scores.iter().map(bin));
        }
        match valid {
            Some(valid) => to.take_off_masked(&labels, valid),
            None => to.count(n, None),
        }
        simd::run(Update { scores, labels, to: &mut to });
    });
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
pub(crate) struct Histograms<'a> {
    pub(super) binning: &'a Binning<'a>,
    pub(super) normal: &'a [i64],
    pub(super) anomalies: &'a [i64],
    pub(super) nan_normal: i64,
    pub(super) nan_anomalies: i64,
    pub(super) masked: i64,
    /// How many anomalies and normal pixels are ranked.
    pub(super) ranked: (i64, i64),
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

impl Bin {
    /// Anomalies and normal pixels of the bin and above it.
    fn with_above(&self) -> [i64; 2] {
        [self.anomalies_above + self.anomalies, self.normal_above + self.normal]
    }
}

/// The bins that are not empty, from the highest score down.
struct Descending<'a> {
    bins: Rev<Enumerate<Zip<Iter<'a, i64>, Iter<'a, i64>>>>,
    /// How many anomalies and normal pixels lie in the bins before.
    above: [i64; 2],
}

impl Iterator for Descending<'_> {
    type Item = Bin;

    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn next(&mut self) -> Option<Bin> {
        let is_filled = |(_, (anomalies, normal)): &(usize, (&i64, &i64))| **anomalies != 0 || **normal != 0;
        let (index, (anomalies, normal)) = self.bins.find(is_filled)?;
        let [anomalies_above, normal_above] = self.above;
        let bin = Bin { index, anomalies: *anomalies, normal: *normal, anomalies_above, normal_above };
        self.above = bin.with_above();
        Some(bin)
    }
}

impl<'a> Histograms<'a> {
    /// # Errors
    /// Too few words, counts that cannot be, scores of another binning among them, or counts that do not add up to the
    /// pixels. (The errors are found in this order. With another binning most words would be taken for other ones.)
    pub(crate) fn new(binning: &'a Binning<'a>, words: &'a [i64]) -> Result<Self, Error> {
        let words = words.get(..self::words(binning)).ok_or(Error::Workspace)?;
        let bins = binning.bins();
        let (normal, rest) = words.split_at_checked(bins + 1).ok_or(Error::Workspace)?;
        let (anomalies, footer) = rest.split_at_checked(bins + 1).ok_or(Error::Workspace)?;
        let [pixels, masked, fingerprint, ..] = *footer.first_chunk::<FOOTER>().ok_or(Error::Workspace)?;
        let (nan_normal, normal) = normal.split_last().ok_or(Error::Workspace)?;
        let (nan_anomalies, anomalies) = anomalies.split_last().ok_or(Error::Workspace)?;
        let (nan_normal, nan_anomalies) = (*nan_normal, *nan_anomalies);
        let ranked = (sum(anomalies)?, sum(normal)?);
        let counted = sum(&[ranked.0, ranked.1, nan_anomalies, nan_normal])?;
        if masked < 0 {
            return Err(Error::Totals);
        }
        same_parameters(binning.fingerprint(), pixels, fingerprint)?;
        if counted != pixels {
            return Err(Error::Totals);
        }
        Ok(Self { binning, normal, anomalies, nan_normal, nan_anomalies, masked, ranked })
    }

    /// The bins that are not empty, from the highest score down.
    fn descending(&self) -> Descending<'a> {
        let bins = self.anomalies.iter().zip(self.normal).enumerate().rev();
        Descending { bins, above: [0; 2] }
    }

    fn notices(&self) -> Notices {
        let (anomalies, normal) = self.ranked;
        Notices::EMPTY.when(anomalies == 0 && normal == 0)
            | Notices::NO_POSITIVES.when(anomalies == 0)
            | Notices::NO_NEGATIVES.when(normal == 0)
            | Notices::NOT_FINITE.when(self.nan_normal != 0 || self.nan_anomalies != 0)
    }
}
