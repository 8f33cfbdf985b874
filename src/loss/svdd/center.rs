//! The gradient by the center: an exact sum a channel.

use super::distance::Embeddings;
use super::pass::{Mapped, Pass};
use super::{MOST_CHANNELS, Params, Totals};
use crate::error::{Error, Notices};
use crate::exact::ExactSum;
use crate::input::{Cube, CubeSource, Layout, Marks, Pixels, Sum};
use crate::node::cubewise::inputs;
use crate::node::reduction::Reduction;
use crate::node::walk::{Outputs, TermLoss, Walk};
use crate::simd::{self, Output, Write};

/// For how many pixels at a time it is noted which ones are outside. The notes are on the stack, so there are fewer
/// where stack is scarce.
const PART: usize = if crate::simd::IS_SMALL { 64 } else { 512 };

/// Adds `a_n v_n (z_nk - c_k)`, each rounded to `f32`, to the sum of channel k. The sums begin as zero.
///
/// # Errors
/// As [`Totals::update`], and another number of sums than of channels. Nothing was added then.
pub fn update_center<'a>(
    params: &Params,
    embeddings: impl Into<CubeSource<'a>>,
    center: &'a [f32],
    sums: &mut [ExactSum],
) -> Result<Notices, Error> {
    let embeddings = embeddings.into();
    let is_empty = inputs(params, embeddings, center)?.is_empty();
    if sums.len() != center.len() {
        return Err(Error::Channels);
    }
    embeddings.each(Marks::None, None, |tile| {
        if let Ok(whole) = Embeddings::new(params, &tile.cube, center) {
            add_outside(&whole, sums);
        }
    });
    Ok(Notices::EMPTY.when(is_empty) | params.radius()?.notices)
}

/// Adds the differences of the pixels that are outside.
#[inline(never)]
fn add_outside(whole: &Embeddings, sums: &mut [ExactSum]) {
    let Embeddings { cube: embeddings, center, .. } = whole;
    for first in (0..embeddings.layout.n).step_by(PART) {
        let cube = part(embeddings, first);
        let mut outside = [0.0_f32; PART];
        let outside = outside.get_mut(..cube.layout.n).unwrap_or(&mut []);
        let map = Some(Output::new(Write::Store, outside));
        let embeddings = Embeddings { cube, ..*whole };
        let outputs = Outputs { totals: None, map, gradient: None };
        simd::run(Pass { embeddings, outputs, mapped: Mapped::Outside });
        for (channel, (sum, center)) in sums.iter_mut().zip(*center).enumerate() {
            let mut terms = [0.0_f32; PART];
            let terms = terms.get_mut(..cube.layout.n).unwrap_or(&mut []);
            let values = cube.values.get(channel * cube.layout.channel_stride..).unwrap_or(&[]);
            differences(values, cube.layout.pixel_stride, *center, outside, terms);
            simd::run(Sum { floats: terms, pixels: &Pixels::default(), sum });
        }
    }
}

/// The differences of one channel from its center, times the weights of the pixels. They are 0 inside the sphere.
#[inline(never)]
fn differences(values: &[f32], stride: usize, center: f32, outside: &[f32], terms: &mut [f32]) {
    let values = values.iter().step_by(stride.max(1));
    for ((term, value), weight) in terms.iter_mut().zip(values).zip(outside) {
        *term = if *weight == 0.0 { 0.0 } else { (value - center) * weight };
    }
}

/// Up to [`PART`] pixels from `first` on.
fn part<'a>(cube: &Cube<'a>, first: usize) -> Cube<'a> {
    let layout = cube.layout;
    let n = layout.n.saturating_sub(first).min(PART);
    let Pixels { valid, weights, .. } = cube.mask_and_weights().part(first, n);
    Cube {
        values: cube.values.get(first * layout.pixel_stride..).unwrap_or(&[]),
        layout: Layout { n, ..layout },
        valid,
        weights,
        ..Cube::default()
    }
}

/// Adds other sums, channel by channel. The words are canonical afterwards.
///
/// # Errors
/// Different numbers of channels, or none. Nothing was added then.
pub fn merge_center(other: &[ExactSum], sums: &mut [ExactSum]) -> Result<(), Error> {
    check_channels(sums)?;
    if other.len() != sums.len() {
        return Err(Error::Channels);
    }
    for (sum, other) in sums.iter_mut().zip(other) {
        sum.merge(other);
    }
    Ok(())
}

/// Makes the words canonical after they were added elsewhere.
///
/// # Errors
/// No channel, or too many.
pub fn normalize_center(sums: &mut [ExactSum]) -> Result<(), Error> {
    check_channels(sums)?;
    sums.iter_mut().for_each(ExactSum::normalize);
    Ok(())
}

fn check_channels(sums: &[ExactSum]) -> Result<(), Error> {
    if sums.is_empty() || sums.len() > MOST_CHANNELS { Err(Error::Channels) } else { Ok(()) }
}

/// Writes `upstream * dL/dc`, one float a channel, or adds it. Totals and sums are those of the whole
/// batch. 0 of no pixel.
///
/// # Errors
/// Parameters out of range, terms of another radius in the totals, different numbers of channels. Nothing
/// was written then.
pub fn gradient_center(
    params: &Params,
    totals: &Totals,
    sums: &[ExactSum],
    upstream: f64,
    write: Write,
    gradient: &mut [f32],
) -> Result<Notices, Error> {
    gradient_center_to(params, totals, sums, upstream, Output::new(write, gradient))
}

/// [`gradient_center`], to memory that may be uninitialised.
pub(crate) fn gradient_center_to(
    params: &Params,
    totals: &Totals,
    sums: &[ExactSum],
    upstream: f64,
    gradient: Output,
) -> Result<Notices, Error> {
    let notices = params.notices(totals)?;
    check_channels(sums)?;
    if gradient.len() != sums.len() {
        return Err(Error::Channels);
    }
    sums.iter().try_for_each(|sum| sum.check(totals.outside))?;
    let slope = -params.factor(totals.sums.slope(Reduction::Mean, upstream));
    let off = slope == 0.0;
    let values = sums.iter().map(|sum| if off { 0.0 } else { (slope * sum.value()) as f32 });
    let finite = gradient.write_one_by_one(values);
    Ok(notices | Notices::NOT_FINITE.when(!finite))
}
