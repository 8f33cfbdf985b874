//! `hyla_svdd_...`: Deep SVDD with a soft boundary.

use super::cube::Taken;
use super::cube_loss::{CubeInputs, CubeLoss, Found, cube_loss, of_floats};
use super::loss::{Inputs as _, loss};
use super::node::*;
use crate::input::Marks;
use crate::loss::svdd::{self, Params, Totals};

stages!(HYLA_SVDD_STAGES, 7);

parameters! {
    /// Deep SVDD with a soft boundary (cuvis-ai: DeepSVDDSoftBoundaryLoss): what is computed.
    ///
    /// With embeddings z (a cube of D channels, 1 to 4096), a center c (D floats), the radius R and pixel weights v
    /// (`weights`):
    ///
    /// ```text
    /// R = softplus(10 r) / 10, or r where 10 r > 20                     r: r_unconstrained
    /// d_n = sum_k (z_nk - c_k)^2      a_n = 1 if d_n > R^2 else 0
    /// loss = weight * (R^2 + sum a_n v_n (d_n - R^2) / (nu N))          N counts the pixels that count
    /// ```
    ///
    /// A pixel is outside if `d_n - R^2`, rounded to float32, is positive or NaN. Distances are within 6 ulp of
    /// float32 and do not overflow; a gradient is within 3 ulp; sums are exact and rounded once; R is within
    /// 2^-50 of itself. Needs no labels. Guide: a larger nu SHRINKS the sphere: in the optimum about a share nu of
    /// the pixels is outside. For r below about -10 the radius is 0 in float32 and cannot grow again
    /// (HYLA_NOTICE_DEGENERATE). Calls take up to 16 KiB of stack, those for the center 18 KiB. Initialise with
    /// HYLA_SVDD_PARAMS_DEFAULT. Formula: Ruff et al. (2018), eq. 3.
    pub struct hyla_svdd_params {
        /// The share of pixels that may lie outside: between 0 and 1, both excluded. Default 0.05.
        pub nu: f32 = 0.05,
        /// The weight of this loss among others: finite. Default 1.
        pub weight: f32 = 1.0,
        /// The parameter r of the radius, which is learnt: finite. Default 0.
        pub r_unconstrained: f32 = 0.0,
    }
    HYLA_SVDD_PARAMS_DEFAULT, hyla_svdd_params_init
    |given| Params { nu: given.nu, weight: given.weight, r_unconstrained: given.r_unconstrained }
}

loss_totals! {
    over "pixels", size hyla_svdd_totals_size, merge hyla_svdd_merge, normalize hyla_svdd_normalize,
    loss hyla_svdd_loss;
    pub struct hyla_svdd_totals: Totals {
        /// The sum of the terms `a_n v_n (d_n - R^2)` up to 2^127.
        pub loss: hyla_exact_sum = sums.loss,
        /// The sum of the pixel weights of the pixels that count.
        pub weights: hyla_exact_sum = sums.weights,
        /// How many pixels count.
        pub pixels: i64 = sums.term_count,
        /// How many valid pixels had a bad weight and acted as masked.
        pub rejected: i64 = sums.rejected,
        /// Shows whether terms of different radii were mixed.
        pub fingerprint: i64 = sums.fingerprint,
        /// The sum of the greater terms, in units of 2^192.
        pub huge: hyla_exact_sum,
        /// The sum of the weights of pixels outside the sphere.
        pub outside_weights: hyla_exact_sum,
        /// How many pixels lie outside, whatever their weights.
        pub outside: i64,
    }
}

impl CubeLoss for hyla_svdd_params {
    type Given = f32;
    type Beside<'a> = &'a [f32];

    const MARKS: Marks = Marks::None;

    unsafe fn beside<'a>(cube: &hyla_cube, _: &Taken, center: Argument<*const f32>) -> Found<'a, Self> {
        // SAFETY: the contract.
        let center = unsafe { input(center, cube.channels) }?;
        Ok((center, of_floats(center)))
    }
}

cube_loss! {
    core svdd, params hyla_svdd_params, totals hyla_svdd_totals,
    of (embeddings, center: f32) to (score_map, grad_embeddings),
    inputs "the cube's values, optional `valid` and `weights`; `center`, one float a channel",
    errors "CHANNELS (none, or more than 4096), NU, WEIGHT, RADIUS",
    at_once ("in one pass (masks and weights are read once more first)", "UNKNOWN_WRITE");

    /// The loss. Of no pixel it is NaN.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, NU, WEIGHT, RADIUS, TOTALS, MIXED_TOTALS
    /// (terms of another radius). Notices: EMPTY, NOT_FINITE, REJECTED, DEGENERATE (the radius has collapsed).
    hyla_svdd_loss;

    /// Writes each pixel's score `d_n - R^2` to `score_map` (n floats): positive is outside, an anomaly. Pixel weights
    /// do not enter; 0 where the pixel does not count.
    hyla_svdd_map by_pixel, notices "EMPTY (n is 0), DEGENERATE";

    /// It is 0 inside the sphere.
    hyla_svdd_gradient;

    hyla_svdd_update, hyla_svdd_loss_and_gradient
}

