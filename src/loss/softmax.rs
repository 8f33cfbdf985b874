//! Softmax over the channels of a pixel, and its labels: what [`super::cross_entropy`] and [`super::dice`]
//! share.
//!
//! One pixel a lane, one channel after the other, so that no result depends on the layout or the tier:
//!
//! ```text
//! m = max x_k      e_k = exp(x_k - m), 1 where x_k = m      r = sum of e_k but for the first maximum
//! p_k = e_k / (1 + r)      -ln p_k = log1p(r) - (x_k - m)
//! ```
//!
//! r is summed in `f64`. Leaving the maximum out of it keeps the digits of a confident prediction: its
//! `-ln p` is `log1p(r)`, and `1 - p` is `r / (1 + r)`. Equal infinite maxima share their probability
//! evenly; a NaN makes all of a pixel's probabilities NaN.

use crate::cube::{Cube, CubeColumns};
use crate::error::Error;
use crate::math::{exp, log1p};
use crate::pixels::{Live, LiveColumns, Tally, both};
use crate::simd::{Kernel, Lanes, Simd, flat_mut};
use bytemuck::Zeroable;

/// How many classes there may be.
pub const MOST_CLASSES: usize = 4096;

/// A pixel's maximum and what the others are beside it.
#[derive(Clone, Copy)]
pub(super) struct Softmax<V: Lanes> {
    /// m.
    pub greatest: V,
    /// r, rounded.
    pub rest: V,
}

/// The softmax of a register of pixels. A call of its own, so that its code exists once.
struct Find<'m, 'a, S> {
    simd: S,
    values: &'m CubeColumns<'a>,
    index: usize,
}

impl<S: Simd> Kernel for Find<'_, '_, S> {
    type Output = Softmax<S::Register>;

    #[inline(always)]
    fn run<T: Simd>(self, _: T) -> Softmax<S::Register> {
        let Self { simd, values, index } = self;
        let mut greatest: S::Register = values.get(simd, index, 0);
        for channel in 1..values.channels() {
            greatest = greatest.max(values.get(simd, index, channel));
        }
        let zero = S::Register::splat(simd, 0.0);
        let mut rest = zero.widen();
        let mut before = !S::Register::everywhere(simd);
        for channel in 0..values.channels() {
            let value: S::Register = values.get(simd, index, channel);
            let is_first = value.eq(greatest) & !before;
            before = before | is_first;
            let power = power(value, greatest);
            rest = rest + S::Register::select(is_first, zero, power).widen();
        }
        Softmax { greatest, rest: S::Register::narrow(rest) }
    }
}

/// The softmax of the register of pixels at an index.
#[inline(always)]
pub(super) fn softmax<S: Simd>(
    simd: S,
    values: &CubeColumns,
    index: usize,
) -> Softmax<S::Register> {
    simd.call(Find { simd, values, index })
}

impl<V: Lanes> Softmax<V> {
    /// `ln sum exp(x_k - m)`.
    #[inline(always)]
    pub fn log_sum(&self) -> V {
        log1p(self.rest)
    }

    /// `1 / (1 + r)`.
    #[inline(always)]
    pub fn scale(&self) -> V {
        self.rest.constant(1.0) / (self.rest + 1.0)
    }
}

/// `x - m`: 0 where the two are equal, also if they are infinite.
#[inline(always)]
pub(super) fn offset<V: Lanes>(value: V, greatest: V) -> V {
    V::select(value.eq(greatest), value.constant(0.0), value - greatest)
}

/// `exp(x - m)`. The difference rounds; what it loses is found exactly (Knuth's two-sum) and brought back by
/// the derivative, because it would be multiplied by the size of the difference.
#[inline(always)]
pub(super) fn power<V: Lanes>(value: V, greatest: V) -> V {
    let difference = value - greatest;
    let back = difference - value;
    let lost = (value - (difference - back)) - (greatest + back);
    // Below, the power is 0; and an infinite difference has lost nothing.
    let counts = value.constant(-200.0).lt(difference);
    let lost = V::select(counts, lost, value.constant(0.0));
    let power = exp(offset(value, greatest));
    power + power * lost
}

