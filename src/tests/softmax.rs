//! The exponential that probabilities are made of.

use super::naive::ulps;
use super::{between, for_each_tier};
use crate::loss::columns::{Part, PerPixel, TILE};
use crate::loss::softmax::Exponentials;
use crate::math::EXP_MAX_ULP;
use crate::simd;
use proptest::prelude::*;
use std::vec::Vec;

fn exponentials(max: f32, logits: &[f32]) -> PerPixel<f32> {
    let part = Part { start: 0, length: logits.len() };
    let mut column = PerPixel([0.0; TILE]);
    column.0[..logits.len()].copy_from_slice(logits);
    simd::run(Exponentials { part, max: &PerPixel([max; TILE]), logits: &mut column });
    column
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn exponentials_of_differences_are_within_the_bound(
        max in prop_oneof![between(-100.0, 100.0), between(-1e4, 1e4)],
        below in proptest::collection::vec(
            prop_oneof![between(0.0, 150.0), between(0.0, 1.0)],
            TILE,
        ),
    ) {
        let logits: Vec<f32> = below.iter().map(|below| max - below).collect();
        for_each_tier(|tier| {
            let found = exponentials(max, &logits);
            for (logit, found) in logits.iter().zip(found.0) {
                let truth = (f64::from(*logit) - f64::from(max)).exp() * 2.0_f64.powi(96);
                let error = ulps(found, truth);
                assert!(error <= EXP_MAX_ULP, "{tier:?} {logit} - {max}: {error} ulp");
            }
        });
    }
}

#[test]
fn ends_of_exponentials() {
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    let top = 2.0_f32.powi(96);
    for_each_tier(|_| {
        let found = exponentials(inf, &[inf, 0.0, -inf, nan]);
        assert_eq!(found.0[0], top);
        // Nothing is subnormal, and what is far below rounds to 0 once the scale is off.
        for far in [found.0[1], found.0[2], exponentials(1.0, &[-3e38]).0[0]] {
            assert!(far.is_normal() && far / top == 0.0);
        }
        assert!(found.0[3].is_nan());
        assert_eq!(exponentials(3e38, &[3e38]).0[0], top);
        assert!(exponentials(f32::NEG_INFINITY, &[nan]).0[0].is_nan());
    });
}
