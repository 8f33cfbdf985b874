//! One list of errors and notices, with the numbers that the C interface returns.
//!
//! An **error** is a mistake in the arguments: nothing was written. A **notice** stands beside a
//! value that was written and says what is special about it. Bad data is never an error.

use core::ffi::CStr;
use core::ops::{BitOr, BitOrAssign};

/// The table of errors: what is told of each, its name in Rust, its number, its name in C (`_`: only Rust returns it),
/// the argument or field that the core means by it (its name in C; empty: one of several, or none), and its sentence.
/// `$make` is a macro that makes something of the rows. Numbers are never reused; the next one is -45, and the last
/// one that a status has room for is -255.
macro_rules! errors {
    ($make:ident) => {
        $make! {
            /// A pointer that must not be NULL is NULL.
            NullPointer = -1, HYLA_ERROR_NULL_POINTER, c"": c"A pointer that must not be NULL is NULL.";
            /// A pointer is not aligned for its type.
            Misaligned = -2, HYLA_ERROR_MISALIGNED, c"": c"A pointer is not aligned for its type.";
            /// A size overflows the address space.
            TooLarge = -3, HYLA_ERROR_TOO_LARGE, c"n": c"A size overflows the address space.";
            /// An output overlaps an input or another output.
            Overlap = -4, HYLA_ERROR_OVERLAP, c"": c"An output overlaps an input or another output.";
            /// `struct_size` is 0 (not initialised), ends within a field, or is implausibly large.
            StructSize = -5, HYLA_ERROR_STRUCT_SIZE, c"params":
                c"struct_size is 0 (not initialised) or ends within a field.";
            /// A struct of a newer version sets a field that this version does not know.
            UnknownField = -6, HYLA_ERROR_UNKNOWN_FIELD, c"params":
                c"A field that this version of hyla does not know is set.";
            /// A reserved field is not zero.
            Reserved = -7, HYLA_ERROR_RESERVED, c"": c"A reserved field is not zero.";
            /// Two inputs of one call differ in length (Rust only: in C there is one length).
            LengthMismatch = -8, _, c"": c"Two inputs of one call differ in length.";
            /// An input that the node needs was not given (Rust only: in C that is `NullPointer`).
            MissingInput = -9, _, c"": c"An input that the node needs was not given.";
            /// An input was given that the node cannot use.
            UnsupportedInput = -10, HYLA_ERROR_UNSUPPORTED_INPUT, c"soft_targets":
                c"An input was given that the node cannot use.";
            /// The reduction is none of `HYLA_REDUCTION_...`.
            UnknownReduction = -11, HYLA_ERROR_UNKNOWN_REDUCTION, c"reduction":
                c"The reduction is none of the known ones.";
            /// The write mode is neither `HYLA_STORE` nor `HYLA_ADD`.
            UnknownWrite = -12, HYLA_ERROR_UNKNOWN_WRITE, c"write": c"The write mode is none of the known ones.";
            /// The stage is not exactly one of the `HYLA_STAGE_...` bits.
            UnknownStage = -13, HYLA_ERROR_UNKNOWN_STAGE, c"stage": c"The stage is not exactly one of the known ones.";
            /// The tier is none of `HYLA_TIER_...`, or this machine lacks it.
            TierUnavailable = -14, HYLA_ERROR_TIER_UNAVAILABLE, c"tier":
                c"The tier is unknown, or this machine lacks it.";
            /// The weight of the loss is NaN or infinite.
            Weight = -15, HYLA_ERROR_WEIGHT, c"weight": c"The weight must be finite.";
            /// The weight of the positives is negative, NaN or infinite.
            PosWeight = -16, HYLA_ERROR_POS_WEIGHT, c"pos_weight":
                c"The weight of the positives must be finite and not negative.";
            /// The reduction gives a map, not one number.
            NoScalar = -17, HYLA_ERROR_NO_SCALAR, c"reduction": c"The reduction gives a map, not one number.";
            /// The totals hold terms that were made with other parameters, or are damaged.
            MixedTotals = -18, HYLA_ERROR_MIXED_TOTALS, c"totals":
                c"The totals hold terms that were made with other parameters, or are damaged.";
            /// The output has room for fewer items than there are; how many are always enough is said with the
            /// function.
            Capacity = -19, HYLA_ERROR_CAPACITY, c"capacity": c"The output has room for fewer items than there are.";
            /// The rows of the frame do not fit into its pixels, or overlap.
            FrameShape = -20, HYLA_ERROR_FRAME_SHAPE, c"rows":
                c"The rows of the frame do not fit into its pixels, or overlap.";
            /// The pixel stride is 0.
            PixelStride = -21, HYLA_ERROR_PIXEL_STRIDE, c"pixel_stride": c"The pixel stride must be at least 1.";
            /// There are fewer than two thresholds, or more than 4096.
            Thresholds = -22, HYLA_ERROR_THRESHOLDS, c"ap_thresholds": c"There must be 2 to 4096 thresholds.";
            /// A pixel stride above 1 needs whole frames: `hyla_detection_update_frame`.
            StrideNeedsFrame = -23, HYLA_ERROR_STRIDE_NEEDS_FRAME, c"pixel_stride":
                c"A pixel stride above 1 needs whole frames.";
            /// `nu` is not between 0 and 1 (both excluded).
            Nu = -24, HYLA_ERROR_NU, c"nu": c"nu must lie between 0 and 1, both excluded.";
            /// The unconstrained radius is NaN or infinite.
            Radius = -25, HYLA_ERROR_RADIUS, c"r_unconstrained": c"The unconstrained radius must be finite.";
            /// The smoothing term is negative, NaN or infinite.
            Smooth = -26, HYLA_ERROR_SMOOTH, c"smooth": c"The smoothing term must be finite and not negative.";
            /// `eps` is negative, NaN or infinite.
            Epsilon = -27, HYLA_ERROR_EPSILON, c"eps": c"eps must be finite and not negative.";
            /// The target of a regulariser is NaN or infinite.
            Target = -28, HYLA_ERROR_TARGET, c"target_entropy": c"The target must be finite.";
            /// The label smoothing is not in [0, 1].
            LabelSmoothing = -29, HYLA_ERROR_LABEL_SMOOTHING, c"label_smoothing":
                c"The label smoothing must lie in [0, 1].";
            /// The focusing exponent is negative, NaN or infinite.
            Gamma = -30, HYLA_ERROR_GAMMA, c"gamma": c"The focusing exponent must be finite and not negative.";
            /// A weight of one kind of mistake against another is negative, NaN or infinite.
            Balance = -31, HYLA_ERROR_BALANCE, c"params":
                c"The weights of false positives, false negatives and classes must be finite and not negative.";
            /// A class weight is negative, NaN or infinite.
            ClassWeight = -32, HYLA_ERROR_CLASS_WEIGHT, c"class_weights":
                c"Class weights must be finite and not negative.";
            /// The normalisation of scores is none of the known ones.
            UnknownNormalization = -33, HYLA_ERROR_UNKNOWN_NORMALIZATION, c"normalization":
                c"The normalisation of scores is none of the known ones.";
            /// An option of the parameters has none of its known values.
            UnknownOption = -34, HYLA_ERROR_UNKNOWN_OPTION, c"params":
                c"An option of the parameters has none of its known values.";
            /// The number of channels, classes or components is 0 or too large for the node, or does not fit another
            /// input.
            Channels = -35, HYLA_ERROR_CHANNELS, c"channels":
                c"The number of channels, classes or components does not suit the node or another input.";
            /// The strides let two items share one place, or overflow the address space.
            Strides = -36, HYLA_ERROR_STRIDES, c"": c"The strides let two items share one place.";
            /// A workspace, a table or words have fewer items than are needed. `..._workspace(...)` of the node says
            /// how many, of tables `hyla_binning_words`, of histograms `hyla_ranking_words`, of sets of labels
            /// `hyla_distinct_label_count_words`.
            Workspace = -37, HYLA_ERROR_WORKSPACE, c"workspace": c"The workspace, the table or the words are too few.";
            /// The range of the scores is needed and does not belong to the totals.
            RangeMissing = -38, HYLA_ERROR_RANGE_MISSING, c"range":
                c"The range of the scores is missing or is not that of the totals.";
            /// The binning is out of range: its number of bins, bits or thresholds, or its bounds.
            Binning = -39, HYLA_ERROR_BINNING, c"binning":
                c"The binning is out of range: its number of bins, bits or thresholds, or its bounds.";
            /// A share, rate or quantile is outside [0, 1], or a share of no pixel is asked for.
            Fraction = -40, HYLA_ERROR_FRACTION, c"fraction":
                c"A share, rate or quantile must lie in [0, 1], and a share of pixels above 0.";
            /// The words of the totals contradict each other: they were not zeroed, or are damaged.
            Totals = -41, HYLA_ERROR_TOTALS, c"totals": c"The totals are not zeroed, or damaged.";
            /// The type of the items is unknown, or not for this input.
            Dtype = -42, HYLA_ERROR_DTYPE, c"": c"The type of the items is unknown, or not for this input.";
            /// The scale of integers is NaN or infinite, or floats have a scale or a zero point.
            Scale = -43, HYLA_ERROR_SCALE, c"":
                c"A scale must be finite, and floats have neither scale nor zero point.";
            /// The level of saturation is NaN.
            Saturation = -44, HYLA_ERROR_SATURATION, c"saturation": c"The level of saturation must be a number.";
        }
    };
}

