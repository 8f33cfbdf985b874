//! From sums to soft counts, to the miss, to the loss and its slopes: numbers of a whole batch.

use super::kernels::Slopes;
use super::{EmptyTarget, Formula, Normalization, Settings, Totals};
use crate::error::{Error, Notices};
use crate::loss::fingerprint;
use crate::metric::range::Range;

impl Totals {
    /// Whether a term was not finite.
    fn non_finite(&self) -> bool {
        [&self.intersection, &self.predictions, &self.targets, &self.weights]
            .iter()
            .any(|sum| sum.non_finite() != 0)
    }

    /// The soft counts.
    #[inline(never)]
    pub(super) fn counts(
        &self,
        settings: &Settings,
        range: Option<&Range>,
    ) -> Result<Counts, Error> {
        let hash = fingerprint(&[settings.normalization as u32]);
        if self.fingerprint != hash.wrapping_mul(self.pixels) {
            return Err(Error::MixedTotals);
        }
        let both = self.intersection.value();
        let others = self.predictions.minus(&self.intersection).value();
        let mut counts = Counts {
            settings: *settings,
            true_positives: both,
            false_positives: others,
            false_negatives: self.targets.minus(&self.intersection).value(),
            true_negatives: 0.0,
            spread: None,
            finite: !self.non_finite(),
            constant: false,
            no_positives: self.targets.value() == 0.0,
            notices: Notices::EMPTY.when(self.pixels == 0)
                | Notices::REJECTED.when(self.rejected != 0),
        };
        if settings.normalization == Normalization::MinMax {
            let range = range.filter(|range| range.count.wrapping_add(range.nan) == self.pixels);
            let range = range.ok_or(Error::RangeMissing)?;
            counts.scale(range, self);
        }
        Ok(counts)
    }
}

/// Soft counts of a batch.
pub(super) struct Counts {
    pub settings: Settings,
    true_positives: f64,
    false_positives: f64,
    false_negatives: f64,
    /// For the slopes of min-max alone.
    true_negatives: f64,
    spread: Option<Spread>,
    /// No NaN or infinity decides the counts.
    finite: bool,
    /// All scores are equal under min-max.
    constant: bool,
    no_positives: bool,
    notices: Notices,
}

/// The range of scores that min-max divides by.
#[derive(Clone, Copy)]
struct Spread {
    least: f64,
    greatest: f64,
    least_count: f64,
    greatest_count: f64,
    /// R.
    width: f64,
}

impl Counts {
    /// From sums that are linear in the scores to counts.
    pub fn scale(&mut self, range: &Range, totals: &Totals) {
        let (least, greatest) = (range.min(), range.max());
        let (targets, weights) = (totals.targets.value(), totals.weights.value());
        let others = totals.weights.minus(&totals.targets).value();
        if range.nan != 0 || (range.count != 0 && !(least.is_finite() && greatest.is_finite())) {
            self.finite = false;
        }
        self.constant = least == greatest;
        if range.count == 0 || self.constant {
            // Every prediction is 1/2. (Of nothing all sums are 0.)
            self.true_positives = targets / 2.0;
            self.false_negatives = targets / 2.0;
            self.false_positives = (weights - targets) / 2.0;
            return;
        }
        let smooth = f64::from(self.settings.smooth);
        let width = greatest - least + smooth;
        let (sum, sum_of_others) = (self.true_positives, self.false_positives);
        // Roundings may leave a difference just below 0. The smoothing comes last: beside scores far
        // from 0 it would lose its digits.
        let share = |difference: f64, smoothing: f64| {
            let difference = if difference < 0.0 { 0.0 } else { difference };
            (difference + smoothing) / width
        };
        self.true_positives = share(sum - least * targets, 0.0);
        self.false_positives = share(sum_of_others - least * others, 0.0);
        self.false_negatives = share(greatest * targets - sum, smooth * targets);
        self.true_negatives = share(greatest * others - sum_of_others, smooth * others);
        self.spread = Some(Spread {
            least,
            greatest,
            least_count: range.least_count as f64,
            greatest_count: range.greatest_count as f64,
            width,
        });
    }

    fn smooth(&self) -> f64 {
        f64::from(self.settings.smooth)
    }

    /// E.
    fn missed(&self) -> f64 {
        f64::from(self.settings.false_positives) * self.false_positives
            + f64::from(self.settings.false_negatives) * self.false_negatives
    }

    /// D.
    fn denominator(&self) -> f64 {
        self.true_positives + self.missed() + self.smooth()
    }

    /// r; NaN where a term is not finite, 0 where the ratio is 0/0.
    fn miss(&self) -> f64 {
        let denominator = self.denominator();
        if !self.finite {
            f64::NAN
        } else if denominator == 0.0 {
            0.0
        } else {
            self.missed() / denominator
        }
    }

    pub fn value(&self, params: &dyn Formula) -> f64 {
        let by_option = self.no_positives && self.settings.empty_target != EmptyTarget::One;
        if self.finite && by_option { 0.0 } else { params.value(self.miss()) }
    }

    /// The derivative of the loss by the miss. Where that is infinite the loss is at its minimum: 0.
    pub fn slope(&self, params: &dyn Formula) -> f64 {
        params.slope(self.miss()).unwrap_or(0.0)
    }

    pub fn notices(&self, params: &dyn Formula) -> Notices {
        let empty = self.notices.contains(Notices::EMPTY);
        let zero_by_zero = self.denominator() == 0.0;
        let by_option = self.no_positives && self.settings.empty_target != EmptyTarget::One;
        let kink = self.finite && params.slope(self.miss()).is_none();
        let degenerate = self.finite && (zero_by_zero || self.constant || by_option || kink);
        self.notices
            | Notices::NO_POSITIVES.when(self.no_positives && !empty)
            | Notices::NOT_FINITE.when(!self.finite)
            | Notices::DEGENERATE.when(degenerate && !empty)
    }

    /// The derivative of the loss by the scores, as numbers for the kernel. `scale` is the derivative
    /// of the loss by the miss, and the upstream factor.
    #[inline(never)]
    pub fn slopes(&self, scale: f64) -> Slopes {
        let Settings { normalization, boundary, empty_target, .. } = self.settings;
        let none = Slopes { normalization, boundary, ..Slopes::default() };
        let skipped = self.no_positives && empty_target == EmptyTarget::Skip;
        let denominator = self.denominator();
        if self.finite && (skipped || self.constant || denominator == 0.0) {
            return none;
        }
        let (a, b) = (self.settings.false_positives, self.settings.false_negatives);
        let found = self.true_positives + self.smooth();
        // Divided twice: the square might overflow or vanish.
        let over = |numerator: f64| numerator / denominator / denominator * scale;
        let of_positive = -over(f64::from(b) * found + self.missed());
        let of_negative = over(f64::from(a) * found);
        let poison = if self.finite { 0.0 } else { f64::NAN };
        let (of_positive, of_negative) = (of_positive + poison, of_negative + poison);
        let Some(spread) = self.spread else {
            return Slopes { positive: of_positive as f32, negative: of_negative as f32, ..none };
        };
        let Spread { least, greatest, least_count, greatest_count, width } = spread;
        let by_least = of_positive * self.false_negatives + of_negative * self.true_negatives;
        let by_greatest = of_positive * self.true_positives + of_negative * self.false_positives;
        Slopes {
            positive: (of_positive / width) as f32,
            negative: (of_negative / width) as f32,
            least: least as f32,
            greatest: greatest as f32,
            share_of_least: -(by_least / width / least_count) as f32,
            share_of_greatest: -(by_greatest / width / greatest_count) as f32,
            ..none
        }
    }
}
