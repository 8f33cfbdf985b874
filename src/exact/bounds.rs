//! Bounds: between which sizes terms lie.

use super::words::{Floats, MOST_LANES};
use crate::simd::{self, Bits, Kernel, Lanes, Simd, vectors, vectors_mut};

/// The least and the greatest size of all terms that are not 0.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub smallest: f32,
    pub greatest: f32,
}

/// The bounds of the terms in each lane, as bits: those of the least size that is not 0, minus 1, and those of the
/// greatest size.
pub(super) struct Sizes<V: Lanes> {
    smallest: V,
    greatest: V::Bits,
}

impl<V: Lanes> Sizes<V> {
    #[inline(always)]
    pub fn new(simd: V::Simd) -> Self {
        let infinity = V::splat(simd, f32::INFINITY);
        Self { smallest: infinity, greatest: infinity.constant_bits(0) }
    }

    #[inline(always)]
    pub fn take(&mut self, term: V) {
        let size = term.abs().to_bits();
        // Zero becomes the NaN whose bits are all 1. The minimum ignores it.
        self.smallest = V::from_bits(size - term.constant_bits(1)).min(self.smallest);
        self.greatest = size.max(self.greatest);
    }

    /// The greatest size is NaN or infinite if any term is.
    #[inline(always)]
    pub fn bounds(self) -> Bounds {
        let mut lanes = NO_TERMS;
        for (found, lanes) in [self.smallest, V::from_bits(self.greatest)].into_iter().zip(&mut lanes) {
            if let Some(lanes) = vectors_mut(lanes).first_mut() {
                found.to_floats(lanes);
            }
        }
        Bounds::of_lanes(lanes)
    }
}

/// [`Sizes`] of no term.
const NO_TERMS: [[f32; MOST_LANES]; 2] = [[f32::INFINITY; MOST_LANES], [0.0; MOST_LANES]];

impl Bounds {
    #[inline(never)]
    fn of_lanes(lanes: [[f32; MOST_LANES]; 2]) -> Self {
        let [smallest, greatest] = lanes.map(|lanes| lanes.map(f32::to_bits));
        let smallest = smallest.into_iter().fold(u32::MAX - 1, u32::min) + 1;
        let greatest = greatest.into_iter().fold(0, u32::max);
        Self { smallest: f32::from_bits(smallest), greatest: f32::from_bits(greatest) }
    }
}

/// Finds the bounds of terms that are whole registers.
struct Measure<'a>(&'a [f32]);

impl Kernel for Measure<'_> {
    type Output = Bounds;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Bounds {
        let mut sizes = Sizes::<S::Register>::new(simd);
        for terms in vectors::<Floats<S>, _>(self.0) {
            sizes.take(S::Register::from_floats(simd, terms));
        }
        sizes.bounds()
    }
}

/// The bounds of terms; the greatest is NaN or infinite if any term is.
pub fn bounds_of(terms: &[f32]) -> Bounds {
    simd::run(Measure(terms))
}

/// The same, if the tier that runs is known and the terms are whole registers of it.
#[inline(always)]
pub fn bounds_on<S: Simd>(simd: S, terms: &[f32]) -> Bounds {
    simd.call(Measure(terms))
}
