//! Which inputs of pixels a call uses.

use core::ops::BitOr;

/// The inputs of pixels, a bit each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Used(u8);

impl Used {
    pub const NONE: Self = Self(0);
    pub const SCORES: Self = Self(1 << 0);
    pub const TARGETS: Self = Self(1 << 1);
    pub const DECISIONS: Self = Self(1 << 2);
    pub const VALID: Self = Self(1 << 3);
    pub const WEIGHTS: Self = Self(1 << 4);
    pub const SOFT_TARGETS: Self = Self(1 << 5);
    /// What a loss of labelled scores takes.
    pub const LABELLED: Self = Self(1 << 0 | 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5);

    /// These inputs, or none.
    #[inline(always)]
    pub const fn when(self, is_used: bool) -> Self {
        if is_used { self } else { Self::NONE }
    }

    /// Whether any of these is among them.
    #[inline(always)]
    pub const fn has(self, any: Self) -> bool {
        self.0 & any.0 != 0
    }

    /// Those that are among others, too.
    #[cfg(feature = "capi")]
    #[inline(always)]
    pub const fn among(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// Those that are not among others.
    #[inline(always)]
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }
}

impl BitOr for Used {
    type Output = Self;

    #[inline(always)]
    fn bitor(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }
}
