//! Distinct labels against a set, for any split and any order, full or not, and at the edges.

use super::naive::labels as naive;
use super::{ends, for_each_tier};
use crate::error::{Error, Notices};
use crate::metric::distinct_label_count::{labels, merge, metrics, update, value, words};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

/// Runs of few labels, or of many; of which some lie at the ends of the range.
fn maps() -> impl Strategy<Value = Vec<i32>> {
    let label = prop_oneof![
        3 => Just(0),
        6 => -4..12_i32,
        2 => (0..40_i32).prop_map(|label| label * 256),
        1 => any::<i32>(),
        1 => prop_oneof![Just(i32::MIN), Just(i32::MAX)],
    ];
    let runs = proptest::collection::vec((label, 1_usize..9), 0..60);
    runs.prop_map(|runs| runs.into_iter().flat_map(|(label, n)| vec![label; n]).collect())
}

fn masked_maps() -> impl Strategy<Value = (Vec<i32>, Option<Vec<u8>>)> {
    maps().prop_flat_map(|map| {
        let valid = proptest::collection::vec(prop_oneof![Just(0_u8), Just(1), Just(255)], map.len());
        (Just(map), proptest::option::of(valid))
    })
}

fn set_of(map: &[i32], valid: Option<&[u8]>, room: usize) -> Vec<i32> {
    let mut set = vec![0; words(room)];
    update(map, valid, &mut set).unwrap();
    set
}

proptest! {
    #[test]
    fn counts_are_those_of_a_set((map, valid) in masked_maps(), room in 0_usize..50) {
        let truth = naive::distinct(&map, valid.as_deref());
        let counted = valid.as_ref().map_or(map.len(), |valid| valid.iter().filter(|valid| **valid != 0).count());
        for_each_tier(|tier| {
            let set = set_of(&map, valid.as_deref(), room);
            let kept = truth.len().min(room);
            assert_eq!(labels(&set).unwrap(), &truth[..kept], "{tier:?}: the least ones, in order");
            let expected = Notices::EMPTY.when(counted == 0) | Notices::INCOMPLETE.when(truth.len() > room);
            assert_eq!(value(&set), Ok((kept as i64, expected)));
            assert!(set[words(kept)..].iter().all(|word| *word == 0));
            let [named] = metrics(&set).unwrap();
            assert_eq!((named.name, named.value, named.notices), ("num_distinct_labels", kept as f64, expected));
        });
    }

    #[test]
    fn any_split_order_and_tree_gives_the_same_words(
        (map, valid) in masked_maps(),
        room in 0_usize..50,
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..64),
        seed in any::<u64>(),
    ) {
        let whole = set_of(&map, valid.as_deref(), room);
        let ends = ends(&cuts, map.len());
        let part = |ends: &[usize]| (&map[ends[0]..ends[1]], valid.as_ref().map(|valid| &valid[ends[0]..ends[1]]));
        // Call by call, from the end on.
        let mut one = vec![0; words(room)];
        for ends in ends.windows(2).rev() {
            let (map, valid) = part(ends);
            update(map, valid, &mut one).unwrap();
        }
        prop_assert_eq!(&one, &whole);
        // Sets of parts, any two of which are merged until one is left.
        let mut sets: Vec<Vec<i32>> = ends.windows(2).map(|ends| {
            let (map, valid) = part(ends);
            set_of(map, valid, room)
        }).collect();
        let mut random = seed;
        while sets.len() > 1 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let other = sets.swap_remove((random >> 33) as usize % sets.len());
            let into = (random >> 40) as usize % sets.len();
            merge(&other, &mut sets[into]).unwrap();
        }
        prop_assert_eq!(&sets[0], &whole);
        // Again is nothing new.
        merge(&whole, &mut one).unwrap();
        prop_assert_eq!(&one, &whole);
    }

    #[test]
    fn a_masked_pixel_is_as_if_it_were_not_there((map, valid) in masked_maps()) {
        let valid = valid.unwrap_or_else(|| vec![1; map.len()]);
        let kept = map.iter().zip(&valid).filter(|(_, valid)| **valid != 0);
        let dense: Vec<i32> = kept.map(|(label, _)| *label).collect();
        prop_assert_eq!(set_of(&map, Some(&valid), 60), set_of(&dense, None, 60));
    }
}

#[test]
fn distinct_labels_at_the_edges() {
    // Negative labels count; background does not.
    let set = set_of(&[-1, 0, 3, 3], None, 8);
    assert_eq!(value(&set), Ok((2, Notices::NONE)));
    assert_eq!(labels(&set).unwrap(), [-1, 3]);
    // Background alone, and no pixel.
    assert_eq!(value(&set_of(&[0, 0], None, 8)), Ok((0, Notices::NONE)));
    assert_eq!(value(&set_of(&[], None, 8)), Ok((0, Notices::EMPTY)));
    assert_eq!(value(&set_of(&[1, 2], Some(&[0, 0]), 8)), Ok((0, Notices::EMPTY)));
    assert_eq!(value(&[0; 2]), Ok((0, Notices::EMPTY)));
    // As many as there is room for, and one more.
    assert_eq!(value(&set_of(&[5, 4, 3], None, 3)), Ok((3, Notices::NONE)));
    let full = set_of(&[5, 4, 3, 9], None, 3);
    assert_eq!(value(&full), Ok((3, Notices::INCOMPLETE)));
    assert_eq!(value(&set_of(&[7], None, 0)), Ok((0, Notices::INCOMPLETE)));
    // Once full a set stays incomplete, and a smaller label still finds its place.
    let mut full = full;
    update(&[1], None, &mut full).unwrap();
    assert_eq!((labels(&full).unwrap(), value(&full)), (&[1, 3, 4][..], Ok((3, Notices::INCOMPLETE))));
    // Thousands of labels, in descending order.
    let many: Vec<i32> = (1..5000).rev().collect();
    assert_eq!(value(&set_of(&many, None, 5000)), Ok((4999, Notices::NONE)));
    assert_eq!(words(usize::MAX), usize::MAX);
}

#[test]
fn bad_arguments_change_nothing() {
    let mut set = set_of(&[1, 2, 3], None, 4);
    let before = set.clone();
    assert_eq!(update(&[1, 2], Some(&[1]), &mut set), Err(Error::LengthMismatch));
    assert_eq!(merge(&[0; 5], &mut set), Err(Error::LengthMismatch));
    // A set of three labels in words for two, and words that are no set.
    assert_eq!(update(&[1], None, &mut set[..4]), Err(Error::MixedTotals));
    assert_eq!(merge(&[0; 4], &mut set[..4]), Err(Error::MixedTotals));
    assert_eq!(merge(&[-1, 0, 0, 0, 0, 0], &mut set), Err(Error::Totals));
    assert_eq!(value(&set[..4]), Err(Error::MixedTotals));
    assert_eq!(metrics(&set[..4]), Err(Error::MixedTotals));
    assert_eq!(update(&[1], None, &mut set[..1]), Err(Error::Workspace));
    assert_eq!(labels(&[]), Err(Error::Workspace));
    assert_eq!(set, before);
}
