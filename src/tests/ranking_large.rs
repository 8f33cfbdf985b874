//! Ranking: bounds of as many pixels as the words can count, against rational numbers.

use super::integers;
use super::naive::brackets::{Bracket, fraction, scaled};
use super::naive::orders::{Order, formula_of, least_of};
use super::ranking::table;
use crate::input::Pixels;
use crate::metric::ranking::{
    Binning, Point, Report, Rule, at, curve, quantile, report, threshold_for_false_positive_rate, update, words,
};
use num_bigint::BigInt;
use num_traits::Zero;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::vec;
use std::vec::Vec;

const RULES: [Rule; 7] = [
    Rule::Key { bits: 8 },
    Rule::Key { bits: 12 },
    Rule::Key { bits: 16 },
    Rule::Linear { low: -4.0, high: 4.0, bins: 100 },
    Rule::Thresholds { count: 200 },
    Rule::Bytes,
    Rule::Words,
];

/// How many anomalies and normal pixels lie in a bin.
pub(super) type Counts = BTreeMap<usize, [i64; 2]>;

/// Words of that many pixels: nobody has the time to add them one by one.
pub(super) fn fill(binning: &Binning, counts: &Counts) -> Vec<i64> {
    let mut words = vec![0; words(binning)];
    match binning.rule() {
        Rule::Bytes => update(binning, &integers(&[0_u8], None, None), &mut words),
        Rule::Words => update(binning, &integers(&[0_u16], None, None), &mut words),
        _ => update(binning, &Pixels { scores: &[0.0], ..Pixels::default() }, &mut words),
    }
    .unwrap();
    let footer = words.len() - 6;
    let hash = words[footer + 2];
    words.fill(0);
    let mut all = 0;
    for (bin, [anomalies, normal]) in counts {
        words[*bin] = *normal;
        words[binning.bins() + 1 + bin] = *anomalies;
        all += anomalies + normal;
    }
    (words[footer], words[footer + 2]) = (all, hash.wrapping_mul(all));
    words
}

/// A count of any size: near a power of two, anything between two of them, a few, or none.
pub(super) fn count() -> impl Strategy<Value = i64> {
    let power = |bits: u32| 1_i64 << bits;
    prop_oneof![
        (0_u32..=62, -2_i64..=2).prop_map(move |(bits, more)| (power(bits) + more).max(1)),
        (1_u32..=62, any::<i64>()).prop_map(move |(bits, any)| power(bits) | any & (power(bits) - 1)),
        1_i64..200,
        Just(0),
    ]
}

/// Counts of a few bins that scores can lie in, halved until the words can hold all.
pub(super) fn counts_of(binning: &Binning, items: &[(prop::sample::Index, [i64; 2])]) -> Counts {
    let mut counts = Counts::new();
    for (place, of_bin) in items {
        let bin = place.index(binning.bins());
        if binning.is_exact() || binning.bin(binning.lowest(bin)) == bin {
            counts.insert(bin, *of_bin);
        }
    }
    let all = |counts: &Counts| counts.values().flatten().map(|count| i128::from(*count)).sum();
    let mut sum: i128 = all(&counts);
    while sum > i128::from(i64::MAX) {
        counts.values_mut().flatten().for_each(|count| *count /= 2);
        sum = all(&counts);
    }
    counts
}

/// Values up to so many roundings of a double apart.
fn close(found: &BigInt, expected: &BigInt, roundings: u32) -> bool {
    BigInt::from((found - expected).magnitude().clone()) <= (expected * roundings) >> 53
}

/// All bounds hold the values of an order.
fn check_inside(order: &Order, found: &Report) {
    let anomalies = BigInt::from(found.anomalies);
    let precisions = order.precisions();
    assert!(scaled(found.average_precision_lo) * &anomalies <= precisions.low, "{found:?}");
    assert!(scaled(found.average_precision_hi) * &anomalies >= precisions.high, "{found:?}");
    assert!(scaled(found.f1_max_hi) >= order.f1().high, "{found:?}");
    let [right, pairs] = order.pairs();
    if pairs.is_zero() {
        assert!(found.roc_auc.is_nan() && found.roc_auc_lo.is_nan() && found.roc_auc_hi.is_nan());
    } else {
        let area = fraction(&right, &pairs);
        assert!(scaled(found.roc_auc_lo) <= area.low, "{found:?}");
        assert!(scaled(found.roc_auc_hi) >= area.high, "{found:?}");
    }
}

