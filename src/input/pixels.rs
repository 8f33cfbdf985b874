//! Pixels of one value each.

use crate::error::Error;
use crate::simd::cut;

/// The inputs of a call. Slices that a node uses have the same length. Scores, targets and decisions that a node
/// does not need are ignored; weights and soft targets would change its numbers, so they are an error
/// ([`Error::UnsupportedInput`]) where it cannot use them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pixels<'a> {
    /// Scores, or logits: as the node says.
    pub scores: &'a [f32],
    /// Ground truth; not 0 is an anomaly.
    pub targets: Option<&'a [u8]>,
    /// Decisions; not 0 is an anomaly.
    pub decisions: Option<&'a [u8]>,
    /// Which pixels count; not 0 counts. None: all do.
    pub valid: Option<&'a [u8]>,
    /// Pixel weights, finite and not negative. None: all are 1.
    pub weights: Option<&'a [f32]>,
    /// Targets between 0 and 1, in the place of `targets`.
    pub soft_targets: Option<&'a [f32]>,
}

impl<'a> Pixels<'a> {
    /// Returns `length` if all other inputs that are given have as many items.
    pub(crate) fn check_lengths(length: usize, others: &[Option<usize>]) -> Result<usize, Error> {
        if others.iter().flatten().all(|other| *other == length) { Ok(length) } else { Err(Error::LengthMismatch) }
    }

    /// Checks that neither weights nor soft targets are given: for nodes that cannot use them.
    #[inline(never)]
    pub(crate) fn check_plain(&self) -> Result<(), Error> {
        match (self.weights, self.soft_targets) {
            (None, None) => Ok(()),
            _ => Err(Error::UnsupportedInput),
        }
    }

    /// Only scores and mask, for nodes that can use nothing else.
    pub(crate) fn plain_scores(&self) -> Result<Self, Error> {
        self.check_plain()?;
        Self::check_lengths(self.scores.len(), &[self.valid.map(<[u8]>::len)])?;
        Ok(Self { scores: self.scores, valid: self.valid, ..Self::default() })
    }

    /// The inputs of `count` pixels from `first` on, or of as many as there are.
    pub(crate) fn part(&self, first: usize, count: usize) -> Self {
        Self {
            scores: cut(self.scores, first, count),
            targets: self.targets.map(|targets| cut(targets, first, count)),
            decisions: self.decisions.map(|decisions| cut(decisions, first, count)),
            valid: self.valid.map(|valid| cut(valid, first, count)),
            weights: self.weights.map(|weights| cut(weights, first, count)),
            soft_targets: self.soft_targets.map(|targets| cut(targets, first, count)),
        }
    }

    /// Whether all pixels count with the weight 1, and no target is soft.
    #[inline(always)]
    pub(crate) fn are_alike(&self) -> bool {
        self.valid.is_none() && self.weights.is_none() && self.soft_targets.is_none()
    }

    /// Checks that one kind of targets is given, and that every input of labelled scores has as many items as there are
    /// scores.
    #[inline(never)]
    pub(crate) fn check_labelled(&self) -> Result<(), Error> {
        match (self.targets, self.soft_targets) {
            (None, None) => return Err(Error::MissingInput),
            (Some(_), Some(_)) => return Err(Error::UnsupportedInput),
            _ => {}
        }
        let targets = self.targets.map(<[u8]>::len);
        let soft_targets = self.soft_targets.map(<[f32]>::len);
        let valid = self.valid.map(<[u8]>::len);
        let weights = self.weights.map(<[f32]>::len);
        let given = [targets, soft_targets, valid, weights];
        Self::check_lengths(self.scores.len(), &given).map(|_| ())
    }
}
