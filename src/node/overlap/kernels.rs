//! The kernels: predictions of pixels, summed or turned into a gradient.

use super::{Boundary, Normalization};
use crate::exact::{BLOCK, Blocks, ExactSum, Floats, Marks, Quick, REGISTERS, Trial, as_registers};
use crate::input::{Live, LiveColumns, LiveRooms, Pixels, Weights};
use crate::math::logistic;
use crate::simd::{Columns, Counted, Kernel, Lanes, Output, Room, Simd, copy, only, vectors, vectors_mut};

/// What is summed.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Summed {
    /// The predictions.
    Predictions(Normalization),
    /// 1 a pixel.
    Ones,
}

/// Adds what is summed, times the weights, to the sum `all`, and the same times the targets to the sum `part`. Several
/// short loops go over each block, one after the other; a single loop with all cases took 1.7 times as long for clamp.
/// Returns how many targets are positive, whether their pixels count or not; 0 if targets are soft.
pub(super) struct AddTerms<'a> {
    pub pixels: Pixels<'a>,
    pub summed: Summed,
    pub all: &'a mut ExactSum,
    pub part: &'a mut ExactSum,
}

impl Kernel for AddTerms<'_> {
    type Output = i64;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> i64 {
        let Self { pixels, summed, all, part } = self;
        let mut no_part = ExactSum::default();
        // A soft target takes a share of a term, so soft targets have terms of their own.
        let (part, soft) = match pixels.soft_targets {
            Some(_) => (&mut no_part, part),
            None => (part, &mut no_part),
        };
        let signed = summed == Summed::Predictions(Normalization::MinMax);
        let is_cheap = signed || summed == Summed::Predictions(Normalization::Clamp);
        // Scores may be any floats, and predictions are at most 1.
        let mut hard = Quick::new(Blocks::new(simd, [all, part]), if signed { 7 } else { 0 });
        let mut soft = Blocks::new(simd, [soft]);
        let mut marked = 0;
        let plain = pixels.are_alike();
        let [mut tile, mut terms, mut shares] = [[0.0; BLOCK]; 3];
        let mut marks = [0; BLOCK];
        let lanes = S::Register::LANES;
        let block = if S::SHIFTS_EACH { REGISTERS * lanes } else { BLOCK };
        for first in (0..pixels.scores.len()).step_by(block) {
            let here = pixels.part(first, block);
            let length = here.scores.len();
            let padded_length = length.next_multiple_of(lanes);
            let marks = match here.targets {
                Some(targets) if length == padded_length => targets,
                targets => mark(&mut marks, targets.unwrap_or(&[]), padded_length),
            };
            marked += count(simd, marks);
            let mut is_promising = S::SHIFTS_EACH && hard.is_promising();
            // If the terms are cheap to compute, a trial needs no terms in memory. If the trial fails, the next round
            // of this loop writes them to memory.
            loop {
                let direct = is_promising && plain && is_cheap && length == padded_length;
                if !direct {
                    if !write_given(summed, here.scores, &mut terms) {
                        let scores = as_registers(here.scores, S::Lanes::LANES, &mut tile);
                        predict(simd, summed, scores, &mut terms);
                    }
                    let terms = terms.get_mut(..padded_length).unwrap_or(&mut []);
                    if !plain {
                        let weights = tile.get_mut(..padded_length).unwrap_or(&mut []);
                        simd.call(Weights { pixels: here, to: weights });
                        if let Some(targets) = here.soft_targets {
                            let shares = shares.get_mut(..padded_length).unwrap_or(&mut []);
                            copy(shares, targets);
                            add_share(simd, shares, terms, weights);
                            clear_behind(shares, length);
                            soft.add(simd, shares, &[]);
                        }
                        weigh(simd, terms, weights);
                    }
                    clear_behind(terms, length);
                }
                let terms = terms.get_mut(..padded_length).unwrap_or(&mut []);
                if is_promising && signed && direct {
                    let mut trial = hard.trial::<S, true>(simd);
                    push(&mut trial, here.scores, marks, |score| score);
                    if trial.end() {
                        break;
                    }
                } else if is_promising && !signed {
                    let mut trial = hard.trial::<S, false>(simd);
                    if direct {
                        push(&mut trial, here.scores, marks, clamp);
                    } else {
                        push(&mut trial, terms, marks, |term| term);
                    }
                    if trial.end() {
                        break;
                    }
                }
                if !direct {
                    hard.add(simd, terms, marks);
                    break;
                }
                is_promising = false;
            }
        }
        hard.finish();
        soft.finish();
        marked
    }
}

/// Adds what is made of whole registers of floats by a trial.
#[inline(always)]
fn push<S: Simd, const SIGNED: bool>(
    trial: &mut Trial<S, 2, SIGNED>,
    floats: &[f32],
    marks: &[u8],
    term: impl Fn(S::Register) -> S::Register,
) {
    let simd = trial.simd();
    let floats = vectors::<Floats<S>, _>(floats);
    for (float, marks) in floats.iter().zip(vectors::<Marks<S>, _>(marks)) {
        let marks = S::Register::mask_from_bytes(simd, marks);
        trial.push(term(S::Register::from_floats(simd, float)), Some(marks));
    }
}

