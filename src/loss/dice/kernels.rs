//! The passes over the pixels, tile after tile.

use super::Totals;
use super::classes::{SlopeTable, Slopes};
use crate::exact::{Bounds, ExactSum, Row};
use crate::input::{CubeOutput, Tally};
use crate::node::softmax::{LabelledCube, PIXELS, Tile, load_wide, store_wide};
use crate::simd::{self, Counted, Doubles, Kernel, Lanes, Output, Simd, load, store};

/// Adds the pixels to the sums of every class.
#[inline(never)]
pub(super) fn add(labels: &LabelledCube, totals: &mut [Totals]) -> Tally {
    let skipped = labels.classes - totals.len();
    let has_weights = labels.cube.weights.is_some();
    let mut tally = Tally::default();
    labels.each_tile(&mut |work, of_tile| {
        if work.tile.is_flush_due() {
            totals.iter_mut().for_each(Totals::normalize);
        }
        tally.pixels += of_tile.pixels;
        tally.rejected += of_tile.rejected;
        labels.softmax(work, None);
        labels.each_block(work, &mut |tile| {
            if has_weights {
                simd::run(Weigh { tile });
                tile.bounds = None;
            }
            let window = tile.bounds.and_then(Bounds::window);
            let padded = tile.padded_length();
            let classes = tile.class.get(..padded).unwrap_or(&[]);
            let weights = tile.weight.get_mut(..padded).unwrap_or(&mut []);
            let rows = tile.values.chunks_mut(tile.pitch.max(1)).take(tile.rows);
            for (class, terms) in (tile.first..).zip(rows) {
                let totals = class.checked_sub(skipped).and_then(|index| totals.get_mut(index));
                let Some(totals) = totals else { continue };
                let terms = terms.get_mut(..padded).unwrap_or(&mut []);
                let class = class as f32;
                let row = Row { terms, classes, class };
                let count = row.add(window, &mut totals.predicted, &mut totals.intersection);
                if !has_weights {
                    totals.target.add_count(count);
                } else if count > 0 {
                    let row = Row { terms: &mut *weights, classes, class };
                    row.add(None, &mut ExactSum::default(), &mut totals.target);
                }
            }
        });
    });
    totals.iter_mut().for_each(Totals::normalize);
    tally
}

/// Multiplies the probabilities with the weights of their pixels.
struct Weigh<'t> {
    tile: &'t mut Tile,
}

impl Kernel for Weigh<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let tile = self.tile;
        for index in 0..tile.vectors::<S::Register>() {
            let weight: S::Register = load(simd, &tile.weight, index);
            for row in 0..tile.rows {
                let place = tile.place::<S::Register>(row, index);
                store(tile.value::<S::Register>(simd, row, index) * weight, &mut tile.values, place);
            }
        }
    }
}

/// Writes the gradient.
#[inline(never)]
pub(super) fn write(labels: &LabelledCube, table: &mut SlopeTable, mut gradient: Output) {
    let mut means = [0.0; PIXELS];
    let is_plain = labels.cube.weights.is_none();
    labels.each_tile(&mut |work, _| {
        labels.softmax(work, None);
        if is_plain && labels.is_plain(&work.tile) {
            let slopes = table.of_rows(&work.tile);
            let tile = &mut work.tile;
            let to = labels.planar_output(&mut gradient);
            let is_dense = to.is_none();
            simd::run(FindGradient { tile, slopes, to });
            if is_dense {
                labels.write_values(work, &mut gradient);
            }
            return;
        }
        means = [0.0; PIXELS];
        labels.each_block(work, &mut |tile| {
            let slopes = table.of_rows(tile);
            simd::run(AddMeans { tile, slopes, means: &mut means });
        });
        labels.each_block(work, &mut |tile| {
            let slopes = table.of_rows(tile);
            let gradient = gradient.reborrow();
            simd::run(WriteGradient { labels, tile, slopes, means: &means, gradient });
        });
    });
}

