//! DistinctLabelCount.

use super::{compare_metrics, doubles, for_each_case};
use hyla::capi::distinct_label_count::*;
use serde_json::json;

#[test]
fn distinct_label_count() {
    for_each_case("distinct_label_count", |case| {
        let mask = doubles(&case["inputs"]["mask"]);
        let labels: Vec<i32> = mask.into_iter().map(|label| label as i32).collect();
        let counts = case["expect"]["count"].as_array().unwrap();
        for (frame, truth) in labels.chunks(labels.len() / counts.len()).zip(counts) {
            let mut set = vec![0; hyla_distinct_label_count_words(16)];
            let size = set.len();
            let mut found = -1;
            // SAFETY: all pointers are of live values, the arrays of as many items as is said.
            let status = unsafe {
                let (labels, n, to) = (frame.as_ptr(), frame.len(), set.as_mut_ptr());
                hyla_distinct_label_count_update(labels, std::ptr::null(), n, to, size)
            };
            assert_eq!(status, 0);
            // SAFETY: as above.
            let status = unsafe { hyla_distinct_label_count_value(set.as_ptr(), size, &mut found) };
            assert_eq!((status, Some(found)), (0, truth.as_i64()));
            let compared = compare_metrics(
                // SAFETY: as above.
                |context, out, capacity, count| unsafe {
                    let set = set.as_ptr();
                    hyla_distinct_label_count_metrics(set, size, context, out, capacity, count)
                },
                &json!({ "num_distinct_labels": truth }),
                |found, truth| found == truth,
            );
            assert_eq!(compared, 1);
        }
    });
}
