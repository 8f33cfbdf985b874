//! Mean squared error of a reconstruction (cuvis-ai's `MSEReconstructionLoss`).
//!
//! **Use case**: trains an autoencoder, or watches how well it reconstructs: where it fails is an
//! anomaly. Needs no labels. **Inputs**: a cube of values `a` (the reconstruction), the target `b` in the
//! same layout. Optional: `valid`, `weights`, one a pixel.
//!
//! ```text
//! l_ik = w * v_i * (a_ik - b_ik)^2            pixel i, channel k
//! L    = sum l_ik / N                         mean: N values that count
//!      = sum l_ik                             sum
//!      = sum l_ik / sum v_ik                  weighted mean: v_i counts once a channel
//! dL/da_ik = 2 k * v_i * (a_ik - b_ik)        k = w/N, w, or w / sum v, times `upstream`
//! dL/db_ik = -dL/da_ik                        call with `upstream` negated
//! ```
//!
//! **Accuracy**: a term is within [`TERM_MAX_ULP`] ulp of f32, a gradient within
//! [`GRADIENT_MAX_ULP`]: one rounding for the difference, one for each product. The factors `w`, `2 k` are
//! rounded to f32 once, and the bound counts from there. Where a square is below 2^-126 it is off by up to
//! 2^-150, times its factor. The sum is exact and rounded once. A difference above 1.8e19 has an infinite
//! square: `NOT_FINITE`.
//!
//! **Parameters as they behave**: the mean divides by the number of values that count, also with pixel
//! weights; choose the weighted mean when the loss must not change with the scale of the weights. The sum
//! grows with the frame, and so does its gradient.
//!
//! **cuvis-ai**: `weight`, `reduction` (`mean`, `sum`, `none`); ports `reconstruction` and `target`. Stages:
//! train, validation, test. **Speed**: limited by memory from DRAM, by the exact sum inside the cache. Where
//! a mask or weights are given and the pixels are no neighbours in memory, by loading lane by lane.
//!
//! Formula: the definition.

use super::reduction::Sums;
use super::{Reduction, Write, fingerprint, only};
use crate::cube::{Cube, CubeColumns, CubeColumnsMut, Layout};
use crate::error::{Error, Notices, Value};
use crate::exact::{Accumulator, ExactSum};
use crate::pixels::LiveColumns;
use crate::simd::{self, Kernel, Lanes, Simd};

/// The bound of a term in ulps: three roundings of 2^-24 for the square (the difference counts twice), one
/// for the factor, one for a pixel weight.
pub const TERM_MAX_ULP: f64 = 5.0;
/// The bound of a gradient in ulps: the difference, the factor, a pixel weight.
pub const GRADIENT_MAX_ULP: f64 = 3.0;

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// How the terms become the loss.
    pub reduction: Reduction,
    /// The weight w of this loss among others: any finite number.
    pub weight: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self { reduction: Reduction::Mean, weight: 1.0 }
    }
}

impl Params {
    #[inline(never)]
    fn check(&self) -> Result<(), Error> {
        if self.weight.is_finite() { Ok(()) } else { Err(Error::Weight) }
    }

    /// Of what the terms depend on.
    fn fingerprint(&self) -> i64 {
        fingerprint(&[self.weight.to_bits()])
    }

    /// What a difference is multiplied with in a gradient.
    fn slope(&self, sums: &Sums, upstream: f64) -> f32 {
        (2.0 * f64::from(self.weight) * sums.slope(self.reduction, upstream)) as f32
    }
}

/// Exact sums over values; all zero is empty. Adding the words of two totals merges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// The sums of the terms `l_ik` and of the weights.
    pub sums: Sums,
}

