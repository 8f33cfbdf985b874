//! `hyla_foreground_contrast_...`: contrast of the mean colours of foreground and background.

use super::cube::Taken;
use super::cube_loss::{CubeInputs, CubeLoss, Found};
use super::loss::{Floats, Inputs as _, loss as loss_of, loss_and_gradient, update};
use super::node::*;
use crate::input::Marks;
use crate::loss::foreground_contrast::{self as contrast, ColorSpace, Frame, Params, Totals};

stages!(HYLA_FOREGROUND_CONTRAST_STAGES, 7);

/// Colours are compared as they are.
pub const HYLA_COLOR_RGB: u32 = 0;
/// Colours are compared in Oklab, where equal distances look about equal.
pub const HYLA_COLOR_OKLAB: u32 = 1;

parameters! {
    /// Contrast of the mean colours of foreground and background (cuvis-ai: ForegroundContrastLoss): what is computed.
    ///
    /// With colours q (a cube of three channels, or Oklab of it), their means over the foreground (`targets`
    /// nonzero), the background and both, and pixel weights v (`weights`) in all means:
    ///
    /// ```text
    /// d = sqrt(|m_f - m_b|^2 + eps)      var_c = sum_f v q_c^2 / sum_f v - m_fc^2
    /// l = weight * (-d + compactness_weight/3 * sum_c var_c + anchor_weight/3 * (|m_f - m_i|^2 + |m_b - m_i|^2))
    /// loss = sum l / V                   one l a frame; V frames have foreground and background
    /// ```
    ///
    /// Frame by frame: hyla_foreground_contrast_frame_update adds the pixels of a frame, in as many calls as it comes
    /// in, hyla_foreground_contrast_update adds the finished frame to the totals. A frame without foreground or
    /// background (none that counts, or of weight 0) is skipped: it may be NaN, its gradient is 0. A pixel of
    /// weight 0 is as if it were masked. Needs labels.
    ///
    /// Values of Oklab are within 6 * 2^-24 of the sum of the sizes of their terms, all sums are exact, and a frame's
    /// loss is rounded to float32 once; the variance is exact also where it is far below the squared mean. A gradient
    /// is within 8 * 2^-24 of the sum of the sizes of its terms (in Oklab the direction of the distance counts with the
    /// size of the means divided by d). Squares of colours beyond float32 are infinite.
    /// Guide: in rgb the distance has no upper limit, so bound the colours or set an anchor weight; the compactness
    /// weight evens the foreground out. Calls take up to 56 KiB of stack. Initialise with
    /// HYLA_FOREGROUND_CONTRAST_PARAMS_DEFAULT. Oklab: B. Ottosson, A perceptual color space for image processing
    /// (2020); sRGB: IEC 61966-2-1.
    pub struct hyla_foreground_contrast_params {
        /// HYLA_COLOR_...; cuvis-ai's key `color_space`. Default: rgb.
        pub color_space: u32 = HYLA_COLOR_RGB,
        /// 1: Oklab undoes the gamma curve of sRGB first. 0: the cube is linear light. Rgb ignores it. Default 1.
        pub assume_srgb: u32 = 1,
        /// The weight of this loss among others: finite; 0 switches it off. Default 1.
        pub weight: f32 = 1.0,
        /// The weight of the foreground's variance: finite, not negative. Default 0.
        pub compactness_weight: f32 = 0.0,
        /// The weight of the distances to the mean of the image: finite, not negative. Default 0.
        pub anchor_weight: f32 = 0.0,
        /// What is added to the squared distance: finite, not negative. Default 1e-6.
        pub eps: f32 = 1e-6,
    }
    HYLA_FOREGROUND_CONTRAST_PARAMS_DEFAULT, hyla_foreground_contrast_params_init
    |given| Params {
        color_space: option(ColorSpace::from_number(given.color_space), subject!(color_space))?,
        assume_srgb: switch(given.assume_srgb, subject!(assume_srgb))?,
        weight: given.weight,
        compactness_weight: given.compactness_weight,
        anchor_weight: given.anchor_weight,
        eps: given.eps,
    }
}

