//! The angle between reconstructed and original spectra (the spectral angle mapper as a loss; not in cuvis-ai).
//!
//! **Use case**: trains an autoencoder to the shape of spectra, whatever their brightness, or watches how well it
//! keeps them: a great angle is another material. Needs no labels. **Inputs**: a cube of reconstructed
//! spectra `a` (any layout), the original ones `b` in the same layout. Optional: `valid`, `weights`, one a pixel.
//!
//! ```text
//! t_i = <a_i, b_i> / |a_i|^2      e_i = b_i - t_i a_i      what of b is not along a
//! angle_i  = atan2(|e_i| |a_i|, <a_i, b_i>)                0 to pi
//! cosine_i = <a_i, b_i> / (|a_i| |b_i|)
//! l_i = w * v_i * angle_i | w * v_i * (1 - cosine_i)       by the measure
//! L   = sum l_i / N | sum l_i | sum l_i / sum v_i          mean of N pixels, sum, weighted mean
//! dL/da_ik = -k v_i e_ik / (|e_i| |a_i|)                   angle; k = w/N, w, or w / sum v, times `upstream`
//!          = -k v_i e_ik / (|a_i| |b_i|)                   cosine
//! ```
//!
//! The measures are symmetric: the gradient by the original is the call with the two cubes in each other's place,
//! with the same totals.
//!
//! **Accuracy**: products of floats are exact in f64, in which all is computed; terms and gradients are rounded to
//! f32 once. With n channels and `d = (n + 104) 2^-56` ([`least_sine`]) a term is within [`TERM_MAX_ULP`] ulp and
//! `4 d w v_i`, a gradient within [`GRADIENT_MAX_ULP`] ulp and `4 d k v_i |b_i| / (|e_i| |a_i|)` (cosine:
//! `4 d k v_i / |a_i|`). Why: a sum over n channels has n/16 + 4 additions one behind the other, so `<a, b>` and
//! `|a|^2` are within `(n/16 + 4) 2^-53` where b is along a, t within `(n/8 + 9) 2^-53`, and e is off by at most
//! `(n/8 + 11) 2^-53 |b|`, which is below d. Small angles keep their digits: `1 - cos` is never a difference of nearly
//! equal numbers, it is `sin^2 / (1 + cos)`. Where the square of the sine is above `2^32 d`, `|e|^2 |a|^2` is
//! `|a|^2 |b|^2 - <a, b>^2`, whose terms are within `(n/8 + 9) 2^-53`: off by at most `2 d |a|^2 |b|^2`, 2^-31 of what
//! is left, which is 2^-7 ulp of a term or a slope. The sum is exact and rounded once. No finite float overflows or
//! vanishes on the way; where `|a_i|` is below 1e-38 a gradient can be infinite.
//!
//! **Edges**: a sine below d is 0, for nobody can tell it from rounding: parallel spectra have the term 0,
//! antiparallel ones pi (or 2), and both the gradient 0, where the angle has a kink. One channel: 0 or pi. A spectrum
//! of zeros has no direction: its cosine counts as 0 (the term is pi/2, or 1, so that nothing is won by going dark),
//! its gradient is 0, and the pixel is counted ([`Totals::dark`], notice `DEGENERATE`) if its weight is above 0. NaN or
//! infinity in a spectrum makes the term and the gradient of its pixel NaN.
//!
//! **Parameters as they behave**: the angle has a gradient of the size 1 / |a| however small it is, like an absolute
//! difference; that of the cosine fades with the angle, like a square. Neither knows the brightness: add
//! [`super::mse`] where that matters. Dark spectra have the greatest gradients.
//!
//! **cuvis-ai**: has no such node. Stages: train, validation, test.
//!
//! **Speed**: one pass over the channels of a strip of pixels, and one more from the cache for the gradient; a third
//! where a pixel of the strip has a sine below some 0.003. Limited by arithmetic in f64: four conversions, six products
//! and six additions for 16 channels with AVX-512, where a loop in f32 that fuses them has three; beside these about 5
//! ns a pixel for the square root, the division and the series of the angle.
//!
//! Source: F. A. Kruse et al., The spectral image processing system (1993); the formula: the definition.

mod kernels;

