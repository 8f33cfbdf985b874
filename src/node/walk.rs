//! The calls of a loss whose terms are added: what they check, count and write. It does not matter what the terms are
//! made of.
//!
//! | call | checks | counts | writes |
//! | --- | --- | --- | --- |
//! | [`update`] | inputs | terms | their sum |
//! | [`gradient`] | inputs, totals, length | | the gradient |
//! | [`loss_and_gradient`] | inputs, length, reduction | terms | sum and gradient |
//! | [`map`] | inputs, length | | the terms |
//!
//! The parameters of a loss say what it is ([`TermLoss`]). The inputs of a call say what it goes over ([`Walk`]): the
//! pixels of [`super::pixelwise`], or the cubes of [`super::cubewise`]. Everything is checked before anything is
//! written.

use super::reduction::{Reduction, Sums};
use crate::error::{Error, Notices, Value};
use crate::exact::ExactSum;
use crate::input::Tally;
use crate::simd::Output;

/// What a walk over pixels writes. Where an output is None, it is not wanted.
pub(crate) struct Outputs<'a, T = Sums> {
    /// The totals that the terms are added to. Their terms are counted already.
    pub totals: Option<&'a mut T>,
    /// A map of the terms.
    pub map: Option<Output<'a>>,
    pub gradient: Option<Gradient<'a>>,
}

/// Where the gradient is written.
pub(crate) struct Gradient<'a> {
    /// The derivative of the loss by a term, times `upstream`.
    pub slope: f64,
    pub to: Output<'a>,
}

/// A loss whose terms are added, by its parameters.
pub(crate) trait TermLoss {
    /// What the terms are added to.
    type Totals: TermTotals;

    /// The parameters are in range.
    fn check(&self) -> Result<(), Error>;
    /// How the terms become the loss.
    fn reduction(&self) -> Reduction;
    /// A hash of what the terms depend on.
    fn fingerprint(&self) -> i64;

    /// What is special about the totals. It is an error if their words cannot be, or if terms of other parameters are
    /// among them.
    fn notices(&self, totals: &Self::Totals) -> Result<Notices, Error> {
        totals.sums().notices(self.fingerprint(), self.reduction())
    }

    /// The loss.
    fn loss(&self, totals: &Self::Totals) -> Result<Value, Error> {
        self.check()?;
        let notices = self.notices(totals)?;
        let value = totals.sums().value(self.reduction())?;
        Ok(Value { value, notices })
    }
}

/// Sums of terms, and what a loss keeps beside them.
pub(crate) trait TermTotals: Default {
    fn sums(&self) -> &Sums;
    fn sums_mut(&mut self) -> &mut Sums;
    /// Adds other totals.
    fn merge(&mut self, other: &Self);
}

impl TermTotals for Sums {
    fn sums(&self) -> &Sums {
        self
    }

    fn sums_mut(&mut self) -> &mut Sums {
        self
    }

    fn merge(&mut self, other: &Self) {
        Sums::merge(self, other);
    }
}

/// The inputs of a call, which are checked, and the loss.
pub(crate) trait Walk {
    /// The loss.
    type Params: TermLoss;

    fn params(&self) -> &Self::Params;
    /// Whether there is no pixel.
    fn is_empty(&self) -> bool;
    /// Counts the terms, and adds their weights.
    fn tally(&self, weights: &mut ExactSum) -> Tally;
    /// Checks that a map of so many floats has the right length.
    fn check_map(&self, length: usize) -> Result<(), Error>;
    /// Checks that a gradient of so many floats has the right length.
    fn check_gradient(&self, length: usize) -> Result<(), Error>;
    /// Goes over the pixels, and writes what is wanted of them.
    fn walk(&self, outputs: Outputs<Totals<Self>>);
}

type Totals<W> = <<W as Walk>::Params as TermLoss>::Totals;

/// Adds the terms to totals.
pub(crate) fn update<W: Walk>(inputs: W, totals: &mut Totals<W>) {
    count(&inputs, totals);
    inputs.walk(Outputs { totals: Some(totals), map: None, gradient: None });
}

/// Counts the terms before they are added: their number decides the gradient.
fn count<W: Walk>(inputs: &W, totals: &mut Totals<W>) {
    let sums = totals.sums_mut();
    let tally = inputs.tally(&mut sums.weights);
    sums.count(inputs.params().fingerprint(), tally);
}

/// Writes the gradient, or adds it. The totals are those of the whole batch.
pub(crate) fn gradient<W: Walk>(inputs: W, totals: &Totals<W>, upstream: f64, to: Output) -> Result<Notices, Error> {
    let params = inputs.params();
    let notices = params.notices(totals)?;
    inputs.check_gradient(to.len())?;
    let slope = totals.sums().slope(params.reduction(), upstream);
    let gradient = Some(Gradient { slope, to });
    inputs.walk(Outputs { totals: None, map: None, gradient });
    Ok(notices)
}

/// The loss and the gradient of one batch, whose totals are added to `totals`.
pub(crate) fn loss_and_gradient<W: Walk>(
    inputs: W,
    upstream: f64,
    totals: Option<&mut Totals<W>>,
    to: Output,
) -> Result<Value, Error> {
    inputs.check_gradient(to.len())?;
    let params = inputs.params();
    if params.reduction() == Reduction::None {
        return Err(Error::NoScalar);
    }
    let mut batch = Totals::<W>::default();
    count(&inputs, &mut batch);
    let slope = batch.sums().slope(params.reduction(), upstream);
    let gradient = Some(Gradient { slope, to });
    inputs.walk(Outputs { totals: Some(&mut batch), map: None, gradient });
    if let Some(totals) = totals {
        totals.merge(&batch);
    }
    params.loss(&batch)
}

/// Writes the terms, whatever the reduction is.
pub(crate) fn map<W: Walk>(inputs: W, map: Output) -> Result<Notices, Error> {
    inputs.check_map(map.len())?;
    inputs.walk(Outputs { totals: None, map: Some(map), gradient: None });
    Ok(Notices::EMPTY.when(inputs.is_empty()))
}