exported! {
    /// The radius R (not squared). HYLA_NOTICE_DEGENERATE: it is 0 in float32 and cannot grow again.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, NU, WEIGHT, RADIUS.
    fn hyla_svdd_radius(params: *const hyla_svdd_params, radius: *mut f64) {
        let (checked, span) = check::parameters(params)?;
        disjoint(&[Written::of(radius, 1)], &[&[span]])?;
        let radius = check::result(radius)?;
        put_number(checked.to_core()?.radius()?, radius)
    }

    /// Writes `upstream * d loss / d r_unconstrained`: 0 where a share nu of the pixels is outside, and of no
    /// pixel.
    ///
    /// Errors and notices: those of `hyla_svdd_loss`.
    fn hyla_svdd_gradient_radius(
        params: *const hyla_svdd_params, totals: *const hyla_svdd_totals, upstream: f64,
        grad_r_unconstrained: *mut f64,
    ) {
        loss(params, totals, grad_r_unconstrained, |totals, params| totals.gradient_radius(params, upstream))
    }
}

// The gradient by the center.
exported! {
    /// Adds `a_n v_n (z_nk - c_k)` to `center_sums[k]`, one exact sum a channel, which begin as all zero bits: what
    /// `hyla_svdd_gradient_center` needs. It may be called for any part of a batch, in any order.
    ///
    /// Errors: those of `hyla_svdd_update`. Notices: EMPTY (n is 0), DEGENERATE.
    fn hyla_svdd_center_update(
        params: *const hyla_svdd_params, embeddings: *const hyla_cube, center: *const f32,
        center_sums: *mut hyla_exact_sum,
    ) {
        let inputs = CubeInputs::new(params, embeddings, center)?;
        let channels = inputs.beside.len();
        inputs.disjoint(&[Written::of(center_sums, channels)], &[])?;
        let sums = views_mut(center_sums, channels)?;
        Ok(svdd::update_center(&inputs.params, inputs.cube(), inputs.beside, sums)?)
    }

    /// Adds other sums (of another tile or rank) to sums, channel by channel, and makes the words canonical.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, CHANNELS.
    fn hyla_svdd_center_merge(other: *const hyla_exact_sum, center_sums: *mut hyla_exact_sum, channels: usize) {
        disjoint(&[Written::of(center_sums, channels)], &[&[Span::of(other, channels)]])?;
        Ok(svdd::merge_center(views(other, channels)?, views_mut(center_sums, channels)?)?)
    }

    /// Makes the words canonical after they were added elsewhere.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, CHANNELS.
    fn hyla_svdd_center_normalize(center_sums: *mut hyla_exact_sum, channels: usize) {
        Ok(svdd::normalize_center(views_mut(center_sums, channels)?)?)
    }

    /// Writes `upstream * d loss / d center` to `grad_center` (`channels` floats), or adds it there. `totals` and
    /// `center_sums` are those of the whole batch.
    ///
    /// Errors: those of `hyla_svdd_loss`, TOO_LARGE, CHANNELS, UNKNOWN_WRITE. Notices: those of `hyla_svdd_loss`.
    fn hyla_svdd_gradient_center(
        params: *const hyla_svdd_params, totals: *const hyla_svdd_totals,
        center_sums: *const hyla_exact_sum, channels: usize, upstream: f64, write: u32,
        grad_center: *mut f32,
    ) {
        let (checked, span) = check::parameters(params)?;
        let write = write_mode(write)?;
        let reads = [span, Span::of(totals, 1), Span::of(center_sums, channels)];
        disjoint(&[Written::of(grad_center, channels)], &[&reads])?;
        let (totals, sums) = (view(totals)?, views(center_sums, channels)?);
        let gradient = floats(write, grad_center, channels)?;
        let params = checked.to_core()?;
        // First the totals: what is wrong then is about the sums.
        totals.loss(&params)?;
        svdd::gradient_center_to(&params, totals, sums, upstream, gradient).of_state(subject!(center_sums))
    }
}
