//! Contrast of the mean colours of foreground and background (cuvis-ai's `ForegroundContrastLoss`).
//!
//! **Use case**: trains what makes a false colour image of a cube (a channel mixer), so that the marked
//! object stands out. Needs labels. **Inputs**: a cube of three channels (`rgb`, any layout), `targets`
//! (bytes, nonzero is foreground). Optional: `valid`, `weights`. Frame by frame: a [`Frame`] holds the exact
//! sums of one, from as many calls as it comes in; [`Totals`] hold the finished frames of a batch.
//!
//! ```text
//! q    = rgb, or Oklab of rgb                                  crate::math::color
//! m_f, m_b, m_i = mean of q over foreground, background, both: sum v q / sum v
//! D    = m_f - m_b     d = sqrt(D.D + eps)     var_c = sum_f v q_c^2 / sum_f v - m_fc^2
//! l    = w (-d + a/3 sum_c var_c + b/3 (|m_f - m_i|^2 + |m_b - m_i|^2))          one a frame
//! L    = sum l / V                                             V frames with foreground and background
//! dL/dq = w/V v (f ? A_f / W_f + 2 a/(3 W_f) [var > 0] (q - m_f) : A_b / W_b) + w/V v A_i / W
//! A_f  = -D/d + 2 b/3 (m_f - m_i)     A_b = D/d + 2 b/3 (m_b - m_i)     A_i = -2 b/3 (m_f + m_b - 2 m_i)
//! ```
//!
//! with weight w, compactness weight a, anchor weight b, pixel weights v, their sums W, and `upstream` as a
//! factor of all gradients; dL/drgb follows by the derivatives of `crate::math::color`. A frame without foreground
//! or without background (none that counts, or of weight 0 in all) is skipped: it may be NaN, and its gradient
//! is 0. A pixel of weight 0 is as if it were masked. With `weight` 0 the loss and its gradient are 0.
//!
//! **Accuracy**: `q` as `crate::math::color` says; everything after it is exact sums and `f64`, and the variance is
//! made of exact integers, so a bright and even foreground keeps its variance and the gradient of it. A frame's
//! loss is rounded to `f32` once. A gradient is within [`GRADIENT_MAX_UNITS`] * 2^-24 of the sum of the sizes
//! of its terms, for colours from 0 on; in Oklab, where colours are rounded, the direction `D/d` counts with
//! the size of the means divided by d. Squares of q beyond `f32` are infinite (`NOT_FINITE`), below 2^-126
//! they lose digits.
//!
//! **Parameters as they behave**: the distance has no upper limit in rgb: bound the colours before (a
//! sigmoid, a normalisation), or let the anchor weight hold them. The compactness weight evens the foreground
//! out and costs its structure. eps keeps the slope finite where both means are equal; with eps 0 the
//! gradient of such a frame is that of the other terms alone (`DEGENERATE`). Oklab weighs differences as
//! they are seen; choose `assume_srgb` false for linear light. Frames count equally whatever their size.
//!
//! **cuvis-ai**: `weight`, `compactness_weight`, `anchor_weight`, `eps`, `color_space`, `assume_srgb`; ports `rgb`
//! and `mask`, port `loss` is [`Totals::loss`]. Stages: train, validation, test.
//!
//! **Speed**: arithmetic in Oklab (about 300 operations a pixel), exact sums in rgb: a channel is read once for
//! the sum of all pixels and that of the foreground, and the background is the rest. Planes (BSQ) are read and
//! written where they lie if all pixels count alike, and copied block by block otherwise.
//!
//! Formula: the definition; for Oklab see `crate::math::color`.

mod block;
mod frame;
mod kernels;

pub use frame::Frame;

use crate::error::{Error, Notices, Value};
use crate::exact::{ExactSum, counts};
use crate::input::{CubeSource, Marks};
use crate::node::fingerprint::{fingerprint, same_parameters};
use crate::simd::{self, Output, Write};
use kernels::{ColorInputs, WriteGradient};

/// How many values a pixel has.
pub const CHANNELS: usize = 3;
/// The bound of a gradient in units of 2^-24 of the sum of the sizes of its terms.
pub const GRADIENT_MAX_UNITS: f64 = 8.0;

/// In which space colours are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum ColorSpace {
    /// The values as they are.
    #[default]
    Rgb = 0,
    /// Lightness and two opponent values, in which equal distances look about equal.
    Oklab = 1,
}

