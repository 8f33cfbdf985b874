//! The confusion part of AnomalyDetectionMetrics.

use super::{bytes, compare_metrics, doubles, for_each_case, pixels};
use hyla::capi::detection::*;
use serde_json::Value;

#[test]
fn anomaly_detection_metrics() {
    for_each_case("anomaly_detection_metrics", check);
}

fn check(case: &Value) {
    let params = hyla_detection_params {
        struct_size: size_of::<hyla_detection_params>() as u32,
        pixel_stride: case["params"]["pixel_stride"].as_u64().unwrap() as u32,
    };
    let steps = case["steps"].as_array().unwrap();
    assert!(!steps.is_empty());
    for step in steps {
        let decisions = bytes(&step["inputs"]["decisions"]);
        let targets = bytes(&step["inputs"]["targets"]);
        let shape = step["inputs"]["decisions"]["shape"].as_array().unwrap();
        let [frames, rows, cols] = [0, 1, 2].map(|axis| shape[axis].as_u64().unwrap() as usize);
        assert_eq!(decisions.len(), frames * rows * cols);
        assert_eq!(doubles(&step["inputs"]["targets"]).len(), decisions.len());

        // cuvis-ai emits the values of the step, which are those of its own totals.
        let mut totals = hyla_detection_totals::default();
        for (decisions, targets) in decisions.chunks(rows * cols).zip(targets.chunks(rows * cols)) {
            let pixels = pixels(rows * cols, &[], targets, decisions);
            // SAFETY: all pointers are of live values, the arrays of one frame.
            let status = unsafe {
                hyla_detection_update_frame(&params, &pixels, rows, cols, cols, &mut totals)
            };
            assert_eq!(status, 0);
        }
        let compared = compare_metrics(
            // SAFETY: as above.
            |context, out, capacity, count| unsafe {
                hyla_detection_metrics(&params, &totals, context, out, capacity, count)
            },
            &step["expect"],
            // torchmetrics divides in float32.
            |found, truth| found as f32 == truth as f32,
        );
        assert_eq!(compared, 7);
    }
}
