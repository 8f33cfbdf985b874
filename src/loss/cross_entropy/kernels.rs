//! The pass over the pixels of the cross-entropy: terms, gradient, or both, tile after tile.

use super::Inputs;
use crate::exact::ExactSum;
use crate::loss::columns::{Columns, Part, PerPixel, SumTile, load, load_wide};
use crate::loss::labels::{LabelTile, Labels};
use crate::loss::only;
use crate::loss::softmax::{Exponentials, Softmax, Sum};
use crate::math::log1p;
use crate::simd::{self, Doubles, Kernel, Lanes, Simd};

/// What a pass over the pixels computes.
#[derive(Default)]
pub(super) struct Outputs<'a> {
    pub sum: Option<&'a mut ExactSum>,
    pub map: Option<&'a mut [f32]>,
    /// The gradient, and the slope of the loss along a term of weight 1.
    pub gradient: Option<(Columns<'a>, f64)>,
}

/// What is kept of each pixel of a tile.
struct Kept {
    labels: LabelTile,
    softmax: Softmax,
    /// The logit of the label.
    logit: PerPixel<f32>,
    /// The sum of `o_k (m - x_k)`.
    spread: PerPixel<f64>,
    terms: PerPixel<f32>,
    /// What an exponential is multiplied with to be a gradient.
    factor: PerPixel<f64>,
    /// The exponential of the label's logit; then that less s, which makes `p_y - 1`.
    shortfall: PerPixel<f32>,
}

impl Inputs<'_> {
    #[inline(never)]
    pub fn run(&self, outputs: Outputs) {
        let Outputs { mut sum, mut map, mut gradient } = outputs;
        let logits = self.labels.logits();
        let weight = f64::from(self.params.weight);
        let slope = gradient.as_ref().map_or(0.0, |(_, slope)| *slope * weight);
        let mut kept = Kept {
            labels: LabelTile::new(),
            softmax: Softmax::new(),
            logit: PerPixel::new(),
            spread: PerPixel::new(),
            terms: PerPixel::new(),
            factor: PerPixel::new(),
            shortfall: PerPixel::new(),
        };
        for part in Part::all(self.labels.cube.layout.n, logits.tile()) {
            self.labels.read(part, &mut kept.labels);
            kept.softmax.begin(&logits, part);
            kept.spread.fill(part, 0.0);
            for class in 0..logits.classes() {
                if self.share > 0.0 {
                    let class_weight = class_weight(&self.labels, class);
                    logits.column(part, class, &mut kept.softmax.column);
                    simd::run(Spread { part, class_weight, kept: &mut kept });
                }
                kept.softmax.exponentials(&logits, part, class);
                kept.softmax.add(part);
            }
            self.labels.look_up(part, &kept.labels.class, &mut kept.logit);
            kept.shortfall = kept.logit;
            let (max, logits_of_labels) = (&kept.softmax.max, &mut kept.shortfall);
            simd::run(Exponentials { part, max, logits: logits_of_labels });
            simd::run(Finish { part, inputs: self, slope, kept: &mut kept });
            if let Some(sum) = &mut sum {
                simd::run(SumTile { terms: &kept.terms, part, sum });
            }
            if let Some(map) = &mut map {
                let places = map.get_mut(part.start..).unwrap_or(&mut []).iter_mut();
                let places = places.zip(&kept.terms.0).take(part.length);
                places.for_each(|(place, term)| *place = *term);
            }
            let Some((gradient, _)) = &mut gradient else { continue };
            if slope == 0.0 {
                // A factor of 0 switches everything off.
                kept.labels.class.fill(part, -1.0);
            }
            for class in 0..logits.classes() {
                kept.softmax.exponentials(&logits, part, class);
                simd::run(Slope { part, inputs: self, class, slope, kept: &mut kept });
                gradient.write(part, class, &kept.labels.class, &kept.softmax.column);
            }
        }
    }
}

fn class_weight(labels: &Labels, class: usize) -> f32 {
    match labels.class_weights {
        Some(weights) => weights.get(class).copied().unwrap_or(0.0),
        None => 1.0,
    }
}

/// `max - logit`, or 0 where it is free: in doubles, for floats may overflow before their factor.
#[inline(always)]
fn difference<V: Lanes>(free: V::Mask, max: V, logit: V) -> V::Doubles {
    let zero = max.constant(0.0);
    V::select(free, zero, max).widen() - V::select(free, zero, logit).widen()
}

/// Adds what a column of logits gives to the part of the terms that is spread over all classes.
struct Spread<'a> {
    part: Part,
    class_weight: f32,
    kept: &'a mut Kept,
}

