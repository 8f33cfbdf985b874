//! Ranking as a node: histograms of scores, split, merged and masked.

use super::{items, rules, split, table};
use crate::error::{Error, Notices};
use crate::metric::ranking::{self, Binning, Rule, quantile, report, update, words};
use crate::tests::harness::batch::{Batch, Order};
use crate::tests::harness::properties::properties;
use crate::tests::harness::{Array, Input, Node, Reading, State, outcome};
use proptest::prelude::*;
use std::vec::Vec;

/// Histograms, with the table of their bins.
#[derive(Clone, Debug)]
struct Ranked {
    rule: Rule,
    table: Vec<u32>,
}

impl Ranked {
    fn new(rule: Rule) -> Self {
        let mut table = table(rule);
        Binning::new(rule, &mut table).unwrap();
        Self { rule, table }
    }

    fn binning(&self) -> Binning<'_> {
        Binning::of_table(self.rule, &self.table).unwrap()
    }
}

impl Node for Ranked {
    fn words(&self, _channels: usize) -> usize {
        words(&self.binning())
    }

    fn update(&self, input: &Input, state: &mut State) -> Result<(), Error> {
        update(&self.binning(), &input.source(), &mut state.words)
    }

    fn merge(&self, other: &State, state: &mut State) {
        ranking::merge(&self.binning(), &other.words, &mut state.words).unwrap();
    }

    fn read(&self, _input: &Input, state: &State) -> Reading {
        let (report, notices) = report(&self.binning(), &state.words)?;
        let ([low, high], _) = quantile(&self.binning(), &state.words, 0.3)?;
        let numbers = [report.average_precision, report.roc_auc, report.f1_max, low, high];
        Ok((numbers.to_vec(), notices))
    }

    fn masked_word(&self, state: &State) -> Option<usize> {
        Some(state.words.len() - 5)
    }

    fn arrays(&self) -> (&'static [Array], &'static [Array]) {
        (&[Array::Values], &[Array::Targets, Array::Valid])
    }
}

/// Scores of several distributions, some of them NaN, and perhaps a mask.
fn batch() -> impl Strategy<Value = Batch> {
    (items(3000), any::<bool>(), any::<bool>()).prop_map(|(items, is_masked, is_nan)| {
        let (mut scores, targets) = split(&items);
        if is_nan {
            scores.iter_mut().step_by(50).for_each(|score| *score = f32::NAN);
        }
        let valid = is_masked.then(|| (0..scores.len()).map(|i| (i % 3) as u8).collect());
        Batch { targets, valid, ..Batch::of_scores(scores) }
    })
}

properties! {
    64 cases of rules().prop_map(Ranked::new), with batch();
    every_tier_and_order_gives_the_same_bits
    every_type_gives_the_bits_of_plain_input
    any_split_gives_the_same_words_and_gradients
    a_masked_pixel_is_as_if_it_were_not_there
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn masked_pixels_and_nans_are_counted(rule in rules(), batch in batch()) {
        let node = Ranked::new(rule);
        let words = outcome(&node, &batch, Order::Interleaved).state.words;
        let live = batch.valid_places();
        let is_nan = live.iter().any(|pixel| batch.values[*pixel].is_nan());
        let (_, notices) = report(&node.binning(), &words).unwrap();
        prop_assert_eq!(notices.contains(Notices::NOT_FINITE), is_nan);
        prop_assert_eq!(words[words.len() - 6], live.len() as i64);
    }
}
