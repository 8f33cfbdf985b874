//! The levels of squares against squares that are added one by one: the same words on every tier.

use super::{any_float, for_each_tier};
use crate::exact::ExactSquares;
use proptest::prelude::*;
use std::vec::Vec;

/// The squares of the floats that are valid, one by one.
fn one_by_one(floats: &[f32], valid: Option<&[u8]>) -> ExactSquares {
    let mut squares = ExactSquares::default();
    for (index, float) in floats.iter().enumerate() {
        if valid.is_none_or(|valid| valid[index] != 0) {
            squares.add(*float);
        }
    }
    squares
}

fn check(floats: &[f32], valid: Option<&[u8]>, start: ExactSquares) {
    let mut expected = start;
    expected.merge(&one_by_one(floats, valid));
    for_each_tier(|tier| {
        let mut found = start;
        found.add_squares(floats, valid);
        assert_eq!(found, expected, "{tier:?}, {} floats", floats.len());
    });
}

/// Floats whose exponents lie within a span from a lowest one, and zeros.
fn spanned(length: usize, lowest: u32, span: u32, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state ^ state >> 15
    };
    let float = |_| match next() % 8 {
        0 => f32::from_bits(next() & 1 << 31),
        // The corners: the ends of the span, with the least and the greatest significand.
        1 => f32::from_bits(lowest << 23 | 1),
        2 => f32::from_bits((lowest + span).min(254) << 23 | 0x7f_ffff),
        _ => f32::from_bits(next() & 0x807f_ffff | (lowest + next() % (span + 1)).min(254) << 23),
    };
    (0..length).map(float).collect()
}

#[test]
fn every_length_gives_the_words_of_single_squares() {
    for length in 0..=130 {
        let floats = spanned(length, 120, 9, length as u32);
        let valid: Vec<u8> = (0..length).map(|index| (index * 7 % 3) as u8).collect();
        check(&floats, None, ExactSquares::default());
        check(&floats, Some(&valid), ExactSquares::default());
    }
}

#[test]
fn every_span_at_every_height_gives_the_words_of_single_squares() {
    // Two levels hold 26 binades of floats, and fewer where the squares are smallest.
    for span in [0, 1, 5, 9, 13, 24, 25, 26, 27, 28, 40, 253] {
        for lowest in [0, 1, 2, 20, 40, 60, 100, 127, 200, 226, 227, 228, 229, 230, 253, 254] {
            check(&spanned(83, lowest, span, lowest), None, ExactSquares::default());
        }
    }
}

#[test]
fn long_runs_of_the_greatest_squares_fit_the_words() {
    for float in [f32::MAX, -f32::MAX, 1.0_f32.next_down(), 1.0, f32::MIN_POSITIVE, f32::from_bits(1), 0.0] {
        for length in [2047, 2048, 2049, 6000] {
            let mut floats = std::vec![float; length];
            check(&floats, None, ExactSquares::default());
            // One small float beside them makes the span as wide as it may be.
            floats[length / 2] = float * 1.0e-7;
            check(&floats, None, ExactSquares::default());
        }
    }
}

#[test]
fn what_is_not_finite_is_counted_and_what_is_masked_is_not() {
    for special in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
        for place in [0, 5, 63, 2047, 2048, 4100] {
            let mut floats = spanned(4101, 118, 10, 3);
            floats[place] = special;
            let mut valid = std::vec![1; floats.len()];
            check(&floats, None, ExactSquares::default());
            check(&floats, Some(&valid), ExactSquares::default());
            valid[place] = 0;
            check(&floats, Some(&valid), ExactSquares::default());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_floats_give_the_words_of_single_squares(
        lowest in 0_u32..255,
        span in 0_u32..60,
        seed: u32,
        length in 0_usize..5000,
        specials in proptest::collection::vec((any::<prop::sample::Index>(), any_float()), 0..3),
        masks in proptest::option::of(proptest::collection::vec(0_u8..4, 5000)),
        start in any_float(),
    ) {
        let mut floats = spanned(length, lowest, span, seed);
        for (index, special) in specials {
            if !floats.is_empty() {
                let index = index.index(floats.len());
                floats[index] = special;
            }
        }
        let valid = masks.as_ref().map(|masks| &masks[..length]);
        check(&floats, valid, one_by_one(&[start], None));
    }
}
