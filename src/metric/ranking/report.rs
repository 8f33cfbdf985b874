//! Average precision, ROC-AUC and F1 of histograms, with bounds that hold whatever the order inside the bins is.
//!
//! Bins are walked from the highest score down: A anomalies and B normal pixels lie above a bin of p anomalies and
//! n normal pixels, P and N are all of them.
//!
//! ```text
//! average precision of one bin, times P:
//!     tied           p (A+p) / (A+p+B+n)                      torchmetrics' number
//!     at least       sum_(j=1..p) (A+j) / (A+j+B+n)           all normal pixels in front, none tied
//!     at most        p (A+p) / (A+p+B)                        all anomalies in front, tied
//!     interleaved    p (p/c + (A - p M/c)/c ln((M+c)/M))      c = p+n, M = A+B; p^2/c for M = 0
//! ROC-AUC, times P N:
//!     at least  sum p (N - B - n)      at most  that + sum p n      in the middle: a tie counts half
//! F1 at the lower edge of a bin   2 (A+p) / (P + A+p + B+n);      inside at most  2 (A+p) / (P + A+p + B)
//! ```
//!
//! (The j-th anomaly of a bin has a precision of at least `(A+j)/(A+j+B+n)` and at most `(A+p)/(A+p+B)`, both of
//! which occur.) Where a bin has one score there is nothing to order: all of it is tied.
//!
//! All bounds are moved outward by more than all roundings, also where every bin has one score. They are counted here
//! for any counts up to 2^63 - 1: an integer is rounded once where it becomes an `f64` (sums and differences of counts
//! are those of integers), and so is each result of an operation, by e = 2^-53 of itself at most.
//!
//! ```text
//! precision, F1       3     two integers, the quotient
//! tied, at most       5     that, p and the product
//! at least            66    for up to 64 anomalies: a precision and 63 additions; for more see `Bin::least`
//! average precision   t+69  for t bins: the worst term, t - 1 additions, P, the quotient, and 2 of `outward`
//! ROC-AUC             5     two integers, the quotient, and 2 of `outward`; F1 likewise
//! ```
//!
//! No term is negative, so these roundings are relative to the value; [`outward`] moves it by 2 (t + 64) e of itself.
//! (With the most bins, 2^16, squares of t e are below a millionth of e.) Values that are no bounds, `f1_max` among
//! them, are not moved.

use super::{Bin, Binning, Histograms};
use crate::error::{Error, Notices};
use crate::math::double::{from_integer, ln_of_growth};
use crate::math::order::{at_least, at_most};

/// Up to so many anomalies in a bin, the lower bound of the bin is a sum of as many terms. With more it is an integral.
const FEW: i64 = 64;

/// What the histograms say. A bound holds for the exact scores, of which the histograms know the bins.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Report {
    /// Average precision with each bin as one tie: torchmetrics' value. 0 without anomalies.
    pub average_precision: f64,
    /// The exact one is not below this.
    pub average_precision_lo: f64,
    /// The exact one is not above this.
    pub average_precision_hi: f64,
    /// An estimate between the bounds: anomalies spread evenly among the normal pixels of their bin.
    pub average_precision_interleaved: f64,
    /// The area under the ROC curve with each bin as one tie. NaN without anomalies or without normal pixels.
    pub roc_auc: f64,
    /// The exact one is not below this.
    pub roc_auc_lo: f64,
    /// The exact one is not above this.
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

/// Bounds of average precision further apart than this are worth a notice.
const COARSE: f64 = 0.01;

/// The values of histograms, and what is special about them: `COARSE` where the bounds of average precision are
/// more than 0.01 apart.
///
/// # Errors
/// Too few words, scores of another binning among them.
pub fn report(binning: &Binning, words: &[i64]) -> Result<(Report, Notices), Error> {
    let histograms = Histograms::new(binning, words)?;
    let mut report = Report::default();
    let notices = histograms.report(&mut report);
    Ok((report, notices))
}

impl Histograms<'_> {
    /// The same in place: a report is large where stack is scarce.
    pub(crate) fn report(&self, report: &mut Report) -> Notices {
        let (anomalies, normal) = self.ranked;
        *report = Report {
            anomalies,
            normal,
            nan_anomalies: self.nan_anomalies,
            nan_normal: self.nan_normal,
            masked: self.masked,
            f1_max_threshold: f64::NAN,
            ..Report::default()
        };
        add_average_precision(self, report);
        add_roc_auc(self, report);
        add_f1(self, report);
        let width = report.average_precision_hi - report.average_precision_lo;
        self.notices() | Notices::COARSE.when(width > COARSE)
    }
}

/// More than all roundings of a sum of that many terms, relative to the sum: each addition rounds by half an epsilon at
/// most, those of the terms are up to [`FEW`], and a few operations come with each.
fn slack(terms: usize) -> f64 {
    (terms + FEW as usize) as f64 * f64::EPSILON
}

/// Bounds of a share, moved outward.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn outward(low: f64, high: f64, terms: usize) -> (f64, f64) {
    let slack = slack(terms);
    (at_least(low * (1.0 - slack), 0.0), at_most(high * (1.0 + slack), 1.0))
}

