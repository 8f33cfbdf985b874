//! The gradient by the embeddings.

use super::distance::{Embeddings, padded};
use crate::input::{CubeColumns, CubeOutput};
use crate::simd::{Columns, Counted, Kernel, Lanes, Output, Simd, copy, flat, flat_mut, vectors};
use bytemuck::Zeroable;

/// Where the gradient goes, and how steep it is.
pub(super) struct Gradient<'a> {
    /// What `v (z - c)` is multiplied with.
    pub slope: f32,
    pub to: Output<'a>,
}

/// Floats of a vector.
const LANES: usize = 16;

type Vector<S> = <S as Simd>::Sixteen;
type Floats<S> = <Vector<S> as Lanes>::Floats;

/// The gradients of a strip of pixels.
pub(super) struct Strip<'s, 'a, 'g> {
    pub embeddings: Embeddings<'a>,
    pub first: usize,
    /// The weights of pixels; 0 is inside.
    pub weights: &'s [f32],
    pub gradient: &'s mut Gradient<'g>,
}

impl Kernel for Strip<'_, '_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        if self.embeddings.cube.layout.channel_stride == 1 {
            return rows(simd, self);
        }
        let Self { embeddings, first, weights, gradient } = self;
        let columns = Columns::new(weights);
        let lanes = S::Register::LANES;
        for part in 0..weights.len().div_ceil(lanes) {
            let weight = S::Register::from_floats(simd, columns.get(part));
            planes(&embeddings, first / lanes + part, weight, gradient);
        }
    }
}

/// What differences are multiplied with, and where that is not 0.
#[inline(always)]
fn slope<V: Lanes>(weight: V, slope: f32) -> (V, V::Mask) {
    let zero = weight.constant(0.0);
    let slope = weight * slope;
    (slope, !(weight.eq(zero) | slope.eq(zero)))
}

/// Writes the gradients of pixels whose channels are neighbours in memory, one after the other.
#[inline(always)]
fn rows<S: Simd>(simd: S, strip: Strip) {
    let Strip { embeddings, first, weights, gradient } = strip;
    let (layout, values) = (embeddings.cube.layout, embeddings.cube.values);
    let Gradient { slope: factor, ref mut to } = *gradient;
    let whole = embeddings.center.len() / LANES * LANES;
    let (center, rest) = embeddings.center.split_at_checked(whole).unwrap_or((&[], &[]));
    let [last, ones] = padded::<Floats<S>>(rest);
    let last_center = Vector::<S>::from_floats(simd, &last);
    let one = Vector::<S>::from_floats(simd, &ones);
    let is_channel = one.eq(one.constant(1.0));
    // Where pixels are packed, a row may be read and written into the next one, which comes later.
    let is_packed = layout.pixel_stride == layout.channels;
    let span = layout.span().unwrap_or(0);
    let mut spare = [Floats::<S>::zeroed(); 2];
    let mut start = first.wrapping_mul(layout.pixel_stride);
    for weight in weights {
        let (slope, on) = slope(Vector::<S>::splat(simd, *weight), factor);
        let end = start.wrapping_add(whole);
        let row = vectors(values.get(start..end).unwrap_or(&[]));
        let places = to.part(start, whole).vectors().iter();
        for ((values, center), place) in row.iter().zip(vectors(center)).zip(places) {
            let difference =
                Vector::<S>::from_floats(simd, values) - Vector::<S>::from_floats(simd, center);
            place.write(Some(on), difference * slope);
        }
        if !rest.is_empty() {
            let behind = if is_packed { span } else { start.wrapping_add(layout.channels) };
            let places = behind.wrapping_sub(end);
            let behind = values.get(end..behind).unwrap_or(&[]);
            let [spare_values, spare_to] = &mut spare;
            let is_spare = behind.len() < LANES;
            if is_spare {
                copy(flat_mut(spare_values), behind);
                to.read(end, 1, places, flat_mut(spare_to));
            }
            let values = vectors(behind.get(..LANES).unwrap_or(&[])).first();
            let difference =
                Vector::<S>::from_floats(simd, values.unwrap_or(spare_values)) - last_center;
            let on = Some(on & is_channel);
            if is_spare {
                to.write().write(on, difference * slope, spare_to);
                to.put(end, 1, places, flat(spare_to));
            } else if let Some(place) = to.part(end, LANES).vectors().first() {
                place.write(on, difference * slope);
            }
        }
        start = start.wrapping_add(layout.pixel_stride);
    }
}

/// Writes the gradients of a vector of pixels, a channel after the other.
#[inline(always)]
fn planes<V: Lanes>(embeddings: &Embeddings, index: usize, weight: V, gradient: &mut Gradient) {
    let (slope, on) = slope(weight, gradient.slope);
    let values = CubeColumns::new(embeddings.cube.values, embeddings.cube.layout);
    let mut to = CubeOutput::new(gradient.to.reborrow(), embeddings.cube.layout);
    for (channel, center) in embeddings.center.iter().enumerate() {
        let value: V = values.get(weight.simd(), index, channel);
        let difference = value - value.constant(*center);
        to.write(index, channel, Some(on), difference * slope);
    }
}
