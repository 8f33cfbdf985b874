//! Pixels of one value each.

use super::Used;
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

    /// Which inputs are given. Scores are there in any case.
    #[inline(always)]
    pub(super) fn given(&self) -> Used {
        Used::SCORES
            | Used::TARGETS.when(self.targets.is_some())
            | Used::DECISIONS.when(self.decisions.is_some())
            | Used::VALID.when(self.valid.is_some())
            | Used::WEIGHTS.when(self.weights.is_some())
            | Used::SOFT_TARGETS.when(self.soft_targets.is_some())
    }

    /// Those of the inputs that are used.
    #[inline(always)]
    pub(super) fn only(&self, used: Used) -> Self {
        let bytes = |bytes: Option<&'a [u8]>, used_as| bytes.filter(|_| used.has(used_as));
        let floats = |floats: Option<&'a [f32]>, used_as| floats.filter(|_| used.has(used_as));
        Self {
            scores: if used.has(Used::SCORES) { self.scores } else { &[] },
            targets: bytes(self.targets, Used::TARGETS),
            decisions: bytes(self.decisions, Used::DECISIONS),
            valid: bytes(self.valid, Used::VALID),
            weights: floats(self.weights, Used::WEIGHTS),
            soft_targets: floats(self.soft_targets, Used::SOFT_TARGETS),
        }
    }

    /// How many pixels there are: as many as the first input that is used has items.
    #[inline(always)]
    pub(super) fn count(&self, used: Used) -> usize {
        if used.has(Used::SCORES) {
            return self.scores.len();
        }
        let bytes = if used.has(Used::DECISIONS) { self.decisions } else { self.targets };
        bytes.map_or(0, <[u8]>::len)
    }

    /// Inputs that are used have as many items.
    pub(super) fn check(&self, used: Used) -> Result<(), Error> {
        let length = self.count(used);
        let used = self.only(used);
        let bytes = [used.targets, used.decisions, used.valid].map(|bytes| bytes.map(<[u8]>::len));
        let floats = [used.weights, used.soft_targets].map(|floats| floats.map(<[f32]>::len));
        Self::check_lengths(length, &bytes)?;
        Self::check_lengths(length, &floats).map(|_| ())
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
}