mirror! {
    /// The exact sums of one frame, in words of int64; all zero is empty. Adding the words of two parts of a
    /// frame merges them; call `hyla_foreground_contrast_frame_normalize` afterwards to compare words.
    pub struct hyla_foreground_contrast_frame: Frame {
        /// The sums of the weighted colours of the foreground, by channel.
        pub foreground: [hyla_exact_sum; 3],
        /// Those of the background.
        pub background: [hyla_exact_sum; 3],
        /// The sums of the weighted squares of the foreground; empty where the compactness weight is 0.
        pub squares: [hyla_exact_sum; 3],
        /// The sum of the pixel weights of the foreground: without weights the number of its pixels.
        pub foreground_weights: hyla_exact_sum,
        /// That of the background.
        pub background_weights: hyla_exact_sum,
        /// How many pixels count.
        pub pixels: i64,
        /// How many valid pixels had a bad weight and acted as masked.
        pub rejected: i64,
        /// Shows whether pixels of different colour spaces were mixed.
        pub fingerprint: i64,
    }
}

mirror! {
    /// Exact sums over frames, in words of int64; all zero is empty. Adding the words of two totals
    /// (MPI_SUM, SQL SUM, atomics) merges them; call `hyla_foreground_contrast_normalize` afterwards to compare words.
    pub struct hyla_foreground_contrast_totals: Totals {
        /// The sum of the losses of the frames that count.
        pub loss: hyla_exact_sum,
        /// How many frames count.
        pub frames: i64,
        /// How many frames were skipped: without foreground or without background.
        pub skipped: i64,
        /// How many frames count whose distance is exactly 0, so that it has no direction.
        pub degenerate: i64,
        /// How many valid pixels had a bad weight and acted as masked.
        pub rejected: i64,
        /// Shows whether frames of different parameters were mixed.
        pub fingerprint: i64,
    }
}

impl CubeLoss for hyla_foreground_contrast_params {
    type Given = f32;
    type Beside<'a> = ();

    const MARKS: Marks = Marks::Targets;

    unsafe fn beside<'a>(_: &hyla_cube, _: &Taken, _: Argument<*const f32>) -> Found<'a, Self> {
        Ok(((), [Span::NOTHING; 2]))
    }
}

size!(hyla_foreground_contrast_frame_size, hyla_foreground_contrast_frame);

size!(hyla_foreground_contrast_totals_size, hyla_foreground_contrast_totals);

merge! {
    /// Adds another part of a frame (of another tile or thread), and makes the words canonical.
    hyla_foreground_contrast_frame_merge(frame: hyla_foreground_contrast_frame)
}

normalize!(hyla_foreground_contrast_frame_normalize(frame: hyla_foreground_contrast_frame));

merge! {
    /// Adds other totals (of other frames, threads or ranks) to totals, and makes the words canonical. Both must
    /// come from the same parameters; `hyla_foreground_contrast_loss` finds out.
    hyla_foreground_contrast_merge(totals: hyla_foreground_contrast_totals)
}

normalize!(hyla_foreground_contrast_normalize(totals: hyla_foreground_contrast_totals));

