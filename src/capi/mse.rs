//! `hyla_mse_...`: mean squared error of a reconstruction.

use super::check::{self, Span, Versioned, disjoint, floats, input};
use super::cube::{self, hyla_cube};
use super::loss::*;
use super::status::hyla_status;
use super::sum::hyla_sum;
use super::{Mirrors, call, core, core_mut, optional_mut};
use crate::error::{Error, Notices};
use crate::input::Cube;
use crate::loss::mse::{self, Params, Totals};
use crate::node::reduction::Reduction;
use crate::simd::Write;

/// The stages in which cuvis-ai runs the node (see `hyla_context`).
pub const HYLA_MSE_STAGES: u32 = 7;

/// Mean squared error of a reconstruction (cuvis-ai: MSEReconstructionLoss): what is computed.
///
/// With values a (a cube), a target b in the same layout and pixel weights v (`weights`):
///
/// ```text
/// l_ik = weight * v_i * (a_ik - b_ik)^2
/// loss = sum l_ik / N | sum l_ik | sum l_ik / sum v_ik      by `reduction`
/// ```
///
/// N counts the values (not the pixels) that count; a pixel's weight counts once a channel. Each term is
/// within 5 ulp of float32, each gradient within 3; sums are exact and rounded once. A difference
/// above 1.8e19 has an infinite square. Needs no labels. Calls take up to 10 KiB of stack.
/// Initialise with HYLA_MSE_PARAMS_DEFAULT.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_mse_params {
    /// `sizeof(hyla_mse_params)`.
    pub struct_size: u32,
    /// HYLA_REDUCTION_...; cuvis-ai's key `reduction`. Default: mean.
    pub reduction: u32,
    /// The weight of this loss among others: finite. Default 1.
    pub weight: f32,
}

/// Exact sums over values, in words of int64; all zero is empty. Adding the words of two totals
/// (MPI_SUM, SQL SUM, atomics) merges them; call `hyla_mse_normalize` afterwards to compare words.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub struct hyla_mse_totals {
    /// The sum of the terms.
    pub loss: hyla_sum,
    /// The sum of the weights of the values that count.
    pub weights: hyla_sum,
    /// How many values count.
    pub values: i64,
    /// How many valid pixels had a bad weight and acted as masked.
    pub rejected: i64,
    /// Shows whether terms of different parameters were mixed.
    pub fingerprint: i64,
}

// SAFETY: `repr(C)`, the same words in the same order.
unsafe impl Mirrors for hyla_mse_totals {
    type Core = Totals;
}

// SAFETY: `repr(C)`, fields of four bytes, any bits are numbers.
unsafe impl Versioned for hyla_mse_params {
    const DEFAULT: Self =
        Self { struct_size: size_of::<Self>() as u32, reduction: HYLA_REDUCTION_MEAN, weight: 1.0 };
}

impl hyla_mse_params {
    fn to_core(self) -> Result<Params, Error> {
        let reduction = Reduction::from_number(self.reduction).ok_or(Error::UnknownReduction)?;
        Ok(Params { reduction, weight: self.weight })
    }
}

/// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
/// bindings that cannot use HYLA_MSE_PARAMS_DEFAULT. Bytes of a later version become 0.
///
/// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
///
/// # Safety
/// `params` is valid for writes of `size` bytes.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_mse_params_init(
    params: *mut hyla_mse_params,
    size: usize,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    call(move || unsafe { check::write_defaults(params, size) })
}

/// `sizeof(hyla_mse_totals)`, for bindings to check.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_mse_totals_size() -> usize {
    size_of::<hyla_mse_totals>()
}

/// Adds pixels to totals.
///
/// Inputs: the cube's values, optional `valid` and `weights`; `target` in the layout of the values (floats
/// between them are not read). Time is linear in n. Nothing is allocated or kept. Any number of threads may call it,
/// each with totals of its own.
///
/// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE,
/// UNKNOWN_FIELD, RESERVED, STRIDES, CHANNELS (pixels of none), UNKNOWN_REDUCTION, WEIGHT.
/// Notices: none; `hyla_mse_loss` tells them.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_mse_update(
    params: *const hyla_mse_params,
    reconstruction: *const hyla_cube,
    target: *const f32,
    totals: *mut hyla_mse_totals,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, reconstruction, target) }?;
        disjoint(&[Span::of(totals, 1)], &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let totals = unsafe { core_mut(totals) }?;
        totals.update(&inputs.params, &inputs.cube, inputs.target)?;
        Ok(Notices::NONE)
    })
}

/// Adds other totals (of another tile, frame, thread or rank) to totals, and makes the words
/// canonical. Both must come from the same parameters; `hyla_mse_loss` finds out.
///
/// Errors, with the totals unchanged: NULL_POINTER, MISALIGNED, OVERLAP.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_mse_merge(
    other: *const hyla_mse_totals,
    totals: *mut hyla_mse_totals,
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
pub unsafe extern "C" fn hyla_mse_normalize(totals: *mut hyla_mse_totals) -> hyla_status {
    // SAFETY: as the caller vouches.
    unsafe { super::change(totals, Totals::normalize) }
}

