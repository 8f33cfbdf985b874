//! `hyla_selector_entropy_metric_...`: entropy of the weights of a band selector.

use super::node::*;
use super::selector_loss::SelectorInputs;
use crate::metric::selector_entropy::{self, Params};

stages!(HYLA_SELECTOR_ENTROPY_METRIC_STAGES, 6);

parameters! {
    /// Entropy of the weights of a band selector (cuvis-ai: SelectorEntropyMetric): what is computed.
    ///
    /// ```text
    /// S = sum w + eps      p_i = w_i / S      H = -sum p_i ln(p_i + eps)
    /// ```
    ///
    /// In nats, the entropy of `hyla_selector_entropy` by itself: exp(H) is about the number of bands in use. Computed
    /// in double, within 1e-13 of the largest term. Needs no labels. Initialise with
    /// HYLA_SELECTOR_ENTROPY_METRIC_PARAMS_DEFAULT. Formula: Shannon (1948), section 6.
    pub struct hyla_selector_entropy_metric_params {
        /// Keeps logarithm and quotient finite: finite, not negative. Default 1e-6.
        pub eps: f32 = 1e-6,
    }
    HYLA_SELECTOR_ENTROPY_METRIC_PARAMS_DEFAULT, hyla_selector_entropy_metric_params_init
    |given| Params { eps: given.eps }
}

exported! {
    /// The entropy of `n` weights. 0 of no weight, and of weights that are all 0.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, EPSILON. Notices: EMPTY,
    /// DEGENERATE (all weights 0), NOT_FINITE (also: a logarithm of a negative number, a sum S of 0).
    fn hyla_selector_entropy_metric_value(
        params: *const hyla_selector_entropy_metric_params, weights: *const f32, n: usize,
        entropy: *mut f64,
    ) {
        SelectorInputs::new(params, weights, n)?.value(entropy, selector_entropy::value)
    }

    /// Writes the entropy of `n` weights under cuvis-ai's name (`selector/entropy`), and 1 to `written`.
    ///
    /// Errors: those of `hyla_selector_entropy_metric_value`, UNKNOWN_STAGE, RESERVED, CAPACITY (0). Notices: those of
    /// `hyla_selector_entropy_metric_value`.
    fn hyla_selector_entropy_metric_metrics(
        params: *const hyla_selector_entropy_metric_params, weights: *const f32, n: usize,
        context: *const hyla_context, out: *mut hyla_metric, capacity: usize, written: *mut usize,
    ) {
        let list = List { context, out, capacity, written };
        let SelectorInputs { params, weights, spans } = SelectorInputs::new(params, weights, n)?;
        let metrics = selector_entropy::metrics(&params, weights)?;
        list.write(&spans, &metrics)
    }
}