/// A score between 0 and 1.
#[inline(always)]
fn clamp<V: Lanes>(score: V) -> V {
    // A NaN stays: it is the right operand.
    score.constant(0.0).max(score.constant(1.0).min(score))
}

/// Writes the predictions of scores. The chain of operations of a sigmoid is long, so several registers are computed at
/// a time.
#[inline(always)]
fn predict<S: Simd>(simd: S, summed: Summed, scores: &[f32], terms: &mut [f32]) {
    if summed == Summed::Predictions(Normalization::Sigmoid) && S::SHIFTS_EACH {
        let scores: &[<S::Lanes as Lanes>::Floats] = vectors(scores);
        for (term, score) in vectors_mut(terms).iter_mut().zip(scores) {
            logistic(S::Lanes::from_floats(simd, score)).sigmoid().to_floats(term);
        }
    } else if summed == Summed::Predictions(Normalization::Sigmoid) {
        let scores: &[Floats<S>] = vectors(scores);
        for (term, score) in vectors_mut(terms).iter_mut().zip(scores) {
            logistic(S::Register::from_floats(simd, score)).sigmoid().to_floats(term);
        }
    } else {
        let scores: &[Floats<S>] = vectors(scores);
        for (term, score) in vectors_mut(terms).iter_mut().zip(scores) {
            clamp(S::Register::from_floats(simd, score)).to_floats(term);
        }
    }
}

/// Writes what is summed if it needs no arithmetic. Returns whether it did.
#[inline(never)]
fn write_given(summed: Summed, scores: &[f32], terms: &mut [f32]) -> bool {
    match summed {
        Summed::Predictions(Normalization::MinMax) => copy(terms, scores),
        Summed::Ones => terms.fill(1.0),
        Summed::Predictions(_) => return false,
    }
    true
}

/// Multiplies floats with weights where these are above 0. Elsewhere the floats become 0, even if they are NaN.
#[inline(always)]
fn weigh<S: Simd>(simd: S, floats: &mut [f32], weights: &[f32]) {
    let weights: &[Floats<S>] = vectors(weights);
    for (float, weight) in vectors_mut::<Floats<S>, _>(floats).iter_mut().zip(weights) {
        let weight = S::Register::from_floats(simd, weight);
        let on = weight.constant(0.0).lt(weight);
        only(Some(on), S::Register::from_floats(simd, float) * weight).to_floats(float);
    }
}

/// Multiplies targets with weights and terms. Where a target is 0, the result is 0.
#[inline(always)]
fn add_share<S: Simd>(simd: S, targets: &mut [f32], terms: &[f32], weights: &[f32]) {
    weigh(simd, targets, weights);
    for (share, term) in vectors_mut::<Floats<S>, _>(targets).iter_mut().zip(vectors(terms)) {
        let target = S::Register::from_floats(simd, share);
        let value = S::Register::from_floats(simd, term) * target;
        only(Some(target.constant(0.0).lt(target)), value).to_floats(share);
    }
}

/// Copies targets to a block of so many bytes, with zeros behind the last pixel.
#[inline(never)]
fn mark<'m>(marks: &'m mut [u8], targets: &[u8], length: usize) -> &'m [u8] {
    copy(marks, targets);
    marks.iter_mut().skip(targets.len()).for_each(|mark| *mark = 0);
    marks.get(..length).unwrap_or(&[])
}

/// How many bytes are not 0. They are counted here while they are in the cache.
#[inline(always)]
fn count<S: Simd>(simd: S, marks: &[u8]) -> i64 {
    let mut room = Room::new();
    let blocks = Columns::new(marks, &mut room);
    let mut count = 0;
    for index in 0..marks.len().div_ceil(64) {
        count += i64::from(simd.bits_of_bytes(blocks.get(index)).count_ones());
    }
    count
}

/// Sets the floats from `length` on to 0.
#[inline(never)]
fn clear_behind(floats: &mut [f32], length: usize) {
    floats.iter_mut().skip(length).for_each(|float| *float = 0.0);
}

/// What the gradient of a prediction is multiplied with, by target.
#[derive(Clone, Copy)]
pub(super) struct Factors {
    pub positive: f32,
    pub negative: f32,
}

/// An extreme score, and what each pixel that has it gets.
#[derive(Clone, Copy)]
pub(super) struct Extreme {
    pub score: f32,
    pub share: f32,
}

impl Extreme {
    /// Nothing equals NaN.
    pub const NONE: Self = Self { score: f32::NAN, share: 0.0 };

    pub fn new(score: f64, gradient: f64, ties: i64) -> Self {
        Self { score: score as f32, share: (gradient / ties as f64) as f32 }
    }
}

/// Writes the gradient.
pub(super) struct WriteGradient<'a> {
    pub pixels: Pixels<'a>,
    pub normalization: Normalization,
    pub boundary: Boundary,
    pub factors: Factors,
    pub least: Extreme,
    pub greatest: Extreme,
    pub gradient: Output<'a>,
}

