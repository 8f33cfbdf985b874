//! Kolmogorov-Smirnov, Wasserstein-1 and Jensen-Shannon of two histograms, with bounds from the edges of bins.
//!
//! D = F - G is known behind every bin. Over a bin of width w, of shares f and g, that begins with D:
//!
//! ```text
//! |F - G| is at most     max(D + f, g - D)          one side rises at its start, the other at its end
//! |F - G| is at least    max(0, D - g, -D - f)      both rise at its start, to where they are nearest
//! wasserstein            that times w, in the middle the integral of |D| along a line; between bins |D| times the gap
//! ```

use super::{BinPair, HistogramPair, Report};
use crate::math::double::{from_integer, ln};
use crate::math::order::{self, at_least, at_most};
use crate::metric::ranking::Binning;

impl HistogramPair<'_> {
    #[inline(never)]
    pub(super) fn add_distances(&self, [least, greatest]: [f32; 2], report: &mut Report) {
        let binning = self.now.binning;
        let [least, greatest] = [f64::from(least), f64::from(greatest)];
        let (mut at_edges, mut inside) = (0, 0);
        let (mut low, mut spread, mut high, mut divergence) = (0.0, 0.0, 0.0, 0.0);
        // F - G behind the last bin, where that bin ended, and the next bin with its least score.
        let (mut apart, mut end) = (0_i128, f64::NEG_INFINITY);
        let mut next = (binning.bins(), f32::INFINITY);
        let mut terms = 0;
        for BinPair { index, now, reference } in self.bins() {
            let (up, down) = self.over_denominator(now, reference);
            let start = if next.0 == index { next.1 } else { binning.lowest(index) };
            next = (index + 1, lowest_behind(binning, index));
            let (first, last) = ends(binning, index, start, next.1);
            let (first, last) = if first < last {
                let within = |score| at_most(at_least(score, least), greatest);
                (within(first), within(last))
            } else {
                (first, last)
            };
            let before = from_integer(apart.unsigned_abs());
            if apart != 0 && first > end {
                let gap = before * (first - end);
                (low, spread, high) = (low + gap, spread + gap, high + gap);
            }
            // Furthest apart: one side rises at once, the other at the end. Nearest: both rise at the start, to where
            // they are nearest.
            let furthest = (apart + up).max(down - apart).unsigned_abs();
            let nearest = (apart - down).max(-apart - up).max(0).unsigned_abs();
            let sign = apart.signum();
            apart += up - down;
            let crosses = sign != 0 && sign == -apart.signum();
            at_edges = apart.unsigned_abs().max(at_edges);
            if first < last {
                let width = last - first;
                inside = furthest.max(inside);
                high += from_integer(furthest) * width;
                if nearest != 0 {
                    low += from_integer(nearest) * width;
                }
                if width < f64::INFINITY {
                    let after = from_integer(apart.unsigned_abs());
                    let sum = before + after;
                    let twice = if crosses { (before * before + after * after) / sum } else { sum };
                    spread += 0.5 * twice * width;
                }
            }
            divergence += divergence_of(up.unsigned_abs(), down.unsigned_abs());
            end = last;
            terms += 2;
        }
        let whole = self.denominator();
        report.ks = from_integer(at_edges) / whole;
        (report.ks_lo, report.ks_hi) = outward(report.ks, from_integer(inside.max(at_edges)) / whole, 0);
        report.ks_hi = at_most(report.ks_hi, 1.0);
        let bounds = outward(low / whole, high / whole, terms);
        (report.wasserstein_lo, report.wasserstein_hi) = bounds;
        report.wasserstein = at_most(at_least(spread / whole, bounds.0), bounds.1);
        report.jensen_shannon = at_most(divergence / whole, core::f64::consts::LN_2);
    }
}

/// The least score behind a bin; infinity behind the last one.
fn lowest_behind(binning: &Binning, bin: usize) -> f32 {
    if bin + 1 < binning.bins() { binning.lowest(bin + 1) } else { f32::INFINITY }
}

/// The least and the greatest score of a bin, from its least one and that of the next bin.
fn ends(binning: &Binning, bin: usize, low: f32, next: f32) -> (f64, f64) {
    let last = if binning.is_exact() {
        low
    } else if bin + 1 == binning.bins() {
        f32::INFINITY
    } else {
        // (Some bins of `Key` hold infinity alone, or nothing at all, and have no lower score than the next.)
        at_least(order::float(order::key(next) - 1), low)
    };
    (f64::from(low), f64::from(last))
}

/// `p ln(2p / (p + q)) / 2 + q ln(2q / (p + q)) / 2`.
///
/// With `u = |p - q| / (p + q)` it is `(p + q) / 4 ((1 + u) ln(1 + u) + (1 - u) ln(1 - u))`, and the bracket for a
/// small u the sum of `u^2k / (k (2k - 1))`; what is left out from k = 15 on is below 2^-64 of it.
#[inline(never)]
fn divergence_of(p: u128, q: u128) -> f64 {
    let (larger, smaller) = (p.max(q), p.min(q));
    let sum = from_integer(p + q);
    let u = from_integer(larger - smaller) / sum;
    let bracket = if u > 0.25 {
        let [above, below] = [larger, smaller].map(|part| 2.0 * (from_integer(part) / sum));
        above * ln(above) + if smaller == 0 { 0.0 } else { below * ln(below) }
    } else {
        let square = u * u;
        let term = |k: u32| 1.0 / f64::from(k * (2 * k - 1));
        (1..15).rev().fold(0.0, |sum, k| (sum + term(k)) * square)
    };
    0.25 * sum * bracket
}

/// Bounds, moved outward by more than the roundings of sums of that many terms.
fn outward(low: f64, high: f64, terms: usize) -> (f64, f64) {
    let slack = (terms + 16) as f64 * f64::EPSILON;
    (low * (1.0 - slack), high * (1.0 + slack))
}
