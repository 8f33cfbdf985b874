//! `hyla_selector_diversity_...`: variance of the weights of a band selector.

use super::call;
use super::check::{self, Span, Versioned, disjoint, input, output};
use super::status::hyla_status;
use crate::error::Error;
use crate::loss::Write;
use crate::loss::selector_diversity::{self, Params};

/// The stages in which cuvis-ai runs the node (see `hyla_context`).
pub const HYLA_SELECTOR_DIVERSITY_STAGES: u32 = 7;

/// Variance of the weights of a band selector (cuvis-ai: SelectorDiversityRegularizer): what is computed.
///
/// With weights w, one a band, any floats, and their mean m:
///
/// ```text
/// loss = -weight * sum (w_i - m)^2 / n
/// ```
///
/// The loss is minus the variance: a positive weight rewards concentration on few bands (whatever
/// the name says), and so opposes the entropy term with a positive weight; a negative one spreads.
/// Without a bound on the weights there is no minimum. m is exact and rounded once, everything is
/// computed in double, in one order: nothing cancels far from 0. A gradient is rounded to float32
/// once. Needs no labels.
///
/// A single weight, or equal ones: 0. No weights: NaN, EMPTY. NaN or infinite weights: NaN,
/// NOT_FINITE. `weight` or `upstream` of exactly 0 gives 0.
///
/// Initialise with HYLA_SELECTOR_DIVERSITY_PARAMS_DEFAULT. Formula: Chan, Golub, LeVeque (1983).
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_selector_diversity_params {
    /// `sizeof(hyla_selector_diversity_params)`.
    pub struct_size: u32,
    /// The weight of this loss among others: finite. Default 0.01.
    pub weight: f32,
}

// SAFETY: `repr(C)`, fields of four bytes, any bits are numbers.
unsafe impl Versioned for hyla_selector_diversity_params {
    const DEFAULT: Self = Self { struct_size: size_of::<Self>() as u32, weight: 0.01 };
}

impl hyla_selector_diversity_params {
    fn to_core(self) -> Result<Params, Error> {
        Ok(Params { weight: self.weight })
    }
}

/// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
/// bindings that cannot use HYLA_SELECTOR_DIVERSITY_PARAMS_DEFAULT. Bytes of a later version
/// become 0.
///
/// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
///
/// # Safety
/// `params` is valid for writes of `size` bytes.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_selector_diversity_params_init(
    params: *mut hyla_selector_diversity_params,
    size: usize,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    call(|| unsafe { check::write_defaults(params, size) })
}

/// The loss of `n` weights.
///
/// Errors, with `loss` unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD,
/// WEIGHT.
/// Notices: EMPTY, NOT_FINITE.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_selector_diversity_loss(
    params: *const hyla_selector_diversity_params,
    weights: *const f32,
    n: usize,
    loss: *mut f64,
) -> hyla_status {
    call(|| {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, weights, n) }?;
        disjoint(&[Span::of(loss, 1)], &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let loss = unsafe { check::result(loss) }?;
        let value = selector_diversity::loss(&inputs.params, inputs.weights)?;
        loss.write(value.value);
        Ok(value.notices)
    })
}

/// Writes `upstream * d loss / d weights` to `grad_weights` (n floats), or adds it there (`write`:
/// HYLA_STORE or HYLA_ADD). With HYLA_STORE the output may be uninitialised.
///
/// Errors, with `grad_weights` unchanged: those of `hyla_selector_diversity_loss`, UNKNOWN_WRITE.
/// Notices: those of `hyla_selector_diversity_loss`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_selector_diversity_gradient(
    params: *const hyla_selector_diversity_params,
    weights: *const f32,
    n: usize,
    upstream: f64,
    write: u32,
    grad_weights: *mut f32,
) -> hyla_status {
    call(|| {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, weights, n) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        disjoint(&[Span::of(grad_weights, n)], &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let gradient = unsafe { output(grad_weights, n) }?;
        selector_diversity::gradient(&inputs.params, inputs.weights, upstream, write, gradient)
    })
}

/// The loss and the gradient in one call: the same bits as the two calls.
///
/// Errors, with both outputs unchanged: those of `hyla_selector_diversity_loss`, UNKNOWN_WRITE.
/// Notices: those of `hyla_selector_diversity_loss`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_selector_diversity_loss_and_gradient(
    params: *const hyla_selector_diversity_params,
    weights: *const f32,
    n: usize,
    upstream: f64,
    write: u32,
    loss: *mut f64,
    grad_weights: *mut f32,
) -> hyla_status {
    call(|| {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, weights, n) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        disjoint(&[Span::of(loss, 1), Span::of(grad_weights, n)], &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let (loss, gradient) = unsafe { (check::result(loss)?, output(grad_weights, n)?) };
        let Inputs { params, weights, .. } = inputs;
        let value =
            selector_diversity::loss_and_gradient(&params, weights, upstream, write, gradient)?;
        loss.write(value.value);
        Ok(value.notices)
    })
}

/// The checked inputs of a call, and what it reads.
struct Inputs<'a> {
    params: Params,
    weights: &'a [f32],
    spans: [Span; 2],
}

impl Inputs<'_> {
    /// # Safety
    /// Pointers that are neither NULL nor misaligned are valid for what their types say, as long
    /// as the inputs live.
    #[inline(never)]
    unsafe fn new(
        params: *const hyla_selector_diversity_params,
        weights: *const f32,
        n: usize,
    ) -> Result<Self, Error> {
        // SAFETY: as the caller vouches.
        let (checked, span) = unsafe { check::parameters(params) }?;
        // SAFETY: as above.
        let weights = unsafe { input(weights, n) }?;
        let spans = [span, Span::of_slice(Some(weights))];
        Ok(Self { params: checked.to_core()?, weights, spans })
    }
}