/// The labels of a cube. A pixel whose label is ignored, or no class, does not count.
#[derive(Clone, Copy)]
pub(super) struct Labels<'a> {
    pub labels: &'a [i32],
    /// How many classes there are.
    pub classes: usize,
    pub ignore: Option<i32>,
}

/// What a label does not stand for.
const NO_CLASS: f32 = -1.0;

impl<'a> Labels<'a> {
    pub fn new(cube: &Cube<'a>, classes: usize, ignore: Option<i32>) -> Result<Self, Error> {
        Ok(Self { labels: cube.labels.ok_or(Error::MissingInput)?, classes, ignore })
    }

    /// The class of a label.
    #[inline(always)]
    pub fn class(&self, label: i32) -> Option<usize> {
        let class = usize::try_from(label).ok().filter(|class| *class < self.classes);
        if self.ignore == Some(label) { None } else { class }
    }

    /// The classes of a vector of pixels as floats, which hold them exactly; below 0 where the pixel does
    /// not count, and behind the end.
    #[inline(always)]
    pub fn get<V: Lanes>(&self, simd: V::Simd, index: usize) -> V {
        let mut floats = V::Floats::zeroed();
        self.fill(index * V::LANES, flat_mut(&mut floats));
        V::from_floats(simd, &floats)
    }

    #[inline(never)]
    fn fill(&self, start: usize, to: &mut [f32]) {
        to.fill(NO_CLASS);
        for (to, label) in to.iter_mut().zip(self.labels.get(start..).unwrap_or(&[])) {
            *to = self.class(*label).map_or(NO_CLASS, |class| class as f32);
        }
    }

    /// Counts the pixels that count, and those that a bad weight or label keeps from it.
    pub fn tally(&self, cube: &Cube) -> Tally {
        let mut tally = Tally::default();
        let mut valid = cube.valid.map(<[u8]>::iter);
        let mut weights = cube.weights.map(<[f32]>::iter);
        for label in self.labels {
            let valid = valid.as_mut().and_then(Iterator::next).is_none_or(|valid| *valid != 0);
            let weight = weights.as_mut().and_then(Iterator::next).unwrap_or(&1.0);
            let good = *weight >= 0.0 && *weight < f32::INFINITY;
            let counts = good && self.class(*label).is_some();
            let ignored = self.ignore == Some(*label);
            tally.pixels += i64::from(valid & counts);
            tally.rejected += i64::from(valid & !ignored & !counts);
        }
        tally
    }
}

/// Values, labels and weights of a cube as vectors.
pub(super) struct Vectors<'a, V: Lanes> {
    pub values: CubeColumns<'a>,
    pub labels: Labels<'a>,
    live: LiveColumns<'a, V>,
}

impl<'a, V: Lanes> Vectors<'a, V> {
    #[inline(always)]
    pub fn new(cube: &Cube<'a>, labels: Labels<'a>) -> Self {
        let values = CubeColumns::new(cube.values, cube.layout);
        Self { values, labels, live: LiveColumns::new(&cube.live()) }
    }

    /// The classes of a vector of pixels, who counts with a weight that is not 0, and the weights.
    #[inline(always)]
    pub fn get(&self, simd: V::Simd, index: usize) -> (V, Live<V>) {
        let labels: V = self.labels.get(simd, index);
        let live = self.live.get(simd, index).switched();
        let mask = both(live.mask, !labels.lt(labels.constant(0.0)));
        (labels, Live { mask: Some(mask), ..live })
    }
}

/// How many registers a kernel walks for the pixels of a cube.
#[inline(always)]
pub(super) fn registers<S: Simd>(n: usize) -> usize {
    n.div_ceil(S::Register::LANES)
}