impl Kernel for Spread<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        if self.class_weight == 0.0 {
            return;
        }
        let factor = <S::Register as Lanes>::Doubles::splat(simd, f64::from(self.class_weight));
        for index in 0..self.part.vectors::<S::Register>() {
            let logit = load::<S::Register>(simd, &self.kept.softmax.column, index);
            let max = load::<S::Register>(simd, &self.kept.softmax.max, index);
            let spread = load_wide::<S::Register>(simd, &self.kept.spread, index);
            let below = difference(logit.eq(max), max, logit);
            self.kept.spread.set(index, (spread + below * factor).to_values());
        }
    }
}

/// Makes the terms, and what the gradient needs.
struct Finish<'a> {
    part: Part,
    inputs: &'a Inputs<'a>,
    slope: f64,
    kept: &'a mut Kept,
}

impl Kernel for Finish<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { part, inputs, slope, kept } = self;
        let splat = |value| <S::Register as Lanes>::Doubles::splat(simd, value);
        let zero = S::Register::splat(simd, 0.0);
        let weight = f64::from(inputs.params.weight);
        let (own_share, base) = (splat(inputs.labels.own_share), splat(inputs.labels.base));
        let (weight_of_all, slope, share) = (splat(weight), splat(slope), splat(inputs.share));
        let is_off = zero.constant(if weight == 0.0 { 0.0 } else { 1.0 }).eq(zero);
        for index in 0..part.vectors::<S::Register>() {
            let class = load::<S::Register>(simd, &kept.labels.class, index);
            let class_weight = load::<S::Register>(simd, &kept.labels.class_weight, index);
            let logit = load::<S::Register>(simd, &kept.logit, index);
            let max = load::<S::Register>(simd, &kept.softmax.max, index);
            let pixel_weight = load::<S::Register>(simd, &kept.labels.weight, index).widen();
            let sum = Sum::<S::Register>::of(simd, &kept.softmax, index);
            let own = class_weight.widen() * own_share;
            let mass = own + base;

            let is_max = logit.eq(max);
            let free = is_max | class_weight.eq(zero);
            let below = difference(free, max, logit);
            let log = log1p(sum.rest_as_float(simd)).widen();
            let spread = load_wide::<S::Register>(simd, &kept.spread, index);
            let term = (mass * log + own * below + spread * share) * (pixel_weight * weight_of_all);
            let on = !class.lt(zero) & !is_off;
            kept.terms.set(index, only(Some(on), S::Register::narrow(term)).to_array());

            let factor = sum.reciprocal(simd) * mass * (pixel_weight * slope);
            kept.factor.set(index, factor.to_values());
            // Where the label has the maximum, the other classes are what is left, with all digits.
            let exponential = load::<S::Register>(simd, &kept.shortfall, index).widen();
            let others = S::Register::narrow(sum.all - exponential);
            let rest = S::Register::select(is_max, S::Register::narrow(sum.rest), others);
            kept.shortfall.set(index, rest.negate().to_array());
        }
    }
}

/// The gradient of a class, in place of its column of exponentials.
struct Slope<'a> {
    part: Part,
    inputs: &'a Inputs<'a>,
    class: usize,
    slope: f64,
    kept: &'a mut Kept,
}

impl Kernel for Slope<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { part, inputs, class, slope, kept } = self;
        let all = <S::Register as Lanes>::Doubles::splat(simd, inputs.all_weights);
        let share = <S::Register as Lanes>::Doubles::splat(simd, slope * inputs.share);
        let class_weight = S::Register::splat(simd, class_weight(&inputs.labels, class));
        let class = S::Register::splat(simd, class as f32);
        for index in 0..part.vectors::<S::Register>() {
            let scaled = load::<S::Register>(simd, &kept.softmax.column, index);
            let shortfall = load::<S::Register>(simd, &kept.shortfall, index);
            let factor = load_wide::<S::Register>(simd, &kept.factor, index);
            let is_label = load::<S::Register>(simd, &kept.labels.class, index).eq(class);
            let mut value = S::Register::select(is_label, shortfall, scaled).widen() * factor;
            if inputs.share > 0.0 {
                // What smoothing takes away: o_k of a class, all but o_y of what 1 - p_y left.
                let left = S::Register::narrow(all - class_weight.widen());
                let spread = S::Register::select(is_label, left, class_weight.negate());
                let weight = load::<S::Register>(simd, &kept.labels.weight, index).widen();
                value = value + spread.widen() * (weight * share);
            }
            kept.softmax.column.set(index, S::Register::narrow(value).to_array());
        }
    }
}
