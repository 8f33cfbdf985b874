//! The inputs of all pixel functions.

use super::check::{self, Parameters, Span, Written, constant, parameters, unused};
#[cfg(feature = "conversions")]
use super::fault::About as _;
use super::fault::{Argument, Fault, subject};
use super::loss::Inputs;
use super::planes::{check_one_row, hyla_mask, hyla_plane};
#[cfg(feature = "conversions")]
use super::planes::{of_mask, of_plane, output_row_stride};
use crate::error::Error;
use crate::input::{Pixels, Source, Used};
#[cfg(feature = "conversions")]
use crate::input::{Plane, Planes, shape};
use crate::simd::Room;

/// The inputs of a call: planes and masks of `n` pixels. Which of them a function uses is said with it; what is not
/// used may be all zero. Scores, targets and decisions that a function does not need are ignored, so that one struct
/// serves several calls. Weights and soft targets would change its numbers: given to a function that cannot use them
/// they are an error (HYLA_ERROR_UNSUPPORTED_INPUT).
///
/// Inputs of any type are converted to float32, rounded at most once; the results are those of the converted values,
/// bit for bit. Inputs are only read and may overlap each other. Initialise with `{0}` (C) or `{}` (C++) and set
/// fields by name:
///
/// ```c
/// hyla_pixels pixels = {.scores = hyla_f32(logits), .targets = hyla_mask_u8(labels), .n = 640};
/// pixels.scores = hyla_plane_rows(hyla_plane_affine(hyla_u16(region), 1.0f / 4095.0f, 0), pitch);
/// pixels.targets = hyla_mask_ignore(hyla_mask_u8(labels), 255);
/// ```
///
/// One rule for all functions: where `valid` is 0, or a label is the one to be ignored, the pixel is as if it were not
/// there. It may be NaN, changes no total, and its gradient and map entry are exactly 0.
///
/// Errors of every function that takes pixels, beside those that it names: RESERVED; NULL_POINTER, MISALIGNED (also a
/// pitch that is not whole items), TOO_LARGE; DTYPE (0, unknown, or not for this input), SCALE (NaN or infinite, or a
/// scale or zero point of floats), STRIDES (of bits or packed pixels, `first_bit` above 7 or not of bits), FRAME_SHAPE
/// (`n` is no multiple of `rows`, a pitch is shorter than a row), UNSUPPORTED_INPUT (a label to be ignored in bits).
/// OVERLAP takes an input or output with a pitch as its whole span. A library that was built without the feature
/// `conversions` takes HYLA_F32 for numbers and HYLA_U8 or HYLA_BOOL for masks, side by side, in one row: all else is
/// DTYPE or UNSUPPORTED_INPUT. Converted inputs take up to 20 KiB of stack more.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_pixels {
    /// Scores or logits, as the function says: any numbers.
    pub scores: hyla_plane,
    /// Ground truth: true is an anomaly.
    pub targets: hyla_mask,
    /// Decisions: true is an anomaly.
    pub decisions: hyla_mask,
    /// Which pixels count. Not given: all do.
    pub valid: hyla_mask,
    /// Pixel weights: finite and not negative. Not given: all are 1. A pixel with another weight is counted as rejected
    /// and acts as masked.
    pub weights: hyla_plane,
    /// Targets between 0 and 1, for functions that say so, in the place of `targets`. A pixel with another one is
    /// counted as rejected and acts as masked.
    pub soft_targets: hyla_plane,
    /// How many pixels there are, in all rows; never more are touched. With 0 all `data` may be NULL.
    pub n: usize,
    /// In how many rows of `n / rows` pixels they lie, without a remainder (HYLA_ERROR_FRAME_SHAPE). 0: 1.
    pub rows: usize,
    /// Bytes from a row of an output (a gradient, a map) to the next: whole floats, at least a row. 0: no gap.
    pub output_pitch: usize,
    /// 0. Room for later inputs.
    pub reserved: [usize; 5],
}

