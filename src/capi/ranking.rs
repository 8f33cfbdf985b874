//! `hyla_ranking_...`: histograms that rank, with certified bounds.

use super::binning::{self, hyla_binning};
use super::node::*;
use crate::metric::ranking::{self, Binning, Histograms, Point, Report};

mirror! {
    /// What histograms say. A bound holds for the exact scores, of which the histograms know the bins.
    pub struct hyla_ranking_report: Report {
        /// Average precision with each bin as one tie: torchmetrics' value. 0 without anomalies.
        pub average_precision: f64,
        /// The exact one is not below this,
        pub average_precision_lo: f64,
        /// and not above this.
        pub average_precision_hi: f64,
        /// An estimate between the two: anomalies spread evenly among the normal pixels of their bin.
        pub average_precision_interleaved: f64,
        /// The area under the ROC curve with each bin as one tie. NaN without anomalies or without normal pixels.
        pub roc_auc: f64,
        /// The exact one is not below this,
        pub roc_auc_lo: f64,
        /// and not above this.
        pub roc_auc_hi: f64,
        /// The greatest F1 of the thresholds that are edges of bins, so that of any threshold is not below. 0 without
        /// anomalies.
        pub f1_max: f64,
        /// The greatest F1 of any threshold is not above this.
        pub f1_max_hi: f64,
        /// The threshold of `f1_max`, the highest of several: decide for scores from it on. NaN without anomalies.
        pub f1_max_threshold: f64,
        /// How many anomalies are ranked.
        pub anomalies: i64,
        /// How many normal pixels are ranked.
        pub normal: i64,
        /// How many anomalies have a NaN score, which is ranked nowhere.
        pub nan_anomalies: i64,
        /// How many normal pixels have a NaN score, which is ranked nowhere.
        pub nan_normal: i64,
        /// How many pixels were masked.
        pub masked: i64,
        /// 0. Room for later.
        pub reserved: i64,
    }
}

