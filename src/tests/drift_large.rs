//! Drift: distances and their bounds of as many pixels as the words can count, against rational numbers.

use super::naive::brackets::{BITS, Bracket, fraction, logarithm, scaled};
use super::ranking::table;
use super::ranking_large::{Counts, count, counts_of, fill};
use crate::metric::drift::{Params, Report, values};
use crate::metric::ranking::{Binning, Rule};
use num_bigint::BigInt;
use num_traits::{Signed, Zero};
use proptest::prelude::*;
use std::vec::Vec;

const RULES: [Rule; 6] = [
    Rule::Key { bits: 8 },
    Rule::Key { bits: 12 },
    Rule::Linear { low: -4.0, high: 4.0, bins: 100 },
    Rule::Thresholds { count: 200 },
    Rule::Bytes,
    Rule::Words,
];

/// How far the sums may be from the true ones, in units of 2^-53 of these: what a term is at most, and the additions.
/// Of the divergence, x ln x of 1.25 and of 0.75 are off by 8.7 together where they leave 0.063 of each other.
const JENSEN_SHANNON: f64 = 150.0;
/// `ln` of a ratio of 9/7: 3 of its 0.25 by the ratio, 4 of its own; and 5 for the factors.
const PSI: f64 = 30.0;

/// No score lies beyond.
const RANGE: [f32; 2] = [-1e6, 1e6];

/// What a bin holds: its least and its greatest score over `2^BITS`, and shares of now and of the reference over n m.
struct Bin {
    ends: [BigInt; 2],
    shares: [BigInt; 2],
}

/// Any float, over `2^BITS`.
fn signed(score: f32) -> BigInt {
    let size = scaled(f64::from(score.abs()));
    if score < 0.0 { -size } else { size }
}

fn bins(binning: &Binning, [now, reference]: [&Counts; 2], [n, m]: [&BigInt; 2]) -> Vec<Bin> {
    let mut all: Vec<usize> = now.keys().chain(reference.keys()).copied().collect();
    all.sort_unstable();
    all.dedup();
    let of = |counts: &Counts, bin: &usize| counts.get(bin).map_or(0, |[a, b]| a + b);
    let bin = |bin: &usize| {
        let low = binning.lowest(*bin);
        let high = if binning.is_exact() {
            low
        } else if bin + 1 < binning.bins() {
            // (The place below 0 is that of -0, which no score has.)
            let next = binning.lowest(bin + 1);
            if next == 0.0 { 0.0 } else { next.next_down() }
        } else {
            f32::INFINITY
        };
        let ends = [low, high].map(|end| signed(end.clamp(RANGE[0], RANGE[1])));
        Bin { ends, shares: [m * of(now, bin), n * of(reference, bin)] }
    };
    all.iter().map(bin).filter(|bin| !bin.shares.iter().all(Zero::is_zero)).collect()
}

/// Where the scores of a bin lie: at its ends, or between.
#[derive(Clone, Copy, Debug)]
enum Place {
    NowFirst,
    ReferenceFirst,
    /// Both at the start, to where F and G are nearest; the rest at the end.
    Nearest,
    /// So many parts of 256 of each side at the start, and as many in the middle.
    Spread([u8; 4]),
}

/// The greatest |F - G|, and the integral of it, over n m and `2^BITS` n m.
struct Distances {
    ks: BigInt,
    wasserstein: BigInt,
}

/// Pixels that lie at the start, in the middle and at the end of a bin.
fn points(bin: &Bin, place: Place, apart: &BigInt) -> [[BigInt; 2]; 3] {
    let zero = BigInt::zero;
    let [now, reference] = bin.shares.clone();
    match place {
        Place::NowFirst => [[now, zero()], [zero(), zero()], [zero(), reference]],
        Place::ReferenceFirst => [[zero(), reference], [zero(), zero()], [now, zero()]],
        Place::Nearest => {
            let up = now.clone().min((-apart).max(zero()));
            let down = reference.clone().min(apart.clone().max(zero()));
            let rest = [now - &up, reference - &down];
            [[up, down], [zero(), zero()], rest]
        }
        Place::Spread([a, b, c, d]) => {
            let first = [(&now * a) >> 8, (&reference * b) >> 8];
            let middle = [((&now - &first[0]) * c) >> 8, ((&reference - &first[1]) * d) >> 8];
            let last = [now - &first[0] - &middle[0], reference - &first[1] - &middle[1]];
            [first, middle, last]
        }
    }
}

