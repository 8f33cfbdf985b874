//! The numbers of the C interface are those of the core.

use crate::capi::status::*;
use crate::error::{Error, Notices};

#[test]
fn errors_have_the_numbers_of_the_core() {
    let numbers = [
        (HYLA_ERROR_NULL_POINTER, Error::NullPointer),
        (HYLA_ERROR_MISALIGNED, Error::Misaligned),
        (HYLA_ERROR_TOO_LARGE, Error::TooLarge),
        (HYLA_ERROR_OVERLAP, Error::Overlap),
        (HYLA_ERROR_STRUCT_SIZE, Error::StructSize),
        (HYLA_ERROR_UNKNOWN_FIELD, Error::UnknownField),
        (HYLA_ERROR_RESERVED, Error::Reserved),
        (HYLA_ERROR_UNSUPPORTED_INPUT, Error::UnsupportedInput),
        (HYLA_ERROR_UNKNOWN_REDUCTION, Error::UnknownReduction),
        (HYLA_ERROR_UNKNOWN_WRITE, Error::UnknownWrite),
        (HYLA_ERROR_UNKNOWN_STAGE, Error::UnknownStage),
        (HYLA_ERROR_TIER_UNAVAILABLE, Error::TierUnavailable),
        (HYLA_ERROR_WEIGHT, Error::Weight),
        (HYLA_ERROR_POS_WEIGHT, Error::PosWeight),
        (HYLA_ERROR_NO_SCALAR, Error::NoScalar),
        (HYLA_ERROR_MIXED_TOTALS, Error::MixedTotals),
        (HYLA_ERROR_CAPACITY, Error::Capacity),
        (HYLA_ERROR_FRAME_SHAPE, Error::FrameShape),
        (HYLA_ERROR_PIXEL_STRIDE, Error::PixelStride),
        (HYLA_ERROR_THRESHOLDS, Error::Thresholds),
        (HYLA_ERROR_STRIDE_NEEDS_FRAME, Error::StrideNeedsFrame),
        (HYLA_ERROR_NU, Error::Nu),
        (HYLA_ERROR_RADIUS, Error::Radius),
        (HYLA_ERROR_SMOOTH, Error::Smooth),
        (HYLA_ERROR_EPSILON, Error::Epsilon),
        (HYLA_ERROR_TARGET, Error::Target),
        (HYLA_ERROR_LABEL_SMOOTHING, Error::LabelSmoothing),
        (HYLA_ERROR_GAMMA, Error::Gamma),
        (HYLA_ERROR_BALANCE, Error::Balance),
        (HYLA_ERROR_CLASS_WEIGHT, Error::ClassWeight),
        (HYLA_ERROR_UNKNOWN_NORMALIZATION, Error::UnknownNormalization),
        (HYLA_ERROR_UNKNOWN_OPTION, Error::UnknownOption),
        (HYLA_ERROR_CHANNELS, Error::Channels),
        (HYLA_ERROR_STRIDES, Error::Strides),
        (HYLA_ERROR_WORKSPACE, Error::Workspace),
        (HYLA_ERROR_RANGE_MISSING, Error::RangeMissing),
        (HYLA_ERROR_FRACTION, Error::Fraction),
        (HYLA_ERROR_TOTALS, Error::Totals),
    ];
    for (number, error) in numbers {
        assert_eq!(number, error.number(), "{error:?}");
    }
    let mut all = Error::ALL.map(Error::number);
    all.sort_unstable();
    assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "numbers differ");
}

#[test]
fn notices_have_the_bits_of_the_core() {
    let bits = [
        (HYLA_NOTICE_EMPTY, Notices::EMPTY),
        (HYLA_NOTICE_NO_POSITIVES, Notices::NO_POSITIVES),
        (HYLA_NOTICE_NO_NEGATIVES, Notices::NO_NEGATIVES),
        (HYLA_NOTICE_NOT_FINITE, Notices::NOT_FINITE),
        (HYLA_NOTICE_DEGENERATE, Notices::DEGENERATE),
        (HYLA_NOTICE_REJECTED, Notices::REJECTED),
        (HYLA_NOTICE_NO_DECISIONS, Notices::NO_DECISIONS),
        (HYLA_NOTICE_ZERO_PAIRS, Notices::ZERO_PAIRS),
        (HYLA_NOTICE_COARSE, Notices::COARSE),
        (HYLA_NOTICE_INCOMPLETE, Notices::INCOMPLETE),
    ];
    assert_eq!(bits.len(), Notices::ALL.len());
    for (bit, notice) in bits {
        assert_eq!(bit as u32, notice.bits());
    }
    let mut messages = Notices::ALL.map(Notices::c_message).to_vec();
    messages.push(Notices::NONE.c_message());
    messages.sort_unstable();
    assert!(messages.windows(2).all(|pair| pair[0] != pair[1]), "messages differ");
}
