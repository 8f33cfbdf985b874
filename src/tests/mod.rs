//! Tests inside the crate: oracles in plain `f64` Rust, and one way to walk the tiers.

use crate::input::{Mask, Pixels, Plane, Planes};
use crate::simd::{self, Tier};
use proptest::prelude::*;
use std::sync::{Mutex, PoisonError};
use std::vec::Vec;

mod band_statistics;
mod bce;
#[cfg(feature = "capi")]
mod capi;
mod classes_many;
mod color;
mod component_orthogonality;
mod cross_entropy;
mod detection;
mod dice;
mod distinct_labels;
mod double;
mod doubles;
mod drift;
mod drift_large;
mod exact;
mod exact_squares;
mod exact_trials;
mod exact_words;
mod explained_variance;
mod fingerprint;
mod flip;
mod focal;
mod foreground_contrast;
mod harness;
mod hostile;
mod lengths;
mod math;
mod matrices;
mod metrics;
mod mse;
mod naive;
mod overlap;
mod planes;
mod ranking;
mod ranking_exact;
mod ranking_large;
mod ranking_words;
mod scores;
mod selector;
mod selector_metrics;
mod soft;
mod spectral_angle;
mod states;
mod svdd;
mod svdd_edges;
mod words;

/// All powers of two, and the finite floats that are fewer than so many steps away from them.
pub fn near_powers_of_two(steps: u32) -> impl Iterator<Item = f32> {
    (-149..128).flat_map(move |exponent| {
        let power = (2.0_f64.powi(exponent) as f32).to_bits();
        let bits = (0..steps).flat_map(move |steps| [power + steps, power.saturating_sub(steps)]);
        bits.map(f32::from_bits).filter(|float| float.is_finite())
    })
}

/// Scores of integers, with labels and mask.
pub fn integers<'a, T>(scores: &'a [T], targets: Option<&'a [u8]>, valid: Option<&'a [u8]>) -> Planes<'a>
where
    Plane<'a>: From<&'a [T]>,
{
    Planes {
        n: scores.len(),
        scores: Some(scores.into()),
        targets: targets.map(Mask::from),
        valid: valid.map(Mask::from),
        ..Planes::default()
    }
}

/// Pixels as rows of a frame, with a pitch in pixels.
pub fn framed<'a>(pixels: &Pixels<'a>, rows: usize, columns: usize, pitch: usize) -> Planes<'a> {
    let planes = Planes::from(*pixels);
    Planes {
        n: rows.saturating_mul(columns),
        rows,
        scores: planes.scores.map(|plane| plane.rows(pitch)),
        targets: planes.targets.map(|mask| mask.rows(pitch)),
        decisions: planes.decisions.map(|mask| mask.rows(pitch)),
        valid: planes.valid.map(|mask| mask.rows(pitch)),
        ..planes
    }
}

/// Runs a check on every tier that this machine has, pinned; says which ones it lacks.
///
/// `HYLA_REQUIRE_TIER=avx512` turns a missing tier into a failure.
pub fn for_each_tier(mut check: impl FnMut(Tier)) {
    // The tier is one for the whole process, so only one test may walk at a time. Tests that do
    // not walk may run meanwhile: their results do not depend on the tier.
    static WALK: Mutex<()> = Mutex::new(());
    let _one_at_a_time = WALK.lock().unwrap_or_else(PoisonError::into_inner);

    let required = std::env::var("HYLA_REQUIRE_TIER").unwrap_or_default();
    for tier in Tier::ALL {
        if simd::pin(Some(tier)).is_ok() {
            check(tier);
        } else {
            assert_ne!(required, tier.name(), "this machine lacks the required tier");
            std::eprintln!("skipped: this machine lacks the tier {}", tier.name());
        }
    }
    simd::pin(None).expect("the best tier is available");
}

/// Any bits: subnormals, infinities and NaNs among them.
pub fn any_float() -> impl Strategy<Value = f32> + Clone {
    any::<u32>().prop_map(f32::from_bits)
}

/// Floats from `low` to `high`, evenly. (Proptest's own float ranges panic once in ten thousand
/// times in an assertion of their sampler, in version 1.12.)
pub fn between(low: f32, high: f32) -> impl Strategy<Value = f32> + Clone {
    const STEPS: u32 = 1 << 24;
    (0..=STEPS).prop_map(move |step| low + (high - low) * (step as f32 / STEPS as f32))
}

/// Where a batch is cut.
pub fn splits() -> impl Strategy<Value = Vec<prop::sample::Index>> {
    proptest::collection::vec(any::<prop::sample::Index>(), 0..6)
}

/// The ends of the parts of a batch of `n` pixels, from 0 to `n`.
pub fn ends(cuts: &[prop::sample::Index], n: usize) -> Vec<usize> {
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(n + 1)).chain([0, n]).collect();
    ends.sort_unstable();
    ends
}
