//! The kernels of the Dice loss. They work on tiles of pixels: first what each pixel needs (maximum,
//! 1/s), then class after class, so that one class's sums are open at a time.

use super::{Params, Slopes, Totals, is_in_mean};
use crate::cube::CubeColumnsMut;
use crate::loss::softmax::{
    LabelTile, Labels, Logits, PerPixel, Softmax, SumTile, TILE, exponential, load, reciprocal,
    vectors,
};
use crate::loss::{Write, only};
use crate::pixels::Tally;
use crate::simd::{Doubles, Kernel, Lanes, Mask, Simd};

/// The class of the softmax that totals belong to: one channel has a background of its own.
#[inline(always)]
fn softmax_class(class: usize, classes: usize) -> usize {
    if classes == 1 { 1 } else { class }
}

/// Adds pixels to the sums of the classes.
pub(super) struct Update<'a> {
    pub labels: &'a Labels<'a>,
    pub totals: &'a mut [Totals],
}

impl Kernel for Update<'_> {
    type Output = Tally;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> Tally {
        let n = self.labels.cube.layout.n;
        let logits = self.labels.logits();
        let classes = self.totals.len();
        let mut tally = Tally::default();
        let mut tile = LabelTile::new();
        let mut exponents = Exponents::new();
        let mut sums = Terms { of_all: PerPixel::new(), of_label: PerPixel::new() };
        let mut weights = PerPixel::new();
        for start in (0..n).step_by(TILE) {
            let of_tile = self.labels.read(start, &mut tile);
            tally.pixels += of_tile.pixels;
            tally.rejected += of_tile.rejected;
            let length = n - start;
            let place = Place { start, vectors: vectors::<S::Register>(n, start) };
            exponents.divide::<S::Register>(simd, &logits, &tile, place);
            for (class, totals) in self.totals.iter_mut().enumerate() {
                let class = softmax_class(class, classes);
                let any = exponents.terms::<S::Register>(
                    simd,
                    &logits,
                    &tile,
                    place,
                    class,
                    &mut sums,
                    &mut weights,
                );
                let sum = &mut totals.probability;
                simd.call(SumTile { terms: &sums.of_all, length, sum });
                if any {
                    let sum = &mut totals.intersection;
                    simd.call(SumTile { terms: &sums.of_label, length, sum });
                    simd.call(SumTile { terms: &weights, length, sum: &mut totals.truth });
                }
            }
        }
        tally
    }
}

/// The terms of a class.
struct Terms {
    of_all: PerPixel<f32>,
    /// Those of the pixels whose label the class is.
    of_label: PerPixel<f32>,
}

/// Where a tile lies.
#[derive(Clone, Copy)]
struct Place {
    /// Its first pixel.
    start: usize,
    vectors: usize,
}

/// What the softmax of each pixel of a tile needs.
struct Exponents {
    max: PerPixel<f32>,
    /// What an exponential is multiplied with, the pixel weight included. First the sum.
    factor: PerPixel<f64>,
    /// The sum of `h_j p_j`.
    dot: PerPixel<f64>,
}

impl Exponents {
    #[inline(always)]
    fn new() -> Self {
        Self { max: PerPixel::new(), factor: PerPixel::new(), dot: PerPixel::new() }
    }

    /// Finds the maximum and the factor of each pixel.
    #[inline(always)]
    fn divide<V: Lanes>(&mut self, simd: V::Simd, logits: &Logits, tile: &LabelTile, place: Place) {
        for index in 0..place.vectors {
            let at = place.start / V::LANES + index;
            let softmax = Softmax::<V>::new(simd, logits, at);
            let weight = load::<V>(simd, &tile.weight, index).widen();
            self.max.set(index, softmax.max.to_array());
            self.factor.set(index, (reciprocal(softmax.max, softmax.sum) * weight).to_values());
        }
    }

    /// The terms of a class, the weights of its pixels, and whether it has any.
    #[inline(always)]
    #[allow(clippy::too_many_arguments, reason = "inlined once")]
    fn terms<V: Lanes>(
        &self,
        simd: V::Simd,
        logits: &Logits,
        tile: &LabelTile,
        place: Place,
        class: usize,
        terms: &mut Terms,
        weights: &mut PerPixel<f32>,
    ) -> bool {
        let zero = V::splat(simd, 0.0);
        let mut any = zero.lt(zero);
        for index in 0..place.vectors {
            let at = place.start / V::LANES + index;
            let label = load::<V>(simd, &tile.class, index);
            let is_label = label.eq(zero.constant(class as f32));
            let max = load::<V>(simd, &self.max, index);
            let factor = V::Doubles::from_values(simd, &self.factor.get(index));
            let scaled = exponential(logits.get::<V>(simd, at, class), max).widen();
            let term = only(Some(!label.lt(zero)), V::narrow(scaled * factor));
            terms.of_all.set(index, term.to_array());
            terms.of_label.set(index, only(Some(is_label), term).to_array());
            let weight = only(Some(is_label), load::<V>(simd, &tile.weight, index));
            weights.set(index, weight.to_array());
            any = any | is_label;
        }
        any.any()
    }
}

/// How many classes have their coefficients kept for a call.
const KEPT: usize = if cfg!(target_pointer_width = "64") { 64 } else { 8 };

/// What the gradient needs of each class.
pub(super) struct Coefficients<'a> {
    params: &'a Params,
    totals: &'a [Totals],
    k: f64,
    kept: [Slopes; KEPT],
}

