//! Drift of scores without labels: the histogram of now against a stored one.
//!
//! **Use case**: a monitor beside a camera. The histogram of a calibration is kept as a constant; that of each hour
//! is compared with it: lamp, lens, focus, scene or detector changed where the two part. **Inputs**: two arrays of
//! words of [`ranking`](super::ranking), of one binning, anomalies and normal pixels taken together. No labels.
//!
//! With F and G the shares of pixels up to a score, now and in the reference, of n and m pixels:
//!
//! ```text
//! psi = sum over groups (a - b) ln(a / b)         a, b: shares of a group; an empty one counts as half a pixel
//! ks = max |F - G|                                Kolmogorov and Smirnov
//! wasserstein = integral |F - G| d score          Wasserstein-1, the earth mover's distance, in units of the score
//! jensen_shannon = sum over bins p/2 ln(2p / (p + q)) + q/2 ln(2q / (p + q))     natural logarithm; in [0, ln 2]
//! ```
//!
//! **PSI** (population stability index): neighbouring bins are merged into [`Params::groups`] groups of about equal
//! reference count: a group ends with the first bin up to which k / groups of the reference lie, k = 1, 2, ...; the
//! outermost ones reach to infinity. A bin with more than 1 / groups of the reference makes fewer groups
//! ([`Report::groups`] says how many), and where one is left PSI is 0 whatever happens (`DEGENERATE`). A share is
//! count / n, or 1 / (2 n) of an empty group; a group that is empty on both sides adds nothing. 0 groups: every bin is
//! one. That 0.1 is a small and 0.25 a large PSI is a convention of credit scoring, no more: without any change it
//! is (groups - 1) (1/n + 1/m) on average for independent pixels, and neighbours in a frame are not independent.
//!
//! **Bounds**: histograms know F and G at the edges of bins. Inside a bin both may rise anywhere, which gives the least
//! and the greatest `ks` and `wasserstein` of any scores in these bins; the exact ones lie between. `ks` itself is that
//! at the edges; `wasserstein` itself takes scores as spread evenly over their bin. For integers bins are points, and
//! nothing is lost. Bins of one width leave at most two widths between the bounds of `wasserstein`. Bounds are moved
//! outward by more than all roundings.
//!
//! - **Open bins**: the first and last bin of `Linear` and `Thresholds` have one finite edge; where one is
//!   not empty `wasserstein_hi` is infinite unless [`Params::range`] says where the scores end; `wasserstein` takes its
//!   pixels as lying on that edge. `Key` has none (of 8 bits: those from 2^127 on).
//! - **Infinite scores** have bins of their own in `Key` from 9 bits on: `wasserstein` is infinite where their shares
//!   differ (`NOT_FINITE`), and equal shares cost nothing.
//! - `Thresholds` are thresholds of a sigmoid, but edges and `wasserstein` are those of the score, the logit.
//!
//! `jensen_shannon` is over bins, at most that of the scores themselves (binning brings distributions nearer, never
//! apart: the data processing inequality); for all one knows that is ln 2. Its square root is a distance. Without
//! change it is about (bins that are not empty - 1) (1/n + 1/m) / 8.
//!
//! **Edges**: a histogram without pixels: values NaN (`EMPTY`). NaN scores are counted, and belong to no bin
//! (`NOT_FINITE`). `COARSE`: the bounds of `ks` are more than 0.01 apart.
//!
//! **Accuracy**: counts are integers, differences of shares exact, for any counts up to 2^63 - 1; `ks` is rounded three
//! times, the sums are of terms that are not negative, each within 3e-15 of itself, or 2e-14 of `jensen_shannon` (where
//! its two logarithms nearly cancel).
//!
//! **cuvis-ai**: has no such node. Emits `drift/psi`, `drift/ks`, ..., names of hyla. Stages: any.
//!
//! **Speed**: linear in the bins, whatever the number of pixels.
//!
//! Formula: N. Siddiqi, Credit Risk Scorecards (2006), and B. Yurdakul, Statistical Properties of Population Stability
//! Index (2018); S. S. Vallender, Calculation of the Wasserstein distance between probability distributions on
//! the line (1974); J. Lin, Divergence measures based on the Shannon entropy (1991).

mod distances;

use super::Metric;
use super::ranking::{Binning, Histograms, MOST_BINS};
use crate::error::{Error, Notices};
use crate::math::double::{from_integer, ln_of_contrast};

/// How histograms are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// How many groups PSI is formed over, at most 2^16; 0: every bin.
    pub groups: u32,
    /// No score of either histogram lies outside: what a [`Range`](super::range::Range) of both knows.
    pub range: Option<[f32; 2]>,
}

impl Default for Params {
    /// 10 groups, as is usual; an unknown range.
    fn default() -> Self {
        Self { groups: 10, range: None }
    }
}

