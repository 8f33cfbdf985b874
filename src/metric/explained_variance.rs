//! How much of the variance each component explains (cuvis-ai's `ExplainedVarianceMetric`).
//!
//! **Use case**: watches a PCA or a trainable projection: how many components are worth their channel, and
//! whether that changes along a stream. Needs no labels. **Inputs**: ratios `r` (K floats, one a component).
//!
//! ```text
//! ratio_k = mean of r_k over the batches     total = sum of ratio_k     cumulative_k = ratio_1 + ... + ratio_k
//! ```
//!
//! The state is [`Totals`] for each component, in memory of the caller. The totals of one batch give that
//! batch's values, which are cuvis-ai's; those of a stream give the pooled ones.
//!
//! **Accuracy**: sums are exact; every value is the exact quotient of a sum and the count, rounded to `f64`
//! once. So cumulative values never fall while ratios are not negative, and the last one is the total, to the bit.
//!
//! **Edges**: ratios are not clamped: a total above 1 is one of the inputs. A NaN or infinite ratio decides its own
//! value, the total and the cumulative values from it on (`NOT_FINITE`). No batch: NaN with `EMPTY`. No component: a
//! total of 0 with `EMPTY`.
//!
//! **cuvis-ai**: no keys; port `explained_variance_ratio`; emits `explained_variance_pc1`, ...,
//! `total_explained_variance`, `cumulative_variance_pc1`, ... for the last batch. Stages: validation, test.
//!
//! **Speed**: limited by long divisions, about 0.3 microseconds for each of the 2 K + 1 values.
//!
//! Formula: I. T. Jolliffe, Principal Component Analysis (2002), section 6.1.

use super::{Metric, Numbered};
use crate::error::{Error, Notices, Value};
use crate::exact::ExactSum;
use crate::input::Pixels;
use crate::simd::Places;

/// What is known of one component; all zero is empty. Adding the words of two totals merges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Totals {
    /// The sum of its ratios.
    pub ratio: ExactSum,
    /// How many batches were added.
    pub batches: i64,
}

/// Adds the ratios of a batch, one for each of the totals.
///
/// # Errors
/// Another number of ratios than of totals. Nothing was added then.
pub fn update(ratios: &[f32], totals: &mut [Totals]) -> Result<(), Error> {
    Pixels::check_lengths(ratios.len(), &[Some(totals.len())])?;
    for (total, ratio) in totals.iter_mut().zip(ratios) {
        total.ratio.add(*ratio);
        total.batches = total.batches.wrapping_add(1);
    }
    Ok(())
}

/// Adds other totals, component by component. The words are canonical afterwards.
///
/// # Errors
/// Totals of another number of components. Nothing was added then.
pub fn merge(other: &[Totals], totals: &mut [Totals]) -> Result<(), Error> {
    Pixels::check_lengths(totals.len(), &[Some(other.len())])?;
    for (total, other) in totals.iter_mut().zip(other) {
        total.ratio.merge(&other.ratio);
        total.batches = total.batches.wrapping_add(other.batches);
    }
    Ok(())
}

/// Makes the words canonical after they were added elsewhere.
pub fn normalize(totals: &mut [Totals]) {
    totals.iter_mut().for_each(|total| total.ratio.normalize());
}

/// Writes the ratio and the cumulative value of each component; returns the total.
///
/// # Errors
/// Outputs of another length than the totals, components with different numbers of batches
/// ([`Error::MixedTotals`]). Nothing was written then.
pub fn values(totals: &[Totals], ratios: &mut [f64], cumulative: &mut [f64]) -> Result<Value, Error> {
    values_to(totals, Places::of(ratios), Places::of(cumulative))
}

/// [`values`], to memory that may be uninitialised.
#[inline(never)]
pub(crate) fn values_to(
    totals: &[Totals],
    mut ratios: Places<f64>,
    mut cumulative: Places<f64>,
) -> Result<Value, Error> {
    Pixels::check_lengths(totals.len(), &[Some(ratios.len()), Some(cumulative.len())])?;
    let batches = batches(totals)?;
    let mut sum = ExactSum::default();
    for (index, total) in totals.iter().enumerate() {
        sum.merge(&total.ratio);
        ratios.put(index, of(&total.ratio, batches).value);
        cumulative.put(index, of(&sum, batches).value);
    }
    Ok(total(totals, batches))
}

/// How many values [`metrics`] has.
pub fn metrics_count(components: usize) -> usize {
    components.saturating_mul(2).saturating_add(1)
}

/// The values under cuvis-ai's names.
///
/// # Errors
/// Components with different numbers of batches.
pub fn metrics(totals: &[Totals]) -> Result<impl Iterator<Item = Numbered>, Error> {
    let batches = batches(totals)?;
    let ratios = totals.iter().map(move |total| named("explained_variance_pc", of(&total.ratio, batches)));
    let mut sum = ExactSum::default();
    let cumulative = totals.iter().map(move |total| {
        sum.merge(&total.ratio);
        named("cumulative_variance_pc", of(&sum, batches))
    });
    let all = named("total_explained_variance", total(totals, batches));
    let numbered = |(index, metric)| Numbered { metric, number: Some(index + 1) };
    let all = core::iter::once(Numbered { metric: all, number: None });
    Ok(ratios.enumerate().map(numbered).chain(all).chain(cumulative.enumerate().map(numbered)))
}

fn named(name: &'static str, Value { value, notices }: Value) -> Metric {
    Metric { name, value, notices }
}

/// How many batches every component has seen.
fn batches(totals: &[Totals]) -> Result<i64, Error> {
    totals.iter().try_for_each(|total| total.ratio.check(total.batches))?;
    let batches = totals.first().map_or(0, |first| first.batches);
    let mixed = totals.iter().any(|total| total.batches != batches);
    if mixed { Err(Error::MixedTotals) } else { Ok(batches) }
}

/// The mean of a sum.
fn of(sum: &ExactSum, batches: i64) -> Value {
    let not_finite = sum.non_finite() != 0;
    let notices = Notices::EMPTY.when(batches == 0) | Notices::NOT_FINITE.when(not_finite);
    Value { value: sum.quotient(batches), notices }
}

/// The mean of the sum of all components.
fn total(totals: &[Totals], batches: i64) -> Value {
    if totals.is_empty() {
        return Value { value: 0.0, notices: Notices::EMPTY };
    }
    let mut sum = ExactSum::default();
    totals.iter().for_each(|total| sum.merge(&total.ratio));
    of(&sum, batches)
}