/// The table of notices, in the shape of that of errors. The next bit is 2048.
macro_rules! notices {
    ($make:ident) => {
        $make! {
            /// No pixel counted: a mean is NaN, a sum or ratio 0.
            EMPTY = 1, HYLA_NOTICE_EMPTY: c"No pixel counted.";
            /// No pixel (or frame) has a positive target: recall is 0/0 and reported as 0.
            NO_POSITIVES = 2, HYLA_NOTICE_NO_POSITIVES: c"No target is positive.";
            /// No pixel (or frame) has a negative target.
            NO_NEGATIVES = 4, HYLA_NOTICE_NO_NEGATIVES: c"No target is negative.";
            /// A NaN or an infinity is among the terms, and decides the value by the rules of IEEE 754.
            NOT_FINITE = 8, HYLA_NOTICE_NOT_FINITE: c"A NaN or an infinity is among the terms.";
            /// The value is a limit or a convention, because its formula has none here.
            DEGENERATE = 16, HYLA_NOTICE_DEGENERATE: c"The value is a limit or a convention.";
            /// Bad data (such as a negative pixel weight) was found; these pixels acted as masked.
            REJECTED = 32, HYLA_NOTICE_REJECTED: c"Pixels with bad data were treated as masked.";
            /// No pixel (or frame) was decided positive: precision is 0/0 and reported as 0.
            NO_DECISIONS = 64, HYLA_NOTICE_NO_DECISIONS: c"No decision is positive.";
            /// Cosines are exactly 0: cuvis-ai leaves these pairs out of the mean, which has another value.
            ZERO_PAIRS = 128, HYLA_NOTICE_ZERO_PAIRS: c"Pairs whose cosine is exactly 0 were counted.";
            /// The bounds of a value are further apart than is of use; the report has them.
            COARSE = 256, HYLA_NOTICE_COARSE: c"The bounds of a value are far apart.";
            /// Not everything fitted into the memory of the caller: a count is a lower bound.
            INCOMPLETE = 512, HYLA_NOTICE_INCOMPLETE: c"Not everything fitted: the count is a lower bound.";
            /// No score reaches the threshold: a monitor with it raises no alarm.
            UNREACHED = 1024, HYLA_NOTICE_UNREACHED: c"No score reaches the threshold.";
        }
    };
}