impl ColorSpace {
    /// The space of a number of the C interface.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::Rgb, Self::Oklab].into_iter().find(|space| *space as u32 == number)
    }
}

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// In which space colours are compared.
    pub color_space: ColorSpace,
    /// Whether Oklab undoes the gamma curve of sRGB first. Rgb ignores it.
    pub assume_srgb: bool,
    /// The weight w of this loss among others: any finite number.
    pub weight: f32,
    /// The weight a of the foreground's variance: finite, not negative.
    pub compactness_weight: f32,
    /// The weight b of the distances to the mean of the image: finite, not negative.
    pub anchor_weight: f32,
    /// What is added to the squared distance: finite, not negative.
    pub eps: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            color_space: ColorSpace::Rgb,
            assume_srgb: true,
            weight: 1.0,
            compactness_weight: 0.0,
            anchor_weight: 0.0,
            eps: 1e-6,
        }
    }
}

impl Params {
    #[inline(never)]
    fn check(&self) -> Result<(), Error> {
        let good = |value: f32| value.is_finite() && value >= 0.0;
        if !self.weight.is_finite() {
            return Err(Error::Weight);
        }
        if !(good(self.compactness_weight) && good(self.anchor_weight)) {
            return Err(Error::Balance);
        }
        if good(self.eps) { Ok(()) } else { Err(Error::Epsilon) }
    }

    fn transform(&self) -> Transform {
        match (self.color_space, self.assume_srgb) {
            (ColorSpace::Rgb, _) => Transform::None,
            (ColorSpace::Oklab, false) => Transform::OfLinear,
            (ColorSpace::Oklab, true) => Transform::OfSrgb,
        }
    }

    /// Whether squares are summed.
    fn has_variance(&self) -> bool {
        self.compactness_weight > 0.0
    }

    /// A hash of what the sums of a frame depend on.
    fn frame_fingerprint(&self) -> i64 {
        fingerprint(&[self.transform() as u32, u32::from(self.has_variance())])
    }

    /// A hash of what the loss of a frame depends on.
    fn fingerprint(&self) -> i64 {
        fingerprint(&[
            self.transform() as u32,
            self.weight.to_bits(),
            self.compactness_weight.to_bits(),
            self.anchor_weight.to_bits(),
            self.eps.to_bits(),
        ])
    }
}

/// What is done to a pixel's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
enum Transform {
    None,
    OfLinear,
    OfSrgb,
}

/// Exact sums over frames; all zero is empty. Adding the words of two totals merges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// The sum of the losses of the frames that count.
    pub loss: ExactSum,
    /// How many frames count.
    pub frames: i64,
    /// How many frames had no foreground or no background.
    pub skipped: i64,
    /// How many frames count whose distance is exactly 0, so that it has no direction.
    pub degenerate: i64,
    /// How many valid pixels had a bad weight and were treated as masked.
    pub rejected: i64,
    /// The sum of the parameters' hash over the frames, counted or skipped.
    pub fingerprint: i64,
}

impl Totals {
    /// Adds a finished frame.
    ///
    /// # Errors
    /// Parameters out of range, a frame of other parameters. Nothing was added then.
    pub fn update(&mut self, params: &Params, frame: &Frame) -> Result<(), Error> {
        params.check()?;
        match frame.evaluate(params)? {
            Some(evaluated) => {
                self.loss.add(evaluated.loss(params) as f32);
                self.frames = self.frames.wrapping_add(1);
                let degenerate = i64::from(evaluated.is_degenerate());
                self.degenerate = self.degenerate.wrapping_add(degenerate);
            }
            None => self.skipped = self.skipped.wrapping_add(1),
        }
        self.rejected = self.rejected.wrapping_add(frame.rejected);
        self.fingerprint = self.fingerprint.wrapping_add(params.fingerprint());
        Ok(())
    }

    /// Adds other totals. The words are canonical afterwards.
    pub fn merge(&mut self, other: &Self) {
        self.loss.merge(&other.loss);
        self.frames = self.frames.wrapping_add(other.frames);
        self.skipped = self.skipped.wrapping_add(other.skipped);
        self.degenerate = self.degenerate.wrapping_add(other.degenerate);
        self.rejected = self.rejected.wrapping_add(other.rejected);
        self.fingerprint = self.fingerprint.wrapping_add(other.fingerprint);
    }

    /// Makes the words canonical after they were added elsewhere.
    pub fn normalize(&mut self) {
        self.loss.normalize();
    }

    /// The loss. Of no frame that counts it is 0 with the notice `EMPTY`; with eps 0 and a frame whose means
    /// are equal it has the notice `DEGENERATE`.
    ///
    /// # Errors
    /// Parameters out of range, frames of other parameters in the totals.
    pub fn loss(&self, params: &Params) -> Result<Value, Error> {
        let notices = self.notices(params)?;
        let value = if self.frames < 1 { 0.0 } else { self.loss.quotient(self.frames) };
        Ok(Value { value, notices })
    }

