//! How terms become a loss: what all losses share that are a sum or a mean of terms.

use crate::error::{Error, Notices};
use crate::exact::ExactSum;
use crate::input::Tally;
use crate::node::fingerprint::same_parameters;

/// How the losses of the pixels become the loss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Reduction {
    /// The sum over the pixels that count, divided by their number N (PyTorch's `mean`, with
    /// pixel weights too).
    #[default]
    Mean = 0,
    /// The sum over the pixels that count.
    Sum = 1,
    /// No reduction: the loss is the map. `loss` has no number to give; `gradient` gives the
    /// derivative of each entry of the map by its own score.
    None = 2,
    /// The sum divided by the sum of the pixel weights (each 1 without weights).
    WeightedMean = 3,
}

impl Reduction {
    /// The reduction of a number of the C interface.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::Mean, Self::Sum, Self::None, Self::WeightedMean]
            .into_iter()
            .find(|reduction| *reduction as u32 == number)
    }
}

/// Exact sums over terms; all zero is empty. Adding the words of two of them merges them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Sums {
    /// The sum of the terms.
    pub loss: ExactSum,
    /// The sum of the weights of the terms that count.
    pub weights: ExactSum,
    /// How many terms count.
    pub term_count: i64,
    /// How many pixels were valid but had bad data and were treated as masked.
    pub rejected: i64,
    /// The sum of the parameters' hash over `term_count`.
    pub fingerprint: i64,
}

impl Sums {
    /// Adds other sums. The words are canonical afterwards.
    pub fn merge(&mut self, other: &Self) {
        self.loss.merge(&other.loss);
        self.weights.merge(&other.weights);
        self.term_count = self.term_count.wrapping_add(other.term_count);
        self.rejected = self.rejected.wrapping_add(other.rejected);
        self.fingerprint = self.fingerprint.wrapping_add(other.fingerprint);
    }

    /// Makes the words canonical after they were added elsewhere.
    pub fn normalize(&mut self) {
        self.loss.normalize();
        self.weights.normalize();
    }

    /// Counts pixels whose terms are added under the parameters of this hash.
    #[inline(never)]
    pub(crate) fn count(&mut self, hash: i64, Tally { pixels, rejected }: Tally) {
        self.term_count = self.term_count.wrapping_add(pixels);
        self.rejected = self.rejected.wrapping_add(rejected);
        self.fingerprint = self.fingerprint.wrapping_add(hash.wrapping_mul(pixels));
    }

    /// Checks that the words can be, and that all terms were made with the parameters of this hash.
    fn check(&self, hash: i64) -> Result<(), Error> {
        if self.rejected < 0 {
            return Err(Error::Totals);
        }
        self.loss.check(self.term_count)?;
        self.weights.check_not_negative(self.term_count)?;
        same_parameters(hash, self.term_count, self.fingerprint)
    }

    /// The loss. The mean of no term is NaN, the sum 0, both with `EMPTY`; a weighted mean of weights
    /// that are all 0 is NaN with `DEGENERATE`.
    #[inline(never)]
    pub(crate) fn value(&self, reduction: Reduction) -> Result<f64, Error> {
        match reduction {
            Reduction::Mean => Ok(self.loss.quotient(self.term_count)),
            Reduction::Sum => Ok(self.loss.value()),
            Reduction::WeightedMean => Ok(self.loss.value() / self.weights.value()),
            Reduction::None => Err(Error::NoScalar),
        }
    }

    /// The derivative of the loss by a term, times `upstream`; 0 where the loss is the mean of nothing.
    pub(crate) fn slope(&self, reduction: Reduction, upstream: f64) -> f64 {
        let divisor = match reduction {
            Reduction::Mean => self.term_count as f64,
            Reduction::WeightedMean => self.weights.value(),
            Reduction::Sum | Reduction::None => 1.0,
        };
        if divisor > 0.0 { upstream / divisor } else { 0.0 }
    }

    /// What is special about the sums. It is an error if the words cannot be, or if terms were made with other
    /// parameters than those of this hash.
    #[inline(never)]
    pub(crate) fn notices(&self, hash: i64, reduction: Reduction) -> Result<Notices, Error> {
        self.check(hash)?;
        let empty = self.term_count == 0;
        let by_weights = reduction == Reduction::WeightedMean;
        let divisor = if by_weights { self.weights.value() } else { 1.0 };
        Ok(Notices::EMPTY.when(empty)
            | Notices::DEGENERATE.when(divisor == 0.0 && !empty)
            | Notices::NOT_FINITE.when(self.loss.non_finite() != 0 || !divisor.is_finite())
            | Notices::REJECTED.when(self.rejected != 0))
    }
}
