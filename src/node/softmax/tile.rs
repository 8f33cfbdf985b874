//! Tiles of pixels, row by row: what kernels see of a cube.

use crate::exact::Bounds;
use crate::simd::{Doubles, Lanes, load, on_stack, vectors, vectors_mut};

/// How many pixels a tile has at most: fewer where stack is scarce.
pub(crate) const PIXELS: usize = on_stack(512);
/// How many floats all rows have together.
pub(crate) const FLOATS: usize = PIXELS * 4;
/// The fewest pixels of a tile. Rows are multiples of it, and no register has more lanes.
pub(crate) const LEAST: usize = 16;
/// The same where pairs of registers are whole.
pub(crate) const WIDE: usize = 2 * LEAST;
/// How many classes a block has at most.
pub(crate) const ROWS: usize = FLOATS / LEAST;

/// How many tiles there are between two flushes.
const TILES: usize = 1 << 12;

/// If logits are up to this size and [`MIDDLE`] is taken for the greatest one, the exponentials and the sum of those of
/// a block are normal numbers.
const SMALL: f32 = 38.0;
pub(crate) const MIDDLE: f32 = 22.0;

/// A tile of pixels, row by row.
#[cfg_attr(target_pointer_width = "64", repr(align(64)))]
pub(crate) struct Tile {
    /// The probabilities, 0 where a pixel has no terms. A row begins every `pitch` floats.
    pub values: [f32; FLOATS],
    /// The class of each pixel. It is negative if the pixel has no terms, because it does not count or has weight 0.
    pub class: [f32; PIXELS],
    /// The weight of each pixel; 1 without weights.
    pub weight: [f32; PIXELS],
    pub(crate) greatest: [f32; PIXELS],
    /// The sums of the exponentials, times 2^96. They are used if there are several blocks, and a tile has as few
    /// pixels as possible then.
    pub(crate) sums: [f64; LEAST],
    pub pitch: usize,
    /// The first pixel, and how many there are.
    pub start: usize,
    pub length: usize,
    /// How many tiles were before.
    pub(crate) number: usize,
    /// The class of the first row, and how many rows there are.
    pub first: usize,
    pub rows: usize,
    /// Whether all pixels have terms.
    pub(crate) is_full: bool,
    pub(crate) has_infinite: bool,
    /// The bounds of the probabilities of the rows. None: they are not known, or some are NaN.
    pub bounds: Option<Bounds>,
}

/// The logits of a tile, where they lie or copied.
#[derive(Clone, Copy)]
pub(crate) struct LogitRows<'r> {
    pub(crate) floats: &'r [f32],
    pub(crate) pitch: usize,
}

impl LogitRows<'_> {
    /// The vector of a row.
    #[inline(always)]
    pub fn get<V: Lanes>(&self, simd: V::Simd, row: usize, index: usize) -> V {
        let rest = self.floats.get(row * self.pitch + index * V::LANES..).unwrap_or(&[]);
        load(simd, rest.get(..V::LANES).unwrap_or(&[]), 0)
    }

    /// The vectors at an index of all rows, each as [`load`] takes it. (Whoever goes over all rows looks at fewer ends
    /// so.)
    #[inline(always)]
    pub fn rows<V: Lanes>(&self, index: usize) -> impl Iterator<Item = &[f32]> {
        let mut rest = self.floats.get(index * V::LANES..).unwrap_or(&[]);
        let pitch = self.pitch;
        core::iter::from_fn(move || {
            let row = rest.get(..V::LANES);
            rest = rest.get(pitch..).unwrap_or(&[]);
            row
        })
    }
}

/// A tile, and room for copies of its logits.
pub(crate) struct Work {
    pub tile: Tile,
    pub(crate) copies: [f32; FLOATS],
}

/// The vector of doubles at an index; 0 behind their end.
#[inline(always)]
pub(crate) fn load_wide<V: Lanes>(simd: V::Simd, doubles: &[f64], index: usize) -> V::Doubles {
    match vectors(doubles).get(index) {
        Some(values) => V::Doubles::from_values(simd, values),
        None => V::Doubles::splat(simd, 0.0),
    }
}