#[cfg(feature = "capi")]
pub(crate) use {errors, notices};

macro_rules! error {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $c:tt, $subject:literal: $sentence:literal;)*) => {
        /// A mistake in the arguments of a call; nothing was changed. Numbers are never reused. -1 to -7 are about what
        /// C hands over, -8 and -9 about what only Rust can: in C there is one length, and a missing input is a NULL.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(i32)]
        #[non_exhaustive]
        pub enum Error {
            $($(#[$doc])* $name = $number,)*
        }

        impl Error {
            /// Every error, in the order of the numbers.
            pub const ALL: [Self; [$($number),*].len()] = [$(Self::$name),*];

            /// The sentence as C reads it.
            pub(crate) fn c_message(self) -> &'static CStr {
                match self {
                    $(Self::$name => $sentence,)*
                }
            }

            /// What the core means: the name of an argument or a field in C.
            #[cfg(feature = "capi")]
            pub(crate) fn c_subject(self) -> &'static CStr {
                match self {
                    $(Self::$name => $subject,)*
                }
            }
        }
    };
}

errors!(error);

impl Error {
    /// The number that the C interface returns.
    pub fn number(self) -> i32 {
        self as i32
    }

    /// An English sentence.
    pub fn message(self) -> &'static str {
        self.c_message().to_str().unwrap_or_default()
    }
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

macro_rules! notice {
    ($($(#[$doc:meta])* $name:ident = $bit:literal, $c:tt: $sentence:literal;)*) => {
        impl Notices {
            /// Nothing is special.
            pub const NONE: Self = Self(0);
            $($(#[$doc])* pub const $name: Self = Self($bit);)*

            /// Every single notice, in the order of the bits.
            pub const ALL: [Self; [$($bit),*].len()] = [$(Self::$name),*];

            /// The sentence as C reads it.
            pub(crate) fn c_message(self) -> &'static CStr {
                match Self::ALL.into_iter().find(|notice| self.contains(*notice)) {
                    $(Some(Self::$name) => $sentence,)*
                    _ => c"Nothing is special.",
                }
            }
        }
    };
}

notices!(notice);

impl Notices {
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

    /// The lowest of them; none of none.
    #[cfg(feature = "capi")]
    pub(crate) fn lowest(self) -> Self {
        Self(self.0 & self.0.wrapping_neg())
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
}

/// Nothing to tell.
impl From<()> for Notices {
    fn from((): ()) -> Self {
        Self::NONE
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
