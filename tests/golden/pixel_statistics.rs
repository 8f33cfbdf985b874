//! AnomalyPixelStatisticsMetric.

use super::{bytes, compare_metrics, for_each_case, pixels};
use hyla::capi::pixel_statistics::*;
use serde_json::Value;

#[test]
fn anomaly_pixel_statistics() {
    for_each_case("anomaly_pixel_statistics", check);
}

fn check(case: &Value) {
    let decisions = bytes(&case["inputs"]["decisions"]);
    let pixels = pixels(decisions.len(), &[], &[], &decisions);
    let mut totals = hyla_pixel_statistics_totals::default();
    // SAFETY: all pointers are of live values, the array of `n` items.
    assert_eq!(unsafe { hyla_pixel_statistics_update(&pixels, &mut totals) }, 0);
    let compared = compare_metrics(
        // SAFETY: as above.
        |context, out, capacity, count| unsafe {
            hyla_pixel_statistics_metrics(&totals, context, out, capacity, count)
        },
        &case["expect"],
        |found, truth| (found - truth).abs() <= 1e-12 * truth.abs(),
    );
    assert_eq!(compared, 3);
}
