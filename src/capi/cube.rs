//! The inputs of functions on pixels of several values.

use super::check::{Span, constant, input, unused};
use super::fault::{About as _, Argument, Fault, Subject, subject};
use super::planes::{HYLA_F32, HYLA_I32, check_one_row, hyla_mask, hyla_plane};
#[cfg(feature = "conversions")]
use super::planes::{HYLA_U8, HYLA_U16, of_mask, of_plane, output_row_stride};
use crate::error::Error;
use crate::input::{Cube, CubeSource, Floats, Layout, Marks, Original};
#[cfg(feature = "conversions")]
use crate::input::{CubePlanes, Values, shape};

/// The values of pixels of several channels, where they are: `hyla_bip(plane, channels)`, `hyla_bsq(plane, pixels)` and
/// `hyla_bil(plane, columns, channels)` make them of the plane of the first channel.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_values {
    /// The first channel.
    pub plane: hyla_plane,
    /// Items from a channel to the next; of packed pixels bytes. 0: 1, channels that are neighbours.
    pub channel_stride: usize,
}

/// Pixels of several values each: embeddings, class logits, spectra. Value k of pixel (row, column) is the item at
/// `row * row_pitch` bytes and `column * stride + k * channel_stride` items, so every order of a hyperspectral cube
/// goes in without a copy:
///
/// ```text
/// BIP  interleaved by pixel   stride = channels   channel_stride = 1
/// BIL  interleaved by line    stride = 1          channel_stride = columns    row_pitch = columns * channels items
/// BSQ  in planes              stride = 1          channel_stride = pixels of the frame
/// ```
///
/// ```c
/// hyla_cube cube = {.values = hyla_bip(hyla_f32(logits), classes), .channels = classes, .n = pixels};
/// cube.values = hyla_bil(hyla_plane_affine(hyla_u16(lines), 1.0f / 4095.0f, 0), columns, bands);
/// ```
///
/// Values of any type are converted to float32, rounded at most once; the results are those of the converted values,
/// bit for bit, and do not depend on the layout. No two values may share a place (HYLA_ERROR_STRIDES).
///
/// A gradient, and a map of a float a value, has the strides of the values, in floats; between its rows lie
/// `output_pitch` bytes, or, where that is 0, as many floats as items between those of the values. Floats between them
/// are not touched.
///
/// The other arrays have `n` items, one a pixel; which of them a function uses is said with it. Targets and labels that
/// it does not need are ignored; weights are used by every function that takes a cube. Initialise with `{0}` (C) or
/// `{}` (C++) and set fields by name.
///
/// Errors of every function that takes a cube, beside those that it names: those of `hyla_pixels`; DTYPE (labels that
/// are not HYLA_U8, HYLA_U16 or HYLA_I32), SCALE (one of labels), CHANNELS (of values that are converted more than 4096
/// channels, with pointers of 32 bits 256), UNSUPPORTED_INPUT (a gradient or a map in the layout of packed pixels).
/// Converted values take 66 KiB of stack more, with pointers of 32 bits 5 KiB.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_cube {
    /// The values, as the function says.
    pub values: hyla_values,
    /// How many values a pixel has.
    pub channels: usize,
    /// True is an anomaly, or foreground.
    pub targets: hyla_mask,
    /// Which pixels count. Not given: all do.
    pub valid: hyla_mask,
    /// One class a pixel, counted from 0: HYLA_U8, HYLA_U16 or HYLA_I32.
    pub labels: hyla_plane,
    /// Pixel weights: finite and not negative. Not given: all are 1. A pixel with another weight is counted as rejected
    /// and acts as masked.
    pub weights: hyla_plane,
    /// How many pixels there are, in all rows; never more are touched. With 0 all `data` may be NULL.
    pub n: usize,
    /// In how many rows of `n / rows` pixels they lie, without a remainder (HYLA_ERROR_FRAME_SHAPE). 0: 1.
    pub rows: usize,
    /// Bytes from a row of an output (a gradient, a map) to the next: whole floats, at least a row. 0: no gap in a map
    /// of a float a pixel, the rows of the values in a gradient.
    pub output_pitch: usize,
    /// 0. Room for later inputs.
    pub reserved: [usize; 5],
}

