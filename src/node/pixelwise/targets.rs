//! What a kernel knows of targets.

use super::Softening;

/// What is known of the targets of a call when its kernel is compiled.
pub trait Targets {
    /// Whether they may be soft.
    const SOFT: bool;
    /// How they are softened; None: they are hard.
    fn softening(&self) -> Option<Softening>;
}

/// Targets that are hard.
pub struct Hard;

impl Targets for Hard {
    const SOFT: bool = false;
    #[inline(always)]
    fn softening(&self) -> Option<Softening> {
        None
    }
}

impl Targets for Softening {
    const SOFT: bool = true;
    #[inline(always)]
    fn softening(&self) -> Option<Softening> {
        Some(*self)
    }
}

/// One kernel for both kinds: where code is scarcer than time.
impl Targets for Option<Softening> {
    const SOFT: bool = true;
    #[inline(always)]
    fn softening(&self) -> Option<Softening> {
        *self
    }
}
