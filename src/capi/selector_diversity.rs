//! `hyla_selector_diversity_...`: variance of the weights of a band selector.

use super::call;
use super::check::{self, Span, Versioned, disjoint, floats, input};
use super::status::hyla_status;
use crate::error::Error;
use crate::loss::selector_diversity::{self, Params};
use crate::simd::Write;

/// The stages in which cuvis-ai runs the node (see `hyla_context`).
pub const HYLA_SELECTOR_DIVERSITY_STAGES: u32 = 7;

/// Variance of the weights of a band selector (cuvis-ai: SelectorDiversityRegularizer): what is computed.
///
/// ```text
/// m = sum w / n      loss = -weight * sum (w_i - m)^2 / n
/// ```
///
/// Computed in double; nothing cancels, whatever the offset of the weights. A positive weight rewards few
/// bands of great weight (although the name says the opposite) and so opposes
/// `hyla_selector_entropy`. Needs no labels. Initialise with HYLA_SELECTOR_DIVERSITY_PARAMS_DEFAULT.
/// Formula: the population variance.
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
    fn to_core(self) -> Params {
        Params { weight: self.weight }
    }
}

/// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
/// bindings that cannot use HYLA_SELECTOR_DIVERSITY_PARAMS_DEFAULT. Bytes of a later version become 0.
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
    call(move || unsafe { check::write_defaults(params, size) })
}

/// The loss of `n` weights. NaN of no weight.
///
/// Errors, with `loss` unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE,
/// UNKNOWN_FIELD, WEIGHT. Notices: EMPTY, NOT_FINITE (NaN or infinite weights).
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
    call(move || {
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
/// HYLA_STORE or HYLA_ADD), each rounded to float32 once. With HYLA_STORE the output may be
/// uninitialised.
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
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, weights, n) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        disjoint(&[Span::of(grad_weights, n)], &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let gradient = unsafe { floats(write, grad_weights, n) }?;
        let value = selector_diversity::loss_and_gradient_to(
            &inputs.params,
            inputs.weights,
            upstream,
            gradient,
        )?;
        Ok(value.notices)
    })
}

/// The loss and the gradient in one call: the same bits as the two functions.
///
/// Errors, with all outputs unchanged, and notices: those of `hyla_selector_diversity_gradient`.
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
    call(move || {
        // SAFETY: as the caller vouches.
        let Inputs { params, weights, spans } = unsafe { Inputs::new(params, weights, n) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        disjoint(&[Span::of(loss, 1), Span::of(grad_weights, n)], &[&spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let (loss, gradient) = unsafe { (check::result(loss)?, floats(write, grad_weights, n)?) };
        let value = selector_diversity::loss_and_gradient_to(&params, weights, upstream, gradient)?;
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
        let ((checked, span), weights) =
            unsafe { (check::parameters(params)?, input(weights, n)?) };
        let spans = [span, Span::of_slice(Some(weights))];
        Ok(Self { params: checked.to_core(), weights, spans })
    }
}