/// The inputs of a call, as they were taken.
#[cfg_attr(
    feature = "conversions",
    allow(clippy::large_enum_variant, reason = "nothing is allocated, so there is no box for the larger one")
)]
pub(super) enum Taken<'a> {
    /// Slices of floats, bytes and labels.
    Cube(Cube<'a>),
    /// Of any type.
    #[cfg(feature = "conversions")]
    Planes(CubePlanes<'a>),
}

impl Taken<'_> {
    pub fn source(&self) -> CubeSource<'_> {
        match self {
            Self::Cube(cube) => CubeSource::Cube(cube),
            #[cfg(feature = "conversions")]
            Self::Planes(planes) => CubeSource::Planes(planes),
        }
    }

    /// How many floats an output has, with its gaps.
    pub fn output(&self, floats: Floats) -> Result<usize, Fault> {
        match (self, floats) {
            (Self::Cube(cube), Floats::OfPixels) => Ok(cube.layout.n),
            (Self::Cube(cube), Floats::OfValues) => Ok(cube.values.len()),
            #[cfg(feature = "conversions")]
            (Self::Planes(planes), floats) => {
                let span = planes.output_span(floats).naming(&[Error::UnsupportedInput], subject!(values));
                span.naming(&[Error::FrameShape, Error::TooLarge], subject!(output_pitch))
            }
        }
    }

    /// Where the inputs lie.
    pub fn spans(&self) -> [Span; 5] {
        match self {
            Self::Cube(used) => [
                Span::of_slice(Some(used.values)),
                Span::of_slice(used.targets),
                Span::of_slice(used.labels),
                Span::of_slice(used.valid),
                Span::of_slice(used.weights),
            ],
            #[cfg(feature = "conversions")]
            Self::Planes(used) => [
                of_plane(&Some(used.values.plane)),
                of_mask(&used.targets),
                of_mask(&used.labels),
                of_mask(&used.valid),
                of_plane(&used.weights),
            ],
        }
    }
}

impl hyla_values {
    /// The strides from a pixel and from a channel to the next.
    fn strides(&self) -> [usize; 2] {
        [self.plane.stride.max(1), self.channel_stride.max(1)]
    }

    /// The floats in a layout of their strides.
    ///
    /// # Errors
    /// They are no floats, or lie in rows with gaps ([`Error::Dtype`]). (Of no pixel values may be all zero.)
    unsafe fn floats<'a>(&self, layout: Layout, subject: Subject) -> Result<&'a [f32], Fault> {
        if !self.plane.is_plain(HYLA_F32) && !self.plane.data.is_null() {
            return Err(Fault::new(Error::Dtype, subject));
        }
        // SAFETY: the contract.
        unsafe { input(Argument::new(self.plane.data.cast(), subject), layout.span().of(subject)?) }
    }

    /// The values of rows of pixels.
    #[cfg(feature = "conversions")]
    unsafe fn read<'a>(&self, shape: [usize; 2], channels: usize, subject: Subject) -> Result<Values<'a>, Fault> {
        let [_, channel_stride] = self.strides();
        if self.plane.data.is_null() && shape.contains(&0) {
            return Ok(Values::default());
        }
        let lie = self.plane.lie(subject)?;
        let span = lie.span_of_channels(shape, channels, channel_stride).of(subject)?;
        // SAFETY: the contract.
        let values = Values::new(unsafe { self.plane.items(span, subject) }?, channel_stride);
        values.check(shape, channels).of(subject)?;
        Ok(values)
    }
}

impl hyla_cube {
    /// Values, mask and weights, and the others that are used: targets, labels.
    #[inline(never)]
    pub(super) unsafe fn take<'a>(&self, marks: Marks) -> Result<Taken<'a>, Fault> {
        // SAFETY: the contract.
        match unsafe { self.slices(marks) } {
            #[cfg(feature = "conversions")]
            // SAFETY: the contract.
            Err(fault) if fault.is(Error::Dtype) || fault.is(Error::UnsupportedInput) => unsafe { self.planes(marks) },
            slices => slices.map(Taken::Cube),
        }
    }

    /// The inputs as slices.
    ///
    /// # Errors
    /// They are not floats, bytes and labels side by side ([`Error::Dtype`]), or lie in rows
    /// ([`Error::UnsupportedInput`]).
    #[inline(always)]
    unsafe fn slices<'a>(&self, marks: Marks) -> Result<Cube<'a>, Fault> {
        check_one_row(self.rows, self.output_pitch)?;
        let n = self.n;
        let [pixel_stride, channel_stride] = self.values.strides();
        let layout = Layout { n, channels: self.channels, pixel_stride, channel_stride };
        let are_plain = self.labels.is_plain(HYLA_I32) && self.labels.stride <= 1 || self.labels.data.is_null();
        let labels = marks == Marks::Labels;
        if labels && !are_plain {
            return Err(Fault::new(Error::Dtype, subject!(labels)));
        }
        // SAFETY: the contract; `n` items were asked for.
        let bytes = |mask: &hyla_mask, is_used: bool, subject| unsafe {
            if is_used { mask.bytes(n, subject).map(|place| Some(place.items(n))) } else { Ok(None) }
        };
        // SAFETY: the contract.
        unsafe {
            Ok(Cube {
                values: self.values.floats(layout, subject!(values))?,
                layout,
                targets: bytes(&self.targets, marks == Marks::Targets, subject!(targets))?,
                labels: match labels {
                    true => Some(input(Argument::new(self.labels.data.cast(), subject!(labels)), n)?),
                    false => None,
                },
                valid: bytes(&self.valid, !self.valid.data.is_null(), subject!(valid))?,
                weights: match self.weights.data.is_null() {
                    true => None,
                    false => Some(self.weights.floats(n, subject!(weights))?.items(n)),
                },
            })
        }
    }

