//! Which pixels count, and with which weight: what kernels ask about every vector of pixels.

use super::Pixels;
use crate::simd::{Columns, Kernel, Lanes, Mask, Room, Simd, vectors_mut};

/// Which pixels count, and their weights, as vectors.
pub(crate) struct LiveColumns<'a, V: Lanes> {
    valid: Option<Columns<'a, V::Bytes>>,
    weights: Option<Columns<'a, V::Floats>>,
    soft_targets: Option<Columns<'a, V::Floats>>,
}

/// Room for their ragged ends.
pub(crate) struct LiveRooms<V: Lanes> {
    valid: Room<V::Bytes>,
    floats: [Room<V::Floats>; 2],
}

impl<V: Lanes> LiveRooms<V> {
    #[inline(always)]
    pub fn new() -> Self {
        Self { valid: Room::new(), floats: [Room::new(), Room::new()] }
    }
}

/// Which lanes count, and their weights.
pub(crate) struct Live<V: Lanes> {
    /// None: all do.
    pub mask: Option<V::Mask>,
    /// None: all are 1.
    pub weight: Option<V>,
    /// None: targets are bytes.
    pub soft_target: Option<V>,
}

/// The least float above 1.
const ABOVE_ONE: f32 = 1.0 + f32::EPSILON;

/// Which values are not negative and below the limit. (A NaN fails the second comparison.)
#[inline(always)]
fn within<V: Lanes>(values: V, limit: f32) -> V::Mask {
    !values.lt(values.constant(0.0)) & values.lt(values.constant(limit))
}

/// Both masks; None is true everywhere.
#[inline(always)]
pub(crate) fn both<M: Mask>(first: Option<M>, second: M) -> M {
    match first {
        Some(first) => first & second,
        None => second,
    }
}

impl<'a, V: Lanes> LiveColumns<'a, V> {
    #[inline(always)]
    pub fn new(
        pixels: &Pixels<'a>,
        LiveRooms { valid, floats: [weights, soft_targets] }: &'a mut LiveRooms<V>,
    ) -> Self {
        Self {
            valid: Columns::optional(pixels.valid, valid),
            weights: Columns::optional(pixels.weights, weights),
            soft_targets: Columns::optional(pixels.soft_targets, soft_targets),
        }
    }

    #[cfg_attr(any(target_pointer_width = "64", target_family = "wasm"), inline(always))]
    #[cfg_attr(not(any(target_pointer_width = "64", target_family = "wasm")), inline(never))]
    pub fn get(&self, simd: V::Simd, index: usize) -> Live<V> {
        // (These are matches, because closures must be inlined to be compiled for the tier.)
        let valid = match &self.valid {
            Some(valid) => Some(V::mask_from_bytes(simd, valid.get(index))),
            None => None,
        };
        let mut live = Live { mask: valid, weight: None, soft_target: None };
        if let Some(weights) = &self.weights {
            let weight = V::from_floats(simd, weights.get(index));
            live.mask = Some(both(live.mask, within(weight, f32::INFINITY)));
            live.weight = Some(weight);
        }
        if let Some(soft_targets) = &self.soft_targets {
            let target = V::from_floats(simd, soft_targets.get(index));
            live.mask = Some(both(live.mask, within(target, ABOVE_ONE)));
            live.soft_target = Some(target);
        }
        live
    }
}

impl<V: Lanes> Live<V> {
    /// The values times the pixel weights.
    #[inline(always)]
    pub fn weighted(&self, values: V) -> V {
        match self.weight {
            Some(weight) => values * weight,
            None => values,
        }
    }

    /// The values in the lanes that count, and `otherwise` in the others.
    #[inline(always)]
    pub fn or(&self, values: V, otherwise: f32) -> V {
        match self.mask {
            Some(mask) => V::select(mask, values, values.constant(otherwise)),
            None => values,
        }
    }
}

/// Writes the weights of pixels, and [`Self::MASKED`] where a pixel does not count. It is a call of its own, so that
/// all kernels share its code.
pub(crate) struct Weights<'a> {
    /// From the first pixel of the block on.
    pub pixels: Pixels<'a>,
    /// Where the weights are written: whole registers.
    pub to: &'a mut [f32],
}

impl Weights<'_> {
    /// Below every weight.
    const MASKED: f32 = -1.0;
}

impl Kernel for Weights<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let mut rooms = LiveRooms::new();
        let live = LiveColumns::<S::Register>::new(&self.pixels, &mut rooms);
        for (index, weight) in vectors_mut(self.to).iter_mut().enumerate() {
            let live = live.get(simd, index);
            let one = S::Register::splat(simd, 1.0);
            live.or(live.weighted(one), Self::MASKED).to_floats(weight);
        }
    }
}
