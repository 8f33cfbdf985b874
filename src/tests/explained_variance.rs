//! Explained variance against plain means, for any split and order, and at the edges.

use super::naive::explained_variance as naive;
use super::{any_float, between, ends, for_each_tier, splits};
use crate::error::{Error, Notices, Value};
use crate::metric::Numbered;
use crate::metric::explained_variance::{Totals, merge, metrics, metrics_count, normalize, update, values};
use proptest::prelude::*;
use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

fn batches(ratio: BoxedStrategy<f32>) -> impl Strategy<Value = Vec<Vec<f32>>> {
    (1_usize..20, 1_usize..12).prop_flat_map(move |(count, components)| {
        proptest::collection::vec(proptest::collection::vec(ratio.clone(), components), count)
    })
}

fn totals(batches: &[Vec<f32>], components: usize) -> Vec<Totals> {
    let mut totals = vec![Totals::default(); components];
    batches.iter().for_each(|batch| update(batch, &mut totals).unwrap());
    totals
}

fn found(totals: &[Totals]) -> (Vec<f64>, Vec<f64>, Value) {
    let (mut ratios, mut cumulative) = (vec![42.0; totals.len()], vec![42.0; totals.len()]);
    let total = values(totals, &mut ratios, &mut cumulative).unwrap();
    (ratios, cumulative, total)
}

proptest! {
    #[test]
    fn values_are_the_means(batches in batches(between(0.0, 1.0).boxed())) {
        let components = batches[0].len();
        let (ratios, cumulative, total) = found(&totals(&batches, components));
        let (expected, summed) = naive::means(&batches, components);
        for (found, truth) in ratios.iter().chain(&cumulative).zip(expected.iter().chain(&summed)) {
            prop_assert!((found - truth).abs() <= 1e-14 * truth, "{found} is not {truth}");
        }
        prop_assert_eq!(cumulative.last(), Some(&total.value));
        prop_assert!(cumulative.is_sorted());
        prop_assert_eq!(total.notices, Notices::NONE);
        // A batch's own totals have the batch's values.
        let (alone, _, _) = found(&totals(&batches[..1], components));
        prop_assert!(alone.iter().zip(&batches[0]).all(|(found, ratio)| *found == f64::from(*ratio)));
    }

    #[test]
    fn any_split_and_order_gives_the_same_words(
        batches in batches(prop_oneof![3 => between(0.0, 1.0), 1 => any_float()].boxed()),
        cuts in splits(),
    ) {
        let components = batches[0].len();
        let whole = totals(&batches, components);
        for_each_tier(|tier| {
            let (mut merged, mut added) = (totals(&[], components), totals(&[], components));
            for part in ends(&cuts, batches.len()).windows(2).rev() {
                let part = totals(&batches[part[0]..part[1]], components);
                merge(&part, &mut merged).unwrap();
                for (to, from) in added.iter_mut().zip(&part) {
                    to.ratio.digits.iter_mut().zip(from.ratio.digits).for_each(|(to, from)| *to += from);
                    to.ratio.nan += from.ratio.nan;
                    to.ratio.positive_infinity += from.ratio.positive_infinity;
                    to.ratio.negative_infinity += from.ratio.negative_infinity;
                    to.batches += from.batches;
                }
            }
            normalize(&mut added);
            assert_eq!(merged, whole, "{tier:?}");
            assert_eq!(added, whole, "{tier:?}");
        });
    }

    #[test]
    fn named_values_are_the_values(batches in batches(any_float().boxed())) {
        let components = batches[0].len();
        let totals = totals(&batches, components);
        let (ratios, cumulative, total) = found(&totals);
        let named: Vec<Numbered> = metrics(&totals).unwrap().collect();
        prop_assert_eq!(named.len(), metrics_count(components));
        let of = |values: &[f64], name: &str| -> Vec<(String, u64)> {
            values.iter().zip(1..).map(|(value, k)| (format!("{name}{k}"), number(*value))).collect()
        };
        let mut expected = of(&ratios, "explained_variance_pc");
        expected.push(("total_explained_variance".into(), number(total.value)));
        expected.extend(of(&cumulative, "cumulative_variance_pc"));
        let named: Vec<(String, u64)> = named
            .iter()
            .map(|Numbered { metric, number: k }| {
                (k.map_or(metric.name.into(), |k| format!("{}{k}", metric.name)), number(metric.value))
            })
            .collect();
        prop_assert_eq!(named, expected);
    }
}

/// The bits, of one NaN only.
fn number(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}

#[test]
fn explained_variance_at_the_edges() {
    // A NaN reaches the values that it is part of, and no other.
    let (ratios, cumulative, total) = found(&totals(&[vec![0.5, f32::NAN, 0.25]], 3));
    assert!(ratios[0] == 0.5 && ratios[1].is_nan() && ratios[2] == 0.25);
    assert!(cumulative[0] == 0.5 && cumulative[1].is_nan() && cumulative[2].is_nan());
    assert!(total.value.is_nan() && total.notices == Notices::NOT_FINITE);
    let named: Vec<Numbered> = metrics(&totals(&[vec![0.5, f32::NAN]], 2)).unwrap().collect();
    let notices: Vec<Notices> = named.iter().map(|named| named.metric.notices).collect();
    let (fine, bad) = (Notices::NONE, Notices::NOT_FINITE);
    assert_eq!(notices, [fine, bad, bad, fine, bad]);
    // Nothing is clamped.
    let (_, cumulative, total) = found(&totals(&[vec![0.75, 0.75, -0.25]], 3));
    assert_eq!((cumulative, total.value), (vec![0.75, 1.5, 1.25], 1.25));
    // Digits that float32 has no room for.
    let (_, cumulative, _) = found(&totals(&[vec![1.0, 1e-30, -1.0]], 3));
    assert_eq!(cumulative, [1.0, 1.0, f64::from(1e-30_f32)]);
    // No batch, and no component.
    let (ratios, cumulative, total) = found(&[Totals::default()]);
    assert!(ratios[0].is_nan() && cumulative[0].is_nan() && total.value.is_nan());
    assert_eq!(total.notices, Notices::EMPTY);
    let (_, _, total) = found(&[]);
    assert_eq!(total, Value { value: 0.0, notices: Notices::EMPTY });
    assert_eq!(metrics(&[]).unwrap().count(), 1);
}

#[test]
fn bad_arguments_change_nothing() {
    let mut two = totals(&[vec![0.5, 0.25]], 2);
    let before = two.clone();
    assert_eq!(update(&[0.5], &mut two), Err(Error::LengthMismatch));
    assert_eq!(merge(&two.clone()[..1], &mut two), Err(Error::LengthMismatch));
    let (mut one, mut other) = ([42.0; 1], [42.0; 2]);
    assert_eq!(values(&two, &mut one, &mut other), Err(Error::LengthMismatch));
    assert_eq!(values(&two, &mut other, &mut one), Err(Error::LengthMismatch));
    assert_eq!(two, before);
    // Totals of one component were added to totals of two.
    update(&[0.5], &mut two[..1]).unwrap();
    let mut more = [42.0; 2];
    assert_eq!(values(&two, &mut other, &mut more), Err(Error::MixedTotals));
    assert!(metrics(&two).is_err());
    assert_eq!((one, other, more), ([42.0], [42.0; 2], [42.0; 2]));
}
