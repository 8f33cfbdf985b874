//! The kernels of a tile: labels, greatest logits, probabilities.

use super::tile::{FLOATS, LogitRows, MIDDLE, Tile, WIDE, load_wide, store_wide};
use crate::input::Tally;
use crate::math;
use crate::simd::{Columns, Counted, Kernel, Lanes, Mask, Room, Simd, load, only, store, sum_of_counts, vectors};

/// 2^23: an integer below it, put into its low bits, is added to it.
const FROM_INTEGER: f32 = 8_388_608.0;

/// Reads labels, and sets the weights of pixels without terms to 0. Counts the pixels that count, and those that do not
/// count because of a bad weight or label.
pub(super) struct Read<'t> {
    pub tile: &'t mut Tile,
    pub labels: &'t [i32],
    pub valid: Option<&'t [u8]>,
    pub weights: Option<&'t [f32]>,
    pub classes: usize,
    pub ignore: Option<i32>,
}

impl Kernel for Read<'_> {
    type Output = Tally;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Tally {
        let Self { tile, labels, valid, weights, classes, ignore } = self;
        let labels: &[f32] = vectors(labels);
        let mut room = Room::new();
        let valid = Columns::optional(valid, &mut room);
        let (zero, one) = (S::Register::splat(simd, 0.0), S::Register::splat(simd, 1.0));
        let (mut asked, mut counted, mut on) = (zero, zero, zero);
        let from_integer = zero.constant(FROM_INTEGER).to_bits();
        let highest = zero.constant_bits(classes.saturating_sub(1) as u32);
        let ignored = zero.constant_bits(ignore.unwrap_or(0) as u32);
        for index in 0..tile.vectors::<S::Register>() {
            let label = load::<S::Register>(simd, labels, index).to_bits();
            let mut is_asked = S::Register::everywhere(simd);
            if let Some(valid) = &valid {
                is_asked = S::Register::mask_from_bytes(simd, valid.get(index));
            }
            if ignore.is_some() {
                is_asked = is_asked & S::Register::gt_bits(label ^ ignored, zero.to_bits());
            }
            // (Of what is no class this is some number.)
            let class = S::Register::from_bits(label | from_integer) - FROM_INTEGER;
            let mut counts = is_asked & !S::Register::gt_bits(label, highest);
            let mut has_terms = counts;
            let mut weight = one;
            if let Some(weights) = weights {
                weight = load(simd, weights, index);
                let is_finite = weight.lt(zero.constant(f32::INFINITY));
                has_terms = counts & zero.lt(weight) & is_finite;
                counts = counts & !weight.lt(zero) & is_finite;
            }
            asked = asked + S::Register::select(is_asked, one, zero);
            counted = counted + S::Register::select(counts, one, zero);
            on = on + S::Register::select(has_terms, one, zero);
            let class = S::Register::select(has_terms, class, zero.constant(-1.0));
            store(class, &mut tile.class, index);
            store(S::Register::select(has_terms, weight, zero), &mut tile.weight, index);
        }
        tile.is_full = sum_of_counts(on) == tile.length as i64;
        let pixels = sum_of_counts(counted);
        Tally { pixels, rejected: sum_of_counts(asked) - pixels }
    }
}

/// Replaces the logits of pixels without terms by 0.
pub(super) struct Blank<'t> {
    pub tile: &'t Tile,
    pub copies: &'t mut [f32; FLOATS],
}

impl Kernel for Blank<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { tile, copies } = self;
        for index in 0..tile.vectors::<S::Register>() {
            let (_, has_terms) = tile.classes::<S::Register>(simd, index);
            for row in 0..tile.rows {
                let place = tile.place::<S::Register>(row, index);
                let logit: S::Register = load(simd, copies, place);
                store(only(Some(has_terms), logit), copies, place);
            }
        }
    }
}

/// Finds the greatest logits; returns whether any is infinite.
pub(super) struct Greatest<'t> {
    pub tile: &'t mut Tile,
    pub logits: LogitRows<'t>,
}

impl Kernel for Greatest<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> bool {
        let Self { tile, logits } = self;
        let infinity = S::Register::splat(simd, f32::INFINITY);
        let mut is_infinite = infinity.lt(infinity);
        for index in 0..tile.vectors::<S::Register>() {
            let mut greatest: S::Register = load(simd, &tile.greatest, index);
            for row in 0..tile.rows {
                greatest = greatest.max(logits.get(simd, row, index));
            }
            store(greatest, &mut tile.greatest, index);
            is_infinite = is_infinite | greatest.abs().eq(infinity);
        }
        is_infinite.any()
    }
}

/// How many exponentials are added as floats before their sum is widened.
pub(super) const GROUP: usize = 4;

/// Makes probabilities of logits. With several blocks they are right only if the exponentials of all blocks were added
/// to the sums before.
pub(super) struct Probabilities<'t> {
    pub tile: &'t mut Tile,
    pub logits: LogitRows<'t>,
    /// Works without the greatest logits: right if all logits are small.
    pub is_plain: bool,
    pub is_one_block: bool,
    pub adds: bool,
}

impl Kernel for Probabilities<'_> {
    /// Whether all logits are small.
    type Output = bool;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> bool {
        let Self { tile, logits, is_plain, is_one_block, adds } = self;
        let (zero, one) = (S::Register::splat(simd, 0.0), S::Register::splat(simd, 1.0));
        let infinity = zero.constant(f32::INFINITY);
        let (mut least, mut most) = (infinity, infinity.negate());
        let mut is_nan = zero.lt(zero);
        let (rows, pitch) = (tile.rows, tile.pitch / S::Register::LANES);
        let mut shares = math::shares(zero.constant(MIDDLE));
        for index in 0..tile.vectors::<S::Register>() {
            if !is_plain {
                shares = math::shares(tile.greatest::<S::Register>(simd, index));
            }
            let mut sum = zero.widen();
            if !is_one_block {
                sum = load_wide::<S::Register>(simd, &tile.sums, index);
            }
            let before = sum;
            let mut group = zero;
            for row in 0..rows {
                let logit = logits.get::<S::Register>(simd, row, index);
                least = logit.min(least);
                most = logit.max(most);
                let share = shares.of(logit);
                store(share, &mut tile.values, index + row * pitch);
                group = group + share;
                if row % GROUP == GROUP - 1 && row + 1 < rows {
                    sum = sum + group.widen();
                    group = zero;
                }
            }
            if rows > GROUP || !is_one_block {
                sum = sum + group.widen();
                if !is_one_block {
                    sum = if adds { sum } else { before };
                    store_wide::<S::Register>(sum, &mut tile.sums, index);
                }
                group = S::Register::narrow(sum);
            }
            let (_, has_terms) = tile.classes::<S::Register>(simd, index);
            let scale = only(Some(has_terms), one / group);
            is_nan = is_nan | !scale.eq(scale);
            for row in 0..rows {
                let place = index + row * pitch;
                let share: S::Register = load(simd, &tile.values, place);
                store(share * scale, &mut tile.values, place);
            }
        }
        let mut extremes = [[f32::INFINITY; WIDE], [f32::NEG_INFINITY; WIDE]];
        store(least, &mut extremes[0], 0);
        store(most, &mut extremes[1], 0);
        tile.note(extremes, is_plain && !is_nan.any())
    }
}
