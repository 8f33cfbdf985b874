//! Ranking: the words are those of counting, on every tier, for any split and any tree of merges; and the bins, bounds
//! and thresholds at the ends of what they can be.

use super::{any_float, for_each_tier, integers};
use crate::input::Pixels;
use crate::metric::ranking::{
    self, Binning, Rule, at, quantile, report, table_words, threshold_for_false_positive_rate, update, words,
};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

const LINEAR: Rule = Rule::Linear { low: -4.0, high: 4.0, bins: 100 };
const RULES: [Rule; 20] = [
    Rule::Thresholds { count: 2 },
    Rule::Thresholds { count: 3 },
    Rule::Thresholds { count: 200 },
    Rule::Thresholds { count: 4096 },
    Rule::Linear { low: 0.0, high: 1.0, bins: 1 },
    LINEAR,
    Rule::Linear { low: 0.0, high: 65536.0, bins: 1 << 16 },
    Rule::Linear { low: -1e38, high: 2e38, bins: 1 << 16 },
    Rule::Linear { low: 1e8, high: 1e8 + 16.0, bins: 1000 },
    Rule::Key { bits: 8 },
    Rule::Key { bits: 9 },
    Rule::Key { bits: 10 },
    Rule::Key { bits: 11 },
    Rule::Key { bits: 12 },
    Rule::Key { bits: 13 },
    Rule::Key { bits: 14 },
    Rule::Key { bits: 15 },
    Rule::Key { bits: 16 },
    Rule::Bytes,
    Rule::Words,
];

/// A pixel: its score, and whether it is an anomaly and counts.
type Item = (f32, u8, u8);

fn pixel() -> impl Strategy<Value = Item> {
    let score = prop_oneof![
        any_float(),
        (-1_000_000_i32..1_000_000).prop_map(|step| step as f32 / 100_000.0),
        (0_u32..65540).prop_map(|integer| integer as f32),
        Just(-0.0),
        Just(f32::INFINITY),
        Just(f32::NEG_INFINITY),
        Just(f32::NAN),
    ];
    (score, 0_u8..3, 0_u8..4)
}

/// Adds pixels, of integers where the rule has them.
fn add(binning: &Binning, items: &[Item], to: &mut [i64]) {
    let scores: Vec<f32> = items.iter().map(|item| item.0).collect();
    let targets: Vec<u8> = items.iter().map(|item| item.1).collect();
    let valid: Vec<u8> = items.iter().map(|item| item.2).collect();
    match binning.rule() {
        Rule::Bytes => {
            let bytes: Vec<u8> = scores.iter().map(|score| score.to_bits() as u8).collect();
            update(binning, &integers(&bytes, Some(&targets), Some(&valid)), to).unwrap();
        }
        Rule::Words => {
            let words: Vec<u16> = scores.iter().map(|score| score.to_bits() as u16).collect();
            update(binning, &integers(&words, Some(&targets), Some(&valid)), to).unwrap();
        }
        _ => {
            let [targets, valid] = [Some(&*targets), Some(&*valid)];
            let pixels = Pixels { scores: &scores, targets, valid, ..Pixels::default() };
            update(binning, &pixels, to).unwrap();
        }
    }
}

/// The histograms as one counts, pixel by pixel.
fn counted(binning: &Binning, items: &[Item]) -> Vec<i64> {
    let bins = binning.bins() + 1;
    let mut counts = vec![0; 2 * bins];
    for (score, target, _) in items.iter().filter(|item| item.2 != 0) {
        let bin = match binning.rule() {
            Rule::Bytes => usize::from(score.to_bits() as u8),
            Rule::Words => usize::from(score.to_bits() as u16),
            _ => binning.bin(*score),
        };
        counts[bin + if *target == 0 { 0 } else { bins }] += 1;
    }
    counts
}

fn random(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    ((*state >> 33) as usize) % below
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn any_split_order_and_tree_on_any_tier_gives_the_words_of_counting(
        rule in prop::sample::select(&RULES),
        items in proptest::collection::vec(pixel(), 0..1500),
        parts in 1_usize..=64,
        mut seed in any::<u64>(),
    ) {
        let mut table = vec![0; table_words(rule).unwrap()];
        let binning = Binning::new(rule, &mut table).unwrap();
        let mut whole = vec![0; words(&binning)];
        add(&binning, &items, &mut whole);
        let expected = counted(&binning, &items);
        prop_assert_eq!(&whole[..expected.len()], &expected[..]);
        let valid = items.iter().filter(|item| item.2 != 0).count() as i64;
        prop_assert_eq!(&whole[expected.len()..][..2], &[valid, items.len() as i64 - valid]);
        prop_assert_eq!(&whole[expected.len() + 3..], &[0; 3]);

        for_each_tier(|_| {
            let cuts = (1..parts).map(|_| random(&mut seed, items.len() + 1));
            let mut ends: Vec<usize> = cuts.chain([0, items.len()]).collect();
            ends.sort_unstable();
            let mut trees: Vec<Vec<i64>> = Vec::new();
            for part in ends.windows(2) {
                let mut piece = vec![0; words(&binning)];
                add(&binning, &items[part[0]..part[1]], &mut piece);
                trees.push(piece);
            }
            while trees.len() > 1 {
                let one = trees.swap_remove(random(&mut seed, trees.len()));
                let other = random(&mut seed, trees.len());
                ranking::merge(&binning, &one, &mut trees[other]).unwrap();
            }
            assert!(trees[0] == whole, "{rule:?} in {parts} parts");
        });
    }
}