use crate::error::{Error, Notices, Value};
use crate::exact::counts;
use crate::input::{Cube, CubeSource, Original};
use crate::node::cubewise::{Compared, CubeLoss, Cubewise, compares_cubes, cube_calls, inputs};
use crate::node::fingerprint::fingerprint;
use crate::node::reduction::{Reduction, Sums};
use crate::node::spectra::Spectra;
use crate::node::walk::{self, Outputs, TermLoss, TermTotals};
use crate::simd::{self, Output, Write};
use kernels::Angles;

/// The bound of a term in ulps, beside what the module says: the rounding to f32, 2^-7 ulp of a sine that is a
/// difference, and the series of `math::angle`, below 2^-12 ulp.
pub const TERM_MAX_ULP: f64 = 0.51;
/// The bound of a gradient in ulps, beside what the module says: the rounding to f32, and 2^-7 ulp of the sine.
pub const GRADIENT_MAX_ULP: f64 = 0.51;

/// A smaller sine counts as 0: `(n + 104) 2^-56` for n channels.
pub fn least_sine(channels: usize) -> f64 {
    const UNIT: f64 = 1.0 / (1_u64 << 56) as f64;
    (channels as f64 + 104.0) * UNIT
}

/// What is measured between two spectra.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Measure {
    /// The angle, from 0 to pi.
    #[default]
    Angle = 0,
    /// 1 less its cosine, from 0 to 2.
    Cosine = 1,
}

impl Measure {
    /// The measure of a number of the C interface.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::Angle, Self::Cosine].into_iter().find(|measure| *measure as u32 == number)
    }
}

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// What is measured.
    pub measure: Measure,
    /// How the terms become the loss.
    pub reduction: Reduction,
    /// The weight w of this loss among others: any finite number.
    pub weight: f32,
}

impl Default for Params {
    fn default() -> Self {
        Self { measure: Measure::Angle, reduction: Reduction::Mean, weight: 1.0 }
    }
}

impl TermLoss for Params {
    type Totals = Totals;

    #[inline(never)]
    fn check(&self) -> Result<(), Error> {
        if self.weight.is_finite() { Ok(()) } else { Err(Error::Weight) }
    }

    fn reduction(&self) -> Reduction {
        self.reduction
    }

    fn fingerprint(&self) -> i64 {
        fingerprint(&[self.weight.to_bits(), self.measure as u32])
    }

    fn notices(&self, totals: &Totals) -> Result<Notices, Error> {
        counts::check_part(totals.dark, totals.sums.term_count)?;
        let dark = Notices::DEGENERATE.when(totals.dark != 0);
        Ok(totals.sums.notices(self.fingerprint(), self.reduction)? | dark)
    }
}

/// Exact sums over pixels; all zero is empty. Adding the words of two totals merges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// The sums of the terms `l_i` and of the weights.
    pub sums: Sums,
    /// How many pixels of weights above 0 have a spectrum of zeros.
    pub dark: i64,
}

impl Totals {
    /// Adds other totals. The words are canonical afterwards.
    pub fn merge(&mut self, other: &Self) {
        self.sums.merge(&other.sums);
        self.dark = self.dark.wrapping_add(other.dark);
    }

    /// Makes the words canonical after they were added elsewhere.
    pub fn normalize(&mut self) {
        self.sums.normalize();
    }
}

cube_calls! {
    of (reconstruction, original: impl Into<Original<'a>>), totals totals => *totals,
    errors "Parameters out of range", gradient "dL/da" like "reconstruction", map "`l_i`, one a pixel"
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

compares_cubes!(Params);

impl<'a> Compared<'a, Params> {
    fn spectra(&self) -> Spectra<'a> {
        Spectra { layout: self.cube.layout, values: [self.cube.values, self.original] }
    }
}

impl Cubewise for Compared<'_, Params> {
    type Params = Params;

    fn params(&self) -> &Params {
        &self.params
    }

    fn cube(&self) -> &Cube<'_> {
        &self.cube
    }

    #[inline(never)]
    fn walk(&self, Outputs { mut totals, map, gradient }: Outputs<Totals>) {
        let sum = totals.as_mut().map(|totals| &mut totals.sums.loss);
        let dark = simd::run(Angles { compared: *self, sum, map, gradient });
        if let Some(totals) = totals {
            totals.dark = totals.dark.wrapping_add(dark);
        }
    }
}
