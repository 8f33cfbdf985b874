//! The one kernel: distances, and what is made of them.

use super::Totals;
use super::distance::{Distances, Inputs};
use crate::cube::{CubeColumns, CubeColumnsMut};
use crate::exact::{Accumulator, ExactSum};
use crate::loss::{Write, only};
use crate::pixels::{Live, LiveColumns, both};
use crate::simd::{Columns, ColumnsMut, Doubles, Kernel, Lanes, Mask, Simd, flat, flat_mut};
use bytemuck::Zeroable;

/// Terms above it are kept as [`super::HUGE_UNIT`]s.
const HUGE: f32 = (1_u128 << 127) as f32;
/// Vectors whose lanes are counted in 32 bits.
const COUNTED: usize = 1 << 24;

/// Walks the pixels once.
pub(super) struct Pass<'a> {
    pub inputs: Inputs<'a>,
    /// Where the terms are added.
    pub totals: Option<&'a mut Totals>,
    pub map: Option<Map<'a>>,
    pub gradient: Option<Gradient<'a>>,
}

/// What a map has for a pixel.
pub(super) enum Map<'a> {
    /// `d - R^2`.
    Scores(&'a mut [f32]),
    /// The pixel's weight if it is outside, else 0.
    Outside(&'a mut [f32]),
}

/// Where the gradient goes, and how steep it is.
pub(super) struct Gradient<'a> {
    /// What `v (z - c)` is multiplied with.
    pub slope: f32,
    pub write: Write,
    pub to: &'a mut [f32],
}

impl Kernel for Pass<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let inputs = self.inputs;
        let n = inputs.cube.layout.n;
        let distances = Distances::new(simd, inputs);
        let live = LiveColumns::<S::Sixteen>::new(&inputs.cube.live());
        let weighted = inputs.cube.weights.is_some();
        let (mut no_totals, has_totals) = (Totals::default(), self.totals.is_some());
        let totals = self.totals.unwrap_or(&mut no_totals);
        let (map, is_scores) = match self.map {
            Some(Map::Scores(map)) => (map, true),
            Some(Map::Outside(map)) => (map, false),
            None => (&mut [] as &mut [f32], false),
        };
        let has_map = !map.is_empty();
        let mut map = ColumnsMut::new(map);
        let mut gradient = self.gradient;

        let mut terms = Accumulator::new(simd, &mut totals.sums.loss);
        let mut outside_weights = Accumulator::new(simd, &mut totals.outside_weights);
        let zero = S::Sixteen::splat(simd, 0.0);
        let mut count = zero.to_bits();
        for index in 0..n.div_ceil(S::Sixteen::LANES) {
            let mut of_pixels = <<S::Sixteen as Lanes>::Doubles as Doubles>::Values::zeroed();
            let first = index * S::Sixteen::LANES;
            distances.write(index, flat_mut(&mut of_pixels));
            // Behind the last pixel is the center: inside.
            for distance in flat_mut::<_, f64>(&mut of_pixels).iter_mut().skip(n - first) {
                *distance = 0.0;
            }
            let mut distance = <S::Sixteen as Lanes>::Doubles::from_values(simd, &of_pixels);
            if inputs.is_rare(S::Sixteen::narrow(distance)).any() {
                inputs.recompute(first, flat_mut(&mut of_pixels));
                distance = <S::Sixteen as Lanes>::Doubles::from_values(simd, &of_pixels);
            }
            let Live { mask, weight, .. } = live.get(simd, index);
            let slack =
                distance - <S::Sixteen as Lanes>::Doubles::splat(simd, inputs.radius_squared);
            let score = S::Sixteen::narrow(slack);
            // A NaN is outside.
            let outside = both(mask, !(score.lt(zero) | score.eq(zero)));
            let (on, one_or_weight) = match weight {
                Some(weight) => (outside & !weight.eq(zero), weight),
                None => (outside, zero.constant(1.0)),
            };
            if has_totals {
                let term = match weight {
                    Some(weight) => S::Sixteen::narrow(slack * weight.widen()),
                    None => score,
                };
                let mut term = only(Some(on), term);
                if term.constant(HUGE).lt(term).any() {
                    let mut floats = term.to_array();
                    let distances = flat(&of_pixels);
                    take_huge(&inputs, first, distances, flat_mut(&mut floats), &mut totals.huge);
                    term = S::Sixteen::from_floats(simd, &floats);
                }
                terms.push(term);
                if weighted {
                    outside_weights.push(only(Some(outside), one_or_weight));
                }
                let one = S::Sixteen::from_bits(zero.constant_bits(1));
                count = count + S::Sixteen::select(outside, one, zero).to_bits();
                if index % COUNTED == COUNTED - 1 {
                    totals.outside = totals.outside.wrapping_add(sum(S::Sixteen::from_bits(count)));
                    count = zero.to_bits();
                }
            }
            if has_map {
                let values =
                    if is_scores { only(mask, score) } else { only(Some(on), one_or_weight) };
                values.to_floats(map.get(index));
            }
            if let Some(gradient) = &mut gradient {
                let slope = only(Some(on), one_or_weight * gradient.slope);
                if distances.is_interleaved() {
                    rows(&distances, &inputs, first, flat(&slope.to_array()), gradient);
                } else {
                    planes(simd, &inputs, index, slope, gradient);
                }
            }
        }
        map.finish();
        if has_totals {
            terms.finish(n);
            if weighted {
                outside_weights.finish(n);
            }
            totals.outside = totals.outside.wrapping_add(sum(S::Sixteen::from_bits(count)));
        }
    }
}

