//! Bounds: between which sizes terms lie.

use super::words::{Floats, MOST_LANES};
use crate::simd::{self, Bits, Kernel, Lanes, Simd, vectors, vectors_mut};

/// The least and the greatest size of all terms that are not 0.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub smallest: f32,
    pub greatest: f32,
}

impl Bounds {
    #[inline(never)]
    pub(super) fn of_lanes(lanes: [[f32; MOST_LANES]; 2]) -> Self {
        let [smallest, greatest] = lanes.map(|lanes| lanes.map(f32::to_bits));
        let smallest = smallest.into_iter().fold(u32::MAX - 1, u32::min) + 1;
        let greatest = greatest.into_iter().fold(0, u32::max);
        Self { smallest: f32::from_bits(smallest), greatest: f32::from_bits(greatest) }
    }
}

/// Finds the bounds of the terms in each lane, as bits: those of the least size that is not 0, minus 1, and those of
/// the greatest size.
struct Measure<'a> {
    terms: &'a [f32],
    lanes: &'a mut [[f32; MOST_LANES]; 2],
}

impl Kernel for Measure<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let infinity = S::Register::splat(simd, f32::INFINITY);
        let one = infinity.constant_bits(1);
        let (mut smallest, mut greatest) = (infinity, infinity.constant_bits(0));
        for terms in vectors::<Floats<S>, _>(self.terms) {
            let size = S::Register::from_floats(simd, terms).abs().to_bits();
            // Zero becomes the NaN whose bits are all 1. The minimum ignores it.
            smallest = S::Register::from_bits(size - one).min(smallest);
            greatest = size.max(greatest);
        }
        let greatest = S::Register::from_bits(greatest);
        for (found, lanes) in [smallest, greatest].into_iter().zip(self.lanes) {
            if let Some(lanes) = vectors_mut(lanes).first_mut() {
                found.to_floats(lanes);
            }
        }
    }
}

/// The bounds of terms; the greatest is NaN or infinite if any term is.
pub fn bounds_of(terms: &[f32]) -> Bounds {
    let mut lanes = NO_TERMS;
    simd::run(Measure { terms, lanes: &mut lanes });
    Bounds::of_lanes(lanes)
}

/// The same, if the tier that runs is known and the terms are whole registers of it.
#[inline(always)]
pub fn bounds_on<S: Simd>(simd: S, terms: &[f32]) -> Bounds {
    let mut lanes = NO_TERMS;
    simd.call(Measure { terms, lanes: &mut lanes });
    Bounds::of_lanes(lanes)
}

/// What [`Measure`] begins with.
pub(super) const NO_TERMS: [[f32; MOST_LANES]; 2] = [[f32::INFINITY; MOST_LANES], [0.0; MOST_LANES]];
