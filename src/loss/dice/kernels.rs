//! The kernels: probabilities of a tile of pixels, then one class after the other.

use super::{All, Totals};
use crate::cube::{Cube, CubeColumnsMut};
use crate::exact::Accumulator;
use crate::loss::softmax::{Labels, Vectors, power, registers, softmax};
use crate::loss::{Write, only};
use crate::math::logistic;
use crate::simd::{Doubles, Kernel, Lanes, Simd, flat_mut};
use bytemuck::Zeroable;

/// The checked inputs of a call.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    pub cube: Cube<'a>,
    pub labels: Labels<'a>,
}

/// How many pixels a tile has: on the stack, so fewer where that is scarce.
const TILE: usize = if cfg!(target_pointer_width = "64") { 1024 } else { 64 };

/// Maximum and scale of each pixel of a tile.
struct Tile {
    greatest: [f32; TILE],
    scale: [f32; TILE],
}

/// A vector of a stack array.
#[inline(always)]
fn load<V: Lanes>(simd: V::Simd, from: &[f32], index: usize) -> V {
    let floats = from.get(index * V::LANES..).and_then(|rest| rest.get(..V::LANES)).unwrap_or(&[]);
    match bytemuck::try_cast_slice(floats) {
        Ok([floats]) => V::from_floats(simd, floats),
        _ => V::splat(simd, 0.0),
    }
}

#[inline(always)]
fn store<V: Lanes>(values: V, to: &mut [f32], index: usize) {
    let floats = to.get_mut(index * V::LANES..).and_then(|rest| rest.get_mut(..V::LANES));
    if let Ok([floats]) = bytemuck::try_cast_slice_mut(floats.unwrap_or(&mut [])) {
        values.to_floats(floats);
    }
}

impl Tile {
    #[inline(always)]
    fn new() -> Self {
        Self { greatest: [0.0; TILE], scale: [0.0; TILE] }
    }

    /// Finds what the probabilities of the pixels from register `first` on have in common.
    #[inline(always)]
    fn fill<S: Simd>(
        &mut self,
        simd: S,
        vectors: &Vectors<S::Register>,
        first: usize,
        count: usize,
    ) {
        if vectors.values.channels() == 1 {
            return;
        }
        for index in 0..count {
            let softmax = softmax(simd, &vectors.values, first + index);
            store(softmax.greatest, &mut self.greatest, index);
            store(softmax.scale(), &mut self.scale, index);
        }
    }

    /// The probabilities of a class for the register at an index of the tile.
    #[inline(always)]
    fn probability<S: Simd>(
        &self,
        simd: S,
        vectors: &Vectors<S::Register>,
        first: usize,
        index: usize,
        class: usize,
    ) -> S::Register {
        let value: S::Register = vectors.values.get(simd, first + index, class);
        let is_only = vectors.values.channels() == 1;
        simd.call(Probability { tile: self, value, index, is_only })
    }
}

/// A call of its own, so that its code exists once.
struct Probability<'t, V> {
    tile: &'t Tile,
    value: V,
    index: usize,
    is_only: bool,
}

impl<V: Lanes> Kernel for Probability<'_, V> {
    type Output = V;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> V {
        let Self { tile, value, index, is_only } = self;
        if is_only {
            return logistic(value).sigmoid();
        }
        let greatest = load::<V>(value.simd(), &tile.greatest, index);
        power(value, greatest) * load::<V>(value.simd(), &tile.scale, index)
    }
}

/// Where the label is the class (with one channel: where it is 1).
#[inline(always)]
fn is_class<V: Lanes>(labels: V, class: usize, channels: usize) -> V::Mask {
    labels.eq(labels.constant(if channels == 1 { 1.0 } else { class as f32 }))
}

/// Adds the pixels to the sums of every class.
pub(super) struct Terms<'a> {
    pub inputs: Inputs<'a>,
    pub totals: &'a mut [Totals],
}

impl Kernel for Terms<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Inputs { cube, labels } = self.inputs;
        let channels = cube.layout.channels;
        let vectors = Vectors::<S::Register>::new(&cube, labels);
        let zero = S::Register::splat(simd, 0.0);
        let all = registers::<S>(cube.layout.n);
        let together = TILE / S::Register::LANES;
        let mut tile = Tile::new();
        for first in (0..all).step_by(together) {
            let count = together.min(all - first);
            tile.fill(simd, &vectors, first, count);
            for (class, totals) in self.totals.iter_mut().enumerate() {
                let mut predicted = Accumulator::new(simd, &mut totals.predicted);
                let mut intersection = Accumulator::new(simd, &mut totals.intersection);
                let mut target = Accumulator::new(simd, &mut totals.target);
                for index in 0..count {
                    let (labels, live) = vectors.get(simd, first + index);
                    let own = is_class(labels, class, channels);
                    let probability = tile.probability(simd, &vectors, first, index, class);
                    let term = only(live.mask, live.weighted(probability));
                    predicted.push(term);
                    intersection.push(S::Register::select(own, term, zero));
                    let weight = only(live.mask, live.weighted(zero.constant(1.0)));
                    target.push(S::Register::select(own, weight, zero));
                }
                // What lies behind the end is masked.
                let pushed = count * S::Register::LANES;
                predicted.finish(pushed);
                intersection.finish(pushed);
                target.finish(pushed);
            }
        }
    }
}