/// Bounds hold the least and the greatest values of any order, and are not further apart than roundings make them.
fn check(binning: &Binning, counts: &Counts) -> Report {
    let (found, _) = report(binning, &fill(binning, counts)).unwrap();
    let tied = Order(counts.values().rev().copied().filter(|bin| *bin != [0; 2]).collect());
    assert_eq!([found.anomalies, found.normal], tied.all());
    if found.anomalies == 0 {
        return found;
    }
    check_inside(&tied, &found);
    let anomalies = BigInt::from(found.anomalies);
    let precisions = tied.precisions();
    let terms = counts.len() as u32;
    assert!(close(&(scaled(found.average_precision) * &anomalies), &precisions.low, terms + 8));
    assert!(close(&scaled(found.f1_max), &tied.f1().low, 3));
    let [lo, hi] = [found.average_precision_lo, found.average_precision_hi];
    assert!(lo >= 0.0 && hi <= 1.0 && found.f1_max_hi <= 1.0, "{found:?}");
    if found.normal != 0 {
        assert!(found.roc_auc_lo >= 0.0 && found.roc_auc_hi <= 1.0, "{found:?}");
    }
    assert!((lo..=hi).contains(&found.average_precision_interleaved), "{found:?}");

    let (mut least, mut formula, mut most) = (Bracket::zero(), Bracket::zero(), Bracket::zero());
    let mut many = BigInt::zero();
    tied.for_each(|[found, normal], [hits, misses]| {
        least = least.clone() + least_of(hits, misses + normal, found);
        formula = formula.clone() + formula_of(hits, misses + normal, found);
        if found != 0 {
            let hits = BigInt::from(hits) + found;
            most = most.clone() + fraction(&(BigInt::from(found) * &hits), &(&hits + misses));
        }
        if found > 64 {
            many += found;
        }
    });
    if binning.is_exact() {
        (least, formula, most) = (precisions.clone(), precisions.clone(), precisions);
    }
    let [lo, hi] = [lo, hi].map(|bound| scaled(bound) * &anomalies);
    assert!(lo <= least.low, "{found:?} of {counts:?}");
    assert!(hi >= most.high || found.average_precision_hi == 1.0, "{found:?} of {counts:?}");
    // What the roundings of a sum of so many terms move, at most twice; 32 roundings more for logarithms.
    let moved = 4 * (terms + 64);
    let lost: BigInt = ((&formula.high * moved) >> 53) + ((scaled(1.0) * many * 40) >> 53);
    assert!(lo >= formula.low - lost, "{found:?} of {counts:?}");
    assert!(hi <= &most.high + ((&most.high * moved) >> 53), "{found:?} of {counts:?}");
    // Of pairs and F1 the bounds are those of the worst and the best order in each bin.
    let order = |first: usize| -> Order {
        let split = |tied: &[i64; 2]| {
            let mut parts = [[0; 2]; 2];
            (parts[0][first], parts[1][1 - first]) = (tied[first], tied[1 - first]);
            parts
        };
        Order(if binning.is_exact() { tied.0.clone() } else { tied.0.iter().flat_map(split).collect() })
    };
    let (best, worst) = (order(0), order(1));
    check_inside(&best, &found);
    check_inside(&worst, &found);
    let [f1, above] = [best.f1().high, scaled(found.f1_max_hi)];
    assert!(close(&above, &f1, moved), "{found:?} of {counts:?}");
    for (bound, order) in [(found.roc_auc_lo, worst), (found.roc_auc_hi, best)] {
        let [right, pairs] = order.pairs();
        let is_close = || close(&scaled(bound), &fraction(&right, &pairs).high, moved);
        assert!(pairs.is_zero() || is_close(), "{found:?} of {counts:?}");
    }
    found
}

/// Average precision of a bin of which some pixels lie in front of others.
fn refined(counts: &Counts, cuts: &[[u8; 2]]) -> Order {
    let mut order = Vec::new();
    let mut cuts = cuts.iter().cycle();
    for of_bin in counts.values().rev() {
        let mut left = *of_bin;
        for _ in 0..4 {
            let shares = *cuts.next().unwrap();
            let part = [0, 1].map(|label| match shares[label] {
                0..64 => 0,
                64..128 => left[label],
                128..160 => left[label].min(1),
                share => (i128::from(left[label]) * i128::from(share) / 256) as i64,
            });
            left = [left[0] - part[0], left[1] - part[1]];
            order.push(part);
        }
        order.push(left);
    }
    order.retain(|place| *place != [0; 2]);
    Order(order)
}

