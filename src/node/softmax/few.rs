//! Softmax of tiles without exceptions, all classes at hand: the bits of [`super::kernels`] in one walk.
//!
//! Such a tile has whole pairs of registers, and all of its pixels have terms ([`super::LabelledCube::is_plain`]). Two
//! registers are in flight, because one would wait for the long chain of its exponential. How many classes there are
//! is known when it runs: a copy of the code for each number would take much room, and gain little.
//!
//! **Limit**: an exponential takes about 33 operations of a vector, and its loop keeps the units of a core busy. The
//! two divisions a pixel occupy their unit about half as long as the exponentials of 4 classes take.

use super::kernels::GROUP;
use super::tile::{LogitRows, MIDDLE, PIXELS, Tile, WIDE};
use crate::math;
use crate::simd::{Kernel, Lanes, Mask, Output, Pair, Simd, load, store, vectors};

/// What cross-entropy needs of each pixel of a tile beside the probabilities.
pub(crate) struct Found<'t> {
    /// The greatest logit, less that of the label.
    pub behind: &'t mut [f32; PIXELS],
    /// The sum of all probabilities but the greatest, divided by the greatest.
    pub ratio: &'t mut [f32; PIXELS],
    /// The probability of the label, less 1.
    pub short: &'t mut [f32; PIXELS],
}

/// Makes probabilities of logits.
pub(crate) struct Few<'t> {
    pub tile: &'t mut Tile,
    pub logits: LogitRows<'t>,
    /// If given, it is found too. Otherwise the greatest logits are not looked for, and all logits must be small.
    pub found: Option<Found<'t>>,
}

impl Kernel for Few<'_> {
    /// Whether what was found is right: no logit is NaN, and no greatest one infinite, or all are small.
    type Output = bool;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> bool {
        let Self { tile, logits, found } = self;
        match found {
            Some(found) => find::<Pair<S::Register>>(simd, tile, logits, found),
            None => find_plain::<Pair<S::Register>>(simd, tile, logits),
        }
    }
}

// Each loop is short, so that the steps of one vector of pixels need not wait for those of the vector before.

#[inline(always)]
fn find<V: Lanes>(simd: V::Simd, tile: &mut Tile, logits: LogitRows, found: Found) -> bool {
    let (zero, one) = (V::splat(simd, 0.0), V::splat(simd, 1.0));
    let mut is_special = zero.lt(zero);
    let (rows, pitch) = (tile.rows, tile.pitch / V::LANES);
    for index in 0..tile.vectors::<V>() {
        let label: V = load(simd, &tile.class, index);
        let (mut class, mut own, mut greatest) = (zero, zero, zero.constant(f32::NEG_INFINITY));
        for row in logits.rows::<V>(index).take(rows) {
            let logit: V = load(simd, row, 0);
            greatest = greatest.max(logit);
            own = V::select(label.eq(class), logit, own);
            class = class + 1.0;
        }
        store(greatest, &mut tile.greatest, index);
        store(greatest - own, found.behind, index);
    }
    for index in 0..tile.vectors::<V>() {
        let shares = math::shares(load::<V>(simd, &tile.greatest, index));
        store(add_shares(tile, logits, &shares, index), &mut tile.greatest, index);
    }
    for index in 0..tile.vectors::<V>() {
        let label: V = load(simd, &tile.class, index);
        let scale = one / load::<V>(simd, &tile.greatest, index);
        // (Beside an infinite greatest logit all shares are NaN.)
        is_special = is_special | !scale.eq(scale);
        let (mut class, mut own, mut greatest) = (zero, zero, zero);
        let mut others = zero.widen();
        for row in 0..rows {
            let place = index + row * pitch;
            let probability = load::<V>(simd, &tile.values, place) * scale;
            store(probability, &mut tile.values, place);
            own = V::select(label.eq(class), probability, own);
            class = class + 1.0;
            others = others + greatest.min(probability).widen();
            greatest = greatest.max(probability);
        }
        let others = V::narrow(others);
        store(others / greatest, found.ratio, index);
        store(V::select(own.eq(greatest), others.negate(), own - 1.0), found.short, index);
    }
    !is_special.any()
}

#[inline(always)]
fn find_plain<V: Lanes>(simd: V::Simd, tile: &mut Tile, logits: LogitRows) -> bool {
    let one = V::splat(simd, 1.0);
    let (mut least, mut most) = (one.constant(f32::INFINITY), one.constant(f32::NEG_INFINITY));
    let mut is_nan = one.lt(one);
    let shares = math::shares(one.constant(MIDDLE));
    let (rows, pitch) = (tile.rows, tile.pitch / V::LANES);
    for index in 0..tile.vectors::<V>() {
        for row in logits.rows::<V>(index).take(rows) {
            let logit: V = load(simd, row, 0);
            least = logit.min(least);
            most = logit.max(most);
        }
        store(add_shares(tile, logits, &shares, index), &mut tile.greatest, index);
    }
    for index in 0..tile.vectors::<V>() {
        let scale = one / load::<V>(simd, &tile.greatest, index);
        is_nan = is_nan | !scale.eq(scale);
        for row in 0..rows {
            let place = index + row * pitch;
            store(load::<V>(simd, &tile.values, place) * scale, &mut tile.values, place);
        }
    }
    let mut extremes = [[f32::INFINITY; WIDE], [f32::NEG_INFINITY; WIDE]];
    store(least, &mut extremes[0], 0);
    store(most, &mut extremes[1], 0);
    tile.note(extremes, !is_nan.any())
}

/// Stores the exponentials of a vector of pixels, and returns their sum, in the order that all kernels have.
#[inline(always)]
fn add_shares<V: Lanes>(tile: &mut Tile, logits: LogitRows, shares: &math::Shares<V>, index: usize) -> V {
    let simd = shares.simd();
    let mut group = V::splat(simd, 0.0);
    let mut sum = group.widen();
    let (rows, pitch) = (tile.rows, tile.pitch / V::LANES);
    for (row, logits) in logits.rows::<V>(index).take(rows).enumerate() {
        if row % GROUP == 0 && row != 0 {
            sum = sum + group.widen();
            group = V::splat(simd, 0.0);
        }
        let share = shares.of(load(simd, logits, 0));
        store(share, &mut tile.values, index + row * pitch);
        group = group + share;
    }
    if rows > GROUP { V::narrow(sum + group.widen()) } else { group }
}

/// Writes floats to an output, or adds them: whole registers.
pub(super) struct WriteFloats<'t> {
    pub floats: &'t [f32],
    pub to: Output<'t>,
}

impl Kernel for WriteFloats<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for (place, floats) in self.to.vectors().iter().zip(vectors(self.floats)) {
            place.write(None, S::Register::from_floats(simd, floats));
        }
    }
}
