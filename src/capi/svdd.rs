//! `hyla_svdd_...`: Deep SVDD with a soft boundary.

mod center;

pub use center::{
    hyla_svdd_center_merge, hyla_svdd_center_normalize, hyla_svdd_center_update,
    hyla_svdd_gradient_center,
};

use super::check::{self, Span, Versioned, disjoint, floats, input};
use super::cube::{self, hyla_cube};
use super::status::hyla_status;
use super::sum::hyla_sum;
use super::{Mirrors, call, core, core_mut, optional_mut};
use crate::error::{Error, Notices};
use crate::input::Cube;
use crate::loss::svdd::{self, Params, Totals};
use crate::simd::Write;

/// The stages in which cuvis-ai runs the node (see `hyla_context`).
pub const HYLA_SVDD_STAGES: u32 = 7;

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
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_svdd_params {
    /// `sizeof(hyla_svdd_params)`.
    pub struct_size: u32,
    /// The share of pixels that may lie outside: between 0 and 1, both excluded. Default 0.05.
    pub nu: f32,
    /// The weight of this loss among others: finite. Default 1.
    pub weight: f32,
    /// The parameter r of the radius, which is learnt: finite. Default 0.
    pub r_unconstrained: f32,
}

/// Exact sums over pixels, in words of int64; all zero is empty. Adding the words of two totals
/// (MPI_SUM, SQL SUM, atomics) merges them; call `hyla_svdd_normalize` afterwards to compare words.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct hyla_svdd_totals {
    /// The sum of the terms `a_n v_n (d_n - R^2)` up to 2^127.
    pub loss: hyla_sum,
    /// The sum of the pixel weights of the pixels that count.
    pub weights: hyla_sum,
    /// How many pixels count.
    pub pixels: i64,
    /// How many valid pixels had a bad weight and acted as masked.
    pub rejected: i64,
    /// Shows whether terms of different radii were mixed.
    pub fingerprint: i64,
    /// The sum of the greater terms, in units of 2^192.
    pub huge: hyla_sum,
    /// The sum of the weights of pixels outside the sphere.
    pub outside_weights: hyla_sum,
    /// How many pixels lie outside, whatever their weights.
    pub outside: i64,
}

// SAFETY: `repr(C)`, the same words in the same order.
unsafe impl Mirrors for hyla_svdd_totals {
    type Core = Totals;
}

// SAFETY: `repr(C)`, fields of four bytes, any bits are numbers.
unsafe impl Versioned for hyla_svdd_params {
    const DEFAULT: Self =
        Self { struct_size: size_of::<Self>() as u32, nu: 0.05, weight: 1.0, r_unconstrained: 0.0 };
}

impl hyla_svdd_params {
    fn to_core(self) -> Params {
        Params { nu: self.nu, weight: self.weight, r_unconstrained: self.r_unconstrained }
    }
}

/// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
/// bindings that cannot use HYLA_SVDD_PARAMS_DEFAULT. Bytes of a later version become 0.
///
/// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
///
/// # Safety
/// `params` is valid for writes of `size` bytes.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_svdd_params_init(
    params: *mut hyla_svdd_params,
    size: usize,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    call(move || unsafe { check::write_defaults(params, size) })
}

/// `sizeof(hyla_svdd_totals)`, for bindings to check.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_svdd_totals_size() -> usize {
    size_of::<hyla_svdd_totals>()
}

/// Adds pixels to totals.
///
/// Inputs: the cube's values, optional `valid` and `weights`; `center`, one float a channel. Time is linear in n. Nothing is allocated or kept. Any number of threads may call it,
/// each with totals of its own.
///
/// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE,
/// UNKNOWN_FIELD, RESERVED, STRIDES, CHANNELS (none, or more than 4096), NU, WEIGHT, RADIUS.
/// Notices: none; `hyla_svdd_loss` tells them.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_svdd_update(
    params: *const hyla_svdd_params,
    embeddings: *const hyla_cube,
    center: *const f32,
    totals: *mut hyla_svdd_totals,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, embeddings, center) }?;
        disjoint(&[Span::of(totals, 1)], &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let totals = unsafe { core_mut(totals) }?;
        totals.update(&inputs.params, &inputs.cube, inputs.center)?;
        Ok(Notices::NONE)
    })
}