/// Curves, thresholds and quantiles are those of the counts.
fn check_points(binning: &Binning, counts: &Counts, rate: f64) {
    let words = fill(binning, counts);
    let tied = Order(counts.values().rev().copied().filter(|bin| *bin != [0; 2]).collect());
    let [anomalies, normal] = tied.all();
    let mut points = vec![Point::default(); counts.len()];
    let length = curve(binning, &words, &mut points).unwrap();
    assert_eq!(length, tied.0.len());
    let mut found = points.iter();
    tied.for_each(|now, above| {
        let point = found.next().unwrap();
        let [hits, misses] = [above[0] + now[0], above[1] + now[1]];
        assert_eq!([point.true_positives, point.false_positives], [hits, misses]);
        for (found, part, whole) in [
            (point.precision, hits, hits + misses),
            (point.recall, hits, anomalies),
            (point.false_positive_rate, misses, normal),
        ] {
            let expected = fraction(&part.into(), &whole.max(1).into());
            assert!(close(&scaled(found), &expected.low, 3) && found <= 1.0, "{point:?}");
        }
        assert_eq!(at(binning, &words, point.threshold as f32).unwrap().0, *point);
    });

    let limit = threshold_for_false_positive_rate(binning, &words, rate).unwrap().value;
    // (Infinity is the threshold of none, and that of infinite scores.)
    for point in points[..length].iter().filter(|point| point.threshold < f64::INFINITY) {
        assert_eq!(point.threshold >= limit, point.false_positive_rate <= rate, "{point:?}");
    }

    let ([low, high], _) = quantile(binning, &words, rate).unwrap();
    if anomalies + normal == 0 {
        assert!(low.is_nan() && high.is_nan());
        return;
    }
    // The rank, of which the product and the count are rounded.
    let last = anomalies + normal - 1;
    let rank = (&scaled(rate) * last) / scaled(1.0);
    let off = (last >> 52) + 1;
    let bin = binning.bin(low as f32);
    let of = |bins: &mut dyn Iterator<Item = (&usize, &[i64; 2])>| bins.map(|(_, [a, b])| a + b).sum::<i64>();
    let below = of(&mut counts.range(..bin));
    let with = of(&mut counts.range(..=bin));
    assert!(low <= high && rank >= BigInt::from(below) - off && rank < BigInt::from(with) + off);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn bounds_hold_for_any_counts(
        rule in prop::sample::select(&RULES),
        items in proptest::collection::vec((any::<prop::sample::Index>(), [count(), count()]), 1..7),
        cuts in proptest::collection::vec([any::<u8>(), any::<u8>()], 1..30),
        rate in prop_oneof![Just(0.0), Just(1.0), (0.0_f64..1.0)],
    ) {
        let mut table = table(rule);
        let binning = Binning::new(rule, &mut table).unwrap();
        let counts = counts_of(&binning, &items);
        let found = check(&binning, &counts);
        if found.anomalies != 0 && !binning.is_exact() {
            check_inside(&refined(&counts, &cuts), &found);
        }
        check_points(&binning, &counts, rate);
    }
}

/// All anomalies lie below all normal pixels, of which doubles do not know the last digits any more.
#[test]
fn few_anomalies_below_many_normal_pixels_have_a_low_bound() {
    let binning = Binning::new(Rule::Key { bits: 8 }, &mut []).unwrap();
    for bits in 0..63 {
        for anomalies in [1, 2, 64, 65, 100, 60_592, 1_000_000, 1_000_000_000, 1 << 40] {
            for less in [0, 1, 12_345] {
                let normal = (1_i64 << bits) - less;
                if normal > 0 {
                    let apart = Counts::from([(160, [0, normal]), (150, [anomalies, 0])]);
                    let found = check(&binning, &apart);
                    assert!(found.average_precision_lo <= anomalies as f64 / normal as f64);
                    check(&binning, &Counts::from([(150, [anomalies, normal])]));
                }
            }
        }
    }
}

/// Where the logarithm of a bin changes from one formula to the other, and where it is greatest.
#[test]
fn bounds_hold_where_logarithms_are_hardest() {
    let binning = Binning::new(Rule::Key { bits: 8 }, &mut []).unwrap();
    let mut seed = 1_u64;
    let mut random = |below: i64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((seed >> 1) % below as u64) as i64
    };
    for bits in (7..=60).chain(48..=60) {
        for sevenths in [0, 1, 4, 12, 20, 23, 24, 25, 28, 70] {
            let anomalies = (1 << bits) + random(1 << bits);
            let whole = (anomalies / 7).saturating_mul(sevenths).min(1 << 62) + random(1 << 10);
            let normal = whole / 1024 * random(1025);
            let above = (whole - normal) / 1024 * random(1025);
            let front = [above, whole - normal - above];
            let all = i128::from(whole) + i128::from(anomalies);
            if all <= i128::from(i64::MAX) {
                check(&binning, &Counts::from([(160, front), (150, [anomalies, normal])]));
            }
        }
    }
}