impl Totals {
    /// Adds pixels.
    ///
    /// # Errors
    /// Parameters out of range, a layout in which values share a place, inputs of different lengths.
    /// Nothing was added then.
    pub fn update(
        &mut self,
        params: &Params,
        reconstruction: &Cube,
        target: &[f32],
    ) -> Result<(), Error> {
        let inputs = Inputs::new(params, reconstruction, target)?;
        let tally = reconstruction.tally_values(&mut self.sums.weights);
        self.sums.count(params.fingerprint(), tally);
        simd::run(Terms { inputs, factor: params.weight, to: To::Sum(&mut self.sums.loss) });
        Ok(())
    }

    /// Adds other totals. The words are canonical afterwards.
    pub fn merge(&mut self, other: &Self) {
        self.sums.merge(&other.sums);
    }

    /// Makes the words canonical after they were added elsewhere.
    pub fn normalize(&mut self) {
        self.sums.normalize();
    }

    /// The loss. The mean of nothing is NaN, the sum 0, both with the notice `EMPTY`; a weighted mean of
    /// weights that are all 0 is NaN with `DEGENERATE`.
    ///
    /// # Errors
    /// Parameters out of range, [`Reduction::None`], terms of other parameters in the totals.
    pub fn loss(&self, params: &Params) -> Result<Value, Error> {
        params.check()?;
        self.sums.check(params.fingerprint())?;
        self.sums.value(params.reduction)
    }

    /// Writes `upstream * dL/da` for these pixels in the layout of the reconstruction, or adds it. The
    /// totals are those of the whole batch, of which the pixels may be any part. Pixels that do not count
    /// get 0 (or stay as they are, if added to).
    ///
    /// # Errors
    /// As [`Self::update`] and [`Self::loss`], and a gradient that is too short. Nothing was written then.
    pub fn gradient(
        &self,
        params: &Params,
        reconstruction: &Cube,
        target: &[f32],
        upstream: f64,
        write: Write,
        gradient: &mut [f32],
    ) -> Result<Notices, Error> {
        let inputs = Inputs::new(params, reconstruction, target)?;
        self.sums.check(params.fingerprint())?;
        reconstruction.check_output(gradient)?;
        let slope = params.slope(&self.sums, upstream);
        let terms = (0.0, &mut ExactSum::default());
        simd::run(Gradient { inputs, slope, write, gradient, terms });
        Ok(self.sums.notices(params.reduction))
    }
}

/// The loss and the gradient of one batch, and the batch's totals added to `totals`: the same bits as
/// [`Totals::update`], [`Totals::loss`] and [`Totals::gradient`] one after the other.
///
/// # Errors
/// As these. Nothing was written then. With [`Reduction::None`] there is no loss: use [`map`] and
/// [`Totals::gradient`].
pub fn loss_and_gradient(
    params: &Params,
    reconstruction: &Cube,
    target: &[f32],
    upstream: f64,
    write: Write,
    totals: Option<&mut Totals>,
    gradient: &mut [f32],
) -> Result<Value, Error> {
    let inputs = Inputs::new(params, reconstruction, target)?;
    reconstruction.check_output(gradient)?;
    if params.reduction == Reduction::None {
        return Err(Error::NoScalar);
    }
    let mut batch = Totals::default();
    let tally = reconstruction.tally_values(&mut batch.sums.weights);
    batch.sums.count(params.fingerprint(), tally);
    let slope = params.slope(&batch.sums, upstream);
    let terms = (params.weight, &mut batch.sums.loss);
    simd::run(Gradient { inputs, slope, write, gradient, terms });
    if let Some(totals) = totals {
        totals.merge(&batch);
    }
    batch.loss(params)
}

/// Writes the terms `l_ik` in the layout of the reconstruction: the reduction `none`, whatever
/// `params.reduction` is. Pixels that do not count get 0.
///
/// # Errors
/// As [`Totals::update`], and a map that is too short. Nothing was written then.
pub fn map(
    params: &Params,
    reconstruction: &Cube,
    target: &[f32],
    map: &mut [f32],
) -> Result<Notices, Error> {
    let inputs = Inputs::new(params, reconstruction, target)?;
    reconstruction.check_output(map)?;
    simd::run(Terms { inputs, factor: params.weight, to: To::Map(map) });
    Ok(Notices::EMPTY.when(reconstruction.layout.n == 0))
}

