//! Rows of a tile: the exact sum of a row, and the exact sum of the terms in it that belong to one class.
//!
//! The levels are those of [`super::block`], but with doubles and `i64` words. One level holds 27 binades, and
//! probabilities lie in few. The sum of one class has words of its own, so that both sums together take less time than
//! two accumulators. A row is short, so all words of a level are added to one number.

use super::ExactSum;
use super::bounds::{Bounds, bounds_of};
use super::window::Unpacked;
use super::words::Floats;
use crate::math::order::at_most;
use crate::simd::{self, Counted, Doubles, Kernel, Lanes, Simd, sum_of_counts, vectors};
use bytemuck::Zeroable;

/// How many bits above its unit a level holds. `x + M` is exact to the unit for x below `2^(q+51)`; one of these bits
/// is kept for the rounding of the level.
const LEVEL_BITS: i32 = 50;

/// Between which sizes the terms of a row lie: all terms are multiples of `2^unit` and below `2^top` in size.
#[derive(Clone, Copy)]
struct Extent {
    unit: i32,
    top: i32,
}

/// Levels of doubles that hold the terms of a row exactly. The first unit is `2^highest_unit`; the exponent of each
/// next one is lower by [`LEVEL_BITS`].
#[derive(Clone, Copy)]
pub(crate) struct RowWindow {
    highest_unit: i32,
    levels: usize,
}

impl RowWindow {
    /// The exponent of a level's unit.
    #[inline(always)]
    fn unit(self, level: usize) -> i32 {
        self.highest_unit - LEVEL_BITS * level as i32
    }

    /// `1.5 * 2^(52 + unit)`: what a level adds.
    #[inline(always)]
    fn magic(self, level: usize) -> f64 {
        let biased = (1023 + 52 + self.unit(level)) as u64;
        f64::from_bits(biased << 52 | 1 << 51)
    }

    /// The fewest levels that hold the extent. None: no window is so wide.
    fn around(extent: Extent, lowest: i32) -> Option<Self> {
        [1, 2, 4].into_iter().find_map(|levels| {
            let spare = LEVEL_BITS * levels as i32 - (extent.top - extent.unit);
            // The lowest unit may not fall below the lowest digit.
            let lowest_allowed = lowest + LEVEL_BITS * (levels as i32 - 1);
            let highest_unit = (extent.top - LEVEL_BITS + spare / 2).max(lowest_allowed);
            (spare >= 0).then_some(Self { highest_unit, levels })
        })
    }
}

impl Bounds {
    /// The window for [`Row::add`]. None: no window is so wide.
    #[inline(never)]
    pub fn window(self) -> Option<RowWindow> {
        let smallest = Unpacked::new(at_most(self.smallest, self.greatest))?;
        let greatest = Unpacked::new(self.greatest)?;
        let extent = Extent { unit: smallest.exponent, top: greatest.exponent + 24 };
        RowWindow::around(extent, ExactSum::UNIT)
    }
}

/// The terms of at most 512 pixels, in whole registers, and the classes of these pixels. Where nothing is to be added,
/// the term is 0 and the class is negative.
pub(crate) struct Row<'a> {
    pub terms: &'a mut [f32],
    pub classes: &'a [f32],
    pub class: f32,
}

impl Row<'_> {
    /// Adds all terms to the sum `all`, and those of the class to the sum `own`. Returns how many pixels are of the
    /// class. If no window is known, the terms may be any floats; those that are not finite are counted and become 0.
    ///
    /// The words must be canonical before the first row, and are not afterwards: normalize after at most 2^28 rows.
    #[inline(never)]
    pub fn add(mut self, known: Option<RowWindow>, all: &mut ExactSum, own: &mut ExactSum) -> i64 {
        match known.or_else(|| self.measure(all, own)) {
            Some(window) => simd::run(AddRow { row: self, window, sums: [all, own] }),
            None => self.add_one_by_one(all, own),
        }
    }

    /// Finds the window of the terms. Terms that are not finite are counted and become 0.
    fn measure(&mut self, all: &mut ExactSum, own: &mut ExactSum) -> Option<RowWindow> {
        let mut bounds = bounds_of(self.terms);
        if !bounds.greatest.is_finite() {
            for (term, class) in self.terms.iter_mut().zip(self.classes) {
                if !term.is_finite() {
                    all.count_non_finite(&[*term]);
                    if *class == self.class {
                        own.count_non_finite(&[*term]);
                    }
                    *term = 0.0;
                }
            }
            bounds = bounds_of(self.terms);
        }
        bounds.window()
    }

    #[cold]
    #[inline(never)]
    fn add_one_by_one(self, all: &mut ExactSum, own: &mut ExactSum) -> i64 {
        let mut count = 0;
        for (term, class) in self.terms.iter().zip(self.classes) {
            all.add_term(*term);
            if *class == self.class {
                own.add_term(*term);
                count += 1;
            }
        }
        all.normalize();
        own.normalize();
        count
    }
}

