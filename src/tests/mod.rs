//! Tests inside the crate: oracles in plain `f64` Rust, and one way to walk the tiers.

use crate::simd::{self, Tier};
use std::sync::{Mutex, PoisonError};

mod exact;

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
