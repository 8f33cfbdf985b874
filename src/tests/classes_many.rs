//! Cross-entropy and Dice with many pixels and many classes: tiles, blocks, and the numbers below them.

use super::cross_entropy::{self, Entropy};
use super::dice as of_dice;
use super::harness::batch::{Batch, Order, cubes};
use super::harness::outcome;
use super::harness::properties::{adding_is_storing_plus_what_was_there, every_tier_and_order_gives_the_same_bits};
use super::naive::classes as naive;
use super::{any_float, between, for_each_tier};
use crate::error::Notices;
use crate::exact::{ExactSum, Row};
use crate::input::{Cube, Layout};
use crate::loss::dice;
use crate::math::shares;
use crate::simd::{self, FromRows, Kernel, Lanes, Simd, ToRows, Write};
use proptest::prelude::*;
use std::vec::Vec;

fn nodes() -> impl Strategy<Value = (Entropy, dice::Params)> {
    (cross_entropy::nodes(), of_dice::nodes())
}

fn same_everywhere(batch: &Batch, (entropy, dice): &(Entropy, dice::Params)) {
    every_tier_and_order_gives_the_same_bits(entropy, batch, &[]);
    every_tier_and_order_gives_the_same_bits(dice, batch, &[]);
}

/// Up to several tiles, whole ones more often.
fn plain_length() -> impl Strategy<Value = usize> {
    prop_oneof![0_usize..131, (1_usize..35).prop_map(|pairs| 32 * pairs), 500_usize..1100]
}

/// Pixels of which all count, with a few logits that are not ordinary if `special` is 1.
fn plain_batch(channels: usize, n: usize, mut seed: u64, spread: f32, special: u64) -> Batch {
    const ODD: [f32; 8] = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -0.0, 1e-41, f32::MAX, f32::MIN, -1e-39];
    let mut next = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed >> 33
    };
    let mut value = || match next() {
        random if special == 1 && random % 1009 == 0 => ODD[(next() % 8) as usize],
        // Equal logits are not rare.
        random if random % 5 == 0 => (random % 3) as f32,
        random => ((random % 65_536) as f32 / 32_768.0 - 1.0) * spread,
    };
    let values: Vec<f32> = (0..n * channels).map(|_| value()).collect();
    let labels = values.iter().step_by(channels).map(|value| (value.to_bits() % channels as u32) as i32);
    Batch {
        n,
        channels,
        labels: labels.collect(),
        other: std::vec![0.0; n * channels],
        targets: std::vec![0; n],
        values,
        ..Batch::default()
    }
}