/// Adds other totals (of another tile, frame, thread or rank) to totals, and makes the words
/// canonical. Both must come from the same parameters; `hyla_svdd_loss` finds out.
///
/// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, OVERLAP.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_svdd_merge(
    other: *const hyla_svdd_totals,
    totals: *mut hyla_svdd_totals,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    unsafe { super::merge(other, totals, Totals::merge) }
}

/// Makes the words canonical after they were added elsewhere (MPI_SUM, SQL SUM), so that equal
/// totals have equal words. Values are the same before and after.
///
/// Errors: NULL_POINTER, MISALIGNED.
///
/// # Safety
/// A pointer that is neither NULL nor misaligned is valid for what its type says.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_svdd_normalize(totals: *mut hyla_svdd_totals) -> hyla_status {
    // SAFETY: as the caller vouches.
    unsafe { super::change(totals, Totals::normalize) }
}

/// The loss. Of no pixel it is NaN.
///
/// Errors, with `loss` unchanged: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, NU, WEIGHT, RADIUS,
/// TOTALS, MIXED_TOTALS (terms of another radius). Notices: EMPTY, NOT_FINITE, REJECTED, DEGENERATE (the radius has
/// collapsed).
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_svdd_loss(
    params: *const hyla_svdd_params,
    totals: *const hyla_svdd_totals,
    loss: *mut f64,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let (checked, span) = unsafe { check::parameters(params) }?;
        disjoint(&[Span::of(loss, 1)], &[&[span, Span::of(totals, 1)]])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let (totals, loss) = unsafe { (core(totals)?, check::result(loss)?) };
        let value = totals.loss(&checked.to_core())?;
        loss.write(value.value);
        Ok(value.notices)
    })
}

/// Writes each pixel's score `d_n - R^2` to `score_map` (n floats): positive is outside, an anomaly. Pixel
/// weights do not enter; 0 where the pixel does not count. `score_map` may be uninitialised.
///
/// Errors, with `score_map` unchanged: those of `hyla_svdd_update`. Notices: EMPTY (n is 0), DEGENERATE.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_svdd_map(
    params: *const hyla_svdd_params,
    embeddings: *const hyla_cube,
    center: *const f32,
    score_map: *mut f32,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, embeddings, center) }?;
        disjoint(&[Span::of(score_map, inputs.cube.layout.n)], &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let map = unsafe { floats(Write::Store, score_map, inputs.cube.layout.n) }?;
        svdd::map_to(&inputs.params, &inputs.cube, inputs.center, map)
    })
}

/// Writes `upstream * d loss / d embeddings` to `grad_embeddings`, in the layout of the values, or adds it
/// there (`write`: HYLA_STORE or HYLA_ADD). `totals` are those of the whole batch, merged over all tiles and
/// ranks; the cube may be any part of the batch. 0 inside the sphere; where a pixel does not count: 0, or
/// unchanged. With HYLA_STORE the output may be uninitialised.
///
/// Errors, with `grad_embeddings` unchanged: those of `hyla_svdd_update`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS.
/// Notices: those of `hyla_svdd_loss`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_svdd_gradient(
    params: *const hyla_svdd_params,
    totals: *const hyla_svdd_totals,
    embeddings: *const hyla_cube,
    center: *const f32,
    upstream: f64,
    write: u32,
    grad_embeddings: *mut f32,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, embeddings, center) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let reads = [Span::of(totals, 1)];
        disjoint(&[Span::of(grad_embeddings, inputs.span)], &[&inputs.spans, &reads])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let totals = unsafe { core(totals) }?;
        // SAFETY: as above.
        let gradient = unsafe { floats(write, grad_embeddings, inputs.span) }?;
        totals.gradient_to(&inputs.params, &inputs.cube, inputs.center, upstream, gradient)
    })
}