/// The inputs as vectors.
struct PixelVectors<'a, V: Lanes> {
    scores: Columns<'a, V::Floats>,
    targets: Option<Columns<'a, V::Bytes>>,
    live: LiveColumns<'a, V>,
    vectors: usize,
}

/// Room for the ragged ends.
struct PixelRooms<V: Lanes> {
    scores: Room<V::Floats>,
    targets: Room<V::Bytes>,
    live: LiveRooms<V>,
}

/// The inputs of one vector of pixels.
struct PixelVector<V: Lanes> {
    score: V,
    /// None: the targets are soft.
    positive: Option<V::Mask>,
    live: Live<V>,
}

impl<'a, V: Lanes> PixelVectors<'a, V> {
    #[inline(always)]
    fn new(pixels: &Pixels<'a>, rooms: &'a mut PixelRooms<V>) -> Self {
        Self {
            scores: Columns::new(pixels.scores, &mut rooms.scores),
            targets: Columns::optional(pixels.targets, &mut rooms.targets),
            live: LiveColumns::new(pixels, &mut rooms.live),
            vectors: pixels.scores.len().div_ceil(V::LANES),
        }
    }

    #[inline(always)]
    fn get(&self, simd: V::Simd, index: usize) -> PixelVector<V> {
        let score = V::from_floats(simd, self.scores.get(index));
        let positive = match &self.targets {
            Some(targets) => Some(V::mask_from_bytes(simd, targets.get(index))),
            None => None,
        };
        PixelVector { score, positive, live: self.live.get(simd, index) }
    }
}

impl Kernel for WriteGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (pixels, normalization) = (self.pixels, self.normalization);
        if !pixels.are_alike() {
            return simd.call(OfEach(self));
        }
        // Most often all pixels count alike. For them there are loops without branches.
        let targets = Some(pixels.targets.unwrap_or(&[]));
        let pixels = Pixels { scores: pixels.scores, targets, ..Pixels::default() };
        match normalization {
            // The chain of operations is long, so several registers are computed at a time.
            Normalization::Sigmoid if S::SHIFTS_EACH => {
                self.write::<S::Lanes>(simd, pixels, Normalization::Sigmoid);
            }
            Normalization::Sigmoid => {
                self.write::<S::Register>(simd, pixels, Normalization::Sigmoid);
            }
            Normalization::Clamp => {
                self.write::<S::Register>(simd, pixels, Normalization::Clamp);
            }
            Normalization::MinMax => {
                self.write::<S::Register>(simd, pixels, Normalization::MinMax);
            }
        }
    }
}

/// The gradient where each pixel has a weight of its own. It is a kernel of its own, because the compiler moves
/// branches out of loops only while a function is small.
struct OfEach<'a>(WriteGradient<'a>);

impl Kernel for OfEach<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (pixels, normalization) = (self.0.pixels, self.0.normalization);
        self.0.write::<S::Register>(simd, pixels, normalization);
    }
}

impl WriteGradient<'_> {
    #[inline(always)]
    fn write<V: Lanes>(self, simd: V::Simd, pixels: Pixels, normalization: Normalization) {
        let Factors { positive, negative } = self.factors;
        let mut rooms = PixelRooms { scores: Room::new(), targets: Room::new(), live: LiveRooms::new() };
        let inputs = PixelVectors::<V>::new(&pixels, &mut rooms);
        let mut room = Room::new();
        let mut gradient = self.gradient.columns(&mut room);
        for index in 0..inputs.vectors {
            let vector = inputs.get(simd, index);
            let score = vector.score;
            let zero = score.constant(0.0);
            let (on, off) = (score.constant(positive), score.constant(negative));
            let slope = match (vector.positive, vector.live.soft_target) {
                (Some(positive), _) => V::select(positive, on, off),
                (None, Some(target)) => off + (on - off) * target,
                (None, None) => off,
            };
            let slope = vector.live.weighted(slope);
            let slope = match normalization {
                Normalization::Sigmoid => {
                    let size = score.abs().negate();
                    // The smaller of p and 1 - p keeps all digits, and the larger loses none.
                    let small = logistic(size).sigmoid();
                    // A pixel of weight 0 has no slope, even if its score is NaN.
                    let on = !slope.eq(zero);
                    only(Some(on), slope * small * (score.constant(1.0) - small))
                }
                Normalization::Clamp => {
                    let one = score.constant(1.0);
                    let inside = match self.boundary {
                        Boundary::Zero => zero.lt(score) & score.lt(one),
                        Boundary::Pass => !score.lt(zero) & !one.lt(score),
                    };
                    V::select(inside, slope, zero)
                }
                Normalization::MinMax => {
                    let low = score.eq(score.constant(self.least.score));
                    let high = score.eq(score.constant(self.greatest.score));
                    let at_low = V::select(low, score.constant(self.least.share), zero);
                    let at_high = V::select(high, score.constant(self.greatest.share), zero);
                    slope + at_low + at_high
                }
            };
            gradient.get(index).write(vector.live.mask, slope);
        }
        gradient.finish();
    }
}
