//! The gradient by the center: an exact sum a channel.

use super::distance::Inputs;
use super::pass::{Map, Pass};
use super::{MOST_CHANNELS, Params, Totals, check};
use crate::cube::{Cube, CubeColumns, Layout};
use crate::error::{Error, Notices};
use crate::exact::{Accumulator, ExactSum};
use crate::loss::{Write, only, write_one_by_one};
use crate::simd::{self, Columns, Kernel, Lanes, Simd};

/// Pixels of which it is remembered who is outside. On the stack, so fewer where that is scarce.
const PART: usize = if cfg!(target_pointer_width = "64") { 512 } else { 64 };

/// Adds `a_n v_n (z_nk - c_k)`, each rounded to `f32`, to the sum of channel k. The sums begin as zero.
///
/// # Errors
/// As [`Totals::update`], and another number of sums than of channels. Nothing was added then.
pub fn update_center(
    params: &Params,
    embeddings: &Cube,
    center: &[f32],
    sums: &mut [ExactSum],
) -> Result<Notices, Error> {
    let inputs = check(params, embeddings, center)?;
    if sums.len() != center.len() {
        return Err(Error::Channels);
    }
    for first in (0..embeddings.layout.n).step_by(PART) {
        let cube = part(embeddings, first);
        let inputs = Inputs { cube, ..inputs };
        let mut outside = [0.0_f32; PART];
        let outside = outside.get_mut(..cube.layout.n).unwrap_or(&mut []);
        let map = Some(Map::Outside(outside));
        simd::run(Pass { inputs, totals: None, map, gradient: None });
        simd::run(Differences { inputs, outside, sums });
    }
    Ok(Notices::EMPTY.when(embeddings.layout.n == 0) | params.radius()?.notices)
}

/// Up to [`PART`] pixels from `first` on.
fn part<'a>(cube: &Cube<'a>, first: usize) -> Cube<'a> {
    fn cut<T>(slice: &[T], first: usize, n: usize) -> &[T] {
        slice.get(first..).and_then(|rest| rest.get(..n)).unwrap_or(&[])
    }
    let layout = cube.layout;
    let n = layout.n.saturating_sub(first).min(PART);
    Cube {
        values: cube.values.get(first * layout.pixel_stride..).unwrap_or(&[]),
        layout: Layout { n, ..layout },
        valid: cube.valid.map(|valid| cut(valid, first, n)),
        weights: cube.weights.map(|weights| cut(weights, first, n)),
        ..Cube::default()
    }
}

/// Adds the differences of pixels outside to the sums.
struct Differences<'a> {
    inputs: Inputs<'a>,
    /// The pixels' weights, 0 inside.
    outside: &'a [f32],
    sums: &'a mut [ExactSum],
}

impl Kernel for Differences<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Inputs { cube, center, .. } = self.inputs;
        let values = CubeColumns::new(cube.values, cube.layout);
        let outside = Columns::new(self.outside);
        for (channel, (sum, center)) in self.sums.iter_mut().zip(center).enumerate() {
            let mut sum = Accumulator::new(simd, sum);
            for index in 0..cube.layout.n.div_ceil(S::Sixteen::LANES) {
                let value: S::Sixteen = values.get(simd, index, channel);
                let weight = S::Sixteen::from_floats(simd, outside.get(index));
                let on = !weight.eq(weight.constant(0.0));
                let difference = value - value.constant(*center);
                sum.push(only(Some(on), difference * weight));
            }
            sum.finish(cube.layout.n);
        }
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
    let notices = totals.notices(params)?;
    check_channels(sums)?;
    if gradient.len() != sums.len() {
        return Err(Error::Channels);
    }
    let slope = -params.slope(&totals.sums, upstream);
    let off = slope == 0.0;
    let values = sums.iter().map(|sum| if off { 0.0 } else { (slope * sum.value()) as f32 });
    let finite = write_one_by_one(write, values, gradient);
    Ok(notices | Notices::NOT_FINITE.when(!finite))
}
