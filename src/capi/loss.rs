//! What all losses share: how terms are reduced, and what a gradient does with its output.

use super::check::{self, Parameters, Span, Written, floats};
use super::fault::{Argument, Fault};
use super::{Mirrors, optional_view_mut, put_number, view, view_mut};
use crate::error::{Error, Notices, Value};
use crate::node::reduction::Reduction;
use crate::simd::{Output, Write};

/// The sum of the terms divided by the number of terms that count (PyTorch's mean).
pub const HYLA_REDUCTION_MEAN: u32 = 0;
/// The sum of the terms.
pub const HYLA_REDUCTION_SUM: u32 = 1;
/// No reduction: the loss is the `..._map`, the gradient that of each entry by its own input.
pub const HYLA_REDUCTION_NONE: u32 = 2;
/// The sum of the terms divided by the sum of the pixel weights.
pub const HYLA_REDUCTION_WEIGHTED_MEAN: u32 = 3;

/// A gradient overwrites its output; pixels that do not count get 0.
pub const HYLA_STORE: u32 = 0;
/// A gradient is added to its output, rounded once an element; pixels that do not count stay.
pub const HYLA_ADD: u32 = 1;

/// The checked inputs of a call.
pub(super) trait Inputs {
    /// No output overlaps another one, what is read, or more that is.
    fn disjoint(&self, outputs: &[Written], more: &[Span]) -> Result<(), Fault>;
}

/// Floats that a call writes: where, and how many.
#[derive(Clone, Copy)]
pub(super) struct Floats(pub Argument<*mut f32>, pub usize);

/// The whole of every `..._update` behind its inputs.
#[inline(always)]
pub(super) unsafe fn update<C: Mirrors>(
    inputs: &impl Inputs,
    totals: Argument<*mut C>,
    update: impl FnOnce(&mut C::Core) -> Result<(), Error>,
) -> Result<Notices, Fault> {
    inputs.disjoint(&[Written::of(totals, 1)], &[])?;
    // SAFETY: the contract; the output overlaps nothing.
    update(unsafe { view_mut(totals) }?)?;
    Ok(Notices::NONE)
}

/// The whole of every `..._loss` with parameters and totals alone.
#[inline(always)]
pub(super) unsafe fn loss<P: Parameters, C: Mirrors>(
    params: Argument<*const P>,
    totals: Argument<*const C>,
    to: Argument<*mut f64>,
    loss: impl FnOnce(&C::Core, &P::Core) -> Result<Value, Error>,
) -> Result<Notices, Fault> {
    // SAFETY: the contract.
    let (checked, span) = unsafe { check::parameters(params) }?;
    check::disjoint(&[Written::of(to, 1)], &[&[span, Span::of(totals, 1)]])?;
    // SAFETY: the contract; the output overlaps nothing.
    let (totals, to) = unsafe { (view(totals)?, check::result(to)?) };
    put_number(loss(totals, &checked.to_core()?)?, to)
}

/// The whole of every `..._map` behind its inputs.
#[inline(always)]
pub(super) unsafe fn map(
    inputs: &impl Inputs,
    Floats(to, length): Floats,
    map: impl FnOnce(Output) -> Result<Notices, Error>,
) -> Result<Notices, Fault> {
    inputs.disjoint(&[Written::of(to, length)], &[])?;
    // SAFETY: the contract; the output overlaps nothing.
    Ok(map(unsafe { floats(Write::Store, to, length) }?)?)
}

/// The whole of every `..._gradient` behind its inputs. `mode` is HYLA_STORE or HYLA_ADD.
#[inline(always)]
pub(super) unsafe fn gradient<C: Mirrors>(
    inputs: &impl Inputs,
    totals: Argument<*const C>,
    mode: u32,
    Floats(to, length): Floats,
    gradient: impl FnOnce(&C::Core, Output) -> Result<Notices, Error>,
) -> Result<Notices, Fault> {
    let mode = write_mode(mode)?;
    inputs.disjoint(&[Written::of(to, length)], &[Span::of(totals, 1)])?;
    // SAFETY: the contract; the output overlaps nothing.
    let (totals, to) = unsafe { (view(totals)?, floats(mode, to, length)?) };
    Ok(gradient(totals, to)?)
}

/// The whole of every `..._loss_and_gradient` behind its inputs.
#[inline(always)]
pub(super) unsafe fn loss_and_gradient<C: Mirrors>(
    inputs: &impl Inputs,
    totals: Argument<*mut C>,
    loss: Argument<*mut f64>,
    mode: u32,
    Floats(to, length): Floats,
    at_once: impl FnOnce(Option<&mut C::Core>, Output) -> Result<Value, Error>,
) -> Result<Notices, Fault> {
    let mode = write_mode(mode)?;
    inputs.disjoint(&[Written::of(totals, 1), Written::of(loss, 1), Written::of(to, length)], &[])?;
    // SAFETY: the contract; the outputs overlap nothing.
    let (totals, loss, to) = unsafe { (optional_view_mut(totals)?, check::result(loss)?, floats(mode, to, length)?) };
    put_number(at_once(totals, to)?, loss)
}

/// What a gradient does with its output.
pub(super) fn write_mode(number: u32) -> Result<Write, Fault> {
    Ok(Write::from_number(number).ok_or(Error::UnknownWrite)?)
}

/// The reduction of a number.
pub(super) fn reduction(number: u32) -> Result<Reduction, Fault> {
    Ok(Reduction::from_number(number).ok_or(Error::UnknownReduction)?)
}
