//! Deep support vector data description with a soft boundary (cuvis-ai's
//! `DeepSVDDSoftBoundaryLoss`).
//!
//! **Use case**: learns a sphere that holds most embeddings of normal pixels; what lies outside is an
//! anomaly. Needs no labels. **Inputs**: a cube of embeddings `z` (D channels, 1 to
//! [`MOST_CHANNELS`], any layout), the center `c` of the sphere (D floats), the radius as the
//! parameter `r`. Optional: `valid`, `weights`.
//!
//! ```text
//! R   = softplus(10 r) / 10, or r where 10 r > 20
//! d_n = sum_k (z_nk - c_k)^2                  a_n = 1 if d_n > R^2 else 0
//! L   = w (R^2 + sum_n a_n v_n (d_n - R^2) / (nu N))
//! dL/dz_nk = 2 w / (nu N) * a_n v_n (z_nk - c_k)      times `upstream`, as all gradients
//! dL/dc_k  = -sum_n dL/dz_nk
//! dL/dr    = 2 w R R' (1 - sum_n a_n v_n / (nu N))    R' = sigmoid(10 r), or 1
//! ```
//!
//! with weight w, pixel weights v and N pixels that count. `a_n` looks at `d_n - R^2` as a `f32`: a pixel
//! is outside if its entry of [`map`] is positive, or NaN. A pixel weight of exactly 0 switches the term off.
//!
//! **Accuracy**: `d_n` is within [`DISTANCE_MAX_ULP`] ulp of f32: differences and squares are rounded to f32,
//! a square passes three additions in f32 at most, the rest is f64; where squares leave the range of f32, all
//! of it is f64. `d_n - R^2` is rounded to f32 once more, so near the boundary the error is that of `d_n`. A gradient
//! is within [`GRADIENT_MAX_ULP`] ulp, counted from `2 w / (nu N)` rounded to f32 once. R is within 2^-50 of
//! itself. Sums are exact and rounded once; terms above 2^127 are kept in units of 2^192, so that embeddings
//! of 1e20 have a finite loss. The same bits for every layout.
//!
//! **Parameters as they behave**: nu bounds from above the share of pixels that the optimal sphere leaves
//! outside: dL/dr is 0 where that share is nu. **A larger nu shrinks the sphere.** The radius starts at
//! R = 0.069 (r = 0). It is trained with the embeddings; for r below -10.2 it is 0 in float32 and its
//! gradient too, so it never grows again (notice `DEGENERATE`). A network with biases can map everything to
//! the center: watch the radius.
//!
//! **cuvis-ai**: `nu`, `weight`, the learnt parameter `r_unconstrained`; ports `embeddings` and `center`,
//! port `loss` is [`Totals::loss`]. Stages: train, validation, test.
//!
//! **Speed**: interleaved pixels from DRAM are limited by memory from about 32 channels on. Inside the cache
//! a pixel costs some 11 cycles up to 32 channels: a third for the squares, a third for the tree, a third for
//! the term and its exact sum. Planes are read at about the same speed up to some 20 channels; with 100 and more there
//! are too many streams for the prefetcher, and interleaved pixels are several times faster. Asking for their rows
//! ahead took up to a third longer. Other layouts load lane by lane.
//!
//! Source: L. Ruff et al., Deep One-Class Classification (2018), eq. 3.

mod center;
mod distance;
mod gradient;
mod pass;

#[cfg(feature = "capi")]
pub(crate) use center::gradient_center_to;
pub use center::{gradient_center, merge_center, normalize_center, update_center};

use crate::error::{Error, Notices, Value};
use crate::exact::{Exact, ExactSum, counts};
use crate::input::{Cube, CubeSource};
use crate::math::double;
use crate::node::cubewise::{CubeLoss, Cubewise, inputs};
use crate::node::fingerprint::fingerprint;
use crate::node::reduction::{Reduction, Sums};
use crate::node::walk::{self, Outputs, TermLoss, TermTotals};
use crate::simd::{self, Output, Write};
use distance::Embeddings;
use pass::{Mapped, Pass};

