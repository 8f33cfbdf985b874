//! The updates with integers.

use crate::capi::binning::{self, hyla_binning};
use crate::capi::node::*;
use crate::metric::ranking::{Binning, Labels};

/// An update of the core with integers.
type Update<T> = fn(&Binning, &[T], &Labels, &mut [i64]) -> Result<(), Error>;

/// The inputs of an update with integers.
pub(super) struct Integers<T> {
    pub binning: *const hyla_binning,
    pub scores: *const T,
    pub targets: *const u8,
    pub valid: *const u8,
    pub n: usize,
}

impl<T> Integers<T> {
    #[inline(always)]
    pub(super) unsafe fn update(
        self,
        words: *mut i64,
        count: usize,
        update: Update<T>,
    ) -> Result<Notices, Error> {
        let n = self.n;
        // SAFETY: the contract.
        let (binning, [a, b]) = unsafe { binning::read(self.binning) }?;
        // SAFETY: the contract.
        let (scores, targets, valid) = unsafe {
            let scores = input(self.scores, n)?;
            (scores, optional_input(self.targets, n)?, optional_input(self.valid, n)?)
        };
        let labels = Labels { targets, valid };
        let arrays = [Span::of_slice(Some(scores)), Span::of_slice(targets), Span::of_slice(valid)];
        disjoint(&[Span::of(words, count)], &[&[a, b], &arrays])?;
        // SAFETY: the contract; the output overlaps nothing.
        update(&binning, scores, &labels, unsafe { changed(words, count) }?)?;
        Ok(Notices::NONE)
    }
}
