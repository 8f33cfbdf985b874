//! `hyla_selector_entropy_...`: entropy of the weights of a band selector.

use super::call;
use super::check::{self, Span, Versioned, disjoint, floats, input};
use super::status::hyla_status;
use crate::error::Error;
use crate::loss::selector_entropy::{self, Params};
use crate::simd::Write;

/// The stages in which cuvis-ai runs the node (see `hyla_context`).
pub const HYLA_SELECTOR_ENTROPY_STAGES: u32 = 7;

/// Entropy of the weights of a band selector (cuvis-ai: SelectorEntropyRegularizer): what is computed.
///
/// With weights w (n floats, usually a softmax), S = sum w + eps and p = w / S:
///
/// ```text
/// H = -sum p_i ln(p_i + eps)                       0 ln 0 is 0
/// loss = -weight * H | weight * (H - target_entropy)^2
/// ```
///
/// Computed in double, within 1e-13 of its largest term. A positive weight rewards many bands of like weight
/// and so opposes `hyla_selector_diversity`. Needs no labels. Initialise with
/// HYLA_SELECTOR_ENTROPY_PARAMS_DEFAULT. Formula: Shannon (1948), section 6.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_selector_entropy_params {
    /// `sizeof(hyla_selector_entropy_params)`.
    pub struct_size: u32,
    /// The weight of this loss among others: finite. Default 0.01.
    pub weight: f32,
    /// Keeps logarithm and quotient finite: finite, not negative. Default 1e-6.
    pub eps: f32,
    /// 1: hold `target_entropy`; 0: no target. Default 0.
    pub has_target: u32,
    /// The entropy to hold, in nats: finite. Looked at only with `has_target`. Default 0.
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
        let target_entropy = match self.has_target {
            0 => None,
            1 => Some(self.target_entropy),
            _ => return Err(Error::UnknownOption),
        };
        Ok(Params { weight: self.weight, eps: self.eps, target_entropy })
    }
}

/// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
/// bindings that cannot use HYLA_SELECTOR_ENTROPY_PARAMS_DEFAULT. Bytes of a later version become 0.
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
    call(move || unsafe { check::write_defaults(params, size) })
}

/// The loss of `n` weights. 0 of no weight.
///
/// Errors, with `loss` unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE,
/// UNKNOWN_FIELD, WEIGHT, EPSILON, TARGET, UNKNOWN_OPTION. Notices: EMPTY, DEGENERATE (all weights are 0: the value is that of entropy
/// 0), NOT_FINITE (a logarithm of a negative number, or a sum of 0).
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
    call(move || {
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
/// HYLA_STORE or HYLA_ADD), each rounded to float32 once. With HYLA_STORE the output may be
/// uninitialised.
///
/// Errors, with `grad_weights` unchanged: those of `hyla_selector_entropy_loss`, UNKNOWN_WRITE.
/// Notices: those of `hyla_selector_entropy_loss`, NOT_FINITE also for an infinite slope.
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
    call(move || {
        // SAFETY: as the caller vouches.
        let inputs = unsafe { Inputs::new(params, weights, n) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        disjoint(&[Span::of(grad_weights, n)], &[&inputs.spans])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let gradient = unsafe { floats(write, grad_weights, n) }?;
        let value = selector_entropy::loss_and_gradient_to(
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
/// Errors, with all outputs unchanged, and notices: those of `hyla_selector_entropy_gradient`.
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
    call(move || {
        // SAFETY: as the caller vouches.
        let Inputs { params, weights, spans } = unsafe { Inputs::new(params, weights, n) }?;
        let write = Write::from_number(write).ok_or(Error::UnknownWrite)?;
        disjoint(&[Span::of(loss, 1), Span::of(grad_weights, n)], &[&spans])?;
        // SAFETY: as the caller vouches; the outputs overlap nothing.
        let (loss, gradient) = unsafe { (check::result(loss)?, floats(write, grad_weights, n)?) };
        let value = selector_entropy::loss_and_gradient_to(&params, weights, upstream, gradient)?;
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
        let ((checked, span), weights) =
            unsafe { (check::parameters(params)?, input(weights, n)?) };
        let spans = [span, Span::of_slice(Some(weights))];
        Ok(Self { params: checked.to_core()?, weights, spans })
    }
}
