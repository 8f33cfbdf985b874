//! Losses: one file each, all of the same shape.
//!
//! ```text
//!  pixels ──► update ──► totals ──► loss
//!                          ├─ merge
//!                          └──► gradient ──► one float a pixel
//! ```
//!
//! `Params` says what is computed, `Totals` hold exact sums that merge by integer addition,
//! `update` adds pixels to them, `loss` makes a number of them, and `gradient` writes the
//! derivative for any part of the pixels once the totals are complete. `loss_and_gradient` does
//! all of it for one frame.

pub mod bce;
pub mod cross_entropy;
pub mod dice;
pub mod distinctness;
pub mod focal;
pub mod foreground_contrast;
pub(crate) mod gram;
pub mod iou;
pub mod mse;
pub mod orthogonality;
pub mod overlap;
mod pixelwise;
pub mod reduction;
pub mod selector_diversity;
pub mod selector_entropy;
mod softmax;
pub mod svdd;
pub mod tversky;

pub use reduction::Reduction;

use crate::simd::Lanes;

/// What a gradient does with the slice that it writes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Write {
    /// Overwrites it; pixels that do not count become 0.
    #[default]
    Store = 0,
    /// Adds to it, rounded once an element; pixels that do not count stay as they are. So
    /// several losses on one tensor are combined.
    Add = 1,
}

impl Write {
    /// The write mode of a number of the C interface.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::Store, Self::Add].into_iter().find(|write| *write as u32 == number)
    }

    /// Writes the values of the lanes where the mask is true (None: of all).
    #[inline(always)]
    pub(crate) fn write<V: Lanes>(self, mask: Option<V::Mask>, values: V, to: &mut V::Floats) {
        let before = match self {
            Self::Store => None,
            Self::Add => Some(V::from_floats(values.simd(), to)),
        };
        over(mask, values, before).to_floats(to);
    }
}

/// The values of the lanes where the mask is true (None: of all), added to what was there before (None: they take its
/// place, and elsewhere is 0).
#[inline(always)]
pub(crate) fn over<V: Lanes>(mask: Option<V::Mask>, values: V, before: Option<V>) -> V {
    let (values, otherwise) = match before {
        None => (values, values.constant(0.0)),
        Some(before) => (before + values, before),
    };
    match mask {
        Some(mask) => V::select(mask, values, otherwise),
        None => values,
    }
}

/// The values where the mask is true (None: everywhere), 0 elsewhere.
#[inline(always)]
pub(crate) fn only<V: Lanes>(mask: Option<V::Mask>, values: V) -> V {
    match mask {
        Some(mask) => V::select(mask, values, values.constant(0.0)),
        None => values,
    }
}

/// A hash of parameters, for totals whose terms depend on them: totals carry the sum of the hash
/// over their pixels, which shows when terms of different parameters were mixed.
///
/// FNV-1a over the words, with a final avalanche so that close parameters differ everywhere.
#[inline(never)]
pub(crate) fn fingerprint(words: &[u32]) -> i64 {
    const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;
    let hash = words
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .fold(FNV_OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(FNV_PRIME));
    (hash ^ hash >> 32).wrapping_mul(FNV_PRIME) as i64
}