/// The distances of scores that lie so: each point moves F - G, and the way to the next one counts.
fn distances(bins: &[Bin], mut place: impl FnMut(&Bin, &BigInt) -> Place) -> Distances {
    let (mut ks, mut wasserstein, mut apart) = (BigInt::zero(), BigInt::zero(), BigInt::zero());
    let mut at: Option<BigInt> = None;
    for bin in bins {
        let [first, last] = &bin.ends;
        let scores = [first.clone(), (first + last) >> 1, last.clone()];
        let placed = points(bin, place(bin, &apart), &apart);
        for (number, (score, [up, down])) in scores.iter().zip(placed).enumerate() {
            if let Some(before) = at.replace(score.clone()) {
                wasserstein += apart.abs() * (score - before);
            }
            apart += up - down;
            // Where all scores are equal there is nothing between them.
            if first < last || number == 2 {
                ks = ks.max(apart.abs());
            }
        }
    }
    assert!(apart.is_zero());
    Distances { ks, wasserstein }
}

/// The place of a bin that makes its part of the distance greatest.
fn furthest(bin: &Bin, apart: &BigInt) -> Place {
    let [now, reference] = &bin.shares;
    if apart + now > reference - apart { Place::NowFirst } else { Place::ReferenceFirst }
}

fn not_above(bound: f64, whole: &BigInt, value: &BigInt) -> bool {
    scaled(bound) * whole <= *value
}

fn not_below(bound: f64, whole: &BigInt, value: &BigInt) -> bool {
    scaled(bound) * whole >= *value
}

/// Bounds hold the distances of scores that lie so.
fn check_inside(found: &Report, distances: &Distances, whole: &BigInt) {
    let ks: BigInt = &distances.ks << BITS;
    assert!(not_above(found.ks_lo, whole, &ks) && not_below(found.ks_hi, whole, &ks), "{found:?}");
    let wasserstein = &distances.wasserstein;
    assert!(not_above(found.wasserstein_lo, whole, wasserstein), "{found:?}");
    assert!(not_below(found.wasserstein_hi, whole, wasserstein), "{found:?}");
}

/// `(a - b) ln(a / b)` of counts over n and m, an empty one as half a pixel.
fn psi_of([a, b]: [&BigInt; 2], [n, m]: [&BigInt; 2]) -> Bracket {
    if a.is_zero() && b.is_zero() {
        return Bracket::zero();
    }
    let [a, b]: [BigInt; 2] = [2 * a * m, 2 * b * n];
    let (a, b) = (a.max(m.clone()), b.max(n.clone()));
    let (larger, smaller) = (a.clone().max(b.clone()), a.min(b));
    logarithm(&larger, &smaller).times(&(larger - smaller)).over(&(2 * n * m))
}

/// The divergence of one bin, over n m.
fn divergence_of([p, q]: [&BigInt; 2]) -> Bracket {
    let (larger, smaller) = (p.max(q), p.min(q));
    let sum = p + q;
    let above = logarithm(&(2 * larger), &sum).times(larger);
    if smaller.is_zero() {
        return above.over(&2.into());
    }
    (above - logarithm(&sum, &(2 * smaller)).times(smaller)).over(&2.into())
}