#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn add_average_precision(histograms: &Histograms, report: &mut Report) {
    if report.anomalies == 0 {
        return;
    }
    let is_exact = histograms.binning.is_exact();
    let (mut sums, mut terms) = ([0.0; 4], 0);
    for bin in histograms.descending().filter(|bin| bin.anomalies != 0) {
        let [hits, misses] = bin.with_above();
        let found = bin.anomalies as f64;
        // The quotient comes first: it is not above 1, so that the sum is not above the number of anomalies.
        let tied = found * precision(hits, misses);
        let of_bin = if is_exact {
            [tied; 4]
        } else {
            let most = found * precision(hits, bin.normal_above);
            [tied, bin.least(), most, bin.interleaved()]
        };
        for (sum, term) in sums.iter_mut().zip(of_bin) {
            *sum += term;
        }
        terms += 1;
    }
    let all = report.anomalies as f64;
    let [tied, least, most, interleaved] = sums.map(|sum| sum / all);
    report.average_precision = tied;
    let (low, high) = outward(least, most, terms);
    (report.average_precision_lo, report.average_precision_hi) = (low, high);
    // This is an integral over the bin, which may be outside of the bounds if the bin has few anomalies.
    report.average_precision_interleaved = at_most(at_least(interleaved, low), high);
}

/// The share of hits.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn precision(hits: i64, misses: i64) -> f64 {
    hits as f64 / (hits + misses) as f64
}

impl Bin {
    /// The least sum of the precisions of its anomalies.
    ///
    /// That of many is p - Q ln((F + p) / F), of Q = B + n and F = M + 1/2. As Q is not above F, the product is not
    /// above p. With each rounding (see above), in units of e p:
    ///
    /// ```text
    /// F 2     F + p  3     u = p / (F + p + F)  1 + 4 + 1
    /// u <= 1/8   ln = 2 atanh(u)       u 6.1, series 1.1, product 1; Q, product 2                       11
    /// u > 1/8    ln((F + p) / F)       sum and quotient 2 Q, which is below 7 p; p and F 3, as they change
    ///                                  ln(1 + p / F) by less than p / (F + p); `ln` 4; Q, product 2     16
    /// p - product - margin             p, two differences                                               3
    /// ```
    ///
    /// So 19 at most, where 32 are taken off.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn least(&self) -> f64 {
        let [_, misses] = self.with_above();
        if self.anomalies <= FEW {
            return (1..=self.anomalies).map(|j| precision(self.anomalies_above + j, misses)).sum();
        }
        // sum_j 1 - Q / (M + j) with M = A + B + n. As 1/x is convex, 1/(M + j) is at most its integral over the
        // unit around M + j.
        let from = (self.anomalies_above + misses) as f64 + 0.5;
        let count = self.anomalies as f64;
        let bound = count - misses as f64 * ln_of_growth(from, count);
        // Both numbers are up to `count`, and their difference may be small.
        at_least(bound - 16.0 * f64::EPSILON * count, 0.0)
    }

    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn interleaved(&self) -> f64 {
        let [count, above] = [(self.anomalies + self.normal) as f64, (self.anomalies_above + self.normal_above) as f64];
        let share = precision(self.anomalies, self.normal);
        let lead = if above == 0.0 {
            0.0
        } else {
            let lead = (self.anomalies_above as f64 - share * above) / count;
            lead * ln_of_growth(above, count)
        };
        self.anomalies as f64 * (share + lead)
    }
}

/// Pairs of counts below 2^63 stay below 2^126, and twice that below 2^127.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn pairs(anomalies: i64, normal: i64) -> u128 {
    anomalies as u128 * normal as u128
}

#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn add_roc_auc(histograms: &Histograms, report: &mut Report) {
    if report.anomalies == 0 || report.normal == 0 {
        (report.roc_auc, report.roc_auc_lo, report.roc_auc_hi) = (f64::NAN, f64::NAN, f64::NAN);
        return;
    }
    let (mut right, mut tied) = (0_u128, 0_u128);
    for bin in histograms.descending() {
        let [_, misses] = bin.with_above();
        right += pairs(bin.anomalies, report.normal - misses);
        tied += pairs(bin.anomalies, bin.normal);
    }
    let all = from_integer(pairs(report.anomalies, report.normal));
    report.roc_auc = from_integer(2 * right + tied) / all * 0.5;
    let (low, high) = if histograms.binning.is_exact() {
        (report.roc_auc, report.roc_auc)
    } else {
        (from_integer(right) / all, from_integer(right + tied) / all)
    };
    (report.roc_auc_lo, report.roc_auc_hi) = outward(low, high, 0);
}

#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn add_f1(histograms: &Histograms, report: &mut Report) {
    if report.anomalies == 0 {
        return;
    }
    let is_exact = histograms.binning.is_exact();
    let mut best = None;
    for bin in histograms.descending() {
        let [hits, misses] = bin.with_above();
        let at_edge = f1(report.anomalies, hits, misses);
        let inside = if is_exact { at_edge } else { f1(report.anomalies, hits, bin.normal_above) };
        report.f1_max_hi = at_least(inside, report.f1_max_hi);
        if at_edge > report.f1_max {
            report.f1_max = at_edge;
            best = Some(bin.index);
        }
    }
    (_, report.f1_max_hi) = outward(0.0, report.f1_max_hi, 0);
    if let Some(bin) = best {
        report.f1_max_threshold = f64::from(histograms.binning.lowest(bin));
    }
}

#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn f1(anomalies: i64, hits: i64, misses: i64) -> f64 {
    // All pixels are below 2^63, and anomalies count twice.
    let whole = (anomalies as u64).wrapping_add((hits + misses) as u64);
    2.0 * (hits as f64) / whole as f64
}
