//! `hyla_topk_mean_...`: the mean of the greatest scores of a frame.

use super::node::*;
use crate::metric::topk_mean;

/// What `hyla_topk_mean_workspace` says, as a constant.
pub const HYLA_TOPK_MEAN_WORKSPACE: usize = 2816;

const _: () = assert!(HYLA_TOPK_MEAN_WORKSPACE == topk_mean::workspace());

/// How many words of workspace a frame needs, whatever its size: the same on every tier.
#[unsafe(no_mangle)]
pub extern "C" fn hyla_topk_mean_workspace() -> usize {
    topk_mean::workspace()
}

exported! {
    /// The mean of the k greatest of the n scores of a frame that count, at most 2^31 - 1: a score of the frame, as
    /// cuvis-ai's deciders make it. With `fraction` above 0 and at most 1
    ///
    /// ```text
    /// k = ceil(float32(n * fraction)), at least 1 and at most n
    /// ```
    ///
    /// The sum is exact, and the mean rounded once. A NaN makes it NaN, infinite scores follow IEEE 754; NaN of
    /// nothing. `workspace` holds `workspace_size` words, at least `hyla_topk_mean_workspace()`.
    ///
    /// Inputs: `scores` (any floats); optional `valid`; no weights.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, RESERVED, UNSUPPORTED_INPUT (weights or soft targets),
    /// FRACTION, WORKSPACE (too small). Notices: EMPTY, NOT_FINITE.
    fn hyla_topk_mean_value(
        fraction: f64, pixels: *const hyla_pixels, workspace: *mut u32, workspace_size: usize,
        mean: *mut f64,
    ) {
        let mut room = pixels::PlanesRoom::new();
        let used = pixels::read(pixels)?.scores(&mut room)?;
        let writes = [Written::of(workspace, workspace_size), Written::of(mean, 1)];
        pixels::disjoint(&writes, &[Span::of(pixels, 1)], &[], &used)?;
        let (workspace, mean) = (output(workspace, workspace_size)?, check::result(mean)?);
        put_number(topk_mean::value_to(used.source(), fraction, workspace)?, mean)
    }
}