/// The most channels that an embedding may have.
pub const MOST_CHANNELS: usize = 4096;
/// The bound of a squared distance in ulps: a difference (which counts twice), a square, three additions, half
/// an ulp each; the sums in f64 add next to nothing.
pub const DISTANCE_MAX_ULP: f64 = 6.0;
/// The bound of a gradient in ulps: the difference, the product, a pixel weight.
pub const GRADIENT_MAX_ULP: f64 = 3.0;

/// The unit of terms that `f32` cannot hold: 2^192.
const HUGE_UNIT: f64 = f64::from_bits((1023 + 192) << 52);
/// The same unit as a number of digits of a sum.
const HUGE_DIGITS: usize = 192 / 32;

/// The softplus of the radius is this much steeper than the plain one.
const BETA: f64 = 10.0;
/// Above it softplus is its argument (PyTorch's threshold).
const THRESHOLD: f64 = 20.0;

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// The share of pixels that may lie outside: between 0 and 1, both excluded.
    pub nu: f32,
    /// The weight w of this loss among others: any finite number.
    pub weight: f32,
    /// The parameter r of the radius: any finite number.
    pub r_unconstrained: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self { nu: 0.05, weight: 1.0, r_unconstrained: 0.0 }
    }
}

impl Params {
    /// The radius R. 0 in `f32` has the notice `DEGENERATE`: it has collapsed and cannot grow again.
    ///
    /// # Errors
    /// Parameters out of range.
    pub fn radius(&self) -> Result<Value, Error> {
        self.check()?;
        let value = self.radius_unchecked();
        Ok(Value { value, notices: Notices::DEGENERATE.when(value as f32 == 0.0) })
    }

    fn radius_unchecked(&self) -> f64 {
        let r = f64::from(self.r_unconstrained);
        if BETA * r > THRESHOLD { r } else { double::softplus(BETA * r) / BETA }
    }

    /// `dR/dr`.
    fn radius_slope(&self) -> f64 {
        let steep = BETA * f64::from(self.r_unconstrained);
        if steep > THRESHOLD {
            return 1.0;
        }
        // In this form neither side overflows.
        let e = double::exp(-steep.abs());
        if steep < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
    }

    /// What `a_n v_n (z_nk - c_k)` is multiplied with, by the slope of a mean.
    fn factor(&self, slope: f64) -> f64 {
        2.0 * f64::from(self.weight) / f64::from(self.nu) * slope
    }
}

impl TermLoss for Params {
    type Totals = Totals;

    #[inline(never)]
    fn check(&self) -> Result<(), Error> {
        if !(self.nu > 0.0 && self.nu < 1.0) {
            return Err(Error::Nu);
        }
        if !self.weight.is_finite() {
            return Err(Error::Weight);
        }
        if !self.r_unconstrained.is_finite() {
            return Err(Error::Radius);
        }
        Ok(())
    }

    fn reduction(&self) -> Reduction {
        Reduction::Mean
    }

    fn fingerprint(&self) -> i64 {
        let bits = self.radius_unchecked().to_bits();
        fingerprint(&[bits as u32, (bits >> u32::BITS) as u32])
    }

    fn notices(&self, totals: &Totals) -> Result<Notices, Error> {
        let radius = self.radius()?;
        let Totals { sums, huge, outside_weights, outside } = totals;
        counts::check_part(*outside, sums.term_count)?;
        huge.check_not_negative(*outside)?;
        outside_weights.check_weights(*outside)?;
        counts::check_at_most(outside_weights.value(), sums.weights.value())?;
        Ok(sums.notices(self.fingerprint(), Reduction::Mean)?
            | radius.notices
            | Notices::NOT_FINITE.when(huge.non_finite() != 0))
    }

    fn loss(&self, totals: &Totals) -> Result<Value, Error> {
        let Value { value: radius, .. } = self.radius()?;
        let notices = self.notices(totals)?;
        let slack = totals.slack().quotient(totals.sums.term_count) / f64::from(self.nu);
        let weight = f64::from(self.weight);
        let off = weight == 0.0 && totals.sums.term_count > 0;
        let value = if off { 0.0 } else { weight * (radius * radius + slack) };
        Ok(Value { value, notices })
    }
}

