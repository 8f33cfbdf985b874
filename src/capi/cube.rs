//! The inputs of functions on pixels of several values.

use super::check::{Span, constant, input, optional_input};
use super::fault::{About as _, Argument, Fault, subject};
use crate::error::Error;
use crate::input::{Cube, Layout};
use core::ffi::c_void;

/// Pixels of several values each: embeddings, class logits, spectra. Value k of pixel i is
/// `values[i * pixel_stride + k * channel_stride]`, so every order of a hyperspectral cube goes in
/// without a copy:
///
/// ```text
/// BIP  interleaved by pixel   pixel_stride = channels   channel_stride = 1
/// BIL  one line a call        pixel_stride = 1          channel_stride = pixels of the line
/// BSQ  in planes              pixel_stride = 1          channel_stride = pixels of the frame
/// ```
///
/// No two values may share a place (HYLA_ERROR_STRIDES). A gradient has the same layout as the
/// values; floats between the values are not touched. Results do not depend on the layout.
///
/// The other arrays have `n` items, one a pixel; which of them a function uses is said with it. Targets and
/// labels that it does not need are ignored; weights are used by every function that takes a cube.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct hyla_cube {
    /// The values, as the function says.
    pub values: *const f32,
    /// How many pixels there are.
    pub n: usize,
    /// How many values a pixel has.
    pub channels: usize,
    /// How many floats lie between a pixel and the next one.
    pub pixel_stride: usize,
    /// How many floats lie between a channel and the next one.
    pub channel_stride: usize,
    /// One byte a pixel: nonzero is an anomaly, or foreground.
    pub targets: *const u8,
    /// One class a pixel, counted from 0.
    pub labels: *const i32,
    /// Which pixels count: nonzero counts. NULL: all do.
    pub valid: *const u8,
    /// Pixel weights: finite and not negative. NULL: all are 1. A pixel with another weight is
    /// counted as rejected and acts as masked.
    pub weights: *const f32,
    /// NULL. Room for later inputs.
    pub reserved: [*const c_void; 2],
}

impl hyla_cube {
    /// Where the values lie.
    pub(super) fn layout(&self) -> Layout {
        Layout {
            n: self.n,
            channels: self.channels,
            pixel_stride: self.pixel_stride,
            channel_stride: self.channel_stride,
        }
    }

    /// Values, mask and weights.
    pub(super) unsafe fn values<'a>(&self) -> Result<Cube<'a>, Fault> {
        let layout = self.layout();
        // SAFETY: the contract.
        unsafe {
            Ok(Cube {
                values: input(Argument::new(self.values, subject!(values)), layout.span().of(subject!(values))?)?,
                layout,
                valid: optional_input(Argument::new(self.valid, subject!(valid)), self.n)?,
                weights: optional_input(Argument::new(self.weights, subject!(weights)), self.n)?,
                ..Cube::default()
            })
        }
    }

    /// Values, labels, mask and weights.
    pub(super) unsafe fn labelled<'a>(&self) -> Result<Cube<'a>, Fault> {
        // SAFETY: the contract.
        unsafe {
            let labels = input(Argument::new(self.labels, subject!(labels)), self.n)?;
            Ok(Cube { labels: Some(labels), ..self.values()? })
        }
    }

    /// Values, targets, mask and weights.
    pub(super) unsafe fn targeted<'a>(&self) -> Result<Cube<'a>, Fault> {
        // SAFETY: the contract.
        unsafe {
            let targets = input(Argument::new(self.targets, subject!(targets)), self.n)?;
            Ok(Cube { targets: Some(targets), ..self.values()? })
        }
    }
}

/// The struct behind the pointer, with its reserved fields checked.
pub(super) unsafe fn read(argument: Argument<*const hyla_cube>) -> Result<hyla_cube, Fault> {
    // SAFETY: the contract.
    let cube = *unsafe { constant(argument) }?;
    if cube.reserved.iter().all(|reserved| reserved.is_null()) {
        Ok(cube)
    } else {
        Err(Fault::new(Error::Reserved, argument.subject))
    }
}

/// What a call reads of the cube: the struct and the arrays that it uses.
pub(super) fn spans(struct_: Argument<*const hyla_cube>, used: &Cube) -> [Span; 6] {
    [
        Span::of(struct_, 1),
        Span::of_slice(Some(used.values)),
        Span::of_slice(used.targets),
        Span::of_slice(used.labels),
        Span::of_slice(used.valid),
        Span::of_slice(used.weights),
    ]
}
