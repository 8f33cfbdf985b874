//! The gradient by the embeddings.

use super::distance::Embeddings;
use crate::input::{CubeColumns, CubeOutput};
use crate::node::channels::{Rows, RowsOutput, SIXTEEN, SixteenFloats, padded};
use crate::simd::{Columns, Counted, Kernel, Lanes, Output, Room, Simd, vectors};
use bytemuck::Zeroable;

/// Where the gradient goes, and how steep it is.
pub(super) struct Gradient<'a> {
    /// What `v (z - c)` is multiplied with.
    pub slope: f32,
    pub to: Output<'a>,
}

type Vector<S> = <S as Simd>::Sixteen;

/// The gradients of a strip of pixels.
pub(super) struct StripGradients<'s, 'a, 'g> {
    pub embeddings: Embeddings<'a>,
    pub first: usize,
    /// The weights of the pixels; 0 if a pixel is inside.
    pub weights: &'s [f32],
    pub gradient: &'s mut Gradient<'g>,
}

impl Kernel for StripGradients<'_, '_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        if self.embeddings.cube.layout.channel_stride == 1 {
            return rows(simd, self);
        }
        let Self { embeddings, first, weights, gradient } = self;
        let mut room = Room::new();
        let columns = Columns::new(weights, &mut room);
        let lanes = S::Register::LANES;
        for part in 0..weights.len().div_ceil(lanes) {
            let weight = S::Register::from_floats(simd, columns.get(part));
            planes(&embeddings, first / lanes + part, weight, gradient);
        }
    }
}

/// What differences are multiplied with, and the lanes in which it is not 0.
#[inline(always)]
fn slope<V: Lanes>(weight: V, slope: f32) -> (V, V::Mask) {
    let zero = weight.constant(0.0);
    let slope = weight * slope;
    (slope, !(weight.eq(zero) | slope.eq(zero)))
}

/// Writes the gradients of pixels whose channels are neighbours in memory, one after the other.
#[inline(always)]
fn rows<S: Simd>(simd: S, strip: StripGradients) {
    let StripGradients { embeddings, first, weights, gradient } = strip;
    let (layout, factor) = (embeddings.cube.layout, gradient.slope);
    let rows = Rows::new(embeddings.cube.values, &layout);
    let mut to = RowsOutput::new(gradient.to.reborrow(), &layout);
    let whole = embeddings.center.len() / SIXTEEN * SIXTEEN;
    let (center, rest) = embeddings.center.split_at_checked(whole).unwrap_or((&[], &[]));
    let [last, ones] = padded::<SixteenFloats<S>>(rest);
    let last_center = Vector::<S>::from_floats(simd, &last);
    let one = Vector::<S>::from_floats(simd, &ones);
    let is_channel = one.eq(one.constant(1.0));
    let [mut copy, mut spare] = [SixteenFloats::<S>::zeroed(); 2];
    let mut start = first.wrapping_mul(layout.pixel_stride);
    for weight in weights {
        let (slope, on) = slope(Vector::<S>::splat(simd, *weight), factor);
        let places = to.whole(start, whole).vectors().iter();
        for ((values, center), place) in rows.whole(start, whole).iter().zip(vectors(center)).zip(places) {
            let difference = Vector::<S>::from_floats(simd, values) - Vector::<S>::from_floats(simd, center);
            place.write(Some(on), difference * slope);
        }
        if !rest.is_empty() {
            let end = start.wrapping_add(whole);
            let values = Vector::<S>::from_floats(simd, rows.end(end, rest.len(), &mut copy));
            let values = (values - last_center) * slope;
            to.write_end(end, rest.len(), on & is_channel, values, &mut spare);
        }
        start = start.wrapping_add(layout.pixel_stride);
    }
}

/// Writes the gradients of a vector of pixels, one channel after the other.
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
