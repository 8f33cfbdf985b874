//! One list of errors and notices, with the numbers that the C interface returns.
//!
//! An **error** is a mistake in the arguments: nothing was written. A **notice** stands beside a
//! value that was written and says what is special about it. Bad data is never an error.

use core::ffi::CStr;
use core::ops::{BitOr, BitOrAssign};

/// A mistake in the arguments of a call; nothing was changed. Numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
#[non_exhaustive]
pub enum Error {
    /// A pointer that must not be NULL is NULL (C only).
    NullPointer = -1,
    /// A pointer is not aligned for its type (C only).
    Misaligned = -2,
    /// A size overflows the address space (C only).
    TooLarge = -3,
    /// An output overlaps an input or another output (C only).
    Overlap = -4,
    /// `struct_size` is 0 (not initialised) or ends within a field (C only).
    StructSize = -5,
    /// A struct of a newer version sets a field that this version does not know (C only).
    UnknownField = -6,
    /// A reserved field is not zero (C only).
    Reserved = -7,
    /// Two inputs of one call differ in length (Rust only: in C there is one length).
    LengthMismatch = -8,
    /// An input that the node needs was not given (Rust only: in C that is `NullPointer`).
    MissingInput = -9,
    /// An input was given that the node cannot use.
    UnsupportedInput = -10,
    /// The reduction is none of the known ones.
    UnknownReduction = -11,
    /// The write mode is none of the known ones.
    UnknownWrite = -12,
    /// The stage is not exactly one of the known ones.
    UnknownStage = -13,
    /// The tier is none of the known ones, or this machine lacks it.
    TierUnavailable = -14,
    /// The weight of the loss is NaN or infinite.
    Weight = -15,
    /// The weight of the positives is negative, NaN or infinite.
    PosWeight = -16,
    /// The reduction gives a map, not one number.
    NoScalar = -17,
    /// The totals hold terms that were made with other parameters, or are damaged.
    MixedTotals = -18,
    /// The output has room for fewer items than there are.
    Capacity = -19,
    /// The rows of the frame do not fit into its pixels, or overlap.
    FrameShape = -20,
    /// The pixel stride is 0.
    PixelStride = -21,
    /// There are fewer than two thresholds, or more than 4096.
    Thresholds = -22,
    /// A pixel stride above 1 needs whole frames.
    StrideNeedsFrame = -23,
    /// `nu` is not between 0 and 1 (both excluded).
    Nu = -24,
    /// The unconstrained radius is NaN or infinite.
    Radius = -25,
    /// The smoothing term is negative, NaN or infinite.
    Smooth = -26,
    /// `eps` is negative, NaN or infinite.
    Epsilon = -27,
    /// The target of a regulariser is NaN or infinite.
    Target = -28,
    /// The label smoothing is not in [0, 1].
    LabelSmoothing = -29,
    /// The focusing exponent is negative, NaN or infinite.
    Gamma = -30,
    /// A weight of one kind of mistake against another is negative, NaN or infinite.
    Balance = -31,
    /// A class weight is negative, NaN or infinite.
    ClassWeight = -32,
    /// The normalisation of scores is none of the known ones.
    UnknownNormalization = -33,
    /// An option of the parameters has none of its known values.
    UnknownOption = -34,
    /// The number of channels, classes or components is 0 or too large for the node, or does not fit another input.
    Channels = -35,
    /// The strides let two items share one place, or overflow the address space.
    Strides = -36,
    /// The workspace is too small.
    Workspace = -37,
    /// The range of the scores is needed and does not belong to the totals.
    RangeMissing = -38,
    /// The binning is out of range.
    Binning = -39,
    /// The fraction is not above 0 and at most 1.
    Fraction = -40,
    /// The words of the totals contradict each other: they were not zeroed, or are damaged.
    Totals = -41,
    // next: -42
}

impl Error {
    /// The number that the C interface returns.
    pub fn number(self) -> i32 {
        self as i32
    }

