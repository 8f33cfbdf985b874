//! `hyla_selector_entropy_...`: entropy of the weights of a band selector.

use super::call;
use super::check::{self, Span, Versioned, disjoint, input, output};
use super::status::hyla_status;
use crate::error::Error;
use crate::loss::Write;
use crate::loss::selector_entropy::{self, Params};

/// The stages in which cuvis-ai runs the node (see `hyla_context`).
pub const HYLA_SELECTOR_ENTROPY_STAGES: u32 = 7;

/// Entropy of the weights of a band selector (cuvis-ai: SelectorEntropyRegularizer): what is computed.
///
/// With weights w, one a band, meant to be at least 0:
///
/// ```text
/// S = sum w_i + eps    p_i = w_i / S    H = -sum p_i ln(p_i + eps)    0 ln 0 = 0
/// loss = -weight * H                              without a target
///      = weight * (H - target_entropy)^2          with one
/// ```
///
/// A positive weight without a target spreads the selector over many bands, a negative one
/// concentrates it; a target (in nats, ln k for about k bands) pulls from both sides. Everything is
/// computed in double, in one order; a gradient is rounded to float32 once. Needs no labels.
///
/// Weights that are all 0: H is 0, the gradient is the formula's (steep), notice DEGENERATE. A
/// weight so negative that p_i + eps < 0, or S = 0: NaN, gradients too, DEGENERATE. eps = 0 and a
/// weight of 0: its term is 0 and its derivative of H infinite, DEGENERATE. No weights: H is 0,
/// EMPTY. NaN or infinite weights: NaN, NOT_FINITE. `weight` or `upstream` of exactly 0 gives 0.
///
/// Initialise with HYLA_SELECTOR_ENTROPY_PARAMS_DEFAULT. Formula: Shannon (1948).
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_selector_entropy_params {
    /// `sizeof(hyla_selector_entropy_params)`.
    pub struct_size: u32,
    /// The weight of this loss among others: finite. Default 0.01.
    pub weight: f32,
    /// Keeps logarithm and division finite: finite, not negative. Default 1e-6.
    pub eps: f32,
    /// 1: keep the entropy at `target_entropy`; 0: maximise it. Default 0.
    pub has_target: u32,
    /// The entropy to keep, in nats: finite. Ignored without `has_target`. Default 0.
    pub target_entropy: f32,
}

// SAFETY: `repr(C)`, fields of four bytes, any bits are numbers.
unsafe impl Versioned for hyla_selector_entropy_params {
    const DEFAULT: Self = Self {
        struct_size: size_of::<Self>() as u32,
        weight: 0.01,
        eps: 1e-6,
        has_target: 0,
        target_entropy: 0.0,
    };
}

impl hyla_selector_entropy_params {
    fn to_core(self) -> Result<Params, Error> {
        let target = match self.has_target {
            0 => None,
            1 => Some(self.target_entropy),
            _ => return Err(Error::UnknownOption),
        };
        Ok(Params { weight: self.weight, eps: self.eps, target })
    }
}

/// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
/// bindings that cannot use HYLA_SELECTOR_ENTROPY_PARAMS_DEFAULT. Bytes of a later version
/// become 0.
///
/// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
///
/// # Safety
/// `params` is valid for writes of `size` bytes.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_selector_entropy_params_init(
    params: *mut hyla_selector_entropy_params,
    size: usize,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    call(|| unsafe { check::write_defaults(params, size) })
}

/// The loss of `n` weights.
///
/// Errors, with `loss` unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD,
/// WEIGHT, EPSILON, TARGET, UNKNOWN_OPTION (`has_target` above 1).
/// Notices: EMPTY, DEGENERATE, NOT_FINITE.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_selector_entropy_loss(
    params: *const hyla_selector_entropy_params,
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
        let value = selector_entropy::loss(&inputs.params, inputs.weights)?;
        loss.write(value.value);
        Ok(value.notices)
    })
}

/// Writes `upstream * d loss / d weights` to `grad_weights` (n floats), or adds it there (`write`:
/// HYLA_STORE or HYLA_ADD). With HYLA_STORE the output may be uninitialised.
///
/// Errors, with `grad_weights` unchanged: those of `hyla_selector_entropy_loss`, UNKNOWN_WRITE.
/// Notices: those of `hyla_selector_entropy_loss`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_selector_entropy_gradient(
    params: *const hyla_selector_entropy_params,
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
        selector_entropy::gradient(&inputs.params, inputs.weights, upstream, write, gradient)
    })
}

/// The loss and the gradient in one call: the same bits as the two calls.
///
/// Errors, with both outputs unchanged: those of `hyla_selector_entropy_loss`, UNKNOWN_WRITE.
/// Notices: those of `hyla_selector_entropy_loss`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_selector_entropy_loss_and_gradient(
    params: *const hyla_selector_entropy_params,
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
            selector_entropy::loss_and_gradient(&params, weights, upstream, write, gradient)?;
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
        params: *const hyla_selector_entropy_params,
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
