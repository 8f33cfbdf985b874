//! Trials of registers against sums term by term.

use super::{between, for_each_tier, near_powers_of_two};
use crate::exact::{BLOCK, Blocks, ExactSum, Floats, Quick, REGISTERS};
use crate::simd::{self, Counted, Kernel, Lanes, Simd, vectors};
use proptest::prelude::*;
use std::vec::Vec;

/// Adds floats, and those that are marked, trial by trial; what fails block by block. Returns how many trials
/// succeeded.
struct AddByTrials<'a, const SIGNED: bool> {
    floats: &'a [f32],
    marks: &'a [u8],
    /// How many registers a trial has.
    registers: usize,
    sums: [&'a mut ExactSum; 2],
}

impl<const SIGNED: bool> Kernel for AddByTrials<'_, SIGNED> {
    type Output = usize;
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> usize {
        let mut sums = Quick::new(Blocks::new(simd, self.sums), if SIGNED { 4 } else { 0 });
        let lanes = S::Register::LANES;
        let most = (self.registers * lanes).min(BLOCK);
        let mut successes = 0;
        for (floats, marks) in self.floats.chunks(most).zip(self.marks.chunks(most)) {
            let (mut tile, mut tile_marks) = ([0.0; BLOCK], [0; BLOCK]);
            tile[..floats.len()].copy_from_slice(floats);
            tile_marks[..marks.len()].copy_from_slice(marks);
            let length = floats.len().next_multiple_of(lanes);
            let (tile, tile_marks) = (&mut tile[..length], &tile_marks[..length]);
            let mut trial = sums.trial::<S, SIGNED>(simd);
            for (floats, marks) in vectors::<Floats<S>, _>(tile).iter().zip(vectors(tile_marks)) {
                let marks = S::Register::mask_from_bytes(simd, marks);
                trial.push(S::Register::from_floats(simd, floats), Some(marks));
            }
            if trial.end() {
                successes += 1;
            } else {
                sums.add(simd, tile, tile_marks);
            }
        }
        sums.finish();
        successes
    }
}

/// Checks on every tier; whether all trials succeeded on all of them.
fn check<const SIGNED: bool>(floats: &[f32], marks: &[u8]) -> bool {
    check_by::<SIGNED>(REGISTERS, floats, marks)
}

/// The same by trials of so many registers.
fn check_by<const SIGNED: bool>(registers: usize, floats: &[f32], marks: &[u8]) -> bool {
    let marks: Vec<u8> = marks.iter().copied().cycle().take(floats.len()).collect();
    let [mut expected, mut expected_part] = [ExactSum::default(); 2];
    for (float, mark) in floats.iter().zip(&marks) {
        expected.add(*float);
        if *mark != 0 {
            expected_part.add(*float);
        }
    }
    let mut all_succeeded = true;
    for_each_tier(|tier| {
        let [mut all, mut part] = [ExactSum::default(); 2];
        let sums = [&mut all, &mut part];
        let successes = simd::run(AddByTrials::<SIGNED> { floats, marks: &marks, registers, sums });
        assert_eq!((all, part), (expected, expected_part), "{tier:?}");
        all_succeeded &= successes > 0 && successes >= floats.len() / BLOCK;
    });
    all_succeeded
}

fn check_both(floats: &[f32], marks: &[u8]) {
    check::<true>(floats, marks);
    let size = |float: &f32| if *float == 0.0 { *float } else { float.abs() };
    let sizes: Vec<f32> = floats.iter().map(size).collect();
    check::<false>(&sizes, marks);
}

/// Floats of some binades below a power of two, zeros among them.
fn clustered() -> impl Strategy<Value = Vec<f32>> {
    (1_i32..255, 1_i32..60, 0_u32..20).prop_flat_map(|(top, width, zeros)| {
        let biased = (top - width).max(0)..top;
        let float = (any::<u32>(), biased, 0_u32..20).prop_map(move |(bits, biased, zero)| {
            let float = f32::from_bits(bits & 0x807f_ffff | (biased as u32) << 23);
            if zero < zeros { 0.0 * float } else { float }
        });
        proptest::collection::vec(float, 1..1200)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn trials_are_exact(
        mut floats in prop_oneof![
            clustered(),
            (clustered(), clustered(), clustered()).prop_map(|(a, b, c)| [a, b, c].concat()),
            proptest::collection::vec(between(-1.0, 1.0), 1..3000),
            proptest::collection::vec(any::<u32>().prop_map(f32::from_bits), 1..1200),
        ],
        specials in proptest::collection::vec(
            (any::<prop::sample::Index>(), any::<u32>().prop_map(f32::from_bits)), 0..4,
        ),
        marks in proptest::collection::vec(0_u8..3, 1500),
        repeats in 1_usize..4,
    ) {
        for (index, special) in specials {
            let index = index.index(floats.len());
            floats[index] = special;
        }
        check_both(&floats.repeat(repeats), &marks);
    }
}

#[test]
fn a_sum_that_always_rounds_one_way_keeps_its_multiple() {
    // Where the plain sum of a lane is greatest, each addition is off by nearly half of its last bit.
    let ulp = 2.0_f32.powi(-19);
    for step in [0.49, 0.51, -0.49, -0.51].map(|share| 0.234375 + share * ulp) {
        for lanes in [1, 4, 8, 16] {
            let mut floats = std::vec![step; REGISTERS * lanes];
            floats[..lanes].fill(16.0);
            for exponent in -60..60 {
                let scale = 2.0_f32.powi(exponent);
                let scaled: Vec<f32> = floats.iter().map(|float| float * scale).collect();
                check_both(&scaled, &[1, 0, 1]);
            }
        }
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn usual_terms_succeed() {
    // Probabilities of logits of 12 and less, and squares of differences.
    let logits = (0..20_000).map(|index| (index as f32 * 0.1).sin() * 12.0);
    let probabilities: Vec<f32> = logits.clone().map(|logit| 1.0 / (1.0 + (-logit).exp())).collect();
    assert!(check::<false>(&probabilities, &[1, 0]));
    assert!(check::<true>(&logits.collect::<Vec<_>>(), &[1, 0]));
}

#[test]
#[cfg(target_arch = "x86_64")]
fn words_reach_the_digits_before_they_overflow() {
    // One register a trial, and each lane as great as it may be: without signs just below 1.5 * 2^(17 + 32) units of
    // 2^-45. Words that were never flushed would overflow after 10 923 such trials.
    let lanes = 16;
    let floats = std::vec![24.0_f32.next_down(); 24_576 * lanes];
    assert!(check_by::<false>(1, &floats, &[1]));
    // With signs below 2^45 units of 2^-41, and all of one sign.
    let floats = std::vec![-16.0_f32.next_up(); 24_576 * lanes];
    assert!(check_by::<true>(1, &floats, &[1]));
}

#[test]
fn terms_at_the_edges_of_windows() {
    for float in near_powers_of_two(3) {
        let floats = [float, -float, 0.0, -0.0, -float, -float, float / 3.0, 1.0, 0.5];
        check_both(&floats.repeat(20), &[1, 0]);
        check_both(&floats[..7].repeat(100), &[0, 1]);
    }
}