    /// An English sentence.
    pub fn message(self) -> &'static str {
        self.c_message().to_str().unwrap_or_default()
    }

    /// The sentence as C reads it.
    pub(crate) fn c_message(self) -> &'static CStr {
        match self {
            Self::NullPointer => c"A pointer that must not be NULL is NULL.",
            Self::Misaligned => c"A pointer is not aligned for its type.",
            Self::TooLarge => c"A size overflows the address space.",
            Self::Overlap => c"An output overlaps an input or another output.",
            Self::StructSize => c"struct_size is 0 (not initialised) or ends within a field.",
            Self::UnknownField => c"A field that this version of hyla does not know is set.",
            Self::Reserved => c"A reserved field is not zero.",
            Self::LengthMismatch => c"Two inputs of one call differ in length.",
            Self::MissingInput => c"An input that the node needs was not given.",
            Self::UnsupportedInput => c"An input was given that the node cannot use.",
            Self::UnknownReduction => c"The reduction is none of the known ones.",
            Self::UnknownWrite => c"The write mode is none of the known ones.",
            Self::UnknownStage => c"The stage is not exactly one of the known ones.",
            Self::TierUnavailable => c"The tier is unknown, or this machine lacks it.",
            Self::Weight => c"The weight must be finite.",
            Self::PosWeight => c"The weight of the positives must be finite and not negative.",
            Self::NoScalar => c"The reduction gives a map, not one number.",
            Self::MixedTotals => c"The totals hold terms that were made with other parameters, or are damaged.",
            Self::Capacity => c"The output has room for fewer items than there are.",
            Self::FrameShape => c"The rows of the frame do not fit into its pixels, or overlap.",
            Self::PixelStride => c"The pixel stride must be at least 1.",
            Self::Thresholds => c"There must be 2 to 4096 thresholds.",
            Self::StrideNeedsFrame => c"A pixel stride above 1 needs whole frames.",
            Self::Nu => c"nu must lie between 0 and 1, both excluded.",
            Self::Radius => c"The unconstrained radius must be finite.",
            Self::Smooth => c"The smoothing term must be finite and not negative.",
            Self::Epsilon => c"eps must be finite and not negative.",
            Self::Target => c"The target must be finite.",
            Self::LabelSmoothing => c"The label smoothing must lie in [0, 1].",
            Self::Gamma => c"The focusing exponent must be finite and not negative.",
            Self::Balance => c"The weights of false positives, false negatives and classes must be finite and not negative.",
            Self::ClassWeight => c"Class weights must be finite and not negative.",
            Self::UnknownNormalization => c"The normalisation of scores is none of the known ones.",
            Self::UnknownOption => c"An option of the parameters has none of its known values.",
            Self::Channels => c"The number of channels, classes or components does not suit the node or another input.",
            Self::Strides => c"The strides let two items share one place.",
            Self::Workspace => c"The workspace is too small.",
            Self::Binning => c"The binning is out of range: its number of bins, bits or thresholds, or its bounds.",
            Self::Fraction => c"The fraction must be above 0 and at most 1.",
            Self::Totals => c"The totals are not zeroed, or damaged.",
            Self::RangeMissing => c"The range of the scores is missing or is not that of the totals.",
        }
    }

    /// Every error, in the order of the numbers.
    pub const ALL: [Self; 41] = [
        Self::NullPointer,
        Self::Misaligned,
        Self::TooLarge,
        Self::Overlap,
        Self::StructSize,
        Self::UnknownField,
        Self::Reserved,
        Self::LengthMismatch,
        Self::MissingInput,
        Self::UnsupportedInput,
        Self::UnknownReduction,
        Self::UnknownWrite,
        Self::UnknownStage,
        Self::TierUnavailable,
        Self::Weight,
        Self::PosWeight,
        Self::NoScalar,
        Self::MixedTotals,
        Self::Capacity,
        Self::FrameShape,
        Self::PixelStride,
        Self::Thresholds,
        Self::StrideNeedsFrame,
        Self::Nu,
        Self::Radius,
        Self::Smooth,
        Self::Epsilon,
        Self::Target,
        Self::LabelSmoothing,
        Self::Gamma,
        Self::Balance,
        Self::ClassWeight,
        Self::UnknownNormalization,
        Self::UnknownOption,
        Self::Channels,
        Self::Strides,
        Self::Workspace,
        Self::RangeMissing,
        Self::Binning,
        Self::Fraction,
        Self::Totals,
    ];
}

