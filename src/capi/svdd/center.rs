//! The gradient by the center.

use super::{hyla_svdd_params, hyla_svdd_totals};
use crate::capi::cube_loss::Inputs;
use crate::capi::loss::Inputs as _;
use crate::capi::node::*;
use crate::exact::ExactSum;
use crate::loss::svdd;

exported! {
    /// Adds `a_n v_n (z_nk - c_k)` to `center_sums[k]`, one exact sum a channel, which begin as all zero bits: what
    /// `hyla_svdd_gradient_center` needs. It may be called for any part of a batch, in any order.
    ///
    /// Errors, with the sums unchanged: those of `hyla_svdd_update`. Notices: EMPTY (n is 0), DEGENERATE.
    fn hyla_svdd_center_update(
        params: *const hyla_svdd_params, embeddings: *const hyla_cube, center: *const f32,
        center_sums: *mut hyla_sum,
    ) {
        let inputs = Inputs::new(params, embeddings, center)?;
        let channels = inputs.beside.len();
        inputs.apart(&[Span::of(center_sums, channels)], &[])?;
        let sums = changed(center_sums.cast::<ExactSum>(), channels)?;
        svdd::update_center(&inputs.params, &inputs.cube, inputs.beside, sums)
    }

    /// Adds other sums (of another tile or rank) to sums, channel by channel, and makes the words canonical.
    ///
    /// Errors, with the sums unchanged: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, CHANNELS.
    fn hyla_svdd_center_merge(other: *const hyla_sum, center_sums: *mut hyla_sum, channels: usize) {
        disjoint(&[Span::of(center_sums, channels)], &[&[Span::of(other, channels)]])?;
        let (other, sums) = (
            input(other.cast::<ExactSum>(), channels)?,
            changed(center_sums.cast::<ExactSum>(), channels)?,
        );
        svdd::merge_center(other, sums)
    }

    /// Makes the words canonical after they were added elsewhere.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, CHANNELS.
    fn hyla_svdd_center_normalize(center_sums: *mut hyla_sum, channels: usize) {
        svdd::normalize_center(changed(center_sums.cast::<ExactSum>(), channels)?)
    }

    /// Writes `upstream * d loss / d center` to `grad_center` (`channels` floats), or adds it there. `totals` and
    /// `center_sums` are those of the whole batch. With HYLA_STORE the output may be uninitialised.
    ///
    /// Errors, with `grad_center` unchanged: those of `hyla_svdd_loss`, TOO_LARGE, CHANNELS, UNKNOWN_WRITE. Notices:
    /// those of `hyla_svdd_loss`.
    fn hyla_svdd_gradient_center(
        params: *const hyla_svdd_params, totals: *const hyla_svdd_totals,
        center_sums: *const hyla_sum, channels: usize, upstream: f64, write: u32,
        grad_center: *mut f32,
    ) {
        let (checked, span) = check::parameters(params)?;
        let write = write_mode(write)?;
        let reads = [span, Span::of(totals, 1), Span::of(center_sums, channels)];
        disjoint(&[Span::of(grad_center, channels)], &[&reads])?;
        let (totals, sums) = (core(totals)?, input(center_sums.cast::<ExactSum>(), channels)?);
        let gradient = floats(write, grad_center, channels)?;
        svdd::gradient_center_to(&checked.to_core()?, totals, sums, upstream, gradient)
    }
}