exported! {
    /// Adds pixels to a frame.
    ///
    /// Inputs: the cube's values (three channels), `targets`, optional `valid` and `weights`.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, TOO_LARGE, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, RESERVED, STRIDES, CHANNELS
    /// (not three), UNKNOWN_OPTION (color_space, assume_srgb), WEIGHT, BALANCE (compactness_weight, anchor_weight),
    /// EPSILON. Notices: none; `hyla_foreground_contrast_loss` tells them.
    fn hyla_foreground_contrast_frame_update(
        params: *const hyla_foreground_contrast_params, rgb: *const hyla_cube,
        frame: *mut hyla_foreground_contrast_frame,
    ) {
        let inputs = CubeInputs::alone(params, rgb)?;
        update(&inputs, frame, |frame| frame.update(&inputs.params, inputs.cube()))
    }

    /// Adds one finished frame to totals.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, UNKNOWN_OPTION, WEIGHT, BALANCE, EPSILON,
    /// TOTALS, MIXED_TOTALS (a frame of another colour space, or one whose squares were not summed as the compactness
    /// weight asks). Notices: none; `hyla_foreground_contrast_loss` tells them.
    fn hyla_foreground_contrast_update(
        params: *const hyla_foreground_contrast_params,
        frame: *const hyla_foreground_contrast_frame, totals: *mut hyla_foreground_contrast_totals,
    ) {
        let (checked, span) = check::parameters(params)?;
        disjoint(&[Written::of(totals, 1)], &[&[span, Span::of(frame, 1)]])?;
        let (frame, totals) = (view(frame)?, view_mut(totals)?);
        totals.update(&checked.to_core()?, frame).of_state(subject!(frame))?;
        Ok(Notices::NONE)
    }

    /// The mean loss of the frames that count; 0 of none.
    ///
    /// Errors: NULL_POINTER, MISALIGNED, OVERLAP, STRUCT_SIZE, UNKNOWN_FIELD, UNKNOWN_OPTION, WEIGHT, BALANCE, EPSILON,
    /// TOTALS, MIXED_TOTALS (frames of other parameters). Notices: EMPTY (no frame has foreground and background;
    /// `totals->skipped` tells how many have not), NOT_FINITE, REJECTED, DEGENERATE (eps is 0 and a frame's means are
    /// equal: its distance has gradient 0).
    fn hyla_foreground_contrast_loss(
        params: *const hyla_foreground_contrast_params,
        totals: *const hyla_foreground_contrast_totals, loss: *mut f64,
    ) {
        loss_of(params, totals, loss, Totals::loss)
    }

    /// Writes `upstream * d loss / d rgb` to `grad_rgb`, in the layout of the values, or adds it there (`write`).
    /// `totals` are those of the whole batch, `frame` the finished frame that the pixels belong to; the cube may be any
    /// part of that frame. Where a pixel does not count, and in a skipped frame: 0, or unchanged.
    ///
    /// Errors: those of `hyla_foreground_contrast_frame_update`, UNKNOWN_WRITE, MIXED_TOTALS, TOTALS. Notices: those of
    /// `hyla_foreground_contrast_loss`.
    fn hyla_foreground_contrast_gradient(
        params: *const hyla_foreground_contrast_params,
        totals: *const hyla_foreground_contrast_totals,
        frame: *const hyla_foreground_contrast_frame, rgb: *const hyla_cube, upstream: f64,
        write: u32, grad_rgb: *mut f32,
    ) {
        let inputs = CubeInputs::alone(params, rgb)?;
        let write = write_mode(write)?;
        let Floats(_, span) = inputs.like_values(grad_rgb)?;
        inputs.disjoint(&[Written::of(grad_rgb, span)], &[Span::of(totals, 1), Span::of(frame, 1)])?;
        let (totals, frame) = (view(totals)?, view(frame)?);
        let gradient = floats(write, grad_rgb, span)?;
        // First the totals: what is wrong then is about the frame.
        totals.loss(&inputs.params)?;
        totals.gradient_to(&inputs.params, frame, &inputs.cube(), upstream, gradient).of_state(subject!(frame))
    }

    /// The loss and the gradient of a batch of one frame in one call, for the case that it is not tiled: the same
    /// bits as frame_update, update, loss and gradient. The pixels are read twice. The batch's totals are added to
    /// `totals`, which may be NULL.
    ///
    /// Errors: those of `hyla_foreground_contrast_frame_update`, UNKNOWN_WRITE. Notices: those of
    /// `hyla_foreground_contrast_loss`, about this frame.
    fn hyla_foreground_contrast_loss_and_gradient(
        params: *const hyla_foreground_contrast_params, rgb: *const hyla_cube, upstream: f64,
        write: u32, totals: *mut hyla_foreground_contrast_totals, loss: *mut f64,
        grad_rgb: *mut f32,
    ) {
        let inputs = CubeInputs::alone(params, rgb)?;
        let to = inputs.like_values(grad_rgb)?;
        loss_and_gradient(&inputs, totals, loss, write, to, |totals, to| {
            contrast::loss_and_gradient_to(&inputs.params, &inputs.cube(), upstream, totals, to)
        })
    }
}