/// Room for planes, beside what refers to them: so what holds slices is not copied with it.
#[cfg(feature = "conversions")]
pub(super) type PlanesRoom<'a> = Room<Planes<'a>>;
#[cfg(not(feature = "conversions"))]
pub(super) type PlanesRoom<'a> = Room<&'a ()>;

/// The inputs of a call, as they were taken.
pub(super) enum Taken<'a> {
    /// Slices of floats and bytes.
    Pixels(Pixels<'a>),
    /// Planes, in rows.
    #[cfg(feature = "conversions")]
    Planes(&'a Planes<'a>),
}

impl<'a> Taken<'a> {
    /// What the core takes.
    #[inline(always)]
    pub fn source(&self) -> Source<'_> {
        match self {
            Self::Pixels(pixels) => Source::Pixels(pixels),
            #[cfg(feature = "conversions")]
            Self::Planes(planes) => Source::Planes(planes),
        }
    }

    /// How many floats an output has, with the gaps between its rows.
    #[inline(always)]
    pub fn output(&self) -> Result<usize, Fault> {
        match self {
            Self::Pixels(pixels) => Ok(pixels.scores.len()),
            #[cfg(feature = "conversions")]
            Self::Planes(planes) => planes.output_span().of(subject!(output_pitch)),
        }
    }

    /// Where the inputs lie.
    fn spans(&self) -> [Span; 6] {
        match self {
            Self::Pixels(used) => [
                Span::of_slice(Some(used.scores)),
                Span::of_slice(used.targets),
                Span::of_slice(used.decisions),
                Span::of_slice(used.valid),
                Span::of_slice(used.weights),
                Span::of_slice(used.soft_targets),
            ],
            #[cfg(feature = "conversions")]
            Self::Planes(used) => [
                of_plane(&used.scores),
                of_mask(&used.targets),
                of_mask(&used.decisions),
                of_mask(&used.valid),
                of_plane(&used.weights),
                of_plane(&used.soft_targets),
            ],
        }
    }
}

impl hyla_pixels {
    /// Which inputs are given.
    #[inline(always)]
    fn given(&self) -> Used {
        Used::SCORES.when(!self.scores.data.is_null())
            | Used::TARGETS.when(!self.targets.data.is_null())
            | Used::DECISIONS.when(!self.decisions.data.is_null())
            | Used::VALID.when(!self.valid.data.is_null())
            | Used::WEIGHTS.when(!self.weights.data.is_null())
            | Used::SOFT_TARGETS.when(!self.soft_targets.data.is_null())
    }