/// The sum of the lanes' bits as integers.
#[inline(always)]
fn sum<V: Lanes>(counts: V) -> i64 {
    let counts = counts.to_array();
    let mut sum = 0;
    for count in flat::<_, u32>(&counts) {
        sum += i64::from(*count);
    }
    sum
}

/// Moves terms that `f32` cannot hold to a sum of their own.
#[cold]
#[inline(never)]
fn take_huge(
    inputs: &Inputs,
    first: usize,
    distances: &[f64],
    terms: &mut [f32],
    huge: &mut ExactSum,
) {
    for ((pixel, distance), term) in (first..).zip(distances).zip(terms) {
        let weight = inputs.cube.weights.and_then(|weights| weights.get(pixel)).unwrap_or(&1.0);
        let exact = (*distance - inputs.radius_squared) * f64::from(*weight);
        if *term > HUGE && exact < f64::INFINITY {
            huge.add((exact / super::HUGE_UNIT) as f32);
            *term = 0.0;
        }
    }
}

/// Writes the gradients of pixels whose channels are neighbours: a pixel after the other.
#[inline(always)]
fn rows<S: Simd>(
    distances: &Distances<S>,
    inputs: &Inputs,
    first: usize,
    slopes: &[f32],
    gradient: &mut Gradient,
) {
    let layout = inputs.cube.layout;
    let span = layout.span().unwrap_or(0);
    for (pixel, slope) in (first..layout.n).zip(slopes) {
        let start = pixel * layout.pixel_stride;
        // Where pixels are packed, a row may be read and written into the next one, which comes later.
        let is_packed = layout.pixel_stride == layout.channels;
        let end = if is_packed { span } else { start + layout.channels };
        let row = inputs.cube.values.get(start..end).unwrap_or(&[]);
        let to = gradient.to.get_mut(start..end).unwrap_or(&mut []);
        row_of(distances, row, inputs.center, *slope, gradient.write, to);
    }
}

/// Writes the gradient of the pixel with which `row` and `to` begin. What lies behind it in `to` is kept
/// or becomes 0.
#[inline(always)]
fn row_of<S: Simd>(
    distances: &Distances<S>,
    row: &[f32],
    center: &[f32],
    slope: f32,
    write: Write,
    to: &mut [f32],
) {
    type Floats<S> = <<S as Simd>::Sixteen as Lanes>::Floats;
    let simd = distances.simd;
    let slope = S::Sixteen::splat(simd, slope);
    let on = !slope.eq(slope.constant(0.0));
    let whole = center.len() / S::Sixteen::LANES * S::Sixteen::LANES;
    let channels_behind = center.len() - whole;
    let (row, row_rest) = row.split_at_checked(whole).unwrap_or((&[], &[]));
    let (center, _) = center.split_at_checked(whole).unwrap_or((&[], &[]));
    let (to, to_rest) = to.split_at_mut_checked(whole).unwrap_or((&mut [], &mut []));
    let row: &[Floats<S>] = bytemuck::try_cast_slice(row).unwrap_or(&[]);
    let center: &[Floats<S>] = bytemuck::try_cast_slice(center).unwrap_or(&[]);
    let to: &mut [Floats<S>] = bytemuck::try_cast_slice_mut(to).unwrap_or(&mut []);
    for ((values, center), to) in row.iter().zip(center).zip(to) {
        let values = S::Sixteen::from_floats(simd, values);
        let center = S::Sixteen::from_floats(simd, center);
        write.write(Some(on), (values - center) * slope, to);
    }
    if channels_behind == 0 {
        return;
    }
    let center = S::Sixteen::from_floats(simd, distances.tail());
    let on = Some(on & distances.is_channel);
    let vector = row_rest.get(..S::Sixteen::LANES).unwrap_or(&[]);
    let place = to_rest.get_mut(..S::Sixteen::LANES).unwrap_or(&mut []);
    if let (Ok([values]), Ok([to])) = (
        bytemuck::try_cast_slice::<_, Floats<S>>(vector),
        bytemuck::try_cast_slice_mut::<_, Floats<S>>(place),
    ) {
        let values = S::Sixteen::from_floats(simd, values);
        return write.write(on, (values - center) * slope, to);
    }
    let row_rest = row_rest.get(..channels_behind).unwrap_or(&[]);
    let to_rest = to_rest.get_mut(..channels_behind).unwrap_or(&mut []);
    let mut out = *Columns::<Floats<S>>::new(to_rest).get(0);
    let values = S::Sixteen::from_floats(simd, Columns::new(row_rest).get(0));
    write.write(on, (values - center) * slope, &mut out);
    for (to, out) in to_rest.iter_mut().zip(flat::<_, f32>(&out)) {
        *to = *out;
    }
}

/// Writes the gradients of a vector of pixels, a channel after the other.
#[inline(always)]
fn planes<V: Lanes>(
    simd: V::Simd,
    inputs: &Inputs,
    index: usize,
    slope: V,
    gradient: &mut Gradient,
) {
    let on = Some(!slope.eq(slope.constant(0.0)));
    let values = CubeColumns::new(inputs.cube.values, inputs.cube.layout);
    let mut to = CubeColumnsMut::new(gradient.to, inputs.cube.layout);
    for (channel, center) in inputs.center.iter().enumerate() {
        let value: V = values.get(simd, index, channel);
        let difference = value - value.constant(*center);
        to.write(index, channel, gradient.write, on, difference * slope);
    }
}