/// Relative to the true value, in units of 2^-53.
fn roundings(found: f64, expected: &Bracket) -> f64 {
    let off = BigInt::from((scaled(found) - &expected.low).magnitude().clone());
    if expected.high < BigInt::from(1) << 64 {
        return 0.0;
    }
    let shared: BigInt = (off << 63) / &expected.high;
    i64::try_from(&shared).unwrap_or(i64::MAX) as f64 / 1024.0
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn distances_hold_for_any_counts(
        rule in prop::sample::select(&RULES),
        items in proptest::collection::vec(
            (any::<prop::sample::Index>(), [count(), count()], [count(), count()], 0_u8..3),
            1..7,
        ),
        parts in proptest::collection::vec(any::<[u8; 4]>(), 8),
    ) {
        let mut table = table(rule);
        let binning = Binning::new(rule, &mut table).unwrap();
        // Scores within the range; like counts on both sides in a third of the bins, but for a few pixels.
        let keep = |counts: Counts| -> Counts {
            if binning.is_exact() {
                return counts;
            }
            let range = RANGE.map(|end| binning.bin(end));
            counts.into_iter().filter(|(bin, _)| (range[0]..=range[1]).contains(bin)).collect()
        };
        let now: Vec<_> = items.iter().map(|item| (item.0, item.1)).collect();
        let reference: Vec<_> = items.iter().map(|item| {
            (item.0, if item.3 == 0 { item.1.map(|count| count - count.min(1)) } else { item.2 })
        }).collect();
        let [now, reference] = [now, reference].map(|side| keep(counts_of(&binning, &side)));
        let whole = |counts: &Counts| counts.values().flatten().map(|count| BigInt::from(*count)).sum::<BigInt>();
        let [n, m] = [whole(&now), whole(&reference)];
        prop_assume!(!n.is_zero() && !m.is_zero());
        let words = [&now, &reference].map(|counts| fill(&binning, counts));
        let params = Params { groups: 0, range: Some(RANGE) };
        let params = if binning.is_exact() { Params { range: None, ..params } } else { params };
        let (found, _) = values(&params, &binning, &words[1], &words[0]).unwrap();

        let bins = bins(&binning, [&now, &reference], [&n, &m]);
        let whole = &n * &m;
        let (least, most) = (distances(&bins, |_, _| Place::Nearest), distances(&bins, furthest));
        check_inside(&found, &least, &whole);
        check_inside(&found, &most, &whole);
        let mut parts = parts.iter().cycle();
        check_inside(&found, &distances(&bins, |_, _| Place::Spread(*parts.next().unwrap())), &whole);
        // Bounds are those of scores at the ends of bins, but for what the roundings move, twice at most.
        let moved = |value: &BigInt| (value * (4 * (2 * bins.len() + 16))) >> 53;
        let (lo, hi) = (scaled(found.wasserstein_lo) * &whole, scaled(found.wasserstein_hi) * &whole);
        prop_assert!(lo >= &least.wasserstein - moved(&least.wasserstein), "{:?}", found);
        prop_assert!(hi <= &most.wasserstein + moved(&most.wasserstein), "{:?}", found);
        let furthest: BigInt = &most.ks << BITS;
        prop_assert!(scaled(found.ks_hi) * &whole <= &furthest + moved(&furthest), "{:?}", found);

        let mut divergence = Bracket::zero();
        for bin in &bins {
            let [a, b] = &bin.shares;
            divergence = divergence + divergence_of([a, b]);
        }
        let divergence = divergence.over(&whole);
        let off = roundings(found.jensen_shannon, &divergence);
        prop_assert!(off <= JENSEN_SHANNON, "{} of {:?}", off, found);
        let mut psi = Bracket::zero();
        for bin in &bins {
            psi = psi + psi_of([&(&bin.shares[0] / &m), &(&bin.shares[1] / &n)], [&n, &m]);
        }
        let off = roundings(found.psi, &psi);
        prop_assert!(off <= PSI, "{} of {:?}", off, found);
        // At the edges of bins F - G is exact.
        let mut apart = BigInt::zero();
        let at_edges = bins.iter().map(|bin| {
            apart += &bin.shares[0] - &bin.shares[1];
            apart.abs()
        });
        let off = roundings(found.ks, &fraction(&at_edges.max().unwrap(), &whole));
        prop_assert!(off <= 3.01, "{} of {:?}", off, found);
    }
}
