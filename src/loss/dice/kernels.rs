//! The passes over the pixels of the Dice loss, tile after tile.

use super::{Params, Slopes, Totals, is_in_mean};
use crate::loss::columns::{Columns, Part, PerPixel, SumTile, load, load_wide};
use crate::loss::labels::{LabelTile, Labels};
use crate::loss::only;
use crate::loss::softmax::{Softmax, Sum};
use crate::pixels::Tally;
use crate::simd::{self, Doubles, Kernel, Lanes, Mask, Simd};

/// What is kept of each pixel of a tile.
struct Kept {
    labels: LabelTile,
    softmax: Softmax,
    /// What an exponential is multiplied with: the pixel weight divided by s.
    factor: PerPixel<f64>,
    /// The sum of `h_j p_j`.
    dot: PerPixel<f64>,
    /// The terms of the pixels whose label the class is, and their weights.
    of_label: PerPixel<f32>,
    weights: PerPixel<f32>,
}

impl Kept {
    fn new() -> Self {
        Self {
            labels: LabelTile::new(),
            softmax: Softmax::new(),
            factor: PerPixel::new(),
            dot: PerPixel::new(),
            of_label: PerPixel::new(),
            weights: PerPixel::new(),
        }
    }
}

/// Adds pixels to the sums of the classes.
#[inline(never)]
pub(super) fn add(labels: &Labels, totals: &mut [Totals]) -> Tally {
    let logits = labels.logits();
    let mut tally = Tally::default();
    let mut kept = Kept::new();
    for part in Part::all(labels.cube.layout.n, logits.tile()) {
        let of_tile = labels.read(part, &mut kept.labels);
        tally.pixels += of_tile.pixels;
        tally.rejected += of_tile.rejected;
        kept.softmax.begin(&logits, part);
        for class in 0..logits.classes() {
            kept.softmax.exponentials(&logits, part, class);
            kept.softmax.add(part);
        }
        simd::run(Divide { part, kept: &mut kept });
        for class in 0..logits.classes() {
            let channel = logits.channel(class);
            let Some(totals) = channel.and_then(|channel| totals.get_mut(channel)) else {
                continue;
            };
            kept.softmax.exponentials(&logits, part, class);
            let any = simd::run(Terms { part, class, kept: &mut kept });
            let add = |terms, sum| simd::run(SumTile { terms, part, sum });
            add(&kept.softmax.column, &mut totals.probability);
            if any {
                add(&kept.of_label, &mut totals.intersection);
                add(&kept.weights, &mut totals.truth);
            }
        }
    }
    tally
}

/// Writes the gradient.
#[inline(never)]
pub(super) fn write(labels: &Labels, coefficients: &Coefficients, mut gradient: Columns) {
    let logits = labels.logits();
    let mut kept = Kept::new();
    for part in Part::all(labels.cube.layout.n, logits.tile()) {
        labels.read(part, &mut kept.labels);
        kept.softmax.begin(&logits, part);
        kept.dot.fill(part, 0.0);
        for class in 0..logits.classes() {
            let slopes = coefficients.get(logits.channel(class));
            kept.softmax.exponentials(&logits, part, class);
            kept.softmax.add(part);
            simd::run(Dot { part, class, slopes, kept: &mut kept });
        }
        simd::run(Divide { part, kept: &mut kept });
        for class in 0..logits.classes() {
            let Some(channel) = logits.channel(class) else { continue };
            let slopes = coefficients.get(Some(channel));
            kept.softmax.exponentials(&logits, part, class);
            simd::run(Slope { part, class, slopes, kept: &mut kept });
            gradient.write(part, channel, &kept.labels.class, &kept.softmax.column);
        }
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

    /// The slopes of a channel.
    fn get(&self, channel: Option<usize>) -> Slopes {
        let Some(channel) = channel else { return Slopes::default() };
        self.kept.get(channel).copied().unwrap_or_else(|| self.compute(channel))
    }
}

/// Finds the factors, and divides the sums of `h_j p_j`.
struct Divide<'a> {
    part: Part,
    kept: &'a mut Kept,
}

impl Kernel for Divide<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { part, kept } = self;
        for index in 0..part.vectors::<S::Register>() {
            let sum = Sum::<S::Register>::of(simd, &kept.softmax, index);
            let reciprocal = sum.reciprocal(simd);
            let weight = load::<S::Register>(simd, &kept.labels.weight, index).widen();
            let dot = load_wide::<S::Register>(simd, &kept.dot, index);
            kept.factor.set(index, (reciprocal * weight).to_values());
            kept.dot.set(index, (dot * reciprocal).to_values());
        }
    }
}

/// The terms of a class, in place of its column of exponentials, and whether any label is the class.
struct Terms<'a> {
    part: Part,
    class: usize,
    kept: &'a mut Kept,
}

impl Kernel for Terms<'_> {
    type Output = bool;

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) -> bool {
        let Self { part, class, kept } = self;
        let class = S::Register::splat(simd, class as f32);
        let zero = class.constant(0.0);
        let mut any = zero.lt(zero);
        for index in 0..part.vectors::<S::Register>() {
            let label = load::<S::Register>(simd, &kept.labels.class, index);
            let weight = load::<S::Register>(simd, &kept.labels.weight, index);
            let scaled = load::<S::Register>(simd, &kept.softmax.column, index).widen();
            let factor = load_wide::<S::Register>(simd, &kept.factor, index);
            let is_label = label.eq(class);
            let term = only(Some(!label.lt(zero)), S::Register::narrow(scaled * factor));
            kept.softmax.column.set(index, term.to_array());
            kept.of_label.set(index, only(Some(is_label), term).to_array());
            kept.weights.set(index, only(Some(is_label), weight).to_array());
            any = any | is_label;
        }
        any.any()
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

/// Adds a class to the sums of `h_j p_j`.
struct Dot<'a> {
    part: Part,
    class: usize,
    slopes: Slopes,
    kept: &'a mut Kept,
}

impl Kernel for Dot<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { part, class, slopes, kept } = self;
        for index in 0..part.vectors::<S::Register>() {
            let label = load::<S::Register>(simd, &kept.labels.class, index);
            let scaled = load::<S::Register>(simd, &kept.softmax.column, index).widen();
            let dot = load_wide::<S::Register>(simd, &kept.dot, index);
            let dot = dot + scaled * slope_of(slopes, label, class);
            kept.dot.set(index, dot.to_values());
        }
    }
}

/// The gradient of a class, in place of its column of exponentials.
struct Slope<'a> {
    part: Part,
    class: usize,
    slopes: Slopes,
    kept: &'a mut Kept,
}

impl Kernel for Slope<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { part, class, slopes, kept } = self;
        for index in 0..part.vectors::<S::Register>() {
            let label = load::<S::Register>(simd, &kept.labels.class, index);
            let scaled = load::<S::Register>(simd, &kept.softmax.column, index).widen();
            let factor = load_wide::<S::Register>(simd, &kept.factor, index);
            let dot = load_wide::<S::Register>(simd, &kept.dot, index);
            let height = slope_of(slopes, label, class) - dot;
            let value = S::Register::narrow(scaled * factor * height);
            kept.softmax.column.set(index, value.to_array());
        }
    }
}
