//! ExplainedVarianceMetric.

use super::{compare_metrics, floats, for_each_case};
use hyla::capi::explained_variance::*;

#[test]
fn explained_variance() {
    for_each_case("explained_variance", |case| {
        let ratios = floats(&case["inputs"]["explained_variance_ratio"]);
        let components = ratios.len();
        let mut totals = vec![hyla_explained_variance_totals::default(); components];
        // SAFETY: the arrays have `components` items.
        let status = unsafe { hyla_explained_variance_update(ratios.as_ptr(), components, totals.as_mut_ptr()) };
        assert_eq!(status, 0);
        let compared = compare_metrics(
            // SAFETY: as above.
            |context, out, capacity, count| unsafe {
                hyla_explained_variance_metrics(totals.as_ptr(), components, context, out, capacity, count)
            },
            &case["expect"],
            |found, truth| (found - truth).abs() <= 1e-12 * truth.abs(),
        );
        assert_eq!(compared, 2 * components + 1);
    });
}
