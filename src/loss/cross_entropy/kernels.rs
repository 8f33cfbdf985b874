//! The passes over the pixels, tile after tile.

use super::LabelledLogits;
use crate::exact::{ExactSum, Row};
use crate::input::{CubeOutput, Tally};
use crate::math::log1p;
use crate::node::softmax::{LogitRows, PIXELS, Tile, Work, load_wide, store_wide};
use crate::node::walk::Outputs;
use crate::simd::{self, Counted, Kernel, Lanes, Simd, load, only, store};

/// What is kept of each pixel of a tile.
struct Kept {
    /// The class weight of the label, times the factors of terms and slopes, each rounded once.
    factors: [[f32; PIXELS]; 2],
    /// The logit of the label.
    logit: [f32; PIXELS],
    /// The part of the term that smoothing spreads over the classes.
    spread: [f32; PIXELS],
    /// The greatest probability, and the sum of the others.
    greatest: [f32; PIXELS],
    others: [f64; PIXELS],
    terms: [f32; PIXELS],
}

impl Kept {
    fn new() -> Self {
        let zero = [0.0; PIXELS];
        let others = [0.0; PIXELS];
        Self { factors: [zero; 2], logit: zero, spread: zero, greatest: zero, others, terms: zero }
    }
}

/// The factors of the terms, or of the gradient, without the weights of pixels.
#[derive(Clone, Copy)]
struct ClassFactors<'a> {
    class_weights: Option<&'a [f32]>,
    /// The factor of the class of the label.
    own: f64,
    /// The factor of every class, which contains `e/K`, and the same times the sum of the class weights.
    spread: f64,
    all: f32,
}

impl ClassFactors<'_> {
    fn class_weight(&self, class: usize) -> f64 {
        let weight = |weights: &[f32]| weights.get(class).copied().unwrap_or(0.0);
        f64::from(self.class_weights.map_or(1.0, weight))
    }

    /// What smoothing gives a class.
    #[inline(always)]
    fn share(&self, class: usize) -> f32 {
        (self.spread * self.class_weight(class)) as f32
    }

    /// The factors of the labels of a tile.
    #[inline(never)]
    fn of_labels(&self, factor: f64, tile: &Tile, to: &mut [f32; PIXELS]) {
        for (to, class) in to.iter_mut().zip(&tile.class).take(tile.padded_length()) {
            let weight = if *class < 0.0 { 0.0 } else { self.class_weight(*class as usize) };
            *to = (factor * weight) as f32;
        }
    }
}

impl<'a> LabelledLogits<'a> {
    fn factors(&self, factor: f64) -> ClassFactors<'a> {
        let Self { params, labels, class_weights } = *self;
        let smoothing = f64::from(params.label_smoothing);
        let spread = factor * smoothing / labels.classes as f64;
        let mut factors = ClassFactors { class_weights, own: factor * (1.0 - smoothing), spread, all: 0.0 };
        let sum: f64 = (0..labels.classes).map(|class| factors.class_weight(class)).sum();
        factors.all = (spread * sum) as f32;
        factors
    }

    #[inline(never)]
    fn find_others(&self, work: &mut Work, kept: &mut Kept) {
        kept.greatest = [0.0; PIXELS];
        kept.others = [0.0; PIXELS];
        self.labels.each_block(work, &mut |tile| {
            simd::run(FindOthers { tile, kept: &mut *kept });
        });
    }
}

