//! Named values, as cuvis-ai's metric nodes emit them.

use super::check::{self, Span, Written, constant, disjoint};
use super::copy_name;
use super::fault::{Argument, Fault, subject};
use super::status::hyla_status;
use crate::error::{Error, Notices};
use crate::metric::{Metric, Numbered};
use core::ffi::c_char;
use core::mem::MaybeUninit;

/// Training.
pub const HYLA_STAGE_TRAIN: u32 = 1;
/// Validation.
pub const HYLA_STAGE_VAL: u32 = 2;
/// Test.
pub const HYLA_STAGE_TEST: u32 = 4;
/// Inference.
pub const HYLA_STAGE_INFERENCE: u32 = 8;

/// Where in a run values were made; copied into every `hyla_metric`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_context {
    /// Exactly one of HYLA_STAGE_...
    pub stage: u32,
    /// The epoch.
    pub epoch: u32,
    /// The batch within the epoch.
    pub batch_idx: u32,
    /// Zero.
    pub reserved: u32,
}

/// A named value.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_metric {
    /// cuvis-ai's name of the value, terminated by 0.
    pub name: [c_char; 48],
    /// The value.
    pub value: f64,
    /// From the context.
    pub stage: u32,
    /// From the context.
    pub epoch: u32,
    /// From the context.
    pub batch_idx: u32,
    /// The value's own notices; 0 when nothing is special.
    pub status: hyla_status,
}

/// Where a list of values goes.
#[derive(Clone, Copy)]
pub(super) struct List {
    pub context: Argument<*const hyla_context>,
    pub out: Argument<*mut hyla_metric>,
    pub capacity: usize,
    pub written: Argument<*mut usize>,
}

impl List {
    /// Writes the values, or nothing if there is no room for all. `reads` is what made them.
    pub unsafe fn write(self, reads: &[Span], metrics: &[Metric]) -> Result<Notices, Fault> {
        let numbered = metrics.iter().map(|metric| Numbered { metric: *metric, number: None });
        // SAFETY: the contract.
        unsafe { self.write_numbered(reads, metrics.len(), numbered) }
    }

    /// As [`Self::write`], for a list of `count` values whose names may end with numbers.
    pub unsafe fn write_numbered(
        self,
        reads: &[Span],
        count: usize,
        metrics: impl Iterator<Item = Numbered>,
    ) -> Result<Notices, Fault> {
        // SAFETY: the contract.
        let begun = unsafe { self.begin(reads, count) }?;
        let mut notices = Notices::NONE;
        for (index, Numbered { metric, number }) in metrics.take(count).enumerate() {
            // SAFETY: `index` is below `capacity`.
            unsafe { self.put(begun.context, index, &metric, number) };
            notices |= metric.notices;
        }
        begun.count.write(count);
        Ok(notices)
    }

    /// Checks everything before the first value is written.
    #[inline(never)]
    unsafe fn begin<'a>(self, reads: &[Span], needed: usize) -> Result<Begun<'a>, Fault> {
        let reads = [reads, &[Span::of(self.context, 1)]];
        disjoint(&[Written::of(self.out, self.capacity), Written::of(self.written, 1)], &reads)?;
        // SAFETY: the contract.
        let context = unsafe { constant(self.context) }?;
        if context.stage.count_ones() != 1 || context.stage > HYLA_STAGE_INFERENCE {
            return Err(Error::UnknownStage.into());
        }
        if context.reserved != 0 {
            return Err(Fault::new(Error::Reserved, subject!(context)));
        }
        if self.capacity < needed {
            return Err(Error::Capacity.into());
        }
        // SAFETY: the contract; the outputs overlap nothing.
        let count = unsafe { check::result(self.written) }?;
        // SAFETY: as above; the first item stands for all in NULL and alignment.
        unsafe { check::result(self.out) }?;
        Ok(Begun { context, count })
    }

    /// Writes one value.
    #[inline(never)]
    unsafe fn put(self, context: &hyla_context, index: usize, metric: &Metric, number: Option<usize>) {
        let item = hyla_metric {
            name: copy_name(metric.name, number),
            value: metric.value,
            stage: context.stage,
            epoch: context.epoch,
            batch_idx: context.batch_idx,
            status: metric.notices.bits() as i32,
        };
        // SAFETY: the contract.
        unsafe { self.out.pointer.add(index).write(item) };
    }
}

/// A list of which nothing was written yet.
struct Begun<'a> {
    context: &'a hyla_context,
    count: &'a mut MaybeUninit<usize>,
}

/// `..._metrics` of what is mirrored: the documentation, and how the core makes them.
macro_rules! metrics {
    ($(#[$doc:meta])* $name:ident($from:ident: $type:ident) $metrics:expr) => {
        $crate::capi::macros::exported! {
            $(#[$doc])*
            fn $name(
                $from: *const $type, context: *const $crate::capi::metric::hyla_context,
                out: *mut $crate::capi::metric::hyla_metric, capacity: usize, written: *mut usize,
            ) {
                let reads = [$crate::capi::check::Span::of($from, 1)];
                let $from = $crate::capi::view($from)?;
                let list = $crate::capi::metric::List { context, out, capacity, written };
                list.write(&reads, &$metrics)
            }
        }
    };
}

pub(super) use metrics;