/// The pixels of one histogram. A share of nothing is NaN.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Side {
    /// How many pixels have a number for a score.
    pub pixels: i64,
    /// How many have a NaN.
    pub nan: i64,
    /// How many were masked.
    pub masked: i64,
    /// How many lie in the lowest bin that a score can have: that of minus infinity.
    pub lowest: i64,
    /// How many lie in the highest one: that of infinity.
    pub highest: i64,
    /// `nan` of all that are not masked.
    pub nan_share: f64,
    /// `masked` of all.
    pub masked_share: f64,
    /// `lowest` of `pixels`.
    pub lowest_share: f64,
    /// `highest` of `pixels`.
    pub highest_share: f64,
}

/// How far two histograms are apart.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Report {
    /// The population stability index.
    pub psi: f64,
    /// The statistic of Kolmogorov and Smirnov at the edges of bins.
    pub ks: f64,
    /// The exact one is not below this.
    pub ks_lo: f64,
    /// The exact one is not above this.
    pub ks_hi: f64,
    /// Wasserstein-1 of scores that are spread evenly over their bin.
    pub wasserstein: f64,
    /// The exact one is not below this.
    pub wasserstein_lo: f64,
    /// The exact one is not above this.
    pub wasserstein_hi: f64,
    /// The divergence of Jensen and Shannon over the bins.
    pub jensen_shannon: f64,
    /// The pixels of now.
    pub now: Side,
    /// The pixels of the reference.
    pub reference: Side,
    /// How many groups PSI was formed over.
    pub groups: i64,
    /// 0. Room for later.
    pub reserved: i64,
}

/// Bounds of Kolmogorov and Smirnov further apart than this are worth a notice.
const COARSE: f64 = 0.01;

/// Compares histograms with those of a reference.
///
/// # Errors
/// More than 2^16 groups ([`Error::Binning`]), a range that the scores do not lie in ([`Error::RangeMissing`]), too few
/// words, scores of another binning among them.
pub fn values(
    params: &Params,
    binning: &Binning,
    reference: &[i64],
    words: &[i64],
) -> Result<(Report, Notices), Error> {
    let reference = Histograms::new(binning, reference)?;
    let now = Histograms::new(binning, words)?;
    if params.groups > MOST_BINS {
        return Err(Error::Binning);
    }
    let mut report = Report { now: side(&now), reference: side(&reference), ..Report::default() };
    let (n, m) = (report.now.pixels, report.reference.pixels);
    let pair = HistogramPair { now, reference, n, m };
    let range = params.range.unwrap_or([f32::NEG_INFINITY, f32::INFINITY]);
    pair.check(range)?;
    if n == 0 || m == 0 {
        report.psi = f64::NAN;
        (report.ks, report.ks_lo, report.ks_hi) = (f64::NAN, f64::NAN, f64::NAN);
        let nothing = (f64::NAN, f64::NAN, f64::NAN);
        (report.wasserstein, report.wasserstein_lo, report.wasserstein_hi) = nothing;
        report.jensen_shannon = f64::NAN;
    } else {
        pair.add_distances(range, &mut report);
        pair.add_psi(params.groups, &mut report);
    }
    Ok((report, report.notices()))
}

fn side(histograms: &Histograms) -> Side {
    let (anomalies, normal) = histograms.ranked;
    let (pixels, nan) = (anomalies + normal, histograms.nan_anomalies + histograms.nan_normal);
    let [lowest, highest] = [f32::NEG_INFINITY, f32::INFINITY].map(|score| in_bin(histograms, score));
    let counted = (pixels + nan) as f64;
    Side {
        pixels,
        nan,
        masked: histograms.masked,
        lowest,
        highest,
        nan_share: nan as f64 / counted,
        masked_share: histograms.masked as f64 / (counted + histograms.masked as f64),
        lowest_share: lowest as f64 / pixels as f64,
        highest_share: highest as f64 / pixels as f64,
    }
}

/// How many pixels lie in the bin of a score.
#[inline(never)]
fn in_bin(histograms: &Histograms, score: f32) -> i64 {
    let bin = histograms.binning.bin(score);
    let of = |counts: &[i64]| counts.get(bin).copied().unwrap_or(0);
    of(histograms.anomalies) + of(histograms.normal)
}

/// Two histograms, and how many pixels they have. Shares have n m for their denominator, which is below 2^126.
struct HistogramPair<'a> {
    now: Histograms<'a>,
    reference: Histograms<'a>,
    n: i64,
    m: i64,
}

/// What a bin holds of both.
struct BinPair {
    index: usize,
    now: i64,
    reference: i64,
}