impl core::fmt::Display for Error {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(self.message())
    }
}

impl core::error::Error for Error {}

/// Bits that say what is special about a value that was written. No bit: nothing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notices(u32);

impl Notices {
    /// Nothing is special.
    pub const NONE: Self = Self(0);
    /// No pixel counted: a mean is NaN, a sum or ratio 0.
    pub const EMPTY: Self = Self(1);
    /// No pixel (or frame) has a positive target: recall is 0/0 and reported as 0.
    pub const NO_POSITIVES: Self = Self(1 << 1);
    /// No pixel (or frame) has a negative target.
    pub const NO_NEGATIVES: Self = Self(1 << 2);
    /// A NaN or an infinity is among the terms, and decides the value by the rules of IEEE 754.
    pub const NOT_FINITE: Self = Self(1 << 3);
    /// The value is a limit or a convention, because its formula has none here.
    pub const DEGENERATE: Self = Self(1 << 4);
    /// Bad data (such as a negative pixel weight) was found; these pixels acted as masked.
    pub const REJECTED: Self = Self(1 << 5);
    /// No pixel (or frame) was decided positive: precision is 0/0 and reported as 0.
    pub const NO_DECISIONS: Self = Self(1 << 6);
    /// Cosines are exactly 0: cuvis-ai leaves these pairs out of the mean, which has another value.
    pub const ZERO_PAIRS: Self = Self(1 << 7);
    /// The bounds of a value are further apart than is of use; the report has them.
    pub const COARSE: Self = Self(1 << 8);
    /// Not everything fitted into the memory of the caller: a count is a lower bound.
    pub const INCOMPLETE: Self = Self(1 << 9);
    // next: 1 << 10

    /// Every single notice, in the order of the bits.
    pub const ALL: [Self; 10] = [
        Self::EMPTY,
        Self::NO_POSITIVES,
        Self::NO_NEGATIVES,
        Self::NOT_FINITE,
        Self::DEGENERATE,
        Self::REJECTED,
        Self::NO_DECISIONS,
        Self::ZERO_PAIRS,
        Self::COARSE,
        Self::INCOMPLETE,
    ];

    /// The notices of these bits; others are dropped.
    pub fn from_bits(bits: u32) -> Self {
        let known = Self::ALL.into_iter().fold(0, |known, notice| known | notice.0);
        Self(bits & known)
    }

    /// The bits.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// Whether all bits of `other` are set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The notices but these.
    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The notices if the condition holds, else none.
    pub(crate) fn when(self, condition: bool) -> Self {
        if condition { self } else { Self::NONE }
    }

    /// An English sentence about the lowest bit that is set.
    pub fn message(self) -> &'static str {
        self.c_message().to_str().unwrap_or_default()
    }

    /// The sentence as C reads it.
    pub(crate) fn c_message(self) -> &'static CStr {
        match Self::ALL.into_iter().find(|notice| self.contains(*notice)) {
            Some(Self::EMPTY) => c"No pixel counted.",
            Some(Self::NO_POSITIVES) => c"No target is positive.",
            Some(Self::NO_NEGATIVES) => c"No target is negative.",
            Some(Self::NOT_FINITE) => c"A NaN or an infinity is among the terms.",
            Some(Self::DEGENERATE) => c"The value is a limit or a convention.",
            Some(Self::REJECTED) => c"Pixels with bad data were treated as masked.",
            Some(Self::NO_DECISIONS) => c"No decision is positive.",
            Some(Self::ZERO_PAIRS) => c"Pairs whose cosine is exactly 0 were counted.",
            Some(Self::COARSE) => c"The bounds of a value are far apart.",
            Some(Self::INCOMPLETE) => c"Not everything fitted: the count is a lower bound.",
            _ => c"Nothing is special.",
        }
    }
}

impl BitOr for Notices {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Notices {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// A number, and what is special about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    /// The number.
    pub value: f64,
    /// What is special about it.
    pub notices: Notices,
}