fn values() -> impl Strategy<Value = f32> + Clone {
    let special = prop_oneof![Just(f32::INFINITY), Just(f32::NEG_INFINITY), any_float()].boxed();
    let ordinary = between(-9.0, 9.0).boxed();
    prop_oneof![400 => ordinary, 4 => between(-60.0, 60.0).boxed(), 1 => special].boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn several_tiles_give_the_same_bits(batch in cubes(2_usize..6, 500..1100, values()), nodes in nodes()) {
        same_everywhere(&batch, &nodes);
    }

    #[test]
    fn several_blocks_give_the_same_bits(batch in cubes(120_usize..300, 1..40, values()), nodes in nodes()) {
        same_everywhere(&batch, &nodes);
    }

    /// Nothing is hidden in these tiles, so planes are read where they lie.
    #[test]
    fn whole_vectors_of_planes_give_the_same_bits(
        mut batch in (1_usize..9).prop_flat_map(|vectors| {
            cubes(2_usize..70, 16 * vectors..16 * vectors + 1, between(-9.0, 9.0))
        }),
        nodes in nodes(),
    ) {
        batch.labels.iter_mut().for_each(|label| *label = label.rem_euclid(2));
        (batch.valid, batch.weights) = (None, None);
        same_everywhere(&batch, &nodes);
    }

    /// Whether a tile needs the greatest logits depends on all of its pixels, but no result does.
    #[test]
    fn a_pixel_does_not_depend_on_its_neighbours(
        batch in cubes(2_usize..40, 1..20, between(-30.0, 30.0)),
        node in cross_entropy::nodes(),
    ) {
        let alone = outcome(&node, &batch, Order::Planar);
        let mut beside = batch.clone();
        let n = batch.n;
        beside.n += 1;
        beside.values.extend((0..batch.channels).map(|class| class as f32 * 500.0));
        beside.other.extend(std::vec![0.0; batch.channels]);
        beside.targets.push(0);
        beside.labels.push(0);
        beside.valid = Some(batch.valid.clone().unwrap_or(std::vec![1; n]).into_iter().chain([1]).collect());
        beside.weights = batch.weights.clone().map(|weights| weights.into_iter().chain([1.0]).collect());
        let beside = outcome(&node, &beside, Order::Interleaved);
        prop_assert_eq!(&beside.map[..n], &alone.map[..]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Dense pixels and planes without mask and weights are plain tiles, but for the ends of ragged ones; with gaps
    /// between the pixels all goes the general way. Greatest logits may be at any place, and tie.
    #[test]
    fn plain_tiles_give_the_bits_of_the_general_way(
        (channels, n, seed) in (2_usize..70, plain_length(), any::<u64>()),
        (spread, special) in (prop_oneof![Just(0.5_f32), Just(9.0), Just(36.0), Just(90.0), Just(400.0)], 0_u64..3),
        (mut entropy, dice) in (cross_entropy::plain_nodes(), of_dice::nodes()),
        few in any::<bool>(),
    ) {
        let batch = plain_batch(if few { 2 + channels % 7 } else { channels }, n, seed, spread, special);
        let dice = dice::Params { ignore_index: None, ..dice };
        same_everywhere(&batch, &(entropy.clone(), dice));
        adding_is_storing_plus_what_was_there(&entropy, &batch, &[]);
        adding_is_storing_plus_what_was_there(&dice, &batch, &[]);
        // Without a weight all terms are 0.
        entropy.be_off();
        every_tier_and_order_gives_the_same_bits(&entropy, &batch, &[]);
    }
}

proptest! {
    #[test]
    fn a_row_adds_what_its_terms_are(
        terms in proptest::collection::vec(
            prop_oneof![2 => between(0.0, 1.0), 1 => between(-1e-20, 1e-20), 1 => any_float()],
            1..9,
        ),
        length in 1_usize..33,
    ) {
        let length = length * 16;
        let terms: Vec<f32> = terms.iter().cycle().take(length).copied().collect();
        let classes: Vec<f32> = (0..length).map(|pixel| (pixel % 3) as f32 - 1.0).collect();
        let (mut all, mut own) = (ExactSum::default(), ExactSum::default());
        for (term, class) in terms.iter().zip(&classes) {
            all.add(*term);
            if *class == 1.0 {
                own.add(*term);
            }
        }
        for_each_tier(|tier| {
            let (mut sum, mut part) = (ExactSum::default(), ExactSum::default());
            let mut terms = terms.clone();
            let row = Row { terms: &mut terms, classes: &classes, class: 1.0 };
            let count = row.add(None, &mut sum, &mut part);
            sum.normalize();
            part.normalize();
            assert_eq!((sum, part), (all, own), "{tier:?}");
            assert_eq!(count as usize, classes.iter().filter(|class| **class == 1.0).count());
        });
    }
}

/// Pixels to rows and back, which gives the pixels again.
#[test]
fn pixels_become_rows_and_rows_pixels() {
    for_each_tier(|tier| {
        for channels in 2..20 {
            for count in (4..70).step_by(4) {
                let pixels: Vec<f32> = (0..channels * count).map(|index| index as f32).collect();
                let pitch = count + 3;
                let mut rows = std::vec![-1.0; channels * pitch];
                simd::run(ToRows { pixels: &pixels, channels, rows: &mut rows, pitch });
                for (row, floats) in rows.chunks(pitch).enumerate() {
                    let of_row: Vec<f32> = pixels.iter().skip(row).step_by(channels).copied().collect();
                    assert_eq!(floats[..count], of_row, "{tier:?}, {channels} channels, {count} pixels");
                }
                let mut back = std::vec![-1.0; channels * count];
                simd::run(FromRows { rows: &rows, pitch, channels, pixels: &mut back });
                assert_eq!(back, pixels, "{tier:?}, {channels} channels");
            }
        }
    });
}

struct Share {
    greatest: f32,
    value: f32,
}

impl Kernel for Share {
    type Output = f32;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> f32 {
        let greatest = S::Register::splat(simd, self.greatest);
        let share = shares(greatest).of(greatest.constant(self.value)).to_array();
        simd::flat::<_, f32>(&share)[0]
    }
}

#[test]
fn a_share_is_an_exponential_times_a_power_of_two() {
    for step in 0..200_000_u32 {
        let greatest = (step as f32 * 0.618_034).fract() * 460.0 - 230.0;
        let value = greatest - (step as f32 * 0.754_877).fract() * 140.0;
        let share = simd::run(Share { greatest, value });
        assert!(share.is_normal() && share < 2.1 * (1_u128 << 96) as f32);
        // An even power is taken off: the one that brings the greatest between 1/2 and 2.
        let of_greatest = f64::from(simd::run(Share { greatest, value: greatest }));
        let j = 2 * (f64::from(greatest) * core::f64::consts::LOG2_E / 2.0).round() as i32;
        let truth = (f64::from(value) - f64::from(j) * core::f64::consts::LN_2).exp();
        let is_far = greatest.abs() > 208.0;
        let truth = if is_far { f64::from(value - greatest).exp() } else { truth };
        let share = f64::from(share) / (1_u128 << 96) as f64;
        // (At a tie j may be the neighbour.)
        let ratio = if of_greatest > 0.0 && (share / truth).log2().abs() > 1.0 { 1.0 } else { share / truth };
        assert!((ratio - 1.0).abs() < 1.3e-7, "{value} beside {greatest}: {share} is not {truth}");
    }
}

#[test]
fn a_single_channel_is_a_sigmoid() {
    let n = 700;
    let values: Vec<f32> = (0..n).map(|pixel| (pixel as f32 * 0.618_034).fract() * 30.0 - 15.0).collect();
    let labels: Vec<i32> = (0..n).map(|pixel| pixel * 7 / 3 % 2).collect();
    let cube =
        Cube { values: &values, layout: Layout::planar(n as usize, 1), labels: Some(&labels), ..Cube::default() };
    let params = dice::Params::default();
    let mut totals = [dice::Totals::default()];
    let mut gradient = std::vec![f32::NAN; n as usize];
    let found = dice::loss_and_gradient(&params, &cube, 1.0, Write::Store, None, &mut totals, &mut gradient).unwrap();
    let at: Vec<Vec<f64>> = values.iter().map(|value| std::vec![0.0, f64::from(*value)]).collect();
    let probabilities: Vec<Vec<f64>> = at.iter().map(|logits| naive::softmax(logits)).collect();
    let labels: Vec<usize> = labels.iter().map(|label| *label as usize).collect();
    let weights = std::vec![1.0; n as usize];
    let truth = naive::dice(&probabilities, &labels, &weights, f64::from(params.eps), &[1]);
    assert!((found.value - truth).abs() < 1e-7 && found.notices == Notices::NONE);
    let sums = |own: usize| -> f64 {
        let own = |(p, label): (&Vec<f64>, &usize)| if *label >= own { p[1] } else { 0.0 };
        probabilities.iter().zip(&labels).map(own).sum()
    };
    let target = labels.iter().sum::<usize>() as f64;
    let (above, below) = (2.0 * sums(1) + 1e-6, sums(0) + target + 1e-6);
    for ((slope, p), label) in gradient.iter().zip(&probabilities).zip(&labels) {
        let height = -(2.0 * *label as f64 * below - above) / (below * below);
        let truth = height * p[1] * p[0];
        let error = super::naive::ulps(*slope, truth);
        assert!(error < 16.0, "{slope} is not {truth}: {error} ulp");
    }
}
