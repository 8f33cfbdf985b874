//! `hyla_explained_variance_...`: how much of the variance each component explains.

use super::node::*;
use crate::metric::explained_variance::{self, Totals};

stages!(HYLA_EXPLAINED_VARIANCE_STAGES, 6);

mirror! {
    /// What is known of one component (cuvis-ai: ExplainedVarianceMetric); all zero is empty. A projection has an
    /// array of them, one a component:
    ///
    /// ```text
    /// ratio_k = mean of r_k over the batches     total = sum of ratio_k     cumulative_k = ratio_1 + ... + ratio_k
    /// ```
    ///
    /// Adding the words of two arrays merges them. The totals of one batch give cuvis-ai's values, those of a stream
    /// the pooled ones. Sums are exact; each value is rounded once. Needs no labels.
    pub struct hyla_explained_variance_totals: Totals {
        /// The sum of its ratios.
        pub ratio: hyla_exact_sum,
        /// How many batches were added.
        pub batches: i64,
    }
}

size!(hyla_explained_variance_totals_size, hyla_explained_variance_totals, ": the totals of one component");

totals_of_each! {
    "component", core explained_variance, totals hyla_explained_variance_totals, count components;
    hyla_explained_variance_merge, hyla_explained_variance_normalize
}

exported! {
    /// Adds the explained variance ratios of a batch (`components` floats) to the totals of the components, an array of
    /// as many. Ratios may be any floats: they are not clamped.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP.
    fn hyla_explained_variance_update(
        ratios: *const f32, components: usize, totals: *mut hyla_explained_variance_totals,
    ) {
        let ratios = input(ratios, components)?;
        disjoint(&[Written::of(totals, components)], &[&[Span::of_slice(Some(ratios))]])?;
        Ok(explained_variance::update(ratios, views_mut(totals, components)?)?)
    }

    /// Writes `ratio_k` to `ratios` and `cumulative_k` to `cumulative` (`components` doubles each), and the total.
    /// NaN of no batch; a total of 0 of no component.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, TOTALS, MIXED_TOTALS (components with different numbers of
    /// batches). Notices: EMPTY, NOT_FINITE.
    fn hyla_explained_variance_values(
        totals: *const hyla_explained_variance_totals, components: usize, ratios: *mut f64,
        cumulative: *mut f64, total: *mut f64,
    ) {
        let totals = views(totals, components)?;
        let writes =
            [Written::of(ratios, components), Written::of(cumulative, components), Written::of(total, 1)];
        disjoint(&writes, &[&[Span::of_slice(Some(totals))]])?;
        let (ratios, cumulative) = (output(ratios, components)?, output(cumulative, components)?);
        let total = check::result(total)?;
        put_number(explained_variance::values_to(totals, ratios, cumulative)?, total)
    }

    /// Writes the `2 * components + 1` values under cuvis-ai's names (`explained_variance_pc1`, ...,
    /// `total_explained_variance`, `cumulative_variance_pc1`, ...) and their number to `written`.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, MIXED_TOTALS, TOTALS, UNKNOWN_STAGE, RESERVED, CAPACITY.
    /// Notices: EMPTY, NOT_FINITE.
    fn hyla_explained_variance_metrics(
        totals: *const hyla_explained_variance_totals, components: usize,
        context: *const hyla_context, out: *mut hyla_metric, capacity: usize, written: *mut usize,
    ) {
        let list = List { context, out, capacity, written };
        let totals = views(totals, components)?;
        let values = explained_variance::metrics(totals)?;
        let needed = explained_variance::metrics_count(components);
        list.write_numbered(&[Span::of_slice(Some(totals))], needed, values)
    }
}