/// Counts the pixels, and adds their factors `o_y v_i` to weights.
#[inline(never)]
pub(super) fn tally(logits: &LabelledLogits, weights: &mut ExactSum) -> Tally {
    let factors = logits.factors(1.0);
    let has_weights = logits.labels.cube.weights.is_some() || logits.class_weights.is_some();
    let mut tally = Tally::default();
    let mut factor = [0.0; PIXELS];
    logits.labels.each_tile(&mut |work, of_tile| {
        if work.tile.is_flush_due() {
            weights.normalize();
        }
        tally.pixels += of_tile.pixels;
        tally.rejected += of_tile.rejected;
        if has_weights {
            let tile = &work.tile;
            factors.of_labels(1.0, tile, &mut factor);
            for (factor, weight) in factor.iter_mut().zip(&tile.weight) {
                *factor *= *weight;
            }
            add(tile, &mut factor, weights);
        }
    });
    if !has_weights {
        weights.add_integer(tally.pixels);
    }
    weights.normalize();
    tally
}

/// Goes over the pixels, and writes the outputs that are wanted.
#[inline(never)]
pub(super) fn walk(logits: &LabelledLogits, outputs: Outputs) {
    let Outputs { totals, mut map, mut gradient } = outputs;
    let mut sum = totals.map(|totals| &mut totals.loss);
    let weight = f64::from(logits.params.weight);
    let of_terms = &logits.factors(weight);
    let slope = gradient.as_ref().map_or(0.0, |gradient| gradient.slope);
    let of_slopes = &logits.factors(weight * slope);
    let has_terms = sum.is_some() || map.is_some();
    let mut kept = Kept::new();
    kept.factors = [of_terms, of_slopes].map(|factors| [factors.own as f32; PIXELS]);
    logits.labels.each_tile(&mut |work, _| {
        if logits.class_weights.is_some() {
            let [of_term, of_slope] = &mut kept.factors;
            of_terms.of_labels(of_terms.own, &work.tile, of_term);
            of_slopes.of_labels(of_slopes.own, &work.tile, of_slope);
        }
        kept.spread = [0.0; PIXELS];
        let mut see = |tile: &Tile, logits: LogitRows| {
            simd::run(FindLogits { tile, logits, factors: of_terms, kept: &mut kept });
        };
        logits.labels.softmax(work, if has_terms { Some(&mut see) } else { None });
        logits.find_others(work, &mut kept);
        if has_terms {
            let tile = &work.tile;
            simd::run(FindTerms { tile, factors: of_terms, kept: &mut kept });
            if let Some(map) = &mut map {
                map.put(tile.start, 1, tile.length, &kept.terms);
            }
            if let Some(sum) = &mut sum {
                if tile.is_flush_due() {
                    sum.normalize();
                }
                add(tile, &mut kept.terms, sum);
            }
        }
        if let Some(gradient) = &mut gradient {
            logits.labels.each_block(work, &mut |tile| {
                let gradient = CubeOutput::new(gradient.to.reborrow(), logits.labels.cube.layout);
                let (factors, kept) = (of_slopes, &kept);
                simd::run(WriteGradient { tile, factors, kept, gradient });
            });
        }
    });
    if let Some(sum) = sum {
        sum.normalize();
    }
}

/// Adds numbers of a tile to a sum.
#[inline(never)]
fn add(tile: &Tile, terms: &mut [f32; PIXELS], sum: &mut ExactSum) {
    let classes = tile.class.get(..tile.padded_length()).unwrap_or(&[]);
    let terms = terms.get_mut(..tile.padded_length()).unwrap_or(&mut []);
    Row { terms, classes, class: f32::NAN }.add(None, sum, &mut ExactSum::default());
}

/// Finds the logits of the labels, and adds to the parts that smoothing spreads.
struct FindLogits<'t, 'a> {
    tile: &'t Tile,
    logits: LogitRows<'t>,
    factors: &'t ClassFactors<'a>,
    kept: &'t mut Kept,
}