    /// The inputs that a function needs, and those that it uses if they are given. Weights and soft targets that it
    /// does not use are an error: they would change what it says.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    unsafe fn take<'a>(&self, needed: Used, optional: Used, room: &'a mut PlanesRoom<'a>) -> Result<Taken<'a>, Fault> {
        let given = self.given();
        let unused = given.without(needed | optional);
        if unused.has(Used::WEIGHTS | Used::SOFT_TARGETS) {
            let subject = if unused.has(Used::WEIGHTS) { subject!(weights) } else { subject!(soft_targets) };
            return Err(Fault::new(Error::UnsupportedInput, subject));
        }
        let used = given.without(unused);
        // What is needed is there, if of no pixel.
        // SAFETY: the contract.
        match unsafe { self.slices(used | needed) } {
            #[cfg(feature = "conversions")]
            // SAFETY: the contract.
            Err(fault) if fault.is(Error::Dtype) || fault.is(Error::UnsupportedInput) => unsafe {
                self.planes(used, needed).map(|planes| Taken::Planes(room.put(planes)))
            },
            slices => slices.map(Taken::Pixels),
        }
    }

    /// The inputs as slices.
    ///
    /// # Errors
    /// They are not floats and bytes side by side ([`Error::Dtype`]), or lie in rows ([`Error::UnsupportedInput`]).
    #[inline(always)]
    unsafe fn slices<'a>(&self, used: Used) -> Result<Pixels<'a>, Fault> {
        check_one_row(self.rows, self.output_pitch)?;
        let n = self.n;
        // SAFETY: the contract; `n` items were asked for.
        let floats = |plane: &hyla_plane, input, subject| unsafe {
            if used.has(input) { plane.floats(n, subject).map(|place| Some(place.items(n))) } else { Ok(None) }
        };
        // SAFETY: as above.
        let bytes = |mask: &hyla_mask, input, subject| unsafe {
            if used.has(input) { mask.bytes(n, subject).map(|place| Some(place.items(n))) } else { Ok(None) }
        };
        Ok(Pixels {
            scores: floats(&self.scores, Used::SCORES, subject!(scores))?.unwrap_or(&[]),
            targets: bytes(&self.targets, Used::TARGETS, subject!(targets))?,
            decisions: bytes(&self.decisions, Used::DECISIONS, subject!(decisions))?,
            valid: bytes(&self.valid, Used::VALID, subject!(valid))?,
            weights: floats(&self.weights, Used::WEIGHTS, subject!(weights))?,
            soft_targets: floats(&self.soft_targets, Used::SOFT_TARGETS, subject!(soft_targets))?,
        })
    }

    /// The same, of any type.
    #[cfg(feature = "conversions")]
    #[inline(never)]
    unsafe fn planes<'a>(&self, used: Used, needed: Used) -> Result<Planes<'a>, Fault> {
        let (rows, columns) = shape(self.n, self.rows)?;
        let output_row_stride = output_row_stride(self.output_pitch)?;
        // SAFETY: the contract.
        let plane = |plane: &hyla_plane, input, subject| unsafe {
            match (used.has(input), needed.has(input)) {
                (true, _) => plane.read(rows, columns, subject).map(Some),
                (false, true) if self.n > 0 => Err(Fault::new(Error::NullPointer, subject)),
                (false, true) => Ok(Some(Plane::from(&[0.0_f32; 0][..]))),
                _ => Ok(None),
            }
        };
        // SAFETY: the contract.
        let mask = |mask: &hyla_mask, input, subject| unsafe {
            mask.given([used.has(input), needed.has(input)], [rows, columns], subject)
        };
        Ok(Planes {
            n: self.n,
            rows,
            output_row_stride,
            scores: plane(&self.scores, Used::SCORES, subject!(scores))?,
            targets: mask(&self.targets, Used::TARGETS, subject!(targets))?,
            decisions: mask(&self.decisions, Used::DECISIONS, subject!(decisions))?,
            valid: mask(&self.valid, Used::VALID, subject!(valid))?,
            weights: plane(&self.weights, Used::WEIGHTS, subject!(weights))?,
            soft_targets: plane(&self.soft_targets, Used::SOFT_TARGETS, subject!(soft_targets))?,
        })
    }

    /// Scores, whichever targets are given, `valid` and weights.
    pub(super) unsafe fn scores_and_targets<'a>(&self, room: &'a mut PlanesRoom<'a>) -> Result<Taken<'a>, Fault> {
        let targets = Used::TARGETS.when(self.soft_targets.data.is_null());
        // SAFETY: the contract.
        unsafe { self.take(Used::SCORES | targets, Used::LABELLED, room) }
    }

    /// Scores and `valid`.
    pub(super) unsafe fn scores<'a>(&self, room: &'a mut PlanesRoom<'a>) -> Result<Taken<'a>, Fault> {
        // SAFETY: the contract.
        unsafe { self.take(Used::SCORES, Used::VALID, room) }
    }

    /// Scores, targets that may be missing, and `valid`.
    pub(super) unsafe fn ranked<'a>(&self, room: &'a mut PlanesRoom<'a>) -> Result<Taken<'a>, Fault> {
        // SAFETY: the contract.
        unsafe { self.take(Used::SCORES, Used::TARGETS | Used::VALID, room) }
    }

    /// Scores, targets and `valid`.
    pub(super) unsafe fn labelled_scores<'a>(&self, room: &'a mut PlanesRoom<'a>) -> Result<Taken<'a>, Fault> {
        // SAFETY: the contract.
        unsafe { self.take(Used::SCORES | Used::TARGETS, Used::VALID, room) }
    }

    /// Decisions and `valid`.
    pub(super) unsafe fn decisions<'a>(&self, room: &'a mut PlanesRoom<'a>) -> Result<Taken<'a>, Fault> {
        // SAFETY: the contract.
        unsafe { self.take(Used::DECISIONS, Used::VALID, room) }
    }

    /// Decisions, targets and `valid`.
    pub(super) unsafe fn labelled_decisions<'a>(&self, room: &'a mut PlanesRoom<'a>) -> Result<Taken<'a>, Fault> {
        // SAFETY: the contract.
        unsafe { self.take(Used::TARGETS | Used::DECISIONS, Used::VALID, room) }
    }

    /// Targets, decisions and `valid`, and with a ranking the scores: decisions or scores may be missing
    /// then.
    pub(super) unsafe fn detected<'a>(
        &self,
        is_ranked: bool,
        room: &'a mut PlanesRoom<'a>,
    ) -> Result<Taken<'a>, Fault> {
        if !is_ranked {
            // SAFETY: the contract.
            return unsafe { self.labelled_decisions(room) };
        }
        if self.decisions.data.is_null() && self.scores.data.is_null() && self.n > 0 {
            return Err(Fault::new(Error::NullPointer, subject!(decisions)));
        }
        // Without pixels there are scores, too, if of no pixel.
        let scores = Used::SCORES.when(self.n == 0);
        // SAFETY: the contract.
        unsafe { self.take(Used::TARGETS | scores, Used::SCORES | Used::DECISIONS | Used::VALID, room) }
    }
}