    fn notices(&self, params: &Params) -> Result<Notices, Error> {
        params.check()?;
        let frames = counts::sum(&[self.frames, self.skipped])?;
        counts::check_part(self.degenerate, self.frames)?;
        counts::check_part(self.rejected, i64::MAX)?;
        self.loss.check(self.frames)?;
        same_parameters(params.fingerprint(), frames, self.fingerprint)?;
        Ok(Notices::EMPTY.when(self.frames < 1)
            | Notices::NOT_FINITE.when(self.loss.non_finite() != 0)
            | Notices::DEGENERATE.when(self.degenerate != 0)
            | Notices::REJECTED.when(self.rejected != 0))
    }

    /// Writes `upstream * dL/drgb` for these pixels in the layout of the cube, or adds it. The totals are
    /// those of the whole batch, the frame that of the pixels, which may be any part of it. Pixels that
    /// do not count get 0 (or stay as they are, if added to), so do all pixels of a skipped frame.
    ///
    /// # Errors
    /// As [`Self::update`], [`Self::loss`] and [`Frame::update`], and a gradient that is too short. Nothing was
    /// written then.
    pub fn gradient<'a>(
        &self,
        params: &Params,
        frame: &Frame,
        rgb: impl Into<CubeSource<'a>>,
        upstream: f64,
        write: Write,
        gradient: &mut [f32],
    ) -> Result<Notices, Error> {
        self.gradient_to(params, frame, &rgb.into(), upstream, Output::new(write, gradient))
    }

    /// [`Self::gradient`], to memory that may be uninitialised.
    pub(crate) fn gradient_to(
        &self,
        params: &Params,
        frame: &Frame,
        rgb: &CubeSource,
        upstream: f64,
        gradient: Output,
    ) -> Result<Notices, Error> {
        check(params, rgb)?;
        rgb.check_output(gradient.len())?;
        let notices = self.notices(params)?;
        let moves = self.frames > 0 && params.weight != 0.0;
        // If the loss has no slope, the gradient is 0 in every colour space.
        let (mut slopes, mut transform) = (Default::default(), Transform::None);
        if let Some(evaluated) = frame.evaluate(params)?.filter(|_| moves) {
            let scale = upstream * f64::from(params.weight) / self.frames as f64;
            slopes = evaluated.slopes(params, scale);
            transform = params.transform();
        } else if gradient.write() == Write::Add {
            return Ok(notices);
        }
        rgb.each(Marks::Targets, Some(gradient), |tile| {
            let inputs = ColorInputs { cube: tile.cube, targets: tile.cube.targets.unwrap_or(&[]), transform };
            simd::run(WriteGradient { inputs, slopes, gradient: tile.output });
        });
        Ok(notices)
    }
}

/// The loss and the gradient of a batch of one frame, and its totals added to `totals`: the same bits as
/// [`Frame::update`], [`Totals::update`], [`Totals::loss`] and [`Totals::gradient`] one after the other. The
/// pixels are read twice, because the means decide the gradient.
///
/// # Errors
/// As these. Nothing was written then.
pub fn loss_and_gradient<'a>(
    params: &Params,
    rgb: impl Into<CubeSource<'a>>,
    upstream: f64,
    write: Write,
    totals: Option<&mut Totals>,
    gradient: &mut [f32],
) -> Result<Value, Error> {
    loss_and_gradient_to(params, &rgb.into(), upstream, totals, Output::new(write, gradient))
}

/// [`loss_and_gradient`], to memory that may be uninitialised.
pub(crate) fn loss_and_gradient_to(
    params: &Params,
    rgb: &CubeSource,
    upstream: f64,
    totals: Option<&mut Totals>,
    gradient: Output,
) -> Result<Value, Error> {
    check(params, rgb)?;
    rgb.check_output(gradient.len())?;
    let (mut frame, mut batch) = (Frame::default(), Totals::default());
    frame.add(params, rgb);
    batch.update(params, &frame)?;
    batch.gradient_to(params, &frame, rgb, upstream, gradient)?;
    if let Some(totals) = totals {
        totals.merge(&batch);
    }
    batch.loss(params)
}

/// The inputs fit each other.
fn check(params: &Params, rgb: &CubeSource) -> Result<(), Error> {
    params.check()?;
    if rgb.channels() != CHANNELS {
        return Err(Error::Channels);
    }
    rgb.check(Marks::Targets)
}
