//! The tiers of this machine.

use hyla::capi::library::hyla_tier_pin;

/// The numbers of all tiers: `HYLA_TIER_SCALAR` to `HYLA_TIER_AVX512`.
const ALL: [u32; 4] = [1, 2, 3, 4];

/// The tiers that the machine has, scalar first.
pub fn tiers() -> Vec<u32> {
    ALL.into_iter().filter(|tier| hyla_tier_pin(*tier) == 0).collect()
}

/// Runs the next calls on a tier that the machine has.
pub fn pin(tier: u32) {
    assert_eq!(hyla_tier_pin(tier), 0);
}
