//! The passes over the pixels, tile after tile.
//!
//! A plain tile, in which all pixels have terms whose factors are the same, takes two kernels: the softmax with what is
//! found beside it, and terms and slopes. Every other tile takes six, which can do all: with masks, weights, smoothing,
//! infinite logits, or many classes. The bits are the same.

use super::LabelledLogits;
use super::kept::Kept;
use super::plain::FinishPlain;
use crate::exact::{Blocks, ExactSum, Row};
use crate::input::{CubeOutput, Tally};
use crate::math::log1p;
use crate::node::softmax::{Few, Found, LogitRows, PIXELS, Tile, Work, load_wide, store_wide};
use crate::node::walk::Outputs;
use crate::simd::{self, Counted, IS_SMALL, Kernel, Lanes, Output, Simd, load, only, store};

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
    let Outputs { totals, map, gradient } = outputs;
    let mut sum = totals.map(|totals| &mut totals.loss);
    let weight = f64::from(logits.params.weight);
    let slope = gradient.as_ref().map_or(0.0, |gradient| gradient.slope);
    let factors = [weight, weight * slope].map(|factor| logits.factors(factor));
    let has_terms = sum.is_some() || map.is_some();
    // (Not part of the pass, of which there would be two copies for a moment.)
    let kept = &mut Kept::new();
    kept.factors = factors.map(|factors| [factors.own as f32; PIXELS]);
    let gradient = gradient.map(|gradient| gradient.to);
    let mut pass = Pass { logits, factors, has_terms, kept, map, gradient };
    if !IS_SMALL {
        return simd::run(WalkTiles { pass: &mut pass, sum });
    }
    logits.labels.each_tile(&mut |work, _| {
        pass.walk_any(work);
        if let Some(sum) = &mut sum {
            if work.tile.is_flush_due() {
                sum.normalize();
            }
            add(&work.tile, &mut pass.kept.terms, sum);
        }
    });
    if let Some(sum) = sum {
        sum.normalize();
    }
}

/// All tiles, with one open sum for all of them.
struct WalkTiles<'p, 'a, 'o> {
    pass: &'p mut Pass<'a, 'o>,
    sum: Option<&'p mut ExactSum>,
}

impl Kernel for WalkTiles<'_, '_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { pass, sum } = self;
        let mut sum = sum.map(|sum| Blocks::new(simd, [sum]));
        pass.logits.labels.each_tile(&mut |work, _| {
            if !pass.walk_plain(simd, work) {
                pass.walk_any(work);
            }
            if let Some(sum) = &mut sum {
                sum.add(simd, pass.kept.terms.get_mut(..work.tile.padded_length()).unwrap_or(&mut []), &[]);
            }
        });
        if let Some(sum) = &mut sum {
            sum.finish();
        }
    }
}

/// What a call goes over, and what it writes.
struct Pass<'a, 'o> {
    logits: &'a LabelledLogits<'a>,
    /// Of terms and of slopes.
    factors: [ClassFactors<'a>; 2],
    has_terms: bool,
    kept: &'o mut Kept,
    map: Option<Output<'o>>,
    gradient: Option<Output<'o>>,
}

impl Pass<'_, '_> {
    /// Whether all pixels of a tile have terms whose factors are the same, without smoothing.
    fn is_plain(&self, tile: &Tile) -> bool {
        let LabelledLogits { labels, class_weights, .. } = self.logits;
        let [of_terms, of_slopes] = &self.factors;
        let are_plain = |factors: &ClassFactors| factors.own as f32 != 0.0 && factors.all == 0.0;
        labels.is_plain(tile)
            && labels.cube.weights.is_none()
            && class_weights.is_none()
            && (!self.has_terms || are_plain(of_terms))
            && (self.gradient.is_none() || are_plain(of_slopes))
    }

    /// Finds the terms of a plain tile, and writes what is wanted. False: it must be done by [`Self::walk_any`].
    #[inline(always)]
    fn walk_plain<S: Simd>(&mut self, simd: S, work: &mut Work) -> bool {
        if !self.is_plain(&work.tile) {
            return false;
        }
        let Kept { logit, spread, greatest, .. } = &mut *self.kept;
        let (tile, logits) = self.logits.labels.all_rows(work);
        let found = Some(Found { behind: logit, ratio: spread, short: greatest });
        if !simd.call(Few { tile, logits, found }) {
            return false;
        }
        let labels = &self.logits.labels;
        let has_slopes = self.gradient.is_some();
        let to = self.gradient.as_mut().and_then(|to| labels.planar_output(to));
        let is_dense = to.is_none();
        simd.call(FinishPlain { tile, kept: &mut *self.kept, has_terms: self.has_terms, has_slopes, to });
        if let (Some(gradient), true) = (&mut self.gradient, is_dense) {
            labels.write_values(work, gradient);
        }
        self.write_map(&work.tile);
        true
    }

    #[inline(never)]
    fn write_map(&mut self, tile: &Tile) {
        if let Some(map) = &mut self.map {
            map.put(tile.start, 1, tile.length, &self.kept.terms);
        }
    }

    /// Finds the terms of a tile, and writes what is wanted.
    #[inline(never)]
    fn walk_any(&mut self, work: &mut Work) {
        let Self { logits, factors, has_terms, ref mut kept, .. } = *self;
        let kept: &mut Kept = kept;
        let [of_terms, of_slopes] = &factors;
        if logits.class_weights.is_some() {
            let [of_term, of_slope] = &mut kept.factors;
            of_terms.of_labels(of_terms.own, &work.tile, of_term);
            of_slopes.of_labels(of_slopes.own, &work.tile, of_slope);
        }
        kept.spread = [0.0; PIXELS];
        let mut see = |tile: &Tile, logits: LogitRows| {
            simd::run(FindLogits { tile, logits, factors: of_terms, kept: &mut *kept });
        };
        logits.labels.softmax(work, if has_terms { Some(&mut see) } else { None });
        logits.find_others(work, kept);
        if has_terms {
            let tile = &work.tile;
            simd::run(FindTerms { tile, factors: of_terms, kept });
            self.write_map(tile);
        }
        let kept = &*self.kept;
        if let Some(gradient) = &mut self.gradient {
            logits.labels.each_block(work, &mut |tile| {
                let gradient = CubeOutput::new(gradient.reborrow(), logits.labels.cube.layout);
                simd::run(WriteGradient { tile, factors: of_slopes, kept, gradient });
            });
        }
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