/// The slope of each pixel in a row.
#[inline(always)]
fn slope_of<V: Lanes>(slopes: &[Slopes], row: usize, class: V, tile: &Tile) -> V {
    let [own, other] = slopes.get(row).copied().unwrap_or([0.0; 2]);
    let is_own = class.eq(class.constant((tile.first + row) as f32));
    V::select(is_own, class.constant(own), class.constant(other))
}

/// Finds the gradient of a plain tile.
struct FindGradient<'t> {
    tile: &'t mut Tile,
    slopes: &'t [Slopes],
    /// Where it goes. None: to the place of the probabilities.
    to: Option<CubeOutput<'t>>,
}

impl Kernel for FindGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { tile, slopes, mut to } = self;
        let start = tile.start / S::Register::LANES;
        for index in 0..tile.vectors::<S::Register>() {
            let label: S::Register = load(simd, &tile.class, index);
            let zero = label.constant(0.0);
            let (mut class, mut own_slope, mut mean) = (zero, zero, zero.widen());
            for (row, [own, other]) in slopes.iter().take(tile.rows).enumerate() {
                let is_own = label.eq(class);
                own_slope = S::Register::select(is_own, zero.constant(*own), own_slope);
                let slope = S::Register::select(is_own, zero.constant(*own), zero.constant(*other));
                mean = mean + (slope * tile.value::<S::Register>(simd, row, index)).widen();
                class = class + 1.0;
            }
            let own_away = S::Register::narrow(own_slope.widen() - mean);
            let mut class = zero;
            for (row, [_, other]) in slopes.iter().take(tile.rows).enumerate() {
                let other = <S::Register as Lanes>::Doubles::splat(simd, f64::from(*other));
                let away = S::Register::select(label.eq(class), own_away, S::Register::narrow(other - mean));
                let place = tile.place::<S::Register>(row, index);
                let value = load::<S::Register>(simd, &tile.values, place) * away;
                match &mut to {
                    Some(to) => to.write(start + index, row, None, value),
                    None => store(value, &mut tile.values, place),
                }
                class = class + 1.0;
            }
        }
    }
}

/// Adds to `sum_c h_c p_c`.
struct AddMeans<'t> {
    tile: &'t Tile,
    slopes: &'t [Slopes],
    means: &'t mut [f64; PIXELS],
}

impl Kernel for AddMeans<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { tile, slopes, means } = self;
        for index in 0..tile.vectors::<S::Register>() {
            let (class, _) = tile.classes::<S::Register>(simd, index);
            let mut mean = load_wide::<S::Register>(simd, means, index);
            for row in 0..tile.rows {
                let slope = slope_of(slopes, row, class, tile);
                mean = mean + (slope * tile.value::<S::Register>(simd, row, index)).widen();
            }
            store_wide::<S::Register>(mean, means, index);
        }
    }
}

struct WriteGradient<'t, 'a> {
    labels: &'t LabelledCube<'a>,
    tile: &'t Tile,
    slopes: &'t [Slopes],
    means: &'t [f64; PIXELS],
    gradient: Output<'t>,
}

impl Kernel for WriteGradient<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { labels, tile, slopes, means, gradient } = self;
        let layout = labels.cube.layout;
        let mut gradient = CubeOutput::new(gradient, layout);
        let start = tile.start / S::Register::LANES;
        for row in 0..tile.rows {
            let Some(channel) = labels.channel(tile.first + row) else { continue };
            for index in 0..tile.vectors::<S::Register>() {
                let (class, has_terms) = tile.classes::<S::Register>(simd, index);
                let slope = slope_of(slopes, row, class, tile);
                let away = if layout.channels == 1 {
                    // The probability of the other class keeps the digits that 1 - p would lose.
                    slope * tile.value::<S::Register>(simd, 0, index)
                } else {
                    let mean = load_wide::<S::Register>(simd, means, index);
                    S::Register::narrow(slope.widen() - mean)
                };
                let probability: S::Register = tile.value(simd, row, index);
                let value = probability * away * load::<S::Register>(simd, &tile.weight, index);
                gradient.write(start + index, channel, Some(has_terms), value);
            }
        }
    }
}
