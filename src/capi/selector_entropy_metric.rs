//! `hyla_selector_entropy_metric_...`: entropy of the weights of a band selector.

use super::call;
use super::check::{self, Span, Versioned, disjoint, input};
use super::metric::{List, hyla_context, hyla_metric};
use super::status::hyla_status;
use crate::error::Error;
use crate::metric::selector_entropy::{self, Params};

/// The stages in which cuvis-ai runs the node (see `hyla_context`).
pub const HYLA_SELECTOR_ENTROPY_METRIC_STAGES: u32 = 6;

/// Entropy of the weights of a band selector (cuvis-ai: SelectorEntropyMetric): what is computed.
///
/// ```text
/// S = sum w + eps      p_i = w_i / S      H = -sum p_i ln(p_i + eps)
/// ```
///
/// In nats, the entropy of `hyla_selector_entropy` by itself: exp(H) is about the number of bands in use. Computed in
/// double, within 1e-13 of the largest term. Needs no labels. Initialise with
/// HYLA_SELECTOR_ENTROPY_METRIC_PARAMS_DEFAULT. Formula: Shannon (1948), section 6.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_selector_entropy_metric_params {
    /// `sizeof(hyla_selector_entropy_metric_params)`.
    pub struct_size: u32,
    /// Keeps logarithm and quotient finite: finite, not negative. Default 1e-6.
    pub eps: f32,
}

// SAFETY: `repr(C)`, fields of four bytes, any bits are numbers.
unsafe impl Versioned for hyla_selector_entropy_metric_params {
    const DEFAULT: Self = Self { struct_size: size_of::<Self>() as u32, eps: 1e-6 };
}

/// Writes the defaults into the first `size` bytes of a struct and sets its `struct_size`: for
/// bindings that cannot use HYLA_SELECTOR_ENTROPY_METRIC_PARAMS_DEFAULT. Bytes of a later version become 0.
///
/// Errors: NULL_POINTER, MISALIGNED, STRUCT_SIZE (0, no multiple of 4, above 4096).
///
/// # Safety
/// `params` is valid for writes of `size` bytes.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_selector_entropy_metric_params_init(
    params: *mut hyla_selector_entropy_metric_params,
    size: usize,
) -> hyla_status {
    // SAFETY: as the caller vouches.
    call(move || unsafe { check::write_defaults(params, size) })
}

/// The entropy of `n` weights. 0 of no weight, and of weights that are all 0.
///
/// Errors, with `entropy` unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, EPSILON.
/// Notices: EMPTY, DEGENERATE (all weights 0), NOT_FINITE (also: a logarithm of a negative number, a sum S of 0).
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_selector_entropy_metric_value(
    params: *const hyla_selector_entropy_metric_params,
    weights: *const f32,
    n: usize,
    entropy: *mut f64,
) -> hyla_status {
    call(move || {
        // SAFETY: as the caller vouches.
        let Inputs { params, weights, spans } = unsafe { Inputs::new(params, weights, n) }?;
        disjoint(&[Span::of(entropy, 1)], &[&spans])?;
        // SAFETY: as the caller vouches; the output overlaps nothing.
        let entropy = unsafe { check::result(entropy) }?;
        let found = selector_entropy::value(&params, weights)?;
        entropy.write(found.value);
        Ok(found.notices)
    })
}

/// Writes the entropy of `n` weights under cuvis-ai's name (`selector/entropy`), and 1 to `count`.
///
/// Errors, with the outputs unchanged: those of `hyla_selector_entropy_metric_value`, UNKNOWN_STAGE, RESERVED, CAPACITY
/// (0). Notices: those of `hyla_selector_entropy_metric_value`.
///
/// # Safety
/// Pointers that are neither NULL nor misaligned are valid for what their types say, `out` for
/// `capacity` items.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn hyla_selector_entropy_metric_metrics(
    params: *const hyla_selector_entropy_metric_params,
    weights: *const f32,
    n: usize,
    context: *const hyla_context,
    out: *mut hyla_metric,
    capacity: usize,
    count: *mut usize,
) -> hyla_status {
    call(move || {
        let list = List { context, out, capacity, count };
        // SAFETY: as the caller vouches.
        let Inputs { params, weights, spans } = unsafe { Inputs::new(params, weights, n) }?;
        let metrics = selector_entropy::metrics(&params, weights)?;
        // SAFETY: as above.
        unsafe { list.write(&spans, &metrics) }
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
        params: *const hyla_selector_entropy_metric_params,
        weights: *const f32,
        n: usize,
    ) -> Result<Self, Error> {
        // SAFETY: as the caller vouches.
        let ((checked, span), weights) =
            unsafe { (check::parameters(params)?, input(weights, n)?) };
        let spans = [span, Span::of_slice(Some(weights))];
        Ok(Self { params: Params { eps: checked.eps }, weights, spans })
    }
}