/// The loss and the gradient of one batch in one call, for the case that it is not tiled: the same
/// bits as update, loss and gradient, in one pass (masks and weights are read once more first).
/// The batch's totals are added to `totals`, which may be NULL.
///
/// Errors, with all outputs unchanged: those of `hyla_svdd_update`, UNKNOWN_WRITE.
/// Notices: those of `hyla_svdd_loss`, about this batch.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_svdd_loss_and_gradient(
    params: *const hyla_svdd_params,
    embeddings: *const hyla_cube,
    center: *const f32,
    upstream: f64,
    write: u32,
    totals: *mut hyla_svdd_totals,
    loss: *mut f64,
    grad_embeddings: *mut f32,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, embeddings, center) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let writes =
            [Span::of(totals, 1), Span::of(loss, 1), Span::of(grad_embeddings, inputs.span)];
        disjoint(&writes, &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let totals = unsafe { optional_mut(totals) }?;
        // SAFETY: as above.
        let (loss, gradient) =
            unsafe { (check::result(loss)?, floats(write, grad_embeddings, inputs.span)?) };
        let Inputs { params, cube, center, .. } = inputs;
        let value = svdd::loss_and_gradient_to(&params, &cube, center, upstream, totals, gradient)?;
        loss.write(value.value);
        Ok(value.notices)
    })
}

/// The radius R (not squared). HYLA_NOTICE_DEGENERATE: it is 0 in float32 and cannot grow again.
///
/// Errors, with `radius` unchanged: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, NU, WEIGHT,
/// RADIUS.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_svdd_radius(
    params: *const hyla_svdd_params,
    radius: *mut f64,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let (checked, span) = unsafe { check::parameters(params) }?;
        disjoint(&[Span::of(radius, 1)], &[&[span]])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let radius = unsafe { check::result(radius) }?;
        let value = checked.to_core().radius()?;
        radius.write(value.value);
        Ok(value.notices)
    })
}

/// Writes `upstream * d loss / d r_unconstrained`: 0 where a share nu of the pixels is outside, and of no
/// pixel.
///
/// Errors, with `grad_r_unconstrained` unchanged, and notices: those of `hyla_svdd_loss`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_svdd_gradient_radius(
    params: *const hyla_svdd_params,
    totals: *const hyla_svdd_totals,
    upstream: f64,
    grad_r_unconstrained: *mut f64,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let (checked, span) = unsafe { check::parameters(params) }?;
        let reads = [span, Span::of(totals, 1)];
        disjoint(&[Span::of(grad_r_unconstrained, 1)], &[&reads])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let (totals, to) = unsafe { (core(totals)?, check::result(grad_r_unconstrained)?) };
        let value = totals.gradient_radius(&checked.to_core(), upstream)?;
        to.write(value.value);
        Ok(value.notices)
    })
}

/// The checked inputs of a call, and what it reads.
struct Inputs<'a> {
    params: Params,
    cube: Cube<'a>,
    center: &'a [f32],
    /// From the first value to the end of the last, in floats.
    span: usize,
    spans: [Span; 8],
}

impl Inputs<'_> {
    /// # Safety
    /// Pointers that are neither NULL nor misaligned are valid for what their types say, as long
    /// as the inputs live.
    #[inline(never)]
    unsafe fn new(
        params: *const hyla_svdd_params,
        embeddings: *const hyla_cube,
        center: *const f32,
    ) -> Result<Self, Error> {
        // SAFETY: as the caller vouches.
        let (checked, span) = unsafe { check::parameters(params) }?;
        // SAFETY: as above.
        let used = unsafe { cube::read(embeddings)?.values() }?;
        // SAFETY: as above.
        let center = unsafe { input(center, used.layout.channels) }?;
        let [a, b, c, d, e, f] = cube::spans(embeddings, &used);
        Ok(Self {
            params: checked.to_core(),
            cube: used,
            center,
            span: used.values.len(),
            spans: [span, Span::of_slice(Some(center)), a, b, c, d, e, f],
        })
    }
}