/// Writes the gradient.
pub(super) struct Gradient<'a> {
    pub inputs: Inputs<'a>,
    pub totals: &'a [Totals],
    pub all: All,
    pub upstream: f64,
    pub write: Write,
    pub gradient: &'a mut [f32],
}

impl Gradient<'_> {
    /// `h(y)` of a class, for pixels whose label it is and for the others.
    #[inline(never)]
    fn slopes(&self, class: usize, totals: &Totals) -> [f32; 2] {
        let weight = f64::from(self.all.params.weight) * self.upstream / self.all.count;
        match self.all.class(class, totals) {
            Some(found) => [(weight * found.own) as f32, (weight * found.other) as f32],
            None => [0.0; 2],
        }
    }
}

impl Kernel for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let Inputs { cube, labels } = self.inputs;
        let channels = cube.layout.channels;
        let vectors = Vectors::<S::Register>::new(&cube, labels);
        let gradient = core::mem::take(&mut self.gradient);
        let mut gradient = CubeColumnsMut::new(gradient, cube.layout);
        let all = registers::<S>(cube.layout.n);
        let together = TILE / S::Register::LANES;
        let mut tile = Tile::new();
        let mut means = [0.0_f64; TILE];
        for first in (0..all).step_by(together) {
            let count = together.min(all - first);
            tile.fill(simd, &vectors, first, count);
            means.fill(0.0);
            // `sum_c h_c p_c`. (One channel has a second class, of which h is 0.)
            for (class, totals) in self.totals.iter().enumerate().filter(|_| channels > 1) {
                let [own, other] = self.slopes(class, totals);
                for index in 0..count {
                    let (labels, _) = vectors.get(simd, first + index);
                    let slope = slope_of(is_class(labels, class, channels), labels, own, other);
                    let probability = tile.probability(simd, &vectors, first, index, class);
                    add::<S>(simd, (slope * probability).widen(), &mut means, index);
                }
            }
            for (class, totals) in self.totals.iter().enumerate() {
                let [own, other] = self.slopes(class, totals);
                for index in 0..count {
                    let (labels, live) = vectors.get(simd, first + index);
                    let slope = slope_of(is_class(labels, class, channels), labels, own, other);
                    let value: S::Register = if channels == 1 {
                        let logit: S::Register = vectors.values.get(simd, first + index, 0);
                        // The smaller of p and 1 - p keeps all digits, and the larger loses none.
                        let small = logistic(logit.abs().negate()).sigmoid();
                        slope * small * (logit.constant(1.0) - small)
                    } else {
                        let mean = sum_at::<S>(simd, &mut means, index);
                        let away = S::Register::narrow(slope.widen() - mean);
                        tile.probability(simd, &vectors, first, index, class) * away
                    };
                    let value = live.weighted(value);
                    gradient.write(first + index, class, self.write, live.mask, value);
                }
            }
        }
    }
}

#[inline(always)]
fn slope_of<V: Lanes>(is_own: V::Mask, labels: V, own: f32, other: f32) -> V {
    V::select(is_own, labels.constant(own), labels.constant(other))
}

type Wide<S> = <<S as Simd>::Register as Lanes>::Doubles;

/// The doubles of a register in a stack array.
#[inline(always)]
fn sum_at<S: Simd>(simd: S, sums: &mut [f64], index: usize) -> Wide<S> {
    let lanes = S::Register::LANES;
    let part = sums.get(index * lanes..).and_then(|rest| rest.get(..lanes)).unwrap_or(&[]);
    let mut values = <Wide<S> as Doubles>::Values::zeroed();
    for (value, sum) in flat_mut::<_, f64>(&mut values).iter_mut().zip(part) {
        *value = *sum;
    }
    Wide::<S>::from_values(simd, &values)
}

#[inline(always)]
fn add<S: Simd>(simd: S, more: Wide<S>, sums: &mut [f64], index: usize) {
    let total = (sum_at::<S>(simd, sums, index) + more).to_values();
    let lanes = S::Register::LANES;
    let part = sums.get_mut(index * lanes..).and_then(|rest| rest.get_mut(..lanes));
    for (sum, value) in part.unwrap_or(&mut []).iter_mut().zip(crate::simd::flat::<_, f64>(&total))
    {
        *sum = *value;
    }
}