impl<'a> Coefficients<'a> {
    /// k is `upstream w` divided by the number of classes in the mean.
    pub fn new(params: &'a Params, totals: &'a [Totals], k: f64) -> Self {
        let mut new = Self { params, totals, k, kept: [Slopes::default(); KEPT] };
        for class in 0..KEPT.min(totals.len()) {
            let slopes = new.compute(class);
            if let Some(kept) = new.kept.get_mut(class) {
                *kept = slopes;
            }
        }
        new
    }

    #[inline(never)]
    fn compute(&self, class: usize) -> Slopes {
        match self.totals.get(class) {
            Some(totals) if is_in_mean(self.params, class, self.totals) => {
                totals.quotient(self.params.eps).slopes(self.k)
            }
            _ => Slopes::default(),
        }
    }

    /// The slopes of a class of the softmax.
    fn get(&self, class: usize) -> Slopes {
        let class = match (self.totals.len(), class) {
            (1, 0) => return Slopes::default(),
            (1, _) => 0,
            _ => class,
        };
        self.kept.get(class).copied().unwrap_or_else(|| self.compute(class))
    }
}

/// Writes the gradient.
pub(super) struct Gradient<'a> {
    pub labels: &'a Labels<'a>,
    pub coefficients: &'a Coefficients<'a>,
    pub write: Write,
    pub gradient: CubeColumnsMut<'a>,
}

impl Kernel for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let n = self.labels.cube.layout.n;
        let logits = self.labels.logits();
        let mut tile = LabelTile::new();
        let mut exponents = Exponents::new();
        for start in (0..n).step_by(TILE) {
            self.labels.read(start, &mut tile);
            let place = Place { start, vectors: vectors::<S::Register>(n, start) };
            exponents.weigh::<S::Register>(simd, &logits, &tile, place, self.coefficients);
            for class in 0..logits.classes() {
                let channel = match self.coefficients.totals.len() {
                    1 if class == 0 => continue,
                    1 => 0,
                    _ => class,
                };
                let slopes = self.coefficients.get(class);
                for index in 0..place.vectors {
                    let at = start / S::Register::LANES + index;
                    let (on, value) = exponents
                        .slope::<S::Register>(simd, &logits, &tile, index, at, class, slopes);
                    self.gradient.write(at, channel, self.write, Some(on), value);
                }
            }
        }
    }
}

/// `h_c` of a class and the labels of a vector.
#[inline(always)]
fn slope_of<V: Lanes>(slopes: Slopes, label: V, class: usize) -> V::Doubles {
    let simd = label.simd();
    let is_label = label.eq(label.constant(class as f32));
    let one = V::select(is_label, label.constant(1.0), label.constant(0.0)).widen();
    V::Doubles::splat(simd, slopes.of_all) + one * V::Doubles::splat(simd, slopes.of_label)
}

impl Exponents {
    /// Finds the maximum, the factor and the sum of `h_j p_j` of each pixel.
    #[inline(always)]
    fn weigh<V: Lanes>(
        &mut self,
        simd: V::Simd,
        logits: &Logits,
        tile: &LabelTile,
        place: Place,
        coefficients: &Coefficients,
    ) {
        let zero = V::splat(simd, 0.0).widen();
        for index in 0..place.vectors {
            let max = logits.max::<V>(simd, place.start / V::LANES + index);
            self.max.set(index, max.to_array());
            self.factor.set(index, zero.to_values());
            self.dot.set(index, zero.to_values());
        }
        for class in 0..logits.classes() {
            let slopes = coefficients.get(class);
            for index in 0..place.vectors {
                let logit = logits.get::<V>(simd, place.start / V::LANES + index, class);
                let scaled = exponential(logit, load::<V>(simd, &self.max, index)).widen();
                let label = load::<V>(simd, &tile.class, index);
                let sum = V::Doubles::from_values(simd, &self.factor.get(index));
                let dot = V::Doubles::from_values(simd, &self.dot.get(index));
                let dot = dot + scaled * slope_of(slopes, label, class);
                self.factor.set(index, (sum + scaled).to_values());
                self.dot.set(index, dot.to_values());
            }
        }
        for index in 0..place.vectors {
            let max = load::<V>(simd, &self.max, index);
            let sum = V::Doubles::from_values(simd, &self.factor.get(index));
            let dot = V::Doubles::from_values(simd, &self.dot.get(index));
            let inverse = reciprocal(max, sum);
            let weight = load::<V>(simd, &tile.weight, index).widen();
            self.factor.set(index, (inverse * weight).to_values());
            self.dot.set(index, (dot * inverse).to_values());
        }
    }

    /// The gradient of a vector of pixels by a class, and which of them have one.
    #[inline(always)]
    #[allow(clippy::too_many_arguments, reason = "inlined once")]
    fn slope<V: Lanes>(
        &self,
        simd: V::Simd,
        logits: &Logits,
        tile: &LabelTile,
        index: usize,
        at: usize,
        class: usize,
        slopes: Slopes,
    ) -> (V::Mask, V) {
        let max = load::<V>(simd, &self.max, index);
        let label = load::<V>(simd, &tile.class, index);
        let scaled = exponential(logits.get::<V>(simd, at, class), max).widen();
        let factor = V::Doubles::from_values(simd, &self.factor.get(index));
        let dot = V::Doubles::from_values(simd, &self.dot.get(index));
        let height = slope_of(slopes, label, class) - dot;
        (!label.lt(label.constant(0.0)), V::narrow(scaled * factor * height))
    }
}