/// Exact sums over pixels; all zero is empty. Adding the words of two totals merges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// The sums of the terms `a_n v_n (d_n - R^2)` up to 2^127 and of the pixel weights.
    pub sums: Sums,
    /// The sum of the greater terms, in units of 2^192.
    pub huge: ExactSum,
    /// The sum of the weights of pixels outside the sphere.
    pub outside_weights: ExactSum,
    /// How many pixels lie outside, whatever their weights.
    pub outside: i64,
}

impl Totals {
    /// Adds pixels.
    ///
    /// # Errors
    /// Parameters out of range, a center or embeddings of another number of channels than the other or than
    /// allowed, a layout in which values share a place, inputs of different lengths. Nothing was added then.
    pub fn update<'a>(
        &mut self,
        params: &Params,
        embeddings: impl Into<CubeSource<'a>>,
        center: &'a [f32],
    ) -> Result<(), Error> {
        walk::update(inputs(params, embeddings.into(), center)?, self);
        Ok(())
    }

    /// Adds other totals. The words are canonical afterwards.
    pub fn merge(&mut self, other: &Self) {
        self.sums.merge(&other.sums);
        self.huge.merge(&other.huge);
        self.outside_weights.merge(&other.outside_weights);
        self.outside = self.outside.wrapping_add(other.outside);
    }

    /// Makes the words canonical after they were added elsewhere.
    pub fn normalize(&mut self) {
        self.sums.normalize();
        self.huge.normalize();
        self.outside_weights.normalize();
    }

    /// The loss. Of no pixel it is NaN with the notice `EMPTY`; where the radius has collapsed it has the
    /// notice `DEGENERATE`. A weight of exactly 0 switches the loss off.
    ///
    /// # Errors
    /// Parameters out of range, terms of another radius in the totals.
    pub fn loss(&self, params: &Params) -> Result<Value, Error> {
        TermLoss::loss(params, self)
    }

    /// Both sums of terms as one.
    fn slack(&self) -> Exact<18, -160, 1> {
        let (mut low, mut high) = (self.sums.loss, self.huge);
        low.normalize();
        high.normalize();
        let mut sum = Exact {
            nan: low.nan.wrapping_add(high.nan),
            positive_infinity: low.positive_infinity.wrapping_add(high.positive_infinity),
            negative_infinity: low.negative_infinity.wrapping_add(high.negative_infinity),
            ..Exact::default()
        };
        for (digit, low) in sum.digits.iter_mut().zip(low.digits) {
            *digit = low;
        }
        for (digit, high) in sum.digits.iter_mut().skip(HUGE_DIGITS).zip(high.digits) {
            *digit = digit.wrapping_add(high);
        }
        sum
    }

    /// Writes `upstream * dL/dz` for these pixels in the layout of the embeddings, or adds it. The totals
    /// are those of the whole batch, of which the pixels may be any part. Pixels that do not count get
    /// 0 (or stay as they are, if added to), so do pixels inside.
    ///
    /// # Errors
    /// As [`Self::update`] and [`Self::loss`], and a gradient that is too short. Nothing was written then.
    pub fn gradient<'a>(
        &self,
        params: &Params,
        embeddings: impl Into<CubeSource<'a>>,
        center: &'a [f32],
        upstream: f64,
        write: Write,
        gradient: &mut [f32],
    ) -> Result<Notices, Error> {
        self.gradient_to(params, embeddings.into(), center, upstream, Output::new(write, gradient))
    }

    /// [`Self::gradient`], to memory that may be uninitialised.
    pub(crate) fn gradient_to(
        &self,
        params: &Params,
        embeddings: CubeSource,
        center: &[f32],
        upstream: f64,
        gradient: Output,
    ) -> Result<Notices, Error> {
        walk::gradient(inputs(params, embeddings, center)?, self, upstream, gradient)
    }

    /// `upstream * dL/dr`; 0 of no pixel, with the notice `EMPTY`.
    ///
    /// # Errors
    /// As [`Self::loss`].
    pub fn gradient_radius(&self, params: &Params, upstream: f64) -> Result<Value, Error> {
        let radius = params.radius()?.value;
        let notices = params.notices(self)?;
        let share = self.outside_weights.quotient(self.sums.term_count) / f64::from(params.nu);
        let slope = 2.0 * radius * params.radius_slope() * (1.0 - share);
        let empty = self.sums.term_count < 1;
        let value = if empty { 0.0 } else { upstream * (f64::from(params.weight) * slope) };
        Ok(Value { value, notices })
    }
}