#[test]
fn every_bin_begins_at_a_score_of_its_own_or_is_empty() {
    for rule in RULES.into_iter().filter(|rule| !matches!(rule, Rule::Bytes | Rule::Words)) {
        let mut table = vec![0; table_words(rule).unwrap()];
        let binning = Binning::new(rule, &mut table).unwrap();
        assert_eq!(binning.bin(-0.0), binning.bin(0.0), "{rule:?}");
        assert_eq!(binning.bin(f32::NAN), binning.bins(), "{rule:?}");
        assert!(binning.bin(f32::INFINITY) < binning.bins(), "{rule:?}");
        let mut below = f32::NEG_INFINITY;
        for bin in 0..binning.bins() {
            let lowest = binning.lowest(bin);
            assert!(lowest >= below, "{rule:?}, bin {bin}");
            // An empty bin begins where the next one does that is not empty, or at infinity behind the last.
            let found = binning.bin(lowest);
            assert!(found >= bin || lowest == f32::INFINITY, "{rule:?}, bin {bin}");
            if found == bin && lowest > f32::NEG_INFINITY {
                let before = lowest.next_down();
                assert!(binning.bin(before) < bin, "{rule:?}, bin {bin}");
            }
            below = lowest;
        }
    }
}

#[test]
fn integers_at_the_ends_have_bins_of_their_own() {
    let binning = Binning::new(Rule::Words, &mut []).unwrap();
    let mut histograms = vec![0; words(&binning)];
    assert_eq!(histograms.len(), 2 * 65536 + 8);
    let scores = [0_u16, 65534, 65535];
    update(&binning, &integers(&scores, Some(&[0, 0, 1]), None), &mut histograms).unwrap();
    let (found, _) = report(&binning, &histograms).unwrap();
    assert_eq!((found.average_precision, found.roc_auc, found.f1_max), (1.0, 1.0, 1.0));
    assert_eq!(found.f1_max_threshold, 65535.0);
    assert_eq!(at(&binning, &histograms, 1e9).unwrap().0.threshold, 65535.0);
    assert_eq!(at(&binning, &histograms, 65534.5).unwrap().0.threshold, 65534.0);
    assert_eq!(at(&binning, &histograms, -7.0).unwrap().0.false_positives, 2);
    assert_eq!(quantile(&binning, &histograms, 1.0).unwrap().0, [65535.0; 2]);
    assert_eq!(quantile(&binning, &histograms, 0.0).unwrap().0, [0.0; 2]);
}

#[test]
fn the_rate_that_is_told_is_the_rate_that_is_asked_for() {
    // 0.29 * 100 is below 29 as a double: the share must be compared, not the count.
    let binning = Binning::new(Rule::Bytes, &mut []).unwrap();
    for normal in [1, 3, 7, 100, 255] {
        let scores: Vec<u8> = (0..normal).collect();
        let mut histograms = vec![0; words(&binning)];
        update(&binning, &integers(&scores, None, None), &mut histograms).unwrap();
        for alarms in 0..=normal {
            let rate = f64::from(alarms) / f64::from(normal);
            let limit = threshold_for_false_positive_rate(&binning, &histograms, rate).unwrap();
            let expected = f64::from(normal - alarms);
            assert_eq!(limit.value, if alarms == normal { 0.0 } else { expected });
            let (point, _) = at(&binning, &histograms, limit.value as f32).unwrap();
            assert_eq!(point.false_positive_rate, rate);
        }
    }
}

/// Counts of that many pixels, in three bins of anomalies and normal ones.
fn many(binning: &Binning, anomalies: [i64; 3], normal: [i64; 3]) -> Vec<i64> {
    let mut sums = vec![0; words(binning)];
    for (place, (anomalies, normal)) in anomalies.into_iter().zip(normal).enumerate() {
        for (target, mut count) in [(1, anomalies), (0, normal)] {
            let mut one = vec![0; words(binning)];
            add(binning, &[(f32::from(place as u8) - 1.0, target, 1)], &mut one);
            // Histograms are added to themselves as a number in base 2 is.
            while count > 0 {
                if count % 2 == 1 {
                    ranking::merge(binning, &one, &mut sums).unwrap();
                }
                let twice = one.clone();
                ranking::merge(binning, &twice, &mut one).unwrap();
                count /= 2;
            }
        }
    }
    sums
}

#[test]
fn values_stay_within_their_bounds_however_many_pixels_there_are() {
    let binning = Binning::new(LINEAR, &mut []).unwrap();
    let large = (1_i64 << 40) + 1;
    for (anomalies, normal) in [
        ([large, large + 2, 3], [0, 0, 0]),
        ([1, large, 67_108_865], [large, 1, 0]),
        ([64, 65, 63], [large, 3 * large, 7]),
        ([large / 3, 0, large / 7], [large / 5, large, 1]),
        ([0, 1, 0], [large, large, large]),
    ] {
        let (found, _) = report(&binning, &many(&binning, anomalies, normal)).unwrap();
        assert_eq!(found.anomalies, anomalies.iter().sum::<i64>());
        let bounds = [found.average_precision_lo, found.average_precision_hi];
        for value in [found.average_precision, found.average_precision_interleaved] {
            assert!(bounds[0] <= value && value <= bounds[1], "{found:?}");
        }
        assert!(bounds[0] >= 0.0 && bounds[1] <= 1.0 && found.f1_max <= found.f1_max_hi);
        if found.normal == 0 {
            assert_eq!((found.average_precision, found.f1_max, found.f1_max_hi), (1.0, 1.0, 1.0));
            assert!(bounds[0] > 1.0 - 1e-13);
        } else {
            assert!(found.roc_auc_lo <= found.roc_auc && found.roc_auc <= found.roc_auc_hi);
        }
    }
}
