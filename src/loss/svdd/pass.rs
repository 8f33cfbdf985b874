//! The one kernel: distances, and what is made of them, strip by strip.
//!
//! Distances and gradients are calls of their own, so that each loop can use all registers. Some pixels need care:
//! their distances are beyond `f32`, or their terms need a sum of their own. That is noticed once for each strip, and
//! then the strip is computed again.

use super::Totals;
use super::distance::{Distances, Embeddings, HIGH, own_call};
use super::gradient::{self, Gradient};
use crate::exact::{Accumulator, ExactSum};
use crate::input::{Live, LiveColumns, LiveRooms, Pixels, Sum, both};
use crate::node::channels::{SIXTEEN, STRIP};
use crate::node::walk::Outputs;
use crate::simd::{
    Counted, Doubles, Kernel, Lanes, Mask, Output, Room, Simd, only, sum_of_counts, vectors, vectors_mut,
};

/// Terms above it are kept as [`super::HUGE_UNIT`]s.
const HUGE: f32 = (1_u128 << 127) as f32;
/// How many floats the rows of a strip have if they are read again for a gradient: half of a first-level cache.
const CACHED: usize = 2048;

type Wide<S> = <<S as Simd>::Register as Lanes>::Doubles;
type Values<S> = <Wide<S> as Doubles>::Values;

/// Goes over the pixels once.
pub(super) struct Pass<'a> {
    pub embeddings: Embeddings<'a>,
    pub outputs: Outputs<'a, Totals>,
    pub mapped: Mapped,
}

/// What a map has for a pixel.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mapped {
    /// `d - R^2`.
    Scores,
    /// The pixel's weight if it is outside, else 0.
    Outside,
}

/// What is found for the pixels of a strip: one float a pixel.
struct StripValues {
    /// `d - R^2`, 0 where a pixel does not count.
    scores: [f32; STRIP],
    terms: [f32; STRIP],
    /// The pixel's weight if it is outside, else 0.
    outside: [f32; STRIP],
}

impl Kernel for Pass<'_> {
    /// How many pixels are outside, if terms are added.
    type Output = i64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> i64 {
        let Self { embeddings, outputs: Outputs { totals, map, gradient }, mapped } = self;
        let slope = |slope| embeddings.params.factor(slope) as f32;
        let mut gradient = gradient.map(|gradient| Gradient { slope: slope(gradient.slope), to: gradient.to });
        let n = embeddings.cube.layout.n;
        let distances = Distances::new(simd, embeddings);
        let mut rooms = LiveRooms::new();
        let live = LiveColumns::<S::Register>::new(&embeddings.cube.mask_and_weights(), &mut rooms);
        let mut most = STRIP;
        if gradient.is_some() {
            most = (CACHED / embeddings.center.len().max(1) / SIXTEEN * SIXTEEN).clamp(SIXTEEN, STRIP);
        }
        let mut map = map.unwrap_or(Output::nowhere());
        let (sum, mut beside) = match totals {
            Some(Totals { sums, huge, outside_weights, .. }) => (Some(&mut sums.loss), Some((huge, outside_weights))),
            None => (None, None),
        };
        let mut outside = 0_i64;
        let mut of_strip = [0.0; STRIP];
        let mut strip = StripValues { scores: [0.0; STRIP], terms: [0.0; STRIP], outside: [0.0; STRIP] };
        let mut room = Room::new();
        let mut terms = Accumulator::new(simd, sum, &mut room);
        let zero = S::Register::splat(simd, 0.0);
        for first in (0..n).step_by(most) {
            let length = most.min(n - first);
            distances.get(first, length, &mut of_strip);
            let mut is_corrected = false;
            let count = loop {
                let (mut count, mut is_high) = (zero, zero.lt(zero));
                let index = first / S::Register::LANES..(first + length).div_ceil(S::Register::LANES);
                let scores = vectors_mut(&mut strip.scores).iter_mut();
                let terms = vectors_mut(&mut strip.terms).iter_mut();
                let weights = vectors_mut(&mut strip.outside).iter_mut();
                let of_pixels = vectors::<Values<S>, f64>(&of_strip);
                for ((((index, of_pixels), scores), terms), weights) in
                    index.zip(of_pixels).zip(scores).zip(terms).zip(weights)
                {
                    let Live { mask, weight, .. } = live.get(simd, index);
                    let slack =
                        Wide::<S>::from_values(simd, of_pixels) - Wide::<S>::splat(simd, embeddings.radius_squared);
                    let score = S::Register::narrow(slack);
                    // A NaN is outside.
                    let outside = both(mask, !(score.lt(zero) | score.eq(zero)));
                    let (on, weight, term) = match weight {
                        Some(weight) => {
                            let term = S::Register::narrow(slack * weight.widen());
                            (outside & !weight.eq(zero), weight, term)
                        }
                        None => (outside, zero.constant(1.0), score),
                    };
                    let term = only(Some(on), term);
                    let high = zero.constant(HIGH);
                    is_high = is_high | high.lt(score) | high.lt(term);
                    count = count + only(Some(outside), zero.constant(1.0));
                    only(mask, score).to_floats(scores);
                    term.to_floats(terms);
                    only(Some(on), weight).to_floats(weights);
                }
                if is_corrected || !(embeddings.is_tiny() || is_high.any()) {
                    break count;
                }
                embeddings.correct(first, length, &mut of_strip);
                is_corrected = true;
            };
            if let Some((huge, outside_weights)) = &mut beside {
                if is_corrected {
                    let terms = strip.terms.get_mut(..length).unwrap_or(&mut []);
                    take_huge(&embeddings, first, &of_strip, terms, huge);
                }
                for vector in vectors(&strip.terms).iter().take(length.div_ceil(SIXTEEN)) {
                    terms.push(S::Sixteen::from_floats(simd, vector));
                }
                outside = outside.wrapping_add(sum_of_counts(count));
                if embeddings.cube.weights.is_some() {
                    let floats = strip.outside.get(..length).unwrap_or(&[]);
                    simd.call(Sum { floats, pixels: &Pixels::default(), sum: outside_weights });
                }
            }
            let is_scores = mapped == Mapped::Scores;
            let from = if is_scores { &strip.scores } else { &strip.outside };
            map.put(first, 1, STRIP, from);
            if let Some(gradient) = &mut gradient {
                let weights = strip.outside.get(..length).unwrap_or(&[]);
                own_call(simd, gradient::StripGradients { embeddings, first, weights, gradient });
            }
        }
        if beside.is_some() {
            terms.finish(n);
        }
        outside
    }
}

/// Moves terms that `f32` cannot hold to a sum of their own.
#[cold]
#[inline(never)]
fn take_huge(embeddings: &Embeddings, first: usize, distances: &[f64], terms: &mut [f32], huge: &mut ExactSum) {
    for ((pixel, distance), term) in (first..).zip(distances).zip(terms) {
        let weight = embeddings.cube.weights.and_then(|weights| weights.get(pixel)).unwrap_or(&1.0);
        let exact = (*distance - embeddings.radius_squared) * f64::from(*weight);
        if *term > HUGE && exact < f64::INFINITY {
            huge.add((exact / super::HUGE_UNIT) as f32);
            *term = 0.0;
        }
    }
}
