//! Metrics of matrices and of selection weights.

use crate::buffer::Buffer;
use crate::matrices::Rows;
use crate::parameters::Parameters;
use crate::record::Record;
use crate::source::Source;
use crate::tiers::{pin, tiers};
use hyla::capi::component_orthogonality::*;
use hyla::capi::selector_diversity_metric::*;
use hyla::capi::selector_entropy_metric::*;

/// One of the metrics, on every tier, with any contents of the workspace.
pub fn check(source: &mut Source) {
    let kind = source.below(3);
    let rows = Rows::any(source, kind > 0);
    let eps = source.parameter(&[1e-6, 1e-6, 0.0, 1.0]);
    let params = Parameters::new(source, hyla_selector_entropy_metric_params { struct_size: 0, eps });
    let missing = source.once_in(8) as usize;
    let said = |garbage: u8| {
        let mut record = Record::default();
        match kind {
            0 => components(&rows, garbage, missing, &mut record),
            1 => diversity(&rows, garbage, missing, &mut record),
            _ => {
                let (weights, n) = rows.weights();
                // SAFETY: the weights are `n` floats.
                record.double("entropy", |to| unsafe {
                    hyla_selector_entropy_metric_value(params.pointer(), weights, n, to)
                });
            }
        }
        record
    };
    let mut first = None;
    for (garbage, tier) in tiers().into_iter().enumerate() {
        pin(tier);
        let record = said(85 * garbage as u8);
        first.get_or_insert_with(|| record.clone()).assert_same(&record, "another tier");
    }
}

/// A workspace of so many items, of any contents.
fn room<T: Copy>(items: usize, garbage: u8) -> Buffer<T> {
    // SAFETY: any bytes are numbers.
    let item = unsafe {
        let mut item = core::mem::MaybeUninit::<T>::uninit();
        item.as_mut_ptr().write_bytes(garbage, 1);
        item.assume_init()
    };
    Buffer::filled(1, item, items)
}

fn components(rows: &Rows, garbage: u8, missing: usize, record: &mut Record) {
    let needed = hyla_component_orthogonality_workspace(rows.rows, rows.columns);
    let mut workspace: Buffer<f64> = room(needed.saturating_sub(missing), garbage);
    let (doubles, place) = (workspace.len(), workspace.at_mut(0));
    let status = record.report("components", &[0..4], |to: *mut hyla_component_orthogonality_report| {
        // SAFETY: the arrays are those of the rows; the workspace says its own size.
        unsafe { hyla_component_orthogonality_values(&rows.matrix(), place, doubles, to) }
    });
    assert!(status < 0 || missing == 0 || needed == 0, "a workspace that is too small was taken");
}

fn diversity(rows: &Rows, garbage: u8, missing: usize, record: &mut Record) {
    let (weights, n) = rows.weights();
    let needed = hyla_selector_diversity_metric_workspace(n);
    let mut workspace: Buffer<u32> = room(needed.saturating_sub(missing), garbage);
    let (words, place) = (workspace.len(), workspace.at_mut(0));
    let status = record.report("diversity", &[0..3], |to: *mut hyla_selector_diversity_metric_report| {
        // SAFETY: as above.
        unsafe { hyla_selector_diversity_metric_values(weights, n, place, words, to) }
    });
    assert!(status < 0 || missing == 0 || needed == 0, "a workspace that is too small was taken");
}