/// The struct behind the pointer, with its reserved fields checked.
pub(super) unsafe fn read<'a>(argument: Argument<*const hyla_pixels>) -> Result<&'a hyla_pixels, Fault> {
    // SAFETY: the contract.
    let pixels = unsafe { constant(argument) }?;
    unused(&pixels.reserved, argument.subject)?;
    Ok(pixels)
}

/// No output overlaps another one, the structs that a call reads, or the inputs that it uses.
#[inline(never)]
pub(super) fn disjoint(outputs: &[Written], structs: &[Span], more: &[Span], used: &Taken) -> Result<(), Fault> {
    check::disjoint(outputs, &[structs, more, &used.spans()])
}

/// The checked inputs of a loss of labelled scores.
pub(super) struct Labelled<'a, P> {
    pub params: P,
    taken: Taken<'a>,
    /// How many floats an output has.
    pub output: usize,
    /// What is read beside the arrays.
    structs: [Span; 2],
}

impl<'a, P> Labelled<'a, P> {
    #[inline(never)]
    pub unsafe fn new<V: Parameters<Core = P>>(
        params: Argument<*const V>,
        pixels: Argument<*const hyla_pixels>,
        room: &'a mut PlanesRoom<'a>,
    ) -> Result<Self, Fault> {
        // SAFETY: the contract, of the arrays of the pixels, too.
        let ((checked, span), taken) = unsafe { (parameters(params)?, read(pixels)?.scores_and_targets(room)?) };
        let output = taken.output()?;
        Ok(Self { params: checked.to_core()?, taken, output, structs: [span, Span::of(pixels, 1)] })
    }

    pub fn pixels(&self) -> Source<'_> {
        self.taken.source()
    }
}

impl<P> Inputs for Labelled<'_, P> {
    fn disjoint(&self, outputs: &[Written], more: &[Span]) -> Result<(), Fault> {
        disjoint(outputs, &self.structs, more, &self.taken)
    }
}