impl HistogramPair<'_> {
    /// The bins that are not empty on both sides, from the lowest score up.
    #[inline(always)]
    fn bins(&self) -> impl Iterator<Item = BinPair> {
        let now = self.now.anomalies.iter().zip(self.now.normal);
        let reference = self.reference.anomalies.iter().zip(self.reference.normal);
        let bins = now.zip(reference).enumerate();
        bins.map(|(index, (now, reference))| BinPair {
            index,
            now: now.0 + now.1,
            reference: reference.0 + reference.1,
        })
        .filter(|bin| bin.now | bin.reference != 0)
    }

    /// Checks that all bins lie in a range.
    #[inline(never)]
    fn check(&self, [low, high]: [f32; 2]) -> Result<(), Error> {
        let binning = self.now.binning;
        let range = binning.bin(low)..=binning.bin(high);
        let inside = self.bins().all(|bin| range.contains(&bin.index));
        if low <= high && inside { Ok(()) } else { Err(Error::RangeMissing) }
    }

    /// The numerators of two shares, of pixels of now and of the reference. Their denominator is n m.
    fn over_denominator(&self, now: i64, reference: i64) -> (i128, i128) {
        (i128::from(now) * i128::from(self.m), i128::from(reference) * i128::from(self.n))
    }

    fn denominator(&self) -> f64 {
        from_integer(self.over_denominator(self.n, 0).0.unsigned_abs())
    }

    #[inline(never)]
    fn add_psi(&self, groups: u32, report: &mut Report) {
        let (mut psi, mut count) = (0.0, 0);
        let (mut now, mut reference) = (0, 0);
        let (mut below, mut passed) = (0, 0);
        for bin in self.bins() {
            now += bin.now;
            reference += bin.reference;
            below += bin.reference;
            let parts = self.parts(below, groups);
            // What lies above all of the reference belongs to the last group.
            let ends = groups == 0 || (parts > passed && below < self.m);
            passed = parts;
            if ends {
                psi += self.psi_of(now, reference);
                count += 1;
                (now, reference) = (0, 0);
            }
        }
        if now != 0 || reference != 0 {
            psi += self.psi_of(now, reference);
            count += 1;
        }
        (report.psi, report.groups) = (psi, count);
    }

    /// The reference is divided into equal parts. Returns how many of these its first `pixels` pixels fill, rounded
    /// down.
    fn parts(&self, pixels: i64, parts: u32) -> i64 {
        let wanted = i128::from(pixels) * i128::from(parts);
        // This is off by less than one.
        let near = (pixels as f64 * f64::from(parts) / self.m as f64) as i64;
        let above = |parts: i64| i128::from(parts) * i128::from(self.m) > wanted;
        near + i64::from(!above(near + 1)) - i64::from(above(near))
    }

    /// `(a - b) ln(a / b)` of a group. The denominator of shares is 2 n m here, because of the half pixels.
    #[inline(never)]
    fn psi_of(&self, now: i64, reference: i64) -> f64 {
        let (a, b) = self.over_denominator(now, reference);
        let a = (2 * a).max(self.m.into()).unsigned_abs();
        let b = (2 * b).max(self.n.into()).unsigned_abs();
        let (larger, smaller) = (a.max(b), a.min(b));
        let difference = from_integer(larger - smaller);
        let ratio = from_integer(larger) / from_integer(smaller);
        let logarithm = ln_of_contrast(difference / from_integer(larger + smaller), ratio);
        0.5 * difference / self.denominator() * logarithm
    }
}

impl Report {
    fn is_empty(&self) -> bool {
        self.now.pixels == 0 || self.reference.pixels == 0
    }

    /// What is special about all values together.
    pub fn notices(&self) -> Notices {
        self.common() | self.of_psi() | self.of_ks() | self.of_wasserstein()
    }

    fn common(&self) -> Notices {
        let nan = self.now.nan != 0 || self.reference.nan != 0;
        Notices::EMPTY.when(self.is_empty()) | Notices::NOT_FINITE.when(nan)
    }

    fn of_psi(&self) -> Notices {
        Notices::DEGENERATE.when(self.groups == 1)
    }

    fn of_ks(&self) -> Notices {
        Notices::COARSE.when(self.ks_hi - self.ks_lo > COARSE)
    }

    fn of_wasserstein(&self) -> Notices {
        Notices::NOT_FINITE.when(self.wasserstein == f64::INFINITY)
    }

    /// The values under names of the kind that cuvis-ai's nodes emit.
    pub fn metrics(&self) -> [Metric; 12] {
        let metric = |name, value, notices| Metric { name, value, notices: self.common() | notices };
        let (ks, wasserstein) = (self.of_ks(), self.of_wasserstein());
        let none = Notices::NONE;
        [
            metric("drift/psi", self.psi, self.of_psi()),
            metric("drift/ks", self.ks, ks),
            metric("drift/ks_lo", self.ks_lo, ks),
            metric("drift/ks_hi", self.ks_hi, ks),
            metric("drift/wasserstein", self.wasserstein, wasserstein),
            metric("drift/wasserstein_lo", self.wasserstein_lo, wasserstein),
            metric("drift/wasserstein_hi", self.wasserstein_hi, wasserstein),
            metric("drift/jensen_shannon", self.jensen_shannon, none),
            metric("drift/nan_share", self.now.nan_share, none),
            metric("drift/masked_share", self.now.masked_share, none),
            metric("drift/lowest_share", self.now.lowest_share, none),
            metric("drift/highest_share", self.now.highest_share, none),
        ]
    }
}