impl Kernel for FindLogits<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { tile, logits, factors, kept } = self;
        for row in 0..tile.rows {
            let class = tile.first + row;
            let share = factors.share(class);
            for index in 0..tile.vectors::<S::Register>() {
                let (label, _) = tile.classes::<S::Register>(simd, index);
                let logit: S::Register = logits.get(simd, row, index);
                let own = load(simd, &kept.logit, index);
                let own = S::Register::select(label.eq(label.constant(class as f32)), logit, own);
                store(own, &mut kept.logit, index);
                if share != 0.0 {
                    let greatest: S::Register = tile.greatest(simd, index);
                    let spread: S::Register = load(simd, &kept.spread, index);
                    store(spread + (greatest - logit) * share, &mut kept.spread, index);
                }
            }
        }
    }
}

/// Finds the greatest probability of each pixel, and the sum of the others: that is 1 minus the greatest, but with all
/// digits.
struct FindOthers<'t> {
    tile: &'t Tile,
    kept: &'t mut Kept,
}

impl Kernel for FindOthers<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { tile, kept } = self;
        for index in 0..tile.vectors::<S::Register>() {
            let mut greatest: S::Register = load(simd, &kept.greatest, index);
            let mut others = load_wide::<S::Register>(simd, &kept.others, index);
            for row in 0..tile.rows {
                let probability = tile.value(simd, row, index);
                others = others + greatest.min(probability).widen();
                greatest = greatest.max(probability);
            }
            store(greatest, &mut kept.greatest, index);
            store_wide::<S::Register>(others, &mut kept.others, index);
        }
    }
}

struct FindTerms<'t, 'a> {
    tile: &'t Tile,
    factors: &'t ClassFactors<'a>,
    kept: &'t mut Kept,
}

impl Kernel for FindTerms<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { tile, factors, kept } = self;
        for index in 0..tile.vectors::<S::Register>() {
            let (_, has_terms) = tile.classes::<S::Register>(simd, index);
            let greatest: S::Register = load(simd, &kept.greatest, index);
            let others = S::Register::narrow(load_wide::<S::Register>(simd, &kept.others, index));
            let log_sum = log1p(others / greatest);
            let logit: S::Register = load(simd, &kept.logit, index);
            let factor: S::Register = load(simd, &kept.factors[0], index);
            let term = (log_sum + (tile.greatest::<S::Register>(simd, index) - logit)) * factor;
            let mut term = only(Some(!factor.eq(factor.constant(0.0))), term);
            if factors.all != 0.0 {
                let spread: S::Register = load(simd, &kept.spread, index);
                term = term + (spread + log_sum * factors.all);
            }
            let weight: S::Register = load(simd, &tile.weight, index);
            store(only(Some(has_terms), term * weight), &mut kept.terms, index);
        }
    }
}

struct WriteGradient<'t, 'a> {
    tile: &'t Tile,
    factors: &'t ClassFactors<'a>,
    kept: &'t Kept,
    gradient: CubeOutput<'t>,
}

impl Kernel for WriteGradient<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { tile, factors, kept, mut gradient } = self;
        let start = tile.start / S::Register::LANES;
        for row in 0..tile.rows {
            let class = tile.first + row;
            let share = factors.share(class);
            for index in 0..tile.vectors::<S::Register>() {
                let (label, has_terms) = tile.classes::<S::Register>(simd, index);
                let probability: S::Register = tile.value(simd, row, index);
                let greatest: S::Register = load(simd, &kept.greatest, index);
                let others = load_wide::<S::Register>(simd, &kept.others, index);
                let others = S::Register::narrow(others);
                let is_greatest = probability.eq(greatest);
                let short = S::Register::select(is_greatest, others.negate(), probability - 1.0);
                let is_own = label.eq(label.constant(class as f32));
                let error = S::Register::select(is_own, short, probability);
                let factor: S::Register = load(simd, &kept.factors[1], index);
                let mut slope = only(Some(!factor.eq(factor.constant(0.0))), error * factor);
                if factors.all != 0.0 {
                    slope = slope + (probability * factors.all - share);
                }
                let weight: S::Register = load(simd, &tile.weight, index);
                gradient.write(start + index, class, Some(has_terms), slope * weight);
            }
        }
    }
}
