//! Rows of a tile: the exact sum of a row, and the exact sum of the terms in it that belong to one class.
//!
//! The levels are those of [`super::double_levels`]: probabilities lie in few binades. The sum of one class has words
//! of its own, so that both sums together take less time than two accumulators. A row is short, so all words of a level
//! are added to one number.

use super::ExactSum;
use super::bounds::bounds_of;
use super::double_levels::DoubleWindow;
use super::words::Floats;
use crate::simd::{self, Counted, Doubles, Kernel, Lanes, Simd, sum_of_counts, vectors};
use bytemuck::Zeroable;

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
    pub fn add(mut self, known: Option<DoubleWindow>, all: &mut ExactSum, own: &mut ExactSum) -> i64 {
        match known.or_else(|| self.measure(all, own)) {
            Some(window) => simd::run(AddRow { row: self, window, sums: [all, own] }),
            None => self.add_one_by_one(all, own),
        }
    }

    /// Finds the window of the terms. Terms that are not finite are counted and become 0.
    fn measure(&mut self, all: &mut ExactSum, own: &mut ExactSum) -> Option<DoubleWindow> {
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
    window: DoubleWindow,
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