mirror! {
    /// What decisions at a threshold are worth.
    pub struct hyla_ranking_point: Point {
        /// Scores from here on are positive: the lower edge of a bin.
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
}

exported! {
    /// How many words of int64 the histograms of a binning have, the same on every tier: 2 * bins + 8. Words that are
    /// all zero are empty; adding the words of two merges them (MPI_SUM, SQL SUM, atomics). In order: the normal pixels
    /// of each bin from the lowest score up, those with NaN, the anomalies likewise, the number of pixels that count,
    /// of those masked, a fingerprint of the binning times the number that count, and three words of 0.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, RESERVED, UNKNOWN_OPTION, BINNING, WORKSPACE (all about a binning
    /// that hyla_binning_build did not write).
    fn hyla_ranking_words(binning: *const hyla_binning, words: *mut usize) {
        let (binning, reads) = binning::read(binning)?;
        disjoint(&[Written::of(words, 1)], &[&reads])?;
        let words = check::result(words)?;
        words.write(ranking::words(&binning));
        Ok(Notices::NONE)
    }

    /// Adds the scores of pixels to histograms.
    ///
    /// Inputs: `scores` (any floats), optional `targets` (NULL: every pixel counts as normal) and `valid`. A NaN is
    /// counted apart; -0 equals +0. `words` are `count` words of int64, at least `hyla_ranking_words`.
    ///
    /// With HYLA_BINNING_U8 or HYLA_BINNING_U16 the scores must be the integers, of HYLA_U8 or HYLA_U16 without scale
    /// and zero point: nothing is lost.
    ///
    /// Errors, with the words unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNSUPPORTED_INPUT
    /// (`weights`, `soft_targets`, or other scores than those of a binning of integers), UNKNOWN_OPTION, BINNING,
    /// WORKSPACE (too few words).
    /// Notices: none; `hyla_ranking_values` tells them.
    fn hyla_ranking_update(
        binning: *const hyla_binning, pixels: *const hyla_pixels, words: *mut i64, count: usize,
    ) {
        let read = binning::read(binning);
        let (binning, reads) = in_place(&read)?;
        let mut room = pixels::PlanesRoom::new();
        let used = pixels::read(pixels)?.ranked(&mut room);
        let used = in_place(&used)?;
        pixels::disjoint(&[Written::of(words, count)], reads, &[Span::of(pixels, 1)], used)?;
        ranking::update(binning, used.source(), changed(words, count)?).map_err(|error| match error {
            Error::UnsupportedInput => Fault::new(error, subject!(scores)),
            _ => Fault::new(error, subject!(words)),
        })
    }

    /// Adds the words of other histograms (of another tile, frame, thread or rank). Both must be of one binning;
    /// `hyla_ranking_values` finds out.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNKNOWN_OPTION, BINNING, WORKSPACE (too few
    /// words).
    fn hyla_ranking_merge(
        binning: *const hyla_binning, other: *const i64, words: *mut i64, count: usize,
    ) {
        let (binning, reads) = binning::read(binning)?;
        disjoint(&[Written::of(words, count)], &[&reads, &[Span::of(other, count)]])?;
        let (other, words) = (input(other, count)?, changed(words, count)?);
        ranking::merge(&binning, other, words).of_state(subject!(words))?;
        Ok(Notices::NONE)
    }

    /// Average precision, ROC-AUC and F1 of histograms, with bounds.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNKNOWN_OPTION, BINNING, WORKSPACE (too few
    /// words), TOTALS (counts that do not add up to the pixels, too), MIXED_TOTALS (scores of another binning).
    /// Notices: EMPTY, NO_POSITIVES, NO_NEGATIVES, NOT_FINITE (NaN scores), COARSE (the bounds of average precision are
    /// more than 0.01 apart).
    fn hyla_ranking_values(
        binning: *const hyla_binning, words: *const i64, count: usize,
        report: *mut hyla_ranking_report,
    ) {
        let read = binning::read(binning);
        let (binning, reads) = in_place(&read)?;
        disjoint(&[Written::of(report, 1)], &[reads, &[Span::of(words, count)]])?;
        let (words, to) = (input(words, count)?, check::result(mirrored(report))?);
        let histograms = Histograms::new(binning, words).of(subject!(words))?;
        Ok(histograms.report(to.write(Report::default())))
    }

    /// Writes the points of the precision-recall curve and the ROC curve, one for each bin that is not empty, from the
    /// highest threshold down, and their number to `written`. `capacity` is how many points there is room for; as many
    /// as there are bins are always enough.
    ///
    /// Errors: those of `hyla_ranking_values`, CAPACITY. Notices: none.
    fn hyla_ranking_curve(
        binning: *const hyla_binning, words: *const i64, count: usize,
        points: *mut hyla_ranking_point, capacity: usize, written: *mut usize,
    ) {
        let (binning, [a, b]) = binning::read(binning)?;
        let writes = [Written::of(points, capacity), Written::of(written, 1)];
        disjoint(&writes, &[&[a, b, Span::of(words, count)]])?;
        let (words, written, points) =
            (input(words, count)?, check::result(written)?, output(mirrored(points), capacity)?);
        written.write(ranking::curve_to(&binning, words, points).of_state(subject!(words))?);
        Ok(Notices::NONE)
    }

    /// What decisions at a threshold are worth. The threshold is lowered to the edge of its bin; `point->threshold`
    /// tells where that is.
    ///
    /// Errors: those of `hyla_ranking_values`, TARGET (a NaN). Notices: EMPTY, NO_POSITIVES, NO_NEGATIVES, NOT_FINITE,
    /// NO_DECISIONS (no score reaches the threshold).
    fn hyla_ranking_at(
        binning: *const hyla_binning, words: *const i64, count: usize, threshold: f32,
        point: *mut hyla_ranking_point,
    ) {
        let at = |binning: &Binning, words: &[i64]| ranking::at(binning, words, threshold);
        answer(binning, words, count, mirrored(point), at).naming(&[Error::Target], subject!(threshold))
    }

    /// The lowest threshold whose false positive rate, as `hyla_ranking_at` tells it, is not above the wanted one, in
    /// [0, 1]. Without labels every pixel is normal, and the rate is the share of all pixels that raises an alarm.
    /// Infinity where even the highest bin is above it; infinite scores raise an alarm all the same.
    ///
    /// Errors: those of `hyla_ranking_values`, FRACTION (a rate outside [0, 1]). Notices: EMPTY, NO_NEGATIVES,
    /// NOT_FINITE, UNREACHED (no score reaches the threshold, so that a monitor with it would never have raised an
    /// alarm).
    fn hyla_ranking_threshold(
        binning: *const hyla_binning, words: *const i64, count: usize, false_positive_rate: f64,
        threshold: *mut f64,
    ) {
        let of_rate = |binning: &Binning, words: &[i64]| {
            ranking::threshold_for_false_positive_rate(binning, words, false_positive_rate)
                .map(|found| (found.value, found.notices))
        };
        answer(binning, words, count, threshold, of_rate).naming(&[Error::Fraction], subject!(false_positive_rate))
    }

    /// Where the quantile q of all scores lies, anomalies and normal pixels alike: the order statistic of rank
    /// floor(q * (n - 1)) of n scores, in doubles, is at least `bounds[0]` and at most `bounds[1]` (a bin; equal for
    /// integers). Both NaN without scores.
    ///
    /// Errors: those of `hyla_ranking_values`, FRACTION (q outside [0, 1]). Notices: EMPTY, NOT_FINITE.
    fn hyla_ranking_quantile(
        binning: *const hyla_binning, words: *const i64, count: usize, q: f64, bounds: *mut f64,
    ) {
        let quantile = |binning: &Binning, words: &[i64]| ranking::quantile(binning, words, q);
        answer(binning, words, count, bounds.cast::<[f64; 2]>(), quantile).naming(&[Error::Fraction], subject!(q))
    }
}

/// The whole of every function that makes a result of histograms.
#[inline(always)]
unsafe fn answer<R>(
    binning: Argument<*const hyla_binning>,
    words: Argument<*const i64>,
    count: usize,
    to: Argument<*mut R>,
    answer: impl Fn(&Binning, &[i64]) -> Result<(R, Notices), Error>,
) -> Result<Notices, Fault> {
    // SAFETY: the contract.
    let (binning, [a, b]) = unsafe { binning::read(binning) }?;
    disjoint(&[Written::of(to, 1)], &[&[a, b, Span::of(words, count)]])?;
    // SAFETY: the contract; the output overlaps nothing.
    let (words, to) = unsafe { (input(words, count)?, check::result(to)?) };
    let (result, notices) = answer(&binning, words).of_state(subject!(words))?;
    to.write(result);
    Ok(notices)
}