/// The loss, rounded once from exact sums. The mean of nothing is NaN, the sum 0.
///
/// Errors, with `loss` unchanged: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, UNKNOWN_REDUCTION,
/// WEIGHT, NO_SCALAR (reduction none), TOTALS, MIXED_TOTALS (terms of another weight). Notices: EMPTY, NOT_FINITE,
/// REJECTED, DEGENERATE (a weighted mean whose weights are all 0: NaN).
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_mse_loss(
    params: *const hyla_mse_params,
    totals: *const hyla_mse_totals,
    loss: *mut f64,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let (checked, span) = unsafe { check::parameters(params) }?;
        disjoint(&[Span::of(loss, 1)], &[&[span, Span::of(totals, 1)]])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let (totals, loss) = unsafe { (core(totals)?, check::result(loss)?) };
        let value = totals.loss(&checked.to_core()?)?;
        loss.write(value.value);
        Ok(value.notices)
    })
}

/// Writes each value's term l_ik to `loss_map`, in the layout of the values, 0 where the pixel does not
/// count: the loss of reduction none. `params->reduction` does not matter. `loss_map` may be
/// uninitialised.
///
/// Errors, with `loss_map` unchanged: those of `hyla_mse_update`. Notices: EMPTY (n is 0).
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_mse_map(
    params: *const hyla_mse_params,
    reconstruction: *const hyla_cube,
    target: *const f32,
    loss_map: *mut f32,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, reconstruction, target) }?;
        disjoint(&[Span::of(loss_map, inputs.span)], &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let map = unsafe { floats(Write::Store, loss_map, inputs.span) }?;
        mse::map_to(&inputs.params, &inputs.cube, inputs.target, map)
    })
}

/// Writes `upstream * d loss / d reconstruction` to `grad_reconstruction`, in the layout of the values, or
/// adds it there (`write`: HYLA_STORE or HYLA_ADD); the gradient by the target is that of `-upstream`.
/// `totals` are those of the whole batch, merged over all tiles and ranks; the cube may be any part
/// of the batch. Where a pixel does not count: 0, or unchanged.
/// NaN has a NaN gradient; the gradient of the mean of nothing is 0. With HYLA_STORE the
/// output may be uninitialised.
///
/// Errors, with `grad_reconstruction` unchanged: those of `hyla_mse_update`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS.
/// Notices: those of `hyla_mse_loss`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_mse_gradient(
    params: *const hyla_mse_params,
    totals: *const hyla_mse_totals,
    reconstruction: *const hyla_cube,
    target: *const f32,
    upstream: f64,
    write: u32,
    grad_reconstruction: *mut f32,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, reconstruction, target) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let reads = [Span::of(totals, 1)];
        disjoint(&[Span::of(grad_reconstruction, inputs.span)], &[&inputs.spans, &reads])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let totals = unsafe { core(totals) }?;
        // SAFETY: as above.
        let gradient = unsafe { floats(write, grad_reconstruction, inputs.span) }?;
        totals.gradient_to(&inputs.params, &inputs.cube, inputs.target, upstream, gradient)
    })
}

/// The loss and the gradient of one batch in one call, for the case that it is not tiled: the same
/// bits as update, loss and gradient, in one pass (masks and weights are read once more first).
/// The batch's totals are added to `totals`, which may be NULL.
///
/// Errors, with all outputs unchanged: those of `hyla_mse_update`, UNKNOWN_WRITE, NO_SCALAR.
/// Notices: those of `hyla_mse_loss`, about this batch.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_mse_loss_and_gradient(
    params: *const hyla_mse_params,
    reconstruction: *const hyla_cube,
    target: *const f32,
    upstream: f64,
    write: u32,
    totals: *mut hyla_mse_totals,
    loss: *mut f64,
    grad_reconstruction: *mut f32,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, reconstruction, target) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        let writes =
            [Span::of(totals, 1), Span::of(loss, 1), Span::of(grad_reconstruction, inputs.span)];
        disjoint(&writes, &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let totals = unsafe { optional_mut(totals) }?;
        // SAFETY: as above.
        let (loss, gradient) =
            unsafe { (check::result(loss)?, floats(write, grad_reconstruction, inputs.span)?) };
        let Inputs { params, cube, target, .. } = inputs;
        let value = mse::loss_and_gradient_to(&params, &cube, target, upstream, totals, gradient)?;
        loss.write(value.value);
        Ok(value.notices)
    })
}

/// The checked inputs of a call, and what it reads.
struct Inputs<'a> {
    params: Params,
    cube: Cube<'a>,
    target: &'a [f32],
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
        params: *const hyla_mse_params,
        reconstruction: *const hyla_cube,
        target: *const f32,
    ) -> Result<Self, Error> {
        // SAFETY: as the caller vouches.
        let (checked, span) = unsafe { check::parameters(params) }?;
        // SAFETY: as above.
        let used = unsafe { cube::read(reconstruction)?.values() }?;
        // SAFETY: as above.
        let target = unsafe { input(target, used.values.len()) }?;
        let [a, b, c, d, e, f] = cube::spans(reconstruction, &used);
        Ok(Self {
            params: checked.to_core()?,
            cube: used,
            target,
            span: used.values.len(),
            spans: [span, Span::of_slice(Some(target)), a, b, c, d, e, f],
        })
    }
}