/// The checked inputs of a call.
#[derive(Clone, Copy)]
struct Inputs<'a> {
    cube: Cube<'a>,
    target: &'a [f32],
    /// How the values are walked.
    layout: Layout,
}

impl<'a> Inputs<'a> {
    fn new(params: &Params, cube: &Cube<'a>, target: &'a [f32]) -> Result<Self, Error> {
        params.check()?;
        cube.check()?;
        cube.check_output(target)?;
        Ok(Self { cube: *cube, target, layout: cube.walk() })
    }
}

/// The inputs as vectors.
struct Vectors<'a, V: Lanes> {
    reconstruction: CubeColumns<'a>,
    target: CubeColumns<'a>,
    live: LiveColumns<'a, V>,
}

impl<'a, V: Lanes> Vectors<'a, V> {
    #[inline(always)]
    fn new(inputs: &Inputs<'a>) -> Self {
        Self {
            reconstruction: CubeColumns::new(inputs.cube.values, inputs.layout),
            target: CubeColumns::new(inputs.target, inputs.layout),
            live: LiveColumns::new(&inputs.cube.live()),
        }
    }

    /// `a - b` of a channel.
    #[inline(always)]
    fn difference(&self, simd: V::Simd, index: usize, channel: usize) -> V {
        self.reconstruction.get::<V>(simd, index, channel)
            - self.target.get::<V>(simd, index, channel)
    }
}

/// Adds the terms to a sum, or writes them to a map.
struct Terms<'a> {
    inputs: Inputs<'a>,
    factor: f32,
    to: To<'a>,
}

/// Where the terms go.
enum To<'a> {
    Sum(&'a mut ExactSum),
    Map(&'a mut [f32]),
}

impl Kernel for Terms<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let vectors = Vectors::<S::Register>::new(&self.inputs);
        let layout = self.inputs.layout;
        let count = layout.n.div_ceil(S::Register::LANES);
        let mut no_sum = ExactSum::default();
        let (sum, map, is_sum) = match self.to {
            To::Sum(sum) => (sum, &mut [] as &mut [f32], true),
            To::Map(map) => (&mut no_sum, map, false),
        };
        let mut sum = Accumulator::new(simd, sum);
        let mut map = CubeColumnsMut::new(map, layout);
        for index in 0..count {
            let live = vectors.live.get(simd, index).switched();
            for channel in 0..layout.channels {
                let difference = vectors.difference(simd, index, channel);
                let term = live.weighted(difference * difference * self.factor);
                if is_sum {
                    sum.push(only(live.mask, term));
                } else {
                    map.write(index, channel, Write::Store, live.mask, term);
                }
            }
        }
        if is_sum {
            // Behind the last pixel both values are 0, and so is the term.
            sum.finish(count * layout.channels * S::Register::LANES);
        }
    }
}

/// Writes the gradient, and adds the terms to a sum on the way. (A gradient alone drops them.)
struct Gradient<'a> {
    inputs: Inputs<'a>,
    slope: f32,
    write: Write,
    gradient: &'a mut [f32],
    terms: (f32, &'a mut ExactSum),
}

impl Kernel for Gradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let vectors = Vectors::<S::Register>::new(&self.inputs);
        let layout = self.inputs.layout;
        let count = layout.n.div_ceil(S::Register::LANES);
        let (factor, sum) = self.terms;
        let mut sum = Accumulator::new(simd, sum);
        let mut gradient = CubeColumnsMut::new(self.gradient, layout);
        for index in 0..count {
            let live = vectors.live.get(simd, index).switched();
            for channel in 0..layout.channels {
                let difference = vectors.difference(simd, index, channel);
                let slope = live.weighted(difference * self.slope);
                gradient.write(index, channel, self.write, live.mask, slope);
                let term = live.weighted(difference * difference * factor);
                sum.push(only(live.mask, term));
            }
        }
        sum.finish(count * layout.channels * S::Register::LANES);
    }
}