struct AddRow<'a> {
    row: Row<'a>,
    window: RowWindow,
    sums: [&'a mut ExactSum; 2],
}

type Wide<S> = <<S as Simd>::Register as Lanes>::Doubles;

impl AddRow<'_> {
    #[inline(always)]
    fn add<S: Simd, const LEVELS: usize>(self, simd: S) -> i64 {
        let zero = S::Register::splat(simd, 0.0);
        let class = zero.constant(self.row.class);
        let none = Wide::<S>::words(simd, &<Wide<S> as Doubles>::Array::zeroed());
        let mut magic = [Wide::<S>::splat(simd, 0.0); LEVELS];
        for (level, magic) in magic.iter_mut().enumerate() {
            *magic = Wide::<S>::splat(simd, self.window.magic(level));
        }
        let mut words = [[none; 2]; LEVELS];
        let mut counts = zero;
        let terms = vectors::<Floats<S>, _>(self.row.terms);
        for (term, classes) in terms.iter().zip(vectors::<Floats<S>, _>(self.row.classes)) {
            let term = S::Register::from_floats(simd, term);
            let is_own = S::Register::from_floats(simd, classes).eq(class);
            counts = S::Register::select(is_own, counts + 1.0, counts);
            let mut rest = term.widen();
            for (magic, [all, own]) in magic.iter().zip(&mut words) {
                let shifted = rest + *magic;
                *all = shifted.add_bits(*all);
                *own = S::Register::add_bits_where(is_own, shifted, *own);
                rest = rest - (shifted - *magic);
            }
        }
        let owned = sum_of_counts(counts);
        let mut arrays = [[<Wide<S> as Doubles>::Array::zeroed(); 2]; LEVELS];
        for (arrays, words) in arrays.iter_mut().zip(words) {
            for (array, words) in arrays.iter_mut().zip(words) {
                *array = Wide::<S>::to_array(words);
            }
        }
        let additions = [(terms.len() * S::Register::LANES) as i64, owned];
        self.flush(vectors(&arrays), additions);
        owned
    }

    /// Moves the words of all levels to the digits. The words of a level are those of the first sum, then those of the
    /// second.
    #[inline(never)]
    fn flush(self, words: &[i64], additions: [i64; 2]) {
        let lanes = words.len() / 2 / self.window.levels.max(1);
        let [all, own] = self.sums;
        for (level, words) in words.chunks(2 * lanes.max(1)).enumerate() {
            let (first, second) = words.split_at_checked(lanes).unwrap_or_default();
            let bias = self.window.magic(level).to_bits() as i64;
            let unit = self.window.unit(level);
            all.add_folded(first, bias.wrapping_mul(additions[0]), unit);
            own.add_folded(second, bias.wrapping_mul(additions[1]), unit);
        }
    }
}

impl ExactSum {
    /// Adds the words of a level to each other, subtracts `bias`, and adds the result times `2^exponent` to the sum.
    /// (512 terms of up to 2^50 units fit into it.) The words of the sum are not canonical afterwards.
    #[inline(never)]
    fn add_folded(&mut self, words: &[i64], bias: i64, exponent: i32) {
        let mut total = bias.wrapping_neg();
        for word in words {
            total = total.wrapping_add(*word);
        }
        self.add_scaled(total, exponent);
    }

    /// Adds a number of pixels. The words are not canonical afterwards.
    pub(crate) fn add_count(&mut self, count: i64) {
        self.add_folded(&[count], 0, 0);
    }
}

impl Kernel for AddRow<'_> {
    type Output = i64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> i64 {
        match self.window.levels {
            1 => self.add::<S, 1>(simd),
            2 => self.add::<S, 2>(simd),
            _ => self.add::<S, 4>(simd),
        }
    }
}