/// The loss and the gradient by the embeddings of one batch, and the batch's totals added to `totals`: the
/// same bits as [`Totals::update`], [`Totals::loss`] and [`Totals::gradient`] one after the other. The
/// embeddings are read from memory once; masks and weights once more beforehand, because N decides the
/// gradient.
///
/// # Errors
/// As these. Nothing was written then.
pub fn loss_and_gradient<'a>(
    params: &Params,
    embeddings: impl Into<CubeSource<'a>>,
    center: &'a [f32],
    upstream: f64,
    write: Write,
    totals: Option<&mut Totals>,
    gradient: &mut [f32],
) -> Result<Value, Error> {
    loss_and_gradient_to(params, embeddings.into(), center, upstream, totals, Output::new(write, gradient))
}

/// [`loss_and_gradient`], to memory that may be uninitialised.
pub(crate) fn loss_and_gradient_to(
    params: &Params,
    embeddings: CubeSource,
    center: &[f32],
    upstream: f64,
    totals: Option<&mut Totals>,
    gradient: Output,
) -> Result<Value, Error> {
    walk::loss_and_gradient(inputs(params, embeddings, center)?, upstream, totals, gradient)
}

/// Writes the scores `d_n - R^2`, one a pixel: positive is outside. Pixel weights do not enter. Pixels that do
/// not count get 0. A score beyond f32 is infinite.
///
/// # Errors
/// As [`Totals::update`], and a map of another length. Nothing was written then.
pub fn map<'a>(
    params: &Params,
    embeddings: impl Into<CubeSource<'a>>,
    center: &'a [f32],
    map: &mut [f32],
) -> Result<Notices, Error> {
    map_to(params, embeddings.into(), center, Output::new(Write::Store, map))
}

/// [`map`], to memory that may be uninitialised.
pub(crate) fn map_to(params: &Params, embeddings: CubeSource, center: &[f32], map: Output) -> Result<Notices, Error> {
    let notices = walk::map(inputs(params, embeddings, center)?, map)?;
    Ok(notices | params.radius()?.notices)
}

impl TermTotals for Totals {
    fn sums(&self) -> &Sums {
        &self.sums
    }

    fn sums_mut(&mut self) -> &mut Sums {
        &mut self.sums
    }

    fn merge(&mut self, other: &Self) {
        Totals::merge(self, other);
    }
}

impl CubeLoss for Params {
    type Beside<'a> = &'a [f32];
    type Inputs<'a> = Embeddings<'a>;

    fn inputs<'a>(&self, cube: &Cube<'a>, center: &'a [f32]) -> Result<Embeddings<'a>, Error> {
        Embeddings::new(self, cube, center)
    }

    fn beside_tile<'t>(center: &'t &[f32], _: &'t [f32]) -> &'t [f32] {
        center
    }
}

impl<'a> Embeddings<'a> {
    /// Embeddings and a center that fit each other.
    fn new(params: &Params, cube: &Cube<'a>, center: &'a [f32]) -> Result<Self, Error> {
        let radius = params.radius()?.value;
        let channels = cube.layout.channels;
        if channels == 0 || channels > MOST_CHANNELS || center.len() != channels {
            return Err(Error::Channels);
        }
        cube.check()?;
        Ok(Self { params: *params, cube: *cube, center, radius_squared: radius * radius })
    }
}

impl Cubewise for Embeddings<'_> {
    type Params = Params;

    fn params(&self) -> &Params {
        &self.params
    }

    fn cube(&self) -> &Cube<'_> {
        &self.cube
    }

    fn walk(&self, Outputs { mut totals, map, gradient }: Outputs<Totals>) {
        if let Some(totals) = &mut totals {
            // Few pixels add to it, but all words are canonical afterwards.
            totals.huge.normalize();
        }
        let outputs = Outputs { totals: totals.as_deref_mut(), map, gradient };
        let outside = simd::run(Pass { embeddings: *self, outputs, mapped: Mapped::Scores });
        if let Some(totals) = totals {
            totals.outside = totals.outside.wrapping_add(outside);
            if self.cube.weights.is_none() {
                totals.outside_weights.add_integer(outside);
            }
        }
    }
}