    /// The same, of any type.
    #[cfg(feature = "conversions")]
    #[inline(never)]
    unsafe fn planes<'a>(&self, marks: Marks) -> Result<Taken<'a>, Fault> {
        let (rows, columns) = shape(self.n, self.rows)?;
        let output_row_stride = output_row_stride(self.output_pitch)?;
        // SAFETY: the contract.
        let mask = |mask: &hyla_mask, is_needed: bool, subject| unsafe {
            mask.given([!mask.data.is_null(), is_needed], [rows, columns], subject)
        };
        // SAFETY: the contract.
        let values = unsafe { self.values.read([rows, columns], self.channels, subject!(values)) }?;
        let weights = match self.weights.data.is_null() {
            true => None,
            // SAFETY: the contract.
            false => Some(unsafe { self.weights.read(rows, columns, subject!(weights)) }?),
        };
        let (targets, labels) = match marks {
            Marks::None => (None, None),
            Marks::Targets => (mask(&self.targets, true, subject!(targets))?, None),
            Marks::Labels => (None, mask(&self.labels.as_labels()?, true, subject!(labels))?),
        };
        Ok(Taken::Planes(CubePlanes {
            n: self.n,
            rows,
            channels: self.channels,
            output_row_stride,
            values,
            targets,
            labels,
            valid: mask(&self.valid, false, subject!(valid))?,
            weights,
        }))
    }

    /// What the values are compared with, and what is read of it: the struct and its items.
    pub(super) unsafe fn original<'a>(
        &self,
        taken: &Taken,
        original: Argument<*const hyla_values>,
    ) -> Result<(Original<'a>, [Span; 2]), Fault> {
        if self.n == 0 {
            return Ok((Original::Floats(&[]), [Span::NOTHING; 2]));
        }
        let subject = original.subject;
        // SAFETY: the contract.
        let values = unsafe { constant(original) }?;
        let of_struct = Span::of(original, 1);
        if let Taken::Cube(Cube { layout, .. }) = taken
            && values.strides() == self.values.strides()
        {
            // SAFETY: the contract.
            match unsafe { values.floats(*layout, subject) } {
                #[cfg(feature = "conversions")]
                Err(fault) if fault.is(Error::Dtype) => {}
                floats => {
                    let floats = floats?;
                    return Ok((Original::Floats(floats), [of_struct, Span::of_slice(Some(floats))]));
                }
            }
        }
        #[cfg(not(feature = "conversions"))]
        return Err(Fault::new(Error::UnsupportedInput, subject));
        #[cfg(feature = "conversions")]
        {
            let shape = shape(self.n, self.rows)?.into();
            // SAFETY: the contract.
            let values = unsafe { values.read(shape, self.channels, subject) }?;
            let span = of_plane(&Some(values.plane));
            Ok((Original::Values(values), [of_struct, span]))
        }
    }
}

#[cfg(feature = "conversions")]
impl hyla_plane {
    /// The labels as a mask of their items.
    ///
    /// # Errors
    /// They are no labels ([`Error::Dtype`]), or have a scale or a zero point ([`Error::Scale`]).
    fn as_labels(&self) -> Result<hyla_mask, Fault> {
        let Self { data, row_pitch, stride, dtype, zero_point, scale, reserved } = *self;
        let fault = |error| Err(Fault::new(error, subject!(labels)));
        if reserved != 0 {
            return fault(Error::Reserved);
        }
        if !data.is_null() && ![HYLA_U8, HYLA_U16, HYLA_I32].contains(&dtype) {
            return fault(Error::Dtype);
        }
        if zero_point != 0 || scale.to_bits() != 0 {
            return fault(Error::Scale);
        }
        Ok(hyla_mask { data, row_pitch, stride, dtype, first_bit: 0, has_ignore: 0, ignore: 0 })
    }
}

/// The struct behind the pointer, with its reserved fields checked.
pub(super) unsafe fn read<'a>(argument: Argument<*const hyla_cube>) -> Result<&'a hyla_cube, Fault> {
    // SAFETY: the contract.
    let cube = unsafe { constant(argument) }?;
    unused(&cube.reserved, argument.subject)?;
    Ok(cube)
}