#[inline(always)]
pub(crate) fn store_wide<V: Lanes>(values: V::Doubles, doubles: &mut [f64], index: usize) {
    if let Some(place) = vectors_mut(doubles).get_mut(index) {
        *place = values.to_values();
    }
}

impl Tile {
    pub fn new() -> Self {
        Self {
            values: [0.0; FLOATS],
            class: [0.0; PIXELS],
            weight: [0.0; PIXELS],
            greatest: [0.0; PIXELS],
            sums: [0.0; LEAST],
            pitch: 0,
            start: 0,
            length: 0,
            number: 0,
            first: 0,
            rows: 0,
            is_full: false,
            has_infinite: false,
            bounds: None,
        }
    }

    /// Whether the words that rows are added to must be made canonical before this tile. Each tile has one row of a
    /// class, and [`Row::add`] has room for 2^28 rows.
    ///
    /// [`Row::add`]: crate::exact::Row::add
    pub fn is_flush_due(&self) -> bool {
        self.number.is_multiple_of(TILES)
    }

    /// The length, rounded up to whole registers.
    pub fn padded_length(&self) -> usize {
        self.length.next_multiple_of(LEAST)
    }

    /// How many vectors the padded length has.
    #[inline(always)]
    pub fn vectors<V: Lanes>(&self) -> usize {
        self.padded_length() / V::LANES
    }

    /// Where a vector of a row is.
    #[inline(always)]
    pub fn place<V: Lanes>(&self, row: usize, index: usize) -> usize {
        row * (self.pitch / V::LANES) + index
    }

    /// The vector of a row.
    #[inline(always)]
    pub fn value<V: Lanes>(&self, simd: V::Simd, row: usize, index: usize) -> V {
        load(simd, &self.values, self.place::<V>(row, index))
    }

    /// The classes of a vector of pixels, and which of them have terms.
    #[inline(always)]
    pub fn classes<V: Lanes>(&self, simd: V::Simd, index: usize) -> (V, V::Mask) {
        let class: V = load(simd, &self.class, index);
        (class, !class.lt(class.constant(0.0)))
    }

    /// The greatest logit; 0 if it is infinite, because the logits were replaced by 0 or -infinity then.
    #[inline(always)]
    pub fn greatest<V: Lanes>(&self, simd: V::Simd, index: usize) -> V {
        let greatest: V = load(simd, &self.greatest, index);
        if !self.has_infinite {
            return greatest;
        }
        let is_infinite = greatest.abs().eq(greatest.constant(f32::INFINITY));
        V::select(is_infinite, greatest.constant(0.0), greatest)
    }

    /// Notes the bounds of the probabilities, found from the extremes of the logits. `is_plain` says that no
    /// probability is NaN. Returns whether all logits are small.
    #[inline(never)]
    pub fn note(&mut self, extremes: [[f32; WIDE]; 2], is_plain: bool) -> bool {
        let [least, most] = extremes;
        let least = least.into_iter().fold(f32::INFINITY, |a, b| if b < a { b } else { a });
        let most = most.into_iter().fold(f32::NEG_INFINITY, |a, b| if b > a { b } else { a });
        let is_small = -SMALL < least && most < SMALL;
        // This is not above `e^least / (classes e^most)`.
        let classes = (2 + self.rows.max(1).ilog2()) as f32;
        let binades = (most - least) * core::f32::consts::LOG2_E + classes;
        let smallest = f32::from_bits((127 - (binades as u32).min(126)) << 23);
        let bounds = Bounds { smallest, greatest: 1.0 };
        self.bounds = if is_small && is_plain { Some(bounds) } else { None };
        is_small
    }

    /// Replaces the logits of pixels with an infinite maximum: those that equal it by 0, all others by -infinity.
    #[cold]
    #[inline(never)]
    pub fn take_limits(&self, copies: &mut [f32; FLOATS]) {
        for row in copies.chunks_mut(self.pitch.max(1)).take(self.rows) {
            for (logit, greatest) in row.iter_mut().zip(&self.greatest).take(self.length) {
                if greatest.is_infinite() && !logit.is_nan() {
                    *logit = if *logit == *greatest { 0.0 } else { f32::NEG_INFINITY };
                }
            }
        }
    }
}
